//! The service level as it happens (metrics.md): a fold of what enters queues and what leaves them.
//!
//! A stay in a queue begins with `queued` and ends with `offer_accepted`, with `ended`, or with the next `queued`: those three kinds
//! of entries are all that is counted, so a message costs nothing. Figures are of today, where the campaign's client is, and of
//! the last [`RECENT`] minutes, in whole minutes. They are measured against the goal and the hours in force: whoever changes
//! those reads the day again.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::{
    clock::Timestamp,
    domain::{
        conversation::{Ending, Event},
        routing::Day,
        schedule::{self, Openness, Schedule},
    },
    ids::{CampaignId, ConversationId},
};

/// Who leaves sooner does not count against it.
pub const SHORT: Duration = Duration::from_secs(5);
/// Minutes of the short window, the one that runs counted.
pub const RECENT: i64 = 30;
/// The kinds of entries that count, as the log names them.
pub const KINDS: [&str; 3] = ["queued", "offer_accepted", "ended"];

/// What happened in a window. Entered = answered + abandoned + flowed out + change in waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stays that began.
    pub entered: u32,
    /// Accepted by an agent.
    pub answered: u32,
    /// Of these, within the goal's time.
    pub in_time: u32,
    /// Left unanswered.
    pub abandoned: u32,
    /// Of these, in under [`SHORT`].
    pub abandoned_soon: u32,
    /// Left the queue otherwise: to another one, dismissed at closing time, closed by a supervisor.
    pub flowed_out: u32,
}

impl Counts {
    /// Answered in time and what that is a share of, with those counted as well who wait too long already.
    pub fn share(&self, late: u32) -> (u32, u32) {
        (self.in_time, (self.answered + self.abandoned).saturating_sub(self.abandoned_soon).saturating_add(late))
    }

    /// The service level in percent, rounded down: a goal that is shown as reached is reached. None = nobody counts yet.
    pub fn percent(&self, late: u32) -> Option<u8> {
        let (in_time, of) = self.share(late);
        let percent = (u64::from(in_time) * 100).checked_div(u64::from(of))?;
        Some(u8::try_from(percent).unwrap_or(100))
    }

    const fn take_away(&mut self, other: &Self) {
        self.entered -= other.entered;
        self.answered -= other.answered;
        self.in_time -= other.in_time;
        self.abandoned -= other.abandoned;
        self.abandoned_soon -= other.abandoned_soon;
        self.flowed_out -= other.flowed_out;
    }
}

/// What a campaign is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// What comes in should be attended within this (S4-5).
    pub within: Duration,
    /// Where its client is: says when a day begins.
    pub zone: Tz,
    /// Of what comes while it is closed, the clock starts at the next opening. None = always open.
    pub schedule: Option<Arc<Schedule>>,
}

/// The figures of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Since midnight.
    pub today: Counts,
    /// In the last [`RECENT`] minutes.
    pub recent: Counts,
    /// Waits now for longer than the goal allows.
    pub late: u32,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct ServiceLevels {
    lines: FxHashMap<CampaignId, Line>,
    waits: FxHashMap<ConversationId, Wait>,
    /// When those that wait, and are not late yet, are.
    deadlines: BTreeSet<(Timestamp, ConversationId)>,
    /// The last minute that it was moved on to.
    minute: i64,
    changed: BTreeSet<CampaignId>,
}

#[derive(Clone, Debug)]
struct Line {
    goal: Option<Goal>,
    /// Said by the schedule at a moment; holds until it changes.
    hours: Option<(Timestamp, Openness)>,
    day: Option<Day>,
    figures: Figures,
    /// What makes `figures.recent`, the oldest first.
    minutes: VecDeque<(i64, Counts)>,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    campaign: CampaignId,
    queued_at: Timestamp,
    counts_from: Timestamp,
    /// None = it is late.
    deadline: Option<Timestamp>,
}

