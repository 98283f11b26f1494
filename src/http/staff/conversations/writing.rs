//! What is written: answers, notes, files.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{place, steers, workable};
use crate::{
    channels::api::inbound::storable,
    domain::{
        channel::ChannelKind,
        conversation::{Command, Conversation},
        message::{Attachment, Content},
        permission::{Permission, may},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::Check,
        input::Input,
        once::Once,
        problem::Problem,
        staff::{mail_answer, mails},
        state::App,
    },
    ids::{AttachmentId, ConversationId, MessageId, UserId},
    store::{attachments, conversations},
    wire::{
        Time,
        command::{Note, Reply},
    },
};

/// The most attachments of one message.
const MAX_ATTACHMENTS: usize = 10;
/// The most colleagues a note calls for.
const MAX_MENTIONS: usize = 20;

/// `POST /{id}/messages`: answers the customer.
///
/// # Errors
/// 404; 409 and 422 as the rules say.
pub async fn reply(
    app: Data<App>,
    caller: Caller,
    id: Path<ConversationId>,
    input: Input<Reply>,
) -> Result<HttpResponse, Problem> {
    let Input { value: Reply { text, attachments, send_at, undo, mail }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let is_own = state.phase.owner() == Some(caller.user());
    let send_at = mails::leaves_at(send_at.map(|Time(at)| at), undo, app.now());
    if send_at.is_some() && state.kind != ChannelKind::Email {
        return Err(Refusal::NotThen.into());
    }
    let content = match mail {
        // What will be refused is not made into a mail first.
        mail if state.kind == ChannelKind::Email && is_own => {
            mail_answer::content(&app, &caller, &state, &text, &attachments, mail.unwrap_or_default(), send_at).await?
        }
        Some(_) if state.kind != ChannelKind::Email => {
            return Err(Problem::field("mail", ErrorCode::NotPossible, "there are no mails here"));
        }
        _ => {
            let attachments = files(&app, &caller, &state, &attachments).await?;
            Content { text: storable(&text), attachments, mail: None }
        }
    };
    let command = Command::Reply { message: app.engine.ids.next(), agent: caller.user(), content };
    once.command(state.id, command).await
}

/// `POST /{id}/notes`: writes for colleagues. Whoever has it before them, members of its campaign, who may steer any
/// conversation there.
///
/// # Errors
/// 404; 409 when it is closed; 422.
pub async fn note(app: Data<App>, caller: Caller, id: Path<ConversationId>, input: Input<Note>) -> Result<HttpResponse, Problem> {
    let Input { value: Note { text, mut mentions }, once } = input;
    let state = workable(&app, &caller, *id).await?;
    let own = state.involves(caller.user());
    if !(own || steers(&caller, &state) || caller.may(Permission::Answer, place(&state))) {
        return Err(Problem::not_found());
    }
    mentions.sort_unstable();
    mentions.dedup();
    let mut check = Check::default();
    check.that(mentions.len() <= MAX_MENTIONS, "mentions", ErrorCode::TooLong, "at most 20");
    let reaches = |user: UserId| {
        let subject = caller.directory.subject(user);
        let may = |permission| subject.as_ref().is_some_and(|subject| may(subject, permission, place(&state)));
        state.involves(user) || may(Permission::Answer) || may(Permission::ReadConversations)
    };
    let all_known = mentions.iter().take(MAX_MENTIONS).all(|user| reaches(*user));
    check.that(all_known, "mentions", ErrorCode::UnknownReference, "nobody who may see this conversation");
    check.done()?;
    let content = Content::plain(storable(&text));
    let command = Command::Note { message: app.engine.ids.next(), agent: caller.user(), content, mentions };
    once.command(state.id, command).await
}

/// `POST /{id}/messages/{message}/retry`: sends again what could not be sent. What is on its way again is left alone.
///
/// # Errors
/// 404; 409 `not_failed` and as the rules say.
pub async fn retry(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ConversationId, MessageId)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (id, message) = ids.into_inner();
    let state = workable(&app, &caller, id).await?;
    let found = conversations::message_of(&app.engine.db, id, message).await?.ok_or_else(Problem::not_found)?.message;
    let stored = found.delivery.map(|delivery| (found.seq, delivery));
    let command = Command::Retry { message, agent: caller.user(), stored };
    once.command(state.id, command).await
}

/// Files of this conversation that the caller has uploaded.
///
/// # Errors
/// 422 naming those that are not.
pub(in crate::http::staff) async fn files(
    app: &App,
    caller: &Caller,
    state: &Conversation,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, Problem> {
    let mut check = Check::default();
    check.that(ids.len() <= MAX_ATTACHMENTS, "attachments", ErrorCode::TooLong, "at most 10");
    let mut files = Vec::new();
    for (index, id) in ids.iter().take(MAX_ATTACHMENTS).enumerate() {
        let found = attachments::find(&app.engine.db, *id).await?;
        let own = found.filter(|stored| stored.conversation == Some(state.id) && stored.uploaded_by == caller.by);
        match own {
            Some(stored) => files.push(stored.file),
            None => check.error(&format!("attachments.{index}"), ErrorCode::UnknownReference, "no such attachment here"),
        }
    }
    check.done().map(|()| files)
}
