//! How conversations come to their end: trees of dispositions, silence, finishing, coming back, the first answer.

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    company::Company,
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::World,
};

on_both!(
    every_client_has_what_the_product_closes_with,
    a_branch_is_moved_and_stays_a_tree,
    what_was_offered_is_switched_off_and_never_deleted,
    a_campaign_offers_branches,
    the_product_s_own_are_known_by_their_code_until_somebody_renames_them,
    a_silent_customer_is_reminded_and_closed_also_after_a_crash,
    agents_finish_as_their_campaign_says,
    who_leaves_the_first_answer_out_is_told_that_it_is_gone,
    who_comes_back_soon_is_marked_for_the_same_agent,
    impossible_endings_are_refused,
);

const PATH: &str = "/api/v1/dispositions";

fn of(id: &str, what: &str) -> String {
    format!("/api/v1/conversations/{id}/{what}")
}

/// The nodes of a client.
async fn nodes(admin: &Api, client: &str) -> Vec<Value> {
    let all = admin.get(&format!("{PATH}?limit=200")).await;
    list(&all.ok()).iter().filter(|node| node["client"] == client).cloned().collect()
}

/// What the product itself closes with.
async fn own(admin: &Api, client: &str, system: &str) -> String {
    let nodes = nodes(admin, client).await;
    text(&nodes.iter().find(|node| node["system"] == system).expect("one of each")["id"])
}

async fn every_client_has_what_the_product_closes_with(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let mut systems: Vec<_> = nodes(&world.admin, &client).await.iter().map(|node| text(&node["system"])).collect();
    systems.sort_unstable();
    assert_eq!(systems, ["ignored_comment", "inactivity", "out_of_hours", "transfer"]);
    let path = format!("{PATH}/{}", own(&world.admin, &client, "inactivity").await);
    let renamed = world.admin.patch(&path, json!({ "name": "No contestó más" })).await.ok();
    assert_eq!((&renamed["name"], &renamed["system"]), (&json!("No contestó más"), &json!("inactivity")));
    world.admin.patch(&path, json!({ "enabled": false })).await.refused_field("enabled", "not_possible");
    world.admin.patch(&path, json!({ "position": 3 })).await.refused_field("parent", "not_possible");
    world.admin.delete(&path).await.refused(409, "in_use");
    let below = json!({ "client": client, "name": "x", "parent": renamed["id"] });
    world.admin.post(PATH, below).await.refused_field("parent", "unknown_reference");
}

async fn a_branch_is_moved_and_stays_a_tree(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let post = async |name: &str, parent: Value| {
        world.admin.post(PATH, json!({ "client": client, "name": name, "parent": parent })).await.id()
    };
    let (a, b) = (post("A", Value::Null).await, post("B", Value::Null).await);
    let (c, d) = (post("C", json!(a)).await, post("D", json!(a)).await);
    let patch = async |id: &str, patch: Value| world.admin.patch(&format!("{PATH}/{id}"), patch).await;
    patch(&a, json!({ "parent": c })).await.refused_field("parent", "not_possible");
    patch(&a, json!({ "parent": a })).await.refused_field("parent", "not_possible");
    patch(&d, json!({ "position": 0 })).await.ok();
    patch(&a, json!({ "parent": b })).await.ok();
    let (e, f) = (post("E", json!(c)).await, post("F", Value::Null).await);
    let g = post("G", json!(e)).await;
    world
        .admin
        .post(PATH, json!({ "client": client, "name": "deep", "parent": g }))
        .await
        .refused_field("parent", "out_of_range");
    patch(&b, json!({ "parent": f })).await.refused_field("parent", "out_of_range");
    patch(&c, json!({ "parent": null, "position": 1 })).await.ok();
    let mut tree: Vec<_> = nodes(&world.admin, &client).await;
    tree.retain(|node| node["system"].is_null());
    tree.sort_by_key(|node| text(&node["name"]));
    let places: Vec<_> = tree.iter().map(|node| (node["parent"].as_str(), node["position"].as_u64().unwrap())).collect();
    let (a, b, c, e) = (Some(&*a), Some(&*b), Some(&*c), Some(&*e));
    // A below B, D below A; at the top B, C, F; E below C, G below E.
    assert_eq!(places, [(b, 0), (None, 0), (None, 1), (a, 0), (c, 0), (None, 2), (e, 0)]);
}

