//! `POST /api/v1/simulations`: a day again, under other settings. Writes nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, web::Data};
use chrono::NaiveDate;
use parking_lot::Mutex;

use crate::{
    domain::{campaign::Campaign, log::By, permission::Permission, waiting::Limits},
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Plain, once, problem::Problem, state::App},
    ids::CampaignId,
    replay::{self, Fetched, ReplayError, Wanted},
    simulation::{
        DayReport,
        change::Changes,
        law::Law,
        plan::{Measure, Plan},
        recorded::Recorded,
        scenario::Scenario,
        simulate_until,
    },
    wire::simulation::{InventedLoad, NamedAgent, Simulation, SimulationFields},
};

/// Days simulated at once, of everybody: each takes a core.
const AT_ONCE: usize = 2;
/// A day of more conversations is for the command line.
const MOST_CONVERSATIONS: usize = 200_000;
/// Work that takes so long is given up.
const LONGEST: Duration = Duration::from_secs(12);

/// Who has a day simulated: one each.
#[derive(Debug, Default)]
pub struct Turns(Mutex<Vec<By>>);

impl Turns {
    fn take(self: &Arc<Self>, by: By) -> Option<Turn> {
        let mut running = self.0.lock();
        let free = running.len() < AT_ONCE && !running.contains(&by);
        free.then(|| {
            running.push(by);
            Turn { turns: Arc::clone(self), by }
        })
    }
}

/// Lasts as long as the work, not as the request.
struct Turn {
    turns: Arc<Turns>,
    by: By,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.0.lock().retain(|by| *by != self.by);
    }
}

/// Tells the work that nobody waits for it any more.
#[derive(Default)]
struct Waiter(Arc<AtomicBool>);

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A day to be simulated.
enum Day {
    Recorded(Box<Fetched>),
    Invented(Box<Plan>),
}

/// What came of it: what was recorded, before, after.
type Outcome = (Option<DayReport>, DayReport, Option<DayReport>);

/// `POST`.
///
/// # Errors
/// 404 for a campaign whose board one may not see; 422; 429 when another of one's days is not over, or too many are.
pub async fn run(app: Data<App>, caller: Caller, body: Plain<SimulationFields>) -> Result<HttpResponse, Problem> {
    let asked = body.0;
    caller.require(Permission::ReadBoard, caller.place(asked.campaign))?;
    let campaign = caller.directory.campaigns.get(&asked.campaign).ok_or_else(Problem::not_found)?;
    let date = check(&asked)?;
    let turn = app.simulations.take(caller.by).ok_or_else(|| Problem::later(ErrorCode::Busy, 2))?;
    let seed = asked.seed.unwrap_or(1);
    let threshold = asked.threshold_seconds.map_or(Measure::default().threshold, |it| Duration::from_secs(it.into()));
    let measure = Measure { threshold, ..Measure::default() };
    let day = match (date, asked.load) {
        (Some(date), _) => {
            let wanted = Wanted { campaign: asked.campaign, date, measure, seed: seed.into() };
            let fetched = replay::fetch(&app.engine.db, &caller.directory, wanted, app.now()).await;
            Day::Recorded(Box::new(fetched.map_err(of_replay)?))
        }
        (None, Some(load)) => Day::Invented(Box::new(invented(campaign, load, measure, seed)?)),
        (None, None) => return Err(Problem::field("day", ErrorCode::MissingField, "either this or load")),
    };
    let waiter = Waiter::default();
    let (nobody_waits, clock, changes, id) = (Arc::clone(&waiter.0), app.clock().clone(), asked.changes, asked.campaign);
    let began = clock.elapsed();
    let stop = move || nobody_waits.load(Ordering::Relaxed) || clock.elapsed().saturating_sub(began) > LONGEST;
    let worked = actix_web::web::block(move || {
        let _turn = turn;
        live_through(day, &changes, id, &stop)
    });
    let (recorded, before, after) = worked.await.map_err(|_| Problem::new(ErrorCode::Internal))??;
    let agents = names(&caller, &[recorded.as_ref(), Some(&before), after.as_ref()]);
    once::ok(&Simulation { seed, recorded, before, after, agents })
}

