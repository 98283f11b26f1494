//! A mail as a file (RFC 5322): what came in byte for byte as it came, ours as they were sent.
//!
//! Two things of a mail of ours are not in its file. Hidden receivers, as in every copy. And the question of a rating, whose address lets
//! whoever has it answer for the receiver; files go from hand to hand.

use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use tokio::sync::Semaphore;

use crate::{
    channels::email::{
        answering,
        compose::{self, Enclosed, MAX_FILES_BYTES, Origin, compose},
    },
    directory::Snapshot,
    domain::{
        conversation::Conversation,
        delivery::Delivery,
        mail::{Envelope, answer::Request},
        message::{Author, Message},
    },
    http::state::App,
    ids::AttachmentId,
    store::{StoreError, attachments::object_path},
};

/// Put together at once: each may hold [`MAX_FILES_BYTES`] and what becomes of them.
static IN_MEMORY: Semaphore = Semaphore::const_new(2);
/// The longest HTML of ours.
const MAX_HTML: u64 = 4 * 1024 * 1024;

/// Where the bytes of a mail are.
pub(super) enum MailFile {
    /// Stored as it came in.
    AsItCame(AttachmentId),
    /// Put together again.
    Ours(Bytes),
}

/// Whether a server was given it: what waits, was withdrawn or could not be sent is no mail that anybody got.
pub(super) const fn has_left(delivery: Delivery) -> bool {
    matches!(
        delivery,
        Delivery::Sending | Delivery::Sent | Delivery::Delivered | Delivery::Read | Delivery::Rejected | Delivery::Complained
    )
}

/// The file of a message of a mail conversation; none where it has not left or something of it is not there any more. `before` is the
/// mail that one of the product answers.
pub(super) async fn of(
    app: &App,
    directory: &Snapshot,
    state: &Conversation,
    message: &Message,
    before: Option<&Envelope>,
) -> Result<Option<MailFile>, StoreError> {
    if let Some(source) = message.mail.as_ref().and_then(|mail| mail.source) {
        return Ok(size(app, source).await?.map(|_| MailFile::AsItCame(source)));
    }
    if !message.delivery.is_some_and(has_left) {
        return Ok(None);
    }
    let known = directory.mail_accounts.get(&state.channel);
    let Some((account, key)) = known.and_then(|account| Some((account, account.threads.first()?.clone()))) else {
        return Ok(None);
    };
    let is_ours = message.author == Author::System;
    let envelope = match &message.mail {
        Some(mail) => mail.as_ref().clone(),
        None => match answering::envelope(&app.engine.db, directory, state, Request::default(), before.cloned()).await? {
            Ok(envelope) => envelope,
            Err(_) => return Ok(None),
        },
    };
    let kept = envelope.message_id.clone();
    let Some(message_id) = kept.or_else(|| answering::message_id(account, state.id, message.id)) else { return Ok(None) };
    let total: u64 = message.attachments.iter().map(|file| file.size).sum();
    if total > MAX_FILES_BYTES {
        return Ok(None);
    }
    let _memory = if total > 0 { IN_MEMORY.acquire().await.ok() } else { None };
    let mut files = Vec::with_capacity(message.attachments.len());
    for file in &message.attachments {
        let Some(bytes) = whole(app, file.id, MAX_FILES_BYTES).await? else { return Ok(None) };
        files.push(Enclosed { id: file.id, name: file.name.clone(), media_type: file.media_type.clone(), bytes });
    }
    let html = match envelope.html {
        None => None,
        Some(id) => match whole(app, id, MAX_HTML).await? {
            None => return Ok(None),
            Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        },
    };
    let author = match message.author {
        Author::Agent(agent) => directory.users.get(&agent).map(|user| user.name.as_str()),
        _ => None,
    };
    let from = answering::sender(directory, account, author);
    let date = message.at.max(envelope.send_at.unwrap_or(message.at));
    let (text, origin) = (Arc::clone(&message.text), if is_ours { Origin::Answer } else { Origin::Person });
    let composed = tokio::task::spawn_blocking(move || {
        compose(&compose::Mail {
            from: &from,
            reply_to: None,
            envelope: &envelope,
            message_id: &message_id,
            date,
            text: &text,
            html: html.as_deref(),
            files: &files,
            loop_tag: key.loop_tag(),
            origin,
        })
    });
    let composed = composed.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(composed.ok().map(MailFile::Ours))
}

/// How long a stored file is; none when it is not there.
pub(super) async fn size(app: &App, id: AttachmentId) -> Result<Option<u64>, StoreError> {
    match app.attachments.head(&object_path(id)).await {
        Ok(meta) => Ok(Some(meta.size)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

/// A part of a stored file.
pub(super) async fn part(app: &App, id: AttachmentId, from: u64, to: u64) -> Result<Bytes, StoreError> {
    let part = app.attachments.get_range(&object_path(id), from..to).await;
    part.map_err(|error| StoreError::Unavailable(error.to_string()))
}

async fn whole(app: &App, id: AttachmentId, most: u64) -> Result<Option<Bytes>, StoreError> {
    match size(app, id).await? {
        Some(0) => Ok(Some(Bytes::new())),
        Some(size) if size <= most => part(app, id, 0, size).await.map(Some),
        _ => Ok(None),
    }
}
