//! By what a mail is known again when its number on the server has changed.

use sha2::{Digest, Sha256};

/// A mail's identity: after a change of UIDVALIDITY everything arrives once more, and what has both facts of a stored one is a repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The Message-ID, if it has a usable one. Not enough alone: anybody can copy one.
    pub message_id: Option<String>,
    /// SHA-256 of the raw bytes.
    pub digest: [u8; 32],
}

impl Facts {
    /// Reads the header and hashes everything: off the arbiter for large mails.
    pub fn of(raw: &[u8]) -> Self {
        Self { message_id: message_id(raw), digest: Sha256::digest(raw).into() }
    }
}

const LONGEST: usize = 998;
/// How far into a mail its header is looked for.
const HEADER: usize = 64 * 1024;

fn message_id(raw: &[u8]) -> Option<String> {
    let mut lines = raw.get(..HEADER).unwrap_or(raw).split(|byte| *byte == b'\n').take_while(|line| !matches!(*line, [] | b"\r"));
    let name = b"message-id:";
    let first = lines.find_map(|line| line.split_at_checked(name.len()).filter(|(start, _)| start.eq_ignore_ascii_case(name)))?.1;
    // The value may stand on folded lines below.
    let folded = lines.take_while(|line| matches!(line.first(), Some(b' ' | b'\t')));
    let value: Vec<u8> = first.iter().chain(folded.flatten()).copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let value = value.get(..=value.iter().position(|byte| *byte == b'>')?)?;
    let usable = value.first() == Some(&b'<') && (3..=LONGEST).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
    usable.then(|| String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_message_id_is_found_folded_in_any_case_and_only_in_the_header() {
        let id = |raw: &str| message_id(raw.as_bytes());
        assert_eq!(id("A: b\r\nMESSAGE-ID:\r\n <a@b>\r\nC: d\r\n\r\nx").as_deref(), Some("<a@b>"));
        assert_eq!(id("Message-Id: <a@b> (comment)\n\n").as_deref(), Some("<a@b>"));
        for none in [
            "",
            "A: b\r\n\r\nMessage-ID: <a@b>",
            "Message-ID: a@b\r\n\r\n",
            "Message-ID: <>\r\n\r\n",
            "X-Message-ID: <a@b>\r\n\r\n",
        ] {
            assert_eq!(id(none), None, "{none:?}");
        }
        assert_ne!(Facts::of(b"a").digest, Facts::of(b"b").digest);
    }

    proptest! {
        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Facts::of(&[b"Message-ID:".to_vec(), noise].concat());
        }
    }
}
