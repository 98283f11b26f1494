//! A second agent reads along and writes notes (routing.md, Transfers).

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    a_colleague_reads_along_writes_notes_and_nothing_else,
    what_the_campaign_hides_is_hidden_from_who_is_consulted,
    a_consultation_survives_a_crash_and_ends_with_the_conversation,
    who_is_consulted_can_be_given_the_conversation,
    who_may_consult_whom,
);

const NUMBER: &str = "+5491143216543";

fn of(id: &str, what: &str) -> String {
    format!("/api/v1/conversations/{id}/{what}")
}

/// Somebody who works with `with` in another campaign of the same client.
async fn colleague(world: &World, desk: &Desk, with: &Person) -> Person {
    let other = world.campaign(&desk.client, json!({})).await;
    world.admin.put(&format!("/api/v1/campaigns/{other}/members/{}", with.id), json!({})).await.ok();
    world.agent(&[&other]).await
}

async fn consult(who: &Person, id: &str, whom: &Person) -> Value {
    who.api.post(&of(id, "consult"), json!({ "agent": whom.id })).await.ok()
}

fn gone(id: &str) -> impl Fn(&Value) -> bool {
    move |frame| frame["kind"] == "gone" && frame["data"]["conversation"] == id
}

async fn a_colleague_reads_along_writes_notes_and_nothing_else(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let bruno = colleague(&world, &desk, &ana).await;
    let (mut at_ana, mut at_bruno) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let id = desk.channel.write("a", "hola").await;
    let contact = text(&at_ana.conversation(&id, "active").await["conversation"]["contact"]);
    let contact = format!("/api/v1/contacts/{contact}");
    let topic = format!("conversation:{id}");
    let knows_nothing = async |bruno: &Person| {
        for path in
            [of(&id, "messages"), format!("/api/v1/conversations/{id}"), contact.clone(), format!("{contact}/conversations")]
        {
            bruno.api.get(&path).await.refused(404, "not_found");
        }
        bruno.api.post(&of(&id, "notes"), json!({ "text": "x" })).await.refused(404, "not_found");
        bruno.api.delete(&of(&id, "consult")).await.refused(404, "not_found");
        assert_eq!(list(&bruno.api.get("/api/v1/conversations").await.ok()).len(), 0);
    };
    knows_nothing(&bruno).await;
    assert_eq!(at_bruno.follow(&topic).await["kind"], "denied");
    assert_eq!(consult(&ana, &id, &bruno).await["standing"], json!({ "is": "active", "agent": ana.id }));
    let row = at_bruno.conversation(&id, "active").await["conversation"].clone();
    assert_eq!((&row["consulted"], &row["standing"]["agent"]), (&json!(bruno.id), &json!(ana.id)));
    assert_eq!(at_ana.conversation(&id, "active").await["conversation"]["consulted"], bruno.id);
    assert_eq!(at_bruno.follow(&topic).await["data"]["messages"][0]["text"], "hola");
    assert_eq!(bruno.api.texts(&id).await, ["hola"]);
    assert_eq!(list(&bruno.api.get("/api/v1/conversations").await.ok()).len(), 1);
    assert_eq!(list(&bruno.api.get(&format!("{contact}/conversations")).await.ok()).len(), 1);
    assert_eq!(bruno.api.get(&contact).await.ok()["name"], "Marta");
    bruno.api.patch(&contact, json!({ "notes": "x" })).await.refused(404, "not_found");

    desk.channel.write("a", "¿sigue ahí?").await;
    let live = |frame: &Value| frame["topic"] == *topic && frame["data"]["messages"][0]["text"] == "¿sigue ahí?";
    at_bruno.until("the customer's message", live).await;
    bruno.api.post(&of(&id, "notes"), json!({ "text": "pruebe con el otro cable" })).await.ok();
    let note = at_ana.until("the note", |frame| frame["data"]["messages"][0]["text"] == "pruebe con el otro cable").await;
    assert_eq!(note["data"]["messages"][0]["note"], true);
    bruno.api.reply(&id, "hola").await.refused(409, "not_owner");
    for (what, body) in [
        ("close", json!({})),
        ("transfer", json!({ "campaign": desk.campaign })),
        ("consult", json!({ "agent": ana.id })),
        ("snooze", json!({ "until": "2099-01-01T00:00:00Z" })),
    ] {
        let answer = bruno.api.post(&of(&id, what), body).await;
        assert!(matches!(answer.status, 409 | 422), "{what} {answer}");
    }
    bruno.api.put(&of(&id, "tags"), json!({ "tags": ["x"] })).await.refused(409, "not_owner");

    bruno.api.delete(&of(&id, "consult")).await.ok();
    assert_eq!(at_bruno.until("the end", gone(&id)).await["data"]["why"], "consult_ended");
    let closed = |frame: &Value| frame["kind"] == "denied" && frame["data"]["topic"] == *topic;
    // The first denial came when he was no party yet.
    while at_bruno.seen.iter().filter(|frame| closed(frame)).count() < 2 {
        at_bruno.until("that the thread is closed", closed).await;
    }
    knows_nothing(&bruno).await;
    ana.api.delete(&of(&id, "consult")).await.ok();
    assert_eq!(ana.api.conversation(&id).await["standing"]["agent"], ana.id);
}

