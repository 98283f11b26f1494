//! One signed-in agent: many tabs, survives reconnects.
//!
//! Owns: presence, what the agent is doing, what to push to their tabs; the only writer of agent facts. Capacity: [`QUEUE`]
//! messages; a session that cannot keep up is dropped and rebuilt. Tabs that read too slowly lose deltas and get a fresh
//! snapshot when there is room. A tab that reconnects with the epoch and position of its last frame gets what it missed from
//! a ring of the last frames, else a snapshot. Rebuilt by the [`super::floor::Floor`] from the store. Persisted: the
//! agent's facts; never who is connected.

mod messages;
mod view;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, SpawnHandle};
use bytestring::ByteString;
use smallvec::SmallVec;

pub use self::messages::{Attach, Changed, Concern, Detach, Do, Loaded, Observe, Observed, Refresh, SinkId};
use self::view::View;
pub(crate) use self::view::delta;
use crate::{
    actors::{
        dashboard::Dashboard,
        engine::CommandError,
        gate::{self, Gate, Gated},
        lifecycle::DeathNotice,
        router::{Inputs, Router},
        sink::{SINK_BYTES, Sink, frame},
    },
    clock::Clock,
    directory::Directory,
    domain::{
        agent::{Agent, AgentCommand, AgentEvent},
        conversation::{OfferOutcome, QueueReason},
        log::{By, Fact},
        refusal::Refusal,
        routing::Input,
    },
    ids::{AgentId, BreakId},
    store::{
        journal::Journal,
        write::{About, AgentAppend, Append, Committed, Refused, Subject},
    },
    telemetry,
    wire::live::{Me, Presence, Push},
};

/// Messages that may wait for a session: more than one tab's worth of a busy second.
pub const QUEUE: usize = 2048;
/// Requests that may wait for the append in flight.
const REQUESTS: usize = 32;
/// How often a slow tab is looked at again.
const SLOW_AGAIN: Duration = Duration::from_millis(200);

/// What every session shares.
pub struct Shared {
    /// The writer.
    pub journal: Journal,
    /// Configuration in force.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Who is told about availability.
    pub router: Gate<Router>,
    /// Who shows all agents.
    pub dashboard: Gate<Dashboard>,
    /// Of the stream.
    pub epoch: String,
    /// How long after the last tab is gone the agent counts as lost.
    pub grace: Duration,
}

/// The actor.
pub struct AgentSession {
    id: AgentId,
    shared: Arc<Shared>,
    agent: Agent,
    /// Position of the last own append: what is published of earlier ones is older than `agent`.
    agent_pos: u64,
    view: View,
    pos: u64,
    ring: VecDeque<(u64, ByteString)>,
    /// Frames after this position are all in the ring.
    ring_from: u64,
    ring_bytes: usize,
    tabs: Vec<Tab>,
    requests: VecDeque<Do>,
    in_flight: Option<(Agent, Do)>,
    grace: Option<SpawnHandle>,
    just_started: bool,
    lost: bool,
    slow_timer: bool,
    /// As tabs were told.
    over_capacity: bool,
    _notice: DeathNotice,
}

struct Tab {
    id: SinkId,
    sink: Arc<dyn Sink>,
    behind: bool,
}

impl AgentSession {
    /// A session with what the store has of the agent.
    pub fn new(loaded: Loaded, shared: Arc<Shared>, notice: DeathNotice) -> Self {
        let Loaded { agent, conversations, pos, just_started } = loaded;
        let mut session = Self {
            id: agent.id,
            shared,
            view: View::new(agent.id, conversations),
            agent,
            agent_pos: pos,
            pos,
            ring: VecDeque::new(),
            ring_from: pos,
            ring_bytes: 0,
            tabs: Vec::new(),
            requests: VecDeque::new(),
            in_flight: None,
            grace: None,
            just_started,
            lost: false,
            slow_timer: false,
            over_capacity: false,
            _notice: notice,
        };
        session.over_capacity = session.is_over_capacity();
        session
    }

    fn presence(&self) -> Presence {
        Presence { over_capacity: self.over_capacity, ..Presence::from(&self.agent) }
    }

    fn is_over_capacity(&self) -> bool {
        let directory = self.shared.directory.peek();
        directory.users.get(&self.id).is_some_and(|user| directory.loads.used(&self.view.weighing()) > user.capacity)
    }

