//! Whom an item may go to now: what it asks of its agent, how far that has relaxed, and for whom it is held (routing.md, D and
//! `sticky`).

use std::{sync::Arc, time::Duration};

use smallvec::SmallVec;

use super::{CampaignRules, CampaignState, Routing, hindrance::Hindrance, item::ItemView};
use crate::{
    clock::Timestamp,
    domain::skill::{Asking, Relax, SkillLevel},
    ids::AgentId,
};

/// What an agent must be. Items with the same need are for the same agents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Need {
    /// Good at all of these,
    all: SmallVec<[SkillLevel; 2]>,
    /// or at one of these;
    or: SmallVec<[SkillLevel; 1]>,
    /// and this one, while the item is held for them.
    pub(super) only: Option<AgentId>,
}

/// Whether who has these skills, sorted, is as good as this.
pub(super) fn has(skills: &[SkillLevel], asked: &SkillLevel) -> bool {
    level(skills, asked).is_some_and(|level| level >= asked.level)
}

fn level(skills: &[SkillLevel], asked: &SkillLevel) -> Option<u8> {
    skills.binary_search_by_key(&asked.skill, |had| had.skill).ok().and_then(|at| skills.get(at)).map(|had| had.level)
}

impl Need {
    /// Whether it is for this agent, who has these skills, sorted.
    pub(super) fn lets(&self, agent: AgentId, skills: &[SkillLevel]) -> bool {
        self.only.is_none_or(|only| only == agent)
            && (self.all.iter().all(|asked| has(skills, asked)) || self.or.iter().any(|asked| has(skills, asked)))
    }

    /// Why it is not for this agent.
    pub(super) fn hindrance(&self, agent: AgentId, skills: &[SkillLevel]) -> Option<Hindrance> {
        match self.only {
            Some(only) if only != agent => Some(Hindrance::Held),
            _ if !self.lets(agent, skills) => Some(Hindrance::Skills),
            _ => None,
        }
    }

    /// How good an agent is at what is asked, in levels.
    pub(super) fn proficiency(&self, skills: &[SkillLevel]) -> u32 {
        self.all.iter().chain(&self.or).filter_map(|asked| level(skills, asked)).map(u32::from).sum()
    }

    /// Anybody will do.
    fn is_open(&self) -> bool {
        self.all.is_empty() && self.only.is_none()
    }

    /// What an agent needs at least one of, where that narrows the search.
    pub(super) fn all(&self) -> &[SkillLevel] {
        &self.all
    }

    /// What does instead.
    pub(super) fn or(&self) -> &[SkillLevel] {
        &self.or
    }

    fn ask(&mut self, asked: SkillLevel) {
        match self.all.binary_search_by_key(&asked.skill, |one| one.skill) {
            Ok(at) => {
                if let Some(one) = self.all.get_mut(at) {
                    one.level = one.level.max(asked.level);
                }
            }
            Err(at) => self.all.insert(at, asked),
        }
    }

    fn relax(&mut self, relax: &Relax) {
        match relax {
            Relax::Drop { skills } if skills.is_empty() => self.all.clear(),
            Relax::Drop { skills } => self.all.retain(|asked| !skills.contains(&asked.skill)),
            Relax::Lower { by } => self.all.iter_mut().for_each(|asked| asked.level = asked.level.saturating_sub(*by).max(1)),
            Relax::Add { skill, level } => self.or.push(SkillLevel { skill: *skill, level: *level }),
        }
    }
}

/// For whom an item is now, and when that changes.
#[derive(Default)]
pub(super) struct Wanted {
    /// None = anybody.
    pub(super) need: Option<Arc<Need>>,
    pub(super) changes_at: Option<Timestamp>,
    /// Whom it should go to, held for them or not.
    pub(super) preferred: Option<AgentId>,
}

/// What is asked after so long a wait, and when less is.
fn asked(asking: &Asking, own: &[SkillLevel], since: Timestamp, now: Timestamp) -> (Need, Option<Timestamp>) {
    let mut need = Need::default();
    asking.skills.iter().chain(own).for_each(|asked| need.ask(*asked));
    let mut at = since;
    for ring in &asking.rings {
        if need.all.is_empty() {
            break;
        }
        at = at + Duration::from_secs(ring.after_seconds.into());
        if at > now {
            return (need, Some(at));
        }
        need.relax(&ring.relax);
    }
    (need, None)
}

