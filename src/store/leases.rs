//! Leases: what must have one owner has one, and a stale owner's writes are refused by the store (R12).
//!
//! A lease lasts [`TTL`], is renewed every [`RENEW_EVERY`] and given up by its owner [`MARGIN`] before its end on the owner's
//! own monotonic clock. A node that holds the lock of its data directory knows that its former incarnation is dead, so
//! it takes its own lease over at once.

use std::time::Duration;

use crate::{
    args,
    clock::Timestamp,
    store::{Db, StoreError, write::Statement},
};

/// How long a lease lasts without renewal.
pub const TTL: Duration = Duration::from_secs(10);
/// How often the owner renews it.
pub const RENEW_EVERY: Duration = Duration::from_secs(3);
/// How long before its end the owner stops on its own.
pub const MARGIN: Duration = Duration::from_secs(2);

pub(super) const STATEMENTS: &[&str] = &[CREATE, READ, CREATE_STREAM, READ_STREAM, GIVE_BACK, FENCE, TOKEN];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[TAKE, RENEW_SQLITE, HOLDS_SQLITE, TAKE_QUIETLY_SQLITE, RENEW_QUIETLY_SQLITE];
pub(super) const POSTGRES_STATEMENTS: &[&str] =
    &[TAKE_POSTGRES, RENEW_POSTGRES, HOLDS_POSTGRES, TAKE_QUIETLY_POSTGRES, RENEW_QUIETLY_POSTGRES];

pub(super) const CREATE: &str =
    "INSERT INTO leases (name, node, incarnation, token, expires_at) VALUES ($1, '', '', 0, 0) ON CONFLICT (name) DO NOTHING";
/// The embedded database has one host, so the caller's clock is the database's.
pub(super) const TAKE: &str = "UPDATE leases SET node = $2, incarnation = $3, token = token + 1, expires_at = $4 + $5 \
     WHERE name = $1 AND (expires_at < $4 OR node = $2) RETURNING token";
pub(super) const TAKE_POSTGRES: &str = "UPDATE leases SET node = $2, incarnation = $3, token = token + 1, \
     expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $4 \
     WHERE name = $1 AND (expires_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint OR node = $2) RETURNING token";
pub(super) const READ: &str = "SELECT node, expires_at FROM leases WHERE name = $1";
pub(super) const RENEW_SQLITE: &str = "UPDATE leases SET expires_at = $3 + $4 WHERE name = $1 AND token = $2 RETURNING token";
pub(super) const RENEW_POSTGRES: &str = "UPDATE leases SET \
     expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3 WHERE name = $1 AND token = $2 RETURNING token";
/// Inside a transaction that nobody else can write beside.
pub(super) const HOLDS_SQLITE: &str = "SELECT 1 FROM leases WHERE name = $1 AND token = $2";
/// Until the transaction ends nobody takes the lease.
pub(super) const HOLDS_POSTGRES: &str = "SELECT 1 FROM leases WHERE name = $1 AND token = $2 FOR SHARE";
pub(super) const GIVE_BACK: &str = "UPDATE leases SET expires_at = 0 WHERE name = $1 AND token = $2";
pub(super) const CREATE_STREAM: &str =
    "INSERT INTO streams (stream, epoch, head) VALUES ($1, $2, 0) ON CONFLICT (stream) DO NOTHING";
pub(super) const READ_STREAM: &str = "SELECT epoch, head FROM streams WHERE stream = $1";

// The same for those who hold a lease through the journal: its writes bring no rows back.
const TAKE_QUIETLY_SQLITE: &str = "UPDATE leases SET node = $2, incarnation = $3, token = token + 1, expires_at = $4 + $5 \
     WHERE name = $1 AND (expires_at < $4 OR node = $2)";
const TAKE_QUIETLY_POSTGRES: &str = "UPDATE leases SET node = $2, incarnation = $3, token = token + 1, \
     expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $4 \
     WHERE name = $1 AND (expires_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint OR node = $2)";
const RENEW_QUIETLY_SQLITE: &str = "UPDATE leases SET expires_at = $3 + $4 WHERE name = $1 AND token = $2";
const RENEW_QUIETLY_POSTGRES: &str = "UPDATE leases SET expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3 WHERE name = $1 AND token = $2";
/// Changes nothing; until the transaction ends nobody takes the lease.
const FENCE: &str = "UPDATE leases SET token = token WHERE name = $1 AND token = $2";
const TOKEN: &str = "SELECT token FROM leases WHERE name = $1 AND node = $2 AND incarnation = $3";

const TTL_MICROS: i64 = 10_000_000;

/// Takes a lease when it is free, run out or this node's own; else the write is refused as not found.
pub fn take(db: &Db, name: &str, node: &str, incarnation: &str, now: Timestamp) -> Vec<Statement> {
    let take = match db {
        Db::Sqlite(_) => Statement::must(TAKE_QUIETLY_SQLITE, args![name, node, incarnation, now, TTL_MICROS]),
        Db::Postgres(_) => Statement::must(TAKE_QUIETLY_POSTGRES, args![name, node, incarnation, TTL_MICROS]),
    };
    vec![Statement::new(CREATE, args![name]), take]
}

/// The token of a lease that was just taken, unless another took it meanwhile.
pub async fn token(db: &Db, name: &str, node: &str, incarnation: &str) -> Result<Option<i64>, StoreError> {
    db.row(TOKEN, args![name, node, incarnation]).await?.map(|row| row.int(0)).transpose()
}

/// Prolongs a lease; refused as not found when it is somebody else's.
pub fn renew(db: &Db, name: &str, token: i64, now: Timestamp) -> Statement {
    match db {
        Db::Sqlite(_) => Statement::must(RENEW_QUIETLY_SQLITE, args![name, token, now, TTL_MICROS]),
        Db::Postgres(_) => Statement::must(RENEW_QUIETLY_POSTGRES, args![name, token, TTL_MICROS]),
    }
}

/// First in a transaction: refuses all of it as not found when the lease is somebody else's.
pub fn fence(name: &str, token: i64) -> Statement {
    Statement::must(FENCE, args![name, token])
}

/// Ends a lease.
pub fn give_back(name: &str, token: i64) -> Statement {
    Statement::new(GIVE_BACK, args![name, token])
}
