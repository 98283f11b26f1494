//! The same rules by scanning everything: no index, no notes of what to look at, as close to the words of routing.md as
//! code gets.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, InForce, Member, OutOfHours},
        channel::{ChannelKind, KindSet},
        conversation::{Admission, Dismissal, Ending, Offer, Priority, QueueReason},
        load::Loads,
        routing::{
            Choice, Decision, Drawn, Input, ItemView, Measure, Notice, Past, RunnerUp, Stand, closing::AT_ONCE, draw::Draw,
        },
        schedule::Openness,
        skill::{Relax, SkillLevel},
        strategy::{Mode, Order, Policy, Strategy},
        waiting::{AtClosing, WhenFull},
    },
    ids::{AgentId, CampaignId, ContactId, ConversationId, OfferId},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum There {
    Unknown,
    Available,
    Away,
    Gone(QueueReason),
}

struct NaiveAgent {
    there: There,
    limit: u32,
    call: Option<u32>,
    call_ended: Option<Timestamp>,
    last_offer: Option<Timestamp>,
}

struct Reserved {
    offer: OfferId,
    agent: AgentId,
    /// The sender, when it is a transfer.
    from: Option<AgentId>,
}

#[derive(Default)]
pub(super) struct Naive {
    campaigns: BTreeMap<CampaignId, InForce>,
    members: BTreeMap<(CampaignId, AgentId), Member>,
    pub(super) pasts: BTreeMap<(CampaignId, AgentId), Past>,
    seed: u64,
    skills: BTreeMap<AgentId, Vec<SkillLevel>>,
    voices: BTreeSet<AgentId>,
    loads: Loads,
    credits: BTreeMap<(CampaignId, AgentId), u32>,
    pub(super) loading: bool,
    agents: BTreeMap<AgentId, NaiveAgent>,
    pub(super) views: BTreeMap<ConversationId, ItemView>,
    reserved: BTreeMap<ConversationId, Reserved>,
    /// Admissions on their way, and into which queue.
    admitting: BTreeMap<ConversationId, Option<CampaignId>>,
    dismissing: BTreeMap<ConversationId, CampaignId>,
    /// On their way into another queue: by which ticket, from where, to where.
    moving: BTreeMap<ConversationId, (OfferId, CampaignId, CampaignId)>,
    /// Those that may have waited since before their campaign closed: looked at once.
    late: BTreeSet<ConversationId>,
    noticing: BTreeMap<ContactId, ConversationId>,
    withdrawn: BTreeSet<OfferId>,
    releasing: BTreeMap<ConversationId, AgentId>,
    /// Taken from agents who owe the first answer.
    passing_on: BTreeSet<ConversationId>,
    senders_gone: BTreeSet<ConversationId>,
}

