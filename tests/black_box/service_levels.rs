//! The service level as supervisors, programs and Prometheus see it (metrics.md): live, after a crash, under another goal.

use serde_json::{Value, json};

use crate::{
    api::text,
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    the_service_level_is_pushed_told_and_the_same_after_a_crash,
    another_goal_measures_the_day_anew,
    out_of_hours_is_not_counted_and_waits_for_the_opening,
    only_who_sees_the_board_sees_service_levels,
);

const PATH: &str = "/api/v1/service-levels";

/// The row of a campaign in a frame of the board, if it is in it.
fn row<'a>(frame: &'a Value, campaign: &str) -> Option<&'a Value> {
    frame["data"]["campaigns"].as_array()?.iter().find(|row| row["campaign"] == campaign)
}

/// Waits until the board shows this service of a campaign.
async fn until(board: &mut Socket, campaign: &str, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let frame = board.until(what, |frame| row(frame, campaign).is_some_and(|row| is_it(&row["service"]))).await;
    row(&frame, campaign).unwrap()["service"].clone()
}

fn window(service: &Value) -> [&Value; 6] {
    ["entered", "answered", "in_time", "abandoned", "flowed_out", "level"].map(|name| &service["today"][name])
}

async fn the_service_level_is_pushed_told_and_the_same_after_a_crash(database: Database) {
    let mut world = World::new(&database).await;
    let service = json!({ "level_seconds": 1, "level_percent": 90 });
    let desk = world.desk(json!({ "service": service, "name": "Ventas \"A\"" })).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    let (mut board, _) = Socket::following(&supervisor.api, "board:1").await;
    // Nobody is there: it becomes late without anything else happening.
    let first = desk.channel.write("a", "hola").await;
    let late = until(&mut board, &desk.campaign, "that one is late", |service| service["late"] == 1).await;
    assert_eq!((&late["live"], &late["today"]["level"]), (&json!(0), &Value::Null), "{late}");
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    tab.conversation(&first, "active").await;
    let second = desk.channel.write("b", "hola").await;
    tab.conversation(&second, "active").await;
    let half = until(&mut board, &desk.campaign, "both answers", |service| service["today"]["answered"] == 2).await;
    assert_eq!(window(&half), [&json!(2), &json!(2), &json!(1), &json!(0), &json!(0), &json!(50)]);
    assert_eq!((&half["late"], &half["recent"], &half["goal_percent"]), (&json!(0), &half["today"], &json!(90)));
    // Programs and Prometheus are told the same.
    let told = supervisor.api.get(PATH).await.ok();
    assert_eq!((told["items"].as_array().unwrap().len(), &told["items"][0]["service"]), (1, &half), "{told}");
    let scraped = world.anonymous().request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
    let line = format!("level_ratio{{campaign=\"{}\",name=\"Ventas \\\"A\\\"\"}} 0.5\n", desk.campaign);
    assert!(scraped.contains(&line), "{line}\n{scraped}");
    // The recorded day of the simulator is counted by other hands.
    let day =
        json!({ "campaign": desk.campaign, "day": chrono::Utc::now().format("%Y-%m-%d").to_string(), "threshold_seconds": 1 });
    let recorded = &supervisor.api.post("/api/v1/simulations", day).await.ok()["recorded"]["total"];
    assert_eq!(
        [&recorded["entered"], &recorded["answered_in_time"], &recorded["service_level"]],
        [&json!(2), &json!(1), &json!(50.0)]
    );
    world.crash().await;
    let (mut board, _) = Socket::following(&supervisor.api, "board:1").await;
    board.follow("board:1").await;
    let after = supervised(&supervisor.api, &desk.campaign).await;
    assert_eq!(after, half, "the log says the same");
}

