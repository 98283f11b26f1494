//! Mail accounts: only what can sign in is saved, what does not work is named, passwords go in and never come out (S0-5…S0-29,
//! S4-8…S4-14, S4-27, SX-9).

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    api::{Answer, Api, list, text},
    company::mail_account,
    database::{Database, on_both},
    installation::Installation,
    mail_servers::{Real, server},
    world::World,
};

on_both!(
    only_what_can_sign_in_is_saved,
    every_failure_of_a_server_is_named,
    a_test_mail_arrives_and_nobody_is_flooded_with_them,
    a_stored_password_goes_nowhere_else,
    a_password_goes_in_and_never_comes_out,
    servers_inside_this_network_are_not_reached,
    nothing_travels_in_clear_unless_somebody_accepts_it,
    an_account_is_put_away_and_taken_back,
    areas_choose_from_which_account_mails_go,
);

fn with(account: &Value, changes: Value) -> Value {
    let mut account = account.clone();
    account.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    account
}

async fn create(api: &Api, account: Value) -> Answer {
    api.post("/api/v1/mail-accounts", account).await
}

/// A test's lines; the last is its end.
fn lines(answer: &Answer) -> Vec<Value> {
    let text = String::from_utf8(answer.ok_bytes().to_vec()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn try_out(api: &Api, test: Value) -> Vec<Value> {
    lines(&api.post("/api/v1/mail-accounts/test", test).await)
}

/// Which step failed, and with which code.
fn failures(lines: &[Value]) -> Vec<(String, String, String)> {
    let failed = lines.iter().filter(|line| line["line"] == "step" && !line["code"].is_null());
    failed.map(|line| (text(&line["direction"]), text(&line["step"]), text(&line["code"]))).collect()
}

async fn company(world: &World) -> (String, String) {
    let client = world.client("A").await;
    let campaign = world.campaign(&client, json!({})).await;
    (client, campaign)
}

async fn only_what_can_sign_in_is_saved(database: Database) {
    let Some(real) = Real::here() else { return };
    let world = World::of(real.installation(&database).with("LOG", "trace")).await;
    let (client, campaign) = company(&world).await;
    let good = real.account(&client, &campaign);
    let before = world.installation.rows().await;
    // Switched off or not: with a refused password nothing will ever work.
    for enabled in [true, false] {
        let wrong = with(&good, json!({ "password": "wrong-password-7f", "enabled": enabled }));
        let refused = create(&world.admin, wrong).await.refused(422, "mail_login_refused");
        assert_eq!((&refused["errors"][0]["field"], &refused["mail"]["step"]), (&json!("password"), &json!("login")));
        assert!(refused["mail"]["words"].is_string(), "the server's own words: {refused}");
    }
    // What cannot be reached may be right tomorrow: off, it is kept.
    let closed = with(&good, json!({ "smtp": server(1, "tls") }));
    let refused = create(&world.admin, closed.clone()).await.refused(422, "mail_not_working");
    assert_eq!((&refused["mail"]["code"], &refused["mail"]["direction"]), (&json!("connect_refused"), &json!("send")));
    create(&world.admin, with(&good, json!({ "password": null }))).await.refused_field("password", "missing_field");
    assert_eq!(world.installation.rows().await, before);
    let later = create(&world.admin, with(&closed, json!({ "enabled": false, "address": "later@example.com" }))).await.ok();
    assert_eq!((&later["enabled"], &later["has_password"]), (&json!(false), &json!(true)));
    let on = world.admin.patch(&format!("/api/v1/mail-accounts/{}", text(&later["id"])), json!({ "enabled": true })).await;
    on.refused(422, "mail_not_working");

    let made = create(&world.admin, good.clone()).await.ok();
    assert_eq!((&made["has_password"], &made["enabled"]), (&json!(true), &json!(true)));
    create(&world.admin, good).await.refused_field("address", "taken");
    let path = format!("/api/v1/mail-accounts/{}", text(&made["id"]));
    let wrong = world.admin.put(&format!("{path}/password"), json!({ "password": "wrong-password-7f" })).await;
    wrong.refused(422, "mail_login_refused");
    world.admin.put(&format!("{path}/password"), json!({ "password": real.password })).await.ok();
    world.admin.patch(&path, json!({ "from_name": "Otro" })).await.ok();
    world.admin.patch(&path, json!({ "user": "nobody" })).await.refused(422, "mail_login_refused");
    let tried = try_out(&world.admin, json!({ "account": made["id"] })).await;
    assert_eq!(tried.last().unwrap(), &json!({ "line": "end", "receive": true, "send": true }), "{tried:?}");
    // An account of a campaign is a channel, and not changed as one.
    let channel = format!("/api/v1/channels/{}", text(&made["id"]));
    assert_eq!(world.admin.get(&channel).await.ok()["kind"], "email");
    world.admin.patch(&channel, json!({ "name": "x" })).await.refused_field("kind", "not_possible");
    let log = world.installation.log();
    assert!(!log.contains(&real.password) && !log.contains("wrong-password-7f"), "a password is in the log");
    assert!(!world.installation.rows().await.join("\n").contains(&real.password));
}

async fn every_failure_of_a_server_is_named(database: Database) {
    let Some(real) = Real::here() else { return };
    let world = World::of(real.installation(&database)).await;
    let (client, campaign) = company(&world).await;
    let good = real.account(&client, &campaign);
    let by_number = json!({ "host": "127.0.0.1", "port": real.imaps, "security": "tls" });
    let cases = [
        (json!({ "password": "wrong" }), vec![("receive", "login", "login_refused"), ("send", "login", "login_refused")]),
        (
            json!({ "imap": { "host": "nowhere.invalid", "port": 993, "security": "tls" } }),
            vec![("receive", "name", "host_unknown")],
        ),
        (json!({ "imap": server(1, "tls") }), vec![("receive", "connect", "connect_refused")]),
        (json!({ "imap": server(real.imap, "tls") }), vec![("receive", "tls", "tls_not_spoken")]),
        (json!({ "imap": by_number }), vec![("receive", "tls", "tls_wrong_name")]),
        (json!({ "folders": { "inbox": "Nirgends" } }), vec![("receive", "folder", "folder_missing")]),
        (json!({ "smtp": server(real.imap, "starttls") }), vec![("send", "greeting", "not_this_protocol")]),
        (json!({ "address": "forbidden@example.com" }), vec![("send", "sender", "sender_refused")]),
    ];
    for (change, expected) in cases {
        let tried = try_out(&world.admin, json!({ "settings": with(&good, change.clone()) })).await;
        let expected: Vec<_> = expected.into_iter().map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).collect();
        assert_eq!(failures(&tried), expected, "{change}: {tried:?}");
        let end = tried.last().unwrap();
        for half in ["receive", "send"] {
            assert_eq!(end[half], json!(!expected.iter().any(|(direction, ..)| direction == half)), "{change}: {end}");
        }
    }
    let tried = try_out(&world.admin, json!({ "settings": good, "to": "nobody@example.com" })).await;
    assert_eq!(failures(&tried), [("send".into(), "test_mail".into(), "recipient_refused".into())], "{tried:?}");
}

async fn a_test_mail_arrives_and_nobody_is_flooded_with_them(database: Database) {
    let Some(real) = Real::here() else { return };
    let world = World::of(real.installation(&database)).await;
    let (client, campaign) = company(&world).await;
    let good = real.account(&client, &campaign);
    let to = format!("test-{}@example.com", crate::database::number());
    let test = json!({ "settings": good, "to": to });
    let tried = try_out(&world.admin, test.clone()).await;
    let steps: Vec<String> = tried.iter().filter(|line| line["direction"] == "send").map(|line| text(&line["step"])).collect();
    assert_eq!(steps, ["name", "connect", "greeting", "tls", "login", "sender", "test_mail"]);
    let start = std::time::Instant::now();
    while !std::fs::read_to_string(&real.sent).unwrap_or_default().contains(&format!("To: <{to}>")) {
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "no test mail arrived");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for at in ["x", "a@b@c", "a@example.com\r\nBcc: b@example.com"] {
        let odd = json!({ "settings": good, "to": at });
        world.admin.post("/api/v1/mail-accounts/test", odd).await.refused_field("to", "not_possible");
    }
    let mut statuses = Vec::new();
    for _ in 0..25 {
        statuses.push(world.admin.post("/api/v1/mail-accounts/test", test.clone()).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 19, "{statuses:?}");
    assert_eq!(*statuses.last().unwrap(), 429);
}

async fn a_stored_password_goes_nowhere_else(database: Database) {
    let Some(real) = Real::here() else { return };
    let world = World::of(real.installation(&database)).await;
    let (client, campaign) = company(&world).await;
    let made = create(&world.admin, real.account(&client, &campaign)).await.ok();
    let path = format!("/api/v1/mail-accounts/{}", text(&made["id"]));
    let thief = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = thief.local_addr().unwrap().port();
    // Another server, or the same without encryption: the password is typed again.
    let elsewhere = json!({ "host": "127.0.0.1", "port": port, "security": "plain" });
    for change in [
        json!({ "smtp": elsewhere, "accept_in_clear": true }),
        json!({ "imap": elsewhere, "accept_in_clear": true, "enabled": false }),
        json!({ "smtp": server(real.smtp, "plain"), "accept_in_clear": true }),
    ] {
        world.admin.patch(&path, change.clone()).await.refused_field("password", "missing_field");
        let mut settings = made.as_object().unwrap().clone();
        settings.retain(|name, _| {
            !["id", "has_password", "has_sending_password", "signed_in", "archived_at", "created_at", "updated_at"]
                .contains(&name.as_str())
        });
        let settings = with(&Value::Object(settings), change);
        let test = json!({ "account": made["id"], "settings": settings });
        world.admin.post("/api/v1/mail-accounts/test", test).await.refused_field("password", "missing_field");
    }
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), thief.accept()).await.is_err(), "somebody connected");
    // The same machine by another port is the same machine.
    world.admin.patch(&path, json!({ "smtp": server(real.smtps, "tls") })).await.ok();
}

