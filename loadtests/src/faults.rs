//! What the server depends on goes away while it runs: its disk, its database. Meanwhile it must refuse with 503 and
//! acknowledge nothing that it cannot keep; afterwards it must go on by itself, with everything acknowledged there.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Outcome,
    crash::{Options, Trial, within},
    proxy::Proxy,
    random::Random,
    report::{Latencies, Table, Verdict},
    server::{Recipe, Workplace},
    time,
};

/// Traffic before and after the fault.
const CALM: Duration = Duration::from_secs(3);
/// How long the server may take to notice, and afterwards to acknowledge again.
const NOTICE_WITHIN: Duration = Duration::from_secs(10);
const RECOVER_WITHIN: Duration = Duration::from_secs(15);
/// Without an acknowledgement for so long, nothing fits any more.
const QUIET: Duration = Duration::from_secs(1);
/// How long a full disk is watched from then on.
const WATCHED: Duration = Duration::from_secs(5);
/// Answers on their way when the connection is cut are still good.
const ON_THE_WAY: u64 = 250_000;
/// Of the small disk; room for the database, its log, and some seconds of traffic.
const DISK_MIB: u32 = 96;

/// A small tmpfs, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: &Path) -> Outcome<Self> {
        let size = format!("size={DISK_MIB}m");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(
                format!("--disk-full mounts a small tmpfs and so needs root with the right to mount: {}", said.trim()).into()
            );
        }
        Ok(Self(path.to_owned()))
    }

    /// Writes until nothing more fits. Again, when something was freed meanwhile.
    fn fill(&self) -> Outcome<u64> {
        let mut filler = File::options().create(true).append(true).open(self.filler())?;
        // Large steps first, then single bytes.
        for step in [1 << 20, 1 << 12, 1] {
            let block = vec![b'x'; step];
            while filler.write_all(&block).is_ok() {}
        }
        Ok(filler.metadata()?.len())
    }

    fn free(&self) -> Outcome<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: files may still be open.
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            println!("could not unmount {}", self.0.display());
        }
    }
}

