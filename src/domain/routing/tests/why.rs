//! Explanations say what the model says, and what is decided next.

use std::{collections::BTreeMap, time::Duration};

use super::{CLOSED, agent, campaign, plain_campaign, second, steps::desk, world::World};
use crate::{
    domain::{
        campaign::{Campaign, Member},
        channel::{ChannelKind, KindSet},
        conversation::{Event, Offer, QueueReason},
        routing::{Behind, Choice, Decision, Explanation, Gathers, Hindrance, Nobody, Place, Routing, Stand, Verdict},
        schedule::Openness,
        strategy::{Mode, Order, Strategy},
    },
    ids::{AgentId, ConversationId, OfferId},
};

fn eligible(explanation: &Explanation) -> Vec<AgentId> {
    explanation.candidates.iter().filter(|it| matches!(it.verdict, Verdict::Eligible { .. })).map(|it| it.agent).collect()
}

impl World {
    pub(super) fn why(&self, id: ConversationId) -> Explanation {
        let why = listed(&self.router, id, usize::MAX, usize::MAX, None).unwrap();
        assert_eq!(listed(&self.router, id, 2, usize::MAX, None).unwrap(), why, "in slices");
        why
    }

    fn verdict(&self, id: ConversationId, who: u8) -> Verdict {
        let one = listed(&self.router, id, 3, usize::MAX, Some(agent(who))).unwrap();
        assert_eq!(one.counts, self.why(id).counts);
        one.candidates[0].verdict
    }

    /// Of everything that waits: who is eligible is whom the model allows, in the order in which it would ask them; and
    /// nobody is, unless the campaign offers nothing to anybody.
    pub(super) fn check_explanations(&self) {
        for view in self.naive.views.values().filter(|view| self.naive.waits(view)) {
            let why = self.why(view.id);
            if why.nobody == Some(Nobody::Unknown) {
                assert!(why.candidates.is_empty());
                continue;
            }
            let members = self.naive.members_of(view.campaign);
            let listed: Vec<_> = why.candidates.iter().map(|it| it.agent).collect();
            let sorted = |mut agents: Vec<AgentId>| {
                agents.sort_unstable();
                agents
            };
            assert_eq!(sorted(listed), members, "every member once");
            let suits = |agent: &AgentId| self.naive.may_take(*agent, view) && self.naive.suits(*agent, view, self.now);
            let free = |agent: &AgentId| suits(agent) && !self.naive.is_delayed(*agent, view, self.now);
            let allowed: Vec<_> = members.iter().copied().filter(free).collect();
            assert_eq!(sorted(eligible(&why)), allowed, "{why:?}");
            let delayed = |agent: &AgentId| self.naive.may_take(*agent, view) && self.naive.is_delayed(*agent, view, self.now);
            for candidate in &why.candidates {
                let waits = matches!(candidate.verdict, Verdict::Not(Hindrance::Delay { .. }));
                assert_eq!(waits, delayed(&candidate.agent), "{candidate:?}");
            }
            assert_eq!(why.counts.values().sum::<u32>(), why.members);
            if self.naive.offers_in(view.campaign) {
                assert_eq!((why.nobody, eligible(&why)), (None, vec![]), "it waits although somebody could have it");
            } else {
                assert!(why.nobody.is_some());
            }
            if !why.strategy.mode.rings() {
                let line = self.naive.line_of_agents(view, self.now);
                assert!(eligible(&why).starts_with(&line), "{why:?}, {line:?}");
                for candidate in &why.candidates {
                    if let Verdict::Eligible { measure, .. } = candidate.verdict {
                        assert_eq!(measure, self.naive.measure(view, candidate.agent, self.now));
                    }
                }
            }
            let Place::Waiting { position: Some(position), of } = why.place else { panic!("{:?}", why.place) };
            let front = self.router.front(view.campaign, usize::MAX);
            assert_eq!(front[usize::try_from(position).unwrap() - 1], view.id);
            assert_eq!(front.len(), usize::try_from(of).unwrap());
        }
    }
}

/// Of a router that has decided nothing yet: who would get what waits, and who would be next.
pub(super) fn announced(router: &Routing) -> BTreeMap<ConversationId, Vec<AgentId>> {
    let waiting = router.items.values().filter(|item| item.view.stand == Stand::Waiting);
    waiting.map(|item| (item.view.id, eligible(&listed(router, item.view.id, 1, 2, None).unwrap()))).collect()
}

/// The first offer goes to whom the explanation named first.
pub(super) fn check_announced(announced: &BTreeMap<ConversationId, Vec<AgentId>>, decisions: &[Decision]) {
    let first = decisions.iter().find_map(|decision| match decision {
        Decision::Offer { conversation, offer, choice } => Some((conversation, offer, choice)),
        _ => None,
    });
    if let Some((conversation, offer, choice)) = first {
        let line = &announced[conversation];
        assert_eq!(line.first(), Some(&offer.agent));
        if let Some(runner_up) = choice.runner_up {
            assert_eq!(line.get(1), Some(&runner_up.agent));
        }
    }
}

