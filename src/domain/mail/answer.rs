//! Who gets what somebody of the staff writes, under which subject and as part of which thread (S4-115, S4-117). Pure.
//!
//! - A reply goes to who wrote, or to the Reply-To of their own organisation; to a Reply-To elsewhere only when that is asked for.
//!   A reply to a mail of ours goes where that went.
//! - A reply to all keeps everybody of To and Cc.
//! - Nobody is written to twice, and none of our own accounts ever (that is how loops begin).
//! - A subject has one prefix, whatever was piled up before it.
//! - References are those of the mail that is answered and its own id behind them (RFC 5322, 3.6.4), the first and the last of
//!   them when there are many.

use std::collections::HashSet;

use super::{Envelope, Mailbox};
use crate::ids::AttachmentId;

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// To who wrote.
    #[default]
    Reply,
    /// To all who could read it.
    ReplyAll,
    /// To others, who take no part in the conversation by that.
    Forward,
    /// Something new.
    New,
}

/// What somebody wants to send. What is left out follows from the mail that is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What it is.
    pub kind: Kind,
    /// To whom instead.
    pub to: Option<Vec<Mailbox>>,
    /// Who else instead.
    pub cc: Option<Vec<Mailbox>>,
    /// Who else, without the others knowing.
    pub bcc: Vec<Mailbox>,
    /// About what instead.
    pub subject: Option<String>,
    /// The HTML, stored and clean.
    pub html: Option<AttachmentId>,
    /// To the Reply-To that lies elsewhere.
    pub elsewhere: bool,
}

/// Why it cannot be sent so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is nobody but ourselves to send it to.
    #[error("nobody to send it to")]
    NoReceiver,
    /// More than [`MAX_RECEIVERS`].
    #[error("too many receivers")]
    TooManyReceivers,
    /// No address that means the same to every server, or a name that ends a line.
    #[error("not an address a mail can go to")]
    Address {
        /// `to`, `cc` or `bcc`.
        field: &'static str,
        /// Which of them.
        index: usize,
    },
    /// It ends a line somewhere, or is longer than [`MAX_SUBJECT_CHARACTERS`].
    #[error("not a subject")]
    Subject,
}

/// More would be another mail (RFC 5321, 4.5.3.1.8).
pub const MAX_RECEIVERS: usize = 100;
/// The longest subject, in characters.
pub const MAX_SUBJECT_CHARACTERS: usize = 500;
/// The longest name of a receiver, in characters.
const MAX_NAME_CHARACTERS: usize = 200;
/// Ids kept of References.
const MAX_REFERENCES: usize = 30;

/// How mail programs say that something is an answer or passed on, in lower case, without the colon. `Ref` is none: people mean
/// their reference by it.
const PREFIXES: [&str; 14] = ["re", "res", "rv", "enc", "fwd", "fw", "aw", "antw", "wg", "sv", "vs", "tr", "rif", "encaminhado"];

/// The envelope of what is sent, without its Message-ID. `before` is the mail that is answered or passed on, `contact` the one whose
/// conversation it is, `own` every address of our own accounts.
///
/// # Errors
/// What is wrong with what was asked for.
pub fn answer(request: Request, before: Option<&Envelope>, contact: &Mailbox, own: &[String]) -> Result<Envelope, Fault> {
    let Request { kind, to, cc, bcc, subject, html, elsewhere } = request;
    let by_itself = before.filter(|_| matches!(kind, Kind::Reply | Kind::ReplyAll));
    let mut chosen = Receivers::new(own);
    let to = to.unwrap_or_else(|| match (kind, by_itself) {
        (Kind::Forward, _) => Vec::new(),
        (_, Some(before)) => repliers(before, kind, elsewhere, contact),
        (_, None) => vec![contact.clone()],
    });
    let cc = cc.unwrap_or_else(|| match by_itself {
        Some(before) if kind == Kind::ReplyAll => before.cc.clone(),
        _ => Vec::new(),
    });
    let (to, cc, bcc) = (chosen.take("to", to)?, chosen.take("cc", cc)?, chosen.take("bcc", bcc)?);
    if to.is_empty() && cc.is_empty() && bcc.is_empty() {
        return Err(Fault::NoReceiver);
    }
    if to.len() + cc.len() + bcc.len() > MAX_RECEIVERS {
        return Err(Fault::TooManyReceivers);
    }
    let subject = match subject {
        Some(subject) => line(&subject, MAX_SUBJECT_CHARACTERS).ok_or(Fault::Subject)?,
        None => subject_of(kind, before.map_or("", |before| &before.subject)),
    };
    let thread = before.filter(|_| kind != Kind::New);
    Ok(Envelope {
        subject,
        to,
        cc,
        bcc,
        in_reply_to: thread.filter(|_| kind != Kind::Forward).and_then(|before| before.message_id.clone()).into_iter().collect(),
        references: thread.map(references).unwrap_or_default(),
        html,
        has_html: html.is_some(),
        forwarded: kind == Kind::Forward,
        ..Envelope::default()
    })
}

