//! `GET /api/v1/conversations/{id}/export`: one conversation as a file: a page to read and print, JSON for programs, plain text; mails also
//! as what they are, in an archive.
//!
//! The page stands on its own: nothing in it is fetched from anywhere, nothing in it runs, and every text of it is text. Messages are
//! read some at a time while they are sent. Whoever takes a conversation out is in the log.

mod mails;
mod page;
mod plain;
mod words;

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Path},
};
use bytes::Bytes;
use chrono_tz::Tz;
use futures_util::stream;
use serde::Deserialize;

use super::{
    attachments::disposition,
    conversations::{place, summary},
};
use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        channel::ChannelKind,
        conversation::{Conversation, Phase},
        log::Entity,
        mail::Mailbox,
        message::Author,
        permission::Permission,
        webchat::Language,
    },
    error::ErrorCode,
    http::{caller::Caller, input::Query, problem::Problem, state::App},
    ids::{AgentId, ConversationId, UserId},
    store::{
        Db, StoreError,
        conversations::{self, StoredMessage},
        recordings,
    },
    wire::conversation::{Message, Summary},
};

use self::words::{Words, words};

/// Messages read at once.
const PAGE: u64 = 200;
/// A longer conversation is cut here, and says so.
const MAX_MESSAGES: u64 = 50_000;

/// As what.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `html` (by default), `json` or `txt`; of conversations by mail also `eml`: a ZIP of its mails.
    format: Option<String>,
    /// In which language its labels are: `es`, `en`, `pt-BR`; the client's by default.
    language: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Html,
    Json,
    Text,
    Mails,
}

impl Format {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "html" => Some(Self::Html),
            "json" => Some(Self::Json),
            "txt" => Some(Self::Text),
            "eml" => Some(Self::Mails),
            _ => None,
        }
    }

    const fn ending(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("html", "text/html; charset=utf-8"),
            Self::Json => ("json", "application/json"),
            Self::Text => ("txt", "text/plain; charset=utf-8"),
            Self::Mails => ("zip", "application/zip"),
        }
    }
}

/// Everything that stands above the messages.
struct Sheet {
    directory: Arc<Snapshot>,
    state: Conversation,
    summary: Summary,
    agents: Vec<AgentId>,
    subject: String,
    by: String,
    at: Timestamp,
    zone: Tz,
    words: &'static Words,
}

impl Sheet {
    fn campaign(&self) -> String {
        self.directory.campaigns.get(&self.state.campaign).map(|campaign| campaign.name.clone()).unwrap_or_default()
    }

    fn client(&self) -> String {
        self.directory.clients.get(&self.state.client).map(|client| client.name.clone()).unwrap_or_default()
    }

    fn channel(&self) -> String {
        self.directory.channels.get(&self.state.channel).map(|channel| channel.name.clone()).unwrap_or_default()
    }

    fn disposition(&self) -> String {
        let chosen = match self.state.phase {
            Phase::Ended { disposition, .. } | Phase::WrapUp { disposition, .. } => disposition,
            _ => None,
        };
        chosen.and_then(|id| self.directory.dispositions.get(&id)).map(|node| node.name.clone()).unwrap_or_default()
    }

    fn name_of(&self, user: UserId) -> String {
        self.directory.users.get(&user).map_or_else(|| self.words.colleague.to_owned(), |user| user.name.clone())
    }

    fn author(&self, author: Author) -> String {
        match author {
            Author::Contact if self.summary.contact_name.is_empty() => self.summary.contact_address.clone(),
            Author::Contact => self.summary.contact_name.clone(),
            Author::Agent(AgentId::NIL) | Author::Note(AgentId::NIL) | Author::System => self.words.system.to_owned(),
            Author::Agent(agent) | Author::Note(agent) => self.name_of(agent),
        }
    }

