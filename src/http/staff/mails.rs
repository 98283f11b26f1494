//! When a mail leaves, what is wrong with its receivers, and withdrawing it before it left.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::conversations::{steers, workable};
use crate::{
    clock::Timestamp,
    domain::{conversation::Command, mail::answer::Fault, message::Author},
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
