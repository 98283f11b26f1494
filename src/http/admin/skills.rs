//! `/api/v1/skills`: what agents can be good at (routing.md, D).

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        log::Entity,
        permission::{Permission, Place},
        skill::{LEVELS, Skill, SkillLevel},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, NAME, page, patched},
        input::{Input, Query},
        once,
        problem::Problem,
        state::App,
    },
    ids::{ClientId, SkillId},
    store::skills,
    wire::skills::{SkillFields, SkillView},
};

fn view(skill: &Skill) -> SkillView {
    SkillView { id: skill.id, fields: SkillFields { client: skill.client, name: skill.name.clone() } }
}

/// Skills that exist, of this client or of any that the caller reads, each once, at levels there are.
pub(in crate::http) fn check_skills(
    check: &mut Check,
    caller: &Caller,
    field: &str,
    asked: &[SkillLevel],
    most: usize,
    client: Option<ClientId>,
) {
    check.that(asked.len() <= most, field, ErrorCode::TooLong, format!("at most {most}"));
    let different: BTreeSet<_> = asked.iter().map(|one| one.skill).collect();
    check.that(different.len() == asked.len(), field, ErrorCode::Duplicate, "each one once");
    for (index, one) in asked.iter().take(most).enumerate() {
        check_skill(check, caller, &format!("{field}.{index}.skill"), one.skill, client);
        check.range(&format!("{field}.{index}.level"), one.level, LEVELS);
    }
}

/// A skill that exists, of this client or of any that the caller reads.
pub(in crate::http) fn check_skill(check: &mut Check, caller: &Caller, field: &str, id: SkillId, client: Option<ClientId>) {
    let known = caller.directory.skills.get(&id).is_some_and(|skill| match client {
        Some(client) => skill.client == client,
        None => reads_client(caller, skill.client),
    });
    check.that(known, field, ErrorCode::UnknownReference, "no such skill of this client");
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let skills = caller.directory.skills.values().filter(|skill| reads_client(&caller, skill.client));
    once::ok(&page(skills.map(|skill| (skill.id, view(skill))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<SkillId>) -> Result<HttpResponse, Problem> {
    let skill = caller.directory.skills.get(&id).filter(|skill| reads_client(&caller, skill.client));
    once::ok(&view(skill.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<SkillFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let mut check = Check::default();
    check.client(&caller, Permission::WriteConfig, fields.client);
    check.line("name", &mut fields.name, NAME);
    check.done()?;
    let skill = Skill { id: app.engine.ids.next(), client: fields.client, name: fields.name };
    let statements = vec![skills::insert(&skill, app.now())];
    once.commit(statements, (Entity::Skill, skill.id.to_string()), StatusCode::CREATED, &view(&skill)).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<SkillId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.skills.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    let mut fields = patched(&view(current).fields, patch)?;
    let mut check = Check::default();
    check.that(fields.client == current.client, "client", ErrorCode::NotPossible, "it stays with its client");
    check.line("name", &mut fields.name, NAME);
    check.done()?;
    let skill = Skill { id: *id, client: current.client, name: fields.name };
    let statements = vec![skills::rename(&skill)];
    once.commit(statements, (Entity::Skill, id.to_string()), StatusCode::OK, &view(&skill)).await
}
