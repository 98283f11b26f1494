//! Answers by mail: what one would be, and what becomes of what somebody wrote (S4-115, S4-117, S4-118).
//!
//! Who gets it, under which subject and in which thread is [`answering`]'s business; here its HTML is made clean and kept, what was written
//! to and fro is put below, and the files of what is passed on go along. Quoted is only what the customer wrote or was sent: never notes,
//! never what was passed on to others behind their back.

use std::{collections::HashSet, sync::Arc};

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono_tz::Tz;
use object_store::{ObjectStoreExt, PutPayload};
use serde::Deserialize;

use super::{
    attachments::failed,
    conversations::{files, visible},
    mail::html_of,
    mails::leaves_at,
};
use crate::{
    channels::{
        api::inbound::storable,
        email::{
            answering,
            template::render,
            understand::{bounds::MAX_TEXT_BYTES, quote::folds, written},
        },
    },
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::Conversation,
        delivery::Delivery,
        file::UNKNOWN,
        mail::{
            Envelope, FoldKind, Mailbox,
            answer::{Fault, Kind, Request, answer},
        },
        mail_template::MailTemplate,
        message::{Attachment, Author, Content, Message},
        webchat::Language,
    },
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Query, mail_values, once, problem::Problem, state::App},
    ids::{AttachmentId, ClientId, ConversationId, MessageId},
    store::{
        attachments::{self, Stored, object_path},
        conversations, templates,
    },
    wire::{
        Time, conversation,
        mail::{MailAddress, MailAnswer, MailFields, MailKind, MailTextKind, StartMail},
    },
};

/// The longest HTML that somebody writes.
const MAX_HTML: usize = 256 * 1024;
/// The most that is quoted, in bytes: a mail stays one that servers take.
const MAX_QUOTE: usize = 160 * 1024;
/// The most mails that are quoted.
const MAX_QUOTED: usize = 30;
/// The most receivers in one field: `answer` counts them together.
const MAX_FIELD: usize = 100;
/// Pictures and files together.
const MAX_FILES: usize = 100;

/// Which answer.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AnswerQuery {
    /// What it is; `reply` by default.
    #[serde(default)]
    kind: MailKind,
    /// The mail that is answered or passed on; none = the last one that came in.
    about: Option<MessageId>,
}

const fn kind_of(kind: MailKind) -> Kind {
    match kind {
        MailKind::Reply => Kind::Reply,
        MailKind::ReplyAll => Kind::ReplyAll,
        MailKind::Forward => Kind::Forward,
    }
}

/// `GET /{id}/answer`: what an answer would be.
///
/// # Errors
/// 404, also where there are no mails.
pub async fn prepare(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    query: Query<AnswerQuery>,
) -> Result<HttpResponse, Problem> {
    let AnswerQuery { kind, about } = query.0;
    let state = visible(&app, &caller, *id).await?;
    if state.kind != ChannelKind::Email {
        return Err(Problem::not_found());
    }
    let about = self::about(&app, &state, about).await?;
    // What is passed on goes to nobody by itself; the contact only stands in for whoever is chosen.
    let card = conversations::card(&app.engine.db, &state).await?;
    let contact = Mailbox { name: card.name.clone(), address: card.address.clone() };
    let stands_in = (kind == MailKind::Forward).then(|| vec![contact]);
    let request = Request { kind: kind_of(kind), to: stands_in, ..Request::default() };
    let before = about.as_ref().and_then(|message| message.mail.as_deref().cloned());
    let Envelope { to, cc, subject, .. } = envelope(&app, &caller, &state, request, before).await?;
    let quote = quote(&app, &caller, &state, kind, about.as_deref()).await?;
    let (shown, _) = written::shown(&quote);
    let files = about.as_ref().filter(|_| kind == MailKind::Forward).map(|about| &about.attachments);
    once::ok(&MailAnswer {
        about: about.as_ref().map(|about| about.id),
        from: caller
            .directory
            .mail_accounts
            .get(&state.channel)
            .map(|account| Mailbox { name: account.settings.from_name.clone(), address: account.address.clone() }),
        to: if kind == MailKind::Forward { Vec::new() } else { to },
        cc,
        elsewhere: about.as_ref().and_then(|about| about.mail.as_ref()?.elsewhere.clone()),
        subject,
        signature: signature(&app, &caller, &state).await?,
        quote: shown.map(|html| html.html).unwrap_or_default(),
        files: files.into_iter().flatten().map(conversation::Attachment::of).collect(),
    })
}

