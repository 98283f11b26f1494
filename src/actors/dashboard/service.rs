//! The service levels of the board: folded from what is published. What was not published to it is read from the log: the day
//! so far at the start and when a goal or a schedule changed, the rest when something was missed.

use std::collections::VecDeque;

use actix::{AsyncContext, Context, WrapFuture, fut::ActorFutureExt};
use rustc_hash::FxHashSet;

use super::{AGAIN, Dashboard, QUEUE};
use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        campaign::Campaign,
        conversation::{Event, QueueReason},
        log::{Entry, Fact},
        service_level::{Goal, ServiceLevels},
    },
    ids::{CampaignId, ConversationId},
    store::{
        Db, StoreError, choices,
        journal::{Group, STREAM},
        log, service_levels,
    },
    wire::service::ServiceNow,
};

/// Entries folded at once: about 100 µs.
const AT_ONCE: u64 = 500;
/// A log up to this long is read from its beginning: it may have been written in another order than things happened, as that of
/// a demo is.
const SHORT_LOG: u64 = 200_000;
/// Entries may stand a little before one that was decided earlier.
const SLACK: std::time::Duration = std::time::Duration::from_secs(60);
/// Offers of one conversation that are looked through for when it was queued.
const OFFERS: u64 = 200;

#[derive(Default)]
pub(super) struct Service {
    pub(super) levels: ServiceLevels,
    /// Folded up to this position; none before the first reading.
    pos: Option<u64>,
    reading: Option<Reading>,
}

/// The log is being read.
#[derive(Default)]
struct Reading {
    /// Published meanwhile: folded on what was read.
    early: VecDeque<Group>,
    /// More than could be kept was published meanwhile.
    missed: bool,
    /// The goals changed meanwhile: what is being read is measured by others.
    outdated: bool,
}

impl Service {
    /// Puts the goals of a configuration in force. True when what was counted was measured by others.
    pub(super) fn configure(&mut self, directory: &Snapshot) -> bool {
        let mut others = false;
        for campaign in directory.campaigns.values() {
            others |= self.levels.configure(campaign.id, goal(directory, campaign));
        }
        others
    }

    /// What a campaign's row shows; none while nobody knows yet.
    pub(super) fn now(&self, campaign: &Campaign) -> Option<ServiceNow> {
        self.pos.map(|_| ServiceNow::of(&campaign.service, &self.levels.figures(campaign.id)))
    }

    /// Folds a group that follows on; what it holds already is skipped. False when something is missing before it.
    fn learn(&mut self, group: &Group) -> bool {
        let Some(pos) = self.pos else { return false };
        if group.first().is_some_and(|append| append.first_pos() > pos + 1) {
            return false;
        }
        for entry in group.iter().flat_map(|append| &append.entries).filter(|entry| entry.pos > pos) {
            learn(&mut self.levels, entry);
        }
        self.pos = group.last().map(|append| append.pos().max(pos)).or(self.pos);
        true
    }
}

fn goal(directory: &Snapshot, campaign: &Campaign) -> Goal {
    Goal {
        within: std::time::Duration::from_secs(campaign.service.level_seconds.into()),
        zone: directory.zone_of(campaign.client),
        schedule: campaign.schedule.and_then(|id| directory.schedules.get(&id).cloned()),
    }
}

fn learn(levels: &mut ServiceLevels, entry: &Entry) {
    if let Fact::Conversation { id, event, .. } = &entry.fact {
        levels.learn(*id, event, entry.at);
    }
}

impl Dashboard {
    /// Folds what was published, or keeps it until what lies before it was read.
    pub(super) fn learn_levels(&mut self, group: &Group, ctx: &mut Context<Self>) {
        match &mut self.service.reading {
            Some(reading) if reading.early.len() < QUEUE => reading.early.push_back(group.clone()),
            Some(reading) => reading.missed = true,
            None => {
                if !self.service.learn(group) {
                    self.read_levels(ctx);
                }
            }
        }
    }

    /// The goals in force are those of the directory now.
    pub(super) fn configure_levels(&mut self, ctx: &mut Context<Self>) {
        let directory = self.directory.load();
        if self.service.configure(&directory) {
            match &mut self.service.reading {
                Some(reading) => reading.outdated = true,
                None => self.read_day(ctx),
            }
        }
    }

    /// Reads the day so far. What was counted stays on the board meanwhile.
    pub(super) fn read_day(&mut self, ctx: &mut Context<Self>) {
        self.read(self.service.levels.emptied(), None, ctx);
    }

    /// Reads what was missed.
    fn read_levels(&mut self, ctx: &mut Context<Self>) {
        match self.service.pos {
            Some(pos) => self.read(self.service.levels.clone(), Some(pos), ctx),
            None => self.read_day(ctx),
        }
    }

