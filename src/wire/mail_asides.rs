//! Mails that are nobody's message.

use serde::Serialize;

use super::Time;
use crate::{
    ids::{ChannelId, ConversationId, MailAsideId},
    store::mail_asides::{self, MailAsideKind, MailAsideState},
};

/// A mail that is nobody's message: ours, automatic, a report, or one that could not be read.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailAside {
    /// Its id.
    pub id: MailAsideId,
    /// The mail account it came to.
    pub account: ChannelId,
    /// Why it is nobody's message.
    pub kind: MailAsideKind,
    /// The same as a stable code: what said that it is automatic, what a report says, what was wrong.
    pub reason: String,
    /// Who says to have written it, as far as that could be read.
    pub author: String,
    /// Its subject, as far as that could be read.
    pub subject: String,
    /// Its size in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// It can be downloaded.
    pub has_source: bool,
    /// The conversation that a report is about, or that it came into after all.
    pub conversation: Option<ConversationId>,
    /// What became of it.
    pub state: MailAsideState,
    /// When the mail server took it.
    pub received_at: Time,
    /// When it was put aside.
    pub created_at: Time,
}

impl From<&mail_asides::MailAside> for MailAside {
    fn from(aside: &mail_asides::MailAside) -> Self {
        Self {
            id: aside.id,
            account: aside.account,
            kind: aside.kind,
            reason: aside.reason.clone(),
            author: aside.author.clone(),
            subject: aside.subject.clone(),
            size: aside.size,
            has_source: aside.source.is_some(),
            conversation: aside.conversation,
            state: aside.state,
            received_at: aside.received_at.into(),
            created_at: aside.created_at.into(),
        }
    }
}
