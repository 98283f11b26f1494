//! `centralita serve`.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix::{Actor, Arbiter};
use actix_web::{App as ActixApp, HttpServer, rt, web};
use object_store::{ObjectStore, local::LocalFileSystem};
use socket2::{Domain, Socket, Type};

use super::{Failure, Instance, notify::notify};
use crate::{
    actors::{
        mailbox::{self, Mailboxes},
        start::{Running, Settings, start},
    },
    auth::{
        password::{Cost, Passwords},
        session::SessionCache,
        visitor::VisitorTokens,
    },
    config::Config,
    demo::{
        Demo,
        folder::{Folder, Found},
        simulator::Simulator,
    },
    domain::log::By,
    http::{
        self,
        state::{App, Needs},
    },
    live::{Connection, SocketLimit},
    store::{
        drafts, idempotency,
        journal::{Health, Journal, STREAM},
        people,
        recordings::{Recordings, follow::Follower},
        snapshots,
    },
    telemetry,
};

/// Connections the kernel may hold back while all workers are busy.
const BACKLOG: i32 = 4096;
/// Bytes the kernel may hold for one connection, its own bookkeeping not counted: enough for a file over a slow line.
const SEND_BUFFER: usize = 128 * 1024;
/// Bytes of one connection that wait in this process for the kernel to take them.
const WRITE_BUFFER: usize = 4 * 1024;
/// After the signal to stop: sockets are ended, requests in flight get so long.
const GOODBYE_SECONDS: u64 = 2;
/// How long statements may go on after that.
const READERS_END_WITHIN: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A client that sends its head more slowly is cut off (security.md, 50).
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const UPKEEP: Duration = Duration::from_secs(5);
/// Rounds of upkeep between two looks whether a snapshot is due.
const SNAPSHOT_EVERY: u32 = 6;
/// Rounds of upkeep between two sweeps of what has run out.
const SWEEP_EVERY: u32 = 120;

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(config: Config) -> Result<(), Failure> {
    config.check().map_err(|error| Failure(error.to_string()))?;
    let folder = Folder::new(&config.data_dir);
    if matches!(folder.look(), Ok(Found::Demo(_) | Found::Half)) {
        let directory = config.data_dir.display();
        return Err(Failure(format!("{directory} holds a demo: start it with `centralita demo`, or choose another data_dir")));
    }
    open(&Instance::open(config)?, None).await
}

/// Serves what this process holds, with a demo's simulator if it is one.
pub(super) async fn open(instance: &Instance, demo: Option<Arc<Demo>>) -> Result<(), Failure> {
    telemetry::log_to_stderr(&instance.config, instance.clock.clone()).map_err(|error| Failure::new("logging", error))?;
    telemetry::install_metrics().map_err(|error| Failure::new("metrics", error))?;
    let sealer = Arc::new(instance.sealer()?);
    let visitors = VisitorTokens::new(instance.key()?.expose());
    let limits = &instance.config.limits;
    let files: Arc<dyn ObjectStore> = Arc::new(attachments(&instance.config)?);
    let network = instance.config.mail.network(instance.clock.clone()).map_err(|error| Failure::new("mail", error))?;
    let running = start(Settings {
        location: instance.location.clone(),
        node: instance.node.clone(),
        sealer: Arc::clone(&sealer),
        clock: instance.clock.clone(),
        ids: Arc::clone(&instance.ids),
        intake_capacity: usize::try_from(limits.intake_capacity).unwrap_or(usize::MAX),
        journal_capacity: usize::try_from(limits.journal_capacity).unwrap_or(usize::MAX),
        grace: Duration::from_secs(instance.config.grace_seconds),
        origin: instance.config.origin(),
        attachments: Arc::clone(&files),
        net: network.clone(),
    })
    .await
    .map_err(|error| Failure::new("the database", error))?;
    let Running { engine, journal, arbiter } = running;
    let recordings = Recordings::new(&instance.location, &engine.db);
    let network = instance.config.mail.network(instance.clock.clone()).map_err(|error| Failure::new("mail", error))?;
    let sockets = |limit: u64| SocketLimit::new(usize::try_from(limit).unwrap_or(usize::MAX));
    let visitor_sockets = sockets(limits.visitor_socket_limit_per_address);
    let sockets = sockets(limits.socket_limit_per_address);
    let app = App::new(Needs {
        engine: engine.clone(),
        config: instance.config.clone(),
        sealer,
        passwords: Passwords::new(Cost::OWASP).map_err(|error| Failure::new("passwords", error))?,
        sessions: Arc::new(SessionCache::default()),
        attachments: Arc::clone(&files),
        recordings: recordings.clone(),
        visitors,
        sockets,
        visitor_sockets,
        network: network.clone(),
        demo: demo.clone(),
        ready: Box::new(|| true),
    });
    let listen = instance.config.listen;
    let cannot_listen = |error| Failure::new(&format!("cannot listen on {listen}"), error);
    let shared = app.clone();
    let server = HttpServer::new(move || ActixApp::new().app_data(web::Data::new(shared.clone())).configure(http::configure))
        .workers(instance.config.workers)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(GOODBYE_SECONDS)
        .tcp_nodelay(true)
        .h1_write_buffer_size(WRITE_BUFFER)
        .on_connect(|connection, data| {
            if let Some(stream) = connection.downcast_ref::<rt::net::TcpStream>()
                && let Some(handle) = Connection::of(stream)
            {
                data.insert(handle);
            }
        })
        .listen(listener(listen).map_err(cannot_listen)?)
        .map_err(cannot_listen)?
        .run();
    tracing::info!(%listen, version = env!("CARGO_PKG_VERSION"), "ready");
    rt::spawn(tell_when_ready(engine.journal.clone()));
    rt::spawn(upkeep(app.clone()));
    let follower = Follower::start(recordings.clone(), &instance.location, engine.journal.clone(), engine.clock.clone())
        .map_err(|error| Failure::new("the search index", error))?;
    let mail = Arbiter::new();
    let shared = mailbox::Shared::new(engine.clone(), files, network, instance.node.clone());
    mail.spawn_fn(move || drop(Mailboxes::new(Arc::new(shared)).start()));
    rt::spawn(stop_when_fenced(engine.journal.clone(), server.handle()));
    let simulator = demo.map(|demo| {
        rt::spawn(erase_when_asked(Arc::clone(&demo), server.handle()));
        Simulator::start(demo, &engine, listen)
    });
    let served = server.await;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    notify("STOPPING=1");
    served.map_err(|error| Failure::new("the server", error))?;
    if rt::time::timeout(READERS_END_WITHIN, follower.stop()).await.is_err() {
        tracing::warn!("the search index is still being written; ending without it");
    }
    recordings.close().await;
    // A reader that an actor still holds can only be given back while its thread lives.
    if rt::time::timeout(READERS_END_WITHIN, engine.db.close()).await.is_err() {
        tracing::warn!("statements are still running; ending without them");
    }
    mail.stop();
    let _ = mail.join();
    arbiter.stop();
    drop((app, engine));
    let _ = arbiter.join();
    journal.join();
    tracing::info!("stopped");
    Ok(())
}

