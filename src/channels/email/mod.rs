//! The e-mail channel.

pub mod understand;
