//! All agents' sessions of a routing domain.
//!
//! Owns: which agent has a session. Capacity: [`QUEUE`] messages; the publisher stands still when it is full. Starts a session
//! when the agent's first tab connects, for everybody who was signed in when the process ended, and again when one died.
//! Persisted: nothing.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, WrapFuture, fut::ActorFutureExt};
use rustc_hash::FxHashMap;

use crate::{
    actors::{
        agent_session::{self, AgentSession, Attach, Concern, Detach, Do, Loaded, Refresh, Shared},
        engine::CommandError,
        gate::{self, Gate, Gated},
        lifecycle::DeathNotice,
        publisher::Published,
    },
    ids::AgentId,
    store::{Db, StoreError, conversation_lists, journal::STREAM, write::About},
};

/// Messages that may wait.
pub const QUEUE: usize = 4096;
/// Messages that may wait for a session that is being loaded.
const WAITING: usize = 256;
/// Between attempts to load a session while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// Something for an agent's session.
pub enum ToAgent {
    /// A tab connects.
    Attach(Attach),
    /// A tab is gone.
    Detach(Detach),
    /// A request.
    Do(Do),
    /// The user's configuration changed; does not start a session.
    Refresh,
}

/// For whom, and what.
pub struct ForAgent {
    /// Who.
    pub agent: AgentId,
    /// What.
    pub message: ToAgent,
}

/// The actor.
pub struct Floor {
    db: Db,
    shared: Arc<Shared>,
    sessions: FxHashMap<AgentId, Session>,
    generation: u64,
    /// Sessions to begin with.
    signed_in: Vec<Loaded>,
}

enum Session {
    Live { gate: Gate<AgentSession>, generation: u64 },
    Loading { waiting: VecDeque<ToAgent>, missed: Vec<Concern> },
}

#[derive(Message)]
#[rtype(result = "()")]
struct Died {
    agent: AgentId,
    generation: u64,
}

impl Floor {
    /// A floor with sessions for `signed_in`.
    pub fn new(db: Db, shared: Arc<Shared>, signed_in: Vec<Loaded>) -> Self {
        Self { db, shared, sessions: FxHashMap::default(), generation: 0, signed_in }
    }

    fn deliver(&mut self, agent: AgentId, message: ToAgent, ctx: &mut Context<Self>) {
        match self.sessions.get_mut(&agent) {
            Some(Session::Live { gate, .. }) => send(gate, message),
            Some(Session::Loading { waiting, .. }) if waiting.len() < WAITING => waiting.push_back(message),
            Some(Session::Loading { .. }) => refuse(message),
            None if matches!(message, ToAgent::Refresh | ToAgent::Detach(_)) => {}
            None => self.load(agent, VecDeque::from([message]), ctx),
        }
    }

    fn load(&mut self, agent: AgentId, waiting: VecDeque<ToAgent>, ctx: &mut Context<Self>) {
        self.sessions.insert(agent, Session::Loading { waiting, missed: Vec::new() });
        let db = self.db.clone();
        let read = async move { read(&db, agent).await };
        ctx.spawn(read.into_actor(self).map(move |loaded, actor, ctx| actor.loaded(agent, loaded, ctx)));
    }

