//! What is secret is nowhere to be read: not in the log at its most talkative, not in an answer, not in the database
//! (security.md, 45 and 46).

use base64::{Engine, prelude::BASE64_STANDARD};
use centralita::store::idempotency::request_hash;
use serde_json::json;

use crate::{
    api::{Api, text},
    database::{Database, on_both},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::{Channel, World},
};

on_both!(no_secret_is_ever_written_down, an_address_that_somebody_claims_counts_for_nothing, numbers_are_for_the_operator);

async fn no_secret_is_ever_written_down(database: Database) {
    let key = BASE64_STANDARD.encode(b"canary-of-the-installation-key!!");
    let installation = Installation::new(&database)
        .with("LOG", "trace")
        .with("SECRET_KEY", &key)
        .with("METRICS_TOKEN", "canary-of-the-metrics-token");
    let mut world = World::of(installation).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let password = "canary-of-a-password";
    let user =
        json!({ "login": "ana", "name": "Ana", "role": "supervisor", "scopes": [{ "kind": "all" }], "password": password });
    let id = world.admin.post("/api/v1/users", user).await.id();
    let signed_in = world.anonymous().post("/api/v1/session", json!({ "login": "ana", "password": password })).await;
    signed_in.ok();
    let cookie = signed_in.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    let wrong =
        world.anonymous().post("/api/v1/session", json!({ "login": "ana", "password": "canary-of-a-wrong-password" })).await;
    let typo =
        world.anonymous().post("/api/v1/session", json!({ "login": "ana", "password": 7, "passwort": "canary-of-a-typo" })).await;
    let short = world.admin.patch(&format!("/api/v1/users/{id}"), json!({ "password": { "canary-of-an-object": 1 } })).await;
    let token = json!({ "name": "t", "role": "auditor", "scopes": [{ "kind": "all" }] });
    let token = text(&world.admin.call_once("POST", "/api/v1/tokens", "k", Some(&token)).await.ok()["secret"]);
    let made = world.admin.call_once("POST", &format!("/api/v1/channels/{}/secrets", desk.channel.id), "k", None).await.ok();
    let secret = text(&made["secret"]);
    let browser = Api::browser(world.host(), &format!("centralita={cookie}"));
    let (mut board, _) = Socket::following(&browser, "board:1").await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let renewed = Channel { secret: secret.parse().unwrap(), ..desk.channel.clone() };
    let conversation = renewed.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    board.next().await;
    agent.api.reply(&conversation, "hola").await.ok();
    receiver.next().await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let visitor = world.visitor(&chat).await;
    let (_page, _) = Socket::visitor(world.host(), &visitor).await;
    world.chat_message(&visitor, "k", "hola").await.ok();
    let metrics = Api::bearer(world.host(), "canary-of-the-metrics-token").get("/metrics").await;
    assert_eq!(metrics.status, 200);
    // What is kept of a request under a key is a digest: not one of a password.
    let keyed = json!({ "login": "carla", "name": "Carla", "role": "agent", "password": "canary-of-a-password" });
    world.admin.call_once("POST", "/api/v1/users", "u", Some(&keyed)).await.ok();
    let digest = request_hash("/api/v1/users", keyed.to_string().as_bytes());
    let bea = world.admin.post("/api/v1/users", json!({ "login": "bea", "name": "Bea", "role": "agent" })).await.id();
    let path = format!("/api/v1/users/{bea}/invitation");
    let used = text(&world.admin.post(&path, json!({})).await.ok()["token"]);
    let accept = json!({ "token": used, "password": "canary-of-a-chosen-password" });
    world.anonymous().post("/api/v1/invitations/accept", accept).await.ok();
    let open = text(&world.admin.call_once("POST", &path, "i", Some(&json!({ "kind": "reset" }))).await.ok()["token"]);
    let invited = world.anonymous().post("/api/v1/invitations/check", json!({ "token": open })).await;
    let change = json!({ "current": "canary-of-a-wrong-current", "new": "canary-of-a-new-password" });
    let changed = browser.put("/api/v1/me/password", change).await;
    let in_address = world.anonymous().get("/api/v1/me?token=canary-of-an-address").await;
    let broken = Api::bearer(world.host(), "canary-of-a-wrong-token").get("/api/v1/me").await;

    let mut answers = vec![wrong, typo, short, metrics, in_address, broken, invited, changed];
    for path in ["users", "tokens", "channels", "me", "clients"] {
        answers.push(world.admin.get(&format!("/api/v1/{path}")).await);
    }
    answers.push(world.admin.get(&format!("/api/v1/channels/{}/secrets", desk.channel.id)).await);
    let bearer = |api: &Api| api.headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned();
    let raw = secret.trim_start_matches("whsec_").to_owned();
    let canaries = [
        key,
        password.to_owned(),
        cookie,
        token,
        secret,
        raw,
        visitor,
        bearer(&agent.api),
        bearer(&world.admin),
        digest,
        used,
        open,
        "canary-of-a-chosen-password".to_owned(),
        "canary-of-a-wrong-current".to_owned(),
        "canary-of-a-new-password".to_owned(),
        "canary-of-a-wrong-password".to_owned(),
        "canary-of-a-typo".to_owned(),
        "canary-of-an-object".to_owned(),
        "canary-of-the-metrics-token".to_owned(),
        "canary-of-a-wrong-token".to_owned(),
        "canary-of-the-installation-key".to_owned(),
    ];
    world.stop().await;
    let log = world.installation.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is not talkative");
    let rows = world.installation.rows().await.join("\n");
    let mut files = String::new();
    for entry in std::fs::read_dir(world.installation.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    for canary in &canaries {
        let line = log.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "the log: {line:?}");
        assert!(!rows.contains(canary), "the database: {:?}", rows.lines().find(|row| row.contains(canary)));
        assert!(!files.contains(canary), "the data directory holds {canary}");
        for answer in &answers {
            assert!(!String::from_utf8_lossy(&answer.body).contains(canary), "{answer}");
        }
    }
    assert!(!log.contains("canary-of-an-address"));
    // Sealed they are there: with the key the server can use them again.
    world.start().await;
    renewed.write("a", "hola").await;
}

