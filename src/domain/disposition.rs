//! Dispositions: how a conversation ended. A tree per client; only leaves can be chosen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, DispositionId};

/// The most levels of a tree.
pub const MAX_DEPTH: usize = 5;

/// What the product itself closes with, where a campaign names nothing else. Every client has one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "SystemDisposition")]
#[schema(as = SystemDisposition)]
pub enum System {
    /// The customer was silent for too long (S1-14).
    Inactivity,
    /// Given to another agent or campaign (S1-16).
    Transfer,
    /// Out of hours (S1-9).
    OutOfHours,
    /// A comment that nobody has to answer (S1-19).
    IgnoredComment,
}

impl System {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Inactivity, Self::Transfer, Self::OutOfHours, Self::IgnoredComment];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactivity => "inactivity",
            Self::Transfer => "transfer",
            Self::OutOfHours => "out_of_hours",
            Self::IgnoredComment => "ignored_comment",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.as_str() == text)
    }

    /// What it is called until somebody renames it. Stored; readers of other languages are shown their own word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inactivity => "Inactividad",
            Self::Transfer => "Transferencia",
            Self::OutOfHours => "Fuera de horario",
            Self::IgnoredComment => "Comentario ignorado",
        }
    }
}

/// One node of a client's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// Its id.
    pub id: DispositionId,
    /// Whose tree.
    pub client: ClientId,
    /// The node above, none at the top.
    pub parent: Option<DispositionId>,
    /// As shown to agents, 1 to 120 characters.
    pub name: String,
    /// Switched off ones stay in history and are offered no more, nor is what lies below them.
    pub enabled: bool,
    /// Its place among those beside it; of the same place, the older one comes first.
    pub position: u32,
    /// The product uses it by itself for this.
    pub system: Option<System>,
    /// A campaign has offered it: it may be in history.
    pub offered: bool,
}

impl Disposition {
    /// The product's own, and nobody gave it another name: shown in the reader's language.
    pub fn unnamed(&self) -> Option<System> {
        self.system.filter(|system| system.name() == self.name)
    }

    /// What the product uses goes last.
    const fn turn(&self) -> (bool, u32, DispositionId) {
        (self.system.is_some(), self.position, self.id)
    }
}

/// Why a node cannot go somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// What should be above it is not of this tree, or the product's own.
    Unknown,
    /// It would lie below itself.
    Circle,
    /// The tree would have more than [`MAX_DEPTH`] levels.
    TooDeep,
}

/// Where a node goes, and what gives way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its position.
    pub position: u32,
    /// The new positions of those beside it.
    pub moved: Vec<(DispositionId, u32)>,
}

/// A client's tree. What names a missing node as the one above stands at the top.
pub struct Tree<'a> {
    nodes: BTreeMap<DispositionId, &'a Disposition>,
    below: BTreeMap<Option<DispositionId>, Vec<&'a Disposition>>,
}

impl<'a> Tree<'a> {
    /// Of these nodes, all of one client.
    pub fn new(nodes: impl Iterator<Item = &'a Disposition>) -> Self {
        let nodes: BTreeMap<_, _> = nodes.map(|node| (node.id, node)).collect();
        let mut below: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for node in nodes.values() {
            below.entry(node.parent.filter(|id| nodes.contains_key(id))).or_default().push(*node);
        }
        for siblings in below.values_mut() {
            siblings.sort_unstable_by_key(|node| node.turn());
        }
        Self { nodes, below }
    }

    /// What lies directly below, in order; the top with none.
    pub fn below(&self, id: Option<DispositionId>) -> &[&'a Disposition] {
        self.below.get(&id).map_or(&[], Vec::as_slice)
    }

