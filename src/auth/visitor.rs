//! Tokens of web chat visitors, checked without asking the store: `v1.{channel}.{visitor}.{signature}` for who is nobody in
//! particular, `v2.{channel}.{visitor}.{expiry}.{signature}` for who was identified by the page they are on.
//!
//! The signature is HMAC-SHA256 with a key derived from the installation's key, so a visitor cannot pretend to be another
//! (security.md, 41) and a new installation key voids all tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Builder;

use crate::{
    clock::Timestamp,
    ids::{ChannelId, ClientId, Id, VisitorId},
};

const PURPOSE: &[u8] = b"centralita visitor token v1";
const IDENTITY: &[u8] = b"centralita identified visitor v1";

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// On which channel account.
    pub channel: ChannelId,
    /// Who.
    pub visitor: VisitorId,
    /// Identified visitors: when it stops counting.
    pub until: Option<Timestamp>,
}

/// Signs and checks visitors' tokens.
#[derive(Clone)]
pub struct VisitorTokens {
    tokens: Hmac<Sha256>,
    identities: Hmac<Sha256>,
}

impl VisitorTokens {
    /// With keys derived from the installation's.
    pub fn new(installation_key: &[u8; 32]) -> Self {
        let derived = |purpose: &[u8]| {
            let key = keyed(installation_key).chain_update(purpose).finalize().into_bytes();
            keyed(&key.into())
        };
        Self { tokens: derived(PURPOSE), identities: derived(IDENTITY) }
    }

    /// The token of a visitor on a channel account.
    pub fn sign(&self, bearer: &Bearer) -> String {
        let Bearer { channel, visitor, until } = bearer;
        let body = match until {
            None => format!("v1.{channel}.{visitor}"),
            Some(until) => format!("v2.{channel}.{visitor}.{}", until.micros()),
        };
        let signature = self.tokens.clone().chain_update(&body).finalize().into_bytes();
        format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whose token this is; none when it was not signed here or has run out.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        let (body, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.tokens.clone().chain_update(body).verify_slice(&signature).ok()?;
        let (version, rest) = body.split_once('.')?;
        let (channel, rest) = rest.split_once('.')?;
        let (visitor, until) = match version {
            "v1" => (rest, None),
            "v2" => {
                let (visitor, until) = rest.split_once('.')?;
                (visitor, Some(Timestamp::from_micros(until.parse().ok()?)))
            }
            _ => return None,
        };
        let bearer = Bearer { channel: channel.parse().ok()?, visitor: visitor.parse().ok()?, until };
        until.is_none_or(|until| now < until).then_some(bearer)
    }

    /// The visitor that a client's customer is on every device. Nobody can guess it who knows the customer's number.
    pub fn identified(&self, client: ClientId, subject: &str) -> VisitorId {
        let mac = self.identities.clone().chain_update(client.to_string()).chain_update(b"/").chain_update(subject);
        let digest = mac.finalize().into_bytes();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        VisitorId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
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

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    #[test]
    fn a_token_names_its_visitor_and_cannot_be_altered() {
        let tokens = VisitorTokens::new(&[7; 32]);
        for until in [None, Some(Timestamp::from_micros(2_000_000))] {
            let bearer = Bearer { channel: ChannelId::from_u128(1), visitor: VisitorId::from_u128(2), until };
            let token = tokens.sign(&bearer);
            assert_eq!(tokens.read(&token, NOW), Some(bearer));
            let other = token.replace(&bearer.visitor.to_string(), &VisitorId::from_u128(3).to_string());
            assert_ne!(other, token);
            assert_eq!(tokens.read(&other, NOW), None);
            assert_eq!(tokens.read(&token.replace(".2000000.", ".9000000."), NOW).is_none(), until.is_some());
            assert_eq!(VisitorTokens::new(&[8; 32]).read(&token, NOW), None);
            assert_eq!(tokens.read(&token[..token.len() - 1], NOW), None);
        }
        for broken in ["", ".", "v1", "v1...", "v1.a.b.c", "v2.a.b.c.d", "v3.a.b.c"] {
            assert_eq!(tokens.read(broken, NOW), None, "{broken}");
        }
    }

    #[test]
    fn the_token_of_an_identified_visitor_runs_out() {
        let tokens = VisitorTokens::new(&[7; 32]);
        let bearer = Bearer { channel: ChannelId::from_u128(1), visitor: VisitorId::from_u128(2), until: Some(NOW) };
        assert_eq!(tokens.read(&tokens.sign(&bearer), NOW), None);
    }

    #[test]
    fn an_identity_is_one_visitor_of_its_client() {
        let tokens = VisitorTokens::new(&[7; 32]);
        let (one, two) = (ClientId::from_u128(1), ClientId::from_u128(2));
        assert_eq!(tokens.identified(one, "u-1"), tokens.identified(one, "u-1"));
        assert_ne!(tokens.identified(one, "u-1"), tokens.identified(one, "u-2"));
        assert_ne!(tokens.identified(one, "u-1"), tokens.identified(two, "u-1"));
        assert_ne!(tokens.identified(one, "u-1"), VisitorTokens::new(&[8; 32]).identified(one, "u-1"));
    }
}
