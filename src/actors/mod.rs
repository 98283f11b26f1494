//! Who talks to whom.

pub mod engine;
