//! Who may get an item now: members who are there, whom the mode lets, with room for a kind they may receive (routing.md, A).

use super::{
    CampaignState, Routing,
    capacity::{AgentState, Seat},
    mode, order,
    order::Tier,
    ready::{Gate, Standing},
};
use crate::{
    domain::channel::KindSet,
    ids::{AgentId, CampaignId},
};

/// Where an agent with room for these kinds stands in a campaign, given the seat there; none = not eligible.
fn standing(id: AgentId, agent: &AgentState, fits: KindSet, seat: &Seat, campaign: &CampaignState) -> Option<Standing> {
    let (rules, place) = (campaign.rules.as_ref()?, seat.place.as_ref()?);
    if agent.presence.hindrance().is_some() || !rules.serves(agent) {
        return None;
    }
    let strategy = rules.strategy;
    let pass = mode::pass(strategy.mode, rules.max_per_agent, agent, seat).ok()?;
    let kinds = place.receive.and(fits);
    if kinds == KindSet::NONE {
        return None;
    }
    let key = order::key(strategy.order, agent, seat, place, || campaign.memory.of(id), rules.day.since);
    let tier = Tier { pass, penalty: place.penalty };
    Some(Standing { tier, gate: Gate { kinds, delay: place.delay }, key })
}

/// Moves one entry. True when the agent may take something that they could not before, and something waits.
fn reseat(agent: AgentId, seat: &mut Seat, campaign: &mut CampaignState, new: Option<Standing>) -> bool {
    let old = seat.standing;
    if old == new {
        return false;
    }
    campaign.lanes.replace(agent, old, new);
    seat.standing = new;
    let more = match (old, new) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(old), Some(new)) => new.gate.kinds.exceeds(old.gate.kinds) || new.gate.delay < old.gate.delay,
    };
    more && campaign.has_work()
}

impl Routing {
    /// Brings an agent's entries up to date in all campaigns, after a change of presence, limit or load.
    pub(super) fn refresh_agent(&mut self, id: AgentId) {
        let Some(agent) = self.agents.get_mut(&id) else { return };
        let fits = agent.fits(&self.loads);
        let mut seats = std::mem::take(&mut agent.seats);
        for (campaign_id, seat) in &mut seats {
            let Some(campaign) = self.campaigns.get_mut(campaign_id) else { continue };
            let new = standing(id, agent, fits, seat, campaign);
            if reseat(id, seat, campaign, new) {
                self.work.campaigns.insert(*campaign_id);
            }
            campaign.score_board.note(id, agent, seat, &campaign.memory, campaign.rules.as_ref());
        }
        agent.seats = seats;
    }

    /// Brings one agent's entry in one campaign up to date, after a change of membership or of the campaign.
    pub(super) fn refresh_seat(&mut self, id: AgentId, campaign_id: CampaignId) {
        let (Some(agent), Some(campaign)) = (self.agents.get_mut(&id), self.campaigns.get_mut(&campaign_id)) else { return };
        let Some(mut seat) = agent.seats.remove(&campaign_id) else { return };
        let new = standing(id, agent, agent.fits(&self.loads), &seat, campaign);
        if reseat(id, &mut seat, campaign, new) {
            self.work.campaigns.insert(campaign_id);
        }
        campaign.score_board.note(id, agent, &mut seat, &campaign.memory, campaign.rules.as_ref());
        agent.seats.insert(campaign_id, seat);
    }
}
