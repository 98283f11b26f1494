//! What a server that shows a demo says of it. Any other server has none of this.

use serde::{Deserialize, Serialize};

use crate::domain::permission::Role;

/// The demo.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "DemoInfo")]
#[schema(as = DemoInfo)]
pub struct Info {
    /// Who can be let in without a password; the others are simulated.
    pub people: Vec<Person>,
    /// Conversations that begin per minute.
    pub pace: u32,
}

/// Somebody to look at the demo as.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "DemoPerson")]
#[schema(as = DemoPerson)]
pub struct Person {
    /// What they type to sign in.
    pub login: String,
    /// As shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// Who wants to be let in.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "DemoEntry")]
#[schema(as = DemoEntry)]
pub struct Entry {
    /// One of the demo's people.
    pub login: String,
}

/// How lively the demo is.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "DemoPace")]
#[schema(as = DemoPace)]
pub struct Pace {
    /// Conversations that begin per minute, 0 to 60.
    pub pace: u32,
}
