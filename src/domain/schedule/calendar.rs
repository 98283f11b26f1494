//! When a schedule is open, and where that changes.
//!
//! A change can only lie where an open period of the calendar or the override starts or ends. So the next change is the
//! first such boundary at which [`Schedule::is_open`] answers differently.

use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use smallvec::SmallVec;

use super::{
    Hours, Kept, Schedule,
    wall_time::{self, TICK},
};
use crate::clock::Timestamp;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// After so many weeks without a change and without an exception there is none until the next exception, own day or override: weeks
/// repeat, a clock change can swallow the only interval of one week at most, and a country's holidays those of three in a row.
const QUIET_WEEKS: usize = 6;

/// Within so many years everything that comes back has come back: two leap days lie eight years apart around 1900 and 2100.
const ALL_COMES_BACK: i32 = 9;

/// How far from the midnight (UTC) of an exception's date its effects may lie: the interval of the day before that it cuts,
/// its own that crosses midnight, and the distance of any zone from UTC.
const REACH: Duration = Duration::from_secs(3 * 24 * 3600);

/// Days on either side of a date on which an interval can start that concerns a moment of that date.
const NEIGHBOURS: Days = Days::new(2);

type Few<T> = SmallVec<[T; 8]>;

/// Dates that do not go by the week, and their hours. The first of a date counts.
type Special<'a> = Few<(NaiveDate, &'a [Hours])>;