/// The campaign's signature, for this conversation (S4-19).
async fn signature(app: &App, caller: &Caller, state: &Conversation) -> Result<String, Problem> {
    let named = caller.directory.campaigns.get(&state.campaign).and_then(|campaign| campaign.mail.signature);
    let Some(id) = named else { return Ok(String::new()) };
    let found = templates::find(&app.engine.db, id).await?;
    let usable = |template: &MailTemplate| template.archived_at.is_none() && template.fits(state.client, Some(state.campaign));
    let Some(template) = found.filter(usable) else { return Ok(String::new()) };
    let values = mail_values::of(app, caller, state.client, Some(state.campaign), Some(state.id), None).await?;
    Ok(render(&template.content, &values).html)
}

/// The mail that is answered.
async fn about(app: &App, state: &Conversation, named: Option<MessageId>) -> Result<Option<Arc<Message>>, Problem> {
    let unknown = || Problem::field("mail.about", ErrorCode::UnknownReference, "no such mail here");
    if let Some(named) = named {
        let found = conversations::message_of(&app.engine.db, state.id, named).await?.map(|stored| stored.message);
        return found.filter(|message| message.mail.is_some()).map(Some).ok_or_else(unknown);
    }
    let recent = conversations::messages_before(&app.engine.db, state.id, i64::MAX as u64, 200).await?;
    let mut mails = recent.into_iter().map(|stored| stored.message).filter(|message| message.mail.is_some());
    let mut ours = None;
    Ok(mails
        .find(|message| {
            let is_theirs = message.author == Author::Contact;
            if !is_theirs && ours.is_none() {
                ours = Some(message.clone());
            }
            is_theirs
        })
        .or(ours))
}

async fn envelope(
    app: &App,
    caller: &Caller,
    state: &Conversation,
    request: Request,
    before: Option<Envelope>,
) -> Result<Envelope, Problem> {
    answering::envelope(&app.engine.db, &caller.directory, state, request, before).await?.map_err(fault)
}

fn fault(fault: Fault) -> Problem {
    let text = fault.to_string();
    match fault {
        Fault::NoReceiver => Problem::field("mail.to", ErrorCode::MissingField, text),
        Fault::TooManyReceivers => Problem::field("mail.to", ErrorCode::TooLong, text),
        Fault::Address { field, index } => Problem::field(&format!("mail.{field}.{index}"), ErrorCode::NotPossible, text),
        Fault::Subject => Problem::field("mail.subject", ErrorCode::NotPossible, text),
    }
}

/// Everything that an answer by mail says.
///
/// # Errors
/// 422 for what cannot be sent so.
pub async fn content(
    app: &App,
    caller: &Caller,
    state: &Conversation,
    text: &str,
    uploaded: &[AttachmentId],
    fields: MailFields,
    send_at: Option<Timestamp>,
) -> Result<Content, Problem> {
    if state.kind != ChannelKind::Email {
        return Err(Problem::field("mail", ErrorCode::NotPossible, "there are no mails here"));
    }
    let MailFields { kind, about, to, cc, bcc, subject, html, history, files: carried } = fields;
    let mut check = Check::default();
    check.that(html.as_ref().is_none_or(|html| html.len() <= MAX_HTML), "mail.html", ErrorCode::TooLong, "at most 256 kB");
    for (name, list) in [("mail.to", to.as_ref()), ("mail.cc", cc.as_ref()), ("mail.bcc", Some(&bcc))] {
        check.that(list.is_none_or(|list| list.len() <= MAX_FIELD), name, ErrorCode::TooLong, "at most 100");
    }
    check.done()?;
    let about = self::about(app, state, about).await?;
    let is_quoted = history || kind == MailKind::Forward;
    let quoted = if is_quoted { quote(app, caller, state, scope(kind, history), about.as_deref()).await? } else { String::new() };
    let mut attachments = files(app, caller, state, uploaded).await?;
    if let Some(about) = about.as_ref().filter(|_| kind == MailKind::Forward) {
        let goes = |file: &&Attachment| carried.as_ref().is_none_or(|carried| carried.contains(&file.id));
        attachments.extend(about.attachments.iter().filter(goes).cloned());
    }
    let place = Place { client: state.client, conversation: Some(state.id) };
    let whole = whole(app, caller, place, html, text, &quoted, &mut attachments).await?;
    let request = Request {
        kind: kind_of(kind),
        to: to.map(mailboxes),
        cc: cc.map(mailboxes),
        bcc: mailboxes(bcc),
        subject,
        ..Request::default()
    };
    // Refused before anything is stored.
    let before = about.as_ref().and_then(|message| message.mail.as_deref().cloned());
    let envelope = Envelope { send_at, ..envelope(app, caller, state, request, before).await? };
    finish(app, caller, place, whole, attachments, envelope).await
}

