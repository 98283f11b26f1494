//! `/api/v1/attachments`: files of conversations (security.md, 4, 5 and 47).
//!
//! What a file is, is found in its bytes. What browsers would run is stored as unknown bytes, and every file is sent to be saved, never
//! to be shown in our origin. A file lies under a random id, so its name is nothing but a name.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Path},
};
use bytes::{Bytes, BytesMut};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub(in crate::http) use crate::{
    domain::file::{clean_name, sniff},
    store::attachments::object_path,
};
use crate::{
    domain::{
        message::Attachment,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        admin::templates,
        caller::Caller,
        input::{self, Query},
        once::Once,
        problem::Problem,
        staff::{
            conversations::{readable, visible},
            start::channels_to_start,
        },
        state::App,
    },
    ids::{AttachmentId, ChannelId, ClientId, ConversationId},
    store::{
        self,
        attachments::{self, Stored},
    },
    wire::conversation,
};

/// Written to the object store at once.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Bytes from the beginning that say what a file is.
const SNIFFED_BYTES: usize = 8 * 1024;

/// What is uploaded.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UploadQuery {
    /// As people shall see it; cleaned of paths and invisible characters and cut to 120.
    name: String,
    /// For an answer in this conversation.
    conversation: Option<ConversationId>,
    /// For a customer's message that a connected system is about to hand over on this channel.
    channel: Option<ChannelId>,
    /// For a template of this client: a picture.
    client: Option<ClientId>,
}

/// Bytes still unread when an error is answered would be taken for the next request; the server closes the connection then.
pub(in crate::http) struct Upload {
    pub(in crate::http) size: u64,
    /// Its beginning, which says what it is.
    pub(in crate::http) head: BytesMut,
    digest: Sha256,
}

impl Upload {
    /// Of all its bytes.
    pub(in crate::http) fn digest(self) -> impl AsRef<[u8]> {
        self.digest.finalize()
    }
}

/// `POST`: the body is the file.
///
/// # Errors
/// 404 unknown conversation or channel; 409 closed; 413 too large; 422 empty.
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: Query<UploadQuery>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let UploadQuery { name, conversation, channel, client } = query.0;
    let (client, conversation) = owner(&app, &caller, conversation, channel, client).await?;
    let id: AttachmentId = app.engine.ids.next();
    let (path, location) = (object_path(id), app.attachments.clone());
    let (mut sink, upload) = put_file(&app, id, &request, payload, app.config.limits.max_attachment_bytes).await?;
    // Under its key this very file may have been stored before.
    let digest = upload.digest.finalize();
    let once = Once::unchecked(&request, &digest)?;
    if let Err(earlier) = once.check().await {
        let _ = sink.abort().await;
        return Err(earlier);
    }
    sink.complete().await.map_err(failed)?;
    let file = Attachment { id, name: clean_name(&name), media_type: sniff(&upload.head).to_owned(), size: upload.size };
    let view = conversation::Attachment::of(&file);
    let stored = Stored { file, client, uploaded_by: caller.by, conversation };
    let statements = vec![attachments::insert(&stored, app.now())];
    let committed = once.commit_quietly(statements, StatusCode::CREATED, &view).await;
    if committed.is_err() {
        let _ = location.delete(&path).await;
    }
    committed
}

/// Whose file it becomes.
async fn owner(
    app: &App,
    caller: &Caller,
    conversation: Option<ConversationId>,
    channel: Option<ChannelId>,
    client: Option<ClientId>,
) -> Result<(ClientId, Option<ConversationId>), Problem> {
    match (conversation, channel, client) {
        (Some(id), None, None) => {
            let state = visible(app, caller, id).await?;
            if state.phase.is_ended() {
                return Err(Problem::new(ErrorCode::ConversationClosed));
            }
            if !caller.directory.permissions_of(state.campaign).external_resources {
                return Err(Problem::new(ErrorCode::AttachmentsNotAllowed));
            }
            Ok((state.client, Some(id)))
        }
        (None, Some(id), None) => {
            let channel = caller.directory.channels.get(&id).ok_or_else(Problem::not_found)?;
            // Who may write first by it has something to enclose.
            let campaign = caller.directory.campaigns.get(&channel.campaign);
            let starts = campaign.is_some_and(|campaign| {
                let mut channels = channels_to_start(&caller.subject, &caller.directory, campaign).into_iter();
                campaign.permissions.external_resources && channels.any(|known| known.id == id)
            });
            if !starts {
                caller.require(Permission::ForceConversations, Place::campaign(channel.client, channel.campaign))?;
            }
            Ok((channel.client, None))
        }
        (None, None, Some(id)) if templates::writes(caller, id) => Ok((id, None)),
        (None, None, Some(_)) => Err(Problem::not_found()),
        _ => Err(Problem::field("conversation", ErrorCode::NotPossible, "a conversation, a channel or a client")),
    }
}

