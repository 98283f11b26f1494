//! What people at work use: their session, their conversations, their customers.

pub mod agents;
pub mod attachments;
pub mod consult;
pub mod contacts;
pub mod conversations;
pub mod drafts;
pub mod export;
pub mod invitations;
pub mod mail;
pub mod mail_answer;
pub mod mail_asides;
mod mail_file;
pub mod mail_suppressions;
pub mod mails;
pub mod me;
pub mod moves;
pub mod ratings;
pub mod recordings;
pub mod service_levels;
pub mod session;
pub mod simulations;
pub mod skills;
pub mod start;
pub mod trees;
pub mod why;
