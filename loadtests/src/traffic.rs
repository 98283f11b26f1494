//! Steady traffic that survives its server: customers who write and agents who answer. Whatever gets no answer is sent
//! again until it does, as a provider would; what was answered is written into the ledger. 5 % are repeats of what was
//! answered before.

use std::{cell::RefCell, rc::Rc, time::Duration};

use centralita::ids::ConversationId;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::{
    Outcome,
    browser::ToAnswer,
    http::{Answer, Client},
    ledger::Ledger,
    message::{Composer, Inbound, Mark, reply_text},
    random::Random,
    report::{Findings, Latencies},
    setup::{self, Setup},
    time,
};

const REPEATS: usize = 5;
/// How often one in so many messages is answered by an agent.
const ANSWERED: usize = 5;
const REPLIERS: usize = 4;
const TICK: Duration = Duration::from_millis(5);
/// Before something unanswered or refused is sent again.
const AGAIN: Duration = Duration::from_millis(20);
/// An answer that takes longer counts as none.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Inbound messages a second.
    pub(crate) rate: u32,
    /// Customers who write.
    pub(crate) contacts: u32,
    /// Connections that post.
    pub(crate) connections: usize,
}

/// What the traffic has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answered with success, first times only.
    pub(crate) acked: u64,
    /// Answered with 429 or 503.
    pub(crate) refused: u64,
    /// Not answered.
    pub(crate) unanswered: u64,
    /// Repeats that had another effect or answer than the first time.
    pub(crate) doubled: u64,
    /// When the last of `acked` came.
    pub(crate) last_ack: u64,
    /// When the last of `refused` came.
    pub(crate) last_refusal: u64,
}

struct Shared {
    random: Random,
    ledger: Ledger,
    findings: Findings,
    seen: Seen,
    paused: bool,
    under_way: usize,
    next: u32,
    next_reply: u32,
    acked: Vec<Inbound>,
    replies: Vec<Reply>,
    /// From sending a message for the first time to its acknowledgement, in microseconds.
    latencies: Vec<u64>,
}

#[derive(Clone)]
struct Reply {
    number: u32,
    conversation: ConversationId,
    token: String,
    /// What the server said the first time.
    answer: Option<Answer>,
}

/// Traffic that runs on the current thread until the runtime ends.
#[derive(Clone)]
pub(crate) struct Traffic {
    shared: Rc<RefCell<Shared>>,
    permits: Rc<Semaphore>,
}

impl Traffic {
    /// Starts it, paused. Returns also where browsers tell what there is to answer.
    pub(crate) fn start(
        host: &str,
        run: &str,
        setup: &Setup,
        pace: Pace,
        ledger: Ledger,
        random: Random,
    ) -> (Self, mpsc::Sender<ToAnswer>) {
        let shared = Shared {
            random,
            ledger,
            findings: Findings::default(),
            seen: Seen::default(),
            paused: true,
            under_way: 0,
            next: 0,
            next_reply: 0,
            acked: Vec::new(),
            replies: Vec::new(),
            latencies: Vec::new(),
        };
        let traffic = Self { shared: Rc::new(RefCell::new(shared)), permits: Rc::new(Semaphore::new(0)) };
        tokio::task::spawn_local(traffic.clone().tick(pace.rate));
        for _ in 0..pace.connections {
            tokio::task::spawn_local(traffic.clone().write(Client::new(host, ""), setup.composer.clone(), pace.contacts));
        }
        let (to_answer, questions) = mpsc::channel(64);
        let questions = Rc::new(tokio::sync::Mutex::new(questions));
        for _ in 0..REPLIERS {
            tokio::task::spawn_local(traffic.clone().answer(Client::new(host, ""), run.to_owned(), questions.clone()));
        }
        (traffic, to_answer)
    }

    /// Lets it flow.
    pub(crate) fn resume(&self) {
        self.shared.borrow_mut().paused = false;
    }

    /// Stops what is new and waits until everything under way has its answer. False when that takes too long.
    pub(crate) async fn come_to_rest(&self, within: Duration) -> bool {
        self.shared.borrow_mut().paused = true;
        self.permits.forget_permits(usize::MAX);
        let start = time::micros();
        while self.shared.borrow().under_way > 0 {
            if time::since(start) > within {
                return false;
            }
            tokio::time::sleep(TICK).await;
        }
        true
    }

