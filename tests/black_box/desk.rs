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

on_both!(
    a_note_is_seen_by_the_staff_and_by_nobody_else,
    who_may_write_a_note_and_whom_it_may_call_for,
    who_may_take_what_waits,
    labels_and_priority_are_shown_to_whoever_sees_the_conversation,
    what_is_snoozed_says_until_when,
    closing_takes_only_leaves,
    an_ended_membership_takes_open_offers_along,
    who_talks_to_a_contact_reads_what_was_said_before,
    a_break_can_wait_for_the_conversations_at_hand,
    what_could_not_be_sent_is_sent_again,
    drafts_are_one_s_own_and_the_higher_number_stands,
);

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
    let is_it = |row: &Value| row["channel_kind"] == "webchat" && row["standing"]["is"] == "active";
    let by_chat = tab.until("the chat", |frame| is_it(&frame["data"]["conversation"])).await;
    let by_chat = text(&by_chat["data"]["conversation"]["id"]);
    // The visitor hears of the accept in the snapshot: from here on only what is said.
    let (mut visitor, _) = Socket::visitor(world.host(), &token).await;
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

async fn labels_and_priority_are_shown_to_whoever_sees_the_conversation(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let id = &a.ids["conversation"];
    let (tags, priority) = (of(id, "tags"), of(id, "priority"));
    let mut agent = a.tab;
    a.agent.api.put(&tags, json!({ "tags": [" vip ", "late", "vip"] })).await.ok();
    a.supervisor.api.put(&priority, json!({ "priority": "urgent" })).await.ok();
    let shown = agent.until("the priority", |frame| frame["data"]["conversation"]["priority"] == "urgent").await;
    assert_eq!(shown["data"]["conversation"]["tags"], json!(["late", "vip"]));
    a.colleague.api.put(&tags, json!({ "tags": [] })).await.refused(404, "not_found");
    a.auditor.api.put(&tags, json!({ "tags": [] })).await.refused(403, "forbidden");
    let member = world.agent(&[&a.ids["campaign"]]).await;
    member.api.put(&priority, json!({ "priority": "low" })).await.refused(409, "not_owner");
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    a.agent.api.put(&tags, json!({ "tags": many })).await.refused_field("tags", "too_long");
    a.agent.api.put(&tags, json!({ "tags": ["x".repeat(41)] })).await.refused_field("tags.0", "too_long");
    a.agent.api.put(&tags, json!({ "tags": ["ok", " "] })).await.refused_field("tags.1", "too_short");
    a.agent.api.put(&tags, json!({ "tags": ["a\u{202e}b"] })).await.refused_field("tags.0", "control_characters");
    a.agent.api.put(&priority, json!({ "priority": "whatever" })).await.refused(422, "invalid");
    let state = a.auditor.api.conversation(id).await;
    assert_eq!((&state["tags"], &state["priority"]), (&json!(["late", "vip"]), &json!("urgent")));
}

async fn what_is_snoozed_says_until_when(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let id = a.ids["conversation"].clone();
    let in_seconds = |seconds| json!({ "until": (chrono::Utc::now() + chrono::Duration::seconds(seconds)).to_rfc3339() });
    let snooze = of(&id, "snooze");
    a.agent.api.post(&snooze, in_seconds(-1)).await.refused_field("until", "out_of_range");
    a.agent.api.post(&snooze, in_seconds(400 * 24 * 3600)).await.refused_field("until", "out_of_range");
    a.supervisor.api.post(&snooze, in_seconds(60)).await.refused(403, "forbidden");
    a.agent.api.post(&snooze, in_seconds(60)).await.ok();
    let shown = a.tab.conversation(&id, "parked").await;
    assert_eq!(shown["conversation"]["snoozed_until"], shown["conversation"]["standing"]["until"]);
    a.agent.api.act(&of(&id, "wake")).await.ok();
    assert_eq!(a.agent.api.conversation(&id).await["snoozed_until"], Value::Null);
    a.agent.api.post(&snooze, in_seconds(60)).await.ok();
    a.channel.write("customer", "are you there?").await;
    a.tab.until("the message", |frame| frame["data"]["messages"][0]["text"] == "are you there?").await;
    world.until_standing(&id, "active").await;
}

async fn closing_takes_only_leaves(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let (client, root) = (&a.ids["client"], &a.ids["disposition"]);
    let leaf = json!({ "client": client, "parent": root, "name": "By telephone" });
    let leaf = world.admin.post("/api/v1/dispositions", leaf).await.id();
    let other = world.admin.post("/api/v1/dispositions", json!({ "client": client, "name": "Elsewhere" })).await.id();
    let campaign = format!("/api/v1/campaigns/{}", a.ids["campaign"]);
    world.admin.patch(&campaign, json!({ "dispositions": [leaf] })).await.ok();
    let close = of(&a.ids["conversation"], "close");
    a.agent.api.post(&close, json!({})).await.refused(422, "disposition_needed");
    for wrong in [root, &other] {
        a.agent.api.post(&close, json!({ "disposition": wrong })).await.refused_field("disposition", "unknown_reference");
    }
    // A leaf that was offered and got a child since is none any more.
    let child = json!({ "client": client, "parent": leaf, "name": "At night" });
    let child = world.admin.post("/api/v1/dispositions", child).await.id();
    a.agent.api.post(&close, json!({ "disposition": leaf })).await.refused_field("disposition", "unknown_reference");
    world.admin.patch(&campaign, json!({ "dispositions": [child] })).await.ok();
    a.agent.api.post(&close, json!({ "disposition": child })).await.ok();
}