/// Who a reply goes to by itself.
fn repliers(before: &Envelope, kind: Kind, elsewhere: bool, contact: &Mailbox) -> Vec<Mailbox> {
    let Some(from) = &before.from else {
        // Ours: it is followed by another one. Where it went only to hidden receivers, the contact is who is meant.
        return if before.to.is_empty() { vec![contact.clone()] } else { before.to.clone() };
    };
    let asked = before.elsewhere.as_ref().filter(|_| elsewhere).or(before.reply_to.as_ref());
    let mut to = vec![asked.unwrap_or(from).clone()];
    if kind == Kind::ReplyAll {
        to.extend(before.to.iter().cloned());
    }
    to
}

/// Takes everybody once, and none of ours.
struct Receivers {
    seen: HashSet<String>,
}

impl Receivers {
    fn new(own: &[String]) -> Self {
        Self { seen: own.iter().map(|own| own.to_lowercase()).collect() }
    }

    fn take(&mut self, field: &'static str, who: Vec<Mailbox>) -> Result<Vec<Mailbox>, Fault> {
        let mut kept = Vec::with_capacity(who.len());
        for (index, Mailbox { name, address }) in who.into_iter().enumerate() {
            let name = line(&name, MAX_NAME_CHARACTERS).ok_or(Fault::Address { field, index })?;
            let address = address.trim().to_lowercase();
            if !is_sound(&address) {
                return Err(Fault::Address { field, index });
            }
            if self.seen.insert(address.clone()) {
                kept.push(Mailbox { name, address });
            }
        }
        Ok(kept)
    }
}

fn ends_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Trimmed; none when it is more than one line, or too long.
fn line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    (!text.contains(ends_a_line) && text.chars().count() <= most).then(|| text.to_owned())
}

/// Strict enough that it means the same to every server: no quoted local parts, no comments, no numbers for hosts.
fn is_sound(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let odd = |c: char| ends_a_line(c) || c.is_whitespace() || "()<>[]:;@\\,\"".contains(c);
    let dots = |text: &str| text.starts_with('.') || text.ends_with('.') || text.contains("..");
    let is_number = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (1..=64).contains(&local.len())
        && address.len() <= crate::domain::contact::MAX_ADDRESS_BYTES
        && !domain.is_empty()
        && !is_number
        && ![local, domain].iter().any(|part| part.contains(odd) || dots(part))
}

/// The subject with the prefix of what is done with it.
fn subject_of(kind: Kind, before: &str) -> String {
    let prefix = match kind {
        Kind::Reply | Kind::ReplyAll => "Re: ",
        Kind::Forward => "Fwd: ",
        Kind::New => return before.trim().to_owned(),
    };
    let base: String = bare_subject(before).chars().take(MAX_SUBJECT_CHARACTERS - prefix.len()).collect();
    format!("{prefix}{base}").trim_end().to_owned()
}

