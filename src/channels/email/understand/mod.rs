//! Reading mail: bytes in, what they mean out. No clock, no I/O, nothing kept; [`understand`] is called once for each mail, off the
//! arbiters, and its time and memory are bounded by [`bounds`].
//!
//! | question | answered in |
//! |---|---|
//! | which parts has it | `mime`, over [`mail_parser`] for fields and decoding |
//! | who wrote, who is answered | [`author`] |
//! | to which conversation does it belong, who may say so | [`thread`], proven by [`token`] |
//! | what is new in it, what is a quote or a signature | [`quote`] |
//! | how can its HTML be shown | `html` |
//! | did a person write it | [`automatic`] |
//! | is it about one of our mails | [`report`] |
//! | what does the server that received it say about its author | [`trust`] |
//!
//! Nothing of a mail is believed that its sender could have made up, but for the author's address, whose proof (SPF, DKIM, DMARC)
//! belongs to the server that received it.

pub mod author;
pub mod automatic;
pub mod bounds;
mod charset;
mod clean;
pub mod files;
mod header;
mod html;
pub mod invitation;
mod mime;
pub mod ours;
pub mod quote;
pub mod report;
#[cfg(test)]
pub(crate) mod tests;
pub mod thread;
mod tnef;
pub mod token;
pub mod trust;
pub mod written;

use std::collections::BTreeSet;

use serde::Serialize;

pub use self::{
    author::Replies,
    automatic::{Automatic, AutomaticKind},
    bounds::Cut,
    files::File,
    invitation::Invitation,
    report::Report,
    thread::{Joining, Thread, join},
    token::{LOOP_HEADER, OurMessage, ThreadKey, mint, mint_rating, verify, verify_rating},
};
use self::{
    bounds::{MAX_HTML_BYTES, MAX_ID_BYTES, MAX_NAME_CHARACTERS, MAX_SUBJECT_CHARACTERS, MAX_TEXT_BYTES},
    mime::{Mail, Part},
};
use crate::clock::Timestamp;
pub use crate::domain::mail::{Doubt, Fold, FoldKind, Mailbox};

/// Whose mail is read.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Keys of the channel account; the one in force first, earlier ones behind it.
    pub keys: &'a [ThreadKey],
    /// The account's own addresses.
    pub own: &'a [String],
    /// The envelope's sender if the transport knows it (`""` is the empty one); else the Return-Path field is read.
    pub return_path: Option<&'a str>,
}

/// Why a mail is put into quarantine instead of being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// More than [`bounds::MAX_RAW_BYTES`].
    #[error("the mail is too large")]
    TooLarge,
    /// More than [`bounds::MAX_HEADER_BYTES`].
    #[error("the header is too long")]
    HeaderTooLong,
    /// There is no field in it.
    #[error("this is no mail")]
    NotAMail,
    /// No From field with an address.
    #[error("nobody says to have written it")]
    NoAuthor,
    /// Several From fields, or several addresses in one.
    #[error("several say to have written it")]
    SeveralAuthors,
    /// A From field that mail programs read in different ways.
    #[error("who wrote it can be read in several ways")]
    AmbiguousAuthor,
}

/// What a mail means.
#[derive(Clone, Debug, Serialize)]
pub struct Understood {
    /// Who wrote it. None in reports only, whose senders often have no address.
    pub author: Option<Mailbox>,
    /// What speaks against believing that.
    pub doubts: Vec<Doubt>,
    /// Where an answer goes; none without an author.
    pub replies: Option<Replies>,
    /// To whom, each address once.
    pub to: Vec<Mailbox>,
    /// Who else, each address once. Nobody becomes a participant by standing here.
    pub cc: Vec<Mailbox>,
    /// Decoded, on one line; may be empty.
    pub subject: String,
    /// When it says it was written.
    pub date: Option<Timestamp>,
    /// Its own Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// Ids of In-Reply-To, bounded.
    pub in_reply_to: Vec<String>,
    /// Ids of References, bounded: the first and the last ones.
    pub references: Vec<String>,
    /// The message of ours that it answers, proven. Reports and vacation notes have one too; look at those first.
    pub thread: Option<Thread>,
    /// All it says, as text.
    pub text: String,
    /// Where the text may be folded.
    pub folds: Vec<Fold>,
    /// All it says, as HTML that can be shown; none when it has no HTML.
    pub html: Option<Html>,
    /// Its files, in order; those that the HTML shows are marked.
    pub files: Vec<File>,
    /// The meeting it invites to.
    pub invitation: Option<Invitation>,
    /// Whether a machine wrote it.
    pub automatic: Option<Automatic>,
    /// What it reports about one of our mails.
    pub report: Option<Report>,
    /// What was left out.
    pub cuts: BTreeSet<Cut>,
}

