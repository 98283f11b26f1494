//! What a web chat looks like, which pages may show it, what it asks before and after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

/// A language that the widget speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "WidgetLanguage")]
#[schema(as = WidgetLanguage)]
pub enum Language {
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Portuguese.
    #[serde(rename = "pt-BR")]
    Portuguese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Spanish, Self::English, Self::Portuguese];

    /// As tables name it (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// The language of a tag; Spanish for what is none.
    pub fn of_tag(tag: &str) -> Self {
        Self::ALL.into_iter().find(|language| language.tag() == tag).unwrap_or(Self::Spanish)
    }
}

/// Where the launcher stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WidgetPosition")]
#[schema(as = WidgetPosition)]
pub enum Position {
    /// Bottom right.
    #[default]
    Right,
    /// Bottom left.
    Left,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WidgetScheme")]
#[schema(as = WidgetScheme)]
pub enum Scheme {
    /// As the visitor's system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// How it looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "WidgetTheme")]
#[schema(as = WidgetTheme)]
pub struct Theme {
    /// `#rrggbb`: the launcher, the header, the button that sends. The writing on it is black or white, whichever reads better.
    pub colour: String,
    /// Where the launcher stands.
    pub position: Position,
    /// Light or dark.
    pub scheme: Scheme,
}

impl Default for Theme {
    fn default() -> Self {
        Self { colour: "#4047b8".to_owned(), position: Position::Right, scheme: Scheme::System }
    }
}

impl Theme {
    /// Black or white, whichever reads better on the colour (WCAG 2.2, relative luminance).
    pub fn on_colour(&self) -> &'static str {
        let channel = |at: usize| {
            let digits = self.colour.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let c = f64::from(digits.unwrap_or(0)) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
        if luminance > 0.179 { "#000" } else { "#fff" }
    }
}

/// Texts of the company itself, in one language; what is absent is said in the product's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "WidgetTexts", optional_fields = nullable)]
#[schema(as = WidgetTexts)]
pub struct Texts {
    /// In the header, 1 to 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the launcher says, 1 to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launcher: Option<String>,
    /// Above an empty thread, 1 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome: Option<String>,
    /// While nobody is there, 1 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_hours: Option<String>,
}

/// What a field of the form before the chat takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WidgetFieldKind")]
#[schema(as = WidgetFieldKind)]
pub enum FieldKind {
    /// How the visitor is called: the contact's name.
    Name,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// Anything, in one line.
    Text,
    /// One of the options.
    Choice,
}

/// A field of the form before the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "WidgetField")]
#[schema(as = WidgetField)]
pub struct Field {
    /// 1 to 40 of `a-z`, `0-9` and `_`; each once.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// The chat does not begin without it.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub required: bool,
    /// By language, 1 to 80 characters. `name`, `email` and `phone` need none.
    #[serde(default)]
    #[ts(as = "Option<BTreeMap<Language, String>>", optional)]
    pub labels: BTreeMap<Language, String>,
    /// `choice`: 1 to 20, each 1 to 80 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub options: Vec<String>,
}

/// The longest answer to a field, in characters.
pub const MAX_ANSWER: usize = 200;

impl Field {
    /// What this answer is worth; none when it does not fit. An empty one is no answer.
    pub fn accepts(&self, answer: &str) -> Option<String> {
        let answer = answer.trim();
        let fits = match self.kind {
            FieldKind::Name | FieldKind::Text => true,
            FieldKind::Email => {
                let parts = answer.split_once('@');
                !answer.contains(char::is_whitespace)
                    && parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
            }
            FieldKind::Phone => {
                let digits = answer.chars().filter(char::is_ascii_digit).count();
                (5..=20).contains(&digits) && answer.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c))
            }
            FieldKind::Choice => self.options.iter().any(|option| option == answer),
        };
        let short = answer.chars().count() <= MAX_ANSWER && !answer.chars().any(char::is_control);
        (!answer.is_empty() && fits && short).then(|| answer.to_owned())
    }

