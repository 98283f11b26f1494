//! Texts with gaps: `%name%`, `${name}`, `${name|there}`. Known names only, put in once and as they are: whatever else looks like a
//! gap stays as it stands, also within what was put in. `web/lib/template.ts` is the same in the browser; both are tested with
//! `web/lib/template.vectors.json`.

/// What can stand in the gaps; a field that is empty is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// The customer's name.
    pub name: &'a str,
    /// The agent's name.
    pub agent: &'a str,
    /// The campaign's name.
    pub campaign: &'a str,
}

impl<'a> Values<'a> {
    /// None for what is no gap.
    fn get(&self, name: &str) -> Option<&'a str> {
        match name {
            "name" => Some(self.name),
            "agent" => Some(self.agent),
            "campaign" => Some(self.campaign),
            _ => None,
        }
    }
}

/// The text with its gaps filled. A gap without a value disappears, or shows what stands behind its `|`.
pub fn render<'a>(template: &'a str, values: &Values<'a>) -> String {
    render_with(template, |name| values.get(name))
}

/// As [`render`], with other names: `value` knows none for what is no gap.
pub fn render_with<'a>(template: &'a str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['%', '$']) {
        let (before, gap) = rest.split_at(at);
        text.push_str(before);
        if let Some((filling, after)) = fill(gap, &value) {
            text.push_str(filling.text());
            rest = after;
        } else {
            let (sign, after) = gap.split_at(1);
            text.push_str(sign);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// What is put into a gap.
enum Filling<'a> {
    /// From outside.
    Value(&'a str),
    /// Of the template itself.
    Fallback(&'a str),
}

impl<'a> Filling<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Value(text) | Self::Fallback(text) => text,
        }
    }
}

/// What stands in the gap at the beginning of `text`, and what follows it.
fn fill<'a>(text: &'a str, value: impl Fn(&str) -> Option<&'a str>) -> Option<(Filling<'a>, &'a str)> {
    let (Gap { name, fallback }, after) = gap(text)?;
    let value = value(name)?;
    Some((if value.is_empty() { Filling::Fallback(fallback) } else { Filling::Value(value) }, after))
}

/// A gap as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap<'a> {
    /// What it asks for.
    pub name: &'a str,
    /// What stands there for the unknown; empty = nothing.
    pub fallback: &'a str,
}

/// The longest gap, in bytes: a text of nothing but their beginnings is read in good time.
const MAX_GAP: usize = 16 * 1024;

/// What may be a gap at the beginning of `text`, and what follows it.
fn gap(text: &str) -> Option<(Gap<'_>, &str)> {
    if let Some(inside) = text.strip_prefix('%') {
        let (name, after) = inside.split_once('%')?;
        return Some((Gap { name, fallback: "" }, after));
    }
    let from = text.strip_prefix("${")?;
    let within = from.get(..from.floor_char_boundary(MAX_GAP)).unwrap_or(from);
    let (inside, rest) = from.split_at(within.find('}')?);
    let (name, fallback) = inside.split_once('|').unwrap_or((inside, ""));
    Some((Gap { name, fallback }, rest.strip_prefix('}')?))
}

/// The gaps of a text: those that are known, and those in braces that have a name.
pub fn gaps(text: &str, is_known: impl Fn(&str) -> bool) -> Vec<Gap<'_>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['%', '$']) {
        let from = rest.get(at..).unwrap_or_default();
        let counts = |gap: &Gap<'_>| is_known(gap.name) || (from.starts_with('$') && is_name(gap.name));
        match gap(from).filter(|(gap, _)| counts(gap)) {
            Some((gap, after)) => {
                found.push(gap);
                rest = after;
            }
            None => rest = from.get(1..).unwrap_or_default(),
        }
    }
    found
}

/// Whether somebody can have meant this as a name: a letter, then letters, digits, `_`, `-` and `.`.
pub fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.starts_with(char::is_alphabetic) && text.chars().all(is_part) && text.chars().count() <= 60
}

/// The most that HTML grows to, in bytes: gaps beyond stay empty.
const MAX_RENDERED: usize = 1024 * 1024;

