//! `/api/v1/conversations/moves`: supervisors steer many waiting conversations at once.
//!
//! Who moves must be allowed to at both ends: where each conversation is, and where it goes. Each is a command of its own, so
//! a refusal undoes nothing; what the caller may not see is not found, like what does not exist.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use futures_util::future::join_all;

use super::conversations::place;
use crate::{
    actors::engine::{CommandError, KeepAnswer, SteerTo},
    domain::{conversation::Command, permission::Permission, refusal::Refusal},
    error::ErrorCode,
    http::{
        caller::Caller,
        check::Check,
        input::Input,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{AgentId, CampaignId, ConversationId},
    store::{conversations, idempotency},
    wire::{
        conversation::Done,
        moves::{ConversationsMoved, MoveAction, MoveConversations, MoveOutcome},
    },
};

/// The most of one request.
const MOST: usize = 100;
/// How many are on their way at a time: they share commits, and leave room for everybody else.
const TOGETHER: usize = 20;

/// `POST`.
///
/// # Errors
/// 404 when there is none of them; 422 when the request itself is impossible. What single ones are refused is part of the answer.
pub async fn create(app: Data<App>, caller: Caller, input: Input<MoveConversations>) -> Result<HttpResponse, Problem> {
    let Input { value: MoveConversations { mut conversations, action }, once } = input;
    let mut check = Check::default();
    check.that(!conversations.is_empty(), "conversations", ErrorCode::TooShort, "at least one");
    check.that(conversations.len() <= MOST, "conversations", ErrorCode::TooLong, "at most 100");
    let (target, missing) = match action {
        MoveAction::Assign { agent } => (steers_agent(&caller, agent), "action.agent"),
        MoveAction::Move { campaign } => (steers_campaign(&caller, campaign), "action.campaign"),
        MoveAction::Prioritise { .. } => (true, ""),
    };
    check.that(target, missing, ErrorCode::UnknownReference, "no such target");
    check.done()?;
    let mut seen = BTreeSet::new();
    conversations.retain(|id| seen.insert(*id));
    let mut outcomes = Vec::with_capacity(conversations.len());
    for some in conversations.chunks(TOGETHER) {
        let states = join_all(some.iter().map(|id| steerable(&app, &caller, *id))).await;
        // All are read before the first is moved, so they are moved in this order.
        let moves = some.iter().zip(states).map(|(id, state)| steer(&app, &once, *id, state, action));
        outcomes.extend(join_all(moves).await);
    }
    if outcomes.iter().all(|outcome| outcome.code == Some(ErrorCode::NotFound)) {
        return Err(Problem::not_found());
    }
    let moved = ConversationsMoved { outcomes };
    match once.keep() {
        Some(_) => once.commit_quietly(Vec::new(), StatusCode::OK, &moved).await,
        None => once::ok(&moved),
    }
}

/// Works in a campaign that the caller steers.
fn steers_agent(caller: &Caller, agent: AgentId) -> bool {
    let directory = &caller.directory;
    let enabled = directory.users.get(&agent).is_some_and(|user| user.enabled);
    let memberships = directory.memberships.get(&agent).into_iter().flatten();
    enabled && memberships.map(|member| member.campaign).any(|campaign| steers_campaign(caller, campaign))
}

fn steers_campaign(caller: &Caller, campaign: CampaignId) -> bool {
    caller.directory.campaigns.contains_key(&campaign) && caller.may(Permission::ForceConversations, caller.place(campaign))
}

/// What the caller may not steer is not found.
async fn steerable(app: &App, caller: &Caller, id: ConversationId) -> Result<(), CommandError> {
    let state = conversations::state(&app.engine.db, id).await.map_err(|error| {
        tracing::warn!(%error, conversation = %id, "cannot read a conversation");
        CommandError::Unavailable
    })?;
    let may = state.is_some_and(|state| caller.may(Permission::ForceConversations, place(&state)));
    if may { Ok(()) } else { Err(CommandError::NotFound) }
}

async fn steer(
    app: &App,
    once: &Once,
    id: ConversationId,
    steerable: Result<(), CommandError>,
    action: MoveAction,
) -> MoveOutcome {
    let keep = once.keep_part(&id.to_string());
    let outcome = match steerable {
        Ok(()) => command(app, once, id, action, keep.clone()).await,
        Err(error) => Err(error),
    };
    let (code, reason) = match outcome {
        Ok(_) | Err(CommandError::AnsweredBefore) => (None, None),
        // The same request did it before and its answer was lost: what it did stands in the way of doing it again.
        Err(_) if was_done(app, keep).await => (None, None),
        Err(CommandError::Refused(Refusal::TransferTarget(why))) => {
            (Some(ErrorCode::TransferTarget), Some(why.replace(' ', "_")))
        }
        Err(error) => (Some(Problem::from(error).code()), None),
    };
    MoveOutcome { conversation: id, code, reason }
}

async fn command(
    app: &App,
    once: &Once,
    id: ConversationId,
    action: MoveAction,
    keep: Option<KeepAnswer>,
) -> Result<Done, CommandError> {
    match action {
        MoveAction::Assign { agent } => app.engine.steer(id, SteerTo::Agent(agent), once.by(), keep).await,
        MoveAction::Move { campaign } => app.engine.steer(id, SteerTo::Campaign(campaign), once.by(), keep).await,
        MoveAction::Prioritise { priority } => {
            let command = Command::Prioritise { agent: AgentId::NIL, force: true, priority };
            app.engine.command(id, command, once.by(), keep).await
        }
    }
}

async fn was_done(app: &App, keep: Option<KeepAnswer>) -> bool {
    let Some(keep) = keep else { return false };
    let found = idempotency::find(&app.engine.db, &keep.scope, app.now()).await;
    found.is_ok_and(|found| found.is_some_and(|found| found.request_hash == keep.request_hash))
}