impl Schedule {
    /// Open at this moment.
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        match &self.override_ {
            Some(override_) if override_.is_in_force(at) => override_.open,
            _ => self.is_open_by_calendar(at),
        }
    }

    /// The first moment after `at` at which it is not as it is at `at`.
    pub(super) fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_held(at) {
            return None;
        }
        let open = self.is_open(at);
        let mut from = at;
        loop {
            for _ in 0..QUIET_WEEKS {
                let to = from + WEEK;
                let change = self.boundaries(from, to).into_iter().find(|boundary| self.is_open(*boundary) != open);
                if change.is_some() {
                    return change;
                }
                from = to;
            }
            let years = self.year(from)..=self.year(at) + ALL_COMES_BACK;
            let ahead = self.irregularities(years, open).filter(|moment| *moment + REACH > from).min()?;
            from = from.max(ahead - REACH);
        }
    }

    /// The moment, at or before `at`, from which it is as it is at `at`.
    pub(super) fn last_change(&self, at: Timestamp) -> Option<Timestamp> {
        let open = self.is_open(at);
        let mut to = at;
        loop {
            for _ in 0..QUIET_WEEKS {
                let from = to - WEEK;
                let change = self.boundaries(from, to).into_iter().rfind(|boundary| self.is_open(*boundary - TICK) != open);
                if change.is_some() {
                    return change;
                }
                to = from;
            }
            let years = self.year(at) - ALL_COMES_BACK..=self.year(to);
            let behind = self.irregularities(years, open).filter(|moment| *moment - REACH < to).max()?;
            to = to.min(behind + REACH);
        }
    }

    fn is_open_by_calendar(&self, at: Timestamp) -> bool {
        let today = wall_time::date(self.zone, at);
        self.periods(today, today).iter().any(|period| period.contains(&at))
    }

    /// Every moment in (from, to] where a change may lie, in order.
    fn boundaries(&self, from: Timestamp, to: Timestamp) -> Few<Timestamp> {
        let periods = self.periods(wall_time::date(self.zone, from), wall_time::date(self.zone, to));
        let of_calendar = periods.into_iter().flat_map(|period| [period.start, period.end]);
        let is_asked_for = |moment: &Timestamp| from < *moment && *moment <= to;
        let mut boundaries: Few<_> = of_calendar.chain(self.override_bounds()).filter(is_asked_for).collect();
        boundaries.sort_unstable();
        boundaries
    }

    /// Moments around which it may differ from other weeks; what comes back only in these years, and only if it can end what is:
    /// weeks without a closing, or without an opening.
    fn irregularities(&self, years: RangeInclusive<i32>, open: bool) -> impl Iterator<Item = Timestamp> {
        let midnight = |date: NaiveDate| Timestamp::from_chrono(midnight(date).and_utc());
        let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or(NaiveDate::MIN);
        let last = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or(first);
        let opens = |kept: Kept<'_>| matches!(kept, Kept::Own(day) if !self.weekly.is_empty() || !day.intervals.is_empty());
        let kept = self.holidays.between(first..=last).into_iter().filter(move |(_, kept)| open || opens(*kept));
        let dates = self.exceptions.iter().map(|exception| exception.date).chain(kept.map(|(date, _)| date));
        dates.map(midnight).chain(self.override_bounds())
    }

    /// Open or closed by hand without an end.
    fn is_held(&self, at: Timestamp) -> bool {
        self.override_.as_ref().is_some_and(|override_| override_.is_in_force(at) && override_.until.is_none())
    }

    fn year(&self, at: Timestamp) -> i32 {
        wall_time::date(self.zone, at).year()
    }

    fn override_bounds(&self) -> impl Iterator<Item = Timestamp> {
        self.override_.iter().flat_map(|override_| [Some(override_.from), override_.until]).flatten()
    }

    /// When the calendar is open from the date `first` to the date `last`, in order, without touching each other there.
    ///
    /// What touches is joined twice. In wall time, since an end and a start at the same wall time belong together even when
    /// the clocks are turned back between the two; as moments, since the clocks may jump over what lies between.
    fn periods(&self, first: NaiveDate, last: NaiveDate) -> Few<Range<Timestamp>> {
        let moments = |hours: Range<NaiveDateTime>| {
            let period = wall_time::start(self.zone, hours.start)?..wall_time::end(self.zone, hours.end)?;
            (!period.is_empty()).then_some(period)
        };
        join_touching(join_touching(self.wall_hours(first, last).into_iter()).into_iter().filter_map(moments))
    }

    /// The intervals that concern the dates from `first` to `last`, ordered by start.
    fn wall_hours(&self, first: NaiveDate, last: NaiveDate) -> Few<Range<NaiveDateTime>> {
        let first = first.checked_sub_days(NEIGHBOURS).unwrap_or(first);
        let last = last.checked_add_days(NEIGHBOURS).unwrap_or(last);
        let special = self.special(first, last.succ_opt().unwrap_or(last));
        let mut hours: Few<_> =
            first.iter_days().take_while(|date| *date <= last).flat_map(|date| self.wall_hours_from(date, &special)).collect();
        hours.sort_unstable_by_key(|hours| hours.start);
        hours
    }

    /// Exceptions before own days before the country's holidays.
    fn special(&self, first: NaiveDate, last: NaiveDate) -> Special<'_> {
        let exceptions = self.exceptions.iter().filter(|exception| (first..=last).contains(&exception.date));
        let exceptions = exceptions.map(|exception| (exception.date, exception.intervals.as_slice()));
        let kept = self.holidays.between(first..=last).into_iter().map(|(date, kept)| (date, kept.hours()));
        exceptions.chain(kept).collect()
    }

    /// The intervals that start on this date.
    fn wall_hours_from(&self, date: NaiveDate, special: &Special<'_>) -> Few<Range<NaiveDateTime>> {
        let special = |date| special.iter().find(|(special, _)| *special == date);
        let day = date.weekday();
        let hours: Few<Hours> = match special(date) {
            Some((_, hours)) => (*hours).into(),
            None => self.weekly.iter().filter(|interval| interval.day == day).map(|interval| interval.hours()).collect(),
        };
        let must_end = date.succ_opt().filter(|next| special(*next).is_some()).map(midnight);
        hours.into_iter().filter_map(|hours| on_date(date, hours, must_end)).collect()
    }
}

/// Ranges ordered by start; those that touch or overlap are made one.
fn join_touching<T: Ord + Copy>(ranges: impl Iterator<Item = Range<T>>) -> Few<Range<T>> {
    let mut joined: Few<Range<T>> = Few::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before) if range.start <= before.end => before.end = before.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn on_date(date: NaiveDate, hours: Hours, must_end: Option<NaiveDateTime>) -> Option<Range<NaiveDateTime>> {
    let at = |minute: i64| midnight(date).checked_add_signed(TimeDelta::minutes(minute));
    let next_day = if hours.end <= hours.start { 24 * 60 } else { 0 };
    let (start, end) = (at(hours.start.into())?, at(i64::from(hours.end) + next_day)?);
    Some(start..must_end.map_or(end, |limit| end.min(limit)))
}

const fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}
