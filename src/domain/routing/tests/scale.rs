//! What a decision costs at the size of routing.md: 10,000 agents, 5,000 campaigns, 100,000 waiting items. Prints; run it
//! optimised: `cargo test --lib --release routing::tests::scale -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use smallvec::{SmallVec, smallvec};

use super::{CLOSED, plain_campaign, second};
use crate::{
    domain::{
        campaign::{Campaign, InForce, Member},
        channel::ChannelKind,
        conversation::{Offer, Priority},
        routing::{Day, Decision, Gathers, Input, ItemView, Routing, SLICE, Stand},
        schedule::Openness,
        strategy::{Order, Policy, Strategy},
    },
    ids::{AgentId, CampaignId, ClientId, ContactId, ConversationId, OfferId},
};

const AGENTS: u128 = 10_000;
const CAMPAIGNS: u128 = 5_000;
const WAITING: u128 = 100_000;
/// Four web chats of 25 units fill an agent.
const PLACES: u128 = 4 * AGENTS;

struct Shift {
    router: Routing,
    random: StdRng,
    offers: u128,
    items: u128,
    now: i64,
    open: Vec<(ConversationId, Offer, CampaignId)>,
    took: Vec<Duration>,
    decisions: usize,
}

impl Shift {
    /// Every agent is a member of this many campaigns.
    fn new(memberships: u128, strategy: Strategy) -> Self {
        let mut shift = Self {
            router: Routing::loading(1),
            random: StdRng::seed_from_u64(1),
            offers: 0,
            items: 0,
            now: 0,
            open: vec![],
            took: vec![],
            decisions: 0,
        };
        for number in 1..=CAMPAIGNS {
            let campaign = Campaign { strategy, ..plain_campaign(CampaignId::from_u128(number)) };
            shift.tell(Input::Campaign(Box::new(InForce { campaign, openness: Openness::ALWAYS, day: Day::default() })));
        }
        for agent in (1..=AGENTS).map(AgentId::from_u128) {
            for _ in 0..memberships {
                let campaign = shift.any_campaign();
                shift.tell(Input::Member(Member::new(agent, campaign)));
            }
            shift.tell(Input::Agent { agent, capacity: 100, available: true });
        }
        shift
    }

    fn any_campaign(&mut self) -> CampaignId {
        CampaignId::from_u128(self.random.random_range(1..=CAMPAIGNS))
    }

    fn arrive(&mut self) {
        self.items += 1;
        let (id, campaign) = (ConversationId::from_u128(self.items), self.any_campaign());
        self.tell(conversation(id, campaign, 1, Stand::Waiting, smallvec![]));
    }

    #[allow(clippy::disallowed_methods, reason = "measures real time; nothing is decided by it")]
    fn tell(&mut self, input: Input) {
        self.now += 1;
        let (now, mut out, offers) = (second(self.now), vec![], &mut self.offers);
        let mut next = || {
            *offers += 1;
            OfferId::from_u128(*offers)
        };
        let start = Instant::now();
        self.router.apply(input, now, &mut next, &mut out);
        self.took.push(start.elapsed());
        self.keep(out);
    }

    fn keep(&mut self, out: Vec<Decision>) {
        self.decisions += out.len();
        for decision in out {
            if let Decision::Offer { conversation, offer, .. } = decision {
                let campaign = self.router.items[&conversation].view.campaign;
                self.open.push((conversation, offer, campaign));
            }
        }
    }

    #[allow(clippy::disallowed_methods, reason = "measures real time; nothing is decided by it")]
    fn finish_loading(&mut self) {
        let (now, mut out, mut offers) = (second(self.now), vec![], self.offers);
        let start = Instant::now();
        let mut next = || {
            offers += 1;
            OfferId::from_u128(offers)
        };
        self.router.finish_loading(now, &mut next, &mut out);
        let took = start.elapsed();
        println!(
            "  finish loading: {} decisions in {took:?}, {:?} each",
            out.len(),
            took / u32::try_from(out.len().max(1)).unwrap()
        );
        self.offers = offers;
        self.keep(out);
    }

    /// One conversation is accepted and closes, which frees its agent; another one arrives.
    fn turn_over(&mut self) {
        let picked = self.random.random_range(0..self.open.len());
        let (id, offer, campaign) = self.open.swap_remove(picked);
        let stand = Stand::Held { agent: offer.agent, weightless: false, parked: false };
        self.tell(conversation(id, campaign, 3, stand, smallvec![offer.id]));
        self.tell(conversation(id, campaign, 4, Stand::Gone, smallvec![]));
        self.arrive();
    }

    fn report(&mut self, what: &str) {
        let total: Duration = self.took.iter().sum();
        self.took.sort_unstable();
        let at = |share: usize| self.took[(self.took.len() - 1) * share / 1_000];
        println!(
            "  {what}: {} inputs, {} decisions, {:.2} µs per decision; one input p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
            self.took.len(),
            self.decisions,
            total.as_secs_f64() * 1e6 / f64::from(u32::try_from(self.decisions.max(1)).unwrap()),
            at(500),
            at(990),
            at(999),
            at(1_000),
        );
        self.took.clear();
        self.decisions = 0;
    }
}

