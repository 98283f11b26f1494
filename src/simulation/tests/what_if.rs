//! Changes, scenarios and recorded days.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    domain::{
        agent::AgentEvent,
        conversation::{Conversation, Event},
        log::{By, Entry, Fact},
        strategy::{Mode, Order},
    },
    ids::{AgentId, CampaignId},
    simulation::{
        DayReport, Run, Witness,
        change::Changes,
        plan::{Measure, Plan, What},
        recorded::{Recorder, Setting},
        scenario::{Scenario, ScenarioError},
        simulate,
    },
};

const FIRST: CampaignId = CampaignId::from_u128(1);

/// One campaign, thirty agents in shifts, a little too much to do.
fn plan() -> Plan {
    let mut scenario = Scenario::of_size(40, 1_200, 5);
    scenario.agents.iter_mut().for_each(|group| group.count = group.count * 3 / 4);
    scenario.plan().unwrap()
}

fn wait(report: &DayReport) -> f64 {
    report.total.mean_wait.unwrap()
}

#[test]
fn more_agents_mean_shorter_waits_for_the_same_customers() {
    let plan = plan();
    let with = |agents| simulate(&Changes { agents, ..Changes::default() }.applied(&plan, &[FIRST]));
    let (fewer, same, more) = (with(-6), with(0), with(8));
    assert_eq!(same, simulate(&plan));
    assert!(wait(&fewer) > wait(&same) && wait(&same) > wait(&more), "{fewer:?}\n{same:?}\n{more:?}");
    assert_eq!([&fewer, &more].map(|it| it.fairness.agents), [same.fairness.agents - 6, same.fairness.agents + 8]);
    assert!(more.fairness.occupancy < same.fairness.occupancy);
    let entered = |report: &DayReport| report.total.entered;
    assert!(entered(&fewer).abs_diff(entered(&more)) < 100, "but for what is given away");
}

#[test]
fn who_goes_by_who_has_most_to_do_shares_less_evenly() {
    let plan = plan();
    let gini =
        |order| simulate(&Changes { order: Some(order), ..Changes::default() }.applied(&plan, &[FIRST])).fairness.gini.unwrap();
    assert!(gini(Order::Linear) > gini(Order::Fewestcalls) + 0.02);
}

#[test]
fn where_everybody_sees_what_waits_it_is_answered_too() {
    for mode in [Mode::Ringall, Mode::Ringallmultiple] {
        let report = simulate(&Changes { mode: Some(mode), ..Changes::default() }.applied(&plan(), &[FIRST]));
        assert!(report.total.answered > 400 && report.total.missed == 0, "{mode:?}: {:?}", report.total);
    }
}

#[test]
fn what_is_full_turns_away_and_hours_close() {
    let mut scenario = Scenario::of_size(40, 1_200, 5);
    scenario.agents.truncate(1);
    scenario.campaigns[0].when_full = crate::domain::waiting::WhenFull::Reject;
    scenario.campaigns[0].out_of_hours = crate::domain::campaign::OutOfHours::Close;
    let plan = scenario.plan().unwrap();
    let time = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let open = Some(crate::simulation::scenario::OpenHours { from: time(10), to: time(14) });
    let changes = Changes { max_waiting: Some(5), open, ..Changes::default() };
    let total = simulate(&changes.applied(&plan, &[FIRST])).total;
    assert!(total.rejected > 0 && total.longest_queue <= 8 && total.out_of_hours > 300, "{total:?}");
}

#[test]
fn a_scenario_says_what_is_wrong_with_it() {
    let whole = serde_json::to_value(Scenario::of_size(40, 100, 1)).unwrap();
    let broken = |path: &str, value: serde_json::Value| {
        let mut scenario = whole.clone();
        *scenario.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        serde_json::from_value::<Scenario>(scenario).unwrap().plan().map(|_| ())
    };
    let field = |result: Result<(), ScenarioError>| result.unwrap_err().field;
    assert_eq!(broken("/seed", 2.into()), Ok(()));
    assert_eq!(field(broken("/hours", 0.into())), "hours");
    assert_eq!(field(broken("/campaigns", serde_json::json!([]))), "campaigns");
    assert_eq!(field(broken("/campaigns/0/handling/mean", (-1).into())), "campaigns[0].handling");
    assert_eq!(field(broken("/campaigns/0/shape", serde_json::json!([0.0, 0.0]))), "campaigns[0].shape");
    assert_eq!(field(broken("/campaigns/0/transfers", 2.into())), "campaigns[0].transfers");
    assert_eq!(field(broken("/campaigns/0/overflow", "nowhere".into())), "campaigns[0].overflow");
    assert_eq!(field(broken("/campaigns/0/conversations", 2_000_000.into())), "campaigns");
    assert_eq!(field(broken("/agents/0/campaigns", serde_json::json!(["nowhere"]))), "agents[0].campaigns");
    assert_eq!(field(broken("/agents/0/count", 30_000.into())), "agents");
    let mut unknown = whole.clone();
    unknown["campaigns"][0]["handlng"] = 3.into();
    let says = serde_json::from_value::<Scenario>(unknown).unwrap_err().to_string();
    assert!(says.contains("handlng"), "{says}");
}

