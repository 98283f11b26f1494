//! From wall time to moments, where clocks change.
//!
//! A time that does not exist becomes the moment at which the clocks jump over it. A time that exists twice means its first
//! occurrence. So what is open to the end of a repeated hour closes when that hour ends for the first time, and what is
//! open beyond it stays open through the repetition.

use std::time::Duration;

use chrono::{LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::{clock::Timestamp, domain::routing::Day};

/// The shortest time there is.
pub(super) const TICK: Duration = Duration::from_micros(1);

/// What the clocks of a zone do about a wall time.
enum Shown {
    /// They show it at this moment for the first time.
    At(Timestamp),
    /// They jump over it at this moment.
    Skipped(Timestamp),
}

/// When something that starts at this wall time starts. None only at the ends of the calendar.
pub(super) fn start(zone: Tz, local: NaiveDateTime) -> Option<Timestamp> {
    match shown(zone, local)? {
        Shown::At(moment) | Shown::Skipped(moment) => Some(moment),
    }
}

/// When something that is open up to this wall time, itself excluded, ends: right after the last tick before it.
pub(super) fn end(zone: Tz, local: NaiveDateTime) -> Option<Timestamp> {
    match shown(zone, local.checked_sub_signed(TimeDelta::microseconds(1))?)? {
        Shown::At(moment) => Some(moment + TICK),
        Shown::Skipped(moment) => Some(moment),
    }
}

/// The date that the clocks of a zone show.
pub(super) fn date(zone: Tz, at: Timestamp) -> NaiveDate {
    at.to_chrono().with_timezone(&zone).date_naive()
}

/// The day that the clocks of a zone show.
pub(super) fn day(zone: Tz, at: Timestamp) -> Option<Day> {
    let today = date(zone, at);
    let midnight = |date: NaiveDate| start(zone, date.and_time(NaiveTime::MIN));
    Some(Day { since: midnight(today)?, until: midnight(today.succ_opt()?)? })
}

fn shown(zone: Tz, local: NaiveDateTime) -> Option<Shown> {
    let moment = |local: chrono::DateTime<Tz>| Timestamp::from_chrono(local.to_utc());
    match zone.from_local_datetime(&local) {
        LocalResult::Single(only) => Some(Shown::At(moment(only))),
        LocalResult::Ambiguous(first, _) => Some(Shown::At(moment(first))),
        LocalResult::None => GapInfo::new(&local, &zone)?.end.map(|end| Shown::Skipped(moment(end))),
    }
}
