//! Everything outboxes understand, beside what the publisher tells them.

use actix::{Message, dev::MessageResponse};
use serde::Serialize;

use super::{attempt::Settled, index::Line};
use crate::{
    clock::Timestamp,
    ids::{ChannelId, ConversationId, MessageId},
};

/// A message was committed that must be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint {
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    /// It failed before and is sent again.
    pub(super) again: bool,
}

/// A message was withdrawn before it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Withdrawn {
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
}

/// Hints were lost: the store knows what waits.
pub(super) struct Reread;

/// A mail is on its way no longer.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Over {
    pub(super) line: Line,
    /// When its turn came.
    pub(super) at: Timestamp,
    pub(super) settled: Settled,
}

/// An outbox ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Died {
    pub(super) channel: ChannelId,
    pub(super) generation: u64,
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What tests and debug pages see of one channel account's outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct Observed {
    /// Of which channel account.
    pub channel: ChannelId,
    /// Messages in memory that wait.
    pub waiting: usize,
    /// Messages on their way.
    pub sending: usize,
    /// Everything that waits in the store is in memory.
    pub complete: bool,
    /// When the next message may go.
    pub next_due: Option<Timestamp>,
    /// Until when nothing goes: the quota is used up, or the account cannot send.
    pub held_until: Option<Timestamp>,
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "ObservedAll")]
pub struct ObserveAll;

/// What tests and debug pages see of all outboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct ObservedAll {
    /// Channel accounts with an outbox, in order.
    pub channels: Vec<ChannelId>,
    /// Those that must read the store again.
    pub behind: usize,
}
