//! Beginning a conversation from our side.

use serde::{Deserialize, Serialize};

use super::mail::StartMail;
use crate::{
    domain::channel::ChannelKind,
    ids::{AgentId, CampaignId, ChannelId, ContactId},
};

/// The first message, and to whom: a contact or an address.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct StartConversation {
    /// In whose name; where one may write first.
    pub campaign: CampaignId,
    /// One of its channel accounts.
    pub channel: ChannelId,
    /// Somebody known, by the address they have on this kind of channel.
    #[serde(default)]
    #[ts(optional)]
    pub contact: Option<ContactId>,
    /// Somebody by their address on this kind of channel; who is not known yet becomes a contact.
    #[serde(default)]
    #[ts(optional)]
    pub address: Option<String>,
    /// What somebody new is called, at most 120 characters.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// Whose it is: a member of the campaign. Oneself, unless one answers no customers there.
    #[serde(default)]
    #[ts(optional)]
    pub agent: Option<AgentId>,
    /// Plain text; may be empty in a mail with HTML.
    #[serde(default)]
    pub text: String,
    /// By mail: about what, to whom else, as HTML.
    #[serde(default)]
    #[ts(optional)]
    pub mail: Option<StartMail>,
}

/// A channel account by which one may write first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct StartChannel {
    /// Which.
    pub id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// As shown.
    pub name: String,
}
