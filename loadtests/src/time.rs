//! Real time. A driver measures, so it reads the machine's clock; the product's own [`Clock`] does that already and is
//! monotonic.

use std::{sync::LazyLock, time::Duration};

use centralita::clock::Clock;

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::system);

/// Microseconds since the first call, monotonic.
pub(crate) fn micros() -> u64 {
    u64::try_from(CLOCK.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Since a moment told by [`micros`].
pub(crate) fn since(start: u64) -> Duration {
    Duration::from_micros(micros().saturating_sub(start))
}

/// Seconds since 1970, for signatures.
pub(crate) fn unix_seconds() -> i64 {
    CLOCK.now().micros() / 1_000_000
}

/// Differs from run to run.
pub(crate) fn entropy() -> u64 {
    CLOCK.now().micros().unsigned_abs() ^ (u64::from(std::process::id()) << 40)
}
