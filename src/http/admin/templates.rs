//! `/api/v1/templates`: what mails are made of (S4-36 to S4-40). Agents read those of their campaigns.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Path},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    canned_texts::{check_place, filter, place, reach},
    reads_client,
};
use crate::{
    channels::email::{
        template,
        understand::ours::{self, Ours},
    },
    directory::Snapshot,
    domain::{
        log::Entity,
        mail_template::{self, Content, MAX_HTML, MAX_NAME, MAX_PICTURES, MAX_SUBJECT, MAX_TEXT, MailTemplate, Purpose},
        permission::{Permission, Place},
        template::is_name,
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, NAME, cut, patched},
        input::{Input, Plain, Query},
        mail_values,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{AttachmentId, CampaignId, ClientId, TemplateId},
    store::{
        attachments::{self, Stored},
        templates::{self, Filter},
    },
    wire::{
        page::Page,
        templates::{TemplateFields, TemplateFilled, TemplateRow, TemplateTry, TemplateVariable, TemplateView},
    },
};

/// Which templates.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TemplatesQuery {
    /// Only what can be used in this campaign.
    campaign: Option<CampaignId>,
    /// Only for this.
    purpose: Option<Purpose>,
    /// With those put away.
    archived: Option<bool>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// What is changed.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuery {
    /// The version that is changed: refused when it is another one by now.
    version: Option<u32>,
}

/// For whom gaps are.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct VariablesQuery {
    /// Of this client.
    client: ClientId,
    /// With the dynamic fields of this campaign only.
    campaign: Option<CampaignId>,
}

fn fields(template: &MailTemplate) -> TemplateFields {
    let MailTemplate { client, campaign, name, purpose, content: Content { subject, html, text }, .. } = template.clone();
    TemplateFields { client, campaign, name, purpose, subject, html, text }
}

fn view(template: &MailTemplate) -> TemplateView {
    let MailTemplate { id, version, created_at, updated_at, archived_at, .. } = *template;
    let (created_at, updated_at, archived_at) = (created_at.into(), updated_at.into(), archived_at.map(Into::into));
    TemplateView { id, fields: fields(template), version, created_at, updated_at, archived_at }
}

fn row(template: &MailTemplate) -> TemplateRow {
    let MailTemplate { id, client, campaign, purpose, version, updated_at, archived_at, .. } = *template;
    let (name, subject) = (template.name.clone(), template.content.subject.clone());
    let (updated_at, archived_at) = (updated_at.into(), archived_at.map(Into::into));
    TemplateRow { id, client, campaign, name, purpose, subject, version, updated_at, archived_at }
}

/// Whether the caller may read what is there for a client or one of its campaigns.
pub(in crate::http) fn reads(caller: &Caller, client: ClientId, campaign: Option<CampaignId>) -> bool {
    caller.may(Permission::ReadConfig, place(client, campaign)) || (campaign.is_none() && reads_client(caller, client))
}

/// Whether the caller may write templates of the client: all of them, or those of a campaign.
pub(in crate::http) fn writes(caller: &Caller, client: ClientId) -> bool {
    let mut campaigns = caller.directory.campaigns.values().filter(|campaign| campaign.client == client);
    caller.may(Permission::WriteConfig, Place::client(client))
        || campaigns.any(|campaign| caller.may(Permission::WriteConfig, Place::campaign(client, campaign.id)))
}

/// What else is wrong with it, cleaning takes away.
fn html_size(check: &mut Check, html: &str) {
    let fits = html.chars().take(MAX_HTML + 1).count() <= MAX_HTML;
    check.that(fits, "html", ErrorCode::OutOfRange, format!("at most {MAX_HTML} characters"));
}

/// Subject, HTML and text are no longer than they may be.
fn text_size(check: &mut Check, subject: &mut String, html: &str, text: Option<&String>) {
    check.line("subject", subject, 0..=MAX_SUBJECT);
    html_size(check, html);
    if let Some(text) = text {
        check.lines("text", text, 0..=MAX_TEXT);
    }
}

