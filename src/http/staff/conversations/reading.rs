//! Lists, messages, and what is known beside them.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;

use super::{access::history_since, readable, summary, visible};
use crate::{
    domain::{
        channel::ChannelKind,
        conversation::Conversation,
        delivery::Delivery,
        permission::{Permission, Role, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, cut},
        input::Query,
        once,
        problem::Problem,
        staff::mails,
        state::App,
    },
    ids::{AgentId, CampaignId, ChannelId, ContactId, ConversationId},
    store::{
        conversation_lists::{self, Filter, Reach},
        conversations, mail_sending, visitors,
    },
    wire::{
        conversation::{MailWaits, Message, RatingView, Summary, VisitorCard},
        page::Page,
    },
};

/// Which conversations.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ConversationsQuery {
    /// `open`, `ended`, or one phase: `arrived`, `admitted`, `queued`, `offered`, `active`, `dormant`, `parked`, `transferring`,
    /// `wrap_up`, `closed`, `abandoned`, `expired`, `overflowed`.
    phase: Option<String>,
    /// Of this campaign.
    campaign: Option<CampaignId>,
    /// That this agent has or is offered.
    agent: Option<AgentId>,
    /// With this contact.
    contact: Option<ContactId>,
    /// By this channel account.
    channel: Option<ChannelId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// Which messages.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MessagesQuery {
    /// Only those with a smaller `seq`; `next` of the page before.
    before: Option<u64>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// Which part of a contact's history.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// Only older ones than this; `next` of the page before.
    before: Option<ConversationId>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

const PHASES: [&str; 15] = [
    "open",
    "ended",
    "arrived",
    "admitted",
    "queued",
    "offered",
    "active",
    "dormant",
    "parked",
    "transferring",
    "wrap_up",
    "closed",
    "abandoned",
    "expired",
    "overflowed",
];

/// `GET /api/v1/contacts/{id}/conversations`: the newest first. For agents who have an open conversation with the contact,
/// and for whoever may read conversations, as far as their scope goes.
///
/// # Errors
/// 404; 422 for an impossible limit.
pub async fn of_contact(
    app: Data<App>,
    caller: Caller,
    id: Path<ContactId>,
    query: Query<HistoryQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = check::limit(query.0.limit)?;
    let db = &app.engine.db;
    let since = history_since(&app, &caller, *id).await?;
    let reach = if since.is_some() { Reach::All } else { reach(&caller) };
    let of = |before| Filter { contact: Some(*id), before, ..Filter::default() };
    if matches!(reach, Reach::Agent(_)) || conversation_lists::list(db, &reach, &of(None), 1).await?.is_empty() {
        return Err(Problem::not_found());
    }
    let found = conversation_lists::list(db, &reach, &of(query.0.before), limit + 1).await?;
    let Page { items, next } = cut(found, limit, |row| row.state.id.to_string());
    let recent = items.iter().filter(|row| since.is_none_or(|since| row.state.last_message_at >= since));
    let items = recent.map(|row| summary(&caller, &row.state, &row.contact, row.last.as_deref())).collect();
    once::ok(&Page { items, next })
}

/// `GET /{id}/visitor`: what the visitor of a web chat said before and after.
///
/// # Errors
/// 404.
pub async fn visitor(app: Data<App>, caller: Caller, id: Path<ConversationId>) -> Result<HttpResponse, Problem> {
    let (db, state) = (&app.engine.db, visible(&app, &caller, *id).await?);
    let address = conversations::card(db, &state).await?.address;
    let answers = visitors::answers(db, state.channel, &address).await?;
    let rating = visitors::rating(db, state.id).await?;
    let rating = rating.map(|rated| RatingView { score: rated.score, comment: rated.comment, at: rated.at.into() });
    once::ok(&VisitorCard { answers, rating })
}

fn reach(caller: &Caller) -> Reach {
    if caller.subject.role == Role::Agent {
        return Reach::Agent(caller.user());
    }
    if caller.subject.scopes.contains(&Scope::All) {
        return Reach::All;
    }
    let campaigns = caller.directory.campaigns.keys().copied();
    Reach::Campaigns(campaigns.filter(|id| caller.may(Permission::ReadConversations, caller.place(*id))).collect())
}

/// `GET`.
///
/// # Errors
/// 422 for impossible filters.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ConversationsQuery>) -> Result<HttpResponse, Problem> {
    let query = query.0;
    let phase = query.phase.as_deref().map(|word| PHASES.into_iter().find(|phase| *phase == word));
    if phase == Some(None) {
        return Err(Problem::field("phase", ErrorCode::NotPossible, "not a phase"));
    }
    let limit = check::limit(query.limit)?;
    let filter = Filter {
        phase: phase.flatten(),
        campaign: query.campaign,
        agent: query.agent,
        contact: query.contact,
        channel: query.channel,
        before: check::cursor(query.cursor.as_deref())?,
    };
    let found = conversation_lists::list(&app.engine.db, &reach(&caller), &filter, limit + 1).await?;
    let items = found.iter().map(|row| summary(&caller, &row.state, &row.contact, row.last.as_deref())).collect();
    once::ok(&cut(items, limit, |item: &Summary| item.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ConversationId>) -> Result<HttpResponse, Problem> {
    let state = readable(&app, &caller, *id).await?;
    let card = conversations::card(&app.engine.db, &state).await?;
    let last = conversations::last_message(&app.engine.db, state.id).await?;
    once::ok(&summary(&caller, &state, &card, last.as_deref()))
}

/// `GET /{id}/messages`: the latest first.
///
/// # Errors
/// 404; 422 for an impossible limit.
pub async fn messages(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    query: Query<MessagesQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = check::limit(query.0.limit)?;
    let state = readable(&app, &caller, *id).await?;
    let before = query.0.before.unwrap_or(i64::MAX as u64);
    let found = conversations::messages_before(&app.engine.db, state.id, before, limit as u64 + 1).await?;
    let mut items: Vec<Message> = found.into_iter().map(|stored| Message::of(&stored.message, stored.reason)).collect();
    if state.kind == ChannelKind::Email {
        when_they_leave(&app, &caller, &state, &mut items).await?;
    }
    once::ok(&cut(items, limit, |message: &Message| message.seq.to_string()))
}

/// Says of mails that wait when they are expected to leave.
async fn when_they_leave(app: &App, caller: &Caller, state: &Conversation, items: &mut [Message]) -> Result<(), Problem> {
    let waits = |delivery| matches!(delivery, Some(Delivery::Scheduled | Delivery::Queued | Delivery::Sending));
    let mut account = None;
    for message in items.iter_mut().filter(|message| waits(message.delivery)) {
        let Some(wait) = mail_sending::wait_of(&app.engine.db, message.id).await? else { continue };
        let standing = match &mut account {
            Some(standing) => standing,
            None => {
                let known = caller.directory.mail_accounts.get(&state.channel);
                let quota = known.and_then(|account| account.settings.quota);
                account.insert(mail_sending::standing(&app.engine.db, state.channel, quota, app.now()).await?)
            }
        };
        let (at, waits) = mails::waits(message.delivery, wait, standing);
        let is_on = caller.directory.mail_accounts.get(&state.channel).is_some_and(|account| account.enabled);
        (message.leaves_at, message.waits) = if is_on { (Some(at.into()), waits) } else { (None, Some(MailWaits::SwitchedOff)) };
    }
    Ok(())
}
