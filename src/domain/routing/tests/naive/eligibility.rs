//! Who may be given an item: presence, capacity, the table of modes, delays.

use std::time::Duration;

use super::{Naive, There};
use crate::{
    clock::Timestamp,
    domain::{
        channel::{ChannelKind, KindSet},
        routing::{ItemView, Stand},
        strategy::Mode,
    },
    ids::{AgentId, CampaignId},
};

impl Naive {
    /// Every share of an agent: the campaign, the kind, and whether it is awake.
    fn shares(&self, agent: AgentId) -> Vec<(CampaignId, ChannelKind, bool)> {
        let mut shares = vec![];
        for view in self.views.values() {
            let (before, full) = (shares.len(), (view.campaign, view.kind, true));
            match view.stand {
                Stand::Offered { offer } if offer.agent == agent => shares.push(full),
                Stand::Held { agent: owner, weightless, .. } if owner == agent => {
                    shares.push((view.campaign, view.kind, !weightless));
                }
                Stand::Transferring { from, offer } if from == agent || offer.agent == agent => shares.push(full),
                _ => {}
            }
            if self.reserved.get(&view.id).is_some_and(|it| it.agent == agent) {
                shares.push(full);
            }
            if view.finishing == Some(agent) && shares.len() == before {
                shares.push(full);
            }
        }
        shares
    }

    pub(in crate::domain::routing::tests) fn used(&self, agent: AgentId) -> u32 {
        self.shares(agent).iter().filter(|(.., awake)| *awake).map(|(_, kind, _)| self.loads.units(*kind)).sum()
    }

    pub(in crate::domain::routing::tests) fn conversations(&self, agent: AgentId) -> usize {
        self.shares(agent).len()
    }

    /// Within the limit, or something interrupts something.
    pub(in crate::domain::routing::tests) fn is_excused(&self, agent: AgentId) -> bool {
        let interrupts = ChannelKind::ALL.into_iter().any(|kind| self.loads.of(kind).interrupts != KindSet::NONE);
        self.used(agent) <= self.limit(agent) || interrupts
    }

    pub(in crate::domain::routing::tests) fn limit(&self, agent: AgentId) -> u32 {
        self.agents.get(&agent).map_or(0, |agent| agent.limit)
    }

    /// Has something that is not asleep, or a call.
    pub(super) fn is_busy(&self, agent: AgentId) -> bool {
        self.used(agent) > 0 || self.agents[&agent].call.is_some()
    }

    /// The table of modes, as it stands in routing.md.
    fn mode_lets(&self, agent: AgentId, campaign: CampaignId, shares: &[(CampaignId, ChannelKind, bool)]) -> bool {
        let Some(in_force) = self.campaigns.get(&campaign) else { return false };
        let awake: Vec<_> = shares.iter().filter(|(.., awake)| *awake).map(|(campaign, ..)| *campaign).collect();
        let taken_up = |place: &CampaignId| self.campaigns.get(place).is_some_and(|it| it.campaign.strategy.mode == Mode::Incall);
        if awake.iter().any(taken_up) {
            return false;
        }
        let of_this = shares.iter().filter(|(place, ..)| *place == campaign).count();
        let below_cap = of_this < usize::try_from(in_force.campaign.max_per_agent).unwrap();
        match in_force.campaign.strategy.mode {
            Mode::Incall => awake.is_empty() && self.agents[&agent].call.is_none(),
            Mode::Nocall | Mode::Omni | Mode::Ringallmultiple => below_cap,
            Mode::Interaction => awake.is_empty(),
            Mode::Nopause => true,
            Mode::Ringall => !awake.contains(&campaign),
        }
    }

    /// Whether a member receives it at all.
    pub(super) fn receives(&self, agent: AgentId, view: &ItemView) -> bool {
        let rules = self.campaigns.get(&view.campaign).map(|it| it.campaign.service);
        let is_asked = rules.is_some_and(|service| service.voice_members_only);
        let member = self.members.get(&(view.campaign, agent));
        member.is_some_and(|member| member.receive.contains(view.kind)) && (!is_asked || self.voices.contains(&agent))
    }

    /// Whether an agent may take an item, wherever it stands in line.
    pub(in crate::domain::routing::tests) fn may_take(&self, agent: AgentId, view: &ItemView) -> bool {
        if self.there(agent) != There::Available || !self.receives(agent, view) {
            return false;
        }
        let shares = self.shares(agent);
        self.fits(agent, view.kind) && self.mode_lets(agent, view.campaign, &shares)
    }

    /// What the kind interrupts weighs nothing; no more of it than the most.
    pub(super) fn fits(&self, agent: AgentId, kind: ChannelKind) -> bool {
        let awake: Vec<_> = self.shares(agent).into_iter().filter(|(.., awake)| *awake).map(|(_, kind, _)| kind).collect();
        let load = self.loads.of(kind);
        let weighing = awake.iter().filter(|other| !load.interrupts.contains(**other));
        let used = weighing.map(|other| self.loads.units(*other)).sum::<u32>() + self.agents[&agent].call.unwrap_or(0);
        let count = awake.iter().filter(|other| **other == kind).count();
        used + load.units <= self.limit(agent) && load.most.is_none_or(|most| count < usize::try_from(most).unwrap())
    }

    /// Whether an agent may be given an item now.
    pub(super) fn is_eligible(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let Some(member) = self.members.get(&(view.campaign, agent)) else { return false };
        !self.strategy(view.campaign).mode.rings()
            && now.since(view.arrived_at) >= Duration::from_secs(member.delay_seconds.into())
            && self.suits(agent, view, now)
            && self.may_take(agent, view)
    }

    pub(in crate::domain::routing::tests) fn eligible(&self, view: &ItemView, now: Timestamp) -> Vec<AgentId> {
        self.agents.keys().copied().filter(|agent| self.is_eligible(*agent, view, now)).collect()
    }

    pub(in crate::domain::routing::tests) fn is_delayed(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let member = self.members.get(&(view.campaign, agent));
        member.is_some_and(|it| now.since(view.arrived_at) < Duration::from_secs(it.delay_seconds.into()))
    }

    pub(in crate::domain::routing::tests) fn is_beyond_room(
        &self,
        agent: AgentId,
        campaign: CampaignId,
        kind: ChannelKind,
    ) -> bool {
        if self.there(agent) == There::Unknown {
            return false;
        }
        let shares = self.shares(agent);
        let works_there = self.members.contains_key(&(campaign, agent)) || shares.iter().any(|(place, ..)| *place == campaign);
        let by_mode = works_there && self.campaigns.contains_key(&campaign) && !self.mode_lets(agent, campaign, &shares);
        by_mode || !self.fits(agent, kind)
    }
}
