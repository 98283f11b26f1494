//! The process ends and starts again over the same database: everything is as it was (R1, R8).

use std::{sync::Arc, time::Duration};

use crate::{
    actors::testing::{ANA, House, LUIS, LUNCH, Plan, SOL, eventually, on_both},
    domain::{
        agent::{Activity as Doing, AgentCommand},
        conversation::{Command, Ending, Event, OfferOutcome, Phase},
        log::{By, Fact},
    },
    store::{conversation_lists, journal::STREAM, log, people_state},
    wire::live::{Push, WaitingRow},
};

#[test]
fn everything_is_as_it_was_before_the_process_ended() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 50, ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let held = house.talk(&ana, "visitor-1").await;
        house.replies(ANA, held, "Dígame").await;
        let offered = house.says("visitor-2", "Hola").await;
        let offer = ana.offer(offered).await;
        let waiting = house.says("visitor-3", "Hola").await;
        house.until_stored(waiting, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let _luis = house.at_work(LUIS).await;
        house.engine.agent(LUIS, AgentCommand::ForcePause(SOL), By::User(SOL), None).await.unwrap();
        house.until_stored(waiting, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let before = (states(&house).await, people_state::agents(&house.engine.db).await.unwrap());
        let house = house.stop().again().await;
        assert_eq!((states(&house).await, people_state::agents(&house.engine.db).await.unwrap()), before);
        let luis = house.tab(LUIS);
        luis.does(crate::wire::live::Activity::ForcedPause { by: SOL }).await;
        let ana = house.tab(ANA);
        ana.active(held).await;
        assert_eq!(ana.offer(offered).await, offer);
        house.command(ANA, offered, Command::Accept { offer, agent: ANA }).await.unwrap();
        assert_eq!(house.says("visitor-1", "¿Sigue ahí?").await, held);
        house.replies(ANA, held, "Sí").await;
        house.engine.agent(LUIS, AgentCommand::EndPause, By::User(SOL), None).await.unwrap();
        house.accept(&luis, waiting).await;
        assert_eq!(fold(&house, held).await, house.stored(held).await);
    });
}

async fn states(house: &House) -> Vec<Arc<crate::domain::conversation::Conversation>> {
    let open = conversation_lists::open(&house.engine.db).await.unwrap();
    let mut open: Vec<_> = open.into_iter().map(|open| open.state).collect();
    open.sort_by_key(|state| state.id);
    open
}

/// The state of a conversation as the log alone tells it.
async fn fold(house: &House, of: crate::ids::ConversationId) -> crate::domain::conversation::Conversation {
    let entries = log::after(&house.engine.db, STREAM, 0, 100_000).await.unwrap();
    let mut state = None;
    for entry in entries {
        let Fact::Conversation { id, event, .. } = &entry.fact else { continue };
        match &mut state {
            _ if *id != of => {}
            None => state = crate::domain::conversation::Conversation::started(of, event, entry.at),
            Some(state) => state.apply(event, entry.at),
        }
    }
    state.unwrap()
}

#[test]
fn deadlines_that_fell_due_meanwhile_fire_at_the_start() {
    on_both(|scratch| async {
        let mut plan = Plan { capacity: 50, ..Plan::default() };
        plan.sales.offer_seconds = 1;
        plan.sales.wrap_up_seconds = 1;
        plan.sales.permissions.close_unanswered = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        let closing = house.talk(&ana, "visitor-1").await;
        let offered = house.says("visitor-2", "Hola").await;
        ana.offer(offered).await;
        house
            .command(ANA, closing, Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false })
            .await
            .unwrap();
        let stopped = house.stop();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let house = stopped.again().await;
        let ended = house.until_stored(closing, "ended", Phase::is_ended).await;
        assert_eq!(ended.phase, Phase::Ended { ending: Ending::Closed, disposition: None });
        house.until_stored(offered, "missed", |phase| matches!(phase, Phase::Queued { .. })).await;
        let missed = |fact: &Event| matches!(fact, Event::OfferEnded { outcome: OfferOutcome::Missed, agent: ANA, .. });
        assert_eq!(house.facts(offered).await.iter().filter(|fact| missed(fact)).count(), 1);
        house.accept(&house.tab(ANA), offered).await;
    });
}

#[test]
fn who_was_signed_in_and_does_not_come_back_is_lost_after_the_grace() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { grace: Duration::from_millis(500), ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let house = house.stop().again().await;
        let luis = house.at_work(LUIS).await;
        house.accept(&luis, id).await;
        let ana = people_state::agent(&house.engine.db, ANA).await.unwrap().unwrap();
        assert_eq!(ana.activity, Some(Doing::Available));
    });
}

#[test]
fn a_break_outlives_the_process() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let _ana = house.at_work(ANA).await;
        house.agent(ANA, AgentCommand::TakeBreak(LUNCH)).await.unwrap();
        let house = house.stop().again().await;
        let ana = house.tab(ANA);
        ana.does(crate::wire::live::Activity::OnBreak { kind: LUNCH }).await;
        let id = house.says("visitor-1", "Hola").await;
        house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        house.agent(ANA, AgentCommand::BeAvailable).await.unwrap();
        house.accept(&ana, id).await;
    });
}

#[test]
fn the_board_shows_what_waits_as_before() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let id = house.says("visitor-1", "Hola").await;
        house.until_stored(id, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let before = eventually("the board", async || Some(waiting(&house).await).filter(|rows| !rows.is_empty())).await;
        assert_eq!((before.len(), before[0].conversation, before[0].address.as_str()), (1, id, "visitor-1"));
        let house = house.stop().again().await;
        assert_eq!(waiting(&house).await, before);
    });
}

async fn waiting(house: &House) -> Vec<WaitingRow> {
    let sink = house.look_at_board();
    eventually("a board", async || {
        sink.frames().into_iter().find_map(|frame| match frame.push {
            Push::Board(board) => Some(board.waiting),
            _ => None,
        })
    })
    .await
}
