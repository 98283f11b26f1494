//! Random tokens: what a cookie or a program carries. Only their digest is stored, so a copy of the database opens nothing.
//!
//! A plain SHA-256 is enough here: a token holds 256 random bits, so there is nothing to guess offline.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::secret::SecretText;

/// Bearer tokens begin with this, so that scanners of leaked secrets can find them.
pub const BEARER_PREFIX: &str = "ctl_";

const RANDOM_BYTES: usize = 32;
/// 32 bytes in base64 without padding.
const ENCODED_BYTES: usize = 43;

/// SHA-256 of a token: the key of its row.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of a token as its holder sends it.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Hexadecimal: as stored.
impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// A new token for a browser session: 32 random bytes in base64url.
pub fn for_session() -> SecretText {
    random("")
}

/// A new bearer token: `ctl_` and 32 random bytes in base64url.
pub fn for_program() -> SecretText {
    random(BEARER_PREFIX)
}

fn random(prefix: &str) -> SecretText {
    let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
    rand::rng().fill_bytes(&mut *bytes);
    // With room for everything: growing would leave a part behind in freed memory.
    let mut text = String::with_capacity(prefix.len() + ENCODED_BYTES);
    text.push_str(prefix);
    BASE64_URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
    SecretText::new(text)
}

/// Whether a text could be a session's token; saves the look-up of what cannot.
pub fn looks_like_session(text: &str) -> bool {
    text.len() == ENCODED_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether a text could be a bearer token.
pub fn looks_like_bearer(text: &str) -> bool {
    text.strip_prefix(BEARER_PREFIX).is_some_and(looks_like_session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_and_recognised() {
        let (session, program) = (for_session(), for_program());
        assert!(looks_like_session(session.expose()));
        assert!(looks_like_bearer(program.expose()));
        assert!(!looks_like_bearer(session.expose()));
        assert_ne!(for_session().expose(), session.expose());
        for text in ["", "ctl_", &"a".repeat(44), "ctl_' OR 1=1--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!looks_like_session(text) && !looks_like_bearer(text), "{text}");
        }
    }

    #[test]
    fn the_stored_digest_is_that_of_sha_256() {
        assert_eq!(TokenHash::of("abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(format!("{:?}", TokenHash::of("abc")), "TokenHash(ba7816bf…)");
    }
}
