//! Snapshots of a stream: the folded state at a position, so that a fold need not begin at the empty log once entries before it
//! have been dropped (design.md, The log).
//!
//! Every [`EVERY`] entries one is taken, in parts: a part is a number of conversations or agents. The parts are read in one read
//! transaction, so they all stand at the position read with them; they are written beside the journal's other work, one
//! small write a part, and count only once the last one, marked by [`END`], is there.

use serde::{Deserialize, Serialize};

use crate::{
    args,
    clock::Timestamp,
    domain::{agent::Agent, conversation::Conversation, log::By},
    store::{
        Db, Row, StoreError, conversations,
        journal::Journal,
        write::{Statement, WriteError},
    },
};

/// Entries between two snapshots.
pub const EVERY: u64 = 100_000;
/// Conversations or agents in one part.
pub const PART: usize = 500;
/// Number of the part that says that all are there.
const END: i64 = -1;

pub(super) const STATEMENTS: &[&str] = &[INSERT, LATEST, PARTS, DROP_OLD, AGENTS, HEAD];

const INSERT: &str = "INSERT INTO snapshots (stream, pos, part, at, data) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (stream, pos, part) DO UPDATE SET data = excluded.data, at = excluded.at";
const LATEST: &str = "SELECT pos FROM snapshots WHERE stream = $1 AND part = -1 ORDER BY pos DESC LIMIT 1";
const PARTS: &str = "SELECT data FROM snapshots WHERE stream = $1 AND pos = $2 AND part >= 0 ORDER BY part";
const DROP_OLD: &str = "DELETE FROM snapshots WHERE stream = $1 AND pos < $2";
const AGENTS: &str = "SELECT state FROM agent_states";
const HEAD: &str = "SELECT head FROM streams WHERE stream = $1";

/// Some of the folded state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Open conversations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<Conversation>,
    /// Agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Agent>,
}

/// The folded state of a stream at a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Position of the last entry it contains.
    pub pos: u64,
    /// What was open then, and who was there.
    pub parts: Vec<Part>,
}

/// Reads the state as it stands now, all at one position.
pub async fn take(db: &Db, stream: i64) -> Result<Snapshot, StoreError> {
    let [head, open, agents] =
        db.consistent([(HEAD, args![stream]), (conversations::OPEN_STATES, vec![]), (AGENTS, vec![])]).await?;
    let pos = head.first().map_or(Ok(0), |row| row.int(0))?;
    let mut parts = Vec::new();
    for rows in open.chunks(PART) {
        let conversations = rows.iter().map(conversations::conversation).collect::<Result<_, _>>()?;
        parts.push(Part { conversations, agents: Vec::new() });
    }
    for rows in agents.chunks(PART) {
        parts.push(Part { conversations: Vec::new(), agents: all(rows)? });
    }
    Ok(Snapshot { pos: u64::try_from(pos).unwrap_or(0), parts })
}

/// The writes that keep a snapshot, in order; then the older ones go.
pub fn keep(stream: i64, snapshot: &Snapshot, at: Timestamp) -> Result<Vec<Statement>, StoreError> {
    let mut statements = Vec::with_capacity(snapshot.parts.len() + 2);
    for (number, part) in (0_i64..).zip(&snapshot.parts) {
        let data = serde_json::to_string(part).map_err(|error| StoreError::Damaged(error.to_string()))?;
        statements.push(Statement::new(INSERT, args![stream, snapshot.pos, number, at, data]));
    }
    statements.push(Statement::new(INSERT, args![stream, snapshot.pos, END, at, "{}"]));
    statements.push(Statement::new(DROP_OLD, args![stream, snapshot.pos]));
    Ok(statements)
}

/// Takes a snapshot when the last one lies [`EVERY`] entries back; tells its position. The parts are written one by one, so
/// none of them keeps the writer for long.
///
/// # Errors
/// When the store does not answer; what was written counts for nothing then and is replaced by the next one.
pub async fn take_when_due(db: &Db, journal: &Journal, stream: i64) -> Result<Option<u64>, WriteError> {
    let last = db.row(LATEST, args![stream]).await?.map_or(Ok(0), |row| row.int(0))?;
    let head = super::log::head(db, stream).await?;
    if head < u64::try_from(last).unwrap_or(0) + EVERY {
        return Ok(None);
    }
    let snapshot = take(db, stream).await?;
    for statement in keep(stream, &snapshot, journal.now())? {
        journal.write(vec![statement], None, By::System, None).await?;
    }
    Ok(Some(snapshot.pos))
}

/// The latest snapshot that is complete.
pub async fn latest(db: &Db, stream: i64) -> Result<Option<Snapshot>, StoreError> {
    let Some(row) = db.row(LATEST, args![stream]).await? else { return Ok(None) };
    let pos = u64::try_from(row.int(0)?).unwrap_or(0);
    let parts = db.rows(PARTS, args![stream, pos]).await?;
    Ok(Some(Snapshot { pos, parts: all(&parts)? }))
}

fn all<T: serde::de::DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| row.json(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::AgentId,
        store::{journal::STREAM, testing::on_both},
    };

    #[test]
    fn a_snapshot_counts_once_its_last_part_is_there() {
        on_both(|scratch| async move {
            let (journal, thread, _) = scratch.journal(|_| {});
            let db = scratch.open().await;
            let agents = (1..=3).map(|number| Agent::signed_out(AgentId::from_u128(number))).collect();
            let part = Part { conversations: Vec::new(), agents };
            let snapshot = Snapshot { pos: 7, parts: vec![part.clone(), Part::default()] };
            let mut statements = keep(STREAM, &snapshot, journal.now()).unwrap();
            let ending = statements.split_off(2);
            journal.write(statements, None, By::System, None).await.unwrap();
            assert_eq!(latest(&db, STREAM).await.unwrap(), None);
            journal.write(ending, None, By::System, None).await.unwrap();
            assert_eq!(latest(&db, STREAM).await.unwrap(), Some(snapshot));
            let newer = Snapshot { pos: 9, parts: vec![part] };
            journal.write(keep(STREAM, &newer, journal.now()).unwrap(), None, By::System, None).await.unwrap();
            assert_eq!(latest(&db, STREAM).await.unwrap(), Some(newer));
            thread.join();
        });
    }
}
