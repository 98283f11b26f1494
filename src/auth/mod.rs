//! Who may come in: passwords, sessions, tokens, how often one may try, and how secrets are held in memory and at rest.

pub mod identity;
pub mod password;
pub mod secret;
pub mod session;
pub mod throttle;
pub mod token;
pub mod visitor;
