//! Days of one's own from a calendar file (iCalendar, RFC 5545): whole-day events. Every event is taken or refused by itself, with
//! the reason; nothing is guessed.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate};
use icalendar::parser::{Component, Property, read_components, unfold};
use serde::Serialize;

use super::{MAX_OWN_DAYS, MAX_TEXT_CHARACTERS, OwnDay};

/// The longest file, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;
/// The longest event, in bytes, and how deep things may lie within it: alarms do.
const MAX_EVENT_BYTES: usize = 16 * 1024;
const MAX_PARTS: usize = 8;
/// The most days of one event.
const MAX_DAYS: u64 = 31;
/// What ends earlier than a year before today is over.
const YEARS_BACK: i32 = 1;
/// Events looked at; the rest is only counted.
const MAX_EVENTS: usize = 5_000;

/// Why an event gives no days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum NotTaken {
    /// It cannot be read.
    Damaged,
    /// It has a time of day: a meeting, no holiday.
    NotWholeDay,
    /// It lasts longer than a month.
    TooLong,
    /// It was called off, or is marked as one on which people are free.
    CalledOff,
    /// It repeats in another way than every year on the same day of the same month.
    Repeats,
    /// It is over.
    Past,
    /// An event of the file before it has this date already.
    Duplicate,
    /// There is no room for more.
    TooMany,
}

/// What a file gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// In order of dates.
    pub days: Vec<OwnDay>,
    /// Events that give no days, as the file calls them.
    pub not_taken: Vec<(String, NotTaken)>,
}

/// The days of a calendar file. None: it is no calendar.
pub fn read(text: &str, today: NaiveDate) -> Option<Read> {
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    if text.len() > MAX_BYTES || !unfolded.lines().any(|line| line.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return None;
    }
    let (mut read, mut known) = (Read::default(), BTreeSet::new());
    for (number, event) in events(&unfolded).into_iter().enumerate() {
        let summary = if number < MAX_EVENTS { days_of(&event, today) } else { Err((String::new(), NotTaken::TooMany)) };
        let (name, days) = match summary {
            Ok(found) => found,
            Err(refused) => {
                read.not_taken.push(refused);
                continue;
            }
        };
        let is_known = |day: &OwnDay| known.contains(&(day.yearly, day.date));
        if days.iter().all(is_known) {
            read.not_taken.push((name, NotTaken::Duplicate));
        } else if read.days.len() + days.len() > MAX_OWN_DAYS {
            read.not_taken.push((name, NotTaken::TooMany));
        } else {
            read.days.extend(days.into_iter().filter(|day| known.insert((day.yearly, day.date))));
        }
    }
    read.days.sort_by_key(|day| day.date);
    Some(read)
}

/// The text of every event. They are cut out here, so that a damaged one spoils no other.
fn events(text: &str) -> Vec<String> {
    let (mut events, mut open) = (Vec::new(), None::<String>);
    for line in text.lines().map(str::trim_end) {
        if line.eq_ignore_ascii_case("BEGIN:VEVENT") {
            events.extend(open.replace("BEGIN:VEVENT\r\n".to_owned()));
        } else if line.eq_ignore_ascii_case("END:VEVENT") {
            events.extend(open.take().map(|event| event + "END:VEVENT\r\n"));
        } else if let Some(event) = &mut open
            && event.len() <= MAX_EVENT_BYTES
        {
            event.push_str(line);
            event.push_str("\r\n");
        }
    }
    events.extend(open);
    events
}

type Taken = Result<(String, Vec<OwnDay>), (String, NotTaken)>;

fn days_of(event: &str, today: NaiveDate) -> Taken {
    let is_sound = event.len() <= MAX_EVENT_BYTES && event.matches("BEGIN:").count() <= MAX_PARTS;
    let components = if is_sound { read_components(event).unwrap_or_default() } else { Vec::new() };
    let [event] = components.as_slice() else { return Err((name_in(event), NotTaken::Damaged)) };
    let name = event.find_prop("SUMMARY").map(|summary| plain(summary.val.as_str())).unwrap_or_default();
    match days(event, &name, today) {
        Ok(days) => Ok((name, days)),
        Err(why) => Err((name, why)),
    }
}

/// The name of what cannot be read, as far as it can be seen.
fn name_in(event: &str) -> String {
    event.lines().find_map(|line| line.strip_prefix("SUMMARY:")).map(plain).unwrap_or_default()
}

/// Without escapes, control characters and what is too much of it.
fn plain(text: &str) -> String {
    let unescaped = text.replace("\\n", " ").replace("\\N", " ").replace('\\', "");
    let line: String = unescaped.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TEXT_CHARACTERS).collect()
}

