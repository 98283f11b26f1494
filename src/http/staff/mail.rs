//! `/api/v1/conversations/{id}/messages/{message}/mail`: mails as they are shown (security.md, 1 to 5, 12 and 44).
//!
//! A mail that came in is read again from its source each time, off the threads of the actors: what shows it today shows old ones as well.
//! Pictures of the world outside are fetched by this server, one by one, only those that stand in that very mail, and only when somebody
//! who may read it asks for them with a request that no page elsewhere can make.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes, Data, Path},
};
use object_store::ObjectStoreExt;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::{
    attachments::{disposition, object_path, stream},
    mail_file::{self, MailFile},
};
use crate::{
    channels::{
        email::understand::{self, Context, Html, Understood, bounds::MAX_RAW_BYTES},
        guard::{NoPicture, Pictures},
    },
    domain::{
        conversation::Conversation,
        delivery::Delivery,
        mail::{Envelope, Fold, FoldKind, Mailbox},
        message::{Attachment, Message},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        once,
        problem::Problem,
        staff::{attachments::failed, conversations::readable},
        state::App,
    },
    ids::{AttachmentId, ConversationId, MessageId},
    store::{
        attachments, conversations,
        mail_sending::{self, EVERYBODY, LeftOut},
    },
    wire::mail::{MailHeader, MailText, MailTextKind, MailView},
};

/// Mails read at once: each may take [`MAX_RAW_BYTES`] and what is made of them.
const AT_ONCE: usize = 3;
/// How long one waits for its turn.
const WAIT: Duration = Duration::from_secs(10);
/// Mails whose pictures are remembered: somebody looks at them now, and asks for each picture apart.
const REMEMBERED: usize = 32;
/// The longest HTML of ours.
const MAX_OUR_HTML: u64 = 4 * 1024 * 1024;
/// The longest header that is shown.
const MAX_HEADER: usize = 256 * 1024;

/// What showing mails needs. One for the whole process.
pub struct Mails {
    /// None: the client cannot be made, so there are no pictures.
    pictures: LazyLock<Option<Pictures>>,
    turns: Semaphore,
    /// Addresses of the pictures in a mail, by its source or its HTML; the latest last.
    remembered: Mutex<VecDeque<(AttachmentId, Arc<[String]>)>>,
}

impl Default for Mails {
    fn default() -> Self {
        let pictures = || Pictures::public().map_err(|error| tracing::error!(%error, "no client for pictures of mails")).ok();
        Self { pictures: LazyLock::new(pictures), turns: Semaphore::new(AT_ONCE), remembered: Mutex::default() }
    }
}

impl Mails {
    fn remember(&self, id: AttachmentId, addresses: &[String]) -> Arc<[String]> {
        let addresses: Arc<[String]> = addresses.into();
        let mut remembered = self.remembered.lock();
        remembered.retain(|(known, _)| *known != id);
        if remembered.len() >= REMEMBERED {
            remembered.pop_front();
        }
        remembered.push_back((id, Arc::clone(&addresses)));
        addresses
    }

    fn known(&self, id: AttachmentId) -> Option<Arc<[String]>> {
        self.remembered.lock().iter().find(|(known, _)| *known == id).map(|(_, addresses)| Arc::clone(addresses))
    }
}

/// A mail that the caller may read.
struct Found {
    state: Conversation,
    message: Arc<Message>,
    reason: Option<String>,
    envelope: Arc<Envelope>,
}

async fn found(app: &App, caller: &Caller, ids: Path<(ConversationId, MessageId)>) -> Result<Found, Problem> {
    let (id, message) = ids.into_inner();
    let state = readable(app, caller, id).await?;
    let stored = conversations::message_of(&app.engine.db, state.id, message).await?.ok_or_else(Problem::not_found)?;
    let envelope = stored.message.mail.clone().ok_or_else(Problem::not_found)?;
    Ok(Found { state, message: stored.message, reason: stored.reason, envelope })
}

/// What is made of the HTML and the parts of a mail.
#[derive(Default)]
struct Seen {
    html: Option<Html>,
    parts: Vec<Option<AttachmentId>>,
    invitation: Option<understand::Invitation>,
    is_cut: bool,
}

