//! Counts what happens, by the definitions of metrics.md. Knows nothing of simulation: what a log says is counted the same way.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::plan::Measure;
use crate::{
    clock::Timestamp,
    domain::conversation::{Conversation, Ending, Event, OfferOutcome, Phase, QueueReason},
    ids::{AgentId, CampaignId},
};

/// What is remembered of one conversation between two events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// When it entered the queue it is in.
    queued_at: Timestamp,
    /// Since when its wait counts for the service level.
    counts_from: Timestamp,
    /// Since when its agent has it.
    owned_since: Timestamp,
}

/// Counters of one campaign, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) entered: u32,
    pub(super) answered: u32,
    pub(super) in_time: u32,
    pub(super) abandoned: u32,
    pub(super) abandoned_soon: u32,
    pub(super) flowed_out: u32,
    pub(super) rejected: u32,
    pub(super) out_of_hours: u32,
    pub(super) overflowed: u32,
    pub(super) missed: u32,
    pub(super) stays: u32,
    pub(super) handling: Duration,
    /// Microseconds; what was not answered is not among them.
    pub(super) waits: Vec<u64>,
    pub(super) waiting: u32,
    pub(super) longest_queue: u32,
    pub(super) periods: Vec<Period>,
}

/// Counters of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) entered: u32,
    pub(super) answered: u32,
    pub(super) in_time: u32,
    pub(super) abandoned: u32,
    pub(super) abandoned_soon: u32,
    pub(super) waited: u64,
    pub(super) longest_queue: u32,
}

impl Count {
    /// The counters of a period. The queue that stands at the end of one stands at the beginning of the next.
    fn period(&mut self, index: usize) -> Option<&mut Period> {
        while self.periods.len() <= index {
            self.periods.push(Period { longest_queue: self.waiting, ..Period::default() });
        }
        self.periods.get_mut(index)
    }

    fn one_more_waits(&mut self, index: usize) {
        self.period(index);
        self.waiting += 1;
        let waiting = self.waiting;
        self.longest_queue = self.longest_queue.max(waiting);
        if let Some(period) = self.period(index) {
            period.longest_queue = period.longest_queue.max(waiting);
        }
    }

    fn one_less_waits(&mut self, index: usize) {
        self.period(index);
        self.waiting = self.waiting.saturating_sub(1);
    }
}

/// An agent's day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) answered: u32,
    pub(super) missed: u32,
    pub(super) at_work: Duration,
    pub(super) busy: Duration,
    pub(super) idle: Duration,
    /// Unit-microseconds.
    pub(super) used: u128,
    /// Unit-microseconds.
    pub(super) capacity: u128,
    since: Timestamp,
    holds: u32,
    units: u32,
    limit: u32,
    signed_in: bool,
    available: bool,
}

impl Desk {
    /// Books the time since the last change.
    fn settle(&mut self, now: Timestamp) {
        let spent = now.since(self.since);
        self.since = now;
        if !self.signed_in {
            return;
        }
        self.at_work += spent;
        if self.holds > 0 {
            self.busy += spent;
        } else if self.available {
            self.idle += spent;
        }
        self.used += spent.as_micros() * u128::from(self.units);
        self.capacity += spent.as_micros() * u128::from(self.limit);
    }
}

/// All counters of a run.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) from: Timestamp,
    pub(super) measure: Measure,
    pub(super) all: Count,
    pub(super) campaigns: FxHashMap<CampaignId, Count>,
    pub(super) desks: FxHashMap<AgentId, Desk>,
    now: Timestamp,
}

impl Tally {
    /// Nothing has happened since `from`.
    pub fn new(from: Timestamp, measure: Measure) -> Self {
        let (all, campaigns, desks) = (Count::default(), FxHashMap::default(), FxHashMap::default());
        Self { from, measure, all, campaigns, desks, now: from }
    }

    /// Whether an agent is there, from now on.
    pub fn presence(&mut self, agent: AgentId, signed_in: bool, available: bool, limit: u32, now: Timestamp) {
        let from = self.from;
        let desk = self.desks.entry(agent).or_insert_with(|| Desk { since: from, ..Desk::default() });
        desk.settle(now);
        (desk.signed_in, desk.available, desk.limit) = (signed_in, available, limit);
    }

    /// How many conversations an agent has.
    pub fn holds(&self, agent: AgentId) -> u32 {
        self.desks.get(&agent).map_or(0, |desk| desk.holds)
    }

    fn index(&self, now: Timestamp) -> usize {
        let period = self.measure.period.as_micros().max(1);
        usize::try_from(now.since(self.from).as_micros() / period).unwrap_or(usize::MAX).min(1_000)
    }