/// Cleaning takes a while: not on the thread of the connections.
async fn cleaned(html: String) -> Result<Ours, Problem> {
    let cleaned = web::block(move || ours::clean(&html)).await.map_err(|_| Problem::new(ErrorCode::Internal))?;
    cleaned.ok_or_else(|| Problem::field("html", ErrorCode::NotPossible, "this HTML cannot be made clean"))
}

/// Where it may lie, what it is called and how long it is; its HTML comes out clean.
async fn checked(app: &App, caller: &Caller, fields: &mut TemplateFields) -> Result<(), Problem> {
    let mut check = Check::default();
    check_place(&mut check, caller, fields.client, fields.campaign);
    check.line("name", &mut fields.name, NAME);
    text_size(&mut check, &mut fields.subject, &fields.html, fields.text.as_ref());
    let has_subject = fields.purpose != Purpose::Signature;
    check.that(has_subject || fields.subject.is_empty(), "subject", ErrorCode::NotPossible, "a signature has none");
    check.done()?;
    fields.text = fields.text.take().filter(|text| !text.trim().is_empty());
    let Ours { html, files } = cleaned(std::mem::take(&mut fields.html)).await?;
    let mut check = Check::default();
    // Cleaning writes some things longer.
    html_size(&mut check, &html);
    check.that(files.len() <= MAX_PICTURES, "html", ErrorCode::TooLong, "at most 20 pictures");
    for id in files.into_iter().take(MAX_PICTURES) {
        let known = picture_of(app, fields.client, id).await?;
        check.that(known.is_some(), "html", ErrorCode::UnknownReference, "no such picture of this client");
    }
    fields.html = html;
    check.done()
}

/// A picture that was uploaded for templates of the client.
///
/// # Errors
/// 503.
pub(super) async fn picture_of(app: &App, client: ClientId, id: AttachmentId) -> Result<Option<Stored>, Problem> {
    let found = attachments::find(&app.engine.db, id).await?;
    Ok(found.filter(|stored| {
        stored.client == client && stored.conversation.is_none() && stored.file.media_type.starts_with("image/")
    }))
}

fn fact(id: TemplateId) -> (Entity, String) {
    (Entity::Template, id.to_string())
}

