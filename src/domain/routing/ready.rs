//! The eligible agents of one campaign, apart by tier and by what they may take, best first; and the choice among them
//! (routing.md, B and C).

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use smallvec::SmallVec;

use super::{
    counted::Counted,
    draw::Draw,
    order::{Key, Tier},
};
use crate::{
    domain::{
        channel::{ChannelKind, KindSet},
        strategy::Order,
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
    pub(super) fn best(&self, search: &Search) -> Option<AgentId> {
        let fresh = self.choose(search, search.passed);
        if fresh.is_some() || search.passed.is_empty() { fresh } else { self.choose(search, &[]) }
    }

    fn choose(&self, search: &Search, without: &[(AgentId, Standing)]) -> Option<AgentId> {
        let count = |pool: &Pool| pool.len() - without.iter().filter(|(_, standing)| pool.holds(standing)).count();
        let mut eligible =
            self.pools.iter().filter(|pool| pool.gate.lets(search.kind, search.seen) && count(pool) > 0).peekable();
        let first = eligible.peek()?.tier;
        let mut pools: SmallVec<[&Pool; 4]> = eligible.take_while(|pool| pool.tier.pass == first.pass).collect();
        let few = || pools.iter().map(|pool| count(pool)).sum::<usize>() < search.limit;
        if self.order != Order::Wrandom && !few() {
            pools.retain(|pool| pool.tier == first);
        }
        let is_in = |agent: AgentId| !without.iter().any(|(other, _)| *other == agent);
        match self.order {
            Order::Random => any(&pools, without, &mut search.draw.clone()),
            Order::Wrandom => any_weighted(&pools, without, &mut search.draw.clone()),
            Order::Rrmemory | Order::Rrordered => next(&pools, search.last, is_in).or_else(|| next(&pools, None, is_in)),
            _ => next(&pools, None, is_in),
        }
    }
}

/// The first after one that is in some of these pools.
fn next(pools: &[&Pool], after: Option<(Key, AgentId)>, is_in: impl Fn(AgentId) -> bool) -> Option<AgentId> {
    let from = after.map_or(Unbounded, Excluded);
    let firsts = pools.iter().filter_map(|pool| match &pool.agents {
        Agents::Sorted(agents) => agents.range((from, Unbounded)).find(|(_, agent)| is_in(*agent)),
        Agents::Counted(_) => None,
    });
    firsts.min().map(|(_, agent)| *agent)
}

/// One of all, each with the same chance.
fn any(pools: &[&Pool], without: &[(AgentId, Standing)], draw: &mut Draw) -> Option<AgentId> {
    let absent = |pool: &Pool| -> SmallVec<[AgentId; 2]> {
        without.iter().filter(|(_, standing)| pool.holds(standing)).map(|(agent, _)| *agent).collect()
    };
    let total = pools.iter().map(|pool| pool.len() - absent(pool).len()).sum();
    let mut index = draw.below(total);
    for pool in pools {
        let Agents::Counted(agents) = &pool.agents else { continue };
        let mut gaps: SmallVec<[usize; 2]> = absent(pool).into_iter().map(|agent| agents.rank(agent)).collect();
        let here = agents.len() - gaps.len();
        if index < here {
            gaps.sort_unstable();
            gaps.into_iter().for_each(|gap| index += usize::from(gap <= index));
            return agents.nth(index);
        }
        index -= here;
    }
    None
}

/// Whose draw between 0 and 1000 × (penalty + 1) is the smallest, without a draw for each: the smallest of `n` draws is
/// distributed as `1 - u^(1/n)` of the range, and within a penalty everybody has the same chance of having it.
fn any_weighted(pools: &[&Pool], without: &[(AgentId, Standing)], draw: &mut Draw) -> Option<AgentId> {
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
