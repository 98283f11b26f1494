//! Thousands of sockets. What does each cost? How long until all that are cut at once have resumed, and do they, or others that
//! never read, slow the rest down?
//!
//! Listening agents have many tabs each, so one message makes many frames. Deaf sockets belong to agents of their own: tabs
//! of one agent share the bytes of a frame, which would make a full gate look cheap. Each of these agents has a tab that reads, too, from
//! the beginning: what their conversations and messages cost is no socket's. With and without deaf sockets the same is written before
//! and during each measurement, in turns, so that what the store does afterwards is in both.
//!
//! | file | what is there |
//! |---|---|
//! | `listening` | sockets that read |
//! | `deaf` | sockets that never read |
//! | `report` | what is said of it at the end |

mod deaf;
mod listening;
mod report;

use std::{collections::HashSet, rc::Rc, time::Duration};

use centralita::{args, ids::UserId, store::Db};

use self::{
    deaf::{Deaf, fill_caches, to_each, writers},
    listening::{Heard, Writer, listen, measure},
    report::{Listeners, Memory, Runs, report},
};
use crate::{
    Outcome, Shared,
    random::Random,
    report::{Findings, Latencies, Verdict},
    server::{Recipe, Usage, Workplace},
    setup, stored, time,
};

const SETTLE: Duration = Duration::from_secs(2);
const OPEN_WITHIN: Duration = Duration::from_secs(60);
const CONVERSATIONS_PER_AGENT: usize = 4;
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
    let (mut server, ready) = recipe.start()?;
    println!("ready after {ready:.1?}");
    let deaf_agents = options.deaf.div_ceil(options.deaf_tabs);
    let setup = setup::prepare(&recipe.host, &admin, &workplace.run, setup::Wanted::roomy(options.agents + deaf_agents)).await?;
    let (listening, deaf) = setup.agents.split_at(options.agents);
    let usage = server.usage();
    let heard = Rc::new(Heard::default());
    let mut writer = Writer::new(&recipe.host, &setup.composer);
    let db = stored::open(&recipe).await?;

    // One tab each: they take the conversations. The others only listen.
    let (heard_of, deaf_contacts) = (options.agents * CONVERSATIONS_PER_AGENT, deaf_agents);
    let contacts = heard_of + deaf_contacts;
    for (agents, contacts) in [(listening, 0..heard_of), (deaf, heard_of..contacts)] {
        for agent in agents {
            listen(&recipe.host, agent, &heard, false).await?;
        }
        // Whoever has least to do gets the next one: the agents who have just come.
        let wanted = contacts.end;
        for contact in contacts {
            writer.write(u32::try_from(contact)?).await?;
        }
        with_agents(&db, wanted).await?;
    }
    let owners = with_agents(&db, contacts).await?;
    let without = deaf.iter().filter(|agent| !owners.contains(&agent.user)).count();
    if without > 0 {
        return Err(format!("{without} of {deaf_agents} deaf agents got no conversation").into());
    }
    let mut fillers = writers(&recipe.host, &setup.composer);
    fill_caches(&mut fillers, &mut writer.next, &(0..contacts), &usage).await?;
    let idle = options.sockets - options.deaf - options.agents - deaf_agents;
    tokio::time::sleep(SETTLE).await;
    let before = usage.rss_kb();
    for (number, agent) in listening.iter().cycle().take(idle).enumerate() {
        listen(&recipe.host, agent, &heard, number < options.cut).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let with_idle = usage.rss_kb();

    let split = [heard_of, deaf_contacts];
    let [mut alone, mut beside_deaf, mut beside_cut] = [Latencies::new()?, Latencies::new()?, Latencies::new()?];
    let mut first = None;
    for _ in 0..options.rounds.max(1) {
        let before_deaf = usage.rss_kb();
        let mut herd = Deaf::open(&recipe.host, deaf, options).await?;
        let filled = herd.fill(&mut fillers, &mut writer.next, heard_of..contacts).await?;
        tokio::time::sleep(SETTLE).await;
        let with_deaf = usage.rss_kb();
        measure(options, &mut writer, split, &heard, &mut beside_deaf, &mut random, &mut server).await?;
        drop(herd);
        for _ in 0..filled.rounds {
            to_each(&mut fillers, &mut writer.next, &(heard_of..contacts)).await?;
        }
        tokio::time::sleep(SETTLE).await;
        measure(options, &mut writer, split, &heard, &mut alone, &mut random, &mut server).await?;
        // Of the first round only: what the allocator keeps of it would make later ones look cheap.
        first.get_or_insert((before_deaf, with_deaf, filled));
    }
    let (before_deaf, with_deaf, filled) = first.ok_or("no round")?;
    // Last: what these leave behind would make the deaf ones look cheap.
    heard.cut(writer.next);
    to_each(&mut fillers, &mut writer.next, &(0..contacts)).await?;
    measure(options, &mut writer, split, &heard, &mut beside_cut, &mut random, &mut server).await?;
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