    /// A node and everything below it, in order. Damaged data may hold a circle: each node comes once.
    pub fn branch(&self, id: DispositionId) -> Vec<&'a Disposition> {
        let (mut seen, mut stack, mut branch) = (BTreeSet::new(), vec![id], Vec::new());
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get(&id).filter(|_| seen.insert(id)) else { continue };
            branch.push(*node);
            stack.extend(self.below(Some(id)).iter().rev().map(|node| node.id));
        }
        branch
    }

    /// The node and those above it, up to the top.
    fn above(&self, id: Option<DispositionId>) -> impl Iterator<Item = &'a Disposition> {
        let up = |id: Option<DispositionId>| id.and_then(|id| self.nodes.get(&id).copied());
        std::iter::successors(up(id), move |node| up(node.parent)).take(self.nodes.len())
    }

    /// What can be chosen where these are offered, a branch standing for all below it: leaves that are not switched off
    /// themselves nor by one above, in the order of the tree, each once.
    pub fn offered(&self, named: &[DispositionId]) -> Vec<DispositionId> {
        let named: BTreeSet<_> = named.iter().copied().collect();
        let top = self.below(None).iter().flat_map(|node| self.branch(node.id));
        let on = |node: &&Disposition| self.above(Some(node.id)).all(|node| node.enabled);
        let is_named = |node: &&Disposition| self.above(Some(node.id)).any(|node| named.contains(&node.id));
        let is_leaf = |node: &&Disposition| !self.below(Some(node.id)).iter().any(|below| below.enabled);
        top.filter(|node| is_leaf(node) && is_named(node) && on(node)).map(|node| node.id).collect()
    }

    /// Where a node, new or not, goes below `parent`; as the last one without a position.
    ///
    /// # Errors
    /// [`Misplaced`].
    pub fn place(&self, id: DispositionId, parent: Option<DispositionId>, position: Option<u32>) -> Result<Placed, Misplaced> {
        if parent.is_some_and(|parent| self.nodes.get(&parent).is_none_or(|node| node.system.is_some())) {
            return Err(Misplaced::Unknown);
        }
        if self.above(parent).any(|node| node.id == id) {
            return Err(Misplaced::Circle);
        }
        if self.above(parent).count() + self.height(id) > MAX_DEPTH {
            return Err(Misplaced::TooDeep);
        }
        let mut beside: Vec<_> =
            self.below(parent).iter().filter(|node| node.id != id && node.system.is_none()).map(|node| node.id).collect();
        let index = position.and_then(|position| usize::try_from(position).ok()).unwrap_or(usize::MAX).min(beside.len());
        beside.insert(index, id);
        let numbered = (0_u32..).zip(beside).map(|(position, id)| (id, position));
        let changed = |(id, position): &(DispositionId, u32)| self.nodes.get(id).is_some_and(|node| node.position != *position);
        let moved = numbered.filter(|one| one.0 != id && changed(one)).collect();
        Ok(Placed { position: u32::try_from(index).unwrap_or(u32::MAX), moved })
    }

    /// Levels of a node and what lies below it; of a new one, one.
    fn height(&self, id: DispositionId) -> usize {
        let depth = |node: &Disposition| self.above(Some(node.id)).count();
        let own = self.nodes.get(&id).map_or(1, |node| depth(node));
        self.branch(id).into_iter().map(depth).max().unwrap_or(own) + 1 - own
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn id(number: u128) -> DispositionId {
        DispositionId::from_u128(number)
    }

    fn node(number: u128, parent: Option<u128>) -> Disposition {
        Disposition {
            id: id(number),
            client: ClientId::NIL,
            parent: parent.map(id),
            name: number.to_string(),
            enabled: true,
            position: 0,
            system: None,
            offered: false,
        }
    }

    /// 1 ── 2, 3 ── 4; 5; 6 is the product's.
    fn forest() -> Vec<Disposition> {
        let system = Disposition { system: Some(System::Transfer), ..node(6, None) };
        vec![node(1, None), node(2, Some(1)), node(3, Some(1)), node(4, Some(3)), node(5, None), system]
    }

    fn ids(numbers: &[u128]) -> Vec<DispositionId> {
        numbers.iter().map(|number| id(*number)).collect()
    }

    #[test]
    fn a_branch_stands_for_the_leaves_below_it() {
        let mut nodes = forest();
        let offered = |nodes: &[Disposition], named: &[u128]| Tree::new(nodes.iter()).offered(&ids(named));
        assert_eq!(offered(&nodes, &[1]), ids(&[2, 4]));
        assert_eq!(offered(&nodes, &[6, 5, 4, 3]), ids(&[4, 5, 6]));
        assert_eq!(offered(&nodes, &[]), []);
        nodes[2].enabled = false;
        assert_eq!(offered(&nodes, &[1]), ids(&[2]), "what lies below a node that is off is off as well");
        nodes[1].enabled = false;
        assert_eq!(offered(&nodes, &[1]), ids(&[1]), "a node without anything below it that is on is a leaf");
    }

    #[test]
    fn a_node_goes_between_others_and_they_give_way() {
        let nodes = forest();
        let tree = Tree::new(nodes.iter());
        let placed = |node, parent, position| tree.place(id(node), parent, position);
        assert_eq!(placed(9, None, Some(1)), Ok(Placed { position: 1, moved: vec![(id(5), 2)] }));
        assert_eq!(placed(5, None, Some(0)), Ok(Placed { position: 0, moved: vec![(id(1), 1)] }));
        assert_eq!(placed(9, Some(id(1)), None), Ok(Placed { position: 2, moved: vec![(id(3), 1)] }));
        assert_eq!(placed(1, Some(id(4)), None), Err(Misplaced::Circle));
        assert_eq!(placed(1, Some(id(1)), None), Err(Misplaced::Circle));
        assert_eq!(placed(5, Some(id(6)), None), Err(Misplaced::Unknown));
        assert_eq!(placed(5, Some(id(7)), None), Err(Misplaced::Unknown));
    }

    #[test]
    fn data_that_goes_round_ends() {
        let nodes = [node(1, Some(2)), node(2, Some(1)), node(3, Some(2))];
        let tree = Tree::new(nodes.iter());
        assert_eq!(tree.branch(id(1)).len(), 3);
        assert_eq!(tree.offered(&ids(&[1])), []);
        assert_eq!(tree.place(id(1), Some(id(3)), None), Err(Misplaced::Circle));
    }

    proptest! {
        /// However nodes are moved: no circle, never too deep, every node in its place, nobody gets lost.
        #[test]
        fn moves_keep_a_tree(moves in prop::collection::vec((0_u128..24, prop::option::of(0_u128..24), prop::option::of(0_u32..6)), 0..120)) {
            let mut nodes: BTreeMap<DispositionId, Disposition> = BTreeMap::new();
            for (number, parent, position) in moves {
                let own = id(number);
                let before = nodes.clone();
                let tree = Tree::new(before.values());
                let parent = parent.map(id);
                let Ok(Placed { position: at, moved }) = tree.place(own, parent, position) else { continue };
                let placed = nodes.entry(own).or_insert_with(|| node(number, None));
                (placed.parent, placed.position) = (parent, at);
                for (id, position) in moved {
                    nodes.get_mut(&id).unwrap().position = position;
                }
                let after = Tree::new(nodes.values());
                let reached: BTreeSet<_> = after.below(None).iter().flat_map(|node| after.branch(node.id)).map(|node| node.id).collect();
                prop_assert_eq!(reached.len(), nodes.len(), "all hang on the top");
                prop_assert!(nodes.values().all(|node| after.above(Some(node.id)).count() <= MAX_DEPTH));
                let beside: Vec<_> = after.below(parent).iter().map(|node| node.position).collect();
                prop_assert_eq!(&beside, &(0..u32::try_from(beside.len()).unwrap()).collect::<Vec<_>>());
                prop_assert_eq!(after.below(parent)[at as usize].id, own);
                let others = |tree: &Tree<'_>| tree.below(parent).iter().map(|node| node.id).filter(|id| *id != own).collect::<Vec<_>>();
                prop_assert_eq!(others(&tree), others(&after), "the others keep their order");
            }
        }
    }
}
