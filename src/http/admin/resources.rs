//! `/api/v1/resources`: the gallery (S1-35). Agents read and send what is there for their campaigns; what they send is a copy, so
//! that replacing a file changes nothing that was said.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Path},
};
use object_store::ObjectStoreExt;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    canned_texts::{check_place, check_stays, filter, place, reach, shortcut_of, shortcut_taken},
    reads_client,
};
use crate::{
    domain::{log::Entity, message::Attachment, permission::Permission},
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, NAME, cut, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        staff::{
            attachments::{clean_name, failed, object_path, put_file, sniff, stream},
            conversations::visible,
        },
        state::App,
    },
    ids::{AttachmentId, CampaignId, ClientId, ConversationId, ResourceId},
    store::{
        attachments::{self, Stored},
        resources::{self, Resource},
    },
    wire::{
        config::{ResourceFields, ResourceView},
        conversation,
    },
};

/// Which files.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ResourcesQuery {
    /// Only what can be used in this campaign.
    campaign: Option<CampaignId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// What is uploaded.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// As customers see it.
    name: String,
    /// Whose.
    client: ClientId,
    /// For this campaign of the client only.
    campaign: Option<CampaignId>,
    /// What agents type to find it.
    shortcut: String,
    /// As shown in a list.
    title: String,
    /// The folder it lies in; none = in none.
    folder: Option<String>,
}

/// A file in place of another.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// As customers see it.
    name: String,
}

fn fields(resource: &Resource) -> ResourceFields {
    let Resource { client, campaign, shortcut, title, folder, .. } = resource.clone();
    ResourceFields { client, campaign, shortcut, title, folder }
}

fn view(resource: &Resource) -> ResourceView {
    let file = conversation::Attachment::of(&resource.file);
    ResourceView { id: resource.id, fields: fields(resource), file, created_at: resource.created_at.into() }
}

fn check(check: &mut Check, fields: &mut ResourceFields) {
    shortcut_of(check, &mut fields.shortcut);
    check.line("title", &mut fields.title, NAME);
    check.line("folder", &mut fields.folder, 0..=60);
}

async fn readable(app: &App, caller: &Caller, id: ResourceId) -> Result<Resource, Problem> {
    let reads = |resource: &Resource| {
        let common = resource.campaign.is_none() && reads_client(caller, resource.client);
        common || caller.may(Permission::ReadConfig, place(resource.client, resource.campaign))
    };
    resources::find(&app.engine.db, id).await?.filter(reads).ok_or_else(Problem::not_found)
}

async fn writable(app: &App, caller: &Caller, id: ResourceId) -> Result<Resource, Problem> {
    let writes = |resource: &Resource| caller.may(Permission::WriteConfig, place(resource.client, resource.campaign));
    resources::find(&app.engine.db, id).await?.filter(writes).ok_or_else(Problem::not_found)
}

fn fact(id: ResourceId) -> (Entity, String) {
    (Entity::Resource, id.to_string())
}

