//! The binary and where it runs: a data directory, a database, a port.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use crate::database::{Database, number};

/// How long a start may take: another node's lease may have to run out first.
const START_WITHIN: Duration = Duration::from_secs(40);
const POLL_EVERY: Duration = Duration::from_millis(10);
/// Lines of the server's log shown when a test fails.
const LOG_SHOWN: usize = 40;

/// A data directory, a database and the settings of a server; removed when dropped.
pub(crate) struct Installation {
    folder: PathBuf,
    pub(crate) database: Database,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    settings: Vec<(String, String)>,
}

impl Installation {
    /// A new, empty one.
    pub(crate) fn new(database: &Database) -> Self {
        let folder = std::env::temp_dir().join(format!("centralita-black-box-{}-{}", std::process::id(), number()));
        fs::create_dir_all(&folder).unwrap();
        Self { folder, database: database.clone(), host: format!("127.0.0.1:{}", free_port()), settings: Vec::new() }
    }

    /// Another data directory for the same database.
    pub(crate) fn beside(&self) -> Self {
        Self::new(&self.database)
    }

    /// With a setting, by the name of its environment variable without the prefix.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((format!("CENTRALITA_{name}"), value.to_owned()));
        self
    }

    /// From now on with this setting.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.plain(&format!("CENTRALITA_{name}"), value);
    }

    /// From now on with this environment variable.
    pub(crate) fn plain(&mut self, name: &str, value: &str) {
        let name = name.to_owned();
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_owned()));
    }

    /// For what a test keeps beside the data.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Where everything is kept.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The embedded database.
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.data().join("centralita.sqlite")
    }

    /// Every row of the database.
    pub(crate) async fn rows(&self) -> Vec<String> {
        self.database.rows(&self.sqlite_file()).await
    }

    /// Writes to the database what no way of the program writes.
    pub(crate) async fn execute(&self, sql: &str) {
        self.database.execute(&self.sqlite_file(), sql).await;
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What the servers of this installation have written so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The program with the settings of this installation and none of ours.
    pub(crate) fn command(&self) -> Command {
        // A server must not outlive a test run that is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_centralita")]);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"CENTRALITA_")) {
            command.env_remove(name);
        }
        command
            .current_dir(&self.folder)
            .env("CENTRALITA_LISTEN", &self.host)
            .env("CENTRALITA_DATA_DIR", self.data())
            .env("CENTRALITA_DATABASE", self.database.setting())
            .env("CENTRALITA_WORKERS", "2")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn print(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the server and does not wait for it.
    pub(crate) fn spawn(&self) -> Running {
        self.spawn_with(&["serve"])
    }

    /// Starts a command that serves, and does not wait for it.
    pub(crate) fn spawn_with(&self, arguments: &[&str]) -> Running {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = self.command().args(arguments).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Running { child, host: self.host.clone() }
    }

    /// Starts the server and waits until it is ready.
    pub(crate) async fn start(&self) -> Running {
        let mut server = self.spawn();
        server.wait_until_ready().await;
        server
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the server's log:\n{}", lines[lines.len().saturating_sub(LOG_SHOWN)..].join("\n"));
        }
        // What is left over lies in the temporary directory.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Below the range that the kernel gives to outgoing connections, so that a client that knocks at the port of a dead
/// server is not connected to itself.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(20_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server process; killed when dropped.
pub(crate) struct Running {
    child: Child,
    host: String,
}

impl Running {
    /// Waits for `/readyz`.
    pub(crate) async fn wait_until_ready(&mut self) {
        let start = Instant::now();
        while !self.is_ready().await {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended by itself: {ended:?}");
            assert!(start.elapsed() < START_WITHIN, "the server is not ready after {START_WITHIN:?}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Waits until it is ready or has ended; whether it is ready.
    pub(crate) async fn becomes_ready(&mut self) -> bool {
        loop {
            if self.is_ready().await {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = crate::api::Api::anonymous(&self.host).request("GET", "/readyz").send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// As a power cut ends it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < within, "the server still runs after {within:?}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
