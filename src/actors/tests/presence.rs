//! Agents come, go, pause and are paused; what they have goes back when they do not come back.

use std::time::Duration;

use crate::{
    actors::{
        engine::CommandError,
        testing::{ANA, House, LUIS, LUNCH, Plan, SOL, on_both},
    },
    domain::{
        agent::AgentCommand,
        conversation::{Command, Event, OfferOutcome, Phase, QueueReason},
        log::By,
        refusal::Refusal,
    },
    ids::BreakId,
    wire::live::Activity,
};

fn withdrawn(facts: &[Event]) -> usize {
    facts.iter().filter(|fact| matches!(fact, Event::OfferEnded { outcome: OfferOutcome::Withdrawn, .. })).count()
}

#[test]
fn when_the_last_tab_is_gone_offers_are_withdrawn_and_after_the_grace_the_unanswered_goes_to_the_front() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 50, grace: Duration::from_millis(300), ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let unanswered = house.talk(&ana, "visitor-1").await;
        let answered = house.talk(&ana, "visitor-2").await;
        house.replies(ANA, answered, "Un momento").await;
        let waiting = house.says("visitor-3", "Hola").await;
        house.until_stored(waiting, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        house.close(&ana);
        let released = |phase: &Phase| matches!(phase, Phase::Queued { reason: QueueReason::AgentLost });
        house.until_stored(unanswered, "released", released).await;
        assert_eq!(house.stored(answered).await.phase, Phase::Active { agent: ANA });
        let luis = house.at_work(LUIS).await;
        luis.offer(unanswered).await;
        luis.offer(waiting).await;
        let back = house.tab(ANA);
        back.active(answered).await;
    });
}

#[test]
fn an_offer_to_an_agent_whose_tabs_are_gone_is_withdrawn_at_once() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let (ana, second) = (house.at_work(ANA).await, house.tab(ANA));
        let id = house.says("visitor-1", "Hola").await;
        ana.offer(id).await;
        house.close(&ana);
        second.offer(id).await;
        assert_eq!(withdrawn(&house.facts(id).await), 0);
        house.close(&second);
        house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        assert_eq!(withdrawn(&house.facts(id).await), 1);
        house.accept(&house.tab(ANA), id).await;
    });
}

#[test]
fn who_comes_back_within_the_grace_keeps_everything() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { grace: Duration::from_millis(400), ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        house.close(&ana);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let back = house.tab(ANA);
        back.active(id).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(house.stored(id).await.phase, Phase::Active { agent: ANA });
    });
}

#[test]
fn who_signs_out_gives_everything_back_and_every_tab_is_sent_home() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let (ana, second) = (house.at_work(ANA).await, house.tab(ANA));
        let (active, answered) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        house.replies(ANA, answered, "Un momento").await;
        let offered = house.says("visitor-3", "Hola").await;
        ana.offer(offered).await;
        house.agent(ANA, AgentCommand::SignOut { by: None }).await.unwrap();
        for id in [active, answered, offered] {
            house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        }
        for tab in [&ana, &second] {
            tab.until("signed out", |frame| (frame.push == crate::wire::live::Push::SignedOut).then_some(())).await;
            assert!(!crate::actors::sink::Sink::is_open(tab.sink.as_ref()));
        }
        let luis = house.at_work(LUIS).await;
        for id in [active, answered, offered] {
            luis.offer(id).await;
        }
    });
}

#[test]
fn a_forced_pause_stops_offers_and_only_a_supervisor_ends_it() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let held = house.talk(&ana, "visitor-1").await;
        let offered = house.says("visitor-2", "Hola").await;
        ana.offer(offered).await;
        house.engine.agent(ANA, AgentCommand::ForcePause(SOL), By::User(SOL), None).await.unwrap();
        ana.does(Activity::ForcedPause { by: SOL }).await;
        house.until_stored(offered, "withdrawn", |phase| matches!(phase, Phase::Queued { .. })).await;
        let own = house.agent(ANA, AgentCommand::BeAvailable).await;
        assert_eq!(own.unwrap_err(), CommandError::Refused(Refusal::ForcedPause));
        house.replies(ANA, held, "Sigo aquí").await;
        house.engine.agent(ANA, AgentCommand::EndPause, By::User(SOL), None).await.unwrap();
        house.accept(&ana, offered).await;
    });
}

#[test]
fn a_break_must_exist_and_stops_offers() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let unknown = house.agent(ANA, AgentCommand::TakeBreak(BreakId::from_u128(99))).await;
        assert_eq!(unknown.unwrap_err(), CommandError::Refused(Refusal::UnknownBreak));
        house.agent(ANA, AgentCommand::TakeBreak(LUNCH)).await.unwrap();
        ana.does(Activity::OnBreak { kind: LUNCH }).await;
        let luis = house.at_work(LUIS).await;
        let id = house.says("visitor-1", "Hola").await;
        house.accept(&luis, id).await;
    });
}

#[test]
fn a_break_after_the_current_ones_begins_when_the_last_is_over() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.permissions.close_unanswered = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let (first, second) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        let agent = house.agent(ANA, AgentCommand::BreakAfterCurrent(LUNCH)).await.unwrap();
        assert_eq!((agent.pending, agent.is_available()), (Some(LUNCH), false));
        // No new offers; what she has goes on.
        let third = house.says("visitor-3", "Hola").await;
        house.until_stored(third, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let luis = house.at_work(LUIS).await;
        house.accept(&luis, third).await;
        house.replies(ANA, first, "Un momento").await;
        let close = Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false };
        house.command(ANA, first, close.clone()).await.unwrap();
        ana.gone(first).await;
        assert_eq!(ana.shows().presence.and_then(|presence| presence.pending), Some(LUNCH));
        // A snoozed one does not keep her; it survives a restart.
        let until = house.engine.clock.now() + Duration::from_secs(3_600);
        let house = house.stop().again().await;
        let ana = house.tab(ANA);
        house.command(ANA, second, Command::Park { agent: ANA, until }).await.unwrap();
        ana.does(Activity::OnBreak { kind: LUNCH }).await;
        assert_eq!(ana.shows().presence.and_then(|presence| presence.pending), None);
    });
}

#[test]
fn a_break_after_the_current_ones_begins_at_once_when_there_is_none_and_can_be_called_off() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let unknown = AgentCommand::BreakAfterCurrent(BreakId::from_u128(99));
        assert_eq!(house.agent(ANA, unknown).await.unwrap_err(), CommandError::Refused(Refusal::UnknownBreak));
        house.agent(ANA, AgentCommand::BreakAfterCurrent(LUNCH)).await.unwrap();
        ana.does(Activity::OnBreak { kind: LUNCH }).await;
        house.agent(ANA, AgentCommand::BeAvailable).await.unwrap();
        let id = house.talk(&ana, "visitor-1").await;
        house.agent(ANA, AgentCommand::BreakAfterCurrent(LUNCH)).await.unwrap();
        assert!(house.agent(ANA, AgentCommand::BeAvailable).await.unwrap().is_available());
        house.command(ANA, id, Command::Close { agent: ANA, force: true, disposition: None, wrap_up: false }).await.unwrap();
        ana.gone(id).await;
        let next = house.talk(&ana, "visitor-2").await;
        assert_eq!(house.stored(next).await.phase, Phase::Active { agent: ANA });
    });
}
