//! What the world wants of a conversation, in the imperative.

use crate::{
    clock::Timestamp,
    domain::{
        conversation::{Ending, Offer, OfferOutcome, QueueReason},
        delivery::Delivery,
        message::Content,
    },
    ids::{AgentId, CampaignId, DispositionId, MessageId, OfferId},
};

/// What the Router decided about a new conversation (`routing::admit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It waits in the queue of its campaign.
    Queue(QueueReason),
    /// It ends at once.
    End(Ending),
}

/// Where a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The Router reserved an agent.
    Offer(Offer),
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
    /// The product tells the customer something.
    Notice {
        /// The id it is stored under.
        message: MessageId,
        /// What.
        content: Content,
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
    /// The owner gives it to somebody else; the Router has checked the target.
    Transfer {
        /// Who gives.
        agent: AgentId,
        /// To whom.
        to: TransferTo,
    },
    /// The owner or a supervisor closes it.
    Close {
        /// Who.
        agent: AgentId,
        /// Closes although somebody else owns it (supervisors).
        force: bool,
        /// Chosen from the campaign's.
        disposition: Option<DispositionId>,
    },
    /// The owner ends wrap-up early.
    EndWrapUp {
        /// Who.
        agent: AgentId,
    },
    /// The owner is gone: the conversation goes back to the front of its queue.
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
    Due,
}
