//! Campaigns at the moment of a scrape: written from the board's rows, so who is gone leaves no series behind.

use std::fmt::Write;

use super::{CAMPAIGN_GOAL, CAMPAIGN_LATE, CAMPAIGN_LONGEST_WAIT, CAMPAIGN_SERVICE_LEVEL, CAMPAIGN_WAITING, METRICS};
use crate::{clock::Timestamp, wire::live::CampaignRow};

type Value = fn(&CampaignRow, Timestamp) -> Option<f64>;

/// What is told of each.
const TOLD: [(&str, Value); 5] = [
    (CAMPAIGN_SERVICE_LEVEL, |row, _| {
        let today = &row.service.as_ref()?.today;
        let of = (today.answered + today.abandoned).saturating_sub(today.abandoned_soon);
        (of > 0).then(|| f64::from(today.in_time) / f64::from(of))
    }),
    (CAMPAIGN_GOAL, |row, _| Some(f64::from(row.service.as_ref()?.goal_percent) / 100.0)),
    (CAMPAIGN_WAITING, |row, _| Some(f64::from(row.waiting))),
    (CAMPAIGN_LATE, |row, _| Some(f64::from(row.service.as_ref()?.late))),
    (CAMPAIGN_LONGEST_WAIT, |row, now| Some(row.oldest.map_or(0.0, |since| now.since(since.0).as_secs_f64()))),
];

/// Adds them in Prometheus' text format.
pub fn render(text: &mut String, rows: &[CampaignRow], now: Timestamp) {
    for (name, value) in TOLD {
        let help = METRICS.iter().find(|metric| metric.name == name).map_or("", |metric| metric.help);
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for row in rows {
            if let Some(value) = value(row, now) {
                let shown = row.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                let _ = writeln!(text, "{name}{{campaign=\"{}\",name=\"{shown}\"}} {value}", row.campaign);
            }
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            service::Service,
            service_level::{Counts, Figures},
        },
        ids::CampaignId,
        wire::service::ServiceNow,
    };

    #[test]
    fn a_name_cannot_break_the_text_and_no_data_is_no_series() {
        let today = Counts { entered: 3, answered: 3, in_time: 1, ..Counts::default() };
        let figures = Figures { today, late: 2, ..Figures::default() };
        let row = |name: &str, figures: &Figures| CampaignRow {
            campaign: CampaignId::NIL,
            name: name.to_owned(),
            open: true,
            waiting: 4,
            oldest: Some(Timestamp::from_micros(1_500_000).into()),
            active: 0,
            service: Some(ServiceNow::of(&Service::default(), figures)),
        };
        let rows = [row("a \"b\"\\\n c", &figures), row("idle", &Figures::default())];
        let mut text = String::new();
        render(&mut text, &rows, Timestamp::from_micros(4_000_000));
        let id = CampaignId::NIL;
        for line in [
            format!("{CAMPAIGN_SERVICE_LEVEL}{{campaign=\"{id}\",name=\"a \\\"b\\\"\\\\\\n c\"}} 0.3333333333333333"),
            format!("{CAMPAIGN_LONGEST_WAIT}{{campaign=\"{id}\",name=\"idle\"}} 2.5"),
            format!("{CAMPAIGN_GOAL}{{campaign=\"{id}\",name=\"idle\"}} 0.8"),
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert_eq!(text.matches(&format!("{CAMPAIGN_SERVICE_LEVEL}{{")).count(), 1);
    }
}
