//! The outbox of one channel account.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, SpawnHandle, WrapFuture, fut::ActorFutureExt};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    attempt::{AGAIN, Attempt, Settled, Shared, Target},
    index::{Index, Item},
    messages::{Hint, Observe, Observed, Reread},
};
use crate::{
    actors::{gate::Gated, lifecycle::DeathNotice},
    ids::{ChannelId, Id, IncarnationId},
    store::{
        StoreError,
        outbox::{self, Waiting},
    },
};

/// Hints that may be on their way.
pub(super) const HINTS: usize = 1024;
/// Messages kept in memory, at about a hundred bytes each.
const ROOM: usize = 10_000;
/// Conversations that are sent to at once: enough to keep a receiver busy, too few to drown it.
const AT_ONCE: usize = 8;
/// Hints kept while the store is being read.
const EARLY: usize = 1024;
/// How often it looks whether its account can send by now, or is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Sends what waits on one channel account.
///
/// Owns: pace, order and retries. A conversation's messages go one after the other, each finished before the next; up to
/// [`AT_ONCE`] conversations at once. Capacity: [`HINTS`] on their way, [`ROOM`] messages in memory; what finds no room is
/// in the store and read from there when half of it is gone. Rebuilt by [`super::Outboxes`] from the store, where a row says
/// of each message that it waits, or is being sent and therefore, after a crash, that its outcome is unknown: it is sent
/// again under the same id. Persisted: every attempt, before it begins and when it ended.
pub struct Outbox {
    channel: ChannelId,
    shared: Arc<Shared>,
    index: Index,
    reading: Option<Reading>,
    random: StdRng,
    /// The shadow of the stored moment at which the next message may go.
    timer: Option<SpawnHandle>,
    told_that_it_waits: bool,
    _notice: DeathNotice,
}

/// The store is being read.
#[derive(Default)]
struct Reading {
    early: Vec<Hint>,
    again: bool,
}

impl Outbox {
    /// An outbox that begins with what the store says.
    pub(super) fn new(channel: ChannelId, shared: Arc<Shared>, notice: DeathNotice) -> Self {
        let seed = shared.ids.next::<IncarnationId>().uuid().as_u64_pair().1;
        Self {
            channel,
            shared,
            index: Index::new(ROOM),
            reading: None,
            random: StdRng::seed_from_u64(seed),
            timer: None,
            told_that_it_waits: false,
            _notice: notice,
        }
    }

    /// Sends what may go now and sleeps until more may.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let Some(channel) = self.shared.directory.load().channels.get(&self.channel).cloned() else {
            tracing::info!(channel = %self.channel, "a channel account is gone; what waits on it stays in the store");
            ctx.stop();
            return;
        };
        if self.index.wants_more() {
            self.read(ctx);
        }
        while self.index.sending() < AT_ONCE {
            let Some(target) = Target::of(&channel) else { return self.tell_that_it_waits() };
            self.told_that_it_waits = false;
            let Some((conversation, item)) = self.index.take_due(self.shared.clock.now()) else { break };
            let (shared, random) = (Arc::clone(&self.shared), self.random.random());
            let attempt = Attempt { shared, target, conversation, item, random }.run();
            ctx.spawn(attempt.into_actor(self).map(move |settled, actor, ctx| {
                match settled {
                    Settled::Finished => actor.index.finish(conversation),
                    Settled::Later(item) => actor.index.put_back(conversation, item),
                }
                actor.pump(ctx);
            }));
        }
        self.arm(ctx);
    }

    fn tell_that_it_waits(&mut self) {
        if self.index.len() > 0 && !std::mem::replace(&mut self.told_that_it_waits, true) {
            let waiting = self.index.len();
            tracing::warn!(channel = %self.channel, waiting, "messages wait: their channel account has no endpoint or is off");
        }
    }

    fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.index.next_due().filter(|_| self.index.sending() < AT_ONCE) else { return };
        let wait = due.since(self.shared.clock.now()).max(Duration::from_millis(1));
        self.timer = Some(ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            actor.pump(ctx);
        }));
    }

    /// Reads what waits. Hints that come meanwhile are kept: the read may have missed them.
    fn read(&mut self, ctx: &mut Context<Self>) {
        if self.reading.is_some() {
            return;
        }
        self.reading = Some(Reading::default());
        self.read_now(ctx);
    }

    fn read_now(&self, ctx: &mut Context<Self>) {
        let (shared, channel) = (Arc::clone(&self.shared), self.channel);
        let read = async move { outbox::of_channel(&shared.db, channel, ROOM as u64).await };
        ctx.spawn(read.into_actor(self).map(|rows, actor, ctx| actor.was_read(rows, ctx)));
    }

    fn add(&mut self, hint: Hint) {
        if hint.again {
            self.index.add_again(hint.conversation, hint.into());
        } else {
            self.index.add(hint.conversation, hint.into());
        }
    }

    fn was_read(&mut self, rows: Result<Vec<Waiting>, StoreError>, ctx: &mut Context<Self>) {
        match rows {
            Ok(rows) => {
                let Reading { early, again } = self.reading.take().unwrap_or_default();
                self.index.replace(&rows);
                if again {
                    self.index.forget_completeness();
                    self.read(ctx);
                }
                for hint in early {
                    self.add(hint);
                }
                self.pump(ctx);
            }
            Err(error) => {
                tracing::warn!(%error, channel = %self.channel, "cannot read what waits; trying again");
                ctx.run_later(AGAIN, |actor, ctx| actor.read_now(ctx));
            }
        }
    }
}

impl From<Hint> for Item {
    fn from(Hint { message, seq, at, .. }: Hint) -> Self {
        Self { message, seq, attempts: 0, next_at: at, outcome_unknown: false }
    }
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.read(ctx);
        ctx.run_interval(LOOK_EVERY, |actor, ctx| actor.pump(ctx));
    }
}

impl Handler<Gated<Hint>> for Outbox {
    type Result = ();

    fn handle(&mut self, Gated { message: hint, .. }: Gated<Hint>, ctx: &mut Self::Context) {
        match &mut self.reading {
            Some(reading) if reading.early.len() < EARLY => reading.early.push(hint),
            Some(reading) => reading.again = true,
            None => {
                self.add(hint);
                self.pump(ctx);
            }
        }
    }
}

impl Handler<Gated<Reread>> for Outbox {
    type Result = ();

    fn handle(&mut self, _: Gated<Reread>, ctx: &mut Self::Context) {
        match &mut self.reading {
            Some(reading) => reading.again = true,
            None => {
                self.index.forget_completeness();
                self.read(ctx);
            }
        }
    }
}

impl Handler<Observe> for Outbox {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            channel: self.channel,
            waiting: self.index.len(),
            sending: self.index.sending(),
            complete: self.index.is_complete(),
            next_due: self.index.next_due(),
        }
    }
}
