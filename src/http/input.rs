//! What a request brings: bodies, query strings and ids, each with a clear problem when it is not as it should be.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::{Method, header},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, future::LocalBoxFuture};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use tokio::time::timeout;

use crate::{
    error::ErrorCode,
    http::{
        once::Once,
        problem::{self, Problem},
        state::App,
    },
};

/// A body that stands still for so long is given up (security.md, 50).
const STANDSTILL: Duration = Duration::from_secs(10);
/// A body that is read at once may take so long in all.
const WHOLE: Duration = Duration::from_secs(60);

/// The body of a write, with its idempotency.
pub struct Input<T> {
    /// What was sent.
    pub value: T,
    /// Through which it is committed and answered.
    pub once: Once,
}

impl<T: DeserializeOwned + 'static> FromRequest for Input<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read_json(&request, &mut payload).await?;
            let once = Once::of(&request, &body).await?;
            let value = parse(&body)?;
            Ok(Self { value, once })
        })
    }
}

/// A JSON body without idempotency: signing in.
pub struct Plain<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Plain<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { parse(&read_json(&request, &mut payload).await?).map(Self) })
    }
}

/// A write that needs no body.
impl FromRequest for Once {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request, b"").await })
    }
}

/// A body as what it should be.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| problem::of_json(&error, body))
}

async fn read_json(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Problem> {
    // A form of a foreign page cannot send this type without asking first (security.md, 43).
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(ErrorCode::UnsupportedMediaType));
    }
    let app = app(request)?;
    read(request, payload, usize::try_from(app.config.limits.max_body_bytes).unwrap_or(usize::MAX)).await
}

/// The handle that [`crate::http::configure`] put there.
///
/// # Errors
/// 500 when it did not.
pub fn app(request: &HttpRequest) -> Result<App, Problem> {
    request.app_data::<web::Data<App>>().map(|app| App::clone(app)).ok_or_else(|| Problem::new(ErrorCode::Internal))
}

/// The whole body, at most `limit` bytes. A body that came in one piece is not copied.
///
/// # Errors
/// 413 as soon as it is known, 400 when it ends early or comes too slowly.
pub async fn read(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::with(ErrorCode::TooLarge, format!("at most {limit} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let rest = async {
        let Some(first) = chunk(payload).await? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(too_large());
        }
        if announced == Some(first.len()) {
            return Ok(first);
        }
        let mut body = BytesMut::from(first);
        while let Some(chunk) = chunk(payload).await? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    timeout(WHOLE, rest).await.map_err(|_| too_slow())?
}

/// The next piece of a body; none at its end.
///
/// # Errors
/// 400 when it ends early or stands still.
pub(super) async fn chunk(
    payload: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
) -> Result<Option<Bytes>, Problem> {
    let next = timeout(STANDSTILL, payload.next()).await.map_err(|_| too_slow())?;
    next.transpose().map_err(|_| Problem::new(ErrorCode::BrokenBody))
}

fn too_slow() -> Problem {
    Problem::with(ErrorCode::BrokenBody, "the body came too slowly")
}

/// A query string; unknown parameters are refused where `T` denies them.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = web::Query::<T>::from_query(request.query_string());
        std::future::ready(parsed.map(|query| Self(query.into_inner())).map_err(|error| of_query(&error.to_string())))
    }
}

fn of_query(text: &str) -> Problem {
    let field = || text.split('`').nth(1).unwrap_or_default().to_owned();
    if text.contains("unknown field") {
        Problem::field(&field(), ErrorCode::UnknownField, "there is no such parameter")
    } else if text.contains("missing field") {
        Problem::field(&field(), ErrorCode::MissingField, "it is needed")
    } else if text.contains("duplicate field") {
        Problem::field(&field(), ErrorCode::Duplicate, "the parameter stands there twice")
    } else {
        Problem::field("", ErrorCode::WrongType, "a parameter has another form than it should")
    }
}

/// An address with something in it that cannot be an id: there is no such thing.
pub fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| Problem::not_found().into())
}

/// Keeps "absent" and "null" apart: `#[serde(default, deserialize_with = "present")]` on an `Option<Option<T>>`.
///
/// # Errors
/// What `T` says.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether `Idempotency-Key` counts for this request.
pub(super) fn takes_key(method: &Method) -> bool {
    super::caller::is_unsafe(method)
}
