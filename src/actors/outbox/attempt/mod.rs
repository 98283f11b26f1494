//! One attempt to send one message: commit that it begins, hand it over, commit what became of it. How it is handed over is the
//! channel's business: [`http`], [`mail`].

mod http;
mod mail;

use std::{sync::Arc, time::Duration};

use object_store::ObjectStore;
use reqwest::Client;
use tokio::sync::oneshot;

pub use self::http::client;
pub(super) use self::{http::Target, mail::Post};

use super::{
    index::Item,
    judge::{self, Outcome},
};
use crate::{
    actors::{
        conversation::{Reply, Request},
        engine::CommandError,
        gate::Gate,
        mail_tokens::Tokens,
        shard::{Shard, ToConversation},
    },
    channels::email::post::{failure::Failure, net::Network},
    clock::Clock,
    directory::Directory,
    domain::{channel::ChannelKind, contact::AddressKind, conversation::Command, delivery::Delivery, log::By, refusal::Refusal},
    ids::{ChannelId, ConversationId, Ids},
    store::{
        Db, conversations,
        journal::Journal,
        outbox::{self, Mark, Outgoing},
        write::{Statement, WriteError},
    },
    telemetry as names,
};

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
    /// Attachments' bytes.
    pub attachments: Arc<dyn ObjectStore>,
    /// The way to mail servers.
    pub net: Network,
    /// What mail accounts sign in with at their providers.
    pub tokens: Tokens,
}

/// How a channel account hands over what it sends.
#[derive(Clone)]
pub(super) enum Way {
    /// Signed calls.
    Http(Target),
    /// SMTP.
    Mail(Arc<Post>),
}

impl Way {
    fn channel(&self) -> ChannelId {
        match self {
            Self::Http(target) => target.channel(),
            Self::Mail(post) => post.account.id,
        }
    }

    const fn kind(&self) -> ChannelKind {
        match self {
            Self::Http(_) => ChannelKind::Api,
            Self::Mail(_) => ChannelKind::Email,
        }
    }
}

/// What becomes of a message in the index. `left`: it went out to the other side, whatever that made of it.
pub(super) enum Settled {
    /// Sent, failed or withdrawn: no longer in the outbox.
    Finished { left: bool },
    /// Tried again.
    Later { item: Item, left: bool },
    /// Not its fault: its account cannot send now.
    Rest(Item, Failure),
}

/// A message whose turn it is.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) way: Way,
    pub(super) conversation: ConversationId,
    pub(super) item: Item,
    /// In [0, 1): spreads retries.
    pub(super) random: f64,
    /// What has to be on record before it leaves.
    pub(super) rows: Vec<Statement>,
}

impl Attempt {
    /// Runs it. Dropped at any point it leaves a row that the next start takes up.
    pub(super) async fn run(mut self) -> Settled {
        let kind = self.way.kind();
        let content = outbox::content(&self.shared.db, self.item.message, AddressKind::of(kind)).await;
        let outgoing = match content {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Settled::Finished { left: false },
            Err(error) => {
                tracing::error!(%error, message = %self.item.message, "cannot read a message that must be sent");
                return self.postponed();
            }
        };
        let (outcome, left) = match self.way.clone() {
            Way::Http(target) => match self.begin(&outgoing).await {
                Begun::Yes => (self.call(&target, &outgoing).await, true),
                not => return self.not_begun(not),
            },
            Way::Mail(post) => match self.prepare(&post, &outgoing).await {
                Ok(Some(ready)) => match self.begin(&outgoing).await {
                    Begun::Yes if self.is_on_record().await => (Some(self.mail(&post, ready).await), true),
                    Begun::Yes => (None, false),
                    not => return self.not_begun(not),
                },
                Ok(None) => (None, false),
                Err(outcome) => (Some(outcome), false),
            },
        };
        let Some(outcome) = outcome else { return self.postponed() };
        metrics::counter!(names::OUTBOX_ATTEMPTS, "channel" => kind.as_str(), "outcome" => outcome.as_str()).increment(1);
        self.settle(outcome, left).await
    }

    fn not_begun(&self, begun: Begun) -> Settled {
        match begun {
            Begun::NotNow => self.postponed(),
            Begun::Finished | Begun::Yes => Settled::Finished { left: false },
        }
    }

