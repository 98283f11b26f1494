//! The parts of a mail, found in one pass over its lines.
//!
//! This is our own and not mail-parser's because its time must grow with the size only: every line is compared with the boundaries
//! that are open, at most [`MAX_DEPTH`] of them, and nothing is ever looked for to the end of the mail. A mail within a mail stays
//! closed: it is a file.

use memchr::{memchr, memmem};

use super::{
    Unreadable,
    bounds::{Cut, MAX_BOUNDARY_BYTES, MAX_DEPTH, MAX_HEADER_BYTES, MAX_PART_HEADER_BYTES, MAX_PARTS, MAX_RAW_BYTES},
    charset,
    header::{Fields, Typed},
};

/// A mail taken apart.
pub(super) struct Mail<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) parts: Vec<Part<'a>>,
    /// Everything behind the header.
    pub(super) body: &'a [u8],
    pub(super) cuts: Vec<Cut>,
}

/// A leaf of the tree.
pub(super) struct Part<'a> {
    /// Lower case; what says nothing is `text/plain`, or `message/rfc822` in a digest.
    pub(super) media_type: String,
    pub(super) kind: Typed,
    pub(super) disposition: Option<Typed>,
    pub(super) fields: Fields<'a>,
    pub(super) raw: &'a [u8],
    /// The innermost `multipart/alternative` around it.
    pub(super) alternative: Option<usize>,
    /// Whether that is the innermost multipart around it: then it is one form of what is said, and no file.
    pub(super) is_form: bool,
    /// Whether a `multipart/related` is the innermost multipart around it.
    pub(super) is_related: bool,
}

impl Part<'_> {
    /// Its bytes as they were before they travelled.
    pub(super) fn bytes(&self) -> Vec<u8> {
        charset::carried(self.raw, self.fields.word("content-transfer-encoding").as_deref())
    }

    /// Its text, of at most this many bytes as they travel, and whether there is more.
    pub(super) fn text(&self, most: usize) -> (String, bool) {
        let raw = self.raw.get(..most).unwrap_or(self.raw);
        let bytes = charset::carried(raw, self.fields.word("content-transfer-encoding").as_deref());
        let text = charset::decode(&bytes, self.kind.parameter("charset"));
        (self.unflowed(text), raw.len() < self.raw.len())
    }

    /// Lines that were broken for the way are put together again (RFC 3676).
    fn unflowed(&self, text: String) -> String {
        if self.media_type != "text/plain"
            || !self.kind.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
        {
            return text;
        }
        let deletes = self.kind.parameter("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
        let mut whole = String::with_capacity(text.len());
        let mut last: Option<usize> = None;
        for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
            let content = line.trim_start_matches('>');
            let depth = line.len() - content.len();
            let content = content.strip_prefix(' ').unwrap_or(content);
            if last == Some(depth) && content != "-- " {
                if deletes {
                    whole.truncate(whole.trim_end_matches(' ').len());
                }
                whole.push_str(content);
            } else {
                if !whole.is_empty() || last.is_some() {
                    whole.push('\n');
                }
                if depth > 0 {
                    whole.extend(std::iter::repeat_n('>', depth));
                    whole.push(' ');
                }
                whole.push_str(content);
            }
            // None: whatever follows begins a line.
            last = (content.ends_with(' ') && content != "-- ").then_some(depth);
            if last.is_none() && whole.is_empty() {
                whole.push('\n');
            }
        }
        whole
    }

    pub(super) fn content_id(&self) -> Option<String> {
        self.fields.ids("content-id").into_iter().next().or_else(|| self.fields.text("content-id"))
    }

    /// The name it was sent under.
    pub(super) fn name(&self) -> Option<&str> {
        let disposition = self.disposition.as_ref().and_then(|found| found.parameter("filename"));
        disposition.or_else(|| self.kind.parameter("name")).filter(|name| !name.trim().is_empty())
    }

    pub(super) fn is_attached(&self) -> bool {
        self.disposition.as_ref().is_some_and(|found| found.value == "attachment")
    }
}

/// A multipart whose end has not come yet.
struct Open<'a> {
    boundary: &'a [u8],
    /// Number of the multipart, for [`Part::alternative`].
    number: usize,
    kind: String,
    starts_at: usize,
    parts: usize,
}

