//! Room for SQLite's log, made before it is needed.
//!
//! A commit that makes the log longer waits for two writes: of the log, and of the length of its file. One within a file that is long
//! enough waits for one. After a start the log is empty, and at a thousand messages a second it takes seconds until it has its usual
//! length. So whenever a commit made the file longer, it is made longer once more, by much.

use std::{
    fs::{File, OpenOptions},
    io,
    ops::RangeInclusive,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// The usual length of the log under load (see [`super::checkpoint`]), in bytes.
const ROOM: u64 = 32 << 20;
/// Bytes at once, as many as there are already: so little where little is written, and never more than a moment's work.
const STEPS: RangeInclusive<u64> = 64 << 10..=2 << 20;

/// The log's file. Nobody else may write to it: it belongs to the journal's thread. What lies behind the log's end is zeros, which SQLite does
/// not take for a part of it.
pub(super) struct Room {
    /// Until it is long enough.
    log: Option<File>,
    length: u64,
}

impl Room {
    /// In the log beside this database.
    pub(super) fn of(database: &Path) -> Self {
        Self { log: OpenOptions::new().write(true).open(beside(database)).ok(), length: 0 }
    }

    /// After a commit. On a disk that is full the log stays as it is.
    pub(super) fn grow(&mut self) {
        if let Some(log) = &self.log {
            match grown(log, self.length) {
                Ok(length) if length < ROOM => self.length = length,
                _ => self.log = None,
            }
        }
    }
}

fn grown(log: &File, before: u64) -> Result<u64, io::Error> {
    let length = log.metadata()?.len();
    if length <= before {
        return Ok(before);
    }
    let step = length.clamp(*STEPS.start(), *STEPS.end());
    log.write_all_at(&vec![0; usize::try_from(step).unwrap_or_default()], length)?;
    Ok(length + step)
}

fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::{Location, testing::Scratch};

    #[test]
    fn a_log_with_room_is_read_as_one_without_whoever_dies() {
        let scratch = Scratch::sqlite();
        let Location::Sqlite(options) = &scratch.location else { unreachable!() };
        let file = options.get_filename();
        let copy = file.with_extension("copy");
        let writer = Connection::open(file).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        writer.execute_batch("CREATE TABLE t (n INTEGER, x BLOB)").unwrap();
        let mut room = Room::of(file);
        let (mut lengths, length) = (Vec::new(), || beside(file).metadata().unwrap().len());
        for number in 0..1_000 {
            writer.execute("INSERT INTO t VALUES ($1, randomblob(40000))", [number]).unwrap();
            lengths.push(length());
            room.grow();
        }
        lengths.dedup();
        let short = lengths.iter().filter(|length| **length <= ROOM).count();
        assert!(short < 40 && length() > ROOM, "{short} lengths");
        // As a crash leaves them.
        std::fs::copy(file, &copy).unwrap();
        std::fs::copy(beside(file), beside(&copy)).unwrap();
        let count = |path: &Path| -> i64 {
            Connection::open(path).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count(file), count(&copy)), (1_000, 1_000));
    }
}
