//! E-mail: `settings` of its accounts, `compose` writes mails, `answering` says to whom, `post` speaks with mail servers, `understand` reads
//! what they bring, `oauth` signs in at providers, `template` makes what is written with gaps into a mail, `rating` is what customers are
//! asked below it.

pub mod answering;
pub mod compose;
pub mod oauth;
pub mod post;
pub mod rating;
pub mod settings;
pub mod template;
pub mod understand;
