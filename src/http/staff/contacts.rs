//! `/api/v1/contacts`: customers of the clients served.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    domain::{
        contact::{Address, Contact},
        log::Entity,
        permission::{Permission, Place, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, cut, patched},
        input::{Input, Query},
        once,
        problem::Problem,
        state::App,
    },
    ids::{ClientId, ContactId},
    store::contacts::{self, Created, Filter},
    wire::people::{self, ContactAddress, ContactFields},
};

/// The most addresses of a contact.
const MAX_ADDRESSES: usize = 50;

/// Which contacts.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ContactsQuery {
    /// Part of a name or an address, at most 120 characters.
    q: Option<String>,
    /// Of this client.
    client: Option<ClientId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

fn view((contact, created_at): &Created) -> people::Contact {
    let address = |address: &Address| ContactAddress { kind: address.kind, value: address.value.clone() };
    people::Contact {
        id: contact.id,
        client: contact.client,
        name: contact.name.clone(),
        addresses: contact.addresses.iter().map(address).collect(),
        created_at: (*created_at).into(),
    }
}

async fn found(app: &App, caller: &Caller, permission: Permission, id: ContactId) -> Result<Created, Problem> {
    let found = contacts::find(&app.engine.db, id).await?;
    found.filter(|(contact, _)| caller.may(permission, Place::client(contact.client))).ok_or_else(Problem::not_found)
}

/// `GET`: the newest first.
///
/// # Errors
/// 422 for impossible filters.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ContactsQuery>) -> Result<HttpResponse, Problem> {
    let ContactsQuery { q, client, cursor, limit } = query.0;
    let limit = check::limit(limit)?;
    let mut text = q.unwrap_or_default();
    let mut check = Check::default();
    check.line("q", &mut text, 0..=120);
    check.done()?;
    let clients = caller.directory.clients.keys().copied();
    let covered = || clients.filter(|id| caller.may(Permission::ReadContacts, Place::client(*id))).collect();
    let within = if caller.subject.scopes.contains(&Scope::All) { None } else { Some(covered()) };
    let filter = Filter { within, client, text, before: check::cursor(cursor.as_deref())? };
    let found = contacts::list(&app.engine.db, &filter, limit + 1).await?;
    once::ok(&cut(found.iter().map(view).collect(), limit, |contact: &people::Contact| contact.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ContactId>) -> Result<HttpResponse, Problem> {
    once::ok(&view(&found(&app, &caller, Permission::ReadContacts, *id).await?))
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<ContactId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let (contact, created_at) = found(&app, &caller, Permission::WriteContacts, *id).await?;
    let mut fields = patched(&ContactFields { name: contact.name.clone() }, input.value)?;
    let mut check = Check::default();
    check.line("name", &mut fields.name, 0..=120);
    check.done()?;
    let statements = vec![contacts::set_name(contact.id, &fields.name)];
    let fact = (Entity::Contact, contact.id.to_string());
    let changed = (Contact { name: fields.name, ..contact }, created_at);
    input.once.commit(statements, fact, StatusCode::OK, &view(&changed)).await
}

/// `POST /{id}/addresses`: adds one; none is ever taken away (S2-75).
///
/// # Errors
/// 404; 422 when the address is impossible or somebody else's.
pub async fn add_address(
    app: Data<App>,
    caller: Caller,
    id: Path<ContactId>,
    input: Input<ContactAddress>,
) -> Result<HttpResponse, Problem> {
    let (mut contact, created_at) = found(&app, &caller, Permission::WriteContacts, *id).await?;
    let ContactAddress { kind, value } = &input.value;
    let mut check = Check::default();
    check.that(contact.addresses.len() < MAX_ADDRESSES, "value", ErrorCode::TooLong, "at most 50 addresses");
    let address = Address::new(*kind, value);
    check.that(address.is_some(), "value", ErrorCode::NotPossible, "1 to 254 bytes without control characters");
    check.done()?;
    let Some(address) = address else { return Err(Problem::not_found()) };
    if contacts::by_address(&app.engine.db, contact.client, &address).await?.is_some() {
        return Err(Problem::field("value", ErrorCode::Taken, "a contact of this client has it already"));
    }
    let statements = vec![contacts::insert_address(contact.client, contact.id, &address, app.now())];
    let fact = (Entity::Contact, contact.id.to_string());
    contact.addresses.push(address);
    input.once.commit(statements, fact, StatusCode::CREATED, &view(&(contact, created_at))).await
}
