//! `/api/v1/conversations`: reading them and working on them.
//!
//! Agents see what they have, are offered or are consulted about; everybody else what their scope covers. What one may not see is not found. An
//! agent of the same campaign who comes too late to a command is told who has the conversation now.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;

use super::{mail_answer, mails, skills};
use crate::{
    actors::engine::TransferTarget,
    channels::api::inbound::storable,
    clock::Timestamp,
    domain::{
        self,
        channel::ChannelKind,
        conversation::{Command, Conversation, OfferOutcome},
        delivery::Delivery,
        field,
        message::{Attachment, Content},
        permission::{Permission, Place, Role, Scope, may},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, cut},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{AgentId, AttachmentId, CampaignId, ChannelId, ContactId, ConversationId, FieldId, MessageId, UserId},
    store::{
        attachments,
        conversation_lists::{self, Filter, Reach},
        conversations, mail_sending, visitors,
        write::ContactCard,
    },
    wire::{
        Time,
        command::{AnswerOffer, Close, Note, Prioritise, Reply, SetFields, Snooze, Tag, Transfer},
        conversation::{MailWaits, Message, RatingView, Summary, VisitorCard},
        page::Page,
    },
};

/// The most attachments of one message.
const MAX_ATTACHMENTS: usize = 10;
/// The most colleagues a note calls for.
const MAX_MENTIONS: usize = 20;
/// The most labels of a conversation.
const MAX_TAGS: usize = 20;
/// How far ahead a conversation can be put aside.
const LONGEST_SNOOZE: Duration = Duration::from_secs(366 * 24 * 3600);

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

pub(super) fn place(state: &Conversation) -> Place {
    Place::campaign(state.client, state.campaign)
}

/// What the caller sees of a conversation: agents nothing that its campaign hides from them (S1-24).
pub fn summary(caller: &Caller, state: &Conversation, card: &ContactCard, last: Option<&domain::message::Message>) -> Summary {
    let summary = Summary::of(state, card, last);
    let permissions = caller.directory.permissions_of(state.campaign);
    if caller.may(Permission::ReadConversations, place(state)) { summary } else { summary.for_agent(&permissions) }
}

pub(super) fn may_see(caller: &Caller, state: &Conversation) -> bool {
    if caller.subject.role == Role::Agent {
        return state.involves(caller.user());
    }
    caller.may(Permission::ReadConversations, place(state))
}

/// Whoever may see it, and agents of its campaign: those learn from the refusal who was faster.
fn may_try(caller: &Caller, state: &Conversation) -> bool {
    may_see(caller, state) || caller.may(Permission::Answer, place(state))
}

/// A conversation the caller may see.
///
/// # Errors
/// 404.
pub async fn visible(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?;
    state.filter(|state| may_see(caller, state)).ok_or_else(Problem::not_found)
}

/// A conversation the caller may read: one they may see, or an earlier one of a customer whom they are talking to.
///
/// # Errors
/// 404.
pub async fn readable(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?.ok_or_else(Problem::not_found)?;
    let earlier = async || {
        Ok::<_, Problem>(history_since(app, caller, state.contact).await?.is_some_and(|since| state.last_message_at >= since))
    };
    if may_see(caller, &state) || earlier().await? { Ok(state) } else { Err(Problem::not_found()) }
}

/// Since when an agent may read what a contact said: as far back as the campaigns allow in which they talk to them now (S1-25,
/// S1-26); none = not at all.
async fn history_since(app: &App, caller: &Caller, contact: ContactId) -> Result<Option<Timestamp>, Problem> {
    if caller.subject.role != Role::Agent || caller.is_program() {
        return Ok(None);
    }
    let open = conversations::open_with_contact(&app.engine.db, contact).await?;
    let own = open.iter().filter(|state| state.is_read_by(caller.user()));
    Ok(own.filter_map(|state| caller.directory.permissions_of(state.campaign).history_since(app.now())).min())
}

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

