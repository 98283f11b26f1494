//! A set of agents that knows its size and its nth member: a treap whose priorities are hashes of the ids, so that the same
//! agents always make the same tree, in whatever order they came.

use super::draw::{folded, mixed};
use crate::ids::AgentId;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted(Option<Box<Node>>);

#[derive(Debug, PartialEq, Eq)]
struct Node {
    agent: AgentId,
    size: usize,
    left: Counted,
    right: Counted,
}

/// Who is higher in the tree.
fn height(agent: AgentId) -> (u64, AgentId) {
    (mixed(folded(agent)), agent)
}

impl Counted {
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |node| node.size)
    }

    pub(super) fn contains(&self, agent: AgentId) -> bool {
        let mut at = self;
        while let Some(node) = &at.0 {
            if node.agent == agent {
                return true;
            }
            at = if agent < node.agent { &node.left } else { &node.right };
        }
        false
    }

    pub(super) fn insert(&mut self, agent: AgentId) {
        if !self.contains(agent) {
            self.add(agent);
        }
    }

    fn add(&mut self, agent: AgentId) {
        match &mut self.0 {
            Some(node) if height(node.agent) > height(agent) => {
                node.size += 1;
                if agent < node.agent { node.left.add(agent) } else { node.right.add(agent) }
            }
            _ => {
                let (left, right) = std::mem::take(self).split(agent);
                *self = Self::of(agent, left, right);
            }
        }
    }

    pub(super) fn remove(&mut self, agent: AgentId) {
        if self.contains(agent) {
            self.drop_one(agent);
        }
    }

    fn drop_one(&mut self, agent: AgentId) {
        let Some(node) = &mut self.0 else { return };
        if node.agent == agent {
            let (left, right) = (std::mem::take(&mut node.left), std::mem::take(&mut node.right));
            *self = Self::joined(left, right);
            return;
        }
        node.size -= 1;
        if agent < node.agent { node.left.drop_one(agent) } else { node.right.drop_one(agent) }
    }

    /// The nth in the order of the ids, from 0.
    pub(super) fn nth(&self, mut index: usize) -> Option<AgentId> {
        let mut at = self;
        while let Some(node) = &at.0 {
            let before = node.left.len();
            if index == before {
                return Some(node.agent);
            }
            if index < before {
                at = &node.left;
            } else {
                index -= before + 1;
                at = &node.right;
            }
        }
        None
    }

    /// How many come before this one.
    pub(super) fn rank(&self, agent: AgentId) -> usize {
        let (mut at, mut before) = (self, 0);
        while let Some(node) = &at.0 {
            if agent <= node.agent {
                at = &node.left;
            } else {
                before += node.left.len() + 1;
                at = &node.right;
            }
        }
        before
    }

    fn of(agent: AgentId, left: Self, right: Self) -> Self {
        let size = left.len() + right.len() + 1;
        Self(Some(Box::new(Node { agent, size, left, right })))
    }

    /// Those before and those after an agent who is not in it.
    fn split(self, agent: AgentId) -> (Self, Self) {
        let Some(node) = self.0 else { return Default::default() };
        if node.agent < agent {
            let (middle, right) = node.right.split(agent);
            (Self::of(node.agent, node.left, middle), right)
        } else {
            let (left, middle) = node.left.split(agent);
            (left, Self::of(node.agent, middle, node.right))
        }
    }

    /// Both, all of the first before all of the second.
    fn joined(left: Self, right: Self) -> Self {
        match (left.0, right.0) {
            (None, right) => Self(right),
            (left, None) => Self(left),
            (Some(one), Some(other)) if height(one.agent) > height(other.agent) => {
                Self::of(one.agent, one.left, Self::joined(one.right, Self(Some(other))))
            }
            (Some(one), Some(other)) => Self::of(other.agent, Self::joined(Self(Some(one)), other.left), other.right),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_sorted_set_and_the_same_whatever_the_order(steps in prop::collection::vec((0_u128..40, any::<bool>()), 0..120)) {
            let (mut counted, mut model) = (Counted::default(), BTreeSet::new());
            for (number, comes) in steps {
                let agent = AgentId::from_u128(number);
                if comes {
                    counted.insert(agent);
                    model.insert(agent);
                } else {
                    counted.remove(agent);
                    model.remove(&agent);
                }
            }
            let listed: Vec<_> = (0..counted.len()).filter_map(|index| counted.nth(index)).collect();
            prop_assert_eq!(&listed, &model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(counted.nth(counted.len()), None);
            prop_assert!(listed.iter().enumerate().all(|(index, agent)| counted.rank(*agent) == index));
            let mut again = Counted::default();
            listed.iter().rev().for_each(|agent| again.insert(*agent));
            prop_assert_eq!(again, counted);
        }
    }
}
