//! Signing in, and what a person sees of themselves.

use serde::{Deserialize, Serialize};

use crate::{
    auth::secret::SecretText,
    domain::permission::{Permission, Role, Scope},
    ids::{BreakId, CampaignId, ClientId, DispositionId, UserId},
};

/// To sign in.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct SignIn {
    /// Capital letters do not matter.
    pub login: String,
    /// At most 256 characters.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub password: SecretText,
}

/// Who is signed in, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Profile {
    /// The person; none for a program.
    pub user: Option<ProfileUser>,
    /// Preset of permissions.
    pub role: Role,
    /// What the preset holds.
    pub permissions: Vec<Permission>,
    /// Where it holds; an agent's follow from membership.
    pub scopes: Vec<Scope>,
    /// An agent's campaigns, or those in scope; by name.
    pub campaigns: Vec<ProfileCampaign>,
    /// Types of break that can be taken; by name.
    pub breaks: Vec<ProfileBreak>,
}

/// The person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileUser {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub login: String,
    /// As shown.
    pub name: String,
}

/// What working in a campaign needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileCampaign {
    /// Its id.
    pub id: CampaignId,
    /// As shown.
    pub name: String,
    /// The company served.
    pub client: ClientId,
    /// Its name.
    pub client_name: String,
    /// Agents may close without having replied.
    pub close_without_reply: bool,
    /// Agents may transfer to agents.
    pub agent_transfer: bool,
    /// Attachments may be sent.
    pub attachments: bool,
    /// To choose from when closing; when there are any, one is needed.
    pub dispositions: Vec<ProfileDisposition>,
}

/// A disposition that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileDisposition {
    /// Its id.
    pub id: DispositionId,
    /// Its name and those above it, from the top.
    pub path: Vec<String>,
}

/// A break that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileBreak {
    /// Its id.
    pub id: BreakId,
    /// As shown.
    pub name: String,
}

/// What an agent does from now on: exactly one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct SetPresence {
    /// `true` = take offers. `false` is not possible: take a break.
    #[serde(default)]
    #[ts(optional)]
    pub available: Option<bool>,
    /// Take this break.
    #[serde(default)]
    #[ts(optional)]
    pub break_id: Option<BreakId>,
    /// When the break begins; at once by default.
    #[serde(default)]
    #[ts(optional)]
    pub when: Option<BreakWhen>,
}

/// When a break begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum BreakWhen {
    /// At once.
    Now,
    /// When the conversations at hand are over; until then no new offers.
    AfterCurrent,
}
