//! Supervisors move what waits: to an agent, to another queue, forward or back; many at once, each by itself.

use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, text},
    database::{Database, on_both},
    socket::Socket,
    world::{Desk, Person, World},
};

on_both!(
    waiting_conversations_are_given_to_an_agent_beyond_their_room,
    only_who_is_at_work_in_the_campaign_is_given_anything,
    what_is_moved_keeps_its_arrival_and_goes_only_where_there_is_room,
    one_refusal_undoes_none_of_the_others_and_a_key_makes_it_once,
    who_moves_needs_permission_at_both_ends,
    an_impossible_request_is_refused_as_a_whole,
);

const MOVES: &str = "/api/v1/conversations/moves";

async fn moved(api: &Api, conversations: &[String], action: Value) -> Answer {
    api.post(MOVES, json!({ "conversations": conversations, "action": action })).await
}

/// The code of each, `null` = done.
fn codes(answer: &Answer) -> Vec<Value> {
    answer.ok()["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["code"].clone()).collect()
}

fn scope(campaign: &str) -> Value {
    json!([{ "kind": "campaign", "id": campaign }])
}

/// So many wait there, and nobody is at work.
async fn waiting(world: &World, desk: &Desk, many: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..many {
        let id = desk.channel.write(&format!("c{number}"), "hola").await;
        world.until_standing(&id, "queued").await;
        ids.push(id);
    }
    ids
}

/// At work, with less room than anything takes.
async fn full_agent(world: &World, desk: &Desk) -> (Person, Socket) {
    let agent = world.agent(&[&desk.campaign]).await;
    world.admin.patch(&format!("/api/v1/users/{}", agent.id), json!({ "capacity": 1 })).await.ok();
    let tab = Socket::at_work(&agent.api).await;
    (agent, tab)
}

async fn waiting_conversations_are_given_to_an_agent_beyond_their_room(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false })).await;
    let (agent, mut tab) = full_agent(&world, &desk).await;
    let ids = waiting(&world, &desk, 2).await;
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    let answer = moved(&supervisor.api, &ids, json!({ "do": "assign", "agent": agent.id })).await;
    assert_eq!(codes(&answer), [Value::Null, Value::Null], "{answer}");
    for id in &ids {
        tab.conversation(id, "active").await;
        let why = supervisor.api.get(&format!("/api/v1/conversations/{id}/why")).await.ok();
        let decision = &why["decisions"][0];
        let told = [&decision["how"], &decision["by"], &decision["agent"], &decision["over_capacity"], &decision["outcome"]];
        assert_eq!(told, [&json!("assigned"), &json!(supervisor.id), &json!(agent.id), &json!(true), &json!("accepted")]);
    }
    agent.api.reply(&ids[0], "hola").await.ok();
    // Twice is once; and it is nobody else's any more.
    assert_eq!(
        codes(&moved(&supervisor.api, &ids, json!({ "do": "assign", "agent": agent.id })).await),
        [Value::Null, Value::Null]
    );
    let other = world.agent(&[&desk.campaign]).await;
    let _tab = Socket::at_work(&other.api).await;
    assert_eq!(codes(&moved(&supervisor.api, &ids, json!({ "do": "assign", "agent": other.id })).await), ["gone", "gone"]);
}

async fn only_who_is_at_work_in_the_campaign_is_given_anything(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let ids = waiting(&world, &desk, 1).await;
    let elsewhere = world.campaign(&desk.client, json!({})).await;
    let (absent, stranger) = (world.agent(&[&desk.campaign]).await, world.agent(&[&elsewhere]).await);
    let _tab = Socket::at_work(&stranger.api).await;
    let (resting, mut tab) = full_agent(&world, &desk).await;
    let kind = world.break_type("Lunch").await;
    resting.api.post("/api/v1/me/presence", json!({ "break_id": kind })).await.ok();
    for (agent, code) in [(&absent, "not_available"), (&stranger, "not_member"), (&resting, "not_available")] {
        assert_eq!(codes(&moved(&world.admin, &ids, json!({ "do": "assign", "agent": agent.id })).await), [code]);
    }
    assert_eq!(world.admin.conversation(&ids[0]).await["standing"]["is"], "queued");
    resting.api.post("/api/v1/me/presence", json!({ "available": true })).await.ok();
    assert_eq!(codes(&moved(&world.admin, &ids, json!({ "do": "assign", "agent": resting.id })).await), [Value::Null]);
    tab.conversation(&ids[0], "active").await;
}

