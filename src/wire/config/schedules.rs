//! When campaigns are open.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::object;
use crate::{
    clock::Timestamp,
    domain::schedule,
    ids::{ClientId, ScheduleId, UserId},
    wire::{
        Time,
        schedules::{ScheduleHolidays, ScheduleStatus},
    },
};

/// When campaigns are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// The zone in which all its dates and times are meant (IANA name).
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub zone: Tz,
    /// At most 100.
    #[ts(as = "Vec<ScheduleInterval>")]
    #[schema(value_type = Vec<ScheduleInterval>)]
    pub weekly: Vec<schedule::Interval>,
    /// At most 500, each date once.
    #[serde(default)]
    #[ts(as = "Option<Vec<ScheduleException>>", optional)]
    #[schema(value_type = Vec<ScheduleException>)]
    pub exceptions: Vec<schedule::Exception>,
    /// Holidays of a country and own days.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<ScheduleHolidays>", optional)]
    #[schema(value_type = ScheduleHolidays)]
    pub holidays: schedule::Holidays,
    /// Stands above everything else while it is in force.
    #[serde(default, rename = "override")]
    #[ts(optional = nullable)]
    pub override_: Option<ScheduleOverride>,
}

/// Open every week from a time of a day to another.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleInterval {
    /// The day it starts on: `Mon` to `Sun`.
    #[ts(type = "\"Mon\" | \"Tue\" | \"Wed\" | \"Thu\" | \"Fri\" | \"Sat\" | \"Sun\"")]
    pub day: String,
    /// Minutes since midnight, 0 to 1439.
    pub start: u16,
    /// Minutes since midnight, 1 to 1440; not after `start` = on the next day.
    pub end: u16,
}

/// Open from a time of a day to another.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleHours {
    /// As in [`ScheduleInterval`].
    pub start: u16,
    /// As in [`ScheduleInterval`].
    pub end: u16,
}

/// The hours of one date, instead of the weekly ones.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleException {
    /// Which date: `2026-12-25`.
    pub date: String,
    /// None = closed all day.
    pub intervals: Vec<ScheduleHours>,
}

/// Opened or closed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleOverride {
    /// What it makes of the schedule.
    pub open: bool,
    /// Since when; now by default.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub from: Option<Time>,
    /// When it ends by itself; none = when somebody takes it away.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub until: Option<Time>,
    /// Why, for colleagues: 1 to 120 characters.
    pub reason: String,
    /// Who set it; what is written here is ignored.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub by: Option<UserId>,
}

impl ScheduleFields {
    /// What can be written of a schedule as it is.
    pub fn of(schedule: &schedule::Schedule) -> Self {
        let override_ = schedule.override_.as_ref().map(|over| ScheduleOverride {
            open: over.open,
            from: Some(over.from.into()),
            until: over.until.map(Time),
            reason: over.reason.clone(),
            by: over.by,
        });
        Self {
            client: schedule.client,
            name: schedule.name.clone(),
            zone: schedule.zone,
            weekly: schedule.weekly.clone(),
            exceptions: schedule.exceptions.clone(),
            holidays: schedule.holidays.clone(),
            override_,
        }
    }

    /// The schedule that this describes.
    pub fn into_schedule(self, id: ScheduleId, now: Timestamp) -> schedule::Schedule {
        let override_ = self.override_.map(|over| schedule::Override {
            open: over.open,
            from: over.from.map_or(now, |from| from.0),
            until: over.until.map(|until| until.0),
            reason: over.reason,
            by: over.by,
        });
        schedule::Schedule {
            id,
            client: self.client,
            name: self.name,
            zone: self.zone,
            weekly: self.weekly,
            exceptions: self.exceptions,
            holidays: self.holidays,
            override_,
        }
    }
}

/// When campaigns are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Schedule)]
#[ts(export_to = "wire.ts", rename = "Schedule")]
pub struct ScheduleView {
    /// Its id.
    pub id: ScheduleId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ScheduleFields,
    /// How it stands.
    pub status: ScheduleStatus,
}
