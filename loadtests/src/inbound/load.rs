//! The generator: one thread, one poller, raw sockets. What it costs is what its system calls cost.

use std::{
    collections::{HashSet, VecDeque},
    io::Write,
    net::TcpStream,
    time::Duration,
};

use centralita::{
    ids::ConversationId,
    wire::{
        conversation::{Standing, Summary},
        live::{Frame, Push},
    },
};

use crate::{
    Outcome, http,
    ledger::Ledger,
    message::{Composer, Inbound, Mark, inbound_marks},
    poller::{Found, Poller, read_some},
    random::Random,
    report::{Findings, Latencies},
    server::Usage,
    setup::AgentAccess,
    socket, time,
};

/// Repeats of earlier messages among the posts, in percent.
pub(super) const REPEATS: usize = 5;
/// How long a connection rests after a refusal when the loop is closed.
const REST: u64 = 100_000;
/// How long what was acknowledged may take to arrive after the last post.
const DRAIN: Duration = Duration::from_secs(10);
/// How long it may take until every conversation is with an agent.
const OPENING: Duration = Duration::from_secs(120);

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// Posts a second; 0 = as many as the connections carry.
    pub(super) rate: f64,
    /// Not measured.
    pub(super) warm: Duration,
    /// Measured.
    pub(super) measured: Duration,
    /// How long what was acknowledged may take to arrive after the last post.
    pub(super) drain: Duration,
}

impl Offer {
    /// With as much patience at the end as the promises allow.
    pub(super) const fn new(rate: f64, warm: Duration, measured: Duration) -> Self {
        Self { rate, warm, measured, drain: DRAIN }
    }
}

/// What was measured between the end of the warm-up and the last due post.
pub(super) struct Window {
    /// Scheduled within it.
    from: u64,
    to: u64,
    pub(super) acked: u32,
    pub(super) refused: u32,
    pub(super) delivered: u32,
    pub(super) e2e: Latencies,
    pub(super) ack: Latencies,
    /// From when a post really left.
    pub(super) sent_to_ack: Latencies,
    pub(super) late: Latencies,
    /// Due within it and not sent when it ended: no connection was free.
    pub(super) unsent: u64,
    pub(super) server_cpu_us: u64,
    pub(super) own_cpu_us: u64,
    pub(super) rss_kb: u64,
}

impl Window {
    fn new(from: u64, to: u64) -> Outcome<Self> {
        Ok(Self {
            from,
            to,
            acked: 0,
            refused: 0,
            delivered: 0,
            e2e: Latencies::new()?,
            ack: Latencies::new()?,
            sent_to_ack: Latencies::new()?,
            late: Latencies::new()?,
            unsent: 0,
            server_cpu_us: 0,
            own_cpu_us: 0,
            rss_kb: 0,
        })
    }

    fn holds(&self, moment: u64) -> bool {
        (self.from..self.to).contains(&moment)
    }
}

/// What is known of one message.
#[derive(Clone, Copy)]
struct Record {
    scheduled: u64,
    contact: u32,
    /// The socket it was first seen on, from 1; 0 = not seen.
    seen_on: u16,
    acked: bool,
}

/// A post under way.
#[derive(Clone, Copy)]
struct Flight {
    number: u32,
    scheduled: u64,
    /// 0 until it is.
    sent: u64,
    repeat: bool,
}

struct Poster {
    stream: TcpStream,
    received: Vec<u8>,
    flight: Option<Flight>,
}

struct AgentSocket {
    stream: TcpStream,
    received: Vec<u8>,
    resyncs: u32,
}

/// What decides which post comes next.
enum Source {
    /// Opens one conversation per number, again when refused.
    Opening { contacts: u32, again: Vec<u32> },
    /// Messages of any conversation, and repeats.
    Traffic { contacts: u32 },
}

