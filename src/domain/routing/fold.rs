//! The first half of a call: what an input changes in what the router knows. Decides nothing; notes what to look at.

use std::time::Duration;

use super::{
    CampaignRules, Input, Routing,
    capacity::{Place, Presence},
    item::{Item, ItemView, Pending, Stand},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::InForce,
        skill::Asking,
        strategy::{Mode, Order},
    },
    ids::{AgentId, CampaignId, ContactId, ConversationId, OfferId},
};

impl From<&InForce> for CampaignRules {
    fn from(InForce { campaign, openness, day }: &InForce) -> Self {
        Self {
            client: campaign.client,
            enabled: campaign.enabled,
            openness: *openness,
            weight: campaign.weight,
            strategy: campaign.strategy,
            day: *day,
            out_of_hours: campaign.out_of_hours,
            has_out_of_hours_message: campaign.out_of_hours_message.is_some(),
            max_waiting: campaign.limits.max_waiting,
            when_full: campaign.limits.when_full,
            has_full_message: campaign.limits.full_message.is_some(),
            at_closing: campaign.limits.at_closing,
            has_closing_message: campaign.limits.closing_message.is_some(),
            overflow: campaign.limits.overflow.filter(|target| *target != campaign.id),
            max_per_agent: campaign.max_per_agent,
            comes_back_within: campaign.comes_back_within(),
            revision: campaign.revision,
            offer_time: Duration::from_secs(campaign.offer_seconds.into()),
            mail_offer_time: Duration::from_secs(campaign.offering.mail_seconds.into()),
            voice_members_only: campaign.service.voice_members_only,
        }
    }
}

impl Routing {
    pub(super) fn fold(&mut self, input: Input) {
        match input {
            Input::Campaign(it) => self.set_rules(it.campaign.id, Some(CampaignRules::from(&*it)), it.campaign.asking),
            Input::CampaignGone(campaign) => self.set_rules(campaign, None, Asking::default()),
            Input::Member(member) => self.set_place(member.agent, member.campaign, Some(Place::from(&member))),
            Input::MemberGone { agent, campaign } => self.set_place(agent, campaign, None),
            Input::Agent { agent, capacity, available } => self.set_agent(agent, capacity, available),
            Input::Skills { agent, skills } => self.set_skills(agent, skills),
            Input::Voice { agent, belongs } => self.set_voice(agent, belongs),
            Input::Loads(loads) => self.set_loads(loads),
            Input::AgentGone { agent, reason } => self.set_presence(agent, Presence::Gone(reason)),
            Input::Call { agent, units, at } => self.set_call(agent, units, at),
            Input::Past { campaign, agent, past } => self.recall(agent, campaign, past),
            Input::Conversation { view, ended_offers } => self.learn(view, &ended_offers),
            Input::OfferRefused { conversation, offer } => self.forget_reservation(conversation, offer),
            Input::Restarted(view) => self.start_over(view),
            Input::Time => self.lay_slice(),
        }
    }

    fn set_rules(&mut self, id: CampaignId, rules: Option<CampaignRules>, asking: Asking) {
        let campaign = self.campaigns.entry(id).or_default();
        let before = std::mem::replace(&mut campaign.rules, rules);
        let asks_anew = campaign.asking != asking;
        campaign.asking = asking;
        self.work.campaigns.insert(id);
        self.note_closing(id);
        let choice = |rules: Option<CampaignRules>| {
            rules.map(|rules| {
                let counts = rules.strategy.order == Order::Fewestcalls;
                let who = (rules.voice_members_only, counts.then_some(rules.day));
                (rules.strategy, rules.max_per_agent, rules.comes_back_within, who)
            })
        };
        if choice(before) != choice(rules) {
            self.choose_anew(id, before);
            self.lay_all(id);
        } else if asks_anew {
            self.lay_all(id);
        }
    }

