//! Writes that happen once however often they are asked for (R15), and how every write is committed and answered.
//!
//! `Idempotency-Key` counts per caller and route: the same request gets the same answer, byte for byte, for 24 hours and
//! across restarts; another request under the same key is refused. The answer is kept in the very commit that has the
//! effect. Only successes are kept: what was refused had no effect, so it is simply tried again.
//!
//! An answer that shows a secret once (a new token, a new signing secret) is kept with `null` in its place, so whoever
//! repeats that request learns that it was done but not the secret.

use std::borrow::Cow;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    actors::engine::{CommandError, KeepAnswer},
    domain::{
        conversation::Command,
        log::{By, Entity},
    },
    error::ErrorCode,
    http::{caller::Caller, input, problem::Problem, state::App},
    ids::ConversationId,
    store::{
        StoreError,
        idempotency::{self, Recorded},
        write::{Statement, WriteError},
    },
};

/// The header.
pub const HEADER: &str = "idempotency-key";
/// The longest key.
pub const MAX_KEY_CHARACTERS: usize = 200;

/// One write of one caller.
pub struct Once {
    app: App,
    by: By,
    keep: Option<KeepAnswer>,
}

impl Once {
    /// For this request. When it was answered before, that answer is the error.
    ///
    /// # Errors
    /// The earlier answer; 400 for an invalid key, 422 for one used for another request.
    pub async fn of(request: &HttpRequest, body: &[u8]) -> Result<Self, Problem> {
        let once = Self::unchecked(request, body)?;
        if let Some(keep) = &once.keep
            && let Some(earlier) = once.earlier(keep).await?
        {
            return Err(earlier);
        }
        Ok(once)
    }

    /// As [`Once::of`], but does not look for an earlier answer yet. `body` may be any digest of the body.
    ///
    /// # Errors
    /// 400 for an invalid key.
    pub fn unchecked(request: &HttpRequest, body: &[u8]) -> Result<Self, Problem> {
        let app = input::app(request)?;
        let by = request.extensions().get::<Caller>().map_or(By::System, |caller| caller.by);
        let keep = match key(request)? {
            Some(key) if input::takes_key(request.method()) => {
                let route = format!("{} {}", request.method(), request.match_pattern().unwrap_or_default());
                let path = request.uri().path_and_query().map_or("", |path| path.as_str());
                Some(KeepAnswer {
                    scope: idempotency::scope(&by.to_string(), &route, key),
                    request_hash: idempotency::request_hash(path, &without_password(path, body)),
                })
            }
            _ => None,
        };
        if let Some(keep) = &keep {
            request.extensions_mut().insert(keep.clone());
        }
        Ok(Self { app, by, keep })
    }

    /// Whether an answer under this key is kept already.
    ///
    /// # Errors
    /// 503 when the store cannot be asked.
    pub async fn check(&self) -> Result<(), Problem> {
        match &self.keep {
            Some(keep) => self.earlier(keep).await?.map_or(Ok(()), Err),
            None => Ok(()),
        }
    }

    async fn earlier(&self, keep: &KeepAnswer) -> Result<Option<Problem>, Problem> {
        let found = idempotency::find(&self.app.engine.db, &keep.scope, self.app.now()).await?;
        Ok(found.map(|answer| {
            if answer.request_hash == keep.request_hash {
                Problem::replay(answer.status, answer.body)
            } else {
                Problem::new(ErrorCode::IdempotencyKeyReused)
            }
        }))
    }

    /// Another request with the same key was faster.
    async fn answered_before(&self) -> Problem {
        match &self.keep {
            Some(keep) => match self.earlier(keep).await {
                Ok(Some(answer)) => answer,
                Ok(None) => Problem::new(ErrorCode::Conflict),
                Err(problem) => problem,
            },
            None => Problem::new(ErrorCode::Conflict),
        }
    }

    /// For a command: the engine keeps the answer.
    pub fn keep(&self) -> Option<KeepAnswer> {
        self.keep.clone()
    }

