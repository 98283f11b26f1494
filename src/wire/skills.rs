//! Skills and what conversations weigh.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{load::KindLoad, skill::SkillLevel},
    ids::{ClientId, SkillId},
};

/// Something that agents can be good at: a language, a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct SkillFields {
    /// Whose conversations ask for it; cannot change.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
}

/// A skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Skill)]
#[ts(export_to = "wire.ts", rename = "Skill")]
pub struct SkillView {
    /// Its id.
    pub id: SkillId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: SkillFields,
}

/// What conversations of each kind weigh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Capacity {
    /// Each kind once; a kind that is not named weighs what it does by default.
    pub kinds: Vec<KindLoad>,
}

/// Whoever serves a conversation must be good at these.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct AskFor {
    /// Skills of its client, each once, at most 8; none = whatever its campaign asks for.
    pub skills: Vec<SkillLevel>,
}
