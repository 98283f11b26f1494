//! What conversations ask of agents, how that relaxes, for whom they are held, and what they weigh.

use std::time::Duration;

use super::{agent, campaign, plain_campaign, steps::desk, world::World};
use crate::{
    domain::{
        campaign::Campaign,
        channel::ChannelKind::{Api, Webchat},
        conversation::Command,
        load::{Load, Loads},
        refusal::Refusal,
        schedule::Openness,
        skill::{Asking, Preferred, Relax, Ring, SkillLevel},
        strategy::{Mode, Order, Strategy},
    },
    ids::{AgentId, ConversationId, SkillId},
};

const PORTUGUESE: SkillId = SkillId::from_u128(1);
const FIBRE: SkillId = SkillId::from_u128(2);
const BACKUP: SkillId = SkillId::from_u128(3);

fn at(skill: SkillId, level: u8) -> SkillLevel {
    SkillLevel { skill, level }
}

fn ring(after_seconds: u32, relax: Relax) -> Ring {
    Ring { after_seconds, relax }
}

fn asking(world: &mut World, strategy: Strategy, skills: Vec<SkillLevel>, rings: Vec<Ring>) {
    world.configure(Campaign { strategy, asking: Asking { skills, rings }, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
}

fn asks(world: &mut World, id: ConversationId, skills: Vec<SkillLevel>) {
    world.does(id, &Command::AskFor { agent: AgentId::NIL, force: true, skills });
}

#[test]
fn it_waits_for_somebody_who_is_good_enough_and_others_overtake_it() {
    let mut world = desk(Strategy::default(), 1, 100);
    world.can(agent(1), vec![at(FIBRE, 4)]);
    world.agent_is(agent(1), 100, false);
    let hard = world.chat(1);
    asks(&mut world, hard, vec![at(FIBRE, 5)]);
    let easy = world.chat(1);
    world.agent_is(agent(1), 100, true);
    world.settle();
    assert_eq!((world.offered_to(hard), world.offered_to(easy)), (None, Some(agent(1))));
    world.can(agent(1), vec![at(FIBRE, 5)]);
    world.settle();
    assert_eq!(world.offered_to(hard), Some(agent(1)), "a lesson learned counts at once");
}

#[test]
fn what_is_asked_relaxes_ring_by_ring() {
    let mut world = desk(Strategy::default(), 4, 25);
    world.can(agent(1), vec![at(PORTUGUESE, 8)]);
    world.can(agent(2), vec![at(PORTUGUESE, 5)]);
    world.can(agent(3), vec![at(BACKUP, 1)]);
    let rings = vec![
        ring(10, Relax::Lower { by: 3 }),
        ring(20, Relax::Add { skill: BACKUP, level: 1 }),
        ring(30, Relax::Drop { skills: vec![] }),
    ];
    asking(&mut world, Strategy::default(), vec![at(PORTUGUESE, 8)], rings);
    let ids = [(); 4].map(|()| world.chat(1));
    let offered = |world: &World| ids.map(|id| world.offered_to(id));
    assert_eq!(offered(&world), [Some(agent(1)), None, None, None]);
    // The second arrived a second after the first, and so on.
    for (id, seconds, who) in [(1, 10, 2), (2, 30, 3), (3, 60, 4)] {
        let begins = world.state(ids[id]).arrived_at + Duration::from_secs(seconds);
        world.pass(begins.since(world.now) - Duration::from_micros(1));
        world.settle();
        assert_eq!(offered(&world)[id], None, "{id} too early");
        world.pass(Duration::from_micros(1));
        world.settle();
        assert_eq!(offered(&world)[id], Some(agent(who)));
    }
    // Which ring let whom in: the first had all that was asked, and still would have after two of them.
    let rings: Vec<u8> = super::why::choices(&world).iter().map(|(_, choice)| choice.ring).collect();
    assert_eq!(rings, [0, 1, 2, 3]);
}

#[test]
fn the_best_at_it_comes_first_then_who_is_idle_longest() {
    let mut world = desk(Strategy::default(), 3, 25);
    let skills = [vec![at(FIBRE, 3), at(PORTUGUESE, 3)], vec![at(FIBRE, 9)], vec![at(FIBRE, 4), at(PORTUGUESE, 2)]];
    for (who, skills) in (1..).zip(skills) {
        world.can(agent(who), skills);
    }
    let strategy = Strategy { order: Order::BestSkill, ..Strategy::default() };
    asking(&mut world, strategy, vec![at(FIBRE, 1)], vec![]);
    assert_eq!(world.served(), 2);
    let both = world.chat(1);
    assert_eq!(world.offered_to(both), Some(agent(3)), "4 is more than 3");
    world.accept(both);
    asking(&mut world, strategy, vec![at(FIBRE, 1), at(PORTUGUESE, 1)], vec![]);
    assert_eq!(world.served(), 1);
}

#[test]
fn a_transfer_to_a_skill_finds_somebody_else() {
    let mut world = desk(Strategy::default(), 2, 100);
    world.can(agent(1), vec![at(FIBRE, 1)]);
    world.can(agent(2), vec![at(FIBRE, 1)]);
    let id = world.chat(1);
    world.accept(id);
    let from = world.state(id).phase.owner().unwrap();
    let to = crate::domain::conversation::TransferTo::Skills(vec![at(FIBRE, 1)]);
    world.does(id, &Command::Transfer { agent: from, to });
    assert_eq!(world.offered_to(id), Some(agent(if from == agent(1) { 2 } else { 1 })));
    // Nobody else: it may come back.
    world.decline(id);
    assert!(world.offered_to(id).is_some());
}

#[test]
fn who_has_it_is_nobody_else() {
    let mut world = desk(Strategy::default(), 2, 100);
    world.can(agent(1), vec![at(FIBRE, 1)]);
    world.agent_is(agent(2), 100, false);
    let id = world.chat(1);
    world.accept(id);
    let refused = world.router.check_transfer_skills(id, &[at(FIBRE, 1)]);
    assert_eq!(refused, Err(Refusal::TransferTarget("nobody has the skills")));
    world.can(agent(2), vec![at(FIBRE, 1)]);
    assert_eq!(world.router.check_transfer_skills(id, &[at(FIBRE, 1)]), Ok(()), "on a break, but not for ever");
}

#[test]
fn a_contact_goes_back_to_who_closed_the_last_one() {
    let strategy = Strategy { sticky_days: 7, sticky_wait_seconds: 30, ..Strategy::default() };
    let again = |world: &mut World, days: u64| {
        world.pass(Duration::from_secs(1));
        let closed_at = crate::clock::Timestamp::from_micros(world.now.micros() - i64::try_from(days).unwrap() * 86_400_000_000);
        let id = world.arrive_for(campaign(1), 1, Webchat, Some(Preferred { agent: agent(2), closed_at }));
        world.settle();
        id
    };
    let mut world = desk(strategy, 2, 25);
    world.join(agent(2), campaign(1), 50);
    let lately = again(&mut world, 7);
    assert_eq!(world.offered_to(lately), Some(agent(2)), "before the order and the penalty");
    world.accept(lately);
    // Busy: it is held for them, however free the other one is, but not for long.
    let held = again(&mut world, 1);
    assert!(world.is_waiting(held));
    assert_eq!(world.take(held, agent(1)).map(drop), Ok(()), "people may decide otherwise");
    world.settle();
    world.close(held);
    let held = again(&mut world, 1);
    world.pass(Duration::from_secs(30));
    world.settle();
    assert_eq!(world.offered_to(held), Some(agent(1)));
    world.accept(held);
    world.close(held);
    // They go home: nobody waits for them.
    let held = again(&mut world, 1);
    assert!(world.is_waiting(held));
    world.agent_gone(agent(2), crate::domain::conversation::QueueReason::AgentLost);
    world.settle();
    assert_eq!(world.offered_to(held), Some(agent(1)));
    world.accept(held);
    world.close(held);
    world.agent_is(agent(2), 100, true);
    let long_ago = again(&mut world, 8);
    assert_eq!(world.offered_to(long_ago), Some(agent(1)));
}

#[test]
fn it_rings_only_for_who_is_good_enough() {
    let mut world = desk(Strategy::default(), 2, 100);
    world.can(agent(2), vec![at(FIBRE, 1)]);
    asking(&mut world, Strategy { mode: Mode::Ringall, ..Strategy::default() }, vec![at(FIBRE, 1)], vec![]);
    let id = world.chat(1);
    assert_eq!(world.take(id, agent(1)), Err(Refusal::NotSkilled));
    assert!(world.take(id, agent(2)).is_ok());
}

#[test]
fn weights_and_caps_of_kinds_change_at_once() {
    let mut world = desk(Strategy { mode: Mode::Nopause, ..Strategy::default() }, 1, 100);
    let load = |units, most, interrupts: &[_]| Load { units, most, interrupts: interrupts.iter().copied().collect() };
    world.weigh(Loads::default().with(Webchat, load(50, None, &[])));
    let chats = [(); 3].map(|()| world.chat(1));
    assert!(world.is_waiting(chats[2]), "two of 50 fill an agent");
    world.weigh(Loads::default().with(Webchat, load(50, Some(3), &[Api])));
    world.settle();
    assert_eq!(world.used(1), 100);
    world.weigh(Loads::default().with(Webchat, load(10, Some(3), &[])));
    world.settle();
    assert_eq!((world.used(1), world.is_waiting(chats[2])), (30, false));
    let fourth = world.chat(1);
    assert!(world.is_waiting(fourth), "three are the most");
}
