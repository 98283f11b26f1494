//! What must be sent, account by account.
//!
//! Owns: one [`Outbox`] per channel account that sends (API, e-mail) on which anything ever waited since the start. Capacity: [`QUEUE`] groups; the
//! publisher stands still when it is full. Starts an outbox for every account with rows in the store, and on the first
//! message of another; one that died is started again, one whose account is gone is not. An outbox without room for a hint
//! is told to read the store instead. Persisted: nothing of its own.

mod account;
mod attempt;
mod flow;
mod index;
mod judge;
mod mailing;
mod messages;
#[cfg(test)]
mod tests;
mod window;

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use rustc_hash::{FxHashMap, FxHashSet};

use self::messages::{Died, Hint, Reread, Withdrawn};
pub use self::{
    account::Outbox,
    attempt::{Shared, client},
    messages::{Observe, ObserveAll, Observed, ObservedAll},
};
use crate::{
    actors::{
        gate::{self, Gate, Gated},
        lifecycle::DeathNotice,
        publisher::Published,
    },
    domain::{channel::ChannelKind, conversation::Event, delivery::Delivery, log::Fact},
    ids::ChannelId,
    store::{
        outbox,
        write::{About, Committed},
    },
};

/// Groups that may wait.
pub const QUEUE: usize = 1024;
/// Between attempts to read the store, to reach an outbox without room, to start one again that died.
const AGAIN: Duration = Duration::from_secs(1);

/// The actor.
pub struct Outboxes {
    shared: Arc<Shared>,
    accounts: FxHashMap<ChannelId, Account>,
    /// Accounts that missed a hint: they get no other before they have been told to read the store.
    behind: FxHashSet<ChannelId>,
    generation: u64,
}

struct Account {
    gate: Gate<Outbox>,
    /// Tells the death of this actor from that of an earlier one.
    generation: u64,
}

impl Outboxes {
    /// Nothing waits anywhere, until the store has been read.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, accounts: FxHashMap::default(), behind: FxHashSet::default(), generation: 0 }
    }

    fn read(&self, ctx: &mut Context<Self>) {
        let shared = Arc::clone(&self.shared);
        let read = async move { outbox::channels(&shared.db).await };
        ctx.spawn(read.into_actor(self).map(|channels, actor, ctx| match channels {
            Ok(channels) => {
                for channel in channels {
                    actor.start(channel, ctx);
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot read what must be sent; trying again");
                ctx.run_later(AGAIN, |actor, ctx| actor.read(ctx));
            }
        }));
    }

    fn start(&mut self, channel: ChannelId, ctx: &Context<Self>) {
        if self.accounts.contains_key(&channel) || !self.shared.directory.load().channels.contains_key(&channel) {
            return;
        }
        self.generation += 1;
        let (parent, generation) = (ctx.address(), self.generation);
        let notice = DeathNotice::new("outbox", move || gate::answer(&parent, Died { channel, generation }));
        let outbox = Outbox::new(channel, Arc::clone(&self.shared), notice).start();
        self.behind.remove(&channel);
        self.accounts.insert(channel, Account { gate: Gate::new("outbox", outbox, account::HINTS), generation });
    }

    fn learn(&mut self, append: &Committed, ctx: &Context<Self>) {
        let About::Conversation(change) = &append.about else { return };
        if change.state.kind == ChannelKind::Webchat {
            return;
        }
        for entry in &append.entries {
            let Fact::Conversation { id, seq, event } = &entry.fact else { continue };
            let (message, seq, again) = match *event {
                Event::Replied { message, delivery: Delivery::Queued | Delivery::Scheduled, .. }
                | Event::Noticed { message, delivery: Delivery::Queued }
                | Event::Reminded { message, delivery: Delivery::Queued, .. } => (message, *seq, false),
                Event::Retried { message, of, .. } => (message, of, true),
                Event::DeliveryMoved { message, to: Delivery::Cancelled, .. } => {
                    self.withdraw(change.state.channel, Withdrawn { conversation: *id, message });
                    continue;
                }
                _ => continue,
            };
            let later = change.messages.iter().find(|known| known.id == message).and_then(|known| known.send_at());
            let at = if again { entry.at } else { later.unwrap_or(entry.at) };
            self.hint(change.state.channel, Hint { conversation: *id, message, seq, at, again }, ctx);
        }
    }

    /// One that is not told finds out when its turn comes.
    fn withdraw(&self, channel: ChannelId, withdrawn: Withdrawn) {
        if let Some(account) = self.accounts.get(&channel) {
            let _ = account.gate.send(withdrawn);
        }
    }

    /// An outbox that is started now reads the store, which has the message already.
    fn hint(&mut self, channel: ChannelId, hint: Hint, ctx: &Context<Self>) {
        let Some(account) = self.accounts.get(&channel) else { return self.start(channel, ctx) };
        if self.behind.contains(&channel) || account.gate.send(hint).is_err() {
            self.behind.insert(channel);
        }
    }

    fn tell_those_behind(&mut self) {
        let accounts = &self.accounts;
        self.behind.retain(|channel| accounts.get(channel).is_some_and(|account| account.gate.send(Reread).is_err()));
    }
}

impl Actor for Outboxes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.read(ctx);
        ctx.run_interval(AGAIN, |actor, _| actor.tell_those_behind());
    }
}

impl Handler<Gated<Published>> for Outboxes {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        for append in group.iter() {
            self.learn(append, ctx);
        }
    }
}

impl Handler<Died> for Outboxes {
    type Result = ();

    fn handle(&mut self, Died { channel, generation }: Died, ctx: &mut Self::Context) {
        if self.accounts.get(&channel).is_some_and(|account| account.generation == generation) {
            self.accounts.remove(&channel);
            self.behind.remove(&channel);
            ctx.run_later(AGAIN, move |actor, ctx| actor.start(channel, ctx));
        }
    }
}

impl Handler<ObserveAll> for Outboxes {
    type Result = ObservedAll;

    fn handle(&mut self, _: ObserveAll, _: &mut Self::Context) -> ObservedAll {
        let mut channels: Vec<ChannelId> = self.accounts.keys().copied().collect();
        channels.sort_unstable();
        ObservedAll { channels, behind: self.behind.len() }
    }
}
