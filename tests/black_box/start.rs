//! Writing to a customer first: who may, to whom, and what becomes of it.

use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, list, text},
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::{Desk, World},
};

on_both!(
    what_an_agent_begins_is_theirs_and_reaches_the_customer,
    who_is_known_is_written_to_and_their_open_conversation_is_not_doubled,
    only_who_may_write_first_does,
    a_supervisor_begins_it_for_an_agent,
    it_counts_against_their_room_and_may_be_more,
    nobody_writes_first_to_who_is_not_there,
    it_is_begun_once_however_often_it_is_asked_for,
    what_lies_elsewhere_reads_like_nothing,
    an_impossible_beginning_is_refused,
);

const START: &str = "/api/v1/conversations";

fn first(desk: &Desk, address: &str) -> Value {
    json!({ "campaign": desk.campaign, "channel": desk.channel.id, "address": address, "name": "Luz", "text": "Buen día" })
}

fn with(mut body: Value, more: Value) -> Value {
    let fields = body.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() { drop(fields.remove(name)) } else { drop(fields.insert(name.clone(), value.clone())) }
    }
    body
}

async fn start(api: &Api, body: Value) -> Answer {
    api.post(START, body).await
}

fn begun(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer}");
    text(&answer.json()["conversation"])
}

fn scope(campaign: &str) -> Value {
    json!([{ "kind": "campaign", "id": campaign }])
}

async fn what_an_agent_begins_is_theirs_and_reaches_the_customer(database: Database) {
    let mut world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let id = begun(&start(&agent.api, first(&desk, "c-1")).await);
    tab.conversation(&id, "active").await;
    let call = receiver.next().await;
    assert_eq!(call.json()["message"]["text"], "Buen día");
    assert!(call.is_signed_with(&desk.channel.secret));
    let state = agent.api.conversation(&id).await;
    assert_eq!(state["standing"], json!({ "is": "active", "agent": agent.id }));
    assert_eq!((&state["contact_name"], &state["replied"], &state["unanswered"]), (&json!("Luz"), &json!(true), &json!(false)));
    // The customer answers into the same one, also after the process has died.
    world.crash().await;
    let channel = crate::world::Channel { api: world.anonymous(), ..desk.channel.clone() };
    assert_eq!(channel.write("c-1", "hola").await, id);
    let agent = agent.api.at(world.host());
    assert_eq!(agent.texts(&id).await, ["Buen día", "hola"]);
    agent.reply(&id, "¿Cómo está?").await.ok();
    let why = agent.get(&format!("{START}/{id}/why")).await.ok();
    assert_eq!((&why["begun"]["over_capacity"], &why["decisions"]), (&json!(false), &json!([])));
    agent.post(&format!("{START}/{id}/close"), json!({})).await.ok();
}

async fn who_is_known_is_written_to_and_their_open_conversation_is_not_doubled(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let open = desk.channel.write("c-1", "hola").await;
    tab.conversation(&open, "active").await;
    let contact = ana.api.conversation(&open).await["contact"].clone();
    let by_contact = with(first(&desk, ""), json!({ "address": null, "contact": contact }));
    // Named to who may see it, and to nobody else.
    assert_eq!(start(&ana.api, first(&desk, "c-1")).await.refused(409, "already_open")["conversation"], open);
    assert_eq!(start(&ana.api, by_contact.clone()).await.refused(409, "already_open")["conversation"], open);
    assert_eq!(start(&bruno.api, first(&desk, "c-1")).await.refused(409, "already_open").get("conversation"), None);
    let for_bruno = with(first(&desk, "c-1"), json!({ "agent": bruno.id }));
    assert_eq!(start(&supervisor.api, for_bruno).await.refused(409, "already_open")["conversation"], open);
    // Whom one talks to no longer one does not know.
    start(&bruno.api, by_contact.clone()).await.refused(404, "not_found");
    ana.api.post(&format!("{START}/{open}/close"), json!({})).await.ok();
    world.until_standing(&open, "ended").await;
    let next = begun(&start(&bruno.api, first(&desk, "c-1")).await);
    let state = bruno.api.conversation(&next).await;
    assert_eq!((&state["contact"], &state["contact_name"]), (&contact, &json!("Marta")), "the name that was known stays");
    let admin = world.admin.get(&format!("/api/v1/contacts?client={}", desk.client)).await.ok();
    assert_eq!(list(&admin).len(), 1);
}

