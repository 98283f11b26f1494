//! Centralita: a contact center in one binary.

pub mod auth;
pub mod channels;
pub mod clock;
pub mod domain;
pub mod ids;
pub mod wire;
