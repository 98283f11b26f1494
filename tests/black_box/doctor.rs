//! The doctor: finds what is wrong and says how to mend it, while a server runs or refuses to; tells no secret.

use std::{net::TcpListener, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    database::{Database, on_both},
    installation::Installation,
    world::World,
};

on_both!(
    a_healthy_installation_is_healthy_before_during_and_after_its_server_runs,
    what_is_wrong_is_a_fault_with_a_way_to_mend_it,
    what_a_container_asks_is_whether_the_server_is_ready,
);

const CANARY: &str = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5ISE=";

/// What it finds; whether it is content.
fn examined(installation: &Installation) -> (bool, Vec<Value>) {
    let output = installation.run(&["doctor", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let healthy = said["healthy"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!healthy)), "{said}");
    let findings = said["findings"].as_array().unwrap().clone();
    for finding in &findings {
        assert_eq!(finding["level"] == "ok", finding["mend"].is_null(), "{finding}");
    }
    (healthy, findings)
}

/// One fault of this check that says this.
#[track_caller]
fn fault(installation: &Installation, check: &str, says: &str) {
    let (healthy, findings) = examined(installation);
    let found = |finding: &Value| {
        finding["check"] == check && finding["level"] == "fault" && finding["says"].as_str().unwrap().contains(says)
    };
    assert!(!healthy && findings.iter().any(found), "{findings:#?}");
}

async fn a_healthy_installation_is_healthy_before_during_and_after_its_server_runs(database: Database) {
    let Database::Sqlite = &database else { return on_a_server(database).await };
    let installation = Installation::new(&database).with("SECRET_KEY", CANARY).with("METRICS_TOKEN", "canary-token");
    assert!(examined(&installation).0);
    assert!(!installation.data().exists(), "it only looks");
    on_a_server(database).await;
}

async fn on_a_server(database: Database) {
    let mut world =
        World::of(Installation::new(&database).with("SECRET_KEY", CANARY).with("METRICS_TOKEN", "canary-token")).await;
    world.desk(json!({})).await;
    let (healthy, findings) = examined(&world.installation);
    assert!(healthy, "{findings:#?}");
    let says = |check: &str| {
        findings.iter().filter(|finding| finding["check"] == check).map(|finding| finding["says"].to_string()).collect::<String>()
    };
    assert!(says("port").contains("is ready"), "{findings:#?}");
    assert!(says("database").contains("the newest") && says("disk").contains("an fsync takes"), "{findings:#?}");
    assert!(says("secret key").contains("opens all 1"), "{findings:#?}");
    if let Database::Postgres(_) = &database {
        assert!(says("database").contains("PostgreSQL 1"), "{findings:#?}");
    }
    // For people: a line each, and nothing that is secret.
    let printed = world.installation.print(&["doctor"]);
    assert!(printed.lines().count() >= findings.len() && printed.contains("ok       port"), "{printed}");
    assert!(!printed.contains("canary") && !printed.contains(CANARY), "{printed}");
    // It held nobody up, and left nothing.
    world.client("still there").await;
    world.stop().await;
    assert!(examined(&world.installation).0);
    let left = std::fs::read_dir(world.installation.data()).unwrap();
    assert!(!left.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("doctor.")));
}

async fn what_is_wrong_is_a_fault_with_a_way_to_mend_it(database: Database) {
    let mut world = World::new(&database).await;
    world.desk(json!({})).await;
    world.stop().await;
    let installation = &mut world.installation;

    installation.set("SECRET_KEY", CANARY);
    fault(installation, "secret key", "does not open 1 of 1");
    installation.set("SECRET_KEY", "");
    let taken = TcpListener::bind(&installation.host).unwrap();
    let answering = std::thread::spawn(move || drop(taken.accept()));
    fault(installation, "port", "another program listens");
    answering.join().unwrap();
    let half = installation.data().join("restoring");
    std::fs::create_dir(&half).unwrap();
    fault(installation, "data directory", "has not finished");
    std::fs::remove_dir(half).unwrap();
    let key = installation.data().join("secret.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    fault(installation, "configuration", "can be read by others");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(installation.data(), PermissionsExt::from_mode(0o755)).unwrap();
    let (healthy, findings) = examined(installation);
    assert!(healthy && findings.iter().any(|finding| finding["level"] == "warning"), "{findings:#?}");
    installation.set("GRACE_SECONDS", "1");
    fault(installation, "configuration", "grace_seconds is 1");
    installation.set("GRACE_SECONDS", "soon");
    fault(installation, "configuration", "CENTRALITA_GRACE_SECONDS");
    installation.set("GRACE_SECONDS", "");
    match database {
        Database::Sqlite => {
            let file = installation.sqlite_file();
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle..].fill(0x5a);
            std::fs::write(&file, bytes).unwrap();
            fault(installation, "database", "damaged");
        }
        Database::Postgres(_) => {
            installation.set("DATABASE", "postgres://u:canary@127.0.0.1:1/x");
            fault(installation, "database", "");
            let output = installation.run(&["doctor"]);
            assert!(!String::from_utf8_lossy(&output.stdout).contains("canary"), "{output:?}");
        }
    }
}

async fn what_a_container_asks_is_whether_the_server_is_ready(database: Database) {
    let mut world = World::new(&database).await;
    assert_eq!(world.installation.print(&["healthcheck"]).trim(), "ready");
    world.stop().await;
    let output = world.installation.run(&["healthcheck"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody answers"), "{output:?}");
}
