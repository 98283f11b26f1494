//! Load and crash drivers: what the product promises, measured and attacked from outside.
//!
//! Every command but `audit` starts a server of its own on a free loopback port with an empty data directory, drives it over HTTP and
//! WebSockets like any client, and stops it. What was acknowledged is kept in a ledger that the server never sees; the
//! verdict comes from comparing that ledger with the database.
//!
//! | command | question |
//! |---|---|
//! | `inbound` | how fast, at which cost, and is anything lost or doubled? ([`inbound`]) |
//! | `crash` | does anything acknowledged get lost when the process, the disk or the database goes away? ([`crash`]) |
//! | `audit` | does what a data directory holds agree with its own log? ([`stored`]) |
//! | `offers` | how soon does an agent who becomes free see the next conversation? ([`offers`]) |
//! | `herd` | what do thousands of sockets cost, some of which never read? ([`herd`]) |

#![allow(clippy::print_stdout, reason = "tables on the screen are what this program is for")]

mod audit;
mod backup;
mod browser;
mod crash;
mod faults;
mod herd;
mod http;
mod inbound;
mod ledger;
mod message;
mod offers;
mod poller;
mod proxy;
mod random;
mod receiver;
mod report;
mod server;
mod setup;
mod signer;
mod socket;
mod stored;
mod time;
mod traffic;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

/// Any failure, told to a person. Nothing here is handled by kind.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What everything here returns.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Load and crash drivers for Centralita.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Signed webhooks in, frames at the agents' sockets out: rate, latency, cost
    Inbound(inbound::Options),
    /// Kill the server again and again under traffic; or fill its disk; or take its database away
    Crash(crash::Options),
    /// Compare what a data directory holds with its own log; nothing may serve it meanwhile
    Audit {
        /// Which
        #[arg(long, value_name = "PATH")]
        data: PathBuf,
    },
    /// Thousands of sockets, some of which never read
    Herd(herd::Options),
    /// Agents finish conversations: how soon the next one is on their screen
    Offers(offers::Options),
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub(crate) struct Shared {
    /// `sqlite`, or the postgres:// URL of a database that may be used up
    #[arg(long, default_value = "sqlite", value_name = "DATABASE")]
    pub(crate) database: String,
    /// The server to start [default: `centralita` beside this program]
    #[arg(long, value_name = "PATH")]
    pub(crate) server: Option<PathBuf>,
    /// Repeats the random choices of an earlier run [default: random; printed]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep the directory of the run (data, server's log, ledger); kept anyway when something is wrong
    #[arg(long)]
    pub(crate) keep: bool,
}

fn main() -> ExitCode {
    let verdict = match Arguments::parse().command {
        Command::Inbound(options) => inbound::run(&options),
        Command::Crash(options) => crash::run(&options),
        Command::Audit { data } => stored::check(&data),
        Command::Herd(options) => herd::run(&options),
        Command::Offers(options) => offers::run(&options),
    };
    match verdict {
        Ok(report::Verdict::Kept) => ExitCode::SUCCESS,
        Ok(report::Verdict::Broken) => ExitCode::FAILURE,
        Err(failure) => {
            println!("stopped: {failure}");
            ExitCode::from(2)
        }
    }
}
