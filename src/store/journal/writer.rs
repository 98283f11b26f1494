//! The loop behind the journal.

use std::{sync::Arc, time::Duration};

use smallvec::SmallVec;
use tokio::sync::{mpsc, oneshot, watch};

use super::{GROUP_MAX, Health, Job, Opened, Options, RECONNECT_EVERY, STREAM, connection::Connection, encode, lease::Lease};
use crate::{
    args,
    domain::log::{Entry, Fact},
    store::{
        StoreError, idempotency,
        leases::{CREATE_STREAM, READ_STREAM, RENEW_EVERY},
        write::{About, Append, Committed, ConversationChange, Refused, Statement, Subject, Write, WriteError},
    },
    telemetry,
};

/// A database that takes longer is as good as away: the lease would run out.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(8);
const LEASE: &str = "domain:1";
const INSERT_CONFIG: &str =
    "INSERT INTO log (stream, pos, at, actor, kind, version, data) VALUES ($1, $2, $3, $4, 'config', 1, $5)";
const ADVANCE: &str = "UPDATE streams SET head = $2 WHERE stream = $1 AND head = $3";

pub(in crate::store) const STATEMENTS: &[&str] = &[INSERT_CONFIG, ADVANCE];

pub(super) struct Writer {
    options: Options,
    report: watch::Sender<Health>,
    connection: Option<Connection>,
    lease: Lease,
    epoch: String,
    head: u64,
    renewed_at: Duration,
    retry_at: Duration,
}

impl Writer {
    pub(super) async fn open(options: Options, report: watch::Sender<Health>) -> Result<Self, StoreError> {
        let mut connection = Connection::open(&options.location).await?;
        let lease = Lease::take(&mut connection, LEASE, &options.holder, &options.clock).await?;
        connection.execute(CREATE_STREAM, args![STREAM, options.holder.incarnation.as_str()]).await?;
        let (epoch, head) = read_stream(&mut connection).await?;
        report.send_replace(Health::Ready);
        let renewed_at = options.clock.elapsed();
        Ok(Self { options, report, connection: Some(connection), lease, epoch, head, renewed_at, retry_at: Duration::ZERO })
    }

    pub(super) fn opened(&self) -> Opened {
        Opened { epoch: self.epoch.clone(), head: self.head }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>, mut ending: oneshot::Receiver<()>) {
        let mut jobs = Vec::with_capacity(GROUP_MAX);
        let mut may_end = true;
        loop {
            let wait = if self.connection.is_some() { RENEW_EVERY } else { RECONNECT_EVERY };
            tokio::select! {
                told = &mut ending, if may_end => {
                    may_end = false;
                    if told.is_ok() {
                        queue.close();
                    }
                    continue;
                }
                received = tokio::time::timeout(wait, queue.recv_many(&mut jobs, GROUP_MAX)) => {
                    if received == Ok(0) {
                        break;
                    }
                }
            }
            metrics::gauge!(telemetry::JOURNAL_QUEUE_ENTRIES).set(queue.len() as f64);
            if let Err(error) = self.keep_hold().await {
                self.fail(&error);
            }
            self.serve(&mut jobs).await;
        }
        if let Some(connection) = &mut self.connection
            && let Err(error) = self.lease.give_back(connection).await
        {
            tracing::warn!(%error, "the lease was not given back; it runs out by itself");
        }
        tracing::debug!(head = self.head, "journal ended");
    }

    /// Connects again when the connection was lost, renews the lease when it is time.
    async fn keep_hold(&mut self) -> Result<(), StoreError> {
        if *self.report.borrow() == Health::Fenced {
            return Err(StoreError::Fenced);
        }
        let clock = &self.options.clock;
        let Some(connection) = &mut self.connection else {
            if clock.elapsed() < self.retry_at {
                return Err(StoreError::Unavailable("not connected".to_owned()));
            }
            self.retry_at = clock.elapsed() + RECONNECT_EVERY;
            let opening = tokio::time::timeout(Duration::from_secs(2), Connection::open(&self.options.location));
            let timed_out = |_| StoreError::Unavailable("connecting timed out".to_owned());
            let mut connection = opening.await.map_err(timed_out)??;
            self.lease.renew(&mut connection, clock).await?;
            (self.epoch, self.head) = read_stream(&mut connection).await?;
            self.renewed_at = clock.elapsed();
            self.connection = Some(connection);
            self.report.send_replace(Health::Ready);
            tracing::info!(head = self.head, "the database is back");
            return Ok(());
        };
        if clock.elapsed() >= self.renewed_at + RENEW_EVERY {
            self.lease.renew(connection, clock).await?;
            self.renewed_at = clock.elapsed();
        }
        if !self.lease.is_valid(clock) {
            return Err(StoreError::Unavailable("the lease ran out before it could be renewed".to_owned()));
        }
        Ok(())
    }

