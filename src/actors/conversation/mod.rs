//! One open conversation.
//!
//! Owns: its state machine; the only writer of its events. Capacity: [`QUEUE`] requests, then Busy. It takes the next
//! request when the append of the last is answered, so its state never runs ahead of the commit; messages of the customer
//! that queued up meanwhile go in one append. Rebuilt by its [`super::shard::Shard`] from the store whenever an append
//! fails in a way that leaves the outcome open, and after a panic. Persisted: everything.

mod batch;
mod messages;

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Recipient, SpawnHandle, WrapFuture, fut::ActorFutureExt};
use smallvec::SmallVec;

use self::batch::{Batch, done, note};
pub use self::messages::{Birth, Observe, Observed, Reply, Request, Settled};
use crate::{
    actors::{
        engine::CommandError,
        gate::{self, Gated},
        lifecycle::DeathNotice,
        router::{OfferRefused, Restarted},
        shard::{Released, Shard},
    },
    clock::{Clock, Timestamp},
    directory::Directory,
    domain::{
        conversation::{Command, Conversation as State},
        field,
        log::By,
        message::Message,
        routing::memories,
        schedule,
    },
    ids::{ClientId, ConversationId, Ids, MessageId},
    store::{
        Db, StoreError, conversations,
        journal::Journal,
        write::{Append, ContactCard, ConversationAppend, NewContact, Refused, RowChange, Subject, concerned},
    },
};

/// Requests that may wait for the append in flight. A customer who sends faster than the disk writes is told to slow down.
pub const QUEUE: usize = 64;
/// When the journal had no room for a decision of the Router.
const ROOM_AGAIN: Duration = Duration::from_millis(20);

/// What every conversation of a shard shares.
pub struct Shared {
    /// Readers.
    pub db: Db,
    /// The writer.
    pub journal: Journal,
    /// Configuration in force.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Arc<Ids>,
    /// Where refused offers are reported.
    pub refused: OnceLock<Recipient<OfferRefused>>,
    /// Where a rebuilt conversation is reported.
    pub restarted: OnceLock<Recipient<Restarted>>,
}

/// The actor.
pub struct Conversation {
    id: ConversationId,
    shared: Arc<Shared>,
    shard: Arc<Addr<Shard>>,
    state: Option<Arc<State>>,
    birth: Option<Box<Birth>>,
    contact: Option<Arc<ContactCard>>,
    /// The last message: see [`crate::store::write::ConversationChange::last`].
    last: Option<Arc<Message>>,
    queue: VecDeque<Request>,
    in_flight: Option<Box<InFlight>>,
    /// The first append was tried.
    tried: bool,
    /// The journal had no room.
    full: bool,
    timer: Option<SpawnHandle>,
    _notice: DeathNotice,
}

/// What shows a conversation in lists.
pub struct Shown {
    /// With whom it is.
    pub contact: Arc<ContactCard>,
    /// Its last message, as [`Message::remembered`] keeps it.
    pub last: Option<Arc<Message>>,
}

/// Requests whose events are being committed, and the state they lead to.
struct InFlight {
    next: Arc<State>,
    last: Option<Arc<Message>>,
    /// When it changes how the contact is shown.
    card: Option<Arc<ContactCard>>,
    requests: SmallVec<[Accepted; 1]>,
}

/// A request that led to events.
struct Accepted {
    request: Request,
    seq: u64,
    message: Option<MessageId>,
}

impl Conversation {
    /// A conversation that is in the store; what shows it is read when it is first needed, unless it is at hand.
    pub fn loaded(
        state: Arc<State>,
        shown: Option<Shown>,
        shared: Arc<Shared>,
        shard: Arc<Addr<Shard>>,
        notice: DeathNotice,
    ) -> Self {
        let mut this = Self::new(state.id, Some(state), None, None, shared, shard, notice);
        if let Some(Shown { contact, last }) = shown {
            (this.contact, this.last) = (Some(contact), last);
        }
        this
    }

    /// A conversation that begins with the first message it receives.
    pub fn unborn(id: ConversationId, birth: Birth, shared: Arc<Shared>, shard: Arc<Addr<Shard>>, notice: DeathNotice) -> Self {
        let card = ContactCard {
            id: birth.contact,
            name: birth.name.clone(),
            address: birth.address.value.clone(),
            fields: field::Values::new(),
            subject: birth.subject.clone(),
        };
        Self::new(id, None, Some(Box::new(birth)), Some(Arc::new(card)), shared, shard, notice)
    }

