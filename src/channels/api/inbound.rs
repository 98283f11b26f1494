//! What a connected system posts to `/hooks/{channel}`: a customer's message, or the news about one of ours.
//!
//! Parsed from the raw bytes once their signature is verified. Borrows where it can: this is the hottest path there is.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;

use crate::{
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        delivery::Delivery,
    },
    error::ErrorCode,
    ids::{AttachmentId, ConversationId, MessageId},
};

/// The largest body, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The longest id the sender may give a message, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// The longest name kept, in characters; what is longer is cut.
pub const MAX_NAME_CHARACTERS: usize = 120;
/// The most attachments of one message.
pub const MAX_ATTACHMENTS: usize = 10;
/// The longest reason of a receipt, in bytes.
const MAX_REASON_BYTES: usize = 120;

/// A verified call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A customer wrote.
    Message(Message),
    /// An outbound message moved on.
    Receipt(Receipt),
}

/// What a customer wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// As the sender names it; the same when it is sent again.
    pub id: String,
    /// Who wrote.
    pub from: Address,
    /// Empty when unknown.
    pub name: String,
    /// Empty only when there are attachments.
    pub text: Arc<str>,
    /// Uploaded before.
    pub attachments: Vec<AttachmentId>,
}

/// The news about an outbound message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which conversation; both ids come from our outbound call.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// The state reported.
    pub status: Delivery,
    /// Why, in the sender's words.
    pub reason: Option<String>,
}

/// Why a call is not understood.
#[derive(Debug)]
pub enum Invalid {
    /// Not the JSON it should be.
    Json(serde_json::Error),
    /// A field that is not as it should be.
    Field(&'static str, ErrorCode, &'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(borrow)]
    message: Option<MessageBody<'a>>,
    #[serde(borrow)]
    receipt: Option<ReceiptBody<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Message,
    Receipt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageBody<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    from: From<'a>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    attachments: Option<Vec<AttachmentBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachmentBody {
    id: AttachmentId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptBody<'a> {
    conversation: ConversationId,
    message: MessageId,
    status: Status,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Delivered,
    Read,
    Failed,
    Rejected,
}

/// Reads a call.
///
/// # Errors
/// What is not as it should be; nothing of it was used.
pub fn parse(body: &[u8]) -> Result<Call, Invalid> {
    let parsed: Body<'_> = serde_json::from_slice(body).map_err(Invalid::Json)?;
    let missing = |field| Invalid::Field(field, ErrorCode::MissingField, "it is needed for this type");
    match (parsed.kind, parsed.message, parsed.receipt) {
        (Kind::Message, Some(message), None) => parse_message(message).map(Call::Message),
        (Kind::Receipt, None, Some(receipt)) => parse_receipt(receipt).map(Call::Receipt),
        (Kind::Message, None, _) => Err(missing("message")),
        (Kind::Receipt, _, None) => Err(missing("receipt")),
        (Kind::Message, Some(_), Some(_)) => Err(Invalid::Field("receipt", ErrorCode::NotPossible, "not in a message")),
        (Kind::Receipt, Some(_), Some(_)) => Err(Invalid::Field("message", ErrorCode::NotPossible, "not in a receipt")),
    }
}

fn parse_message(body: MessageBody<'_>) -> Result<Message, Invalid> {
    if body.id.is_empty() || body.id.len() > MAX_ID_BYTES {
        return Err(Invalid::Field("message.id", ErrorCode::OutOfRange, "1 to 256 bytes"));
    }
    if body.id.chars().any(char::is_control) {
        return Err(Invalid::Field("message.id", ErrorCode::ControlCharacters, "no control characters"));
    }
    let from = Address::new(AddressKind::Api, &body.from.id).ok_or(Invalid::Field(
        "message.from.id",
        ErrorCode::OutOfRange,
        "1 to 254 bytes without control characters",
    ))?;
    let text = body.text.unwrap_or_default();
    if text.len() > ChannelKind::Api.max_text_bytes() {
        return Err(Invalid::Field("message.text", ErrorCode::MessageTooLong, "at most 65,536 bytes"));
    }
    let attachments: Vec<AttachmentId> = body.attachments.unwrap_or_default().into_iter().map(|file| file.id).collect();
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Invalid::Field("message.attachments", ErrorCode::TooLong, "at most 10"));
    }
    if attachments.is_empty() && text.trim().is_empty() {
        return Err(Invalid::Field("message.text", ErrorCode::EmptyMessage, "a text or an attachment is needed"));
    }
    Ok(Message {
        id: body.id.into_owned(),
        from,
        name: body.from.name.map(|name| clean_name(&name)).unwrap_or_default(),
        text: storable(&text),
        attachments,
    })
}