pub(super) async fn workable(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?;
    state.filter(|state| may_try(caller, state)).ok_or_else(Problem::not_found)
}

/// Whether the caller may do to a conversation of somebody else what its owner may.
pub(super) fn steers(caller: &Caller, state: &Conversation) -> bool {
    state.phase.owner() != Some(caller.user()) && caller.may(Permission::ForceConversations, place(state))
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

/// `POST /{id}/messages`: answers the customer.
///
/// # Errors
/// 404; 409 and 422 as the rules say.
pub async fn reply(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Reply>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Reply { text, attachments, send_at, undo, mail }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let is_own = state.phase.owner() == Some(caller.user());
    let send_at = mails::leaves_at(send_at.map(|Time(at)| at), undo, app.now());
    if send_at.is_some() && state.kind != ChannelKind::Email {
        return Err(Refusal::NotThen.into());
    }
    let content = match mail {
        // What will be refused is not made into a mail first.
        mail if state.kind == ChannelKind::Email && is_own => {
            mail_answer::content(&app, &caller, &state, &text, &attachments, mail.unwrap_or_default(), send_at).await?
        }
        Some(_) if state.kind != ChannelKind::Email => {
            return Err(Problem::field("mail", ErrorCode::NotPossible, "there are no mails here"));
        }
        _ => {
            let attachments = files(&app, &caller, &state, &attachments).await?;
            Content { text: storable(&text), attachments, mail: None }
        }
    };
    let command = Command::Reply { message: app.engine.ids.next(), agent: caller.user(), content };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `POST /{id}/notes`: writes for colleagues. Whoever has it before them, members of its campaign, who may steer any
/// conversation there.
///
/// # Errors
/// 404; 409 when it is closed; 422.
pub async fn note(app: Data<App>, caller: Caller, id: Path<ConversationId>, input: Input<Note>) -> Result<HttpResponse, Problem> {
    let Input { value: Note { text, mut mentions }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let own = state.involves(caller.user());
    if !(own || steers(&caller, &state) || caller.may(Permission::Answer, place(&state))) {
        return Err(Problem::not_found());
    }
    mentions.sort_unstable();
    mentions.dedup();
    let mut check = Check::default();
    check.that(mentions.len() <= MAX_MENTIONS, "mentions", ErrorCode::TooLong, "at most 20");
    let reaches = |user: UserId| {
        let subject = caller.directory.subject(user);
        let may = |permission| subject.as_ref().is_some_and(|subject| may(subject, permission, place(&state)));
        state.involves(user) || may(Permission::Answer) || may(Permission::ReadConversations)
    };
    let all_known = mentions.iter().take(MAX_MENTIONS).all(|user| reaches(*user));
    check.that(all_known, "mentions", ErrorCode::UnknownReference, "nobody who may see this conversation");
    check.done()?;
    let content = Content::plain(storable(&text));
    let command = Command::Note { message: app.engine.ids.next(), agent: caller.user(), content, mentions };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `POST /{id}/messages/{message}/retry`: sends again what could not be sent. What is on its way again is left alone.
///
/// # Errors
/// 404; 409 `not_failed` and as the rules say.
pub async fn retry(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ConversationId, MessageId)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (id, message) = ids.into_inner();
    let state = workable(&app, &caller, id).await?;
    let found = conversations::message_of(&app.engine.db, id, message).await?.ok_or_else(Problem::not_found)?.message;
    let stored = found.delivery.map(|delivery| (found.seq, delivery));
    let command = Command::Retry { message, agent: caller.user(), stored };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// Files of this conversation that the caller has uploaded.
///
/// # Errors
/// 422 naming those that are not.
pub async fn files(app: &App, caller: &Caller, state: &Conversation, ids: &[AttachmentId]) -> Result<Vec<Attachment>, Problem> {
    let mut check = Check::default();
    check.that(ids.len() <= MAX_ATTACHMENTS, "attachments", ErrorCode::TooLong, "at most 10");
    let mut files = Vec::new();
    for (index, id) in ids.iter().take(MAX_ATTACHMENTS).enumerate() {
        let found = attachments::find(&app.engine.db, *id).await?;
        let own = found.filter(|stored| stored.conversation == Some(state.id) && stored.uploaded_by == caller.by);
        match own {
            Some(stored) => files.push(stored.file),
            None => check.error(&format!("attachments.{index}"), ErrorCode::UnknownReference, "no such attachment here"),
        }
    }
    check.done().map(|()| files)
}

/// `POST /{id}/accept`.
///
/// # Errors
/// 404; 409 `offer_gone` with who has it now.
pub async fn accept(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<AnswerOffer>,
) -> Result<HttpResponse, Problem> {
    let Input { value: AnswerOffer { offer }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let command = Command::Accept { offer, agent: caller.user() };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `POST /{id}/take`: takes a waiting conversation out of turn.
///
/// # Errors
/// 404; 409 `gone` with who has it now, `at_capacity`, `not_available`, `not_member`.
pub async fn take(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    once.done(app.engine.take(state.id, caller.user(), once.by(), once.keep()).await).await
}

/// `POST /{id}/decline`.
///
/// # Errors
/// As [`accept`].
pub async fn decline(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<AnswerOffer>,
) -> Result<HttpResponse, Problem> {
    let Input { value: AnswerOffer { offer }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let command = Command::EndOffer { offer, agent: caller.user(), outcome: OfferOutcome::Declined };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `POST /{id}/transfer`: by its owner, or by who may move any conversation there.
///
/// # Errors
/// 404; 409 and 422 as the rules say.
pub async fn transfer(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Transfer>,
) -> Result<HttpResponse, Problem> {
    let Input { value, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let target = target(&caller, &state, value)?;
    let from =
        if steers(&caller, &state) { state.phase.owner().ok_or(Refusal::NotOwner { current: None })? } else { caller.user() };
    once.done(app.engine.transfer(state.id, from, target, once.by(), once.keep()).await).await
}

/// The target within the same company: whatever lies elsewhere is as unknown as what does not exist.
fn target(caller: &Caller, state: &Conversation, asked: Transfer) -> Result<TransferTarget, Problem> {
    let directory = &caller.directory;
    match asked {
        Transfer { agent: None, campaign: None, skills: Some(skills) } if !skills.is_empty() => {
            Ok(TransferTarget::Skills(skills::asked(caller, "skills", skills, state.client)?))
        }
        Transfer { agent: Some(agent), campaign: None, skills: None } => {
            let memberships = directory.memberships.get(&agent).into_iter().flatten();
            let works_here =
                memberships.map(|member| caller.place(member.campaign)).any(|place| place.client == Some(state.client));
            let enabled = directory.users.get(&agent).is_some_and(|user| user.enabled);
            if works_here && enabled {
                Ok(TransferTarget::Agent(agent))
            } else {
                Err(Problem::field("agent", ErrorCode::UnknownReference, "no such agent"))
            }
        }
        Transfer { agent: None, campaign: Some(id), skills: None } => {
            if directory.campaigns.get(&id).is_some_and(|campaign| campaign.client == state.client) {
                Ok(TransferTarget::Campaign(id))
            } else {
                Err(Problem::field("campaign", ErrorCode::UnknownReference, "no such campaign"))
            }
        }
        Transfer { .. } => Err(Problem::field("agent", ErrorCode::NotPossible, "an agent, a campaign or skills")),
    }
}

/// `POST /{id}/close`: by its owner, or by who may close any conversation there.
///
/// # Errors
/// 404; 409 and 422 as the rules say.
pub async fn close(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Close>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Close { disposition, wrap_up }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    if let Some(chosen) = disposition
        && !caller.directory.offered_dispositions(state.campaign).contains(&chosen)
    {
        return Err(Problem::field("disposition", ErrorCode::UnknownReference, "no disposition of this campaign"));
    }
    let command = Command::Close { agent: caller.user(), force: steers(&caller, &state), disposition, wrap_up };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `POST /{id}/snooze`: puts it aside until then, or until the customer writes.
///
/// # Errors
/// 404; 409 as the rules say; 422 for a moment that has passed or lies too far ahead.
pub async fn snooze(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Snooze>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Snooze { until }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let (until, now) = (until.0, app.now());
    let mut check = Check::default();
    check.that(until > now && until <= now + LONGEST_SNOOZE, "until", ErrorCode::OutOfRange, "in the future, within a year");
    check.done()?;
    once.done(app.engine.command(state.id, Command::Park { agent: caller.user(), until }, once.by(), once.keep()).await).await
}

/// `POST /{id}/wake`.
///
/// # Errors
/// 404; 409 as the rules say.
pub async fn wake(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    once.done(app.engine.command(state.id, Command::Wake { agent: caller.user() }, once.by(), once.keep()).await).await
}

/// `PUT /{id}/tags`: by its owner, or by who may steer any conversation there.
///
/// # Errors
/// 404; 409 as the rules say; 422.
pub async fn tag(app: Data<App>, caller: Caller, id: Path<ConversationId>, input: Input<Tag>) -> Result<HttpResponse, Problem> {
    let Input { value: Tag { mut tags }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let mut check = Check::default();
    check.that(tags.len() <= MAX_TAGS, "tags", ErrorCode::TooLong, "at most 20");
    for (index, tag) in tags.iter_mut().take(MAX_TAGS).enumerate() {
        check.line(&format!("tags.{index}"), tag, 1..=40);
    }
    check.done()?;
    tags.sort_unstable();
    tags.dedup();
    let command = Command::Tag { agent: caller.user(), force: steers(&caller, &state), tags };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `PUT /{id}/priority`: as [`tag`].
///
/// # Errors
/// 404; 409 as the rules say.
pub async fn prioritise(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Prioritise>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Prioritise { priority }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let command = Command::Prioritise { agent: caller.user(), force: steers(&caller, &state), priority };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// `PUT /{id}/fields`: by its owner, or by who may change any conversation there.
///
/// # Errors
/// 404; 409 when it is over or somebody else's; 422 for a value that its field cannot hold.
pub async fn set_fields(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<SetFields>,
) -> Result<HttpResponse, Problem> {
    let Input { value: SetFields { values }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let values = accepted(&caller, &state, values)?;
    let force = state.phase.owner() != Some(caller.user()) && caller.may(Permission::ForceConversations, place(&state));
    let command = Command::SetFields { agent: caller.user(), force, values };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

type FieldValues = BTreeMap<FieldId, Option<field::Value>>;

/// The values as they are kept. Only what the campaign asks for can be filled in; what was filled in before can be emptied.
fn accepted(caller: &Caller, state: &Conversation, values: FieldValues) -> Result<Vec<(FieldId, Option<field::Value>)>, Problem> {
    let directory = &caller.directory;
    let uses = directory.campaigns.get(&state.campaign).map(|campaign| campaign.fields.as_slice()).unwrap_or_default();
    let asked = |id: FieldId| uses.iter().any(|used| used.field == id);
    let (mut kept, mut check) = (Vec::new(), Check::default());
    for (id, value) in values {
        let known = directory.fields.get(&id).filter(|field| field.enabled && asked(id));
        match (known, value) {
            (_, None) if state.fields.contains(&id) => kept.push((id, None)),
            (None, _) => {
                check.error("values", ErrorCode::UnknownReference, "no such field in this campaign");
                break;
            }
            (Some(_), None) => {}
            (Some(field), Some(value)) => match field.accept(&value) {
                Some(value) => kept.push((id, Some(value))),
                None => check.error(&format!("values.{id}"), ErrorCode::NotPossible, "not what this field can hold"),
            },
        }
    }
    check.done().map(|()| kept)
}

/// `POST /{id}/wrap-up/end`.
///
/// # Errors
/// 404; 409 when it is not in wrap-up.
pub async fn end_wrap_up(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    let command = Command::EndWrapUp { agent: caller.user() };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}
