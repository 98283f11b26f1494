//! What happens, as the conversations' actors would have made it happen: commands to the domain, appends to the journal.

use std::{sync::Arc, time::Duration};

use rand::seq::IndexedRandom;
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::{History, Step, Tale, Whose};
use crate::{
    clock::Timestamp,
    commands::{
        Failure,
        demo::company::{Desk, ZONE},
    },
    demo::scripts::{Customer, Topic, comments},
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::{Admission, Command, Conversation, Ending, Event, Offer, OfferOutcome, QueueReason, TransferTo},
        field,
        log::By,
        message::{Author, Content, Message},
        routing::memories,
        schedule,
    },
    ids::{AgentId, CampaignId, ContactId, MessageId, VisitorId},
    store::{
        contacts,
        inbox::Claim,
        visitors,
        write::{AgentAppend, Append, ContactCard, ConversationAppend, NewContact, RowChange, Subject, concerned},
    },
};

impl History<'_> {
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
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

    pub(super) async fn shift(&mut self, agent: AgentId, steps: Vec<Step>, at: Timestamp) -> Result<(), Failure> {
        for step in steps {
            if let Step::Shift(command) = step {
                self.agent(agent, &command, By::User(agent), at).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn agent(&mut self, id: AgentId, command: &AgentCommand, by: By, at: Timestamp) -> Result<(), Failure> {
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
    pub(super) fn command(&self, tale: &mut Tale, campaign: CampaignId, step: Step, at: Timestamp) -> Option<(Command, By)> {
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

    pub(super) async fn tell(&mut self, index: usize, steps: Vec<Step>, at: Timestamp) -> Result<(), Failure> {
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
    pub(super) fn start(&mut self, tale: &mut Tale, at: Timestamp) -> Result<(Event, Option<NewContact>), Failure> {
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
