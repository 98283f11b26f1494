//! Writing mail: what somebody wants to say in, the bytes of RFC 5322 out. Pure: no clock, no I/O; the same mail has the same bytes.
//!
//! | part | when |
//! |---|---|
//! | `multipart/mixed` | it has files that its HTML does not show |
//! | `multipart/alternative` | it has HTML: the text stands before it |
//! | `multipart/related` | the HTML shows files (`data-part` in it is their id here, `cid:` outside) |
//!
//! Every text travels as quoted-printable or base64, every file as base64, every word beyond ASCII as RFC 2047 and 2231 have it: the
//! result is ASCII in short lines (but for the one address in a million that is not), which no server has a reason to touch, and no
//! line of it can end the mail or begin another one (security.md, 20 and 21).

mod html;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lettre::{
    Address,
    address::Envelope as Route,
    message::{
        Body, Mailbox as Named, Message, MultiPart, SinglePart,
        header::{ContentDisposition, ContentId, ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use super::understand::LOOP_HEADER;
use crate::{
    clock::Timestamp,
    domain::{
        file::{UNKNOWN, is_control},
        mail::{Envelope, Mailbox},
    },
    ids::AttachmentId,
};

/// All files of a mail together, in bytes: more than that few servers take.
pub const MAX_FILES_BYTES: u64 = 25 * 1024 * 1024;
/// The longest id of a foreign mail that is repeated.
const MAX_ID_BYTES: usize = 512;

/// Who wrote a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody of the staff.
    Person,
    /// The product, because a mail came in: nothing automatic may answer it (RFC 3834).
    Answer,
    /// The product, by itself.
    Notice,
}

/// A file that goes along.
#[derive(Clone)]
pub struct Enclosed {
    /// As the HTML names it.
    pub id: AttachmentId,
    /// As people see it.
    pub name: String,
    /// Found in its bytes.
    pub media_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// A mail to be written.
pub struct Mail<'a> {
    /// Whose account it leaves by.
    pub from: &'a Mailbox,
    /// Where answers shall go instead.
    pub reply_to: Option<&'a Mailbox>,
    /// To whom, about what, in which thread. Hidden receivers are nowhere in the bytes.
    pub envelope: &'a Envelope,
    /// Its own id, without angle brackets.
    pub message_id: &'a str,
    /// When.
    pub date: Timestamp,
    /// What it says.
    pub text: &'a str,
    /// The same as HTML that is safe to show.
    pub html: Option<&'a str>,
    /// What goes along.
    pub files: &'a [Enclosed],
    /// [`super::understand::ThreadKey::loop_tag`].
    pub loop_tag: &'a str,
    /// Who wrote it.
    pub origin: Origin,
}

/// Why it cannot become a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// An address of it is none.
    #[error("an address is no address")]
    Address,
    /// More than [`MAX_FILES_BYTES`].
    #[error("its files are too large")]
    TooLarge,
}

impl Unsendable {
    /// A stable reason code: those of [`super::post::failure::Code`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address_invalid",
            Self::TooLarge => "mail_too_large",
        }
    }
}

/// The bytes of a mail.
///
/// # Errors
/// [`Unsendable`].
pub fn compose(mail: &Mail<'_>) -> Result<Bytes, Unsendable> {
    if mail.files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() > MAX_FILES_BYTES {
        return Err(Unsendable::TooLarge);
    }
    let Envelope { subject, to, cc, in_reply_to, references, .. } = mail.envelope;
    let from = named(mail.from)?;
    let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(mail.date.micros()).unwrap_or(0));
    // What the library would make of the receivers is another one's business: the hidden ones are not in the header.
    let route = Route::new(Some(from.email.clone()), vec![from.email.clone()]).map_err(|_| Unsendable::Address)?;
    let mut builder = Message::builder().envelope(route).date(moment).from(from);
    if let Some(reply_to) = mail.reply_to {
        builder = builder.reply_to(named(reply_to)?);
    }
    for one in to {
        builder = builder.to(named(one)?);
    }
    for one in cc {
        builder = builder.cc(named(one)?);
    }
    if to.is_empty() && cc.is_empty() {
        builder = builder.raw_header(field("To", "undisclosed-recipients:;"));
    }
    builder = builder.subject(plain(subject)).message_id(Some(format!("<{}>", mail.message_id)));
    for (name, ids) in [("In-Reply-To", in_reply_to), ("References", references)] {
        let ids: Vec<String> = ids.iter().filter(|id| is_id(id)).map(|id| format!("<{id}>")).collect();
        if !ids.is_empty() {
            builder = builder.raw_header(field(name, &ids.join("\r\n ")));
        }
    }
    builder = builder.raw_header(field(LOOP_HEADER, mail.loop_tag));
    let submitted = match mail.origin {
        Origin::Person => None,
        Origin::Answer => Some("auto-replied"),
        Origin::Notice => Some("auto-generated"),
    };
    if let Some(submitted) = submitted {
        builder = builder.raw_header(field("Auto-Submitted", submitted)).raw_header(field("X-Auto-Response-Suppress", "All"));
    }
    let message = match Parts::of(mail) {
        Parts::One(part) => builder.singlepart(part),
        Parts::Many(parts) => builder.multipart(parts),
    };
    message.map(|message| message.formatted().into()).map_err(|_| Unsendable::Address)
}

