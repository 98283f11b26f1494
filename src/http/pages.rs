//! The console, the other pages and their assets, embedded in the binary.
//!
//! The console routes by itself: each of its addresses answers with the same document, which already carries the look that the
//! person chose (a cookie), so the first paint has the right colours and sizes without any script.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::state::App;

/// Built by `npm run build` in `web/`.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Assets;

/// No inline script or style, nothing from elsewhere, no frames (security.md, standing gates).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors ";
/// Names of built assets hold a digest of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The document of the console.
const CONSOLE: &str = "console.html";
/// What its addresses begin with.
const PLACES: [&str; 12] = [
    "login",
    "invitation",
    "turno",
    "bandeja",
    "contactos",
    "supervision",
    "admin",
    "perfil",
    "supervisor",
    "y-si",
    "historial",
    "calificaciones",
];
/// The look a person chose: `theme.density.font`, such as `dark.compact.100`.
const LOOK: &str = "centralita.look";
const ROOT: &str = "<html lang=\"es\"";

/// `GET /…`: a page or one of its assets.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let path = request.path().trim_start_matches('/');
    let path = match path.split('/').next() {
        Some(first) if first.is_empty() || PLACES.contains(&first) => CONSOLE,
        // The widget by itself, over the whole page.
        Some("chat" | "chat.html") => "widget/frame.html",
        _ => path,
    };
    let policy = policy("'none'");
    let page = embedded(&request, path, &policy).or_else(|| embedded(&request, &format!("{path}.html"), &policy));
    page.unwrap_or_else(not_found)
}

/// The policy of a page that these origins may frame.
pub(super) fn policy(ancestors: &str) -> String {
    format!("{POLICY}{ancestors}")
}

/// What is not there.
pub(super) fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found")
}

/// An embedded file under this policy; none when there is no such file.
pub(super) fn embedded(request: &HttpRequest, path: &str, policy: &str) -> Option<HttpResponse> {
    // Made by the build beside what is worth it.
    let zipped = takes_gzip(request).then(|| Assets::get(&format!("{path}.gz"))).flatten();
    let is_zipped = zipped.is_some();
    let plain = Assets::get(path)?;
    let media_type = media_type(path, &plain);
    let mut response = answer(request, path, zipped.unwrap_or(plain), &media_type, policy);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_zipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(response)
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// The attributes of a look, nothing of the cookie but known words.
fn attributes(cookie: &str) -> Option<String> {
    let mut parts = cookie.split('.');
    let theme = parts.next();
    let theme = ["system", "light", "dark", "contrast"].into_iter().find(|known| theme == Some(*known))?;
    let density = parts.next();
    let density = ["compact", "comfortable"].into_iter().find(|known| density == Some(*known))?;
    let font: u8 = parts.next()?.parse().ok().filter(|font| (90..=130).contains(font))?;
    Some(format!(" data-theme=\"{theme}\" data-density=\"{density}\" data-font=\"{font}\""))
}

/// What the console's document says of itself: the look, and that this is a demo.
fn said(request: &HttpRequest) -> String {
    let mut said = request.cookie(LOOK).and_then(|cookie| attributes(cookie.value())).unwrap_or_default();
    if request.app_data::<web::Data<App>>().is_some_and(|app| app.demo.is_some()) {
        said += " data-demo";
    }
    said
}

fn answer(request: &HttpRequest, path: &str, file: EmbeddedFile, media_type: &str, policy: &str) -> HttpResponse {
    let mut tag = file.metadata.sha256_hash().iter().take(8).fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}"));
    let said = if path == CONSOLE { said(request) } else { String::new() };
    let body = if said.is_empty() {
        file.data
    } else {
        tag += &said.replace([' ', '"'], ".");
        Cow::Owned(String::from_utf8_lossy(&file.data).replacen(ROOT, &format!("{ROOT}{said}"), 1).into_bytes())
    };
    tag.push('"');
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((
            header::CACHE_CONTROL,
            if path.starts_with("assets/") || path.starts_with("widget/assets/") { FOREVER } else { "no-cache" },
        ))
        .insert_header((header::ETAG, tag.clone()));
    if request.headers().get(header::IF_NONE_MATCH).map(HeaderValue::as_bytes) == Some(tag.as_bytes()) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(media_type).body(body.into_owned())
}

fn media_type(path: &str, file: &EmbeddedFile) -> String {
    let found = file.metadata.mimetype();
    let is_text = found.starts_with("text/") || path.ends_with(".js") || path.ends_with(".json");
    if is_text { format!("{found}; charset=utf-8") } else { found.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_made_of_known_words_only() {
        let dark = " data-theme=\"dark\" data-density=\"compact\" data-font=\"110\"";
        assert_eq!(attributes("dark.compact.110").as_deref(), Some(dark));
        for odd in [
            "",
            "dark",
            "dark.compact",
            "blue.compact.100",
            "dark.tiny.100",
            "dark.compact.9",
            "dark.compact.999",
            "\"><script>.compact.100",
        ] {
            assert_eq!(attributes(odd), None, "{odd}");
        }
    }
}
