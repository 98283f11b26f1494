//! Taking from the queue, out of turn: exactly one wins.

use super::closing::out_of_hours;
use crate::{
    actors::{
        engine::CommandError,
        testing::{ANA, EVA, House, LUIS, LUNCH, Plan, eventually, on_both},
    },
    domain::{
        agent::AgentCommand,
        campaign::OutOfHours,
        conversation::{Event, Phase},
        log::By,
        refusal::Refusal,
    },
    ids::{AgentId, ConversationId},
    wire::{
        conversation::Done,
        live::{Activity, Push, WaitingRow},
    },
};

pub(super) async fn take(house: &House, id: ConversationId, agent: AgentId) -> Result<Done, CommandError> {
    loop {
        match house.engine.take(id, agent, By::User(agent), None).await {
            // The Router has not heard yet that it waits.
            Err(CommandError::Refused(Refusal::WrongState("arrived"))) => {}
            other => return other,
        }
    }
}

async fn refusal(house: &House, id: ConversationId, agent: AgentId) -> Refusal {
    match take(house, id, agent).await {
        Err(CommandError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn waits(house: &House, from: &str) -> ConversationId {
    let id = house.says(from, "Hola").await;
    house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
    id
}

/// Nothing is offered: what waits can only be taken.
pub(super) fn closed() -> Plan {
    let mut plan = out_of_hours(OutOfHours::Queue);
    plan.sales.out_of_hours_message = None;
    plan
}

#[test]
fn of_all_who_take_it_at_once_one_gets_it_and_the_others_hear_who() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 10_000, ..closed() }).await;
        let (ana, luis) = (house.at_work(ANA).await, house.at_work(LUIS).await);
        for round in 0..10 {
            let id = waits(&house, &format!("visitor-{round}")).await;
            let (first, second) = futures_util::join!(take(&house, id, ANA), take(&house, id, LUIS));
            let winner = if first.is_ok() { &ana } else { &luis };
            assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
            winner.active(id).await;
            let loser = if first.is_ok() { LUIS } else { ANA };
            assert_eq!(refusal(&house, id, loser).await, Refusal::Gone { current: Some(winner.agent) });
            // Who has it gains nothing by taking it again.
            let seq = take(&house, id, winner.agent).await.unwrap().seq;
            assert_eq!(seq, house.stored(id).await.seq);
            let accepted = house.facts(id).await.into_iter().filter(|fact| matches!(fact, Event::OfferAccepted { .. }));
            assert_eq!(accepted.count(), 1);
        }
    });
}

#[test]
fn who_has_no_room_is_away_or_works_elsewhere_takes_nothing() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 25, ..closed() }).await;
        let (ana, eva) = (house.at_work(ANA).await, house.at_work(EVA).await);
        let (first, second) = (waits(&house, "visitor-1").await, waits(&house, "visitor-2").await);
        assert_eq!(refusal(&house, first, LUIS).await, Refusal::NotAvailable);
        assert_eq!(refusal(&house, first, eva.agent).await, Refusal::NotMember);
        take(&house, first, ANA).await.unwrap();
        ana.active(first).await;
        assert_eq!(refusal(&house, second, ANA).await, Refusal::AtCapacity);
        let luis = house.at_work(LUIS).await;
        house.agent(LUIS, AgentCommand::TakeBreak(LUNCH)).await.unwrap();
        luis.does(Activity::OnBreak { kind: LUNCH }).await;
        assert_eq!(refusal(&house, second, LUIS).await, Refusal::NotAvailable);
        // What was refused keeps nobody from taking it.
        house.agent(LUIS, AgentCommand::BeAvailable).await.unwrap();
        luis.does(Activity::Available).await;
        take(&house, second, LUIS).await.unwrap();
    });
}

#[test]
fn taking_what_is_offered_to_oneself_accepts_it_and_what_is_offered_to_another_is_gone() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "Hola").await;
        let offer = ana.offer(id).await;
        let _luis = house.at_work(LUIS).await;
        assert_eq!(refusal(&house, id, LUIS).await, Refusal::Gone { current: None });
        take(&house, id, ANA).await.unwrap();
        ana.active(id).await;
        assert!(house.facts(id).await.contains(&Event::OfferAccepted { offer, agent: ANA }));
    });
}

#[test]
fn an_agent_sees_what_waits_in_their_campaigns_until_somebody_has_it() {
    on_both(|scratch| async {
        let house = House::open(scratch, closed()).await;
        let _ana = house.at_work(ANA).await;
        let id = waits(&house, "visitor-1").await;
        let (hers, foreign) = (house.look_at_queue(ANA), house.look_at_queue(EVA));
        let rows = |frames: Vec<crate::wire::live::Frame>| {
            let mut rows: Vec<WaitingRow> = Vec::new();
            for frame in frames {
                match frame.push {
                    Push::Waiting(all) => rows = all,
                    Push::WaitingDelta(delta) => {
                        rows.retain(|row| {
                            !delta.waiting_gone.contains(&row.conversation)
                                && delta.waiting.iter().all(|other| other.conversation != row.conversation)
                        });
                        rows.extend(delta.waiting);
                    }
                    _ => {}
                }
            }
            rows
        };
        let shown = |text: &'static str| {
            let rows = rows(hers.frames());
            rows.into_iter().find(|row| row.preview.as_ref().is_some_and(|preview| preview.text == text))
        };
        let row = eventually("the row", async || shown("Hola")).await;
        assert_eq!((row.conversation, row.contact_name.as_str()), (id, "visitor-1"));
        house.says("visitor-1", "¿Hay alguien?").await;
        eventually("the last message", async || shown("¿Hay alguien?")).await;
        take(&house, id, ANA).await.unwrap();
        eventually("that it is gone", async || rows(hers.frames()).is_empty().then_some(())).await;
        let told = |push: &Push| matches!(push, Push::WaitingDelta(_)) || matches!(push, Push::Waiting(rows) if !rows.is_empty());
        assert!(!foreign.frames().iter().any(|frame| told(&frame.push)), "{:#?}", foreign.frames());
    });
}
