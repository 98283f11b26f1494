//! One WebSocket.
//!
//! Owns: frames, heartbeat, which topics its client follows. Capacity: a gate that counts bytes; when the client reads so slowly that it is
//! full, whoever pushes marks it as behind and sends a fresh snapshot when there is room; a client that stays away for
//! [`SILENCE`] is cut off. No business here. Persisted: nothing.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Handler, StreamHandler};
use actix_web_actors::ws::{CloseCode, CloseReason, Message, ProtocolError, WebsocketContext};
use futures_util::future::LocalBoxFuture;

use super::{
    connection::{Connection, Place},
    sink::{Close, Out, SocketSink},
};
use crate::{
    actors::{
        agent_session::SinkId,
        dashboard::Look,
        engine::Engine,
        gate::Gated,
        sink::{Sink, frame},
        watch::{Thread, Typed},
    },
    clock::Timestamp,
    domain::{message::WritingMode, permission::Subject},
    ids::{ChannelId, ClientId, UserId, VisitorId},
    telemetry,
    wire::live::{Ask, Denied, Hello, Push},
};

/// Largest frame a client may send, in bytes.
pub const MAX_FRAME: usize = 16 * 1024;
/// Topics one client may follow at once.
const MAX_TOPICS: usize = 64;
/// How often the socket looks at its client: heartbeat, permissions.
const LOOK: Duration = Duration::from_secs(4);
/// Between two times that typing is passed on.
const TYPING_EVERY: Duration = Duration::from_secs(1);
/// Every so many looks a heartbeat: every 16 s.
const PING_EVERY: u32 = 4;
/// A visitor says who they are before this look: within 8 s.
const SIGN_IN_WITHIN: u32 = 2;
/// A client that was not heard of for so long is cut off.
const SILENCE: Duration = Duration::from_secs(50);

/// Tells whether the session or token behind a socket still holds. Cheap while it does.
pub type StillValid = Box<dyn Fn() -> LocalBoxFuture<'static, bool>>;

/// Reads a visitor's token.
pub type SignIn = Box<dyn Fn(&str) -> Option<Visitor>>;

/// Who is at the other end.
pub enum Who {
    /// Somebody who signed in.
    Staff {
        /// Who.
        user: UserId,
        /// What a program's token allows; people, and who acts as one, are looked up in the directory at every look.
        token: Option<Arc<Subject>>,
        /// Whether the session still holds.
        still_valid: StillValid,
    },
    /// A visitor, once the first frame has said which.
    Visitor {
        /// Reads the token of the first frame.
        sign_in: SignIn,
        /// Who.
        visitor: Option<Visitor>,
        /// Its place among the visitors of its address.
        share: Place,
    },
}

/// A visitor of a web chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// On which channel account.
    pub channel: ChannelId,
    /// Of which company.
    pub client: ClientId,
    /// Who.
    pub id: VisitorId,
    /// Identified visitors: when their token stops counting.
    pub until: Option<Timestamp>,
}

/// The actor.
pub struct Socket {
    pub(super) id: SinkId,
    pub(super) engine: Engine,
    pub(super) who: Who,
    pub(super) sink: Option<Arc<SocketSink>>,
    pub(super) topics: Vec<Topic>,
    /// What the person could do at the last look.
    pub(super) could: Option<Arc<Subject>>,
    connection: Option<Connection>,
    heard_at: Duration,
    looks: u32,
    /// When typing was last passed on.
    typed_at: Option<Duration>,
    _place: Place,
}

/// What a client follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Me,
    Look(Look),
    Thread(Thread),
}

pub(super) type Ctx = WebsocketContext<Socket>;

impl Socket {
    /// A socket for whoever the handshake has let in.
    pub fn new(id: SinkId, engine: Engine, who: Who, connection: Option<Connection>, place: Place) -> Self {
        let heard_at = engine.clock.elapsed();
        Self {
            id,
            engine,
            who,
            sink: None,
            topics: Vec::new(),
            could: None,
            connection,
            heard_at,
            looks: 0,
            typed_at: None,
            _place: place,
        }
    }

    pub(super) fn sink(&self) -> Option<Arc<dyn Sink>> {
        self.sink.clone().map(|sink| sink as Arc<dyn Sink>)
    }

    pub(super) fn say(&self, push: Push, ctx: &mut Ctx) {
        ctx.text(frame("-", &self.engine.epoch, 0, push));
    }

    pub(super) fn deny(&self, topic: &str, code: &str, ctx: &mut Ctx) {
        self.say(Push::Denied(Denied { topic: topic.to_owned(), code: code.to_owned() }), ctx);
    }

