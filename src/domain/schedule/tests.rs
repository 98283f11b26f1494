use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::{
    Africa::Casablanca,
    America::{Argentina::Buenos_Aires, Asuncion, New_York, Santiago, Sao_Paulo},
    Australia::Lord_Howe,
    Europe::Madrid,
    Pacific::Apia,
    UTC,
};
use proptest::{prelude::*, sample::select};

use super::*;

mod known;

const MINUTE: Duration = Duration::from_secs(60);

fn schedule(zone: Tz, weekly: &[(Weekday, u16, u16)]) -> Schedule {
    Schedule {
        id: ScheduleId::NIL,
        client: ClientId::NIL,
        name: "Office".to_owned(),
        zone,
        weekly: weekly.iter().map(|&(day, start, end)| Interval { day, start, end }).collect(),
        exceptions: vec![],
        holidays: Holidays::default(),
        override_: None,
    }
}

const WORKING_DAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

fn office(zone: Tz) -> Schedule {
    schedule(zone, &WORKING_DAYS.map(|day| (day, 9 * 60, 18 * 60)))
}

fn every_day(zone: Tz, start: u16, end: u16) -> Schedule {
    schedule(zone, &[0, 1, 2, 3, 4, 5, 6].map(|day| (Weekday::try_from(day).unwrap(), start, end)))
}

fn exception(date: &str, intervals: &[(u16, u16)]) -> Exception {
    let intervals = intervals.iter().map(|&(start, end)| Hours { start, end }).collect();
    Exception { date: date.parse().unwrap(), intervals }
}

/// A moment in UTC, `2026-11-22 13:05`.
fn utc(text: &str) -> Timestamp {
    Timestamp::from_chrono(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc())
}

/// The first moment at which clocks in the zone show this.
fn local(zone: Tz, text: &str) -> Timestamp {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    Timestamp::from_chrono(zone.from_local_datetime(&local).earliest().unwrap().to_utc())
}

fn open(until: Timestamp) -> Openness {
    Openness::Open { until: Some(until) }
}

fn closed(since: Timestamp, until: Timestamp) -> Openness {
    Openness::Closed { since: Some(since), until: Some(until) }
}

#[test]
fn hours_include_their_start_and_not_their_end() {
    let office = office(Madrid);
    let at = |text| local(Madrid, text);
    assert_eq!(office.openness(at("2026-03-03 09:00")), open(at("2026-03-03 18:00")));
    assert_eq!(office.openness(at("2026-03-03 17:59")), open(at("2026-03-03 18:00")));
    assert_eq!(office.openness(at("2026-03-03 18:00")), closed(at("2026-03-03 18:00"), at("2026-03-04 09:00")));
    assert_eq!(office.openness(at("2026-03-03 08:59")), closed(at("2026-03-02 18:00"), at("2026-03-03 09:00")));
}

#[test]
fn over_a_weekend_it_is_closed_from_friday_to_monday() {
    let at = |text| local(Buenos_Aires, text);
    let friday_to_monday = closed(at("2026-11-20 18:00"), at("2026-11-23 09:00"));
    assert_eq!(office(Buenos_Aires).openness(at("2026-11-22 12:00")), friday_to_monday);
}

#[test]
fn intervals_cross_midnight_and_the_end_of_the_week() {
    let night = schedule(UTC, &[(Weekday::Sun, 22 * 60, 6 * 60)]);
    let (opens, closes) = (utc("2026-11-22 22:00"), utc("2026-11-23 06:00"));
    assert_eq!(night.openness(utc("2026-11-22 23:00")), open(closes));
    assert_eq!(night.openness(utc("2026-11-23 05:59")), open(closes));
    assert_eq!(night.openness(closes), closed(closes, utc("2026-11-29 22:00")));
    assert_eq!(night.openness(utc("2026-11-22 21:59")), closed(utc("2026-11-16 06:00"), opens));
}

#[test]
fn intervals_that_touch_or_overlap_are_one() {
    let split =
        schedule(UTC, &[(Weekday::Mon, 600, 720), (Weekday::Mon, 540, 610), (Weekday::Mon, 720, 1440), (Weekday::Tue, 0, 60)]);
    assert_eq!(split.openness(utc("2026-11-23 09:00")), open(utc("2026-11-24 01:00")));
}

