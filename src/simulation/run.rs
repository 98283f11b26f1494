//! The engine: virtual time around the real router and the real state machines.
//!
//! Whatever happens next happens: an agent comes, a customer writes, an offer runs out. Each is turned into the input that
//! production would give the [`Routing`]; its decisions are taken by the conversations at once, in order, and what those commit
//! goes back to the router, until nobody has anything to say. Then the clock jumps to what comes next.
//!
//! What is not in it: the time that commits take, and what people write.

mod agents;
mod conversations;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque},
    time::Duration,
};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    law::Random,
    plan::{Arrival, HandOver, Plan, Planned, What, Worker},
    report::DayReport,
    tally::{Tally, Track},
};
use crate::{
    clock::Timestamp,
    domain::{
        agent::{Activity, Agent, AgentCommand, AgentEvent},
        campaign::Member,
        conversation::{Command, Conversation, Ending, Event, OfferOutcome, Phase, QueueReason, Rules, TransferTo},
        message::Content,
        refusal::Refusal,
        routing::{Decision, Input, ItemView, Routing, Taking},
        schedule::Openness,
    },
    ids::{AgentId, BreakId, CampaignId, ChannelId, ContactId, ConversationId, DispositionId, MessageId, OfferId},
};

/// Colleagues an agent asks before they keep a conversation that they would give away.
const ASKS: usize = 5;
/// What waits that an agent looks through where everybody sees it.
const LOOKS_AT: usize = 8;
/// What is left to do for who gets a conversation that somebody else began.
const LEAST_WORK: Duration = Duration::from_secs(1);
/// When an agent whose connection broke tries again to do what was due.
const TRIES_AGAIN: Duration = Duration::from_secs(5);

/// Sees everything the router is told and decides: for proofs.
pub trait Witness {
    /// The router is about to hear this.
    fn hears(&mut self, _now: Timestamp, _input: &Input) {}
    /// It decided this.
    fn decides(&mut self, _router: &Routing, _now: Timestamp, _decisions: &[Decision]) {}
    /// It was asked for a reservation: from whom to whom, and whether it made one.
    fn reserves(&mut self, _now: Timestamp, _asked: Asked, _made: bool) {}
    /// It begins to load, or has loaded.
    fn loads(&mut self, _begins: bool) {}
    /// Something happened to an agent.
    fn acts(&mut self, _now: Timestamp, _agent: AgentId, _event: &AgentEvent) {}
    /// An event of a conversation was committed, which is as it is afterwards.
    fn commits(&mut self, _now: Timestamp, _conversation: &Conversation, _event: &Event) {}
    /// Nobody has anything to say until the clock moves.
    fn settles(&mut self, _now: Timestamp, _router: &Routing, _open: &FxHashMap<ConversationId, Open>) {}
}

/// What the router was asked to reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who gives it away; none = it waits.
    pub from: Option<AgentId>,
    /// Who gets it.
    pub to: AgentId,
    /// Under which offer.
    pub offer: OfferId,
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Witness for Nobody {}

/// A conversation that has not ended.
#[derive(Clone, Debug)]
pub struct Open {
    /// As committed.
    pub state: Conversation,
    arrival: Arrival,
    track: Track,
    offers: u64,
    /// Work that is still to be done.
    left: Duration,
    working_since: Timestamp,
    handed_over: bool,
}

/// What will happen unless something else happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Openness(CampaignId),
    Accept(ConversationId, OfferId),
    Deadline(ConversationId),
    FirstAnswer(ConversationId, OfferId),
    HandOver(ConversationId, OfferId),
    Finish(ConversationId, OfferId),
    WrapUpEnds(ConversationId),
    GiveUp(ConversationId),
    Look(AgentId, CampaignId),
    GraceEnds(AgentId, u32),
    ComesBack(AgentId),
}

struct Entry {
    at: Timestamp,
    number: u64,
    due: Due,
}

