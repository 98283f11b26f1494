//! What is to happen in each conversation, and when: beats, laid into the rounds of a wave.

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt, seq::IndexedRandom};

use super::{History, Known, Step, Tale, WAITING, WITH_AGENTS, Whose, minutes};
use crate::{
    clock::Timestamp,
    commands::seed::MadeUser,
    demo::scripts::{Customer, Dialogue, Speaker, Topic},
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::Priority,
        delivery::Delivery,
    },
    ids::{AgentId, VisitorId},
};

/// Conversations that begin within a few minutes, at most.
pub(super) const WAVE: usize = 8;
/// Rounds of a wave: the longest script, a missed offer, a transfer, a silence.
const ROUNDS: usize = 48;
/// Rounds without a word before an agent closes.
const SILENCE: usize = 10;

/// When a round begins, and the next.
type Rounds = Vec<Timestamp>;

impl History<'_> {
    fn name_of(&self, agent: AgentId) -> &'static str {
        self.company.people.iter().find(|person| person.id == agent).map_or("", |person: &MadeUser| person.name)
    }

    /// A conversation that begins then: one customer in five has written before.
    pub(super) fn begin(&mut self, at: Timestamp) -> Option<usize> {
        let again = self.one_in(5);
        let free: Vec<usize> =
            (0..self.known.len()).filter(|&at_| self.known.get(at_).is_some_and(|known| known.until < at)).collect();
        let known = free.choose(&mut self.random).copied().filter(|_| again);
        let index = match known {
            Some(index) => index,
            None => {
                let topic = Topic::ALL.choose(&mut self.random).copied()?;
                let account = self.company.desk(topic).channels.choose(&mut self.random)?.clone();
                let customer = Customer::new(&mut self.random);
                let address = match account.kind {
                    ChannelKind::Api | ChannelKind::Email => Address { kind: AddressKind::Api, value: customer.phone.clone() },
                    ChannelKind::Webchat => {
                        Address { kind: AddressKind::Visitor, value: self.ids.next::<VisitorId>().to_string() }
                    }
                };
                self.known.push(Known { customer, topic, channel: account.id, address, until: at });
                self.known.len() - 1
            }
        };
        let known = self.known.get_mut(index)?;
        // Nobody writes to two agents at once; a day later it is another matter.
        known.until = at + minutes(24 * 60);
        let (topic, customer) = (known.topic, known.customer.clone());
        let desk = self.company.desk(topic);
        let kind = desk.channels.iter().find(|account| account.id == known.channel)?.kind;
        let dialogue = self.scripts.dialogue(topic, customer, &mut self.random)?;
        self.tales.push(Tale {
            id: None,
            client: desk.campaign.client,
            channel: known.channel,
            kind,
            topic,
            address: known.address.clone(),
            dialogue,
            state: None,
            card: None,
            last: None,
            offer: None,
            reply: None,
            said: None,
            entry: 0,
            beats: Vec::new(),
        });
        Some(self.tales.len() - 1)
    }

    /// Rounds from then on, each of about this many seconds.
    fn rounds(&mut self, from: Timestamp, seconds: (u64, u64)) -> Rounds {
        let mut at = from;
        let mut next = || {
            let this = at;
            at = at + Duration::from_millis(self.random.random_range(seconds.0 * 1000..seconds.1 * 1000));
            this
        };
        (0..ROUNDS).map(|_| next()).collect()
    }

    /// Puts the beats of a tale into its rounds.
    fn place(&mut self, tale: usize, rounds: &Rounds) {
        let Some(told) = self.tales.get_mut(tale) else { return };
        let beats = std::mem::take(&mut told.beats);
        for (round, beat) in rounds.windows(2).skip(told.entry).zip(beats) {
            let &[from, until] = round else { continue };
            let share = self.random.random_range(0..1000);
            let at = from + until.since(from) * share / 1000;
            if !beat.is_empty() {
                self.steps.push((at, Whose::Tale(tale), beat));
            }
        }
    }

    fn beat(&mut self, tale: usize, steps: Vec<Step>) {
        if let Some(tale) = self.tales.get_mut(tale) {
            tale.beats.push(steps);
        }
    }

    /// The customer's opening and the queue.
    pub(super) fn open(&mut self, tale: usize) {
        let Some(told) = self.tales.get(tale) else { return };
        let first = told.dialogue.lines.first().map(|line| line.to(None)).unwrap_or_default();
        self.beat(tale, vec![Step::Writes(first), Step::Admits]);
    }

    fn accept(&mut self, tale: usize, topic: Topic, agent: AgentId) {
        self.beat(tale, vec![Step::Offers(agent)]);
        if !self.company.desk(topic).campaign.auto_accept {
            self.beat(tale, vec![Step::Accepts(agent)]);
        }
    }

    /// Lines from `lines`, spoken by this agent.
    fn talk(&mut self, tale: usize, lines: std::ops::Range<usize>, agent: AgentId) {
        let name = self.name_of(agent);
        let Some(told) = self.tales.get_mut(tale) else { return };
        for line in told.dialogue.lines.get(lines).unwrap_or_default() {
            let text = line.with(name);
            match line.who {
                // Who answers has read.
                Speaker::Customer => told.beats.push(vec![Step::Moves(Delivery::Read), Step::Writes(text)]),
                Speaker::Agent => {
                    let sent = [Step::Replies(agent, text), Step::Moves(Delivery::Sending), Step::Moves(Delivery::Sent)];
                    told.beats.push(sent.into());
                }
                Speaker::Note => told.beats.push(vec![Step::Notes(agent, text)]),
            }
        }
    }

    /// Conversations that begin within a few minutes and end.
    pub(super) fn wave(&mut self, count: usize) {
        let Some(start) = self.some_start() else { return };
        let rounds = self.rounds(start, (14, 38));
        for number in 0..count {
            let Some(tale) = self.begin(start) else { return };
            self.ended(tale, start);
            if let Some(tale) = self.tales.get_mut(tale) {
                tale.entry = number;
            }
            self.place(tale, &rounds);
        }
    }

    pub(super) fn ended(&mut self, tale: usize, start: Timestamp) {
        let Some(topic) = self.tales.get(tale).map(|tale| tale.topic) else { return };
        self.open(tale);
        if self.one_in(18) {
            for _ in 0..self.random.random_range(3..10) {
                self.beat(tale, Vec::new());
            }
            self.beat(tale, vec![Step::GivesUp]);
            return;
        }
        let Some(mut agent) = self.somebody(topic, start, None) else { return };
        let manual = !self.company.desk(topic).campaign.auto_accept;
        if manual
            && self.one_in(14)
            && let Some(other) = self.somebody(topic, start, Some(agent))
        {
            self.beat(tale, vec![Step::Offers(agent)]);
            self.beat(tale, vec![Step::Misses(agent)]);
            agent = other;
        }
        self.accept(tale, topic, agent);
        let mut desk = topic;
        let Some(Dialogue { lines, disposition, .. }) = self.tales.get(tale).map(|tale| &tale.dialogue) else { return };
        let (length, mut disposition) = (lines.len(), disposition.clone());
        let silent = self.one_in(16);
        let end = if silent { length.saturating_sub(2) } else { length };
        let middle = 3.min(end);
        self.talk(tale, 1..middle, agent);
        self.sort(tale, agent);
        if topic != Topic::Billing
            && self.one_in(16)
            && let Some(other) = self.somebody(Topic::Billing, start, Some(agent))
        {
            let billing = self.company.desk(Topic::Billing).campaign.id;
            self.beat(tale, vec![Step::Transfers(agent, billing)]);
            (agent, desk, disposition) = (other, Topic::Billing, "Consulta resuelta".to_owned());
            self.accept(tale, desk, agent);
        }
        self.talk(tale, middle..end, agent);
        if silent {
            for _ in 0..SILENCE {
                self.beat(tale, Vec::new());
            }
            "Sin respuesta".clone_into(&mut disposition);
        }
        let noted = (desk == Topic::Billing || !self.one_in(3)).then_some(Step::Fields(agent));
        self.beat(tale, noted.into_iter().chain([Step::Closes(agent, disposition)]).collect());
        if self.company.desk(desk).campaign.wrap_up_seconds > 0 {
            self.beat(tale, vec![Step::Finishes(agent)]);
        }
        let is_chat = self.tales.get(tale).is_some_and(|tale| tale.kind == ChannelKind::Webchat);
        if is_chat && !silent && !self.one_in(3) {
            let score = [5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1].choose(&mut self.random).copied().unwrap_or(5);
            self.beat(tale, vec![Step::Rates(score)]);
        }
    }

    /// Labels and urgency, for some; together with what the agent does last.
    fn sort(&mut self, tale: usize, agent: AgentId) {
        let labels = (!self.one_in(4)).then_some(Step::Tags(agent));
        let Some(told) = self.tales.get_mut(tale) else { return };
        let is_urgent = told.dialogue.priority != Priority::Normal;
        let Some(last) = told.beats.last_mut() else { return };
        last.extend(labels.into_iter().chain(is_urgent.then_some(Step::Prioritises(agent))));
    }

    /// What is going on now: with agents, and waiting for them.
    pub(super) fn today(&mut self) {
        let start = self.now - minutes(11);
        let rounds = self.rounds(start, (35, 60));
        let mut taken = BTreeMap::new();
        for number in 0..WITH_AGENTS {
            self.with_agent(number, start, &rounds, &mut taken);
        }
        let rounds = self.rounds(self.now - minutes(3), (25, 35));
        for number in 0..WAITING {
            let Some(tale) = self.begin(start) else { return };
            self.open(tale);
            if let Some(tale) = self.tales.get_mut(tale) {
                (tale.entry, tale.said) = (number % 5, Some(1));
            }
            self.place(tale, &rounds);
        }
    }

    /// With whoever of those at work has the least: a few sleep or are put aside.
    fn with_agent(&mut self, number: usize, start: Timestamp, rounds: &Rounds, taken: &mut BTreeMap<AgentId, usize>) {
        let Some(tale) = self.begin(start) else { return };
        let Some(topic) = self.tales.get(tale).map(|tale| tale.topic) else { return };
        let on_duty = self.on_duty(topic, start, minutes(30));
        let Some(agent) = on_duty.into_iter().min_by_key(|agent| taken.get(agent).copied()) else { return };
        *taken.entry(agent).or_default() += 1;
        self.open(tale);
        self.accept(tale, topic, agent);
        // After an answer of the agent's, or after what the customer said to it.
        let is_answered = number.is_multiple_of(3);
        let lines = if is_answered { 1..2 } else { 1..3 };
        let said = lines.end;
        self.talk(tale, lines, agent);
        self.sort(tale, agent);
        match number {
            0 | 6 => {
                let until = self.now + minutes(90) + self.between(0, 6 * 3600);
                self.beat(tale, vec![Step::Moves(Delivery::Read), Step::Parks(agent, until)]);
            }
            3 | 9 => self.beat(tale, vec![Step::Moves(Delivery::Read), Step::Sleeps]),
            _ => {}
        }
        if let Some(tale) = self.tales.get_mut(tale) {
            let is_awake = !matches!(number, 0 | 3 | 6 | 9);
            (tale.entry, tale.said) = (number % 4, is_awake.then_some(said));
        }
        self.place(tale, rounds);
    }
}
