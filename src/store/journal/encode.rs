//! The rows of a group, table by table; on PostgreSQL those that only some groups bring travel as one JSON array a table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    clock::Timestamp,
    domain::{
        agent::{Agent, AgentEvent},
        conversation::{Conversation, Event, RETRIED},
        delivery::Delivery,
        log::{By, Entity},
        mail::Envelope,
        message::{Attachment, Author, Message},
        routing::Memory,
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, FieldId, MessageId, OfferId},
    store::{
        conversations::NOTE,
        idempotency::Recorded,
        inbox::Claim,
        write::{Append, ConversationAppend, OutboxState, RowChange, Subject},
    },
};

pub(super) struct InboxRow<'a> {
    pub(super) h: i64,
    pub(super) c: ChannelId,
    pub(super) p: &'a str,
    pub(super) t: Timestamp,
}

pub(super) struct LogRow<'a> {
    pub(super) p: u64,
    pub(super) t: Timestamp,
    pub(super) w: By,
    pub(super) c: Option<&'a str>,
    pub(super) i: Option<ConversationId>,
    pub(super) q: Option<u64>,
    pub(super) e: Kind<'a>,
}

/// `{"kind": …, "data": …}` in all three cases.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Kind<'a> {
    Conversation(&'a Event),
    Agent { kind: &'static str, data: AgentData<'a> },
}

#[derive(Serialize)]
pub(super) struct AgentData<'a> {
    agent: AgentId,
    #[serde(flatten)]
    event: &'a AgentEvent,
}

pub(super) struct MessageRow<'a> {
    pub(super) c: ConversationId,
    pub(super) q: u64,
    pub(super) i: MessageId,
    pub(super) w: Author,
    pub(super) x: &'a str,
    pub(super) a: &'a [Attachment],
    pub(super) t: Timestamp,
    pub(super) d: Option<Delivery>,
    pub(super) m: Option<&'a Envelope>,
}

