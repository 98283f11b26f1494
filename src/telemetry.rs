//! What the server says about itself: log lines on standard error, and numbers that Prometheus scrapes.
//!
//! Every metric is in the one table below; count with the macros of `metrics`:
//! `metrics::counter!(telemetry::GATE_REFUSALS, "gate" => "intake").increment(1)`.

pub mod campaigns;
mod process;

use std::{
    fmt,
    io::{self, IsTerminal},
    sync::OnceLock,
};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    filter::{ParseError, filter_fn},
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    clock::Clock,
    config::{Config, LogFormat},
};

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// As Prometheus sees it.
    pub name: &'static str,
    /// What may be done to it.
    pub kind: Kind,
    /// Exactly the labels it is counted with; their values must be few (a route's pattern, never its path).
    pub labels: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from zero at each start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution, in buckets.
    Histogram,
}

macro_rules! table {
    ($($constant:ident $kind:ident $name:literal [$($label:literal)*] $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*

        /// Every metric of the server itself (those of its process are added by [`render`]).
        pub const METRICS: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help },)*
        ];
    };
}

table! {
    BUILD_INFO Gauge "centralita_build_info" ["version"] "1, labelled with the running version.";
    HTTP_REQUESTS Counter "centralita_http_requests_total" ["route" "status"]
        "HTTP requests answered, by route pattern and status class (2xx).";
    HTTP_SECONDS Histogram "centralita_http_request_seconds" ["route"] "Seconds from a request's head to its answer's.";
    HOOK_ACKS Counter "centralita_hook_acks_total" ["channel" "outcome"]
        "Webhook calls answered: accepted, duplicate, refused or overload.";
    JOURNAL_GROUP_ENTRIES Histogram "centralita_journal_group_entries" [] "Log entries in one commit.";
    JOURNAL_COMMIT_SECONDS Histogram "centralita_journal_commit_seconds" [] "Seconds a commit took, its fsync included.";
    JOURNAL_QUEUE_ENTRIES Gauge "centralita_journal_queue_entries" [] "Log entries that wait for a commit.";
    GATE_REFUSALS Counter "centralita_gate_refusals_total" ["gate"] "Messages refused because a gate was full.";
    SOCKETS_OPEN Gauge "centralita_sockets_open" ["audience"] "WebSockets open: staff or visitor.";
    FRAMES_PUSHED Counter "centralita_frames_pushed_total" [] "Frames pushed to WebSockets.";
    RESYNCS Counter "centralita_resyncs_total" [] "Slow sockets that were sent a fresh snapshot in place of deltas.";
    CONVERSATIONS_OPEN Gauge "centralita_conversations_open" [] "Conversations not closed.";
    CONVERSATIONS_WAITING Gauge "centralita_conversations_waiting" [] "Conversations that wait for an agent.";
    CAMPAIGN_SERVICE_LEVEL Gauge "centralita_campaign_service_level_ratio" ["campaign" "name"]
        "Answered in time today, as a share of who was answered or left; none before anybody was.";
    CAMPAIGN_GOAL Gauge "centralita_campaign_service_goal_ratio" ["campaign" "name"] "The share that is wanted.";
    CAMPAIGN_WAITING Gauge "centralita_campaign_waiting" ["campaign" "name"] "Conversations that wait.";
    CAMPAIGN_LATE Gauge "centralita_campaign_late" ["campaign" "name"]
        "Conversations that wait for longer than the goal allows.";
    CAMPAIGN_LONGEST_WAIT Gauge "centralita_campaign_longest_wait_seconds" ["campaign" "name"]
        "How long the oldest conversation that waits has waited.";
    OUTBOX_ATTEMPTS Counter "centralita_outbox_attempts_total" ["channel" "outcome"]
        "Attempts to send: sent, retry, failed or unknown.";
    RESTARTS Counter "centralita_actor_restarts_total" ["actor"] "Actors that died and were rebuilt from the store.";
    QUARANTINED Counter "centralita_quarantined_total" ["source"]
        "Inputs set aside because they were never going to be digested.";
    MAILS_RECEIVED Counter "centralita_mails_received_total" ["account" "outcome"]
        "Mails fetched, by what became of them: stored, repeated, own, automatic, report or quarantined.";
    MAILBOX_UP Gauge "centralita_mailbox_up" ["account"] "1 while the mail account's server is read, 0 while it cannot be.";
    MAIL_TOKENS Counter "centralita_mail_tokens_total" ["account" "outcome"]
        "Tokens asked for at the providers of mail accounts: ok, or the code of the failure.";
    MAIL_SIGN_IN_FAILING Gauge "centralita_mail_sign_in_failing" ["account"]
        "1 while the mail account gets no token at its provider, so that it neither receives nor sends.";
    MAIL_SENDING_UP Gauge "centralita_mail_sending_up" ["account"] "1 while the mail account sends what it is given, 0 while it cannot.";
    MAILBOX_BACKLOG Gauge "centralita_mailbox_backlog" ["account"]
        "Mails that lie on the account's server and are not taken in yet, as far as it has said.";
}

