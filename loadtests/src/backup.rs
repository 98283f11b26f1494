//! Backups are taken while messages come in, as fast as they can be. Nobody may have to wait for them, and each must hold
//! everything that was acknowledged before it began, at one moment: restored, its tables are the fold of its log.

use std::{fs, path::Path, time::Duration};

use serde_json::json;

use crate::{
    Outcome,
    audit::{self, Fold},
    crash::{Options, Trial},
    random::Random,
    report::{Latencies, Table, Verdict, millis},
    server::{Recipe, Workplace},
    stored, time,
};

/// Traffic before anything is measured.
const WARM: Duration = Duration::from_secs(2);
const MIB: u64 = 1024 * 1024;

/// `crash --backup`
pub(crate) async fn backup(options: &Options, workplace: &Workplace, mut random: Random, secs: u64) -> Outcome<Verdict> {
    let recipe = Recipe::new(&options.shared, workplace, &mut random)?;
    let restored = recipe.beside(workplace, &mut random)?;
    let (mut trial, mut server) = Trial::start(options, workplace, recipe, random).await?;
    trial.traffic.resume();
    tokio::time::sleep(WARM).await;
    trial.traffic.take_latencies()?;
    let window = Duration::from_secs(secs);
    tokio::time::sleep(window).await;
    let calm = trial.traffic.take_latencies()?;

    let start = time::micros();
    let (mut took, mut log, mut last) = (Latencies::new()?, 0, None);
    while last.is_none() || time::since(start) < window {
        // One is kept.
        if let Some((file, _)) = last.take() {
            fs::remove_file(&file)?;
        }
        let before = trial.traffic.ledger()?;
        let file = workplace.path.join(format!("backup-{}.tar.zst", time::micros()));
        let (recipe, path, began) = (trial.recipe.clone(), file.clone(), time::micros());
        tokio::task::spawn_blocking(move || recipe.output(&["backup", &path.to_string_lossy()])).await??;
        took.record(u64::try_from(time::since(began).as_micros())?);
        log = log.max(log_bytes(&trial.recipe.data));
        last = Some((file, before));
    }
    let busy = trial.traffic.take_latencies()?;
    let (file, before) = last.ok_or("no backup was taken")?;
    trial.look(&mut server, true).await?;

    let size = fs::metadata(&file)?.len();
    restored.output(&["restore", &file.to_string_lossy()])?;
    let (db, channel) = (stored::open(&restored).await?, trial.channel().to_owned());
    let read = stored::audit(&db, &channel, Fold::default(), &mut trial.findings).await?;
    db.close().await;
    let read = read.map_err(|_| "the log of a restored backup moves")?;
    let (missing, doubled) = audit::compare_ledger(&before, &read.marks, &mut trial.findings);
    // It starts, too.
    let (copy, ready) = restored.start()?;
    copy.stop(&mut trial.findings)?;
    let stopped = server.stop(&mut trial.findings)?;

    let mut table = Table::default();
    table
        .row("acknowledged, without backups", calm.line())
        .row("acknowledged, during backups", busy.line())
        .row("a backup took", took.line())
        .row("size of the last", format!("{:.1} MiB of {} rows of the log", mib(size), read.fold.pos()))
        .row("SQLite's log beside it at most", format!("{:.1} MiB", mib(log)))
        .row("acknowledged before it", format!("{}, {missing} missing in it, {doubled} twice", before.len()))
        .row("restored, ready again after", format!("{ready:.1?}"))
        .row("stopped after", format!("{stopped:.1?}"));
    let verdict = trial.report(options, "backup", &table);
    if options.shared.json {
        println!("{}", json!({ "calm_us": calm.json(), "busy_us": busy.json(), "backup": millis(took.quantile(0.5)) }));
    }
    Ok(verdict)
}

#[allow(clippy::cast_precision_loss, reason = "for the eye")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

fn log_bytes(data: &Path) -> u64 {
    fs::metadata(data.join("centralita.sqlite-wal")).map_or(0, |about| about.len())
}
