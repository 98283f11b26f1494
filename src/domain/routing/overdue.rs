//! The first-response guard: an agent who lets a customer wait too long for the first answer loses the item, but only to somebody
//! who can take it now and has not passed it over. Until then it stays where it is, marked: a customer is no better off in a
//! queue from which only the same agent could take them again, or in which nobody has room for all of them. So only as many
//! are on their way at once as there are others, the oldest first.

use smallvec::SmallVec;

use super::{CampaignState, Decision, Routing, item::Item, lines::Wants};
use crate::{
    domain::conversation::QueueReason,
    ids::{AgentId, CampaignId, ConversationId},
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
            if self.has_enough_to_take(*campaign) {
                continue;
            }
            let can_take = |campaign: &&CampaignState| campaign.is_serving() && !campaign.lanes.ready.is_empty();
            let Some(campaign) = self.campaigns.get(campaign).filter(can_take) else { continue };
            let ids: Vec<_> = campaign.overdue.iter().map(|turn| turn.id).collect();
            let is_on_its_way = |id: &&ConversationId| self.items.get(*id).is_some_and(|item| item.passing_on);
            let mut on_their_way = ids.iter().filter(is_on_its_way).count();
            for id in ids {
                let found = self.items.get(&id).filter(|item| !item.passing_on && item.releasing.is_none());
                let Some(agent) = found.and_then(|item| self.to_be_passed_on(item, on_their_way)) else { continue };
                if let Some(item) = self.items.get_mut(&id) {
                    item.passing_on = true;
                    on_their_way += 1;
                    out.push(Decision::Release { conversation: id, agent, reason: QueueReason::NoReply });
                }
            }
        }
    }

    /// Where agents take what waits: something does that one of them could take.
    fn has_enough_to_take(&mut self, id: CampaignId) -> bool {
        self.campaigns.get(&id).is_some_and(CampaignState::rings) && self.next_in(id).is_some()
    }

    /// Who loses it, if somebody else could have it now, even if each of those on their way takes one of them up.
    fn to_be_passed_on(&self, item: &Item, on_their_way: usize) -> Option<AgentId> {
        let (view, spot) = (&item.view, item.laid.overdue.as_ref()?);
        let (owner, campaign) = (view.stand.owner()?, self.campaigns.get(&view.campaign)?);
        let had = |id: AgentId| id == owner || view.passed_over.contains(&id);
        let mut others = 0;
        let is_enough = |id: AgentId| {
            others += usize::from(!had(id));
            others > on_their_way
        };
        let somebody = match Wants::of(spot) {
            None => campaign.lanes.ready.takers(view.kind, spot.seen).any(is_enough),
            Some(wants) => self.people(view.campaign).any(&wants, &campaign.lanes.ready, is_enough),
        };
        somebody.then_some(owner)
    }
}
