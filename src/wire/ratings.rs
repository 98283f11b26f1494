//! What receivers of mails thought of them, for supervisors.

use serde::Serialize;

use super::Time;
use crate::ids::{AgentId, CampaignId, ConversationId, MessageId};

/// Ratings of mails in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailRatings {
    /// By campaign and agent; only where there are any.
    pub totals: Vec<RatingTotal>,
    /// The latest, at most 100, the latest first.
    pub latest: Vec<MailRatingView>,
}

/// How often an agent's mails of a campaign got which score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct RatingTotal {
    /// Where.
    pub campaign: CampaignId,
    /// Whose.
    pub agent: AgentId,
    /// How often 1 (bad), 2, 3, 4 and 5 (good).
    #[ts(type = "[number, number, number, number, number]")]
    pub scores: [u64; 5],
}

/// What a receiver thought of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailRatingView {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Of which message.
    pub message: MessageId,
    /// Where the conversation was.
    pub campaign: CampaignId,
    /// Who wrote the mail.
    pub agent: AgentId,
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// In words.
    pub comment: Option<String>,
    /// When it was given or changed.
    pub at: Time,
}
