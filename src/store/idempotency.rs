//! Answers to writes that carried an `Idempotency-Key`: the same request gets the same answer and one effect (R15).

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{
    args,
    clock::Timestamp,
    store::{Db, StoreError, write::Statement},
};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// An answer to keep, committed together with the effect it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Who, which route, which key; a digest of the three, so its length is fixed.
    pub scope: String,
    /// Digest of the request: the same key with another request is an error.
    pub request_hash: String,
    /// HTTP status.
    pub status: u16,
    /// Body as sent.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// The key under which an answer is kept.
pub fn scope(who: &str, route: &str, key: &str) -> String {
    hex(&Sha256::new().chain_update(who).chain_update([0]).chain_update(route).chain_update([0]).chain_update(key).finalize())
}

/// The digest of a request's path and body.
pub fn request_hash(path: &str, body: &[u8]) -> String {
    hex(&Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize())
}

/// Half of a digest in hexadecimal: 128 bits.
fn hex(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) const STATEMENTS: &[&str] = &[FIND, FORGET, INSERT];

const FIND: &str = "SELECT scope, request_hash, status, body, at FROM idempotency WHERE scope = $1 AND at > $2";
const FORGET: &str = "DELETE FROM idempotency WHERE at <= $1";
const INSERT: &str = "INSERT INTO idempotency (scope, request_hash, status, body, at) VALUES ($1, $2, $3, $4, $5)";

/// The answer given before under this scope, if it is still kept.
pub async fn find(db: &Db, scope: &str, now: Timestamp) -> Result<Option<Recorded>, StoreError> {
    let Some(row) = db.row(FIND, args![scope, now - KEPT]).await? else { return Ok(None) };
    Ok(Some(Recorded {
        scope: row.text(0)?.to_owned(),
        request_hash: row.text(1)?.to_owned(),
        status: u16::try_from(row.int(2)?).unwrap_or(200),
        body: row.text(3)?.to_owned(),
        at: row.time(4)?,
    }))
}

/// Drops what is no longer kept.
pub fn forget(now: Timestamp) -> Statement {
    Statement::new(FORGET, args![now - KEPT])
}

pub(super) fn insert(answer: &Recorded) -> Statement {
    Statement::new(
        INSERT,
        args![answer.scope.as_str(), answer.request_hash.as_str(), i64::from(answer.status), answer.body.as_str(), answer.at],
    )
}
