//! `/api/v1/canned-texts`: what agents send with a few keys. Agents read those of their campaigns.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        log::Entity,
        permission::{Permission, Place, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, NAME, cut, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{CampaignId, CannedTextId, ClientId},
    store::canned_texts::{self, CannedText, Reach},
    wire::config::{CannedTextFields, CannedTextView},
};

/// Which texts.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CannedTextsQuery {
    /// Only what can be used in this campaign.
    campaign: Option<CampaignId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

fn fields(canned: &CannedText) -> CannedTextFields {
    let CannedText { client, campaign, shortcut, title, text, .. } = canned.clone();
    CannedTextFields { client, campaign, shortcut, title, text }
}

fn view(canned: &CannedText) -> CannedTextView {
    CannedTextView { id: canned.id, fields: fields(canned), created_at: canned.created_at.into() }
}

/// Where something lies that is for a campaign, or for all of a client's.
pub(in crate::http::admin) fn place(client: ClientId, campaign: Option<CampaignId>) -> Place {
    Place { client: Some(client), campaign }
}

fn may_read(caller: &Caller, canned: &CannedText) -> bool {
    let common = || canned.campaign.is_none() && reads_client(caller, canned.client);
    caller.may(Permission::ReadConfig, place(canned.client, canned.campaign)) || common()
}

/// A campaign to list by, and its client. One that the caller does not read is nobody's.
pub(super) fn filter(caller: &Caller, id: CampaignId) -> (CampaignId, ClientId) {
    let place = caller.place(id);
    (id, place.client.filter(|_| caller.may(Permission::ReadConfig, place)).unwrap_or(ClientId::NIL))
}

/// What the caller's scopes cover, as the store asks for it.
pub(super) fn reach(caller: &Caller) -> Reach {
    if caller.subject.scopes.contains(&Scope::All) {
        return Reach::All;
    }
    let directory = &caller.directory;
    let reads = |place| caller.may(Permission::ReadConfig, place);
    Reach::Some {
        clients: directory.clients.keys().copied().filter(|id| reads(Place::client(*id))).collect(),
        common: directory.clients.keys().copied().filter(|id| reads_client(caller, *id)).collect(),
        campaigns: directory.campaigns.keys().copied().filter(|id| reads(caller.place(*id))).collect(),
    }
}

/// By who administers the client, or the campaign it is for.
pub(super) fn check_place(check: &mut Check, caller: &Caller, client: ClientId, campaign: Option<CampaignId>) {
    let Some(id) = campaign else { return check.client(caller, Permission::WriteConfig, client) };
    let place = Place::campaign(client, id);
    let known = caller.place(id) == place && caller.may(Permission::WriteConfig, place);
    check.that(known, "campaign", ErrorCode::UnknownReference, "no such campaign of this client");
}

/// Both stay where they are.
pub(super) fn check_stays(
    check: &mut Check,
    (client, campaign): (ClientId, Option<CampaignId>),
    (to_client, to_campaign): (ClientId, Option<CampaignId>),
) {
    check.that(to_client == client, "client", ErrorCode::NotPossible, "it stays with its client");
    check.that(to_campaign == campaign, "campaign", ErrorCode::NotPossible, "it stays where it is");
}

/// What agents type to find something.
pub(super) fn shortcut_of(check: &mut Check, shortcut: &mut String) {
    check.line("shortcut", shortcut, 1..=40);
    *shortcut = shortcut.to_lowercase();
    let plain = shortcut.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    check.that(plain, "shortcut", ErrorCode::NotPossible, "letters, digits, hyphens and underscores");
}

fn check(check: &mut Check, fields: &mut CannedTextFields) {
    shortcut_of(check, &mut fields.shortcut);
    check.line("title", &mut fields.title, NAME);
    check.lines("text", &fields.text, 1..=4_000);
    check.that(!fields.text.trim().is_empty(), "text", ErrorCode::TooShort, "something to say");
}

/// Where it is for there is one with this shortcut already.
pub(super) fn shortcut_taken(problem: Problem) -> Problem {
    if problem.code() == ErrorCode::Conflict {
        Problem::field("shortcut", ErrorCode::Taken, "another one has it already")
    } else {
        problem
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor, limit or campaign.
pub async fn list(app: Data<App>, caller: Caller, query: Query<CannedTextsQuery>) -> Result<HttpResponse, Problem> {
    let CannedTextsQuery { campaign, cursor, limit } = query.0;
    let (limit, after) = (check::limit(limit)?, check::cursor(cursor.as_deref())?);
    let found =
        canned_texts::list(&app.engine.db, &reach(&caller), campaign.map(|id| filter(&caller, id)), after, limit + 1).await?;
    once::ok(&cut(found.iter().map(view).collect(), limit, |text: &CannedTextView| text.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<CannedTextId>) -> Result<HttpResponse, Problem> {
    let found = canned_texts::find(&app.engine.db, *id).await?;
    once::ok(&view(&found.filter(|canned| may_read(&caller, canned)).ok_or_else(Problem::not_found)?))
}

/// `POST`: by who administers the client, or the campaign it is for.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<CannedTextFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let mut errors = Check::default();
    check_place(&mut errors, &caller, fields.client, fields.campaign);
    check(&mut errors, &mut fields);
    errors.done()?;
    let CannedTextFields { client, campaign, shortcut, title, text } = fields;
    let (id, created_at) = (app.engine.ids.next(), app.now());
    let canned = CannedText { id, client, campaign, shortcut, title, text, created_at };
    let fact = (Entity::CannedText, id.to_string());
    let statements = vec![canned_texts::insert(&canned)];
    once.commit(statements, fact, StatusCode::CREATED, &view(&canned)).await.map_err(shortcut_taken)
}

async fn found(app: &App, caller: &Caller, id: CannedTextId) -> Result<CannedText, Problem> {
    let found = canned_texts::find(&app.engine.db, id).await?;
    found
        .filter(|canned| caller.may(Permission::WriteConfig, place(canned.client, canned.campaign)))
        .ok_or_else(Problem::not_found)
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<CannedTextId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = found(&app, &caller, *id).await?;
    let mut changed = patched(&fields(&current), patch)?;
    let mut errors = Check::default();
    check_stays(&mut errors, (current.client, current.campaign), (changed.client, changed.campaign));
    check(&mut errors, &mut changed);
    errors.done()?;
    let CannedTextFields { shortcut, title, text, .. } = changed;
    let canned = CannedText { shortcut, title, text, ..current };
    let fact = (Entity::CannedText, id.to_string());
    once.commit(vec![canned_texts::update(&canned)], fact, StatusCode::OK, &view(&canned)).await.map_err(shortcut_taken)
}

/// `DELETE /{id}`.
///
/// # Errors
/// 404.
pub async fn delete(app: Data<App>, caller: Caller, id: Path<CannedTextId>, once: Once) -> Result<HttpResponse, Problem> {
    found(&app, &caller, *id).await?;
    once.commit_bare(vec![canned_texts::delete(*id)], (Entity::CannedText, id.to_string())).await
}
