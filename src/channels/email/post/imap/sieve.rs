//! What stands between an IMAP server and the library: it takes answers apart into lines and counted bytes, bounds them, and
//! hands on whole ones only, and only those that are needed and that the library's grammar knows. So no oddity of one mail or one server
//! blocks a mailbox (R13), nothing unasked for is kept, and no answer brings the grammar into trouble: it is recursive, and there is one
//! value that it does not survive.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_imap::imap_proto::Response;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::{
    failure::{Code, Failure},
    wire::{Wire, as_io},
};

/// For all answers but mails.
const LITTLE: usize = 1024 * 1024;
const MOST_LITERALS: usize = 256;
const LONGEST_TEXT: usize = 256 * 1024;
/// In the text of an answer we asked for stand two or three; the library's grammar descends into each.
const MOST_PARENTHESES: usize = 64;
const MOST_LOST: usize = 1_000;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) ok: bool,
    pub(super) words: Vec<u8>,
}

impl Status {
    pub(super) fn or(self, code: Code) -> Result<Vec<u8>, Failure> {
        let code = if is_limit(&self.words) { Code::Limit } else { code };
        if self.ok { Ok(self.words) } else { Err(Failure::said(code, &self.words)) }
    }

    pub(super) fn has_code(&self, name: &str) -> bool {
        self.words
            .strip_prefix(b"[")
            .and_then(|inner| inner.get(..name.len()))
            .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    }
}

pub(super) struct Sieve {
    wire: Wire,
    /// The answer that is being put together.
    frame: BytesMut,
    /// How much of its counted bytes is still to come.
    missing: usize,
    literals: usize,
    text: usize,
    parentheses: usize,
    /// The library must not see this answer.
    peril: bool,
    /// The answer that is handed on.
    whole: Bytes,
    /// More counted bytes at once end the connection: nobody asked for them.
    refuse: usize,
    /// How the last command ended: the library does not always say, and never in the server's words.
    pub(super) status: Option<Status>,
    /// What the server said it can when it was last asked.
    pub(super) capabilities: Vec<String>,
    /// How many mails are in the folder.
    pub(super) exists: u32,
    /// The server spoke of mails since this was last set to false.
    pub(super) news: bool,
    /// Mails of which what the last command brought was not understood; 0 where not even their number was.
    pub(super) lost: Vec<u32>,
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sieve")
    }
}

impl Sieve {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            frame: BytesMut::new(),
            missing: 0,
            literals: 0,
            text: 0,
            parentheses: 0,
            peril: false,
            whole: Bytes::new(),
            refuse: LITTLE,
            status: None,
            capabilities: vec![],
            exists: 0,
            news: false,
            lost: vec![],
        }
    }

    /// Before a command.
    pub(super) fn expect(&mut self, largest: Option<usize>) {
        self.refuse = largest.unwrap_or(LITTLE);
        self.status = None;
        self.lost.clear();
    }

    /// Reads until there is something to hand on.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            while self.missing > 0 {
                let bytes = ready!(self.wire.poll_bytes(self.missing, cx))?;
                self.missing -= bytes.len();
                self.frame.extend_from_slice(&bytes);
            }
            let line = ready!(self.wire.poll_line(cx))?;
            if let Some(count) = self.take_in(&line)? {
                self.missing = count;
                continue;
            }
            (self.literals, self.text, self.parentheses) = (0, 0, 0);
            let frame = self.frame.split().freeze();
            let peril = std::mem::take(&mut self.peril);
            if let Some(whole) = self.judge(frame, peril)? {
                self.whole = whole;
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// One line of an answer; says how many counted bytes follow it, if the answer goes on.
    fn take_in(&mut self, line: &[u8]) -> Result<Option<usize>, Failure> {
        // The text of a status is for people and may end like anything.
        let counted = if self.frame.is_empty() && is_status(line) { None } else { counted(line) };
        let text = counted.and_then(|(before, _)| line.get(..before)).unwrap_or(line);
        self.text += text.len();
        self.parentheses += text.iter().filter(|byte| **byte == b'(').count();
        self.peril |= self.parentheses > MOST_PARENTHESES || has_no_date(text);
        if text.contains(&0) {
            self.frame.extend(text.iter().map(|byte| if *byte == 0 { b'?' } else { *byte }));
        } else {
            self.frame.extend_from_slice(text);
        }
        if let Some((_, count)) = counted {
            self.literals += 1;
            if count > self.refuse || self.literals > MOST_LITERALS || self.text > LONGEST_TEXT {
                return Err(Code::TooMuch.into());
            }
            self.frame.extend_from_slice(format!("{{{count}}}").as_bytes());
        }
        self.frame.extend_from_slice(b"\r\n");
        Ok(counted.map(|(_, count)| count))
    }

    /// What of an answer is handed on.
    fn judge(&mut self, frame: Bytes, peril: bool) -> Result<Option<Bytes>, Failure> {
        let line = frame.strip_suffix(b"\r\n").unwrap_or(&frame);
        if line.first() == Some(&b'+') {
            // What it asks does not matter: there is one answer to each question.
            return Ok(Some(Bytes::from_static(b"+ \r\n")));
        }
        let (tag, rest) = split_word(line);
        let (word, words) = split_word(rest);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if tag != b"*" {
            let Some(end) = ["OK", "NO", "BAD"].into_iter().find(|end| is(end)) else { return Ok(None) };
            self.status = Some(Status { ok: end == "OK", words: words.to_vec() });
            // Its words are kept here.
            let bare = [tag, b" ", end.as_bytes(), b" .\r\n"].concat();
            return Ok(is_understood(&bare).then(|| bare.into()));
        }
        if is("BYE") {
            return Err(Failure::said(if is_limit(words) { Code::Limit } else { Code::ServerRefuses }, words));
        }
        if is("CAPABILITY") {
            self.capabilities = String::from_utf8_lossy(words).split_whitespace().map(str::to_ascii_uppercase).collect();
            return Ok(None);
        }
        let (kind, _) = split_word(words);
        let mut needed = is("OK");
        let mut mail = false;
        if let Some(number) = number_of(word) {
            if kind.eq_ignore_ascii_case(b"EXISTS") {
                (self.exists, self.news, needed) = (number, true, true);
            } else if kind.eq_ignore_ascii_case(b"EXPUNGE") {
                (self.exists, needed) = (self.exists.saturating_sub(1), true);
            }
            mail = kind.eq_ignore_ascii_case(b"FETCH");
        }
        let understood = (needed || mail) && !peril && is_understood(&frame);
        if mail && !understood && self.lost.len() < MOST_LOST {
            self.lost.push(uid_in(&frame));
        }
        Ok(understood.then_some(frame))
    }
}

