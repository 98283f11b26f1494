//! HTML that our people wrote: the same cleaner as for what customers write, with pictures that name where they lie.

use std::collections::HashMap;

use super::html;
use crate::{domain::file::is_control, ids::AttachmentId};

/// Where the file of a picture lies; the id follows.
pub const FILE: &str = "/api/v1/attachments/";

/// HTML that can be kept and sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// Pictures are files of ours ([`FILE`]) or `https`.
    pub html: String,
    /// The files that it shows, each once, in order.
    pub files: Vec<AttachmentId>,
}

/// Makes HTML clean; none when it does not come to rest. Cleaning it again changes nothing.
pub fn clean(html: &str) -> Option<Ours> {
    let files = html::own_pictures(html);
    let parts: HashMap<String, usize> = files.iter().enumerate().map(|(n, id)| (address(*id), n)).collect();
    let clean = html::sanitise(html, &parts, files.len());
    let source = |key: &str, number: usize| match key {
        "data-part" => files.get(number).map(|id| address(*id)),
        _ => clean.remote.get(number).filter(|address| address.starts_with("https://")).cloned(),
    };
    let mut html = html::with_sources(&clean.html?, &source);
    html.retain(|character| matches!(character, '\n' | '\t') || !is_control(character));
    // What is left of them: a number that somebody wrote may name one that stood where it does not count.
    Some(Ours { files: html::own_pictures(&html), html })
}

/// Where this file lies.
pub fn address(id: AttachmentId) -> String {
    format!("{FILE}{id}")
}

/// What HTML says.
pub fn text(html: &str) -> String {
    html::text(html)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::html::tests::{PIECES, assert_safe_but},
        *,
    };

    const ID: &str = "/api/v1/attachments/01900000-0000-7000-8000-000000000001";

    fn cleaned(html: &str) -> String {
        clean(html).unwrap().html
    }

    #[test]
    fn what_was_written_with_the_editor_stays_as_it_is() {
        for same in [
            "<h1>Hola ${name|cliente}</h1><p><strong>a</strong> <em>b</em> <u>c</u> <s>d</s><br>e</p>",
            "<ul><li><p>a</p></li></ul><ol><li><p>b</p></li></ol><blockquote><p>c</p></blockquote>",
            "<p><a href=\"https://x.example/?n=${name}&amp;a=1\">x</a> <a href=\"mailto:${email}\">y</a></p>",
            "<p>{{7*7}} ${7*7} {% x %} 50 % de %x%</p>",
        ] {
            assert_eq!(cleaned(same), same);
        }
        let picture = format!("<p><img src=\"{ID}\" alt=\"Logo\"></p>");
        assert_eq!(cleaned(&picture), picture);
        assert_eq!(clean(&picture).unwrap().files, [AttachmentId::from_u128(0x01900000_0000_7000_8000_000000000001)]);
    }

    #[test]
    fn every_picture_that_is_shown_is_told_of() {
        let html = format!("<template><img src=\"{ID}\"></template><img data-part=0>");
        let Ours { html, files } = clean(&html).unwrap();
        assert_eq!((html, files.len()), (format!("<img src=\"{ID}\">"), 1));
    }

    #[test]
    fn what_runs_or_comes_from_anywhere_is_left_out() {
        for (html, kept) in [
            ("<script>x</script><p onclick=x>a</p>", "<p>a</p>"),
            ("<a href=\"javascript:x\">a</a><a href=\"${link}\">b</a>", "<a>a</a><a>b</a>"),
            ("<img src=\"http://x.example/a.png\">", ""),
            ("<img src=\"http://x.example/a.png\" alt=\"a\">", "<img alt=\"a\">"),
            ("<img src=\"https://x.example/a.png\">", "<img src=\"https://x.example/a.png\">"),
            ("<img src=\"/api/v1/attachments/../users\">", ""),
            ("<img data-part=\"0\"><img data-remote=\"7\">", ""),
            ("<p data-fold=\"quote\" style=\"background:url(https://x.example/a)\">a</p>", "<p>a</p>"),
            ("<p>a\u{202e}b&#x202e;c\u{0}</p>", "<p>abc</p>"),
            ("<p> data-part=\"0\"</p>", "<p> data-part=\"0\"</p>"),
        ] {
            assert_eq!(cleaned(html), kept, "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn cleaning_again_changes_nothing(pieces in proptest::collection::vec(0..PIECES.len() + 3, 0..24)) {
            let own = [format!("<img src=\"{ID}\">"), "<img src=https://x.example/a.png alt=>".to_owned(), "<img data-part=0>".to_owned()];
            let html: String = pieces.iter().map(|n| PIECES.get(*n).copied().unwrap_or_else(|| &own[*n - PIECES.len()])).collect();
            let once = clean(&html);
            if let Some(once) = once {
                assert_safe_but(&once.html, &["src"]);
                prop_assert_eq!(clean(&once.html), Some(once));
            }
        }
    }
}