#[test]
fn a_week_without_a_gap_never_closes_and_one_without_intervals_never_opens() {
    for zone in [UTC, Santiago, Lord_Howe, Apia] {
        assert_eq!(every_day(zone, 0, 1440).openness(utc("2026-11-22 12:00")), Openness::ALWAYS);
        assert_eq!(every_day(zone, 540, 540).openness(utc("2026-11-22 12:00")), Openness::ALWAYS);
    }
    let never = Openness::Closed { since: None, until: None };
    assert_eq!(schedule(UTC, &[]).openness(utc("2026-11-22 12:00")), never);
}

#[test]
fn an_exception_replaces_the_hours_of_its_date() {
    let mut office = office(Madrid);
    office.exceptions = vec![exception("2026-12-24", &[(540, 780)]), exception("2026-12-25", &[])];
    let at = |text| local(Madrid, text);
    assert_eq!(office.openness(at("2026-12-24 10:00")), open(at("2026-12-24 13:00")));
    assert_eq!(office.openness(at("2026-12-25 10:00")), closed(at("2026-12-24 13:00"), at("2026-12-28 09:00")));
}

#[test]
fn an_exception_alone_decides_about_its_date_and_may_reach_into_the_next() {
    let mut night = every_day(UTC, 22 * 60, 6 * 60);
    night.exceptions = vec![exception("2026-12-25", &[])];
    assert_eq!(night.openness(utc("2026-12-24 23:00")), open(utc("2026-12-25 00:00")), "closed all day begins at midnight");
    assert_eq!(night.openness(utc("2026-12-25 05:00")), closed(utc("2026-12-25 00:00"), utc("2026-12-26 22:00")));
    night.exceptions = vec![exception("2026-12-25", &[(23 * 60, 60)])];
    assert_eq!(night.openness(utc("2026-12-25 23:30")), open(utc("2026-12-26 01:00")));
}

#[test]
fn a_change_years_away_is_found_in_both_directions() {
    let mut always = every_day(Madrid, 0, 1440);
    always.exceptions = vec![exception("2022-08-15", &[]), exception("2031-08-15", &[])];
    let at = |text| local(Madrid, text);
    assert_eq!(always.openness(at("2026-01-01 00:00")), open(at("2031-08-15 00:00")));
    let mut never = schedule(Madrid, &[]);
    never.exceptions = vec![exception("2022-08-15", &[(540, 600)]), exception("2031-08-15", &[(540, 600)])];
    assert_eq!(never.openness(at("2026-01-01 00:00")), closed(at("2022-08-15 10:00"), at("2031-08-15 09:00")));
}

#[test]
fn a_manual_override_stands_above_all_until_it_ends() {
    let mut office = office(UTC);
    office.exceptions = vec![exception("2026-11-23", &[(600, 660)])];
    let (from, until) = (utc("2026-11-23 10:30"), utc("2026-11-24 12:00"));
    office.override_ = Some(Override { open: false, from, until: Some(until), reason: "Fire drill".to_owned(), by: None });
    assert_eq!(office.openness(utc("2026-11-23 10:15")), open(from));
    assert_eq!(office.openness(from), closed(from, until));
    assert_eq!(office.openness(until), open(utc("2026-11-24 18:00")));
}

#[test]
fn an_override_that_ends_into_its_own_state_changes_nothing_there() {
    let mut office = office(UTC);
    let (from, until) = (utc("2026-11-23 17:00"), utc("2026-11-23 20:00"));
    office.override_ = Some(Override { open: false, from, until: Some(until), reason: "Power cut".to_owned(), by: None });
    assert_eq!(office.openness(utc("2026-11-23 19:00")), closed(from, utc("2026-11-24 09:00")));
    office.override_ = Some(Override { open: true, from, until: None, reason: "Long night".to_owned(), by: None });
    assert_eq!(office.openness(utc("2026-11-23 19:00")), Openness::ALWAYS);
    assert_eq!(office.openness(utc("2026-11-23 16:00")), Openness::ALWAYS, "the closing at 18:00 is overridden");
}

