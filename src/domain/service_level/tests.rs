//! The fold against who counts anew from all that happened, over random days.

use chrono::Weekday;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{conversation::QueueReason, schedule::Interval},
    ids::{AgentId, ClientId, OfferId, ScheduleId},
};

const START: i64 = 1_772_420_400_000_000; // Monday 2026-03-02, midnight in Buenos Aires.

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(START) + Duration::from_secs(seconds)
}

fn weekdays() -> Schedule {
    let interval = |day| Interval { day, start: 9 * 60, end: 18 * 60 };
    Schedule {
        id: ScheduleId::NIL,
        client: ClientId::NIL,
        name: "Oficina".to_owned(),
        zone: chrono_tz::America::Argentina::Buenos_Aires,
        weekly: [Weekday::Mon, Weekday::Tue, Weekday::Thu].map(interval).to_vec(),
        exceptions: vec![],
        holidays: Default::default(),
        override_: None,
    }
}

fn goal(campaign: CampaignId) -> Goal {
    let hours = campaign == CampaignId::from_u128(0);
    Goal {
        within: Duration::from_secs(if hours { 60 } else { 20 }),
        zone: if hours { chrono_tz::America::Argentina::Buenos_Aires } else { chrono_tz::Asia::Kolkata },
        schedule: hours.then(|| Arc::new(weekdays())),
    }
}

fn configured() -> ServiceLevels {
    let mut levels = ServiceLevels::default();
    for campaign in [0, 1].map(CampaignId::from_u128) {
        assert!(!levels.configure(campaign, goal(campaign)));
    }
    levels
}

fn queued(campaign: u128) -> Event {
    Event::Queued { campaign: CampaignId::from_u128(campaign), reason: QueueReason::New }
}

const ACCEPTED: Event = Event::OfferAccepted { offer: OfferId::NIL, agent: AgentId::NIL };

const fn ended(ending: Ending) -> Event {
    Event::Ended { ending, disposition: None }
}

struct Stay {
    campaign: CampaignId,
    since: Timestamp,
    left: Option<(Timestamp, Event)>,
}

type Log = [(ConversationId, Event, Timestamp)];

/// Every stay in a queue, told from the whole log.
fn stays(log: &Log) -> Vec<Stay> {
    let mut stays: Vec<(ConversationId, Stay)> = Vec::new();
    for (id, event, at) in log {
        let leaves = matches!(event, Event::Queued { .. } | Event::OfferAccepted { .. } | Event::Ended { .. });
        let waits = stays.iter_mut().find(|(other, stay)| leaves && other == id && stay.left.is_none());
        if let Some((_, stay)) = waits {
            stay.left = Some((*at, event.clone()));
        }
        if let Event::Queued { campaign, .. } = event {
            stays.push((*id, Stay { campaign: *campaign, since: *at, left: None }));
        }
    }
    stays.into_iter().map(|(_, stay)| stay).collect()
}

fn naive(log: &Log, campaign: CampaignId, now: Timestamp) -> Figures {
    let Goal { within, zone, schedule } = goal(campaign);
    let today = schedule::day(zone, now).since;
    let mut figures = Figures::default();
    for Stay { since, left, .. } in stays(log).into_iter().filter(|stay| stay.campaign == campaign) {
        let closed = schedule.as_ref().filter(|schedule| !schedule.openness(since).is_open());
        let clock = closed.and_then(|schedule| schedule.next_opening(since)).unwrap_or(since);
        let mut tell = |at: Timestamp, change: &dyn Fn(&mut Counts)| {
            if at >= today {
                change(&mut figures.today);
            }
            if minute_of(at) > minute_of(now) - RECENT {
                change(&mut figures.recent);
            }
        };
        tell(since, &|counts| counts.entered += 1);
        match left {
            None => figures.late += u32::from(now > clock + within),
            Some((at, Event::OfferAccepted { .. })) => tell(at, &|counts| {
                counts.answered += 1;
                counts.in_time += u32::from(at <= clock + within);
            }),
            Some((at, Event::Ended { ending: Ending::Abandoned, .. })) => tell(at, &|counts| {
                counts.abandoned += 1;
                counts.abandoned_soon += u32::from(at < since + SHORT);
            }),
            Some((at, _)) => tell(at, &|counts| counts.flowed_out += 1),
        }
    }
    figures
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..2_u128).prop_map(queued),
        4 => Just(ACCEPTED),
        2 => Just(ended(Ending::Abandoned)),
        1 => Just(ended(Ending::OutOfHours)),
        1 => Just(ended(Ending::Closed)),
        1 => Just(Event::Admitted),
    ]
}

/// Seconds to the next thing that happens: at once, soon, or a good part of a day later.
fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..8_u64, 6 => 8..120_u64, 2 => 120..2_000_u64, 1 => 2_000..40_000_u64]
}