/// Bounded, because the kernel would keep megabytes for a client that does not read (R11); what is accepted inherits it.
fn listener(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(listen), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&listen.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn attachments(config: &Config) -> Result<LocalFileSystem, Failure> {
    let folder = config.data_dir.join("attachments");
    std::fs::create_dir_all(&folder).map_err(|error| Failure::new(&folder.display().to_string(), error))?;
    let files = LocalFileSystem::new_with_prefix(&folder);
    // A message names its files, so they must be on the disk when it is.
    files.map(|files| files.with_fsync(true)).map_err(|error| Failure::new(&folder.display().to_string(), error))
}

/// Keeps the clock near the wall's, folds histograms, forgets what has run out.
async fn upkeep(app: App) {
    let mut round: u32 = 0;
    loop {
        rt::time::sleep(UPKEEP).await;
        app.clock().resync();
        notify("WATCHDOG=1");
        telemetry::upkeep();
        round = round.wrapping_add(1);
        if round.is_multiple_of(SNAPSHOT_EVERY) {
            match snapshots::take_when_due(&app.engine.db, &app.engine.journal, STREAM).await {
                Ok(Some(pos)) => tracing::info!(pos, "took a snapshot of the log's fold"),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "could not take a snapshot"),
            }
        }
        if round.is_multiple_of(SWEEP_EVERY) {
            let mut forget = vec![idempotency::forget(app.now()), people::delete_expired(app.now())];
            forget.extend(drafts::forget(app.now()));
            if let Err(error) = app.engine.journal.write(forget, None, By::System, None).await {
                tracing::warn!(%error, "could not forget what has run out");
            }
        }
    }
}

/// Tells systemd, once `/readyz` would say so.
async fn tell_when_ready(journal: Journal) {
    let mut health = journal.watch_health();
    drop(journal);
    if health.wait_for(|health| *health == Health::Ready).await.is_ok() {
        notify("READY=1");
    }
}

/// Whoever asked gets the answer before the server ends.
async fn erase_when_asked(demo: Arc<Demo>, server: actix_web::dev::ServerHandle) {
    demo.wants_to_be_erased().await;
    server.stop(true).await;
}

/// A process that another one has replaced must not go on answering.
async fn stop_when_fenced(journal: Journal, server: actix_web::dev::ServerHandle) {
    let mut health = journal.watch_health();
    drop(journal);
    while health.changed().await.is_ok() {
        if *health.borrow() == Health::Fenced {
            tracing::error!("another process has taken over this database; stopping");
            server.stop(false).await;
            return;
        }
    }
}