/// The first mail of a thread to this customer. Its files have no conversation yet: [`bind`] gives them theirs.
///
/// # Errors
/// 422 for what cannot be sent so.
pub async fn first(
    app: &App,
    caller: &Caller,
    client: ClientId,
    to: Mailbox,
    text: &str,
    mail: StartMail,
) -> Result<Content, Problem> {
    let StartMail { subject, to: others, cc, bcc, html, attachments: uploaded, send_at, undo } = mail;
    let mut check = Check::default();
    check.that(html.as_ref().is_none_or(|html| html.len() <= MAX_HTML), "mail.html", ErrorCode::TooLong, "at most 256 kB");
    for (name, list) in [("mail.to", &others), ("mail.cc", &cc), ("mail.bcc", &bcc)] {
        check.that(list.len() <= MAX_FIELD, name, ErrorCode::TooLong, "at most 100");
    }
    check.that(uploaded.len() <= 10, "mail.attachments", ErrorCode::TooLong, "at most 10");
    check.done()?;
    let send_at = leaves_at(send_at.map(|Time(at)| at), undo, app.now());
    let place = Place { client, conversation: None };
    let mut attachments = Vec::new();
    for (index, id) in uploaded.iter().enumerate() {
        let found = attachments::find(&app.engine.db, *id).await?;
        let own =
            found.filter(|stored| stored.conversation.is_none() && stored.client == client && stored.uploaded_by == caller.by);
        let unknown = || Problem::field(&format!("mail.attachments.{index}"), ErrorCode::UnknownReference, "no such attachment");
        attachments.push(own.ok_or_else(unknown)?.file);
    }
    let whole = whole(app, caller, place, html, text, "", &mut attachments).await?;
    let to = [to].into_iter().chain(mailboxes(others)).collect();
    let request = Request {
        kind: Kind::New,
        to: Some(to),
        cc: Some(mailboxes(cc)),
        bcc: mailboxes(bcc),
        subject: Some(subject),
        ..Request::default()
    };
    let own = answering::own(&caller.directory, client);
    let nobody = Mailbox { name: String::new(), address: String::new() };
    let envelope = Envelope { send_at, ..answer(request, None, &nobody, &own).map_err(fault)? };
    finish(app, caller, place, whole, attachments, envelope).await
}

/// Gives the files of a first mail to its conversation, but for pictures of templates: those stay everybody's.
///
/// # Errors
/// The store's.
pub async fn bind(
    app: &App,
    caller: &Caller,
    client: ClientId,
    content: &Content,
    conversation: ConversationId,
) -> Result<(), Problem> {
    let html = content.mail.as_ref().and_then(|mail| mail.html);
    let mut bound: Vec<_> = html.map(|id| attachments::bind(id, conversation)).into_iter().collect();
    for file in &content.attachments {
        let may_be_shared = file.media_type.starts_with("image/");
        if !may_be_shared || templates::showing(&app.engine.db, client, file.id).await?.is_empty() {
            bound.push(attachments::bind(file.id, conversation));
        }
    }
    Ok(app.engine.journal.write(bound, None, caller.by, None).await?)
}

/// Where files must lie.
#[derive(Clone, Copy)]
struct Place {
    client: ClientId,
    conversation: Option<ConversationId>,
}

/// What was written, with what stands below; its pictures are among the files.
async fn whole(
    app: &App,
    caller: &Caller,
    place: Place,
    html: Option<String>,
    text: &str,
    quoted: &str,
    attachments: &mut Vec<Attachment>,
) -> Result<String, Problem> {
    let said = html.unwrap_or_else(|| paragraphs(text));
    let unstable = || Problem::field("mail.html", ErrorCode::NotPossible, "it cannot be made safe");
    let own = written::clean(&said).ok_or_else(unstable)?;
    if written::text(&own.html).trim().is_empty() && own.files.is_empty() && attachments.is_empty() && quoted.is_empty() {
        return Err(Problem::new(ErrorCode::EmptyMessage));
    }
    let whole = written::clean(&format!("{}{quoted}", own.html)).ok_or_else(unstable)?;
    add_pictures(app, caller, place, &own.files, &whole.files, attachments).await?;
    if attachments.len() > MAX_FILES {
        return Err(Problem::field("attachments", ErrorCode::TooLong, "at most 100 in all"));
    }
    Ok(whole.html)
}

