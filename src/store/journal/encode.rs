//! A group as JSON: one array per table.

use serde::{Serialize, Serializer};
use smallvec::SmallVec;

use crate::{
    clock::Timestamp,
    domain::{
        agent::{Agent, AgentEvent},
        conversation::{Conversation, Event},
        delivery::Delivery,
        log::{By, Entity},
        message::{Attachment, Author, Message},
    },
    ids::{AgentId, ChannelId, ClientId, ContactId, ConversationId, FieldId, MessageId},
    store::{
        idempotency::Recorded,
        inbox::Claim,
        write::{Append, ConversationAppend, OutboxState, Subject},
    },
};

#[derive(Serialize)]
pub(super) struct InboxRow<'a> {
    h: i64,
    c: ChannelId,
    p: &'a str,
    t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct LogRow<'a> {
    p: u64,
    t: Timestamp,
    #[serde(serialize_with = "as_text")]
    w: By,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    i: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<u64>,
    e: Kind<'a>,
}

/// `{"kind": …, "data": …}` in all three cases.
#[derive(Serialize)]
#[serde(untagged)]
enum Kind<'a> {
    Conversation(&'a Event),
    Agent { kind: &'static str, data: AgentData<'a> },
}

#[derive(Serialize)]
struct AgentData<'a> {
    agent: AgentId,
    #[serde(flatten)]
    event: &'a AgentEvent,
}

#[derive(Serialize)]
pub(super) struct MessageRow<'a> {
    c: ConversationId,
    q: u64,
    i: MessageId,
    #[serde(serialize_with = "author_text")]
    w: Author,
    x: &'a str,
    #[serde(skip_serializing_if = "<[Attachment]>::is_empty")]
    a: &'a [Attachment],
    t: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<Delivery>,
}

#[derive(Serialize)]
pub(super) struct ConversationRow<'a> {
    s: &'a Conversation,
    p: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    o: Option<AgentId>,
    n: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct DeliveryRow<'a> {
    c: ConversationId,
    q: u64,
    d: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RecordedRow<'a> {
    s: &'a str,
    h: &'a str,
    c: u16,
    b: &'a str,
    t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct OutboxIn {
    i: MessageId,
    c: ChannelId,
    v: ConversationId,
    q: u64,
    t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct OutboxSet {
    i: MessageId,
    s: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct ContactRow<'a> {
    i: ContactId,
    c: ClientId,
    n: &'a str,
    k: &'static str,
    a: &'a str,
    t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct NoticedRow {
    i: ContactId,
    t: Timestamp,
}

#[derive(Serialize)]
pub(super) struct FieldRow {
    c: ConversationId,
    f: FieldId,
    /// JSON in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<String>,
}

/// The rows of a group, table by table.
#[derive(Default)]
pub(super) struct Rows<'a> {
    inbox: Vec<InboxRow<'a>>,
    log: Vec<LogRow<'a>>,
    messages: Vec<MessageRow<'a>>,
    conversations: Vec<ConversationRow<'a>>,
    touched: Vec<ConversationRow<'a>>,
    recorded: Vec<RecordedRow<'a>>,
    deliveries: Vec<DeliveryRow<'a>>,
    outbox_in: Vec<OutboxIn>,
    outbox_set: Vec<OutboxSet>,
    outbox_out: Vec<MessageId>,
    contacts: Vec<ContactRow<'a>>,
    noticed: Vec<NoticedRow>,
    agents: Vec<&'a Agent>,
    fields: Vec<FieldRow>,
}

/// The arrays of [`super::super::sql`]'s hot statements: inbox, log, messages, conversations that moved, those that
/// did not.
pub(super) struct Hot(pub(super) [String; 5]);
/// The arrays of its cold statements, in their order.
pub(super) struct Cold(pub(super) [String; 9]);

impl<'a> Rows<'a> {
    /// Adds an append whose first entry gets position `pos`; returns the position after its last.
    pub(super) fn push(&mut self, append: &'a Append, mut pos: u64) -> u64 {
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
        }
        for message in &change.messages {
            let Message { id: i, seq, author, text, attachments, at, delivery } = message.as_ref();
            self.messages.push(MessageRow { c: id, q: *seq, i: *i, w: *author, x: text, a: attachments, t: *at, d: *delivery });
        }
        let rows = if change.moved { &mut self.conversations } else { &mut self.touched };
        rows.push(ConversationRow {
            s: state,
            p: state.phase.as_str(),
            a: state.phase.owner(),
            o: state.phase.offer().map(|offer| offer.agent),
            n: u8::from(!state.phase.is_ended()),
            d: state.next_due(),
        });
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

    pub(super) fn hot(&self) -> Hot {
        Hot([json(&self.inbox), json(&self.log), json(&self.messages), json(&self.conversations), json(&self.touched)])
    }

    /// None when the group brings nothing of the kind.
    pub(super) fn cold(&self) -> Option<Cold> {
        let nothing = self.recorded.is_empty()
            && self.deliveries.is_empty()
            && self.outbox_in.is_empty()
            && self.outbox_set.is_empty()
            && self.outbox_out.is_empty()
            && self.contacts.is_empty()
            && self.noticed.is_empty()
            && self.agents.is_empty()
            && self.fields.is_empty();
        (!nothing).then(|| {
            Cold([
                json(&self.recorded),
                json(&self.deliveries),
                json(&self.outbox_in),
                json(&self.outbox_set),
                json(&self.outbox_out),
                json(&self.contacts),
                json(&self.noticed),
                json(&self.agents),
                json(&self.fields),
            ])
        })
    }
}

/// Keys to look for among those already taken: hashes of claims, scopes of answers.
pub(super) fn keys(group: &[Append]) -> (String, String) {
    let hashes: SmallVec<[i64; 64]> = group.iter().flat_map(|append| append.claims.iter().map(|claim| claim.hash)).collect();
    let scopes: SmallVec<[&str; 16]> =
        group.iter().flat_map(|append| append.recorded.iter().map(|answer| answer.scope.as_str())).collect();
    (json(&hashes), json(&scopes))
}

/// The row of a configuration change.
pub(super) fn config_data(entity: Entity, id: &str) -> String {
    serde_json::json!({ "entity": entity, "id": id }).to_string()
}

/// Everything here is plain data that always has a JSON form.
fn json<T: Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).unwrap_or_else(|error| {
        tracing::error!(%error, "a row has no JSON form");
        "[]".to_owned()
    })
}

fn as_text<S: Serializer>(by: &By, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(by)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn author_text<S: Serializer>(author: &Author, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&author_word(*author))
}

/// How an author is stored.
pub(crate) fn author_word(author: Author) -> By {
    match author {
        Author::Contact => By::Contact,
        Author::Agent(agent) => By::User(agent),
        Author::System => By::System,
    }
}
