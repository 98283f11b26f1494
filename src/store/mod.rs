//! The truth: one database, SQLite by default or PostgreSQL.
//!
//! Reading: [`Db::rows`] with a static statement. Writing: only the [`journal`] writes, so there is one writer, one order
//! and one fsync for many. What is only derived, the index of [`recordings`], follows beside it.

pub mod attachment_groups;
pub mod attachments;
pub mod campaign_load;
pub mod canned_texts;
pub mod choices;
pub mod config;
pub mod config_writes;
pub mod contacts;
pub mod conversation_lists;
pub mod conversations;
pub mod drafts;
pub mod dump;
pub mod idempotency;
pub mod inbox;
pub mod invitations;
pub mod journal;
pub mod leases;
pub mod log;
pub mod mail_accounts;
pub mod mail_answers;
pub mod mail_areas;
pub mod mail_asides;
pub mod mail_confirmations;
pub mod mail_positions;
pub mod mail_providers;
pub mod mail_ratings;
pub mod mail_sending;
pub mod mail_threads;
pub mod outbox;
pub mod outbox_groups;
pub mod pasts;
pub mod people;
pub mod people_state;
pub mod probe;
pub mod profiles;
pub mod recordings;
pub mod resources;
pub mod service_levels;
pub mod skills;
pub mod snapshots;
mod sql;
pub mod suppressions;
pub mod templates;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod visitors;
pub mod write;

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Row as _,
    migrate::Migrator,
    postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow},
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use thiserror::Error;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Readers of the embedded database.
const SQLITE_READERS: u32 = 4;
/// Pages of a large group must fit, or they are written to the WAL more than once: 64 MiB, taken as needed.
const WRITER_CACHE_KIB: i64 = 65_536;
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows that a reader's thread may be ahead of whoever takes them: with few, the two wake each other for every row.
const ROWS_AHEAD: usize = 1024;
/// 2 MiB.
const READER_CACHE: &str = "-2048";
/// Connections to PostgreSQL beside the journal's own.
const POSTGRES_READERS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// What the store can answer instead of a result.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is full or fails; nothing was acknowledged. Try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A unique or foreign key stood against it.
    #[error("conflict with existing data: {0}")]
    Conflict(String),
    /// Another process owns the stream now; this one must stop.
    #[error("another process owns this database")]
    Fenced,
    /// What is stored cannot be understood.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() || inner.is_foreign_key_violation() => {
                Self::Conflict(inner.message().to_owned())
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// A value bound to a statement: TEXT or BIGINT, or their absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(String),
    /// BIGINT.
    Int(i64),
    /// TEXT that is NULL.
    NoText,
    /// BIGINT that is NULL.
    NoInt,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(yes.into())
    }
}
impl From<crate::clock::Timestamp> for Value {
    fn from(moment: crate::clock::Timestamp) -> Self {
        Self::Int(moment.micros())
    }
}
impl From<Option<crate::clock::Timestamp>> for Value {
    fn from(moment: Option<crate::clock::Timestamp>) -> Self {
        moment.map_or(Self::NoInt, |at| Self::Int(at.micros()))
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::NoText, Self::Text)
    }
}

/// `args![a, b]`: values for a statement.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Value::from($value)),*] };
}

/// A row of either database.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of the connection that writes to SQLite.
    Plain(Vec<Value>),
}

macro_rules! get {
    ($row:expr, $type:ty, $index:expr, $($value:pat => $plain:expr),+) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<$type, _>($index).map_err(StoreError::from),
            Row::Postgres(row) => row.try_get::<$type, _>($index).map_err(StoreError::from),
            Row::Plain(row) => match row.get($index) {
                $(Some($value) => Ok($plain),)+
                other => Err(StoreError::Damaged(format!("column {}: {other:?}", $index))),
            },
        }
    };
}

impl Row {
    /// Column `index` as text.
    pub fn text(&self, index: usize) -> Result<&str, StoreError> {
        get!(self, &str, index, Value::Text(text) => text)
    }

    /// Column `index` as text that may be NULL.
    pub fn opt_text(&self, index: usize) -> Result<Option<&str>, StoreError> {
        get!(self, Option<&str>, index, Value::Text(text) => Some(text), Value::NoText | Value::NoInt => None)
    }

    /// Column `index` as a number.
    pub fn int(&self, index: usize) -> Result<i64, StoreError> {
        get!(self, i64, index, Value::Int(number) => *number)
    }

