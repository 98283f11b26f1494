//! What a decision records of itself: enough to say years later why it fell as it did. A handful of numbers, whatever the
//! number of agents; the full list is made on demand ([`super::why`]).

use serde::{Deserialize, Serialize};

use super::{
    Routing,
    need::Need,
    order::{self, Key, NEVER},
    ready::Best,
};
use crate::{
    clock::Timestamp,
    domain::strategy::{Mode, Order, Policy},
    ids::{AgentId, CampaignId, ConversationId},
};

/// Why an offer went to whom it went. The winner is the agent of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The campaign's mode then.
    pub mode: Mode,
    /// Its order then.
    pub order: Order,
    /// Its policy then.
    pub policy: Policy,
    /// Which of its configurations was in force.
    pub revision: u32,
    /// How far the Router knew the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The winner's penalty.
    pub penalty: u8,
    /// What the winner was compared by.
    pub measure: Measure,
    /// How many could have had it.
    pub eligible: u32,
    /// How many of them were compared: by penalty, or because they had passed it over, the others came after.
    pub among: u32,
    /// Which ring let the winner in: after how much relaxing; 0 = they have all that was asked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ring: u8,
    /// It went back to who closed the last one of its contact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preferred: bool,
    /// Everybody who could have had it had passed it over before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// Where it was left to chance: what was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
    /// Who came next; none where it was left to chance, or when there was nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<RunnerUp>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// A place that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// From 1.
    pub place: u32,
    /// Of so many with the same chance.
    pub of: u32,
}

/// Who would have been next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Who.
    pub agent: AgentId,
    /// Their penalty.
    pub penalty: u8,
    /// What they were compared by.
    pub measure: Measure,
}

/// What an agent is compared by in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Measure {
    /// Left to chance.
    Chance,
    /// When their last interaction of the campaign ended; none = never.
    Ended {
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// How many they finished today, those counted that a late arrival starts with.
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// Their last offer: breaks a tie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered_at: Option<Timestamp>,
    },
    /// The share of their capacity in use.
    Load {
        /// Units in use.
        used: u32,
        /// Of so many.
        limit: u32,
        /// Their last offer: breaks a tie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered_at: Option<Timestamp>,
    },
    /// How good they are at what is asked; then as `idle`.
    Skill {
        /// Levels, added up.
        proficiency: u32,
        /// They have something to do.
        busy: bool,
        /// Since when not; none = never had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// Their last offer: breaks a tie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered_at: Option<Timestamp>,
    },
    /// Free capacity.
    Spare {
        /// Units.
        units: u32,
        /// Their last offer: breaks a tie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered_at: Option<Timestamp>,
    },
}

impl From<Key> for Measure {
    fn from(key: Key) -> Self {
        let known = |at: Timestamp| (at != NEVER).then_some(at);
        match key {
            Key::Chance => Self::Chance,
            Key::Ended(at) => Self::Ended { at: known(at) },
            Key::Count(count) => Self::Completed { count },
            Key::Ring(position, _) => Self::Position { position },
            Key::Idle(busy, since, offered_at) => Self::Idle { busy, since: known(since), offered_at: known(offered_at) },
            Key::Skill(proficiency, busy, since, offered_at) => {
                Self::Skill { proficiency: proficiency.0, busy, since: known(since), offered_at: known(offered_at) }
            }
            Key::Load(load, offered_at) => {
                let (used, limit) = load.parts();
                Self::Load { used, limit, offered_at: known(offered_at) }
            }
            Key::Spare(units, offered_at) => Self::Spare { units: units.0, offered_at: known(offered_at) },
        }
    }
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Routing {
    /// What an agent is compared by in a campaign, and their penalty there. As it is now: an entry in an index stays when
    /// another share of another limit comes to the same.
    pub(super) fn measure(&self, campaign_id: CampaignId, id: AgentId, need: Option<&Need>) -> Option<(u8, Measure)> {
        let campaign = self.campaigns.get(&campaign_id)?;
        let (rules, agent) = (campaign.rules.as_ref()?, self.agents.get(&id)?);
        let seat = agent.seats.get(&campaign_id)?;
        let place = seat.place.as_ref()?;
        let key = order::key(rules.strategy.order, agent, seat, place, || campaign.memory.of(id), rules.day.since);
        let key = need.map_or(key, |need| key.among(need, &agent.skills));
        Some((place.penalty, key.into()))
    }

    /// What is recorded of the choice of `best` for an item that waits.
    pub(super) fn choice(&self, conversation: ConversationId, best: &Best) -> Option<Box<Choice>> {
        let item = self.items.get(&conversation)?;
        let campaign_id = item.view.campaign;
        let need = item.laid.spot.as_ref().and_then(|spot| spot.need.as_deref());
        let rules = self.campaigns.get(&campaign_id)?.rules.as_ref()?;
        let (penalty, measure) = self.measure(campaign_id, best.agent, need)?;
        let runner_up = best.runner_up.and_then(|agent| {
            let (penalty, measure) = self.measure(campaign_id, agent, need)?;
            Some(RunnerUp { agent, penalty, measure })
        });
        Some(Box::new(Choice {
            mode: rules.strategy.mode,
            order: rules.strategy.order,
            policy: rules.strategy.policy,
            revision: rules.revision,
            position: None,
            penalty,
            measure,
            eligible: count(best.eligible),
            among: count(best.among),
            ring: self.agents.get(&best.agent).map_or(0, |agent| self.ring(&item.view, best.agent, &agent.skills)),
            preferred: best.preferred,
            again: best.again,
            drawn: best.drawn.map(|(index, of)| Drawn { place: count(index + 1), of: count(of) }),
            runner_up,
        }))
    }
}
