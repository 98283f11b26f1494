//! Reads one mail and takes it in, or puts it aside. Also for people who have a mail that was put aside taken in after all.
//!
//! What is stored follows from the mail ([`Identity`]), so that whatever a crash left half done is done again and not twice. Files are
//! on the disk before the message that names them is in the log; that they belong to its conversation is recorded before the
//! mailbox's position goes on.

use std::{panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use super::{
    confirm,
    identity::Identity,
    judge::{self, Candidate, Place, Verdict, effect, place, verdict, word},
};
use crate::{
    actors::engine::{CommandError, Engine, Inbound, Received, Threading},
    channels::email::{
        settings::MailAccount,
        understand::{
            Context, Understood, glance,
            report::Report,
            trust::{self, Proof},
            understand,
        },
    },
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::Command,
        file,
        log::By,
        mail::{Doubt, Envelope},
        message::Attachment,
    },
    ids::{AttachmentId, ConversationId, MailAsideId},
    store::{
        StoreError,
        attachments::{self, Stored},
        conversations,
        mail_asides::{self, MailAside, MailAsideKind, MailAsideState},
        mail_sending, mail_threads,
        suppressions::{self, Suppression, SuppressionReason},
        write::Statement,
    },
};

/// Files of one mail written at once.
const FILES_AT_ONCE: usize = 4;
/// Message-IDs of In-Reply-To and References that are looked up, the nearest first.
const REFERENCES: usize = 12;
/// The longest name of a contact, in characters.
const NAME: usize = 120;
/// What says nothing at all still is a message.
const NOTHING: &str = "—";
/// The media type of a mail.
const MAIL: &str = "message/rfc822";

/// What reading needs. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    /// The front door.
    pub engine: Engine,
    /// Where files lie.
    pub files: Arc<dyn ObjectStore>,
}

/// A mail, and what it means if that could be found out.
pub struct Reading {
    identity: Identity,
    raw: Bytes,
    size: u64,
    received: Timestamp,
    /// Or a stable code of why not.
    meaning: Result<Box<Meaning>, String>,
    /// Of what could not be read: who seems to have written it, and about what.
    glance: (String, String),
}

struct Meaning {
    mail: Understood,
    proof: Proof,
    own: Arc<[String]>,
}

/// What became of a mail, and what is to be committed before it counts as taken in.
pub struct Settled {
    /// What became of it.
    pub outcome: Outcome,
    /// To be committed.
    pub statements: Vec<Statement>,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a message now.
    Stored(ConversationId),
    /// It was one before.
    Repeated(Option<ConversationId>),
    /// It lies aside.
    Aside(MailAsideKind, String),
}

impl Outcome {
    /// As metrics name it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stored(_) => "stored",
            Self::Repeated(_) => "repeated",
            Self::Aside(kind, _) => kind.as_str(),
        }
    }
}

impl Reading {
    /// Reads a mail: off the arbiters. `own` are all addresses of the account's client.
    pub(super) fn of(account: &MailAccount, own: Arc<[String]>, raw: Bytes, received: Timestamp) -> Self {
        let identity = Identity::of(account.id, &raw);
        let size = raw.len() as u64;
        // What nobody foresaw ends one mail, not the mailbox (R13).
        let meaning = std::panic::catch_unwind(AssertUnwindSafe(|| Meaning::of(account, own, &raw)));
        let meaning = meaning.unwrap_or_else(|_| {
            tracing::error!(account = %account.id, "reading a mail panicked: it is put into quarantine");
            Err("panicked".to_owned())
        });
        let glance = if meaning.is_err() { glance_at(&raw) } else { Default::default() };
        Self { identity, raw, size, received, meaning, glance }
    }

    /// A mail over which its reader broke.
    fn broken(account: &MailAccount, raw: Bytes, received: Timestamp) -> Self {
        let (identity, size) = (Identity::of(account.id, &raw), raw.len() as u64);
        Self { identity, raw, size, received, meaning: Err("panicked".to_owned()), glance: Default::default() }
    }

