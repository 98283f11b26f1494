//! The one connection that writes.

use sqlx::{ConnectOptions, PgConnection};

use super::{lease::Lease, postgres, sqlite::Sqlite};
use crate::store::{Location, Row, StoreError, Value, postgres_query, write::Append};

/// To either database. SQLite is driven on the journal's own thread (it waits for the disk anyway), PostgreSQL through sqlx.
pub(super) enum Connection {
    Sqlite(Box<Sqlite>),
    Postgres(Box<PgConnection>),
}

impl Connection {
    pub(super) async fn open(location: &Location) -> Result<Self, StoreError> {
        Ok(match location {
            Location::Sqlite(options) => Self::Sqlite(Box::new(Sqlite::open(options.get_filename())?)),
            Location::Postgres(options) => Self::Postgres(Box::new(options.connect().await?)),
        })
    }

    pub(super) async fn rows(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.rows(sql, &args),
            Self::Postgres(connection) => {
                let rows = postgres_query(sql, args).fetch_all(connection.as_mut()).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(super) async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(connection) => connection.execute(sql, &args)?,
            Self::Postgres(connection) => postgres_query(sql, args).execute(connection.as_mut()).await?.rows_affected(),
        })
    }

    pub(super) const fn begin(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        }
    }

    /// Ends whatever transaction may be open; an error only says that there was none.
    pub(super) async fn rollback(&mut self) {
        let _ = self.execute("ROLLBACK", vec![]).await;
    }

    /// One transaction. Returns the new head. Refuses what was committed before and takes it out of `group`; moves what repeats
    /// another append of the group to `repeated`.
    pub(super) async fn commit_group(
        &mut self,
        lease: &Lease,
        head: u64,
        group: &mut Vec<Append>,
        repeated: &mut Vec<Append>,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.commit_group(lease, head, group, repeated),
            Self::Postgres(connection) => postgres::commit_group(connection, lease, head, group, repeated).await,
        }
    }
}
