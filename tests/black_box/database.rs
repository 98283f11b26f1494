//! Where the server under test keeps its data.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

/// Whoever waits longer than this waits for ever.
const PATIENCE: Duration = Duration::from_secs(1_200);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A number that no other test of this run has.
pub(crate) fn number() -> u32 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// An empty database for one test.
#[derive(Clone)]
pub(crate) enum Database {
    /// A file in the data directory.
    Sqlite,
    /// One of its own on the server.
    Postgres(Arc<OnServer>),
}

/// Dropped with the last server that uses it.
pub(crate) struct OnServer {
    server: String,
    name: String,
}

impl Database {
    /// As the server is told.
    pub(crate) fn setting(&self) -> String {
        match self {
            Self::Sqlite => "sqlite".to_owned(),
            Self::Postgres(own) => own.url(),
        }
    }

    /// An empty one of each kind there is.
    pub(crate) async fn all_kinds(&self) -> Vec<Self> {
        let mut all = vec![Self::Sqlite];
        if let Ok(server) = std::env::var("CENTRALITA_TEST_POSTGRES") {
            all.push(Self::Postgres(Arc::new(OnServer::create(server).await)));
        }
        all
    }

    /// Changes what is stored behind the back of a server, which must not run.
    pub(crate) async fn change(&self, sqlite_file: &std::path::Path, statement: &'static str) {
        match self {
            Self::Sqlite => {
                let options = SqliteConnectOptions::new().filename(sqlite_file);
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                connection.execute(sqlx::raw_sql(statement)).await.unwrap();
            }
            Self::Postgres(own) => {
                let mut connection = PgConnection::connect(&own.url()).await.unwrap();
                connection.execute(sqlx::raw_sql(statement)).await.unwrap();
            }
        }
    }

    /// Every row of what was set aside on the server.
    pub(crate) async fn set_aside(&self) -> Vec<String> {
        let Self::Postgres(own) = self else { return Vec::new() };
        let url = own.url();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let schema: String = sqlx::query_scalar("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'replaced%'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let mut rows = rows_of_schema(&mut connection, &schema).await;
        rows.sort();
        rows
    }

    /// Writes what no way of the program writes.
    pub(crate) async fn execute(&self, sqlite_file: &std::path::Path, sql: &str) {
        let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite => {
                let options = SqliteConnectOptions::new().filename(sqlite_file).busy_timeout(Duration::from_secs(10));
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                statement.execute(&mut connection).await.unwrap();
            }
            Self::Postgres(own) => {
                statement.execute(&mut PgConnection::connect(&own.url()).await.unwrap()).await.unwrap();
            }
        }
    }

    /// Every row of every table as text, one line each, in no order that means anything but always the same. Without
    /// the lease, which its owner renews, and the search index, which follows.
    pub(crate) async fn rows(&self, sqlite_file: &std::path::Path) -> Vec<String> {
        let mut rows = match self {
            Self::Sqlite => sqlite_rows(sqlite_file).await,
            Self::Postgres(own) => postgres_rows(&own.url()).await,
        };
        rows.sort();
        rows
    }
}

async fn sqlite_rows(file: &std::path::Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN ('leases', '_sqlx_migrations')";
    let mut rows = Vec::new();
    for table in sqlx::query_scalar::<_, String>(tables).fetch_all(&mut connection).await.unwrap() {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(&mut connection).await.unwrap();
        let columns: Vec<String> = columns.iter().map(|column| format!("'{column}', \"{column}\"")).collect();
        let read = sqlx::AssertSqlSafe(format!("SELECT json_object({}) AS line FROM {table}", columns.join(", ")));
        for row in connection.fetch_all(sqlx::query(read)).await.unwrap() {
            rows.push(format!("{table} {}", row.get::<String, _>("line")));
        }
    }
    rows
}

async fn postgres_rows(url: &str) -> Vec<String> {
    rows_of_schema(&mut PgConnection::connect(url).await.unwrap(), "public").await
}

async fn rows_of_schema(connection: &mut PgConnection, schema: &str) -> Vec<String> {
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 AND tablename NOT IN ('leases', '_sqlx_migrations') \
         AND tablename NOT LIKE 'recording%'";
    let mut rows = Vec::new();
    for table in sqlx::query_scalar::<_, String>(tables).bind(schema).fetch_all(&mut *connection).await.unwrap() {
        let read = sqlx::AssertSqlSafe(format!("SELECT row_to_json(t)::text AS line FROM {schema}.{table} t"));
        for row in (&mut *connection).fetch_all(sqlx::query(read)).await.unwrap() {
            rows.push(format!("{table} {}", row.get::<String, _>("line")));
        }
    }
    rows
}

impl OnServer {
    async fn create(server: String) -> Self {
        let name = format!("black_box_{}_{}", std::process::id(), number());
        let own = Self { server, name };
        own.manage("CREATE DATABASE", "").await;
        own
    }

    fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).unwrap();
        url.set_path(&self.name);
        url.to_string()
    }

    async fn manage(&self, what: &str, how: &str) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let statement = sqlx::AssertSqlSafe(format!("{what} {} {how}", self.name));
        connection.execute(sqlx::query(statement)).await.unwrap();
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let own = Self { server: std::mem::take(&mut self.server), name: std::mem::take(&mut self.name) };
        let thread = std::thread::spawn(move || {
            runtime().block_on(own.manage("DROP DATABASE IF EXISTS", "WITH (FORCE)"));
            std::mem::forget(own);
        });
        // The server is thrown away after the tests: what is left over does no harm.
        let _ = thread.join();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a test on the embedded database.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    run(async { test(Database::Sqlite).await });
}

/// Runs a test on PostgreSQL, if there is one to run it on.
pub(crate) fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    let Ok(server) = std::env::var("CENTRALITA_TEST_POSTGRES") else {
        eprintln!("CENTRALITA_TEST_POSTGRES names no server: not run on PostgreSQL");
        return;
    };
    run(async { test(Database::Postgres(Arc::new(OnServer::create(server).await))).await });
}

fn run(test: impl Future<Output = ()>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime().block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("the test hangs") });
}

/// Makes a test of each function that takes long and in which the database has no part: `name::on_sqlite`.
macro_rules! on_sqlite_only {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                $crate::database::on_sqlite(super::$name);
            }
        }
    )+};
}
pub(crate) use on_sqlite_only;

/// Makes two tests of each function: `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                $crate::database::on_sqlite(super::$name);
            }
            #[test]
            fn on_postgres() {
                $crate::database::on_postgres(super::$name);
            }
        }
    )+};
}
pub(crate) use on_both;
