//! Promises, one by one.

use super::{CLOSED, agent, campaign, offer_id, plain_campaign, second, steps::small_desk};
use crate::{
    domain::{
        campaign::{Campaign, OutOfHours},
        channel::ChannelKind::{Api, Webchat},
        conversation::{Command, OfferOutcome, Phase, QueueReason},
        refusal::Refusal,
        routing::{Notice, Taking},
        schedule::Openness,
    },
    ids::ClientId,
};

#[test]
fn a_queued_conversation_is_offered_when_an_agent_frees_up() {
    let mut world = small_desk();
    let (first, next) = (world.chat(1), world.chat(1));
    assert_eq!(world.offered_to(first), Some(agent(1)));
    assert!(world.is_waiting(next));
    world.accept(first);
    assert!(world.is_waiting(next));
    world.close(first);
    assert_eq!(world.offered_to(next), Some(agent(1)));
}

#[test]
fn a_queued_conversation_is_offered_when_a_member_joins_or_an_agent_becomes_available() {
    let mut world = small_desk();
    let (first, next, last) = (world.chat(1), world.chat(1), world.chat(1));
    world.agent_is(agent(2), 25, true);
    world.join(agent(2), campaign(1), 0);
    world.settle();
    world.join(agent(3), campaign(1), 0);
    world.agent_is(agent(3), 25, true);
    world.settle();
    assert_eq!([first, next, last].map(|id| world.offered_to(id)), [1, 2, 3].map(|number| Some(agent(number))));
}

#[test]
fn a_campaign_with_more_weight_goes_first_and_within_it_the_oldest() {
    let mut world = small_desk();
    world.configure(Campaign { weight: 60, ..plain_campaign(campaign(2)) }, Openness::ALWAYS);
    world.join(agent(1), campaign(2), 0);
    let busy = world.chat(1);
    let (light, heavy, heavy_later) = (world.chat(1), world.chat(2), world.chat(2));
    world.accept(busy);
    world.close(busy);
    assert_eq!(world.offered_to(heavy), Some(agent(1)));
    assert!(world.is_waiting(light) && world.is_waiting(heavy_later));
}

#[test]
fn the_smallest_share_of_capacity_wins_within_the_lowest_tier() {
    let mut world = small_desk();
    world.agent_is(agent(1), 100, true);
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 200, true);
    world.join(agent(3), campaign(1), 5);
    world.agent_is(agent(3), 1_000, true);
    for expected in [1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2, 3] {
        let id = world.chat(1);
        assert_eq!(world.offered_to(id), Some(agent(expected)));
    }
}

#[test]
fn equally_loaded_agents_take_turns() {
    let mut world = small_desk();
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    for expected in [1, 2, 1, 2] {
        let id = world.chat(1);
        assert_eq!(world.offered_to(id), Some(agent(expected)));
        world.accept(id);
        world.close(id);
    }
}

#[test]
fn who_declined_is_asked_again_only_after_everybody_else() {
    let mut world = small_desk();
    for (who, penalty) in [(2, 0), (3, 9)] {
        world.join(agent(who), campaign(1), penalty);
        world.agent_is(agent(who), 25, true);
    }
    let id = world.chat(1);
    for expected in [1, 2, 3, 1] {
        assert_eq!(world.offered_to(id), Some(agent(expected)));
        world.decline(id);
    }
}

#[test]
fn a_lighter_conversation_passes_one_that_fits_nobody() {
    let mut world = small_desk();
    world.agent_is(agent(1), 20, true);
    let chat = world.chat(1);
    let light = world.arrive(campaign(1), 2, Api);
    world.settle();
    assert!(world.is_waiting(chat));
    assert_eq!(world.offered_to(light), Some(agent(1)));
}

