//! Signing in, and what a person sees of themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Time, start::StartChannel};
use crate::{
    auth::secret::SecretText,
    domain::{
        campaign::CampaignPermissions,
        closing::WrapUp,
        disposition::System,
        field,
        permission::{Permission, Role, Scope},
        strategy::Mode,
    },
    ids::{BreakId, CampaignId, ClientId, DispositionId, FieldId, SessionId, SkillId, UserId},
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
    /// BCP 47; none = the browser's.
    pub language: Option<String>,
    /// Decides on formats; none = the browser's.
    pub region: Option<String>,
    /// The console's own.
    #[ts(type = "Record<string, unknown>")]
    #[schema(value_type = Object)]
    pub settings: Map<String, Value>,
    /// What the preset holds.
    pub permissions: Vec<Permission>,
    /// Where it holds; an agent's follow from membership.
    pub scopes: Vec<Scope>,
    /// An agent's campaigns, or those in scope; by name.
    pub campaigns: Vec<ProfileCampaign>,
    /// What campaigns let choose from when closing, each list once.
    pub trees: Vec<Vec<ProfileDisposition>>,
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
    /// Where its customers are: an IANA time zone.
    pub zone: String,
    /// What its agents may do and see.
    #[ts(type = "Required<CampaignPermissions>")]
    pub permissions: CampaignPermissions,
    /// To be filled in, in this order.
    pub fields: Vec<ProfileField>,
    /// Which of the profile's trees to choose from when closing; when there is one, a choice is needed.
    pub tree: Option<u32>,
    /// To give a conversation to who has it; those of its members.
    pub skills: Vec<ProfileSkill>,
    /// How its conversations come to its agents: where it rings they take what waits.
    pub mode: Mode,
    /// By which channel accounts one may write first.
    pub starts: Vec<StartChannel>,
    /// What an agent has after closing.
    pub wrap_up: WrapUp,
    /// How long, in seconds.
    pub wrap_up_seconds: u32,
}

/// A skill that somebody of a campaign has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileSkill {
    /// Its id.
    pub id: SkillId,
    /// As shown.
    pub name: String,
}

/// A disposition that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileDisposition {
    /// Its id.
    pub id: DispositionId,
    /// Its name and those above it, from the top.
    pub path: Vec<String>,
    /// The product's own, under the name it came with: shown in the reader's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub system: Option<System>,
}

/// A dynamic field of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileField {
    /// Its id.
    pub id: FieldId,
    /// As shown in this campaign.
    pub name: String,
    /// What it holds.
    pub kind: field::Kind,
    /// Of a list: what can be chosen.
    pub options: Vec<String>,
    /// What it is for.
    pub description: String,
    /// A conversation cannot be closed without it.
    pub mandatory: bool,
}

/// A break that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ProfileBreak {
    /// Its id.
    pub id: BreakId,
    /// As shown.
    pub name: String,
    /// How long it may take.
    pub minutes: Option<u16>,
    /// The name of a picture.
    pub icon: Option<String>,
}

/// What people set for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ProfileFields {
    /// 1 to 120 characters.
    pub name: String,
    /// BCP 47, such as `es-AR`; none = the browser's.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub language: Option<String>,
    /// Two letters (ISO 3166) or three digits (UN M.49); decides on formats; none = the browser's.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub region: Option<String>,
    /// The console's own, at most 16 kB.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>", optional)]
    #[schema(value_type = Object)]
    pub settings: Map<String, Value>,
}

/// To choose another password.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ChangePassword {
    /// The one in force.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub current: SecretText,
    /// 8 to 256 characters.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub new: SecretText,
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When they signed in.
    pub created_at: Time,
    /// When it was last used, to a quarter of an hour.
    pub used_at: Time,
    /// When it ends unless used.
    pub expires_at: Time,
    /// As the browser names itself; anybody can claim anything.
    pub browser: String,
    /// The one that asks.
    pub current: bool,
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
