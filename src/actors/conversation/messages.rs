//! Everything a conversation understands.

use std::sync::Arc;

use actix::{Addr, Message, dev::MessageResponse};
use serde::Serialize;
use tokio::sync::oneshot;

use super::{Conversation, Shared, batch::done};
use crate::{
    actors::{
        engine::{CommandError, Inbound, KeepAnswer, Outgoing, Received, Threading},
        gate,
        router::OfferRefused,
    },
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        contact::Address,
        conversation::{Command, Conversation as State, Event, Initiative, TransferTo},
        log::By,
        routing::ItemView,
        skill::Preferred,
    },
    ids::{CampaignId, ChannelId, ClientId, ContactId, ConversationId, MessageId},
    store::{
        idempotency::Recorded,
        inbox::Claim,
        write::{Committed, Refused},
    },
    wire::conversation::Done,
};

/// What is known of a conversation before its first message is stored.
#[derive(Clone, Debug)]
pub struct Birth {
    /// By which channel account.
    pub channel: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// Whose.
    pub client: ClientId,
    /// Into which campaign.
    pub campaign: CampaignId,
    /// With whom.
    pub contact: ContactId,
    /// The contact comes into being with it.
    pub is_new: bool,
    /// As shown.
    pub name: String,
    /// Under which address.
    pub address: Address,
    /// When the contact was last told that it wrote out of hours.
    pub noticed_at: Option<Timestamp>,
    /// Who closed the last conversation of the contact.
    pub preferred: Option<Preferred>,
    /// What it is about, where conversations have a subject.
    pub subject: Option<Arc<str>>,
}

impl Birth {
    pub(super) fn event(&self, initiative: Option<Initiative>) -> Event {
        Event::Started {
            client: self.client,
            channel: self.channel,
            kind: self.kind,
            campaign: self.campaign,
            contact: self.contact,
            noticed_at: self.noticed_at,
            preferred: self.preferred.filter(|_| initiative.is_none()),
            initiative,
        }
    }
}

/// Who waits for the answer to a command.
#[derive(Debug)]
pub enum Reply {
    /// Nobody.
    Nobody,
    /// Somebody outside.
    Asker(oneshot::Sender<Result<Done, CommandError>>),
}

/// Something to do.
#[derive(Debug)]
pub enum Request {
    /// The customer wrote.
    Receive {
        /// What.
        inbound: Box<Inbound>,
        /// Told when it is durable.
        ack: oneshot::Sender<Result<Received, CommandError>>,
    },
    /// Somebody of the staff writes first.
    Start {
        /// What, to whom.
        outgoing: Box<Outgoing>,
        /// Who.
        by: By,
        /// Keep the answer for repeated requests.
        keep: Option<KeepAnswer>,
        /// Who waits.
        reply: oneshot::Sender<Result<Done, CommandError>>,
    },
    /// Anything else.
    Command {
        /// What.
        command: Command,
        /// Who.
        by: By,
        /// Keep the answer for repeated requests.
        keep: Option<KeepAnswer>,
        /// Who waits.
        reply: Reply,
    },
}

impl Request {
    /// The command or message as its sender named it, for the log.
    pub(super) fn cause(&self) -> Option<String> {
        match self {
            Self::Receive { inbound, .. } => Some(inbound.claim.provider_id.clone()),
            Self::Command { .. } | Self::Start { .. } => None,
        }
    }

