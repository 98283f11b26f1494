//! What it takes for an answer to be a mail, and withdrawing one before it leaves.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::conversations::{steers, workable};
use crate::{
    channels::email::answering,
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::{Command, Conversation},
        mail::{
            Envelope,
            answer::{Fault, Request},
        },
        message::Author,
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{caller::Caller, once::Once, problem::Problem, state::App},
    ids::{ConversationId, MessageId},
    store::conversations,
};

/// How long what was just written can be taken back.
pub const UNDO: Duration = Duration::from_secs(10);

/// When something leaves: at its moment, else at once or after [`UNDO`].
pub fn leaves_at(send_at: Option<Timestamp>, undo: bool, now: Timestamp) -> Option<Timestamp> {
    send_at.or(undo.then(|| now + UNDO))
}

/// The envelope of what somebody writes in a conversation by mail; none where messages have none.
///
/// # Errors
/// 422 naming what cannot be sent so.
pub async fn envelope(
    app: &App,
    caller: &Caller,
    state: &Conversation,
    request: Request,
    before: Option<Envelope>,
    send_at: Option<Timestamp>,
) -> Result<Option<Arc<Envelope>>, Problem> {
    if state.kind != ChannelKind::Email {
        return if send_at.is_some() { Err(Refusal::NotThen.into()) } else { Ok(None) };
    }
    let found = answering::envelope(&app.engine.db, &caller.directory, state, request, before).await?;
    Ok(Some(Arc::new(Envelope { send_at, ..found.map_err(problem)? })))
}

/// What is wrong with a request, field by field.
pub fn problem(fault: Fault) -> Problem {
    let (field, code) = match fault {
        Fault::NoReceiver => ("to".to_owned(), ErrorCode::MissingField),
        Fault::TooManyReceivers => ("to".to_owned(), ErrorCode::TooLong),
        Fault::Address { field, index } => (format!("{field}.{index}"), ErrorCode::NotPossible),
        Fault::Subject => ("subject".to_owned(), ErrorCode::NotPossible),
    };
    Problem::field(&field, code, fault.to_string())
}

/// `POST /{id}/messages/{message}/cancel`: withdraws what has not left yet. By who wrote it, or who may steer the conversation.
///
/// # Errors
/// 404; 409 `not_waiting` once it has left.
pub async fn cancel(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ConversationId, MessageId)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (id, message) = ids.into_inner();
    let state = workable(&app, &caller, id).await?;
    let found = conversations::message_of(&app.engine.db, id, message).await?.ok_or_else(Problem::not_found)?.message;
    let own = found.author == Author::Agent(caller.user());
    if !own && !steers(&caller, &state) {
        return Err(Problem::not_found());
    }
    let stored = found.delivery.map(|delivery| (found.seq, delivery));
    let command = Command::CancelDelivery { message, stored };
    once.done(app.engine.command(state.id, command, once.by(), once.keep()).await).await
}
