//! The front door to the actors: what HTTP, sockets and channels may ask.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::{
    actors::{
        agent_session::{Attach, Detach, Do, SinkId},
        conversation::{Reply, Request},
        dashboard::{self, Dashboard, Look, Viewer},
        floor::{Floor, ForAgent, ToAgent},
        gate::Gate,
        intake::{Intake, Room},
        keeper::{Keeper, Reload},
        mail_tokens::Tokens,
        router::{Explain, Router, Start, Steer, Take, Transfer},
        shard::{Shard, ToConversation},
        watch::{self, Follow, Thread, Typed, Watch},
    },
    clock::Clock,
    directory::Directory,
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::Address,
        conversation::{Command, Initiative},
        log::{By, Entity},
        mail::Envelope,
        mail_health::MailHealths,
        message::Attachment,
        refusal::Refusal,
        routing::Explanation,
        skill::SkillLevel,
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ConversationId, Ids},
    store::{
        Db,
        idempotency::Recorded,
        inbox::{self, Claim},
        journal::Journal,
        write::{Statement, WriteError},
    },
    telemetry,
    wire::{conversation::Done, live::CampaignRow},
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
    /// Whoever was asked died over it; it is being rebuilt.
    #[error("failed")]
    Died,
    /// Too much is waiting: try again in a moment (429 or 503 with Retry-After).
    #[error("busy")]
    Busy,
    /// The database is away: try again later (503 with Retry-After).
    #[error("not available")]
    Unavailable,
}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Self::NotFound,
            WriteError::AnsweredBefore => Self::AnsweredBefore,
            WriteError::Busy => Self::Busy,
            WriteError::Store(_) => Self::Unavailable,
        }
    }
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
    /// Which conversation it continues.
    pub thread: Threading,
    /// What else a mail has.
    pub mail: Option<Arc<Envelope>>,
}

/// Which conversation a message continues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threading {
    /// The open one with its customer on its channel account; else it begins one.
    #[default]
    Contact,
    /// This one, which is on this account and with this customer; when it has ended, the message begins one.
    Joins(ConversationId),
    /// It begins one.
    New,
}

/// The first message of a conversation that somebody of the staff begins.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// By which channel account.
    pub channel: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// Whose.
    pub client: ClientId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// To whom.
    pub to: Address,
    /// What a contact is called that does not exist yet; may be empty.
    pub name: String,
    /// Whose it is; how that stands with their room, the Router says.
    pub initiative: Initiative,
    /// Who writes.
    pub author: AgentId,
    /// What.
    pub text: Arc<str>,
    /// Files, already stored.
    pub attachments: Vec<Attachment>,
    /// What else a mail has.
    pub mail: Option<Arc<Envelope>>,
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
    /// It could not be digested and lies in quarantine.
    Quarantined,
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
    /// Of the stream: positions of another epoch mean nothing here.
    pub epoch: String,
    /// How receiving goes on each mail account.
    pub mail_health: MailHealths,
    /// What mail accounts sign in with at their providers.
    pub mail_tokens: Tokens,
    pub(super) intake: Arc<Intake>,
    pub(super) shard: Gate<Shard>,
    pub(super) commands: Gate<Shard>,
    pub(super) router: Gate<Router>,
    pub(super) floor: Gate<Floor>,
    pub(super) watch: Gate<Watch>,
    pub(super) dashboard: Gate<Dashboard>,
    pub(super) keeper: Gate<Keeper>,
}

impl Engine {
    /// Room for one message more. Ask before any other work is spent on it: an overload is then cheap to refuse.
    ///
    /// # Errors
    /// [`CommandError::Busy`], at the latest after a moment.
    pub async fn room(&self) -> Result<Room, CommandError> {
        self.intake.room().await
    }

    /// Takes in a message. When this returns `Ok`, it is durable.
    ///
    /// A message that makes its conversation fail twice, or that stands against what is stored, is set aside with its
    /// content, and an alarm is raised; the next messages go on (R13).
    pub async fn receive(&self, _room: Room, inbound: Inbound) -> Result<Received, CommandError> {
        let inbound = Box::new(inbound);
        let first = match self.try_receive(inbound.clone()).await {
            Err(CommandError::Conflict | CommandError::Died) => self.try_receive(inbound.clone()).await,
            other => other,
        };
        match first {
            Err(CommandError::Conflict | CommandError::Died) => self.quarantine(&inbound).await,
            other => other,
        }
    }

