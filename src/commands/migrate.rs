//! `centralita migrate`.

use super::{Failure, Instance, print};
use crate::config::Config;

/// Brings the schema up to date.
pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let instance = Instance::open(config)?;
    instance.location.migrate().await.map_err(|error| Failure::new("the database", error))?;
    print("The database is up to date.");
    Ok(())
}
