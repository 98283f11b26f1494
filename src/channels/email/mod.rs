//! E-mail: `post` speaks with mail servers, `understand` reads what they bring.

pub mod post;
pub mod understand;
