//! The journal: the only writer. What queued up while the last commit ran is the next group: one transaction, one fsync, no
//! timer.
//!
//! Runs on a thread of its own, so neither the fsync nor the encoding of a large group delays an actor. Bounded: when its
//! queue is full, callers are told at once and answer 503.
//!
//! Every group carries the token of the stream's lease. When the database fails, everything in flight is refused as
//! [`Refused::Unavailable`] (nobody knows whether the last group was committed; whoever asked rebuilds from the store), and
//! the journal reconnects as soon as it can.

mod checkpoint;
mod clash;
mod connection;
mod encode;
mod lease;
mod postgres;
mod room;
mod sqlite;
mod writer;

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

pub use self::lease::Holder;
pub(super) use self::writer::STATEMENTS;
use self::writer::Writer;
use super::{
    Location, StoreError,
    write::{Append, Committed, Write, WriteError},
};
use crate::{
    clock::{Clock, Timestamp},
    domain::log::{By, Entity},
    store::{idempotency::Recorded, write::Statement},
};

/// The stream of the one routing domain of a single node.
pub const STREAM: i64 = 1;

/// Appends in one transaction at most. More would make the first in a group wait for the last.
pub(super) const GROUP_MAX: usize = 512;

/// What the journal is asked to do.
pub(super) enum Job {
    Append(Append),
    Write(Write),
}

/// Whether the journal can commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Ready,
    /// The database is away; it tries again.
    Unavailable,
    /// Another process owns the stream: this one must end.
    Fenced,
}

/// Committed appends, in order, without a gap between them.
pub type Group = Arc<[Arc<Committed>]>;

/// Called after every commit, from the journal's thread. Must not block.
pub type Publish = Box<dyn Fn(Group) + Send>;

/// How the journal is set up.
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// Whom the lease names.
    pub holder: Holder,
    /// Jobs that may wait: 1 to 1,000,000.
    pub capacity: usize,
    /// The clock.
    pub clock: Clock,
    /// The publisher.
    pub publish: Publish,
}

/// A handle to the journal. Cheap to clone; the journal ends when the last handle is gone and its queue is empty.
#[derive(Clone)]
pub struct Journal {
    jobs: mpsc::Sender<Job>,
    health: watch::Receiver<Health>,
    clock: Clock,
}

/// The journal's thread, to be joined at the end.
pub struct JournalThread {
    thread: thread::JoinHandle<()>,
    end: oneshot::Sender<()>,
}

impl JournalThread {
    /// Refuses what comes from now on, whoever still has a [`Journal`], waits until everything accepted is committed, and
    /// gives the lease back: the next process need not wait for its end (R16).
    pub fn join(self) {
        // Who has ended already cannot be told.
        let _ = self.end.send(());
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread panicked");
        }
    }
}

/// The journal's queue is full, or the journal has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal has no room")]
pub struct Full;

/// What is known of the stream when the journal takes it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Changes when positions may have been reused.
    pub epoch: String,
    /// Position of the last entry.
    pub head: u64,
}

impl Journal {
    /// Takes the lease and starts the journal's thread.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another process holds the lease.
    pub fn start(options: Options) -> Result<(Self, JournalThread, Opened), StoreError> {
        let (jobs, queue) = mpsc::channel(options.capacity);
        let (report, health) = watch::channel(Health::Unavailable);
        let (opened, ready) = std::sync::mpsc::channel();
        let (end, ending) = oneshot::channel();
        let clock = options.clock.clone();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = opened.send(Err(StoreError::Unavailable(error.to_string())));
                        return;
                    }
                };
                runtime.block_on(async move {
                    match Writer::open(options, report).await {
                        Ok(writer) => {
                            let _ = opened.send(Ok(writer.opened()));
                            writer.run(queue, ending).await;
                        }
                        Err(error) => {
                            let _ = opened.send(Err(error));
                        }
                    }
                });
            })
            .map_err(|error| StoreError::Unavailable(format!("journal thread: {error}")))?;
        let opened = ready.recv().map_err(|_| StoreError::Unavailable("the journal did not start".to_owned()))??;
        Ok((Self { jobs, health, clock }, JournalThread { thread, end }, opened))
    }

    /// Queues an append. Its `done` is called exactly once unless this is refused.
    ///
    /// # Errors
    /// [`Full`]; `done` is dropped uncalled.
    pub fn append(&self, append: Append) -> Result<(), Full> {
        self.jobs.try_send(Job::Append(append)).map_err(|_| Full)
    }

    /// Commits some statements in one transaction, with the fact to log and the answer to keep.
    pub async fn write(
        &self,
        statements: Vec<Statement>,
        fact: Option<(Entity, String)>,
        by: By,
        recorded: Option<Recorded>,
    ) -> Result<(), WriteError> {
        let (done, answer) = oneshot::channel();
        let write = Write { statements, fact, by, at: self.clock.now(), recorded, done };
        self.jobs.try_send(Job::Write(write)).map_err(|_| WriteError::Busy)?;
        answer.await.map_err(|_| WriteError::Store(StoreError::Unavailable("the journal ended".to_owned())))?
    }

    /// Whether it can commit now.
    pub fn health(&self) -> Health {
        *self.health.borrow()
    }

    /// Told whenever [`Journal::health`] changes.
    pub fn watch_health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Jobs that wait now.
    pub fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// The journal's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Between attempts to reach a database that is away.
pub(super) const RECONNECT_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
