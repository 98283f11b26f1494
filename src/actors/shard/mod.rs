//! The conversations of one arbiter.
//!
//! Owns: which conversation a customer's message belongs to, and the addresses of its conversations. Capacity:
//! `intake_capacity` messages on their way (a burst of about a tenth of a second at full speed; beyond that the provider is
//! told to come back). Starts conversations, loads them from the store when they are asked for and not in memory, and rebuilds
//! one that died. Persisted: nothing of its own. A channel account's conversations are all on one shard, so two messages of a
//! new customer cannot start two conversations; and there is never more than one actor per conversation, so only one
//! appends to it.

mod intake;
mod messages;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{Actor, Addr, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use rustc_hash::FxHashMap;

pub use self::messages::{Adopt, Observe, Observed, Released, ToConversation};
use self::messages::{Died, Loaded};
use crate::{
    actors::{
        conversation::{Birth, Conversation, QUEUE, Request, Shared, Shown},
        engine::CommandError,
        gate::{self, Gate, Gated, Refused},
        lifecycle::DeathNotice,
        router::Restarted,
    },
    domain::{conversation::Conversation as State, routing::ItemView},
    ids::{ChannelId, ContactId, ConversationId},
    store::{conversation_lists::Listed, conversations},
};

/// Between attempts to rebuild a conversation while the database is away.
const REBUILD_AGAIN: Duration = Duration::from_secs(1);
/// When a conversation had no room for a decision of the Router.
const ROOM_AGAIN: Duration = Duration::from_millis(20);

/// The actor.
pub struct Shard {
    shared: Arc<Shared>,
    children: FxHashMap<ConversationId, Child>,
    /// The open conversation of a contact on a channel account, where there is only one.
    by_contact: FxHashMap<(ChannelId, ContactId), ConversationId>,
    /// The same by address, for who wrote since the start.
    by_address: FxHashMap<(ChannelId, Box<str>), Sender>,
    generation: u64,
    me: Option<Arc<Addr<Shard>>>,
}

/// A conversation in memory, or on its way into or out of it. Requests that cannot be delivered yet wait, at most [`QUEUE`].
enum Child {
    Live(Live),
    /// Has ended; its actor still handles what reached it before.
    Leaving {
        generation: u64,
        waiting: VecDeque<Request>,
    },
    /// Being read from the store.
    Loading {
        waiting: VecDeque<Request>,
    },
}

struct Live {
    gate: Gate<Conversation>,
    /// Tells the death of this actor from that of an earlier one.
    generation: u64,
    key: (ChannelId, ContactId),
    address: Option<Box<str>>,
}

enum Sender {
    At(ConversationId),
    LookingUp(VecDeque<Request>),
}

impl Shard {
    /// An empty shard that will adopt so many.
    pub fn new(shared: Arc<Shared>, open: usize) -> Self {
        let (mut children, mut by_contact) = (FxHashMap::default(), FxHashMap::default());
        children.reserve(open);
        by_contact.reserve(open);
        Self { shared, children, by_contact, by_address: FxHashMap::default(), generation: 0, me: None }
    }

    /// Delivers to a conversation, from the store if need be.
    fn deliver(&mut self, id: ConversationId, request: Request, ctx: &mut Context<Self>) {
        match self.children.get_mut(&id) {
            Some(Child::Live(live)) if !live.gate.is_connected() => self.replace_dead(id, request, ctx),
            Some(Child::Live(live)) => {
                if let Err(Refused(request)) = live.gate.send(request) {
                    self.no_room(id, request, ctx);
                }
            }
            Some(Child::Loading { waiting } | Child::Leaving { waiting, .. }) => {
                if waiting.len() < QUEUE {
                    waiting.push_back(request);
                } else {
                    self.no_room(id, request, ctx);
                }
            }
            None => self.load(id, VecDeque::from([request]), ctx),
        }
    }

    fn no_room(&self, id: ConversationId, request: Request, ctx: &mut Context<Self>) {
        if request.must_arrive() {
            ctx.run_later(ROOM_AGAIN, move |actor, ctx| actor.deliver(id, request, ctx));
        } else {
            request.refuse(CommandError::Busy, id, &self.shared);
        }
    }

    /// Its actor died and the notice of that is still on its way. One that was never stored does not come back: its
    /// customer's next message starts another.
    fn replace_dead(&mut self, id: ConversationId, request: Request, ctx: &mut Context<Self>) {
        if let Some(Child::Live(mut live)) = self.children.remove(&id) {
            self.forget_customer(id, &mut live);
        }
        if request.may_begin() {
            self.load(id, VecDeque::new(), ctx);
            self.intake(request, ctx);
        } else {
            self.load(id, VecDeque::from([request]), ctx);
        }
    }

    fn load(&mut self, id: ConversationId, waiting: VecDeque<Request>, ctx: &mut Context<Self>) {
        self.children.insert(id, Child::Loading { waiting });
        let shared = Arc::clone(&self.shared);
        let read = async move { conversations::state(&shared.db, id).await };
        ctx.spawn(read.into_actor(self).map(move |result, actor, ctx| actor.loaded(Loaded { id, result }, ctx)));
    }