fn check(asked: &SimulationFields) -> Result<Option<NaiveDate>, Problem> {
    let mut check = Check::default();
    let date = asked.day.as_deref().map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    check.that(date != Some(None), "day", ErrorCode::NotPossible, "a date, as 2026-03-02");
    check.that(asked.day.is_some() != asked.load.is_some(), "load", ErrorCode::NotPossible, "either this or day");
    if let Some(load) = asked.load {
        check.range("load.agents", load.agents, 1..=500);
        check.range("load.conversations", load.conversations, 1..=20_000);
        check.range("load.handling_seconds", load.handling_seconds, 10..=7_200);
    }
    if let Some(threshold) = asked.threshold_seconds {
        check.range("threshold_seconds", threshold, 1..=86_400);
    }
    if let Some((field, says)) = asked.changes.fault() {
        check.error(&format!("changes.{field}"), ErrorCode::OutOfRange, says);
    }
    check.done()?;
    Ok(date.flatten())
}

/// The campaign's settings, other people.
fn invented(campaign: &Campaign, load: InventedLoad, measure: Measure, seed: u32) -> Result<Plan, Problem> {
    let mut scenario = Scenario::sized(1, load.agents, load.conversations, seed.into());
    for people in &mut scenario.campaigns {
        people.handling = Law::Lognormal { mean: load.handling_seconds.into(), spread: 0.6 };
    }
    let mut plan = scenario.plan().map_err(|_| Problem::new(ErrorCode::Internal))?;
    for planned in &mut plan.campaigns {
        let limits = Limits { overflow: None, ..campaign.limits.clone() };
        planned.campaign = Campaign { schedule: None, enabled: true, limits, ..campaign.clone() };
    }
    for arrival in &mut plan.arrivals {
        arrival.campaign = campaign.id;
        arrival.hand_over = None;
    }
    for member in &mut plan.members {
        member.campaign = campaign.id;
    }
    (plan.measure, plan.focus) = (measure, Some(campaign.id));
    Ok(plan)
}

/// Off every other thread.
fn live_through(day: Day, changes: &Changes, campaign: CampaignId, stop: &dyn Fn() -> bool) -> Result<Outcome, Problem> {
    let given_up = || Problem::with(ErrorCode::TooLarge, "the day takes too long to simulate: use the command line");
    let (plan, recorded) = match day {
        Day::Recorded(fetched) => {
            let Recorded { plan, report } = fetched.understand().map_err(of_replay)?;
            (plan, Some(report))
        }
        Day::Invented(plan) => (*plan, None),
    };
    if plan.arrivals.len() > MOST_CONVERSATIONS {
        return Err(given_up());
    }
    let before = simulate_until(&plan, stop).ok_or_else(given_up)?;
    if changes.is_nothing() {
        return Ok((recorded, before, None));
    }
    let after = simulate_until(&changes.applied(&plan, &[campaign]), stop).ok_or_else(given_up)?;
    Ok((recorded, before, Some(after)))
}

fn names(caller: &Caller, reports: &[Option<&DayReport>]) -> Vec<NamedAgent> {
    let mut agents: Vec<_> = reports.iter().flatten().flat_map(|report| &report.agents).map(|day| day.agent).collect();
    agents.sort_unstable();
    agents.dedup();
    let named = |agent| caller.directory.users.get(&agent).map(|user| NamedAgent { agent, name: user.name.clone() });
    agents.into_iter().filter_map(named).collect()
}

fn of_replay(error: ReplayError) -> Problem {
    match error {
        ReplayError::NoCampaign => Problem::not_found(),
        ReplayError::NotYet | ReplayError::Nothing => Problem::field("day", ErrorCode::NotPossible, error.to_string()),
        ReplayError::TooMuch => Problem::field("day", ErrorCode::OutOfRange, error.to_string()),
        ReplayError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    #[test]
    fn everybody_has_one_turn_and_there_are_few() {
        let turns = Arc::new(Turns::default());
        let by = |number| By::User(UserId::from_u128(number));
        let first = turns.take(by(1)).unwrap();
        assert!(turns.take(by(1)).is_none(), "one each");
        let _second = turns.take(by(2)).unwrap();
        assert!(turns.take(by(3)).is_none(), "two at once");
        drop(first);
        assert!(turns.take(by(3)).is_some());
    }
}
