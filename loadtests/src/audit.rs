//! Whether what is stored agrees with itself: positions dense, `conv_seq` dense per conversation (R3), every table equal to
//! the fold of the log from empty (R8). Pure: rows in, findings out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use centralita::{
    domain::{
        agent::Agent,
        conversation::{Conversation, Event},
        delivery::Delivery,
        log::{Entry, Fact},
    },
    ids::{AgentId, ConversationId, MessageId},
};

use crate::{message::Mark, report::Findings};

/// A row of the message table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageRow {
    /// Its id.
    pub(crate) id: MessageId,
    /// The customer wrote it.
    pub(crate) by_contact: bool,
    /// Outbound messages only.
    pub(crate) delivery: Option<Delivery>,
    /// The driver's own number, which the log knows nothing of.
    pub(crate) mark: Option<Mark>,
}

/// The tables, as read.
#[derive(Default)]
pub(crate) struct Tables {
    /// The state of every conversation.
    pub(crate) conversations: HashMap<ConversationId, Conversation>,
    /// Every message by conversation and `seq`.
    pub(crate) messages: BTreeMap<(ConversationId, u64), MessageRow>,
    /// The state of every agent.
    pub(crate) agents: HashMap<AgentId, Agent>,
    /// Messages that wait to be sent.
    pub(crate) outbox: BTreeSet<MessageId>,
    /// Rows of conversations whose columns contradict their state.
    pub(crate) torn_rows: u64,
    /// Rows of the inbox for the channel under test.
    pub(crate) taken: u64,
    /// Messages of customers in conversations of that channel.
    pub(crate) received: u64,
}

/// What the log says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    id: MessageId,
    by_contact: bool,
    delivery: Option<Delivery>,
}

/// The fold of the log so far.
#[derive(Clone, Default)]
pub(crate) struct Fold {
    pos: u64,
    conversations: HashMap<ConversationId, Conversation>,
    messages: BTreeMap<(ConversationId, u64), Told>,
    agents: HashMap<AgentId, Agent>,
}

impl Fold {
    /// Position of the last entry.
    pub(crate) const fn pos(&self) -> u64 {
        self.pos
    }

    /// Folds the next entry; whatever should not follow is a finding.
    pub(crate) fn feed(&mut self, entry: &Entry, findings: &mut Findings) {
        if entry.pos != self.pos + 1 {
            findings.add(format!("the log goes from position {} to {}", self.pos, entry.pos));
        }
        self.pos = entry.pos;
        match &entry.fact {
            Fact::Conversation { id, seq, event } => {
                self.feed_conversation(entry, *id, *seq, event, findings);
                self.feed_message(*id, *seq, event, findings);
            }
            Fact::Agent { id, event } => {
                self.agents.entry(*id).or_insert_with(|| Agent::signed_out(*id)).apply(event, entry.at);
            }
            Fact::Config { .. } => {}
        }
    }

    fn feed_conversation(&mut self, entry: &Entry, id: ConversationId, seq: u64, event: &Event, findings: &mut Findings) {
        let before = self.conversations.get(&id).map_or(0, |state| state.seq);
        if seq != before + 1 {
            findings.add(format!("conversation {id} goes from event {before} to {seq} at position {}", entry.pos));
        }
        if let Some(state) = self.conversations.get_mut(&id) {
            if matches!(event, Event::Started { .. }) {
                findings.add(format!("conversation {id} began twice, again at position {}", entry.pos));
            }
            state.apply(event, entry.at);
            state.seq = seq;
        } else if let Some(state) = Conversation::started(id, event, entry.at) {
            self.conversations.insert(id, Conversation { seq, ..state });
        } else {
            findings.add(format!("conversation {id} begins with {event:?}"));
        }
    }

    fn feed_message(&mut self, id: ConversationId, seq: u64, event: &Event, findings: &mut Findings) {
        let told = match event {
            Event::MessageReceived { message } => Told { id: *message, by_contact: true, delivery: None },
            Event::Noted { message, .. } => Told { id: *message, by_contact: false, delivery: None },
            Event::Replied { message, delivery, .. }
            | Event::Noticed { message, delivery }
            | Event::Reminded { message, delivery, .. } => Told { id: *message, by_contact: false, delivery: Some(*delivery) },
            Event::Retried { message, of, .. } => {
                if let Some(told) = self.messages.get_mut(&(id, *of)).filter(|told| told.id == *message) {
                    told.delivery = Some(Delivery::Queued);
                }
                return;
            }
            Event::DeliveryMoved { message, of, to, .. } => {
                match self.messages.get_mut(&(id, *of)).filter(|told| told.id == *message) {
                    Some(told) => {
                        if !told.delivery.is_some_and(|before| before.may_become(*to)) {
                            findings.add(format!("message {message}: delivery went from {:?} to {to:?}", told.delivery));
                        }
                        told.delivery = Some(*to);
                    }
                    None => findings.add(format!("a delivery of message {message}, which event {of} of {id} did not record")),
                }
                return;
            }
            _ => return,
        };
        self.messages.insert((id, seq), told);
    }
}

