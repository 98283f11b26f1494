//! What is asked of who serves an item, ring by ring, and for whom it is held.

use std::{collections::BTreeMap, time::Duration};

use super::Naive;
use crate::{
    clock::Timestamp,
    domain::{
        routing::ItemView,
        skill::{Relax, SkillLevel},
    },
    ids::AgentId,
};

impl Naive {
    /// What is asked of who serves an item: all of these, or one of those.
    fn asked(&self, view: &ItemView, now: Timestamp) -> (Vec<SkillLevel>, Vec<SkillLevel>) {
        let Some(in_force) = self.campaigns.get(&view.campaign) else { return (self.asked_by_itself(view), vec![]) };
        let own = self.asked_by_itself(view);
        let mut levels: BTreeMap<_, u8> = BTreeMap::new();
        for one in in_force.campaign.asking.skills.iter().chain(&own) {
            let level = levels.entry(one.skill).or_default();
            *level = one.level.max(*level);
        }
        let (mut asked, mut or) = (levels, vec![]);
        let since = view.demand.as_ref().and_then(|demand| demand.since).unwrap_or(view.arrived_at);
        let mut begins = 0;
        for ring in &in_force.campaign.asking.rings {
            begins += u64::from(ring.after_seconds);
            if now.since(since) < Duration::from_secs(begins) {
                break;
            }
            match &ring.relax {
                Relax::Drop { skills } => asked.retain(|skill, _| !skills.is_empty() && !skills.contains(skill)),
                Relax::Lower { by } => asked.values_mut().for_each(|level| *level = level.saturating_sub(*by).max(1)),
                Relax::Add { skill, level } => or.push(SkillLevel { skill: *skill, level: *level }),
            }
        }
        (asked.into_iter().map(|(skill, level)| SkillLevel { skill, level }).collect(), or)
    }

    fn asked_by_itself(&self, view: &ItemView) -> Vec<SkillLevel> {
        view.demand.as_ref().map(|demand| demand.skills.clone()).unwrap_or_default()
    }

    /// Good enough at what is asked, and it is not held for somebody else.
    pub(in crate::domain::routing::tests) fn suits(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        self.held_for(view, now).is_none_or(|only| only == agent) && self.is_good_enough(agent, view, now)
    }

    pub(super) fn is_good_enough(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let (all, or) = self.asked(view, now);
        let skills = self.skills.get(&agent).cloned().unwrap_or_default();
        let has = |asked: &SkillLevel| skills.iter().any(|had| had.skill == asked.skill && had.level >= asked.level);
        all.iter().all(has) || or.iter().any(has)
    }

    /// How many rings had to pass until it was for them.
    pub(super) fn ring(&self, agent: AgentId, view: &ItemView) -> u8 {
        let since = view.demand.as_ref().and_then(|demand| demand.since).unwrap_or(view.arrived_at);
        let rings = self.campaigns[&view.campaign].campaign.asking.rings.clone();
        let ends = rings.iter().scan(0, |at, ring| {
            *at += u64::from(ring.after_seconds);
            Some(*at)
        });
        let moments = std::iter::once(0).chain(ends).map(|seconds| since + Duration::from_secs(seconds));
        u8::try_from(moments.take_while(|at| !self.is_good_enough(agent, view, *at)).count()).unwrap()
    }

    pub(super) fn proficiency(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> u32 {
        let (all, or) = self.asked(view, now);
        if all.is_empty() {
            return 0;
        }
        let skills = self.skills.get(&agent).cloned().unwrap_or_default();
        let level = |asked: &SkillLevel| skills.iter().find(|had| had.skill == asked.skill).map_or(0, |had| had.level.into());
        all.iter().chain(&or).map(level).sum()
    }

    /// Whom it should go to.
    pub(super) fn preferred(&self, view: &ItemView) -> Option<AgentId> {
        let preferred = view.demand.as_ref()?.preferred?;
        let campaign = &self.campaigns.get(&view.campaign)?.campaign;
        let (days, seconds) = (u64::from(campaign.strategy.sticky_days), u64::from(campaign.closing.reopen_seconds));
        let seconds = seconds.max(days * 86_400);
        let lately = seconds > 0 && view.arrived_at.since(preferred.closed_at) <= Duration::from_secs(seconds);
        (lately && !view.passed_over.contains(&preferred.agent)).then_some(preferred.agent)
    }

    /// For whom it is held.
    fn held_for(&self, view: &ItemView, now: Timestamp) -> Option<AgentId> {
        let agent = self.preferred(view)?;
        let strategy = self.strategy(view.campaign);
        let since = view.demand.as_ref().and_then(|demand| demand.since).unwrap_or(view.arrived_at);
        let soon = now.since(since) < Duration::from_secs(strategy.sticky_wait_seconds.into());
        (soon && self.receives(agent, view) && !strategy.mode.rings() && self.at_work(agent)).then_some(agent)
    }
}
