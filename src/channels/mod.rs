//! The ways customers write in and are answered.

pub mod api;
pub mod standard_webhooks;