/// Connections, sockets, and everything known of every message.
pub(super) struct Load {
    host: String,
    poller: Poller,
    posters: Vec<Poster>,
    agents: Vec<AgentSocket>,
    idle: VecDeque<usize>,
    resting: VecDeque<(u64, usize)>,
    /// How long a connection rests after a refusal; with an open loop not at all.
    rest: u64,
    ready: Vec<u64>,
    records: Vec<Record>,
    acked_numbers: Vec<u32>,
    /// Acknowledged and not seen yet.
    missing: u64,
    composer: Composer,
    source: Source,
    pub(super) ledger: Ledger,
    random: Random,
    pub(super) findings: Findings,
    pub(super) answered: u64,
    pub(super) pushed_twice: u64,
    pub(super) taken_twice: u64,
    /// Conversations that are with an agent, while they are opened.
    with_agents: Option<HashSet<ConversationId>>,
    /// The socket of each conversation's agent, from 1, the last that showed it; 0 = none did.
    homes: Vec<u16>,
    out: Vec<u8>,
    window: Option<Window>,
}

const AGENT: u64 = 1 << 32;

impl Load {
    /// Opens one socket per agent and so many connections that post.
    pub(super) fn connect(
        host: &str,
        access: &[AgentAccess],
        composer: Composer,
        connections: usize,
        ledger: Ledger,
        random: Random,
    ) -> Outcome<Self> {
        let poller = Poller::new()?;
        let mut agents = Vec::with_capacity(access.len());
        for (index, agent) in access.iter().enumerate() {
            let (stream, received) = socket::open_raw(host, &agent.token)?;
            poller.watch(&stream, AGENT | u64::try_from(index)?)?;
            agents.push(AgentSocket { stream, received, resyncs: 0 });
        }
        let mut load = Self {
            host: host.to_owned(),
            poller,
            posters: Vec::new(),
            agents,
            idle: VecDeque::new(),
            resting: VecDeque::new(),
            rest: REST,
            ready: Vec::with_capacity(512),
            records: Vec::new(),
            acked_numbers: Vec::new(),
            missing: 0,
            composer,
            source: Source::Traffic { contacts: 1 },
            ledger,
            random,
            findings: Findings::default(),
            answered: 0,
            pushed_twice: 0,
            taken_twice: 0,
            with_agents: None,
            homes: Vec::new(),
            out: Vec::with_capacity(2048),
            window: None,
        };
        for index in 0..connections {
            let stream = load.poster(index)?;
            load.posters.push(Poster { stream, received: Vec::new(), flight: None });
            load.idle.push_back(index);
        }
        Ok(load)
    }

    fn poster(&self, index: usize) -> Outcome<TcpStream> {
        let stream = TcpStream::connect(&self.host)?;
        stream.set_nodelay(true)?;
        self.poller.watch(&stream, u64::try_from(index)?)?;
        Ok(stream)
    }

    /// One message per conversation; returns when every conversation is with an agent.
    pub(super) fn open_conversations(&mut self, contacts: u32) -> Outcome<()> {
        self.source = Source::Opening { contacts, again: Vec::new() };
        self.with_agents = Some(HashSet::new());
        let deadline = time::micros() + micros(OPENING);
        let wanted = usize::try_from(contacts)?;
        self.homes = vec![0; wanted];
        loop {
            self.send_due(None)?;
            self.receive(deadline.min(time::micros() + 20_000))?;
            let with_agents = self.with_agents.as_ref().map_or(0, HashSet::len);
            if with_agents >= wanted && self.idle.len() == self.posters.len() {
                break;
            }
            if time::micros() >= deadline {
                return Err(format!("only {with_agents} of {contacts} conversations are with agents after {OPENING:?}").into());
            }
        }
        self.with_agents = None;
        // How the first message of a conversation reaches its agent is the offer's business, not the hot path's.
        self.missing = 0;
        for record in &mut self.records {
            record.seen_on = u16::MAX;
        }
        self.source = Source::Traffic { contacts };
        Ok(())
    }

