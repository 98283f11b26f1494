//! What happened before anybody looked: conversations of the last days, told through the same rules as those of today.
//!
//! Every beat of a conversation is a few commands to the domain at a moment of the past; its events, texts and rows are committed by
//! the journal. So the tables are the fold of the log here as everywhere else. Conversations come in waves and go on in rounds, one
//! beat of each in a round: what a round commits is one group, and a slow disk waits a thousand times, not ten thousand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::company::{Company, Desk, ZONE};
use crate::{
    auth::visitor::{Bearer, VisitorTokens},
    clock::{Clock, Timestamp},
    commands::{
        Failure,
        instance::Offline,
        seed::{BREAKS, MadeUser},
    },
    demo::{
        folder::{Continued, Regular},
        scripts::{Customer, Dialogue, Scripts, Speaker, Topic, comments},
    },
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::{Admission, Command, Conversation, Ending, Event, Offer, OfferOutcome, Priority, QueueReason, TransferTo},
        delivery::Delivery,
        field,
        log::By,
        message::{Author, Content, Message},
        permission::Role,
        routing::memories,
        schedule,
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, Ids, MessageId, OfferId, VisitorId},
    store::{
        contacts,
        inbox::Claim,
        visitors,
        write::{
            AgentAppend, Append, Committed, ContactCard, ConversationAppend, NewContact, Refused, RowChange, Statement, Subject,
            concerned,
        },
    },
};

/// Conversations that are over.
const ENDED: usize = 376;
/// Conversations that wait for an agent.
const WAITING: usize = 6;
/// Conversations with an agent.
const WITH_AGENTS: usize = 18;
/// How many there are in all.
pub(super) const CONVERSATIONS: usize = ENDED + WAITING + WITH_AGENTS;
const DAYS: u64 = 7;
/// Conversations that begin within a few minutes, at most.
const WAVE: usize = 8;
/// Rounds of a wave: the longest script, a missed offer, a transfer, a silence.
const ROUNDS: usize = 48;
/// Rounds without a word before an agent closes.
const SILENCE: usize = 10;
/// Appends between two looks at what became of them.
const AT_ONCE: usize = 512;
/// Buenos Aires knows no summer time.
const WEST_OF_UTC: Duration = Duration::from_secs(3 * 3600);
/// When the shifts of a day begin and end, in hours of the company's day.
const SHIFTS: [(u64, u64); 3] = [(7, 15), (10, 18), (13, 21)];

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// When the oldest of it happened.
pub(super) fn beginning(now: Timestamp) -> Timestamp {
    now - minutes((DAYS + 2) * 24 * 60)
}

/// Somebody is at work.
struct Duty {
    agent: AgentId,
    from: Timestamp,
    until: Timestamp,
    /// A break in between.
    away: Option<(Timestamp, Timestamp)>,
}

impl Duty {
    fn covers(&self, from: Timestamp, until: Timestamp) -> bool {
        self.from <= from && until <= self.until && self.away.is_none_or(|(begin, end)| until <= begin || end <= from)
    }
}

/// What is to happen.
enum Step {
    Writes(String),
    Admits,
    Offers(AgentId),
    Misses(AgentId),
    Accepts(AgentId),
    Replies(AgentId, String),
    Notes(AgentId, String),
    /// The last reply.
    Moves(Delivery),
    Fields(AgentId),
    Tags(AgentId),
    Prioritises(AgentId),
    Transfers(AgentId, CampaignId),
    Sleeps,
    Parks(AgentId, Timestamp),
    Closes(AgentId, String),
    Finishes(AgentId),
    GivesUp,
    Rates(u8),
    Shift(AgentCommand),
}

/// One conversation as it goes on.
struct Tale {
    id: Option<ConversationId>,
    client: ClientId,
    channel: ChannelId,
    kind: ChannelKind,
    topic: Topic,
    address: Address,
    dialogue: Dialogue,
    state: Option<Conversation>,
    card: Option<Arc<ContactCard>>,
    last: Option<Arc<Message>>,
    offer: Option<OfferId>,
    reply: Option<MessageId>,
    /// Lines said at the end, if it is to go on.
    said: Option<usize>,
    /// Its first beat's place in its wave.
    entry: usize,
    /// One a round.
    beats: Vec<Vec<Step>>,
}

