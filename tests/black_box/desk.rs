//! What an agent does beside answering: notes, taking from the queue, snoozing, tags, drafts, sending again, breaks.

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    company::Company,
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::World,
};

on_both!(a_note_is_seen_by_the_staff_and_by_nobody_else, who_may_write_a_note_and_whom_it_may_call_for, who_may_take_what_waits,);

fn of(id: &str, what: &str) -> String {
    format!("/api/v1/conversations/{id}/{what}")
}

async fn a_note_is_seen_by_the_staff_and_by_nobody_else(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let token = world.visitor(&chat).await;
    world.chat_message(&token, "1", "hello").await.ok();
    let (mut visitor, _) = Socket::visitor(world.host(), &token).await;
    let is_it = |row: &Value| row["channel_kind"] == "webchat" && row["standing"]["is"] == "active";
    let by_chat = tab.until("the chat", |frame| is_it(&frame["data"]["conversation"])).await;
    let by_chat = text(&by_chat["data"]["conversation"]["id"]);
    let by_system = desk.channel.write("customer", "hello").await;
    tab.conversation(&by_system, "active").await;
    for id in [&by_chat, &by_system] {
        let before = agent.api.conversation(id).await;
        agent.api.post(&of(id, "notes"), json!({ "text": "he is a thief" })).await.ok();
        let shown = tab.until("the note", |frame| frame["data"]["messages"][0]["text"] == "he is a thief").await;
        let note = &shown["data"]["messages"][0];
        assert_eq!((&note["note"], &note["author"]["id"]), (&json!(true), &json!(agent.id)), "{shown}");
        assert_eq!(note.get("delivery"), None, "{note}");
        let after = agent.api.conversation(id).await;
        for unmoved in ["unanswered", "replied", "last_message_at", "standing"] {
            assert_eq!(after[unmoved], before[unmoved]);
        }
        agent.api.reply(id, "good morning").await.ok();
        assert_eq!(agent.api.texts(id).await, ["hello", "he is a thief", "good morning"]);
    }
    // What came after the note has arrived, so the note would have too.
    visitor.until("the answer", |frame| frame["data"]["messages"][0]["text"] == "good morning").await;
    let call = receiver.next().await;
    assert!(String::from_utf8_lossy(&call.body).contains("good morning"));
    assert_eq!(receiver.waiting(), 0);
    let (_, fresh) = Socket::visitor(world.host(), &token).await;
    assert_eq!(fresh["data"]["messages"].as_array().unwrap().len(), 2, "{fresh}");
    for frame in visitor.seen.iter().chain([&fresh]) {
        assert!(!frame.to_string().contains("thief"), "{frame}");
        assert!(frame["kind"] != "chat" || frame["data"]["messages"] != json!([]), "it shows that something happened: {frame}");
    }
}

async fn who_may_write_a_note_and_whom_it_may_call_for(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let path = of(&a.ids["conversation"], "notes");
    let note = json!({ "text": "look at this", "mentions": [a.supervisor.id, a.agent.id] });
    for (who, person) in a.people() {
        let answer = person.api.post(&path, note.clone()).await;
        match who {
            "auditor" => drop(answer.refused(403, "forbidden")),
            "colleague" => drop(answer.refused(404, "not_found")),
            _ => drop(answer.ok()),
        }
    }
    // A member of its campaign who does not have it may.
    let member = world.agent(&[&a.ids["campaign"]]).await;
    member.api.post(&path, json!({ "text": "mine" })).await.ok();
    member.api.post(&path, json!({ "text": "x", "mentions": [b.agent.id] })).await.refused_field("mentions", "unknown_reference");
    member.api.post(&path, json!({ "text": " " })).await.refused(422, "empty_message");
    let crowd: Vec<Value> = (0..21).map(|number| json!(format!("01900000-0000-7000-8000-0000000000{number:02}"))).collect();
    member.api.post(&path, json!({ "text": "x", "mentions": crowd })).await.refused_field("mentions", "too_long");
    let page = a.agent.api.get(&of(&a.ids["conversation"], "messages")).await.ok();
    assert_eq!(list(&page).iter().filter(|message| message["note"] == true).count(), 4, "{page}");
    a.agent.api.post(&of(&a.ids["conversation"], "close"), json!({})).await.ok();
    a.agent.api.post(&path, json!({ "text": "too late" })).await.refused(409, "conversation_closed");
}

async fn who_may_take_what_waits(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false })).await;
    let closed = json!({ "client": desk.client, "name": "Office", "zone": "UTC", "weekly": [] });
    let closed = world.admin.post("/api/v1/schedules", closed).await.id();
    let fields = json!({ "schedule": closed, "out_of_hours": "queue" });
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), fields).await.ok();
    let other = world.desk(json!({})).await;
    let (agent, stranger) = (world.agent(&[&desk.campaign]).await, world.agent(&[&other.campaign]).await);
    let id = desk.channel.write("customer", "hello").await;
    world.until_standing(&id, "queued").await;
    let path = of(&id, "take");
    stranger.api.act(&path).await.refused(404, "not_found");
    agent.api.act(&path).await.refused(409, "not_available");
    let mut tab = Socket::at_work(&agent.api).await;
    let waiting = tab.follow("waiting").await;
    let row = &waiting["data"][0];
    assert_eq!((&row["conversation"], &row["contact_name"], &row["channel_kind"]), (&json!(id), &json!("Marta"), &json!("api")));
    assert_eq!(row["preview"], json!({ "text": "hello", "from": { "is": "contact" }, "note": false }));
    let (_, nothing) = Socket::following(&stranger.api, "waiting").await;
    assert_eq!(nothing["data"], json!([]));
    let supervisor = world.person("supervisor", json!([{ "kind": "all" }])).await;
    assert_eq!(Socket::following(&supervisor.api, "waiting").await.1["kind"], "denied");
    supervisor.api.act(&path).await.refused(403, "forbidden");
    let first = agent.api.call_once("POST", &path, "k", None).await;
    assert_eq!(first.ok()["standing"], json!({ "is": "active", "agent": agent.id }));
    assert_eq!(agent.api.call_once("POST", &path, "k", None).await.body, first.body);
    let shown = tab.conversation(&id, "active").await;
    assert_eq!(shown["conversation"]["preview"]["text"], "hello");
    tab.until("that it waits no longer", |frame| frame["data"]["waiting_gone"][0] == id).await;
    let colleague = world.agent(&[&desk.campaign]).await;
    let refused = colleague.api.act(&path).await.refused(409, "gone");
    assert_eq!(refused["current_owner"], agent.id);
    let listed = world.admin.get("/api/v1/conversations").await.ok();
    assert_eq!(list(&listed)[0]["preview"]["text"], "hello");
}
