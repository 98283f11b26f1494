//! E-mail: `settings` of its accounts, `compose` writes mails, `answering` says to whom, `post` speaks with mail servers, `understand` reads
//! what they bring, `template` makes what is written with gaps into a mail.

pub mod answering;
pub mod compose;
pub mod post;
pub mod settings;
pub mod template;
pub mod understand;
