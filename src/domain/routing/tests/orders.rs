//! Each order by its line of the table in routing.md; those that leave it to chance in `chance`.

use std::time::Duration;

use super::{agent, campaign, plain_campaign, second, steps::desk, world::World};
use crate::domain::{
    campaign::{Campaign, Member},
    conversation::QueueReason,
    schedule::Openness,
    strategy::{Mode, Order, Strategy},
};

/// Three agents, one web chat at a time each unless `units` say more.
fn three(order: Order, units: u32) -> World {
    desk(Strategy { mode: Mode::Nopause, order, ..Strategy::default() }, 3, units)
}

fn place(world: &mut World, who: u8, position: u32, joined: i64) {
    let member = Member::new(agent(who), campaign(1));
    world.seat(Member { position, joined_at: second(joined), ..member });
}

#[test]
fn leastrecent_picks_whose_last_one_of_this_campaign_ended_longest_ago() {
    let mut world = three(Order::Leastrecent, 25);
    assert_eq!([1, 2, 3].map(|_| world.served_for(10)), [1, 2, 3]);
    // 1 is first again; while it talks, 2 and 3 follow; 2 ends after 3, so 3 goes before it.
    let long = world.chat(1);
    world.accept(long);
    assert_eq!([world.served_for(5), world.served_for(1)], [2, 3]);
    assert_eq!(world.served_for(1), 2);
    world.pass(Duration::from_secs(1));
    world.close(long);
    assert_eq!([3, 2, 1].map(|_| world.served_for(1)), [3, 2, 1]);
}

#[test]
fn fewestcalls_counts_this_campaign_since_midnight() {
    let mut world = three(Order::Fewestcalls, 25);
    assert_eq!([1, 2, 3, 1].map(|_| world.served_for(1)), [1, 2, 3, 1]);
    world.midnight();
    assert_eq!([1, 2, 3].map(|_| world.served_for(1)), [1, 2, 3]);
}

#[test]
fn a_late_login_is_not_flooded() {
    let mut world = three(Order::Fewestcalls, 25);
    world.agent_is(agent(3), 25, false);
    world.agent_gone(agent(3), QueueReason::AgentSignedOut);
    assert_eq!([1, 2, 1, 2, 1, 2].map(|_| world.served_for(1)), [1, 2, 1, 2, 1, 2]);
    world.agent_is(agent(3), 25, true);
    // As if 3 had had three of them as well.
    assert_eq!([1, 2, 3, 1].map(|_| world.served_for(1)), [1, 2, 3, 1]);
    // Who goes home and comes back gains and loses nothing.
    world.agent_gone(agent(2), QueueReason::AgentSignedOut);
    world.agent_is(agent(2), 25, true);
    assert_eq!([2, 3].map(|_| world.served_for(1)), [2, 3]);
}

#[test]
fn rrmemory_goes_round_by_position_then_by_who_joined_first() {
    let mut world = three(Order::Rrmemory, 100);
    place(&mut world, 1, 2, 5);
    place(&mut world, 2, 2, 1);
    place(&mut world, 3, 7, 0);
    assert_eq!([2, 1, 3, 2, 1].map(|_| world.served()), [2, 1, 3, 2, 1]);
    // It goes on after a restart, also with one that is offered and one that is over.
    let open = world.chat(1);
    assert_eq!(world.offered_to(open), Some(agent(3)));
    world.crash(0);
    world.settle();
    assert_eq!(world.served(), 2);
    // Who has no room is passed over, not waited for.
    world.agent_is(agent(1), 0, true);
    assert_eq!([world.served(), world.served()], [3, 2]);
}

#[test]
fn rrordered_goes_round_by_position_only() {
    let mut world = three(Order::Rrordered, 100);
    place(&mut world, 1, 2, 5);
    place(&mut world, 2, 2, 1);
    place(&mut world, 3, 1, 9);
    assert_eq!([3, 1, 2, 3].map(|_| world.served()), [3, 1, 2, 3]);
}

#[test]
fn a_turn_that_was_declined_is_no_turn() {
    let mut world = three(Order::Rrordered, 100);
    let id = world.chat(1);
    world.decline(id);
    assert_eq!(world.offered_to(id), Some(agent(2)));
    world.decline(id);
    world.decline(id);
    assert_eq!(world.offered_to(id), Some(agent(1)));
}

#[test]
fn linear_picks_the_lowest_position() {
    let mut world = three(Order::Linear, 50);
    place(&mut world, 1, 3, 0);
    place(&mut world, 2, 1, 0);
    place(&mut world, 3, 2, 0);
    assert_eq!([2, 2, 3, 3, 1].map(|_| world.served()), [2, 2, 3, 3, 1]);
}

#[test]
fn longest_idle_looks_at_all_campaigns_and_at_calls() {
    let mut world = three(Order::LongestIdle, 50);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    world.join(agent(1), campaign(2), 0);
    let elsewhere = world.chat(2);
    world.accept(elsewhere);
    world.call(agent(2), Some(0));
    world.pass(Duration::from_secs(10));
    world.close(elsewhere);
    world.pass(Duration::from_secs(10));
    world.call(agent(2), None);
    // 3 never had anything, 1 has been idle for longer than 2; then all have something.
    assert_eq!([3, 1, 2, 3].map(|_| world.served()), [3, 1, 2, 3]);
}

#[test]
fn least_loaded_and_most_spare_differ_where_limits_do() {
    for (order, expected) in [(Order::LeastLoaded, [1, 2, 3, 3, 3]), (Order::MostSpare, [3, 3, 3, 3, 3])] {
        let mut world = three(order, 100);
        world.agent_is(agent(3), 400, true);
        assert_eq!(expected.map(|_| world.served()), expected, "{order:?}");
    }
}

#[test]
fn tiers_do_not_matter_while_few_are_eligible() {
    let strategy = Strategy { order: Order::Linear, penalty_members_limit: 3, ..Strategy::default() };
    let mut world = desk(strategy, 2, 100);
    let member = Member::new(agent(1), campaign(1));
    world.seat(Member { penalty: 9, position: 0, ..member });
    world.seat(Member { penalty: 0, position: 1, agent: agent(2), ..member });
    // Two are fewer than three: the position decides, not the tier. A third one makes the tiers count.
    assert_eq!(world.served(), 1);
    world.join(agent(3), campaign(1), 50);
    world.agent_is(agent(3), 100, true);
    assert_eq!(world.served(), 2);
}

#[test]
fn another_order_takes_over_at_once() {
    let mut world = three(Order::Linear, 100);
    assert_eq!([1, 1].map(|_| world.served()), [1, 1]);
    let strategy = Strategy { order: Order::LeastLoaded, ..Strategy::default() };
    world.configure(Campaign { strategy, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    assert_eq!([2, 3].map(|_| world.served()), [2, 3]);
}