#[derive(Serialize)]
pub(super) struct ConversationRow<'a> {
    pub(super) s: &'a Conversation,
    pub(super) p: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) a: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) o: Option<AgentId>,
    pub(super) n: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) d: Option<Timestamp>,
    /// The subject; it does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) j: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct DeliveryRow<'a> {
    pub(super) c: ConversationId,
    pub(super) q: u64,
    pub(super) d: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RecordedRow<'a> {
    pub(super) s: &'a str,
    pub(super) h: &'a str,
    pub(super) c: u16,
    pub(super) b: &'a str,
    pub(super) t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct OutboxIn {
    pub(super) i: MessageId,
    pub(super) c: ChannelId,
    pub(super) v: ConversationId,
    pub(super) q: u64,
    pub(super) t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct OutboxSet {
    pub(super) i: MessageId,
    pub(super) s: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) t: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct ContactRow<'a> {
    pub(super) i: ContactId,
    pub(super) c: ClientId,
    pub(super) n: &'a str,
    pub(super) k: &'static str,
    pub(super) a: &'a str,
    pub(super) t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct NoticedRow {
    pub(super) i: ContactId,
    pub(super) t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct FieldRow {
    pub(super) c: ConversationId,
    pub(super) f: FieldId,
    /// JSON in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v: Option<String>,
}

#[derive(Serialize)]
pub(super) struct PastRow {
    pub(super) c: CampaignId,
    pub(super) a: AgentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s: Option<OfferId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<Timestamp>,
    /// How many ended on the day that began at `d`.
    pub(super) n: u32,
    pub(super) d: Timestamp,
}

/// The rows of a group, table by table.
#[derive(Default)]
pub(super) struct Rows<'a> {
    /// Position of the last entry.
    pub(super) head: u64,
    pub(super) inbox: Vec<InboxRow<'a>>,
    pub(super) log: Vec<LogRow<'a>>,
    pub(super) messages: Vec<MessageRow<'a>>,
    /// [`RowChange::Whole`].
    pub(super) conversations: Vec<ConversationRow<'a>>,
    /// [`RowChange::State`].
    pub(super) touched: Vec<ConversationRow<'a>>,
    pub(super) recorded: Vec<RecordedRow<'a>>,
    pub(super) deliveries: Vec<DeliveryRow<'a>>,
    pub(super) outbox_in: Vec<OutboxIn>,
    pub(super) outbox_set: Vec<OutboxSet>,
    pub(super) outbox_out: Vec<MessageId>,
    pub(super) contacts: Vec<ContactRow<'a>>,
    pub(super) noticed: Vec<NoticedRow>,
    pub(super) agents: Vec<&'a Agent>,
    pub(super) fields: Vec<FieldRow>,
    /// One for each agent in a campaign, whatever the group brings of them.
    pub(super) pasts: BTreeMap<(CampaignId, AgentId), PastRow>,
}

impl<'a> Rows<'a> {
    /// The rows of a group whose first entry gets position `first`.
    pub(super) fn of(group: &'a [Append], first: u64) -> Self {
        let mut rows = Self::default();
        let next = group.iter().fold(first, |pos, append| rows.push(append, pos));
        rows.head = next - 1;
        rows
    }

    /// Adds an append whose first entry gets position `pos`; returns the position after its last.
    fn push(&mut self, append: &'a Append, mut pos: u64) -> u64 {
        for Claim { channel, provider_id, received_at, hash, .. } in &append.claims {
            self.inbox.push(InboxRow { h: *hash, c: *channel, p: provider_id, t: *received_at });
        }
        for Recorded { scope, request_hash, status, body, at } in &append.recorded {
            self.recorded.push(RecordedRow { s: scope, h: request_hash, c: *status, b: body, t: *at });
        }
        match &append.subject {
            Subject::Conversation(change) => self.push_conversation(change, &mut pos),
            Subject::Agent(change) => {
                for (event, by) in &change.events {
                    let e = Kind::Agent { kind: "agent", data: AgentData { agent: change.state.id, event } };
                    self.log.push(LogRow { p: pos, t: change.at, w: *by, c: None, i: None, q: None, e });
                    pos += 1;
                }
                self.agents.push(&change.state);
            }
        }
        pos
    }

    fn push_conversation(&mut self, change: &'a ConversationAppend, pos: &mut u64) {
        let (state, id) = (&change.state, change.state.id);
        for (seq, (event, by, cause)) in (change.first_seq..).zip(&change.events) {
            let e = Kind::Conversation(event);
            self.log.push(LogRow { p: *pos, t: change.at, w: *by, c: cause.as_deref(), i: Some(id), q: Some(seq), e });
            *pos += 1;
            if let Event::DeliveryMoved { of, to, reason, .. } = event {
                self.deliveries.push(DeliveryRow { c: id, q: *of, d: *to, r: reason.as_deref() });
            }
            if let Event::Retried { of, .. } = event {
                self.deliveries.push(DeliveryRow { c: id, q: *of, d: Delivery::Queued, r: Some(RETRIED) });
            }
        }
        for message in &change.messages {
            let Message { id: i, seq, author, text, attachments, mail, at, delivery } = message.as_ref();
            let (a, m) = (attachments, mail.as_deref());
            self.messages.push(MessageRow { c: id, q: *seq, i: *i, w: *author, x: text, a, t: *at, d: *delivery, m });
        }
        let row = ConversationRow {
            s: state,
            p: state.phase.as_str(),
            a: state.phase.owner(),
            o: state.phase.offer().map(|offer| offer.agent),
            n: u8::from(!state.phase.is_ended()),
            d: state.next_due(),
            j: change.contact.subject.as_deref(),
        };
        match change.row {
            RowChange::Whole => self.conversations.push(row),
            RowChange::State => self.touched.push(row),
            RowChange::None => {}
        }
        if let Some(contact) = &change.new_contact {
            self.contacts.push(ContactRow {
                i: contact.id,
                c: contact.client,
                n: &contact.name,
                k: contact.address.kind.as_str(),
                a: &contact.address.value,
                t: change.at,
            });
        }
        if change.noticed {
            self.noticed.push(NoticedRow { i: state.contact, t: change.at });
        }
        for (field, value) in &change.fields {
            self.fields.push(FieldRow { c: id, f: *field, v: value.as_ref().map(json) });
        }
        for memory in &change.memories {
            self.push_memory(memory, change.day);
        }
        for row in &change.outbox {
            let i = row.message;
            match row.change {
                OutboxState::Queued { channel, seq, at } => {
                    self.outbox_in.push(OutboxIn { i, c: channel, v: id, q: seq, t: at });
                }
                OutboxState::Sending => self.outbox_set.push(OutboxSet { i, s: "sending", n: None, t: None }),
                OutboxState::Retry { at, attempts } => {
                    self.outbox_set.push(OutboxSet { i, s: "queued", n: Some(attempts), t: Some(at) });
                }
                OutboxState::Done => self.outbox_out.push(i),
            }
        }
    }

    fn push_memory(&mut self, memory: &Memory, day: Timestamp) {
        let Memory { campaign: c, agent: a, served, ended_at } = *memory;
        let row = self.pasts.entry((c, a)).or_insert(PastRow { c, a, s: None, e: None, n: 0, d: day });
        row.s = served.max(row.s);
        if ended_at.is_some() {
            row.n = if row.d == day { row.n + 1 } else { 1 };
            (row.e, row.d) = (ended_at, day);
        }
    }

    /// The arrays of [`super::super::sql::POSTGRES_COLD`]; none when the group brings nothing of the kind.
    pub(super) fn cold(&self) -> Option<[String; 10]> {
        let nothing = self.recorded.is_empty()
            && self.deliveries.is_empty()
            && self.outbox_in.is_empty()
            && self.outbox_set.is_empty()
            && self.outbox_out.is_empty()
            && self.contacts.is_empty()
            && self.noticed.is_empty()
            && self.agents.is_empty()
            && self.fields.is_empty()
            && self.pasts.is_empty();
        (!nothing).then(|| {
            [
                json(&self.recorded),
                json(&self.deliveries),
                json(&self.outbox_in),
                json(&self.outbox_set),
                json(&self.outbox_out),
                json(&self.contacts),
                json(&self.noticed),
                json(&self.agents),
                json(&self.fields),
                json(&self.pasts.values().collect::<Vec<_>>()),
            ]
        })
    }
}

impl Kind<'_> {
    /// Kind and data, each as its column has it.
    pub(super) fn parts(&self) -> (String, String) {
        #[derive(Deserialize)]
        struct Parts<'a> {
            kind: &'a str,
            #[serde(borrow, default)]
            data: Option<&'a RawValue>,
        }
        let text = json(self);
        let Ok(Parts { kind, data }) = serde_json::from_str(&text) else { return Default::default() };
        (kind.to_owned(), data.map_or("null", RawValue::get).to_owned())
    }
}

/// Keys to look for among those already taken: hashes of claims, scopes of answers.
pub(super) fn keys(group: &[Append]) -> (Vec<i64>, Vec<&str>) {
    let hashes = group.iter().flat_map(|append| append.claims.iter().map(|claim| claim.hash));
    let scopes = group.iter().flat_map(|append| append.recorded.iter().map(|answer| answer.scope.as_str()));
    (hashes.collect(), scopes.collect())
}

/// The row of a configuration change.
pub(super) fn config_data(entity: Entity, id: &str) -> String {
    serde_json::json!({ "entity": entity, "id": id }).to_string()
}

/// Everything here is plain data that always has a JSON form.
pub(super) fn json<T: Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).unwrap_or_else(|error| {
        tracing::error!(%error, "a row has no JSON form");
        "[]".to_owned()
    })
}

/// How an author is stored.
pub(super) fn author_word(author: Author) -> String {
    match author {
        Author::Contact => By::Contact.to_string(),
        Author::Agent(agent) => By::User(agent).to_string(),
        Author::Note(agent) => format!("{NOTE}{agent}"),
        Author::System => By::System.to_string(),
    }
}
