//! Signed webhooks in, frames at the agents' sockets out.
//!
//! Open loop: latency counts from the moment a message was *due*, so a stalled server cannot hide by slowing its client
//! down. With `--rate 0` the loop is closed: every connection always has one request under way. One thread, one poller; the
//! cost of the client is that of its system calls.

mod load;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::json;

use self::load::{Load, Offer, REPEATS};
use crate::{
    Outcome, Shared,
    ledger::Ledger,
    random::Random,
    report::{Table, Verdict, per},
    server::{Recipe, Workplace},
    setup, stored, time,
};

/// `loadtests inbound`
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    shared: Shared,
    /// Posts a second; 0 = as many as the connections carry
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 10.0)]
    secs: f64,
    /// Seconds before that at the same rate, not measured
    #[arg(long, default_value_t = 2.0)]
    warm: f64,
    /// Agents, each with one socket
    #[arg(long, default_value_t = 200)]
    agents: usize,
    /// Conversations, opened before the measurement
    #[arg(long, default_value_t = 10_000)]
    conversations: u32,
    /// Connections that post; enough for the rate: a post that finds none free waits, and that counts
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Outcome<Verdict> {
    Workplace::with(&options.shared, |workplace, random| drive(options, workplace, random))
}

fn drive(options: &Options, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    let recipe =
        Recipe::new(&options.shared, workplace, &mut random)?.with("CENTRALITA_LIMITS__SOCKET_LIMIT_PER_ADDRESS", 100_000);
    let admin = setup::admin_token(&recipe)?;
    let (mut server, ready) = recipe.start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let setup = runtime.block_on(setup::prepare(&recipe.host, &admin, &workplace.run, setup::Wanted::roomy(options.agents)))?;

    let ledger = Ledger::create(&workplace.path.join("ledger"))?;
    let composer = setup.composer.clone();
    let mut load = Load::connect(&recipe.host, &setup.agents, composer, options.connections, ledger, random.clone())?;
    let start = time::micros();
    load.open_conversations(options.conversations)?;
    println!("{} conversations open after {:.1} s", options.conversations, time::since(start).as_secs_f64());

    let offer = Offer::new(options.rate, Duration::try_from_secs_f64(options.warm)?, Duration::try_from_secs_f64(options.secs)?);
    let storage = stored::Storage::of(&recipe, server.usage());
    let (bytes, posts) = (runtime.block_on(storage.written_bytes())?, load.answered);
    let window = load.measure(&offer, &server.usage())?;
    let (bytes, posts) = (runtime.block_on(storage.written_bytes())?.saturating_sub(bytes), load.answered - posts);
    server.must_run()?;

    let mut findings = std::mem::take(&mut load.findings);
    let acked = load.ledger.read()?;
    let stored = runtime.block_on(stored::marks(&recipe, &setup.channel))?;
    let lost_in_store = acked.iter().filter(|mark| !stored.contains_key(mark)).count();
    let stored_twice: u64 = stored.values().map(|times| times - 1).sum();
    let (unseen, after_resync) = load.unseen();
    let lost = u64::try_from(lost_in_store)? + unseen;
    let duplicated = stored_twice + load.pushed_twice + load.taken_twice;
    for (count, what) in [
        (u64::try_from(lost_in_store)?, "acknowledged messages are not stored"),
        (unseen, "acknowledged messages never reached an agent's socket"),
        (stored_twice, "messages are stored more than once"),
        (load.pushed_twice, "messages were pushed twice on one socket"),
        (load.taken_twice, "repeats of acknowledged messages were taken as new"),
    ] {
        if count > 0 {
            findings.add(format!("{count} {what}"));
        }
    }
    drop(load);
    let stopped = server.stop(&mut findings)?;

    let secs = options.secs.max(0.001);
    let rate = |count: u32| (f64::from(count) / secs).round();
    let mut table = Table::default();
    let offered = if options.rate > 0.0 { format!("{}/s", options.rate) } else { "as many as possible".to_owned() };
    table
        .row("database", if options.shared.database == "sqlite" { "SQLite" } else { "PostgreSQL" })
        .row(
            "offered",
            format!(
                "{offered} on {} connections, {} agents, {} conversations",
                options.connections, options.agents, options.conversations
            ),
        )
        .row("acknowledged", format!("{}/s ({REPEATS} % of the posts are repeats)", rate(window.acked)))
        .row("refused (429, 503)", format!("{}/s", rate(window.refused)))
        .row("delivered", format!("{}/s", rate(window.delivered)))
        .row("due to frame (e2e)", window.e2e.line())
        .row("due to ack", window.ack.line())
        .row("sent to ack", window.sent_to_ack.line())
        .row("sent late by", window.late.line())
        .row(
            "due and never sent",
            format!("{}{}", window.unsent, if window.unsent > 0 { ": more --connections, or less --rate" } else { "" }),
        )
        .row(
            "server",
            format!(
                "{} µs/post, {} cores, {} kB resident",
                per(window.server_cpu_us, window.acked.into()),
                cores(window.server_cpu_us, secs),
                window.rss_kb
            ),
        )
        .row(
            "this driver",
            format!("{} µs/post, {} cores", per(window.own_cpu_us, window.acked.into()), cores(window.own_cpu_us, secs)),
        )
        .row("written", format!("{} bytes/post", per(bytes, posts)))
        .row("lost, duplicated", format!("{lost}, {duplicated}"))
        .row("covered by a resync only", after_resync)
        .row("ready after, stopped after", format!("{ready:.1?}, {stopped:.1?}"));
    table.print("inbound");
    findings.print();
    if options.shared.json {
        let object = json!({
            "acked_per_s": rate(window.acked), "delivered_per_s": rate(window.delivered),
            "e2e_us": window.e2e.json(), "ack_us": window.ack.json(), "sent_to_ack_us": window.sent_to_ack.json(),
            "server_cpu_us_per_msg": per(window.server_cpu_us, window.acked.into()),
            "lost": lost, "duplicated": duplicated,
            "wal_bytes_per_msg": per(bytes, posts), "refused_per_s": rate(window.refused), "rss_kb": window.rss_kb,
        });
        println!("{object}");
    }
    Ok(findings.verdict())
}

#[allow(clippy::cast_precision_loss, reason = "for the eye")]
fn cores(cpu_us: u64, secs: f64) -> String {
    format!("{:.2}", cpu_us as f64 / 1_000_000.0 / secs)
}
