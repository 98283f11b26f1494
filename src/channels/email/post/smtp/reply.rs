//! What an SMTP server answers.

use super::super::{
    failure::{Code, Failure, clean},
    wire::Wire,
};

/// Enhanced status (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced(pub u8, pub u16, pub u16);

/// An answer; its lines are one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200…599.
    pub code: u16,
    /// The enhanced status, if it has one.
    pub enhanced: Option<Enhanced>,
    /// The rest, cleaned and cut.
    pub words: String,
}

/// A capability list has perhaps thirty.
const MOST_LINES: usize = 200;

impl Reply {
    /// Reads one answer and gives the raw lines to `each`.
    pub(super) async fn read_each(wire: &mut Wire, mut each: impl FnMut(&[u8])) -> Result<Self, Failure> {
        let mut reply: Option<(u16, Option<Enhanced>, Vec<u8>)> = None;
        for _ in 0..MOST_LINES {
            let line = wire.line().await?;
            let (code, last, text) = parts(&line).ok_or_else(|| Failure::said(Code::NotThisProtocol, &line))?;
            let (enhanced, words) = enhanced(text).map_or((None, text), |(enhanced, words)| (Some(enhanced), words));
            each(text);
            let (first, _, all) = reply.get_or_insert((code, enhanced, vec![]));
            if *first != code {
                return Err(Failure::said(Code::NotThisProtocol, &line));
            }
            // Enough for what is kept of it.
            if all.len() < 4_000 {
                all.push(b' ');
                all.extend_from_slice(words);
            }
            if last {
                let (code, enhanced, words) = reply.unwrap_or_default();
                return Ok(Self { code, enhanced, words: clean(&words) });
            }
        }
        Err(Code::TooMuch.into())
    }

    pub(super) async fn read(wire: &mut Wire) -> Result<Self, Failure> {
        Self::read_each(wire, |_| {}).await
    }

    /// Whether it says yes.
    pub fn is_yes(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// Whether the same may work later.
    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// With this code unless the words tell more.
    pub(super) fn failure(&self, code: Code) -> Failure {
        let words = self.words.to_ascii_lowercase();
        // Providers say it with any number. A recipient's full mailbox (x.2.y) is no limit of ours.
        let limit = ["too many", "rate limit", "limit exceeded", "sending limit", "daily", "throttl"]
            .iter()
            .any(|part| words.contains(part));
        let code = match self.enhanced {
            Some(Enhanced(_, 3, 4)) => Code::MailTooLarge,
            None if self.code == 552 => Code::MailTooLarge,
            Some(Enhanced(4, 7, 0)) if self.code == 421 => Code::Limit,
            Some(Enhanced(_, 2, _)) => code,
            _ if limit => Code::Limit,
            _ => code,
        };
        let Enhanced(class, subject, detail) = self.enhanced.unwrap_or(Enhanced(0, 0, 0));
        let status = if class > 0 { format!("{} {class}.{subject}.{detail} ", self.code) } else { format!("{} ", self.code) };
        Failure::said(code, (status + &self.words).as_bytes())
    }
}

fn parts(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = str::from_utf8(digits).ok()?.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

fn enhanced(text: &[u8]) -> Option<(Enhanced, &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let mut numbers = str::from_utf8(word).ok()?.split('.');
    let class = numbers.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    let (subject, detail) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    numbers.next().is_none().then_some((Enhanced(class, subject, detail), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_replies_are_taken_apart() {
        assert_eq!(parts(b"250-SIZE 1"), Some((250, false, &b"SIZE 1"[..])));
        assert_eq!(parts(b"354"), Some((354, true, &b""[..])));
        for none in [&b"25"[..], b"250x", b"999 x", b"\xff\xff\xff x", b"* OK IMAP"] {
            assert_eq!(parts(none), None);
        }
        assert_eq!(enhanced(b"4.7.1 Greylisted").unwrap(), (Enhanced(4, 7, 1), &b" Greylisted"[..]));
        assert_eq!(enhanced(b"1.2.3.4 x"), None);
    }
}
