//! Disk, clock, port, limits.

use std::{
    fs::{self, File},
    io::{self, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    time::Duration,
};

use super::{Finding, ask, here};
use crate::{backup::RESTORING, clock::Clock, config::Config};

const DISK: &str = "disk";
const DIRECTORY: &str = "data directory";
const MIB: u64 = 1024 * 1024;
/// Below this the server may stop any moment.
const NO_ROOM: u64 = 256 * MIB;
const LITTLE_ROOM: u64 = 2048 * MIB;
const LITTLE_SHARE: u64 = 5;
/// An fsync that takes longer shows in every answer.
const SLOW_SYNC: Duration = Duration::from_millis(20);
const SYNCS: usize = 9;
/// Sockets of a few hundred agents and visitors, and some room.
const FILES: u64 = 8192;
/// 2025-01-01: before that nobody had this program.
const TOO_EARLY: i64 = 1_735_689_600_000_000;

/// What lies below the server.
pub(super) fn data_directory(config: &Config, clock: &Clock) -> Vec<Finding> {
    let path = config.data_dir.as_path();
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Finding::ok(DIRECTORY, format!("{} will be made at the first start", path.display()))];
        }
        Err(error) => {
            let says = format!("{}: {error}", path.display());
            return vec![Finding::fault(DIRECTORY, says, "Let the server's user get there, or choose another `data_dir`.")];
        }
    };
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own {
        let says = format!("{} belongs to user {}, and this runs as user {own}", path.display(), about.uid());
        return vec![Finding::fault(DIRECTORY, says, "Run this and the server as the same user, or `chown -R` the directory.")];
    }
    let mut findings = Vec::new();
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let says = format!("others may look into {} (mode {mode:03o})", path.display());
        findings.push(Finding::warning(DIRECTORY, says, format!("chmod 700 {}", path.display())));
    }
    if path.join(RESTORING).exists() {
        findings.push(Finding::fault(
            DIRECTORY,
            format!("a restore into {} has not finished", path.display()),
            "Run `centralita restore` again; the server does not start before.",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(DIRECTORY, format!("{} is there and closed to others", path.display())));
    }
    findings.extend(file_system(path));
    findings.push(match sync_time(path, clock) {
        Ok(took) if took > SLOW_SYNC => Finding::warning(
            DISK,
            format!("an fsync takes {:.1} ms, and every answer waits for one", took.as_secs_f64() * 1000.0),
            "Put `data_dir` on a local SSD.",
        ),
        Ok(took) => Finding::ok(DISK, format!("an fsync takes {:.1} ms", took.as_secs_f64() * 1000.0)),
        Err(error) => Finding::fault(
            DISK,
            format!("nothing can be written to {}: {error}", path.display()),
            "Free space, mount it writable, or correct its owner.",
        ),
    });
    findings
}

/// Names of file systems by their number in `statfs(2)`, with what speaks against them.
const KINDS: [(u64, &str, &str); 8] = [
    (0x6969, "NFS", "locks and fsync are not to be relied on there"),
    (0xff53_4d42, "CIFS", "locks and fsync are not to be relied on there"),
    (0xfe53_4d42, "SMB", "locks and fsync are not to be relied on there"),
    (0x5346_414f, "AFS", "locks and fsync are not to be relied on there"),
    (0x6573_5546, "FUSE", "locks and fsync may not be relied on there"),
    (0x0102_1994, "tmpfs", "it is gone with the next boot"),
    (0x8584_58f6, "ramfs", "it is gone with the next boot"),
    (0x794c_7630, "overlay", "in a container it is gone with the container"),
];

/// What a file system of this kind means, when it means harm.
pub(super) fn harm(kind: u64) -> Option<(&'static str, &'static str)> {
    KINDS.iter().find(|(number, ..)| *number == kind).map(|(_, name, harm)| (*name, *harm))
}

fn file_system(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(about) = rustix::fs::statfs(path)
        && let Some((name, harm)) = harm(u64::try_from(about.f_type & 0xffff_ffff).unwrap_or(0))
    {
        let says = format!("{} lies on {name}: {harm}", path.display());
        findings.push(Finding::warning(DISK, says, "Put `data_dir` on a local disk, in a container on a volume."));
    }
    if let Ok(about) = rustix::fs::statvfs(path) {
        let size = about.f_frsize.saturating_mul(about.f_blocks);
        findings.push(room(about.f_frsize.saturating_mul(about.f_bavail), size, about.f_favail, about.f_files));
    }
    findings
}

