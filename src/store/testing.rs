//! Scratch databases for tests: every test runs on SQLite and, when `CENTRALITA_TEST_POSTGRES` names a server, on PostgreSQL.

use std::{
    future::Future,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    Db, Location, StoreError,
    journal::{Group, Holder, Journal, JournalThread, Opened, Options},
};
use crate::clock::Clock;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty database of its own.
pub(crate) struct Scratch {
    pub(crate) location: Location,
    folder: Option<PathBuf>,
}

impl Scratch {
    pub(crate) fn sqlite() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("centralita-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { location: Location::file(&folder.join("test.sqlite")), folder: Some(folder) }
    }

    /// A schema-free database on the server, created for this test.
    pub(crate) async fn postgres(server: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("unit_{}_{number}", std::process::id());
        let Location::Postgres(options) = Location::postgres(server).unwrap() else { unreachable!() };
        let mut connection = sqlx::ConnectOptions::connect(options.as_ref()).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::Executor::execute(&mut connection, sqlx::query(create)).await.unwrap();
        Self { location: Location::Postgres(Box::new(options.database(&name))), folder: None }
    }

    pub(crate) async fn open(&self) -> Db {
        self.location.open().await.unwrap()
    }

    pub(crate) fn journal(&self, publish: impl Fn(Group) + Send + 'static) -> (Journal, JournalThread, Opened) {
        self.try_journal("node", publish).unwrap()
    }

    pub(crate) fn try_journal(
        &self,
        node: &str,
        publish: impl Fn(Group) + Send + 'static,
    ) -> Result<(Journal, JournalThread, Opened), StoreError> {
        Journal::start(Options {
            location: self.location.clone(),
            holder: Holder { node: node.into(), incarnation: "1".into() },
            capacity: 4096,
            clock: Clock::system(),
            publish: Box::new(publish),
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Runs a test on every database there is.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Scratch) -> F) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(async {
        let scratch = Scratch::sqlite();
        scratch.location.migrate().await.unwrap();
        test(scratch).await;
    });
    if let Ok(server) = std::env::var("CENTRALITA_TEST_POSTGRES") {
        runtime().block_on(async {
            let scratch = Scratch::postgres(&server).await;
            scratch.location.migrate().await.unwrap();
            test(scratch).await;
        });
    }
}