impl Ord for Entry {
    /// The earliest is the greatest: a heap gives that first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

struct Place {
    planned: Planned,
    rules: Rules,
    disposition: Option<DispositionId>,
    openness: Openness,
    looks: Option<Timestamp>,
    members: BTreeSet<AgentId>,
}

struct Person {
    agent: Agent,
    capacity: u32,
    connected: bool,
    lost: bool,
    goes_home: bool,
    /// Counts what broke the connection, so that a grace of before is known as such.
    breaks: u32,
    looks: u64,
    looking: SmallVec<[CampaignId; 2]>,
    /// Campaigns in which the agent is a member and everybody sees what waits.
    rings: SmallVec<[CampaignId; 2]>,
}

impl Person {
    fn takes_offers(&self) -> bool {
        self.agent.is_available() && self.connected
    }
}

/// A day under way.
pub struct Run<'a, W: Witness = Nobody> {
    plan: &'a Plan,
    now: Timestamp,
    routing: Routing,
    heap: BinaryHeap<Entry>,
    number: u64,
    arrived: usize,
    happened: usize,
    open: FxHashMap<ConversationId, Open>,
    places: BTreeMap<CampaignId, Place>,
    people: BTreeMap<AgentId, Person>,
    members: BTreeMap<(CampaignId, AgentId), Member>,
    offers: u128,
    undelivered: VecDeque<Decision>,
    crashes: bool,
    decided: Vec<Decision>,
    tally: Tally,
    steps: u64,
    hello: Content,
    /// Watches.
    pub witness: W,
}

/// Lives through a plan.
pub fn simulate(plan: &Plan) -> DayReport {
    let mut run = Run::new(plan, Nobody);
    while run.step() {}
    run.report()
}

/// The same, unless `stop` says so before it is over.
pub fn simulate_until(plan: &Plan, stop: impl Fn() -> bool) -> Option<DayReport> {
    let mut run = Run::new(plan, Nobody);
    while run.step() {
        if run.steps.is_multiple_of(1_024) && stop() {
            return None;
        }
    }
    Some(run.report())
}

impl<'a, W: Witness> Run<'a, W> {
    /// The beginning of a plan.
    pub fn new(plan: &'a Plan, witness: W) -> Self {
        let people = plan.workers.iter().map(|worker| {
            let person = Person {
                agent: Agent::signed_out(worker.id),
                capacity: worker.capacity,
                connected: false,
                lost: false,
                goes_home: false,
                breaks: 0,
                looks: 0,
                looking: SmallVec::new(),
                rings: SmallVec::new(),
            };
            (worker.id, person)
        });
        let mut run = Self {
            plan,
            now: plan.from,
            routing: Routing::loading(plan.seed),
            heap: BinaryHeap::new(),
            number: 0,
            arrived: 0,
            happened: 0,
            open: FxHashMap::default(),
            places: BTreeMap::new(),
            people: people.collect(),
            members: BTreeMap::new(),
            offers: 0,
            undelivered: VecDeque::new(),
            crashes: false,
            decided: Vec::new(),
            tally: Tally::new(plan.from, plan.measure),
            steps: 0,
            hello: Content::plain("…"),
            witness,
        };
        run.witness.loads(true);
        for planned in &plan.campaigns {
            run.configure(planned);
        }
        run.tell_abilities();
        for member in &plan.members {
            run.join(*member);
        }
        run.finish_loading();
        run.settle();
        run
    }

    /// The next thing happens. False when the day is over.
    pub fn step(&mut self) -> bool {
        let alarm = self.routing.next_alarm();
        let happening = self.plan.happenings.get(self.happened);
        let due = self.heap.peek().map(|entry| entry.at);
        let arrival = self.plan.arrivals.get(self.arrived);
        // At the same moment in this order.
        let times = [alarm, happening.map(|it| it.at), due, arrival.map(|it| it.at)];
        let Some((at, which)) = times.iter().zip(0..).filter_map(|(at, which)| Some(((*at)?, which))).min() else { return false };
        if at >= self.plan.until {
            return false;
        }
        self.now = self.now.max(at);
        self.steps += 1;
        match (which, happening, arrival) {
            (0, ..) => self.tell(Input::Time),
            (1, Some(happening), _) => {
                self.happened += 1;
                self.happens(&happening.what);
            }
            (2, ..) => {
                if let Some(entry) = self.heap.pop() {
                    self.falls_due(entry.due);
                }
            }
            (_, _, Some(arrival)) => {
                self.arrived += 1;
                self.arrives(*arrival);
            }
            _ => {}
        }
        self.settle();
        true
    }