/// Whether the tables are what the log says.
pub(crate) fn compare(fold: &Fold, tables: &Tables, findings: &mut Findings) {
    if tables.torn_rows > 0 {
        findings.add(format!("{} rows of conversations have columns that contradict their state", tables.torn_rows));
    }
    if tables.taken != tables.received {
        findings.add(format!("{} messages were taken in and {} are stored", tables.taken, tables.received));
    }
    same(&fold.conversations, &tables.conversations, "conversation", findings);
    same(&fold.agents, &tables.agents, "agent", findings);
    for (key, told) in &fold.messages {
        let stored = tables.messages.get(key).map(|row| Told { id: row.id, by_contact: row.by_contact, delivery: row.delivery });
        if stored.as_ref() != Some(told) {
            findings.add(format!("message at {key:?}: the log says {told:?}, the table {stored:?}"));
        }
    }
    for (key, row) in tables.messages.iter().filter(|(key, _)| !fold.messages.contains_key(key)) {
        findings.add(format!("message {} at {key:?} is in the table and not in the log", row.id));
    }
    compare_outbox(tables, findings);
}

/// What waits to be sent is in the outbox, and nothing else is.
fn compare_outbox(tables: &Tables, findings: &mut Findings) {
    let waits = |row: &&MessageRow| matches!(row.delivery, Some(Delivery::Queued | Delivery::Sending));
    let waiting: BTreeSet<MessageId> = tables.messages.values().filter(waits).map(|row| row.id).collect();
    for message in waiting.difference(&tables.outbox) {
        findings.add(format!("message {message} waits to be sent and is not in the outbox"));
    }
    for message in tables.outbox.difference(&waiting) {
        findings.add(format!("message {message} is in the outbox and does not wait to be sent"));
    }
}

fn same<I, S>(folded: &HashMap<I, S>, stored: &HashMap<I, S>, what: &str, findings: &mut Findings)
where
    I: std::hash::Hash + Eq + std::fmt::Debug,
    S: PartialEq + std::fmt::Debug,
{
    for (id, state) in folded.iter().filter(|(id, state)| stored.get(id) != Some(state)) {
        findings.add(format!("{what} {id:?}: the log gives {state:?}, the table has {:?}", stored.get(id)));
    }
    for id in stored.keys().filter(|id| !folded.contains_key(id)) {
        findings.add(format!("{what} {id:?} is in the table and not in the log"));
    }
}

/// Whether what was sent is stored, came in the order of its conversation, and is marked as sent; what failed says so.
pub(crate) fn compare_order(sent: &BTreeMap<ConversationId, Vec<MessageId>>, tables: &Tables, findings: &mut Findings) {
    for (conversation, order) in sent {
        let of = |id: &MessageId| {
            let mut rows = tables.messages.range((*conversation, 0)..=(*conversation, u64::MAX));
            rows.find(|(_, row)| row.id == *id).map(|((_, seq), row)| (*seq, row.delivery))
        };
        let known: Vec<_> = order.iter().map(of).collect();
        if !known.is_sorted_by_key(|known| known.map(|(seq, _)| seq)) {
            findings.add(format!("messages of conversation {conversation} were sent in the order {known:?}"));
        }
        for (id, known) in order.iter().zip(&known) {
            match known {
                Some((_, Some(Delivery::Sent | Delivery::Delivered | Delivery::Read))) => {}
                Some((_, delivery)) => findings.add(format!("message {id} was sent and is {delivery:?}")),
                None => findings.add(format!("message {id} was sent and is not stored")),
            }
        }
    }
}

/// Whether every acknowledged message is stored, and none twice. Returns (lost, stored twice).
pub(crate) fn compare_ledger(acked: &BTreeSet<Mark>, marks: &BTreeMap<Mark, u64>, findings: &mut Findings) -> (u64, u64) {
    let (mut lost, mut doubled) = (0, 0);
    for mark in acked.iter().filter(|mark| !marks.contains_key(mark)) {
        lost += 1;
        findings.add(format!("{mark:?} was acknowledged and is not stored"));
    }
    for (mark, times) in marks.iter().filter(|(_, times)| **times > 1) {
        doubled += times - 1;
        findings.add(format!("{mark:?} is stored {times} times"));
    }
    (lost, doubled)
}

