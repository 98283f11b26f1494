//! What is told about schedules besides what can be written: how they stand, what days look like, holidays, calendar files.

use serde::{Deserialize, Serialize};

use super::{
    Time,
    config::{ScheduleFields, ScheduleHours},
};
use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::schedule::{
        Country, DayPlan, Kept, KeptDay, Openness, Schedule, Why,
        file::{NotTaken, Read},
    },
};

/// Which holidays a schedule keeps.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct ScheduleHolidays {
    /// Whose holidays it keeps; none = only its own days.
    pub country: Option<Country>,
    /// Single holidays of the country by their key: kept or not, whatever is usual there. At most 50.
    #[ts(type = "Record<string, boolean>", optional)]
    pub switched: std::collections::BTreeMap<String, bool>,
    /// Days besides those of the country, or different from them; at most 500, each date once.
    #[ts(as = "Option<Vec<ScheduleOwnDay>>", optional)]
    pub days: Vec<ScheduleOwnDay>,
}

/// A day that is kept besides those of the country, or differently.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleOwnDay {
    /// Which date: `2026-12-24`; where it comes back, the first one.
    pub date: String,
    /// It comes back every year.
    #[ts(as = "Option<bool>", optional)]
    pub yearly: bool,
    /// 1 to 120 characters.
    pub name: String,
    /// Open then; none = closed all day.
    #[ts(as = "Option<Vec<ScheduleHours>>", optional)]
    pub intervals: Vec<ScheduleHours>,
}

/// How a schedule stands at the moment of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleStatus {
    /// Open now.
    pub open: bool,
    /// The next change; none = it stays as it is.
    pub until: Option<Time>,
    /// The next opening, after the coming closing where it is open now; none = there is none.
    pub next_opening: Option<Time>,
    /// Who opened or closed it by hand; none = nobody, or a program.
    pub override_by: Option<String>,
}

impl ScheduleStatus {
    /// How it stands.
    pub fn of(schedule: &Schedule, directory: &Snapshot, now: Timestamp) -> Self {
        let openness: Openness = schedule.openness(now);
        let by = schedule.override_.as_ref().and_then(|override_| override_.by);
        Self {
            open: openness.is_open(),
            until: openness.until().map(Time),
            next_opening: schedule.next_opening(now).map(Time),
            override_by: by.and_then(|user| directory.users.get(&user)).map(|user| user.name.clone()),
        }
    }
}

/// A schedule that need not be stored, to be looked at.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct AskPreview {
    /// What it would be.
    pub schedule: ScheduleFields,
    /// Whose holidays are listed, 1900 to 2200; this year by default.
    #[serde(default)]
    pub year: Option<i32>,
}

/// What a schedule means.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct SchedulePreview {
    /// How it stands.
    pub status: ScheduleStatus,
    /// The next 14 days, overrides aside.
    pub days: Vec<ScheduleDay>,
    /// The holidays of the year.
    pub holidays: Vec<HolidayRow>,
}

/// What decides about a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum DayOf {
    /// The week.
    Week,
    /// An exception.
    Exception,
    /// A holiday.
    Holiday,
}

/// The hours that start on a date.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleDay {
    /// Which: `2026-12-24`.
    pub date: String,
    /// In order; none = closed.
    pub intervals: Vec<ScheduleHours>,
    /// What decides about it.
    pub why: DayOf,
    /// The holiday's name.
    pub name: Option<String>,
}

/// A holiday of a year.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct HolidayRow {
    /// When: `2026-12-25`.
    pub date: String,
    /// What the country calls it, or the own day is called.
    pub name: String,
    /// With this it is switched; none = an own day.
    pub key: Option<String>,
    /// Many work then: it counts only where it is switched on.
    pub optional: bool,
    /// It counts.
    pub on: bool,
    /// Open then all the same; none = closed all day.
    pub intervals: Vec<ScheduleHours>,
}

fn hours(hours: &[crate::domain::schedule::Hours]) -> Vec<ScheduleHours> {
    hours.iter().map(|hours| ScheduleHours { start: hours.start, end: hours.end }).collect()
}

fn name(kept: Kept<'_>) -> String {
    match kept {
        Kept::Country(holiday) => holiday.name.to_owned(),
        Kept::Own(day) => day.name.clone(),
    }
}

impl From<DayPlan<'_>> for ScheduleDay {
    fn from(plan: DayPlan<'_>) -> Self {
        let (why, name) = match plan.why {
            Why::Week => (DayOf::Week, None),
            Why::Exception => (DayOf::Exception, None),
            Why::Holiday(kept) => (DayOf::Holiday, Some(name(kept))),
        };
        Self { date: plan.date.to_string(), intervals: hours(&plan.hours), why, name }
    }
}

impl From<KeptDay<'_>> for HolidayRow {
    fn from(day: KeptDay<'_>) -> Self {
        let (key, optional) = match day.what {
            Kept::Country(holiday) => (Some(holiday.key.to_owned()), holiday.optional),
            Kept::Own(_) => (None, false),
        };
        let intervals = hours(day.what.hours());
        Self { date: day.date.to_string(), name: name(day.what), key, optional, on: day.on, intervals }
    }
}

/// A calendar file.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct CalendarFile {
    /// iCalendar (RFC 5545), at most 512 kB.
    pub text: String,
}

/// What a calendar file gives. Nothing is stored: `days` is what a schedule can be given.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct CalendarDays {
    /// In order of dates, at most 500.
    pub days: Vec<ScheduleOwnDay>,
    /// Events that give no days; the first 200.
    pub not_taken: Vec<EventNotTaken>,
    /// How many give no days.
    pub not_taken_count: usize,
}

/// An event that gives no days.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct EventNotTaken {
    /// As the file calls it.
    pub name: String,
    /// Why.
    pub reason: NotTaken,
}

/// How many of them are told.
const TOLD: usize = 200;

impl From<Read> for CalendarDays {
    fn from(read: Read) -> Self {
        let days = read.days.into_iter().map(|day| ScheduleOwnDay {
            date: day.date.to_string(),
            yearly: day.yearly,
            name: day.name,
            intervals: hours(&day.intervals),
        });
        let not_taken_count = read.not_taken.len();
        let not_taken = read.not_taken.into_iter().take(TOLD);
        let not_taken = not_taken.map(|(name, reason)| EventNotTaken { name, reason }).collect();
        Self { days: days.collect(), not_taken, not_taken_count }
    }
}
