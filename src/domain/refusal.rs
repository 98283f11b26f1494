//! Why a command is refused. Every variant has a stable code that screens translate.

use thiserror::Error;

use crate::ids::{AgentId, ConversationId, FieldId, OfferId};

/// A rule said no. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The conversation has ended; a new message would start another one.
    #[error("the conversation is closed")]
    Closed,
    /// The command needs another state than the conversation is in.
    #[error("not possible while the conversation is {0}")]
    WrongState(&'static str),
    /// Somebody else owns the conversation, or nobody does.
    #[error("the conversation belongs to another agent")]
    NotOwner {
        /// Who owns it now.
        current: Option<AgentId>,
    },
    /// The offer was already answered, withdrawn or has run out; names who owns the conversation now (routing.md).
    #[error("the offer is no longer open")]
    OfferGone {
        /// The offer that was answered too late.
        offer: OfferId,
        /// Who owns the conversation now.
        current: Option<AgentId>,
    },
    /// A conversation with the contact is open on the channel account already: it is gone on with there.
    #[error("a conversation with this contact is open already")]
    AlreadyOpen {
        /// Which; only for who may see it.
        conversation: ConversationId,
    },
    /// Nobody is there to be written to before they write themselves.
    #[error("nobody can be written to first on a channel of this kind")]
    CannotStart,
    /// What somebody wanted to take waits no longer; names who has it now, if anybody.
    #[error("the conversation waits no longer")]
    Gone {
        /// Who owns the conversation now.
        current: Option<AgentId>,
    },
    /// Everybody sees what waits, and it is taken in its order.
    #[error("another conversation is next")]
    NotNext,
    /// It rings for agents with skills that this one lacks, or is held for somebody else.
    #[error("it is kept for agents with other skills")]
    NotSkilled,
    /// The agent has as many conversations as they can have.
    #[error("there is no room for another conversation")]
    AtCapacity,
    /// The agent takes no conversations now: not at work, on a break or paused.
    #[error("the agent takes no conversations now")]
    NotAvailable,
    /// Only members of the campaign take its conversations.
    #[error("the agent is no member of the campaign")]
    NotMember,
    /// Only what could not be sent is sent again.
    #[error("the message has not failed")]
    NotFailed,
    /// Only what has not gone out can be withdrawn.
    #[error("the message is not waiting any more")]
    NotWaiting,
    /// Only mails can wait for a moment to be sent, a year at most.
    #[error("the message cannot be sent at this time")]
    NotThen,
    /// The campaign wants a reply before closing (S1-21).
    #[error("reply to the customer before closing")]
    NotAnswered,
    /// The campaign has dispositions, so closing needs one (S1-18).
    #[error("choose a disposition of this campaign")]
    DispositionNeeded,
    /// The campaign does not allow such transfers: to agents (S1-22), to campaigns or skills.
    #[error("this campaign does not allow such transfers")]
    NotAllowedInCampaign,
    /// Closing needs a value in these fields of the campaign (S1-29).
    #[error("fill in the mandatory fields before closing")]
    FieldsMissing(Vec<FieldId>),
    /// The target of the transfer cannot take it now: closed, disabled, full, absent or not a member.
    #[error("the transfer target cannot take the conversation: {0}")]
    TransferTarget(&'static str),
    /// At most ten transfers per conversation.
    #[error("the conversation was transferred too often")]
    TooManyTransfers,
    /// The campaign gives its agents the whole time to finish; it ends by itself.
    #[error("the time to finish ends by itself")]
    WrapUpTimed,
    /// Empty text without attachments.
    #[error("write a message or attach a file")]
    EmptyMessage,
    /// The text is longer than the channel carries.
    #[error("the message is too long")]
    MessageTooLong,
    /// The campaign does not allow attachments (S1-20).
    #[error("this campaign does not allow attachments")]
    AttachmentsNotAllowed,
    /// The campaign does not allow emoticons (S1-23).
    #[error("this campaign does not allow emoticons")]
    EmoticonsNotAllowed,
    /// A rating is older than a day.
    #[error("the rating can no longer be changed")]
    RatingFinal,
    /// The agent is signed out.
    #[error("the agent is signed out")]
    SignedOut,
    /// The break type does not exist or is switched off.
    #[error("unknown break type")]
    UnknownBreak,
    /// A supervisor paused the agent; only a supervisor ends it.
    #[error("paused by a supervisor")]
    ForcedPause,
}

impl Refusal {
    /// The stable code, in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed => "conversation_closed",
            Self::WrongState(_) => "wrong_state",
            Self::NotOwner { .. } => "not_owner",
            Self::OfferGone { .. } => "offer_gone",
            Self::AlreadyOpen { .. } => "already_open",
            Self::CannotStart => "cannot_start",
            Self::Gone { .. } => "gone",
            Self::NotNext => "not_next",
            Self::NotSkilled => "not_skilled",
            Self::AtCapacity => "at_capacity",
            Self::NotAvailable => "not_available",
            Self::NotMember => "not_member",
            Self::NotFailed => "not_failed",
            Self::NotWaiting => "not_waiting",
            Self::NotThen => "not_then",
            Self::NotAnswered => "not_answered",
            Self::DispositionNeeded => "disposition_needed",
            Self::NotAllowedInCampaign => "not_allowed_in_campaign",
            Self::FieldsMissing(_) => "fields_missing",
            Self::TransferTarget(_) => "transfer_target",
            Self::TooManyTransfers => "too_many_transfers",
            Self::WrapUpTimed => "wrap_up_timed",
            Self::EmptyMessage => "empty_message",
            Self::MessageTooLong => "message_too_long",
            Self::AttachmentsNotAllowed => "attachments_not_allowed",
            Self::EmoticonsNotAllowed => "emoticons_not_allowed",
            Self::RatingFinal => "rating_final",
            Self::SignedOut => "signed_out",
            Self::UnknownBreak => "unknown_break",
            Self::ForcedPause => "forced_pause",
        }
    }
}