proptest! {
    #[test]
    fn figures_are_what_a_new_count_from_the_whole_log_gives(
        steps in prop::collection::vec((0..6_u128, event(), gap()), 1..80),
        restart in 0..80_usize,
    ) {
        let (mut levels, mut log, mut seconds) = (configured(), Vec::new(), 0);
        for (index, (conversation, event, gap)) in steps.into_iter().enumerate() {
            seconds += gap;
            let (id, now) = (ConversationId::from_u128(conversation), at(seconds));
            log.push((id, event.clone(), now));
            levels.learn(id, &event, now);
            levels.tick(now);
            if index == restart {
                // From the log alone, as a start does.
                levels = levels.emptied();
                levels.tick(now);
                log.iter().for_each(|(id, event, at)| levels.learn(*id, event, *at));
                levels.tick(now);
            }
            for campaign in [0, 1].map(CampaignId::from_u128) {
                let figures = levels.figures(campaign);
                prop_assert_eq!(figures, naive(&log, campaign, now));
                let Counts { entered, answered, abandoned, flowed_out, .. } = total(&log, campaign);
                let waiting = stays(&log).iter().filter(|stay| stay.campaign == campaign && stay.left.is_none()).count();
                prop_assert_eq!(entered, answered + abandoned + flowed_out + u32::try_from(waiting).unwrap());
            }
        }
    }
}

/// As if all had been one day.
fn total(log: &Log, campaign: CampaignId) -> Counts {
    let mut levels = ServiceLevels::default();
    levels.configure(campaign, goal(campaign));
    let noon = at(12 * 3_600);
    log.iter().for_each(|(id, event, _)| levels.learn(*id, event, noon));
    levels.figures(campaign).today
}

#[test]
fn what_counts_and_what_does_not() {
    let first = CampaignId::from_u128(0);
    let mut levels = configured();
    let mut id = 0;
    let mut stay = |from: u64, to: u64, how: Event| {
        id += 1;
        levels.learn(ConversationId::from_u128(id), &queued(0), at(from));
        levels.learn(ConversationId::from_u128(id), &how, at(to));
    };
    let nine = 9 * 3_600;
    // Queued at night: its clock starts at nine.
    stay(2 * 3_600, nine + 60, ACCEPTED);
    stay(nine, nine + 61, ACCEPTED);
    stay(nine, nine + 4, ended(Ending::Abandoned));
    stay(nine, nine + 5, ended(Ending::Abandoned));
    stay(nine, nine + 5, ended(Ending::OutOfHours));
    stay(nine, nine + 5, queued(1));
    let figures = levels.figures(first);
    let expected = Counts { entered: 6, answered: 2, in_time: 1, abandoned: 2, abandoned_soon: 1, flowed_out: 2 };
    assert_eq!((figures.today, figures.late), (expected, 0));
    assert_eq!(figures.today.percent(0), Some(33), "one of the two answered and the one who left");
    assert_eq!(Counts::default().percent(0), None, "no data is not zero");
    // Without anything happening: one is late, then the window passes, then the day.
    levels.learn(ConversationId::from_u128(99), &queued(0), at(nine + 10));
    levels.take_changed();
    levels.tick(at(nine + 70));
    assert_eq!(levels.figures(first).late, 0);
    levels.tick(at(nine + 71));
    assert_eq!((levels.figures(first).late, levels.take_changed().contains(&first)), (1, true));
    levels.tick(at(nine + 3_600));
    assert_eq!((levels.figures(first).recent, levels.figures(first).today.entered), (Counts::default(), 7));
    levels.tick(at(24 * 3_600));
    assert_eq!((levels.figures(first).today, levels.figures(first).late), (Counts::default(), 1));
    levels.learn(ConversationId::from_u128(99), &ended(Ending::Closed), at(24 * 3_600 + 5));
    assert_eq!((levels.figures(first).today.flowed_out, levels.figures(first).late), (1, 0));
}

#[test]
fn another_goal_is_noticed_and_the_day_can_be_read_again() {
    let first = CampaignId::from_u128(0);
    let mut levels = configured();
    assert!(!levels.configure(first, goal(first)));
    assert!(levels.configure(first, Goal { within: Duration::from_secs(90), ..goal(first) }));
    let unknown = CampaignId::from_u128(7);
    levels.learn(ConversationId::from_u128(2), &queued(7), at(36_000));
    assert!(levels.configure(unknown, goal(first)), "it was counted by the defaults");
    levels.learn(ConversationId::from_u128(1), &queued(0), at(36_000));
    assert_eq!(levels.emptied().figures(first), Figures::default());
    assert_eq!(
        levels.looks_back_to(at(3_600)),
        at(0) - Duration::from_secs(8 * 3_600 + 1_800),
        "India's midnight lies further back"
    );
}
