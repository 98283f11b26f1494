use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{domain::skill::SkillLevel, ids::SkillId};

/// Stands for whoever the command is about: the owner, or the agent who has the offer.
const WHOM_IT_CONCERNS: AgentId = AgentId::NIL;

/// A command of which ids and moments are still relative: an offer or message number says how many ago, a moment how many
/// microseconds from now.
#[derive(Clone, Debug)]
struct Wish {
    pause: Duration,
    command: Command,
    /// The process crashes before: the state comes back from its stored form.
    after_a_restart: bool,
}

fn agent() -> impl Strategy<Value = AgentId> {
    prop_oneof![3 => Just(WHOM_IT_CONCERNS), 2 => (1_u128..4).prop_map(AgentId::from_u128)]
}

fn ago<T: std::fmt::Debug>(id: fn(u128) -> T) -> impl Strategy<Value = T> {
    prop_oneof![4 => Just(0), 1 => 0_u128..4].prop_map(id)
}

fn soon() -> impl Strategy<Value = Timestamp> {
    (0_i64..60).prop_map(seconds)
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![8 => Just(text("hello")), 1 => Just(text(" ")), 1 => Just(text(&"x".repeat(70_000)))]
}

fn reason() -> impl Strategy<Value = QueueReason> {
    use QueueReason::{AgentLost, AgentSignedOut, New, NoReply, OutOfHours};
    prop::sample::select(vec![New, OutOfHours, AgentLost, AgentSignedOut, NoReply])
}

fn lost() -> impl Strategy<Value = Ending> {
    prop::sample::select(vec![Ending::Abandoned, Ending::Expired, Ending::Overflowed, Ending::Full, Ending::OutOfHours])
}

fn outcome() -> impl Strategy<Value = OfferOutcome> {
    prop::sample::select(vec![OfferOutcome::Declined, OfferOutcome::Missed, OfferOutcome::Withdrawn])
}

fn transfer_target() -> impl Strategy<Value = TransferTo> {
    prop_oneof![
        (1_u128..4).prop_map(|agent| TransferTo::Agent { offer: OfferId::NIL, agent: AgentId::from_u128(agent) }),
        prop::sample::select(vec![SALES, SUPPORT]).prop_map(TransferTo::Campaign),
    ]
}

fn routing_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        2 => reason().prop_map(|reason| Command::Admit(Admission::Queue(reason))),
        1 => lost().prop_map(|ending| Command::Admit(Admission::End(ending))),
        1 => Just(Command::Admit(Admission::Overflow(SUPPORT))),
        1 => prop::sample::select(vec![Dismissal::End, Dismissal::Overflow(SUPPORT)]).prop_map(Command::Dismiss),
        8 => ((1_u128..4).prop_map(AgentId::from_u128), soon())
            .prop_map(|(agent, deadline)| Command::Offer { offer: Offer { id: OfferId::NIL, agent, deadline: Some(deadline) }, why: None }),
        1 => ((1_u128..4).prop_map(AgentId::from_u128), soon())
            .prop_map(|(agent, deadline)| Command::Take(Offer { id: OfferId::NIL, agent, deadline: Some(deadline) })),
        1 => ((1_u128..4).prop_map(AgentId::from_u128), soon(), any::<bool>()).prop_map(|(agent, deadline, over_capacity)| {
            Command::Assign { offer: Offer { id: OfferId::NIL, agent, deadline: Some(deadline) }, assignment: Assignment { over_capacity } }
        }),
        1 => Just(Command::Move { ticket: OfferId::NIL, campaign: SUPPORT }),
        8 => (ago(OfferId::from_u128), agent()).prop_map(|(offer, agent)| Command::Accept { offer, agent }),
        4 => (ago(OfferId::from_u128), agent(), outcome())
            .prop_map(|(offer, agent, outcome)| Command::EndOffer { offer, agent, outcome }),
        2 => (agent(), reason()).prop_map(|(agent, reason)| Command::Release { agent, reason }),
        1 => lost().prop_map(Command::GiveUp),
        1 => (1_u8..=5).prop_map(|score| Command::Rate { score }),
        3 => Just(DUE),
    ]
}

fn fibre(level: u8) -> Vec<SkillLevel> {
    vec![SkillLevel { skill: SkillId::from_u128(1), level }]
}

fn values() -> impl Strategy<Value = Vec<(FieldId, Option<field::Value>)>> {
    let value = prop::option::of(any::<bool>().prop_map(field::Value::Flag));
    let values = prop::collection::btree_map((1_u128..4).prop_map(FieldId::from_u128), value, 0..3);
    values.prop_map(|values| values.into_iter().collect())
}

