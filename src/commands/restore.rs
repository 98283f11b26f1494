//! `centralita restore`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    Failure, Instance, Output,
    backup::{described, must_own, summary},
    instance, print,
};
use crate::{
    backup::{self, Place, Restored},
    config::Config,
    ids::IncarnationId,
};

/// Fill an empty installation.
#[derive(Debug, Args)]
pub struct Restore {
    /// What `centralita backup` wrote
    file: PathBuf,
    /// Also where there is something already, which is kept: in `replaced-…` of the data directory, and in a schema of that name
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: Output,
}

impl Restore {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        must_own(&config.data_dir)?;
        let instance = Instance::take(config)?;
        let replaced = self.replace.then(|| instance.clock.now().to_chrono().format("replaced_%Y%m%dt%H%M%Sz").to_string());
        let place = Place {
            data_dir: instance.config.data_dir.clone(),
            location: instance.location.clone(),
            replaced,
            take_key: no_key(&instance.config)?,
            epoch: instance.ids.next::<IncarnationId>().to_string(),
        };
        let restored = backup::restore(&self.file, place)
            .await
            .map_err(|error| Failure::new(&format!("nothing was restored from {}", self.file.display()), error))?;
        let closed = closed(&instance.config, &restored)?;
        self.tell(&restored, closed);
        Ok(())
    }

    fn tell(&self, restored: &Restored, closed: usize) {
        let Restored { contents, sealed, in_doubt, key_taken } = restored;
        if self.output.json {
            let more = json!({
                "sealed_secrets": sealed.len(),
                "sealed_secrets_unreadable": closed,
                "messages_in_doubt": in_doubt,
                "key_restored": key_taken,
            });
            print(described(contents, more));
            return;
        }
        print(format_args!("Restored from {}\n{}", self.file.display(), summary(contents)));
        print("\nEverybody signs in again, and open invitations have to be sent again.");
        if *in_doubt > 0 {
            print(format_args!(
                "{in_doubt} messages waited to be sent. Whether the server sent them after the backup nobody knows: they are sent again, under the same ids."
            ));
        }
        if closed > 0 {
            print(format_args!(
                "ATTENTION: the secret key in force does not open {closed} of {} credentials of channels. Set secret_key to that of the \
                 installation the backup is from and start again, or enter the credentials anew.",
                sealed.len()
            ));
        }
    }
}

fn no_key(config: &Config) -> Result<bool, Failure> {
    let key = config.existing_key().map_err(|error| Failure::new("the secret key", error))?;
    Ok(key.is_none())
}

/// How many secrets the key in force does not open.
fn closed(config: &Config, restored: &Restored) -> Result<usize, Failure> {
    let Some(key) = config.existing_key().map_err(|error| Failure::new("the secret key", error))? else {
        return Ok(restored.sealed.len());
    };
    let sealer = instance::sealer(&key)?;
    Ok(restored.sealed.iter().filter(|(row, sealed)| sealer.open(row, sealed).is_err()).count())
}