#[test]
fn a_start_that_does_not_exist_moves_forward() {
    let sunday = schedule(Madrid, &[(Weekday::Sun, 150, 300)]);
    // 2026-03-29, 02:00 becomes 03:00 at 01:00 UTC.
    assert_eq!(sunday.openness(utc("2026-03-29 00:59")).until(), Some(utc("2026-03-29 01:00")));
    assert_eq!(sunday.openness(utc("2026-03-29 01:00")), open(utc("2026-03-29 03:00")));
    // In Santiago the hour after midnight is missing, 2026-09-06.
    let midnight = schedule(Santiago, &[(Weekday::Sun, 0, 120)]);
    assert_eq!(midnight.openness(utc("2026-09-06 03:59")).until(), Some(utc("2026-09-06 04:00")));
    assert_eq!(midnight.openness(utc("2026-09-06 04:00")), open(utc("2026-09-06 05:00")));
}

#[test]
fn an_interval_inside_the_missing_hour_is_left_out_once() {
    let short = schedule(Madrid, &[(Weekday::Sun, 130, 160)]);
    let at = |text| local(Madrid, text);
    assert_eq!(short.openness(at("2026-03-29 00:00")), closed(at("2026-03-22 02:40"), at("2026-04-05 02:10")));
}

#[test]
fn a_repeated_hour_counts_once_the_first() {
    // 2026-10-25, 03:00 becomes 02:00 at 01:00 UTC.
    let the_hour = schedule(Madrid, &[(Weekday::Sun, 120, 180)]);
    assert_eq!(the_hour.openness(utc("2026-10-25 00:00")), open(utc("2026-10-25 01:00")));
    assert_eq!(the_hour.openness(utc("2026-10-25 01:30")).until(), Some(local(Madrid, "2026-11-01 02:00")));
    let to_its_middle = schedule(Madrid, &[(Weekday::Sun, 0, 150)]);
    assert_eq!(to_its_middle.openness(utc("2026-10-25 00:00")), open(utc("2026-10-25 00:30")));
    assert!(!to_its_middle.openness(utc("2026-10-25 01:15")).is_open());
    // In Santiago the last hour of 2026-04-04 is repeated.
    let evening = schedule(Santiago, &[(Weekday::Sat, 1380, 1440)]);
    assert_eq!(evening.openness(utc("2026-04-05 02:00")), open(utc("2026-04-05 03:00")));
    assert!(!evening.openness(utc("2026-04-05 03:30")).is_open());
}

#[test]
fn what_is_open_beyond_a_repeated_hour_stays_open_through_it() {
    let whole_night = schedule(Madrid, &[(Weekday::Sun, 60, 180), (Weekday::Sun, 180, 300)]);
    assert_eq!(whole_night.openness(utc("2026-10-24 23:00")), open(utc("2026-10-25 04:00")));
    let from_its_middle = schedule(Madrid, &[(Weekday::Sun, 150, 300)]);
    assert_eq!(from_its_middle.openness(utc("2026-10-25 00:30")), open(utc("2026-10-25 04:00")));
}

#[test]
fn a_date_that_a_zone_skipped_is_skipped() {
    // Samoa went from 2011-12-29 to 2011-12-31.
    let fridays = schedule(Apia, &[(Weekday::Fri, 540, 1080)]);
    assert_eq!(fridays.openness(local(Apia, "2011-12-29 12:00")).until(), Some(local(Apia, "2012-01-06 09:00")));
}

#[test]
fn the_ends_of_time_are_no_danger() {
    for micros in [i64::MIN, i64::MIN / 2, 0, i64::MAX / 2, i64::MAX] {
        let mut schedule = office(Santiago);
        schedule.exceptions = vec![exception("1000-01-01", &[]), exception("9999-12-31", &[(0, 1)])];
        schedule.openness(Timestamp::from_micros(micros));
    }
}