fn agent_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => (agent(), transfer_target()).prop_map(|(agent, to)| Command::Transfer { agent, to }),
        2 => (agent(), prop::bool::weighted(0.2), prop::option::of(Just(SOLVED)), any::<bool>())
            .prop_map(|(agent, force, disposition, wrap_up)| Command::Close { agent, force, disposition, wrap_up }),
        2 => (agent(), prop::bool::weighted(0.2), values()).prop_map(|(agent, force, values)| Command::SetFields { agent, force, values }),
        2 => agent().prop_map(|agent| Command::EndWrapUp { agent }),
        3 => (agent(), (1_u128..4).prop_map(AgentId::from_u128)).prop_map(|(agent, colleague)| Command::Consult { agent, colleague }),
        1 => (agent(), prop::bool::weighted(0.2)).prop_map(|(agent, force)| Command::EndConsult { agent, force }),
        2 => (agent(), soon()).prop_map(|(agent, until)| Command::Park { agent, until }),
        2 => agent().prop_map(|agent| Command::Wake { agent }),
        1 => (agent(), any::<bool>(), 0_usize..3).prop_map(|(agent, force, tags)| Command::Tag {
            agent,
            force,
            tags: ["late", "vip"].iter().take(tags).map(ToString::to_string).collect(),
        }),
        1 => (agent(), any::<bool>(), prop::sample::select(vec![Priority::Low, Priority::Normal, Priority::Urgent]))
            .prop_map(|(agent, force, priority)| Command::Prioritise { agent, force, priority }),
        1 => (agent(), any::<bool>(), 1_u8..4).prop_map(|(agent, force, level)| Command::AskFor { agent, force, skills: fibre(level) }),
        1 => Just(Command::RenameContact { name: "Luz".into() }),
        2 => Just(Command::Sleep),
    ]
}

