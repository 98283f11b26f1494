//! Messages: what was said, by whom, with which files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{delivery::Delivery, mail::Envelope},
    ids::{AgentId, AttachmentId, MessageId},
};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Contact,
    /// An agent (or a supervisor who answers).
    Agent(AgentId),
    /// The same, to colleagues only: an internal note. Never leaves to a channel, a visitor or the outbox.
    Note(AgentId),
    /// The product itself: out-of-hours notice, confirmation.
    System,
}

/// For whom somebody writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum WritingMode {
    /// Something for the customer.
    #[default]
    Reply,
    /// A note for colleagues.
    Note,
}

impl WritingMode {
    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Note => "note",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Reply, Self::Note].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// A stored file that belongs to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where it is stored.
    pub id: AttachmentId,
    /// The name shown to people, cleaned; never a path.
    pub name: String,
    /// The media type found in the bytes, not the one that was claimed.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// One message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id; also the idempotency key towards providers.
    pub id: MessageId,
    /// The `conv_seq` of the event that recorded it; orders a thread.
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// Plain text, at most [`crate::domain::channel::ChannelKind::max_text_bytes`].
    pub text: Arc<str>,
    /// Files, in order.
    pub attachments: Vec<Attachment>,
    /// What else a mail has.
    pub mail: Option<Arc<Envelope>>,
    /// When it was recorded.
    pub at: Timestamp,
    /// Set on outbound messages only.
    pub delivery: Option<Delivery>,
}

impl Message {
    /// When it shall leave, if that was said.
    pub fn send_at(&self) -> Option<Timestamp> {
        self.mail.as_ref()?.send_at
    }
}

/// Texts longer than this, in bytes, are cut when they are kept in memory for lists.
const REMEMBERED_BYTES: usize = 1024;

impl Message {
    /// As it is kept in memory for lists: shared, unless it is too long for that.
    pub fn remembered(message: &Arc<Self>) -> Arc<Self> {
        if message.text.len() <= REMEMBERED_BYTES && message.attachments.is_empty() && message.mail.is_none() {
            return Arc::clone(message);
        }
        let text = message.text.get(..message.text.floor_char_boundary(REMEMBERED_BYTES)).unwrap_or_default();
        Arc::new(Self { text: text.into(), attachments: Vec::new(), mail: None, ..message.as_ref().clone() })
    }
}

/// The text and files of a message to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Plain text; may be empty when there are attachments.
    pub text: Arc<str>,
    /// Files, already stored.
    pub attachments: Vec<Attachment>,
    /// What else a mail has.
    pub mail: Option<Arc<Envelope>>,
}

impl Content {
    /// Words and nothing else.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), attachments: Vec::new(), mail: None }
    }

    /// When it shall leave, if that was said.
    pub fn send_at(&self) -> Option<Timestamp> {
        self.mail.as_ref()?.send_at
    }

    /// Nothing to say and nothing to show.
    pub fn is_empty(&self) -> bool {
        self.attachments.is_empty() && self.text.trim().is_empty()
    }

    /// Whether the text holds a picture that keyboards call an emoticon. What people type with letters, `:-)`, is text.
    pub fn has_emoticons(&self) -> bool {
        self.text.chars().any(is_emoticon)
    }
}

/// The pictures of Unicode's emoji that are not also plain signs (`©`, `™`, `→`, `✓`), what makes a picture of a plain sign, and the
/// letters of flags.
const fn is_emoticon(character: char) -> bool {
    matches!(
        character,
        '\u{1f000}'..='\u{1faff}'
            | '\u{fe0f}'
            | '\u{20e3}'
            | '\u{231a}'..='\u{231b}'
            | '\u{23e9}'..='\u{23f3}'
            | '\u{25fd}'..='\u{25fe}'
            | '\u{2600}'..='\u{26ff}'
            | '\u{2702}'..='\u{270d}'
            | '\u{2728}'
            | '\u{274c}'
            | '\u{274e}'
            | '\u{2753}'..='\u{2757}'
            | '\u{2763}'..='\u{2764}'
            | '\u{2795}'..='\u{2797}'
            | '\u{27b0}'
            | '\u{27bf}'
            | '\u{2b1b}'..='\u{2b1c}'
            | '\u{2b50}'
            | '\u{2b55}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_an_emoticon_and_a_sign_is_not() {
        let has = |text: &str| Content::plain(text).has_emoticons();
        for text in ["hola 👋", "❤️", "☺", "🇦🇷", "1️⃣", "👩‍💻", "⭐", "✅", "🥲"] {
            assert!(has(text), "{text}");
        }
        for text in ["", "hola :-)", "© ® ™ → ✓ • … ½ № €", "año 2026 #1 *", "日本語 Ω ß", "• a\n- b"] {
            assert!(!has(text), "{text}");
        }
    }
}
