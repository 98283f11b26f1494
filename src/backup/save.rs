//! Taking a backup of a running installation.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use super::{
    Contents, Error, FORMAT, Head, StreamHead, TableHead,
    archive::{CHUNK, Writer},
    file_name,
};
use crate::{
    clock::Timestamp,
    config::Redacted,
    ids::AttachmentId,
    store::{Location, StoreError, dump::Source},
};

/// Pieces that wait to be compressed.
const AHEAD: usize = 4;

/// What to save, and where.
pub struct Saving {
    /// The database.
    pub location: Location,
    /// The directory of attachments.
    pub attachments: PathBuf,
    /// The key, to be saved as well.
    pub key: Option<Redacted>,
    /// Now.
    pub at: Timestamp,
    /// The file; there must be none of this name.
    pub file: PathBuf,
}

/// Takes a backup. A server may use the database meanwhile; its commits wait for nothing here.
///
/// # Errors
/// Any [`Error`]; nothing of the file is left then.
pub async fn save(saving: Saving) -> Result<Contents, Error> {
    let Saving { location, attachments, key, at, file } = saving;
    if file.exists() {
        let source = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already");
        return Err(Error::Io { what: file.display().to_string(), source });
    }
    let unfinished = Unfinished::create(&file)?;
    let mut source = Source::open(&location).await?;
    let tables = source.tables().await?;
    let head = Head {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: source.schema().await?,
        taken_at: at.into(),
        database: if matches!(location, Location::Sqlite(_)) { "sqlite" } else { "postgres" }.to_owned(),
        tables: tables.iter().map(|table| TableHead { name: table.name.clone(), columns: table.column_names() }).collect(),
    };
    let writer = unfinished.writer(&head)?;
    let in_file = Error::io(&file);
    let (send, pieces) = mpsc::sync_channel::<(usize, Vec<u8>)>(AHEAD);
    let compressing = thread::spawn(move || compress(writer, &pieces));
    let mut result = Ok(());
    for (number, table) in tables.iter().enumerate() {
        let gone = |_| StoreError::Unavailable("the file cannot be written".to_owned());
        result = source.copy(table, CHUNK, |rows| send.send((number, rows)).map_err(gone)).await;
        if result.is_err() {
            break;
        }
    }
    drop(send);
    // Why the file could not be written says more than that it could not.
    let compressed = compressing.join().unwrap_or_else(|_| Err(io::Error::other("the compressing thread panicked")));
    let mut writer = compressed.map_err(in_file)?;
    result?;
    let streams = source.streams().await?.into_iter().map(|(stream, head)| StreamHead { stream, head }).collect();
    let files = source.files().await?;
    // From here on the database may forget this moment.
    drop(source);
    for (id, _) in files {
        add_file(&mut writer, &attachments, id).map_err(Error::io(&attachments))?;
    }
    if let Some(key) = key {
        writer.key(key.expose()).map_err(Error::io(&file))?;
    }
    let (manifest, uncompressed_bytes) = writer.finish(streams).map_err(Error::io(&file))?;
    unfinished.rename(&file)?;
    let bytes = fs::metadata(&file).map_err(Error::io(&file))?.len();
    Ok(Contents { head, manifest, bytes, uncompressed_bytes })
}

fn compress(mut writer: Writer, pieces: &mpsc::Receiver<(usize, Vec<u8>)>) -> io::Result<Writer> {
    while let Ok((table, rows)) = pieces.recv() {
        writer.rows(table, &rows)?;
    }
    Ok(writer)
}

fn add_file(writer: &mut Writer, attachments: &Path, id: AttachmentId) -> io::Result<()> {
    let [folder, name] = file_name(id);
    match File::open(attachments.join(folder).join(name)) {
        Ok(mut file) => {
            let size = file.metadata()?.len();
            writer.file(id, size, &mut file)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            writer.missing(id);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// A file that is being written; taken away again unless it was renamed.
struct Unfinished {
    path: PathBuf,
    done: bool,
}

impl Unfinished {
    /// Beside `file`.
    fn create(file: &Path) -> Result<Self, Error> {
        let mut path = file.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => Ok(Self { path, done: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let source = io::Error::new(error.kind(), "another backup is being written, or was interrupted: remove it then");
                Err(Error::Io { what: path.display().to_string(), source })
            }
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    fn writer(&self, head: &Head) -> Result<Writer, Error> {
        let file = fs::OpenOptions::new().write(true).open(&self.path).map_err(Error::io(&self.path))?;
        Writer::begin(file, head).map_err(Error::io(&self.path))
    }

    fn rename(mut self, file: &Path) -> Result<(), Error> {
        fs::rename(&self.path, file).map_err(Error::io(file))?;
        self.done = true;
        sync_folder_of(file)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be taken away says by its name that it is not whole.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// So that the name is on the disk as well.
fn sync_folder_of(file: &Path) -> Result<(), Error> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io(folder))
}
