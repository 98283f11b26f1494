//! What agents choose from and fill in: dispositions, types of break, dynamic fields.

use serde::{Deserialize, Serialize};

use super::yes;
use crate::{
    domain::{disposition::System, field},
    ids::{BreakId, ClientId, DispositionId, FieldId},
    wire::Time,
};

/// How a conversation can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct DispositionFields {
    /// Whose tree; cannot change.
    pub client: ClientId,
    /// The node above, of the same client; none = at the top. At most 5 levels.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub parent: Option<DispositionId>,
    /// 1 to 120 characters.
    pub name: String,
    /// Switched off ones stay in history and are offered no more. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// Its place among those beside it, from 0; as the last one by default.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub position: Option<u32>,
}

/// How a conversation can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Disposition)]
#[ts(export_to = "wire.ts", rename = "Disposition")]
pub struct DispositionView {
    /// Its id.
    pub id: DispositionId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: DispositionFields,
    /// The product uses it by itself for this: it is renamed, but neither moved, switched off nor deleted.
    pub system: Option<System>,
    /// Somebody gave it another name than the product's, which is shown in the reader's language.
    pub renamed: bool,
    /// A campaign has offered it, so it may be in history: it is switched off rather than deleted.
    pub offered: bool,
}

/// A type of break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct BreakFields {
    /// 1 to 60 characters.
    pub name: String,
    /// Switched off ones cannot be taken. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// How long it may take, 1 to 1,440; none = nobody counts.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub minutes: Option<u16>,
    /// The name of a picture, 1 to 40 of `a` to `z`, digits and hyphens.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub icon: Option<String>,
}

/// A type of break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Break)]
#[ts(export_to = "wire.ts", rename = "Break")]
pub struct BreakView {
    /// Its id.
    pub id: BreakId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: BreakFields,
    /// When it was created.
    pub created_at: Time,
}

/// A dynamic field of a client (S1-27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct FieldFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 60 characters.
    pub name: String,
    /// What connected systems know it by: `a` to `z`, `0` to `9` and `_`, a letter first, at most 40; no other field of the client has it.
    /// Made from the name when it is left out.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub key: String,
    /// What it holds; cannot change.
    pub kind: field::Kind,
    /// Of a list: 1 to 200 to choose from, each 1 to 120 characters and once.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub options: Vec<String>,
    /// For agents: at most 240 characters.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub description: String,
    /// Switched off ones stay in history and are asked for no more. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
}

/// A dynamic field of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Field)]
#[ts(export_to = "wire.ts", rename = "Field")]
pub struct FieldView {
    /// Its id.
    pub id: FieldId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: FieldFields,
}