    /// Everybody's standing in a campaign, from nothing: what they are compared by is another thing now, or another day.
    fn choose_anew(&mut self, id: CampaignId, before: Option<CampaignRules>) {
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let strategy = campaign.rules.map(|rules| rules.strategy).unwrap_or_default();
        let exclusive = |mode: Option<Mode>| mode == Some(Mode::Incall);
        let (was, is) = (exclusive(before.map(|rules| rules.strategy.mode)), exclusive(campaign.mode()));
        campaign.lanes.choose_anew(strategy.order);
        for agent_id in campaign.seated.clone() {
            let Some(agent) = self.agents.get_mut(&agent_id) else { continue };
            let Some(seat) = agent.seats.get_mut(&id) else { continue };
            seat.standing = None;
            seat.credit = 0;
            match (was, is) {
                (false, true) => agent.exclusive += seat.awake,
                (true, false) => agent.exclusive = agent.exclusive.saturating_sub(seat.awake),
                _ => {}
            }
            if was == is { self.refresh_seat(agent_id, id) } else { self.refresh_agent(agent_id) }
        }
    }

    fn set_place(&mut self, agent_id: AgentId, campaign_id: CampaignId, place: Option<Place>) {
        let agent = self.agents.entry(agent_id).or_default();
        let comes_in = agent.presence.is_at_work();
        let campaign = self.campaigns.entry(campaign_id).or_default();
        campaign.seated.insert(agent_id);
        let before = std::mem::replace(&mut agent.seats.entry(campaign_id).or_default().place, place);
        if place.is_none() {
            self.work.departures.extend(&agent.items);
        }
        let delay = |place: Option<Place>| place.map_or(0, |place| place.delay);
        if delay(before) != delay(place) && campaign.count_delays(delay(before), delay(place)) {
            self.lay_all(campaign_id);
        }
        if before.is_none() && comes_in {
            self.grant_credit(agent_id, Some(campaign_id));
        }
        self.refresh_seat(agent_id, campaign_id);
        self.leave_if_done(agent_id, campaign_id);
        self.lay_attached(agent_id);
    }

    fn set_agent(&mut self, id: AgentId, capacity: u32, available: bool) {
        self.agents.entry(id).or_default().limit = capacity;
        self.set_presence(id, if available { Presence::Available } else { Presence::Away });
    }

    fn set_presence(&mut self, id: AgentId, presence: Presence) {
        let agent = self.agents.entry(id).or_default();
        let before = std::mem::replace(&mut agent.presence, presence);
        if presence.refuses_offers() {
            self.work.departures.extend(&agent.items);
        }
        if presence.is_at_work() && !before.is_at_work() {
            self.grant_credit(id, None);
        }
        self.refresh_agent(id);
        if presence.is_at_work() != before.is_at_work() {
            self.lay_attached(id);
        }
    }

    fn set_voice(&mut self, id: AgentId, belongs: bool) {
        let agent = self.agents.entry(id).or_default();
        if std::mem::replace(&mut agent.voice, belongs) != belongs {
            self.refresh_agent(id);
            self.lay_attached(id);
        }
    }

    fn set_call(&mut self, id: AgentId, units: Option<u32>, at: Timestamp) {
        let agent = self.agents.entry(id).or_default();
        if agent.call.is_some() && units.is_none() {
            agent.last_work = agent.last_work.max(Some(at));
        }
        agent.call = units;
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
        self.remember(&view);
        if stand == Stand::Gone {
            return self.remove(id);
        }
        self.work.departures.insert(id);
        match self.items.get(&id) {
            Some(_) => self.change(id, |item| item.learn(view, ended_offers)),
            None => self.insert(Item::new(view)),
        }
        self.note_if_late(id);
    }

    /// Only what is still on its way can be refused; the views tell the rest.
    fn forget_reservation(&mut self, conversation: ConversationId, refused: OfferId) {
        self.change(conversation, |item| match item.pending {
            Pending::Offer { offer, .. } | Pending::Transfer { offer, .. } | Pending::Move { ticket: offer, .. }
                if offer == refused =>
            {
                item.pending = Pending::Nothing;
            }
            _ => {}
        });
        // What was offered meanwhile may be to somebody who has left.
        self.work.departures.insert(conversation);
        self.note_if_late(conversation);
    }

    /// The message of this conversation is committed, or never will be.
    fn end_noticing(&mut self, contact: ContactId, conversation: ConversationId) {
        if self.noticing.get(&contact) == Some(&conversation) {
            self.noticing.remove(&contact);
        }
    }

    fn start_over(&mut self, view: ItemView) {
        self.end_noticing(view.contact, view.id);
        self.remember(&view);
        self.change(view.id, |item| *item = Item { laid: item.laid.clone(), ..Item::new(view.clone()) });
        self.learn(view, &[]);
    }
}
