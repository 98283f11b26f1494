//! The second half of a call: works off what the inputs made possible.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::{
    Decision, Routing,
    capacity::Presence,
    draw::Draw,
    item::{Pending, Stand},
    lines::Wants,
    order,
    order::Key,
    queue::Head,
    ready::{Best, Search, Standing},
};
use crate::{
    clock::Timestamp,
    domain::{
        conversation::{Offer, QueueReason},
        strategy::{Order, Policy},
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId},
};

impl Routing {
    pub(super) fn decide(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        while let Some(conversation) = self.work.departures.pop_first() {
            self.withdraw(conversation, out);
            self.release(conversation, out);
            self.end_wrap_up(conversation, out);
        }
        self.dismiss(out);
        while let Some(turn) = self.work.arrivals.pop_first() {
            self.admit(turn.id, out);
        }
        let late = self.campaigns_with_overdue();
        self.match_waiting(now, next_offer, out);
        self.pass_on(&late, out);
    }

    fn presence(&self, agent: AgentId) -> Presence {
        self.agents.get(&agent).map_or(Presence::Unknown, |agent| agent.presence)
    }

    fn is_member_of(&self, conversation: ConversationId, agent: AgentId) -> bool {
        let campaign = self.items.get(&conversation).map(|item| item.view.campaign);
        let seat = campaign.and_then(|campaign| self.agents.get(&agent)?.seats.get(&campaign));
        seat.is_some_and(|seat| seat.place.is_some())
    }

    /// Ends the open offer of a conversation to an agent who takes none any more, or none of its campaign.
    fn withdraw(&mut self, conversation: ConversationId, out: &mut Vec<Decision>) {
        let Some((offer, agent)) = self.items.get(&conversation).and_then(|item| item.open_offer()) else { return };
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

    /// Who gave an item away and signed out has finished.
    fn end_wrap_up(&mut self, conversation: ConversationId, out: &mut Vec<Decision>) {
        let Some(agent) = self.items.get(&conversation).and_then(|item| item.view.finishing) else { return };
        let Presence::Gone(reason @ QueueReason::AgentSignedOut) = self.presence(agent) else { return };
        let Some(item) = self.items.get_mut(&conversation) else { return };
        if !std::mem::replace(&mut item.sender_gone, true) {
            out.push(Decision::Release { conversation, agent, reason });
        }
    }

    /// Offers items in their global order until none of the noted campaigns has one that somebody can take. Agents only
    /// get fuller meanwhile, so the next item of a campaign that goes by arrival only moves back: one that was overtaken is
    /// put in again where it belongs. Where items go by score, the next one may be older; so after each offer those
    /// campaigns of its agent are looked at again.
    fn match_waiting(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        let noted = std::mem::take(&mut self.work.campaigns);
        let mut heads: BTreeSet<Head> = noted.into_iter().filter_map(|campaign| self.head(campaign)).collect();
        let mut scored: BTreeMap<CampaignId, Head> =
            heads.iter().filter(|head| self.goes_by_score(head.campaign)).map(|head| (head.campaign, *head)).collect();
        while let Some(head) = heads.pop_first() {
            if self.head(head.campaign) == Some(head) {
                let Some(agent) = self.offer(head, now, next_offer, out) else { continue };
                self.look_again(agent, &mut heads, &mut scored);
            }
            let next = self.head(head.campaign);
            heads.extend(next);
            if let (Some(known), Some(next)) = (scored.get_mut(&head.campaign), next) {
                *known = next;
            }
        }
        debug_assert!(self.work.campaigns.is_empty(), "an offer made room");
    }

    fn goes_by_score(&self, campaign: CampaignId) -> bool {
        let rules = self.campaigns.get(&campaign).and_then(|campaign| campaign.rules);
        rules.is_some_and(|rules| rules.strategy.policy != Policy::Fifo)
    }

    fn look_again(&mut self, agent: AgentId, heads: &mut BTreeSet<Head>, scored: &mut BTreeMap<CampaignId, Head>) {
        let Some(agent) = self.agents.get(&agent).filter(|_| !scored.is_empty()) else { return };
        let campaigns: SmallVec<[CampaignId; 8]> = agent.seats.keys().copied().collect();
        for campaign in campaigns {
            let Some(known) = scored.get_mut(&campaign) else { continue };
            if let Some(head) = self.head(campaign).filter(|head| head != known)
                && heads.remove(known)
            {
                heads.insert(head);
                *known = head;
            }
        }
    }

    /// Reserves the best agent for an item. None when there is none, which its being a head rules out.
    fn offer(
        &mut self,
        head: Head,
        now: Timestamp,
        next_offer: &mut dyn FnMut() -> OfferId,
        out: &mut Vec<Decision>,
    ) -> Option<AgentId> {
        let best = self.best(head.turn.id)?;
        let (agent, choice) = (best.agent, self.choice(head.turn.id, &best)?);
        let time = self.campaigns.get(&head.campaign)?.rules?.offer_time(self.items.get(&head.turn.id)?.view.kind);
        let offer = Offer { id: next_offer(), agent, deadline: Some(now + time) };
        self.reserve(head.turn.id, agent, Pending::Offer { offer: offer.id, agent }, now);
        out.push(Decision::Offer { conversation: head.turn.id, offer, choice });
        Some(agent)
    }

    /// The best agent for an item that waits.
    pub(super) fn best(&self, conversation: ConversationId) -> Option<Best> {
        let item = self.items.get(&conversation)?;
        let campaign = self.campaigns.get(&item.view.campaign)?;
        let (strategy, spot) = (campaign.rules?.strategy, item.laid.spot.as_ref()?);
        let standing = |id: &AgentId| -> Option<(AgentId, Standing)> {
            let agent =
                self.agents.get(id).filter(|agent| spot.need.as_ref().is_none_or(|need| need.lets(*id, &agent.skills)))?;
            Some((*id, agent.seats.get(&item.view.campaign)?.standing?))
        };
        let passed: SmallVec<[_; 2]> = item.view.passed_over.iter().filter_map(standing).collect();
        let search = Search {
            kind: item.view.kind,
            seen: spot.seen,
            passed: &passed,
            limit: strategy.penalty_members_limit.into(),
            last: self.last_turn(item.view.campaign, strategy.order),
            draw: Draw::new(self.seed, conversation, item.view.seq),
        };
        let best = match Wants::of(spot) {
            None => campaign.lanes.ready.best(&search),
            Some(wants) => self.people(item.view.campaign).ready_for(&wants, &campaign.lanes.ready, &search).best(&search),
        }?;
        let lets = |(_, standing): &(AgentId, Standing)| standing.gate.lets(item.view.kind, spot.seen);
        Some(match spot.preferred.as_ref().and_then(standing).filter(lets) {
            Some((agent, _)) => best.but_for(agent),
            None => best,
        })
    }

    /// Whose turn it was last: who has the latest reservation or accepted the latest one, if that is still a member.
    pub(super) fn last_turn(&self, id: CampaignId, order: Order) -> Option<(Key, AgentId)> {
        let campaign = self.campaigns.get(&id).filter(|_| order.takes_turns())?;
        let (_, agent) = campaign.turns.last().copied().max(campaign.memory.last_served())?;
        let place = self.agents.get(&agent)?.seats.get(&id)?.place.as_ref()?;
        Some((order::ring(order, place), agent))
    }

    /// Takes an agent's capacity in the same step as the decision, long before the commit.
    pub(super) fn reserve(&mut self, conversation: ConversationId, agent: AgentId, pending: Pending, now: Timestamp) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.last_offer = now;
        }
        self.change(conversation, |item| item.pending = pending);
    }
}
