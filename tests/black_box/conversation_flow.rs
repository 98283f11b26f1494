//! What an agent's day is made of: a customer writes, an agent answers, pauses, passes on, closes.

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::{World, message},
};

on_both!(
    a_message_reaches_the_agent_at_once_and_the_answer_the_customer,
    a_receiver_that_fails_gets_the_same_message_again,
    an_agent_on_a_break_is_offered_nothing_until_it_ends,
    a_supervisor_pauses_an_agent_and_ends_the_pause,
    an_agent_passes_a_conversation_to_a_colleague,
    an_agent_passes_a_conversation_to_another_campaign,
    closing_needs_a_reply_and_a_disposition,
    wrap_up_holds_the_agent_until_it_ends,
    a_customer_who_writes_again_gets_a_new_conversation,
    a_visitor_chats_with_an_agent,
    two_visitors_never_see_each_other,
    several_tabs_show_the_same,
);

async fn a_message_reaches_the_agent_at_once_and_the_answer_the_customer(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;

    let conversation = desk.channel.write("cliente-1", "¡Hola! 👋🏽 no tengo internet").await;
    let shown = tab.conversation(&conversation, "active").await;
    assert_eq!(shown["conversation"]["contact_name"], "Marta");
    assert_eq!(shown["conversation"]["contact_address"], "cliente-1");
    assert_eq!(shown["conversation"]["unanswered"], true);
    assert_eq!(agent.api.texts(&conversation).await, ["¡Hola! 👋🏽 no tengo internet"]);

    let done = agent.api.reply(&conversation, "Ya lo miro.").await.ok();
    let reply = text(&done["message"]);
    let call = receiver.next().await;
    assert!(call.is_signed_with(&desk.channel.secret));
    assert_eq!(call.headers["webhook-id"], reply);
    assert_eq!(call.headers["content-type"], "application/json");
    let told = &call.json()["message"];
    assert_eq!((&told["text"], &told["to"]["id"]), (&json!("Ya lo miro."), &json!("cliente-1")));
    assert_eq!((&told["id"], &told["conversation"]), (&json!(reply), &json!(conversation)));
    tab.delivery(&reply, "sent").await;

    desk.channel.receipt(&conversation, &reply, "delivered").await.ok();
    tab.delivery(&reply, "delivered").await;
    desk.channel.receipt(&conversation, &reply, "read").await.ok();
    tab.delivery(&reply, "read").await;
    // A late receipt moves nothing back (R7).
    desk.channel.receipt(&conversation, &reply, "delivered").await.ok();
    let page = agent.api.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    assert_eq!(list(&page)[0]["delivery"], "read");
    assert_eq!(receiver.waiting(), 0);
}

async fn a_receiver_that_fails_gets_the_same_message_again(database: Database) {
    let world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    receiver.answer_with(500);
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    agent.api.reply(&conversation, "uno").await.ok();
    let reply = text(&agent.api.reply(&conversation, "dos").await.ok()["message"]);

    let first = receiver.next().await;
    receiver.answer_with(200);
    let again = receiver.next().await;
    assert_eq!(first.headers["webhook-id"], again.headers["webhook-id"]);
    assert_eq!(first.body, again.body);
    // In order: the second only after the first got through (R6).
    assert_eq!(again.json()["message"]["text"], "uno");
    assert_eq!(receiver.next().await.json()["message"]["text"], "dos");
    tab.delivery(&reply, "sent").await;
}

