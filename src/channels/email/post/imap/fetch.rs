//! What a FETCH brings, and what is asked for next. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::DateTime;

use super::response::{HOLE, Literal, Response, number_of, split_word};
use crate::clock::Timestamp;

/// One `* n FETCH (…)`, of which only what we asked for is looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) uid: u32,
    pub(super) size: Option<u64>,
    pub(super) received: Option<Timestamp>,
    pub(super) body: Option<Body>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Here(Bytes),
    Skipped(usize),
    /// The server has none.
    Nil,
}

impl Fetched {
    /// None when it is something else, or does not say which mail.
    pub(super) fn read(response: &Response) -> Option<Self> {
        let (_, rest) = response.numbered()?;
        let (word, list) = split_word(rest);
        if !word.eq_ignore_ascii_case(b"FETCH") {
            return None;
        }
        let mut items = Items { rest: list.strip_prefix(b"(")?, literals: response.literals.iter() };
        let mut fetched = Self::default();
        while let Some((name, value)) = items.item() {
            if name.eq_ignore_ascii_case(b"UID") {
                fetched.uid = value.atom().and_then(number_of).unwrap_or_default();
            } else if name.eq_ignore_ascii_case(b"RFC822.SIZE") {
                fetched.size = value.atom().and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            } else if name.eq_ignore_ascii_case(b"INTERNALDATE") {
                fetched.received = value.text().and_then(|text| moment(&text));
            } else if name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"BODY[")) {
                fetched.body = value.body();
            }
        }
        (fetched.uid > 0).then_some(fetched)
    }
}

fn moment(text: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(text).ok()?.trim();
    DateTime::parse_from_str(text, "%d-%b-%Y %H:%M:%S %z").ok().map(|at| Timestamp::from_chrono(at.to_utc()))
}

