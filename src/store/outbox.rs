//! Outbound messages that are not yet sent or failed.

use crate::{
    args,
    clock::Timestamp,
    ids::{ChannelId, ConversationId, MessageId},
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[OF_CHANNEL];

const OF_CHANNEL: &str = "SELECT message_id, conversation_id, seq, state, attempts, next_at FROM outbox \
     WHERE channel_id = $1 ORDER BY conversation_id, seq LIMIT $2";

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
