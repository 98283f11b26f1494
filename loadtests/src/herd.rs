//! Thousands of sockets. What does each cost? How long until all that are cut at once have resumed, and do they, or others that
//! never read, slow the rest down?
//!
//! Listening agents have many tabs each, so one message makes many frames. Deaf sockets belong to agents of their own: tabs
//! of one agent share the bytes of a frame, which would make a full gate look cheap.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    ops::Range,
    rc::Rc,
    time::Duration,
};

use centralita::{args, ids::UserId, store::Db, wire::live::Frame};
use serde_json::json;
use tokio::sync::watch;

use crate::{
    Outcome, Shared,
    http::Client,
    message::{Composer, Inbound, inbound_marks},
    random::Random,
    report::{Findings, Latencies, Table, Verdict, millis, per},
    server::{Recipe, Server, Usage, Workplace},
    setup::{self, AgentAccess},
    socket::Socket,
    stored, time,
};

/// Of every socket, in bytes; the kernel doubles it.
const RECEIVE_BUFFER: u32 = 4096;
const SETTLE: Duration = Duration::from_secs(2);
const KNOCK_EVERY: Duration = Duration::from_millis(20);
const OPEN_WITHIN: Duration = Duration::from_secs(60);
const CONVERSATIONS_PER_AGENT: usize = 4;
/// Connections that fill the deaf sockets.
const FILLERS: usize = 32;
/// Frames pushed to every deaf socket after the kernel takes no more: more than any gate holds.
const BEYOND: u32 = 100;
/// So many rounds of messages to every contact without a new high is standing still.
const STILL_ROUNDS: u32 = 20;
const CACHES_WITHIN: Duration = Duration::from_secs(60);
/// The server cuts a client off that was silent for long; the measurement must be over before.
const FILL_WITHIN: Duration = Duration::from_secs(30);

const OF_AGENTS: &str = "SELECT agent_id FROM conversations WHERE is_open = 1 AND agent_id IS NOT NULL";

/// `loadtests herd`
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    shared: Shared,
    /// Sockets in all
    #[arg(long, default_value_t = 5000)]
    sockets: usize,
    /// Of these, sockets that never read
    #[arg(long, default_value_t = 500)]
    deaf: usize,
    /// Deaf sockets per agent; more than one share the bytes of their frames
    #[arg(long, default_value_t = 1)]
    deaf_tabs: usize,
    /// Sockets that are cut at once
    #[arg(long, default_value_t = 2000)]
    cut: usize,
    /// Messages a second; each is pushed to every tab of its agent
    #[arg(long, default_value_t = 200)]
    frames: u32,
    /// Seconds that are measured, each time
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Agents that share the listening sockets
    #[arg(long, default_value_t = 200)]
    agents: usize,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    Usage::own().must_open(options.sockets)?;
    if options.deaf + options.agents + options.cut >= options.sockets || options.agents == 0 || options.deaf_tabs == 0 {
        return Err("--sockets must be more than --deaf plus --agents plus --cut, and there must be agents and tabs".into());
    }
    let seed = options.shared.seed.unwrap_or_else(time::entropy);
    println!("seed {seed}");
    let run = format!("{:x}", time::entropy() & 0xff_ffff_ffff);
    let mut workplace = Workplace::create(&run, options.shared.keep)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, drive(options, &run, &workplace, Random::new(seed)));
    if !matches!(outcome, Ok(Verdict::Kept)) {
        workplace.keep();
    }
    outcome
}

