//! Every table as it is, out of one database and into another, of either kind: for backups.
//!
//! Which tables and columns there are, the database says itself, so a backup forgets no table and old schemas need no code.
//! Rows travel in the text format of PostgreSQL's `COPY`: a line a row, tabs between columns, `\N` for NULL, a backslash before
//! what would be mistaken for either.
//!
//! The only statements not written out in full are here: their names come from the database's own catalogue (never from a
//! backup), are checked by [`plain_name`], and stand in quotes.

pub(super) mod postgres;
pub(super) mod sqlite;
mod text;

use std::path::Path;

use sqlx::{ConnectOptions, PgConnection, Postgres, Transaction};

use super::{Location, StoreError, Value};
use crate::ids::AttachmentId;

/// Who owns what must not survive its owner; who has signed out since must not be signed in again; what was used up must not
/// be used again; what is only derived is made anew.
const LEFT_OUT: [&str; 6] = ["_sqlx_migrations", "invitations", "leases", "recordings", "recordings_state", "sessions"];

pub(super) const STATEMENTS: &[&str] =
    &[SCHEMA, STREAMS, FILES, SEALED, SEALED_OF_MAIL, SEALED_OF_PROVIDERS, LOG_EXTENT, NEW_EPOCH, IN_DOUBT, LEASED];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[sqlite::COLUMNS, sqlite::BROKEN_KEYS];
pub(super) const POSTGRES_STATEMENTS: &[&str] =
    &[postgres::COLUMNS, postgres::TABLE_COUNT, postgres::NOW, postgres::NAME_REPLACED];

pub(super) const SCHEMA: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
const STREAMS: &str = "SELECT stream, head FROM streams ORDER BY stream";
const FILES: &str = "SELECT id, size FROM attachments ORDER BY id";
pub(super) const SEALED: &str = "SELECT id, sealed FROM channel_secrets";
/// What a secret of a mail account is sealed for: [`crate::channels::email::settings::Slot::sealed_for`].
const SEALED_OF_MAIL: &str = "SELECT account_id || ':' || slot, sealed FROM mail_secrets";
/// As [`super::mail_providers`] seals them.
const SEALED_OF_PROVIDERS: &str = "SELECT client_id || ':' || provider, sealed FROM mail_providers";
const LOG_EXTENT: &str = "SELECT s.stream, s.head, count(l.pos), coalesce(max(l.pos), s.head), coalesce(min(l.pos), s.head + 1) \
     FROM streams s LEFT JOIN log l ON l.stream = s.stream GROUP BY s.stream, s.head";
/// Positions may mean something else now: browsers must start over.
const NEW_EPOCH: &str = "UPDATE streams SET epoch = $1";
/// The server went on after the backup was taken: whether these left it, nobody knows.
const IN_DOUBT: &str = "UPDATE outbox SET state = 'sending'";
const LEASED: &str = "SELECT expires_at FROM leases WHERE expires_at > $1";

/// A table and its columns, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Columns with what they hold.
    pub columns: Vec<(String, Kind)>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// TEXT.
    Text,
    /// BIGINT.
    Int,
}

impl Table {
    /// The names of its columns, in the order of [`Table::columns`].
    pub fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn quoted(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        columns.join(", ")
    }
}

/// Lower case letters, digits, underscores: nothing that a quote could not hold.
fn plain_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Tables of rows of table, column, type.
fn tables(rows: impl IntoIterator<Item = (String, String, String)>) -> Result<Vec<Table>, StoreError> {
    let mut rows: Vec<_> = rows.into_iter().filter(|(table, ..)| !LEFT_OUT.contains(&table.as_str())).collect();
    rows.sort();
    let mut tables: Vec<Table> = Vec::new();
    for (table, column, kind) in rows {
        let kind = match kind.to_ascii_lowercase().as_str() {
            "text" => Kind::Text,
            "bigint" | "integer" => Kind::Int,
            other => return Err(StoreError::Damaged(format!("column {table}.{column} holds {other}"))),
        };
        if !plain_name(&table) || !plain_name(&column) {
            return Err(StoreError::Damaged(format!("a column has the name {table}.{column}")));
        }
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push((column, kind)),
            None => tables.push(Table { name: table, columns: vec![(column, kind)] }),
        }
    }
    Ok(tables)
}

