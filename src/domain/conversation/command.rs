//! What the world wants of a conversation, in the imperative.

use std::sync::Arc;

use crate::{
    clock::Timestamp,
    domain::{
        conversation::{Assignment, Ending, Offer, OfferOutcome, Priority, QueueReason},
        delivery::Delivery,
        field,
        message::Content,
        routing::Choice,
        skill::SkillLevel,
    },
    ids::{AgentId, CampaignId, DispositionId, FieldId, MessageId, OfferId},
};

/// What the Router decided about a new conversation (`routing::admit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It waits in the queue of its campaign.
    Queue(QueueReason),
    /// It waits in the queue of another campaign, because its own is full.
    Overflow(CampaignId),
    /// It ends at once.
    End(Ending),
}

/// What closing time means for a conversation that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dismissal {
    /// It ends.
    End,
    /// It waits in the queue of another campaign.
    Overflow(CampaignId),
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTo {
    /// To an agent, who must accept; the Router has reserved the capacity under this offer.
    Agent {
        /// The reservation.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
    },
    /// To the queue of a campaign.
    Campaign(CampaignId),
    /// To whoever of its campaign is good at these.
    Skills(Vec<SkillLevel>),
}

/// A command. `agent` fields name who acts, already authenticated and permitted by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The customer wrote.
    Receive {
        /// The id it is stored under.
        message: MessageId,
        /// What.
        content: Content,
    },
    /// The Router lets a new conversation in, or ends it.
    Admit(Admission),
    /// Its campaign closed while it waited.
    Dismiss(Dismissal),
    /// The Router reserved an agent.
    Offer {
        /// To whom and until when.
        offer: Offer,
        /// How it came to that.
        why: Option<Box<Choice>>,
    },
    /// An agent takes it out of turn; the Router has reserved the capacity: offer and acceptance in one.
    Take(Offer),
    /// A supervisor gives it to an agent while it waits, with room or without; the Router has reserved it.
    Assign {
        /// To whom, accepted at once.
        offer: Offer,
        /// How it stands with their room.
        assignment: Assignment,
    },
    /// A supervisor moves it to another queue while it waits; the Router has kept a place there.
    Move {
        /// The place that is kept: none of an agent's.
        ticket: OfferId,
        /// Where.
        campaign: CampaignId,
    },
    /// The agent takes the offer.
    Accept {
        /// Which.
        offer: OfferId,
        /// Who.
        agent: AgentId,
    },
    /// The offer ends otherwise.
    EndOffer {
        /// Which.
        offer: OfferId,
        /// To whom it was made.
        agent: AgentId,
        /// How it ends.
        outcome: OfferOutcome,
    },
    /// An agent answers the customer.
    Reply {
        /// The id it is stored under.
        message: MessageId,
        /// Who.
        agent: AgentId,
        /// What.
        content: Content,
    },
    /// Somebody of the staff writes first; whether they may, the caller has checked.
    Begin {
        /// The id it is stored under.
        message: MessageId,
        /// Who writes: whose it is, or a supervisor for them.
        agent: AgentId,
        /// What.
        content: Content,
    },
    /// Somebody of the staff writes for colleagues; whether they may, the caller has checked.
    Note {
        /// The id it is stored under.
        message: MessageId,
        /// Who.
        agent: AgentId,
        /// What.
        content: Content,
        /// Colleagues it calls for.
        mentions: Vec<AgentId>,
    },
    /// The product tells the customer something.
    Notice {
        /// The id it is stored under.
        message: MessageId,
        /// What.
        content: Content,
        /// Says that it is out of hours: once per contact and closed period.
        out_of_hours: bool,
    },
    /// News about an outbound message.
    MoveDelivery {
        /// Which.
        message: MessageId,
        /// For a message no longer followed: its `conv_seq` and state as the store has them.
        stored: Option<(u64, Delivery)>,
        /// The state reported.
        to: Delivery,
        /// A stable reason code.
        reason: Option<String>,
    },
    /// An outbound message whose turn it is goes out now, unless it was withdrawn.
    BeginDelivery {
        /// Which.
        message: MessageId,
        /// As in [`Command::MoveDelivery`].
        stored: Option<(u64, Delivery)>,
    },
    /// An outbound message that has not gone out is withdrawn; whether they may, the caller has checked.
    CancelDelivery {
        /// Which.
        message: MessageId,
        /// As in [`Command::MoveDelivery`].
        stored: Option<(u64, Delivery)>,
    },
    /// The owner has a message sent again that could not be sent.
    Retry {
        /// Which.
        message: MessageId,
        /// Who.
        agent: AgentId,
        /// As in [`Command::MoveDelivery`].
        stored: Option<(u64, Delivery)>,
    },
    /// The owner gives it to somebody else; the Router has checked the target.
    Transfer {
        /// Who gives.
        agent: AgentId,
        /// To whom.
        to: TransferTo,
    },
    /// The owner asks a colleague to read along and to write notes; whether they may know each other, the caller has checked.
    Consult {
        /// Who asks.
        agent: AgentId,
        /// Whom.
        colleague: AgentId,
    },
    /// The owner, the colleague or a supervisor ends that.
    EndConsult {
        /// Who.
        agent: AgentId,
        /// Although they are neither (supervisors).
        force: bool,
    },
    /// The owner or a supervisor closes it.
    Close {
        /// Who.
        agent: AgentId,
        /// Closes although somebody else owns it (supervisors).
        force: bool,
        /// Chosen from the campaign's.
        disposition: Option<DispositionId>,
        /// Asks for time to finish, where the campaign leaves it to its agents.
        wrap_up: bool,
    },
    /// The owner or a supervisor fills in dynamic fields.
    SetFields {
        /// Who.
        agent: AgentId,
        /// Although somebody else owns it (supervisors).
        force: bool,
        /// As each field's kind keeps it; none = taken away.
        values: Vec<(FieldId, Option<field::Value>)>,
    },
    /// The contact has another name now.
    RenameContact {
        /// As shown; empty = unknown.
        name: Arc<str>,
    },
    /// The owner ends wrap-up early.
    EndWrapUp {
        /// Who.
        agent: AgentId,
    },
    /// The owner is gone: the conversation goes back to the front of its queue. The sender of a transfer is: they have finished.
    Release {
        /// From whom.
        agent: AgentId,
        /// Why.
        reason: QueueReason,
    },
    /// The owner puts it aside.
    Park {
        /// Who.
        agent: AgentId,
        /// Until when.
        until: Timestamp,
    },
    /// The owner takes it up again before its time.
    Wake {
        /// Who.
        agent: AgentId,
    },
    /// Its labels are these.
    Tag {
        /// Who.
        agent: AgentId,
        /// Although somebody else owns it (supervisors).
        force: bool,
        /// Sorted, each once; the caller has checked how many and how long.
        tags: Vec<String>,
    },
    /// Whoever serves it must be good at these.
    AskFor {
        /// Who says so.
        agent: AgentId,
        /// Although somebody else owns it (supervisors).
        force: bool,
        /// All of them, sorted, each once; none = anybody.
        skills: Vec<SkillLevel>,
    },
    /// It is this urgent.
    Prioritise {
        /// Who.
        agent: AgentId,
        /// Although somebody else owns it (supervisors).
        force: bool,
        /// How urgent.
        priority: Priority,
    },
    /// The customer has been silent since the agent's answer.
    Sleep,
    /// A customer who waits has left, or waited too long.
    GiveUp(Ending),
    /// The customer says what they thought of it.
    Rate {
        /// One of [`super::SCORES`].
        score: u8,
    },
    /// A stored deadline fell due.
    Due {
        /// The id of the reminder, if it comes to one.
        message: MessageId,
    },
}
