//! Who of the eligible gets it: `least_loaded` within the lowest penalty tier (routing.md, B and C).

use super::capacity::Load;
use crate::{clock::Timestamp, ids::AgentId};

/// An eligible agent in a campaign; the smallest is the best. The fields compare in the order they stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Lower tiers first.
    pub(super) penalty: u8,
    /// Then the smallest share of capacity used.
    pub(super) load: Load,
    /// Then who has waited longest for an offer.
    pub(super) last_offer: Timestamp,
    /// Then by id.
    pub(super) agent: AgentId,
}
