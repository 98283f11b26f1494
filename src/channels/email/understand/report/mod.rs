//! Reports about our mails: what could not be delivered, what was complained about, what was opened.
//!
//! Delivery reports come in the form of RFC 3464 or as prose that every mail server words in its own way. Prose is believed only from
//! the addresses of mail servers, and it is read for three things: an address, a status and the line that explains it.
//!
//! [`DeliveryReport::about`] is proven by our token in the mail that is reported on. A report without it proves nothing: anybody can
//! write one about anybody. It may be shown; it must not keep an address from being written to. And whoever got one of our mails can
//! write a report with a true token: so only an address to which that very message went may be believed to fail, and a complaint
//! counts for that address only.

mod prose;
mod reason;

use serde::Serialize;

use self::{
    prose::prose,
    reason::{reason, status_in},
};
use super::{
    author::mailbox,
    bounds::{MAX_NAME_CHARACTERS, MAX_PROSE_BYTES, MAX_REPORTED},
    clean,
    header::Fields,
    mime::{Mail, Part, enclosed_fields},
    token::{OurMessage, ThreadKey, verify},
};

/// A report about one of our mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Report {
    /// It was delivered, or not (RFC 3464).
    Delivery(DeliveryReport),
    /// A recipient calls it spam (RFC 5965).
    Complaint(Complaint),
    /// A recipient's program says what became of it (RFC 8098).
    Receipt(Receipt),
}

/// What became of a mail, for each recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Which of our messages, proven.
    pub about: Option<OurMessage>,
    /// In order, each address once; empty when the report names none.
    pub recipients: Vec<Reported>,
    /// The server that reports.
    pub reporter: Option<String>,
    /// Read from prose: what it says is likely, not certain.
    pub is_prose: bool,
}

/// What became of a mail for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// To whom it was going in the end, in lower case.
    pub address: Option<String>,
    /// To whom we had sent it, if that is another one.
    pub original: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The enhanced status code (RFC 3463): `5.1.1`.
    pub status: Option<String>,
    /// What went wrong.
    pub reason: Option<Reason>,
    /// What the other server said.
    pub diagnostic: Option<String>,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It will not arrive.
    Failed,
    /// It did not arrive yet; the server goes on trying. Not a failure.
    Delayed,
    /// It arrived, or was handed on to where no reports come from.
    Delivered,
}

/// Why a mail did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody has this address.
    UnknownAddress,
    /// The domain does not exist or takes no mail.
    UnknownDomain,
    /// The mailbox is full.
    MailboxFull,
    /// The mailbox is switched off.
    MailboxDisabled,
    /// The mail is too large.
    TooLarge,
    /// The other side does not want it: spam, policy, our reputation.
    Refused,
    /// The other side could not be reached, or had no time.
    Unreachable,
}

/// A recipient calls one of our mails spam.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// Which of our messages, proven.
    pub about: Option<OurMessage>,
    /// `abuse`, `fraud`, `not-spam` …
    pub kind: String,
    /// Who complains; some providers leave it out.
    pub recipient: Option<String>,
    /// Who reports.
    pub reporter: Option<String>,
}

/// A recipient's program says what became of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Which of our messages, proven.
    pub about: Option<OurMessage>,
    /// It was shown to somebody; else deleted unread, or refused.
    pub is_displayed: bool,
}

const MAX_DIAGNOSTIC_CHARACTERS: usize = 500;

/// Parts that only machines read.
pub(super) fn is_machinery(media_type: &str) -> bool {
    matches!(
        media_type,
        "message/delivery-status"
            | "message/global-delivery-status"
            | "message/feedback-report"
            | "message/disposition-notification"
            | "message/global-disposition-notification"
            | "text/rfc822-headers"
            | "message/global-headers"
            | "text/rfc822"
    )
}

/// The report in a mail. `text` is what the mail says to people, `own` are our addresses.
pub(super) fn report(mail: &Mail<'_>, text: &str, own: &[String], keys: &[ThreadKey]) -> Option<Report> {
    let part = |types: &[&str]| mail.parts.iter().find(|part| types.contains(&part.media_type.as_str()));
    if let Some(found) = part(&["message/feedback-report"]) {
        return Some(Report::Complaint(complaint(mail, found, keys)));
    }
    if let Some(found) = part(&["message/disposition-notification", "message/global-disposition-notification"]) {
        let bytes = found.bytes();
        let fields = Fields::read(&bytes);
        let said = fields.text("disposition").unwrap_or_default().to_ascii_lowercase();
        let about = fields.ids("original-message-id").iter().find_map(|id| ours(id, keys)).or_else(|| about(mail, text, keys));
        return Some(Report::Receipt(Receipt { about, is_displayed: said.contains("displayed") }));
    }
    if let Some(found) = part(&["message/delivery-status", "message/global-delivery-status"]) {
        return delivery(mail, found, text, keys).map(Report::Delivery);
    }
    prose(mail, text, own, keys).map(Report::Delivery)
}

fn ours(id: &str, keys: &[ThreadKey]) -> Option<OurMessage> {
    keys.iter().find_map(|key| verify(id, key))
}

/// The mail that is reported on: as it is enclosed, as it is named, as it stands somewhere in the text.
fn about(mail: &Mail<'_>, text: &str, keys: &[ThreadKey]) -> Option<OurMessage> {
    let enclosed = mail.parts.iter().filter(|part| {
        part.media_type.starts_with("message/") || part.media_type == "text/rfc822-headers" || part.media_type == "text/rfc822"
    });
    let named = |fields: &Fields<'_>| {
        ["message-id", "original-message-id", "x-original-message-id", "in-reply-to", "references"]
            .iter()
            .find_map(|name| fields.ids(name).iter().rev().find_map(|id| ours(id, keys)))
    };
    enclosed
        .filter(|part| part.raw.len() <= super::bounds::MAX_RAW_BYTES)
        .find_map(|part| named(&enclosed_fields(&head(part))))
        .or_else(|| named(&mail.fields))
        .or_else(|| anywhere(text, keys))
        .or_else(|| anywhere(&String::from_utf8_lossy(mail.body.get(..MAX_PROSE_BYTES).unwrap_or(mail.body)), keys))
}