#[test]
fn customers_come_as_the_shape_says() {
    let mut scenario = Scenario::of_size(40, 6_000, 5);
    scenario.campaigns[0].shape = vec![1.0, 0.0, 3.0];
    let plan = scenario.plan().unwrap();
    let third = plan.until.since(plan.from) / 3;
    let count = |part: u32| {
        let (from, to) = (plan.from + third * part, plan.from + third * (part + 1));
        plan.arrivals.iter().filter(|it| it.at >= from && it.at < to).count()
    };
    assert_eq!(count(1), 0);
    assert!(count(0).abs_diff(1_500) < 150 && count(2).abs_diff(4_500) < 300, "{} {}", count(0), count(2));
}

/// The log that production would have written.
#[derive(Default)]
struct Log(Vec<Entry>);

impl Log {
    fn push(&mut self, at: Timestamp, fact: Fact) {
        self.0.push(Entry { pos: 0, at, by: By::System, cause: None, fact });
    }
}

impl Witness for Log {
    fn acts(&mut self, now: Timestamp, id: AgentId, event: &AgentEvent) {
        self.push(now, Fact::Agent { id, event: event.clone() });
    }

    fn commits(&mut self, now: Timestamp, state: &Conversation, event: &Event) {
        self.push(now, Fact::Conversation { id: state.id, seq: state.seq, event: event.clone() });
    }
}

#[test]
fn a_recorded_day_has_its_figures_and_can_be_lived_again() {
    let mut plan = plan();
    plan.happenings.retain(|it| !matches!(it.what, What::Disconnects(_) | What::Reconnects(_)));
    let mut run = Run::new(&plan, Log::default());
    while run.step() {}
    let (lived, log) = (run.report(), run.witness);
    let setting = Setting {
        campaigns: plan.campaigns.clone(),
        members: plan.members.clone(),
        workers: plan.workers.clone(),
        loads: plan.loads,
    };
    let replay = |seed| {
        let mut recorder = Recorder::new(plan.from, plan.until, Measure::default(), setting.clone(), vec![]);
        log.0.iter().for_each(|entry| recorder.learn(entry));
        recorder.finish(seed)
    };
    let recorded = replay(1);
    assert_eq!(recorded.report, lived, "the log counts as the day did");
    assert_eq!(recorded.plan.arrivals.len(), plan.arrivals.len());
    let again = simulate(&recorded.plan);
    let (is, was) = (&again.total, &lived.total);
    let level = |it: &crate::simulation::DayFigures| it.service_level.unwrap();
    assert!((level(is) - level(was)).abs() < 10.0, "{is:?}\n{was:?}");
    assert!(is.answered.abs_diff(was.answered) < was.answered / 20, "{is:?}\n{was:?}");
    let handling = |it: &crate::simulation::DayFigures| it.mean_handling.unwrap();
    assert!((handling(is) / handling(was) - 1.0).abs() < 0.05, "{is:?}\n{was:?}");
    assert_eq!(replay(1).plan.arrivals, recorded.plan.arrivals, "the same again");
}

#[test]
fn a_day_that_began_before_knows_who_is_there() {
    let plan = plan();
    let signed_in = AgentEvent::SignedIn;
    let agent = plan.workers[0].id;
    let setting = Setting {
        campaigns: plan.campaigns.clone(),
        members: plan.members.clone(),
        workers: plan.workers.clone(),
        loads: plan.loads,
    };
    let mut recorder = Recorder::new(plan.from, plan.until, Measure::default(), setting, vec![]);
    let before = plan.from - Duration::from_secs(3_600);
    let fact = Fact::Agent { id: agent, event: signed_in };
    recorder.learn(&Entry { pos: 0, at: before, by: By::System, cause: None, fact });
    let recorded = recorder.finish(1);
    assert_eq!(recorded.report.agents.len(), 1);
    assert!(
        matches!(recorded.plan.happenings[..], [crate::simulation::plan::Happening { what: What::SignsIn(it), .. }] if it == agent)
    );
}
