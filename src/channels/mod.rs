//! Channels: how messages of one provider come in and go out. What is here is pure; the HTTP edge and the outbox call it.

pub mod api;
pub mod standard_webhooks;
