//! Reading from the log what the journal's hints did not bring.
//!
//! An entry read from the log comes with the conversation's state as it is now, which may be later than the entry: listeners
//! fold by `seq`, so they take the newer state and skip what it already contains.

use std::{collections::hash_map::Entry, sync::Arc};

use actix::{AsyncContext, Context, WrapFuture, fut::ActorFutureExt};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{AGAIN, Publisher};
use crate::{
    domain::{
        agent::Agent,
        conversation::{Conversation, Event},
        log::{self as facts, Fact},
        message::Message,
    },
    ids::ConversationId,
    store::{
        Db, StoreError, conversations,
        journal::{Group, STREAM},
        log, people_state,
        write::{About, Committed, ContactCard, ConversationChange},
    },
};

/// Entries read at once.
const CHUNK: u64 = 500;

impl Publisher {
    /// Notices entries that no hint announced.
    pub(super) fn look(&mut self, ctx: &mut Context<Self>) {
        if self.catching_up {
            return;
        }
        let db = self.db.clone();
        let head = async move { log::head(&db, STREAM).await };
        ctx.spawn(head.into_actor(self).map(|head, actor, ctx| {
            let behind = head.is_ok_and(|head| head > actor.pos);
            // Under load the head is always a little ahead: only who stands still has lost a hint.
            let stands_still = actor.looked_at.replace(actor.pos) == Some(actor.pos);
            if behind && stands_still && !actor.catching_up {
                actor.catch_up(ctx);
            }
        }));
    }

    /// Goes over from the log to the hints that came meanwhile, as soon as they follow on.
    fn carry_on(&mut self) {
        while let Some(group) = self.early.pop_front() {
            let span = |group: &Group| Some((group.first()?.first_pos(), group.last()?.pos()));
            let Some((first, last)) = span(&group) else { continue };
            if last <= self.pos {
                continue;
            }
            if first > self.pos + 1 {
                self.early.push_front(group);
                return;
            }
            if !self.pass_on(Arc::clone(&group)) {
                self.early.push_front(group);
                return;
            }
            self.catching_up = false;
        }
    }

    pub(super) fn catch_up(&mut self, ctx: &mut Context<Self>) {
        self.catching_up = true;
        let (db, pos) = (self.db.clone(), self.pos);
        let read = async move { read(&db, pos).await };
        ctx.spawn(read.into_actor(self).map(|result, actor, ctx| match result {
            Ok(group) if group.is_empty() => {
                actor.catching_up = false;
                actor.early.clear();
                actor.look_soon(ctx);
            }
            Ok(group) => {
                if actor.pass_on(group) {
                    actor.carry_on();
                    if actor.catching_up || !actor.early.is_empty() {
                        actor.catch_up(ctx);
                    }
                } else {
                    ctx.run_later(AGAIN, Self::catch_up);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the publisher cannot read the log; trying again");
                ctx.run_later(AGAIN, Self::catch_up);
            }
        }));
    }

    /// A group may have been committed between the last read and now.
    fn look_soon(&self, ctx: &mut Context<Self>) {
        ctx.run_later(AGAIN, Self::look);
    }
}

async fn read(db: &Db, pos: u64) -> Result<Group, StoreError> {
    let entries = log::after(db, STREAM, pos, CHUNK).await?;
    let mut states = FxHashMap::default();
    let mut group: Vec<Arc<Committed>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let about = match &entry.fact {
            Fact::Config { entity, .. } => About::Config(*entity),
            Fact::Agent { id, .. } => About::Agent(people_state::agent(db, *id).await?.unwrap_or_else(|| Agent::signed_out(*id))),
            Fact::Conversation { id, seq, event } => {
                About::Conversation(Box::new(change(db, &mut states, *id, *seq, event).await?))
            }
        };
        group.push(Arc::new(Committed { entries: SmallVec::<[facts::Entry; 2]>::from_iter([entry]), about }));
    }
    Ok(group.into())
}

/// A conversation as it is now, its contact, its last message.
type Known = (Arc<Conversation>, Arc<ContactCard>, Option<Arc<Message>>);
type States = FxHashMap<ConversationId, Known>;

async fn change(
    db: &Db,
    states: &mut States,
    id: ConversationId,
    seq: u64,
    event: &Event,
) -> Result<ConversationChange, StoreError> {
    let (state, contact, last) = match states.entry(id) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(unknown) => unknown.insert(read_state(db, id).await?).clone(),
    };
    let has_text = matches!(
        event,
        Event::MessageReceived { .. }
            | Event::Replied { .. }
            | Event::Noticed { .. }
            | Event::Reminded { .. }
            | Event::Noted { .. }
    );
    let message = if has_text { conversations::message_at(db, id, seq).await? } else { None };
    let messages = message.into_iter().map(|stored| stored.message).collect();
    Ok(ConversationChange { state, messages, contact, last, concerned: None })
}

async fn read_state(db: &Db, id: ConversationId) -> Result<Known, StoreError> {
    let state = conversations::state(db, id).await?;
    let state = state.ok_or_else(|| StoreError::Damaged(format!("conversation {id} is in the log and not in its table")))?;
    let card = Arc::new(conversations::card(db, &state).await?);
    let last = conversations::last_message(db, id).await?;
    Ok((Arc::new(state), card, last))
}
