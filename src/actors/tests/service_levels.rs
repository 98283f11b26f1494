//! A day that is not read from its beginning (the log is long) is counted like one that is.

use std::time::Duration;

use crate::{
    actors::{
        dashboard::service::read_after,
        testing::{ANA, House, Plan, on_both},
    },
    domain::{
        conversation::Phase,
        service_level::{Counts, Goal, ServiceLevels},
    },
    store::{journal::STREAM, log},
};

#[test]
fn who_was_queued_before_the_first_entry_read_counts_when_they_are_answered() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 30, ..Plan::default() }).await;
        let queued = |phase: &Phase| matches!(phase, Phase::Queued { .. });
        let (first, second) = (house.says("visitor-1", "Hola").await, house.says("visitor-2", "Hola").await);
        for waits in [first, second] {
            house.until_stored(waits, "queued", queued).await;
        }
        let db = &house.engine.db;
        let campaign = house.stored(first).await.campaign;
        let begins = log::head(db, STREAM).await.unwrap();
        let ana = house.at_work(ANA).await;
        house.accept(&ana, first).await;
        let third = house.says("visitor-3", "Hola").await;
        house.until_stored(third, "queued", queued).await;
        let read = async |pos: u64| {
            let mut levels = ServiceLevels::default();
            levels.configure(campaign, Goal { within: Duration::from_secs(3_600), zone: chrono_tz::UTC, schedule: None });
            let head = read_after(db, &mut levels, pos).await.unwrap();
            assert!(head > begins && !levels.waits(first) && levels.waits(second) && levels.waits(third));
            levels.figures(campaign).today
        };
        let whole = Counts { entered: 3, answered: 1, in_time: 1, ..Counts::default() };
        assert_eq!(read(0).await, whole);
        assert_eq!(read(begins).await, Counts { entered: 1, ..whole }, "two came in before");
    });
}
