//! The rules, pure: plain functions over plain data. No clock, no I/O, no randomness of its own, no actors.

pub mod agent;
pub mod campaign;
pub mod channel;
pub mod closing;
pub mod contact;
pub mod conversation;
pub mod delivery;
pub mod disposition;
pub mod field;
pub mod file;
pub mod invitation;
pub mod load;
pub mod log;
pub mod message;
pub mod notice;
pub mod permission;
pub mod readiness;
pub mod refusal;
pub mod routing;
pub mod schedule;
pub mod service;
pub mod skill;
pub mod strategy;
pub mod template;
pub mod waiting;
pub mod webchat;
