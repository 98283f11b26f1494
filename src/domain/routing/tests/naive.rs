//! The same rules by scanning everything: no index, no notes of what to look at, as close to the words of routing.md as
//! code gets.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    domain::{
        campaign::{InForce, OutOfHours},
        conversation::{Admission, Ending, Offer, QueueReason},
        routing::{Decision, Input, ItemView, Stand},
        schedule::Openness,
    },
    ids::{AgentId, CampaignId, ContactId, ConversationId, OfferId},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum There {
    Unknown,
    Available,
    Away,
    Gone(QueueReason),
}

struct NaiveAgent {
    there: There,
    limit: u32,
    last_offer: Option<Timestamp>,
}

struct Reserved {
    offer: OfferId,
    agent: AgentId,
    /// The sender, when it is a transfer.
    from: Option<AgentId>,
}

#[derive(Default)]
pub(super) struct Naive {
    campaigns: BTreeMap<CampaignId, InForce>,
    members: BTreeMap<(CampaignId, AgentId), u8>,
    agents: BTreeMap<AgentId, NaiveAgent>,
    pub(super) views: BTreeMap<ConversationId, ItemView>,
    reserved: BTreeMap<ConversationId, Reserved>,
    admitting: BTreeSet<ConversationId>,
    noticing: BTreeMap<ContactId, ConversationId>,
    withdrawn: BTreeSet<OfferId>,
    releasing: BTreeMap<ConversationId, AgentId>,
}

impl Naive {
    pub(super) fn learn(&mut self, input: Input) {
        match input {
            Input::Campaign(in_force) => drop(self.campaigns.insert(in_force.campaign.id, in_force)),
            Input::CampaignGone(campaign) => drop(self.campaigns.remove(&campaign)),
            Input::Member(member) => drop(self.members.insert((member.campaign, member.agent), member.penalty)),
            Input::MemberGone { agent, campaign } => drop(self.members.remove(&(campaign, agent))),
            Input::Agent { agent, capacity, available } => {
                let agent = self.agent(agent);
                agent.limit = capacity;
                agent.there = if available { There::Available } else { There::Away };
            }
            Input::AgentGone { agent, reason } => self.agent(agent).there = There::Gone(reason),
            Input::Conversation { view, ended_offers } => self.view(view, &ended_offers),
            Input::OfferRefused { conversation, offer } => {
                if self.reserved.get(&conversation).is_some_and(|it| it.offer == offer) {
                    self.reserved.remove(&conversation);
                }
            }
            Input::Restarted(view) => {
                self.reserved.remove(&view.id);
                self.admitting.remove(&view.id);
                self.releasing.remove(&view.id);
                self.noticing.retain(|_, conversation| *conversation != view.id);
                if let Stand::Offered { offer } | Stand::Transferring { offer, .. } = view.stand {
                    self.withdrawn.remove(&offer.id);
                }
                self.view(view, &[]);
            }
        }
    }

    fn agent(&mut self, id: AgentId) -> &mut NaiveAgent {
        self.agents.entry(id).or_insert(NaiveAgent { there: There::Unknown, limit: 0, last_offer: None })
    }

