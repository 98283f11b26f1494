//! What people ask for: transfers, taking, assigning, moving.

use super::{Naive, Reserved, There};
use crate::{
    clock::Timestamp,
    domain::{
        routing::{ItemView, Stand},
        strategy::Mode,
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId},
};

impl Naive {
    pub(in crate::domain::routing::tests) fn reserve_transfer(
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
            && self.may_take(to, view);
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent: to, from: Some(from) });
            self.agent(to).last_offer = Some(now);
        }
        possible
    }

    pub(in crate::domain::routing::tests) fn reserve_take(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> bool {
        let Some(view) = self.views.get(&conversation) else { return false };
        let strategy = self.strategy(view.campaign);
        let is_next = || self.line(view.campaign, now).first().is_some_and(|next| next.id == conversation);
        let rung = !strategy.mode.rings() || self.is_good_enough(agent, view, now);
        let possible = self.waits(view) && self.may_take(agent, view) && rung && (strategy.mode != Mode::Ringall || is_next());
        if possible {
            self.reserved.insert(conversation, Reserved { offer, agent, from: None });
            self.agent(agent).last_offer = Some(now);
        }
        possible
    }

    fn is_unserved(&self, view: &ItemView) -> bool {
        matches!(view.stand, Stand::Waiting | Stand::Offered { .. }) && self.is_undecided(view.id)
    }

    pub(in crate::domain::routing::tests) fn reserve_assignment(
        &mut self,
        id: ConversationId,
        agent: AgentId,
        offer: OfferId,
        now: Timestamp,
    ) -> bool {
        let Some(view) = self.views.get(&id) else { return false };
        let is_theirs = matches!(view.stand, Stand::Offered { offer } if offer.agent == agent);
        let receives = self.receives(agent, view);
        let known = self.campaigns.contains_key(&view.campaign);
        let possible = self.is_unserved(view) && !is_theirs && known && receives && self.there(agent) == There::Available;
        if possible {
            self.reserved.insert(id, Reserved { offer, agent, from: None });
            self.agent(agent).last_offer = Some(now);
        }
        possible
    }

    pub(in crate::domain::routing::tests) fn reserve_move(
        &mut self,
        id: ConversationId,
        to: CampaignId,
        ticket: OfferId,
    ) -> bool {
        let Some(view) = self.views.get(&id) else { return false };
        let open = self.in_force(to).is_some_and(|it| it.openness.is_open());
        let possible = self.is_unserved(view) && view.campaign != to && open && !self.is_full(to);
        if possible {
            self.moving.insert(id, (ticket, view.campaign, to));
        }
        possible
    }
}