/// HTML that can be shown. It loads nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Html {
    /// For a page with a strict content security policy. `data-part="n"` names file n, `data-remote="n"` (pictures) and
    /// `data-background="n"` name entry n of [`Self::remote`], `data-fold` says `quote`, `signature` or `rest` (from here to the end);
    /// ids begin with `m-`.
    pub html: String,
    /// Pictures in the world outside, `http` and `https` only; to be loaded through a proxy, when somebody asks for it.
    pub remote: Vec<String>,
}

/// Reads a mail.
///
/// # Errors
/// Why it belongs into quarantine.
pub fn understand(raw: &[u8], context: &Context<'_>) -> Result<Understood, Unreadable> {
    let mail = mime::split(raw)?;
    let fields = &mail.fields;
    let mut cuts: BTreeSet<Cut> = mail.cuts.iter().copied().collect();
    let Bodies { text, html } = bodies(&mail, &mut cuts);
    let report = report::report(&mail, &text, context.own, context.keys);
    let author = match author::author(fields) {
        Ok(author) => Some(author),
        Err(_) if report.is_some() => None,
        Err(why) => return Err(why),
    };
    let mut recipients = |name| {
        let (found, is_cut) = author::recipients(fields, name);
        cuts.extend(is_cut.then_some(Cut::Recipients));
        found
    };
    let (to, cc) = (recipients("to"), recipients("cc"));
    let mut ids = |name| {
        let (found, is_cut) = header::bounded(fields.ids(name));
        cuts.extend(is_cut.then_some(Cut::References));
        found
    };
    let (in_reply_to, references) = (ids("in-reply-to"), ids("references"));
    let message_id = fields.ids("message-id").into_iter().next().filter(|id| id.len() <= MAX_ID_BYTES);
    let address = author.as_ref().map_or("", |author| author.address.as_str());
    let automatic =
        automatic::automatic(fields, message_id.as_deref(), address, context.return_path, report.as_ref(), context.keys);
    let replies = author.as_ref().map(|author| author::replies(fields, author, context.own));
    let doubts = match (&author, &replies) {
        (Some(author), Some(replies)) => author::doubts(author, replies, context.own),
        _ => Vec::new(),
    };
    let (files, html) = shown(&mail, html, report.is_some(), &mut cuts);
    Ok(Understood {
        doubts,
        replies,
        to,
        cc,
        subject: clean::cut(&fields.text("subject").unwrap_or_default(), MAX_SUBJECT_CHARACTERS).to_owned(),
        date: fields.moment("date").map(Timestamp::from_micros),
        thread: thread::find(&in_reply_to, &references, context.keys),
        message_id,
        in_reply_to,
        references,
        folds: quote::folds(&text),
        text,
        html,
        files,
        invitation: invitation(&mail),
        automatic,
        author,
        report,
        cuts,
    })
}

/// Who seems to have written a mail, and about what: of one that cannot be read, for people to know it by.
pub fn glance(raw: &[u8]) -> (String, String) {
    let fields = mime::enclosed_fields(raw);
    let cut = |name, most| clean::cut(&fields.text(name).unwrap_or_default(), most).to_owned();
    (cut("from", MAX_NAME_CHARACTERS), cut("subject", MAX_SUBJECT_CHARACTERS))
}

/// What a mail says.
struct Bodies {
    text: String,
    /// Not safe yet.
    html: Option<String>,
}

fn is_plain(part: &Part<'_>) -> bool {
    part.media_type == "text/plain" && is_said(part)
}

fn is_html(part: &Part<'_>) -> bool {
    part.media_type == "text/html" && is_said(part)
}

/// Whether a text is part of what is said, and no file.
fn is_said(part: &Part<'_>) -> bool {
    !part.is_attached()
        && (part.name().is_none() || part.is_form)
        && !(part.is_related && part.media_type == "text/plain" && part.content_id().is_some())
}

