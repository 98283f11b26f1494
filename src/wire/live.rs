//! Frames of the live protocol (`/ws` for staff, `/widget/ws` for visitors).
//!
//! Server to client: [`Frame`] with one of [`Push`] inside. Client to server: [`Ask`]. A subscription is answered with a
//! snapshot and its position; after it come deltas with growing positions. A client that reconnects names the epoch and
//! position it has; it gets what it missed, or a fresh snapshot.

use serde::{Deserialize, Serialize};

use super::{
    Time,
    conversation::{Attachment, Message, Preview, Summary},
    service::ServiceNow,
};
use crate::{
    domain::{
        agent::Agent,
        channel::ChannelKind,
        conversation::{Ending, Phase, Priority, QueueReason},
        delivery::Delivery,
        message::WritingMode,
        permission::Role,
    },
    ids::{AgentId, BreakId, CampaignId, ConversationId, MessageId, UserId},
};

/// Version of the protocol.
pub const VERSION: u8 = 1;

/// What the server sends. `kind` and `data` come from [`Push`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Frame {
    /// [`VERSION`].
    pub v: u8,
    /// `me`, `conversation:{id}`, `waiting`, `board:{domain}`, `chat`, or `-` for the connection itself.
    pub topic: String,
    /// Changes when positions may have been reused: a client with another epoch starts over.
    pub epoch: String,
    /// Position in the log that this frame reflects; for snapshots the position they stand at.
    #[ts(type = "number")]
    pub pos: u64,
    /// What it says.
    #[serde(flatten)]
    pub push: Push,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Push {
    /// First frame of a connection.
    Hello(Hello),
    /// Topic `me`: replaces everything known of it.
    Me(Me),
    /// Topic `me` and `conversation:{id}`: a conversation changed; its new messages and deliveries come along.
    Conversation(ConversationDelta),
    /// Topic `me`: a conversation is no longer this agent's.
    Gone(Gone),
    /// Topic `me`: the agent's own state changed.
    Presence(Presence),
    /// Topic `conversation:{id}` and `chat`: replaces the thread.
    Thread(Thread),
    /// Topic `chat`: what a visitor sees.
    Chat(Chat),
    /// Topic `chat`: how many go before a visitor who waits.
    Queue(Queue),
    /// Topic `board:{domain}`: replaces the board.
    Board(Board),
    /// Topic `board:{domain}`: rows that changed since the last frame.
    BoardDelta(BoardDelta),
    /// Topic `waiting`: replaces what waits in the agent's campaigns and is offered to nobody: the oldest first, at most 500.
    Waiting(Vec<WaitingRow>),
    /// Topic `waiting`: rows that changed since the last frame.
    WaitingDelta(QueueDelta),
    /// The client reads too slowly: deltas were dropped, a snapshot follows.
    Resync,
    /// Start over: read everything again.
    Reload,
    /// Not allowed or not there.
    Denied(Denied),
    /// The session ended: sign in again.
    SignedOut,
    /// Topic `conversation:{id}`: somebody is typing; holds for 5 seconds. Not stored.
    Typing(Typing),
    /// Topic `conversation:{id}`: who has it open now; replaces what was known. Not stored.
    Viewers(Viewers),
    /// Topic `chat`: an agent is typing; holds for 5 seconds. Not stored.
    ChatTyping(ChatTyping),
}

/// First frame of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Hello {
    /// Version of the server.
    pub version: String,
    /// Server time.
    pub now: Time,
}

/// Everything of topic `me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Me {
    /// Who.
    pub user: UserId,
    /// Preset of permissions.
    pub role: Role,
    /// The agent's state; none for who is no agent.
    pub presence: Option<Presence>,
    /// Own conversations and open offers, those about which they are consulted, and those they gave away and still finish.
    pub conversations: Vec<Summary>,
}

/// What an agent is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Presence {
    /// What.
    pub activity: Activity,
    /// Since when.
    pub since: Time,
    /// The break that begins when the conversations at hand are over; until then no new offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pending: Option<BreakId>,
    /// What they have weighs more than they can have: customers came back who had been silent, or the limit was lowered. No
    /// offers until then. Told by the socket.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub over_capacity: bool,
}

impl From<&Agent> for Presence {
    fn from(agent: &Agent) -> Self {
        Self { activity: agent.activity.into(), since: agent.since.into(), pending: agent.pending, over_capacity: false }
    }
}