impl Naive {
    pub(super) fn learn(&mut self, input: Input) {
        match input {
            Input::Campaign(in_force) => self.configure(*in_force),
            Input::CampaignGone(campaign) => {
                self.campaigns.remove(&campaign);
                self.credits.retain(|(place, _), _| *place != campaign);
            }
            Input::Member(member) => {
                if self.at_work(member.agent) && !self.members.contains_key(&(member.campaign, member.agent)) {
                    self.grant(member.campaign, member.agent);
                }
                self.members.insert((member.campaign, member.agent), member);
            }
            Input::MemberGone { agent, campaign } => drop(self.members.remove(&(campaign, agent))),
            Input::Agent { agent, capacity, available } => {
                if !self.at_work(agent) {
                    let places: Vec<_> =
                        self.members.keys().filter(|(_, member)| *member == agent).map(|(place, _)| *place).collect();
                    places.into_iter().for_each(|place| self.grant(place, agent));
                }
                let agent = self.agent(agent);
                agent.limit = capacity;
                agent.there = if available { There::Available } else { There::Away };
            }
            Input::Call { agent, units, at } => {
                let agent = self.agent(agent);
                if units.is_none() && agent.call.is_some() {
                    agent.call_ended = agent.call_ended.max(Some(at));
                }
                agent.call = units;
            }
            Input::Past { campaign, agent, past } => drop(self.pasts.insert((campaign, agent), past)),
            Input::Time => {}
            Input::Skills { agent, skills } => drop(self.skills.insert(agent, skills)),
            Input::Voice { agent, belongs: true } => drop(self.voices.insert(agent)),
            Input::Voice { agent, belongs: false } => drop(self.voices.remove(&agent)),
            Input::Loads(loads) => self.loads = loads,
            Input::AgentGone { agent, reason } => self.agent(agent).there = There::Gone(reason),
            Input::Conversation { view, ended_offers } => self.view(view, &ended_offers),
            Input::OfferRefused { conversation, offer } => {
                if self.reserved.get(&conversation).is_some_and(|it| it.offer == offer) {
                    self.reserved.remove(&conversation);
                }
                if self.moving.get(&conversation).is_some_and(|(ticket, ..)| *ticket == offer) {
                    self.moving.remove(&conversation);
                }
                self.note_late(conversation);
            }
            Input::Restarted(view) => {
                self.remember(&view);
                if let Some(before) = self.views.get_mut(&view.id) {
                    before.stand = view.stand;
                }
                self.reserved.remove(&view.id);
                self.admitting.remove(&view.id);
                self.dismissing.remove(&view.id);
                self.moving.remove(&view.id);
                self.releasing.remove(&view.id);
                self.passing_on.remove(&view.id);
                self.senders_gone.remove(&view.id);
                self.noticing.retain(|_, conversation| *conversation != view.id);
                if let Stand::Offered { offer } | Stand::Transferring { offer, .. } = view.stand {
                    self.withdrawn.remove(&offer.id);
                }
                self.view(view, &[]);
            }
        }
    }

    fn agent(&mut self, id: AgentId) -> &mut NaiveAgent {
        self.agents.entry(id).or_insert(NaiveAgent {
            there: There::Unknown,
            limit: 0,
            call: None,
            call_ended: None,
            last_offer: None,
        })
    }

    fn configure(&mut self, in_force: InForce) {
        let choice = |it: &InForce| {
            let counts = it.campaign.strategy.order == Order::Fewestcalls;
            (it.campaign.strategy, it.campaign.max_per_agent, it.campaign.comes_back_within(), counts.then_some(it.day))
        };
        let id = in_force.campaign.id;
        if self.campaigns.get(&id).map(choice) != Some(choice(&in_force)) {
            self.credits.retain(|(place, _), _| *place != id);
        }
        self.campaigns.insert(id, in_force);
        if self.closed_at(id).is_some() {
            let waiting = self.views.values().filter(|view| view.campaign == id && self.waits(view)).map(|view| view.id);
            waiting.collect::<Vec<_>>().into_iter().for_each(|id| self.note_late(id));
        }
    }

    /// Since when nothing may have been waiting in a campaign.
    fn closed_at(&self, campaign: CampaignId) -> Option<Timestamp> {
        let in_force = self.in_force(campaign).filter(|it| it.campaign.limits.at_closing != AtClosing::Keep)?;
        if let Openness::Closed { since, .. } = in_force.openness { since } else { None }
    }

    fn note_late(&mut self, id: ConversationId) {
        let late = |view: &ItemView| self.waits(view) && self.closed_at(view.campaign).is_some_and(|at| view.since < at);
        if self.views.get(&id).is_some_and(late) {
            self.late.insert(id);
        }
    }

    fn at_work(&self, agent: AgentId) -> bool {
        matches!(self.there(agent), There::Available | There::Away)
    }

    fn completed(&self, campaign: CampaignId, agent: AgentId) -> u32 {
        let day = self.campaigns.get(&campaign).map(|it| it.day.since).unwrap_or_default();
        self.pasts.get(&(campaign, agent)).filter(|past| past.day == day).map_or(0, |past| past.completed)
    }

