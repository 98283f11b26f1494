//! `/api/v1/contacts`: customers of the clients served.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    domain::{
        campaign::CampaignPermissions,
        contact::{Address, Contact},
        conversation::{Command, Conversation},
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
    store::{
        contacts::{self, Created, Filter},
        conversations,
    },
    wire::people::{self, ContactAddress, ContactFields},
};

/// The most addresses of a contact.
const MAX_ADDRESSES: usize = 50;
/// The longest notes about a contact, in characters.
const MAX_NOTES: usize = 4_000;

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

/// As the caller sees it: without what a campaign hides from its agents.
fn view((contact, created_at): &Created, hidden: Option<CampaignPermissions>) -> people::Contact {
    let shown = |text: &str| hidden.map_or_else(|| text.to_owned(), |permissions| permissions.shown(text));
    let address = |address: &Address| ContactAddress { kind: address.kind, value: shown(&address.value) };
    people::Contact {
        id: contact.id,
        client: contact.client,
        name: hidden.map_or_else(|| contact.name.clone(), |permissions| permissions.shown_name(&contact.name)),
        notes: contact.notes.clone(),
        addresses: contact.addresses.iter().map(address).collect(),
        created_at: (*created_at).into(),
    }
}

/// A contact of whom the caller may know, and what is hidden from them.
struct Found {
    created: Created,
    /// The open conversations with them.
    open: Vec<Conversation>,
    hidden: Option<CampaignPermissions>,
}

/// Whoever may do this to any contact of the client, or to those who write to a campaign of theirs, and agents with whom the contact
/// has an open conversation; who is consulted about one reads.
async fn found(app: &App, caller: &Caller, permission: Permission, id: ContactId) -> Result<Found, Problem> {
    let db = &app.engine.db;
    let created = contacts::find(db, id).await?.ok_or_else(Problem::not_found)?;
    let open = conversations::open_with_contact(db, id).await?;
    let place = |state: &Conversation| Place::campaign(state.client, state.campaign);
    let by_permission =
        caller.may(permission, Place::client(created.0.client)) || open.iter().any(|state| caller.may(permission, place(state)));
    let reads = permission == Permission::ReadContacts;
    let is_own =
        |state: &&Conversation| state.phase.owner() == Some(caller.user()) || (reads && state.consulted() == Some(caller.user()));
    let mut own = open.iter().filter(is_own).peekable();
    if !by_permission && own.peek().is_none() {
        return Err(Problem::not_found());
    }
    let permissions = own.map(|state| caller.directory.permissions_of(state.campaign));
    let hidden = permissions.filter(|_| !by_permission).find(|permissions| !permissions.show_contact_number);
    Ok(Found { created, hidden, open })
}

/// A contact to write to, if the caller may know of it.
///
/// # Errors
/// 404.
pub async fn to_write_to(app: &App, caller: &Caller, id: ContactId) -> Result<Contact, Problem> {
    found(app, caller, Permission::ReadContacts, id).await.map(|found| found.created.0)
}

/// A contact as the caller sees it.
///
/// # Errors
/// 404.
pub async fn seen(app: &App, caller: &Caller, id: ContactId) -> Result<people::Contact, Problem> {
    found(app, caller, Permission::ReadContacts, id).await.map(|found| view(&found.created, found.hidden))
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
    once::ok(&cut(found.iter().map(|created| view(created, None)).collect(), limit, |contact: &people::Contact| {
        contact.id.to_string()
    }))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ContactId>) -> Result<HttpResponse, Problem> {
    let Found { created, hidden, .. } = found(&app, &caller, Permission::ReadContacts, *id).await?;
    once::ok(&view(&created, hidden))
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
    let Found { created: (contact, created_at), open, hidden } = found(&app, &caller, Permission::WriteContacts, *id).await?;
    let current = ContactFields { name: contact.name.clone(), notes: contact.notes.clone() };
    let ContactFields { mut name, notes } = patched(&current, input.value)?;
    let mut check = Check::default();
    check.line("name", &mut name, 0..=120);
    check.lines("notes", &notes, 0..=MAX_NOTES);
    check.done()?;
    let statements = vec![contacts::change(contact.id, &name, &notes)];
    let fact = (Entity::Contact, contact.id.to_string());
    let renamed = (name != contact.name).then(|| Arc::from(name.as_str()));
    let changed = (Contact { name, notes, ..contact }, created_at);
    let answer = input.once.commit(statements, fact, StatusCode::OK, &view(&changed, hidden)).await?;
    if let Some(name) = renamed {
        show_name(&app, &caller, &open, &name).await;
    }
    Ok(answer)
}

/// Whoever looks at a conversation with them sees the new name at once. Where that fails they see it when it is read again.
async fn show_name(app: &App, caller: &Caller, open: &[Conversation], name: &Arc<str>) {
    for state in open {
        let command = Command::RenameContact { name: Arc::clone(name) };
        if let Err(error) = app.engine.command(state.id, command, caller.by, None).await {
            tracing::debug!(%error, conversation = %state.id, "the contact's new name is not shown yet");
        }
    }
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
    let Found { created: (mut contact, created_at), hidden, .. } = found(&app, &caller, Permission::WriteContacts, *id).await?;
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
    input.once.commit(statements, fact, StatusCode::CREATED, &view(&(contact, created_at), hidden)).await
}