/// Keeps the HTML and makes the text of it.
async fn finish(
    app: &App,
    caller: &Caller,
    place: Place,
    html: String,
    attachments: Vec<Attachment>,
    envelope: Envelope,
) -> Result<Content, Problem> {
    let text = written::text(&html);
    if text.len() > ChannelKind::Email.max_text_bytes() {
        return Err(Problem::new(ErrorCode::MessageTooLong));
    }
    let id = keep(app, caller, place, &html).await?;
    let mail = Envelope { html: Some(id), has_html: true, folds: folds(&text), ..envelope };
    Ok(Content { text: storable(&text), attachments, mail: Some(mail.into()) })
}

/// What is passed on with the history is quoted as a reply's.
const fn scope(kind: MailKind, history: bool) -> MailKind {
    if history { MailKind::Reply } else { kind }
}

fn mailboxes(given: Vec<MailAddress>) -> Vec<Mailbox> {
    given.into_iter().map(|MailAddress { name, address }| Mailbox { name, address }).collect()
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(|part| format!("<p>{}</p>", written::escaped(part))).collect()
}

/// Files that the HTML shows go along. Those that somebody put there must be theirs; what is quoted may show what the conversation holds.
async fn add_pictures(
    app: &App,
    caller: &Caller,
    place: Place,
    own: &[AttachmentId],
    all: &[AttachmentId],
    attachments: &mut Vec<Attachment>,
) -> Result<(), Problem> {
    let known: HashSet<AttachmentId> = attachments.iter().map(|file| file.id).collect();
    for id in all.iter().filter(|id| !known.contains(id)).take(MAX_FILES) {
        let found = attachments::find(&app.engine.db, *id).await?;
        let is_here = |stored: &Stored| stored.conversation == place.conversation && stored.client == place.client;
        let here = found.filter(|stored| is_here(stored) && stored.file.media_type.starts_with("image/"));
        let may = match (&here, place.conversation) {
            (Some(stored), _) if stored.uploaded_by == caller.by => true,
            (Some(_), Some(conversation)) => attachments::holds(&app.engine.db, conversation, *id).await?,
            _ => false,
        };
        let (here, may) = if may { (here, true) } else { of_template(app, place.client, *id).await? };
        match here.filter(|_| may) {
            Some(stored) => attachments.push(stored.file),
            None if own.contains(id) => {
                return Err(Problem::field(
                    "mail.html",
                    ErrorCode::UnknownReference,
                    "a picture of it is no file of this conversation",
                ));
            }
            None => {}
        }
    }
    Ok(())
}

/// Signatures and templates bring pictures of their own.
async fn of_template(app: &App, client: ClientId, id: AttachmentId) -> Result<(Option<Stored>, bool), Problem> {
    let found =
        attachments::find(&app.engine.db, id).await?.filter(|stored| stored.client == client && stored.conversation.is_none());
    let is_shown = found.is_some() && !templates::showing(&app.engine.db, client, id).await?.is_empty();
    Ok((found, is_shown))
}

/// Stores the HTML; it is handed out to nobody as it lies there.
async fn keep(app: &App, caller: &Caller, place: Place, html: &str) -> Result<AttachmentId, Problem> {
    let id: AttachmentId = app.engine.ids.next();
    app.attachments.put(&object_path(id), PutPayload::from(html.as_bytes().to_vec())).await.map_err(failed)?;
    let file = Attachment { id, name: "mail.html".to_owned(), media_type: UNKNOWN.to_owned(), size: html.len() as u64 };
    let stored = Stored { file, client: place.client, uploaded_by: caller.by, conversation: place.conversation };
    let insert = attachments::insert(&stored, app.now());
    app.engine.journal.write(vec![insert], None, caller.by, None).await?;
    Ok(id)
}

/// What stands below: the mail that is passed on, or everything that was written to and fro, the latest first.
async fn quote(
    app: &App,
    caller: &Caller,
    state: &Conversation,
    kind: MailKind,
    about: Option<&Message>,
) -> Result<String, Problem> {
    let client = caller.directory.clients.get(&state.client);
    let language = client.map_or(Language::Spanish, |client| client.language);
    let zone = client.and_then(|client| client.zone.parse().ok()).unwrap_or(Tz::UTC);
    let account = caller.directory.mail_accounts.get(&state.channel);
    let own = account.map(|account| Mailbox { name: account.settings.from_name.clone(), address: account.address.clone() });
    if kind == MailKind::Forward {
        let Some((message, mail)) = about.and_then(|about| Some((about, about.mail.as_deref()?))) else {
            return Ok(String::new());
        };
        let head = passed_on(language, zone, message, mail, own.as_ref());
        return Ok(format!("<div>{head}{}</div>", body(app, message, mail, true).await?));
    }
    let card = conversations::card(&app.engine.db, state).await?;
    let mut quoted = String::new();
    let recent = conversations::messages_before(&app.engine.db, state.id, i64::MAX as u64, 200).await?;
    let mails = recent.iter().filter_map(|stored| Some((&stored.message, stored.message.mail.as_deref()?)));
    for (message, mail) in mails.filter(|(message, mail)| is_known_to(&card.address, message, mail)).take(MAX_QUOTED) {
        let who = mail.from.as_ref().or(own.as_ref());
        let said = body(app, message, mail, false).await?;
        let one = format!("<p>{}</p><blockquote>{said}</blockquote>", introduction(language, zone, message, mail, who));
        if quoted.len() + one.len() > MAX_QUOTE {
            break;
        }
        quoted.push_str(&one);
    }
    Ok(if quoted.is_empty() { quoted } else { format!("<div data-fold=\"quote\">{quoted}</div>") })
}

