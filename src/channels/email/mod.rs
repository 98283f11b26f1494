//! E-mail: `post` speaks with mail servers, `understand` reads what they bring, `template` makes what is written with gaps into a mail.

pub mod post;
pub mod template;
pub mod understand;
