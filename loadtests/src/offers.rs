//! An agent finishes a conversation: how long until the next one that waits is on their screen? Open loop: counts from the moment
//! the closing was *due*. Every agent has room for one, so the next one is for whoever has just finished.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use centralita::{
    ids::ConversationId,
    wire::{
        conversation::{Standing, Summary},
        live::Push,
    },
};
use serde_json::json;
use tokio::{sync::mpsc, task::spawn_local};

use crate::{
    Outcome, Shared,
    http::Client,
    message::Inbound,
    random::Random,
    report::{Findings, Latencies, Table, Verdict, per},
    server::{Recipe, Usage, Workplace},
    setup::{self, AgentAccess},
    socket::Socket,
    time,
};

/// Connections that close, and that fill the queue.
const CONNECTIONS: usize = 16;
const RECEIVE_BUFFER: u32 = 4096;
/// How long it may take until every agent has a conversation, and until the last offer has come.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);
const KNOCK_EVERY: Duration = Duration::from_millis(20);
/// routing.md: an agent's next conversation, in microseconds.
const BAR: u64 = 50_000;

/// `loadtests offers`
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    shared: Shared,
    /// Agents, each with one socket and room for one conversation
    #[arg(long, default_value_t = 1000)]
    agents: usize,
    /// Conversations that wait when it is over
    #[arg(long, default_value_t = 1000)]
    waiting: usize,
    /// Conversations that end, per second
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 20.0)]
    secs: f64,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    Usage::own().must_open(options.agents)?;
    Workplace::with_tasks(&options.shared, async |workplace, random| drive(options, workplace, random).await)
}

/// What the agents' screens show, and when.
struct Screens {
    /// Agents with a conversation that nobody has closed yet.
    busy: RefCell<VecDeque<(usize, ConversationId)>>,
    /// Since when each agent was due to be free.
    free_since: RefCell<Vec<Option<u64>>>,
    waits: Cell<usize>,
    took: RefCell<Latencies>,
}

impl Screens {
    fn shows(&self, agent: usize, row: &Summary) {
        if !matches!(row.standing, Standing::Active { .. }) || self.busy.borrow().iter().any(|(_, id)| *id == row.id) {
            return;
        }
        self.busy.borrow_mut().push_back((agent, row.id));
        if let Some(since) = self.free_since.borrow_mut().get_mut(agent).and_then(Option::take) {
            self.took.borrow_mut().record(time::micros().saturating_sub(since));
            self.waits.set(self.waits.get() - 1);
        }
    }
}

