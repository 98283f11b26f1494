//! The engine, running.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::Arbiter;
use object_store::{ObjectStore, memory::InMemory};

use super::{ANA, CHANNEL, CLIENT, EVA, LUIS, LUNCH, Recorder, SALES, SOL, SOLVED, SUPPORT, Tab, eventually, network};
use crate::{
    actors::{
        agent_session::Attach,
        dashboard::{Look, Viewer},
        engine::{CommandError, Engine, Inbound, Received, Threading},
        sink::Sink,
        start::{Running, Settings, start},
    },
    args,
    auth::secret::{Sealer, SecretText},
    channels::standard_webhooks::SigningSecret,
    clock::Clock,
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::{Command, Conversation, Event, Phase},
        log::{By, Entity, Fact},
        message::Content,
        permission::{Role, Scope, Subject},
        schedule::Schedule,
    },
    ids::{AgentId, ConversationId, Ids, MessageId, OfferId},
    store::{
        config::CampaignConfig,
        config_writes, conversations,
        inbox::Claim,
        journal::{JournalThread, STREAM},
        log,
        testing::Scratch,
        write::Statement,
    },
    wire::conversation::Done,
};

const SECRET: &str = "secret-1";

/// How a house is set up.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) kind: ChannelKind,
    pub(crate) sales: CampaignConfig,
    pub(crate) support: CampaignConfig,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) endpoint: Option<String>,
    pub(crate) capacity: u32,
    pub(crate) grace: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            kind: ChannelKind::Webchat,
            sales: CampaignConfig::default(),
            support: CampaignConfig::default(),
            schedule: None,
            endpoint: None,
            capacity: 100,
            grace: Duration::from_secs(60),
        }
    }
}

/// The engine, running.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) secret: SigningSecret,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) files: Arc<InMemory>,
    scratch: Option<Scratch>,
    grace: Duration,
    threads: Option<(Arbiter, JournalThread)>,
    next: AtomicU64,
}

