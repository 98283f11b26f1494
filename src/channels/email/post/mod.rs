//! The network half of e-mail: how mail servers are found, reached, watched, read and handed mail. No actors, no tables:
//! plain functions over tokio that the mailbox's actor drives.
//!
//! | file | what is there |
//! |---|---|
//! | [`account`] | what a person types about an account, and what is wrong with it |
//! | [`failure`] | everything that can go wrong, with stable codes and the server's words |
//! | [`net`] | TLS, patience, which addresses may be reached; [`net::Network`] goes to every function below |
//! | `dial`, `wire` | name → connection → TLS for both protocols; bounded lines and literals |
//! | [`diagnose`](mod@diagnose) | the same steps for a person to watch |
//! | [`discover`](mod@discover) | proposals of servers for an address |
//! | [`imap`] | receiving: [`imap::Session`] |
//! | [`smtp`] | sending: [`smtp::Sender`] |
//! | [`backoff`] | when to try again |
//!
//! # Between the libraries and the servers
//! The dialogues are those of `async-imap` and `lettre`. They are given streams of ours, because they log the login (their lines never reach a log:
//! [`telemetry`](crate::telemetry)), hold up to half a gigabyte for one answer, end at the first one they cannot parse and put whole answers into
//! their errors. [`wire`] bounds what is read and sends commands in one piece; `imap::sieve` and `smtp::lines` hand on what the
//! libraries can take. What may be said in plain text (greeting, STARTTLS) is said here, so that nothing of it outlives the handshake.

pub mod account;
pub mod backoff;
pub mod diagnose;
mod dial;
pub mod discover;
pub mod failure;
pub mod imap;
pub mod net;
pub mod smtp;
mod wire;

#[cfg(test)]
pub(crate) mod tests;
