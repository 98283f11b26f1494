//! Facts about a conversation, in past tense, and how they change its state.

use serde::{Deserialize, Serialize};

use super::{Awaited, Conversation, FOLLOWED_DELIVERIES, Offer, Phase, Priority, Rating, Sender};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        delivery::Delivery,
        routing::Choice,
        skill::{Preferred, SkillLevel},
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, DispositionId, FieldId, MessageId, OfferId},
};

/// Why a conversation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum QueueReason {
    /// New, within hours.
    New,
    /// New, out of hours, waiting for the opening (S1-10).
    OutOfHours,
    /// Transferred to this campaign.
    Transferred,
    /// Its agent's connection was lost for longer than the grace.
    AgentLost,
    /// Its agent signed out or was signed out.
    AgentSignedOut,
    /// An offer for it ended without acceptance.
    NotAccepted,
    /// The campaign it came from had no room, or closed.
    Overflowed,
    /// Its agent let the customer wait too long for the first answer.
    NoReply,
    /// A supervisor moved it here from another queue.
    Moved,
}

/// Somebody else than the Router and the agent decided that it is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// It is more than the agent would have been offered (routing.md, invariant 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_capacity: bool,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Ending {
    /// By its agent or a supervisor.
    Closed,
    /// By itself: the customer was silent for too long (S1-15).
    Inactive,
    /// The queue of the campaign was full.
    Full,
    /// The campaign closes what comes out of hours (S1-9) or waits at closing time; not counted in the service level.
    OutOfHours,
    /// The customer left before an agent took it.
    Abandoned,
    /// It waited longer than the campaign keeps it.
    Expired,
    /// It flowed out to somewhere else.
    Overflowed,
}

impl Ending {
    pub(super) const fn phase(self) -> &'static str {
        match self {
            Self::Closed | Self::Inactive | Self::Full | Self::OutOfHours => "closed",
            Self::Abandoned => "abandoned",
            Self::Expired => "expired",
            Self::Overflowed => "overflowed",
        }
    }
}

/// How an offer ended that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum OfferOutcome {
    /// The agent said no.
    Declined,
    /// Its deadline passed.
    Missed,
    /// The agent left, was paused or the conversation went elsewhere.
    Withdrawn,
}

/// Somebody of the staff wrote first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initiative {
    /// Who has the conversation from the first moment.
    pub agent: AgentId,
    /// It is more than they would have been offered (routing.md, invariant 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_capacity: bool,
}

