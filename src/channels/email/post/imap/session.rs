//! A folder that is watched: what arrived since a position, in chunks, then waiting for more.
//!
//! Reading leaves no trace on the server (EXAMINE-like: `BODY.PEEK`). Only after the caller said [`Session::committed`] may a
//! mail be marked or moved (R1).

use std::{collections::BTreeMap, pin::Pin, time::Duration};

use async_imap::types::Fetch;
use bytes::Bytes;

use super::{
    super::{
        account::Account,
        diagnose::StepName,
        dial::Steps,
        failure::{Code, Failure},
        net::Network,
    },
    connection::{Connection, Selected, folder_name},
    fetch::{Body, Fetched, Keep, plan, set},
};
use crate::clock::Timestamp;

/// Everything up to and including `uid` is stored here. Meaningless under another `uid_validity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The server's numbering.
    pub uid_validity: u32,
    /// The last mail.
    pub uid: u32,
}

/// Where a folder is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Only what arrives from now on: an account that is connected for the first time.
    FromNow,
    /// All there is.
    Everything,
    /// What arrived after this.
    After(Position),
}

/// How much at once, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Mails in one chunk. Hundreds: one command a mail is ten times slower.
    pub mails: usize,
    /// Bytes in one chunk; a single mail may be larger.
    pub bytes: u32,
    /// The largest mail that is read, in bytes; of a larger one only the header is.
    pub largest: u32,
    /// How long to listen before opening the folder again: servers forget listeners after 29 minutes, routers on the way earlier, and
    /// nobody says when a folder was made anew.
    pub keep_alive: Duration,
    /// How often to ask a server that cannot tell by itself.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            mails: 200,
            bytes: 8 << 20,
            largest: 50 << 20,
            keep_alive: Duration::from_secs(15 * 60),
            poll: Duration::from_secs(60),
        }
    }
}

/// What a mail is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The raw bytes.
    Whole(Bytes),
    /// It is larger than [`Pace::largest`]: its header, at most 64 KiB of it.
    TooLarge(Bytes),
    /// The server could not give it out.
    Unreadable(Failure),
}

/// A mail as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number, under the position's `uid_validity`.
    pub uid: u32,
    /// When the server took it in.
    pub received: Option<Timestamp>,
    /// Its size as the server says.
    pub size: u64,
    /// Its bytes.
    pub content: Content,
}

/// Mails in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// At least one.
    pub mails: Vec<Mail>,
    /// To be stored with the mails, and then given to [`Session::committed`].
    pub position: Position,
}

/// Something about the folder changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The server numbers its mails anew. Everything in the folder arrives again, from the beginning; what is stored already is known by its
    /// [`Facts`](super::Facts).
    Renumbered {
        /// The position that means nothing any more.
        before: Position,
        /// Where reading begins.
        now: Position,
    },
}

/// What [`Session::next`] waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Mails.
    Arrived(Batch),
    /// The folder is another one.
    Changed(Change),
    /// This session is over; [`backoff::pause`](super::super::backoff::pause) says when to open the next.
    Disconnected(Failure),
}

/// The header of a mail that is too large is read this far.
const HEADER: usize = 64 * 1024;
/// The sizes of so many mails are remembered; a longer backlog is listed in parts.
const MOST_WAITING: usize = 50_000;
/// A server that promises news and has none is not asked again at once.
const NOTHING_NEW: Duration = Duration::from_secs(1);
/// Longer commands are refused by some servers.
const AT_ONCE: usize = 200;

/// An open folder. One owner drives it; see the module.
pub struct Session {
    connection: Connection,
    pace: Pace,
    folder: Selected,
    position: Position,
    change: Option<Change>,
    /// Numbers and sizes of mails after the position.
    waiting: BTreeMap<u32, u64>,
    /// Up to here mails are fetched one by one, because the server refused them together.
    one_by_one: u32,
    inbox: String,
    /// How long a server that is polled had nothing to say.
    silence: Duration,
    suspect: Option<u32>,
}

