//! Who may get one, by the campaign's mode (routing.md, A).

use super::{
    capacity::{AgentState, Seat},
    hindrance::Hindrance,
};
use crate::domain::strategy::Mode;

/// Whether the mode lets this agent have another conversation, and in which pass: the lower goes first.
pub(super) fn pass(mode: Mode, max_per_agent: u32, agent: &AgentState, seat: &Seat) -> Result<u8, Hindrance> {
    if agent.exclusive > 0 {
        return Err(Hindrance::TakenUp);
    }
    match mode {
        Mode::Incall if agent.call.is_some() => Err(Hindrance::InCall),
        Mode::Incall | Mode::Interaction if agent.awake > 0 => Err(Hindrance::Busy { interactions: agent.awake }),
        Mode::Nocall | Mode::Omni | Mode::Ringallmultiple if seat.holding >= max_per_agent => {
            Err(Hindrance::MaxPerAgent { holding: seat.holding, most: max_per_agent })
        }
        Mode::Ringall if seat.awake > 0 => Err(Hindrance::HasOne),
        _ => Ok(u8::from(mode == Mode::Omni && agent.is_busy())),
    }
}
