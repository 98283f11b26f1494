//! Days seen again under other settings.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CampaignId, UserId},
    simulation::{DayReport, change::Changes},
};

/// Which day, and what would be different.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct SimulationFields {
    /// The campaign that is looked at and changed.
    pub campaign: CampaignId,
    /// A recorded day, YYYY-MM-DD by the clocks of the campaign's client. Either this or `load`.
    #[serde(default)]
    pub day: Option<String>,
    /// An invented day under the campaign's settings.
    #[serde(default)]
    pub load: Option<InventedLoad>,
    /// What would be different; nothing = the day is shown as it is.
    #[serde(default)]
    #[ts(as = "Option<Changes>")]
    pub changes: Changes,
    /// Answered within so many seconds counts for the service level, 1 to 86,400; 20 by default.
    #[serde(default)]
    pub threshold_seconds: Option<u32>,
    /// Decides what is left to chance; 1 by default.
    #[serde(default)]
    pub seed: Option<u32>,
}

/// Customers and agents of an invented day of twelve hours, in shifts of eight.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct InventedLoad {
    /// 1 to 500.
    pub agents: u32,
    /// About so many, 1 to 20,000.
    pub conversations: u32,
    /// From acceptance to closing on average, 10 to 7,200.
    pub handling_seconds: u32,
}

/// A day before and after.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Simulation {
    /// As asked.
    pub seed: u32,
    /// What happened on that day; none for an invented one.
    pub recorded: Option<DayReport>,
    /// The day simulated as it is: the same customers under today's settings.
    pub before: DayReport,
    /// The same with the changes; none when nothing was to change.
    pub after: Option<DayReport>,
    /// Names of the agents in it. Those that a change adds have none.
    pub agents: Vec<NamedAgent>,
}

/// An agent's name.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct NamedAgent {
    /// Who.
    pub agent: UserId,
    /// As shown.
    pub name: String,
}
