//! An agent's inbox as a fold of committed changes: idempotent by `seq`, so changes read from the log twice do no harm.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    directory::Directory,
    domain::{
        conversation::{Conversation, Event, Phase, RETRIED},
        delivery::Delivery,
        log::Fact,
    },
    ids::{AgentId, ConversationId},
    store::{
        conversation_lists::Listed,
        write::{Committed, ConversationChange},
    },
    wire::{
        conversation::{Message, Summary},
        live::{ConversationDelta, DeliveryDelta, Gone, Push},
    },
};

/// Own conversations and open offers.
pub(super) struct View {
    agent: AgentId,
    conversations: BTreeMap<ConversationId, Listed>,
}

impl View {
    pub(super) fn new(agent: AgentId, loaded: Vec<Listed>) -> Self {
        let own = loaded.into_iter().filter(|own| concerns(agent, &own.state));
        Self { agent, conversations: own.map(|own| (own.state.id, own)).collect() }
    }

    pub(super) fn all(&self, directory: &Directory) -> Vec<Summary> {
        self.conversations.values().map(|own| self.shown(own, directory)).collect()
    }

    /// Without what the campaign hides from its agents.
    fn shown(&self, Listed { state, contact, last }: &Listed, directory: &Directory) -> Summary {
        let summary = Summary::of(state, contact, last.as_deref());
        match directory.peek().hidden_from(self.agent, summary.campaign) {
            Some(permissions) => summary.for_agent(&permissions),
            None => summary,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.conversations.len()
    }

    /// Something takes the agent's time now: offered, at hand or being finished. What sleeps or is snoozed does not.
    pub(super) fn is_busy(&self) -> bool {
        self.conversations.values().any(|own| !matches!(own.state.phase, Phase::Dormant { .. } | Phase::Parked { .. }))
    }

    /// What tabs must be told.
    pub(super) fn fold(&mut self, append: &Committed, change: &ConversationChange, directory: &Directory) -> Option<Push> {
        let state = &change.state;
        if self.conversations.get(&state.id).is_some_and(|known| known.state.seq > state.seq) {
            return None;
        }
        if !concerns(self.agent, state) {
            self.conversations.remove(&state.id)?;
            return Some(Push::Gone(Gone { conversation: state.id, owner: state.phase.owner() }));
        }
        let own = Listed { state: Arc::clone(state), contact: Arc::clone(&change.contact), last: change.last.clone() };
        let push = Push::Conversation(delta(append, change, self.shown(&own, directory)));
        self.conversations.insert(state.id, own);
        Some(push)
    }
}

/// A change as a frame shows it.
pub(crate) fn delta(append: &Committed, change: &ConversationChange, conversation: Summary) -> ConversationDelta {
    ConversationDelta {
        conversation,
        messages: change.messages.iter().map(|message| Message::of(message, None)).collect(),
        deliveries: deliveries(append),
    }
}

fn deliveries(append: &Committed) -> Vec<DeliveryDelta> {
    let moved = append.entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Conversation { event: Event::DeliveryMoved { message, to, reason, .. }, .. } => {
            Some(DeliveryDelta { message: *message, to: *to, reason: reason.clone() })
        }
        Fact::Conversation { event: Event::Retried { message, .. }, .. } => {
            Some(DeliveryDelta { message: *message, to: Delivery::Queued, reason: Some(RETRIED.to_owned()) })
        }
        _ => None,
    });
    moved.collect()
}

fn concerns(agent: AgentId, state: &Conversation) -> bool {
    state.phase.owner() == Some(agent) || state.phase.offer().is_some_and(|offer| offer.agent == agent)
}
