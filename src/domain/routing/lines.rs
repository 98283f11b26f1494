//! Items that ask for something of their agent, in lines with the same need. Whether somebody who is ready is for a line is found
//! out when it matters, and remembered: the line only asks those again who have become ready since.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rustc_hash::FxHashMap;

use super::{
    Holders,
    capacity::AgentState,
    need::Need,
    queue::{Rank, Spot},
    ready::{Ready, Search, Standing},
};
use crate::{
    domain::{channel::ChannelKind, strategy::Order},
    ids::{AgentId, CampaignId},
};

/// So many who are ready cost as much to look at as one who has a skill: those lie all over the place.
const HOLDERS_COST: usize = 2;

/// So many who could have an item are compared where the first ones will do; who is told how many there were is told at most this.
const ENOUGH: usize = 32;

/// What the items of a line have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wants {
    need: Arc<Need>,
    kind: ChannelKind,
    /// As in [`Spot`].
    seen: u32,
}

impl Wants {
    /// Of an item that asks for something.
    pub(super) fn of(spot: &Spot) -> Option<Self> {
        spot.need.as_ref().map(|need| Self { need: Arc::clone(need), kind: spot.kind, seen: spot.seen })
    }
}

/// Items for the same agents; never empty.
#[derive(Debug)]
struct Line {
    wants: Wants,
    items: BTreeSet<Rank>,
    /// The first of the items.
    first: Rank,
    /// Nobody who became ready before this is for it; none = nobody was asked.
    asked: Option<u64>,
}

/// All of one campaign.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Where each line is.
    index: FxHashMap<Wants, usize>,
    fresh: Fresh,
}

/// What waits; not in which order the lines came, nor what they remember.
impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        fn items(lines: &Lines) -> FxHashMap<&Wants, &BTreeSet<Rank>> {
            lines.lines.iter().map(|line| (&line.wants, &line.items)).collect()
        }
        items(self) == items(other)
    }
}

impl Eq for Lines {}

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &BTreeSet<Rank>> {
        self.lines.iter().map(|line| &line.items)
    }

    pub(super) fn insert(&mut self, wants: Wants, rank: Rank) {
        let at = *self.index.entry(wants).or_insert_with_key(|wants| {
            self.lines.push(Line { wants: wants.clone(), items: BTreeSet::new(), first: rank, asked: None });
            self.lines.len() - 1
        });
        if let Some(line) = self.lines.get_mut(at) {
            line.items.insert(rank);
            line.first = line.first.min(rank);
        }
    }

    pub(super) fn remove(&mut self, wants: &Wants, rank: Rank) {
        let Some(at) = self.index.get(wants).copied() else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.items.remove(&rank);
        if let Some(first) = line.items.first() {
            line.first = *first;
            return;
        }
        self.index.remove(wants);
        self.lines.swap_remove(at);
        if let Some(moved) = self.lines.get(at)
            && let Some(place) = self.index.get_mut(&moved.wants)
        {
            *place = at;
        }
        if self.lines.is_empty() {
            self.fresh = Fresh { next: self.fresh.next, ..Fresh::default() };
        }
    }

    /// An agent has become ready, or ready for something else, or is not ready any more.
    pub(super) fn note(&mut self, agent: AgentId, is_ready: bool) {
        if !self.lines.is_empty() {
            self.fresh.note(agent, is_ready);
        }
    }

    /// The first item that somebody can be given now, if it goes before another one.
    pub(super) fn next(&mut self, before: Option<Rank>, ready: &Ready, people: People) -> Option<Rank> {
        let mut best = before;
        for line in &mut self.lines {
            if best.is_none_or(|best| line.first < best) && line.has_somebody(&self.fresh, ready, people) {
                best = Some(line.first);
            }
        }
        best
    }
}

