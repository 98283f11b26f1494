//! Reports in prose: from mail servers by their address and their words, read for an address, a status and the line that explains it.

use std::collections::HashMap;

use super::{
    super::{
        bounds::{MAX_PROSE_BYTES, MAX_REPORTED},
        clean,
        mime::Mail,
        token::ThreadKey,
    },
    DeliveryReport, MAX_DIAGNOSTIC_CHARACTERS, Outcome, Reported, about, address_in,
    reason::{code_in, reason, status_in},
};

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
pub(super) fn prose(mail: &Mail<'_>, text: &str, own: &[String], keys: &[ThreadKey]) -> Option<DeliveryReport> {
    let from = mail.fields.raw("from").next().map(|value| String::from_utf8_lossy(value).to_lowercase()).unwrap_or_default();
    let subject = mail.fields.text("subject").unwrap_or_default().to_lowercase();
    let failed: Vec<String> = mail
        .fields
        .raw("x-failed-recipients")
        .flat_map(|value| String::from_utf8_lossy(value).split(',').filter_map(address_in).collect::<Vec<_>>())
        .collect();
    let is_daemon =
        DAEMONS.iter().any(|name| from.contains(name)) || mail.fields.raw("return-path").any(|path| path.trim_ascii() == b"<>");
    let is_failure = !failed.is_empty() || FAILURES.iter().any(|words| subject.contains(words));
    if !(is_daemon && is_failure) {
        return None;
    }
    let said = before_original(clean::cut_bytes(text, MAX_PROSE_BYTES));
    let named: Vec<String> = if failed.is_empty() { named_in(said, own, &from) } else { failed };
    let talks_of_delay = {
        let lower = format!("{subject}\n{}", said.to_lowercase());
        DELAYS.iter().any(|words| lower.contains(words))
    };
    // Whatever is said for all of them is looked for once.
    let (lines, status_of_all) = (Lines::of(said), status_in(said));
    let reason_of_all = reason(None, said, Outcome::Failed);
    let recipients = if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() };
    let recipients = recipients
        .into_iter()
        .take(MAX_REPORTED)
        .map(|address: Option<String>| {
            let diagnostic = lines.explanation(address.as_deref());
            let words = diagnostic.as_deref().unwrap_or_default();
            let status = status_in(words).or_else(|| status_of_all.clone());
            let detail = status.as_deref().unwrap_or(words);
            let is_final = detail.starts_with('5') || code_in(detail).is_some_and(|code| code.starts_with('5'));
            let outcome = if talks_of_delay && !is_final { Outcome::Delayed } else { Outcome::Failed };
            let reason = reason(status.as_deref(), words, outcome).or(reason_of_all);
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

/// The lines of a report in prose, read once.
struct Lines<'a> {
    lines: Vec<&'a str>,
    /// Where an address stands first.
    first: HashMap<String, usize>,
    /// Lines with a status or a reply code, in order.
    reasons: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut first = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            if let Some(address) = address_in(line) {
                first.entry(address).or_insert(at);
            }
        }
        let says_why = |line: &str| status_in(line).is_some() || code_in(line).is_some();
        let reasons = lines.iter().enumerate().filter(|(_, line)| says_why(line)).map(|(at, _)| at).collect();
        Self { lines, first, reasons }
    }

    /// The line that says why: with a status code, best soon behind the address; else the one behind the address.
    fn explanation(&self, address: Option<&str>) -> Option<String> {
        let at = address.and_then(|address| self.first.get(address)).copied().unwrap_or(0);
        let next = self.reasons.get(self.reasons.partition_point(|reason| *reason < at)).filter(|reason| **reason < at + 12);
        let behind = || {
            let introduces = |line: &&str| line.ends_with(':') && !line.contains('@');
            let mut lines = self.lines.iter().skip(at + 1);
            lines.find(|line| !introduces(line))
        };
        let found = next.or_else(|| self.reasons.first()).and_then(|at| self.lines.get(*at)).or_else(behind)?;
        let marks = ["<<< ", "<-- ", ">>> ", "--> ", "(", "Remote host said:"];
        let bare = marks.iter().find_map(|mark| found.strip_prefix(mark)).unwrap_or(found);
        Some(clean::cut(&clean::line(bare), MAX_DIAGNOSTIC_CHARACTERS).to_owned()).filter(|line| !line.is_empty())
    }
}
