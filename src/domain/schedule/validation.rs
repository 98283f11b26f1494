//! What a schedule that comes from outside must keep to.

use chrono::{Datelike, NaiveDate};
use thiserror::Error;

use super::{Exception, Holidays, Hours, Override, OwnDay, Schedule};

/// The most weekly intervals of a schedule, and the most hours of one exception.
pub const MAX_INTERVALS: usize = 100;
/// The most exceptions of a schedule.
pub const MAX_EXCEPTIONS: usize = 500;
/// The most days of one's own.
pub const MAX_OWN_DAYS: usize = 500;
/// The most single holidays switched on or off.
pub const MAX_SWITCHES: usize = 50;
/// The longest name or reason, in characters.
pub const MAX_TEXT_CHARACTERS: usize = 120;

/// Why a schedule is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Empty or longer than [`MAX_TEXT_CHARACTERS`].
    #[error("the name needs 1 to {MAX_TEXT_CHARACTERS} characters")]
    Name,
    /// A start outside 0 to 1439 or an end outside 1 to 1440.
    #[error("from minute {start} to minute {end} is not within a day: 0 to 1439, and 1 to 1440 for the end")]
    Hours {
        /// The start given.
        start: u16,
        /// The end given.
        end: u16,
    },
    /// More than [`MAX_INTERVALS`] in a week or in one exception.
    #[error("there are {0} intervals, at most {MAX_INTERVALS} are possible")]
    TooManyIntervals(usize),
    /// More than [`MAX_EXCEPTIONS`].
    #[error("there are {0} exceptions, at most {MAX_EXCEPTIONS} are possible")]
    TooManyExceptions(usize),
    /// A year with other than four digits: a slip of the hand.
    #[error("the date {0} is not in the years 1000 to 9999")]
    ExceptionDate(NaiveDate),
    /// Two exceptions for one date.
    #[error("there are two exceptions for {0}")]
    ExceptionTwice(NaiveDate),
    /// More than [`MAX_OWN_DAYS`].
    #[error("there are {0} own days, at most {MAX_OWN_DAYS} are possible")]
    TooManyOwnDays(usize),
    /// A year with other than four digits.
    #[error("the date {0} is not in the years 1000 to 9999")]
    OwnDayDate(NaiveDate),
    /// Two own days that fall on one date.
    #[error("there are two own days for {0}")]
    OwnDayTwice(NaiveDate),
    /// Empty or longer than [`MAX_TEXT_CHARACTERS`].
    #[error("the day {0} needs a name of 1 to {MAX_TEXT_CHARACTERS} characters")]
    OwnDayName(NaiveDate),
    /// The country has no holiday of this key, or there is no country.
    #[error("the country has no such holiday")]
    HolidayUnknown,
    /// An override that ends before it begins.
    #[error("the override ends before it begins")]
    OverrideEmpty,
    /// Empty or longer than [`MAX_TEXT_CHARACTERS`].
    #[error("the reason of the override needs 1 to {MAX_TEXT_CHARACTERS} characters")]
    OverrideReason,
}

impl ScheduleError {
    /// The stable code, in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name => "schedule_name",
            Self::Hours { .. } => "schedule_hours",
            Self::TooManyIntervals(_) => "schedule_too_many_intervals",
            Self::TooManyExceptions(_) => "schedule_too_many_exceptions",
            Self::ExceptionDate(_) => "schedule_exception_date",
            Self::ExceptionTwice(_) => "schedule_exception_twice",
            Self::TooManyOwnDays(_) => "schedule_too_many_own_days",
            Self::OwnDayDate(_) => "schedule_own_day_date",
            Self::OwnDayTwice(_) => "schedule_own_day_twice",
            Self::OwnDayName(_) => "schedule_own_day_name",
            Self::HolidayUnknown => "schedule_holiday_unknown",
            Self::OverrideEmpty => "schedule_override_empty",
            Self::OverrideReason => "schedule_override_reason",
        }
    }
}