/// When a round begins, and the next.
type Rounds = Vec<Timestamp>;

/// Who has written before, from where, and until when.
struct Known {
    customer: Customer,
    topic: Topic,
    channel: ChannelId,
    address: Address,
    until: Timestamp,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Tale(usize),
    Agent(AgentId),
}

/// Everything of it.
pub(super) struct History<'a> {
    company: &'a Company,
    offline: &'a Offline,
    clock: Clock,
    ids: &'a Ids,
    now: Timestamp,
    random: StdRng,
    scripts: Scripts,
    duties: Vec<Duty>,
    known: Vec<Known>,
    tales: Vec<Tale>,
    /// When, whose, what.
    steps: Vec<(Timestamp, Whose, Vec<Step>)>,
    /// What has an append that nobody has heard of yet: the journal takes the next one after it.
    in_flight: BTreeSet<Whose>,
    contacts: BTreeMap<String, ContactId>,
    agents: BTreeMap<AgentId, Agent>,
    answers: Vec<oneshot::Receiver<Result<Arc<Committed>, Refused>>>,
    /// What stands beside the log.
    beside: Vec<Statement>,
}

impl<'a> History<'a> {
    pub(super) fn new(company: &'a Company, offline: &'a Offline, clock: Clock, ids: &'a Ids, now: Timestamp, seed: u64) -> Self {
        Self {
            company,
            offline,
            clock,
            ids,
            now,
            random: StdRng::seed_from_u64(seed),
            scripts: Scripts::default(),
            duties: Vec::new(),
            known: Vec::new(),
            tales: Vec::new(),
            steps: Vec::new(),
            in_flight: BTreeSet::new(),
            contacts: BTreeMap::new(),
            agents: BTreeMap::new(),
            answers: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// Thinks it up and commits it. What is open goes on, who has written may come again.
    pub(super) async fn write(mut self, visitors: &VisitorTokens) -> Result<(Vec<Continued>, Vec<Regular>), Failure> {
        self.shifts();
        let mut left = ENDED;
        while left > 0 {
            let count = self.random.random_range(3..=WAVE).min(left);
            left -= count;
            self.wave(count);
        }
        self.today();
        let mut steps = std::mem::take(&mut self.steps);
        steps.sort_by_key(|(at, ..)| *at);
        for (at, whose, steps) in steps {
            self.clock.move_to(at);
            if self.answers.len() >= AT_ONCE {
                self.settle().await?;
            }
            match whose {
                Whose::Tale(tale) => self.tell(tale, steps, at).await?,
                Whose::Agent(agent) => self.shift(agent, steps, at).await?,
            }
        }
        self.settle().await?;
        self.clock.move_to(self.now);
        let beside = std::mem::take(&mut self.beside);
        let written = self.offline.journal.write(beside, None, By::System, None).await;
        written.map_err(|error| Failure::new("the demo's history", error))?;
        let (over, open): (Vec<_>, Vec<_>) =
            self.tales.into_iter().partition(|tale| tale.state.as_ref().is_none_or(|state| state.phase.is_ended()));
        let mut regulars: BTreeMap<_, _> = over.iter().map(|tale| (tale.address.value.clone(), tale.regular(visitors))).collect();
        open.iter().for_each(|tale| drop(regulars.remove(&tale.address.value)));
        Ok((open.into_iter().filter_map(|tale| tale.continued(visitors)).collect(), regulars.into_values().collect()))
    }

    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.random.random_range(from * 1000..to * 1000))
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.random.random_range(0..n) == 0
    }

