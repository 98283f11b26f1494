//! Lists, a page at a time.

use serde::Serialize;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// To be sent as `cursor` for what follows; none at the end.
    pub next: Option<String>,
}

/// Items of a page unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most items of a page.
pub const MAX_LIMIT: u32 = 200;