async fn an_agent_on_a_break_is_offered_nothing_until_it_ends(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let lunch = world.break_type("Almuerzo").await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut tab_of_ana = Socket::at_work(&ana.api).await;
    ana.api.post("/api/v1/me/presence", json!({ "break_id": lunch })).await.ok();
    tab_of_ana.until("the break", |frame| frame["kind"] == "presence" && frame["data"]["activity"]["is"] == "on_break").await;

    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    for customer in ["a", "b", "c"] {
        let conversation = desk.channel.write(customer, "hola").await;
        tab_of_bruno.conversation(&conversation, "active").await;
    }
    assert_eq!(list(&ana.api.get("/api/v1/conversations").await.ok()).len(), 0);

    // Nobody else is there: the next one waits, and is given out the moment the break ends.
    bruno.api.post("/api/v1/me/presence", json!({ "break_id": lunch })).await.ok();
    let waiting = desk.channel.write("d", "hola").await;
    world.until_standing(&waiting, "queued").await;
    ana.api.post("/api/v1/me/presence", json!({ "available": true })).await.ok();
    tab_of_ana.conversation(&waiting, "active").await;
    ana.api.post("/api/v1/me/presence", json!({ "break_id": desk.campaign })).await.refused(422, "unknown_break");
}

async fn a_supervisor_pauses_an_agent_and_ends_the_pause(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": desk.client }])).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let (mut board, snapshot) = Socket::following(&supervisor.api, "board:1").await;
    assert_eq!(snapshot["kind"], "board", "{snapshot}");

    supervisor.api.act(&format!("/api/v1/agents/{}/pause", agent.id)).await.ok();
    let activity = |is: &'static str| move |frame: &Value| frame["data"]["activity"]["is"] == is;
    tab.until("the pause", activity("forced_pause")).await;
    let row = |frame: &Value| {
        frame["data"]["agents"].as_array().into_iter().flatten().any(|row| row["activity"]["is"] == "forced_pause")
    };
    board.until("the pause on the board", row).await;
    let waiting = desk.channel.write("a", "hola").await;
    let shown =
        |frame: &Value| frame["data"]["waiting"].as_array().into_iter().flatten().any(|row| row["conversation"] == waiting);
    board.until("the waiting conversation", shown).await;
    agent.api.post("/api/v1/me/presence", json!({ "available": true })).await.refused(409, "forced_pause");

    supervisor.api.act(&format!("/api/v1/agents/{}/resume", agent.id)).await.ok();
    tab.conversation(&waiting, "active").await;
}

async fn an_agent_passes_a_conversation_to_a_colleague(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab_of_ana = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    let offer = tab_of_ana.conversation(&conversation, "offered").await;
    accept(&ana.api, &conversation, &offer).await;
    tab_of_ana.conversation(&conversation, "active").await;

    let bruno = world.agent(&[&desk.campaign]).await;
    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    let to_bruno = json!({ "agent": bruno.id });
    ana.api.post(&format!("/api/v1/conversations/{conversation}/transfer"), to_bruno).await.ok();
    let offer = tab_of_bruno.conversation(&conversation, "transferring").await;
    // The sender keeps it until the other has accepted.
    assert_eq!(tab_of_ana.conversation(&conversation, "transferring").await["conversation"]["standing"]["from"], ana.id);
    accept(&bruno.api, &conversation, &offer).await;
    tab_of_bruno.conversation(&conversation, "active").await;
    let gone = tab_of_ana.until("that it is gone", |frame| frame["kind"] == "gone").await;
    assert_eq!((&gone["data"]["conversation"], &gone["data"]["owner"]), (&json!(conversation), &json!(bruno.id)));
    ana.api.get(&format!("/api/v1/conversations/{conversation}")).await.refused(404, "not_found");
    let refused = ana.api.reply(&conversation, "¿Sigue ahí?").await.refused(409, "not_owner");
    assert_eq!(refused["current_owner"], bruno.id);
}

async fn accept(agent: &Api, conversation: &str, shown: &Value) {
    let offer = json!({ "offer": shown["conversation"]["standing"]["offer"] });
    agent.post(&format!("/api/v1/conversations/{conversation}/accept"), offer).await.ok();
}

