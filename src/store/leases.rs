//! Leases: what must have one owner has one, and a stale owner's writes are refused by the store (R12).
//!
//! A lease lasts [`TTL`], is renewed every [`RENEW_EVERY`] and given up by its owner [`MARGIN`] before its end on the owner's
//! own monotonic clock. A node that holds the lock of its data directory knows that its former incarnation is dead, so
//! it takes its own lease over at once.

use std::time::Duration;

/// How long a lease lasts without renewal.
pub const TTL: Duration = Duration::from_secs(10);
/// How often the owner renews it.
pub const RENEW_EVERY: Duration = Duration::from_secs(3);
/// How long before its end the owner stops on its own.
pub const MARGIN: Duration = Duration::from_secs(2);

pub(super) const STATEMENTS: &[&str] = &[CREATE, READ, CREATE_STREAM, READ_STREAM];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[TAKE, RENEW_SQLITE, HOLDS_SQLITE];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[TAKE_POSTGRES, RENEW_POSTGRES, HOLDS_POSTGRES];

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