/// The bytes of nobody any more; that they are still there harms nobody.
async fn forget(app: &App, id: AttachmentId) {
    if let Err(error) = app.attachments.delete(&object_path(id)).await {
        tracing::warn!(%error, attachment = %id, "a file that is not needed any more could not be deleted");
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor, limit or campaign.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ResourcesQuery>) -> Result<HttpResponse, Problem> {
    let ResourcesQuery { campaign, cursor, limit } = query.0;
    let (limit, after) = (check::limit(limit)?, check::cursor(cursor.as_deref())?);
    let found =
        resources::list(&app.engine.db, &reach(&caller), campaign.map(|id| filter(&caller, id)), after, limit + 1).await?;
    once::ok(&cut(found.iter().map(view).collect(), limit, |resource: &ResourceView| resource.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ResourceId>) -> Result<HttpResponse, Problem> {
    once::ok(&view(&readable(&app, &caller, *id).await?))
}

/// `GET /{id}/file`: to be saved.
///
/// # Errors
/// 404.
pub async fn file(app: Data<App>, caller: Caller, id: Path<ResourceId>) -> Result<HttpResponse, Problem> {
    let resource = readable(&app, &caller, *id).await?;
    let stored = attachments::find(&app.engine.db, resource.file.id).await?.ok_or_else(Problem::not_found)?;
    let mut response = stream(&app, &stored).await?;
    // The same address gives another file once it is replaced.
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Takes in a file and commits what `change` makes of it; without the commit the file is gone.
async fn upload(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    payload: web::Payload,
    (name, client): (&str, ClientId),
    status: StatusCode,
    change: impl FnOnce(Attachment, &mut Vec<crate::store::write::Statement>) -> Resource,
) -> Result<HttpResponse, Problem> {
    let id: AttachmentId = app.engine.ids.next();
    let (mut sink, upload) = put_file(app, id, request, payload, app.config.limits.max_attachment_bytes).await?;
    let (file_type, size) = (sniff(&upload.head).to_owned(), upload.size);
    let once = Once::unchecked(request, upload.digest().as_ref())?;
    if let Err(earlier) = once.check().await {
        let _ = sink.abort().await;
        return Err(earlier);
    }
    sink.complete().await.map_err(failed)?;
    let file = Attachment { id, name: clean_name(name), media_type: file_type, size };
    let stored = Stored { file: file.clone(), client, uploaded_by: caller.by, conversation: None };
    let mut statements = vec![attachments::insert(&stored, app.now())];
    let resource = change(file, &mut statements);
    let committed = once.commit(statements, fact(resource.id), status, &view(&resource)).await;
    if committed.is_err() {
        forget(app, id).await;
    }
    committed.map_err(shortcut_taken)
}

/// `POST`: the body is the file.
///
/// # Errors
/// 413 too large; 422.
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: Query<NewResource>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let NewResource { name, client, campaign, shortcut, title, folder } = query.0;
    let mut fields = ResourceFields { client, campaign, shortcut, title, folder: folder.unwrap_or_default() };
    let mut errors = Check::default();
    check_place(&mut errors, &caller, client, campaign);
    check(&mut errors, &mut fields);
    errors.done()?;
    let ResourceFields { client, campaign, shortcut, title, folder } = fields;
    let (id, created_at) = (app.engine.ids.next(), app.now());
    upload(&app, &caller, &request, payload, (&name, client), StatusCode::CREATED, |file, statements| {
        let resource = Resource { id, client, campaign, shortcut, title, folder, file, created_at };
        statements.push(resources::insert(&resource));
        resource
    })
    .await
}

/// `PUT /{id}/file`: another file in its place; the id and the shortcut stay.
///
/// # Errors
/// 404; 413 too large; 422.
pub async fn replace(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<ResourceId>,
    query: Query<NewFile>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let current = writable(&app, &caller, *id).await?;
    let (old, owner) = (current.file.id, (query.0.name.as_str(), current.client));
    let done = upload(&app, &caller, &request, payload, owner, StatusCode::OK, |file, statements| {
        let resource = Resource { file, ..current };
        statements.extend([resources::update(&resource), resources::drop_file(old)]);
        resource
    });
    let done = done.await?;
    forget(&app, old).await;
    Ok(done)
}

/// `PATCH /{id}`.
///
/// # Errors
/// 404, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<ResourceId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = writable(&app, &caller, *id).await?;
    let mut changed = patched(&fields(&current), patch)?;
    let mut errors = Check::default();
    check_stays(&mut errors, (current.client, current.campaign), (changed.client, changed.campaign));
    check(&mut errors, &mut changed);
    errors.done()?;
    let resource = Resource { shortcut: changed.shortcut, title: changed.title, folder: changed.folder, ..current };
    let statements = vec![resources::update(&resource)];
    once.commit(statements, fact(*id), StatusCode::OK, &view(&resource)).await.map_err(shortcut_taken)
}

/// `DELETE /{id}`.
///
/// # Errors
/// 404.
pub async fn delete(app: Data<App>, caller: Caller, id: Path<ResourceId>, once: Once) -> Result<HttpResponse, Problem> {
    let file = writable(&app, &caller, *id).await?.file.id;
    let done = once.commit_bare(vec![resources::delete(*id), resources::drop_file(file)], fact(*id)).await?;
    forget(&app, file).await;
    Ok(done)
}

/// `POST /api/v1/conversations/{id}/resources/{resource}`: a copy to be sent there, as if it had been uploaded (S1-20).
///
/// # Errors
/// 404; 409 closed; 422 where files are not allowed.
pub async fn pick(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ConversationId, ResourceId)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (conversation, resource) = ids.into_inner();
    let state = visible(&app, &caller, conversation).await?;
    let here = |resource: &Resource| {
        resource.client == state.client && resource.campaign.is_none_or(|campaign| campaign == state.campaign)
    };
    let found = resources::find(&app.engine.db, resource).await?.filter(here).ok_or_else(Problem::not_found)?;
    if state.phase.is_ended() {
        return Err(Problem::new(ErrorCode::ConversationClosed));
    }
    if !caller.directory.permissions_of(state.campaign).external_resources {
        return Err(Problem::new(ErrorCode::AttachmentsNotAllowed));
    }
    let id: AttachmentId = app.engine.ids.next();
    app.attachments.copy(&object_path(found.file.id), &object_path(id)).await.map_err(failed)?;
    let file = Attachment { id, ..found.file };
    let copied = conversation::Attachment::of(&file);
    let stored = Stored { file, client: state.client, uploaded_by: once.by(), conversation: Some(conversation) };
    let statements = vec![attachments::insert(&stored, app.now())];
    let done = once.commit_quietly(statements, StatusCode::CREATED, &copied).await;
    if done.is_err() {
        forget(&app, id).await;
    }
    done
}