    fn read(&mut self, levels: ServiceLevels, after: Option<u64>, ctx: &mut Context<Self>) {
        self.service.reading = Some(Reading::default());
        let (db, now) = (self.db.clone(), self.clock.now());
        let read = async move { read(&db, levels, after, now).await };
        ctx.spawn(read.into_actor(self).map(|result, actor, ctx| actor.levels_were_read(result, ctx)));
    }

    fn levels_were_read(&mut self, result: Result<(ServiceLevels, u64), StoreError>, ctx: &mut Context<Self>) {
        let Reading { early, missed, outdated } = self.service.reading.take().unwrap_or_default();
        match result {
            Ok(_) if outdated => self.read_day(ctx),
            Ok((levels, pos)) => {
                (self.service.levels, self.service.pos) = (levels, Some(pos));
                // A campaign may have come since the reading began.
                let counted_otherwise = self.service.configure(&self.directory.load());
                for seat in &mut self.viewers {
                    seat.behind = true;
                }
                if counted_otherwise {
                    self.read_day(ctx);
                } else if !early.iter().all(|group| self.service.learn(group)) || missed {
                    self.read_levels(ctx);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the service levels cannot be read; trying again");
                // Until then nothing else reads: what is published meanwhile is read then.
                self.service.reading = Some(Reading { outdated, ..Reading::default() });
                ctx.run_later(AGAIN, |actor, ctx| {
                    let outdated = actor.service.reading.take().is_some_and(|reading| reading.outdated);
                    if outdated { actor.read_day(ctx) } else { actor.read_levels(ctx) }
                });
            }
        }
    }
}

/// Folds the log from a position to its head; none = from where the windows of today begin.
async fn read(
    db: &Db,
    mut levels: ServiceLevels,
    after: Option<u64>,
    now: Timestamp,
) -> Result<(ServiceLevels, u64), StoreError> {
    levels.tick(now);
    if let Some(pos) = after {
        let head = log::head(db, STREAM).await?;
        fold(db, &mut levels, pos, head, None).await?;
        return Ok((levels, head));
    }
    let head = log::head(db, STREAM).await?;
    let begins =
        if head <= SHORT_LOG { 0 } else { log::last_before(db, STREAM, levels.looks_back_to(now) - SLACK, head).await? };
    let head = read_after(db, &mut levels, begins).await?;
    Ok((levels, head))
}

/// Folds the log after a position before which nothing is counted; gives the head. What waited at that position and still
/// waits, or has left since, was queued before it.
pub(in crate::actors) async fn read_after(db: &Db, levels: &mut ServiceLevels, pos: u64) -> Result<u64, StoreError> {
    // Asked before the head: what waits then and has no entry up to the head was queued before the first one read.
    let waiting = if pos == 0 { vec![] } else { service_levels::waiting(db).await? };
    let head = log::head(db, STREAM).await?;
    let mut seen = FxHashSet::default();
    fold(db, levels, pos, head, (pos > 0).then_some(&mut seen)).await?;
    for id in waiting.into_iter().filter(|id| !seen.contains(id)) {
        if let Some((campaign, queued_at)) = queued_before(db, id, u64::MAX).await? {
            levels.remember(id, campaign, queued_at);
        }
    }
    Ok(head)
}

/// Folds what lies between two positions. With `seen` the conversations before are not known: those whose first entry is not
/// a beginning are looked up.
async fn fold(
    db: &Db,
    levels: &mut ServiceLevels,
    mut pos: u64,
    head: u64,
    mut seen: Option<&mut FxHashSet<ConversationId>>,
) -> Result<(), StoreError> {
    while pos < head {
        let entries = service_levels::turns(db, STREAM, pos, head, AT_ONCE).await?;
        pos = entries.last().filter(|_| entries.len() as u64 == AT_ONCE).map_or(head, |entry| entry.pos);
        for entry in &entries {
            if let Some(seen) = &mut seen
                && let Fact::Conversation { id, seq, event } = &entry.fact
                && seen.insert(*id)
                && !begins(event)
                && let Some((campaign, queued_at)) = queued_before(db, *id, *seq).await?
            {
                levels.remember(*id, campaign, queued_at);
            }
            learn(levels, entry);
        }
    }
    Ok(())
}

/// Nothing of a conversation can have waited before this.
const fn begins(event: &Event) -> bool {
    matches!(event, Event::Queued { reason: QueueReason::New | QueueReason::OutOfHours, .. })
}

/// The queue in which a conversation waited before one of its entries, and since when.
async fn queued_before(db: &Db, id: ConversationId, seq: u64) -> Result<Option<(CampaignId, Timestamp)>, StoreError> {
    let entries = choices::of(db, id, OFFERS).await?;
    let last = entries.iter().rev().find_map(|entry| match &entry.fact {
        Fact::Conversation { seq: of, event, .. } if *of < seq => match event {
            Event::Queued { campaign, .. } => Some(Some((*campaign, entry.at))),
            Event::OfferAccepted { .. } => Some(None),
            _ => None,
        },
        _ => None,
    });
    Ok(last.flatten())
}