enum Next<T> {
    Event(Event),
    Interrupted(T),
}

impl Session {
    /// Connects, signs in and opens the inbox.
    ///
    /// # Errors
    /// The [`Failure`] of the first step that did not work.
    pub async fn open(net: &Network, account: &Account, start: Start, pace: Pace) -> Result<Self, Failure> {
        let server = account.imap.as_ref().ok_or(Code::HostUnknown)?;
        let mut steps = Steps::silent(net);
        let mut connection = Connection::open(net, server, account, &mut steps).await?;
        let folder = steps.run(StepName::Folder, connection.open_folder(&account.folders.inbox, true)).await?;
        let at = |uid| Position { uid_validity: folder.uid_validity, uid };
        let mut session = Self {
            connection,
            pace,
            folder,
            position: at(0),
            change: None,
            waiting: BTreeMap::new(),
            one_by_one: 0,
            inbox: account.folders.inbox.clone(),
            silence: Duration::ZERO,
            suspect: None,
        };
        match start {
            Start::Everything => {}
            Start::After(position) if position.uid_validity == folder.uid_validity => session.position = position,
            Start::After(before) => session.change = Some(Change::Renumbered { before, now: at(0) }),
            Start::FromNow => session.position = at(session.last().await?),
        }
        Ok(session)
    }

    /// Everything up to here is stored, as far as this session knows.
    pub fn position(&self) -> Position {
        self.position
    }

