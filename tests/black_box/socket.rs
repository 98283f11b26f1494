//! A browser's side of the live protocol. Waits for what must come; never sleeps for luck.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::api::{Api, text};

const PATIENCE: Duration = Duration::from_secs(10);

/// An open socket and every frame it got.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) seen: Vec<Value>,
}

impl Socket {
    /// Shakes hands; the HTTP status when that is refused.
    pub(crate) async fn try_open(api: &Api, path: &str) -> Result<Self, u16> {
        let mut request = format!("ws://{}{path}", api.host).into_client_request().unwrap();
        for (name, value) in &api.headers {
            let name: &HeaderName = name;
            let value: &HeaderValue = value;
            request.headers_mut().insert(name.clone(), value.clone());
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self { stream, seen: Vec::new() }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// A tab of somebody who is let in.
    pub(crate) async fn open(api: &Api) -> Self {
        let mut socket = Self::try_open(api, "/ws").await.expect("the handshake was refused");
        socket.until("the greeting", |frame| frame["kind"] == "hello").await;
        socket
    }

    /// A tab that follows a topic, with the snapshot it got.
    pub(crate) async fn following(api: &Api, topic: &str) -> (Self, Value) {
        let mut socket = Self::open(api).await;
        let snapshot = socket.follow(topic).await;
        (socket, snapshot)
    }

    /// A tab of an agent who is available.
    pub(crate) async fn at_work(api: &Api) -> Self {
        let (mut socket, me) = Self::following(api, "me").await;
        let available = |presence: &Value| presence["activity"]["is"] == "available";
        if !available(&me["data"]["presence"]) {
            socket.until("that the shift began", |frame| available(&frame["data"])).await;
        }
        socket
    }

    /// A visitor of a web chat.
    pub(crate) async fn visitor(host: &str, token: &str) -> (Self, Value) {
        let mut socket = Self::try_open(&Api::anonymous(host), "/widget/ws").await.expect("the handshake was refused");
        socket.say(json!({ "kind": "sign_in", "token": token })).await;
        let chat = socket.until("the chat", |frame| frame["kind"] == "chat").await;
        (socket, chat)
    }

    pub(crate) async fn say(&mut self, ask: Value) {
        self.send(Message::text(ask.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// Follows a topic; its snapshot, or why not.
    pub(crate) async fn follow(&mut self, topic: &str) -> Value {
        self.say(json!({ "kind": "subscribe", "topic": topic })).await;
        let answers = |frame: &Value| {
            let kind = text(&frame["kind"]);
            (frame["topic"] == topic && matches!(kind.as_str(), "me" | "thread" | "board" | "waiting"))
                || (kind == "denied" && frame["data"]["topic"] == topic)
        };
        self.until(topic, answers).await
    }

    /// Carries on where another socket stopped.
    pub(crate) async fn resume(&mut self, topic: &str, last: &Value) {
        let ask = json!({ "kind": "subscribe", "topic": topic, "epoch": last["epoch"], "pos": last["pos"] });
        self.say(ask).await;
    }

    /// The next frame that is like this. What came before stays in `seen`.
    pub(crate) async fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = match timeout(PATIENCE, self.next()).await {
                Ok(Some(frame)) => frame,
                Ok(None) => panic!("the socket ended before {what} came; it got {}", self.last()),
                Err(_) => panic!("{what} did not come; the socket got {}", self.last()),
            };
            if is_it(&frame) {
                return frame;
            }
        }
    }

    fn last(&self) -> String {
        let last = &self.seen[self.seen.len().saturating_sub(8)..];
        last.iter().map(|frame| format!("\n  {frame}")).collect()
    }

    /// The next frame, none at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(frame)) => {
                    let frame: Value = serde_json::from_str(&frame).unwrap();
                    self.seen.push(frame.clone());
                    return Some(frame);
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits until the server ends the connection; its close code, if it gave one.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<u16> {
        let end = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
                    Some(Ok(Message::Text(frame))) => self.seen.push(serde_json::from_str(&frame).unwrap()),
                    Some(Ok(_)) => {}
                    Some(Err(Error::Io(_) | Error::Protocol(_))) | None => return None,
                    Some(Err(error)) => panic!("{error}"),
                }
            }
        };
        timeout(within, end).await.expect("the server keeps the connection")
    }

    /// A conversation of this agent that stands like this.
    pub(crate) async fn conversation(&mut self, id: &str, standing: &str) -> Value {
        let what = format!("conversation {id} {standing}");
        let frame = self
            .until(&what, |frame| {
                let conversation = &frame["data"]["conversation"];
                frame["kind"] == "conversation" && conversation["id"] == id && conversation["standing"]["is"] == standing
            })
            .await;
        frame["data"].clone()
    }

    /// The delivery of a message, once it has come so far.
    pub(crate) async fn delivery(&mut self, message: &str, to: &str) -> Value {
        let what = format!("message {message} {to}");
        let is_it = |delta: &Value| delta["message"] == message && delta["to"] == to;
        self.until(&what, |frame| frame["data"]["deliveries"].as_array().into_iter().flatten().any(is_it)).await
    }
}
