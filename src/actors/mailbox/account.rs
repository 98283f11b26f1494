//! The mailbox of one account.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, WrapFuture, fut::ActorFutureExt};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use super::{Shared, batch::Lost, lease::Lease};
use crate::{
    actors::lifecycle::DeathNotice,
    channels::email::{
        post::{
            backoff,
            failure::{Code, Failure},
            imap::{Batch, Content, Event, Mail, Position, Session, Start},
        },
        settings::MailAccount,
    },
    clock::Timestamp,
    domain::mail_health::MailState,
    ids::Id,
    store::{leases::RENEW_EVERY, mail_asides, mail_positions},
    telemetry as names,
};

/// After so many connections that ended over one and the same mail it is left behind.
const TOO_OFTEN: u32 = 3;
/// Clocks and calendars of servers differ.
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A session that lasted so long makes earlier failures forgotten.
const STEADY: Duration = Duration::from_secs(60);

/// Stops a mailbox: what was not committed will be fetched again.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;

/// Fetches the mail of one account.
///
/// Owns: the account's mailbox by lease (`mailbox:{account}`), its position, its connection. Loses the lease: stops at once, and what
/// it had begun to write is refused by the store. Capacity: one batch in memory ([`super::pace`]); nobody sends it messages but its
/// parent. Rebuilt by [`super::Mailboxes`], from the position in the store. Persisted: the position, after everything before it.
pub struct Mailbox {
    account: Arc<MailAccount>,
    shared: Arc<Shared>,
    incarnation: String,
    stop: CancellationToken,
    _notice: DeathNotice,
}

impl Mailbox {
    pub(super) fn new(account: Arc<MailAccount>, shared: Arc<Shared>, incarnation: String, notice: DeathNotice) -> Self {
        Self { account, shared, incarnation, stop: CancellationToken::new(), _notice: notice }
    }
}

impl Actor for Mailbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (account, shared) = (Arc::clone(&self.account), Arc::clone(&self.shared));
        let (incarnation, stop) = (self.incarnation.clone(), self.stop.clone());
        let work = async move {
            let id = account.id;
            Box::pin(Work::new(account, Arc::clone(&shared)).forever(&incarnation, &stop)).await;
            shared.engine.mail_health.forget(id);
            // Nobody reads it on purpose: no alarm.
            metrics::gauge!(names::MAILBOX_UP, "account" => id.to_string()).set(f64::NAN);
        };
        ctx.spawn(Box::pin(work).into_actor(self).map(|(), _, ctx| ctx.stop()));
    }
}

impl Handler<Stop> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Stop, _: &mut Self::Context) {
        self.stop.cancel();
    }
}

/// Why a session is over.
enum End {
    Failed(Failure),
    Lost,
}

impl From<Lost> for End {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// What a mailbox does, from lease to mail.
pub(super) struct Work {
    pub(super) account: Arc<MailAccount>,
    pub(super) shared: Arc<Shared>,
    /// Server, user and folder.
    pub(super) place: String,
    random: StdRng,
    /// The mail over which sessions end, and how often.
    suspect: (u32, u32),
}

impl Work {
    pub(super) fn new(account: Arc<MailAccount>, shared: Arc<Shared>) -> Self {
        let settings = &account.settings;
        let server = settings.imap.as_ref().map_or_else(String::new, |imap| format!("{}:{}", imap.host, imap.port));
        let place = format!("{}@{server}/{}", settings.user, settings.folders.inbox);
        let seed = shared.engine.ids.next::<crate::ids::IncarnationId>().uuid().as_u64_pair().1;
        Self { account, shared, place, random: StdRng::seed_from_u64(seed), suspect: (0, 0) }
    }

