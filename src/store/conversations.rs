//! Conversations and their messages, as the tables have them.

use std::sync::Arc;

use crate::{
    args,
    clock::Timestamp,
    domain::{
        conversation::Conversation,
        delivery::Delivery,
        field,
        log::By,
        message::{Author, Message},
    },
    ids::{ChannelId, ContactId, ConversationId, MessageId},
    store::{Db, Row, StoreError, write::ContactCard},
};

pub(super) const STATEMENTS: &[&str] = &[
    STATE,
    CARD,
    OPEN_WITH,
    FIELDS,
    OPEN_WITH_CONTACT,
    OPEN_STATES,
    LAST_WITH,
    UNREAD,
    MESSAGES,
    MESSAGES_AFTER,
    SAID,
    MESSAGE,
    DELIVERY,
    MESSAGE_AT,
];

/// What stands before the author of an internal note in `messages.author`: whoever reads authors only reads no note.
pub(super) const NOTE: &str = "note:";

/// `c.state`, then number and time of what the customer has added since: see [`super::write::RowChange::None`].
macro_rules! state {
    ($rest:literal) => {
        concat!(
            "SELECT c.state, m.seq, m.at FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id \
             AND m.seq = (SELECT max(n.seq) FROM messages n WHERE n.conversation_id = c.id AND n.seq > c.seq) WHERE ",
            $rest
        )
    };
}

const STATE: &str = state!("c.id = $1");
/// The contact and the address of the channel's own network.
const CARD: &str = "SELECT k.id, k.name, coalesce((SELECT a.value FROM contact_addresses a WHERE a.contact_id = k.id AND a.kind = $2 \
     ORDER BY a.created_at DESC LIMIT 1), ''), (SELECT c.subject FROM conversations c WHERE c.id = $3) FROM contacts k WHERE k.id = $1";
const OPEN_WITH: &str = state!("c.channel_id = $1 AND c.contact_id = $2 AND c.is_open = 1 AND c.subject IS NULL");
const OPEN_WITH_CONTACT: &str = state!("c.contact_id = $1 AND c.is_open = 1");
const FIELDS: &str = "SELECT field_id, value FROM conversation_fields WHERE conversation_id = $1 AND value IS NOT NULL";
const LAST_WITH: &str = state!("c.contact_id = $2 AND c.channel_id = $1 ORDER BY c.id DESC LIMIT 1");
const UNREAD: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND seq <= $2 AND delivery IN ('sent', 'delivered') ORDER BY seq LIMIT 100";
/// Every open conversation, for [`conversation`].
pub(super) const OPEN_STATES: &str = state!("c.is_open = 1");
const MESSAGES: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
/// What the customer may see of them: no internal notes.
const SAID: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND author NOT LIKE 'note:%' ORDER BY seq DESC LIMIT $2";
const MESSAGES_AFTER: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const MESSAGE: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND id = $2";
const MESSAGE_AT: &str = "SELECT id, seq, author, text, attachments, at, delivery, reason, mail FROM messages \
     WHERE conversation_id = $1 AND seq = $2";
const DELIVERY: &str = "SELECT seq, delivery FROM messages WHERE conversation_id = $1 AND id = $2 AND delivery IS NOT NULL";

/// A message and why its delivery stands as it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// The message.
    pub message: Arc<Message>,
    /// A stable reason code.
    pub reason: Option<String>,
}

/// The state of a conversation after its last committed event.
pub async fn state(db: &Db, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    db.row(STATE, args![id.to_string()]).await?.map(|row| conversation(&row)).transpose()
}

/// How a conversation's contact is shown.
pub async fn card(db: &Db, conversation: &Conversation) -> Result<ContactCard, StoreError> {
    let kind = crate::domain::contact::AddressKind::of(conversation.kind).as_str();
    let fields = fields(db, conversation).await?;
    let found = db.row(CARD, args![conversation.contact.to_string(), kind, conversation.id.to_string()]).await?;
    let (name, address, subject) = match &found {
        Some(row) => (row.text(1)?.to_owned(), row.text(2)?.to_owned(), row.opt_text(3)?.map(Arc::from)),
        None => (String::new(), String::new(), None),
    };
    Ok(ContactCard { id: conversation.contact, name, address, fields, subject })
}

/// What was noted in its dynamic fields; the store is asked only when there is something.
pub async fn fields(db: &Db, conversation: &Conversation) -> Result<field::Values, StoreError> {
    if conversation.fields.is_empty() {
        return Ok(field::Values::new());
    }
    noted(db, conversation.id).await
}

/// The same, whatever is known of the conversation.
pub async fn noted(db: &Db, conversation: ConversationId) -> Result<field::Values, StoreError> {
    let rows = db.rows(FIELDS, args![conversation.to_string()]).await?;
    rows.iter().map(|row| Ok((row.parse(0)?, row.json(1)?))).collect()
}

/// The open conversations with a contact, on all channel accounts.
pub async fn open_with_contact(db: &Db, contact: ContactId) -> Result<Vec<Conversation>, StoreError> {
    db.rows(OPEN_WITH_CONTACT, args![contact.to_string()]).await?.iter().map(conversation).collect()
}

/// The open conversation of a contact on a channel account without threads; there is at most one.
pub async fn open_with(db: &Db, channel: ChannelId, contact: ContactId) -> Result<Option<Conversation>, StoreError> {
    db.row(OPEN_WITH, args![channel.to_string(), contact.to_string()]).await?.map(|row| conversation(&row)).transpose()
}

