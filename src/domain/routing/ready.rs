//! The eligible agents of one campaign, apart by tier and by what they may take, best first; and the choice among them
//! (routing.md, B and C).

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use smallvec::SmallVec;

use super::{
    choice::Measure,
    counted::Counted,
    draw::Draw,
    order::{Key, Tier},
    why::Behind,
};
use crate::{
    domain::{
        channel::{ChannelKind, KindSet},
        strategy::{Order, Strategy},
    },
    ids::AgentId,
};

/// What an agent may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gate {
    /// Of these kinds: allowed, and there is room.
    pub(super) kinds: KindSet,
    /// Only what has waited for so many seconds.
    pub(super) delay: u32,
}

impl Gate {
    pub(super) fn lets(self, kind: ChannelKind, seen: u32) -> bool {
        self.delay <= seen && self.kinds.contains(kind)
    }
}

/// An agent's entry in [`Ready`]; remembered in the seat, because an entry can only be removed by its exact key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) tier: Tier,
    pub(super) gate: Gate,
    pub(super) key: Key,
}

#[derive(Debug, PartialEq, Eq)]
enum Agents {
    Sorted(BTreeSet<(Key, AgentId)>),
    /// For those that leave it to chance: the nth is found without counting.
    Counted(Counted),
}

/// Agents of one tier behind one gate; never empty.
#[derive(Debug, PartialEq, Eq)]
struct Pool {
    tier: Tier,
    gate: Gate,
    agents: Agents,
}

impl Pool {
    fn len(&self) -> usize {
        match &self.agents {
            Agents::Sorted(agents) => agents.len(),
            Agents::Counted(agents) => agents.len(),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = AgentId> + '_> {
        match &self.agents {
            Agents::Sorted(agents) => Box::new(agents.iter().map(|(_, agent)| *agent)),
            Agents::Counted(agents) => Box::new((0..agents.len()).filter_map(|index| agents.nth(index))),
        }
    }

    /// All of them, beginning after this one.
    fn from(&self, last: Option<(Key, AgentId)>) -> Box<dyn Iterator<Item = AgentId> + '_> {
        match (&self.agents, last) {
            (Agents::Sorted(agents), Some(last)) => {
                let after = agents.range((Excluded(last), Unbounded)).chain(agents.range(..=last));
                Box::new(after.map(|(_, agent)| *agent))
            }
            _ => self.iter(),
        }
    }

    fn holds(&self, standing: &Standing) -> bool {
        (self.tier, self.gate) == (standing.tier, standing.gate)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ready {
    order: Order,
    /// By tier, then gate. There are few: as many as there are penalties, delays and sets of kinds in use.
    pools: Vec<Pool>,
}

/// For which item somebody is looked for.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) kind: ChannelKind,
    /// The longest delay it has outwaited.
    pub(super) seen: u32,
    /// Eligible agents who passed it over.
    pub(super) passed: &'a [(AgentId, Standing)],
    /// See [`crate::domain::strategy::Strategy::penalty_members_limit`].
    pub(super) limit: usize,
    /// Whose turn it was last, in orders that go round.
    pub(super) last: Option<(Key, AgentId)>,
    pub(super) draw: Draw,
}

impl Ready {
    pub(super) fn new(order: Order) -> Self {
        Self { order, pools: Vec::new() }
    }

    pub(super) const fn order(&self) -> Order {
        self.order
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pools.iter().map(Pool::len).sum()
    }

    fn open(&self, kind: ChannelKind, seen: u32) -> impl Iterator<Item = &Pool> {
        self.pools.iter().filter(move |pool| pool.gate.lets(kind, seen))
    }

    /// Everybody who takes such an item.
    pub(super) fn takers(&self, kind: ChannelKind, seen: u32) -> impl Iterator<Item = AgentId> {
        self.open(kind, seen).flat_map(Pool::iter)
    }

    /// Of each group the agents whom a search looks at, in the order in which it does: from whoever's turn it is, where they take
    /// turns.
    pub(super) fn groups(&self, search: &Search) -> impl Iterator<Item = impl Iterator<Item = AgentId>> {
        self.open(search.kind, search.seen).map(|pool| pool.from(search.last))
    }

    /// How long an item of this kind must have waited before somebody here takes it; none = nobody does.
    pub(super) fn reach(&self, kind: ChannelKind) -> Option<u32> {
        self.pools.iter().filter(|pool| pool.gate.kinds.contains(kind)).map(|pool| pool.gate.delay).min()
    }

    pub(super) fn replace(&mut self, agent: AgentId, old: Option<Standing>, new: Option<Standing>) {
        if let Some(old) = old {
            self.remove(agent, &old);
        }
        if let Some(new) = new {
            self.insert(agent, &new);
        }
    }

