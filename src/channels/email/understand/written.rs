//! HTML that the staff writes: made clean by the same hand as what customers write, and put into the form in which it is kept and sent.
//!
//! Kept, pictures are `<img data-part="{id}">` (a file that goes along) or `<img src="https://…">`; in an editor and in other mails' quotes
//! a file is `src="/api/v1/attachments/{id}"`. To be shown, it becomes what a customer's mail is: [`Html`].

use std::{borrow::Cow, collections::HashMap};

use super::{Html, html};
use crate::ids::AttachmentId;

/// Where a file of ours lies; its id follows.
const FILE: &str = "/api/v1/attachments/";
const ID_CHARACTERS: usize = 36;
/// What makes a picture one.
const SHOWS: [&str; 3] = ["alt=\"", "src=\"", "data-part=\""];

/// HTML that can be kept and sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Clean.
    pub html: String,
    /// The files that it shows, each once.
    pub files: Vec<AttachmentId>,
}

/// Makes HTML clean; none when it does not come to rest. Cleaning it again changes nothing.
pub fn clean(written: &str) -> Option<Written> {
    let (shown, files) = shown(written);
    let Html { html, remote } = shown?;
    let parts: Vec<Option<AttachmentId>> = files.iter().copied().map(Some).collect();
    let html = with_sources(&html, |key, number| match key {
        Key::Part => parts.get(number).copied().flatten().map(|id| format!("data-part=\"{id}\"")),
        Key::Remote => https(&remote, number),
    });
    Some(Written { files: files.into_iter().filter(|id| html.contains(&format!("data-part=\"{id}\""))).collect(), html })
}

/// What it says.
pub fn text(html: &str) -> String {
    html::text(html)
}

/// As a customer's mail is shown: pictures by numbers, and the files that those of the mail name.
pub fn shown(written: &str) -> (Option<Html>, Vec<AttachmentId>) {
    let written = as_addresses(written);
    let mut files: Vec<AttachmentId> = Vec::new();
    for piece in written.split(FILE).skip(1) {
        let id = piece.get(..ID_CHARACTERS).and_then(|id| id.parse().ok());
        files.extend(id.filter(|id| !files.contains(id)));
    }
    let parts: HashMap<String, usize> = files.iter().enumerate().map(|(n, id)| (html::cid(&address(*id)), n)).collect();
    let safe = html::sanitise(&written, &parts, files.len());
    (safe.html.map(|html| Html { html, remote: safe.remote }), files)
}

/// A mail's HTML for the quote in another: pictures lie where an editor finds them.
pub fn quotable(html: &Html, parts: &[Option<AttachmentId>]) -> String {
    with_sources(&html.html, |key, number| match key {
        Key::Part => parts.get(number).copied().flatten().map(|id| format!("src=\"{}\"", address(id))),
        Key::Remote => https(&html.remote, number),
    })
}

/// Text as it stands in HTML, line by line.
pub fn escaped(text: &str) -> String {
    attribute(text).replace("\r\n", "\n").replace('\n', "<br>")
}

/// Text as it stands in an attribute, or in HTML where ends of lines mean nothing.
pub fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn address(id: AttachmentId) -> String {
    format!("{FILE}{id}")
}

fn https(remote: &[String], number: usize) -> Option<String> {
    let address = remote.get(number).filter(|address| address.starts_with("https://"))?;
    Some(format!("src=\"{}\"", address.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")))
}

/// `data-part="{id}"` as an address, so that the sanitiser finds the file; numbers stay what they are.
fn as_addresses(html: &str) -> Cow<'_, str> {
    const MARK: &str = "data-part=\"";
    if !html.contains(MARK) {
        return Cow::Borrowed(html);
    }
    let mut pieces = html.split(MARK);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let named = piece.get(..ID_CHARACTERS).filter(|_| piece.get(ID_CHARACTERS..).is_some_and(|rest| rest.starts_with('"')));
        match named.and_then(|id| id.parse::<AttachmentId>().ok()) {
            Some(_) => out.push_str(&format!("src=\"{FILE}")),
            None => out.push_str(MARK),
        }
        out.push_str(piece);
    }
    Cow::Owned(out)
}

#[derive(Clone, Copy)]
enum Key {
    Part,
    Remote,
}

