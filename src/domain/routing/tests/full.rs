//! How much may wait, and closing time.

use super::{CLOSED, agent, campaign, plain_campaign, steps::small_desk, world::World};
use crate::{
    domain::{
        campaign::Campaign,
        conversation::{Ending, Phase, QueueReason},
        refusal::Refusal,
        routing::Notice,
        schedule::Openness,
        waiting::{AtClosing, Limits, WhenFull},
    },
    ids::ConversationId,
};

fn limited(limits: Limits) -> Campaign {
    Campaign { limits, ..plain_campaign(campaign(1)) }
}

/// Two wait, as many as may; campaign 2 takes what flows over. Nobody is at work.
fn full(when_full: WhenFull) -> World {
    let mut world = World::new();
    let (most, message) = (Some(2), Some("Please wait".to_owned()));
    let limits = Limits { max_waiting: most, when_full, full_message: message, overflow: Some(campaign(2)), ..Limits::default() };
    world.configure(limited(limits), Openness::ALWAYS);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    // At once: who is just coming in counts.
    let ids = [world.arrive(campaign(1), 1, crate::domain::channel::ChannelKind::Webchat), world.chat(1)];
    world.settle();
    assert!(ids.iter().all(|id| world.is_waiting(*id)) && world.notices.is_empty());
    world
}

fn ending(world: &World, id: ConversationId) -> Option<Ending> {
    if let Phase::Ended { ending, .. } = world.state(id).phase { Some(ending) } else { None }
}

#[test]
fn when_it_is_full_it_turns_away_or_passes_on_or_takes_a_message() {
    let mut world = full(WhenFull::Reject);
    let id = world.chat(1);
    assert_eq!((ending(&world, id), world.notices.as_slice()), (Some(Ending::Full), &[Notice::Full][..]));

    let mut world = full(WhenFull::LeaveMessage);
    let id = world.chat(1);
    assert!(world.is_waiting(id));
    assert_eq!(world.notices, [Notice::Full]);

    let mut world = full(WhenFull::Overflow);
    let id = world.chat(1);
    assert_eq!(world.state(id).phase, Phase::Queued { reason: QueueReason::Overflowed });
    assert_eq!((world.state(id).campaign, world.notices.as_slice()), (campaign(2), &[][..]));
    // Where it would go is closed: it stays, told so.
    world.configure(plain_campaign(campaign(2)), CLOSED);
    let id = world.chat(1);
    assert_eq!((world.state(id).campaign, world.notices.as_slice()), (campaign(1), &[Notice::Full][..]));
}

#[test]
fn there_is_room_again_when_somebody_is_served() {
    let mut world = full(WhenFull::Reject);
    world.join(agent(1), campaign(1), 0);
    world.agent_is(agent(1), 25, true);
    world.settle();
    let id = world.chat(1);
    assert!(world.is_waiting(id));
}

#[test]
fn a_full_campaign_takes_no_transfer() {
    let mut world = full(WhenFull::LeaveMessage);
    world.join(agent(1), campaign(2), 0);
    world.agent_is(agent(1), 25, true);
    let id = world.chat(2);
    world.accept(id);
    assert_eq!(world.router.check_transfer_campaign(id, campaign(1)), Err(Refusal::TransferTarget("full")));
}

/// One is held, two wait; then campaign 1 closes.
fn closes(at_closing: AtClosing) -> (World, [ConversationId; 3]) {
    let mut world = small_desk();
    let message = Some("Until tomorrow".to_owned());
    let limits = Limits { at_closing, closing_message: message, overflow: Some(campaign(2)), ..Limits::default() };
    world.configure(limited(limits.clone()), Openness::ALWAYS);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    let ids = [world.chat(1), world.chat(1), world.chat(1)];
    world.accept(ids[0]);
    world.pass(std::time::Duration::from_secs(1));
    world.configure(limited(limits), Openness::Closed { since: Some(world.now), until: None });
    world.settle();
    (world, ids)
}

#[test]
fn at_closing_time_what_waits_is_kept_or_ended_or_passed_on_and_agents_finish_what_they_have() {
    let (world, ids) = closes(AtClosing::Keep);
    assert!(world.is_waiting(ids[1]) && world.is_waiting(ids[2]) && world.notices.is_empty());

    let (mut world, ids) = closes(AtClosing::Close);
    assert_eq!([ids[1], ids[2]].map(|id| ending(&world, id)), [Some(Ending::OutOfHours); 2]);
    assert_eq!((world.notices.as_slice(), world.state(ids[0]).phase.owner()), (&[Notice::Closing; 2][..], Some(agent(1))));
    // Who writes later, and who comes back later, waits for the opening.
    let late = world.chat(1);
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    world.settle();
    assert!(world.is_waiting(late) && world.is_waiting(ids[0]));

    let (world, ids) = closes(AtClosing::Overflow);
    assert_eq!([ids[1], ids[2]].map(|id| world.state(id).campaign), [campaign(2); 2]);
}

#[test]
fn a_router_that_starts_after_closing_time_makes_up_for_it() {
    let (mut world, ids) = closes(AtClosing::Keep);
    let limits = Limits { at_closing: AtClosing::Close, ..Limits::default() };
    let since = world.now;
    world.crash(0);
    world.configure(limited(limits), Openness::Closed { since: Some(since), until: None });
    world.crash(1);
    world.settle();
    assert_eq!([ids[1], ids[2]].map(|id| ending(&world, id)), [Some(Ending::OutOfHours); 2]);
}

#[test]
fn a_long_queue_is_dismissed_in_parts() {
    let mut world = World::new();
    world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
    let ids: Vec<_> = (0..30).map(|_| world.chat(1)).collect();
    let limits = Limits { at_closing: AtClosing::Close, ..Limits::default() };
    world.pass(std::time::Duration::from_secs(1));
    world.configure(limited(limits), Openness::Closed { since: Some(world.now), until: None });
    world.settle();
    assert!(ids.iter().all(|id| ending(&world, *id) == Some(Ending::OutOfHours)));
    assert_eq!(world.router.next_alarm(), None);
}