    async fn try_receive(&self, inbound: Box<Inbound>) -> Result<Received, CommandError> {
        let (ack, answer) = oneshot::channel();
        let request = Request::Receive { inbound, ack };
        self.shard.send(ToConversation { id: None, request }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    async fn quarantine(&self, inbound: &Inbound) -> Result<Received, CommandError> {
        let payload = serde_json::json!({ "from": inbound.from, "name": inbound.name, "text": &*inbound.text });
        let row = inbox::quarantine(&inbound.claim, &payload.to_string(), "the conversation failed on it twice");
        self.journal.write(vec![row], None, By::System, None).await.map_err(|_| CommandError::Unavailable)?;
        metrics::counter!(telemetry::QUARANTINED, "source" => "inbox").increment(1);
        tracing::error!(channel = %inbound.channel, provider_id = %inbound.claim.provider_id, "a message was set aside");
        Ok(Received::Quarantined)
    }

    /// Begins a conversation. When this returns `Ok`, it is durable and on its way to the customer.
    ///
    /// # Errors
    /// [`Refusal::AlreadyOpen`] when there is one with this contact on this channel account.
    pub async fn start(&self, outgoing: Outgoing, by: By, keep: Option<KeepAnswer>) -> Result<Done, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.router.send(Start { outgoing: Box::new(outgoing), by, keep, reply }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    /// Lets a conversation do something. When this returns `Ok`, it is durable.
    pub async fn command(
        &self,
        conversation: ConversationId,
        command: Command,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Done, CommandError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Command { command, by, keep, reply: Reply::Asker(reply) };
        self.commands.send(ToConversation { id: Some(conversation), request }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
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
        let (reply, answer) = oneshot::channel();
        let transfer = Transfer { conversation, from, to, by, keep, reply };
        self.router.send(transfer).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    /// Gives a waiting conversation to an agent who wants it out of turn: the Router arbitrates.
    pub async fn take(
        &self,
        conversation: ConversationId,
        agent: AgentId,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Done, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.router.send(Take { conversation, agent, by, keep, reply }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    /// Gives a waiting conversation to an agent or moves it to another queue, as a supervisor wants it: the Router arbitrates.
    pub async fn steer(
        &self,
        conversation: ConversationId,
        to: SteerTo,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Done, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.router.send(Steer { conversation, to, by, keep, reply }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    /// Why a conversation is where it is, and who could have it: at most `limit` members of its campaign, or one only.
    ///
    /// # Errors
    /// [`CommandError::Busy`]; [`CommandError::NotFound`] when the Router does not follow it.
    pub async fn explain(
        &self,
        conversation: ConversationId,
        limit: usize,
        only: Option<AgentId>,
    ) -> Result<Explanation, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.router.send(Explain { conversation, reply }).map_err(|_| CommandError::Busy)?;
        let gathered = answer.await.map_err(|_| CommandError::Busy)?.ok_or(CommandError::NotFound)?;
        if gathered.is_large() {
            return actix_web::web::block(move || gathered.list(limit, only)).await.map_err(|_| CommandError::Busy);
        }
        Ok(gathered.list(limit, only))
    }

    /// Lets an agent's session do something: breaks, pauses, signing out.
    pub async fn agent(
        &self,
        agent: AgentId,
        command: AgentCommand,
        by: By,
        keep: Option<KeepAnswer>,
    ) -> Result<Agent, CommandError> {
        let (reply, answer) = oneshot::channel();
        let message = ToAgent::Do(Do { command, by, keep, reply: Some(reply) });
        self.floor.send(ForAgent { agent, message }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?
    }

    /// Changes configuration. When this returns `Ok`, it is durable and in force.
    pub async fn configure(
        &self,
        statements: Vec<Statement>,
        entity: Entity,
        id: String,
        by: By,
        recorded: Option<Recorded>,
    ) -> Result<(), WriteError> {
        self.journal.write(statements, Some((entity, id)), by, recorded).await?;
        self.reload().await;
        Ok(())
    }

    /// Puts in force what is stored now.
    pub async fn reload(&self) {
        let (done, in_force) = oneshot::channel();
        if self.keeper.send(Reload(done)).is_ok() {
            let _ = in_force.await;
        }
    }

    /// A tab of an agent connects: topic `me`.
    pub fn attach(&self, agent: AgentId, attach: Attach) -> bool {
        self.floor.send(ForAgent { agent, message: ToAgent::Attach(attach) }).is_ok()
    }

    /// A tab of an agent is gone.
    pub fn detach(&self, agent: AgentId, id: SinkId) {
        let _ = self.floor.send(ForAgent { agent, message: ToAgent::Detach(Detach(id)) });
    }

    /// Somebody who follows a thread types there: the others who look at it may see it. Not stored.
    pub fn typing(&self, typed: Typed) {
        let _ = self.watch.send(typed);
    }

    /// Follows a thread; the caller has checked that it may.
    pub fn follow(&self, follow: Follow) -> bool {
        self.watch.send(follow).is_ok()
    }

    /// Follows a thread no longer.
    pub fn unfollow(&self, id: SinkId, thread: Thread) {
        let _ = self.watch.send(watch::Leave { id, thread });
    }

    /// Looks at the board or at what waits; rows are filtered for the viewer.
    pub fn look(&self, viewer: Viewer) -> bool {
        self.dashboard.send(dashboard::Watch(viewer)).is_ok()
    }

    /// The rows of campaigns as boards show them; none = of all.
    ///
    /// # Errors
    /// The board has no room or died.
    pub async fn campaigns_now(&self, of: Option<FxHashSet<CampaignId>>) -> Result<Vec<CampaignRow>, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.dashboard.send(dashboard::Campaigns { of, reply }).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)
    }

    /// Looks at it no longer.
    pub fn look_away(&self, id: SinkId, at: Look) {
        let _ = self.dashboard.send(dashboard::Leave(id, at));
    }
}

/// Where a supervisor has a waiting conversation go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SteerTo {
    /// To an agent.
    Agent(AgentId),
    /// To the queue of a campaign.
    Campaign(CampaignId),
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// To an agent.
    Agent(AgentId),
    /// To the queue of a campaign.
    Campaign(CampaignId),
    /// To whoever of its campaign is good at these; sorted.
    Skills(Vec<SkillLevel>),
}
