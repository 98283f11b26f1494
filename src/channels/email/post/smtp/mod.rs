//! Handing mail over to an SMTP submission server (RFC 5321, 6409, 4954).

mod connection;
mod content;
mod greeting;
mod letter;
mod lines;
mod reply;
mod sender;

pub(super) use connection::Connection;
pub(super) use greeting::greeting;
pub use letter::{Letter, header_value};
pub use reply::{Enhanced, Reply};
pub use sender::{Outcome, Refused, Sender, Stage};
