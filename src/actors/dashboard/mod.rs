//! The live board.
//!
//! Owns: the folded state of agents, campaigns and what waits. Capacity: [`QUEUE`] messages; when it missed some it reads
//! everything again from the store. Viewers get a snapshot, then what changed, coalesced to one frame per [`TICK`]; the frame is
//! serialised once per scope. Never touches the database per viewer. Persisted: nothing.

mod board;
mod messages;

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use bytestring::ByteString;

use self::board::Fold;
pub use self::board::Stored;
pub use self::messages::{Configured, Leave, Observe, Observed, Opened, Viewer, Watch};
use crate::{
    actors::{
        agent_session::{Changed, SinkId},
        gate::Gated,
        publisher::Published,
        sink::{Sink, frame},
    },
    directory::Directory,
    domain::permission::Subject,
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

/// The actor.
pub struct Dashboard {
    db: Db,
    directory: Directory,
    epoch: String,
    fold: Fold,
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
    id: SinkId,
    sink: Arc<dyn Sink>,
    subject: Subject,
    behind: bool,
}

impl Dashboard {
    /// A board of this state at `pos`.
    pub fn new(db: Db, directory: Directory, epoch: String, pos: u64, stored: &Stored) -> Self {
        let mut fold = Fold::default();
        fold.replace(stored);
        fold.forget_changes();
        Self { db, directory, epoch, fold, pos, viewers: Vec::new(), reading: None }
    }

    /// One frame for what changed since the last tick.
    fn tick(&mut self) {
        metrics::gauge!(telemetry::CONVERSATIONS_OPEN).set(self.fold.open() as f64);
        metrics::gauge!(telemetry::CONVERSATIONS_WAITING).set(self.fold.waiting() as f64);
        self.viewers.retain(|seat| seat.sink.is_open());
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
        let mut for_all: Option<ByteString> = None;
        for seat in self.viewers.iter_mut().filter(|seat| !seat.behind) {
            let sees_all = seat.subject.scopes.contains(&crate::domain::permission::Scope::All);
            let encode = || {
                let delta = self.fold.delta(&changes, &directory, &seat.subject);
                frame(TOPIC, &self.epoch, self.pos, Push::BoardDelta(delta))
            };
            let bytes = if sees_all { for_all.get_or_insert_with(encode).clone() } else { encode() };
            seat.behind = !seat.sink.push(bytes);
        }
    }

    fn snapshot(&self, subject: &Subject) -> ByteString {
        let board = self.fold.board(&self.directory.load(), subject);
        frame(TOPIC, &self.epoch, self.pos, Push::Board(board))
    }

    fn resync(&mut self) {
        let notice = frame(TOPIC, &self.epoch, self.pos, Push::Resync);
        let mut viewers = std::mem::take(&mut self.viewers);
        for seat in viewers.iter_mut().filter(|seat| seat.behind && seat.sink.has_room()) {
            metrics::counter!(telemetry::RESYNCS).increment(1);
            seat.behind = !(seat.sink.push(notice.clone()) && seat.sink.push(self.snapshot(&seat.subject)));
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

    fn learn(&mut self, group: &Group) {
        for append in group.iter() {
            match &append.about {
                About::Conversation(change) => self.fold.conversation(&change.state, Some(&change.contact.address)),
                About::Agent(agent) => self.fold.agent(agent),
                About::Config(_) => {}
            }
        }
    }
}

impl Actor for Dashboard {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, |actor, _| actor.tick());
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

    fn handle(&mut self, _: Gated<Configured>, _: &mut Self::Context) {
        for seat in &mut self.viewers {
            seat.behind = true;
        }
    }
}

impl Handler<Gated<Watch>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Watch(Viewer { id, sink, subject }), .. }: Gated<Watch>, _: &mut Self::Context) {
        self.viewers.retain(|seat| seat.id != id);
        let behind = !sink.push(self.snapshot(&subject));
        self.viewers.push(Seat { id, sink, subject, behind });
    }
}

impl Handler<Gated<Leave>> for Dashboard {
    type Result = ();

    fn handle(&mut self, Gated { message: Leave(id), .. }: Gated<Leave>, _: &mut Self::Context) {
        self.viewers.retain(|seat| seat.id != id);
    }
}

impl Handler<Observe> for Dashboard {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed { open: self.fold.open(), waiting: self.fold.waiting(), viewers: self.viewers.len(), pos: self.pos }
    }
}
