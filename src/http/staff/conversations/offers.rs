//! Who has it: offers and transfers.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{steers, workable};
use crate::{
    actors::engine::TransferTarget,
    domain::{
        conversation::{Command, Conversation, OfferOutcome},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{caller::Caller, input::Input, once::Once, problem::Problem, staff::skills, state::App},
    ids::ConversationId,
    wire::command::{AnswerOffer, Transfer},
};

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
    once.command(state.id, command).await
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
    once.command(state.id, command).await
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
