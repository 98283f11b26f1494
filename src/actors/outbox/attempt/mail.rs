//! An attempt on a mail account: the mail is put together, and handed over on a connection that is kept between mails.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;
use object_store::ObjectStoreExt;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::{Attempt, Outcome, judge, judge::LeftOut};
use crate::{
    actors::mail_tokens::Tokens,
    channels::email::{
        answering,
        compose::{self, Enclosed, MAX_FILES_BYTES, Origin, compose},
        post::{
            account::Account,
            failure::{Code, Failure},
            net::Network,
            smtp::{Letter, Sender},
        },
        rating::{self, Asked},
        settings::MailAccount,
        understand::ThreadKey,
    },
    domain::{
        log::By,
        mail::{Envelope, Mailbox, answer::Request},
        message::Author,
    },
    ids::{AttachmentId, MessageId},
    store::{StoreError, attachments, conversations, mail_sending, outbox::Outgoing, suppressions},
};

/// Mails with files that are in memory at once, of all accounts: each may take three times [`MAX_FILES_BYTES`].
static WITH_FILES: Semaphore = Semaphore::const_new(2);
/// The HTML of one mail, in bytes.
const MAX_HTML_BYTES: u64 = 1024 * 1024;

/// How one mail account sends: who it is, and the connection it keeps.
pub(in super::super) struct Post {
    pub(in super::super) account: Arc<MailAccount>,
    key: ThreadKey,
    net: Network,
    sender: Mutex<Sending>,
}

/// What is used by one mail after the other.
#[derive(Default)]
struct Sending {
    kept: Option<Sender>,
    /// What it signs in with.
    access: Option<Arc<Account>>,
    /// When the account could not send, on the clock's monotonic time, and why: whoever stood in line then need not find out again.
    failed: Option<(Duration, Failure)>,
}

impl Post {
    /// None while it is switched off, or has no password or no key; of one that signs in at a provider, before somebody did.
    pub(in super::super) fn of(account: &Arc<MailAccount>, net: &Network) -> Option<Self> {
        let usable = account.enabled && account.archived_at.is_none();
        // The lasting one only says that there is something to ask the provider with.
        usable.then(|| account.account(account.secrets.refresh.as_ref()))??;
        Some(Self {
            key: account.threads.first()?.clone(),
            account: Arc::clone(account),
            net: net.clone(),
            sender: Mutex::default(),
        })
    }

    /// The connection, signed in with what counts now. Another token is no reason to hang up: the server asked for it when it was good.
    async fn sender<'a>(&self, sending: &'a mut Sending, tokens: &Tokens) -> Result<&'a mut Sender, Failure> {
        if sending.kept.as_ref().is_none_or(|sender| !sender.is_connected()) {
            let access = Arc::new(tokens.account(&self.account).await?);
            sending.kept = Some(Sender::new(self.net.clone(), Arc::clone(&access)));
            sending.access = Some(access);
        }
        sending.kept.as_mut().ok_or_else(|| Code::NoLogin.into())
    }

    /// Says goodbye to the server, unless something is being sent.
    pub(in super::super) async fn hang_up(&self) {
        let kept = self.sender.try_lock().ok().and_then(|mut sending| sending.kept.take());
        if let Some(sender) = kept {
            sender.close().await;
        }
    }
}

/// A mail as it leaves.
pub(super) struct Ready {
    letter: Letter,
    left_out: Vec<LeftOut>,
    _memory: Option<SemaphorePermit<'static>>,
}

impl Attempt {
    /// Puts it together before it is said to be on its way. None: not now; an error: it never will be.
    pub(super) async fn prepare(&self, post: &Arc<Post>, outgoing: &Outgoing) -> Result<Option<Ready>, Outcome> {
        match self.put_together(post, outgoing).await {
            Ok(ready) => ready.map(Some),
            Err(error) => {
                tracing::error!(%error, message = %self.item.message, "a mail cannot be put together; trying again");
                Ok(None)
            }
        }
    }