    fn find(&self, standing: &Standing) -> Result<usize, usize> {
        self.pools.binary_search_by_key(&(standing.tier, standing.gate), |pool| (pool.tier, pool.gate))
    }

    fn insert(&mut self, agent: AgentId, standing: &Standing) {
        let at = self.find(standing).unwrap_or_else(|at| {
            let agents = if self.order.draws() { Agents::Counted(Counted::default()) } else { Agents::Sorted(BTreeSet::new()) };
            self.pools.insert(at, Pool { tier: standing.tier, gate: standing.gate, agents });
            at
        });
        match self.pools.get_mut(at).map(|pool| &mut pool.agents) {
            Some(Agents::Sorted(agents)) => drop(agents.insert((standing.key, agent))),
            Some(Agents::Counted(agents)) => agents.insert(agent),
            None => {}
        }
    }

    fn remove(&mut self, agent: AgentId, standing: &Standing) {
        let Ok(at) = self.find(standing) else { return };
        let Some(pool) = self.pools.get_mut(at) else { return };
        match &mut pool.agents {
            Agents::Sorted(agents) => drop(agents.remove(&(standing.key, agent))),
            Agents::Counted(agents) => agents.remove(agent),
        }
        if pool.len() == 0 {
            self.pools.remove(at);
        }
    }

    /// The best agent for an item. Who passed it over comes after everybody else, whatever the tier.
    pub(super) fn best(&self, search: &Search) -> Option<Best> {
        let open: SmallVec<[&Pool; 8]> = self.open(search.kind, search.seen).collect();
        let eligible = open.iter().map(|pool| pool.len()).sum();
        let fresh = self.choose(&open, search, search.passed);
        let again = fresh.is_none();
        let best = if again && !search.passed.is_empty() { self.choose(&open, search, &[]) } else { fresh }?;
        Some(Best { eligible, again, ..best })
    }

    /// The best in these pools, some agents left out.
    fn choose(&self, open: &[&Pool], search: &Search, without: &[(AgentId, Standing)]) -> Option<Best> {
        let count = |pool: &Pool| pool.len() - without.iter().filter(|(_, standing)| pool.holds(standing)).count();
        let open: SmallVec<[&Pool; 8]> = open.iter().copied().filter(|pool| count(pool) > 0).collect();
        let is_in = |agent: AgentId| !without.iter().any(|(other, _)| *other == agent);
        // Who is compared: everybody of a pass, or those with the lowest penalty.
        let compared = |open: &[&Pool]| -> usize {
            let Some(first) = open.first().map(|pool| pool.tier) else { return 0 };
            let pass = open.partition_point(|pool| pool.tier.pass == first.pass);
            let few = open.iter().take(pass).map(|pool| count(pool)).sum::<usize>() < search.limit;
            let all = self.order == Order::Wrandom || few;
            if all { pass } else { open.partition_point(|pool| pool.tier == first) }
        };
        let (pools, rest) = open.split_at(compared(&open));
        let in_order = |pools: &[&Pool]| match self.order {
            Order::Rrmemory | Order::Rrordered => next(pools, search.last, is_in).or_else(|| next(pools, None, is_in)),
            _ => next(pools, None, is_in),
        };
        let after = |winner: (Key, AgentId)| {
            let next_round = || next(pools, None, is_in).filter(|first| self.order.takes_turns() && *first != winner);
            next(pools, Some(winner), is_in).or_else(next_round).or_else(|| {
                let (first, pass) = (rest.first()?.tier, pools.first()?.tier.pass);
                let tier = rest.partition_point(|pool| pool.tier == first);
                in_order(rest.split_at(if first.pass == pass { tier } else { compared(rest) }).0)
            })
        };
        let among = pools.iter().map(|pool| count(pool)).sum();
        let best = |agent| Best { agent, runner_up: None, eligible: 0, among, again: false, preferred: false, drawn: None };
        let drawn = |(agent, place, of)| Best { drawn: Some((place, of)), ..best(agent) };
        match self.order {
            Order::Random => any(pools, without, &mut search.draw.clone()).map(drawn),
            Order::Wrandom => any_weighted(pools, without, &mut search.draw.clone()).map(drawn),
            _ => {
                let winner = in_order(pools)?;
                Some(Best { runner_up: after(winner).map(|(_, agent)| agent), ..best(winner.1) })
            }
        }
    }
}

/// Who was chosen, and how it came to that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    pub(super) agent: AgentId,
    /// Who comes next; none where it is left to chance.
    pub(super) runner_up: Option<AgentId>,
    /// How many could have it, those included who passed it over.
    pub(super) eligible: usize,
    /// How many of them were compared.
    pub(super) among: usize,
    /// All who could have it had passed it over.
    pub(super) again: bool,
    /// It should go to them, whatever the order.
    pub(super) preferred: bool,
    /// The place that was drawn, from 0, and of how many.
    pub(super) drawn: Option<(usize, usize)>,
}

