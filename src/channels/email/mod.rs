//! E-mail: `settings` of its accounts, `compose` writes mails, `answering` says to whom, `post` speaks with mail servers, `understand` reads
//! what they bring.

pub mod answering;
pub mod compose;
pub mod post;
pub mod settings;
pub mod understand;
