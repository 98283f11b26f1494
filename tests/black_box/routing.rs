//! Who gets what, seen from the agents' tabs (routing.md): offers with a deadline, room, hours, and agents who go away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    database::{Database, on_both, on_sqlite_only},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::{Person, World},
};

on_sqlite_only!(after_the_grace_an_unanswered_customer_goes_to_the_front_of_the_queue);

on_both!(
    an_offer_that_runs_out_goes_to_the_next_agent,
    a_declined_offer_goes_to_the_next_agent,
    only_one_accept_wins,
    nobody_holds_more_than_their_room,
    the_next_one_goes_to_who_has_least_to_do,
    who_waits_longest_is_served_first,
    out_of_hours_a_campaign_closes_with_a_notice_or_lets_wait,
    a_queue_that_opens_is_served_at_once,
    an_agent_who_goes_away_is_offered_nothing_and_loses_open_offers,
    a_campaign_that_is_off_offers_nothing,
);

async fn offer_of(tab: &mut Socket, conversation: &str) -> String {
    text(&tab.conversation(conversation, "offered").await["conversation"]["standing"]["offer"])
}

async fn accept(agent: &Person, conversation: &str, offer: &str) -> u16 {
    agent.api.post(&format!("/api/v1/conversations/{conversation}/accept"), json!({ "offer": offer })).await.status
}

async fn an_offer_that_runs_out_goes_to_the_next_agent(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "offer_seconds": 5 })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab_of_ana = Socket::at_work(&ana.api).await;
    let start = Instant::now();
    let conversation = desk.channel.write("a", "hola").await;
    let offer = offer_of(&mut tab_of_ana, &conversation).await;
    let bruno = world.agent(&[&desk.campaign]).await;
    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    let again = offer_of(&mut tab_of_bruno, &conversation).await;
    let waited = start.elapsed();
    assert!((Duration::from_millis(4_900)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
    tab_of_ana.until("that it is gone", |frame| frame["kind"] == "gone").await;
    let late = ana.api.post(&format!("/api/v1/conversations/{conversation}/accept"), json!({ "offer": offer })).await;
    late.refused(409, "offer_gone");
    assert_eq!(accept(&bruno, &conversation, &again).await, 200);
    let late = ana.api.post(&format!("/api/v1/conversations/{conversation}/accept"), json!({ "offer": offer })).await;
    assert_eq!(late.refused(409, "offer_gone")["current_owner"], bruno.id);
}

async fn a_declined_offer_goes_to_the_next_agent(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "offer_seconds": 600 })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab_of_ana = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    let offer = offer_of(&mut tab_of_ana, &conversation).await;
    let bruno = world.agent(&[&desk.campaign]).await;
    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    let decline = format!("/api/v1/conversations/{conversation}/decline");
    ana.api.post(&decline, json!({ "offer": offer })).await.ok();
    offer_of(&mut tab_of_bruno, &conversation).await;
    let arrived = world.admin.conversation(&conversation).await["arrived_at"].clone();
    assert!(arrived.is_string());
}

async fn only_one_accept_wins(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "offer_seconds": 600 })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let rival = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    for round in 0..5 {
        let conversation = desk.channel.write(&format!("c{round}"), "hola").await;
        let offer = offer_of(&mut tab, &conversation).await;
        let path = format!("/api/v1/conversations/{conversation}/close");
        let (one, two, close) = tokio::join!(
            accept(&agent, &conversation, &offer),
            accept(&rival, &conversation, &offer),
            world.admin.post(&path, json!({})),
        );
        assert_eq!(two, 409);
        assert!(one == 200 || close.status == 200, "{one} {close}");
        let state = world.admin.conversation(&conversation).await;
        assert!(matches!(state["standing"]["is"].as_str().unwrap(), "active" | "ended"), "{state}");
        if state["standing"]["is"] == "active" {
            assert_eq!((state["standing"]["agent"].as_str().unwrap(), one), (agent.id.as_str(), 200));
        }
    }
}