    /// Where the clock stands.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Things that happened so far.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The router.
    pub const fn routing(&self) -> &Routing {
        &self.routing
    }

    /// What came of it up to now.
    pub fn report(&self) -> DayReport {
        let mut tally = self.tally.clone();
        tally.close(self.plan.until);
        DayReport::of(&tally, self.plan)
    }

    /// What conversations weigh, and who is good at what: both stay all day.
    fn tell_abilities(&mut self) {
        self.tell(Input::Loads(self.plan.loads));
        // Who works here may: what the telephone system says is no part of a day.
        let workers: Vec<_> = self.plan.workers.iter().map(|worker| worker.id).collect();
        for agent in workers {
            self.tell(Input::Voice { agent, belongs: true });
        }
        let skilled: Vec<_> = self.plan.workers.iter().filter(|worker| !worker.skills.is_empty()).cloned().collect();
        for Worker { id, skills, .. } in skilled {
            self.tell(Input::Skills { agent: id, skills });
        }
    }

    /// The router's memory is lost and rebuilt as a start does: from the configuration, members, pasts and open conversations;
    /// then agents' browsers connect again.
    pub fn restart(&mut self) {
        let pasts = self.routing.pasts();
        self.routing = Routing::loading(self.plan.seed);
        self.witness.loads(true);
        let in_force: Vec<_> = self.places.values().map(|place| place.planned.in_force(self.now)).collect();
        in_force.into_iter().for_each(|it| self.tell(Input::Campaign(Box::new(it))));
        self.tell_abilities();
        let members: Vec<_> = self.members.values().copied().collect();
        members.into_iter().for_each(|member| self.tell(Input::Member(member)));
        pasts.into_iter().for_each(|past| self.tell(past));
        let gone: Vec<_> = self.people.values().filter(|it| it.agent.activity.is_none()).map(|it| it.agent.id).collect();
        for agent in gone {
            self.tell(Input::AgentGone { agent, reason: QueueReason::AgentSignedOut });
        }
        let mut views: Vec<_> = self.open.values().map(|open| ItemView::of(&open.state)).collect();
        views.sort_unstable_by_key(|view| view.id);
        for view in views {
            self.tell(Input::Conversation { view, ended_offers: SmallVec::new() });
        }
        self.finish_loading();
        let there: Vec<_> =
            self.people.values().filter(|it| it.agent.activity.is_some()).map(|it| (it.agent.id, it.lost)).collect();
        for (agent, lost) in there {
            if lost {
                self.tell(Input::AgentGone { agent, reason: QueueReason::AgentLost });
            } else {
                self.tell_presence(agent);
            }
        }
        self.settle();
    }

    fn finish_loading(&mut self) {
        let (offers, mut decided) = (&mut self.offers, std::mem::take(&mut self.decided));
        self.witness.loads(false);
        self.routing.finish_loading(self.now, &mut || counted(offers), &mut decided);
        self.witness.decides(&self.routing, self.now, &decided);
        self.undelivered.extend(decided.drain(..));
        self.decided = decided;
    }

    fn tell(&mut self, input: Input) {
        self.witness.hears(self.now, &input);
        let (offers, mut decided) = (&mut self.offers, std::mem::take(&mut self.decided));
        self.routing.apply(input, self.now, &mut || counted(offers), &mut decided);
        self.witness.decides(&self.routing, self.now, &decided);
        self.undelivered.extend(decided.drain(..));
        self.decided = decided;
    }

    /// The next decision finds that its conversation's actor has died: it is lost, and the router hears of the one that was rebuilt.
    pub fn crash_next(&mut self) {
        self.crashes = true;
    }

