//! The mails of one account that are on their way.
//!
//! ```text
//!  Outbox ──► read ──► put together ──► ready ──► look ──► begin ──► count ──► begun ──► send ──► over ──► look ──► settle ──► Outbox
//!             group    group                      group    journal   group               one      group            journal
//! ```
//!
//! Of everything that is done for a group, one goes on at a time, and what comes meanwhile is the next group: no timer. Only what one
//! connection does is done one by one, and everything else goes on beside it.
//!
//! What has begun may have reached the server when the process dies. So mails begin just ahead of the connection: as many as it sends
//! while others begin, one where the server is slow. With those whose outcome is being committed there are [`IN_DOUBT`] at most.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use actix::WeakAddr;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{
    account::Outbox,
    attempt::{Attempt, Begun, Parts, Post, Ready, Settled, Shared, Standing, is_light},
    index::Line,
    judge::{LeftOut, Outcome},
    messages::Over,
};
use crate::{
    actors::gate,
    channels::email::{post::failure::Failure, settings::Quota},
    clock::Timestamp,
    domain::{channel::ChannelKind, contact::AddressKind, log::By},
    store::{
        mail_sending::{self, EVERYBODY},
        outbox::Outgoing,
        outbox_groups,
        write::Statement,
    },
};

/// Mails on their way: some are put together while one is sent and others begin or have their outcome committed.
pub(super) const TAKEN: usize = 48;
/// Others are taken when so many are over.
pub(super) const REFILL: usize = 12;
/// Mails whose outcome nobody knows if the process dies now.
const IN_DOUBT: usize = 24;
/// Mails that begin, or have begun and wait for the connection.
const AHEAD: usize = 14;

/// A mail whose turn it is.
pub(super) struct Mail {
    pub(super) attempt: Attempt,
    pub(super) post: Arc<Post>,
    pub(super) line: Line,
    /// When its turn came.
    pub(super) at: Timestamp,
    /// The same on the clock's monotonic time.
    pub(super) since: Duration,
    /// What has to be on record before it leaves.
    pub(super) counts: Option<Statement>,
}

/// The way to those on their way. Dropping it ends them where they stand: each leaves a row that the next start takes up.
pub(super) struct Flow {
    mails: mpsc::Sender<Mail>,
    work: AbortOnDropHandle<()>,
}

impl Flow {
    /// Nothing is on its way yet.
    pub(super) fn start(shared: Arc<Shared>, outbox: WeakAddr<Outbox>) -> Self {
        let (mails, taken) = mpsc::channel(TAKEN);
        let work = Work {
            shared,
            outbox,
            steps: FuturesUnordered::new(),
            busy: Busy::default(),
            taken: Vec::new(),
            ready: VecDeque::new(),
            beginning: 0,
            to_count: Vec::new(),
            begun: VecDeque::new(),
            over: Vec::new(),
            in_doubt: 0,
            failed: None,
            begin_takes: Duration::ZERO,
            send_takes: Duration::ZERO,
        };
        Self { mails, work: AbortOnDropHandle::new(actix::spawn(Box::pin(work.run(taken)))) }
    }

    /// Sends one. Whoever gives it no more than [`TAKEN`] at a time always finds room.
    pub(super) fn send(&self, mail: Mail) -> bool {
        self.mails.try_send(mail).is_ok()
    }

    /// It broke: whatever was on its way stands in the store.
    pub(super) fn is_broken(&self) -> bool {
        self.work.is_finished()
    }
}

/// A mail that is put together.
struct Set {
    mail: Mail,
    ready: Ready,
    left_out: Vec<LeftOut>,
    /// When it was looked at, on the clock's monotonic time.
    began: Duration,
}

/// A mail of which an outcome is known.
struct Ended {
    mail: Mail,
    outcome: Outcome,
    /// It went out to the other side, whatever that made of it.
    left: bool,
    left_out: Vec<LeftOut>,
    in_doubt: bool,
}

/// What became of putting one together.
enum Made {
    Ready(Box<Ready>),
    Never(Outcome),
    NotNow,
}

/// Something was done.
enum Step {
    Read(Vec<(Mail, Outgoing)>, Vec<(Mail, Settled)>),
    Made(Vec<(Mail, Made)>),
    Looked(Vec<(Set, Standing)>, Vec<(Mail, Settled)>),
    Begun(Box<Set>, Begun),
    Counted(Vec<Set>, bool),
    Sent { set: Box<Set>, outcome: Outcome, refused: Vec<LeftOut>, took: Duration },
    Closing(Vec<(Ended, Option<Standing>)>),
    Settled(Box<Mail>, Settled, bool),
}

