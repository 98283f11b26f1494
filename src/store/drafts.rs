//! What people have begun to write: one text per person, conversation and kind. Not part of the log.

use std::time::Duration;

use crate::{
    args,
    clock::Timestamp,
    domain::message::WritingMode,
    ids::{AttachmentId, ConversationId, UserId},
    store::{Db, Row, StoreError, write::Statement},
};

/// A draft of a conversation that is with somebody else is kept for so long.
const KEPT_AWAY: Duration = Duration::from_secs(24 * 3600);
/// The most drafts a person is shown.
const SHOWN: u64 = 200;

pub(super) const STATEMENTS: &[&str] = &[LIST, FIND, PUT, DELETE, FORGET_CLOSED, MARK_AWAY, MARK_BACK, FORGET_AWAY];

const LIST: &str = "SELECT d.conversation_id, d.mode, d.text, d.attachments, d.rev, d.updated_at, d.mail FROM drafts d \
     JOIN conversations c ON c.id = d.conversation_id AND c.is_open = 1 WHERE d.user_id = $1 ORDER BY d.updated_at DESC LIMIT $2";
const FIND: &str = "SELECT conversation_id, mode, text, attachments, rev, updated_at, mail FROM drafts \
     WHERE user_id = $1 AND conversation_id = $2 AND mode = $3";
/// Changes nothing when what is stored is newer.
const PUT: &str = "INSERT INTO drafts (user_id, conversation_id, mode, text, attachments, rev, updated_at, mail) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_id, conversation_id, mode) DO UPDATE SET text = excluded.text, \
     attachments = excluded.attachments, rev = excluded.rev, updated_at = excluded.updated_at, mail = excluded.mail, away_since = NULL \
     WHERE excluded.rev > drafts.rev";
const DELETE: &str = "DELETE FROM drafts WHERE user_id = $1 AND conversation_id = $2 AND mode = $3";
const FORGET_CLOSED: &str = "DELETE FROM drafts \
     WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = drafts.conversation_id AND c.is_open = 1)";
const MARK_AWAY: &str = "UPDATE drafts SET away_since = $1 WHERE away_since IS NULL \
     AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = drafts.conversation_id AND c.agent_id = drafts.user_id)";
const MARK_BACK: &str = "UPDATE drafts SET away_since = NULL WHERE away_since IS NOT NULL \
     AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = drafts.conversation_id AND c.agent_id = drafts.user_id)";
const FORGET_AWAY: &str = "DELETE FROM drafts WHERE away_since < $1";

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// For whom it is meant.
    pub mode: WritingMode,
    /// As typed so far.
    pub text: String,
    /// Uploaded before.
    pub attachments: Vec<AttachmentId>,
    /// What an answer by mail has beside them (JSON).
    pub mail: Option<String>,
    /// Counted by whoever writes it; the higher one stands.
    pub rev: u64,
    /// When it was saved.
    pub updated_at: Timestamp,
}

/// The drafts of a person in open conversations, the latest first.
pub async fn of_user(db: &Db, user: UserId) -> Result<Vec<Draft>, StoreError> {
    db.rows(LIST, args![user.to_string(), SHOWN]).await?.iter().map(draft).collect()
}

/// One draft.
pub async fn find(db: &Db, user: UserId, of: ConversationId, mode: WritingMode) -> Result<Option<Draft>, StoreError> {
    db.row(FIND, args![user.to_string(), of.to_string(), mode.as_str()]).await?.as_ref().map(draft).transpose()
}

/// Saves a draft; not found when a newer one is stored.
pub fn put(user: UserId, draft: &Draft) -> Statement {
    let attachments = serde_json::to_string(&draft.attachments).unwrap_or_else(|_| "[]".to_owned());
    let (conversation, mode, text) = (draft.conversation.to_string(), draft.mode.as_str(), draft.text.as_str());
    Statement::must(
        PUT,
        args![user.to_string(), conversation, mode, text, attachments, draft.rev, draft.updated_at, draft.mail.clone()],
    )
}

/// Throws a draft away.
pub fn delete(user: UserId, of: ConversationId, mode: WritingMode) -> Statement {
    Statement::must(DELETE, args![user.to_string(), of.to_string(), mode.as_str()])
}

/// Drops what nobody needs any more: drafts of closed conversations, and of those that have been away for long.
pub fn forget(now: Timestamp) -> [Statement; 4] {
    [
        Statement::new(FORGET_CLOSED, args![]),
        Statement::new(MARK_BACK, args![]),
        Statement::new(MARK_AWAY, args![now]),
        Statement::new(FORGET_AWAY, args![now - KEPT_AWAY]),
    ]
}

fn draft(row: &Row) -> Result<Draft, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("draft: {what}"));
    Ok(Draft {
        conversation: row.parse(0)?,
        mode: WritingMode::parse(row.text(1)?).ok_or_else(|| damaged("mode"))?,
        text: row.text(2)?.to_owned(),
        attachments: row.json(3)?,
        mail: row.opt_text(6)?.map(str::to_owned),
        rev: u64::try_from(row.int(4)?).unwrap_or(0),
        updated_at: row.time(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actors::testing::{ANA, House, LUIS, Plan, on_both},
        domain::{conversation::Command, log::By},
    };

    async fn texts(house: &House, user: UserId) -> Vec<String> {
        of_user(&house.engine.db, user).await.unwrap().into_iter().map(|draft| draft.text).collect()
    }

    #[test]
    fn a_draft_is_kept_while_its_conversation_is_open_and_a_day_longer_than_it_is_with_its_writer() {
        on_both(|scratch| async {
            let house = House::open(scratch, Plan::default()).await;
            let ana = house.at_work(ANA).await;
            let (hers, closed) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
            let write = async |statements: Vec<Statement>| house.engine.journal.write(statements, None, By::System, None).await;
            let save = async |user, conversation, text: &str, rev| {
                let (mode, text, updated_at) = (WritingMode::Reply, text.to_owned(), house.engine.clock.now());
                write(vec![put(user, &Draft { conversation, mode, text, attachments: vec![], mail: None, rev, updated_at })])
                    .await
            };
            save(ANA, hers, "hers", 1).await.unwrap();
            save(LUIS, hers, "not his", 1).await.unwrap();
            save(ANA, closed, "too late", 1).await.unwrap();
            save(ANA, hers, "older", 1).await.unwrap_err();
            house
                .command(ANA, closed, Command::Close { agent: ANA, force: true, disposition: None, wrap_up: false })
                .await
                .unwrap();
            assert_eq!(texts(&house, ANA).await, ["hers"]);
            let now = house.engine.clock.now();
            write(forget(now).into()).await.unwrap();
            assert_eq!(find(&house.engine.db, ANA, closed, WritingMode::Reply).await.unwrap(), None);
            write(forget(now + KEPT_AWAY).into()).await.unwrap();
            assert_eq!(
                (texts(&house, ANA).await, texts(&house, LUIS).await),
                (vec!["hers".to_owned()], vec!["not his".to_owned()])
            );
            write(forget(now + KEPT_AWAY + Duration::from_secs(1)).into()).await.unwrap();
            assert_eq!((texts(&house, ANA).await, texts(&house, LUIS).await), (vec!["hers".to_owned()], vec![]));
        });
    }
}