/// Clean HTML with its gaps filled: those of its text, of `alt` and `title`, and those in braces of links, where what is put in is one
/// part of an address and never its scheme. Nowhere else. What is put in is escaped, so it stays text.
pub fn render_html<'a>(html: &'a str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut written = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        put_in(text, &value, &mut written, in_text, true);
        let (tag, after) = from.split_at(tag_end(from));
        render_tag(tag, &value, &mut written);
        rest = after;
    }
    put_in(rest, &value, &mut written, in_text, true);
    written
}

/// Behind the tag that begins here. A `>` between quotes does not end it.
pub fn tag_end(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

fn render_tag<'a>(tag: &'a str, value: &impl Fn(&str) -> Option<&'a str>, into: &mut String) {
    let mut rest = tag;
    while let Some(at) = rest.find("=\"") {
        let (before, from) = rest.split_at(at + 2);
        into.push_str(before);
        let (inside, after) = from.split_at(from.find('"').unwrap_or(from.len()));
        let name = before.trim_end_matches("=\"").rsplit(char::is_whitespace).next().unwrap_or_default();
        match name {
            "alt" | "title" => put_in(inside, value, into, in_attribute, true),
            "href" if has_scheme(inside) => put_in(inside, value, into, in_address, false),
            _ => into.push_str(inside),
        }
        // The closing quote is passed over with what follows it.
        let (quote, after) = after.split_at(after.len().min(1));
        into.push_str(quote);
        rest = after;
    }
    into.push_str(rest);
}

/// Whether an address says itself how it is opened, before any gap.
fn has_scheme(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel"))
}

/// Fills the gaps of a part of HTML; `percent` says whether `%name%` is one here.
fn put_in<'a>(
    part: &'a str,
    value: &impl Fn(&str) -> Option<&'a str>,
    into: &mut String,
    escape: fn(char, &mut String),
    percent: bool,
) {
    let mut rest = part;
    while let Some(at) = rest.find(['%', '$']) {
        let (before, from) = rest.split_at(at);
        into.push_str(before);
        match fill(from, value).filter(|_| percent || from.starts_with('$')) {
            Some((filling, after)) => {
                match filling {
                    _ if into.len() + filling.text().len() > MAX_RENDERED => {}
                    Filling::Value(text) => text.chars().for_each(|character| escape(character, into)),
                    // Part of the HTML already.
                    Filling::Fallback(text) => into.push_str(text),
                }
                rest = after;
            }
            None => {
                let (sign, after) = from.split_at(1);
                into.push_str(sign);
                rest = after;
            }
        }
    }
    into.push_str(rest);
}

fn in_text(character: char, into: &mut String) {
    match character {
        '\n' => into.push_str("<br>"),
        other => in_attribute(other, into),
    }
}

fn in_attribute(character: char, into: &mut String) {
    match character {
        '&' => into.push_str("&amp;"),
        '<' => into.push_str("&lt;"),
        '>' => into.push_str("&gt;"),
        '"' => into.push_str("&quot;"),
        '\'' => into.push_str("&#39;"),
        '\n' => into.push(' '),
        other => into.push(other),
    }
}

