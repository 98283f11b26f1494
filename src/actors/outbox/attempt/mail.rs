//! An attempt on a mail account: the mail is put together, and handed over on a connection that is kept between mails.

use std::{collections::HashSet, sync::Arc};

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
    clock::Timestamp,
    domain::{
        mail::{Envelope, Mailbox, answer::Request},
        message::Author,
    },
    ids::{AttachmentId, MessageId},
    store::{StoreError, attachments, conversations, outbox::Outgoing},
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
    /// Used by one mail after the other.
    kept: Mutex<Kept>,
}

/// What one mail leaves for the next.
#[derive(Default)]
struct Kept {
    sender: Option<Sender>,
    /// What it signs in with.
    access: Option<Arc<Account>>,
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
            kept: Mutex::default(),
        })
    }

    /// The connection, signed in with what counts now. Another token is no reason to hang up: the server asked for it when it was good.
    async fn sender<'a>(&self, kept: &'a mut Kept, tokens: &Tokens) -> Result<&'a mut Sender, Failure> {
        if kept.sender.as_ref().is_none_or(|sender| !sender.is_connected()) {
            let access = Arc::new(tokens.account(&self.account).await?);
            kept.sender = Some(Sender::new(self.net.clone(), Arc::clone(&access)));
            kept.access = Some(access);
        }
        kept.sender.as_mut().ok_or_else(|| Code::NoLogin.into())
    }

    /// Says goodbye to the server, unless something is being sent.
    pub(in super::super) async fn hang_up(&self) {
        let kept = self.kept.try_lock().ok().and_then(|mut kept| kept.sender.take());
        if let Some(sender) = kept {
            sender.close().await;
        }
    }

    /// Hands a mail over; says who was refused.
    pub(in super::super) async fn hand_over(&self, letter: &Letter, tokens: &Tokens) -> (Outcome, Vec<LeftOut>) {
        let mut kept = self.kept.lock().await;
        let mut is_second = false;
        loop {
            let (outcome, refused) = match self.sender(&mut kept, tokens).await {
                Ok(sender) => judge::judge_mail(sender.send(letter).await),
                Err(failure) => (Outcome::Rest(failure), Vec::new()),
            };
            let (Outcome::Rest(failure), Some(access)) = (&outcome, &kept.access) else { return (outcome, refused) };
            match tokens.judge(&self.account, access, failure.clone()) {
                Some(failure) => return (Outcome::Rest(failure), refused),
                None if is_second => return (outcome, refused),
                // A token may lose its force before its time.
                None => (is_second, kept.sender) = (true, None),
            }
        }
    }
}

/// A mail as it leaves.
pub(in super::super) struct Ready {
    pub(in super::super) letter: Letter,
    pub(in super::super) receivers: Vec<String>,
    _memory: Option<SemaphorePermit<'static>>,
}

/// Everything a mail is made of.
pub(in super::super) struct Parts {
    post: Arc<Post>,
    from: Mailbox,
    envelope: Arc<Envelope>,
    origin: Origin,
    message_id: String,
    date: Timestamp,
    text: Arc<str>,
    html: Option<String>,
    files: Vec<Enclosed>,
    asked: Option<Asked>,
    memory: Option<SemaphorePermit<'static>>,
}

/// Whether all of a message is at hand, so that putting it together waits for nothing.
pub(in super::super) fn is_light(outgoing: &Outgoing) -> bool {
    outgoing.message.attachments.is_empty() && outgoing.message.mail.as_ref().is_some_and(|mail| mail.html.is_none())
}

impl Parts {
    /// Encoding takes its time: off the arbiters.
    pub(in super::super) fn compose(self) -> Result<Ready, Outcome> {
        let (text, html) = match self.asked {
            Some(Asked { html: below, text: asked }) => {
                (format!("{}\n\n{asked}", self.text).into(), self.html.map(|html| format!("{html}{below}")))
            }
            None => (self.text, self.html),
        };
        let mail = compose::Mail {
            from: &self.from,
            reply_to: None,
            envelope: &self.envelope,
            message_id: &self.message_id,
            date: self.date,
            text: &text,
            html: html.as_deref(),
            files: &self.files,
            loop_tag: self.post.key.loop_tag(),
            origin: self.origin,
        };
        let failed = |code: &str| Outcome::Failed(code.to_owned());
        let raw = compose(&mail).map_err(|error| failed(error.as_str()))?;
        let receivers = receivers(&self.envelope);
        let letter = Letter::new(&self.from.address, &receivers, raw).map_err(|code| failed(code.as_str()))?;
        Ok(Ready { letter, receivers, _memory: self.memory })
    }
}

/// Everybody who gets it, once.
fn receivers(envelope: &Envelope) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = envelope.to.iter().chain(&envelope.cc).chain(&envelope.bcc);
    all.filter(|one| seen.insert(one.address.as_str())).map(|one| one.address.clone()).collect()
}

impl Attempt {
    /// Gathers what its mail is made of.
    pub(in super::super) async fn gather(
        &self,
        post: &Arc<Post>,
        outgoing: &Outgoing,
    ) -> Result<Result<Parts, Outcome>, StoreError> {
        let (envelope, origin) = match self.envelope(outgoing).await? {
            Ok(found) => found,
            Err(outcome) => return Ok(Err(outcome)),
        };
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
        Ok(Ok(Parts { post, from, envelope, origin, message_id, date, text, html, files, asked, memory }))
    }

    fn from(&self, post: &Post, author: Author) -> Mailbox {
        let directory = self.shared.directory.load();
        let writer = match author {
            Author::Agent(agent) => directory.users.get(&agent).map(|user| user.name.as_str()),
            _ => None,
        };
        answering::sender(&directory, &post.account, writer)
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
    async fn envelope(&self, outgoing: &Outgoing) -> Result<Result<(Arc<Envelope>, Origin), Outcome>, StoreError> {
        let is_ours = matches!(outgoing.message.author, Author::System);
        if let Some(mail) = &outgoing.message.mail {
            return Ok(Ok((Arc::clone(mail), if is_ours { Origin::Answer } else { Origin::Person })));
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
        Ok(found
            .map(|envelope| (Arc::new(envelope), origin))
            .map_err(|_| Outcome::Failed(Code::AddressInvalid.as_str().to_owned())))
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
}
