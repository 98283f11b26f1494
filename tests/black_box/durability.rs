//! Acknowledged means stored (reliability.md, R1, R8, R10, R12, R16): whatever ends the process, nothing that was answered is
//! gone, and everybody carries on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::{STOP_WITHIN, World, message},
};

on_both!(
    what_was_acknowledged_is_there_after_a_kill,
    killed_under_load_nothing_is_lost_doubled_or_out_of_order,
    an_answer_that_was_not_sent_yet_is_sent_after_a_kill,
    a_deadline_that_fell_due_while_the_process_was_down_fires,
    an_agent_s_tab_carries_on_where_it_was,
    configuration_and_people_survive_a_kill,
    a_graceful_stop_is_fast_and_loses_nothing,
    a_graceful_stop_tells_the_sockets_and_they_come_back,
    a_second_process_on_the_same_data_is_refused,
);

async fn what_was_acknowledged_is_there_after_a_kill(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    agent.api.reply(&conversation, "dígame").await.ok();
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let visitor = world.visitor(&chat).await;
    for round in 0..3 {
        let key = format!("k{round}");
        desk.channel.tell(&format!("m{round}"), "a", &format!("mensaje {round}")).await.ok();
        let chatted = text(&world.chat_message(&visitor, &key, &format!("línea {round}")).await.ok()["conversation"]);
        world.crash().await;
        assert_eq!(world.admin.texts(&conversation).await.last().unwrap(), &format!("mensaje {round}"));
        assert_eq!(world.admin.texts(&chatted).await.last().unwrap(), &format!("línea {round}"));
        // Whoever did not hear the answer sends it again: still one message (R2).
        assert_eq!(desk.channel.tell(&format!("m{round}"), "a", &format!("mensaje {round}")).await.ok()["status"], "repeated");
        assert_eq!(world.chat_message(&visitor, &key, &format!("línea {round}")).await.ok()["conversation"], Value::Null);
    }
    let expected = ["hola", "dígame", "mensaje 0", "mensaje 1", "mensaje 2"];
    assert_eq!(world.admin.texts(&conversation).await, expected);
    assert_eq!(world.admin.conversation(&conversation).await["standing"], json!({ "is": "active", "agent": agent.id }));
}

async fn killed_under_load_nothing_is_lost_doubled_or_out_of_order(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let mut senders = tokio::task::JoinSet::new();
    for customer in 0..8 {
        let channel = desk.channel.clone();
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..10_000 {
                let words = format!("{customer}-{number}");
                let request = channel.signed(message(&words, &format!("c{customer}"), &words).to_string());
                match request.send().await {
                    Ok(answer) if answer.status() == 200 => match answer.json::<Value>().await {
                        Ok(stored) => acknowledged.push((text(&stored["conversation"]), words)),
                        Err(_) => break,
                    },
                    Ok(answer) => assert!(matches!(answer.status().as_u16(), 429 | 503), "{answer:?}"),
                    Err(_) => break,
                }
            }
            acknowledged
        });
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    world.kill();
    let acknowledged: Vec<(String, String)> = senders.join_all().await.into_iter().flatten().collect();
    assert!(acknowledged.len() > 8, "only {} were acknowledged before the kill", acknowledged.len());
    world.start().await;

    let rows = world.installation.rows().await;
    let messages: Vec<Value> = rows.iter().filter_map(|row| serde_json::from_str(row.strip_prefix("messages ")?).ok()).collect();
    let mut stored: std::collections::BTreeMap<String, Vec<(i64, String)>> = std::collections::BTreeMap::new();
    for message in &messages {
        let of = stored.entry(text(&message["conversation_id"])).or_default();
        of.push((message["seq"].as_i64().unwrap(), text(&message["text"])));
    }
    for (conversation, words) in &acknowledged {
        let found = stored[conversation].iter().filter(|(_, text)| text == words).count();
        assert_eq!(found, 1, "{words} in {conversation}");
    }
    for (conversation, mut messages) in stored {
        messages.sort();
        let numbers: Vec<u32> = messages.iter().map(|(_, text)| text.split('-').nth(1).unwrap().parse().unwrap()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{conversation}: {numbers:?}");
    }
    // The log has no gap, in the stream and in every conversation (R3).
    let log = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row.strip_prefix("log ")?).ok());
    let mut positions = Vec::new();
    let mut numbers: std::collections::BTreeMap<String, Vec<i64>> = std::collections::BTreeMap::new();
    for entry in log {
        positions.push(entry["pos"].as_i64().unwrap());
        if let Some(conversation) = entry["conversation_id"].as_str() {
            numbers.entry(conversation.to_owned()).or_default().push(entry["conv_seq"].as_i64().unwrap());
        }
    }
    for list in numbers.values_mut().chain([&mut positions]) {
        list.sort_unstable();
        assert!(list.iter().copied().eq(1..=list.len() as i64), "{list:?}");
    }
}

