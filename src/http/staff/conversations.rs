//! `/api/v1/conversations`: reading them and working on them.
//!
//! Agents see what they have or are offered; everybody else what their scope covers. What one may not see is not found. An
//! agent of the same campaign who comes too late to a command is told who has the conversation now.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;

use crate::{
    actors::engine::TransferTarget,
    channels::api::inbound::storable,
    domain::{
        conversation::{Command, Conversation, OfferOutcome},
        disposition::is_leaf,
        message::{Attachment, Content},
        permission::{Permission, Place, Role, Scope},
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
    ids::{AgentId, AttachmentId, CampaignId, ChannelId, ContactId, ConversationId},
    store::{
        attachments,
        conversation_lists::{self, Filter, Reach},
        conversations, visitors,
    },
    wire::{
        command::{AnswerOffer, Close, Reply, Transfer},
        conversation::{Message, RatingView, Summary, VisitorCard},
    },
};

/// The most attachments of one message.
const MAX_ATTACHMENTS: usize = 10;

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

fn place(state: &Conversation) -> Place {
    Place::campaign(state.client, state.campaign)
}

fn may_see(caller: &Caller, state: &Conversation) -> bool {
    if caller.subject.role == Role::Agent {
        let has = state.phase.owner() == Some(caller.user());
        return has || state.phase.offer().is_some_and(|offer| offer.agent == caller.user());
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

async fn workable(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?;
    state.filter(|state| may_try(caller, state)).ok_or_else(Problem::not_found)
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
    let items = found.iter().map(|(state, card)| Summary::of(state, card)).collect();
    once::ok(&cut(items, limit, |item: &Summary| item.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ConversationId>) -> Result<HttpResponse, Problem> {
    let state = visible(&app, &caller, *id).await?;
    let card = conversations::card(&app.engine.db, &state).await?;
    once::ok(&Summary::of(&state, &card))
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
    let state = visible(&app, &caller, *id).await?;
    let before = query.0.before.unwrap_or(i64::MAX as u64);
    let found = conversations::messages_before(&app.engine.db, state.id, before, limit as u64 + 1).await?;
    let items = found.into_iter().map(|stored| Message::of(&stored.message, stored.reason)).collect();
    once::ok(&cut(items, limit, |message: &Message| message.seq.to_string()))
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
    let Input { value: Reply { text, attachments }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let attachments = files(&app, &caller, &state, &attachments).await?;
    let content = Content { text: storable(&text), attachments };
    let command = Command::Reply { message: app.engine.ids.next(), agent: caller.user(), content };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}

/// Files of this conversation that the caller has uploaded.
async fn files(app: &App, caller: &Caller, state: &Conversation, ids: &[AttachmentId]) -> Result<Vec<Attachment>, Problem> {
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
    let forced = state.phase.owner() != Some(caller.user()) && caller.may(Permission::ForceConversations, place(&state));
    let from = if forced { state.phase.owner().ok_or(Refusal::NotOwner { current: None })? } else { caller.user() };
    once.done(app.engine.transfer(state.id, from, target, once.by(), once.keep()).await).await
}

/// The target within the same company: whatever lies elsewhere is as unknown as what does not exist.
fn target(caller: &Caller, state: &Conversation, asked: Transfer) -> Result<TransferTarget, Problem> {
    let directory = &caller.directory;
    match asked {
        Transfer { agent: Some(agent), campaign: None } => {
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
        Transfer { agent: None, campaign: Some(id) } => {
            if directory.campaigns.get(&id).is_some_and(|campaign| campaign.client == state.client) {
                Ok(TransferTarget::Campaign(id))
            } else {
                Err(Problem::field("campaign", ErrorCode::UnknownReference, "no such campaign"))
            }
        }
        Transfer { .. } => Err(Problem::field("agent", ErrorCode::NotPossible, "either an agent or a campaign")),
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
    let Input { value: Close { disposition }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    if let Some(chosen) = disposition {
        let directory = &caller.directory;
        let offered = directory.campaigns.get(&state.campaign).is_some_and(|campaign| campaign.dispositions.contains(&chosen));
        let enabled = directory.dispositions.get(&chosen).is_some_and(|node| node.enabled);
        if !offered || !enabled || !is_leaf(directory.dispositions.values().map(AsRef::as_ref), chosen) {
            return Err(Problem::field("disposition", ErrorCode::UnknownReference, "no disposition of this campaign"));
        }
    }
    let force = state.phase.owner() != Some(caller.user()) && caller.may(Permission::ForceConversations, place(&state));
    let command = Command::Close { agent: caller.user(), force, disposition };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
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
