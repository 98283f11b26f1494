//! Thousands of sockets. What does each cost? How long until all that are cut at once have resumed, and do they, or others that
//! never read, slow the rest down?
//!
//! Listening agents have many tabs each, so one message makes many frames. Deaf sockets belong to agents of their own: tabs
//! of one agent share the bytes of a frame, which would make a full gate look cheap. Each of these agents has a tab that reads, too, from
//! the beginning: what their conversations and messages cost is no socket's. With and without deaf sockets the same is written before
//! and during each measurement, in turns, so that what the store and the allocator do with it is in both.
//!
//! | file | what is there |
//! |---|---|
//! | `listening` | sockets that read |
//! | `deaf` | sockets that never read |
//! | `report` | what is said of it at the end |

mod deaf;
mod listening;
mod report;

use std::{collections::HashSet, ops::Range, rc::Rc, time::Duration};

use centralita::{args, ids::UserId, store::Db};

use self::{
    deaf::{Deaf, Filled, to_each, writers},
    listening::{Heard, Writer, listen},
    report::{Listeners, Memory, Runs, report},
};
use crate::{
    Outcome, Shared,
    message::Composer,
    random::Random,
    report::{Findings, Latencies, Verdict},
    server::{Recipe, Server, Usage, Workplace},
    setup::{self, AgentAccess},
    stored, time,
};

const SETTLE: Duration = Duration::from_secs(2);
const OPEN_WITHIN: Duration = Duration::from_secs(60);
const CONVERSATIONS_PER_AGENT: usize = 4;
/// Messages that leave more behind in the store than its caches hold.
const CACHED: usize = 300_000;
/// Messages to each contact of a deaf agent: about as many as fill what the kernel and the server hold for one deaf socket.
const BURST: usize = 250;
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
    /// Times that is measured with deaf sockets and without, in turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Agents that share the listening sockets
    #[arg(long, default_value_t = 200)]
    agents: usize,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    Usage::own().must_open(options.sockets)?;
    if 2 * options.deaf + options.agents + options.cut >= options.sockets || options.agents == 0 || options.deaf_tabs == 0 {
        return Err("--sockets must be more than twice --deaf plus --agents plus --cut, and there must be agents and tabs".into());
    }
    Workplace::with_tasks(&options.shared, async |workplace, random| drive(options, workplace, random).await)
}

async fn drive(options: &Options, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    let recipe =
        Recipe::new(&options.shared, workplace, &mut random)?.with("CENTRALITA_LIMITS__SOCKET_LIMIT_PER_ADDRESS", 100_000);
    let admin = setup::admin_token(&recipe)?;
    let (server, ready) = recipe.start()?;
    println!("ready after {ready:.1?}");
    let deaf_agents = options.deaf.div_ceil(options.deaf_tabs);
    let wanted = setup::Wanted::roomy(options.agents + deaf_agents);
    let setup = setup::prepare(&recipe.host, &admin, &workplace.run, wanted).await?;
    let (listening, deaf) = setup.agents.split_at(options.agents);
    let db = stored::open(&recipe).await?;
    let heard = Rc::new(Heard::default());
    let many = 0..options.agents * CONVERSATIONS_PER_AGENT;
    let few = many.end..many.end + deaf_agents;
    let mut herd = Herd { options, host: &recipe.host, composer: &setup.composer, many, few, heard, next: 0, random, server };

    herd.give_work(&db, listening, deaf).await?;
    db.close().await;
    herd.fill_caches().await?;
    let without = herd.memory_after_burst().await?;
    let idle = options.sockets - options.deaf - options.agents - deaf_agents;
    for (number, agent) in listening.iter().cycle().take(idle).enumerate() {
        listen(herd.host, agent, &herd.heard, number < options.cut).await?;
    }
    let with_idle = herd.memory_after_burst().await?;
    let (with_deaf, filled, runs) = herd.in_turns(deaf).await?;

    let still_there = herd.heard.open.get();
    let mut findings = Findings::default();
    herd.server.stop(&mut findings)?;
    let listeners = Listeners { open: still_there, resumed: herd.heard.resumed.take() };
    report(options, &Memory { without, with_idle, with_deaf, idle }, &runs, &listeners, &filled, findings)
}

/// A running server and who talks to it.
struct Herd<'a> {
    options: &'a Options,
    host: &'a str,
    composer: &'a Composer,
    /// The contacts of agents with many tabs.
    many: Range<usize>,
    /// The contacts of agents with deaf sockets.
    few: Range<usize>,
    heard: Rc<Heard>,
    /// The number of the next message.
    next: u32,
    random: Random,
    server: Server,
}

