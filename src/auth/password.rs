//! Passwords: argon2id, stored as PHC strings.
//!
//! Hashing and verifying take tens of milliseconds and 19 MiB on purpose. Call them inside `actix_web::web::block`, never
//! on an arbiter: there they would hold up every conversation of that thread.

use std::{fmt, sync::Arc};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use parking_lot::Mutex;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::secret::SecretText;

/// The shortest password, in characters.
pub const MIN_CHARACTERS: usize = 8;
/// The longest password, in characters; bounds the work a caller can ask for.
pub const MAX_CHARACTERS: usize = 256;

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// What a stored hash may ask for: a damaged row must not take all memory.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;

/// What computing one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over that memory, from 1.
    pub passes: u32,
    /// Lanes, from 1.
    pub lanes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's recommendation for argon2id.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The least that argon2 allows; for tests that sign in often.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

/// Why a password is not taken or could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Under [`MIN_CHARACTERS`].
    #[error("a password needs at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// Over [`MAX_CHARACTERS`].
    #[error("a password has at most {MAX_CHARACTERS} characters")]
    TooLong,
    /// A [`Cost`] that argon2 does not allow.
    #[error("the configured cost of password hashes is not possible")]
    Cost,
    /// The operating system gave no random salt or no memory.
    #[error("the password could not be hashed")]
    Hashing,
}

impl PasswordError {
    /// The stable code, in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Cost => "password_cost",
            Self::Hashing => "password_hashing",
        }
    }
}

/// Whether a new password may be chosen: [`MIN_CHARACTERS`] to [`MAX_CHARACTERS`] characters of any kind. Counted in
/// Unicode scalar values, so that eight letters are eight in every script.
///
/// # Errors
/// [`PasswordError::TooShort`] or [`PasswordError::TooLong`].
pub fn check_rules(password: &SecretText) -> Result<(), PasswordError> {
    // One more than allowed is enough to know: a megabyte is not counted to its end.
    match password.expose().chars().take(MAX_CHARACTERS + 1).count() {
        0..MIN_CHARACTERS => Err(PasswordError::TooShort),
        MIN_CHARACTERS..=MAX_CHARACTERS => Ok(()),
        _ => Err(PasswordError::TooLong),
    }
}

/// Hashes and verifies passwords at one cost. Make one per process and share it.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// A hash of the same cost that no password fits.
    dummy: String,
    memory: Arc<Mutex<Vec<Block>>>,
}

impl Passwords {
    /// With this cost; [`Cost::OWASP`] outside tests.
    ///
    /// # Errors
    /// [`PasswordError::Cost`].
    pub fn new(cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(|_| PasswordError::Cost)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Self { argon2, dummy: dummy_hash(cost), memory: Arc::default() })
    }

    /// The PHC string to store, with a random salt. Slow: see the module.
    ///
    /// # Errors
    /// A [`PasswordError`] when the password breaks the rules or the system is out of memory or randomness.
    pub fn hash(&self, password: &SecretText) -> Result<String, PasswordError> {
        check_rules(password)?;
        let (salt, mut output) = (rand::random::<[u8; SALT_BYTES]>(), [0; OUTPUT_BYTES]);
        self.derive(&self.argon2, password, &salt, &mut output).map_err(|_| PasswordError::Hashing)?;
        let params = self.argon2.params();
        let (salt, output) = (BASE64_STANDARD_NO_PAD.encode(salt), BASE64_STANDARD_NO_PAD.encode(output));
        Ok(phc(params.m_cost(), params.t_cost(), params.p_cost(), &salt, &output))
    }

    /// Whether `password` is the one behind `phc`, at the cost that `phc` names. A `phc` that cannot be read fits nothing.
    /// Slow: see the module.
    pub fn verify(&self, password: &SecretText, phc: &str) -> bool {
        let Some(Stored { argon2, salt, expected }) = Stored::read(phc) else { return false };
        let mut output = [0; OUTPUT_BYTES];
        self.derive(&argon2, password, &salt, &mut output).is_ok() && bool::from(output.ct_eq(&expected))
    }

    /// One at a time, in memory that is kept: 19 MiB that come and go would leave holes that the allocator keeps.
    fn derive(&self, argon2: &Argon2<'_>, password: &SecretText, salt: &[u8], output: &mut [u8]) -> Result<(), argon2::Error> {
        let mut memory = self.memory.lock();
        let blocks = argon2.params().block_count();
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let Some(memory) = memory.get_mut(..blocks) else { return Err(argon2::Error::MemoryTooLittle) };
        argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, output, memory)
    }

    /// For a user who does not exist or has no password: the work of [`Passwords::verify`], and always no. Without it the
    /// time of the answer would tell which users exist (security.md, 39). Slow: see the module.
    pub fn verify_dummy(&self, password: &SecretText) -> bool {
        self.verify(password, &self.dummy);
        false
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Passwords").field(self.argon2.params()).finish()
    }
}

