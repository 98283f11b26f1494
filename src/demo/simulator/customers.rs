//! Customers: one task each, from the first message to the stars at the end.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    House,
    line::{As, Mishap, Socket, taken},
    play::{Heard, Play},
    receiver::Stray,
};
use crate::{
    channels::standard_webhooks::{ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, sign},
    demo::{
        folder::{Account, Continued, Regular},
        scripts::{Dialogue, THANKS, comments},
    },
    domain::channel::ChannelKind,
    ids::{ChannelId, ConversationId, MessageId},
    wire::live::{ChatSender, Frame, Push},
};

/// How long anybody waits for an answer of the server's.
pub(super) const SLOWEST: Duration = Duration::from_secs(15);
/// How long a customer waits for an agent, in seconds.
const PATIENCE: (f64, f64) = (500.0, 900.0);
/// The same when nothing is left to say.
const FAREWELL: (f64, f64) = (60.0, 120.0);

/// A customer's way to the company.
enum Way {
    Api { channel: ChannelId, secret: Box<SigningSecret> },
    Chat { token: String, say: SplitSink<Socket, Message>, ear: JoinHandle<()> },
}

impl Drop for Way {
    fn drop(&mut self) {
        if let Self::Chat { ear, .. } = self {
            ear.abort();
        }
    }
}

/// A customer from beginning to end; `before` says who has written before.
pub(super) async fn visit(house: Arc<House>, account: Account, dialogue: Dialogue, before: Option<Regular>, mut random: StdRng) {
    let came = match (before, account.kind) {
        (Some(Regular { address, token, .. }), _) => Ok(Coming { address, token, conversation: None, said: 0 }),
        (None, ChannelKind::Api | ChannelKind::Email) => {
            Ok(Coming { address: dialogue.customer.phone.clone(), token: None, conversation: None, said: 0 })
        }
        (None, ChannelKind::Webchat) => arrive(&house, &account, &dialogue).await,
    };
    let held = match came {
        Ok(coming) => hold(&house, &account, dialogue, coming, &mut random).await,
        Err(error) => Err(error),
    };
    if let Err(error) = held {
        tracing::debug!(%error, "a customer of the demo gave up");
    }
}

/// A customer whose conversation began before.
pub(super) async fn go_on(house: Arc<House>, account: Account, continued: Continued, mut random: StdRng) {
    let Continued { conversation, regular: Regular { address, token, .. }, dialogue, said } = continued;
    let coming = Coming { address, token, conversation: Some(conversation), said };
    if let Err(error) = hold(&house, &account, dialogue, coming, &mut random).await {
        tracing::debug!(%error, "a customer of the demo gave up");
    }
}

/// How a customer comes.
struct Coming {
    address: String,
    token: Option<String>,
    conversation: Option<ConversationId>,
    said: usize,
}

/// A new visitor of a web chat, who has answered what is asked first.
async fn arrive(house: &House, account: &Account, dialogue: &Dialogue) -> Result<Coming, Mishap> {
    let path = format!("/widget/v1/{}/session", account.id);
    let session = house.line.call(Method::POST, &path, &As::Stranger, &json!({})).await?;
    let text = |name: &str| session.get(name).and_then(Value::as_str).map(str::to_owned);
    let (token, address) = text("token").zip(text("visitor")).ok_or(Mishap::Other("no session"))?;
    let answers = json!({ "answers": { "name": dialogue.customer.name, "phone": dialogue.customer.phone } });
    house.line.call(Method::PUT, "/widget/v1/answers", &As::Visitor(&token), &answers).await?;
    Ok(Coming { address, token: Some(token), conversation: None, said: 0 })
}

async fn hold(house: &House, account: &Account, dialogue: Dialogue, coming: Coming, random: &mut StdRng) -> Result<(), Mishap> {
    let Coming { address, token, conversation, said } = coming;
    let (play, hear) = house.stage.enter(&address, dialogue, said);
    let _leaves = Leaves { house, address };
    let way = match token {
        None => {
            let secret = account.secret.as_deref().and_then(|secret| secret.parse().ok());
            Way::Api { channel: account.id, secret: Box::new(secret.ok_or(Mishap::Other("a channel without a secret"))?) }
        }
        Some(token) => {
            let (mut say, listen) = house.line.socket("/widget/ws", &As::Stranger).await?.split();
            say.send(Message::text(json!({ "kind": "sign_in", "token": token }).to_string())).await?;
            let ear = actix_web::rt::spawn(overhear(listen, Arc::clone(&play)));
            Way::Chat { token, say, ear }
        }
    };
    Visit { house, play, way, random, hear, unheard: VecDeque::new(), conversation }.hold().await
}