#[test]
fn the_stored_form_is_plain_and_strict() {
    let mut stored = office(Sao_Paulo);
    stored.weekly.truncate(1);
    stored.exceptions = vec![exception("2026-12-25", &[])];
    stored.override_ =
        Some(Override { open: false, from: Timestamp::from_micros(1), until: None, reason: "Flood".to_owned(), by: None });
    let json = serde_json::to_value(&stored).unwrap();
    let expected = serde_json::json!({
        "id": "00000000-0000-0000-0000-000000000000",
        "client": "00000000-0000-0000-0000-000000000000",
        "name": "Office",
        "zone": "America/Sao_Paulo",
        "weekly": [{ "day": "Mon", "start": 540, "end": 1080 }],
        "exceptions": [{ "date": "2026-12-25", "intervals": [] }],
        "override": { "open": false, "from": 1, "until": null, "reason": "Flood" },
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<Schedule>(json.clone()).unwrap(), stored);
    for (key, value) in [("zone", "Mars/Olympus"), ("closed", "Sun")] {
        let mut wrong = json.clone();
        wrong[key] = value.into();
        assert!(serde_json::from_value::<Schedule>(wrong).is_err(), "{key}");
    }
}

#[test]
fn validation_says_what_is_wrong() {
    let changed = |change: fn(&mut Schedule)| {
        let mut schedule = office(UTC);
        change(&mut schedule);
        schedule.validate().map_err(|error| (error.code(), error.to_string()))
    };
    let refused = |code, message: &str| Err((code, message.to_owned()));
    assert_eq!(changed(|_| {}), Ok(()));
    assert_eq!(changed(|s| s.name = "  ".to_owned()), refused("schedule_name", "the name needs 1 to 120 characters"));
    let beyond = "from minute 540 to minute 1441 is not within a day: 0 to 1439, and 1 to 1440 for the end";
    assert_eq!(changed(|s| s.weekly[0].end = 1441), refused("schedule_hours", beyond));
    assert!(changed(|s| s.weekly[0].end = 0).is_err());
    assert!(changed(|s| s.weekly[0].start = 1440).is_err());
    assert!(changed(|s| s.exceptions = vec![exception("2026-12-25", &[(0, 1500)])]).is_err());
    let twice = "there are two exceptions for 2026-12-25";
    assert_eq!(
        changed(|s| s.exceptions = vec![exception("2026-12-25", &[]), exception("2026-12-25", &[(0, 1)])]),
        refused("schedule_exception_twice", twice)
    );
    assert_eq!(
        changed(|s| s.exceptions = vec![exception("0026-12-25", &[])]),
        refused("schedule_exception_date", "the date 0026-12-25 is not in the years 1000 to 9999")
    );
    let many = "there are 101 intervals, at most 100 are possible";
    assert_eq!(changed(|s| s.weekly = vec![s.weekly[0]; 101]), refused("schedule_too_many_intervals", many));
    let at = Timestamp::from_micros;
    let override_ = move |until, reason: &str| Override { open: true, from: at(5), until, reason: reason.to_owned(), by: None };
    let with = |override_| Schedule { override_: Some(override_), ..office(UTC) }.validate();
    assert_eq!(with(override_(Some(at(5)), "why")), Err(ScheduleError::OverrideEmpty));
    assert_eq!(with(override_(None, "")), Err(ScheduleError::OverrideReason));
    assert_eq!(with(override_(Some(at(6)), "why")), Ok(()));
}

/// The same rules said in another way, minute by minute: what the clocks show is looked up in the week, and of a repeated
/// time only what is open on both sides of its end is open.
fn is_open_by_the_clock(schedule: &Schedule, at: Timestamp) -> bool {
    if let Some(override_) = schedule.override_.as_ref().filter(|override_| override_.is_in_force(at)) {
        return override_.open;
    }
    let wall = |at: Timestamp| at.to_chrono().with_timezone(&schedule.zone).naive_local();
    let shown = wall(at);
    let first = schedule.zone.from_local_datetime(&shown).earliest().unwrap();
    if Timestamp::from_chrono(first.to_utc()) == at {
        return has_minute(schedule, shown);
    }
    let mut turned_back = at;
    while wall(turned_back - MINUTE) < wall(turned_back) {
        turned_back = turned_back - MINUTE;
    }
    let last_of_first_time = wall(turned_back - MINUTE);
    has_minute(schedule, last_of_first_time) && has_minute(schedule, last_of_first_time + TimeDelta::minutes(1))
}

fn has_minute(schedule: &Schedule, wall: NaiveDateTime) -> bool {
    let date = wall.date();
    let minute = u16::try_from(wall.num_seconds_from_midnight() / 60).unwrap();
    let special = |date: NaiveDate| {
        let year = chrono::Datelike::year(&date);
        let exception = schedule.exceptions.iter().find(|exception| exception.date == date);
        let own = schedule.holidays.days.iter().find(|day| day.in_year(year) == Some(date));
        let keeps = |holiday: &&Holiday| schedule.holidays.keeps(holiday.key, holiday.optional);
        let is_holiday = |country: Country| country.holidays(year).iter().filter(keeps).any(|holiday| holiday.date == date);
        let of_country = schedule.holidays.country.filter(|country| is_holiday(*country)).map(|_| Vec::new());
        exception.map(|exception| exception.intervals.clone()).or(own.map(|day| day.intervals.clone())).or(of_country)
    };
    let hours_of = |date: NaiveDate| match special(date) {
        Some(hours) => hours,
        None => {
            let day = chrono::Datelike::weekday(&date);
            schedule.weekly.iter().filter(|interval| interval.day == day).map(|interval| interval.hours()).collect()
        }
    };
    let crosses = |hours: &Hours| hours.end <= hours.start;
    let today = hours_of(date).iter().any(|hours| minute >= hours.start && (crosses(hours) || minute < hours.end));
    let yesterday = || hours_of(date.pred_opt().unwrap()).iter().any(|hours| crosses(hours) && minute < hours.end);
    today || (special(date).is_none() && yesterday())
}

/// Clock changes: the moment in UTC.
const CHANGES: [(Tz, &str); 18] = [
    (Buenos_Aires, "2008-03-16 02:00"),
    (Buenos_Aires, "2008-10-19 03:00"),
    (Buenos_Aires, "2009-03-15 02:00"),
    (Buenos_Aires, "2007-12-30 03:00"),
    (Santiago, "2026-04-05 03:00"),
    (Santiago, "2026-09-06 04:00"),
    (Sao_Paulo, "2018-02-18 02:00"),
    (Sao_Paulo, "2018-11-04 03:00"),
    (Madrid, "2026-03-29 01:00"),
    (Madrid, "2026-10-25 01:00"),
    (New_York, "2026-03-08 07:00"),
    (New_York, "2026-11-01 06:00"),
    (Casablanca, "2026-02-15 02:00"),
    (Casablanca, "2026-03-22 02:00"),
    (Asuncion, "2023-03-26 03:00"),
    (Asuncion, "2023-10-01 04:00"),
    (Lord_Howe, "2026-04-04 15:00"),
    (Lord_Howe, "2026-10-03 15:30"),
];

#[test]
fn the_clock_changes_of_these_tests_are_clock_changes() {
    let offset = |zone: Tz, at: Timestamp| chrono::Offset::fix(&zone.offset_from_utc_datetime(&at.to_chrono().naive_utc()));
    for (zone, at) in CHANGES {
        assert_ne!(offset(zone, utc(at) - MINUTE), offset(zone, utc(at)), "{zone} {at}");
    }
}

/// Minutes are multiples of this, so that looking every so many minutes misses nothing.
const STEP: u16 = 10;

fn hours() -> impl Strategy<Value = Hours> {
    // Half of the times lie around the hours at which clocks change.
    let minute = || prop_oneof![0_u16..24, 0_u16..144, 132_u16..144].prop_map(|step| step * STEP);
    (minute(), minute()).prop_map(|(start, end)| Hours { start, end: if end == 0 { 1440 } else { end } })
}

fn any_schedule(zone: Tz, near: Timestamp) -> impl Strategy<Value = Schedule> {
    let weekly = prop::collection::vec((0_u8..7, hours()), 0..8);
    let exceptions = prop::collection::btree_map(-3_i64..4, prop::collection::vec(hours(), 0..3), 0..3);
    let override_ = prop::option::weighted(0.2, (any::<bool>(), -300_i64..300, prop::option::of(1_i64..600)));
    let days = prop::collection::btree_map(-3_i64..4, (any::<bool>(), prop::collection::vec(hours(), 0..3)), 0..3);
    let country = prop::option::of(select(&Country::ALL[..]));
    (weekly, exceptions, override_, days, country).prop_map(move |(weekly, exceptions, override_, days, country)| {
        let steps = |steps: i64| Timestamp::from_micros(near.micros() + steps * i64::from(STEP) * 60_000_000);
        let date = |days| wall_time::date(zone, near) + TimeDelta::days(days);
        Schedule {
            weekly: weekly
                .into_iter()
                .map(|(day, Hours { start, end })| Interval { day: Weekday::try_from(day).unwrap(), start, end })
                .collect(),
            exceptions: exceptions.into_iter().map(|(days, intervals)| Exception { date: date(days), intervals }).collect(),
            holidays: Holidays {
                country,
                switched: country
                    .map(|_| ("good_friday".to_owned(), false))
                    .filter(|(key, _)| country.unwrap().has(key))
                    .into_iter()
                    .collect(),
                days: days
                    .into_iter()
                    .map(|(days, (yearly, intervals))| OwnDay { date: date(days), yearly, name: "Own".to_owned(), intervals })
                    .collect(),
            },
            override_: override_.map(|(open, from, length)| Override {
                open,
                from: steps(from),
                until: length.map(|length| steps(from + length)),
                reason: "test".to_owned(),
                by: None,
            }),
            ..schedule(zone, &[])
        }
    })
}

fn schedule_near_a_clock_change() -> impl Strategy<Value = (Schedule, Timestamp)> {
    (select(&CHANGES[..]), -288_i64..288).prop_flat_map(|((zone, change), steps)| {
        let at = Timestamp::from_micros(utc(change).micros() + steps * i64::from(STEP) * 60_000_000);
        (any_schedule(zone, utc(change)), Just(at))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Looked at every few minutes for five days in both directions.
    #[test]
    fn changes_are_exactly_where_the_clocks_say((schedule, at) in schedule_near_a_clock_change()) {
        prop_assert_eq!(schedule.validate(), Ok(()));
        let openness = schedule.openness(at);
        let step = MINUTE * u32::from(STEP);
        let steps = 5 * 24 * 60 / u32::from(STEP);
        prop_assert_eq!(openness.is_open(), is_open_by_the_clock(&schedule, at));
        let differs = |moment: &Timestamp| is_open_by_the_clock(&schedule, *moment) != openness.is_open();
        let next = (1..=steps).map(|n| at + step * n).find(differs);
        prop_assert_eq!(openness.until().filter(|until| *until <= at + step * steps), next);
        if let Openness::Closed { since, .. } = openness {
            let last = (1..=steps).map(|n| at - step * n).find(differs).map(|moment| moment + step);
            prop_assert_eq!(since.filter(|since| *since > at - step * steps), last);
        }
    }

    /// To the minute: times that are no multiples of anything, for a day and a half on both sides.
    #[test]
    fn every_minute_is_as_the_clocks_say((mut schedule, at) in schedule_near_a_clock_change(), odd in 0_u16..9) {
        for interval in &mut schedule.weekly {
            interval.start += odd;
        }
        let (mut moment, end) = (at - MINUTE * (36 * 60), at + MINUTE * (36 * 60));
        let mut change = None;
        let mut open = schedule.openness(moment).is_open();
        while moment < end {
            if change.is_none_or(|change| change <= moment) {
                let openness = schedule.openness(moment);
                open = openness.is_open();
                change = openness.until().or(Some(end));
            }
            prop_assert_eq!(open, is_open_by_the_clock(&schedule, moment), "{} {:?}", moment, schedule);
            moment = moment + MINUTE;
        }
    }

    /// From change to change through weeks: it flips at each, to the microsecond, and a closed period knows its start.
    #[test]
    fn every_change_is_a_flip_and_the_next_answer_begins_there((schedule, at) in schedule_near_a_clock_change()) {
        let mut before = schedule.openness(at);
        for _ in 0..20 {
            let Some(change) = before.until() else { break };
            prop_assert_eq!(schedule.openness(change - wall_time::TICK).until(), Some(change));
            let after = schedule.openness(change);
            prop_assert_ne!(after.is_open(), before.is_open());
            prop_assert!(after.until().is_none_or(|next| next > change));
            if let Openness::Closed { since, .. } = after {
                prop_assert_eq!(since, Some(change));
            }
            before = after;
        }
    }

    #[test]
    fn the_stored_form_comes_back((schedule, _) in schedule_near_a_clock_change()) {
        let json = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }
}
