//! The console, the other pages and their assets, embedded in the binary.
//!
//! The console routes by itself: each of its addresses answers with the same document, which already carries the look that the
//! person chose (a cookie), so the first paint has the right colours and sizes without any script.

use std::borrow::Cow;

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

/// The document of the console.
const CONSOLE: &str = "console.html";
/// What its addresses begin with.
const PLACES: [&str; 9] =
    ["login", "invitation", "turno", "bandeja", "contactos", "supervision", "admin", "perfil", "supervisor"];
/// The look a person chose: `theme.density.font`, such as `dark.compact.100`.
const LOOK: &str = "centralita.look";
const ROOT: &str = "<html lang=\"es\"";

/// `GET /…`: a page or one of its assets.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let path = request.path().trim_start_matches('/');
    let path = match path.split('/').next() {
        Some(first) if first.is_empty() || PLACES.contains(&first) => CONSOLE,
        _ => path,
    };
    let Some(file) = Assets::get(path).or_else(|| Assets::get(&format!("{path}.html"))) else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found");
    };
    answer(&request, path, file)
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

fn answer(request: &HttpRequest, path: &str, file: EmbeddedFile) -> HttpResponse {
    let mut tag = file.metadata.sha256_hash().iter().take(8).fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}"));
    let media_type = media_type(path, &file);
    let look = request.cookie(LOOK).filter(|_| path == CONSOLE).and_then(|cookie| attributes(cookie.value()));
    let body = match (look, file.data) {
        (Some(look), data) => {
            tag += &look.replace([' ', '"'], ".");
            Cow::Owned(String::from_utf8_lossy(&data).replacen(ROOT, &format!("{ROOT}{look}"), 1).into_bytes())
        }
        (None, data) => data,
    };
    tag.push('"');
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
