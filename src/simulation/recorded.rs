//! A day that did happen, from its log: who wrote when and how they and their agents behaved, and the figures of that day.
//!
//! What the log cannot say is drawn from what the day says of others: the patience of who was answered before it ran out, the
//! handling of who was never answered. What was open at the beginning is left out, of what is open at the end the rest is
//! drawn. Connections that broke are no facts and are not replayed.

use std::{collections::BTreeMap, time::Duration};

use rustc_hash::FxHashMap;

use super::{
    law::{Law, Random},
    plan::{Arrival, HandOver, Happening, Measure, Plan, Planned, What, Worker},
    report::DayReport,
    tally::{Tally, Track},
};
use crate::{
    clock::Timestamp,
    domain::{
        agent::{Activity, Agent, AgentEvent},
        campaign::Member,
        conversation::{Conversation, Ending, Event, Phase, QueueReason},
        load::Loads,
        log::{Entry, Fact},
        schedule::Openness,
    },
    ids::{AgentId, CampaignId, ConversationId},
};

/// Below so many who left, nobody can say how patient customers are: then they wait for ever.
const FEWEST_WHO_LEFT: usize = 3;

/// The configuration under which a day is lived again.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// Campaigns.
    pub campaigns: Vec<Planned>,
    /// Members.
    pub members: Vec<Member>,
    /// Everybody who may work.
    pub workers: Vec<Worker>,
    /// What conversations weigh.
    pub loads: Loads,
}

/// A recorded day.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// To live through it again.
    pub plan: Plan,
    /// What came of it then.
    pub report: DayReport,
}

/// One conversation as the log tells it.
struct Seen {
    state: Conversation,
    track: Track,
    campaign: CampaignId,
    accepted_at: Option<Timestamp>,
    first_answer: Option<Duration>,
    talk: Duration,
    wrap_up: Duration,
    waited: Duration,
    offered_at: Option<Timestamp>,
    hand_over: Option<HandOver>,
    left: bool,
    handled: bool,
}

/// Reads a log. Tell it the facts of agents of some hours before the day, then everything of the day, in order.
pub struct Recorder {
    from: Timestamp,
    until: Timestamp,
    setting: Setting,
    places: FxHashMap<CampaignId, usize>,
    capacity: FxHashMap<AgentId, u32>,
    agents: BTreeMap<AgentId, Agent>,
    begun: bool,
    happenings: Vec<Happening>,
    seen: FxHashMap<ConversationId, Seen>,
    reactions: Vec<Duration>,
    focus: Option<CampaignId>,
    tally: Tally,
}

impl Recorder {
    /// Of a day under this setting. `known` are agents' states at the beginning, as far as they are known.
    pub fn new(from: Timestamp, until: Timestamp, measure: Measure, setting: Setting, known: Vec<Agent>) -> Self {
        Self {
            from,
            until,
            places: setting.campaigns.iter().enumerate().map(|(index, it)| (it.campaign.id, index)).collect(),
            capacity: setting.workers.iter().map(|worker| (worker.id, worker.capacity)).collect(),
            setting,
            agents: known.into_iter().map(|agent| (agent.id, agent)).collect(),
            begun: false,
            happenings: Vec::new(),
            seen: FxHashMap::default(),
            reactions: Vec::new(),
            focus: None,
            tally: Tally::new(from, measure),
        }
    }

    /// Looks at one campaign and its members only.
    pub const fn look_at(&mut self, campaign: CampaignId) {
        self.focus = Some(campaign);
    }

    /// The next entry. What lies after the day is ignored.
    pub fn learn(&mut self, entry: &Entry) {
        if entry.at >= self.until {
            return;
        }
        if entry.at >= self.from {
            self.begin();
        }
        match &entry.fact {
            Fact::Agent { id, event } => self.agent(*id, event, entry.at),
            Fact::Conversation { id, event, .. } if self.begun => self.conversation(*id, event, entry.at),
            Fact::Conversation { .. } | Fact::Config { .. } => {}
        }
    }

