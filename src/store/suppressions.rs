//! Who must not be written to any more, by client: whoever called a mail of ours spam.

use crate::{
    args,
    clock::Timestamp,
    ids::{ClientId, MessageId},
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[FIND, INSERT, DELETE];

const FIND: &str = "SELECT reason FROM mail_suppressions WHERE client_id = $1 AND address = $2";
const INSERT: &str = "INSERT INTO mail_suppressions (client_id, address, reason, message_id, created_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (client_id, address) DO NOTHING";
const DELETE: &str = "DELETE FROM mail_suppressions WHERE client_id = $1 AND address = $2";

/// Whether nothing may be sent to this address in the client's name.
pub async fn is_suppressed(db: &Db, client: ClientId, address: &str) -> Result<bool, StoreError> {
    Ok(db.row(FIND, args![client.to_string(), address.to_lowercase()]).await?.is_some())
}

/// Nothing is sent there from now on, because of what was said about this message.
pub fn insert(client: ClientId, address: &str, reason: &str, about: MessageId, now: Timestamp) -> Statement {
    Statement::new(INSERT, args![client.to_string(), address.to_lowercase(), reason, about.to_string(), now])
}

/// They may be written to again.
pub fn delete(client: ClientId, address: &str) -> Statement {
    Statement::must(DELETE, args![client.to_string(), address.to_lowercase()])
}
