//! Random shifts, compared with the model after every step, and the invariants of routing.md.

use std::time::Duration;

use proptest::{
    prelude::{Just, ProptestConfig, any, prop, prop_oneof, proptest},
    strategy::Strategy as _,
};

use super::{CLOSED, agent, campaign, plain_campaign, second, world::World};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, Member, OutOfHours},
        channel::{ChannelKind, KindSet},
        conversation::{Command, Ending, OfferOutcome, Priority, QueueReason, TransferTo},
        load::{Load, Loads},
        message::Content,
        schedule::Openness,
        skill::{Asking, Preferred, Relax, Ring, SkillLevel},
        strategy::{Mode, Order, Policy, Strategy},
        waiting::{AtClosing, Limits, WhenFull},
    },
    ids::{AgentId, ConversationId, MessageId, SkillId},
};

#[derive(Clone, Debug)]
struct Settings {
    enabled: bool,
    open: bool,
    closed_before: bool,
    weight: u8,
    max_per_agent: u32,
    ends_out_of_hours: bool,
    has_message: bool,
    auto_accept: bool,
    wraps_up: bool,
    voice_only: bool,
    strategy: Strategy,
    limits: Limits,
    asking: Asking,
}

/// What can happen. Numbers pick a campaign (1 to 3), an agent (1 to 4) or the nth open conversation.
#[derive(Clone, Debug)]
enum Happening {
    Configure(u8, Settings),
    DropCampaign(u8),
    Join(u8, u8, Seating),
    Leave(u8, u8),
    AgentIs(u8, u32, bool),
    Voice(u8, bool),
    AgentGone(u8, bool),
    Call(u8, Option<u32>),
    Midnight,
    Skills(u8, Vec<SkillLevel>),
    Loads(Loads),
    /// Somebody was served by this agent long ago, or not so long.
    Arrive(u8, u8, bool, Option<(u8, bool)>),
    /// An agent writes first.
    Begin(u8, u8, u8),
    Customer(u8, CustomerDoes),
    Agent(u8, AgentDoes),
    Due(u8),
    Sleep(u8),
    TakeDecision(u8),
    FailToTake(u8),
    Publish(u8),
    PublishAtOnce(u8),
    Restart(u8),
    Pass(u8),
    Settle,
    Crash(usize),
}

/// How somebody is a member.
#[derive(Clone, Copy, Debug)]
struct Seating {
    penalty: u8,
    position: u32,
    joined: i64,
    delay: u32,
    receives_all: bool,
}

#[derive(Clone, Copy, Debug)]
enum CustomerDoes {
    Write,
    Leave,
}

#[derive(Clone, Debug)]
enum AgentDoes {
    Accept,
    Decline,
    Reply,
    Close,
    EndWrapUp,
    Park,
    Prioritise(Priority),
    Take(u8),
    Assign(u8),
    Move(u8),
    TransferTo(u8),
    TransferToCampaign(u8),
    AskFor(Vec<SkillLevel>),
    TransferToSkills(Vec<SkillLevel>),
}

fn strategy() -> impl proptest::strategy::Strategy<Value = Strategy> {
    let policies = [Policy::Fifo, Policy::Strict, Policy::Aged, Policy::Deadline];
    let choices = (
        prop::sample::select(Mode::ALL.to_vec()),
        prop::sample::select(Order::ALL.to_vec()),
        prop::sample::select(policies.to_vec()),
    );
    let limits = prop::sample::select(vec![0, 0, 2, 3]);
    let sticky = (prop::sample::select(vec![0, 0, 1]), prop::sample::select(vec![0, 10]));
    let points = (prop::sample::select(vec![0, 60, 600]), prop::sample::select(vec![0, 150, 300, 500]));
    (choices, limits, points, sticky).prop_map(|((mode, order, policy), penalty_members_limit, points, sticky)| {
        let ((points_per_minute, most_points), (sticky_days, sticky_wait_seconds)) = (points, sticky);
        let aged = Strategy { points_per_minute, most_points, due_seconds: 60, ..Strategy::default() };
        Strategy { mode, order, penalty_members_limit, policy, sticky_days, sticky_wait_seconds, ..aged }
    })
}

