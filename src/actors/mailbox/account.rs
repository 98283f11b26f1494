//! The mailbox of one account.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, WrapFuture, fut::ActorFutureExt};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    batch::{Lost, Taken},
    lease::Lease,
};
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
/// it had begun to write is refused by the store. Capacity: two batches in memory ([`super::pace`]), one that is taken in and one that
/// the server gives out meanwhile; nobody sends it messages but its parent. Rebuilt by [`super::Mailboxes`], from the position in the store. Persisted: the position, after everything before it.
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
    /// On record when the connection ended, before the server heard of it.
    untouched: Option<Untouched>,
}

/// Mails of which the server is to hear what became of them.
struct Untouched {
    uid_validity: u32,
    fine: Vec<u32>,
    failed: Vec<u32>,
}

impl Work {
    pub(super) fn new(account: Arc<MailAccount>, shared: Arc<Shared>) -> Self {
        let settings = &account.settings;
        let server = settings.imap.as_ref().map_or_else(String::new, |imap| format!("{}:{}", imap.host, imap.port));
        let place = format!("{}@{server}/{}", settings.user, settings.folders.inbox);
        let seed = shared.engine.ids.next::<crate::ids::IncarnationId>().uuid().as_u64_pair().1;
        Self { account, shared, place, random: StdRng::seed_from_u64(seed), suspect: (0, 0), untouched: None }
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
        let untouched = self.untouched.take();
        self.tell(&mut session, untouched).await;
        let mut before = None;
        loop {
            if session.backlog() == 0 {
                self.say(if session.is_pushed() { MailState::Idle } else { MailState::Polling });
            }
            let end = match session.next().await {
                Event::Arrived(batch) => match self.take_in(&mut session, lease, batch, before).await {
                    Ok(()) => continue,
                    Err(end) => end,
                },
                Event::Changed(change) => {
                    tracing::warn!(account = %self.account.id, ?change, "the server numbers its mails anew: everything is looked at again");
                    let existing = self.account.settings.takes_existing;
                    before = stored.map(|(_, since)| since - DAY).filter(|_| !existing);
                    continue;
                }
                Event::Disconnected(failure) => End::Failed(failure),
            };
            return match &end {
                End::Failed(failure) => self.suspected(&session, lease, failure).await.map_or(End::Lost, |()| end),
                End::Lost => end,
            };
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
        let batch = self.open_batch(Batch { mails: vec![mail], position }, None).await;
        let taken = self.settle_batch(batch).await;
        self.commit(lease, taken.statements, position).await?;
        self.count_quarantined().await;
        Ok(())
    }

    /// Takes in a batch and all that are known to follow. While one is taken in, that before it is put on record, the server hears of that,
    /// and gives out the next. What arrived `before` we began to read the folder is not ours, wherever it stands in it now.
    async fn take_in(
        &mut self,
        session: &mut Session,
        lease: &Lease,
        batch: Batch,
        before: Option<Timestamp>,
    ) -> Result<(), End> {
        let (mut taken, mut done) = (None, 0);
        let mut opened = Some(self.open_batch(batch, before).await);
        while let Some(batch) = opened {
            let (position, count) = (batch.position, batch.count);
            let unrecorded = taken.as_ref().map_or(0, |taken: &Taken| taken.count);
            self.reading(done, (session.backlog() as u64).saturating_sub(unrecorded));
            let beside = async {
                if let Some(taken) = taken {
                    let untouched = self.record(session, lease, taken).await?;
                    self.tell(session, Some(untouched)).await;
                }
                match session.ahead(position).await {
                    Some(Ok(batch)) => Ok(Some(self.open_batch(batch, before).await)),
                    Some(Err(failure)) => Err(End::Failed(failure)),
                    None => Ok(None),
                }
            };
            let (now, next) = tokio::join!(self.settle_batch(batch), beside);
            done += count;
            self.suspect = (0, 0);
            match next {
                Ok(next) => (opened, taken) = (next, Some(now)),
                Err(End::Failed(failure)) => {
                    self.untouched = Some(self.record(session, lease, now).await?);
                    return Err(End::Failed(failure));
                }
                Err(End::Lost) => return Err(End::Lost),
            }
        }
        if let Some(taken) = taken {
            let untouched = self.record(session, lease, taken).await?;
            self.tell(session, Some(untouched)).await;
        }
        Ok(())
    }

    /// That a batch was taken in; gives what the server is to hear of it.
    async fn record(&self, session: &mut Session, lease: &Lease, taken: Taken) -> Result<Untouched, Lost> {
        let Taken { position, settled, statements, .. } = taken;
        self.commit(lease, statements, position).await?;
        session.committed(position);
        if settled.iter().any(|(_, is_fine)| !is_fine) {
            self.count_quarantined().await;
        }
        let health = &self.shared.engine.mail_health;
        health.change(self.account.id, |health| health.last_mail_at = Some(self.now()));
        let of = |wanted: bool| settled.iter().filter(|(_, is_fine)| *is_fine == wanted).map(|(uid, _)| *uid).collect();
        Ok(Untouched { uid_validity: position.uid_validity, fine: of(true), failed: of(false) })
    }

    /// Tells the server of mails that are on record.
    async fn tell(&self, session: &mut Session, untouched: Option<Untouched>) {
        let Some(Untouched { uid_validity, fine, failed }) = untouched.filter(|_| !session.is_read_only()) else { return };
        let folders = &self.account.settings.folders;
        let mut touched = Ok(());
        if !fine.is_empty() {
            touched = match &folders.done {
                Some(folder) => session.move_to(uid_validity, &fine, folder).await,
                None => session.mark_seen(uid_validity, &fine).await,
            };
        }
        if let (Some(folder), false, true) = (&folders.failed, failed.is_empty(), touched.is_ok()) {
            touched = session.move_to(uid_validity, &failed, folder).await;
        }
        if let Err(failure) = touched {
            // They are stored all the same; a connection that is gone will be noticed next.
            tracing::warn!(account = %self.account.id, %failure, "mails could not be marked on the server");
        }
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
