//! How well a campaign is to be served, and by whom (S4-5, S4-24, S4-35).

use serde::{Deserialize, Serialize};

/// From when on a figure of the live statistics calls for attention, in seconds (S4-24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct Threshold {
    /// Worth a look, 1 to 86,400.
    pub warn: u32,
    /// Act now, 1 to 86,400 and not below `warn`.
    pub act: u32,
}

/// Goals of a campaign. Everything has a default (S4-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Service {
    /// Within how many seconds what comes in should be attended, 1 to 86,400; 60 by default (S4-5).
    #[ts(as = "Option<u32>")]
    pub level_seconds: u32,
    /// Of how many in a hundred, 1 to 100; 80 by default.
    #[ts(as = "Option<u8>")]
    pub level_percent: u8,
    /// How long the oldest one waits; 60 and 180 by default.
    #[ts(as = "Option<Threshold>")]
    pub waiting: Threshold,
    /// How long a customer waits for the first reply; 120 and 300 by default.
    #[ts(as = "Option<Threshold>")]
    pub first_reply: Threshold,
    /// How long a conversation lasts; 1,200 and 2,400 by default.
    #[ts(as = "Option<Threshold>")]
    pub handling: Threshold,
    /// Only who belongs to a voice campaign may become a member (S4-35). Off by default.
    #[ts(as = "Option<bool>")]
    pub voice_members_only: bool,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            level_seconds: 60,
            level_percent: 80,
            waiting: Threshold { warn: 60, act: 180 },
            first_reply: Threshold { warn: 120, act: 300 },
            handling: Threshold { warn: 1_200, act: 2_400 },
            voice_members_only: false,
        }
    }
}

impl Service {
    /// Its thresholds by name.
    pub const fn thresholds(&self) -> [(&'static str, Threshold); 3] {
        [("waiting", self.waiting), ("first_reply", self.first_reply), ("handling", self.handling)]
    }
}