fn message_command() -> impl Strategy<Value = Command> {
    let delivery = || prop::sample::select(Delivery::ALL.to_vec());
    prop_oneof![
        2 => content().prop_map(|content| Command::Receive { message: MessageId::NIL, content }),
        3 => (agent(), content()).prop_map(|(agent, content)| Command::Reply { message: MessageId::NIL, agent, content }),
        1 => (agent(), content()).prop_map(|(agent, content)| Command::Begin { message: MessageId::NIL, agent, content }),
        1 => content().prop_map(|content| Command::Notice { message: MessageId::NIL, content, out_of_hours: false }),
        1 => (agent(), content()).prop_map(|(agent, content)| Command::Note {
            message: MessageId::NIL,
            agent,
            content,
            mentions: vec![BEN],
        }),
        2 => (ago(MessageId::from_u128), agent())
            .prop_map(|(message, agent)| Command::Retry { message, agent, stored: None }),
        1 => ago(MessageId::from_u128).prop_map(|message| Command::BeginDelivery { message, stored: None }),
        1 => ago(MessageId::from_u128).prop_map(|message| Command::CancelDelivery { message, stored: None }),
        3 => (ago(MessageId::from_u128), delivery())
            .prop_map(|(message, to)| Command::MoveDelivery { message, stored: None, to, reason: None }),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let command = prop_oneof![4 => routing_command(), 2 => agent_command(), 2 => message_command()];
    let pause = prop_oneof![3 => Just(0), 1 => 0_u64..30].prop_map(Duration::from_secs);
    (pause, command, prop::bool::weighted(0.1)).prop_map(|(pause, command, after_a_restart)| Wish {
        pause,
        command,
        after_a_restart,
    })
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let mostly = || prop::bool::weighted(0.8);
    let time = || prop::option::weighted(0.5, (5_u64..60).prop_map(Duration::from_secs));
    let times = (
        prop::sample::select(WrapUp::ALL.to_vec()),
        prop::sample::select(vec![0, 15]),
        (time(), time(), time()),
        any::<[bool; 2]>(),
    );
    (times, prop::bool::weighted(0.2), mostly(), mostly(), mostly(), prop::bool::weighted(0.2)).prop_map(
        |(times, auto_accept, close_unanswered, transfer_to_agents, external_resources, needs_disposition)| Rules {
            wrap_up: times.0,
            wrap_up_time: Duration::from_secs(times.1),
            transfer_timeout: Duration::from_secs(times.1),
            silence: times.2.0,
            first_reply: times.2.1,
            dormant: times.2.2,
            reminds: times.3[0],
            sender_wrap_up: times.3[1],
            auto_accept,
            close_unanswered,
            transfer_to_agents,
            external_resources,
            needs_disposition,
            ..rules()
        },
    )
}

/// What the store knows beside the conversation: which offers there were, and where each outbound message stands.
#[derive(Default)]
struct Store {
    ids: u128,
    offers: Vec<OfferId>,
    outbound: BTreeMap<MessageId, (u64, Delivery)>,
}

impl Store {
    fn new_id(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    fn new_offer(&mut self) -> OfferId {
        let id = OfferId::from_u128(self.new_id());
        self.offers.push(id);
        id
    }

    /// Makes a wish definite.
    fn resolve(&mut self, wish: Command, case: &Case) -> Command {
        let ahead = |moment: Timestamp| case.now + moment.since(Timestamp::from_micros(0));
        let phase = case.phase();
        let has_offer = phase.offer().map(|offer| offer.agent);
        let finishing = case.conversation.sender().map(|sender| sender.agent);
        let or = |agent: AgentId, concerned: Option<AgentId>| {
            if agent == WHOM_IT_CONCERNS { concerned.unwrap_or(ANA) } else { agent }
        };
        let owner = |agent| or(agent, phase.owner());
        match wish {
            Command::Receive { content, .. } => Command::Receive { message: self.new_message(), content },
            Command::Notice { content, out_of_hours, .. } => {
                Command::Notice { message: self.new_message(), content, out_of_hours }
            }
            Command::Note { agent, content, mentions, .. } => {
                Command::Note { message: self.new_message(), agent: owner(agent), content, mentions }
            }
            Command::Begin { agent, content, .. } => Command::Begin { message: self.new_message(), agent, content },
            Command::Reply { agent, content, .. } => Command::Reply { message: self.new_message(), agent: owner(agent), content },
            Command::Offer { offer, why } => {
                let offer = Offer { id: self.new_offer(), deadline: offer.deadline.map(ahead), ..offer };
                Command::Offer { offer, why }
            }
            Command::Take(offer) => Command::Take(Offer { id: self.new_offer(), deadline: offer.deadline.map(ahead), ..offer }),
            Command::Assign { offer, assignment } => {
                let offer = Offer { id: self.new_offer(), deadline: offer.deadline.map(ahead), ..offer };
                Command::Assign { offer, assignment }
            }
            Command::Accept { offer, agent } => Command::Accept { offer: self.offer_ago(offer), agent: or(agent, has_offer) },
            Command::EndOffer { offer, agent, outcome } => {
                Command::EndOffer { offer: self.offer_ago(offer), agent: or(agent, has_offer), outcome }
            }
            Command::Transfer { agent, to: TransferTo::Agent { agent: target, .. } } => {
                Command::Transfer { agent: owner(agent), to: TransferTo::Agent { offer: self.new_offer(), agent: target } }
            }
            Command::Transfer { agent, to } => Command::Transfer { agent: owner(agent), to },
            Command::Close { agent, force, disposition, wrap_up } => {
                Command::Close { agent: owner(agent), force, disposition, wrap_up }
            }
            Command::SetFields { agent, force, values } => Command::SetFields { agent: owner(agent), force, values },
            Command::EndWrapUp { agent } => Command::EndWrapUp { agent: or(agent, finishing.or(phase.owner())) },
            Command::Consult { agent, colleague } => Command::Consult { agent: owner(agent), colleague },
            Command::EndConsult { agent, force } => Command::EndConsult { agent: owner(agent), force },
            Command::Release { agent, reason } => Command::Release { agent: owner(agent), reason },
            Command::Wake { agent } => Command::Wake { agent: owner(agent) },
            Command::Tag { agent, force, tags } => Command::Tag { agent: owner(agent), force, tags },
            Command::Prioritise { agent, force, priority } => Command::Prioritise { agent: owner(agent), force, priority },
            Command::AskFor { agent, force, skills } => Command::AskFor { agent: owner(agent), force, skills },
            Command::Park { agent, until } => Command::Park { agent: owner(agent), until: ahead(until) },
            Command::MoveDelivery { message, to, reason, .. } => self.receipt(message, to, reason),
            Command::Retry { message, agent, .. } => match self.receipt(message, Delivery::Queued, None) {
                Command::MoveDelivery { message, stored, .. } => Command::Retry { message, agent: owner(agent), stored },
                other => other,
            },
            Command::BeginDelivery { message, .. } => match self.receipt(message, Delivery::Sending, None) {
                Command::MoveDelivery { message, stored, .. } => Command::BeginDelivery { message, stored },
                other => other,
            },
            Command::CancelDelivery { message, .. } => match self.receipt(message, Delivery::Cancelled, None) {
                Command::MoveDelivery { message, stored, .. } => Command::CancelDelivery { message, stored },
                other => other,
            },
            Command::Admit(_)
            | Command::Dismiss(_)
            | Command::Move { .. }
            | Command::GiveUp(_)
            | Command::RenameContact { .. }
            | Command::Rate { .. }
            | Command::Sleep => wish,
            Command::Due { .. } => Command::Due { message: self.new_message() },
        }
    }

    fn new_message(&mut self) -> MessageId {
        MessageId::from_u128(self.new_id())
    }

    fn offer_ago(&self, ago: OfferId) -> OfferId {
        let ago = usize::try_from(crate::ids::Id::uuid(ago).as_u128()).unwrap();
        self.offers.iter().rev().nth(ago).copied().unwrap_or(OfferId::NIL)
    }

    fn receipt(&self, ago: MessageId, to: Delivery, reason: Option<String>) -> Command {
        let ago = usize::try_from(crate::ids::Id::uuid(ago).as_u128()).unwrap();
        match self.outbound.iter().rev().nth(ago) {
            Some((message, stored)) => Command::MoveDelivery { message: *message, stored: Some(*stored), to, reason },
            None => Command::MoveDelivery { message: MessageId::NIL, stored: None, to, reason },
        }
    }

    fn record(&mut self, events: &[Event], first_seq: u64) {
        for (seq, event) in (first_seq..).zip(events) {
            match event {
                Event::Replied { message, delivery, .. }
                | Event::Noticed { message, delivery }
                | Event::Reminded { message, delivery, .. } => {
                    self.outbound.insert(*message, (seq, *delivery));
                }
                Event::Retried { message, of, .. } => {
                    assert_eq!(self.outbound.insert(*message, (*of, Delivery::Queued)).map(|(recorded, _)| recorded), Some(*of));
                }
                Event::DeliveryMoved { message, of, to, .. } => {
                    assert_eq!(self.outbound.insert(*message, (*of, *to)).map(|(recorded, _)| recorded), Some(*of));
                }
                _ => {}
            }
        }
    }
}

fn stored_and_read<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn fold(log: &[(Event, Timestamp)]) -> Conversation {
    let ((first, at), rest) = log.split_first().unwrap();
    let mut conversation = Conversation::started(ConversationId::from_u128(40), first, *at).unwrap();
    for (event, at) in rest {
        conversation.apply(&stored_and_read(event), *at);
    }
    conversation
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// [`legal::assert_legal`] holds at every step, whatever is asked in whatever order, and the state is at the end what
    /// its events say, though it was stored and read several times on the way.
    #[test]
    fn no_sequence_of_commands_leaves_the_legal_states_or_the_log(
        kind in prop::sample::select(vec![ChannelKind::Api, ChannelKind::Webchat]),
        rules in any_rules(),
        wishes in prop::collection::vec(wish(), 0..80),
    ) {
        let mut case = Case::new(kind, rules);
        let mut store = Store::default();
        for wish in wishes {
            case.after(wish.pause);
            if wish.after_a_restart {
                case.conversation = stored_and_read(&case.conversation);
            }
            let command = store.resolve(wish.command, &case);
            let before = case.conversation.clone();
            match case.step(&command) {
                Ok(events) => store.record(&events, before.seq + 1),
                Err(_) => prop_assert_eq!(&case.conversation, &before),
            }
        }
        for (message, of, state) in &case.conversation.deliveries {
            prop_assert_eq!(store.outbound.get(message), Some(&(*of, *state)));
        }
        prop_assert_eq!(fold(&case.log), case.conversation);
    }
}

/// The generator is worth something only if it gets everywhere.
#[test]
fn random_commands_reach_every_phase_and_every_event() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..1_000 {
        let (rules, wishes) = (any_rules(), prop::collection::vec(wish(), 80)).new_tree(&mut runner).unwrap().current();
        let mut case = Case::new(ChannelKind::Api, rules);
        let mut store = Store::default();
        for wish in wishes {
            case.after(wish.pause);
            let command = store.resolve(wish.command, &case);
            let first_seq = case.conversation.seq + 1;
            let Ok(events) = case.step(&command) else { continue };
            store.record(&events, first_seq);
            *seen.entry(format!("phase {}", case.phase().as_str())).or_default() += 1;
            for event in &events {
                let stored = serde_json::to_value(event).unwrap();
                *seen.entry(format!("event {}", stored["kind"].as_str().unwrap())).or_default() += 1;
            }
        }
        *seen.entry(format!("hops {}", case.conversation.hops)).or_default() += 1;
    }
    let phases = seen.keys().filter(|key| key.starts_with("phase")).count();
    let events = seen.keys().filter(|key| key.starts_with("event")).count();
    // All but "admitted" (passed through on the way to the queue) and all but "started".
    assert_eq!((phases, events), (12, 30), "{seen:#?}");
}
