//! Chance: laws of how long things take, and generators that a seed decides.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde::{Deserialize, Serialize};

/// The longest time a law gives: a day.
const LONGEST: f64 = 86_400.0;

/// How long something takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "snake_case", deny_unknown_fields)]
pub enum Law {
    /// Always as long.
    Always {
        /// How long.
        seconds: f64,
    },
    /// Without memory: how long it has taken says nothing about how long it still takes.
    Exponential {
        /// On average.
        mean: f64,
    },
    /// Many short ones and few very long ones, as handling times are.
    Lognormal {
        /// On average.
        mean: f64,
        /// Standard deviation of the logarithm: 0 = always the mean, 1 = very different.
        spread: f64,
    },
    /// Anything between two times.
    Uniform {
        /// The shortest.
        from: f64,
        /// The longest.
        to: f64,
    },
}

impl Law {
    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let sound = |seconds: f64| seconds.is_finite() && (0.0..=LONGEST).contains(&seconds);
        match *self {
            Self::Always { seconds } if !sound(seconds) => Some("seconds: 0 to 86400"),
            Self::Exponential { mean } if !sound(mean) => Some("mean: 0 to 86400 seconds"),
            Self::Lognormal { mean, .. } if !sound(mean) => Some("mean: 0 to 86400 seconds"),
            Self::Lognormal { spread, .. } if !(spread.is_finite() && (0.0..=3.0).contains(&spread)) => Some("spread: 0 to 3"),
            Self::Uniform { from, to } if !sound(from) || !sound(to) || from > to => {
                Some("from and to: 0 to 86400 seconds, the first not above the second")
            }
            _ => None,
        }
    }

    /// One time.
    pub fn draw(&self, random: &mut Random) -> Duration {
        let seconds = match *self {
            Self::Always { seconds } => seconds,
            Self::Exponential { mean } => -mean * random.share().ln(),
            Self::Lognormal { mean, .. } if mean <= 0.0 => 0.0,
            Self::Lognormal { mean, spread } => (mean.ln() - spread * spread / 2.0 + spread * random.normal()).exp(),
            Self::Uniform { from, to } => from + (to - from) * random.share(),
        };
        // Whole microseconds, as everything else.
        Duration::from_micros((seconds.clamp(0.0, LONGEST) * 1e6).round() as u64)
    }

    /// The law of this family that fits what was observed best; none without anything to go by.
    pub fn fitted(observed: &[Duration]) -> Option<Self> {
        let logs: Vec<f64> = observed.iter().map(|time| time.as_secs_f64().max(0.1).ln()).collect();
        let count = logs.len() as f64;
        let mean = if logs.is_empty() { return None } else { logs.iter().sum::<f64>() / count };
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count;
        let spread = variance.sqrt().min(3.0);
        Some(Self::Lognormal { mean: (mean + spread * spread / 2.0).exp().min(LONGEST), spread })
    }
}

/// A generator that gives the same numbers for the same seed, on every machine.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Of one thing among many under one seed: what it gives does not depend on what the others were asked.
    pub fn of(seed: u64, thing: u64, time: u64) -> Self {
        Self::new(mixed(seed ^ mixed(thing ^ mixed(time))))
    }

    /// Between 0 and 1, never either.
    pub fn share(&mut self) -> f64 {
        let bits: u64 = self.0.random();
        ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// One of `0..count`; 0 when there is none.
    pub fn below(&mut self, count: usize) -> usize {
        let bits: u64 = self.0.random();
        usize::try_from((u128::from(bits) * count as u128) >> 64).unwrap_or(0)
    }

    /// With this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Standard normal (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.share().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// The finalizer of splitmix64.
const fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(law: Law) -> f64 {
        let mut random = Random::new(1);
        (0..100_000).map(|_| law.draw(&mut random).as_secs_f64()).sum::<f64>() / 100_000.0
    }

    #[test]
    fn laws_keep_their_mean() {
        for law in [
            Law::Always { seconds: 60.0 },
            Law::Exponential { mean: 60.0 },
            Law::Lognormal { mean: 60.0, spread: 0.7 },
            Law::Uniform { from: 20.0, to: 100.0 },
        ] {
            assert!((mean(law) - 60.0).abs() < 1.0, "{law:?}: {}", mean(law));
        }
    }

    #[test]
    fn what_one_thing_is_given_does_not_depend_on_others() {
        let first = Random::of(7, 1, 0).share();
        let mut other = Random::of(7, 2, 0);
        other.share();
        assert_eq!(Random::of(7, 1, 0).share().to_bits(), first.to_bits());
        assert_ne!(Random::of(7, 1, 1).share().to_bits(), first.to_bits());
        assert_ne!(Random::of(8, 1, 0).share().to_bits(), first.to_bits());
    }

    #[test]
    fn a_fitted_law_has_the_mean_of_what_was_observed() {
        let mut random = Random::new(3);
        let law = Law::Lognormal { mean: 200.0, spread: 0.5 };
        let observed: Vec<_> = (0..20_000).map(|_| law.draw(&mut random)).collect();
        let Some(Law::Lognormal { mean, spread }) = Law::fitted(&observed) else { panic!("no law") };
        assert!((mean - 200.0).abs() < 4.0 && (spread - 0.5).abs() < 0.02, "{mean} {spread}");
        assert_eq!(Law::fitted(&[]), None);
    }
}