/// `GET`: what it shows.
///
/// # Errors
/// 404; 429 when too many are read at once.
pub async fn show(app: Data<App>, caller: Caller, ids: Path<(ConversationId, MessageId)>) -> Result<HttpResponse, Problem> {
    let found = found(&app, &caller, ids).await?;
    let Seen { html, parts, invitation, is_cut } = read(&app, &found.message, &found.envelope).await?;
    let Found { state, message, reason, envelope } = found;
    let account = caller.directory.mail_accounts.get(&state.channel);
    let own = || account.map(|account| Mailbox { name: account.settings.from_name.clone(), address: account.address.clone() });
    let left_out = match envelope.source {
        None => mail_sending::left_out_of(&app.engine.db, message.id).await?,
        Some(_) => Vec::new(),
    };
    let (whole, left_out): (Vec<_>, Vec<_>) = left_out.into_iter().partition(|one| one.address == EVERYBODY);
    let refusal = whole.into_iter().find(|one| tells(one, message.delivery, reason.as_deref())).and_then(|one| one.words);
    let (html, remote) = html.map_or((None, 0), |Html { html, remote }| (Some(html), remote.len()));
    once::ok(&MailView {
        from: envelope.from.clone().or_else(own),
        reply_to: envelope.reply_to.clone(),
        text: in_parts(&message.text, &envelope.folds),
        html,
        remote,
        parts,
        invitation: invitation.map(Into::into),
        cut: is_cut,
        source: envelope.source.is_some(),
        automatic: envelope.automatic,
        left_out: left_out.into_iter().map(Into::into).collect(),
        refusal,
    })
}

/// Whether what a server said last is why a mail stands so: it may have taken it afterwards, and somebody else refused it then.
fn tells(said: &LeftOut, delivery: Option<Delivery>, reason: Option<&str>) -> bool {
    match delivery {
        Some(Delivery::Scheduled | Delivery::Queued | Delivery::Sending) => true,
        Some(Delivery::Rejected) => reason == Some(said.reason.as_str()),
        Some(Delivery::Failed) => reason == Some("gave_up"),
        _ => false,
    }
}

/// `GET /source`: as it came in or was sent, to be saved.
///
/// # Errors
/// 404, also for what has not left.
pub async fn source(app: Data<App>, caller: Caller, ids: Path<(ConversationId, MessageId)>) -> Result<HttpResponse, Problem> {
    let Found { state, message, envelope, .. } = found(&app, &caller, ids).await?;
    let name = if envelope.subject.is_empty() { "mail" } else { &envelope.subject };
    let name = crate::domain::file::clean_name(&format!("{}.eml", name.chars().take(80).collect::<String>()));
    match mail_file::of(&app, &caller.directory, &state, &message, None).await?.ok_or_else(Problem::not_found)? {
        MailFile::AsItCame(id) => {
            let mut stored = attachments::find(&app.engine.db, id).await?.ok_or_else(Problem::not_found)?;
            stored.file.name = name;
            stream(&app, &stored).await
        }
        MailFile::Ours(bytes) => Ok(HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "message/rfc822"))
            .insert_header((header::CONTENT_DISPOSITION, disposition(&name)))
            .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .body(bytes)),
    }
}

/// `GET /header`: all its fields, to be read.
///
/// # Errors
/// 404, also for what has not left.
pub async fn header(app: Data<App>, caller: Caller, ids: Path<(ConversationId, MessageId)>) -> Result<HttpResponse, Problem> {
    let Found { state, message, .. } = found(&app, &caller, ids).await?;
    let text = match mail_file::of(&app, &caller.directory, &state, &message, None).await?.ok_or_else(Problem::not_found)? {
        MailFile::AsItCame(id) => {
            let _turn = turn(&app).await?;
            head_of(&bytes(&app, id, MAX_RAW_BYTES as u64).await?)
        }
        MailFile::Ours(raw) => head_of(&raw),
    };
    once::ok(&MailHeader { text })
}

fn head_of(raw: &[u8]) -> String {
    let end = ["\r\n\r\n", "\n\n"].iter().filter_map(|end| memchr(raw, end.as_bytes())).min().unwrap_or(raw.len());
    let head = raw.get(..end.min(MAX_HEADER)).unwrap_or_default();
    String::from_utf8_lossy(head).replace('\0', "\u{fffd}")
}

