//! Customers' messages: stored once, in order, whatever happens.

use crate::{
    actors::{
        engine::{Received, Threading},
        testing::{ANA, House, POISON, Plan, eventually, on_both},
    },
    domain::{
        channel::ChannelKind,
        conversation::{Command, Event, OfferOutcome, Phase},
        log::By,
        mail::Envelope,
    },
    store::{conversation_lists, conversations, inbox, journal::STREAM, log},
    wire::conversation::Author,
    wire::live::Push,
};

#[test]
fn a_message_of_a_new_customer_is_stored_queued_offered_and_accepted_and_the_tab_shows_it() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let id = house.says("visitor-1", "¿Hola?").await;
        let stored = conversations::messages_after(&house.engine.db, id, 0, 10).await.unwrap();
        assert_eq!(&*stored[0].message.text, "¿Hola?");
        house.accept(&ana, id).await;
        let facts = house.facts(id).await;
        assert!(matches!(
            facts[..],
            [
                Event::Started { .. },
                Event::MessageReceived { .. },
                Event::Admitted,
                Event::Queued { .. },
                Event::Offered { why: Some(_), .. },
                Event::OfferAccepted { agent: ANA, .. }
            ]
        ));
        house.says("visitor-1", "¿Hay alguien?").await;
        let (author, text) = ana
            .until("the next message", |frame| match &frame.push {
                Push::Conversation(delta) => delta.messages.first().map(|message| (message.author, message.text.clone())),
                _ => None,
            })
            .await;
        assert_eq!((author, text.as_str()), (Author::Contact, "¿Hay alguien?"));
    });
}

/// R2.
#[test]
fn duplicates_at_the_same_time_are_one_message() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let all = (0..60).map(|number| {
            let provider_id = format!("m{}", number % 6);
            let inbound = house.inbound("visitor-1", &provider_id, &provider_id);
            let engine = house.engine.clone();
            async move { engine.receive(engine.room().await.unwrap(), inbound).await.unwrap() }
        });
        let received = futures_util::future::join_all(all).await;
        assert_eq!(received.iter().filter(|one| matches!(one, Received::Stored { .. })).count(), 6);
        assert_eq!(received.iter().filter(|one| **one == Received::Repeated).count(), 54);
        let Some(Received::Stored { conversation, .. }) = received.iter().find(|one| **one != Received::Repeated) else {
            panic!("nothing was stored");
        };
        let stored = conversations::messages_after(&house.engine.db, *conversation, 0, 100).await.unwrap();
        let mut texts: Vec<&str> = stored.iter().map(|stored| &*stored.message.text).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["m0", "m1", "m2", "m3", "m4", "m5"]);
    });
}

/// R3: dense numbers, in the log and per conversation, with many customers at once.
#[test]
fn numbers_are_dense_whoever_writes_at_the_same_time() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let all = (0..100).map(|number| house.says(Box::leak(format!("visitor-{}", number % 10).into_boxed_str()), "Hola"));
        let ids: std::collections::BTreeSet<_> = futures_util::future::join_all(all).await.into_iter().collect();
        assert_eq!(ids.len(), 10);
        let entries = log::after(&house.engine.db, STREAM, 0, 10_000).await.unwrap();
        assert!((1_u64..).zip(&entries).all(|(pos, entry)| entry.pos == pos));
        let mut last = std::collections::BTreeMap::new();
        for entry in &entries {
            if let crate::domain::log::Fact::Conversation { id, seq, .. } = entry.fact {
                assert_eq!(seq, last.insert(id, seq).unwrap_or(0) + 1);
            }
        }
    });
}

/// R13.
#[test]
fn a_message_that_makes_its_conversation_fail_twice_is_set_aside_and_the_next_goes_on() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let ana = house.at_work(ANA).await;
        let poison = |number: u32| house.inbound("visitor-1", &format!("{POISON}-{number}"), "💣");
        assert_eq!(house.engine.receive(house.engine.room().await.unwrap(), poison(1)).await.unwrap(), Received::Quarantined);
        let id = house.talk(&ana, "visitor-1").await;
        assert_eq!(house.engine.receive(house.engine.room().await.unwrap(), poison(2)).await.unwrap(), Received::Quarantined);
        assert_eq!(inbox::quarantined(&house.engine.db).await.unwrap(), 2);
        assert_eq!(house.says("visitor-1", "¿Y ahora?").await, id);
        house.replies(ANA, id, "Sí").await;
        let texts = conversations::messages_after(&house.engine.db, id, 0, 10).await.unwrap();
        assert_eq!(texts.iter().map(|stored| &*stored.message.text).collect::<Vec<_>>(), ["Hola", "¿Y ahora?", "Sí"]);
        house.command(ANA, id, Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false }).await.unwrap();
        let next = house.talk(&ana, "visitor-1").await;
        assert_ne!(next, id);
    });
}

