//! Messages: what was said, by whom, with which files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::delivery::Delivery,
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
    /// When it was recorded.
    pub at: Timestamp,
    /// Set on outbound messages only.
    pub delivery: Option<Delivery>,
}

/// Texts longer than this, in bytes, are cut when they are kept in memory for lists.
const REMEMBERED_BYTES: usize = 1024;

impl Message {
    /// As it is kept in memory for lists: shared, unless it is too long for that.
    pub fn remembered(message: &Arc<Self>) -> Arc<Self> {
        if message.text.len() <= REMEMBERED_BYTES && message.attachments.is_empty() {
            return Arc::clone(message);
        }
        let text = message.text.get(..message.text.floor_char_boundary(REMEMBERED_BYTES)).unwrap_or_default();
        Arc::new(Self { text: text.into(), attachments: Vec::new(), ..message.as_ref().clone() })
    }
}

/// The text and files of a message to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Plain text; may be empty when there are attachments.
    pub text: Arc<str>,
    /// Files, already stored.
    pub attachments: Vec<Attachment>,
}

impl Content {
    /// Nothing to say and nothing to show.
    pub fn is_empty(&self) -> bool {
        self.attachments.is_empty() && self.text.trim().is_empty()
    }
}