    /// The measurement itself.
    pub(super) fn measure(&mut self, offer: &Offer, server: &Usage) -> Outcome<Window> {
        let start = time::micros() + 50_000;
        let from = start + micros(offer.warm);
        let to = from + micros(offer.measured);
        let mut pace = (offer.rate > 0.0).then(|| Pace { start, period: 1e6 / offer.rate, sent: 0 });
        self.window = Some(Window::new(from, to)?);
        self.rest = if pace.is_some() { 0 } else { REST };
        let mut began = None;
        while time::micros() < start {
            self.receive(start)?;
        }
        loop {
            let now = time::micros();
            if now >= from && began.is_none() {
                began = Some((server.cpu_us(), Usage::own().cpu_us()));
            }
            if now >= to {
                break;
            }
            let next = self.send_due(pace.as_mut())?;
            let mark = if began.is_none() { from } else { to };
            self.receive(next.min(mark))?;
        }
        let (server_after, own_after) = (server.cpu_us(), Usage::own().cpu_us());
        let rss_kb = server.rss_kb();
        let deadline = to + micros(offer.drain);
        while (self.missing > 0 || self.posters.iter().any(|poster| poster.flight.is_some())) && time::micros() < deadline {
            self.receive(deadline)?;
        }
        let mut window = self.window.take().ok_or("no window")?;
        window.unsent = pace.map_or(0, |pace| pace.unsent(to));
        let (server_before, own_before) = began.ok_or("nothing was measured")?;
        window.server_cpu_us = server_after.saturating_sub(server_before);
        window.own_cpu_us = own_after.saturating_sub(own_before);
        window.rss_kb = rss_kb;
        Ok(window)
    }

    /// Posts what is due; returns when the next one is.
    fn send_due(&mut self, mut pace: Option<&mut Pace>) -> Outcome<u64> {
        loop {
            let now = time::micros();
            while self.resting.front().is_some_and(|(until, _)| *until <= now) {
                self.idle.extend(self.resting.pop_front().map(|(_, index)| index));
            }
            let due = pace.as_ref().map_or(now, |pace| pace.next());
            if due > now {
                return Ok(due);
            }
            let rested = self.resting.front().map_or(u64::MAX, |(until, _)| *until);
            let Some(index) = self.idle.pop_front() else { return Ok(rested) };
            let Some(flight) = self.choose(due) else {
                self.idle.push_front(index);
                return Ok(rested);
            };
            if let Some(pace) = &mut pace {
                pace.sent += 1;
            }
            if let Some(window) = self.window.as_mut().filter(|window| window.holds(due)) {
                window.late.record(now - due);
            }
            self.post(index, flight)?;
        }
    }

    fn choose(&mut self, scheduled: u64) -> Option<Flight> {
        let contact = match &mut self.source {
            Source::Opening { contacts, again } => {
                if let Some(number) = again.pop() {
                    return Some(Flight { number, scheduled, sent: 0, repeat: false });
                }
                let next = u32::try_from(self.records.len()).ok()?;
                if next >= *contacts {
                    return None;
                }
                next
            }
            Source::Traffic { contacts } => {
                if self.random.percent(REPEATS)
                    && let Some(number) = self.random.pick(&self.acked_numbers)
                {
                    return Some(Flight { number: *number, scheduled, sent: 0, repeat: true });
                }
                u32::try_from(self.random.below(usize::try_from(*contacts).ok()?)).ok()?
            }
        };
        let number = u32::try_from(self.records.len()).ok()?;
        self.records.push(Record { scheduled, contact, seen_on: 0, acked: false });
        Some(Flight { number, scheduled, sent: 0, repeat: false })
    }

    fn post(&mut self, index: usize, flight: Flight) -> Outcome<()> {
        let Some(record) = self.record(flight.number).copied() else { return Err("a message without a record".into()) };
        let Record { scheduled, contact, .. } = record;
        self.out.clear();
        self.composer.request(&Inbound { number: flight.number, contact, scheduled }, &mut self.out);
        let Some(poster) = self.posters.get_mut(index) else { return Err("a connection that does not exist".into()) };
        poster.flight = Some(Flight { sent: time::micros(), ..flight });
        if poster.stream.write_all(&self.out).is_err() {
            self.reconnect(index)?;
        }
        Ok(())
    }