async fn an_ended_membership_takes_open_offers_along(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let (held, offered) = (a.ids["conversation"].clone(), a.ids["offered"].clone());
    world.admin.delete(&format!("/api/v1/campaigns/{}/members/{}", a.ids["campaign"], a.agent.id)).await.ok();
    a.tab.until("that the offer is gone", |frame| frame["kind"] == "gone" && frame["data"]["conversation"] == offered).await;
    world.until_standing(&offered, "queued").await;
    assert_eq!(world.admin.conversation(&held).await["standing"], json!({ "is": "active", "agent": a.agent.id }));
}

async fn drafts_are_one_s_own_and_the_higher_number_stands(database: Database) {
    let mut world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let id = &a.ids["conversation"];
    let path = |mode: &str| format!("/api/v1/drafts/{id}/{mode}");
    let draft = |text: &str, rev: u64| json!({ "text": text, "attachments": [a.ids["attachment"]], "rev": rev });
    let saved = a.agent.api.put(&path("reply"), draft("Dear", 2)).await.ok();
    assert_eq!((&saved["text"], &saved["rev"], &saved["mode"]), (&json!("Dear"), &json!(2), &json!("reply")));
    // The same again, as after an answer that was lost.
    // Another computer shows its files.
    assert_eq!((&saved["files"][0]["id"], saved["files"][0]["name"].is_string()), (&json!(a.ids["attachment"]), true));
    assert_eq!(a.agent.api.put(&path("reply"), draft("Dear", 2)).await.ok(), saved);
    for (text, rev) in [("De", 1), ("Other", 2)] {
        let refused = a.agent.api.put(&path("reply"), draft(text, rev)).await.refused(409, "draft_stale");
        assert_eq!(refused["draft"], saved);
    }
    a.agent.api.put(&path("note"), json!({ "text": "ask Ben", "rev": 1 })).await.ok();
    world.crash().await;
    let page = a.agent.api.get("/api/v1/drafts").await.ok();
    let modes: Vec<_> = list(&page).iter().map(|draft| (text(&draft["mode"]), text(&draft["text"]))).collect();
    assert_eq!(modes, [("note".to_owned(), "ask Ben".to_owned()), ("reply".to_owned(), "Dear".to_owned())]);
    assert_eq!(page["items"][1]["attachments"], json!([a.ids["attachment"]]));
    // Theirs alone.
    a.supervisor.api.put(&path("note"), json!({ "text": "watch this", "rev": 1 })).await.ok();
    assert_eq!(list(&a.supervisor.api.get("/api/v1/drafts").await.ok()).len(), 1);
    a.colleague.api.put(&path("reply"), json!({ "text": "x", "rev": 1 })).await.refused(404, "not_found");
    world.admin.put(&path("reply"), json!({ "text": "x", "rev": 1 })).await.refused(404, "not_found");
    a.colleague.api.delete(&path("reply")).await.refused(404, "not_found");
    a.supervisor.api.put(&path("note"), draft("x", 2)).await.refused_field("attachments.0", "unknown_reference");
    a.agent.api.put(&path("reply"), json!({ "text": "x".repeat(70_000), "rev": 9 })).await.refused_field("text", "too_long");
    a.agent.api.put(&path("whisper"), json!({ "text": "x", "rev": 9 })).await.refused(404, "not_found");
    a.agent.api.delete(&path("note")).await.ok();
    a.agent.api.delete(&path("note")).await.refused(404, "not_found");
    a.agent.api.post(&of(id, "close"), json!({})).await.ok();
    assert_eq!(list(&a.agent.api.get("/api/v1/drafts").await.ok()).len(), 0);
    a.agent.api.put(&path("reply"), draft("late", 9)).await.refused(404, "not_found");
    a.supervisor.api.put(&path("note"), json!({ "text": "late", "rev": 9 })).await.refused(409, "conversation_closed");
}

