//! What mail accounts sign in with now: tokens of providers, asked for shortly before they end.
//!
//! [`Tokens`] is no actor: whoever opens a mailbox awaits it on its own thread. It owns the tokens in force, in memory only, and one turn for
//! each account: whoever comes meanwhile waits for the same answer. Persisted: the lasting token that a provider gives in the place of
//! the one it was shown, before anything else is done with the answer. A provider that says no is left alone for as long as
//! [`backoff`] says; one that wants somebody to sign in again is not asked before somebody did.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rand::RngExt;
use rustc_hash::FxHashMap;

use crate::{
    auth::secret::{Sealer, SecretText},
    channels::email::{
        oauth::exchange::{Exchange, Grant},
        post::{
            account::{Account, Credentials, Proof},
            backoff,
            failure::{Code, Failure},
        },
        settings::{Login, MailAccount},
    },
    clock::{Clock, Timestamp},
    domain::log::By,
    ids::{ChannelId, ClientId},
    store::{
        Db,
        journal::Journal,
        mail_providers::{self, Held},
    },
    telemetry as names,
};

/// A token is not used in its last moments: a server may look at it a little later.
const MARGIN: Duration = Duration::from_secs(90);
/// How often a new lasting token is tried to be written down; lost, somebody would have to sign in again.
const WRITES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// That an account has no token now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Why.
    pub failure: Failure,
    /// Since when.
    pub since: Timestamp,
    failures: u32,
    /// The provider is not asked before; none = not before somebody signed in again.
    next_try: Option<Timestamp>,
}

struct Token {
    text: SecretText,
    until: Timestamp,
    /// It came because the server had refused the one before it.
    is_second: bool,
}

/// What is known of one account, as of one version of it.
#[derive(Default)]
struct Known {
    version: Option<Timestamp>,
    token: Option<Token>,
    /// The last token was refused by the server.
    was_refused: bool,
    trouble: Option<Trouble>,
}

#[derive(Default)]
struct Place {
    known: Mutex<Known>,
    turn: tokio::sync::Mutex<()>,
}

/// Whose token, and as of which version of the account: an older one never takes the place of a newer one's.
#[derive(Clone, Copy)]
struct Asked {
    id: ChannelId,
    client: ClientId,
    version: Timestamp,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    db: Db,
    journal: Journal,
    sealer: Arc<Sealer>,
    clock: Clock,
    exchange: Exchange,
    places: Mutex<FxHashMap<ChannelId, Arc<Place>>>,
}

impl Tokens {
    /// None yet.
    pub fn new(db: Db, journal: Journal, sealer: Arc<Sealer>, clock: Clock, exchange: Exchange) -> Self {
        Self(Arc::new(Inner { db, journal, sealer, clock, exchange, places: Mutex::default() }))
    }

    /// The way to providers.
    pub fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    fn place(&self, account: ChannelId) -> Arc<Place> {
        Arc::clone(self.0.places.lock().entry(account).or_default())
    }

    /// An account with everything a server is asked with.
    ///
    /// # Errors
    /// [`Code::NoLogin`] when there is nothing to sign in with, otherwise why there is no token.
    pub async fn account(&self, account: &MailAccount) -> Result<Account, Failure> {
        let token = match account.settings.login {
            Login::Password => None,
            Login::Oauth => Some(self.of(account).await?),
        };
        account.account(token.as_ref()).ok_or_else(|| Code::NoLogin.into())
    }

