//! How a campaign chooses (routing.md), as administrators set it and agents see it; the rules themselves are tested where
//! they are.

use serde_json::{Value, json};

use crate::{
    api::text,
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    a_campaign_keeps_how_it_chooses,
    turns_go_on_after_the_process_was_killed,
    when_nobody_is_chosen_the_first_to_take_has_it,
    a_member_with_a_delay_gets_what_has_waited,
    members_receive_the_kinds_they_may,
    the_urgent_go_first_where_the_campaign_says_so,
    a_full_queue_turns_away_or_passes_on,
    at_closing_time_what_waits_is_told_and_ends,
    impossible_choices_are_refused,
);

/// Accepted by themselves, closed without a reply.
async fn desk(world: &World, strategy: Value) -> Desk {
    world.desk(json!({ "max_per_agent": 100, "permissions": { "close_unanswered": true }, "strategy": strategy })).await
}

async fn seat(world: &World, desk: &Desk, who: &Person, fields: Value) {
    world.admin.put(&format!("/api/v1/campaigns/{}/members/{}", desk.campaign, who.id), fields).await.ok();
}

/// Who gets the next one.
async fn next(world: &World, desk: &Desk, from: &str) -> String {
    let conversation = desk.channel.write(from, "hola").await;
    text(&world.until_standing(&conversation, "active").await["standing"]["agent"])
}

async fn a_campaign_keeps_how_it_chooses(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let usual = json!({ "mode": "nocall", "order": "least_loaded", "penalty_members_limit": 0, "policy": "fifo",
        "points_per_minute": 10, "most_points": 300, "due_seconds": 60, "sticky_days": 0, "sticky_wait_seconds": 0 });
    assert_eq!(world.admin.get(&path).await.ok()["strategy"], usual);
    world.admin.patch(&path, json!({ "strategy": { "mode": "omni", "order": "rrmemory" } })).await.ok();
    world.admin.patch(&path, json!({ "strategy": { "order": null, "policy": "aged" } })).await.ok();
    let strategy = world.admin.get(&path).await.ok()["strategy"].clone();
    assert_eq!(
        (&strategy["mode"], &strategy["order"], &strategy["policy"]),
        (&json!("omni"), &json!("least_loaded"), &json!("aged"))
    );
    let agent = world.agent(&[&desk.campaign]).await;
    let path = format!("{path}/members/{}", agent.id);
    let fields = json!({ "penalty": 3, "position": 7, "delay_seconds": 30, "receive": ["api"] });
    let member = world.admin.put(&path, fields.clone()).await.ok().clone();
    assert!(fields.as_object().unwrap().iter().all(|(key, value)| member[key] == *value), "{member}");
    let member = world.admin.put(&path, json!({})).await.ok().clone();
    assert_eq!((&member["penalty"], &member["receive"]), (&json!(0), &Value::Null));
}

async fn turns_go_on_after_the_process_was_killed(database: Database) {
    let mut world = World::new(&database).await;
    let desk = desk(&world, json!({ "order": "rrmemory" })).await;
    let agents =
        [world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await];
    for (position, agent) in [2, 0, 1].iter().zip(&agents) {
        seat(&world, &desk, agent, json!({ "position": position })).await;
    }
    let mut tabs = Vec::new();
    for agent in &agents {
        tabs.push(Socket::at_work(&agent.api).await);
    }
    assert_eq!(next(&world, &desk, "a").await, agents[1].id);
    assert_eq!(next(&world, &desk, "b").await, agents[2].id);
    world.crash().await;
    tabs.clear();
    for agent in &agents {
        tabs.push(Socket::at_work(&agent.api).await);
    }
    assert_eq!(next(&world, &desk, "c").await, agents[0].id);
    assert_eq!(next(&world, &desk, "d").await, agents[1].id);
}

async fn when_nobody_is_chosen_the_first_to_take_has_it(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world, json!({ "mode": "ringall" })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let _tabs = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let (_, seen) = Socket::following(&ana.api, "waiting").await;
    assert!(seen["data"].is_array(), "{seen}");
    let (first, second) = (desk.channel.write("a", "hola").await, desk.channel.write("b", "hola").await);
    world.until_standing(&first, "queued").await;
    world.until_standing(&second, "queued").await;
    let take = |conversation: &str| format!("/api/v1/conversations/{conversation}/take");
    ana.api.act(&take(&second)).await.refused(409, "not_next");
    let (one, other) = (take(&first), take(&first));
    let (one, other) = tokio::join!(ana.api.act(&one), bruno.api.act(&other));
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 409]);
    let (winner, loser) = if one.status == 200 { (&ana, &bruno) } else { (&bruno, &ana) };
    winner.api.act(&take(&second)).await.refused(409, "at_capacity");
    loser.api.act(&take(&second)).await.ok();
}

async fn a_member_with_a_delay_gets_what_has_waited(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world, json!({})).await;
    let (ana, late) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    seat(&world, &desk, &late, json!({ "delay_seconds": 2 })).await;
    let _late = Socket::at_work(&late.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    let state = world.until_standing(&conversation, "active").await;
    assert_eq!(state["standing"]["agent"], late.id);
    let micros = |time: &Value| chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap().timestamp_micros();
    assert!(micros(&state["since"]) - micros(&state["arrived_at"]) >= 2_000_000, "{state}");
    let _ana = Socket::at_work(&ana.api).await;
    assert_eq!(next(&world, &desk, "b").await, ana.id);
}