    /// Which message of the customer it brings.
    pub(super) fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Receive { inbound, .. } => Some(&inbound.claim),
            Self::Command { .. } | Self::Start { .. } => None,
        }
    }

    /// Begins a conversation where none is open.
    pub(crate) const fn may_begin(&self) -> bool {
        matches!(self, Self::Receive { .. } | Self::Start { .. })
    }

    /// For another conversation than the one it was for, which has ended.
    pub(crate) fn begin_anew(mut self) -> Self {
        if let Self::Receive { inbound, .. } = &mut self
            && matches!(inbound.thread, Threading::Joins(_))
        {
            inbound.thread = Threading::New;
        }
        self
    }

    /// Whose the conversation is that it begins, if the staff begins it.
    pub(super) fn initiative(&self) -> Option<Initiative> {
        if let Self::Start { outgoing, .. } = self { Some(outgoing.initiative) } else { None }
    }

    /// Under which key its answer is kept, and with which status.
    pub(super) const fn keep(&self) -> Option<(&KeepAnswer, u16)> {
        match self {
            Self::Command { keep: Some(keep), .. } => Some((keep, 200)),
            Self::Start { keep: Some(keep), .. } => Some((keep, 201)),
            _ => None,
        }
    }

    /// The answer as it is kept; none when it is not.
    pub(super) fn recorded(&self, answer: &Done, at: Timestamp) -> Option<Recorded> {
        let (KeepAnswer { scope, request_hash }, status) = self.keep()?;
        let body = serde_json::to_string(answer).unwrap_or_default();
        Some(Recorded { scope: scope.clone(), request_hash: request_hash.clone(), status, body, at })
    }

    /// Says no. A Router whose offer is refused takes its reservation back.
    pub(crate) fn refuse(self, error: CommandError, id: ConversationId, shared: &Shared) {
        self.refuse_at(error, id, None, shared);
    }

    /// [`Self::refuse`], with the conversation's state for a Router that has not seen it yet.
    pub(super) fn refuse_at(self, error: CommandError, id: ConversationId, state: Option<&State>, shared: &Shared) {
        match self {
            Self::Receive { ack, .. } => {
                let _ = ack.send(Err(error));
            }
            Self::Start { reply, .. } => {
                let _ = reply.send(Err(error));
            }
            Self::Command { command, reply, .. } => {
                release_reservation(&command, id, state, shared);
                if let Reply::Asker(asker) = reply {
                    let _ = asker.send(Err(error));
                }
            }
        }
    }

    /// The Router's decisions are never dropped for want of room: they wait.
    pub(crate) const fn must_arrive(&self) -> bool {
        matches!(self, Self::Command { by: By::Router, .. })
    }

    /// Says that there is no room now.
    pub(crate) fn answer_busy(self) {
        if let Self::Command { reply: Reply::Asker(asker), .. } | Self::Start { reply: asker, .. } = self {
            let _ = asker.send(Err(CommandError::Busy));
        }
    }

    /// Says yes: it is committed.
    pub(super) fn succeed(self, state: &State, seq: u64, message: Option<MessageId>) {
        match self {
            Self::Receive { ack, .. } => {
                let _ = ack.send(Ok(Received::Stored { conversation: state.id, seq }));
            }
            Self::Command { reply: Reply::Asker(asker), .. } | Self::Start { reply: asker, .. } => {
                let _ = asker.send(Ok(done(state, message)));
            }
            Self::Command { .. } => {}
        }
    }

    /// There was nothing to do. An answer that is to be kept is, although nothing else is stored (R15).
    pub(super) fn succeed_unchanged(self, answer: &Done, state: Option<&State>, shared: &Shared) {
        let recorded = self.recorded(answer, shared.clock.now());
        match self {
            Self::Receive { ack, .. } => {
                let _ = ack.send(Ok(Received::Repeated));
            }
            Self::Start { reply, .. } => {
                let _ = reply.send(Ok(answer.clone()));
            }
            Self::Command { command, by, reply, .. } => {
                release_reservation(&command, answer.conversation, state, shared);
                let Reply::Asker(asker) = reply else { return };
                let (journal, answer) = (shared.journal.clone(), answer.clone());
                if recorded.is_none() {
                    let _ = asker.send(Ok(answer));
                    return;
                }
                actix::spawn(async move {
                    let kept = journal.write(Vec::new(), None, by, recorded).await;
                    let _ = asker.send(kept.map(|()| answer).map_err(CommandError::from));
                });
            }
        }
    }

    /// It had been stored or answered before.
    pub(super) fn repeated(self) {
        match self {
            Self::Receive { ack, .. } => {
                let _ = ack.send(Ok(Received::Repeated));
            }
            Self::Command { reply: Reply::Asker(asker), .. } | Self::Start { reply: asker, .. } => {
                let _ = asker.send(Err(CommandError::AnsweredBefore));
            }
            Self::Command { .. } => {}
        }
    }
}

fn release_reservation(command: &Command, conversation: ConversationId, state: Option<&State>, shared: &Shared) {
    let refused = match command {
        Command::Offer { offer, .. } | Command::Take(offer) | Command::Assign { offer, .. } => Some(offer.id),
        Command::Move { ticket, .. } => Some(*ticket),
        Command::Transfer { to: TransferTo::Agent { offer, .. }, .. } => Some(*offer),
        _ => None,
    };
    if let (Some(offer), Some(router)) = (refused, shared.refused.get()) {
        gate::answer_recipient(router, OfferRefused { conversation, offer, view: state.map(ItemView::of) });
    }
}

/// The journal's answer to the append in flight.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Settled(pub Result<Arc<Committed>, Refused>);

/// The callback that brings [`Settled`] back.
pub(super) fn settle(to: Addr<Conversation>) -> Box<dyn FnOnce(Result<Arc<Committed>, Refused>) + Send> {
    Box::new(move |result| gate::answer(&to, Settled(result)))
}

/// Asks for a serialisable snapshot.
#[derive(Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// What dashboards, tests and debug pages see.
#[derive(Clone, Debug, Serialize, MessageResponse)]
pub struct Observed {
    /// Which.
    pub id: ConversationId,
    /// Word of routing.md.
    pub phase: &'static str,
    /// Last event.
    pub seq: u64,
    /// Requests that wait.
    pub queued: usize,
    /// An append is in flight.
    pub in_flight: bool,
}
