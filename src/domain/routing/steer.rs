//! Supervisors move what waits: to an agent, whatever room there is, or into another queue. Reserved as offers are, so nothing
//! else is decided about it meanwhile; an offer that is open is withdrawn with the same commit.

use super::{
    Routing,
    capacity::{AgentState, Presence},
    item::{Item, Pending, Stand},
    mode,
    transfer::Obstacle,
};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::{Assignment, Offer},
        refusal::Refusal,
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId},
};

/// How an agent gets what a supervisor gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigning {
    /// It is reserved for them. When the conversation refuses it, send [`Input::OfferRefused`](super::Input).
    Reserved(Offer, Assignment),
    /// It is offered to them already: this offer is accepted for them.
    Offered(OfferId),
    /// They have it.
    Theirs,
}

impl Routing {
    /// Reserves what waits for a member who is at work and takes conversations. Room, mode and skills are no obstacle: a person has decided.
    pub fn reserve_assignment(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> Result<Assigning, Refusal> {
        let item = self.items.get(&conversation).ok_or(Refusal::Closed)?;
        let rules = self.campaigns.get(&item.view.campaign).and_then(|campaign| campaign.rules).ok_or(Refusal::NotMember)?;
        if item.view.stand.owner() == Some(agent) {
            return Ok(Assigning::Theirs);
        }
        if let Some((open, _)) = item.open_offer().filter(|(_, to)| *to == agent) {
            return Ok(Assigning::Offered(open));
        }
        check_unserved(item)?;
        let over_capacity = match self.obstacle(item, agent, &rules) {
            Some(Obstacle::NotMember) => return Err(Refusal::NotMember),
            Some(Obstacle::NotAvailable) => return Err(Refusal::NotAvailable),
            obstacle => obstacle == Some(Obstacle::Full),
        };
        let deadline = Some(now + rules.offer_time(item.view.kind));
        self.reserve(conversation, agent, Pending::Offer { offer, agent }, now);
        let offer = Offer { id: offer, agent, deadline };
        Ok(Assigning::Reserved(offer, Assignment { over_capacity }))
    }

    /// Keeps a place in another queue. When the conversation refuses to move, send
    /// [`Input::OfferRefused`](super::Input) with the ticket.
    pub fn reserve_move(&mut self, conversation: ConversationId, to: CampaignId, ticket: OfferId) -> Result<(), Refusal> {
        let item = self.items.get(&conversation).ok_or(Refusal::Closed)?;
        check_unserved(item)?;
        if item.view.campaign == to {
            return Err(Refusal::TransferTarget("same campaign"));
        }
        self.check_transfer_campaign(conversation, to)?;
        self.change(conversation, |item| item.pending = Pending::Move { ticket, to });
        Ok(())
    }

    /// Whether one conversation more of this kind and campaign is more than an agent would be offered, were they there for it.
    /// Of who has not signed in since the start nobody knows.
    pub fn is_beyond_room(&self, agent: AgentId, campaign: CampaignId, kind: ChannelKind) -> bool {
        let known = |agent: &&AgentState| agent.presence != Presence::Unknown;
        let Some(agent) = self.agents.get(&agent).filter(known) else { return false };
        let rules = self.campaigns.get(&campaign).and_then(|campaign| campaign.rules);
        let by_mode = rules
            .zip(agent.seats.get(&campaign))
            .is_some_and(|(rules, seat)| mode::pass(rules.strategy.mode, rules.max_per_agent, agent, seat).is_err());
        by_mode || !agent.fits(&self.loads).contains(kind)
    }
}

fn check_unserved(item: &Item) -> Result<(), Refusal> {
    match item.view.stand {
        Stand::Arrived { .. } => Err(Refusal::WrongState("arrived")),
        Stand::HeldByBot => Err(Refusal::WrongState("admitted")),
        Stand::Waiting | Stand::Offered { .. } if item.is_unserved() => Ok(()),
        // Its way to an agent, out of the queue or out of the house is decided.
        _ => Err(Refusal::Gone { current: item.view.stand.owner() }),
    }
}
