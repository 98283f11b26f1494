//! Which item goes next: within a campaign by score, arrival, id; between campaigns by weight, then arrival, then id.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    CampaignState, Routing,
    item::ItemView,
    need::{Need, Wanted},
    score::score,
};
use crate::{
    clock::Timestamp,
    domain::channel::ChannelKind,
    ids::{AgentId, CampaignId, ConversationId},
};

/// How many items move to another place in one call: a millisecond's worth.
pub(super) const SLICE: usize = 1024;

/// An item's place in the order of arrival. A conversation that comes back keeps it, so it returns to the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) arrived_at: Timestamp,
    pub(super) id: ConversationId,
}

/// An item's place in its campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) key: i64,
    pub(super) turn: Turn,
}

/// Where a queue has an item; remembered by the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) kind: ChannelKind,
    pub(super) seen: u32,
    pub(super) rank: Rank,
    /// When it changes.
    pub(super) alarm: Option<Timestamp>,
    /// None = anybody will do.
    pub(super) need: Option<Arc<Need>>,
    /// Whom it should go to.
    pub(super) preferred: Option<AgentId>,
}

/// Items that the same agents may take.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    kind: ChannelKind,
    /// The longest delay of a member that these have outwaited, in seconds.
    seen: u32,
    items: BTreeSet<Rank>,
}

/// Waiting items with the same need, apart by kind and by who may see them: when the next in line is nothing for whoever is
/// free, the next one that is must be found without a search. There are few lines: kinds × different delays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Queue {
    lines: Vec<Line>,
}

impl Spot {
    /// Whose it is.
    pub(super) const fn turn(&self) -> Turn {
        self.rank.turn
    }

    #[cfg(test)]
    pub(super) const fn at(kind: ChannelKind, seen: u32, rank: Rank) -> Self {
        Self { kind, seen, rank, alarm: None, need: None, preferred: None }
    }
}

impl Queue {
    fn find(&self, spot: &Spot) -> Result<usize, usize> {
        self.lines.binary_search_by_key(&(spot.kind as u8, spot.seen), |line| (line.kind as u8, line.seen))
    }

    pub(super) fn insert(&mut self, spot: &Spot) {
        let at = self.find(spot).unwrap_or_else(|at| {
            self.lines.insert(at, Line { kind: spot.kind, seen: spot.seen, items: BTreeSet::new() });
            at
        });
        if let Some(line) = self.lines.get_mut(at) {
            line.items.insert(spot.rank);
        }
    }

    pub(super) fn remove(&mut self, spot: &Spot) {
        let Ok(at) = self.find(spot) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.items.remove(&spot.rank);
        if line.items.is_empty() {
            self.lines.remove(at);
        }
    }

    /// The next item that has been seen for longer than whoever takes its kind wants.
    pub(super) fn next(&self, reach: impl Fn(ChannelKind) -> Option<u32>) -> Option<Rank> {
        let open = self.lines.iter().filter(|line| reach(line.kind).is_some_and(|delay| delay <= line.seen));
        open.filter_map(|line| line.items.first()).min().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &BTreeSet<Rank>> {
        self.lines.iter().map(|line| &line.items)
    }
}

impl CampaignState {
    /// Everything that has a place in its order.
    fn ids(&self) -> Vec<ConversationId> {
        self.lanes.ids().into_iter().chain(self.overdue.iter().map(|turn| turn.id)).collect()
    }

    /// A member has another delay now; 0 = none. Tells whether items may be in other places now.
    pub(super) fn count_delays(&mut self, before: u32, after: u32) -> bool {
        let different = self.delays.len();
        if let Some(members) = self.delays.get_mut(&before) {
            *members -= 1;
            if *members == 0 {
                self.delays.remove(&before);
            }
        }
        let left = self.delays.len();
        if after > 0 {
            *self.delays.entry(after).or_default() += 1;
        }
        left != different || self.delays.len() != left
    }

