//! Offers: to whom, how they end, and who wins when several things happen at once (R4, R5).

use std::time::Duration;

use crate::{
    actors::{
        engine::CommandError,
        testing::{ANA, House, LUIS, LUNCH, Plan, on_both},
    },
    domain::{
        agent::AgentCommand,
        conversation::{Command, Event, OfferOutcome, Phase},
        refusal::Refusal,
    },
    wire::live::Activity,
};

/// Offers end after a second; one conversation fills an agent.
fn quick() -> Plan {
    let mut plan = Plan { capacity: 25, ..Plan::default() };
    plan.sales.offer_seconds = 1;
    plan.sales.permissions.close_unanswered = true;
    plan
}

#[test]
fn a_queued_conversation_is_offered_when_an_agent_frees_up() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 25, ..quick() }).await;
        let ana = house.at_work(ANA).await;
        let first = house.talk(&ana, "visitor-1").await;
        let second = house.says("visitor-2", "Hola").await;
        house.until_stored(second, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let close = Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false };
        house.command(ANA, first, close).await.unwrap();
        house.accept(&ana, second).await;
    });
}

#[test]
fn a_queued_conversation_is_offered_when_an_agent_comes_back_from_a_break() {
    on_both(|scratch| async {
        let house = House::open(scratch, quick()).await;
        let ana = house.at_work(ANA).await;
        house.agent(ANA, AgentCommand::TakeBreak(LUNCH)).await.unwrap();
        ana.does(Activity::OnBreak { kind: LUNCH }).await;
        let id = house.says("visitor-1", "Hola").await;
        house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        house.agent(ANA, AgentCommand::BeAvailable).await.unwrap();
        house.accept(&ana, id).await;
    });
}

#[test]
fn an_offer_that_is_missed_goes_to_the_next_agent_and_who_misses_two_is_not_responding() {
    on_both(|scratch| async {
        let house = House::open(scratch, quick()).await;
        let ana = house.at_work(ANA).await;
        let first = house.says("visitor-1", "Hola").await;
        ana.offer(first).await;
        let luis = house.at_work(LUIS).await;
        house.accept(&luis, first).await;
        assert_eq!(ana.gone(first).await, None);
        let second = house.says("visitor-2", "Hola").await;
        ana.offer(second).await;
        ana.does(Activity::NotResponding).await;
        house.until_stored(second, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        house.agent(ANA, AgentCommand::BeAvailable).await.unwrap();
        house.accept(&house.tab(ANA), second).await;
    });
}

#[test]
fn a_declined_offer_goes_to_the_next_agent() {
    on_both(|scratch| async {
        let house = House::open(scratch, quick()).await;
        let ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "Hola").await;
        let offer = ana.offer(id).await;
        let luis = house.at_work(LUIS).await;
        let decline = || Command::EndOffer { offer, agent: ANA, outcome: OfferOutcome::Declined };
        house.command(ANA, id, decline()).await.unwrap();
        house.accept(&luis, id).await;
        house.command(ANA, id, decline()).await.unwrap();
        let late = house.command(ANA, id, Command::Accept { offer, agent: ANA }).await;
        assert_eq!(late.unwrap_err(), CommandError::Refused(Refusal::OfferGone { offer, current: Some(LUIS) }));
    });
}

#[test]
fn exactly_one_of_accept_decline_and_time_out_wins() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 10_000, ..quick() }).await;
        let ana = house.at_work(ANA).await;
        for round in 0..8_u64 {
            let id = house.says(&format!("visitor-{round}"), "Hola").await;
            let offer = ana.offer(id).await;
            tokio::time::sleep(Duration::from_millis(if round % 2 == 0 { 0 } else { 940 + 10 * round })).await;
            let accept = house.command(ANA, id, Command::Accept { offer, agent: ANA });
            let decline = house.command(ANA, id, Command::EndOffer { offer, agent: ANA, outcome: OfferOutcome::Declined });
            let _ = futures_util::join!(accept, decline);
            let facts = house.facts(id).await;
            let ends = facts.iter().filter(|fact| match fact {
                Event::OfferAccepted { offer: of, .. } | Event::OfferEnded { offer: of, .. } => *of == offer,
                _ => false,
            });
            assert_eq!(ends.count(), 1, "{facts:#?}");
            house.agent(ANA, AgentCommand::BeAvailable).await.unwrap();
            let over = Command::Close { agent: ANA, force: true, disposition: None, wrap_up: false };
            house.command(ANA, id, over).await.unwrap();
        }
    });
}

#[test]
fn what_is_accepted_by_itself_never_shows_as_an_open_offer() {
    on_both(|scratch| async {
        let mut plan = quick();
        plan.sales.auto_accept = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "Hola").await;
        ana.active(id).await;
    });
}
