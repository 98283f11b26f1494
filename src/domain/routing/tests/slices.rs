//! Another order for a long queue: in slices, with nobody served out of turn meanwhile, and nothing forgotten.

use smallvec::smallvec;

use super::{agent, campaign, plain_campaign, second};
use crate::{
    domain::{
        campaign::{Campaign, InForce, Member},
        channel::ChannelKind,
        conversation::Priority,
        routing::{Day, Decision, Input, ItemView, Routing, Stand, queue::SLICE},
        schedule::Openness,
        strategy::{Policy, Strategy},
    },
    ids::{ClientId, ContactId, ConversationId, OfferId},
};

const MANY: usize = 3 * SLICE;

struct Desk {
    router: Routing,
    offers: u128,
}

impl Desk {
    /// Many wait, nobody is there; the last one is urgent.
    fn new() -> Self {
        let mut desk = Self { router: Routing::loading(1), offers: 0 };
        desk.by(Policy::Fifo);
        desk.tell(Input::Member(Member::new(agent(1), campaign(1))));
        desk.router.finish_loading(second(0), &mut || OfferId::NIL, &mut vec![]);
        for number in 1..=MANY {
            let arrived_at = second(i64::try_from(number).unwrap());
            let view = ItemView {
                id: id(number),
                seq: 1,
                client: ClientId::NIL,
                campaign: campaign(1),
                contact: ContactId::NIL,
                kind: ChannelKind::Webchat,
                arrived_at,
                priority: if number == MANY { Priority::Urgent } else { Priority::Normal },
                since: arrived_at,
                unanswered: true,
                passed_over: smallvec![],
                demand: None,
                overdue: false,
                finishing: None,
                stand: Stand::Waiting,
            };
            assert_eq!(desk.tell(Input::Conversation { view, ended_offers: smallvec![] }), []);
        }
        desk
    }

    fn tell(&mut self, input: Input) -> Vec<ConversationId> {
        let (mut out, offers) = (vec![], &mut self.offers);
        let mut next = || {
            *offers += 1;
            OfferId::from_u128(*offers)
        };
        self.router.apply(input, second(1_000_000), &mut next, &mut out);
        let offered = |decision: &Decision| match decision {
            Decision::Offer { conversation, .. } => Some(*conversation),
            _ => None,
        };
        out.iter().filter_map(offered).collect()
    }

    fn by(&mut self, policy: Policy) -> Vec<ConversationId> {
        let strategy = Strategy { policy, ..Strategy::default() };
        let campaign = Campaign { strategy, ..plain_campaign(campaign(1)) };
        self.tell(Input::Campaign(Box::new(InForce { campaign, openness: Openness::ALWAYS, day: Day::default() })))
    }

    /// Time is told as often as the router wants it to be.
    fn finish(&mut self) -> (usize, Vec<ConversationId>) {
        let (mut slices, mut offered) = (0, vec![]);
        while self.router.next_alarm().is_some_and(|at| at <= second(1_000_000)) {
            assert_eq!(offered, [], "served before everything is in its place");
            offered = self.tell(Input::Time);
            slices += 1;
        }
        (slices, offered)
    }
}

fn id(number: usize) -> ConversationId {
    ConversationId::from_u128(number as u128)
}

#[test]
fn nobody_is_served_out_of_turn_while_a_long_queue_gets_another_order() {
    let mut desk = Desk::new();
    assert_eq!(desk.by(Policy::Strict), []);
    assert_eq!(desk.tell(Input::Agent { agent: agent(1), capacity: 25, available: true }), []);
    assert_eq!(desk.finish(), (3, vec![id(MANY)]));
}

#[test]
fn an_order_that_changes_again_begins_again() {
    let mut desk = Desk::new();
    desk.by(Policy::Strict);
    desk.tell(Input::Time);
    desk.by(Policy::Fifo);
    assert_eq!(desk.tell(Input::Agent { agent: agent(1), capacity: 25, available: true }), []);
    assert_eq!(desk.finish(), (3, vec![id(1)]));
    assert_eq!(desk.router.front(campaign(1), 2), [id(2), id(3)]);
}

#[test]
fn what_ends_meanwhile_is_gone() {
    let mut desk = Desk::new();
    desk.by(Policy::Strict);
    desk.tell(Input::Time);
    for number in [1, MANY] {
        let gone = ItemView { seq: 2, stand: Stand::Gone, ..desk.router.items[&id(number)].view.clone() };
        desk.tell(Input::Conversation { view: gone, ended_offers: smallvec![] });
    }
    desk.tell(Input::Agent { agent: agent(1), capacity: 25, available: true });
    assert_eq!(desk.finish().1, [id(2)]);
    assert_eq!(desk.router.waiting(campaign(1)), MANY - 3, "two ended, one is offered");
}
