//! Promises of the whole engine over a scratch database.
