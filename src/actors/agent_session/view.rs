//! An agent's inbox as a fold of committed changes: idempotent by `seq`, so changes read from the log twice do no harm.

use std::collections::BTreeMap;

use crate::{
    directory::Directory,
    domain::{
        conversation::{Conversation, Event, RETRIED},
        delivery::Delivery,
        log::Fact,
    },
    ids::{AgentId, ConversationId},
    store::write::{Committed, ConversationChange},
    wire::{
        conversation::{Message, Standing, Summary},
        live::{ConversationDelta, DeliveryDelta, Gone, Push},
    },
};

use super::messages::Own;

/// Own conversations and open offers.
pub(super) struct View {
    agent: AgentId,
    conversations: BTreeMap<ConversationId, Summary>,
}

impl View {
    pub(super) fn new(agent: AgentId, loaded: Vec<Own>) -> Self {
        let own = loaded.into_iter().filter(|own| concerns(agent, &own.state));
        let row = |Own { state, card, last }: Own| (state.id, Summary::of(&state, &card, last.as_deref()));
        Self { agent, conversations: own.map(row).collect() }
    }

    pub(super) fn all(&self, directory: &Directory) -> Vec<Summary> {
        self.conversations.values().map(|summary| self.shown(summary.clone(), directory)).collect()
    }

    /// Without what the campaign hides from its agents.
    fn shown(&self, summary: Summary, directory: &Directory) -> Summary {
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
        self.conversations.values().any(|row| !matches!(row.standing, Standing::Dormant { .. } | Standing::Parked { .. }))
    }

    /// What tabs must be told.
    pub(super) fn fold(&mut self, append: &Committed, change: &ConversationChange, directory: &Directory) -> Option<Push> {
        let state = &change.state;
        if self.conversations.get(&state.id).is_some_and(|known| known.seq > state.seq) {
            return None;
        }
        if !concerns(self.agent, state) {
            self.conversations.remove(&state.id)?;
            return Some(Push::Gone(Gone { conversation: state.id, owner: state.phase.owner() }));
        }
        let summary = Summary::of(state, &change.contact, change.last.as_deref());
        self.conversations.insert(state.id, summary.clone());
        Some(Push::Conversation(delta(append, change, self.shown(summary, directory))))
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
