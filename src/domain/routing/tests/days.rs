//! Whole simulated days, decided as a scan of everything would decide them.

use super::{naive::Naive, offer_id};
use crate::{
    clock::Timestamp,
    domain::{
        routing::{Decision, Input, Routing},
        strategy::{Mode, Order, Policy, Strategy},
    },
    ids::Id,
    simulation::{Asked, Run, Witness, scenario::Scenario},
};

/// The model, told everything the router is told.
#[derive(Default)]
struct Beside {
    naive: Naive,
    offers: u128,
    compared: usize,
}

impl Witness for Beside {
    fn loads(&mut self, begins: bool) {
        if begins {
            self.naive = Naive::default();
        }
        self.naive.loading = begins;
    }

    fn hears(&mut self, _: Timestamp, input: &Input) {
        self.naive.learn(input.clone());
    }

    fn decides(&mut self, _: &Routing, now: Timestamp, decisions: &[Decision]) {
        if self.naive.loading {
            return assert!(decisions.is_empty());
        }
        let mut offers = self.offers;
        let expected = self.naive.decide(now, &mut || {
            offers += 1;
            offer_id(offers)
        });
        assert_eq!(decisions, expected);
        self.offers = offers;
        self.compared += decisions.len();
    }

    fn reserves(&mut self, now: Timestamp, asked: Asked, made: bool) {
        let Asked { conversation, from, to, offer } = asked;
        self.offers = offer.uuid().as_u128();
        let expected = match from {
            Some(from) => self.naive.reserve_transfer(conversation, from, to, offer, now),
            None => self.naive.reserve_take(conversation, to, offer, now),
        };
        assert_eq!(made, expected, "{asked:?}");
    }
}

#[test]
fn a_day_is_decided_as_a_scan_of_everything_would() {
    for (number, order) in (0..).zip(Order::ALL) {
        let mut scenario = Scenario::of_size(100, 70, number);
        scenario.agents.retain(|group| group.campaigns[0] == "1");
        scenario.agents.iter_mut().for_each(|group| group.count = 2);
        let policies = [Policy::Fifo, Policy::Strict, Policy::Aged, Policy::Deadline];
        let mode = Mode::ALL[usize::try_from(number).unwrap() % Mode::ALL.len()];
        let policy = policies[usize::try_from(number).unwrap() % policies.len()];
        for campaign in &mut scenario.campaigns {
            campaign.strategy = Strategy { mode, order, policy, ..Strategy::default() };
            campaign.transfers = 0.2;
        }
        // Chance is the model's own.
        let mut plan = scenario.plan().unwrap();
        plan.seed = 0;
        let mut run = Run::new(&plan, Beside::default());
        while run.step() {
            if run.steps().is_multiple_of(200) {
                run.restart();
            }
        }
        assert!(run.witness.compared >= 60, "{order:?}, {mode:?}: {}", run.witness.compared);
    }
}
