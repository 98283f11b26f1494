//! The web chat widget: which pages may show it, who its visitors are, what they may do (security.md, 41, 42, 44, 47, 50).

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    api::{Answer, Api, list, text},
    database::{Database, on_both},
    installation::Installation,
    socket::Socket,
    world::{Desk, Person, World, now},
};

on_both!(
    settings_are_checked_kept_and_shown_to_everybody_but_for_the_secrets,
    only_the_pages_of_the_company_may_show_it,
    who_the_company_says_it_is_goes_on_elsewhere,
    an_identity_that_does_not_count_makes_nobody,
    an_identity_runs_out,
    the_form_before_the_chat_reaches_the_agent,
    files_travel_both_ways_and_to_nobody_else,
    a_visitor_who_waits_learns_how_many_go_before,
    a_visitor_who_leaves_the_queue_has_abandoned_it,
    a_conversation_is_rated_once_it_is_over,
    a_visitor_in_a_hurry_is_told_to_wait_and_loses_nothing,
    a_thousand_sockets_of_one_address_are_capped,
    out_of_hours_is_said_before_anybody_writes,
);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

/// A web chat with these settings, its campaign and an agent at work.
struct Chat {
    desk: Desk,
    id: String,
    agent: Person,
    tab: Socket,
}

impl Chat {
    async fn new(world: &World, settings: Value) -> Self {
        let desk = world.desk(json!({ "permissions": { "close_unanswered": true }, "max_per_agent": 100 })).await;
        let agent = world.agent(&[&desk.campaign]).await;
        let tab = Socket::at_work(&agent.api).await;
        let id = world.chat(&desk.client, &desk.campaign).await;
        configure(world, &id, settings).await.ok();
        Self { desk, id, agent, tab }
    }

    async fn session(&self, api: &Api, identity: Option<&str>) -> Answer {
        api.post(&format!("/widget/v1/{}/session", self.id), json!({ "identity": identity })).await
    }

    /// The key that signs identities.
    async fn secret(&self, world: &World) -> String {
        text(&world.admin.act(&format!("/api/v1/channels/{}/secrets", self.id)).await.ok()["secret"])
    }

    fn token(&self, secret: &str, subject: &str, more: Value) -> String {
        let mut claims = json!({ "sub": subject, "aud": self.id, "exp": now() + 600 });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string(), secret)
    }
}

async fn configure(world: &World, chat: &str, settings: Value) -> Answer {
    world.admin.patch(&format!("/api/v1/channels/{chat}"), json!({ "webchat": settings })).await
}

fn signed(header: &str, claims: &str, secret: &str) -> String {
    let body = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&body);
    format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn visitor(world: &World, token: &str) -> Api {
    Api::bearer(world.host(), token)
}

async fn upload(api: &Api, name: &str, bytes: impl Into<reqwest::Body>) -> Answer {
    let request = api.request("POST", &format!("/widget/v1/attachments?name={name}")).body(bytes);
    Answer::of(format!("an upload of {name}"), request).await
}

