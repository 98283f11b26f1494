//! The stable codes of everything that can go wrong for a client. Screens translate them; programs branch on them.

use serde::{Deserialize, Serialize};

use crate::{
    auth::password::PasswordError, channels::standard_webhooks::SignatureError, domain::refusal::Refusal,
    domain::schedule::ScheduleError,
};

macro_rules! codes {
    ($($variant:ident $status:literal $title:literal;)*) => {
        /// A stable code. The REST API sends it as `code` of a problem or of one of its `errors`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[ts(export_to = "wire.ts")]
        pub enum ErrorCode {
            $(#[doc = $title] $variant,)*
        }

        impl ErrorCode {
            /// Every code, for catalogues and tests.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The HTTP status of a problem with this code; 422 for those that only describe a field.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// One sentence without a full stop, the same for every occurrence (RFC 9457, 3.1.3).
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    MalformedJson 400 "The body is not valid JSON";
    InvalidUtf8 400 "The body is not valid UTF-8";
    TooDeep 400 "The body is nested too deeply";
    BrokenBody 400 "The body ended early or could not be read";
    IdempotencyKeyInvalid 400 "The Idempotency-Key is not 1 to 200 visible ASCII characters";
    IdempotencyKeyMissing 400 "Send an Idempotency-Key: it makes a repetition harmless";
    SignedOutSession 401 "Sign in first";
    WrongCredentials 401 "The login or the password is wrong";
    IdentityInvalid 401 "The identity does not count";
    SignatureNoSecret 401 "No signing secret is configured";
    SignatureHeaderMissing 401 "A signature header is missing";
    SignatureHeaderEmpty 401 "A signature header is empty";
    SignatureHeaderRepeated 401 "A signature header is repeated";
    SignatureInvalidId 401 "The webhook-id is not valid";
    SignatureInvalidTimestamp 401 "The webhook-timestamp is not valid";
    SignatureTooOld 401 "The request was signed too long ago";
    SignatureTooNew 401 "The request was signed in the future";
    SignatureNoUsableVersion 401 "There is no readable v1 signature";
    SignatureMismatch 401 "The signature does not match";
    Forbidden 403 "Not allowed";
    NotAllowedInCampaign 403 "This campaign does not allow it";
    WrongOrigin 403 "The request does not come from a page of this server";
    NotFound 404 "Not found";
    InvitationNotValid 404 "The invitation is not valid or was used";
    MethodNotAllowed 405 "This address does not know the method";
    Conflict 409 "It contradicts what is stored";
    InUse 409 "It is still in use";
    CampaignInUse 409 "The campaign still has agents, open conversations or channels";
    ConversationClosed 409 "The conversation is closed";
    WrongState 409 "Not possible in the present state";
    NotOwner 409 "The conversation belongs to another agent";
    OfferGone 409 "The offer is no longer open";
    NotFailed 409 "The message has not failed";
    NotWaiting 409 "The message has gone out or was withdrawn";
    NotThen 422 "The message cannot be sent at this time";
    DraftStale 409 "A newer draft is stored";
    AlreadyOpen 409 "A conversation with this contact is open already";
    CannotStart 409 "Nobody can be written to first on a channel of this kind";
    Gone 409 "The conversation waits no longer";
    NotNext 409 "Another conversation is next";
    NotSkilled 409 "It is kept for agents with other skills";
    AtCapacity 409 "There is no room for another conversation";
    NotAvailable 409 "The agent takes no conversations now";
    NotMember 409 "The agent is no member of the campaign";
    TooManyTransfers 409 "The conversation was transferred too often";
    TransferTarget 409 "The transfer target cannot take the conversation";
    WrapUpTimed 409 "The time to finish ends by itself";
    RatingFinal 409 "The rating can no longer be changed";
    SignedOut 409 "The agent is signed out";
    ForcedPause 409 "The agent is paused by a supervisor";
    TooLarge 413 "The body is too large";
    UnsupportedMediaType 415 "The body must be JSON";
    Invalid 422 "Something in the request is not valid";
    IdempotencyKeyReused 422 "The Idempotency-Key was used for another request";
    NotAnswered 422 "Reply to the customer before closing";
    DispositionNeeded 422 "Choose a disposition of this campaign";
    FieldsMissing 422 "Fill in the mandatory fields before closing";
    EmptyMessage 422 "Write a message or attach a file";
    MessageTooLong 422 "The message is too long";
    AttachmentsNotAllowed 422 "This campaign does not allow attachments";
    EmoticonsNotAllowed 422 "This campaign does not allow emoticons";
    UnknownBreak 422 "Unknown break type";
    UnknownField 422 "There is no such field";
    MissingField 422 "A field is missing";
    WrongType 422 "A value has the wrong type";
    TooShort 422 "Too short";
    TooLong 422 "Too long";
    OutOfRange 422 "Out of range";
    ControlCharacters 422 "Control characters are not possible";
    VoiceNeeded 422 "The agent belongs to no voice campaign";
    UnknownReference 422 "There is no such thing to refer to";
    NotPossible 422 "Not a possible value here";
    Duplicate 422 "The same thing twice";
    Taken 422 "Already taken";
    PasswordTooShort 422 "The password is too short";
    PasswordTooLong 422 "The password is too long";
    ScheduleName 422 "The name of the schedule is not valid";
    ScheduleHours 422 "Hours outside a day";
    ScheduleTooManyIntervals 422 "Too many intervals";
    ScheduleTooManyExceptions 422 "Too many exceptions";
    ScheduleExceptionDate 422 "An exception has an impossible date";
    ScheduleExceptionTwice 422 "Two exceptions for one date";
    ScheduleTooManyOwnDays 422 "Too many own days";
    ScheduleOwnDayDate 422 "An own day has an impossible date";
    ScheduleOwnDayTwice 422 "Two own days for one date";
    ScheduleOwnDayName 422 "An own day needs a name";
    ScheduleHolidayUnknown 422 "The country has no such holiday";
    CalendarFileNotValid 422 "This is no calendar file";
    ScheduleOverrideEmpty 422 "The override ends before it begins";
    ScheduleOverrideReason 422 "The override needs a reason";
    MailLoginRefused 422 "The mail server does not accept this user and password";
    MailHostForbidden 422 "The mail server lies inside this network, which may not be reached";
    MailNotWorking 422 "The mail server could not be used like this";
    MailSignInNeeded 422 "Somebody has to sign the mail account in at its provider";
    MailProviderUnset 422 "The provider is not set up";
    MailServersOfOthers 422 "The account's servers are not those of the provider";
    MailInClear 422 "The connection would not be encrypted";
    TooManyAttempts 429 "Too many attempts";
    TooManyConnections 429 "Too many connections from one address";
    Busy 429 "Too much is going on at once";
    Internal 500 "Something went wrong on our side";
    Unavailable 503 "Not available at the moment";
}

impl From<&Refusal> for ErrorCode {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Closed => Self::ConversationClosed,
            Refusal::WrongState(_) => Self::WrongState,
            Refusal::NotOwner { .. } => Self::NotOwner,
            Refusal::NotFailed => Self::NotFailed,
            Refusal::NotWaiting => Self::NotWaiting,
            Refusal::NotThen => Self::NotThen,
            Refusal::AlreadyOpen { .. } => Self::AlreadyOpen,
            Refusal::CannotStart => Self::CannotStart,
            Refusal::Gone { .. } => Self::Gone,
            Refusal::NotNext => Self::NotNext,
            Refusal::NotSkilled => Self::NotSkilled,
            Refusal::AtCapacity => Self::AtCapacity,
            Refusal::NotAvailable => Self::NotAvailable,
            Refusal::NotMember => Self::NotMember,
            Refusal::OfferGone { .. } => Self::OfferGone,
            Refusal::NotAnswered => Self::NotAnswered,
            Refusal::DispositionNeeded => Self::DispositionNeeded,
            Refusal::NotAllowedInCampaign => Self::NotAllowedInCampaign,
            Refusal::FieldsMissing(_) => Self::FieldsMissing,
            Refusal::TransferTarget(_) => Self::TransferTarget,
            Refusal::TooManyTransfers => Self::TooManyTransfers,
            Refusal::WrapUpTimed => Self::WrapUpTimed,
            Refusal::EmptyMessage => Self::EmptyMessage,
            Refusal::MessageTooLong => Self::MessageTooLong,
            Refusal::AttachmentsNotAllowed => Self::AttachmentsNotAllowed,
            Refusal::EmoticonsNotAllowed => Self::EmoticonsNotAllowed,
            Refusal::RatingFinal => Self::RatingFinal,
            Refusal::SignedOut => Self::SignedOut,
            Refusal::UnknownBreak => Self::UnknownBreak,
            Refusal::ForcedPause => Self::ForcedPause,
        }
    }
}

impl From<SignatureError> for ErrorCode {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::NoSecret => Self::SignatureNoSecret,
            SignatureError::HeaderMissing(_) => Self::SignatureHeaderMissing,
            SignatureError::HeaderEmpty(_) => Self::SignatureHeaderEmpty,
            SignatureError::HeaderRepeated(_) => Self::SignatureHeaderRepeated,
            SignatureError::InvalidId => Self::SignatureInvalidId,
            SignatureError::InvalidTimestamp => Self::SignatureInvalidTimestamp,
            SignatureError::TooOld => Self::SignatureTooOld,
            SignatureError::TooNew => Self::SignatureTooNew,
            SignatureError::NoUsableSignature => Self::SignatureNoUsableVersion,
            SignatureError::Mismatch => Self::SignatureMismatch,
        }
    }
}

