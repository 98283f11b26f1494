//! What is asked of a conversation.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Time,
    mail::{MailDraft, MailFields},
};
use crate::{
    domain::{conversation::Priority, field, skill::SkillLevel},
    ids::{AgentId, AttachmentId, CampaignId, DispositionId, FieldId, OfferId, UserId},
};

/// An answer to the customer.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Reply {
    /// Plain text; may be empty when there are attachments.
    #[serde(default)]
    pub text: String,
    /// Uploaded before for this conversation by the same person; at most 10.
    #[serde(default)]
    #[ts(as = "Option<Vec<AttachmentId>>", optional)]
    pub attachments: Vec<AttachmentId>,
    /// By mail only: not before this moment, a year ahead at most. It can be withdrawn until then.
    #[serde(default)]
    #[ts(optional)]
    pub send_at: Option<Time>,
    /// By mail only: it leaves after ten seconds and can be withdrawn until then.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub undo: bool,
    /// By mail only: to whom, about what, as HTML.
    #[serde(default)]
    #[ts(optional)]
    pub mail: Option<MailFields>,
}

/// A note for colleagues: the customer never sees it.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Note {
    /// Plain text.
    pub text: String,
    /// Colleagues it calls for, who may see the conversation or work in its campaign; at most 20.
    #[serde(default)]
    #[ts(as = "Option<Vec<UserId>>", optional)]
    pub mentions: Vec<UserId>,
}

/// Whom to consult about a conversation.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Consult {
    /// A colleague who works for the same client.
    pub agent: AgentId,
}

/// The labels of a conversation.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "SetTags")]
#[schema(as = SetTags)]
pub struct Tag {
    /// All of them: at most 20, each 1 to 40 characters. Kept trimmed, sorted and each once.
    pub tags: Vec<String>,
}

/// How urgent a conversation is.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "SetPriority")]
#[schema(as = SetPriority)]
pub struct Prioritise {
    /// How urgent.
    pub priority: Priority,
}

/// Until when a conversation is put aside.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Snooze {
    /// In the future, within a year.
    pub until: Time,
}

/// What somebody has begun to write.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "PutDraft")]
pub struct PutDraft {
    /// As typed so far; no longer than a message can be.
    #[serde(default)]
    pub text: String,
    /// Uploaded before for this conversation by the same person; at most 10.
    #[serde(default)]
    #[ts(as = "Option<Vec<AttachmentId>>", optional)]
    pub attachments: Vec<AttachmentId>,
    /// In mail threads: to whom, about what, as HTML.
    #[serde(default)]
    #[ts(optional)]
    pub mail: Option<MailDraft>,
    /// Counted by whoever writes: one more than what was saved before. The higher one stands.
    #[ts(type = "number")]
    pub rev: u64,
}

/// The answer to an offer.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct AnswerOffer {
    /// Which offer.
    pub offer: OfferId,
}

/// To whom a conversation goes: exactly one of the two.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Transfer {
    /// An agent of a campaign of the same client, who must accept.
    #[serde(default)]
    #[ts(optional)]
    pub agent: Option<AgentId>,
    /// The queue of a campaign of the same client.
    #[serde(default)]
    #[ts(optional)]
    pub campaign: Option<CampaignId>,
    /// Whoever of its campaign is good at these: skills of the same client, each once, at most 8.
    #[serde(default)]
    #[ts(optional)]
    pub skills: Option<Vec<SkillLevel>>,
}

/// How a conversation is closed.
#[derive(Clone, Copy, Debug, Default, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Close {
    /// One of the campaign's.
    #[serde(default)]
    #[ts(optional)]
    pub disposition: Option<DispositionId>,
    /// Asks for time to finish, where the campaign leaves that to its agents.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub wrap_up: bool,
}

/// Dynamic fields that change; the others stay.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct SetFields {
    /// By field of the conversation's campaign: a text (`2026-11-22` for a date), a number or `true`/`false`, as its kind says; null = taken
    /// away.
    #[ts(type = "Record<FieldId, FieldValue | null>")]
    #[schema(value_type = Object)]
    pub values: BTreeMap<FieldId, Option<field::Value>>,
}
