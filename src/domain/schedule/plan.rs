//! What a schedule says about days: for previews and messages.

use chrono::{Datelike, Days, NaiveDate, Timelike};
use chrono_tz::Tz;

use super::{Hours, Kept, Openness, Schedule, wall_time};
use crate::{clock::Timestamp, domain::webchat::Language};

/// Why a date has its hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// The week says so.
    Week,
    /// An exception.
    Exception,
    /// A holiday.
    Holiday(Kept<'a>),
}

/// The hours that start on a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayPlan<'a> {
    /// Which.
    pub date: NaiveDate,
    /// In order; none = closed.
    pub hours: Vec<Hours>,
    /// Which rule says so.
    pub why: Why<'a>,
}

/// A holiday of a year, kept or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptDay<'a> {
    /// When.
    pub date: NaiveDate,
    /// What it is.
    pub what: Kept<'a>,
    /// It decides about its date unless an exception does; off = switched off, or an own day of that date stands above it.
    pub on: bool,
}

impl Schedule {
    /// The next moment at which it opens: after the coming closing, if it is open.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        match self.openness(at) {
            Openness::Open { until } => self.next_change(until?),
            Openness::Closed { until, .. } => until,
        }
    }

    /// What so many days, from this one on, look like, overrides aside.
    pub fn days(&self, first: NaiveDate, count: u64) -> Vec<DayPlan<'_>> {
        let last = first.checked_add_days(Days::new(count.saturating_sub(1))).unwrap_or(first);
        let kept = self.holidays.between(first..=last);
        let plan = |date: NaiveDate| {
            let exception = self.exceptions.iter().find(|exception| exception.date == date);
            let holiday = kept.iter().find(|(kept, _)| *kept == date).map(|(_, kept)| *kept);
            let (mut hours, why) = match (exception, holiday) {
                (Some(exception), _) => (exception.intervals.clone(), Why::Exception),
                (None, Some(kept)) => (kept.hours().to_vec(), Why::Holiday(kept)),
                (None, None) => {
                    let of_day = self.weekly.iter().filter(|interval| interval.day == date.weekday());
                    (of_day.map(|interval| interval.hours()).collect(), Why::Week)
                }
            };
            hours.sort_unstable_by_key(|hours| (hours.start, hours.end));
            DayPlan { date, hours, why }
        };
        first.iter_days().take_while(|date| *date <= last).map(plan).collect()
    }

    /// Every holiday of the country and every own day of a year, in order, with whether it counts.
    pub fn year_of_holidays(&self, year: i32) -> Vec<KeptDay<'_>> {
        let mut days: Vec<KeptDay<'_>> = Vec::new();
        for day in &self.holidays.days {
            if let Some(date) = day.in_year(year) {
                let on = !days.iter().any(|known| known.date == date);
                days.push(KeptDay { date, what: Kept::Own(day), on });
            }
        }
        let own: Vec<NaiveDate> = days.iter().map(|day| day.date).collect();
        for holiday in self.holidays.country.map(|country| country.holidays(year)).unwrap_or_default() {
            let on = self.holidays.keeps(holiday.key, holiday.optional) && !own.contains(&holiday.date);
            days.push(KeptDay { date: holiday.date, what: Kept::Country(holiday), on });
        }
        days.sort_by_key(|day| day.date);
        days
    }

    /// The date that its clocks show.
    pub fn date(&self, at: Timestamp) -> NaiveDate {
        wall_time::date(self.zone, at)
    }
}

/// A moment in words for a message: day and time as clocks of the zone show them.
pub fn words(language: Language, zone: Tz, at: Timestamp) -> String {
    let local = at.to_chrono().with_timezone(&zone);
    let (days, months) = match language {
        Language::Spanish => (DAYS_ES, MONTHS_ES),
        Language::English => (DAYS_EN, MONTHS_EN),
        Language::Portuguese => (DAYS_PT, MONTHS_PT),
    };
    let of = |names: &[&'static str], index: u32| names.get(index as usize).copied().unwrap_or_default();
    let (day, month) = (of(&days, local.weekday().num_days_from_monday()), of(&months, local.month0()));
    let (date, hour, minute) = (local.day(), local.hour(), local.minute());
    match language {
        Language::Spanish => format!("{day} {date} de {month} a las {hour:02}:{minute:02}"),
        Language::English => format!("{day} {date} {month} at {hour:02}:{minute:02}"),
        Language::Portuguese => format!("{day}, {date} de {month}, às {hour:02}:{minute:02}"),
    }
}

const DAYS_ES: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_PT: [&str; 7] = ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"];
const MONTHS_ES: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const MONTHS_PT: [&str; 12] =
    ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"];
