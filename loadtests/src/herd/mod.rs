//! Thousands of sockets. What does each cost? How long until all that are cut at once have resumed, and do they, or others that
//! never read, slow the rest down?
//!
//! Listening agents have many tabs each, so one message makes many frames. Deaf sockets belong to agents of their own: tabs
//! of one agent share the bytes of a frame, which would make a full gate look cheap.
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
    report::{Findings, Verdict},
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
