//! Start: folds what is stored into memory, starts the actors, opens the gates.

use std::{
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use actix::{Actor, Arbiter, Recipient};
use object_store::ObjectStore;
use rustc_hash::FxHashMap;

use crate::{
    actors::{
        agent_session::{self, Loaded},
        conversation::Shared as ConversationShared,
        dashboard::{self, Dashboard, Stored},
        engine::Engine,
        floor::{self, Floor},
        gate::{self, Gate},
        intake::Intake,
        keeper::{self, Keeper, Needs},
        mail_tokens::Tokens,
        outbox::{self, Outboxes},
        publisher::{self, Listeners, Published, Publisher},
        router::{self, OfferRefused, Restarted, Router},
        shard::{Adopt, Shard},
        watch::{self, Watch},
    },
    auth::secret::Sealer,
    channels::email::{oauth::exchange::Exchange, post::net::Network},
    clock::Clock,
    directory::Directory,
    domain::{
        agent::Agent,
        conversation::QueueReason,
        mail_health::MailHealths,
        routing::{Input, ItemView, Routing},
    },
    ids::{AgentId, Ids, IncarnationId},
    store::{
        Db, Location, StoreError, config,
        conversation_lists::Listed,
        journal::{Holder, Journal, JournalThread, Opened, Options},
        pasts,
    },
};

/// Open conversations put into memory at once, so that the arbiter answers in between.
const ADOPTED_AT_ONCE: usize = 200;

/// What a start needs.
pub struct Settings {
    /// Where the database is.
    pub location: Location,
    /// This node: the id in its data directory, whose lock the caller holds.
    pub node: String,
    /// Seals secrets.
    pub sealer: Arc<Sealer>,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Arc<Ids>,
    /// Messages of customers that may be on their way.
    pub intake_capacity: usize,
    /// Appends that may wait for a commit.
    pub journal_capacity: usize,
    /// After the last tab is gone, how long until an agent counts as lost.
    pub grace: Duration,
    /// Where this server is reached, without a slash at its end: receivers of messages fetch attachments there.
    pub origin: String,
    /// Attachments' bytes: mails carry theirs.
    pub attachments: Arc<dyn ObjectStore>,
    /// The way to mail servers.
    pub net: Network,
}

/// A running engine.
pub struct Running {
    /// What the outside may use.
    pub engine: Engine,
    /// To be joined at the end.
    pub journal: JournalThread,
    /// The actors' thread.
    pub arbiter: Arbiter,
}

/// Folds the store and starts everything. The caller runs inside an actix system.
pub async fn start(settings: Settings) -> Result<Running, StoreError> {
    let Settings { location, node, sealer, clock, ids, intake_capacity, journal_capacity, grace, origin, attachments, net } =
        settings;
    let no_client = |error: reqwest::Error| StoreError::Unavailable(format!("the client for calls: {error}"));
    let client = outbox::client().map_err(no_client)?;
    let exchange = Exchange::new(&net).map_err(no_client)?;
    let db = location.open().await?;
    let publisher_gate: Arc<OnceLock<Gate<Publisher>>> = Arc::new(OnceLock::new());
    let to_publisher = Arc::clone(&publisher_gate);
    let incarnation = ids.next::<IncarnationId>().to_string();
    let (journal, thread, opened) = Journal::start(Options {
        location,
        holder: Holder { node, incarnation },
        capacity: journal_capacity,
        clock: clock.clone(),
        publish: Box::new(move |group| {
            if let Some(gate) = to_publisher.get() {
                let _ = gate.send(Published(group));
            }
        }),
    })?;
    let directory = Directory::default();
    directory.replace(config::load(&db, &sealer, clock.now()).await?);
    let stored = Stored::read(&db).await?;
    let pasts = pasts::all(&db).await?;
    let routing = load_routing(&directory, &clock, &stored, pasts, seed_of(&opened.epoch));
    let arbiter = Arbiter::new();
    let (send, started) = mpsc::channel();
    let sending = Sending { client, exchange, origin, attachments, net };
    let world = World { db, journal, directory, sealer, clock, ids, intake_capacity, grace, sending, opened, stored, routing };
    arbiter.spawn_fn(move || {
        let (engine, publisher) = world.start();
        let _ = publisher_gate.set(publisher);
        let _ = send.send(engine);
    });
    let engine = started.recv().map_err(|_| StoreError::Unavailable("the actors did not start".to_owned()))?;
    Ok(Running { engine, journal: thread, arbiter })
}

/// What chance follows from: the same for the same log.
fn seed_of(epoch: &str) -> u64 {
    epoch.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Of agents the Router is told nothing yet: they get no new offers, but open ones run until their deadline, so that who
/// comes back in time can still accept.
/// Who has signed out may still hold what is snoozed.
fn load_routing(directory: &Directory, clock: &Clock, stored: &Stored, pasts: Vec<Input>, seed: u64) -> Routing {
    let snapshot = directory.load();
    let mut routing = Routing::loading(seed);
    let mut learn = |input| routing.apply(input, clock.now(), &mut || crate::ids::OfferId::NIL, &mut Vec::new());
    for campaign in snapshot.campaigns.values() {
        let schedule = campaign.schedule.and_then(|schedule| snapshot.schedules.get(&schedule).cloned());
        let zone = snapshot.zone_of(campaign.client);
        let configure = super::campaign::Configure { campaign: Arc::clone(campaign), schedule, zone };
        learn(Input::Campaign(Box::new(super::campaign::in_force_at(&configure, clock.now()))));
    }
    learn(Input::Loads(snapshot.loads));
    for user in snapshot.users.values().filter(|user| !user.skills.is_empty()) {
        learn(Input::Skills { agent: user.id, skills: user.skills.clone() });
    }
    for user in snapshot.users.values().filter(|user| user.voice) {
        learn(Input::Voice { agent: user.id, belongs: true });
    }
    for member in snapshot.members.values().flatten() {
        learn(Input::Member(*member));
    }
    pasts.into_iter().for_each(&mut learn);
    for agent in stored.agents.iter().filter(|agent| agent.activity.is_none()) {
        learn(Input::AgentGone { agent: agent.id, reason: QueueReason::AgentSignedOut });
    }
    for listed in &stored.open {
        learn(Input::Conversation { view: ItemView::of(&listed.state), ended_offers: smallvec::SmallVec::new() });
    }
    routing
}

/// What the sessions of those at work begin with: nothing is committed between the reading and the start.
fn signed_in(stored: &Stored, head: u64) -> Vec<Loaded> {
    let mut desks: FxHashMap<AgentId, Vec<Listed>> = FxHashMap::default();
    for listed in &stored.open {
        for agent in listed.state.parties() {
            desks.entry(agent).or_default().push(listed.clone());
        }
    }
    let at_work = stored.agents.iter().filter(|agent| agent.activity.is_some());
    let mut loaded = |agent: &Agent| Loaded {
        agent: agent.clone(),
        conversations: desks.remove(&agent.id).unwrap_or_default(),
        pos: head,
        just_started: true,
    };
    at_work.map(&mut loaded).collect()
}

/// What outboxes need beside what everybody has.
struct Sending {
    client: reqwest::Client,
    exchange: Exchange,
    origin: String,
    attachments: Arc<dyn ObjectStore>,
    net: Network,
}

/// Everything that was read, about to come alive.
struct World {
    db: Db,
    journal: Journal,
    directory: Directory,
    sealer: Arc<Sealer>,
    clock: Clock,
    ids: Arc<Ids>,
    intake_capacity: usize,
    grace: Duration,
    sending: Sending,
    opened: Opened,
    stored: Stored,
    routing: Routing,
}

impl World {
    /// On the actors' own thread.
    fn start(self) -> (Engine, Gate<Publisher>) {
        let Self {
            db,
            journal,
            directory,
            sealer,
            clock,
            ids,
            intake_capacity,
            grace,
            sending: Sending { client, exchange, origin, attachments, net },
            opened,
            stored,
            routing,
        } = self;
        let Opened { epoch, head } = opened;
        let conversations = Arc::new(ConversationShared {
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            ids: Arc::clone(&ids),
            refused: OnceLock::new(),
            restarted: OnceLock::new(),
        });
        let shard_addr = Shard::new(Arc::clone(&conversations), stored.open.len()).start();
        let intake = Arc::new(Intake::new(intake_capacity));
        let shard = Gate::new("intake", shard_addr.clone(), intake_capacity);
        let commands = Gate::new("commands", shard_addr.clone(), intake_capacity);
        let router_addr = Router::new(routing, commands.clone(), directory.clone(), clock.clone(), Arc::clone(&ids)).start();
        let _ = conversations.refused.set(Recipient::<OfferRefused>::from(router_addr.clone()));
        let _ = conversations.restarted.set(Recipient::<Restarted>::from(router_addr.clone()));
        let router = Gate::new("router", router_addr, router::QUEUE);
        let dashboard = Dashboard::new(db.clone(), directory.clone(), epoch.clone(), clock.clone(), head, &stored).start();
        let dashboard = Gate::new("dashboard", dashboard, dashboard::QUEUE);
        let sessions = Arc::new(agent_session::Shared {
            journal: journal.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            router: router.clone(),
            dashboard: dashboard.clone(),
            epoch: epoch.clone(),
            grace,
        });
        let signed_in = signed_in(&stored, head);
        let floor = Gate::new("floor", Floor::new(db.clone(), sessions, signed_in).start(), floor::QUEUE);
        let watch = Gate::new(
            "watch",
            Watch::new(db.clone(), directory.clone(), clock.clone(), router.clone(), epoch.clone(), head).start(),
            watch::QUEUE,
        );
        let mail_tokens = Tokens::new(db.clone(), journal.clone(), Arc::clone(&sealer), clock.clone(), exchange);
        let outboxes = Outboxes::new(Arc::new(outbox::Shared {
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            ids: Arc::clone(&ids),
            commands: commands.clone(),
            client,
            origin,
            attachments,
            net,
            tokens: mail_tokens.clone(),
        }));
        let outboxes = Gate::new("outboxes", outboxes.start(), outbox::QUEUE);
        let keeper = Keeper::new(Needs {
            db: db.clone(),
            sealer,
            directory: directory.clone(),
            clock: clock.clone(),
            router: router.clone(),
            floor: floor.clone(),
            dashboard: dashboard.clone(),
        });
        let keeper = Gate::new("keeper", keeper.start(), keeper::QUEUE);
        let listeners = Listeners {
            router: router.clone(),
            floor: floor.clone(),
            watch: watch.clone(),
            dashboard: dashboard.clone(),
            outboxes,
            keeper: keeper.clone(),
        };
        let publisher = Gate::new("publisher", Publisher::new(db.clone(), head, listeners).start(), publisher::QUEUE);
        let mut open = stored.open.into_iter().peekable();
        while open.peek().is_some() {
            gate::answer(&shard_addr, Adopt(open.by_ref().take(ADOPTED_AT_ONCE).collect()));
        }
        let engine = Engine {
            db,
            journal,
            directory,
            clock,
            ids,
            epoch,
            mail_health: MailHealths::default(),
            mail_tokens,
            intake,
            shard,
            commands,
            router,
            floor,
            watch,
            dashboard,
            keeper,
        };
        (engine, publisher)
    }
}
