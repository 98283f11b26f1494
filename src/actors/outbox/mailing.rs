//! What the outbox of a mail account knows beside what waits: its connection, its quota, and whether it must be left alone.

use std::{sync::Arc, time::Duration};

use super::{
    attempt::{Post, Shared},
    window::Window,
};
use crate::{
    channels::email::{
        post::{backoff, failure::Failure},
        settings::MailAccount,
    },
    clock::Timestamp,
    ids::{ChannelId, MessageId},
    store::{StoreError, mail_sending, write::Statement},
    telemetry as names,
};

/// How long a connection is kept while nothing is sent: less than servers wait.
const IDLE: Duration = Duration::from_secs(20);

/// See the module. Empty for channel accounts of other kinds.
#[derive(Default)]
pub(super) struct Mailing {
    post: Option<Arc<Post>>,
    /// What left within the quota's hours; none = not read yet.
    window: Option<Window>,
    trouble: Option<Trouble>,
    /// The row of a trouble of an earlier start may still be there.
    is_known_to_work: bool,
    held: Option<Timestamp>,
    /// On the clock's monotonic time; none while there is no connection to give up.
    used: Option<Duration>,
}

/// An account that nobody sends with any more raises no alarm.
impl Drop for Mailing {
    fn drop(&mut self) {
        if let Some(post) = &self.post {
            tell(post.account.id, f64::NAN);
        }
    }
}

fn tell(account: ChannelId, sends: f64) {
    metrics::gauge!(names::MAIL_SENDING_UP, "account" => account.to_string()).set(sends);
}

/// The account cannot send.
struct Trouble {
    until: Timestamp,
    failures: u32,
}

impl Mailing {
    /// How its account sends now, with the connection there is; a changed account gets a new one. The directory has another object after
    /// every change of the configuration, so only the account's version tells.
    pub(super) fn post(&mut self, id: ChannelId, shared: &Shared) -> Option<Arc<Post>> {
        let directory = shared.directory.load();
        let account: &Arc<MailAccount> = directory.mail_accounts.get(&id)?;
        if self.post.as_ref().is_none_or(|post| post.account.updated_at != account.updated_at) {
            self.post = Post::of(account, &shared.net).map(Arc::new);
            // Whoever mended it need not wait.
            self.trouble = None;
            tell(id, if self.post.is_some() { 1.0 } else { f64::NAN });
        }
        self.post.clone()
    }

    /// Until when nothing may leave.
    pub(super) fn held_until(&mut self, post: &Post, now: Timestamp) -> Option<Timestamp> {
        let rests = self.trouble.as_ref().map(|trouble| trouble.until).filter(|until| *until > now);
        let full = post.account.settings.quota.and_then(|quota| {
            // Not read yet: soon.
            let window = self.window.as_mut().map(|window| window.full_until(quota.mails, mail_sending::length(quota), now));
            window.unwrap_or(Some(now + Duration::from_millis(50)))
        });
        self.held = rests.max(full);
        self.held
    }

    /// Of the last look.
    pub(super) fn last_held(&self) -> Option<Timestamp> {
        self.held
    }

    /// A mail leaves; what has to be on record before it does.
    pub(super) fn leave(&mut self, post: &Post, message: MessageId, now: Timestamp) -> Option<Statement> {
        post.account.settings.quota?;
        self.window.get_or_insert_default().take(now);
        Some(mail_sending::sent(post.account.id, message, now))
    }

    /// A mail reached the server.
    pub(super) fn works(&mut self, account: ChannelId) -> Vec<Statement> {
        let was_known = std::mem::replace(&mut self.is_known_to_work, true);
        let was_in_trouble = self.trouble.take().is_some();
        if was_in_trouble && self.post.is_some() {
            tell(account, 1.0);
        }
        if self.post.is_none() || (was_known && !was_in_trouble) { Vec::new() } else { vec![mail_sending::no_trouble(account)] }
    }

    /// The account is left alone for a while; the mail that found out did not leave at `left`.
    pub(super) fn rest(
        &mut self,
        account: ChannelId,
        failure: &Failure,
        message: MessageId,
        left: Timestamp,
        now: Timestamp,
        chance: f64,
    ) -> Vec<Statement> {
        self.stayed(left);
        let unsent = mail_sending::unsent(account, message, left);
        // Others that were on their way find out the same.
        if self.trouble.as_ref().is_some_and(|trouble| trouble.until > now) {
            return vec![unsent];
        }
        let failures = self.trouble.as_ref().map_or(1, |trouble| trouble.failures.saturating_add(1));
        let until = now + backoff::pause(failure.code, failures, chance);
        tracing::warn!(%account, %failure, failures, %until, "a mail account cannot send");
        self.trouble = Some(Trouble { until, failures });
        self.is_known_to_work = false;
        tell(account, 0.0);
        vec![unsent, mail_sending::trouble(account, failure, now, until)]
    }

    /// A mail did not leave after all.
    pub(super) fn stayed(&mut self, at: Timestamp) {
        if let Some(window) = &mut self.window {
            window.give_back(at);
        }
    }

    /// There is a quota, and what it counts was not read yet.
    pub(super) fn wants_to_count(&self, account: ChannelId, shared: &Shared) -> bool {
        let directory = shared.directory.load();
        self.window.is_none() && directory.mail_accounts.get(&account).is_some_and(|known| known.settings.quota.is_some())
    }

    /// What has to be read before its quota is known.
    pub(super) fn wants_to_know(
        &self,
        account: ChannelId,
        shared: &Arc<Shared>,
    ) -> Option<impl Future<Output = Result<Vec<Timestamp>, StoreError>> + use<>> {
        let directory = shared.directory.load();
        let known = directory.mail_accounts.get(&account)?;
        let (quota, shared) = (known.settings.quota.filter(|_| self.window.is_none())?, Arc::clone(shared));
        Some(async move { mail_sending::sent_since(&shared.db, account, quota, shared.clock.now()).await })
    }

    /// It was read.
    pub(super) fn learn(&mut self, left: Option<Vec<Timestamp>>) {
        if let Some(left) = left {
            self.window = Some(Window::new(left));
        }
    }

    /// The connection, when nothing was sent for a while.
    pub(super) fn idle(&mut self, sending: usize, shared: &Shared) -> Option<Arc<Post>> {
        let now = shared.clock.elapsed();
        if sending > 0 {
            self.used = Some(now);
        }
        self.used.take_if(|used| now.saturating_sub(*used) >= IDLE)?;
        self.post.clone()
    }
}