    fn fail(&mut self, error: &StoreError) {
        self.connection = None;
        let health = if matches!(error, StoreError::Fenced) { Health::Fenced } else { Health::Unavailable };
        if self.report.send_replace(health) != health {
            tracing::error!(%error, "the journal cannot commit");
        }
    }

    async fn serve(&mut self, jobs: &mut Vec<Job>) {
        let mut group = Vec::new();
        for job in jobs.drain(..) {
            match job {
                Job::Append(append) => group.push(append),
                Job::Write(write) => {
                    self.commit(std::mem::take(&mut group)).await;
                    self.commit_write(write).await;
                }
            }
        }
        self.commit(group).await;
    }

    /// Commits a group. Halves it when one of its entries stands against what is stored, so that one is refused alone.
    async fn commit(&mut self, group: Vec<Append>) {
        let mut pending = vec![group];
        while let Some(mut group) = pending.pop() {
            if group.is_empty() {
                continue;
            }
            let mut repeated = Vec::new();
            let result = self.try_commit(&mut group, &mut repeated).await;
            if result.is_err() {
                group.append(&mut repeated);
            }
            match result {
                Ok(()) => {
                    self.publish(group);
                    pending.push(repeated);
                }
                Err(StoreError::Conflict(reason) | StoreError::Damaged(reason)) if group.len() == 1 => {
                    tracing::error!(reason, "an append stands against what is stored");
                    refuse(group, &Refused::Conflict(reason));
                }
                Err(StoreError::Conflict(_) | StoreError::Damaged(_)) => {
                    let rest = group.split_off(group.len() / 2);
                    pending.push(rest);
                    pending.push(group);
                }
                Err(error) => {
                    self.fail(&error);
                    refuse(group, &Refused::Unavailable);
                }
            }
        }
    }

