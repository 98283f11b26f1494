//! Standard Webhooks 1.0, both directions: what proves that a request comes from the holder of a secret.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>. Only the
//! symmetric scheme `v1` exists here; signatures of other versions are ignored. The signature covers the raw bytes of the
//! body, so check it before parsing and never over a body that was parsed and written again.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::clock::Timestamp;

/// Names the message; the same when the sender retries, so it is the key for detecting duplicates.
pub const ID_HEADER: &str = "webhook-id";
/// When this attempt was sent, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The signatures, separated by spaces: one for each secret while the sender rotates.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far the timestamp of a request may lie from our clock, in both directions, in seconds.
pub const TOLERANCE_SECONDS: u64 = 300;
/// The longest message id, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// The shortest key the specification allows, in bytes.
pub const MIN_KEY_BYTES: usize = 24;
/// The longest key the specification allows, in bytes.
pub const MAX_KEY_BYTES: usize = 64;

const SECRET_PREFIX: &str = "whsec_";
const VERSION_PREFIX: &str = "v1,";
const GENERATED_KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 32;
const MAX_TIMESTAMP_DIGITS: usize = 12;

/// Why a text is not a signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// It does not begin with `whsec_`.
    #[error("a signing secret begins with whsec_")]
    Prefix,
    /// What follows the prefix is not padded standard base64.
    #[error("the part after whsec_ must be base64")]
    Base64,
    /// The key is shorter than [`MIN_KEY_BYTES`] or longer than [`MAX_KEY_BYTES`].
    #[error("a signing secret holds {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes, not {0}")]
    Length(usize),
}

/// A key shared with a sender or receiver. It prints as `***` and has no serialised form; [`SigningSecret::reveal`] is
/// the one way out.
#[derive(Clone)]
pub struct SigningSecret {
    key: Box<[u8]>,
    /// The key already mixed in: a signature then costs a copy of this state, not two more hash blocks.
    keyed: Hmac<Sha256>,
}

