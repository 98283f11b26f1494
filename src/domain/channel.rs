//! Channels: the ways a customer can write.

use serde::{Deserialize, Serialize};

/// The kind of a channel account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum ChannelKind {
    /// Any system, by signed webhooks in both directions.
    Api,
    /// The chat page of a web site.
    Webchat,
}

impl ChannelKind {
    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Webchat => "webchat",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "api" => Some(Self::Api),
            "webchat" => Some(Self::Webchat),
            _ => None,
        }
    }

    /// Capacity units one conversation of this kind takes of an agent's (routing.md, Capacity).
    pub const fn weight(self) -> u32 {
        match self {
            Self::Api => 20,
            Self::Webchat => 25,
        }
    }

    /// The longest text one message may carry, in bytes of UTF-8.
    pub const fn max_text_bytes(self) -> usize {
        match self {
            Self::Api => 64 * 1024,
            Self::Webchat => 16 * 1024,
        }
    }
}
