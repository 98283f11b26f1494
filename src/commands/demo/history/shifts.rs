//! Who was at work, and when.

use std::time::Duration;

use rand::seq::IndexedRandom;

use super::{DAYS, History, Step, Whose, minutes};
use crate::{
    clock::Timestamp,
    commands::{demo::company::Company, seed::BREAKS},
    demo::scripts::Topic,
    domain::{agent::AgentCommand, permission::Role},
    ids::AgentId,
};

/// Buenos Aires knows no summer time.
const WEST_OF_UTC: Duration = Duration::from_secs(3 * 3600);
/// When the shifts of a day begin and end, in hours of the company's day.
const SHIFTS: [(u64, u64); 3] = [(7, 15), (10, 18), (13, 21)];

/// Somebody is at work.
pub(super) struct Duty {
    agent: AgentId,
    from: Timestamp,
    until: Timestamp,
    /// A break in between.
    away: Option<(Timestamp, Timestamp)>,
}

impl Duty {
    fn covers(&self, from: Timestamp, until: Timestamp) -> bool {
        self.from <= from && until <= self.until && self.away.is_none_or(|(begin, end)| until <= begin || end <= from)
    }
}

impl History<'_> {
    pub(super) fn shifts(&mut self) {
        let people = self.company.people.iter().filter(|person| person.role == Role::Agent);
        let agents: Vec<(AgentId, bool)> = people.map(|person| (person.id, Company::is_played(person))).collect();
        let day = Duration::from_secs(24 * 3600);
        let into_day = self.now.since(Timestamp::from_micros(0)).saturating_sub(WEST_OF_UTC).as_secs() % day.as_secs();
        let today = self.now - Duration::from_secs(into_day);
        for back in 0..=DAYS {
            for (index, (agent, _)) in agents.iter().enumerate() {
                let (begin, end) =
                    SHIFTS.get((index + usize::try_from(back).unwrap_or(0)) % SHIFTS.len()).copied().unwrap_or((8, 16));
                let midnight = today - Duration::from_secs(back * 24 * 3600);
                let from = midnight + minutes(begin * 60) + self.between(0, 600);
                let until = midnight + minutes(end * 60) + self.between(0, 900);
                let lunch = midnight + minutes((begin + 4) * 60) + self.between(0, 2400);
                let away = (lunch, lunch + minutes(u64::from(BREAKS[0].1)) + self.between(0, 300));
                // What is going on now began less than three hours ago.
                if until + minutes(180) < self.now {
                    self.duties.push(Duty { agent: *agent, from, until, away: Some(away) });
                }
            }
        }
        for (agent, is_played) in agents {
            if is_played {
                let from = self.now - minutes(120) - self.between(0, 2400);
                self.duties.push(Duty { agent, from, until: self.now + day, away: None });
            }
        }
        let lunch = self.company.breaks.first().copied();
        for Duty { agent, from, until, away } in &self.duties {
            let mut on = |at: Timestamp, command| self.steps.push((at, Whose::Agent(*agent), vec![Step::Shift(command)]));
            on(*from, AgentCommand::SignIn);
            if let (Some((begin, end)), Some(kind)) = (away, lunch) {
                on(*begin, AgentCommand::TakeBreak(kind));
                on(*end, AgentCommand::BeAvailable);
            }
            if *until < self.now {
                on(*until, AgentCommand::SignOut { by: None });
            }
        }
    }

    /// When somebody is at work for the next half hour; every eighth time within the last two hours.
    pub(super) fn some_start(&mut self) -> Option<Timestamp> {
        let recent = self.one_in(8);
        for _ in 0..200 {
            let back = if recent { self.between(40 * 60, 115 * 60) } else { self.between(3 * 3600, DAYS * 24 * 3600) };
            let start = self.now - back;
            if Topic::ALL.into_iter().all(|topic| self.on_duty(topic, start, minutes(30)).len() > 1) {
                return Some(start);
            }
        }
        Some(self.now - self.between(40 * 60, 100 * 60))
    }

    pub(super) fn on_duty(&self, topic: Topic, at: Timestamp, stay: Duration) -> Vec<AgentId> {
        let desk = self.company.desk(topic);
        let covers = |duty: &&Duty| desk.agents.contains(&duty.agent) && duty.covers(at, at + stay);
        self.duties.iter().filter(covers).map(|duty| duty.agent).collect()
    }

    pub(super) fn somebody(&mut self, topic: Topic, at: Timestamp, but: Option<AgentId>) -> Option<AgentId> {
        let mut agents = self.on_duty(topic, at, minutes(30));
        agents.retain(|agent| Some(*agent) != but);
        agents.choose(&mut self.random).copied()
    }
}