    fn moment(&self, at: Timestamp) -> String {
        at.to_chrono().with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn ended_at(&self) -> Option<Timestamp> {
        self.state.phase.is_ended().then_some(self.state.since)
    }

    /// Labels with what they say; what nobody knows is left out.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let words = self.words;
        let agents: Vec<String> = self.agents.iter().map(|agent| self.name_of(*agent)).collect();
        let customer = match (self.summary.contact_name.as_str(), self.summary.contact_address.as_str()) {
            (name, address) if name.is_empty() || name == address => address.to_owned(),
            (name, address) => format!("{name} · {address}"),
        };
        let standing = if self.state.phase.is_ended() { words.ended } else { words.open };
        let all = [
            (words.subject, self.subject.clone()),
            (words.customer, customer),
            (words.client, self.client()),
            (words.campaign, self.campaign()),
            (words.channel, self.channel()),
            (words.agents, agents.join(", ")),
            (words.began, self.moment(self.state.arrived_at)),
            (words.finished, self.ended_at().map(|at| self.moment(at)).unwrap_or_default()),
            (words.state, standing.to_owned()),
            (words.disposition, self.disposition()),
            (words.tags, self.state.tags.join(", ")),
            (words.zone, self.zone.name().to_owned()),
        ];
        all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    fn footer(&self) -> String {
        format!("{} {} · {} · {}", self.words.exported_by, self.by, self.moment(self.at), self.state.id)
    }
}

/// `GET /{id}/export`: for who may read any conversation there.
///
/// # Errors
/// 404; 422 for an unknown format.
pub async fn show(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let unknown = |field: &str| Problem::field(field, ErrorCode::NotPossible, "there is no such one");
    let format = Format::parse(query.0.format.as_deref().unwrap_or("html")).ok_or_else(|| unknown("format"))?;
    let asked = query.0.language.map(|word| parse_language(&word).ok_or_else(|| unknown("language"))).transpose()?;
    let db = &app.engine.db;
    let state = conversations::state(db, *id).await?;
    let visible = state.filter(|state| caller.may(Permission::ReadConversations, place(state)));
    let state = visible.ok_or_else(Problem::not_found)?;
    let turn = match format {
        Format::Mails if state.kind != ChannelKind::Email => return Err(unknown("format")),
        Format::Mails => Some(mails::turn()?),
        _ => None,
    };
    let card = conversations::card(db, &state).await?;
    let directory = Arc::clone(&caller.directory);
    let language =
        asked.or_else(|| directory.clients.get(&state.client).map(|client| client.language)).unwrap_or(Language::Spanish);
    let words = words(language);
    let by = directory.users.get(&caller.user()).map_or_else(|| words.program.to_owned(), |user| user.name.clone());
    let sheet = Sheet {
        summary: summary(&caller, &state, &card, None),
        agents: recordings::attended(db, &state).await?,
        subject: card.subject.as_deref().unwrap_or_default().to_owned(),
        zone: directory.zone_of(state.client),
        at: app.now(),
        by,
        directory,
        state,
        words,
    };
    app.engine.journal.write(vec![], Some((Entity::Export, id.to_string())), caller.by, None).await?;
    let (ending, media_type) = format.ending();
    let day = sheet.state.arrived_at.to_chrono().with_timezone(&sheet.zone).format("%Y-%m-%d");
    let short: String = id.to_string().chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    let name = format!("{}-{day}-{short}.{ending}", sheet.words.file);
    let policy = if format == Format::Html { page::policy() } else { "default-src 'none'" };
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&name)))
        .insert_header((header::CONTENT_SECURITY_POLICY, format!("sandbox; {policy}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(match turn {
        Some(turn) => answer.streaming(Box::pin(mails::pieces(App::clone(&app), sheet, turn))),
        None => answer.streaming(pieces(db.clone(), sheet, format)),
    })
}

fn parse_language(tag: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.tag() == tag)
}

/// Where the file stands.
enum At {
    Head,
    After(u64, u64),
    End,
}

/// The file, a page of messages at a time: what is read next is read when the last was sent.
fn pieces(db: Db, sheet: Sheet, format: Format) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((db, sheet, At::Head), move |(db, sheet, at)| async move {
        let (piece, next) = match at {
            At::Head => {
                let head = match format {
                    Format::Html => page::head(&sheet),
                    Format::Json => plain::json_head(&sheet),
                    Format::Text | Format::Mails => plain::text_head(&sheet),
                };
                (head, At::After(0, 0))
            }
            At::After(seq, count) => {
                let messages = conversations::messages_after(&db, sheet.state.id, seq, PAGE).await?;
                let full = messages.len() as u64 == PAGE;
                let count_now = count + messages.len() as u64;
                let cut = full && count_now >= MAX_MESSAGES;
                let last = messages.last().map_or(seq, |stored| stored.message.seq);
                let mut piece = String::new();
                for (number, stored) in (count..).zip(&messages) {
                    match format {
                        Format::Html => page::message(&sheet, stored, &mut piece),
                        Format::Json => plain::json_message(stored, number == 0, &mut piece),
                        Format::Text | Format::Mails => plain::text_message(&sheet, stored, &mut piece),
                    }
                }
                if !full || cut {
                    match format {
                        Format::Html => page::end(&sheet, cut, &mut piece),
                        Format::Json => plain::json_end(cut, &mut piece),
                        Format::Text | Format::Mails => plain::text_end(&sheet, cut, &mut piece),
                    }
                    (piece, At::End)
                } else {
                    (piece, At::After(last, count_now))
                }
            }
            At::End => return Ok(None),
        };
        Ok(Some((Bytes::from(piece), (db, sheet, next))))
    })
}

/// `1.2 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// From whom to whom a mail went, in lines. Hidden copies stay hidden: a file goes from hand to hand.
fn mail_lines(sheet: &Sheet, stored: &StoredMessage) -> Vec<String> {
    let Some(mail) = &stored.message.mail else { return Vec::new() };
    let one = |mailbox: &Mailbox| match mailbox.name.as_str() {
        "" => mailbox.address.clone(),
        name => format!("{name} <{}>", mailbox.address),
    };
    let all = |mailboxes: &[Mailbox]| mailboxes.iter().map(one).collect::<Vec<_>>().join(", ");
    let words = sheet.words;
    let lines = [
        (words.subject, mail.subject.clone()),
        (words.from, mail.from.as_ref().map(one).unwrap_or_default()),
        (words.to, all(&mail.to)),
        ("Cc", all(&mail.cc)),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| format!("{label}: {text}")).collect()
}

fn is_note(stored: &StoredMessage) -> bool {
    matches!(stored.message.author, Author::Note(_))
}

fn wire(stored: &StoredMessage) -> Message {
    Message::of(&stored.message, stored.reason.clone())
}
