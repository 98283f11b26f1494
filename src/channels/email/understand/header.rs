//! The header: its fields, found in one pass, and their values, decoded by mail-parser.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use mail_parser::{Addr, Address, ContentType, DateTime, HeaderValue, parsers::MessageStream};
use memchr::memchr;

use super::{
    bounds::{MAX_FIELD_BYTES, MAX_FIELDS, MAX_ID_BYTES, MAX_PARAMETER_BYTES, MAX_REFERENCES},
    charset, clean,
};

/// The fields of a mail or of one of its parts, in order, names in lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    list: Vec<(String, Cow<'a, [u8]>)>,
    /// Some were left out.
    pub(super) is_cut: bool,
}

impl<'a> Fields<'a> {
    /// From a header without the empty line behind it. Lines that are no fields are passed over.
    pub(super) fn read(block: &'a [u8]) -> Self {
        let mut fields = Self::default();
        let mut at = 0;
        while at < block.len() {
            let end = field_end(block, at);
            let field = block.get(at..end).unwrap_or_default();
            at = end;
            let Some((name, value)) = split(field) else { continue };
            if fields.list.len() == MAX_FIELDS {
                fields.is_cut = true;
                break;
            }
            fields.list.push((name, readable(value)));
        }
        fields
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The bytes of every field of a name, not cut.
    pub(super) fn raw<'f>(&'f self, name: &'f str) -> impl DoubleEndedIterator<Item = &'f [u8]> {
        self.list.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).next().is_some()
    }

    /// The first field of a name as decoded text on one line, if it says anything.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(unstructured).find(|text| !text.is_empty())
    }

    /// The first word of a field, in lower case, up to what is behind `;` or in brackets.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let word = text.split([';', '(', ' ', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
        (!word.is_empty()).then_some(word)
    }

    /// The addresses of every field of a name. Groups are opened; what has no address is left out.
    pub(super) fn addresses(&self, name: &str) -> Vec<(String, String)> {
        self.raw(name).flat_map(addresses).collect()
    }

    /// The message ids of every field of a name, without angle brackets.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        self.raw(name).flat_map(ids).collect()
    }

    /// The moment a field names, in microseconds since 1970.
    pub(super) fn moment(&self, name: &str) -> Option<i64> {
        let value = with_end(self.raw(name).next()?, MAX_PARAMETER_BYTES);
        match MessageStream::new(&value).parse_date() {
            HeaderValue::DateTime(date) => moment(&date),
            _ => None,
        }
    }

    /// `Content-Type`, `Content-Disposition`.
    pub(super) fn typed(&self, name: &str) -> Option<Typed> {
        let value = with_end(self.raw(name).next()?, MAX_PARAMETER_BYTES);
        match MessageStream::new(&value).parse_content_type() {
            HeaderValue::ContentType(found) => Some(Typed::from(&found)),
            _ => None,
        }
    }
}

/// A value with parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// `text/plain`, `attachment`; lower case.
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Typed {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl From<&ContentType<'_>> for Typed {
    fn from(found: &ContentType<'_>) -> Self {
        let kind = found.c_type.trim().to_ascii_lowercase();
        let value = match &found.c_subtype {
            Some(subtype) => format!("{kind}/{}", subtype.trim().to_ascii_lowercase()),
            None => kind,
        };
        let parameter =
            |attribute: &mail_parser::Attribute<'_>| (attribute.name.to_ascii_lowercase(), attribute.value.to_string());
        Self { value, parameters: found.attributes.iter().flatten().map(parameter).collect() }
    }
}

/// Where the field that begins at `at` ends, with its line end: before the next line that does not begin with white space.
fn field_end(block: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        let rest = block.get(end..).unwrap_or_default();
        end = memchr(b'\n', rest).map_or(block.len(), |found| end + found + 1);
        if !matches!(block.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
}

fn split(field: &[u8]) -> Option<(String, &[u8])> {
    let colon = memchr(b':', field)?;
    let (name, value) = (field.get(..colon)?, field.get(colon + 1..)?);
    let name = std::str::from_utf8(name).ok()?.trim_end();
    let is_name = !name.is_empty() && name.len() <= 80 && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| (name.to_ascii_lowercase(), value.trim_ascii()))
}

/// Headers should be ASCII or UTF-8. What is neither was written on an old Windows.
fn readable(value: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(value) {
        Ok(text) => rejoined(text).map_or(Cow::Borrowed(value), |text| Cow::Owned(text.into_bytes())),
        Err(_) => Cow::Owned(charset::windows_1252(value).into_bytes()),
    }
}

/// The longest encoded word; RFC 2047 allows 75.
const MAX_WORD_BYTES: usize = 1_000;

/// One encoded word instead of two that follow each other and are of one kind: many programs cut a character in two between them.
/// None: there are none such.
fn rejoined(text: &str) -> Option<String> {
    let mut words = Vec::new();
    let (mut kept, mut rest, mut joined) = (String::new(), text, false);
    while let Some((before, from)) = rest.split_once("=?") {
        let Some((charset, encoding, content, after)) = encoded_word(from) else {
            flush(&mut words, &mut kept);
            kept.push_str(before);
            kept.push_str("=?");
            rest = from;
            continue;
        };
        let follows = words.last().is_some_and(|(known, kind, _): &(&str, &str, &str)| {
            before.chars().all(char::is_whitespace) && known.eq_ignore_ascii_case(charset) && kind.eq_ignore_ascii_case(encoding)
        });
        if follows {
            joined = true;
        } else {
            flush(&mut words, &mut kept);
            kept.push_str(before);
        }
        words.push((charset, encoding, content));
        rest = after;
    }
    flush(&mut words, &mut kept);
    kept.push_str(rest);
    joined.then_some(kept)
}

