//! An agent at a screen: the frames that a tab gets, and what a client makes of them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytestring::ByteString;
use parking_lot::Mutex;

use super::PATIENCE;
use crate::{
    actors::{agent_session::SinkId, sink::Sink},
    clock::Clock,
    ids::{AgentId, ConversationId, OfferId},
    wire::{
        conversation::{Standing, Summary},
        live::{Activity, Frame, Gone, Presence, Push, WhyGone},
    },
};

/// Takes frames in the place of a socket.
pub(crate) struct Recorder {
    frames: Mutex<Vec<ByteString>>,
    open: AtomicBool,
    /// Frames that still fit.
    room: AtomicUsize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { frames: Mutex::default(), open: AtomicBool::new(true), room: AtomicUsize::new(usize::MAX) }
    }
}

impl Recorder {
    /// Takes this many frames more.
    pub(crate) fn set_room(&self, room: usize) {
        self.room.store(room, Ordering::SeqCst);
    }

    /// All frames so far.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.frames.lock().iter().map(|bytes| serde_json::from_str(bytes).unwrap()).collect()
    }
}

impl Sink for Recorder {
    fn push(&self, frame: ByteString) -> bool {
        let fits = self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(1)).is_ok();
        if fits {
            self.frames.lock().push(frame);
        }
        fits
    }

    fn has_room(&self) -> bool {
        self.room.load(Ordering::SeqCst) > 0
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
    }
}

/// One tab of an agent.
pub(crate) struct Tab {
    pub(crate) agent: AgentId,
    pub(crate) id: SinkId,
    pub(crate) sink: Arc<Recorder>,
    read: AtomicUsize,
}

impl Tab {
    pub(super) fn new(agent: AgentId, id: SinkId, sink: Arc<Recorder>) -> Self {
        Self { agent, id, sink, read: AtomicUsize::new(0) }
    }

    /// Reads on until a frame says this.
    pub(crate) async fn until<T>(&self, what: &str, mut says: impl FnMut(&Frame) -> Option<T>) -> T {
        let clock = Clock::system();
        loop {
            let at = self.read.load(Ordering::SeqCst);
            match self.sink.frames().get(at) {
                Some(frame) => {
                    self.read.store(at + 1, Ordering::SeqCst);
                    if let Some(found) = says(frame) {
                        return found;
                    }
                }
                None if clock.elapsed() > PATIENCE => panic!("waited too long: {what}; got {:#?}", self.sink.frames()),
                None => tokio::time::sleep(Duration::from_millis(3)).await,
            }
        }
    }

    /// Waits until the tab knows that its agent is signed in and takes offers.
    pub(crate) async fn ready(&self) {
        self.does(Activity::Available).await;
    }

    /// What the tab shows now.
    pub(crate) fn shows(&self) -> Desk {
        Desk::at(&self.sink.frames(), u64::MAX)
    }

    /// Waits until the tab shows this.
    async fn until_it_shows<T>(&self, what: &str, shows: impl Fn(&Desk) -> Option<T>) -> T {
        let clock = Clock::system();
        loop {
            if let Some(found) = shows(&self.shows()) {
                return found;
            }
            assert!(clock.elapsed() < PATIENCE, "waited too long: {what}; got {:#?}", self.sink.frames());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Waits until a conversation is offered here, to this agent.
    pub(crate) async fn offer(&self, id: ConversationId) -> OfferId {
        let mine = |standing: &Standing| match *standing {
            Standing::Offered { offer, agent, .. } | Standing::Transferring { offer, agent, .. } => {
                (agent == self.agent).then_some(offer)
            }
            _ => None,
        };
        self.until_it_shows("an offer", |desk| desk.conversations.get(&id).and_then(|found| mine(&found.standing))).await
    }

    /// Waits until the conversation is this agent's.
    pub(crate) async fn active(&self, id: ConversationId) {
        let mine = Standing::Active { agent: self.agent };
        self.until_it_shows("active", |desk| desk.conversations.get(&id).filter(|found| found.standing == mine).map(|_| ()))
            .await;
    }

    /// Waits until the agent does this.
    pub(crate) async fn does(&self, activity: Activity) {
        let is = |presence: &&Presence| presence.activity == activity;
        self.until_it_shows("an activity", |desk| desk.presence.as_ref().filter(is).map(|_| ())).await;
    }

    /// Reads on until a conversation left this agent's inbox; gives back who has it.
    pub(crate) async fn gone(&self, id: ConversationId) -> Option<AgentId> {
        self.left(id).await.owner
    }

    /// Reads on until a conversation left this agent's inbox; gives back why, if it went by itself.
    pub(crate) async fn gone_why(&self, id: ConversationId) -> Option<WhyGone> {
        self.left(id).await.why
    }

    async fn left(&self, id: ConversationId) -> Gone {
        self.until("gone", |frame| match &frame.push {
            Push::Gone(gone) if gone.conversation == id => Some(gone.clone()),
            _ => None,
        })
        .await
    }
}

/// What a client knows after folding the frames of topic `me`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Desk {
    pub(crate) presence: Option<Presence>,
    pub(crate) conversations: BTreeMap<ConversationId, Summary>,
}

impl Desk {
    /// Folds frames up to a position, and checks on the way that nothing steps back.
    pub(crate) fn at(frames: &[Frame], pos: u64) -> Self {
        let (mut desk, mut last) = (Self::default(), 0);
        for frame in frames.iter().filter(|frame| frame.pos <= pos) {
            assert!(frame.pos >= last, "position {} after {last}", frame.pos);
            last = frame.pos;
            desk.fold(&frame.push);
        }
        desk
    }

    fn fold(&mut self, push: &Push) {
        match push {
            Push::Me(me) => {
                self.presence.clone_from(&me.presence);
                self.conversations = me.conversations.iter().map(|one| (one.id, one.clone())).collect();
            }
            Push::Conversation(delta) => {
                let seq = delta.conversation.seq;
                let before = self.conversations.insert(delta.conversation.id, delta.conversation.clone());
                assert!(before.is_none_or(|before| before.seq <= seq), "a conversation steps back");
            }
            Push::Gone(gone) => {
                self.conversations.remove(&gone.conversation);
            }
            Push::Presence(presence) => self.presence = Some(presence.clone()),
            _ => {}
        }
    }
}