/// What an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Activity {
    /// Not at work.
    SignedOut,
    /// Takes offers.
    Available,
    /// On a break.
    OnBreak {
        /// Of which type.
        kind: BreakId,
    },
    /// Paused by a supervisor.
    ForcedPause {
        /// Who did.
        by: UserId,
    },
    /// Missed too many offers.
    NotResponding,
}

impl From<Option<crate::domain::agent::Activity>> for Activity {
    fn from(activity: Option<crate::domain::agent::Activity>) -> Self {
        use crate::domain::agent::Activity as Domain;
        match activity {
            None => Self::SignedOut,
            Some(Domain::Available) => Self::Available,
            Some(Domain::OnBreak(kind)) => Self::OnBreak { kind },
            Some(Domain::ForcedPause(by)) => Self::ForcedPause { by },
            Some(Domain::NotResponding) => Self::NotResponding,
        }
    }
}

/// A conversation that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct ConversationDelta {
    /// Its state now.
    pub conversation: Summary,
    /// Messages recorded by this change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Message>>", optional)]
    pub messages: Vec<Message>,
    /// Deliveries that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<DeliveryDelta>>", optional)]
    pub deliveries: Vec<DeliveryDelta>,
}

/// A delivery that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct DeliveryDelta {
    /// Which message.
    pub message: MessageId,
    /// Where it stands now.
    pub to: Delivery,
    /// A stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// A conversation that left an agent's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Gone {
    /// Which.
    pub conversation: ConversationId,
    /// Who has it now.
    pub owner: Option<AgentId>,
    /// Why, where that was neither the agent's doing nor a colleague's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why: Option<WhyGone>,
}

/// Why a conversation left an agent's inbox by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum WhyGone {
    /// The customer waited too long for the first answer: another agent gets it.
    NoReply,
    /// The customer was silent for too long: it is closed.
    Inactive,
    /// They are consulted no longer.
    ConsultEnded,
}

impl WhyGone {
    /// As the phase it came to tells.
    pub const fn of(phase: &Phase) -> Option<Self> {
        match phase {
            Phase::Queued { reason: QueueReason::NoReply } => Some(Self::NoReply),
            Phase::Ended { ending: Ending::Inactive, .. } => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// A conversation with its latest messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Thread {
    /// Its state; none for a visitor who has not written yet.
    pub conversation: Option<Summary>,
    /// The latest messages, in order.
    pub messages: Vec<Message>,
}

/// What a visitor sees of their conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Chat {
    /// Messages, in order.
    pub messages: Vec<ChatMessage>,
    /// The conversation is over; the next message starts another one.
    pub ended: bool,
    /// Replaces everything shown; else adds to it.
    pub snapshot: bool,
    /// Of which conversation this speaks; none before the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conversation: Option<ConversationId>,
    /// Nobody has taken it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub waiting: bool,
    /// What the visitor thought of it, once it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rating: Option<u8>,
}

/// How many go before a visitor who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Queue {
    /// Which conversation waits.
    pub conversation: ConversationId,
    /// 1 = goes next; none = more than 100 go before.
    pub position: Option<u32>,
}

/// One message as a visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct ChatMessage {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Its number there.
    #[ts(type = "number")]
    pub seq: u64,
    /// From whom.
    pub from: ChatSender,
    /// Plain text.
    pub text: String,
    /// When.
    pub at: Time,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Attachment>>", optional)]
    pub attachments: Vec<Attachment>,
}

/// Who wrote, from a visitor's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum ChatSender {
    /// The visitor.
    Me,
    /// An agent.
    Agent,
    /// The product.
    System,
}

/// The live board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Board {
    /// Agents who are signed in.
    pub agents: Vec<AgentRow>,
    /// Campaigns.
    pub campaigns: Vec<CampaignRow>,
    /// Conversations that wait, the oldest first, at most 500.
    pub waiting: Vec<WaitingRow>,
}

/// Rows of the board that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct BoardDelta {
    /// Agents that changed.
    pub agents: Vec<AgentRow>,
    /// Agents who signed out.
    pub agents_gone: Vec<AgentId>,
    /// Campaigns that changed.
    pub campaigns: Vec<CampaignRow>,
    /// Conversations that wait since.
    pub waiting: Vec<WaitingRow>,
    /// Conversations that wait no longer.
    pub waiting_gone: Vec<ConversationId>,
}

