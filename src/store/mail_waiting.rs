//! Mails that wait to leave, by account: what an administrator sees of a queue (S0-29).

use rustc_hash::FxHashMap;

use crate::{
    clock::Timestamp,
    ids::ChannelId,
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[WAITING];

/// The outbox holds what is under way only, so it is small.
const WAITING: &str = "SELECT o.channel_id, COUNT(*), MIN(o.next_at) FROM outbox o JOIN mail_accounts a ON a.id = o.channel_id \
     GROUP BY o.channel_id";

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// So many mails.
    pub mails: u64,
    /// The first of them leaves then, at the earliest.
    pub next_at: Option<Timestamp>,
}

/// Mails of each account that has any.
pub async fn of_accounts(db: &Db) -> Result<FxHashMap<ChannelId, Waiting>, StoreError> {
    let rows = db.rows(WAITING, vec![]).await?;
    let waiting = |row: &super::Row| {
        Ok((row.parse(0)?, Waiting { mails: u64::try_from(row.int(1)?).unwrap_or(0), next_at: row.opt_time(2)? }))
    };
    rows.iter().map(waiting).collect()
}