impl Best {
    /// It goes to this one whom it should go to; the best by the order comes next.
    pub(super) fn but_for(self, agent: AgentId) -> Self {
        let runner_up = if agent == self.agent { self.runner_up } else { Some(self.agent).filter(|_| self.drawn.is_none()) };
        Self { agent, runner_up, again: false, preferred: true, drawn: None, ..self }
    }
}

/// An eligible agent in a list of all of them.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) agent: AgentId,
    pub(super) standing: Standing,
    pub(super) passed_over: bool,
    /// See [`super::why::Behind`]; found by [`rank`].
    pub(super) behind: Option<Behind>,
    pub(super) penalty: u8,
    pub(super) measure: Measure,
}

/// Sorts everybody eligible in the order in which [`Ready::best`] would find them one after the other, as things stand now.
pub(super) fn rank(all: &mut [Ranked], strategy: &Strategy, last: Option<(Key, AgentId)>) {
    let group = |one: &Ranked| (one.passed_over, one.standing.tier.pass);
    all.sort_unstable_by_key(group);
    let mut front = true;
    for group in all.chunk_by_mut(|one, other| group(one) == group(other)) {
        let few = group.len() < usize::from(strategy.penalty_members_limit);
        let ignored = strategy.order == Order::Wrandom || few;
        let tier = |one: &Ranked| if ignored { 0 } else { one.standing.tier.penalty };
        let place = |one: &Ranked| (one.standing.key, one.agent);
        let wrapped = |one: &Ranked| last.is_some_and(|last| place(one) <= last);
        group.sort_unstable_by_key(|one| (tier(one), wrapped(one), place(one)));
        let Some(first) = group.first().map(tier) else { continue };
        for one in group {
            one.behind = match one {
                _ if one.passed_over => Some(Behind::PassedOver),
                _ if !front => Some(Behind::Busy),
                _ if tier(one) != first => Some(Behind::Penalty),
                _ => None,
            };
        }
        front = false;
    }
}

/// The first after one that is in some of these pools.
fn next(pools: &[&Pool], after: Option<(Key, AgentId)>, is_in: impl Fn(AgentId) -> bool) -> Option<(Key, AgentId)> {
    let from = after.map_or(Unbounded, Excluded);
    let firsts = pools.iter().filter_map(|pool| match &pool.agents {
        Agents::Sorted(agents) => agents.range((from, Unbounded)).find(|(_, agent)| is_in(*agent)),
        Agents::Counted(_) => None,
    });
    firsts.min().copied()
}

/// One of all, each with the same chance; with the place that was drawn, and of how many.
fn any(pools: &[&Pool], without: &[(AgentId, Standing)], draw: &mut Draw) -> Option<(AgentId, usize, usize)> {
    let absent = |pool: &Pool| -> SmallVec<[AgentId; 2]> {
        without.iter().filter(|(_, standing)| pool.holds(standing)).map(|(agent, _)| *agent).collect()
    };
    let total = pools.iter().map(|pool| pool.len() - absent(pool).len()).sum();
    let mut index = draw.below(total);
    let place = index;
    for pool in pools {
        let Agents::Counted(agents) = &pool.agents else { continue };
        let mut gaps: SmallVec<[usize; 2]> = absent(pool).into_iter().map(|agent| agents.rank(agent)).collect();
        let here = agents.len() - gaps.len();
        if index < here {
            gaps.sort_unstable();
            gaps.into_iter().for_each(|gap| index += usize::from(gap <= index));
            return agents.nth(index).map(|agent| (agent, place, total));
        }
        index -= here;
    }
    None
}

/// Whose draw between 0 and 1000 × (penalty + 1) is the smallest, without a draw for each: the smallest of `n` draws is
/// distributed as `1 - u^(1/n)` of the range, and within a penalty everybody has the same chance of having it.
fn any_weighted(pools: &[&Pool], without: &[(AgentId, Standing)], draw: &mut Draw) -> Option<(AgentId, usize, usize)> {
    let mut best: Option<(f64, &[&Pool])> = None;
    for group in pools.chunk_by(|one, other| one.tier.penalty == other.tier.penalty) {
        let absent = |pool: &Pool| without.iter().filter(|(_, standing)| pool.holds(standing)).count();
        let count: usize = group.iter().map(|pool| pool.len() - absent(pool)).sum();
        let range = f64::from(group.first()?.tier.penalty) + 1.0;
        let smallest = range * (1.0 - draw.share().powf(1.0 / count as f64));
        if best.is_none_or(|(so_far, _)| smallest < so_far) {
            best = Some((smallest, group));
        }
    }
    best.and_then(|(_, group)| any(group, without, draw))
}