async fn an_agent_passes_a_conversation_to_another_campaign(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let sales = world.campaign(&desk.client, json!({})).await;
    let elsewhere = world.desk(json!({})).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&sales]).await);
    let mut tab_of_ana = Socket::at_work(&ana.api).await;
    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab_of_ana.conversation(&conversation, "active").await;

    let path = format!("/api/v1/conversations/{conversation}/transfer");
    ana.api.post(&path, json!({ "campaign": elsewhere.campaign })).await.refused_field("campaign", "unknown_reference");
    ana.api.post(&path, json!({ "campaign": sales, "agent": bruno.id })).await.refused_field("agent", "not_possible");
    ana.api.post(&path, json!({ "campaign": sales })).await.ok();
    let moved = tab_of_bruno.conversation(&conversation, "active").await;
    assert_eq!(moved["conversation"]["campaign"], sales);
    assert_eq!(bruno.api.texts(&conversation).await, ["hola"]);
}

async fn closing_needs_a_reply_and_a_disposition(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let disposition = json!({ "client": desk.client, "name": "Resuelto" });
    let solved = world.admin.post("/api/v1/dispositions", disposition).await.id();
    let other = world.admin.post("/api/v1/dispositions", json!({ "client": desk.client, "name": "Otra" })).await.id();
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), json!({ "dispositions": [solved] })).await.ok();
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;

    let close = format!("/api/v1/conversations/{conversation}/close");
    agent.api.post(&close, json!({ "disposition": solved })).await.refused(422, "not_answered");
    agent.api.reply(&conversation, "hola").await.ok();
    agent.api.post(&close, json!({})).await.refused(422, "disposition_needed");
    agent.api.post(&close, json!({ "disposition": other })).await.refused_field("disposition", "unknown_reference");
    let done = agent.api.post(&close, json!({ "disposition": solved })).await.ok();
    assert_eq!(done["standing"], json!({ "is": "ended", "ending": "closed", "disposition": solved }));
    tab.until("that it is gone", |frame| frame["kind"] == "gone" || frame["data"]["conversation"]["standing"]["is"] == "ended")
        .await;
    agent.api.post(&close, json!({ "disposition": solved })).await.refused(409, "conversation_closed");
    world.admin.reply(&conversation, "tarde").await.refused(409, "conversation_closed");
}

