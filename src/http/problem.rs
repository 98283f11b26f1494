//! What a client is told when something does not work: RFC 9457 `application/problem+json` with a stable code.
//!
//! A problem never says what the database or the file system said; that goes to the log, once.

use std::{borrow::Cow, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::{
    actors::engine::CommandError,
    domain::refusal::Refusal,
    error::ErrorCode,
    ids::{AgentId, ConversationId, FieldId},
    store::{StoreError, write::WriteError},
    wire::{config::InUse, conversation::Draft, mail_accounts::MailTestStep},
};

/// The media type of every problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One field that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct FieldError {
    /// Which field; dots lead into objects, numbers into lists.
    pub field: String,
    /// What is wrong with it.
    pub code: ErrorCode,
    /// For people who read English.
    pub detail: String,
}

/// The body of a problem (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Problem)]
#[ts(export_to = "wire.ts", rename = "Problem")]
pub struct ProblemBody {
    /// A URN of the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable.
    pub code: ErrorCode,
    /// What happened this time, for people who read English.
    pub detail: String,
    /// Every field at fault, when fields are at fault.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[ts(as = "Option<Vec<FieldError>>", optional)]
    pub errors: Vec<FieldError>,
    /// With `not_owner`, `offer_gone` and `gone`: who has the conversation now, if anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<Option<AgentId>>", optional)]
    #[schema(value_type = Option<AgentId>)]
    pub current_owner: Option<Option<AgentId>>,
    /// With `already_open`: which, for who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conversation: Option<ConversationId>,
    /// With `draft_stale`: the one that is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub draft: Option<Draft>,
    /// With `campaign_in_use`: what stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub in_use: Option<InUse>,
    /// With `mail_login_refused`, `mail_not_working` and `mail_host_forbidden`: what the server was asked for, and what it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mail: Option<MailTestStep>,
}

/// A request that was not done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    current_owner: Option<Option<AgentId>>,
    conversation: Option<ConversationId>,
    draft: Option<Draft>,
    in_use: Option<InUse>,
    mail: Option<MailTestStep>,
    retry_after: Option<u64>,
    /// The answer given before to the same request, to be given again instead.
    replay: Option<(u16, String)>,
}

impl Problem {
    /// With the code's own sentence as detail.
    pub fn new(code: ErrorCode) -> Self {
        Self::with(code, code.title())
    }

    /// With a detail; it must not hold anything secret.
    pub fn with(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let inner = Inner {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            current_owner: None,
            conversation: None,
            draft: None,
            in_use: None,
            mail: None,
            retry_after: None,
            replay: None,
        };
        Self(Box::new(inner))
    }

    /// There is no such thing, or the caller may not know of it: both read the same (security.md, 10).
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound)
    }

    /// Fields that are not as they should be; at least one.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(ErrorCode::Invalid);
        problem.0.errors = errors;
        problem
    }

    /// One field that is not as it should be.
    pub fn field(field: &str, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.to_owned(), code, detail: detail.into() }])
    }

    /// A newer draft is stored: this one.
    pub fn stale(draft: Draft) -> Self {
        let mut problem = Self::new(ErrorCode::DraftStale);
        problem.0.draft = Some(draft);
        problem
    }

    /// It is about this conversation.
    #[must_use]
    pub fn about(mut self, conversation: ConversationId) -> Self {
        self.0.conversation = Some(conversation);
        self
    }

    /// A campaign that something stands in the way of switching off or putting away.
    pub fn campaign_in_use(in_use: InUse) -> Self {
        let mut problem = Self::new(ErrorCode::CampaignInUse);
        problem.0.in_use = Some(in_use);
        problem
    }

    /// A mail server said no: this field is at fault.
    pub fn mail(field: &str, code: ErrorCode, detail: &'static str, step: MailTestStep) -> Self {
        let mut problem = Self::with(code, detail);
        problem.0.errors = vec![FieldError { field: field.to_owned(), code, detail: detail.to_owned() }];
        problem.0.mail = Some(step);
        problem
    }

    /// Not now; come back after `seconds`.
    pub fn later(code: ErrorCode, seconds: u64) -> Self {
        let mut problem = Self::new(code);
        problem.0.retry_after = Some(seconds);
        problem
    }

    /// Not a problem at all: the answer that the same request got before.
    pub fn replay(status: u16, body: String) -> Self {
        let mut problem = Self::new(ErrorCode::Conflict);
        problem.0.replay = Some((status, body));
        problem
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The fields at fault.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    fn body(&self) -> ProblemBody {
        let Inner { code, detail, errors, current_owner, conversation, draft, in_use, mail, .. } = &*self.0;
        let word = serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        ProblemBody {
            kind: format!("urn:centralita:problem:{word}"),
            title: code.title(),
            status: code.status(),
            code: *code,
            detail: detail.clone().into_owned(),
            errors: errors.clone(),
            current_owner: *current_owner,
            conversation: *conversation,
            draft: draft.clone(),
            in_use: *in_use,
            mail: mail.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        let status = self.0.replay.as_ref().map_or(self.0.code.status(), |(status, _)| *status);
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some((_, body)) = &self.0.replay {
            return if body.is_empty() {
                response.finish()
            } else {
                response.content_type("application/json").body(body.clone())
            };
        }
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.0.code.status() == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let body = serde_json::to_string(&self.body()).unwrap_or_default();
        response.content_type(PROBLEM_JSON).body(body)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::with(ErrorCode::from(&refusal), refusal.to_string());
        match refusal {
            Refusal::NotOwner { current } | Refusal::OfferGone { current, .. } | Refusal::Gone { current } => {
                problem.0.current_owner = Some(current);
            }
            Refusal::FieldsMissing(fields) => {
                let missing = |field: &FieldId| FieldError {
                    field: format!("fields.{field}"),
                    code: ErrorCode::MissingField,
                    detail: "it is needed".to_owned(),
                };
                problem.0.errors = fields.iter().map(missing).collect();
            }
            _ => {}
        }
        problem
    }
}

/// [`CommandError::AnsweredBefore`] must be handled before: it needs the store. Here it becomes a conflict.
impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::NotFound => Self::not_found(),
            CommandError::AnsweredBefore | CommandError::Conflict => Self::new(ErrorCode::Conflict),
            CommandError::Busy => Self::later(ErrorCode::Busy, 1),
            CommandError::Died | CommandError::Unavailable => Self::later(ErrorCode::Unavailable, 2),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => {
                tracing::info!(what, "refused by a constraint");
                Self::new(ErrorCode::Conflict)
            }
            StoreError::Unavailable(_) | StoreError::Fenced => {
                tracing::warn!(%error, "the store did not answer");
                Self::later(ErrorCode::Unavailable, 2)
            }
            StoreError::Damaged(_) => {
                tracing::error!(%error, "stored data cannot be understood");
                Self::new(ErrorCode::Internal)
            }
        }
    }
}

