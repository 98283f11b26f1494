//! How agents hold what they have (routing.md, Capacity and Transfers).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How agents hold what they have. Everything is off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Holding {
    /// A conversation whose customer is silent for so long after their agent's answer takes no capacity until they write again; 1 to
    /// 604,800 s, none = never.
    pub dormant_seconds: Option<u32>,
    /// Who transfers a conversation has the campaign's time to finish, as after closing.
    #[ts(as = "Option<bool>")]
    pub sender_wrap_up: bool,
}

impl Holding {
    /// After how long a silence it sleeps.
    pub fn dormant(&self) -> Option<Duration> {
        self.dormant_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}
