//! HTML taken apart into tags and text, in one pass, as browsers do it but for what we leave out anyway.
//!
//! It is our own because a tokenizer of the shelf compares every attribute with all before it, so that one tag of a megabyte takes
//! minutes. It needs to be no judge of what is safe: everything is written anew from what it finds, and ammonia reads that.

use mail_parser::decoders::html::add_html_token;
use memchr::{memchr, memmem};

use super::super::bounds::MAX_ATTRIBUTES;

/// A piece of HTML. Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// As it stands, character references not decoded.
    Text(&'a str),
    /// An element begins.
    Start(String, Vec<(String, String)>),
    /// An element ends.
    End(String),
}

/// Elements whose content is no HTML; it is passed over.
const RAW: [&str; 8] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "title", "textarea"];

/// Takes HTML apart.
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self { html, at: 0 }
    }

    fn bytes(&self) -> &'a [u8] {
        self.html.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.html.as_bytes().get(self.at + ahead).copied()
    }

    fn end(&mut self) {
        self.at = self.html.len();
    }

    /// Behind the next of these bytes; without one, at the end.
    fn skip_behind(&mut self, mark: &[u8]) {
        match memmem::find(self.bytes(), mark) {
            Some(found) => self.at += found + mark.len(),
            None => self.end(),
        }
    }

    fn text(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        // A `<` that begins no tag is text.
        let from = usize::from(self.peek(0) == Some(b'<'));
        let rest = self.bytes().get(from..).unwrap_or_default();
        self.at += from + memchr(b'<', rest).unwrap_or(rest.len());
        self.html.get(start..self.at).filter(|text| !text.is_empty()).map(Token::Text)
    }

    /// Behind a comment that begins here. `<!-->` and `<!--->` are whole ones.
    fn comment(&mut self) {
        self.at += 4;
        if self.bytes().starts_with(b">") {
            self.at += 1;
        } else if self.bytes().starts_with(b"->") {
            self.at += 2;
        } else {
            let (usual, other) = (memmem::find(self.bytes(), b"-->"), memmem::find(self.bytes(), b"--!>"));
            match (usual, other) {
                (Some(usual), other) if other.is_none_or(|other| usual < other) => self.at += usual + 3,
                (_, Some(other)) => self.at += other + 4,
                _ => self.end(),
            }
        }
    }

    /// The tag that begins here. None: it has no end, and nothing is left.
    fn tag(&mut self) -> Option<Token<'a>> {
        let is_end = self.peek(1) == Some(b'/');
        self.at += 1 + usize::from(is_end);
        let name = self.until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')).to_ascii_lowercase();
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b'/');
            match self.peek(0) {
                None => return None,
                Some(b'>') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {}
            }
            let (key, value) = self.attribute()?;
            if attributes.len() < MAX_ATTRIBUTES && !attributes.iter().any(|(known, _)| *known == key) {
                attributes.push((key, value));
            }
        }
        if is_end {
            return Some(Token::End(name));
        }
        if RAW.contains(&name.as_str()) {
            self.skip_raw(&name);
        } else if name == "plaintext" {
            self.end();
        }
        Some(Token::Start(name, attributes))
    }

    fn attribute(&mut self) -> Option<(String, String)> {
        let start = self.at;
        self.at += usize::from(self.peek(0) == Some(b'='));
        self.until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
        let key = self.html.get(start..self.at)?.to_ascii_lowercase();
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.peek(0) != Some(b'=') {
            return Some((key, String::new()));
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        let value = match self.peek(0)? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let Some(end) = memchr(quote, self.bytes()) else {
                    self.end();
                    return None;
                };
                let value = self.html.get(self.at..self.at + end)?;
                self.at += end + 1;
                value
            }
            _ => self.until(|byte| byte.is_ascii_whitespace() || byte == b'>'),
        };
        Some((key, decoded(value)))
    }

    /// Everything up to the first byte that stops it. Only ASCII stops, so characters stay whole.
    fn until(&mut self, stops: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.bytes();
        let end = rest.iter().position(|byte| stops(*byte)).unwrap_or(rest.len());
        let passed = self.html.get(self.at..self.at + end).unwrap_or_default();
        self.at += end;
        passed
    }

    fn skip(&mut self, is_passed: impl Fn(u8) -> bool) {
        let rest = self.bytes();
        self.at += rest.iter().position(|byte| !is_passed(*byte)).unwrap_or(rest.len());
    }

    fn skip_raw(&mut self, name: &str) {
        loop {
            self.skip_to_end_tag();
            if self.bytes().is_empty() {
                return;
            }
            let behind = self.bytes().get(2..2 + name.len()).unwrap_or_default();
            let next = self.peek(2 + name.len());
            if behind.eq_ignore_ascii_case(name.as_bytes())
                && next.is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'/' | b'>'))
            {
                return;
            }
            self.at += 2;
        }
    }

    fn skip_to_end_tag(&mut self) {
        match memmem::find(self.bytes(), b"</") {
            Some(found) => self.at += found,
            None => self.end(),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.peek(0)? != b'<' {
                return self.text();
            }
            let (next, after) = (self.peek(1), self.peek(2));
            match next {
                Some(letter) if letter.is_ascii_alphabetic() => return self.tag(),
                Some(b'/') if after.is_some_and(|letter| letter.is_ascii_alphabetic()) => return self.tag(),
                Some(b'!') if self.bytes().starts_with(b"<!--") => self.comment(),
                Some(b'!' | b'?') => self.skip_behind(b">"),
                Some(b'/') if after.is_some() => self.skip_behind(b">"),
                _ => return self.text(),
            }
        }
    }
}