    /// How many mails are known to lie behind the position, fetched or not.
    pub fn backlog(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the server only lets us look.
    pub fn is_read_only(&self) -> bool {
        self.folder.read_only
    }

    /// Whether the server tells of new mail by itself.
    pub fn is_pushed(&self) -> bool {
        self.connection.can("IDLE")
    }

    /// Waits for mail. Without [`Session::committed`] in between the same mails come again.
    ///
    /// Dropped in the middle of an exchange the session is over, and the next call says [`Code::Interrupted`]: whoever waits for something
    /// else, too, uses [`Session::next_unless`].
    pub async fn next(&mut self) -> Event {
        match self.next_unless(std::future::pending::<std::convert::Infallible>()).await {
            Ok(event) => event,
            Err(never) => match never {},
        }
    }

    /// As [`Session::next`], but `interrupt` ends the waiting, at a moment when the session can be used for something else.
    ///
    /// # Errors
    /// What `interrupt` brings.
    pub async fn next_unless<T>(&mut self, interrupt: impl Future<Output = T>) -> Result<Event, T> {
        if let Some(change) = self.change.take() {
            return Ok(Event::Changed(change));
        }
        let mut interrupt = Box::pin(interrupt);
        match Box::pin(self.arrival(interrupt.as_mut())).await {
            Ok(Next::Event(event)) => Ok(event),
            Ok(Next::Interrupted(by)) => Err(by),
            Err(failure) => Ok(Event::Disconnected(failure)),
        }
    }

    /// The mails behind `position`, if any are known, while those up to there are being taken in: what [`Session::next`] would bring
    /// once they are committed.
    ///
    /// # Errors
    /// The session is over.
    pub async fn ahead(&mut self, position: Position) -> Option<Result<Batch, Failure>> {
        if position.uid_validity != self.position.uid_validity
            || self.waiting.range(position.uid.checked_add(1)?..).next().is_none()
        {
            return None;
        }
        let batch = Box::pin(self.chunk(position)).await;
        // Without mails all of them were deleted meanwhile.
        Some(batch).filter(|batch| batch.as_ref().map_or(true, |batch| !batch.mails.is_empty()))
    }

    /// The mail that was asked for alone (see [`Pace::mails`]) when the session ended: when that happens again and again, the server cannot give it
    /// out without falling over, and committing its number leaves it behind.
    pub fn suspect(&self) -> Option<u32> {
        self.suspect
    }

    /// The mails up to this position are stored: they may be touched, and what follows is next.
    pub fn committed(&mut self, position: Position) {
        if position.uid_validity == self.folder.uid_validity && position.uid > self.position.uid {
            self.position = position;
            self.waiting = self.waiting.split_off(&position.uid.saturating_add(1));
        }
    }

    /// Marks committed mails as read. `uid_validity` is that of their batch.
    ///
    /// # Errors
    /// [`Code::NotCommitted`], [`Code::FolderReadOnly`], [`Code::CommandRefused`], or the connection is lost.
    pub async fn mark_seen(&mut self, uid_validity: u32, uids: &[u32]) -> Result<(), Failure> {
        self.may_touch(uid_validity, uids).await?;
        for uids in uids.chunks(AT_ONCE) {
            self.change_mails(&format!("UID STORE {} +FLAGS.SILENT (\\Seen)", set(uids.iter().copied()))).await?;
        }
        Ok(())
    }

    /// Moves committed mails to another folder, which is made if there is none.
    ///
    /// # Errors
    /// As [`Session::mark_seen`].
    pub async fn move_to(&mut self, uid_validity: u32, uids: &[u32], folder: &str) -> Result<(), Failure> {
        self.may_touch(uid_validity, uids).await?;
        for uids in uids.chunks(AT_ONCE) {
            self.move_some(&set(uids.iter().copied()), &folder_name(folder)).await?;
        }
        Ok(())
    }

    async fn move_some(&mut self, uids: &str, folder: &str) -> Result<(), Failure> {
        let moves = self.connection.can("MOVE");
        let status = self.connection.put(uids, folder, moves).await?;
        if !status.ok && (status.has_code("TRYCREATE") || status.has_code("NONEXISTENT")) {
            self.connection.create(folder).await?.or(Code::CommandRefused)?;
            self.connection.put(uids, folder, moves).await?.or(Code::CommandRefused)?;
        } else {
            status.or(Code::CommandRefused)?;
        }
        if moves {
            return Ok(());
        }
        self.change_mails(&format!("UID STORE {uids} +FLAGS.SILENT (\\Deleted)")).await?;
        if self.connection.can("UIDPLUS") {
            // Without it others' deleted mails would go, too: then ours stay, marked.
            self.change_mails(&format!("UID EXPUNGE {uids}")).await?;
        }
        Ok(())
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.connection.close().await;
    }

    async fn may_touch(&mut self, uid_validity: u32, uids: &[u32]) -> Result<(), Failure> {
        if uid_validity != self.position.uid_validity || uids.iter().any(|uid| *uid > self.position.uid) {
            return Err(Code::NotCommitted.into());
        }
        if self.folder.read_only {
            return Err(Code::FolderReadOnly.into());
        }
        self.connection.stop_idling().await
    }

    async fn change_mails(&mut self, words: &str) -> Result<(), Failure> {
        self.connection.say(words).await?.or(Code::CommandRefused).map(drop)
    }

    async fn arrival<T>(&mut self, mut interrupt: Pin<&mut impl Future<Output = T>>) -> Result<Next<T>, Failure> {
        let mut promised = false;
        loop {
            self.connection.stop_idling().await?;
            if self.waiting.is_empty() {
                self.list().await?;
            }
            while !self.waiting.is_empty() {
                promised = false;
                let batch = self.chunk(self.position).await?;
                if !batch.mails.is_empty() {
                    return Ok(Next::Event(Event::Arrived(batch)));
                }
                // All of them were deleted meanwhile.
                self.committed(batch.position);
            }
            if promised {
                tokio::time::sleep(NOTHING_NEW).await;
            }
            if let Some(by) = self.wait(interrupt.as_mut()).await? {
                return Ok(Next::Interrupted(by));
            }
            promised = self.connection.has_news();
            if let Some(change) = self.change.take() {
                return Ok(Next::Event(Event::Changed(change)));
            }
        }
    }

    /// Until there may be something new, or the interruption.
    async fn wait<T>(&mut self, interrupt: Pin<&mut impl Future<Output = T>>) -> Result<Option<T>, Failure> {
        if self.connection.has_news() {
            return Ok(None);
        }
        if self.is_pushed() {
            self.connection.start_idling().await?;
        }
        if self.is_pushed() {
            tokio::select! {
                heard = self.connection.listen(self.pace.keep_alive) => heard?,
                by = interrupt => return Ok(Some(by)),
            }
            self.connection.stop_idling().await?;
            if !self.connection.has_news() {
                self.reopen().await?;
            }
            return Ok(None);
        }
        tokio::select! {
            () = tokio::time::sleep(self.pace.poll) => {}
            by = interrupt => return Ok(Some(by)),
        }
        self.silence += self.pace.poll;
        if self.silence >= self.pace.keep_alive {
            self.silence = Duration::ZERO;
            self.reopen().await?;
        } else {
            self.connection.say("NOOP").await?.or(Code::CommandRefused)?;
        }
        Ok(None)
    }

    /// A folder that was deleted and made anew stays silent for those who have the old one open.
    async fn reopen(&mut self) -> Result<(), Failure> {
        self.folder = self.connection.open_folder(&self.inbox, true).await?;
        if self.folder.uid_validity != self.position.uid_validity {
            let now = Position { uid_validity: self.folder.uid_validity, uid: 0 };
            self.change = Some(Change::Renumbered { before: std::mem::replace(&mut self.position, now), now });
            self.one_by_one = 0;
        }
        Ok(())
    }

    /// The number of the last mail.
    async fn last(&mut self) -> Result<u32, Failure> {
        if let Some(next) = self.folder.uid_next {
            return Ok(next.saturating_sub(1));
        }
        if self.connection.exists() == 0 {
            return Ok(0);
        }
        let mut last = 0;
        let note = |mail: &Fetch| last = last.max(mail.uid.unwrap_or_default());
        let limit = self.connection.patience.reply;
        self.connection.fetch("*", "(UID)", limit, None, note).await?.or(Code::CommandRefused)?;
        Ok(last)
    }

    /// Which mails there are after the position, and how large.
    async fn list(&mut self) -> Result<(), Failure> {
        self.connection.forget_news();
        let Some(first) = self.position.uid.checked_add(1).filter(|_| self.connection.exists() > 0) else { return Ok(()) };
        let waiting = &mut self.waiting;
        let note = |mail: &Fetch| {
            // `n:*` brings the last mail even if its number is lower.
            let Some(uid) = mail.uid.filter(|uid| *uid >= first) else { return };
            // Something that announces no size is fetched carefully.
            waiting.insert(uid, mail.size.unwrap_or_default().into());
            if waiting.len() > MOST_WAITING {
                waiting.pop_last();
            }
        };
        let limit = self.connection.patience.transfer(u64::from(self.connection.exists()) * 64);
        let status = self.connection.fetch(&format!("{first}:*"), "(UID RFC822.SIZE)", limit, None, note).await?;
        // Of these we know that there is something.
        for uid in self.connection.lost().iter().filter(|uid| **uid >= first) {
            self.waiting.entry(*uid).or_default();
        }
        status.or(Code::CommandRefused).map(drop)
    }

    /// The next mails behind `after`.
    async fn chunk(&mut self, after: Position) -> Result<Batch, Failure> {
        let largest = u64::from(self.pace.largest);
        let cost = |size: u64| if size > largest { HEADER as u64 } else { size };
        let next = self.waiting.range(after.uid.saturating_add(1)..).next().map_or(0, |(uid, _)| *uid);
        let mails = if next <= self.one_by_one { 1 } else { self.pace.mails };
        let planned = plan(&self.waiting, after.uid, mails, u64::from(self.pace.bytes), cost);
        let Some((last, _)) = planned.last().copied() else {
            // Nothing is behind the position: what waits is a left-over.
            self.waiting.clear();
            return Ok(Batch { mails: vec![], position: after });
        };
        let (whole, large): (Vec<(u32, u64)>, Vec<_>) = planned.iter().copied().partition(|(_, size)| *size <= largest);
        self.suspect = if planned.len() == 1 { Some(last) } else { None };
        let expected = planned.iter().map(|(_, size)| cost(*size).max(HEADER as u64)).sum();
        let mut found = BTreeMap::new();
        let mut refusal = None;
        for (uids, body, most) in [(&whole, "BODY.PEEK[]", largest as usize + 1), (&large, "BODY.PEEK[HEADER]", HEADER)] {
            if refusal.is_some() || uids.is_empty() {
                continue;
            }
            let uids = set(uids.iter().map(|(uid, _)| *uid));
            // The server itself cuts what is larger than it said.
            let items = format!("(UID INTERNALDATE {body}<0.{most}>)");
            // Sizes may be lies: what does not fit is let pass and fetched alone.
            let mut keep = Keep { largest: most, budget: (2 * self.pace.bytes as usize).max(most) };
            let refuse = 2 * self.pace.largest as usize + HEADER;
            let limit = self.connection.patience.transfer(expected);
            let note = |mail: &Fetch| {
                let Some(uid) = mail.uid else { return };
                let fetched = Fetched::read(mail, &mut keep);
                // A change of flags may be told in between: what has a body counts.
                match fetched.body {
                    Some(_) => drop(found.insert(uid, fetched)),
                    None => drop(found.entry(uid).or_insert(fetched)),
                }
            };
            let status = self.connection.fetch(&uids, &items, limit, Some(refuse), note).await?;
            if planned.len() == 1 && !self.connection.lost().is_empty() {
                // There is something, and nobody can read it.
                found.entry(last).or_default();
            }
            if status.has_code("UNAVAILABLE") || status.has_code("INUSE") {
                return Err(status.or(Code::ServerRefuses).err().unwrap_or(Code::ServerRefuses.into()));
            }
            refusal = status.or(Code::CommandRefused).err();
        }
        if let Some(limit) = refusal.take_if(|refusal| refusal.code == Code::Limit) {
            // Not this mail's fault.
            return Err(limit);
        }
        if refusal.is_some() && planned.len() > 1 {
            // One of them cannot be given out. Which one shows when they are asked for one by one.
            self.one_by_one = last;
            return Box::pin(self.chunk(after)).await;
        }
        self.suspect = None;
        Ok(self.batch(after, &planned, found, refusal))
    }

    fn batch(
        &mut self,
        after: Position,
        planned: &[(u32, u64)],
        mut found: BTreeMap<u32, Fetched>,
        refusal: Option<Failure>,
    ) -> Batch {
        let mut batch = Batch { mails: vec![], position: after };
        for (uid, size) in planned.iter().copied() {
            let fetched = found.remove(&uid);
            let content = match fetched.as_ref().and_then(|mail| mail.body.as_ref()) {
                Some(Body::Here(bytes)) if size > u64::from(self.pace.largest) => Some(Content::TooLarge(bytes.clone())),
                Some(Body::Skipped(_)) if size > u64::from(self.pace.largest) => Some(Content::TooLarge(Bytes::new())),
                Some(Body::Here(bytes)) if bytes.len() <= self.pace.largest as usize => Some(Content::Whole(bytes.clone())),
                // Larger than announced: alone, or only its header, next time. Later ones wait for it.
                Some(Body::Here(bytes)) => {
                    self.waiting.insert(uid, bytes.len() as u64);
                    return batch;
                }
                Some(Body::Skipped(count)) => {
                    self.waiting.insert(uid, *count as u64);
                    return batch;
                }
                None if refusal.is_none() && planned.len() > 1 => {
                    // Deleted since it was listed, or left out under load: asked for alone it shows which.
                    self.one_by_one = uid;
                    return batch;
                }
                None if refusal.is_none() && fetched.is_some() => Some(Content::Unreadable(Code::NotUnderstood.into())),
                None => refusal.clone().map(Content::Unreadable),
            };
            let received = fetched.and_then(|mail| mail.received);
            batch.position.uid = uid;
            batch.mails.extend(content.map(|content| Mail { uid, received, size, content }));
        }
        batch
    }
}
