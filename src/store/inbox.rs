//! The inbox: every message a provider handed over, once. Its unique hash is the only dedupe (R2).

use sha2::{Digest, Sha256};

use crate::{
    args,
    clock::Timestamp,
    ids::ChannelId,
    store::{Db, StoreError, write::Statement},
};

/// `state` of a row whose events are in the log.
pub const DONE: i64 = 1;
/// `state` of a row that could not be processed; its raw bytes are kept (R13).
pub const QUARANTINED: i64 = 2;

/// The claim that a provider's message is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// By which channel account it came.
    pub channel: ChannelId,
    /// The provider's id of the message, 1 to 256 bytes.
    pub provider_id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// First 8 bytes of SHA-256 over channel and provider id.
    pub hash: i64,
    salt: u8,
}

impl Claim {
    /// A claim for this message.
    pub fn new(channel: ChannelId, provider_id: String, received_at: Timestamp) -> Self {
        let mut claim = Self { channel, provider_id, received_at, hash: 0, salt: 0 };
        claim.hash = claim.compute();
        claim
    }

    /// Whether it is about the very same message.
    pub fn is_same(&self, other: &Self) -> bool {
        self.channel == other.channel && self.provider_id == other.provider_id
    }

    /// Takes the next hash: another message happens to have this one.
    pub(super) fn rehash(&mut self) {
        self.salt = self.salt.wrapping_add(1);
        self.hash = self.compute();
    }

    fn compute(&self) -> i64 {
        use crate::ids::Id;
        let digest = Sha256::new()
            .chain_update(self.channel.uuid().as_bytes())
            .chain_update([self.salt])
            .chain_update(self.provider_id.as_bytes())
            .finalize();
        digest.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }
}

pub(super) const STATEMENTS: &[&str] = &[QUARANTINE, COUNT_QUARANTINED];

const QUARANTINE: &str = "INSERT INTO inbox (hash, channel_id, provider_id, received_at, state, payload, reason) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO UPDATE SET state = excluded.state, payload = excluded.payload, reason = excluded.reason";
const COUNT_QUARANTINED: &str = "SELECT COUNT(*) FROM inbox WHERE state <> 1 AND state = $1";

/// Keeps a message aside that cannot be processed, with its raw bytes and the reason.
pub fn quarantine(claim: &Claim, payload: &str, reason: &str) -> Statement {
    Statement::new(
        QUARANTINE,
        args![claim.hash, claim.channel.to_string(), claim.provider_id.as_str(), claim.received_at, QUARANTINED, payload, reason],
    )
}

/// How many messages lie in quarantine.
pub async fn quarantined(db: &Db) -> Result<i64, StoreError> {
    db.row(COUNT_QUARANTINED, args![QUARANTINED]).await?.map_or(Ok(0), |row| row.int(0))
}
