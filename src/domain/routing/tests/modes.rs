//! Each mode by its line of the table in routing.md.

use super::{agent, campaign, plain_campaign, steps::desk, world::World};
use crate::domain::{
    campaign::Campaign,
    refusal::Refusal,
    routing::Taking,
    schedule::Openness,
    strategy::{Mode, Strategy},
};

fn strategy(mode: Mode) -> Strategy {
    Strategy { mode, ..Strategy::default() }
}

/// What an agent with room for four has at hand.
#[derive(Clone, Copy)]
enum Has {
    Nothing,
    OneOfThis,
    CapOfThis,
    OneOfAnother,
    Call,
    SleepingOne,
}

/// Campaign 1 has the mode and a cap of 2; campaign 2 is another one.
fn given(mode: Mode, has: Has) -> World {
    let mut world = desk(strategy(mode), 1, 100);
    let small = Campaign { max_per_agent: 2, strategy: strategy(Mode::Nopause), ..plain_campaign(campaign(1)) };
    world.configure(small.clone(), Openness::ALWAYS);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    world.join(agent(1), campaign(2), 0);
    let places: &[u8] = match has {
        Has::Nothing | Has::Call => &[],
        Has::OneOfThis | Has::SleepingOne => &[1],
        Has::CapOfThis => &[1, 1],
        Has::OneOfAnother => &[2],
    };
    for place in places {
        let id = world.chat(*place);
        world.accept(id);
        if matches!(has, Has::SleepingOne) {
            world.reply(id);
            world.does(id, &crate::domain::conversation::Command::Sleep);
        }
    }
    if matches!(has, Has::Call) {
        world.call(agent(1), Some(0));
    }
    world.configure(Campaign { strategy: strategy(mode), ..small }, Openness::ALWAYS);
    world
}

#[test]
fn a_mode_gives_an_agent_another_one_or_not() {
    use Has as H;
    let table = [
        (Mode::Incall, [true, false, false, false, false, true]),
        (Mode::Nocall, [true, true, false, true, true, true]),
        (Mode::Interaction, [true, false, false, false, true, true]),
        (Mode::Nopause, [true, true, true, true, true, true]),
        (Mode::Omni, [true, true, false, true, true, true]),
        (Mode::Ringall, [false; 6]),
        (Mode::Ringallmultiple, [false; 6]),
    ];
    for (mode, row) in table {
        let cases = [H::Nothing, H::OneOfThis, H::CapOfThis, H::OneOfAnother, H::Call, H::SleepingOne];
        let seen = cases.map(|has| {
            let mut world = given(mode, has);
            let id = world.chat(1);
            world.offered_to(id).is_some()
        });
        assert_eq!(seen, row, "{mode:?}");
    }
}

#[test]
fn in_call_an_agent_gets_nothing_else_meanwhile() {
    let mut world = desk(strategy(Mode::Incall), 1, 100);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    world.join(agent(1), campaign(2), 0);
    let (only, other) = (world.chat(1), world.chat(2));
    world.accept(only);
    assert!(world.is_waiting(other));
    // The mode changes while they have it.
    world.configure(Campaign { strategy: strategy(Mode::Nocall), ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    world.settle();
    assert_eq!(world.offered_to(other), Some(agent(1)));
    world.configure(Campaign { strategy: strategy(Mode::Incall), ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    let third = world.chat(2);
    assert!(world.is_waiting(third));
    world.close(only);
    assert_eq!(world.offered_to(third), Some(agent(1)));
}

#[test]
fn omni_goes_to_who_has_nothing_before_any_tier() {
    let mut world = desk(strategy(Mode::Omni), 1, 100);
    world.join(agent(2), campaign(1), 50);
    world.agent_is(agent(2), 100, true);
    world.join(agent(3), campaign(1), 90);
    world.agent_is(agent(3), 100, true);
    world.call(agent(3), Some(0));
    assert_eq!([1, 2, 1, 1, 1, 2].map(|_| world.served()), [1, 2, 1, 1, 1, 2]);
}

#[test]
fn when_all_are_rung_the_first_to_take_the_next_one_has_it() {
    let mut world = desk(strategy(Mode::Ringall), 2, 100);
    let (first, second) = (world.chat(1), world.chat(1));
    assert!(world.is_waiting(first) && world.is_waiting(second));
    assert_eq!(world.take(second, agent(1)), Err(Refusal::NotNext));
    assert!(matches!(world.take(first, agent(1)), Ok(Taking::Reserved(_))));
    assert_eq!(world.take(first, agent(2)), Err(Refusal::Gone { current: None }));
    assert_eq!(world.take(second, agent(1)), Err(Refusal::AtCapacity));
    assert!(matches!(world.take(second, agent(2)), Ok(Taking::Reserved(_))));
    world.settle();
    assert_eq!([first, second].map(|id| world.state(id).phase.owner()), [Some(agent(1)), Some(agent(2))]);
}

#[test]
fn when_all_are_rung_for_everything_each_takes_what_they_want() {
    let mut world = desk(strategy(Mode::Ringallmultiple), 1, 50);
    let ids = [world.chat(1), world.chat(1), world.chat(1)];
    assert!(matches!(world.take(ids[2], agent(1)), Ok(Taking::Reserved(_))));
    assert!(matches!(world.take(ids[0], agent(1)), Ok(Taking::Reserved(_))));
    assert_eq!(world.take(ids[1], agent(1)), Err(Refusal::AtCapacity));
}