/// What goes on of what is done once at a time.
#[derive(Default)]
struct Busy {
    reading: bool,
    looking: bool,
    counting: bool,
    sending: bool,
    closing: bool,
}

/// The account could not send.
struct Failed {
    post: Arc<Post>,
    /// On the clock's monotonic time.
    at: Duration,
    failure: Failure,
}

struct Work {
    shared: Arc<Shared>,
    outbox: WeakAddr<Outbox>,
    steps: FuturesUnordered<Pin<Box<dyn Future<Output = Step>>>>,
    busy: Busy,
    taken: Vec<Mail>,
    ready: VecDeque<Set>,
    /// Between ready and begun.
    beginning: usize,
    to_count: Vec<Set>,
    begun: VecDeque<Set>,
    over: Vec<Ended>,
    in_doubt: usize,
    failed: Option<Failed>,
    /// How long it takes, about, from ready to begun, and to send one.
    begin_takes: Duration,
    send_takes: Duration,
}

impl Work {
    async fn run(mut self, mut taken: mpsc::Receiver<Mail>) {
        loop {
            self.go_on();
            tokio::select! {
                count = taken.recv_many(&mut self.taken, TAKEN) => {
                    if count == 0 {
                        return;
                    }
                }
                Some(step) = self.steps.next(), if !self.steps.is_empty() => self.done(step),
            }
        }
    }

    /// Begins whatever can be.
    fn go_on(&mut self) {
        let shared = &self.shared;
        if !self.busy.reading && !self.taken.is_empty() {
            self.busy.reading = true;
            self.steps.push(Box::pin(read(Arc::clone(shared), std::mem::take(&mut self.taken))));
        }
        let more = self.may_begin();
        if !self.busy.looking && more > 0 {
            self.busy.looking = true;
            (self.beginning, self.in_doubt) = (self.beginning + more, self.in_doubt + more);
            let some = self.ready.drain(..more).collect();
            self.steps.push(Box::pin(look(Arc::clone(&self.shared), some)));
        }
        let shared = &self.shared;
        if !self.busy.counting && !self.to_count.is_empty() {
            self.busy.counting = true;
            self.steps.push(Box::pin(count(Arc::clone(shared), std::mem::take(&mut self.to_count))));
        }
        if !self.busy.sending
            && let Some(set) = self.begun.pop_front()
        {
            self.busy.sending = true;
            self.steps.push(Box::pin(send(Arc::clone(shared), set)));
        }
        if !self.busy.closing && !self.over.is_empty() {
            self.busy.closing = true;
            self.steps.push(Box::pin(close(Arc::clone(shared), std::mem::take(&mut self.over))));
        }
    }

    /// How many may begin now.
    fn may_begin(&self) -> usize {
        let waiting = self.beginning + self.begun.len();
        let room = ahead(self.begin_takes, self.send_takes).saturating_sub(waiting);
        room.min(IN_DOUBT.saturating_sub(self.in_doubt)).min(self.ready.len())
    }