fn days(event: &Component<'_>, name: &str, today: NaiveDate) -> Result<Vec<OwnDay>, NotTaken> {
    let value = |key: &str| event.find_prop(key).map(|property| property.val.as_str().trim());
    let is = |key: &str, what: &str| value(key).is_some_and(|value| value.eq_ignore_ascii_case(what));
    if is("STATUS", "CANCELLED") {
        return Err(NotTaken::CalledOff);
    }
    let first = event.find_prop("DTSTART").ok_or(NotTaken::Damaged).and_then(date)?;
    let end = match (event.find_prop("DTEND"), value("DURATION")) {
        (Some(end), _) => date(end)?,
        (None, Some(duration)) => first.checked_add_days(Days::new(whole_days(duration)?)).ok_or(NotTaken::Damaged)?,
        (None, None) => first.succ_opt().ok_or(NotTaken::Damaged)?,
    };
    // Some programs write the same date twice for one day.
    let length = u64::try_from((end - first).num_days()).map_err(|_| NotTaken::Damaged)?.max(1);
    if length > MAX_DAYS {
        return Err(NotTaken::TooLong);
    }
    let oldest = NaiveDate::from_ymd_opt(today.year() - YEARS_BACK, 1, 1).unwrap_or(today);
    let has = |key: &str| event.find_prop(key).is_some();
    let rule = value("RRULE").map(|rule| yearly(rule, first)).transpose()?;
    if has("RDATE") || has("EXDATE") || has("EXRULE") || has("RECURRENCE-ID") {
        return Err(NotTaken::Repeats);
    }
    let name = if name.is_empty() { first.to_string() } else { name.to_owned() };
    let run = |from: NaiveDate, yearly: bool| {
        let name = name.clone();
        from.iter_days().take(length as usize).map(move |date| OwnDay { date, yearly, name: name.clone(), intervals: Vec::new() })
    };
    let days: Vec<OwnDay> = match rule {
        None => run(first, false).collect(),
        Some(None) => run(first, true).collect(),
        Some(Some(last)) => (0..=MAX_YEARS)
            .filter_map(|years| first.checked_add_months(Months::new(12 * years)))
            .take_while(|date| *date <= last)
            .filter(|date| date.day() == first.day() && *date >= oldest)
            .flat_map(|date| run(date, false))
            .collect(),
    };
    let is_sane = |day: &OwnDay| (1000..=9999).contains(&day.date.year());
    if !days.iter().all(is_sane) {
        return Err(NotTaken::Damaged);
    }
    if days.iter().all(|day| !day.yearly && day.date < oldest) { Err(NotTaken::Past) } else { Ok(days) }
}

/// How many years of what repeats with an end are looked through.
const MAX_YEARS: u32 = 200;

/// `20261225`, said to be a date or of the form of one.
fn date(property: &Property<'_>) -> Result<NaiveDate, NotTaken> {
    let text = property.val.as_str().trim();
    if text.len() != 8 {
        return Err(if text.contains('T') { NotTaken::NotWholeDay } else { NotTaken::Damaged });
    }
    NaiveDate::parse_from_str(text, "%Y%m%d").map_err(|_| NotTaken::Damaged)
}

/// `P1D`, `P2W`.
fn whole_days(duration: &str) -> Result<u64, NotTaken> {
    let inside = duration.trim_start_matches('+').strip_prefix('P').ok_or(NotTaken::Damaged)?;
    let count = |unit: char| inside.strip_suffix(unit)?.parse::<u64>().ok();
    match (count('D'), count('W')) {
        (Some(days), _) => Ok(days.min(MAX_DAYS + 1)),
        (None, Some(weeks)) => Ok(weeks.min(MAX_DAYS).saturating_mul(7)),
        (None, None) => Err(NotTaken::NotWholeDay),
    }
}