/// One part of an address (RFC 3986): nothing in it leads anywhere else.
fn in_address(character: char, into: &mut String) {
    if character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~' | '@') {
        into.push(character);
        return;
    }
    let mut bytes = [0; 4];
    for byte in character.encode_utf8(&mut bytes).bytes() {
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0').to_ascii_uppercase();
        into.extend(['%', digit(byte >> 4), digit(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        template: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        agent: String,
        #[serde(default)]
        campaign: String,
        text: String,
    }

    #[test]
    fn the_browser_and_the_server_fill_gaps_alike() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../web/lib/template.vectors.json")).unwrap();
        assert!(vectors.len() > 20);
        for Vector { template, name, agent, campaign, text } in vectors {
            assert_eq!(render(&template, &Values { name: &name, agent: &agent, campaign: &campaign }), text, "{template}");
        }
    }

    const PUT: &str = "<i>\"'&${agent}%agent%{{7*7}}\n";

    fn html(template: &str) -> String {
        render_html(template, |name| match name {
            "name" => Some(PUT),
            "agent" => Some("Ana"),
            "link" => Some("javascript:alert(1)"),
            "none" => Some(""),
            _ => None,
        })
    }

    #[test]
    fn what_is_put_into_html_stays_text() {
        const SHOWN: &str = "&lt;i&gt;&quot;&#39;&amp;${agent}%agent%{{7*7}}";
        assert_eq!(html("<p>%name%</p>"), format!("<p>{SHOWN}<br></p>"));
        assert_eq!(html("<p title=\"${name}\">x</p>"), format!("<p title=\"{SHOWN} \">x</p>"));
        assert_eq!(html("<p>${none|a &amp; b} ${agent}</p>"), "<p>a &amp; b Ana</p>");
        // A gap goes over no tag.
        assert_eq!(html("<p>${ag<b>ent}</b></p>"), "<p>${ag<b>ent}</b></p>");
    }

    #[test]
    fn what_is_put_into_an_address_leads_nowhere_else() {
        assert_eq!(
            html("<a href=\"https://x.example/?n=${name}\">x</a>"),
            "<a href=\"https://x.example/?n=%3Ci%3E%22%27%26%24%7Bagent%7D%25agent%25%7B%7B7%2A7%7D%7D%0A\">x</a>"
        );
        for same in [
            "<a href=\"${link}\">x</a>",
            "<a href=\"${link}:https:x\">x</a>",
            "<a href=\"https://x.example/%name%\">x</a>",
            "<p style=\"color:${agent}\" id=\"${agent}\" ${agent}>x</p>",
            "<${agent}>x</${agent}>",
            "<p>{{7*7}} ${7*7} {% include %} 50 % de %x%</p>",
        ] {
            assert_eq!(html(same), same);
        }
        assert_eq!(html("<a href=\"https://${link}\">x</a>"), "<a href=\"https://javascript%3Aalert%281%29\">x</a>");
    }

    #[test]
    fn a_text_of_beginnings_is_read_in_good_time() {
        let text = "${".repeat(50_000);
        assert_eq!(render_html(&text, |_| Some("x")), text);
        assert_eq!(gaps(&text, |_| true), []);
    }

    #[test]
    fn html_does_not_grow_without_end() {
        let long = "x".repeat(1_000);
        let template = "%name%".repeat(10_000);
        let grown = render_html(&template, |name| (name == "name").then_some(long.as_str()));
        assert!(grown.len() <= MAX_RENDERED, "{}", grown.len());
    }

    proptest! {
        #[test]
        fn values_bring_no_markup_wherever_they_stand(value in "[<>\"'&%${}a-z:/=\n ]{0,30}", template in "(<p title=\"%name%\">|<a href=\"https://x/\\$\\{name\\}\">|%name%|\\$\\{name\\}|[a-z ]|</p>|</a>){0,12}") {
            let count = |html: &str, sign: char| html.chars().filter(|c| *c == sign).count();
            let filled = render_html(&template, |name| (name == "name").then_some(value.as_str()));
            let without = filled.replace("<br>", "");
            for sign in ['<', '>', '"'] {
                prop_assert_eq!(count(&without, sign), count(&template, sign), "{}", filled);
            }
        }

        #[test]
        fn nothing_that_was_put_in_is_looked_at_again(name in "[%${}|a-z]{0,20}") {
            let values = Values { name: &name, agent: "Ana", campaign: "Sales" };
            let expected = if name.is_empty() { "<x>".to_owned() } else { format!("<{name}>") };
            prop_assert_eq!(render("<${name|x}>", &values), expected);
            prop_assert_eq!(render("<%name%>", &values), format!("<{name}>"));
        }

        #[test]
        fn a_text_without_known_names_stays_as_it_is(text in "[%${}|0-9x \\n]{0,60}|[^%$]{0,60}") {
            prop_assert_eq!(render(&text, &Values { name: "Luz", ..Values::default() }), text);
        }
    }
}
