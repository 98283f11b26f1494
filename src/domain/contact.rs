//! Contacts: a customer as one client knows them, reachable at several addresses (S2-79).

use serde::{Deserialize, Serialize};

use crate::{
    domain::channel::ChannelKind,
    ids::{ClientId, ContactId},
};

/// One way to reach a contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The network the address belongs to.
    pub kind: AddressKind,
    /// The address in the form of its network, normalised by [`Address::new`].
    pub value: String,
}

/// Networks that name people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum AddressKind {
    /// The id that a connected system gives its customer.
    Api,
    /// A visitor of a web chat: a browser, or who was identified.
    Visitor,
    /// The number that the company itself gives its customer, signed by it (docs/web-chat.md).
    Webchat,
    /// An e-mail address, lower case.
    Email,
    /// A telephone number in E.164 (S0-94).
    Phone,
}

impl AddressKind {
    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Visitor => "visitor",
            Self::Webchat => "webchat",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Api, Self::Visitor, Self::Webchat, Self::Email, Self::Phone].into_iter().find(|kind| kind.as_str() == word)
    }

    /// The addresses that a channel of this kind speaks to.
    pub const fn of(channel: ChannelKind) -> Self {
        match channel {
            ChannelKind::Api => Self::Api,
            ChannelKind::Webchat => Self::Visitor,
        }
    }
}

/// The longest address, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 254;

impl Address {
    /// Normalises and checks: no control characters, 1 to [`MAX_ADDRESS_BYTES`] bytes, e-mail in lower case.
    pub fn new(kind: AddressKind, value: &str) -> Option<Self> {
        let trimmed = value.trim();
        let fits = !trimmed.is_empty() && trimmed.len() <= MAX_ADDRESS_BYTES && !trimmed.chars().any(char::is_control);
        let value = match kind {
            AddressKind::Email => trimmed.to_lowercase(),
            AddressKind::Api | AddressKind::Visitor | AddressKind::Webchat | AddressKind::Phone => trimmed.to_owned(),
        };
        fits.then_some(Self { kind, value })
    }
}

/// A customer of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The company that serves them.
    pub client: ClientId,
    /// As shown to agents; empty when unknown.
    pub name: String,
    /// All known addresses; a change adds and never deletes (S2-75).
    pub addresses: Vec<Address>,
}
