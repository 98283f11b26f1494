//! Takes in the mails of one batch: read in parallel, then taken in in order for each author, authors beside each other.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::{FutureExt, StreamExt, stream};
use rustc_hash::FxHashMap;

use super::{
    account::Work,
    lease::Lease,
    reader::{Outcome, Reading, Settled},
};
use crate::{
    actors::engine::CommandError,
    channels::email::post::imap::{Batch, Content, Mail, Position},
    clock::Timestamp,
    domain::log::By,
    store::{
        attachment_groups,
        mail_asides::MailAsideKind,
        mail_positions,
        write::{Statement, WriteError},
    },
    telemetry as names,
};

/// Threads that read mails, and how many each reads before it is another's turn: waking one up costs as much as reading a short mail.
const READ_AT_ONCE: usize = 4;
const HANDFUL: usize = 16;
/// Mails taken in at once: enough to fill a commit.
const PART: usize = 128;
/// Between attempts while there is no room or no database.
const AGAIN: Duration = Duration::from_millis(100);
const AGAIN_LATER: Duration = Duration::from_secs(2);
/// In one transaction, so that others need not wait long.
const STATEMENTS: usize = 100;
/// The same of files that one statement records.
const FILES: usize = 250;

/// Somebody else owns the mailbox now.
#[derive(Debug)]
pub(super) struct Lost;

/// A mail's number, and whether it could be read.
type Done = (u32, bool);

/// A batch whose first mails are read.
pub(super) struct Opened {
    pub(super) position: Position,
    /// Mails that the server gave out.
    pub(super) count: u64,
    first: Vec<(u32, Reading)>,
    rest: std::vec::IntoIter<Mail>,
}

/// A batch whose mails are all taken in, and what is still to be committed.
pub(super) struct Taken {
    pub(super) position: Position,
    pub(super) count: u64,
    pub(super) settled: Vec<Done>,
    pub(super) statements: Vec<Statement>,
}

impl Work {
    /// Reads its first mails. What arrived `before` is not among them.
    pub(super) async fn open_batch(&self, batch: Batch, before: Option<Timestamp>) -> Opened {
        let Batch { mut mails, position } = batch;
        let count = mails.len() as u64;
        mails.retain(|mail| before.is_none_or(|before| mail.received.is_none_or(|at| at >= before)));
        let mut rest = mails.into_iter();
        let first = self.read_some(position.uid_validity, &mut rest).await;
        Opened { position, count, first, rest }
    }

    /// Takes in all of them, however long that takes. While some are taken in the next are read.
    pub(super) async fn settle_batch(&self, batch: Opened) -> Taken {
        let Opened { position, count, first: mut part, mut rest } = batch;
        let mut taken = Taken { position, count, settled: Vec::new(), statements: Vec::new() };
        while !part.is_empty() {
            let (settled, next) = tokio::join!(self.settle_some(part), self.read_some(position.uid_validity, &mut rest));
            for (uid, Settled { outcome, statements: mut more }) in settled {
                self.count(&outcome);
                taken.settled.push((uid, !matches!(outcome, Outcome::Aside(MailAsideKind::Quarantined, _))));
                taken.statements.append(&mut more);
            }
            part = next;
        }
        taken.settled.sort_unstable();
        taken
    }

    async fn read_some(&self, uid_validity: u32, mails: &mut std::vec::IntoIter<Mail>) -> Vec<(u32, Reading)> {
        let mut handfuls = Vec::new();
        let mut left = PART;
        while left > 0 {
            let some: Vec<Mail> = mails.take(HANDFUL.min(left)).collect();
            if some.is_empty() {
                break;
            }
            left -= some.len();
            handfuls.push(self.read(uid_validity, some));
        }
        let read: Vec<Vec<(u32, Reading)>> = stream::iter(handfuls).buffered(READ_AT_ONCE).collect().await;
        read.into_iter().flatten().collect()
    }

