//! What can be asked of the journal: appends of conversations and agents (batched with everybody else's) and single writes.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    clock::Timestamp,
    domain::{
        agent::{Agent, AgentEvent},
        contact::Address,
        conversation::{Conversation, Event},
        field,
        log::{By, Entity, Entry},
        message::Message,
        routing::Memory,
    },
    ids::{AgentId, ChannelId, ClientId, ContactId, FieldId, MessageId},
    store::{StoreError, Value, idempotency::Recorded, inbox::Claim},
};

/// How a contact is shown to agents, and where answers go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactCard {
    /// The contact.
    pub id: ContactId,
    /// Empty when unknown.
    pub name: String,
    /// Under which address this conversation runs.
    pub address: String,
    /// What was noted in the conversation's dynamic fields.
    pub fields: field::Values,
    /// What the conversation is about; may be empty. None where there is no such thing.
    pub subject: Option<Arc<str>>,
}

/// A contact that writes for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContact {
    /// Its id.
    pub id: ContactId,
    /// Whose customer.
    pub client: ClientId,
    /// As the channel names them.
    pub name: String,
    /// Where they wrote from.
    pub address: Address,
}

/// An outbound message's place in its channel's outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxChange {
    /// Which message.
    pub message: MessageId,
    /// What becomes of its row.
    pub change: OutboxState,
}

/// The new state of an outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Enters.
    Queued {
        /// By which channel account it leaves.
        channel: ChannelId,
        /// `conv_seq` of the message.
        seq: u64,
        /// Not before.
        at: Timestamp,
    },
    /// Is being sent.
    Sending,
    /// Is tried again.
    Retry {
        /// Not before.
        at: Timestamp,
        /// Attempts so far.
        attempts: u32,
    },
    /// Leaves: sent or failed for good.
    Done,
}

/// Everything one conversation commits at once.
#[derive(Debug)]
pub struct ConversationAppend {
    /// The state after the last event; its `seq` is the last event's.
    pub state: Arc<Conversation>,
    /// `seq` of the first event.
    pub first_seq: u64,
    /// Facts, in order: at least one.
    pub events: SmallVec<[(Event, By, Option<String>); 2]>,
    /// When it was decided.
    pub at: Timestamp,
    /// Texts that the events speak of.
    pub messages: SmallVec<[Arc<Message>; 1]>,
    /// The contact, when this append brings it into being.
    pub new_contact: Option<NewContact>,
    /// Set when the contact was told that it wrote out of hours.
    pub noticed: bool,
    /// Rows of the outbox that change.
    pub outbox: SmallVec<[OutboxChange; 1]>,
    /// Dynamic fields that change; none = taken away.
    pub fields: Vec<(FieldId, Option<field::Value>)>,
    /// What campaigns remember of their agents: [`crate::domain::routing::memories`].
    pub memories: SmallVec<[Memory; 2]>,
    /// Midnight before it, where its client is.
    pub day: Timestamp,
    /// For whoever shows the conversation.
    pub contact: Arc<ContactCard>,
    /// See [`ConversationChange::last`].
    pub last: Option<Arc<Message>>,
    /// See [`concerned`].
    pub concerned: SmallVec<[AgentId; 2]>,
    /// What becomes of the conversation's row.
    pub row: RowChange,
}

/// Everything one agent commits at once.
#[derive(Debug)]
pub struct AgentAppend {
    /// The state after the last event.
    pub state: Agent,
    /// Facts, in order: at least one.
    pub events: SmallVec<[(AgentEvent, By); 2]>,
    /// When it was decided.
    pub at: Timestamp,
}

/// What an append is about.
#[derive(Debug)]
pub enum Subject {
    /// A conversation; boxed, it is the large one.
    Conversation(Box<ConversationAppend>),
    /// An agent.
    Agent(AgentAppend),
}

/// One atomic unit of the log.
pub struct Append {
    /// What happened.
    pub subject: Subject,
    /// Provider messages that must be new. When one is not, the whole append is refused.
    pub claims: SmallVec<[Claim; 1]>,
    /// Answers kept for repeated requests. When one exists already, the whole append is refused.
    pub recorded: SmallVec<[Recorded; 1]>,
    /// Told after the commit, from the journal's thread.
    pub done: Box<dyn FnOnce(Result<Arc<Committed>, Refused>) + Send>,
}

