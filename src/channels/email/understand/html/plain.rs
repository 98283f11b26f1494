//! What HTML says, as text: paragraphs as lines, quotes with `> `.

use super::{
    super::{bounds::MAX_TEXT_BYTES, clean},
    tokens::{Token, decoded, without},
};

const BLOCKS: [&str; 33] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// Content that is nothing to read.
const UNREAD: [&str; 8] = ["svg", "math", "select", "object", "video", "audio", "canvas", "template"];
const MAX_QUOTES: usize = 10;

#[derive(Default)]
struct Plain {
    text: String,
    line: String,
    quotes: usize,
    /// Open `pre` elements: their lines stay.
    pre: usize,
    is_spaced: bool,
}

/// The text of HTML, at most [`MAX_TEXT_BYTES`] of it.
pub(in super::super) fn text(html: &str) -> String {
    let mut plain = Plain::default();
    for token in without(html, &UNREAD) {
        if plain.text.len() > MAX_TEXT_BYTES {
            break;
        }
        match token {
            Token::Text(text) => plain.add(&decoded(text)),
            Token::Start(name, _) => plain.start(&name),
            Token::End(name) => plain.end(&name),
        }
    }
    plain.new_line();
    clean::lines(&plain.text)
}

impl Plain {
    fn add(&mut self, text: &str) {
        if self.pre > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.break_line();
                }
                self.line.push_str(line);
            }
            return;
        }
        for (at, word) in text.split(|c: char| c.is_whitespace() && c != '\u{a0}').enumerate() {
            self.is_spaced |= at > 0;
            if word.is_empty() {
                continue;
            }
            if self.is_spaced && !self.line.is_empty() {
                self.line.push(' ');
            }
            self.is_spaced = false;
            self.line.push_str(word);
        }
    }

    fn start(&mut self, name: &str) {
        match name {
            "br" => self.break_line(),
            "td" | "th" if !self.line.is_empty() => self.line.push('\t'),
            _ if BLOCKS.contains(&name) => self.new_line(),
            _ => {}
        }
        match name {
            "blockquote" => self.quotes += 1,
            "pre" => self.pre += 1,
            "li" => self.line.push_str("- "),
            "p" | "table" => self.empty_line(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.new_line();
        }
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.pre = self.pre.saturating_sub(1),
            "p" | "table" => self.empty_line(),
            _ => {}
        }
    }

    fn new_line(&mut self) {
        if !self.line.trim().is_empty() {
            self.break_line();
        }
        self.line.clear();
        self.is_spaced = false;
    }

    fn empty_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && self.quotes == 0 {
            self.text.push('\n');
        }
    }

    fn break_line(&mut self) {
        if self.quotes > 0 {
            self.text.extend(std::iter::repeat_n('>', self.quotes.min(MAX_QUOTES)));
            self.text.push(' ');
        }
        self.text.push_str(&self.line.replace('\u{a0}', " "));
        self.text.push('\n');
        self.line.clear();
        self.is_spaced = false;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn html_reads_as_its_author_saw_it() {
        for (html, text) in [
            ("Hola<br>mundo", "Hola\nmundo"),
            ("<p>Uno</p>\n<p>Dos &amp; tres</p>", "Uno\n\nDos & tres"),
            ("<div>Uno</div><div>Dos</div>", "Uno\nDos"),
            ("<b>a</b> <i>b</i>c", "a bc"),
            ("<ul><li>x<li>y</ul>", "- x\n- y"),
            ("<table><tr><td>a<td>b<tr><td>c</table>", "a\tb\nc"),
            ("Sí<blockquote>uno<br>dos<blockquote>tres</blockquote></blockquote>", "Sí\n> uno\n> dos\n>> tres"),
            ("<style>p{}</style><script>x</script><svg><text>no</text></svg>ya", "ya"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("", ""),
        ] {
            assert_eq!(super::text(html), text, "{html}");
        }
    }
}
