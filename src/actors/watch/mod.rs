//! Open threads: who looks at which conversation.
//!
//! Owns: viewers by conversation (owners and spies, topic `conversation:{id}`) and visitors by contact (topic `chat`). Capacity:
//! [`QUEUE`] messages; what it misses then is made good by a fresh snapshot. A viewer gets the thread as stored at a position,
//! then what was committed after it. Who else looks and who is typing is told at most once a second each, and is never
//! stored; sockets see to it that nobody types more often. Persisted: nothing.

mod messages;
mod rooms;
mod waiting;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use bytestring::ByteString;

pub use self::messages::{Follow, Leave, Observe, Observed, Thread, Typed};
use self::{
    rooms::Rooms,
    waiting::{TELL_POSITIONS, WaitingVisitors, waits},
};
use crate::{
    actors::{
        agent_session::{SinkId, delta},
        gate::{Gate, Gated},
        publisher::Published,
        router::{Fronts, Queues, Router},
        sink::{Sink, frame},
    },
    clock::Clock,
    directory::Directory,
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::Conversation,
        message::{Author, WritingMode},
    },
    ids::{AgentId, ChannelId, ConversationId, UserId, VisitorId},
    store::{
        Db, StoreError, contacts,
        conversations::{self, StoredMessage},
        journal::STREAM,
        log,
        write::{About, Committed, ConversationChange},
    },
    telemetry,
    wire::{
        self,
        conversation::{Message, Summary},
        live::{Chat, ChatMessage, ChatSender, ChatTyping, ConversationDelta, Denied, Push, Queue, Typing, ViewerRow, Viewers},
    },
};

/// Messages that may wait.
pub const QUEUE: usize = 4096;
/// Messages of a thread in a snapshot.
const SHOWN: u64 = 50;
/// Frames kept for a viewer whose snapshot is being read.
const EARLY: usize = 64;
/// How often slow viewers are looked at again.
const SLOW_AGAIN: Duration = Duration::from_millis(200);
/// How long somebody who typed counts as typing.
const TYPING: Duration = Duration::from_secs(5);
/// Between two frames about who looks at a conversation.
const VIEWERS_EVERY: Duration = Duration::from_secs(1);

/// The actor.
pub struct Watch {
    db: Db,
    directory: Directory,
    clock: Clock,
    epoch: String,
    rooms: Rooms,
    waiting: WaitingVisitors,
    router: Gate<Router>,
    pos: u64,
    /// Reads begun so far.
    reads: u64,
}

struct Seat {
    id: SinkId,
    sink: Arc<dyn Sink>,
    as_owner: Option<AgentId>,
    user: Option<UserId>,
    /// What they are typing, and until when that holds.
    typing: Option<(WritingMode, Duration)>,
    state: SeatState,
}

enum SeatState {
    /// Its snapshot is being read, by this read or a later one; frames committed meanwhile wait.
    Reading {
        read: u64,
        early: Vec<(u64, ByteString)>,
    },
    Following,
    /// Reads too slowly: gets a fresh snapshot when there is room.
    Behind,
}

impl Watch {
    /// Nobody looks at anything yet. The Router knows who goes next.
    pub fn new(db: Db, directory: Directory, clock: Clock, router: Gate<Router>, epoch: String, pos: u64) -> Self {
        let (rooms, waiting) = (Rooms::default(), WaitingVisitors::default());
        Self { db, directory, clock, epoch, rooms, waiting, router, pos, reads: 0 }
    }

    /// Reads the thread for everybody who has waited for it until now.
    fn read(&mut self, thread: Thread, ctx: &mut Context<Self>) {
        let (db, number) = (self.db.clone(), self.reads);
        self.reads += 1;
        let read = async move { read(&db, thread).await };
        ctx.spawn(read.into_actor(self).map(move |result, actor, _| match result {
            Ok(Read { pos, push, state }) => {
                if let Some(state) = state {
                    actor.rooms.learn(thread, &state);
                    if let Thread::Visitor(channel, visitor) = thread {
                        actor.waiting.read((channel, visitor), &state);
                    }
                }
                actor.snapshot(thread, number, pos, push);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot read a thread");
                actor.rooms.seats(thread).retain(|seat| {
                    let waits = matches!(seat.state, SeatState::Reading { .. });
                    if waits {
                        seat.sink.close();
                    }
                    !waits
                });
            }
        }));
    }