/// How a stay ended.
#[derive(Clone, Copy)]
enum Left {
    Answered,
    Abandoned,
    FlowedOut,
}

const fn minute_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(60_000_000)
}

impl Line {
    const EMPTY: Self = Self {
        goal: None,
        hours: None,
        day: None,
        figures: Figures { today: NOTHING, recent: NOTHING, late: 0 },
        minutes: VecDeque::new(),
    };

    fn within(&self) -> Duration {
        self.goal.as_ref().map_or(Duration::from_secs(60), |goal| goal.within)
    }

    /// When the clock starts of what is queued at a moment.
    fn clock_starts(&mut self, at: Timestamp) -> Timestamp {
        let Some(schedule) = self.goal.as_ref().and_then(|goal| goal.schedule.as_ref()) else { return at };
        let said = self.hours.filter(|(since, hours)| *since <= at && hours.until().is_none_or(|until| at < until));
        let (_, hours) = *self.hours.insert(said.unwrap_or_else(|| (at, schedule.openness(at))));
        match hours {
            Openness::Closed { until: Some(opens), .. } => opens.max(at),
            Openness::Closed { until: None, .. } | Openness::Open { .. } => at,
        }
    }

    /// Lets go of what lies outside the windows at this minute. True when that changed a figure.
    fn turn(&mut self, minute: i64, at: Timestamp) -> bool {
        let before = self.figures;
        if self.day.is_none_or(|day| day.until <= at) {
            self.day = Some(schedule::day(self.goal.as_ref().map_or(Tz::UTC, |goal| goal.zone), at));
            self.figures.today = NOTHING;
        }
        while let Some((_, old)) = self.minutes.pop_front_if(|(of, _)| *of <= minute - RECENT) {
            self.figures.recent.take_away(&old);
        }
        before != self.figures
    }

    /// Counts what happened at a moment in the windows that contain it.
    fn count(&mut self, minute: i64, at: Timestamp, change: impl Fn(&mut Counts)) {
        self.turn(minute.max(minute_of(at)), at);
        if self.day.is_some_and(|day| day.since <= at) {
            change(&mut self.figures.today);
        }
        let of = minute_of(at);
        if of <= minute - RECENT {
            return;
        }
        change(&mut self.figures.recent);
        // Nearly always the last one: what is committed together was decided together.
        let place = self.minutes.iter().rposition(|(other, _)| *other <= of).map_or(0, |index| index + 1);
        match place.checked_sub(1).and_then(|index| self.minutes.get_mut(index)).filter(|(other, _)| *other == of) {
            Some((_, counts)) => change(counts),
            None => {
                let mut counts = NOTHING;
                change(&mut counts);
                self.minutes.insert(place, (of, counts));
            }
        }
    }
}

const NOTHING: Counts = Counts { entered: 0, answered: 0, in_time: 0, abandoned: 0, abandoned_soon: 0, flowed_out: 0 };

impl ServiceLevels {
    /// Puts a goal in force. True when it is another one than before: then what was counted was measured by that.
    pub fn configure(&mut self, campaign: CampaignId, goal: Goal) -> bool {
        let line = self.lines.entry(campaign).or_insert(Line::EMPTY);
        // Without a goal it was counted by the defaults, if anything was.
        let other = line.goal.as_ref().map_or(line.day.is_some(), |known| *known != goal);
        (line.goal, line.hours) = (Some(goal), None);
        other
    }

