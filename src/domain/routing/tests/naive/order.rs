//! Which of those who could have it gets it, and what is recorded of that.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::Naive;
use crate::{
    clock::Timestamp,
    domain::{
        channel::{ChannelKind, KindSet},
        routing::{Choice, Drawn, ItemView, Measure, RunnerUp, Stand, draw::Draw},
        strategy::{Mode, Order},
    },
    ids::{AgentId, CampaignId, ConversationId},
};

impl Naive {
    /// Everybody who could have it in the order they would be asked: first whom it should go to.
    pub(in crate::domain::routing::tests) fn line_of_agents(&self, view: &ItemView, now: Timestamp) -> Vec<AgentId> {
        let mut line = self.line_by_order(view, now);
        if let Some(preferred) = self.preferred(view).filter(|agent| self.is_eligible(*agent, view, now)) {
            line.retain(|agent| *agent != preferred);
            line.insert(0, preferred);
        }
        line
    }

    /// Everybody who could have it in the order they would be asked if the one before were not there; those who passed it
    /// over only when there is nobody else. Left to chance: who is drawn.
    fn line_by_order(&self, view: &ItemView, now: Timestamp) -> Vec<AgentId> {
        let strategy = self.strategy(view.campaign);
        if strategy.order.draws() {
            return self.best_by_order(view, now).into_iter().collect();
        }
        let mut rest = self.eligible(view, now);
        if rest.iter().any(|agent| !view.passed_over.contains(agent)) {
            rest.retain(|agent| !view.passed_over.contains(agent));
        }
        let (idle, busy) = rest.into_iter().partition(|agent| strategy.mode != Mode::Omni || !self.is_busy(*agent));
        let mut line = vec![];
        for pass in [idle, busy] {
            let pass: Vec<AgentId> = pass;
            let few = pass.len() < usize::from(strategy.penalty_members_limit);
            let mut tiers: BTreeMap<u8, Vec<AgentId>> = BTreeMap::new();
            for agent in pass {
                let penalty = if few { 0 } else { self.members[&(view.campaign, agent)].penalty };
                tiers.entry(penalty).or_default().push(agent);
            }
            for mut tier in tiers.into_values() {
                while let Some(next) = self.first_by_order(strategy.order, view, tier.clone(), now) {
                    tier.retain(|agent| *agent != next);
                    line.push(next);
                }
            }
        }
        line
    }

    /// What is recorded when an agent is chosen.
    pub(super) fn choice(&self, view: &ItemView, winner: AgentId, now: Timestamp) -> Choice {
        let preferred = self.preferred(view) == Some(winner);
        let agent = self.best_by_order(view, now).unwrap();
        let in_force = &self.campaigns[&view.campaign];
        let strategy = in_force.campaign.strategy;
        let penalty = |agent: AgentId| self.members[&(view.campaign, agent)].penalty;
        let eligible = self.eligible(view, now);
        let again = eligible.iter().all(|agent| view.passed_over.contains(agent));
        let mut compared = eligible.clone();
        compared.retain(|it| again || !view.passed_over.contains(it));
        compared.retain(|it| strategy.mode != Mode::Omni || self.is_busy(*it) == self.is_busy(agent));
        let few = compared.len() < usize::from(strategy.penalty_members_limit);
        compared.retain(|it| few || strategy.order == Order::Wrandom || penalty(*it) == penalty(agent));
        let count = |agents: &[AgentId]| u32::try_from(agents.len()).unwrap();
        let of = compared.iter().filter(|it| strategy.order != Order::Wrandom || penalty(**it) == penalty(agent)).count();
        let mut draw = Draw::new(self.seed, view.id, view.seq);
        if strategy.order == Order::Wrandom {
            let groups: BTreeSet<u8> = compared.iter().map(|it| penalty(*it)).collect();
            groups.iter().for_each(|_| _ = draw.share());
        }
        let drawn = Drawn { place: u32::try_from(draw.below(of)).unwrap() + 1, of: u32::try_from(of).unwrap() };
        let measure = |agent| self.measure(view, agent, now);
        let second = self.line_by_order(view, now).get(1).copied();
        let passed_by = Some(agent).filter(|_| !strategy.order.draws());
        let second = if winner == agent { second } else { passed_by };
        Choice {
            mode: strategy.mode,
            order: strategy.order,
            policy: strategy.policy,
            revision: in_force.campaign.revision,
            position: None,
            penalty: penalty(winner),
            measure: measure(winner),
            ring: self.ring(winner, view),
            preferred,
            eligible: count(&eligible),
            among: count(&compared),
            again,
            drawn: (strategy.order.draws() && !preferred).then_some(drawn),
            runner_up: second.map(|agent| RunnerUp { agent, penalty: penalty(agent), measure: measure(agent) }),
        }
    }