    fn loaded(&mut self, Loaded { id, result }: Loaded, ctx: &mut Context<Self>) {
        let Some(Child::Loading { waiting }) = self.children.remove(&id) else { return };
        let refusal = match result {
            Ok(Some(state)) => {
                self.tell_router(&state);
                self.start_loaded(Arc::new(state), None, ctx);
                for request in waiting {
                    self.deliver(id, request, ctx);
                }
                return;
            }
            Ok(None) => CommandError::NotFound,
            Err(error) => {
                tracing::error!(%error, conversation = %id, "cannot read a conversation");
                ctx.run_later(REBUILD_AGAIN, move |actor, ctx| {
                    if !actor.children.contains_key(&id) {
                        actor.load(id, VecDeque::new(), ctx);
                    }
                });
                CommandError::Unavailable
            }
        };
        for request in waiting {
            request.refuse(refusal.clone(), id, &self.shared);
        }
    }

    /// What the Router had decided for the actor that died may never have reached it.
    fn tell_router(&self, state: &State) {
        if let (false, Some(router)) = (state.phase.is_ended(), self.shared.restarted.get()) {
            gate::answer_recipient(router, Restarted(ItemView::of(state)));
        }
    }

    fn start_loaded(&mut self, state: Arc<State>, shown: Option<Shown>, ctx: &mut Context<Self>) {
        let (id, key) = (state.id, (state.channel, state.contact));
        let is_the_one = !state.phase.is_ended() && !state.kind.has_threads();
        let (shared, notice) = (Arc::clone(&self.shared), self.notice(id, ctx));
        let addr = Conversation::loaded(state, shown, shared, self.me(ctx), notice).start();
        self.keep(id, key, addr);
        if is_the_one {
            self.by_contact.insert(key, id);
        }
    }

    fn start_unborn(&mut self, birth: Birth, ctx: &mut Context<Self>) -> ConversationId {
        let id = self.shared.ids.next();
        let (key, is_the_one) = ((birth.channel, birth.contact), !birth.kind.has_threads());
        let (shared, notice) = (Arc::clone(&self.shared), self.notice(id, ctx));
        let addr = Conversation::unborn(id, birth, shared, self.me(ctx), notice).start();
        self.keep(id, key, addr);
        if is_the_one {
            self.by_contact.insert(key, id);
        }
        id
    }

    /// One address for all conversations: every clone of one costs as much as a small actor.
    fn me(&mut self, ctx: &Context<Self>) -> Arc<Addr<Self>> {
        Arc::clone(self.me.get_or_insert_with(|| Arc::new(ctx.address())))
    }

    fn notice(&mut self, id: ConversationId, ctx: &Context<Self>) -> DeathNotice {
        self.generation += 1;
        let (parent, generation) = (self.me(ctx), self.generation);
        DeathNotice::new("conversation", move || gate::answer(&parent, Died { id, generation }))
    }

    fn keep(&mut self, id: ConversationId, key: (ChannelId, ContactId), addr: Addr<Conversation>) {
        let gate = Gate::new("conversation", addr, QUEUE);
        self.children.insert(id, Child::Live(Live { gate, generation: self.generation, key, address: None }));
    }

    /// The next message of this customer is looked up anew.
    fn forget_customer(&mut self, id: ConversationId, live: &mut Live) {
        if self.by_contact.get(&live.key) == Some(&id) {
            self.by_contact.remove(&live.key);
        }
        if let Some(address) = live.address.take() {
            self.by_address.remove(&(live.key.0, address));
        }
    }
}

impl Actor for Shard {
    type Context = Context<Self>;
}

impl Handler<Gated<ToConversation>> for Shard {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<ToConversation>, ctx: &mut Self::Context) {
        match message {
            ToConversation { id: Some(id), request } => self.deliver(id, request, ctx),
            ToConversation { id: None, request } => self.intake(request, ctx),
        }
    }
}

impl Handler<Adopt> for Shard {
    type Result = ();

    fn handle(&mut self, Adopt(open): Adopt, ctx: &mut Self::Context) {
        for Listed { state, contact, last } in open {
            if !self.children.contains_key(&state.id) {
                self.start_loaded(state, Some(Shown { contact, last }), ctx);
            }
        }
    }
}

/// Dropping the gate ends the actor once it has handled what reached it.
impl Handler<Released> for Shard {
    type Result = ();

    fn handle(&mut self, Released { id, requests }: Released, ctx: &mut Self::Context) {
        match self.children.remove(&id) {
            Some(Child::Live(mut live)) => {
                self.forget_customer(id, &mut live);
                self.children.insert(id, Child::Leaving { generation: live.generation, waiting: VecDeque::new() });
            }
            // It says so again for everything that reaches it after the first time.
            Some(other) => {
                self.children.insert(id, other);
            }
            None => {}
        }
        for request in requests {
            self.intake(request.begin_anew(), ctx);
        }
    }
}

impl Handler<Died> for Shard {
    type Result = ();

    fn handle(&mut self, Died { id, generation }: Died, ctx: &mut Self::Context) {
        match self.children.remove(&id) {
            Some(Child::Leaving { generation: left, waiting }) if left == generation && waiting.is_empty() => {}
            Some(Child::Leaving { generation: left, waiting }) if left == generation => self.load(id, waiting, ctx),
            Some(Child::Live(mut live)) if live.generation == generation => {
                self.forget_customer(id, &mut live);
                self.load(id, VecDeque::new(), ctx);
            }
            Some(other) => {
                self.children.insert(id, other);
            }
            None => {}
        }
    }
}

impl Handler<Observe> for Shard {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        let live = self.children.values().filter(|child| matches!(child, Child::Live(_))).count();
        Observed { live, moving: self.children.len() - live, senders: self.by_address.len() }
    }
}
