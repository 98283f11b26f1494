//! `/api/v1/fields`: dynamic fields of each client (S1-27); campaigns say which they use.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        field::{Field, Kind, is_key, key_of},
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
    ids::FieldId,
    store::config_writes,
    wire::config::{FieldFields, FieldView},
};

/// The most options of a list.
const MAX_OPTIONS: usize = 200;
const TAKEN: &str = "another field of this client has it already";

fn fields(field: &Field) -> FieldFields {
    let Field { client, name, key, kind, options, description, enabled, .. } = field.clone();
    FieldFields { client, name, key, kind, options, description, enabled }
}

fn field(id: FieldId, fields: &FieldFields) -> Field {
    let FieldFields { client, name, key, kind, options, description, enabled } = fields.clone();
    Field { id, client, name, key, kind, options, description, enabled }
}

fn view(field: &Field) -> FieldView {
    FieldView { id: field.id, fields: fields(field) }
}

fn check(check: &mut Check, caller: &Caller, own: Option<FieldId>, fields: &mut FieldFields) {
    check.line("name", &mut fields.name, 1..=60);
    let others = || caller.directory.fields.values().filter(|other| other.client == fields.client && Some(other.id) != own);
    let is_taken = |key: &str| others().any(|other| other.key == key);
    if fields.key.is_empty() {
        fields.key = key_of(&fields.name, is_taken);
    } else {
        check.that(is_key(&fields.key), "key", ErrorCode::NotPossible, "a to z, 0 to 9 and _, a letter first, at most 40");
        check.that(!is_taken(&fields.key), "key", ErrorCode::Taken, TAKEN);
    }
    check.line("description", &mut fields.description, 0..=240);
    let options = &mut fields.options;
    if fields.kind == Kind::List {
        check.that(!options.is_empty(), "options", ErrorCode::TooShort, "at least one to choose from");
    } else {
        check.that(options.is_empty(), "options", ErrorCode::NotPossible, "only a list has options");
    }
    check.that(options.len() <= MAX_OPTIONS, "options", ErrorCode::TooLong, "at most 200");
    for (index, option) in options.iter_mut().take(MAX_OPTIONS).enumerate() {
        check.line(&format!("options.{index}"), option, 1..=120);
    }
    let different: std::collections::BTreeSet<_> = options.iter().collect();
    check.that(different.len() == options.len(), "options", ErrorCode::Duplicate, "each one once");
}

/// Two asked for the same at the same moment.
fn key_taken(problem: Problem) -> Problem {
    if problem.code() == ErrorCode::Conflict { Problem::field("key", ErrorCode::Taken, TAKEN) } else { problem }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let fields = caller.directory.fields.values().filter(|field| reads_client(&caller, field.client));
    once::ok(&page(fields.map(|field| (field.id, view(field))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<FieldId>) -> Result<HttpResponse, Problem> {
    let field = caller.directory.fields.get(&id).filter(|field| reads_client(&caller, field.client));
    once::ok(&view(field.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<FieldFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let mut errors = Check::default();
    errors.client(&caller, Permission::WriteConfig, fields.client);
    check(&mut errors, &caller, None, &mut fields);
    errors.done()?;
    let field = field(app.engine.ids.next(), &fields);
    let statements = vec![config_writes::insert_field(&field, app.now())?];
    let created = once.commit(statements, (Entity::Field, field.id.to_string()), StatusCode::CREATED, &view(&field)).await;
    created.map_err(key_taken)
}

/// `PATCH /{id}`. What was noted before stays as it is, also when an option is gone.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<FieldId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.fields.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    let mut fields = patched(&fields(current), patch)?;
    let mut errors = Check::default();
    errors.that(fields.client == current.client, "client", ErrorCode::NotPossible, "it stays with its client");
    errors.that(fields.kind == current.kind, "kind", ErrorCode::NotPossible, "it stays what it is");
    check(&mut errors, &caller, Some(*id), &mut fields);
    errors.done()?;
    let field = field(*id, &fields);
    let statements = vec![config_writes::update_field(&field)?];
    once.commit(statements, (Entity::Field, id.to_string()), StatusCode::OK, &view(&field)).await.map_err(key_taken)
}