async fn settings_are_checked_kept_and_shown_to_everybody_but_for_the_secrets(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let settings = json!({
        "allowed_origins": ["HTTPS://www.Example.com:443/", "http://localhost:3000"],
        "theme": { "colour": "#AABBCC", "position": "left", "scheme": "dark" },
        "languages": ["pt-BR", "es"],
        "texts": { "es": { "title": "  Ayuda ", "welcome": "Hola.\n¿Qué tal?" } },
        "pre_chat": [{ "name": "name", "kind": "name", "required": true },
            { "name": "topic", "kind": "choice", "labels": { "es": "Tema" }, "options": ["Ventas", "Soporte"] }],
        "rating": false,
    });
    configure(&world, &chat, settings).await.ok();
    let secret = text(&world.admin.act(&format!("/api/v1/channels/{chat}/secrets")).await.ok()["secret"]);
    world.crash().await;
    let shown = world.anonymous().get(&format!("/widget/v1/{chat}/config")).await;
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(!String::from_utf8_lossy(&shown.body).contains(secret.trim_start_matches("whsec_")));
    let shown = shown.ok();
    assert_eq!(shown["allowed_origins"], json!(["https://www.example.com", "http://localhost:3000"]));
    assert_eq!(shown["theme"], json!({ "colour": "#aabbcc", "position": "left", "scheme": "dark" }));
    assert_eq!((&shown["languages"], &shown["rating"], &shown["open"]), (&json!(["pt-BR", "es"]), &json!(false), &json!(true)));
    assert_eq!(shown["texts"]["es"], json!({ "title": "Ayuda", "welcome": "Hola.\n¿Qué tal?" }));
    // A part is changed, null is the default; another part stays.
    configure(&world, &chat, json!({ "theme": null, "rating": null })).await.ok();
    let kept = world.admin.get(&format!("/api/v1/channels/{chat}")).await.ok()["webchat"].clone();
    assert_eq!(
        (&kept["theme"]["colour"], &kept["rating"], &kept["texts"]["es"]["title"]),
        (&json!("#4047b8"), &json!(true), &json!("Ayuda"))
    );

    let bad = [
        (json!({ "allowed_origins": ["https://a.b; script-src *"] }), "webchat.allowed_origins.0", "not_possible"),
        (json!({ "allowed_origins": ["*"] }), "webchat.allowed_origins.0", "not_possible"),
        (json!({ "allowed_origins": ["null"] }), "webchat.allowed_origins.0", "not_possible"),
        (json!({ "allowed_origins": ["https://a.b", "https://a.b/"] }), "webchat.allowed_origins.1", "duplicate"),
        (json!({ "allowed_origins": vec!["https://a.b"; 51] }), "webchat.allowed_origins", "too_long"),
        (json!({ "theme": { "colour": "red;background:url(x)" } }), "webchat.theme.colour", "not_possible"),
        (json!({ "languages": [] }), "webchat.languages", "too_short"),
        (json!({ "languages": ["es", "es"] }), "webchat.languages", "duplicate"),
        (json!({ "texts": { "en": { "title": "" } } }), "webchat.texts.en.title", "too_short"),
        (json!({ "texts": { "en": { "welcome": "\u{202e}x" } } }), "webchat.texts.en.welcome", "control_characters"),
        (json!({ "pre_chat": [{ "name": "A b", "kind": "name" }] }), "webchat.pre_chat.0.name", "not_possible"),
        (json!({ "pre_chat": [{ "name": "a", "kind": "text" }] }), "webchat.pre_chat.0.labels", "missing_field"),
        (
            json!({ "pre_chat": [{ "name": "a", "kind": "choice", "labels": { "es": "x" } }] }),
            "webchat.pre_chat.0.options",
            "out_of_range",
        ),
        (
            json!({ "pre_chat": [{ "name": "a", "kind": "name" }, { "name": "a", "kind": "name" }] }),
            "webchat.pre_chat.1.name",
            "duplicate",
        ),
        (json!({ "secret": "x" }), "secret", "unknown_field"),
    ];
    let before = world.installation.rows().await;
    for (settings, field, code) in bad {
        configure(&world, &chat, settings).await.refused_field(field, code);
    }
    configure(&world, &desk.channel.id, json!({})).await.refused_field("webchat", "not_possible");
    assert_eq!(world.installation.rows().await, before);
    for unknown in [desk.channel.id.as_str(), "01900000-0000-7000-8000-000000000001", "x"] {
        world.anonymous().get(&format!("/widget/v1/{unknown}/config")).await.refused(404, "not_found");
    }
}

