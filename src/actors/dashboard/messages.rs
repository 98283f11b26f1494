//! Everything the dashboard understands, beside what the publisher tells it.

use std::sync::Arc;

use actix::{Message, dev::MessageResponse};
use rustc_hash::FxHashSet;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::{
    actors::{agent_session::SinkId, sink::Sink},
    domain::permission::Subject,
    ids::CampaignId,
    wire::live::CampaignRow,
};

/// Somebody who looks at the board.
pub struct Viewer {
    /// Number of the connection.
    pub id: SinkId,
    /// Where frames go.
    pub sink: Arc<dyn Sink>,
    /// Decides which rows they see.
    pub subject: Subject,
    /// What they look at.
    pub at: Look,
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everything in scope: supervisors.
    Board,
    /// What waits in the own campaigns: agents.
    Queue,
}

/// Somebody starts to look.
pub struct Watch(pub Viewer);

/// Somebody looks no longer.
pub struct Leave(pub SinkId, pub Look);

/// A campaign opened or closed.
pub struct Opened {
    /// Which.
    pub campaign: CampaignId,
    /// Whether it is open now.
    pub open: bool,
}

/// Asks for the rows of campaigns.
pub struct Campaigns {
    /// Of these; none = of all.
    pub of: Option<FxHashSet<CampaignId>>,
    /// Who asks.
    pub reply: oneshot::Sender<Vec<CampaignRow>>,
}

/// Configuration changed: names and scopes may be others.
pub struct Configured;

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What tests and debug pages see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct Observed {
    /// Open conversations.
    pub open: usize,
    /// Those that wait.
    pub waiting: usize,
    /// Viewers.
    pub viewers: usize,
    /// Position folded.
    pub pos: u64,
}
