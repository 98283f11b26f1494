//! What came of a day, in figures that mean what metrics.md says. No data = null, never 0 or 100.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::{
    plan::Plan,
    tally::{Count, Desk, Tally},
};
use crate::ids::{AgentId, CampaignId};

/// A day.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct DayReport {
    /// RFC 3339.
    pub from: String,
    /// RFC 3339.
    pub until: String,
    /// Answered within so many seconds counts for the service level.
    pub threshold_seconds: u32,
    /// The length of a period.
    pub period_seconds: u32,
    /// Of the campaign looked at, or of all together.
    pub total: DayFigures,
    /// Each campaign in which anything happened, by id.
    pub campaigns: Vec<CampaignDay>,
    /// How evenly the work was spread over those who were at work.
    pub fairness: Fairness,
    /// Each agent who was at work, by id.
    pub agents: Vec<AgentDay>,
}

/// One campaign.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct CampaignDay {
    /// Which.
    pub campaign: CampaignId,
    /// Its figures.
    pub figures: DayFigures,
    /// Period by period, from the beginning.
    pub periods: Vec<DayPeriod>,
}

/// Figures of a queue. Times are seconds, shares are percent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct DayFigures {
    /// Entered the queue.
    pub entered: u32,
    /// Accepted by an agent.
    pub answered: u32,
    /// Of these, within the threshold.
    pub answered_in_time: u32,
    /// Left unanswered.
    pub abandoned: u32,
    /// Of these, so soon that they do not count.
    pub abandoned_soon: u32,
    /// Left the queue otherwise: to another campaign, at closing time.
    pub flowed_out: u32,
    /// Still wait at the end.
    pub waiting: u32,
    /// Turned away because the queue was full.
    pub rejected: u32,
    /// Ended because it was out of hours.
    pub out_of_hours: u32,
    /// Sent on to another campaign for want of room.
    pub overflowed: u32,
    /// Offers that ran out unanswered.
    pub missed: u32,
    /// Answered in time ÷ (answered + abandoned − abandoned soon).
    pub service_level: Option<f64>,
    /// Abandoned ÷ entered.
    pub abandonment: Option<f64>,
    /// Mean wait of those answered (ASA).
    pub mean_wait: Option<f64>,
    /// Half of those answered waited less.
    pub median_wait: Option<f64>,
    /// Nine in ten of those answered waited less.
    pub p90_wait: Option<f64>,
    /// Who was answered after the longest wait.
    pub longest_wait: Option<f64>,
    /// Mean time from acceptance to the end of wrap-up.
    pub mean_handling: Option<f64>,
    /// The most who waited at once, those counted who were being offered.
    pub longest_queue: u32,
}

/// One period of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct DayPeriod {
    /// Entered the queue.
    pub entered: u32,
    /// Accepted by an agent.
    pub answered: u32,
    /// Left unanswered.
    pub abandoned: u32,
    /// Of those answered or gone in this period.
    pub service_level: Option<f64>,
    /// Of those answered in this period, seconds.
    pub mean_wait: Option<f64>,
    /// The most who waited at once, those counted who were being offered.
    pub longest_queue: u32,
}

/// How evenly the work was spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Fairness {
    /// Agents at work.
    pub agents: u32,
    /// Conversations of who had fewest.
    pub fewest: Option<u32>,
    /// Of who is in the middle.
    pub median: Option<u32>,
    /// Of who had most.
    pub most: Option<u32>,
    /// 0 = all had as many, nearly 1 = one had all.
    pub gini: Option<f64>,
    /// Time with work ÷ (time with work + time free), percent, of all.
    pub occupancy: Option<f64>,
    /// Capacity units used ÷ capacity units there, percent, of all.
    pub utilisation: Option<f64>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct AgentDay {
    /// Who. Agents that a change adds have ids of their own.
    pub agent: AgentId,
    /// Conversations accepted.
    pub answered: u32,
    /// Offers that ran out.
    pub missed: u32,
    /// Signed in, seconds.
    pub at_work: f64,
    /// With at least one conversation, seconds.
    pub busy: f64,
    /// Percent.
    pub occupancy: Option<f64>,
    /// Percent.
    pub utilisation: Option<f64>,
}

/// Thousandths are exact enough, and the same everywhere.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| rounded(100.0 * part / whole))
}

fn mean(sum: f64, count: u32) -> Option<f64> {
    (count > 0).then(|| rounded(sum / f64::from(count)))
}

/// The smallest of sorted values that this share of all does not exceed.
fn quantile<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// Σ of differences ÷ (2 × n × sum).
fn gini(sorted: &[u32]) -> Option<f64> {
    let (count, sum) = (sorted.len() as f64, sorted.iter().map(|one| f64::from(*one)).sum::<f64>());
    let weighted: f64 = (1_u32..).zip(sorted).map(|(rank, one)| f64::from(rank) * f64::from(*one)).sum();
    (sum > 0.0).then(|| rounded(2.0 * weighted / (count * sum) - (count + 1.0) / count))
}

