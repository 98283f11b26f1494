//! Invitations: the first event of the calendar that a mail brings.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, read_components, unfold};
use serde::Serialize;

use super::{bounds::MAX_CALENDAR_BYTES, clean};

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// What is asked: `REQUEST`, `CANCEL`, `REPLY`, `PUBLISH` …; upper case.
    pub method: String,
    /// The event's own id, by which a change finds it.
    pub uid: String,
    /// What it is called.
    pub summary: String,
    /// Where it is.
    pub location: String,
    /// The address of who invites, or what stands in its place.
    pub organiser: String,
    /// When it begins.
    pub start: When,
    /// When it ends, if it says so by a moment.
    pub end: Option<When>,
    /// It repeats; the times are those of the first one.
    pub repeats: bool,
}

/// A moment of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// In UTC, RFC 3339; none when it is a whole day or nobody knows which zone is meant.
    pub utc: Option<String>,
    /// As it stands on the organiser's wall: `2026-11-22` or `2026-11-22T10:00:00`.
    pub local: String,
    /// The zone as it is named, perhaps in the words of one program only; `UTC`; none: wherever one is.
    pub zone: Option<String>,
}

const MAX_EVENT_BYTES: usize = 32 * 1024;
/// Things within an event: alarms.
const MAX_INNER: usize = 10;
const MAX_CHARACTERS: usize = 300;

/// The invitation in the text of a calendar.
pub(super) fn read(text: &str, method: Option<&str>) -> Option<Invitation> {
    if text.len() > MAX_CALENDAR_BYTES {
        return None;
    }
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    let method_line = || {
        let line = unfolded.lines().find(|line| line.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("METHOD:")))?;
        line.get(7..)
    };
    let method = method.or_else(method_line).unwrap_or("PUBLISH").trim().to_ascii_uppercase();
    let event = first_event(&unfolded)?;
    let components = read_components(&event).ok()?;
    let event = components.first()?;
    let plain = |name: &str| event.find_prop(name).map(|found| unescaped(found.val.as_str())).unwrap_or_default();
    Some(Invitation {
        method: clean::cut(&clean::line(&method), 20).to_owned(),
        uid: plain("UID"),
        summary: plain("SUMMARY"),
        location: plain("LOCATION"),
        organiser: organiser(&plain("ORGANIZER")),
        start: event.find_prop("DTSTART").and_then(when)?,
        end: event.find_prop("DTEND").and_then(when),
        repeats: has(event, "RRULE") || has(event, "RDATE"),
    })
}

fn has(event: &Component<'_>, name: &str) -> bool {
    event.find_prop(name).is_some()
}

/// The text of the first event, so that whatever else the calendar holds can spoil nothing.
fn first_event(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_end).skip_while(|line| !line.eq_ignore_ascii_case("BEGIN:VEVENT"));
    lines.next()?;
    let (mut event, mut inner) = ("BEGIN:VEVENT\r\n".to_owned(), 0);
    for line in lines {
        if line.eq_ignore_ascii_case("END:VEVENT") {
            event.push_str("END:VEVENT\r\n");
            return Some(event);
        }
        inner += usize::from(line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:")));
        if event.len() > MAX_EVENT_BYTES || inner > MAX_INNER {
            return None;
        }
        event.push_str(line);
        event.push_str("\r\n");
    }
    None
}

/// Without escapes, on one line.
fn unescaped(text: &str) -> String {
    let text = text.replace("\\n", " ").replace("\\N", " ").replace('\\', "");
    clean::cut(&clean::line(&text), MAX_CHARACTERS).to_owned()
}

fn organiser(value: &str) -> String {
    let is_mail = value.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
    if is_mail { value.get(7..).unwrap_or_default().to_lowercase() } else { value.to_owned() }
}

fn when(property: &Property<'_>) -> Option<When> {
    let text = property.val.as_str().trim();
    if text.len() == 8 {
        let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
        return Some(When { utc: None, local: date.to_string(), zone: None });
    }
    let moment = NaiveDateTime::parse_from_str(text.trim_end_matches(['Z', 'z']), "%Y%m%dT%H%M%S").ok()?;
    let is_utc = text.ends_with(['Z', 'z']);
    let named = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case("TZID"));
    let named = named.and_then(|parameter| parameter.val.as_ref()).map(|zone| unescaped(zone.as_str().trim_matches('"')));
    let utc = if is_utc {
        Some(moment.and_utc())
    } else {
        // A time that the clocks jump over is none; of one that they show twice the first is meant (RFC 5545).
        let zone = named.as_deref().and_then(zone);
        zone.and_then(|zone| zone.from_local_datetime(&moment).earliest()).map(|found| found.with_timezone(&Utc))
    };
    Some(When {
        utc: utc.map(|utc: DateTime<Utc>| utc.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        local: moment.format("%Y-%m-%dT%H:%M:%S").to_string(),
        zone: if is_utc { Some("UTC".to_owned()) } else { named },
    })
}

/// A zone by its IANA name or by the one that Windows gives it, for the countries we serve and those they write to.
fn zone(name: &str) -> Option<Tz> {
    let iana = match name.trim() {
        "Argentina Standard Time" => "America/Argentina/Buenos_Aires",
        "E. South America Standard Time" => "America/Sao_Paulo",
        "Central Brazilian Standard Time" => "America/Cuiaba",
        "SA Pacific Standard Time" => "America/Bogota",
        "SA Western Standard Time" => "America/La_Paz",
        "SA Eastern Standard Time" => "America/Cayenne",
        "Pacific SA Standard Time" => "America/Santiago",
        "Montevideo Standard Time" => "America/Montevideo",
        "Paraguay Standard Time" => "America/Asuncion",
        "Venezuela Standard Time" => "America/Caracas",
        "Central America Standard Time" => "America/Guatemala",
        "Central Standard Time (Mexico)" => "America/Mexico_City",
        "Romance Standard Time" => "Europe/Madrid",
        "W. Europe Standard Time" => "Europe/Berlin",
        "GMT Standard Time" => "Europe/London",
        "Eastern Standard Time" => "America/New_York",
        "Central Standard Time" => "America/Chicago",
        "Mountain Standard Time" => "America/Denver",
        "Pacific Standard Time" => "America/Los_Angeles",
        "UTC" | "Coordinated Universal Time" => "UTC",
        other => other.trim_start_matches('/'),
    };
    iana.parse().ok()
}