/// What the customer wrote or was sent; no note is a mail.
fn is_known_to(contact: &str, message: &Message, mail: &Envelope) -> bool {
    let got = || mail.to.iter().chain(&mail.cc).any(|one| one.address.eq_ignore_ascii_case(contact));
    let wrote = || mail.from.as_ref().is_some_and(|from| from.address.eq_ignore_ascii_case(contact));
    !mail.forwarded && message.delivery != Some(Delivery::Cancelled) && (wrote() || got())
}

/// What a mail says, to stand in another one. Of a mail with quotes of its own only what is new, unless it is passed on.
async fn body(app: &App, message: &Message, mail: &Envelope, whole: bool) -> Result<String, Problem> {
    let has_quotes = mail.folds.iter().any(|fold| fold.kind == FoldKind::Quote);
    if (whole || !has_quotes)
        && let Some(html) = html_of(app, message, mail).await?.filter(|html| html.len() <= MAX_QUOTE / 2)
    {
        return Ok(html);
    }
    let text = super::mail::in_parts(&message.text, if whole { &[] } else { &mail.folds });
    let said = text.iter().filter(|part| part.kind != MailTextKind::Quote).map(|part| part.text.as_str());
    let said = said.collect::<Vec<_>>().join("\n\n");
    let cut = said.floor_char_boundary(MAX_TEXT_BYTES.min(MAX_QUOTE / 4));
    Ok(paragraphs(said.get(..cut).unwrap_or_default()))
}

fn named(who: &Mailbox) -> String {
    let Mailbox { name, address } = who;
    written::escaped(&if name.is_empty() { address.clone() } else { format!("{name} <{address}>") })
}

fn moment(message: &Message, mail: &Envelope) -> chrono::DateTime<chrono::Utc> {
    mail.date.unwrap_or(message.at).to_chrono()
}

fn introduction(language: Language, zone: Tz, message: &Message, mail: &Envelope, who: Option<&Mailbox>) -> String {
    let at = moment(message, mail).with_timezone(&zone);
    let who = who.map(named).unwrap_or_default();
    match language {
        Language::Spanish => format!("El {} a las {}, {who} escribió:", at.format("%d/%m/%Y"), at.format("%H:%M")),
        Language::English => format!("On {} at {}, {who} wrote:", at.format("%Y-%m-%d"), at.format("%H:%M")),
        Language::Portuguese => format!("Em {} às {}, {who} escreveu:", at.format("%d/%m/%Y"), at.format("%H:%M")),
    }
}

fn passed_on(language: Language, zone: Tz, message: &Message, mail: &Envelope, own: Option<&Mailbox>) -> String {
    let [title, from, date, subject, to, cc] = match language {
        Language::Spanish => ["Mensaje reenviado", "De", "Fecha", "Asunto", "Para", "Cc"],
        Language::English => ["Forwarded message", "From", "Date", "Subject", "To", "Cc"],
        Language::Portuguese => ["Mensagem encaminhada", "De", "Data", "Assunto", "Para", "Cc"],
    };
    let at = moment(message, mail).with_timezone(&zone);
    let all = |list: &[Mailbox]| list.iter().map(named).collect::<Vec<_>>().join(", ");
    let rows = [
        (from, mail.from.as_ref().or(own).map(named).unwrap_or_default()),
        (date, at.format("%d/%m/%Y %H:%M").to_string()),
        (subject, written::escaped(&mail.subject)),
        (to, all(&mail.to)),
        (cc, all(&mail.cc)),
    ];
    let rows: String =
        rows.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("<br>{name}: {text}")).collect();
    format!("<p>---------- {title} ----------{rows}</p>")
}