async fn what_was_offered_is_switched_off_and_never_deleted(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let post = async |name: &str, parent: Value| {
        world.admin.post(PATH, json!({ "client": desk.client, "name": name, "parent": parent })).await.id()
    };
    let drop = async |id: &str| world.admin.delete(&format!("{PATH}/{id}")).await;
    let branch = post("Branch", Value::Null).await;
    let leaf = post("Leaf", json!(branch)).await;
    drop(&branch).await.refused(409, "in_use");
    drop(&leaf).await.ok();
    drop(&leaf).await.refused(404, "not_found");
    let leaf = post("Leaf", json!(branch)).await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&campaign, json!({ "dispositions": [branch] })).await.ok();
    world.admin.patch(&campaign, json!({ "dispositions": [] })).await.ok();
    let later = post("Later", json!(branch)).await;
    for offered in [&branch, &leaf, &later] {
        drop(offered).await.refused(409, "in_use");
        assert_eq!(world.admin.get(&format!("{PATH}/{offered}")).await.ok()["offered"], true);
    }
    world.admin.patch(&format!("{PATH}/{leaf}"), json!({ "enabled": false })).await.ok();
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let foreign = format!("{PATH}/{}", b.ids["disposition"]);
    for (who, person) in a.people() {
        let answer = person.api.delete(&foreign).await;
        assert!([403, 404].contains(&answer.status), "{who} {answer}");
    }
}

async fn a_campaign_offers_branches(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let post = async |name: &str, parent: Value| {
        world.admin.post(PATH, json!({ "client": desk.client, "name": name, "parent": parent })).await.id()
    };
    let (sold, lost) = (post("Sold", Value::Null).await, post("Lost", Value::Null).await);
    let (dear, far) = (post("Too dear", json!(lost)).await, post("Too far", json!(lost)).await);
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), json!({ "dispositions": [lost] })).await.ok();
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let offered = async || {
        let profile = agent.api.get("/api/v1/me").await.ok();
        let Some(tree) = profile["campaigns"][0]["tree"].as_u64() else { return vec![] };
        profile["trees"][usize::try_from(tree).unwrap()]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| text(&one["id"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(offered().await, [dear.clone(), far.clone()]);
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    for wrong in [&sold, &lost] {
        let close = json!({ "disposition": wrong });
        agent.api.post(&of(&conversation, "close"), close).await.refused_field("disposition", "unknown_reference");
    }
    agent.api.post(&of(&conversation, "close"), json!({})).await.refused(422, "disposition_needed");
    let done = agent.api.post(&of(&conversation, "close"), json!({ "disposition": far })).await.ok();
    assert_eq!(done["standing"]["disposition"], far);
    // A branch that is off takes what lies below along; with nothing to choose from, nothing has to be chosen.
    world.admin.patch(&format!("{PATH}/{lost}"), json!({ "enabled": false })).await.ok();
    assert_eq!(offered().await, Vec::<String>::new());
    let conversation = desk.channel.write("b", "hola").await;
    tab.conversation(&conversation, "active").await;
    agent.api.post(&of(&conversation, "close"), json!({})).await.ok();
}

async fn the_product_s_own_are_known_by_their_code_until_somebody_renames_them(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let all = world.admin.get(&format!("{PATH}?limit=200")).await.ok();
    let own = all["items"].as_array().unwrap().iter().find(|one| one["client"] == desk.client && one["system"] == "inactivity");
    let own = own.unwrap();
    assert_eq!((&own["renamed"], &own["name"]), (&json!(false), &json!("Inactividad")), "programs get the code and the name");
    let id = text(&own["id"]);
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), json!({ "dispositions": [id] })).await.ok();
    for (name, system) in [("Inactividad", json!("inactivity")), ("Silencio", Value::Null), ("Inactividad", json!("inactivity"))]
    {
        let named = world.admin.patch(&format!("{PATH}/{id}"), json!({ "name": name })).await.ok();
        assert_eq!((&named["renamed"], &named["system"]), (&json!(system.is_null()), &json!("inactivity")), "{named}");
        let shown = agent.api.get("/api/v1/me").await.ok()["trees"][0][0].clone();
        assert_eq!((&shown["system"], &shown["path"]), (&system, &json!([name])), "{shown}");
    }
}