impl Herd<'_> {
    /// A tab for each, which takes their conversations.
    async fn give_work(&mut self, db: &Db, listening: &[AgentAccess], deaf: &[AgentAccess]) -> Outcome<()> {
        // Whoever has least to do gets the next one: the agents who have just come.
        for (agents, contacts) in [(listening, self.many.clone()), (deaf, self.few.clone())] {
            for agent in agents {
                listen(self.host, agent, &self.heard, false).await?;
            }
            self.write_rounds(1, &contacts).await?;
            with_agents(db, contacts.end).await?;
        }
        let owners = with_agents(db, self.few.end).await?;
        let without = deaf.iter().filter(|agent| !owners.contains(&agent.user)).count();
        if without > 0 {
            return Err(format!("{without} of {} deaf agents got no conversation", deaf.len()).into());
        }
        Ok(())
    }

    /// Writes at full speed until the store's caches have what they will ever have.
    async fn fill_caches(&mut self) -> Outcome<()> {
        let all = self.many.start..self.few.end;
        self.write_rounds(CACHED.div_ceil(all.len().max(1)), &all).await
    }

    /// Resident memory in kB after as much at full speed as fills deaf sockets: what that takes from the system for a moment is not
    /// given back, and belongs to no socket.
    async fn memory_after_burst(&mut self) -> Outcome<u64> {
        let few = self.few.clone();
        self.write_rounds(BURST, &few).await?;
        tokio::time::sleep(SETTLE).await;
        Ok(self.server.usage().rss_kb())
    }

    async fn write_rounds(&mut self, rounds: usize, contacts: &Range<usize>) -> Outcome<()> {
        let mut fillers = writers(self.host, self.composer);
        for _ in 0..rounds {
            to_each(&mut fillers, &mut self.next, contacts).await?;
        }
        Ok(())
    }

    /// How long frames take, beside deaf sockets and without, in turns; the server's memory when the first were full.
    async fn in_turns(&mut self, deaf: &[AgentAccess]) -> Outcome<(u64, Filled, Runs)> {
        let mut runs = Runs { alone: Latencies::new()?, beside_deaf: Latencies::new()?, beside_cut: Latencies::new()? };
        let mut first = None;
        for _ in 0..self.options.rounds.max(1) {
            let mut herd = Deaf::open(self.host, deaf, self.options).await?;
            let mut fillers = writers(self.host, self.composer);
            let filled = herd.fill(&mut fillers, &mut self.next, self.few.clone()).await?;
            tokio::time::sleep(SETTLE).await;
            let memory = self.server.usage().rss_kb();
            self.measure(&mut runs.beside_deaf).await?;
            drop(herd);
            let (rounds, few) = (usize::try_from(filled.rounds)?, self.few.clone());
            self.write_rounds(rounds, &few).await?;
            tokio::time::sleep(SETTLE).await;
            self.measure(&mut runs.alone).await?;
            // What the allocator keeps of the first would make later ones look cheap.
            first.get_or_insert((memory, filled));
        }
        self.heard.cut(self.next);
        let all = self.many.start..self.few.end;
        self.write_rounds(1, &all).await?;
        self.measure(&mut runs.beside_cut).await?;
        let (memory, filled) = first.ok_or("no round")?;
        Ok((memory, filled, runs))
    }

    async fn measure(&mut self, latencies: &mut Latencies) -> Outcome<()> {
        let start = time::micros();
        let period = 1_000_000 / u64::from(self.options.frames.max(1));
        let mut writer = Writer::new(self.host, self.composer);
        writer.next = self.next;
        self.heard.begin();
        for number in 0..u64::from(self.options.frames) * self.options.secs {
            let due = start + number * period;
            tokio::time::sleep(Duration::from_micros(due.saturating_sub(time::micros()))).await;
            self.heard.due(writer.next, due);
            // As many of them to agents with deaf sockets as there are of these.
            let to_few = self.random.below(self.options.sockets) < self.options.deaf;
            let contacts = if to_few { &self.few } else { &self.many };
            let contact = contacts.start + self.random.below(contacts.len());
            writer.write(u32::try_from(contact)?).await?;
        }
        self.next = writer.next;
        tokio::time::sleep(SETTLE).await;
        self.server.must_run()?;
        self.heard.add_to(latencies);
        Ok(())
    }
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