    fn view(&mut self, view: ItemView, ended: &[OfferId]) {
        let id = view.id;
        if let Some(reserved) = self.reserved.get(&id) {
            let undecided = match (reserved.from, view.stand) {
                (None, Stand::Waiting) => true,
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
        if self.releasing.get(&id) != view.stand.owner().as_ref() {
            self.releasing.remove(&id);
        }
        self.views.insert(id, view);
        self.views.retain(|_, view| view.stand != Stand::Gone);
    }

    fn there(&self, agent: AgentId) -> There {
        self.agents.get(&agent).map_or(There::Unknown, |agent| agent.there)
    }

    /// Every share of an agent: the campaign and the units.
    fn shares(&self, agent: AgentId) -> Vec<(CampaignId, u32)> {
        let mut shares = vec![];
        for view in self.views.values() {
            let full = (view.campaign, view.kind.weight());
            match view.stand {
                Stand::Offered { offer } if offer.agent == agent => shares.push(full),
                Stand::Held { agent: owner, weightless, .. } if owner == agent => {
                    shares.push((view.campaign, if weightless { 0 } else { view.kind.weight() }));
                }
                Stand::Transferring { from, offer } if from == agent || offer.agent == agent => shares.push(full),
                _ => {}
            }
            if self.reserved.get(&view.id).is_some_and(|it| it.agent == agent) {
                shares.push(full);
            }
        }
        shares
    }

    pub(super) fn used(&self, agent: AgentId) -> u32 {
        self.shares(agent).iter().map(|(_, units)| units).sum()
    }

    pub(super) fn conversations(&self, agent: AgentId) -> usize {
        self.shares(agent).len()
    }

    pub(super) fn limit(&self, agent: AgentId) -> u32 {
        self.agents.get(&agent).map_or(0, |agent| agent.limit)
    }

    fn in_force(&self, campaign: CampaignId) -> Option<&InForce> {
        self.campaigns.get(&campaign).filter(|it| it.campaign.enabled)
    }

    fn has_room(&self, agent: AgentId, view: &ItemView) -> bool {
        let Some(in_force) = self.campaigns.get(&view.campaign) else { return false };
        let held_here = self.shares(agent).iter().filter(|(campaign, _)| *campaign == view.campaign).count();
        self.used(agent) + view.kind.weight() <= self.limit(agent)
            && held_here < usize::try_from(in_force.campaign.max_per_agent).unwrap()
    }

    fn is_eligible(&self, agent: AgentId, view: &ItemView) -> bool {
        self.there(agent) == There::Available && self.members.contains_key(&(view.campaign, agent)) && self.has_room(agent, view)
    }

    pub(super) fn waits(&self, view: &ItemView) -> bool {
        view.stand == Stand::Waiting && !self.reserved.contains_key(&view.id)
    }

    /// Items that wait in campaigns that serve, in the order they are served.
    fn waiting(&self) -> Vec<&ItemView> {
        let serving = |view: &&ItemView| self.in_force(view.campaign).is_some_and(|it| it.openness.is_open());
        let mut items: Vec<_> = self.views.values().filter(|view| self.waits(view)).filter(serving).collect();
        items.sort_by_key(|view| (Reverse(self.campaigns[&view.campaign].campaign.weight), view.arrived_at, view.id));
        items
    }

    pub(super) fn eligible(&self, view: &ItemView) -> Vec<AgentId> {
        self.agents.keys().copied().filter(|agent| self.is_eligible(*agent, view)).collect()
    }

    fn best_agent(&self, view: &ItemView) -> Option<AgentId> {
        let mut eligible = self.eligible(view);
        if eligible.iter().any(|agent| !view.passed_over.contains(agent)) {
            eligible.retain(|agent| !view.passed_over.contains(agent));
        }
        let lowest = eligible.iter().map(|agent| self.members[&(view.campaign, *agent)]).min()?;
        eligible.retain(|agent| self.members[&(view.campaign, *agent)] == lowest);
        eligible.into_iter().min_by(|one, other| {
            let load = |agent: AgentId, by: AgentId| u64::from(self.used(agent)) * u64::from(self.limit(by));
            let last_offer = |agent: &AgentId| self.agents[agent].last_offer;
            load(*one, *other)
                .cmp(&load(*other, *one))
                .then_with(|| last_offer(one).cmp(&last_offer(other)))
                .then_with(|| one.cmp(other))
        })
    }

    fn next_pair(&self) -> Option<(ConversationId, AgentId)> {
        self.waiting().into_iter().find_map(|view| Some((view.id, self.best_agent(view)?)))
    }

    pub(super) fn decide(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId) -> Vec<Decision> {
        let mut out = vec![];
        for view in self.views.clone().into_values() {
            self.part(&view, &mut out);
        }
        let mut arrived: Vec<_> = self.views.clone().into_values().collect();
        arrived.sort_by_key(|view| (view.arrived_at, view.id));
        for view in arrived {
            self.admit(&view, &mut out);
        }
        while let Some((conversation, agent)) = self.next_pair() {
            let seconds = self.campaigns[&self.views[&conversation].campaign].campaign.offer_seconds;
            let offer = Offer { id: next_offer(), agent, deadline: now + Duration::from_secs(seconds.into()) };
            self.reserved.insert(conversation, Reserved { offer: offer.id, agent, from: None });
            self.agent(agent).last_offer = Some(now);
            out.push(Decision::Offer { conversation, offer });
        }
        out
    }

    fn part(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let open = match (self.reserved.get(&view.id), view.stand) {
            (Some(Reserved { offer, agent, from: None }), _) => Some((*offer, *agent)),
            (_, Stand::Offered { offer } | Stand::Transferring { offer, .. }) => Some((offer.id, offer.agent)),
            _ => None,
        };
        if let Some((offer, agent)) = open
            && (matches!(self.there(agent), There::Away | There::Gone(_)) || !self.members.contains_key(&(view.campaign, agent)))
            && self.withdrawn.insert(offer)
        {
            out.push(Decision::Withdraw { conversation: view.id, offer, agent });
        }
        if let Some(agent) = view.stand.owner()
            && let There::Gone(reason) = self.there(agent)
            && !matches!(view.stand, Stand::Held { parked: true, .. })
            && (view.unanswered || reason != QueueReason::AgentLost)
            && self.releasing.insert(view.id, agent) != Some(agent)
        {
            out.push(Decision::Release { conversation: view.id, agent, reason });
        }
    }

    fn admit(&mut self, view: &ItemView, out: &mut Vec<Decision>) {
        let Stand::Arrived { noticed_at } = view.stand else { return };
        if !self.admitting.insert(view.id) {
            return;
        }
        let mut admission = Admission::Queue(QueueReason::New);
        let mut notice = false;
        if let Some(InForce { campaign, openness: Openness::Closed { since, .. } }) = self.in_force(view.campaign) {
            admission = match campaign.out_of_hours {
                OutOfHours::Close => Admission::End(Ending::OutOfHours),
                OutOfHours::Queue => Admission::Queue(QueueReason::OutOfHours),
            };
            let noticed = noticed_at.is_some_and(|at| since.is_none_or(|since| since <= at));
            notice = campaign.out_of_hours_message.is_some() && !noticed && !self.noticing.contains_key(&view.contact);
        }
        if notice {
            self.noticing.insert(view.contact, view.id);
        }
        out.push(Decision::Admit { conversation: view.id, admission, notice });
    }

    pub(super) fn reserve_transfer(
        &mut self,
        conversation: ConversationId,
        from: AgentId,
        to: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> bool {
        let Some(view) = self.views.get(&conversation) else { return false };
        let held = matches!(view.stand, Stand::Held { agent, .. } if agent == from);
        let possible = held
            && from != to
            && !self.reserved.contains_key(&conversation)
            && self.in_force(view.campaign).is_some()
            && self.is_eligible(to, view);
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent: to, from: Some(from) });
            self.agent(to).last_offer = Some(now);
        }
        possible
    }

    pub(super) fn reserve_take(&mut self, conversation: ConversationId, agent: AgentId, offer: OfferId, now: Timestamp) -> bool {
        let Some(view) = self.views.get(&conversation) else { return false };
        let possible = self.waits(view) && self.is_eligible(agent, view);
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent, from: None });
            self.agent(agent).last_offer = Some(now);
        }
        possible
    }

    pub(super) fn waiting_in(&self, campaign: CampaignId) -> usize {
        self.views.values().filter(|view| view.campaign == campaign && self.waits(view)).count()
    }
}
