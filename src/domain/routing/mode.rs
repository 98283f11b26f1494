//! Who may get one, by the campaign's mode (routing.md, A).

use super::capacity::{AgentState, Seat};
use crate::domain::strategy::Mode;

/// Whether the mode lets this agent have another conversation, and in which pass: the lower goes first.
pub(super) fn pass(mode: Mode, max_per_agent: u32, agent: &AgentState, seat: &Seat) -> Option<u8> {
    let below_cap = seat.holding < max_per_agent;
    let may = match mode {
        Mode::Incall => !agent.is_busy(),
        Mode::Interaction => agent.awake == 0,
        Mode::Nopause => true,
        Mode::Nocall | Mode::Omni | Mode::Ringallmultiple => below_cap,
        Mode::Ringall => seat.awake == 0,
    };
    let exclusive = agent.exclusive > 0;
    (may && !exclusive).then_some(u8::from(mode == Mode::Omni && agent.is_busy()))
}
