//! What mail accounts send: what waits, what their quota allows, why they cannot.

use std::time::Duration;

use crate::{
    args,
    channels::email::{post::failure::Failure, settings::Quota},
    clock::Timestamp,
    ids::{ChannelId, MessageId},
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] =
    &[LEFT_OUT, LEFT_OUT_OF, SENT, SENT_BEFORE, SENT_SINCE, UNSENT, TROUBLE, TROUBLE_OF, NO_TROUBLE, WAITING, WAITS];

const LEFT_OUT: &str = "INSERT INTO mail_refusals (message_id, address, reason, words, at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (message_id, address) DO UPDATE SET reason = excluded.reason, words = excluded.words, at = excluded.at";
const LEFT_OUT_OF: &str = "SELECT address, reason, words FROM mail_refusals WHERE message_id = $1 ORDER BY address";
const SENT: &str = "INSERT INTO mail_sent (account_id, at, message_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const SENT_BEFORE: &str = "DELETE FROM mail_sent WHERE account_id = $1 AND at <= $2";
const SENT_SINCE: &str = "SELECT at FROM mail_sent WHERE account_id = $1 AND at > $2 ORDER BY at";
const UNSENT: &str = "DELETE FROM mail_sent WHERE account_id = $1 AND at = $2 AND message_id = $3";
const TROUBLE: &str = "INSERT INTO mail_send_troubles (account_id, code, words, since, next_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (account_id) DO UPDATE SET code = excluded.code, words = excluded.words, next_at = excluded.next_at";
const TROUBLE_OF: &str = "SELECT code, words, since, next_at FROM mail_send_troubles WHERE account_id = $1";
const NO_TROUBLE: &str = "DELETE FROM mail_send_troubles WHERE account_id = $1";
const WAITING: &str = "SELECT coalesce(sum(CASE WHEN o.attempts = 0 AND o.next_at > $2 THEN 0 ELSE 1 END), 0), \
     coalesce(sum(CASE WHEN o.attempts = 0 AND o.next_at > $2 THEN 1 ELSE 0 END), 0), min(o.next_at) \
     FROM outbox o WHERE o.channel_id = $1";
const WAITS: &str = "SELECT next_at, attempts, state FROM outbox WHERE message_id = $1";

/// In place of an address: a server refused the mail itself.
pub const EVERYBODY: &str = "";

/// A receiver that a mail did not go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Who, or [`EVERYBODY`].
    pub address: String,
    /// A stable reason code.
    pub reason: String,
    /// The server's.
    pub words: Option<String>,
}

/// Records one.
pub fn left_out(message: MessageId, address: &str, reason: &str, words: &str, now: Timestamp) -> Statement {
    let words = (!words.is_empty()).then(|| words.to_owned());
    Statement::new(LEFT_OUT, args![message.to_string(), address, reason, words, now])
}

/// Those of a mail.
pub async fn left_out_of(db: &Db, message: MessageId) -> Result<Vec<LeftOut>, StoreError> {
    let rows = db.rows(LEFT_OUT_OF, args![message.to_string()]).await?;
    let one = |row: &crate::store::Row| {
        let words = row.opt_text(2)?.map(str::to_owned);
        Ok(LeftOut { address: row.text(0)?.to_owned(), reason: row.text(1)?.to_owned(), words })
    };
    rows.iter().map(one).collect()
}

/// A mail of an account with a quota leaves.
pub fn sent(account: ChannelId, message: MessageId, now: Timestamp) -> Statement {
    Statement::new(SENT, args![account.to_string(), now, message.to_string()])
}

/// What no longer counts goes.
pub fn forget_sent(account: ChannelId, quota: Quota, now: Timestamp) -> Statement {
    Statement::new(SENT_BEFORE, args![account.to_string(), now - length(quota)])
}

/// It did not leave after all.
pub fn unsent(account: ChannelId, message: MessageId, at: Timestamp) -> Statement {
    Statement::new(UNSENT, args![account.to_string(), at, message.to_string()])
}

/// When mails left an account, in order, as far back as its quota counts.
pub async fn sent_since(db: &Db, account: ChannelId, quota: Quota, now: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let rows = db.rows(SENT_SINCE, args![account.to_string(), now - length(quota)]).await?;
    rows.iter().map(|row| row.time(0)).collect()
}

