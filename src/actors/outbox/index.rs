//! What waits on one channel account, in memory: which message may go next.
//!
//! A conversation's messages are in the order they were recorded, and only the first of them may go, when nothing of that
//! conversation is on its way. What is sent later stands apart from its conversation's line: nobody waits for its time. Bounded: when the store has more than [`Index::new`]'s `room`, what is here is the beginning
//! of each conversation's line or nothing of it, so no message can overtake one that is not here.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    ids::{ConversationId, Id, MessageId},
    store::outbox::Waiting,
};

/// Who waits for one another: a conversation's messages, or one message alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line(Uuid);

impl Line {
    /// That of a conversation.
    pub(super) fn of(conversation: ConversationId) -> Self {
        Self(conversation.uuid())
    }
}

/// What is not to go within this time goes when its time comes, whatever was written since; what is, keeps its place.
const SOON: Duration = Duration::from_secs(60);

/// A message that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) conversation: ConversationId,
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
            conversation: row.conversation,
            message: row.message,
            seq: row.seq,
            attempts: row.attempts,
            next_at: row.next_at,
            outcome_unknown: row.outcome_unknown,
        }
    }
}

impl Item {
    fn line(&self, now: Timestamp) -> Line {
        let apart = self.attempts == 0 && self.next_at > now + SOON;
        if apart { Line(self.message.uuid()) } else { Line::of(self.conversation) }
    }
}

#[derive(Debug)]
pub(super) struct Index {
    lines: FxHashMap<Line, VecDeque<Item>>,
    /// The first of every line that has nothing on its way.
    due: BTreeSet<(Timestamp, Line)>,
    sending: FxHashMap<Line, MessageId>,
    /// Messages that were sent for again while the attempt that failed was not over here.
    again: FxHashMap<Line, Item>,
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
    pub(super) fn add(&mut self, item: Item, now: Timestamp) {
        self.put(item.line(now), item);
    }

    fn put(&mut self, line: Line, item: Item) {
        if !self.complete {
            return;
        }
        if self.len >= self.room {
            self.complete = false;
            return;
        }
        self.insert(line, item);
    }

    /// A message that failed was committed once more. Its last attempt may not be over here yet; then it waits for that. One
    /// announced twice finds nothing left to send.
    pub(super) fn add_again(&mut self, item: Item, now: Timestamp) {
        match self.sending.iter().find(|(_, message)| **message == item.message) {
            Some((line, _)) => drop(self.again.insert(*line, item)),
            None => self.add(item, now),
        }
    }

    /// A message was withdrawn. One that is on its way finds that out itself.
    pub(super) fn remove(&mut self, conversation: ConversationId, message: MessageId) {
        for line in [Line(message.uuid()), Line::of(conversation)] {
            let Some(waiting) = self.lines.get_mut(&line) else { continue };
            let Some(place) = waiting.iter().position(|item| item.message == message) else { continue };
            let item = waiting.remove(place);
            let next = waiting.front().map(|item| item.next_at);
            if waiting.is_empty() {
                self.lines.remove(&line);
            }
            self.len -= 1;
            if let Some(item) = item.filter(|_| place == 0 && !self.sending.contains_key(&line)) {
                self.due.remove(&(item.next_at, line));
                self.due.extend(next.map(|at| (at, line)));
            }
            return;
        }
    }

    /// Takes over the first rows of the store, ordered by conversation and `seq`: all there are when fewer than there is
    /// room for. What is known here of a row (a retry that was decided since) stands.
    pub(super) fn replace(&mut self, rows: &[Waiting], now: Timestamp) {
        let known: FxHashMap<MessageId, (Line, Item)> = std::mem::take(&mut self.lines)
            .into_iter()
            .flat_map(|(line, items)| items.into_iter().map(move |item| (item.message, (line, item))))
            .collect();
        self.due.clear();
        self.len = 0;
        self.complete = rows.len() < self.room;
        for row in rows {
            let item = Item::from(row);
            let (line, item) = known.get(&row.message).copied().unwrap_or_else(|| (item.line(now), item));
            self.insert(line, item);
        }
    }

    fn insert(&mut self, line: Line, item: Item) {
        if self.sending.values().any(|message| *message == item.message) {
            return;
        }
        let waiting = self.lines.entry(line).or_default();
        let Err(place) = waiting.binary_search_by_key(&item.seq, |other| other.seq) else { return };
        if place == 0 && !self.sending.contains_key(&line) {
            if let Some(first) = waiting.front() {
                self.due.remove(&(first.next_at, line));
            }
            self.due.insert((item.next_at, line));
        }
        waiting.insert(place, item);
        self.len += 1;
    }

