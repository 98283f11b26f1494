//! Every type that crosses to a browser or a program: REST bodies and socket frames.

pub mod command;
pub mod config;
pub mod conversation;
pub mod demo;
pub mod live;
pub mod mail;
pub mod mail_accounts;
pub mod mail_asides;
pub mod mail_health;
pub mod mail_sign_in;
pub mod mail_suppressions;
pub mod moves;
pub mod page;
pub mod people;
pub mod ratings;
pub mod recordings;
pub mod schedules;
pub mod service;
pub mod session;
pub mod simulation;
pub mod skills;
pub mod start;
pub mod templates;
#[cfg(test)]
mod typescript;
pub mod why;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;

/// A moment on the wire: RFC 3339 in UTC with microseconds, `2026-11-22T13:05:00.000000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ts_rs::TS, utoipa::ToSchema)]
#[ts(as = "String")]
#[schema(value_type = String, format = DateTime)]
pub struct Time(pub Timestamp);

impl From<Timestamp> for Time {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let moment = chrono::DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(Timestamp::from_chrono(moment.to_utc())))
    }
}
