//! What is offered, and what is measured while it is.

use std::time::Duration;

use crate::{Outcome, report::Latencies};

/// How long what was acknowledged may take to arrive after the last post.
const DRAIN: Duration = Duration::from_secs(10);

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub(in crate::inbound) struct Offer {
    /// Posts a second; 0 = as many as the connections carry.
    pub(in crate::inbound) rate: f64,
    /// Not measured.
    pub(in crate::inbound) warm: Duration,
    /// Measured.
    pub(in crate::inbound) measured: Duration,
    /// How long what was acknowledged may take to arrive after the last post.
    pub(in crate::inbound) drain: Duration,
}

impl Offer {
    /// With as much patience at the end as the promises allow.
    pub(in crate::inbound) const fn new(rate: f64, warm: Duration, measured: Duration) -> Self {
        Self { rate, warm, measured, drain: DRAIN }
    }
}

/// What was measured between the end of the warm-up and the last due post.
pub(in crate::inbound) struct Window {
    /// Scheduled within it.
    from: u64,
    to: u64,
    pub(in crate::inbound) acked: u32,
    pub(in crate::inbound) refused: u32,
    pub(in crate::inbound) delivered: u32,
    pub(in crate::inbound) e2e: Latencies,
    pub(in crate::inbound) ack: Latencies,
    /// From when a post really left.
    pub(in crate::inbound) sent_to_ack: Latencies,
    pub(in crate::inbound) late: Latencies,
    /// Due within it and not sent when it ended: no connection was free.
    pub(in crate::inbound) unsent: u64,
    pub(in crate::inbound) server_cpu_us: u64,
    pub(in crate::inbound) own_cpu_us: u64,
    pub(in crate::inbound) rss_kb: u64,
}

impl Window {
    pub(super) fn new(from: u64, to: u64) -> Outcome<Self> {
        Ok(Self {
            from,
            to,
            acked: 0,
            refused: 0,
            delivered: 0,
            e2e: Latencies::new()?,
            ack: Latencies::new()?,
            sent_to_ack: Latencies::new()?,
            late: Latencies::new()?,
            unsent: 0,
            server_cpu_us: 0,
            own_cpu_us: 0,
            rss_kb: 0,
        })
    }

    pub(super) fn holds(&self, moment: u64) -> bool {
        (self.from..self.to).contains(&moment)
    }
}

/// When posts are due.
pub(super) struct Pace {
    pub(super) start: u64,
    pub(super) period: f64,
    pub(super) sent: u64,
}

impl Pace {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "within hours")]
    pub(super) fn unsent(&self, end: u64) -> u64 {
        (((end - self.start) as f64 / self.period) as u64).saturating_sub(self.sent)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "within hours")]
    pub(super) fn next(&self) -> u64 {
        self.start + (self.sent as f64 * self.period) as u64
    }
}
