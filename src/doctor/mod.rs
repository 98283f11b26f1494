//! What may be wrong with an installation, found before it hurts, with what mends it. Looks only; a server may run meanwhile.
//! No secret is ever part of what it says.

mod database;
mod machine;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use serde::Serialize;

use crate::{
    clock::Clock,
    config::{Config, Risk},
    store::Location,
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and may hurt one day.
    Warning,
    /// It does not work, or loses data.
    Fault,
}

impl Level {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "FAULT",
        }
    }
}

/// What was looked at, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub says: String,
    /// What mends it.
    pub mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, says: says.into(), mend: None }
    }

    fn warning(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, says: says.into(), mend: Some(mend.into()) }
    }

    /// Something that does not work.
    pub fn fault(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Fault, says: says.into(), mend: Some(mend.into()) }
    }
}

/// Looks at everything.
pub async fn examine(config: &Config, location: Result<Location, String>, clock: &Clock) -> Vec<Finding> {
    let mut findings = configuration(config);
    findings.extend(proxy(config));
    findings.extend(machine::data_directory(config, clock));
    match location {
        Ok(location) => findings.extend(database::examine(config, &location, clock).await),
        Err(error) => findings.push(Finding::fault("database", error, "Correct the URL in `database`.")),
    }
    findings.extend(machine::clock(clock));
    findings.push(machine::port(config));
    findings.push(machine::files());
    findings
}

fn configuration(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "configuration";
    let mut findings = Vec::new();
    if let Err(refused) = config.check() {
        // The sentence says what to do as well.
        let fault = |risk: &Risk| {
            let text = risk.to_string();
            let (says, mend) = text.split_once(": ").unwrap_or((&text, "see docs/configuration.md"));
            Finding::fault(CHECK, says, mend)
        };
        findings.extend(refused.0.iter().map(fault));
    }
    if let Err(error) = crate::telemetry::check_filter(&config.log) {
        findings.push(Finding::fault(CHECK, error.to_string(), "Correct `log`."));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if config.workers > 2 * cores {
        let says = format!("{} workers on {cores} cores", config.workers);
        findings.push(Finding::warning(CHECK, says, "Leave `workers` out: one for each core is the default."));
    }
    if findings.is_empty() {
        let token = if config.metrics_token.is_some() { "whoever has the token" } else { "this machine only" };
        findings.push(Finding::ok(CHECK, format!("can be used; /metrics answers {token}")));
    }
    findings
}

/// What browsers see, and what the server believes of them.
fn proxy(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "proxy";
    let Some(url) = &config.public_url else {
        let reached = format!("no public_url: people reach it at http://{} only", config.listen);
        return vec![if config.on_loopback() {
            Finding::ok(CHECK, reached)
        } else {
            Finding::fault(CHECK, reached, "Set `public_url` to the address in people's browsers.")
        }];
    };
    let mut findings = Vec::new();
    if config.secure_cookies() && config.trusted_proxies.networks().is_empty() {
        findings.push(Finding::warning(
            CHECK,
            format!("people come to {url} through a proxy, and no proxy is trusted: all of them seem to have its address and share its limits"),
            "Name the proxy's address in `trusted_proxies`, and let it set X-Forwarded-For.",
        ));
    }
    if !url.is_https() && config.behind_tls_proxy {
        findings.push(Finding::warning(
            CHECK,
            format!("browsers come by TLS, and public_url is {url}: links begin with http"),
            "Write https:// in `public_url`.",
        ));
    }
    if findings.is_empty() {
        let cookies = if config.secure_cookies() { "cookies are Secure" } else { "cookies travel without TLS" };
        findings.push(Finding::ok(CHECK, format!("public_url is {url}; {cookies}")));
    }
    findings
}

/// Where this machine reaches a server that listens there.
pub fn here(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(if listen.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    listen
}

/// The status of an answer to GET; none when nobody answers in HTTP.
pub fn ask(address: SocketAddr, path: &str) -> Option<u16> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    str::from_utf8(head.strip_prefix(b"HTTP/1.1 ")?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
