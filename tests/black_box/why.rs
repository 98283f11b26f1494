//! Why an agent got it, why nobody does.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    who_got_it_and_why_survives_the_process,
    why_nobody_gets_it_names_the_first_reason_of_each_member,
    an_agent_learns_why_it_is_theirs_and_nothing_of_colleagues,
    what_was_taken_and_transferred_says_so,
    who_may_not_see_the_conversation_learns_nothing,
    a_wrong_question_is_refused,
);

fn of(conversation: &str) -> String {
    format!("/api/v1/conversations/{conversation}/why")
}

async fn why(api: &Api, conversation: &str) -> Value {
    api.get(&of(conversation)).await.ok()
}

/// Asks until the answer is like this: the Router hears of what is committed a moment later.
async fn until(api: &Api, conversation: &str, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let answer = why(api, conversation).await;
        if is_it(&answer) {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "not {what}: {answer}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn who_got_it_and_why_survives_the_process(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false, "strategy": { "order": "most_spare" } })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    world.admin.patch(&format!("/api/v1/users/{}", ana.id), json!({ "capacity": 200 })).await.ok();
    world.admin.patch(&format!("/api/v1/users/{}", bruno.id), json!({ "capacity": 100 })).await.ok();
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&path, json!({ "name": "Renamed" })).await.ok();
    let mut tab = Socket::at_work(&ana.api).await;
    let _other = Socket::at_work(&bruno.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "offered").await;
    let state = world.until_standing(&conversation, "offered").await;
    let offer = json!({ "offer": state["standing"]["offer"] });
    ana.api.post(&format!("/api/v1/conversations/{conversation}/decline"), offer).await.ok();
    world.until_standing(&conversation, "offered").await;
    let check = |answer: &Value| {
        let decisions = list_of(&answer["decisions"]);
        assert_eq!(decisions.len(), 2, "{answer}");
        let (second, first) = (&decisions[0], &decisions[1]);
        assert_eq!((&first["agent"], &first["outcome"], &first["how"]), (&json!(ana.id), &json!("declined"), &json!("chosen")));
        assert_eq!((&first["campaign"], &first["by"]), (&json!(desk.campaign), &Value::Null));
        let choice = &first["choice"];
        assert_eq!((&choice["order"], &choice["eligible"], &choice["revision"]), (&json!("most_spare"), &json!(2), &json!(2)));
        assert_eq!((&choice["measure"]["by"], &choice["measure"]["units"]), (&json!("spare"), &json!(200)));
        assert_eq!((&choice["runner_up"]["agent"], &choice["runner_up"]["measure"]["units"]), (&json!(bruno.id), &json!(100)));
        assert!(choice["position"].as_u64() < first["position"].as_u64(), "{choice}");
        assert_eq!((&second["agent"], &second["outcome"]), (&json!(bruno.id), &json!("open")));
        assert_eq!((&second["choice"]["among"], &second["choice"]["runner_up"]), (&json!(1), &Value::Null), "{second}");
    };
    let answer = why(&world.admin, &conversation).await;
    check(&answer);
    let now = &answer["now"];
    assert_eq!(now["place"], json!({ "is": "offered", "agent": bruno.id }));
    assert_eq!(
        reasons(now),
        [(ana.id.clone(), json!("passed_over")), (bruno.id.clone(), json!("offered"))].into_iter().rev().collect::<Vec<_>>()
    );
    world.crash().await;
    let answer = why(&world.admin, &conversation).await;
    check(&answer);
}

fn list_of(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn reasons(now: &Value) -> Vec<(String, Value)> {
    let one = |candidate: &Value| (text(&candidate["agent"]), candidate["reason"]["is"].clone());
    list_of(&now["candidates"]).iter().map(one).collect()
}

async fn why_nobody_gets_it_names_the_first_reason_of_each_member(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "max_per_agent": 1 })).await;
    let mut agents = Vec::new();
    for _ in 0..5 {
        agents.push(world.agent(&[&desk.campaign]).await);
    }
    let [busy, small, chats, paused, away] = &agents[..] else { panic!() };
    let member = |who: &str| format!("/api/v1/campaigns/{}/members/{who}", desk.campaign);
    world.admin.put(&member(&chats.id), json!({ "receive": ["webchat"] })).await.ok();
    world.admin.patch(&format!("/api/v1/users/{}", small.id), json!({ "capacity": 10 })).await.ok();
    let mut tab = Socket::at_work(&busy.api).await;
    let _tabs = (Socket::at_work(&small.api).await, Socket::at_work(&chats.api).await, Socket::at_work(&paused.api).await);
    let held = desk.channel.write("a", "hola").await;
    tab.conversation(&held, "active").await;
    let kind = world.break_type("Lunch").await;
    paused.api.post("/api/v1/me/presence", json!({ "break_id": kind })).await.ok();
    let conversation = desk.channel.write("b", "hola").await;
    let answer =
        until(&world.admin, &conversation, "five reasons", |it| it["now"]["counts"].as_array().is_some_and(|it| it.len() == 5))
            .await;
    let now = &answer["now"];
    assert_eq!((&answer["decisions"], &now["nobody"], &now["members"]), (&json!([]), &Value::Null, &json!(5)));
    assert_eq!(now["place"], json!({ "is": "waiting", "position": 1, "of": 1 }));
    let reason = |who: &str| list_of(&now["candidates"]).into_iter().find(|it| it["agent"] == who).unwrap()["reason"].clone();
    assert_eq!(reason(&busy.id), json!({ "is": "max_per_agent", "holding": 1, "most": 1 }));
    assert_eq!(reason(&small.id), json!({ "is": "capacity", "used": 0, "call": 0, "limit": 10, "needed": 20 }));
    assert_eq!(reason(&chats.id), json!({ "is": "kind" }));
    assert_eq!(reason(&paused.id), json!({ "is": "away" }));
    assert_eq!(reason(&away.id), json!({ "is": "unknown" }));
    let few = world.admin.get(&format!("{}?limit=2", of(&conversation))).await.ok();
    assert_eq!((list_of(&few["now"]["candidates"]).len(), &few["now"]["members"]), (2, &json!(5)));
    // Where it rings nothing is offered to anybody; who could have it is told all the same.
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), json!({ "strategy": { "mode": "ringall" } })).await.ok();
    let answer = until(&world.admin, &conversation, "rings", |it| it["now"]["nobody"]["is"] == "rings").await;
    assert_eq!(answer["now"]["members"], 5);
    // What an agent has is not to be given to anybody.
    assert_eq!(why(&world.admin, &held).await["now"], Value::Null);
}