    async fn is_on_record(&mut self) -> bool {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return true;
        }
        let written = self.shared.journal.write(rows, None, By::System, None).await;
        written
            .inspect_err(|error| tracing::warn!(%error, message = %self.item.message, "a mail that leaves cannot be counted"))
            .is_ok()
    }

    /// Nothing was sent and nothing is counted.
    fn postponed(&self) -> Settled {
        Settled::Later { item: Item { next_at: self.shared.clock.now() + AGAIN, ..self.item }, left: false }
    }

    /// Commits that the message is being sent: the first time as a fact of its conversation, later in its row alone.
    async fn begin(&self, outgoing: &Outgoing) -> Begun {
        let begun = match outgoing.delivery {
            Delivery::Scheduled | Delivery::Queued => self.move_to(Delivery::Sending, None).await.map_err(Some),
            Delivery::Sending => self.mark(Mark::Sending, self.item.attempts, self.item.next_at).await,
            _ => return Begun::Finished,
        };
        match begun {
            Ok(()) => {
                if self.item.outcome_unknown {
                    tracing::info!(message = %self.item.message, "sent again under the same id: the receiver may have it already");
                }
                Begun::Yes
            }
            // Withdrawn just now.
            Err(Some(CommandError::Refused(Refusal::NotWaiting))) => Begun::Finished,
            Err(None) => Begun::Finished,
            Err(Some(error)) => {
                tracing::warn!(%error, message = %self.item.message, "cannot begin to send");
                Begun::NotNow
            }
        }
    }

    async fn settle(&self, outcome: Outcome, left: bool) -> Settled {
        let attempts = self.item.attempts + 1;
        let (mark, retry_after) = match outcome {
            Outcome::Sent => return self.finish(Delivery::Sent, self.sent_again(), left).await,
            Outcome::SentToSome => return self.finish(Delivery::Sent, Some("some_refused".to_owned()), left).await,
            Outcome::Failed(reason) => return self.finish(Delivery::Failed, Some(reason), left).await,
            Outcome::Rejected(reason) => return self.finish(Delivery::Rejected, Some(reason), left).await,
            Outcome::Suppressed(reason) => return self.finish(Delivery::Suppressed, Some(reason.to_owned()), left).await,
            Outcome::Rest(failure) => return self.rest(failure).await,
            Outcome::Refused { retry_after } => (Mark::Waiting, retry_after),
            Outcome::Unknown => (Mark::Sending, None),
        };
        let Some(wait) = judge::wait_after(attempts, retry_after, self.random) else {
            return self.finish(Delivery::Failed, Some("gave_up".to_owned()), left).await;
        };
        // Once in doubt, always in doubt.
        let outcome_unknown = mark == Mark::Sending || self.item.outcome_unknown;
        let item = Item { attempts, next_at: self.shared.clock.now() + wait, outcome_unknown, ..self.item };
        if self.marked(item).await { Settled::Later { item, left } } else { Settled::Finished { left } }
    }

    /// A duplicate at the receiver has a mark at the sender (R6).
    fn sent_again(&self) -> Option<String> {
        (self.item.outcome_unknown && matches!(self.way, Way::Mail(_))).then(|| "sent_again".to_owned())
    }

    /// It was not its fault, so nothing is counted.
    async fn rest(&self, failure: Failure) -> Settled {
        let item = Item { next_at: self.shared.clock.now(), ..self.item };
        if self.marked(item).await { Settled::Rest(item, failure) } else { Settled::Finished { left: false } }
    }

    /// Commits that it waits; tells whether it still does.
    async fn marked(&self, item: Item) -> bool {
        let mark = if item.outcome_unknown { Mark::Sending } else { Mark::Waiting };
        loop {
            match self.mark(mark, item.attempts, item.next_at).await {
                Ok(()) => return true,
                Err(None) => return false,
                Err(Some(_)) => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// What happened happened: this is tried until it is committed.
    async fn finish(&self, to: Delivery, reason: Option<String>, left: bool) -> Settled {
        let (message, conversation) = (self.item.message, self.conversation);
        if let Some(reason) = reason.as_ref().filter(|_| to != Delivery::Sent) {
            tracing::warn!(%message, channel = %self.way.channel(), reason, "a message will not be sent");
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
        Settled::Finished { left }
    }

    /// Only the conversation moves a delivery. Nothing to move is fine: a receipt was faster.
    async fn move_to(&self, to: Delivery, reason: Option<String>) -> Result<(), CommandError> {
        let message = self.item.message;
        let stored = conversations::delivery(&self.shared.db, self.conversation, message);
        let stored = stored.await.map_err(|_| CommandError::Unavailable)?;
        let command = match to {
            Delivery::Sending => Command::BeginDelivery { message, stored },
            _ => Command::MoveDelivery { message, stored, to, reason },
        };
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