    fn shifts(&mut self) {
        let people = self.company.people.iter().filter(|person| person.role == Role::Agent);
        let agents: Vec<(AgentId, bool)> = people.map(|person| (person.id, Company::is_played(person))).collect();
        let day = Duration::from_secs(24 * 3600);
        let into_day = self.now.since(Timestamp::from_micros(0)).saturating_sub(WEST_OF_UTC).as_secs() % day.as_secs();
        let today = self.now - Duration::from_secs(into_day);
        for back in 0..=DAYS {
            for (index, (agent, _)) in agents.iter().enumerate() {
                let (begin, end) =
                    SHIFTS.get((index + usize::try_from(back).unwrap_or(0)) % SHIFTS.len()).copied().unwrap_or((8, 16));
                let midnight = today - Duration::from_secs(back * 24 * 3600);
                let from = midnight + minutes(begin * 60) + self.between(0, 600);
                let until = midnight + minutes(end * 60) + self.between(0, 900);
                let lunch = midnight + minutes((begin + 4) * 60) + self.between(0, 2400);
                let away = (lunch, lunch + minutes(u64::from(BREAKS[0].1)) + self.between(0, 300));
                // What is going on now began less than three hours ago.
                if until + minutes(180) < self.now {
                    self.duties.push(Duty { agent: *agent, from, until, away: Some(away) });
                }
            }
        }
        for (agent, is_played) in agents {
            if is_played {
                let from = self.now - minutes(120) - self.between(0, 2400);
                self.duties.push(Duty { agent, from, until: self.now + day, away: None });
            }
        }
        let lunch = self.company.breaks.first().copied();
        for Duty { agent, from, until, away } in &self.duties {
            let mut on = |at: Timestamp, command| self.steps.push((at, Whose::Agent(*agent), vec![Step::Shift(command)]));
            on(*from, AgentCommand::SignIn);
            if let (Some((begin, end)), Some(kind)) = (away, lunch) {
                on(*begin, AgentCommand::TakeBreak(kind));
                on(*end, AgentCommand::BeAvailable);
            }
            if *until < self.now {
                on(*until, AgentCommand::SignOut { by: None });
            }
        }
    }

    /// When somebody is at work for the next half hour; every eighth time within the last two hours.
    fn some_start(&mut self) -> Option<Timestamp> {
        let recent = self.one_in(8);
        for _ in 0..200 {
            let back = if recent { self.between(40 * 60, 115 * 60) } else { self.between(3 * 3600, DAYS * 24 * 3600) };
            let start = self.now - back;
            if Topic::ALL.into_iter().all(|topic| self.on_duty(topic, start, minutes(30)).len() > 1) {
                return Some(start);
            }
        }
        Some(self.now - self.between(40 * 60, 100 * 60))
    }

    fn on_duty(&self, topic: Topic, at: Timestamp, stay: Duration) -> Vec<AgentId> {
        let desk = self.company.desk(topic);
        let covers = |duty: &&Duty| desk.agents.contains(&duty.agent) && duty.covers(at, at + stay);
        self.duties.iter().filter(covers).map(|duty| duty.agent).collect()
    }

    fn somebody(&mut self, topic: Topic, at: Timestamp, but: Option<AgentId>) -> Option<AgentId> {
        let mut agents = self.on_duty(topic, at, minutes(30));
        agents.retain(|agent| Some(*agent) != but);
        agents.choose(&mut self.random).copied()
    }