#[cfg(test)]
mod tests {
    use centralita::{
        clock::Timestamp,
        domain::{agent::AgentEvent, channel::ChannelKind, log::By},
        ids::{CampaignId, ChannelId, ClientId, ContactId},
    };

    use super::*;

    const CONVERSATION: ConversationId = ConversationId::from_u128(1);
    const AGENT: AgentId = AgentId::from_u128(2);
    const INBOUND: MessageId = MessageId::from_u128(3);
    const REPLY: MessageId = MessageId::from_u128(4);

    fn at(pos: u64) -> Timestamp {
        Timestamp::from_micros(i64::try_from(pos).unwrap() * 1_000_000)
    }

    fn event(pos: u64, seq: u64, event: Event) -> Entry {
        Entry { pos, at: at(pos), by: By::System, cause: None, fact: Fact::Conversation { id: CONVERSATION, seq, event } }
    }

    /// A customer writes, an agent signs in and answers, the answer is sent.
    fn history() -> Vec<Entry> {
        let started = Event::Started {
            client: ClientId::NIL,
            channel: ChannelId::NIL,
            kind: ChannelKind::Api,
            campaign: CampaignId::NIL,
            contact: ContactId::NIL,
            noticed_at: None,
            preferred: None,
            initiative: None,
        };
        let signed_in = Fact::Agent { id: AGENT, event: AgentEvent::SignedIn };
        let moved = |to| Event::DeliveryMoved { message: REPLY, of: 3, to, reason: None };
        vec![
            event(1, 1, started),
            event(2, 2, Event::MessageReceived { message: INBOUND }),
            Entry { pos: 3, at: at(3), by: By::User(AGENT), cause: None, fact: signed_in },
            event(4, 3, Event::Replied { message: REPLY, agent: AGENT, delivery: Delivery::Queued }),
            event(5, 4, moved(Delivery::Sending)),
            event(6, 5, moved(Delivery::Sent)),
        ]
    }

    fn fold(entries: &[Entry]) -> (Fold, Findings) {
        let (mut fold, mut findings) = (Fold::default(), Findings::default());
        entries.iter().for_each(|entry| fold.feed(entry, &mut findings));
        (fold, findings)
    }

    /// Tables as a server that did everything right leaves them.
    fn tables(fold: &Fold) -> Tables {
        let row = |told: &Told| MessageRow { id: told.id, by_contact: told.by_contact, delivery: told.delivery, mark: None };
        Tables {
            conversations: fold.conversations.clone(),
            messages: fold.messages.iter().map(|(key, told)| (*key, row(told))).collect(),
            agents: fold.agents.clone(),
            ..Tables::default()
        }
    }

    fn compared(change: impl FnOnce(&mut Tables)) -> Vec<String> {
        let (fold, mut findings) = fold(&history());
        let mut tables = tables(&fold);
        change(&mut tables);
        compare(&fold, &tables, &mut findings);
        findings.words().to_vec()
    }

    #[test]
    fn a_history_that_is_whole_has_no_findings() {
        assert_eq!(compared(|_| ()), Vec::<String>::new());
        let (fold, _) = fold(&history());
        assert_eq!((fold.pos(), fold.conversations[&CONVERSATION].seq), (6, 5));
    }

    #[test]
    fn a_gap_or_a_repeat_in_the_log_is_found() {
        for position in 0..history().len() {
            let mut gap = history();
            gap.remove(position);
            let last = position + 1 == history().len();
            assert_eq!(fold(&gap).1.count() > 0, !last, "without entry {position}");
            let mut repeat = history();
            repeat.insert(position, history()[position].clone());
            assert!(fold(&repeat).1.count() > 0, "entry {position} twice");
        }
    }

    #[test]
    fn a_hole_in_the_numbers_of_one_conversation_is_found_though_positions_are_dense() {
        let mut entries = history();
        entries.remove(1);
        for (pos, entry) in (1..).zip(&mut entries) {
            entry.pos = pos;
        }
        assert!(fold(&entries).1.words()[0].contains("from event 1 to 3"));
    }

    #[test]
    fn a_lost_tail_is_found_in_every_table() {
        // The log lost its last entry: the tables know more than it says.
        let (whole, _) = fold(&history());
        let (short, mut findings) = fold(&history()[..5]);
        compare(&short, &tables(&whole), &mut findings);
        assert_eq!(findings.count(), 2, "{:?}", findings.words());
    }