/// The last day of what repeats every year on its own date; none = it has no end.
fn yearly(rule: &str, first: NaiveDate) -> Result<Option<NaiveDate>, NotTaken> {
    let (mut is_yearly, mut last) = (false, None);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or(NotTaken::Damaged)?;
        match key.to_ascii_uppercase().as_str() {
            "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
            "INTERVAL" if value == "1" => {}
            "WKST" => {}
            "BYMONTH" if value.parse() == Ok(first.month()) => {}
            "BYMONTHDAY" if value.parse() == Ok(first.day()) => {}
            "UNTIL" => {
                let date = value.get(..8).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok());
                last = Some(date.ok_or(NotTaken::Damaged)?);
            }
            "COUNT" => {
                let count: u32 = value.parse().map_err(|_| NotTaken::Damaged)?;
                let years = count.clamp(1, MAX_YEARS) - 1;
                last = Some(first.checked_add_months(Months::new(12 * years)).ok_or(NotTaken::Damaged)?);
            }
            _ => return Err(NotTaken::Repeats),
        }
    }
    if is_yearly { Ok(last) } else { Err(NotTaken::Repeats) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-22".parse().unwrap()
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Feria\r\n{lines}\r\nEND:VEVENT\r\n")
    }

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn one(lines: &str) -> Result<Vec<String>, NotTaken> {
        let read = read(&calendar(&event(lines)), today()).unwrap();
        match read.not_taken.as_slice() {
            [] => Ok(read.days.iter().map(|day| format!("{}{}", day.date, if day.yearly { " yearly" } else { "" })).collect()),
            [(name, why)] => {
                assert_eq!((name.as_str(), read.days.len()), ("Feria", 0));
                Err(*why)
            }
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn whole_days_are_taken() {
        let day = |text: &str| Ok(vec![text.to_owned()]);
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261225"), day("2026-12-24"));
        assert_eq!(one("DTSTART;VALUE=DATE:20261224"), day("2026-12-24"));
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261224"), day("2026-12-24"));
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nDURATION:P2D").unwrap(), ["2026-12-24", "2026-12-25"]);
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY"), day("2026-12-24 yearly"));
        assert_eq!(one("DTSTART;VALUE=DATE:20001224\r\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"), day("2000-12-24 yearly"));
        let counted = one("DTSTART;VALUE=DATE:20241224\r\nRRULE:FREQ=YEARLY;COUNT=4");
        assert_eq!(counted.unwrap(), ["2025-12-24", "2026-12-24", "2027-12-24"]);
        let until = one("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;UNTIL=20271224T000000Z");
        assert_eq!(until.unwrap(), ["2026-12-24", "2027-12-24"]);
    }

    #[test]
    fn what_is_not_taken_has_its_reason() {
        assert_eq!(one("DTSTART:20261224T090000Z\r\nDTEND:20261224T100000Z"), Err(NotTaken::NotWholeDay));
        assert_eq!(one("DTSTART;TZID=Europe/Madrid:20261224T090000"), Err(NotTaken::NotWholeDay));
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20270301"), Err(NotTaken::TooLong));
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nSTATUS:CANCELLED"), Err(NotTaken::CalledOff));
        for rule in ["FREQ=MONTHLY", "FREQ=YEARLY;BYDAY=1MO;BYMONTH=12", "FREQ=YEARLY;INTERVAL=2", "FREQ=YEARLY;BYMONTHDAY=3"] {
            assert_eq!(one(&format!("DTSTART;VALUE=DATE:20261224\r\nRRULE:{rule}")), Err(NotTaken::Repeats), "{rule}");
        }
        assert_eq!(one("DTSTART;VALUE=DATE:20261224\r\nEXDATE;VALUE=DATE:20271224"), Err(NotTaken::Repeats));
        assert_eq!(one("DTSTART;VALUE=DATE:20091224"), Err(NotTaken::Past));
        for damaged in
            ["DTSTART;VALUE=DATE:20261324", "DTEND;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:2026", "nonsense", "DTSTART"]
        {
            assert_eq!(one(damaged), Err(NotTaken::Damaged), "{damaged}");
        }
    }

    #[test]
    fn a_damaged_event_spoils_no_other_and_the_same_date_counts_once() {
        let good = event("DTSTART;VALUE=DATE:20261224\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM");
        let open = "BEGIN:VEVENT\r\nSUMMARY:Feria\r\n";
        let folded = "BEGIN:VEVENT\r\nSUMMARY:Día del \r\n patrono\\, Córdoba\r\nDTSTART;VALUE=DATE:20260930\r\nEND:VEVENT\r\n";
        let file = format!("\u{feff}{}", calendar(&format!("{}{open}{good}{good}{folded}", event("???"))));
        let read = read(&file, today()).unwrap();
        let names: Vec<_> = read.days.iter().map(|day| day.name.as_str()).collect();
        assert_eq!(names, ["Día del patrono, Córdoba", "Feria"]);
        let why: Vec<_> = read.not_taken.iter().map(|(_, why)| *why).collect();
        assert_eq!(why, [NotTaken::Damaged, NotTaken::Damaged, NotTaken::Duplicate]);
    }

    #[test]
    fn no_calendar_is_none_and_hostile_ones_are_bounded() {
        for text in ["", "hello", "<html>", "BEGIN:VEVENT\r\nEND:VEVENT"] {
            assert_eq!(read(text, today()), None, "{text}");
        }
        assert_eq!(read(&calendar(&"x".repeat(MAX_BYTES)), today()), None);
        let nested = "BEGIN:X\r\n".repeat(50_000);
        assert_eq!(read(&calendar(&nested), today()), Some(Read::default()));
        let nested = event(&"BEGIN:X\r\n".repeat(50_000));
        assert_eq!(read(&calendar(&nested), today()).unwrap().not_taken, [("Feria".to_owned(), NotTaken::Damaged)]);
        let many: String = (0..9_000)
            .map(|day| {
                let date = today() + Days::new(day);
                format!("BEGIN:VEVENT\r\nDTSTART:{}\r\nEND:VEVENT\r\n", date.format("%Y%m%d"))
            })
            .collect();
        let read = read(&calendar(&many), today()).unwrap();
        assert_eq!((read.days.len(), read.not_taken.len()), (MAX_OWN_DAYS, 9_000 - MAX_OWN_DAYS));
        assert!(read.not_taken.iter().all(|(_, why)| *why == NotTaken::TooMany));
        for hostile in [
            "DTSTART;VALUE=DATE:99991231\r\nDURATION:P99999999D",
            "DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;COUNT=4294967295",
            "DTSTART;VALUE=DATE:99991231",
            "DTSTART;VALUE=DATE:20261224\r\nDURATION:P99999999999999999999W",
        ] {
            let _ = one(hostile);
        }
    }
}
