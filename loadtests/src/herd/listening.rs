//! Sockets that read, and how long a message takes to each.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use centralita::wire::live::Frame;
use tokio::sync::watch;

use crate::{
    Outcome,
    http::Client,
    message::{Composer, Inbound, inbound_marks},
    report::Latencies,
    setup::AgentAccess,
    socket::Socket,
    time,
};

/// Of every socket, in bytes; the kernel doubles it.
pub(super) const RECEIVE_BUFFER: u32 = 4096;
const KNOCK_EVERY: Duration = Duration::from_millis(20);

/// What the listening sockets heard.
#[derive(Default)]
pub(super) struct Heard {
    /// When each message was due; those of the measurement only.
    due: RefCell<HashMap<u32, u64>>,
    latencies: RefCell<Vec<u64>>,
    pub(super) open: Cell<usize>,
    /// When some were cut, and the number of the first message after that.
    cut: watch::Sender<Option<(u64, u32)>>,
    /// How long each of these took until it heard of a message that was written afterwards.
    pub(super) resumed: RefCell<Vec<u64>>,
}

impl Heard {
    /// `cut`: since when this socket was away, and the number of the first message after that, until it has heard of one.
    fn take(&self, text: &str, cut: &mut Option<(u64, u32)>) {
        let now = time::micros();
        let due = self.due.borrow();
        for number in inbound_marks(text.as_bytes()) {
            match *cut {
                Some((at, first)) => {
                    if number >= first {
                        self.resumed.borrow_mut().push(now - at);
                        *cut = None;
                    }
                }
                None => self.latencies.borrow_mut().extend(due.get(&number).map(|due| now - due)),
            }
        }
    }

    /// Forgets what was heard so far.
    pub(super) fn begin(&self) {
        self.latencies.borrow_mut().clear();
    }

    /// From when the time of a message counts.
    pub(super) fn due(&self, number: u32, due: u64) {
        self.due.borrow_mut().insert(number, due);
    }

    /// Adds how long each frame took from when its message was due.
    pub(super) fn add_to(&self, latencies: &mut Latencies) {
        self.latencies.borrow().iter().for_each(|micros| latencies.record(*micros));
    }

    pub(super) fn cut(&self, next: u32) {
        self.cut.send_replace(Some((time::micros(), next)));
    }
}

/// Opens a socket that reads everything at once, and connects again when it was cut.
pub(super) async fn listen(host: &str, agent: &AgentAccess, heard: &Rc<Heard>, may_be_cut: bool) -> Outcome<()> {
    let mut socket = Socket::open(host, &agent.token, Some(RECEIVE_BUFFER)).await?;
    socket.subscribe(None).await?;
    let (host, token, heard) = (host.to_owned(), agent.token.clone(), heard.clone());
    heard.open.set(heard.open.get() + 1);
    tokio::task::spawn_local(async move {
        let mut cut = heard.cut.subscribe();
        let (mut last, mut since) = (String::new(), None);
        loop {
            tokio::select! {
                biased;
                Ok(()) = cut.changed(), if may_be_cut && since.is_none() => {
                    since = *cut.borrow();
                    socket = match again(&host, &token, &last).await {
                        Ok(socket) => socket,
                        Err(_) => break,
                    };
                }
                text = socket.next_text() => {
                    let Some(text) = text else { break };
                    heard.take(&text, &mut since);
                    if text.contains("\"topic\":\"me\"") {
                        last = text;
                    }
                }
            }
        }
        heard.open.set(heard.open.get() - 1);
    });
    Ok(())
}

/// Connects again, from the position of the last frame; at once and as often as it takes.
async fn again(host: &str, token: &str, last: &str) -> Outcome<Socket> {
    let frame: Frame = serde_json::from_str(last)?;
    loop {
        if let Ok(mut socket) = Socket::open(host, token, Some(RECEIVE_BUFFER)).await {
            socket.subscribe(Some((&frame.epoch, frame.pos))).await?;
            return Ok(socket);
        }
        tokio::time::sleep(KNOCK_EVERY).await;
    }
}

/// Posts one message after the other.
pub(super) struct Writer {
    client: Client,
    composer: Composer,
    request: Vec<u8>,
    pub(super) next: u32,
}

impl Writer {
    pub(super) fn new(host: &str, composer: &Composer) -> Self {
        Self { client: Client::new(host, ""), composer: composer.clone(), request: Vec::new(), next: 0 }
    }

    pub(super) async fn write(&mut self, contact: u32) -> Outcome<()> {
        let message = Inbound { number: self.next, contact, scheduled: time::micros() };
        self.next += 1;
        loop {
            self.request.clear();
            self.composer.request(&message, &mut self.request);
            let answer = self.client.send(&self.request).await?;
            match answer.status {
                200 => return Ok(()),
                429 | 503 => tokio::time::sleep(Duration::from_millis(50)).await,
                _ => return Err(format!("message {}: {} {}", message.number, answer.status, answer.text()).into()),
            }
        }
    }
}