    /// The same goals, and nothing has happened yet.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let empty = |line: &Line| Line { goal: line.goal.clone(), ..Line::EMPTY };
        Self { lines: self.lines.iter().map(|(id, line)| (*id, empty(line))).collect(), ..Self::default() }
    }

    /// The midnight before a moment that lies furthest back, or the beginning of the short window.
    pub fn looks_back_to(&self, now: Timestamp) -> Timestamp {
        let days = self.lines.values().filter_map(|line| line.goal.as_ref()).map(|goal| schedule::day(goal.zone, now).since);
        days.fold(now - Duration::from_secs(RECENT.unsigned_abs() * 60), Timestamp::min)
    }

    /// Folds an event that was decided at a moment. Most change nothing here.
    pub fn learn(&mut self, conversation: ConversationId, event: &Event, at: Timestamp) {
        match event {
            Event::Queued { campaign, .. } => {
                self.leaves(conversation, Left::FlowedOut, at);
                self.remember(conversation, *campaign, at);
                self.count(*campaign, at, |counts| counts.entered += 1);
            }
            Event::OfferAccepted { .. } => self.leaves(conversation, Left::Answered, at),
            Event::Ended { ending: Ending::Abandoned, .. } => self.leaves(conversation, Left::Abandoned, at),
            Event::Ended { .. } => self.leaves(conversation, Left::FlowedOut, at),
            _ => {}
        }
    }

    /// It waits since then; not counted as having come in.
    pub fn remember(&mut self, conversation: ConversationId, campaign: CampaignId, queued_at: Timestamp) {
        let line = self.lines.entry(campaign).or_insert(Line::EMPTY);
        let counts_from = line.clock_starts(queued_at);
        let deadline = counts_from + line.within();
        self.deadlines.insert((deadline, conversation));
        self.waits.insert(conversation, Wait { campaign, queued_at, counts_from, deadline: Some(deadline) });
        self.changed.insert(campaign);
    }

    /// Whether it is known to wait.
    pub fn waits(&self, conversation: ConversationId) -> bool {
        self.waits.contains_key(&conversation)
    }

    fn leaves(&mut self, conversation: ConversationId, how: Left, at: Timestamp) {
        let Some(wait) = self.waits.remove(&conversation) else { return };
        let line = self.lines.entry(wait.campaign).or_insert(Line::EMPTY);
        let in_time = at.since(wait.counts_from) <= line.within();
        let soon = at.since(wait.queued_at) < SHORT;
        match wait.deadline {
            Some(deadline) => drop(self.deadlines.remove(&(deadline, conversation))),
            None => line.figures.late = line.figures.late.saturating_sub(1),
        }
        self.count(wait.campaign, at, |counts| match how {
            Left::Answered => {
                counts.answered += 1;
                counts.in_time += u32::from(in_time);
            }
            Left::Abandoned => {
                counts.abandoned += 1;
                counts.abandoned_soon += u32::from(soon);
            }
            Left::FlowedOut => counts.flowed_out += 1,
        });
    }

    fn count(&mut self, campaign: CampaignId, at: Timestamp, change: impl Fn(&mut Counts)) {
        self.lines.entry(campaign).or_insert(Line::EMPTY).count(self.minute, at, change);
        self.changed.insert(campaign);
    }

    /// Time has come to this moment: who waits too long is late, and what lies too far back counts no more. Costs next to
    /// nothing but once a minute, when every campaign is looked at.
    pub fn tick(&mut self, now: Timestamp) {
        while let Some((deadline, conversation)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline < now) {
            self.deadlines.remove(&(deadline, conversation));
            let Some(wait) = self.waits.get_mut(&conversation) else { continue };
            wait.deadline = None;
            if let Some(line) = self.lines.get_mut(&wait.campaign) {
                line.figures.late += 1;
            }
            self.changed.insert(wait.campaign);
        }
        let minute = minute_of(now);
        if minute > self.minute {
            self.minute = minute;
            let turned = self.lines.iter_mut().filter_map(|(id, line)| line.turn(minute, now).then_some(*id));
            self.changed.extend(turned);
        }
    }

    /// The figures of a campaign.
    pub fn figures(&self, campaign: CampaignId) -> Figures {
        self.lines.get(&campaign).map_or_else(Figures::default, |line| line.figures)
    }

    /// Campaigns whose figures may be others since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<CampaignId> {
        std::mem::take(&mut self.changed)
    }
}
