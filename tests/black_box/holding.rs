//! How agents hold what they have: sleep while a customer is silent, the time to finish after giving away,
//! first answers that are owed.

use serde_json::{Value, json};

use crate::{
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    a_silent_customer_takes_no_room_and_comes_back_above_capacity,
    silence_goes_on_over_a_crash_and_ends_with_a_message,
    who_gives_away_finishes_only_where_the_campaign_says_so,
    an_overdue_first_answer_stays_with_the_only_agent,
    impossible_holdings_are_refused,
);

fn of(id: &str, what: &str) -> String {
    format!("/api/v1/conversations/{id}/{what}")
}

/// A campaign with these settings, and an agent of it with room for one conversation.
async fn small(world: &World, holding: Value) -> (Desk, Person) {
    let desk = world.desk(json!({ "holding": holding })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    world.admin.patch(&format!("/api/v1/users/{}", agent.id), json!({ "capacity": 20 })).await.ok();
    (desk, agent)
}

fn over_capacity(frame: &Value) -> bool {
    frame["kind"] == "presence" && frame["data"]["over_capacity"] == true
}

async fn a_silent_customer_takes_no_room_and_comes_back_above_capacity(database: Database) {
    let world = World::new(&database).await;
    let (desk, agent) = small(&world, json!({ "dormant_seconds": 1 })).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let (mut board, _) = Socket::following(&world.admin, "board:1").await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    let second = desk.channel.write("b", "hola").await;
    let third = desk.channel.write("c", "hola").await;
    world.until_standing(&second, "queued").await;
    agent.api.reply(&first, "dígame").await.ok();
    tab.conversation(&first, "dormant").await;
    // There is room for the next one.
    tab.conversation(&second, "active").await;
    desk.channel.write("a", "sigo aquí").await;
    let back = tab.conversation(&first, "active").await;
    assert_eq!(back["conversation"]["standing"]["agent"], agent.id);
    tab.until("that it is too much", over_capacity).await;
    let row = board.until("the row", |frame| frame["data"]["agents"][0]["over_capacity"] == true).await;
    assert_eq!(row["data"]["agents"][0]["agent"], agent.id);
    let fresh = Socket::following(&agent.api, "me").await.1;
    assert_eq!(fresh["data"]["presence"]["over_capacity"], true);
    // No offer while above.
    agent.api.reply(&second, "dígame").await.ok();
    tab.until("that it fits again", |frame| frame["kind"] == "presence" && frame["data"]["over_capacity"].is_null()).await;
    world.until_standing(&third, "queued").await;
    agent.api.reply(&first, "dígame").await.ok();
    tab.conversation(&third, "active").await;
}

async fn silence_goes_on_over_a_crash_and_ends_with_a_message(database: Database) {
    let mut world = World::new(&database).await;
    let (desk, agent) = small(&world, json!({ "dormant_seconds": 2 })).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let id = desk.channel.write("a", "hola").await;
    tab.conversation(&id, "active").await;
    agent.api.reply(&id, "dígame").await.ok();
    drop(tab);
    world.crash().await;
    world.until_standing(&id, "dormant").await;
    let _tab = Socket::at_work(&agent.api).await;
    world.crash().await;
    assert_eq!(desk.channel.write("a", "sigo aquí").await, id);
    assert_eq!(world.until_standing(&id, "active").await["standing"]["agent"], agent.id);
}

async fn who_gives_away_finishes_only_where_the_campaign_says_so(database: Database) {
    let mut world = World::new(&database).await;
    let (desk, ana) = small(&world, json!({})).await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    let mut tab = Socket::at_work(&ana.api).await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    let bruno = world.agent(&[&desk.campaign]).await;
    let at_bruno = Socket::at_work(&bruno.api).await;
    let give = async |id: &str| ana.api.post(&of(id, "transfer"), json!({ "agent": bruno.id })).await.ok();
    give(&first).await;
    tab.until("that it is gone", |frame| frame["kind"] == "gone").await;

    let holding = json!({ "holding": { "sender_wrap_up": true }, "wrap_up_seconds": 900 });
    world.admin.patch(&campaign, holding).await.ok();
    world.admin.put(&format!("{campaign}/members/{}", bruno.id), json!({ "penalty": 9 })).await.ok();
    let second = desk.channel.write("b", "hola").await;
    tab.conversation(&second, "active").await;
    give(&second).await;
    let given = tab.conversation(&second, "active").await["conversation"].clone();
    assert_eq!((&given["standing"]["agent"], &given["finishing"]["agent"]), (&json!(bruno.id), &json!(ana.id)));
    assert!(given["finishing"]["until"].is_string() && given["finishing"]["locked"] == false, "{given}");
    ana.api.post(&of(&second, "notes"), json!({ "text": "ya pagó" })).await.ok();
    ana.api.reply(&second, "hola").await.refused(409, "not_owner");
    // It takes her only room, also after a crash: the next one goes to who is less preferred.
    drop((tab, at_bruno));
    world.crash().await;
    let (mut tab, mut at_bruno) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let third = desk.channel.write("c", "hola").await;
    at_bruno.conversation(&third, "active").await;
    ana.api.act(&of(&second, "wrap-up/end")).await.ok();
    tab.until("that it is gone", |frame| frame["kind"] == "gone" && frame["data"]["conversation"] == second).await;
    ana.api.get(&format!("/api/v1/conversations/{second}")).await.refused(404, "not_found");
    let fourth = desk.channel.write("d", "hola").await;
    tab.conversation(&fourth, "active").await;
}

async fn an_overdue_first_answer_stays_with_the_only_agent(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "closing": { "first_reply_seconds": 1 } })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let id = desk.channel.write("a", "hola").await;
    let overdue = |frame: &Value| frame["data"]["conversation"]["overdue"] == true;
    let marked = tab.until("that she owes an answer", overdue).await["data"]["conversation"].clone();
    assert_eq!(marked["standing"]["agent"], ana.id);
    drop(tab);
    world.crash().await;
    let (mut tab, me) = Socket::following(&ana.api, "me").await;
    let known = &me["data"]["conversations"][0];
    assert_eq!((&known["overdue"], &known["seq"]), (&json!(true), &marked["seq"]), "nothing has happened since");
    let bruno = world.agent(&[&desk.campaign]).await;
    let mut at_bruno = Socket::at_work(&bruno.api).await;
    let gone = tab.until("that it is gone", |frame| frame["kind"] == "gone").await;
    assert_eq!(gone["data"]["why"], "no_reply");
    at_bruno.conversation(&id, "active").await;
    bruno.api.reply(&id, "dígame").await.ok();
    assert_eq!(bruno.api.conversation(&id).await["overdue"], Value::Null);
}

async fn impossible_holdings_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    assert_eq!(world.admin.get(&path).await.ok()["holding"]["dormant_seconds"], Value::Null);
    for holding in [
        json!({ "dormant_seconds": 0 }),
        json!({ "dormant_seconds": 604_801 }),
        json!({ "dormant_seconds": "soon" }),
        json!({ "sender_wrap_up": "yes" }),
        json!({ "colour": "red" }),
        json!([]),
    ] {
        let answer = world.admin.patch(&path, json!({ "holding": holding })).await;
        assert_eq!(answer.status, 422, "{holding} {answer}");
    }
}
