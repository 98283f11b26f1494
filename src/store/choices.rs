//! The offers of a conversation as the log has them: to whom, why, and what became of each; and what supervisors did with it.

use crate::{
    args,
    domain::log::Entry,
    ids::ConversationId,
    store::{Db, StoreError, log},
};

pub(super) const STATEMENTS: &[&str] = &[OF];

/// The kinds are those of the index `log_steps`, word for word.
const OF: &str = "SELECT pos, at, actor, cause, conversation_id, conv_seq, kind, data FROM log WHERE conversation_id = $1 \
     AND (kind = 'offered' OR kind = 'transfer_offered' OR kind = 'offer_accepted' OR kind = 'offer_ended' OR kind = 'queued' \
     OR kind = 'prioritised') \
     ORDER BY conv_seq DESC LIMIT $2";

/// What was queued, offered, accepted, ended and prioritised: the latest `limit` entries, in order.
pub async fn of(db: &Db, conversation: ConversationId, limit: u64) -> Result<Vec<Entry>, StoreError> {
    let rows = db.rows(OF, args![conversation.to_string(), limit]).await?;
    rows.iter().rev().map(log::entry).collect()
}