    /// Column `index` as a number that may be NULL.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, StoreError> {
        get!(self, Option<i64>, index, Value::Int(number) => Some(*number), Value::NoText | Value::NoInt => None)
    }

    /// Column `index` as a moment.
    pub fn time(&self, index: usize) -> Result<crate::clock::Timestamp, StoreError> {
        self.int(index).map(crate::clock::Timestamp::from_micros)
    }

    /// Column `index` as a moment that may be NULL.
    pub fn opt_time(&self, index: usize) -> Result<Option<crate::clock::Timestamp>, StoreError> {
        Ok(self.opt_int(index)?.map(crate::clock::Timestamp::from_micros))
    }

    /// Column `index` parsed from its text: ids, words.
    pub fn parse<T: FromStr>(&self, index: usize) -> Result<T, StoreError> {
        let text = self.text(index)?;
        text.parse().map_err(|_| StoreError::Damaged(format!("column {index}: {text:?}")))
    }

    /// Column `index` parsed from its text, if there is one.
    pub fn opt_parse<T: FromStr>(&self, index: usize) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text(index)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| StoreError::Damaged(format!("column {index}: {text:?}")))
    }

    /// Column `index` read from its JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, index: usize) -> Result<T, StoreError> {
        serde_json::from_str(self.text(index)?).map_err(|error| StoreError::Damaged(format!("column {index}: {error}")))
    }
}

type SqliteQuery = Query<'static, sqlx::Sqlite, SqliteArguments>;
type PostgresQuery = Query<'static, sqlx::Postgres, PgArguments>;

pub(crate) fn sqlite_query(sql: &'static str, args: Vec<Value>) -> SqliteQuery {
    args.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::NoText => query.bind(None::<String>),
        Value::NoInt => query.bind(None::<i64>),
    })
}

pub(crate) fn postgres_query(sql: &'static str, args: Vec<Value>) -> PostgresQuery {
    args.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::NoText => query.bind(None::<String>),
        Value::NoInt => query.bind(None::<i64>),
    })
}

/// The readers of one database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// Embedded.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// Where the database is, and how its one writer connects.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file; created when missing.
    Sqlite(Box<SqliteConnectOptions>),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

impl Location {
    /// A file of the embedded database.
    pub fn file(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(SQLITE_BUSY_TIMEOUT)
            .foreign_keys(true)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        Self::Sqlite(Box::new(options))
    }

    /// A PostgreSQL server by its URL.
    pub fn postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("centralita").disable_statement_logging();
        Ok(Self::Postgres(Box::new(options)))
    }

    /// Brings the schema up to date, then opens the readers.
    pub async fn open(&self) -> Result<Db, StoreError> {
        self.migrate().await?;
        Ok(self.readers())
    }

    /// Readers of a database whose schema is up to date.
    pub fn readers(&self) -> Db {
        match self {
            Self::Sqlite(options) => {
                let options =
                    options.as_ref().clone().read_only(true).pragma("cache_size", READER_CACHE).row_buffer_size(ROWS_AHEAD);
                let pool = SqlitePoolOptions::new().max_connections(SQLITE_READERS).acquire_timeout(ACQUIRE_TIMEOUT);
                Db::Sqlite(pool.connect_lazy_with(options))
            }
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(POSTGRES_READERS).acquire_timeout(ACQUIRE_TIMEOUT);
                Db::Postgres(pool.connect_lazy_with(options.as_ref().clone()))
            }
        }
    }

    /// Runs the migrations that have not run yet.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let failed = |error: sqlx::migrate::MigrateError| StoreError::Unavailable(format!("migration: {error}"));
        match self {
            Self::Sqlite(options) => {
                let mut connection = options.connect().await?;
                SQLITE.run(&mut connection).await.map_err(failed)?;
                sqlx::Connection::close(connection).await?;
            }
            Self::Postgres(options) => {
                let mut connection = options.connect().await?;
                POSTGRES.run(&mut connection).await.map_err(failed)?;
                sqlx::Connection::close(connection).await?;
            }
        }
        Ok(())
    }
}

