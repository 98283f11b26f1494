//! Secrets: how they are held in memory ([`Secret`]) and in the database ([`Sealer`]).

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use rand::Rng;
use serde::{Deserialize, Deserializer};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// Something that must not show up in a log, an answer or a core file (security.md, 46): it prints as `***`, cannot be
/// serialised and is overwritten when dropped.
///
/// There is no `Display` on purpose: its `to_string` would quietly store three stars where a secret was meant.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

/// A password, token or credential.
pub type SecretText = Secret<String>;

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself; every use of this word is worth a second look in review.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

/// Version of the installation's key; another number when keys are rotated.
pub const KEY_VERSION: u8 = 1;
/// The length of a sealing key, in bytes.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Why a configured key is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not padded standard base64.
    #[error("the sealing key must be base64")]
    Base64,
    /// Another length than [`KEY_BYTES`].
    #[error("the sealing key must hold {KEY_BYTES} bytes, not {0}")]
    Length(usize),
    /// Two keys under one version.
    #[error("there are two sealing keys of version {0}")]
    VersionTwice(u8),
}

/// The text is too long to be sealed (256 GiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too long to be sealed")]
pub struct SealError;

/// Why a sealed value stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It was sealed with a key that is no longer configured.
    #[error("there is no sealing key of version {0}")]
    UnknownKey(u8),
    /// Cut, altered, from another row, or sealed with another key; which one cannot be told.
    #[error("the sealed value is damaged or belongs to another row")]
    Damaged,
}

/// Seals secrets for the database: XChaCha20-Poly1305 with a random 24-byte nonce.
///
/// Sealed form, in base64: one byte key version, nonce, ciphertext with its 16-byte tag. The row's id is associated data,
/// so a sealed value copied to another row does not open there. When one row holds several secrets, the caller adds the
/// column's name to the id.
#[derive(Clone)]
pub struct Sealer {
    current: VersionedKey,
    retired: Vec<VersionedKey>,
}

#[derive(Clone)]
struct VersionedKey {
    version: u8,
    cipher: XChaCha20Poly1305,
}

impl VersionedKey {
    fn new(version: u8, key: &SecretText) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(key.expose()).map_err(|_| KeyError::Base64)?);
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| KeyError::Length(bytes.len()))?;
        Ok(Self { version, cipher })
    }
}

impl Sealer {
    /// Seals and opens with this key, [`KEY_BYTES`] bytes in base64.
    ///
    /// # Errors
    /// [`KeyError::Base64`] or [`KeyError::Length`].
    pub fn new(version: u8, key: &SecretText) -> Result<Self, KeyError> {
        Ok(Self { current: VersionedKey::new(version, key)?, retired: vec![] })
    }

