//! Which item goes next: within a campaign by arrival, then id; between campaigns by weight, then arrival, then id.

use std::{array, cmp::Reverse, collections::BTreeSet};

use super::{
    Routing,
    capacity::{CLASSES, class_of},
};
use crate::{
    clock::Timestamp,
    domain::channel::ChannelKind,
    ids::{CampaignId, ConversationId},
};

/// An item's place in the order of arrival. A conversation that comes back keeps it, so it returns to the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) arrived_at: Timestamp,
    pub(super) id: ConversationId,
}

/// The waiting items of one campaign, apart by class: when the next in line is too heavy for whoever is free, the next
/// lighter one must be found without a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Queue {
    by_class: [BTreeSet<Turn>; CLASSES],
}

impl Default for Queue {
    fn default() -> Self {
        Self { by_class: array::from_fn(|_| BTreeSet::new()) }
    }
}

impl Queue {
    pub(super) fn insert(&mut self, kind: ChannelKind, turn: Turn) {
        if let Some(class) = self.by_class.get_mut(class_of(kind)) {
            class.insert(turn);
        }
    }

    pub(super) fn remove(&mut self, kind: ChannelKind, turn: Turn) {
        if let Some(class) = self.by_class.get_mut(class_of(kind)) {
            class.remove(&turn);
        }
    }

    /// The next item of this class or a lighter one.
    pub(super) fn next_up_to(&self, class: usize) -> Option<Turn> {
        self.by_class.iter().take(class + 1).filter_map(BTreeSet::first).min().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_class.iter().map(BTreeSet::len).sum()
    }

    /// The next `limit` items, in order: as many steps as there are items to tell of.
    fn front(&self, limit: usize) -> impl Iterator<Item = Turn> {
        let mut rest: [_; CLASSES] = array::from_fn(|class| self.by_class.get(class).map(|items| items.iter().peekable()));
        let next = move || {
            let heads = rest.iter_mut().flatten().filter_map(|items| Some((**items.peek()?, items)));
            heads.min_by_key(|(turn, _)| *turn).and_then(|(_, items)| items.next().copied())
        };
        std::iter::from_fn(next).take(limit)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_class.iter().all(BTreeSet::is_empty)
    }
}

/// A campaign's next item in the order between campaigns: the smallest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    weight: Reverse<u8>,
    pub(super) turn: Turn,
    pub(super) campaign: CampaignId,
}

impl Routing {
    /// Who waits in a campaign and goes next, at most `limit` of them.
    pub fn front(&self, campaign: CampaignId, limit: usize) -> Vec<ConversationId> {
        self.campaigns.get(&campaign).map_or_else(Vec::new, |campaign| campaign.queue.front(limit).map(|turn| turn.id).collect())
    }

    /// The next item of a campaign that somebody can take now.
    pub(super) fn head(&self, id: CampaignId) -> Option<Head> {
        let campaign = self.campaigns.get(&id).filter(|campaign| campaign.is_serving())?;
        let weight = Reverse(campaign.rules?.weight);
        let turn = campaign.queue.next_up_to(campaign.ready.heaviest_class()?)?;
        Some(Head { weight, turn, campaign: id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_of_a_queue_is_its_order_over_all_kinds() {
        let mut queue = Queue::default();
        let turn = |number: u8| Turn {
            arrived_at: Timestamp::from_micros(i64::from(number % 3)),
            id: ConversationId::from_u128(number.into()),
        };
        let mut expected: Vec<Turn> = (0..9).map(turn).collect();
        for (number, turn) in expected.iter().enumerate() {
            queue.insert(if number % 2 == 0 { ChannelKind::Api } else { ChannelKind::Webchat }, *turn);
        }
        expected.sort();
        assert_eq!(queue.front(100).collect::<Vec<_>>(), expected);
        assert_eq!(queue.front(4).collect::<Vec<_>>(), expected[..4]);
        assert_eq!(Queue::default().front(4).count(), 0);
    }
}
