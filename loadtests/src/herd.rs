//! Thousands of sockets, some of which never read. What does each cost, and do the deaf ones slow the others down?
//!
//! Agents have many tabs each, so one message makes many frames. A tenth of the sockets is deaf by default and belongs to
//! agents of their own, whose first tab listens: it tells which conversations to write into to fill the deaf tabs' gates.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    rc::Rc,
    time::Duration,
};

use centralita::wire::live::{Frame, Push};
use serde_json::json;

use crate::{
    Outcome, Shared,
    crash::within,
    http::Client,
    message::{Composer, Inbound, inbound_marks},
    random::Random,
    report::{Findings, Latencies, Table, Verdict, millis, per},
    server::{Recipe, Server, Usage, Workplace},
    setup,
    socket::Socket,
    time,
};

/// Of deaf and listening sockets alike, in bytes; the kernel doubles it.
const RECEIVE_BUFFER: u32 = 4096;
const SETTLE: Duration = Duration::from_secs(2);
const OPEN_WITHIN: Duration = Duration::from_secs(60);
const CONVERSATIONS_PER_AGENT: usize = 4;
/// Bytes of text of the messages that fill the deaf sockets.
const LARGE: usize = 3_000;

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
    /// Messages a second; each is pushed to every tab of its agent
    #[arg(long, default_value_t = 200)]
    frames: u32,
    /// Seconds that are measured, each time
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Agents that share the sockets; a tenth of them have the deaf ones
    #[arg(long, default_value_t = 250)]
    agents: usize,
    /// Large messages pushed to every deaf socket before the second measurement
    #[arg(long, default_value_t = 400)]
    fill: u32,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    let needed = u64::try_from(options.sockets)? + 200;
    let limit = Usage::own().open_files_limit();
    if limit < needed {
        return Err(format!(
            "{} sockets need {needed} open files and the limit is {limit}: say `ulimit -n {needed}` first",
            options.sockets
        )
        .into());
    }
    if options.deaf + options.agents > options.sockets || options.agents < 10 {
        return Err("--sockets must be at least --deaf plus --agents, and --agents at least 10".into());
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
    let setup = setup::prepare(&recipe.host, &admin, run, options.agents).await?;
    let usage = server.usage();
    let heard = Rc::new(Heard::default());
    let mut writer = Writer::new(&recipe.host, &setup.composer);

    // One tab each: they take the conversations.
    for (index, agent) in setup.agents.iter().enumerate() {
        listen(&recipe.host, &agent.token, index, &heard).await?;
    }
    for contact in 0..options.agents * CONVERSATIONS_PER_AGENT {
        writer.write(u32::try_from(contact)?).await?;
    }
    let all = options.agents * CONVERSATIONS_PER_AGENT;
    if !within(OPEN_WITHIN, || heard.owners.borrow().len() >= all).await {
        return Err(format!("only {} of {all} conversations are with agents", heard.owners.borrow().len()).into());
    }

    let deaf_agents = options.agents / 10;
    let (deaf, listening) = setup.agents.split_at(deaf_agents);
    let idle = options.sockets - options.deaf - options.agents;
    tokio::time::sleep(SETTLE).await;
    let before = usage.rss_kb();
    for (index, agent) in listening.iter().enumerate().cycle().take(idle) {
        listen(&recipe.host, &agent.token, deaf_agents + index, &heard).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let with_idle = usage.rss_kb();
    let without_deaf = measure(options, &mut writer, &heard, random.clone(), &mut server).await?;

    let before_deaf = usage.rss_kb();
    let mut deaf_sockets = Vec::with_capacity(options.deaf);
    for agent in deaf.iter().cycle().take(options.deaf) {
        let mut socket = Socket::open(&recipe.host, &agent.token, Some(RECEIVE_BUFFER)).await?;
        socket.subscribe(None).await?;
        deaf_sockets.push(socket);
    }
    let contacts = heard.contacts_of(deaf_agents);
    let mut large = Writer::new(&recipe.host, &setup.composer.clone().with_text_bytes(LARGE));
    large.next = writer.next;
    for _ in 0..options.fill {
        for contact in &contacts {
            large.write(*contact).await?;
        }
    }
    writer.next = large.next;
    tokio::time::sleep(SETTLE).await;
    let with_deaf = usage.rss_kb();
    let beside_deaf = measure(options, &mut writer, &heard, random, &mut server).await?;
    let still_there = heard.open.get();
    drop(deaf_sockets);
    server.stop()?;

    report(options, &Memory { before, with_idle, before_deaf, with_deaf, idle }, &without_deaf, &beside_deaf, still_there)
}

/// Resident memory of the server in kB at four moments.
struct Memory {
    before: u64,
    with_idle: u64,
    before_deaf: u64,
    with_deaf: u64,
    idle: usize,
}

fn report(options: &Options, memory: &Memory, without: &Latencies, beside: &Latencies, listening: usize) -> Outcome<Verdict> {
    let idle = per(memory.with_idle.saturating_sub(memory.before), u64::try_from(memory.idle)?);
    let deaf = per(memory.with_deaf.saturating_sub(memory.before_deaf), u64::try_from(options.deaf)?);
    let ratio = per(beside.quantile(0.99), without.quantile(0.99));
    let mut findings = Findings::default();
    if listening != options.sockets - options.deaf {
        findings.add(format!("{listening} of {} listening sockets are still open", options.sockets - options.deaf));
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
        .row("due to frame, none deaf", without.line())
        .row("due to frame, beside deaf", beside.line())
        .row("p99 of the others", format!("{} → {}, × {ratio}", millis(without.quantile(0.99)), millis(beside.quantile(0.99))));
    table.print("herd");
    findings.print();
    if options.shared.json {
        let object = json!({
            "sockets": options.sockets, "deaf": options.deaf, "kb_per_idle_socket": idle, "kb_per_deaf_socket": deaf,
            "p99_us_without_deaf": without.quantile(0.99), "p99_us_beside_deaf": beside.quantile(0.99), "p99_ratio": ratio,
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
    /// Which agent, by index, has the conversation of which contact.
    owners: RefCell<BTreeMap<String, usize>>,
    open: Cell<usize>,
}

impl Heard {
    /// One contact for each of the first so many agents.
    fn contacts_of(&self, agents: usize) -> Vec<u32> {
        let mut contacts = BTreeMap::new();
        for (address, agent) in self.owners.borrow().iter().filter(|(_, agent)| **agent < agents) {
            if let Some(contact) = address.rsplit('-').next().and_then(|number| number.parse().ok()) {
                contacts.insert(*agent, contact);
            }
        }
        contacts.into_values().collect()
    }
}

/// Opens a socket that reads everything at once.
async fn listen(host: &str, token: &str, agent: usize, heard: &Rc<Heard>) -> Outcome<()> {
    let mut socket = Socket::open(host, token, Some(RECEIVE_BUFFER)).await?;
    socket.subscribe(None).await?;
    let heard = heard.clone();
    heard.open.set(heard.open.get() + 1);
    tokio::task::spawn_local(async move {
        while let Some(text) = socket.next_text().await {
            let now = time::micros();
            let due = heard.due.borrow();
            let measured = inbound_marks(text.as_bytes()).filter_map(|number| due.get(&number));
            heard.latencies.borrow_mut().extend(measured.map(|due| now - due));
            // Only while conversations are being opened are frames worth reading whole.
            if due.is_empty()
                && let Ok(Frame { push: Push::Conversation(delta), .. }) = serde_json::from_str(&text)
            {
                heard.owners.borrow_mut().insert(delta.conversation.contact_address, agent);
            }
        }
        heard.open.set(heard.open.get() - 1);
    });
    Ok(())
}

/// Messages for a while; how long each frame took from when its message was due.
async fn measure(
    options: &Options,
    writer: &mut Writer,
    heard: &Rc<Heard>,
    mut random: Random,
    server: &mut Server,
) -> Outcome<Latencies> {
    heard.latencies.borrow_mut().clear();
    let contacts = options.agents * CONVERSATIONS_PER_AGENT;
    let (start, period) = (time::micros(), 1_000_000 / u64::from(options.frames.max(1)));
    for number in 0..u64::from(options.frames) * options.secs {
        let due = start + number * period;
        tokio::time::sleep(Duration::from_micros(due.saturating_sub(time::micros()))).await;
        heard.due.borrow_mut().insert(writer.next, due);
        writer.write(u32::try_from(random.below(contacts))?).await?;
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
