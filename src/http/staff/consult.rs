//! `/api/v1/conversations/{id}/consult`: a second agent reads along and writes notes (routing.md, Transfers).

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::conversations::{steers, workable};
use crate::{
    domain::{
        conversation::{Command, Conversation},
        permission::Permission,
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{caller::Caller, input::Input, once::Once, problem::Problem, state::App},
    ids::{AgentId, ConversationId},
    wire::command::Consult,
};

/// Whether the caller may know of this agent: who works with them, or where they may read, for the company served.
fn knows(caller: &Caller, state: &Conversation, colleague: AgentId) -> bool {
    let memberships = caller.directory.memberships.get(&colleague).into_iter().flatten();
    let mut places = memberships.map(|member| caller.place(member.campaign)).filter(|place| place.client == Some(state.client));
    let enabled = caller.directory.users.get(&colleague).is_some_and(|user| user.enabled);
    enabled && places.any(|place| caller.may(Permission::Answer, place) || caller.may(Permission::ReadConversations, place))
}

/// `POST`: by its owner, or by who may steer any conversation there. Another colleague takes the place of the one before.
///
/// # Errors
/// 404; 403, 409 as the rules say; 422 for whom the caller does not know.
pub async fn begin(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Consult>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Consult { agent: colleague }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    if !knows(&caller, &state, colleague) {
        return Err(Problem::field("agent", ErrorCode::UnknownReference, "no such agent"));
    }
    let agent =
        if steers(&caller, &state) { state.phase.owner().ok_or(Refusal::NotOwner { current: None })? } else { caller.user() };
    once.command(state.id, Command::Consult { agent, colleague }).await
}

/// `DELETE`: by its owner, by the colleague, or by who may steer any conversation there.
///
/// # Errors
/// 404; 409 as the rules say.
pub async fn end(app: Data<App>, caller: Caller, id: Path<ConversationId>, once: Once) -> Result<HttpResponse, Problem> {
    let state = workable(&app, &caller, *id).await?;
    let command = Command::EndConsult { agent: caller.user(), force: steers(&caller, &state) };
    once.command(state.id, command).await
}
