//! What is said of it at the end.

use serde_json::json;

use super::{Options, deaf::Filled};
use crate::{
    Outcome,
    report::{Findings, Latencies, Table, Verdict, millis, per},
};

/// Resident memory of the server in kB, each time after a burst of messages.
pub(super) struct Memory {
    pub(super) without: u64,
    pub(super) with_idle: u64,
    pub(super) with_deaf: u64,
    /// How many are idle.
    pub(super) idle: usize,
}

/// How long frames took.
pub(super) struct Runs {
    pub(super) alone: Latencies,
    pub(super) beside_cut: Latencies,
    pub(super) beside_deaf: Latencies,
}

/// What became of the sockets that read.
pub(super) struct Listeners {
    /// Still open at the end.
    pub(super) open: usize,
    /// How long each that was cut was away, in microseconds.
    pub(super) resumed: Vec<u64>,
}

pub(super) fn report(
    options: &Options,
    memory: &Memory,
    Runs { alone, beside_cut, beside_deaf }: &Runs,
    Listeners { open: listening, resumed }: &Listeners,
    filled: &Filled,
    mut findings: Findings,
) -> Outcome<Verdict> {
    let idle = per(memory.with_idle.saturating_sub(memory.without), u64::try_from(memory.idle)?);
    let deaf = per(memory.with_deaf.saturating_sub(memory.with_idle), u64::try_from(options.deaf)?);
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
        .row("per idle socket", format!("{idle} kB ({} kB → {} kB for {})", memory.without, memory.with_idle, memory.idle))
        .row(
            "per deaf socket, gate full",
            format!("{deaf} kB ({} kB → {} kB for {})", memory.with_idle, memory.with_deaf, options.deaf),
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
