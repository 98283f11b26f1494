//! Starting: what is refused and with which sentence, and the commands that set a server up.

use std::{os::unix::fs::PermissionsExt, process::Command};

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    installation::Installation,
    world::World,
};

on_both!(
    a_risky_or_wrong_configuration_is_refused_with_a_sentence,
    sample_fills_an_empty_database_and_what_it_prints_works,
    people_and_tokens_are_made_on_the_command_line,
    migrating_again_changes_nothing,
    a_file_configures_the_server_and_the_environment_beats_it,
);

type Settings = &'static [(&'static str, &'static str)];
type Sentences = &'static [&'static str];

async fn a_risky_or_wrong_configuration_is_refused_with_a_sentence(database: Database) {
    let refusals: [(Settings, Sentences); 14] = [
        (&[("LISTEN", "0.0.0.0:28080")], &["secret_key is missing", "public_url is missing", "openssl rand -base64 32"]),
        (
            &[
                ("LISTEN", "0.0.0.0:28080"),
                ("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
                ("PUBLIC_URL", "http://help.example.com"),
            ],
            &["passwords would travel in the clear"],
        ),
        (&[("SECRET_KEY", "too short")], &["CENTRALITA_SECRET_KEY"]),
        (&[("TRUSTED_PROXIES", "0.0.0.0/0")], &["anybody could claim any address"]),
        (&[("GRACE_SECONDS", "1")], &["grace_seconds is 1: set it between 15 and 300"]),
        (&[("WORKERS", "0")], &["workers is 0"]),
        (&[("WORKERS", "many")], &["CENTRALITA_WORKERS"]),
        (&[("LIMITS__MAX_BODY_BYTES", "1")], &["limits.max_body_bytes"]),
        (&[("LISTEN", "somewhere")], &["CENTRALITA_LISTEN"]),
        (&[("DATABASE", "mysql://x")], &["CENTRALITA_DATABASE"]),
        (&[("DATABASE", "postgres://u:canary@127.0.0.1:1/x")], &["the database"]),
        (&[("NO_SUCH_SETTING", "1")], &["no_such_setting"]),
        (&[("CONFIG", "/does/not/exist.toml")], &["/does/not/exist.toml"]),
        (&[("LOG", "no=such=filter")], &["log"]),
    ];
    for (settings, sentences) in refusals {
        let mut installation = Installation::new(&database);
        for (name, value) in settings {
            installation = installation.with(name, value);
        }
        let output = installation.run(&["serve"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{settings:?}: {said}");
        let message = said.lines().skip_while(|line| !line.starts_with("centralita: ")).collect::<Vec<_>>().join("\n");
        for sentence in sentences {
            assert!(message.contains(sentence), "{settings:?}: {said}");
        }
        assert!(!said.contains("panicked") && !said.contains("canary") && !said.contains("too short"), "{said}");
        assert!(output.stdout.is_empty());
    }
    // A key that others can read.
    let installation = Installation::new(&database);
    installation.print(&["migrate"]);
    let world = World::of(installation).await;
    let key = world.installation.data().join("secret.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(world.installation.data()).unwrap().permissions().mode() & 0o777, 0o700);
    let mut world = world;
    world.stop().await;
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let output = world.installation.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("chmod 600"), "{said}");
    // A port that is taken.
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let _taken = std::net::TcpListener::bind(world.host()).unwrap();
    let output = world.installation.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot listen on"), "{said}");
}

async fn sample_fills_an_empty_database_and_what_it_prints_works(database: Database) {
    let installation = Installation::new(&database);
    let printed = installation.print(&["sample"]);
    for command in [&["sample"][..], &["sample", "--json"]] {
        let output = installation.run(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("sample only fills an empty one"), "{said}");
    }
    let server = installation.start().await;
    let (login, password) =
        printed.lines().find_map(|line| line.trim().strip_prefix("supervisor ")?.trim().split_once(' ')).unwrap();
    let body = json!({ "login": login.trim(), "password": password.trim() });
    let answer = Api::anonymous(&installation.host).post("/api/v1/session", body).await;
    assert_eq!(answer.ok()["campaigns"].as_array().unwrap().len(), 2);
    let supervisor = Api::browser(&installation.host, answer.header("set-cookie").split(';').next().unwrap());

    let tools = ["bash", "curl", "openssl"].iter().all(|tool| Command::new(tool).arg("--version").output().is_ok());
    if tools {
        let script: String =
            printed.lines().filter(|line| line.starts_with("  ") && line.contains(['=', '$'])).collect::<Vec<_>>().join("\n");
        assert!(script.contains("curl "), "{script}");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("200 OK") && said.contains("\"status\":\"stored\""), "{said}\n{script}");
        let page = supervisor.get("/api/v1/conversations").await.ok();
        assert_eq!(list(&page)[0]["contact_name"], "Marta");
    }
    let chat = printed.split("/chat?channel=").nth(1).unwrap().lines().next().unwrap().trim();
    Api::anonymous(&installation.host).act(&format!("/widget/v1/{chat}/session")).await.ok();
    drop(server);
}

async fn people_and_tokens_are_made_on_the_command_line(database: Database) {
    let installation = Installation::new(&database);
    let made: Value =
        serde_json::from_str(&installation.print(&["user", "create", "--login", " Boss@Example.com ", "--json"])).unwrap();
    assert_eq!((&made["login"], &made["role"]), (&json!("boss@example.com"), &json!("admin")));
    let output = installation.run(&["user", "create", "--login", "boss@example.com"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("there is a user boss@example.com already"), "{said}");
    for (arguments, sentence) in [
        (&["user", "create", "--login", "x", "--role", "king"][..], "choose admin, supervisor, agent or auditor"),
        (&["token", "create"], "--role"),
        (&["token", "create", "--role", "king"], "choose"),
        (&["user", "create"], "--login"),
        (&["dance"], "unrecognized subcommand"),
        (&["user", "create", "--login", ""], "login"),
        (&["token", "create", "--role", "agent"], "agent"),
    ] {
        let output = installation.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(sentence) && output.stdout.is_empty(), "{arguments:?}: {said}");
    }
    let token = installation.print(&["token", "create", "--role", "auditor", "--name", "watcher"]);
    let server = installation.start().await;
    let body = json!({ "login": "boss@example.com", "password": made["password"] });
    let answer = Api::anonymous(&installation.host).post("/api/v1/session", body).await;
    assert_eq!(answer.ok()["role"], "admin");
    let watcher = Api::bearer(&installation.host, token.trim());
    assert_eq!(watcher.get("/api/v1/me").await.ok()["role"], "auditor");
    let names = watcher.get("/api/v1/tokens").await;
    names.refused(403, "forbidden");
    let browser = Api::browser(&installation.host, answer.header("set-cookie").split(';').next().unwrap());
    assert_eq!(text(&list(&browser.get("/api/v1/tokens").await.ok())[0]["name"]), "watcher");
    drop(server);
    let version = installation.print(&["--version"]);
    assert!(version.starts_with("centralita "), "{version}");
}

async fn migrating_again_changes_nothing(database: Database) {
    let mut world = World::new(&database).await;
    world.desk(json!({})).await;
    world.stop().await;
    let before = world.installation.rows().await;
    for _ in 0..2 {
        assert!(world.installation.print(&["migrate"]).contains("up to date"));
    }
    assert_eq!(world.installation.rows().await, before);
    world.start().await;
    world.client("after").await;
}

async fn a_file_configures_the_server_and_the_environment_beats_it(database: Database) {
    let installation = Installation::new(&database);
    let file = installation.data().with_extension("toml");
    std::fs::write(&file, "workers = 1\ngrace_seconds = 1\n[limits]\nmax_body_bytes = 20000\n").unwrap();
    let installation = installation.with("CONFIG", file.to_str().unwrap());
    let said = String::from_utf8(installation.run(&["serve"]).stderr).unwrap();
    assert!(said.contains("grace_seconds is 1"), "{said}");
    let world = World::of(installation.with("GRACE_SECONDS", "20")).await;
    let body = json!({ "name": "x".repeat(30_000) });
    world.admin.post("/api/v1/clients", body).await.refused(413, "too_large");
}