enum State<'a> {
    /// Before the first boundary of the innermost multipart, or behind its last one.
    Between,
    /// In the header of a part, from here.
    Header(usize),
    /// In a part's body, from here.
    Body(Box<(Fields<'a>, Typed)>, usize),
}

struct Splitter<'a> {
    raw: &'a [u8],
    open: Vec<Open<'a>>,
    state: State<'a>,
    parts: Vec<Part<'a>>,
    multiparts: usize,
    cuts: Vec<Cut>,
}

/// Takes a mail apart.
pub(super) fn split(raw: &[u8]) -> Result<Mail<'_>, Unreadable> {
    if raw.len() > MAX_RAW_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let raw = without_envelope_line(raw);
    let body_at = header_end(raw).ok_or(Unreadable::HeaderTooLong)?;
    let fields = Fields::read(raw.get(..body_at).unwrap_or_default());
    if fields.is_empty() {
        return Err(Unreadable::NotAMail);
    }
    let mut cuts = if fields.is_cut { vec![Cut::Fields] } else { Vec::new() };
    let mut splitter =
        Splitter { raw, open: Vec::new(), state: State::Between, parts: Vec::new(), multiparts: 0, cuts: Vec::new() };
    splitter.begin(fields.clone(), body_at);
    splitter.run(body_at);
    cuts.append(&mut splitter.cuts);
    let body = raw.get(body_at..).unwrap_or_default();
    Ok(Mail { fields, parts: splitter.parts, body, cuts })
}

/// Mailbox files put a line before the header.
fn without_envelope_line(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") && !raw.starts_with(b">From ") {
        return raw;
    }
    memchr(b'\n', raw).and_then(|end| raw.get(end + 1..)).unwrap_or(raw)
}

/// Where the body begins: behind the first empty line; without one there is no body. None: the header is too long.
fn header_end(raw: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < raw.len() {
        let line = line_at(raw, at);
        if line.trim_ascii_end().is_empty() {
            return Some(at + line.len());
        }
        at += line.len();
        if at > MAX_HEADER_BYTES {
            return None;
        }
    }
    Some(raw.len())
}

/// The line that begins here, with its end.
fn line_at(raw: &[u8], at: usize) -> &[u8] {
    let rest = raw.get(at..).unwrap_or_default();
    rest.get(..memchr(b'\n', rest).map_or(rest.len(), |end| end + 1)).unwrap_or(rest)
}

impl<'a> Splitter<'a> {
    fn run(&mut self, from: usize) {
        let mut at = from;
        let next_mark = memmem::Finder::new(b"\n--");
        while at < self.raw.len() && !self.open.is_empty() {
            // Nothing but a boundary matters outside headers.
            let rest = self.raw.get(at..).unwrap_or_default();
            if !matches!(self.state, State::Header(_)) && !rest.starts_with(b"--") {
                match next_mark.find(rest) {
                    Some(found) => at += found + 1,
                    None => break,
                }
                continue;
            }
            if self.parts.len() >= MAX_PARTS {
                self.cuts.push(Cut::Parts);
                return;
            }
            let line = line_at(self.raw, at);
            let next = at + line.len();
            if let Some((level, is_last)) = self.boundary(line) {
                self.leave(at, level);
                if is_last {
                    self.close(at);
                    self.state = State::Between;
                } else {
                    if let Some(open) = self.open.last_mut() {
                        open.parts += 1;
                    }
                    self.state = State::Header(next);
                }
            } else if let State::Header(start) = self.state
                && line.trim_ascii_end().is_empty()
            {
                let end = at.min(start + MAX_PART_HEADER_BYTES);
                self.begin(Fields::read(self.raw.get(start..end).unwrap_or_default()), next);
            }
            at = next;
        }
        self.leave(self.raw.len(), 0);
        while !self.open.is_empty() {
            self.close(self.raw.len());
        }
    }

