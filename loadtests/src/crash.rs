//! Kills the server at random moments under steady traffic and looks, after each restart, whether it kept its word:
//! acknowledged means stored, once; the log is dense; every table is the fold of the log; every browser carries on by
//! itself and shows what a fresh one shows.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;

use crate::{
    Outcome, Shared,
    audit::{self, Fold, Tables},
    backup,
    browser::Browser,
    faults,
    ledger::Ledger,
    message::Mark,
    random::Random,
    receiver::Receiver,
    report::{Findings, Latencies, Table, Verdict},
    server::{Recipe, Server, Workplace},
    setup, stored, time,
    traffic::{Pace, Traffic},
};

/// How long the traffic may take to get its last answers, the log to rest, and browsers to catch up.
const REST_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Traffic before a kill, in milliseconds.
const SHORTEST: usize = 300;
const LONGEST: usize = 2_000;
/// One in so many restarts is killed as well, before it is ready.
const STILLBORN: usize = 8;

/// `loadtests crash`
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) shared: Shared,
    /// How often the server is killed
    #[arg(long, default_value_t = 50)]
    pub(crate) cycles: u32,
    /// Inbound messages a second; agents answer one in five
    #[arg(long, default_value_t = 500)]
    pub(crate) rate: u32,
    /// Agents, each with one browser
    #[arg(long, default_value_t = 20)]
    pub(crate) agents: usize,
    /// Customers who write
    #[arg(long, default_value_t = 400)]
    pub(crate) conversations: u32,
    /// Connections that post
    #[arg(long, default_value_t = 16)]
    pub(crate) connections: usize,
    /// Instead of killing it: fill its disk (a small tmpfs, needs root), then free it
    #[arg(long, conflicts_with = "database_away")]
    pub(crate) disk_full: bool,
    /// Instead of killing it: cut its connections to PostgreSQL for so many seconds
    #[arg(long, value_name = "SECS")]
    pub(crate) database_away: Option<u64>,
    /// Instead of killing it: take backups for so many seconds, and restore the last one
    #[arg(long, value_name = "SECS", conflicts_with_all = ["disk_full", "database_away"])]
    pub(crate) backup: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    Workplace::with_tasks(&options.shared, async |workplace, random| {
        if options.disk_full {
            return faults::disk_full(options, workplace, random).await;
        }
        if let Some(secs) = options.database_away {
            return faults::database_away(options, workplace, random, secs).await;
        }
        if let Some(secs) = options.backup {
            return backup::backup(options, workplace, random, secs).await;
        }
        kill_again_and_again(options, workplace, random).await
    })
}

async fn kill_again_and_again(options: &Options, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    let recipe = Recipe::new(&options.shared, workplace, &mut random)?;
    let (mut trial, mut server) = Trial::start(options, workplace, recipe, random.clone()).await?;
    let mut restarts = Latencies::new()?;
    for cycle in 1..=options.cycles {
        trial.traffic.resume();
        let moment = SHORTEST + random.below(LONGEST - SHORTEST);
        tokio::time::sleep(Duration::from_millis(u64::try_from(moment)?)).await;
        server.must_run()?;
        server.kill()?;
        if random.below(STILLBORN) == 0 {
            let born = trial.recipe.spawn()?;
            tokio::time::sleep(Duration::from_millis(u64::try_from(random.below(100))?)).await;
            born.kill()?;
        }
        server = trial.restart(&mut restarts).await?;
        trial.look(&mut server, cycle == options.cycles).await.map_err(|failure| format!("cycle {cycle}: {failure}"))?;
        if trial.findings.count() > 0 {
            println!("cycle {cycle}: {} findings; stopping", trial.findings.count());
            trial.cycles = cycle;
            break;
        }
        trial.cycles = cycle;
        if cycle % 10 == 0 {
            println!("{cycle} kills, {} acknowledged", trial.traffic.seen(|seen| seen.acked));
        }
    }
    let stopped = server.stop(&mut trial.findings)?;
    let mut table = Table::default();
    table.row("ready again after", restarts.line()).row("stopped after", format!("{stopped:.1?}"));
    Ok(trial.report(options, "crash", &table))
}

