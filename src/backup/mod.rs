//! Backups: everything an installation has, in one file that either database can be restored from.
//!
//! A backup is a `tar` compressed with zstd, so `tar --zstd -tf` shows what is in it:
//!
//! ```text
//! backup.json                 what it is: format, schema, tables and columns, when
//! tables/TABLE/000001.tsv     rows, as PostgreSQL's COPY writes them; a few MiB each
//! attachments/ID              files
//! secret.key                  only when asked for
//! manifest.json               rows by table, positions of the log, SHA-256 of all before it
//! ```
//!
//! [`save()`] reads the database at one moment while the server goes on; files are copied afterwards: they are written
//! before the message that names them, and nothing takes them away. [`archive::check`] believes nothing: names are parsed,
//! sizes bounded, and what does not end with a manifest that fits is no backup.

pub mod archive;
mod restore;
mod save;
mod tar;

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

pub use self::{
    restore::{Place, RESTORING, Restored, restore},
    save::{Saving, save},
};
use crate::{ids::AttachmentId, store::StoreError, wire::Time};

/// The format this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// The first entry: what the backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`FORMAT`].
    pub format: u32,
    /// Of the program that wrote it.
    pub version: String,
    /// Version of the database's schema.
    pub schema: i64,
    /// The moment it shows.
    pub taken_at: Time,
    /// `sqlite` or `postgres`: of no importance for restoring.
    pub database: String,
    /// What was copied, with the columns in their order.
    pub tables: Vec<TableHead>,
}

/// A table in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableHead {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// The last entry: what there must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Rows of each table, in the order of [`Head::tables`].
    pub rows: Vec<u64>,
    /// Files.
    pub attachments: u64,
    /// Their bytes.
    pub attachment_bytes: u64,
    /// Files that the database knew and that were not on the disk.
    pub missing: Vec<AttachmentId>,
    /// Whether the key is in it.
    pub with_key: bool,
    /// Position of the last entry of each stream of the log.
    pub streams: Vec<StreamHead>,
    /// SHA-256 of all that lies before the manifest, uncompressed, in hexadecimal.
    pub sha256: String,
}

/// Where a stream of the log stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamHead {
    /// Which.
    pub stream: i64,
    /// Position of its last entry.
    pub head: i64,
}

/// A backup that was read from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its first entry.
    pub head: Head,
    /// Its last entry.
    pub manifest: Manifest,
    /// Its size, compressed.
    pub bytes: u64,
    /// Its size, uncompressed.
    pub uncompressed_bytes: u64,
}

impl Contents {
    /// Rows of all tables.
    pub fn all_rows(&self) -> u64 {
        self.manifest.rows.iter().sum()
    }
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// Cut, altered, or no backup at all.
    #[error("this is no whole backup: {0}")]
    Damaged(String),
    /// Written by a newer program.
    #[error(
        "this backup is from a newer Centralita ({version}, schema {schema}); this one knows schemas up to {known}: upgrade it first"
    )]
    TooNew {
        /// That wrote it.
        version: String,
        /// Of the backup.
        schema: i64,
        /// The newest known.
        known: i64,
    },
    /// There is something where it would go.
    #[error("{what} is not empty: choose an empty one, or say --replace, which keeps what is there under another name")]
    NotEmpty {
        /// The directory or the database.
        what: String,
    },
    /// Somebody works with it.
    #[error("a server works with this database: stop it first (its lease runs out within ten seconds)")]
    InUse,
    /// Too little room.
    #[error("{path} has {free} MiB free, and the backup needs {needed} MiB: make room, or choose another data_dir")]
    NoRoom {
        /// Where it would go.
        path: String,
        /// Free.
        free: u64,
        /// Needed.
        needed: u64,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = path.display().to_string();
        move |source| Self::Io { what, source }
    }
}

/// Where a file lies below the directory of attachments: the same place as the object store's.
fn file_name(id: AttachmentId) -> [String; 2] {
    let text = id.to_string();
    let folder = text.get(text.len().saturating_sub(2)..).unwrap_or("00").to_owned();
    [folder, text]
}

fn parse_file(text: &str) -> Option<AttachmentId> {
    text.parse().ok().filter(|id: &AttachmentId| id.to_string() == text)
}