/// Where it is for there is one of this name already.
fn name_taken(problem: Problem) -> Problem {
    if problem.code() == ErrorCode::Conflict {
        Problem::field("name", ErrorCode::Taken, "another one has it already")
    } else {
        problem
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor, limit, purpose or campaign.
pub async fn list(app: Data<App>, caller: Caller, query: Query<TemplatesQuery>) -> Result<HttpResponse, Problem> {
    let TemplatesQuery { campaign, purpose, archived, cursor, limit } = query.0;
    let (limit, after) = (check::limit(limit)?, check::cursor(cursor.as_deref())?);
    let of = campaign.map(|id| filter(&caller, id));
    let filter = Filter { of, purpose, archived: archived == Some(true), after };
    let found = templates::list(&app.engine.db, &reach(&caller), &filter, limit + 1).await?;
    once::ok(&cut(found.iter().map(row).collect(), limit, |template: &TemplateRow| template.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<TemplateId>) -> Result<HttpResponse, Problem> {
    let found = templates::find(&app.engine.db, *id).await?;
    let found = found.filter(|template| reads(&caller, template.client, template.campaign));
    once::ok(&view(&found.ok_or_else(Problem::not_found)?))
}

/// `POST`: by who administers the client, or the campaign it is for.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<TemplateFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    checked(&app, &caller, &mut fields).await?;
    let TemplateFields { client, campaign, name, purpose, subject, html, text } = fields;
    let (id, now) = (app.engine.ids.next(), app.now());
    let content = Content { subject, html, text };
    let (created_at, updated_at) = (now, now);
    let template =
        MailTemplate { id, client, campaign, name, purpose, content, version: 1, created_at, updated_at, archived_at: None };
    once.commit(vec![templates::insert(&template)], fact(id), StatusCode::CREATED, &view(&template)).await.map_err(name_taken)
}

async fn found(app: &App, caller: &Caller, id: TemplateId) -> Result<MailTemplate, Problem> {
    let found = templates::find(&app.engine.db, id).await?;
    found
        .filter(|template| caller.may(Permission::WriteConfig, place(template.client, template.campaign)))
        .ok_or_else(Problem::not_found)
}

/// The campaigns whose mails it is part of.
fn users_of(directory: &Snapshot, id: TemplateId) -> impl Iterator<Item = CampaignId> {
    let uses = move |mail: &crate::domain::mail_settings::MailSettings| mail.templates().any(|named| named == id);
    directory.campaigns.values().filter(move |campaign| uses(&campaign.mail)).map(|campaign| campaign.id)
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404; 409 when it is another version by now or put away; 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<TemplateId>,
    query: Query<ChangeQuery>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = found(&app, &caller, *id).await?;
    let changed_meanwhile = || Problem::with(ErrorCode::Conflict, "somebody else changed it meanwhile");
    if query.0.version.is_some_and(|version| version != current.version) {
        return Err(changed_meanwhile());
    }
    if current.archived_at.is_some() {
        return Err(Problem::with(ErrorCode::WrongState, "the template is archived"));
    }
    let mut changed = patched(&fields(&current), patch)?;
    let mut errors = Check::default();
    errors.that(changed.client == current.client, "client", ErrorCode::NotPossible, "it stays with its client");
    errors.that(changed.purpose == current.purpose, "purpose", ErrorCode::NotPossible, "it stays what it is for");
    let serves = |campaign| changed.campaign.is_none_or(|own| own == campaign);
    let free = users_of(&caller.directory, *id).all(serves);
    errors.that(free, "campaign", ErrorCode::InUse, "another campaign uses it");
    errors.done()?;
    checked(&app, &caller, &mut changed).await?;
    let TemplateFields { campaign, name, subject, html, text, .. } = changed;
    let content = Content { subject, html, text };
    let template = MailTemplate { campaign, name, content, version: current.version + 1, updated_at: app.now(), ..current };
    let done = once.commit(vec![templates::update(&template)], fact(*id), StatusCode::OK, &view(&template)).await;
    done.map_err(|problem| if problem.code() == ErrorCode::NotFound { changed_meanwhile() } else { name_taken(problem) })
}

/// `DELETE /{id}`: puts it away.
///
/// # Errors
/// 404; 409 while a campaign uses it.
pub async fn archive(app: Data<App>, caller: Caller, id: Path<TemplateId>, once: Once) -> Result<HttpResponse, Problem> {
    let current = found(&app, &caller, *id).await?;
    if current.archived_at.is_some() {
        return once::ok(&view(&current));
    }
    let template = MailTemplate { archived_at: Some(app.now()), ..current };
    let done = once.commit(vec![templates::archive(*id, app.now())], fact(*id), StatusCode::OK, &view(&template)).await;
    done.map_err(|problem| if problem.code() == ErrorCode::NotFound { Problem::new(ErrorCode::InUse) } else { problem })
}

/// `POST /{id}/restore`: takes it back.
///
/// # Errors
/// 404; 422 when another one has its name by now.
pub async fn restore(app: Data<App>, caller: Caller, id: Path<TemplateId>, once: Once) -> Result<HttpResponse, Problem> {
    let template = MailTemplate { archived_at: None, ..found(&app, &caller, *id).await? };
    once.commit(vec![templates::restore(*id)], fact(*id), StatusCode::OK, &view(&template)).await.map_err(name_taken)
}

/// `GET /variables`: what can stand in gaps.
///
/// # Errors
/// 404; 422 without a client.
pub async fn variables(caller: Caller, query: Query<VariablesQuery>) -> Result<HttpResponse, Problem> {
    let VariablesQuery { client, campaign } = query.0;
    allowed(&caller, client, campaign, Permission::ReadConfig).map_err(|_| Problem::not_found())?;
    let common =
        mail_template::NAMES.into_iter().map(|name| TemplateVariable { name: name.to_owned(), field: None, same_as: None });
    let fields = mail_values::fields(&caller.directory, client, campaign).into_iter().map(|(name, field)| {
        let same_as = (name != field.key && mail_values::has_gap(&field)).then(|| field.key.clone());
        TemplateVariable { name, field: Some(field.name.clone()), same_as }
    });
    once::ok(&Page { items: common.chain(fields).collect(), next: None })
}

/// A client and a campaign of it that the caller reads, or where they may do more.
fn allowed(caller: &Caller, client: ClientId, campaign: Option<CampaignId>, needs: Permission) -> Result<(), Problem> {
    let mut check = Check::default();
    // Who may write in one campaign only need not know the client's own.
    if needs == Permission::ReadConfig || campaign.is_none() {
        let may =
            if needs == Permission::ReadConfig { reads_client(caller, client) } else { caller.may(needs, Place::client(client)) };
        let known = caller.directory.clients.contains_key(&client) && may;
        check.that(known, "client", ErrorCode::UnknownReference, "no such client");
    }
    if let Some(id) = campaign {
        let place = Place::campaign(client, id);
        let known = caller.place(id) == place && caller.may(needs, place);
        check.that(known, "campaign", ErrorCode::UnknownReference, "no such campaign of this client");
    }
    check.done()
}

/// `POST /preview`: a template filled in, without keeping or sending anything.
///
/// # Errors
/// 404 for a contact or a conversation that the caller may not see; 422.
pub async fn preview(app: Data<App>, caller: Caller, body: Plain<TemplateTry>) -> Result<HttpResponse, Problem> {
    let template::Rendered { subject, html, text, lacking } = filled(&app, &caller, body.0, Permission::ReadConfig).await?;
    let (missing, unknown) = (lacking.missing.into_iter().collect(), lacking.unknown.into_iter().collect());
    once::ok(&TemplateFilled { subject, html, text, missing, unknown })
}

/// What somebody wrote, filled in for whom they name; `needs` is what they must be allowed where they write it.
///
/// # Errors
/// 404 for a contact or a conversation that the caller may not see; 422.
pub(super) async fn filled(
    app: &App,
    caller: &Caller,
    wanted: TemplateTry,
    needs: Permission,
) -> Result<template::Rendered, Problem> {
    let TemplateTry { client, campaign, conversation, contact, mut subject, html, text, values: given } = wanted;
    allowed(caller, client, campaign, needs)?;
    let mut check = Check::default();
    text_size(&mut check, &mut subject, &html, text.as_ref());
    check.that(given.len() <= 100, "values", ErrorCode::TooLong, "at most 100");
    for (name, value) in given.iter().take(100) {
        let field = format!("values.{}", name.chars().take(MAX_NAME).collect::<String>());
        check.that(is_name(name), &field, ErrorCode::NotPossible, "a letter, then letters, digits, `_`, `-` and `.`");
        check.that(value.chars().take(1_001).count() <= 1_000, &field, ErrorCode::TooLong, "at most 1,000 characters");
    }
    check.done()?;
    let mut values = mail_values::of(app, caller, client, campaign, conversation, contact).await?;
    for (name, value) in &given {
        values.set(name, value);
    }
    values.set("subject", &values.fill_subject(&subject));
    let filled = web::block(move || {
        let html = ours::clean(&html)?.html;
        Some(template::render(&Content { subject, html, text }, &values))
    });
    let filled = filled.await.map_err(|_| Problem::new(ErrorCode::Internal))?;
    filled.ok_or_else(|| Problem::field("html", ErrorCode::NotPossible, "this HTML cannot be made clean"))
}
