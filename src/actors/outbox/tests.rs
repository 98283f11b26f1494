//! The outbox against a receiver that answers late, wrongly or not at all.

mod mail;
mod receiver;
mod sink;

use std::time::Duration;

use self::receiver::{Answer, Receiver};
use crate::{
    actors::testing::{ANA, CHANNEL, House, Plan, Tab, eventually, on_both},
    channels::standard_webhooks::{SigningSecret, verify},
    domain::{channel::ChannelKind, conversation::Command, delivery::Delivery, log::By},
    ids::{ConversationId, MessageId},
    store::{conversations, outbox, testing::Scratch},
    wire::live::Push,
};

/// A house whose agent answers on an API channel.
async fn open(scratch: Scratch, endpoint: Option<&str>) -> (House, Tab) {
    let mut plan = Plan { kind: ChannelKind::Api, endpoint: endpoint.map(str::to_owned), capacity: 10_000, ..Plan::default() };
    plan.sales.auto_accept = true;
    plan.sales.max_per_agent = 100;
    let house = House::open(scratch, plan).await;
    let tab = house.tab(ANA);
    tab.ready().await;
    (house, tab)
}

/// A customer writes and Ana has the conversation.
async fn talk(house: &House, tab: &Tab, from: &str) -> ConversationId {
    let id = house.says(from, "Hola").await;
    tab.active(id).await;
    id
}

/// Reads on until the tab shows that a message stands there; gives back the reason.
async fn until(tab: &Tab, message: MessageId, state: Delivery) -> Option<String> {
    tab.until(state.as_str(), |frame| match &frame.push {
        Push::Conversation(delta) => {
            let moved = delta.deliveries.iter().find(|moved| moved.message == message && moved.to == state);
            moved.map(|moved| moved.reason.clone())
        }
        _ => None,
    })
    .await
}

async fn waiting(house: &House) -> Vec<outbox::Waiting> {
    outbox::of_channel(&house.engine.db, CHANNEL, 100).await.unwrap()
}

#[test]
fn answers_are_posted_signed_and_in_the_order_of_their_conversation() {
    on_both(|scratch| async {
        let receiver = Receiver::start(Vec::new()).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let (ana, berta) = (talk(&house, &tab, "ana").await, talk(&house, &tab, "berta").await);
        let mut sent = Vec::new();
        for number in 0..10 {
            sent.push((ana, house.replies(ANA, ana, &format!("a{number}")).await));
            sent.push((berta, house.replies(ANA, berta, &format!("b{number}")).await));
        }
        let calls = receiver.until(20).await;
        for of in [ana, berta] {
            let expected: Vec<String> = sent.iter().filter(|(id, _)| *id == of).map(|(_, message)| message.to_string()).collect();
            let got: Vec<String> = calls
                .iter()
                .filter(|call| call.json()["message"]["conversation"] == of.to_string())
                .map(|call| call.id())
                .collect();
            assert_eq!(got, expected);
        }
        let call = calls.iter().find(|call| call.json()["message"]["text"] == "a0").unwrap();
        assert!(verify(std::slice::from_ref(&house.secret), call.signed(), &call.body, house.engine.clock.now()).is_ok());
        assert_eq!(call.header("content-type"), "application/json");
        assert_eq!(call.header("user-agent"), concat!("Centralita/", env!("CARGO_PKG_VERSION")));
        let message = &call.json()["message"];
        assert_eq!((message["to"]["id"].as_str(), call.json()["type"].as_str()), (Some("ana"), Some("message")));
        eventually("everything is sent", async || waiting(&house).await.is_empty().then_some(())).await;
        for (id, message) in sent {
            let stored = conversations::message_of(&house.engine.db, id, message).await.unwrap().unwrap();
            assert_eq!(stored.message.delivery, Some(Delivery::Sent));
        }
    });
}

#[test]
fn every_secret_in_force_signs_while_one_is_being_replaced() {
    on_both(|scratch| async {
        let receiver = Receiver::start(Vec::new()).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let newer = SigningSecret::from_key(&[9; 32]).unwrap();
        let row = house.secret_row("secret-2", &newer);
        let channel = crate::domain::log::Entity::Channel;
        house.engine.configure(vec![row], channel, CHANNEL.to_string(), By::System, None).await.unwrap();
        let id = talk(&house, &tab, "ana").await;
        house.replies(ANA, id, "Hola").await;
        let call = receiver.until(1).await.remove(0);
        for secret in [&house.secret, &newer] {
            assert!(verify(std::slice::from_ref(secret), call.signed(), &call.body, house.engine.clock.now()).is_ok());
        }
    });
}

#[test]
fn a_receiver_that_is_overloaded_gets_it_again_and_what_follows_waits() {
    on_both(|scratch| async {
        let receiver = Receiver::start(vec![Answer::Status(503)]).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let id = talk(&house, &tab, "ana").await;
        let (first, second) = (house.replies(ANA, id, "1").await, house.replies(ANA, id, "2").await);
        receiver.until(1).await;
        let row = eventually("the retry is committed", async || {
            waiting(&house).await.into_iter().find(|row| row.message == first && row.attempts == 1)
        })
        .await;
        assert!(!row.outcome_unknown);
        let ids: Vec<String> = receiver.until(3).await.iter().map(receiver::Call::id).collect();
        assert_eq!(ids, [first, first, second].map(|id| id.to_string()));
        until(&tab, second, Delivery::Sent).await;
    });
}

