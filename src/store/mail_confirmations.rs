//! Who was told that their mail arrived. A row is committed before the confirmation is written: after a crash in between there is none,
//! never two.

use crate::{
    args,
    clock::Timestamp,
    ids::{CampaignId, ClientId},
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[COUNT, INSERT, FORGET];

const COUNT: &str = "SELECT (SELECT COUNT(*) FROM mail_confirmations WHERE address = $1 AND at > $3), \
     (SELECT COUNT(*) FROM mail_confirmations WHERE client_id = $2 AND at > $3)";
const INSERT: &str = "INSERT INTO mail_confirmations (campaign_id, address, day, client_id, at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (campaign_id, address, day) DO NOTHING";
const FORGET: &str = "DELETE FROM mail_confirmations WHERE at < $1";

/// How many confirmations went to this address, and how many in this client's name, after `since`.
pub async fn count(db: &Db, address: &str, client: ClientId, since: Timestamp) -> Result<(u64, u64), StoreError> {
    let row = db.row(COUNT, args![address, client.to_string(), since]).await?;
    let row = row.ok_or_else(|| StoreError::Damaged("no count".to_owned()))?;
    Ok((row.int(0)?.unsigned_abs(), row.int(1)?.unsigned_abs()))
}

/// Takes the one confirmation of the day, which begins at `day`; refused when it was taken before.
pub fn take(campaign: CampaignId, address: &str, day: Timestamp, client: ClientId, now: Timestamp) -> Statement {
    Statement::must(INSERT, args![campaign.to_string(), address, day, client.to_string(), now])
}

/// Drops those before this moment.
pub fn forget(before: Timestamp) -> Statement {
    Statement::new(FORGET, args![before])
}
