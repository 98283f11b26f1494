//! A page without a script, in one of the product's languages, for people who have no console before them: customers who rate,
//! administrators who come back from a provider.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use crate::domain::webchat::Language;

/// Words of one language, by their key.
pub(super) type Words = BTreeMap<String, String>;

/// A page's catalogue in each language, in the order of [`Language::ALL`].
pub(super) struct Catalogue([Words; 3]);

impl Catalogue {
    /// From the texts of the catalogues. What is not there is empty: a page says less, and a test says which.
    pub(super) fn new(texts: [&str; 3]) -> Self {
        Self(texts.map(|text| serde_json::from_str(text).unwrap_or_default()))
    }

    /// Of one language.
    pub(super) fn of(&self, language: Language) -> &Words {
        let [spanish, english, portuguese] = &self.0;
        match language {
            Language::Spanish => spanish,
            Language::English => english,
            Language::Portuguese => portuguese,
        }
    }
}

/// The whole document; `title` and `body` are HTML already.
pub(super) fn document(language: Language, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title><link rel=\"stylesheet\" \
         href=\"/rate/style.css\"></head><body><main>{body}</main></body></html>",
        language.tag(),
    )
}

/// As it is answered. Its address holds a secret, so nobody keeps it and no other page hears of it.
pub(super) fn answer(status: StatusCode, policy: &'static str, document: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(document)
}