async fn nobody_holds_more_than_their_room(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "max_per_agent": 3, "permissions": { "close_unanswered": true } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let mut conversations = Vec::new();
    for number in 0..5 {
        conversations.push(desk.channel.write(&format!("c{number}"), "hola").await);
    }
    for conversation in &conversations[..3] {
        tab.conversation(conversation, "active").await;
    }
    for conversation in &conversations[3..] {
        world.until_standing(conversation, "queued").await;
    }
    agent.api.post(&format!("/api/v1/conversations/{}/close", conversations[1]), json!({})).await.ok();
    tab.conversation(&conversations[3], "active").await;
    // By units: an API conversation takes 20 of them.
    let small = world.agent(&[]).await;
    world.admin.patch(&format!("/api/v1/users/{}", small.id), json!({ "capacity": 45 })).await.ok();
    let other = world.desk(json!({ "max_per_agent": 100 })).await;
    world.admin.put(&format!("/api/v1/campaigns/{}/members/{}", other.campaign, small.id), json!({})).await.ok();
    let mut tab = Socket::at_work(&small.api).await;
    let mut held = Vec::new();
    for number in 0..3 {
        held.push(other.channel.write(&format!("c{number}"), "hola").await);
    }
    tab.conversation(&held[0], "active").await;
    tab.conversation(&held[1], "active").await;
    world.until_standing(&held[2], "queued").await;
}

async fn the_next_one_goes_to_who_has_least_to_do(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "max_per_agent": 100 })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let (mut tab_of_ana, mut tab_of_bruno) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    for number in 0..8 {
        let conversation = desk.channel.write(&format!("c{number}"), "hola").await;
        let state = world.until_standing(&conversation, "active").await;
        let tab = if state["standing"]["agent"] == ana.id { &mut tab_of_ana } else { &mut tab_of_bruno };
        tab.conversation(&conversation, "active").await;
    }
    for agent in [&ana, &bruno] {
        assert_eq!(list(&agent.api.get("/api/v1/conversations?phase=active").await.ok()).len(), 4);
    }
}

async fn who_waits_longest_is_served_first(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "max_per_agent": 1, "permissions": { "close_unanswered": true } })).await;
    let mut waiting = Vec::new();
    for number in 0..4 {
        waiting.push(desk.channel.write(&format!("c{number}"), "hola").await);
    }
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    for conversation in &waiting {
        tab.conversation(conversation, "active").await;
        agent.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await.ok();
    }
}

/// Closed by hand; no clock of the test machine matters.
fn closed() -> Value {
    json!({ "open": false, "reason": "holiday" })
}

async fn out_of_hours_a_campaign_closes_with_a_notice_or_lets_wait(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let client = world.client("C").await;
    let schedule = json!({ "client": client, "name": "Office", "zone": "UTC", "weekly": [], "override": closed() });
    let schedule = world.admin.post("/api/v1/schedules", schedule).await.id();
    let notice = "Volvemos mañana.";
    let fields = |what: &str| json!({ "schedule": schedule, "out_of_hours": what, "out_of_hours_message": notice });
    let closing = world.campaign(&client, fields("close")).await;
    let waiting = world.campaign(&client, fields("queue")).await;
    let agent = world.agent(&[&closing, &waiting]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let channel = world.channel(&client, &closing, Some(&receiver.url)).await;
    let conversation = channel.write("a", "hola").await;
    world.until_standing(&conversation, "ended").await;
    let call = receiver.next().await;
    assert_eq!(call.json()["message"]["text"], notice);
    assert!(call.is_signed_with(&channel.secret));
    assert_eq!(world.admin.texts(&conversation).await, ["hola", notice]);

    let channel = world.channel(&client, &waiting, Some(&receiver.url)).await;
    let conversation = channel.write("b", "hola").await;
    world.until_standing(&conversation, "queued").await;
    assert_eq!(receiver.next().await.json()["message"]["text"], notice);
    // Once per contact and closed period, not once per message.
    channel.write("b", "¿hola?").await;
    assert_eq!(world.admin.texts(&conversation).await, ["hola", notice, "¿hola?"]);
    world
        .admin
        .patch(&format!("/api/v1/schedules/{schedule}"), json!({ "override": { "open": true, "reason": "back" } }))
        .await
        .ok();
    tab.conversation(&conversation, "active").await;
    assert_eq!(receiver.waiting(), 0);
}

async fn a_queue_that_opens_is_served_at_once(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let schedule = json!({ "client": desk.client, "name": "Office", "zone": "UTC", "weekly": [], "override": closed() });
    let schedule = world.admin.post("/api/v1/schedules", schedule).await.id();
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&campaign, json!({ "schedule": schedule })).await.ok();
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    world.until_standing(&conversation, "queued").await;
    world.admin.delete(&format!("/api/v1/schedules/{schedule}")).await.refused(409, "in_use");
    world.admin.patch(&campaign, json!({ "schedule": null })).await.ok();
    tab.conversation(&conversation, "active").await;
    world.admin.delete(&format!("/api/v1/schedules/{schedule}")).await.ok();
}

