//! A conversation as a state machine over the states of routing.md.
//!
//! [`Conversation::step`] decides what a command means now; [`Conversation::apply`] folds the resulting facts. The state
//! is nothing but the fold of its events (R8), so it can be rebuilt, replayed and compared.

mod awaited;
mod begin;
mod beside;
mod command;
mod event;
mod finish;
mod steer;
mod step;
#[cfg(test)]
mod tests;

use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use self::{
    awaited::Awaited,
    beside::{Beside, Sender},
    command::{Admission, Command, Dismissal, TransferTo},
    event::{Assignment, Ending, Event, Initiative, OfferOutcome, QueueReason},
};
use crate::{
    clock::Timestamp,
    domain::{channel::ChannelKind, closing::WrapUp, delivery::Delivery, skill::Demand},
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, DispositionId, FieldId, MessageId, OfferId},
};

/// At most this many transfers per conversation (routing.md).
pub const MAX_HOPS: u8 = 10;

/// What a customer may say of a conversation, from bad to good.
pub const SCORES: RangeInclusive<u8> = 1..=5;

/// How long a rating can be changed.
pub const RATING_CHANGES: Duration = Duration::from_secs(24 * 3600);

/// Outbound messages whose delivery is still followed in memory; receipts for older ones are checked against the store.
pub const FOLLOWED_DELIVERIES: usize = 32;

/// The reason code of a message that is being sent again.
pub const RETRIED: &str = "retried";

/// The part of the campaign's configuration that decides about a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long a transfer to an agent stays open; zero = until somebody ends it.
    pub transfer_timeout: Duration,
    /// What its agent has after closing.
    pub wrap_up: WrapUp,
    /// How long.
    pub wrap_up_time: Duration,
    /// The sender of a transfer has it too.
    pub sender_wrap_up: bool,
    /// How long a customer may be silent (S1-15).
    pub silence: Option<Duration>,
    /// After how long a silence it sleeps.
    pub dormant: Option<Duration>,
    /// They are reminded once more before the end. Looked up for [`Command::Due`] only.
    pub reminds: bool,
    /// How long a customer may wait for their agent's first answer.
    pub first_reply: Option<Duration>,
    /// S1-14: closes what its customer left.
    pub inactivity_disposition: Option<DispositionId>,
    /// Closes what comes, or still waits, out of hours.
    pub out_of_hours_disposition: Option<DispositionId>,
    /// Offers and transfers are accepted by themselves.
    pub auto_accept: bool,
    /// S1-21.
    pub close_unanswered: bool,
    /// S1-22.
    pub transfer_to_agents: bool,
    /// To other campaigns, and to who has a skill.
    pub transfer_to_campaigns: bool,
    /// S1-20.
    pub external_resources: bool,
    /// S1-23.
    pub emoticons: bool,
    /// The campaign offers dispositions, so closing needs one. Looked up for [`Command::Close`] only.
    pub needs_disposition: bool,
    /// S1-16: closes the segment of a transfer.
    pub transfer_disposition: Option<DispositionId>,
    /// S1-29: closing needs a value in each of these. Looked up for [`Command::Close`] only.
    pub mandatory: Vec<FieldId>,
}

impl Rules {
    /// Of a campaign that is gone.
    pub const fn mildest() -> Self {
        Self {
            transfer_timeout: Duration::from_secs(30),
            wrap_up: WrapUp::None,
            wrap_up_time: Duration::ZERO,
            sender_wrap_up: false,
            silence: None,
            dormant: None,
            reminds: false,
            first_reply: None,
            inactivity_disposition: None,
            out_of_hours_disposition: None,
            auto_accept: false,
            close_unanswered: true,
            transfer_to_agents: true,
            transfer_to_campaigns: true,
            external_resources: true,
            emoticons: true,
            needs_disposition: false,
            transfer_disposition: None,
            mandatory: Vec::new(),
        }
    }
}

/// How urgent somebody of the staff finds a conversation. The Router goes by it where the campaign says so.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Priority {
    /// Can wait.
    Low,
    /// As they come.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Before all.
    Urgent,
}

impl Priority {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// A reservation of an agent's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id; accept and decline are idempotent on it.
    pub id: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// When it counts as missed; none = never, as a transfer may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// What the customer thought of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// One of [`SCORES`].
    pub score: u8,
    /// When it was first given.
    pub at: Timestamp,
}

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Phase {
    /// Came in; the Router has not admitted it yet.
    Arrived,
    /// Admitted, not queued: a bot or an automatic answer holds it.
    Admitted,
    /// Waits in the queue of its campaign.
    Queued {
        /// Why it waits.
        reason: QueueReason,
    },
    /// Reserved for an agent who has not answered yet.
    Offered {
        /// The reservation.
        offer: Offer,
    },
    /// An agent has it.
    Active {
        /// Who.
        agent: AgentId,
    },
    /// The agent wrote last and the customer is silent; takes no capacity.
    Dormant {
        /// Whose it is.
        agent: AgentId,
    },
    /// Snoozed by its agent.
    Parked {
        /// Whose it is.
        agent: AgentId,
        /// When it comes back.
        until: Timestamp,
    },
    /// Offered to another agent while the sender keeps it.
    Transferring {
        /// Who keeps it until the target accepts.
        from: AgentId,
        /// The reservation of the target.
        offer: Offer,
    },
    /// Closed for the customer; the agent still finishes notes.
    WrapUp {
        /// Who.
        agent: AgentId,
        /// When it closes by itself; none = it does not.
        until: Option<Timestamp>,
        /// Only by itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        locked: bool,
        /// Chosen when closing.
        disposition: Option<DispositionId>,
    },
    /// Over.
    Ended {
        /// How.
        ending: Ending,
        /// The closing disposition, if one was chosen.
        disposition: Option<DispositionId>,
    },
}

