//! Exactly one of accept, decline, timeout, withdrawal, close and transfer wins (reliability.md, R5).

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;

/// For each of the two races.
const INTERLEAVINGS: u32 = 50_000;

/// Runs the commands in that order at the moment the offer runs out and gives back what came of the offer. Who comes too
/// late must be told who owns the conversation.
fn race(case: &Case, contested: OfferId, order: &[Command]) -> Vec<Event> {
    let mut conversation = case.conversation.clone();
    let now = conversation.next_due().unwrap();
    let mut outcomes = vec![];
    for command in order {
        let events = match conversation.step(command, &case.rules, now) {
            Ok(events) => events,
            Err(Refusal::OfferGone { offer, current }) => {
                assert_eq!((offer, current), (contested, conversation.phase.owner()));
                continue;
            }
            Err(_) => continue,
        };
        for event in &events {
            conversation.apply(event, now);
        }
        outcomes.extend(events.into_iter().filter(|event| outcome_of(event) == Some(contested)));
    }
    outcomes
}

const fn outcome_of(event: &Event) -> Option<OfferId> {
    match event {
        Event::OfferAccepted { offer, .. } | Event::OfferEnded { offer, .. } => Some(*offer),
        _ => None,
    }
}

/// Every order is equally likely, and every kind of outcome must win now and then.
fn assert_exactly_one_wins(case: &Case, contested: u128, mut contenders: Vec<Command>, winners: &[&str]) {
    let mut random = StdRng::seed_from_u64(5);
    let mut won = std::collections::BTreeSet::new();
    for _ in 0..INTERLEAVINGS {
        contenders.shuffle(&mut random);
        let outcomes = race(case, offer_id(contested), &contenders);
        assert_eq!(outcomes.len(), 1, "{outcomes:?} after {contenders:#?}");
        won.insert(match &outcomes[0] {
            Event::OfferAccepted { .. } => "accepted".to_owned(),
            Event::OfferEnded { outcome, .. } => format!("{outcome:?}").to_lowercase(),
            other => panic!("{other:?}"),
        });
    }
    assert!(won.iter().eq(winners), "{won:?}");
}

#[test]
fn exactly_one_wins_the_race_for_an_offer() {
    let case = offered(rules());
    let contenders = vec![
        accept(1, ANA),
        accept(1, ANA),
        accept(1, BEN),
        end_offer(1, ANA, OfferOutcome::Declined),
        end_offer(1, ANA, OfferOutcome::Missed),
        end_offer(1, ANA, OfferOutcome::Withdrawn),
        DUE,
        Command::Close { agent: SUPERVISOR, force: true, disposition: None, wrap_up: false },
        Command::GiveUp(Ending::Abandoned),
        make_offer(2, BEN, &case),
        receive(2),
    ];
    assert_exactly_one_wins(&case, 1, contenders, &["accepted", "declined", "missed", "withdrawn"]);
}

#[test]
fn exactly_one_wins_the_race_for_a_transfer() {
    let case = transferring(rules());
    let contenders = vec![
        accept(2, BEN),
        accept(2, BEN),
        accept(2, CARLA),
        end_offer(2, BEN, OfferOutcome::Declined),
        end_offer(2, BEN, OfferOutcome::Withdrawn),
        DUE,
        Command::Release { agent: ANA, reason: QueueReason::AgentSignedOut },
        close(ANA),
        transfer_to(3, CARLA),
        Command::Transfer { agent: ANA, to: TransferTo::Campaign(SUPPORT) },
        reply(2, ANA),
    ];
    assert_exactly_one_wins(&case, 2, contenders, &["accepted", "declined", "missed", "withdrawn"]);
}