async fn only_who_may_write_first_does(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let second = world.campaign(&desk.client, json!({})).await;
    let (member, stranger) = (world.agent(&[&desk.campaign]).await, world.agent(&[&second]).await);
    let place = format!("/api/v1/campaigns/{}/members/{}", desk.campaign, member.id);
    let starts = async || {
        let profile = member.api.get("/api/v1/me").await.ok();
        profile["campaigns"][0]["starts"].as_array().unwrap().len()
    };
    assert_eq!(starts().await, 1);
    for initiate in [json!([]), json!(["webchat"])] {
        world.admin.put(&place, json!({ "initiate": initiate })).await.ok();
        assert_eq!(starts().await, 0);
        start(&member.api, first(&desk, "c-1")).await.refused(422, "invalid");
    }
    start(&stranger.api, first(&desk, "c-1")).await.refused_field("campaign", "unknown_reference");
    world
        .person("auditor", json!([{ "kind": "all" }]))
        .await
        .api
        .post(START, first(&desk, "c-1"))
        .await
        .refused(403, "forbidden");
    world.admin.put(&place, json!({ "initiate": ["api"], "receive": [] })).await.ok();
    begun(&start(&member.api, first(&desk, "c-1")).await);
    // For a colleague one writes nothing.
    let other = world.agent(&[&desk.campaign]).await;
    let body = with(first(&desk, "c-2"), json!({ "agent": other.id }));
    start(&member.api, body).await.refused_field("agent", "unknown_reference");
}

async fn a_supervisor_begins_it_for_an_agent(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let outsider = world.agent(&[]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    start(&supervisor.api, first(&desk, "c-1")).await.refused_field("agent", "missing_field");
    let body = |agent: &str| with(first(&desk, "c-1"), json!({ "agent": agent }));
    start(&supervisor.api, body(&outsider.id)).await.refused_field("agent", "unknown_reference");
    let id = begun(&start(&supervisor.api, body(&agent.id)).await);
    tab.conversation(&id, "active").await;
    let page = agent.api.get(&format!("{START}/{id}/messages")).await.ok();
    assert_eq!(list(&page)[0]["author"], json!({ "is": "agent", "id": supervisor.id }), "who wrote is who wrote");
    agent.api.reply(&id, "Sigo yo").await.ok();
}

async fn it_counts_against_their_room_and_may_be_more(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    world.admin.patch(&format!("/api/v1/users/{}", agent.id), json!({ "capacity": 20 })).await.ok();
    let mut tab = Socket::at_work(&agent.api).await;
    let own = begun(&start(&agent.api, first(&desk, "c-1")).await);
    tab.conversation(&own, "active").await;
    let waits = desk.channel.write("c-9", "hola").await;
    world.until_standing(&waits, "queued").await;
    let more = begun(&start(&agent.api, first(&desk, "c-2")).await);
    let flag = async |id: &str| agent.api.get(&format!("{START}/{id}/why")).await.ok()["begun"]["over_capacity"].clone();
    assert_eq!((flag(&own).await, flag(&more).await), (json!(false), json!(true)));
    // Room again: only when both are over.
    agent.api.post(&format!("{START}/{own}/close"), json!({})).await.ok();
    world.until_standing(&own, "ended").await;
    assert_eq!(world.admin.conversation(&waits).await["standing"]["is"], "queued");
    agent.api.post(&format!("{START}/{more}/close"), json!({})).await.ok();
    tab.conversation(&waits, "active").await;
}

async fn nobody_writes_first_to_who_is_not_there(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let agent = world.agent(&[&desk.campaign]).await;
    start(&agent.api, with(first(&desk, "c-1"), json!({ "channel": chat }))).await.refused(409, "cannot_start");
}

async fn it_is_begun_once_however_often_it_is_asked_for(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let body = first(&desk, "c-1");
    let ask = |api: Api| {
        let body = body.clone();
        async move { api.call_once("POST", START, "once", Some(&body)).await }
    };
    let (one, other) = tokio::join!(ask(agent.api.clone()), ask(agent.api.clone()));
    assert_eq!((begun(&one), &one.body), (begun(&other), &other.body));
    let id = begun(&one);
    agent.api.post(&format!("{START}/{id}/close"), json!({})).await.ok();
    world.crash().await;
    let again = ask(agent.api.clone().at(world.host())).await;
    assert_eq!((again.status, &again.body), (201, &one.body));
    let all = world.admin.get(&format!("{START}?campaign={}", desk.campaign)).await.ok();
    assert_eq!(list(&all).len(), 1);
    // Two who write to somebody new at the same moment begin one conversation.
    let agent = agent.api.at(world.host());
    let (one, other) = tokio::join!(start(&agent, first(&desk, "c-2")), start(&agent, first(&desk, "c-2")));
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409], "{one} {other}");
}

