//! What a visitor answers before the chat.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{known, later};
use crate::{
    domain::{
        log::By,
        webchat::{Field, FieldKind},
    },
    error::ErrorCode,
    http::{check::Check, gate::keep_private, input, problem::Problem, state::App},
    store::visitors,
};

const MAX_BODY_BYTES: usize = 16 * 1024;

/// By name of the field.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "PreChatAnswers")]
#[schema(as = PreChatAnswers)]
pub struct Answers {
    /// Answers; those that may be left out may be empty.
    pub answers: BTreeMap<String, String>,
}

/// `PUT /widget/v1/answers`: what the visitor said in the form; the last time counts.
///
/// # Errors
/// 401; 422 for what is needed and missing, does not fit, or was not asked; 429.
pub async fn put(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    app.throttle.message(known.bearer.visitor).map_err(later)?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let Answers { answers } = input::parse(&body)?;
    let kept = checked(&known.account.webchat.pre_chat, &answers, known.bearer.until.is_some())?;
    let statement = visitors::put_answers(known.account.id, known.bearer.visitor, &kept, app.now())?;
    app.engine.journal.write(vec![statement], None, By::Contact, None).await?;
    let mut response = HttpResponse::NoContent().finish();
    keep_private(response.headers_mut());
    Ok(response)
}

fn checked(fields: &[Field], answers: &BTreeMap<String, String>, identified: bool) -> Result<Vec<visitors::Answer>, Problem> {
    let mut check = Check::default();
    let mut kept = Vec::new();
    for field in fields {
        // The company has said who they are.
        let required = field.required && !(identified && matches!(field.kind, FieldKind::Name | FieldKind::Email));
        let place = format!("answers.{}", field.name);
        let given = answers.get(&field.name).map(|answer| answer.trim()).filter(|answer| !answer.is_empty());
        match given {
            None => check.that(!required, &place, ErrorCode::MissingField, "it is needed"),
            Some(answer) => match field.accepts(answer) {
                Some(value) => {
                    kept.push(visitors::Answer { name: field.name.clone(), label: field.label().to_owned(), value });
                }
                None => check.error(&place, ErrorCode::NotPossible, "not an answer to this field"),
            },
        }
    }
    if answers.keys().any(|name| fields.iter().all(|field| field.name != *name)) {
        check.error("answers", ErrorCode::UnknownField, "nobody asked that");
    }
    check.done()?;
    Ok(kept)
}
