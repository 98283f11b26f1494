//! From requests to events: what waits in a row is stepped through together and committed as one.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Accepted, Conversation, Request};
use crate::{
    actors::engine::CommandError,
    channels::email::answering,
    clock::Timestamp,
    directory::Directory,
    domain::{
        conversation::{Command, Conversation as State, Event, Rules},
        delivery::Delivery,
        disposition::System,
        field,
        log::By,
        message::{Author, Content, Message},
    },
    ids::{FieldId, MessageId},
    store::write::{OutboxChange, OutboxState},
    wire::conversation::{Done, Standing},
};

/// What one batch of requests comes to.
pub(super) struct Batch {
    pub(super) next: State,
    pub(super) first_seq: u64,
    pub(super) at: Timestamp,
    pub(super) events: SmallVec<[(Event, By, Option<String>); 2]>,
    pub(super) messages: SmallVec<[Arc<Message>; 1]>,
    pub(super) outbox: SmallVec<[OutboxChange; 1]>,
    pub(super) noticed: bool,
    pub(super) fields: Vec<(FieldId, Option<field::Value>)>,
    pub(super) renamed: Option<Arc<str>>,
    pub(super) accepted: SmallVec<[Accepted; 1]>,
}

impl Conversation {
    /// Steps through the next request, or through all messages of the customer that wait in a row.
    pub(super) fn take_batch(&mut self) -> Option<Batch> {
        let now = self.shared.clock.now();
        let mut batch: Option<Batch> = None;
        while let Some(request) = self.queue.front() {
            let is_message = matches!(request, Request::Receive { .. });
            if batch.as_ref().is_some_and(|batch| !is_message || batch.claims(request)) {
                break;
            }
            let Some(request) = self.queue.pop_front() else { break };
            let (batch_now, seq) = self.step(batch, request, now);
            batch = batch_now;
            if !is_message && seq {
                break;
            }
        }
        batch
    }

    /// Adds what `request` means to the batch. The flag says whether it led to events.
    fn step(&mut self, batch: Option<Batch>, request: Request, now: Timestamp) -> (Option<Batch>, bool) {
        match request {
            Request::Receive { inbound, ack } => {
                #[cfg(test)]
                crate::actors::testing::trip_over(&inbound.claim.provider_id);
                let message = self.shared.ids.next();
                let content = Content {
                    text: Arc::clone(&inbound.text),
                    attachments: inbound.attachments.clone(),
                    mail: inbound.mail.clone(),
                };
                let command = Command::Receive { message, content };
                self.apply(batch, &command, Request::Receive { inbound, ack }, By::Contact, now)
            }
            Request::Start { outgoing, by, keep, reply } => {
                let content = Content {
                    text: Arc::clone(&outgoing.text),
                    attachments: outgoing.attachments.clone(),
                    mail: outgoing.mail.clone(),
                };
                let command = Command::Begin { message: self.shared.ids.next(), agent: outgoing.author, content };
                self.apply(batch, &command, Request::Start { outgoing, by, keep, reply }, by, now)
            }
            Request::Command { command, by, keep, reply } => {
                self.apply(batch, &command.clone(), Request::Command { command, by, keep, reply }, by, now)
            }
        }
    }

    fn apply(
        &mut self,
        batch: Option<Batch>,
        command: &Command,
        request: Request,
        by: By,
        now: Timestamp,
    ) -> (Option<Batch>, bool) {
        let mut batch = match batch.or_else(|| self.open_batch(&request, by, now)) {
            Some(batch) => batch,
            None => {
                request.refuse(CommandError::NotFound, self.id, &self.shared);
                return (None, false);
            }
        };
        let (rules, reminder) = rules_of(&self.shared.directory, &batch.next, command);
        let events = match batch.next.step(command, &rules, now) {
            Ok(events) => events,
            Err(refusal) => {
                // Nobody waits for the conversation that would have begun with it.
                self.tried |= matches!(request, Request::Start { .. });
                request.refuse_at(refusal.into(), self.id, self.state.as_deref(), &self.shared);
                return (keep_if_used(batch), false);
            }
        };
        if events.is_empty() {
            let done = done(&batch.next, None);
            request.succeed_unchanged(&done, self.state.as_deref(), &self.shared);
            return (keep_if_used(batch), false);
        }
        let cause = request.cause();
        let mut recorded = None;
        for event in events {
            batch.next.apply(&event, now);
            recorded = recorded.or(batch.record(&event, command, reminder.as_ref(), &self.shared.directory, now));
            batch.events.push((event, by, cause.clone()));
        }
        let seq = recorded.map_or(batch.next.seq, |(_, seq)| seq);
        batch.accepted.push(Accepted { request, seq, message: recorded.map(|(message, _)| message) });
        (Some(batch), true)
    }

    /// The state to step from; for a conversation that begins, the state after its first event.
    fn open_batch(&self, request: &Request, by: By, now: Timestamp) -> Option<Batch> {
        let mut events = SmallVec::new();
        let (next, first_seq) = match (&self.state, &self.birth) {
            (Some(state), _) => (State::clone(state), state.seq + 1),
            (None, Some(birth)) => {
                let event = birth.event(request.initiative());
                let state = State::started(self.id, &event, now)?;
                events.push((event, by, request.cause()));
                (state, 1)
            }
            (None, None) => return None,
        };
        Some(Batch {
            next,
            first_seq,
            at: now,
            events,
            messages: SmallVec::new(),
            outbox: SmallVec::new(),
            noticed: false,
            fields: Vec::new(),
            renamed: None,
            accepted: SmallVec::new(),
        })
    }
}

