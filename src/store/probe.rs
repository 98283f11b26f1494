//! Looking at a database without touching it, whoever works with it meanwhile: for the doctor.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection};

use super::{Location, StoreError, Value, dump};
use crate::clock::{Clock, Timestamp};

pub(super) const STATEMENTS: &[&str] = &[LAST_ENTRY];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[QUICK_CHECK, SET_UP];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[SERVER, CONNECTIONS];

const LAST_ENTRY: &str = "SELECT max(l.at) FROM streams s JOIN log l ON l.stream = s.stream AND l.pos = s.head";
const QUICK_CHECK: &str = "PRAGMA quick_check(1)";
const SET_UP: &str = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
const SERVER: &str = "SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'), \
     current_setting('fsync'), current_setting('synchronous_commit'), \
     (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
const CONNECTIONS: &str = "SELECT current_setting('max_connections')::bigint - count(*) FROM pg_stat_activity";

/// A server that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// A larger file is not read from end to end.
const READ_UP_TO: u64 = 4 * 1024 * 1024 * 1024;

/// What was seen.
#[derive(Debug, Default)]
pub struct Probe {
    /// Version of the schema; none when it was never set up.
    pub schema: Option<i64>,
    /// Of PostgreSQL only.
    pub server: Option<Server>,
    /// What SQLite says of its file when that is damaged.
    pub damage: Option<String>,
    /// The file was too large to be read.
    pub unread: bool,
    /// Bytes of SQLite's log.
    pub log_bytes: u64,
    /// Secrets of channels as `(row, sealed)`.
    pub sealed: Vec<(String, String)>,
    /// When the last entry of the log was written.
    pub last_entry: Option<Timestamp>,
}

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Server {
    /// As `150004`.
    pub version: i64,
    /// Of its texts.
    pub encoding: String,
    /// Whether what is committed is on its disk: the settings `fsync` and `synchronous_commit`.
    pub durable: [String; 2],
    /// Its clock.
    pub now: Timestamp,
    /// How long it took to ask.
    pub round_trip: Duration,
    /// Connections it still has.
    pub connections_left: i64,
}

/// Looks at a database.
///
/// # Errors
/// When it cannot be reached.
pub async fn probe(location: &Location, clock: &Clock) -> Result<Probe, StoreError> {
    match location {
        Location::Sqlite(options) => sqlite(options.get_filename()),
        Location::Postgres(options) => {
            let late = |_| StoreError::Unavailable(format!("no answer within {} s", PATIENCE.as_secs()));
            let mut connection = tokio::time::timeout(PATIENCE, options.connect()).await.map_err(late)??;
            tokio::time::timeout(PATIENCE, postgres(&mut connection, clock)).await.map_err(late)?
        }
    }
}

fn sqlite(file: &std::path::Path) -> Result<Probe, StoreError> {
    if !file.is_file() {
        return Ok(Probe::default());
    }
    let connection = dump::sqlite::open_source(file)?;
    let rows = |sql| dump::sqlite::rows(&connection, sql, &[]);
    let mut probe = Probe::default();
    let bytes = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |about| about.len());
    probe.log_bytes = bytes(&file.with_extension("sqlite-wal"));
    probe.unread = bytes(file) > READ_UP_TO;
    if !probe.unread {
        probe.damage = match rows(QUICK_CHECK) {
            Ok(said) => said.first().and_then(|row| dump::text(row.first()).ok()).filter(|said| *said != "ok").map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        // What else is in it says nothing then.
        if probe.damage.is_some() {
            return Ok(probe);
        }
    }
    if dump::one(rows(SET_UP)?)? > 0 {
        probe.schema = Some(dump::one(rows(dump::SCHEMA)?)?);
        probe.sealed = pairs(rows(dump::SEALED)?)?;
        probe.last_entry = dump::one(rows(LAST_ENTRY)?).ok().map(Timestamp::from_micros);
    }
    Ok(probe)
}

async fn postgres(connection: &mut PgConnection, clock: &Clock) -> Result<Probe, StoreError> {
    let started = clock.elapsed();
    let told = dump::postgres::rows(connection, SERVER, vec![]).await?;
    let round_trip = clock.elapsed().saturating_sub(started);
    let told = told.first().ok_or_else(|| StoreError::Damaged("no settings".to_owned()))?;
    let word = |index: usize| dump::text(told.get(index)).map(str::to_owned);
    let server = Server {
        version: dump::int(told.first())?,
        encoding: word(1)?,
        durable: [word(2)?, word(3)?],
        now: Timestamp::from_micros(dump::int(told.get(4))?),
        round_trip,
        connections_left: dump::one(dump::postgres::rows(connection, CONNECTIONS, vec![]).await?)?,
    };
    let mut probe = Probe { server: Some(server), ..Probe::default() };
    if dump::one(dump::postgres::rows(connection, dump::postgres::TABLE_COUNT, vec![]).await?)? > 0 {
        probe.schema = Some(dump::one(dump::postgres::rows(connection, dump::SCHEMA, vec![]).await?)?);
        probe.sealed = pairs(dump::postgres::rows(connection, dump::SEALED, vec![]).await?)?;
        let last = dump::postgres::rows(connection, LAST_ENTRY, vec![]).await?;
        probe.last_entry = dump::one(last).ok().map(Timestamp::from_micros);
    }
    Ok(probe)
}

fn pairs(rows: Vec<Vec<Value>>) -> Result<Vec<(String, String)>, StoreError> {
    let pair = |row: Vec<Value>| Ok((dump::text(row.first())?.to_owned(), dump::text(row.get(1))?.to_owned()));
    rows.into_iter().map(pair).collect()
}
