//! How well a campaign is served, as boards and programs see it.

use serde::{Deserialize, Serialize};

use crate::domain::{
    service::{Service, Threshold},
    service_level::{Counts, Figures},
};

/// How well a campaign is served now (S4-5, S4-24).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ServiceNow {
    /// Within how many seconds what comes in should be attended.
    pub goal_seconds: u32,
    /// Of how many in a hundred.
    pub goal_percent: u8,
    /// From when on the longest wait calls for attention.
    pub waiting: Threshold,
    /// Since midnight, where the client is.
    pub today: ServiceWindow,
    /// In the last 30 minutes.
    pub recent: ServiceWindow,
    /// Waits now for longer than the goal allows.
    pub late: u32,
    /// The service level of the last 30 minutes with those counted who are late.
    pub live: Option<u8>,
}

/// What happened in a time. Entered = answered + abandoned + flowed out + change in waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ServiceWindow {
    /// Entered the queue.
    pub entered: u32,
    /// Accepted by an agent.
    pub answered: u32,
    /// Of these, within the goal's time.
    pub in_time: u32,
    /// Left unanswered.
    pub abandoned: u32,
    /// Of these, so soon (5 s) that they do not count.
    pub abandoned_soon: u32,
    /// Left the queue otherwise: to another campaign, at closing time.
    pub flowed_out: u32,
    /// In time ÷ (answered + abandoned − abandoned soon), in whole percent, rounded down; none = nobody counts yet.
    pub level: Option<u8>,
}

impl From<Counts> for ServiceWindow {
    fn from(counts: Counts) -> Self {
        let Counts { entered, answered, in_time, abandoned, abandoned_soon, flowed_out } = counts;
        Self { entered, answered, in_time, abandoned, abandoned_soon, flowed_out, level: counts.percent(0) }
    }
}

impl ServiceNow {
    /// These figures, beside these goals.
    pub fn of(service: &Service, figures: &Figures) -> Self {
        Self {
            goal_seconds: service.level_seconds,
            goal_percent: service.level_percent,
            waiting: service.waiting,
            today: figures.today.into(),
            recent: figures.recent.into(),
            late: figures.late,
            live: figures.recent.percent(figures.late),
        }
    }
}
