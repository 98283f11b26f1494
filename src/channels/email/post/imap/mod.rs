//! Receiving over IMAP (RFC 3501, 2177, 6851, 4315).

mod connection;
mod facts;
mod fetch;
mod greeting;
mod session;
mod sieve;

pub(super) use connection::Connection;
pub use facts::Facts;
pub(super) use greeting::greeting;
pub use session::{Batch, Change, Content, Event, Mail, Pace, Position, Session, Start};
