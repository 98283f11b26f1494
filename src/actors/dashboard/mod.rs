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
pub use self::messages::{Configured, Leave, Observe, Observed, Opened, Viewer, Watch};
use crate::{
    actors::{
        agent_session::{Changed, SinkId},
        gate::Gated,
        publisher::Published,
        sink::{Sink, frame},
    },
    directory::Directory,
    domain::{agent::Agent, conversation::Conversation, permission::Subject},
    store::{Db, StoreError, conversations, people_state, write::About},
    telemetry,
    wire::live::Push,
};

/// Messages that may wait.
pub const QUEUE: usize = 4096;
/// How often changes are told.
const TICK: Duration = Duration::from_millis(100);
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
    reading: bool,
}

struct Seat {
    id: SinkId,
    sink: Arc<dyn Sink>,
    subject: Subject,
    behind: bool,
}

impl Dashboard {
    /// A board of this state at `pos`.
    pub fn new(db: Db, directory: Directory, epoch: String, pos: u64, agents: &[Agent], open: &[Conversation]) -> Self {
        let mut fold = Fold::default();
        for agent in agents {
            fold.agent(agent);
        }
        for state in open {
            fold.conversation(state, None);
        }
        fold.forget_changes();
        Self { db, directory, epoch, fold, pos, viewers: Vec::new(), reading: false }
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
        if self.reading {
            return;
        }
        self.reading = true;
        let db = self.db.clone();
        let read = async move {
            let agents = people_state::agents(&db).await?;
            Ok::<_, StoreError>((agents, conversations::open(&db).await?))
        };
        ctx.spawn(read.into_actor(self).map(|result, actor, _| {
            actor.reading = false;
            if let Ok((agents, open)) = result {
                actor.fold.replace(&agents, &open);
                for seat in &mut actor.viewers {
                    seat.behind = true;
                }
            }
        }));
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
        let first = group.first().map_or(0, |append| append.first_pos());
        if first > self.pos + 1 {
            self.start_over(ctx);
        }
        for append in group.iter() {
            self.pos = append.pos();
            match &append.about {
                About::Conversation(change) => self.fold.conversation(&change.state, Some(&change.contact.address)),
                About::Agent(agent) => self.fold.agent(agent),
                About::Config(_) => {}
            }
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