async fn an_agent_learns_why_it_is_theirs_and_nothing_of_colleagues(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let (mut tab, mut other) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let conversation = desk.channel.write("a", "hola").await;
    let state = world.until_standing(&conversation, "offered").await;
    let first_is_ana = state["standing"]["agent"] == ana.id;
    let (first, second) = if first_is_ana { (&ana, &bruno) } else { (&bruno, &ana) };
    let tab = if first_is_ana { &mut tab } else { &mut other };
    tab.conversation(&conversation, "offered").await;
    let mine = until(&first.api, &conversation, "offered", |it| it["now"]["place"]["is"] == "offered").await;
    assert!(!mine.to_string().contains(&second.id), "{mine}");
    assert_eq!(mine["now"]["members"], 2);
    assert_eq!(reasons(&mine["now"]), [(first.id.clone(), json!("offered"))]);
    let next = &mine["decisions"][0]["choice"]["runner_up"];
    assert_eq!((&next["agent"], &next["measure"]["by"]), (&Value::Null, &json!("load")));
    second.api.get(&of(&conversation)).await.refused(404, "not_found");
    let offer = json!({ "offer": state["standing"]["offer"] });
    first.api.post(&format!("/api/v1/conversations/{conversation}/decline"), offer).await.ok();
    world.until_standing(&conversation, "offered").await;
    first.api.get(&of(&conversation)).await.refused(404, "not_found");
    let theirs = why(&second.api, &conversation).await;
    assert_eq!(list_of(&theirs["decisions"]).len(), 1, "only their own");
    assert!(!theirs.to_string().contains(&first.id), "{theirs}");
}

async fn what_was_taken_and_transferred_says_so(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "strategy": { "mode": "ringallmultiple" } })).await;
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let (mut tab, _other) = (Socket::at_work(&ana.api).await, Socket::at_work(&bruno.api).await);
    let conversation = desk.channel.write("a", "hola").await;
    let waits = until(&world.admin, &conversation, "waiting", |it| it["now"]["place"]["is"] == "waiting").await;
    assert_eq!(
        (&waits["now"]["nobody"], &waits["now"]["counts"][0]),
        (&json!({ "is": "rings" }), &json!({ "reason": "eligible", "members": 2 }))
    );
    ana.api.act(&format!("/api/v1/conversations/{conversation}/take")).await.ok();
    tab.conversation(&conversation, "active").await;
    ana.api.post(&format!("/api/v1/conversations/{conversation}/transfer"), json!({ "agent": bruno.id })).await.ok();
    let answer = why(&world.admin, &conversation).await;
    let told: Vec<_> = list_of(&answer["decisions"])
        .iter()
        .map(|it| [&it["how"], &it["agent"], &it["by"], &it["outcome"], &it["choice"]].map(Clone::clone))
        .collect();
    let expected = [
        [json!("transferred"), json!(bruno.id), json!(ana.id), json!("accepted"), Value::Null],
        [json!("taken"), json!(ana.id), json!(ana.id), json!("accepted"), Value::Null],
    ];
    assert_eq!(told, expected, "{answer}");
    bruno.api.post(&format!("/api/v1/conversations/{conversation}/close"), json!({})).await;
    assert_eq!(list(&json!({ "items": why(&world.admin, &conversation).await["decisions"] })).len(), 2);
}

async fn who_may_not_see_the_conversation_learns_nothing(database: Database) {
    let world = World::new(&database).await;
    let (desk, elsewhere) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let conversation = desk.channel.write("a", "hola").await;
    world.until_standing(&conversation, "queued").await;
    let scope = |campaign: &str| json!([{ "kind": "campaign", "id": campaign }]);
    let supervisor = world.person("supervisor", scope(&desk.campaign)).await;
    let auditor = world.person("auditor", scope(&desk.campaign)).await;
    let stranger = world.person("supervisor", scope(&elsewhere.campaign)).await;
    let member = world.agent(&[&desk.campaign]).await;
    for api in [&supervisor.api, &auditor.api] {
        assert_eq!(why(api, &conversation).await["now"]["members"], 1);
    }
    for api in [&stranger.api, &member.api] {
        api.get(&of(&conversation)).await.refused(404, "not_found");
    }
    world.anonymous().get(&of(&conversation)).await.refused(401, "signed_out_session");
}

async fn a_wrong_question_is_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let conversation = desk.channel.write("a", "hola").await;
    for query in ["limit=0", "limit=201", "limit=x", "limit=-1", "colour=red"] {
        let answer = world.admin.get(&format!("{}?{query}", of(&conversation))).await;
        assert_eq!(answer.status, 422, "{query} {answer}");
    }
    for id in ["x", "01900000-0000-7000-8000-000000000001"] {
        world.admin.get(&of(id)).await.refused(404, "not_found");
    }
}
