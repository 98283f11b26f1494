//! A conversation of which nobody wants anything has no actor, and nobody notices.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::{
    actors::{
        conversation::{Reply, Request},
        shard::{Disturb, Observe, Observed},
        testing::{ANA, House, Plan, eventually, on_both},
    },
    domain::{
        conversation::{Command, Phase},
        log::By,
        message::Content,
    },
    ids::ConversationId,
};

impl House {
    async fn until_all_rest(&self) -> Observed {
        let shard = self.engine.shard.addr();
        eventually("all rest", async || shard.send(Observe).await.ok().filter(|seen| seen.live + seen.moving == 0)).await
    }
}

#[test]
fn what_rests_is_there_for_its_customer_its_agent_and_its_deadline() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { capacity: 25, ..Plan::default() }).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        house.says("visitor-2", "Hola").await;
        let house = house.stop().again().await;
        assert_eq!(house.until_all_rest().await, Observed { live: 0, resting: 2, moving: 0, senders: 0 });
        assert_eq!(house.says("visitor-1", "¿Hola?").await, id);
        assert_eq!(house.until_all_rest().await, Observed { live: 0, resting: 2, moving: 0, senders: 1 });
        assert_eq!(house.says("visitor-1", "¿Sigue ahí?").await, id);
        house.until_all_rest().await;
        house.replies(ANA, id, "Sí").await;
        let until = house.engine.clock.now() + Duration::from_millis(300);
        house.command(ANA, id, Command::Park { agent: ANA, until }).await.unwrap();
        house.until_all_rest().await;
        house.until_stored(id, "awake", |phase| *phase == Phase::Active { agent: ANA }).await;
        assert!(house.engine.clock.now() >= until);
    });
}

#[test]
fn what_is_asked_of_it_while_it_lies_down_finds_the_one_who_knows() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.talk(&ana, "visitor-1").await;
        let seq = house.stored(id).await.seq;
        for round in 1..=20 {
            disturb(&house, id).await;
            assert_eq!(house.stored(id).await.seq, seq + round);
        }
    });
}

/// An agent notes something at the very moment at which the conversation was asked to rest.
async fn disturb(house: &House, id: ConversationId) {
    let (reply, done) = oneshot::channel();
    let content = Content::plain("Nota");
    let command = Command::Note { message: house.engine.ids.next(), agent: ANA, content, mentions: Vec::new() };
    let request = Request::Command { command, by: By::User(ANA), keep: None, reply: Reply::Asker(reply) };
    house.engine.shard.addr().send(Disturb { id, request }).await.unwrap();
    done.await.unwrap().unwrap();
}