impl Routing {
    /// How far it took to relax what an item asks until it was for an agent with these skills; 0 = they have all that is asked.
    pub(super) fn ring(&self, view: &ItemView, agent: AgentId, skills: &[SkillLevel]) -> u8 {
        let asking = self.campaigns.get(&view.campaign).map(|campaign| &campaign.asking);
        let Some(asking) = asking.filter(|asking| !asking.rings.is_empty()) else { return 0 };
        let own = view.demand.as_deref().map_or(&[][..], |own| &own.skills);
        let mut need = Need::default();
        asking.skills.iter().chain(own).for_each(|asked| need.ask(*asked));
        let mut rings = 0;
        for ring in &asking.rings {
            if need.lets(agent, skills) {
                break;
            }
            need.relax(&ring.relax);
            rings += 1;
        }
        rings
    }

    /// For whom an item that waits in this campaign is.
    pub(super) fn wanted(&self, view: &ItemView, campaign: Option<&CampaignState>) -> Wanted {
        let own = view.demand.as_deref();
        let nothing = Asking::default();
        let asking = campaign.map_or(&nothing, |campaign| &campaign.asking);
        if own.is_none() && asking.skills.is_empty() {
            return Wanted::default();
        }
        let since = own.and_then(|own| own.since).unwrap_or(view.arrived_at);
        let skills = own.map_or(&[][..], |own| &own.skills);
        let (mut need, relaxes_at) = asked(asking, skills, since, self.now);
        let rules = campaign.and_then(|campaign| campaign.rules);
        let strategy = rules.map(|rules| rules.strategy).unwrap_or_default();
        let preferred = rules.and_then(|rules| preferred(view, rules.comes_back_within));
        let until = since + Duration::from_secs(strategy.sticky_wait_seconds.into());
        let held =
            preferred.filter(|agent| until > self.now && !strategy.mode.rings() && self.expects(*agent, view, rules.as_ref()));
        need.only = held;
        let changes_at = relaxes_at.into_iter().chain(held.map(|_| until)).min();
        Wanted { need: (!need.is_open()).then(|| Arc::new(need)), changes_at, preferred }
    }

    /// Is there and a member who may get it.
    fn expects(&self, agent: AgentId, view: &ItemView, rules: Option<&CampaignRules>) -> bool {
        let Some(agent) = self.agents.get(&agent).filter(|agent| agent.presence.is_at_work()) else { return false };
        let place = agent.seats.get(&view.campaign).and_then(|seat| seat.place);
        rules.is_none_or(|rules| rules.serves(agent)) && place.is_some_and(|place| place.receive.contains(view.kind))
    }

    /// Moves what is or was held for an agent who came or went.
    pub(super) fn lay_attached(&mut self, agent: AgentId) {
        for id in self.attached.get(&agent).cloned().unwrap_or_default() {
            self.lay(id);
        }
    }

    /// An agent is this good at these things now.
    pub(super) fn set_skills(&mut self, id: AgentId, mut skills: Vec<SkillLevel>) {
        skills.sort_unstable();
        skills.dedup_by_key(|one| one.skill);
        let agent = self.agents.entry(id).or_default();
        let before = std::mem::replace(&mut agent.skills, skills.into_boxed_slice());
        for (campaign_id, seat) in &agent.seats {
            let Some(campaign) = self.campaigns.get_mut(campaign_id) else { continue };
            if seat.standing.is_some() {
                campaign.lanes.has_learnt(id);
            }
            if campaign.has_work() {
                self.work.campaigns.insert(*campaign_id);
            }
        }
        for skill in before.iter().map(|had| had.skill) {
            let Some(holders) = self.holders.get_mut(&skill) else { continue };
            holders.remove(&id);
            if holders.is_empty() {
                self.holders.remove(&skill);
            }
        }
        for skill in agent.skills.iter().map(|has| has.skill) {
            self.holders.entry(skill).or_default().insert(id);
        }
    }
}

/// Whom an item should go to: not long ago, and they have not passed it over.
fn preferred(view: &ItemView, within: Duration) -> Option<AgentId> {
    let preferred = view.demand.as_deref()?.preferred?;
    let lately = view.arrived_at.since(preferred.closed_at) <= within && !within.is_zero();
    (lately && !view.passed_over.contains(&preferred.agent)).then_some(preferred.agent)
}