/// A server under traffic, with browsers, and what was found so far.
pub(crate) struct Trial {
    /// What the server is started with.
    pub(crate) recipe: Recipe,
    /// What comes and goes.
    pub(crate) traffic: Traffic,
    /// What went wrong.
    pub(crate) findings: Findings,
    /// Kills so far.
    pub(crate) cycles: u32,
    browsers: Vec<Browser>,
    receiver: Receiver,
    channel: String,
    fold: Fold,
    lost: u64,
    stored_twice: u64,
    /// Browsers that had to connect again, and those of them that carried on.
    reconnected: u64,
    resumed: u64,
    connections: Vec<u64>,
}

impl Trial {
    /// Starts the server, sets it up, opens the browsers; traffic is paused.
    pub(crate) async fn start(
        options: &Options,
        workplace: &Workplace,
        recipe: Recipe,
        random: Random,
    ) -> Outcome<(Self, Server)> {
        let receiver = Receiver::start(random.clone())?;
        let admin = setup::admin_token(&recipe)?;
        let (server, ready) = recipe.start()?;
        println!("ready after {ready:.1?}");
        let setup = setup::prepare(
            &recipe.host,
            &admin,
            &workplace.run,
            setup::Wanted { endpoint: Some(&receiver.url), ..setup::Wanted::roomy(options.agents) },
        )
        .await?;
        receiver.believe(setup.signer.clone());
        let pace = Pace { rate: options.rate, contacts: options.conversations, connections: options.connections };
        let ledger = Ledger::create(&workplace.path.join("ledger"))?;
        let (traffic, to_answer) = Traffic::start(&recipe.host, &workplace.run, &setup, pace, ledger, random);
        let browsers: Vec<_> =
            setup.agents.iter().map(|agent| Browser::open(&recipe.host, agent.clone(), to_answer.clone())).collect();
        let trial = Self {
            recipe,
            traffic,
            findings: Findings::default(),
            cycles: 0,
            connections: vec![1; browsers.len()],
            browsers,
            receiver,
            channel: setup.channel,
            fold: Fold::default(),
            lost: 0,
            stored_twice: 0,
            reconnected: 0,
            resumed: 0,
        };
        trial.wait_for_browsers().await?;
        Ok((trial, server))
    }

    /// Starts the server again; traffic and browsers find it by themselves meanwhile.
    pub(crate) async fn restart(&self, restarts: &mut Latencies) -> Outcome<Server> {
        let recipe = self.recipe.clone();
        let (server, ready) = tokio::task::spawn_blocking(move || recipe.start()).await??;
        restarts.record(u64::try_from(ready.as_micros())?);
        Ok(server)
    }

