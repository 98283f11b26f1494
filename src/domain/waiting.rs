//! How much may wait in a campaign, and what happens to it when it closes (routing.md, Admission and Schedules).

use serde::{Deserialize, Serialize};

use crate::ids::CampaignId;

/// What a new conversation meets when the queue is full.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum WhenFull {
    /// It ends at once.
    Reject,
    /// It goes to the overflow campaign; it waits here when that one takes nothing.
    Overflow,
    /// It waits all the same, told that nobody answers soon.
    #[default]
    LeaveMessage,
}

/// What happens at closing time to what waits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum AtClosing {
    /// It waits for the next opening.
    #[default]
    Keep,
    /// It ends as out of hours.
    Close,
    /// It goes to the overflow campaign; it waits here when that one takes nothing.
    Overflow,
}

/// The limits of a queue. Everything has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Limits {
    /// At most so many wait, those counted that are just coming in; 1 to 1,000,000, none = no limit (S4-26).
    pub max_waiting: Option<u32>,
    /// What a new conversation meets then; `leave_message` by default.
    #[ts(as = "Option<WhenFull>")]
    pub when_full: WhenFull,
    /// Sent to who writes then and does not go elsewhere, 1 to 4,000 characters; none = nothing is sent.
    pub full_message: Option<String>,
    /// What happens at closing time to what waits; `keep` by default.
    #[ts(as = "Option<AtClosing>")]
    pub at_closing: AtClosing,
    /// Sent to whom closing time ends the conversation, 1 to 4,000 characters; none = nothing is sent.
    pub closing_message: Option<String>,
    /// Another campaign of the client, where either may lead.
    pub overflow: Option<CampaignId>,
}
