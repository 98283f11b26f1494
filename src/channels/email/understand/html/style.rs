//! The `style` attribute: properties that shape text and boxes, with values that can fetch and cover nothing.

/// Properties kept.
const ALLOWED: [&str; 62] = [
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "clear",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];
const MAX_VALUE_BYTES: usize = 200;
const MAX_PROPERTIES: usize = 60;

/// What is kept of a style, and what it would have fetched.
pub(super) struct Style {
    pub(super) kept: String,
    pub(super) pictures: Vec<String>,
}

/// Cleans a style. Cleaning it again changes nothing.
pub(super) fn clean(style: &str) -> Style {
    let (mut kept, mut pictures) = (String::new(), Vec::new());
    for (name, value) in declarations(style).into_iter().take(MAX_PROPERTIES) {
        if name == "background" || name == "background-image" {
            pictures.extend(url(value));
            // The rest of `background` is a colour often enough.
            if name == "background" && is_harmless("background-color", value) && !value.contains(' ') {
                add(&mut kept, "background-color", value);
            }
        } else if ALLOWED.contains(&name.as_str()) && is_harmless(&name, value) {
            add(&mut kept, &name, value);
        }
    }
    Style { kept, pictures }
}

fn add(kept: &mut String, name: &str, value: &str) {
    if !kept.is_empty() {
        kept.push(';');
    }
    kept.push_str(name);
    kept.push(':');
    kept.push_str(value);
}

/// Split at `;` outside quotes and brackets.
fn declarations(style: &str) -> Vec<(String, &str)> {
    let (mut found, mut start, mut quote, mut depth) = (Vec::new(), 0, None, 0_u32);
    let push = |piece: &'_ str, found: &mut Vec<(String, (usize, usize))>, at: usize| {
        if let Some((name, value)) = piece.split_once(':') {
            let lead = piece.len() - value.len();
            found.push((name.trim().to_ascii_lowercase(), (at + lead, at + piece.len())));
        }
    };
    for (at, byte) in style.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'(', None) => depth += 1,
            (b')', None) => depth = depth.saturating_sub(1),
            (b';', None) if depth == 0 => {
                push(style.get(start..at).unwrap_or_default(), &mut found, start);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(style.get(start..).unwrap_or_default(), &mut found, start);
    found.into_iter().map(|(name, (from, to))| (name, style.get(from..to).unwrap_or_default().trim())).collect()
}

/// No function but colours, no escapes, nothing that leaves its place.
fn is_harmless(name: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_plain = |c: char| c.is_alphanumeric() || " #%.,-+!'\"()".contains(c);
    if value.is_empty() || value.len() > MAX_VALUE_BYTES || !lower.chars().all(is_plain) || lower.contains("url") {
        return false;
    }
    let quotes = |quote: char| lower.matches(quote).count().is_multiple_of(2);
    let calls_only_colours = lower.split('(').rev().skip(1).all(|before| {
        ["rgb", "rgba", "hsl", "hsla"].contains(&before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
    });
    let is_negative = (name.starts_with("margin") || name == "text-indent" || name == "letter-spacing")
        && lower.split_whitespace().any(|word| word.starts_with('-'));
    quotes('"') && quotes('\'') && lower.matches('(').count() == lower.matches(')').count() && calls_only_colours && !is_negative
}

/// The address in `url(…)`.
fn url(value: &str) -> Option<String> {
    let at = value.to_ascii_lowercase().find("url(")?;
    let inside = value.get(at + 4..)?.split(')').next()?;
    Some(inside.trim().trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shapes_text_stays_and_what_fetches_or_covers_goes() {
        for (given, kept) in [
            ("color:red", "color:red"),
            ("Color : RED ; font-family: 'Open Sans', \"Arial\"", "color:RED;font-family:'Open Sans', \"Arial\""),
            ("color:rgb(1, 2, 3);margin:0 auto", "color:rgb(1, 2, 3);margin:0 auto"),
            ("background:url(http://x/a);color:red", "color:red"),
            ("background:#fff", "background-color:#fff"),
            ("background-image:url('data:x;y')", ""),
            ("position:fixed;top:0;z-index:9", ""),
            ("width:expression(alert(1))", ""),
            ("color:r\\65 d", ""),
            ("color:red/*;*/;width:1px", "width:1px"),
            ("margin:-100px;margin-left:-1em", ""),
            ("font-family:'a;color:red", ""),
            ("list-style-type:url(x)", ""),
            ("color:var(--x);width:calc(1px)", ""),
            ("behavior:x;-moz-binding:y;@import:z", ""),
            ("", ""),
        ] {
            assert_eq!(clean(given).kept, kept, "{given}");
            assert_eq!(clean(kept).kept, kept, "again: {given}");
        }
        assert_eq!(clean("background: #fff url( 'http://x/a.png' ) no-repeat").pictures, ["http://x/a.png"]);
    }
}
