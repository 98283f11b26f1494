//! The companies served and their projects.

use serde::{Deserialize, Serialize};

use super::yes;
use crate::{
    domain::webchat::Language,
    ids::{ClientId, ProjectId},
    wire::Time,
};

fn utc() -> String {
    "UTC".to_owned()
}

const fn spanish() -> Language {
    Language::Spanish
}

/// A company served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ClientFields {
    /// 1 to 120 characters.
    pub name: String,
    /// IANA time zone; UTC by default.
    #[serde(default = "utc")]
    #[ts(as = "Option<String>", optional)]
    pub zone: String,
    /// Off: its channels take nothing in. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// In which messages that the product writes by itself name dates; Spanish by default.
    #[serde(default = "spanish")]
    #[ts(as = "Option<Language>", optional)]
    pub language: Language,
}

/// A company served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// IANA time zone.
    pub zone: String,
    /// Off: its channels take nothing in.
    pub enabled: bool,
    /// In which messages that the product writes by itself name dates.
    pub language: Language,
    /// When it was created.
    pub created_at: Time,
}

/// A project of a client (S1-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ProjectFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// Off: takes no more campaigns. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
}

/// A project of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Project)]
#[ts(export_to = "wire.ts", rename = "Project")]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ProjectFields,
    /// When it was created.
    pub created_at: Time,
}