/// Of so many bytes and files that fit.
pub(super) fn room(free: u64, size: u64, free_files: u64, files: u64) -> Finding {
    let share = free.saturating_mul(100).checked_div(size).unwrap_or(100);
    let says = format!("{} MiB free ({share} %)", free / MIB);
    if free < NO_ROOM {
        return Finding::fault(DISK, says, "Make room now: a full disk is answered with 503.");
    }
    if files > 0 && free_files.saturating_mul(100) / files < LITTLE_SHARE {
        return Finding::warning(DISK, format!("{free_files} of {files} inodes free"), "Remove small files on that file system.");
    }
    if free < LITTLE_ROOM || share < LITTLE_SHARE {
        return Finding::warning(DISK, says, "Make room, or move `data_dir` to a larger disk.");
    }
    Finding::ok(DISK, says)
}

/// The median of some fsyncs.
fn sync_time(folder: &Path, clock: &Clock) -> io::Result<Duration> {
    let path = folder.join(format!("doctor.{:016x}", rand::random::<u64>()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let timed = (0..SYNCS)
        .map(|_| {
            let start = clock.elapsed();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            Ok(clock.elapsed().saturating_sub(start))
        })
        .collect::<io::Result<Vec<_>>>();
    fs::remove_file(&path)?;
    let mut timed = timed?;
    timed.sort_unstable();
    Ok(timed.get(SYNCS / 2).copied().unwrap_or_default())
}

/// Whether a server holds the directory.
pub(super) fn is_served(data_dir: &Path) -> bool {
    File::open(data_dir.join("lock")).is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// The machine's own time.
pub(super) fn clock(clock: &Clock) -> Vec<Finding> {
    const CHECK: &str = "clock";
    let now = clock.now();
    if now.micros() < TOO_EARLY {
        return vec![Finding::fault(
            CHECK,
            format!("it is {now} here"),
            "Set the clock; webhooks with a time are refused meanwhile.",
        )];
    }
    // systemd-timesyncd leaves this; others leave nothing that can be read without rights.
    let synchronised = Path::new("/run/systemd/timesync/synchronized").exists();
    let how = if synchronised {
        "synchronised by systemd-timesyncd"
    } else {
        "whether something synchronises it cannot be seen from here"
    };
    vec![Finding::ok(CHECK, format!("{now}; {how}"))]
}

/// Whether the server could listen.
pub(super) fn port(config: &Config) -> Finding {
    const CHECK: &str = "port";
    let listen = config.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok(CHECK, format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match ask(here(listen), "/readyz") {
            Some(200) if is_served(&config.data_dir) => {
                Finding::ok(CHECK, format!("the server answers on {listen} and is ready"))
            }
            Some(status) if is_served(&config.data_dir) => Finding::fault(
                CHECK,
                format!("the server answers on {listen} and is not ready ({status})"),
                "See its log: mostly its database is away.",
            ),
            _ => Finding::fault(
                CHECK,
                format!("another program listens on {listen}"),
                "End that program (`ss -ltnp` names it), or choose another `listen`.",
            ),
        },
        Err(error) => Finding::fault(
            CHECK,
            format!("nobody can listen on {listen}: {error}"),
            "Choose an address of this machine and a port from 1024 on in `listen`.",
        ),
    }
}

/// Each socket is an open file.
pub(super) fn files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    files_of(limit)
}

pub(super) fn files_of(limit: Option<u64>) -> Finding {
    const CHECK: &str = "open files";
    match limit {
        Some(limit) if limit < FILES => Finding::warning(
            CHECK,
            format!("{limit} files and sockets may be open in this shell; every agent and visitor needs one"),
            format!("Allow {FILES} or more: LimitNOFILE= in the systemd unit, `ulimit -n` in a shell."),
        ),
        Some(limit) => Finding::ok(CHECK, format!("{limit} files and sockets may be open")),
        None => Finding::ok(CHECK, "as many files and sockets as you like may be open"),
    }
}
