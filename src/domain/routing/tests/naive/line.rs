//! Which item is next.

use std::cmp::Reverse;

use super::Naive;
use crate::{
    clock::Timestamp,
    domain::{campaign::InForce, conversation::Priority, routing::ItemView, strategy::Policy},
    ids::{AgentId, CampaignId, ConversationId},
};

impl Naive {
    /// Millionths of a minute's worth of points, as they stand now.
    fn score(&self, view: &ItemView, now: Timestamp) -> i128 {
        let strategy = self.strategy(view.campaign);
        let steps = match view.priority {
            Priority::Low => 0,
            Priority::Normal => 1,
            Priority::High => 2,
            Priority::Urgent => 3,
        };
        let waited = i128::from(now.micros() - view.arrived_at.micros());
        match strategy.policy {
            Policy::Fifo => 0,
            Policy::Strict => steps,
            Policy::Deadline => waited,
            Policy::Aged => {
                let score = steps * 100 * 60_000_000 + i128::from(strategy.points_per_minute) * waited;
                score.min(i128::from(strategy.most_points) * 60_000_000)
            }
        }
    }

    /// Items of a campaign that wait, in their order.
    pub(super) fn line(&self, campaign: CampaignId, now: Timestamp) -> Vec<&ItemView> {
        let mut items: Vec<_> = self.views.values().filter(|view| view.campaign == campaign && self.waits(view)).collect();
        items.sort_by_key(|view| (Reverse(self.score(view, now)), view.arrived_at, view.id));
        items
    }

    pub(super) fn next_pair(&self, now: Timestamp) -> Option<(ConversationId, AgentId)> {
        let serving = self.campaigns.values().filter(|it| it.campaign.enabled && it.openness.is_open());
        let next = |in_force: &InForce| {
            let line = self.line(in_force.campaign.id, now);
            let (view, agent) = line.into_iter().find_map(|view| Some((view, self.best_agent(view, now)?)))?;
            Some((Reverse(in_force.campaign.weight), view.arrived_at, view.id, agent))
        };
        serving.filter_map(next).min().map(|(_, _, id, agent)| (id, agent))
    }
}
