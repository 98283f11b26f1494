//! Templates of mails: written once with gaps, filled in for each customer (S4-36 to S4-40, S4-66).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        file::is_control,
        template::{self, Gap},
    },
    ids::{CampaignId, ClientId, TemplateId},
};

/// The longest subject of a template, in characters.
pub const MAX_SUBJECT: usize = 300;
/// The longest HTML of a template, in characters.
pub const MAX_HTML: usize = 100_000;
/// The longest plain text of a template, in characters.
pub const MAX_TEXT: usize = 50_000;
/// The most pictures of a template.
pub const MAX_PICTURES: usize = 20;

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TemplatePurpose)]
#[ts(export_to = "wire.ts", rename = "TemplatePurpose")]
pub enum Purpose {
    /// A whole mail: a ready answer, or what a mailing sends.
    Message,
    /// Stands below what an agent writes (S4-19).
    Signature,
    /// Answers a customer's mail by itself (S4-25).
    Confirmation,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Message, Self::Signature, Self::Confirmation];

    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Signature => "signature",
            Self::Confirmation => "confirmation",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// What is said, with gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// At most [`MAX_SUBJECT`] characters; empty for signatures.
    pub subject: String,
    /// Cleaned.
    pub html: String,
    /// For programs that show no HTML; none = what the HTML says.
    pub text: Option<String>,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Whose.
    pub client: ClientId,
    /// For this campaign only; none = for all of the client's (S4-38).
    pub campaign: Option<CampaignId>,
    /// 1 to 120 characters.
    pub name: String,
    /// What it is for; never changes.
    pub purpose: Purpose,
    /// What it says.
    pub content: Content,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Since when it is put away.
    pub archived_at: Option<Timestamp>,
}

impl MailTemplate {
    /// Whether it can be used there.
    pub fn fits(&self, client: ClientId, campaign: Option<CampaignId>) -> bool {
        self.client == client && self.campaign.is_none_or(|own| Some(own) == campaign)
    }
}

/// What can stand in the gaps of every mail. A campaign's dynamic fields come under their keys, and under what their names make: [`key`].
pub const NAMES: [&str; 11] =
    ["name", "first_name", "email", "address", "agent", "campaign", "client", "subject", "reference", "date", "time"];

/// The longest name of a gap, in characters.
pub const MAX_NAME: usize = 60;

/// What a gap for a dynamic field is called after its name: `Order number` is `order_number`. None when nothing of its name is left.
pub fn key(field: &str) -> Option<String> {
    let mut key = String::new();
    for character in field.to_lowercase().chars().take(MAX_NAME) {
        if character.is_alphanumeric() {
            key.push(character);
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    let key = key.trim_end_matches('_');
    let is_name = key.starts_with(char::is_alphabetic) && !NAMES.contains(&key);
    is_name.then(|| key.to_owned())
}

/// A flat list of what is known. Nothing in it is a gap again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// Says what stands in a gap; empty = nobody knows. Characters that cannot be seen are left out.
    pub fn set(&mut self, name: &str, value: &str) {
        let seen = value.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !is_control(*c)).collect();
        self.0.insert(name.to_owned(), seen);
    }

    /// None for what is no gap.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).or_else(|| NAMES.contains(&name).then_some(""))
    }

    /// A subject with its gaps filled, on one line whatever was put in.
    pub fn fill_subject(&self, subject: &str) -> String {
        let filled = template::render_with(subject, |name| self.get(name));
        filled.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !is_control(*c)).take(MAX_SUBJECT).collect()
    }

    /// A text with its gaps filled.
    pub fn fill_text(&self, text: &str) -> String {
        template::render_with(text, |name| self.get(name))
    }

    /// Clean HTML with its gaps filled: what is put in is text and stays text.
    pub fn fill_html(&self, html: &str) -> String {
        template::render_html(html, |name| self.get(name))
    }

    /// What a template asks for and nothing says: known gaps without a value and without what stands in for it, and names that
    /// nobody knows.
    pub fn lacking<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Lacking {
        let mut lacking = Lacking::default();
        for Gap { name, fallback } in parts.into_iter().flat_map(|part| template::gaps(part, |name| self.get(name).is_some())) {
            match self.get(name) {
                Some("") if fallback.is_empty() => lacking.missing.insert(name.to_owned()),
                Some(_) => continue,
                None => lacking.unknown.insert(name.to_owned()),
            };
        }
        lacking
    }
}

/// What cannot be filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Disappears.
    pub missing: BTreeSet<String>,
    /// Stays as it is written.
    pub unknown: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let mut values = Values::default();
        for (name, value) in pairs {
            values.set(name, value);
        }
        values
    }

    #[test]
    fn fields_are_called_by_their_names() {
        assert_eq!(key("Número de pedido").as_deref(), Some("número_de_pedido"));
        assert_eq!(key(" Plan (2026) ").as_deref(), Some("plan_2026"));
        for none in ["", "--", "2 x", "Name", "agent"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn a_subject_stays_one_line_whatever_is_put_in() {
        let name = values(&[("name", "Ana\r\nBcc: x@example.com\u{202e}\u{2028}y")]);
        assert_eq!(name.fill_subject("Hola %name%"), "Hola Ana Bcc: x@example.comy");
    }

    #[test]
    fn what_is_missing_is_told() {
        let name = values(&[("name", "Ana"), ("plan", "")]);
        let lacking = name.lacking(["${name} ${agent} ${agent|x}", "<p>%plan% ${factura} ${7*7} %nada%</p>"]);
        assert_eq!(lacking.missing, BTreeSet::from(["agent".to_owned(), "plan".to_owned()]));
        assert_eq!(lacking.unknown, BTreeSet::from(["factura".to_owned()]));
    }
}
