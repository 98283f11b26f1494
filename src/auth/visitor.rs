//! Tokens of web chat visitors: `v1.{channel}.{visitor}.{signature}`, checked without asking the store.
//!
//! The signature is HMAC-SHA256 with a key derived from the installation's key, so a visitor cannot pretend to be another
//! (security.md, 41) and a new installation key voids all tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ids::{ChannelId, VisitorId};

const PURPOSE: &[u8] = b"centralita visitor token v1";

/// Signs and checks visitors' tokens.
#[derive(Clone)]
pub struct VisitorTokens(Hmac<Sha256>);

impl VisitorTokens {
    /// With a key derived from the installation's.
    pub fn new(installation_key: &[u8; 32]) -> Self {
        let derived = keyed(installation_key).chain_update(PURPOSE).finalize().into_bytes();
        Self(keyed(&derived.into()))
    }

    /// The token of a visitor on a channel account.
    pub fn sign(&self, channel: ChannelId, visitor: VisitorId) -> String {
        let body = format!("v1.{channel}.{visitor}");
        let signature = self.0.clone().chain_update(&body).finalize().into_bytes();
        format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whose token this is; none when it was not signed here.
    pub fn read(&self, token: &str) -> Option<(ChannelId, VisitorId)> {
        let (body, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.0.clone().chain_update(body).verify_slice(&signature).ok()?;
        let (channel, visitor) = body.strip_prefix("v1.")?.split_once('.')?;
        Some((channel.parse().ok()?, visitor.parse().ok()?))
    }
}

/// HMAC pads a shorter key to the hash's block with zeros (RFC 2104, 2).
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    KeyInit::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_visitor_and_cannot_be_altered() {
        let tokens = VisitorTokens::new(&[7; 32]);
        let (channel, visitor) = (ChannelId::from_u128(1), VisitorId::from_u128(2));
        let token = tokens.sign(channel, visitor);
        assert_eq!(tokens.read(&token), Some((channel, visitor)));
        let other = token.replace(&visitor.to_string(), &VisitorId::from_u128(3).to_string());
        assert_ne!(other, token);
        assert_eq!(tokens.read(&other), None);
        assert_eq!(VisitorTokens::new(&[8; 32]).read(&token), None);
        for broken in ["", ".", "v1", "v1...", "v1.a.b.c", &token[..token.len() - 1]] {
            assert_eq!(tokens.read(broken), None, "{broken}");
        }
    }
}
