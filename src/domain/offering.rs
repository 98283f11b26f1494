//! For how long agents are asked (routing.md, Offers).

use serde::{Deserialize, Serialize};

/// What holds for offers of some kinds only. Everything has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Offering {
    /// How long an offer of a mail stays open, 5 to 600 s; 60 by default.
    #[ts(as = "Option<u32>")]
    pub mail_seconds: u32,
}

impl Default for Offering {
    fn default() -> Self {
        Self { mail_seconds: 60 }
    }
}
