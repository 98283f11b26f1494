//! What a run says: a table for people, one JSON object for programs, and whether the promises were kept.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::Outcome;

/// Whether what was promised held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did.
    Kept,
    /// It did not; the report says what.
    Broken,
}

/// Latencies in microseconds, three significant digits.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub(crate) fn new() -> Outcome<Self> {
        // Up to an hour.
        Ok(Self(Histogram::new_with_max(3_600_000_000, 3)?))
    }

    /// One more.
    pub(crate) fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros.max(1));
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value that this share does not exceed.
    pub(crate) fn quantile(&self, quantile: f64) -> u64 {
        if self.0.is_empty() { 0 } else { self.0.value_at_quantile(quantile) }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "p50": self.quantile(0.5), "p99": self.quantile(0.99), "p999": self.quantile(0.999) })
    }

    /// For people.
    pub(crate) fn line(&self) -> String {
        let p = |quantile| millis(self.quantile(quantile));
        format!("p50 {}  p90 {}  p99 {}  p99.9 {}  max {}  (n {})", p(0.5), p(0.9), p(0.99), p(0.999), p(1.0), self.count())
    }
}

/// Microseconds as people read them.
#[allow(clippy::cast_precision_loss, reason = "for the eye")]
pub(crate) fn millis(micros: u64) -> String {
    format!("{:.2} ms", micros as f64 / 1_000.0)
}

/// A ratio with as many digits as matter; 0 when there is nothing to divide by.
#[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
pub(crate) fn per(amount: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { (amount as f64 / of as f64 * 100.0).round() / 100.0 }
}

/// Rows of a name and a value.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, String)>);

impl Table {
    /// One more row.
    pub(crate) fn row(&mut self, name: impl Into<String>, value: impl ToString) -> &mut Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// The rows of another.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// Prints it under a title.
    pub(crate) fn print(&self, title: &str) {
        let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        println!("\n{title}");
        for (name, value) in &self.0 {
            println!("  {name:width$}  {value}");
        }
    }
}

/// What went wrong, the first of each kind in words.
#[derive(Default)]
pub(crate) struct Findings {
    kept: Vec<String>,
    count: u64,
}

impl Findings {
    /// How many are printed.
    const SHOWN: usize = 20;

    /// One more.
    pub(crate) fn add(&mut self, finding: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < Self::SHOWN {
            self.kept.push(finding.into());
        }
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Those of another.
    pub(crate) fn extend(&mut self, other: Self) {
        let more = other.count - u64::try_from(other.kept.len()).unwrap_or(0);
        other.kept.into_iter().for_each(|finding| self.add(finding));
        self.count += more;
    }

    /// Prints them, if there are any.
    pub(crate) fn print(&self) {
        if self.count > 0 {
            println!("\n{} findings:", self.count);
            self.kept.iter().for_each(|finding| println!("  - {finding}"));
        }
    }

    /// What they mean.
    pub(crate) const fn verdict(&self) -> Verdict {
        if self.count == 0 { Verdict::Kept } else { Verdict::Broken }
    }

    /// The findings in words, for tests.
    #[cfg(test)]
    pub(crate) fn words(&self) -> &[String] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_ratios_are_those_of_the_values() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.quantile(0.99), 0);
        (1..=1000).for_each(|micros| latencies.record(micros));
        assert_eq!((latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0)), (500, 990, 1000));
        assert_eq!(latencies.json(), json!({ "p50": 500, "p99": 990, "p999": 999 }));
        assert_eq!((per(10, 3), per(1, 0)), (3.33, 0.0));
    }

    #[test]
    fn findings_are_counted_beyond_what_is_shown() {
        let mut findings = Findings::default();
        assert_eq!(findings.verdict(), Verdict::Kept);
        (0..30).for_each(|number| findings.add(number.to_string()));
        let mut all = Findings::default();
        all.add("one");
        all.extend(findings);
        assert_eq!((all.count(), all.words().len(), all.verdict()), (31, 20, Verdict::Broken));
    }
}