    /// The message whose turn it is; it is on its way from now on.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<(Line, Item)> {
        let (at, line) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, line));
        let waiting = self.lines.get_mut(&line)?;
        let item = waiting.pop_front()?;
        self.len -= 1;
        if waiting.is_empty() {
            self.lines.remove(&line);
        }
        self.sending.insert(line, item.message);
        Some((line, item))
    }

    /// Sent, or failed for good: the next of its line may go.
    pub(super) fn finish(&mut self, line: Line) {
        self.sending.remove(&line);
        if let Some(item) = self.again.remove(&line) {
            self.put(Line::of(item.conversation), item);
        }
        if let Some(first) = self.lines.get(&line).and_then(VecDeque::front) {
            self.due.insert((first.next_at, line));
        }
    }

    /// It is tried again: still before everything else of its line.
    pub(super) fn put_back(&mut self, line: Line, item: Item) {
        self.sending.remove(&line);
        self.insert(line, item);
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

    fn line(number: u128) -> Line {
        Line::of(conversation(number))
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
        index.replace(rows, at(100));
        index
    }

    fn taken(index: &mut Index) -> Vec<(u128, u64)> {
        let mut taken = Vec::new();
        while let Some((id, item)) = index.take_due(at(100)) {
            let number = (1..=9).find(|number| line(*number) == id || item.conversation == conversation(*number)).unwrap();
            taken.push((number, item.seq));
        }
        taken
    }

    #[test]
    fn one_message_of_each_conversation_goes_and_the_next_when_it_is_finished() {
        let mut index = filled(10, &[row(1, 2), row(1, 3), row(2, 4)]);
        assert_eq!(taken(&mut index), [(1, 2), (2, 4)]);
        index.finish(line(1));
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
        index.add((&row(1, 2)).into(), at(100));
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.add((&row(1, 2)).into(), at(100));
        index.replace(&[row(1, 2), row(1, 3)], at(100));
        assert_eq!(taken(&mut index), []);
        index.finish(line(1));
        assert_eq!(taken(&mut index), [(1, 3)]);
    }

    #[test]
    fn what_failed_is_sent_again_even_when_asked_for_before_its_attempt_was_over() {
        let mut index = filled(10, &[row(1, 2), row(1, 3)]);
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.add_again((&row(1, 2)).into(), at(100));
        assert_eq!(taken(&mut index), []);
        index.finish(line(1));
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.finish(line(1));
        assert_eq!(taken(&mut index), [(1, 3)]);
        index.finish(line(1));
        index.add_again((&row(1, 2)).into(), at(100));
        assert_eq!(taken(&mut index), [(1, 2)]);
    }

    #[test]
    fn beyond_its_room_nothing_is_taken_in_until_the_store_is_read_again() {
        let mut index = filled(2, &[row(1, 2)]);
        index.add((&row(1, 3)).into(), at(100));
        assert!(index.is_complete());
        index.add((&row(1, 4)).into(), at(100));
        assert!(!index.is_complete() && !index.wants_more());
        assert_eq!(taken(&mut index), [(1, 2)]);
        index.finish(line(1));
        index.add((&row(1, 5)).into(), at(100));
        assert_eq!(taken(&mut index), [(1, 3)]);
        index.finish(line(1));
        assert!(index.wants_more());
        index.replace(&[row(1, 4)], at(100));
        index.add((&row(1, 5)).into(), at(100));
        assert_eq!(taken(&mut index), [(1, 4)]);
    }

    #[test]
    fn reading_again_does_not_undo_a_retry_that_was_decided_meanwhile() {
        let mut index = filled(10, &[row(1, 2)]);
        let (id, item) = index.take_due(at(100)).unwrap();
        index.put_back(id, Item { next_at: at(500), attempts: 3, ..item });
        index.replace(&[row(1, 2)], at(100));
        assert_eq!(index.next_due(), Some(at(500)));
    }

    #[test]
    fn nobody_waits_for_what_is_sent_later_but_for_what_can_still_be_undone() {
        let later = |of, seq, seconds| Item { next_at: at(seconds), ..Item::from(&row(of, seq)) };
        let mut index = filled(10, &[]);
        index.add(later(1, 2, 500), at(0));
        index.add(later(1, 3, 10), at(0));
        index.add(later(1, 4, 0), at(0));
        assert_eq!(index.take_due(at(9)), None);
        assert_eq!(taken(&mut index), [(1, 3)]);
        index.finish(line(1));
        assert_eq!(taken(&mut index), [(1, 4)]);
        index.finish(line(1));
        let (apart, item) = index.take_due(at(500)).unwrap();
        assert_eq!(item.seq, 2);
        // Read again while it is on its way, it is nowhere else.
        index.replace(&[row(1, 2)], at(500));
        assert_eq!(index.len(), 0);
        index.put_back(apart, Item { next_at: at(600), attempts: 1, ..item });
        index.replace(&[row(1, 2)], at(500));
        assert_eq!(index.next_due(), Some(at(600)));
    }

    #[test]
    fn what_is_withdrawn_holds_nobody_up() {
        let later = |seq, seconds| Item { next_at: at(seconds), ..Item::from(&row(1, seq)) };
        let mut index = filled(10, &[]);
        index.add(later(2, 10), at(0));
        index.add(later(3, 0), at(0));
        index.add(later(4, 500), at(0));
        index.remove(conversation(1), row(1, 4).message);
        index.remove(conversation(1), row(1, 2).message);
        index.remove(conversation(1), row(1, 2).message);
        assert_eq!((index.len(), index.next_due()), (1, Some(at(0))));
        assert_eq!(index.take_due(at(0)).unwrap().1.seq, 3);
        index.remove(conversation(1), row(1, 3).message);
        assert_eq!((index.len(), index.next_due()), (0, None));
    }
}