/// `crash --disk-full`
pub(crate) async fn disk_full(options: &Options, workplace: &Workplace, mut random: Random) -> Outcome<Verdict> {
    if options.shared.database != "sqlite" {
        return Err("--disk-full needs SQLite: the disk of a PostgreSQL server is not this driver's to fill".into());
    }
    let recipe = Recipe::new(&options.shared, workplace, &mut random)?;
    let disk = Disk::mount(&recipe.data)?;
    let (mut trial, mut server) = Trial::start(options, workplace, recipe, random).await?;
    trial.traffic.resume();
    tokio::time::sleep(CALM).await;

    let full_from = time::micros();
    let filled = disk.fill()?;
    let refuses = || trial.traffic.seen(|seen| seen.last_refusal >= full_from);
    // The write-ahead log may have room left in the blocks it has: until then messages are still kept, so acknowledged.
    let start = time::micros();
    while !refuses() && time::since(start) < NOTICE_WITHIN {
        disk.fill()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if !refuses() {
        trial.findings.add(format!("no 503 within {NOTICE_WITHIN:?} after the disk was full"));
    }
    let refused_after = time::since(full_from);
    // A large group that finds no room is refused, and a small one after it may still fit into the last blocks of the log.
    // What is then acknowledged is kept, which the ledger proves; but soon nothing fits.
    let start = time::micros();
    while time::since(trial.traffic.seen(|seen| seen.last_ack)) < QUIET && time::since(start) < NOTICE_WITHIN {
        disk.fill()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = trial.traffic.seen(|seen| seen.acked);
    let start = time::micros();
    while time::since(start) < WATCHED {
        disk.fill()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.must_run()?;
    }
    let acked_while_full = trial.traffic.seen(|seen| seen.acked) - before;
    if acked_while_full > 0 {
        trial.findings.add(format!("{acked_while_full} messages were acknowledged though the disk was full"));
    }
    let refused = trial.traffic.seen(|seen| seen.refused);

    disk.free()?;
    let freed = time::micros();
    let recovered = within(RECOVER_WITHIN, || trial.traffic.seen(|seen| seen.last_ack >= freed)).await;
    if !recovered {
        trial.findings.add(format!("nothing was acknowledged within {RECOVER_WITHIN:?} after the disk had room again"));
    }
    let recovered_after = time::since(freed);
    tokio::time::sleep(CALM).await;
    trial.look(&mut server, false).await?;
    // And what is on the disk is enough to start from.
    server.kill()?;
    let mut restarts = Latencies::new()?;
    let mut server = trial.restart(&mut restarts).await?;
    trial.cycles = 1;
    trial.look(&mut server, true).await?;
    server.stop(&mut trial.findings)?;
    let mut table = Table::default();
    table
        .row("disk", format!("{DISK_MIB} MiB, filled with {filled} bytes"))
        .row("refused after", format!("{refused_after:.1?}; {refused} refusals"))
        .row("acknowledged while full", acked_while_full)
        .row("acknowledged again after", format!("{recovered_after:.1?}"));
    let verdict = trial.report(options, "crash --disk-full", &table);
    drop(disk);
    Ok(verdict)
}

/// `crash --database-away SECS`
pub(crate) async fn database_away(options: &Options, workplace: &Workplace, mut random: Random, secs: u64) -> Outcome<Verdict> {
    let (address, through_proxy) = split_url(&options.shared.database)?;
    let proxy = Proxy::start(address)?;
    let mut recipe = Recipe::new(&options.shared, workplace, &mut random)?;
    // Only the server goes through the proxy; what it stored is read directly.
    recipe.served_database = through_proxy(&proxy.host);
    let (mut trial, mut server) = Trial::start(options, workplace, recipe, random).await?;
    trial.traffic.resume();
    tokio::time::sleep(CALM).await;

    proxy.cut();
    let cut = time::micros();
    let good_until = cut + ON_THE_WAY;
    tokio::time::sleep(Duration::from_micros(ON_THE_WAY)).await;
    let (acked, refused) = trial.traffic.seen(|seen| (seen.acked, seen.refused));
    let away = Duration::from_secs(secs);
    while time::since(cut) < away {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.must_run()?;
    }
    let acked_meanwhile = trial.traffic.seen(|seen| seen.acked) - acked;
    let refused_meanwhile = trial.traffic.seen(|seen| seen.refused) - refused;
    if acked_meanwhile > 0 || trial.traffic.seen(|seen| seen.last_ack) > good_until {
        trial.findings.add(format!("{acked_meanwhile} messages were acknowledged while the database was away"));
    }
    if refused_meanwhile == 0 {
        trial.findings.add("nothing was refused with 503 while the database was away".to_owned());
    }
    proxy.mend();
    let back = time::micros();
    let recovered = within(RECOVER_WITHIN, || trial.traffic.seen(|seen| seen.last_ack >= back)).await;
    if !recovered {
        trial.findings.add(format!("nothing was acknowledged within {RECOVER_WITHIN:?} after the database was back"));
    }
    let recovered_after = time::since(back);
    tokio::time::sleep(CALM).await;
    trial.look(&mut server, true).await?;
    server.stop(&mut trial.findings)?;
    let mut table = Table::default();
    table
        .row("database away for", format!("{away:?}; {} connections refused", proxy.refused()))
        .row("refused, acknowledged meanwhile", format!("{refused_meanwhile}, {acked_meanwhile}"))
        .row("acknowledged again after", format!("{recovered_after:.1?}"));
    Ok(trial.report(options, "crash --database-away", &table))
}

/// The address of a PostgreSQL server, and the same URL with another address.
fn split_url(url: &str) -> Outcome<(String, impl Fn(&str) -> String)> {
    let needed = "--database-away needs --database postgres://user:password@host:port/name";
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")).ok_or(needed)?;
    let (authority, path) = rest.split_once('/').ok_or(needed)?;
    let (user, address) = authority.rsplit_once('@').map_or((None, authority), |(user, address)| (Some(user), address));
    let before = format!("{scheme}://{}", user.map_or(String::new(), |user| format!("{user}@")));
    let path = path.to_owned();
    let target = if address.contains(':') { address.to_owned() } else { format!("{address}:5432") };
    Ok((target, move |host: &str| format!("{before}{host}/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_exchanged_within_its_url() {
        let (target, with) = split_url("postgres://ana:p%40ss@127.0.0.1:20001/centralita?sslmode=disable").unwrap();
        assert_eq!(target, "127.0.0.1:20001");
        assert_eq!(with("127.0.0.1:9"), "postgres://ana:p%40ss@127.0.0.1:9/centralita?sslmode=disable");
        assert_eq!(split_url("postgresql://db/x").unwrap().0, "db:5432");
        assert!(split_url("sqlite").is_err());
    }
}
