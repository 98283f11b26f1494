//! Text as it may be shown.

use crate::domain::file::is_control;

/// One line: nothing invisible, no control characters, runs of white space as one space.
pub(super) fn line(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        let word = word.trim_matches(|c| is_control(c) || matches!(c, '\u{200b}' | '\u{2060}'));
        if word.is_empty() {
            continue;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.extend(word.chars().filter(|c| !is_control(*c) && !matches!(c, '\u{200b}' | '\u{2060}')));
    }
    kept
}

/// At most this many characters of it.
pub(super) fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| text.get(..at).unwrap_or(text)).trim_end()
}

/// At most this many bytes of it, whole characters.
pub(super) fn cut_bytes(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Lines ended by `\n`, no control characters but tabs, no more than two empty lines in a row, none at the ends.
pub(super) fn lines(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut kept, mut empty) = (String::with_capacity(unix.len()), 0);
    for line in unix.split('\n') {
        let visible: String = line.chars().filter(|c| *c == '\t' || !is_control(*c)).collect();
        let trimmed = if is_signature_mark(&visible) { visible.as_str() } else { visible.trim_end() };
        if trimmed.is_empty() {
            empty += 1;
            continue;
        }
        if !kept.is_empty() {
            kept.extend(std::iter::repeat_n('\n', 1 + empty.min(2)));
        }
        empty = 0;
        kept.push_str(trimmed);
    }
    kept
}

/// The line before a signature ends with a space (RFC 3676).
fn is_signature_mark(line: &str) -> bool {
    line == "-- "
}
