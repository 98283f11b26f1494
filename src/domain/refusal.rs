//! Why a command is refused. Every variant has a stable code that screens translate.

use thiserror::Error;

use crate::ids::{AgentId, OfferId};

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
    /// The campaign wants a reply before closing (S1-21).
    #[error("reply to the customer before closing")]
    ReplyFirst,
    /// The campaign has dispositions, so closing needs one (S1-18).
    #[error("choose a disposition of this campaign")]
    DispositionNeeded,
    /// The campaign does not allow transfers between agents (S1-22).
    #[error("this campaign does not allow transfers between agents")]
    TransferNotAllowed,
    /// The target of the transfer cannot take it now: closed, disabled, full, absent or not a member.
    #[error("the transfer target cannot take the conversation: {0}")]
    TransferTarget(&'static str),
    /// At most ten transfers per conversation.
    #[error("the conversation was transferred too often")]
    TooManyTransfers,
    /// Empty text without attachments.
    #[error("write a message or attach a file")]
    EmptyMessage,
    /// The text is longer than the channel carries.
    #[error("the message is too long")]
    MessageTooLong,
    /// The campaign does not allow attachments (S1-20).
    #[error("this campaign does not allow attachments")]
    AttachmentsNotAllowed,
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
            Self::ReplyFirst => "reply_first",
            Self::DispositionNeeded => "disposition_needed",
            Self::TransferNotAllowed => "transfer_not_allowed",
            Self::TransferTarget(_) => "transfer_target",
            Self::TooManyTransfers => "too_many_transfers",
            Self::EmptyMessage => "empty_message",
            Self::MessageTooLong => "message_too_long",
            Self::AttachmentsNotAllowed => "attachments_not_allowed",
            Self::RatingFinal => "rating_final",
            Self::SignedOut => "signed_out",
            Self::UnknownBreak => "unknown_break",
            Self::ForcedPause => "forced_pause",
        }
    }
}
