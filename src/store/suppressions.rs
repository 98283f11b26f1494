//! Addresses that a client's mails are not sent to.

use crate::{
    args,
    ids::ClientId,
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[IS_SUPPRESSED];

const IS_SUPPRESSED: &str = "SELECT 1 FROM mail_suppressions WHERE client_id = $1 AND address = $2";

/// Whether nothing may be sent there. Addresses are kept in lower case.
pub async fn is_suppressed(db: &Db, client: ClientId, address: &str) -> Result<bool, StoreError> {
    Ok(db.row(IS_SUPPRESSED, args![client.to_string(), address.to_lowercase()]).await?.is_some())
}