/// A test that is over leaves no engine behind.
impl Drop for House {
    fn drop(&mut self) {
        if let Some((arbiter, _)) = self.threads.take() {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}

impl House {
    /// A house furnished as planned.
    pub(crate) async fn open(scratch: Scratch, plan: Plan) -> Self {
        let sealer = Arc::new(Sealer::new(1, &SecretText::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")).unwrap());
        let house = Self::run(scratch, sealer, plan.grace, Arc::default()).await;
        house.furnish(&plan).await;
        house
    }

    async fn run(scratch: Scratch, sealer: Arc<Sealer>, grace: Duration, files: Arc<InMemory>) -> Self {
        let clock = Clock::system();
        let settings = Settings {
            location: scratch.location.clone(),
            node: "node".to_owned(),
            sealer: Arc::clone(&sealer),
            clock: clock.clone(),
            ids: Arc::new(Ids::from_entropy(clock)),
            intake_capacity: 1024,
            journal_capacity: 4096,
            grace,
            origin: "http://house.test".to_owned(),
            attachments: Arc::clone(&files) as Arc<dyn ObjectStore>,
            net: network(),
        };
        let Running { engine, journal, arbiter } = start(settings).await.unwrap();
        let secret = SigningSecret::from_key(&[7; 32]).unwrap();
        let threads = Some((arbiter, journal));
        Self { engine, secret, sealer, files, scratch: Some(scratch), grace, threads, next: AtomicU64::new(0) }
    }

    /// Ends every actor where it stands and the journal after what it accepted; the database stays.
    pub(crate) fn stop(mut self) -> Stopped {
        let (arbiter, journal) = self.threads.take().unwrap();
        arbiter.stop();
        arbiter.join().unwrap();
        let (sealer, files) = (Arc::clone(&self.sealer), Arc::clone(&self.files));
        let stopped = Stopped { scratch: self.scratch.take().unwrap(), sealer, files, grace: self.grace };
        drop(self);
        journal.join();
        stopped
    }

    async fn furnish(&self, plan: &Plan) {
        let zero = crate::clock::Timestamp::from_micros(0);
        let text = |id: u128| uuid::Uuid::from_u128(id).to_string();
        let mut rows = vec![Statement::new(
            "INSERT INTO clients (id, name, zone, enabled, created_at) VALUES ($1, 'Client', 'UTC', 1, $2)",
            args![text(1), zero],
        )];
        if let Some(schedule) = &plan.schedule {
            rows.push(Statement::new(
                "INSERT INTO schedules (id, client_id, name, config, created_at) VALUES ($1, $2, 'Hours', $3, $4)",
                args![schedule.id.to_string(), text(1), json(schedule), zero],
            ));
        }
        for (id, config) in [(SALES, &plan.sales), (SUPPORT, &plan.support)] {
            rows.push(Statement::new(
                "INSERT INTO campaigns (id, client_id, name, enabled, config, created_at) VALUES ($1, $2, 'Campaign', 1, $3, $4)",
                args![id.to_string(), text(1), json(config), zero],
            ));
        }
        rows.push(Statement::new(
            "INSERT INTO channels (id, client_id, campaign_id, kind, name, enabled, endpoint, created_at) \
             VALUES ($1, $2, $3, $4, 'Channel', 1, $5, $6)",
            args![CHANNEL.to_string(), text(1), SALES.to_string(), plan.kind.as_str(), plan.endpoint.clone(), zero],
        ));
        rows.push(self.secret_row(SECRET, &self.secret));
        rows.push(Statement::new(
            "INSERT INTO breaks (id, name, enabled, created_at) VALUES ($1, 'Lunch', 1, $2)",
            args![LUNCH.to_string(), zero],
        ));
        rows.push(Statement::new(
            "INSERT INTO dispositions (id, client_id, parent_id, name, enabled, created_at) VALUES ($1, $2, NULL, 'Solved', 1, $3)",
            args![SOLVED.to_string(), text(1), zero],
        ));
        rows.extend(config_writes::system_dispositions(CLIENT, &self.engine.ids, zero));
        for (user, role) in [(ANA, "agent"), (LUIS, "agent"), (EVA, "agent"), (SOL, "supervisor")] {
            rows.push(Statement::new(
                "INSERT INTO users (id, login, name, role, scopes, capacity, enabled, password, created_at) \
                 VALUES ($1, $1, 'User', $2, '[{\"kind\":\"all\"}]', $3, 1, '', $4)",
                args![user.to_string(), role, u64::from(plan.capacity), zero],
            ));
        }
        for (campaign, agent) in [(SALES, ANA), (SALES, LUIS), (SUPPORT, EVA)] {
            rows.push(Statement::new(
                "INSERT INTO members (campaign_id, user_id, penalty) VALUES ($1, $2, 0)",
                args![campaign.to_string(), agent.to_string()],
            ));
        }
        self.engine.configure(rows, Entity::Campaign, SALES.to_string(), By::System, None).await.unwrap();
    }

    /// The row of a signing secret of the channel.
    pub(crate) fn secret_row(&self, id: &str, secret: &SigningSecret) -> Statement {
        let sealed = self.sealer.seal(id, &SecretText::new(secret.reveal())).unwrap();
        Statement::new(
            "INSERT INTO channel_secrets (id, channel_id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, NULL)",
            args![id, CHANNEL.to_string(), sealed, self.engine.clock.now()],
        )
    }

    /// The channel's address, changed.
    pub(crate) fn endpoint_row(&self, endpoint: &str) -> Statement {
        Statement::must("UPDATE channels SET endpoint = $2 WHERE id = $1", args![CHANNEL.to_string(), endpoint])
    }

    /// Changes the channel's address.
    pub(crate) async fn set_endpoint(&self, endpoint: &str) {
        let row = self.endpoint_row(endpoint);
        self.engine.configure(vec![row], Entity::Channel, CHANNEL.to_string(), By::System, None).await.unwrap();
    }

    /// A number never used before in this house.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A message as a channel hands it over.
    pub(crate) fn inbound(&self, from: &str, provider_id: &str, text: &str) -> Inbound {
        let kind = self.engine.directory.load().channels[&CHANNEL].kind;
        Inbound {
            channel: CHANNEL,
            kind,
            client: CLIENT,
            campaign: SALES,
            claim: Claim::new(CHANNEL, provider_id.to_owned(), self.engine.clock.now()),
            from: Address::new(AddressKind::of(kind), from).unwrap(),
            name: from.to_owned(),
            text: text.into(),
            attachments: Vec::new(),
            thread: Threading::Contact,
            mail: None,
        }
    }

    /// A customer writes; gives back the conversation.
    pub(crate) async fn says(&self, from: &str, text: &str) -> ConversationId {
        let id = format!("{}-{}", self.engine.clock.now().micros(), self.number());
        match self.engine.receive(self.engine.room().await.unwrap(), self.inbound(from, &id, text)).await.unwrap() {
            Received::Stored { conversation, .. } => conversation,
            other => panic!("{other:?}"),
        }
    }

    /// An agent answers.
    pub(crate) async fn replies(&self, agent: AgentId, conversation: ConversationId, text: &str) -> MessageId {
        let message = self.engine.ids.next();
        let content = Content::plain(text);
        self.command(agent, conversation, Command::Reply { message, agent, content }).await.unwrap();
        message
    }

    /// An agent does something with a conversation.
    pub(crate) async fn command(&self, agent: AgentId, of: ConversationId, command: Command) -> Result<Done, CommandError> {
        self.engine.command(of, command, By::User(agent), None).await
    }

    /// Somebody does something about an agent's shift.
    pub(crate) async fn agent(&self, agent: AgentId, command: AgentCommand) -> Result<Agent, CommandError> {
        self.engine.agent(agent, command, By::User(agent), None).await
    }

    /// An agent opens a tab.
    pub(crate) fn tab(&self, agent: AgentId) -> Tab {
        self.resume(agent, None)
    }

    /// A tab connects again, with the position of its last frame.
    pub(crate) fn resume(&self, agent: AgentId, pos: Option<u64>) -> Tab {
        let (id, sink) = (self.number(), Arc::new(Recorder::default()));
        let resume = pos.map(|pos| (self.engine.epoch.clone(), pos));
        let attach = Attach { id, sink: Arc::clone(&sink) as Arc<dyn Sink>, resume };
        assert!(self.engine.attach(agent, attach));
        Tab::new(agent, id, sink)
    }

    /// A tab is closed.
    pub(crate) fn close(&self, tab: &Tab) {
        tab.sink.close();
        self.engine.detach(tab.agent, tab.id);
    }
}

/// A house whose process ended.
pub(crate) struct Stopped {
    scratch: Scratch,
    sealer: Arc<Sealer>,
    files: Arc<InMemory>,
    grace: Duration,
}

impl Stopped {
    /// Starts it again over the same database.
    pub(crate) async fn again(self) -> House {
        House::run(self.scratch, self.sealer, self.grace, self.files).await
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

impl House {
    /// A tab of an agent who takes offers.
    pub(crate) async fn at_work(&self, agent: AgentId) -> Tab {
        let tab = self.tab(agent);
        tab.ready().await;
        tab
    }

    /// An agent takes what is offered.
    pub(crate) async fn accept(&self, tab: &Tab, id: ConversationId) -> OfferId {
        let offer = tab.offer(id).await;
        self.command(tab.agent, id, Command::Accept { offer, agent: tab.agent }).await.unwrap();
        tab.active(id).await;
        offer
    }

    /// A customer writes and the agent takes it.
    pub(crate) async fn talk(&self, tab: &Tab, from: &str) -> ConversationId {
        let id = self.says(from, "Hola").await;
        self.accept(tab, id).await;
        id
    }

    /// A supervisor looks at the board.
    pub(crate) fn look_at_board(&self) -> Arc<Recorder> {
        self.look(Subject { user: SOL, role: Role::Supervisor, scopes: vec![Scope::All] }, Look::Board)
    }

    /// An agent looks at what waits.
    pub(crate) fn look_at_queue(&self, agent: AgentId) -> Arc<Recorder> {
        self.look(self.engine.directory.load().subject(agent).unwrap(), Look::Queue)
    }

    fn look(&self, subject: Subject, at: Look) -> Arc<Recorder> {
        let sink = Arc::new(Recorder::default());
        let viewer = Viewer { id: self.number(), sink: Arc::clone(&sink) as Arc<dyn Sink>, subject, at };
        assert!(self.engine.look(viewer));
        sink
    }

    /// From now on the publisher learns of commits only by looking at the log.
    pub(crate) fn lose_hints(&self) {
        let (arbiter, _) = self.threads.as_ref().unwrap();
        assert!(arbiter.spawn_fn(|| super::LOSES_HINTS.set(true)));
    }

    /// How a conversation is stored.
    pub(crate) async fn stored(&self, id: ConversationId) -> Conversation {
        conversations::state(&self.engine.db, id).await.unwrap().unwrap()
    }

    /// Waits until a conversation is stored as wanted.
    pub(crate) async fn until_stored(&self, id: ConversationId, what: &str, is: impl Fn(&Phase) -> bool) -> Conversation {
        eventually(what, async || Some(self.stored(id).await).filter(|state| is(&state.phase))).await
    }

    /// Every fact of a conversation, in order.
    pub(crate) async fn facts(&self, of: ConversationId) -> Vec<Event> {
        let entries = log::after(&self.engine.db, STREAM, 0, 100_000).await.unwrap();
        let facts = entries.into_iter().filter_map(|entry| match entry.fact {
            Fact::Conversation { id, event, .. } if id == of => Some(event),
            _ => None,
        });
        facts.collect()
    }
}