impl Schedule {
    /// Checks everything that its fields promise and their types do not.
    ///
    /// # Errors
    /// The first [`ScheduleError`] found.
    pub fn validate(&self) -> Result<(), ScheduleError> {
        if !is_short_text(&self.name) {
            return Err(ScheduleError::Name);
        }
        check_hours(self.weekly.iter().map(|interval| interval.hours()))?;
        check_exceptions(&self.exceptions)?;
        check_holidays(&self.holidays)?;
        self.override_.as_ref().map_or(Ok(()), check_override)
    }
}

fn is_short_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TEXT_CHARACTERS
}

fn check_hours(hours: impl ExactSizeIterator<Item = Hours>) -> Result<(), ScheduleError> {
    if hours.len() > MAX_INTERVALS {
        return Err(ScheduleError::TooManyIntervals(hours.len()));
    }
    for Hours { start, end } in hours {
        if start > 1439 || !(1..=1440).contains(&end) {
            return Err(ScheduleError::Hours { start, end });
        }
    }
    Ok(())
}

fn check_exceptions(exceptions: &[Exception]) -> Result<(), ScheduleError> {
    if exceptions.len() > MAX_EXCEPTIONS {
        return Err(ScheduleError::TooManyExceptions(exceptions.len()));
    }
    let mut dates: Vec<NaiveDate> = exceptions.iter().map(|exception| exception.date).collect();
    dates.sort_unstable();
    if let Some([date, _]) = dates.array_windows().find(|[earlier, later]| earlier == later) {
        return Err(ScheduleError::ExceptionTwice(*date));
    }
    if let Some(date) = dates.iter().find(|date| !(1000..=9999).contains(&date.year())) {
        return Err(ScheduleError::ExceptionDate(*date));
    }
    exceptions.iter().try_for_each(|exception| check_hours(exception.intervals.iter().copied()))
}

fn check_holidays(holidays: &Holidays) -> Result<(), ScheduleError> {
    let is_known = |key: &String| holidays.country.is_some_and(|country| country.has(key));
    if holidays.switched.len() > MAX_SWITCHES || !holidays.switched.keys().all(is_known) {
        return Err(ScheduleError::HolidayUnknown);
    }
    if holidays.days.len() > MAX_OWN_DAYS {
        return Err(ScheduleError::TooManyOwnDays(holidays.days.len()));
    }
    holidays.days.iter().try_for_each(check_own_day)?;
    let mut days: Vec<(bool, u32, u32, i32)> = holidays.days.iter().map(place).collect();
    days.sort_unstable();
    match days.array_windows().find(|[earlier, later]| earlier == later) {
        Some([(_, month, day, year), _]) => {
            Err(ScheduleError::OwnDayTwice(NaiveDate::from_ymd_opt(*year, *month, *day).unwrap_or_default()))
        }
        None => Ok(()),
    }
}

/// What no two own days share; a yearly day and one of a single year may, the first of the list counts.
fn place(day: &OwnDay) -> (bool, u32, u32, i32) {
    (day.yearly, day.date.month(), day.date.day(), if day.yearly { 2000 } else { day.date.year() })
}

fn check_own_day(day: &OwnDay) -> Result<(), ScheduleError> {
    if !(1000..=9999).contains(&day.date.year()) {
        return Err(ScheduleError::OwnDayDate(day.date));
    }
    if !is_short_text(&day.name) {
        return Err(ScheduleError::OwnDayName(day.date));
    }
    check_hours(day.intervals.iter().copied())
}

fn check_override(override_: &Override) -> Result<(), ScheduleError> {
    if override_.until.is_some_and(|until| until <= override_.from) {
        return Err(ScheduleError::OverrideEmpty);
    }
    if is_short_text(&override_.reason) { Ok(()) } else { Err(ScheduleError::OverrideReason) }
}
