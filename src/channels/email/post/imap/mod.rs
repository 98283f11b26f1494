//! Receiving over IMAP (RFC 3501, 2177, 6851, 4315).

mod connection;
mod facts;
mod fetch;
mod response;
mod session;

pub(super) use connection::{Connection, greeting, xoauth2};
pub use facts::Facts;
pub use session::{Batch, Change, Content, Event, Mail, Pace, Position, Session, Start};
