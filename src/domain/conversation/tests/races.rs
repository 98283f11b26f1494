//! Exactly one of accept, decline, timeout, withdrawal, close and transfer wins (reliability.md, R5).

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;

/// For each of the two races.
const INTERLEAVINGS: u32 = 50_000;

/// Runs the commands in that order at the moment the offer runs out, or at once, and gives back what happened. Who comes too
/// late must be told who owns the conversation.
fn race(case: &Case, contested: OfferId, order: &[Command]) -> Vec<Event> {
    let mut conversation = case.conversation.clone();
    let now = conversation.next_due().unwrap_or(case.now);
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
        outcomes.extend(events);
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
        let mut outcomes = race(case, offer_id(contested), &contenders);
        outcomes.retain(|event| outcome_of(event) == Some(offer_id(contested)));
        assert_eq!(outcomes.len(), 1, "{outcomes:?} after {contenders:#?}");
        won.insert(match &outcomes[0] {
            Event::OfferAccepted { .. } => "accepted".to_owned(),
            Event::OfferEnded { outcome, .. } => format!("{outcome:?}").to_lowercase(),
            other => panic!("{other:?}"),
        });
    }
    assert!(won.iter().eq(winners), "{won:?}");
}

fn by(number: u128, agent: AgentId) -> Offer {
    Offer { id: offer_id(number), agent, deadline: Some(START + Duration::from_secs(600)) }
}

fn take(number: u128, agent: AgentId) -> Command {
    Command::Take(by(number, agent))
}

fn assign(number: u128, agent: AgentId) -> Command {
    Command::Assign { offer: by(number, agent), assignment: Assignment { over_capacity: false } }
}

fn moved(ticket: u128) -> Command {
    Command::Move { ticket: offer_id(ticket), campaign: SUPPORT }
}

/// An agent who takes it, another one, a supervisor who gives it away, one who moves it, and an offer that is accepted.
#[test]
fn exactly_one_gets_what_waits() {
    let case = waiting(rules());
    let mut contenders =
        vec![take(1, ANA), take(2, BEN), assign(3, CARLA), moved(4), make_offer(5, ANA, &case), accept(5, ANA), receive(2)];
    let mut random = StdRng::seed_from_u64(5);
    let mut won = std::collections::BTreeSet::new();
    for _ in 0..INTERLEAVINGS {
        contenders.shuffle(&mut random);
        let happened = race(&case, offer_id(5), &contenders);
        let winners = happened.iter().filter_map(|event| match event {
            Event::OfferAccepted { offer, .. } => Some(*offer),
            _ => None,
        });
        let winners: Vec<_> = winners.collect();
        assert_eq!(winners.len(), 1, "{winners:?} after {contenders:#?}");
        won.insert(winners[0]);
    }
    assert_eq!(won.into_iter().collect::<Vec<_>>(), [1, 2, 3, 5].map(offer_id));
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
        take(3, CARLA),
        assign(4, BEN),
        moved(5),
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
        take(4, CARLA),
        assign(5, CARLA),
        moved(6),
        reply(2, ANA),
    ];
    assert_exactly_one_wins(&case, 2, contenders, &["accepted", "declined", "missed", "withdrawn"]);
}