    /// Which open multipart a line divides, and whether it is the end of it.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let rest = line.strip_prefix(b"--")?.trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, open)| match rest.strip_prefix(open.boundary)? {
            b"" => Some((level, false)),
            b"--" => Some((level, true)),
            _ => None,
        })
    }

    /// A part ends here, and with it every multipart within `level`.
    fn leave(&mut self, at: usize, level: usize) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => {}
            State::Header(start) => {
                let fields = Fields::read(self.raw.get(start..at.min(start + MAX_PART_HEADER_BYTES)).unwrap_or_default());
                if !fields.is_empty() {
                    self.leaf(fields, Typed::default(), at, at);
                }
            }
            State::Body(part, start) => {
                let (fields, kind) = *part;
                self.leaf(fields, kind, start, at);
            }
        }
        while self.open.len() > level + 1 {
            self.close(at);
        }
    }

    /// The innermost multipart ends. One in which no boundary came was none: what is in it is text.
    fn close(&mut self, at: usize) {
        let Some(open) = self.open.pop() else { return };
        if open.parts == 0 && open.starts_at < at {
            self.leaf(Fields::default(), Typed::default(), open.starts_at, at);
        }
    }

    /// A header was read; its body begins.
    fn begin(&mut self, fields: Fields<'a>, body_at: usize) {
        let kind = fields.typed("content-type").unwrap_or_default();
        if kind.value.starts_with("multipart/") {
            if self.open.len() >= MAX_DEPTH {
                self.cuts.push(Cut::Depth);
            } else if let Some(boundary) = self.boundary_of(&kind, body_at) {
                let number = self.multiparts;
                self.multiparts += 1;
                self.open.push(Open { boundary, number, kind: kind.value, starts_at: body_at, parts: 0 });
                self.state = State::Between;
                return;
            }
        }
        self.state = State::Body(Box::new((fields, kind)), body_at);
    }

    /// The boundary as it stands in the mail, so that nothing is copied; without a usable one in the header, the first line of the
    /// body tells it.
    fn boundary_of(&self, kind: &Typed, body_at: usize) -> Option<&'a [u8]> {
        let body = self.raw.get(body_at..)?;
        let is_fit = |boundary: &[u8]| !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES;
        if let Some(named) = kind.parameter("boundary").map(|named| named.trim_end().as_bytes()).filter(|named| is_fit(named)) {
            // Found again in the header before the body.
            let from = body_at.saturating_sub(MAX_HEADER_BYTES.min(super::bounds::MAX_FIELD_BYTES * 4));
            let header = self.raw.get(from..body_at)?;
            if let Some(found) = memmem::rfind(header, named) {
                return header.get(found..found + named.len());
            }
        }
        let first = body.trim_ascii_start();
        let line = line_at(first, 0).trim_ascii_end();
        line.strip_prefix(b"--").filter(|boundary| is_fit(boundary))
    }

    fn leaf(&mut self, fields: Fields<'a>, kind: Typed, start: usize, end: usize) {
        if self.parts.len() >= MAX_PARTS {
            return;
        }
        let raw = self.raw.get(start..end).unwrap_or_default();
        // The line end before a boundary belongs to the boundary.
        let raw = if end < self.raw.len() { without_line_end(raw) } else { raw };
        let innermost = self.open.last();
        let is_digest = innermost.is_some_and(|open| open.kind == "multipart/digest");
        let said_nothing = if is_digest { "message/rfc822" } else { "text/plain" };
        let media_type = match kind.value.as_str() {
            "" | "text" => said_nothing.to_owned(),
            value if value.starts_with("multipart/") => "text/plain".to_owned(),
            value => value.to_owned(),
        };
        self.parts.push(Part {
            media_type,
            disposition: fields.typed("content-disposition"),
            alternative: self.open.iter().rev().find(|open| open.kind == "multipart/alternative").map(|open| open.number),
            is_form: innermost.is_some_and(|open| open.kind == "multipart/alternative"),
            is_related: innermost.is_some_and(|open| open.kind == "multipart/related"),
            kind,
            fields,
            raw,
        });
    }
}

fn without_line_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

/// The fields of a mail that is enclosed in another one, or of the header alone.
pub(super) fn enclosed_fields(raw: &[u8]) -> Fields<'_> {
    let raw = without_envelope_line(raw.trim_ascii_start());
    Fields::read(raw.get(..header_end(raw).unwrap_or(MAX_HEADER_BYTES)).unwrap_or_default())
}
