//! How the cost of a decision grows from a hundred waiting items to a hundred thousand: every agent in 8 campaigns, campaigns of
//! very different sizes (Zipf), 30 % of the items ask for two skills. Prints; run it optimised:
//! `cargo test --lib --release routing::tests::growth -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use smallvec::{SmallVec, smallvec};

use super::{plain_campaign, second};
use crate::{
    domain::{
        campaign::{InForce, Member},
        channel::ChannelKind,
        conversation::{Offer, Priority},
        routing::{Day, Decision, Input, ItemView, Routing, Stand},
        schedule::Openness,
        skill::{Demand, SkillLevel},
    },
    ids::{AgentId, CampaignId, ClientId, ContactId, ConversationId, OfferId, SkillId},
};

const MEMBERSHIPS: usize = 8;
/// Four web chats fill an agent.
const PLACES: usize = 4;
/// What agents are good at; each can do [`KNOWN`] of it, so that hardly any item is for nobody.
const SKILLS: u128 = 12;
const KNOWN: usize = 9;

/// So many at once.
#[derive(Clone, Copy)]
struct Size {
    agents: usize,
    campaigns: usize,
    waiting: usize,
}

struct Center {
    router: Routing,
    random: StdRng,
    /// Σ 1/k up to each campaign: the chance of each.
    weights: Vec<f64>,
    now: i64,
    items: u128,
    offers: u128,
    held: Vec<(ConversationId, Offer, CampaignId)>,
    campaigns_of: Vec<CampaignId>,
}

impl Center {
    fn new(size: Size) -> Self {
        let weights = (1..=size.campaigns).scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        });
        let mut center = Self {
            router: Routing::loading(1),
            random: StdRng::seed_from_u64(1),
            weights: weights.collect(),
            now: 0,
            items: 0,
            offers: 0,
            held: vec![],
            campaigns_of: vec![],
        };
        for number in 1..=size.campaigns {
            let campaign = plain_campaign(CampaignId::from_u128(number as u128));
            center.learn(Input::Campaign(Box::new(InForce { campaign, openness: Openness::ALWAYS, day: Day::default() })));
        }
        for agent in (1..=size.agents).map(|number| AgentId::from_u128(number as u128)) {
            let known = rand::seq::index::sample(&mut center.random, SKILLS as usize, KNOWN);
            center.learn(Input::Skills { agent, skills: known.into_iter().map(|number| skill(number as u128, 5)).collect() });
            for _ in 0..MEMBERSHIPS {
                let campaign = center.any_campaign();
                center.learn(Input::Member(Member::new(agent, campaign)));
            }
            center.learn(Input::Agent { agent, capacity: 100, available: true });
        }
        center
    }

    /// The larger, the likelier.
    fn any_campaign(&mut self) -> CampaignId {
        let drawn = self.random.random_range(0.0..self.weights[self.weights.len() - 1]);
        CampaignId::from_u128(self.weights.partition_point(|weight| *weight <= drawn) as u128 + 1)
    }

    /// What it took, index upkeep and all, and how many offers came of it.
    #[allow(clippy::disallowed_methods, reason = "measures real time; nothing is decided by it")]
    fn learn(&mut self, input: Input) -> (Duration, usize) {
        self.now += 1;
        let (now, offers, mut out) = (second(self.now), &mut self.offers, vec![]);
        let start = Instant::now();
        self.router.apply(input, now, &mut || counted(offers), &mut out);
        let took = start.elapsed();
        (took, self.take(&out))
    }

    fn take(&mut self, decisions: &[Decision]) -> usize {
        let before = self.held.len();
        for decision in decisions {
            if let Decision::Offer { conversation, offer, .. } = decision {
                let number = usize::try_from(crate::ids::Id::uuid(*conversation).as_u128()).unwrap();
                self.held.push((*conversation, *offer, self.campaigns_of[number - 1]));
            }
        }
        self.held.len() - before
    }

    fn view(&self, id: ConversationId, campaign: CampaignId, seq: u64, stand: Stand, ended: SmallVec<[OfferId; 1]>) -> Input {
        let arrived_at = second(i64::try_from(crate::ids::Id::uuid(id).as_u128()).unwrap());
        let (client, contact, kind) = (ClientId::NIL, ContactId::NIL, ChannelKind::Webchat);
        let (priority, since, passed_over) = (Priority::Normal, arrived_at, smallvec![]);
        let demand = demand(crate::ids::Id::uuid(id).as_u128());
        let view = ItemView {
            id,
            seq,
            client,
            campaign,
            contact,
            kind,
            arrived_at,
            priority,
            since,
            unanswered: true,
            passed_over,
            demand,
            overdue: false,
            finishing: None,
            stand,
        };
        Input::Conversation { view, ended_offers: ended }
    }

    /// A new item waits.
    fn arrives(&mut self) -> (Duration, usize) {
        self.items += 1;
        let campaign = self.any_campaign();
        self.campaigns_of.push(campaign);
        self.learn(self.view(ConversationId::from_u128(self.items), campaign, 1, Stand::Waiting, smallvec![]))
    }

    /// Somebody accepts what they were offered, which frees nothing and is told first; then it ends, which frees them.
    fn frees(&mut self) -> (Duration, Duration, usize) {
        while self.held.is_empty() {
            self.arrives();
        }
        let picked = self.random.random_range(0..self.held.len());
        let (id, offer, campaign) = self.held.swap_remove(picked);
        let held = Stand::Held { agent: offer.agent, weightless: false, parked: false };
        let (accepted, _) = self.learn(self.view(id, campaign, 3, held, smallvec![offer.id]));
        let (freed, offers) = self.learn(self.view(id, campaign, 4, Stand::Gone, smallvec![]));
        (accepted, freed, offers)
    }

    fn finish_loading(&mut self) {
        let (now, mut offers, mut out) = (second(self.now), self.offers, vec![]);
        self.router.finish_loading(now, &mut || counted(&mut offers), &mut out);
        self.offers = offers;
        self.take(&out);
    }
}

