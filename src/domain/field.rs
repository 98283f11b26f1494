//! Dynamic fields: what a campaign wants noted about a conversation (S1-27 to S1-32).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use unicode_normalization::UnicodeNormalization;

use crate::ids::{ClientId, FieldId};

/// The longest text of a field, in characters.
pub const MAX_TEXT: usize = 1_000;
/// The longest key.
pub const MAX_KEY: usize = 40;
/// The longest number of a document, in characters.
pub const MAX_DOCUMENT: usize = 40;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FieldKind)]
#[ts(export_to = "wire.ts", rename = "FieldKind")]
pub enum Kind {
    /// Up to 1,000 characters, on several lines if need be.
    Text,
    /// A number.
    Number,
    /// A day: `2026-11-22`.
    Date,
    /// One of the field's options.
    List,
    /// A telephone number: 6 to 15 digits, with or without `+`.
    Phone,
    /// The number of an identity document: up to 40 letters, digits, dots, hyphens, slashes and spaces.
    Document,
    /// Yes or no.
    YesNo,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Text, Self::Number, Self::Date, Self::List, Self::Phone, Self::Document, Self::YesNo];

    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::List => "list",
            Self::Phone => "phone",
            Self::Document => "document",
            Self::YesNo => "yes_no",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(untagged)]
#[ts(export_to = "wire.ts", rename = "FieldValue")]
pub enum Value {
    /// Of a yes-or-no field.
    Flag(bool),
    /// Of a number.
    Number(#[ts(type = "number")] Number),
    /// Of every other.
    Text(String),
}

/// The values of one conversation.
pub type Values = BTreeMap<FieldId, Value>;

/// A field of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// Whose.
    pub client: ClientId,
    /// 1 to 60 characters.
    pub name: String,
    /// What connected systems know it by (S1-32): see [`is_key`]. Unique within its client; another name does not change it.
    pub key: String,
    /// What it holds; never changes.
    pub kind: Kind,
    /// Of a list: what can be chosen.
    pub options: Vec<String>,
    /// For agents: up to 240 characters.
    pub description: String,
    /// Switched off ones stay in history and are asked for no more.
    pub enabled: bool,
}

/// A field in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FieldUse)]
#[ts(export_to = "wire.ts", rename = "FieldUse")]
pub struct Use {
    /// Which; of the same client.
    pub field: FieldId,
    /// A conversation cannot be closed without it (S1-29). Off by default.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub mandatory: bool,
    /// What agents of this campaign see for its name (S1-31), 1 to 60 characters; none = its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub label: Option<String>,
}

impl Use {
    /// Under its own name, and not needed.
    pub const fn of(field: FieldId) -> Self {
        Self { field, mandatory: false, label: None }
    }
}

/// Lower-case letters from a to z, digits and `_`, a letter first; at most 40.
pub fn is_key(key: &str) -> bool {
    key.len() <= MAX_KEY
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A key made from a name, which nobody has: `Número de cliente` is `numero_de_cliente`, the next one `numero_de_cliente_2`.
pub fn key_of(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut key = String::new();
    for character in name.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        match character.to_ascii_lowercase() {
            letter if letter.is_ascii_lowercase() || (letter.is_ascii_digit() && !key.is_empty()) => key.push(letter),
            _ if !key.is_empty() && !key.ends_with('_') => key.push('_'),
            _ => {}
        }
        if key.len() == MAX_KEY {
            break;
        }
    }
    let key = match key.trim_end_matches('_') {
        "" => "field",
        key => key,
    };
    let numbered = |number: u32| {
        let end = format!("_{number}");
        format!("{}{end}", key.get(..MAX_KEY - end.len()).unwrap_or(key))
    };
    std::iter::once(key.to_owned()).chain((2..).map(numbered)).find(|key| !is_taken(key)).unwrap_or_default()
}

impl Field {
    /// The value as it is kept; none when the field cannot hold it.
    pub fn accept(&self, value: &Value) -> Option<Value> {
        match (self.kind, value) {
            (Kind::YesNo, Value::Flag(_)) | (Kind::Number, Value::Number(_)) => Some(value.clone()),
            (Kind::YesNo | Kind::Number, _) | (_, Value::Flag(_) | Value::Number(_)) => None,
            (kind, Value::Text(text)) => self.accept_text(kind, text.trim()).map(Value::Text),
        }
    }

