//! `centralita backup`.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::{Value, json};

use super::{Failure, Output, instance::location, print};
use crate::{
    backup::{self, Contents, Saving},
    clock::Clock,
    config::Config,
};

/// Of two that want the processor, the server goes first.
const NICE: i32 = 10;

/// Save everything.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write, or the directory in which to write one that is named after the time
    #[arg(value_name = "FILE|DIRECTORY")]
    file: PathBuf,
    /// Look whether FILE is a whole backup, and write nothing
    #[arg(long, conflicts_with = "with_key")]
    check: bool,
    /// Put the secret key into it: whoever has the file can read the channels' credentials then
    #[arg(long)]
    with_key: bool,
    #[command(flatten)]
    output: Output,
}

impl Backup {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        if self.check {
            let contents = backup::archive::check(&self.file).map_err(|error| named(&self.file, error))?;
            self.tell(&self.file, &contents, None)?;
            return Ok(());
        }
        must_own(&config.data_dir)?;
        // Refused where it is not allowed to be nicer, as it may be anyway.
        let _ = rustix::process::nice(NICE);
        let clock = Clock::system();
        let key = match (self.with_key, config.existing_key().map_err(|error| Failure(error.to_string()))?) {
            (false, _) => None,
            (true, Some(key)) => Some(key.to_base64()),
            (true, None) => return Err(Failure("there is no secret key to put into it".to_owned())),
        };
        let file = if self.file.is_dir() {
            let name = clock.now().to_chrono().format("centralita-%Y%m%dT%H%M%SZ.tar.zst");
            self.file.join(name.to_string())
        } else {
            self.file.clone()
        };
        let saving = Saving {
            location: location(&config)?,
            attachments: config.data_dir.join("attachments"),
            key,
            at: clock.now(),
            file: file.clone(),
        };
        let contents = backup::save(saving).await.map_err(|error| Failure::new("no backup", error))?;
        self.tell(&file, &contents, Some(clock.elapsed()))
    }

    fn tell(&self, file: &Path, contents: &Contents, took: Option<Duration>) -> Result<(), Failure> {
        if self.output.json {
            let seconds = took.map(|took| took.as_secs_f64());
            print(described(contents, json!({ "file": file, "seconds": seconds })));
            return Ok(());
        }
        let took = took.map(|took| format!(" in {:.1} s", took.as_secs_f64())).unwrap_or_default();
        print(format_args!("{}: whole{took}\n{}", file.display(), summary(contents)));
        Ok(())
    }
}

/// For people.
pub(super) fn summary(contents: &Contents) -> String {
    let manifest = &contents.manifest;
    let mut text = format!(
        "  taken      {} by Centralita {}, schema {}\n  rows       {} in {} tables\n  log        {}\n  files      {} of {} MiB\n  size       {} KiB",
        contents.head.taken_at.0,
        contents.head.version,
        contents.head.schema,
        contents.all_rows(),
        contents.head.tables.len(),
        manifest
            .streams
            .iter()
            .map(|stream| format!("stream {} up to position {}", stream.stream, stream.head))
            .collect::<Vec<_>>()
            .join(", "),
        manifest.attachments,
        manifest.attachment_bytes / (1024 * 1024),
        contents.bytes.div_ceil(1024),
    );
    if !manifest.missing.is_empty() {
        text += &format!("\n  missing    {} files that the database names are not on the disk", manifest.missing.len());
    }
    text += if manifest.with_key {
        "\n  key        in it: keep it as you keep passwords"
    } else {
        "\n  key        not in it: keep secret_key (or secret.key of the data directory) apart; without it the channels' credentials cannot be read"
    };
    text
}

/// For programs, with what the command adds.
pub(super) fn described(contents: &Contents, more: Value) -> Value {
    let Contents { head, manifest, bytes, uncompressed_bytes } = contents;
    let mut object = json!({
        "taken_at": head.taken_at,
        "version": head.version,
        "schema": head.schema,
        "rows": contents.all_rows(),
        "streams": manifest.streams,
        "attachments": manifest.attachments,
        "attachment_bytes": manifest.attachment_bytes,
        "missing": manifest.missing,
        "with_key": manifest.with_key,
        "bytes": bytes,
        "uncompressed_bytes": uncompressed_bytes,
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// A file that another user leaves in the data directory would stop the server.
pub(super) fn must_own(data_dir: &Path) -> Result<(), Failure> {
    let Ok(about) = fs::metadata(data_dir) else { return Ok(()) };
    let own = rustix::process::geteuid().as_raw();
    if about.uid() == own {
        return Ok(());
    }
    Err(Failure(format!(
        "the data directory {} belongs to user {}, and this runs as user {own}: run it as that user",
        data_dir.display(),
        about.uid()
    )))
}

fn named(file: &Path, error: backup::Error) -> Failure {
    Failure::new(&file.display().to_string(), error)
}