    /// For one of several commands of a request: each is done once, however far the request came.
    pub fn keep_part(&self, part: &str) -> Option<KeepAnswer> {
        let KeepAnswer { scope, request_hash } = self.keep.as_ref()?;
        Some(KeepAnswer { scope: idempotency::scope(scope, "part", part), request_hash: request_hash.clone() })
    }

    /// Who writes.
    pub fn by(&self) -> By {
        self.by
    }

    fn recorded(&self, status: StatusCode, body: &str) -> Option<Recorded> {
        self.keep.as_ref().map(|KeepAnswer { scope, request_hash }| Recorded {
            scope: scope.clone(),
            request_hash: request_hash.clone(),
            status: status.as_u16(),
            body: body.to_owned(),
            at: self.app.now(),
        })
    }

    /// Commits a change and answers with `body`.
    ///
    /// # Errors
    /// 404, 409, 429, 503, or the earlier answer.
    pub async fn commit<T: Serialize>(
        &self,
        statements: Vec<Statement>,
        fact: (Entity, String),
        status: StatusCode,
        body: &T,
    ) -> Result<HttpResponse, Problem> {
        self.commit_secret(statements, fact, status, body, body).await
    }

    /// Commits a change, answers with `shown` and keeps `kept`.
    ///
    /// # Errors
    /// As [`Once::commit`].
    pub async fn commit_secret<T: Serialize>(
        &self,
        statements: Vec<Statement>,
        fact: (Entity, String),
        status: StatusCode,
        shown: &T,
        kept: &T,
    ) -> Result<HttpResponse, Problem> {
        let (shown, kept) = (text(shown)?, text(kept)?);
        self.write(statements, Some(fact), self.recorded(status, &kept)).await?;
        Ok(answer_text(status, shown))
    }

    /// Commits a change and answers without a body.
    ///
    /// # Errors
    /// As [`Once::commit`].
    pub async fn commit_bare(&self, statements: Vec<Statement>, fact: (Entity, String)) -> Result<HttpResponse, Problem> {
        let status = StatusCode::NO_CONTENT;
        self.write(statements, Some(fact), self.recorded(status, "")).await?;
        Ok(HttpResponse::build(status).finish())
    }

    /// Commits what is not worth an entry of its own in the log, and answers with `body`.
    ///
    /// # Errors
    /// As [`Once::commit`].
    pub async fn commit_quietly<T: Serialize>(
        &self,
        statements: Vec<Statement>,
        status: StatusCode,
        body: &T,
    ) -> Result<HttpResponse, Problem> {
        let body = text(body)?;
        self.write(statements, None, self.recorded(status, &body)).await?;
        Ok(answer_text(status, body))
    }

    /// Commits what is not worth an entry of its own in the log, and answers without a body.
    ///
    /// # Errors
    /// As [`Once::commit`].
    pub async fn discard(&self, statements: Vec<Statement>) -> Result<HttpResponse, Problem> {
        let status = StatusCode::NO_CONTENT;
        self.write(statements, None, self.recorded(status, "")).await?;
        Ok(HttpResponse::build(status).finish())
    }

    async fn write(
        &self,
        statements: Vec<Statement>,
        fact: Option<(Entity, String)>,
        recorded: Option<Recorded>,
    ) -> Result<(), Problem> {
        let changes_directory = fact.as_ref().is_some_and(|(entity, _)| entity.is_in_directory());
        match self.app.engine.journal.write(statements, fact, self.by, recorded).await {
            Ok(()) => {}
            Err(WriteError::AnsweredBefore) => return Err(self.answered_before().await),
            Err(WriteError::Store(StoreError::Conflict(what))) => {
                tracing::debug!(what, "refused by a constraint");
                return Err(Problem::new(ErrorCode::Conflict));
            }
            Err(error) => return Err(error.into()),
        }
        if changes_directory {
            // What was just committed counts for the next request.
            self.app.engine.reload().await;
        }
        Ok(())
    }

