//! What is said before anybody signs in: in plain text perhaps, so it is not the library's business, which would keep what it read.

use super::{
    super::{
        dial::Hello,
        failure::{Code, Failure},
        wire::Wire,
    },
    sieve::{is_limit, split_word},
};

/// For those who only want to know whether such a server answers.
pub(in super::super) fn greeting() -> Greeting {
    Greeting
}

pub(in super::super) struct Greeting;

impl Greeting {
    /// Asks something and reads to the end of the answer; says whether one of the lines holds `word`, and how it ended.
    async fn ask(wire: &mut Wire, tag: &str, command: &str, word: &str) -> Result<(bool, bool, Vec<u8>), Failure> {
        wire.send(&format!("{tag} {command}\r\n")).await?;
        let mut found = false;
        loop {
            let line = wire.line().await?;
            goodbye(&line)?;
            let (first, rest) = split_word(&line);
            if first == tag.as_bytes() {
                let (status, words) = split_word(rest);
                return Ok((found, status.eq_ignore_ascii_case(b"OK"), words.to_vec()));
            }
            found |= line.split(|byte| *byte == b' ').any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        }
    }
}

impl Hello for Greeting {
    async fn greeting(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let line = wire.line().await?;
        goodbye(&line)?;
        let (star, rest) = split_word(&line);
        let (word, _) = split_word(rest);
        if star == b"*" && word.eq_ignore_ascii_case(b"PREAUTH") {
            // Whose mailbox would that be, and who says so?
            return Err(Code::AlreadySignedIn.into());
        }
        let greeted = star == b"*" && word.eq_ignore_ascii_case(b"OK");
        if greeted { Ok(()) } else { Err(Failure::said(Code::NotThisProtocol, &line)) }
    }

    async fn starttls(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let (offered, ..) = Self::ask(wire, "s1", "CAPABILITY", "STARTTLS").await?;
        if !offered {
            return Err(Code::TlsNotOffered.into());
        }
        let (_, agreed, words) = Self::ask(wire, "s2", "STARTTLS", "").await?;
        if agreed { Ok(()) } else { Err(Failure::said(if is_limit(&words) { Code::Limit } else { Code::TlsRefused }, &words)) }
    }
}

fn goodbye(line: &[u8]) -> Result<(), Failure> {
    let (word, words) = split_word(line.strip_prefix(b"* ").unwrap_or_default());
    if !word.eq_ignore_ascii_case(b"BYE") {
        return Ok(());
    }
    Err(Failure::said(if is_limit(words) { Code::Limit } else { Code::ServerRefuses }, words))
}
