//! Restoring: all of a backup, or nothing.
//!
//! Everything is unpacked beside its place, in [`RESTORING`] of the data directory (a server's database: in one transaction), and
//! takes its place only when the last byte has been checked. While that directory is there, no server starts on the data.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
};

use tokio::sync::mpsc;

use super::{
    Contents, Error,
    archive::{self, Visitor},
    file_name,
};
use crate::{
    ids::AttachmentId,
    store::{
        Location, StoreError,
        dump::{self, Occupied, Table, Target},
    },
};

/// In the data directory, while a restore has not finished.
pub const RESTORING: &str = "restoring";
const DATABASE: &str = "centralita.sqlite";
const ATTACHMENTS: &str = "attachments";
const KEY: &str = "secret.key";
const AHEAD: usize = 4;
const MIB: u64 = 1024 * 1024;

/// Where a backup goes. The caller holds the data directory's lock.
pub struct Place {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The database.
    pub location: Location,
    /// What is there may be set aside under this name.
    pub replaced: Option<String>,
    /// The key in the backup may become the data directory's, which has none.
    pub take_key: bool,
    /// Of the streams from now on; never used before.
    pub epoch: String,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Of the backup.
    pub contents: Contents,
    /// Secrets of channels as `(row, sealed)`.
    pub sealed: Vec<(String, String)>,
    /// Messages of which nobody knows whether they were sent.
    pub in_doubt: u64,
    /// Whether the data directory has the backup's key now.
    pub key_taken: bool,
}

/// Restores a backup.
///
/// # Errors
/// Any [`Error`]; what was there is still there then.
pub async fn restore(backup: &Path, place: Place) -> Result<Restored, Error> {
    let contents = archive::check(backup)?;
    look_at(&place).await?;
    room(&place, &contents)?;
    let restoring = place.data_dir.join(RESTORING);
    if restoring.exists() {
        fs::remove_dir_all(&restoring).map_err(Error::io(&restoring))?;
    }
    let created = fs::DirBuilder::new().mode(0o700).create(&restoring);
    created.map_err(Error::io(&restoring))?;
    let filled = fill(backup, &place, &restoring, &contents).await;
    let (target, key) = match filled {
        Ok(filled) => filled,
        Err(error) => {
            let _ = fs::remove_dir_all(&restoring);
            return Err(error);
        }
    };
    sync_all_below(&restoring)?;
    let finished = target.finish(&place.epoch).await;
    if let (Err(_), Location::Sqlite(_)) = (&finished, &place.location) {
        let _ = fs::remove_dir_all(&restoring);
    }
    // On a server the outcome of a commit may be unknown: the directory stays, and no server starts.
    let finished = finished.map_err(refused)?;
    let key_taken = place.take_key && key;
    put_in_place(&place, &restoring, key_taken)?;
    Ok(Restored { contents, sealed: finished.sealed, in_doubt: finished.in_doubt, key_taken })
}

/// Whether anything stands in the way.
async fn look_at(place: &Place) -> Result<(), Error> {
    let occupied = dump::occupied(&place.location).await?;
    if occupied == Occupied::Served {
        return Err(Error::InUse);
    }
    if place.replaced.is_some() {
        return Ok(());
    }
    if occupied == Occupied::Yes {
        return Err(Error::NotEmpty { what: "the database".to_owned() });
    }
    let file = place.data_dir.join(DATABASE);
    if matches!(place.location, Location::Sqlite(_)) && file.exists() {
        return Err(Error::NotEmpty { what: place.data_dir.display().to_string() });
    }
    let attachments = place.data_dir.join(ATTACHMENTS);
    match fs::read_dir(&attachments).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Error::NotEmpty { what: attachments.display().to_string() }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(&attachments)(error)),
        _ => Ok(()),
    }
}

/// Rows take up to twice their size with their indexes.
fn room(place: &Place, contents: &Contents) -> Result<(), Error> {
    let files = contents.manifest.attachment_bytes;
    let rows = contents.uncompressed_bytes.saturating_sub(files);
    let needed = files + if matches!(place.location, Location::Sqlite(_)) { 2 * rows } else { 0 };
    let about = rustix::fs::statvfs(&place.data_dir).map_err(|error| Error::io(&place.data_dir)(error.into()))?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    if free < needed {
        let path = place.data_dir.display().to_string();
        return Err(Error::NoRoom { path, free: free / MIB, needed: needed.div_ceil(MIB) });
    }
    Ok(())
}