/// A fact. Stored in the log as `kind` + `data`; ids and facts only, never text or names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A contact wrote to a channel where no conversation was open, or somebody of the staff wrote to them there.
    Started {
        /// The company served.
        client: ClientId,
        /// By which channel account.
        channel: ChannelId,
        /// The kind of that channel.
        #[serde(rename = "channel_kind")]
        kind: ChannelKind,
        /// The inbound campaign of the channel.
        campaign: CampaignId,
        /// Who wrote.
        contact: ContactId,
        /// When this contact was last told that it wrote out of hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        noticed_at: Option<Timestamp>,
        /// Who closed the last conversation of this contact.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preferred: Option<Preferred>,
        /// Set when it was the staff that wrote first: it never waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initiative: Option<Initiative>,
    },
    /// The customer wrote.
    MessageReceived {
        /// The stored message.
        message: MessageId,
    },
    /// The Router let it in.
    Admitted,
    /// It waits in this campaign's queue.
    Queued {
        /// Where.
        campaign: CampaignId,
        /// Why.
        reason: QueueReason,
    },
    /// Capacity of an agent was reserved for it.
    Offered {
        /// The reservation.
        #[serde(flatten)]
        offer: Offer,
        /// How the Router came to choose that agent; none when it did not choose, and in what was written before it was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Box<Choice>>,
        /// A supervisor gave it to them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assigned: Option<Assignment>,
    },
    /// The agent took it; the segment in the queue is over.
    OfferAccepted {
        /// Which offer.
        offer: OfferId,
        /// By whom.
        agent: AgentId,
    },
    /// The offer ended otherwise; the conversation goes back to where it was.
    OfferEnded {
        /// Which offer.
        offer: OfferId,
        /// To whom it was made.
        agent: AgentId,
        /// How it ended.
        outcome: OfferOutcome,
    },
    /// An agent answered the customer.
    Replied {
        /// The stored message.
        message: MessageId,
        /// By whom.
        agent: AgentId,
        /// The first delivery state.
        delivery: Delivery,
    },
    /// The product itself wrote to the customer.
    Noticed {
        /// The stored message.
        message: MessageId,
        /// The first delivery state.
        delivery: Delivery,
    },
    /// Somebody's answer is timed from now on, or no more.
    Awaiting {
        /// Whose, and until when.
        awaited: Option<Awaited>,
        /// When it falls asleep, unless somebody writes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sleeps_at: Option<Timestamp>,
    },
    /// The product reminded a silent customer, in the campaign's words.
    Reminded {
        /// The stored message.
        message: MessageId,
        /// The first delivery state.
        delivery: Delivery,
        /// Then they are reminded again, or it is over.
        until: Timestamp,
    },
    /// Somebody of the staff wrote for colleagues: neither an answer nor anything the customer hears of.
    Noted {
        /// The stored message.
        message: MessageId,
        /// By whom.
        agent: AgentId,
        /// Colleagues it calls for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<AgentId>,
    },
    /// An outbound message moved on.
    DeliveryMoved {
        /// Which message.
        message: MessageId,
        /// The `conv_seq` that recorded it.
        of: u64,
        /// The new state.
        to: Delivery,
        /// A stable reason code where `to` has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A message that could not be sent is sent again: its delivery begins anew. The same message, so a provider that did
    /// get it the first time knows it again.
    Retried {
        /// Which message.
        message: MessageId,
        /// The `conv_seq` that recorded it.
        of: u64,
        /// By whom.
        agent: AgentId,
    },
    /// Dynamic fields were filled in or emptied.
    FieldsChanged {
        /// These hold a value now.
        set: Vec<FieldId>,
        /// These no longer do.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cleared: Vec<FieldId>,
    },
    /// The contact has another name.
    ContactRenamed,
    /// The agent offers it to another agent and keeps it until the other accepts.
    TransferOffered {
        /// Who keeps it.
        from: AgentId,
        /// The reservation of the target.
        offer: Offer,
    },
    /// Its owner asked a colleague to read along and to write notes.
    Consulted {
        /// Whom.
        agent: AgentId,
        /// Who did.
        by: AgentId,
    },
    /// The colleague reads along no longer. Not said where its owner has it no longer: that ends it too.
    ConsultEnded {
        /// Who did.
        agent: AgentId,
    },
    /// Who gave it away finishes.
    SenderWrapUpStarted {
        /// Who.
        agent: AgentId,
        /// When it ends by itself; none = it does not.
        until: Option<Timestamp>,
        /// Only by itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        locked: bool,
    },
    /// Who gave it away has finished. Not said where they got it again, or it is over: that ends it too.
    SenderWrapUpEnded {
        /// Who.
        agent: AgentId,
    },
    /// A stay ended by a transfer (S1-16).
    SegmentClosed {
        /// The campaign's transfer disposition.
        disposition: Option<DispositionId>,
    },
    /// The agent wrote last and the customer is silent.
    BecameDormant,
    /// The agent put it aside.
    Parked {
        /// Until when.
        until: Timestamp,
    },
    /// It came back from sleep or snooze.
    Awoke,
    /// Its labels are these now: words the staff chose to sort by, nothing a customer said.
    Tagged {
        /// All of them.
        tags: Vec<String>,
    },
    /// Whoever serves it must be good at these.
    SkillsAsked {
        /// All of them; none = anybody.
        skills: Vec<SkillLevel>,
    },
    /// It is this urgent now.
    Prioritised {
        /// How urgent.
        priority: Priority,
    },
    /// Closed for the customer; the agent finishes.
    WrapUpStarted {
        /// When it ends by itself; none = it does not.
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
        /// The closing disposition.
        disposition: Option<DispositionId>,
    },
    /// The customer said what they thought of it, or changed their mind.
    Rated {
        /// 1 (bad) to 5 (good).
        score: u8,
    },
}

