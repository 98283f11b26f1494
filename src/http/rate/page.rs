//! The page's HTML: a form that needs no script, in the client's language.

use std::{fmt::Write, sync::OnceLock};

use crate::{
    channels::email::{rating::MARKS, understand::written::attribute},
    domain::webchat::Language,
    http::plain_page::{Catalogue, Words, document},
};

/// From the catalogues.
pub(super) fn words(language: Language) -> &'static Words {
    static ALL: OnceLock<Catalogue> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        Catalogue::new([
            include_str!("../../../web/locales/rate/es.json"),
            include_str!("../../../web/locales/rate/en.json"),
            include_str!("../../../web/locales/rate/pt-BR.json"),
        ])
    });
    all.of(language)
}

/// A page as it is written.
pub(super) struct Writing {
    language: Language,
    body: String,
}

impl Writing {
    /// A page under this heading.
    pub(super) fn new(language: Language, heading: &str) -> Self {
        Self { language, body: format!("<h1>{}</h1>", attribute(heading)) }
    }

    fn word(&self, key: &str) -> String {
        attribute(words(self.language).get(key).map_or("", String::as_str))
    }

    /// Something said.
    pub(super) fn say(mut self, text: &str) -> Self {
        let _ = write!(self.body, "<p>{}</p>", attribute(text));
        self
    }

    /// Something said in the page's language.
    pub(super) fn tell(mut self, key: &str) -> Self {
        let word = self.word(key);
        let _ = write!(self.body, "<p>{word}</p>");
        self
    }

    /// What is wrong.
    pub(super) fn warn(mut self, key: &str) -> Self {
        let word = self.word(key);
        let _ = write!(self.body, "<p class=\"bad\" role=\"alert\">{word}</p>");
        self
    }

    /// The marks, the words and the button.
    pub(super) fn form(mut self, legend: &str, score: Option<u8>, comment: &str) -> Self {
        let _ = write!(self.body, "<form method=\"post\"><fieldset aria-label=\"{}\">", attribute(legend));
        for (value, mark) in (1..).zip(MARKS) {
            let checked = if score == Some(value) { " checked" } else { "" };
            let word = self.word(&format!("score_{value}"));
            let _ = write!(
                self.body,
                "<label><input type=\"radio\" name=\"score\" value=\"{value}\" required{checked}><span aria-hidden=\"true\">{mark}</span>{word}</label>"
            );
        }
        let (label, send) = (self.word("comment"), self.word("send"));
        let _ = write!(
            self.body,
            "</fieldset><label>{label}<textarea name=\"comment\" rows=\"4\" maxlength=\"1000\">{}</textarea></label><button>{send}</button></form>",
            attribute(comment)
        );
        self
    }

    /// A way back to the form.
    pub(super) fn change(mut self) -> Self {
        let word = self.word("change");
        let _ = write!(self.body, "<p><a href=\"?\">{word}</a></p>");
        self
    }

    /// The whole document.
    pub(super) fn done(self) -> String {
        document(self.language, &self.word("title"), &self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything() {
        let [spanish, english, portuguese] = Language::ALL.map(|language| words(language).keys().collect::<Vec<_>>());
        assert!(!spanish.is_empty() && spanish == english && spanish == portuguese);
    }

    #[test]
    fn what_others_wrote_is_text() {
        let page = Writing::new(Language::Spanish, "<script>").say("\"<b>").form("\"x", Some(4), "</textarea><script>").done();
        assert!(!page.contains("<script>") && !page.contains("<b>") && page.contains("aria-label=\"&quot;x\""));
        assert!(page.contains("value=\"4\" required checked") && page.contains("&lt;/textarea&gt;"));
    }
}