    /// Who began to wait after the read had begun has missed what was committed between; a later read is theirs.
    fn snapshot(&mut self, thread: Thread, number: u64, pos: u64, push: Push) {
        let frames = self.frames(thread, pos, push);
        self.rooms.changed(thread);
        for seat in self.rooms.seats(thread) {
            let SeatState::Reading { read, early } = &mut seat.state else { continue };
            if *read > number {
                continue;
            }
            let early = std::mem::take(early);
            let fits = seat.sink.push(frames.of(seat.as_owner).clone())
                && early.into_iter().filter(|(at, _)| *at > pos).all(|(_, frame)| seat.sink.push(frame));
            seat.state = if fits { SeatState::Following } else { SeatState::Behind };
        }
    }

    /// One frame for everybody, or two when the campaign hides something from its agents.
    fn frames(&self, thread: Thread, pos: u64, push: Push) -> Frames {
        let encode = |push| frame(&thread.topic(), &self.epoch, pos, push);
        let hidden = |campaign| {
            let permissions = self.directory.peek().permissions_of(campaign);
            (!permissions.show_contact_number).then_some(permissions)
        };
        let agents = match &push {
            Push::Thread(thread) => thread.conversation.as_ref().and_then(|summary| {
                let conversation = Some(summary.clone().for_agent(&hidden(summary.campaign)?));
                Some(Push::Thread(wire::live::Thread { conversation, messages: thread.messages.clone() }))
            }),
            Push::Conversation(delta) => hidden(delta.conversation.campaign).map(|permissions| {
                let conversation = delta.conversation.clone().for_agent(&permissions);
                Push::Conversation(ConversationDelta { conversation, ..delta.clone() })
            }),
            _ => None,
        };
        Frames { agents: agents.map(encode), all: encode(push) }
    }

    fn pass_on(&mut self, append: &Committed, change: &ConversationChange) {
        let (id, pos) = (change.state.id, append.pos());
        if self.rooms.of_conversation(id).is_some() {
            let summary = Summary::of(&change.state, &change.contact, change.last.as_deref());
            let frames = self.frames(Thread::Conversation(id), pos, Push::Conversation(delta(append, change, summary)));
            if let Some(room) = self.rooms.of_conversation(id) {
                dismiss_former_owners(&mut room.seats, change, &self.epoch, pos);
                room.learn(&change.state);
                push_to(&mut room.seats, pos, &frames);
            }
        }
        let Some(visitor) = visitor_of(change) else { return };
        if let Some(seats) = self.rooms.of_visitor(visitor, &change.state) {
            let waited = self.waiting.learn(visitor, &change.state);
            let messages: Vec<_> = change.messages.iter().filter_map(|message| chat_message(id, message)).collect();
            let chat = chat(&change.state, messages, false);
            if chat.ended || waited != chat.waiting || !chat.messages.is_empty() {
                let push = Push::Chat(chat);
                let all = frame(&Thread::Visitor(visitor.0, visitor.1).topic(), &self.epoch, pos, push);
                push_to(seats, pos, &Frames { all, agents: None });
            }
        }
    }

    fn look_after_slow(&mut self, ctx: &mut Context<Self>) {
        let mut again = Vec::new();
        self.rooms.sweep(self.clock.elapsed());
        self.waiting.retain(|visitor| self.rooms.has_visitor(visitor));
        for (thread, seats) in self.rooms.all() {
            for seat in seats.iter_mut().filter(|seat| matches!(seat.state, SeatState::Behind) && seat.sink.has_room()) {
                metrics::counter!(telemetry::RESYNCS).increment(1);
                seat.state = SeatState::Reading { read: self.reads, early: Vec::new() };
                again.push(thread);
            }
        }
        for thread in again {
            self.read(thread, ctx);
        }
        self.tell_viewers();
    }
}

/// A thread as stored.
struct Read {
    /// The position it stands at.
    pos: u64,
    push: Push,
    state: Option<Conversation>,
}

fn visitor_of(change: &ConversationChange) -> Option<(ChannelId, VisitorId)> {
    if change.state.kind != ChannelKind::Webchat {
        return None;
    }
    change.contact.address.parse().ok().map(|visitor| (change.state.channel, visitor))
}

/// Who could look only because the conversation was theirs looks no longer.
fn dismiss_former_owners(seats: &mut Vec<Seat>, change: &ConversationChange, epoch: &str, pos: u64) {
    seats.retain(|seat| {
        let stays = seat.as_owner.is_none_or(|agent| change.state.involves(agent));
        if !stays {
            let topic = Thread::Conversation(change.state.id).topic();
            let denied = Denied { topic: topic.clone(), code: "not_found".to_owned() };
            seat.sink.push(frame(&topic, epoch, pos, Push::Denied(denied)));
        }
        stays
    });
}

/// What is pushed, by who looks.
struct Frames {
    all: ByteString,
    /// For those who look only because the conversation is theirs, when it is another.
    agents: Option<ByteString>,
}

