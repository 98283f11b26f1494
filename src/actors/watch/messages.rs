//! Everything the watch understands, beside what the publisher tells it.

use std::sync::Arc;

use actix::{Message, dev::MessageResponse};
use serde::Serialize;

use crate::{
    actors::{agent_session::SinkId, sink::Sink},
    domain::message::WritingMode,
    ids::{AgentId, ChannelId, ConversationId, UserId, VisitorId},
};

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thread {
    /// One conversation, as staff see it.
    Conversation(ConversationId),
    /// What a visitor sees: their latest conversation on this channel account.
    Visitor(ChannelId, VisitorId),
}

impl Thread {
    /// The topic of its frames.
    pub fn topic(self) -> String {
        match self {
            Self::Conversation(id) => format!("conversation:{id}"),
            Self::Visitor(..) => "chat".to_owned(),
        }
    }
}

/// Somebody starts to look. Whether they may was checked before.
pub struct Follow {
    /// Number of the connection.
    pub id: SinkId,
    /// Where frames go.
    pub sink: Arc<dyn Sink>,
    /// At what.
    pub thread: Thread,
    /// Who may look only as long as the conversation is theirs.
    pub as_owner: Option<AgentId>,
    /// Whom the others see; none for visitors and programs.
    pub user: Option<UserId>,
}

/// Somebody who looks at a thread is typing there.
pub struct Typed {
    /// Number of the connection.
    pub id: SinkId,
    /// Where.
    pub thread: Thread,
    /// What.
    pub mode: WritingMode,
}

/// Somebody looks no longer.
pub struct Leave {
    /// Number of the connection.
    pub id: SinkId,
    /// At what.
    pub thread: Thread,
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What tests and debug pages see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct Observed {
    /// Viewers of conversations.
    pub conversations: usize,
    /// Visitors connected.
    pub visitors: usize,
    /// Position passed on.
    pub pos: u64,
}
