//! The ways customers write in and are answered.

pub mod api;
pub mod email;
pub mod guard;
pub mod standard_webhooks;
