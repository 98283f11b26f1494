//! An agent's inbox as a fold of committed changes, each of which comes once; their states may be of later moments.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    directory::Directory,
    domain::{
        conversation::{Event, RETRIED},
        delivery::Delivery,
        load::Counts,
        log::Fact,
    },
    ids::{AgentId, ConversationId},
    store::{
        conversation_lists::Listed,
        write::{Committed, ConversationChange},
    },
    wire::{
        conversation::{Message, Summary},
        live::{ConversationDelta, DeliveryDelta, Gone, Push, WhyGone},
    },
};

/// Own conversations, open offers, and what the agent stands beside.
pub(super) struct View {
    agent: AgentId,
    conversations: BTreeMap<ConversationId, Listed>,
    /// What takes capacity, by kind.
    weighing: Counts,
}

impl View {
    pub(super) fn new(agent: AgentId, loaded: Vec<Listed>) -> Self {
        let mut view = Self { agent, conversations: BTreeMap::new(), weighing: Counts::default() };
        loaded.into_iter().filter(|own| own.state.involves(agent)).for_each(|own| view.put(own));
        view
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
        self.conversations.values().any(|own| own.state.weighs_on(self.agent))
    }

    /// What takes capacity, by kind.
    pub(super) const fn weighing(&self) -> Counts {
        self.weighing
    }

    fn put(&mut self, own: Listed) {
        self.weighing.add(own.state.kind, u32::from(own.state.weighs_on(self.agent)));
        if let Some(before) = self.conversations.insert(own.state.id, own) {
            self.weighing.remove(before.state.kind, u32::from(before.state.weighs_on(self.agent)));
        }
    }

    fn take(&mut self, id: ConversationId) -> Option<Listed> {
        let own = self.conversations.remove(&id)?;
        self.weighing.remove(own.state.kind, u32::from(own.state.weighs_on(self.agent)));
        Some(own)
    }

    /// What tabs must be told.
    pub(super) fn fold(&mut self, append: &Committed, change: &ConversationChange, directory: &Directory) -> Option<Push> {
        let state = &change.state;
        // What was read from the log came with the state of a later moment. The state stays; what was said is still news.
        if let Some(known) = self.conversations.get(&state.id).filter(|known| known.state.seq > state.seq) {
            return Some(Push::Conversation(delta(append, change, self.shown(known, directory))));
        }
        if !state.involves(self.agent) {
            let known = self.take(state.id)?.state;
            let consulted = known.consulted() == Some(self.agent) && known.phase.owner() != Some(self.agent);
            let why = if consulted { Some(WhyGone::ConsultEnded) } else { WhyGone::of(&state.phase) };
            return Some(Push::Gone(Gone { conversation: state.id, owner: state.phase.owner(), why }));
        }
        let own = Listed { state: Arc::clone(state), contact: Arc::clone(&change.contact), last: change.last.clone() };
        let push = Push::Conversation(delta(append, change, self.shown(&own, directory)));
        self.put(own);
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

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::{
        clock::Timestamp,
        domain::{
            channel::ChannelKind,
            conversation::{Conversation, Phase},
            log::{By, Entry},
            message::{Author, Message as Said},
        },
        ids::{CampaignId, ChannelId, ClientId, ContactId, MessageId},
        store::write::{About, ContactCard},
    };

    const AT: Timestamp = Timestamp::from_micros(1);

    #[test]
    fn what_was_said_before_the_state_that_is_known_is_told_as_well() {
        let (agent, id, message) = (AgentId::from_u128(1), ConversationId::from_u128(2), MessageId::from_u128(3));
        let started = Event::Started {
            client: ClientId::from_u128(4),
            channel: ChannelId::from_u128(5),
            kind: ChannelKind::Api,
            campaign: CampaignId::from_u128(6),
            contact: ContactId::from_u128(7),
            noticed_at: None,
            preferred: None,
            initiative: None,
        };
        let with_seq = |seq| {
            let mut state = Conversation::started(id, &started, AT).unwrap();
            (state.seq, state.phase) = (seq, Phase::Active { agent });
            Arc::new(state)
        };
        let contact = Arc::new(ContactCard {
            id: ContactId::from_u128(7),
            name: String::new(),
            address: String::new(),
            fields: crate::domain::field::Values::new(),
            subject: None,
        });
        let known = Listed { state: with_seq(9), contact: Arc::clone(&contact), last: None };
        let mut view = View::new(agent, vec![known]);
        let said = Said {
            id: message,
            seq: 8,
            author: Author::Contact,
            text: "hola".into(),
            attachments: vec![],
            mail: None,
            at: AT,
            delivery: None,
        };
        let change =
            ConversationChange { state: with_seq(8), messages: smallvec![Arc::new(said)], contact, last: None, concerned: None };
        let fact = Fact::Conversation { id, seq: 8, event: Event::MessageReceived { message } };
        let append = Committed {
            entries: smallvec![Entry { pos: 20, at: AT, by: By::Contact, cause: None, fact }],
            about: About::Conversation(Box::new(ConversationChange { messages: smallvec![], ..copy(&change) })),
        };
        let Some(Push::Conversation(delta)) = view.fold(&append, &change, &Directory::default()) else {
            panic!("nothing is told")
        };
        assert_eq!((delta.conversation.seq, delta.messages.len()), (9, 1));
    }

    fn copy(change: &ConversationChange) -> ConversationChange {
        let ConversationChange { state, messages, contact, last, concerned } = change;
        ConversationChange {
            state: Arc::clone(state),
            messages: messages.clone(),
            contact: Arc::clone(contact),
            last: last.clone(),
            concerned: concerned.clone(),
        }
    }
}
