//! The types of the values: what a type accepts is parsed once, here.

use std::{
    fmt::{self, Debug, Display},
    net::IpAddr,
    str::FromStr,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::{Host, Url};

/// Text that nobody may see: prints as `***` and does not serialise.
#[derive(Clone)]
pub struct Redacted(String);

impl Redacted {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Redacted {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

/// The 32 bytes that seal channel credentials. Written as standard base64, prints as `***`.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A new one from the operating system's randomness.
    pub(super) fn generate() -> Self {
        Self(rand::random())
    }

    /// The bytes, for the cipher.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// As written in a configuration.
    pub fn to_base64(&self) -> Redacted {
        Redacted::new(BASE64_STANDARD.encode(self.0))
    }
}

impl Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for SecretKey {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("expected the base64 of 32 bytes, as `openssl rand -base64 32` prints it")
    }
}

/// Where people reach the server: scheme, host and port, nothing after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Whether a browser comes by TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it names the browser's own machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// As a browser sends it in `Origin`: `https://help.example.com`, without a default port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "expected a URL such as https://help.example.com")?;
        let only_an_origin = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "http" | "https" if only_an_origin && url.has_host() => Ok(Self(url)),
            "http" | "https" => Err("expected nothing but scheme, host and port"),
            _ => Err("expected http:// or https://"),
        }
    }
}

/// Where the truth is kept.
#[derive(Clone, Debug, Default)]
pub enum Database {
    /// A file in the data directory.
    #[default]
    Sqlite,
    /// A URL, which may hold a password.
    Postgres(Redacted),
}

impl FromStr for Database {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => Ok(Self::Postgres(Redacted::new(url))),
            _ => Err("expected `sqlite` or a postgres:// URL"),
        }
    }
}

/// Where attachments are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attachments {
    /// In the data directory.
    #[default]
    Local,
}

impl FromStr for Attachments {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "local" { Ok(Self::Local) } else { Err("expected `local`") }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected `text` or `json`"),
        }
    }
}

/// The networks whose word on a client's address is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether `X-Forwarded-For` and its kin count when they come from `peer`.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// All of them.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TrustedProxies {
    /// A list, or one text with commas (the environment has no lists).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            List(Vec<String>),
            Text(String),
        }
        let parts = match Written::deserialize(deserializer)? {
            Written::List(parts) => parts,
            Written::Text(text) => text.split(',').map(str::to_owned).collect(),
        };
        let network = |part: &str| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| D::Error::custom(format_args!("expected networks such as 10.0.0.0/8, found `{part}`")))
        };
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// A value from its text: what the environment and the command line give, and for numbers and switches also TOML's own
/// types.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Integer(i64),
        Boolean(bool),
        Float(f64),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Integer(number) => number.to_string(),
        Written::Boolean(switch) => switch.to_string(),
        Written::Float(number) => number.to_string(),
    };
    // The text stays out of the message: it may be a secret.
    text.trim().parse().map_err(D::Error::custom)
}

/// [`parsed`] for what may be absent.
pub(super) fn parsed_option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    parsed(deserializer).map(Some)
}