/// The latest conversation of a contact on a channel account, open or not.
pub async fn last_with(db: &Db, channel: ChannelId, contact: ContactId) -> Result<Option<Conversation>, StoreError> {
    db.row(LAST_WITH, args![channel.to_string(), contact.to_string()]).await?.map(|row| conversation(&row)).transpose()
}

/// Outbound messages up to `seq` that are not read yet.
pub async fn unread(db: &Db, id: ConversationId, seq: u64) -> Result<Vec<StoredMessage>, StoreError> {
    db.rows(UNREAD, args![id.to_string(), seq]).await?.iter().map(|row| message(row, 0)).collect()
}

/// The last message there is, notes included, as [`Message::remembered`] keeps it.
pub async fn last_message(db: &Db, id: ConversationId) -> Result<Option<Arc<Message>>, StoreError> {
    let last = db.row(MESSAGES, args![id.to_string(), u64::MAX >> 1, 1u64]).await?;
    let last = last.as_ref().map(|row| shown_message(row, 0, id)).transpose()?.flatten();
    Ok(last.as_ref().map(Message::remembered))
}

/// A message for a list. One that cannot be understood is only not shown: the conversation goes on.
pub(super) fn shown_message(row: &Row, first: usize, of: ConversationId) -> Result<Option<Arc<Message>>, StoreError> {
    match message(row, first) {
        Ok(stored) => Ok(Some(stored.message)),
        Err(StoreError::Damaged(what)) => {
            tracing::error!(what, conversation = %of, "the last message cannot be understood");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Up to `limit` messages before `seq`, the latest first.
pub async fn messages_before(db: &Db, id: ConversationId, seq: u64, limit: u64) -> Result<Vec<StoredMessage>, StoreError> {
    db.rows(MESSAGES, args![id.to_string(), seq, limit]).await?.iter().map(|row| message(row, 0)).collect()
}

/// The last `limit` messages between the customer and the staff, the latest first: no internal notes.
pub async fn said(db: &Db, id: ConversationId, limit: u64) -> Result<Vec<StoredMessage>, StoreError> {
    db.rows(SAID, args![id.to_string(), limit]).await?.iter().map(|row| message(row, 0)).collect()
}

/// Up to `limit` messages after `seq`, in order.
pub async fn messages_after(db: &Db, id: ConversationId, seq: u64, limit: u64) -> Result<Vec<StoredMessage>, StoreError> {
    db.rows(MESSAGES_AFTER, args![id.to_string(), seq, limit]).await?.iter().map(|row| message(row, 0)).collect()
}

/// One message of one conversation; a foreign pair is not found.
pub async fn message_of(db: &Db, id: ConversationId, of: MessageId) -> Result<Option<StoredMessage>, StoreError> {
    db.row(MESSAGE, args![id.to_string(), of.to_string()]).await?.as_ref().map(|row| message(row, 0)).transpose()
}

/// The message recorded by one event.
pub async fn message_at(db: &Db, id: ConversationId, seq: u64) -> Result<Option<StoredMessage>, StoreError> {
    db.row(MESSAGE_AT, args![id.to_string(), seq]).await?.as_ref().map(|row| message(row, 0)).transpose()
}

/// Where an outbound message stands: its `conv_seq` and state.
pub async fn delivery(db: &Db, id: ConversationId, of: MessageId) -> Result<Option<(u64, Delivery)>, StoreError> {
    let Some(row) = db.row(DELIVERY, args![id.to_string(), of.to_string()]).await? else { return Ok(None) };
    let state = Delivery::parse(row.text(1)?).ok_or_else(|| StoreError::Damaged("delivery".to_owned()))?;
    Ok(Some((u64::try_from(row.int(0)?).unwrap_or(0), state)))
}

/// Reads a row that begins with the columns of `state!`.
pub(super) fn conversation(row: &Row) -> Result<Conversation, StoreError> {
    let mut state: Conversation = row.json(0)?;
    if let (Some(seq), Some(at)) = (row.opt_int(1)?, row.opt_time(2)?) {
        state.also_received(u64::try_from(seq).unwrap_or(0), at);
    }
    Ok(state)
}

fn spoken_by(word: &str) -> Option<Author> {
    match word.parse().ok()? {
        By::Contact => Some(Author::Contact),
        By::User(agent) => Some(Author::Agent(agent)),
        By::System => Some(Author::System),
        By::Program(_) | By::Router => None,
    }
}

/// A message whose nine columns begin at the `first` of the row.
pub(super) fn message(row: &Row, first: usize) -> Result<StoredMessage, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("message: {what}"));
    let author = row.text(first + 2)?;
    let author = match author.strip_prefix(NOTE) {
        Some(agent) => Author::Note(agent.parse().map_err(|_| damaged("author"))?),
        None => spoken_by(author).ok_or_else(|| damaged("author"))?,
    };
    let delivery = row.opt_text(first + 6)?.map(|word| Delivery::parse(word).ok_or_else(|| damaged("delivery"))).transpose()?;
    let at: Timestamp = row.time(first + 5)?;
    Ok(StoredMessage {
        message: Arc::new(Message {
            id: row.parse(first)?,
            seq: u64::try_from(row.int(first + 1)?).unwrap_or(0),
            author,
            text: row.text(first + 3)?.into(),
            attachments: if row.opt_text(first + 4)?.is_some() { row.json(first + 4)? } else { Vec::new() },
            mail: if row.opt_text(first + 8)?.is_some() { Some(row.json(first + 8)?) } else { None },
            at,
            delivery,
        }),
        reason: row.opt_text(first + 7)?.map(str::to_owned),
    })
}
