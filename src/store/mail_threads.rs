//! Which conversations a mail may belong to, and who takes part in them.

use crate::{
    args,
    domain::mail::Envelope,
    ids::{AttachmentId, ChannelId, ConversationId, MessageId},
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[BY_MAIL_ID, ADDRESSES, WRITTEN, RECEIVERS, WITH_SOURCE, OF_AUTHOR_WITH_SOURCE];

const BY_MAIL_ID: &str = "SELECT m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id \
     WHERE m.mail_id = $1 AND c.channel_id = $2 ORDER BY m.at DESC LIMIT 3";
const ADDRESSES: &str = "SELECT a.value FROM conversations c JOIN contact_addresses a ON a.contact_id = c.contact_id \
     WHERE c.id = $1 AND c.channel_id = $2 AND a.kind = 'email'";
/// The newest first: a thread has hundreds of mails at most, but nobody says so.
const WRITTEN: &str = "SELECT mail FROM messages WHERE conversation_id = $1 AND mail IS NOT NULL AND delivery IS NOT NULL \
     ORDER BY seq DESC LIMIT 200";
const RECEIVERS: &str = "SELECT m.mail FROM messages m JOIN conversations c ON c.id = m.conversation_id \
     WHERE m.conversation_id = $1 AND m.id = $2 AND c.channel_id = $3 AND m.mail IS NOT NULL AND m.delivery IS NOT NULL";
const WITH_SOURCE: &str = "SELECT m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id \
     WHERE m.mail_id = $1 AND c.channel_id = $2 AND m.mail LIKE '%' || $3 || '%' LIMIT 1";
const OF_AUTHOR_WITH_SOURCE: &str = "SELECT m.conversation_id FROM contact_addresses a \
     JOIN conversations c ON c.contact_id = a.contact_id JOIN messages m ON m.conversation_id = c.id \
     WHERE a.kind = 'email' AND a.value = $1 AND c.channel_id = $2 AND m.mail LIKE '%' || $3 || '%' LIMIT 1";

/// The conversations of this account with a message of this Message-ID, the newest first.
pub async fn with_mail_id(db: &Db, account: ChannelId, mail_id: &str) -> Result<Vec<ConversationId>, StoreError> {
    db.rows(BY_MAIL_ID, args![mail_id, account.to_string()]).await?.iter().map(|row| row.parse(0)).collect()
}

/// Who takes part in a conversation of this account: its contact, under every address, and whom agents wrote to on purpose. Nobody
/// when there is no such conversation there.
pub async fn participants(db: &Db, account: ChannelId, conversation: ConversationId) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(ADDRESSES, args![conversation.to_string(), account.to_string()]).await?;
    let mut found: Vec<String> = rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Ok(found);
    }
    for row in db.rows(WRITTEN, args![conversation.to_string()]).await? {
        let envelope: Envelope = row.json(0)?;
        if !envelope.forwarded {
            found.extend(receivers_of(envelope));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// To whom a message of ours went by this account; none when there is no such message.
pub async fn receivers(
    db: &Db,
    account: ChannelId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Vec<String>>, StoreError> {
    let row = db.row(RECEIVERS, args![conversation.to_string(), message.to_string(), account.to_string()]).await?;
    row.map(|row| row.json(0).map(receivers_of)).transpose()
}

fn receivers_of(envelope: Envelope) -> Vec<String> {
    let Envelope { to, cc, bcc, .. } = envelope;
    to.into_iter().chain(cc).chain(bcc).map(|one| one.address.to_lowercase()).collect()
}

/// Where a mail was taken in whose source lies there.
pub async fn with_source(
    db: &Db,
    account: ChannelId,
    mail_id: Option<&str>,
    author: &str,
    source: AttachmentId,
) -> Result<Option<ConversationId>, StoreError> {
    let (sql, key) = mail_id.map_or((OF_AUTHOR_WITH_SOURCE, author), |id| (WITH_SOURCE, id));
    db.row(sql, args![key, account.to_string(), source.to_string()]).await?.map(|row| row.parse(0)).transpose()
}