    fn done(&mut self, step: Step) {
        match step {
            Step::Read(found, gone) => {
                self.busy.reading = false;
                gone.into_iter().for_each(|(mail, settled)| self.report(&mail, settled));
                // What waits for files must not hold up what does not.
                let (light, heavy): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, outgoing)| is_light(outgoing));
                for some in heavy.into_iter().map(|one| vec![one]).chain([light]).filter(|some| !some.is_empty()) {
                    self.steps.push(Box::pin(make(some)));
                }
            }
            Step::Made(made) => made.into_iter().for_each(|(mail, made)| self.made(mail, made)),
            Step::Looked(found, gone) => {
                self.busy.looking = false;
                gone.into_iter().for_each(|(mail, settled)| self.stayed(&mail, settled));
                found.into_iter().for_each(|(set, standing)| self.looked(set, standing));
            }
            Step::Begun(set, Begun::Yes) if set.mail.counts.is_some() => self.to_count.push(*set),
            Step::Begun(set, Begun::Yes) => self.begun(*set),
            Step::Begun(set, not) => self.stayed(&set.mail, set.mail.attempt.not_begun(not)),
            Step::Counted(sets, is_on_record) => {
                self.busy.counting = false;
                for set in sets {
                    if is_on_record { self.begun(set) } else { self.stayed(&set.mail, set.mail.attempt.postponed()) }
                }
            }
            Step::Sent { set, outcome, refused, took } => self.sent(*set, outcome, refused, took),
            Step::Closing(ended) => {
                self.busy.closing = false;
                for (Ended { mail, outcome, left, in_doubt, .. }, standing) in ended {
                    self.steps.push(Box::pin(async move {
                        let settled = mail.attempt.settle(outcome, left, standing).await;
                        Step::Settled(Box::new(mail), settled, in_doubt)
                    }));
                }
            }
            Step::Settled(mail, settled, in_doubt) => {
                self.in_doubt -= usize::from(in_doubt);
                self.report(&mail, settled);
            }
        }
    }

    fn made(&mut self, mail: Mail, made: Made) {
        match made {
            Made::Ready(ready) => match self.rests(&mail) {
                Some(failure) => self.report(&mail, mail.attempt.rests(failure)),
                None => self.ready.push_back(Set { mail, ready: *ready, left_out: Vec::new(), began: Duration::ZERO }),
            },
            Made::Never(outcome) => {
                self.over.push(Ended { mail, outcome, left: false, left_out: Vec::new(), in_doubt: false });
            }
            Made::NotNow => self.report(&mail, mail.attempt.postponed()),
        }
    }

    fn looked(&mut self, set: Set, standing: Standing) {
        if set.left_out.len() == set.ready.receivers.len() {
            (self.beginning, self.in_doubt) = (self.beginning - 1, self.in_doubt - 1);
            let (mail, outcome) = (set.mail, Outcome::Suppressed("suppressed"));
            self.over.push(Ended { mail, outcome, left: false, left_out: Vec::new(), in_doubt: false });
            return;
        }
        self.steps.push(Box::pin(async move {
            let begun = set.mail.attempt.begin(standing).await;
            Step::Begun(Box::new(set), begun)
        }));
    }

    /// It did not begin after all.
    fn stayed(&mut self, mail: &Mail, settled: Settled) {
        (self.beginning, self.in_doubt) = (self.beginning - 1, self.in_doubt - 1);
        self.report(mail, settled);
    }

    fn begun(&mut self, set: Set) {
        self.beginning -= 1;
        self.begin_takes = about(self.begin_takes, self.shared.clock.elapsed().saturating_sub(set.began));
        match self.rests(&set.mail) {
            Some(failure) => self.over.push(set.rests(failure)),
            None => self.begun.push_back(set),
        }
    }

    fn sent(&mut self, set: Set, outcome: Outcome, refused: Vec<LeftOut>, took: Duration) {
        self.busy.sending = false;
        let Set { mail, mut left_out, .. } = set;
        left_out.extend(refused);
        let outcome = match outcome {
            Outcome::Sent if !left_out.is_empty() => Outcome::SentToSome,
            outcome => outcome,
        };
        if let Outcome::Rest(failure) = &outcome {
            let (post, at) = (Arc::clone(&mail.post), self.shared.clock.elapsed());
            self.failed = Some(Failed { post, at, failure: failure.clone() });
        } else {
            self.send_takes = about(self.send_takes, took);
        }
        let rests = matches!(outcome, Outcome::Rest(_));
        self.over.push(Ended { mail, outcome, left: true, left_out, in_doubt: true });
        if rests {
            self.all_rest();
        }
    }

    /// Whoever stands in line need not find out again.
    fn all_rest(&mut self) {
        for set in std::mem::take(&mut self.begun) {
            match self.rests(&set.mail) {
                Some(failure) => self.over.push(set.rests(failure)),
                None => self.begun.push_back(set),
            }
        }
        for set in std::mem::take(&mut self.ready) {
            match self.rests(&set.mail) {
                Some(failure) => self.report(&set.mail, set.mail.attempt.rests(failure)),
                None => self.ready.push_back(set),
            }
        }
    }

    /// Why a mail rests that was taken before its account turned out to be unable to send.
    fn rests(&self, mail: &Mail) -> Option<Failure> {
        let failed = self.failed.as_ref().filter(|failed| failed.at >= mail.since && Arc::ptr_eq(&failed.post, &mail.post));
        failed.map(|failed| failed.failure.clone())
    }

    fn report(&self, mail: &Mail, settled: Settled) {
        if let Some(outbox) = self.outbox.upgrade() {
            gate::answer(&outbox, Over { line: mail.line, at: mail.at, settled });
        }
    }
}