/// Why an append was not committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// These claims (by index) had been made before, by another message or request.
    Duplicate {
        /// Indices into [`Append::claims`].
        claims: SmallVec<[usize; 1]>,
        /// Indices into [`Append::recorded`].
        recorded: SmallVec<[usize; 1]>,
    },
    /// It contradicts what is stored; nothing else in its group was touched.
    Conflict(String),
    /// Not committed, or nobody knows: rebuild from the store.
    Unavailable,
}

/// A committed append: what the publisher passes on.
#[derive(Debug)]
pub struct Committed {
    /// The entries, in order.
    pub entries: SmallVec<[Entry; 2]>,
    /// What they were about.
    pub about: About,
}

/// The live side of a committed append.
#[derive(Debug)]
pub enum About {
    /// A conversation and its state after the last entry.
    Conversation(Box<ConversationChange>),
    /// An agent and its state after the last entry.
    Agent(Agent),
    /// A kind of configuration.
    Config(Entity),
}

/// What changed in a conversation.
#[derive(Debug)]
pub struct ConversationChange {
    /// After the last entry.
    pub state: Arc<Conversation>,
    /// The texts recorded.
    pub messages: SmallVec<[Arc<Message>; 1]>,
    /// The contact.
    pub contact: Arc<ContactCard>,
    /// The last message there is, notes included; a long one cut: for lists.
    pub last: Option<Arc<Message>>,
    /// The agents to tell: see [`concerned`]. None when nobody knows who had it before, because this was read from the log:
    /// then everybody is told.
    pub concerned: Option<SmallVec<[AgentId; 2]>>,
}

impl Committed {
    /// Position of the last entry.
    pub fn pos(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.pos)
    }

    /// Position of the first entry.
    pub fn first_pos(&self) -> u64 {
        self.entries.first().map_or(0, |entry| entry.pos)
    }
}

/// One statement of a [`Write`].
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: &'static str,
    /// Its values.
    pub args: Vec<Value>,
    /// At least one row must change, else the whole write is refused as not found.
    pub must_change: bool,
}

impl Statement {
    /// A statement that may change nothing.
    pub const fn new(sql: &'static str, args: Vec<Value>) -> Self {
        Self { sql, args, must_change: false }
    }

    /// A statement that must change a row.
    pub const fn must(sql: &'static str, args: Vec<Value>) -> Self {
        Self { sql, args, must_change: true }
    }
}

/// A transaction of its own: configuration, sessions, tokens.
pub struct Write {
    /// In order.
    pub statements: Vec<Statement>,
    /// What to say in the log, if it is worth saying.
    pub fact: Option<(Entity, String)>,
    /// Who.
    pub by: By,
    /// When.
    pub at: Timestamp,
    /// An answer kept for repeated requests.
    pub recorded: Option<Recorded>,
    /// Told after the commit.
    pub done: tokio::sync::oneshot::Sender<Result<(), WriteError>>,
}

/// Why a write was not committed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A statement that must change a row changed none.
    #[error("not found")]
    NotFound,
    /// The same request was answered before.
    #[error("answered before")]
    AnsweredBefore,
    /// Too much is waiting already.
    #[error("busy")]
    Busy,
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an append does to the row of its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Written whole: it is new, or a column changes that lists and indexes use.
    Whole,
    /// Only the state itself changes; the indexes are left alone.
    State,
    /// Left as it is: only the customer wrote, and that follows from `messages`
    /// ([`Conversation::also_received`]). Most messages are of this kind, and this halves what they write.
    None,
}

impl RowChange {
    /// For events that lead from `before` to `after`.
    pub fn of<'a>(before: Option<&Conversation>, after: &Conversation, mut events: impl Iterator<Item = &'a Event>) -> Self {
        let columns = |state: &Conversation| {
            (
                state.campaign,
                state.phase.as_str(),
                state.phase.owner(),
                state.phase.offer().map(|offer| offer.agent),
                state.beside.as_deref().map(|beside| (beside.consulted, beside.sender.map(|sender| sender.agent))),
                state.next_due(),
            )
        };
        if before.is_none_or(|before| columns(before) != columns(after)) {
            Self::Whole
        } else if events.all(|event| matches!(event, Event::MessageReceived { .. })) {
            Self::None
        } else {
            Self::State
        }
    }
}

/// The agents a change concerns: who has it, who had it, to whom it is or was offered, who stands or stood beside.
pub fn concerned(before: Option<&Conversation>, after: &Conversation) -> SmallVec<[AgentId; 2]> {
    let mut agents = SmallVec::new();
    let both = before.into_iter().chain([after]);
    for agent in both.flat_map(Conversation::parties) {
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    agents
}