    fn new(
        id: ConversationId,
        state: Option<Arc<State>>,
        birth: Option<Box<Birth>>,
        contact: Option<Arc<ContactCard>>,
        shared: Arc<Shared>,
        shard: Arc<Addr<Shard>>,
        notice: DeathNotice,
    ) -> Self {
        Self {
            id,
            shared,
            shard,
            state,
            birth,
            contact,
            last: None,
            queue: VecDeque::new(),
            in_flight: None,
            tried: false,
            full: false,
            timer: None,
            _notice: notice,
        }
    }

    /// Takes the next requests unless an append is in flight.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        while self.in_flight.is_none() && !self.full && !self.queue.is_empty() {
            if self.contact.is_none() {
                self.fetch_contact(ctx);
                return;
            }
            self.hand_back_messages();
            if let Some(batch) = self.take_batch() {
                self.commit(batch, ctx);
            }
        }
        self.leave_if_over();
    }

    fn is_over(&self) -> bool {
        self.state.as_ref().map_or(self.birth.is_none(), |state| state.phase.is_ended())
    }

    /// Who writes to a customer whose conversation ended, and the customer, start another one: the shard knows how.
    fn hand_back_messages(&mut self) {
        if !self.is_over() || !self.queue.iter().any(Request::may_begin) {
            return;
        }
        let (requests, rest) = std::mem::take(&mut self.queue).into_iter().partition(Request::may_begin);
        self.queue = rest;
        gate::answer(&self.shard, Released { id: self.id, requests });
    }

    /// Ended, or never begun because its first message was not stored: the shard lets go of it.
    fn leave_if_over(&mut self) {
        let idle = self.in_flight.is_none() && self.queue.is_empty();
        if idle && (self.is_over() || (self.state.is_none() && self.tried)) {
            gate::answer(&self.shard, Released { id: self.id, requests: VecDeque::new() });
        }
    }

    fn commit(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        let Batch { next, first_seq, at, events, messages, outbox, noticed, fields, renamed, accepted } = batch;
        let Some(mut contact) = self.contact.clone() else { return };
        let changes_card = !fields.is_empty() || renamed.is_some();
        if !fields.is_empty() {
            note(&mut Arc::make_mut(&mut contact).fields, &fields);
        }
        if let Some(name) = renamed {
            name.as_ref().clone_into(&mut Arc::make_mut(&mut contact).name);
        }
        let card = changes_card.then(|| Arc::clone(&contact));
        let new_contact = self.birth.as_ref().filter(|birth| birth.is_new).map(|birth| NewContact {
            id: birth.contact,
            client: birth.client,
            name: birth.name.clone(),
            address: birth.address.clone(),
        });
        let last = messages.last().map(Message::remembered).or_else(|| self.last.clone());
        let mut claims = SmallVec::new();
        let mut recorded = SmallVec::new();
        for item in &accepted {
            claims.extend(item.request.claim().cloned());
            recorded.extend(item.request.recorded(&done(&next, item.message), at));
        }
        let next = Arc::new(next);
        let memories = memories(self.state.as_deref(), &next, at);
        let day = if memories.is_empty() { Timestamp::default() } else { self.day_of(next.client, at) };
        let append = Append {
            subject: Subject::Conversation(Box::new(ConversationAppend {
                memories,
                day,
                concerned: concerned(self.state.as_deref(), &next),
                row: RowChange::of(self.state.as_deref(), &next, events.iter().map(|(event, ..)| event)),
                state: Arc::clone(&next),
                first_seq,
                events,
                at,
                messages,
                new_contact,
                noticed,
                outbox,
                fields,
                contact,
                last: last.clone(),
            })),
            claims,
            recorded,
            done: messages::settle(ctx.address()),
        };
        self.tried = true;
        self.in_flight = Some(Box::new(InFlight { next, card, last, requests: accepted }));
        if self.shared.journal.append(append).is_err() {
            self.wait_for_room(ctx);
        }
    }

    /// Midnight before this moment, where a client is.
    fn day_of(&self, client: ClientId, at: Timestamp) -> Timestamp {
        schedule::day(self.shared.directory.peek().zone_of(client), at).since
    }

    /// The journal's queue is full: whoever asked is told so, the Router's decisions wait.
    fn wait_for_room(&mut self, ctx: &mut Context<Self>) {
        let requests = self.in_flight.take().into_iter().flat_map(|flight| flight.requests).map(|accepted| accepted.request);
        let (wait, refused): (Vec<_>, Vec<_>) = requests.partition(Request::must_arrive);
        for request in refused {
            request.refuse(CommandError::Busy, self.id, &self.shared);
        }
        if !wait.is_empty() {
            for request in wait.into_iter().rev() {
                self.queue.push_front(request);
            }
            self.full = true;
            ctx.run_later(ROOM_AGAIN, |actor, ctx| {
                actor.full = false;
                actor.pump(ctx);
            });
        }
    }

    fn refuse_in_flight(&mut self, error: &CommandError) {
        for Accepted { request, .. } in self.in_flight.take().into_iter().flat_map(|flight| flight.requests) {
            request.refuse(error.clone(), self.id, &self.shared);
        }
    }

    fn committed(&mut self, ctx: &mut Context<Self>) {
        let Some(flight) = self.in_flight.take() else { return };
        let InFlight { next, card, last, requests } = *flight;
        self.contact = card.or_else(|| self.contact.take());
        for Accepted { request, seq, message } in requests {
            request.succeed(&next, seq, message);
        }
        self.state = Some(next);
        self.last = last;
        self.birth = None;
        self.arm(ctx);
    }

    /// Some of the batch had been stored or answered before: the rest is stepped again, in its order.
    fn repeated(&mut self, claims: &[usize], recorded: &[usize]) {
        let Some(flight) = self.in_flight.take() else { return };
        let (mut claim, mut answer) = (0, 0);
        let mut rest = VecDeque::new();
        for Accepted { request, .. } in flight.requests {
            let known = match &request {
                Request::Receive { .. } => {
                    claim += 1;
                    claims.contains(&(claim - 1))
                }
                other if other.keep().is_some() => {
                    answer += 1;
                    recorded.contains(&(answer - 1))
                }
                _ => false,
            };
            if known { request.repeated() } else { rest.push_back(request) }
        }
        rest.append(&mut self.queue);
        self.queue = rest;
    }

    /// The timer is only the shadow of the stored deadline.
    fn arm(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let Some(due) = self.state.as_deref().and_then(State::next_due) else { return };
        let wait = due.since(self.shared.clock.now());
        self.timer = Some(ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            let command = Command::Due { message: actor.shared.ids.next() };
            let due = Request::Command { command, by: By::System, keep: None, reply: Reply::Nobody };
            actor.queue.push_back(due);
            actor.pump(ctx);
            if actor.in_flight.is_none() {
                actor.arm(ctx);
            }
        }));
    }

    fn fetch_contact(&mut self, ctx: &mut Context<Self>) {
        let Some(state) = self.state.clone() else { return };
        let shared = Arc::clone(&self.shared);
        let fetch = async move {
            let card = conversations::card(&shared.db, &state).await?;
            Ok::<_, StoreError>((card, conversations::last_message(&shared.db, state.id).await?))
        };
        ctx.wait(fetch.into_actor(self).map(|fetched, actor, ctx| match fetched {
            Ok((card, last)) => {
                actor.last = last;
                actor.contact = Some(Arc::new(card));
                actor.pump(ctx);
            }
            Err(error) => {
                tracing::error!(%error, conversation = %actor.id, "cannot read the contact");
                for request in std::mem::take(&mut actor.queue) {
                    request.refuse(CommandError::Unavailable, actor.id, &actor.shared);
                }
            }
        }));
    }
}

