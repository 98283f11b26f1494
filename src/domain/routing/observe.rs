//! What dashboards, debug pages and tests see of the router.

use serde::Serialize;

use super::{
    Routing,
    capacity::Presence,
    item::{Pending, Stand},
};
use crate::ids::{AgentId, CampaignId};

/// The router at a glance. Costs a pass over everything: for people who look, not for every decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Conversations followed.
    pub conversations: usize,
    /// Of these, new ones whose admission is not committed.
    pub arrived: usize,
    /// Of these, decisions the conversation has not committed yet.
    pub pending: usize,
    /// Known campaigns, by id.
    pub campaigns: Vec<CampaignSnapshot>,
    /// Agents who were named, by id.
    pub agents: Vec<AgentSnapshot>,
}

/// One campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CampaignSnapshot {
    /// Which.
    pub id: CampaignId,
    /// Makes offers now: known, enabled and open.
    pub serving: bool,
    /// Conversations with no offer on the way.
    pub waiting: usize,
    /// Agents who could take something now.
    pub ready: usize,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentSnapshot {
    /// Who.
    pub id: AgentId,
    /// Takes offers.
    pub available: bool,
    /// Capacity limit in units.
    pub limit: u32,
    /// Units in use.
    pub used: u32,
    /// More in use than the limit, which only committed facts or a lowered limit cause.
    pub over_capacity: bool,
    /// Conversations held, offered or reserved.
    pub conversations: usize,
}

impl Routing {
    /// A summary of the state, in a stable order.
    pub fn observe(&self) -> Snapshot {
        let items = || self.items.values();
        Snapshot {
            conversations: self.items.len(),
            arrived: items().filter(|item| matches!(item.view.stand, Stand::Arrived { .. })).count(),
            pending: items().filter(|item| item.pending != Pending::Nothing).count(),
            campaigns: self.observe_campaigns(),
            agents: self.observe_agents(),
        }
    }

    fn observe_campaigns(&self) -> Vec<CampaignSnapshot> {
        let mut campaigns: Vec<_> = self
            .campaigns
            .iter()
            .map(|(id, campaign)| CampaignSnapshot {
                id: *id,
                serving: campaign.is_serving(),
                waiting: campaign.lanes.len(),
                ready: campaign.lanes.ready.len(),
            })
            .collect();
        campaigns.sort_unstable_by_key(|campaign| campaign.id);
        campaigns
    }

    fn observe_agents(&self) -> Vec<AgentSnapshot> {
        let mut agents: Vec<_> = self
            .agents
            .iter()
            .map(|(id, agent)| AgentSnapshot {
                id: *id,
                available: agent.presence == Presence::Available,
                limit: agent.limit,
                used: agent.used,
                over_capacity: agent.used > agent.limit,
                conversations: agent.items.len(),
            })
            .collect();
        agents.sort_unstable_by_key(|agent| agent.id);
        agents
    }
}
