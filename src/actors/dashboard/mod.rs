//! The live board.
//!
//! Owns: the folded state of agents, campaigns with their service levels, and what waits. Capacity: [`QUEUE`] messages; when it missed some it reads
//! everything again from the store. Viewers get a snapshot, then what changed, coalesced to one frame per [`TICK`]; the frame is
//! serialised once per scope. Agents look at what waits in their campaigns and is offered to nobody (topic `waiting`). Never
//! touches the database per viewer. Persisted: nothing.

mod board;
mod messages;
pub(in crate::actors) mod service;

use std::{collections::hash_map::Entry, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use bytestring::ByteString;
use rustc_hash::FxHashMap;

pub use self::board::Stored;
pub use self::messages::{Campaigns, Configured, Leave, Look, Observe, Observed, Opened, Viewer, Watch};
use self::{
    board::{Changes, Fold, queues_of},
    service::Service,
};
use crate::{
    actors::{
        agent_session::{Changed, SinkId},
        gate::Gated,
        publisher::Published,
        sink::frame,
    },
    clock::Clock,
    directory::{Directory, Snapshot},
    domain::permission::Scope,
    ids::CampaignId,
    store::{Db, StoreError, journal::Group, write::About},
    telemetry,
    wire::live::Push,
};

/// Messages that may wait.
pub const QUEUE: usize = 4096;
/// How often changes are told.
const TICK: Duration = Duration::from_millis(100);
/// Between attempts to read everything again.
const AGAIN: Duration = Duration::from_secs(1);
/// The topic of the one routing domain.
pub const TOPIC: &str = "board:1";
/// The topic of an agent's queues.
pub const QUEUES: &str = "waiting";

/// The actor.
pub struct Dashboard {
    db: Db,
    directory: Directory,
    epoch: String,
    clock: Clock,
    fold: Fold,
    service: Service,
    pos: u64,
    viewers: Vec<Seat>,
    reading: Option<Reading>,
}

/// The store is being read.
#[derive(Default)]
struct Reading {
    /// Committed meanwhile: folded once more on what was read.
    early: Vec<Group>,
    again: bool,
}

struct Seat {
    viewer: Viewer,
    behind: bool,
}

impl Viewer {
    const fn topic(&self) -> &'static str {
        match self.at {
            Look::Board => TOPIC,
            Look::Queue => QUEUES,
        }
    }
}

impl Dashboard {
    /// A board of this state at `pos`.
    pub fn new(db: Db, directory: Directory, epoch: String, clock: Clock, pos: u64, stored: &Stored) -> Self {
        let mut fold = Fold::default();
        fold.replace(stored);
        fold.forget_changes();
        let mut service = Service::default();
        service.configure(&directory.load());
        Self { db, directory, epoch, clock, fold, service, pos, viewers: Vec::new(), reading: None }
    }

    /// One frame for what changed since the last tick.
    fn tick(&mut self) {
        metrics::gauge!(telemetry::CONVERSATIONS_OPEN).set(self.fold.open() as f64);
        metrics::gauge!(telemetry::CONVERSATIONS_WAITING).set(self.fold.waiting() as f64);
        self.service.levels.tick(self.clock.now());
        self.fold.mark(self.service.levels.take_changed());
        self.viewers.retain(|seat| seat.viewer.sink.is_open());
        self.resync();
        if self.viewers.is_empty() {
            self.fold.forget_changes();
            return;
        }
        let directory = self.directory.load();
        let changes = self.fold.take_changes();
        if changes.is_empty() {
            return;
        }
        let mut frames = Frames { dashboard: self, changes: &changes, directory: &directory, made: FxHashMap::default() };
        let mut pushed = Vec::with_capacity(self.viewers.len());
        for seat in &self.viewers {
            pushed.push(seat.behind || frames.of(&seat.viewer).is_none_or(|bytes| seat.viewer.sink.push(bytes)));
        }
        for (seat, pushed) in self.viewers.iter_mut().zip(pushed) {
            seat.behind |= !pushed;
        }
    }

    fn encode(&self, viewer: &Viewer, push: Push) -> ByteString {
        frame(viewer.topic(), &self.epoch, self.pos, push)
    }

    fn snapshot(&self, viewer: &Viewer) -> ByteString {
        let directory = self.directory.load();
        let push = match viewer.at {
            Look::Board => Push::Board(self.fold.board(&directory, &self.service, &viewer.subject)),
            Look::Queue => Push::Waiting(self.fold.queue(&directory, &queues_of(&directory, &viewer.subject))),
        };
        self.encode(viewer, push)
    }

    fn resync(&mut self) {
        let mut viewers = std::mem::take(&mut self.viewers);
        for Seat { viewer, behind } in viewers.iter_mut().filter(|seat| seat.behind && seat.viewer.sink.has_room()) {
            metrics::counter!(telemetry::RESYNCS).increment(1);
            *behind = !(viewer.sink.push(self.encode(viewer, Push::Resync)) && viewer.sink.push(self.snapshot(viewer)));
        }
        self.viewers = viewers;
    }

