//! Users, tokens and contacts.

use serde::{Deserialize, Serialize, Serializer};

use super::Time;
use crate::{
    auth::secret::SecretText,
    domain::{
        contact::AddressKind,
        invitation,
        permission::{Role, Scope},
        skill::SkillLevel,
    },
    ids::{ClientId, ContactId, TokenId, UserId},
};

const fn yes() -> bool {
    true
}

/// What is write-only is never written out; `skip_serializing` would leave it out of the documentation as well.
fn nothing<S: Serializer>(_: &Option<SecretText>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

const fn hundred() -> u32 {
    100
}

/// A person. `PATCH` takes a part of it (JSON Merge Patch).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct UserFields {
    /// 1 to 120 characters without spaces; kept in lower case, unique.
    pub login: String,
    /// 1 to 120 characters.
    pub name: String,
    /// Preset of permissions.
    pub role: Role,
    /// Where it holds, at most 100. An agent works in the campaigns they are a member of; their scopes say who administers
    /// them.
    #[serde(default)]
    #[ts(as = "Option<Vec<Scope>>", optional)]
    pub scopes: Vec<Scope>,
    /// Capacity units as an agent, 1 to 1,000,000; 100 by default.
    #[serde(default = "hundred")]
    #[ts(as = "Option<u32>", optional)]
    pub capacity: u32,
    /// What they are good at as an agent: each skill once, at most 50.
    #[serde(default)]
    #[ts(as = "Option<Vec<SkillLevel>>", optional)]
    pub skills: Vec<SkillLevel>,
    /// Off: cannot sign in, sessions are void. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// Belongs to a voice campaign of the telephone system (S4-35). Off by default.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub voice: bool,
    /// Write-only, 8 to 256 characters. Changing it ends all sessions. Without one nobody can sign in as this user.
    #[serde(default, serialize_with = "nothing")]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretText>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub login: String,
    /// As shown.
    pub name: String,
    /// Preset of permissions.
    pub role: Role,
    /// Where it holds.
    pub scopes: Vec<Scope>,
    /// Capacity units as an agent.
    pub capacity: u32,
    /// What they are good at.
    pub skills: Vec<SkillLevel>,
    /// Off: cannot sign in.
    pub enabled: bool,
    /// Without one they cannot sign in before they accept an invitation.
    pub has_password: bool,
    /// Belongs to a voice campaign of the telephone system.
    pub voice: bool,
    /// When they were created.
    pub created_at: Time,
}

/// To what somebody is invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct InvitationFields {
    /// To work here, or to choose another password.
    #[serde(default)]
    #[ts(as = "Option<invitation::Kind>", optional)]
    pub kind: invitation::Kind,
}

/// What is sent to somebody so that they choose a password. Earlier ones of theirs are void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Invitation {
    /// To what.
    pub kind: invitation::Kind,
    /// `/invitation#…`, to be put behind the address under which people reach this server. Shown this once; null when the request is
    /// repeated under its `Idempotency-Key`.
    pub url_path: Option<String>,
    /// Shown this once, as `url_path`.
    pub token: Option<String>,
    /// 72 hours later.
    pub expires_at: Time,
}

/// To look at an invitation.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct CheckInvitation {
    /// What stands behind `#`.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub token: SecretText,
}

/// Whom an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Invited {
    /// To what.
    pub kind: invitation::Kind,
    /// What they sign in with.
    pub login: String,
    /// As shown.
    pub name: String,
}

/// To choose a password.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct AcceptInvitation {
    /// What stands behind `#`.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub token: SecretText,
    /// 8 to 256 characters.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub password: SecretText,
}

/// A token for a program. Agents are people: that role is not possible.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct TokenFields {
    /// What it is for, 1 to 120 characters.
    pub name: String,
    /// The person it acts as, with that person's permissions as they change; none = a program of its own.
    #[serde(default)]
    #[ts(optional)]
    pub user: Option<UserId>,
    /// Preset of permissions; that of the person, if it acts as one.
    pub role: Role,
    /// Where it holds, 1 to 100, not beyond one's own; none when it acts as a person.
    #[serde(default)]
    #[ts(as = "Option<Vec<Scope>>", optional)]
    pub scopes: Vec<Scope>,
    /// When it ends; none = when it is deleted.
    #[serde(default)]
    #[ts(optional)]
    pub expires_at: Option<Time>,
}

/// A token, without what it opens with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The person it acts as.
    pub user: Option<UserId>,
    /// Preset of permissions.
    pub role: Role,
    /// Where it holds.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends; none = when it is deleted.
    pub expires_at: Option<Time>,
}

/// A new token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct NewToken {
    /// Everything but the token itself.
    #[serde(flatten)]
    pub token: Token,
    /// `ctl_…`: shown this once. Null when the request is repeated under its `Idempotency-Key`.
    pub secret: Option<String>,
}

/// A customer of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Contact {
    /// Their id.
    pub id: ContactId,
    /// The company that serves them.
    pub client: ClientId,
    /// Empty when unknown.
    pub name: String,
    /// What agents noted about them.
    pub notes: String,
    /// Where they can be reached; who must not know the number sees its end only.
    pub addresses: Vec<ContactAddress>,
    /// When they first wrote.
    pub created_at: Time,
}

/// One way to reach a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ContactAddress {
    /// The network.
    pub kind: AddressKind,
    /// 1 to 254 bytes.
    pub value: String,
}

/// What can be changed of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ContactFields {
    /// At most 120 characters; empty = unknown.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub name: String,
    /// For agents: at most 4,000 characters; empty by default.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub notes: String,
}