impl DayFigures {
    fn of(count: &Count) -> Self {
        let mut waits = count.waits.clone();
        waits.sort_unstable();
        let seconds = |micros: u64| rounded(micros as f64 / 1e6);
        let counting = count.answered + count.abandoned - count.abandoned_soon;
        let waited: u128 = waits.iter().map(|wait| u128::from(*wait)).sum();
        Self {
            entered: count.entered,
            answered: count.answered,
            answered_in_time: count.in_time,
            abandoned: count.abandoned,
            abandoned_soon: count.abandoned_soon,
            flowed_out: count.flowed_out,
            waiting: count.waiting,
            rejected: count.rejected,
            out_of_hours: count.out_of_hours,
            overflowed: count.overflowed,
            missed: count.missed,
            service_level: share(count.in_time.into(), counting.into()),
            abandonment: share(count.abandoned.into(), count.entered.into()),
            mean_wait: mean(waited as f64 / 1e6, count.answered),
            median_wait: quantile(&waits, 0.5).map(seconds),
            p90_wait: quantile(&waits, 0.9).map(seconds),
            longest_wait: waits.last().copied().map(seconds),
            mean_handling: mean(count.handling.as_secs_f64(), count.stays),
            longest_queue: count.longest_queue,
        }
    }
}

fn periods(count: &Count) -> Vec<DayPeriod> {
    let of = |period: &super::tally::Period| DayPeriod {
        entered: period.entered,
        answered: period.answered,
        abandoned: period.abandoned,
        service_level: share(period.in_time.into(), f64::from(period.answered + period.abandoned - period.abandoned_soon)),
        mean_wait: mean(period.waited as f64 / 1e6, period.answered),
        longest_queue: period.longest_queue,
    };
    count.periods.iter().map(of).collect()
}

impl AgentDay {
    fn of(agent: AgentId, desk: &Desk) -> Self {
        Self {
            agent,
            answered: desk.answered,
            missed: desk.missed,
            at_work: rounded(desk.at_work.as_secs_f64()),
            busy: rounded(desk.busy.as_secs_f64()),
            occupancy: share(desk.busy.as_secs_f64(), (desk.busy + desk.idle).as_secs_f64()),
            utilisation: share(desk.used as f64, desk.capacity as f64),
        }
    }
}

impl Fairness {
    fn of<'a>(desks: impl Iterator<Item = &'a Desk>) -> Self {
        let mut answered = Vec::new();
        let (mut busy, mut open, mut used, mut capacity) = (0.0, 0.0, 0_u128, 0_u128);
        for desk in desks {
            answered.push(desk.answered);
            busy += desk.busy.as_secs_f64();
            open += (desk.busy + desk.idle).as_secs_f64();
            used += desk.used;
            capacity += desk.capacity;
        }
        answered.sort_unstable();
        Self {
            agents: u32::try_from(answered.len()).unwrap_or(u32::MAX),
            fewest: answered.first().copied(),
            median: quantile(&answered, 0.5),
            most: answered.last().copied(),
            gini: gini(&answered),
            occupancy: share(busy, open),
            utilisation: share(used as f64, capacity as f64),
        }
    }
}

impl DayReport {
    /// What was counted of what the plan looks at. Call [`Tally::close`] first.
    pub fn of(tally: &Tally, plan: &Plan) -> Self {
        let is_looked_at = |id: CampaignId| plan.focus.is_none_or(|focus| focus == id);
        let nothing = Count::default();
        let total = plan.focus.map_or(&tally.all, |focus| tally.campaigns.get(&focus).unwrap_or(&nothing));
        let mut campaigns: Vec<_> = tally
            .campaigns
            .iter()
            .filter(|(id, _)| is_looked_at(**id))
            .map(|(id, count)| CampaignDay { campaign: *id, figures: DayFigures::of(count), periods: periods(count) })
            .collect();
        campaigns.sort_unstable_by_key(|day| day.campaign);
        let members: FxHashSet<_> = plan.members.iter().filter(|it| is_looked_at(it.campaign)).map(|it| it.agent).collect();
        let works = |(id, desk): &(&AgentId, &Desk)| !desk.at_work.is_zero() && members.contains(*id);
        let mut agents: Vec<_> = tally.desks.iter().filter(works).map(|(id, desk)| AgentDay::of(*id, desk)).collect();
        agents.sort_unstable_by_key(|day| day.agent);
        // Sums of fractions depend on their order.
        let in_order = agents.iter().filter_map(|day| tally.desks.get(&day.agent));
        let seconds = |time: std::time::Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        Self {
            from: tally.from.to_string(),
            until: plan.until.to_string(),
            threshold_seconds: seconds(tally.measure.threshold),
            period_seconds: seconds(tally.measure.period),
            total: DayFigures::of(total),
            fairness: Fairness::of(in_order),
            campaigns,
            agents,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        assert_eq!(quantile::<u32>(&[], 0.5), None);
        assert_eq!(quantile(&[7], 0.9), Some(7));
        let tens: Vec<u32> = (1..=10).collect();
        assert_eq!([0.0, 0.5, 0.9, 1.0].map(|share| quantile(&tens, share)), [Some(1), Some(5), Some(9), Some(10)]);
    }

    #[test]
    fn gini_says_how_unequal() {
        assert_eq!(gini(&[]), None);
        assert_eq!(gini(&[0, 0]), None);
        assert_eq!(gini(&[4, 4, 4]), Some(0.0));
        assert_eq!(gini(&[0, 0, 0, 8]), Some(0.75));
    }

    #[test]
    fn without_data_there_is_no_figure() {
        let figures = DayFigures::of(&Count::default());
        assert_eq!((figures.service_level, figures.mean_wait, figures.abandonment), (None, None, None));
    }
}
