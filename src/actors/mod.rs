//! Who talks to whom.

pub mod agent_session;
pub mod campaign;
pub mod conversation;
pub mod dashboard;
pub mod engine;
pub mod floor;
pub mod gate;
pub mod keeper;
pub mod lifecycle;
pub mod outbox;
pub mod publisher;
pub mod router;
pub mod shard;
pub mod sink;
pub mod start;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod watch;