    /// The outcome of what was under way is unknown: not acknowledged, perhaps stored.
    fn reconnect(&mut self, index: usize) -> Outcome<()> {
        let stream = self.poster(index)?;
        if let Some(poster) = self.posters.get_mut(index) {
            poster.stream = stream;
            poster.received.clear();
            if let Some(flight) = poster.flight.take() {
                self.findings.add(format!("the server closed a connection with message {} under way", flight.number));
                if let Source::Opening { again, .. } = &mut self.source {
                    again.push(flight.number);
                }
                self.idle.push_back(index);
            }
        }
        Ok(())
    }

    /// Reads whatever comes until something came or `until`.
    fn receive(&mut self, until: u64) -> Outcome<()> {
        let mut ready = std::mem::take(&mut self.ready);
        self.poller.wait(Duration::from_micros(until.saturating_sub(time::micros())), &mut ready)?;
        for key in ready.drain(..) {
            let index = usize::try_from(key & (AGENT - 1))?;
            if key & AGENT == 0 { self.read_answers(index)? } else { self.read_frames(index)? }
        }
        self.ready = ready;
        Ok(())
    }

    fn read_answers(&mut self, index: usize) -> Outcome<()> {
        let Some(poster) = self.posters.get_mut(index) else { return Ok(()) };
        match read_some(&poster.stream, &mut poster.received) {
            Found::Nothing => return Ok(()),
            Found::End => return self.reconnect(index),
            Found::Bytes => {}
        }
        let Some(response) = http::parse(&poster.received)? else { return Ok(()) };
        let body = poster.received.get(response.body.clone()).unwrap_or_default();
        let repeated = memchr::memmem::find(body, b"repeated").is_some();
        let complaint = (!matches!(response.status, 200 | 429 | 503)).then(|| String::from_utf8_lossy(body).into_owned());
        poster.received.drain(..response.body.end);
        let flight = poster.flight.take();
        if response.closes {
            self.reconnect(index)?;
        }
        if let Some(flight) = flight {
            self.answered(index, flight, response.status, repeated, complaint)?;
        }
        Ok(())
    }

    fn answered(&mut self, index: usize, flight: Flight, status: u16, repeated: bool, complaint: Option<String>) -> Outcome<()> {
        let now = time::micros();
        if let Some(complaint) = complaint {
            self.findings.add(format!("message {}: {status} {complaint}", flight.number));
        }
        if status == 200 {
            self.idle.push_back(index);
            self.answered += 1;
            if let Some(window) = &mut self.window {
                if window.holds(flight.scheduled) {
                    window.ack.record(now - flight.scheduled);
                    window.sent_to_ack.record(now - flight.sent);
                }
                window.acked += u32::from(window.holds(now));
            }
            if flight.repeat {
                self.taken_twice += u64::from(!repeated);
            } else {
                self.acked(flight.number)?;
            }
            return Ok(());
        }
        if let Some(window) = self.window.as_mut().filter(|window| window.holds(now)) {
            window.refused += 1;
        }
        if let Source::Opening { again, .. } = &mut self.source {
            again.push(flight.number);
        }
        self.resting.push_back((now + self.rest, index));
        Ok(())
    }

    fn acked(&mut self, number: u32) -> Outcome<()> {
        let Some(record) = self.record(number) else { return Err("an acknowledgement of nothing".into()) };
        if !record.acked {
            record.acked = true;
            let unseen = record.seen_on == 0;
            self.missing += u64::from(unseen);
            self.acked_numbers.push(number);
            self.ledger.acked(Mark::Inbound(number))?;
        }
        Ok(())
    }

    fn record(&mut self, number: u32) -> Option<&mut Record> {
        self.records.get_mut(usize::try_from(number).ok()?)
    }

    fn read_frames(&mut self, index: usize) -> Outcome<()> {
        let Some(agent) = self.agents.get_mut(index) else { return Ok(()) };
        match read_some(&agent.stream, &mut agent.received) {
            Found::Nothing => return Ok(()),
            Found::End => return Err(format!("the server closed the socket of agent {index}").into()),
            Found::Bytes => {}
        }
        let now = time::micros();
        let received = std::mem::take(&mut agent.received);
        let mut rest = received.as_slice();
        while let Some(frame) = socket::parse(rest) {
            let payload = rest.get(frame.payload.clone()).unwrap_or_default();
            match frame.opcode {
                socket::TEXT => self.read_text(index, payload, now)?,
                socket::PING => self.write_agent(index, &socket::encode(socket::PONG, payload))?,
                socket::CLOSE => return Err(format!("the server closed the socket of agent {index}").into()),
                _ => {}
            }
            rest = rest.get(frame.payload.end..).unwrap_or_default();
        }
        let taken = received.len() - rest.len();
        if let Some(agent) = self.agents.get_mut(index) {
            agent.received = received;
            agent.received.drain(..taken);
        }
        Ok(())
    }