    /// In a campaign and in all.
    fn count(&mut self, campaign: CampaignId, mut change: impl FnMut(&mut Count)) {
        change(&mut self.all);
        change(self.campaigns.entry(campaign).or_default());
    }

    fn hold(&mut self, agent: AgentId, units: u32, takes: bool, now: Timestamp) {
        let from = self.from;
        let desk = self.desks.entry(agent).or_insert_with(|| Desk { since: from, ..Desk::default() });
        desk.settle(now);
        if takes {
            (desk.holds, desk.units) = (desk.holds + 1, desk.units + units);
        } else {
            (desk.holds, desk.units) = (desk.holds.saturating_sub(1), desk.units.saturating_sub(units));
        }
    }

    /// Counts one event of a conversation, given its state before and after. `opening` says when a campaign that is closed now
    /// opens next, which is when the service level's clock starts.
    pub fn event(
        &mut self,
        track: &mut Track,
        before: &Conversation,
        event: &Event,
        after: &Conversation,
        now: Timestamp,
        opening: impl Fn(CampaignId) -> Option<Timestamp>,
    ) {
        let index = self.index(now);
        let waits = matches!(before.phase, Phase::Queued { .. } | Phase::Offered { .. });
        match event {
            Event::Queued { campaign, reason } => {
                if *reason == QueueReason::Overflowed {
                    self.count(before.campaign, |count| count.overflowed += 1);
                }
                if waits {
                    self.count(before.campaign, |count| {
                        count.flowed_out += 1;
                        count.one_less_waits(index);
                    });
                }
                *track = Track { queued_at: now, counts_from: opening(*campaign).map_or(now, |opens| opens.max(now)), ..*track };
                self.count(*campaign, |count| {
                    count.entered += 1;
                    count.one_more_waits(index);
                    count.period(index).map(|period| period.entered += 1).unwrap_or_default();
                });
            }
            Event::OfferAccepted { agent, .. } => {
                if waits {
                    self.answered(track, before.campaign, index, now);
                }
                if let Some(desk) = self.desks.get_mut(agent) {
                    desk.answered += 1;
                }
            }
            Event::OfferEnded { agent, outcome: OfferOutcome::Missed, .. } => {
                self.count(before.campaign, |count| count.missed += 1);
                if let Some(desk) = self.desks.get_mut(agent) {
                    desk.missed += 1;
                }
            }
            Event::Ended { ending, .. } => self.ended(track, before.campaign, *ending, waits, index, now),
            _ => {}
        }
        self.owner(track, before, after, now);
        self.now = self.now.max(now);
    }

    fn owner(&mut self, track: &mut Track, before: &Conversation, after: &Conversation, now: Timestamp) {
        let (had, has) = (before.phase.owner(), after.phase.owner());
        if had == has {
            return;
        }
        let units = before.kind.weight();
        if let Some(agent) = had {
            let spent = now.since(track.owned_since);
            self.hold(agent, units, false, now);
            self.count(before.campaign, |count| {
                count.stays += 1;
                count.handling += spent;
            });
        }
        if let Some(agent) = has {
            self.hold(agent, units, true, now);
            track.owned_since = now;
        }
    }

    fn answered(&mut self, track: &Track, campaign: CampaignId, index: usize, now: Timestamp) {
        let wait = u64::try_from(now.since(track.queued_at).as_micros()).unwrap_or(u64::MAX);
        let in_time = u32::from(now.since(track.counts_from) <= self.measure.threshold);
        self.count(campaign, |count| {
            count.answered += 1;
            count.in_time += in_time;
            count.waits.push(wait);
            count.one_less_waits(index);
            if let Some(period) = count.period(index) {
                period.answered += 1;
                period.in_time += in_time;
                period.waited += wait;
            }
        });
    }

    fn ended(&mut self, track: &Track, campaign: CampaignId, ending: Ending, waits: bool, index: usize, now: Timestamp) {
        let soon = u32::from(now.since(track.queued_at) < self.measure.short);
        self.count(campaign, |count| {
            match ending {
                Ending::Abandoned if waits => {
                    count.abandoned += 1;
                    count.abandoned_soon += soon;
                    if let Some(period) = count.period(index) {
                        period.abandoned += 1;
                        period.abandoned_soon += soon;
                    }
                }
                _ if waits => count.flowed_out += 1,
                Ending::Full => count.rejected += 1,
                Ending::OutOfHours => count.out_of_hours += 1,
                _ => {}
            }
            if waits {
                count.one_less_waits(index);
            }
        });
    }

    /// Books everything up to the end.
    pub fn close(&mut self, now: Timestamp) {
        for desk in self.desks.values_mut() {
            desk.settle(now);
        }
    }
}
