//! Who of the eligible gets it (routing.md, B and C): what an agent is compared by within a tier. The smallest is the best;
//! the last tie-break is the agent's id.

use std::cmp::Reverse;

use super::{
    capacity::{AgentState, Load, Place, Seat},
    memory::Past,
};
use crate::{clock::Timestamp, domain::strategy::Order};

/// Before every moment: what never happened.
pub(super) const NEVER: Timestamp = Timestamp::from_micros(i64::MIN);

/// A group of agents that is asked before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tier {
    /// See [`super::mode::pass`].
    pub(super) pass: u8,
    pub(super) penalty: u8,
}

/// In one campaign all keys are of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Left to chance.
    Chance,
    /// When the last interaction ended.
    Ended(Timestamp),
    /// How many today, credit included.
    Count(u32),
    /// A place in the ring.
    Ring(u32, Timestamp),
    /// How good at what is asked; has work; since when not; the last offer.
    Skill(Reverse<u32>, bool, Timestamp, Timestamp),
    /// Has work; since when not; the last offer.
    Idle(bool, Timestamp, Timestamp),
    /// The share of capacity used; the last offer.
    Load(Load, Timestamp),
    /// Free units; the last offer.
    Spare(Reverse<u32>, Timestamp),
}

/// What an agent is compared by now; `past` is looked up only for orders that go by it.
pub(super) fn key(
    order: Order,
    agent: &AgentState,
    seat: &Seat,
    place: &Place,
    past: impl FnOnce() -> Past,
    day: Timestamp,
) -> Key {
    match order {
        Order::Random | Order::Wrandom => Key::Chance,
        Order::Leastrecent => Key::Ended(past().ended_at.unwrap_or(NEVER)),
        Order::Fewestcalls => Key::Count(past().completed_on(day) + seat.credit),
        Order::Rrmemory | Order::Rrordered | Order::Linear => ring(order, place),
        Order::LongestIdle => Key::Idle(agent.is_busy(), agent.idle_since(), agent.last_offer),
        Order::BestSkill => Key::Skill(Reverse(0), agent.is_busy(), agent.idle_since(), agent.last_offer),
        Order::LeastLoaded => Key::Load(Load::new(agent.used, agent.limit), agent.last_offer),
        Order::MostSpare => Key::Spare(Reverse(agent.free()), agent.last_offer),
    }
}

/// A member's place in the ring, eligible or not.
pub(super) const fn ring(order: Order, place: &Place) -> Key {
    Key::Ring(place.position, if matches!(order, Order::Rrmemory) { place.joined_at } else { NEVER })
}