#[test]
fn an_agent_gets_no_more_of_a_campaign_than_its_cap() {
    let mut world = small_desk();
    world.agent_is(agent(1), 100, true);
    world.configure(Campaign { max_per_agent: 1, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    let (first, next) = (world.chat(1), world.chat(1));
    assert_eq!(world.offered_to(first), Some(agent(1)));
    assert!(world.is_waiting(next));
    world.configure(Campaign { max_per_agent: 2, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    world.settle();
    assert_eq!(world.offered_to(next), Some(agent(1)));
}

#[test]
fn a_closed_or_disabled_campaign_keeps_its_queue_until_it_serves_again() {
    let mut world = small_desk();
    for (enabled, openness) in [(true, CLOSED), (false, Openness::ALWAYS)] {
        world.configure(Campaign { enabled, ..plain_campaign(campaign(1)) }, openness);
        let id = world.chat(1);
        assert!(world.is_waiting(id));
        world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
        world.settle();
        assert_eq!(world.offered_to(id), Some(agent(1)));
        world.accept(id);
        world.close(id);
    }
}

#[test]
fn a_conversation_for_an_unknown_campaign_waits_for_it() {
    let mut world = small_desk();
    world.join(agent(1), campaign(2), 0);
    let id = world.chat(2);
    assert!(world.is_waiting(id));
    assert_eq!(world.router.waiting(campaign(2)), 1);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    world.settle();
    assert_eq!(world.offered_to(id), Some(agent(1)));
}

#[test]
fn out_of_hours_ends_a_new_conversation_and_says_so_once_per_contact_and_closed_period() {
    let mut world = small_desk();
    let closing = Campaign {
        out_of_hours: OutOfHours::Close,
        out_of_hours_message: Some("We open at nine".to_owned()),
        ..plain_campaign(campaign(1))
    };
    world.configure(closing.clone(), Openness::Closed { since: Some(second(900)), until: None });
    let twice_at_once = [world.arrive(campaign(1), 1, Webchat), world.arrive(campaign(1), 1, Api)];
    assert!(twice_at_once.iter().all(|id| world.publish(*id)));
    world.settle();
    assert!(twice_at_once.iter().all(|id| world.state(*id).phase.is_ended()));
    world.chat(1);
    assert_eq!(world.notices, [Notice::OutOfHours]);
    world.configure(closing, Openness::Closed { since: Some(world.now), until: None });
    world.chat(1);
    assert_eq!(world.notices, [Notice::OutOfHours; 2]);
}

#[test]
fn news_older_than_an_offer_neither_cancels_nor_repeats_it() {
    let mut world = small_desk();
    world.agent_is(agent(1), 0, true);
    let id = world.chat(1);
    world.customer_writes(id);
    world.agent_is(agent(1), 100, true);
    assert_eq!(world.used(1), 25);
    world.publish(id);
    assert_eq!((world.used(1), world.router.observe().pending), (25, 1));
    world.settle();
    assert_eq!((world.used(1), world.offered_to(id)), (25, Some(agent(1))));
}

#[test]
fn an_offer_to_who_takes_a_break_goes_to_the_next() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    world.agent_is(agent(1), 25, false);
    world.settle();
    assert_eq!(world.offered_to(id), Some(agent(2)));
    assert_eq!(world.used(1), 0);
}

#[test]
fn a_lost_agent_keeps_what_is_answered_until_the_customer_writes_again() {
    let mut world = small_desk();
    world.agent_is(agent(1), 50, true);
    let (answered, unanswered) = (world.chat(1), world.chat(1));
    for id in [answered, unanswered] {
        world.accept(id);
        world.customer_writes(id);
    }
    world.reply(answered);
    world.agent_gone(agent(1), QueueReason::AgentLost);
    world.settle();
    assert!(world.is_waiting(unanswered));
    assert_eq!(world.state(answered).phase.owner(), Some(agent(1)));
    world.customer_writes(answered);
    world.settle();
    assert!(world.is_waiting(answered));
}

#[test]
fn who_signs_out_gives_everything_back_to_the_front_of_the_queue() {
    let mut world = small_desk();
    let held = world.chat(1);
    world.accept(held);
    world.reply(held);
    let later = world.chat(1);
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    world.settle();
    assert!(world.is_waiting(held) && world.is_waiting(later));
    world.agent_is(agent(1), 25, true);
    world.settle();
    assert_eq!(world.offered_to(held), Some(agent(1)));
    assert!(world.is_waiting(later));
    world.accept(held);
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    world.settle();
    assert!(world.is_waiting(held));
}

#[test]
fn a_lowered_limit_takes_nothing_away_and_offers_nothing_until_below() {
    let mut world = small_desk();
    world.agent_is(agent(1), 50, true);
    let (first, other, next) = (world.chat(1), world.chat(1), world.chat(1));
    world.accept(first);
    world.accept(other);
    world.agent_is(agent(1), 25, true);
    world.settle();
    assert!(world.router.observe().agents.iter().any(|it| it.over_capacity));
    world.close(first);
    assert!(world.is_waiting(next));
    world.close(other);
    assert_eq!(world.offered_to(next), Some(agent(1)));
}

#[test]
fn the_sender_of_a_transfer_keeps_its_capacity_until_the_target_accepts() {
    let mut world = small_desk();
    world.join(agent(2), campaign(1), 0);
    let id = world.chat(1);
    world.accept(id);
    world.agent_is(agent(2), 25, true);
    world.transfer(id, agent(2));
    assert_eq!((world.used(1), world.used(2)), (25, 25));
    world.settle();
    let next = world.chat(1);
    assert_eq!((world.used(1), world.used(2)), (25, 25));
    assert!(world.is_waiting(next));
    world.accept(id);
    assert_eq!(world.state(id).phase.owner(), Some(agent(2)));
    assert_eq!(world.offered_to(next), Some(agent(1)));
}

#[test]
fn a_transfer_that_is_refused_gives_the_capacity_back_at_once() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.accept(id);
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    world.transfer(id, agent(2));
    assert_eq!(world.used(2), 25);
    world.fail_to_take(id);
    let next = world.chat(1);
    assert_eq!(world.state(id).phase.owner(), Some(agent(1)));
    assert_eq!(world.offered_to(next), Some(agent(2)));
}

#[test]
fn a_transfer_that_was_over_before_it_was_heard_of_reserves_nothing() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.accept(id);
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    world.transfer(id, agent(2));
    world.take_decision(id);
    let offer = world.state(id).phase.offer().unwrap().id;
    world.commit(id, &Command::EndOffer { offer, agent: agent(2), outcome: OfferOutcome::Declined });
    world.publish_at_once(id);
    assert_eq!((world.used(1), world.used(2)), (25, 0));
}

#[test]
fn a_target_that_cannot_take_a_transfer_is_refused_before_anything_moves() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.accept(id);
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 24, true);
    world.join(agent(3), campaign(1), 0);
    world.agent_is(agent(4), 100, true);
    let now = world.now;
    let mut try_transfer = |from, to| world.router.reserve_transfer(id, agent(from), agent(to), offer_id(1_000), now);
    assert_eq!(try_transfer(1, 1), Err(Refusal::TransferTarget("same agent")));
    assert_eq!(try_transfer(1, 2), Err(Refusal::TransferTarget("full")));
    assert_eq!(try_transfer(1, 3), Err(Refusal::TransferTarget("absent")));
    assert_eq!(try_transfer(1, 4), Err(Refusal::TransferTarget("not a member")));
    assert_eq!(try_transfer(2, 4), Err(Refusal::NotOwner { current: Some(agent(1)) }));
    assert_eq!((world.used(1), world.used(2)), (25, 0));
}