    /// Tabs learn it when what the agent has begins or ceases to weigh more than they can have.
    fn tell_load(&mut self, ctx: &mut Context<Self>) {
        let over = self.is_over_capacity();
        if over != self.over_capacity {
            self.over_capacity = over;
            self.push(Push::Presence(self.presence()), ctx);
        }
    }

    fn snapshot(&self) -> Push {
        let role =
            self.shared.directory.load().users.get(&self.id).map_or(crate::domain::permission::Role::Agent, |user| user.role);
        Push::Me(Me {
            user: self.id,
            role,
            presence: Some(self.presence()),
            conversations: self.view.all(&self.shared.directory),
        })
    }

    fn encode(&self, push: Push) -> ByteString {
        frame("me", &self.shared.epoch, self.pos, push)
    }

    /// To every tab; keeps it for those that reconnect.
    fn push(&mut self, push: Push, ctx: &mut Context<Self>) {
        let frame = self.encode(push);
        self.remember(frame.clone());
        for tab in self.tabs.iter_mut().filter(|tab| !tab.behind) {
            tab.behind = !tab.sink.push(frame.clone());
        }
        self.forget_what_nobody_reads();
        self.watch_slow_tabs(ctx);
    }

    /// Keeps a frame for tabs that reconnect; no more than a sink takes at once.
    fn remember(&mut self, frame: ByteString) {
        self.ring_bytes += frame.len();
        self.ring.push_back((self.pos, frame));
        while self.ring_bytes > SINK_BYTES {
            let Some((pos, oldest)) = self.ring.pop_front() else { return };
            self.ring_from = pos;
            self.ring_bytes -= oldest.len();
        }
    }

    /// Tabs that are behind get a snapshot, whether they read again or reconnect.
    fn forget_what_nobody_reads(&mut self) {
        if !self.tabs.is_empty() && self.tabs.iter().all(|tab| tab.behind) {
            (self.ring, self.ring_from, self.ring_bytes) = (VecDeque::new(), self.pos, 0);
        }
    }

    fn watch_slow_tabs(&mut self, ctx: &mut Context<Self>) {
        if self.slow_timer || !self.tabs.iter().any(|tab| tab.behind) {
            return;
        }
        self.slow_timer = true;
        ctx.run_later(SLOW_AGAIN, |actor, ctx| {
            actor.slow_timer = false;
            actor.resync();
            actor.drop_dead_tabs(ctx);
            actor.watch_slow_tabs(ctx);
        });
    }

    /// A fresh snapshot for every slow tab that has room again.
    fn resync(&mut self) {
        if !self.tabs.iter().any(|tab| tab.behind && tab.sink.has_room()) {
            return;
        }
        let (notice, snapshot) = (self.encode(Push::Resync), self.encode(self.snapshot()));
        for tab in self.tabs.iter_mut().filter(|tab| tab.behind && tab.sink.has_room()) {
            metrics::counter!(telemetry::RESYNCS).increment(1);
            tab.behind = !(tab.sink.push(notice.clone()) && tab.sink.push(snapshot.clone()));
        }
    }

    fn drop_dead_tabs(&mut self, ctx: &mut Context<Self>) {
        let before = self.tabs.len();
        self.tabs.retain(|tab| tab.sink.is_open());
        if self.tabs.len() != before {
            self.presence_changed(ctx);
        }
    }

    /// What a tab gets first: what it missed, or everything.
    fn welcome(&self, tab: &mut Tab, resume: Option<(String, u64)>) {
        let missed = resume.filter(|(epoch, pos)| *epoch == self.shared.epoch && *pos >= self.ring_from && *pos <= self.pos);
        tab.behind = match missed {
            Some((_, pos)) => {
                let frames = self.ring.iter().filter(|(at, _)| *at > pos);
                !frames.into_iter().all(|(_, frame)| tab.sink.push(frame.clone()))
            }
            None => !tab.sink.push(self.encode(self.snapshot())),
        };
    }

    fn is_available(&self) -> bool {
        self.agent.is_available() && !self.tabs.is_empty()
    }