    /// As people who work read it: the first label there is, else its name.
    pub fn label(&self) -> &str {
        self.labels.values().next().map_or(&self.name, String::as_str)
    }
}

/// Everything about one web chat. What is left out is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Webchat {
    /// Origins of the pages that may show it (`https://www.example.com`), at most 50. None = only pages of this server.
    #[ts(as = "Option<Vec<String>>")]
    pub allowed_origins: Vec<String>,
    /// How it looks.
    #[ts(as = "Option<Theme>")]
    pub theme: Theme,
    /// Which languages it offers, the first is for who speaks none of them; all by default.
    #[ts(as = "Option<Vec<Language>>")]
    pub languages: Vec<Language>,
    /// The company's own words.
    #[ts(as = "Option<BTreeMap<Language, Texts>>")]
    pub texts: BTreeMap<Language, Texts>,
    /// Asked before the chat, at most 8.
    #[ts(as = "Option<Vec<Field>>")]
    pub pre_chat: Vec<Field>,
    /// Asks afterwards how it was. On by default.
    #[ts(as = "Option<bool>")]
    pub rating: bool,
}

impl Default for Webchat {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            theme: Theme::default(),
            languages: Language::ALL.to_vec(),
            texts: BTreeMap::new(),
            pre_chat: Vec::new(),
            rating: true,
        }
    }
}

impl Webchat {
    /// Whether a page of this origin may show it.
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
    }
}

/// An origin in the form in which browsers send it; none when it is anything else. Only then may it stand in a header.
pub fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    let origin = url.origin().ascii_serialization();
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '[' | ']');
    (bare && origin.chars().all(safe)).then_some(origin)
}

/// Whether a text is `#rrggbb`.
pub fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it_or_not_taken() {
        for (given, kept) in [
            ("https://www.example.com", Some("https://www.example.com")),
            ("HTTPS://WWW.Example.com:443/", Some("https://www.example.com")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("https://ñandú.cl", Some("https://xn--and-6ma2c.cl")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("https://a.b/path", None),
            ("https://a.b?x", None),
            ("https://user@a.b", None),
            ("https://*.example.com", None),
            ("https://a.b; script-src *", None),
            ("https://a.b\nhttps://c.d", None),
            ("null", None),
            ("*", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("", None),
        ] {
            assert_eq!(origin(given).as_deref(), kept, "{given:?}");
        }
    }

    #[test]
    fn an_answer_fits_its_field() {
        let field = |kind| Field { name: "x".into(), kind, required: true, labels: BTreeMap::new(), options: vec!["A".into()] };
        let taken = |kind, answer: &str| field(kind).accepts(answer).is_some();
        assert_eq!(field(FieldKind::Name).accepts(" Ana "), Some("Ana".to_owned()));
        assert!(taken(FieldKind::Email, "ana@example.com") && taken(FieldKind::Phone, "+54 (11) 5987-6543"));
        assert!(taken(FieldKind::Choice, "A") && !taken(FieldKind::Choice, "B"));
        for bad in ["ana", "@x.y", "ana@x", "a b@x.y", "a@b@c.d", ""] {
            assert!(!taken(FieldKind::Email, bad), "{bad}");
        }
        assert!(!taken(FieldKind::Phone, "call me") && !taken(FieldKind::Phone, "12"));
        assert!(!taken(FieldKind::Text, "") && !taken(FieldKind::Text, "a\u{0}b") && !taken(FieldKind::Text, &"x".repeat(201)));
    }

    #[test]
    fn writing_on_a_colour_can_be_read() {
        let on = |colour: &str| Theme { colour: colour.into(), ..Theme::default() }.on_colour();
        assert_eq!(["#4047b8", "#000000", "#b3261e"].map(on), ["#fff"; 3]);
        assert_eq!(["#ffffff", "#f2b233", "#aeb4ff"].map(on), ["#000"; 3]);
    }

    #[test]
    fn colours_are_six_digits() {
        assert!(is_colour("#4047B8") && !is_colour("#fff") && !is_colour("red") && !is_colour("#12345g"));
        assert!(!is_colour("#4047b8;background:url(x)"));
    }
}
