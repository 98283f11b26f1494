//! Who may get an item now: members who are available, below the campaign's cap and with room (routing.md, A).

use std::{array, collections::BTreeSet};

use super::{
    CampaignRules, CampaignState, Routing,
    capacity::{AgentState, CLASSES, Load, Presence, Seat, class_of, heaviest_class_within},
    order::Candidate,
};
use crate::{
    domain::channel::ChannelKind,
    ids::{AgentId, CampaignId},
};

/// An agent's entry in [`Ready`]; remembered in the seat, because an entry can only be removed by its exact key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The heaviest class the agent has room for.
    class: usize,
    candidate: Candidate,
}

/// The eligible agents of one campaign, best first, apart by the heaviest class each has room for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ready {
    by_class: [BTreeSet<Candidate>; CLASSES],
}

impl Default for Ready {
    fn default() -> Self {
        Self { by_class: array::from_fn(|_| BTreeSet::new()) }
    }
}

impl Ready {
    /// The best agent for an item of this kind. Who passed it over comes after everybody else, whatever the tier.
    pub(super) fn best(&self, kind: ChannelKind, passed_over: &[AgentId]) -> Option<AgentId> {
        let with_room = || self.by_class.iter().skip(class_of(kind));
        let fresh = with_room().filter_map(|class| class.iter().find(|it| !passed_over.contains(&it.agent))).min();
        fresh.or_else(|| with_room().filter_map(BTreeSet::first).min()).map(|candidate| candidate.agent)
    }

    /// The heaviest class somebody has room for.
    pub(super) fn heaviest_class(&self) -> Option<usize> {
        self.by_class.iter().rposition(|class| !class.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        self.by_class.iter().map(BTreeSet::len).sum()
    }

    fn replace(&mut self, old: Option<Standing>, new: Option<Standing>) {
        if let Some(old) = old
            && let Some(class) = self.by_class.get_mut(old.class)
        {
            class.remove(&old.candidate);
        }
        if let Some(new) = new
            && let Some(class) = self.by_class.get_mut(new.class)
        {
            class.insert(new.candidate);
        }
    }
}

/// Where an agent stands in a campaign, given the seat there; none = not eligible.
fn standing(id: AgentId, agent: &AgentState, seat: &Seat, rules: Option<CampaignRules>) -> Option<Standing> {
    let class = heaviest_class_within(agent.free())?;
    let below_cap = seat.holding < rules?.max_per_agent;
    if agent.presence != Presence::Available || !below_cap {
        return None;
    }
    let load = Load::new(agent.used, agent.limit);
    Some(Standing { class, candidate: Candidate { penalty: seat.penalty?, load, last_offer: agent.last_offer, agent: id } })
}

/// Moves one entry. True when the agent has room for more than before and something waits.
fn reseat(seat: &mut Seat, campaign: &mut CampaignState, new: Option<Standing>) -> bool {
    let old = seat.standing;
    if old == new {
        return false;
    }
    campaign.ready.replace(old, new);
    seat.standing = new;
    new.map(|standing| standing.class) > old.map(|standing| standing.class) && !campaign.queue.is_empty()
}

impl Routing {
    /// Brings an agent's entries up to date in all campaigns, after a change of presence, limit or load.
    pub(super) fn refresh_agent(&mut self, id: AgentId) {
        let Some(agent) = self.agents.get_mut(&id) else { return };
        let mut seats = std::mem::take(&mut agent.seats);
        for (campaign_id, seat) in &mut seats {
            let Some(campaign) = self.campaigns.get_mut(campaign_id) else { continue };
            let new = standing(id, agent, seat, campaign.rules);
            if reseat(seat, campaign, new) {
                self.work.campaigns.insert(*campaign_id);
            }
        }
        agent.seats = seats;
    }

    /// Brings one agent's entry in one campaign up to date, after a change of membership or of the campaign's cap.
    pub(super) fn refresh_seat(&mut self, id: AgentId, campaign_id: CampaignId) {
        let (Some(agent), Some(campaign)) = (self.agents.get_mut(&id), self.campaigns.get_mut(&campaign_id)) else { return };
        let Some(mut seat) = agent.seats.remove(&campaign_id) else { return };
        let new = standing(id, agent, &seat, campaign.rules);
        if reseat(&mut seat, campaign, new) {
            self.work.campaigns.insert(campaign_id);
        }
        agent.seats.insert(campaign_id, seat);
    }
}