impl Conversation {
    /// Folds one event. `at` is the entry's time.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        self.seq += 1;
        match event {
            Event::Started { .. } | Event::Noted { .. } | Event::ContactRenamed => {}
            Event::MessageReceived { .. } => {
                self.hear(at);
                if let Phase::WrapUp { agent, .. } = self.phase {
                    self.enter(Phase::Active { agent }, at);
                }
            }
            Event::Admitted => self.enter(Phase::Admitted, at),
            Event::Queued { campaign, reason } => {
                self.accepted = None;
                if self.phase.owner().is_some() || matches!(self.phase, Phase::Queued { .. }) {
                    self.segment = self.segment.saturating_add(1);
                }
                if *reason == QueueReason::NoReply {
                    self.pass_over(self.phase.owner());
                }
                self.campaign = *campaign;
                if matches!(reason, QueueReason::Transferred | QueueReason::Overflowed | QueueReason::Moved) {
                    self.wait_anew(at);
                }
                self.await_nobody();
                self.pass_to(None);
                self.enter(Phase::Queued { reason: *reason }, at);
            }
            Event::Offered { offer, .. } => self.enter(Phase::Offered { offer: *offer }, at),
            Event::Tagged { tags } => self.tags.clone_from(tags),
            Event::SkillsAsked { skills } => self.demand.get_or_insert_default().skills.clone_from(skills),
            Event::Prioritised { priority } => self.priority = *priority,
            Event::OfferAccepted { offer, agent } => {
                self.accepted = Some(*offer);
                self.await_nobody();
                self.pass_to(Some(*agent));
                if let Some(demand) = &mut self.demand {
                    demand.preferred = None;
                }
                self.segment = self.segment.saturating_add(1);
                self.enter(Phase::Active { agent: *agent }, at);
            }
            Event::OfferEnded { agent, outcome, .. } => self.end_offer(*agent, *outcome, at),
            Event::Replied { message, delivery, .. } => {
                self.replied = true;
                self.unanswered = false;
                self.passed_over.clear();
                self.await_nobody();
                self.last_message_at = at;
                self.follow(*message, self.seq, *delivery);
            }
            Event::Noticed { message, delivery } => self.follow(*message, self.seq, *delivery),
            Event::Awaiting { awaited, sleeps_at } => (self.awaited, self.sleeps_at) = (*awaited, *sleeps_at),
            Event::Reminded { message, delivery, until } => {
                let reminders = self.reminders().saturating_add(1);
                self.awaited = Some(Awaited::Customer { until: *until, reminders });
                self.follow(*message, self.seq, *delivery);
            }
            Event::DeliveryMoved { message, to, .. } => {
                if let Some(followed) = self.deliveries.iter_mut().find(|(id, ..)| id == message) {
                    followed.2 = *to;
                }
                // What was withdrawn stays in sight: it may be about to go out.
                self.deliveries.retain(|(_, _, state)| !state.is_final() || *state == Delivery::Cancelled);
            }
            Event::Retried { message, of, .. } => {
                self.deliveries.retain(|(id, ..)| id != message);
                self.follow(*message, *of, Delivery::Queued);
            }
            Event::FieldsChanged { set, cleared } => {
                self.fields.retain(|field| !cleared.contains(field) && !set.contains(field));
                self.fields.extend(set);
                self.fields.sort_unstable();
            }
            Event::TransferOffered { from, offer } => {
                self.enter(Phase::Transferring { from: *from, offer: *offer }, at);
            }
            Event::Consulted { agent, .. } => self.set_beside(|beside| beside.consulted = Some(*agent)),
            Event::ConsultEnded { .. } => self.set_beside(|beside| beside.consulted = None),
            Event::SenderWrapUpStarted { agent, until, locked } => {
                let sender = Sender { agent: *agent, until: *until, locked: *locked };
                self.set_beside(|beside| beside.sender = Some(sender));
            }
            Event::SenderWrapUpEnded { .. } => self.set_beside(|beside| beside.sender = None),
            Event::SegmentClosed { .. } => {
                self.hops = self.hops.saturating_add(1);
                self.passed_over.clear();
            }
            Event::BecameDormant => {
                self.sleeps_at = None;
                self.enter_as_owner(at, |agent| Phase::Dormant { agent });
            }
            Event::Parked { until } => {
                self.sleeps_at = None;
                self.enter_as_owner(at, |agent| Phase::Parked { agent, until: *until });
            }
            Event::Awoke => {
                self.await_nobody();
                self.enter_as_owner(at, |agent| Phase::Active { agent });
            }
            Event::WrapUpStarted { until, locked, disposition } => {
                let (until, locked, disposition) = (*until, *locked, *disposition);
                self.await_nobody();
                self.pass_to(None);
                self.enter_as_owner(at, |agent| Phase::WrapUp { agent, until, locked, disposition });
            }
            Event::Ended { ending, disposition } => {
                self.accepted = None;
                self.await_nobody();
                self.beside = None;
                self.finished_by = self.phase.owner();
                self.enter(Phase::Ended { ending: *ending, disposition: *disposition }, at);
            }
            Event::Rated { score } => {
                let at = self.rating.map_or(at, |rating| rating.at);
                self.rating = Some(Rating { score: *score, at });
            }
        }
    }

    /// Folds what the customer has added since: the last of their messages, when nothing but their messages followed.
    pub const fn also_received(&mut self, seq: u64, at: Timestamp) {
        self.seq = seq;
        self.hear(at);
    }

    const fn hear(&mut self, at: Timestamp) {
        self.unanswered = true;
        self.last_message_at = at;
        self.sleeps_at = None;
        if matches!(self.awaited, Some(Awaited::Customer { .. })) {
            self.awaited = None;
        }
    }

    const fn await_nobody(&mut self) {
        (self.awaited, self.sleeps_at) = (None, None);
    }

    fn pass_over(&mut self, agent: Option<AgentId>) {
        if let Some(agent) = agent.filter(|agent| !self.passed_over.contains(agent)) {
            self.passed_over.push(agent);
        }
    }

    /// In another queue what is asked relaxes from the beginning, and whoever gave it away is asked last.
    fn wait_anew(&mut self, at: Timestamp) {
        let demand = self.demand.get_or_insert_default();
        (demand.since, demand.preferred) = (Some(at), None);
        self.passed_over.extend(self.phase.owner());
    }

    fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.phase = phase;
        self.since = at;
    }

    fn enter_as_owner(&mut self, at: Timestamp, phase: impl FnOnce(AgentId) -> Phase) {
        if let Some(agent) = self.phase.owner() {
            self.enter(phase(agent), at);
        }
    }

    fn end_offer(&mut self, agent: AgentId, outcome: OfferOutcome, at: Timestamp) {
        if let Phase::Transferring { from, .. } = self.phase {
            self.enter(Phase::Active { agent: from }, at);
        } else {
            if outcome != OfferOutcome::Withdrawn {
                self.pass_over(Some(agent));
            }
            self.enter(Phase::Queued { reason: QueueReason::NotAccepted }, at);
        }
    }

    fn follow(&mut self, message: MessageId, of: u64, delivery: Delivery) {
        if self.deliveries.len() >= FOLLOWED_DELIVERIES {
            // What waits for its moment is followed until then.
            let oldest = self.deliveries.iter().position(|(_, _, state)| *state != Delivery::Scheduled);
            self.deliveries.remove(oldest.unwrap_or(0));
        }
        self.deliveries.push((message, of, delivery));
    }
}
