//! The journal's hold on its stream.

use std::time::Duration;

use super::connection::Connection;
use crate::{
    args,
    clock::Clock,
    store::{
        Row, StoreError,
        leases::{
            CREATE, GIVE_BACK, HOLDS_POSTGRES, HOLDS_SQLITE, MARGIN, READ, RENEW_POSTGRES, RENEW_SQLITE, TAKE, TAKE_POSTGRES, TTL,
        },
    },
};

/// Who takes a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// This node: the id kept in its data directory. Whoever holds that directory's lock may take the node's own lease
    /// over at once.
    pub node: String,
    /// This run of the process.
    pub incarnation: String,
}

/// A lease that is held, as far as its owner can know.
pub(super) struct Lease {
    pub(super) name: &'static str,
    pub(super) token: i64,
    /// On the owner's monotonic clock.
    valid_until: Duration,
}

const TTL_MICROS: i64 = 10_000_000;

impl Lease {
    /// Takes the lease when it is free, run out or this node's own.
    pub(super) async fn take(
        connection: &mut Connection,
        name: &'static str,
        holder: &Holder,
        clock: &Clock,
    ) -> Result<Self, StoreError> {
        let started = clock.elapsed();
        connection.execute(CREATE, args![name]).await?;
        let (node, incarnation) = (holder.node.as_str(), holder.incarnation.as_str());
        let taken = match connection {
            Connection::Sqlite(_) => connection.rows(TAKE, args![name, node, incarnation, clock.now(), TTL_MICROS]).await?,
            Connection::Postgres(_) => connection.rows(TAKE_POSTGRES, args![name, node, incarnation, TTL_MICROS]).await?,
        };
        match taken.first() {
            Some(row) => Ok(Self { name, token: row.int(0)?, valid_until: started + TTL }),
            None => {
                let owner = connection.rows(READ, args![name]).await?;
                let owner = owner.first().map(|row| row.text(0).map(str::to_owned)).transpose()?;
                tracing::error!(lease = name, owner, "another process holds the lease");
                Err(StoreError::Fenced)
            }
        }
    }

    /// Inside a transaction: whether it may write (R12).
    pub(super) async fn check(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let sql = match connection {
            Connection::Sqlite(_) => HOLDS_SQLITE,
            Connection::Postgres(_) => HOLDS_POSTGRES,
        };
        if connection.rows(sql, args![self.name, self.token]).await?.is_empty() {
            return Err(StoreError::Fenced);
        }
        Ok(())
    }

    /// Renews it; an owner that is no longer named is fenced, even if nobody took it yet.
    pub(super) async fn renew(&mut self, connection: &mut Connection, clock: &Clock) -> Result<(), StoreError> {
        let started = clock.elapsed();
        let rows: Vec<Row> = match connection {
            Connection::Sqlite(_) => connection.rows(RENEW_SQLITE, args![self.name, self.token, clock.now(), TTL_MICROS]).await?,
            Connection::Postgres(_) => connection.rows(RENEW_POSTGRES, args![self.name, self.token, TTL_MICROS]).await?,
        };
        if rows.is_empty() {
            return Err(StoreError::Fenced);
        }
        self.valid_until = started + TTL;
        Ok(())
    }

    /// Lets others take it at once.
    pub(super) async fn give_back(&self, connection: &mut Connection) -> Result<(), StoreError> {
        connection.execute(GIVE_BACK, args![self.name, self.token]).await.map(|_| ())
    }

    /// Whether the owner may still act on it.
    pub(super) fn is_valid(&self, clock: &Clock) -> bool {
        clock.elapsed() + MARGIN < self.valid_until
    }
}