    /// Brings the traffic to rest and compares everything with everything. At the end the whole log is folded from empty.
    pub(crate) async fn look(&mut self, server: &mut Server, at_the_end: bool) -> Outcome<()> {
        if !self.traffic.come_to_rest(REST_WITHIN).await {
            return Err(format!("requests without an answer {REST_WITHIN:?} after the server came back").into());
        }
        server.must_run()?;
        self.wait_for_browsers().await?;
        let db = stored::open(&self.recipe).await?;
        if at_the_end {
            self.fold = Fold::default();
        }
        let start = time::micros();
        let read = loop {
            match stored::audit(&db, &self.channel, std::mem::take(&mut self.fold), &mut self.findings).await? {
                // Every reply is sent in the end, or has failed for a reason.
                Ok(read) if read.tables.outbox.is_empty() || time::since(start) > REST_WITHIN => break read,
                Ok(read) => self.fold = read.fold,
                Err(fold) if time::since(start) < REST_WITHIN => self.fold = fold,
                Err(_) => return Err(format!("the log still moves {REST_WITHIN:?} after the last request").into()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        // One connection that stayed open would spare a killed server its recovery.
        db.close().await;
        self.compare_browsers(&read).await?;
        self.compare_ledger(&read.marks)?;
        self.compare_receiver(&read.tables)?;
        self.fold = read.fold;
        self.findings.extend(self.traffic.take_findings());
        Ok(())
    }

    /// The channel that customers write to.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    fn compare_ledger(&mut self, marks: &BTreeMap<Mark, u64>) -> Outcome<()> {
        let (lost, doubled) = audit::compare_ledger(&self.traffic.ledger()?, marks, &mut self.findings);
        self.lost = self.lost.max(lost);
        self.stored_twice = self.stored_twice.max(doubled);
        Ok(())
    }

    /// Every reply that was acknowledged has reached the connected system, in the order of its conversation (R6).
    fn compare_receiver(&mut self, tables: &Tables) -> Outcome<()> {
        let mut received = self.receiver.received();
        for mark in self.traffic.ledger()?.iter().filter(|mark| matches!(mark, Mark::Reply(_))) {
            if !received.marks.contains_key(mark) {
                self.lost += 1;
                self.findings.add(format!("{mark:?} was acknowledged and never sent"));
            }
        }
        audit::compare_order(&received.order, tables, &mut self.findings);
        self.findings.extend(received.take_findings());
        Ok(())
    }

    async fn wait_for_browsers(&self) -> Outcome<()> {
        let start = time::micros();
        loop {
            let away = self.browsers.iter().filter(|browser| !browser.view.borrow().is_connected()).count();
            if away == 0 {
                return Ok(());
            }
            if time::since(start) > REST_WITHIN {
                return Err(format!("{away} of {} browsers are not connected after {REST_WITHIN:?}", self.browsers.len()).into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn compare_browsers(&mut self, read: &stored::Stored) -> Outcome<()> {
        for (browser, before) in self.browsers.iter().zip(&mut self.connections) {
            let difference = catch_up(browser).await?;
            let mut view = browser.view.borrow_mut();
            let missed = view.missed(&read.tables.messages);
            self.lost += u64::try_from(missed.len())?;
            for missed in &missed {
                self.findings.add(format!("agent {} was never pushed {missed}", browser.agent.user));
            }
            if let Some(difference) = &difference {
                self.findings.add(format!("agent {}: shown {difference}", browser.agent.user));
            }
            if view.connections > *before {
                self.reconnected += 1;
                self.resumed += u64::from(difference.is_none() && missed.is_empty());
                *before = view.connections;
            }
            self.findings.extend(view.take_findings());
        }
        Ok(())
    }

    /// The report; `more` are rows of the particular trial.
    pub(crate) fn report(&mut self, options: &Options, title: &str, more: &Table) -> Verdict {
        self.findings.extend(self.traffic.take_findings());
        let pushed_twice: u64 = self.browsers.iter().map(|browser| browser.view.borrow().pushed_twice).sum();
        let snapshots: u64 = self.browsers.iter().map(|browser| browser.view.borrow().snapshots).sum();
        let first = u64::try_from(self.browsers.len()).unwrap_or(0);
        let doubled = self.traffic.seen(|seen| seen.doubled);
        let duplicated = self.stored_twice + pushed_twice + doubled;
        let (acked, refused, unanswered) = self.traffic.seen(|seen| (seen.acked, seen.refused, seen.unanswered));
        let share = share(self.resumed, self.reconnected);
        let mut table = Table::default();
        table
            .row("database", if options.shared.database == "sqlite" { "SQLite" } else { "PostgreSQL" })
            .row("kills", self.cycles)
            .row("acknowledged", acked)
            .row("refused, unanswered, sent again", format!("{refused}, {unanswered}"))
            .row("lost", self.lost)
            .row(
                "duplicated",
                format!("{duplicated} ({} stored twice, {pushed_twice} pushed twice, {doubled} taken twice)", self.stored_twice),
            )
            .row(
                "sockets resumed",
                format!("{} of {}, {} by a fresh snapshot", self.resumed, self.reconnected, snapshots.saturating_sub(first)),
            )
            .row("replies sent again", format!("{}, their outcome was unknown", self.receiver.received().again()))
            .row("log", format!("{} entries", self.fold.pos()))
            .append(more);
        table.print(title);
        self.findings.print();
        if options.shared.json {
            let object =
                json!({ "cycles": self.cycles, "acked": acked, "lost": self.lost, "duplicated": duplicated, "resumed": share });
            println!("{object}");
        }
        self.findings.verdict()
    }
}

/// Not rounded: one in ten thousand must not look like all.
#[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 1.0 } else { part as f64 / of as f64 }
}

/// Waits until a browser shows what a fresh one shows; the difference that remains.
async fn catch_up(browser: &Browser) -> Outcome<Option<String>> {
    let start = time::micros();
    loop {
        let fresh = browser.fresh().await?;
        let difference = browser.view.borrow().difference(&fresh);
        if difference.is_none() || time::since(start) > Duration::from_secs(5) {
            return Ok(difference);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits without holding up the traffic until `done` or the time is over; whether it was done.
pub(crate) async fn within(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = time::micros();
    while !done() {
        if time::since(start) > limit {
            return false;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    true
}