async fn drive(options: &Options, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    let recipe =
        Recipe::new(&options.shared, workplace, &mut random)?.with("CENTRALITA_LIMITS__SOCKET_LIMIT_PER_ADDRESS", 100_000);
    let admin = setup::admin_token(&recipe)?;
    let (server, _) = recipe.start()?;
    let one_each = setup::Wanted { agents: options.agents, per_agent: 1, endpoint: None };
    let setup = setup::prepare(&recipe.host, &admin, &workplace.run, one_each).await?;
    let screens = Rc::new(Screens {
        busy: RefCell::default(),
        free_since: RefCell::new(vec![None; options.agents]),
        waits: Cell::default(),
        took: RefCell::new(Latencies::new()?),
    });
    for (number, agent) in setup.agents.iter().enumerate() {
        watch(&recipe.host, number, agent, &screens).await?;
    }
    let count = ends(options);
    fill(&recipe.host, &setup, options.agents + count + options.waiting).await?;
    wait_until(|| screens.busy.borrow().len() == options.agents, "every agent has a conversation").await?;

    let usage = server.usage();
    let cpu = usage.cpu_us();
    close_at_rate(options, &recipe.host, &setup.agents, &screens).await?;
    wait_until(|| screens.waits.get() == 0, "every agent who became free has another conversation").await?;
    let cpu = usage.cpu_us() - cpu;

    let mut findings = Findings::default();
    server.stop(&mut findings)?;
    let took = screens.took.borrow();
    if took.quantile(0.99) > BAR {
        findings.add(format!("the next conversation took longer than {} ms to appear", BAR / 1000));
    }
    let mut table = Table::default();
    table
        .row("offered", format!("{count} conversations end at {}/s, {} agents, each busy with one", options.rate, options.agents))
        .row("due to end to next on screen", took.line())
        .row("server", format!("{} µs each", per(cpu, u64::try_from(count)?)));
    table.print("offers");
    findings.print();
    if options.shared.json {
        println!("{}", json!({ "agents": options.agents, "ended": count, "next_us": took.json() }));
    }
    Ok(findings.verdict())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within hours")]
fn ends(options: &Options) -> usize {
    (options.rate * options.secs) as usize
}

async fn wait_until(holds: impl Fn() -> bool, what: &str) -> Outcome<()> {
    let start = time::micros();
    while !holds() {
        if time::since(start) > SETTLE_WITHIN {
            return Err(format!("after {SETTLE_WITHIN:?} it was not so that {what}").into());
        }
        tokio::time::sleep(KNOCK_EVERY).await;
    }
    Ok(())
}

async fn watch(host: &str, number: usize, agent: &AgentAccess, screens: &Rc<Screens>) -> Outcome<()> {
    let mut socket = Socket::open(host, &agent.token, Some(RECEIVE_BUFFER)).await?;
    socket.subscribe(None).await?;
    let screens = Rc::clone(screens);
    spawn_local(async move {
        while let Ok(Some(frame)) = socket.next().await {
            match frame.push {
                Push::Me(me) => me.conversations.iter().for_each(|row| screens.shows(number, row)),
                Push::Conversation(delta) => screens.shows(number, &delta.conversation),
                _ => {}
            }
        }
    });
    Ok(())
}

/// A first message of so many customers.
async fn fill(host: &str, setup: &setup::Setup, conversations: usize) -> Outcome<()> {
    let write = |first: usize| async move {
        let (mut client, mut composer) = (Client::new(host, ""), setup.composer.clone());
        for number in (first..conversations).step_by(CONNECTIONS) {
            let (number, mut out) = (u32::try_from(number)?, Vec::new());
            composer.request(&Inbound { number, contact: number, scheduled: time::micros() }, &mut out);
            let status = client.send(&out).await?.status;
            if status != 200 {
                return Err(format!("a first message was answered with {status}").into());
            }
        }
        Outcome::Ok(())
    };
    futures_util::future::try_join_all((0..CONNECTIONS).map(write)).await?;
    Ok(())
}

/// Ends one conversation after the other, at the rate.
async fn close_at_rate(options: &Options, host: &str, agents: &[AgentAccess], screens: &Rc<Screens>) -> Outcome<()> {
    let (queue, closings) = mpsc::unbounded_channel::<(usize, ConversationId)>();
    let closings = Rc::new(tokio::sync::Mutex::new(closings));
    let work = futures_util::future::try_join_all((0..CONNECTIONS).map(|_| close_all(host, agents, Rc::clone(&closings))));
    let feed = async {
        let (start, period) = (time::micros(), 1e6 / options.rate);
        for number in 0..ends(options) {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "within hours"
            )]
            let due = start + (number as f64 * period) as u64;
            tokio::time::sleep(Duration::from_micros(due.saturating_sub(time::micros()))).await;
            let next =
                screens.busy.borrow_mut().pop_front().ok_or("no agent has a conversation: fewer --rate, or more --agents")?;
            if let Some(free) = screens.free_since.borrow_mut().get_mut(next.0) {
                *free = Some(due);
            }
            screens.waits.set(screens.waits.get() + 1);
            queue.send(next)?;
        }
        drop(queue);
        Outcome::Ok(())
    };
    tokio::try_join!(work, feed)?;
    Ok(())
}

type Closings = Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<(usize, ConversationId)>>>;

async fn close_all(host: &str, agents: &[AgentAccess], closings: Closings) -> Outcome<()> {
    let mut client = Client::new(host, "");
    loop {
        let next = closings.lock().await.recv().await;
        let Some((agent, conversation)) = next else { return Ok(()) };
        client.become_holder_of(&agents.get(agent).ok_or("an agent who does not exist")?.token);
        let path = format!("/api/v1/conversations/{conversation}/close");
        let answer = client.write("POST", &path, &conversation.to_string(), &json!({})).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("{path}: {} {}", answer.status, answer.text()).into());
        }
    }
}