    fn write_agent(&mut self, index: usize, bytes: &[u8]) -> Outcome<()> {
        self.agents.get_mut(index).map_or(Ok(()), |agent| Ok(agent.stream.write_all(bytes)?))
    }

    fn read_text(&mut self, index: usize, payload: &[u8], now: u64) -> Outcome<()> {
        if memchr::memmem::find(payload, b"\"kind\":\"resync\"").is_some()
            && let Some(agent) = self.agents.get_mut(index)
        {
            agent.resyncs += 1;
        }
        let socket = u16::try_from(index + 1)?;
        for number in inbound_marks(payload) {
            let Some(record) = self.record(number) else { continue };
            let (first, acked, scheduled) = (record.seen_on == 0, record.acked, record.scheduled);
            let contact = usize::try_from(record.contact)?;
            if first {
                record.seen_on = socket;
                self.missing -= u64::from(acked);
                if let Some(home) = self.homes.get_mut(contact) {
                    *home = socket;
                }
                if let Some(window) = &mut self.window {
                    if window.holds(scheduled) {
                        window.e2e.record(now - scheduled);
                    }
                    window.delivered += u32::from(window.holds(now));
                }
            } else if record.seen_on == socket {
                self.pushed_twice += 1;
            }
        }
        if let Some(with_agents) = &mut self.with_agents {
            let frame: Frame = serde_json::from_slice(payload)
                .map_err(|error| format!("a frame that cannot be read: {error} in {}", String::from_utf8_lossy(payload)))?;
            match frame.push {
                Push::Conversation(delta) if matches!(delta.conversation.standing, Standing::Active { .. }) => {
                    with_agents.insert(delta.conversation.id);
                    settle(&mut self.homes, &delta.conversation, socket);
                }
                Push::Me(me) => {
                    with_agents.extend(me.conversations.iter().map(|summary| summary.id));
                    me.conversations.iter().for_each(|summary| settle(&mut self.homes, summary, socket));
                }
                Push::Denied(denied) => return Err(format!("an agent's subscription was denied: {denied:?}").into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Acknowledged messages that no socket saw: lost, unless the server said on the socket of their conversation that it
    /// dropped deltas and sent a snapshot; those are counted apart.
    pub(super) fn unseen(&self) -> (u64, u64) {
        let resynced = |record: &Record| {
            let home = self.homes.get(usize::try_from(record.contact).unwrap_or(usize::MAX)).copied().unwrap_or_default();
            let agent = usize::from(home).checked_sub(1).and_then(|index| self.agents.get(index));
            agent.is_some_and(|agent| agent.resyncs > 0)
        };
        let unseen = self.records.iter().filter(|record| record.acked && record.seen_on == 0);
        unseen.fold((0, 0), |(lost, covered), record| if resynced(record) { (lost, covered + 1) } else { (lost + 1, covered) })
    }
}

/// Notes on which socket a customer's conversation lives; their number stands in their name.
fn settle(homes: &mut [u16], summary: &Summary, socket: u16) {
    let number = summary.contact_name.rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
    if let Some(home) = number.and_then(|number| homes.get_mut(number)) {
        *home = socket;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// When posts are due.
struct Pace {
    start: u64,
    period: f64,
    sent: u64,
}

impl Pace {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "within hours")]
    fn unsent(&self, end: u64) -> u64 {
        (((end - self.start) as f64 / self.period) as u64).saturating_sub(self.sent)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "within hours")]
    fn next(&self) -> u64 {
        self.start + (self.sent as f64 * self.period) as u64
    }
}
