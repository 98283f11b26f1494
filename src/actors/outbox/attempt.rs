//! One attempt to send one message: commit that it begins, call, commit what became of it.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use tokio::sync::oneshot;

use super::{
    index::Item,
    judge::{self, Outcome},
};
use crate::{
    actors::{
        conversation::{Reply, Request},
        engine::CommandError,
        gate::Gate,
        shard::{Shard, ToConversation},
    },
    channels::{
        api::outbound::{self, SignedCall},
        standard_webhooks::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER},
    },
    clock::Clock,
    directory::{Channel, Directory},
    domain::{channel::ChannelKind, contact::AddressKind, conversation::Command, delivery::Delivery, log::By},
    ids::{ConversationId, Ids},
    store::{
        Db, conversations,
        journal::Journal,
        outbox::{self, Mark, Outgoing},
        write::WriteError,
    },
    telemetry as names,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);
/// Shorter than receivers usually keep an idle connection, so that a call seldom meets one that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);
/// An answer's body is read so that the connection can be used again, never for what it says.
const BODY_READ: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(1);
/// Between attempts to commit what became of a call.
pub(super) const AGAIN: Duration = Duration::from_secs(1);
/// A conversation that fails this often over the outcome of a call is left alone until the next start.
const FAILURES_MAX: u32 = 5;

/// What every outbox shares.
pub struct Shared {
    /// Readers.
    pub db: Db,
    /// The writer.
    pub journal: Journal,
    /// Configuration in force.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Ids; also where the jitter's seed comes from.
    pub ids: Arc<Ids>,
    /// The way to conversations.
    pub commands: Gate<Shard>,
    /// From [`client`].
    pub client: Client,
    /// Where this server is reached, without a slash at its end; attachments are fetched there.
    pub origin: String,
}

/// The client that all outboxes share. The process must have a crypto provider.
///
/// # Errors
/// When the platform's certificates cannot be read.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("Centralita/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(Policy::none())
        .build()
}

/// Where a channel account's messages go.
pub(super) struct Target {
    channel: Arc<Channel>,
    url: Url,
}

impl Target {
    /// None while the account is switched off, or cannot send: it has no address, or nothing to sign with.
    pub(super) fn of(channel: &Arc<Channel>) -> Option<Self> {
        let url = channel.endpoint.as_deref().and_then(|text| Url::parse(text).ok())?;
        let usable = channel.enabled && !channel.secrets.is_empty() && matches!(url.scheme(), "http" | "https");
        usable.then(|| Self { channel: Arc::clone(channel), url })
    }
}

/// What becomes of a message in the index.
pub(super) enum Settled {
    /// Sent, failed or withdrawn: no longer in the outbox.
    Finished,
    /// Tried again.
    Later(Item),
}

/// A message whose turn it is.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) target: Target,
    pub(super) conversation: ConversationId,
    pub(super) item: Item,
    /// In [0, 1): spreads retries.
    pub(super) random: f64,
}

impl Attempt {
    /// Runs it. Dropped at any point it leaves a row that the next start takes up.
    pub(super) async fn run(self) -> Settled {
        let content = outbox::content(&self.shared.db, self.item.message, AddressKind::of(ChannelKind::Api)).await;
        let outgoing = match content {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Settled::Finished,
            Err(error) => {
                tracing::error!(%error, message = %self.item.message, "cannot read a message that must be sent");
                return self.postponed();
            }
        };
        match self.begin(&outgoing).await {
            Begun::Yes => {}
            Begun::NotNow => return self.postponed(),
            Begun::Finished => return Settled::Finished,
        }
        if self.item.outcome_unknown {
            tracing::info!(message = %self.item.message, "sent again under the same id: the receiver may have it already");
        }
        let Some(call) = self.call(&outgoing) else { return self.postponed() };
        let outcome = self.post(call).await;
        metrics::counter!(names::OUTBOX_ATTEMPTS, "channel" => ChannelKind::Api.as_str(), "outcome" => outcome.as_str())
            .increment(1);
        self.settle(outcome).await
    }

    /// Nothing was sent and nothing is counted.
    fn postponed(&self) -> Settled {
        Settled::Later(Item { next_at: self.shared.clock.now() + AGAIN, ..self.item })
    }

    /// Commits that the message is being sent: the first time as a fact of its conversation, later in its row alone.
    async fn begin(&self, outgoing: &Outgoing) -> Begun {
        let begun = match outgoing.delivery {
            Delivery::Queued => self.move_to(Delivery::Sending, None).await.map_err(Some),
            Delivery::Sending => self.mark(Mark::Sending, self.item.attempts, self.item.next_at).await,
            _ => return Begun::Finished,
        };
        match begun {
            Ok(()) => Begun::Yes,
            Err(None) => Begun::Finished,
            Err(Some(error)) => {
                tracing::warn!(%error, message = %self.item.message, "cannot begin to send");
                Begun::NotNow
            }
        }
    }