async fn what_the_campaign_hides_is_hidden_from_who_is_consulted(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "show_contact_number": false } })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let bruno = colleague(&world, &desk, &ana).await;
    let (mut at_ana, mut at_bruno) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let id = desk.channel.write(NUMBER, "hola").await;
    let contact = text(&at_ana.conversation(&id, "active").await["conversation"]["contact"]);
    consult(&ana, &id, &bruno).await;
    at_bruno.conversation(&id, "active").await;
    let thread = at_bruno.follow(&format!("conversation:{id}")).await;
    let answers = [
        bruno.api.conversation(&id).await,
        bruno.api.get(&format!("/api/v1/contacts/{contact}")).await.ok(),
        bruno.api.get("/api/v1/conversations").await.ok(),
        thread,
    ];
    for shown in at_bruno.seen.iter().chain(&answers) {
        assert!(!shown.to_string().contains("549114321"), "{shown}");
    }
    assert_eq!(answers[0]["contact_address"], "••• 6543");
}

async fn a_consultation_survives_a_crash_and_ends_with_the_conversation(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true }, "wrap_up_seconds": 900 })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let bruno = colleague(&world, &desk, &ana).await;
    let (mut at_ana, at_bruno) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let id = desk.channel.write("a", "hola").await;
    at_ana.conversation(&id, "active").await;
    consult(&ana, &id, &bruno).await;
    drop((at_ana, at_bruno));
    world.crash().await;
    let (mut at_bruno, me) = Socket::following(&bruno.api, "me").await;
    assert_eq!(me["data"]["conversations"][0]["consulted"], bruno.id);
    let _at_ana = Socket::at_work(&ana.api).await;
    // Already being finished: nobody is asked any more.
    ana.api.post(&of(&id, "close"), json!({})).await.ok();
    at_bruno.until("the end", gone(&id)).await;
    bruno.api.get(&of(&id, "messages")).await.refused(404, "not_found");
    world.crash().await;
    assert_eq!(Socket::following(&bruno.api, "me").await.1["data"]["conversations"], json!([]));
}

async fn who_is_consulted_can_be_given_the_conversation(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut at_ana = Socket::at_work(&ana.api).await;
    let id = desk.channel.write("a", "hola").await;
    at_ana.conversation(&id, "active").await;
    let bruno = world.agent(&[&desk.campaign]).await;
    let mut at_bruno = Socket::at_work(&bruno.api).await;
    consult(&ana, &id, &bruno).await;
    at_bruno.conversation(&id, "active").await;
    ana.api.post(&of(&id, "transfer"), json!({ "agent": bruno.id })).await.ok();
    at_ana.until("that it is gone", gone(&id)).await;
    let own = bruno.api.conversation(&id).await;
    assert_eq!((&own["standing"]["agent"], &own["consulted"]), (&json!(bruno.id), &Value::Null));
    bruno.api.reply(&id, "dígame").await.ok();
    ana.api.get(&format!("/api/v1/conversations/{id}")).await.refused(404, "not_found");
}

async fn who_may_consult_whom(database: Database) {
    let world = World::new(&database).await;
    let (desk, elsewhere) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let (ana, member) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let (bruno, stranger) = (colleague(&world, &desk, &ana).await, world.agent(&[&elsewhere.campaign]).await);
    let unknown = world.agent(&[&world.campaign(&desk.client, json!({})).await]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": desk.client }])).await;
    let auditor = world.person("auditor", json!([{ "kind": "client", "id": desk.client }])).await;
    let mut at_ana = Socket::at_work(&ana.api).await;
    let id = desk.channel.write("a", "hola").await;
    at_ana.conversation(&id, "active").await;
    let ask = async |who: &Person, body: Value| who.api.post(&of(&id, "consult"), body).await;
    let with_bruno = || json!({ "agent": bruno.id });
    ask(&stranger, with_bruno()).await.refused(404, "not_found");
    ask(&bruno, with_bruno()).await.refused(404, "not_found");
    ask(&auditor, with_bruno()).await.refused(403, "forbidden");
    ask(&member, json!({ "agent": ana.id })).await.refused(409, "not_owner");
    ask(&ana, json!({ "agent": stranger.id })).await.refused_field("agent", "unknown_reference");
    ask(&ana, json!({ "agent": "01900000-0000-7000-8000-000000000001" })).await.refused_field("agent", "unknown_reference");
    ask(&ana, json!({ "agent": unknown.id })).await.refused_field("agent", "unknown_reference");
    ask(&ana, json!({ "agent": ana.id })).await.refused(409, "transfer_target");
    for body in [json!({}), json!({ "agent": "x" }), json!({ "agent": bruno.id, "campaign": desk.campaign }), json!([])] {
        let answer = ask(&ana, body).await;
        assert!(matches!(answer.status, 400 | 422), "{answer}");
    }
    ask(&supervisor, with_bruno()).await.ok();
    member.api.delete(&of(&id, "consult")).await.refused(409, "not_owner");
    supervisor.api.delete(&of(&id, "consult")).await.ok();
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&path, json!({ "permissions": { "transfer_to_agents": false } })).await.ok();
    ask(&ana, with_bruno()).await.refused(403, "not_allowed_in_campaign");
}
