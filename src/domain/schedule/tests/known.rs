//! Known answers: holidays above the week, clocks that changed.

use super::*;

fn own(date: &str, yearly: bool, intervals: &[(u16, u16)]) -> OwnDay {
    let intervals = intervals.iter().map(|&(start, end)| Hours { start, end }).collect();
    OwnDay { date: date.parse().unwrap(), yearly, name: "Own".to_owned(), intervals }
}

fn keeping(country: Country, days: Vec<OwnDay>) -> Schedule {
    let holidays = Holidays { country: Some(country), switched: Default::default(), days };
    Schedule { holidays, ..office(Buenos_Aires) }
}

#[test]
fn on_a_holiday_it_is_closed_and_on_a_half_day_open_for_its_hours() {
    let office = keeping(Country::Ar, vec![own("2020-12-24", true, &[(540, 780)])]);
    let at = |text| local(Buenos_Aires, text);
    assert_eq!(office.openness(at("2026-12-24 10:00")), open(at("2026-12-24 13:00")));
    assert_eq!(office.openness(at("2026-12-25 10:00")), closed(at("2026-12-24 13:00"), at("2026-12-28 09:00")));
    // Three days in a row: Tuesday 8 December is a holiday, Monday 7 a bridge that no law knows.
    assert_eq!(office.openness(at("2026-12-07 10:00")), open(at("2026-12-07 18:00")));
    assert_eq!(office.openness(at("2026-12-08 10:00")), closed(at("2026-12-07 18:00"), at("2026-12-09 09:00")));
}

#[test]
fn an_override_stands_above_an_exception_that_above_an_own_day_that_above_the_country_that_above_the_week() {
    let at = |text| local(Buenos_Aires, text);
    let noon = at("2026-12-25 12:00");
    let mut office = office(Buenos_Aires);
    assert!(office.openness(noon).is_open(), "a Friday");
    office.holidays.country = Some(Country::Ar);
    assert!(!office.openness(noon).is_open());
    office.holidays.days = vec![own("2026-12-25", false, &[(660, 780)])];
    assert_eq!(office.openness(noon), open(at("2026-12-25 13:00")));
    office.exceptions = vec![exception("2026-12-25", &[])];
    assert!(!office.openness(noon).is_open());
    let by_hand = |open| Override {
        open,
        from: at("2026-12-25 11:00"),
        until: Some(at("2026-12-25 15:00")),
        reason: "x".to_owned(),
        by: None,
    };
    office.override_ = Some(by_hand(true));
    assert_eq!(office.openness(noon), open(at("2026-12-25 15:00")));
}