impl Set {
    /// It has begun, and never came to be sent.
    fn rests(self, failure: Failure) -> Ended {
        Ended { mail: self.mail, outcome: Outcome::Rest(failure), left: false, left_out: Vec::new(), in_doubt: true }
    }
}

/// How many may stand between those that are ready and the connection: what it sends while others begin, twice, because they begin in
/// groups. One, until it is known how fast it is.
fn ahead(begin_takes: Duration, send_takes: Duration) -> usize {
    let sent = (2 * begin_takes.as_micros()).checked_div(send_takes.as_micros()).unwrap_or(1);
    usize::try_from(sent).unwrap_or(AHEAD).clamp(1, AHEAD)
}

/// A mean that forgets.
fn about(mean: Duration, now: Duration) -> Duration {
    if mean.is_zero() { now } else { (mean * 3 + now) / 4 }
}

async fn read(shared: Arc<Shared>, mails: Vec<Mail>) -> Step {
    let (mut found, mut gone) = (Vec::with_capacity(mails.len()), Vec::new());
    let ids = mails.iter().map(|mail| mail.attempt.item.message);
    let contents = outbox_groups::contents(&shared.db, ids, AddressKind::of(ChannelKind::Email)).await;
    let mut contents = contents.map_err(|error| tracing::error!(%error, "mails that wait cannot be read"));
    for mail in mails {
        let content = contents.as_mut().map(|contents| contents.remove(&mail.attempt.item.message));
        match content {
            Ok(Some(Ok(outgoing))) => found.push((mail, outgoing)),
            Ok(Some(Err(error))) => {
                let settled = mail.attempt.unreadable(&error);
                gone.push((mail, settled));
            }
            Ok(None) => gone.push((mail, Settled::Finished { left: false })),
            Err(()) => {
                let settled = mail.attempt.postponed();
                gone.push((mail, settled));
            }
        }
    }
    Step::Read(found, gone)
}

async fn make(mails: Vec<(Mail, Outgoing)>) -> Step {
    let mut gathered = Vec::with_capacity(mails.len());
    for (mail, outgoing) in mails {
        let parts = mail.attempt.gather(&mail.post, &outgoing).await;
        gathered.push((mail, parts));
    }
    let (mails, parts): (Vec<Mail>, Vec<_>) = gathered.into_iter().unzip();
    // Away from the arbiter: encoding takes its time.
    let all = move || parts.into_iter().map(|parts| parts.map(|parts| parts.and_then(Parts::compose))).collect::<Vec<_>>();
    let made = tokio::task::spawn_blocking(all).await.unwrap_or_else(|error| {
        tracing::error!(%error, "putting mails together broke");
        Vec::new()
    });
    let mut made = made.into_iter();
    let result = mails.into_iter().map(|mail| {
        let made = match made.next() {
            Some(Ok(Ok(ready))) => Made::Ready(Box::new(ready)),
            Some(Ok(Err(outcome))) => Made::Never(outcome),
            Some(Err(error)) => {
                tracing::error!(%error, message = %mail.attempt.item.message, "a mail cannot be put together; trying again");
                Made::NotNow
            }
            None => Made::NotNow,
        };
        (mail, made)
    });
    Step::Made(result.collect())
}

