//! The items of one campaign that wait, and the agents who could take one, apart by what the items ask for: a lane is some items
//! with the same need and the agents whom it lets. There is one for what asks for nothing, and one for each need that waits.

use std::{cmp::Reverse, sync::Arc};

use rustc_hash::FxHashMap;

use super::{
    CampaignState, Routing,
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
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) ready: Ready,
}

impl Lane {
    /// The next item that somebody can be given now.
    fn next(&self) -> Option<Rank> {
        if self.ready.is_empty() { None } else { self.queue.next(|kind| self.ready.reach(kind)) }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lanes {
    everybody: Lane,
    picky: FxHashMap<Arc<Need>, Lane>,
}

impl Key {
    /// The same among the agents of a lane: there proficiency counts.
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
    pub(super) fn of(&self, need: Option<&Arc<Need>>) -> Option<&Lane> {
        match need {
            None => Some(&self.everybody),
            Some(need) => self.picky.get(need),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Lane> {
        std::iter::once(&self.everybody).chain(self.picky.values())
    }

    /// Items that wait.
    pub(super) fn len(&self) -> usize {
        self.all().map(|lane| lane.queue.len()).sum()
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.picky.is_empty() && self.everybody.queue.is_empty()
    }

    /// Agents who could take something.
    pub(super) fn ready(&self) -> usize {
        self.everybody.ready.len()
    }

    /// The next item that somebody can be given now.
    pub(super) fn next(&self) -> Option<Turn> {
        self.all().filter_map(Lane::next).min().map(|rank| rank.turn)
    }

    /// The next item, whoever may take it.
    pub(super) fn first(&self) -> Option<ConversationId> {
        self.front(1).next().map(|turn| turn.id)
    }

    /// The next `limit` items, in order: as many steps as there are items to tell of.
    pub(super) fn front(&self, limit: usize) -> impl Iterator<Item = Turn> {
        let mut rest: Vec<_> = self.all().flat_map(|lane| lane.queue.lines()).map(|line| line.iter().peekable()).collect();
        let next = move || {
            let heads = rest.iter_mut().filter_map(|items| Some((**items.peek()?, items)));
            heads.min_by_key(|(rank, _)| *rank).and_then(|(_, items)| items.next().map(|rank| rank.turn))
        };
        std::iter::from_fn(next).take(limit)
    }

    /// How many go before what is there; none when they are more than `most`.
    pub(super) fn before(&self, spot: &Spot, most: usize) -> Option<usize> {
        let before = self.all().flat_map(|lane| lane.queue.before(spot)).take(most + 1).count();
        (before <= most).then_some(before)
    }

    pub(super) fn ids(&self) -> Vec<ConversationId> {
        self.all().flat_map(|lane| lane.queue.lines().flatten()).map(|rank| rank.turn.id).collect()
    }

    /// Moves an agent with these skills to where they stand now.
    pub(super) fn replace(&mut self, (id, skills): (AgentId, &[SkillLevel]), old: Option<Standing>, new: Option<Standing>) {
        self.everybody.ready.replace(id, old, new);
        for (need, lane) in self.picky.iter_mut().filter(|(need, _)| need.lets(id, skills)) {
            let here = |standing: Standing| standing.among(need, skills);
            lane.ready.replace(id, old.map(here), new.map(here));
        }
    }

    /// Nobody stands anywhere yet; they will be compared by this.
    pub(super) fn choose_anew(&mut self, order: Order) {
        self.everybody.ready = Ready::new(order);
        self.picky.values_mut().for_each(|lane| lane.ready = Ready::new(order));
    }

    pub(super) fn remove(&mut self, spot: &Spot) {
        let Some(need) = &spot.need else { return self.everybody.queue.remove(spot) };
        let Some(lane) = self.picky.get_mut(need) else { return };
        lane.queue.remove(spot);
        if lane.queue.is_empty() {
            self.picky.remove(need);
        }
    }
}

impl Routing {
    /// Puts an item that waits where it belongs.
    pub(super) fn line_up(&mut self, campaign_id: CampaignId, spot: &Spot) {
        let campaign = self.campaigns.entry(campaign_id).or_default();
        let Some(need) = &spot.need else { return campaign.lanes.everybody.queue.insert(spot) };
        if !campaign.lanes.picky.contains_key(need) {
            let ready = self.ready_for(campaign_id, need);
            let lane = Lane { queue: Queue::default(), ready };
            let Some(campaign) = self.campaigns.get_mut(&campaign_id) else { return };
            campaign.lanes.picky.insert(Arc::clone(need), lane);
        }
        let lane = self.campaigns.get_mut(&campaign_id).and_then(|campaign| campaign.lanes.picky.get_mut(need));
        if let Some(lane) = lane {
            lane.queue.insert(spot);
        }
    }

    /// Who could take something with this need now. Looks only at agents who have the rarest skill asked for.
    fn ready_for(&self, campaign_id: CampaignId, need: &Need) -> Ready {
        let Some(campaign) = self.campaigns.get(&campaign_id) else { return Ready::default() };
        let mut ready = Ready::new(campaign.lanes.everybody.ready.order());
        for id in self.who_might(campaign, need) {
            let Some(agent) = self.agents.get(&id).filter(|agent| need.lets(id, &agent.skills)) else { continue };
            let standing = agent.seats.get(&campaign_id).and_then(|seat| seat.standing);
            ready.replace(id, None, standing.map(|standing| standing.among(need, &agent.skills)));
        }
        ready
    }

    fn who_might(&self, campaign: &CampaignState, need: &Need) -> Vec<AgentId> {
        if let Some(only) = need.only {
            return vec![only];
        }
        let holders = |asked: &SkillLevel| self.holders.get(&asked.skill);
        let rarest = need.all().iter().map(|asked| holders(asked).map_or(0, |some| some.len())).min();
        if rarest.is_none_or(|rarest| rarest > campaign.seated.len()) {
            return campaign.seated.iter().copied().collect();
        }
        let rare = need.all().iter().min_by_key(|asked| holders(asked).map_or(0, |some| some.len()));
        rare.into_iter().chain(need.or()).filter_map(holders).flatten().copied().collect()
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
            lanes.everybody.queue.insert(&Spot::at(kind, u32::from(number % 5), rank));
            expected.push(rank);
        }
        expected.sort();
        let expected: Vec<_> = expected.into_iter().map(|rank| rank.turn).collect();
        assert_eq!(lanes.front(100).collect::<Vec<_>>(), expected);
        assert_eq!(lanes.front(4).collect::<Vec<_>>(), expected[..4]);
        assert_eq!(Lanes::default().front(4).count(), 0);
    }
}
