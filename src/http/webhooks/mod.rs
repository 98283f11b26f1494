//! Calls of connected systems.

mod counters;
mod hooks;

pub(super) use self::hooks::bind_files;
pub use self::{counters::HookCounters, hooks::receive};