fn conversation(id: ConversationId, campaign: CampaignId, seq: u64, stand: Stand, ended_offers: SmallVec<[OfferId; 1]>) -> Input {
    let arrived_at = second(i64::try_from(crate::ids::Id::uuid(id).as_u128()).unwrap());
    let view = ItemView {
        id,
        seq,
        client: ClientId::NIL,
        campaign,
        contact: ContactId::NIL,
        kind: ChannelKind::Webchat,
        arrived_at,
        priority: Priority::Normal,
        since: arrived_at,
        unanswered: true,
        passed_over: smallvec![],
        demand: None,
        overdue: false,
        finishing: None,
        stand,
    };
    Input::Conversation { view, ended_offers }
}

#[test]
#[ignore = "measures; asserts only that the time does not explode"]
fn a_decision_costs_microseconds_at_full_size() {
    for memberships in [5, 20, 100] {
        println!("{memberships} campaigns per agent");
        let mut shift = Shift::new(memberships, Strategy::default());
        (0..WAITING + PLACES).for_each(|_| shift.arrive());
        shift.finish_loading();
        shift.took.clear();
        shift.decisions = 0;
        (0..50_000).for_each(|_| shift.turn_over());
        shift.report("full queues, an agent frees up");

        let mut shift = Shift::new(memberships, Strategy::default());
        shift.finish_loading();
        (0..PLACES / 2).for_each(|_| shift.arrive());
        shift.took.clear();
        shift.decisions = 0;
        (0..50_000).for_each(|_| shift.turn_over());
        let median = shift.took.len() / 2;
        shift.report("half the places free, an item arrives");
        assert!(shift.took.get(median).is_none_or(|took| *took < Duration::from_millis(1)));
    }
}

#[test]
#[ignore = "measures; asserts only that the time does not explode"]
fn every_order_and_policy_costs_about_the_same() {
    let orders = Order::ALL.map(|order| Strategy { order, ..Strategy::default() });
    let policies = [Policy::Strict, Policy::Aged, Policy::Deadline].map(|policy| Strategy { policy, ..Strategy::default() });
    for strategy in orders.into_iter().chain(policies) {
        println!("20 campaigns per agent, {:?}, {:?}", strategy.order, strategy.policy);
        let mut shift = Shift::new(20, strategy);
        (0..WAITING + PLACES).for_each(|_| shift.arrive());
        shift.finish_loading();
        shift.took.clear();
        shift.decisions = 0;
        (0..20_000).for_each(|_| shift.turn_over());
        let median = shift.took.len() / 2;
        shift.report("full queues, an agent frees up");
        assert!(shift.took.get(median).is_none_or(|took| *took < Duration::from_millis(1)));
    }
}

#[test]
#[ignore = "measures; asserts only that the time does not explode"]
#[allow(clippy::disallowed_methods, reason = "measures real time; nothing is decided by it")]
fn a_slice_of_an_explanation_costs_microseconds_at_full_size() {
    for (what, openness) in [("nobody may", Openness::ALWAYS), ("everybody may", CLOSED)] {
        let (place, mut out, mut number) = (CampaignId::from_u128(1), vec![], 0);
        let mut router = Routing::loading(1);
        let mut tell = |input| router.apply(input, second(1), &mut || OfferId::NIL, &mut out);
        let campaign = plain_campaign(place);
        tell(Input::Campaign(Box::new(InForce { campaign, openness, day: Day::default() })));
        for agent in (1..=AGENTS).map(AgentId::from_u128) {
            tell(Input::Member(Member::new(agent, place)));
            tell(Input::Agent { agent, capacity: if openness.is_open() { 0 } else { 100 }, available: true });
        }
        while number < 20_000 {
            number += 1;
            tell(conversation(ConversationId::from_u128(number), place, 1, Stand::Waiting, smallvec![]));
        }
        // Ten thousand are before it.
        let mut gathering = router.explain(ConversationId::from_u128(10_000)).unwrap();
        let mut took = vec![];
        let gathered = loop {
            let start = Instant::now();
            let gathers = router.gather(gathering, SLICE);
            took.push(start.elapsed());
            match gathers {
                Gathers::More(more) => gathering = more,
                Gathers::Done(gathered) => break gathered.unwrap(),
            }
        };
        let (last, start) = (*took.last().unwrap(), Instant::now());
        let explanation = gathered.list(200, None);
        let sorted = start.elapsed();
        took.sort_unstable();
        println!(
            "{what}: {} members in {} slices: p50 {:?}, p99 {:?}, max {:?}; the last {last:?}; sorted elsewhere in {sorted:?}",
            explanation.members,
            took.len(),
            took[took.len() / 2],
            took[took.len() * 99 / 100],
            took[took.len() - 1],
        );
        assert!(took[took.len() / 2] < Duration::from_millis(5));
    }
}