/// Up to two of three skills, at levels 1 to 3.
fn levels() -> impl proptest::strategy::Strategy<Value = Vec<SkillLevel>> {
    prop::collection::btree_map(1_u128..4, 1_u8..4, 0..3).prop_map(|levels| {
        levels.into_iter().map(|(skill, level)| SkillLevel { skill: SkillId::from_u128(skill), level }).collect()
    })
}

fn asking() -> impl proptest::strategy::Strategy<Value = Asking> {
    let skill = || (1_u128..4).prop_map(SkillId::from_u128);
    let relax = prop_oneof![
        prop::collection::vec(skill(), 0..2).prop_map(|skills| Relax::Drop { skills }),
        (1_u8..3).prop_map(|by| Relax::Lower { by }),
        (skill(), 1_u8..4).prop_map(|(skill, level)| Relax::Add { skill, level }),
    ];
    let rings = prop::collection::vec((1_u32..15, relax).prop_map(|(after_seconds, relax)| Ring { after_seconds, relax }), 0..3);
    (prop_oneof![2 => Just(vec![]), 1 => levels()], rings).prop_map(|(skills, rings)| Asking { skills, rings })
}

fn loads() -> impl proptest::strategy::Strategy<Value = Loads> {
    let kinds = prop::sample::select(vec![KindSet::NONE, KindSet::NONE, KindSet::ALL, [ChannelKind::Api].into_iter().collect()]);
    let load = (prop::sample::select(vec![10, 20, 25, 60]), prop::sample::select(vec![None, None, Some(1), Some(2)]), kinds);
    let load = load.prop_map(|(units, most, interrupts)| Load { units, most, interrupts });
    (load.clone(), load).prop_map(|(api, chat)| Loads::default().with(ChannelKind::Api, api).with(ChannelKind::Webchat, chat))
}

fn limits() -> impl proptest::strategy::Strategy<Value = Limits> {
    let most = prop::sample::select(vec![None, None, Some(1), Some(3)]);
    let full = prop::sample::select(vec![WhenFull::Reject, WhenFull::Overflow, WhenFull::LeaveMessage]);
    let closing = prop::sample::select(vec![AtClosing::Keep, AtClosing::Close, AtClosing::Overflow]);
    let overflow = prop::option::of((1_u8..5).prop_map(campaign));
    (most, full, closing, overflow, any::<bool>()).prop_map(|(max_waiting, when_full, at_closing, overflow, tells)| {
        let message = tells.then(|| "We are sorry".to_owned());
        Limits { max_waiting, when_full, full_message: message.clone(), at_closing, closing_message: message, overflow }
    })
}

fn seating() -> impl proptest::strategy::Strategy<Value = Seating> {
    let delays = prop::sample::select(vec![0, 0, 0, 5, 20]);
    (0_u8..3, 0_u32..3, 0_i64..3, delays, prop::bool::weighted(0.8))
        .prop_map(|(penalty, position, joined, delay, receives_all)| Seating { penalty, position, joined, delay, receives_all })
}

fn settings() -> impl proptest::strategy::Strategy<Value = Settings> {
    let flags = (prop::bool::weighted(0.9), prop::bool::weighted(0.8), prop::bool::weighted(0.15), any::<[bool; 5]>());
    (flags, 1_u8..4, 1_u32..5, strategy(), limits(), asking()).prop_map(
        |((enabled, open, voice_only, rest), weight, max_per_agent, strategy, limits, asking)| {
            let [closed_before, ends_out_of_hours, has_message, auto_accept, wraps_up] = rest;
            Settings {
                enabled,
                open,
                closed_before,
                weight,
                max_per_agent,
                ends_out_of_hours,
                has_message,
                auto_accept,
                wraps_up,
                voice_only,
                strategy,
                limits,
                asking,
            }
        },
    )
}