/// The newest schema this program knows.
pub fn newest_schema() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Every statement that runs on both databases, by file. There is no other SQL than this and that of the two lists below.
pub const STATEMENTS: &[(&str, &[&str])] = &[
    ("attachments", attachments::STATEMENTS),
    ("campaign_load", campaign_load::STATEMENTS),
    ("canned_texts", canned_texts::STATEMENTS),
    ("choices", choices::STATEMENTS),
    ("config", config::STATEMENTS),
    ("config_writes", config_writes::STATEMENTS),
    ("contacts", contacts::STATEMENTS),
    ("conversation_lists", conversation_lists::STATEMENTS),
    ("conversations", conversations::STATEMENTS),
    ("drafts", drafts::STATEMENTS),
    ("dump", dump::STATEMENTS),
    ("idempotency", idempotency::STATEMENTS),
    ("inbox", inbox::STATEMENTS),
    ("invitations", invitations::STATEMENTS),
    ("journal", journal::STATEMENTS),
    ("leases", leases::STATEMENTS),
    ("log", log::STATEMENTS),
    ("mail_asides", mail_asides::STATEMENTS),
    ("mail_confirmations", mail_confirmations::STATEMENTS),
    ("mail_positions", mail_positions::STATEMENTS),
    ("mail_threads", mail_threads::STATEMENTS),
    ("mail_accounts", mail_accounts::STATEMENTS),
    ("mail_areas", mail_areas::STATEMENTS),
    ("mail_providers", mail_providers::STATEMENTS),
    ("mail_ratings", mail_ratings::STATEMENTS),
    ("mail_sending", mail_sending::STATEMENTS),
    ("mail_answers", mail_answers::STATEMENTS),
    ("outbox", outbox::STATEMENTS),
    ("pasts", pasts::STATEMENTS),
    ("people", people::STATEMENTS),
    ("service_levels", service_levels::STATEMENTS),
    ("skills", skills::STATEMENTS),
    ("people_state", people_state::STATEMENTS),
    ("probe", probe::STATEMENTS),
    ("profiles", profiles::STATEMENTS),
    ("recordings", recordings::STATEMENTS),
    ("resources", resources::STATEMENTS),
    ("snapshots", snapshots::STATEMENTS),
    ("templates", templates::STATEMENTS),
    ("suppressions", suppressions::STATEMENTS),
    ("visitors", visitors::STATEMENTS),
];
/// Statements that only SQLite runs.
pub const SQLITE_STATEMENTS: &[&[&str]] = &[
    sql::SQLITE_STATEMENTS,
    conversation_lists::SQLITE_STATEMENTS,
    leases::SQLITE_STATEMENTS,
    dump::SQLITE_STATEMENTS,
    attachment_groups::SQLITE_STATEMENTS,
    outbox_groups::SQLITE_STATEMENTS,
    recordings::SQLITE_STATEMENTS,
    probe::SQLITE_STATEMENTS,
];
/// Statements that only PostgreSQL runs.
pub const POSTGRES_STATEMENTS: &[&[&str]] = &[
    sql::POSTGRES_STATEMENTS,
    conversation_lists::POSTGRES_STATEMENTS,
    leases::POSTGRES_STATEMENTS,
    dump::POSTGRES_STATEMENTS,
    attachment_groups::POSTGRES_STATEMENTS,
    outbox_groups::POSTGRES_STATEMENTS,
    recordings::POSTGRES_STATEMENTS,
    probe::POSTGRES_STATEMENTS,
];

impl Db {
    /// All rows of a statement.
    pub async fn rows(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => sqlite_query(sql, args).fetch_all(pool).await?.into_iter().map(Row::Sqlite).collect(),
            Self::Postgres(pool) => postgres_query(sql, args).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect(),
        })
    }

    /// Ends all readers: a statement that runs ends first, whoever asks afterwards is told that the database is away.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// All rows of several statements, as of one moment.
    pub async fn consistent<const N: usize>(
        &self,
        queries: [(&'static str, Vec<Value>); N],
    ) -> Result<[Vec<Row>; N], StoreError> {
        let mut results = [const { Vec::new() }; N];
        match self {
            Self::Sqlite(pool) => {
                let mut transaction = pool.begin().await?;
                for ((sql, args), result) in queries.into_iter().zip(&mut results) {
                    let rows = sqlite_query(sql, args).fetch_all(&mut *transaction).await?;
                    *result = rows.into_iter().map(Row::Sqlite).collect();
                }
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                for ((sql, args), result) in queries.into_iter().zip(&mut results) {
                    let rows = postgres_query(sql, args).fetch_all(&mut *transaction).await?;
                    *result = rows.into_iter().map(Row::Postgres).collect();
                }
            }
        }
        Ok(results)
    }

    /// Calls `each` with every row of a statement as it comes, so that a large result need not fit in memory.
    pub async fn each(
        &self,
        sql: &'static str,
        args: Vec<Value>,
        mut each: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        use futures_util::TryStreamExt;
        match self {
            Self::Sqlite(pool) => {
                let mut rows = sqlite_query(sql, args).fetch(pool);
                while let Some(row) = rows.try_next().await? {
                    each(&Row::Sqlite(row))?;
                }
            }
            Self::Postgres(pool) => {
                let mut rows = postgres_query(sql, args).fetch(pool);
                while let Some(row) = rows.try_next().await? {
                    each(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// The first row of a statement, if there is one.
    pub async fn row(&self, sql: &'static str, args: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => sqlite_query(sql, args).fetch_optional(pool).await?.map(Row::Sqlite),
            Self::Postgres(pool) => postgres_query(sql, args).fetch_optional(pool).await?.map(Row::Postgres),
        })
    }
}