async fn a_password_goes_in_and_never_comes_out(database: Database) {
    let mut world = World::of(Installation::new(&database).with("LOG", "trace")).await;
    let (client, campaign) = company(&world).await;
    let canaries = ["canary-of-a-mailbox", "canary-of-a-relay", "canary-of-another", "canary-of-a-typo", "canary-of-an-object"];
    let account = with(
        &mail_account(&client, &campaign, "ana@example.com"),
        json!({ "password": canaries[0], "sending": { "login": "own", "user": "relay" }, "sending_password": canaries[1] }),
    );
    let made = world.admin.call_once("POST", "/api/v1/mail-accounts", "k", Some(&account)).await;
    let path = format!("/api/v1/mail-accounts/{}", made.id());
    let again = world.admin.call_once("POST", "/api/v1/mail-accounts", "k", Some(&account)).await;
    assert_eq!(made.body, again.body);
    assert_eq!((&made.ok()["has_password"], &made.ok()["has_sending_password"]), (&json!(true), &json!(true)));
    let changed = world.admin.call_once("PUT", &format!("{path}/password"), "p", Some(&json!({ "password": canaries[2] }))).await;
    changed.ok();
    let typo = world.admin.put(&format!("{path}/password"), json!({ "passwort": canaries[3] })).await;
    let object = world.admin.patch(&path, json!({ "password": { canaries[4]: 1 } })).await;
    let tried = world.admin.post("/api/v1/mail-accounts/test", json!({ "account": made.id() })).await;
    let mut answers = vec![made, again, changed, typo, object, tried];
    for place in [path.as_str(), "/api/v1/mail-accounts", "/api/v1/channels", "/api/v1/clients"] {
        answers.push(world.admin.get(place).await);
    }
    world.stop().await;
    let log = world.installation.log();
    let rows = world.installation.rows().await.join("\n");
    for canary in canaries {
        assert!(!log.contains(canary), "the log: {:?}", log.lines().find(|line| line.contains(canary)));
        assert!(!rows.contains(canary), "the database: {:?}", rows.lines().find(|row| row.contains(canary)));
        for answer in &answers {
            assert!(!String::from_utf8_lossy(&answer.body).contains(canary), "{answer}");
        }
    }
}

