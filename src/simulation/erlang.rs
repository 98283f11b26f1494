//! What queueing theory says, to hold the simulator against: customers without memory, `agents` who are all alike, one line.
//!
//! Load is offered load in erlangs: arrivals per second × seconds of handling.

/// A line that is in balance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steady {
    /// The share of customers who wait at all.
    pub(super) delayed: f64,
    /// Mean wait in seconds of all who are answered.
    pub(super) asa: f64,
    /// The share of all customers answered within the threshold.
    pub(super) within: f64,
    /// The share of customers who leave unanswered.
    pub(super) abandoned: f64,
}

/// Erlang B: the share that finds all agents busy when nobody waits.
pub(super) fn blocked(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, agent| load * blocked / (f64::from(agent) + load * blocked))
}

/// Erlang C: endless patience. None when the load is more than the agents can do.
pub(super) fn patient(load: f64, agents: u32, handling: f64, threshold: f64) -> Option<Steady> {
    let count = f64::from(agents);
    if load >= count {
        return None;
    }
    let blocked = blocked(load, agents);
    let delayed = count * blocked / (count - load * (1.0 - blocked));
    let spare = (count - load) / handling;
    Some(Steady { delayed, asa: delayed / spare, within: 1.0 - delayed * (-spare * threshold).exp(), abandoned: 0.0 })
}

/// Erlang A: patience without memory, `patience` seconds on average. Who waits is in a birth and death process: with k in the
/// line the next step up comes at the arrival rate, down at that of all agents and of k customers' patience.
pub(super) fn impatient(load: f64, agents: u32, handling: f64, patience: f64, threshold: f64) -> Steady {
    let count = f64::from(agents);
    let (arrivals, leaving, serving) = (load / handling, 1.0 / patience, count / handling);
    // Shares of time with k in the line, as multiples of the share with all agents busy and nobody waiting.
    let mut lines = vec![1.0_f64];
    while let Some(last) = lines.last().copied().filter(|last| *last > 1e-15) {
        let next = lines.len() as f64;
        lines.push(last * arrivals / (serving + next * leaving));
    }
    // With all agents busy or somebody free: Erlang B is the share of the former when no line is possible.
    let blocked = blocked(load, agents);
    let free = (1.0 - blocked) / blocked;
    let all = free + lines.iter().sum::<f64>();
    let delayed = lines.iter().sum::<f64>() / all;
    let mean_line = lines.iter().enumerate().map(|(k, share)| k as f64 * share).sum::<f64>() / all;
    let abandoned = leaving * mean_line / arrivals;
    let mut within = free / all;
    // Who finds k waiting is answered after k + 1 departures: the sum of exponential times at rates that fall by one customer's
    // patience each, if their own patience lasts as long. Both together: the chance that none of k + 1 departures of agents or
    // customers before them, and their own, leaves them there.
    for (ahead, share) in lines.iter().enumerate() {
        within += share / all * answered_within(ahead, serving, leaving, threshold);
    }
    // Little's law for those who wait; the wait of those who leave is known because patience has no memory: what is spent
    // waiting by all is spent by those answered and those who leave.
    let asa = answered_wait(&lines, all, serving, leaving) / (1.0 - abandoned);
    Steady { delayed, asa, within, abandoned }
}

/// The chance to be answered, and within `threshold`, for who finds `ahead` waiting and every agent busy.
///
/// While j wait before them, the next thing that moves them on comes at rate `serving + j × leaving`, and they lose patience
/// at rate `leaving`. So the wait is a sum of exponential times, killed at rate `leaving`; its rates are evenly spaced, so
/// after the substitution `1 − e^(−leaving × t)` it has a beta law, whose integral is done numerically.
fn answered_within(ahead: usize, serving: f64, leaving: f64, threshold: f64) -> f64 {
    let steps = 400;
    let width = threshold / f64::from(steps);
    let simpson = (0..=steps).map(|step| {
        let weight = if step == 0 || step == steps {
            1.0
        } else if step % 2 == 1 {
            4.0
        } else {
            2.0
        };
        weight * density(ahead, serving, leaving, f64::from(step) * width)
    });
    simpson.sum::<f64>() * width / 3.0
}

