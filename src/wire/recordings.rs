//! Conversations of all channels, found again.

use serde::{Deserialize, Serialize};

use super::conversation::Summary;
use crate::ids::AgentId;

/// A conversation that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Recording {
    /// The conversation.
    pub conversation: Summary,
    /// Who attended it, in order.
    pub agents: Vec<AgentId>,
    /// How many messages and notes it has.
    #[ts(type = "number")]
    pub messages: u64,
    /// Where the words stand that were looked for; none where only its files hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub excerpt: Option<Excerpt>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Excerpt {
    /// `seq` of the message.
    #[ts(type = "number")]
    pub seq: u64,
    /// The place, with what stands around it.
    pub text: String,
    /// In an internal note.
    pub note: bool,
}

/// Some of what was found, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct RecordingsFound {
    /// In order.
    pub items: Vec<Recording>,
    /// The cursor of what follows.
    pub next: Option<String>,
    /// With the first page, when what happened lately is not found yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub behind: Option<IndexBehind>,
}

/// The search lies behind what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum IndexBehind {
    /// It is made anew: older conversations are there first.
    BeingMade,
    /// What is younger is not found yet.
    Seconds {
        /// So old is the oldest that is missing.
        #[ts(type = "number")]
        seconds: u64,
    },
}