    fn loaded(&mut self, agent: AgentId, loaded: Result<Loaded, StoreError>, ctx: &mut Context<Self>) {
        let Some(Session::Loading { waiting, missed }) = self.sessions.remove(&agent) else { return };
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(%error, %agent, "cannot load an agent's session; trying again");
                self.sessions.insert(agent, Session::Loading { waiting, missed });
                ctx.run_later(AGAIN, move |actor, ctx| {
                    if let Some(Session::Loading { waiting, .. }) = actor.sessions.remove(&agent) {
                        actor.load(agent, waiting, ctx);
                    }
                });
                return;
            }
        };
        self.open(loaded, waiting, missed, ctx);
    }

    fn open(&mut self, loaded: Loaded, waiting: VecDeque<ToAgent>, missed: Vec<Concern>, ctx: &mut Context<Self>) {
        let agent = loaded.agent.id;
        self.generation += 1;
        let (parent, generation) = (ctx.address(), self.generation);
        let notice = DeathNotice::new("agent_session", move || gate::answer(&parent, Died { agent, generation }));
        let session = AgentSession::new(loaded, Arc::clone(&self.shared), notice);
        let gate = Gate::new("agent_session", session.start(), agent_session::QUEUE);
        for concern in missed {
            let _ = gate.send(concern);
        }
        for message in waiting {
            send(&gate, message);
        }
        self.sessions.insert(agent, Session::Live { gate, generation });
    }

    /// A session that has no room is given up: it is rebuilt from the store and its tabs start over.
    fn concern(&mut self, agent: AgentId, concern: Concern, ctx: &mut Context<Self>) {
        match self.sessions.get_mut(&agent) {
            Some(Session::Live { gate, .. }) => {
                if gate.send(concern).is_ok() {
                    return;
                }
                tracing::warn!(%agent, "an agent's session cannot keep up; rebuilding it");
                self.sessions.remove(&agent);
                self.load(agent, VecDeque::new(), ctx);
            }
            Some(Session::Loading { missed, .. }) => missed.push(concern),
            None => {}
        }
    }
}

fn send(gate: &Gate<AgentSession>, message: ToAgent) {
    let refused = match message {
        ToAgent::Attach(attach) => gate.send(attach).err().map(|back| ToAgent::Attach(back.0)),
        ToAgent::Detach(detach) => gate.send(detach).err().map(|back| ToAgent::Detach(back.0)),
        ToAgent::Do(request) => gate.send(request).err().map(|back| ToAgent::Do(back.0)),
        ToAgent::Refresh => gate.send(Refresh).err().map(|_| ToAgent::Refresh),
    };
    if let Some(message) = refused {
        refuse(message);
    }
}

/// A tab that finds no room is closed: it connects again.
fn refuse(message: ToAgent) {
    match message {
        ToAgent::Attach(attach) => attach.sink.close(),
        ToAgent::Do(Do { reply: Some(reply), .. }) => {
            let _ = reply.send(Err(CommandError::Busy));
        }
        ToAgent::Do(_) | ToAgent::Detach(_) | ToAgent::Refresh => {}
    }
}

/// States and position belong together: what is committed later is folded into them, what is older is not told twice.
async fn read(db: &Db, id: AgentId) -> Result<Loaded, StoreError> {
    let (pos, agent, conversations) = conversation_lists::desk_of_agent(db, STREAM, id).await?;
    Ok(Loaded { agent, conversations, pos, just_started: false })
}

impl Actor for Floor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for loaded in std::mem::take(&mut self.signed_in) {
            self.open(loaded, VecDeque::new(), Vec::new(), ctx);
        }
    }
}

impl Handler<Gated<Published>> for Floor {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        for append in group.iter() {
            match &append.about {
                About::Conversation(change) => {
                    let agents = change.concerned.clone().unwrap_or_else(|| self.sessions.keys().copied().collect());
                    for agent in agents {
                        self.concern(agent, Concern(Arc::clone(append)), ctx);
                    }
                }
                About::Agent(agent) => self.concern(agent.id, Concern(Arc::clone(append)), ctx),
                About::Config(_) => {}
            }
        }
    }
}

impl Handler<Gated<ForAgent>> for Floor {
    type Result = ();

    fn handle(&mut self, Gated { message: ForAgent { agent, message }, .. }: Gated<ForAgent>, ctx: &mut Self::Context) {
        self.deliver(agent, message, ctx);
    }
}

impl Handler<Died> for Floor {
    type Result = ();

    fn handle(&mut self, Died { agent, generation }: Died, ctx: &mut Self::Context) {
        let died = matches!(self.sessions.get(&agent), Some(Session::Live { generation: current, .. }) if *current == generation);
        if died {
            self.sessions.remove(&agent);
            self.load(agent, VecDeque::new(), ctx);
        }
    }
}
