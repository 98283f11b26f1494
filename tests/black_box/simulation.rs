//! A day seen again under other settings: over the API and on the command line, beside the running server.

use chrono::Utc;
use serde_json::{Value, json};

use crate::{
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    hours_and_limits_can_be_others,
    a_day_is_seen_again_under_other_settings,
    only_who_sees_the_board_sees_its_days,
    what_cannot_be_is_refused
);

const PATH: &str = "/api/v1/simulations";

async fn a_day_is_seen_again_under_other_settings(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "name": "Ventas", "permissions": { "close_unanswered": true } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let day = Utc::now().format("%Y-%m-%d").to_string();
    let _tab = Socket::at_work(&agent.api).await;
    for (from, stays) in [("one", false), ("two", false), ("three", true)] {
        let conversation = desk.channel.write(from, "hola").await;
        world.until_standing(&conversation, "active").await;
        if !stays {
            agent.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await.ok();
        }
    }
    let before = world.installation.rows().await;
    let asked = json!({ "campaign": desk.campaign, "day": day, "changes": { "agents": 1, "order": "longest_idle" } });
    let seen = world.admin.post(PATH, asked.clone()).await.ok();
    for column in ["recorded", "before", "after"] {
        let total = &seen[column]["total"];
        assert_eq!((&total["entered"], &total["answered"]), (&json!(3), &json!(3)), "{column}: {seen}");
        assert_eq!(total["service_level"], 100.0, "{column}");
    }
    assert_eq!(seen["recorded"]["fairness"]["agents"], 1);
    assert_eq!(seen["after"]["fairness"]["agents"], 2, "one more");
    assert_eq!(seen["agents"], json!([{ "agent": agent.id, "name": agent.login }]));
    assert_eq!(world.installation.rows().await, before, "it writes nothing");
    // The command line sees the same beside the running server.
    let arguments = ["simulate", "--campaign", "Ventas", "--day", &day, "--agents", "+1", "--order", "longest_idle", "--json"];
    let printed: Value = serde_json::from_str(&world.installation.print(&arguments)).unwrap();
    assert_eq!(printed["recorded"]["total"], seen["recorded"]["total"]);
    assert_eq!(printed["after"]["total"]["answered"], 3);
    let table = world.installation.print(&["simulate", "--campaign", "Ventas", "--day", &day, "--language", "es"]);
    assert!(table.contains("nivel de servicio") && table.contains(&agent.login), "{table}");
    assert_eq!(world.installation.rows().await, before);
}

async fn hours_and_limits_can_be_others(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "out_of_hours": "close", "limits": { "when_full": "reject" } })).await;
    let seen = async |changes: Value| {
        let load = json!({ "agents": 2, "conversations": 400, "handling_seconds": 900 });
        world.admin.post(PATH, json!({ "campaign": desk.campaign, "load": load, "changes": changes })).await.ok()
    };
    let hours = seen(json!({ "open": { "from": "10:00", "to": "12:30:00" } })).await;
    assert_eq!(hours["before"]["total"]["out_of_hours"], 0);
    assert!(hours["after"]["total"]["out_of_hours"].as_u64().unwrap() > 100, "{hours}");
    let limits = seen(json!({ "max_waiting": 1, "auto_accept": false })).await;
    assert!(limits["before"]["total"]["longest_queue"].as_u64().unwrap() > 2, "{limits}");
    assert!(limits["after"]["total"]["rejected"].as_u64() > limits["before"]["total"]["rejected"].as_u64(), "{limits}");
    for open in [json!({ "from": "10:00" }), json!({ "from": "25:00", "to": "10:00" }), json!("10-12")] {
        let body = json!({ "campaign": desk.campaign, "day": "2026-03-02", "changes": { "open": open } });
        world.admin.post(PATH, body).await.refused(422, "invalid");
    }
}

async fn only_who_sees_the_board_sees_its_days(database: Database) {
    let world = World::new(&database).await;
    let (desk, other) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    let load =
        |campaign: &str| json!({ "campaign": campaign, "load": { "agents": 3, "conversations": 30, "handling_seconds": 300 } });
    let seen = supervisor.api.post(PATH, load(&desk.campaign)).await.ok();
    assert!(seen["before"]["total"]["answered"].as_u64().unwrap() > 0 && seen["after"].is_null(), "{seen}");
    assert_eq!(seen["before"], supervisor.api.post(PATH, load(&desk.campaign)).await.ok()["before"], "the same again");
    supervisor.api.post(PATH, load(&other.campaign)).await.refused(404, "not_found");
    supervisor.api.post(PATH, load("01900000-0000-7000-8000-000000000001")).await.refused(404, "not_found");
    agent.api.post(PATH, load(&desk.campaign)).await.refused(403, "forbidden");
    world.anonymous().post(PATH, load(&desk.campaign)).await.refused(401, "signed_out_session");
}

async fn what_cannot_be_is_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let refused = async |fields: Value, field: &str, code: &str| {
        let mut body = json!({ "campaign": desk.campaign });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        world.admin.post(PATH, body).await.refused_field(field, code);
    };
    let load = json!({ "agents": 3, "conversations": 30, "handling_seconds": 300 });
    refused(json!({}), "load", "not_possible").await;
    refused(json!({ "day": "2026-03-02", "load": load }), "load", "not_possible").await;
    refused(json!({ "day": "yesterday" }), "day", "not_possible").await;
    refused(json!({ "day": "2999-01-01" }), "day", "not_possible").await;
    refused(json!({ "day": "2026-03-02" }), "day", "not_possible").await;
    for (field, value) in [("agents", 0), ("conversations", 20_001), ("handling_seconds", 9)] {
        let mut wrong = load.clone();
        wrong[field] = value.into();
        refused(json!({ "load": wrong }), &format!("load.{field}"), "out_of_range").await;
    }
    refused(json!({ "load": load, "changes": { "agents": 2_000 } }), "changes.agents", "out_of_range").await;
    refused(json!({ "load": load, "changes": { "max_per_agent": 0 } }), "changes.max_per_agent", "out_of_range").await;
    refused(json!({ "load": load, "threshold_seconds": 0 }), "threshold_seconds", "out_of_range").await;
    world.admin.post(PATH, json!({ "campaign": desk.campaign, "load": load, "chnges": {} })).await.refused(422, "invalid");
}
