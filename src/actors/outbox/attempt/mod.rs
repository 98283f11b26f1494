//! One attempt to send one message: commit that it begins, hand it over, commit what became of it. How it is handed over is the
//! channel's business: [`http`], one by itself; [`mail`], many in a row ([`super::flow`]).

mod http;
mod mail;

use std::{sync::Arc, time::Duration};

use object_store::ObjectStore;
use reqwest::Client;
use tokio::sync::oneshot;

pub use self::http::client;
pub(super) use self::{
    http::Target,
    mail::{Parts, Post, Ready, is_light},
};

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
    channels::email::post::{failure::Failure, net::Network},
    clock::Clock,
    directory::Directory,
    domain::{channel::ChannelKind, contact::AddressKind, conversation::Command, delivery::Delivery, log::By, refusal::Refusal},
    ids::{ChannelId, ConversationId, Ids},
    store::{
        Db, StoreError, conversations,
        journal::Journal,
        outbox::{self, Mark},
        write::WriteError,
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

/// Where a message stands: its `conv_seq` and state, if it is there.
pub(super) type Standing = Option<(u64, Delivery)>;

/// A message whose turn it is.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) way: Way,
    pub(super) conversation: ConversationId,
    pub(super) item: Item,
    /// In [0, 1): spreads retries.
    pub(super) random: f64,
}

impl Attempt {
    /// A call, from its beginning to its end. Dropped at any point it leaves a row that the next start takes up.
    pub(super) async fn run(self, target: &Target) -> Settled {
        let content = outbox::content(&self.shared.db, self.item.message, AddressKind::of(ChannelKind::Api)).await;
        let outgoing = match content {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Settled::Finished { left: false },
            Err(error) => return self.unreadable(&error),
        };
        match self.begin(Some((outgoing.message.seq, outgoing.delivery))).await {
            Begun::Yes => match self.call(target, &outgoing).await {
                Some(outcome) => self.settle(outcome, true, None).await,
                None => self.postponed(),
            },
            not => self.not_begun(not),
        }
    }

    pub(super) fn unreadable(&self, error: &StoreError) -> Settled {
        tracing::error!(%error, message = %self.item.message, "cannot read a message that must be sent");
        self.postponed()
    }

    pub(super) fn not_begun(&self, begun: Begun) -> Settled {
        match begun {
            Begun::NotNow => self.postponed(),
            Begun::Finished | Begun::Yes => Settled::Finished { left: false },
        }
    }

    /// Nothing was sent and nothing is counted.
    pub(super) fn postponed(&self) -> Settled {
        Settled::Later { item: Item { next_at: self.shared.clock.now() + AGAIN, ..self.item }, left: false }
    }

    /// Its account cannot send, and it did not begin to.
    pub(super) fn rests(&self, failure: Failure) -> Settled {
        Settled::Rest(Item { next_at: self.shared.clock.now(), ..self.item }, failure)
    }

    /// Commits that the message is being sent: the first time as a fact of its conversation, later in its row alone. `standing` was
    /// read just now.
    pub(super) async fn begin(&self, standing: Standing) -> Begun {
        let begun = match standing {
            Some((_, Delivery::Scheduled | Delivery::Queued)) => self.tell(Delivery::Sending, None, standing).await.map_err(Some),
            Some((_, Delivery::Sending)) => self.mark(Mark::Sending, self.item.attempts, self.item.next_at).await,
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

    /// Commits what became of it. `standing` was read after that; none: not yet.
    pub(super) async fn settle(&self, outcome: Outcome, left: bool, standing: Option<Standing>) -> Settled {
        metrics::counter!(names::OUTBOX_ATTEMPTS, "channel" => self.way.kind().as_str(), "outcome" => outcome.as_str())
            .increment(1);
        let attempts = self.item.attempts + 1;
        let (mark, retry_after) = match outcome {
            Outcome::Sent => return self.finish(Delivery::Sent, self.sent_again(), left, standing).await,
            Outcome::SentToSome => return self.finish(Delivery::Sent, Some("some_refused".to_owned()), left, standing).await,
            Outcome::Failed(reason) => return self.finish(Delivery::Failed, Some(reason), left, standing).await,
            Outcome::Rejected(reason) => return self.finish(Delivery::Rejected, Some(reason), left, standing).await,
            Outcome::Suppressed(reason) => {
                return self.finish(Delivery::Suppressed, Some(reason.to_owned()), left, standing).await;
            }
            Outcome::Rest(failure) => return self.rest(failure).await,
            Outcome::Refused { retry_after } => (Mark::Waiting, retry_after),
            Outcome::Unknown => (Mark::Sending, None),
        };
        let Some(wait) = judge::wait_after(attempts, retry_after, self.random) else {
            return self.finish(Delivery::Failed, Some("gave_up".to_owned()), left, standing).await;
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
    async fn finish(&self, to: Delivery, reason: Option<String>, left: bool, mut standing: Option<Standing>) -> Settled {
        let (message, conversation) = (self.item.message, self.conversation);
        if let Some(reason) = reason.as_ref().filter(|_| to != Delivery::Sent) {
            tracing::warn!(%message, channel = %self.way.channel(), reason, "a message will not be sent");
        }
        let mut failures = 0;
        while let Err(error) = self.move_to(to, reason.clone(), standing.take()).await {
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

    /// Nothing to move is fine: a receipt was faster.
    async fn move_to(&self, to: Delivery, reason: Option<String>, standing: Option<Standing>) -> Result<(), CommandError> {
        let standing = match standing {
            Some(standing) => standing,
            None => {
                let read = conversations::delivery(&self.shared.db, self.conversation, self.item.message);
                read.await.map_err(|_| CommandError::Unavailable)?
            }
        };
        self.tell(to, reason, standing).await
    }

    /// Only the conversation moves a delivery.
    async fn tell(&self, to: Delivery, reason: Option<String>, stored: Standing) -> Result<(), CommandError> {
        let message = self.item.message;
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

/// Whether a message is on its way.
pub(super) enum Begun {
    Yes,
    NotNow,
    Finished,
}