/// Sixteen zero bytes of salt and thirty-two of output: written down, not computed, so nobody knows a password for it.
fn dummy_hash(cost: Cost) -> String {
    let Cost { memory_kib, passes, lanes } = cost;
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    phc(memory_kib, passes, lanes, &salt, &output)
}

fn phc(memory_kib: u32, passes: u32, lanes: u32, salt: &str, output: &str) -> String {
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}")
}

/// A PHC string of this module, read.
struct Stored {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    expected: [u8; OUTPUT_BYTES],
}

impl Stored {
    fn read(phc: &str) -> Option<Self> {
        let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',').zip(["m=", "t=", "p="]).map(|(cost, name)| cost.strip_prefix(name)?.parse::<u32>().ok());
        let (memory_kib, passes, lanes) = (costs.next()??, costs.next()??, costs.next()??);
        if memory_kib > MOST_MEMORY_KIB || parts.next().is_some() {
            return None;
        }
        let params = Params::new(memory_kib, passes, lanes, None).ok()?;
        Some(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            salt: BASE64_STANDARD_NO_PAD.decode(salt).ok()?,
            expected: BASE64_STANDARD_NO_PAD.decode(output).ok()?.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;

    use super::*;

    fn cheap() -> Passwords {
        Passwords::new(Cost::LEAST).unwrap()
    }

    fn password(text: &str) -> SecretText {
        text.into()
    }

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hash = cheap().hash(&password("correct horse")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(cheap().verify(&password("correct horse"), &hash));
        for wrong in ["correct horsf", "Correct horse", "correct horse ", ""] {
            assert!(!cheap().verify(&password(wrong), &hash), "{wrong:?}");
        }
        assert_ne!(cheap().hash(&password("correct horse")).unwrap(), hash, "each hash has its own salt");
    }

    #[test]
    fn the_cost_in_force_is_the_recommended_one_and_old_hashes_keep_theirs() {
        let recommended = Passwords::new(Cost::OWASP).unwrap();
        let hash = recommended.hash(&password("correct horse")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let older = cheap().hash(&password("correct horse")).unwrap();
        assert!(recommended.verify(&password("correct horse"), &older));
    }

    #[test]
    fn a_password_has_8_to_256_characters() {
        let of = |length: usize| check_rules(&SecretText::new("ñ".repeat(length)));
        assert_eq!(of(7), Err(PasswordError::TooShort));
        assert_eq!(of(8), Ok(()));
        assert_eq!(of(256), Ok(()));
        assert_eq!(of(257), Err(PasswordError::TooLong));
        assert_eq!(cheap().hash(&password("short")), Err(PasswordError::TooShort));
    }

    #[test]
    fn an_unknown_user_costs_what_a_known_one_costs() {
        let passwords = Passwords::new(Cost { memory_kib: 64, passes: 3, lanes: 2 }).unwrap();
        let real = PasswordHash::new(&passwords.hash(&password("correct horse")).unwrap()).unwrap();
        let dummy = PasswordHash::new(&passwords.dummy).unwrap();
        assert_eq!((dummy.algorithm, dummy.version, &dummy.params), (real.algorithm, real.version, &real.params));
        assert_eq!(dummy.salt.unwrap().len(), real.salt.unwrap().len());
        assert_eq!(dummy.hash.unwrap().len(), real.hash.unwrap().len());
        assert!(!passwords.verify_dummy(&password("correct horse")));
    }

    #[test]
    fn an_unreadable_hash_fits_nothing() {
        let cut = cheap().hash(&password("correct horse")).unwrap();
        for phc in ["", "$", "plain text", "$2b$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", &cut[..60]]
        {
            assert!(!cheap().verify(&password("correct horse"), phc), "{phc}");
            assert!(!cheap().verify(&password(""), phc), "{phc}");
        }
    }

    #[test]
    fn an_impossible_cost_is_refused_at_start() {
        assert_eq!(Passwords::new(Cost { memory_kib: 0, passes: 1, lanes: 1 }).err(), Some(PasswordError::Cost));
        assert_eq!(Passwords::new(Cost { memory_kib: 8, passes: 0, lanes: 1 }).err(), Some(PasswordError::Cost));
        assert_eq!(Passwords::new(Cost { memory_kib: 8, passes: 1, lanes: 2 }).err(), Some(PasswordError::Cost));
    }
}
