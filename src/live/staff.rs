//! What people who signed in may ask of a socket. Every topic checks permission and object (security.md, 30), again at every
//! look.

use std::sync::Arc;

use actix::{AsyncContext, WrapFuture, fut::ActorFutureExt};
use actix_web_actors::ws::CloseCode;

use super::socket::{Ctx, Socket, Topic, Who};
use crate::{
    actors::{
        agent_session::Attach,
        dashboard::{self, Look, Viewer},
        watch::{Follow, Thread},
    },
    domain::{
        conversation::Conversation,
        message::WritingMode,
        permission::{Permission, Role, Subject, may, may_somewhere},
    },
    ids::{AgentId, ConversationId, UserId},
    store::conversations,
    wire::live::{Ask, Me, Push},
};

impl Socket {
    pub(super) fn asked_by_staff(&mut self, ask: Ask, ctx: &mut Ctx) {
        match ask {
            Ask::Subscribe { topic, epoch, pos } => self.subscribe(&topic, epoch.zip(pos), ctx),
            Ask::Unsubscribe { topic } => {
                if let Some(topic) = self.parse(&topic) {
                    self.leave(topic);
                }
            }
            Ask::Typing { conversation: Some(conversation), mode } => self.type_in(conversation, mode, ctx),
            Ask::Typing { conversation: None, .. } | Ask::Seen { .. } | Ask::SignIn { .. } => {
                self.deny("-", "not_for_staff", ctx)
            }
        }
    }

    fn parse(&self, topic: &str) -> Option<Topic> {
        match topic {
            "me" => Some(Topic::Me),
            dashboard::TOPIC => Some(Topic::Look(Look::Board)),
            dashboard::QUEUES => Some(Topic::Look(Look::Queue)),
            _ => topic.strip_prefix("conversation:")?.parse().ok().map(|id| Topic::Thread(Thread::Conversation(id))),
        }
    }

    /// What the person or program behind this socket may do now.
    pub(super) fn subject(&self) -> Option<Arc<Subject>> {
        match &self.who {
            Who::Staff { token: Some(subject), .. } => Some(Arc::clone(subject)),
            Who::Staff { user, .. } => self.engine.directory.load().subject(*user).map(Arc::new),
            Who::Visitor { .. } => None,
        }
    }

    fn subscribe(&mut self, name: &str, resume: Option<(String, u64)>, ctx: &mut Ctx) {
        let (Some(topic), Some(subject)) = (self.parse(name), self.subject()) else {
            self.deny(name, "not_found", ctx);
            return;
        };
        // Asking for `me` again is no going away: an agent's only tab must not seem to have gone.
        if topic != Topic::Me && self.topics.contains(&topic) {
            self.leave(topic);
        }
        if !self.has_room_for_topic(name, ctx) {
            return;
        }
        match topic {
            Topic::Me => self.subscribe_me(&subject, resume, ctx),
            Topic::Look(at) => self.look_at(at, &subject, ctx),
            Topic::Thread(Thread::Conversation(id)) => self.subscribe_conversation(id, subject, ctx),
            Topic::Thread(Thread::Visitor(..)) => {}
        }
    }

    fn subscribe_me(&mut self, subject: &Subject, resume: Option<(String, u64)>, ctx: &mut Ctx) {
        let Some(sink) = self.sink() else { return };
        if is_agent(subject, self) {
            if !self.topics.contains(&Topic::Me) {
                self.topics.push(Topic::Me);
            }
            if !self.engine.attach(subject.user, Attach { id: self.id, sink, resume }) {
                self.end(CloseCode::Again, ctx);
            }
            return;
        }
        let me = Me { user: subject.user, role: subject.role, presence: None, conversations: Vec::new() };
        sink.push(crate::actors::sink::frame("me", &self.engine.epoch, 0, Push::Me(me)));
    }

    fn look_at(&mut self, at: Look, subject: &Subject, ctx: &mut Ctx) {
        let (topic, may) = match at {
            Look::Board => (dashboard::TOPIC, may_somewhere(subject, Permission::ReadBoard)),
            Look::Queue => (dashboard::QUEUES, is_agent(subject, self)),
        };
        if !may {
            self.deny(topic, "not_found", ctx);
            return;
        }
        let Some(sink) = self.sink() else { return };
        self.topics.push(Topic::Look(at));
        if !self.engine.look(Viewer { id: self.id, sink, subject: subject.clone(), at }) {
            self.end(CloseCode::Again, ctx);
        }
    }

