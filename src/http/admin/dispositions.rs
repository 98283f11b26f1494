//! `/api/v1/dispositions`: how conversations can end, a tree per client (S1-18).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        disposition::Disposition,
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
    ids::DispositionId,
    store::config_writes,
    wire::config::{DispositionFields, DispositionView},
};

/// The most levels of a tree.
const MAX_DEPTH: usize = 5;

fn fields(node: &Disposition) -> DispositionFields {
    DispositionFields { client: node.client, parent: node.parent, name: node.name.clone(), enabled: node.enabled }
}

fn node(id: DispositionId, fields: &DispositionFields) -> Disposition {
    let DispositionFields { client, parent, name, enabled } = fields;
    Disposition { id, client: *client, parent: *parent, name: name.clone(), enabled: *enabled }
}

fn view(node: &Disposition) -> DispositionView {
    DispositionView { id: node.id, fields: fields(node) }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let nodes = caller.directory.dispositions.values().filter(|node| reads_client(&caller, node.client));
    once::ok(&page(nodes.map(|node| (node.id, view(node))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<DispositionId>) -> Result<HttpResponse, Problem> {
    let node = caller.directory.dispositions.get(&id).filter(|node| reads_client(&caller, node.client));
    once::ok(&view(node.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<DispositionFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let mut check = Check::default();
    check.client(&caller, Permission::WriteConfig, fields.client);
    check.line("name", &mut fields.name, NAME);
    if let Some(parent) = fields.parent {
        let nodes = &caller.directory.dispositions;
        let known = nodes.get(&parent).is_some_and(|node| node.client == fields.client);
        check.that(known, "parent", ErrorCode::UnknownReference, "no such disposition of this client");
        let above = std::iter::successors(nodes.get(&parent), |node| node.parent.and_then(|id| nodes.get(&id)));
        check.that(above.take(MAX_DEPTH).count() < MAX_DEPTH, "parent", ErrorCode::OutOfRange, "at most 5 levels");
    }
    check.done()?;
    let node = node(app.engine.ids.next(), &fields);
    let statements = vec![config_writes::insert_disposition(&node, app.now())];
    once.commit(statements, (Entity::Disposition, node.id.to_string()), StatusCode::CREATED, &view(&node)).await
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<DispositionId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.dispositions.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    let mut fields = patched(&fields(current), patch)?;
    let mut check = Check::default();
    check.that(fields.client == current.client, "client", ErrorCode::NotPossible, "it stays with its client");
    check.that(fields.parent == current.parent, "parent", ErrorCode::NotPossible, "it stays where it is");
    check.line("name", &mut fields.name, NAME);
    check.done()?;
    let node = node(*id, &fields);
    let statements = vec![config_writes::update_disposition(&node)];
    once.commit(statements, (Entity::Disposition, id.to_string()), StatusCode::OK, &view(&node)).await
}
