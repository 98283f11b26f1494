//! `/api/v1/projects`: between a client and its campaigns (S1-4, S1-49).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    directory::Project,
    domain::{
        log::Entity,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, NAME, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::ProjectId,
    store::config_writes,
    wire::config::{ProjectFields, ProjectView},
};

fn fields(project: &Project) -> ProjectFields {
    ProjectFields { client: project.client, name: project.name.clone(), enabled: project.enabled }
}

fn view(project: &Project) -> ProjectView {
    ProjectView { id: project.id, fields: fields(project), created_at: project.created_at.into() }
}

fn fact(id: ProjectId) -> (Entity, String) {
    (Entity::Project, id.to_string())
}

fn writable(caller: &Caller, id: ProjectId) -> Result<&Project, Problem> {
    let project = caller.directory.projects.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(project.client))?;
    Ok(project)
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let projects = caller.directory.projects.values().filter(|project| reads_client(&caller, project.client));
    once::ok(&page(projects.map(|project| (project.id, view(project))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<ProjectId>) -> Result<HttpResponse, Problem> {
    let project = caller.directory.projects.get(&id).filter(|project| reads_client(&caller, project.client));
    once::ok(&view(project.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<ProjectFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let mut check = Check::default();
    check.client(&caller, Permission::WriteConfig, fields.client);
    check.line("name", &mut fields.name, NAME);
    check.done()?;
    let ProjectFields { client, name, enabled } = fields;
    let project = Project { id: app.engine.ids.next(), client, name, enabled, created_at: app.now() };
    let statements = vec![config_writes::insert_project(&project)];
    once.commit(statements, fact(project.id), StatusCode::CREATED, &view(&project)).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<ProjectId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = writable(&caller, *id)?;
    let mut changed = patched(&fields(current), patch)?;
    let mut check = Check::default();
    check.that(changed.client == current.client, "client", ErrorCode::NotPossible, "a project stays with its client");
    check.line("name", &mut changed.name, NAME);
    check.done()?;
    let project = Project { name: changed.name, enabled: changed.enabled, ..current.clone() };
    once.commit(vec![config_writes::update_project(&project)], fact(*id), StatusCode::OK, &view(&project)).await
}

/// `DELETE /{id}`, while no campaign belongs to it.
///
/// # Errors
/// 404, 409.
pub async fn delete(caller: Caller, id: Path<ProjectId>, once: Once) -> Result<HttpResponse, Problem> {
    writable(&caller, *id)?;
    let deleted = once.commit_bare(vec![config_writes::delete_project(*id)], fact(*id)).await;
    // It is there: then a campaign is in the way.
    deleted.map_err(|problem| if problem.code() == ErrorCode::NotFound { Problem::new(ErrorCode::InUse) } else { problem })
}