    #[test]
    fn every_difference_between_log_and_tables_is_found() {
        let key = |seq| (CONVERSATION, seq);
        for (what, found) in [
            ("state", compared(|t| t.conversations.get_mut(&CONVERSATION).unwrap().unanswered = true)),
            ("missing conversation", compared(|t| t.conversations.clear())),
            (
                "unknown conversation",
                compared(|t| {
                    let state = t.conversations[&CONVERSATION].clone();
                    t.conversations.insert(ConversationId::from_u128(9), state);
                }),
            ),
            ("agent", compared(|t| t.agents.get_mut(&AGENT).unwrap().activity = None)),
            ("missing agent", compared(|t| t.agents.clear())),
            ("missing message", compared(|t| t.messages.retain(|at, _| *at != key(2)))),
            (
                "message moved",
                compared(|t| {
                    let row = t.messages.remove(&key(2)).unwrap();
                    t.messages.insert(key(9), row);
                }),
            ),
            ("delivery", compared(|t| t.messages.get_mut(&key(3)).unwrap().delivery = Some(Delivery::Failed))),
            ("author", compared(|t| t.messages.get_mut(&key(3)).unwrap().by_contact = true)),
            ("sent, and still in the outbox", compared(|t| t.outbox.extend([REPLY]))),
            ("torn row", compared(|t| t.torn_rows = 1)),
            ("taken in and not stored", compared(|t| t.taken = 1)),
        ] {
            assert!(!found.is_empty(), "{what}");
        }
    }

    #[test]
    fn what_waits_to_be_sent_is_in_the_outbox() {
        let (fold, mut findings) = fold(&history()[..4]);
        compare(&fold, &tables(&fold), &mut findings);
        assert!(findings.words()[0].contains("is not in the outbox"));
        let mut right = tables(&fold);
        right.outbox.insert(REPLY);
        let mut none = Findings::default();
        compare(&fold, &right, &mut none);
        assert_eq!(none.words(), Vec::<String>::new());
    }

    #[test]
    fn a_delivery_never_moves_backwards() {
        let mut entries = history();
        entries.push(event(7, 6, Event::DeliveryMoved { message: REPLY, of: 3, to: Delivery::Queued, reason: None }));
        assert!(fold(&entries).1.words()[0].contains("delivery went from"));
        entries.pop();
        entries.push(event(7, 6, Event::DeliveryMoved { message: INBOUND, of: 3, to: Delivery::Read, reason: None }));
        assert!(fold(&entries).1.words()[0].contains("did not record"));
    }

    #[test]
    fn what_was_sent_is_stored_sent_and_in_order() {
        let (fold, _) = fold(&history());
        let mut tables = tables(&fold);
        let later = MessageId::from_u128(5);
        let row = MessageRow { id: later, by_contact: false, delivery: Some(Delivery::Sent), mark: None };
        tables.messages.insert((CONVERSATION, 6), row);
        let compared = |tables: &Tables, order: Vec<MessageId>| {
            let mut findings = Findings::default();
            compare_order(&BTreeMap::from([(CONVERSATION, order)]), tables, &mut findings);
            findings.count()
        };
        assert_eq!(compared(&tables, vec![REPLY, later]), 0);
        assert_eq!(compared(&tables, vec![later, REPLY]), 1, "out of order");
        assert_eq!(compared(&tables, vec![REPLY, MessageId::from_u128(99)]), 2, "unknown");
        tables.messages.get_mut(&(CONVERSATION, 6)).unwrap().delivery = Some(Delivery::Queued);
        assert_eq!(compared(&tables, vec![REPLY, later]), 1, "sent and not marked");
    }

    #[test]
    fn the_ledger_finds_what_is_lost_and_what_is_doubled() {
        let acked = BTreeSet::from([Mark::Inbound(1), Mark::Inbound(2), Mark::Reply(1)]);
        let mut findings = Findings::default();
        let stored = BTreeMap::from([(Mark::Inbound(1), 1), (Mark::Inbound(2), 1), (Mark::Reply(1), 1), (Mark::Inbound(3), 1)]);
        assert_eq!(compare_ledger(&acked, &stored, &mut findings), (0, 0), "stored without an answer is allowed");
        assert_eq!(findings.count(), 0);
        let stored = BTreeMap::from([(Mark::Inbound(1), 3), (Mark::Reply(1), 1), (Mark::Reply(9), 2)]);
        assert_eq!(compare_ledger(&acked, &stored, &mut findings), (1, 3));
        assert_eq!(findings.count(), 3);
    }
}
