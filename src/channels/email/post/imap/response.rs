//! One answer of an IMAP server: a line in which counted bytes may stand anywhere. Tolerant on purpose: what is not understood is
//! skipped, so that no oddity of one mail or one server blocks a mailbox (R13).

use bytes::Bytes;

use super::super::{
    failure::{Code, Failure},
    wire::Wire,
};

/// Counted bytes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Kept(Bytes),
    /// So many, read and forgotten.
    Skipped(usize),
}

/// How much of an answer is kept in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// The largest that is kept.
    pub(super) largest: usize,
    /// What all may add up to; the first is kept in any case.
    pub(super) budget: usize,
    /// A larger one ends the connection: nobody asked for it.
    pub(super) refuse: usize,
}

impl Keep {
    /// For all but mails.
    pub(super) const LITTLE: Self = Self { largest: 64 * 1024, budget: 1024 * 1024, refuse: 1024 * 1024 };

    async fn read(&mut self, wire: &mut Wire, count: usize) -> Result<Literal, Failure> {
        if count > self.refuse {
            return Err(Code::TooMuch.into());
        }
        if count > self.largest || count > self.budget {
            wire.skip(count).await?;
            return Ok(Literal::Skipped(count));
        }
        self.budget -= count;
        wire.bytes(count).await.map(Literal::Kept)
    }
}

/// Stands in [`Response::text`] for counted bytes.
pub(super) const HOLE: u8 = 0;
const MOST_HOLES: usize = 256;
const LONGEST_TEXT: usize = 256 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) text: Vec<u8>,
    pub(super) literals: Vec<Literal>,
}

impl Response {
    pub(super) async fn read(wire: &mut Wire, keep: &mut Keep) -> Result<Self, Failure> {
        let mut response = Self::default();
        loop {
            let line = wire.line().await?;
            // The text of a status is for people and may end like anything.
            let counted = if response.text.is_empty() && is_status(&line) { None } else { counted(&line) };
            let text = counted.and_then(|(before, _)| line.get(..before)).unwrap_or(&line);
            response.text.extend(text.iter().map(|byte| if *byte == HOLE { b'?' } else { *byte }));
            let Some((_, count)) = counted else { return Ok(response) };
            if response.literals.len() >= MOST_HOLES || response.text.len() > LONGEST_TEXT {
                return Err(Code::TooMuch.into());
            }
            response.text.push(HOLE);
            response.literals.push(keep.read(wire, count).await?);
        }
    }

    /// What follows `* `.
    pub(super) fn untagged(&self) -> Option<&[u8]> {
        self.text.strip_prefix(b"* ")
    }

    /// `* 12 EXISTS` → (12, `EXISTS`).
    pub(super) fn numbered(&self) -> Option<(u32, &[u8])> {
        let (number, rest) = split_word(self.untagged()?);
        Some((number_of(number)?, rest))
    }
}

fn is_status(line: &[u8]) -> bool {
    let (tag, rest) = split_word(line);
    let (word, _) = split_word(rest);
    tag == b"+" || [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status))
}

/// `… {42}` → (where the brace is, 42); also `{42+}` and `~{42}`.
fn counted(line: &[u8]) -> Option<(usize, usize)> {
    let inner = line.strip_suffix(b"}")?;
    let brace = inner.iter().rposition(|byte| *byte == b'{')?;
    let digits = inner.get(brace + 1..)?;
    // A number beyond all bounds is a number all the same: it is refused, not taken for text.
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX);
    let before = if brace > 0 && line.get(brace - 1) == Some(&b'~') { brace - 1 } else { brace };
    Some((before, count))
}

/// The bytes to the first space, and those after it.
pub(super) fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default())
}

pub(super) fn number_of(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// `[UIDVALIDITY 7] …` → what follows the name of this code.
pub(super) fn response_code<'a>(words: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let inner = words.strip_prefix(b"[")?;
    let inner = inner.get(..inner.iter().position(|byte| *byte == b']')?)?;
    let (word, rest) = split_word(inner);
    word.eq_ignore_ascii_case(name.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_recognised_at_the_end_of_a_line_only() {
        assert_eq!(counted(b"BODY[] {42}"), Some((7, 42)));
        assert_eq!(counted(b"BODY[] ~{42+}"), Some((7, 42)));
        assert_eq!(counted(b"x {99999999999999999999999}"), Some((2, usize::MAX)));
        for none in [&b"x {}"[..], b"x {4} y", b"x {-1}", b"}", b""] {
            assert_eq!(counted(none), None);
        }
        assert!(
            is_status(b"* OK hello {3}")
                && is_status(b"A1 NO {3}")
                && is_status(b"+ idling {3}")
                && !is_status(b"* LIST () \"/\" {3}")
        );
    }

    #[test]
    fn codes_in_brackets_are_read() {
        assert_eq!(response_code(b"[UIDVALIDITY 7] fine", "uidvalidity"), Some(&b"7"[..]));
        assert_eq!(response_code(b"[READ-ONLY] fine", "READ-ONLY"), Some(&b""[..]));
        assert_eq!(response_code(b"[X", "X"), None);
    }
}