    /// Reads everything again after having missed something.
    fn start_over(&mut self, ctx: &mut Context<Self>) {
        if let Some(reading) = &mut self.reading {
            reading.again = true;
            return;
        }
        self.reading = Some(Reading::default());
        let db = self.db.clone();
        let read = async move { Stored::read(&db).await };
        ctx.spawn(read.into_actor(self).map(|result, actor, ctx| actor.was_read(result, ctx)));
    }

    fn was_read(&mut self, result: Result<Stored, StoreError>, ctx: &mut Context<Self>) {
        let Reading { early, again } = self.reading.take().unwrap_or_default();
        match result {
            Ok(stored) => {
                self.fold.replace(&stored);
                for group in early {
                    self.learn(&group);
                }
                for seat in &mut self.viewers {
                    seat.behind = true;
                }
                if again {
                    self.start_over(ctx);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the board cannot be read; trying again");
                ctx.run_later(AGAIN, Self::start_over);
            }
        }
    }

    fn leave(&mut self, id: SinkId, at: Look) {
        self.viewers.retain(|seat| (seat.viewer.id, seat.viewer.at) != (id, at));
    }

    fn learn(&mut self, group: &Group) {
        for append in group.iter() {
            match &append.about {
                About::Conversation(change) => {
                    self.fold.conversation(&change.state, &change.contact, change.last.as_ref());
                }
                About::Agent(agent) => self.fold.agent(agent),
                About::Config(_) => {}
            }
        }
    }
}

/// The frames of one tick, serialised once for everybody who sees the same.
struct Frames<'a> {
    dashboard: &'a Dashboard,
    changes: &'a Changes,
    directory: &'a Snapshot,
    /// By the campaigns whose queue they show; none = the whole board.
    made: FxHashMap<Option<Vec<CampaignId>>, Option<ByteString>>,
}

impl Frames<'_> {
    /// None when nothing changed of what the viewer sees.
    fn of(&mut self, viewer: &Viewer) -> Option<ByteString> {
        let Self { dashboard, changes, directory, made } = self;
        let board = || {
            let delta = dashboard.fold.delta(changes, directory, &dashboard.service, &viewer.subject);
            Some(dashboard.encode(viewer, Push::BoardDelta(delta)))
        };
        match viewer.at {
            Look::Board if viewer.subject.scopes.contains(&Scope::All) => made.entry(None).or_insert_with(board).clone(),
            Look::Board => board(),
            Look::Queue => {
                let campaigns = queues_of(directory, &viewer.subject);
                let queue = |campaigns: &[CampaignId]| {
                    let delta = dashboard.fold.queue_delta(changes, directory, campaigns)?;
                    Some(dashboard.encode(viewer, Push::WaitingDelta(delta)))
                };
                match made.entry(Some(campaigns)) {
                    Entry::Occupied(known) => known.get().clone(),
                    Entry::Vacant(unknown) => {
                        let bytes = unknown.key().as_deref().and_then(queue);
                        unknown.insert(bytes).clone()
                    }
                }
            }
        }
    }
}

impl Actor for Dashboard {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, |actor, _| actor.tick());
        self.read_day(ctx);
    }
}

impl Handler<Gated<Published>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        if group.first().is_some_and(|append| append.first_pos() > self.pos + 1) {
            self.start_over(ctx);
        }
        self.pos = group.last().map_or(self.pos, |append| append.pos());
        self.learn(&group);
        self.learn_levels(&group, ctx);
        match &mut self.reading {
            Some(reading) if reading.early.len() < QUEUE => reading.early.push(group),
            Some(reading) => reading.again = true,
            None => {}
        }
    }
}

impl Handler<Gated<Changed>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Changed>, _: &mut Self::Context) {
        self.fold.connected(message.agent, message.connected);
    }
}

impl Handler<Gated<Opened>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Opened>, _: &mut Self::Context) {
        self.fold.opened(message.campaign, message.open);
    }
}

impl Handler<Gated<Configured>> for Dashboard {
    type Result = ();

    fn handle(&mut self, _: Gated<Configured>, ctx: &mut Self::Context) {
        self.configure_levels(ctx);
        for seat in &mut self.viewers {
            seat.behind = true;
        }
    }
}

impl Handler<Gated<Watch>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Watch(viewer), .. }: Gated<Watch>, _: &mut Self::Context) {
        self.leave(viewer.id, viewer.at);
        let behind = !viewer.sink.push(self.snapshot(&viewer));
        self.viewers.push(Seat { viewer, behind });
    }
}

impl Handler<Gated<Campaigns>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Campaigns { of, reply }, .. }: Gated<Campaigns>, _: &mut Self::Context) {
        let directory = self.directory.load();
        let seen = |id| of.as_ref().is_none_or(|of| of.contains(&id));
        let _ = reply.send(self.fold.campaign_rows(&directory, &self.service, seen));
    }
}

impl Handler<Gated<Leave>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Leave(id, at), .. }: Gated<Leave>, _: &mut Self::Context) {
        self.leave(id, at);
    }
}

impl Handler<Observe> for Dashboard {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed { open: self.fold.open(), waiting: self.fold.waiting(), viewers: self.viewers.len(), pos: self.pos }
    }
}