    pub(super) fn leave(&mut self, topic: Topic) {
        self.topics.retain(|followed| *followed != topic);
        match (topic, &self.who) {
            (Topic::Me, Who::Staff { user, .. }) => self.engine.detach(*user, self.id),
            (Topic::Me, Who::Visitor { .. }) => {}
            (Topic::Look(at), _) => self.engine.look_away(self.id, at),
            (Topic::Thread(thread), _) => self.engine.unfollow(self.id, thread),
        }
    }

    pub(super) fn has_room_for_topic(&self, topic: &str, ctx: &mut Ctx) -> bool {
        if self.topics.len() >= MAX_TOPICS {
            self.deny(topic, "too_many_topics", ctx);
            return false;
        }
        true
    }

    /// Passes typing on, at most once in [`TYPING_EVERY`].
    pub(super) fn types(&mut self, thread: Thread, mode: WritingMode) {
        let now = self.engine.clock.elapsed();
        if self.typed_at.is_none_or(|at| now.saturating_sub(at) >= TYPING_EVERY) {
            self.typed_at = Some(now);
            self.engine.typing(Typed { id: self.id, thread, mode });
        }
    }

    fn asked(&mut self, text: &str, ctx: &mut Ctx) {
        let Ok(ask) = serde_json::from_str::<Ask>(text) else {
            self.deny("-", "malformed", ctx);
            return;
        };
        match self.who {
            Who::Staff { .. } => self.asked_by_staff(ask, ctx),
            Who::Visitor { .. } => self.asked_by_visitor(ask, ctx),
        }
    }

    fn look(&mut self, ctx: &mut Ctx) {
        self.looks = self.looks.wrapping_add(1);
        let silent = self.engine.clock.elapsed().saturating_sub(self.heard_at);
        if silent > SILENCE {
            self.cut_off(ctx);
            return;
        }
        if self.looks >= SIGN_IN_WITHIN && self.is_stranger() {
            self.end(CloseCode::Policy, ctx);
            return;
        }
        if self.looks.is_multiple_of(PING_EVERY) {
            ctx.ping(b"");
            self.greet(ctx);
        }
        self.look_at_permissions(ctx);
    }

    /// A visitor who has not said who they are, or is that no longer.
    fn is_stranger(&self) -> bool {
        let Who::Visitor { visitor, .. } = &self.who else { return false };
        let now = self.engine.clock.now();
        visitor.is_none_or(|visitor| visitor.until.is_some_and(|until| until <= now))
    }

    /// Also the heartbeat that a page can see: scripts never see pings.
    fn greet(&self, ctx: &mut Ctx) {
        let hello = Hello { version: env!("CARGO_PKG_VERSION").to_owned(), now: self.engine.clock.now().into() };
        self.say(Push::Hello(hello), ctx);
    }

    fn cut_off(&self, ctx: &mut Ctx) {
        if let Some(connection) = &self.connection {
            connection.end();
        }
        ctx.stop();
    }

    pub(super) fn end(&self, code: CloseCode, ctx: &mut Ctx) {
        ctx.close(Some(CloseReason::from(code)));
        ctx.stop();
    }

    const fn audience(&self) -> &'static str {
        match self.who {
            Who::Staff { .. } => "staff",
            Who::Visitor { .. } => "visitor",
        }
    }
}

impl Actor for Socket {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        metrics::gauge!(telemetry::SOCKETS_OPEN, "audience" => self.audience()).increment(1.0);
        self.sink = Some(Arc::new(SocketSink::new(ctx.address(), self.connection.clone())));
        self.greet(ctx);
        self.could = self.subject();
        ctx.run_interval(LOOK, Self::look);
    }

    fn stopped(&mut self, _: &mut Ctx) {
        metrics::gauge!(telemetry::SOCKETS_OPEN, "audience" => self.audience()).decrement(1.0);
        for topic in std::mem::take(&mut self.topics) {
            self.leave(topic);
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        self.heard_at = self.engine.clock.elapsed();
        match message {
            Ok(Message::Text(text)) => self.asked(&text, ctx),
            Ok(Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Binary(_) | Message::Continuation(_)) => self.end(CloseCode::Unsupported, ctx),
            Err(ProtocolError::Overflow) => self.end(CloseCode::Size, ctx),
            Err(_) => self.end(CloseCode::Protocol, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Ctx) {
        ctx.stop();
    }
}

impl Handler<Gated<Out>> for Socket {
    type Result = ();

    fn handle(&mut self, Gated { message: Out(frame), .. }: Gated<Out>, ctx: &mut Ctx) {
        metrics::counter!(telemetry::FRAMES_PUSHED).increment(1);
        ctx.text(frame);
    }
}

impl Handler<Gated<Close>> for Socket {
    type Result = ();

    fn handle(&mut self, _: Gated<Close>, ctx: &mut Ctx) {
        self.end(CloseCode::Normal, ctx);
    }
}
