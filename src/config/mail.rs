//! `[mail]`: which mail servers this server talks to, and whom it believes about them.

use std::{fs, path::PathBuf, str::FromStr};

use serde::Deserialize;

use super::{
    Error,
    values::{parsed, parsed_option},
};
use crate::{
    channels::email::post::net::{Network, Reach},
    clock::Clock,
};

/// How mail servers are reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Whether servers inside this network may be reached: whoever types their names could otherwise knock at every machine in it
    /// (security.md, 6).
    #[serde(deserialize_with = "parsed")]
    pub reach: Reach,
    /// Certificates in PEM of a private authority that is believed beside the public ones.
    #[serde(deserialize_with = "parsed_option")]
    pub authority: Option<PathBuf>,
}

impl Default for Mail {
    fn default() -> Self {
        Self { reach: Reach::Public, authority: None }
    }
}

impl Mail {
    /// What every conversation with a mail server needs.
    ///
    /// # Errors
    /// A file of certificates that cannot be read or holds none.
    pub fn network(&self, clock: Clock) -> Result<Network, Error> {
        let failed = |path: &PathBuf, source| Error::File { path: path.clone(), source };
        let authority = match &self.authority {
            Some(path) => Some(fs::read(path).map_err(|error| failed(path, error))?),
            None => None,
        };
        Network::new(clock, self.reach, authority.as_deref()).map_err(|error| {
            failed(&self.authority.clone().unwrap_or_default(), std::io::Error::new(std::io::ErrorKind::InvalidData, error))
        })
    }
}

impl FromStr for Reach {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "anywhere" => Ok(Self::Anywhere),
            _ => Err("expected `public` or `anywhere`"),
        }
    }
}
