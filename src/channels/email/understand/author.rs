//! Who wrote, and who is answered.
//!
//! The author is the one address of the one From field, read after everything is decoded. Anything else (no From, two of them,
//! several addresses, an address that only appears by decoding) is refused: guessing here is how one customer becomes another.
//! `Sender` never counts.
//!
//! **Replies** go to the author. A Reply-To changes that by itself only when it stays within the author's own organisation: the same
//! domain, one below or above it, and not one of the large public providers, where everybody has the same domain. Every other
//! Reply-To is kept apart for the agent to choose ([`Replies::elsewhere`]); nothing automatic may ever be sent there. Otherwise
//! anybody could have us write, with the thread's history, to whomever they like.

use serde::Serialize;

use super::{
    Unreadable,
    bounds::{MAX_NAME_CHARACTERS, MAX_RECIPIENTS},
    clean,
    header::Fields,
};
use crate::domain::{
    contact::{Address, AddressKind},
    mail::{Doubt, Mailbox},
};

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replies {
    /// By itself: the author, or a Reply-To of their own organisation.
    pub to: Mailbox,
    /// Another Reply-To, which an agent may choose.
    pub elsewhere: Option<Mailbox>,
}

/// Providers where strangers share a domain.
const PUBLIC: [&str; 34] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "outlook.es",
    "outlook.com.br",
    "outlook.com.ar",
    "hotmail.com",
    "hotmail.es",
    "hotmail.com.ar",
    "hotmail.com.br",
    "live.com",
    "live.com.ar",
    "live.com.mx",
    "msn.com",
    "yahoo.com",
    "yahoo.es",
    "yahoo.com.ar",
    "yahoo.com.br",
    "yahoo.com.mx",
    "ymail.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "gmx.com",
    "gmx.es",
    "gmx.de",
    "proton.me",
    "protonmail.com",
    "uol.com.br",
    "bol.com.br",
    "terra.com.br",
    "mail.com",
    "zoho.com",
];

/// One address of sound form: exactly one `@` outside quotes, nothing invisible, not too long.
pub(super) fn mailbox(name: &str, address: &str) -> Option<Mailbox> {
    let address = Address::new(AddressKind::Email, address)?.value;
    let (local, domain) = address.rsplit_once('@')?;
    let is_plain = |c: char| !c.is_whitespace() && !crate::domain::file::is_control(c) && !"<>()[]\\,;:\"".contains(c);
    let is_sound = !local.is_empty()
        && !local.contains('@')
        && local.chars().all(is_plain)
        && domain.chars().all(is_plain)
        && domain.split('.').all(|label| !label.is_empty());
    let name = clean::cut(name.trim_matches(['"', '\'']).trim(), MAX_NAME_CHARACTERS).to_owned();
    is_sound.then_some(Mailbox { name, address })
}

/// The author.
pub(super) fn author(fields: &Fields<'_>) -> Result<Mailbox, Unreadable> {
    let mut from = fields.raw("from").filter(|value| !value.is_empty());
    let value = from.next().ok_or(Unreadable::NoAuthor)?;
    if from.next().is_some() {
        return Err(Unreadable::SeveralAuthors);
    }
    let found = fields.addresses("from");
    let [(name, address)] = found.as_slice() else {
        return Err(if found.is_empty() { Unreadable::NoAuthor } else { Unreadable::SeveralAuthors });
    };
    let author = mailbox(name, address).ok_or(Unreadable::AmbiguousAuthor)?;
    // An address that is not there before decoding was hidden in a name.
    let literal: String = String::from_utf8_lossy(value).split_whitespace().collect::<String>().to_lowercase();
    if !literal.contains(&author.address) || outside_quotes(&literal).matches('@').count() > 1 + comment_ats(&literal) {
        return Err(Unreadable::AmbiguousAuthor);
    }
    Ok(author)
}

/// Without quoted strings and encoded words, in which an `@` is part of a name.
fn outside_quotes(literal: &str) -> String {
    let mut kept = String::with_capacity(literal.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for character in literal.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ if !is_quoted => kept.push(character),
            _ => {}
        }
    }
    kept
}

/// `ana@x.com <ana@x.com>` and `ana@x.com (ana@x.com)` are common and clear: the name in front may have an `@`.
fn comment_ats(literal: &str) -> usize {
    let before = literal.split_once('<').map_or("", |(name, _)| name);
    let comment = literal.split_once('(').map_or("", |(_, comment)| comment);
    outside_quotes(before).matches('@').count().max(comment.matches('@').count())
}

/// The recipients of a field, each once, and whether some were left out.
pub(super) fn recipients(fields: &Fields<'_>, name: &str) -> (Vec<Mailbox>, bool) {
    let found = fields.addresses(name);
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Mailbox> = found.iter().filter_map(|(name, address)| mailbox(name, address)).collect();
    kept.retain(|one| seen.insert(one.address.clone()));
    let is_cut = kept.len() > MAX_RECIPIENTS;
    kept.truncate(MAX_RECIPIENTS);
    (kept, is_cut)
}

/// Where answers go.
pub(super) fn replies(fields: &Fields<'_>, author: &Mailbox, own: &[String]) -> Replies {
    let asked: Vec<Mailbox> = fields.addresses("reply-to").iter().filter_map(|(name, address)| mailbox(name, address)).collect();
    let is_own = |one: &Mailbox| own.iter().any(|known| known.eq_ignore_ascii_case(&one.address));
    match asked.as_slice() {
        [one] if one.address != author.address && !is_own(one) => {
            if is_same_organisation(&one.address, &author.address) {
                Replies { to: one.clone(), elsewhere: None }
            } else {
                Replies { to: author.clone(), elsewhere: Some(one.clone()) }
            }
        }
        _ => Replies { to: author.clone(), elsewhere: None },
    }
}

fn is_same_organisation(one: &str, other: &str) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let (one, other) = (domain(one), domain(other));
    let below = |lower: &str, upper: &str| {
        upper.contains('.')
            && !is_registry(upper)
            && lower.strip_suffix(upper).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !PUBLIC.contains(&one.as_str()) && !PUBLIC.contains(&other.as_str()) && (below(&one, &other) || below(&other, &one))
}

/// `com.ar`, `co.uk`: what looks like a domain of an organisation and is a registry's.
fn is_registry(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    matches!(labels.as_slice(), [second, top] if top.len() == 2 && ["com", "co", "org", "net", "gob", "gov", "edu", "ac", "mil", "nom", "ind"].contains(second))
}

/// What speaks against believing the author.
pub(super) fn doubts(author: &Mailbox, replies: &Replies, own: &[String]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let named = author.name.split([' ', '<', '>', '(', ')', '"', '\'']).find(|word| word.contains('@') && word.contains('.'));
    if named.is_some_and(|named| !named.eq_ignore_ascii_case(&author.address)) {
        doubts.push(Doubt::NameIsAnotherAddress);
    }
    let domain = author.address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if !author.address.is_ascii() || domain.split('.').any(|label| label.starts_with("xn--")) {
        doubts.push(Doubt::LooksLikeAnother);
    }
    if own.iter().any(|known| known.eq_ignore_ascii_case(&author.address)) {
        doubts.push(Doubt::OurOwnAddress);
    }
    if replies.elsewhere.is_some() {
        doubts.push(Doubt::RepliesElsewhere);
    }
    doubts
}