async fn drive(options: &Options, run: &str, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    let recipe =
        Recipe::new(&options.shared, workplace, &mut random)?.with("CENTRALITA_LIMITS__SOCKET_LIMIT_PER_ADDRESS", 100_000);
    let admin = setup::admin_token(&recipe)?;
    let (mut server, ready) = recipe.start()?;
    println!("ready after {ready:.1?}");
    let deaf_agents = options.deaf.div_ceil(options.deaf_tabs);
    let setup = setup::prepare(&recipe.host, &admin, run, setup::Wanted::roomy(options.agents + deaf_agents)).await?;
    let (listening, deaf) = setup.agents.split_at(options.agents);
    let usage = server.usage();
    let heard = Rc::new(Heard::default());
    let mut writer = Writer::new(&recipe.host, &setup.composer);
    let db = stored::open(&recipe).await?;

    // One tab each: they take the conversations. The others only listen.
    for agent in listening {
        listen(&recipe.host, agent, &heard, false).await?;
    }
    let contacts = options.agents * CONVERSATIONS_PER_AGENT;
    for contact in 0..contacts {
        writer.write(u32::try_from(contact)?).await?;
    }
    with_agents(&db, contacts).await?;
    fill_caches(&mut writers(&recipe.host, &setup.composer), &mut writer.next, &(0..contacts), &usage).await?;
    let idle = options.sockets - options.deaf - options.agents;
    tokio::time::sleep(SETTLE).await;
    let before = usage.rss_kb();
    for (number, agent) in listening.iter().cycle().take(idle).enumerate() {
        listen(&recipe.host, agent, &heard, number < options.cut).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let with_idle = usage.rss_kb();
    let alone = measure(options, &mut writer, [contacts, 0], &heard, random.clone(), &mut server).await?;

    let before_deaf = usage.rss_kb();
    let mut herd = Deaf::open(&recipe.host, deaf, options).await?;
    // Whoever has least to do gets the next one: the agents who have just come.
    for contact in contacts..contacts + deaf_agents {
        writer.write(u32::try_from(contact)?).await?;
    }
    let owners = with_agents(&db, contacts + deaf_agents).await?;
    let without = deaf.iter().filter(|agent| !owners.contains(&agent.user)).count();
    if without > 0 {
        return Err(format!("{without} of {deaf_agents} deaf agents got no conversation").into());
    }
    let filled = herd.fill(&recipe.host, &setup.composer, &mut writer.next, contacts..contacts + deaf_agents).await?;
    tokio::time::sleep(SETTLE).await;
    let with_deaf = usage.rss_kb();
    let beside_deaf = measure(options, &mut writer, [contacts, deaf_agents], &heard, random.clone(), &mut server).await?;
    drop(herd);
    // Last: what these leave behind would make the deaf ones look cheap.
    heard.cut(writer.next);
    to_each(&mut writers(&recipe.host, &setup.composer), &mut writer.next, &(0..contacts)).await?;
    let beside_cut = measure(options, &mut writer, [contacts, 0], &heard, random, &mut server).await?;
    let still_there = heard.open.get();
    db.close().await;
    let mut findings = Findings::default();
    server.stop(&mut findings)?;

    let runs = Runs { alone, beside_cut, beside_deaf };
    let listeners = Listeners { open: still_there, resumed: heard.resumed.take() };
    report(options, &Memory { before, with_idle, before_deaf, with_deaf, idle }, &runs, &listeners, &filled, findings)
}

/// Waits until so many conversations are with agents; with whom.
async fn with_agents(db: &Db, wanted: usize) -> Outcome<HashSet<UserId>> {
    let start = time::micros();
    loop {
        let rows = db.rows(OF_AGENTS, args![]).await?;
        if rows.len() >= wanted {
            return Ok(rows.iter().map(|row| row.parse(0)).collect::<Result<_, _>>()?);
        }
        if time::since(start) > OPEN_WITHIN {
            return Err(format!("only {} of {wanted} conversations are with agents", rows.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How far the deaf sockets were filled.
struct Filled {
    /// Messages for each.
    rounds: u32,
    /// Bytes that the kernel holds for all.
    queued: usize,
    /// The kernel took no more, so gates filled too.
    gates: bool,
}

/// Sockets that never read.
struct Deaf {
    port: u16,
    sockets: Vec<Socket>,
}

impl Deaf {
    async fn open(host: &str, agents: &[AgentAccess], options: &Options) -> Outcome<Self> {
        let port = host.rsplit(':').next().ok_or("no port")?.parse()?;
        let mut sockets = Vec::with_capacity(options.deaf);
        for agent in agents.iter().cycle().take(options.deaf) {
            let mut socket = Socket::open(host, &agent.token, Some(RECEIVE_BUFFER)).await?;
            socket.subscribe(None).await?;
            sockets.push(socket);
        }
        Ok(Self { port, sockets })
    }

    /// Writes to every contact in turn until the kernel takes no more of any socket, and some more.
    async fn fill(&mut self, host: &str, composer: &Composer, next: &mut u32, contacts: Range<usize>) -> Outcome<Filled> {
        let mut writers = writers(host, composer);
        let (start, mut rounds, mut left) = (time::micros(), 0, BEYOND);
        let mut queued = 0;
        while left > 0 {
            to_each(&mut writers, next, &contacts).await?;
            rounds += 1;
            let now = self.queued()?;
            if now > queued {
                queued = now;
            } else {
                left -= 1;
            }
            if time::since(start) > FILL_WITHIN {
                break;
            }
        }
        Ok(Filled { rounds, queued, gates: left == 0 })
    }

    /// Bytes that the kernel holds for these sockets on the server's side.
    fn queued(&self) -> Outcome<usize> {
        let ports: HashSet<u16> = self.sockets.iter().filter_map(Socket::local_port).collect();
        Ok(queued(&std::fs::read_to_string("/proc/net/tcp")?, self.port, &ports))
    }
}

fn writers(host: &str, composer: &Composer) -> Vec<Writer> {
    (0..FILLERS).map(|_| Writer::new(host, composer)).collect()
}

/// Writes at full speed until the server's memory stands still: what it needs for that belongs to no socket.
async fn fill_caches(writers: &mut [Writer], next: &mut u32, contacts: &Range<usize>, usage: &Usage) -> Outcome<()> {
    let start = time::micros();
    let mut highest = usage.rss_kb();
    let mut still = 0;
    while still < STILL_ROUNDS && time::since(start) < CACHES_WITHIN {
        to_each(writers, next, contacts).await?;
        let now = usage.rss_kb();
        still = if now > highest { 0 } else { still + 1 };
        highest = highest.max(now);
    }
    Ok(())
}

/// A message to every contact, as fast as the writers can.
async fn to_each(writers: &mut [Writer], next: &mut u32, contacts: &Range<usize>) -> Outcome<()> {
    let share = contacts.len().div_ceil(writers.len()).max(1);
    let mut work = Vec::with_capacity(writers.len());
    for (writer, first) in writers.iter_mut().zip(contacts.clone().step_by(share)) {
        writer.next = *next;
        let some = first..(first + share).min(contacts.end);
        *next += u32::try_from(some.len())?;
        work.push(async move {
            for contact in some {
                writer.write(u32::try_from(contact)?).await?;
            }
            Outcome::Ok(())
        });
    }
    futures_util::future::try_join_all(work).await?;
    Ok(())
}

/// The sum of the send queues from a port to some others, from a table as in `/proc/net/tcp`.
fn queued(table: &str, from: u16, to: &HashSet<u16>) -> usize {
    let port = |address: &str| u16::from_str_radix(address.split_once(':')?.1, 16).ok();
    let queue = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, remote) = (port(fields.next()?)?, port(fields.next()?)?);
        let queues = fields.nth(1)?;
        let queue = usize::from_str_radix(queues.split_once(':')?.0, 16).ok()?;
        (local == from && to.contains(&remote)).then_some(queue)
    };
    table.lines().skip(1).filter_map(queue).sum()
}

/// Resident memory of the server in kB at four moments.
struct Memory {
    before: u64,
    with_idle: u64,
    before_deaf: u64,
    with_deaf: u64,
    idle: usize,
}

/// How long frames took.
struct Runs {
    alone: Latencies,
    beside_cut: Latencies,
    beside_deaf: Latencies,
}

/// What became of the sockets that read.
struct Listeners {
    /// Still open at the end.
    open: usize,
    /// How long each that was cut was away, in microseconds.
    resumed: Vec<u64>,
}

fn report(
    options: &Options,
    memory: &Memory,
    Runs { alone, beside_cut, beside_deaf }: &Runs,
    Listeners { open: listening, resumed }: &Listeners,
    filled: &Filled,
    mut findings: Findings,
) -> Outcome<Verdict> {
    let idle = per(memory.with_idle.saturating_sub(memory.before), u64::try_from(memory.idle)?);
    let deaf = per(memory.with_deaf.saturating_sub(memory.before_deaf), u64::try_from(options.deaf)?);
    let ratio = per(beside_deaf.quantile(0.99), alone.quantile(0.99));
    if *listening != options.sockets - options.deaf {
        findings.add(format!("{listening} of {} listening sockets are still open", options.sockets - options.deaf));
    }
    if resumed.len() < options.cut {
        findings.add(format!("{} of {} cut sockets never resumed", options.cut - resumed.len(), options.cut));
    }
    let mut away = Latencies::new()?;
    resumed.iter().for_each(|micros| away.record(*micros));
    let last_resumed = resumed.iter().copied().max().unwrap_or_default();
    if last_resumed > 5_000_000 {
        findings.add(format!("the last cut socket resumed after {}; at most 5 s were promised", millis(last_resumed)));
    }
    let ratio_cut = per(beside_cut.quantile(0.99), alone.quantile(0.99));
    if ratio_cut > 2.0 {
        findings.add(format!("p99 of the others grew {ratio_cut} times while others resumed; at most 2 was promised"));
    }
    let held = filled.queued / options.deaf.max(1) / 1024;
    if !filled.gates {
        findings.add(format!("the kernel still took more after {held} KiB for each deaf socket: no gate filled"));
    }
    if idle > 20.0 {
        findings.add(format!("{idle} kB per idle socket; at most 20 were promised"));
    }
    if deaf > 64.0 {
        findings.add(format!("{deaf} kB per deaf socket; at most 64 were promised"));
    }
    if ratio > 1.2 {
        findings.add(format!("p99 of the others grew {ratio} times; at most 1.2 was promised"));
    }
    let mut table = Table::default();
    table
        .row("sockets", format!("{}, {} of them deaf, {} agents", options.sockets, options.deaf, options.agents))
        .row("per idle socket", format!("{idle} kB ({} kB → {} kB for {})", memory.before, memory.with_idle, memory.idle))
        .row(
            "per deaf socket, gate full",
            format!("{deaf} kB ({} kB → {} kB for {})", memory.before_deaf, memory.with_deaf, options.deaf),
        )
        .row("deaf sockets got", format!("{} messages each; the kernel holds {held} KiB of each", filled.rounds))
        .row("due to frame, none deaf", alone.line())
        .row("cut at once", format!("{}, until each has resumed {}", options.cut, away.line()))
        .row("due to frame, beside cut", format!("{}  × {ratio_cut}", beside_cut.line()))
        .row("due to frame, beside deaf", beside_deaf.line())
        .row(
            "p99 of the others",
            format!("{} → {}, × {ratio}", millis(alone.quantile(0.99)), millis(beside_deaf.quantile(0.99))),
        );
    table.print("herd");
    findings.print();
    if options.shared.json {
        let object = json!({
            "sockets": options.sockets, "deaf": options.deaf, "kb_per_idle_socket": idle, "kb_per_deaf_socket": deaf,
            "p99_us_without_deaf": alone.quantile(0.99), "p99_us_beside_deaf": beside_deaf.quantile(0.99), "p99_ratio": ratio,
            "cut": options.cut, "resumed": resumed.len(), "resumed_us": last_resumed, "p99_ratio_cut": ratio_cut,
        });
        println!("{object}");
    }
    Ok(findings.verdict())
}

/// What the listening sockets heard.
#[derive(Default)]
struct Heard {
    /// When each message was due; those of the measurement only.
    due: RefCell<HashMap<u32, u64>>,
    latencies: RefCell<Vec<u64>>,
    open: Cell<usize>,
    /// When some were cut, and the number of the first message after that.
    cut: watch::Sender<Option<(u64, u32)>>,
    /// How long each of these took until it heard of a message that was written afterwards.
    resumed: RefCell<Vec<u64>>,
}

impl Heard {
    /// `cut`: since when this socket was away, and the number of the first message after that, until it has heard of one.
    fn take(&self, text: &str, cut: &mut Option<(u64, u32)>) {
        let now = time::micros();
        let due = self.due.borrow();
        for number in inbound_marks(text.as_bytes()) {
            match *cut {
                Some((at, first)) => {
                    if number >= first {
                        self.resumed.borrow_mut().push(now - at);
                        *cut = None;
                    }
                }
                None => self.latencies.borrow_mut().extend(due.get(&number).map(|due| now - due)),
            }
        }
    }

    fn cut(&self, next: u32) {
        self.cut.send_replace(Some((time::micros(), next)));
    }
}

/// Opens a socket that reads everything at once, and connects again when it was cut.
async fn listen(host: &str, agent: &AgentAccess, heard: &Rc<Heard>, may_be_cut: bool) -> Outcome<()> {
    let mut socket = Socket::open(host, &agent.token, Some(RECEIVE_BUFFER)).await?;
    socket.subscribe(None).await?;
    let (host, token, heard) = (host.to_owned(), agent.token.clone(), heard.clone());
    heard.open.set(heard.open.get() + 1);
    tokio::task::spawn_local(async move {
        let mut cut = heard.cut.subscribe();
        let (mut last, mut since) = (String::new(), None);
        loop {
            tokio::select! {
                biased;
                Ok(()) = cut.changed(), if may_be_cut && since.is_none() => {
                    since = *cut.borrow();
                    socket = match again(&host, &token, &last).await {
                        Ok(socket) => socket,
                        Err(_) => break,
                    };
                }
                text = socket.next_text() => {
                    let Some(text) = text else { break };
                    heard.take(&text, &mut since);
                    if text.contains("\"topic\":\"me\"") {
                        last = text;
                    }
                }
            }
        }
        heard.open.set(heard.open.get() - 1);
    });
    Ok(())
}

/// Connects again, from the position of the last frame; at once and as often as it takes.
async fn again(host: &str, token: &str, last: &str) -> Outcome<Socket> {
    let frame: Frame = serde_json::from_str(last)?;
    loop {
        if let Ok(mut socket) = Socket::open(host, token, Some(RECEIVE_BUFFER)).await {
            socket.subscribe(Some((&frame.epoch, frame.pos))).await?;
            return Ok(socket);
        }
        tokio::time::sleep(KNOCK_EVERY).await;
    }
}

/// Messages for a while; how long each frame took from when its message was due.
async fn measure(
    options: &Options,
    writer: &mut Writer,
    [listened, unheard]: [usize; 2],
    heard: &Heard,
    mut random: Random,
    server: &mut Server,
) -> Outcome<Latencies> {
    heard.latencies.borrow_mut().clear();
    let (start, period) = (time::micros(), 1_000_000 / u64::from(options.frames.max(1)));
    for number in 0..u64::from(options.frames) * options.secs {
        let due = start + number * period;
        tokio::time::sleep(Duration::from_micros(due.saturating_sub(time::micros()))).await;
        heard.due.borrow_mut().insert(writer.next, due);
        // As many of them into the void as there are deaf sockets.
        let into_the_void = unheard > 0 && random.below(options.sockets) < options.deaf;
        let contact = if into_the_void { listened + random.below(unheard) } else { random.below(listened) };
        writer.write(u32::try_from(contact)?).await?;
    }
    tokio::time::sleep(SETTLE).await;
    server.must_run()?;
    let mut latencies = Latencies::new()?;
    heard.latencies.borrow().iter().for_each(|micros| latencies.record(*micros));
    Ok(latencies)
}

/// Posts one message after the other.
struct Writer {
    client: Client,
    composer: Composer,
    request: Vec<u8>,
    next: u32,
}

impl Writer {
    fn new(host: &str, composer: &Composer) -> Self {
        Self { client: Client::new(host, ""), composer: composer.clone(), request: Vec::new(), next: 0 }
    }

    async fn write(&mut self, contact: u32) -> Outcome<()> {
        let message = Inbound { number: self.next, contact, scheduled: time::micros() };
        self.next += 1;
        loop {
            self.request.clear();
            self.composer.request(&message, &mut self.request);
            let answer = self.client.send(&self.request).await?;
            match answer.status {
                200 => return Ok(()),
                429 | 503 => tokio::time::sleep(Duration::from_millis(50)).await,
                _ => return Err(format!("message {}: {} {}", message.number, answer.status, answer.text()).into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_those_of_the_sockets_asked_for() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:4E20 0100007F:8000 01 00000010:00000000 00:00000000 00000000     0        0 1\n\
             1: 0100007F:4E20 0100007F:8001 01 00000100:00000000 00:00000000 00000000     0        0 1\n\
             2: 0100007F:8000 0100007F:4E20 01 00001000:00000000 00:00000000 00000000     0        0 1\n";
        assert_eq!(queued(table, 20_000, &HashSet::from([0x8000])), 16);
        assert_eq!(queued(table, 20_000, &HashSet::from([0x8000, 0x8001])), 272);
        assert_eq!(queued("", 20_000, &HashSet::new()), 0);
    }
}