    /// What it has seen so far.
    pub(crate) fn seen<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.shared.borrow().seen)
    }

    /// Everything acknowledged so far, from the file.
    pub(crate) fn ledger(&self) -> Outcome<std::collections::BTreeSet<Mark>> {
        self.shared.borrow_mut().ledger.read()
    }

    /// How long acknowledgements took since the last time it was asked.
    pub(crate) fn take_latencies(&self) -> Outcome<Latencies> {
        let mut latencies = Latencies::new()?;
        std::mem::take(&mut self.shared.borrow_mut().latencies).into_iter().for_each(|micros| latencies.record(micros));
        Ok(latencies)
    }

    /// Everything found so far, taken.
    pub(crate) fn take_findings(&self) -> Findings {
        std::mem::take(&mut self.shared.borrow_mut().findings)
    }

    async fn tick(self, rate: u32) {
        let start = time::micros();
        let mut allowed = 0_u64;
        let mut every = tokio::time::interval(TICK);
        loop {
            every.tick().await;
            let due = (time::micros() - start) * u64::from(rate) / 1_000_000;
            let more = usize::try_from(due - allowed).unwrap_or(0);
            allowed = due;
            // While the server is away, what was due then is not sent all at once later.
            if !self.shared.borrow().paused && self.permits.available_permits() < 100 {
                self.permits.add_permits(more);
            }
        }
    }

    async fn permit(&self) {
        loop {
            if let Ok(permit) = self.permits.acquire().await {
                permit.forget();
            }
            // Paused between the permit and its use: this one is void.
            let mut shared = self.shared.borrow_mut();
            if !shared.paused {
                shared.under_way += 1;
                return;
            }
        }
    }

    async fn write(self, mut client: Client, mut composer: Composer, contacts: u32) {
        let mut request = Vec::new();
        loop {
            self.permit().await;
            let (message, repeat) = self.shared.borrow_mut().choose(contacts);
            let answer = self
                .until_answered(async || {
                    request.clear();
                    composer.request(&message, &mut request);
                    tokio::time::timeout(PATIENCE, client.send(&request)).await.ok()?.ok()
                })
                .await;
            let mut shared = self.shared.borrow_mut();
            shared.under_way -= 1;
            if let Err(failure) = shared.written(message, repeat, &answer) {
                shared.findings.add(failure.to_string());
            }
        }
    }

    async fn answer(self, mut client: Client, run: String, questions: Rc<tokio::sync::Mutex<mpsc::Receiver<ToAnswer>>>) {
        loop {
            let Some(question) = questions.lock().await.recv().await else { return };
            let reply = {
                let mut shared = self.shared.borrow_mut();
                if shared.paused || shared.random.below(ANSWERED) != 0 {
                    continue;
                }
                shared.under_way += 1;
                shared.choose_reply(&question)
            };
            client.become_holder_of(&reply.token);
            let (path, key) = (setup::reply_path(reply.conversation), format!("reply-{run}-{}", reply.number));
            let body = json!({ "text": reply_text(reply.number) });
            let answer = self
                .until_answered(async || {
                    tokio::time::timeout(PATIENCE, client.write("POST", &path, &key, &body)).await.ok()?.ok()
                })
                .await;
            let mut shared = self.shared.borrow_mut();
            shared.under_way -= 1;
            if let Err(failure) = shared.replied(reply, answer) {
                shared.findings.add(failure.to_string());
            }
        }
    }

    /// Sends the same again until there is an answer that is no refusal.
    async fn until_answered(&self, mut send: impl AsyncFnMut() -> Option<Answer>) -> Answer {
        loop {
            match send().await {
                Some(answer) if matches!(answer.status, 429 | 503) => {
                    let mut shared = self.shared.borrow_mut();
                    shared.seen.refused += 1;
                    shared.seen.last_refusal = time::micros();
                    if !answer.retry_after {
                        shared.findings.add(format!("a refusal ({}) that does not say when to come back", answer.status));
                    }
                }
                Some(answer) => return answer,
                None => self.shared.borrow_mut().seen.unanswered += 1,
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

impl Shared {
    fn choose(&mut self, contacts: u32) -> (Inbound, bool) {
        if self.random.percent(REPEATS)
            && let Some(message) = self.random.pick(&self.acked)
        {
            return (*message, true);
        }
        let number = self.next;
        self.next += 1;
        let contact = u32::try_from(self.random.below(usize::try_from(contacts).unwrap_or(1))).unwrap_or(0);
        (Inbound { number, contact, scheduled: time::micros() }, false)
    }

    fn written(&mut self, message: Inbound, repeat: bool, answer: &Answer) -> Outcome<()> {
        let Inbound { number, .. } = message;
        let body: Value = answer.read(&format!("message {number}"))?;
        if repeat {
            if body.get("status").and_then(Value::as_str) != Some("repeated") {
                self.seen.doubled += 1;
                self.findings.add(format!("message {number} was acknowledged before, and its repeat was answered {body}"));
            }
            return Ok(());
        }
        self.acked_now();
        self.latencies.push(time::micros() - message.scheduled);
        self.acked.push(message);
        self.ledger.acked(Mark::Inbound(number))
    }

    fn choose_reply(&mut self, question: &ToAnswer) -> Reply {
        if self.random.percent(REPEATS)
            && let Some(reply) = self.random.pick(&self.replies)
        {
            return reply.clone();
        }
        let number = self.next_reply;
        self.next_reply += 1;
        Reply { number, conversation: question.conversation, token: question.agent.token.clone(), answer: None }
    }

    fn replied(&mut self, mut reply: Reply, answer: Answer) -> Outcome<()> {
        let number = reply.number;
        let _: Value = answer.read(&format!("reply {number}"))?;
        if let Some(first) = &reply.answer {
            if (first.status, &first.body) != (answer.status, &answer.body) {
                self.seen.doubled += 1;
                self.findings.add(format!("reply {number} was answered {:?} and, repeated, {:?}", first.text(), answer.text()));
            }
            return Ok(());
        }
        reply.answer = Some(answer);
        self.replies.push(reply);
        self.acked_now();
        self.ledger.acked(Mark::Reply(number))
    }

    fn acked_now(&mut self) {
        self.seen.acked += 1;
        self.seen.last_ack = time::micros();
    }
}