    /// Gives a command to a conversation and answers with what became of it.
    ///
    /// # Errors
    /// What the command was refused with, or the earlier answer.
    pub async fn command(&self, conversation: ConversationId, command: Command) -> Result<HttpResponse, Problem> {
        self.done(self.app.engine.command(conversation, command, self.by(), self.keep()).await).await
    }

    /// Answers a command.
    ///
    /// # Errors
    /// What the command was refused with, or the earlier answer.
    pub async fn done<T: Serialize>(&self, outcome: Result<T, CommandError>) -> Result<HttpResponse, Problem> {
        match outcome {
            Ok(done) => answer(StatusCode::OK, &done),
            Err(CommandError::AnsweredBefore) => Err(self.answered_before().await),
            Err(error) => Err(error.into()),
        }
    }
}

/// The answer kept meanwhile for a request that was refused: the same request, sent at the same time, was faster, and its effect
/// stood in the way of this one.
pub async fn kept_meanwhile(app: &App, request: &HttpRequest) -> Option<HttpResponse> {
    let keep = request.extensions().get::<KeepAnswer>().cloned()?;
    let found = idempotency::find(&app.engine.db, &keep.scope, app.now()).await.ok()??;
    let same = found.request_hash == keep.request_hash;
    same.then(|| Problem::replay(found.status, found.body).error_response())
}

/// The key of a request, if it has one.
///
/// # Errors
/// 400 when it is not 1 to [`MAX_KEY_CHARACTERS`] visible characters.
pub(super) fn key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let invalid = || Problem::new(ErrorCode::IdempotencyKeyInvalid);
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().map_err(|_| invalid())?;
    let fits = (1..=MAX_KEY_CHARACTERS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && values.next().is_none() { Ok(Some(key)) } else { Err(invalid()) }
}

fn text<T: Serialize>(body: &T) -> Result<String, Problem> {
    serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        Problem::new(ErrorCode::Internal)
    })
}

fn answer_text(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(body)
}

/// What of a body its digest is made of: never a password, which such a digest would make cheap to guess (security.md, 46).
fn without_password<'a>(path: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
    let secret: &[&str] = if path.starts_with("/api/v1/users") {
        &["password"]
    } else if path.starts_with("/api/v1/mail-accounts") {
        &["password", "sending_password"]
    } else {
        return body.into();
    };
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(body) else { return body.into() };
    let before = fields.len();
    fields.retain(|name, _| !secret.contains(&name.as_str()));
    if fields.len() < before { Value::Object(fields).to_string().into_bytes().into() } else { body.into() }
}

/// An answer with a JSON body.
///
/// # Errors
/// 500 when `body` has no JSON form.
pub fn answer<T: Serialize>(status: StatusCode, body: &T) -> Result<HttpResponse, Problem> {
    Ok(answer_text(status, text(body)?))
}

/// A 200 with a JSON body.
///
/// # Errors
/// 500 when `body` has no JSON form.
pub fn ok<T: Serialize>(body: &T) -> Result<HttpResponse, Problem> {
    answer(StatusCode::OK, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_no_part_in_what_is_kept_of_a_request() {
        let of = |body: &'static str| without_password("/api/v1/users/7", body.as_bytes());
        assert_eq!(of(r#"{"name":"a","password":"x"}"#), of(r#"{"name":"a","\u0070assword":"another"}"#));
        assert_ne!(of(r#"{"name":"a","password":"x"}"#), of(r#"{"name":"b","password":"x"}"#));
        assert_eq!(&*of(r#"{ "name": "a" }"#), br#"{ "name": "a" }"#);
        assert_eq!(&*of("[1"), b"[1");
        let mail = |body: &'static str| without_password("/api/v1/mail-accounts/7/password", body.as_bytes());
        assert_eq!(mail(r#"{"password":"x","sending_password":"y"}"#), mail(r#"{"sending_password":"z","password":"x"}"#));
        assert_eq!(&*without_password("/api/v1/clients", br#"{"password":1}"#), br#"{"password":1}"#);
    }
}
