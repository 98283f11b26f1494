//! Configuration: one typed value, read once at start and refused when it is risky.
//!
//! Later layers win: built-in defaults, the file, the environment (`CENTRALITA_LISTEN`, and `CENTRALITA_LIMITS__…` for
//! what lies in a table), the command line. `centralita.example.toml` shows every key.

mod mail;
mod values;

use std::{
    env,
    fmt::{self, Display},
    fs,
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};
use serde::Deserialize;
pub use mail::Mail;
pub use values::{Attachments, Database, LogFormat, PublicUrl, Redacted, SecretKey, TrustedProxies};
use values::{parsed, parsed_option};

/// Read from the working directory when `--config` names no other.
const DEFAULT_FILE: &str = "centralita.toml";
const PREFIX: &str = "CENTRALITA_";

/// How this server runs. Checked values only, when it comes from [`Config::load`].
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port of the HTTP server.
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    /// Directory of everything this server keeps: the SQLite database, attachments, the generated key.
    pub data_dir: PathBuf,
    /// The database: SQLite in the data directory, or PostgreSQL 15 or later.
    #[serde(deserialize_with = "parsed")]
    pub database: Database,
    /// Seals channel credentials; use [`Config::sealing_key`], which also knows the generated one.
    #[serde(deserialize_with = "parsed_option")]
    pub secret_key: Option<SecretKey>,
    /// Where people reach the server: decides the `Origin` check, links in mails, and `Secure` cookies.
    #[serde(deserialize_with = "parsed_option")]
    pub public_url: Option<PublicUrl>,
    /// Browsers come by TLS even though `public_url` says `http`: a proxy ends it in front of this server.
    #[serde(deserialize_with = "parsed")]
    pub behind_tls_proxy: bool,
    /// Networks of the proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Bearer token for `/metrics`; without one it answers loopback only.
    #[serde(deserialize_with = "parsed_option")]
    pub metrics_token: Option<Redacted>,
    /// Threads that serve HTTP, 1 to 256.
    #[serde(deserialize_with = "parsed")]
    pub workers: usize,
    /// What is logged, as a `tracing` filter: `info,centralita=debug`.
    pub log: String,
    /// How it is logged.
    #[serde(deserialize_with = "parsed")]
    pub log_format: LogFormat,
    /// Where attachments are kept.
    #[serde(deserialize_with = "parsed")]
    pub attachments: Attachments,
    /// Seconds that a disconnected agent keeps the conversations a customer waits in, 15 to 300.
    #[serde(deserialize_with = "parsed")]
    pub grace_seconds: u64,
    /// How mail servers are reached.
    pub mail: Mail,
    /// What bounds memory.
    pub limits: Limits,
}

/// What bounds memory. Beyond a limit the answer is 413, 429 or 503, never a longer queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body that is no upload, 16 KiB to 64 MiB.
    #[serde(deserialize_with = "parsed")]
    pub max_body_bytes: u64,
    /// Bytes of one attachment, 16 KiB to 1 GiB.
    #[serde(deserialize_with = "parsed")]
    pub max_attachment_bytes: u64,
    /// Messages taken in and not yet committed, 1 to 1,000,000.
    #[serde(deserialize_with = "parsed")]
    pub intake_capacity: u64,
    /// Entries that wait for the next commit, 1 to 1,000,000.
    #[serde(deserialize_with = "parsed")]
    pub journal_capacity: u64,
    /// WebSockets open at once from one client address, 1 to 100,000.
    #[serde(deserialize_with = "parsed")]
    pub socket_limit_per_address: u64,
    /// Of these, visitors of web chats, 1 to 100,000.
    #[serde(deserialize_with = "parsed")]
    pub visitor_socket_limit_per_address: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("data"),
            database: Database::default(),
            secret_key: None,
            public_url: None,
            behind_tls_proxy: false,
            trusted_proxies: TrustedProxies::default(),
            metrics_token: None,
            workers: thread::available_parallelism().map_or(1, usize::from).min(256),
            log: "info".to_owned(),
            log_format: LogFormat::default(),
            attachments: Attachments::default(),
            grace_seconds: 60,
            mail: Mail::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 2 * 1024 * 1024,
            max_attachment_bytes: 25 * 1024 * 1024,
            intake_capacity: 1_024,
            journal_capacity: 4_096,
            socket_limit_per_address: 500,
            visitor_socket_limit_per_address: 200,
        }
    }
}

/// The part of the configuration that the command line can say. Flatten it into the program's arguments.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// Configuration file [default: centralita.toml in the working directory, when there is one]
    #[arg(long, value_name = "PATH", env = "CENTRALITA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port of the HTTP server
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Directory of everything the server keeps
    #[arg(long, value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// `sqlite` or a postgres:// URL; put a URL with a password into the file or the environment instead
    #[arg(long, value_name = "DATABASE")]
    pub database: Option<String>,
    /// Where people reach the server, such as https://help.example.com
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// What is logged, such as info,centralita=debug
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