enum Value<'a> {
    Atom(&'a [u8]),
    Quoted(Vec<u8>),
    Literal(&'a Literal),
    List,
}

impl<'a> Value<'a> {
    fn atom(&self) -> Option<&'a [u8]> {
        match self {
            Self::Atom(atom) => Some(atom),
            _ => None,
        }
    }

    fn text(self) -> Option<Vec<u8>> {
        match self {
            Self::Quoted(text) => Some(text),
            Self::Literal(Literal::Kept(bytes)) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    fn body(self) -> Option<Body> {
        match self {
            Self::Literal(Literal::Kept(bytes)) => Some(Body::Here(bytes.clone())),
            Self::Literal(Literal::Skipped(count)) => Some(Body::Skipped(*count)),
            Self::Quoted(text) => Some(Body::Here(text.into())),
            Self::Atom(atom) => atom.eq_ignore_ascii_case(b"NIL").then_some(Body::Nil),
            Self::List => None,
        }
    }
}

struct Items<'a> {
    rest: &'a [u8],
    literals: std::slice::Iter<'a, Literal>,
}

impl<'a> Items<'a> {
    fn item(&mut self) -> Option<(&'a [u8], Value<'a>)> {
        let name = self.word();
        if name.is_empty() {
            return None;
        }
        Some((name, self.value()?))
    }

    fn advance(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn spaces(&mut self) {
        while self.rest.first() == Some(&b' ') {
            self.advance(1);
        }
    }

    /// Up to a space or a parenthesis; what stands in brackets belongs to the word.
    fn word(&mut self) -> &'a [u8] {
        self.spaces();
        let mut depth = 0_usize;
        let end = self.rest.iter().position(|byte| {
            match byte {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(byte, b' ' | b'(' | b')')
        });
        self.advance(end.unwrap_or(self.rest.len()))
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.spaces();
        match *self.rest.first()? {
            HOLE => {
                self.advance(1);
                self.literals.next().map(Value::Literal)
            }
            b'"' => Some(Value::Quoted(self.quoted())),
            b'(' => {
                self.list();
                Some(Value::List)
            }
            _ => Some(Value::Atom(self.word())).filter(|value| !matches!(value, Value::Atom([]))),
        }
    }

    fn quoted(&mut self) -> Vec<u8> {
        let mut text = vec![];
        self.advance(1);
        loop {
            match self.advance(1) {
                [] | [b'"'] => return text,
                [b'\\'] => text.extend_from_slice(self.advance(1)),
                plain => text.extend_from_slice(plain),
            }
        }
    }

    /// Over a list with everything in it, however deep.
    fn list(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.rest.first() {
                None => return,
                Some(b'"') => {
                    self.quoted();
                    continue;
                }
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(&HOLE) => drop(self.literals.next()),
                Some(_) => {}
            }
            self.advance(1);
            if depth == 0 {
                return;
            }
        }
    }
}

/// The next mails to fetch, in order: as many as `mails`, as many bytes as `bytes`, one in any case. `cost` says what a mail of a
/// size takes.
pub(super) fn plan(
    waiting: &BTreeMap<u32, u64>,
    after: u32,
    mails: usize,
    bytes: u64,
    cost: impl Fn(u64) -> u64,
) -> Vec<(u32, u64)> {
    let mut left = bytes;
    let mut planned = vec![];
    for (uid, size) in waiting.range(after.saturating_add(1)..) {
        let cost = cost(*size);
        if !planned.is_empty() && (planned.len() >= mails || cost > left) {
            break;
        }
        left = left.saturating_sub(cost);
        planned.push((*uid, *size));
    }
    planned
}

/// `1:3,7` for ascending numbers.
pub(super) fn set(uids: impl IntoIterator<Item = u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = vec![];
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let range = |(first, last): (u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    ranges.into_iter().map(range).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(text: &[u8], literals: Vec<Literal>) -> Response {
        Response { text: text.to_vec(), literals }
    }

    #[test]
    fn a_mail_is_read_in_any_order_of_its_parts() {
        let body = Literal::Kept(Bytes::from_static(b"Subject: x\r\n\r\n"));
        let text = b"* 12 FETCH (FLAGS (\\Seen ($a \")\" \0)) BODY[]<0> \0 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" UID 7 RFC822.SIZE 99)";
        let fetched = Fetched::read(&response(text, vec![Literal::Skipped(1), body])).unwrap();
        assert_eq!((fetched.uid, fetched.size), (7, Some(99)));
        assert_eq!(fetched.body, Some(Body::Here(Bytes::from_static(b"Subject: x\r\n\r\n"))));
        assert_eq!(fetched.received.unwrap().to_string(), "1996-07-17T09:44:25.000000Z");
        let quoted = Fetched::read(&response(b"* 1 FETCH (UID 3 BODY[] \"a\\\"b\")", vec![])).unwrap();
        assert_eq!(quoted.body, Some(Body::Here(Bytes::from_static(b"a\"b"))));
        let nil = Fetched::read(&response(b"* 1 fetch (uid 3 body[] NIL)", vec![])).unwrap();
        assert_eq!(nil.body, Some(Body::Nil));
        for other in [
            &b"* 3 EXISTS"[..],
            b"* 1 FETCH (FLAGS ())",
            b"* 1 FETCH (UID 0)",
            b"A1 OK",
            b"* x FETCH (UID 1)",
            b"* 1 FETCH (UID 99999999999)",
        ] {
            assert_eq!(Fetched::read(&response(other, vec![])), None);
        }
    }

    #[test]
    fn chunks_are_bounded_by_count_and_bytes_and_never_empty() {
        let waiting: BTreeMap<u32, u64> = [(1, 10), (4, 10), (5, 500), (6, 10)].into();
        let planned = |after, mails, bytes| {
            plan(&waiting, after, mails, bytes, |size| size).into_iter().map(|(uid, _)| uid).collect::<Vec<_>>()
        };
        assert_eq!(planned(0, 2, 1_000), [1, 4]);
        assert_eq!(planned(0, 9, 25), [1, 4]);
        assert_eq!(planned(4, 9, 25), [5]);
        assert!(planned(6, 9, 25).is_empty());
        assert!(planned(u32::MAX, 9, 25).is_empty());
        assert_eq!(set([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
    }

    proptest! {
        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(HOLE), Just(b'('), Just(b')'), Just(b'"'), Just(b'[')], 0..200)) {
            let text = [b"* 1 FETCH (UID 1 ".to_vec(), noise].concat();
            let _ = Fetched::read(&response(&text, vec![Literal::Skipped(1)]));
        }
    }
}
