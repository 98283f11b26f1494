//! E-mail: `settings` is what an account is, `post` speaks with its servers, `understand` reads what they bring, `template` makes what is
//! written with gaps into a mail, `rating` is what customers are asked below it.

pub mod post;
pub mod rating;
pub mod settings;
pub mod template;
pub mod understand;
