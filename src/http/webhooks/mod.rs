//! Calls of connected systems.

mod counters;
mod hooks;

pub use self::{counters::HookCounters, hooks::receive};
