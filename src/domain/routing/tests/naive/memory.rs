//! What it knows: what happened to agents, members and conversations.

use super::{Naive, NaiveAgent, There};
use crate::{
    domain::{
        campaign::InForce,
        routing::{Input, ItemView, Stand},
        strategy::Order,
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId},
};

impl Naive {
    pub(in crate::domain::routing::tests) fn learn(&mut self, input: Input) {
        match input {
            Input::Campaign(in_force) => self.configure(*in_force),
            Input::CampaignGone(campaign) => {
                self.campaigns.remove(&campaign);
                self.credits.retain(|(place, _), _| *place != campaign);
            }
            Input::Member(member) => {
                if self.at_work(member.agent) && !self.members.contains_key(&(member.campaign, member.agent)) {
                    self.grant(member.campaign, member.agent);
                }
                self.members.insert((member.campaign, member.agent), member);
            }
            Input::MemberGone { agent, campaign } => drop(self.members.remove(&(campaign, agent))),
            Input::Agent { agent, capacity, available } => {
                if !self.at_work(agent) {
                    let places: Vec<_> =
                        self.members.keys().filter(|(_, member)| *member == agent).map(|(place, _)| *place).collect();
                    places.into_iter().for_each(|place| self.grant(place, agent));
                }
                let agent = self.agent(agent);
                agent.limit = capacity;
                agent.there = if available { There::Available } else { There::Away };
            }
            Input::Call { agent, units, at } => {
                let agent = self.agent(agent);
                if units.is_none() && agent.call.is_some() {
                    agent.call_ended = agent.call_ended.max(Some(at));
                }
                agent.call = units;
            }
            Input::Past { campaign, agent, past } => drop(self.pasts.insert((campaign, agent), past)),
            Input::Time => {}
            Input::Skills { agent, skills } => drop(self.skills.insert(agent, skills)),
            Input::Voice { agent, belongs: true } => drop(self.voices.insert(agent)),
            Input::Voice { agent, belongs: false } => drop(self.voices.remove(&agent)),
            Input::Loads(loads) => self.loads = loads,
            Input::AgentGone { agent, reason } => self.agent(agent).there = There::Gone(reason),
            Input::Conversation { view, ended_offers } => self.view(view, &ended_offers),
            Input::OfferRefused { conversation, offer } => {
                if self.reserved.get(&conversation).is_some_and(|it| it.offer == offer) {
                    self.reserved.remove(&conversation);
                }
                if self.moving.get(&conversation).is_some_and(|(ticket, ..)| *ticket == offer) {
                    self.moving.remove(&conversation);
                }
                self.note_late(conversation);
            }
            Input::Restarted(view) => {
                self.remember(&view);
                if let Some(before) = self.views.get_mut(&view.id) {
                    before.stand = view.stand;
                }
                self.reserved.remove(&view.id);
                self.admitting.remove(&view.id);
                self.dismissing.remove(&view.id);
                self.moving.remove(&view.id);
                self.releasing.remove(&view.id);
                self.passing_on.remove(&view.id);
                self.senders_gone.remove(&view.id);
                self.noticing.retain(|_, conversation| *conversation != view.id);
                if let Stand::Offered { offer } | Stand::Transferring { offer, .. } = view.stand {
                    self.withdrawn.remove(&offer.id);
                }
                self.view(view, &[]);
            }
        }
    }

    pub(super) fn agent(&mut self, id: AgentId) -> &mut NaiveAgent {
        self.agents.entry(id).or_insert(NaiveAgent {
            there: There::Unknown,
            limit: 0,
            call: None,
            call_ended: None,
            last_offer: None,
        })
    }

    fn configure(&mut self, in_force: InForce) {
        let choice = |it: &InForce| {
            let counts = it.campaign.strategy.order == Order::Fewestcalls;
            (it.campaign.strategy, it.campaign.max_per_agent, it.campaign.comes_back_within(), counts.then_some(it.day))
        };
        let id = in_force.campaign.id;
        if self.campaigns.get(&id).map(choice) != Some(choice(&in_force)) {
            self.credits.retain(|(place, _), _| *place != id);
        }
        self.campaigns.insert(id, in_force);
        if self.closed_at(id).is_some() {
            let waiting = self.views.values().filter(|view| view.campaign == id && self.waits(view)).map(|view| view.id);
            waiting.collect::<Vec<_>>().into_iter().for_each(|id| self.note_late(id));
        }
    }

