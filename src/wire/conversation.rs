//! Conversations and messages as screens and programs see them.

use serde::{Deserialize, Serialize};

use super::Time;
use crate::{
    domain::{
        self,
        campaign::CampaignPermissions,
        channel::ChannelKind,
        conversation::{Conversation, Ending, Phase, Priority, QueueReason, Sender},
        delivery::Delivery,
        field,
        mail::{Doubt, Envelope, Mailbox},
        message::WritingMode,
        skill::SkillLevel,
    },
    ids::{AgentId, AttachmentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, DispositionId, MessageId, OfferId},
    store::{visitors::Answer, write::ContactCard},
};

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Standing {
    /// Came in, not admitted yet.
    Arrived,
    /// Held by a bot or an automatic answer.
    Admitted,
    /// Waits in the queue.
    Queued {
        /// Why.
        reason: QueueReason,
    },
    /// Offered to an agent.
    Offered {
        /// The offer to answer.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
        /// When it counts as missed; none = it does not.
        deadline: Option<Time>,
    },
    /// An agent has it.
    Active {
        /// Who.
        agent: AgentId,
    },
    /// The customer is silent.
    Dormant {
        /// Whose it is.
        agent: AgentId,
    },
    /// Snoozed.
    Parked {
        /// Whose it is.
        agent: AgentId,
        /// Until when.
        until: Time,
    },
    /// On its way to another agent.
    Transferring {
        /// Who keeps it meanwhile.
        from: AgentId,
        /// The offer to answer.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
        /// When it returns to the sender by itself; none = it does not.
        deadline: Option<Time>,
    },
    /// Closed for the customer, its agent finishes.
    WrapUp {
        /// Who.
        agent: AgentId,
        /// When it ends by itself; none = it does not.
        until: Option<Time>,
        /// Only by itself.
        locked: bool,
    },
    /// Over.
    Ended {
        /// How.
        ending: Ending,
        /// The closing disposition.
        disposition: Option<DispositionId>,
    },
}

impl From<&Phase> for Standing {
    fn from(phase: &Phase) -> Self {
        match *phase {
            Phase::Arrived => Self::Arrived,
            Phase::Admitted => Self::Admitted,
            Phase::Queued { reason } => Self::Queued { reason },
            Phase::Offered { offer } => Self::Offered { offer: offer.id, agent: offer.agent, deadline: offer.deadline.map(Time) },
            Phase::Active { agent } => Self::Active { agent },
            Phase::Dormant { agent } => Self::Dormant { agent },
            Phase::Parked { agent, until } => Self::Parked { agent, until: until.into() },
            Phase::Transferring { from, offer } => {
                Self::Transferring { from, offer: offer.id, agent: offer.agent, deadline: offer.deadline.map(Time) }
            }
            Phase::WrapUp { agent, until, locked, .. } => Self::WrapUp { agent, until: until.map(Time::from), locked },
            Phase::Ended { ending, disposition } => Self::Ended { ending, disposition },
        }
    }
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Conversation)]
#[ts(export_to = "wire.ts", rename = "Conversation")]
pub struct Summary {
    /// Its id.
    pub id: ConversationId,
    /// The company served.
    pub client: ClientId,
    /// By which channel account it came.
    pub channel: ChannelId,
    /// Of which kind.
    pub channel_kind: ChannelKind,
    /// Its campaign now.
    pub campaign: CampaignId,
    /// With whom.
    pub contact: ContactId,
    /// Empty when unknown.
    pub contact_name: String,
    /// The address it runs under.
    pub contact_address: String,
    /// What it is about, where conversations have a subject; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub subject: Option<String>,
    /// Number of the last event: dense from 1.
    #[ts(type = "number")]
    pub seq: u64,
    /// Where it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Time,
    /// When the customer wrote first.
    pub arrived_at: Time,
    /// When anybody wrote last.
    pub last_message_at: Time,
    /// The customer wrote last.
    pub unanswered: bool,
    /// An agent answered at least once.
    pub replied: bool,
    /// Labels the staff gave it, sorted.
    pub tags: Vec<String>,
    /// How urgent the staff finds it.
    pub priority: Priority,
    /// What it asks of who serves it, besides what its campaign does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<SkillLevel>>", optional)]
    pub skills: Vec<SkillLevel>,
    /// When it comes back, while it is snoozed.
    pub snoozed_until: Option<Time>,
    /// Its agent lets the customer wait too long for the first answer, and nobody else can take it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub overdue: bool,
    /// A colleague who is consulted: reads along and writes notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub consulted: Option<AgentId>,
    /// Who gave it away and still finishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub finishing: Option<Finishing>,
    /// The last message.
    pub preview: Option<Preview>,
    /// What was noted in its dynamic fields.
    #[serde(default)]
    #[ts(type = "Record<FieldId, FieldValue>")]
    #[schema(value_type = Object)]
    pub fields: field::Values,
    /// What the customer thought of it, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rating: Option<u8>,
}

