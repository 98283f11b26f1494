//! The index follows the log: in batches, behind the commits, and from the beginning when there is none.
//!
//! Its own position is committed with every batch, so whatever ends the process, it goes on where it was and nothing is in it twice. A
//! new index is made from the tables, conversation by conversation in the order of their ids, and then follows the log from
//! where that stood before.

use std::{thread, time::Duration};

use rustc_hash::FxHashSet;
use tokio::sync::oneshot;

use super::{Recordings, Standing, document};
use crate::{
    args,
    clock::{Clock, Timestamp},
    ids::ConversationId,
    store::{
        Db, Location, StoreError,
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

/// Entries of the log that are gone through at once, at most: a conversation is read once for all that happened to it in them.
const STRETCH: u64 = 50_000;
/// Conversations of one batch: each may bring as much as a document may hold.
pub(super) const AT_ONCE: usize = 32;
/// Between looks at a log in which little happens.
const REST: Duration = Duration::from_millis(500);
/// Entries of a stretch that are little.
const LITTLE: u32 = 200;
/// For each entry beyond them the next stretch is let grow by so much…
const GROWTH: Duration = Duration::from_millis(10);
/// … up to this: beside much traffic fewer conversations are read anew for every message of theirs.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// Between batches of work, at least.
const BREATH: Duration = Duration::from_millis(5);
/// After something went wrong.
const AGAIN: Duration = Duration::from_secs(5);
/// As setpriority(2) counts.
const LOWEST_PRIORITY: i32 = 19;

/// What the databases say of tables that were never made.
const NOT_THERE: [&str; 2] = ["no such table", "does not exist"];

/// Keeps the index up to date from a thread of its own, which gives way to all others. Dropped, it ends after its batch.
#[derive(Debug)]
pub struct Follower {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Follower {
    /// Follows from when the journal is ready.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(recordings: Recordings, location: &Location, journal: Journal, clock: Clock) -> Result<Self, StoreError> {
        let refused = |error: std::io::Error| StoreError::Unavailable(format!("search index thread: {error}"));
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        // Readers that nobody else uses: whichever connection this thread opens gives way as it does.
        let db = match location {
            Location::Sqlite(_) => location.readers(),
            Location::Postgres(_) => recordings.write.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let run = move || {
            if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LOWEST_PRIORITY) {
                tracing::debug!(%error, "the search index does not give way");
            }
            runtime.block_on(async {
                follow(&recordings, &db, &journal, &clock, stopped).await;
                // Closed here: connections cannot outlive the runtime that opened them.
                recordings.write.close().await;
                db.close().await;
            });
            let _ = end.send(());
        };
        thread::Builder::new().name("search-index".to_owned()).spawn(run).map_err(refused)?;
        Ok(Self { stop, ended })
    }

    /// Returns when it has ended.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.ended.await;
    }
}

async fn follow(recordings: &Recordings, db: &Db, journal: &Journal, clock: &Clock, mut stopped: oneshot::Receiver<()>) {
    let mut health = journal.watch_health();
    tokio::select! {
        ready = health.wait_for(|health| *health == Health::Ready) => if ready.is_err() { return },
        _ = &mut stopped => return,
    }
    let mut failing = false;
    let mut stretch = Stretch::default();
    loop {
        let started = clock.elapsed();
        let rest = match step(recordings, db, &mut stretch).await {
            Ok(step) => {
                failing = false;
                let took = clock.elapsed().saturating_sub(started);
                match step {
                    Step::Nothing => REST,
                    // Half of a core while nobody waits for a commit.
                    Step::Made if journal.waiting() == 0 => took.max(BREATH),
                    Step::Made | Step::Followed => (took * 7).max(BREATH),
                    Step::CaughtUp { entries } => (GROWTH * entries.saturating_sub(LITTLE)).clamp(REST, LONGEST_REST),
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "the search index does not follow; trying again");
                }
                AGAIN
            }
        };
        if tokio::time::timeout(rest, &mut stopped).await.is_ok() {
            return;
        }
    }
}