async fn members_receive_the_kinds_they_may(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world, json!({ "order": "linear" })).await;
    let (chats, all) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    seat(&world, &desk, &chats, json!({ "receive": ["webchat"], "position": 1 })).await;
    seat(&world, &desk, &all, json!({ "position": 2 })).await;
    let _tabs = (Socket::at_work(&chats.api).await, Socket::at_work(&all.api).await);
    assert_eq!(next(&world, &desk, "a").await, all.id);
    seat(&world, &desk, &chats, json!({ "receive": ["webchat", "api"], "position": 1 })).await;
    assert_eq!(next(&world, &desk, "b").await, chats.id);
}

async fn the_urgent_go_first_where_the_campaign_says_so(database: Database) {
    let world = World::new(&database).await;
    let desk = desk(&world, json!({ "policy": "strict" })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    world.admin.patch(&format!("/api/v1/users/{}", agent.id), json!({ "capacity": 20 })).await.ok();
    let (first, second) = (desk.channel.write("a", "hola").await, desk.channel.write("b", "hola").await);
    world.until_standing(&first, "queued").await;
    world.until_standing(&second, "queued").await;
    world.admin.put(&format!("/api/v1/conversations/{second}/priority"), json!({ "priority": "urgent" })).await.ok();
    let mut tab = Socket::at_work(&agent.api).await;
    tab.conversation(&second, "active").await;
    assert_eq!(world.admin.conversation(&first).await["standing"]["is"], "queued");
    agent.api.post(&format!("/api/v1/conversations/{second}/close"), json!({})).await.ok();
    tab.conversation(&first, "active").await;
}

async fn a_full_queue_turns_away_or_passes_on(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let client = world.client("C").await;
    let other = world.campaign(&client, json!({})).await;
    let limits = json!({ "max_waiting": 1, "when_full": "reject", "full_message": "Somos pocos hoy." });
    let campaign = world.campaign(&client, json!({ "limits": limits })).await;
    let channel = world.channel(&client, &campaign, Some(&receiver.url)).await;
    let first = channel.write("a", "hola").await;
    world.until_standing(&first, "queued").await;
    let refused = channel.write("b", "hola").await;
    let state = world.until_standing(&refused, "ended").await;
    assert_eq!(state["standing"]["ending"], "full", "{state}");
    assert_eq!(receiver.next().await.json()["message"]["text"], "Somos pocos hoy.");
    let path = format!("/api/v1/campaigns/{campaign}");
    world.admin.patch(&path, json!({ "limits": { "when_full": "overflow", "overflow": other } })).await.ok();
    let passed_on = channel.write("c", "hola").await;
    let state = world.until_standing(&passed_on, "queued").await;
    assert_eq!((&state["campaign"], &state["standing"]["reason"]), (&json!(other), &json!("overflowed")));
    world
        .admin
        .patch(&path, json!({ "limits": { "overflow": campaign } }))
        .await
        .refused_field("limits.overflow", "unknown_reference");
}

async fn at_closing_time_what_waits_is_told_and_ends(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let client = world.client("C").await;
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(|day| json!({ "day": day, "start": 0, "end": 1440 }));
    let schedule = json!({ "client": client, "name": "Always", "zone": "UTC", "weekly": days });
    let schedule = world.admin.post("/api/v1/schedules", schedule).await.id();
    let limits = json!({ "at_closing": "close", "closing_message": "Hasta mañana." });
    let campaign = world.campaign(&client, json!({ "schedule": schedule, "limits": limits })).await;
    let channel = world.channel(&client, &campaign, Some(&receiver.url)).await;
    let waits = channel.write("a", "hola").await;
    world.until_standing(&waits, "queued").await;
    let closing = json!({ "override": { "open": false, "reason": "holiday" } });
    world.admin.patch(&format!("/api/v1/schedules/{schedule}"), closing).await.ok();
    let state = world.until_standing(&waits, "ended").await;
    assert_eq!(state["standing"]["ending"], "out_of_hours");
    assert_eq!(receiver.next().await.json()["message"]["text"], "Hasta mañana.");
}

async fn impossible_choices_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    for strategy in [
        json!({ "mode": "everybody" }),
        json!({ "order": 7 }),
        json!({ "policy": null, "penalty_members_limit": 10_001 }),
        json!({ "points_per_minute": 1_001 }),
        json!({ "due_seconds": 0 }),
        json!({ "colour": "red" }),
        json!([]),
        json!("omni"),
    ] {
        let answer = world.admin.patch(&campaign, json!({ "strategy": strategy })).await;
        assert_eq!(answer.status, 422, "{strategy} {answer}");
    }
    for limits in [json!({ "max_waiting": 0 }), json!({ "when_full": "explode" }), json!({ "full_message": "" }), json!([])] {
        let answer = world.admin.patch(&campaign, json!({ "limits": limits })).await;
        assert_eq!(answer.status, 422, "{limits} {answer}");
    }
    let member = format!("{campaign}/members/{}", agent.id);
    for fields in [
        json!({ "position": 1_000_001 }),
        json!({ "delay_seconds": 3_601 }),
        json!({ "delay_seconds": -1 }),
        json!({ "receive": ["smoke_signals"] }),
        json!({ "receive": "api" }),
    ] {
        let answer = world.admin.put(&member, fields.clone()).await;
        assert_eq!(answer.status, 422, "{fields} {answer}");
    }
}
