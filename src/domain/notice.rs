//! What the product writes to customers by itself when nobody is there, or not soon (S1-13): a campaign's text with gaps for the
//! campaign's name, the next opening and the place in the queue. Known names only, put in as they are.

use chrono_tz::Tz;

use super::{schedule, template, webchat::Language};
use crate::clock::Timestamp;

/// What can stand in the gaps.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The campaign's name.
    pub campaign: &'a str,
    /// When it opens, and the zone in which that is told; none = it is open, or never opens.
    pub opening: Option<(Timestamp, Tz)>,
    /// How dates are written.
    pub language: Language,
    /// The place in the queue, 1 = next; none = it does not wait.
    pub position: Option<usize>,
}

/// The text with `${campaign}`, `${next_opening}` and `${position}` filled.
pub fn write(text: &str, facts: &Facts<'_>) -> String {
    if !text.contains(['%', '$']) {
        return text.to_owned();
    }
    let opening = facts.opening.map(|(at, zone)| schedule::words(facts.language, zone, at));
    let (opening, position) = (opening.unwrap_or_default(), facts.position.map(|place| place.to_string()).unwrap_or_default());
    template::render_with(text, |name| match name {
        "campaign" => Some(facts.campaign),
        "next_opening" => Some(&opening),
        "position" => Some(&position),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use chrono_tz::America::Santiago;

    use super::*;

    fn written(text: &str, language: Language, position: Option<usize>) -> String {
        // Monday, 9:00 in Santiago.
        let at = NaiveDateTime::parse_from_str("2026-11-23 12:00", "%Y-%m-%d %H:%M").unwrap();
        let opening = Some((Timestamp::from_chrono(at.and_utc()), Santiago));
        write(text, &Facts { campaign: "Ventas ${position}", opening, language, position })
    }

    #[test]
    fn the_next_opening_is_told_in_the_clients_language_and_the_schedules_zone() {
        let text = "Volvemos el ${next_opening}.";
        assert_eq!(written(text, Language::Spanish, None), "Volvemos el lunes 23 de noviembre a las 09:00.");
        assert_eq!(written("%next_opening%", Language::English, None), "Monday 23 November at 09:00");
        assert_eq!(written("%next_opening%", Language::Portuguese, None), "segunda-feira, 23 de novembro, às 09:00");
    }

    #[test]
    fn what_is_not_known_disappears_or_is_replaced_and_nothing_is_code() {
        assert_eq!(written("${position|-}/${campaign}", Language::Spanish, None), "-/Ventas ${position}");
        assert_eq!(written("Es el ${position}.", Language::Spanish, Some(3)), "Es el 3.");
        assert_eq!(written("100 % {{7*7}} ${agent}", Language::Spanish, Some(3)), "100 % {{7*7}} ${agent}");
        let never = Facts { campaign: "", opening: None, language: Language::English, position: None };
        assert_eq!(write("${next_opening|soon}", &never), "soon");
    }
}
