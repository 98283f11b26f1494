//! Time: one injected clock, microseconds of UTC.
//!
//! No other file may ask the operating system for the time (`clippy.toml`). The clock never runs backwards: when the
//! machine's wall clock steps forward it follows at once, when it steps back it runs at half speed until both agree
//! (R14).

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A moment: microseconds since 1970-01-01T00:00:00Z. Integers in the database and the log; RFC 3339 on the wire
/// ([`crate::wire::Time`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment this many microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// How long `self` lies after `earlier`; zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same moment for calendar arithmetic. Moments beyond year 262,000 become the epoch.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// From calendar arithmetic.
    pub fn from_chrono(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_micros())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// Tells the time. Cheap to clone; all clones agree.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    kind: Kind,
    origin: Instant,
    /// Added to the microseconds since `origin`.
    offset: AtomicI64,
    synced_at: AtomicI64,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Wall,
    /// Follows tokio's time, so a paused runtime can run a whole shift in a moment.
    Virtual,
    Fixed,
}

impl Clock {
    /// The machine's time, made monotonic.
    pub fn system() -> Self {
        Self::new(Kind::Wall, wall_micros())
    }

    /// Starts at `start` and follows tokio's time (which tests can pause and advance).
    pub fn simulated(start: Timestamp) -> Self {
        Self::new(Kind::Virtual, start.0)
    }

    /// Stands still at `micros`: for tests of pure code, and for telling what happened before.
    pub fn fixed(micros: i64) -> Self {
        Self::new(Kind::Fixed, micros)
    }

    /// Moves a clock that stands still on to a later moment; any other goes by itself.
    pub fn move_to(&self, moment: Timestamp) {
        if self.0.kind == Kind::Fixed {
            self.0.offset.fetch_max(moment.0, Ordering::Relaxed);
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    fn new(kind: Kind, offset: i64) -> Self {
        Self(Arc::new(Inner { kind, origin: Instant::now(), offset: AtomicI64::new(offset), synced_at: AtomicI64::new(0) }))
    }

    /// The current moment.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.offset.load(Ordering::Relaxed) + self.elapsed_micros())
    }

    /// Monotonic time since this clock was made: for measuring, not for dates.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_micros().unsigned_abs())
    }

    /// Draws nearer to the machine's wall clock; call every few seconds. Does nothing on a simulated clock.
    pub fn resync(&self) {
        if self.0.kind == Kind::Wall {
            self.resync_to(wall_micros());
        }
    }

    fn resync_to(&self, wall: i64) {
        let elapsed = self.elapsed_micros();
        let since_last = elapsed - self.0.synced_at.swap(elapsed, Ordering::Relaxed);
        let ahead = wall - (self.0.offset.load(Ordering::Relaxed) + elapsed);
        let correction = if ahead >= 0 { ahead } else { ahead.max(-since_last / 2) };
        self.0.offset.fetch_add(correction, Ordering::Relaxed);
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    fn elapsed_micros(&self) -> i64 {
        if self.0.kind == Kind::Fixed {
            return 0;
        }
        i64::try_from(Instant::now().saturating_duration_since(self.0.origin).as_micros()).unwrap_or(i64::MAX)
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_micros() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_steps_back_slows_the_clock_and_never_reverses_it() {
        let clock = Clock::simulated(Timestamp(1_000_000_000));
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(10)).await;
        clock.resync_to(start.0);
        assert_eq!(clock.now().since(start), Duration::from_secs(5));
        clock.resync_to(start.0 + 60_000_000);
        assert_eq!(clock.now().since(start), Duration::from_secs(60));
    }
}
