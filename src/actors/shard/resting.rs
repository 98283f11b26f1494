//! Open conversations of which nobody wants anything: in memory, but without an actor, which would cost as much as everything
//! else about them. A request wakes them, and so does their own deadline.
//!
//! All rest at the start. Later each actor is looked at once a [`ROUND`]; one that was asked nothing since the last time says what it
//! knows, does nothing by itself from then on, and ends, unless it was asked something before that reached the shard.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use actix::{AsyncContext, Context, SpawnHandle};

use super::{Child, Shard, messages::Rested};
use crate::{
    actors::conversation::{Rest, Shown},
    clock::Timestamp,
    ids::ConversationId,
    store::conversation_lists::Listed,
};

/// How often those are looked at whose turn it is.
pub(super) const LOOK_EVERY: Duration = if cfg!(test) { Duration::from_millis(5) } else { Duration::from_secs(1) };
/// Between two looks at one actor. Tests have all of them rest whenever they can.
const ROUND: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_secs(300) };
/// How many are looked at before others have their turn, and how many are woken.
const LOOKED_AT_ONCE: usize = 512;
const WOKEN_AT_ONCE: usize = 64;

/// Whether an actor can rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It was asked something since it was last looked at.
    Used,
    Idle,
    /// It is to answer this question, unless it is asked something else before: then the answer is too old.
    Asked(u64),
}

/// A conversation without an actor.
pub(super) struct Resting {
    listed: Listed,
    /// As in [`super::Live`].
    address: Option<Box<str>>,
}

/// When who begins, and who could end.
#[derive(Default)]
pub(super) struct Watched {
    /// When something falls due of those that rest.
    dues: BTreeSet<(Timestamp, ConversationId)>,
    alarm: Option<(Timestamp, SpawnHandle)>,
    /// All actors with their generation, and when to look at them, which is their order. Some have ended.
    actors: VecDeque<(Duration, ConversationId, u64)>,
    questions: u64,
}

impl Shard {
    /// Keeps a conversation without an actor.
    pub(super) fn lay_down(&mut self, listed: Listed, address: Option<Box<str>>) {
        let id = listed.state.id;
        self.watched.dues.extend(listed.state.next_due().map(|at| (at, id)));
        self.children.insert(id, Child::Resting(Resting { listed, address }));
    }

    /// Gives a conversation that rests its actor.
    pub(super) fn wake(&mut self, id: ConversationId, ctx: &mut Context<Self>) {
        match self.children.remove(&id) {
            Some(Child::Resting(Resting { listed: Listed { state, contact, last }, address })) => {
                if let Some(at) = state.next_due() {
                    self.watched.dues.remove(&(at, id));
                }
                self.start_loaded(state, Some(Shown { contact, last }), ctx);
                if let Some(Child::Live(live)) = self.children.get_mut(&id) {
                    live.address = address;
                }
            }
            Some(other) => {
                self.children.insert(id, other);
            }
            None => {}
        }
    }

    /// Wakes those whose time has come: their actors see what there is to do.
    pub(super) fn wake_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.clock.now();
        for _ in 0..WOKEN_AT_ONCE {
            let Some(due) = self.watched.dues.first().copied().filter(|(at, _)| *at <= now) else { break };
            self.watched.dues.remove(&due);
            self.wake(due.1, ctx);
        }
        let Some((at, _)) = self.watched.dues.first().copied() else { return };
        if self.watched.alarm.is_some_and(|(armed_at, _)| armed_at <= at) {
            return;
        }
        if let Some((_, alarm)) = self.watched.alarm.take() {
            ctx.cancel_future(alarm);
        }
        let alarm = ctx.run_later(at.since(now), |actor, ctx| {
            actor.watched.alarm = None;
            actor.wake_due(ctx);
        });
        self.watched.alarm = Some((at, alarm));
    }

    /// An actor is looked at when a round is over.
    pub(super) fn watch(&mut self, id: ConversationId, generation: u64) {
        self.watched.actors.push_back((self.shared.clock.elapsed() + ROUND, id, generation));
    }

    /// Asks those to rest of whom nothing was asked for a round.
    pub(super) fn look_around(&mut self) {
        let now = self.shared.clock.elapsed();
        for _ in 0..self.watched.actors.len().min(LOOKED_AT_ONCE) {
            let Some((_, id, generation)) = self.watched.actors.pop_front_if(|(at, ..)| *at <= now) else { return };
            let Some(Child::Live(live)) = self.children.get_mut(&id) else { continue };
            if live.generation != generation {
                continue;
            }
            if live.used == Use::Used {
                live.used = Use::Idle;
            } else {
                self.watched.questions += 1;
                let question = self.watched.questions;
                live.used = Use::Asked(question);
                // One that has no room for this has something to do.
                let _ = live.gate.send(Rest { question });
            }
            self.watch(id, generation);
        }
    }

    /// Dropping the gate ends the actor.
    pub(super) fn rested(&mut self, Rested { question, listed }: Rested) {
        let id = listed.state.id;
        match self.children.remove(&id) {
            Some(Child::Live(live)) if live.used == Use::Asked(question) => self.lay_down(listed, live.address),
            Some(other) => {
                self.children.insert(id, other);
            }
            None => {}
        }
    }
}

/// Asks something of a conversation between the question whether it can rest and its answer.
#[cfg(test)]
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(in crate::actors) struct Disturb {
    pub(in crate::actors) id: ConversationId,
    pub(in crate::actors) request: super::Request,
}

#[cfg(test)]
impl actix::Handler<Disturb> for Shard {
    type Result = ();

    fn handle(&mut self, Disturb { id, request }: Disturb, ctx: &mut Self::Context) {
        self.wake(id, ctx);
        for _ in 0..2 {
            self.look_around();
        }
        self.deliver(id, request, ctx);
    }
}
