//! The first half of a call: what an input changes in what the router knows. Decides nothing; notes what to look at.

use std::time::Duration;

use super::{
    CampaignRules, Input, Routing,
    capacity::Presence,
    item::{Item, ItemView, Pending, Stand},
};
use crate::{
    domain::campaign::{InForce, Member},
    ids::{AgentId, CampaignId, ContactId, ConversationId, OfferId},
};

impl From<&InForce> for CampaignRules {
    fn from(InForce { campaign, openness }: &InForce) -> Self {
        Self {
            client: campaign.client,
            enabled: campaign.enabled,
            openness: *openness,
            weight: campaign.weight,
            out_of_hours: campaign.out_of_hours,
            has_out_of_hours_message: campaign.out_of_hours_message.is_some(),
            max_per_agent: campaign.max_per_agent,
            offer_time: Duration::from_secs(campaign.offer_seconds.into()),
        }
    }
}

impl Routing {
    pub(super) fn fold(&mut self, input: Input) {
        match input {
            Input::Campaign(in_force) => self.set_rules(in_force.campaign.id, Some(CampaignRules::from(&in_force))),
            Input::CampaignGone(campaign) => self.set_rules(campaign, None),
            Input::Member(Member { agent, campaign, penalty }) => self.set_penalty(agent, campaign, Some(penalty)),
            Input::MemberGone { agent, campaign } => self.set_penalty(agent, campaign, None),
            Input::Agent { agent, capacity, available } => self.set_agent(agent, capacity, available),
            Input::AgentGone { agent, reason } => self.set_presence(agent, Presence::Gone(reason)),
            Input::Conversation { view, ended_offers } => self.learn(view, &ended_offers),
            Input::OfferRefused { conversation, offer } => self.forget_reservation(conversation, offer),
            Input::Restarted(view) => self.start_over(view),
        }
    }

    fn set_rules(&mut self, id: CampaignId, rules: Option<CampaignRules>) {
        let campaign = self.campaigns.entry(id).or_default();
        let cap = |rules: Option<CampaignRules>| rules.map(|rules| rules.max_per_agent);
        let cap_changed = cap(campaign.rules) != cap(rules);
        campaign.rules = rules;
        self.work.campaigns.insert(id);
        if cap_changed {
            for agent in campaign.seated.clone() {
                self.refresh_seat(agent, id);
            }
        }
    }

    fn set_penalty(&mut self, agent: AgentId, campaign: CampaignId, penalty: Option<u8>) {
        self.agents.entry(agent).or_default().seats.entry(campaign).or_default().penalty = penalty;
        self.campaigns.entry(campaign).or_default().seated.insert(agent);
        if penalty.is_none()
            && let Some(state) = self.agents.get(&agent)
        {
            self.work.departures.extend(&state.items);
        }
        self.refresh_seat(agent, campaign);
        self.leave_if_done(agent, campaign);
    }

    fn set_agent(&mut self, id: AgentId, capacity: u32, available: bool) {
        self.agents.entry(id).or_default().limit = capacity;
        self.set_presence(id, if available { Presence::Available } else { Presence::Away });
    }

    fn set_presence(&mut self, id: AgentId, presence: Presence) {
        let agent = self.agents.entry(id).or_default();
        agent.presence = presence;
        if presence.refuses_offers() {
            self.work.departures.extend(&agent.items);
        }
        self.refresh_agent(id);
    }

    fn learn(&mut self, view: ItemView, ended_offers: &[OfferId]) {
        let (id, contact, stand) = (view.id, view.contact, view.stand);
        if self.items.get(&id).is_some_and(|item| view.seq < item.view.seq) {
            return;
        }
        if matches!(stand, Stand::Arrived { .. }) {
            self.work.arrivals.insert(view.turn());
        } else {
            self.end_noticing(contact, id);
        }
        if stand == Stand::Gone {
            return self.remove(id);
        }
        self.work.departures.insert(id);
        match self.items.get(&id) {
            Some(_) => self.change(id, |item| item.learn(view, ended_offers)),
            None => self.insert(Item::new(view)),
        }
    }

    /// Only what is still on its way can be refused; the views tell the rest.
    fn forget_reservation(&mut self, conversation: ConversationId, refused: OfferId) {
        self.change(conversation, |item| match item.pending {
            Pending::Offer { offer, .. } | Pending::Transfer { offer, .. } if offer == refused => item.pending = Pending::Nothing,
            _ => {}
        });
    }

    /// The message of this conversation is committed, or never will be.
    fn end_noticing(&mut self, contact: ContactId, conversation: ConversationId) {
        if self.noticing.get(&contact) == Some(&conversation) {
            self.noticing.remove(&contact);
        }
    }

    fn start_over(&mut self, view: ItemView) {
        self.end_noticing(view.contact, view.id);
        self.change(view.id, |item| *item = Item::new(item.view.clone()));
        self.learn(view, &[]);
    }
}
