//! E-mail.

pub mod post;
