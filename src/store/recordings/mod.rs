//! The index of all conversations: which of them hold certain words, belong to certain campaigns, were attended by certain agents.
//!
//! It is derived: whatever is lost of it is made again from the tables and the log ([`follow`]), so it is in no backup and has no
//! migrations; one of another [`FORMAT`] is thrown away. Nothing is read from it but which conversations may be meant and in
//! which order: what is shown, and whether the caller may see it, comes from the tables ([`Recordings::find`] only suggests).
//!
//! Writing it must not delay a commit of the journal. SQLite has one writer a file, so there the index is a file of its own,
//! `search.sqlite`; on a server it is two tables that only the follower writes to. This is the one place beside the journal
//! that writes, and nothing that it writes is ever the truth.
//!
//! Words are made in [`crate::domain::search`]; SQLite (FTS5) and PostgreSQL (`tsvector`) only keep them, so both find the same.

mod document;
pub mod follow;
mod write;

use std::fmt::Write as _;

use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};

pub use self::document::{Said, attended, kinds, latest};
use super::{ACQUIRE_TIMEOUT, Db, Location, Row, SQLITE_READERS, StoreError, Value, postgres_query};
use crate::{
    args,
    clock::Timestamp,
    domain::search::{Document, Phrase, Search},
    ids::{AgentId, ConversationId},
};

pub(super) const STATEMENTS: &[&str] = &[
    document::WRITERS,
    follow::LOG_STANDS,
    follow::TOUCHED,
    follow::CONTACTS,
    follow::OF_CONTACT,
    follow::ALL_AFTER,
    follow::ENTRY_AT,
];

pub(super) use self::document::{POSTGRES_STATEMENTS, SQLITE_STATEMENTS};

/// Of what is kept and how; another one is made anew.
const FORMAT: i64 = 1;
/// Beside the database's own file.
const FILE: &str = "search.sqlite";
/// Conversations come in the order of their arrival, but for clocks that were set: so far beside its place none is looked for.
const OUT_OF_ORDER_MICROS: i64 = 3_600_000_000;
/// Above every number.
const END: i64 = i64::MAX;

/// What is known of one conversation, to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub conversation: ConversationId,
    /// When the customer wrote first.
    pub arrived_at: Timestamp,
    /// Who attended it, in order.
    pub agents: Vec<AgentId>,
    /// How many messages it had.
    pub messages: u64,
    /// Its words.
    pub document: Document,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words and keys.
    pub search: Search,
    /// Arrived then or later.
    pub since: Option<Timestamp>,
    /// Arrived before.
    pub until: Option<Timestamp>,
    /// Older than this one.
    pub before: Option<ConversationId>,
}

/// A conversation that may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub conversation: ConversationId,
    /// Who attended it, in order.
    pub agents: Vec<AgentId>,
    /// How many messages it had when it was indexed.
    pub messages: u64,
}

/// Up to where the index follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of the log that it follows.
    pub epoch: String,
    /// Position of the last entry that is in it.
    pub pos: u64,
    /// While it is made: up to which conversation, in the order of ids; none once all that were there are in it.
    pub made_to: Option<String>,
}

/// The index. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recordings {
    read: Db,
    write: Db,
}

impl Recordings {
    /// Beside the database of `db`; nothing is read or written yet.
    pub fn new(location: &Location, db: &Db) -> Self {
        match location {
            Location::Sqlite(options) => {
                let file = options.get_filename().with_file_name(FILE);
                // It may forget its last commits when the power fails: its position is forgotten with them.
                let options = options.as_ref().clone().filename(file).synchronous(SqliteSynchronous::Normal);
                let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
                let read = pool(SQLITE_READERS).connect_lazy_with(options.clone());
                Self { read: Db::Sqlite(read), write: Db::Sqlite(pool(1).connect_lazy_with(options)) }
            }
            Location::Postgres(_) => Self { read: db.clone(), write: location.readers() },
        }
    }

    /// Ends its connections, after those of its [`follow::Follower`].
    pub async fn close(&self) {
        self.write.close().await;
        if matches!(self.read, Db::Sqlite(_)) {
            self.read.close().await;
        }
    }

    /// Up to where it follows; none before it was ever made.
    ///
    /// # Errors
    /// Also when there is nothing to read it from.
    pub async fn standing(&self) -> Result<Option<Standing>, StoreError> {
        let Some(row) = self.read.row(STANDING, args![FORMAT]).await? else { return Ok(None) };
        let pos = u64::try_from(row.int(1)?).unwrap_or(0);
        Ok(Some(Standing { epoch: row.text(0)?.to_owned(), pos, made_to: row.opt_text(2)?.map(str::to_owned) }))
    }