    /// In order for each author, authors beside each other.
    async fn settle_some(&self, readings: Vec<(u32, Reading)>) -> Vec<(u32, Settled)> {
        let mut authors: Vec<Vec<(u32, Reading)>> = Vec::new();
        let mut places: FxHashMap<String, usize> = FxHashMap::default();
        for (uid, reading) in readings {
            let place = *places.entry(reading.author().to_owned()).or_insert_with(|| {
                authors.push(Vec::new());
                authors.len() - 1
            });
            if let Some(mails) = authors.get_mut(place) {
                mails.push((uid, reading));
            }
        }
        let settled = stream::iter(authors).map(async |mails| {
            let mut settled = Vec::with_capacity(mails.len());
            for (uid, reading) in mails {
                settled.push((uid, Box::pin(self.settle(reading)).await));
            }
            settled
        });
        let settled: Vec<Vec<(u32, Settled)>> = settled.buffer_unordered(PART).collect().await;
        settled.into_iter().flatten().collect()
    }

    async fn read(&self, uid_validity: u32, mails: Vec<Mail>) -> Vec<(u32, Reading)> {
        let (mut read, mut whole) = (Vec::with_capacity(mails.len()), Vec::new());
        for Mail { uid, received, size, content } in mails {
            let received = received.unwrap_or_else(|| self.now());
            let partial = |raw, why: &str| Reading::partial(&self.account, (uid_validity, uid), raw, size, received, why);
            match content {
                Content::Whole(raw) => whole.push((uid, raw, received)),
                Content::TooLarge(header) => read.push((uid, partial(header, "too_large"))),
                Content::Unreadable(failure) => read.push((uid, partial(bytes::Bytes::new(), failure.code.as_str()))),
            }
        }
        read.extend(self.shared.reader.read_all(&self.account, whole).await);
        // As they came: whoever wrote twice is answered in order.
        read.sort_unstable_by_key(|(uid, _)| *uid);
        read
    }

    /// Takes in one mail. What fails because of the moment is tried again; what panics twice is put aside (R13).
    async fn settle(&self, mut reading: Reading) -> Settled {
        let (mut panics, mut attempts) = (0, 0_u32);
        loop {
            let attempt = AssertUnwindSafe(self.shared.reader.settle(&self.account, &reading, false)).catch_unwind().await;
            match attempt {
                Ok(Ok(settled)) => return settled,
                Ok(Err(error)) => {
                    attempts += 1;
                    if attempts.is_multiple_of(50) {
                        tracing::warn!(%error, account = %self.account.id, attempts, "a mail waits to be taken in");
                    }
                    let pause = if error == CommandError::Busy { AGAIN } else { AGAIN * attempts.min(20) };
                    tokio::time::sleep(pause.min(AGAIN_LATER)).await;
                }
                Err(_) => {
                    panics += 1;
                    tracing::error!(account = %self.account.id, panics, "taking in a mail panicked");
                    if panics >= 2 {
                        reading.give_up("panicked");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    fn count(&self, outcome: &Outcome) {
        let account = self.account.id.to_string();
        metrics::counter!(names::MAILS_RECEIVED, "account" => account, "outcome" => outcome.as_str()).increment(1);
        if let Outcome::Aside(MailAsideKind::Quarantined, reason) = outcome {
            metrics::counter!(names::QUARANTINED, "source" => "mail").increment(1);
            tracing::error!(account = %self.account.id, reason, "a mail was put into quarantine");
        }
    }

    /// Records what belongs to mails that were taken in, and then, in the last transaction, that everything up to here was. Each of
    /// them is refused when the lease is another's.
    pub(super) async fn commit(&self, lease: &Lease, statements: Vec<Statement>, position: Position) -> Result<(), Lost> {
        let (files, rest) = attachment_groups::together(&self.shared.engine.db, statements, FILES);
        let mut parts: Vec<Vec<Statement>> = files.into_iter().map(|files| vec![files]).collect();
        parts.extend(rest.chunks(STATEMENTS).map(<[Statement]>::to_vec));
        let put = mail_positions::put(self.account.id, &self.place, position, self.now());
        match parts.last_mut() {
            Some(last) => last.push(put),
            None => parts.push(vec![put]),
        }
        for mut part in parts {
            part.insert(0, lease.fence());
            self.write(part).await?;
        }
        Ok(())
    }

    async fn write(&self, statements: Vec<Statement>) -> Result<(), Lost> {
        loop {
            match self.shared.engine.journal.write(statements.clone(), None, By::System, None).await {
                Ok(()) => return Ok(()),
                Err(WriteError::NotFound) => return Err(Lost),
                Err(error) => {
                    tracing::warn!(%error, account = %self.account.id, "the position of a mailbox cannot be stored; trying again");
                    tokio::time::sleep(AGAIN_LATER).await;
                }
            }
        }
    }
}