/// The sender of a transfer, in wrap-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Finishing {
    /// Who.
    pub agent: AgentId,
    /// When it ends by itself; none = it does not.
    pub until: Option<Time>,
    /// Only by itself.
    pub locked: bool,
}

/// The beginning of a message, for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Preview {
    /// At most 120 characters; empty when there are only files.
    pub text: String,
    /// Who wrote it.
    pub from: Author,
    /// Internal: the customer never sees it.
    pub note: bool,
}

impl From<&domain::message::Message> for Preview {
    fn from(message: &domain::message::Message) -> Self {
        let note = matches!(message.author, domain::message::Author::Note(_));
        Self { text: message.text.chars().take(120).collect(), from: message.author.into(), note }
    }
}

impl Summary {
    /// What a list shows of this state, with the last message.
    pub fn of(state: &Conversation, contact: &ContactCard, last: Option<&domain::message::Message>) -> Self {
        Self {
            id: state.id,
            client: state.client,
            channel: state.channel,
            channel_kind: state.kind,
            campaign: state.campaign,
            contact: state.contact,
            contact_name: contact.name.clone(),
            contact_address: contact.address.clone(),
            subject: contact.subject.as_deref().map(str::to_owned),
            seq: state.seq,
            standing: Standing::from(&state.phase),
            since: state.since.into(),
            arrived_at: state.arrived_at.into(),
            last_message_at: state.last_message_at.into(),
            unanswered: state.unanswered,
            replied: state.replied,
            tags: state.tags.clone(),
            priority: state.priority,
            skills: state.demand.as_ref().map(|demand| demand.skills.clone()).unwrap_or_default(),
            snoozed_until: match state.phase {
                Phase::Parked { until, .. } => Some(until.into()),
                _ => None,
            },
            overdue: state.is_overdue(),
            consulted: state.consulted(),
            finishing: state.sender().map(|Sender { agent, until, locked }| Finishing {
                agent,
                until: until.map(Time::from),
                locked,
            }),
            preview: last.map(Preview::from),
            fields: contact.fields.clone(),
            rating: state.rating.map(|rating| rating.score),
        }
    }

