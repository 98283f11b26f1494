//! What members may see: delays and kinds of channels.

use std::time::Duration;

use super::{agent, campaign, plain_campaign, steps::desk};
use crate::domain::{
    campaign::{Campaign, Member},
    channel::{ChannelKind, KindSet},
    refusal::Refusal,
    routing::{Hindrance, Verdict},
    schedule::Openness,
    service::Service,
    strategy::{Mode, Strategy},
};
use crate::ids::OfferId;

#[test]
fn a_member_with_a_delay_gets_only_what_has_waited_for_it() {
    let mut world = desk(Strategy::default(), 1, 25);
    world.seat(Member { delay_seconds: 30, ..Member::new(agent(1), campaign(1)) });
    let id = world.chat(1);
    world.pass(Duration::from_secs(29));
    assert!(world.is_waiting(id));
    assert_eq!(world.router.next_alarm(), Some(world.state(id).arrived_at + Duration::from_secs(30)));
    world.pass(Duration::from_secs(1));
    world.settle();
    assert_eq!(world.offered_to(id), Some(agent(1)));
    assert_eq!(world.router.next_alarm(), None);
    // Without a delay, or with a longer one, it is another matter at once.
    let next = world.chat(1);
    world.join(agent(2), campaign(1), 9);
    world.agent_is(agent(2), 25, true);
    world.settle();
    assert_eq!(world.offered_to(next), Some(agent(2)));
}

#[test]
fn what_one_member_cannot_see_yet_does_not_hide_what_they_can() {
    let mut world = desk(Strategy::default(), 1, 25);
    world.seat(Member { delay_seconds: 30, ..Member::new(agent(1), campaign(1)) });
    let old = world.chat(1);
    world.pass(Duration::from_secs(40));
    world.settle();
    world.accept(old);
    let (ripe, young) = (world.chat(1), world.chat(1));
    world.pass(Duration::from_secs(28));
    world.close(old);
    assert!(world.is_waiting(ripe) && world.is_waiting(young));
    world.pass(Duration::from_secs(1));
    world.settle();
    assert_eq!(world.offered_to(ripe), Some(agent(1)));
}

#[test]
fn a_member_receives_only_the_kinds_that_they_may() {
    let mut world = desk(Strategy { mode: Mode::Nopause, ..Strategy::default() }, 2, 100);
    let receive = |kind: ChannelKind| [kind].into_iter().collect::<KindSet>();
    world.seat(Member { receive: receive(ChannelKind::Api), ..Member::new(agent(1), campaign(1)) });
    world.seat(Member { receive: receive(ChannelKind::Webchat), ..Member::new(agent(2), campaign(1)) });
    let api = world.arrive(campaign(1), 2, ChannelKind::Api);
    let (one, other) = (world.chat(1), world.chat(1));
    assert_eq!([api, one, other].map(|id| world.offered_to(id)), [1, 2, 2].map(|who| Some(agent(who))));
    world.agent_is(agent(2), 100, false);
    world.settle();
    assert!(world.is_waiting(one) && world.is_waiting(other));
}

/// S4-35: who was a member before the rule came, or left their voice campaign.
#[test]
fn who_belongs_to_no_voice_campaign_receives_nothing_where_that_is_asked() {
    let mut world = desk(Strategy::default(), 2, 100);
    let voice_only =
        |on: bool| Campaign { service: Service { voice_members_only: on, ..Service::default() }, ..plain_campaign(campaign(1)) };
    world.speaks(agent(2), true);
    world.configure(voice_only(true), Openness::ALWAYS);
    let ids = [(); 3].map(|()| world.chat(1));
    assert_eq!(ids.map(|id| world.offered_to(id)), [Some(agent(2)); 3]);
    world.speaks(agent(2), false);
    let left = world.chat(1);
    assert!(world.is_waiting(left), "nobody belongs");
    let why = world.why(left);
    assert!(why.candidates.iter().all(|one| one.verdict == Verdict::Not(Hindrance::NoVoice)), "{why:?}");
    // Neither by a transfer, nor by taking it.
    let offer = OfferId::from_u128(99);
    let now = world.now;
    assert_eq!(world.router.reserve_take(left, agent(1), offer, now), Err(Refusal::NotMember));
    world.speaks(agent(1), true);
    world.settle();
    assert_eq!(world.offered_to(left), Some(agent(1)), "the telephone system says so now");
    let last = world.chat(1);
    world.accept(last);
    world.speaks(agent(1), false);
    world.configure(voice_only(false), Openness::ALWAYS);
    assert_ne!(world.served(), 0, "the rule is gone");
}

#[test]
fn an_offer_of_a_mail_stays_open_for_longer() {
    let mut world = desk(Strategy::default(), 1, 100);
    let times = [(ChannelKind::Webchat, 20), (ChannelKind::Api, 20), (ChannelKind::Email, 60)].map(|(kind, seconds)| {
        let id = world.arrive(campaign(1), 1, kind);
        world.settle();
        let deadline = world.state(id).phase.offer().and_then(|offer| offer.deadline).unwrap();
        (deadline.since(world.now), Duration::from_secs(seconds))
    });
    assert!(times.iter().all(|(open, asked)| open == asked), "{times:?}");
}
