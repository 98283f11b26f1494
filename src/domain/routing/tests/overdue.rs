//! The first-response guard: who loses an item, and to whom.

use std::time::Duration;

use super::{agent, campaign, plain_campaign, world::World};
use crate::{
    domain::{
        campaign::Campaign,
        channel::ChannelKind,
        closing::Closing,
        conversation::{Command, Phase, QueueReason},
        schedule::Openness,
        strategy::{Mode, Strategy},
    },
    ids::{ConversationId, MessageId},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Campaign 1 accepts for its agents and gives them a minute for the first answer; these are there.
fn guarded(strategy: Strategy, agents: u8) -> World {
    let mut world = World::new();
    let closing = Closing { first_reply_seconds: Some(60), ..Closing::default() };
    world.configure(Campaign { strategy, auto_accept: true, closing, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    for number in 1..=agents {
        world.comes(number);
    }
    world
}

impl World {
    fn comes(&mut self, number: u8) {
        self.join(agent(number), campaign(1), 0);
        self.agent_is(agent(number), 100, true);
        self.settle();
    }

    /// A customer asks something.
    fn question(&mut self) -> ConversationId {
        let id = self.arrive(campaign(1), 1, ChannelKind::Webchat);
        self.customer_writes(id);
        self.settle();
        id
    }

    fn nobody_answers(&mut self, id: ConversationId) {
        self.pass(MINUTE);
        self.does(id, &Command::Due { message: MessageId::NIL });
    }

    fn owner(&self, id: ConversationId) -> u8 {
        let owner = self.state(id).phase.owner();
        (1..=9).find(|number| Some(agent(*number)) == owner).unwrap_or(0)
    }
}

#[test]
fn with_nobody_else_it_stays_marked_and_goes_to_the_first_who_comes() {
    let mut world = guarded(Strategy::default(), 1);
    let id = world.question();
    let segment = world.state(id).segment;
    for _ in 0..3 {
        world.nobody_answers(id);
    }
    assert_eq!((world.owner(id), world.state(id).segment, world.state(id).is_overdue()), (1, segment, true));
    world.comes(2);
    assert_eq!((world.owner(id), world.state(id).is_overdue()), (2, false));
}

#[test]
fn everybody_has_one_turn_until_somebody_answers() {
    let mut world = guarded(Strategy::default(), 3);
    let id = world.question();
    let mut had = vec![world.owner(id)];
    for _ in 0..5 {
        world.nobody_answers(id);
        had.push(world.owner(id));
    }
    assert_eq!(had[3..], [had[2]; 3], "it stays with the last of them");
    had.sort_unstable();
    had.dedup();
    assert_eq!(had, [1, 2, 3]);
    world.comes(4);
    assert_eq!(world.owner(id), 4);
    world.reply(id);
    assert!(world.state(id).passed_over.is_empty());
}

#[test]
fn somebody_without_room_away_or_of_a_closed_campaign_is_nobody_else() {
    let mut world = guarded(Strategy::default(), 1);
    let id = world.question();
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 100, false);
    world.join(agent(3), campaign(1), 0);
    world.agent_is(agent(3), 10, true);
    world.nobody_answers(id);
    assert_eq!(world.owner(id), 1);
    let closed = Openness::Closed { since: Some(world.now), until: None };
    let campaign_1 = world.campaigns[&campaign(1)].clone();
    world.configure(campaign_1.clone(), closed);
    world.agent_is(agent(2), 100, true);
    world.settle();
    assert_eq!(world.owner(id), 1, "in a closed campaign it would wait until the opening");
    world.configure(campaign_1, Openness::ALWAYS);
    world.settle();
    assert_eq!(world.owner(id), 2);
}

#[test]
fn where_everybody_sees_what_waits_it_waits_for_whoever_takes_it() {
    let mut world = guarded(Strategy { mode: Mode::Ringallmultiple, ..Strategy::default() }, 1);
    let id = world.question();
    world.take(id, agent(1)).unwrap();
    world.settle();
    world.nobody_answers(id);
    assert_eq!(world.owner(id), 1);
    world.comes(2);
    assert_eq!(world.state(id).phase, Phase::Queued { reason: QueueReason::NoReply });
}

#[test]
fn as_many_change_hands_as_others_can_take_and_the_oldest_first() {
    for (strategy, room, at_once) in [
        (Strategy::default(), 1, 1),
        (Strategy::default(), 2, 1),
        (Strategy { mode: Mode::Ringallmultiple, ..Strategy::default() }, 4, 1),
    ] {
        let mut world = guarded(strategy, 1);
        let ids: Vec<_> = (0..3).map(|_| world.question()).collect();
        if strategy.mode.rings() {
            ids.iter().for_each(|id| world.take(*id, agent(1)).map(drop).unwrap());
            world.settle();
        }
        world.pass(MINUTE);
        for id in ids.iter().rev() {
            world.commit(*id, &Command::Due { message: MessageId::NIL });
        }
        world.settle();
        world.join(agent(2), campaign(1), 0);
        let before = world.decisions.len();
        world.agent_is(agent(2), 25 * room, true);
        assert_eq!(world.decisions.len() - before, at_once, "{strategy:?}: at once");
        world.settle();
        let owners: Vec<_> = ids.iter().map(|id| world.owner(*id)).collect();
        let expected = match (strategy.mode.rings(), room) {
            (true, _) => [0, 1, 1],
            (_, 1) => [2, 1, 1],
            _ => [2, 2, 1],
        };
        assert_eq!(owners, expected, "{strategy:?}, room for {room}");
        // Taken, the next one rings.
        if strategy.mode.rings() {
            world.take(ids[0], agent(2)).unwrap();
            world.settle();
            assert_eq!(world.owner(ids[1]), 0);
        }
    }
}

#[test]
fn an_answer_at_the_last_moment_lets_the_next_one_go() {
    let mut world = guarded(Strategy::default(), 1);
    let (first, second) = (world.question(), world.question());
    world.pass(MINUTE);
    for id in [first, second] {
        world.commit(id, &Command::Due { message: MessageId::NIL });
    }
    world.settle();
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    // On its way to be released, and answered first.
    world.reply(first);
    assert_eq!([first, second].map(|id| world.owner(id)), [1, 2]);
}