async fn wrap_up_holds_the_agent_until_it_ends(database: Database) {
    let world = World::new(&database).await;
    let desk =
        world.desk(json!({ "wrap_up_seconds": 900, "permissions": { "close_unanswered": true }, "max_per_agent": 1 })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    let second = desk.channel.write("b", "hola").await;
    agent.api.post(&format!("/api/v1/conversations/{first}/close"), json!({})).await.ok();
    tab.conversation(&first, "wrap_up").await;
    world.until_standing(&second, "queued").await;
    agent.api.act(&format!("/api/v1/conversations/{first}/wrap-up/end")).await.ok();
    tab.conversation(&second, "active").await;
    assert_eq!(world.admin.conversation(&first).await["standing"]["is"], "ended");
}

async fn a_customer_who_writes_again_gets_a_new_conversation(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let first = desk.channel.write("a", "uno").await;
    tab.conversation(&first, "active").await;
    assert_eq!(desk.channel.write("a", "dos").await, first);
    agent.api.post(&format!("/api/v1/conversations/{first}/close"), json!({})).await.ok();
    let second = desk.channel.write("a", "tres").await;
    assert_ne!(first, second);
    tab.conversation(&second, "active").await;
    assert_eq!(world.admin.texts(&first).await, ["uno", "dos"]);
    let contact = text(&world.admin.conversation(&second).await["contact"]);
    let of_contact = world.admin.get(&format!("/api/v1/conversations?contact={contact}")).await.ok();
    assert_eq!(list(&of_contact).len(), 2);
}

async fn a_visitor_chats_with_an_agent(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let token = world.visitor(&chat).await;
    let (mut page, greeting) = Socket::visitor(world.host(), &token).await;
    assert_eq!(greeting["data"], json!({ "messages": [], "ended": false, "snapshot": true }));

    let stored = world.chat_message(&token, "one", "¿Hay alguien?").await.ok();
    let conversation = text(&stored["conversation"]);
    assert_eq!(world.chat_message(&token, "one", "¿Hay alguien?").await.ok()["conversation"], Value::Null);
    let says = |words: &'static str, from: &'static str| {
        move |frame: &Value| {
            let mut messages = frame["data"]["messages"].as_array().into_iter().flatten();
            frame["kind"] == "chat" && messages.any(|message| message["text"] == words && message["from"] == from)
        }
    };
    page.until("the own message", says("¿Hay alguien?", "me")).await;
    let shown = tab.conversation(&conversation, "active").await;
    assert_eq!(shown["conversation"]["channel_kind"], "webchat");
    assert_eq!(agent.api.texts(&conversation).await, ["¿Hay alguien?"]);

    let reply = text(&agent.api.reply(&conversation, "Sí, dígame.").await.ok()["message"]);
    let frame = page.until("the answer", says("Sí, dígame.", "agent")).await;
    let seq = &frame["data"]["messages"][0]["seq"];
    page.say(json!({ "kind": "seen", "conversation": conversation, "seq": seq })).await;
    tab.delivery(&reply, "read").await;

    // A visitor who comes back sees everything, and never who answered.
    let (_, again) = Socket::visitor(world.host(), &token).await;
    assert_eq!(again["data"]["messages"].as_array().unwrap().len(), 2);
    assert!(!again.to_string().contains(&agent.id), "{again}");
    agent.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await.ok();
    page.until("the end", |frame| frame["data"]["ended"] == true).await;
}

async fn two_visitors_never_see_each_other(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let (one, other) = (world.visitor(&chat).await, world.visitor(&chat).await);
    let first = text(&world.chat_message(&one, "k", "soy uno").await.ok()["conversation"]);
    let second = text(&world.chat_message(&other, "k", "soy otro").await.ok()["conversation"]);
    assert_ne!(first, second);
    let (mut page, chat_of_other) = Socket::visitor(world.host(), &other).await;
    assert_eq!(chat_of_other["data"]["messages"].as_array().unwrap().len(), 1);
    page.say(json!({ "kind": "subscribe", "topic": format!("conversation:{first}") })).await;
    let denied = page.until("the refusal", |frame| frame["kind"] == "denied").await;
    assert_eq!(denied["data"]["code"], "not_for_visitors");
    // A token that is nearly right is none.
    let mut broken = one.clone();
    broken.pop();
    for token in [broken.as_str(), "", "x", &one.to_uppercase()] {
        world.chat_message(token, "k2", "hola").await.refused(401, "signed_out_session");
    }
    world.anonymous().act(&format!("/widget/v1/{}/session", desk.channel.id)).await.refused(404, "not_found");
}

async fn several_tabs_show_the_same(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut one = Socket::at_work(&agent.api).await;
    let mut two = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    let topic = format!("conversation:{conversation}");
    let shown = one.conversation(&conversation, "active").await;
    assert_eq!(two.conversation(&conversation, "active").await, shown);
    assert_eq!(one.follow(&topic).await["kind"], "thread");
    assert_eq!(two.follow(&topic).await["kind"], "thread");
    agent.api.reply(&conversation, "hola").await.ok();
    let replied = |frame: &Value| frame["topic"] == topic && frame["data"]["messages"][0]["text"] == "hola";
    let (first, second) = (one.until("the reply", replied).await, two.until("the reply", replied).await);
    assert_eq!((&first["pos"], &first["data"]), (&second["pos"], &second["data"]));
    // One tab closes: the agent stays available.
    drop(one);
    let next = desk.channel.call(message("m2", "b", "hola").to_string()).await.ok();
    two.conversation(&text(&next["conversation"]), "active").await;
}
