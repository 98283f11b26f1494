//! Agents' states: the fold of their facts.

use crate::{
    args,
    domain::agent::Agent,
    ids::AgentId,
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[AGENT, AGENTS];

pub(super) const AGENT: &str = "SELECT state FROM agent_states WHERE agent_id = $1";
const AGENTS: &str = "SELECT state FROM agent_states";

/// The state of one agent; none when nothing ever happened to them.
pub async fn agent(db: &Db, id: AgentId) -> Result<Option<Agent>, StoreError> {
    db.row(AGENT, args![id.to_string()]).await?.map(|row| row.json(0)).transpose()
}

/// Every agent to whom anything ever happened.
pub async fn agents(db: &Db) -> Result<Vec<Agent>, StoreError> {
    db.rows(AGENTS, vec![]).await?.iter().map(|row| row.json(0)).collect()
}
