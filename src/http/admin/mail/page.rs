//! What a browser shows that comes back from a provider: a page without a script, in the reader's language.

use std::{fmt::Write, sync::OnceLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};

use crate::{
    channels::email::{post::failure::Failure, understand::written::attribute},
    domain::webchat::Language,
    http::plain_page::{self, Catalogue, Words, document},
    ids::ChannelId,
};

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An account was signed in.
pub(super) struct Outcome {
    /// Which.
    pub account: ChannelId,
    /// Its address.
    pub address: String,
    /// It is on.
    pub enabled: bool,
    /// Its servers could not be tried to the end.
    pub trouble: Option<Failure>,
}

fn words(language: Language) -> &'static Words {
    static ALL: OnceLock<Catalogue> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        Catalogue::new([
            include_str!("../../../../web/locales/oauth/es.json"),
            include_str!("../../../../web/locales/oauth/en.json"),
            include_str!("../../../../web/locales/oauth/pt-BR.json"),
        ])
    });
    all.of(language)
}

/// The first that the browser asks for and the product speaks.
pub(super) fn language(request: &HttpRequest) -> Language {
    let wanted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = wanted.split(',').find_map(|one| match one.trim().get(..2)?.to_ascii_lowercase().as_str() {
        "es" => Some(Language::Spanish),
        "en" => Some(Language::English),
        "pt" => Some(Language::Portuguese),
        _ => None,
    });
    known.unwrap_or(Language::Spanish)
}

fn word(language: Language, key: &str) -> Option<String> {
    words(language).get(key).map(|text| attribute(text))
}

fn failure(language: Language, failure: &Failure, body: &mut String) {
    let code = failure.code.as_str();
    let text = word(language, code).or_else(|| word(language, "other")).unwrap_or_default();
    let _ = write!(body, "<p role=\"alert\">{text}</p>");
    if let Some(words) = &failure.words {
        let said = word(language, "said").unwrap_or_default();
        let _ = write!(body, "<p>{said} <q>{}</q></p>", attribute(words));
    }
    let _ = write!(body, "<p><small><code>{}</code></small></p>", attribute(code));
}

fn answer(language: Language, status: StatusCode, heading: &str, body: &str, account: Option<ChannelId>) -> HttpResponse {
    let word = |key: &str| word(language, key).unwrap_or_default();
    let way = account.map_or_else(|| "/admin/correo".to_owned(), |account| format!("/admin/correo/{account}"));
    let (title, heading, close, back) = (word("title"), word(heading), word("close"), word("back"));
    let body = format!("<h1>{heading}</h1>{body}<p>{close}</p><p><a href=\"{way}\">{back}</a></p>");
    plain_page::answer(status, POLICY, document(language, &title, &body))
}

/// It worked.
pub(super) fn done(language: Language, outcome: &Outcome) -> HttpResponse {
    let mut body = format!("<p><strong>{}</strong></p>", attribute(&outcome.address));
    let key = match (&outcome.trouble, outcome.enabled) {
        (Some(_), _) => "untried",
        (None, true) => "on",
        (None, false) => "off",
    };
    let _ = write!(body, "<p>{}</p>", word(language, key).unwrap_or_default());
    if let Some(trouble) = &outcome.trouble {
        failure(language, trouble, &mut body);
    }
    answer(language, StatusCode::OK, "done", &body, Some(outcome.account))
}

/// It did not.
pub(super) fn failed(language: Language, why: &Failure, account: Option<ChannelId>) -> HttpResponse {
    let mut body = String::new();
    failure(language, why, &mut body);
    answer(language, StatusCode::BAD_REQUEST, "failed", &body, account)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::channels::email::post::failure::Code;

    #[test]
    fn every_language_says_everything() {
        let [spanish, english, portuguese] = Language::ALL.map(|language| words(language).keys().collect::<Vec<_>>());
        assert!(spanish == english && spanish == portuguese);
        for code in [
            Code::SignInUnknown,
            Code::SignInDenied,
            Code::TokenRefused,
            Code::ProviderUnset,
            Code::ClientRefused,
            Code::RedirectRefused,
            Code::ScopeRefused,
            Code::CodeRefused,
            Code::NoRefresh,
            Code::ProviderLater,
            Code::ProviderRefuses,
            Code::ProviderOdd,
            Code::HostForbidden,
            Code::LoginUnsupported,
        ] {
            assert!(spanish.contains(&&code.as_str().to_owned()), "{code:?}");
        }
    }

    #[test]
    fn the_reader_s_language_is_the_first_that_is_spoken() {
        let of = |wanted: &str| language(&TestRequest::default().insert_header(("accept-language", wanted)).to_http_request());
        assert_eq!(of("fr-CH, pt;q=0.9, en;q=0.8"), Language::Portuguese);
        assert_eq!((of("en-US,en"), of("ñ"), of("")), (Language::English, Language::Spanish, Language::Spanish));
    }
}