fn parse_receipt(body: ReceiptBody<'_>) -> Result<Receipt, Invalid> {
    if body.reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES || reason.chars().any(char::is_control)) {
        return Err(Invalid::Field("receipt.reason", ErrorCode::TooLong, "at most 120 bytes without control characters"));
    }
    let status = match body.status {
        Status::Delivered => Delivery::Delivered,
        Status::Read => Delivery::Read,
        Status::Failed => Delivery::Failed,
        Status::Rejected => Delivery::Rejected,
    };
    let reason = body.reason.map(Cow::into_owned);
    Ok(Receipt { conversation: body.conversation, message: body.message, status, reason })
}

/// A name never stands against taking a message in.
fn clean_name(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(MAX_NAME_CHARACTERS).collect::<String>().trim().to_owned()
}

/// PostgreSQL cannot store NUL; what a customer wrote is not refused for it.
pub fn storable(text: &str) -> Arc<str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> Message {
        match parse(body.as_bytes()).unwrap() {
            Call::Message(message) => message,
            Call::Receipt(receipt) => panic!("{receipt:?}"),
        }
    }

    fn refused(body: &str) -> (&'static str, ErrorCode) {
        match parse(body.as_bytes()).unwrap_err() {
            Invalid::Field(field, code, _) => (field, code),
            Invalid::Json(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_message_is_read_with_everything_it_may_have() {
        let file = AttachmentId::from_u128(5);
        let body = format!(
            r#"{{"type":"message","message":{{"id":"m-1","from":{{"id":" cust-9 ","name":"Ana\u0007 Luz"}},"text":"hola \ud83d\ude00",
               "attachments":[{{"id":"{file}"}}]}}}}"#
        );
        let read = message(&body);
        assert_eq!((read.id.as_str(), read.from.value.as_str(), read.name.as_str()), ("m-1", "cust-9", "Ana Luz"));
        assert_eq!((&*read.text, read.attachments), ("hola 😀", vec![file]));
    }

    #[test]
    fn a_nul_is_replaced_because_it_cannot_be_stored() {
        let read = message(r#"{"type":"message","message":{"id":"m","from":{"id":"c"},"text":"a\u0000b"}}"#);
        assert_eq!(&*read.text, "a\u{fffd}b");
    }

    #[test]
    fn what_is_unknown_or_does_not_fit_is_refused() {
        for body in [
            r#"{"type":"message","message":{"id":"m","from":{"id":"c"},"text":"x","extra":1}}"#,
            r#"{"type":"message","message":{"id":"m","from":{"id":"c","role":"admin"},"text":"x"}}"#,
            r#"{"type":"other"}"#,
            r#"{"type":"receipt","receipt":{"conversation":"x","message":"y","status":"delivered"}}"#,
            "[[[[[",
            "",
        ] {
            assert!(matches!(parse(body.as_bytes()), Err(Invalid::Json(_))), "{body}");
        }
        assert_eq!(refused(r#"{"type":"message"}"#), ("message", ErrorCode::MissingField));
        let of = |id: &str, from: &str, text: &str| {
            refused(&format!(r#"{{"type":"message","message":{{"id":"{id}","from":{{"id":"{from}"}},"text":"{text}"}}}}"#))
        };
        assert_eq!(of("", "c", "x"), ("message.id", ErrorCode::OutOfRange));
        assert_eq!(of(&"a".repeat(257), "c", "x"), ("message.id", ErrorCode::OutOfRange));
        assert_eq!(of("a\\n", "c", "x"), ("message.id", ErrorCode::ControlCharacters));
        assert_eq!(of("a", " ", "x"), ("message.from.id", ErrorCode::OutOfRange));
        assert_eq!(of("a", "c", "  "), ("message.text", ErrorCode::EmptyMessage));
        assert_eq!(of("a", "c", &"x".repeat(65_537)), ("message.text", ErrorCode::MessageTooLong));
    }

    #[test]
    fn a_receipt_names_conversation_message_and_state() {
        let (conversation, id) = (ConversationId::from_u128(1), MessageId::from_u128(2));
        let body = format!(
            r#"{{"type":"receipt","receipt":{{"conversation":"{conversation}","message":"{id}","status":"read","reason":null}}}}"#
        );
        let receipt = Receipt { conversation, message: id, status: Delivery::Read, reason: None };
        assert_eq!(parse(body.as_bytes()).unwrap(), Call::Receipt(receipt));
    }

    proptest::proptest! {
        #[test]
        fn noise_is_refused_without_a_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
