//! What a decision recorded of itself.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        routing,
        strategy::{Mode, Order, Policy},
    },
    ids::AgentId,
    wire::Time,
};

/// What a decision recorded of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Choice {
    /// The campaign's mode then.
    pub mode: Mode,
    /// Its order then.
    pub order: Order,
    /// Its policy then.
    pub policy: Policy,
    /// Which of its configurations was in force, counted from 1.
    pub revision: u32,
    /// How far the Router knew the log.
    #[ts(type = "number | null")]
    #[schema(required)]
    pub position: Option<u64>,
    /// The winner's penalty.
    pub penalty: u8,
    /// What the winner was compared by.
    pub measure: Measure,
    /// How many could have had it.
    pub eligible: u32,
    /// How many of them were compared; the others came after.
    pub among: u32,
    /// After how many steps of relaxing what it asks the winner could have it; 0 = they have every skill that was asked.
    pub ring: u8,
    /// It went back to who closed the last one of its contact.
    pub preferred: bool,
    /// Everybody who could have had it had missed or declined it before.
    pub again: bool,
    /// Where it was left to chance: what was drawn.
    #[schema(required)]
    pub drawn: Option<Drawn>,
    /// Who came next, if that is known.
    #[schema(required)]
    pub runner_up: Option<RunnerUp>,
}

/// A place that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Drawn {
    /// From 1.
    pub place: u32,
    /// Of so many with the same chance.
    pub of: u32,
}

/// Who would have been next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct RunnerUp {
    /// Who; agents are not told.
    #[schema(required)]
    pub agent: Option<AgentId>,
    /// Their penalty.
    pub penalty: u8,
    /// What they were compared by.
    pub measure: Measure,
}

/// What an agent is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Measure {
    /// Left to chance.
    Chance,
    /// When their last interaction of the campaign ended; none = never.
    Ended {
        /// When.
        at: Option<Time>,
    },
    /// How many they finished today.
    Completed {
        /// How many.
        count: u32,
    },
    /// Their place among the members.
    Position {
        /// The lower, the earlier.
        position: u32,
    },
    /// Since when they have nothing to do.
    Idle {
        /// They have something.
        busy: bool,
        /// Since when not; none = never had.
        since: Option<Time>,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// The share of their capacity in use.
    Load {
        /// Units in use.
        used: u32,
        /// Of so many.
        limit: u32,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// How good they are at what is asked; then as `idle`.
    Skill {
        /// Levels, added up.
        proficiency: u32,
        /// They have something to do.
        busy: bool,
        /// Since when not; none = never had.
        since: Option<Time>,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// Free capacity.
    Spare {
        /// Units.
        units: u32,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
}

impl From<routing::Measure> for Measure {
    fn from(measure: routing::Measure) -> Self {
        use routing::Measure as M;
        let time = |at: Option<_>| at.map(Time);
        match measure {
            M::Chance => Self::Chance,
            M::Ended { at } => Self::Ended { at: time(at) },
            M::Completed { count } => Self::Completed { count },
            M::Position { position } => Self::Position { position },
            M::Idle { busy, since, offered_at } => Self::Idle { busy, since: time(since), offered_at: time(offered_at) },
            M::Load { used, limit, offered_at } => Self::Load { used, limit, offered_at: time(offered_at) },
            M::Skill { proficiency, busy, since, offered_at } => {
                Self::Skill { proficiency, busy, since: time(since), offered_at: time(offered_at) }
            }
            M::Spare { units, offered_at } => Self::Spare { units, offered_at: time(offered_at) },
        }
    }
}

impl From<routing::Choice> for Choice {
    fn from(choice: routing::Choice) -> Self {
        let routing::Choice { mode, order, policy, revision, position, penalty, eligible, among, ring, preferred, again, .. } =
            choice;
        Self {
            mode,
            order,
            policy,
            revision,
            position,
            penalty,
            measure: choice.measure.into(),
            eligible,
            among,
            ring,
            preferred,
            again,
            drawn: choice.drawn.map(|routing::Drawn { place, of }| Drawn { place, of }),
            runner_up: choice.runner_up.map(|routing::RunnerUp { agent, penalty, measure }| RunnerUp {
                agent: Some(agent),
                penalty,
                measure: measure.into(),
            }),
        }
    }
}