    /// The token of an account that signs in with one.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn of(&self, account: &MailAccount) -> Result<SecretText, Failure> {
        let asked = Asked { id: account.id, client: account.client, version: account.updated_at };
        if let Some(found) = self.at_hand(&self.place(asked.id), asked) {
            return found;
        }
        // Whoever waits may give up; what the provider answers is kept all the same.
        let tokens = self.clone();
        let asking = tokio::spawn(async move { tokens.ask(asked).await });
        asking.await.unwrap_or_else(|_| Err(Code::ProviderLater.into()))
    }

    /// One at a time.
    async fn ask(&self, asked: Asked) -> Result<SecretText, Failure> {
        let place = self.place(asked.id);
        let _turn = place.turn.lock().await;
        if let Some(found) = self.at_hand(&place, asked) {
            return found;
        }
        let outcome = self.refresh(asked).await;
        let word = outcome.as_ref().map_or_else(|failure| failure.code.as_str(), |_| "ok");
        metrics::counter!(names::MAIL_TOKENS, "account" => asked.id.to_string(), "outcome" => word).increment(1);
        let (now, mut known) = (self.0.clock.now(), place.known.lock());
        // Somebody signed in meanwhile: that counts.
        let counts = known.version == Some(asked.version);
        match outcome {
            Ok(grant) => {
                if counts {
                    known.trouble = None;
                    let is_second = std::mem::take(&mut known.was_refused);
                    known.token = Some(Token { text: grant.access.clone(), until: now + useful(grant.lasts), is_second });
                    self.say(asked.id, false);
                }
                Ok(grant.access)
            }
            Err(failure) => {
                if counts {
                    let before = known.trouble.take();
                    let failures = before.as_ref().map_or(1, |trouble| trouble.failures.saturating_add(1));
                    let pause = backoff::pause(failure.code, failures, rand::rng().random());
                    let next_try = (failure.code != Code::SignInAgain).then(|| now + pause);
                    let since = before.map_or(now, |trouble| trouble.since);
                    known.trouble = Some(Trouble { failure: failure.clone(), since, failures, next_try });
                    tracing::warn!(account = %asked.id, %failure, failures, "a mail account gets no token at its provider");
                    self.say(asked.id, true);
                }
                Err(failure)
            }
        }
    }

    /// What need not be asked for.
    fn at_hand(&self, place: &Place, asked: Asked) -> Option<Result<SecretText, Failure>> {
        let (now, mut known) = (self.0.clock.now(), place.known.lock());
        if known.version.is_none_or(|version| version < asked.version) {
            // Whoever changed it may have mended it.
            *known = Known { version: Some(asked.version), ..Known::default() };
        }
        if let Some(token) = known.token.as_ref().filter(|token| now < token.until) {
            return Some(Ok(token.text.clone()));
        }
        let rests = known.trouble.as_ref().filter(|trouble| trouble.next_try.is_none_or(|next| now < next));
        rests.map(|trouble| Err(trouble.failure.clone()))
    }

    async fn refresh(&self, asked: Asked) -> Result<Grant, Failure> {
        let inner = &self.0;
        let held = mail_providers::held(&inner.db, &inner.sealer, asked.id, asked.client).await;
        let held = held.map_err(|error| {
            tracing::warn!(%error, account = %asked.id, "what a mail account holds of its provider cannot be read");
            Failure::from(Code::ProviderLater)
        })?;
        let Some(Held { kind, place: key, token: Some(token), sealed, provider }) = held else {
            return Err(Code::SignInAgain.into());
        };
        let Some((config, secret)) = provider else { return Err(Code::ProviderUnset.into()) };
        let place = config.place(kind, inner.exchange.reach()).map_err(|_| Code::ProviderUnset)?;
        if place.key() != key {
            // It was given for another client, or by somebody else: shown there it could be stolen.
            return Err(Code::SignInAgain.into());
        }
        let grant = inner.exchange.refresh(&place, &secret, &token).await?;
        if let Some(next) = grant.refresh.as_ref().filter(|next| next.expose() != token.expose()) {
            self.keep(asked.id, next, &sealed).await;
        }
        Ok(grant)
    }

    /// Writes a new lasting token down: the one before it may be good for nothing by now.
    async fn keep(&self, account: ChannelId, next: &SecretText, shown: &str) {
        let inner = &self.0;
        for left in (0..WRITES).rev() {
            let statement = match mail_providers::rotate(account, next, shown, &inner.sealer, inner.clock.now()) {
                Ok(statement) => statement,
                Err(error) => return tracing::error!(%error, %account, "a provider's new token cannot be sealed"),
            };
            match inner.journal.write(vec![statement], None, By::System, None).await {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, %account, left, "a provider's new token is not written down yet"),
            }
            tokio::time::sleep(BETWEEN_WRITES).await;
        }
    }

    /// Somebody signed in: this is what the account, as of `version`, signs in with.
    pub fn begin(&self, account: ChannelId, version: Timestamp, grant: &Grant) {
        let until = self.0.clock.now() + useful(grant.lasts);
        let token = Some(Token { text: grant.access.clone(), until, is_second: false });
        *self.place(account).known.lock() = Known { version: Some(version), token, ..Known::default() };
        self.say(account, false);
    }

    /// What the failure of an account means that was used as `used`. None: the server refused its token and there may be a better
    /// one, so it is worth trying once more.
    pub fn judge(&self, account: &MailAccount, used: &Account, failure: Failure) -> Option<Failure> {
        let Credentials { proof: Proof::Token(used), .. } = &used.credentials else { return Some(failure) };
        if account.settings.login != Login::Oauth || !matches!(failure.code, Code::LoginRefused | Code::LoginElsewhere) {
            return Some(failure);
        }
        let place = self.place(account.id);
        let mut known = place.known.lock();
        match &known.token {
            Some(token) if token.text.expose() == used.expose() => {
                if token.is_second {
                    return Some(Failure { code: Code::TokenRefused, words: failure.words });
                }
                known.token = None;
                known.was_refused = true;
                None
            }
            // It ended, or there is a new one already.
            _ => None,
        }
    }

    /// Why an account has no token, where it has none.
    pub fn trouble(&self, account: ChannelId) -> Option<Trouble> {
        let place = self.0.places.lock().get(&account).cloned()?;
        let known = place.known.lock();
        known.trouble.clone()
    }

    /// The account is gone, or signed out.
    pub fn forget(&self, account: ChannelId) {
        if self.0.places.lock().remove(&account).is_some() {
            self.say(account, false);
        }
    }

    fn say(&self, account: ChannelId, is_missing: bool) {
        metrics::gauge!(names::MAIL_SIGN_IN_FAILING, "account" => account.to_string()).set(if is_missing { 1.0 } else { 0.0 });
    }
}

/// For how long a token is used: not to its end, and for one that lasts a minute still half of it.
fn useful(lasts: Duration) -> Duration {
    lasts.saturating_sub(MARGIN.min(lasts / 2))
}

#[cfg(test)]
mod tests;
