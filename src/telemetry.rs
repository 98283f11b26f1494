//! Metric names.
#![allow(missing_docs)]
pub mod names {
    pub const JOURNAL_QUEUE: &str = "centralita_journal_queue";
    pub const JOURNAL_GROUP: &str = "centralita_journal_group_size";
    pub const JOURNAL_COMMIT: &str = "centralita_journal_commit_seconds";
}
