//! `/api/v1/clients`: the companies served.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    directory,
    domain::{
        log::Entity,
        permission::{Permission, Place},
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
    ids::ClientId,
    store::config_writes,
    wire::config::{Client, ClientFields},
};

fn view(client: &directory::Client) -> Client {
    Client {
        id: client.id,
        name: client.name.clone(),
        zone: client.zone.clone(),
        enabled: client.enabled,
        language: client.language,
        created_at: client.created_at.into(),
    }
}

fn check(fields: &mut ClientFields) -> Result<(), Problem> {
    let mut check = Check::default();
    check.line("name", &mut fields.name, NAME);
    check.that(fields.zone.parse::<Tz>().is_ok(), "zone", ErrorCode::NotPossible, "an IANA time zone such as Europe/Madrid");
    check.done()
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let clients = caller.directory.clients.values().filter(|client| reads_client(&caller, client.id));
    once::ok(&page(clients.map(|client| (client.id, view(client))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<ClientId>) -> Result<HttpResponse, Problem> {
    let client = caller.directory.clients.get(&id).filter(|client| reads_client(&caller, client.id));
    once::ok(&view(client.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 403 for who administers single clients; 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<ClientFields>) -> Result<HttpResponse, Problem> {
    if !caller.may(Permission::WriteConfig, Place::GLOBAL) {
        return Err(Problem::new(ErrorCode::Forbidden));
    }
    let Input { value: mut fields, once } = input;
    check(&mut fields)?;
    let (id, now) = (app.engine.ids.next::<ClientId>(), app.now());
    let ClientFields { name, zone, enabled, language } = fields;
    let mut statements = vec![config_writes::insert_client(id, &name, &zone, enabled, language, now)];
    statements.extend(config_writes::system_dispositions(id, &app.engine.ids, now));
    let created = Client { id, name, zone, enabled, language, created_at: now.into() };
    once.commit(statements, (Entity::Client, id.to_string()), StatusCode::CREATED, &created).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<ClientId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    caller.require(Permission::WriteConfig, Place::client(*id))?;
    let current = caller.directory.clients.get(&id).ok_or_else(Problem::not_found)?;
    let directory::Client { name, zone, enabled, language, .. } = current.as_ref().clone();
    let now = ClientFields { name, zone, enabled, language };
    let mut fields = patched(&now, patch)?;
    check(&mut fields)?;
    let ClientFields { name, zone, enabled, language } = fields;
    let statements = vec![config_writes::update_client(*id, &name, &zone, enabled, language)];
    let changed = Client { id: *id, name, zone, enabled, language, created_at: current.created_at.into() };
    once.commit(statements, (Entity::Client, id.to_string()), StatusCode::OK, &changed).await
}