pub(super) fn choices(world: &World) -> Vec<(AgentId, Choice)> {
    let offers = world.decisions.iter().filter_map(|decision| match decision {
        Decision::Offer { offer, choice, .. } => Some((offer.agent, **choice)),
        _ => None,
    });
    offers.collect()
}

#[test]
fn a_decision_records_whom_it_compared_by_what() {
    let mut world = desk(Strategy::default(), 2, 100);
    world.join(agent(3), campaign(1), 5);
    world.agent_is(agent(3), 100, true);
    world.agent_is(agent(2), 200, true);
    world.chat(1);
    world.chat(1);
    let (winner, choice) = choices(&world)[1];
    assert_eq!((winner, choice.eligible, choice.among, choice.revision, choice.penalty), (agent(2), 3, 2, 7, 0));
    let text = serde_json::to_value(choice).unwrap();
    assert_eq!((&text["measure"]["used"], &text["measure"]["limit"]), (&0.into(), &200.into()), "{text}");
    assert_eq!((&text["runner_up"]["agent"], &text["runner_up"]["measure"]["used"]), (&agent(1).to_string().into(), &25.into()));
    assert!(text.to_string().len() < 400, "it stays small: {text}");
}

#[test]
fn a_draw_and_a_last_resort_are_recorded_as_such() {
    let mut world = desk(Strategy { order: Order::Random, ..Strategy::default() }, 2, 100);
    let id = world.chat(1);
    world.decline(id);
    world.decline(id);
    let choices = choices(&world);
    let drawn: Vec<_> = choices.iter().map(|(_, it)| (it.drawn.unwrap().of, it.eligible, it.again)).collect();
    assert_eq!(drawn, [(2, 2, false), (1, 2, false), (2, 2, true)]);
    assert!(choices.iter().all(|(_, it)| it.runner_up.is_none()));
}

#[test]
fn what_was_written_before_choices_were_recorded_still_loads() {
    let offer = Offer { id: OfferId::from_u128(1), agent: agent(1), deadline: Some(second(20)) };
    let before = serde_json::json!({ "kind": "offered", "data": offer });
    let event: Event = serde_json::from_value(before.clone()).unwrap();
    assert_eq!(event, Event::Offered { offer, why: None, assigned: None });
    assert_eq!(serde_json::to_value(&event).unwrap(), before);
    let mut world = desk(Strategy::default(), 2, 100);
    world.chat(1);
    let event = Event::Offered { offer, why: Some(Box::new(choices(&world)[0].1)), assigned: None };
    let stored = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&stored).unwrap(), event);
}

#[test]
fn nobody_gets_it_for_as_many_reasons_as_there_are_members() {
    let mut world = World::new();
    world.configure(Campaign { max_per_agent: 1, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    (1..=7).for_each(|number| world.join(agent(number), campaign(1), 0));
    let apis = [ChannelKind::Api].into_iter().collect::<KindSet>();
    world.seat(Member { receive: apis, ..Member::new(agent(1), campaign(1)) });
    world.agent_is(agent(1), 100, true);
    world.agent_gone(agent(3), QueueReason::AgentSignedOut);
    world.agent_is(agent(4), 100, false);
    world.agent_is(agent(5), 100, true);
    let held = world.chat(1);
    world.accept(held);
    world.agent_is(agent(6), 60, true);
    world.call(agent(6), Some(40));
    world.seat(Member { delay_seconds: 60, ..Member::new(agent(7), campaign(1)) });
    world.agent_is(agent(7), 100, true);
    let id = world.chat(1);
    let arrived_at = world.view(id).arrived_at;
    let no = |hindrance| Verdict::Not(hindrance);
    let expected = [
        no(Hindrance::Kind),
        no(Hindrance::Unknown),
        no(Hindrance::SignedOut),
        no(Hindrance::Away),
        no(Hindrance::MaxPerAgent { holding: 1, most: 1 }),
        no(Hindrance::Capacity { used: 0, call: 40, limit: 60, needed: 25 }),
        no(Hindrance::Delay { until: arrived_at + Duration::from_secs(60) }),
    ];
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|who| world.verdict(id, who)), expected);
    assert_eq!(world.why(id).place, Place::Waiting { position: Some(1), of: 1 });
    assert!(world.why(id).counts.values().all(|count| *count == 1));
    assert_eq!(listed(&world.router, id, 1, 3, None).unwrap().candidates.len(), 3);
    // Once it is offered, it says to whom; once it is held, nobody is asked about.
    world.pass(Duration::from_secs(60));
    world.settle();
    assert_eq!((world.why(id).place, world.verdict(id, 7)), (Place::Offered { agent: agent(7) }, Verdict::Offered));
    world.accept(id);
    assert_eq!((world.why(id).place, world.why(id).members), (Place::Held { agent: agent(7), asleep: false }, 0));
    world.close(id);
    assert_eq!(listed(&world.router, id, 9, 9, None), None);
}

