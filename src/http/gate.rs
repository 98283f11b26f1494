//! Every request under `/api/v1` passes here: who asks, whether the route's row in the table allows it, whether a browser was
//! tricked into it; and every answer gets the headers that keep it private.

use std::time::Duration;

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use tracing::Instrument;

use crate::{
    domain::permission::may_somewhere,
    error::ErrorCode,
    http::{
        caller::{authenticate, check_origin, is_unsafe},
        once,
        problem::Problem,
        routes::{self, Access, Route},
        state::App,
    },
    ids::RequestId,
    telemetry,
};

/// Names a request in every line of the log that it causes.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing of an API answer is ever to be run or framed.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The middleware.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn gate(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().map(|app| App::clone(app)) else {
        return Ok(request.into_response(Problem::new(ErrorCode::Internal).error_response()));
    };
    let started = app.clock().elapsed();
    let route = request.match_pattern().and_then(|pattern| routes::find(request.method(), &pattern));
    match route.filter(|route| is_followed(route)) {
        None => answer(&app, started, route, request, next).await,
        Some(followed) => {
            let given = given_id(request.headers());
            let is_given = given.is_some();
            let id = given.unwrap_or_else(|| app.engine.ids.next::<RequestId>().to_string());
            let span = tracing::info_span!("request", request = %id, method = %request.method(), route = followed.path);
            let mut response = answer(&app, started, route, request, next).instrument(span).await?;
            // Two refusals of the same kind are the same, byte for byte: our own id is told only where something broke.
            if (is_given || response.status().is_server_error())
                && let Ok(id) = HeaderValue::from_str(&id)
            {
                response.headers_mut().insert(REQUEST_ID.clone(), id);
            }
            Ok(response)
        }
    }
}

/// What customers and providers send is too much to be followed one by one.
const fn is_followed(route: &Route) -> bool {
    matches!(route.access, Access::Public | Access::Own | Access::Any(_))
}

/// The one that a proxy gave it, or whoever calls.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let is_plain = (8..=64).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain.then(|| given.to_owned())
}

async fn answer(
    app: &App,
    started: Duration,
    route: Option<&Route>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = match route {
        Some(route) => admit(app, request.request(), route).await,
        None => Ok(()),
    };
    let mut response = match admitted {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => request.into_response(problem.error_response()),
    };
    if response.status().is_client_error()
        && let Some(kept) = once::kept_meanwhile(app, response.request()).await
    {
        response = response.into_response(kept);
    }
    keep_private(response.headers_mut());
    let pattern = route.map_or("-", |route| route.path);
    metrics::counter!(telemetry::HTTP_REQUESTS, "route" => pattern, "status" => class(response.status().as_u16())).increment(1);
    let took = app.clock().elapsed().saturating_sub(started);
    metrics::histogram!(telemetry::HTTP_SECONDS, "route" => pattern).record(took.as_secs_f64());
    let status = response.status().as_u16();
    if status >= 500 && status != 503 {
        tracing::warn!(status, route = pattern, micros = took.as_micros(), "answered");
    } else {
        tracing::debug!(status, route = pattern, micros = took.as_micros(), "answered");
    }
    Ok(response)
}

const fn class(status: u16) -> &'static str {
    match status {
        0..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// Lets the request in, with its `Caller`, or says why not.
async fn admit(app: &App, request: &HttpRequest, route: &Route) -> Result<(), Problem> {
    let needs_origin = is_unsafe(&route.method);
    let needed = match route.access {
        Access::Public => {
            // Somebody could be signed in to another's account from a foreign page; programs send no Origin.
            if needs_origin && request.headers().contains_key(header::ORIGIN) {
                check_origin(app, request)?;
            }
            return Ok(());
        }
        Access::Visitor | Access::Signed | Access::Operator => return Ok(()),
        Access::Own => None,
        Access::Any(permissions) => Some(permissions),
    };
    let caller = authenticate(app, request).await?;
    if needs_origin && caller.session.is_some() {
        check_origin(app, request)?;
    }
    if let Some(permissions) = needed
        && !permissions.iter().any(|permission| may_somewhere(&caller.subject, *permission))
    {
        return Err(Problem::new(ErrorCode::Forbidden));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

/// Headers of answers that belong to one person (security.md, 44). What a handler has set stays.
pub fn keep_private(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, API_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "Cookie, Authorization, Origin"),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// The answer to an address that does not exist.
pub async fn not_found() -> HttpResponse {
    Problem::not_found().error_response()
}

/// The answer to a method that an address does not have.
pub async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let mut response = Problem::new(ErrorCode::MethodNotAllowed).error_response();
    let pattern = request.match_pattern().unwrap_or_default();
    let methods = routes::methods(&pattern).join(", ");
    if let Ok(value) = HeaderValue::from_str(&methods) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
