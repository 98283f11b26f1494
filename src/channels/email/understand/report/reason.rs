//! Why a mail did not arrive, from its status code and from what the other server said.

use super::{Outcome, Reason};

/// Words of servers, in the order in which they count.
const WORDS: [(Reason, &[&str]); 7] = [
    (
        Reason::UnknownAddress,
        &[
            "user unknown",
            "unknown user",
            "no such user",
            "does not exist",
            "doesn't exist",
            "no mailbox",
            "unknown recipient",
            "recipient unknown",
            "invalid recipient",
            "recipient not found",
            "recipientnotfound",
            "address not found",
            "address rejected",
            "no existe",
            "não existe",
            "user doesn't have",
            "unrouteable",
            "mailbox unavailable",
            "is not known",
            "unknown or illegal",
            "not listed in",
            "no longer valid",
            "bad destination",
        ],
    ),
    (
        Reason::MailboxFull,
        &["quota", "mailbox full", "mailbox is full", "insufficient system storage", "buzón lleno", "inbox is full"],
    ),
    (Reason::MailboxDisabled, &["disabled", "inactive", "suspended", "discontinued"]),
    (
        Reason::UnknownDomain,
        &[
            "host unknown",
            "domain not found",
            "domain name not found",
            "host not found",
            "name service error",
            "no mx",
            "nxdomain",
        ],
    ),
    (Reason::TooLarge, &["too large", "size limit", "exceeds the maximum", "message size"]),
    (
        Reason::Refused,
        &[
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
        ],
    ),
    (
        Reason::Unreachable,
        &["timed out", "timeout", "connection refused", "could not connect", "unreachable", "deferred", "try again", "greylist"],
    ),
];

/// The reason, by the code if it says one, else by the words.
pub(super) fn reason(status: Option<&str>, said: &str, outcome: Outcome) -> Option<Reason> {
    let detail = status.and_then(|code| code.split_once('.')).map_or("", |(_, detail)| detail);
    let by_code = match detail {
        _ if outcome == Outcome::Delivered => return None,
        "1.1" | "1.3" | "1.4" | "1.6" | "1.10" => Some(Reason::UnknownAddress),
        "1.2" => Some(Reason::UnknownDomain),
        "2.2" => Some(Reason::MailboxFull),
        "2.1" => Some(Reason::MailboxDisabled),
        "2.3" | "3.4" => Some(Reason::TooLarge),
        // Greylisting has such codes too.
        _ if detail.starts_with("7.") && outcome == Outcome::Failed => Some(Reason::Refused),
        _ => None,
    };
    let by_words = || {
        let lower = said.to_lowercase();
        WORDS.iter().find(|(_, words)| words.iter().any(|word| lower.contains(word))).map(|(reason, _)| *reason)
    };
    by_code.or_else(by_words).or_else(|| detail.starts_with("4.").then_some(Reason::Unreachable))
}

/// The first enhanced status code in a piece of text: `5.1.1`, `#5.1.1`, `5.1.1:`.
pub(super) fn status_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let word = word.trim_matches('.');
        let numbers: Vec<&str> = word.split('.').collect();
        let [class, subject, detail] = numbers.as_slice() else { return None };
        let is_number = |number: &&str| (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        (["2", "4", "5"].contains(class) && is_number(subject) && is_number(detail)).then(|| word.to_owned())
    })
}

/// The first SMTP reply code of a refusal: `550`.
pub(super) fn code_in(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').find(|word| {
        word.len() == 3
            && word.starts_with(['4', '5'])
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(word.as_bytes().get(1), Some(b'0'..=b'5'))
    })
}