#[test]
fn a_customer_who_writes_after_the_end_starts_another_conversation() {
    on_both(|scratch| async {
        let mut plan = Plan::default();
        plan.sales.permissions.close_unanswered = true;
        let house = House::open(scratch, plan).await;
        let ana = house.at_work(ANA).await;
        for _ in 0..5 {
            let id = house.talk(&ana, "visitor-1").await;
            let close = Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false };
            let (done, next) = futures_util::join!(house.command(ANA, id, close), house.says("visitor-1", "una cosa más"));
            done.unwrap();
            if next == id {
                continue;
            }
            house.accept(&ana, next).await;
            house.replies(ANA, next, "Dígame").await;
            let close = Command::Close { agent: ANA, force: false, disposition: None, wrap_up: false };
            house.command(ANA, next, close).await.unwrap();
        }
    });
}

#[test]
fn a_conversation_waits_with_nobody_there_and_is_offered_when_an_agent_comes() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan::default()).await;
        let (first, second) = (house.says("visitor-1", "1").await, house.says("visitor-2", "2").await);
        house.until_stored(second, "queued", |phase| matches!(phase, Phase::Queued { .. })).await;
        let ana = house.at_work(ANA).await;
        house.accept(&ana, first).await;
        house.accept(&ana, second).await;
        let facts = house.facts(first).await;
        assert!(!facts.iter().any(|fact| matches!(fact, Event::OfferEnded { outcome: OfferOutcome::Missed, .. })));
        eventually("the board is empty", async || {
            let open = conversation_lists::open(&house.engine.db).await.unwrap();
            open.iter().all(|open| open.state.phase.owner() == Some(ANA)).then_some(())
        })
        .await;
    });
}

/// Mails: a customer has as many conversations as subjects, and an answer continues the one it names.
#[test]
fn where_there_are_threads_a_message_continues_the_one_it_names_or_begins_another() {
    on_both(|scratch| async {
        let house = House::open(scratch, Plan { kind: ChannelKind::Email, ..Plan::default() }).await;
        let mail = |id: &str, subject: &str, thread| {
            let envelope = Envelope { subject: subject.to_owned(), message_id: Some(id.to_owned()), ..Envelope::default() };
            let mut inbound = house.inbound("ana@example.com", id, "Hola");
            (inbound.thread, inbound.mail) = (thread, Some(envelope.into()));
            let engine = house.engine.clone();
            async move {
                match engine.receive(engine.room().await.unwrap(), inbound).await.unwrap() {
                    Received::Stored { conversation, .. } => Some(conversation),
                    Received::Repeated => None,
                    Received::Quarantined => panic!("quarantined"),
                }
            }
        };
        // Two at once of a customer nobody knows yet: one contact, two threads.
        let (first, second) = tokio::join!(mail("1@x", "Factura", Threading::New), mail("2@x", "Sin señal", Threading::New));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_ne!(first, second);
        let db = &house.engine.db;
        let state = async |id| conversations::state(db, id).await.unwrap().unwrap();
        assert_eq!(state(first).await.contact, state(second).await.contact);
        let card = conversations::card(db, &state(second).await).await.unwrap();
        assert_eq!((card.subject.as_deref(), card.address.as_str()), (Some("Sin señal"), "ana@example.com"));
        // The same mail again is nothing new, wherever it would go.
        assert_eq!(mail("2@x", "Sin señal", Threading::New).await, None);
        assert_eq!(mail("3@x", "Re: Factura", Threading::Joins(first)).await, Some(first));
        assert_eq!(mail("3@x", "Re: Factura", Threading::Joins(first)).await, None);
        let said = conversations::messages_after(db, first, 0, 10).await.unwrap();
        let ids: Vec<_> = said.iter().map(|one| one.message.mail.as_ref().unwrap().message_id.as_deref()).collect();
        assert_eq!(ids, [Some("1@x"), Some("3@x")]);
        // After the end of the one it names it begins another.
        let close = Command::Close { agent: ANA, disposition: None, force: true, wrap_up: false };
        house.engine.command(first, close, By::User(ANA), None).await.unwrap();
        let third = mail("4@x", "Re: Factura", Threading::Joins(first)).await.unwrap();
        assert!(third != first && third != second);
        assert_eq!(state(third).await.contact, state(second).await.contact);
    });
}
