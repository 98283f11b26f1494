//! Dispositions: how a conversation ended. A tree per client; only leaves can be chosen.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, DispositionId};

/// One node of a client's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// Its id.
    pub id: DispositionId,
    /// Whose tree.
    pub client: ClientId,
    /// The node above, none at the top.
    pub parent: Option<DispositionId>,
    /// As shown to agents, 1 to 120 characters.
    pub name: String,
    /// Switched off ones stay in history and are offered no more.
    pub enabled: bool,
}

/// Whether `id` is a leaf of the trees that `nodes` make up; nodes that are switched off count for nothing.
pub fn is_leaf<'a>(mut nodes: impl Iterator<Item = &'a Disposition>, id: DispositionId) -> bool {
    !nodes.any(|node| node.parent == Some(id) && node.enabled)
}
