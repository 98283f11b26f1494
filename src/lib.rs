//! Centralita: a contact center in one binary.

pub mod clock;
pub mod config;
pub mod domain;
pub mod ids;
pub mod telemetry;
pub mod wire;
