//! `/api/v1/drafts`: what the caller has begun to write. It is theirs alone: nobody else sees it.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use crate::{
    channels::api::inbound::storable,
    domain::{channel::ChannelKind, message::WritingMode, refusal::Refusal},
    error::ErrorCode,
    http::{
        caller::Caller,
        check::Check,
        input::Input,
        once::{self, Once},
        problem::Problem,
        staff::conversations::{files, visible},
        state::App,
    },
    ids::ConversationId,
    store::{
        attachments as stored_files,
        drafts::{self, Draft},
    },
    wire::{command::PutDraft, conversation, page::Page},
};

/// Numbers beyond this are none in a browser.
const MAX_REV: u64 = 1 << 53;
/// The longest mail that somebody has begun, as JSON.
const MAX_MAIL: usize = 512 * 1024;

async fn view(app: &App, draft: Draft) -> Result<conversation::Draft, Problem> {
    let Draft { conversation, mode, text, attachments, mail, rev, updated_at } = draft;
    let mail = mail.and_then(|mail| serde_json::from_str(&mail).ok());
    let mut files = Vec::new();
    for id in &attachments {
        files.extend(stored_files::find(&app.engine.db, *id).await?.map(|stored| conversation::Attachment::of(&stored.file)));
    }
    Ok(conversation::Draft { conversation, mode, text, attachments, files, mail, rev, updated_at: updated_at.into() })
}

/// `GET`: the latest first, at most 200.
///
/// # Errors
/// 503 when the store cannot be asked.
pub async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let found = drafts::of_user(&app.engine.db, caller.user()).await?;
    let mut items = Vec::with_capacity(found.len());
    for draft in found {
        items.push(view(&app, draft).await?);
    }
    once::ok(&Page { items, next: None })
}

/// `PUT /{conversation}/{mode}`: the higher `rev` stands; the same again is no error.
///
/// # Errors
/// 404; 409 `draft_stale` with the one that is stored, `conversation_closed`; 422.
pub async fn put(
    app: Data<App>,
    caller: Caller,
    path: Path<(ConversationId, WritingMode)>,
    input: Input<PutDraft>,
) -> Result<HttpResponse, Problem> {
    let Input { value: PutDraft { text, attachments, mail, rev }, once } = input;
    let (id, mode) = path.into_inner();
    let state = visible(&app, &caller, id).await?;
    if caller.is_program() {
        return Err(Problem::not_found());
    }
    if state.phase.is_ended() {
        return Err(Refusal::Closed.into());
    }
    let text = storable(&text).to_string();
    let mut check = Check::default();
    check.that(text.len() <= state.kind.max_text_bytes(), "text", ErrorCode::TooLong, "longer than a message can be");
    check.range("rev", rev, 0..=MAX_REV);
    check.that(mail.is_none() || state.kind == ChannelKind::Email, "mail", ErrorCode::NotPossible, "there are no mails here");
    let mail = mail.and_then(|mail| serde_json::to_string(&mail).ok());
    check.that(mail.as_ref().is_none_or(|mail| mail.len() <= MAX_MAIL), "mail", ErrorCode::TooLong, "longer than a mail can be");
    check.done()?;
    files(&app, &caller, &state, &attachments).await?;
    let draft = Draft { conversation: id, mode, text, attachments, mail, rev, updated_at: app.now() };
    let (db, user) = (&app.engine.db, caller.user());
    match drafts::find(db, user, id, mode).await? {
        Some(stored) if stored == (Draft { updated_at: stored.updated_at, ..draft.clone() }) => {
            return once::ok(&view(&app, stored).await?);
        }
        Some(stored) if stored.rev >= rev => return Err(Problem::stale(view(&app, stored).await?)),
        _ => {}
    }
    let statements = vec![drafts::put(user, &draft)];
    let committed = once.commit_quietly(statements, StatusCode::OK, &view(&app, draft).await?).await;
    match committed {
        // Another tab was faster.
        Err(problem) if problem.code() == ErrorCode::NotFound => {
            let Some(stored) = drafts::find(db, user, id, mode).await? else { return Err(problem) };
            Err(Problem::stale(view(&app, stored).await?))
        }
        other => other,
    }
}

/// `DELETE /{conversation}/{mode}`.
///
/// # Errors
/// 404.
pub async fn delete(caller: Caller, path: Path<(ConversationId, WritingMode)>, once: Once) -> Result<HttpResponse, Problem> {
    let (id, mode) = path.into_inner();
    once.discard(vec![drafts::delete(caller.user(), id, mode)]).await
}