/// Just before they begin: who must not be written to, and whether they still wait.
async fn look(shared: Arc<Shared>, mut sets: Vec<Set>) -> Step {
    let began = shared.clock.elapsed();
    let Some(client) = sets.first().map(|set| set.mail.post.account.client) else { return Step::Looked(Vec::new(), Vec::new()) };
    let read = {
        let addresses = sets.iter().flat_map(|set| &set.ready.receivers).map(String::as_str);
        let places = sets.iter().map(|set| (set.mail.attempt.conversation, set.mail.attempt.item.seq));
        tokio::try_join!(outbox_groups::suppressed(&shared.db, client, addresses), outbox_groups::standings(&shared.db, places))
    };
    let (suppressed, standings) = match read {
        Ok(read) => read,
        Err(error) => {
            tracing::error!(%error, "mails that are ready cannot be looked at; trying again");
            let later = |set: Set| {
                let settled = set.mail.attempt.postponed();
                (set.mail, settled)
            };
            return Step::Looked(Vec::new(), sets.into_iter().map(later).collect());
        }
    };
    for set in &mut sets {
        let Set { ready: Ready { letter, receivers, .. }, left_out, .. } = set;
        for address in receivers.iter().filter(|address| suppressed.contains(&address.to_lowercase())) {
            letter.leave_out(address);
            left_out.push(LeftOut { address: address.clone(), reason: "suppressed".to_owned(), words: String::new() });
        }
        set.began = began;
    }
    let standing = |set: Set| {
        let standing = standings.get(&set.mail.attempt.item.message).copied();
        (set, standing)
    };
    Step::Looked(sets.into_iter().map(standing).collect(), Vec::new())
}

/// That they leave is on record before they do.
async fn count(shared: Arc<Shared>, mut sets: Vec<Set>) -> Step {
    let of = |set: &Set| set.mail.post.account.settings.quota.map(|quota: Quota| (set.mail.post.account.id, quota));
    let forget = sets.last().and_then(of).map(|(account, quota)| mail_sending::forget_sent(account, quota, shared.clock.now()));
    let rows = forget.into_iter().chain(sets.iter_mut().filter_map(|set| set.mail.counts.take())).collect();
    let written = shared.journal.write(rows, None, By::System, None).await;
    let is_on_record = written.inspect_err(|error| tracing::warn!(%error, "mails that leave cannot be counted")).is_ok();
    Step::Counted(sets, is_on_record)
}

async fn send(shared: Arc<Shared>, set: Set) -> Step {
    let start = shared.clock.elapsed();
    let (outcome, refused) = set.mail.post.hand_over(&set.ready.letter, &shared.tokens).await;
    let took = shared.clock.elapsed().saturating_sub(start);
    let (message, account) = (set.mail.attempt.item.message, set.mail.post.account.id);
    let attempt = set.mail.attempt.item.attempts + 1;
    tracing::debug!(%message, %account, attempt, ?outcome, "a mail was handed over");
    if outcome == Outcome::Unknown {
        tracing::warn!(%message, %account, attempt, "a mail was sent and not answered: its outcome is unknown");
    }
    Step::Sent { set: Box::new(set), outcome, refused, took }
}

/// Before their outcome is committed: who does not get them, what a server said that refused them, and where they stand. The first two
/// are lost only with the process, between the server's answer and this.
async fn close(shared: Arc<Shared>, ended: Vec<Ended>) -> Step {
    let now = shared.clock.now();
    let rows: Vec<Statement> = ended
        .iter()
        .flat_map(|ended| ended.left_out.iter().map(move |one| (ended, one)))
        .filter(|(ended, one)| one.address == EVERYBODY || ended.outcome == Outcome::SentToSome)
        .map(|(ended, one)| (ended.mail.attempt.item.message, one))
        .map(|(message, one)| mail_sending::left_out(message, &one.address, &one.reason, &one.words, now))
        .collect();
    if !rows.is_empty()
        && let Err(error) = shared.journal.write(rows, None, By::System, None).await
    {
        tracing::error!(%error, "who does not get some mails could not be recorded");
    }
    let places = ended.iter().map(|ended| (ended.mail.attempt.conversation, ended.mail.attempt.item.seq));
    // Who cannot read it now reads it again, one by one.
    let standings = outbox_groups::standings(&shared.db, places).await.ok();
    let standing = |ended: Ended| {
        let message = &ended.mail.attempt.item.message;
        let standing = standings.as_ref().map(|standings| standings.get(message).copied());
        (ended, standing)
    };
    Step::Closing(ended.into_iter().map(standing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_begin_as_are_sent_meanwhile() {
        let (ms, us) = (Duration::from_millis, Duration::from_micros);
        // Nothing is known yet; a slow server; a fast one; one that is faster than any disk.
        for (begin, send, expected) in [(ms(3), ms(0), 1), (ms(3), ms(200), 1), (ms(3), ms(1), 6), (ms(30), us(100), AHEAD)] {
            assert_eq!(ahead(begin, send), expected);
        }
        assert_eq!(about(Duration::ZERO, ms(8)), ms(8));
        assert_eq!(about(ms(8), ms(4)), ms(7));
    }
}
