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
//! # Why two small clients and no library for the dialogues
//! The usual IMAP client writes the login to the trace log (security.md, 46), holds up to half a gigabyte for one answer and
//! ends at the first one it cannot parse; the usual SMTP client neither pipelines nor says whether a lost connection was lost before or
//! after the end of the mail. Here one [`wire`] reads both protocols with hard limits, nothing that is sent is ever logged, and an
//! answer that is not understood is skipped.

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
mod tests;
