//! Open threads: who looks at which conversation.
//!
//! Owns: viewers by conversation (owners and spies, topic `conversation:{id}`) and visitors by contact (topic `chat`). Capacity:
//! [`QUEUE`] messages; what it misses then is made good by a fresh snapshot. A viewer gets the thread as stored at a position,
//! then what was committed after it. Persisted: nothing.

mod messages;

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use bytestring::ByteString;
use rustc_hash::{FxHashMap, FxHashSet};

pub use self::messages::{Follow, Leave, Observe, Observed, Thread};
use crate::{
    actors::{
        agent_session::{SinkId, delta},
        gate::{Gate, Gated},
        publisher::Published,
        router::{FRONT, Fronts, Queues, Router},
        sink::{Sink, frame},
    },
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::{Conversation, Phase},
        message::Author,
    },
    ids::{AgentId, CampaignId, ChannelId, ConversationId, VisitorId},
    store::{
        Db, StoreError, contacts, conversations,
        journal::STREAM,
        log,
        write::{About, Committed, ConversationChange},
    },
    telemetry,
    wire::{
        self,
        conversation::{Message, Summary},
        live::{Chat, ChatMessage, ChatSender, Denied, Push, Queue, Typing},
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

/// How often visitors who wait are told how many go before them, if that has changed.
const TELL_POSITIONS: Duration = Duration::from_secs(2);

/// The actor.
pub struct Watch {
    db: Db,
    epoch: String,
    by_conversation: FxHashMap<ConversationId, Vec<Seat>>,
    by_visitor: FxHashMap<(ChannelId, VisitorId), Vec<Seat>>,
    /// Visitors who are here and whose conversation nobody has taken yet.
    waiting: FxHashMap<(ChannelId, VisitorId), Waiting>,
    router: Gate<Router>,
    pos: u64,
    /// Reads begun so far.
    reads: u64,
}

struct Seat {
    id: SinkId,
    sink: Arc<dyn Sink>,
    as_owner: Option<AgentId>,
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

/// A conversation that nobody has taken yet.
#[derive(Clone, Copy)]
struct Waiting {
    conversation: ConversationId,
    campaign: CampaignId,
    /// On its way to an agent: out of the queue.
    offered: bool,
    /// What the visitor was told: a position, or that it is far.
    told: Option<Option<u32>>,
}

impl Waiting {
    fn of(state: &Conversation) -> Option<Self> {
        let offered = matches!(state.phase, Phase::Offered { .. });
        let waits = offered || matches!(state.phase, Phase::Arrived | Phase::Admitted | Phase::Queued { .. });
        waits.then_some(Self { conversation: state.id, campaign: state.campaign, offered, told: None })
    }
}

impl Watch {
    /// Nobody looks at anything yet. The Router knows who goes next.
    pub fn new(db: Db, epoch: String, pos: u64, router: Gate<Router>) -> Self {
        Self {
            db,
            epoch,
            by_conversation: FxHashMap::default(),
            by_visitor: FxHashMap::default(),
            waiting: FxHashMap::default(),
            router,
            pos,
            reads: 0,
        }
    }

    fn seats(&mut self, thread: Thread) -> &mut Vec<Seat> {
        match thread {
            Thread::Conversation(id) => self.by_conversation.entry(id).or_default(),
            Thread::Visitor(channel, contact) => self.by_visitor.entry((channel, contact)).or_default(),
        }
    }

    /// Reads the thread for everybody who has waited for it until now.
    fn read(&mut self, thread: Thread, ctx: &mut Context<Self>) {
        let (db, number) = (self.db.clone(), self.reads);
        self.reads += 1;
        let read = async move { read(&db, thread).await };
        ctx.spawn(read.into_actor(self).map(move |result, actor, _| match result {
            Ok((pos, push, waiting)) => {
                actor.snapshot(thread, number, pos, push);
                if let (Thread::Visitor(channel, visitor), Some(waiting)) = (thread, waiting) {
                    actor.waiting.entry((channel, visitor)).or_insert(waiting).told = None;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot read a thread");
                actor.seats(thread).retain(|seat| {
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
        let bytes = frame(&thread.topic(), &self.epoch, pos, push);
        for seat in self.seats(thread) {
            let SeatState::Reading { read, early } = &mut seat.state else { continue };
            if *read > number {
                continue;
            }
            let early = std::mem::take(early);
            let fits = seat.sink.push(bytes.clone())
                && early.into_iter().filter(|(at, _)| *at > pos).all(|(_, frame)| seat.sink.push(frame));
            seat.state = if fits { SeatState::Following } else { SeatState::Behind };
        }
    }

    fn pass_on(&mut self, append: &Committed, change: &ConversationChange) {
        let (id, pos) = (change.state.id, append.pos());
        if let Some(seats) = self.by_conversation.get_mut(&id) {
            dismiss_former_owners(seats, change, &self.epoch, pos);
            let push = Push::Conversation(delta(append, change, Summary::of(&change.state, &change.contact)));
            push_to(seats, pos, &frame(&Thread::Conversation(id).topic(), &self.epoch, pos, push));
        }
        let Some(visitor) = visitor_of(change) else { return };
        if let Some(seats) = self.by_visitor.get_mut(&visitor) {
            let state = &change.state;
            let (ended, waiting) = (state.phase.is_ended(), Waiting::of(state));
            let before = self.waiting.get(&visitor).copied();
            // News of an earlier conversation, a late rating perhaps, change nothing about the one that waits.
            if before.is_none_or(|before| before.conversation <= id) {
                match waiting {
                    Some(now) => self.waiting.insert(visitor, Waiting { told: before.and_then(|before| before.told), ..now }),
                    None => self.waiting.remove(&visitor),
                };
            }
            if ended || before.is_some() != waiting.is_some() || !change.messages.is_empty() {
                let messages = change.messages.iter().map(|message| chat_message(id, message)).collect();
                let rating = state.rating.map(|rating| rating.score);
                let push = Push::Chat(Chat {
                    messages,
                    ended,
                    snapshot: false,
                    conversation: Some(id),
                    waiting: waiting.is_some(),
                    rating,
                });
                push_to(seats, pos, &frame(&Thread::Visitor(visitor.0, visitor.1).topic(), &self.epoch, pos, push));
            }
        }
    }

    fn look_after_slow(&mut self, ctx: &mut Context<Self>) {
        let mut again = Vec::new();
        let threads = self.by_conversation.iter_mut().map(|(id, seats)| (Thread::Conversation(*id), seats));
        let visitors = self.by_visitor.iter_mut().map(|(key, seats)| (Thread::Visitor(key.0, key.1), seats));
        for (thread, seats) in threads.chain(visitors) {
            seats.retain(|seat| seat.sink.is_open());
            for seat in seats.iter_mut().filter(|seat| matches!(seat.state, SeatState::Behind) && seat.sink.has_room()) {
                metrics::counter!(telemetry::RESYNCS).increment(1);
                seat.state = SeatState::Reading { read: self.reads, early: Vec::new() };
                again.push(thread);
            }
        }
        self.by_conversation.retain(|_, seats| !seats.is_empty());
        self.by_visitor.retain(|_, seats| !seats.is_empty());
        self.waiting.retain(|visitor, _| self.by_visitor.contains_key(visitor));
        for thread in again {
            self.read(thread, ctx);
        }
    }
}

/// One question for all who wait, however many messages came meanwhile.
fn ask_for_positions(actor: &mut Watch, ctx: &mut Context<Watch>) {
    let mut campaigns: Vec<CampaignId> = actor.waiting.values().map(|waiting| waiting.campaign).collect();
    if campaigns.is_empty() {
        return;
    }
    campaigns.sort_unstable();
    campaigns.dedup();
    // When the Router has no room, the next round asks again.
    let _ = actor.router.send(Fronts { campaigns, to: ctx.address().recipient() });
}

fn visitor_of(change: &ConversationChange) -> Option<(ChannelId, VisitorId)> {
    if change.state.kind != ChannelKind::Webchat {
        return None;
    }
    change.contact.address.parse().ok().map(|visitor| (change.state.channel, visitor))
}

/// Who could look only because the conversation was theirs looks no longer.
fn dismiss_former_owners(seats: &mut Vec<Seat>, change: &ConversationChange, epoch: &str, pos: u64) {
    let phase = &change.state.phase;
    let concerns = |agent: AgentId| phase.owner() == Some(agent) || phase.offer().is_some_and(|offer| offer.agent == agent);
    seats.retain(|seat| {
        let stays = seat.as_owner.is_none_or(concerns);
        if !stays {
            let topic = Thread::Conversation(change.state.id).topic();
            let denied = Denied { topic: topic.clone(), code: "not_found".to_owned() };
            seat.sink.push(frame(&topic, epoch, pos, Push::Denied(denied)));
        }
        stays
    });
}

fn push_to(seats: &mut [Seat], pos: u64, bytes: &ByteString) {
    for seat in seats {
        match &mut seat.state {
            SeatState::Following if !seat.sink.push(bytes.clone()) => seat.state = SeatState::Behind,
            SeatState::Reading { early, .. } if early.len() < EARLY => early.push((pos, bytes.clone())),
            SeatState::Reading { .. } => seat.state = SeatState::Behind,
            SeatState::Following | SeatState::Behind => {}
        }
    }
}

/// The position is read first: what is committed meanwhile may come twice, and viewers fold by `seq`.
async fn read(db: &Db, thread: Thread) -> Result<(u64, Push, Option<Waiting>), StoreError> {
    let pos = log::head(db, STREAM).await?;
    match thread {
        Thread::Conversation(id) => {
            let Some(state) = conversations::state(db, id).await? else {
                return Err(StoreError::Damaged(format!("conversation {id} is not there")));
            };
            let card = conversations::card(db, &state).await?;
            let mut messages: Vec<Message> = conversations::messages_before(db, id, u64::MAX >> 1, SHOWN)
                .await?
                .into_iter()
                .map(|stored| Message::of(&stored.message, stored.reason))
                .collect();
            messages.reverse();
            let conversation = Some(Summary::of(&state, &card));
            Ok((pos, Push::Thread(wire::live::Thread { conversation, messages }), None))
        }
        Thread::Visitor(channel, visitor) => {
            let Some(state) = last_of_visitor(db, channel, visitor).await? else {
                let nothing =
                    Chat { messages: Vec::new(), ended: false, snapshot: true, conversation: None, waiting: false, rating: None };
                return Ok((pos, Push::Chat(nothing), None));
            };
            let stored = conversations::messages_before(db, state.id, u64::MAX >> 1, SHOWN).await?;
            let mut messages: Vec<ChatMessage> = stored.iter().map(|stored| chat_message(state.id, &stored.message)).collect();
            messages.reverse();
            let (ended, waiting) = (state.phase.is_ended(), Waiting::of(&state));
            let rating = state.rating.map(|rating| rating.score);
            Ok((
                pos,
                Push::Chat(Chat {
                    messages,
                    ended,
                    snapshot: true,
                    conversation: Some(state.id),
                    waiting: waiting.is_some(),
                    rating,
                }),
                waiting,
            ))
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

fn chat_message(conversation: ConversationId, message: &crate::domain::message::Message) -> ChatMessage {
    let whole = Message::of(message, None);
    let from = match message.author {
        Author::Contact => ChatSender::Me,
        Author::Agent(_) => ChatSender::Agent,
        Author::System => ChatSender::System,
    };
    ChatMessage { conversation, seq: whole.seq, from, text: whole.text, at: whole.at, attachments: whole.attachments }
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

    fn handle(&mut self, Gated { message: Follow { id, sink, thread, as_owner }, .. }: Gated<Follow>, ctx: &mut Self::Context) {
        let state = SeatState::Reading { read: self.reads, early: Vec::new() };
        let seats = self.seats(thread);
        seats.retain(|seat| seat.id != id);
        seats.push(Seat { id, sink, as_owner, state });
        self.read(thread, ctx);
    }
}

impl Handler<Gated<Typing>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Typing>, _: &mut Self::Context) {
        let thread = Thread::Conversation(message.conversation);
        if let Some(seats) = self.by_conversation.get(&message.conversation) {
            let bytes = frame(&thread.topic(), &self.epoch, self.pos, Push::Typing(message));
            for seat in seats.iter().filter(|seat| matches!(seat.state, SeatState::Following)) {
                seat.sink.push(bytes.clone());
            }
        }
    }
}

impl Handler<Gated<Leave>> for Watch {
    type Result = ();

    fn handle(&mut self, Gated { message: Leave { id, thread }, .. }: Gated<Leave>, _: &mut Self::Context) {
        self.seats(thread).retain(|seat| seat.id != id);
    }
}

impl Handler<Queues> for Watch {
    type Result = ();

    fn handle(&mut self, Queues(queues): Queues, _: &mut Self::Context) {
        let place = |(index, id): (usize, &ConversationId)| (*id, u32::try_from(index + 1).unwrap_or(u32::MAX));
        let positions: FxHashMap<_, _> = queues.iter().flat_map(|(_, front)| front.iter().enumerate().map(place)).collect();
        let long: FxHashSet<CampaignId> = queues.iter().filter(|(_, front)| front.len() >= FRONT).map(|(id, _)| *id).collect();
        for (visitor, waiting) in &mut self.waiting {
            let found = positions.get(&waiting.conversation).copied();
            // Who is being connected goes next.
            let position = if waiting.offered { Some(1) } else { found };
            // Not there though everybody who waits was named: it is on its way in or out.
            if position.is_none() && !long.contains(&waiting.campaign) {
                continue;
            }
            if waiting.told.replace(position) == Some(position) {
                continue;
            }
            let push = Push::Queue(Queue { conversation: waiting.conversation, position });
            let bytes = frame(&Thread::Visitor(visitor.0, visitor.1).topic(), &self.epoch, self.pos, push);
            for seat in self.by_visitor.get(visitor).into_iter().flatten() {
                if matches!(seat.state, SeatState::Following) {
                    seat.sink.push(bytes.clone());
                }
            }
        }
    }
}

impl Handler<Observe> for Watch {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            conversations: self.by_conversation.values().map(Vec::len).sum(),
            visitors: self.by_visitor.values().map(Vec::len).sum(),
            pos: self.pos,
        }
    }
}
