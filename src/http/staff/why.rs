//! `/api/v1/conversations/{id}/why`: why an agent got it, why nobody does.
//!
//! Who may read the conversations of its campaign sees everything; the agent who has it or is offered it sees why it is theirs
//! and how many others there are, never who.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;

use super::conversations::visible;
use crate::{
    actors::engine::CommandError,
    domain::{
        conversation::Initiative,
        permission::{Permission, Role},
    },
    http::{caller::Caller, check, input::Query, once, problem::Problem, state::App},
    ids::{AgentId, ConversationId},
    store::choices,
    wire::why::{Begun, Offered, Place, Present, Step, Why},
};

/// Entries of the log that are looked at: some hundred offers.
const ENTRIES: u64 = 400;

/// How much of it.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WhyQuery {
    /// At most so many members: 1 to 200; 50 by default. All of them are counted.
    limit: Option<u32>,
}

/// `GET`.
///
/// # Errors
/// 404; 422 for an impossible limit; 429 when the Router has no room.
pub async fn show(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    query: Query<WhyQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = check::limit(query.0.limit)?;
    let state = visible(&app, &caller, *id).await?;
    let own = (caller.subject.role == Role::Agent).then(|| caller.user());
    let entries = choices::of(&app.engine.db, state.id, ENTRIES).await?;
    let mut decisions = Offered::of(&entries);
    let steps = if own.is_none() { Step::of(&entries) } else { Vec::new() };
    if let Some(own) = own {
        decisions.retain(|offered| offered.agent == own);
        decisions = decisions.into_iter().map(Offered::for_agent).collect();
    }
    let now = if state.phase.is_ended() { None } else { present(&app, &caller, state.id, limit, own).await? };
    let begun = state.initiative.filter(|it| own.is_none_or(|own| own == it.agent));
    let begun = begun.map(|Initiative { agent, over_capacity }| Begun { agent, over_capacity });
    once::ok(&Why { conversation: state.id, decisions, begun, steps, now })
}

/// What the Router knows, as far as the caller may know it: it may have moved on since the caller was let in.
async fn present(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    limit: usize,
    own: Option<AgentId>,
) -> Result<Option<Present>, Problem> {
    let present = match app.engine.explain(id, limit, own).await {
        Ok(explanation) => Present::of(explanation),
        Err(CommandError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(present.filter(|present| match (own, present.place) {
        (Some(own), place) => place == Place::Offered { agent: own },
        (None, _) => caller.may(Permission::ReadConversations, caller.place(present.campaign)),
    }))
}
