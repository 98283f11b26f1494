//! What waits on one channel account, in memory: which message may go next.
//!
//! A conversation's messages are in the order they were recorded, and only the first of them may go, when nothing of that
//! conversation is on its way. Bounded: when the store has more than [`Index::new`]'s `room`, what is here is the beginning
//! of each conversation's line or nothing of it, so no message can overtake one that is not here.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use crate::{
    clock::Timestamp,
    ids::{ConversationId, MessageId},
    store::outbox::Waiting,
};

/// A message that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) message: MessageId,
    pub(super) seq: u64,
    /// So far.
    pub(super) attempts: u32,
    /// Not before.
    pub(super) next_at: Timestamp,
    /// Of the last attempt: it may have arrived.
    pub(super) outcome_unknown: bool,
}

impl From<&Waiting> for Item {
    fn from(row: &Waiting) -> Self {
        Self {
            message: row.message,
            seq: row.seq,
            attempts: row.attempts,
            next_at: row.next_at,
            outcome_unknown: row.outcome_unknown,
        }
    }
}

#[derive(Debug)]
pub(super) struct Index {
    lines: FxHashMap<ConversationId, VecDeque<Item>>,
    /// The first of every line whose conversation has nothing on its way.
    due: BTreeSet<(Timestamp, ConversationId)>,
    sending: FxHashMap<ConversationId, MessageId>,
    /// Messages that were sent for again while the attempt that failed was not over here.
    again: FxHashMap<ConversationId, Item>,
    len: usize,
    room: usize,
    complete: bool,
}

impl Index {
    /// An index that holds at most `room` messages. Incomplete until [`Index::replace`].
    pub(super) fn new(room: usize) -> Self {
        Self {
            lines: FxHashMap::default(),
            due: BTreeSet::new(),
            sending: FxHashMap::default(),
            again: FxHashMap::default(),
            len: 0,
            room,
            complete: false,
        }
    }

    /// Messages that wait here.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Messages on their way.
    pub(super) fn sending(&self) -> usize {
        self.sending.len()
    }

    /// Whether everything that waits in the store is here.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Something is missing here: reading the store again is worth it when little is left.
    pub(super) fn wants_more(&self) -> bool {
        !self.complete && self.len <= self.room / 2
    }

    /// From now on something may be missing here.
    pub(super) fn forget_completeness(&mut self) {
        self.complete = false;
    }

    /// A message was committed. Without room it stays in the store only, and so does everything after it.
    pub(super) fn add(&mut self, conversation: ConversationId, item: Item) {
        if !self.complete {
            return;
        }
        if self.len >= self.room {
            self.complete = false;
            return;
        }
        self.insert(conversation, item);
    }

    /// A message that failed was committed once more. Its last attempt may not be over here yet; then it waits for that. One
    /// announced twice finds nothing left to send.
    pub(super) fn add_again(&mut self, conversation: ConversationId, item: Item) {
        if self.sending.get(&conversation) == Some(&item.message) {
            self.again.insert(conversation, item);
        } else {
            self.add(conversation, item);
        }
    }

    /// Takes over the first rows of the store, ordered by conversation and `seq`: all there are when fewer than there is
    /// room for. What is known here of a row (a retry that was decided since) stands.
    pub(super) fn replace(&mut self, rows: &[Waiting]) {
        let known = std::mem::take(&mut self.lines);
        self.due.clear();
        self.len = 0;
        self.complete = rows.len() < self.room;
        for row in rows {
            let item = known.get(&row.conversation).and_then(|line| line.iter().find(|item| item.message == row.message));
            self.insert(row.conversation, item.copied().unwrap_or_else(|| row.into()));
        }
    }

    fn insert(&mut self, conversation: ConversationId, item: Item) {
        if self.sending.get(&conversation) == Some(&item.message) {
            return;
        }
        let line = self.lines.entry(conversation).or_default();
        let Err(place) = line.binary_search_by_key(&item.seq, |other| other.seq) else { return };
        if place == 0 && !self.sending.contains_key(&conversation) {
            if let Some(first) = line.front() {
                self.due.remove(&(first.next_at, conversation));
            }
            self.due.insert((item.next_at, conversation));
        }
        line.insert(place, item);
        self.len += 1;
    }

