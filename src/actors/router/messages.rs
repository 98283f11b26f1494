//! Everything the Router understands, beside what the publisher tells it.

use actix::{Message, Recipient};
use tokio::sync::oneshot;

use crate::{
    actors::engine::{CommandError, KeepAnswer, Outgoing, SteerTo, TransferTarget},
    domain::{
        log::By,
        routing::{Gathered, Input, ItemView, Snapshot},
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId},
    wire::conversation::Done,
};

/// Campaigns, members and agents that changed.
pub struct Inputs(pub Vec<Input>);

/// A conversation did not take an offer or a transfer.
#[derive(Message)]
#[rtype(result = "()")]
pub struct OfferRefused {
    /// Which.
    pub conversation: ConversationId,
    /// Which reservation.
    pub offer: OfferId,
    /// Its committed state, which the Router may not have seen yet.
    pub view: Option<ItemView>,
}

/// A conversation was rebuilt from the store: what was on its way to it is lost.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Restarted(pub ItemView);

/// Somebody wants to give a conversation away.
pub struct Transfer {
    /// Which.
    pub conversation: ConversationId,
    /// Who has it.
    pub from: AgentId,
    /// To whom.
    pub to: TransferTarget,
    /// Who asks.
    pub by: By,
    /// Keep the answer for repeated requests.
    pub keep: Option<KeepAnswer>,
    /// Who waits.
    pub reply: oneshot::Sender<Result<Done, CommandError>>,
}

/// An agent wants a conversation that waits, out of turn.
pub struct Take {
    /// Which.
    pub conversation: ConversationId,
    /// Who.
    pub agent: AgentId,
    /// Who asks.
    pub by: By,
    /// Keep the answer for repeated requests.
    pub keep: Option<KeepAnswer>,
    /// Who waits.
    pub reply: oneshot::Sender<Result<Done, CommandError>>,
}

/// A supervisor does something with a conversation that waits.
pub struct Steer {
    /// Which.
    pub conversation: ConversationId,
    /// What.
    pub to: SteerTo,
    /// Who asks.
    pub by: By,
    /// Keep the answer for repeated requests.
    pub keep: Option<KeepAnswer>,
    /// Who waits.
    pub reply: oneshot::Sender<Result<Done, CommandError>>,
}

/// Somebody of the staff begins a conversation.
pub struct Start {
    /// What, to whom.
    pub outgoing: Box<Outgoing>,
    /// Who asks.
    pub by: By,
    /// Keep the answer for repeated requests.
    pub keep: Option<KeepAnswer>,
    /// Who waits.
    pub reply: oneshot::Sender<Result<Done, CommandError>>,
}

/// Asks who goes next in these campaigns.
pub struct Fronts {
    /// Where.
    pub campaigns: Vec<CampaignId>,
    /// Who wants to know.
    pub to: Recipient<Queues>,
}

/// Who goes next, by campaign: at most [`super::FRONT`] of each.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Queues(pub Vec<(CampaignId, Vec<ConversationId>)>);

/// Somebody asks why a conversation is where it is.
pub struct Explain {
    /// Which.
    pub conversation: ConversationId,
    /// Who asks; none = the conversation is not followed.
    pub reply: oneshot::Sender<Option<Box<Gathered>>>,
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Snapshot")]
pub struct Observe;
