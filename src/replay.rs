//! A recorded day, read from the store for the [`simulation`](crate::simulation) to live again.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        log::{Entry, Fact},
        schedule,
    },
    ids::CampaignId,
    simulation::{
        plan::{Measure, Planned, Worker},
        recorded::{Recorded, Recorder, Setting},
    },
    store::{Db, StoreError, journal::STREAM, log, people_state},
};

/// Entries read at once.
const AT_ONCE: u64 = 2_000;
/// A log up to this long is read from its beginning: it may have been written in another order than things happened, as that
/// of a demo is.
const SHORT: u64 = 200_000;
/// A day of more entries than this is not lived again.
const MOST: usize = 1_500_000;
/// Who came to work earlier than so long before the day is known by their state only.
const SHIFT: std::time::Duration = std::time::Duration::from_secs(36 * 3_600);

/// Why a day cannot be lived again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NoCampaign,
    /// The day has not begun, or the calendar does not have it.
    #[error("the day has not begun yet")]
    NotYet,
    /// More happened than can be lived again.
    #[error("the day has more than {MOST} events")]
    TooMuch,
    /// Nobody wrote to the campaign.
    #[error("nobody wrote to this campaign on that day")]
    Nothing,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which day of which campaign.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Where. The other campaigns are lived through as well, for they share its agents.
    pub campaign: CampaignId,
    /// The date that its client's clocks showed.
    pub date: NaiveDate,
    /// What figures are measured against.
    pub measure: Measure,
    /// Decides what has to be drawn.
    pub seed: u64,
}

/// The configuration in force.
pub fn setting(snapshot: &Snapshot) -> Setting {
    let planned = |campaign: &std::sync::Arc<crate::domain::campaign::Campaign>| Planned {
        schedule: campaign.schedule.and_then(|id| snapshot.schedules.get(&id)).map(|schedule| schedule.as_ref().clone()),
        zone: snapshot.zone_of(campaign.client),
        campaign: campaign.as_ref().clone(),
    };
    let worker = |user: &std::sync::Arc<crate::directory::User>| {
        let crate::directory::User { id, capacity, ref skills, .. } = **user;
        Worker { id, capacity, skills: skills.clone() }
    };
    let mut setting = Setting {
        campaigns: snapshot.campaigns.values().map(planned).collect(),
        members: snapshot.members.values().flatten().copied().collect(),
        workers: snapshot.users.values().map(worker).collect(),
        loads: snapshot.loads,
    };
    setting.campaigns.sort_unstable_by_key(|planned| planned.campaign.id);
    setting.members.sort_unstable_by_key(|member| (member.campaign, member.agent));
    setting.workers.sort_unstable_by_key(|worker| worker.id);
    setting
}

/// The moments of a date, up to now.
fn bounds(zone: Tz, date: NaiveDate, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let noon = date.and_hms_opt(12, 0, 0)?.and_local_timezone(zone).earliest()?;
    let day = schedule::day(zone, Timestamp::from_chrono(noon.to_utc()));
    let until = day.until.min(now);
    (day.since < until).then_some((day.since, until))
}

/// A day that was read.
pub struct Fetched {
    wanted: Wanted,
    recorder: Recorder,
    entries: Vec<Entry>,
}

/// Reads a day.
///
/// # Errors
/// Any [`ReplayError`].
pub async fn fetch(db: &Db, snapshot: &Snapshot, wanted: Wanted, now: Timestamp) -> Result<Fetched, ReplayError> {
    let campaign = snapshot.campaigns.get(&wanted.campaign).ok_or(ReplayError::NoCampaign)?;
    let (from, until) = bounds(snapshot.zone_of(campaign.client), wanted.date, now).ok_or(ReplayError::NotYet)?;
    let earliest = from - SHIFT;
    let head = log::head(db, STREAM).await?;
    let mut pos = if head <= SHORT { 0 } else { log::last_before(db, STREAM, earliest, head).await? };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let some = log::after(db, STREAM, pos, AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        let over = head > SHORT && last.at >= until;
        pos = last.pos;
        let matters = |entry: &Entry| {
            let lowest = if matches!(entry.fact, Fact::Agent { .. }) { earliest } else { from };
            entry.at >= lowest && entry.at < until && !matters_not(&entry.fact)
        };
        entries.extend(some.into_iter().filter(matters));
        if entries.len() > MOST {
            return Err(ReplayError::TooMuch);
        }
        if over {
            break;
        }
    }
    let known = people_state::agents(db).await?.into_iter().filter(|agent| agent.since < earliest).collect();
    let mut recorder = Recorder::new(from, until, wanted.measure, setting(snapshot), known);
    recorder.look_at(wanted.campaign);
    Ok(Fetched { wanted, recorder, entries })
}

impl Fetched {
    /// Understands it, which takes a while: a second for a million entries.
    ///
    /// # Errors
    /// [`ReplayError::Nothing`].
    pub fn understand(self) -> Result<Recorded, ReplayError> {
        let Self { wanted, mut recorder, mut entries } = self;
        entries.sort_by_key(|entry| entry.at);
        entries.iter().for_each(|entry| recorder.learn(entry));
        let recorded = recorder.finish(wanted.seed);
        if recorded.plan.arrivals.iter().all(|arrival| arrival.campaign != wanted.campaign) {
            return Err(ReplayError::Nothing);
        }
        Ok(recorded)
    }
}

/// What changes nothing that is counted.
fn matters_not(fact: &Fact) -> bool {
    use crate::domain::conversation::Event;
    match fact {
        Fact::Config { .. } => true,
        Fact::Conversation { event, .. } => matches!(
            event,
            Event::DeliveryMoved { .. } | Event::FieldsChanged { .. } | Event::Noted { .. } | Event::ContactRenamed
        ),
        Fact::Agent { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_the_client_s_clocks_and_ends_now() {
        let zone: Tz = "America/Argentina/Buenos_Aires".parse().unwrap();
        let date = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let moment = |text: &str| Timestamp::from_chrono(text.parse().unwrap());
        let (start, end) = (moment("2026-03-02T03:00:00Z"), moment("2026-03-03T03:00:00Z"));
        assert_eq!(bounds(zone, date, moment("2026-03-09T00:00:00Z")), Some((start, end)));
        assert_eq!(bounds(zone, date, moment("2026-03-02T15:00:00Z")), Some((start, moment("2026-03-02T15:00:00Z"))));
        assert_eq!(bounds(zone, date, moment("2026-03-02T02:00:00Z")), None);
    }
}
