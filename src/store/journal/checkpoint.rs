//! Moves what SQLite's log holds into the database file, on a thread of its own, so that no commit waits for it.
//!
//! While commits go on, a checkpoint never reaches the end of the log, and only at its end does SQLite begin the log anew. So
//! when the log has grown, the journal itself copies the rest, which is short by then, between two groups.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use rusqlite::Connection;

use crate::store::{SQLITE_BUSY_TIMEOUT, StoreError};

/// Appends between two checkpoints: one a second at a thousand messages a second. The log stays below 32 MiB.
const EVERY: usize = 1024;
/// Pages of the log from which on the journal finishes a checkpoint itself: 16 MiB.
const LONG: i64 = 4096;
/// Should this thread ever end, SQLite checkpoints by itself, within a commit, from this many pages on.
const BACKSTOP: i64 = 4 * LONG;

const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The journal's end. The thread ends when this is dropped.
pub(super) struct Checkpointer {
    due: mpsc::SyncSender<()>,
    long: Arc<AtomicBool>,
    appends: usize,
}

impl Checkpointer {
    /// Starts the thread, with a connection of its own, and turns SQLite's own checkpoints on `writer` nearly off.
    pub(super) fn start(writer: &Connection, file: &Path) -> Result<Self, StoreError> {
        writer.pragma_update(None, "wal_autocheckpoint", BACKSTOP)?;
        let connection = Connection::open(file)?;
        connection.busy_timeout(SQLITE_BUSY_TIMEOUT)?;
        let (due, signal) = mpsc::sync_channel(1);
        let long = Arc::new(AtomicBool::new(false));
        let is_long = Arc::clone(&long);
        thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || {
                while signal.recv().is_ok() {
                    match checkpoint(&connection) {
                        Ok((pages, copied)) => is_long.store(pages > LONG && copied < pages, Ordering::Relaxed),
                        Err(error) => tracing::debug!(%error, "the log was not checkpointed; the next time is soon"),
                    }
                }
            })
            .map_err(|error| StoreError::Unavailable(format!("checkpoint thread: {error}")))?;
        Ok(Self { due, long, appends: 0 })
    }

    /// So many appends were committed.
    pub(super) fn wrote(&mut self, appends: usize) {
        self.appends += appends;
        if self.appends >= EVERY {
            self.appends = 0;
            // Full: one is due already.
            let _ = self.due.try_send(());
        }
    }

    /// Between two groups: copies the rest of a log that has grown long.
    pub(super) fn finish_if_due(&self, writer: &Connection) {
        if self.long.swap(false, Ordering::Relaxed)
            && let Err(error) = checkpoint(writer)
        {
            tracing::debug!(%error, "the log was not checkpointed; the next time is soon");
        }
    }
}

/// Pages in the log, and how many of them the database has now.
fn checkpoint(connection: &Connection) -> Result<(i64, i64), rusqlite::Error> {
    connection.prepare_cached(CHECKPOINT)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}
