//! `/api/v1/breaks`: types of break, of the whole installation.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_common;
use crate::{
    clock::Timestamp,
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
    let BreakType { id, name, enabled, minutes, icon, created_at } = kind.clone();
    BreakView { id, fields: BreakFields { name, enabled, minutes, icon }, created_at: created_at.into() }
}

fn kind(id: BreakId, fields: BreakFields, created_at: Timestamp) -> BreakType {
    let BreakFields { name, enabled, minutes, icon } = fields;
    BreakType { id, name, enabled, minutes, icon, created_at }
}

fn check(fields: &mut BreakFields) -> Result<(), Problem> {
    let mut check = Check::default();
    check.line("name", &mut fields.name, 1..=60);
    if let Some(minutes) = fields.minutes {
        check.range("minutes", minutes, 1..=1_440);
    }
    if let Some(icon) = &fields.icon {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=40).contains(&icon.len()) && icon.chars().all(is_name);
        check.that(fits, "icon", ErrorCode::NotPossible, "1 to 40 of a to z, digits and hyphens");
    }
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
    let kind = kind(app.engine.ids.next(), fields, app.now());
    let statements = vec![config_writes::insert_break(&kind)];
    once.commit(statements, (Entity::Break, kind.id.to_string()), StatusCode::CREATED, &view(&kind)).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 403, 404, 422.
pub async fn change(caller: Caller, id: Path<BreakId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    require(&caller)?;
    let current = caller.directory.breaks.get(&id).ok_or_else(Problem::not_found)?;
    let mut fields = patched(&view(current).fields, patch)?;
    check(&mut fields)?;
    let kind = kind(*id, fields, current.created_at);
    let statements = vec![config_writes::update_break(&kind)];
    once.commit(statements, (Entity::Break, id.to_string()), StatusCode::OK, &view(&kind)).await
}
