//! What supervisors do with many waiting conversations at once.

use serde::{Deserialize, Serialize};

use crate::{
    domain::conversation::Priority,
    error::ErrorCode,
    ids::{AgentId, CampaignId, ConversationId},
};

/// The same for each of these conversations; what one is refused stops none of the others.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MoveConversations {
    /// 1 to 100, in the order in which it is done.
    pub conversations: Vec<ConversationId>,
    /// What.
    pub action: MoveAction,
}

/// What is done with each.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub enum MoveAction {
    /// While it waits: give it to an agent, whatever room they have.
    Assign {
        /// A member of its campaign who is at work.
        agent: AgentId,
    },
    /// While it waits: move it to the queue of another campaign of its client. It keeps its arrival time.
    Move {
        /// Open, enabled and not full.
        campaign: CampaignId,
    },
    /// Say how urgent it is.
    Prioritise {
        /// So urgent.
        priority: Priority,
    },
}

/// What became of each, in the order in which they were named.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ConversationsMoved {
    /// Those named twice are told of once.
    pub outcomes: Vec<MoveOutcome>,
}

/// What became of one.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MoveOutcome {
    /// Which.
    pub conversation: ConversationId,
    /// Why it was not done; none = done.
    #[schema(required)]
    pub code: Option<ErrorCode>,
    /// With `transfer_target`: `closed`, `full`, `disabled`, `unknown`, `other_client` or `same_campaign`.
    #[schema(required)]
    pub reason: Option<String>,
}