impl SigningSecret {
    /// A new secret of 32 random bytes.
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut key = [0; GENERATED_KEY_BYTES];
        random.fill_bytes(&mut key);
        Self::with_key(&key)
    }

    /// The secret with this raw key.
    ///
    /// # Errors
    /// [`SecretError::Length`] unless it has [`MIN_KEY_BYTES`] to [`MAX_KEY_BYTES`] bytes.
    pub fn from_key(key: &[u8]) -> Result<Self, SecretError> {
        if !(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()) {
            return Err(SecretError::Length(key.len()));
        }
        Ok(Self::with_key(key))
    }

    /// HMAC pads keys with zeros to the block of its hash (RFC 2104), which is as long as the longest key.
    fn with_key(key: &[u8]) -> Self {
        let mut block = [0; MAX_KEY_BYTES];
        block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
        Self { key: key.into(), keyed: Hmac::new(&block.into()) }
    }

    /// The secret as text, `whsec_…`: to show once after making it and to seal for the store. Never log it.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(&self.key))
    }

    fn mac(&self, id: &[u8], timestamp: &[u8], body: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut mac = self.keyed.clone();
        for part in [id, b".", timestamp, b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl FromStr for SigningSecret {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(SecretError::Prefix)?;
        Self::from_key(&BASE64_STANDARD.decode(encoded).map_err(|_| SecretError::Base64)?)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Every value a request has under one header name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header<'a> {
    /// The request does not have it.
    Missing,
    /// Exactly one.
    One(&'a [u8]),
    /// Two or more: two readers could choose differently, so nobody chooses.
    Repeated,
}

impl<'a> Header<'a> {
    /// From all values under the name, in any order.
    pub fn from_values(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(only), None) => Self::One(only),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    fn single(self, name: &'static str) -> Result<&'a [u8], SignatureError> {
        match self {
            Self::Missing => Err(SignatureError::HeaderMissing(name)),
            Self::Repeated => Err(SignatureError::HeaderRepeated(name)),
            Self::One([]) => Err(SignatureError::HeaderEmpty(name)),
            Self::One(value) => Ok(value),
        }
    }
}

/// The three headers of a signed request.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// [`ID_HEADER`].
    pub id: Header<'a>,
    /// [`TIMESTAMP_HEADER`].
    pub timestamp: Header<'a>,
    /// [`SIGNATURE_HEADER`].
    pub signature: Header<'a>,
}

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Nothing to check against; an unchecked request is never let through.
    #[error("no signing secret is configured")]
    NoSecret,
    /// The request lacks this header.
    #[error("the header {0} is missing")]
    HeaderMissing(&'static str),
    /// This header has no content.
    #[error("the header {0} is empty")]
    HeaderEmpty(&'static str),
    /// This header stands there more than once.
    #[error("the header {0} is repeated")]
    HeaderRepeated(&'static str),
    /// Not 1 to [`MAX_ID_BYTES`] visible ASCII characters without a full stop.
    #[error("the message id must be 1 to {MAX_ID_BYTES} visible ASCII characters without a full stop")]
    InvalidId,
    /// Not a plain number of seconds.
    #[error("the timestamp must be whole seconds since 1970")]
    InvalidTimestamp,
    /// Sent more than [`TOLERANCE_SECONDS`] ago: perhaps a replay.
    #[error("the request was signed too long ago")]
    TooOld,
    /// Sent more than [`TOLERANCE_SECONDS`] in the future: a clock is wrong.
    #[error("the request was signed in the future")]
    TooNew,
    /// No signature of version 1 that could be read.
    #[error("there is no readable v1 signature")]
    NoUsableSignature,
    /// No signature fits any secret.
    #[error("the signature does not match")]
    Mismatch,
}

impl SignatureError {
    /// The stable code, in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSecret => "signature_no_secret",
            Self::HeaderMissing(_) => "signature_header_missing",
            Self::HeaderEmpty(_) => "signature_header_empty",
            Self::HeaderRepeated(_) => "signature_header_repeated",
            Self::InvalidId => "signature_invalid_id",
            Self::InvalidTimestamp => "signature_invalid_timestamp",
            Self::TooOld => "signature_too_old",
            Self::TooNew => "signature_too_new",
            Self::NoUsableSignature => "signature_no_usable_version",
            Self::Mismatch => "signature_mismatch",
        }
    }
}

/// The id of a message whose signature was checked; only [`verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VerifiedId<'a>(&'a str);

impl<'a> VerifiedId<'a> {
    /// 1 to [`MAX_ID_BYTES`] visible ASCII characters without a full stop.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// Checks a request against every secret in force (several while one is being replaced) and gives back its message id.
/// `body` is exactly what came over the wire. Allocates nothing; takes one HMAC per secret.
///
/// # Errors
/// A [`SignatureError`] that says what was wrong first; the sender may be told, for it reveals nothing about the key.
pub fn verify<'a>(
    secrets: &[SigningSecret],
    headers: Headers<'a>,
    body: &[u8],
    now: Timestamp,
) -> Result<VerifiedId<'a>, SignatureError> {
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let id = parse_id(headers.id.single(ID_HEADER)?)?;
    let timestamp = headers.timestamp.single(TIMESTAMP_HEADER)?;
    check_age(parse_timestamp(timestamp)?, now)?;
    let signatures = headers.signature.single(SIGNATURE_HEADER)?;
    if usable(signatures).next().is_none() {
        return Err(SignatureError::NoUsableSignature);
    }
    let fits = |secret: &SigningSecret| {
        let expected = secret.mac(id.as_bytes(), timestamp, body);
        usable(signatures).any(|given| expected.ct_eq(&given).into())
    };
    if secrets.iter().any(fits) { Ok(VerifiedId(id)) } else { Err(SignatureError::Mismatch) }
}

/// The value of [`SIGNATURE_HEADER`] for a message of ours. `timestamp` is in seconds since 1970 and goes into
/// [`TIMESTAMP_HEADER`] unchanged. While a receiver rotates, join one value per secret with a space.
pub fn sign(secret: &SigningSecret, id: &str, timestamp: i64, body: &[u8]) -> String {
    let mac = secret.mac(id.as_bytes(), timestamp.to_string().as_bytes(), body);
    format!("{VERSION_PREFIX}{}", BASE64_STANDARD.encode(mac))
}

/// The full stop separates the signed parts, so an id that holds one could be read in two ways.
fn parse_id(id: &[u8]) -> Result<&str, SignatureError> {
    let allowed = |byte: &u8| byte.is_ascii_graphic() && *byte != b'.';
    if id.len() > MAX_ID_BYTES || !id.iter().all(allowed) {
        return Err(SignatureError::InvalidId);
    }
    str::from_utf8(id).map_err(|_| SignatureError::InvalidId)
}

fn parse_timestamp(digits: &[u8]) -> Result<Timestamp, SignatureError> {
    if digits.len() > MAX_TIMESTAMP_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(SignatureError::InvalidTimestamp);
    }
    let seconds = digits.iter().fold(0, |seconds, digit| seconds * 10 + i64::from(digit - b'0'));
    Ok(Timestamp::from_micros(seconds * 1_000_000))
}

fn check_age(sent: Timestamp, now: Timestamp) -> Result<(), SignatureError> {
    if now.since(sent).as_micros() > u128::from(TOLERANCE_SECONDS) * 1_000_000 {
        return Err(SignatureError::TooOld);
    }
    if sent.since(now).as_micros() > u128::from(TOLERANCE_SECONDS) * 1_000_000 {
        return Err(SignatureError::TooNew);
    }
    Ok(())
}

/// The signatures of version 1 that are well formed.
fn usable(signatures: &[u8]) -> impl Iterator<Item = [u8; SIGNATURE_BYTES]> {
    signatures.split(|byte| *byte == b' ').filter_map(|signature| {
        let encoded = signature.strip_prefix(VERSION_PREFIX.as_bytes())?;
        // One byte more than needed: base64 sizes its buffers by whole groups of three.
        let mut decoded = [0; SIGNATURE_BYTES + 1];
        let length = BASE64_STANDARD.decode_slice(encoded, &mut decoded).ok()?;
        decoded.get(..length)?.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    // The example of the specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> SigningSecret {
        SECRET.parse().unwrap()
    }

    fn other_secret() -> SigningSecret {
        SigningSecret::generate(&mut StdRng::seed_from_u64(1))
    }

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn headers<'a>(id: &'a [u8], timestamp: &'a [u8], signature: &'a [u8]) -> Headers<'a> {
        Headers { id: Header::One(id), timestamp: Header::One(timestamp), signature: Header::One(signature) }
    }

    fn published(signature: &str) -> Headers<'_> {
        headers(ID.as_bytes(), b"1614265330", signature.as_bytes())
    }

    fn check(headers: Headers<'_>) -> Result<&str, SignatureError> {
        verify(&[secret()], headers, BODY, seconds(SENT)).map(VerifiedId::as_str)
    }

    #[test]
    fn the_published_vector_holds_in_both_directions() {
        assert_eq!(sign(&secret(), ID, SENT, BODY), SIGNATURE);
        assert_eq!(check(published(SIGNATURE)), Ok(ID));
    }

    #[test]
    fn while_rotating_either_side_may_hold_two_secrets() {
        let two_signatures = format!("{} {SIGNATURE}", sign(&other_secret(), ID, SENT, BODY));
        assert_eq!(check(published(&two_signatures)), Ok(ID));
        let secrets = [other_secret(), secret()];
        assert_eq!(verify(&secrets, published(SIGNATURE), BODY, seconds(SENT)).map(VerifiedId::as_str), Ok(ID));
        assert_eq!(
            verify(&[other_secret()], published(SIGNATURE), BODY, seconds(SENT)),
            Err(SignatureError::Mismatch),
            "a secret that was replaced no longer opens"
        );
    }

    #[test]
    fn other_versions_are_ignored_beside_v1_and_refused_alone() {
        let mixed = format!(
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {SIGNATURE} v2,x"
        );
        assert_eq!(check(published(&mixed)), Ok(ID));
        for lone in ["v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", " ", "v1", "v1,", "v1,====", "v1,g0hM", "g0hM9SsE"] {
            assert_eq!(check(published(lone)), Err(SignatureError::NoUsableSignature), "{lone:?}");
        }
    }

    #[test]
    fn an_uppercase_scheme_is_another_scheme() {
        assert_eq!(check(published(&SIGNATURE.replace("v1", "V1"))), Err(SignatureError::NoUsableSignature));
    }

    #[test]
    fn a_request_is_believed_for_300_seconds_in_both_directions() {
        let at = |now| verify(&[secret()], published(SIGNATURE), BODY, now).map(VerifiedId::as_str);
        assert_eq!(at(seconds(SENT + 300)), Ok(ID));
        assert_eq!(at(seconds(SENT - 300)), Ok(ID));
        assert_eq!(at(seconds(SENT + 300) + Duration::from_micros(1)), Err(SignatureError::TooOld));
        assert_eq!(at(seconds(SENT + 301)), Err(SignatureError::TooOld));
        assert_eq!(at(seconds(SENT - 301)), Err(SignatureError::TooNew));
    }

    #[test]
    fn every_header_must_stand_there_once_and_say_something() {
        type Set = fn(&mut Headers<'static>, Header<'static>);
        let places: [(&str, Set); 3] = [
            (ID_HEADER, |headers, value| headers.id = value),
            (TIMESTAMP_HEADER, |headers, value| headers.timestamp = value),
            (SIGNATURE_HEADER, |headers, value| headers.signature = value),
        ];
        for (name, set) in places {
            let with = |values: &[&'static [u8]]| {
                let mut headers = published(SIGNATURE);
                set(&mut headers, Header::from_values(values.iter().copied()));
                check(headers)
            };
            assert_eq!(with(&[]), Err(SignatureError::HeaderMissing(name)));
            assert_eq!(with(&[b""]), Err(SignatureError::HeaderEmpty(name)));
            assert_eq!(with(&[SIGNATURE.as_bytes(), SIGNATURE.as_bytes()]), Err(SignatureError::HeaderRepeated(name)));
        }
    }

    #[test]
    fn without_a_secret_nothing_passes() {
        assert_eq!(verify(&[], published(SIGNATURE), BODY, seconds(SENT)), Err(SignatureError::NoSecret));
    }

    #[test]
    fn ids_and_timestamps_have_one_spelling() {
        let long = [b'a'; MAX_ID_BYTES + 1];
        for id in [b"a.b".as_slice(), b"a b", b"\xc3\xa4", b"a\0", &long] {
            assert_eq!(check(headers(id, b"1614265330", SIGNATURE.as_bytes())), Err(SignatureError::InvalidId), "{id:?}");
        }
        for timestamp in [b"+1614265330".as_slice(), b"-1", b"1614265330.0", b" 1614265330", b"0x60", b"9999999999999"] {
            let refused = check(headers(ID.as_bytes(), timestamp, SIGNATURE.as_bytes()));
            assert_eq!(refused, Err(SignatureError::InvalidTimestamp), "{timestamp:?}");
        }
        let zero_first = check(headers(ID.as_bytes(), b"01614265330", SIGNATURE.as_bytes()));
        assert_eq!(zero_first, Err(SignatureError::Mismatch), "the signature covers the digits as sent");
        let longest = "a".repeat(MAX_ID_BYTES);
        let signature = sign(&secret(), &longest, SENT, BODY);
        assert_eq!(check(headers(longest.as_bytes(), b"1614265330", signature.as_bytes())), Ok(longest.as_str()));
    }

    #[test]
    fn only_the_raw_body_passes() {
        let escaped = br#"{"name":"\u00e4\ud83d\ude00"}"#.as_slice();
        let signature = sign(&secret(), ID, SENT, escaped);
        let verify_body = |body: &[u8]| verify(&[secret()], published(&signature), body, seconds(SENT)).map(VerifiedId::as_str);
        assert_eq!(verify_body(escaped), Ok(ID));
        let value: serde_json::Value = serde_json::from_slice(escaped).unwrap();
        let written_again = serde_json::to_vec(&value).unwrap();
        assert_ne!(written_again, escaped);
        assert_eq!(verify_body(&written_again), Err(SignatureError::Mismatch));
        assert_eq!(verify_body(b""), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_a_prefix() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes])).parse::<SigningSecret>().map(|_| ());
        assert_eq!(of(23), Err(SecretError::Length(23)));
        assert_eq!(of(24), Ok(()));
        assert_eq!(of(64), Ok(()));
        assert_eq!(of(65), Err(SecretError::Length(65)));
        assert_eq!("".parse::<SigningSecret>().err(), Some(SecretError::Prefix));
        assert_eq!("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse::<SigningSecret>().err(), Some(SecretError::Prefix));
        assert_eq!("whsec_***".parse::<SigningSecret>().err(), Some(SecretError::Base64));
    }

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        assert_eq!(format!("{:?}", [secret()]), "[***]");
        assert_eq!(secret().reveal(), SECRET);
        let generated = other_secret();
        let again: SigningSecret = generated.reveal().parse().unwrap();
        assert_eq!(sign(&again, ID, SENT, BODY), sign(&generated, ID, SENT, BODY));
    }

    proptest! {
        #[test]
        fn what_is_signed_passes(id in "[!-\\-/-~]{1,256}", sent in 0_i64..999_999_999_999, body in prop::collection::vec(any::<u8>(), 0..300)) {
            let signature = sign(&secret(), &id, sent, &body);
            let timestamp = sent.to_string();
            let headers = headers(id.as_bytes(), timestamp.as_bytes(), signature.as_bytes());
            prop_assert_eq!(verify(&[secret()], headers, &body, seconds(sent)).map(VerifiedId::as_str), Ok(id.as_str()));
        }

        /// One byte changed anywhere, however the clock stands, and the request is refused.
        #[test]
        fn a_changed_byte_never_passes(part in 0_usize..4, place in any::<prop::sample::Index>(), change in 1_u8.., now in -300_i64..=300) {
            let mut parts = [ID.as_bytes().to_vec(), b"1614265330".to_vec(), SIGNATURE.as_bytes().to_vec(), BODY.to_vec()];
            let length = parts[part].len();
            parts[part][place.index(length)] ^= change;
            let [id, timestamp, signature, body] = &parts;
            prop_assert!(verify(&[secret()], headers(id, timestamp, signature), body, seconds(SENT + now)).is_err());
        }

        #[test]
        fn noise_is_refused_without_a_panic(
            id in prop::collection::vec(any::<u8>(), 0..20),
            timestamp in "[0-9]{0,14}|.{0,14}",
            signature in "(v1,[A-Za-z0-9+/=]{0,60} ?){0,3}|.{0,60}",
            body in prop::collection::vec(any::<u8>(), 0..60),
            now in any::<i64>(),
        ) {
            let headers = headers(&id, timestamp.as_bytes(), signature.as_bytes());
            prop_assert!(verify(&[secret(), other_secret()], headers, &body, Timestamp::from_micros(now)).is_err());
        }

        #[test]
        fn no_text_panics_as_a_secret(text in "(whsec_)?.{0,100}") {
            let _ = text.parse::<SigningSecret>();
        }
    }
}
