//! Delivery states of an outbound message (metrics.md). A late or repeated receipt never moves a message backwards (R7).

use serde::{Deserialize, Serialize};

/// Where an outbound message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Delivery {
    /// Waits for its time.
    Scheduled,
    /// Waits for its turn to be sent.
    Queued,
    /// Handed to the provider, answer outstanding; after a crash or a lost answer the outcome is unknown.
    Sending,
    /// The provider took it.
    Sent,
    /// It reached the customer's device.
    Delivered,
    /// The customer saw it.
    Read,
    /// It could not be sent; the reason stands beside it. Final.
    Failed,
    /// The provider or the receiver refused it. Final.
    Rejected,
    /// The customer reported it as unwanted. Final.
    Complained,
    /// Withdrawn before sending. Final.
    Cancelled,
    /// Not sent because the receiver is on a suppression list. Final.
    Suppressed,
}

impl Delivery {
    /// Every state, for tests and catalogues.
    pub const ALL: [Self; 11] = [
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Rejected,
        Self::Complained,
        Self::Cancelled,
        Self::Suppressed,
    ];

    /// Whether a message in this state may move to `next`. Receipts may skip steps (a provider may report "read"
    /// without "delivered") but never before the provider has the message.
    pub const fn may_become(self, next: Self) -> bool {
        use Delivery::{Cancelled, Complained, Delivered, Failed, Queued, Read, Rejected, Scheduled, Sending, Sent, Suppressed};
        match next {
            Scheduled => false,
            Queued => matches!(self, Scheduled),
            Sending => matches!(self, Scheduled | Queued),
            Sent => matches!(self, Sending),
            Delivered => matches!(self, Sending | Sent),
            Read => matches!(self, Sending | Sent | Delivered),
            Failed => matches!(self, Scheduled | Queued | Sending),
            Rejected => matches!(self, Sending | Sent | Delivered),
            Complained => matches!(self, Sent | Delivered | Read | Rejected),
            Cancelled => matches!(self, Scheduled | Queued),
            // Also between two attempts.
            Suppressed => matches!(self, Scheduled | Queued | Sending),
        }
    }

    /// No receipt can move it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Failed | Self::Complained | Self::Cancelled | Self::Suppressed)
    }

    /// The word stored in the database and sent on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Complained => "complained",
            Self::Cancelled => "cancelled",
            Self::Suppressed => "suppressed",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Receipts permuted, early and repeated end where the furthest of the possible ones leads, never further back.
        #[test]
        fn no_order_of_receipts_moves_a_message_backwards(receipts in proptest::collection::vec(0_usize..11, 0..40)) {
            let mut state = Delivery::Queued;
            let mut seen = vec![state];
            for receipt in receipts {
                let next = Delivery::ALL[receipt];
                if state.may_become(next) {
                    state = next;
                    prop_assert!(!seen.contains(&state), "{state:?} twice in {seen:?}");
                    seen.push(state);
                }
            }
        }
    }

    #[test]
    fn words_round_trip() {
        for state in Delivery::ALL {
            assert_eq!(Delivery::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_string(&state).ok(), Some(format!("\"{}\"", state.as_str())));
        }
    }
}
