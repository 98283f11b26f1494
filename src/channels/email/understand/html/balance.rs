//! HTML written anew: known elements and attributes only, everything closed, nothing deeper than allowed, and every reference to
//! the world outside taken out and listed.
//!
//! Ammonia alone is not enough here: its parser's time grows with the square of the depth and of what stands in the wrong place of
//! a table, and it knows nothing of `cid:`, of remote pictures and of quotes. What it gets from here is small and well-formed.

use std::collections::{BTreeSet, HashMap};

use super::{
    super::bounds::{Cut, MAX_DATA_PICTURES, MAX_HTML_DEPTH, MAX_REMOTE, MAX_REMOTE_BYTES},
    style,
    tokens::{Token, decoded, without},
};
use crate::domain::file::sniff;

/// Elements kept.
pub(super) const TAGS: [&str; 72] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
    "time",
    "nav",
    "summary",
    "details",
];
/// Elements that go with everything in them; those without HTML in them are passed over already.
const GONE: [&str; 13] = [
    "svg",
    "math",
    "select",
    "object",
    "applet",
    "video",
    "audio",
    "canvas",
    "template",
    "frameset",
    "datalist",
    "noscript",
    "selectedcontent",
];
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];
/// Elements that begin a paragraph's end.
const BLOCKS: [&str; 28] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "div",
    "dl",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];
const PHRASES: [&str; 26] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "u",
];
/// Attributes kept on every element, as they are.
pub(super) const ATTRIBUTES: [&str; 17] = [
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "color",
    "colspan",
    "dir",
    "face",
    "height",
    "lang",
    "rowspan",
    "size",
    "title",
    "valign",
    "width",
];
/// Put before ids, so that they meet none of the page's.
pub(super) const ID_PREFIX: &str = "m-";
const MAX_ATTRIBUTE_CHARACTERS: usize = 500;

/// What is written.
#[derive(Default)]
pub(super) struct Balanced {
    pub(super) html: String,
    /// Addresses of remote pictures, each once.
    pub(super) remote: Vec<String>,
    /// Pictures that stood in the HTML itself.
    pub(super) pictures: Vec<Vec<u8>>,
    /// Files that it shows.
    pub(super) shown: BTreeSet<usize>,
    pub(super) cuts: Vec<Cut>,
}

/// Writes HTML anew. `parts` says which file a content id names, `next_part` which number the first picture within the HTML gets.
pub(super) fn balanced(html: &str, parts: &HashMap<String, usize>, next_part: usize) -> Balanced {
    let mut balancer = Balancer { parts, next_part, open: Vec::new(), known: HashMap::new(), done: Balanced::default() };
    for token in without(html, &GONE) {
        match token {
            Token::Text(text) => balancer.text(&decoded(text)),
            Token::Start(name, attributes) => balancer.start(&name, &attributes),
            Token::End(name) => balancer.end(&name),
        }
    }
    balancer.close_to(0);
    balancer.done
}

struct Balancer<'a> {
    parts: &'a HashMap<String, usize>,
    next_part: usize,
    open: Vec<&'static str>,
    /// Remote addresses and their numbers.
    known: HashMap<String, usize>,
    done: Balanced,
}

