//! The connected system that agents' replies are sent to. It believes nothing that is not signed, writes down what came and
//! in which order, and sometimes takes a call and says nothing: the sender then cannot know, and must send it again (R6).
//! It runs on a thread of its own, so that nobody who waits for the server holds it up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use centralita::ids::{ConversationId, MessageId};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{Outcome, message::Mark, random::Random, report::Findings, signer::Signer};

/// Calls that are taken and not answered, in percent.
const UNANSWERED: usize = 1;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}";

/// What came.
#[derive(Default)]
pub(crate) struct Received {
    /// How often each reply came.
    pub(crate) marks: BTreeMap<Mark, u64>,
    /// The order in which the messages of each conversation came first.
    pub(crate) order: BTreeMap<ConversationId, Vec<MessageId>>,
    messages: BTreeSet<MessageId>,
    findings: Findings,
}

impl Received {
    fn take(&mut self, head: &str, body: &[u8], signer: &Signer) -> Result<(), String> {
        let header = |name: &str| {
            let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
            lines
                .find(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
                .ok_or(format!("a call without {name}"))
        };
        let (id, timestamp, given) = (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
        let mut expected = Vec::new();
        signer.sign(id.as_bytes(), timestamp.as_bytes(), body, &mut expected);
        if !given.split(' ').any(|signature| signature.as_bytes() == expected) {
            return Err(format!("call {id} is not signed by the channel's secret"));
        }
        let Call { message } = serde_json::from_slice(body).map_err(|error| format!("call {id}: {error}"))?;
        if message.id.to_string() != id {
            return Err(format!("call {id} carries message {}", message.id));
        }
        if self.messages.insert(message.id) {
            self.order.entry(message.conversation).or_default().push(message.id);
        }
        if let Some(mark) = Mark::of(&message.text) {
            *self.marks.entry(mark).or_default() += 1;
        }
        Ok(())
    }

    /// Everything found so far, taken.
    pub(crate) fn take_findings(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    /// Calls that came again: allowed after an unknown outcome.
    pub(crate) fn again(&self) -> u64 {
        self.marks.values().map(|times| times - 1).sum()
    }
}

#[derive(Deserialize)]
struct Call {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    id: MessageId,
    conversation: ConversationId,
    text: String,
}

/// A receiver that runs until it is dropped.
pub(crate) struct Receiver {
    /// Where to send replies.
    pub(crate) url: String,
    received: Arc<Mutex<Received>>,
    signer: watch::Sender<Option<Signer>>,
}

impl Receiver {
    /// Listens; refuses everything until it knows the secret.
    pub(crate) fn start(random: Random) -> Outcome<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/replies", listener.local_addr()?);
        let received = Arc::new(Mutex::new(Received::default()));
        let (signer, known) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let kept = received.clone();
        thread::Builder::new().name("receiver".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut ended = known.clone();
                tokio::select! {
                    () = accept(listener, kept, known, random) => {}
                    // An error: the receiver was dropped.
                    () = async { while ended.changed().await.is_ok() {} } => {}
                }
            });
        })?;
        Ok(Self { url, received, signer })
    }

    /// From now on it believes this secret.
    pub(crate) fn believe(&self, signer: Signer) {
        self.signer.send_replace(Some(signer));
    }

    /// What came.
    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        lock(&self.received)
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: std::net::TcpListener,
    received: Arc<Mutex<Received>>,
    signer: watch::Receiver<Option<Signer>>,
    mut random: Random,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, received.clone(), signer.clone(), Random::new(random.next())));
    }
}

/// Until the other side is gone: the server may be killed with a call under way.
async fn serve(
    mut stream: TcpStream,
    received: Arc<Mutex<Received>>,
    signer: watch::Receiver<Option<Signer>>,
    mut random: Random,
) {
    let mut bytes = Vec::new();
    let _ = stream.set_nodelay(true);
    loop {
        while let Some((head, body, end)) = request(&bytes) {
            let Some(signer) = signer.borrow().clone() else { return };
            if let Err(finding) = lock(&received).take(head, body, &signer) {
                lock(&received).findings.add(finding);
            }
            bytes.drain(..end);
            if random.percent(UNANSWERED) || stream.write_all(OK).await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return;
        }
    }
}

/// The request at the beginning of `bytes`, once it is complete: head, body, and where it ends.
fn request(bytes: &[u8]) -> Option<(&str, &[u8], usize)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = str::from_utf8(bytes.get(..end)?).ok()?;
    let mut lengths = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = lengths.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1.trim().parse::<usize>().ok()?;
    Some((head, bytes.get(end + 4..end + 4 + length)?, end + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::reply_text;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn call(message: u128, reply: u32) -> (String, Vec<u8>) {
        let (message, conversation) = (MessageId::from_u128(message), ConversationId::from_u128(1));
        let body = serde_json::json!({ "type": "message", "message": { "id": message, "conversation": conversation, "text": reply_text(reply) } });
        let body = body.to_string().into_bytes();
        let mut signature = Vec::new();
        Signer::new(SECRET).unwrap().sign(message.to_string().as_bytes(), b"7", &body, &mut signature);
        let head = format!(
            "POST /replies HTTP/1.1\r\nWebhook-Id: {message}\r\nwebhook-timestamp: 7\r\nwebhook-signature: v1,eA== {}\r\ncontent-length: {}",
            String::from_utf8(signature).unwrap(),
            body.len()
        );
        (head, body)
    }

    #[test]
    fn what_is_signed_is_taken_in_its_order_and_counted() {
        let (mut received, signer) = (Received::default(), Signer::new(SECRET).unwrap());
        for (message, reply) in [(5, 1), (6, 2), (5, 1)] {
            let (head, body) = call(message, reply);
            received.take(&head, &body, &signer).unwrap();
        }
        assert_eq!(received.marks, BTreeMap::from([(Mark::Reply(1), 2), (Mark::Reply(2), 1)]));
        assert_eq!(received.order[&ConversationId::from_u128(1)], [MessageId::from_u128(5), MessageId::from_u128(6)]);
        assert_eq!(received.again(), 1);
    }

    #[test]
    fn what_is_not_signed_or_names_another_message_is_a_finding() {
        let (mut received, signer) = (Received::default(), Signer::new(SECRET).unwrap());
        let (head, body) = call(5, 1);
        assert!(received.take(&head.replace("v1,", "v2,"), &body, &signer).is_err());
        assert!(received.take(&head, &body[1..], &signer).is_err());
        assert!(received.take(&head.replace("webhook-timestamp", "x"), &body, &signer).is_err());
        assert!(received.take(&head, &body, &signer).is_ok());
    }

    #[test]
    fn a_request_is_taken_when_it_is_complete() {
        let (head, body) = call(5, 1);
        let bytes = [head.as_bytes(), b"\r\n\r\n", &body].concat();
        assert!((0..bytes.len()).all(|cut| request(&bytes[..cut]).is_none()));
        assert_eq!(request(&bytes), Some((head.as_str(), body.as_slice(), bytes.len())));
    }
}