impl AsyncRead for Sieve {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.whole.is_empty() {
            ready!(this.poll_answer(cx)).map_err(as_io)?;
        }
        let some = this.whole.split_to(out.remaining().min(this.whole.len()));
        out.put_slice(&some);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sieve {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().wire.poll_say(bytes, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wire.poll_sent(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wire.poll_end(cx)
    }
}

/// Whether the library will take it for one whole answer.
fn is_understood(frame: &[u8]) -> bool {
    matches!(Response::parse(frame), Ok((rest, _)) if rest.is_empty())
}

/// A date that is none: the library's grammar panics there.
fn has_no_date(text: &[u8]) -> bool {
    String::from_utf8_lossy(&text.to_ascii_uppercase()).contains("INTERNALDATE NIL")
}

/// `… (UID 7 …`, wherever it stands; 0 when it does not.
fn uid_in(frame: &[u8]) -> u32 {
    let mut words = frame.split(|byte| matches!(byte, b' ' | b'(' | b')' | b'\r'));
    words.find(|word| word.eq_ignore_ascii_case(b"UID")).and_then(|_| words.next()).and_then(number_of).unwrap_or_default()
}

fn is_status(line: &[u8]) -> bool {
    let (tag, rest) = split_word(line);
    let (word, _) = split_word(rest);
    tag == b"+" || ["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
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

fn number_of(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}

pub(super) fn has_any(words: &[u8], parts: &[&str]) -> bool {
    let words = String::from_utf8_lossy(words).to_ascii_lowercase();
    parts.iter().any(|part| words.contains(part))
}

pub(super) fn is_limit(words: &[u8]) -> bool {
    has_any(words, &["[limit]", "[overquota]", "too many", "rate limit", "limit exceeded", "bandwidth limit", "throttl"])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// What the library gets to see of all this.
    async fn sieved(said: &[u8]) -> (Vec<u8>, io::Error, Sieve) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut server = listener.accept().await.unwrap().0;
        server.write_all(said).await.unwrap();
        drop(server);
        let mut sieve = Sieve::new(Wire::plain(stream));
        let mut heard = vec![];
        let error = sieve.read_to_end(&mut heard).await.unwrap_err();
        (heard, error, sieve)
    }

    #[test]
    fn counts_are_recognised_at_the_end_of_a_line_only() {
        assert_eq!(counted(b"BODY[] {42}"), Some((7, 42)));
        assert_eq!(counted(b"BODY[] ~{42+}"), Some((7, 42)));
        assert_eq!(counted(b"x {99999999999999999999999}"), Some((2, usize::MAX)));
        for none in [&b"x {}"[..], b"x {4} y", b"x {-1}", b"}", b""] {
            assert_eq!(counted(none), None);
        }
        assert!(is_status(b"* OK hello {3}") && is_status(b"A1 NO {3}") && is_status(b"+ idling {3}"));
        assert!(!is_status(b"* LIST () \"/\" {3}"));
    }

    #[tokio::test]
    async fn only_what_is_needed_and_understood_gets_through() {
        let deep = format!("* 2 FETCH (BODYSTRUCTURE {})\r\n", "(".repeat(60_000));
        let said = format!(
            "* 3 EXISTS\r\n* NO disk nearly full\r\n* LIST () \"/\" {{3}}\r\na\nb\r\n* CAPABILITY IDLE x\r\n{deep}\
             * 1 FETCH (UID 1 INTERNALDATE NIL)\r\n* 1 FETCH (UID 7 BODY[] ~{{2}}\r\n)\n)\n+ what?\r\nA1 NO [LIMIT] \u{f1} \r\n\
             * 2 EXPUNGE\r\nno such thing\r\n\r\n"
        );
        let (heard, error, sieve) = sieved(said.as_bytes()).await;
        let expected = "* 3 EXISTS\r\n* 1 FETCH (UID 7 BODY[] {2}\r\n)\n)\r\n+ \r\nA1 NO .\r\n* 2 EXPUNGE\r\n";
        assert_eq!(String::from_utf8(heard).unwrap(), expected);
        assert_eq!(super::super::super::wire::from_io(&error).code, Code::Closed);
        assert!(sieve.lost == [0, 1] && sieve.news && sieve.exists == 2 && sieve.capabilities == ["IDLE", "X"]);
        let status = sieve.status.unwrap();
        assert!(status.has_code("LIMIT") && status.or(Code::CommandRefused).unwrap_err().code == Code::Limit);
    }

    proptest! {
        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'('), Just(b')'), Just(b'"'), Just(b'['), Just(b'{'), Just(b'}')], 0..200)) {
            let frame = [b"* 1 FETCH (UID 1 ".to_vec(), noise, b")\r\n".to_vec()].concat();
            let _ = !has_no_date(&frame) && is_understood(&frame);
        }
    }
}
