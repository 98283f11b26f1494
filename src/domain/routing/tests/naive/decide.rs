//! What is done now: offers, and what is taken back from whom.

use std::time::Duration;

use super::{Naive, Reserved, There};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::{Offer, QueueReason},
        routing::{Decision, ItemView, Stand, closing::AT_ONCE},
    },
    ids::{AgentId, OfferId},
};

impl Naive {
    pub(in crate::domain::routing::tests) fn decide(
        &mut self,
        now: Timestamp,
        next_offer: &mut dyn FnMut() -> OfferId,
    ) -> Vec<Decision> {
        let mut out = vec![];
        for view in self.views.clone().into_values() {
            self.part(&view, &mut out);
        }
        let late: Vec<_> = self.late.iter().copied().take(AT_ONCE).collect();
        for id in late {
            self.late.remove(&id);
            if let Some(view) = self.views.get(&id).cloned() {
                self.dismiss(&view, &mut out);
            }
        }
        let mut arrived: Vec<_> = self.views.clone().into_values().collect();
        arrived.sort_by_key(|view| (view.arrived_at, view.id));
        for view in arrived {
            self.admit(&view, &mut out);
        }
        while let Some((conversation, agent)) = self.next_pair(now) {
            let (view, campaign) = (&self.views[&conversation], &self.campaigns[&self.views[&conversation].campaign].campaign);
            let is_mail = view.kind == ChannelKind::Email;
            let seconds = if is_mail { campaign.offering.mail_seconds } else { campaign.offer_seconds };
            let offer = Offer { id: next_offer(), agent, deadline: Some(now + Duration::from_secs(seconds.into())) };
            let choice = Box::new(self.choice(&self.views[&conversation], agent, now));
            self.reserved.insert(conversation, Reserved { offer: offer.id, agent, from: None });
            self.agent(agent).last_offer = Some(now);
            out.push(Decision::Offer { conversation, offer, choice });
        }
        self.pass_on(now, &mut out);
        out
    }

    /// Who owes a first answer for too long loses it to whoever else could have it now; the oldest first, and no more of them
    /// at once than there are others. Where it rings, none while somebody could take something that waits.
    fn pass_on(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let at_hand = |view: &&ItemView| view.overdue && matches!(view.stand, Stand::Held { weightless: false, .. });
        let mut overdue: Vec<_> = self.views.values().filter(at_hand).cloned().collect();
        overdue.retain(|view| !self.reserved.contains_key(&view.id));
        overdue.sort_by_key(|view| (view.campaign, view.arrived_at, view.id));
        for view in &overdue {
            let Some(owner) = view.stand.owner().filter(|_| !self.releasing.contains_key(&view.id)) else { continue };
            let free = |view: &ItemView| -> Vec<AgentId> {
                let may = |agent: &AgentId| {
                    self.may_take(*agent, view) && self.suits(*agent, view, now) && !self.is_delayed(*agent, view, now)
                };
                self.agents.keys().copied().filter(may).collect()
            };
            let rings = self.strategy(view.campaign).mode.rings();
            let waiting = self.views.values().filter(|it| it.campaign == view.campaign && self.waits(it));
            let enough = rings && waiting.into_iter().any(|it| !free(it).is_empty());
            let serving = self.in_force(view.campaign).is_some_and(|it| it.openness.is_open());
            let others = free(view).into_iter().filter(|agent| *agent != owner && !view.passed_over.contains(agent)).count();
            let on_their_way = overdue.iter().filter(|it| it.campaign == view.campaign && self.passing_on.contains(&it.id));
            if serving && !enough && others > on_their_way.count() && self.passing_on.insert(view.id) {
                out.push(Decision::Release { conversation: view.id, agent: owner, reason: QueueReason::NoReply });
            }
        }
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
        if let Some(agent) = view.finishing
            && let There::Gone(reason @ QueueReason::AgentSignedOut) = self.there(agent)
            && self.senders_gone.insert(view.id)
        {
            out.push(Decision::Release { conversation: view.id, agent, reason });
        }
    }
}
