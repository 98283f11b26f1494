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
    /// A mailbox.
    Email,
}

impl ChannelKind {
    /// Every kind; its position is its bit in a [`KindSet`].
    pub const ALL: [Self; 3] = [Self::Api, Self::Webchat, Self::Email];

    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Webchat => "webchat",
            Self::Email => "email",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "api" => Some(Self::Api),
            "webchat" => Some(Self::Webchat),
            "email" => Some(Self::Email),
            _ => None,
        }
    }

    /// Whether the staff can write first: a visitor of a web page who does not write is not there.
    pub const fn can_be_started(self) -> bool {
        match self {
            Self::Api | Self::Email => true,
            Self::Webchat => false,
        }
    }

    /// Whether a customer has as many conversations at once as they began, each about its own subject, instead of one.
    pub const fn has_threads(self) -> bool {
        match self {
            Self::Api | Self::Webchat => false,
            Self::Email => true,
        }
    }

    /// Capacity units one conversation of this kind takes of an agent's unless configured otherwise (routing.md, Capacity).
    pub const fn weight(self) -> u32 {
        match self {
            Self::Api => 20,
            Self::Webchat => 25,
            Self::Email => 15,
        }
    }

    /// The longest text one message may carry, in bytes of UTF-8.
    pub const fn max_text_bytes(self) -> usize {
        match self {
            Self::Api => 64 * 1024,
            Self::Webchat => 16 * 1024,
            Self::Email => 256 * 1024,
        }
    }
}

/// Some kinds of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindSet(u16);

impl KindSet {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every kind there is and will be.
    pub const ALL: Self = Self(u16::MAX);

    /// Whether a kind is in it.
    pub const fn contains(self, kind: ChannelKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it has a kind that `other` lacks.
    pub const fn exceeds(self, other: Self) -> bool {
        self.0 & !other.0 != 0
    }

    /// Its kinds, in order.
    pub fn kinds(self) -> impl Iterator<Item = ChannelKind> {
        ChannelKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    const fn bit(kind: ChannelKind) -> u16 {
        1 << (kind as u16)
    }
}

impl FromIterator<ChannelKind> for KindSet {
    fn from_iter<T: IntoIterator<Item = ChannelKind>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, |set, kind| Self(set.0 | Self::bit(kind)))
    }
}