    fn note_late(&mut self, id: ConversationId) {
        let late = |view: &ItemView| self.waits(view) && self.closed_at(view.campaign).is_some_and(|at| view.since < at);
        if self.views.get(&id).is_some_and(late) {
            self.late.insert(id);
        }
    }

    fn completed(&self, campaign: CampaignId, agent: AgentId) -> u32 {
        let day = self.campaigns.get(&campaign).map(|it| it.day.since).unwrap_or_default();
        self.pasts.get(&(campaign, agent)).filter(|past| past.day == day).map_or(0, |past| past.completed)
    }

    pub(super) fn count(&self, campaign: CampaignId, agent: AgentId) -> u32 {
        self.completed(campaign, agent) + self.credits.get(&(campaign, agent)).copied().unwrap_or(0)
    }

    /// Who comes in has at least what the others have.
    fn grant(&mut self, campaign: CampaignId, agent: AgentId) {
        let counts = |it: &InForce| it.campaign.strategy.order == Order::Fewestcalls;
        if self.loading || !self.campaigns.get(&campaign).is_some_and(counts) {
            self.credits.remove(&(campaign, agent));
            return;
        }
        let others = self.members.keys().filter(|(place, other)| *place == campaign && *other != agent && self.at_work(*other));
        let fewest = others.map(|(_, other)| self.count(campaign, *other)).min().unwrap_or(0);
        let credit = fewest.saturating_sub(self.completed(campaign, agent));
        self.credits.insert((campaign, agent), credit);
    }

    /// Whose interaction ended, who was served.
    fn remember(&mut self, view: &ItemView) {
        let Some(before) = self.views.get(&view.id).cloned() else { return };
        let (had, has) = (before.stand.owner(), view.stand.owner());
        if had == has {
            return;
        }
        if let Some(agent) = had {
            let day = self.campaigns.get(&before.campaign).map(|it| it.day.of(view.since)).unwrap_or_default();
            let past = self.pasts.entry((before.campaign, agent)).or_default();
            past.completed = if past.day == day { past.completed + 1 } else { 1 };
            past.day = day;
            past.ended_at = past.ended_at.max(Some(view.since));
        }
        let open = match before.stand {
            Stand::Offered { offer } | Stand::Transferring { offer, .. } => Some((offer.id, offer.agent)),
            _ => None,
        };
        let on_its_way = self.reserved.get(&view.id).map(|it| (it.offer, it.agent));
        if let Some((offer, agent)) = on_its_way.into_iter().chain(open).find(|(_, agent)| has == Some(*agent)) {
            let past = self.pasts.entry((view.campaign, agent)).or_default();
            past.served = past.served.max(Some(offer));
        }
    }

    pub(super) fn view(&mut self, view: ItemView, ended: &[OfferId]) {
        let id = view.id;
        self.remember(&view);
        let offered_before = match self.views.get(&id).map(|before| before.stand) {
            Some(Stand::Offered { offer }) => Some(offer.id),
            _ => None,
        };
        let unserved = match view.stand {
            Stand::Waiting => true,
            Stand::Offered { offer } => offered_before == Some(offer.id),
            _ => false,
        };
        if self.moving.get(&id).is_some_and(|(_, from, _)| !unserved || *from != view.campaign) {
            self.moving.remove(&id);
        }
        if let Some(reserved) = self.reserved.get(&id) {
            let undecided = match (reserved.from, view.stand) {
                (None, _) => unserved,
                (Some(from), Stand::Held { agent, .. }) => from == agent,
                _ => false,
            };
            if !undecided || ended.contains(&reserved.offer) {
                self.reserved.remove(&id);
            }
        }
        if !matches!(view.stand, Stand::Arrived { .. }) {
            self.admitting.remove(&id);
            self.noticing.retain(|_, conversation| *conversation != id);
        }
        if view.stand != Stand::Waiting || self.dismissing.get(&id) != Some(&view.campaign) {
            self.dismissing.remove(&id);
        }
        if self.releasing.get(&id) != view.stand.owner().as_ref() {
            self.releasing.remove(&id);
        }
        if !view.overdue || self.views.get(&id).is_none_or(|before| before.stand.owner() != view.stand.owner()) {
            self.passing_on.remove(&id);
        }
        if self.views.get(&id).is_none_or(|before| before.finishing != view.finishing) {
            self.senders_gone.remove(&id);
        }
        self.views.insert(id, view);
        self.views.retain(|_, view| view.stand != Stand::Gone);
        self.note_late(id);
    }
}