async fn servers_inside_this_network_are_not_reached(database: Database) {
    let world = World::new(&database).await;
    let (client, campaign) = company(&world).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let account = mail_account(&client, &campaign, "ana@example.com");
    let hosts = [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
    ];
    for (number, host) in hosts.into_iter().enumerate() {
        let inside = json!({ "host": host, "port": port, "security": "tls" });
        let account = with(&account, json!({ "imap": inside, "smtp": inside, "password": "x" }));
        let refused = create(&world.admin, account.clone()).await.refused(422, "mail_host_forbidden");
        assert_eq!(refused["mail"]["code"], "host_forbidden", "{host}");
        if number < 2 {
            let tried = try_out(&world.admin, json!({ "settings": account })).await;
            let forbidden = |half: &str| (half.to_owned(), "name".to_owned(), "host_forbidden".to_owned());
            assert_eq!(failures(&tried), [forbidden("receive"), forbidden("send")]);
        }
    }
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await.is_err(), "somebody connected");
    for host in ["", "https://mail.example.com", "mail.example.com:993", "a b", "a/b", "user@mail.example.com"] {
        let odd = json!({ "host": host, "port": 993, "security": "tls" });
        let refused = create(&world.admin, with(&account, json!({ "imap": odd }))).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], "imap.host", "{host}");
    }
    // Whoever asks too often waits.
    let inside = json!({ "host": "127.0.0.1", "port": port, "security": "tls" });
    let test = json!({ "settings": with(&account, json!({ "imap": inside, "smtp": inside, "password": "x" })) });
    let mut last = 200;
    for _ in 0..31 {
        last = world.admin.post("/api/v1/mail-accounts/test", test.clone()).await.status;
    }
    assert_eq!(last, 429);
}