#[test]
fn a_receiver_that_was_away_gets_it_when_it_is_back() {
    on_both(|scratch| async {
        let (address, nobody) = receiver::reserve().await;
        let (house, tab) = open(scratch, Some(&receiver::url(address))).await;
        let id = talk(&house, &tab, "ana").await;
        drop(nobody);
        let message = house.replies(ANA, id, "Hola").await;
        eventually("refused", async || waiting(&house).await.into_iter().find(|row| row.attempts == 1 && !row.outcome_unknown))
            .await;
        let receiver = Receiver::at(address, Vec::new()).await;
        until(&tab, message, Delivery::Sent).await;
        assert_eq!(receiver.until(1).await.len(), 1);
    });
}

#[test]
fn without_an_answer_the_outcome_is_unknown_and_it_is_sent_again_under_the_same_id() {
    on_both(|scratch| async {
        let receiver = Receiver::start(vec![Answer::Cut]).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let id = talk(&house, &tab, "ana").await;
        let message = house.replies(ANA, id, "Hola").await;
        receiver.until(1).await;
        eventually("marked", async || waiting(&house).await.into_iter().find(|row| row.attempts == 1 && row.outcome_unknown))
            .await;
        until(&tab, message, Delivery::Sent).await;
        let calls = receiver.until(2).await;
        assert_eq!((calls[0].id(), calls[0].body.clone()), (message.to_string(), calls[1].body.clone()));
        assert_eq!(calls[1].id(), message.to_string());
    });
}

#[test]
fn what_the_receiver_refuses_for_good_has_failed_with_a_reason() {
    on_both(|scratch| async {
        let receiver = Receiver::start(vec![Answer::Status(400)]).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let id = talk(&house, &tab, "ana").await;
        let (first, second) = (house.replies(ANA, id, "1").await, house.replies(ANA, id, "2").await);
        assert_eq!(until(&tab, first, Delivery::Failed).await.as_deref(), Some("http_400"));
        until(&tab, second, Delivery::Sent).await;
        let stored = conversations::message_of(&house.engine.db, id, first).await.unwrap().unwrap();
        assert_eq!((stored.message.delivery, stored.reason.as_deref()), (Some(Delivery::Failed), Some("http_400")));
        assert_eq!(waiting(&house).await, []);
    });
}

#[test]
fn without_an_endpoint_it_stays_queued_until_there_is_one() {
    on_both(|scratch| async {
        let (house, tab) = open(scratch, None).await;
        let id = talk(&house, &tab, "ana").await;
        let message = house.replies(ANA, id, "Hola").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let stored = conversations::message_of(&house.engine.db, id, message).await.unwrap().unwrap();
        assert_eq!(stored.message.delivery, Some(Delivery::Queued));
        let receiver = Receiver::start(Vec::new()).await;
        house.set_endpoint(&receiver.url).await;
        until(&tab, message, Delivery::Sent).await;
    });
}

#[test]
fn what_was_being_sent_when_the_process_ended_is_sent_again() {
    on_both(|scratch| async {
        let (house, tab) = open(scratch, None).await;
        let id = talk(&house, &tab, "ana").await;
        let message = house.replies(ANA, id, "Hola").await;
        let sending = Command::MoveDelivery { message, stored: None, to: Delivery::Sending, reason: None };
        house.engine.command(id, sending, By::System, None).await.unwrap();
        assert!(waiting(&house).await[0].outcome_unknown);
        let receiver = Receiver::start(Vec::new()).await;
        let endpoint = house.endpoint_row(&receiver.url);
        house.engine.journal.write(vec![endpoint], None, By::System, None).await.unwrap();
        let house = house.stop().again().await;
        assert_eq!(receiver.until(1).await[0].id(), message.to_string());
        eventually("sent", async || waiting(&house).await.is_empty().then_some(())).await;
        let stored = conversations::message_of(&house.engine.db, id, message).await.unwrap().unwrap();
        assert_eq!(stored.message.delivery, Some(Delivery::Sent));
    });
}

/// R7: whatever receipts say and in whatever order, before or after our own answer.
#[test]
fn receipts_in_any_order_never_move_a_message_backwards() {
    use Delivery::{Complained, Delivered, Read, Rejected, Sent};
    on_both(|scratch| async {
        let receiver = Receiver::start(Vec::new()).await;
        let (house, tab) = open(scratch, Some(&receiver.url)).await;
        let id = talk(&house, &tab, "ana").await;
        let orders = [
            [Read, Delivered, Sent],
            [Delivered, Sent, Read],
            [Sent, Read, Delivered],
            [Read, Rejected, Delivered],
            [Complained, Read, Sent],
        ];
        for receipts in orders {
            let message = house.replies(ANA, id, "Hola").await;
            for to in receipts.into_iter().chain(receipts) {
                let stored = conversations::delivery(&house.engine.db, id, message).await.unwrap();
                let receipt = Command::MoveDelivery { message, stored, to, reason: None };
                house.engine.command(id, receipt, By::System, None).await.unwrap();
            }
            eventually("it left the outbox", async || waiting(&house).await.is_empty().then_some(())).await;
            let states: Vec<Delivery> = log_of(&house, message).await;
            for pair in states.windows(2) {
                assert!(pair[0].may_become(pair[1]), "{states:?}");
            }
        }
    });
}

async fn log_of(house: &House, message: MessageId) -> Vec<Delivery> {
    use crate::{
        domain::{conversation::Event, log::Fact},
        store::{journal::STREAM, log},
    };
    let entries = log::after(&house.engine.db, STREAM, 0, 10_000).await.unwrap();
    let moved = entries.into_iter().filter_map(|entry| match entry.fact {
        Fact::Conversation { event: Event::DeliveryMoved { message: of, to, .. }, .. } if of == message => Some(to),
        _ => None,
    });
    std::iter::once(Delivery::Queued).chain(moved).collect()
}