/// Upper bounds in seconds: from an fsync of a fast disk to a client that gives up.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const ENTRIES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configured filter.
    #[error("log: {0}; write a level or levels by module, such as info,centralita=debug")]
    Filter(#[from] ParseError),
    /// Somebody installed another one in this process.
    #[error("logging is already set up: {0}")]
    Logging(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Somebody installed another one in this process, or the buckets are none.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] BuildError),
}

/// Logs to standard error from now on, as `config` says, with the time of `clock`.
///
/// # Errors
/// A filter that does not parse; logging set up before.
pub fn log_to_stderr(config: &Config, clock: Clock) -> Result<(), Error> {
    let terminal = io::stderr().is_terminal();
    logger(config, clock, terminal, io::stderr)?.try_init().map_err(|error| Error::Logging(error.into()))
}

/// Libraries that log what they say to a server, passwords included: no filter lets them.
const HUSHED: &[&str] = &["async_imap", "imap_proto", "lettre"];

fn is_hushed(target: &str) -> bool {
    HUSHED.iter().any(|name| target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

/// What [`log_to_stderr`] installs, writing elsewhere.
pub(crate) fn logger<W>(config: &Config, clock: Clock, ansi: bool, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&config.log)?;
    let hush = filter_fn(|metadata| !is_hushed(metadata.target()));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_timer(LogTime(clock)).with_writer(writer);
    Ok(match config.log_format {
        LogFormat::Text => Box::new(lines.with_ansi(ansi).finish().with(hush)),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish().with(hush)),
    })
}

/// Whether a filter can be used.
///
/// # Errors
/// It does not parse.
pub fn check_filter(filter: &str) -> Result<(), Error> {
    EnvFilter::builder().parse(filter)?;
    Ok(())
}

struct LogTime(Clock);

impl FormatTime for LogTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", self.0.now())
    }
}

/// Counts from now on. Further calls do nothing.
///
/// # Errors
/// Another recorder in this process.
pub fn install_metrics() -> Result<(), Error> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_entries".to_owned()), ENTRIES)?
        .build_recorder();
    if RECORDER.set(recorder.handle()).is_ok() {
        metrics::set_global_recorder(recorder).map_err(BuildError::from)?;
        describe();
    }
    Ok(())
}

/// Gives each metric its help text, and those without labels their zero: a rule that watches for the first of
/// something needs to have seen none of it.
fn describe() {
    for &Metric { name, kind, labels, help } in METRICS {
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
        }
        match kind {
            Kind::Counter if labels.is_empty() => counter!(name).absolute(0),
            Kind::Gauge if labels.is_empty() => gauge!(name).set(0.0),
            Kind::Histogram if labels.is_empty() => drop(histogram!(name)),
            _ => {}
        }
    }
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// All metrics in Prometheus' text format, with memory, processor time and open files of the process as they are now.
/// Empty but for the process when [`install_metrics`] was not called.
pub fn render() -> String {
    let mut text = RECORDER.get().map(PrometheusHandle::render).unwrap_or_default();
    process::render(&mut text);
    text
}

/// Folds what histograms have collected; call every few seconds, else they grow until the next scrape.
pub fn upkeep() {
    if let Some(recorder) = RECORDER.get() {
        recorder.run_upkeep();
    }
}

#[cfg(test)]
mod tests;
