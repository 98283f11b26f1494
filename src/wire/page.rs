//! Lists, a page at a time.

use serde::Serialize;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// To be sent as `cursor` for what follows; none at the end.
    pub next: Option<String>,
}

/// Items of a page unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most items of a page.
pub const MAX_LIMIT: u32 = 200;

#[cfg(test)]
mod tests {
    use ts_rs::{Config, TS};

    use super::*;
    use crate::wire::{config, people, session};

    #[test]
    fn what_may_be_left_out_is_optional_in_typescript() {
        let config = Config::default();
        let campaign = config::CampaignFields::decl(&config);
        assert!(campaign.contains("weight?: number | null"), "{campaign}");
        assert!(campaign.contains("client: ClientId"), "{campaign}");
        assert!(people::UserFields::decl(&config).contains("password?: string"), "{}", people::UserFields::decl(&config));
        assert!(session::SignIn::decl(&config).contains("password: string"));
        assert!(Page::<session::ProfileUser>::decl(&config).contains("items: Array<T>"));
    }
}
