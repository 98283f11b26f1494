//! What comes out is read by a parser of its own (html5ever into a tree) and looked through.

use std::collections::HashMap;

use ammonia::Url;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

use super::*;

/// Attributes that fetch, send or run.
const NEVER: [&str; 17] = [
    "src",
    "srcset",
    "background",
    "action",
    "formaction",
    "poster",
    "data",
    "codebase",
    "cite",
    "longdesc",
    "usemap",
    "profile",
    "ping",
    "xlink:href",
    "srcdoc",
    "lowsrc",
    "class",
];

/// Nothing in it runs, fetches or leaves its place.
pub(in super::super) fn assert_safe(html: &str) {
    assert_safe_but(html, &[]);
}

/// The same, with attributes that may stand here all the same.
pub(in super::super) fn assert_safe_but(html: &str, allowed: &[&str]) {
    let dom = parsed(html);
    let mut stack: Vec<(Handle, usize)> = vec![(dom.document.clone(), 0)];
    while let Some((node, depth)) = stack.pop() {
        assert!(depth < 140, "too deep");
        stack.extend(node.children.borrow().iter().map(|child| (child.clone(), depth + 1)));
        let NodeData::Element { name, attrs, .. } = &node.data else {
            assert!(!matches!(node.data, NodeData::Comment { .. }), "{html}");
            continue;
        };
        let tag = &*name.local;
        assert!(balance::TAGS.contains(&tag) || ["html", "head", "body"].contains(&tag), "<{tag}> in {html}");
        assert_eq!(&*name.ns, "http://www.w3.org/1999/xhtml", "{html}");
        for attribute in attrs.borrow().iter() {
            let (key, value) = (&*attribute.name.local, attribute.value.to_string());
            let lower = value.to_lowercase();
            let never = NEVER.contains(&key) && !allowed.contains(&key);
            assert!(!key.starts_with("on") && !never, "{key} in {html}");
            match key {
                "href" => {
                    let scheme = Url::parse(&value).map(|url| url.scheme().to_owned());
                    let is_known = scheme.is_ok_and(|scheme| ["http", "https", "mailto", "tel"].contains(&scheme.as_str()));
                    assert!(is_known || value.starts_with("#m-"), "{value} in {html}");
                }
                "style" => {
                    let is_harmless = ["url", "expression", "@", "\\", "/*", "position", "javascript", "<"]
                        .iter()
                        .all(|bad| !lower.contains(bad));
                    assert!(is_harmless, "{value} in {html}");
                }
                "id" => assert!(value.starts_with("m-"), "{value} in {html}"),
                _ => assert!(!lower.contains("javascript:"), "{key}={value} in {html}"),
            }
        }
    }
}

fn parsed(html: &str) -> RcDom {
    use html5ever::tendril::TendrilSink;
    html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(html)
}

fn safe(html: &str) -> String {
    sanitise(html, &HashMap::new(), 0).html.unwrap_or_default()
}

#[test]
fn what_is_written_stays_readable() {
    for (html, kept) in [
        ("<p>Hola <b>Ana</b></p>", "<p>Hola <b>Ana</b></p>"),
        ("<font color=red size=2>x</font>", "<font color=\"red\" size=\"2\">x</font>"),
        (
            "<a href='https://x.example/?a=1&b=2'>x</a>",
            "<a href=\"https://x.example/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">x</a>",
        ),
        ("<a href=\"#a\">x</a><p id=a>y</p>", "<a href=\"#m-a\" rel=\"noopener noreferrer nofollow\">x</a><p id=\"m-a\">y</p>"),
        ("<img src=http://x/a.png alt=logo>", "<img data-remote=\"0\" alt=\"logo\">"),
        ("<button>Pagar</button><form>x<input></form>", "Pagarx"),
        ("<p>uno<p>dos", "<p>uno</p><p>dos</p>"),
        ("a &lt;script&gt; b", "a &lt;script&gt; b"),
    ] {
        assert_eq!(safe(html), kept, "{html}");
    }
}

/// Pieces of known attacks and of ordinary mails, to be put together in any order.
pub(in super::super) const PIECES: [&str; 64] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<mtext>",
    "<mglyph>",
    "<style>",
    "</style>",
    "<title>",
    "</title>",
    "<noscript>",
    "</noscript>",
    "<template>",
    "</template>",
    "<select>",
    "</select>",
    "<option>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "<caption>",
    "<colgroup>",
    "<col>",
    "</td>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<i>",
    "<a href=javascript:alert(1)>",
    "<a href=\"https://x.example\">",
    "</a>",
    "<blockquote type=cite>",
    "</blockquote>",
    "<ul>",
    "<li>",
    "</ul>",
    "<dl><dt>",
    "<dd>",
    "<h1>",
    "<h2>",
    "</h1>",
    "<pre>",
    "\n",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<textarea>",
    "</textarea>",
    "<div style=\"background:url(http://x/y);color:red\" id=x>",
    "<font color=red>",
    "</font>",
    "<form action=//x>",
    "<base href=//x>",
    "text & <more",
    "<hr>",
    "<br>",
    "<img src=\"cid:x\">",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_put_together_is_safe_and_comes_to_rest(pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let html: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let once = sanitise(&html, &HashMap::new(), 0);
        prop_assert!(once.html.is_some(), "does not come to rest: {}", html);
        let once = once.html.unwrap();
        assert_safe(&once);
        prop_assert_eq!(safe(&once), once);
    }

    #[test]
    fn noise_is_safe(html in "[<>/a-d=\"' &;#!-]{0,200}|\\PC{0,200}") {
        let once = safe(&html);
        assert_safe(&once);
        prop_assert_eq!(safe(&once), once);
        let _ = text(&html);
    }
}
