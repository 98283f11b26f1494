//! `/api/v1/agents/{id}`: what supervisors do to agents (S4-86, S4-88).

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use crate::{
    domain::{
        agent::AgentCommand,
        permission::{Permission, Scope},
    },
    http::{caller::Caller, once::Once, problem::Problem, state::App},
    ids::AgentId,
    wire::live::Presence,
};

/// `POST …/pause`: no new offers until a supervisor ends it.
///
/// # Errors
/// 404 unless the agent works in a campaign within scope; 409 signed out.
pub async fn pause(app: Data<App>, caller: Caller, id: Path<AgentId>, once: Once) -> Result<HttpResponse, Problem> {
    let command = AgentCommand::ForcePause(caller.user());
    control(&app, &caller, *id, command, &once).await
}

/// `POST …/resume`: ends the pause.
///
/// # Errors
/// As [`pause`].
pub async fn resume(app: Data<App>, caller: Caller, id: Path<AgentId>, once: Once) -> Result<HttpResponse, Problem> {
    control(&app, &caller, *id, AgentCommand::EndPause, &once).await
}

/// `POST …/sign-out`: ends the shift; conversations go back to their queues.
///
/// # Errors
/// As [`pause`].
pub async fn sign_out(app: Data<App>, caller: Caller, id: Path<AgentId>, once: Once) -> Result<HttpResponse, Problem> {
    let command = AgentCommand::SignOut { by: Some(caller.user()) };
    control(&app, &caller, *id, command, &once).await
}

async fn control(app: &App, caller: &Caller, id: AgentId, command: AgentCommand, once: &Once) -> Result<HttpResponse, Problem> {
    let directory = &caller.directory;
    let memberships = directory.memberships.get(&id).into_iter().flatten();
    let shares_a_campaign =
        memberships.map(|member| caller.place(member.campaign)).any(|place| caller.may(Permission::ControlAgents, place));
    let everywhere = caller.covers(Scope::All);
    if !directory.users.contains_key(&id) || !(shares_a_campaign || everywhere) {
        return Err(Problem::not_found());
    }
    let agent = app.engine.agent(id, command, once.by(), once.keep()).await;
    once.done(agent.map(|agent| Presence::from(&agent))).await
}