impl Actor for Conversation {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.arm(ctx);
    }

    fn stopping(&mut self, _: &mut Self::Context) -> actix::Running {
        for request in std::mem::take(&mut self.queue) {
            request.refuse(CommandError::Unavailable, self.id, &self.shared);
        }
        actix::Running::Stop
    }
}

impl Handler<Gated<Request>> for Conversation {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Request>, ctx: &mut Self::Context) {
        self.queue.push_back(message);
        self.pump(ctx);
    }
}

impl Handler<Settled> for Conversation {
    type Result = ();

    fn handle(&mut self, Settled(result): Settled, ctx: &mut Self::Context) {
        match result {
            Ok(_) => self.committed(ctx),
            Err(Refused::Duplicate { claims, recorded }) => self.repeated(&claims, &recorded),
            Err(Refused::Conflict(reason)) => {
                tracing::error!(reason, conversation = %self.id, "an append stands against the store; rebuilding");
                self.refuse_in_flight(&CommandError::Conflict);
                ctx.stop();
                return;
            }
            Err(Refused::Unavailable) => {
                self.refuse_in_flight(&CommandError::Unavailable);
                ctx.stop();
                return;
            }
        }
        self.pump(ctx);
    }
}

impl Handler<Observe> for Conversation {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            id: self.id,
            phase: self.state.as_ref().map_or("unborn", |state| state.phase.as_str()),
            seq: self.state.as_ref().map_or(0, |state| state.seq),
            queued: self.queue.len(),
            in_flight: self.in_flight.is_some(),
        }
    }
}