enum Parts {
    One(SinglePart),
    Many(MultiPart),
}

impl Parts {
    fn of(mail: &Mail<'_>) -> Self {
        let says = text(ContentType::TEXT_PLAIN, &whole_lines(mail.text));
        let (mut said, mut shown) = (Self::One(says.clone()), Vec::new());
        if let Some(html) = mail.html {
            let (html, pictures) = html::with_content_ids(&whole_lines(html), mail.files, content_id);
            shown = pictures;
            let page = text(ContentType::TEXT_HTML, &page(&html));
            let alternative = MultiPart::alternative().boundary(boundary(mail, "a")).singlepart(says);
            let pictures = mail.files.iter().filter(|file| shown.contains(&file.id));
            said = Self::Many(if shown.is_empty() {
                alternative.singlepart(page)
            } else {
                let related = MultiPart::related().boundary(boundary(mail, "r")).singlepart(page);
                alternative.multipart(pictures.fold(related, |related, file| related.singlepart(picture(file))))
            });
        }
        let rest: Vec<&Enclosed> = mail.files.iter().filter(|file| !shown.contains(&file.id)).collect();
        if rest.is_empty() {
            return said;
        }
        let mixed = MultiPart::mixed().boundary(boundary(mail, "m"));
        let mixed = match said {
            Self::One(part) => mixed.singlepart(part),
            Self::Many(parts) => mixed.multipart(parts),
        };
        Self::Many(rest.into_iter().fold(mixed, |mixed, file| mixed.singlepart(enclosed(file))))
    }
}

/// `=_` stands neither in quoted-printable nor in base64, so nothing inside can look like it.
fn boundary(mail: &Mail<'_>, which: &str) -> String {
    let own: String = mail.message_id.chars().filter(char::is_ascii_alphanumeric).take(50).collect();
    format!("=_{which}_{own}")
}

fn page(html: &str) -> String {
    format!("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n{html}\n</body></html>\n")
}

/// The encoding that makes it shorter; both keep every byte.
fn text(kind: ContentType, text: &str) -> SinglePart {
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding =
        if foreign * 6 > text.len() { ContentTransferEncoding::Base64 } else { ContentTransferEncoding::QuotedPrintable };
    SinglePart::builder().content_type(kind).body(encoded(text.to_owned().into(), encoding))
}

fn encoded(content: lettre::message::MaybeString, encoding: ContentTransferEncoding) -> Body {
    Body::new_with_encoding(content, encoding)
        .unwrap_or_else(|raw| Body::dangerous_pre_encoded(raw, ContentTransferEncoding::Binary))
}

fn enclosed(file: &Enclosed) -> SinglePart {
    let disposition = ContentDisposition::attachment(&plain(&file.name));
    SinglePart::builder().header(disposition).content_type(media_type(file)).body(bytes_of(file))
}

fn picture(file: &Enclosed) -> SinglePart {
    let id = ContentId::from(format!("<{}>", content_id(file.id)));
    let disposition = ContentDisposition::inline_with_name(&plain(&file.name));
    SinglePart::builder().header(disposition).header(id).content_type(media_type(file)).body(bytes_of(file))
}

fn bytes_of(file: &Enclosed) -> Body {
    encoded(file.bytes.to_vec().into(), ContentTransferEncoding::Base64)
}

/// Mails within a mail may not be encoded (RFC 2046, 5.2.1): they go along as what they are, files.
fn media_type(file: &Enclosed) -> ContentType {
    let is_part = file.media_type.starts_with("message/") || file.media_type.starts_with("multipart/");
    let known = Some(&file.media_type).filter(|_| !is_part).and_then(|known| ContentType::parse(known).ok());
    known.or_else(|| ContentType::parse(UNKNOWN).ok()).unwrap_or(ContentType::TEXT_PLAIN)
}

fn content_id(id: AttachmentId) -> String {
    format!("{id}@parts.centralita")
}

fn named(who: &Mailbox) -> Result<Named, Unsendable> {
    let (user, domain) =
        who.address.rsplit_once('@').filter(|_| super::post::account::is_address(&who.address)).ok_or(Unsendable::Address)?;
    let name = plain(&who.name);
    Ok(Named::new((!name.is_empty()).then_some(name), Address::new_dangerous(user, domain)))
}

/// On one line, without what cannot be seen, and without what would be decoded at the other end.
fn plain(text: &str) -> String {
    let visible: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    visible.trim().replace("=?", "= ?")
}

/// A field of plain ASCII, folded by whoever wrote it.
fn field(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.to_owned(), value.to_owned())
}

fn is_id(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
}

/// One kind of line ends, and no control characters but tabs.
fn whole_lines(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    unix.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}