/// How far back a quota counts.
pub fn length(quota: Quota) -> Duration {
    Duration::from_secs(3600 * u64::from(quota.hours.max(1)))
}

/// Why an account cannot send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A stable code: [`crate::channels::email::post::failure::Code`].
    pub code: String,
    /// The server's.
    pub words: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub next_at: Timestamp,
}

/// Records that an account cannot send.
pub fn trouble(account: ChannelId, failure: &Failure, now: Timestamp, next_at: Timestamp) -> Statement {
    let words = failure.words.as_deref().map(str::to_owned);
    Statement::new(TROUBLE, args![account.to_string(), failure.code.as_str(), words, now, next_at])
}

/// Records that it can.
pub fn no_trouble(account: ChannelId) -> Statement {
    Statement::new(NO_TROUBLE, args![account.to_string()])
}

/// What an account has to send, for people (S0-29).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Mails that would go now if they could.
    pub waiting: u64,
    /// Mails for later.
    pub scheduled: u64,
    /// When the next one goes; none while nothing waits.
    pub next_at: Option<Timestamp>,
    /// Mails that left within the hours of its quota; none without a quota.
    pub sent: Option<u64>,
    /// Until when its quota lets nothing leave.
    pub full_until: Option<Timestamp>,
    /// Why it cannot send.
    pub trouble: Option<Trouble>,
}

/// How an account stands.
pub async fn standing(db: &Db, account: ChannelId, quota: Option<Quota>, now: Timestamp) -> Result<Standing, StoreError> {
    let id = account.to_string();
    let Some(row) = db.row(WAITING, args![id.as_str(), now]).await? else {
        return Err(StoreError::Damaged("outbox".to_owned()));
    };
    let count = |column| Ok::<_, StoreError>(u64::try_from(row.int(column)?).unwrap_or(0));
    let (waiting, scheduled, first) = (count(0)?, count(1)?, row.opt_time(2)?);
    let trouble = trouble_of(db, account).await?;
    let left = left_of(db, account, quota, now).await?;
    let full_until = full_until(&left);
    let opens = full_until.max(trouble.as_ref().map(|trouble| trouble.next_at));
    let next_at = first.map(|first| first.max(opens.unwrap_or(now)).max(now));
    Ok(Standing { waiting, scheduled, next_at, sent: left.map(|(_, left)| left.len() as u64), full_until, trouble })
}

type Left = Option<(Quota, Vec<Timestamp>)>;

async fn left_of(db: &Db, account: ChannelId, quota: Option<Quota>, now: Timestamp) -> Result<Left, StoreError> {
    let Some(quota) = quota else { return Ok(None) };
    Ok(Some((quota, sent_since(db, account, quota, now).await?)))
}

async fn trouble_of(db: &Db, account: ChannelId) -> Result<Option<Trouble>, StoreError> {
    let Some(row) = db.row(TROUBLE_OF, args![account.to_string()]).await? else { return Ok(None) };
    let (code, words) = (row.text(0)?.to_owned(), row.opt_text(1)?.map(str::to_owned));
    Ok(Some(Trouble { code, words, since: row.time(2)?, next_at: row.time(3)? }))
}

/// Full: the next goes when the one that is too many is old enough.
fn full_until(left: &Left) -> Option<Timestamp> {
    let (quota, left) = left.as_ref()?;
    let over = left.len().checked_sub(usize::try_from(quota.mails.max(1)).ok()?)?;
    left.get(over).map(|decisive| *decisive + length(*quota))
}

/// How a message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Not before.
    pub next_at: Timestamp,
    /// So far.
    pub attempts: u32,
    /// It may have arrived.
    pub outcome_unknown: bool,
}

/// How a message waits, if it does.
pub async fn wait_of(db: &Db, message: MessageId) -> Result<Option<Wait>, StoreError> {
    let Some(row) = db.row(WAITS, args![message.to_string()]).await? else { return Ok(None) };
    let attempts = u32::try_from(row.int(1)?).unwrap_or(0);
    Ok(Some(Wait { next_at: row.time(0)?, attempts, outcome_unknown: row.text(2)? == "sending" }))
}
