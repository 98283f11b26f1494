//! The items of one campaign that wait, and the agents who could take one. What asks for nothing waits in one queue; what asks for
//! something in lines apart (`lines`). Agents are in order once, for all of it.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    Routing,
    lines::{Lines, People, Wants},
    need::Need,
    order::Key,
    queue::{Queue, Rank, Spot, Turn},
    ready::{Ready, Standing},
};
use crate::{
    domain::{skill::SkillLevel, strategy::Order},
    ids::{AgentId, CampaignId, ConversationId},
};

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lanes {
    /// What asks for nothing.
    open: Queue,
    picky: Lines,
    pub(super) ready: Ready,
}

impl Key {
    /// The same among agents who are compared for one need: there proficiency counts.
    pub(super) fn among(mut self, need: &Need, skills: &[SkillLevel]) -> Self {
        if let Self::Skill(proficiency, ..) = &mut self {
            *proficiency = Reverse(need.proficiency(skills));
        }
        self
    }
}

impl Standing {
    /// As [`Key::among`].
    pub(super) fn among(self, need: &Need, skills: &[SkillLevel]) -> Self {
        Self { key: self.key.among(need, skills), ..self }
    }
}

impl Lanes {
    fn all(&self) -> impl Iterator<Item = &BTreeSet<Rank>> {
        self.open.lines().chain(self.picky.items())
    }

    /// Items that wait.
    pub(super) fn len(&self) -> usize {
        self.all().map(BTreeSet::len).sum()
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.picky.is_empty() && self.open.is_empty()
    }

    /// The next item that somebody can be given now.
    fn next(&mut self, people: People) -> Option<Turn> {
        if self.ready.is_empty() {
            return None;
        }
        let open = self.open.next(|kind| self.ready.reach(kind));
        self.picky.next(open, &self.ready, people).map(|rank| rank.turn)
    }

    /// The next item, whoever may take it.
    pub(super) fn first(&self) -> Option<ConversationId> {
        self.front(1).next().map(|turn| turn.id)
    }

    /// The next `limit` items, in order: as many steps as there are items to tell of.
    pub(super) fn front(&self, limit: usize) -> impl Iterator<Item = Turn> {
        let mut rest: Vec<_> = self.all().map(|line| line.iter().peekable()).collect();
        let next = move || {
            let heads = rest.iter_mut().filter_map(|items| Some((**items.peek()?, items)));
            heads.min_by_key(|(rank, _)| *rank).and_then(|(_, items)| items.next().map(|rank| rank.turn))
        };
        std::iter::from_fn(next).take(limit)
    }

    /// How many go before what is there; none when they are more than `most`.
    pub(super) fn before(&self, spot: &Spot, most: usize) -> Option<usize> {
        let before = self.all().flat_map(|line| line.range(..spot.rank)).take(most + 1).count();
        (before <= most).then_some(before)
    }

    pub(super) fn ids(&self) -> Vec<ConversationId> {
        self.all().flatten().map(|rank| rank.turn.id).collect()
    }

    /// Moves an agent to where they stand now.
    pub(super) fn replace(&mut self, id: AgentId, old: Option<Standing>, new: Option<Standing>) {
        self.ready.replace(id, old, new);
        if old.map(|old| old.gate) != new.map(|new| new.gate) {
            self.picky.note(id, new.is_some());
        }
    }

    /// An agent who stands there is good at other things now.
    pub(super) fn has_learnt(&mut self, id: AgentId) {
        self.picky.note(id, true);
    }

    /// Nobody stands anywhere yet; they will be compared by this.
    pub(super) fn choose_anew(&mut self, order: Order) {
        self.ready = Ready::new(order);
    }

    /// Puts an item that waits where it belongs.
    pub(super) fn insert(&mut self, spot: &Spot) {
        match Wants::of(spot) {
            None => self.open.insert(spot),
            Some(wants) => self.picky.insert(wants, spot.rank),
        }
    }

    pub(super) fn remove(&mut self, spot: &Spot) {
        match Wants::of(spot) {
            None => self.open.remove(spot),
            Some(wants) => self.picky.remove(&wants, spot.rank),
        }
    }
}

impl Routing {
    /// Everybody, as a campaign sees them.
    pub(super) fn people(&self, campaign: CampaignId) -> People<'_> {
        People { campaign, agents: &self.agents, holders: &self.holders }
    }

    /// The next item of a campaign that somebody can be given now.
    pub(super) fn next_in(&mut self, id: CampaignId) -> Option<Turn> {
        let people = People { campaign: id, agents: &self.agents, holders: &self.holders };
        self.campaigns.get_mut(&id)?.lanes.next(people)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, domain::channel::ChannelKind};

    #[test]
    fn the_front_of_a_queue_is_its_order_over_all_lines() {
        let mut lanes = Lanes::default();
        let mut expected = Vec::new();
        for number in 0_u8..12 {
            let turn =
                Turn { arrived_at: Timestamp::from_micros(i64::from(number % 3)), id: ConversationId::from_u128(number.into()) };
            let rank = Rank { key: i64::from(number % 2), turn };
            let kind = if number % 4 == 0 { ChannelKind::Api } else { ChannelKind::Webchat };
            lanes.insert(&Spot::at(kind, u32::from(number % 5), rank));
            expected.push(rank);
        }
        expected.sort();
        let expected: Vec<_> = expected.into_iter().map(|rank| rank.turn).collect();
        assert_eq!(lanes.front(100).collect::<Vec<_>>(), expected);
        assert_eq!(lanes.front(4).collect::<Vec<_>>(), expected[..4]);
        assert_eq!(Lanes::default().front(4).count(), 0);
    }
}
