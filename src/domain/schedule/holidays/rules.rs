//! How a law says when a holiday is.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use smallvec::{SmallVec, smallvec};

/// One holiday of a country, every year.
pub(super) struct Rule {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) optional: bool,
    /// Not before.
    pub(super) since: i32,
    /// Every so many years from `since`.
    pub(super) every: i32,
    pub(super) on: On,
    pub(super) kept: KeptOn,
}

/// Where in the year it falls.
#[derive(Clone, Copy)]
pub(super) enum On {
    /// Month and day.
    Date(u32, u32),
    /// Days after Easter Sunday.
    Easter(i64),
    /// The nth such day of a month.
    Nth(u8, Weekday, u32),
    /// Winter solstice of the south, in Chile's winter time.
    Solstice,
}

/// On which day it is kept then.
#[derive(Clone, Copy)]
pub(super) enum KeptOn {
    /// Where it falls.
    ThatDay,
    /// Moved by so many days, Monday first.
    Moved([i8; 7]),
    /// The same, but not in years of four.
    MovedInCommonYears([i8; 7]),
    /// There only if it is one of these, Monday first.
    OnlyIf([bool; 7]),
    /// On a Sunday the Monday is kept as well.
    AlsoMonday,
}

/// Law 51 of 1983, Colombia (Emiliani): the Monday that follows.
pub(super) const NEXT_MONDAY: KeptOn = KeptOn::Moved([0, 6, 5, 4, 3, 2, 1]);
/// Tuesday and Wednesday to the Monday before, Thursday and Friday to the one after.
pub(super) const NEAR_MONDAY: KeptOn = KeptOn::Moved([0, -1, -2, 4, 3, 0, 0]);
/// As [`NEAR_MONDAY`], but a Friday stays: Monday would be another holiday.
pub(super) const NEAR_MONDAY_NOT_FRIDAY: KeptOn = KeptOn::Moved([0, -1, -2, 4, 0, 0, 0]);
/// As [`NEAR_MONDAY`], but not in years of four.
pub(super) const NEAR_MONDAY_IN_COMMON_YEARS: KeptOn = KeptOn::MovedInCommonYears([0, -1, -2, 4, 3, 0, 0]);
/// As [`NEAR_MONDAY`], and from a Sunday to Monday.
pub(super) const NEAR_MONDAY_AND_SUNDAY: KeptOn = KeptOn::Moved([0, -1, -2, 4, 3, 0, 1]);
/// As [`NEAR_MONDAY`], and from a weekend to Monday.
pub(super) const NEAR_MONDAY_AND_WEEKEND: KeptOn = KeptOn::Moved([0, -1, -2, 4, 3, 2, 1]);
/// Law 19.668, Chile: Tuesday to Thursday to the Monday of that week, Friday to the one after.
pub(super) const MONDAY_OF_WEEK: KeptOn = KeptOn::Moved([0, -1, -2, -3, 3, 0, 0]);
/// Law 20.299, Chile: Tuesday to the Friday before, Wednesday to the one after.
pub(super) const NEAR_FRIDAY: KeptOn = KeptOn::Moved([0, -4, 2, 0, 0, 0, 0]);
/// Law of 20.12.2016, Ecuador: Tuesday to Monday, Wednesday and Thursday to Friday, weekends to their nearest working day.
pub(super) const LONG_WEEKEND: KeptOn = KeptOn::Moved([0, -1, 2, 1, 0, -1, 1]);
/// The same law for 1 January and 25 December, which stay within the week.
pub(super) const OFF_WEEKEND: KeptOn = KeptOn::Moved([0, 0, 0, 0, 0, -1, 1]);

impl Rule {
    pub(super) const fn new(key: &'static str, name: &'static str, on: On) -> Self {
        Self { key, name, optional: false, since: i32::MIN, every: 1, on, kept: KeptOn::ThatDay }
    }

    pub(super) const fn kept(self, kept: KeptOn) -> Self {
        Self { kept, ..self }
    }

    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    pub(super) const fn since(self, since: i32) -> Self {
        Self { since, ..self }
    }

    pub(super) const fn every(self, every: i32) -> Self {
        Self { every, ..self }
    }

    /// When it is kept in a year; New Year's Day perhaps on the last day of the one before.
    pub(super) fn dates(&self, year: i32) -> SmallVec<[NaiveDate; 2]> {
        if year < self.since || (self.every > 1 && (year - self.since) % self.every != 0) {
            return SmallVec::new();
        }
        let Some(falls) = self.on.in_year(year) else { return SmallVec::new() };
        let day = falls.weekday().num_days_from_monday() as usize;
        match self.kept {
            KeptOn::ThatDay => smallvec![falls],
            KeptOn::MovedInCommonYears(_) if year % 4 == 0 => smallvec![falls],
            KeptOn::Moved(by) | KeptOn::MovedInCommonYears(by) => {
                let days = by.get(day).copied().unwrap_or(0);
                falls.checked_add_signed(TimeDelta::days(days.into())).into_iter().collect()
            }
            KeptOn::OnlyIf(days) => days.get(day).is_some_and(|kept| *kept).then_some(falls).into_iter().collect(),
            KeptOn::AlsoMonday => {
                let monday = falls.checked_add_days(Days::new(1)).filter(|_| falls.weekday() == Weekday::Sun);
                [Some(falls), monday].into_iter().flatten().collect()
            }
        }
    }
}

impl On {
    fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Date(month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Self::Easter(days) => easter(year)?.checked_add_signed(TimeDelta::days(days)),
            Self::Nth(nth, day, month) => NaiveDate::from_weekday_of_month_opt(year, month, day, nth),
            Self::Solstice => june_solstice(year),
        }
    }
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
pub(super) fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * sunday) / 451;
    let days = moon + sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

/// The date of the June solstice four hours west of Greenwich, by the mean solstice of 2000 and the length of its year (Meeus,
/// Astronomical Algorithms, table 27.B): right to a quarter of an hour.
fn june_solstice(year: i32) -> Option<NaiveDate> {
    const OF_2000: i64 = 3_600 + 37 * 60 + 27 - 4 * 3_600;
    const YEAR_MILLIS: i64 = 31_556_876_477;
    let seconds = OF_2000 + (i64::from(year) - 2000) * YEAR_MILLIS / 1_000;
    let first = NaiveDate::from_ymd_opt(2000, 6, 21)?;
    first.checked_add_signed(TimeDelta::days(seconds.div_euclid(86_400)))
}
