//! What visitors of a web chat leave beside their messages: answers before the chat, files, ratings.

use serde::{Deserialize, Serialize};

use crate::{
    args,
    clock::Timestamp,
    ids::{AttachmentId, ChannelId, ConversationId, VisitorId},
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[PUT_ANSWERS, ANSWERS, INSERT_FILE, HAS_FILE, PUT_RATING, RATING];

const PUT_ANSWERS: &str = "INSERT INTO visitor_answers (channel_id, visitor_id, answers, at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (channel_id, visitor_id) DO UPDATE SET answers = excluded.answers, at = excluded.at";
const ANSWERS: &str = "SELECT answers FROM visitor_answers WHERE channel_id = $1 AND visitor_id = $2";
const INSERT_FILE: &str = "INSERT INTO visitor_files (attachment_id, channel_id, visitor_id) VALUES ($1, $2, $3)";
const HAS_FILE: &str = "SELECT 1 FROM visitor_files WHERE attachment_id = $1 AND channel_id = $2 AND visitor_id = $3";
const PUT_RATING: &str = "INSERT INTO ratings (conversation_id, score, comment, at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (conversation_id) DO UPDATE SET score = excluded.score, comment = excluded.comment, at = excluded.at";
const RATING: &str = "SELECT score, comment, at FROM ratings WHERE conversation_id = $1";

/// An answer given before the chat, with the question as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "PreChatAnswer")]
#[schema(as = PreChatAnswer)]
pub struct Answer {
    /// Name of the field.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// What was answered.
    pub value: String,
}

/// Keeps what a visitor answered; the last time counts.
///
/// # Errors
/// [`StoreError::Damaged`] when the answers have no JSON form.
pub fn put_answers(channel: ChannelId, visitor: VisitorId, answers: &[Answer], now: Timestamp) -> Result<Statement, StoreError> {
    let answers = serde_json::to_string(answers).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Statement::new(PUT_ANSWERS, args![channel.to_string(), visitor.to_string(), answers, now]))
}

/// What a visitor answered.
pub async fn answers(db: &Db, channel: ChannelId, visitor: &str) -> Result<Vec<Answer>, StoreError> {
    let found = db.row(ANSWERS, args![channel.to_string(), visitor]).await?;
    found.map_or_else(|| Ok(Vec::new()), |row| row.json(0))
}

/// Notes who uploaded a file.
pub fn insert_file(id: AttachmentId, channel: ChannelId, visitor: VisitorId) -> Statement {
    Statement::new(INSERT_FILE, args![id.to_string(), channel.to_string(), visitor.to_string()])
}

/// Whether this visitor uploaded it.
pub async fn has_file(db: &Db, id: AttachmentId, channel: ChannelId, visitor: VisitorId) -> Result<bool, StoreError> {
    Ok(db.row(HAS_FILE, args![id.to_string(), channel.to_string(), visitor.to_string()]).await?.is_some())
}

/// Keeps a rating with its words.
pub fn put_rating(conversation: ConversationId, score: u8, comment: Option<&str>, now: Timestamp) -> Statement {
    let comment = comment.map(str::to_owned);
    Statement::new(PUT_RATING, args![conversation.to_string(), i64::from(score), comment, now])
}

/// A rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rated {
    /// 1 to 5.
    pub score: u8,
    /// In words.
    pub comment: Option<String>,
    /// When it was given or changed.
    pub at: Timestamp,
}

/// The rating of a conversation.
pub async fn rating(db: &Db, conversation: ConversationId) -> Result<Option<Rated>, StoreError> {
    let Some(row) = db.row(RATING, args![conversation.to_string()]).await? else { return Ok(None) };
    let score = u8::try_from(row.int(0)?).unwrap_or(0);
    Ok(Some(Rated { score, comment: row.opt_text(1)?.map(str::to_owned), at: row.time(2)? }))
}
