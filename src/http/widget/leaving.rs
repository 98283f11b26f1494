//! A visitor who does not want to wait any longer.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{known, later};
use crate::{
    actors::engine::CommandError,
    domain::{
        conversation::{Command, Ending},
        log::By,
        refusal::Refusal,
    },
    http::{gate::keep_private, input, problem::Problem, state::App},
    ids::ConversationId,
};

const MAX_BODY_BYTES: usize = 1024;

/// What a visitor leaves.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Leaving {
    /// Their conversation.
    pub conversation: ConversationId,
}

/// `POST /widget/v1/leave`: a conversation that waits for an agent ends as abandoned (metrics.md, B). One that an agent has, or
/// that is over, stays as it is.
///
/// # Errors
/// 401; 404 for another's conversation; 422; 429.
pub async fn leave(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    app.throttle.message(known.bearer.visitor).map_err(later)?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let Leaving { conversation } = input::parse(&body)?;
    if !known.owns(&app, conversation).await? {
        return Err(Problem::not_found());
    }
    match app.engine.command(conversation, Command::GiveUp(Ending::Abandoned), By::Contact, None).await {
        Ok(_) | Err(CommandError::Refused(Refusal::Closed)) => {}
        Err(error) => return Err(error.into()),
    }
    let mut response = HttpResponse::NoContent().finish();
    keep_private(response.headers_mut());
    Ok(response)
}
