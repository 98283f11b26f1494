//! The database and the key to what is sealed in it.

use std::time::Duration;

use super::Finding;
use crate::{
    auth::secret::{KEY_VERSION, Sealer, SecretText},
    clock::{Clock, Timestamp},
    config::Config,
    store::{
        Location, newest_schema,
        probe::{self, Probe, Server},
    },
};

const CHECK: &str = "database";
const OLDEST: i64 = 150_000;
/// The journal, the readers, the migrations and one to look.
const CONNECTIONS: i64 = 12;
/// Leases last ten seconds.
const SKEW_FAULT: Duration = Duration::from_secs(5);
const SKEW_WARNING: Duration = Duration::from_secs(1);
const FAR: Duration = Duration::from_millis(10);
const LONG_LOG: u64 = 512 * 1024 * 1024;

/// Looks at the database.
pub(super) async fn examine(config: &Config, location: &Location, clock: &Clock) -> Vec<Finding> {
    let probe = match probe::probe(location, clock).await {
        Ok(probe) => probe,
        Err(error) => {
            let mend = match location {
                Location::Sqlite(_) => "Restore a backup into another data_dir, and keep this one until that works.",
                Location::Postgres(_) => "Start PostgreSQL, and correct host, user and password in `database`.",
            };
            return vec![Finding::fault(CHECK, error.to_string(), mend)];
        }
    };
    let mut findings = judge(&probe, clock.now());
    findings.push(key(config, &probe));
    findings
}

/// What a probe means.
pub(super) fn judge(probe: &Probe, now: Timestamp) -> Vec<Finding> {
    let mut findings: Vec<Finding> = probe.server.iter().flat_map(|server| of_server(server, now)).collect();
    if let Some(damage) = &probe.damage {
        let mend = "Stop the server, keep a copy of the data directory, and restore the last backup.";
        return vec![Finding::fault(CHECK, format!("the file is damaged: {damage}"), mend)];
    }
    let known = newest_schema();
    findings.push(match probe.schema {
        None => Finding::ok(CHECK, "nothing is in it yet; the first start sets it up"),
        Some(schema) if schema > known => Finding::fault(
            CHECK,
            format!("its schema is {schema}, and this program knows {known}"),
            "Run the newer Centralita that wrote it.",
        ),
        Some(schema) if schema < known => Finding::warning(
            CHECK,
            format!("its schema is {schema}, and this program has {known}"),
            "Take a backup, then `centralita migrate`, or start the server: it migrates by itself.",
        ),
        Some(schema) => Finding::ok(CHECK, format!("its schema is {schema}, the newest")),
    });
    if probe.unread {
        findings.push(Finding::ok(
            CHECK,
            "the file is too large to be read from end to end; `sqlite3 … 'PRAGMA quick_check'` does it",
        ));
    }
    if probe.log_bytes > LONG_LOG {
        let says = format!("its log (-wal) has {} MiB", probe.log_bytes / (1024 * 1024));
        findings.push(Finding::warning(CHECK, says, "Look for a program that keeps the file open for reading, and end it."));
    }
    if let Some(last) = probe.last_entry
        && last.since(now) > SKEW_WARNING
    {
        let says = format!("the last entry of the log is of {last}, which is still to come");
        findings.push(Finding::fault("clock", says, "Set the clock: it went back."));
    }
    findings
}

fn of_server(server: &Server, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = format!("PostgreSQL {}.{}", server.version / 10_000, server.version % 10_000);
    if server.version < OLDEST {
        findings.push(Finding::fault(CHECK, version.clone(), "Upgrade it to 15 or later."));
    }
    if server.encoding != "UTF8" {
        let says = format!("its encoding is {}", server.encoding);
        findings.push(Finding::fault(CHECK, says, "Create the database with ENCODING 'UTF8'."));
    }
    for (setting, value) in ["fsync", "synchronous_commit"].into_iter().zip(&server.durable) {
        if value == "off" {
            let says = format!("{setting} is off: what was acknowledged is lost when it crashes");
            findings.push(Finding::fault(CHECK, says, format!("Set {setting} = on.")));
        }
    }
    if server.connections_left < CONNECTIONS {
        let says = format!("it has {} connections left", server.connections_left);
        findings.push(Finding::warning(CHECK, says, format!("Raise max_connections: Centralita needs {CONNECTIONS}.")));
    }
    let skew = server.now.since(now).max(now.since(server.now)).saturating_sub(server.round_trip);
    if skew > SKEW_WARNING {
        let says = format!("its clock and this one differ by {:.1} s", skew.as_secs_f64());
        let mend = "Let both machines synchronise their clocks (NTP).";
        findings.push(if skew > SKEW_FAULT {
            Finding::fault("clock", says, mend)
        } else {
            Finding::warning("clock", says, mend)
        });
    }
    let far = format!("{version}, an answer takes {:.1} ms", server.round_trip.as_secs_f64() * 1000.0);
    findings.push(if server.round_trip > FAR {
        Finding::warning(CHECK, far, "Bring the database nearer: every commit waits for it.")
    } else {
        Finding::ok(CHECK, far)
    });
    findings
}

/// Whether the key in force opens what is sealed.
fn key(config: &Config, probe: &Probe) -> Finding {
    const CHECK: &str = "secret key";
    let sealed = probe.sealed.len();
    let key = match config.existing_key() {
        Ok(Some(key)) => key,
        Ok(None) if sealed == 0 => return Finding::ok(CHECK, "none yet, and nothing is sealed"),
        Ok(None) => {
            let says = format!("there is none, and {sealed} credentials of channels are sealed");
            return Finding::fault(
                CHECK,
                says,
                "Set `secret_key` to the one they were sealed with (secret.key of the old data directory).",
            );
        }
        Err(error) => {
            return Finding::fault(CHECK, error.to_string(), "Set `secret_key` to what `openssl rand -base64 32` prints.");
        }
    };
    let text = SecretText::new(key.to_base64().expose().to_owned());
    let closed = match Sealer::new(KEY_VERSION, &text) {
        Ok(sealer) => probe.sealed.iter().filter(|(row, sealed)| sealer.open(row, sealed).is_err()).count(),
        Err(_) => sealed,
    };
    if closed > 0 {
        return Finding::fault(
            CHECK,
            format!("it does not open {closed} of {sealed} credentials of channels"),
            "Set `secret_key` to the one they were sealed with, or enter them again.",
        );
    }
    Finding::ok(CHECK, format!("opens all {sealed} credentials of channels; keep a copy apart from the backups"))
}