    /// Up to `limit` conversations that may be meant, the newest first.
    ///
    /// # Errors
    /// When the index is not there (yet).
    pub async fn find(&self, wanted: &Wanted, limit: usize) -> Result<Vec<Candidate>, StoreError> {
        if wanted.search.clauses.iter().any(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let number = async |sql, arg: Option<Value>, otherwise| {
            let Some(arg) = arg else { return Ok(otherwise) };
            self.read.row(sql, vec![arg]).await?.map_or(Ok(otherwise), |row| row.int(0))
        };
        let beside = |moment: Timestamp, by: i64| Value::Int(moment.micros().saturating_add(by));
        let from = number(LAST_BEFORE, wanted.since.map(|since| beside(since, -OUT_OF_ORDER_MICROS)), 0).await?;
        let to = number(FIRST_AFTER, wanted.until.map(|until| beside(until, OUT_OF_ORDER_MICROS)), END).await?;
        let before = number(NUMBER_OF, wanted.before.map(|id| id.to_string().into()), END).await?;
        let args = args![
            from,
            to.min(before),
            wanted.since.map_or(i64::MIN, Timestamp::micros),
            wanted.until.map_or(i64::MAX, Timestamp::micros),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ];
        let rows = match &self.read {
            db if wanted.search.clauses.is_empty() => db.rows(ALL, args).await?,
            db @ Db::Sqlite(_) => db.rows(SQLITE_MATCHING, [vec![fts5(&wanted.search).into()], args].concat()).await?,
            Db::Postgres(pool) => {
                let query = postgres_query(POSTGRES_MATCHING, [vec![tsquery(&wanted.search).into()], args].concat());
                // Planned for these very words: how many conversations hold them decides which way is short.
                query.persistent(false).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        };
        rows.iter().map(candidate).collect()
    }
}

fn candidate(row: &Row) -> Result<Candidate, StoreError> {
    let agents = row.text(1)?.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    Ok(Candidate { conversation: row.parse(0)?, agents, messages: u64::try_from(row.int(2)?).unwrap_or(0) })
}

const STANDING: &str = "SELECT epoch, pos, made_to FROM recordings_state WHERE format = $1";
/// Of one that is not there (any more) its place among the others: whether it ever was nobody learns.
const NUMBER_OF: &str = "SELECT coalesce((SELECT number FROM recordings WHERE conversation_id = $1), \
     (SELECT number + 1 FROM recordings WHERE conversation_id < $1 ORDER BY conversation_id DESC LIMIT 1), 0)";
const LAST_BEFORE: &str = "SELECT number FROM recordings WHERE arrived_at < $1 ORDER BY arrived_at DESC LIMIT 1";
const FIRST_AFTER: &str = "SELECT number FROM recordings WHERE arrived_at >= $1 ORDER BY arrived_at LIMIT 1";
const ALL: &str = "SELECT conversation_id, agents, messages FROM recordings \
     WHERE number > $1 AND number < $2 AND arrived_at >= $3 AND arrived_at < $4 ORDER BY number DESC LIMIT $5";
/// FTS5 gives rows in the order of their numbers, so it stops as soon as there are enough.
const SQLITE_MATCHING: &str = "SELECT r.conversation_id, r.agents, r.messages \
     FROM recordings_words w CROSS JOIN recordings r ON r.number = w.rowid \
     WHERE w.recordings_words MATCH $1 AND w.rowid > $2 AND w.rowid < $3 AND r.arrived_at >= $4 AND r.arrived_at < $5 \
     ORDER BY w.rowid DESC LIMIT $6";
const POSTGRES_MATCHING: &str = "SELECT conversation_id, agents, messages FROM recordings WHERE words @@ $1::tsquery \
     AND number > $2 AND number < $3 AND arrived_at >= $4 AND arrived_at < $5 ORDER BY number DESC LIMIT $6";

/// Stands for a gap in SQLite's text; in no word.
const GAP: &str = "\u{e000}";

/// The words of a document as FTS5 takes them apart again: its tokenizer `ascii` keeps together what is not ASCII.
fn fts5_text(document: &Document) -> String {
    let mut text = String::new();
    for word in document.words() {
        text.push_str(if word.is_empty() { GAP } else { word });
        text.push(' ');
    }
    text
}

/// Words are letters and digits and their mark: nothing to escape, and every one in quotes all the same.
fn fts5(search: &Search) -> String {
    let phrase = |phrase: &Phrase| format!("\"{}\"{}", phrase.words.join(" "), if phrase.begins { " *" } else { "" });
    joined(search, phrase, " OR ", " AND ")
}

fn tsquery(search: &Search) -> String {
    let phrase = |phrase: &Phrase| {
        let words: Vec<String> = phrase.words.iter().map(|word| format!("'{word}'")).collect();
        format!("{}{}", words.join(" <-> "), if phrase.begins { ":*" } else { "" })
    };
    joined(search, |of| format!("({})", phrase(of)), " | ", " & ")
}

fn joined(search: &Search, phrase: impl Fn(&Phrase) -> String, or: &str, and: &str) -> String {
    let clause = |clause: &Vec<Phrase>| format!("({})", clause.iter().map(&phrase).collect::<Vec<_>>().join(or));
    search.clauses.iter().map(clause).collect::<Vec<_>>().join(and)
}

/// The last place PostgreSQL knows: beyond it words are found, phrases are not.
const LAST_PLACE: usize = 16_383;

/// The words of a document with their places.
fn tsvector(document: &Document) -> String {
    let mut text = String::new();
    for (place, word) in (1..).zip(document.words()).filter(|(_, word)| !word.is_empty()) {
        let _ = write!(text, "'{word}':{} ", place.min(LAST_PLACE));
    }
    text
}

#[cfg(test)]
mod tests;