    /// Takes the lease, works while it holds, takes it again.
    async fn forever(mut self, incarnation: &str, stop: &CancellationToken) {
        let shared = Arc::clone(&self.shared);
        loop {
            match Lease::take(&shared, self.account.id, incarnation).await {
                Ok(Some(lease)) => {
                    tokio::select! {
                        biased;
                        () = lease.keep(&shared) => {
                            tracing::warn!(account = %self.account.id, "the lease of a mailbox is lost");
                        }
                        () = stop.cancelled() => return lease.give_back(&shared).await,
                        () = Box::pin(self.owned(&lease)) => {}
                    }
                }
                Ok(None) => self.say(MailState::Elsewhere),
                Err(error) => tracing::warn!(%error, account = %self.account.id, "the lease of a mailbox cannot be taken"),
            }
            tokio::select! {
                () = tokio::time::sleep(RENEW_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One session after the other; returns when the lease turns out to be lost.
    async fn owned(&mut self, lease: &Lease) {
        let clock = self.shared.engine.clock.clone();
        let (mut failures, mut since) = (0_u32, clock.now());
        loop {
            self.say(MailState::Connecting);
            let began = clock.elapsed();
            let failure = match Box::pin(self.session(lease)).await {
                End::Failed(failure) => failure,
                End::Lost => return,
            };
            if clock.elapsed() - began >= STEADY {
                (failures, since) = (0, clock.now());
            }
            failures += 1;
            let pause = backoff::pause(failure.code, failures, self.random.random());
            tracing::warn!(account = %self.account.id, %failure, failures, "a mailbox cannot be read; trying again in {pause:?}");
            let next_try = clock.now() + pause;
            self.say(MailState::Failing { since, code: failure.code.as_str(), words: failure.words, next_try });
            tokio::time::sleep(pause).await;
        }
    }

    /// Connects and takes in what comes, until something goes wrong.
    async fn session(&mut self, lease: &Lease) -> End {
        let shared = Arc::clone(&self.shared);
        let stored = match mail_positions::find(&shared.engine.db, self.account.id, &self.place).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(%error, account = %self.account.id, "the position of a mailbox cannot be read");
                return End::Failed(Code::Interrupted.into());
            }
        };
        let start = match stored {
            Some((position, _)) => Start::After(position),
            None if self.account.settings.takes_existing => Start::Everything,
            None => Start::FromNow,
        };
        let mut session = match self.open(start).await {
            Ok(session) => session,
            Err(failure) => return End::Failed(failure),
        };
        // From here on nothing that arrives is missed, whatever happens.
        if stored.is_none() && self.commit(lease, Vec::new(), session.position()).await.is_err() {
            return End::Lost;
        }
        self.count_quarantined().await;
        shared.engine.mail_health.change(self.account.id, |health| health.read_only = session.is_read_only());
        let (mut done, mut before) = (0, None);
        loop {
            if session.backlog() == 0 {
                done = 0;
                self.say(if session.is_pushed() { MailState::Idle } else { MailState::Polling });
            }
            match session.next().await {
                Event::Arrived(batch) => {
                    let backlog = session.backlog() as u64;
                    self.reading(done, backlog);
                    let count = batch.mails.len() as u64;
                    if self.take(&mut session, lease, batch, before).await.is_err() {
                        return End::Lost;
                    }
                    done += count;
                    if session.backlog() > 0 {
                        self.reading(done, session.backlog() as u64);
                    }
                    self.suspect = (0, 0);
                }
                Event::Changed(change) => {
                    tracing::warn!(account = %self.account.id, ?change, "the server numbers its mails anew: everything is looked at again");
                    let existing = self.account.settings.takes_existing;
                    before = stored.map(|(_, since)| since - DAY).filter(|_| !existing);
                }
                Event::Disconnected(failure) => {
                    return match self.suspected(&session, lease, &failure).await {
                        Ok(()) => End::Failed(failure),
                        Err(Lost) => End::Lost,
                    };
                }
            }
        }
    }

    /// Connects and signs in; with another token when the server refuses the one there is.
    async fn open(&self, start: Start) -> Result<Session, Failure> {
        let (shared, tokens) = (&self.shared, &self.shared.engine.mail_tokens);
        let account = tokens.account(&self.account).await?;
        let refused = match Session::open(&shared.network, &account, start, shared.pace).await {
            Ok(session) => return Ok(session),
            Err(failure) => failure,
        };
        if let Some(failure) = tokens.judge(&self.account, &account, refused) {
            return Err(failure);
        }
        let account = tokens.account(&self.account).await?;
        let opened = Session::open(&shared.network, &account, start, shared.pace).await;
        opened.map_err(|failure| tokens.judge(&self.account, &account, failure.clone()).unwrap_or(failure))
    }

    /// A mail that the server cannot give out without falling over is left behind, and known.
    async fn suspected(&mut self, session: &Session, lease: &Lease, failure: &Failure) -> Result<(), Lost> {
        let Some(uid) = session.suspect() else { return Ok(()) };
        let times = if self.suspect.0 == uid { self.suspect.1 + 1 } else { 1 };
        self.suspect = (uid, times);
        if times < TOO_OFTEN {
            return Ok(());
        }
        let position = Position { uid, ..session.position() };
        let content = Content::Unreadable(failure.clone());
        let mail = Mail { uid, received: None, size: 0, content };
        let statements = self.settle_all(position.uid_validity, vec![mail]).await.1;
        self.commit(lease, statements, position).await?;
        self.count_quarantined().await;
        Ok(())
    }

    /// Takes in a batch; only then the server hears of it.
    /// What arrived `before` we began to read the folder is not ours, wherever it stands in it now.
    async fn take(&self, session: &mut Session, lease: &Lease, batch: Batch, before: Option<Timestamp>) -> Result<(), Lost> {
        let Batch { mut mails, position } = batch;
        mails.retain(|mail| before.is_none_or(|before| mail.received.is_none_or(|at| at >= before)));
        let (settled, statements) = self.settle_all(position.uid_validity, mails).await;
        self.commit(lease, statements, position).await?;
        session.committed(position);
        if settled.iter().any(|(_, is_fine)| !is_fine) {
            self.count_quarantined().await;
        }
        let health = &self.shared.engine.mail_health;
        health.change(self.account.id, |health| health.last_mail_at = Some(self.shared.engine.clock.now()));
        if session.is_read_only() {
            return Ok(());
        }
        let of = |wanted: bool| settled.iter().filter(|(_, is_fine)| *is_fine == wanted).map(|(uid, _)| *uid).collect::<Vec<_>>();
        let (fine, failed) = (of(true), of(false));
        let folders = &self.account.settings.folders;
        let validity = position.uid_validity;
        let mut touched = Ok(());
        if !fine.is_empty() {
            touched = match &folders.done {
                Some(folder) => session.move_to(validity, &fine, folder).await,
                None => session.mark_seen(validity, &fine).await,
            };
        }
        if let (Some(folder), false, true) = (&folders.failed, failed.is_empty(), touched.is_ok()) {
            touched = session.move_to(validity, &failed, folder).await;
        }
        if let Err(failure) = touched {
            // They are stored all the same; a connection that is gone will be noticed next.
            tracing::warn!(account = %self.account.id, %failure, "mails could not be marked on the server");
        }
        Ok(())
    }

    fn say(&self, state: MailState) {
        let id = self.account.id;
        let is_up = !matches!(state, MailState::Failing { .. } | MailState::Connecting | MailState::Off);
        metrics::gauge!(names::MAILBOX_UP, "account" => id.to_string()).set(if is_up { 1.0 } else { 0.0 });
        self.shared.engine.mail_health.change(id, |health| {
            if matches!(state, MailState::Idle | MailState::Polling) {
                health.backlog = 0;
            }
            health.state = state;
        });
        if is_up {
            self.tell_backlog();
        }
    }

    fn reading(&self, done: u64, backlog: u64) {
        self.shared.engine.mail_health.change(self.account.id, |health| {
            health.state = MailState::Reading { done, of: done + backlog };
            health.backlog = backlog;
        });
        self.tell_backlog();
    }

    fn tell_backlog(&self) {
        let backlog = self.shared.engine.mail_health.of(self.account.id).backlog;
        metrics::gauge!(names::MAILBOX_BACKLOG, "account" => self.account.id.to_string()).set(backlog as f64);
    }

    async fn count_quarantined(&self) {
        match mail_asides::quarantined(&self.shared.engine.db, self.account.id).await {
            Ok(count) => self.shared.engine.mail_health.change(self.account.id, |health| health.quarantined = count),
            Err(error) => tracing::warn!(%error, "mails in quarantine cannot be counted"),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.engine.clock.now()
    }
}
