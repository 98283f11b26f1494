//! The front door to the actors: what HTTP, sockets and channels may ask.

use std::sync::Arc;

use thiserror::Error;

use crate::{
    clock::Clock,
    directory::Directory,
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::Address,
        conversation::Command,
        log::By,
        message::Attachment,
        refusal::Refusal,
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ConversationId, Ids},
    store::{Db, inbox::Claim, journal::Journal},
    wire::conversation::Done,
};

/// Why a command did not happen. Nothing was changed unless `Unavailable`, after which nobody knows yet.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// The same request was answered before: give that answer again.
    #[error("answered before")]
    AnsweredBefore,
    /// It contradicts what is stored: a message that cannot be digested.
    #[error("conflict")]
    Conflict,
    /// Too much is waiting: try again in a moment (429 or 503 with Retry-After).
    #[error("busy")]
    Busy,
    /// The database is away: try again later (503 with Retry-After).
    #[error("not available")]
    Unavailable,
}

/// Under which key the answer to a request is kept (`Idempotency-Key`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAnswer {
    /// From [`crate::store::idempotency::scope`].
    pub scope: String,
    /// From [`crate::store::idempotency::request_hash`].
    pub request_hash: String,
}

/// A message that came in, verified and parsed.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// By which channel account.
    pub channel: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// Whose.
    pub client: ClientId,
    /// Into which campaign.
    pub campaign: CampaignId,
    /// That it is new.
    pub claim: Claim,
    /// From whom.
    pub from: Address,
    /// As the channel names them; may be empty.
    pub name: String,
    /// What they wrote.
    pub text: Arc<str>,
    /// What they attached, already stored.
    pub attachments: Vec<Attachment>,
}

/// What became of a message that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is in the log now.
    Stored {
        /// In which conversation.
        conversation: ConversationId,
        /// Under which number.
        seq: u64,
    },
    /// It had been stored before.
    Repeated,
}

/// Everything the outside may use. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// Readers.
    pub db: Db,
    /// The writer.
    pub journal: Journal,
    /// Configuration in force.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Arc<Ids>,
}

impl Engine {
    /// Takes in a message. When this returns `Ok`, it is durable.
    pub async fn receive(&self, inbound: Inbound) -> Result<Received, CommandError> {
        let _ = inbound;
        Err(CommandError::Unavailable)
    }

    /// Lets a conversation do something. When this returns `Ok`, it is durable.
    pub async fn command(
        &self,
        conversation: ConversationId,
        command: Command,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Done, CommandError> {
        let _ = (conversation, command, by, keep);
        Err(CommandError::Unavailable)
    }

    /// Gives a conversation to another agent or campaign: the Router checks the target and reserves its capacity first.
    pub async fn transfer(
        &self,
        conversation: ConversationId,
        from: AgentId,
        to: TransferTarget,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Done, CommandError> {
        let _ = (conversation, from, to, by, keep);
        Err(CommandError::Unavailable)
    }

    /// Lets an agent's session do something: breaks, pauses, signing out.
    pub async fn agent(&self, agent: AgentId, command: AgentCommand, by: By) -> Result<Agent, CommandError> {
        let _ = (agent, command, by);
        Err(CommandError::Unavailable)
    }
}

/// Where a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// To an agent.
    Agent(AgentId),
    /// To the queue of a campaign.
    Campaign(CampaignId),
}