    fn name_of(&self, agent: AgentId) -> &'static str {
        self.company.people.iter().find(|person| person.id == agent).map_or("", |person: &MadeUser| person.name)
    }

    /// A conversation that begins then: one customer in five has written before.
    fn begin(&mut self, at: Timestamp) -> Option<usize> {
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
    fn open(&mut self, tale: usize) {
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
    fn wave(&mut self, count: usize) {
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

    fn ended(&mut self, tale: usize, start: Timestamp) {
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
    fn today(&mut self) {
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

    async fn settle(&mut self) -> Result<(), Failure> {
        for answer in self.answers.drain(..) {
            let failed = |why: String| Failure::new("the demo's history", why);
            let settled = answer.await.map_err(|_| failed("the journal ended".to_owned()))?;
            settled.map_err(|refused| failed(format!("{refused:?}")))?;
        }
        self.in_flight.clear();
        Ok(())
    }

    async fn append(&mut self, whose: Whose, subject: Subject, claim: Option<Claim>) -> Result<(), Failure> {
        if !self.in_flight.insert(whose) {
            self.settle().await?;
            self.in_flight.insert(whose);
        }
        let (done, answer) = oneshot::channel();
        let append = Append {
            subject,
            claims: claim.into_iter().collect(),
            recorded: SmallVec::new(),
            done: Box::new(move |result| {
                let _ = done.send(result);
            }),
        };
        self.answers.push(answer);
        self.offline.journal.append(append).map_err(|error| Failure::new("the demo's history", error))
    }

    async fn shift(&mut self, agent: AgentId, steps: Vec<Step>, at: Timestamp) -> Result<(), Failure> {
        for step in steps {
            if let Step::Shift(command) = step {
                self.agent(agent, &command, By::User(agent), at).await?;
            }
        }
        Ok(())
    }

    async fn agent(&mut self, id: AgentId, command: &AgentCommand, by: By, at: Timestamp) -> Result<(), Failure> {
        let state = self.agents.entry(id).or_insert_with(|| Agent::signed_out(id));
        let events = state.step(command).map_err(|refusal| Failure::new("an agent of the demo", refusal))?;
        if events.is_empty() {
            return Ok(());
        }
        for event in &events {
            state.apply(event, at);
        }
        let events = events.into_iter().map(|event| (event, by)).collect();
        let append = AgentAppend { state: state.clone(), events, at };
        self.append(Whose::Agent(id), Subject::Agent(append), None).await
    }

    /// What a step means as a command, and who gives it.
    fn command(&self, tale: &mut Tale, campaign: CampaignId, step: Step, at: Timestamp) -> Option<(Command, By)> {
        let ids = self.ids;
        let content = |text: String| Content::plain(text);
        let offer_seconds = |desk: &Desk| Duration::from_secs(desk.campaign.offer_seconds.into());
        Some(match step {
            Step::Writes(text) => (Command::Receive { message: ids.next(), content: content(text) }, By::Contact),
            Step::Admits => (Command::Admit(Admission::Queue(QueueReason::New)), By::Router),
            Step::Offers(agent) => {
                let offer = Offer { id: ids.next(), agent, deadline: Some(at + offer_seconds(self.company.desk(tale.topic))) };
                tale.offer = Some(offer.id);
                (Command::Offer { offer, why: None }, By::Router)
            }
            Step::Misses(agent) => (Command::EndOffer { offer: tale.offer?, agent, outcome: OfferOutcome::Missed }, By::System),
            Step::Accepts(agent) => (Command::Accept { offer: tale.offer?, agent }, By::User(agent)),
            Step::Replies(agent, text) => {
                let message = ids.next();
                tale.reply = Some(message);
                (Command::Reply { message, agent, content: content(text) }, By::User(agent))
            }
            Step::Notes(agent, text) => {
                let (message, content) = (ids.next(), content(text));
                (Command::Note { message, agent, content, mentions: Vec::new() }, By::User(agent))
            }
            Step::Moves(to) => {
                let message = tale.reply?;
                (Command::MoveDelivery { message, stored: None, to, reason: None }, By::System)
            }
            Step::Fields(agent) => {
                let text = |text: &str| Some(field::Value::Text(text.to_owned()));
                let Customer { number, plan, .. } = &tale.dialogue.customer;
                let mut values = vec![(self.company.fields.number, text(number))];
                if tale.topic != Topic::Billing {
                    values.push((self.company.fields.plan, text(plan)));
                }
                (Command::SetFields { agent, force: false, values }, By::User(agent))
            }
            Step::Tags(agent) => {
                let tags = tale.dialogue.tags.clone();
                (Command::Tag { agent, force: false, tags }, By::User(agent))
            }
            Step::Prioritises(agent) => {
                (Command::Prioritise { agent, force: false, priority: tale.dialogue.priority }, By::User(agent))
            }
            Step::Transfers(agent, campaign) => {
                (Command::Transfer { agent, to: TransferTo::Campaign(campaign) }, By::User(agent))
            }
            Step::Sleeps => (Command::Sleep, By::System),
            Step::Parks(agent, until) => (Command::Park { agent, until }, By::User(agent)),
            Step::Closes(agent, name) => {
                let disposition = self.desk_of(campaign).dispositions.get(name.as_str()).copied();
                (Command::Close { agent, force: false, disposition, wrap_up: false }, By::User(agent))
            }
            Step::Finishes(agent) => (Command::EndWrapUp { agent }, By::User(agent)),
            Step::GivesUp => (Command::GiveUp(Ending::Abandoned), By::System),
            Step::Rates(score) => (Command::Rate { score }, By::Contact),
            Step::Shift(_) => return None,
        })
    }

    fn desk_of(&self, campaign: CampaignId) -> &Desk {
        let desk = Topic::ALL.map(|topic| self.company.desk(topic)).into_iter().find(|desk| desk.campaign.id == campaign);
        desk.unwrap_or_else(|| self.company.desk(Topic::Support))
    }

    async fn tell(&mut self, index: usize, steps: Vec<Step>, at: Timestamp) -> Result<(), Failure> {
        let mut of_agents = Vec::new();
        let mut score = None;
        for step in &steps {
            match step {
                Step::Misses(agent) => of_agents.push((*agent, AgentCommand::MissOffer)),
                Step::Accepts(agent) => of_agents.push((*agent, AgentCommand::AnswerOffer)),
                Step::Rates(stars) => score = Some(*stars),
                _ => {}
            }
        }
        let mut tales = std::mem::take(&mut self.tales);
        let made = tales.get_mut(index).map_or(Ok(None), |tale| self.append_of(tale, steps, at));
        self.tales = tales;
        if let Some((append, claim)) = made? {
            self.append(Whose::Tale(index), Subject::Conversation(Box::new(append)), claim).await?;
        }
        for (agent, command) in of_agents {
            self.agent(agent, &command, By::System, at).await?;
        }
        if let (Some(score), Some(id)) = (score, self.tales.get(index).and_then(|tale| tale.id)) {
            let words = if self.one_in(2) { comments(score).choose(&mut self.random).copied() } else { None };
            self.beside.push(visitors::put_rating(id, score, words, at));
        }
        Ok(())
    }

    /// The append that the steps of a beat lead to, as the conversation's actor makes it.
    fn append_of(
        &mut self,
        tale: &mut Tale,
        steps: Vec<Step>,
        at: Timestamp,
    ) -> Result<Option<(ConversationAppend, Option<Claim>)>, Failure> {
        let claim = steps.iter().any(|step| matches!(step, Step::Writes(_))).then(|| self.claim(tale, at));
        let before = tale.state.take();
        let mut events: SmallVec<[(Event, By, Option<String>); 2]> = SmallVec::new();
        let mut new_contact = None;
        let (mut next, first_seq) = match &before {
            Some(state) => (state.clone(), state.seq + 1),
            None => {
                let started;
                (started, new_contact) = self.start(tale, at)?;
                let id = self.ids.next();
                tale.id = Some(id);
                let state = Conversation::started(id, &started, at);
                events.push((started, By::Contact, claim.as_ref().map(|claim| claim.provider_id.clone())));
                (state.ok_or_else(|| Failure("the demo's history has no beginning".to_owned()))?, 1)
            }
        };
        let mut messages: SmallVec<[Arc<Message>; 1]> = SmallVec::new();
        let mut fields = Vec::new();
        for step in steps {
            let Some((command, by)) = self.command(tale, next.campaign, step, at) else { continue };
            let cause = matches!(command, Command::Receive { .. }).then(|| claim.as_ref().map(|claim| claim.provider_id.clone()));
            let campaign = &self.desk_of(next.campaign).campaign;
            let mut rules = campaign.rules();
            rules.mandatory = campaign.fields.iter().filter(|used| used.mandatory).map(|used| used.field).collect();
            let decided = next.step(&command, &rules, at);
            for event in decided.map_err(|refusal| Failure::new(&format!("the demo's history, {command:?}"), refusal))? {
                next.apply(&event, at);
                messages.extend(message_of(&event, &command, next.seq, at));
                events.push((event, by, cause.clone().flatten()));
            }
            if let Command::SetFields { values, .. } = command {
                fields.extend(values);
            }
        }
        let contact = tale.card.clone().ok_or_else(|| Failure("a customer of the demo is nobody".to_owned()))?;
        tale.state = Some(next.clone());
        if events.is_empty() {
            return Ok(None);
        }
        tale.last = messages.last().cloned().or_else(|| tale.last.take());
        let append = ConversationAppend {
            memories: memories(before.as_ref(), &next, at),
            day: schedule::day(ZONE, at).since,
            concerned: concerned(before.as_ref(), &next),
            row: RowChange::of(before.as_ref(), &next, events.iter().map(|(event, ..)| event)),
            state: Arc::new(next),
            first_seq,
            events,
            at,
            messages,
            new_contact,
            noticed: false,
            // What enters it within a beat has left it at the beat's end.
            outbox: SmallVec::new(),
            fields,
            contact,
            last: tale.last.clone(),
        };
        Ok(Some((append, claim)))
    }

    /// How it begins.
    fn start(&mut self, tale: &mut Tale, at: Timestamp) -> Result<(Event, Option<NewContact>), Failure> {
        let (contact, new) = self.contact(tale, at)?;
        let campaign = self.company.desk(tale.topic).campaign.id;
        let (client, channel, kind) = (tale.client, tale.channel, tale.kind);
        Ok((
            Event::Started { client, channel, kind, campaign, contact, noticed_at: None, preferred: None, initiative: None },
            new,
        ))
    }

    fn claim(&self, tale: &Tale, at: Timestamp) -> Claim {
        let key = self.ids.next::<MessageId>();
        let provider_id = match tale.kind {
            ChannelKind::Api | ChannelKind::Email => format!("demo-{key}"),
            ChannelKind::Webchat => format!("{}:{key}", tale.address.value),
        };
        Claim::new(tale.channel, provider_id, at)
    }

    /// Who writes, and whether for the first time; then with what else is known of them.
    fn contact(&mut self, tale: &mut Tale, at: Timestamp) -> Result<(ContactId, Option<NewContact>), Failure> {
        let Customer { name, phone, email, .. } = &tale.dialogue.customer;
        let value = tale.address.value.clone();
        let known = self.contacts.get(&value).copied();
        let id = known.unwrap_or_else(|| self.ids.next());
        let new = NewContact { id, client: tale.client, name: name.clone(), address: tale.address.clone() };
        let card = ContactCard { id, name: name.clone(), address: value.clone(), fields: field::Values::new(), subject: None };
        tale.card = Some(Arc::new(card));
        if known.is_some() {
            return Ok((id, None));
        }
        self.contacts.insert(value, id);
        for (kind, value) in [(AddressKind::Phone, phone), (AddressKind::Email, email)] {
            if let Some(address) = Address::new(kind, value) {
                self.beside.push(contacts::offer_address(id, tale.client, &address, at));
            }
        }
        if let (ChannelKind::Webchat, Ok(visitor)) = (tale.kind, tale.address.value.parse::<VisitorId>()) {
            let answer = |name: &str, value: &str| visitors::Answer {
                name: name.to_owned(),
                label: name.to_owned(),
                value: value.to_owned(),
            };
            let answers = [answer("name", name), answer("phone", phone)];
            let put = visitors::put_answers(tale.channel, visitor, &answers, at);
            self.beside.push(put.map_err(|error| Failure::new("a visitor of the demo", error))?);
        }
        Ok((id, Some(new)))
    }
}

impl Tale {
    fn regular(&self, visitors: &VisitorTokens) -> Regular {
        let (channel, address, customer) = (self.channel, self.address.value.clone(), self.dialogue.customer.clone());
        let visitor = address.parse().ok().filter(|_| self.kind == ChannelKind::Webchat);
        let token = visitor.map(|visitor| visitors.sign(&Bearer { channel, visitor, until: None }));
        Regular { channel, address, token, customer }
    }

    fn continued(self, visitors: &VisitorTokens) -> Option<Continued> {
        let regular = self.regular(visitors);
        Some(Continued { conversation: self.id?, regular, dialogue: self.dialogue, said: self.said? })
    }
}

fn message_of(event: &Event, command: &Command, seq: u64, at: Timestamp) -> Option<Arc<Message>> {
    let (id, author, delivery) = match *event {
        Event::MessageReceived { message } => (message, Author::Contact, None),
        Event::Replied { message, agent, delivery } => (message, Author::Agent(agent), Some(delivery)),
        Event::Noted { message, agent, .. } => (message, Author::Note(agent), None),
        _ => return None,
    };
    let (Command::Receive { content, .. } | Command::Reply { content, .. } | Command::Note { content, .. }) = command else {
        return None;
    };
    let (text, attachments) = (Arc::clone(&content.text), Vec::new());
    Some(Arc::new(Message { id, seq, author, text, attachments, mail: None, at, delivery }))
}