impl From<PasswordError> for ErrorCode {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort => Self::PasswordTooShort,
            PasswordError::TooLong => Self::PasswordTooLong,
            PasswordError::Cost | PasswordError::Hashing => Self::Internal,
        }
    }
}

impl From<&ScheduleError> for ErrorCode {
    fn from(error: &ScheduleError) -> Self {
        match error {
            ScheduleError::Name => Self::ScheduleName,
            ScheduleError::Hours { .. } => Self::ScheduleHours,
            ScheduleError::TooManyIntervals(_) => Self::ScheduleTooManyIntervals,
            ScheduleError::TooManyExceptions(_) => Self::ScheduleTooManyExceptions,
            ScheduleError::ExceptionDate(_) => Self::ScheduleExceptionDate,
            ScheduleError::ExceptionTwice(_) => Self::ScheduleExceptionTwice,
            ScheduleError::TooManyOwnDays(_) => Self::ScheduleTooManyOwnDays,
            ScheduleError::OwnDayDate(_) => Self::ScheduleOwnDayDate,
            ScheduleError::OwnDayTwice(_) => Self::ScheduleOwnDayTwice,
            ScheduleError::OwnDayName(_) => Self::ScheduleOwnDayName,
            ScheduleError::HolidayUnknown => Self::ScheduleHolidayUnknown,
            ScheduleError::OverrideEmpty => Self::ScheduleOverrideEmpty,
            ScheduleError::OverrideReason => Self::ScheduleOverrideReason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OfferId;

    fn word(code: ErrorCode) -> String {
        serde_json::to_value(code).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn a_refusal_keeps_its_code_on_the_wire() {
        for refusal in [
            Refusal::Closed,
            Refusal::WrongState("queued"),
            Refusal::NotOwner { current: None },
            Refusal::OfferGone { offer: OfferId::NIL, current: None },
            Refusal::AlreadyOpen { conversation: crate::ids::ConversationId::NIL },
            Refusal::CannotStart,
            Refusal::NotAnswered,
            Refusal::DispositionNeeded,
            Refusal::NotAllowedInCampaign,
            Refusal::FieldsMissing(vec![]),
            Refusal::TransferTarget("full"),
            Refusal::TooManyTransfers,
            Refusal::WrapUpTimed,
            Refusal::EmptyMessage,
            Refusal::MessageTooLong,
            Refusal::AttachmentsNotAllowed,
            Refusal::EmoticonsNotAllowed,
            Refusal::RatingFinal,
            Refusal::SignedOut,
            Refusal::UnknownBreak,
            Refusal::ForcedPause,
        ] {
            assert_eq!(word(ErrorCode::from(&refusal)), refusal.code());
            assert!(matches!(ErrorCode::from(&refusal).status(), 403 | 409 | 422));
        }
    }

    #[test]
    fn a_refused_signature_keeps_its_code_on_the_wire() {
        use SignatureError as S;
        for error in [
            S::NoSecret,
            S::HeaderMissing("x"),
            S::HeaderEmpty("x"),
            S::HeaderRepeated("x"),
            S::InvalidId,
            S::InvalidTimestamp,
            S::TooOld,
            S::TooNew,
            S::NoUsableSignature,
            S::Mismatch,
        ] {
            assert_eq!(word(error.into()), error.code());
            assert_eq!(ErrorCode::from(error).status(), 401);
        }
    }

    #[test]
    fn no_two_codes_share_a_word() {
        let words: std::collections::BTreeSet<String> = ErrorCode::ALL.iter().map(|code| word(*code)).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
    }
}
