//! The first-response guard: an agent who lets a customer wait too long for the first answer loses the item, but only to somebody
//! who can take it now and has not passed it over. Until then it stays where it is, marked: a customer is no better off in a
//! queue from which only the same agent could take them again.

use smallvec::SmallVec;

use super::{CampaignState, Decision, Routing, item::Item, lines::Wants};
use crate::{
    domain::conversation::QueueReason,
    ids::{AgentId, CampaignId},
};

impl Routing {
    /// Those of the noted campaigns in which somebody owes a first answer.
    pub(super) fn campaigns_with_overdue(&self) -> SmallVec<[CampaignId; 2]> {
        let late = |id: &&CampaignId| self.campaigns.get(*id).is_some_and(|campaign| !campaign.overdue.is_empty());
        self.work.campaigns.iter().filter(late).copied().collect()
    }

    /// Takes what is overdue from its agents where somebody else can take it, once what waits has been offered.
    pub(super) fn pass_on(&mut self, campaigns: &[CampaignId], out: &mut Vec<Decision>) {
        for campaign in campaigns {
            let can_take = |campaign: &&CampaignState| campaign.is_serving() && !campaign.lanes.ready.is_empty();
            let Some(campaign) = self.campaigns.get(campaign).filter(can_take) else { continue };
            let ids: Vec<_> = campaign.overdue.iter().map(|turn| turn.id).collect();
            for id in ids {
                let found = self.items.get(&id).filter(|item| !item.passing_on && item.releasing.is_none());
                let Some(agent) = found.and_then(|item| self.to_be_passed_on(item)) else { continue };
                if let Some(item) = self.items.get_mut(&id) {
                    item.passing_on = true;
                    out.push(Decision::Release { conversation: id, agent, reason: QueueReason::NoReply });
                }
            }
        }
    }

    /// Who loses it, if anybody else could have it now.
    fn to_be_passed_on(&self, item: &Item) -> Option<AgentId> {
        let (view, spot) = (&item.view, item.laid.overdue.as_ref()?);
        let (owner, campaign) = (view.stand.owner()?, self.campaigns.get(&view.campaign)?);
        let had = |id: AgentId| id == owner || view.passed_over.contains(&id);
        let somebody = match Wants::of(spot) {
            None => campaign.lanes.ready.takers(view.kind, spot.seen).any(|id| !had(id)),
            Some(wants) => self.people(view.campaign).any(&wants, &campaign.lanes.ready, |id| !had(id)),
        };
        somebody.then_some(owner)
    }
}
