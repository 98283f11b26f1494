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
    let own = invented.header("x-request-id").to_owned();
    assert!(own.len() == 36 && !own.contains('"'), "{own}");
    assert_ne!(world.admin.get("/api/v1/clients").await.header("x-request-id"), own);
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
    for id in ["0123456789abcdef-proxy", own.as_str()] {
        let found: Vec<&Value> = lines.iter().filter(|line| line["span"]["request"] == id).collect();
        assert!(matches!(found[..], [line] if line["status"] == 200 && line["span"]["route"] == "/api/v1/clients"), "{found:?}");
    }
    assert!(lines.iter().any(|line| line["message"] == "ready" && line["listen"].is_string()));
}
