//! The plain pages and their assets, embedded in the binary.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Built by `npm run build` in `web/`.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Assets;

/// No inline script or style, nothing from elsewhere, no frames (security.md, standing gates).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/// Names of built assets hold a digest of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// `GET /…`: a page or one of its assets.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let path = match request.path().trim_start_matches('/') {
        "" => "agent.html",
        path => path,
    };
    let Some(file) = Assets::get(path).or_else(|| Assets::get(&format!("{path}.html"))) else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found");
    };
    answer(&request, path, file)
}

fn answer(request: &HttpRequest, path: &str, file: EmbeddedFile) -> HttpResponse {
    let tag = file.metadata.sha256_hash().iter().take(8).fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, if path.starts_with("assets/") { FOREVER } else { "no-cache" }))
        .insert_header((header::ETAG, tag.clone()));
    if request.headers().get(header::IF_NONE_MATCH).map(HeaderValue::as_bytes) == Some(tag.as_bytes()) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(media_type(path, &file)).body(file.data.into_owned())
}

fn media_type(path: &str, file: &EmbeddedFile) -> String {
    let found = file.metadata.mimetype();
    let is_text = found.starts_with("text/") || path.ends_with(".js") || path.ends_with(".json");
    if is_text { format!("{found}; charset=utf-8") } else { found.to_owned() }
}
