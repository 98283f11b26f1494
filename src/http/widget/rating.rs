//! What a visitor thought of a conversation.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{known, later};
use crate::{
    channels::api::inbound::storable,
    domain::{
        conversation::{Command, SCORES},
        log::By,
    },
    error::ErrorCode,
    http::{check::Check, gate::keep_private, input, problem::Problem, state::App},
    ids::ConversationId,
    store::visitors,
};

const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_COMMENT: usize = 1_000;

/// A rating.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "NewRating")]
#[schema(as = NewRating)]
pub struct RatingFields {
    /// Of which conversation; it must be over.
    pub conversation: ConversationId,
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// In words, at most 1,000 characters.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub comment: Option<String>,
}

/// `POST /widget/v1/rating`: once; for a day it can be changed.
///
/// # Errors
/// 401; 404 for another's conversation; 409 before its end and when it can no longer be changed; 422; 429.
pub async fn rate(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    app.throttle.message(known.bearer.visitor).map_err(later)?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let RatingFields { conversation, score, comment } = input::parse(&body)?;
    let comment = comment.map(|comment| storable(comment.trim())).filter(|comment| !comment.is_empty());
    let mut check = Check::default();
    check.range("score", score, SCORES);
    let length = comment.as_ref().map_or(0, |comment| comment.chars().count());
    check.that(length <= MAX_COMMENT, "comment", ErrorCode::TooLong, "at most 1,000 characters");
    check.that(known.account.webchat.rating, "score", ErrorCode::NotPossible, "this chat asks for no rating");
    check.done()?;
    if !known.owns(&app, conversation).await? {
        return Err(Problem::not_found());
    }
    app.engine.command(conversation, Command::Rate { score }, By::Contact, None).await?;
    // The score is in the log; who repeats the request after a crash in between brings the words again.
    let statement = visitors::put_rating(conversation, score, comment.as_deref(), app.now());
    app.engine.journal.write(vec![statement], None, By::Contact, None).await?;
    let mut response = HttpResponse::NoContent().finish();
    keep_private(response.headers_mut());
    Ok(response)
}