    fn call(&self, outgoing: &Outgoing) -> Option<SignedCall> {
        let body = outbound::body(self.conversation, &outgoing.message, &outgoing.address, &self.shared.origin).ok()?;
        outbound::signed(body, self.item.message, &self.target.channel.secrets, self.shared.clock.now())
    }

    async fn post(&self, call: SignedCall) -> Outcome {
        let SignedCall { body, id, timestamp, signature } = call;
        let request = self.shared.client.post(self.target.url.clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(ID_HEADER, id).header(TIMESTAMP_HEADER, timestamp).header(SIGNATURE_HEADER, signature);
        match request.body(body).send().await {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let outcome = judge::judge(response.status().as_u16(), retry_after, self.shared.clock.now());
                let _ = tokio::time::timeout(BODY_TIMEOUT, drain(response)).await;
                outcome
            }
            Err(error) => self.without_answer(&error.without_url()),
        }
    }

    /// Before there was a connection nothing was written. After that the receiver may have the message.
    fn without_answer(&self, error: &reqwest::Error) -> Outcome {
        let (message, channel, attempt) = (self.item.message, self.target.channel.id, self.item.attempts + 1);
        if error.is_connect() || error.is_builder() {
            tracing::info!(%error, %message, %channel, attempt, "a message could not be sent");
            return Outcome::Refused { retry_after: None };
        }
        tracing::warn!(%error, %message, %channel, attempt, "a message was sent and not answered: its outcome is unknown");
        Outcome::Unknown
    }

    async fn settle(&self, outcome: Outcome) -> Settled {
        let attempts = self.item.attempts + 1;
        let (mark, retry_after) = match outcome {
            Outcome::Sent => return self.finish(Delivery::Sent, None).await,
            Outcome::Failed(reason) => return self.finish(Delivery::Failed, Some(reason)).await,
            Outcome::Refused { retry_after } => (Mark::Waiting, retry_after),
            Outcome::Unknown => (Mark::Sending, None),
        };
        let Some(wait) = judge::wait_after(attempts, retry_after, self.random) else {
            return self.finish(Delivery::Failed, Some("gave_up".to_owned())).await;
        };
        let next_at = self.shared.clock.now() + wait;
        loop {
            match self.mark(mark, attempts, next_at).await {
                Ok(()) => break,
                Err(None) => return Settled::Finished,
                Err(Some(_)) => tokio::time::sleep(AGAIN).await,
            }
        }
        let outcome_unknown = mark == Mark::Sending;
        Settled::Later(Item { attempts, next_at, outcome_unknown, ..self.item })
    }

    /// What happened happened: this is tried until it is committed.
    async fn finish(&self, to: Delivery, reason: Option<String>) -> Settled {
        let (message, conversation) = (self.item.message, self.conversation);
        if let Some(reason) = &reason {
            tracing::warn!(%message, channel = %self.target.channel.id, reason, "a message will not be sent");
        }
        let mut failures = 0;
        while let Err(error) = self.move_to(to, reason.clone()).await {
            let is_transient = matches!(error, CommandError::Busy | CommandError::Unavailable);
            failures += u32::from(!is_transient);
            if failures >= FAILURES_MAX {
                tracing::error!(%error, %message, %conversation, "the outcome of a message cannot be recorded");
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        Settled::Finished
    }

    /// Only the conversation moves a delivery. Nothing to move is fine: a receipt was faster.
    async fn move_to(&self, to: Delivery, reason: Option<String>) -> Result<(), CommandError> {
        let message = self.item.message;
        let stored = conversations::delivery(&self.shared.db, self.conversation, message);
        let stored = stored.await.map_err(|_| CommandError::Unavailable)?;
        let command = Command::MoveDelivery { message, stored, to, reason };
        let (reply, answer) = oneshot::channel();
        let request = Request::Command { command, by: By::System, keep: None, reply: Reply::Asker(reply) };
        let to = ToConversation { id: Some(self.conversation), request };
        self.shared.commands.send(to).map_err(|_| CommandError::Busy)?;
        answer.await.map_err(|_| CommandError::Died)?.map(|_| ())
    }

    /// Changes the row alone. `Err(None)`: there is no row any more.
    async fn mark(&self, mark: Mark, attempts: u32, next_at: crate::clock::Timestamp) -> Result<(), Option<CommandError>> {
        let row = outbox::mark(self.item.message, mark, attempts, next_at);
        match self.shared.journal.write(vec![row], None, By::System, None).await {
            Ok(()) => Ok(()),
            Err(WriteError::NotFound) => Err(None),
            Err(WriteError::Busy) => Err(Some(CommandError::Busy)),
            Err(WriteError::AnsweredBefore | WriteError::Store(_)) => Err(Some(CommandError::Unavailable)),
        }
    }
}

enum Begun {
    Yes,
    NotNow,
    Finished,
}

async fn drain(mut response: Response) {
    let mut left = BODY_READ;
    while let Ok(Some(chunk)) = response.chunk().await {
        let Some(rest) = left.checked_sub(chunk.len()) else { return };
        left = rest;
    }
}
