//! What visitors of a web chat may ask of a socket: to follow their own conversation, nothing else.

use actix::{AsyncContext, WrapFuture, fut::ActorFutureExt};
use actix_web_actors::ws::CloseCode;

use super::socket::{Ctx, Socket, Topic, Visitor, Who};
use crate::{
    actors::watch::{Follow, Thread},
    domain::{
        contact::{Address, AddressKind},
        conversation::Command,
        delivery::Delivery,
        log::By,
        message::WritingMode,
    },
    ids::ConversationId,
    store::{StoreError, contacts, conversations},
    wire::live::Ask,
};

impl Socket {
    pub(super) fn asked_by_visitor(&mut self, ask: Ask, ctx: &mut Ctx) {
        match (ask, self.visitor()) {
            (Ask::SignIn { token }, None) => self.sign_in(&token, ctx),
            (_, None) => self.end(CloseCode::Policy, ctx),
            (Ask::Seen { conversation, seq }, Some(visitor)) => self.seen(visitor, conversation, seq, ctx),
            (Ask::Typing { conversation: None, .. }, Some(Visitor { channel, id, .. })) => {
                self.types(Thread::Visitor(channel, id), WritingMode::Reply);
            }
            (Ask::SignIn { .. } | Ask::Subscribe { .. } | Ask::Unsubscribe { .. } | Ask::Typing { .. }, Some(_)) => {
                self.deny("-", "not_for_visitors", ctx);
            }
        }
    }

    fn visitor(&self) -> Option<Visitor> {
        match &self.who {
            Who::Visitor { visitor, .. } => *visitor,
            Who::Staff { .. } => None,
        }
    }

    fn sign_in(&mut self, token: &str, ctx: &mut Ctx) {
        let Who::Visitor { sign_in, visitor, .. } = &mut self.who else { return };
        *visitor = sign_in(token);
        let (Some(known), Some(sink)) = (*visitor, self.sink()) else {
            self.end(CloseCode::Policy, ctx);
            return;
        };
        let thread = Thread::Visitor(known.channel, known.id);
        self.topics.push(Topic::Thread(thread));
        if !self.engine.follow(Follow { id: self.id, sink, thread, as_owner: None, user: None }) {
            self.end(CloseCode::Again, ctx);
        }
    }

    /// What the visitor's page has shown counts as read.
    fn seen(&self, visitor: Visitor, conversation: ConversationId, seq: u64, ctx: &mut Ctx) {
        let engine = self.engine.clone();
        let read = async move {
            let address = Address { kind: AddressKind::Visitor, value: visitor.id.to_string() };
            let contact = contacts::on_channel(&engine.db, visitor.channel, &address).await?;
            let state = conversations::state(&engine.db, conversation).await?;
            if state.is_none_or(|state| state.channel != visitor.channel || Some(state.contact) != contact) {
                return Ok(());
            }
            for unread in conversations::unread(&engine.db, conversation, seq).await? {
                let stored = unread.message.delivery.map(|state| (unread.message.seq, state));
                let command = Command::MoveDelivery { message: unread.message.id, stored, to: Delivery::Read, reason: None };
                let _ = engine.command(conversation, command, By::Contact, None).await;
            }
            Ok::<(), StoreError>(())
        };
        ctx.spawn(read.into_actor(self).map(|result, _, _| {
            if let Err(error) = result {
                tracing::debug!(%error, "a visitor's receipt was not recorded");
            }
        }));
    }
}
