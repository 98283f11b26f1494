//! `/api/v1/dispositions`: how conversations can end, a tree per client (S1-18).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    directory::Snapshot,
    domain::{
        disposition::{Disposition, Misplaced, Placed, Tree},
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
    ids::{ClientId, DispositionId},
    store::{config_writes, write::Statement},
    wire::config::{DispositionFields, DispositionView},
};

fn fields(node: &Disposition) -> DispositionFields {
    let Disposition { client, parent, name, enabled, position, .. } = node.clone();
    DispositionFields { client, parent, name, enabled, position: Some(position) }
}

fn view(node: &Disposition) -> DispositionView {
    let renamed = node.system.is_some() && node.unnamed().is_none();
    DispositionView { id: node.id, fields: fields(node), system: node.system, renamed, offered: node.offered }
}

fn tree(directory: &Snapshot, client: ClientId) -> Tree<'_> {
    Tree::new(directory.dispositions.values().map(AsRef::as_ref).filter(|node| node.client == client))
}

/// Puts a node where `fields` say; gives what else moves.
fn place(check: &mut Check, tree: &Tree<'_>, id: DispositionId, fields: &mut DispositionFields) -> Vec<Statement> {
    match tree.place(id, fields.parent, fields.position) {
        Ok(Placed { position, moved }) => {
            fields.position = Some(position);
            moved.into_iter().map(|(id, position)| config_writes::place_disposition(id, position)).collect()
        }
        Err(misplaced) => {
            let (code, detail) = match misplaced {
                Misplaced::Unknown => (ErrorCode::UnknownReference, "no disposition of this client that others go below"),
                Misplaced::Circle => (ErrorCode::NotPossible, "it would lie below itself"),
                Misplaced::TooDeep => (ErrorCode::OutOfRange, "at most 5 levels"),
            };
            check.error("parent", code, detail);
            Vec::new()
        }
    }
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
    let id = app.engine.ids.next();
    let mut statements = place(&mut check, &tree(&caller.directory, fields.client), id, &mut fields);
    check.done()?;
    let DispositionFields { client, parent, name, enabled, position } = fields;
    // What lies below a branch that campaigns offer is offered with it.
    let offered = parent.and_then(|id| caller.directory.dispositions.get(&id)).is_some_and(|node| node.offered);
    let node = Disposition { id, client, parent, name, enabled, position: position.unwrap_or(0), system: None, offered };
    statements.push(config_writes::insert_disposition(&node, app.now()));
    once.commit(statements, (Entity::Disposition, node.id.to_string()), StatusCode::CREATED, &view(&node)).await
}

/// `PATCH /{id}`. Another `parent` without a `position` puts it last there.
///
/// # Errors
/// 404, 422.
pub async fn change(caller: Caller, id: Path<DispositionId>, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.dispositions.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    let is_placed = patch.contains_key("position");
    let mut fields = patched(&fields(current), patch)?;
    let mut check = Check::default();
    check.that(fields.client == current.client, "client", ErrorCode::NotPossible, "it stays with its client");
    check.line("name", &mut fields.name, NAME);
    let tree = tree(&caller.directory, current.client);
    let mut statements = Vec::new();
    if current.system.is_some() {
        let stays = fields.parent == current.parent && fields.position == Some(current.position);
        check.that(stays, "parent", ErrorCode::NotPossible, "it stays where it is");
        check.that(fields.enabled, "enabled", ErrorCode::NotPossible, "the product uses it");
    } else if fields.parent != current.parent || is_placed {
        fields.position = fields.position.filter(|_| is_placed);
        statements = place(&mut check, &tree, *id, &mut fields);
    }
    check.done()?;
    let DispositionFields { parent, name, enabled, position, .. } = fields;
    let mut node = Disposition { parent, name, enabled, position: position.unwrap_or(0), ..Disposition::clone(current) };
    statements.push(config_writes::update_disposition(&node));
    if parent.and_then(|id| caller.directory.dispositions.get(&id)).is_some_and(|node| node.offered) {
        let new = tree.branch(*id).into_iter().filter(|node| !node.offered);
        statements.extend(new.map(|node| config_writes::offer_disposition(node.id)));
        node.offered = true;
    }
    once.commit(statements, (Entity::Disposition, id.to_string()), StatusCode::OK, &view(&node)).await
}

/// `DELETE /{id}`.
///
/// # Errors
/// 404; 409 for what a campaign has offered, what has others below it and what the product uses.
pub async fn delete(caller: Caller, id: Path<DispositionId>, once: Once) -> Result<HttpResponse, Problem> {
    let node = caller.directory.dispositions.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(node.client))?;
    if node.offered || !tree(&caller.directory, node.client).below(Some(*id)).is_empty() {
        return Err(Problem::with(ErrorCode::InUse, "it may be in history, or others are below it: switch it off"));
    }
    once.commit_bare(vec![config_writes::delete_disposition(*id)], (Entity::Disposition, id.to_string())).await
}
