//! The server under test: a process of its own, started, measured, killed and stopped from here.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    Outcome, Shared,
    random::Random,
    report::{Findings, Verdict},
    time,
};

/// How long a start may take: another node's lease may have to run out first.
const START_WITHIN: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(5);
const POLL_EVERY: Duration = Duration::from_millis(5);

/// A directory of one run: the server's data and log, and what the driver keeps beside them.
pub(crate) struct Workplace {
    /// The directory.
    pub(crate) path: PathBuf,
    /// Makes names unique where other runs were before.
    pub(crate) run: String,
    keep: bool,
}

impl Workplace {
    /// Runs something in a new, empty one, which stays when something is wrong.
    pub(crate) fn with(shared: &Shared, drive: impl FnOnce(&Self, Random) -> Outcome<Verdict>) -> Outcome<Verdict> {
        let seed = shared.seed.unwrap_or_else(time::entropy);
        println!("seed {seed}");
        let run = format!("{:x}", time::entropy() & 0xff_ffff_ffff);
        let path = std::env::temp_dir().join(format!("centralita-load-{run}"));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut workplace = Self { path, run, keep: shared.keep };
        let outcome = drive(&workplace, Random::new(seed));
        workplace.keep |= !matches!(outcome, Ok(Verdict::Kept));
        outcome
    }

    /// The same for what waits, on one thread.
    pub(crate) fn with_tasks(shared: &Shared, drive: impl AsyncFnOnce(&Self, Random) -> Outcome<Verdict>) -> Outcome<Verdict> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Self::with(shared, |workplace, random| tokio::task::LocalSet::new().block_on(&runtime, drive(workplace, random)))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if self.keep {
            println!("kept: {}", self.path.display());
        } else {
            // What is left over lies in the temporary directory.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// What the server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    program: PathBuf,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    /// Where it keeps its data.
    pub(crate) data: PathBuf,
    /// `sqlite` or a URL: where to read what it stored.
    pub(crate) database: String,
    /// The same for the server itself, which may be sent a detour.
    pub(crate) served_database: String,
    log: PathBuf,
    extra: Vec<(&'static str, String)>,
}

impl Recipe {
    /// For a run in `workplace`.
    pub(crate) fn new(shared: &Shared, workplace: &Workplace, random: &mut Random) -> Outcome<Self> {
        let program = match &shared.server {
            Some(program) => program.clone(),
            None => std::env::current_exe()?.with_file_name("centralita"),
        };
        if !program.is_file() {
            return Err(
                format!("no server at {}: build it (cargo build --bin centralita) or say --server", program.display()).into()
            );
        }
        let data = workplace.path.join("data");
        fs::create_dir(&data)?;
        Ok(Self {
            program,
            host: format!("127.0.0.1:{}", free_port(random)?),
            data,
            database: shared.database.clone(),
            served_database: shared.database.clone(),
            log: workplace.path.join("server.log"),
            extra: Vec::new(),
        })
    }

    /// Another data directory with the embedded database, at another port.
    pub(crate) fn beside(&self, workplace: &Workplace, random: &mut Random) -> Outcome<Self> {
        let data = workplace.path.join("beside");
        fs::create_dir(&data)?;
        let (host, sqlite) = (format!("127.0.0.1:{}", free_port(random)?), "sqlite".to_owned());
        Ok(Self { host, data, database: sqlite.clone(), served_database: sqlite, ..self.clone() })
    }

    /// One more environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.extra.push((name, value.to_string()));
        self
    }

    fn command(&self) -> Outcome<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        // Whatever the caller's environment says about another server does not concern this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"CENTRALITA_")) {
            command.env_remove(name);
        }
        command
            .current_dir(&self.data)
            .env("CENTRALITA_LISTEN", &self.host)
            .env("CENTRALITA_DATA_DIR", &self.data)
            .env("CENTRALITA_DATABASE", &self.served_database)
            .env("CENTRALITA_LOG", "warn")
            .envs(self.extra.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log);
        Ok(command)
    }

    /// Runs a command of the program beside the server and returns what it printed.
    pub(crate) fn output(&self, arguments: &[&str]) -> Outcome<String> {
        let output = self.command()?.args(arguments).output()?;
        if !output.status.success() {
            return Err(format!("{}: {}; see {}", arguments.join(" "), output.status, self.log.display()).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the server without waiting for it.
    pub(crate) fn spawn(&self) -> Outcome<Server> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let child = self.command()?.arg("serve").stdout(log).spawn()?;
        Ok(Server { child, host: self.host.clone(), log: self.log.clone(), started: time::micros() })
    }

    /// Starts the server and waits until it is ready; also how long that took.
    pub(crate) fn start(&self) -> Outcome<(Server, Duration)> {
        let mut server = self.spawn()?;
        let ready = server.wait_ready()?;
        Ok((server, ready))
    }
}

/// A port nobody listens on, below the range the kernel gives to outgoing connections: a client that keeps knocking at the
/// port of a dead server must not be connected to itself.
fn free_port(random: &mut Random) -> Outcome<u16> {
    for _ in 0..100 {
        let port = 20_000 + u16::try_from(random.below(10_000))?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no free port between 20000 and 29999".into())
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    host: String,
    log: PathBuf,
    started: u64,
}

impl Server {
    /// Waits until `/readyz` says so; how long that took since the start.
    pub(crate) fn wait_ready(&mut self) -> Outcome<Duration> {
        loop {
            if status_of(&self.host, "/readyz") == Some(200) {
                return Ok(time::since(self.started));
            }
            self.must_run()?;
            if time::since(self.started) > START_WITHIN {
                return Err(format!("not ready after {START_WITHIN:?}; see {}", self.log.display()).into());
            }
            thread::sleep(POLL_EVERY);
        }
    }

    /// Fails when the process has ended by itself.
    pub(crate) fn must_run(&mut self) -> Outcome<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the server ended by itself ({status}); see {}", self.log.display()).into()),
        }
    }

    /// Kills it outright, as a power cut would end the process.
    pub(crate) fn kill(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end and waits; how long that took. Longer than promised is a finding (R16).
    pub(crate) fn stop(mut self, findings: &mut Findings) -> Outcome<Duration> {
        let start = time::micros();
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        kill_process(pid, Signal::TERM)?;
        while self.child.try_wait()?.is_none() {
            if time::since(start) > STOP_WITHIN {
                findings.add(format!("the server was still there {STOP_WITHIN:?} after SIGTERM"));
                break;
            }
            thread::sleep(POLL_EVERY);
        }
        Ok(time::since(start))
    }

    /// To measure it from elsewhere.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn status_of(host: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    str::from_utf8(head.strip_prefix(b"HTTP/1.1 ")?).ok()?.parse().ok()
}

/// What a process uses, from `/proc`.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    directory: PathBuf,
}

