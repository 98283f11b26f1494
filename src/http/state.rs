//! What every handler shares.

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::HttpRequest;
use object_store::ObjectStore;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;

use crate::{
    actors::engine::Engine,
    auth::{
        password::Passwords,
        secret::{Sealer, SecretText},
        session::SessionCache,
        throttle::Throttle,
        visitor::VisitorTokens,
    },
    channels::email::post::net::Network,
    clock::{Clock, Timestamp},
    config::Config,
    demo::Demo,
    http::{
        admin::mail::attempt::Attempts,
        problem::Problem,
        staff::{mail::Mails, simulations::Turns},
        webhooks::HookCounters,
    },
    ids::ChannelId,
    live::SocketLimit,
    store::recordings::Recordings,
};

/// Password hashes computed at once: each takes tens of milliseconds of a core, and they share their memory.
const HASHES_AT_ONCE: usize = 1;
/// Those that may wait for their turn; more are refused.
const HASHES_WAITING: usize = 32;
/// How long one waits for its turn.
const HASH_WAIT: Duration = Duration::from_secs(3);

/// Everything the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// See [`App`].
pub struct Shared {
    /// The front door to the actors, with the store and the configuration in force.
    pub engine: Engine,
    /// How the server runs.
    pub config: Config,
    /// Seals channel secrets.
    pub sealer: Arc<Sealer>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Who a cookie or token stands for.
    pub sessions: Arc<SessionCache>,
    /// Sign-in budgets.
    pub throttle: Throttle,
    /// Attachments' bytes.
    pub attachments: Arc<dyn ObjectStore>,
    /// Finds conversations again.
    pub recordings: Recordings,
    /// Tokens of web chat visitors.
    pub visitors: VisitorTokens,
    /// WebSockets open, by address.
    pub sockets: SocketLimit,
    /// Of these, visitors'.
    pub visitor_sockets: SocketLimit,
    /// Talks to mail servers in somebody's name.
    pub mail: Arc<Attempts>,
    /// There when this server shows a demo.
    pub demo: Option<Arc<Demo>>,
    /// Says whether start-up is complete; beside it the journal must be ready.
    pub ready: Box<dyn Fn() -> bool + Send + Sync>,
    /// Who has a day simulated.
    pub(super) simulations: Arc<Turns>,
    /// What showing mails needs.
    pub(super) mails: Mails,
    hashing: Semaphore,
    hashes: Semaphore,
    /// Counters of webhook calls, by channel.
    pub(super) hooks: RwLock<FxHashMap<ChannelId, Arc<HookCounters>>>,
    /// `Origin` of pages that may change something; none = compare with `Host`.
    pub(super) origin: Option<String>,
}

/// What an [`App`] is made of.
pub struct Needs {
    /// The front door to the actors.
    pub engine: Engine,
    /// How the server runs.
    pub config: Config,
    /// Seals channel secrets.
    pub sealer: Arc<Sealer>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Who a cookie or token stands for; shared with whoever ends sessions.
    pub sessions: Arc<SessionCache>,
    /// Attachments' bytes.
    pub attachments: Arc<dyn ObjectStore>,
    /// Finds conversations again.
    pub recordings: Recordings,
    /// Signs and reads visitors' tokens.
    pub visitors: VisitorTokens,
    /// WebSockets open, by address.
    pub sockets: SocketLimit,
    /// Of these, visitors'.
    pub visitor_sockets: SocketLimit,
    /// How mail servers are reached.
    pub network: Network,
    /// There when this server shows a demo.
    pub demo: Option<Arc<Demo>>,
    /// Says whether start-up is complete.
    pub ready: Box<dyn Fn() -> bool + Send + Sync>,
}

impl App {
    /// With fresh budgets.
    pub fn new(needs: Needs) -> Self {
        let Needs {
            engine,
            config,
            sealer,
            passwords,
            sessions,
            attachments,
            recordings,
            visitors,
            sockets,
            visitor_sockets,
            network,
            demo,
            ready,
        } = needs;
        Self(Arc::new(Shared {
            throttle: Throttle::new(engine.clock.clone()),
            origin: config.public_url.as_ref().map(|url| url.origin()),
            engine,
            config,
            sealer,
            passwords,
            sessions,
            attachments,
            recordings,
            visitors,
            sockets,
            visitor_sockets,
            mail: Arc::new(Attempts::new(network)),
            demo,
            ready,
            simulations: Arc::default(),
            mails: Mails::default(),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            hashes: Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING),
            hooks: RwLock::default(),
        }))
    }

    /// The same with another configuration.
    #[cfg(test)]
    pub(super) fn with_config(&self, config: Config) -> Self {
        let shared = &**self;
        Self::new(Needs {
            engine: shared.engine.clone(),
            config,
            sealer: Arc::clone(&shared.sealer),
            passwords: shared.passwords.clone(),
            sessions: Arc::clone(&shared.sessions),
            attachments: Arc::clone(&shared.attachments),
            recordings: shared.recordings.clone(),
            visitors: shared.visitors.clone(),
            sockets: shared.sockets.clone(),
            visitor_sockets: shared.visitor_sockets.clone(),
            network: shared.mail.network.clone(),
            demo: shared.demo.clone(),
            ready: Box::new(|| true),
        })
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.engine.clock
    }

    /// The current moment.
    pub fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Does the slow work of a password on another thread, two at once.
    ///
    /// # Errors
    /// 429 when too many wait already or the turn does not come in time.
    pub async fn hash<T: Send + 'static>(
        &self,
        password: SecretText,
        work: impl FnOnce(&Passwords, &SecretText) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = || Problem::later(crate::error::ErrorCode::Busy, 2);
        let _place = self.hashes.try_acquire().map_err(|_| busy())?;
        let turn = tokio::time::timeout(HASH_WAIT, self.hashing.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let passwords = self.passwords.clone();
        actix_web::web::block(move || work(&passwords, &password)).await.map_err(|_| busy())
    }

    /// The address of the client: that of the peer, or, behind a trusted proxy, the last address in `X-Forwarded-For` that
    /// no trusted proxy has (security.md, 45).
    pub fn peer(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        let trusted = &self.config.trusted_proxies;
        if !trusted.contains(peer) {
            return peer.to_canonical();
        }
        let mut nearest = peer;
        let lines = request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok());
        let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
        for hop in hops.iter().rev() {
            // Who cannot be parsed was written by somebody whose word does not count.
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            nearest = address;
            if !trusted.contains(address) {
                break;
            }
        }
        nearest.to_canonical()
    }
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
