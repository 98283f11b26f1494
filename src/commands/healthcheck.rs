//! `centralita healthcheck`.

use super::{Failure, print};
use crate::{
    config::Config,
    doctor::{ask, here},
};

/// Succeeds when the server is ready.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    match ask(here(config.listen), "/readyz") {
        Some(200) => {
            print("ready");
            Ok(())
        }
        Some(status) => Err(Failure(format!("the server on {} is not ready ({status})", config.listen))),
        None => Err(Failure(format!("nobody answers on {}", config.listen))),
    }
}