#[test]
fn who_is_taken_up_is_told_by_what() {
    let mut world = desk(Strategy { mode: Mode::Interaction, ..Strategy::default() }, 2, 100);
    world.configure(
        Campaign { strategy: Strategy { mode: Mode::Incall, ..Strategy::default() }, ..plain_campaign(campaign(2)) },
        Openness::ALWAYS,
    );
    world.join(agent(1), campaign(2), 0);
    world.join(agent(3), campaign(2), 0);
    world.agent_is(agent(3), 100, true);
    world.call(agent(3), Some(0));
    let (exclusive, other) = (world.chat(2), world.chat(1));
    assert_eq!([exclusive, other].map(|id| world.offered_to(id)), [1, 2].map(|who| Some(agent(who))));
    let (here, there) = (world.chat(1), world.chat(2));
    assert_eq!(world.verdict(here, 1), Verdict::Not(Hindrance::TakenUp));
    assert_eq!(world.verdict(here, 2), Verdict::Not(Hindrance::Busy { interactions: 1 }));
    assert_eq!(world.verdict(there, 3), Verdict::Not(Hindrance::InCall));
}

#[test]
fn a_campaign_that_offers_nothing_says_so_and_who_would_have_it() {
    let mut world = desk(Strategy::default(), 2, 100);
    world.join(agent(3), campaign(1), 4);
    world.agent_is(agent(3), 100, true);
    world.agent_is(agent(1), 50, true);
    world.configure(plain_campaign(campaign(1)), CLOSED);
    let id = world.chat(1);
    assert_eq!(world.why(id).nobody, Some(Nobody::Closed { until: None }));
    assert_eq!(eligible(&world.why(id)), [1, 2, 3].map(agent));
    let behind = |who| if let Verdict::Eligible { behind, .. } = world.verdict(id, who) { behind } else { None };
    assert_eq!([1, 2, 3].map(behind), [None, None, Some(Behind::Penalty)]);
    world.configure(Campaign { enabled: false, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    assert_eq!(world.why(id).nobody, Some(Nobody::Disabled));
    let rings = Strategy { mode: Mode::Ringall, ..Strategy::default() };
    world.configure(Campaign { strategy: rings, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    assert_eq!(world.why(id).nobody, Some(Nobody::Rings));
    world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
    world.settle();
    assert_eq!(world.offered_to(id), Some(agent(1)));
}

/// All slices of one explanation, without anything in between.
fn listed(router: &Routing, id: ConversationId, slice: usize, limit: usize, only: Option<AgentId>) -> Option<Explanation> {
    let mut gathering = router.explain(id)?;
    loop {
        match router.gather(gathering, slice) {
            Gathers::More(more) => gathering = more,
            Gathers::Done(gathered) => return gathered.map(|it| it.list(limit, only)),
        }
    }
}

#[test]
fn what_changes_between_two_slices_is_as_it_was_looked_at() {
    let mut world = desk(Strategy::default(), 4, 25);
    let ids: Vec<_> = (0..5).map(|_| world.chat(1)).collect();
    let more = |world: &World, gathering| {
        let Gathers::More(gathering) = world.router.gather(gathering, 2) else { panic!("it has more members") };
        gathering
    };
    let done = |world: &World, gathering| {
        let Gathers::Done(gathered) = world.router.gather(gathering, 9) else { panic!("it has no more members") };
        gathered.map(|it| it.list(9, None))
    };
    let begun = || world.router.explain(ids[4]).unwrap();
    let half = more(&world, begun());
    let (moved, ended, offered) = (more(&world, begun()), more(&world, begun()), more(&world, begun()));
    world.agent_gone(agent(1), QueueReason::AgentSignedOut);
    world.leave(agent(4), campaign(1));
    let why = done(&world, half).unwrap();
    let verdicts: Vec<_> = why.candidates.iter().map(|it| (it.agent, it.verdict.code())).collect();
    assert_eq!(verdicts, [1, 2, 3].map(|who| (agent(who), "capacity")), "{why:?}");
    // Offered meanwhile: to somebody who was looked at before.
    world.agent_is(agent(2), 50, true);
    world.settle();
    let why = done(&world, offered).unwrap();
    assert_eq!((why.place, why.candidates[0].verdict), (Place::Offered { agent: agent(2) }, Verdict::Offered));
    // In another campaign meanwhile: its members count.
    world.join(agent(3), campaign(2), 0);
    world.configure(plain_campaign(campaign(2)), CLOSED);
    world.configure(plain_campaign(campaign(2)), Openness::ALWAYS);
    world.accept(ids[4]);
    world.transfer_to_campaign(ids[4], campaign(2));
    world.settle();
    let why = done(&world, moved).unwrap();
    assert_eq!((why.campaign, why.members), (campaign(2), 1));
    world.agent_is(agent(3), 100, true);
    world.settle();
    world.accept(ids[4]);
    world.close(ids[4]);
    assert_eq!(done(&world, ended), None);
}
