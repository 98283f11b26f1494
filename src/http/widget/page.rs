//! The page in the frame, which only the pages of the company may show (security.md, 42), and the script that puts it there.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};

use super::web_chat;
use crate::{
    http::{pages, state::App},
    ids::ChannelId,
};

const FRAME: &str = "widget/frame.html";
const LOADER: &str = "widget/loader.js";
/// Pages elsewhere load it at every visit.
const LOADER_LIVES: HeaderValue = HeaderValue::from_static("public, max-age=600");

/// `GET /widget/frame/{channel}`.
pub async fn frame(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let directory = app.engine.directory.load();
    let channel = path.parse::<ChannelId>().ok().and_then(|channel| web_chat(&directory, channel));
    let Some(account) = channel else { return pages::not_found() };
    let ancestors = account.webchat.allowed_origins.iter().fold("'self'".to_owned(), |list, origin| list + " " + origin);
    pages::embedded(&request, FRAME, &pages::policy(&ancestors)).unwrap_or_else(pages::not_found)
}

/// `GET /widget/loader.js`.
pub async fn loader(request: HttpRequest) -> HttpResponse {
    let Some(mut response) = pages::embedded(&request, LOADER, &pages::policy("'none'")) else { return pages::not_found() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, LOADER_LIVES);
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}
