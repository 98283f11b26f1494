//! Chance without randomness: numbers that look random and follow from a seed and committed facts, so that the same events
//! are decided the same way.

use crate::ids::{ConversationId, Id};

/// A sequence of numbers of its own for each state of each conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    /// For an item as it stands after `seq` events.
    pub(super) fn new(seed: u64, conversation: ConversationId, seq: u64) -> Self {
        Self(mixed(seed ^ folded(conversation)) ^ mixed(seq))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// One of `0..count`, each with the same chance; 0 when there is none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let scaled = (u128::from(self.next()) * count as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// Between 0 and 1, never either.
    pub(super) fn share(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }
}

/// The finalizer of splitmix64.
pub(super) const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// An id in 64 bits.
pub(super) fn folded(id: impl Id) -> u64 {
    let (high, low) = id.uuid().as_u64_pair();
    mixed(high) ^ low
}
