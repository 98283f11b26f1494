//! Making the index and adding to it.

use super::{Entry, FORMAT, Recordings, Standing, fts5_text, tsvector};
use crate::{
    args,
    ids::ConversationId,
    store::{Db, StoreError, Value, postgres_query, sqlite_query},
};

const SQLITE_CREATE: &str = "DROP TABLE IF EXISTS recordings; DROP TABLE IF EXISTS recordings_words; \
     DROP TABLE IF EXISTS recordings_state; \
     CREATE TABLE recordings (number INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, arrived_at INTEGER NOT NULL, \
     agents TEXT NOT NULL, messages INTEGER NOT NULL); \
     CREATE INDEX recordings_arrived ON recordings (arrived_at); \
     CREATE VIRTUAL TABLE recordings_words USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'ascii'); \
     CREATE TABLE recordings_state (format INTEGER NOT NULL, epoch TEXT NOT NULL, pos INTEGER NOT NULL, made_to TEXT)";
const POSTGRES_CREATE: &str = "DROP TABLE IF EXISTS recordings; DROP TABLE IF EXISTS recordings_state; \
     CREATE TABLE recordings (number BIGINT NOT NULL PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, \
     arrived_at BIGINT NOT NULL, agents TEXT NOT NULL, messages BIGINT NOT NULL, words TSVECTOR NOT NULL); \
     CREATE INDEX recordings_arrived ON recordings (arrived_at); \
     CREATE INDEX recordings_words ON recordings USING gin (words); \
     CREATE TABLE recordings_state (format BIGINT NOT NULL, epoch TEXT NOT NULL, pos BIGINT NOT NULL, made_to TEXT)";
pub(super) const BEGIN: &str = "INSERT INTO recordings_state (format, epoch, pos, made_to) VALUES ($1, $2, $3, $4)";
/// Only who knows where it stood moves it on: of two followers one adds a batch, and what was begun twice is done once.
pub(super) const ADVANCE: &str = "UPDATE recordings_state SET pos = $1, made_to = $2 \
     WHERE format = $3 AND epoch = $4 AND pos = $5 AND coalesce(made_to, '-') = coalesce($6, '-')";
pub(super) const SQLITE_PUT: &str = "INSERT INTO recordings (number, conversation_id, arrived_at, agents, messages) \
     VALUES ((SELECT coalesce(max(number), 0) + 1 FROM recordings), $1, $2, $3, $4) \
     ON CONFLICT (conversation_id) DO UPDATE SET arrived_at = excluded.arrived_at, agents = excluded.agents, \
     messages = excluded.messages";
pub(super) const SQLITE_PUT_WORDS: &str = "INSERT OR REPLACE INTO recordings_words (rowid, text) \
     SELECT number, $2 FROM recordings WHERE conversation_id = $1";
pub(super) const SQLITE_DROP_WORDS: &str =
    "DELETE FROM recordings_words WHERE rowid = (SELECT number FROM recordings WHERE conversation_id = $1)";
/// Of a JSON array; in the order in which they come.
pub(super) const POSTGRES_PUT: &str = "INSERT INTO recordings (number, conversation_id, arrived_at, agents, messages, words) \
     SELECT (SELECT coalesce(max(number), 0) FROM recordings) + row_number() OVER (ORDER BY r.n), r.i, r.t, r.a, r.m, r.w::tsvector \
     FROM json_to_recordset($1::json) AS r(n bigint, i text, t bigint, a text, m bigint, w text) \
     ON CONFLICT (conversation_id) DO UPDATE SET arrived_at = excluded.arrived_at, agents = excluded.agents, \
     messages = excluded.messages, words = excluded.words";
pub(super) const DROP: &str = "DELETE FROM recordings WHERE conversation_id = $1";

/// The server may forget its last commits when the power fails: the position is forgotten with them.
pub(super) const NO_WAIT: &str = "SET LOCAL synchronous_commit = off";

/// What becomes of a conversation in the index.
pub(super) enum Change {
    /// As it is now.
    Put(Box<Entry>),
    /// There is no such conversation any more.
    Drop(ConversationId),
}

impl Recordings {
    /// Throws away what there is and begins anew.
    pub(super) async fn create(&self, standing: &Standing) -> Result<(), StoreError> {
        let begin = (BEGIN, args![FORMAT, standing.epoch.as_str(), standing.pos, standing.made_to.clone()]);
        match &self.write {
            Db::Sqlite(pool) => {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::raw_sql(SQLITE_CREATE).execute(&mut *transaction).await?;
                sqlite_query(begin.0, begin.1).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
            Db::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::raw_sql(POSTGRES_CREATE).execute(&mut *transaction).await?;
                postgres_query(begin.0, begin.1).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Adds a batch and moves on from where it stood: all or nothing. False when it does not stand there any more.
    pub(super) async fn add(&self, from: &Standing, to: &Standing, changes: Vec<Change>) -> Result<bool, StoreError> {
        let advance = args![to.pos, to.made_to.clone(), FORMAT, from.epoch.as_str(), from.pos, from.made_to.clone()];
        let embedded = matches!(self.write, Db::Sqlite(_));
        let statements = statements(changes, embedded);
        match &self.write {
            Db::Sqlite(pool) => {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                if sqlite_query(ADVANCE, advance).execute(&mut *transaction).await?.rows_affected() != 1 {
                    return Ok(false);
                }
                for (sql, args) in statements {
                    sqlite_query(sql, args).execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
            }
            Db::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                postgres_query(NO_WAIT, vec![]).execute(&mut *transaction).await?;
                if postgres_query(ADVANCE, advance).execute(&mut *transaction).await?.rows_affected() != 1 {
                    return Ok(false);
                }
                for (sql, args) in statements {
                    postgres_query(sql, args).execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
            }
        }
        Ok(true)
    }
}

/// SQLite gets row by row what a server gets at once.
fn statements(changes: Vec<Change>, embedded: bool) -> Vec<(&'static str, Vec<Value>)> {
    let mut statements = Vec::new();
    let mut rows = Vec::new();
    for change in changes {
        match change {
            Change::Put(entry) => {
                let id = entry.conversation.to_string();
                let agents = entry.agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                if embedded {
                    statements.push((SQLITE_PUT, args![id.as_str(), entry.arrived_at, agents, entry.messages]));
                    statements.push((SQLITE_PUT_WORDS, args![id, fts5_text(&entry.document)]));
                } else {
                    let (number, words) = (rows.len(), tsvector(&entry.document));
                    let at = entry.arrived_at.micros();
                    rows.push(serde_json::json!({ "n": number, "i": id, "t": at, "a": agents, "m": entry.messages, "w": words }));
                }
            }
            Change::Drop(id) => {
                if embedded {
                    statements.push((SQLITE_DROP_WORDS, args![id.to_string()]));
                }
                statements.push((DROP, args![id.to_string()]));
            }
        }
    }
    if !rows.is_empty() {
        statements.push((POSTGRES_PUT, args![serde_json::Value::Array(rows).to_string()]));
    }
    statements
}