impl Frames {
    fn of(&self, as_owner: Option<AgentId>) -> &ByteString {
        self.agents.as_ref().filter(|_| as_owner.is_some()).unwrap_or(&self.all)
    }
}

fn push_to(seats: &mut [Seat], pos: u64, frames: &Frames) {
    for seat in seats {
        let bytes = frames.of(seat.as_owner);
        match &mut seat.state {
            SeatState::Following if !seat.sink.push(bytes.clone()) => seat.state = SeatState::Behind,
            SeatState::Reading { early, .. } if early.len() < EARLY => early.push((pos, bytes.clone())),
            SeatState::Reading { .. } => seat.state = SeatState::Behind,
            SeatState::Following | SeatState::Behind => {}
        }
    }
}

/// The position is read first: what is committed meanwhile may come twice, and viewers fold by `seq`.
async fn read(db: &Db, thread: Thread) -> Result<Read, StoreError> {
    let pos = log::head(db, STREAM).await?;
    match thread {
        Thread::Conversation(id) => {
            let Some(state) = conversations::state(db, id).await? else {
                return Err(StoreError::Damaged(format!("conversation {id} is not there")));
            };
            let card = conversations::card(db, &state).await?;
            let stored = conversations::messages_before(db, id, u64::MAX >> 1, SHOWN).await?;
            let last = stored.first().map(|stored| Arc::clone(&stored.message));
            let of = |stored: StoredMessage| Message::of(&stored.message, stored.reason);
            let mut messages: Vec<Message> = stored.into_iter().map(of).collect();
            messages.reverse();
            let conversation = Some(Summary::of(&state, &card, last.as_deref()));
            Ok(Read { pos, push: Push::Thread(wire::live::Thread { conversation, messages }), state: Some(state) })
        }
        Thread::Visitor(channel, visitor) => {
            let Some(state) = last_of_visitor(db, channel, visitor).await? else {
                let nothing =
                    Chat { messages: Vec::new(), ended: false, snapshot: true, conversation: None, waiting: false, rating: None };
                return Ok(Read { pos, push: Push::Chat(nothing), state: None });
            };
            let stored = conversations::said(db, state.id, SHOWN).await?;
            let mut messages: Vec<ChatMessage> =
                stored.iter().filter_map(|stored| chat_message(state.id, &stored.message)).collect();
            messages.reverse();
            Ok(Read { pos, push: Push::Chat(chat(&state, messages, true)), state: Some(state) })
        }
    }
}

async fn last_of_visitor(db: &Db, channel: ChannelId, visitor: VisitorId) -> Result<Option<Conversation>, StoreError> {
    let address = Address { kind: AddressKind::Visitor, value: visitor.to_string() };
    match contacts::on_channel(db, channel, &address).await? {
        Some(contact) => conversations::last_with(db, channel, contact).await,
        None => Ok(None),
    }
}

fn chat(state: &Conversation, messages: Vec<ChatMessage>, snapshot: bool) -> Chat {
    let (ended, waiting) = (state.phase.is_ended(), waits(state));
    let rating = state.rating.map(|rating| rating.score);
    Chat { messages, ended, snapshot, conversation: Some(state.id), waiting, rating }
}

/// One question for all who wait, however many messages came meanwhile.
fn ask_for_positions(actor: &mut Watch, ctx: &mut Context<Watch>) {
    let campaigns = actor.waiting.campaigns();
    if !campaigns.is_empty() {
        // When the Router has no room, the next round asks again.
        let _ = actor.router.send(Fronts { campaigns, to: ctx.address().recipient() });
    }
}

/// As the visitor sees it; an internal note they never see.
fn chat_message(conversation: ConversationId, message: &crate::domain::message::Message) -> Option<ChatMessage> {
    let from = match message.author {
        Author::Contact => ChatSender::Me,
        Author::Agent(_) => ChatSender::Agent,
        Author::System => ChatSender::System,
        Author::Note(_) => return None,
    };
    let Message { seq, text, at, attachments, .. } = Message::of(message, None);
    Some(ChatMessage { conversation, seq, from, text, at, attachments })
}

impl Actor for Watch {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(SLOW_AGAIN, Self::look_after_slow);
        ctx.run_interval(TELL_POSITIONS, ask_for_positions);
    }
}

impl Handler<Gated<Published>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, _: &mut Self::Context) {
        for append in group.iter() {
            self.pos = append.pos();
            if let About::Conversation(change) = &append.about {
                self.pass_on(append, change);
            }
        }
    }
}

