//! HTTP: routes that mirror the URLs, by audience.

pub mod problem;