    /// Tells the Router, and starts or ends the grace.
    fn presence_changed(&mut self, ctx: &mut Context<Self>) {
        if let Some(grace) = self.grace.take() {
            ctx.cancel_future(grace);
        }
        let _ = self.shared.dashboard.send(Changed { agent: self.id, connected: !self.tabs.is_empty() });
        if self.agent.activity.is_none() {
            self.tell_router(Input::AgentGone { agent: self.id, reason: QueueReason::AgentSignedOut });
            return;
        }
        if !self.tabs.is_empty() {
            self.lost = false;
        }
        let nothing_known = std::mem::take(&mut self.just_started) && self.tabs.is_empty();
        if !self.lost && !nothing_known {
            self.tell_available();
        }
        if self.tabs.is_empty() && !self.lost {
            self.grace = Some(ctx.run_later(self.shared.grace, |actor, _| {
                actor.lost = true;
                actor.tell_router(Input::AgentGone { agent: actor.id, reason: QueueReason::AgentLost });
            }));
        }
    }

    fn tell_available(&self) {
        let capacity = self.shared.directory.load().users.get(&self.id).map_or(0, |user| user.capacity);
        self.tell_router(Input::Agent { agent: self.id, capacity, available: self.is_available() });
    }

    fn tell_router(&self, input: Input) {
        if self.shared.router.send(Inputs(vec![input])).is_err() {
            tracing::error!(agent = %self.id, "the Router has no room for an agent's presence");
        }
    }

    /// Takes the next request unless an append is in flight.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        while self.in_flight.is_none() {
            let Some(mut request) = self.requests.pop_front() else { return };
            if let AgentCommand::BreakAfterCurrent(kind) = request.command
                && !self.view.is_busy()
            {
                request.command = AgentCommand::TakeBreak(kind);
            }
            let events = match self.check(&request).and_then(|()| self.agent.step(&request.command)) {
                Ok(events) => events,
                Err(refusal) => {
                    request.answer(Err(refusal.into()));
                    continue;
                }
            };
            if events.is_empty() {
                request.answer(Ok(self.agent.clone()));
                continue;
            }
            self.commit(request, events, ctx);
        }
    }

    fn check(&self, request: &Do) -> Result<(), Refusal> {
        let (AgentCommand::TakeBreak(kind) | AgentCommand::BreakAfterCurrent(kind)) = request.command else { return Ok(()) };
        let known = |kind: &BreakId| self.shared.directory.load().breaks.get(kind).is_some_and(|kind| kind.enabled);
        if known(&kind) { Ok(()) } else { Err(Refusal::UnknownBreak) }
    }

    fn commit(&mut self, request: Do, events: Vec<AgentEvent>, ctx: &mut Context<Self>) {
        let at = self.shared.clock.now();
        let mut next = self.agent.clone();
        for event in &events {
            next.apply(event, at);
        }
        let me = ctx.address();
        let append = Append {
            subject: Subject::Agent(AgentAppend {
                state: next.clone(),
                events: events.into_iter().map(|event| (event, request.by)).collect(),
                at,
            }),
            claims: SmallVec::new(),
            recorded: request.recorded(&next, at).into_iter().collect(),
            done: Box::new(move |result| gate::answer(&me, messages::Settled(result))),
        };
        match self.shared.journal.append(append) {
            Ok(()) => self.in_flight = Some((next, request)),
            Err(_) => request.answer(Err(CommandError::Busy)),
        }
    }

    /// What was folded before is skipped: the publisher repeats a group that somebody had no room for.
    fn fold(&mut self, append: &Committed, ctx: &mut Context<Self>) {
        if append.pos() <= self.pos {
            return;
        }
        self.pos = append.pos();
        match &append.about {
            About::Conversation(change) => {
                let weighing = self.view.weighing();
                if let Some(push) = self.view.fold(append, change, &self.shared.directory) {
                    self.push(push, ctx);
                }
                if self.view.weighing() != weighing {
                    self.tell_load(ctx);
                }
                self.count_offers(append);
                self.start_pending_break();
                self.pump(ctx);
            }
            About::Agent(agent) if agent.id == self.id => {
                if self.in_flight.is_none() && append.pos() > self.agent_pos {
                    self.agent = agent.clone();
                }
                self.push(Push::Presence(Presence { over_capacity: self.over_capacity, ..Presence::from(agent) }), ctx);
            }
            About::Agent(_) | About::Config(_) => {}
        }
    }

    /// The conversations at hand are over: the break that was waiting for that begins.
    fn start_pending_break(&mut self) {
        if self.agent.pending.is_some() && !self.view.is_busy() {
            self.requests.push_back(Do { command: AgentCommand::StartPendingBreak, by: By::System, keep: None, reply: None });
        }
    }

    /// An offer that ran out counts against the agent, any answer for them.
    fn count_offers(&mut self, append: &Committed) {
        use crate::domain::conversation::Event;
        for entry in &append.entries {
            let Fact::Conversation { event, .. } = &entry.fact else { continue };
            let command = match event {
                Event::OfferEnded { agent, outcome: OfferOutcome::Missed | OfferOutcome::Declined, .. } if *agent == self.id => {
                    AgentCommand::MissOffer
                }
                Event::OfferAccepted { agent, .. } if *agent == self.id => AgentCommand::AnswerOffer,
                _ => continue,
            };
            self.requests.push_back(Do { command, by: By::System, keep: None, reply: None });
        }
    }
}

