//! The generator: one thread, one poller, raw sockets. What it costs is what its system calls cost.
//!
//! | file | what is there |
//! |---|---|
//! | [`window`] | what is offered, and what is measured while it is |
//! | [`posts`] | messages on their way in |
//! | [`frames`] | what the agents' sockets show |

mod frames;
mod posts;
mod window;

pub(super) use self::window::{Offer, Window};

use std::{
    collections::{HashSet, VecDeque},
    net::TcpStream,
    time::Duration,
};

use centralita::ids::ConversationId;

use self::window::Pace;
use crate::{
    Outcome, ledger::Ledger, message::Composer, poller::Poller, random::Random, report::Findings, server::Usage,
    setup::AgentAccess, socket, time,
};

/// Repeats of earlier messages among the posts, in percent.
pub(super) const REPEATS: usize = 5;
/// How long a connection rests after a refusal when the loop is closed.
const REST: u64 = 100_000;
/// How long it may take until every conversation is with an agent.
const OPENING: Duration = Duration::from_secs(120);

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

    fn record(&mut self, number: u32) -> Option<&mut Record> {
        self.records.get_mut(usize::try_from(number).ok()?)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
