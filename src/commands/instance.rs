//! One data directory, one process: its lock, its node id, its key, its database.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use super::Failure;
use crate::{
    auth::secret::{KEY_VERSION, Sealer, SecretText},
    backup,
    clock::Clock,
    config::{Config, Database, SecretKey},
    ids::{Ids, IncarnationId},
    store::{
        Db, Location,
        journal::{Holder, Journal, JournalThread, Options},
    },
};

/// Appends that may wait while a command writes.
const OFFLINE_CAPACITY: usize = 1024;

/// What this process holds of its data directory.
pub struct Instance {
    /// How it runs.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Arc<Ids>,
    /// Where the database is.
    pub location: Location,
    /// The id kept in the data directory.
    pub node: String,
    _lock: File,
}

impl Instance {
    /// Takes the data directory. Fails when another process has it, or when a restore has not finished.
    pub fn open(config: Config) -> Result<Self, Failure> {
        let instance = Self::take(config)?;
        let restoring = instance.config.data_dir.join(backup::RESTORING);
        if restoring.exists() {
            return Err(Failure(format!(
                "a restore into this data directory has not finished (it left {}): run `centralita restore` again, with \
                 --replace if it says that there is something already",
                restoring.display()
            )));
        }
        Ok(instance)
    }

    /// Takes the data directory, finished or not.
    pub(super) fn take(config: Config) -> Result<Self, Failure> {
        let directory = &config.data_dir;
        let in_directory = |error| Failure::new(&format!("the data directory {}", directory.display()), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(in_directory)?;
        let lock = lock(&directory.join("lock"))?;
        let clock = Clock::system();
        let ids = Arc::new(Ids::from_entropy(clock.clone()));
        let node = node_id(&directory.join("node"), &ids).map_err(in_directory)?;
        let location = location(&config)?;
        Ok(Self { config, clock, ids, location, node, _lock: lock })
    }

    /// The installation's key.
    pub fn key(&self) -> Result<SecretKey, Failure> {
        self.config.sealing_key().map_err(|error| Failure::new("the secret key", error))
    }

    /// What seals secrets at rest.
    pub fn sealer(&self) -> Result<Sealer, Failure> {
        sealer(&self.key()?)
    }

    /// Readers and the writer, without actors: for commands that set things up while nothing serves.
    pub async fn offline(&self) -> Result<Offline, Failure> {
        self.offline_at(self.clock.clone()).await
    }

    /// [`Self::offline`] at another time: what is written there happened then.
    pub async fn offline_at(&self, clock: Clock) -> Result<Offline, Failure> {
        let failed = |error| Failure::new("the database", error);
        let db = self.location.open().await.map_err(failed)?;
        let (journal, thread, _) = Journal::start(Options {
            location: self.location.clone(),
            holder: Holder { node: self.node.clone(), incarnation: self.ids.next::<IncarnationId>().to_string() },
            capacity: OFFLINE_CAPACITY,
            clock,
            publish: Box::new(|_| {}),
        })
        .map_err(failed)?;
        Ok(Offline { db, journal, thread })
    }
}

/// Where the database is.
pub(super) fn location(config: &Config) -> Result<Location, Failure> {
    match &config.database {
        Database::Sqlite => Ok(Location::file(&config.sqlite_file())),
        Database::Postgres(url) => {
            Location::postgres(url.expose()).map_err(|error| Failure::new("the database's address", error))
        }
    }
}

/// What seals and opens with this key.
pub(super) fn sealer(key: &SecretKey) -> Result<Sealer, Failure> {
    let text = SecretText::new(key.to_base64().expose().to_owned());
    Sealer::new(KEY_VERSION, &text).map_err(|error| Failure::new("the secret key", error))
}

/// The database without actors.
pub struct Offline {
    /// Readers.
    pub db: Db,
    /// The writer.
    pub journal: Journal,
    thread: JournalThread,
}

impl Offline {
    /// Waits until everything is on disk.
    pub fn close(self) {
        drop(self.journal);
        self.thread.join();
    }
}

fn lock(path: &Path) -> Result<File, Failure> {
    let failed = |error| Failure::new(&path.display().to_string(), error);
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Failure(format!(
            "another Centralita uses this data directory (it holds {}); stop it first, or choose another data_dir",
            path.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Made once, before the first lease is taken in its name.
fn node_id(path: &Path, ids: &Ids) -> std::io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let node = ids.next::<IncarnationId>().to_string();
    let unfinished = path.with_extension("new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{node}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(node)
}
