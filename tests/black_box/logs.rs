//! The log as collectors read it: one object a line, requests by their id, and nothing that customers wrote.

use serde_json::{Value, json};

use crate::{
    database::{Database, on_both},
    installation::Installation,
    world::World,
};

on_both!(every_line_is_an_object_and_a_request_is_found_by_its_id);

async fn every_line_is_an_object_and_a_request_is_found_by_its_id(database: Database) {
    let installation = Installation::new(&database).with("LOG_FORMAT", "json").with("LOG", "info,centralita::http::gate=debug");
    let mut world = World::of(installation).await;
    let desk = world.desk(json!({})).await;
    let conversation = desk.channel.write("a", "canary-of-a-customer").await;
    let first = world.admin.conversation(&conversation).await;
    assert!(first["id"].is_string());
    // One of a proxy is kept, one that is none is not.
    let proxied = world.admin.clone().with("x-request-id", "0123456789abcdef-proxy").get("/api/v1/clients").await;
    assert_eq!(proxied.header("x-request-id"), "0123456789abcdef-proxy");
    let invented = world.admin.clone().with("x-request-id", "evil\"id\\").get("/api/v1/clients").await;
    assert_eq!(invented.header("x-request-id"), "");
    world.stop().await;

    let log = world.installation.log();
    assert!(!log.contains("canary-of-a-customer"));
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no object: {line}"))).collect();
    for line in &lines {
        for field in ["timestamp", "level", "target"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
    let answered = |line: &&Value| line["span"]["route"] == "/api/v1/clients" && line["span"]["method"] == "GET";
    let ids: Vec<&str> = lines.iter().filter(answered).map(|line| line["span"]["request"].as_str().unwrap()).collect();
    assert!(matches!(ids[..], ["0123456789abcdef-proxy", own] if own.len() == 36), "{ids:?}");
    assert!(lines.iter().filter(answered).all(|line| line["status"] == 200));
    assert!(lines.iter().any(|line| line["message"] == "ready" && line["listen"].is_string()));
}
