//! The index follows the log: in batches, behind the commits, and from the beginning when there is none.
//!
//! Its own position is committed with every batch, so whatever ends the process, it goes on where it was and nothing is in it twice. A
//! new index is made from the tables, conversation by conversation in the order of their ids, and then follows the log from
//! where that stood before.

use std::time::Duration;

use rustc_hash::FxHashSet;

use super::{Recordings, Standing, document};
use crate::{
    args,
    clock::{Clock, Timestamp},
    ids::ConversationId,
    store::{
        Db, StoreError,
        journal::{Health, Journal, STREAM},
    },
};

pub(in crate::store) const LOG_STANDS: &str = "SELECT epoch, head FROM streams WHERE stream = $1";
/// Whatever changes what is found by.
pub(in crate::store) const TOUCHED: &str = "SELECT DISTINCT conversation_id FROM log WHERE stream = $1 AND pos > $2 AND pos <= $3 \
     AND conversation_id IS NOT NULL AND kind NOT IN ('delivery_moved', 'awaiting', 'offered', 'offer_ended', 'transfer_offered', \
     'became_dormant', 'parked', 'awoke', 'prioritised', 'skills_asked', 'tagged', 'fields_changed', 'consulted', 'consult_ended', \
     'sender_wrap_up_started', 'sender_wrap_up_ended', 'retried', 'rated')";
pub(in crate::store) const CONTACTS: &str =
    "SELECT data FROM log WHERE stream = $1 AND pos > $2 AND pos <= $3 AND kind = 'config'";
pub(in crate::store) const OF_CONTACT: &str = "SELECT id FROM conversations WHERE contact_id = $1 ORDER BY id DESC LIMIT 1000";
pub(in crate::store) const ALL_AFTER: &str = "SELECT id FROM conversations WHERE id > $1 ORDER BY id LIMIT $2";
pub(in crate::store) const ENTRY_AT: &str = "SELECT at FROM log WHERE stream = $1 AND pos = $2";

/// Entries of the log looked at for one batch.
const ENTRIES: u64 = 500;
/// Conversations of one batch while the index is made.
const MADE_AT_ONCE: u64 = 100;
/// Between looks at a log that has not grown.
const REST: Duration = Duration::from_millis(500);
/// Between batches of work, at least.
const BREATH: Duration = Duration::from_millis(5);
/// After something went wrong.
const AGAIN: Duration = Duration::from_secs(5);

/// As setpriority(2) counts.
const LOWEST_PRIORITY: i32 = 19;

/// What the databases say of tables that were never made.
const NOT_THERE: [&str; 2] = ["no such table", "does not exist"];

/// Follows from when the journal is ready until the index is closed. It has a thread of its own and readers of its own, `db`,
/// which nobody has used yet: that thread, and with it the threads of every connection that it opens, gives way to all others.
pub async fn follow(recordings: Recordings, db: Db, journal: Journal, clock: Clock) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LOWEST_PRIORITY) {
        tracing::debug!(%error, "the search index does not give way");
    }
    if journal.watch_health().wait_for(|health| *health == Health::Ready).await.is_err() {
        return;
    }
    let mut failing = false;
    loop {
        let started = clock.elapsed();
        let rest = match step(&recordings, &db).await {
            Ok(step) => {
                failing = false;
                let took = clock.elapsed().saturating_sub(started);
                // At most half of a core while nobody waits for a commit, an eighth beside traffic.
                let rests = if step == Step::Made && journal.waiting() == 0 { 1 } else { 7 };
                if step == Step::Nothing { REST } else { (took * rests).max(BREATH) }
            }
            Err(_) if recordings.is_closed() => return,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "the search index does not follow; trying again");
                }
                AGAIN
            }
        };
        tokio::time::sleep(rest).await;
    }
}

impl Recordings {
    fn is_closed(&self) -> bool {
        match &self.write {
            Db::Sqlite(pool) => pool.is_closed(),
            Db::Postgres(pool) => pool.is_closed(),
        }
    }

