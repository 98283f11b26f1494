//! Putting aside: until a moment, or until the customer writes; with the agent at work or not.

use std::time::Duration;

use crate::{
    actors::testing::{ANA, House, LUIS, Plan, SOL, on_both},
    domain::{
        agent::AgentCommand,
        conversation::{Command, Phase},
        log::By,
    },
    ids::ConversationId,
};

async fn snooze(house: &House, id: ConversationId, time: Duration) {
    let until = house.engine.clock.now() + time;
    house.command(ANA, id, Command::Park { agent: ANA, until }).await.unwrap();
}

fn is_active(phase: &Phase) -> bool {
    *phase == Phase::Active { agent: ANA }
}

#[test]
fn it_wakes_by_itself_when_the_customer_writes_and_when_the_agent_says_so() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 25, ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        snooze(&house, id, Duration::from_millis(200)).await;
        house.until_stored(id, "awake", is_active).await;
        let far = Duration::from_secs(3_600);
        snooze(&house, id, far).await;
        // It takes no room meanwhile, and comes back although there is none then.
        let second = house.talk(&ana, "visitor-2").await;
        house.says("visitor-1", "¿Sigue ahí?").await;
        house.until_stored(id, "awake", is_active).await;
        ana.active(id).await;
        ana.active(second).await;
        snooze(&house, id, far).await;
        house.command(ANA, id, Command::Wake { agent: ANA }).await.unwrap();
        assert!(is_active(&house.stored(id).await.phase));
    });
}

#[test]
fn what_was_due_while_the_process_was_down_wakes_at_the_start() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let (soon, later) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        snooze(&house, soon, Duration::from_millis(50)).await;
        snooze(&house, later, Duration::from_secs(3_600)).await;
        let house = house.stop().again().await;
        house.until_stored(soon, "awake", is_active).await;
        assert!(matches!(house.stored(later).await.phase, Phase::Parked { .. }));
    });
}

#[test]
fn who_went_home_keeps_it_until_it_wakes_even_across_a_restart() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let (written_to, due) = (house.talk(&ana, "visitor-1").await, house.talk(&ana, "visitor-2").await);
        for id in [written_to, due] {
            snooze(&house, id, Duration::from_secs(if id == due { 2 } else { 3_600 })).await;
        }
        house.engine.agent(ANA, AgentCommand::SignOut { by: Some(SOL) }, By::User(SOL), None).await.unwrap();
        assert!(matches!(house.stored(written_to).await.phase, Phase::Parked { .. }));
        let house = house.stop().again().await;
        let luis = house.at_work(LUIS).await;
        house.says("visitor-1", "¿Hola?").await;
        house.accept(&luis, written_to).await;
        house.accept(&luis, due).await;
    });
}