/// Text and HTML, each from what says it best: of alternatives the one of its kind, of everything else all, in order.
fn bodies(mail: &Mail<'_>, cuts: &mut BTreeSet<Cut>) -> Bodies {
    let (mut texts, mut htmls, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut has_html = false;
    // Read of both so far, before anything is done with it: what yields little costs the same.
    let (mut plain_read, mut html_read) = (0, 0);
    for part in mail.parts.iter().filter(|part| is_plain(part) || is_html(part)) {
        let unit: Vec<&Part<'_>> = match part.alternative {
            Some(number) if !seen.insert(number) => continue,
            Some(number) => mail.parts.iter().filter(|other| other.alternative == Some(number)).collect(),
            None => vec![part],
        };
        if plain_read >= MAX_TEXT_BYTES || html_read >= MAX_HTML_BYTES {
            cuts.insert(if plain_read >= MAX_TEXT_BYTES { Cut::Text } else { Cut::Html });
            break;
        }
        let plain = joined(unit.iter().copied().filter(|part| is_plain(part)), MAX_TEXT_BYTES, Cut::Text, "\n\n", cuts);
        let html = joined(unit.iter().copied().filter(|part| is_html(part)), MAX_HTML_BYTES, Cut::Html, "<br>", cuts);
        plain_read += plain.as_ref().map_or(0, String::len);
        html_read += html.as_ref().map_or(0, String::len);
        has_html |= html.is_some();
        let plain = plain.map(|plain| clean::lines(&plain)).filter(|plain| !plain.is_empty());
        texts.extend(plain.clone().or_else(|| html.as_deref().map(html::text)));
        htmls.extend(html.or_else(|| plain.map(|plain| as_html(&plain))));
    }
    let text = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    let html = has_html.then(|| htmls.join("<br>"));
    Bodies {
        text: bounded(text, MAX_TEXT_BYTES, Cut::Text, cuts),
        html: html.map(|html| bounded(html, MAX_HTML_BYTES, Cut::Html, cuts)),
    }
}

fn joined<'p, 'a: 'p>(
    parts: impl Iterator<Item = &'p Part<'a>>,
    most: usize,
    mark: Cut,
    between: &str,
    cuts: &mut BTreeSet<Cut>,
) -> Option<String> {
    let mut whole: Option<String> = None;
    for part in parts {
        if whole.as_ref().is_some_and(|whole| whole.len() > most) {
            cuts.insert(mark);
            break;
        }
        // Quoted-printable takes three bytes for one.
        let (text, is_cut) = part.text(3 * most);
        cuts.extend(is_cut.then_some(mark));
        match &mut whole {
            None => whole = Some(text),
            Some(whole) => {
                whole.push_str(between);
                whole.push_str(&text);
            }
        }
    }
    whole.map(|whole| bounded(whole, most, mark, cuts))
}

fn bounded(mut text: String, most: usize, mark: Cut, cuts: &mut BTreeSet<Cut>) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        cuts.insert(mark);
    }
    text
}

/// Text that stands beside HTML.
fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace('\n', "<br>"))
}

/// The files, and the HTML made safe with the pictures among them.
fn shown(mail: &Mail<'_>, html: Option<String>, is_report: bool, cuts: &mut BTreeSet<Cut>) -> (Vec<File>, Option<Html>) {
    let has_calendar_file = mail.parts.iter().any(|part| is_calendar(part) && part.alternative.is_none());
    let is_file = |part: &&Part<'_>| {
        let is_other_form =
            part.alternative.is_some() && matches!(part.media_type.as_str(), "text/x-amp-html" | "text/watch-html");
        let is_second_calendar = part.alternative.is_some() && is_calendar(part) && has_calendar_file;
        let is_empty_text = part.media_type == "text/plain" && part.name().is_none() && part.raw.trim_ascii().is_empty();
        let is_of_report = is_report && (report::is_machinery(&part.media_type) || part.media_type.starts_with("message/"));
        !is_plain(part) && !is_html(part) && !is_other_form && !is_second_calendar && !is_of_report && !is_empty_text
    };
    let parts: Vec<&Part<'_>> = mail.parts.iter().filter(is_file).collect();
    let (mut files, ids, is_cut) = files::files(&parts);
    cuts.extend(is_cut.then_some(Cut::Files));
    let Some(html) = html else { return (files, None) };
    let safe = html::sanitise(&html, &ids, files.len());
    cuts.extend(safe.cuts);
    for (number, file) in files.iter_mut().enumerate() {
        file.is_inline = safe.shown.contains(&number);
    }
    files.extend(safe.pictures.into_iter().map(files::picture));
    (files, safe.html.map(|html| Html { html, remote: safe.remote }))
}

fn is_calendar(part: &Part<'_>) -> bool {
    part.media_type == "text/calendar" || part.media_type == "application/ics"
}

fn invitation(mail: &Mail<'_>) -> Option<Invitation> {
    mail.parts.iter().filter(|part| is_calendar(part)).find_map(|part| {
        let (text, _) = part.text(2 * bounds::MAX_CALENDAR_BYTES);
        invitation::read(&text, part.kind.parameter("method"))
    })
}