/// A database as of one moment, for reading. Other processes go on writing meanwhile.
pub enum Source {
    /// Embedded.
    Sqlite(Box<rusqlite::Connection>),
    /// A server.
    Postgres(Box<PgConnection>),
}

impl Source {
    /// Opens the database and holds on to this moment.
    ///
    /// # Errors
    /// A database that is not there or was never set up.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let mut source = match location {
            Location::Sqlite(options) => Self::Sqlite(Box::new(sqlite::open_source(options.get_filename())?)),
            Location::Postgres(options) => {
                let mut connection = options.connect().await?;
                postgres::hold(&mut connection).await?;
                Self::Postgres(Box::new(connection))
            }
        };
        // The first read fixes the moment.
        source.schema().await?;
        Ok(source)
    }

    async fn rows(&mut self, sql: &'static str) -> Result<Vec<Vec<Value>>, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::rows(connection, sql, &[]),
            Self::Postgres(connection) => postgres::rows(connection, sql, vec![]).await,
        }
    }

    /// The version of its schema.
    pub async fn schema(&mut self) -> Result<i64, StoreError> {
        one(self.rows(SCHEMA).await?)
    }

    /// What is to be copied.
    pub async fn tables(&mut self) -> Result<Vec<Table>, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::tables(connection),
            Self::Postgres(connection) => postgres::tables(connection).await,
        }
    }

    /// Every stream with the position of its last entry.
    pub async fn streams(&mut self) -> Result<Vec<(i64, i64)>, StoreError> {
        self.rows(STREAMS).await?.into_iter().map(|row| Ok((int(row.first())?, int(row.get(1))?))).collect()
    }

    /// Every attachment with its size.
    pub async fn files(&mut self) -> Result<Vec<(AttachmentId, u64)>, StoreError> {
        let file = |row: Vec<Value>| {
            let id = text(row.first())?;
            let id = id.parse().map_err(|_| StoreError::Damaged(format!("attachment {id:?}")))?;
            Ok((id, u64::try_from(int(row.get(1))?).unwrap_or(0)))
        };
        self.rows(FILES).await?.into_iter().map(file).collect()
    }

    /// Calls `each` with the rows of a table, some at a time; always whole rows, at most about `at_once` bytes.
    pub async fn copy(
        &mut self,
        table: &Table,
        at_once: usize,
        each: impl FnMut(Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::copy(connection, table, at_once, each),
            Self::Postgres(connection) => postgres::copy(connection, table, at_once, each).await,
        }
    }
}

/// A database that is being filled. Nothing of it counts before [`Target::finish`].
pub enum Target {
    /// A new file.
    Sqlite(Box<rusqlite::Connection>),
    /// One transaction on a server.
    Postgres(Box<Transaction<'static, Postgres>>),
}

/// What restoring made of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Secrets of channels as `(row, sealed)`.
    pub sealed: Vec<(String, String)>,
    /// Messages of which nobody knows whether they were sent.
    pub in_doubt: u64,
}

impl Target {
    /// A new file with the schema of version `schema`.
    pub async fn file(path: &Path, schema: i64) -> Result<Self, StoreError> {
        sqlite::create(path, schema).await.map(|connection| Self::Sqlite(Box::new(connection)))
    }

    /// A transaction on a server in which the schema of version `schema` comes into being. What was there before is kept under
    /// the name `replaced` when one is given.
    pub async fn server(location: &Location, schema: i64, replaced: Option<&str>) -> Result<Self, StoreError> {
        let Location::Postgres(options) = location else {
            return Err(StoreError::Unavailable("no server".to_owned()));
        };
        let transaction = postgres::prepare(options.as_ref().clone(), schema, replaced).await?;
        Ok(Self::Postgres(Box::new(transaction)))
    }

