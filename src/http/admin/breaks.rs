//! `/api/v1/breaks`: types of break, of the whole installation.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_common;
use crate::{
    directory::BreakType,
    domain::{
        log::Entity,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, page, patched},
        input::{Input, Query},
        once,
        problem::Problem,
        state::App,
    },
    ids::BreakId,
    store::config_writes,
    wire::config::{BreakFields, BreakView},
};

fn view(kind: &BreakType) -> BreakView {
    let fields = BreakFields { name: kind.name.clone(), enabled: kind.enabled };
    BreakView { id: kind.id, fields, created_at: kind.created_at.into() }
}

fn check(fields: &mut BreakFields) -> Result<(), Problem> {
    let mut check = Check::default();
    check.line("name", &mut fields.name, 1..=60);
    check.done()
}

/// Only who administers everything.
fn require(caller: &Caller) -> Result<(), Problem> {
    let allowed = caller.may(Permission::WriteConfig, Place::GLOBAL);
    if allowed { Ok(()) } else { Err(Problem::new(ErrorCode::Forbidden)) }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let kinds = caller.directory.breaks.values().filter(|_| reads_common(&caller));
    once::ok(&page(kinds.map(|kind| (kind.id, view(kind))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<BreakId>) -> Result<HttpResponse, Problem> {
    let kind = caller.directory.breaks.get(&id).filter(|_| reads_common(&caller));
    once::ok(&view(kind.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 403 for who administers single clients; 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<BreakFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    require(&caller)?;
    check(&mut fields)?;
    let (id, now) = (app.engine.ids.next::<BreakId>(), app.now());
    let statements = vec![config_writes::insert_break(id, &fields.name, fields.enabled, now)];
    let created = BreakView { id, fields, created_at: now.into() };
    once.commit(statements, (Entity::Break, id.to_string()), StatusCode::CREATED, &created).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 403, 404, 422.
pub async fn change(caller: Caller, id: Path<BreakId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    require(&caller)?;
    let current = view(caller.directory.breaks.get(&id).ok_or_else(Problem::not_found)?);
    let mut fields = patched(&current.fields, patch)?;
    check(&mut fields)?;
    let statements = vec![config_writes::update_break(*id, &fields.name, fields.enabled)];
    once.commit(statements, (Entity::Break, id.to_string()), StatusCode::OK, &BreakView { fields, ..current }).await
}