fn memchr(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// `POST /pictures/{number}`: a picture of the world outside that stands in the mail.
///
/// # Errors
/// 404 when there is none, or none comes; 429.
pub async fn picture(
    app: Data<App>,
    caller: Caller,
    path: Path<(ConversationId, MessageId, usize)>,
) -> Result<HttpResponse, Problem> {
    let (conversation, message, number) = path.into_inner();
    let found = found(&app, &caller, Path::from((conversation, message))).await?;
    let mails = &app.mails;
    let addresses = match kept(&found.envelope).and_then(|id| mails.known(id)) {
        Some(addresses) => addresses,
        None => {
            read(&app, &found.message, &found.envelope).await?;
            kept(&found.envelope).and_then(|id| mails.known(id)).ok_or_else(Problem::not_found)?
        }
    };
    let address = addresses.get(number).ok_or_else(Problem::not_found)?;
    let pictures = mails.pictures.as_ref().ok_or_else(Problem::not_found)?;
    let picture = pictures.fetch(address).await.map_err(|why| match why {
        NoPicture::Busy => Problem::later(ErrorCode::Busy, 2),
        _ => Problem::not_found(),
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, picture.media_type))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .body(picture.bytes))
}

/// Where its HTML is.
fn kept(envelope: &Envelope) -> Option<AttachmentId> {
    envelope.source.or(envelope.html)
}

