//! What of a web chat's settings may be stored.

use std::collections::BTreeSet;

use crate::{
    domain::webchat::{self, Field, FieldKind, Texts, Webchat},
    error::ErrorCode,
    http::check::Check,
};

const MAX_ORIGINS: usize = 50;
const MAX_FIELDS: usize = 8;
const MAX_OPTIONS: usize = 20;
const LABEL: std::ops::RangeInclusive<usize> = 1..=80;

/// Checks all settings; origins come out in the form in which browsers send them.
pub(super) fn check(check: &mut Check, webchat: &mut Webchat) {
    origins(check, &mut webchat.allowed_origins);
    let colour = webchat.theme.colour.to_lowercase();
    check.that(webchat::is_colour(&colour), "webchat.theme.colour", ErrorCode::NotPossible, "a colour like #4047b8");
    webchat.theme.colour = colour;
    let unique: BTreeSet<_> = webchat.languages.iter().collect();
    check.that(!webchat.languages.is_empty(), "webchat.languages", ErrorCode::TooShort, "at least one");
    check.that(unique.len() == webchat.languages.len(), "webchat.languages", ErrorCode::Duplicate, "each once");
    for (language, texts) in &mut webchat.texts {
        let language = serde_json::to_value(language).ok();
        let language = language.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        texts_of(check, &format!("webchat.texts.{language}"), texts);
    }
    let fields = &mut webchat.pre_chat;
    check.that(fields.len() <= MAX_FIELDS, "webchat.pre_chat", ErrorCode::TooLong, "at most 8");
    let mut names = BTreeSet::new();
    for (index, field) in fields.iter_mut().take(MAX_FIELDS).enumerate() {
        let place = format!("webchat.pre_chat.{index}");
        field_of(check, &place, field);
        check.that(names.insert(field.name.clone()), &format!("{place}.name"), ErrorCode::Duplicate, "each name once");
    }
}

fn origins(check: &mut Check, origins: &mut [String]) {
    check.that(origins.len() <= MAX_ORIGINS, "webchat.allowed_origins", ErrorCode::TooLong, "at most 50");
    let mut unique = BTreeSet::new();
    for (index, origin) in origins.iter_mut().take(MAX_ORIGINS).enumerate() {
        let place = format!("webchat.allowed_origins.{index}");
        match webchat::origin(origin) {
            Some(clean) => *origin = clean,
            None => check.error(&place, ErrorCode::NotPossible, "scheme and host only, like https://www.example.com"),
        }
        check.that(unique.insert(origin.clone()), &place, ErrorCode::Duplicate, "each origin once");
    }
}

fn texts_of(check: &mut Check, place: &str, texts: &mut Texts) {
    let lines = [("title", &mut texts.title, 60), ("launcher", &mut texts.launcher, 40)];
    for (name, text, longest) in lines {
        if let Some(text) = text {
            check.line(&format!("{place}.{name}"), text, 1..=longest);
        }
    }
    for (name, text) in [("welcome", &texts.welcome), ("out_of_hours", &texts.out_of_hours)] {
        if let Some(text) = text {
            check.lines(&format!("{place}.{name}"), text, 1..=500);
        }
    }
}

fn field_of(check: &mut Check, place: &str, field: &mut Field) {
    let named = (1..=40).contains(&field.name.len())
        && field.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    check.that(named, &format!("{place}.name"), ErrorCode::NotPossible, "1 to 40 of a-z, 0-9 and _");
    for label in field.labels.values_mut() {
        check.line(&format!("{place}.labels"), label, LABEL);
    }
    let speaks_for_itself = matches!(field.kind, FieldKind::Name | FieldKind::Email | FieldKind::Phone);
    let labelled = speaks_for_itself || !field.labels.is_empty();
    check.that(labelled, &format!("{place}.labels"), ErrorCode::MissingField, "this kind needs a label");
    let options = format!("{place}.options");
    let count = if field.kind == FieldKind::Choice { 1..=MAX_OPTIONS } else { 0..=0 };
    check.that(count.contains(&field.options.len()), &options, ErrorCode::OutOfRange, "a choice has 1 to 20, others none");
    for option in field.options.iter_mut().take(MAX_OPTIONS) {
        check.line(&options, option, LABEL);
    }
}