/// A subject without its prefixes, in any of the languages our customers' mail programs speak.
pub fn bare_subject(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once([':', '：']) {
        let word = prefix.trim_end();
        // `Re[2]:`, `RE (3):`
        let word = word.strip_suffix([']', ')']).map_or(word, |counted| {
            let without = counted.trim_end_matches(|c: char| c.is_ascii_digit());
            without.strip_suffix(['[', '(']).filter(|_| without.len() < counted.len()).map_or(word, str::trim_end)
        });
        if !PREFIXES.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// What came before, the oldest first.
fn references(before: &Envelope) -> Vec<String> {
    let earlier = match (before.references.as_slice(), before.in_reply_to.as_slice()) {
        ([], [one]) => std::slice::from_ref(one),
        (references, _) => references,
    };
    let mut ids: Vec<String> = Vec::with_capacity(earlier.len() + 1);
    for id in earlier.iter().chain(&before.message_id) {
        // What comes again counts where it came last.
        ids.retain(|known| known != id);
        ids.push(id.clone());
    }
    if ids.len() > MAX_REFERENCES {
        ids.drain(1..=ids.len() - MAX_REFERENCES);
    }
    ids
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn who(address: &str) -> Mailbox {
        Mailbox { name: String::new(), address: address.to_owned() }
    }

    fn all(addresses: &[&str]) -> Vec<Mailbox> {
        addresses.iter().map(|address| who(address)).collect()
    }

    fn addresses(list: &[Mailbox]) -> Vec<&str> {
        list.iter().map(|one| one.address.as_str()).collect()
    }

    const OWN: &str = "ayuda@empresa.example";

    fn inbound() -> Envelope {
        Envelope {
            subject: "Factura".to_owned(),
            from: Some(who("ana@casa.example")),
            to: all(&[OWN, "luz@casa.example"]),
            cc: all(&["juan@otra.example", "Ayuda@Empresa.example"]),
            message_id: Some("m2@casa.example".to_owned()),
            in_reply_to: vec!["m1@empresa.example".to_owned()],
            ..Envelope::default()
        }
    }

    fn sent(request: Request, before: Option<&Envelope>) -> Result<Envelope, Fault> {
        answer(request, before, &who("ana@casa.example"), &[OWN.to_owned(), "ventas@empresa.example".to_owned()])
    }

    fn by(kind: Kind, before: &Envelope) -> Envelope {
        sent(Request { kind, ..Request::default() }, Some(before)).unwrap()
    }

    #[test]
    fn a_reply_goes_to_who_wrote_and_a_reply_to_all_loses_nobody_but_us() {
        let reply = by(Kind::Reply, &inbound());
        assert_eq!((addresses(&reply.to), reply.cc.len()), (vec!["ana@casa.example"], 0));
        let all = by(Kind::ReplyAll, &inbound());
        assert_eq!(addresses(&all.to), ["ana@casa.example", "luz@casa.example"]);
        assert_eq!(addresses(&all.cc), ["juan@otra.example"]);
        assert_eq!((all.subject.as_str(), all.from), ("Re: Factura", None));
    }

    #[test]
    fn reply_to_counts_within_the_organisation_and_elsewhere_only_when_asked_for() {
        let within = Envelope { reply_to: Some(who("pagos@casa.example")), ..inbound() };
        assert_eq!(addresses(&by(Kind::Reply, &within).to), ["pagos@casa.example"]);
        let elsewhere = Envelope { elsewhere: Some(who("x@malo.example")), ..inbound() };
        assert_eq!(addresses(&by(Kind::Reply, &elsewhere).to), ["ana@casa.example"]);
        assert!(!addresses(&by(Kind::ReplyAll, &elsewhere).to).contains(&"x@malo.example"));
        let asked = sent(Request { elsewhere: true, ..Request::default() }, Some(&elsewhere)).unwrap();
        assert_eq!(addresses(&asked.to), ["x@malo.example"]);
    }

    #[test]
    fn what_follows_a_mail_of_ours_goes_where_that_went() {
        let ours = Envelope { from: None, to: all(&["ana@casa.example"]), cc: all(&["juan@otra.example"]), ..inbound() };
        assert_eq!(addresses(&by(Kind::Reply, &ours).to), ["ana@casa.example"]);
        assert_eq!(addresses(&by(Kind::ReplyAll, &ours).cc), ["juan@otra.example"]);
        let hidden = Envelope { from: None, to: vec![], ..inbound() };
        assert_eq!(addresses(&by(Kind::Reply, &hidden).to), ["ana@casa.example"]);
        assert_eq!(addresses(&sent(Request::default(), None).unwrap().to), ["ana@casa.example"]);
    }

    #[test]
    fn nobody_is_written_to_twice_and_we_never() {
        let request = Request {
            to: Some(all(&["B@x.example", "b@X.example", OWN])),
            cc: Some(all(&["b@x.example", "c@x.example"])),
            bcc: all(&["c@x.example", "d@x.example", "ventas@empresa.example"]),
            ..Request::default()
        };
        let sent = sent(request, Some(&inbound())).unwrap();
        assert_eq!(addresses(&sent.to), ["b@x.example"]);
        assert_eq!((addresses(&sent.cc), addresses(&sent.bcc)), (vec!["c@x.example"], vec!["d@x.example"]));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_what_is_wrong() {
        let to = |to: &[&str]| sent(Request { to: Some(all(to)), ..Request::default() }, Some(&inbound())).err();
        assert_eq!(to(&[]), Some(Fault::NoReceiver));
        assert_eq!(to(&[OWN]), Some(Fault::NoReceiver));
        for bad in ["x", "@x.example", "a@", "a b@x.example", "a@x.example>\r\nRCPT TO:<b@x.example", "a@127.0.0.1", "a@[::1]", "a@x..example"] {
            assert_eq!(to(&["ok@x.example", bad]), Some(Fault::Address { field: "to", index: 1 }), "{bad:?}");
        }
        let name = |name: &str| Mailbox { name: name.to_owned(), address: "b@x.example".to_owned() };
        for bad in ["a\r\nBcc: x@y.example", "a\rb", "a\nb", "a\u{2028}b", "a\0b"] {
            let request = Request { bcc: vec![name(bad)], ..Request::default() };
            assert_eq!(sent(request, Some(&inbound())).err(), Some(Fault::Address { field: "bcc", index: 0 }), "{bad:?}");
            let request = Request { subject: Some(bad.to_owned()), ..Request::default() };
            assert_eq!(sent(request, Some(&inbound())).err(), Some(Fault::Subject), "{bad:?}");
        }
        let many = (0..=MAX_RECEIVERS).map(|number| who(&format!("a{number}@x.example"))).collect();
        assert_eq!(sent(Request { to: Some(many), ..Request::default() }, None).err(), Some(Fault::TooManyReceivers));
        assert_eq!(sent(Request { kind: Kind::Forward, ..Request::default() }, Some(&inbound())).err(), Some(Fault::NoReceiver));
    }

    #[test]
    fn a_subject_has_one_prefix() {
        for (given, base) in [
            ("Factura", "Factura"),
            ("RE: Rv: ENC: Fwd: Res: Factura", "Factura"),
            ("Re[2]: RE (3) : factura: mayo", "factura: mayo"),
            ("Aw：Factura", "Factura"),
            ("Ref: 1234", "Ref: 1234"),
            ("Recibo: 12", "Recibo: 12"),
            ("Re()", "Re()"),
            ("Re: ", ""),
            ("Re:", ""),
            ("", ""),
        ] {
            assert_eq!(bare_subject(given), base, "{given}");
            assert_eq!(subject_of(Kind::Reply, given), format!("Re: {base}").trim_end());
            assert_eq!(subject_of(Kind::Forward, given), format!("Fwd: {base}").trim_end());
        }
        assert_eq!(subject_of(Kind::Reply, &"ñ".repeat(600)).chars().count(), MAX_SUBJECT_CHARACTERS);
    }

    #[test]
    fn the_thread_goes_on() {
        let reply = by(Kind::Reply, &inbound());
        assert_eq!(reply.in_reply_to, ["m2@casa.example"]);
        assert_eq!(reply.references, ["m1@empresa.example", "m2@casa.example"]);
        let forward = Request { kind: Kind::Forward, to: Some(all(&["z@x.example"])), ..Request::default() };
        let forward = sent(forward, Some(&inbound())).unwrap();
        assert!(forward.forwarded && forward.in_reply_to.is_empty() && forward.references.len() == 2);
        let new = sent(Request { kind: Kind::New, ..Request::default() }, Some(&inbound())).unwrap();
        assert!(new.references.is_empty() && new.in_reply_to.is_empty());
        let nameless = Envelope { message_id: None, ..inbound() };
        assert_eq!((by(Kind::Reply, &nameless).in_reply_to.len(), by(Kind::Reply, &nameless).references.len()), (0, 1));
        let long = Envelope { references: (0..100).map(|number| format!("{number}@x")).collect(), ..inbound() };
        let references = by(Kind::Reply, &long).references;
        assert_eq!((references.len(), references[0].as_str()), (MAX_REFERENCES, "0@x"));
        assert_eq!((references[1].as_str(), references.last().unwrap().as_str()), ("72@x", "m2@casa.example"));
        let again = Envelope { references: vec!["m2@casa.example".to_owned(), "m1@x".to_owned()], ..inbound() };
        assert_eq!(by(Kind::Reply, &again).references, ["m1@x", "m2@casa.example"]);
    }

    proptest! {
        #[test]
        fn a_bare_subject_has_nothing_more_to_lose(subject in "(?i)(re|fw|rv|enc|x|[0-9]|[:\\[\\]() ñ]){0,20}") {
            let base = bare_subject(&subject);
            prop_assert_eq!(bare_subject(base), base);
            let reply = subject_of(Kind::Reply, &subject);
            prop_assert_eq!(subject_of(Kind::Reply, &reply), reply);
        }
    }
}
