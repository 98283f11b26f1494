//! What agents send with a few keys: texts and files.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CampaignId, CannedTextId, ClientId, ResourceId},
    wire::{Time, conversation::Attachment},
};

/// A text that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct CannedTextFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// For this campaign of the client only; none = for all of them. Cannot change.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub campaign: Option<CampaignId>,
    /// What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
    pub shortcut: String,
    /// 1 to 120 characters.
    pub title: String,
    /// 1 to 4,000 characters. `${name}`, `${agent}` and `${campaign}` are filled in, `${name|there}` says what stands there for a
    /// customer without a name; `%name%` is the same as `${name}`.
    pub text: String,
}

/// A text that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = CannedText)]
#[ts(export_to = "wire.ts", rename = "CannedText")]
pub struct CannedTextView {
    /// Its id.
    pub id: CannedTextId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: CannedTextFields,
    /// When it was created.
    pub created_at: Time,
}

/// A file that agents send with a few keys (S1-35).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ResourceFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// For this campaign of the client only; none = for all of them. Cannot change.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub campaign: Option<CampaignId>,
    /// What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
    pub shortcut: String,
    /// 1 to 120 characters.
    pub title: String,
    /// The folder it lies in, at most 60 characters; empty = none. There are no folders in folders, and one is there while a file
    /// lies in it.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub folder: String,
}

/// A file that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Resource)]
#[ts(export_to = "wire.ts", rename = "Resource")]
pub struct ResourceView {
    /// Its id; stays when the file is replaced.
    pub id: ResourceId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ResourceFields,
    /// The file at present.
    pub file: Attachment,
    /// When it was created.
    pub created_at: Time,
}