    /// A mail of which only this much was fetched.
    pub(super) fn partial(
        account: &MailAccount,
        number: (u32, u32),
        raw: Bytes,
        size: u64,
        received: Timestamp,
        why: &str,
    ) -> Self {
        let identity = Identity::of_number(account.id, number.0, number.1);
        let glance = glance_at(&raw);
        Self { identity, raw, size, received, meaning: Err(why.to_owned()), glance }
    }

    /// Whoever wrote it: mails of one author are taken in one after the other.
    pub(super) fn author(&self) -> &str {
        let author = self.meaning.as_ref().ok().and_then(|meaning| meaning.mail.author.as_ref());
        author.map_or("", |author| author.address.as_str())
    }

    /// It brings whoever takes it in down, again and again.
    pub(super) fn give_up(&mut self, why: &str) {
        self.meaning = Err(why.to_owned());
    }
}

fn glance_at(raw: &[u8]) -> (String, String) {
    std::panic::catch_unwind(AssertUnwindSafe(|| glance(raw))).unwrap_or_default()
}

impl Meaning {
    fn of(account: &MailAccount, own: Arc<[String]>, raw: &[u8]) -> Result<Box<Self>, String> {
        #[cfg(test)]
        assert!(memchr::memmem::find(raw, b"X-Poison: yes").is_none(), "tripped over a mail, as planned");
        let context = Context { keys: &account.threads, own: &own, return_path: None };
        let mut mail = understand(raw, &context).map_err(|why| word(&why))?;
        let proof = match (&account.settings.trusted_authserv, &mail.author) {
            (Some(trusted), Some(author)) => trust::proof(raw, trusted, &author.address),
            _ => Proof::Unsaid,
        };
        if proof == Proof::Failed {
            mail.doubts.push(Doubt::Unproven);
        }
        Ok(Box::new(Self { mail, proof, own }))
    }
}

impl Reader {
    /// All addresses under which a client receives or sends.
    pub(super) fn own(&self, account: &MailAccount) -> Arc<[String]> {
        let directory = self.engine.directory.load();
        let of_client = directory.mail_accounts.values().filter(|other| other.client == account.client);
        of_client.map(|other| other.address.clone()).collect()
    }

    /// Reads a mail on another thread.
    pub async fn read(&self, account: &Arc<MailAccount>, raw: Bytes, received: Timestamp) -> Reading {
        let read = self.read_all(account, vec![((), raw.clone(), received)]).await;
        read.into_iter().next().map_or_else(|| Reading::broken(account, raw, received), |(_, reading)| reading)
    }

