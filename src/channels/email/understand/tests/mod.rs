//! Every mail of `tests/mail`, changed mails, and hostile ones.

pub(crate) mod corpus;
mod hostile;
pub(crate) mod mutations;

use super::*;
use crate::{
    domain::file::{clean_name, is_control},
    ids::{ChannelId, ClientId},
};

/// The account to which the mails of the corpus were written.
pub(super) fn understood(raw: &[u8]) -> Result<Understood, Unreadable> {
    let keys = [ThreadKey::new(&[7; 32], ClientId::from_u128(1), ChannelId::from_u128(2))];
    let own = ["soporte@empresa.example".to_owned()];
    understand(raw, &Context { keys: &keys, own: &own, return_path: None })
}

/// HTML of somebody else's runs nothing and fetches nothing.
pub(crate) fn assert_safe(html: &str) {
    html::tests::assert_safe(html);
}

/// What holds for whatever was read.
pub(super) fn check(mail: &Understood) {
    assert!(mail.text.len() <= MAX_TEXT_BYTES);
    assert!(mail.subject.chars().count() <= MAX_SUBJECT_CHARACTERS);
    assert!(mail.references.len() <= bounds::MAX_REFERENCES && mail.in_reply_to.len() <= bounds::MAX_REFERENCES);
    assert!(mail.author.is_some() || mail.report.is_some());
    assert!(!mail.subject.chars().any(is_control), "{:?}", mail.subject);
    let mut end = 0;
    for fold in &mail.folds {
        assert!(fold.from >= end && fold.to > fold.from, "{:?}", mail.folds);
        assert!(mail.text.is_char_boundary(fold.from) && mail.text.is_char_boundary(fold.to));
        end = fold.to;
    }
    for file in &mail.files {
        assert_eq!(file.name, clean_name(&file.name));
        assert_eq!(file.size, file.bytes.len());
    }
    if let Some(html) = &mail.html {
        html::tests::assert_safe(&html.html);
        assert!(html.remote.iter().all(|address| address.to_lowercase().starts_with("http")));
    }
}