/// When the object store does not do its part.
pub(in crate::http) fn failed(error: object_store::Error) -> Problem {
    tracing::error!(%error, "an attachment could not be stored");
    Problem::later(ErrorCode::Unavailable, 2)
}

/// Takes in the bytes of a file; to be completed or aborted.
pub(in crate::http) async fn put_file(
    app: &App,
    id: AttachmentId,
    request: &HttpRequest,
    payload: web::Payload,
    limit: u64,
) -> Result<(Box<dyn MultipartUpload>, Upload), Problem> {
    let mut sink = app.attachments.put_multipart(&object_path(id)).await.map_err(failed)?;
    match store(request, payload, sink.as_mut(), limit).await {
        Ok(upload) => Ok((sink, upload)),
        Err(problem) => {
            let _ = sink.abort().await;
            Err(problem)
        }
    }
}

async fn store(
    request: &HttpRequest,
    mut payload: web::Payload,
    sink: &mut dyn MultipartUpload,
    limit: u64,
) -> Result<Upload, Problem> {
    let too_large = || Problem::with(ErrorCode::TooLarge, format!("at most {limit} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut upload = Upload { size: 0, head: BytesMut::new(), digest: Sha256::new() };
    let mut part = BytesMut::new();
    while let Some(chunk) = input::chunk(&mut payload).await? {
        upload.size += chunk.len() as u64;
        if upload.size > limit {
            return Err(too_large());
        }
        upload.digest.update(&chunk);
        let missing = SNIFFED_BYTES.saturating_sub(upload.head.len());
        upload.head.extend(chunk.iter().take(missing));
        part.extend_from_slice(&chunk);
        if part.len() >= PART_BYTES {
            put(sink, part.split().freeze()).await?;
        }
    }
    if upload.size == 0 {
        return Err(Problem::field("", ErrorCode::TooShort, "the file is empty"));
    }
    put(sink, part.freeze()).await?;
    Ok(upload)
}

async fn put(sink: &mut dyn MultipartUpload, part: Bytes) -> Result<(), Problem> {
    if part.is_empty() {
        return Ok(());
    }
    sink.put_part(PutPayload::from_bytes(part)).await.map_err(failed)
}

/// `GET /{id}`: the file, to be saved.
///
/// # Errors
/// 404 for what does not exist or belongs to a conversation the caller may not see.
pub async fn show(app: Data<App>, caller: Caller, id: Path<AttachmentId>) -> Result<HttpResponse, Problem> {
    let stored = attachments::find(&app.engine.db, *id).await?.ok_or_else(Problem::not_found)?;
    match stored.conversation {
        Some(conversation) => {
            readable(&app, &caller, conversation).await?;
        }
        None if stored.uploaded_by == caller.by => {}
        None => {
            let shown = store::templates::showing(&app.engine.db, stored.client, stored.file.id).await?;
            if !shown.into_iter().any(|campaign| templates::reads(&caller, stored.client, campaign)) {
                return Err(Problem::not_found());
            }
        }
    }
    stream(&app, &stored).await
}

/// A file as it is handed out to whoever may have it.
pub(in crate::http) async fn stream(app: &App, stored: &Stored) -> Result<HttpResponse, Problem> {
    let found = app.attachments.get(&object_path(stored.file.id)).await.map_err(|error| {
        tracing::error!(%error, "an attachment is recorded but cannot be read");
        match error {
            object_store::Error::NotFound { .. } => Problem::not_found(),
            _ => Problem::later(ErrorCode::Unavailable, 2),
        }
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, stored.file.media_type.as_str()))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&stored.file.name)))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .no_chunking(stored.file.size)
        .streaming(found.into_stream()))
}

/// To be saved, under its name in the form of RFC 6266 and RFC 8187.
pub(in crate::http) fn disposition(name: &str) -> header::ContentDisposition {
    let ascii: String = name.chars().map(|c| if c.is_ascii() && !matches!(c, '"' | '\\') { c } else { '_' }).collect();
    let extended = header::ExtendedValue {
        charset: header::Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    header::ContentDisposition {
        disposition: header::DispositionType::Attachment,
        parameters: vec![header::DispositionParam::Filename(ascii), header::DispositionParam::FilenameExt(extended)],
    }
}
