//! Reports about our mails: what could not be delivered, what was complained about, what was opened.
//!
//! Delivery reports come in the form of RFC 3464 or as prose that every mail server words in its own way. Prose is believed only from
//! the addresses of mail servers, and it is read for three things: an address, a status and the line that explains it.
//!
//! [`DeliveryReport::about`] is proven by our token in the mail that is reported on. A report without it proves nothing: anybody can
//! write one about anybody. It may be shown; it must not keep an address from being written to.

use serde::Serialize;

use super::{
    author::mailbox,
    bounds::{MAX_PROSE_BYTES, MAX_REPORTED},
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
        kind: fields.word("feedback-type").unwrap_or_else(|| "abuse".to_owned()),
        recipient,
        reporter: fields.text("user-agent").map(|agent| clean::cut(&agent, 100).to_owned()),
    }
}

fn delivery(mail: &Mail<'_>, part: &Part<'_>, text: &str, keys: &[ThreadKey]) -> Option<DeliveryReport> {
    let bytes = part.bytes();
    let groups = groups(&bytes);
    let reporter = groups.iter().find_map(|fields| fields.text("reporting-mta")).map(|value| behind_type(&value).to_owned());
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

/// The first enhanced status code in a piece of text: `5.1.1`, `#5.1.1`, `5.1.1:`.
fn status_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let word = word.trim_matches('.');
        let numbers: Vec<&str> = word.split('.').collect();
        let [class, subject, detail] = numbers.as_slice() else { return None };
        let is_number = |number: &&str| (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        (["2", "4", "5"].contains(class) && is_number(subject) && is_number(detail)).then(|| word.to_owned())
    })
}

/// The first SMTP reply code of a refusal: `550`.
fn code_in(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').find(|word| {
        word.len() == 3
            && word.starts_with(['4', '5'])
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(word.as_bytes().get(1), Some(b'0'..=b'5'))
    })
}

fn reason(status: Option<&str>, said: &str, outcome: Outcome) -> Option<Reason> {
    if outcome == Outcome::Delivered {
        return None;
    }
    let lower = said.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let detail = status.and_then(|code| code.split_once('.')).map_or("", |(_, detail)| detail);
    let by_code = match detail {
        "1.1" | "1.6" | "1.10" | "1.3" | "1.4" => Some(Reason::UnknownAddress),
        "1.2" => Some(Reason::UnknownDomain),
        "2.2" => Some(Reason::MailboxFull),
        "2.1" => Some(Reason::MailboxDisabled),
        "2.3" | "3.4" => Some(Reason::TooLarge),
        "4.1" | "4.2" | "4.4" | "4.7" | "4.3" if !says(&["access denied", "recipient address rejected"]) => {
            Some(Reason::Unreachable)
        }
        _ if detail.starts_with("7.") => Some(Reason::Refused),
        _ => None,
    };
    // Of what is only "refused", the words may know more.
    let by_words = || {
        if says(&[
            "user unknown",
            "unknown user",
            "no such user",
            "does not exist",
            "doesn't exist",
            "no mailbox",
            "unknown recipient",
            "recipient unknown",
            "invalid recipient",
            "not found",
            "address rejected",
            "no existe",
            "não existe",
            "user doesn't have",
            "unrouteable",
            "unrouteable address",
            "mailbox unavailable",
            "is not known",
            "unknown or illegal",
            "not listed in",
            "no longer valid",
            "bad destination",
        ]) {
            Some(Reason::UnknownAddress)
        } else if says(&[
            "quota",
            "mailbox full",
            "mailbox is full",
            "over quota",
            "overquota",
            "storage",
            "buzón lleno",
            "insufficient system storage",
            "inbox is full",
        ]) {
            Some(Reason::MailboxFull)
        } else if says(&["disabled", "inactive", "suspended", "discontinued"]) {
            Some(Reason::MailboxDisabled)
        } else if says(&["host unknown", "domain not found", "host not found", "name service error", "dns", "no mx", "nxdomain"])
        {
            Some(Reason::UnknownDomain)
        } else if says(&["too large", "size limit", "exceeds the maximum", "message size"]) {
            Some(Reason::TooLarge)
        } else if says(&[
            "spam",
            "blocked",
            "blacklist",
            "blocklist",
            "policy",
            "denied",
            "reputation",
            "dmarc",
            "refused by",
            "not authorized",
            "rejected",
        ]) {
            Some(Reason::Refused)
        } else if says(&[
            "timed out",
            "timeout",
            "connection refused",
            "could not connect",
            "unreachable",
            "deferred",
            "try again",
            "greylist",
        ]) {
            Some(Reason::Unreachable)
        } else {
            None
        }
    };
    by_code.or_else(by_words)
}

