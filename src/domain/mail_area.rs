//! Areas: which mail account a kind of communication goes out from (S0-5, S0-8…S0-13).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::ChannelId;

/// A kind of communication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "MailArea")]
#[schema(as = MailArea)]
pub enum Area {
    /// Invoices.
    Invoices,
    /// Receipts of payments.
    Payments,
    /// Tickets.
    Tickets,
    /// Notices to customers.
    Customers,
    /// All of them, where nothing else is said (S0-9).
    All,
}

impl Area {
    /// Every one.
    pub const EACH: [Self; 5] = [Self::Invoices, Self::Payments, Self::Tickets, Self::Customers, Self::All];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoices => "invoices",
            Self::Payments => "payments",
            Self::Tickets => "tickets",
            Self::Customers => "customers",
            Self::All => "all",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|area| area.as_str() == text)
    }
}

/// The accounts of a client's areas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Areas(pub BTreeMap<Area, ChannelId>);

impl Areas {
    /// From which account an area's mails go: its own, else the one for all (S0-10). One that is switched off stays chosen: its
    /// mails wait for somebody, they do not leave from an address that nobody meant.
    pub fn account_for(&self, area: Area) -> Option<ChannelId> {
        self.0.get(&area).or_else(|| self.0.get(&Area::All)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_without_an_account_of_its_own_uses_the_one_for_all() {
        let (tickets, all) = (ChannelId::from_u128(1), ChannelId::from_u128(2));
        let mut areas = Areas::default();
        assert_eq!(areas.account_for(Area::Tickets), None);
        areas.0.insert(Area::Tickets, tickets);
        assert_eq!((areas.account_for(Area::Tickets), areas.account_for(Area::Invoices)), (Some(tickets), None));
        areas.0.insert(Area::All, all);
        assert_eq!(areas.account_for(Area::Tickets), Some(tickets));
        for area in [Area::Invoices, Area::Payments, Area::Customers, Area::All] {
            assert_eq!(areas.account_for(area), Some(all));
        }
        assert!(Area::EACH.into_iter().all(|area| Area::parse(area.as_str()) == Some(area)));
    }
}