async fn an_answer_that_was_not_sent_yet_is_sent_after_a_kill(database: Database) {
    let mut world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    receiver.answer_with(503);
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let reply = text(&agent.api.reply(&conversation, "dígame").await.ok()["message"]);
    receiver.next().await;
    world.kill();
    receiver.answer_with(200);
    world.start().await;
    let call = loop {
        // Attempts of before may still lie there.
        let call = receiver.next().await;
        if receiver.waiting() == 0 {
            break call;
        }
    };
    assert_eq!(call.headers["webhook-id"], reply);
    assert!(call.is_signed_with(&desk.channel.secret));
    let mut tab = Socket::at_work(&agent.api).await;
    let topic = format!("conversation:{conversation}");
    let thread = tab.follow(&topic).await;
    if thread["data"]["messages"][1]["delivery"] != "sent" {
        tab.delivery(&reply, "sent").await;
    }
}

async fn a_deadline_that_fell_due_while_the_process_was_down_fires(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "offer_seconds": 5 })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    let offered = tab.conversation(&conversation, "offered").await;
    let deadline = text(&offered["conversation"]["standing"]["deadline"]);
    world.kill();
    let deadline: chrono::DateTime<chrono::Utc> = deadline.parse().unwrap();
    let wait = (deadline - chrono::Utc::now()).to_std().unwrap_or_default() + Duration::from_millis(100);
    tokio::time::sleep(wait).await;
    world.start().await;
    // The offer is missed or withdrawn, whichever was first; nobody is held to it, and the next agent gets it.
    let mut tab = Socket::at_work(&bruno.api).await;
    let again = tab.conversation(&conversation, "offered").await;
    assert_eq!(again["conversation"]["standing"]["agent"], bruno.id);
    let old = json!({ "offer": offered["conversation"]["standing"]["offer"] });
    ana.api.post(&format!("/api/v1/conversations/{conversation}/accept"), old).await.refused(409, "offer_gone");
}

async fn an_agent_s_tab_carries_on_where_it_was(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    let last = tab.seen.last().unwrap().clone();

    // Only the connection was lost: what it missed, and nothing twice.
    drop(tab);
    desk.channel.tell("m2", "a", "¿Hola?").await.ok();
    let mut tab = Socket::open(&agent.api).await;
    tab.resume("me", &last).await;
    let missed = tab.until("what it missed", |frame| frame["topic"] == "me").await;
    assert_eq!(missed["kind"], "conversation", "{missed}");
    assert_eq!(missed["data"]["messages"][0]["text"], "¿Hola?");
    assert!(missed["pos"].as_u64() > last["pos"].as_u64());

    // The process died: the position still counts, or everything comes anew; never silence.
    let last = tab.seen.last().unwrap().clone();
    world.kill();
    assert_eq!(tab.ended(Duration::from_secs(5)).await, None);
    world.start().await;
    desk.channel.tell("m3", "a", "¿Sigue ahí?").await.ok();
    let mut tab = Socket::open(&agent.api).await;
    tab.resume("me", &last).await;
    let frame = tab.until("a snapshot or what it missed", |frame| frame["topic"] == "me").await;
    match frame["kind"].as_str().unwrap() {
        "me" => {
            let held = &frame["data"]["conversations"][0];
            assert_eq!((&held["id"], &held["unanswered"]), (&json!(first), &json!(true)));
        }
        "conversation" => assert_eq!(frame["data"]["messages"][0]["text"], "¿Sigue ahí?"),
        other => panic!("{other}"),
    }
    // Still at work: the next customer is theirs.
    let second = desk.channel.write("b", "hola").await;
    tab.conversation(&second, "active").await;
    // A position of another epoch means nothing.
    let mut stranger = Socket::open(&agent.api).await;
    stranger.resume("me", &json!({ "epoch": "another", "pos": 3 })).await;
    let frame = stranger.until("a snapshot", |frame| frame["topic"] == "me").await;
    assert_eq!(frame["kind"], "me");
}