    fn accept_text(&self, kind: Kind, text: &str) -> Option<String> {
        if text.is_empty() || text.chars().take(MAX_TEXT + 1).count() > MAX_TEXT || text.chars().any(is_forbidden) {
            return None;
        }
        let fits = match kind {
            Kind::Text => true,
            Kind::Date => is_date(text),
            Kind::List => self.options.iter().any(|option| option == text),
            Kind::Document => {
                let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '/' | ' ');
                text.chars().count() <= MAX_DOCUMENT && text.chars().all(allowed)
            }
            Kind::Phone => return phone(text),
            Kind::Number | Kind::YesNo => false,
        };
        fits.then(|| text.to_owned())
    }
}

/// Control characters but for those of several lines, and those that turn the direction of writing.
fn is_forbidden(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `YYYY-MM-DD`, a day that exists.
fn is_date(text: &str) -> bool {
    text.len() == "2026-11-22".len()
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Digits with or without `+`; what people write between them is left out.
fn phone(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    let fits = (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(kind: Kind) -> Field {
        Field {
            id: FieldId::from_u128(1),
            client: ClientId::from_u128(2),
            name: "Field".to_owned(),
            key: "field".to_owned(),
            kind,
            options: vec!["Alta".to_owned(), "Baja".to_owned()],
            description: String::new(),
            enabled: true,
        }
    }

    fn kept(kind: Kind, text: &str) -> Option<String> {
        match field(kind).accept(&Value::Text(text.to_owned())) {
            Some(Value::Text(text)) => Some(text),
            Some(other) => panic!("{other:?}"),
            None => None,
        }
    }

    #[test]
    fn a_field_takes_what_its_kind_says_and_nothing_else() {
        for (kind, text, stored) in [
            (Kind::Text, "  two\nlines ", Some("two\nlines")),
            (Kind::Text, "<script>alert(1)</script>", Some("<script>alert(1)</script>")),
            (Kind::Text, "   ", None),
            (Kind::Text, "a\0b", None),
            (Kind::Text, "a\u{202e}b", None),
            (Kind::Date, "2026-02-28", Some("2026-02-28")),
            (Kind::Date, "2026-02-29", None),
            (Kind::Date, "28/02/2026", None),
            (Kind::Date, "+2026-2-08", None),
            (Kind::List, "Alta", Some("Alta")),
            (Kind::List, "alta", None),
            (Kind::Phone, "+54 (11) 4321-6543", Some("+541143216543")),
            (Kind::Phone, "12345", None),
            (Kind::Phone, "++5411432165", None),
            (Kind::Phone, "call me", None),
            (Kind::Document, "20.345.678-K", Some("20.345.678-K")),
            (Kind::Document, "' OR 1=1--", None),
            (Kind::Number, "7", None),
            (Kind::YesNo, "yes", None),
        ] {
            assert_eq!(kept(kind, text).as_deref(), stored, "{kind:?} {text:?}");
        }
        assert_eq!(kept(Kind::Text, &"ñ".repeat(1_001)), None);
        let number = Value::Number(Number::from(7));
        assert_eq!(field(Kind::Number).accept(&number), Some(number.clone()));
        assert_eq!(field(Kind::YesNo).accept(&Value::Flag(false)), Some(Value::Flag(false)));
        assert_eq!(field(Kind::Text).accept(&number), None);
        assert_eq!(field(Kind::Number).accept(&Value::Flag(true)), None);
    }

    #[test]
    fn a_kind_keeps_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn a_key_is_made_from_the_name_and_is_nobody_elses() {
        for (name, key) in [
            ("Número de cliente", "numero_de_cliente"),
            ("  ¿Plan (2026)?", "plan_2026"),
            ("2.º apellido", "apellido"),
            ("客户", "field"),
            ("", "field"),
        ] {
            assert_eq!(key_of(name, |_| false), key);
        }
        let long = key_of(&"x".repeat(60), |_| false);
        assert_eq!(long.len(), MAX_KEY);
        let next = key_of(&"x".repeat(60), |key| key == long);
        assert!(is_key(&next) && next.ends_with("x_2"), "{next}");
        for bad in ["", "A", "1a", "_a", "a-b", "á", "a b", &"a".repeat(41)] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_makes_a_key(name in ".{0,80}", taken in 0_usize..12) {
            let mut had: Vec<String> = Vec::new();
            for _ in 0..=taken {
                let key = key_of(&name, |key| had.iter().any(|other| other == key));
                prop_assert!(is_key(&key) && !had.contains(&key), "{}", key);
                had.push(key);
            }
        }

        #[test]
        fn what_was_kept_is_kept_the_same_again(text in ".{0,80}", kind in prop::sample::select(Kind::ALL.to_vec())) {
            if let Some(once) = kept(kind, &text) {
                prop_assert_eq!(kept(kind, &once), Some(once));
            }
        }
    }
}