    pub(in crate::domain::routing::tests) fn measure(&self, view: &ItemView, agent: AgentId, now: Timestamp) -> Measure {
        let (order, campaign) = (self.strategy(view.campaign).order, view.campaign);
        let offered_at = self.agents[&agent].last_offer;
        let limit = self.limit(agent);
        match order {
            Order::Random | Order::Wrandom => Measure::Chance,
            Order::Leastrecent => Measure::Ended { at: self.pasts.get(&(campaign, agent)).and_then(|past| past.ended_at) },
            Order::Fewestcalls => Measure::Completed { count: self.count(campaign, agent) },
            Order::Rrmemory | Order::Rrordered | Order::Linear => {
                Measure::Position { position: self.members[&(campaign, agent)].position }
            }
            Order::LongestIdle => {
                let busy = self.is_busy(agent);
                Measure::Idle { busy, since: self.last_work(agent).filter(|_| !busy), offered_at }
            }
            Order::BestSkill => {
                let busy = self.is_busy(agent);
                let since = self.last_work(agent).filter(|_| !busy);
                Measure::Skill { proficiency: self.proficiency(agent, view, now), busy, since, offered_at }
            }
            Order::LeastLoaded => Measure::Load { used: self.used(agent), limit: limit.max(1), offered_at },
            Order::MostSpare => {
                let call = self.agents[&agent].call.unwrap_or(0);
                Measure::Spare { units: limit.saturating_sub(self.used(agent)).saturating_sub(call), offered_at }
            }
        }
    }

    pub(super) fn best_agent(&self, view: &ItemView, now: Timestamp) -> Option<AgentId> {
        let preferred = self.preferred(view).filter(|agent| self.is_eligible(*agent, view, now));
        preferred.or_else(|| self.best_by_order(view, now))
    }

    fn best_by_order(&self, view: &ItemView, now: Timestamp) -> Option<AgentId> {
        let strategy = self.strategy(view.campaign);
        let penalty = |agent: AgentId| self.members[&(view.campaign, agent)].penalty;
        let mut eligible = self.eligible(view, now);
        if eligible.iter().any(|agent| !view.passed_over.contains(agent)) {
            eligible.retain(|agent| !view.passed_over.contains(agent));
        }
        if strategy.mode == Mode::Omni && eligible.iter().any(|agent| !self.is_busy(*agent)) {
            eligible.retain(|agent| !self.is_busy(*agent));
        }
        let few = eligible.len() < usize::from(strategy.penalty_members_limit);
        if strategy.order != Order::Wrandom && !few {
            let lowest = eligible.iter().map(|agent| penalty(*agent)).min()?;
            eligible.retain(|agent| penalty(*agent) == lowest);
        }
        self.first_by_order(strategy.order, view, eligible, now)
    }

