//! Invitations: how somebody gets a first or another password without anybody else knowing it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_secs(72 * 3600);

/// What somebody is invited to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvitationKind)]
#[ts(export_to = "wire.ts", rename = "InvitationKind")]
pub enum Kind {
    /// To work here: the first password.
    #[default]
    Invitation,
    /// To choose another password, because the old one is lost.
    Reset,
}

impl Kind {
    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Invitation, Self::Reset].into_iter().find(|kind| kind.as_str() == word)
    }
}
