//! E-mail as conversations keep it: the envelope that a message has when it is a mail. Its text and files are the message's.

pub mod answer;

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, ids::AttachmentId};

/// A person or a machine with an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Mailbox {
    /// As they call themselves; may be empty and proves nothing.
    pub name: String,
    /// In lower case.
    pub address: String,
}

/// What an agent should know about an author before believing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Doubt {
    /// The name shows another address than the real one.
    NameIsAnotherAddress,
    /// The address has letters beyond ASCII, or a domain in their ASCII form: it may look like another one.
    LooksLikeAnother,
    /// The author's address is one of ours: somebody, or we ourselves, pretends to be us.
    OurOwnAddress,
    /// Replies are asked for at another organisation.
    RepliesElsewhere,
}

/// A part of the text that may be folded; offsets in bytes, at beginnings of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What is in it.
    pub kind: FoldKind,
}

/// What can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldKind {
    /// What was said before.
    Quote,
    /// Who says it, every time.
    Signature,
}

/// Everything that a mail has and a message has not. Kept as JSON: every field may be missing in what was stored earlier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Envelope {
    /// On one line; may be empty.
    pub subject: String,
    /// Who wrote it. None in what we send: that is the account's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Mailbox>,
    /// To whom, each address once.
    pub to: Vec<Mailbox>,
    /// Who else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Mailbox>,
    /// Who else, without the others knowing: only in what we send, never shown to a receiver.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Mailbox>,
    /// Where an answer goes when that is not who wrote it: of the author's own organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Mailbox>,
    /// Where the author would have it go, which only an agent may choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Mailbox>,
    /// When it says it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Its Message-ID, without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Ids of In-Reply-To.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_reply_to: Vec<String>,
    /// Ids of References, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The mail as it came in, a stored file that no message shows. What its HTML looks like is read from there each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<AttachmentId>,
    /// What an agent wrote as HTML, safe to show: a stored file that no message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<AttachmentId>,
    /// It can be shown as HTML.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_html: bool,
    /// Not before this moment: only in what we send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Where the text may be folded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
    /// What speaks against believing who wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Passed on to others: its receivers take no part in the conversation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forwarded: bool,
    /// Nobody wrote it: it is never answered automatically.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
}