    fn count(&self, campaign: CampaignId, agent: AgentId) -> u32 {
        self.completed(campaign, agent) + self.credits.get(&(campaign, agent)).copied().unwrap_or(0)
    }

    /// Who comes in has at least what the others have.
    fn grant(&mut self, campaign: CampaignId, agent: AgentId) {
        let counts = |it: &InForce| it.campaign.strategy.order == Order::Fewestcalls;
        if self.loading || !self.campaigns.get(&campaign).is_some_and(counts) {
            self.credits.remove(&(campaign, agent));
            return;
        }
        let others = self.members.keys().filter(|(place, other)| *place == campaign && *other != agent && self.at_work(*other));
        let fewest = others.map(|(_, other)| self.count(campaign, *other)).min().unwrap_or(0);
        let credit = fewest.saturating_sub(self.completed(campaign, agent));
        self.credits.insert((campaign, agent), credit);
    }

    /// Whose interaction ended, who was served.
    fn remember(&mut self, view: &ItemView) {
        let Some(before) = self.views.get(&view.id).cloned() else { return };
        let (had, has) = (before.stand.owner(), view.stand.owner());
        if had == has {
            return;
        }
        if let Some(agent) = had {
            let day = self.campaigns.get(&before.campaign).map(|it| it.day.of(view.since)).unwrap_or_default();
            let past = self.pasts.entry((before.campaign, agent)).or_default();
            past.completed = if past.day == day { past.completed + 1 } else { 1 };
            past.day = day;
            past.ended_at = past.ended_at.max(Some(view.since));
        }
        let open = match before.stand {
            Stand::Offered { offer } | Stand::Transferring { offer, .. } => Some((offer.id, offer.agent)),
            _ => None,
        };
        let on_its_way = self.reserved.get(&view.id).map(|it| (it.offer, it.agent));
        if let Some((offer, agent)) = on_its_way.into_iter().chain(open).find(|(_, agent)| has == Some(*agent)) {
            let past = self.pasts.entry((view.campaign, agent)).or_default();
            past.served = past.served.max(Some(offer));
        }
    }

    fn view(&mut self, view: ItemView, ended: &[OfferId]) {
        let id = view.id;
        self.remember(&view);
        let offered_before = match self.views.get(&id).map(|before| before.stand) {
            Some(Stand::Offered { offer }) => Some(offer.id),
            _ => None,
        };
        let unserved = match view.stand {
            Stand::Waiting => true,
            Stand::Offered { offer } => offered_before == Some(offer.id),
            _ => false,
        };
        if self.moving.get(&id).is_some_and(|(_, from, _)| !unserved || *from != view.campaign) {
            self.moving.remove(&id);
        }
        if let Some(reserved) = self.reserved.get(&id) {
            let undecided = match (reserved.from, view.stand) {
                (None, _) => unserved,
                (Some(from), Stand::Held { agent, .. }) => from == agent,
                _ => false,
            };
            if !undecided || ended.contains(&reserved.offer) {
                self.reserved.remove(&id);
            }
        }
        if !matches!(view.stand, Stand::Arrived { .. }) {
            self.admitting.remove(&id);
            self.noticing.retain(|_, conversation| *conversation != id);
        }
        if view.stand != Stand::Waiting || self.dismissing.get(&id) != Some(&view.campaign) {
            self.dismissing.remove(&id);
        }
        if self.releasing.get(&id) != view.stand.owner().as_ref() {
            self.releasing.remove(&id);
        }
        if !view.overdue || self.views.get(&id).is_none_or(|before| before.stand.owner() != view.stand.owner()) {
            self.passing_on.remove(&id);
        }
        if self.views.get(&id).is_none_or(|before| before.finishing != view.finishing) {
            self.senders_gone.remove(&id);
        }
        self.views.insert(id, view);
        self.views.retain(|_, view| view.stand != Stand::Gone);
        self.note_late(id);
    }

    fn there(&self, agent: AgentId) -> There {
        self.agents.get(&agent).map_or(There::Unknown, |agent| agent.there)
    }

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

