//! Who may come in: passwords, and how secrets are held in memory and at rest.

pub mod password;
pub mod secret;