/// The density of being answered after `at` seconds.
fn density(ahead: usize, serving: f64, leaving: f64, at: f64) -> f64 {
    // The sum of exponentials at rates s, s + l, …, s + n l has the density
    // s × C(s/l + n, n) × e^(−s t) × (1 − e^(−l t))^n; staying that long multiplies by e^(−l t).
    let ratio = serving / leaving;
    let choose: f64 = (1..=ahead).map(|k| ((ratio + k as f64) / k as f64).ln()).sum();
    let base = 1.0 - (-leaving * at).exp();
    if base <= 0.0 {
        return if ahead == 0 { serving } else { 0.0 };
    }
    serving * (choose + ahead as f64 * base.ln() - (serving + leaving) * at).exp()
}

/// Σ over lines of share × E[wait; answered].
fn answered_wait(lines: &[f64], all: f64, serving: f64, leaving: f64) -> f64 {
    lines.iter().enumerate().map(|(ahead, share)| share / all * wait_if_answered(ahead, serving, leaving)).sum()
}

/// E[wait × answered] for who finds `ahead` waiting: the steps are exponential times at rates that include one's own patience,
/// each survived with the chance that it was not one's own that ran out.
fn wait_if_answered(ahead: usize, serving: f64, leaving: f64) -> f64 {
    let rates = (0..=ahead).map(|before| serving + before as f64 * leaving);
    let (stays, waits) =
        rates.fold((1.0, 0.0), |(stays, waits), rate| (stays * rate / (rate + leaving), waits + 1.0 / (rate + leaving)));
    stays * waits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(is: f64, should: f64) {
        assert!((is - should).abs() < 0.000_5, "{is}, not {should}");
    }

    /// Tables of traffic theory: Erlang B with 5 erlangs and 10 trunks, Erlang C with 8 erlangs and 10 agents.
    #[test]
    fn known_answers() {
        near(blocked(5.0, 10), 0.018_38);
        near(blocked(1.0, 1), 0.5);
        let steady = patient(8.0, 10, 180.0, 20.0).unwrap();
        near(steady.delayed, 0.409_18);
        near(steady.asa / 180.0, 0.409_18 / 2.0);
        near(steady.within, 1.0 - 0.409_18 * (-2.0_f64 * 20.0 / 180.0).exp());
        assert_eq!(patient(10.0, 10, 180.0, 20.0), None);
    }

    /// One agent: the share of time that k are there is Poisson when patience and handling are as long as each other.
    #[test]
    fn with_patience_as_long_as_handling_the_crowd_is_poisson() {
        let steady = impatient(1.0, 1, 60.0, 60.0, 30.0);
        near(steady.delayed, 1.0 - (-1.0_f64).exp());
        // Σ (k − 1)⁺ e⁻¹/k! = e⁻¹: so many wait on average, and leave at the rate at which one is handled.
        near(steady.abandoned, (-1.0_f64).exp());
    }

    #[test]
    fn endless_patience_is_erlang_c() {
        let (one, other) = (impatient(8.5, 10, 180.0, 1e7, 20.0), patient(8.5, 10, 180.0, 20.0).unwrap());
        near(one.delayed, other.delayed);
        near(one.within, other.within);
        assert!((one.asa - other.asa).abs() < 0.05, "{one:?} {other:?}");
    }

    /// All who wait: answered within a long time, or gone.
    #[test]
    fn everybody_is_answered_or_leaves() {
        for load in [7.0, 9.5, 12.0] {
            let steady = impatient(load, 10, 180.0, 120.0, 3_000.0);
            near(steady.within + steady.abandoned, 1.0);
        }
    }
}
