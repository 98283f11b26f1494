//! Where viewers sit: one room per conversation that staff look at, one per visitor who is connected.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::{Seat, Thread, VIEWERS_EVERY};
use crate::{
    domain::conversation::Conversation,
    ids::{AgentId, ChannelId, ConversationId, VisitorId},
};

/// A visitor on a channel account.
pub(super) type Key = (ChannelId, VisitorId);

/// Everybody who looks at anything.
#[derive(Default)]
pub(super) struct Rooms {
    conversations: FxHashMap<ConversationId, Room>,
    visitors: FxHashMap<Key, Lobby>,
    /// The open conversations of visitors who are connected.
    chats: FxHashMap<ConversationId, Key>,
}

/// Who looks at a conversation.
#[derive(Default)]
pub(super) struct Room {
    pub(super) seats: Vec<Seat>,
    /// Who has it, as far as is known here.
    pub(super) owner: Option<AgentId>,
    seq: u64,
    /// Who looks or types has changed since the others were told.
    pub(super) changed: bool,
    told_at: Option<Duration>,
}

impl Room {
    /// Takes over a state, unless a later one is known.
    pub(super) fn learn(&mut self, state: &Conversation) {
        if state.seq >= self.seq {
            (self.seq, self.owner) = (state.seq, state.phase.owner());
        }
    }
}

/// A visitor's tabs.
#[derive(Default)]
struct Lobby {
    seats: Vec<Seat>,
    conversation: Option<ConversationId>,
}

impl Rooms {
    /// Who looks at a thread.
    pub(super) fn seats(&mut self, thread: Thread) -> &mut Vec<Seat> {
        match thread {
            Thread::Conversation(id) => &mut self.conversations.entry(id).or_default().seats,
            Thread::Visitor(channel, visitor) => &mut self.visitors.entry((channel, visitor)).or_default().seats,
        }
    }

    pub(super) fn of_conversation(&mut self, id: ConversationId) -> Option<&mut Room> {
        self.conversations.get_mut(&id)
    }

    /// The tabs of a visitor in whose conversation something happened.
    pub(super) fn of_visitor(&mut self, key: Key, state: &Conversation) -> Option<&mut Vec<Seat>> {
        self.visitors.contains_key(&key).then(|| self.meet(key, state));
        self.visitors.get_mut(&key).map(|lobby| &mut lobby.seats)
    }

    /// Who looks at a conversation changed.
    pub(super) fn changed(&mut self, thread: Thread) {
        if let Thread::Conversation(id) = thread
            && let Some(room) = self.conversations.get_mut(&id)
        {
            room.changed = true;
        }
    }

    /// A state was read for a thread.
    pub(super) fn learn(&mut self, thread: Thread, state: &Conversation) {
        match thread {
            Thread::Conversation(id) => {
                if let Some(room) = self.conversations.get_mut(&id) {
                    room.learn(state);
                }
            }
            Thread::Visitor(channel, visitor) => self.meet((channel, visitor), state),
        }
    }

    /// A visitor's conversation, while it is open.
    fn meet(&mut self, key: Key, state: &Conversation) {
        let Some(lobby) = self.visitors.get_mut(&key) else { return };
        if !state.phase.is_ended() {
            if let Some(before) = lobby.conversation.replace(state.id) {
                self.chats.remove(&before);
            }
            self.chats.insert(state.id, key);
        } else if lobby.conversation == Some(state.id) {
            lobby.conversation = None;
            self.chats.remove(&state.id);
        }
    }

    /// The open conversation of a visitor who is connected.
    pub(super) fn conversation_of(&self, key: Key) -> Option<ConversationId> {
        self.visitors.get(&key)?.conversation
    }

    /// The visitor of a conversation, when connected.
    pub(super) fn visitor_in(&self, id: ConversationId) -> Option<(Key, &[Seat])> {
        let key = *self.chats.get(&id)?;
        Some((key, &self.visitors.get(&key)?.seats))
    }

    /// The tabs of a visitor.
    pub(super) fn visitor_seats(&self, key: &Key) -> &[Seat] {
        self.visitors.get(key).map_or(&[], |lobby| &lobby.seats)
    }

    /// Whether a visitor is here.
    pub(super) fn has_visitor(&self, key: &Key) -> bool {
        self.visitors.contains_key(key)
    }

    /// All threads with who looks at them.
    pub(super) fn all(&mut self) -> impl Iterator<Item = (Thread, &mut Vec<Seat>)> {
        let threads = self.conversations.iter_mut().map(|(id, room)| (Thread::Conversation(*id), &mut room.seats));
        let visitors = self.visitors.iter_mut().map(|((channel, id), lobby)| (Thread::Visitor(*channel, *id), &mut lobby.seats));
        threads.chain(visitors)
    }

    /// Closes the rooms of whoever is gone; ends typing that holds no longer.
    pub(super) fn sweep(&mut self, now: Duration) {
        self.conversations.retain(|_, room| {
            let before = room.seats.len();
            room.seats.retain(|seat| seat.sink.is_open());
            let over = |seat: &&mut Seat| seat.typing.is_some_and(|(_, until)| until <= now);
            let ended = room.seats.iter_mut().filter(over).map(|seat| seat.typing = None).count();
            room.changed |= room.seats.len() != before || ended > 0;
            !room.seats.is_empty()
        });
        let chats = &mut self.chats;
        self.visitors.retain(|_, lobby| {
            lobby.seats.retain(|seat| seat.sink.is_open());
            if lobby.seats.is_empty()
                && let Some(id) = lobby.conversation
            {
                chats.remove(&id);
            }
            !lobby.seats.is_empty()
        });
    }

    /// Rooms whose viewers must be told who looks, and have not been told just now.
    pub(super) fn tell_now(&mut self, now: Duration) -> impl Iterator<Item = (ConversationId, &mut Room)> {
        let due = move |room: &Room| room.changed && room.told_at.is_none_or(|at| now.saturating_sub(at) >= VIEWERS_EVERY);
        self.conversations.iter_mut().filter(move |(_, room)| due(room)).map(move |(id, room)| {
            room.told_at = Some(now);
            (*id, room)
        })
    }

    pub(super) fn viewers(&self) -> usize {
        self.conversations.values().map(|room| room.seats.len()).sum()
    }

    pub(super) fn visitors(&self) -> usize {
        self.visitors.values().map(|lobby| lobby.seats.len()).sum()
    }
}