fn agent_does() -> impl proptest::strategy::Strategy<Value = AgentDoes> {
    prop_oneof![
        4 => Just(AgentDoes::Accept),
        2 => Just(AgentDoes::Decline),
        2 => Just(AgentDoes::Reply),
        2 => Just(AgentDoes::Close),
        1 => Just(AgentDoes::EndWrapUp),
        1 => Just(AgentDoes::Park),
        1 => prop::sample::select(vec![Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]).prop_map(AgentDoes::Prioritise),
        3 => (1_u8..5).prop_map(AgentDoes::Take),
        3 => (1_u8..5).prop_map(AgentDoes::Assign),
        3 => (1_u8..4).prop_map(AgentDoes::Move),
        3 => (1_u8..5).prop_map(AgentDoes::TransferTo),
        1 => (1_u8..4).prop_map(AgentDoes::TransferToCampaign),
        2 => levels().prop_map(AgentDoes::AskFor),
        1 => levels().prop_map(AgentDoes::TransferToSkills),
    ]
}

fn happening() -> impl proptest::strategy::Strategy<Value = Happening> {
    use Happening as H;
    let (agents, campaigns, any_item) = (1_u8..5, 1_u8..4, 0_u8..30);
    let capacity = prop::sample::select(vec![0_u32, 20, 24, 45, 60, 100, 250]);
    let customer = prop_oneof![3 => Just(CustomerDoes::Write), 1 => Just(CustomerDoes::Leave)];
    prop_oneof![
        3 => (campaigns.clone(), settings()).prop_map(|(campaign, settings)| H::Configure(campaign, settings)),
        1 => campaigns.clone().prop_map(H::DropCampaign),
        6 => (agents.clone(), campaigns.clone(), seating()).prop_map(|(agent, campaign, seating)| H::Join(agent, campaign, seating)),
        1 => (agents.clone(), campaigns.clone()).prop_map(|(agent, campaign)| H::Leave(agent, campaign)),
        6 => (agents.clone(), capacity, prop::bool::weighted(0.8)).prop_map(|(agent, units, there)| H::AgentIs(agent, units, there)),
        1 => (agents.clone(), prop::sample::select(vec![None, Some(0), Some(40), Some(100)])).prop_map(|(agent, units)| H::Call(agent, units)),
        1 => Just(H::Midnight),
        4 => (agents.clone(), levels()).prop_map(|(agent, levels)| H::Skills(agent, levels)),
        2 => (agents.clone(), any::<bool>()).prop_map(|(agent, belongs)| H::Voice(agent, belongs)),
        1 => loads().prop_map(H::Loads),
        2 => (agents.clone(), any::<bool>()).prop_map(|(agent, lost)| H::AgentGone(agent, lost)),
        12 => (campaigns.clone(), 0_u8..4, any::<bool>(), prop::option::of((1_u8..5, any::<bool>()))).prop_map(|(campaign, contact, chat, by)| H::Arrive(campaign, contact, chat, by)),
        2 => (campaigns.clone(), 0_u8..4, agents.clone()).prop_map(|(campaign, contact, agent)| H::Begin(campaign, contact, agent)),
        5 => (any_item.clone(), customer).prop_map(|(item, does)| H::Customer(item, does)),
        18 => (any_item.clone(), agent_does()).prop_map(|(item, does)| H::Agent(item, does)),
        3 => any_item.clone().prop_map(H::Due),
        1 => any_item.clone().prop_map(H::Sleep),
        25 => any_item.clone().prop_map(H::TakeDecision),
        2 => any_item.clone().prop_map(H::FailToTake),
        25 => any_item.clone().prop_map(H::Publish),
        6 => any_item.clone().prop_map(H::PublishAtOnce),
        1 => any_item.prop_map(H::Restart),
        4 => (0_u8..40).prop_map(H::Pass),
        2 => Just(H::Settle),
        1 => (0_usize..50).prop_map(H::Crash),
    ]
}

