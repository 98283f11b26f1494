//! The network half of e-mail: how mail servers are found, reached, watched, read and handed mail. No actors, no tables:
//! plain functions over tokio that the mailbox's actor drives.
//!
//! | file | what is there |
//! |---|---|
//! | [`account`] | what a person types about an account, and what is wrong with it |
//! | [`failure`] | everything that can go wrong, with stable codes and the server's words |
//! | [`net`] | TLS, patience, which addresses may be reached; [`net::Network`] goes to every function below |
//! | [`backoff`] | when to try again |

pub mod account;
pub mod backoff;
pub mod failure;
pub mod net;