impl Overrides {
    fn entries(&self) -> Vec<(String, Value)> {
        let said = [
            ("listen", self.listen.map(|address| address.to_string())),
            ("data_dir", self.data_dir.as_ref().map(|path| path.to_string_lossy().into_owned())),
            ("database", self.database.clone()),
            ("public_url", self.public_url.clone()),
            ("log", self.log.clone()),
            ("log_format", self.log_format.map(|format| format.to_string())),
        ];
        said.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Value::from(text?)))).collect()
    }
}

impl Config {
    /// Reads all layers and checks the outcome.
    ///
    /// # Errors
    /// A file that cannot be read, a key nobody knows, a value that does not parse, a risky combination.
    pub fn load(overrides: &Overrides) -> Result<Self, Error> {
        let config = Self::read(overrides)?;
        config.check()?;
        Ok(config)
    }

    /// Reads all layers; see [`Config::check`].
    ///
    /// # Errors
    /// A file that cannot be read, a key nobody knows, a value that does not parse.
    pub fn read(overrides: &Overrides) -> Result<Self, Error> {
        let default_file = Path::new(DEFAULT_FILE);
        let file = overrides.config.as_deref().or_else(|| default_file.exists().then_some(default_file));
        let environment = env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        Self::from_layers(file, environment, overrides)
    }

    fn from_layers(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<Self, Error> {
        let mut layers = Figment::new();
        if let Some(path) = file {
            // Figment takes a missing file for an empty one.
            fs::File::open(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
            layers = layers.merge(Toml::file_exact(path));
        }
        layers = layers.merge(Layer { source: Source::Environment, entries: environment_entries(environment) });
        layers = layers.merge(Layer { source: Source::CommandLine, entries: overrides.entries() });
        layers.extract().map_err(|error| Error::Value(Box::new(error)))
    }

    /// Refuses what would be risky or cannot work.
    ///
    /// # Errors
    /// All that is wrong, each with what to do about it.
    pub fn check(&self) -> Result<(), Refused> {
        let mut risks = Vec::new();
        if !self.on_loopback() && !self.is_trial() {
            if self.secret_key.is_none() {
                risks.push(Risk::NoSecretKey { listen: self.listen, generated: self.generated_key_file() });
            }
            match &self.public_url {
                None => risks.push(Risk::NoPublicUrl { listen: self.listen }),
                Some(url) if !url.is_https() && !self.behind_tls_proxy => risks.push(Risk::PlainHttp { public_url: url.clone() }),
                Some(_) => {}
            }
        }
        if let Some(everybody) = self.trusted_proxies.networks().iter().find(|network| network.prefix_len() == 0) {
            risks.push(Risk::EverybodyTrusted { network: everybody.to_string() });
        }
        let key_file = self.generated_key_file();
        if let Ok(mode) = fs::metadata(&key_file).map(|file| file.permissions().mode() & 0o777)
            && mode & 0o077 != 0
        {
            risks.push(Risk::ReadableKey { path: key_file, mode });
        }
        risks.extend(self.out_of_range());
        if risks.is_empty() { Ok(()) } else { Err(Refused(risks)) }
    }

    fn out_of_range(&self) -> impl Iterator<Item = Risk> {
        const KIB: u64 = 1024;
        const MIB: u64 = 1024 * KIB;
        let limits = &self.limits;
        [
            ("workers", self.workers as u64, 1, 256),
            ("grace_seconds", self.grace_seconds, 15, 300),
            ("limits.max_body_bytes", limits.max_body_bytes, 16 * KIB, 64 * MIB),
            ("limits.max_attachment_bytes", limits.max_attachment_bytes, 16 * KIB, 1024 * MIB),
            ("limits.intake_capacity", limits.intake_capacity, 1, 1_000_000),
            ("limits.journal_capacity", limits.journal_capacity, 1, 1_000_000),
            ("limits.socket_limit_per_address", limits.socket_limit_per_address, 1, 100_000),
            ("limits.visitor_socket_limit_per_address", limits.visitor_socket_limit_per_address, 1, 100_000),
        ]
        .into_iter()
        .filter(|(_, value, low, high)| !(low..=high).contains(&value))
        .map(|(key, value, low, high)| Risk::OutOfRange { key, value, low, high })
    }

    /// Whether only this machine can connect.
    pub fn on_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// Whether browsers are only let in from this machine: their origin must be `public_url`, and that names this machine. A
    /// container listens on all its addresses, and the port is published on loopback.
    pub fn is_trial(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_loopback)
    }

    /// Where others reach this server, without a slash at its end.
    pub fn origin(&self) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), PublicUrl::origin)
    }

    /// Whether cookies get the `Secure` attribute.
    pub fn secure_cookies(&self) -> bool {
        self.behind_tls_proxy || self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// The embedded database.
    pub fn sqlite_file(&self) -> PathBuf {
        self.data_dir.join("centralita.sqlite")
    }

    /// The key made for a trial.
    pub(crate) fn generated_key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    /// The key in force, if there is one.
    ///
    /// # Errors
    /// A key file that cannot be read or does not hold a key.
    pub fn existing_key(&self) -> Result<Option<SecretKey>, Error> {
        let path = self.generated_key_file();
        if self.secret_key.is_some() || path.exists() {
            return self.sealing_key().map(Some);
        }
        Ok(None)
    }

    /// The key that seals channel credentials: the configured one, else the one in the data directory, which is made when
    /// it is not there yet and only this machine can use the server.
    ///
    /// # Errors
    /// No key and none may be made, a key file that cannot be read or written or does not hold a key.
    pub fn sealing_key(&self) -> Result<SecretKey, Error> {
        if let Some(key) = &self.secret_key {
            return Ok(key.clone());
        }
        if !self.on_loopback() && !self.is_trial() {
            let risk = Risk::NoSecretKey { listen: self.listen, generated: self.generated_key_file() };
            return Err(Refused(vec![risk]).into());
        }
        let path = self.generated_key_file();
        let in_file = |source| Error::File { path: path.clone(), source };
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                store_new_key(&self.data_dir, &path).map_err(in_file)?;
                // Not the one just made: another process may have been faster.
                fs::read_to_string(&path).map_err(in_file)?
            }
            text => text.map_err(in_file)?,
        };
        text.parse().map_err(|reason| in_file(io::Error::new(io::ErrorKind::InvalidData, reason)))
    }
}

