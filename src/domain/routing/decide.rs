//! The second half of a call: works off what the inputs made possible.

use std::collections::BTreeSet;

use super::{
    Decision, Routing,
    capacity::Presence,
    item::{Item, Pending, Stand},
    queue::Head,
};
use crate::{
    clock::Timestamp,
    domain::conversation::{Offer, QueueReason},
    ids::{AgentId, ConversationId, OfferId},
};

impl Routing {
    pub(super) fn decide(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        while let Some(conversation) = self.work.departures.pop_first() {
            self.withdraw(conversation, out);
            self.release(conversation, out);
        }
        while let Some(turn) = self.work.arrivals.pop_first() {
            self.admit(turn.id, out);
        }
        self.match_waiting(now, next_offer, out);
    }

    fn presence(&self, agent: AgentId) -> Presence {
        self.agents.get(&agent).map_or(Presence::Unknown, |agent| agent.presence)
    }

    fn is_member_of(&self, conversation: ConversationId, agent: AgentId) -> bool {
        let campaign = self.items.get(&conversation).map(|item| item.view.campaign);
        let seat = campaign.and_then(|campaign| self.agents.get(&agent)?.seats.get(&campaign));
        seat.is_some_and(|seat| seat.penalty.is_some())
    }

    /// Ends the open offer of a conversation to an agent who takes none any more, or none of its campaign.
    fn withdraw(&mut self, conversation: ConversationId, out: &mut Vec<Decision>) {
        let Some((offer, agent)) = self.items.get(&conversation).and_then(Item::open_offer) else { return };
        if !self.presence(agent).refuses_offers() && self.is_member_of(conversation, agent) {
            return;
        }
        let Some(item) = self.items.get_mut(&conversation) else { return };
        if item.withdrawn.replace(offer) != Some(offer) {
            out.push(Decision::Withdraw { conversation, offer, agent });
        }
    }

    /// Takes a conversation from an owner who is gone. Who merely lost the connection keeps what the customer does not
    /// wait for; what is snoozed is taken when it wakes.
    fn release(&mut self, conversation: ConversationId, out: &mut Vec<Decision>) {
        let Some(agent) = self.items.get(&conversation).and_then(|item| item.view.stand.owner()) else { return };
        let Presence::Gone(reason) = self.presence(agent) else { return };
        let Some(item) = self.items.get_mut(&conversation) else { return };
        let parked = matches!(item.view.stand, Stand::Held { parked: true, .. });
        let stays = parked || (reason == QueueReason::AgentLost && !item.view.unanswered);
        if !stays && item.releasing.replace(agent) != Some(agent) {
            out.push(Decision::Release { conversation, agent, reason });
        }
    }

    /// Offers items in their global order until none of the noted campaigns has one that somebody can take. Agents only
    /// get fuller meanwhile, so a campaign's next item only moves back: one that was overtaken is put in again where it
    /// belongs.
    fn match_waiting(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        let noted = std::mem::take(&mut self.work.campaigns);
        let mut heads: BTreeSet<Head> = noted.into_iter().filter_map(|campaign| self.head(campaign)).collect();
        while let Some(head) = heads.pop_first() {
            if self.head(head.campaign) == Some(head) && !self.offer(head, now, next_offer, out) {
                continue;
            }
            heads.extend(self.head(head.campaign));
        }
        debug_assert!(self.work.campaigns.is_empty(), "an offer made room");
    }

    /// Reserves the best agent for an item. False when there is none, which its being a head rules out.
    fn offer(&mut self, head: Head, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) -> bool {
        let (Some(campaign), Some(item)) = (self.campaigns.get(&head.campaign), self.items.get(&head.turn.id)) else {
            return false;
        };
        let (Some(rules), Some(agent)) = (campaign.rules, campaign.ready.best(item.view.kind, &item.view.passed_over)) else {
            return false;
        };
        let offer = Offer { id: next_offer(), agent, deadline: now + rules.offer_time };
        self.reserve(head.turn.id, agent, Pending::Offer { offer: offer.id, agent }, now);
        out.push(Decision::Offer { conversation: head.turn.id, offer });
        true
    }

    /// Takes an agent's capacity in the same step as the decision, long before the commit.
    pub(super) fn reserve(&mut self, conversation: ConversationId, agent: AgentId, pending: Pending, now: Timestamp) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.last_offer = now;
        }
        self.change(conversation, |item| item.pending = pending);
    }
}