async fn a_silent_customer_is_reminded_and_closed_also_after_a_crash(database: Database) {
    let mut world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let closing = json!({ "inactivity_seconds": 1, "reminders": ["¿Sigue ahí?"] });
    let fields = json!({ "closing": closing, "wrap_up_seconds": 900 });
    let desk = world.desk_with(fields, Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    agent.api.reply(&conversation, "dígame").await.ok();
    receiver.next().await;
    let reminder = tab.until("the reminder", |frame| frame["data"]["messages"][0]["text"] == "¿Sigue ahí?").await;
    assert_eq!(reminder["data"]["messages"][0]["author"]["is"], "system");
    assert_eq!(receiver.next().await.json()["message"]["text"], "¿Sigue ahí?");
    drop(tab);
    world.crash().await;
    let ended = world.until_standing(&conversation, "ended").await;
    let disposition = own(&world.admin, &desk.client, "inactivity").await;
    assert_eq!(ended["standing"], json!({ "is": "ended", "ending": "inactive", "disposition": disposition }));
    assert_eq!(world.admin.texts(&conversation).await, ["hola", "dígame", "¿Sigue ahí?"]);
}

async fn agents_finish_as_their_campaign_says(database: Database) {
    let world = World::new(&database).await;
    let fields = json!({ "permissions": { "close_unanswered": true }, "wrap_up_seconds": 900 });
    let desk = world.desk(fields).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    let end = async |id: &str| agent.api.act(&of(id, "wrap-up/end")).await;
    for (mode, asked, standing, timed, locked) in [
        ("none", true, "ended", false, false),
        ("optional", false, "ended", false, false),
        ("optional", true, "wrap_up", true, false),
        ("mandatory", false, "wrap_up", false, false),
        ("mandatory_timed", false, "wrap_up", true, false),
        ("timed_without_exit", false, "wrap_up", true, true),
    ] {
        world.admin.patch(&campaign, json!({ "closing": { "wrap_up": mode } })).await.ok();
        let conversation = desk.channel.write(&format!("{mode} {asked}"), "hola").await;
        tab.conversation(&conversation, "active").await;
        let done = agent.api.post(&of(&conversation, "close"), json!({ "wrap_up": asked })).await.ok();
        let now = &done["standing"];
        assert_eq!((&now["is"], now["until"].is_string()), (&json!(standing), timed), "{mode} {done}");
        if standing == "ended" {
            continue;
        }
        assert_eq!(now["locked"], locked, "{mode}");
        if locked {
            end(&conversation).await.refused(409, "wrap_up_timed");
            world.admin.post(&of(&conversation, "close"), json!({})).await.ok();
        } else {
            end(&conversation).await.ok();
        }
        world.until_standing(&conversation, "ended").await;
    }
}

async fn who_leaves_the_first_answer_out_is_told_that_it_is_gone(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "closing": { "first_reply_seconds": 1 } })).await;
    let (ana, luis) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut at_ana = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    at_ana.conversation(&conversation, "active").await;
    let mut at_luis = Socket::at_work(&luis.api).await;
    let gone = at_ana.until("gone", |frame| frame["kind"] == "gone").await;
    assert_eq!((&gone["data"]["conversation"], &gone["data"]["why"]), (&json!(conversation), &json!("no_reply")));
    at_luis.conversation(&conversation, "active").await;
    luis.api.reply(&conversation, "dígame").await.ok();
}

async fn who_comes_back_soon_is_marked_for_the_same_agent(database: Database) {
    let world = World::new(&database).await;
    let fields = json!({ "permissions": { "close_unanswered": true }, "closing": { "reopen_seconds": 3600 } });
    let desk = world.desk(fields).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    agent.api.post(&of(&first, "close"), json!({})).await.ok();
    let again = desk.channel.write("a", "otra cosa").await;
    assert_ne!(again, first);
    tab.conversation(&again, "active").await;
}

async fn impossible_endings_are_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let other = world.client("Other").await;
    let foreign = own(&world.admin, &other, "inactivity").await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    for closing in [
        json!({ "wrap_up": "forever" }),
        json!({ "inactivity_seconds": 0 }),
        json!({ "inactivity_seconds": 604_801 }),
        json!({ "reminders": [""] }),
        json!({ "reminders": vec!["x"; 11] }),
        json!({ "reminders": ["x".repeat(1_001)] }),
        json!({ "reminders": "x" }),
        json!({ "inactivity_disposition": foreign }),
        json!({ "ignore_disposition": foreign }),
        json!({ "reopen_seconds": -1 }),
        json!({ "reopen_seconds": 604_801 }),
        json!({ "first_reply_seconds": 86_401 }),
        json!({ "colour": "red" }),
        json!([]),
    ] {
        let answer = world.admin.patch(&path, json!({ "closing": closing })).await;
        assert_eq!(answer.status, 422, "{closing} {answer}");
    }
    for fields in [json!({ "position": -1 }), json!({ "position": "first" }), json!({ "system": "transfer" })] {
        let body = json!({ "client": desk.client, "name": "x" });
        let mut body = body.as_object().unwrap().clone();
        body.extend(fields.as_object().unwrap().clone());
        assert_eq!(world.admin.post(PATH, Value::Object(body)).await.status, 422, "{fields}");
    }
}
