//! Chance: the distribution that routing.md asks for, and the same again from the same seed.

use super::agent;
use crate::{
    domain::{
        channel::{ChannelKind, KindSet},
        routing::{
            draw::Draw,
            order::{Key, Tier},
            ready::{Gate, Ready, Search, Standing},
        },
        strategy::Order,
    },
    ids::ConversationId,
};

const DRAWS: u128 = 30_000;

fn standing(penalty: u8) -> Standing {
    let gate = Gate { kinds: KindSet::ALL, delay: 0 };
    Standing { tier: Tier { pass: 0, penalty }, gate, key: Key::Chance }
}

/// Which of these agents is drawn, time after time; the penalty of agent n is the nth. Some passed it over.
fn draws(order: Order, penalties: &[u8], passed: &[u8], seed: u64) -> Vec<usize> {
    let mut ready = Ready::new(order);
    let number = |index: usize| u8::try_from(index + 1).unwrap();
    for (index, penalty) in penalties.iter().enumerate() {
        ready.replace(agent(number(index)), None, Some(standing(*penalty)));
    }
    let passed: Vec<_> = passed.iter().map(|who| (agent(*who), standing(penalties[usize::from(*who) - 1]))).collect();
    let draw = |id| {
        let draw = Draw::new(seed, ConversationId::from_u128(id), 2);
        let search = Search { kind: ChannelKind::Api, seen: 0, passed: &passed, limit: 0, last: None, draw };
        let best = ready.best(&search).unwrap();
        (0..penalties.len()).find(|index| agent(number(*index)) == best.agent).unwrap()
    };
    (0..DRAWS).map(draw).collect()
}

fn drawn(order: Order, penalties: &[u8], passed: &[u8]) -> Vec<f64> {
    let mut counts = vec![0.0; penalties.len()];
    draws(order, penalties, passed, 1).into_iter().for_each(|index| counts[index] += 1.0 / DRAWS as f64);
    counts
}

fn close(counts: &[f64], expected: &[f64]) {
    assert!(counts.iter().zip(expected).all(|(one, other)| (one - other).abs() < 0.012), "{counts:?} {expected:?}");
}

#[test]
fn random_gives_everybody_of_the_lowest_tier_the_same_chance() {
    close(&drawn(Order::Random, &[0, 0, 0, 0, 7], &[]), &[0.25, 0.25, 0.25, 0.25, 0.0]);
    close(&drawn(Order::Random, &[0, 0, 0, 0, 7], &[2, 3]), &[0.5, 0.0, 0.0, 0.5, 0.0]);
    close(&drawn(Order::Random, &[0, 7, 7], &[1]), &[0.0, 0.5, 0.5]);
}

/// As the definition says it: a draw for each agent, the smallest wins.
fn by_definition(penalties: &[u8]) -> Vec<f64> {
    let mut draw = Draw::new(9, ConversationId::NIL, 0);
    let mut counts = vec![0.0; penalties.len()];
    for _ in 0..DRAWS {
        let drawn: Vec<_> = penalties.iter().map(|penalty| draw.share() * 1000.0 * (f64::from(*penalty) + 1.0)).collect();
        let smallest = drawn.iter().copied().fold(f64::MAX, f64::min);
        counts[drawn.iter().position(|one| *one == smallest).unwrap()] += 1.0 / DRAWS as f64;
    }
    counts
}

#[test]
fn wrandom_is_distributed_as_a_draw_for_each_agent() {
    for penalties in [&[0, 0, 0][..], &[0, 1, 1, 5], &[3, 0, 100, 3, 3, 0, 9]] {
        close(&drawn(Order::Wrandom, penalties, &[]), &by_definition(penalties));
    }
    close(&drawn(Order::Wrandom, &[0, 1, 1], &[1]), &[0.0, 0.5, 0.5]);
}

#[test]
fn the_same_seed_draws_the_same_and_another_one_does_not() {
    let drawn = |seed| draws(Order::Random, &[0; 7], &[], seed);
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}
