//! Who is not written to by mail any more: seen, added and lifted.

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    installation::Installation,
    mail_sending::{Post, Slow, until},
    socket::Socket,
    world::World,
};

on_both!(
    the_list_is_searched_in_pages_and_each_client_has_its_own,
    who_is_on_the_list_gets_nothing_until_that_is_lifted,
    what_a_server_says_no_with_stands_at_the_mail,
);

const PATH: &str = "/api/v1/mail-suppressions";

fn entry(client: &str, address: &str) -> Value {
    json!({ "client": client, "address": address, "note": "lo pidió por teléfono" })
}

async fn addresses(api: &Api, query: &str) -> Vec<String> {
    list(&api.get(&format!("{PATH}{query}")).await.ok()).iter().map(|one| text(&one["address"])).collect()
}

async fn the_list_is_searched_in_pages_and_each_client_has_its_own(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let person = async |role: &str, kind: &str, id: &str| world.person(role, json!([{ "kind": kind, "id": id }])).await.api;
    let supervisor = person("supervisor", "client", &a.client).await;
    let auditor = person("auditor", "client", &a.client).await;
    let of_campaign = person("supervisor", "campaign", &a.campaign).await;
    let of_b = person("admin", "client", &b.client).await;
    let agent = world.agent(&[&a.campaign]).await.api;
    let mut ids = Vec::new();
    for address in [" Luz@X.example ", "eva_1@x.example", "eva21@x.example"] {
        ids.push(supervisor.post(PATH, entry(&a.client, address)).await.id());
    }
    of_b.post(PATH, entry(&b.client, "luz@x.example")).await.id();
    let all = ["eva21@x.example", "eva_1@x.example", "luz@x.example"];
    for api in [&supervisor, &auditor] {
        assert_eq!(addresses(api, "").await, all);
        assert_eq!(addresses(api, &format!("?client={}", b.client)).await, [""; 0]);
    }
    assert_eq!(addresses(&of_campaign, "").await, [""; 0]);
    assert_eq!(addresses(&of_b, "").await, ["luz@x.example"]);
    assert_eq!(addresses(&world.admin, "").await.len(), 4);
    assert_eq!(addresses(&supervisor, "?q=LUZ@").await, ["luz@x.example"]);
    assert_eq!(addresses(&supervisor, "?q=eva_").await, ["eva_1@x.example"], "nothing means more than itself");
    // The next page is there though the last of this one was lifted meanwhile.
    let page: Value = supervisor.get(&format!("{PATH}?limit=2")).await.ok();
    let first = &page["items"][0];
    assert_eq!((&first["reason"], &first["note"]), (&json!("manual"), &json!("lo pidió por teléfono")));
    assert_eq!(supervisor.delete(&format!("{PATH}/{}", ids[1])).await.status, 204);
    assert_eq!(addresses(&supervisor, &format!("?limit=2&cursor={}", text(&page["next"]))).await, ["luz@x.example"]);
    // Who may not, may not; what is another's does not exist.
    let one = format!("{PATH}/{}", ids[0]);
    agent.get(PATH).await.refused(403, "forbidden");
    auditor.delete(&one).await.refused(403, "forbidden");
    for stranger in [&of_b, &of_campaign] {
        stranger.delete(&one).await.refused(404, "not_found");
        stranger.post(PATH, entry(&a.client, "x@x.example")).await.refused_field("client", "unknown_reference");
    }
    let before = world.installation.rows().await;
    for (body, field, code) in [
        (entry(&a.client, "luz@X.EXAMPLE"), "address", "taken"),
        (entry(&a.client, "nobody"), "address", "not_possible"),
        (entry(&a.client, "a@b.example\r\nBcc: c@d.example"), "address", "not_possible"),
        (json!({ "client": a.client, "address": "n@x.example", "note": " " }), "note", "too_short"),
        (json!({ "client": a.client, "address": "n@x.example", "note": "x".repeat(201) }), "note", "too_long"),
    ] {
        supervisor.post(PATH, body).await.refused_field(field, code);
    }
    assert_eq!(world.installation.rows().await, before);
}

async fn who_is_on_the_list_gets_nothing_until_that_is_lifted(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let admin = &post.world.admin;
    let body = entry(&post.client, "luz@x.example");
    let made = admin.call_once("POST", PATH, "one", Some(&body)).await;
    assert_eq!(admin.call_once("POST", PATH, "one", Some(&body)).await.id(), made.id());
    let (conversation, message) = post.writes(&agent.api, "luz@x.example", "uno").await;
    assert_eq!(until(&agent.api, &conversation, &message, "suppressed").await["reason"], "suppressed");
    let path = format!("{PATH}/{}", made.id());
    for _ in 0..2 {
        assert_eq!(admin.call_once("DELETE", &path, "two", None).await.status, 204);
    }
    admin.delete(&path).await.refused(404, "not_found");
    assert_eq!(addresses(admin, "").await, [""; 0]);
    // What was lifted stays on record, and both are in the log.
    let lifted = admin.get(&format!("{PATH}?lifted=true")).await.ok();
    assert!(lifted["items"][0]["lifted_at"].is_string() && lifted["items"][0]["id"] == made.id(), "{lifted}");
    let entries =
        post.world.installation.rows().await.into_iter().filter(|row| row.contains("suppression") && row.starts_with("log {"));
    assert_eq!(entries.count(), 2);
    let again = text(&agent.api.reply(&conversation, "dos").await.ok()["message"]);
    until(&agent.api, &conversation, &again, "sent").await;
    assert_eq!(slow.0.lock().unwrap().len(), 1);
    admin.post(PATH, body).await.id();
}

async fn what_a_server_says_no_with_stands_at_the_mail(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let shown = async |conversation: &str, message: &str| {
        agent.api.get(&format!("/api/v1/conversations/{conversation}/messages/{message}/mail")).await.ok()
    };
    let writes = async |address: &str| {
        let body = json!({ "campaign": post.campaign, "channel": post.channel, "address": address,
            "mail": { "subject": "Hola", "html": "<p>Hola</p>" } });
        let begun = agent.api.post("/api/v1/conversations", body).await.json();
        (text(&begun["conversation"]), text(&begun["message"]))
    };
    for (address, words) in [
        ("nobody@x.example", "550 5.1.1 no such user here"),
        ("odd@x.example", "550 5.7.1 [31m<b>no</b> \u{FFFD} https://x.example/why"),
    ] {
        let (conversation, message) = writes(address).await;
        until(&agent.api, &conversation, &message, "rejected").await;
        let mail = shown(&conversation, &message).await;
        assert_eq!((&mail["refusal"], &mail["left_out"]), (&json!(words), &json!([])));
    }
    let (conversation, message) = writes("luz@x.example").await;
    until(&agent.api, &conversation, &message, "sent").await;
    assert_eq!(shown(&conversation, &message).await["refusal"], Value::Null);
}