/// Writes a new key to `path` unless there is one. On disk before it returns: what it seals is lost without it.
fn store_new_key(directory: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let unfinished = directory.join(format!("secret.key.{:016x}", rand::random::<u64>()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written =
        writeln!(file, "{}", SecretKey::generate().to_base64().expose()).and_then(|()| file.sync_all()).and_then(|()| {
            match fs::hard_link(&unfinished, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        });
    fs::remove_file(&unfinished)?;
    written?;
    fs::File::open(directory)?.sync_all()
}

/// Texts by key; a key in a table has a dot.
struct Layer {
    source: Source,
    entries: Vec<(String, Value)>,
}

#[derive(Clone, Copy)]
enum Source {
    Environment,
    CommandLine,
}

/// What the environment says: empty means unset, and some names are not ours to judge.
fn environment_entries(environment: impl IntoIterator<Item = (String, String)>) -> Vec<(String, Value)> {
    let entry = |(name, text): (String, String)| {
        let key = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
        let foreign = key == "config" || key.starts_with("test_");
        (!foreign && !text.is_empty()).then(|| (key, Value::from(text)))
    };
    environment.into_iter().filter_map(entry).collect()
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let source = self.source;
        let name = match source {
            Source::Environment => "the environment",
            Source::CommandLine => "the command line",
        };
        Metadata::named(name).interpolater(move |_, keys| match source {
            Source::Environment => format!("{PREFIX}{}", keys.join("__").to_uppercase()),
            Source::CommandLine => format!("--{}", keys.join(".").replace('_', "-")),
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut top = Dict::new();
        for (key, value) in &self.entries {
            match key.split_once('.') {
                None => {
                    top.insert(key.clone(), value.clone());
                }
                Some((table, key)) => {
                    if let Value::Dict(_, inner) = top.entry(table.to_owned()).or_insert_with(|| Dict::new().into()) {
                        inner.insert(key.to_owned(), value.clone());
                    }
                }
            }
        }
        Ok(Profile::Default.collect(top))
    }
}

/// Why there is no configuration to run with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key nobody knows or a value that does not parse.
    #[error("configuration: {0}")]
    Value(Box<figment::Error>),
    /// The configuration file, or the generated key.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong with it.
        source: io::Error,
    },
    /// It could be read but should not be used.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// All that speaks against a configuration, one sentence a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused(pub Vec<Risk>);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration refused:")?;
        self.0.iter().try_for_each(|risk| write!(f, "\n  {risk}"))
    }
}

/// One reason not to start, with what to do about it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the sentence says it")]
pub enum Risk {
    #[error(
        "secret_key is missing while listening on {listen}: set it to what `openssl rand -base64 32` prints, or to what is \
         in {} if there is such a file",
        generated.display()
    )]
    NoSecretKey { listen: SocketAddr, generated: PathBuf },
    #[error(
        "public_url is missing while listening on {listen}: set it to the address in people's browsers, such as \
         https://help.example.com"
    )]
    NoPublicUrl { listen: SocketAddr },
    #[error(
        "passwords would travel in the clear to {public_url}: put a TLS proxy in front and write https:// in public_url, or \
         set behind_tls_proxy = true if browsers already come by TLS"
    )]
    PlainHttp { public_url: PublicUrl },
    #[error("trusted_proxies contains {network}, so anybody could claim any address: name the networks of your proxies only")]
    EverybodyTrusted { network: String },
    #[error(
        "{} can be read by others (mode {mode:03o}): run `chmod 600` on it, and renew the channel credentials if somebody \
         may have read it",
        path.display()
    )]
    ReadableKey { path: PathBuf, mode: u32 },
    #[error("{key} is {value}: set it between {low} and {high}")]
    OutOfRange { key: &'static str, value: u64, low: u64, high: u64 },
}

#[cfg(test)]
mod tests;
