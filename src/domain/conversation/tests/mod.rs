//! One promise of routing.md a test ([`examples`], [`awaited`]), what holds after any command ([`legal`], [`properties`]), and who wins
//! when several want the same ([`races`]).

mod awaited;
mod beside;
mod examples;
mod legal;
mod properties;
mod races;

use std::time::Duration;

use super::*;
use crate::{
    domain::{field, message::Content, refusal::Refusal},
    ids::FieldId,
};

const ANA: AgentId = AgentId::from_u128(1);
const BEN: AgentId = AgentId::from_u128(2);
const CARLA: AgentId = AgentId::from_u128(3);
const SUPERVISOR: AgentId = AgentId::from_u128(9);
const SALES: CampaignId = CampaignId::from_u128(10);
const SUPPORT: CampaignId = CampaignId::from_u128(11);
const SOLVED: DispositionId = DispositionId::from_u128(20);
const PASSED_ON: DispositionId = DispositionId::from_u128(21);
const LEFT: DispositionId = DispositionId::from_u128(22);
const TOO_LATE: DispositionId = DispositionId::from_u128(23);
const DUE: Command = Command::Due { message: MessageId::NIL };
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(20);

const fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// When every conversation of these tests begins.
const START: Timestamp = seconds(1_000);

const fn offer_id(number: u128) -> OfferId {
    OfferId::from_u128(1_000 + number)
}

const fn message_id(number: u128) -> MessageId {
    MessageId::from_u128(1_000_000 + number)
}

fn text(text: &str) -> Content {
    Content::plain(text)
}

/// A campaign that asks for as little as possible.
fn rules() -> Rules {
    Rules {
        transfer_timeout: TRANSFER_TIMEOUT,
        transfer_disposition: Some(PASSED_ON),
        inactivity_disposition: Some(LEFT),
        out_of_hours_disposition: Some(TOO_LATE),
        ..Rules::mildest()
    }
}

fn started(kind: ChannelKind) -> Event {
    Event::Started {
        client: ClientId::from_u128(30),
        channel: ChannelId::from_u128(31),
        kind,
        campaign: SALES,
        contact: ContactId::from_u128(32),
        noticed_at: None,
        preferred: None,
        initiative: None,
    }
}

/// One conversation and everything that has happened in it. Every command that goes through here is checked by
/// [`legal::assert_legal`].
#[derive(Clone)]
struct Case {
    conversation: Conversation,
    rules: Rules,
    now: Timestamp,
    log: Vec<(Event, Timestamp)>,
}

impl Case {
    fn new(kind: ChannelKind, rules: Rules) -> Self {
        let event = started(kind);
        let conversation = Conversation::started(ConversationId::from_u128(40), &event, START).unwrap();
        Self { conversation, rules, now: START, log: vec![(event, START)] }
    }

    /// As the conversation actor does it: step, append, fold.
    fn step(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let before = self.conversation.clone();
        let events = self.conversation.step(command, &self.rules, self.now)?;
        for event in &events {
            self.conversation.apply(event, self.now);
            self.log.push((event.clone(), self.now));
        }
        legal::assert_legal(&before, command, &events, &self.conversation, self.now);
        Ok(events)
    }

    /// The command is taken; gives what happened.
    fn does(&mut self, command: Command) -> Vec<Event> {
        self.step(&command).unwrap_or_else(|refusal| panic!("{command:?} was refused: {refusal}"))
    }

    /// The command is refused; gives why.
    fn refuses(&mut self, command: Command) -> Refusal {
        self.step(&command).expect_err("the command should have been refused")
    }

    fn after(&mut self, pause: Duration) -> &mut Self {
        self.now = self.now + pause;
        self
    }

    const fn phase(&self) -> &Phase {
        &self.conversation.phase
    }
}

/// A web chat with its first message that waits in the queue of [`SALES`].
fn waiting(rules: Rules) -> Case {
    let mut case = Case::new(ChannelKind::Webchat, rules);
    case.does(receive(1));
    case.does(Command::Admit(Admission::Queue(QueueReason::New)));
    case
}

/// The same, offered to [`ANA`] for 20 seconds as offer 1.
fn offered(rules: Rules) -> Case {
    let mut case = waiting(rules);
    let offer = make_offer(1, ANA, &case);
    case.does(offer);
    case
}

/// The same, accepted by [`ANA`].
fn active(rules: Rules) -> Case {
    let mut case = offered(rules);
    case.does(accept(1, ANA));
    case
}

/// The same, offered by [`ANA`] to [`BEN`] as offer 2.
fn transferring(rules: Rules) -> Case {
    let mut case = active(rules);
    case.does(transfer_to(2, BEN));
    case
}

fn receive(message: u128) -> Command {
    Command::Receive { message: message_id(message), content: text("hello") }
}

fn reply(message: u128, agent: AgentId) -> Command {
    Command::Reply { message: message_id(message), agent, content: text("good morning") }
}

fn make_offer(number: u128, agent: AgentId, case: &Case) -> Command {
    let offer = Offer { id: offer_id(number), agent, deadline: Some(case.now + Duration::from_secs(20)) };
    Command::Offer { offer, why: None }
}

const fn accept(number: u128, agent: AgentId) -> Command {
    Command::Accept { offer: offer_id(number), agent }
}

const fn end_offer(number: u128, agent: AgentId, outcome: OfferOutcome) -> Command {
    Command::EndOffer { offer: offer_id(number), agent, outcome }
}

const fn transfer_to(number: u128, target: AgentId) -> Command {
    Command::Transfer { agent: ANA, to: TransferTo::Agent { offer: offer_id(number), agent: target } }
}

const fn close(agent: AgentId) -> Command {
    Command::Close { agent, force: false, disposition: None, wrap_up: false }
}

const fn move_delivery(message: u128, to: Delivery) -> Command {
    Command::MoveDelivery { message: message_id(message), stored: None, to, reason: None }
}
