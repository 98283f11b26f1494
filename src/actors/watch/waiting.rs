//! Visitors who are here and whose conversation nobody has taken yet: how many go before them.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use super::rooms::Key;
use crate::{
    actors::router::FRONT,
    domain::conversation::{Conversation, Phase},
    ids::{CampaignId, ConversationId},
};

/// How often visitors who wait are told how many go before them, if that has changed.
pub(super) const TELL_POSITIONS: Duration = Duration::from_secs(2);

/// A conversation that nobody has taken yet.
#[derive(Clone, Copy)]
struct Waiting {
    conversation: ConversationId,
    campaign: CampaignId,
    /// On its way to an agent: out of the queue.
    offered: bool,
    /// What the visitor was told: a position, or that it is far.
    told: Option<Option<u32>>,
}

impl Waiting {
    fn of(state: &Conversation) -> Option<Self> {
        let offered = matches!(state.phase, Phase::Offered { .. });
        waits(state).then_some(Self { conversation: state.id, campaign: state.campaign, offered, told: None })
    }
}

/// Nobody has taken it yet.
pub(super) fn waits(state: &Conversation) -> bool {
    matches!(state.phase, Phase::Arrived | Phase::Admitted | Phase::Queued { .. } | Phase::Offered { .. })
}

/// The visitors.
#[derive(Default)]
pub(super) struct WaitingVisitors(FxHashMap<Key, Waiting>);

impl WaitingVisitors {
    /// A state was read for a visitor who must be told anew.
    pub(super) fn read(&mut self, key: Key, state: &Conversation) {
        if let Some(waiting) = Waiting::of(state) {
            self.0.entry(key).or_insert(waiting).told = None;
        }
    }

    /// Something happened in a visitor's conversation. Tells whether they waited before.
    pub(super) fn learn(&mut self, key: Key, state: &Conversation) -> bool {
        let before = self.0.get(&key).copied();
        // News of an earlier conversation, a late rating perhaps, change nothing about the one that waits.
        if before.is_none_or(|before| before.conversation <= state.id) {
            match Waiting::of(state) {
                Some(now) => self.0.insert(key, Waiting { told: before.and_then(|before| before.told), ..now }),
                None => self.0.remove(&key),
            };
        }
        before.is_some()
    }

    /// Keeps those who are still here.
    pub(super) fn retain(&mut self, is_here: impl Fn(&Key) -> bool) {
        self.0.retain(|key, _| is_here(key));
    }

    /// Where somebody waits.
    pub(super) fn campaigns(&self) -> Vec<CampaignId> {
        let mut campaigns: Vec<CampaignId> = self.0.values().map(|waiting| waiting.campaign).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        campaigns
    }

    /// Whose position is another than they were told, and which; none = far.
    pub(super) fn moved(&mut self, queues: &[(CampaignId, Vec<ConversationId>)]) -> Vec<(Key, ConversationId, Option<u32>)> {
        let place = |(index, id): (usize, &ConversationId)| (*id, u32::try_from(index + 1).unwrap_or(u32::MAX));
        let positions: FxHashMap<_, _> = queues.iter().flat_map(|(_, front)| front.iter().enumerate().map(place)).collect();
        let long: FxHashSet<CampaignId> = queues.iter().filter(|(_, front)| front.len() >= FRONT).map(|(id, _)| *id).collect();
        let mut moved = Vec::new();
        for (key, waiting) in &mut self.0 {
            // Who is being connected goes next.
            let position = if waiting.offered { Some(1) } else { positions.get(&waiting.conversation).copied() };
            // Not there though everybody who waits was named: it is on its way in or out.
            if position.is_none() && !long.contains(&waiting.campaign) {
                continue;
            }
            if waiting.told.replace(position) != Some(position) {
                moved.push((*key, waiting.conversation, position));
            }
        }
        moved
    }
}