    async fn put_together(&self, post: &Arc<Post>, outgoing: &Outgoing) -> Result<Result<Ready, Outcome>, StoreError> {
        let (envelope, origin) = match self.envelope(outgoing).await? {
            Ok(found) => found,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let (receivers, left_out) = self.receivers(post, &envelope).await?;
        if receivers.is_empty() {
            return Ok(Err(Outcome::Suppressed("suppressed")));
        }
        let message = &outgoing.message;
        let total: u64 = message.attachments.iter().map(|file| file.size).sum();
        if total > MAX_FILES_BYTES {
            return Ok(Err(Outcome::Failed(Code::MailTooLarge.as_str().to_owned())));
        }
        let memory = if total > 0 { WITH_FILES.acquire().await.ok() } else { None };
        let mut files = Vec::with_capacity(message.attachments.len());
        for file in &message.attachments {
            let Some(bytes) = self.file(file.id, MAX_FILES_BYTES).await? else {
                return Ok(Err(Outcome::Failed("file_missing".to_owned())));
            };
            let (name, media_type) = (file.name.clone(), file.media_type.clone());
            files.push(Enclosed { id: file.id, name, media_type, bytes });
        }
        let html = match envelope.html {
            None => None,
            Some(id) => match self.file(id, MAX_HTML_BYTES).await? {
                Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                None => return Ok(Err(Outcome::Failed("file_missing".to_owned()))),
            },
        };
        let Some(message_id) = answering::message_id(&post.account, self.conversation, message.id) else {
            return Ok(Err(Outcome::Failed(Code::AddressInvalid.as_str().to_owned())));
        };
        let from = self.from(post, message.author);
        let asked = self.asked(post, message.id, origin);
        let (post, text, date) = (Arc::clone(post), Arc::clone(&message.text), self.shared.clock.now());
        // Away from the arbiter: encoding takes its time.
        let composed = tokio::task::spawn_blocking(move || {
            let (text, html) = match asked {
                Some(Asked { html: below, text: asked }) => {
                    (format!("{text}\n\n{asked}").into(), html.map(|html| format!("{html}{below}")))
                }
                None => (text, html),
            };
            let mail = compose::Mail {
                from: &from,
                reply_to: None,
                envelope: &envelope,
                message_id: &message_id,
                date,
                text: &text,
                html: html.as_deref(),
                files: &files,
                loop_tag: post.key.loop_tag(),
                origin,
            };
            let raw = compose(&mail).map_err(compose::Unsendable::as_str)?;
            Letter::new(&from.address, &receivers, raw).map_err(Code::as_str)
        });
        let composed = composed.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(composed.map(|letter| Ready { letter, left_out, _memory: memory }).map_err(|code| Outcome::Failed(code.to_owned())))
    }

    /// The name is that of the campaign, else of the account, else of who wrote.
    fn from(&self, post: &Post, author: Author) -> Mailbox {
        let (directory, account) = (self.shared.directory.load(), &post.account);
        let campaign = account.campaign.and_then(|id| directory.campaigns.get(&id)?.mail.from_name.clone());
        let own = Some(account.settings.from_name.clone()).filter(|name| !name.is_empty());
        let name = campaign.or(own).or_else(|| match author {
            Author::Agent(agent) => directory.users.get(&agent).map(|user| user.name.clone()),
            _ => None,
        });
        Mailbox { name: name.unwrap_or_default(), address: account.address.clone() }
    }

    /// What stands below what people write, where a campaign asks its customers (S4-20 to S4-23).
    fn asked(&self, post: &Post, message: MessageId, origin: Origin) -> Option<Asked> {
        let (directory, account) = (self.shared.directory.load(), &post.account);
        let campaign = account.campaign.filter(|_| origin == Origin::Person).and_then(|id| directory.campaigns.get(&id))?;
        let rating = campaign.mail.rating.as_ref()?;
        let address = rating::address(&self.shared.origin, account.id, self.conversation, message, &post.key);
        Some(rating::ask(&rating.prompt, &address))
    }

    /// What the staff wrote has its envelope. What the product says in a conversation answers the last mail of it, unless nobody wrote
    /// that: then it stays unsaid.
    async fn envelope(&self, outgoing: &Outgoing) -> Result<Result<(Envelope, Origin), Outcome>, StoreError> {
        let is_ours = matches!(outgoing.message.author, Author::System);
        if let Some(mail) = &outgoing.message.mail {
            return Ok(Ok((mail.as_ref().clone(), if is_ours { Origin::Answer } else { Origin::Person })));
        }
        let Some(state) = conversations::state(&self.shared.db, self.conversation).await? else {
            return Ok(Err(Outcome::Failed("conversation_gone".to_owned())));
        };
        let before = crate::store::mail_answers::latest(&self.shared.db, state.id).await?;
        if is_ours && before.as_ref().is_some_and(|before| before.automatic) {
            return Ok(Err(Outcome::Suppressed("automatic")));
        }
        let directory = self.shared.directory.load();
        let found = answering::envelope(&self.shared.db, &directory, &state, Request::default(), before).await?;
        let origin = if is_ours { Origin::Answer } else { Origin::Person };
        Ok(found.map(|envelope| (envelope, origin)).map_err(|_| Outcome::Failed(Code::AddressInvalid.as_str().to_owned())))
    }

    /// Everybody who gets it, and who would but may not.
    async fn receivers(&self, post: &Post, envelope: &Envelope) -> Result<(Vec<String>, Vec<LeftOut>), StoreError> {
        let (mut seen, mut receivers, mut left_out) = (HashSet::new(), Vec::new(), Vec::new());
        for Mailbox { address, .. } in envelope.to.iter().chain(&envelope.cc).chain(&envelope.bcc) {
            if !seen.insert(address.as_str()) {
                continue;
            }
            if suppressions::is_suppressed(&self.shared.db, post.account.client, address).await? {
                let reason = "suppressed".to_owned();
                left_out.push(LeftOut { address: address.clone(), reason, words: String::new() });
            } else {
                receivers.push(address.clone());
            }
        }
        Ok((receivers, left_out))
    }

    /// None: it is not there, or longer than it may be.
    async fn file(&self, id: AttachmentId, most: u64) -> Result<Option<Bytes>, StoreError> {
        let failed = |error: object_store::Error| StoreError::Unavailable(error.to_string());
        let found = match self.shared.attachments.get(&attachments::object_path(id)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if found.meta.size > most {
            return Ok(None);
        }
        found.bytes().await.map(Some).map_err(failed)
    }

    /// Hands it over; one after the other on one connection.
    pub(super) async fn mail(&self, post: &Post, ready: Ready) -> Outcome {
        let Ready { letter, mut left_out, _memory } = ready;
        let in_line_since = self.shared.clock.elapsed();
        let mut sending = post.sender.lock().await;
        if let Some((_, failure)) = sending.failed.as_ref().filter(|(at, _)| *at >= in_line_since) {
            return Outcome::Rest(failure.clone());
        }
        let (message, account, attempt) = (self.item.message, post.account.id, self.item.attempts + 1);
        let mut is_second = false;
        let (outcome, refused) = loop {
            let (outcome, refused) = self.send(post, &mut sending, &letter, attempt).await;
            let (Outcome::Rest(failure), Some(access)) = (&outcome, &sending.access) else { break (outcome, refused) };
            match self.shared.tokens.judge(&post.account, access, failure.clone()) {
                Some(failure) => break (Outcome::Rest(failure), refused),
                None if is_second => break (outcome, refused),
                // A token may lose its force before its time.
                None => (is_second, sending.kept) = (true, None),
            }
        };
        if let Outcome::Rest(failure) = &outcome {
            sending.failed = Some((self.shared.clock.elapsed(), failure.clone()));
        }
        drop(sending);
        if outcome == Outcome::Unknown {
            tracing::warn!(%message, %account, attempt, "a mail was sent and not answered: its outcome is unknown");
        }
        left_out.extend(refused);
        match outcome {
            Outcome::Sent | Outcome::SentToSome if !left_out.is_empty() => {
                self.note(&left_out).await;
                Outcome::SentToSome
            }
            outcome => outcome,
        }
    }

    async fn send(&self, post: &Post, sending: &mut Sending, letter: &Letter, attempt: u32) -> (Outcome, Vec<LeftOut>) {
        let outcome = match post.sender(sending, &self.shared.tokens).await {
            Ok(sender) => sender.send(letter).await,
            Err(failure) => return (Outcome::Rest(failure), Vec::new()),
        };
        tracing::debug!(message = %self.item.message, account = %post.account.id, attempt, ?outcome, "a mail was handed over");
        judge::judge_mail(outcome)
    }

    /// Who does not get it. Lost only with the process, between the server's yes and this.
    async fn note(&self, left_out: &[LeftOut]) {
        let now = self.shared.clock.now();
        let row = |one: &LeftOut| mail_sending::left_out(self.item.message, &one.address, &one.reason, &one.words, now);
        let rows = left_out.iter().map(row).collect();
        if let Err(error) = self.shared.journal.write(rows, None, By::System, None).await {
            tracing::error!(%error, message = %self.item.message, "who does not get a mail could not be recorded");
        }
    }
}
