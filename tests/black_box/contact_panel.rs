//! What an agent sees and notes of the customer they are talking to.

use serde_json::{Value, json};

use crate::{
    api::text,
    database::{Database, on_both},
    hostile_input::PAYLOADS,
    socket::Socket,
    world::World,
};

on_both!(
    an_agent_knows_a_contact_while_they_have_a_conversation_with_them,
    a_new_name_is_shown_at_once_and_kept,
    what_was_noted_stays_text,
);

async fn an_agent_knows_a_contact_while_they_have_a_conversation_with_them(database: Database) {
    let world = World::new(&database).await;
    let desk =
        world.desk(json!({ "auto_accept": false, "offer_seconds": 600, "permissions": { "close_unanswered": true } })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("cliente-1", "hola").await;
    let offered = tab.conversation(&conversation, "offered").await["conversation"].clone();
    let path = format!("/api/v1/contacts/{}", text(&offered["contact"]));
    let nothing = ana.api.get("/api/v1/contacts/01900000-0000-7000-8000-000000000001").await;
    // Offered only: not theirs yet.
    assert_eq!(ana.api.get(&path).await.body, nothing.body);
    let at = format!("/api/v1/conversations/{conversation}");
    ana.api.post(&format!("{at}/accept"), json!({ "offer": offered["standing"]["offer"] })).await.ok();
    let contact = ana.api.get(&path).await.ok();
    assert_eq!((&contact["name"], &contact["notes"]), (&json!("Marta"), &json!("")));
    ana.api.patch(&path, json!({ "notes": "Prefiere la tarde" })).await.ok();

    let bruno = world.agent(&[&desk.campaign]).await;
    let elsewhere = world.desk(json!({})).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    let stranger = world.person("supervisor", json!([{ "kind": "client", "id": elsewhere.client }])).await;
    let auditor = world.person("auditor", json!([{ "kind": "client", "id": desk.client }])).await;
    for person in [&bruno, &stranger] {
        let answer = person.api.get(&path).await;
        answer.refused(404, "not_found");
        assert_eq!(answer.body, nothing.body);
        person.api.patch(&path, json!({ "notes": "x" })).await.refused(404, "not_found");
    }
    assert_eq!(supervisor.api.get(&path).await.ok()["notes"], "Prefiere la tarde");
    assert_eq!(auditor.api.get(&path).await.ok()["notes"], "Prefiere la tarde");
    auditor.api.patch(&path, json!({ "notes": "x" })).await.refused(403, "forbidden");
    // The list and new addresses are no agent's business.
    ana.api.get("/api/v1/contacts").await.refused(403, "forbidden");
    let address = json!({ "kind": "email", "value": "x@example.com" });
    ana.api.post(&format!("{path}/addresses"), address).await.refused(403, "forbidden");

    ana.api.post(&format!("{at}/close"), json!({})).await.ok();
    assert_eq!(ana.api.get(&path).await.body, nothing.body, "no longer theirs");
    ana.api.patch(&path, json!({ "name": "x" })).await.refused(404, "not_found");
}

async fn a_new_name_is_shown_at_once_and_kept(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("cliente-1", "hola").await;
    let contact = text(&tab.conversation(&conversation, "active").await["conversation"]["contact"]);
    let path = format!("/api/v1/contacts/{contact}");
    ana.api.patch(&path, json!({ "name": " Luz Díaz ", "notes": "a\nb" })).await.ok();
    let named = |frame: &Value| frame["data"]["conversation"]["contact_name"] == "Luz Díaz";
    tab.until("the new name", named).await;
    desk.channel.tell("second", "cliente-1", "¿hola?").await.ok();
    tab.until("the second message", |frame| frame["data"]["messages"][0]["text"] == "¿hola?" && named(frame)).await;
    world.crash().await;
    assert_eq!(ana.api.conversation(&conversation).await["contact_name"], "Luz Díaz");
    assert_eq!(ana.api.get(&path).await.ok()["notes"], "a\nb");
    ana.api.patch(&path, json!({ "name": "x".repeat(121) })).await.refused_field("name", "too_long");
    ana.api.patch(&path, json!({ "notes": "x".repeat(4_001) })).await.refused_field("notes", "out_of_range");
    ana.api.patch(&path, json!({ "notes": "a\u{0}b" })).await.refused_field("notes", "control_characters");
    ana.api.patch(&path, json!({ "client": desk.client })).await.refused_field("client", "unknown_field");
    let emptied = ana.api.patch(&path, json!({ "name": null, "notes": null })).await.ok();
    assert_eq!((&emptied["name"], &emptied["notes"]), (&json!(""), &json!("")));
}

async fn what_was_noted_stays_text(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("cliente-1", "hola").await;
    let contact = text(&tab.conversation(&conversation, "active").await["conversation"]["contact"]);
    let noted = json!({ "client": desk.client, "name": "Comment", "kind": "text" });
    let noted = world.admin.post("/api/v1/fields", noted).await.id();
    let uses = json!({ "fields": [{ "field": noted }] });
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), uses).await.ok();
    let path = format!("/api/v1/contacts/{contact}");
    for payload in PAYLOADS {
        let values = json!({ "values": { &noted: payload } });
        ana.api.put(&format!("/api/v1/conversations/{conversation}/fields"), values).await.ok();
        ana.api.patch(&path, json!({ "name": payload, "notes": payload })).await.ok();
        ana.api.reply(&conversation, payload).await.ok();
        let read = ana.api.get(&path).await.ok();
        assert_eq!((&read["name"], &read["notes"]), (&json!(payload), &json!(payload)));
        let seen = |frame: &Value| frame["data"]["messages"][0]["text"] == payload;
        let shown = tab.until(payload, seen).await["data"]["conversation"].clone();
        assert_eq!((&shown["contact_name"], &shown["fields"][&noted]), (&json!(payload), &json!(payload)));
        assert_eq!(ana.api.texts(&conversation).await.last().unwrap(), payload);
    }
}
