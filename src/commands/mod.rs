//! What the binary can be told to do.

mod backup;
mod demo;
mod doctor;
mod healthcheck;
mod instance;
mod migrate;
mod notify;
mod restore;
mod sample;
mod seed;
mod serve;
mod simulate;
mod token;
mod user;

use clap::{Args, Parser, Subcommand};

pub use self::instance::Instance;
use crate::config::{Config, Overrides};

/// Centralita: a contact center in one binary.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Configuration, for every command.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop (the default).
    Serve,
    /// Show a contact center at work: a directory of its own, 400 conversations, customers and agents who are simulated.
    Demo(demo::Demo),
    /// Fill an empty database with a client, two campaigns, people and channels to try things with.
    Sample(sample::Sample),
    /// See a day again under other settings, or a day that never was: service level, waits, occupancy, fairness.
    Simulate(Box<simulate::Simulate>),
    /// Bring the database's schema up to date and stop.
    Migrate,
    /// Save everything in one file, while the server runs; or look whether such a file is whole.
    Backup(backup::Backup),
    /// Fill an empty data directory and database from a backup, of either kind of database.
    Restore(restore::Restore),
    /// Look at configuration, disk, database, clock, port and key, and say how to mend what is wrong.
    Doctor(Output),
    /// Ask the running server whether it is ready; for containers.
    Healthcheck,
    /// People who sign in.
    User {
        /// What to do with them.
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Bearer tokens for programs.
    Token {
        /// What to do with them.
        #[command(subcommand)]
        command: token::TokenCommand,
    },
}

/// Prints an object for programs instead of text for people.
#[derive(Clone, Copy, Debug, Args)]
pub struct Output {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Why a command failed: one sentence for whoever typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// What was tried, and what came of it.
    pub fn new(what: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let config = || Config::load(&cli.overrides).map_err(|error| Failure(error.to_string()));
    let system = actix_web::rt::System::new();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => system.block_on(serve::run(config()?)),
        Command::Demo(demo) => system.block_on(demo.run(&cli.overrides)),
        Command::Sample(sample) => system.block_on(sample.run(config()?)),
        Command::Simulate(simulate) => system.block_on(simulate.run(&config)),
        Command::Migrate => system.block_on(migrate::run(config()?)),
        Command::Backup(backup) => system.block_on(backup.run(config()?)),
        Command::Restore(restore) => system.block_on(restore.run(config()?)),
        // It is asked when the others refuse to start.
        Command::Doctor(output) => system.block_on(doctor::run(&cli.overrides, output)),
        Command::Healthcheck => healthcheck::run(&config()?),
        Command::User { command } => system.block_on(command.run(config()?)),
        Command::Token { command } => system.block_on(command.run(config()?)),
    }
}

/// The answer of a command: what it is asked for, on standard output.
#[allow(clippy::print_stdout, reason = "the answer of a command")]
fn print(line: impl std::fmt::Display) {
    println!("{line}");
}
