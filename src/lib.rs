//! Centralita: a contact center in one binary.

pub mod actors;
pub mod auth;
pub mod channels;
pub mod clock;
pub mod config;
pub mod directory;
pub mod domain;
pub mod error;
pub mod http;
pub mod ids;
pub mod live;
pub mod store;
pub mod telemetry;
pub mod wire;
