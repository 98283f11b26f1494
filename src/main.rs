//! Arguments, crypto provider, configuration, run.

use std::process::ExitCode;

use centralita::commands::{Cli, run};
use clap::Parser;

#[allow(clippy::print_stderr, reason = "why a command failed, for whoever typed it")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("centralita: the TLS provider was installed twice");
        return ExitCode::FAILURE;
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("centralita: {failure}");
            ExitCode::FAILURE
        }
    }
}