    /// Reads some mails on another thread, one after the other.
    pub(super) async fn read_all<T: Copy + Send + 'static>(
        &self,
        account: &Arc<MailAccount>,
        mails: Vec<(T, Bytes, Timestamp)>,
    ) -> Vec<(T, Reading)> {
        if mails.is_empty() {
            return Vec::new();
        }
        let (own, kept) = (self.own(account), mails.clone());
        let reading = tokio::task::spawn_blocking({
            let account = Arc::clone(account);
            let one = move |(key, raw, received)| (key, Reading::of(&account, Arc::clone(&own), raw, received));
            move || mails.into_iter().map(one).collect()
        });
        let broken = |(key, raw, received)| (key, Reading::broken(account, raw, received));
        reading.await.unwrap_or_else(|_| kept.into_iter().map(broken).collect())
    }

    /// Takes a mail in, or puts it aside. `insists`: somebody of the staff says that a person wrote it.
    ///
    /// # Errors
    /// Busy or not available: nothing is lost when the same is tried again.
    pub async fn settle(&self, account: &MailAccount, reading: &Reading, insists: bool) -> Result<Settled, CommandError> {
        let meaning = match &reading.meaning {
            Ok(meaning) => meaning,
            Err(why) => return self.put_aside(account, reading, MailAsideKind::Quarantined, why.clone(), None).await,
        };
        match verdict(&meaning.mail, insists) {
            Verdict::Customer => self.take_in(account, reading, meaning).await,
            Verdict::Aside(kind, reason) => {
                let (about, mut more) = match &meaning.mail.report {
                    Some(report) if kind == MailAsideKind::Report => {
                        self.act_on(account, report, reading.identity.aside()).await?
                    }
                    _ => (None, Vec::new()),
                };
                let mut settled = self.put_aside(account, reading, kind, reason, about).await?;
                settled.statements.append(&mut more);
                Ok(settled)
            }
        }
    }

    async fn take_in(&self, account: &MailAccount, reading: &Reading, meaning: &Meaning) -> Result<Settled, CommandError> {
        let Meaning { mail, proof, own } = meaning;
        let quarantined = |why: &str| self.put_aside(account, reading, MailAsideKind::Quarantined, why.to_owned(), None);
        let (Some(author), Some(campaign)) = (&mail.author, account.campaign) else { return quarantined("no_author").await };
        let Some(from) = Address::new(AddressKind::Email, &author.address) else { return quarantined("no_author").await };
        let place = match mail.thread.is_none() && mail.in_reply_to.is_empty() && mail.references.is_empty() {
            true => Place::New { names: None },
            false => place(author, own, *proof, &self.candidates(account, mail).await.map_err(away)?),
        };
        let (thread, names) = match place {
            Place::Joins(conversation) => (Threading::Joins(conversation), None),
            Place::New { names } => (Threading::New, names),
        };
        self.keep_source(reading).await?;
        let attachments = self.keep_files(reading, mail).await?;
        let inbound = Inbound {
            channel: account.id,
            kind: ChannelKind::Email,
            client: account.client,
            campaign,
            claim: reading.identity.claim(reading.received),
            from,
            name: author.name.chars().take(NAME).collect(),
            text: text(mail, attachments.is_empty()).into(),
            attachments: attachments.clone(),
            thread,
            mail: Some(Arc::new(self.envelope(mail, reading.identity.source(), names))),
        };
        let room = self.engine.room().await?;
        let outcome = match self.engine.receive(room, inbound).await {
            Ok(Received::Stored { conversation, .. }) => Outcome::Stored(conversation),
            Ok(Received::Repeated) => {
                let (db, source) = (&self.engine.db, reading.identity.source());
                let id = mail.message_id.as_deref();
                let known = mail_threads::with_source(db, account.id, id, &author.address, source).await.map_err(away)?;
                Outcome::Repeated(known)
            }
            Ok(Received::Quarantined) => return quarantined("refused").await,
            Err(error @ (CommandError::Busy | CommandError::Unavailable)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, account = %account.id, "a mail could not become a message: it is put into quarantine");
                return quarantined("refused").await;
            }
        };
        let conversation = match outcome {
            Outcome::Stored(conversation) | Outcome::Repeated(Some(conversation)) => Some(conversation),
            _ => None,
        };
        if let (Outcome::Stored(conversation), Threading::New) = (&outcome, thread)
            && confirm::may_confirm(mail, *proof, own)
        {
            confirm::confirm(self, account, mail, *conversation).await;
        }
        let now = self.engine.clock.now();
        let source = self.source_file(reading, mail.subject.as_str());
        let record = |file| {
            let stored = Stored { file, client: account.client, uploaded_by: By::Contact, conversation };
            attachments::insert_once(&stored, now)
        };
        // Of what was taken in before and cannot be found again, nothing is recorded: it is somebody else's.
        let files = conversation.is_some().then(|| attachments.into_iter().chain([source]));
        Ok(Settled { outcome, statements: files.into_iter().flatten().map(record).collect() })
    }

    /// Conversations that the mail may belong to: the one whose message it proves to answer, then those of the mails it names.
    async fn candidates(&self, account: &MailAccount, mail: &Understood) -> Result<Vec<Candidate>, StoreError> {
        let db = &self.engine.db;
        let mut found: Vec<Candidate> = Vec::new();
        if let Some(thread) = &mail.thread {
            let conversation = thread.ours.conversation;
            let participants = mail_threads::participants(db, account.id, conversation).await?;
            if !participants.is_empty() {
                found.push(Candidate { conversation, participants, is_proven: true });
            }
        }
        let named = mail.in_reply_to.iter().chain(mail.references.iter().rev()).take(REFERENCES);
        for id in named {
            for conversation in mail_threads::with_mail_id(db, account.id, id).await? {
                if found.iter().all(|known| known.conversation != conversation) {
                    let participants = mail_threads::participants(db, account.id, conversation).await?;
                    found.push(Candidate { conversation, participants, is_proven: false });
                }
            }
        }
        Ok(found)
    }

    fn envelope(&self, mail: &Understood, source: AttachmentId, names: Option<ConversationId>) -> Envelope {
        let mut doubts = mail.doubts.clone();
        let directory = self.engine.directory.peek();
        let is_of_staff = |address: &str| directory.users.values().any(|user| user.login.eq_ignore_ascii_case(address));
        if !doubts.contains(&Doubt::OurOwnAddress) && mail.author.as_ref().is_some_and(|author| is_of_staff(&author.address)) {
            doubts.push(Doubt::OurOwnAddress);
        }
        let replies = mail.replies.as_ref();
        let author = mail.author.as_ref();
        let reply_to = replies.map(|replies| &replies.to).filter(|to| author.is_some_and(|author| author.address != to.address));
        let longest = text(mail, false).len();
        let folds = mail.folds.iter().filter(|fold| fold.from < longest);
        Envelope {
            subject: mail.subject.clone(),
            from: mail.author.clone(),
            to: mail.to.clone(),
            cc: mail.cc.clone(),
            reply_to: reply_to.cloned(),
            elsewhere: replies.and_then(|replies| replies.elsewhere.clone()),
            date: mail.date,
            message_id: mail.message_id.clone(),
            in_reply_to: mail.in_reply_to.clone(),
            references: mail.references.clone(),
            source: Some(source),
            has_html: mail.html.is_some(),
            folds: folds.map(|fold| crate::domain::mail::Fold { to: fold.to.min(longest), ..*fold }).collect(),
            doubts,
            automatic: mail.automatic.is_some(),
            names,
            ..Envelope::default()
        }
    }

    async fn put(&self, id: AttachmentId, bytes: Bytes) -> Result<(), CommandError> {
        let put = self.files.put(&attachments::object_path(id), PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|error| {
            tracing::error!(%error, "a file of a mail could not be stored");
            CommandError::Unavailable
        })
    }

    async fn keep_source(&self, reading: &Reading) -> Result<(), CommandError> {
        self.put(reading.identity.source(), reading.raw.clone()).await
    }

    /// Every file of the mail, in its order.
    async fn keep_files(&self, reading: &Reading, mail: &Understood) -> Result<Vec<Attachment>, CommandError> {
        let kept = mail.files.iter().enumerate().map(|(number, found)| {
            let id = reading.identity.file(number);
            let file = Attachment { id, name: found.name.clone(), media_type: found.media_type.clone(), size: found.size as u64 };
            let bytes = Bytes::copy_from_slice(&found.bytes);
            async move { self.put(id, bytes).await.map(|()| file) }
        });
        stream::iter(kept).buffered(FILES_AT_ONCE).try_collect().await
    }

    fn source_file(&self, reading: &Reading, subject: &str) -> Attachment {
        let subject: String = subject.chars().take(100).collect();
        let name = if subject.trim().is_empty() { "mail.eml".to_owned() } else { format!("{subject}.eml") };
        let size = reading.raw.len() as u64;
        Attachment { id: reading.identity.source(), name: file::clean_name(&name), media_type: MAIL.to_owned(), size }
    }

    async fn put_aside(
        &self,
        account: &MailAccount,
        reading: &Reading,
        kind: MailAsideKind,
        reason: String,
        about: Option<ConversationId>,
    ) -> Result<Settled, CommandError> {
        let now = self.engine.clock.now();
        let mail = reading.meaning.as_ref().ok().map(|meaning| &meaning.mail);
        let author = mail.and_then(|mail| mail.author.as_ref()).map(|author| author.address.clone());
        let (guessed_author, guessed_subject) = reading.glance.clone();
        let subject = mail.map_or(guessed_subject, |mail| mail.subject.clone());
        let mut statements = Vec::new();
        let mut source = None;
        if !reading.raw.is_empty() {
            self.keep_source(reading).await?;
            source = Some(reading.identity.source());
            let file = self.source_file(reading, &subject);
            let stored = Stored { file, client: account.client, uploaded_by: By::System, conversation: None };
            statements.push(attachments::insert_once(&stored, now));
        }
        let aside = MailAside {
            id: reading.identity.aside(),
            client: account.client,
            account: account.id,
            kind,
            reason: reason.clone(),
            author: author.unwrap_or(guessed_author),
            subject,
            message_id: mail.and_then(|mail| mail.message_id.clone()),
            source,
            size: reading.size,
            conversation: about,
            state: MailAsideState::Open,
            received_at: reading.received,
            created_at: now,
        };
        statements.push(mail_asides::insert(&aside));
        Ok(Settled { outcome: Outcome::Aside(kind, reason), statements })
    }

    /// Does what a report says to the message it proves to be about; gives the conversation of that.
    async fn act_on(
        &self,
        account: &MailAccount,
        report: &Report,
        aside: MailAsideId,
    ) -> Result<(Option<ConversationId>, Vec<Statement>), CommandError> {
        let about = match report {
            Report::Delivery(report) => report.about,
            Report::Complaint(complaint) => complaint.about,
            Report::Receipt(receipt) => receipt.about,
        };
        let Some(ours) = about else { return Ok((None, Vec::new())) };
        let (db, now) = (&self.engine.db, self.engine.clock.now());
        let receivers = mail_threads::receivers(db, account.id, ours.conversation, ours.message).await.map_err(away)?;
        let Some(receivers) = receivers else { return Ok((None, Vec::new())) };
        let judge::Effect { moves, suppress, left_out } = effect(report, &receivers);
        if let Some((to, reason)) = moves {
            let stored = conversations::delivery(db, ours.conversation, ours.message).await.map_err(away)?;
            let command = Command::MoveDelivery { message: ours.message, stored, to, reason };
            let moved = self.engine.command(ours.conversation, command, By::System, None).await;
            // What cannot move backwards stays where it is.
            if let Err(error @ (CommandError::Busy | CommandError::Unavailable)) = moved {
                return Err(error);
            }
        }
        let complained = |address: String| {
            suppressions::complained(&Suppression {
                id: self.engine.ids.next(),
                client: account.client,
                address,
                reason: SuppressionReason::Complaint,
                note: None,
                added_by: By::System,
                message: Some(ours.message),
                conversation: Some(ours.conversation),
                report: Some(aside),
                created_at: now,
                lifted: None,
            })
        };
        let suppress = suppress.into_iter().map(complained);
        let left_out =
            left_out.iter().map(|(address, reason, words)| mail_sending::left_out(ours.message, address, reason, words, now));
        Ok((Some(ours.conversation), suppress.chain(left_out).collect()))
    }
}

fn away(error: StoreError) -> CommandError {
    tracing::warn!(%error, "the store cannot be asked about a mail");
    CommandError::Unavailable
}

/// What the message says, in as many bytes as a message may have.
fn text(mail: &Understood, alone: bool) -> &str {
    let most = ChannelKind::Email.max_text_bytes();
    let text = mail.text.get(..mail.text.floor_char_boundary(most)).unwrap_or_default();
    match (text.trim().is_empty() && alone, mail.subject.trim()) {
        (false, _) => text,
        (true, "") => NOTHING,
        (true, subject) => subject,
    }
}
