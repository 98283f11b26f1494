//! Which item goes first, by the campaign's policy.

use std::time::Duration;

use super::{agent, steps::desk, world::World};
use crate::{
    domain::{
        conversation::{Command, Priority},
        strategy::{Policy, Strategy},
    },
    ids::{AgentId, ConversationId},
};

/// One agent with room for one, who has it. What arrives now waits.
fn busy(policy: Policy) -> (World, ConversationId) {
    let strategy = Strategy { policy, points_per_minute: 100, most_points: 250, ..Strategy::default() };
    let mut world = desk(strategy, 1, 25);
    let held = world.chat(1);
    world.accept(held);
    (world, held)
}

fn waits(world: &mut World, priority: Priority) -> ConversationId {
    let id = world.chat(1);
    world.does(id, &Command::Prioritise { agent: AgentId::NIL, force: true, priority });
    id
}

/// In which order these are served.
fn order(mut world: World, held: ConversationId, items: &[ConversationId]) -> Vec<usize> {
    let mut at_hand = held;
    let mut seen = vec![];
    for _ in items {
        world.close(at_hand);
        let next = items.iter().position(|id| world.offered_to(*id) == Some(agent(1))).unwrap();
        at_hand = items[next];
        world.accept(at_hand);
        seen.push(next);
    }
    seen
}

#[test]
fn each_policy_has_its_order() {
    use Priority::{High, Low, Normal, Urgent};
    let table = [
        (Policy::Fifo, [0, 1, 2, 3, 4]),
        (Policy::Deadline, [0, 1, 2, 3, 4]),
        (Policy::Strict, [4, 2, 3, 1, 0]),
        // 250 points are the most: `urgent` has them at once, `high` after half a minute, then arrival decides.
        (Policy::Aged, [2, 4, 3, 1, 0]),
    ];
    for (policy, expected) in table {
        let (mut world, held) = busy(policy);
        let items = [waits(&mut world, Low), waits(&mut world, Normal), waits(&mut world, High)];
        world.pass(Duration::from_secs(30));
        let items = [items[0], items[1], items[2], waits(&mut world, High), waits(&mut world, Urgent)];
        assert_eq!(order(world, held, &items), expected, "{policy:?}");
    }
}

#[test]
fn who_waits_long_enough_goes_before_who_is_urgent() {
    let (mut world, held) = busy(Policy::Aged);
    let low = waits(&mut world, Priority::Low);
    world.pass(Duration::from_secs(149));
    let urgent = waits(&mut world, Priority::Urgent);
    assert_eq!(order(world, held, &[low, urgent]), [0, 1]);
    let (mut world, held) = busy(Policy::Aged);
    let low = waits(&mut world, Priority::Low);
    world.pass(Duration::from_secs(147));
    let urgent = waits(&mut world, Priority::Urgent);
    assert_eq!(order(world, held, &[low, urgent]), [1, 0]);
}

#[test]
fn a_priority_that_is_raised_counts_at_once() {
    let (mut world, held) = busy(Policy::Strict);
    let (first, second) = (world.chat(1), world.chat(1));
    world.does(second, &Command::Prioritise { agent: AgentId::NIL, force: true, priority: Priority::High });
    assert_eq!(world.router.front(super::campaign(1), 9), [second, first]);
    assert_eq!(order(world, held, &[first, second]), [1, 0]);
}
