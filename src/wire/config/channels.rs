//! Channel accounts and their signing secrets.

use serde::{Deserialize, Serialize};

use super::yes;
use crate::{
    domain::{channel::ChannelKind, webchat::Webchat},
    ids::{CampaignId, ChannelId, ClientId},
    wire::Time,
};

/// A channel account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ChannelFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// Its one inbound campaign, of the same client.
    pub campaign: CampaignId,
    /// Of which kind; cannot change.
    pub kind: ChannelKind,
    /// 1 to 120 characters.
    pub name: String,
    /// Off: takes nothing in, sends nothing. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// API channels: where answers are posted, an http or https URL.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub endpoint: Option<String>,
    /// Web chats: what it looks like and asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub webchat: Option<Webchat>,
}

/// A channel account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Channel)]
#[ts(export_to = "wire.ts", rename = "Channel")]
pub struct ChannelView {
    /// Its id. An API channel takes calls at `/hooks/{id}`.
    pub id: ChannelId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ChannelFields,
    /// When it was created.
    pub created_at: Time,
}

/// A signing secret of a channel; never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ChannelSecret {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops counting; none = when it is deleted.
    pub expires_at: Option<Time>,
}

/// A new signing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct NewChannelSecret {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops counting; none = when it is deleted.
    pub expires_at: Option<Time>,
    /// `whsec_…`: shown this once. Null when the request is repeated under its `Idempotency-Key`.
    pub secret: Option<String>,
}

/// When a signing secret stops counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ChannelSecretFields {
    /// Null = it goes on counting.
    pub expires_at: Option<Time>,
}
