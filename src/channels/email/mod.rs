//! E-mail: `settings` is what an account is, `post` speaks with its servers, `understand` reads what they bring.

pub mod post;
pub mod settings;
pub mod understand;
