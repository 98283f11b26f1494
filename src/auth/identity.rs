//! Who a visitor is, as the company's own server says: a JSON Web Token signed with a secret of the web chat.
//!
//! A verifier for exactly one kind of token (security.md, 34 and 41): compact form, `alg` HS256 and nothing else, a header
//! without `kid`, `jku`, `crit` or any other instruction to the reader, only the claims below. What is not expected is
//! refused, so there is nothing to be confused by. The signature is checked before anything inside is believed.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use thiserror::Error;

use crate::{channels::standard_webhooks::SigningSecret, clock::Timestamp, domain::contact::MAX_ADDRESS_BYTES, ids::ChannelId};

/// The longest token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;
/// The longest that a token may count, in seconds.
const MAX_LIFETIME_SECONDS: i64 = 24 * 3600;
/// How far the company's clock may differ from ours, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// The longest name kept, in characters.
const MAX_NAME: usize = 120;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The company's own number of them.
    pub subject: String,
    /// How they are called; empty when the company does not say.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// When the token stops counting.
    pub until: Timestamp,
}

/// Why a token does not count. What is said about its content is said only to who could sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// Not three parts of base64url.
    #[error("not a JSON Web Token")]
    Form,
    /// The header is not `{"alg":"HS256","typ":"JWT"}`.
    #[error("the header may only say alg HS256 and typ JWT")]
    Header,
    /// No secret of this web chat made the signature.
    #[error("the signature does not match")]
    Signature,
    /// Not the claims there may be.
    #[error("the claims are sub, aud, exp and perhaps name, email, iat, nbf; nothing else")]
    Claims,
    /// For another channel.
    #[error("aud is not this channel")]
    Audience,
    /// Expired, not yet valid, or valid for more than 24 h.
    #[error("exp must lie ahead, by at most 24 hours")]
    Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sub: String,
    aud: String,
    exp: i64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "libraries add it by themselves; it decides nothing")]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
}

/// Who this token speaks of.
///
/// # Errors
/// Why it does not count.
pub fn verify(token: &str, secrets: &[SigningSecret], channel: ChannelId, now: Timestamp) -> Result<Identity, IdentityError> {
    let parts: Vec<&str> = token.split('.').take(4).collect();
    let &[header, claims, signature] = parts.as_slice() else { return Err(IdentityError::Form) };
    if token.len() > MAX_TOKEN_BYTES {
        return Err(IdentityError::Form);
    }
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| IdentityError::Form);
    let (header_bytes, claims_bytes, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
    let known: Header = serde_json::from_slice(&header_bytes).map_err(|_| IdentityError::Header)?;
    if known.alg != "HS256" || known.typ.is_some_and(|typ| typ != "JWT") {
        return Err(IdentityError::Header);
    }
    // All secrets are tried, in constant time each.
    let signed = secrets.iter().fold(false, |signed, secret| {
        let matches = mac(secret)
            .is_some_and(|mac| mac.chain_update(header).chain_update(b".").chain_update(claims).verify_slice(&signature).is_ok());
        signed | matches
    });
    if !signed {
        return Err(IdentityError::Signature);
    }
    let claims: Claims = serde_json::from_slice(&claims_bytes).map_err(|_| IdentityError::Claims)?;
    accept(claims, channel, now)
}

fn accept(claims: Claims, channel: ChannelId, now: Timestamp) -> Result<Identity, IdentityError> {
    let Claims { sub, aud, exp, name, email, nbf, .. } = claims;
    if aud != channel.to_string() {
        return Err(IdentityError::Audience);
    }
    let seconds = now.micros() / 1_000_000;
    let too_far = exp > seconds + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS;
    if exp <= seconds || too_far || nbf.is_some_and(|nbf| nbf > seconds + LEEWAY_SECONDS) {
        return Err(IdentityError::Time);
    }
    let possible = |text: &str| !text.is_empty() && text.len() <= MAX_ADDRESS_BYTES && !text.chars().any(char::is_control);
    if !possible(&sub) || sub.trim() != sub || email.as_deref().is_some_and(|email| !possible(email)) {
        return Err(IdentityError::Claims);
    }
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    Ok(Identity { subject: sub, name: name.trim().to_owned(), email, until: Timestamp::from_micros(exp * 1_000_000) })
}