/// The sanitiser's HTML with something in the place of its numbers; a number that means nothing is left out. Only attributes of pictures count:
/// the sanitiser writes them in double quotes and escapes those within.
fn with_sources(html: &str, source: impl Fn(Key, usize) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let (tag, after) = from.split_at_checked(end_of_tag(from)).unwrap_or((from, ""));
        out.push_str(before);
        out.push_str(&with_source(tag, &source));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

fn with_source<'t>(tag: &'t str, source: &impl Fn(Key, usize) -> Option<String>) -> Cow<'t, str> {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        quoted ^= byte == b'"';
        if byte != b' ' || quoted {
            continue;
        }
        let (head, attribute) = tag.split_at_checked(at + 1).unwrap_or((tag, ""));
        let is_picture = tag.starts_with("<img ");
        let found = [("data-part=\"", Some(Key::Part)), ("data-remote=\"", Some(Key::Remote)), ("data-background=\"", None)]
            .into_iter()
            .find_map(|(mark, key)| attribute.strip_prefix(mark).map(|rest| (key, rest)));
        let Some((key, rest)) = found else { continue };
        let (number, tail) = rest.split_once('"').unwrap_or((rest, ""));
        let put = key.filter(|_| is_picture).and_then(|key| source(key, number.parse().ok()?));
        let tail = with_source(tail, source);
        // Nothing in its place: the space before it goes as well, and so does a picture that says nothing else.
        return Cow::Owned(match put {
            Some(put) => format!("{head}{put}{tail}"),
            None if is_picture && ![head, &tail].iter().any(|rest| SHOWS.iter().any(|mark| rest.contains(mark))) => String::new(),
            None => format!("{}{tail}", head.trim_end()),
        });
    }
    Cow::Borrowed(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn id() -> AttachmentId {
        ID.parse().unwrap()
    }

    #[test]
    fn what_an_editor_writes_is_kept_with_its_files_and_shown_again() {
        let html = format!(
            "<p style=\"color:red\">Hola <b>Luz</b></p><img src=\"{FILE}{ID}\" alt=\"a > b\"><img src=\"https://x.example/a?b=1&amp;c=2\">"
        );
        let kept = clean(&html).unwrap();
        assert_eq!(kept.files, [id()]);
        assert!(
            kept.html.contains(&format!("data-part=\"{ID}\"")) && kept.html.contains("src=\"https://x.example/a?b=1&amp;c=2\""),
            "{}",
            kept.html
        );
        assert_eq!(clean(&kept.html).unwrap(), kept);
        let (shown, files) = shown(&kept.html);
        let shown = shown.unwrap();
        assert!(shown.html.contains("data-part=\"0\"") && shown.html.contains("data-remote=\"0\""), "{}", shown.html);
        assert_eq!((shown.remote, files), (vec!["https://x.example/a?b=1&c=2".to_owned()], vec![id()]));
    }

    #[test]
    fn what_runs_fetches_or_lies_elsewhere_is_left_out() {
        for (html, expected) in [
            ("<script>x</script><p onclick=x>a</p>", "<p>a</p>"),
            ("<a href=\"javascript:x\">a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>"),
            ("<img alt=\"a\" src=\"http://x.example/a.png\">", "<img alt=\"a\">"),
            ("<img alt=\"a\" src=\"/api/v1/attachments/../users\">", "<img alt=\"a\">"),
            ("<img alt=\"data-part=&quot;0&quot;\">", "<img alt=\"data-part=&quot;0&quot;\">"),
            ("<p style=\"background:url(https://x.example/a)\">a</p>", "<p>a</p>"),
            ("<img alt=\"a\" data-part=\"7\">", "<img alt=\"a\">"),
        ] {
            assert_eq!(clean(html).unwrap().html.trim_end(), expected, "{html}");
        }
    }

    #[test]
    fn a_quote_names_files_of_the_mail_that_it_quotes() {
        let html = Html {
            html: "<p data-background=\"0\">x <img data-part=\"1\"><img data-part=\"0\" alt=\"b\"><img data-remote=\"0\"></p>"
                .to_owned(),
            remote: vec!["https://x.example/a.png".to_owned()],
        };
        let quote = quotable(&html, &[None, Some(id())]);
        assert_eq!(quote, format!("<p>x <img src=\"{FILE}{ID}\"><img alt=\"b\"><img src=\"https://x.example/a.png\"></p>"));
    }

    proptest! {
        #[test]
        fn cleaning_again_changes_nothing(pieces in proptest::collection::vec(0..12_usize, 0..16)) {
            let all = [
                format!("<img src=\"{FILE}{ID}\">"), format!("<img data-part=\"{ID}\" alt=x>"), "<img src=https://x.example/a.png alt=>".to_owned(),
                "<img data-part=0>".to_owned(), "data-part=\"0\" ".to_owned(), "<p style=\"color:red\">".to_owned(), "<a title='a \" data-part=\"'>".to_owned(), "</p>".to_owned(),
                "<blockquote data-fold=quote>".to_owned(), "<table><td background=https://x.example/b>".to_owned(), format!("data-part=\"{ID}\""), "<img title='data-remote=\"0\"' src=//x>".to_owned(),
            ];
            let html: String = pieces.iter().map(|n| all[*n].as_str()).collect();
            if let Some(once) = clean(&html) {
                prop_assert_eq!(clean(&once.html), Some(once));
            }
        }
    }
}