    fn first_by_order(&self, order: Order, view: &ItemView, eligible: Vec<AgentId>, now: Timestamp) -> Option<AgentId> {
        let member = |agent: &AgentId| self.members[&(view.campaign, *agent)];
        let past = |agent: &AgentId| self.pasts.get(&(view.campaign, *agent)).copied().unwrap_or_default();
        let last_offer = |agent: &AgentId| self.agents[agent].last_offer;
        let mut agents = eligible;
        match order {
            Order::Leastrecent => agents.sort_by_key(|it| (past(it).ended_at, *it)),
            Order::Fewestcalls => agents.sort_by_key(|it| (self.count(view.campaign, *it), *it)),
            Order::Linear => agents.sort_by_key(|it| (member(it).position, *it)),
            Order::Rrmemory => agents.sort_by_key(|it| (member(it).position, member(it).joined_at, *it)),
            Order::Rrordered => agents.sort_by_key(|it| (member(it).position, *it)),
            Order::LongestIdle => agents.sort_by_key(|it| {
                let idle_since = if self.is_busy(*it) { None } else { self.last_work(*it) };
                (self.is_busy(*it), idle_since, last_offer(it), *it)
            }),
            Order::BestSkill => agents.sort_by_key(|it| {
                let idle_since = if self.is_busy(*it) { None } else { self.last_work(*it) };
                (Reverse(self.proficiency(*it, view, now)), self.is_busy(*it), idle_since, last_offer(it), *it)
            }),
            Order::LeastLoaded => agents.sort_by(|one, other| {
                let load = |agent: AgentId, by: AgentId| u64::from(self.used(agent)) * u64::from(self.limit(by));
                let loads = load(*one, *other).cmp(&load(*other, *one));
                loads.then_with(|| (last_offer(one), one).cmp(&(last_offer(other), other)))
            }),
            Order::MostSpare => agents.sort_by_key(|it| {
                let call = self.agents[it].call.unwrap_or(0);
                (Reverse(self.limit(*it).saturating_sub(self.used(*it)).saturating_sub(call)), last_offer(it), *it)
            }),
            Order::Random | Order::Wrandom => return self.drawn(order, view, agents),
        }
        if order.takes_turns() {
            let place = |it: &AgentId| {
                let joined_at = if order == Order::Rrmemory { member(it).joined_at } else { Timestamp::default() };
                (member(it).position, joined_at, *it)
            };
            let last = self.last_turn(view.campaign).filter(|last| self.members.contains_key(&(view.campaign, *last)));
            if let Some(next) = last.and_then(|last| agents.iter().find(|it| place(it) > place(&last))) {
                return Some(*next);
            }
        }
        agents.first().copied()
    }

    fn last_work(&self, agent: AgentId) -> Option<Timestamp> {
        let ends = self.pasts.iter().filter(|((_, other), _)| *other == agent).map(|(_, past)| past.ended_at);
        ends.max().flatten().max(self.agents[&agent].call_ended)
    }

    /// Who has the latest reservation or accepted the latest one.
    fn last_turn(&self, campaign: CampaignId) -> Option<AgentId> {
        let accepted = self.pasts.iter().filter(|((place, _), _)| *place == campaign);
        let accepted = accepted.filter_map(|((_, agent), past)| Some((past.served?, *agent)));
        let here = |view: &&ItemView| view.campaign == campaign;
        let open = self.views.values().filter(here).filter_map(|view| match view.stand {
            Stand::Offered { offer } | Stand::Transferring { offer, .. } => Some((offer.id, offer.agent)),
            _ => None,
        });
        let ours = |id: &ConversationId| self.views.get(id).is_some_and(|view| view.campaign == campaign);
        let pending = self.reserved.iter().filter(|(id, _)| ours(id)).map(|(_, it)| (it.offer, it.agent));
        accepted.chain(open).chain(pending).max().map(|(_, agent)| agent)
    }

    /// The same draws; who has the nth place is found by counting, and the weights are proven in [`chance`](super::super::chance).
    fn drawn(&self, order: Order, view: &ItemView, mut agents: Vec<AgentId>) -> Option<AgentId> {
        let mut draw = Draw::new(self.seed, view.id, view.seq);
        if order == Order::Wrandom {
            let mut groups: BTreeMap<u8, Vec<AgentId>> = BTreeMap::new();
            agents.iter().for_each(|it| groups.entry(self.members[&(view.campaign, *it)].penalty).or_default().push(*it));
            let smallest = |(penalty, group): (u8, Vec<AgentId>)| {
                let share = 1.0 - draw.share().powf(1.0 / group.len() as f64);
                (share * (f64::from(penalty) + 1.0), group)
            };
            let drawn: Vec<_> = groups.into_iter().map(smallest).collect();
            agents = drawn.into_iter().min_by(|one, other| one.0.total_cmp(&other.0))?.1;
        }
        let gate = |it: &AgentId| {
            let member = self.members[&(view.campaign, *it)];
            let fitting: KindSet = ChannelKind::ALL.into_iter().filter(|kind| self.fits(*it, *kind)).collect();
            (member.receive.and(fitting), member.delay_seconds)
        };
        agents.sort_by_key(|it| (self.members[&(view.campaign, *it)].penalty, gate(it), *it));
        agents.get(draw.below(agents.len())).copied()
    }
}
