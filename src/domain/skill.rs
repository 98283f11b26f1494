//! Skills: what agents are good at, what a conversation asks of who serves it, and how long a campaign insists on that
//! (routing.md, D).

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    ids::{AgentId, ClientId, SkillId},
};

/// How well somebody can do something, from a little to perfectly.
pub const LEVELS: RangeInclusive<u8> = 1..=10;

/// At most so many rings (routing.md, D).
pub const MAX_RINGS: usize = 6;

/// At most so many skills are asked for at once.
pub const MAX_ASKED: usize = 8;

/// Something that agents can be good at: a language, a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Its id.
    pub id: SkillId,
    /// Whose conversations ask for it.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
}

/// A skill at a level: what an agent has, or the least that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct SkillLevel {
    /// Which.
    pub skill: SkillId,
    /// One of [`LEVELS`].
    pub level: u8,
}

/// What a campaign asks of who serves its conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Asking {
    /// Of every conversation, besides what it asks for itself; each skill once, at most [`MAX_ASKED`].
    #[ts(as = "Option<Vec<SkillLevel>>")]
    pub skills: Vec<SkillLevel>,
    /// How that relaxes while a conversation waits, one after the other; at most [`MAX_RINGS`].
    #[ts(as = "Option<Vec<Ring>>")]
    pub rings: Vec<Ring>,
}

/// From now on less is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Ring {
    /// So long after the ring before, or after it began to wait in this campaign; 1 to 86,400 s.
    pub after_seconds: u32,
    /// What is given up.
    pub relax: Relax,
}

/// What a ring gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub enum Relax {
    /// These skills are not asked for any more; none named = no skill at all.
    Drop {
        /// Which.
        skills: Vec<SkillId>,
    },
    /// Every level asked for is lower by so many, but at least 1.
    Lower {
        /// 1 to 9.
        by: u8,
    },
    /// Who has this will do as well, whatever else is asked: another group of agents.
    Add {
        /// What.
        skill: SkillId,
        /// One of [`LEVELS`].
        level: u8,
    },
}

/// The agent whom a conversation goes back to, if that is possible soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferred {
    /// Who last closed a conversation of this contact.
    pub agent: AgentId,
    /// When.
    pub closed_at: Timestamp,
}

/// What a conversation asks for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Each skill once, sorted; at most [`MAX_ASKED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SkillLevel>,
    /// Since when it waits in this campaign, where that is not since it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whom it should go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Preferred>,
}