/// Leaves the stage however it ends.
struct Leaves<'a> {
    house: &'a House,
    address: String,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.house.stage.leave(&self.address);
    }
}

/// What a visitor's page shows. What it shows first was seen before; an earlier conversation is past.
async fn overhear(mut listen: SplitStream<Socket>, play: Arc<Play>) {
    let mut shown: Option<(ConversationId, u64)> = None;
    let (mut past, mut is_first) = (None, true);
    while let Some(Ok(message)) = listen.next().await {
        let frame = message.to_text().ok().and_then(|text| serde_json::from_str::<Frame>(text).ok());
        let Some(Push::Chat(chat)) = frame.map(|frame| frame.push) else { continue };
        if is_first && chat.ended {
            past = chat.conversation;
        }
        for said in chat.messages.iter().filter(|said| Some(said.conversation) != past) {
            let is_new = shown.is_none_or(|(conversation, seq)| conversation != said.conversation || said.seq > seq);
            if is_new && !is_first && said.from == ChatSender::Agent {
                play.tell(Heard::Shown(said.conversation, said.seq));
            }
            if is_new {
                shown = Some((said.conversation, said.seq));
            }
        }
        if chat.ended && chat.conversation.is_some() && chat.conversation != past {
            play.tell(Heard::Ended(chat.conversation));
        }
        is_first = false;
    }
}

struct Visit<'a> {
    house: &'a House,
    play: Arc<Play>,
    way: Way,
    random: &'a mut StdRng,
    hear: mpsc::Receiver<Heard>,
    /// Came while the customer was busy.
    unheard: VecDeque<Heard>,
    conversation: Option<ConversationId>,
}