impl Handler<Gated<Follow>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Follow>, ctx: &mut Self::Context) {
        let Follow { id, sink, thread, as_owner, user } = message;
        let state = SeatState::Reading { read: self.reads, early: Vec::new() };
        let seats = self.rooms.seats(thread);
        seats.retain(|seat| seat.id != id);
        seats.push(Seat { id, sink, as_owner, user, typing: None, state });
        self.read(thread, ctx);
    }
}

impl Handler<Gated<Typed>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message: Typed { id, thread, mode }, .. }: Gated<Typed>, _: &mut Self::Context) {
        match thread {
            Thread::Conversation(conversation) => self.staff_types(conversation, id, mode),
            Thread::Visitor(channel, visitor) => {
                if let Some(conversation) = self.rooms.conversation_of((channel, visitor)) {
                    self.tell(conversation, id, Push::Typing(Typing { conversation, agent: None, mode: WritingMode::Reply }));
                }
            }
        }
    }
}

impl Watch {
    /// The others who look see it; the customer too, when their agent types something for them.
    fn staff_types(&mut self, conversation: ConversationId, id: SinkId, mode: WritingMode) {
        let until = self.clock.elapsed() + TYPING;
        let Some(room) = self.rooms.of_conversation(conversation) else { return };
        let Some(seat) = room.seats.iter_mut().find(|seat| seat.id == id) else { return };
        let Some(user) = seat.user else { return };
        let before = seat.typing.replace((mode, until));
        room.changed |= before.is_none_or(|(before, _)| before != mode);
        let for_customer = mode == WritingMode::Reply && room.owner == Some(user);
        self.tell(conversation, id, Push::Typing(Typing { conversation, agent: Some(user), mode }));
        if let Some((key, seats)) = self.rooms.visitor_in(conversation).filter(|_| for_customer) {
            let topic = Thread::Visitor(key.0, key.1).topic();
            let bytes = frame(&topic, &self.epoch, self.pos, Push::ChatTyping(ChatTyping { conversation }));
            hint(seats, &bytes);
        }
    }

    /// To whoever looks at a conversation, but for the one it comes from.
    fn tell(&mut self, conversation: ConversationId, from: SinkId, push: Push) {
        let Some(room) = self.rooms.of_conversation(conversation) else { return };
        let bytes = frame(&Thread::Conversation(conversation).topic(), &self.epoch, self.pos, push);
        hint(room.seats.iter().filter(|seat| seat.id != from), &bytes);
    }

    /// Who looks at each conversation where that changed.
    fn tell_viewers(&mut self) {
        let (now, directory) = (self.clock.elapsed(), self.directory.load());
        for (id, room) in self.rooms.tell_now(now) {
            let mut viewers: BTreeMap<UserId, Option<WritingMode>> = BTreeMap::new();
            for seat in &room.seats {
                let Some(user) = seat.user else { continue };
                let typing = viewers.entry(user).or_default();
                *typing = typing.or(seat.typing.map(|(mode, _)| mode));
            }
            let name = |user: &UserId| directory.users.get(user).map(|user| user.name.clone()).unwrap_or_default();
            let row =
                |(user, typing): (&UserId, &Option<WritingMode>)| ViewerRow { user: *user, name: name(user), typing: *typing };
            let push = Push::Viewers(Viewers { conversation: id, viewers: viewers.iter().map(row).collect() });
            let bytes = frame(&Thread::Conversation(id).topic(), &self.epoch, self.pos, push);
            room.changed = !hint(&room.seats, &bytes);
        }
    }
}

/// What need not arrive: who is behind gets none. Tells whether everybody else had room.
fn hint<'a>(seats: impl IntoIterator<Item = &'a Seat>, bytes: &ByteString) -> bool {
    let following = seats.into_iter().filter(|seat| matches!(seat.state, SeatState::Following));
    following.filter(|seat| !seat.sink.push(bytes.clone())).count() == 0
}

impl Handler<Queues> for Watch {
    type Result = ();

    fn handle(&mut self, Queues(queues): Queues, _: &mut Self::Context) {
        for (key, conversation, position) in self.waiting.moved(&queues) {
            let topic = Thread::Visitor(key.0, key.1).topic();
            let bytes = frame(&topic, &self.epoch, self.pos, Push::Queue(Queue { conversation, position }));
            hint(self.rooms.visitor_seats(&key), &bytes);
        }
    }
}

impl Handler<Gated<Leave>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message: Leave { id, thread }, .. }: Gated<Leave>, _: &mut Self::Context) {
        self.rooms.seats(thread).retain(|seat| seat.id != id);
        self.rooms.changed(thread);
    }
}

impl Handler<Observe> for Watch {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed { conversations: self.rooms.viewers(), visitors: self.rooms.visitors(), pos: self.pos }
    }
}
