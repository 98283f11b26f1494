//! What the boards show against what a simulated day reports: the same figures, by two hands.

use std::{sync::Arc, time::Duration};

use super::days::busy_day;
use crate::{
    clock::Timestamp,
    domain::{
        conversation::{Conversation, Event},
        service_level::{Counts, Goal, ServiceLevels},
    },
    simulation::{Run, Witness, plan::Plan},
};

struct Board(ServiceLevels);

impl Witness for Board {
    fn commits(&mut self, now: Timestamp, conversation: &Conversation, event: &Event) {
        self.0.learn(conversation.id, event, now);
    }
}

fn goals(plan: &Plan) -> ServiceLevels {
    let mut levels = ServiceLevels::default();
    for planned in &plan.campaigns {
        let schedule = planned.schedule.clone().map(Arc::new);
        levels.configure(planned.campaign.id, Goal { within: plan.measure.threshold, zone: planned.zone, schedule });
    }
    levels
}

#[test]
fn a_live_day_s_total_is_the_day_s_report() {
    let mut answered = 0;
    for seed in 1..=6 {
        let mut plan = busy_day(900, seed);
        plan.measure.threshold = Duration::from_secs(60);
        let mut run = Run::new(&plan, Board(goals(&plan)));
        while run.step() {}
        let (report, levels) = (run.report(), &run.witness.0);
        for day in &report.campaigns {
            let Counts { entered, answered, in_time, abandoned, abandoned_soon, flowed_out } = levels.figures(day.campaign).today;
            let figures = &day.figures;
            assert_eq!(
                (entered, answered, in_time, abandoned, abandoned_soon, flowed_out),
                (
                    figures.entered,
                    figures.answered,
                    figures.answered_in_time,
                    figures.abandoned,
                    figures.abandoned_soon,
                    figures.flowed_out
                ),
                "seed {seed}"
            );
            let whole = figures.service_level.map(|level| level.floor() as u8);
            assert_eq!(levels.figures(day.campaign).today.percent(0), whole, "seed {seed}");
        }
        answered += report.total.answered;
    }
    assert!(answered > 1_000, "{answered}");
}