    fn dies(&mut self, decision: &Decision) -> bool {
        let (Decision::Admit { conversation, .. }
        | Decision::Dismiss { conversation, .. }
        | Decision::Offer { conversation, .. }
        | Decision::Withdraw { conversation, .. }
        | Decision::Release { conversation, .. }) = decision;
        let Some(open) = self.open.get(conversation).filter(|_| self.crashes) else { return false };
        let view = ItemView::of(&open.state);
        self.crashes = false;
        self.tell(Input::Restarted(view));
        true
    }

    /// Until nobody has anything to say.
    fn settle(&mut self) {
        while let Some(decision) = self.undelivered.pop_front() {
            if self.dies(&decision) {
                continue;
            }
            let (id, command) = match decision {
                Decision::Admit { conversation, admission, .. } => (conversation, Command::Admit(admission)),
                Decision::Dismiss { conversation, to, .. } => (conversation, Command::Dismiss(to)),
                Decision::Offer { conversation, offer, choice } => (conversation, Command::Offer { offer, why: Some(choice) }),
                Decision::Withdraw { conversation, offer, agent } => {
                    (conversation, Command::EndOffer { offer, agent, outcome: OfferOutcome::Withdrawn })
                }
                Decision::Release { conversation, agent, reason } => (conversation, Command::Release { agent, reason }),
            };
            self.commit(id, &command);
        }
        self.witness.settles(self.now, &self.routing, &self.open);
    }

    fn later(&mut self, after: Duration, due: Due) {
        self.at(self.now + after, due);
    }

    fn at(&mut self, at: Timestamp, due: Due) {
        self.number += 1;
        self.heap.push(Entry { at, number: self.number, due });
    }

    fn configure(&mut self, planned: &Planned) {
        let id = planned.campaign.id;
        let rules = planned.campaign.rules();
        let disposition = planned.campaign.dispositions.first().copied();
        let members = self.places.remove(&id).map(|place| place.members).unwrap_or_default();
        let place = Place { planned: planned.clone(), rules, disposition, openness: Openness::ALWAYS, looks: None, members };
        self.places.insert(id, place);
        self.look_at_clock(id);
        self.note_rings(id);
    }

    /// What is in force now, and when to look again: as the Campaign actor.
    fn look_at_clock(&mut self, id: CampaignId) {
        let Some(place) = self.places.get_mut(&id) else { return };
        let in_force = place.planned.in_force(self.now);
        place.openness = in_force.openness;
        let next = in_force.openness.until().map_or(in_force.day.until, |until| until.min(in_force.day.until));
        place.looks = Some(next);
        self.at(next, Due::Openness(id));
        self.tell(Input::Campaign(Box::new(in_force)));
    }

    fn join(&mut self, member: Member) {
        self.members.insert((member.campaign, member.agent), member);
        if let Some(place) = self.places.get_mut(&member.campaign) {
            place.members.insert(member.agent);
        }
        self.note_rings(member.campaign);
        self.tell(Input::Member(member));
        self.look_around(member.agent);
    }

    fn leave(&mut self, agent: AgentId, campaign: CampaignId) {
        self.members.remove(&(campaign, agent));
        if let Some(place) = self.places.get_mut(&campaign) {
            place.members.remove(&agent);
        }
        if let Some(person) = self.people.get_mut(&agent) {
            person.rings.retain(|ring| *ring != campaign);
        }
        self.tell(Input::MemberGone { agent, campaign });
    }

    fn rings(&self, campaign: CampaignId) -> bool {
        self.places.get(&campaign).is_some_and(|place| place.planned.campaign.strategy.mode.rings())
    }

    fn note_rings(&mut self, campaign: CampaignId) {
        let rings = self.rings(campaign);
        let Some(place) = self.places.get(&campaign) else { return };
        for agent in &place.members {
            let Some(person) = self.people.get_mut(agent) else { continue };
            person.rings.retain(|ring| *ring != campaign);
            if rings {
                person.rings.push(campaign);
            }
        }
        if rings {
            self.call_members(campaign);
        }
    }
}

fn counted(offers: &mut u128) -> OfferId {
    *offers += 1;
    OfferId::from_u128(*offers)
}

fn hashed(id: impl crate::ids::Id) -> u64 {
    let (high, low) = id.uuid().as_u64_pair();
    high ^ low
}