    /// Also opens what was sealed with an earlier key.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn and_open(mut self, version: u8, key: &SecretText) -> Result<Self, KeyError> {
        if self.key(version).is_some() {
            return Err(KeyError::VersionTwice(version));
        }
        self.retired.push(VersionedKey::new(version, key)?);
        Ok(self)
    }

    fn key(&self, version: u8) -> Option<&VersionedKey> {
        std::iter::once(&self.current).chain(&self.retired).find(|key| key.version == version)
    }

    /// Seals `plaintext` for one row. Never twice the same.
    ///
    /// # Errors
    /// [`SealError`] above 256 GiB.
    pub fn seal(&self, row_id: &str, plaintext: &SecretText) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        // With room for the tag: growing would leave the plaintext behind in freed memory.
        let mut ciphertext = Vec::with_capacity(plaintext.expose().len() + TAG_BYTES);
        ciphertext.extend_from_slice(plaintext.expose().as_bytes());
        self.current.cipher.encrypt_in_place(&XNonce::from(nonce), row_id.as_bytes(), &mut ciphertext).map_err(|_| SealError)?;
        Ok(BASE64_STANDARD.encode([&[self.current.version], nonce.as_slice(), &ciphertext].concat()))
    }

    /// Opens what [`Sealer::seal`] made for the same row.
    ///
    /// # Errors
    /// An [`OpenError`]; nothing of the plaintext is given away then.
    pub fn open(&self, row_id: &str, sealed: &str) -> Result<SecretText, OpenError> {
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| OpenError::Damaged)?;
        let (version, rest) = sealed.split_first().ok_or(OpenError::Damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Damaged)?;
        let key = self.key(*version).ok_or(OpenError::UnknownKey(*version))?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        key.cipher.decrypt_in_place(&XNonce::from(*nonce), row_id.as_bytes(), &mut *plaintext).map_err(|_| OpenError::Damaged)?;
        str::from_utf8(&plaintext).map(SecretText::from).map_err(|_| OpenError::Damaged)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(key version {})", self.current.version)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Compiles only while `SecretText` is not `Serialize`: two candidates for `_` would be ambiguous.
    trait NotSerialize<Marker> {
        fn holds() {}
    }
    impl<T> NotSerialize<()> for T {}
    impl<T: serde::Serialize> NotSerialize<u8> for T {}
    const _: fn() = <SecretText as NotSerialize<_>>::holds;

    fn key(byte: u8) -> SecretText {
        SecretText::new(BASE64_STANDARD.encode([byte; KEY_BYTES]))
    }

    fn sealer() -> Sealer {
        Sealer::new(1, &key(1)).unwrap()
    }

    fn opened(sealer: &Sealer, row_id: &str, sealed: &str) -> Result<String, OpenError> {
        sealer.open(row_id, sealed).map(|secret| secret.expose().clone())
    }

    #[test]
    fn a_secret_prints_as_stars_wherever_it_is() {
        let secret: SecretText = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{:?}", Some(&secret)), "Some(***)");
        assert_eq!(format!("{:#?}", sealer()), "Sealer(key version 1)");
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_row() {
        let sealed = sealer().seal("row-1", &"token".into()).unwrap();
        assert!(!sealed.contains("token"));
        assert_eq!(opened(&sealer(), "row-1", &sealed), Ok("token".to_owned()));
        assert_eq!(opened(&sealer(), "row-2", &sealed), Err(OpenError::Damaged));
        assert_eq!(opened(&sealer(), "", &sealed), Err(OpenError::Damaged));
    }

    #[test]
    fn the_same_text_is_never_sealed_to_the_same_value() {
        assert_ne!(sealer().seal("row", &"token".into()).unwrap(), sealer().seal("row", &"token".into()).unwrap());
    }

    #[test]
    fn after_a_key_change_old_values_open_and_new_ones_use_the_new_key() {
        let old = sealer().seal("row", &"token".into()).unwrap();
        let changed = Sealer::new(2, &key(2)).unwrap().and_open(1, &key(1)).unwrap();
        assert_eq!(opened(&changed, "row", &old), Ok("token".to_owned()));
        let new = changed.seal("row", &"token".into()).unwrap();
        assert_eq!(opened(&sealer(), "row", &new), Err(OpenError::UnknownKey(2)));
        let other_key = Sealer::new(1, &key(9)).unwrap();
        assert_eq!(opened(&other_key, "row", &old), Err(OpenError::Damaged));
    }

    #[test]
    fn a_key_is_32_bytes_of_base64_and_has_its_own_version() {
        assert_eq!(Sealer::new(1, &"no base64!".into()).err(), Some(KeyError::Base64));
        assert_eq!(Sealer::new(1, &"".into()).err(), Some(KeyError::Length(0)));
        assert_eq!(Sealer::new(1, &BASE64_STANDARD.encode([1; 31]).as_str().into()).err(), Some(KeyError::Length(31)));
        assert_eq!(sealer().and_open(1, &key(2)).err(), Some(KeyError::VersionTwice(1)));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(row_id in ".{0,40}", text in ".{0,200}") {
            let sealed = sealer().seal(&row_id, &text.as_str().into()).unwrap();
            prop_assert_eq!(opened(&sealer(), &row_id, &sealed), Ok(text));
        }

        #[test]
        fn a_changed_or_cut_value_stays_closed(text in ".{0,40}", place in any::<prop::sample::Index>(), change in 1_u8..) {
            let sealed = BASE64_STANDARD.decode(sealer().seal("row", &text.as_str().into()).unwrap()).unwrap();
            let place = place.index(sealed.len());
            let mut changed = sealed.clone();
            changed[place] ^= change;
            prop_assert!(sealer().open("row", &BASE64_STANDARD.encode(changed)).is_err());
            prop_assert!(sealer().open("row", &BASE64_STANDARD.encode(&sealed[..place])).is_err());
        }

        #[test]
        fn noise_stays_closed_without_a_panic(noise in prop::collection::vec(any::<u8>(), 0..80), text in ".{0,80}") {
            prop_assert!(sealer().open("row", &BASE64_STANDARD.encode(noise)).is_err());
            prop_assert!(sealer().open("row", &text).is_err());
        }
    }
}