    /// On success `group` holds exactly the appends that were committed, from `self.head` backwards. What had been committed
    /// before is refused; what repeats another append of this very group goes to `repeated`, because it may only be
    /// answered once that one is committed.
    async fn try_commit(&mut self, group: &mut Vec<Append>, repeated: &mut Vec<Append>) -> Result<(), StoreError> {
        let started = self.options.clock.elapsed();
        let Some(connection) = &mut self.connection else {
            return Err(StoreError::Unavailable("not connected".to_owned()));
        };
        let committing = connection.commit_group(&self.lease, self.head, group, repeated);
        let result = tokio::time::timeout(COMMIT_TIMEOUT, committing)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the commit took too long".to_owned())));
        match result {
            Ok(head) => {
                self.head = head;
                metrics::histogram!(telemetry::JOURNAL_GROUP_ENTRIES).record(group.len() as f64);
                metrics::histogram!(telemetry::JOURNAL_COMMIT_SECONDS)
                    .record((self.options.clock.elapsed() - started).as_secs_f64());
                Ok(())
            }
            Err(error @ (StoreError::Conflict(_) | StoreError::Damaged(_))) => {
                connection.rollback().await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn publish(&self, group: Vec<Append>) {
        if group.is_empty() {
            return;
        }
        let entries: u64 = group.iter().map(entry_count).sum();
        let mut pos = self.head - entries + 1;
        let mut committed = Vec::with_capacity(group.len());
        let mut askers = Vec::with_capacity(group.len());
        for Append { subject, done, .. } in group {
            let is_agent = matches!(subject, Subject::Agent(_));
            let fact = Arc::new(into_committed(subject, &mut pos));
            // What an agent's session tells the Router must be on its way before anybody can act on what is published.
            if is_agent {
                done(Ok(Arc::clone(&fact)));
            } else {
                askers.push((done, Arc::clone(&fact)));
            }
            committed.push(fact);
        }
        (self.options.publish)(committed.into());
        for (done, fact) in askers {
            done(Ok(fact));
        }
    }

    async fn commit_write(&mut self, write: Write) {
        let Write { statements, fact, by, at, recorded, done } = write;
        let entry = fact.map(|(entity, id)| Entry { pos: self.head + 1, at, by, cause: None, fact: Fact::Config { entity, id } });
        let result = match &mut self.connection {
            None => Err(WriteError::Store(StoreError::Unavailable("not connected".to_owned()))),
            Some(connection) => {
                let outcome = write_all(connection, &self.lease, statements, entry.as_ref(), recorded).await;
                if outcome.is_err() {
                    connection.rollback().await;
                }
                outcome
            }
        };
        match (&result, entry) {
            (Ok(()), Some(entry)) => {
                self.head = entry.pos;
                let Fact::Config { entity, .. } = entry.fact else { return };
                let committed = Committed { entries: SmallVec::from_iter([entry]), about: About::Config(entity) };
                (self.options.publish)(Arc::new([Arc::new(committed)]));
            }
            (Err(WriteError::Store(error @ (StoreError::Unavailable(_) | StoreError::Fenced))), _) => self.fail(error),
            _ => {}
        }
        let _ = done.send(result);
    }
}

async fn read_stream(connection: &mut Connection) -> Result<(String, u64), StoreError> {
    let rows = connection.rows(READ_STREAM, args![STREAM]).await?;
    let row = rows.first().ok_or_else(|| StoreError::Damaged("the stream's row is missing".to_owned()))?;
    Ok((row.text(0)?.to_owned(), u64::try_from(row.int(1)?).unwrap_or(0)))
}

async fn write_all(
    connection: &mut Connection,
    lease: &Lease,
    statements: Vec<Statement>,
    entry: Option<&Entry>,
    recorded: Option<idempotency::Recorded>,
) -> Result<(), WriteError> {
    connection.execute(connection.begin(), vec![]).await?;
    lease.check(connection).await?;
    if let Some(answer) = &recorded {
        let insert = idempotency::insert(answer);
        match connection.execute(insert.sql, insert.args).await {
            Err(StoreError::Conflict(_)) => return Err(WriteError::AnsweredBefore),
            other => other?,
        };
    }
    for statement in statements {
        let changed = connection.execute(statement.sql, statement.args).await?;
        if statement.must_change && changed == 0 {
            return Err(WriteError::NotFound);
        }
    }
    if let Some(Entry { pos, at, by, fact: Fact::Config { entity, id }, .. }) = entry {
        let advanced = connection.execute(ADVANCE, args![STREAM, *pos, *pos - 1]).await?;
        if advanced != 1 {
            return Err(StoreError::Fenced.into());
        }
        let data = encode::config_data(*entity, id);
        connection.execute(INSERT_CONFIG, args![STREAM, *pos, *at, by.to_string(), data]).await?;
    }
    connection.execute("COMMIT", vec![]).await?;
    Ok(())
}

fn refuse(group: Vec<Append>, why: &Refused) {
    for append in group {
        (append.done)(Err(why.clone()));
    }
}

fn entry_count(append: &Append) -> u64 {
    let count = match &append.subject {
        Subject::Conversation(change) => change.events.len(),
        Subject::Agent(change) => change.events.len(),
    };
    count as u64
}

fn into_committed(subject: Subject, pos: &mut u64) -> Committed {
    let mut next = || {
        *pos += 1;
        *pos - 1
    };
    match subject {
        Subject::Conversation(change) => {
            let (id, at) = (change.state.id, change.at);
            let entries = (change.first_seq..)
                .zip(change.events)
                .map(|(seq, (event, by, cause))| Entry {
                    pos: next(),
                    at,
                    by,
                    cause,
                    fact: Fact::Conversation { id, seq, event },
                })
                .collect();
            let about = About::Conversation(Box::new(ConversationChange {
                state: change.state,
                messages: change.messages,
                contact: change.contact,
                last: change.last,
                concerned: Some(change.concerned),
            }));
            Committed { entries, about }
        }
        Subject::Agent(change) => {
            let (id, at) = (change.state.id, change.at);
            let entries = change
                .events
                .into_iter()
                .map(|(event, by)| Entry { pos: next(), at, by, cause: None, fact: Fact::Agent { id, event } })
                .collect();
            Committed { entries, about: About::Agent(change.state) }
        }
    }
}