    /// What can be filled.
    pub async fn tables(&mut self) -> Result<Vec<Table>, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::tables(connection),
            Self::Postgres(connection) => postgres::tables(connection).await,
        }
    }

    /// Adds whole rows; how many.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Conflict`] for what can be no row of this table.
    pub async fn load(&mut self, table: &Table, rows: &[u8]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::load(connection, table, rows),
            Self::Postgres(connection) => postgres::load(connection, table, rows).await,
        }
    }

    async fn rows(&mut self, sql: &'static str) -> Result<Vec<Vec<Value>>, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::rows(connection, sql, &[]),
            Self::Postgres(connection) => postgres::rows(connection, sql, vec![]).await,
        }
    }

    async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::execute(connection, sql, &args),
            Self::Postgres(connection) => Ok(super::postgres_query(sql, args).execute(&mut ***connection).await?.rows_affected()),
        }
    }

    /// Checks keys and log, brings the schema up to date, makes it all count. `epoch` must be a new one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the tables contradict each other.
    pub async fn finish(mut self, epoch: &str) -> Result<Finished, StoreError> {
        for row in self.rows(LOG_EXTENT).await? {
            let numbers: Vec<i64> = row.iter().map(|value| int(Some(value))).collect::<Result<_, _>>()?;
            if let [stream, head, count, last, first] = numbers.as_slice()
                && (last != head || *count != last - first + 1)
            {
                return Err(StoreError::Damaged(format!(
                    "the log of stream {stream} has {count} entries from {first} to {last}, and its head is {head}"
                )));
            }
        }
        self.execute(NEW_EPOCH, vec![epoch.into()]).await?;
        let in_doubt = self.execute(IN_DOUBT, vec![]).await?;
        let pair = |row: Vec<Value>| Ok((text(row.first())?.to_owned(), text(row.get(1))?.to_owned()));
        let mut sealed = self.rows(SEALED).await?;
        // Not in an older schema.
        let tables = self.tables().await?;
        for (name, sealed_there) in [("mail_secrets", SEALED_OF_MAIL), ("mail_providers", SEALED_OF_PROVIDERS)] {
            if tables.iter().any(|table| table.name == name) {
                sealed.extend(self.rows(sealed_there).await?);
            }
        }
        let sealed = sealed.into_iter().map(pair).collect::<Result<_, StoreError>>()?;
        match self {
            Self::Sqlite(connection) => sqlite::finish(*connection).await?,
            Self::Postgres(connection) => postgres::finish(*connection).await?,
        }
        Ok(Finished { sealed, in_doubt })
    }
}

/// What is in a database that is to be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// Nothing.
    No,
    /// Tables.
    Yes,
    /// Tables, and a server that works with them.
    Served,
}

/// Whether a server's database is in use.
pub async fn occupied(location: &Location) -> Result<Occupied, StoreError> {
    let Location::Postgres(options) = location else { return Ok(Occupied::No) };
    let mut connection = options.connect().await?;
    postgres::occupied(&mut connection).await
}

pub(super) fn one(rows: Vec<Vec<Value>>) -> Result<i64, StoreError> {
    int(rows.first().and_then(|row| row.first()))
}

pub(super) fn int(value: Option<&Value>) -> Result<i64, StoreError> {
    match value {
        Some(Value::Int(number)) => Ok(*number),
        other => Err(StoreError::Damaged(format!("no number: {other:?}"))),
    }
}

pub(super) fn text(value: Option<&Value>) -> Result<&str, StoreError> {
    match value {
        Some(Value::Text(text)) => Ok(text),
        other => Err(StoreError::Damaged(format!("no text: {other:?}"))),
    }
}

#[cfg(test)]
mod tests;