async fn only_the_pages_of_the_company_may_show_it(database: Database) {
    let world = World::new(&database).await;
    let chat = Chat::new(&world, json!({})).await;
    let nobody = world.anonymous();
    let ancestors = async || {
        let page = nobody.get(&format!("/widget/frame/{}", chat.id)).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        policy.split("frame-ancestors ").nth(1).unwrap().to_owned()
    };
    assert_eq!(ancestors().await, "'self'");
    configure(&world, &chat.id, json!({ "allowed_origins": ["https://www.example.com", "http://localhost:3000"] })).await.ok();
    assert_eq!(ancestors().await, "'self' https://www.example.com http://localhost:3000");
    // By itself nobody may frame it; what is no web chat has no page.
    for plain in ["/chat", "/chat.html", "/widget/frame.html"] {
        assert!(nobody.get(plain).await.header("content-security-policy").ends_with("frame-ancestors 'none'"));
    }
    assert_eq!(nobody.get(&format!("/widget/frame/{}", chat.desk.channel.id)).await.status, 404);
    assert_eq!(nobody.get("/widget/frame/..%2f..%2fetc").await.status, 404);

    // Browsers say where they are; programs say nothing.
    chat.session(&nobody, None).await.ok();
    for page in ["https://www.example.com", &format!("http://{}", world.host())] {
        chat.session(&nobody.clone().with("origin", page), None).await.ok();
    }
    for page in
        ["https://evil.test", "null", "https://www.example.com.evil.test", "http://www.example.com", "https://example.com"]
    {
        chat.session(&nobody.clone().with("origin", page), None).await.refused(403, "wrong_origin");
    }
    let config = format!("/widget/v1/{}/config", chat.id);
    let asked = async |origin: &str| nobody.clone().with("origin", origin).get(&config).await;
    assert_eq!(asked("https://www.example.com").await.header("access-control-allow-origin"), "https://www.example.com");
    assert_eq!(asked("https://evil.test").await.header("access-control-allow-origin"), "");
    let loader = nobody.get("/widget/loader.js").await;
    assert_eq!(loader.header("cross-origin-resource-policy"), "cross-origin");
}