/// [`WriteError::AnsweredBefore`] must be handled before: it needs the store. Here it becomes a conflict.
impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Self::not_found(),
            WriteError::AnsweredBefore => Self::new(ErrorCode::Conflict),
            WriteError::Busy => Self::later(ErrorCode::Busy, 1),
            WriteError::Store(error) => error.into(),
        }
    }
}

/// What the JSON reader says, without repeating values: they may be secrets.
pub fn of_json(error: &serde_json::Error, body: &[u8]) -> Problem {
    let place = match error.line() {
        0 => "in the fields".to_owned(),
        line => format!("line {line}, column {}", error.column()),
    };
    let text = error.to_string();
    if error.is_data() {
        let field = || text.split('`').nth(1).unwrap_or_default().to_owned();
        return if text.starts_with("unknown field") {
            Problem::field(&field(), ErrorCode::UnknownField, format!("there is no such field ({place})"))
        } else if text.starts_with("missing field") {
            Problem::field(&field(), ErrorCode::MissingField, format!("it is needed ({place})"))
        } else if text.starts_with("duplicate field") {
            Problem::field(&field(), ErrorCode::Duplicate, format!("the field stands there twice ({place})"))
        } else {
            Problem::field("", ErrorCode::WrongType, format!("a value of another kind or form is needed ({place})"))
        };
    }
    if std::str::from_utf8(body).is_err() {
        return Problem::new(ErrorCode::InvalidUtf8);
    }
    if text.starts_with("recursion limit") {
        return Problem::new(ErrorCode::TooDeep);
    }
    Problem::with(ErrorCode::MalformedJson, format!("not valid JSON ({place})"))
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;
    use crate::ids::OfferId;

    async fn told(problem: Problem) -> (StatusCode, serde_json::Value) {
        let response = problem.error_response();
        let status = response.status();
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[actix_web::test]
    async fn a_refused_command_names_the_current_owner() {
        let owner = AgentId::from_u128(7);
        let refusal = Refusal::OfferGone { offer: OfferId::NIL, current: Some(owner) };
        let (status, body) = told(CommandError::from(refusal).into()).await;
        assert_eq!(status, 409);
        assert_eq!(body["code"], "offer_gone");
        assert_eq!(body["current_owner"], owner.to_string());
        let (_, body) = told(Refusal::NotOwner { current: None }.into()).await;
        assert_eq!(body.get("current_owner"), Some(&serde_json::Value::Null));
    }

    #[actix_web::test]
    async fn a_failing_store_is_not_quoted() {
        let (status, body) = told(StoreError::Unavailable("password authentication failed for user x".into()).into()).await;
        assert_eq!(status, 503);
        assert!(!body.to_string().contains("password"), "{body}");
        let (status, body) = told(StoreError::Damaged("column 3: secret".into()).into()).await;
        assert_eq!(status, 500);
        assert!(!body.to_string().contains("secret"), "{body}");
    }

    #[actix_web::test]
    async fn overload_says_when_to_come_back() {
        for (error, status, seconds) in [(CommandError::Busy, 429, "1"), (CommandError::Unavailable, 503, "2")] {
            let response = Problem::from(error).error_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), seconds);
        }
    }

    #[test]
    fn a_json_problem_never_repeats_a_value() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[allow(dead_code)]
            name: u8,
        }
        let of = |body: &[u8]| of_json(&serde_json::from_slice::<Body>(body).unwrap_err(), body);
        let told = |problem: &Problem| format!("{problem:?}");
        assert!(!told(&of(br#"{"name":"hunter2"}"#)).contains("hunter2"));
        assert_eq!(of(br#"{"nam":1}"#).errors()[0].field, "nam");
        assert_eq!(of(br#"{"nam":1}"#).errors()[0].code, ErrorCode::UnknownField);
        assert_eq!(of(b"{}").errors()[0].code, ErrorCode::MissingField);
        assert_eq!(of(b"{").code(), ErrorCode::MalformedJson);
        assert_eq!(of(b"{\"na\xff\":1}").code(), ErrorCode::InvalidUtf8);
    }
}
