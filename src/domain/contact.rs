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
            ChannelKind::Email => Self::Email,
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

/// The digits of a number that whoever must not know it still sees: enough to tell two customers apart.
const SHOWN_DIGITS: usize = 4;
/// Shorter numbers are nobody's telephone and say nothing when their end is shown.
const NUMBER_DIGITS: usize = 6;

/// A name or address for who must not learn the number (S1-24): what is a number becomes `••• 6543`, e-mail addresses and names stay.
/// What a connected system calls its customer counts as a number when it holds one: many use the number itself.
pub fn masked(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(|c| c.is_numeric()).collect();
    if digits.len() < NUMBER_DIGITS || is_visitor(text) || is_email(text) {
        return text.to_owned();
    }
    let shown: String = digits.iter().skip(digits.len().saturating_sub(SHOWN_DIGITS)).collect();
    format!("••• {shown}")
}

/// What a web chat calls a visitor means nothing outside.
fn is_visitor(text: &str) -> bool {
    text.parse::<crate::ids::VisitorId>().is_ok()
}

/// `5491143216543@s.whatsapp.net` is a number, `luz1988@example.com` is not.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| host.contains('.') && name.chars().any(char::is_alphabetic))
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
    /// What agents noted about them, for agents.
    pub notes: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_masked_however_it_is_written() {
        for (text, shown) in [
            ("+5491143216543", "••• 6543"),
            ("+54 9 11 4321-6543", "••• 6543"),
            ("5491143216543@s.whatsapp.net", "••• 6543"),
            ("whatsapp:+5491143216543", "••• 6543"),
            ("١٢٣٤٥٦٧", "••• ٤٥٦٧"),
            ("Luz (+54 11 4321 6543)", "••• 6543"),
            ("12345", "12345"),
            ("cliente-1", "cliente-1"),
            ("luz1988123@example.com", "luz1988123@example.com"),
            ("Luz Díaz", "Luz Díaz"),
            ("01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000001"),
            ("", ""),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_more_than_four_digits_of_a_number_are_ever_shown(number in "\\+?[0-9][0-9 ().-]{5,30}[0-9]") {
            let digits = number.chars().filter(char::is_ascii_digit).count();
            prop_assume!(digits >= NUMBER_DIGITS);
            prop_assert_eq!(masked(&number).chars().filter(char::is_ascii_digit).count(), SHOWN_DIGITS);
        }
    }
}