async fn who_the_company_says_it_is_goes_on_elsewhere(database: Database) {
    let mut world = World::new(&database).await;
    let mut chat = Chat::new(&world, json!({})).await;
    let secret = chat.secret(&world).await;
    let nobody = world.anonymous();
    let identity = chat.token(&secret, "customer 7", json!({ "name": "Ana Luz", "email": "Ana@Example.com", "iat": now() }));
    let first = chat.session(&nobody, Some(&identity)).await;
    assert_eq!(first.header("cache-control"), "no-store");
    let phone = text(&first.ok()["token"]);
    assert!(first.ok()["expires_at"].is_string());
    let (mut page, _) = Socket::visitor(world.host(), &phone).await;
    let conversation = text(&world.chat_message(&phone, "k", "desde el teléfono").await.ok()["conversation"]);
    let shown = chat.tab.conversation(&conversation, "active").await;
    assert_eq!(shown["conversation"]["contact_name"], "Ana Luz");
    let contact = format!("/api/v1/contacts/{}", text(&shown["conversation"]["contact"]));
    let addresses = world.admin.get(&contact).await.ok()["addresses"].to_string();
    assert!(addresses.contains(r#"{"kind":"webchat","value":"customer 7"}"#), "{addresses}");
    assert!(addresses.contains(r#"{"kind":"email","value":"ana@example.com"}"#), "{addresses}");

    // Another device, after a crash, with another token: the same thread, and both see what comes.
    world.crash().await;
    let again = chat.token(&secret, "customer 7", json!({}));
    let laptop = text(&chat.session(&nobody, Some(&again)).await.ok()["token"]);
    let (mut other, snapshot) = Socket::visitor(world.host(), &laptop).await;
    assert_eq!(snapshot["data"]["messages"][0]["text"], "desde el teléfono");
    assert_eq!(text(&world.chat_message(&laptop, "k2", "desde la portátil").await.ok()["conversation"]), conversation);
    other.until("the message", |frame| frame["data"]["messages"][0]["text"] == "desde la portátil").await;
    drop(page.next());

    // Two devices at the very same time are one contact.
    let twice = chat.token(&secret, "customer 8", json!({}));
    let (one, two) = tokio::join!(chat.session(&nobody, Some(&twice)), chat.session(&nobody, Some(&twice)));
    assert_eq!(one.ok()["visitor"], two.ok()["visitor"]);
    // Nobody else sees any of it: another customer, an anonymous visitor, the same number with another company.
    let stranger = Chat::new(&world, json!({})).await;
    let theirs = stranger.token(&stranger.secret(&world).await, "customer 7", json!({}));
    let theirs = text(&stranger.session(&nobody, Some(&theirs)).await.ok()["token"]);
    let eighth = text(&one.ok()["token"]);
    for token in [eighth, theirs, world.visitor(&chat.id).await] {
        let (_, snapshot) = Socket::visitor(world.host(), &token).await;
        assert_eq!(snapshot["data"]["messages"], json!([]));
    }
    // No answer to a visitor holds another's token.
    let (_, everything) = Socket::visitor(world.host(), &laptop).await;
    assert!(!everything.to_string().contains("v2.") && !everything.to_string().contains(&phone));
    // The secret no longer counts: nor do tokens signed with it.
    let id = text(&list(&world.admin.get(&format!("/api/v1/channels/{}/secrets", chat.id)).await.ok())[0]["id"]);
    world.admin.delete(&format!("/api/v1/channels/{}/secrets/{id}", chat.id)).await.ok();
    chat.session(&nobody, Some(&again)).await.refused(401, "identity_invalid");
}

async fn an_identity_that_does_not_count_makes_nobody(database: Database) {
    let world = World::new(&database).await;
    let chat = Chat::new(&world, json!({})).await;
    let nobody = world.anonymous();
    chat.session(&nobody, Some(&chat.token("", "u", json!({})))).await.refused(401, "identity_invalid");
    let (secret, other) = (chat.secret(&world).await, Chat::new(&world, json!({})).await);
    let claims = json!({ "sub": "u", "aud": chat.id, "exp": now() + 600 }).to_string();
    let good = chat.token(&secret, "u", json!({}));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let before = world.installation.rows().await;
    let forged = [
        String::new(),
        "x".to_owned(),
        format!("{head}."),
        format!("{good}.x"),
        format!("{good}="),
        format!(
            "{}.{signature}",
            signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.replace("\"u\"", "\"v\""), "guess").rsplit_once('.').unwrap().0
        ),
        signed(r#"{"alg":"none"}"#, &claims, &secret),
        signed(r#"{"alg":"RS256"}"#, &claims, &secret),
        signed(r#"{"alg":"HS256","kid":"../../../dev/null"}"#, &claims, ""),
        signed(r#"{"alg":"HS256","kid":"x"}"#, &claims, &secret),
        chat.token("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "u", json!({})),
        chat.token(&secret, "u", json!({ "exp": now() - 1 })),
        chat.token(&secret, "u", json!({ "exp": now() + 90_000 })),
        chat.token(&secret, "u", json!({ "aud": other.id })),
        chat.token(&secret, "u", json!({ "aud": [chat.id] })),
        chat.token(&secret, "u", json!({ "role": "admin" })),
        chat.token(&secret, "", json!({})),
        chat.token(&secret, "u", json!({ "nbf": now() + 300 })),
        other.token(&secret, "u", json!({})),
        world.visitor(&chat.id).await,
    ];
    for token in &forged {
        chat.session(&nobody, Some(token)).await.refused(401, "identity_invalid");
    }
    chat.session(&nobody, Some(&"x".repeat(5000))).await.refused(413, "too_large");
    nobody.post(&format!("/widget/v1/{}/session", chat.id), json!({ "visitor": "x" })).await.refused(422, "invalid");
    assert_eq!(world.installation.rows().await, before);
    // An identity is no bearer, and of another channel it is nothing.
    world.chat_message(&good, "k", "hola").await.refused(401, "signed_out_session");
    other.session(&nobody, Some(&good)).await.refused(401, "identity_invalid");
    chat.session(&nobody, Some(&good)).await.ok();
}

async fn an_identity_runs_out(database: Database) {
    let world = World::new(&database).await;
    let chat = Chat::new(&world, json!({})).await;
    let identity = chat.token(&chat.secret(&world).await, "u", json!({ "exp": now() + 4 }));
    let token = text(&chat.session(&world.anonymous(), Some(&identity)).await.ok()["token"]);
    let (mut page, _) = Socket::visitor(world.host(), &token).await;
    world.chat_message(&token, "k", "hola").await.ok();
    // An open page is told, and what was written then is not believed to come from them.
    assert_eq!(page.ended(Duration::from_secs(20)).await, Some(1008));
    world.chat_message(&token, "k2", "hola").await.refused(401, "signed_out_session");
    chat.session(&world.anonymous(), Some(&identity)).await.refused(401, "identity_invalid");
}

async fn the_form_before_the_chat_reaches_the_agent(database: Database) {
    let world = World::new(&database).await;
    let form = json!([{ "name": "name", "kind": "name", "required": true, "labels": { "es": "Nombre" } },
        { "name": "mail", "kind": "email" },
        { "name": "topic", "kind": "choice", "labels": { "es": "Tema" }, "options": ["Ventas", "Soporte"] }]);
    let mut chat = Chat::new(&world, json!({ "pre_chat": form })).await;
    let token = world.visitor(&chat.id).await;
    let put = async |answers: Value| visitor(&world, &token).put("/widget/v1/answers", json!({ "answers": answers })).await;
    put(json!({ "mail": "x" })).await.refused_field("answers.name", "missing_field");
    put(json!({ "name": "Ana", "mail": "not an address" })).await.refused_field("answers.mail", "not_possible");
    put(json!({ "name": "Ana", "topic": "<b>" })).await.refused_field("answers.topic", "not_possible");
    put(json!({ "name": "Ana", "role": "admin" })).await.refused_field("answers", "unknown_field");
    put(json!({ "name": "a\u{0}b" })).await.refused_field("answers.name", "not_possible");
    let answer = put(json!({ "name": " Ana ", "mail": "", "topic": "Ventas" })).await;
    assert_eq!((answer.status, answer.header("cache-control")), (204, "no-store"));
    world.anonymous().put("/widget/v1/answers", json!({ "answers": {} })).await.refused(401, "signed_out_session");

    let message = json!({ "text": "hola", "name": "Ana" });
    let stored = visitor(&world, &token).call_once("POST", "/widget/v1/messages", "k", Some(&message)).await.ok();
    let conversation = text(&stored["conversation"]);
    let shown = chat.tab.conversation(&conversation, "active").await;
    assert_eq!(shown["conversation"]["contact_name"], "Ana");
    let path = format!("/api/v1/conversations/{conversation}/visitor");
    let expected =
        json!([{ "name": "name", "label": "Nombre", "value": "Ana" }, { "name": "topic", "label": "Tema", "value": "Ventas" }]);
    assert_eq!(chat.agent.api.get(&path).await.ok(), json!({ "answers": expected, "rating": null }));
    // What another visitor said is not shown here.
    let other = text(&world.chat_message(&world.visitor(&chat.id).await, "k", "hola").await.ok()["conversation"]);
    chat.tab.conversation(&other, "active").await;
    assert_eq!(chat.agent.api.get(&format!("/api/v1/conversations/{other}/visitor")).await.ok()["answers"], json!([]));
}

async fn files_travel_both_ways_and_to_nobody_else(database: Database) {
    let world = World::new(&database).await;
    let mut chat = Chat::new(&world, json!({})).await;
    let (token, thief) = (world.visitor(&chat.id).await, world.visitor(&chat.id).await);
    let (me, thief) = (visitor(&world, &token), visitor(&world, &thief));
    let file = upload(&me, "..%2Ffoto.png", PNG).await.ok();
    assert_eq!((&file["name"], &file["media_type"]), (&json!("foto.png"), &json!("image/png")));
    let script = upload(&me, "a.png", "<html><script>alert(1)</script>").await.ok();
    assert_eq!(script["media_type"], "application/octet-stream");
    let path = |file: &Value| format!("/widget/v1/attachments/{}", text(&file["id"]));
    // Before it is sent only who uploaded it has it, and only they can send it.
    assert_eq!(me.get(&path(&file)).await.ok_bytes(), PNG);
    thief.get(&path(&file)).await.refused(404, "not_found");
    let send = |files: Value| json!({ "text": "", "attachments": files });
    let stolen = thief.call_once("POST", "/widget/v1/messages", "t", Some(&send(json!([file["id"]])))).await;
    stolen.refused_field("attachments.0", "unknown_reference");
    let sent = me.call_once("POST", "/widget/v1/messages", "k", Some(&send(json!([file["id"], script["id"]])))).await.ok();
    // Sent again because the answer was lost: the same message.
    let again = me.call_once("POST", "/widget/v1/messages", "k", Some(&send(json!([file["id"], script["id"]])))).await.ok();
    assert_eq!(again["conversation"], Value::Null);
    let conversation = text(&sent["conversation"]);
    chat.tab.conversation(&conversation, "active").await;
    let (_, snapshot) = Socket::visitor(world.host(), &token).await;
    assert_eq!(snapshot["data"]["messages"][0]["attachments"][0]["id"], file["id"]);
    assert_eq!(chat.agent.api.get(&format!("/api/v1/attachments/{}", text(&file["id"]))).await.ok_bytes(), PNG);
    let shown = me.get(&path(&script)).await;
    assert!(shown.header("content-disposition").starts_with("attachment"));
    assert_eq!(
        (shown.header("x-content-type-options"), shown.header("content-security-policy")),
        ("nosniff", "sandbox; default-src 'none'")
    );

    // The agent's file: once it is sent, and only here.
    let upload_as_agent =
        crate::company::upload(&chat.agent.api, &format!("name=a.pdf&conversation={conversation}"), "%PDF-1.7").await.ok();
    me.get(&path(&upload_as_agent)).await.refused(404, "not_found");
    let reply = json!({ "text": "aquí", "attachments": [upload_as_agent["id"]] });
    chat.agent.api.post(&format!("/api/v1/conversations/{conversation}/messages"), reply).await.ok();
    assert_eq!(me.get(&path(&upload_as_agent)).await.ok_bytes(), b"%PDF-1.7");
    thief.call_once("POST", "/widget/v1/messages", "t2", Some(&json!({ "text": "hola" }))).await.ok();
    for file in [&file, &script, &upload_as_agent] {
        thief.get(&path(file)).await.refused(404, "not_found");
        world.anonymous().get(&path(file)).await.refused(401, "signed_out_session");
    }
    me.get("/widget/v1/attachments/..%2f..%2fetc%2fpasswd").await.refused(404, "not_found");
    // Too large, empty, too many, not allowed.
    upload(&me, "a.bin", vec![0_u8; 10 * 1024 * 1024 + 1]).await.refused(413, "too_large");
    upload(&me, "a.bin", "").await.refused_field("", "too_short");
    let many = me.call_once("POST", "/widget/v1/messages", "m", Some(&send(json!(vec![&file["id"]; 11])))).await;
    many.refused_field("attachments", "too_long");
    world
        .admin
        .patch(&format!("/api/v1/campaigns/{}", chat.desk.campaign), json!({ "permissions": { "external_resources": false } }))
        .await
        .ok();
    upload(&me, "a.png", PNG).await.refused(422, "attachments_not_allowed");
}

async fn a_visitor_who_waits_learns_how_many_go_before(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true }, "max_per_agent": 1 })).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let first = desk.channel.write("a system's customer", "hola").await;
    world.until_standing(&first, "queued").await;
    let token = world.visitor(&chat).await;
    let (mut page, _) = Socket::visitor(world.host(), &token).await;
    let conversation = text(&world.chat_message(&token, "k", "hola").await.ok()["conversation"]);
    page.until("that it waits", |frame| frame["kind"] == "chat" && frame["data"]["waiting"] == true).await;
    let place = |position: Value| {
        let conversation = conversation.clone();
        move |frame: &Value| {
            frame["kind"] == "queue" && frame["data"] == json!({ "conversation": conversation, "position": position })
        }
    };
    page.until("the second place", place(json!(2))).await;
    // Also who comes back, and what others do in the queue says nothing twice.
    let (mut again, snapshot) = Socket::visitor(world.host(), &token).await;
    assert_eq!(snapshot["data"]["waiting"], true);
    again.until("the second place", place(json!(2))).await;
    world.admin.post(&format!("/api/v1/conversations/{first}/close"), json!({})).await.ok();
    page.until("the first place", place(json!(1))).await;
    assert!(!page.seen.iter().any(|frame| frame.to_string().contains(&first)), "nothing of others");
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    tab.conversation(&conversation, "active").await;
    let taken = page.until("that somebody is there", |frame| frame["kind"] == "chat").await;
    assert_eq!(taken["data"], json!({ "messages": [], "ended": false, "snapshot": false, "conversation": conversation }));
}

async fn a_visitor_who_leaves_the_queue_has_abandoned_it(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let (token, other) = (world.visitor(&chat).await, world.visitor(&chat).await);
    let (mut page, _) = Socket::visitor(world.host(), &token).await;
    let conversation = text(&world.chat_message(&token, "k", "hola").await.ok()["conversation"]);
    world.until_standing(&conversation, "queued").await;
    let leave = async |api: &Api| api.post("/widget/v1/leave", json!({ "conversation": conversation })).await;
    let me = visitor(&world, &token);
    leave(&visitor(&world, &other)).await.refused(404, "not_found");
    leave(&world.anonymous()).await.refused(401, "signed_out_session");
    for _ in 0..2 {
        assert_eq!(leave(&me).await.status, 204, "once more changes nothing");
    }
    page.until("the end", |frame| frame["data"]["ended"] == true).await;
    assert_eq!(
        world.admin.conversation(&conversation).await["standing"],
        json!({ "is": "ended", "ending": "abandoned", "disposition": null })
    );
    // Whoever comes to work then has nothing; who writes again has a new turn, and who has an agent keeps them.
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let next = text(&world.chat_message(&token, "k2", "otra vez").await.ok()["conversation"]);
    assert_ne!(next, conversation);
    tab.conversation(&next, "active").await;
    assert_eq!(me.post("/widget/v1/leave", json!({ "conversation": next })).await.status, 204);
    assert_eq!(world.admin.conversation(&next).await["standing"]["is"], "active");
}

async fn a_conversation_is_rated_once_it_is_over(database: Database) {
    let mut world = World::new(&database).await;
    let mut chat = Chat::new(&world, json!({})).await;
    let (token, other) = (world.visitor(&chat.id).await, world.visitor(&chat.id).await);
    let (mut page, _) = Socket::visitor(world.host(), &token).await;
    let conversation = text(&world.chat_message(&token, "k", "hola").await.ok()["conversation"]);
    chat.tab.conversation(&conversation, "active").await;
    let me = visitor(&world, &token);
    let rate = async |api: &Api, rating: Value| {
        let mut body = json!({ "conversation": conversation });
        body.as_object_mut().unwrap().extend(rating.as_object().unwrap().clone());
        api.post("/widget/v1/rating", body).await
    };
    rate(&me, json!({ "score": 5 })).await.refused(409, "wrong_state");
    chat.agent.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await.ok();
    page.until("the end", |frame| frame["data"]["ended"] == true).await;
    for score in [0, 6, 255] {
        rate(&me, json!({ "score": score })).await.refused_field("score", "out_of_range");
    }
    rate(&me, json!({ "score": 4.5 })).await.refused(422, "invalid");
    rate(&me, json!({ "score": 5, "comment": "x".repeat(1001) })).await.refused_field("comment", "too_long");
    rate(&visitor(&world, &other), json!({ "score": 1 })).await.refused(404, "not_found");
    rate(&world.anonymous(), json!({ "score": 1 })).await.refused(401, "signed_out_session");
    assert_eq!(rate(&me, json!({ "score": 2, "comment": " lento \u{0} " })).await.status, 204);
    page.until("the rating", |frame| frame["data"]["rating"] == 2).await;
    assert_eq!(rate(&me, json!({ "score": 5, "comment": "<b>bien</b>" })).await.status, 204);
    world.crash().await;
    assert_eq!(world.admin.conversation(&conversation).await["rating"], 5);
    let card = world.admin.get(&format!("/api/v1/conversations/{conversation}/visitor")).await.ok();
    assert_eq!((&card["rating"]["score"], &card["rating"]["comment"]), (&json!(5), &json!("<b>bien</b>")));
    let (_, snapshot) = Socket::visitor(world.host(), &token).await;
    assert_eq!((&snapshot["data"]["rating"], &snapshot["data"]["ended"]), (&json!(5), &json!(true)));
    // A late change of mind says nothing about the conversation that waits now.
    let (mut page, _) = Socket::visitor(world.host(), &token).await;
    let next = text(&world.chat_message(&token, "k2", "otra vez").await.ok()["conversation"]);
    let first_place = |frame: &Value| frame["kind"] == "queue" && frame["data"]["position"] == 1;
    page.until("the place", first_place).await;
    assert_eq!(rate(&me, json!({ "score": 4, "comment": "<b>bien</b>" })).await.status, 204);
    let late = page.until("the rating", |frame| frame["data"]["rating"] == 4).await;
    assert_eq!(late["data"]["conversation"], json!(conversation));
    let (mut again, snapshot) = Socket::visitor(world.host(), &token).await;
    assert_eq!((&snapshot["data"]["conversation"], &snapshot["data"]["waiting"]), (&json!(next), &json!(true)));
    again.until("the place", first_place).await;
    // The words are in no log.
    let rows = world.installation.rows().await;
    assert!(rows.iter().any(|row| row.contains("rated")) && rows.iter().filter(|row| row.contains("bien")).count() == 1);
    configure(&world, &chat.id, json!({ "rating": false })).await.ok();
    rate(&me, json!({ "score": 5 })).await.refused_field("score", "not_possible");
}

async fn a_visitor_in_a_hurry_is_told_to_wait_and_loses_nothing(database: Database) {
    let world = World::new(&database).await;
    let chat = Chat::new(&world, json!({})).await;
    let (token, other) = (world.visitor(&chat.id).await, world.visitor(&chat.id).await);
    let mut sent = Vec::new();
    let refused = loop {
        let key = format!("k{}", sent.len());
        let answer = world.chat_message(&token, &key, &key).await;
        if answer.status == 429 {
            break answer;
        }
        answer.ok();
        sent.push(key);
        assert!(sent.len() <= 200, "nobody says stop");
    };
    assert!(sent.len() >= 60, "only {}", sent.len());
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    refused.refused(429, "too_many_attempts");
    world.chat_message(&other, "k", "hola").await.ok();
    // After the time named, under the same key, it is taken; the thread has everything once and in order.
    let key = format!("k{}", sent.len());
    let stored = loop {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        let answer = world.chat_message(&token, &key, &key).await;
        if answer.status != 429 {
            break answer.ok();
        }
    };
    sent.push(key);
    assert_eq!(world.admin.texts(&text(&stored["conversation"])).await, sent);
    let long = "x".repeat(16 * 1024 + 1);
    world.chat_message(&other, "long", &long).await.refused(422, "message_too_long");
    // New visitors from one address: enough for an office, not for a flood.
    let mut statuses = Vec::new();
    for _ in 0..100 {
        statuses.push(chat.session(&world.anonymous(), None).await.status);
    }
    assert!(statuses.contains(&429) && statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
}

async fn a_thousand_sockets_of_one_address_are_capped(database: Database) {
    let world = World::of(Installation::new(&database).with("LIMITS__VISITOR_SOCKET_LIMIT_PER_ADDRESS", "50")).await;
    let chat = Chat::new(&world, json!({})).await;
    let token = world.visitor(&chat.id).await;
    // At once: sockets that nobody reads are given up after a while.
    let mut knocks = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (nobody, token) = (world.anonymous(), token.clone());
        knocks.spawn(async move {
            let mut socket = Socket::try_open(&nobody, "/widget/ws").await?;
            socket.say(json!({ "kind": "sign_in", "token": token })).await;
            Ok::<_, u16>(socket)
        });
    }
    let (open, refused): (Vec<_>, Vec<_>) = knocks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((open.len(), refused.len()), (50, 950));
    assert!(refused.into_iter().all(|refusal| refusal.err() == Some(429)));
    // Staff behind the same address goes on.
    let mut tab = Socket::at_work(&chat.agent.api).await;
    drop(open);
    // Whoever does not say who they are loses the place.
    let mut stranger = loop {
        match Socket::try_open(&world.anonymous(), "/widget/ws").await {
            Ok(socket) => break socket,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(stranger.ended(Duration::from_secs(20)).await, Some(1008));
    let conversation = text(&world.chat_message(&token, "k", "hola").await.ok()["conversation"]);
    tab.conversation(&conversation, "active").await;
}

async fn out_of_hours_is_said_before_anybody_writes(database: Database) {
    let world = World::new(&database).await;
    let chat = Chat::new(&world, json!({})).await;
    let config = async || world.anonymous().get(&format!("/widget/v1/{}/config", chat.id)).await.ok();
    assert_eq!((&config().await["open"], &config().await["opens_at"]), (&json!(true), &Value::Null));
    let schedule = json!({ "client": chat.desk.client, "name": "Nunca", "zone": "UTC", "weekly": [] });
    let schedule = world.admin.post("/api/v1/schedules", schedule).await.id();
    let campaign = format!("/api/v1/campaigns/{}", chat.desk.campaign);
    world.admin.patch(&campaign, json!({ "schedule": schedule })).await.ok();
    assert_eq!((&config().await["open"], &config().await["opens_at"]), (&json!(false), &Value::Null));
}