#[test]
fn single_holidays_are_switched_off_and_optional_ones_on() {
    let mut office = keeping(Country::Ar, vec![]);
    let at = |text| local(Buenos_Aires, text);
    assert!(!office.openness(at("2026-04-02 10:00")).is_open(), "2 April");
    office.holidays.switched = [("malvinas".to_owned(), false)].into();
    assert!(office.openness(at("2026-04-02 10:00")).is_open(), "Maundy Thursday is optional");
    office.holidays.switched.insert("maundy_thursday".to_owned(), true);
    assert!(!office.openness(at("2026-04-02 10:00")).is_open());
    let kept: Vec<_> = office.year_of_holidays(2026).into_iter().filter(|day| day.date.to_string() == "2026-04-02").collect();
    assert_eq!(kept.iter().map(|day| day.on).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn holidays_cut_the_night_before_and_far_ones_are_found() {
    let mut always = every_day(Buenos_Aires, 0, 1440);
    always.holidays = Holidays { country: Some(Country::Ar), ..Holidays::default() };
    let at = |text| local(Buenos_Aires, text);
    assert_eq!(always.openness(at("2026-07-11 10:00")), open(at("2026-08-17 00:00")));
    assert_eq!(always.openness(at("2026-08-17 10:00")), closed(at("2026-08-17 00:00"), at("2026-08-18 00:00")));
    let mut night = every_day(Buenos_Aires, 22 * 60, 6 * 60);
    night.holidays = always.holidays;
    assert_eq!(night.openness(at("2026-12-24 23:00")), open(at("2026-12-25 00:00")));
    let mut never = schedule(Buenos_Aires, &[]);
    never.holidays =
        Holidays { country: Some(Country::Ar), switched: Default::default(), days: vec![own("2000-02-29", true, &[(540, 600)])] };
    assert_eq!(never.openness(at("2026-12-24 23:00")), closed(at("2024-02-29 10:00"), at("2028-02-29 09:00")));
    // Three Mondays in a row are holidays in June 2020.
    let mut mondays = schedule(Buenos_Aires, &[(Weekday::Mon, 540, 600)]);
    mondays.holidays.country = Some(Country::Co);
    assert_eq!(mondays.openness(at("2020-06-08 11:00")).until(), Some(at("2020-07-06 09:00")));
    // A holiday of five weeks.
    let mut office = office(Buenos_Aires);
    let weeks = (0..35).map(|day| own("2027-01-02", false, &[]).date + TimeDelta::days(day));
    office.holidays.days = weeks.map(|date| OwnDay { date, ..own("2027-01-01", false, &[]) }).collect();
    assert_eq!(office.openness(at("2027-01-10 10:00")), closed(at("2027-01-01 18:00"), at("2027-02-08 09:00")));
}

#[test]
fn days_of_a_preview_say_why() {
    let mut office = keeping(Country::Ar, vec![own("2026-12-24", false, &[(540, 780)])]);
    office.exceptions = vec![exception("2026-12-26", &[(600, 660)])];
    let days = office.days("2026-12-23".parse().unwrap(), 5);
    let plain: Vec<_> =
        days.iter().map(|day| (day.hours.len(), matches!(day.why, Why::Holiday(_)), day.why == Why::Exception)).collect();
    assert_eq!(plain, [(1, false, false), (1, true, false), (0, true, false), (1, false, true), (0, false, false)]);
}

#[test]
fn sao_paulo_when_it_had_summer_time() {
    // 2018-11-04: the hour after midnight is missing, midnight becomes 01:00 at 03:00 UTC.
    let sunday = schedule(Sao_Paulo, &[(Weekday::Sun, 0, 120)]);
    assert_eq!(sunday.openness(utc("2018-11-04 02:59")).until(), Some(utc("2018-11-04 03:00")));
    assert_eq!(sunday.openness(utc("2018-11-04 03:00")), open(utc("2018-11-04 04:00")));
    // Over midnight into it: 22:00 to 06:00 is an hour shorter.
    let night = every_day(Sao_Paulo, 1320, 360);
    assert_eq!(night.openness(utc("2018-11-04 01:00")), open(utc("2018-11-04 08:00")));
    // 2018-02-18: the last hour of Saturday is repeated, midnight becomes 23:00 at 02:00 UTC.
    let evening = schedule(Sao_Paulo, &[(Weekday::Sat, 1380, 1440)]);
    assert_eq!(evening.openness(utc("2018-02-18 01:30")), open(utc("2018-02-18 02:00")));
    assert!(!evening.openness(utc("2018-02-18 02:30")).is_open());
    // Since 2019 there is none.
    assert_eq!(every_day(Sao_Paulo, 540, 1080).openness(utc("2026-11-04 12:00")), open(utc("2026-11-04 21:00")));
}

#[test]
fn buenos_aires_in_its_two_summers() {
    let office = every_day(Buenos_Aires, 540, 1080);
    // Two hours behind Greenwich from 2008-10-19 to 2009-03-15, three before and after.
    assert_eq!(office.openness(utc("2008-10-18 13:00")), open(utc("2008-10-18 21:00")));
    assert_eq!(office.openness(utc("2008-10-19 13:00")), open(utc("2008-10-19 20:00")));
    assert_eq!(office.openness(utc("2009-03-15 13:00")), open(utc("2009-03-15 21:00")));
    // 00:30 of 2008-10-19 does not exist; 23:30 of 2009-03-14 exists twice and counts once.
    let early = schedule(Buenos_Aires, &[(Weekday::Sun, 30, 90)]);
    assert_eq!(early.openness(utc("2008-10-19 03:00")), open(utc("2008-10-19 03:30")));
    let late = schedule(Buenos_Aires, &[(Weekday::Sat, 1410, 1440)]);
    assert_eq!(late.openness(utc("2009-03-15 01:30")), open(utc("2009-03-15 02:00")));
    assert!(!late.openness(utc("2009-03-15 02:45")).is_open());
}

#[test]
fn over_midnight_into_a_change() {
    // Madrid: 2026-03-29 is an hour shorter, 2026-10-25 an hour longer.
    let night = every_day(Madrid, 1320, 360);
    assert_eq!(night.openness(local(Madrid, "2026-03-28 23:00")), open(utc("2026-03-29 04:00")));
    assert_eq!(night.openness(local(Madrid, "2026-10-24 23:00")), open(utc("2026-10-25 05:00")));
    // Santiago: midnight of 2026-09-06 is missing, the hour before midnight of 2026-04-05 comes twice.
    let night = every_day(Santiago, 1320, 360);
    assert_eq!(night.openness(utc("2026-09-06 03:00")), open(utc("2026-09-06 09:00")));
    assert_eq!(night.openness(utc("2026-04-05 02:00")), open(utc("2026-04-05 10:00")));
    let to_midnight = every_day(Santiago, 1320, 1440);
    assert_eq!(to_midnight.openness(utc("2026-09-06 03:00")), open(utc("2026-09-06 04:00")));
}

#[test]
fn the_next_opening_of_an_open_office_is_after_its_closing() {
    let office = keeping(Country::Ar, vec![]);
    let at = |text| local(Buenos_Aires, text);
    assert_eq!(office.next_opening(at("2026-11-20 12:00")), Some(at("2026-11-24 09:00")));
    assert_eq!(office.next_opening(at("2026-11-20 19:00")), Some(at("2026-11-24 09:00")));
    assert_eq!(every_day(UTC, 0, 1440).next_opening(utc("2026-11-20 12:00")), None);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let with = |holidays| Schedule { holidays, ..office(UTC) }.validate().map_err(|error| error.code());
    let days = |days| Holidays { days, ..Holidays::default() };
    assert_eq!(with(days(vec![own("2026-12-24", false, &[]), own("2026-12-24", true, &[])])), Ok(()));
    assert_eq!(with(days(vec![own("2026-12-24", true, &[]), own("2025-12-24", true, &[])])), Err("schedule_own_day_twice"));
    assert_eq!(with(days(vec![own("0026-12-24", true, &[])])), Err("schedule_own_day_date"));
    assert_eq!(with(days(vec![own("2026-12-24", true, &[(0, 1441)])])), Err("schedule_hours"));
    assert_eq!(with(days(vec![OwnDay { name: " ".to_owned(), ..own("2026-12-24", true, &[]) }])), Err("schedule_own_day_name"));
    let many = (0..501)
        .map(|day| OwnDay { date: own("2026-12-24", true, &[]).date + TimeDelta::days(day), ..own("2026-12-24", false, &[]) });
    assert_eq!(with(days(many.collect())), Err("schedule_too_many_own_days"));
    let switched = |country, key: &str| Holidays { country, switched: [(key.to_owned(), false)].into(), days: vec![] };
    assert_eq!(with(switched(Some(Country::Cl), "navy")), Ok(()));
    assert_eq!(with(switched(Some(Country::Cl), "malvinas")), Err("schedule_holiday_unknown"));
    assert_eq!(with(switched(None, "navy")), Err("schedule_holiday_unknown"));
}