impl Balancer<'_> {
    fn text(&mut self, text: &str) {
        if text.chars().all(char::is_whitespace) {
            if !self.is_between_cells() {
                self.done.html.push_str(text);
            }
            return;
        }
        self.enter_cell();
        escape(text, &mut self.done.html);
    }

    fn is_between_cells(&self) -> bool {
        matches!(self.open.last(), Some(&("table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup")))
    }

    /// Text and elements straight in a table or a row get a cell: browsers would put them before the table, one by one.
    fn enter_cell(&mut self) {
        if self.open.last() == Some(&"colgroup") {
            self.close_to(self.open.len() - 1);
        }
        if matches!(self.open.last(), Some(&("table" | "tbody" | "thead" | "tfoot"))) {
            self.push("tr", "");
        }
        if self.open.last() == Some(&"tr") {
            self.push("td", "");
        }
    }

    fn start(&mut self, name: &str, attributes: &[(String, String)]) {
        let Some(name) = TAGS.iter().find(|known| **known == name) else { return };
        if !self.make_place(name) {
            return;
        }
        if self.open.len() >= MAX_HTML_DEPTH {
            self.cut(Cut::HtmlDepth);
            return;
        }
        let attributes = self.attributes(name, attributes);
        let is_nothing = *name == "img" && !["alt=", "data-part=", "data-remote="].iter().any(|key| attributes.contains(key));
        if !is_nothing {
            self.push(name, &attributes);
        }
    }

    /// Closes what this element ends; false when it cannot stand here.
    fn make_place(&mut self, name: &str) -> bool {
        match name {
            "tr" | "tbody" | "thead" | "tfoot" | "caption" | "colgroup" | "td" | "th" | "col" => {
                let Some(table) = self.open.iter().rposition(|open| *open == "table") else { return false };
                let kept = match name {
                    "td" | "th" => self.open.iter().rposition(|open| *open == "tr").filter(|row| *row > table),
                    "tr" => {
                        let is_group = |open: &&str| matches!(*open, "tbody" | "thead" | "tfoot");
                        self.open.iter().rposition(is_group).filter(|group| *group > table)
                    }
                    "col" => self.open.iter().rposition(|open| *open == "colgroup").filter(|group| *group > table),
                    _ => None,
                };
                self.close_to(kept.unwrap_or(table) + 1);
                if matches!(name, "td" | "th") && kept.is_none() {
                    self.push("tr", "");
                }
                return true;
            }
            _ => {}
        }
        self.enter_cell();
        match name {
            "li" => self.end_within(&["li"], &["ul", "ol"]),
            "dd" | "dt" => self.end_within(&["dd", "dt"], &["dl"]),
            "a" => self.end_within(&["a"], &[]),
            _ => {}
        }
        if BLOCKS.contains(&name) || matches!(name, "li" | "dd" | "dt") {
            let paragraph = self.open.iter().rposition(|open| !PHRASES.contains(open));
            if let Some(at) = paragraph.filter(|at| self.open.get(*at) == Some(&"p")) {
                self.close_to(at);
            }
        }
        true
    }

    /// Closes the innermost of some elements, unless a wall comes first.
    fn end_within(&mut self, names: &[&str], walls: &[&str]) {
        let is_wall = |open: &&str| walls.contains(open) || matches!(*open, "td" | "th" | "table" | "caption");
        let wall = self.open.iter().rposition(is_wall);
        let found = self.open.iter().rposition(|open| names.contains(open));
        if let Some(at) = found.filter(|at| wall.is_none_or(|wall| *at > wall)) {
            self.close_to(at);
        }
    }

    fn push(&mut self, name: &'static str, attributes: &str) {
        self.done.html.push('<');
        self.done.html.push_str(name);
        self.done.html.push_str(attributes);
        self.done.html.push('>');
        if !VOID.contains(&name) {
            self.open.push(name);
        }
    }

    fn end(&mut self, name: &str) {
        // Browsers read `</br>` as `<br>`.
        if name == "br" {
            return self.start("br", &[]);
        }
        let is_of_table = matches!(name, "table" | "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "caption");
        let wall = self.open.iter().rposition(|open| matches!(*open, "td" | "th" | "table" | "caption"));
        let found = self.open.iter().rposition(|open| *open == name);
        if let Some(at) = found.filter(|at| is_of_table || wall.is_none_or(|wall| *at > wall)) {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(name) = self.open.pop() else { return };
            self.done.html.push_str("</");
            self.done.html.push_str(name);
            self.done.html.push('>');
        }
    }

    fn cut(&mut self, cut: Cut) {
        if !self.done.cuts.contains(&cut) {
            self.done.cuts.push(cut);
        }
    }

    fn attributes(&mut self, name: &str, attributes: &[(String, String)]) -> String {
        let mut written = String::new();
        let mut write = |key: &str, value: &str| {
            written.push(' ');
            written.push_str(key);
            written.push_str("=\"");
            escape(value, &mut written);
            written.push('"');
        };
        let of = |key: &str| attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        if let Some(fold) = fold(name, &of) {
            write("data-fold", fold);
        }
        let mut background = None;
        for (key, value) in attributes {
            let value = value.trim();
            match key.as_str() {
                "href" if name == "a" => {
                    if let Some(link) = link(value) {
                        write("href", &link);
                    }
                }
                "src" if name == "img" => {
                    if let Some((key, number)) = self.picture(value) {
                        write(key, &number.to_string());
                    }
                }
                "data-remote" | "data-part" if name == "img" && is_number(value) && of("src").is_none() => write(key, value),
                "data-background" if is_number(value) => write(key, value),
                "background" => background = self.remote(value),
                "id" | "name" if key == "id" || name == "a" => {
                    if let Some(id) = id(value) {
                        write("id", &id);
                    }
                }
                "style" => {
                    let style = style::clean(value);
                    if let Some(number) = style.pictures.iter().find_map(|address| self.remote(address)) {
                        background = Some(number);
                    }
                    if !style.kept.is_empty() {
                        write("style", &style.kept);
                    }
                }
                key if ATTRIBUTES.contains(&key) => {
                    write(key, super::super::clean::cut(&super::super::clean::line(value), MAX_ATTRIBUTE_CHARACTERS));
                }
                _ => {}
            }
        }
        if let Some(number) = background.filter(|_| of("data-background").is_none()) {
            write("data-background", &number.to_string());
        }
        written
    }

    /// Where a picture comes from: a file of the mail, or the world outside.
    fn picture(&mut self, source: &str) -> Option<(&'static str, usize)> {
        let scheme = source.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match scheme.as_str() {
            "cid" => {
                let part = *self.parts.get(&cid(source.get(4..)?))?;
                self.done.shown.insert(part);
                Some(("data-part", part))
            }
            "data" => self.data_picture(source).map(|part| ("data-part", part)),
            _ => match self.parts.get(&cid(source)) {
                Some(part) => {
                    self.done.shown.insert(*part);
                    Some(("data-part", *part))
                }
                None => self.remote(source).map(|number| ("data-remote", number)),
            },
        }
    }

    fn data_picture(&mut self, source: &str) -> Option<usize> {
        let (head, data) = source.split_once(',')?;
        if self.done.pictures.len() >= MAX_DATA_PICTURES || !head.to_ascii_lowercase().ends_with(";base64") {
            return None;
        }
        let bytes = super::super::charset::carried(data.as_bytes(), Some("base64"));
        if !sniff(&bytes).starts_with("image/") {
            return None;
        }
        self.done.pictures.push(bytes);
        Some(self.next_part + self.done.pictures.len() - 1)
    }

    /// The number of a remote address. Only what a proxy can fetch counts.
    fn remote(&mut self, address: &str) -> Option<usize> {
        let address: String = address.chars().filter(|c| !c.is_control()).collect();
        let address = if address.starts_with("//") { format!("https:{address}") } else { address };
        let lower = address.to_ascii_lowercase();
        let is_remote = lower.starts_with("http://") || lower.starts_with("https://");
        if !is_remote || address.len() > MAX_REMOTE_BYTES {
            return None;
        }
        if let Some(known) = self.known.get(&address) {
            return Some(*known);
        }
        let number = self.done.remote.len();
        if number >= MAX_REMOTE {
            return None;
        }
        self.known.insert(address.clone(), number);
        self.done.remote.push(address);
        Some(number)
    }
}

