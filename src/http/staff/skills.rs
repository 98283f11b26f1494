//! What a conversation asks of who serves it.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::conversations::{steers, workable};
use crate::{
    domain::{
        conversation::Command,
        skill::{MAX_ASKED, SkillLevel},
    },
    http::{admin::skills::check_skills, caller::Caller, check::Check, input::Input, problem::Problem, state::App},
    ids::{ClientId, ConversationId},
    wire::skills::AskFor,
};

/// Sorted, if they are sound skills of this client.
pub(super) fn asked(
    caller: &Caller,
    field: &str,
    mut skills: Vec<SkillLevel>,
    client: ClientId,
) -> Result<Vec<SkillLevel>, Problem> {
    let mut check = Check::default();
    check_skills(&mut check, caller, field, &skills, MAX_ASKED, Some(client));
    check.done()?;
    skills.sort_unstable();
    Ok(skills)
}

/// `PUT /{id}/skills`: by its owner, or by who may steer any conversation there.
///
/// # Errors
/// 404; 409 as the rules say; 422.
pub async fn ask_for(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<AskFor>,
) -> Result<HttpResponse, Problem> {
    let Input { value: AskFor { skills }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let skills = asked(&caller, "skills", skills, state.client)?;
    let command = Command::AskFor { agent: caller.user(), force: steers(&caller, &state), skills };
    once.command(state.id, command).await
}