/// Rows of an agent's queues that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts", rename = "WaitingDelta")]
pub struct QueueDelta {
    /// Conversations that wait since, or changed while they wait.
    pub waiting: Vec<WaitingRow>,
    /// Conversations that cannot be taken any more.
    pub waiting_gone: Vec<ConversationId>,
}

/// One agent on the board (S4-71 to S4-77).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct AgentRow {
    /// Who.
    pub agent: AgentId,
    /// As shown.
    pub name: String,
    /// A browser is connected.
    pub connected: bool,
    /// What they are doing.
    pub activity: Activity,
    /// Since when.
    pub since: Time,
    /// The break that begins when the conversations at hand are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pending: Option<BreakId>,
    /// Conversations they hold.
    pub active: u32,
    /// Offers they have not answered.
    pub offered: u32,
    /// What they have weighs more than they can have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub over_capacity: bool,
    /// Their campaigns.
    pub campaigns: Vec<CampaignId>,
}

/// One campaign on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct CampaignRow {
    /// Which.
    pub campaign: CampaignId,
    /// As shown.
    pub name: String,
    /// Within its schedule.
    pub open: bool,
    /// Conversations that wait.
    pub waiting: u32,
    /// Since when the oldest of them waits.
    pub oldest: Option<Time>,
    /// Conversations with agents.
    pub active: u32,
    /// How well it is served; none for a moment after a start, while the day is being read.
    pub service: Option<ServiceNow>,
}

/// One conversation that waits (S4-78 to S4-80).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct WaitingRow {
    /// Which.
    pub conversation: ConversationId,
    /// Where.
    pub campaign: CampaignId,
    /// By which kind of channel.
    pub channel_kind: ChannelKind,
    /// From whom; empty when unknown.
    pub contact_name: String,
    /// From which address.
    pub address: String,
    /// Since when.
    pub arrived_at: Time,
    /// How urgent the staff finds it.
    pub priority: Priority,
    /// The last message.
    pub preview: Option<Preview>,
}

/// A subscription that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Denied {
    /// Which topic.
    pub topic: String,
    /// A stable code.
    pub code: String,
}

/// Somebody is typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Typing {
    /// Where.
    pub conversation: ConversationId,
    /// Who; none = the customer.
    pub agent: Option<AgentId>,
    /// What.
    pub mode: WritingMode,
}

/// Who has a conversation open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct Viewers {
    /// Which.
    pub conversation: ConversationId,
    /// Everybody, whoever reads this included, each once.
    pub viewers: Vec<ViewerRow>,
}

/// Somebody who has a conversation open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts", rename = "Viewer")]
pub struct ViewerRow {
    /// Who.
    pub user: UserId,
    /// As shown.
    pub name: String,
    /// What they are typing.
    pub typing: Option<WritingMode>,
}

/// An agent is typing, as a visitor sees it: not which one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export_to = "wire.ts")]
pub struct ChatTyping {
    /// In which conversation.
    pub conversation: ConversationId,
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub enum Ask {
    /// Follow a topic. With `epoch` and `pos`: carry on from there.
    Subscribe {
        /// Which.
        topic: String,
        /// Of the last frame received.
        #[serde(default)]
        #[ts(optional)]
        epoch: Option<String>,
        /// Of the last frame received.
        #[serde(default)]
        #[ts(optional, type = "number")]
        pos: Option<u64>,
    },
    /// Follow it no longer.
    Unsubscribe {
        /// Which.
        topic: String,
    },
    /// I am typing here. At most once a second is passed on.
    Typing {
        /// Where; visitors leave it out.
        #[serde(default)]
        #[ts(optional)]
        conversation: Option<ConversationId>,
        /// What; visitors leave it out.
        #[serde(default)]
        #[ts(as = "Option<WritingMode>", optional)]
        mode: WritingMode,
    },
    /// First frame of a visitor: the token from `POST /widget/v1/{channel}/session`.
    SignIn {
        /// The token.
        token: String,
    },
    /// I have shown messages up to this one (visitors): they count as read.
    Seen {
        /// Of which conversation.
        conversation: ConversationId,
        /// `seq` of the last message shown.
        #[ts(type = "number")]
        seq: u64,
    },
}