impl Visit<'_> {
    async fn hold(mut self) -> Result<(), Mishap> {
        self.speak().await?;
        let mut thanked = false;
        loop {
            let (from, to) = if self.play.is_over() { FAREWELL } else { PATIENCE };
            let patience = self.house.pause(self.random, from, to);
            let heard = match self.unheard.pop_front() {
                Some(heard) => heard,
                None => match timeout(patience, self.hear.recv()).await {
                    Ok(Some(heard)) => heard,
                    _ => return Ok(()),
                },
            };
            match heard {
                Heard::Answer(conversation, message) => {
                    sleep(self.house.pause(self.random, 0.3, 1.2)).await;
                    self.receipt(conversation, message, "delivered").await?;
                    sleep(self.house.pause(self.random, 1.0, 5.0)).await;
                    self.receipt(conversation, message, "read").await?;
                }
                Heard::Shown(conversation, seq) => {
                    self.conversation = Some(conversation);
                    sleep(self.house.pause(self.random, 0.5, 4.0)).await;
                    self.tell(&json!({ "kind": "seen", "conversation": conversation, "seq": seq })).await?;
                }
                Heard::Ended(conversation) => return self.rate(conversation.or(self.conversation)).await,
            }
            self.play.answered();
            if !self.play.is_over() {
                self.speak().await?;
            } else if !thanked && self.random.random_bool(0.3) && !self.is_closed() {
                thanked = true;
                let thanks = THANKS.choose(self.random).copied().unwrap_or_default();
                self.write(thanks).await?;
            }
        }
    }

    /// Whether the agent has closed meanwhile: another word would begin another conversation.
    fn is_closed(&mut self) -> bool {
        while let Ok(heard) = self.hear.try_recv() {
            self.unheard.push_back(heard);
        }
        self.unheard.iter().any(|heard| matches!(heard, Heard::Ended(_)))
    }

    /// As much as it is the customer's turn.
    async fn speak(&mut self) -> Result<(), Mishap> {
        while let Some(text) = self.play.customer() {
            let is_first = self.conversation.is_none();
            if !is_first {
                sleep(self.house.pause(self.random, 2.0, 7.0)).await;
                self.tell(&json!({ "kind": "typing" })).await?;
                sleep(self.house.pause(self.random, 2.0, 5.0)).await;
                if self.is_closed() {
                    return Ok(());
                }
            }
            self.write(&text).await?;
            self.play.customer_has_spoken();
        }
        Ok(())
    }

    /// Over the socket, which only visitors of a chat have.
    async fn tell(&mut self, ask: &Value) -> Result<(), Mishap> {
        if let Way::Chat { say, .. } = &mut self.way {
            say.send(Message::text(ask.to_string())).await?;
        }
        Ok(())
    }

    async fn write(&mut self, text: &str) -> Result<(), Mishap> {
        let key: MessageId = self.house.ids.next();
        let customer = &self.play.dialogue.customer;
        let stored = match &self.way {
            Way::Api { channel, secret } => {
                let from = json!({ "id": customer.phone, "name": customer.name });
                let body = json!({ "type": "message", "message": { "id": format!("demo-{key}"), "from": from, "text": text } });
                signed(self.house, *channel, secret, &body).await?
            }
            Way::Chat { token, .. } => {
                let request = self.house.line.request(Method::POST, "/widget/v1/messages", &As::Visitor(token));
                let body = json!({ "text": text, "name": customer.name });
                taken(request.header("Idempotency-Key", key.to_string()).json(&body)).await?
            }
        };
        let conversation = stored.get("conversation").and_then(Value::as_str).and_then(|id| id.parse().ok());
        self.conversation = conversation.or(self.conversation);
        Ok(())
    }

    async fn receipt(&self, conversation: ConversationId, message: MessageId, status: &str) -> Result<(), Mishap> {
        let Way::Api { channel, secret } = &self.way else { return Ok(()) };
        receipt(self.house, *channel, secret, conversation, message, status).await
    }

    /// Three of four say how it was.
    async fn rate(&mut self, conversation: Option<ConversationId>) -> Result<(), Mishap> {
        let (Way::Chat { token, .. }, Some(conversation)) = (&self.way, conversation) else { return Ok(()) };
        if self.random.random_bool(0.25) {
            return Ok(());
        }
        sleep(self.house.pause(self.random, 2.0, 9.0)).await;
        let score = [5, 5, 5, 5, 4, 4, 4, 3, 2].choose(self.random).copied().unwrap_or(5);
        let words = if self.random.random_bool(0.5) { comments(score).choose(self.random).copied() } else { None };
        let body = json!({ "conversation": conversation, "score": score, "comment": words });
        let request = self.house.line.request(Method::POST, "/widget/v1/rating", &As::Visitor(token)).json(&body);
        taken(request).await.map(drop)
    }
}

async fn receipt(
    house: &House,
    channel: ChannelId,
    secret: &SigningSecret,
    conversation: ConversationId,
    message: MessageId,
    status: &str,
) -> Result<(), Mishap> {
    let receipt = json!({ "conversation": conversation, "message": message, "status": status });
    signed(house, channel, secret, &json!({ "type": "receipt", "receipt": receipt })).await.map(drop)
}

/// A webhook as a connected system calls it.
async fn signed(house: &House, channel: ChannelId, secret: &SigningSecret, body: &Value) -> Result<Value, Mishap> {
    let (id, body) = (house.ids.next::<MessageId>().to_string(), body.to_string());
    let seconds = house.clock.now().micros().div_euclid(1_000_000);
    let request = house.line.request(Method::POST, &format!("/hooks/{channel}"), &As::Stranger);
    let request = request.header(SIGNATURE_HEADER, sign(secret, &id, seconds, body.as_bytes()));
    taken(request.header(ID_HEADER, id).header(TIMESTAMP_HEADER, seconds).body(body)).await
}

/// An answer to a customer of yesterday arrives; they do not write again.
pub(super) async fn confirm(house: Arc<House>, stray: Stray, mut random: StdRng) {
    let Stray { channel, conversation, message } = stray;
    let account = house.demo.card.channels.iter().find(|account| account.id == channel);
    let Some(secret) = account.and_then(|account| account.secret.as_deref()?.parse::<SigningSecret>().ok()) else { return };
    for status in ["delivered", "read"] {
        sleep(house.pause(&mut random, 0.5, 6.0)).await;
        if let Err(error) = receipt(&house, channel, &secret, conversation, message, status).await {
            tracing::debug!(%error, "a receipt of the demo was not taken");
            return;
        }
    }
}