impl Phase {
    /// The word for this phase, as stored, sent and named in routing.md.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Admitted => "admitted",
            Self::Queued { .. } => "queued",
            Self::Offered { .. } => "offered",
            Self::Active { .. } => "active",
            Self::Dormant { .. } => "dormant",
            Self::Parked { .. } => "parked",
            Self::Transferring { .. } => "transferring",
            Self::WrapUp { .. } => "wrap_up",
            Self::Ended { ending, .. } => ending.phase(),
        }
    }

    /// The agent who has the conversation; during a transfer still the sender.
    pub const fn owner(&self) -> Option<AgentId> {
        match self {
            Self::Active { agent } | Self::Dormant { agent } | Self::Parked { agent, .. } | Self::WrapUp { agent, .. } => {
                Some(*agent)
            }
            Self::Transferring { from, .. } => Some(*from),
            Self::Arrived | Self::Admitted | Self::Queued { .. } | Self::Offered { .. } | Self::Ended { .. } => None,
        }
    }

    /// The open reservation, if there is one.
    pub const fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Offered { offer } | Self::Transferring { offer, .. } => Some(offer),
            _ => None,
        }
    }

    /// No command changes it any more.
    pub const fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// The whole state of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The company served.
    pub client: ClientId,
    /// The channel account it came in by.
    pub channel: ChannelId,
    /// The kind of that channel.
    pub kind: ChannelKind,
    /// The campaign it is in now.
    pub campaign: CampaignId,
    /// With whom.
    pub contact: ContactId,
    /// `conv_seq` of the last folded event; dense from 1 (R3).
    pub seq: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// When the customer wrote first; never moves back on re-queue.
    pub arrived_at: Timestamp,
    /// Number of stays in a queue or with an agent, from 1.
    pub segment: u16,
    /// Transfers so far.
    pub hops: u8,
    /// An agent has answered at least once.
    pub replied: bool,
    /// The customer wrote last.
    pub unanswered: bool,
    /// When anybody wrote last.
    pub last_message_at: Timestamp,
    /// When the contact was last told that it wrote out of hours, as known at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_at: Option<Timestamp>,
    /// The offer by which its agent got it: accepting that one again is no error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<OfferId>,
    /// Whose answer is timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaited: Option<Awaited>,
    /// When it falls asleep, unless somebody writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleeps_at: Option<Timestamp>,
    /// Who has to do with it beside its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Box<Beside>>,
    /// Who had it when it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_by: Option<AgentId>,
    /// Labels the staff gave it; sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// How urgent the staff finds it.
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// What the customer thought of it, once it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Agents who missed or declined it, or left its customer without a first answer, since an agent last answered; tried
    /// again after every other.
    #[serde(default, skip_serializing_if = "SmallVec::is_empty")]
    pub passed_over: SmallVec<[AgentId; 1]>,
    /// What it asks of who serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<Box<Demand>>,
    /// Outbound messages whose delivery can still move: message, its `conv_seq`, state.
    #[serde(default, skip_serializing_if = "SmallVec::is_empty")]
    pub deliveries: SmallVec<[(MessageId, u64, Delivery); 1]>,
    /// Dynamic fields that hold a value, in order. The values are in a table of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldId>,
    /// Set when somebody of the staff began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiative: Option<Initiative>,
}

impl Conversation {
    /// The state after the first event, which must be [`Event::Started`].
    pub fn started(id: ConversationId, event: &Event, at: Timestamp) -> Option<Self> {
        let Event::Started { client, channel, kind, campaign, contact, noticed_at, preferred, initiative } = *event else {
            return None;
        };
        Some(Self {
            id,
            client,
            channel,
            kind,
            campaign,
            contact,
            seq: 1,
            phase: initiative.map_or(Phase::Arrived, |Initiative { agent, .. }| Phase::Active { agent }),
            since: at,
            arrived_at: at,
            segment: 1,
            hops: 0,
            replied: false,
            unanswered: false,
            last_message_at: at,
            noticed_at,
            accepted: None,
            awaited: None,
            sleeps_at: None,
            beside: None,
            finished_by: None,
            tags: Vec::new(),
            priority: Priority::default(),
            rating: None,
            passed_over: SmallVec::new(),
            demand: preferred.map(|preferred| Box::new(Demand { preferred: Some(preferred), ..Demand::default() })),
            deliveries: SmallVec::new(),
            fields: Vec::new(),
            initiative,
        })
    }

    /// Takes capacity of whoever has it or is offered it.
    pub const fn weighs(&self) -> bool {
        !matches!(self.phase, Phase::Dormant { .. } | Phase::Parked { .. })
    }

    /// When the state itself next changes with time: an offer, a transfer, a wrap-up, a snooze, somebody's patience or
    /// wakefulness that ends.
    pub fn next_due(&self) -> Option<Timestamp> {
        let own = match &self.phase {
            Phase::Offered { offer } | Phase::Transferring { offer, .. } => offer.deadline,
            Phase::Parked { until, .. } => Some(*until),
            Phase::WrapUp { until, .. } => *until,
            _ => self.timed().and_then(Awaited::until).into_iter().chain(self.drowsy()).min(),
        };
        own.into_iter().chain(self.sender().and_then(|sender| sender.until)).min()
    }
}
