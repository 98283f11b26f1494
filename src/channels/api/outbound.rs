//! What we post to a connected system: an answer for its customer, signed. Building it is pure; the Outbox sends it.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    channels::standard_webhooks::{SigningSecret, sign},
    clock::Timestamp,
    domain::{field, message::Message},
    ids::{AttachmentId, ConversationId, MessageId},
    wire::Time,
};

/// What was noted in dynamic fields, by their keys (S1-32).
pub type Noted = BTreeMap<String, field::Value>;

/// A call ready to be sent: the body as it is signed, and the values of the three headers of
/// [`standard_webhooks`](crate::channels::standard_webhooks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCall {
    /// To be sent unchanged, as `application/json`.
    pub body: Bytes,
    /// `webhook-id`: the message's id, the same in every attempt.
    pub id: String,
    /// `webhook-timestamp`: of this attempt, in seconds.
    pub timestamp: String,
    /// `webhook-signature`: one for each secret in force.
    pub signature: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: MessageBody<'a>,
}

#[derive(Serialize)]
struct MessageBody<'a> {
    id: MessageId,
    conversation: ConversationId,
    to: To<'a>,
    text: &'a str,
    attachments: Vec<AttachmentBody<'a>>,
    fields: &'a Noted,
    at: Time,
}

#[derive(Serialize)]
struct To<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct AttachmentBody<'a> {
    id: AttachmentId,
    name: &'a str,
    media_type: &'a str,
    size: u64,
    url: String,
}

/// The body of a call: the same bytes for the same message and the same `noted`, which is what its conversation holds now.
///
/// `to` is the contact's address on this channel. `origin` is where this server is reached, without a slash at its end;
/// attachments are fetched there with a bearer token.
///
/// # Errors
/// Never for what was stored; JSON has no form for some values that do not occur here.
pub fn body(
    conversation: ConversationId,
    message: &Message,
    to: &str,
    noted: &Noted,
    origin: &str,
) -> Result<Bytes, serde_json::Error> {
    let attachment = |file: &'_ crate::domain::message::Attachment| format!("{origin}/api/v1/attachments/{}", file.id);
    let attachments = message.attachments.iter();
    let body = Body {
        kind: "message",
        message: MessageBody {
            id: message.id,
            conversation,
            to: To { id: to },
            text: &message.text,
            attachments: attachments
                .map(|file| AttachmentBody {
                    id: file.id,
                    name: &file.name,
                    media_type: &file.media_type,
                    size: file.size,
                    url: attachment(file),
                })
                .collect(),
            fields: noted,
            at: message.at.into(),
        },
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// Signs one attempt. Without a secret the receiver could not believe it, so there is no call.
pub fn signed(body: Bytes, message: MessageId, secrets: &[SigningSecret], now: Timestamp) -> Option<SignedCall> {
    let (id, seconds) = (message.to_string(), now.micros().div_euclid(1_000_000));
    let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, &id, seconds, &body)).collect();
    let signature = signatures.join(" ");
    (!signature.is_empty()).then(|| SignedCall { body, id, timestamp: seconds.to_string(), signature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        channels::standard_webhooks::{Header, Headers, verify},
        domain::{
            delivery::Delivery,
            message::{Attachment, Author},
        },
        ids::AgentId,
    };

    fn message() -> Message {
        Message {
            id: MessageId::from_u128(2),
            seq: 4,
            author: Author::Agent(AgentId::from_u128(3)),
            text: "¡Hola!".into(),
            attachments: vec![Attachment {
                id: AttachmentId::from_u128(5),
                name: "a.png".to_owned(),
                media_type: "image/png".to_owned(),
                size: 7,
            }],
            mail: None,
            at: Timestamp::from_micros(1_700_000_000_000_000),
            delivery: Some(Delivery::Queued),
        }
    }

    #[test]
    fn an_answer_names_conversation_receiver_and_files() {
        let noted = Noted::from([
            ("number".to_owned(), field::Value::Text("20.345".to_owned())),
            ("agreed".to_owned(), field::Value::Flag(true)),
        ]);
        let body = body(ConversationId::from_u128(1), &message(), "cust-9", &noted, "https://help.example.com").unwrap();
        let expected = serde_json::json!({"type": "message", "message": {
            "id": "00000000-0000-0000-0000-000000000002",
            "conversation": "00000000-0000-0000-0000-000000000001",
            "to": {"id": "cust-9"},
            "text": "¡Hola!",
            "attachments": [{"id": "00000000-0000-0000-0000-000000000005", "name": "a.png", "media_type": "image/png", "size": 7,
                "url": "https://help.example.com/api/v1/attachments/00000000-0000-0000-0000-000000000005"}],
            "fields": {"agreed": true, "number": "20.345"},
            "at": "2023-11-14T22:13:20.000000Z",
        }});
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), expected);
    }

    #[test]
    fn the_receiver_can_verify_it_with_any_secret_in_force() {
        let secrets = [SigningSecret::from_key(&[1; 32]).unwrap(), SigningSecret::from_key(&[2; 32]).unwrap()];
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let call = signed(Bytes::from_static(b"{}"), message().id, &secrets, now).unwrap();
        let headers = Headers {
            id: Header::One(call.id.as_bytes()),
            timestamp: Header::One(call.timestamp.as_bytes()),
            signature: Header::One(call.signature.as_bytes()),
        };
        for secret in &secrets {
            assert!(verify(std::slice::from_ref(secret), headers, &call.body, now).is_ok());
        }
        assert_eq!(signed(Bytes::new(), message().id, &[], now), None);
    }
}
