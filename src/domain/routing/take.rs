//! Taking out of turn: an agent picks a conversation that waits. The same reservation as an offer's, so offers and other
//! takers are kept off from this moment on.

use super::{
    Routing,
    item::{Pending, Stand},
    transfer::Obstacle,
};
use crate::{
    clock::Timestamp,
    domain::{conversation::Offer, refusal::Refusal, strategy::Mode},
    ids::{AgentId, ConversationId, OfferId},
};

/// How an agent gets what they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// Their capacity is reserved under this offer. When the conversation refuses it, send
    /// [`Input::OfferRefused`](super::Input).
    Reserved(Offer),
    /// It is offered to them already: they accept.
    Offered(OfferId),
    /// They have it.
    Theirs,
}

impl Routing {
    /// Reserves a waiting conversation for a member who wants it now, whatever its turn. Whether its campaign is open plays
    /// no part: agents may finish what waits. Where everybody sees what waits this is how it is given out, in `ringall` one
    /// after the other.
    pub fn reserve_take(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> Result<Taking, Refusal> {
        let item = self.items.get(&conversation).ok_or(Refusal::Closed)?;
        let rules = self.campaigns.get(&item.view.campaign).and_then(|campaign| campaign.rules).ok_or(Refusal::NotMember)?;
        let current = item.view.stand.owner();
        if current == Some(agent) {
            return Ok(Taking::Theirs);
        }
        if let Some((open, _)) = item.open_offer().filter(|(_, to)| *to == agent) {
            return Ok(Taking::Offered(open));
        }
        let obstacle = self.obstacle(item, agent, &rules);
        if obstacle == Some(Obstacle::NotMember) {
            return Err(Refusal::NotMember);
        }
        match item.view.stand {
            Stand::Waiting if item.pending == Pending::Nothing => {}
            Stand::Arrived { .. } => return Err(Refusal::WrongState("arrived")),
            Stand::HeldByBot => return Err(Refusal::WrongState("admitted")),
            _ => return Err(Refusal::Gone { current }),
        }
        let is_next = || self.campaigns.get(&item.view.campaign).and_then(|it| it.lanes.first()) == Some(conversation);
        if rules.strategy.mode == Mode::Ringall && obstacle.is_none() && !is_next() {
            return Err(Refusal::NotNext);
        }
        match obstacle {
            Some(Obstacle::NotAvailable) => Err(Refusal::NotAvailable),
            Some(Obstacle::Full) => Err(Refusal::AtCapacity),
            Some(Obstacle::NotSkilled) if rules.strategy.mode.rings() => Err(Refusal::NotSkilled),
            Some(Obstacle::NotMember | Obstacle::NotSkilled) | None => {
                let deadline = Some(now + rules.offer_time(item.view.kind));
                self.reserve(conversation, agent, Pending::Offer { offer, agent }, now);
                Ok(Taking::Reserved(Offer { id: offer, agent, deadline }))
            }
        }
    }
}