    /// The message whose turn it is; it is on its way from now on.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<(ConversationId, Item)> {
        let (at, conversation) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, conversation));
        let line = self.lines.get_mut(&conversation)?;
        let item = line.pop_front()?;
        self.len -= 1;
        if line.is_empty() {
            self.lines.remove(&conversation);
        }
        self.sending.insert(conversation, item.message);
        Some((conversation, item))
    }

    /// Sent, or failed for good: the next of its conversation may go.
    pub(super) fn finish(&mut self, conversation: ConversationId) {
        self.sending.remove(&conversation);
        if let Some(item) = self.again.remove(&conversation) {
            self.add(conversation, item);
        }
        if let Some(first) = self.lines.get(&conversation).and_then(VecDeque::front) {
            self.due.insert((first.next_at, conversation));
        }
    }

    /// It is tried again: still before everything else of its conversation.
    pub(super) fn put_back(&mut self, conversation: ConversationId, item: Item) {
        self.sending.remove(&conversation);
        self.insert(conversation, item);
    }

    /// When the next message may go.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn conversation(number: u128) -> ConversationId {
        ConversationId::from_u128(number)
    }

    fn row(of: u128, seq: u64) -> Waiting {
        Waiting {
            message: MessageId::from_u128(of * 1_000 + u128::from(seq)),
            conversation: conversation(of),
            seq,
            outcome_unknown: false,
            attempts: 0,
            next_at: at(i64::try_from(seq).unwrap()),
        }
    }

    fn filled(room: usize, rows: &[Waiting]) -> Index {
        let mut index = Index::new(room);
        index.replace(rows);
        index
    }

    fn taken(index: &mut Index) -> Vec<(u128, u64)> {
        let mut taken = Vec::new();
        while let Some((id, item)) = index.take_due(at(100)) {
            let number = (1..=9).find(|number| conversation(*number) == id).unwrap();
            taken.push((number, item.seq));
        }
        taken
    }

    #[test]
    fn one_message_of_each_conversation_goes_and_the_next_when_it_is_finished() {
        let mut index = filled(10, &[row(1, 2), row(1, 3), row(2, 4)]);
        assert_eq!(taken(&mut index), [(1, 2), (2, 4)]);
        index.finish(conversation(1));
        assert_eq!(taken(&mut index), [(1, 3)]);
        assert_eq!((index.len(), index.sending()), (0, 2));
    }

    #[test]
    fn what_is_tried_again_stays_before_what_came_after_it() {
        let mut index = filled(10, &[row(1, 2), row(1, 3)]);
        let (id, item) = index.take_due(at(100)).unwrap();
        index.put_back(id, Item { next_at: at(200), attempts: 1, ..item });
        assert_eq!(index.take_due(at(199)), None);
        assert_eq!(index.next_due(), Some(at(200)));
        assert_eq!(index.take_due(at(200)).unwrap().1.seq, 2);
    }

    #[test]
    fn nothing_is_taken_twice_however_often_it_is_announced_and_read() {
        let mut index = filled(10, &[row(1, 2)]);
        index.add(conversation(1), (&row(1, 2)).into());
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.add(conversation(1), (&row(1, 2)).into());
        index.replace(&[row(1, 2), row(1, 3)]);
        assert_eq!(taken(&mut index), []);
        index.finish(conversation(1));
        assert_eq!(taken(&mut index), [(1, 3)]);
    }

    #[test]
    fn what_failed_is_sent_again_even_when_asked_for_before_its_attempt_was_over() {
        let mut index = filled(10, &[row(1, 2), row(1, 3)]);
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.add_again(conversation(1), (&row(1, 2)).into());
        assert_eq!(taken(&mut index), []);
        index.finish(conversation(1));
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.finish(conversation(1));
        assert_eq!(taken(&mut index), [(1, 3)]);
        index.finish(conversation(1));
        index.add_again(conversation(1), (&row(1, 2)).into());
        assert_eq!(taken(&mut index), [(1, 2)]);
    }

    #[test]
    fn beyond_its_room_nothing_is_taken_in_until_the_store_is_read_again() {
        let mut index = filled(2, &[row(1, 2)]);
        index.add(conversation(1), (&row(1, 3)).into());
        assert!(index.is_complete());
        index.add(conversation(1), (&row(1, 4)).into());
        assert!(!index.is_complete() && !index.wants_more());
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.finish(conversation(1));
        index.add(conversation(1), (&row(1, 5)).into());
        assert_eq!(taken(&mut index), [(1, 3)]);
        index.finish(conversation(1));
        assert!(index.wants_more());
        index.replace(&[row(1, 4)]);
        index.add(conversation(1), (&row(1, 5)).into());
        assert_eq!(taken(&mut index), [(1, 4)]);
    }

    #[test]
    fn reading_again_does_not_undo_a_retry_that_was_decided_meanwhile() {
        let mut index = filled(10, &[row(1, 2)]);
        let (id, item) = index.take_due(at(100)).unwrap();
        index.put_back(id, Item { next_at: at(500), attempts: 3, ..item });
        index.replace(&[row(1, 2)]);
        assert_eq!(index.next_due(), Some(at(500)));
    }
}
