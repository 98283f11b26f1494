//! Supervisors give what waits to an agent or move it to another queue.

use std::time::Duration;

use super::{CLOSED, agent, campaign, plain_campaign, steps::small_desk, world::World};
use crate::{
    domain::{
        campaign::Campaign,
        conversation::{Phase, QueueReason},
        refusal::Refusal,
        routing::Assigning,
        schedule::Openness,
        waiting::Limits,
    },
    ids::ConversationId,
};

fn is_over(world: &mut World, id: ConversationId, who: u8) -> bool {
    let Ok(Assigning::Reserved(_, assignment)) = world.assign(id, agent(who)) else { panic!("{id} is not given to {who}") };
    world.settle();
    assert_eq!(world.state(id).phase, Phase::Active { agent: agent(who) });
    assignment.over_capacity
}

#[test]
fn what_is_assigned_may_be_more_than_there_is_room_for_and_is_flagged_then() {
    let mut world = small_desk();
    world.configure(Campaign { enabled: false, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    let (first, second, third) = (world.chat(1), world.chat(1), world.chat(1));
    assert!(!is_over(&mut world, first, 1));
    assert!(is_over(&mut world, second, 1));
    assert_eq!(world.used(1), 50);
    // Above the limit nothing is offered until there is room for it.
    world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
    world.close(first);
    assert!(world.is_waiting(third));
    world.close(second);
    assert_eq!(world.offered_to(third), Some(agent(1)));
}

#[test]
fn only_a_member_who_is_at_work_is_assigned_anything() {
    let mut world = small_desk();
    world.agent_is(agent(1), 0, true);
    world.agent_is(agent(2), 100, true);
    let id = world.chat(1);
    assert_eq!(world.assign(id, agent(2)), Err(Refusal::NotMember));
    world.join(agent(3), campaign(1), 0);
    assert_eq!(world.assign(id, agent(3)), Err(Refusal::NotAvailable), "nobody has said whether they are there");
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    assert_eq!(world.assign(id, agent(1)), Err(Refusal::NotAvailable));
    world.agent_is(agent(1), 0, false);
    assert_eq!(world.assign(id, agent(1)), Err(Refusal::NotAvailable), "on a break");
    world.agent_is(agent(1), 0, true);
    assert!(is_over(&mut world, id, 1));
    assert_eq!(world.assign(id, agent(1)), Ok(Assigning::Theirs));
    world.join(agent(2), campaign(1), 0);
    assert_eq!(world.assign(id, agent(2)), Err(Refusal::Gone { current: Some(agent(1)) }));
}

#[test]
fn what_is_on_offer_can_be_given_to_somebody_else_and_the_first_commit_wins() {
    let mut world = small_desk();
    world.join(agent(2), campaign(1), 9);
    world.agent_is(agent(2), 25, true);
    let id = world.chat(1);
    assert_eq!(world.offered_to(id), Some(agent(1)));
    assert!(!is_over(&mut world, id, 2));
    assert_eq!((world.used(1), world.used(2)), (0, 25));
    // Here the agent is faster.
    let other = world.chat(1);
    assert_eq!(world.offered_to(other), Some(agent(1)));
    let offer = *world.state(other).phase.offer().unwrap();
    assert!(matches!(world.assign(other, agent(2)), Ok(Assigning::Reserved(..))));
    world.commit(other, &crate::domain::conversation::Command::Accept { offer: offer.id, agent: agent(1) });
    world.settle();
    assert_eq!(world.state(other).phase, Phase::Active { agent: agent(1) });
    assert_eq!((world.used(1), world.used(2)), (25, 25));
}

#[test]
fn what_is_moved_keeps_its_arrival_and_never_more_go_than_there_is_room_for() {
    let mut world = small_desk();
    world.agent_is(agent(1), 0, true);
    let limits = Limits { max_waiting: Some(2), ..Limits::default() };
    world.configure(Campaign { limits, ..plain_campaign(campaign(2)) }, Openness::ALWAYS);
    world.configure(plain_campaign(campaign(3)), CLOSED);
    let [first, second, third] = [0; 3].map(|_| world.chat(1));
    let arrived_at = world.state(second).arrived_at;
    let refused = |why| Err(Refusal::TransferTarget(why));
    assert_eq!(world.move_to(first, campaign(1)), refused("same campaign"));
    assert_eq!(world.move_to(first, campaign(3)), refused("closed"));
    world.pass(Duration::from_secs(5));
    let newest = world.chat(2);
    assert_eq!(world.move_to(second, campaign(2)), Ok(()));
    // Its place is taken while it is on its way.
    assert_eq!(world.move_to(third, campaign(2)), refused("full"));
    world.settle();
    let moved = world.state(second);
    assert_eq!((moved.campaign, moved.arrived_at), (campaign(2), arrived_at));
    assert_eq!(moved.phase, Phase::Queued { reason: QueueReason::Moved });
    assert_eq!(world.router.front(campaign(2), 9), [second, newest]);
    // It is served there by who works there.
    world.join(agent(2), campaign(2), 0);
    world.agent_is(agent(2), 25, true);
    world.settle();
    assert_eq!(world.offered_to(second), Some(agent(2)));
}
