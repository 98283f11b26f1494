//! Dates as the countries published them, or as the law gives them.

use chrono::Weekday;

use super::*;

fn dates(country: Country, year: i32) -> String {
    let holidays = country.holidays(year).into_iter().filter(|holiday| !holiday.optional);
    let mut dates: Vec<String> = holidays.map(|holiday| holiday.date.format("%m-%d").to_string()).collect();
    dates.dedup();
    dates.join(" ")
}

#[test]
fn easter_is_when_it_was() {
    for date in ["1961-04-02", "2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2026-04-05", "2038-04-25", "2285-03-22"] {
        let date: NaiveDate = date.parse().unwrap();
        assert_eq!(rules::easter(date.year()), Some(date));
        assert_eq!(date.weekday(), Weekday::Sun);
    }
}

/// Checked against the calendars of the countries' governments as the Python package `holidays` 0.108 keeps them. Not the same, on
/// purpose: what was decreed for one year only; Ecuador's days from which the rest is moved away; Spain on Sundays (the communities
/// move them); the Sunday of Easter (Peru, Paraguay); Bolivia's 17 October, on which people work;
/// Panama's change of government after 2024.
#[test]
fn holidays_are_those_of_the_calendars() {
    for line in include_str!("known.txt").lines().filter(|line| !line.starts_with('#')) {
        let (country, rest) = line.split_once(' ').unwrap();
        let (year, known) = rest.split_once(' ').unwrap();
        let country: Country = serde_json::from_value(country.into()).unwrap();
        assert_eq!(dates(country, year.parse().unwrap()), known, "{country:?} {year}");
    }
}

#[test]
fn what_was_moved_lies_where_it_should() {
    let on = |country: Country, year, key| country.holidays(year).into_iter().find(|holiday| holiday.key == key).unwrap().date;
    // Emiliani: Tuesday 6 January 2026 to the Monday after; a Monday stays.
    assert_eq!(on(Country::Co, 2026, "epiphany").to_string(), "2026-01-12");
    assert_eq!(on(Country::Co, 2026, "peter_and_paul").to_string(), "2026-06-29");
    // Law 27.399: Wednesday to Monday before, Thursday to Monday after; a weekend and Friday 17 June stay.
    assert_eq!(on(Country::Ar, 2026, "guemes").to_string(), "2026-06-15");
    assert_eq!(on(Country::Ar, 2022, "guemes").to_string(), "2022-06-17");
    assert_eq!(on(Country::Ar, 2025, "sovereignty").to_string(), "2025-11-24");
    assert_eq!(on(Country::Ar, 2027, "sovereignty").to_string(), "2027-11-20");
    // Law 20.299: Tuesday to Friday before, Wednesday to Friday after.
    assert_eq!(on(Country::Cl, 2028, "protestant_churches").to_string(), "2028-10-27");
    assert_eq!(on(Country::Cl, 2029, "protestant_churches").to_string(), "2029-11-02");
    // Ecuador 2025, as the Ministry of Tourism published it; New Year's Day 2028 is kept in 2027.
    assert_eq!(dates(Country::Ec, 2025), "01-01 03-03 03-04 04-18 05-02 05-23 08-11 10-10 11-03 11-04 12-25");
    assert_eq!(Country::Ec.holidays(2027).last().unwrap().date.to_string(), "2027-12-31");
    // Years of a new government.
    assert_eq!(on(Country::Do, 2028, "restoration").to_string(), "2028-08-16");
    assert_eq!(on(Country::Do, 2029, "restoration").to_string(), "2029-08-20");
    assert!(Country::Mx.holidays(2030).iter().any(|holiday| holiday.key == "government"));
    assert!(!Country::Mx.holidays(2031).iter().any(|holiday| holiday.key == "government"));
}

#[test]
fn keys_are_unique_and_every_rule_gives_a_day_of_its_year() {
    for country in Country::ALL {
        let keys: std::collections::BTreeSet<_> = country.rules().iter().map(|rule| rule.key).collect();
        assert_eq!(keys.len(), country.rules().len(), "{country:?}");
        for year in 2024..2124 {
            let holidays = country.holidays(year);
            assert!(holidays.iter().all(|holiday| holiday.date.year() == year));
            assert!((5..=24).contains(&holidays.len()), "{country:?} {year} {holidays:?}");
            let moved = holidays
                .iter()
                .filter(|holiday| country == Country::Co && matches!(holiday.key, "joseph" | "cartagena" | "ascension"));
            assert!(moved.into_iter().all(|holiday| holiday.date.weekday() == Weekday::Mon));
        }
    }
}

#[test]
fn a_yearly_day_begins_with_its_year_and_a_leap_day_comes_back_in_leap_years() {
    let day = |date: &str, yearly| OwnDay { date: date.parse().unwrap(), yearly, name: "x".to_owned(), intervals: vec![] };
    assert_eq!(day("2026-12-24", true).in_year(2025), None);
    assert_eq!(day("2026-12-24", true).in_year(2031).unwrap().to_string(), "2031-12-24");
    assert_eq!(day("2026-12-24", false).in_year(2027), None);
    assert_eq!(day("2024-02-29", true).in_year(2026), None);
    assert_eq!(day("2024-02-29", true).in_year(2028).unwrap().to_string(), "2028-02-29");
}