async fn what_lies_elsewhere_reads_like_nothing(database: Database) {
    let world = World::new(&database).await;
    let (desk, abroad) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&desk.client, json!({})).await;
    let side = world.channel(&desk.client, &second, None).await;
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let theirs = abroad.channel.write("c-1", "hola").await;
    let contact = world.admin.conversation(&theirs).await["contact"].clone();
    for channel in [&abroad.channel.id, &side.id] {
        let body = with(first(&desk, "c-1"), json!({ "channel": channel }));
        start(&agent.api, body.clone()).await.refused_field("channel", "unknown_reference");
        start(&supervisor.api, with(body, json!({ "agent": agent.id }))).await.refused_field("channel", "unknown_reference");
    }
    for campaign in [&abroad.campaign, &second] {
        let body = with(first(&desk, "c-1"), json!({ "campaign": campaign, "agent": agent.id }));
        start(&supervisor.api, body).await.refused_field("campaign", "unknown_reference");
    }
    let body = with(first(&desk, ""), json!({ "address": null, "contact": contact }));
    start(&agent.api, body.clone()).await.refused(404, "not_found");
    // Not even who may read both writes to the customer of one company in the name of another.
    start(&world.admin, with(body, json!({ "agent": agent.id }))).await.refused(404, "not_found");
    assert_eq!(list(&world.admin.get(&format!("{START}?campaign={}", desk.campaign)).await.ok()).len(), 0);
}

async fn an_impossible_beginning_is_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "emoticons": false } })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let body = |more: Value| with(first(&desk, "c-1"), more);
    start(&agent.api, body(json!({ "text": " \n" }))).await.refused(422, "empty_message");
    start(&agent.api, body(json!({ "text": "x".repeat(70_000) }))).await.refused(422, "message_too_long");
    start(&agent.api, body(json!({ "text": "hola 🙂" }))).await.refused(422, "emoticons_not_allowed");
    start(&agent.api, body(json!({ "address": " " }))).await.refused_field("address", "not_possible");
    start(&agent.api, body(json!({ "address": "a\u{7}b" }))).await.refused_field("address", "not_possible");
    start(&agent.api, body(json!({ "address": null }))).await.refused_field("contact", "not_possible");
    start(&agent.api, body(json!({ "contact": desk.client }))).await.refused_field("contact", "not_possible");
    start(&agent.api, body(json!({ "name": "x".repeat(121) }))).await.refused_field("name", "too_long");
    start(&agent.api, body(json!({ "subject": "x" }))).await.refused_field("subject", "unknown_field");
    assert_eq!(list(&world.admin.get(&format!("{START}?campaign={}", desk.campaign)).await.ok()).len(), 0);
    // What was refused left nobody in the way.
    begun(&start(&agent.api, first(&desk, "c-1")).await);
}