impl Recordings {
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
    /// A batch of those to which something happened.
    Followed,
    /// The last batch of a stretch of so many entries.
    CaughtUp {
        /// How many.
        entries: u32,
    },
    /// There was nothing to do, or another follower did it.
    Nothing,
}

/// Entries of the log that are gone through, and the conversations that are left of them.
#[derive(Debug, Default)]
pub struct Stretch {
    to: u64,
    entries: u32,
    left: Vec<ConversationId>,
}

/// One batch.
///
/// # Errors
/// When a store does not answer.
pub async fn step(recordings: &Recordings, db: &Db, stretch: &mut Stretch) -> Result<Step, StoreError> {
    let Some(log) = db.row(LOG_STANDS, args![STREAM]).await? else { return Ok(Step::Nothing) };
    let (epoch, head) = (log.text(0)?.to_owned(), u64::try_from(log.int(1)?).unwrap_or(0));
    let known = match recordings.standing().await {
        Err(StoreError::Unavailable(why)) if NOT_THERE.iter().any(|words| why.contains(words)) => None,
        known => known?,
    };
    let Some(standing) = known.filter(|standing| standing.epoch == epoch && standing.pos <= head) else {
        tracing::info!("the search index is made anew");
        *stretch = Stretch::default();
        recordings.create(&Standing { epoch, pos: head, made_to: Some(String::new()) }).await?;
        return Ok(Step::Made);
    };
    if standing.made_to.is_some() {
        make(recordings, db, &standing).await
    } else {
        catch_up(recordings, db, &standing, head, stretch).await
    }
}

/// A batch of those that were there before.
async fn make(recordings: &Recordings, db: &Db, standing: &Standing) -> Result<Step, StoreError> {
    let rows = db.rows(ALL_AFTER, args![standing.made_to.clone(), AT_ONCE as u64]).await?;
    let ids = rows.iter().map(|row| row.parse(0)).collect::<Result<Vec<ConversationId>, _>>()?;
    let more = ids.last().filter(|_| ids.len() == AT_ONCE);
    let to = Standing { made_to: more.map(ToString::to_string), ..standing.clone() };
    if to.made_to.is_none() {
        tracing::info!("the search index is complete");
    }
    let added = add(recordings, db, standing, &to, &ids).await?;
    Ok(if added { Step::Made } else { Step::Nothing })
}

/// A batch of a stretch. The position moves on with its last one: what is in the index by then is put into it again after a crash.
async fn catch_up(
    recordings: &Recordings,
    db: &Db,
    standing: &Standing,
    head: u64,
    stretch: &mut Stretch,
) -> Result<Step, StoreError> {
    if stretch.left.is_empty() {
        if standing.pos == head {
            return Ok(Step::Nothing);
        }
        let to = head.min(standing.pos + STRETCH);
        let left = touched(db, standing.pos, to).await?;
        *stretch = Stretch { to, entries: u32::try_from(to - standing.pos).unwrap_or(u32::MAX), left };
    }
    let rest = stretch.left.split_off(stretch.left.len().min(AT_ONCE));
    let ids = std::mem::replace(&mut stretch.left, rest);
    let is_last = stretch.left.is_empty();
    let to = Standing { pos: if is_last { stretch.to } else { standing.pos }, ..standing.clone() };
    let added = add(recordings, db, standing, &to, &ids).await;
    if !matches!(added, Ok(true)) {
        *stretch = Stretch::default();
    }
    Ok(match added? {
        false => Step::Nothing,
        true if is_last => Step::CaughtUp { entries: stretch.entries },
        true => Step::Followed,
    })
}

async fn add(
    recordings: &Recordings,
    db: &Db,
    from: &Standing,
    to: &Standing,
    ids: &[ConversationId],
) -> Result<bool, StoreError> {
    let changes = document::read(db, ids).await?;
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
