//! What if: one campaign's strategy, limits, staffing or hours are others.

use serde::{Deserialize, Serialize};

use super::{
    plan::{Plan, What, Worker},
    scenario::OpenHours,
};
use crate::{
    domain::strategy::{Mode, Order, Policy},
    ids::{AgentId, CampaignId, Id},
};

/// At most so many agents more or less.
pub const MOST_MORE: u32 = 1_000;

/// What is different. Nothing said = as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "SimulationChanges", optional_fields = nullable)]
#[schema(as = SimulationChanges)]
pub struct Changes {
    /// Who may get a conversation.
    pub mode: Option<Mode>,
    /// Who of those does.
    pub order: Option<Order>,
    /// Which goes first.
    pub policy: Option<Policy>,
    /// Conversations one agent may have at once, 1 to 10,000.
    pub max_per_agent: Option<u32>,
    /// At most so many wait, 1 to 1,000,000.
    pub max_waiting: Option<u32>,
    /// Offers are accepted by themselves.
    pub auto_accept: Option<bool>,
    /// Agents more (who work as others of the campaign do) or less; −1,000 to 1,000.
    #[ts(as = "Option<i32>")]
    pub agents: i32,
    /// Open every day between these times instead of by its schedule.
    pub open: Option<OpenHours>,
}

impl Changes {
    /// The field that is out of bounds, and what it should be.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.max_per_agent.is_some_and(|most| !(1..=10_000).contains(&most)) {
            return Some(("max_per_agent", "1 to 10000"));
        }
        if self.max_waiting.is_some_and(|most| !(1..=1_000_000).contains(&most)) {
            return Some(("max_waiting", "1 to 1000000"));
        }
        (self.agents.unsigned_abs() > MOST_MORE).then_some(("agents", "-1000 to 1000"))
    }

    /// Nothing is different.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The same day with these changes to these campaigns.
    #[must_use]
    pub fn applied(&self, plan: &Plan, to: &[CampaignId]) -> Plan {
        let mut plan = plan.clone();
        for planned in plan.campaigns.iter_mut().filter(|planned| to.contains(&planned.campaign.id)) {
            self.configure(planned);
        }
        for happening in &mut plan.happenings {
            if let What::Configured(planned) = &mut happening.what
                && to.contains(&planned.campaign.id)
            {
                self.configure(planned);
            }
        }
        if self.agents > 0 {
            self.add_agents(&mut plan, to);
        } else {
            self.remove_agents(&mut plan, to);
        }
        plan
    }

    fn configure(&self, planned: &mut super::plan::Planned) {
        let campaign = &mut planned.campaign;
        let strategy = &mut campaign.strategy;
        strategy.mode = self.mode.unwrap_or(strategy.mode);
        strategy.order = self.order.unwrap_or(strategy.order);
        strategy.policy = self.policy.unwrap_or(strategy.policy);
        campaign.max_per_agent = self.max_per_agent.unwrap_or(campaign.max_per_agent);
        campaign.limits.max_waiting = self.max_waiting.or(campaign.limits.max_waiting);
        campaign.auto_accept = self.auto_accept.unwrap_or(campaign.auto_accept);
        if let Some(hours) = self.open {
            planned.schedule = Some(hours.schedule(planned.zone, campaign.client));
        }
    }

    /// Members who come to work at all, in order.
    fn staff(plan: &Plan, of: &[CampaignId]) -> Vec<AgentId> {
        let comes = |agent: AgentId| plan.happenings.iter().any(|it| matches!(it.what, What::SignsIn(who) if who == agent));
        let members = plan.members.iter().filter(|member| of.contains(&member.campaign)).map(|member| member.agent);
        let mut staff: Vec<_> = members.collect();
        staff.sort_unstable();
        staff.dedup();
        staff.retain(|agent| comes(*agent));
        staff
    }

    /// Each new one has the membership and the shift of one who is there, in turn.
    fn add_agents(&self, plan: &mut Plan, to: &[CampaignId]) {
        let models = Self::staff(plan, to);
        for (number, model) in (0..self.agents.unsigned_abs()).zip(spread(&models).into_iter().cycle()) {
            let id = AgentId::from_uuid(uuid::Uuid::from_u128(u128::MAX - u128::from(number)));
            let found = plan.workers.iter().find(|worker| worker.id == model).cloned();
            let model_worker = found.unwrap_or(Worker { id, capacity: 100, skills: Vec::new() });
            plan.workers.push(Worker { id, ..model_worker });
            let seats: Vec<_> =
                plan.members.iter().filter(|it| it.agent == model && to.contains(&it.campaign)).copied().collect();
            plan.members.extend(seats.into_iter().map(|seat| crate::domain::campaign::Member { agent: id, ..seat }));
            let shift: Vec<_> = plan
                .happenings
                .iter()
                .filter(|it| it.what.agent() == Some(model))
                .map(|it| super::plan::Happening { at: it.at, what: it.what.to(id) })
                .collect();
            plan.happenings.extend(shift);
        }
        plan.sort();
    }

    /// Who stays away works nowhere.
    fn remove_agents(&self, plan: &mut Plan, from: &[CampaignId]) {
        let many = usize::try_from(self.agents.unsigned_abs()).unwrap_or(0);
        let away: Vec<_> = spread(&Self::staff(plan, from)).into_iter().take(many).collect();
        plan.happenings.retain(|it| it.what.agent().is_none_or(|agent| !away.contains(&agent)));
    }
}

/// The same in another order: those next to each other, who may work the same shift, far apart.
fn spread(agents: &[AgentId]) -> Vec<AgentId> {
    let step = agents.len().isqrt().max(1);
    (0..step).flat_map(|first| agents.iter().copied().skip(first).step_by(step)).collect()
}
