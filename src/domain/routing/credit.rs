//! The login credit of `fewestcalls`: who comes in starts with the fewest of those already there, so that a late login is not
//! flooded.

use std::collections::BTreeSet;

use super::{
    CampaignRules, Routing,
    capacity::{AgentState, Seat},
    memory::Pasts,
};
use crate::{
    domain::strategy::Order,
    ids::{AgentId, CampaignId},
};

/// What the members at work have, credits included, of a campaign that asks for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ScoreBoard(BTreeSet<(u32, AgentId)>);

impl ScoreBoard {
    /// Brings one agent's entry up to date.
    pub(super) fn note(
        &mut self,
        id: AgentId,
        agent: &AgentState,
        seat: &mut Seat,
        memory: &Pasts,
        rules: Option<&CampaignRules>,
    ) {
        let counts = rules.filter(|rules| rules.strategy.order == Order::Fewestcalls);
        if counts.is_none() && seat.score.is_none() {
            return;
        }
        let entry = counts
            .filter(|_| seat.place.is_some() && agent.presence.is_at_work())
            .map(|rules| memory.of(id).completed_on(rules.day.since) + seat.credit);
        if entry == seat.score {
            return;
        }
        if let Some(old) = seat.score {
            self.0.remove(&(old, id));
        }
        self.0.extend(entry.map(|score| (score, id)));
        seat.score = entry;
    }

    fn fewest(&self) -> Option<u32> {
        self.0.first().map(|(score, _)| *score)
    }
}

impl Routing {
    /// Somebody comes in, or becomes a member while at work. Not at a start: then nobody is new.
    pub(super) fn grant_credit(&mut self, id: AgentId, only: Option<CampaignId>) {
        if self.loading {
            return;
        }
        let Some(agent) = self.agents.get_mut(&id) else { return };
        for (campaign_id, seat) in &mut agent.seats {
            let Some(campaign) = self.campaigns.get(campaign_id).filter(|_| only.is_none_or(|only| only == *campaign_id)) else {
                continue;
            };
            let day = campaign.rules.map(|rules| rules.day.since).unwrap_or_default();
            let own = campaign.memory.of(id).completed_on(day);
            seat.credit = campaign.score_board.fewest().unwrap_or(0).saturating_sub(own);
        }
    }
}