    fn subscribe_conversation(&mut self, id: ConversationId, subject: Arc<Subject>, ctx: &mut Ctx) {
        let db = self.engine.db.clone();
        let read = async move { conversations::state(&db, id).await };
        ctx.spawn(read.into_actor(self).map(move |state, socket, ctx| {
            let name = Thread::Conversation(id).topic();
            match state {
                Ok(Some(state)) => socket.follow(&state, &subject, ctx),
                Ok(None) => socket.deny(&name, "not_found", ctx),
                Err(_) => socket.deny(&name, "unavailable", ctx),
            }
        }));
    }

    fn follow(&mut self, state: &Conversation, subject: &Subject, ctx: &mut Ctx) {
        let thread = Thread::Conversation(state.id);
        let as_owner = match self.reaches(state, subject) {
            Some(Seen::ByPermission) => None,
            Some(Seen::ByOwner(agent)) => Some(agent),
            None => {
                self.deny(&thread.topic(), "not_found", ctx);
                return;
            }
        };
        let Some(sink) = self.sink() else { return };
        self.topics.push(Topic::Thread(thread));
        let user = Some(subject.user).filter(|user| *user != UserId::NIL);
        if !self.engine.follow(Follow { id: self.id, sink, thread, as_owner, user }) {
            self.end(CloseCode::Again, ctx);
        }
    }

    /// Other viewers of the conversation see it: only who may look at it may be seen there.
    fn type_in(&mut self, conversation: ConversationId, mode: WritingMode, ctx: &mut Ctx) {
        let thread = Thread::Conversation(conversation);
        if !self.topics.contains(&Topic::Thread(thread)) {
            self.deny("-", "not_found", ctx);
            return;
        }
        self.types(thread, mode);
    }

    /// Revocation counts without a reconnect.
    pub(super) fn look_at_permissions(&mut self, ctx: &mut Ctx) {
        let Who::Staff { still_valid, .. } = &self.who else { return };
        let still_valid = still_valid();
        let subject = self.subject();
        ctx.spawn(still_valid.into_actor(self).map(move |valid, socket, ctx| {
            let (true, Some(subject)) = (valid, subject) else {
                socket.say(Push::SignedOut, ctx);
                socket.end(CloseCode::Policy, ctx);
                return;
            };
            socket.revoke(&subject, ctx);
        }));
    }

    /// Takes away what a change of role, scope or membership no longer allows. Nothing changed: nothing to do.
    fn revoke(&mut self, subject: &Arc<Subject>, ctx: &mut Ctx) {
        if self.could.as_ref() == Some(subject) {
            return;
        }
        self.could = Some(Arc::clone(subject));
        if self.topics.contains(&Topic::Me) && !is_agent(subject, self) {
            self.leave(Topic::Me);
            self.deny("me", "not_found", ctx);
        }
        for topic in self.topics.clone() {
            match topic {
                Topic::Look(at) => {
                    self.leave(topic);
                    self.look_at(at, subject, ctx);
                }
                Topic::Thread(Thread::Conversation(id)) => self.look_at_conversation(id, Arc::clone(subject), ctx),
                Topic::Me | Topic::Thread(Thread::Visitor(..)) => {}
            }
        }
    }

    fn look_at_conversation(&self, id: ConversationId, subject: Arc<Subject>, ctx: &mut Ctx) {
        let db = self.engine.db.clone();
        let read = async move { conversations::state(&db, id).await };
        ctx.spawn(read.into_actor(self).map(move |state, socket, ctx| {
            // What cannot be read is not shown until it can be.
            let stays = state.is_ok_and(|state| state.is_some_and(|state| socket.reaches(&state, &subject).is_some()));
            let thread = Thread::Conversation(id);
            if !stays && socket.topics.contains(&Topic::Thread(thread)) {
                socket.leave(Topic::Thread(thread));
                socket.deny(&thread.topic(), "not_found", ctx);
            }
        }));
    }

    /// Whether the subject may look at a conversation, and how.
    fn reaches(&self, state: &Conversation, subject: &Subject) -> Option<Seen> {
        let place = self.engine.directory.load().place_of_campaign(state.campaign);
        if may(subject, Permission::ReadConversations, place) {
            return Some(Seen::ByPermission);
        }
        (state.involves(subject.user) && may_somewhere(subject, Permission::Answer)).then_some(Seen::ByOwner(subject.user))
    }
}

/// Why somebody may look at a conversation.
enum Seen {
    ByPermission,
    /// As long as it is theirs.
    ByOwner(AgentId),
}

/// Whoever answers customers in some campaign has an agent's session.
fn is_agent(subject: &Subject, socket: &Socket) -> bool {
    let directory = socket.engine.directory.load();
    let member = directory.memberships.get(&subject.user).is_some_and(|list| !list.is_empty());
    subject.role == Role::Agent || (member && subject.role.grants(Permission::Answer))
}
