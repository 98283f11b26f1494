//! Mails of a conversation, for what follows them.

use crate::{
    args,
    domain::mail::Envelope,
    ids::ConversationId,
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[LATEST];

/// What the customer's side wrote comes first, however long ago.
const LATEST: &str = "SELECT mail FROM messages WHERE conversation_id = $1 AND mail IS NOT NULL \
     ORDER BY CASE WHEN author = 'contact' THEN 0 ELSE 1 END, seq DESC LIMIT 1";

/// The mail that an answer follows: the last one that came in; where none did, the last one that went out.
pub async fn latest(db: &Db, conversation: ConversationId) -> Result<Option<Envelope>, StoreError> {
    db.row(LATEST, args![conversation.to_string()]).await?.map(|row| row.json(0)).transpose()
}