fn happens(world: &mut World, happening: Happening) {
    use Happening as H;
    match happening {
        H::Configure(number, settings) => configure(world, number, &settings),
        H::DropCampaign(number) => world.drop_campaign(campaign(number)),
        H::Join(who, place, it) => {
            let Seating { penalty, position, joined, delay, receives_all } = it;
            let receive = if receives_all { KindSet::ALL } else { [ChannelKind::Webchat].into_iter().collect() };
            let (joined_at, delay_seconds) = (second(joined), delay);
            let member = Member::new(agent(who), campaign(place));
            world.seat(Member { penalty, position, joined_at, delay_seconds, receive, ..member });
        }
        H::Leave(who, place) => world.leave(agent(who), campaign(place)),
        H::AgentIs(who, units, available) => world.agent_is(agent(who), units, available),
        H::AgentGone(who, true) => world.agent_gone(agent(who), QueueReason::AgentLost),
        H::AgentGone(who, false) => world.agent_gone(agent(who), QueueReason::AgentSignedOut),
        H::Arrive(place, contact, chat, by) => {
            let kind = if chat { ChannelKind::Webchat } else { ChannelKind::Api };
            let ago = |long: bool| if long { 2 * 86_400 } else { 60 };
            let closed_at = |long| Timestamp::from_micros(world.now.micros() - ago(long) * 1_000_000);
            let preferred = by.map(|(who, long)| Preferred { agent: agent(who), closed_at: closed_at(long) });
            let id = world.arrive_for(campaign(place), contact, kind, preferred);
            world.customer_writes(id);
        }
        H::Begin(place, contact, who) if world.is_configured(campaign(place)) => {
            world.begin(campaign(place), contact, ChannelKind::Api, agent(who));
        }
        H::Begin(..) => {}
        H::Voice(who, belongs) => world.speaks(agent(who), belongs),
        H::Skills(who, skills) => world.can(agent(who), skills),
        H::Loads(loads) => world.weigh(loads),
        H::Call(who, units) => world.call(agent(who), units),
        H::Midnight => world.midnight(),
        H::Pass(seconds) => world.pass(Duration::from_secs(seconds.into())),
        H::Settle => world.settle(),
        H::Crash(seed) => world.crash(seed),
        H::Customer(n, _)
        | H::Agent(n, _)
        | H::Due(n)
        | H::Sleep(n)
        | H::TakeDecision(n)
        | H::FailToTake(n)
        | H::Publish(n)
        | H::PublishAtOnce(n)
        | H::Restart(n) => {
            to_conversation(world, n, &happening);
        }
    }
}

fn configure(world: &mut World, number: u8, settings: &Settings) {
    let mut configured = plain_campaign(campaign(number));
    configured.enabled = settings.enabled;
    configured.weight = settings.weight;
    configured.max_per_agent = settings.max_per_agent;
    configured.strategy = settings.strategy;
    configured.limits = settings.limits.clone();
    configured.asking = settings.asking.clone();
    configured.auto_accept = settings.auto_accept;
    configured.service.voice_members_only = settings.voice_only;
    configured.wrap_up_seconds = if settings.wraps_up { 15 } else { 0 };
    configured.closing.first_reply_seconds = settings.has_message.then_some(5);
    configured.holding.sender_wrap_up = settings.weight > 1;
    configured.out_of_hours = if settings.ends_out_of_hours { OutOfHours::Close } else { OutOfHours::Queue };
    configured.out_of_hours_message = settings.has_message.then(|| "We are closed".to_owned());
    let closed = if settings.closed_before { CLOSED } else { Openness::Closed { since: Some(world.now), until: None } };
    world.configure(configured, if settings.open { Openness::ALWAYS } else { closed });
}

fn to_conversation(world: &mut World, n: u8, happening: &Happening) {
    use Happening as H;
    let Some(id) = world.nth(n) else { return };
    let message = MessageId::from_u128(1);
    let content = Content::plain("hello");
    match happening {
        H::Customer(_, CustomerDoes::Write) => world.commit(id, &Command::Receive { message, content }),
        H::Customer(_, CustomerDoes::Leave) => world.commit(id, &Command::GiveUp(Ending::Abandoned)),
        H::Due(_) => world.commit(id, &Command::Due { message: MessageId::NIL }),
        H::Sleep(_) => world.commit(id, &Command::Sleep),
        H::TakeDecision(_) => drop(world.take_decision(id)),
        H::FailToTake(_) => world.fail_to_take(id),
        H::Publish(_) => drop(world.publish(id)),
        H::PublishAtOnce(_) => world.publish_at_once(id),
        H::Restart(_) => world.restart(id),
        H::Agent(_, does) => agent_acts(world, does.clone(), id, message, content),
        _ => {}
    }
}