/// The tokens of HTML but for elements of these names, their content included.
pub(super) fn without<'a>(html: &'a str, names: &'static [&'static str]) -> impl Iterator<Item = Token<'a>> {
    let mut left_out: Option<(String, usize)> = None;
    Tokens::new(html).filter(move |token| {
        if let Some((name, depth)) = &mut left_out {
            match token {
                Token::Start(other, _) if other == name => *depth += 1,
                Token::End(other) if other == name => *depth -= 1,
                _ => {}
            }
            if *depth == 0 {
                left_out = None;
            }
            return false;
        }
        match token {
            Token::Start(name, _) if names.contains(&name.as_str()) => {
                left_out = Some((name.clone(), 1));
                false
            }
            _ => true,
        }
    })
}

/// The longest character reference, in bytes.
const MAX_REFERENCE_BYTES: usize = 34;

/// With character references decoded. What is none stays as it is; it is escaped again when it is written.
pub(super) fn decoded(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        let length = from
            .bytes()
            .skip(1)
            .take(MAX_REFERENCE_BYTES)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
            .count();
        let (name, after) = from.split_at(1 + length);
        if let Some(behind) = after.strip_prefix(';') {
            let whole = format!("{name};");
            let before = kept.len();
            add_html_token(&mut kept, whole.as_bytes(), false);
            // Not to be decoded twice, nor smuggled past a check.
            if kept.get(before..) == Some("\0") {
                kept.truncate(before);
            }
            rest = behind;
        } else if let Some(known) = without_semicolon(name) {
            kept.push_str(known);
            rest = after;
        } else {
            kept.push_str(name);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// The few that old programs write without the `;`.
fn without_semicolon(name: &str) -> Option<&'static str> {
    Some(match name {
        "&nbsp" => "\u{a0}",
        "&amp" => "&",
        "&lt" => "<",
        "&gt" => ">",
        "&quot" => "\"",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(html: &str) -> String {
        let one = |token: Token<'_>| match token {
            Token::Text(text) => text.to_owned(),
            Token::Start(name, attributes) => {
                let attributes: String = attributes.iter().map(|(key, value)| format!(" {key}={value}")).collect();
                format!("[{name}{attributes}]")
            }
            Token::End(name) => format!("[/{name}]"),
        };
        Tokens::new(html).map(one).collect()
    }

    #[test]
    fn tags_are_found_as_browsers_find_them() {
        for (html, tokens) in [
            ("a<b>c</b>", "a[b]c[/b]"),
            ("<A HREF=x CLASS='y z' title=\"a>b\" hidden>", "[a href=x class=y z title=a>b hidden=]"),
            ("<img/src=x/onerror=y>", "[img src=x/onerror=y]"),
            ("1 < 2 <3 <", "1 < 2 <3 <"),
            ("a<!-- <b> -->c<!-->d<!--->e<!--x--!>f", "acdef"),
            ("<!DOCTYPE html><?xml?></ x>a</>b", "ab"),
            ("<script>if (a</b>) '</script >'x", "[script][/script]'x"),
            ("<title></titlex></TITLE>a", "[title][/title]a"),
            ("<plaintext><b>", "[plaintext]"),
            ("<a b=\"", ""),
            ("a<b", "a"),
            ("<b\u{e9}=1 é='2'>", "[bé=1 é=2]"),
            ("<a é>x", "[a é=]x"),
            ("<a href='java&#115;cript&colon;x&NotAnEntity;'>", "[a href=javascript:x&NotAnEntity;]"),
            ("<a b=1 b=2>", "[a b=1]"),
        ] {
            assert_eq!(seen(html), tokens, "{html}");
        }
    }
}