impl Line {
    /// Whether somebody is ready for it. Those who were asked before and are not, are not asked again.
    fn has_somebody(&mut self, fresh: &Fresh, ready: &Ready, people: People) -> bool {
        let first = match self.asked {
            Some(from) => fresh.by_turn.range(from..).find(|(_, agent)| people.standing(**agent, &self.wants).is_some()),
            None if people.any(&self.wants, ready, |_| true) => return true,
            None => None,
        };
        self.asked = Some(first.map_or(fresh.next, |(turn, _)| *turn));
        first.is_some()
    }
}

/// Agents who became ready while something asked for skills, by when.
#[derive(Debug, Default)]
struct Fresh {
    by_turn: BTreeMap<u64, AgentId>,
    turns: FxHashMap<AgentId, u64>,
    next: u64,
}

impl Fresh {
    fn note(&mut self, agent: AgentId, is_ready: bool) {
        let before = if is_ready { self.turns.insert(agent, self.next) } else { self.turns.remove(&agent) };
        if let Some(before) = before {
            self.by_turn.remove(&before);
        }
        if is_ready {
            self.by_turn.insert(self.next, agent);
            self.next += 1;
        }
    }
}

/// Everybody, as one campaign sees them.
#[derive(Clone, Copy)]
pub(super) struct People<'a> {
    pub(super) campaign: CampaignId,
    pub(super) agents: &'a FxHashMap<AgentId, AgentState>,
    pub(super) holders: &'a Holders,
}

impl<'a> People<'a> {
    /// Where an agent stands who is ready for what wants this.
    pub(super) fn standing(self, id: AgentId, wants: &Wants) -> Option<Standing> {
        let agent = self.agents.get(&id).filter(|agent| wants.need.lets(id, &agent.skills))?;
        let standing = agent.seats.get(&self.campaign)?.standing?;
        standing.gate.lets(wants.kind, wants.seen).then(|| standing.among(&wants.need, &agent.skills))
    }

    /// Whether this is true of one of those who are ready for what wants this.
    pub(super) fn any(self, wants: &Wants, ready: &Ready, mut is_true: impl FnMut(AgentId) -> bool) -> bool {
        let is_for = |id: AgentId| self.standing(id, wants).is_some() && is_true(id);
        match self.few(&wants.need, ready.len()) {
            Some(mut few) => few.any(is_for),
            None => ready.takers(wants.kind, wants.seen).any(is_for),
        }
    }

    /// Those who are ready for what wants this: all of them, or where the first ones will do, some of each group.
    pub(super) fn ready_for(self, wants: &Wants, ready: &Ready, search: &Search) -> Ready {
        let mut some = Ready::new(ready.order());
        let mut add = |id| some.replace(id, None, self.standing(id, wants));
        if let Some(few) = self.few(&wants.need, ready.len()) {
            few.for_each(add);
            return some;
        }
        let enough = match ready.order() {
            Order::BestSkill | Order::Random | Order::Wrandom => usize::MAX,
            _ => ENOUGH.max(search.limit) + search.passed.len(),
        };
        for group in ready.groups(search) {
            group.filter(|id| self.standing(*id, wants).is_some()).take(enough).for_each(&mut add);
        }
        some
    }

    /// The only ones it can be, where that leaves fewer to look at than those who are ready.
    fn few(self, need: &Need, ready: usize) -> Option<Box<dyn Iterator<Item = AgentId> + 'a>> {
        if let Some(only) = need.only {
            return Some(Box::new(std::iter::once(only)));
        }
        if !need.or().is_empty() {
            return None;
        }
        let rarest =
            need.all().iter().map(|asked| self.holders.get(&asked.skill)).min_by_key(|some| some.map_or(0, BTreeSet::len))?;
        let fewer = rarest.map_or(0, BTreeSet::len) * HOLDERS_COST < ready;
        fewer.then(|| Box::new(rarest.into_iter().flatten().copied()) as Box<dyn Iterator<Item = AgentId>>)
    }
}