impl Batch {
    /// The same message again while the first is on its way: only the next append can find that it is stored by then.
    fn claims(&self, request: &Request) -> bool {
        let Some(claim) = request.claim() else { return false };
        self.accepted.iter().filter_map(|accepted| accepted.request.claim()).any(|other| other.is_same(claim))
    }

    /// Keeps the text an event speaks of; tells which message it was and its number.
    fn record(
        &mut self,
        event: &Event,
        command: &Command,
        reminder: Option<&Content>,
        directory: &Directory,
        now: Timestamp,
    ) -> Option<(MessageId, u64)> {
        let seq = self.next.seq;
        let (id, author, delivery) = match *event {
            Event::MessageReceived { message } => (message, Author::Contact, None),
            Event::Replied { message, agent, delivery } => (message, Author::Agent(agent), Some(delivery)),
            Event::Noted { message, agent, .. } => (message, Author::Note(agent), None),
            Event::Noticed { message, delivery } => {
                self.noticed |= matches!(command, Command::Notice { out_of_hours: true, .. });
                (message, Author::System, Some(delivery))
            }
            Event::Reminded { message, delivery, .. } => (message, Author::System, Some(delivery)),
            Event::Retried { message, of, .. } => {
                let change = OutboxState::Queued { channel: self.next.channel, seq: of, at: now };
                self.outbox.push(OutboxChange { message, change });
                return None;
            }
            Event::DeliveryMoved { message, to, .. } => {
                self.outbox.extend(outbox_change(message, to));
                return None;
            }
            Event::FieldsChanged { .. } => {
                if let Command::SetFields { values, .. } = command {
                    self.fields.clone_from(values);
                }
                return None;
            }
            Event::ContactRenamed => {
                if let Command::RenameContact { name } = command {
                    self.renamed = Some(Arc::clone(name));
                }
                return None;
            }
            _ => return None,
        };
        let content = match command {
            Command::Receive { content, .. }
            | Command::Reply { content, .. }
            | Command::Begin { content, .. }
            | Command::Note { content, .. }
            | Command::Notice { content, .. } => content,
            Command::Due { .. } => reminder?,
            _ => return None,
        };
        let mut mail = content.mail.clone();
        if let (Some(mail), Some(_)) = (&mut mail, delivery)
            && mail.message_id.is_none()
        {
            Arc::make_mut(mail).message_id = self.message_id(id, directory);
        }
        if let Some(Delivery::Queued | Delivery::Scheduled) = delivery {
            let at = content.send_at().map_or(now, |at| at.max(now));
            let change = OutboxState::Queued { channel: self.next.channel, seq, at };
            self.outbox.push(OutboxChange { message: id, change });
        }
        self.messages.push(Arc::new(Message {
            id,
            seq,
            author,
            text: Arc::clone(&content.text),
            attachments: content.attachments.clone(),
            mail,
            at: now,
            delivery,
        }));
        Some((id, seq))
    }

    /// What answers to a mail of ours name.
    fn message_id(&self, message: MessageId, directory: &Directory) -> Option<String> {
        answering::message_id(directory.peek().mail_accounts.get(&self.next.channel)?, self.next.id, message)
    }
}

fn outbox_change(message: MessageId, to: Delivery) -> Option<OutboxChange> {
    let change = match to {
        Delivery::Sending => OutboxState::Sending,
        Delivery::Sent
        | Delivery::Delivered
        | Delivery::Read
        | Delivery::Failed
        | Delivery::Rejected
        | Delivery::Cancelled
        | Delivery::Suppressed => OutboxState::Done,
        Delivery::Scheduled | Delivery::Queued | Delivery::Complained => return None,
    };
    Some(OutboxChange { message, change })
}

pub(super) fn note(kept: &mut field::Values, changes: &[(FieldId, Option<field::Value>)]) {
    for (field, value) in changes {
        match value {
            Some(value) => drop(kept.insert(*field, value.clone())),
            None => drop(kept.remove(field)),
        }
    }
}

fn keep_if_used(batch: Batch) -> Option<Batch> {
    (!batch.accepted.is_empty()).then_some(batch)
}

pub(super) fn done(state: &State, message: Option<MessageId>) -> Done {
    Done { conversation: state.id, seq: state.seq, standing: Standing::from(&state.phase), message }
}

/// The rules of the conversation's campaign, with what this command needs, and how its customer is reminded if they are to
/// be; of a campaign that is gone, the mildest.
fn rules_of(directory: &Directory, state: &State, command: &Command) -> (Rules, Option<Content>) {
    let snapshot = directory.load();
    let Some(campaign) = snapshot.campaigns.get(&state.campaign) else { return (Rules::mildest(), None) };
    let mut rules = campaign.rules();
    let system = |which| snapshot.system_disposition(state.client, which);
    let mut reminder = None;
    match command {
        Command::Close { disposition, .. } => {
            rules.mandatory = snapshot.mandatory_fields(state.campaign);
            // Who names one has been told before whether it is offered.
            rules.needs_disposition = disposition.is_none() && !snapshot.offered_dispositions(state.campaign).is_empty();
        }
        Command::Admit(_) | Command::Dismiss(_) => rules.out_of_hours_disposition = system(System::OutOfHours),
        Command::Accept { .. } | Command::Transfer { .. } => {
            rules.transfer_disposition = rules.transfer_disposition.or_else(|| system(System::Transfer));
        }
        Command::Due { .. } => {
            let text = campaign.closing.reminders.get(usize::from(state.reminders()));
            reminder = text.map(|text| Content::plain(text.as_str()));
            rules.reminds = reminder.is_some();
            rules.inactivity_disposition = rules.inactivity_disposition.or_else(|| system(System::Inactivity));
        }
        _ => {}
    }
    (rules, reminder)
}
