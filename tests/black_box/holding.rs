//! How agents hold what they have: sleep while a customer is silent.

use serde_json::{Value, json};

use crate::{
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    a_silent_customer_takes_no_room_and_comes_back_above_capacity,
    silence_goes_on_over_a_crash_and_ends_with_a_message,
    impossible_holdings_are_refused,
);

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

async fn impossible_holdings_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    assert_eq!(world.admin.get(&path).await.ok()["holding"]["dormant_seconds"], Value::Null);
    for holding in [
        json!({ "dormant_seconds": 0 }),
        json!({ "dormant_seconds": 604_801 }),
        json!({ "dormant_seconds": "soon" }),
        json!({ "colour": "red" }),
        json!([]),
    ] {
        let answer = world.admin.patch(&path, json!({ "holding": holding })).await;
        assert_eq!(answer.status, 422, "{holding} {answer}");
    }
}
