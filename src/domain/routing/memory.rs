//! What a campaign remembers of its agents: who was served last, whose last interaction ended when, how many today. A fold of
//! what was committed; at a start it comes from the store.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{CampaignState, Input, Routing, item::ItemView};
use crate::{
    clock::Timestamp,
    domain::conversation::Conversation,
    ids::{AgentId, CampaignId, OfferId},
};

/// One agent's past in one campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The last offer they accepted; ids of offers grow.
    pub served: Option<OfferId>,
    /// When the last interaction they had ended: closed, given away or taken back.
    pub ended_at: Option<Timestamp>,
    /// How many ended on the day that began at `day`.
    pub completed: u32,
    /// See `completed`.
    pub day: Timestamp,
}

impl Past {
    /// How many ended on the day that began then.
    pub(super) fn completed_on(&self, day: Timestamp) -> u32 {
        if self.day == day { self.completed } else { 0 }
    }
}

/// What a change adds to an agent's past in a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Where.
    pub campaign: CampaignId,
    /// Who.
    pub agent: AgentId,
    /// They accepted this offer.
    pub served: Option<OfferId>,
    /// Their interaction ended.
    pub ended_at: Option<Timestamp>,
}

/// What campaigns remember of a change: whose interaction ended, who accepted which offer.
pub fn memories(before: Option<&Conversation>, after: &Conversation, at: Timestamp) -> SmallVec<[Memory; 2]> {
    let (had, has) = (before.and_then(|state| state.phase.owner()), after.phase.owner());
    let mut memories = SmallVec::new();
    if had == has {
        return memories;
    }
    if let (Some(agent), Some(before)) = (had, before) {
        memories.push(Memory { campaign: before.campaign, agent, served: None, ended_at: Some(at) });
    }
    if let (Some(agent), Some(offer)) = (has, after.accepted) {
        memories.push(Memory { campaign: after.campaign, agent, served: Some(offer), ended_at: None });
    }
    memories
}

/// The local day in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its midnight.
    pub since: Timestamp,
    /// The next midnight.
    pub until: Timestamp,
}

impl Default for Day {
    /// All of time.
    fn default() -> Self {
        Self { since: Timestamp::from_micros(0), until: Timestamp::from_micros(i64::MAX) }
    }
}

impl Day {
    /// The start of the day that a moment lies in, this one or the next; of an earlier one only that it is neither.
    pub fn of(self, at: Timestamp) -> Timestamp {
        if at >= self.until {
            self.until
        } else if at >= self.since {
            self.since
        } else {
            Timestamp::default()
        }
    }
}

/// The pasts of a campaign's agents.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pasts {
    pasts: FxHashMap<AgentId, Past>,
    last_served: Option<(OfferId, AgentId)>,
}

impl Pasts {
    pub(super) fn of(&self, agent: AgentId) -> Past {
        self.pasts.get(&agent).copied().unwrap_or_default()
    }

    pub(super) const fn last_served(&self) -> Option<(OfferId, AgentId)> {
        self.last_served
    }

    fn recall(&mut self, agent: AgentId, past: Past) {
        self.pasts.insert(agent, past);
        self.last_served = self.last_served.max(past.served.map(|offer| (offer, agent)));
    }
}

impl CampaignState {
    fn end_stay(&mut self, agent: AgentId, at: Timestamp) {
        let day = self.rules.map(|rules| rules.day.of(at)).unwrap_or_default();
        let past = self.memory.of(agent);
        let completed = past.completed_on(day) + 1;
        self.memory.recall(agent, Past { ended_at: Some(at).max(past.ended_at), completed, day, ..past });
    }

    fn serve(&mut self, agent: AgentId, offer: OfferId) {
        let past = self.memory.of(agent);
        self.memory.recall(agent, Past { served: Some(offer).max(past.served), ..past });
    }
}

impl Routing {
    /// What the store has of an agent's past.
    pub(super) fn recall(&mut self, agent: AgentId, campaign: CampaignId, past: Past) {
        self.campaigns.entry(campaign).or_default().memory.recall(agent, past);
        let state = self.agents.entry(agent).or_default();
        state.last_work = state.last_work.max(past.ended_at);
        self.refresh_agent(agent);
    }

    /// Notes whose interaction ended and who was served, given the state before. The indexes follow when the item changes.
    pub(super) fn remember(&mut self, view: &ItemView) {
        let Some(item) = self.items.get(&view.id) else { return };
        let (before, after) = (item.view.stand.owner(), view.stand.owner());
        if before == after {
            return;
        }
        let (was_in, reserved) = (item.view.campaign, item.reservations());
        if let Some(agent) = before {
            self.campaigns.entry(was_in).or_default().end_stay(agent, view.since);
            if let Some(state) = self.agents.get_mut(&agent) {
                state.last_work = state.last_work.max(Some(view.since));
            }
        }
        if let Some((offer, agent)) = reserved.into_iter().find(|(_, agent)| Some(*agent) == after) {
            self.campaigns.entry(view.campaign).or_default().serve(agent, offer);
        }
    }

    /// Every known past, in a stable order: what the store has to hold.
    pub fn pasts(&self) -> Vec<Input> {
        let mut pasts: Vec<_> = self
            .campaigns
            .iter()
            .flat_map(|(campaign, state)| state.memory.pasts.iter().map(|(agent, past)| (*campaign, *agent, *past)))
            .collect();
        pasts.sort_unstable_by_key(|(campaign, agent, _)| (*campaign, *agent));
        pasts.into_iter().map(|(campaign, agent, past)| Input::Past { campaign, agent, past }).collect()
    }
}