fn skill(number: u128, level: u8) -> SkillLevel {
    SkillLevel { skill: SkillId::from_u128(number + 1), level }
}

/// Three of ten items ask for two skills.
fn demand(item: u128) -> Option<Box<Demand>> {
    let (one, other) = (item / 10 % SKILLS, item / 10 / SKILLS % (SKILLS - 1));
    let mut skills = vec![skill(one, 3), skill((one + 1 + other) % SKILLS, 3)];
    skills.sort_unstable();
    (item % 10 < 3).then(|| Box::new(Demand { skills, ..Demand::default() }))
}

fn counted(offers: &mut u128) -> OfferId {
    *offers += 1;
    OfferId::from_u128(*offers)
}

/// Median and 99th percentile.
fn quantiles(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort_unstable();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

/// An agent frees up, an item arrives, an offer is accepted.
fn measure(size: Size, decisions: usize) -> [(Duration, Duration); 3] {
    let mut full = Center::new(size);
    for _ in 0..size.waiting + size.agents * PLACES {
        full.arrives();
    }
    full.finish_loading();
    let (mut freed, mut accepted) = (vec![], vec![]);
    while freed.len() < decisions {
        let (accepting, took, offers) = full.frees();
        accepted.push(accepting);
        freed.extend((offers > 0).then_some(took));
        full.arrives();
    }
    let mut roomy = Center::new(size);
    roomy.finish_loading();
    while roomy.held.len() < size.agents * PLACES / 2 {
        roomy.arrives();
    }
    let mut placed = vec![];
    while placed.len() < decisions {
        let (took, offers) = roomy.arrives();
        placed.extend((offers > 0).then_some(took));
        roomy.frees();
    }
    [quantiles(freed), quantiles(placed), quantiles(accepted)]
}

#[test]
#[ignore = "measures; asserts only that the time does not explode"]
fn a_decision_grows_at_most_logarithmically() {
    let mut medians = vec![];
    println!(
        "{:>8} {:>7} {:>9}   {:>30}   {:>30}   {:>30}",
        "waiting",
        "agents",
        "campaigns",
        "an agent frees up: p50, p99",
        "an item arrives: p50, p99",
        "an offer is accepted: p50, p99"
    );
    for waiting in [100, 1_000, 10_000, 100_000] {
        let size = Size { agents: waiting / 10, campaigns: waiting / 20, waiting };
        let [freed, placed, accepted] = measure(size, 20_000);
        println!(
            "{waiting:>8} {:>7} {:>9}   {:>30}   {:>30}   {:>30}",
            size.agents,
            size.campaigns,
            format!("{freed:?}"),
            format!("{placed:?}"),
            format!("{accepted:?}")
        );
        medians.push([freed.0, placed.0]);
    }
    for kind in [0, 1] {
        let (first, last) = (medians[0][kind].as_secs_f64(), medians[3][kind].as_secs_f64());
        println!(
            "{}: {:.1} times as long with 1,000 times as many",
            ["an agent frees up", "an item arrives"][kind],
            last / first
        );
        assert!(last / first < 30.0 && last < 1e-3);
    }
}