/// The key is the secret as it was shown, `whsec_` included: what a library is given as text.
fn mac(secret: &SigningSecret) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret.reveal().as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const CHANNEL: ChannelId = ChannelId::from_u128(7);
    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn secrets() -> Vec<SigningSecret> {
        vec!["whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldG90aGVyc2U=".parse().unwrap(), SECRET.parse().unwrap()]
    }

    fn sign(header: &str, claims: &str, key: &[u8]) -> String {
        let body = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap().chain_update(&body);
        format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims(more: &str) -> String {
        format!(r#"{{"sub":"u-1","aud":"{CHANNEL}","exp":1800000600{more}}}"#)
    }

    fn with_claims(claims: &str) -> Result<Identity, IdentityError> {
        verify(&sign(r#"{"alg":"HS256","typ":"JWT"}"#, claims, SECRET.as_bytes()), &secrets(), CHANNEL, NOW)
    }

    fn with_header(header: &str) -> Result<Identity, IdentityError> {
        verify(&sign(header, &claims(""), SECRET.as_bytes()), &secrets(), CHANNEL, NOW)
    }

    /// Made with Python's `hmac` and `base64` from the secret above.
    const VECTOR: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJhdWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDciLCJleHAiOjE4MDAwMDA2MDAsIm5hbWUiOiJab8OrIiwiaWF0IjoxODAwMDAwMDAwfQ.907ofaOSqzMd9jHXEw58CDgz3TQWQ0ZKYDFMdfDpOo4";

    #[test]
    fn a_token_that_others_made_is_read() {
        let identity = verify(VECTOR, &secrets(), CHANNEL, NOW).unwrap();
        assert_eq!((identity.subject.as_str(), identity.name.as_str()), ("u-1", "Zoë"));
        let identity = with_claims(&claims(r#","name":"Ana \u0007Luz","email":"ana@example.com","iat":1800000000"#)).unwrap();
        assert_eq!((identity.subject.as_str(), identity.name.as_str()), ("u-1", "Ana Luz"));
        assert_eq!(identity.email.as_deref(), Some("ana@example.com"));
        assert_eq!(identity.until, Timestamp::from_micros(1_800_000_600_000_000));
        assert!(with_header(r#"{"typ":"JWT","alg":"HS256"}"#).is_ok() && with_header(r#"{"alg":"HS256"}"#).is_ok());
    }

    #[test]
    fn no_other_algorithm_and_no_instruction_in_the_header_counts() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":"HS256","kid":"../../dev/null"}"#,
            r#"{"alg":"HS256","kid":""}"#,
            r#"{"alg":"HS256","jku":"https://evil.test/keys"}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"typ":"JWT"}"#,
            "{}",
            "x",
        ] {
            assert_eq!(with_header(header), Err(IdentityError::Header), "{header}");
        }
        let good = sign(r#"{"alg":"HS256"}"#, &claims(""), SECRET.as_bytes());
        let (body, _) = good.rsplit_once('.').unwrap();
        let unsigned = format!("{body}.");
        assert_eq!(verify(&unsigned, &secrets(), CHANNEL, NOW), Err(IdentityError::Signature));
    }

    #[test]
    fn only_a_secret_of_this_web_chat_signs() {
        let header = r#"{"alg":"HS256"}"#;
        for key in ["", "whsec_", "0123456789012345678901234567890123456789", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="] {
            let token = sign(header, &claims(""), key.as_bytes());
            assert_eq!(verify(&token, &secrets(), CHANNEL, NOW), Err(IdentityError::Signature), "{key}");
        }
        let token = sign(header, &claims(""), SECRET.as_bytes());
        assert_eq!(verify(&token, &[], CHANNEL, NOW), Err(IdentityError::Signature));
        let forged = sign(header, &claims("").replace("u-1", "u-2"), b"guess");
        let (head, signature) = (forged.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1);
        assert_eq!(verify(&format!("{head}.{signature}"), &secrets(), CHANNEL, NOW), Err(IdentityError::Signature));
    }

    #[test]
    fn the_form_is_three_parts_of_base64url() {
        let token = sign(r#"{"alg":"HS256"}"#, &claims(""), SECRET.as_bytes());
        for broken in [
            String::new(),
            ".".into(),
            "..".into(),
            "a.b".into(),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{token}"),
            format!("{token}="),
            format!(" {token}"),
            format!("{token}\n"),
            token.replacen('.', "..", 1),
            "a".repeat(MAX_TOKEN_BYTES + 1),
        ] {
            assert!(verify(&broken, &secrets(), CHANNEL, NOW).is_err(), "{broken}");
        }
    }

    #[test]
    fn claims_are_those_and_no_others() {
        let refused = |claims: &str| with_claims(claims).unwrap_err();
        assert_eq!(refused(&claims(r#","role":"admin""#)), IdentityError::Claims);
        assert_eq!(refused(&claims(r#","sub":"u-2""#)), IdentityError::Claims);
        assert_eq!(refused(&claims("").replace("u-1", "")), IdentityError::Claims);
        assert_eq!(refused(&claims("").replace("u-1", " u-1")), IdentityError::Claims);
        assert_eq!(refused(&claims("").replace("u-1", r"u\u0000")), IdentityError::Claims);
        assert_eq!(refused(&claims("").replace("u-1", &"x".repeat(255))), IdentityError::Claims);
        assert_eq!(refused(&claims("").replace("\"u-1\"", "1")), IdentityError::Claims);
        assert_eq!(
            refused(&claims("").replace(&CHANNEL.to_string(), &ChannelId::from_u128(8).to_string())),
            IdentityError::Audience
        );
        assert_eq!(refused(&claims("").replace(&CHANNEL.to_string(), "*")), IdentityError::Audience);
        for missing in [r#"{"sub":"u"}"#, r#"{"aud":"x","exp":1}"#, "{}", "[]", "null", ""] {
            assert_eq!(refused(missing), IdentityError::Claims, "{missing}");
        }
    }

    #[test]
    fn a_token_counts_for_a_day_at_most() {
        let at = |exp: i64| with_claims(&claims("").replace("1800000600", &exp.to_string()));
        assert_eq!(at(1_800_000_000), Err(IdentityError::Time));
        assert_eq!(at(-1), Err(IdentityError::Time));
        assert_eq!(at(i64::MAX), Err(IdentityError::Time));
        assert_eq!(at(1_800_000_000 + 25 * 3600), Err(IdentityError::Time));
        assert!(at(1_800_000_001).is_ok() && at(1_800_000_000 + 24 * 3600).is_ok());
        assert_eq!(with_claims(&claims(r#","nbf":1800000300"#)), Err(IdentityError::Time));
        assert_eq!(with_claims(&claims("").replace("1800000600", "1800000600.5")), Err(IdentityError::Claims));
    }

    proptest::proptest! {
        #[test]
        fn noise_is_refused_without_a_panic(token in "[A-Za-z0-9._=-]{0,200}|.{0,100}") {
            proptest::prop_assert!(verify(&token, &secrets(), CHANNEL, NOW).is_err());
        }
    }
}
