//! Everything an agent's session understands.

use std::sync::Arc;

use actix::{Message, dev::MessageResponse};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::{
    actors::{
        engine::{CommandError, KeepAnswer},
        sink::Sink,
    },
    clock::Timestamp,
    domain::{
        agent::{Agent, AgentCommand},
        log::By,
    },
    ids::AgentId,
    store::{
        conversation_lists::Listed,
        idempotency::Recorded,
        write::{Committed, Refused},
    },
    wire::live::Presence,
};

/// Number of a tab's connection, unique in the process.
pub type SinkId = u64;

/// What the store has of an agent.
pub struct Loaded {
    /// The fold of their facts.
    pub agent: Agent,
    /// Conversations they have or are offered.
    pub conversations: Vec<Listed>,
    /// Position this reflects at least.
    pub pos: u64,
    /// The process has just started: whether the agent is there nobody knows yet, and the Router is told nothing before a
    /// tab connects or the grace is over.
    pub just_started: bool,
}

/// A tab connects.
pub struct Attach {
    /// Its number.
    pub id: SinkId,
    /// Where its frames go.
    pub sink: Arc<dyn Sink>,
    /// Epoch and position of the last frame it has.
    pub resume: Option<(String, u64)>,
}

/// A tab is gone.
pub struct Detach(pub SinkId);

/// Something this agent must hear of was committed.
pub struct Concern(pub Arc<Committed>);

/// A request.
pub struct Do {
    /// What.
    pub command: AgentCommand,
    /// Who asks.
    pub by: By,
    /// Keep the answer for repeated requests.
    pub keep: Option<KeepAnswer>,
    /// Who waits.
    pub reply: Option<oneshot::Sender<Result<Agent, CommandError>>>,
}

impl Do {
    pub(super) fn answer(self, result: Result<Agent, CommandError>) {
        if let Some(reply) = self.reply {
            let _ = reply.send(result);
        }
    }

    /// The answer to keep: the agent's presence.
    pub(super) fn recorded(&self, next: &Agent, at: Timestamp) -> Option<Recorded> {
        let KeepAnswer { scope, request_hash } = self.keep.clone()?;
        let presence = Presence::from(next);
        Some(Recorded { scope, request_hash, status: 200, body: serde_json::to_string(&presence).unwrap_or_default(), at })
    }
}

/// The user's configuration changed.
pub struct Refresh;

/// A change of an agent, for whoever shows all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Who.
    pub agent: AgentId,
    /// A tab is connected.
    pub connected: bool,
}

/// The journal's answer.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Settled(pub(super) Result<Arc<Committed>, Refused>);

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What tests and debug pages see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, MessageResponse)]
pub struct Observed {
    /// Who.
    pub agent: AgentId,
    /// Takes offers.
    pub available: bool,
    /// Tabs connected.
    pub tabs: usize,
    /// Tabs that read too slowly.
    pub behind: usize,
    /// Own conversations and open offers.
    pub conversations: usize,
    /// Frames kept for tabs that reconnect.
    pub ring: usize,
}
