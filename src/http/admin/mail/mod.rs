//! `/api/v1/mail-accounts` and what belongs to it. Nothing here ever answers with a password (SX-9).
//!
//! | file | what is there |
//! |---|---|
//! | [`accounts`] | accounts and their passwords; only what can sign in is saved (S4-10) |
//! | [`areas`] | from which account mails of a kind go (S0-8…S0-13) |
//! | [`attempt`] | trying an account for somebody who watches, and before it is saved (S0-24) |
//! | [`discovery`] | the servers of an address |
//! | [`health`] | how accounts do |
//! | [`letter`] | the test mail |
//! | [`template`] | a template as a test mail |

pub mod accounts;
pub mod areas;
pub mod attempt;
pub mod discovery;
pub mod health;
mod letter;
pub mod template;