impl Usage {
    fn of(pid: u32) -> Self {
        Self { directory: Path::new("/proc").join(pid.to_string()) }
    }

    /// Of this program.
    pub(crate) fn own() -> Self {
        Self { directory: Path::new("/proc/self").to_owned() }
    }

    /// Processor time so far, in microseconds; in steps of a clock tick (10 ms).
    pub(crate) fn cpu_us(&self) -> u64 {
        let stat = self.read("stat");
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        // The 14th and 15th field of the file, counted from the third.
        let ticks: u64 = after_name.split_ascii_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        ticks * 1_000_000 / rustix::param::clock_ticks_per_second().max(1)
    }

    /// Resident memory in kB.
    pub(crate) fn rss_kb(&self) -> u64 {
        field(&self.read("status"), "VmRSS:")
    }

    /// Bytes it caused to be written to storage so far.
    pub(crate) fn written_bytes(&self) -> u64 {
        field(&self.read("io"), "write_bytes:")
    }

    /// How many files and sockets it may open.
    fn open_files_limit(&self) -> u64 {
        field(&self.read("limits").replace("Max open files", "Max_open_files"), "Max_open_files")
    }

    /// Fails with what to do where so many sockets, and a few files more, are too many for this process.
    pub(crate) fn must_open(&self, sockets: usize) -> Outcome<()> {
        let (needed, limit) = (u64::try_from(sockets)? + 200, self.open_files_limit());
        if limit < needed {
            return Err(format!(
                "{sockets} sockets need {needed} open files and the limit is {limit}: say `ulimit -n {needed}` first"
            )
            .into());
        }
        Ok(())
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.directory.join(file)).unwrap_or_default()
    }
}

/// The number after `name` at the beginning of a line; 0 when there is none.
fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_what_it_uses() {
        let own = Usage::own();
        let start = time::micros();
        while own.cpu_us() == 0 {
            assert!(time::since(start) < Duration::from_secs(30));
        }
        assert!(own.rss_kb() > 100);
        assert!(own.open_files_limit() >= 16);
        assert_eq!(Usage::of(u32::MAX).cpu_us(), 0);
    }

    #[test]
    fn a_port_is_free_and_below_the_kernel_s_own_range() {
        let port = free_port(&mut Random::new(1)).unwrap();
        assert!((20_000..30_000).contains(&port));
        assert_eq!(status_of(&format!("127.0.0.1:{port}"), "/readyz"), None);
    }
}
