//! What happened before anybody looked: conversations of the last days, told through the same rules as those of today.
//!
//! Every step is a command to the domain at a moment of the past; its events, texts and rows are committed by the journal. So the
//! tables are the fold of the log here as everywhere else.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::company::{Company, Desk};
use crate::{
    clock::{Clock, Timestamp},
    commands::{
        Failure,
        instance::Offline,
        seed::{BREAKS, MadeUser},
    },
    demo::scripts::{Customer, Dialogue, Scripts, Speaker, Topic, comments},
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
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, Ids, MessageId, OfferId, VisitorId},
    store::{
        contacts,
        inbox::Claim,
        visitors,
        write::{
            AgentAppend, Append, Committed, ContactCard, ConversationAppend, NewContact, OutboxChange, OutboxState, Refused,
            RowChange, Statement, Subject, concerned,
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
    /// Of the reply with this number.
    Moves(usize, Delivery),
    Fields(AgentId),
    Tags(AgentId),
    Prioritises(AgentId),
    Transfers(AgentId, CampaignId),
    Sleeps,
    Parks(AgentId, Timestamp),
    Closes(AgentId, &'static str),
    Finishes(AgentId),
    GivesUp,
    Rates(u8),
    Shift(AgentId, AgentCommand),
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
    replies: Vec<MessageId>,
}

/// Who has written before, from where, and until when.
struct Known {
    customer: Customer,
    topic: Topic,
    channel: ChannelId,
    address: Address,
    until: Timestamp,
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
    /// When, whose (none = an agent's own), what.
    steps: Vec<(Timestamp, Option<usize>, Step)>,
    contacts: BTreeMap<String, ContactId>,
    agents: BTreeMap<AgentId, Agent>,
    answers: Vec<oneshot::Receiver<Result<Arc<Committed>, Refused>>>,
    /// What stands beside the log.
    beside: Vec<Statement>,
}

impl<'a> History<'a> {
    pub(super) fn new(
        company: &'a Company,
        offline: &'a Offline,
        clock: Clock,
        ids: &'a Ids,
        now: Timestamp,
        seed: u64,
    ) -> Self {
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
            contacts: BTreeMap::new(),
            agents: BTreeMap::new(),
            answers: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// Thinks it up and commits it.
    pub(super) async fn write(mut self) -> Result<(), Failure> {
        self.shifts();
        let mut starts: Vec<Timestamp> = (0..ENDED).filter_map(|_| self.some_start()).collect();
        starts.sort_unstable();
        for start in starts {
            self.ended(start);
        }
        for _ in 0..WITH_AGENTS {
            self.with_agent();
        }
        for _ in 0..WAITING {
            self.waiting();
        }
        let mut steps = std::mem::take(&mut self.steps);
        // Stable: what happens to one conversation at one moment keeps its order.
        steps.sort_by_key(|(at, ..)| *at);
        for (at, tale, step) in steps {
            self.clock.move_to(at);
            match tale {
                Some(tale) => self.tell(tale, step, at)?,
                None => self.shift(step, at)?,
            }
            if self.answers.len() >= AT_ONCE {
                self.settle().await?;
            }
        }
        self.settle().await?;
        self.clock.move_to(self.now);
        let beside = std::mem::take(&mut self.beside);
        let written = self.offline.journal.write(beside, None, By::System, None).await;
        written.map_err(|error| Failure::new("the demo's history", error))
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
                let (begin, end) = SHIFTS.get((index + usize::try_from(back).unwrap_or(0)) % SHIFTS.len()).copied().unwrap_or((8, 16));
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
            self.steps.push((*from, None, Step::Shift(*agent, AgentCommand::SignIn)));
            if let (Some((begin, end)), Some(kind)) = (away, lunch) {
                self.steps.push((*begin, None, Step::Shift(*agent, AgentCommand::TakeBreak(kind))));
                self.steps.push((*end, None, Step::Shift(*agent, AgentCommand::BeAvailable)));
            }
            if *until < self.now {
                self.steps.push((*until, None, Step::Shift(*agent, AgentCommand::SignOut { by: None })));
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
        let free: Vec<usize> = (0..self.known.len()).filter(|&at_| self.known.get(at_).is_some_and(|known| known.until < at)).collect();
        let known = free.choose(&mut self.random).copied().filter(|_| again);
        let index = match known {
            Some(index) => index,
            None => {
                let topic = Topic::ALL.choose(&mut self.random).copied()?;
                let account = self.company.desk(topic).channels.choose(&mut self.random)?.clone();
                let customer = Customer::new(&mut self.random);
                let address = match account.kind {
                    ChannelKind::Api => Address { kind: AddressKind::Api, value: customer.phone.clone() },
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
            replies: Vec::new(),
        });
        Some(self.tales.len() - 1)
    }

    fn plan(&mut self, tale: usize, at: Timestamp, step: Step) {
        self.steps.push((at, Some(tale), step));
    }

    /// The customer's opening and the queue.
    fn open(&mut self, tale: usize, at: Timestamp) -> Timestamp {
        let first = self.line(tale, 0).map(|(_, text)| text).unwrap_or_default();
        self.plan(tale, at, Step::Writes(first));
        let admitted = at + Duration::from_millis(3);
        self.plan(tale, admitted, Step::Admits);
        admitted
    }

    fn line(&self, tale: usize, index: usize) -> Option<(Speaker, String)> {
        let line = self.tales.get(tale)?.dialogue.lines.get(index)?;
        Some((line.who, line.with("el equipo")))
    }

    fn said_by(&self, tale: usize, index: usize, agent: AgentId) -> Option<(Speaker, String)> {
        let line = self.tales.get(tale)?.dialogue.lines.get(index)?;
        Some((line.who, line.with(self.name_of(agent))))
    }

    fn accept(&mut self, tale: usize, topic: Topic, agent: AgentId, at: Timestamp) -> Timestamp {
        self.plan(tale, at, Step::Offers(agent));
        if self.company.desk(topic).campaign.auto_accept {
            return at;
        }
        let accepted = at + self.between(2, 12);
        self.plan(tale, accepted, Step::Accepts(agent));
        accepted
    }

    fn reply(&mut self, tale: usize, agent: AgentId, text: String, number: usize, at: Timestamp) {
        self.plan(tale, at, Step::Replies(agent, text));
        let is_api = self.tales.get(tale).is_some_and(|tale| tale.kind == ChannelKind::Api);
        let mut then = at;
        let mut moves = vec![Delivery::Read];
        if is_api {
            self.plan(tale, at + Duration::from_millis(12), Step::Moves(number, Delivery::Sending));
            then = at + Duration::from_millis(95);
            self.plan(tale, then, Step::Moves(number, Delivery::Sent));
            moves.insert(0, Delivery::Delivered);
        }
        for to in moves {
            then = then + self.between(1, 6);
            if then < self.now {
                self.plan(tale, then, Step::Moves(number, to));
            }
        }
    }

    /// Lines from `from` up to `to`; the moment after the last.
    fn talk(&mut self, tale: usize, lines: std::ops::Range<usize>, agent: AgentId, from: Timestamp, replies: &mut usize) -> Timestamp {
        let mut at = from;
        for index in lines {
            let Some((who, text)) = self.said_by(tale, index, agent) else { break };
            match who {
                Speaker::Customer => {
                    at = at + self.between(12, 80);
                    self.plan(tale, at, Step::Writes(text));
                }
                Speaker::Agent => {
                    at = at + self.between(15, 75);
                    self.reply(tale, agent, text, *replies, at);
                    *replies += 1;
                }
                Speaker::Note => {
                    at = at + self.between(6, 20);
                    self.plan(tale, at, Step::Notes(agent, text));
                }
            }
        }
        at
    }

    fn length(&self, tale: usize) -> usize {
        self.tales.get(tale).map_or(0, |tale| tale.dialogue.lines.len())
    }

    fn ended(&mut self, start: Timestamp) {
        let Some(tale) = self.begin(start) else { return };
        let Some(topic) = self.tales.get(tale).map(|tale| tale.topic) else { return };
        let mut at = self.open(tale, start);
        if self.one_in(18) {
            let gone = at + self.between(120, 600);
            self.plan(tale, gone, Step::GivesUp);
            return;
        }
        let Some(mut agent) = self.somebody(topic, at, None) else { return };
        at = at + self.between(1, 50);
        let manual = !self.company.desk(topic).campaign.auto_accept;
        if manual
            && self.one_in(14)
            && let Some(other) = self.somebody(topic, at, Some(agent))
        {
            self.plan(tale, at, Step::Offers(agent));
            at = at + Duration::from_secs(self.company.desk(topic).campaign.offer_seconds.into());
            self.plan(tale, at, Step::Misses(agent));
            agent = other;
            at = at + Duration::from_millis(20);
        }
        at = self.accept(tale, topic, agent, at);
        let length = self.length(tale);
        let mut replies = 0;
        let mut desk = topic;
        let mut disposition = self.tales.get(tale).map_or("", |tale| tale.dialogue.disposition);
        let silent = self.one_in(16);
        let end = if silent { length.saturating_sub(2) } else { length };
        let middle = 3.min(end);
        at = self.talk(tale, 1..middle, agent, at, &mut replies);
        self.sort(tale, agent, at);
        if topic != Topic::Billing
            && self.one_in(16)
            && let Some(other) = self.somebody(Topic::Billing, at, Some(agent))
        {
            let billing = self.company.desk(Topic::Billing).campaign.id;
            at = at + self.between(10, 30);
            self.plan(tale, at, Step::Transfers(agent, billing));
            at = at + self.between(1, 40);
            (agent, desk, disposition) = (other, Topic::Billing, "Consulta resuelta");
            at = self.accept(tale, desk, agent, at);
        }
        at = self.talk(tale, middle..end, agent, at, &mut replies);
        if desk == Topic::Billing || !self.one_in(3) {
            at = at + self.between(3, 9);
            self.plan(tale, at, Step::Fields(agent));
        }
        if silent {
            at = at + self.between(300, 500);
            disposition = "Sin respuesta";
        }
        at = at + self.between(5, 40);
        self.plan(tale, at, Step::Closes(agent, disposition));
        if self.company.desk(desk).campaign.wrap_up_seconds > 0 {
            at = at + self.between(4, 18);
            self.plan(tale, at, Step::Finishes(agent));
        }
        let is_chat = self.tales.get(tale).is_some_and(|tale| tale.kind == ChannelKind::Webchat);
        if is_chat && !silent && !self.one_in(3) {
            let score = [5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1].choose(&mut self.random).copied().unwrap_or(5);
            let rated = at + self.between(5, 90);
            self.plan(tale, rated, Step::Rates(score));
        }
    }

    /// Labels and urgency, for some.
    fn sort(&mut self, tale: usize, agent: AgentId, at: Timestamp) {
        if !self.one_in(4) {
            self.plan(tale, at + Duration::from_millis(400), Step::Tags(agent));
        }
        if self.tales.get(tale).is_some_and(|tale| tale.dialogue.priority != Priority::Normal) {
            self.plan(tale, at + Duration::from_millis(900), Step::Prioritises(agent));
        }
    }

    /// With an agent who is at work now; every sixth sleeps, every ninth is put aside.
    fn with_agent(&mut self) {
        let start = self.now - self.between(300, 700);
        let Some(tale) = self.begin(start) else { return };
        let Some(topic) = self.tales.get(tale).map(|tale| tale.topic) else { return };
        let Some(agent) = self.somebody(topic, start, None) else { return };
        let at = self.open(tale, start) + self.between(1, 20);
        let at = self.accept(tale, topic, agent, at);
        let mut replies = 0;
        let number = self.tales.len();
        // After an answer of the agent's, or after what the customer said to it.
        let lines = if number.is_multiple_of(3) { 1..2 } else { 1..3 };
        let at = self.talk(tale, lines.clone(), agent, at, &mut replies);
        self.sort(tale, agent, at);
        if lines.end == 2 {
            let quiet = at + self.between(40, 90);
            match number % 9 {
                0 => {
                    let until = self.now + minutes(90) + self.between(0, 6 * 3600);
                    self.plan(tale, quiet, Step::Parks(agent, until));
                }
                3 => self.plan(tale, quiet, Step::Sleeps),
                _ => {}
            }
        }
    }

    fn waiting(&mut self) {
        let start = self.now - self.between(8, 200);
        if let Some(tale) = self.begin(start) {
            self.open(tale, start);
        }
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        for answer in self.answers.drain(..) {
            let failed = |why: String| Failure::new("the demo's history", why);
            let settled = answer.await.map_err(|_| failed("the journal ended".to_owned()))?;
            settled.map_err(|refused| failed(format!("{refused:?}")))?;
        }
        Ok(())
    }

    fn append(&mut self, subject: Subject, claim: Option<Claim>) -> Result<(), Failure> {
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

    fn shift(&mut self, step: Step, at: Timestamp) -> Result<(), Failure> {
        let Step::Shift(id, command) = step else { return Ok(()) };
        self.agent(id, &command, By::User(id), at)
    }

    fn agent(&mut self, id: AgentId, command: &AgentCommand, by: By, at: Timestamp) -> Result<(), Failure> {
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
        self.append(Subject::Agent(append), None)
    }

    /// What a step means as a command, and who gives it.
    fn command(&mut self, index: usize, step: Step, at: Timestamp) -> Option<(Command, By)> {
        let ids = self.ids;
        let content = |text: String| Content { text: text.into(), attachments: Vec::new() };
        let offer_seconds = |desk: &Desk| Duration::from_secs(desk.campaign.offer_seconds.into());
        let tale = self.tales.get_mut(index)?;
        Some(match step {
            Step::Writes(text) => (Command::Receive { message: ids.next(), content: content(text) }, By::Contact),
            Step::Admits => (Command::Admit(Admission::Queue(QueueReason::New)), By::Router),
            Step::Offers(agent) => {
                let offer = Offer { id: ids.next(), agent, deadline: at + offer_seconds(self.company.desk(tale.topic)) };
                tale.offer = Some(offer.id);
                (Command::Offer(offer), By::Router)
            }
            Step::Misses(agent) => {
                (Command::EndOffer { offer: tale.offer?, agent, outcome: OfferOutcome::Missed }, By::System)
            }
            Step::Accepts(agent) => (Command::Accept { offer: tale.offer?, agent }, By::User(agent)),
            Step::Replies(agent, text) => {
                let message = ids.next();
                tale.replies.push(message);
                (Command::Reply { message, agent, content: content(text) }, By::User(agent))
            }
            Step::Notes(agent, text) => {
                let (message, content) = (ids.next(), content(text));
                (Command::Note { message, agent, content, mentions: Vec::new() }, By::User(agent))
            }
            Step::Moves(number, to) => {
                let message = *tale.replies.get(number)?;
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
                let tags = tale.dialogue.tags.iter().map(|&tag| tag.to_owned()).collect();
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
                let desk = Topic::ALL.map(|topic| self.company.desk(topic)).into_iter();
                let campaign = tale.state.as_ref()?.campaign;
                let disposition = desk.filter(|desk| desk.campaign.id == campaign).find_map(|desk| desk.dispositions.get(name));
                (Command::Close { agent, force: false, disposition: disposition.copied() }, By::User(agent))
            }
            Step::Finishes(agent) => (Command::EndWrapUp { agent }, By::User(agent)),
            Step::GivesUp => (Command::GiveUp(Ending::Abandoned), By::System),
            Step::Rates(score) => (Command::Rate { score }, By::Contact),
            Step::Shift(..) => return None,
        })
    }

    fn tell(&mut self, index: usize, step: Step, at: Timestamp) -> Result<(), Failure> {
        let about_agent = match &step {
            Step::Misses(agent) => Some((*agent, AgentCommand::MissOffer)),
            Step::Accepts(agent) => Some((*agent, AgentCommand::AnswerOffer)),
            _ => None,
        };
        let rated = if let Step::Rates(score) = &step { Some(*score) } else { None };
        let Some((command, by)) = self.command(index, step, at) else { return Ok(()) };
        self.commit(index, &command, by, at)?;
        if let Some((agent, command)) = about_agent {
            self.agent(agent, &command, By::System, at)?;
        }
        if let (Some(score), Some(id)) = (rated, self.tales.get(index).and_then(|tale| tale.id)) {
            let words = if self.one_in(2) { comments(score).choose(&mut self.random).copied() } else { None };
            self.beside.push(visitors::put_rating(id, score, words, at));
        }
        Ok(())
    }

    fn commit(&mut self, index: usize, command: &Command, by: By, at: Timestamp) -> Result<(), Failure> {
        let mut tales = std::mem::take(&mut self.tales);
        let made = tales.get_mut(index).map_or(Ok(None), |tale| self.append_of(tale, command, by, at));
        self.tales = tales;
        match made? {
            Some((append, claim)) => self.append(Subject::Conversation(Box::new(append)), claim),
            None => Ok(()),
        }
    }

    /// The append that a command leads to, as the conversation's actor makes it.
    fn append_of(
        &mut self,
        tale: &mut Tale,
        command: &Command,
        by: By,
        at: Timestamp,
    ) -> Result<Option<(ConversationAppend, Option<Claim>)>, Failure> {
        let claim = matches!(command, Command::Receive { .. }).then(|| self.claim(tale, at));
        let cause = claim.as_ref().map(|claim| claim.provider_id.clone());
        let before = tale.state.take();
        let mut events: SmallVec<[(Event, By, Option<String>); 2]> = SmallVec::new();
        let mut new_contact = None;
        let (mut next, first_seq) = match &before {
            Some(state) => (state.clone(), state.seq + 1),
            None => {
                let (contact, is_new) = self.contact(tale, at)?;
                new_contact = is_new;
                let id = self.ids.next();
                tale.id = Some(id);
                let campaign = self.company.desk(tale.topic).campaign.id;
                let started = Event::Started {
                    client: tale.client,
                    channel: tale.channel,
                    kind: tale.kind,
                    campaign,
                    contact,
                    noticed_at: None,
                };
                let state = Conversation::started(id, &started, at);
                events.push((started, By::Contact, cause.clone()));
                (state.ok_or_else(|| Failure("the demo's history has no beginning".to_owned()))?, 1)
            }
        };
        let desk = Topic::ALL.map(|topic| self.company.desk(topic)).into_iter().find(|desk| desk.campaign.id == next.campaign);
        let campaign = desk.map_or(&self.company.desk(tale.topic).campaign, |desk| &desk.campaign);
        let mut rules = campaign.rules();
        rules.mandatory = campaign.fields.iter().filter(|used| used.mandatory).map(|used| used.field).collect();
        let decided = next.step(command, &rules, at);
        let decided = decided.map_err(|refusal| Failure::new(&format!("the demo's history, {command:?}"), refusal))?;
        if decided.is_empty() {
            tale.state = before;
            return Ok(None);
        }
        let mut messages: SmallVec<[Arc<Message>; 1]> = SmallVec::new();
        let mut outbox: SmallVec<[OutboxChange; 1]> = SmallVec::new();
        for event in decided {
            next.apply(&event, at);
            messages.extend(message_of(&event, command, next.seq, at));
            outbox.extend(outbox_of(&event, &next, at));
            events.push((event, by, cause.clone()));
        }
        let fields = if let Command::SetFields { values, .. } = command { values.clone() } else { Vec::new() };
        tale.last = messages.last().cloned().or_else(|| tale.last.take());
        let contact = tale.card.clone().ok_or_else(|| Failure("a customer of the demo is nobody".to_owned()))?;
        let append = ConversationAppend {
            concerned: concerned(before.as_ref(), &next),
            row: RowChange::of(before.as_ref(), &next, events.iter().map(|(event, ..)| event)),
            state: next.clone(),
            first_seq,
            events,
            at,
            messages,
            new_contact,
            noticed: false,
            outbox,
            fields,
            contact,
            last: tale.last.clone(),
        };
        tale.state = Some(next);
        Ok(Some((append, claim)))
    }

    fn claim(&self, tale: &Tale, at: Timestamp) -> Claim {
        let key = self.ids.next::<MessageId>();
        let provider_id = match tale.kind {
            ChannelKind::Api => format!("demo-{key}"),
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
        let card = ContactCard { id, name: name.clone(), address: value.clone(), fields: field::Values::new() };
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
    Some(Arc::new(Message { id, seq, author, text, attachments, at, delivery }))
}

fn outbox_of(event: &Event, state: &Conversation, at: Timestamp) -> Option<OutboxChange> {
    let (message, change) = match *event {
        Event::Replied { message, delivery: Delivery::Queued, .. } => {
            (message, OutboxState::Queued { channel: state.channel, seq: state.seq, at })
        }
        Event::DeliveryMoved { message, to: Delivery::Sending, .. } => (message, OutboxState::Sending),
        Event::DeliveryMoved { message, .. } => (message, OutboxState::Done),
        _ => return None,
    };
    Some(OutboxChange { message, change })
}