/// What the API says, once the day has been read after a start.
async fn supervised(api: &crate::api::Api, campaign: &str) -> Value {
    for _ in 0..200 {
        let told = api.get(&format!("{PATH}?campaign={campaign}")).await.ok();
        if !told["items"][0]["service"].is_null() {
            return told["items"][0]["service"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the day was not read");
}

async fn another_goal_measures_the_day_anew(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "service": { "level_seconds": 1 } })).await;
    let (mut board, _) = Socket::following(&world.admin, "board:1").await;
    let conversation = desk.channel.write("a", "hola").await;
    until(&mut board, &desk.campaign, "that it is late", |service| service["late"] == 1).await;
    let agent = world.agent(&[&desk.campaign]).await;
    Socket::at_work(&agent.api).await.conversation(&conversation, "active").await;
    until(&mut board, &desk.campaign, "a bad level", |service| service["today"]["level"] == 0).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&path, json!({ "service": { "level_seconds": 3_600 } })).await.ok();
    let better = until(&mut board, &desk.campaign, "another level", |service| service["today"]["level"] == 100).await;
    assert_eq!(window(&better), [&json!(1), &json!(1), &json!(1), &json!(0), &json!(0), &json!(100)]);
    // What waits and is closed by a supervisor has flowed out.
    let path = format!("/api/v1/campaigns/{}/members/{}", desk.campaign, agent.id);
    world.admin.call("DELETE", &path, None).await.ok();
    let waits = desk.channel.write("b", "hola").await;
    world.until_standing(&waits, "queued").await;
    world.admin.post(&format!("/api/v1/conversations/{waits}/close"), json!({})).await.ok();
    let closed = until(&mut board, &desk.campaign, "that one flowed out", |service| service["today"]["flowed_out"] == 1).await;
    assert_eq!(window(&closed), [&json!(2), &json!(1), &json!(1), &json!(0), &json!(1), &json!(100)]);
}

async fn out_of_hours_is_not_counted_and_waits_for_the_opening(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("Cliente").await;
    let closed = json!({ "client": client, "name": "Nunca", "zone": "UTC", "weekly": [], "exceptions": [{ "date": "2099-01-01", "intervals": [{ "start": 540, "end": 600 }] }] });
    let schedule = world.admin.post("/api/v1/schedules", closed).await.id();
    let fields =
        |out_of_hours: &str| json!({ "schedule": schedule, "out_of_hours": out_of_hours, "service": { "level_seconds": 1 } });
    let (closes, queues) = (world.campaign(&client, fields("close")).await, world.campaign(&client, fields("queue")).await);
    let channels = (world.channel(&client, &closes, None).await, world.channel(&client, &queues, None).await);
    let ended = channels.0.write("a", "hola").await;
    world.until_standing(&ended, "ended").await;
    let waits = channels.1.write("a", "hola").await;
    world.until_standing(&waits, "queued").await;
    let (mut board, _) = Socket::following(&world.admin, "board:1").await;
    // One that is open tells when a second has passed.
    let other = world.desk(json!({ "service": { "level_seconds": 1 } })).await;
    other.channel.write("a", "hola").await;
    until(&mut board, &other.campaign, "that one is late", |service| service["late"] == 1).await;
    let service = supervised(&world.admin, &closes).await;
    assert_eq!(window(&service), [&json!(0), &json!(0), &json!(0), &json!(0), &json!(0), &Value::Null]);
    let service = supervised(&world.admin, &queues).await;
    assert_eq!((&service["today"]["entered"], &service["late"], &service["live"]), (&json!(1), &json!(0), &Value::Null));
}

async fn only_who_sees_the_board_sees_service_levels(database: Database) {
    let world = World::new(&database).await;
    let (desk, other) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    world.anonymous().get(PATH).await.refused(401, "signed_out_session");
    agent.api.get(PATH).await.refused(403, "forbidden");
    supervisor.api.get(&format!("{PATH}?campaign=x")).await.refused(422, "invalid");
    supervisor.api.get(&format!("{PATH}?hours=3")).await.refused(422, "invalid");
    for (query, seen) in
        [(String::new(), 1), (format!("?campaign={}", other.campaign), 0), (format!("?client={}", other.client), 0)]
    {
        let told = supervisor.api.get(&format!("{PATH}{query}")).await.ok();
        assert_eq!(told["items"].as_array().unwrap().len(), seen, "{query}: {told}");
    }
    let first = world.admin.get(&format!("{PATH}?limit=1")).await.ok();
    let second = world.admin.get(&format!("{PATH}?limit=1&cursor={}", text(&first["next"]))).await.ok();
    let mut seen = [&first, &second].map(|page| text(&page["items"][0]["campaign"]));
    seen.sort();
    let mut all = [desk.campaign, other.campaign];
    all.sort();
    assert_eq!((seen, &second["next"]), (all, &Value::Null));
}
