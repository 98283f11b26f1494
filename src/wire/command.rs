//! What is asked of a conversation.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    domain::field,
    ids::{AgentId, AttachmentId, CampaignId, DispositionId, FieldId, OfferId},
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
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
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
