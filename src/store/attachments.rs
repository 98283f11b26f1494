//! Attachments: what is known of each file; the bytes lie in the object store under the same id.

use object_store::path::Path as ObjectPath;

use crate::{
    args,
    clock::Timestamp,
    domain::{log::By, message::Attachment},
    ids::{AttachmentId, ClientId, ConversationId},
    store::{Db, StoreError, Value, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[FIND, INSERT, INSERT_ONCE, BIND, HOLDS];

const FIND: &str = "SELECT id, client_id, name, media_type, size, uploaded_by, conversation_id FROM attachments WHERE id = $1";
const INSERT: &str = "INSERT INTO attachments (id, client_id, name, media_type, size, created_at, uploaded_by, conversation_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
macro_rules! recording {
    ($rows:literal) => {
        concat!(
            "INSERT INTO attachments (id, client_id, name, media_type, size, created_at, uploaded_by, conversation_id) ",
            $rows,
            " ON CONFLICT (id) DO UPDATE SET conversation_id = coalesce(attachments.conversation_id, excluded.conversation_id)"
        )
    };
}
pub(super) use recording;

pub(super) const INSERT_ONCE: &str = recording!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const BIND: &str = "UPDATE attachments SET conversation_id = $2 WHERE id = $1 AND conversation_id IS NULL";
const HOLDS: &str = "SELECT 1 FROM messages WHERE conversation_id = $1 AND attachments LIKE '%' || $2 || '%'";

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// As messages name it.
    pub file: Attachment,
    /// Whose.
    pub client: ClientId,
    /// Who uploaded it.
    pub uploaded_by: By,
    /// Of which conversation; none = uploaded for an inbound message that has not come yet.
    pub conversation: Option<ConversationId>,
}

/// Where a file's bytes lie in the object store. Two levels, so that no directory grows without end; beginning with the end of the id,
/// which is random: its beginning may be the time.
pub fn object_path(id: AttachmentId) -> ObjectPath {
    let text = id.to_string();
    let folder = text.get(text.len().saturating_sub(2)..).unwrap_or("00").to_owned();
    ObjectPath::from_iter([folder, text])
}

/// One file.
pub async fn find(db: &Db, id: AttachmentId) -> Result<Option<Stored>, StoreError> {
    let Some(row) = db.row(FIND, args![id.to_string()]).await? else { return Ok(None) };
    Ok(Some(Stored {
        file: Attachment {
            id: row.parse(0)?,
            name: row.text(2)?.to_owned(),
            media_type: row.text(3)?.to_owned(),
            size: u64::try_from(row.int(4)?).unwrap_or(0),
        },
        client: row.parse(1)?,
        uploaded_by: row.text(5)?.parse().map_err(|()| StoreError::Damaged("uploader".to_owned()))?,
        conversation: row.opt_parse(6)?,
    }))
}

/// Records a file whose bytes are stored.
pub fn insert(stored: &Stored, now: Timestamp) -> Statement {
    Statement::new(INSERT, row(stored, now))
}

/// Records a file whose id follows from what it came with, and to which conversation it belongs, unless both are known.
pub fn insert_once(stored: &Stored, now: Timestamp) -> Statement {
    Statement::new(INSERT_ONCE, row(stored, now))
}

fn row(stored: &Stored, now: Timestamp) -> Vec<Value> {
    let Stored { file, client, uploaded_by, conversation } = stored;
    let conversation = conversation.map_or(Value::NoText, |id| Value::Text(id.to_string()));
    let mut args = args![file.id.to_string(), client.to_string(), file.name.as_str(), file.media_type.as_str(), file.size, now];
    args.extend([Value::Text(uploaded_by.to_string()), conversation]);
    args
}

/// Gives a file to the conversation of the message it came with.
pub fn bind(id: AttachmentId, conversation: ConversationId) -> Statement {
    Statement::new(BIND, args![id.to_string(), conversation.to_string()])
}

/// Whether a message of this conversation has this file.
pub async fn holds(db: &Db, conversation: ConversationId, id: AttachmentId) -> Result<bool, StoreError> {
    Ok(db.row(HOLDS, args![conversation.to_string(), id.to_string()]).await?.is_some())
}