    /// As an agent of a campaign with these permissions sees it.
    #[must_use]
    pub fn for_agent(mut self, permissions: &CampaignPermissions) -> Self {
        if !permissions.show_contact_number {
            self.contact_name = permissions.shown_name(&self.contact_name);
            self.contact_address = permissions.shown(&self.contact_address);
        }
        self
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Author {
    /// The customer.
    Contact,
    /// An agent.
    Agent {
        /// Who.
        id: AgentId,
    },
    /// The product.
    System,
}

impl From<domain::message::Author> for Author {
    fn from(author: domain::message::Author) -> Self {
        match author {
            domain::message::Author::Contact => Self::Contact,
            // A program is nobody.
            domain::message::Author::Note(AgentId::NIL) | domain::message::Author::System => Self::System,
            domain::message::Author::Agent(id) | domain::message::Author::Note(id) => Self::Agent { id },
        }
    }
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Attachment {
    /// To fetch it: `GET /api/v1/attachments/{id}`.
    pub id: AttachmentId,
    /// As shown.
    pub name: String,
    /// Found in the bytes.
    pub media_type: String,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
}

impl Attachment {
    /// As stored.
    pub fn of(file: &domain::message::Attachment) -> Self {
        Self { id: file.id, name: file.name.clone(), media_type: file.media_type.clone(), size: file.size }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Number of the event that recorded it; orders the thread.
    #[ts(type = "number")]
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// Internal: for the staff only, the customer never sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub note: bool,
    /// Plain text.
    pub text: String,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Attachment>>", optional)]
    pub attachments: Vec<Attachment>,
    /// What else a mail has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mail: Option<MailHead>,
    /// When it was recorded.
    pub at: Time,
    /// Outbound messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delivery: Option<Delivery>,
    /// Why the delivery stands as it does: a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
    /// When a message that waits leaves, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub leaves_at: Option<Time>,
    /// Why a mail that waits does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waits: Option<MailWaits>,
}

/// Why a mail does not leave yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailWaits {
    /// Its moment has not come.
    Moment,
    /// Its account has sent as many as it may; the next window.
    Quota,
    /// Its account cannot send; it is tried again.
    Account {
        /// Why, a stable code.
        code: String,
    },
    /// Its account is switched off: until that changes.
    SwitchedOff,
    /// The other side did not take it so far; it is tried again.
    Retry {
        /// How often it was tried.
        attempts: u32,
    },
}

impl Message {
    /// As stored, with the reason of its delivery state.
    pub fn of(message: &domain::message::Message, reason: Option<String>) -> Self {
        Self {
            id: message.id,
            seq: message.seq,
            author: message.author.into(),
            note: matches!(message.author, domain::message::Author::Note(_)),
            text: message.text.to_string(),
            attachments: message.attachments.iter().map(Attachment::of).collect(),
            mail: message.mail.as_deref().map(MailHead::of),
            at: message.at.into(),
            delivery: message.delivery,
            reason,
            leaves_at: message.send_at().filter(|_| message.delivery == Some(Delivery::Scheduled)).map(Time::from),
            waits: None,
        }
    }
}

/// What stands above a mail. What it looks like is asked for apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailHead {
    /// On one line; may be empty.
    pub subject: String,
    /// Who wrote it; none of what the staff sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<Mailbox>,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Mailbox>>", optional)]
    pub cc: Vec<Mailbox>,
    /// Who else, without the others knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Mailbox>>", optional)]
    pub bcc: Vec<Mailbox>,
    /// Where its author would have answers go, outside their own organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub elsewhere: Option<Mailbox>,
    /// When it says it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub date: Option<Time>,
    /// It can be shown as HTML.
    pub has_html: bool,
    /// What speaks against believing who wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Doubt>>", optional)]
    pub doubts: Vec<Doubt>,
    /// Passed on to others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub forwarded: bool,
    /// The conversation that it answers, though its author takes no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub names: Option<ConversationId>,
}

impl MailHead {
    /// Of an envelope.
    pub fn of(mail: &Envelope) -> Self {
        Self {
            subject: mail.subject.clone(),
            from: mail.from.clone(),
            to: mail.to.clone(),
            cc: mail.cc.clone(),
            bcc: mail.bcc.clone(),
            elsewhere: mail.elsewhere.clone(),
            date: mail.date.map(Into::into),
            has_html: mail.has_html,
            doubts: mail.doubts.clone(),
            forwarded: mail.forwarded,
            names: mail.names,
        }
    }
}

/// What somebody has begun to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Draft {
    /// In which conversation.
    pub conversation: ConversationId,
    /// For whom.
    pub mode: WritingMode,
    /// As typed so far.
    pub text: String,
    /// Uploaded before.
    pub attachments: Vec<AttachmentId>,
    /// The same, as they are shown; what is gone is missing here.
    #[serde(default)]
    pub files: Vec<Attachment>,
    /// In mail threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mail: Option<super::mail::MailDraft>,
    /// Counted by whoever writes.
    #[ts(type = "number")]
    pub rev: u64,
    /// When it was saved.
    pub updated_at: Time,
}

/// The answer to every command on a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Done {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Number of its last event after the command.
    #[ts(type = "number")]
    pub seq: u64,
    /// Where it stands.
    pub standing: Standing,
    /// The message that the command recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub message: Option<MessageId>,
}

/// What the visitor of a web chat said before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct VisitorCard {
    /// Asked before the chat, in the order of the form.
    pub answers: Vec<Answer>,
    /// Asked afterwards.
    pub rating: Option<RatingView>,
}

/// What a customer thought of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Rating)]
#[ts(export_to = "wire.ts", rename = "Rating")]
pub struct RatingView {
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// In words.
    pub comment: Option<String>,
    /// When it was given or changed.
    pub at: Time,
}