async fn an_address_that_somebody_claims_counts_for_nothing(database: Database) {
    let world = World::of(Installation::new(&database).with("LOG", "trace")).await;
    let claim = "203.0.113.9<script>alert(1)</script>";
    // Were it believed, every request would come from somewhere else and have a budget of its own.
    let mut visitors = tokio::task::JoinSet::new();
    for number in 0..300 {
        let liar = world.anonymous().with("x-forwarded-for", &format!("198.51.{}.{}", number / 250, number % 250));
        let liar = liar.with("cf-connecting-ip", claim).with("forwarded", "for=1.2.3.4");
        visitors.spawn(async move { liar.act("/widget/v1/x/session").await.status });
    }
    let statuses = visitors.join_all().await;
    assert!(statuses.contains(&429), "an address is what its owner says");
    let liar = world.anonymous().with("x-forwarded-for", claim);
    liar.post("/api/v1/session", json!({ "login": claim, "password": "x" })).await.refused(401, "wrong_credentials");
    let printed = world.installation.log();
    assert!(!printed.contains("<script>"), "{:?}", printed.lines().find(|line| line.contains("<script>")));
}

async fn numbers_are_for_the_operator(database: Database) {
    let world = World::of(Installation::new(&database).with("METRICS_TOKEN", "a-token-for-metrics")).await;
    // Whoever is on this machine, and whoever has the token; behind a proxy on this machine everybody seems to be on it.
    let local = world.anonymous();
    assert!(String::from_utf8_lossy(local.get("/metrics").await.ok_bytes()).contains("# TYPE"));
    for header in ["x-forwarded-for", "forwarded"] {
        local.clone().with(header, "127.0.0.1").get("/metrics").await.refused(404, "not_found");
        let operator = Api::bearer(world.host(), "a-token-for-metrics").with(header, "203.0.113.9");
        assert_eq!(operator.get("/metrics").await.status, 200);
    }
    world.admin.get("/metrics").await.refused(404, "not_found");
    Api::bearer(world.host(), "a-token-for-metric").get("/metrics").await.refused(404, "not_found");
}