/// Content ids as they are compared.
pub(in super::super) fn cid(id: &str) -> String {
    let plain = id.trim().trim_start_matches('<').trim_end_matches('>');
    percent_decoded(plain).to_ascii_lowercase()
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = super::super::charset::carried(text.replace('=', "=3D").replace('%', "=").as_bytes(), Some("quoted-printable"));
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Links that lead to a page, a mail or a call, and those within the mail.
fn link(value: &str) -> Option<String> {
    if let Some(fragment) = value.strip_prefix('#') {
        return id(fragment).map(|id| format!("#{id}"));
    }
    let link: String =
        value.chars().filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')).collect();
    let scheme = link.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())?;
    let is_known = ["http", "https", "mailto", "tel"].contains(&scheme.as_str());
    (is_known && link.len() <= MAX_REMOTE_BYTES && url::Url::parse(&link).is_ok()).then_some(link)
}

fn id(value: &str) -> Option<String> {
    let is_id = !value.is_empty() && value.len() <= 100 && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    let bare = value.strip_prefix(ID_PREFIX).unwrap_or(value);
    is_id.then(|| format!("{ID_PREFIX}{bare}"))
}

fn is_number(value: &str) -> bool {
    (1..=4).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where the console may fold: a quote, a signature, or everything from here on.
fn fold<'a>(name: &str, of: &impl Fn(&str) -> Option<&'a str>) -> Option<&'static str> {
    const QUOTES: [&str; 5] = ["gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix", "gmail_quote_container"];
    const SIGNATURES: [&str; 5] =
        ["gmail_signature", "moz-signature", "protonmail_signature_block", "gmail_signature_prefix", "x_gmail_signature"];
    let classes = of("class").unwrap_or_default().to_ascii_lowercase();
    let has = |list: &[&str]| classes.split_whitespace().any(|class| list.contains(&class));
    let id = of("id").unwrap_or_default().trim_start_matches("x_").to_ascii_lowercase();
    match of("data-fold") {
        Some("quote") => return Some("quote"),
        Some("signature") => return Some("signature"),
        Some("rest") => return Some("rest"),
        _ => {}
    }
    if (name == "blockquote" && of("type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite")))
        || has(&QUOTES)
        || id == "olk_src_body_section"
    {
        Some("quote")
    } else if has(&SIGNATURES) || ["signature", "ms-outlook-mobile-signature", "applemailsignature"].contains(&id.as_str()) {
        Some("signature")
    } else if ["divrplyfwdmsg", "appendonsend", "reply-intro"].contains(&id.as_str()) {
        Some("rest")
    } else {
        None
    }
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\0' => {}
            other => into.push(other),
        }
    }
}