async fn configuration_and_people_survive_a_kill(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "name": "Soporte", "wrap_up_seconds": 30 })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    let read = async |api: &Api| {
        let mut all = Vec::new();
        for list in ["clients", "campaigns", "channels", "users", "tokens", "dispositions", "breaks", "schedules", "contacts"] {
            all.push(api.get(&format!("/api/v1/{list}")).await.ok());
        }
        all
    };
    let before = read(&world.admin).await;
    world.crash().await;
    assert_eq!(read(&world.admin).await, before);
    assert_eq!(agent.api.get("/api/v1/me").await.ok()["campaigns"][0]["name"], "Soporte");
    assert_eq!(list(&supervisor.api.get("/api/v1/campaigns").await.ok()).len(), 1);
    // Secrets at rest are still readable for the server.
    desk.channel.write("a", "hola").await;
}

async fn a_graceful_stop_is_fast_and_loses_nothing(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let mut senders = tokio::task::JoinSet::new();
    for customer in 0..4 {
        let channel = desk.channel.clone();
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..10_000 {
                let words = format!("{customer}-{number}");
                let request = channel.signed(message(&words, &format!("c{customer}"), &words).to_string());
                match request.send().await {
                    Ok(answer) if answer.status() == 200 => acknowledged.push(words),
                    Ok(answer) => assert!(matches!(answer.status().as_u16(), 429 | 503), "{answer:?}"),
                    Err(_) => break,
                }
            }
            acknowledged
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let start = Instant::now();
    world.stop().await;
    assert!(start.elapsed() < STOP_WITHIN, "{:?}", start.elapsed());
    let acknowledged = senders.join_all().await.concat();
    assert!(!acknowledged.is_empty());
    let rows = world.installation.rows().await;
    for words in acknowledged {
        let found = rows.iter().filter(|row| row.starts_with("messages ") && row.contains(&format!("\"{words}\""))).count();
        assert_eq!(found, 1, "{words}");
    }
}

async fn a_graceful_stop_tells_the_sockets_and_they_come_back(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    world.stop().await;
    tab.ended(Duration::from_secs(5)).await;
    world.start().await;
    let (_, me) = Socket::following(&agent.api, "me").await;
    assert_eq!(me["data"]["conversations"][0]["id"], conversation);
    assert_eq!(me["data"]["presence"]["activity"]["is"], "available");
}

async fn a_second_process_on_the_same_data_is_refused(database: Database) {
    let world = World::new(&database).await;
    for command in
        [&["serve"][..], &["migrate"], &["token", "create", "--role", "admin"], &["user", "create", "--login", "x"], &["sample"]]
    {
        let output = world.installation.run(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("another Centralita uses this data directory"), "{command:?}: {said}");
        assert!(output.stdout.is_empty(), "{command:?}");
    }
    world.client("still there").await;
}

mod another_node_on_the_same_database_is_refused_and_takes_over_when_the_first_is_gone {
    #[test]
    fn on_postgres() {
        crate::database::on_postgres(super::take_over);
    }
}

async fn take_over(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    desk.channel.write("a", "hola").await;
    let second: Installation = world.installation.beside();
    let mut refused = second.spawn();
    let status = refused.ended(Duration::from_secs(20)).await;
    assert!(!status.success());
    let said = second.log();
    assert!(said.contains("another process holds the lease"), "{said}");
    assert!(said.lines().last().is_some_and(|line| line.starts_with("centralita: ")), "{said}");
    desk.channel.write("b", "hola").await;

    // Its lease runs out ten seconds after the last renewal; whoever starts it again and again gets in then.
    world.kill();
    let start = Instant::now();
    let mut server = loop {
        let mut server = second.spawn();
        if server.becomes_ready().await {
            break server;
        }
        assert!(start.elapsed() < Duration::from_secs(25), "the second process does not take over");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    // The same people, with the same tokens, at another address.
    let admin = world.admin.clone().at(&second.host);
    assert_eq!(list(&admin.get("/api/v1/conversations").await.ok()).len(), 2);
    // Whoever ends in an orderly way gives the lease back: the next one need not wait (R16).
    server.terminate();
    assert!(server.ended(STOP_WITHIN).await.success());
    world.start().await;
    world.client("back").await;
}