    /// Who is at work already comes at the beginning.
    fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let from = self.from;
        for agent in self.agents.values().filter(|agent| agent.activity.is_some()) {
            self.happenings.push(Happening { at: from, what: What::SignsIn(agent.id) });
            if !agent.is_available() {
                self.happenings.push(Happening { at: from, what: What::BreakBegins(agent.id) });
            }
            let capacity = self.capacity.get(&agent.id).copied().unwrap_or(100);
            self.tally.presence(agent.id, true, agent.is_available(), capacity, from);
        }
    }

    fn agent(&mut self, id: AgentId, event: &AgentEvent, at: Timestamp) {
        let agent = self.agents.entry(id).or_insert_with(|| Agent::signed_out(id));
        let before = agent.activity;
        agent.apply(event, at);
        if !self.begun {
            return;
        }
        let what = match event {
            AgentEvent::SignedIn => Some(What::SignsIn(id)),
            AgentEvent::BreakStarted { .. } | AgentEvent::BreakPending { .. } | AgentEvent::PauseForced { .. } => {
                Some(What::BreakBegins(id))
            }
            // Signing in says it as well; who stopped responding in the simulated day comes back by themselves.
            AgentEvent::BecameAvailable => before.filter(|it| *it != Activity::NotResponding).map(|_| What::BreakEnds(id)),
            AgentEvent::SignedOut { .. } => Some(What::SignsOut(id)),
            AgentEvent::OfferMissed | AgentEvent::OfferAnswered | AgentEvent::StoppedResponding => None,
        };
        self.happenings.extend(what.map(|what| Happening { at, what }));
        let capacity = self.capacity.get(&id).copied().unwrap_or(100);
        self.tally.presence(id, agent.activity.is_some(), agent.is_available(), capacity, at);
    }

    fn conversation(&mut self, id: ConversationId, event: &Event, at: Timestamp) {
        // What the staff began is no arrival.
        if let Event::Started { campaign, initiative: None, .. } = event
            && let Some(state) = Conversation::started(id, event, at)
        {
            let seen = Seen {
                state,
                track: Track::default(),
                campaign: *campaign,
                accepted_at: None,
                first_answer: None,
                talk: Duration::ZERO,
                wrap_up: Duration::ZERO,
                waited: Duration::ZERO,
                offered_at: None,
                hand_over: None,
                left: false,
                handled: false,
            };
            self.seen.insert(id, seen);
            return;
        }
        // Unknown: it was open at the beginning.
        let Some(seen) = self.seen.get_mut(&id) else { return };
        let before = seen.state.clone();
        seen.state.apply(event, at);
        let (places, setting) = (&self.places, &self.setting);
        let opening = |campaign: CampaignId| {
            let planned = setting.campaigns.get(*places.get(&campaign)?)?;
            match planned.in_force(at).openness {
                Openness::Closed { until, .. } => until,
                Openness::Open { .. } => None,
            }
        };
        self.tally.event(&mut seen.track, &before, event, &seen.state, at, opening);
        self.reactions.extend(seen.learn(&before, event, at));
    }

    /// The day, to be lived again; `seed` decides what has to be drawn.
    pub fn finish(mut self, seed: u64) -> Recorded {
        self.begin();
        let mut seen: Vec<_> = self.seen.values().collect();
        seen.sort_unstable_by_key(|seen| (seen.state.arrived_at, seen.state.id));
        let unknown = Unknown::of(&seen);
        let arrivals = seen.iter().zip(1_u64..).map(|(seen, number)| {
            let mut random = Random::of(seed, number, 0);
            unknown.arrival(seen, &mut random)
        });
        let arrivals = arrivals.collect();
        let reaction = Law::fitted(&self.reactions).unwrap_or(Law::Lognormal { mean: 6.0, spread: 0.5 });
        let mut plan = Plan {
            from: self.from,
            until: self.until,
            campaigns: self.setting.campaigns,
            members: self.setting.members,
            workers: self.setting.workers,
            loads: self.setting.loads,
            happenings: self.happenings,
            arrivals,
            reaction,
            comes_back: Duration::from_secs(60),
            grace: Duration::from_secs(60),
            measure: self.tally.measure,
            focus: self.focus,
            seed,
        };
        plan.sort();
        self.tally.close(self.until);
        Recorded { report: DayReport::of(&self.tally, &plan), plan }
    }
}

