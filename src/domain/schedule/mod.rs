//! Schedules: when a campaign is open (routing.md, Schedules).
//!
//! What decides at a moment, the first that says anything: the manual [`Override`], the [`Exception`] of that local date, the
//! [`Holidays`] of that date (own days before those of the country), the weekly [`Interval`]s. Times are local wall time in the schedule's zone; the clock changes are in `wall_time`.

mod calendar;
pub mod file;
mod holidays;
mod plan;
#[cfg(test)]
mod tests;
mod validation;
mod wall_time;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::{
    holidays::{Country, Holiday, Holidays, Kept, OwnDay},
    plan::{DayPlan, KeptDay, Why, words},
    validation::{MAX_EXCEPTIONS, MAX_INTERVALS, MAX_OWN_DAYS, MAX_SWITCHES, MAX_TEXT_CHARACTERS, ScheduleError},
};
use crate::{
    clock::Timestamp,
    ids::{ClientId, ScheduleId, UserId},
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

/// A named, reusable schedule. Stored as JSON; check what comes from outside with [`Schedule::validate`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Whose.
    pub client: ClientId,
    /// 1 to [`MAX_TEXT_CHARACTERS`] characters.
    pub name: String,
    /// The zone in which all its dates and times are meant (IANA name).
    pub zone: Tz,
    /// At most [`MAX_INTERVALS`], in any order. Where they touch or overlap they count as one.
    pub weekly: Vec<Interval>,
    /// At most [`MAX_EXCEPTIONS`], in any order, each date once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Holidays of a country and own days.
    #[serde(default, skip_serializing_if = "Holidays::is_empty")]
    pub holidays: Holidays,
    /// Stands above everything else while it is in force.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_: Option<Override>,
}

/// Open every week from a time of this day to another. It belongs to the day on which it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The day it starts on: `"Mon"` to `"Sun"`.
    pub day: Weekday,
    /// As in [`Hours`].
    pub start: u16,
    /// As in [`Hours`].
    pub end: u16,
}

impl Interval {
    /// Without the day.
    pub const fn hours(self) -> Hours {
        Hours { start: self.start, end: self.end }
    }
}

/// Open from a time of a day to another, [start, end), in minutes of the wall clock since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// 0 to 1439.
    pub start: u16,
    /// 1 to 1440 = 24:00. Not after `start` = a time of the next day: 22:00 to 06:00 crosses midnight, 09:00 to 09:00 takes
    /// a whole day.
    pub end: u16,
}

/// The hours of one date, instead of the weekly ones.
///
/// It alone decides about its date: what crosses midnight into it from the day before ends at that midnight. Hours of its
/// own may cross into the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which date, in the schedule's zone.
    pub date: NaiveDate,
    /// None = closed all day.
    pub intervals: Vec<Hours>,
}

/// Opened or closed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// What it makes of the schedule.
    pub open: bool,
    /// When it was set. It says nothing about what was before, so a closed period knows when it began.
    pub from: Timestamp,
    /// When it ends by itself; none = when somebody takes it away.
    pub until: Option<Timestamp>,
    /// Why, for colleagues: 1 to [`MAX_TEXT_CHARACTERS`] characters.
    pub reason: String,
    /// Who set it; none = a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

impl Override {
    /// Whether it decides at this moment.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// When a date begins where the clocks are of this zone. None only at the ends of the calendar.
pub fn midnight(zone: Tz, date: NaiveDate) -> Option<Timestamp> {
    wall_time::start(zone, date.and_time(chrono::NaiveTime::MIN))
}

/// The day that the clocks of a zone show at a moment.
pub fn day(zone: Tz, at: Timestamp) -> crate::domain::routing::Day {
    wall_time::day(zone, at).unwrap_or_default()
}

impl Schedule {
    /// Whether it is open at a moment, since when it is closed, and when that next changes. Takes microseconds; longer only
    /// where many exceptions lie before the next change.
    pub fn openness(&self, at: Timestamp) -> Openness {
        let until = self.next_change(at);
        if self.is_open(at) { Openness::Open { until } } else { Openness::Closed { since: self.last_change(at), until } }
    }
}