#[test]
fn a_campaign_takes_transfers_only_of_its_client_while_it_serves() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.accept(id);
    let mut check = |configured: Option<Campaign>, openness| {
        if let Some(configured) = configured {
            world.configure(configured, openness);
        }
        world.router.check_transfer_campaign(id, campaign(2))
    };
    let plain = plain_campaign(campaign(2));
    assert_eq!(check(None, Openness::ALWAYS), Err(Refusal::TransferTarget("unknown")));
    let foreign = Campaign { client: ClientId::from_u128(2), ..plain.clone() };
    assert_eq!(check(Some(foreign), Openness::ALWAYS), Err(Refusal::TransferTarget("other client")));
    let disabled = Campaign { enabled: false, ..plain.clone() };
    assert_eq!(check(Some(disabled), Openness::ALWAYS), Err(Refusal::TransferTarget("disabled")));
    assert_eq!(check(Some(plain.clone()), CLOSED), Err(Refusal::TransferTarget("closed")));
    assert_eq!(check(Some(plain), Openness::ALWAYS), Ok(()));
}

#[test]
fn after_a_crash_open_offers_run_on_until_the_agent_is_known_not_to_be_there() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.forget_agent(agent(1));
    world.crash(0);
    world.settle();
    assert_eq!(world.offered_to(id), Some(agent(1)));
    world.agent_gone(agent(1), QueueReason::AgentLost);
    world.settle();
    assert!(world.is_waiting(id));
}

#[test]
fn a_membership_that_ends_takes_open_offers_along_and_leaves_what_is_held() {
    let mut world = small_desk();
    world.agent_is(agent(1), 50, true);
    let (held, offered) = (world.chat(1), world.chat(1));
    world.accept(held);
    world.leave(agent(1), campaign(1));
    world.settle();
    assert!(world.is_waiting(offered));
    assert_eq!(world.state(held).phase.owner(), Some(agent(1)));
    world.join(agent(1), campaign(1), 0);
    world.settle();
    assert_eq!(world.offered_to(offered), Some(agent(1)));
}

#[test]
fn what_is_snoozed_stays_with_who_went_home_until_it_wakes() {
    let mut world = small_desk();
    let id = world.chat(1);
    world.accept(id);
    let until = world.now + std::time::Duration::from_secs(100);
    world.does(id, &Command::Park { agent: agent(1), until });
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    world.settle();
    assert_eq!(world.state(id).phase, Phase::Parked { agent: agent(1), until });
    world.now = until;
    world.does(id, &Command::Due { message: crate::ids::MessageId::NIL });
    assert_eq!(world.state(id).phase, Phase::Queued { reason: QueueReason::AgentSignedOut });
}

#[test]
fn taking_out_of_turn_reserves_as_an_offer_does() {
    let mut world = small_desk();
    world.configure(plain_campaign(campaign(1)), CLOSED);
    let (first, second) = (world.chat(1), world.chat(1));
    let taken = world.take(second, agent(1));
    assert!(matches!(taken, Ok(Taking::Reserved(_))), "{taken:?}");
    // Before the conversation has heard of it, nobody else gets it and the agent is full.
    world.join(agent(2), campaign(1), 0);
    world.agent_is(agent(2), 25, true);
    assert_eq!(world.take(second, agent(2)), Err(Refusal::Gone { current: None }));
    assert_eq!(world.take(first, agent(1)), Err(Refusal::AtCapacity));
    assert_eq!(world.take(first, agent(3)), Err(Refusal::NotMember));
    world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
    world.settle();
    assert_eq!(world.state(second).phase, Phase::Active { agent: agent(1) });
    assert_eq!(world.offered_to(first), Some(agent(2)));
}