/// Charset, encoding and content of the encoded word whose `=?` lies before, and what follows it.
fn encoded_word(from: &str) -> Option<(&str, &str, &str, &str)> {
    let mut pieces = clean::cut_bytes(from, MAX_WORD_BYTES).splitn(3, '?');
    let (charset, encoding, tail) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let (content, _) = tail.split_once("?=")?;
    let is_word = charset.len() < 40 && encoding.len() == 1 && !content.contains(['?', ' ']);
    let after = from.get(charset.len() + encoding.len() + content.len() + 4..)?;
    is_word.then_some((charset, encoding, content, after))
}

/// Writes words of one kind as one.
fn flush(words: &mut Vec<(&str, &str, &str)>, into: &mut String) {
    let Some((charset, encoding, _)) = words.first().copied() else { return };
    let content: String = if encoding.eq_ignore_ascii_case("b") && words.len() > 1 {
        let bytes: Vec<u8> =
            words.iter().flat_map(|(_, _, content)| charset::carried(content.as_bytes(), Some("base64"))).collect();
        BASE64_STANDARD.encode(bytes)
    } else {
        words.iter().map(|(_, _, content)| *content).collect()
    };
    into.push_str(&format!("=?{charset}?{encoding}?{content}?="));
    words.clear();
}

/// The beginning of a value with a line end, without which mail-parser sees no end of it.
fn with_end(value: &[u8], most: usize) -> Vec<u8> {
    let mut value = value.get(..most).unwrap_or(value).to_vec();
    value.extend_from_slice(b"\r\n");
    value
}

/// Encoded words decoded, on one line, nothing invisible.
pub(super) fn unstructured(value: &[u8]) -> String {
    let value = with_end(value, MAX_FIELD_BYTES);
    match MessageStream::new(&value).parse_unstructured() {
        HeaderValue::Text(text) => clean::line(&text),
        _ => String::new(),
    }
}

fn addresses(value: &[u8]) -> Vec<(String, String)> {
    let value = with_end(value, MAX_FIELD_BYTES * 2);
    let HeaderValue::Address(found) = MessageStream::new(&value).parse_address() else { return Vec::new() };
    let all: Vec<Addr<'_>> = match found {
        Address::List(list) => list,
        Address::Group(groups) => groups.into_iter().flat_map(|group| group.addresses).collect(),
    };
    all.into_iter()
        .filter_map(|one| Some((one.name.map(|name| clean::line(&name)).unwrap_or_default(), one.address?.trim().to_owned())))
        .collect()
}

/// Every `<…>`; without any, every word with an `@`.
fn ids(value: &[u8]) -> Vec<String> {
    let mut kept = value;
    let tail;
    if value.len() > 2 * MAX_FIELD_BYTES {
        // The thread's first mail and its latest ones count.
        let (head, rest) = value.split_at(MAX_FIELD_BYTES);
        tail = [head, b" ", rest.get(rest.len().saturating_sub(MAX_FIELD_BYTES)..).unwrap_or_default()].concat();
        kept = &tail;
    }
    let text = String::from_utf8_lossy(kept);
    let is_id = |id: &str| !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control);
    let without_folds = |id: &str| id.split_whitespace().collect::<String>();
    let bracketed: Vec<String> = text
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split_once('>').map(|(id, _)| without_folds(id)))
        .filter(|id| is_id(id))
        .collect();
    if !bracketed.is_empty() {
        return bracketed;
    }
    text.split_whitespace().filter(|word| word.contains('@') && is_id(word)).map(str::to_owned).collect()
}

/// The first and the last of many ids, each once, and whether some were left out.
pub(super) fn bounded(ids: Vec<String>) -> (Vec<String>, bool) {
    let mut seen = std::collections::HashSet::new();
    let mut once: Vec<String> = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
    let extra = once.len().saturating_sub(MAX_REFERENCES);
    if extra > 0 {
        once.drain(1..=extra);
    }
    (once, extra > 0)
}

/// Impossible dates are none.
fn moment(date: &DateTime) -> Option<i64> {
    // Old programs write two digits (RFC 5322, 4.3), which mail-parser takes for the first two of four.
    let year = match i32::from(date.year) {
        year if year > 2_200 && year % 100 == 0 && year < 5_000 => 2_000 + year / 100,
        year if year > 2_200 && year % 100 == 0 => 1_900 + year / 100,
        year => year,
    };
    let is_sane = (1970..=2200).contains(&year) && date.tz_hour <= 14 && date.tz_minute < 60;
    let found = chrono::NaiveDate::from_ymd_opt(year, date.month.into(), date.day.into())?.and_hms_opt(
        date.hour.into(),
        date.minute.into(),
        date.second.min(59).into(),
    )?;
    let offset = (i64::from(date.tz_hour) * 3_600 + i64::from(date.tz_minute) * 60) * if date.tz_before_gmt { 1 } else { -1 };
    is_sane.then_some((found.and_utc().timestamp() + offset).saturating_mul(1_000_000))
}
