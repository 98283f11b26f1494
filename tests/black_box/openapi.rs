//! The documentation says what the server does.

use centralita::http::routes::ROUTES;
use serde_json::Value;

use crate::{
    database::{Database, on_both},
    world::World,
};

on_both!(
    every_route_is_documented_and_there,
    the_documentation_runs_no_script_of_its_own,
    unknown_addresses_and_methods_are_told_so
);

async fn every_route_is_documented_and_there(database: Database) {
    let world = World::new(&database).await;
    let document: Value = world.anonymous().get("/openapi.json").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{} {}", route.method, route.path);
        assert!(operation["responses"][route.status.to_string()].is_object(), "{operation}");
        // There: with nothing of what it needs it says so, and does not fail.
        let path = route.path.replace("{id}", "01900000-0000-7000-8000-000000000000").replace(['{', '}'], "");
        let answer = world.admin.call(route.method.as_str(), &path, None).await;
        assert!(answer.status < 500, "{answer}");
        let names_an_object = route.path.contains('{');
        // A program has no sessions.
        let not_for_programs = ["/api/v1/session", "/api/v1/me/sessions", "/metrics"].contains(&route.path);
        // On any other server there is no demo.
        let of_a_demo = route.path.starts_with("/api/v1/demo");
        assert!(answer.status != 404 || names_an_object || not_for_programs || of_a_demo, "{answer}");
        assert_ne!(answer.status, 405, "{answer}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for name in text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    let public = ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/viewer.js", "/docs/viewer.css"];
    for path in public {
        assert_eq!(world.anonymous().get(path).await.status, 200, "{path}");
    }
}

async fn the_documentation_runs_no_script_of_its_own(database: Database) {
    let world = World::new(&database).await;
    let page = world.anonymous().get("/docs").await;
    let html = String::from_utf8(page.ok_bytes().to_vec()).unwrap();
    let policy = page.header("content-security-policy");
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("src=") && script.split('>').nth(1).unwrap().starts_with("</script"), "{script}");
    }
    for foreign in [" onload=", " onclick=", "javascript:", "<style", " style=", "https://", "http://"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

async fn unknown_addresses_and_methods_are_told_so(database: Database) {
    let world = World::new(&database).await;
    world.admin.get("/api/v1/nothing").await.refused(404, "not_found");
    world.anonymous().get("/api/v1/nothing").await.refused(404, "not_found");
    let answer = world.admin.delete("/api/v1/clients").await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, POST");
    for path in ["/nothing", "/.env", "/.git/config", "/administrator", "/setup"] {
        assert_eq!(world.anonymous().get(path).await.status, 404, "{path}");
    }
}
