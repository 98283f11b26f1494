//! What an SMTP server answers.

use lettre::transport::smtp::{Error, response::Response};

use super::super::{
    failure::{Code, Failure, clean},
    wire::from_io,
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

impl Reply {
    /// Each line may begin with the enhanced status.
    pub(super) fn new<'a>(code: u16, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut reply = Self { code, enhanced: None, words: String::new() };
        for line in lines {
            let (enhanced, words) = enhanced(line).map_or((None, line), |(enhanced, words)| (Some(enhanced), words));
            reply.enhanced = reply.enhanced.or(enhanced);
            reply.words = reply.words + " " + words;
        }
        Self { words: clean(reply.words.as_bytes()), ..reply }
    }

    /// What the library makes of one: a no is an error there.
    pub(super) fn of(result: Result<Response, Error>) -> Result<Self, Failure> {
        match result {
            Ok(response) => Ok(Self::new(response.code().into(), response.message())),
            Err(error) => {
                let source = std::error::Error::source(&error);
                if let Some(code) = error.status() {
                    return Ok(Self::new(code.into(), source.map(ToString::to_string).as_deref()));
                }
                let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
                Err(match io {
                    Some(error) => from_io(error),
                    None if error.is_response() => Code::NotThisProtocol.into(),
                    None => Code::NotUnderstood.into(),
                })
            }
        }
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

/// The code of a line of a reply.
pub(super) fn code_of(line: &[u8]) -> Option<u16> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = str::from_utf8(digits).ok()?.parse().ok().filter(|code| (200..600).contains(code))?;
    matches!(rest.first(), None | Some(b' ' | b'-')).then_some(code)
}

fn enhanced(text: &str) -> Option<(Enhanced, &str)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut numbers = word.split('.');
    let class = numbers.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    let (subject, detail) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    numbers.next().is_none().then_some((Enhanced(class, subject, detail), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_taken_apart() {
        assert_eq!((code_of(b"250-SIZE 1"), code_of(b"354")), (Some(250), Some(354)));
        for none in [&b"25"[..], b"250x", b"999 x", b"\xff\xff\xff x", b"* OK IMAP"] {
            assert_eq!(code_of(none), None);
        }
        let reply = Reply::new(450, ["4.7.1 Greylisted", "4.7.1 for\r\n a while"]);
        assert_eq!((reply.enhanced, reply.words.as_str()), (Some(Enhanced(4, 7, 1)), "Greylisted for a while"));
        assert_eq!(enhanced("1.2.3.4 x"), None);
    }
}