async fn turn(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>, Problem> {
    let busy = || Problem::later(ErrorCode::Busy, 2);
    tokio::time::timeout(WAIT, app.mails.turns.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
}

/// A stored file that is no message's.
async fn bytes(app: &App, id: AttachmentId, most: u64) -> Result<Bytes, Problem> {
    let found = app.attachments.get(&object_path(id)).await.map_err(|error| match error {
        object_store::Error::NotFound { .. } => Problem::not_found(),
        other => failed(other),
    })?;
    if found.meta.size > most {
        return Err(Problem::not_found());
    }
    found.bytes().await.map_err(failed)
}

/// Reads it; what cannot be read shows nothing but its text.
async fn read(app: &App, message: &Message, envelope: &Envelope) -> Result<Seen, Problem> {
    let Some(id) = kept(envelope) else { return Ok(Seen::default()) };
    let _turn = turn(app).await?;
    let is_ours = envelope.source.is_none();
    let raw = bytes(app, id, if is_ours { MAX_OUR_HTML } else { MAX_RAW_BYTES as u64 }).await?;
    let files = message.attachments.clone();
    let seen = web::block(move || if is_ours { ours(&raw) } else { theirs(&raw, &files) });
    let seen = seen.await.map_err(|_| Problem::new(ErrorCode::Internal))?;
    app.mails.remember(id, seen.html.as_ref().map_or(&[], |html| &html.remote));
    Ok(seen)
}

fn theirs(raw: &[u8], stored: &[Attachment]) -> Seen {
    let Ok(Understood { html, files, invitation, cuts, .. }) =
        understand::understand(raw, &Context { keys: &[], own: &[], return_path: None })
    else {
        return Seen { is_cut: true, ..Seen::default() };
    };
    // The files of the message are these, in order, but for those that could not be stored.
    let mut left: VecDeque<&Attachment> = stored.iter().collect();
    let parts = files.iter().map(|file| {
        let at = left.iter().position(|stored| stored.name == file.name && stored.size == file.size as u64)?;
        left.remove(at).map(|stored| stored.id)
    });
    Seen { parts: parts.collect(), html, invitation, is_cut: !cuts.is_empty() }
}

/// A mail's HTML, to stand in another one.
///
/// # Errors
/// 429 when too many are read at once.
pub(super) async fn html_of(app: &App, message: &Message, envelope: &Envelope) -> Result<Option<String>, Problem> {
    if !envelope.has_html {
        return Ok(None);
    }
    let Seen { html, parts, .. } = read(app, message, envelope).await?;
    Ok(html.map(|html| understand::written::quotable(&html, &parts)))
}

/// What agents write is as clean; it is made ready in the same way.
fn ours(html: &[u8]) -> Seen {
    let html = String::from_utf8_lossy(html);
    let (html, parts) = understand::written::shown(&html);
    Seen { html, parts: parts.into_iter().map(Some).collect(), ..Seen::default() }
}

/// A text, cut where it may be folded.
pub(super) fn in_parts(text: &str, folds: &[Fold]) -> Vec<MailText> {
    let mut parts: Vec<MailText> = Vec::new();
    let mut add = |kind, text: Option<&str>| {
        let text = text.unwrap_or_default().trim_matches('\n');
        if !text.trim().is_empty() {
            parts.push(MailText { kind, text: text.to_owned() });
        }
    };
    let mut at = 0;
    for fold in folds {
        add(MailTextKind::Said, text.get(at..fold.from));
        let kind = match fold.kind {
            FoldKind::Quote => MailTextKind::Quote,
            FoldKind::Signature => MailTextKind::Signature,
        };
        add(kind, text.get(fold.from..fold.to));
        at = at.max(fold.to);
    }
    add(MailTextKind::Said, text.get(at..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_may_be_folded_and_loses_nothing_to_folds_that_lie() {
        let text = "Gracias\n\nOn Monday Ana wrote:\n> hola\n\n-- \nLuz";
        let (quote, signature) = (text.find("On").unwrap(), text.find("--").unwrap());
        let folds = [
            Fold { from: quote, to: signature, kind: FoldKind::Quote },
            Fold { from: signature, to: text.len(), kind: FoldKind::Signature },
        ];
        let parts = in_parts(text, &folds);
        let said: Vec<_> = parts.iter().map(|part| (part.kind, part.text.as_str())).collect();
        assert_eq!(
            said,
            [
                (MailTextKind::Said, "Gracias"),
                (MailTextKind::Quote, "On Monday Ana wrote:\n> hola"),
                (MailTextKind::Signature, "-- \nLuz"),
            ]
        );
        assert_eq!(in_parts("ñ", &[]), [MailText { kind: MailTextKind::Said, text: "ñ".to_owned() }]);
        // Out of range, or in the middle of a character.
        for (from, to) in [(1, 99), (99, 7), (1, 1)] {
            in_parts("ñandú", &[Fold { from, to, kind: FoldKind::Quote }]);
        }
    }

    #[test]
    fn what_a_server_said_is_told_while_it_is_why() {
        let said = LeftOut { address: EVERYBODY.to_owned(), reason: "recipient_refused:4.7.1".to_owned(), words: None };
        for (delivery, reason, expected) in [
            (Delivery::Sending, None, true),
            (Delivery::Failed, Some("gave_up"), true),
            (Delivery::Failed, Some("file_missing"), false),
            (Delivery::Rejected, Some("recipient_refused:4.7.1"), true),
            // Taken at last, and then it bounced.
            (Delivery::Rejected, Some("unknown_address:5.1.1"), false),
            (Delivery::Sent, None, false),
        ] {
            assert_eq!(tells(&said, Some(delivery), reason), expected, "{delivery:?} {reason:?}");
        }
    }

    #[test]
    fn files_are_found_by_what_they_are_when_one_was_not_stored() {
        let raw = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:one\"><img src=\"cid:two\">\r\n--x\r\nContent-ID: <one>\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: inline; filename=a.png\r\n\r\n1\r\n--x\r\nContent-ID: <two>\r\nContent-Type: image/png; name=b.png\r\nContent-Disposition: inline; filename=b.png\r\n\r\n22\r\n--x--\r\n";
        let id = AttachmentId::from_u128(7);
        let stored = Attachment { id, name: "b.png".to_owned(), media_type: "image/png".to_owned(), size: 2 };
        let seen = theirs(raw, &[stored]);
        assert_eq!(seen.parts, [None, Some(id)]);
        assert_eq!(seen.html.unwrap().html.trim(), "<img data-part=\"0\"><img data-part=\"1\">");
        assert!(theirs(b"", &[]).is_cut);
    }

    #[test]
    fn only_so_many_mails_are_remembered() {
        let mails = Mails::default();
        for n in 0..40 {
            mails.remember(AttachmentId::from_u128(n), &[n.to_string()]);
        }
        assert!(mails.known(AttachmentId::from_u128(0)).is_none());
        assert_eq!(*mails.known(AttachmentId::from_u128(39)).unwrap(), ["39".to_owned()]);
        assert_eq!(mails.remembered.lock().len(), REMEMBERED);
    }
}