/// Fills a database and the directory; whether there is a key.
async fn fill(backup: &Path, place: &Place, restoring: &Path, contents: &Contents) -> Result<(Target, bool), Error> {
    let schema = contents.head.schema;
    let mut target = match &place.location {
        Location::Sqlite(_) => Target::file(&restoring.join(DATABASE), schema).await?,
        server @ Location::Postgres(_) => Target::server(server, schema, place.replaced.as_deref()).await?,
    };
    let tables = target.tables().await?;
    if !same(&tables, contents) {
        return Err(Error::Damaged(format!("its tables are not those of schema {schema}")));
    }
    let (send, mut pieces) = mpsc::channel::<(usize, Vec<u8>)>(AHEAD);
    let (path, folder) = (backup.to_owned(), restoring.to_owned());
    let unpacking = thread::spawn(move || {
        let mut unpacker = Unpacker { folder, rows: send, key: false };
        archive::read(&path, &mut unpacker).map(|contents| (contents, unpacker.key))
    });
    let mut loaded = Ok(());
    while let Some((table, rows)) = pieces.recv().await {
        let known = tables.get(table).ok_or_else(|| StoreError::Damaged("no such table".to_owned()))?;
        loaded = target.load(known, &rows).await.map(drop);
        if loaded.is_err() {
            break;
        }
    }
    drop(pieces);
    let unpacked = unpacking.join().map_err(|_| Error::Damaged("unpacking panicked".to_owned()))?;
    loaded.map_err(refused)?;
    let (again, key) = unpacked?;
    if again != *contents {
        return Err(Error::Damaged("it changed while it was read".to_owned()));
    }
    Ok((target, key))
}

/// A row that the database does not take is the backup's fault.
fn refused(error: StoreError) -> Error {
    match error {
        StoreError::Damaged(why) | StoreError::Conflict(why) => Error::Damaged(why),
        other => other.into(),
    }
}

fn same(tables: &[Table], contents: &Contents) -> bool {
    let known = tables.iter().map(|table| (table.name.as_str(), table.column_names()));
    let told = contents.head.tables.iter().map(|table| (table.name.as_str(), table.columns.clone()));
    known.eq(told)
}

struct Unpacker {
    folder: PathBuf,
    rows: mpsc::Sender<(usize, Vec<u8>)>,
    key: bool,
}

impl Visitor for Unpacker {
    fn rows(&mut self, table: usize, rows: Vec<u8>) -> Result<(), Error> {
        // Whoever does not want more knows why.
        self.rows.blocking_send((table, rows)).map_err(|_| Error::Damaged("a row".to_owned()))
    }

    fn file(&mut self, id: AttachmentId, size: u64, bytes: &mut dyn Read) -> Result<(), Error> {
        let [folder, name] = file_name(id);
        let folder = self.folder.join(ATTACHMENTS).join(folder);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(Error::io(&folder))?;
        let path = folder.join(name);
        let mut file = new_file(&path)?;
        let copied = io::copy(&mut bytes.take(size), &mut file).map_err(Error::io(&path))?;
        if copied == size { Ok(()) } else { Err(Error::Damaged("its end is missing".to_owned())) }
    }

    fn key(&mut self, key: String) -> Result<(), Error> {
        let path = self.folder.join(KEY);
        io::Write::write_all(&mut new_file(&path)?, key.as_bytes()).map_err(Error::io(&path))?;
        self.key = true;
        Ok(())
    }
}

fn new_file(path: &Path) -> Result<File, Error> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(Error::io(path))
}

/// One wait for the disk instead of one for each file.
fn sync_all_below(folder: &Path) -> Result<(), Error> {
    let open = File::open(folder).map_err(Error::io(folder))?;
    rustix::fs::syncfs(&open).map_err(|error| Error::io(folder)(error.into()))
}

/// The database last: without it there is nothing.
fn put_in_place(place: &Place, restoring: &Path, take_key: bool) -> Result<(), Error> {
    let embedded = matches!(place.location, Location::Sqlite(_));
    if let Some(replaced) = &place.replaced {
        let aside = place.data_dir.join(replaced);
        let own = [ATTACHMENTS, DATABASE, "centralita.sqlite-wal", "centralita.sqlite-shm"];
        for name in own.into_iter().filter(|name| embedded || *name == ATTACHMENTS) {
            let path = place.data_dir.join(name);
            if path.exists() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(&aside).map_err(Error::io(&aside))?;
                fs::rename(&path, aside.join(name)).map_err(Error::io(&path))?;
            }
        }
    }
    for (name, wanted) in [(ATTACHMENTS, true), (KEY, take_key), (DATABASE, embedded)] {
        let (from, to) = (restoring.join(name), place.data_dir.join(name));
        if wanted && from.exists() {
            if name == ATTACHMENTS {
                // An empty one may be in the way.
                let _ = fs::remove_dir(&to);
            }
            fs::rename(&from, &to).map_err(Error::io(&to))?;
        }
    }
    File::open(&place.data_dir).and_then(|folder| folder.sync_all()).map_err(Error::io(&place.data_dir))?;
    fs::remove_dir_all(restoring).map_err(Error::io(restoring))
}
