//! What a schedule that comes from outside must keep to.

use chrono::{Datelike, NaiveDate};
use thiserror::Error;

use super::{Exception, Hours, Override, Schedule};

/// The most weekly intervals of a schedule, and the most hours of one exception.
pub const MAX_INTERVALS: usize = 100;
/// The most exceptions of a schedule.
pub const MAX_EXCEPTIONS: usize = 500;
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

fn check_override(override_: &Override) -> Result<(), ScheduleError> {
    if override_.until.is_some_and(|until| until <= override_.from) {
        return Err(ScheduleError::OverrideEmpty);
    }
    if is_short_text(&override_.reason) { Ok(()) } else { Err(ScheduleError::OverrideReason) }
}
