//! `centralita doctor`.

use super::{Failure, Output, instance, print};
use crate::{
    clock::Clock,
    config::{Config, Overrides},
    doctor::{self, Finding, Level},
};

/// Prints what was found; fails when something is at fault.
pub(super) async fn run(overrides: &Overrides, output: Output) -> Result<(), Failure> {
    let findings = match Config::read(overrides) {
        Ok(config) => {
            let location = instance::location(&config).map_err(|error| error.0);
            doctor::examine(&config, location, &Clock::system()).await
        }
        Err(error) => {
            vec![Finding::fault("configuration", error.to_string(), "Correct it; docs/configuration.md names every key.")]
        }
    };
    let faults = findings.iter().filter(|finding| finding.level == Level::Fault).count();
    if output.json {
        print(serde_json::json!({ "healthy": faults == 0, "findings": findings }));
    } else {
        for Finding { check, level, says, mend } in &findings {
            print(format_args!("{:7}  {check:13}  {}", level.as_str(), says.replace('\n', " ")));
            if let Some(mend) = mend {
                print(format_args!("{:24} → {mend}", ""));
            }
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(Failure("1 fault".to_owned())),
        more => Err(Failure(format!("{more} faults"))),
    }
}
