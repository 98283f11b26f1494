//! How conversations of a campaign come to their end: finishing, silence, coming back (routing.md, Wrap-up and closing).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, ids::DispositionId};

/// What an agent has after closing. How long, `wrap_up_seconds` of the campaign says; with none, only `mandatory` holds anybody.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum WrapUp {
    /// Nothing: closing is the end.
    None,
    /// The time, where they ask for it when closing; over when they say so or by itself.
    Optional,
    /// As long as they want: over when they say so.
    Mandatory,
    /// The time; over when they say so or by itself.
    #[default]
    MandatoryTimed,
    /// The whole time; over by itself only.
    TimedWithoutExit,
}

/// Wrap-up as it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finishing {
    /// When it ends by itself; none = it does not.
    pub until: Option<Timestamp>,
    /// Only by itself.
    pub locked: bool,
}

impl WrapUp {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::None, Self::Optional, Self::Mandatory, Self::MandatoryTimed, Self::TimedWithoutExit];

    /// What an agent gets who closes now, `asked` when they want time to finish; none = the conversation is over.
    pub fn begins(self, time: Duration, asked: bool, now: Timestamp) -> Option<Finishing> {
        let timed = |locked| (!time.is_zero()).then_some(Finishing { until: Some(now + time), locked });
        match self {
            Self::None => None,
            Self::Optional => timed(false).filter(|_| asked),
            Self::Mandatory => Some(Finishing { until: None, locked: false }),
            Self::MandatoryTimed => timed(false),
            Self::TimedWithoutExit => timed(true),
        }
    }
}

/// The most reminders.
pub const MAX_REMINDERS: usize = 10;

/// How conversations come to their end. Everything has a default, which leaves them open until an agent closes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Closing {
    /// What an agent has after closing; `mandatory_timed` by default.
    #[ts(as = "Option<WrapUp>")]
    pub wrap_up: WrapUp,
    /// A customer silent for so long after their agent's answer is reminded, after the last reminder the conversation is closed
    /// (S1-15); 1 to 604,800 s, none = never.
    pub inactivity_seconds: Option<u32>,
    /// What the customer is told, one after the other; at most 10, each 1 to 1,000 characters.
    #[ts(as = "Option<Vec<String>>")]
    pub reminders: Vec<String>,
    /// Closes what its customer left (S1-14); none = the client's own for it.
    pub inactivity_disposition: Option<DispositionId>,
    /// Closes an ignored comment (S1-19); none = the client's own for it.
    pub ignore_disposition: Option<DispositionId>,
    /// A customer who writes again so soon after closing goes back to the same agent if that is possible; 0 to 604,800 s, 0 = never.
    #[ts(as = "Option<u32>")]
    pub reopen_seconds: u32,
    /// An agent who lets a customer wait for so long for their first answer loses the conversation to another; 1 to 86,400 s,
    /// none = never.
    pub first_reply_seconds: Option<u32>,
}

impl Closing {
    /// How long a customer may be silent.
    pub fn silence(&self) -> Option<Duration> {
        self.inactivity_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// How long a customer may wait for their agent's first answer.
    pub fn first_reply(&self) -> Option<Duration> {
        self.first_reply_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn every_mode_begins_as_it_says() {
        let begins = |mode: WrapUp| {
            [(MINUTE, false), (MINUTE, true), (Duration::ZERO, true)].map(|(time, asked)| mode.begins(time, asked, NOW))
        };
        let timed = |locked| Some(Finishing { until: Some(NOW + MINUTE), locked });
        let endless = Some(Finishing { until: None, locked: false });
        assert_eq!(begins(WrapUp::None), [None; 3]);
        assert_eq!(begins(WrapUp::Optional), [None, timed(false), None]);
        assert_eq!(begins(WrapUp::Mandatory), [endless; 3]);
        assert_eq!(begins(WrapUp::MandatoryTimed), [timed(false), timed(false), None]);
        assert_eq!(begins(WrapUp::TimedWithoutExit), [timed(true), timed(true), None]);
    }
}
