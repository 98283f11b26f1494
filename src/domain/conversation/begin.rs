//! The first message of a conversation that the staff begins.

use super::{Conversation, Event, Rules, step::Outcome};
use crate::{
    clock::Timestamp,
    domain::{message::Content, refusal::Refusal},
    ids::{AgentId, MessageId},
};

impl Conversation {
    /// Only as the very first thing: whatever is open with the customer is gone on with.
    pub(super) fn begin(&self, message: MessageId, agent: AgentId, content: &Content, rules: &Rules, now: Timestamp) -> Outcome {
        if self.seq > 1 || self.initiative.is_none() {
            return Err(Refusal::AlreadyOpen { conversation: self.id });
        }
        self.check_to_send(content, rules)?;
        Ok(vec![Event::Replied { message, agent, delivery: self.delivery_at(content, now)? }])
    }
}
