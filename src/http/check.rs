//! Checks of what a request brings. All fields are checked before anything is answered, so that a form shows every error at
//! once.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use crate::domain::file::is_control;
use crate::{
    domain::permission::{Permission, Place},
    error::ErrorCode,
    http::{
        caller::Caller,
        problem::{self, FieldError, Problem},
    },
    ids::ClientId,
    wire::page::{DEFAULT_LIMIT, MAX_LIMIT, Page},
};

/// The longest name of anything, in characters.
pub const NAME: RangeInclusive<usize> = 1..=120;

/// Collects the errors of fields.
#[derive(Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    /// Notes an error.
    pub fn error(&mut self, field: &str, code: ErrorCode, detail: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), code, detail: detail.into() });
    }

    /// Notes an error unless `holds`.
    pub fn that(&mut self, holds: bool, field: &str, code: ErrorCode, detail: impl Into<String>) {
        if !holds {
            self.error(field, code, detail);
        }
    }

    /// One line of text: so many characters once trimmed, none of them a control character. Trims it.
    pub fn line(&mut self, field: &str, text: &mut String, characters: RangeInclusive<usize>) {
        let trimmed = text.trim();
        let count = trimmed.chars().take(characters.end() + 1).count();
        if count < *characters.start() {
            self.error(field, ErrorCode::TooShort, format!("at least {} characters", characters.start()));
        } else if count > *characters.end() {
            self.error(field, ErrorCode::TooLong, format!("at most {} characters", characters.end()));
        }
        if trimmed.chars().any(is_control) {
            self.error(field, ErrorCode::ControlCharacters, "no control characters");
        }
        *text = trimmed.to_owned();
    }

    /// Text of several lines.
    pub fn lines(&mut self, field: &str, text: &str, characters: RangeInclusive<usize>) {
        let count = text.chars().take(characters.end() + 1).count();
        self.that(
            characters.contains(&count),
            field,
            ErrorCode::OutOfRange,
            format!("{} to {} characters", characters.start(), characters.end()),
        );
        let control = text.chars().any(|character| is_control(character) && !matches!(character, '\n' | '\r' | '\t'));
        self.that(!control, field, ErrorCode::ControlCharacters, "no control characters");
    }

    /// A number within its range.
    pub fn range<T: PartialOrd + Display>(&mut self, field: &str, value: T, range: RangeInclusive<T>) {
        let detail = format!("{} to {}", range.start(), range.end());
        self.that(range.contains(&value), field, ErrorCode::OutOfRange, detail);
    }

    /// A client where the caller may do this. Others are as unknown as those that do not exist.
    pub fn client(&mut self, caller: &Caller, permission: Permission, id: ClientId) {
        let known = caller.directory.clients.contains_key(&id) && caller.may(permission, Place::client(id));
        self.that(known, "client", ErrorCode::UnknownReference, "no such client");
    }

    /// The end of the checks.
    ///
    /// # Errors
    /// All errors noted, if there are any.
    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0)) }
    }
}

/// What `current` becomes with a JSON Merge Patch (RFC 7396).
///
/// # Errors
/// 422 when the outcome is no `T`.
pub fn patched<T: Serialize + DeserializeOwned>(current: &T, patch: Map<String, Value>) -> Result<T, Problem> {
    let mut value = serde_json::to_value(current).map_err(|_| Problem::new(ErrorCode::Internal))?;
    merge(&mut value, Value::Object(patch));
    serde_json::from_value(value).map_err(|error| problem::of_json(&error, b""))
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(&key);
        } else {
            merge(fields.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// 1 to 200; 50 by default.
    pub limit: Option<u32>,
}

/// How many items.
///
/// # Errors
/// 422 outside 1 to [`MAX_LIMIT`].
pub fn limit(limit: Option<u32>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let mut check = Check::default();
    check.range("limit", limit, 1..=MAX_LIMIT);
    check.done()?;
    Ok(limit as usize)
}

/// Where to go on.
///
/// # Errors
/// 422 for a cursor that is none.
pub fn cursor<K: FromStr>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let invalid = |_| Problem::field("cursor", ErrorCode::NotPossible, "not a cursor of this list");
    cursor.map(|text| text.parse().map_err(invalid)).transpose()
}

/// A page of a list that is in memory, in the order of the keys.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub fn page<K: Ord + Copy + Display + FromStr, T>(mut rows: Vec<(K, T)>, query: &ListQuery) -> Result<Page<T>, Problem> {
    let (limit, after) = (limit(query.limit)?, cursor::<K>(query.cursor.as_deref())?);
    rows.retain(|(key, _)| after.is_none_or(|after| *key > after));
    rows.sort_by_key(|(key, _)| *key);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(key, _)| key.to_string());
    Ok(Page { items: rows.into_iter().map(|(_, item)| item).collect(), next })
}

/// A page of rows that were read with one more than `limit`.
pub fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    #[test]
    fn a_merge_patch_keeps_what_is_absent_and_resets_what_is_null() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Thing {
            name: String,
            #[serde(default)]
            note: Option<String>,
        }
        let patch = |text: &str| {
            let current = Thing { name: "a".into(), note: Some("b".into()) };
            patched(&current, serde_json::from_str(text).unwrap())
        };
        assert_eq!(patch("{}").unwrap(), Thing { name: "a".into(), note: Some("b".into()) });
        assert_eq!(patch(r#"{"note":null}"#).unwrap(), Thing { name: "a".into(), note: None });
        assert_eq!(patch(r#"{"name":null}"#).unwrap_err().errors()[0].code, ErrorCode::MissingField);
        assert_eq!(patch(r#"{"role":"admin"}"#).unwrap_err().errors()[0].code, ErrorCode::UnknownField);
        assert_eq!(patch(r#"{"name":7}"#).unwrap_err().errors()[0].code, ErrorCode::WrongType);
    }

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let rows = || (1..=7_u128).rev().map(|n| (UserId::from_u128(n), n)).collect::<Vec<_>>();
        let mut query = ListQuery { cursor: None, limit: Some(3) };
        let mut seen = Vec::new();
        loop {
            let page = page(rows(), &query).unwrap();
            seen.extend(page.items);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, (1..=7).collect::<Vec<_>>());
    }

    #[test]
    fn a_limit_beyond_200_is_refused() {
        for refused in [0, 201, 1_000_000_000] {
            assert_eq!(limit(Some(refused)).unwrap_err().errors()[0].code, ErrorCode::OutOfRange);
        }
        assert_eq!((limit(None).unwrap(), limit(Some(200)).unwrap()), (50, 200));
    }

    #[test]
    fn every_error_of_a_line_is_told_and_names_cannot_pretend_another_direction() {
        let mut check = Check::default();
        for text in ["", "a\u{202e}b", "a\0", &"x".repeat(121)] {
            check.line("name", &mut text.to_owned(), NAME);
        }
        let codes: Vec<_> = check.done().unwrap_err().errors().iter().map(|error| error.code).collect();
        use ErrorCode::{ControlCharacters, TooLong, TooShort};
        assert_eq!(codes, [TooShort, ControlCharacters, ControlCharacters, TooLong]);
    }
}
