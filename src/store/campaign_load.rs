//! How many conversations are open in campaigns. Open ones are few beside all there ever were, so their index leads.

use rustc_hash::FxHashMap;

use crate::{
    args,
    ids::CampaignId,
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[LOADS, LOAD_OF];

const LOADS: &str = "SELECT c.campaign_id || '', CAST(SUM(CASE WHEN c.phase IN ('queued', 'offered') THEN 1 ELSE 0 END) AS BIGINT), \
     COUNT(*) FROM conversations c WHERE c.is_open = 1 GROUP BY c.campaign_id || ''";
const LOAD_OF: &str = "SELECT COUNT(*) FROM conversations c WHERE c.is_open = 1 AND c.campaign_id || '' = $1";

/// What is open in a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Waits for an agent, or is being offered.
    pub waiting: u64,
    /// Everything that is open.
    pub open: u64,
}

/// Of every campaign in which anything is open.
pub async fn all(db: &Db) -> Result<FxHashMap<CampaignId, Load>, StoreError> {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let rows = db.rows(LOADS, vec![]).await?;
    rows.iter().map(|row| Ok((row.parse(0)?, Load { waiting: count(row.int(1)?), open: count(row.int(2)?) }))).collect()
}

/// How many are open in one.
pub async fn open_in(db: &Db, campaign: CampaignId) -> Result<u64, StoreError> {
    let rows = db.rows(LOAD_OF, args![campaign.to_string()]).await?;
    rows.first().map_or(Ok(0), |row| Ok(u64::try_from(row.int(0)?).unwrap_or(0)))
}
