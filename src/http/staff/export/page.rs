//! A page that stands on its own: no script, no fetch, one style that its policy knows by its digest.

use std::{fmt::Write as _, sync::LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{Sheet, is_note, size};
use crate::{domain::message::Author, store::conversations::StoredMessage};

const STYLE: &str = include_str!("page.css");

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
});

/// What the page may do: be read.
pub(super) fn policy() -> &'static str {
    &POLICY
}

/// A text as text.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '"' => plain.push_str("&quot;"),
            '\'' => plain.push_str("&#39;"),
            // Nothing that browsers show otherwise than it stands there.
            control if control.is_control() && !matches!(control, '\n' | '\t') => plain.push('\u{fffd}'),
            other => plain.push(other),
        }
    }
    plain
}

pub(super) fn head(sheet: &Sheet) -> String {
    let words = sheet.words;
    let title = if sheet.subject.is_empty() { words.title } else { sheet.subject.as_str() };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n<dl>\n",
        words.tag,
        escaped(policy()),
        escaped(title),
        escaped(title),
    );
    for (label, value) in sheet.lines() {
        let _ = writeln!(page, "<div><dt>{}</dt><dd><bdi>{}</bdi></dd></div>", escaped(label), escaped(&value));
    }
    page.push_str("</dl>\n</header>\n<main>\n");
    page
}

pub(super) fn message(sheet: &Sheet, stored: &StoredMessage, page: &mut String) {
    let message = &stored.message;
    let class = match message.author {
        Author::Contact => "in",
        Author::Agent(_) => "out",
        Author::Note(_) => "note",
        Author::System => "system",
    };
    let note = if is_note(stored) { format!(" · {}", sheet.words.note) } else { String::new() };
    let _ = write!(
        page,
        "<article class=\"{class}\">\n<h2><bdi>{}</bdi>{} <time>{}</time></h2>\n<p dir=\"auto\">{}</p>\n",
        escaped(&sheet.author(message.author)),
        escaped(&note),
        sheet.moment(message.at),
        escaped(&message.text),
    );
    if !message.attachments.is_empty() {
        page.push_str("<ul>\n");
        for file in &message.attachments {
            let _ = writeln!(
                page,
                "<li><bdi>{}</bdi> · {} · {}</li>",
                escaped(&file.name),
                escaped(&file.media_type),
                size(file.size)
            );
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</article>\n");
}

pub(super) fn end(sheet: &Sheet, cut: bool, page: &mut String) {
    if cut {
        let _ = writeln!(page, "<p class=\"cut\">{}</p>", escaped(sheet.words.cut));
    }
    let _ = writeln!(page, "</main>\n<footer>{}</footer>\n</body>\n</html>", escaped(&sheet.footer()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_text() {
        assert_eq!(
            escaped("<a href=\"x\" onload='y'>&\0\u{1b}</a>\n"),
            "&lt;a href=&quot;x&quot; onload=&#39;y&#39;&gt;&amp;\u{fffd}\u{fffd}&lt;/a&gt;\n"
        );
    }

    #[test]
    fn the_style_fetches_nothing() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("</"));
        assert!(policy().starts_with("default-src 'none'") && policy().contains("sha256-"));
    }
}