async fn an_agent_who_goes_away_is_offered_nothing_and_loses_open_offers(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "offer_seconds": 600 })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let (mut tab, other_tab) = (Socket::at_work(&ana.api).await, Socket::at_work(&ana.api).await);
    let conversation = desk.channel.write("a", "hola").await;
    offer_of(&mut tab, &conversation).await;
    drop(other_tab);
    assert_eq!(world.admin.conversation(&conversation).await["standing"]["is"], "offered");
    drop(tab);
    world.until_standing(&conversation, "queued").await;
    let second = desk.channel.write("b", "hola").await;
    world.until_standing(&second, "queued").await;
    // Back again: both are offered, the first one first.
    let mut tab = Socket::at_work(&ana.api).await;
    offer_of(&mut tab, &conversation).await;
    offer_of(&mut tab, &second).await;
    // A supervisor ends the shift: the tab is told, and what was offered waits again.
    world.admin.act(&format!("/api/v1/agents/{}/sign-out", ana.id)).await.ok();
    tab.until("the end of the shift", |frame| frame["kind"] == "signed_out").await;
    world.until_standing(&conversation, "queued").await;
}

async fn after_the_grace_an_unanswered_customer_goes_to_the_front_of_the_queue(database: Database) {
    let world = World::of(Installation::new(&database).with("GRACE_SECONDS", "15")).await;
    let desk = world.desk(json!({ "max_per_agent": 2 })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let (open, answered) = (desk.channel.write("a", "hola").await, desk.channel.write("b", "hola").await);
    tab.conversation(&open, "active").await;
    tab.conversation(&answered, "active").await;
    ana.api.reply(&answered, "hola").await.ok();
    let waits = desk.channel.write("c", "hola").await;
    world.until_standing(&waits, "queued").await;
    drop(tab);
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(world.admin.conversation(&open).await["standing"], json!({ "is": "active", "agent": ana.id }));
    let state = world.until_standing(&open, "queued").await;
    let waited = start.elapsed();
    assert!((Duration::from_millis(14_500)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
    assert_eq!(state["standing"]["reason"], "agent_lost");
    assert_eq!(world.admin.conversation(&answered).await["standing"], json!({ "is": "active", "agent": ana.id }));
    let bruno = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&bruno.api).await;
    tab.conversation(&open, "active").await;
    tab.conversation(&waits, "active").await;
}

async fn a_campaign_that_is_off_offers_nothing(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "enabled": false })).await;
    let other = world.campaign(&desk.client, json!({})).await;
    let channel = world.channel(&desk.client, &other, None).await;
    let agent = world.agent(&[&desk.campaign, &other]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    let waits = desk.channel.write("a", "hola").await;
    // The one after it is given out: the first was looked at and left.
    let next = channel.write("b", "hola").await;
    tab.conversation(&next, "active").await;
    assert_ne!(world.admin.conversation(&waits).await["standing"]["is"], "active");
    world.admin.patch(&campaign, json!({ "enabled": true })).await.ok();
    tab.conversation(&waits, "active").await;
}
