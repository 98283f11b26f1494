//! Outbound messages that are not yet sent or failed.

use crate::{
    args,
    clock::Timestamp,
    domain::{
        contact::AddressKind,
        delivery::Delivery,
        log::By,
        message::{Author, Message},
    },
    ids::{ChannelId, ConversationId, MessageId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[OF_CHANNEL, CHANNELS, CONTENT, MARK];

const OF_CHANNEL: &str = "SELECT message_id, conversation_id, seq, state, attempts, next_at FROM outbox \
     WHERE channel_id = $1 ORDER BY conversation_id, seq LIMIT $2";
const CHANNELS: &str = "SELECT DISTINCT channel_id FROM outbox";
/// The receiver's address is the one of the channel's own network, as everywhere a conversation is shown.
macro_rules! outgoing {
    ($which:literal) => {
        concat!(
            "SELECT m.seq, m.author, m.text, m.attachments, m.at, m.delivery, m.mail, \
             coalesce((SELECT a.value FROM contact_addresses a WHERE a.contact_id = c.contact_id AND a.kind = $2 \
             ORDER BY a.created_at DESC LIMIT 1), ''), o.message_id \
             FROM outbox o JOIN conversations c ON c.id = o.conversation_id \
             JOIN messages m ON m.conversation_id = o.conversation_id AND m.seq = o.seq WHERE o.message_id ",
            $which
        )
    };
}
pub(super) use outgoing;

const CONTENT: &str = outgoing!("= $1");
const MARK: &str = "UPDATE outbox SET state = $2, attempts = $3, next_at = $4 WHERE message_id = $1";

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub message: MessageId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// `conv_seq` of the message: order within the conversation is kept.
    pub seq: u64,
    /// It was being sent when the process ended: the outcome is unknown.
    pub outcome_unknown: bool,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before.
    pub next_at: Timestamp,
}

/// What a message that waits says, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// Where it stands.
    pub delivery: Delivery,
    /// The receiver, as the channel names them.
    pub address: String,
}

/// What an attempt left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// An attempt begins, or its outcome is unknown: after a crash it is made again, with the same id.
    Sending,
    /// Nothing was sent: it waits for the next attempt.
    Waiting,
}

/// Changes nothing but a row of the outbox: no event is involved. Not found when the message has been sent or has failed.
pub fn mark(message: MessageId, mark: Mark, attempts: u32, next_at: Timestamp) -> Statement {
    let state = match mark {
        Mark::Sending => "sending",
        Mark::Waiting => "queued",
    };
    Statement::must(MARK, args![message.to_string(), state, u64::from(attempts), next_at])
}

/// What waits on a channel account, at most `limit`.
pub async fn of_channel(db: &Db, channel: ChannelId, limit: u64) -> Result<Vec<Waiting>, StoreError> {
    let rows = db.rows(OF_CHANNEL, args![channel.to_string(), limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                message: row.parse(0)?,
                conversation: row.parse(1)?,
                seq: u64::try_from(row.int(2)?).unwrap_or(0),
                outcome_unknown: row.text(3)? == "sending",
                attempts: u32::try_from(row.int(4)?).unwrap_or(0),
                next_at: row.time(5)?,
            })
        })
        .collect()
}

/// Channel accounts on which anything waits.
pub async fn channels(db: &Db) -> Result<Vec<ChannelId>, StoreError> {
    db.rows(CHANNELS, vec![]).await?.iter().map(|row| row.parse(0)).collect()
}

/// What a message says and to whom, unless it waits no longer.
pub async fn content(db: &Db, id: MessageId, network: AddressKind) -> Result<Option<Outgoing>, StoreError> {
    db.row(CONTENT, args![id.to_string(), network.as_str()]).await?.as_ref().map(read).transpose()
}

/// A row of `outgoing!`.
pub(super) fn read(row: &Row) -> Result<Outgoing, StoreError> {
    let id: MessageId = row.parse(8)?;
    let damaged = |what: &str| StoreError::Damaged(format!("message {id}: {what}"));
    let delivery = row.opt_text(5)?.and_then(Delivery::parse).ok_or_else(|| damaged("delivery"))?;
    let author = match row.text(1)?.parse::<By>() {
        Ok(By::User(agent)) => Author::Agent(agent),
        Ok(By::System) => Author::System,
        _ => return Err(damaged("author")),
    };
    let message = Message {
        id,
        seq: u64::try_from(row.int(0)?).unwrap_or(0),
        author,
        text: row.text(2)?.into(),
        attachments: if row.opt_text(3)?.is_some() { row.json(3)? } else { Vec::new() },
        mail: if row.opt_text(6)?.is_some() { Some(row.json(6)?) } else { None },
        at: row.time(4)?,
        delivery: Some(delivery),
    };
    Ok(Outgoing { message, delivery, address: row.text(7)?.to_owned() })
}
