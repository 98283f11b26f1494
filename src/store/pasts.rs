//! What campaigns remember of their agents: a fold of the log, so that turns and counts go on after a restart.

use crate::{
    args,
    domain::routing::{Input, Past},
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[ALL];

const ALL: &str = "SELECT campaign_id, agent_id, served, ended_at, completed, day FROM pasts ORDER BY campaign_id, agent_id";

/// Everything, as the Router learns it.
pub async fn all(db: &Db) -> Result<Vec<Input>, StoreError> {
    let past = |row: &super::Row| {
        let past = Past {
            served: row.opt_parse(2)?,
            ended_at: row.opt_time(3)?,
            completed: u32::try_from(row.int(4)?).unwrap_or(u32::MAX),
            day: row.time(5)?,
        };
        Ok(Input::Past { campaign: row.parse(0)?, agent: row.parse(1)?, past })
    };
    db.rows(ALL, args![]).await?.iter().map(past).collect()
}