/// The beginning of an enclosed mail.
fn head(part: &Part<'_>) -> Vec<u8> {
    let raw = part.raw.get(..2 * MAX_PROSE_BYTES).unwrap_or(part.raw);
    super::charset::carried(raw, part.fields.word("content-transfer-encoding").as_deref())
}

/// A token of ours wherever it stands.
fn anywhere(text: &str, keys: &[ThreadKey]) -> Option<OurMessage> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '(' | ')' | ';' | ',');
    let words = clean::cut_bytes(text, MAX_PROSE_BYTES).split(is_end);
    words.filter(|word| word.len() > 80 && word.contains('@')).find_map(|word| ours(word, keys))
}

fn complaint(mail: &Mail<'_>, part: &Part<'_>, keys: &[ThreadKey]) -> Complaint {
    let bytes = part.bytes();
    let fields = Fields::read(&bytes);
    let recipient =
        fields.text("original-rcpt-to").or_else(|| fields.text("removal-recipient")).and_then(|address| address_in(&address));
    Complaint {
        about: about(mail, "", keys),
        kind: fields.word("feedback-type").map_or_else(|| "abuse".to_owned(), |kind| clean::cut(&kind, 40).to_owned()),
        recipient,
        reporter: fields.text("user-agent").map(|agent| clean::cut(&agent, 100).to_owned()),
    }
}

fn delivery(mail: &Mail<'_>, part: &Part<'_>, text: &str, keys: &[ThreadKey]) -> Option<DeliveryReport> {
    let bytes = part.bytes();
    let groups = groups(&bytes);
    let reporter = groups
        .iter()
        .find_map(|fields| fields.text("reporting-mta"))
        .map(|value| clean::cut(behind_type(&value), MAX_NAME_CHARACTERS).to_owned());
    let mut recipients: Vec<Reported> = Vec::new();
    for fields in &groups {
        let is_recipient = ["final-recipient", "original-recipient", "action", "status"].iter().any(|name| fields.has(name));
        if !is_recipient || recipients.len() >= MAX_REPORTED {
            continue;
        }
        let one = reported(fields);
        if one.address.is_none() || recipients.iter().all(|known| known.address != one.address) {
            recipients.push(one);
        }
    }
    if recipients.is_empty() {
        return None;
    }
    Some(DeliveryReport { about: about(mail, text, keys), recipients, reporter, is_prose: false })
}

/// Groups of fields with empty lines between them. Some servers put one within a group's fields; such fields still count, by
/// themselves.
fn groups(bytes: &[u8]) -> Vec<Fields<'_>> {
    let (mut groups, mut start, mut at) = (Vec::new(), 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if line.trim_ascii().is_empty() {
            groups.push(Fields::read(bytes.get(start..at).unwrap_or_default()));
            start = end;
        }
        at = end;
        if groups.len() > MAX_REPORTED + 2 {
            break;
        }
    }
    groups.push(Fields::read(bytes.get(start..at).unwrap_or_default()));
    groups.retain(|fields| !fields.is_empty());
    groups
}

/// `rfc822;ana@example.com`, `smtp; 550 …`: what is behind the type.
fn behind_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains([' ', '@']) => rest.trim(),
        _ => value.trim(),
    }
}

fn reported(fields: &Fields<'_>) -> Reported {
    let address = |name: &str| fields.text(name).and_then(|value| address_in(behind_type(&value)));
    let (last, first) = (address("final-recipient"), address("original-recipient"));
    let diagnostic = fields
        .text("diagnostic-code")
        .map(|value| clean::cut(behind_type(&value), MAX_DIAGNOSTIC_CHARACTERS).to_owned())
        .filter(|text| !text.is_empty());
    let stated = fields.text("status").and_then(|value| status_in(&value));
    // Many say 5.0.0 where the other server said what it was.
    let inner = diagnostic.as_deref().and_then(status_in);
    let is_vague = stated.as_deref().is_none_or(|code| code.ends_with(".0.0"));
    let status = if is_vague { inner.or(stated) } else { stated };
    let outcome = match fields.word("action").as_deref() {
        Some("delayed") => Outcome::Delayed,
        Some("delivered" | "relayed" | "expanded") => Outcome::Delivered,
        Some("failed") => Outcome::Failed,
        _ => match status.as_deref().and_then(|code| code.chars().next()) {
            Some('2') => Outcome::Delivered,
            Some('4') => Outcome::Delayed,
            _ => Outcome::Failed,
        },
    };
    let original = first.clone().filter(|first| last.as_ref().is_some_and(|last| last != first));
    let reason = reason(status.as_deref(), diagnostic.as_deref().unwrap_or_default(), outcome);
    Reported { address: last.or(first), original, outcome, status, reason, diagnostic }
}

/// The first address in a piece of text.
fn address_in(text: &str) -> Option<String> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"' | '\'' | '[' | ']' | '\u{2018}' | '\u{2019}')
    })
    .map(|word| word.trim_matches([':', '.', '\'', '"']))
    .map(|word| word.strip_prefix("mailto:").unwrap_or(word))
    .find_map(|word| mailbox("", word))
    .filter(|found| found.address.contains('.'))
    .map(|found| found.address)
}
