//! The outbox of one channel account.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, SpawnHandle, WrapFuture, fut::ActorFutureExt};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    attempt::{AGAIN, Attempt, Settled, Shared, Target, Way},
    flow::{self, Flow, Mail},
    index::{Index, Item},
    mailing::Mailing,
    messages::{Hint, Observe, Observed, Over, Reread, Withdrawn},
};
use crate::{
    actors::{gate::Gated, lifecycle::DeathNotice},
    clock::Timestamp,
    directory::Channel,
    domain::channel::ChannelKind,
    ids::{ChannelId, Id, IncarnationId},
    store::{
        StoreError,
        outbox::{self, Waiting},
        write::Statement,
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
/// [`AT_ONCE`] conversations at once, of mails [`flow::TAKEN`]. Capacity: [`HINTS`] on their way, [`ROOM`] messages in memory; what finds no room is
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
    mailing: Mailing,
    /// None until the first mail.
    flow: Option<Flow>,
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
            mailing: Mailing::default(),
            flow: None,
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
        if self.index.wants_more() || self.mailing.wants_to_count(self.channel, &self.shared) {
            self.read(ctx);
        }
        // Mails are taken by the handful, as they are read.
        if channel.kind == ChannelKind::Email && self.index.sending() > flow::TAKEN - flow::REFILL {
            return;
        }
        let mut held = None;
        while self.index.sending() < at_once(&channel) {
            let Some(way) = self.way(&channel) else { return self.tell_that_it_waits() };
            self.told_that_it_waits = false;
            let now = self.shared.clock.now();
            held = self.held_until(&way, now);
            if held.is_some() {
                break;
            }
            let Some((line, item)) = self.index.take_due(now) else { break };
            let (shared, random, conversation) = (Arc::clone(&self.shared), self.random.random(), item.conversation);
            let attempt = Attempt { shared, way: way.clone(), conversation, item, random };
            match way {
                Way::Http(target) => {
                    let attempt = async move { attempt.run(&target).await };
                    let over = move |settled, actor: &mut Self, ctx: &mut Context<Self>| {
                        actor.over(Over { line, at: now, settled }, ctx);
                    };
                    ctx.spawn(attempt.into_actor(self).map(over));
                }
                Way::Mail(post) => {
                    let (counts, since) = (self.mailing.leave(&post, attempt.item.message, now), self.shared.clock.elapsed());
                    let flow = self.flow.get_or_insert_with(|| Flow::start(Arc::clone(&self.shared), ctx.address().downgrade()));
                    if !flow.send(Mail { attempt, post, line, at: now, since, counts }) {
                        // The next look ends it.
                        break;
                    }
                }
            }
        }
        self.arm(held, at_once(&channel), ctx);
    }

    /// How its account sends now; none while it cannot.
    fn way(&mut self, channel: &Arc<Channel>) -> Option<Way> {
        match channel.kind {
            ChannelKind::Email => self.mailing.post(self.channel, &self.shared).map(Way::Mail),
            _ => Target::of(channel).map(Way::Http),
        }
    }

    fn held_until(&mut self, way: &Way, now: Timestamp) -> Option<Timestamp> {
        match way {
            Way::Mail(post) => self.mailing.held_until(post, now),
            Way::Http(_) => None,
        }
    }

    fn over(&mut self, Over { line, at, settled }: Over, ctx: &mut Context<Self>) {
        match settled {
            Settled::Finished { left } => {
                self.settled(left, at, ctx);
                self.index.finish(line);
            }
            Settled::Later { item, left } => {
                self.settled(left, at, ctx);
                self.index.put_back(line, item);
            }
            Settled::Rest(item, failure) => {
                self.rest(&failure, &item, at, ctx);
                self.index.put_back(line, item);
            }
        }
        self.pump(ctx);
    }

    /// A message that would have left at `at` did, or did not.
    fn settled(&mut self, left: bool, at: Timestamp, ctx: &mut Context<Self>) {
        if left {
            let rows = self.mailing.works(self.channel);
            self.record(rows, ctx);
        } else {
            self.mailing.stayed(at);
        }
    }

    fn rest(
        &mut self,
        failure: &crate::channels::email::post::failure::Failure,
        item: &Item,
        left: Timestamp,
        ctx: &mut Context<Self>,
    ) {
        let (now, chance) = (self.shared.clock.now(), self.random.random());
        let rows = self.mailing.rest(self.channel, failure, item.message, left, now, chance);
        self.record(rows, ctx);
    }

    /// Facts for people; that they are late or lost holds nothing up.
    fn record(&self, rows: Vec<Statement>, ctx: &mut Context<Self>) {
        if rows.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let written = async move {
            if let Err(error) = shared.journal.write(rows, None, crate::domain::log::By::System, None).await {
                tracing::warn!(%error, "how a mail account stands could not be recorded");
            }
        };
        ctx.spawn(written.into_actor(self));
    }

    fn tell_that_it_waits(&mut self) {
        if self.index.len() > 0 && !std::mem::replace(&mut self.told_that_it_waits, true) {
            let waiting = self.index.len();
            tracing::warn!(channel = %self.channel, waiting, "messages wait: their channel account has no endpoint or is off");
        }
    }

    fn arm(&mut self, held: Option<Timestamp>, at_once: usize, ctx: &mut Context<Self>) {
        let Some(due) = self.index.next_due().filter(|_| self.index.sending() < at_once) else { return };
        let due = held.map_or(due, |held| held.max(due));
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
        let left = self.mailing.wants_to_know(channel, &shared);
        let read = async move {
            let left = match left {
                Some(left) => Some(left.await?),
                None => None,
            };
            Ok((outbox::of_channel(&shared.db, channel, ROOM as u64).await?, left))
        };
        ctx.spawn(read.into_actor(self).map(|read, actor, ctx| actor.was_read(read, ctx)));
    }

    fn add(&mut self, hint: Hint) {
        let now = self.shared.clock.now();
        if hint.again {
            self.index.add_again(hint.into(), now);
        } else {
            self.index.add(hint.into(), now);
        }
    }

    fn was_read(&mut self, read: Result<(Vec<Waiting>, Option<Vec<Timestamp>>), StoreError>, ctx: &mut Context<Self>) {
        match read {
            Ok((rows, left)) => {
                let Reading { early, again } = self.reading.take().unwrap_or_default();
                self.mailing.learn(left);
                self.index.replace(&rows, self.shared.clock.now());
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
    fn from(Hint { conversation, message, seq, at, .. }: Hint) -> Self {
        Self { conversation, message, seq, attempts: 0, next_at: at, outcome_unknown: false }
    }
}

const fn at_once(channel: &Channel) -> usize {
    match channel.kind {
        ChannelKind::Email => flow::TAKEN,
        ChannelKind::Api | ChannelKind::Webchat => AT_ONCE,
    }
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.read(ctx);
        ctx.run_interval(LOOK_EVERY, |actor, ctx| {
            if actor.flow.as_ref().is_some_and(Flow::is_broken) {
                tracing::error!(channel = %actor.channel, "what sends the mails of an account broke; it is started again");
                return ctx.stop();
            }
            if let Some(post) = actor.mailing.idle(actor.index.sending(), &actor.shared) {
                ctx.spawn(async move { post.hang_up().await }.into_actor(actor));
            }
            actor.pump(ctx);
        });
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

impl Handler<Gated<Withdrawn>> for Outbox {
    type Result = ();

    fn handle(&mut self, Gated { message: Withdrawn { conversation, message }, .. }: Gated<Withdrawn>, ctx: &mut Self::Context) {
        self.index.remove(conversation, message);
        self.pump(ctx);
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

impl Handler<Over> for Outbox {
    type Result = ();

    fn handle(&mut self, over: Over, ctx: &mut Self::Context) {
        self.over(over, ctx);
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
            held_until: self.mailing.last_held(),
        }
    }
}