async fn what_is_moved_keeps_its_arrival_and_goes_only_where_there_is_room(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let small = world.campaign(&desk.client, json!({ "limits": { "max_waiting": 2 } })).await;
    let off = world.campaign(&desk.client, json!({ "enabled": false })).await;
    let abroad = world.desk(json!({})).await;
    let ids = waiting(&world, &desk, 3).await;
    let arrived_at = world.admin.conversation(&ids[0]).await["arrived_at"].clone();
    let reasons = |answer: &Answer| -> Vec<Value> {
        answer.ok()["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["reason"].clone()).collect()
    };
    for (target, reason) in [(&off, "disabled"), (&abroad.campaign, "other_client"), (&desk.campaign, "same_campaign")] {
        let answer = moved(&world.admin, &ids[..1], json!({ "do": "move", "campaign": target })).await;
        assert_eq!((codes(&answer), reasons(&answer)), (vec![json!("transfer_target")], vec![json!(reason)]));
    }
    // Never more than there is room for, however fast they are asked for.
    let answer = moved(&world.admin, &ids, json!({ "do": "move", "campaign": small })).await;
    assert_eq!(reasons(&answer), [Value::Null, Value::Null, json!("full")]);
    let state = world.admin.conversation(&ids[0]).await;
    assert_eq!((&state["campaign"], &state["arrived_at"]), (&json!(small), &arrived_at));
    assert_eq!(state["standing"], json!({ "is": "queued", "reason": "moved" }));
    let why = world.admin.get(&format!("/api/v1/conversations/{}/why", ids[0])).await.ok();
    assert_eq!(why["steps"][0]["what"], json!({ "is": "moved", "from": desk.campaign, "to": small }));
    // Served there, by who works there, in the order of arrival.
    let agent = world.agent(&[&small]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    tab.conversation(&ids[0], "active").await;
    tab.conversation(&ids[1], "active").await;
    assert_eq!(world.admin.conversation(&ids[2]).await["campaign"], desk.campaign);
}

async fn one_refusal_undoes_none_of_the_others_and_a_key_makes_it_once(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let mut ids = waiting(&world, &desk, 2).await;
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    world.admin.post(&format!("/api/v1/conversations/{}/close", ids[1]), json!({})).await.ok();
    ids.push(ids[0].clone());
    let body = json!({ "conversations": ids, "action": { "do": "prioritise", "priority": "urgent" } });
    let first = supervisor.api.call_once("POST", MOVES, "once", Some(&body)).await;
    assert_eq!(codes(&first), [Value::Null, json!("conversation_closed")], "named twice, told once");
    assert_eq!(world.admin.conversation(&ids[0]).await["priority"], "urgent");
    let why = supervisor.api.get(&format!("/api/v1/conversations/{}/why", ids[0])).await.ok();
    let step = &why["steps"][0];
    assert_eq!((&step["what"], &step["by"]), (&json!({ "is": "prioritised", "priority": "urgent" }), &json!(supervisor.id)));
    // Somebody changes their mind; the repetition changes nothing.
    moved(&world.admin, &ids[..1], json!({ "do": "prioritise", "priority": "low" })).await.ok();
    world.crash().await;
    let again = supervisor.api.clone().at(world.host()).call_once("POST", MOVES, "once", Some(&body)).await;
    assert_eq!(again.body, first.body);
    assert_eq!(world.admin.conversation(&ids[0]).await["priority"], "low");
}

async fn who_moves_needs_permission_at_both_ends(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let second = world.campaign(&desk.client, json!({})).await;
    let abroad = world.desk(json!({})).await;
    let (ids, foreign) = (waiting(&world, &desk, 1).await, waiting(&world, &abroad, 1).await);
    let agent = world.agent(&[&desk.campaign]).await;
    let other = world.agent(&[&second]).await;
    let (here, there) =
        (world.person("supervisor", scope(&desk.campaign)).await, world.person("supervisor", scope(&second)).await);
    let auditor = world.person("auditor", json!([{ "kind": "all" }])).await;
    let urgent = json!({ "do": "prioritise", "priority": "urgent" });
    for nobody in [&agent.api, &auditor.api] {
        moved(nobody, &ids, urgent.clone()).await.refused(403, "forbidden");
    }
    // Of the same client, but not of this supervisor: neither the conversation nor the target is there for them.
    moved(&there.api, &ids, urgent.clone()).await.refused(404, "not_found");
    for target in [json!({ "do": "move", "campaign": second }), json!({ "do": "assign", "agent": other.id })] {
        moved(&here.api, &ids, target).await.refused(422, "invalid");
    }
    let both: Vec<_> = ids.iter().chain(&foreign).cloned().collect();
    assert_eq!(codes(&moved(&here.api, &both, urgent).await), [Value::Null, json!("not_found")]);
    assert_eq!(world.admin.conversation(&foreign[0]).await["priority"], "normal");
    assert_eq!(text(&world.admin.conversation(&ids[0]).await["campaign"]), desk.campaign);
}

async fn an_impossible_request_is_refused_as_a_whole(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let ids = waiting(&world, &desk, 1).await;
    let urgent = json!({ "do": "prioritise", "priority": "urgent" });
    let many: Vec<_> = (0..101).map(|_| ids[0].clone()).collect();
    moved(&world.admin, &[], urgent.clone()).await.refused(422, "invalid");
    moved(&world.admin, &many, urgent).await.refused(422, "invalid");
    for action in [
        json!({ "do": "delete" }),
        json!({ "do": "assign" }),
        json!({ "do": "assign", "agent": ids[0] }),
        json!({ "do": "prioritise", "priority": "urgent", "agent": ids[0] }),
        json!({ "do": "move", "campaign": "nowhere" }),
        json!("assign"),
    ] {
        moved(&world.admin, &ids, action).await.refused(422, "invalid");
    }
    assert_eq!(world.admin.conversation(&ids[0]).await["priority"], "normal");
}