    /// How old the oldest entry of the log is that is not in the index; none when there is no such entry.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn behind_since(&self, db: &Db) -> Result<Option<Behind>, StoreError> {
        let Ok(Some(standing)) = self.standing().await else { return Ok(Some(Behind::BeingMade)) };
        if standing.made_to.is_some() {
            return Ok(Some(Behind::BeingMade));
        }
        let next = db.row(ENTRY_AT, args![STREAM, standing.pos + 1]).await?;
        next.map(|row| row.time(0).map(Behind::Since)).transpose()
    }
}

/// How far the index lies behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// It is made anew: older conversations come first.
    BeingMade,
    /// The oldest entry that is not in it.
    Since(Timestamp),
}

/// What a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A batch of conversations that were there before.
    Made,
    /// A batch of what happened.
    Followed,
    /// There was nothing to do, or another follower did it.
    Nothing,
}

/// One batch.
///
/// # Errors
/// When a store does not answer.
pub async fn step(recordings: &Recordings, db: &Db) -> Result<Step, StoreError> {
    let Some(log) = db.row(LOG_STANDS, args![STREAM]).await? else { return Ok(Step::Nothing) };
    let (epoch, head) = (log.text(0)?.to_owned(), u64::try_from(log.int(1)?).unwrap_or(0));
    let known = match recordings.standing().await {
        Err(StoreError::Unavailable(why)) if NOT_THERE.iter().any(|words| why.contains(words)) => None,
        known => known?,
    };
    let Some(standing) = known.filter(|standing| standing.epoch == epoch && standing.pos <= head) else {
        tracing::info!("the search index is made anew");
        recordings.create(&Standing { epoch, pos: head, made_to: Some(String::new()) }).await?;
        return Ok(Step::Made);
    };
    if let Some(made_to) = &standing.made_to {
        let rows = db.rows(ALL_AFTER, args![made_to.as_str(), MADE_AT_ONCE]).await?;
        let ids = rows.iter().map(|row| row.parse(0)).collect::<Result<Vec<ConversationId>, _>>()?;
        let to = Standing { made_to: ids.last().map(ToString::to_string), ..standing.clone() };
        if to.made_to.is_none() {
            tracing::info!("the search index is complete");
        }
        let added = add(recordings, db, &standing, &to, ids).await?;
        return Ok(if added { Step::Made } else { Step::Nothing });
    }
    if standing.pos == head {
        return Ok(Step::Nothing);
    }
    let to = Standing { pos: head.min(standing.pos + ENTRIES), ..standing.clone() };
    let ids = touched(db, standing.pos, to.pos).await?;
    let added = add(recordings, db, &standing, &to, ids).await?;
    Ok(if added { Step::Followed } else { Step::Nothing })
}

async fn add(
    recordings: &Recordings,
    db: &Db,
    from: &Standing,
    to: &Standing,
    ids: Vec<ConversationId>,
) -> Result<bool, StoreError> {
    let changes = document::read(db, &ids).await?;
    recordings.add(from, to, changes).await
}

/// Conversations that are found by something else since, in the order in which they began.
async fn touched(db: &Db, after: u64, until: u64) -> Result<Vec<ConversationId>, StoreError> {
    let rows = db.rows(TOUCHED, args![STREAM, after, until]).await?;
    let mut ids = rows.iter().map(|row| row.parse(0)).collect::<Result<FxHashSet<ConversationId>, _>>()?;
    for row in db.rows(CONTACTS, args![STREAM, after, until]).await? {
        #[derive(serde::Deserialize)]
        struct Data {
            entity: String,
            id: String,
        }
        let Data { entity, id } = row.json(0)?;
        if entity == "contact" {
            for row in db.rows(OF_CONTACT, args![id]).await? {
                ids.insert(row.parse(0)?);
            }
        }
    }
    let mut ids: Vec<ConversationId> = ids.into_iter().collect();
    ids.sort_unstable();
    Ok(ids)
}