    /// The longest delay of a member that is over after this wait, and when the next one is.
    pub(super) fn seen(&self, arrived_at: Timestamp, now: Timestamp) -> (u32, Option<Timestamp>) {
        let waited = u32::try_from(now.since(arrived_at).as_secs()).unwrap_or(u32::MAX);
        let over = self.delays.range(..=waited).next_back().map_or(0, |(delay, _)| *delay);
        let next = waited.checked_add(1).and_then(|from| self.delays.range(from..).next());
        (over, next.map(|(delay, _)| arrived_at + Duration::from_secs(u64::from(*delay))))
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
        self.campaigns.get(&campaign).map_or_else(Vec::new, |campaign| campaign.lanes.front(limit).map(|turn| turn.id).collect())
    }

    /// The next item of a campaign that somebody can be given now.
    pub(super) fn head(&mut self, id: CampaignId) -> Option<Head> {
        let campaign = self.campaigns.get(&id).filter(|campaign| campaign.is_serving() && !self.laying.contains_key(&id))?;
        let rules = campaign.rules.filter(|rules| !rules.strategy.mode.rings())?;
        let weight = Reverse(rules.weight);
        Some(Head { weight, turn: self.next_in(id)?, campaign: id })
    }

    /// Where an item that waits belongs now.
    pub(super) fn spot(&self, view: &ItemView) -> Spot {
        let (arrived_at, now) = (view.arrived_at, self.now);
        let campaign = self.campaigns.get(&view.campaign);
        let (seen, next_seen) = campaign.map(|campaign| campaign.seen(arrived_at, now)).unwrap_or_default();
        let rules = campaign.and_then(|campaign| campaign.rules);
        let score = score(&rules.map(|rules| rules.strategy).unwrap_or_default(), view.priority, arrived_at, now);
        let Wanted { need, changes_at, preferred } = self.wanted(view, campaign);
        let alarm = next_seen.into_iter().chain(score.changes_at).chain(changes_at).min();
        Spot { kind: view.kind, seen, rank: Rank { key: score.key, turn: view.turn() }, alarm, need, preferred }
    }

    /// When the router next wants to be called although nothing happens: a delay or a hold is over, less is asked of who
    /// serves, an item is as urgent as can be, or it has not finished with a campaign that closed or has another order.
    pub fn next_alarm(&self) -> Option<Timestamp> {
        let unfinished = (!self.work.closings.is_empty() || !self.laying.is_empty()).then_some(self.now);
        unfinished.or_else(|| self.alarms.first().map(|(at, _)| *at))
    }

    /// Moves the items whose time has come.
    pub(super) fn ring_alarms(&mut self) {
        while let Some((_, id)) = self.alarms.first().copied().filter(|(at, _)| *at <= self.now) {
            self.alarms.pop_first();
            self.lay(id);
        }
    }

    /// Moves all items of a campaign whose order has changed: at once, or when they are many, in slices whenever time is told. Until
    /// the last one is in its place, none of them is offered: the next one might not be the next.
    pub(super) fn lay_all(&mut self, campaign: CampaignId) {
        let Some(state) = self.campaigns.get(&campaign) else { return };
        if state.lanes.len() > SLICE {
            self.laying.insert(campaign, None);
            return;
        }
        for id in state.ids() {
            self.lay(id);
        }
    }

    /// Goes on with what [`Self::lay_all`] began.
    pub(super) fn lay_slice(&mut self) {
        let Some((campaign, left)) = self.laying.pop_first() else { return };
        let ids = || self.campaigns.get(&campaign).map(CampaignState::ids).unwrap_or_default();
        let mut left = left.unwrap_or_else(ids);
        for id in left.split_off(left.len().saturating_sub(SLICE)) {
            self.lay(id);
        }
        if left.is_empty() {
            self.work.campaigns.insert(campaign);
        } else {
            self.laying.insert(campaign, Some(left));
        }
    }
}