impl Actor for AgentSession {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.presence_changed(ctx);
        self.start_pending_break();
        self.pump(ctx);
    }
}

impl Handler<Gated<Attach>> for AgentSession {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Attach>, ctx: &mut Self::Context) {
        let Attach { id, sink, resume } = message;
        self.tabs.retain(|tab| tab.id != id);
        let mut tab = Tab { id, sink, behind: false };
        self.welcome(&mut tab, resume);
        self.tabs.push(tab);
        self.watch_slow_tabs(ctx);
        if self.agent.activity.is_none() {
            self.requests.push_back(Do { command: AgentCommand::SignIn, by: By::User(self.id), keep: None, reply: None });
            self.pump(ctx);
        } else {
            self.presence_changed(ctx);
        }
    }
}

impl Handler<Gated<Detach>> for AgentSession {
    type Result = ();

    fn handle(&mut self, Gated { message: Detach(id), .. }: Gated<Detach>, ctx: &mut Self::Context) {
        let before = self.tabs.len();
        self.tabs.retain(|tab| tab.id != id);
        if self.tabs.len() != before {
            self.presence_changed(ctx);
        }
    }
}

impl Handler<Gated<Concern>> for AgentSession {
    type Result = ();

    fn handle(&mut self, Gated { message: Concern(append), .. }: Gated<Concern>, ctx: &mut Self::Context) {
        self.fold(&append, ctx);
    }
}

impl Handler<Gated<Do>> for AgentSession {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Do>, ctx: &mut Self::Context) {
        if self.requests.len() >= REQUESTS {
            message.answer(Err(CommandError::Busy));
            return;
        }
        self.requests.push_back(message);
        self.pump(ctx);
    }
}

impl Handler<Gated<Refresh>> for AgentSession {
    type Result = ();

    fn handle(&mut self, _: Gated<Refresh>, ctx: &mut Self::Context) {
        let enabled = self.shared.directory.load().users.get(&self.id).is_some_and(|user| user.enabled);
        if enabled {
            self.tell_load(ctx);
            self.presence_changed(ctx);
            return;
        }
        self.requests.push_back(Do { command: AgentCommand::SignOut { by: None }, by: By::System, keep: None, reply: None });
        self.pump(ctx);
    }
}

impl Handler<messages::Settled> for AgentSession {
    type Result = ();

    fn handle(&mut self, messages::Settled(result): messages::Settled, ctx: &mut Self::Context) {
        let Some((next, request)) = self.in_flight.take() else { return };
        match result {
            Ok(committed) => {
                let signed_out = next.activity.is_none();
                self.agent = next;
                self.agent_pos = committed.pos();
                request.answer(Ok(self.agent.clone()));
                if signed_out {
                    self.send_tabs_home();
                }
                self.presence_changed(ctx);
                self.start_pending_break();
                self.pump(ctx);
            }
            Err(Refused::Duplicate { .. }) => {
                request.answer(Err(CommandError::AnsweredBefore));
                self.pump(ctx);
            }
            Err(Refused::Conflict(_) | Refused::Unavailable) => {
                request.answer(Err(CommandError::Unavailable));
                ctx.stop();
            }
        }
    }
}

/// However it ends: a tab that nobody tells anything any more must connect again.
impl Drop for AgentSession {
    fn drop(&mut self) {
        for tab in &self.tabs {
            tab.sink.close();
        }
    }
}

impl AgentSession {
    fn send_tabs_home(&mut self) {
        let frame = self.encode(Push::SignedOut);
        for tab in self.tabs.drain(..) {
            tab.sink.push(frame.clone());
            tab.sink.close();
        }
    }
}

impl Handler<Observe> for AgentSession {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            agent: self.id,
            available: self.is_available(),
            tabs: self.tabs.len(),
            behind: self.tabs.iter().filter(|tab| tab.behind).count(),
            conversations: self.view.len(),
            ring: self.ring.len(),
        }
    }
}
