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
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, path::Path as ObjectPath};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        message::Attachment,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::is_control,
        input::{self, Query},
        once::Once,
        problem::Problem,
        staff::conversations::{readable, visible},
        state::App,
    },
    ids::{AttachmentId, ChannelId, ClientId, ConversationId},
    store::attachments::{self, Stored},
    wire::conversation,
};

/// The longest name kept, in characters.
const MAX_NAME_CHARACTERS: usize = 120;
/// Written to the object store at once.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Bytes from the beginning that say what a file is.
const SNIFFED_BYTES: usize = 8 * 1024;
const UNKNOWN: &str = "application/octet-stream";

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
    let UploadQuery { name, conversation, channel } = query.0;
    let (client, conversation) = owner(&app, &caller, conversation, channel).await?;
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
) -> Result<(ClientId, Option<ConversationId>), Problem> {
    match (conversation, channel) {
        (Some(id), None) => {
            let state = visible(app, caller, id).await?;
            if state.phase.is_ended() {
                return Err(Problem::new(ErrorCode::ConversationClosed));
            }
            if !caller.directory.permissions_of(state.campaign).external_resources {
                return Err(Problem::new(ErrorCode::AttachmentsNotAllowed));
            }
            Ok((state.client, Some(id)))
        }
        (None, Some(id)) => {
            let channel = caller.directory.channels.get(&id).ok_or_else(Problem::not_found)?;
            caller.require(Permission::ForceConversations, Place::campaign(channel.client, channel.campaign))?;
            Ok((channel.client, None))
        }
        _ => Err(Problem::field("conversation", ErrorCode::NotPossible, "either a conversation or a channel")),
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

/// Two levels, so that no directory grows without end. Beginning with the random end of the id: its beginning is the time.
pub(in crate::http) fn object_path(id: AttachmentId) -> ObjectPath {
    let text = id.to_string();
    let folder = text.get(text.len().saturating_sub(2)..).unwrap_or("00").to_owned();
    ObjectPath::from_iter([folder, text])
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
        None => return Err(Problem::not_found()),
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
fn disposition(name: &str) -> header::ContentDisposition {
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

/// A name without a path, without what cannot be seen, of at most [`MAX_NAME_CHARACTERS`] characters. Cleaning it again changes
/// nothing.
pub(in crate::http) fn clean_name(name: &str) -> String {
    let visible: String =
        name.chars().filter(|c| !is_control(*c) && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}')).collect();
    let last = visible.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String =
        last.chars().map(|c| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c }).collect();
    let trimmed = plain.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let cut = match trimmed.char_indices().nth(MAX_NAME_CHARACTERS) {
        None => trimmed,
        Some(_) => return cut_keeping_extension(trimmed),
    };
    if cut.is_empty() { "file".to_owned() } else { cut.to_owned() }
}

fn cut_keeping_extension(name: &str) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 10 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = MAX_NAME_CHARACTERS - extension.chars().count();
    let stem: String = stem.chars().take(room).collect();
    format!("{}{extension}", stem.trim_end_matches(|c: char| c.is_whitespace() || c == '.'))
}

/// The media type, found in the bytes. What a browser could run counts as unknown.
pub(in crate::http) fn sniff(head: &[u8]) -> &'static str {
    let found = infer::get(head).map_or(UNKNOWN, |kind| kind.mime_type());
    let runs = ["html", "svg", "xml", "javascript", "x-shockwave-flash", "x-shellscript", "xhtml"];
    if runs.iter().any(|word| found.contains(word)) && !found.contains("openxmlformats") { UNKNOWN } else { found }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_nothing_but_a_name() {
        for (given, kept) in [
            ("factura.pdf", "factura.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..%2f..%2fx", "%2f..%2fx"),
            (r"C:\x\y.doc", "y.doc"),
            ("a\0b\r\n.txt", "ab.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("\u{200b}.htaccess", "htaccess"),
            ("", "file"),
            ("...", "file"),
            ("a\"b.png", "a_b.png"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
        let long = clean_name(&format!("{}.pdf", "x".repeat(300)));
        assert_eq!((long.chars().count(), long.ends_with(".pdf")), (120, true));
    }

    proptest! {
        #[test]
        fn cleaning_a_name_again_changes_nothing(name in "\\PC{0,300}|.{0,300}") {
            let once = clean_name(&name);
            prop_assert_eq!(clean_name(&once), once.clone());
            prop_assert!((1..=MAX_NAME_CHARACTERS).contains(&once.chars().count()));
            prop_assert!(!once.contains(['/', '\\', '\0', '\r', '\n']));
        }
    }

    #[test]
    fn what_a_browser_could_run_counts_as_unknown() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n0000"), "image/png");
        for file in [
            "<html><script>alert(1)</script>",
            "<!DOCTYPE html>",
            "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "<?xml version='1.0'?>",
            "alert(1)",
        ] {
            assert_eq!(sniff(file.as_bytes()), UNKNOWN, "{file}");
        }
    }
}
