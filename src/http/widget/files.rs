//! Visitors' files: uploaded before the message that names them. Only who uploaded one may send it, and only who has it in a
//! conversation of their own may read it (security.md, 47).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{Known, known, later};
use crate::{
    domain::{log::By, message::Attachment},
    error::ErrorCode,
    http::{
        gate::keep_private,
        input::Query,
        once,
        problem::Problem,
        staff::attachments::{clean_name, failed, put_file, sniff, stream},
        state::App,
    },
    ids::AttachmentId,
    store::{
        attachments::{self, Stored},
        visitors,
    },
    wire::conversation,
};

/// The largest file that a visitor may send, whatever staff may: 10 MiB.
pub(super) const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

/// What is uploaded.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FileQuery {
    /// As the agent shall see it; cleaned of paths and invisible characters and cut to 120.
    name: String,
}

/// `POST /widget/v1/attachments`: the body is the file.
///
/// # Errors
/// 401; 413 too large; 422 empty or where the campaign allows none; 429.
pub async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    query: Query<FileQuery>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    may_send(&app, &known)?;
    app.throttle.file(known.bearer.visitor).map_err(later)?;
    let id: AttachmentId = app.engine.ids.next();
    let limit = app.config.limits.max_attachment_bytes.min(MAX_FILE_BYTES);
    let (mut sink, upload) = put_file(&app, id, &request, payload, limit).await?;
    sink.complete().await.map_err(failed)?;
    let media_type = sniff(&upload.head).to_owned();
    let file = Attachment { id, name: clean_name(&query.0.name), media_type, size: upload.size };
    let view = conversation::Attachment::of(&file);
    let stored = Stored { file, client: known.account.client, uploaded_by: By::Contact, conversation: None };
    let statements =
        vec![attachments::insert(&stored, app.now()), visitors::insert_file(id, known.account.id, known.bearer.visitor)];
    app.engine.journal.write(statements, None, By::Contact, None).await?;
    let mut response = once::answer(actix_web::http::StatusCode::CREATED, &view)?;
    keep_private(response.headers_mut());
    Ok(response)
}

fn may_send(app: &App, known: &Known) -> Result<(), Problem> {
    let directory = app.engine.directory.load();
    let allowed = directory.campaigns.get(&known.account.campaign).is_none_or(|campaign| campaign.permissions.external_resources);
    if allowed { Ok(()) } else { Err(Problem::new(ErrorCode::AttachmentsNotAllowed)) }
}

/// Files of a message: all uploaded by this very visitor.
pub(super) async fn own(app: &App, known: &Known, ids: &[AttachmentId]) -> Result<Vec<Attachment>, Problem> {
    if !ids.is_empty() {
        may_send(app, known)?;
    }
    let mut files = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let unknown =
            || Problem::field(&format!("attachments.{index}"), ErrorCode::UnknownReference, "no such file of this visitor");
        if !visitors::has_file(&app.engine.db, *id, known.account.id, known.bearer.visitor).await? {
            return Err(unknown());
        }
        files.push(attachments::find(&app.engine.db, *id).await?.ok_or_else(unknown)?.file);
    }
    Ok(files)
}

/// `GET /widget/v1/attachments/{id}`: the file, to be saved.
///
/// # Errors
/// 401; 404 for what does not exist or is in nobody's conversation but another's.
pub async fn show(app: web::Data<App>, request: HttpRequest, id: web::Path<AttachmentId>) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    let db = &app.engine.db;
    let stored = attachments::find(db, *id).await?.ok_or_else(Problem::not_found)?;
    let readable = match stored.conversation {
        None => visitors::has_file(db, *id, known.account.id, known.bearer.visitor).await?,
        Some(conversation) => {
            // What staff has uploaded but not sent is in no message.
            known.owns(&app, conversation).await? && attachments::holds(db, conversation, *id).await?
        }
    };
    if !readable {
        return Err(Problem::not_found());
    }
    let mut response = stream(&app, &stored).await?;
    keep_private(response.headers_mut());
    Ok(response)
}
