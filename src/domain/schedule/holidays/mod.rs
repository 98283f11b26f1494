//! Holidays: those of a country by rule for any year, and a schedule's own days.
//!
//! The rules are the laws in force (`tables` names them); what governments decree year by year (bridges, elections, mourning) is
//! nobody's rule: it comes as a day of one's own, by hand or from a calendar file.

mod rules;
mod tables;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use self::rules::Rule;
use super::Hours;

/// Countries whose holidays are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[ts(export_to = "wire.ts")]
pub enum Country {
    /// Argentina.
    Ar,
    /// Bolivia.
    Bo,
    /// Brazil.
    Br,
    /// Chile.
    Cl,
    /// Colombia.
    Co,
    /// Costa Rica.
    Cr,
    /// Dominican Republic.
    Do,
    /// Ecuador.
    Ec,
    /// Spain: what is common to all communities.
    Es,
    /// Guatemala.
    Gt,
    /// Mexico.
    Mx,
    /// Panama.
    Pa,
    /// Peru.
    Pe,
    /// Paraguay.
    Py,
    /// Uruguay.
    Uy,
    /// Venezuela.
    Ve,
}

/// A country's holiday in some year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// When it is kept.
    pub date: NaiveDate,
    /// Its key among the country's holidays.
    pub key: &'static str,
    /// What the country calls it.
    pub name: &'static str,
    /// Many work then: it counts only where it is switched on.
    pub optional: bool,
}

impl Country {
    /// Its holidays of a year, in order.
    pub fn holidays(self, year: i32) -> Vec<Holiday> {
        let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) else { return Vec::new() };
        let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(first);
        let mut holidays: Vec<Holiday> = Vec::new();
        self.each(first..=last, |rule, date| {
            holidays.push(Holiday { date, key: rule.key, name: rule.name, optional: rule.optional });
        });
        holidays.sort_unstable();
        holidays
    }

    /// Whether it has a holiday of this key.
    pub fn has(self, key: &str) -> bool {
        self.rules().iter().any(|rule| rule.key == key)
    }

    /// What its rules say about these dates, rule by rule.
    fn each(self, dates: RangeInclusive<NaiveDate>, mut found: impl FnMut(&'static Rule, NaiveDate)) {
        let (first, last) = (dates.start().year(), dates.end().year());
        // New Year's Day may be kept in the old year.
        let last = if dates.end().month() == 12 { last + 1 } else { last };
        for year in first..=last {
            for rule in self.rules() {
                for date in rule.dates(year) {
                    if dates.contains(&date) {
                        found(rule, date);
                    }
                }
            }
        }
    }
}

/// Which holidays a schedule keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Holidays {
    /// Whose holidays it keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Single holidays of the country, by key: kept or not, whatever is usual there. At most [`super::MAX_SWITCHES`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub switched: BTreeMap<String, bool>,
    /// Its own days; they stand above the country's. At most [`super::MAX_OWN_DAYS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<OwnDay>,
}

/// A day that is kept besides those of the country, or differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnDay {
    /// Which date, in the schedule's zone; where it comes back, the first year.
    pub date: NaiveDate,
    /// It comes back every year on this day of this month. A 29th of February comes back in leap years.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub yearly: bool,
    /// 1 to [`super::MAX_TEXT_CHARACTERS`] characters.
    pub name: String,
    /// Open then; none = closed all day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Hours>,
}

impl OwnDay {
    /// The date on which it is kept in a year.
    pub fn in_year(&self, year: i32) -> Option<NaiveDate> {
        match self.yearly {
            true if year >= self.date.year() => self.date.with_year(year),
            true => None,
            false => (self.date.year() == year).then_some(self.date),
        }
    }
}

/// What makes a date a holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<'a> {
    /// The country.
    Country(Holiday),
    /// A day of one's own.
    Own(&'a OwnDay),
}

impl<'a> Kept<'a> {
    /// The hours of that date.
    pub fn hours(self) -> &'a [Hours] {
        match self {
            Self::Country(_) => &[],
            Self::Own(day) => &day.intervals,
        }
    }
}

/// Holidays by date. On the same date what comes first counts.
pub(super) type Dated<'a> = SmallVec<[(NaiveDate, Kept<'a>); 8]>;

impl Holidays {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a holiday of the country counts.
    pub fn keeps(&self, key: &str, optional: bool) -> bool {
        self.switched.get(key).copied().unwrap_or(!optional)
    }

    /// What is kept on these dates: own days first, each in no order of dates.
    pub(super) fn between(&self, dates: RangeInclusive<NaiveDate>) -> Dated<'_> {
        let mut kept = Dated::new();
        for day in &self.days {
            for date in (dates.start().year()..=dates.end().year()).filter_map(|year| day.in_year(year)) {
                if dates.contains(&date) {
                    kept.push((date, Kept::Own(day)));
                }
            }
        }
        if let Some(country) = self.country {
            country.each(dates, |rule, date| {
                if self.keeps(rule.key, rule.optional) {
                    let holiday = Holiday { date, key: rule.key, name: rule.name, optional: rule.optional };
                    kept.push((date, Kept::Country(holiday)));
                }
            });
        }
        kept
    }
}
