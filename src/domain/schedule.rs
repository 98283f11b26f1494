//! Schedules: when a campaign is open (routing.md, Schedules).

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    ids::{ClientId, ScheduleId},
};

/// Whether something is open at a moment, and when that next changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Openness {
    /// Open; `until` is the next closing, none = never closes.
    Open {
        /// The next closing.
        until: Option<Timestamp>,
    },
    /// Closed.
    Closed {
        /// When this closed period began; none = it has never been open.
        since: Option<Timestamp>,
        /// The next opening; none = it never opens.
        until: Option<Timestamp>,
    },
}

impl Openness {
    /// Open without end: what no schedule means.
    pub const ALWAYS: Self = Self::Open { until: None };

    /// Open now.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The next change.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Open { until } | Self::Closed { until, .. } => until,
        }
    }
}

/// A named, reusable weekly schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Whose.
    pub client: ClientId,
}
