//! What the service levels are folded from: the beginnings and ends of stays in queues, as the log has them.

use crate::{
    args,
    domain::log::Entry,
    ids::ConversationId,
    store::{Db, StoreError, log},
};

pub(super) const STATEMENTS: &[&str] = &[TURNS, WAITING];

/// The kinds are [`crate::domain::service_level::KINDS`].
const TURNS: &str = "SELECT pos, at, actor, cause, conversation_id, conv_seq, kind, data FROM log \
     WHERE stream = $1 AND pos > $2 AND pos <= $3 AND kind IN ('queued', 'offer_accepted', 'ended') ORDER BY pos LIMIT $4";
const WAITING: &str = "SELECT c.id FROM conversations c WHERE c.is_open = 1 AND c.phase IN ('queued', 'offered')";

/// Up to `limit` of them after one position and up to another, in order.
pub async fn turns(db: &Db, stream: i64, after: u64, until: u64, limit: u64) -> Result<Vec<Entry>, StoreError> {
    db.rows(TURNS, args![stream, after, until, limit]).await?.iter().map(log::entry).collect()
}

/// What waits now.
pub async fn waiting(db: &Db) -> Result<Vec<ConversationId>, StoreError> {
    db.rows(WAITING, vec![]).await?.iter().map(|row| row.parse(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::TURNS;
    use crate::domain::service_level::KINDS;

    #[test]
    fn the_kinds_are_those_that_count() {
        assert!(TURNS.contains(&format!("kind IN ('{}')", KINDS.join("', '"))));
    }
}
