//! A template is sent once as a test, to see how it arrives (S4-40).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    api::{list, text},
    company::upload_to,
    database::{Database, on_both},
    installation::Installation,
    mail_sending::{Post, Slow, field, until},
    socket::Socket,
};

on_both!(
    a_template_arrives_as_a_test_with_the_data_of_a_contact,
    nobody_sends_a_test_where_they_may_not,
    a_picture_of_a_signature_serves_every_mail_that_is_begun_with_it,
);

const PATH: &str = "/api/v1/templates/test";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

fn test(post: &Post, more: Value) -> Value {
    let mut template =
        json!({ "client": post.client, "campaign": post.campaign, "subject": "Hola ${name}", "html": "<p>Sr/a ${name}</p>" });
    template.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "template": template, "account": post.channel, "to": "jefa@x.example" })
}

async fn a_template_arrives_as_a_test_with_the_data_of_a_contact(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let admin = &post.world.admin;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let (conversation, first) = post.writes(&agent.api, "luz@x.example", "uno").await;
    let contact = text(&list(&admin.get("/api/v1/contacts?q=luz@x").await.ok())[0]["id"]);
    let logo = format!("/api/v1/attachments?name=logo.png&client={}", post.client);
    let logo = upload_to(admin, "POST", &logo, PNG).await.id();
    let html = format!("<p>Sr/a ${{name}} <img src=\"/api/v1/attachments/{logo}\"></p>");
    let body = test(&post, json!({ "contact": contact, "html": html }));
    let rows = async || post.world.installation.rows().await.into_iter().filter(|row| !row.contains("idempotency")).count();
    until(&agent.api, &conversation, &first, "sent").await;
    slow.0.lock().unwrap().clear();
    let before = rows().await;
    // Whoever clicks five times sends one, and hears the same as often as they ask.
    let clicks = join_all((0..5).map(|_| admin.call_once("POST", PATH, "five-clicks", Some(&body)))).await;
    assert!(clicks.iter().any(|answer| answer.status == 200), "{clicks:?}");
    let again = admin.call_once("POST", PATH, "five-clicks", Some(&body)).await.ok();
    assert_eq!(again, json!({ "to": "jefa@x.example", "subject": "[Prueba] Hola Luz", "failure": null }));
    let mails = slow.0.lock().unwrap().clone();
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(field(mail, "Subject").as_deref(), Some("[Prueba] Hola Luz"));
    assert!(mail.contains("Sr/a Luz") && mail.contains("cid:") && mail.contains("auto-generated"), "{mail}");
    assert_eq!(rows().await, before, "a test leaves nothing behind");
    // What the server says no to, in its words.
    let mut refused = body.clone();
    refused["to"] = json!("nobody@x.example");
    let failure = admin.post(PATH, refused).await.ok()["failure"].clone();
    assert_eq!((&failure["step"], &failure["code"]), (&json!("test_mail"), &json!("recipient_refused")));
    assert!(text(&failure["words"]).contains("no such user here"), "{failure}");
    let mut statuses = Vec::new();
    for _ in 0..25 {
        statuses.push(admin.post(PATH, body.clone()).await.status);
    }
    assert_eq!((statuses[0], statuses[24]), (200, 429), "{statuses:?}");
}

async fn nobody_sends_a_test_where_they_may_not(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let admin = &post.world.admin;
    let agent = post.world.agent(&[&post.campaign]).await;
    agent.api.post(PATH, test(&post, json!({}))).await.refused(403, "forbidden");
    // Who administers one campaign tests what is for that, by its account.
    let own = post.world.person("admin", json!([{ "kind": "campaign", "id": post.campaign }])).await;
    own.api.post(PATH, test(&post, json!({}))).await.ok();
    own.api.post(PATH, test(&post, json!({ "campaign": null }))).await.refused_field("client", "unknown_reference");
    let second = post.world.campaign(&post.client, json!({})).await;
    let elsewhere = post.world.person("admin", json!([{ "kind": "campaign", "id": second }])).await;
    let by_others = test(&post, json!({ "campaign": second }));
    elsewhere.api.post(PATH, by_others).await.refused_field("account", "unknown_reference");
    let other = post.world.client("Otra").await;
    let foreign = test(&post, json!({ "client": other, "campaign": null }));
    admin.post(PATH, foreign).await.refused_field("account", "unknown_reference");
    for wrong in ["", "x", "a@b.example\r\nBcc: c@d.example"] {
        let mut body = test(&post, json!({}));
        body["to"] = json!(wrong);
        admin.post(PATH, body).await.refused_field("to", "not_possible");
    }
    let wants_none = json!({ "client": post.client, "address": "jefa@x.example", "note": "x" });
    admin.post("/api/v1/mail-suppressions", wants_none).await.id();
    admin.post(PATH, test(&post, json!({}))).await.refused_field("to", "not_possible");
    admin.post(PATH, test(&post, json!({ "contact": post.campaign }))).await.refused(404, "not_found");
    let off = format!("UPDATE mail_accounts SET enabled = 0 WHERE id = '{}'", post.channel);
    post.world.installation.execute(&off).await;
    admin.patch(&format!("/api/v1/campaigns/{}", post.campaign), json!({ "weight": 19 })).await.ok();
    admin.post(PATH, test(&post, json!({}))).await.refused_field("account", "wrong_state");
    assert_eq!(slow.0.lock().unwrap().len(), 1);
}

async fn a_picture_of_a_signature_serves_every_mail_that_is_begun_with_it(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let admin = &post.world.admin;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let logo = upload_to(admin, "POST", &format!("/api/v1/attachments?name=logo.png&client={}", post.client), PNG).await.id();
    let html = format!("<p>Ana<img src=\"/api/v1/attachments/{logo}\"></p>");
    let template = |name: &str| json!({ "client": post.client, "name": name, "purpose": "signature", "html": html });
    admin.post("/api/v1/templates", template("firma")).await.ok();
    for address in ["luz@x.example", "eva@x.example"] {
        let body = json!({ "campaign": post.campaign, "channel": post.channel, "address": address,
            "mail": { "subject": "Hola", "html": format!("<p>Hola</p>{html}") } });
        let begun = agent.api.post("/api/v1/conversations", body).await;
        assert_eq!(begun.status, 201, "{begun}");
        let path = format!("/api/v1/conversations/{}/messages", text(&begun.json()["conversation"]));
        assert_eq!(agent.api.get(&path).await.ok()["items"][0]["attachments"][0]["id"], logo);
    }
    admin.post("/api/v1/templates", template("otra firma")).await.ok();
}