async fn nothing_travels_in_clear_unless_somebody_accepts_it(database: Database) {
    let world = World::new(&database).await;
    let (client, campaign) = company(&world).await;
    let plain = json!({ "host": "mail.example.invalid", "port": 25, "security": "plain" });
    let account = with(&mail_account(&client, &campaign, "ana@example.com"), json!({ "smtp": plain }));
    create(&world.admin, account.clone()).await.refused_field("accept_in_clear", "mail_in_clear");
    let made = create(&world.admin, with(&account, json!({ "accept_in_clear": true }))).await.ok();
    assert_eq!(made["accept_in_clear"], true);
    let path = format!("/api/v1/mail-accounts/{}", text(&made["id"]));
    // Accepted for these servers, not for others.
    world.admin.patch(&path, json!({ "from_name": "Ana" })).await.ok();
    world.admin.patch(&path, json!({ "imap": plain })).await.refused_field("accept_in_clear", "mail_in_clear");
    let safe = json!({ "smtp": { "port": 465, "security": "tls" } });
    assert_eq!(world.admin.patch(&path, safe).await.ok()["accept_in_clear"], false);
}

async fn an_account_is_put_away_and_taken_back(database: Database) {
    let mut world = World::new(&database).await;
    let (client, campaign) = company(&world).await;
    let account = mail_account(&client, &campaign, "ana@example.com");
    let id = create(&world.admin, account.clone()).await.id();
    let path = format!("/api/v1/mail-accounts/{id}");
    for (change, field, code) in [
        (json!({ "client": world.client("B").await }), "client", "not_possible"),
        (json!({ "address": "other@example.com" }), "address", "not_possible"),
        (json!({ "campaign": null }), "campaign", "missing_field"),
        (json!({ "imap": null }), "imap", "missing_field"),
        (json!({ "quota": { "hours": 0, "mails": 5 } }), "quota.hours", "out_of_range"),
        (json!({ "has_password": true }), "has_password", "unknown_field"),
        (json!({ "enabled": true }), "password", "missing_field"),
    ] {
        world.admin.patch(&path, change).await.refused_field(field, code);
    }
    world.admin.patch(&path, json!({ "quota": { "hours": 24, "mails": 500 } })).await.ok();
    assert!(!world.admin.delete(&path).await.ok()["archived_at"].is_null());
    world.admin.patch(&path, json!({ "from_name": "x" })).await.refused(409, "wrong_state");
    world.admin.put(&format!("{path}/password"), json!({ "password": "x" })).await.refused(409, "wrong_state");
    // Its address is free for another one, and then it is not free for it.
    let other = create(&world.admin, account).await.id();
    world.admin.act(&format!("{path}/restore")).await.refused_field("address", "taken");
    world.admin.delete(&format!("/api/v1/mail-accounts/{other}")).await.ok();
    world.crash().await;
    let back = world.admin.act(&format!("{path}/restore")).await.ok();
    assert_eq!((&back["archived_at"], &back["enabled"]), (&Value::Null, &json!(false)));
    assert_eq!(world.admin.get(&path).await.ok()["quota"], json!({ "hours": 24, "mails": 500 }));
    assert_eq!(list(&world.admin.get("/api/v1/mail-accounts").await.ok()).len(), 2);
}

async fn areas_choose_from_which_account_mails_go(database: Database) {
    let world = World::new(&database).await;
    let (client, campaign) = company(&world).await;
    let (other, other_campaign) = company(&world).await;
    let account = async |client: &str, campaign: &str, address: &str| {
        create(&world.admin, mail_account(client, campaign, address)).await.id()
    };
    let (all, tickets) = (account(&client, &campaign, "all@a.com").await, account(&client, &campaign, "tickets@a.com").await);
    let foreign = account(&other, &other_campaign, "b@b.com").await;
    let path = format!("/api/v1/clients/{client}/mail-areas");
    assert_eq!(world.admin.get(&path).await.ok(), json!({ "areas": [] }));
    let put = async |areas: Value| world.admin.put(&path, json!({ "areas": areas })).await;
    let of = |area: &str, account: &str| json!({ "area": area, "account": account });
    put(json!([of("all", &foreign)])).await.refused_field("areas.0.account", "unknown_reference");
    put(json!([of("all", &all), of("all", &tickets)])).await.refused_field("areas.1.area", "duplicate");
    put(json!([of("everything", &all)])).await.refused(422, "invalid");
    put(json!([of("all", &all), of("tickets", &tickets)])).await.ok();
    let kept = world.admin.get(&path).await.ok();
    assert_eq!(kept["areas"].as_array().unwrap().len(), 2);
    let away = format!("/api/v1/mail-accounts/{tickets}");
    world.admin.delete(&away).await.refused(409, "in_use");
    put(json!([of("all", &all)])).await.ok();
    world.admin.delete(&away).await.ok();
    put(json!([of("tickets", &tickets)])).await.refused_field("areas.0.account", "unknown_reference");
}
