//! Reading the log: for the publisher that catches up, for audits, for replay.

use crate::{
    args,
    clock::Timestamp,
    domain::{
        agent::AgentEvent,
        conversation::Event,
        log::{By, Entity, Entry, Fact},
    },
    ids::AgentId,
    store::{Db, Row, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[AFTER, HEAD];

const AFTER: &str = "SELECT pos, at, actor, cause, conversation_id, conv_seq, kind, data FROM log \
     WHERE stream = $1 AND pos > $2 ORDER BY pos LIMIT $3";
pub(super) const HEAD: &str = "SELECT head FROM streams WHERE stream = $1";

/// Up to `limit` entries after `pos`, in order.
pub async fn after(db: &Db, stream: i64, pos: u64, limit: u64) -> Result<Vec<Entry>, StoreError> {
    db.rows(AFTER, args![stream, pos, limit]).await?.iter().map(entry).collect()
}

/// Position of the last committed entry.
pub async fn head(db: &Db, stream: i64) -> Result<u64, StoreError> {
    db.row(HEAD, args![stream]).await?.map_or(Ok(0), |row| row.int(0).map(|head| u64::try_from(head).unwrap_or(0)))
}

/// The last position before a moment: twenty looks at a log that was written as things happened.
pub async fn last_before(db: &Db, stream: i64, moment: Timestamp, head: u64) -> Result<u64, StoreError> {
    let (mut low, mut high) = (0, head + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let entry = after(db, stream, middle - 1, 1).await?.pop();
        if entry.is_some_and(|entry| entry.at < moment) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

pub(super) fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        pos: u64::try_from(row.int(0)?).unwrap_or(0),
        at: row.time(1)?,
        by: row.text(2)?.parse::<By>().map_err(|()| damaged(row, "actor"))?,
        cause: row.opt_text(3)?.map(str::to_owned),
        fact: fact(row)?,
    })
}

fn fact(row: &Row) -> Result<Fact, StoreError> {
    let (kind, data) = (row.text(6)?, row.text(7)?);
    match kind {
        "agent" => {
            #[derive(serde::Deserialize)]
            struct Data {
                agent: AgentId,
                #[serde(flatten)]
                event: AgentEvent,
            }
            let Data { agent, event } = row.json(7)?;
            Ok(Fact::Agent { id: agent, event })
        }
        "config" => {
            #[derive(serde::Deserialize)]
            struct Data {
                entity: Entity,
                id: String,
            }
            let Data { entity, id } = row.json(7)?;
            Ok(Fact::Config { entity, id })
        }
        _ => {
            let id = row.opt_parse(4)?.ok_or_else(|| damaged(row, "conversation"))?;
            let seq = u64::try_from(row.opt_int(5)?.unwrap_or(0)).unwrap_or(0);
            let event: Event =
                serde_json::from_str(&format!("{{\"kind\":\"{kind}\",\"data\":{data}}}")).map_err(|_| damaged(row, "event"))?;
            Ok(Fact::Conversation { id, seq, event })
        }
    }
}

fn damaged(row: &Row, what: &str) -> StoreError {
    StoreError::Damaged(format!("log entry {:?}: {what}", row.int(0).ok()))
}