    pub(super) fn used(&self, agent: AgentId) -> u32 {
        self.shares(agent).iter().filter(|(.., awake)| *awake).map(|(_, kind, _)| self.loads.units(*kind)).sum()
    }

    pub(super) fn conversations(&self, agent: AgentId) -> usize {
        self.shares(agent).len()
    }

    /// Within the limit, or something interrupts something.
    pub(super) fn is_excused(&self, agent: AgentId) -> bool {
        let interrupts = ChannelKind::ALL.into_iter().any(|kind| self.loads.of(kind).interrupts != KindSet::NONE);
        self.used(agent) <= self.limit(agent) || interrupts
    }

    pub(super) fn limit(&self, agent: AgentId) -> u32 {
        self.agents.get(&agent).map_or(0, |agent| agent.limit)
    }

    fn in_force(&self, campaign: CampaignId) -> Option<&InForce> {
        self.campaigns.get(&campaign).filter(|it| it.campaign.enabled)
    }

    /// Has something that is not asleep, or a call.
    fn is_busy(&self, agent: AgentId) -> bool {
        self.used(agent) > 0 || self.agents[&agent].call.is_some()
    }

    fn strategy(&self, campaign: CampaignId) -> Strategy {
        self.campaigns.get(&campaign).map(|it| it.campaign.strategy).unwrap_or_default()
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
    fn receives(&self, agent: AgentId, view: &ItemView) -> bool {
        let rules = self.campaigns.get(&view.campaign).map(|it| it.campaign.service);
        let is_asked = rules.is_some_and(|service| service.voice_members_only);
        let member = self.members.get(&(view.campaign, agent));
        member.is_some_and(|member| member.receive.contains(view.kind)) && (!is_asked || self.voices.contains(&agent))
    }

    /// Whether an agent may take an item, wherever it stands in line.
    pub(super) fn may_take(&self, agent: AgentId, view: &ItemView) -> bool {
        if self.there(agent) != There::Available || !self.receives(agent, view) {
            return false;
        }
        let shares = self.shares(agent);
        self.fits(agent, view.kind) && self.mode_lets(agent, view.campaign, &shares)
    }

    /// What the kind interrupts weighs nothing; no more of it than the most.
    fn fits(&self, agent: AgentId, kind: ChannelKind) -> bool {
        let awake: Vec<_> = self.shares(agent).into_iter().filter(|(.., awake)| *awake).map(|(_, kind, _)| kind).collect();
        let load = self.loads.of(kind);
        let weighing = awake.iter().filter(|other| !load.interrupts.contains(**other));
        let used = weighing.map(|other| self.loads.units(*other)).sum::<u32>() + self.agents[&agent].call.unwrap_or(0);
        let count = awake.iter().filter(|other| **other == kind).count();
        used + load.units <= self.limit(agent) && load.most.is_none_or(|most| count < usize::try_from(most).unwrap())
    }

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
    pub(super) fn suits(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        self.held_for(view, now).is_none_or(|only| only == agent) && self.is_good_enough(agent, view, now)
    }

    fn is_good_enough(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let (all, or) = self.asked(view, now);
        let skills = self.skills.get(&agent).cloned().unwrap_or_default();
        let has = |asked: &SkillLevel| skills.iter().any(|had| had.skill == asked.skill && had.level >= asked.level);
        all.iter().all(has) || or.iter().any(has)
    }

    /// How many rings had to pass until it was for them.
    fn ring(&self, agent: AgentId, view: &ItemView) -> u8 {
        let since = view.demand.as_ref().and_then(|demand| demand.since).unwrap_or(view.arrived_at);
        let rings = self.campaigns[&view.campaign].campaign.asking.rings.clone();
        let ends = rings.iter().scan(0, |at, ring| {
            *at += u64::from(ring.after_seconds);
            Some(*at)
        });
        let moments = std::iter::once(0).chain(ends).map(|seconds| since + Duration::from_secs(seconds));
        u8::try_from(moments.take_while(|at| !self.is_good_enough(agent, view, *at)).count()).unwrap()
    }

    fn proficiency(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> u32 {
        let (all, or) = self.asked(view, now);
        if all.is_empty() {
            return 0;
        }
        let skills = self.skills.get(&agent).cloned().unwrap_or_default();
        let level = |asked: &SkillLevel| skills.iter().find(|had| had.skill == asked.skill).map_or(0, |had| had.level.into());
        all.iter().chain(&or).map(level).sum()
    }

    /// Whom it should go to.
    fn preferred(&self, view: &ItemView) -> Option<AgentId> {
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

    /// Whether an agent may be given an item now.
    fn is_eligible(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let Some(member) = self.members.get(&(view.campaign, agent)) else { return false };
        !self.strategy(view.campaign).mode.rings()
            && now.since(view.arrived_at) >= Duration::from_secs(member.delay_seconds.into())
            && self.suits(agent, view, now)
            && self.may_take(agent, view)
    }

    fn is_undecided(&self, id: ConversationId) -> bool {
        !self.reserved.contains_key(&id) && !self.dismissing.contains_key(&id) && !self.moving.contains_key(&id)
    }

    pub(super) fn waits(&self, view: &ItemView) -> bool {
        view.stand == Stand::Waiting && self.is_undecided(view.id)
    }

    /// Millionths of a minute's worth of points, as they stand now.
    fn score(&self, view: &ItemView, now: Timestamp) -> i128 {
        let strategy = self.strategy(view.campaign);
        let steps = match view.priority {
            Priority::Low => 0,
            Priority::Normal => 1,
            Priority::High => 2,
            Priority::Urgent => 3,
        };
        let waited = i128::from(now.micros() - view.arrived_at.micros());
        match strategy.policy {
            Policy::Fifo => 0,
            Policy::Strict => steps,
            Policy::Deadline => waited,
            Policy::Aged => {
                let score = steps * 100 * 60_000_000 + i128::from(strategy.points_per_minute) * waited;
                score.min(i128::from(strategy.most_points) * 60_000_000)
            }
        }
    }

    /// Items of a campaign that wait, in their order.
    fn line(&self, campaign: CampaignId, now: Timestamp) -> Vec<&ItemView> {
        let mut items: Vec<_> = self.views.values().filter(|view| view.campaign == campaign && self.waits(view)).collect();
        items.sort_by_key(|view| (Reverse(self.score(view, now)), view.arrived_at, view.id));
        items
    }

    pub(super) fn eligible(&self, view: &ItemView, now: Timestamp) -> Vec<AgentId> {
        self.agents.keys().copied().filter(|agent| self.is_eligible(*agent, view, now)).collect()
    }

    pub(super) fn is_delayed(&self, agent: AgentId, view: &ItemView, now: Timestamp) -> bool {
        let member = self.members.get(&(view.campaign, agent));
        member.is_some_and(|it| now.since(view.arrived_at) < Duration::from_secs(it.delay_seconds.into()))
    }

    pub(super) fn members_of(&self, campaign: CampaignId) -> Vec<AgentId> {
        self.members.keys().filter(|(place, _)| *place == campaign).map(|(_, agent)| *agent).collect()
    }

    pub(super) fn offers_in(&self, campaign: CampaignId) -> bool {
        let in_force = self.in_force(campaign);
        in_force.is_some_and(|it| it.openness.is_open() && !it.campaign.strategy.mode.rings())
    }

    /// Everybody who could have it in the order they would be asked: first whom it should go to.
    pub(super) fn line_of_agents(&self, view: &ItemView, now: Timestamp) -> Vec<AgentId> {
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
    fn choice(&self, view: &ItemView, winner: AgentId, now: Timestamp) -> Choice {
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

    pub(super) fn measure(&self, view: &ItemView, agent: AgentId, now: Timestamp) -> Measure {
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

    fn best_agent(&self, view: &ItemView, now: Timestamp) -> Option<AgentId> {
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

    /// The same draws; who has the nth place is found by counting, and the weights are proven in [`super::chance`].
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

    fn next_pair(&self, now: Timestamp) -> Option<(ConversationId, AgentId)> {
        let serving = self.campaigns.values().filter(|it| it.campaign.enabled && it.openness.is_open());
        let next = |in_force: &InForce| {
            let line = self.line(in_force.campaign.id, now);
            let (view, agent) = line.into_iter().find_map(|view| Some((view, self.best_agent(view, now)?)))?;
            Some((Reverse(in_force.campaign.weight), view.arrived_at, view.id, agent))
        };
        serving.filter_map(next).min().map(|(_, _, id, agent)| (id, agent))
    }

    pub(super) fn decide(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId) -> Vec<Decision> {
        let mut out = vec![];
        for view in self.views.clone().into_values() {
            self.part(&view, &mut out);
        }
        let late: Vec<_> = self.late.iter().copied().take(AT_ONCE).collect();
        for id in late {
            self.late.remove(&id);
            if let Some(view) = self.views.get(&id).cloned() {
                self.dismiss(&view, &mut out);
            }
        }
        let mut arrived: Vec<_> = self.views.clone().into_values().collect();
        arrived.sort_by_key(|view| (view.arrived_at, view.id));
        for view in arrived {
            self.admit(&view, &mut out);
        }
        while let Some((conversation, agent)) = self.next_pair(now) {
            let (view, campaign) = (&self.views[&conversation], &self.campaigns[&self.views[&conversation].campaign].campaign);
            let is_mail = view.kind == ChannelKind::Email;
            let seconds = if is_mail { campaign.offering.mail_seconds } else { campaign.offer_seconds };
            let offer = Offer { id: next_offer(), agent, deadline: Some(now + Duration::from_secs(seconds.into())) };
            let choice = Box::new(self.choice(&self.views[&conversation], agent, now));
            self.reserved.insert(conversation, Reserved { offer: offer.id, agent, from: None });
            self.agent(agent).last_offer = Some(now);
            out.push(Decision::Offer { conversation, offer, choice });
        }
        self.pass_on(now, &mut out);
        out
    }

    /// Who owes a first answer for too long loses it to whoever else could have it now; the oldest first, and no more of them
    /// at once than there are others. Where it rings, none while somebody could take something that waits.
    fn pass_on(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let at_hand = |view: &&ItemView| view.overdue && matches!(view.stand, Stand::Held { weightless: false, .. });
        let mut overdue: Vec<_> = self.views.values().filter(at_hand).cloned().collect();
        overdue.retain(|view| !self.reserved.contains_key(&view.id));
        overdue.sort_by_key(|view| (view.campaign, view.arrived_at, view.id));
        for view in &overdue {
            let Some(owner) = view.stand.owner().filter(|_| !self.releasing.contains_key(&view.id)) else { continue };
            let free = |view: &ItemView| -> Vec<AgentId> {
                let may = |agent: &AgentId| {
                    self.may_take(*agent, view) && self.suits(*agent, view, now) && !self.is_delayed(*agent, view, now)
                };
                self.agents.keys().copied().filter(may).collect()
            };
            let rings = self.strategy(view.campaign).mode.rings();
            let waiting = self.views.values().filter(|it| it.campaign == view.campaign && self.waits(it));
            let enough = rings && waiting.into_iter().any(|it| !free(it).is_empty());
            let serving = self.in_force(view.campaign).is_some_and(|it| it.openness.is_open());
            let others = free(view).into_iter().filter(|agent| *agent != owner && !view.passed_over.contains(agent)).count();
            let on_their_way = overdue.iter().filter(|it| it.campaign == view.campaign && self.passing_on.contains(&it.id));
            if serving && !enough && others > on_their_way.count() && self.passing_on.insert(view.id) {
                out.push(Decision::Release { conversation: view.id, agent: owner, reason: QueueReason::NoReply });
            }
        }
    }

    fn part(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let open = match (self.reserved.get(&view.id), view.stand) {
            (Some(Reserved { offer, agent, from: None }), _) => Some((*offer, *agent)),
            (_, Stand::Offered { offer } | Stand::Transferring { offer, .. }) => Some((offer.id, offer.agent)),
            _ => None,
        };
        if let Some((offer, agent)) = open
            && (matches!(self.there(agent), There::Away | There::Gone(_)) || !self.members.contains_key(&(view.campaign, agent)))
            && self.withdrawn.insert(offer)
        {
            out.push(Decision::Withdraw { conversation: view.id, offer, agent });
        }
        if let Some(agent) = view.stand.owner()
            && let There::Gone(reason) = self.there(agent)
            && !matches!(view.stand, Stand::Held { parked: true, .. })
            && (view.unanswered || reason != QueueReason::AgentLost)
            && self.releasing.insert(view.id, agent) != Some(agent)
        {
            out.push(Decision::Release { conversation: view.id, agent, reason });
        }
        if let Some(agent) = view.finishing
            && let There::Gone(reason @ QueueReason::AgentSignedOut) = self.there(agent)
            && self.senders_gone.insert(view.id)
        {
            out.push(Decision::Release { conversation: view.id, agent, reason });
        }
    }

    pub(super) fn is_full(&self, campaign: CampaignId) -> bool {
        let coming = self.admitting.values().filter(|into| **into == Some(campaign)).count()
            + self.moving.values().filter(|(.., to)| *to == campaign).count();
        let most = self.campaigns.get(&campaign).and_then(|it| it.campaign.limits.max_waiting);
        most.is_some_and(|most| self.waiting_in(campaign) + coming >= usize::try_from(most).unwrap())
    }

    fn overflow_of(&self, campaign: &Campaign) -> Option<CampaignId> {
        let target = campaign.limits.overflow.filter(|target| *target != campaign.id)?;
        let other = self.in_force(target)?;
        let takes = other.openness.is_open() && other.campaign.client == campaign.client && !self.is_full(target);
        takes.then_some(target)
    }

    /// What has waited since before its campaign closed.
    fn dismiss(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let Some(since) = self.closed_at(view.campaign) else { return };
        if !self.waits(view) || view.since >= since {
            return;
        }
        let campaign = &self.campaigns[&view.campaign].campaign;
        let (to, notice) = match campaign.limits.at_closing {
            AtClosing::Keep => return,
            AtClosing::Close => (Dismissal::End, campaign.limits.closing_message.is_some()),
            AtClosing::Overflow => {
                let Some(target) = self.overflow_of(campaign) else { return };
                (Dismissal::Overflow(target), false)
            }
        };
        self.dismissing.insert(view.id, view.campaign);
        out.push(Decision::Dismiss { conversation: view.id, to, notice });
    }

    fn admit(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let Stand::Arrived { noticed_at } = view.stand else { return };
        if self.admitting.contains_key(&view.id) {
            return;
        }
        let mut admission = Admission::Queue(QueueReason::New);
        let mut notice = None;
        if let Some(InForce { campaign, openness, .. }) = self.in_force(view.campaign) {
            if let Openness::Closed { since, .. } = openness {
                admission = match campaign.out_of_hours {
                    OutOfHours::Close => Admission::End(Ending::OutOfHours),
                    OutOfHours::Queue => Admission::Queue(QueueReason::OutOfHours),
                };
                let noticed = noticed_at.is_some_and(|at| since.is_none_or(|since| since <= at));
                notice = (campaign.out_of_hours_message.is_some() && !noticed).then_some(Notice::OutOfHours);
            }
            if admission != Admission::End(Ending::OutOfHours) && self.is_full(view.campaign) {
                let limits = &campaign.limits;
                let target = self.overflow_of(campaign).filter(|_| limits.when_full == WhenFull::Overflow);
                notice = notice.or(limits.full_message.as_ref().map(|_| Notice::Full)).filter(|_| target.is_none());
                admission = match (limits.when_full, target) {
                    (WhenFull::Reject, _) => Admission::End(Ending::Full),
                    (_, Some(target)) => Admission::Overflow(target),
                    _ => admission,
                };
            }
        }
        if notice == Some(Notice::OutOfHours) && *self.noticing.entry(view.contact).or_insert(view.id) != view.id {
            notice = None;
        }
        let into = match admission {
            Admission::Queue(_) => Some(view.campaign),
            Admission::Overflow(target) => Some(target),
            Admission::End(_) => None,
        };
        self.admitting.insert(view.id, into);
        out.push(Decision::Admit { conversation: view.id, admission, notice });
    }

    pub(super) fn reserve_transfer(
        &mut self,
        conversation: ConversationId,
        from: AgentId,
        to: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> bool {
        let Some(view) = self.views.get(&conversation) else { return false };
        let held = matches!(view.stand, Stand::Held { agent, .. } if agent == from);
        let possible = held
            && from != to
            && !self.reserved.contains_key(&conversation)
            && self.in_force(view.campaign).is_some()
            && self.may_take(to, view);
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent: to, from: Some(from) });
            self.agent(to).last_offer = Some(now);
        }
        possible
    }

    pub(super) fn reserve_take(&mut self, conversation: ConversationId, agent: AgentId, offer: OfferId, now: Timestamp) -> bool {
        let Some(view) = self.views.get(&conversation) else { return false };
        let strategy = self.strategy(view.campaign);
        let is_next = || self.line(view.campaign, now).first().is_some_and(|next| next.id == conversation);
        let rung = !strategy.mode.rings() || self.is_good_enough(agent, view, now);
        let possible = self.waits(view) && self.may_take(agent, view) && rung && (strategy.mode != Mode::Ringall || is_next());
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent, from: None });
            self.agent(agent).last_offer = Some(now);
        }
        possible
    }

    fn is_unserved(&self, view: &ItemView) -> bool {
        matches!(view.stand, Stand::Waiting | Stand::Offered { .. }) && self.is_undecided(view.id)
    }

    pub(super) fn reserve_assignment(&mut self, id: ConversationId, agent: AgentId, offer: OfferId, now: Timestamp) -> bool {
        let Some(view) = self.views.get(&id) else { return false };
        let is_theirs = matches!(view.stand, Stand::Offered { offer } if offer.agent == agent);
        let receives = self.receives(agent, view);
        let known = self.campaigns.contains_key(&view.campaign);
        let possible = self.is_unserved(view) && !is_theirs && known && receives && self.there(agent) == There::Available;
        if possible {
            self.reserved.insert(id, Reserved { offer, agent, from: None });
            self.agent(agent).last_offer = Some(now);
        }
        possible
    }

    pub(super) fn is_beyond_room(&self, agent: AgentId, campaign: CampaignId, kind: ChannelKind) -> bool {
        if self.there(agent) == There::Unknown {
            return false;
        }
        let shares = self.shares(agent);
        let works_there = self.members.contains_key(&(campaign, agent)) || shares.iter().any(|(place, ..)| *place == campaign);
        let by_mode = works_there && self.campaigns.contains_key(&campaign) && !self.mode_lets(agent, campaign, &shares);
        by_mode || !self.fits(agent, kind)
    }

    pub(super) fn reserve_move(&mut self, id: ConversationId, to: CampaignId, ticket: OfferId) -> bool {
        let Some(view) = self.views.get(&id) else { return false };
        let open = self.in_force(to).is_some_and(|it| it.openness.is_open());
        let possible = self.is_unserved(view) && view.campaign != to && open && !self.is_full(to);
        if possible {
            self.moving.insert(id, (ticket, view.campaign, to));
        }
        possible
    }

    pub(super) fn waiting_in(&self, campaign: CampaignId) -> usize {
        self.views.values().filter(|view| view.campaign == campaign && self.waits(view)).count()
    }
}
