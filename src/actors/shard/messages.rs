//! Everything a shard understands.

use std::collections::VecDeque;

use actix::{Message, dev::MessageResponse};
use serde::Serialize;

use crate::{
    actors::conversation::Request,
    domain::conversation::Conversation as State,
    ids::ConversationId,
    store::{StoreError, conversation_lists::Listed},
};

/// Something for a conversation.
#[derive(Debug)]
pub struct ToConversation {
    /// Which; none for a message from or to a customer, whose conversation the shard finds.
    pub id: Option<ConversationId>,
    /// What.
    pub request: Request,
}

/// Open conversations read at start.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt(pub Vec<Listed>);

/// A conversation has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Released {
    /// Which.
    pub id: ConversationId,
    /// Messages that belong to the customer's next conversation.
    pub requests: VecDeque<Request>,
}

/// A conversation has nothing to do: what it leaves behind. It does nothing by itself any more until something is asked of it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Rested {
    /// To which question this is the answer.
    pub question: u64,
    /// What the next one begins with.
    pub listed: Listed,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Died {
    pub(super) id: ConversationId,
    pub(super) generation: u64,
}

pub(super) struct Loaded {
    pub(super) id: ConversationId,
    pub(super) result: Result<Option<State>, StoreError>,
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What tests and debug pages see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct Observed {
    /// Conversations with an actor.
    pub live: usize,
    /// Conversations in memory that need none now.
    pub resting: usize,
    /// On their way in or out.
    pub moving: usize,
    /// Senders known or being looked up.
    pub senders: usize,
}