impl Seen {
    /// Gives how long an agent took to accept, when that is what happened.
    fn learn(&mut self, before: &Conversation, event: &Event, at: Timestamp) -> Option<Duration> {
        let spent = at.since(before.since);
        if before.phase != self.state.phase {
            match before.phase {
                Phase::Active { .. } | Phase::Transferring { .. } => self.talk += spent,
                Phase::WrapUp { .. } => self.wrap_up += spent,
                Phase::Queued { .. } | Phase::Offered { .. } => self.waited += spent,
                _ => {}
            }
        }
        match event {
            Event::Offered { .. } => self.offered_at = Some(at),
            Event::OfferAccepted { .. } => {
                if matches!(before.phase, Phase::Transferring { .. }) {
                    self.hand_over.get_or_insert(HandOver::Agent);
                }
                self.accepted_at.get_or_insert(at);
                self.handled = true;
                return self.offered_at.take().map(|offered_at| at.since(offered_at)).filter(|took| !took.is_zero());
            }
            Event::OfferEnded { .. } => self.offered_at = None,
            Event::Replied { .. } => {
                let accepted_at = self.accepted_at.unwrap_or(at);
                self.first_answer.get_or_insert(at.since(accepted_at));
            }
            Event::Queued { campaign, reason: QueueReason::Transferred } => {
                self.hand_over.get_or_insert(HandOver::Campaign(*campaign));
            }
            Event::Ended { ending: Ending::Abandoned, .. } => self.left = true,
            _ => {}
        }
        None
    }

    fn is_whole(&self) -> bool {
        self.handled && self.state.phase.is_ended()
    }
}

/// What the log does not say of one conversation is drawn from what it says of all.
struct Unknown {
    /// Mean patience, when enough have left to tell.
    patience: Option<f64>,
    /// Handling and wrap-up of those that were handled, by campaign.
    handled: BTreeMap<CampaignId, Vec<(Duration, Duration)>>,
}

impl Unknown {
    /// Patience without memory that fits best: all time spent waiting, of those answered too, for each who left.
    fn of(seen: &[&Seen]) -> Self {
        let left = seen.iter().filter(|seen| seen.left).count();
        let waited: f64 = seen.iter().map(|seen| seen.waited.as_secs_f64()).sum();
        let mut handled: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for whole in seen.iter().filter(|seen| seen.is_whole()) {
            handled.entry(whole.campaign).or_default().push((whole.talk, whole.wrap_up));
        }
        Self { patience: (left >= FEWEST_WHO_LEFT).then(|| waited / left as f64), handled }
    }

    fn arrival(&self, seen: &Seen, random: &mut Random) -> Arrival {
        let more = self.patience.map(|mean| Law::Exponential { mean: mean.min(86_400.0) }.draw(random));
        let patience = if seen.left { Some(seen.waited) } else { more.map(|more| seen.waited + more) };
        let (talk, wrap_up) = if seen.is_whole() { (seen.talk, seen.wrap_up) } else { self.handling(seen, random) };
        let first_answer = seen.first_answer.unwrap_or(talk / 4).min(talk);
        Arrival {
            at: seen.state.arrived_at,
            campaign: seen.campaign,
            kind: seen.state.kind,
            priority: seen.state.priority,
            patience,
            first_answer,
            talk,
            wrap_up,
            hand_over: seen.hand_over,
        }
    }

    /// That of another conversation of the campaign, or of any; at least as long as it took up to now.
    fn handling(&self, seen: &Seen, random: &mut Random) -> (Duration, Duration) {
        let drawn = Law::Lognormal { mean: 300.0, spread: 0.6 }.draw(random);
        let of = |others: &Vec<(Duration, Duration)>, random: &mut Random| others.get(random.below(others.len())).copied();
        let here = self.handled.get(&seen.campaign).or_else(|| self.handled.values().next());
        let (talk, wrap_up) = here.and_then(|others| of(others, random)).unwrap_or((drawn, Duration::ZERO));
        (talk.max(seen.talk), wrap_up)
    }
}