const DAEMONS: [&str; 10] = [
    "mailer-daemon",
    "postmaster",
    "mail-daemon",
    "mdaemon",
    "mail.delivery",
    "maildelivery",
    "bounce",
    "bounces",
    "noreply-bounce",
    "microsoftexchange",
];
const FAILURES: [&str; 27] = [
    "undeliver",
    "delivery status notification",
    "delivery notification",
    "delivery failure",
    "failure notice",
    "returned mail",
    "mail delivery failed",
    "mail delivery failure",
    "delivery failed",
    "returned to sender",
    "undelivered mail",
    "mail system error",
    "message could not be delivered",
    "no entregado",
    "no se puede entregar",
    "no se pudo entregar",
    "error de entrega",
    "devuelto",
    "não entregue",
    "nao entregue",
    "falha na entrega",
    "falha de entrega",
    "mail delivery problem",
    "delayed",
    "warning: message",
    "could not send message",
    "nondeliverable",
];
/// Behind such a line stands the mail itself.
const ORIGINALS: [&str; 12] = [
    "--- below this line",
    "------ this is a copy",
    "----- original message",
    "------ original message",
    "--- original message",
    "original message follows",
    "----- unsent message",
    "return-path: <",
    "------ returned",
    "---- message header",
    "--- enclosed",
    "message headers:",
];
const DELAYS: [&str; 14] = [
    "delayed",
    "still trying",
    "will be retried",
    "will retry",
    "keep trying",
    "no action is required",
    "do not need to resend",
    "not yet been delivered",
    "warning message only",
    "se seguirá intentando",
    "sigue intentando",
    "demorado",
    "continuará tentando",
    "atraso",
];

/// A report in prose, from what is a mail server by its address and its words.
fn prose(mail: &Mail<'_>, text: &str, own: &[String], keys: &[ThreadKey]) -> Option<DeliveryReport> {
    let from = mail.fields.raw("from").next().map(|value| String::from_utf8_lossy(value).to_lowercase()).unwrap_or_default();
    let subject = mail.fields.text("subject").unwrap_or_default().to_lowercase();
    let failed: Vec<String> = mail
        .fields
        .raw("x-failed-recipients")
        .flat_map(|value| String::from_utf8_lossy(value).split(',').filter_map(address_in).collect::<Vec<_>>())
        .collect();
    let is_daemon =
        DAEMONS.iter().any(|name| from.contains(name)) || mail.fields.raw("return-path").any(|path| path.trim_ascii() == b"<>");
    let is_failure = FAILURES.iter().any(|words| subject.contains(words));
    if failed.is_empty() && !(is_daemon && is_failure) {
        return None;
    }
    let said = before_original(clean::cut_bytes(text, MAX_PROSE_BYTES));
    let lower = format!("{subject}\n{}", said.to_lowercase());
    let named: Vec<String> = if failed.is_empty() { named_in(said, own, &from) } else { failed };
    let is_delay = |detail: &str| {
        let is_final = detail.starts_with('5') || code_in(detail).is_some_and(|code| code.starts_with('5'));
        !is_final && DELAYS.iter().any(|words| lower.contains(words))
    };
    let recipients = if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() };
    let recipients = recipients
        .into_iter()
        .take(MAX_REPORTED)
        .map(|address: Option<String>| {
            let diagnostic = explanation(said, address.as_deref());
            let words = diagnostic.as_deref().unwrap_or_default();
            let status = status_in(words).or_else(|| status_in(said));
            let outcome = if is_delay(status.as_deref().unwrap_or(words)) { Outcome::Delayed } else { Outcome::Failed };
            let reason = reason(status.as_deref(), words, outcome).or_else(|| reason(None, said, outcome));
            Reported { address, original: None, outcome, status, reason, diagnostic }
        })
        .collect();
    Some(DeliveryReport { about: about(mail, text, keys), recipients, reporter: None, is_prose: true })
}

/// The text up to the mail that is sent back.
fn before_original(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let plain = line.trim_start_matches(['>', ' ']).to_lowercase();
        if at > 0 && ORIGINALS.iter().any(|mark| plain.starts_with(mark)) {
            return text.get(..at).unwrap_or(text);
        }
        at += line.len();
    }
    text
}

/// Addresses that begin a line come first; else the first one that is neither ours nor the server's.
fn named_in(text: &str, own: &[String], from: &str) -> Vec<String> {
    let is_other = |address: &String| {
        let local = address.split('@').next().unwrap_or_default();
        !own.iter().any(|known| known.eq_ignore_ascii_case(address))
            && !from.contains(address.as_str())
            && !DAEMONS.contains(&local)
    };
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        let start = line.trim().trim_start_matches(['<', '\'', '"', '*', '-', '\u{2022}', ' ', '[']);
        let start = start.strip_prefix("To:").or_else(|| start.strip_prefix("Recipient:")).map_or(start, str::trim_start);
        let word = start.split_whitespace().next().unwrap_or_default();
        if let Some(address) = address_in(word).filter(is_other)
            && !found.contains(&address)
            && found.len() < MAX_REPORTED
        {
            found.push(address);
        }
    }
    if found.is_empty() {
        found.extend(text.lines().filter_map(address_in).find(is_other));
    }
    found
}

/// The line that says why: with a status code, best behind the address; else the one behind the address.
fn explanation(text: &str, address: Option<&str>) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let at = address.and_then(|address| lines.iter().position(|line| line.to_lowercase().contains(address))).unwrap_or(0);
    let behind = lines.get(at..).unwrap_or_default();
    let says_why = |line: &&&str| status_in(line).is_some() || code_in(line).is_some();
    let found = behind.iter().take(12).find(says_why).or_else(|| lines.iter().find(says_why)).or_else(|| behind.get(1))?;
    let found = found.trim_start_matches(['(', '<', '>', ' ']);
    let line = clean::line(found.strip_prefix("Remote host said:").unwrap_or(found));
    Some(clean::cut(&line, MAX_DIAGNOSTIC_CHARACTERS).to_owned()).filter(|line| !line.is_empty())
}