fn agent_acts(world: &mut World, does: AgentDoes, id: ConversationId, message: MessageId, content: Content) {
    let phase = world.state(id).phase.clone();
    let (open, owner) = (phase.offer().copied(), phase.owner());
    match (does, open, owner) {
        (AgentDoes::Accept, Some(offer), _) => world.commit(id, &Command::Accept { offer: offer.id, agent: offer.agent }),
        (AgentDoes::Decline, Some(offer), _) => {
            let outcome = OfferOutcome::Declined;
            world.commit(id, &Command::EndOffer { offer: offer.id, agent: offer.agent, outcome });
        }
        (AgentDoes::Reply, _, Some(agent)) => world.commit(id, &Command::Reply { message, agent, content }),
        (AgentDoes::Close, _, Some(agent)) => {
            world.commit(id, &Command::Close { agent, force: false, disposition: None, wrap_up: false });
        }
        (AgentDoes::EndWrapUp, _, owner) => {
            let agent = world.state(id).sender().map(|sender| sender.agent).or(owner).unwrap_or(AgentId::NIL);
            world.commit(id, &Command::EndWrapUp { agent });
        }
        (AgentDoes::Park, _, Some(agent)) => {
            world.commit(id, &Command::Park { agent, until: Timestamp::from_micros(i64::MAX) });
        }
        (AgentDoes::Prioritise(priority), ..) => {
            world.commit(id, &Command::Prioritise { agent: AgentId::NIL, force: true, priority });
        }
        (AgentDoes::AskFor(skills), ..) => {
            world.commit(id, &Command::AskFor { agent: AgentId::NIL, force: true, skills });
        }
        (AgentDoes::TransferToSkills(skills), _, Some(agent)) => {
            world.commit(id, &Command::Transfer { agent, to: TransferTo::Skills(skills) });
        }
        (AgentDoes::Take(who), ..) => drop(world.take(id, agent(who))),
        (AgentDoes::Assign(who), ..) => drop(world.assign(id, agent(who))),
        (AgentDoes::Move(to), ..) => drop(world.move_to(id, campaign(to))),
        (AgentDoes::TransferTo(to), ..) => world.transfer(id, agent(to)),
        (AgentDoes::TransferToCampaign(to), ..) => world.transfer_to_campaign(id, campaign(to)),
        _ => {}
    }
}

/// Three campaigns that choose like these and four agents, so that most happenings meet somebody.
fn staffed(strategies: [Strategy; 3]) -> World {
    let mut world = World::new();
    for (number, strategy) in (1..4).zip(strategies) {
        world.configure(Campaign { strategy, max_per_agent: 3, ..plain_campaign(campaign(number)) }, Openness::ALWAYS);
        world.join(agent(number), campaign(number), 0);
        world.join(agent(4), campaign(number), 1);
    }
    world.agent_is(agent(1), 45, true);
    world.agent_is(agent(4), 100, true);
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// Every mode meets every order: three pairs a case, drawn anew whenever a campaign is configured again.
    #[test]
    fn every_interleaving_is_decided_as_a_scan_of_everything_would(
        strategies in [strategy(), strategy(), strategy()],
        happenings in prop::collection::vec(happening(), 0..150),
    ) {
        let mut world = staffed(strategies);
        for it in happenings {
            happens(&mut world, it);
        }
        world.settle();
        world.check_replay();
    }

    #[test]
    fn a_router_that_starts_with_nothing_learns_in_any_order(happenings in prop::collection::vec(happening(), 0..80)) {
        let mut world = World::new();
        for it in happenings {
            happens(&mut world, it);
        }
        world.settle();
        world.check_replay();
    }
}