async fn what_could_not_be_sent_is_sent_again(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let id = desk.channel.write("customer", "hello").await;
    tab.conversation(&id, "active").await;
    receiver.answer_with(400);
    let message = text(&agent.api.reply(&id, "good morning").await.ok()["message"]);
    let failed = tab.delivery(&message, "failed").await;
    assert!(failed["data"]["deliveries"][0]["reason"].is_string(), "{failed}");
    let first = receiver.next().await;
    let retry = of(&id, &format!("messages/{message}/retry"));
    let colleague = world.agent(&[&desk.campaign]).await;
    colleague.api.act(&retry).await.refused(409, "not_owner");
    agent.api.act(&of(&id, &format!("messages/{id}/retry"))).await.refused(404, "not_found");
    receiver.answer_with(200);
    agent.api.act(&retry).await.ok();
    tab.delivery(&message, "queued").await;
    tab.delivery(&message, "sent").await;
    let second = receiver.next().await;
    // The same message: a receiver that got it the first time knows it again.
    assert_eq!(second.json()["message"]["id"], first.json()["message"]["id"]);
    assert_eq!(second.headers["webhook-id"], first.headers["webhook-id"]);
    agent.api.act(&retry).await.refused(409, "not_failed");
    assert_eq!(agent.api.texts(&id).await, ["hello", "good morning"]);
    assert_eq!(receiver.waiting(), 0);
    let stored = agent.api.get(&of(&id, "messages")).await.ok();
    assert_eq!(list(&stored)[0]["delivery"], "sent");
}

async fn a_break_can_wait_for_the_conversations_at_hand(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let kind = &a.ids["break"];
    let (mut board, _) = Socket::following(&a.supervisor.api, "board:1").await;
    let after = json!({ "break_id": kind, "when": "after_current" });
    let pending = a.agent.api.post("/api/v1/me/presence", after).await.ok();
    assert_eq!((&pending["pending"], &pending["activity"]["is"]), (&json!(kind), &json!("available")));
    board.until("that a break is near", |frame| frame["data"]["agents"][0]["pending"] == *kind).await;
    // The offer that was open is withdrawn.
    let offered = a.ids["offered"].clone();
    a.tab.until("that the offer is gone", |frame| frame["kind"] == "gone" && frame["data"]["conversation"] == offered).await;
    a.agent
        .api
        .post("/api/v1/me/presence", json!({ "available": true, "when": "now" }))
        .await
        .refused_field("available", "not_possible");
    a.agent.api.post(&of(&a.ids["conversation"], "close"), json!({})).await.ok();
    let presence = a.tab.until("the break", |frame| frame["data"]["activity"]["is"] == "on_break").await;
    assert_eq!((&presence["data"]["activity"]["kind"], presence["data"].get("pending")), (&json!(kind), None));
}

async fn who_talks_to_a_contact_reads_what_was_said_before(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let first = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&first.api).await;
    let mut earlier = Vec::new();
    for words in ["one", "two"] {
        let id = desk.channel.write("marta", words).await;
        tab.conversation(&id, "active").await;
        first.api.post(&of(&id, "notes"), json!({ "text": "careful" })).await.ok();
        first.api.post(&of(&id, "close"), json!({})).await.ok();
        earlier.push(id);
    }
    let foreign = desk.channel.write("somebody else", "hello").await;
    tab.conversation(&foreign, "active").await;
    world.admin.act(&format!("/api/v1/agents/{}/pause", first.id)).await.ok();
    let second = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&second.api).await;
    let now = desk.channel.write("marta", "three").await;
    let contact = text(&tab.conversation(&now, "active").await["conversation"]["contact"]);
    let path = format!("/api/v1/contacts/{contact}/conversations");
    let ids = |page: &Value| list(page).iter().map(|row| text(&row["id"])).collect::<Vec<_>>();
    let page = second.api.get(&path).await.ok();
    assert_eq!(ids(&page), [now.clone(), earlier[1].clone(), earlier[0].clone()]);
    let page = second.api.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(page["next"], earlier[1]);
    let rest = second.api.get(&format!("{path}?before={}", text(&page["next"]))).await.ok();
    assert_eq!((ids(&rest), &rest["next"]), (vec![earlier[0].clone()], &Value::Null));
    assert_eq!(second.api.texts(&earlier[0]).await, ["one", "careful"]);
    // Reading is all: nothing can be done there, and nothing else can be read.
    second.api.reply(&earlier[0], "hello again").await.refused(409, "conversation_closed");
    second.api.get(&format!("/api/v1/conversations/{foreign}")).await.refused(404, "not_found");
    assert_eq!(Socket::following(&second.api, &format!("conversation:{}", earlier[0])).await.1["kind"], "denied");
    // Who does not talk to her, or no longer does, sees nothing.
    first.api.get(&path).await.refused(404, "not_found");
    second.api.post(&of(&now, "close"), json!({})).await.ok();
    second.api.get(&path).await.refused(404, "not_found");
    second.api.get(&of(&earlier[0], "messages")).await.refused(404, "not_found");
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": desk.campaign }])).await;
    assert_eq!(ids(&supervisor.api.get(&path).await.ok()).len(), 3);
    let other = world.desk(json!({})).await;
    let stranger = world.person("supervisor", json!([{ "kind": "client", "id": other.client }])).await;
    stranger.api.get(&path).await.refused(404, "not_found");
}
