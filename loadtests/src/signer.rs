//! Signs requests by the Standard Webhooks scheme. Written apart from the product's own code, so that a mistake there does
//! not cancel out here.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Outcome;

/// A signing key, already mixed in: a signature costs a copy of this state.
#[derive(Clone)]
pub(crate) struct Signer(Hmac<Sha256>);

impl Signer {
    /// From a secret as the API gives it, `whsec_…`.
    pub(crate) fn new(secret: &str) -> Outcome<Self> {
        let encoded = secret.strip_prefix("whsec_").ok_or("a signing secret begins with whsec_")?;
        let key = BASE64_STANDARD.decode(encoded).map_err(|error| format!("signing secret: {error}"))?;
        Ok(Self(Hmac::new_from_slice(&key).map_err(|error| format!("signing secret: {error}"))?))
    }

    /// Appends the value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &[u8], timestamp: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let mut mac = self.0.clone();
        for part in [id, b".", timestamp, b".", body] {
            mac.update(part);
        }
        out.extend_from_slice(b"v1,");
        let mut encoded = [0; 44];
        // 32 bytes always are 44 characters.
        if let Ok(length) = BASE64_STANDARD.encode_slice(mac.finalize().into_bytes(), &mut encoded) {
            out.extend(encoded.iter().take(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_published_vector_holds() {
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut out = Vec::new();
        signer.sign(b"msg_p5jXN8AQM9LWM0D4loKWxJek", b"1614265330", br#"{"test": 2432232314}"#, &mut out);
        assert_eq!(out, b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(Signer::new("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
    }
}
