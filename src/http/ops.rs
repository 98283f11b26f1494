//! What whoever runs the server asks: does it live, can it work, how much does it do.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use subtle::ConstantTimeEq;

use crate::{
    error::ErrorCode,
    http::{problem::Problem, state::App},
    store::journal::Health,
    telemetry,
};

/// `/healthz`: 200 as long as the process answers.
pub async fn healthz() -> HttpResponse {
    plain("ok")
}

/// `/readyz`: 200 when start-up is complete and the journal can commit.
///
/// # Errors
/// 503 otherwise.
pub async fn readyz(app: Data<App>) -> Result<HttpResponse, Problem> {
    if (app.ready)() && app.engine.journal.health() == Health::Ready {
        Ok(plain("ready"))
    } else {
        Err(Problem::later(ErrorCode::Unavailable, 2))
    }
}

fn plain(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8").body(text)
}

/// `/metrics`: with the configured token, or without one from this machine. Behind a proxy on this machine everybody seems to
/// be here, so a forwarded request counts as from elsewhere.
///
/// # Errors
/// 404: whoever may not see it learns nothing.
pub async fn metrics(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = authorization.and_then(|text| text.strip_prefix("Bearer "));
    let is_operator = match (&app.config.metrics_token, given) {
        (Some(expected), Some(given)) => expected.expose().as_bytes().ct_eq(given.as_bytes()).into(),
        (_, None) => {
            let forwarded =
                request.headers().contains_key("x-forwarded-for") || request.headers().contains_key(header::FORWARDED);
            request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback()) && !forwarded
        }
        (None, Some(_)) => false,
    };
    if !is_operator {
        return Err(Problem::not_found());
    }
    let mut text = telemetry::render();
    // A scrape without campaigns is better than none.
    if let Ok(rows) = app.engine.campaigns_now(None).await {
        telemetry::campaigns::render(&mut text, &rows, app.now());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
