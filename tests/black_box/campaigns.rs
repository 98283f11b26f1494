//! Administering campaigns: switching them off and putting them away, finding them, projects, members by the dozen, readiness.

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    only_an_idle_campaign_is_switched_off_and_put_away,
    campaigns_are_found_by_every_filter,
    a_project_groups_campaigns_of_its_client,
    many_members_change_at_once_or_not_at_all,
    voice_membership_counts_where_it_is_asked_for,
    how_long_agents_are_asked_is_kept_and_impossible_times_refused,
    readiness_says_what_is_missing,
    goals_are_kept_and_impossible_ones_refused,
);

const NOBODY: &str = "01900000-0000-7000-8000-000000000001";

async fn only_an_idle_campaign_is_switched_off_and_put_away(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let talk = desk.channel.write("a", "hola").await;
    tab.conversation(&talk, "active").await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let off = async || world.admin.patch(&path, json!({ "enabled": false, "name": "Off" })).await;
    let counts = |problem: &Value| {
        let of = |what: &str| problem["in_use"][what].as_u64().unwrap();
        (of("agents"), of("conversations"), of("channels"))
    };
    assert_eq!(counts(&off().await.refused(409, "campaign_in_use")), (1, 1, 1));
    assert_ne!(world.admin.get(&path).await.ok()["name"], "Off", "nothing of a refused change is kept");
    world.admin.delete(&format!("{path}/members/{}", ana.id)).await.ok();
    assert_eq!(counts(&off().await.refused(409, "campaign_in_use")), (0, 1, 1));
    world.admin.post(&format!("/api/v1/conversations/{talk}/close"), json!({})).await.ok();
    assert_eq!(off().await.ok()["enabled"], false);
    // What is off already can be changed in any other way.
    world.admin.put(&format!("{path}/members/{}", ana.id), json!({})).await.ok();
    world.admin.patch(&path, json!({ "enabled": false, "weight": 2 })).await.ok();
    world.admin.delete(&format!("{path}/members/{}", ana.id)).await.ok();

    let problem = world.admin.delete(&path).await.refused(409, "campaign_in_use");
    assert_eq!(counts(&problem), (0, 0, 1), "a channel that is on would go on taking in");
    world.admin.patch(&format!("/api/v1/channels/{}", desk.channel.id), json!({ "enabled": false })).await.ok();
    assert!(world.admin.delete(&path).await.ok()["archived_at"].is_string());
    assert_eq!(list(&world.admin.get("/api/v1/campaigns").await.ok()).len(), 0);
    assert_eq!(world.admin.get(&path).await.ok()["name"], "Off");
    let (_, board) = Socket::following(&world.admin, "board:1").await;
    assert_eq!(board["data"]["campaigns"], json!([]));
    assert_eq!(world.admin.conversation(&talk).await["campaign"], desk.campaign, "its history stays");
    world.admin.patch(&path, json!({ "name": "x" })).await.refused(409, "wrong_state");
    world.admin.put(&format!("{path}/members/{}", ana.id), json!({})).await.refused_field("campaign", "not_possible");
    let channel = json!({ "client": desk.client, "campaign": desk.campaign, "kind": "api", "name": "x" });
    world.admin.post("/api/v1/channels", channel).await.refused_field("campaign", "unknown_reference");
    let restored = world.admin.act(&format!("{path}/restore")).await.ok();
    assert_eq!((restored.get("archived_at"), &restored["enabled"]), (None, &json!(false)));
    world.admin.patch(&path, json!({ "enabled": true })).await.ok();
}

async fn names(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/campaign-overview{query}")).await.ok();
    list(&page).iter().map(|row| text(&row["name"])).collect()
}

async fn campaigns_are_found_by_every_filter(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({ "name": "A" })).await, world.desk(json!({ "name": "B" })).await);
    let project = world.admin.post("/api/v1/projects", json!({ "client": a.client, "name": "P" })).await.id();
    let closed = json!({ "client": a.client, "name": "Never", "zone": "UTC", "weekly": [] });
    let schedule = world.admin.post("/api/v1/schedules", closed).await.id();
    world.campaign(&a.client, json!({ "name": "C", "project": project, "schedule": schedule })).await;
    let d = world.campaign(&a.client, json!({ "name": "D", "enabled": false })).await;
    let e = world.campaign(&a.client, json!({ "name": "E", "enabled": false })).await;
    world.admin.delete(&format!("/api/v1/campaigns/{e}")).await.ok();
    world.chat(&a.client, &d).await;
    let found = async |query: String| names(&world.admin, &query).await.join("");
    assert_eq!(found(String::new()).await, "ABCD");
    assert_eq!(found("?status=active".to_owned()).await, "ABC");
    assert_eq!(found("?status=inactive".to_owned()).await, "D");
    assert_eq!(found("?status=archived".to_owned()).await, "E");
    assert_eq!(found(format!("?client={}", b.client)).await, "B");
    assert_eq!(found(format!("?project={project}")).await, "C");
    assert_eq!(found(format!("?campaign={d}")).await, "D");
    assert_eq!(found(format!("?channel={}", a.channel.id)).await, "A");
    assert_eq!(found(format!("?kind=api&client={}", a.client)).await, "A");
    assert_eq!(found("?kind=webchat".to_owned()).await, "D");
    assert_eq!(found("?from=2999-01-01T00:00:00Z".to_owned()).await, "");
    assert_eq!(found("?to=2999-01-01T00:00:00Z&from=2020-01-01T00:00:00Z".to_owned()).await, "ABCD");
    assert_eq!(found(format!("?campaign={NOBODY}")).await, "");
    for wrong in ["?status=gone", "?from=yesterday", "?limit=0", "?campaign=x", "?nothing=1"] {
        assert_eq!(world.admin.get(&format!("/api/v1/campaign-overview{wrong}")).await.status, 422, "{wrong}");
    }
    let first = world.admin.get("/api/v1/campaign-overview?limit=3").await.ok();
    assert_eq!(found(format!("?limit=3&cursor={}", text(&first["next"]))).await, "D");

    let ana = world.agent(&[&a.campaign]).await;
    a.channel.write("x", "hola").await;
    let talk = a.channel.write("y", "hola").await;
    world.until_standing(&talk, "queued").await;
    let row = world.admin.get(&format!("/api/v1/campaign-overview?campaign={}", a.campaign)).await.ok()["items"][0].clone();
    let told = json!([row["state"], row["members"], row["waiting"], row["open"], row["channels"]]);
    assert_eq!(told, json!(["open", 1, 2, 2, ["System"]]));
    let states = list(&world.admin.get("/api/v1/campaign-overview").await.ok()).clone();
    let states: Vec<_> = states.iter().map(|row| text(&row["state"])).collect();
    assert_eq!(states, ["open", "open", "closed", "disabled"]);
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": b.client }])).await;
    assert_eq!(names(&supervisor.api, "").await, ["B"]);
    ana.api.get("/api/v1/campaign-overview").await.refused(403, "forbidden");
}

async fn a_project_groups_campaigns_of_its_client(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let project = world.admin.post("/api/v1/projects", json!({ "client": a.client, "name": " Fibra " })).await.ok();
    assert_eq!((&project["name"], &project["enabled"]), (&json!("Fibra"), &json!(true)));
    let path = format!("/api/v1/projects/{}", text(&project["id"]));
    let belongs = json!({ "project": project["id"] });
    let campaign = |desk: &str| format!("/api/v1/campaigns/{desk}");
    world.admin.patch(&campaign(&b.campaign), belongs.clone()).await.refused_field("project", "unknown_reference");
    world.admin.patch(&campaign(&a.campaign), belongs).await.ok();
    world.admin.delete(&path).await.refused(409, "in_use");
    world.admin.patch(&path, json!({ "client": b.client })).await.refused_field("client", "not_possible");
    world.admin.patch(&path, json!({ "name": "" })).await.refused_field("name", "too_short");
    let other = world.person("admin", json!([{ "kind": "client", "id": b.client }])).await;
    other.api.patch(&path, json!({ "name": "x" })).await.refused(404, "not_found");
    other.api.get(&path).await.refused(404, "not_found");
    world.admin.patch(&campaign(&a.campaign), json!({ "project": null })).await.ok();
    world.admin.delete(&path).await.ok();
    world.admin.delete(&path).await.refused(404, "not_found");
}

async fn many_members_change_at_once_or_not_at_all(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let (ana, bruno) = (world.agent(&[]).await, world.agent(&[&a.campaign]).await);
    let members = async |campaign: &str| {
        let page = world.admin.get(&format!("/api/v1/campaigns/{campaign}/members")).await.ok();
        list(&page).iter().map(|member| (text(&member["user"]), member["penalty"].clone())).collect::<Vec<_>>()
    };
    let put =
        |campaign: &str, user: &str, fields: Value| json!({ "do": "put", "campaign": campaign, "user": user, "fields": fields });
    let remove = |campaign: &str, user: &str| json!({ "do": "remove", "campaign": campaign, "user": user });
    let change = async |api: &Api, changes: Value| api.post("/api/v1/members", json!({ "changes": changes })).await;
    let wrong = json!([
        put(&a.campaign, &ana.id, json!({ "penalty": 101 })),
        remove(&a.campaign, &bruno.id),
        put(NOBODY, &ana.id, json!({})),
        put(&b.campaign, NOBODY, json!({ "delay_seconds": 3_601 })),
        remove(&a.campaign, &bruno.id),
    ]);
    let refused = change(&world.admin, wrong).await;
    refused.refused_field("changes.0.penalty", "out_of_range");
    refused.refused_field("changes.2.campaign", "unknown_reference");
    refused.refused_field("changes.3.user", "unknown_reference");
    refused.refused_field("changes.3.delay_seconds", "out_of_range");
    refused.refused_field("changes.4.user", "duplicate");
    assert_eq!(members(&a.campaign).await, [(bruno.id.clone(), json!(0))]);
    let right = json!([
        put(&a.campaign, &ana.id, json!({ "penalty": 7, "initiate": ["webchat"], "receive": [] })),
        put(&b.campaign, &ana.id, json!({})),
        remove(&a.campaign, &bruno.id),
        remove(&b.campaign, &bruno.id),
    ]);
    for _ in 0..2 {
        assert_eq!(change(&world.admin, right.clone()).await.ok(), json!({ "put": 2, "removed": 2 }));
        assert_eq!(members(&a.campaign).await, [(ana.id.clone(), json!(7))]);
        assert_eq!(members(&b.campaign).await, [(ana.id.clone(), json!(0))]);
    }
    let page = world.admin.get(&format!("/api/v1/campaigns/{}/members", a.campaign)).await.ok();
    assert_eq!((&page["items"][0]["initiate"], &page["items"][0]["receive"]), (&json!(["webchat"]), &json!([])));
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": a.client }])).await;
    let beyond = change(&supervisor.api, json!([remove(&b.campaign, &ana.id)])).await;
    beyond.refused_field("changes.0.campaign", "unknown_reference");
    change(&supervisor.api, json!([remove(&a.campaign, &ana.id)])).await.ok();
    change(&ana.api, json!([remove(&b.campaign, &ana.id)])).await.refused(403, "forbidden");
    change(&world.admin, json!([])).await.refused_field("changes", "out_of_range");
    let row = put(&a.campaign, &ana.id, json!({}));
    change(&world.admin, vec![row; 501].into()).await.refused_field("changes", "out_of_range");
    for broken in [json!([{ "do": "put" }]), json!([{ "do": "leave", "campaign": a.campaign, "user": ana.id }]), json!([7])] {
        assert_eq!(change(&world.admin, broken).await.status, 422);
    }
}

async fn voice_membership_counts_where_it_is_asked_for(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "service": { "voice_members_only": true } })).await;
    let ana = world.agent(&[]).await;
    let membership = format!("/api/v1/campaigns/{}/members/{}", desk.campaign, ana.id);
    world.admin.put(&membership, json!({})).await.refused_field("user", "voice_needed");
    let row = json!({ "do": "put", "campaign": desk.campaign, "user": ana.id });
    let many = json!({ "changes": [row] });
    world.admin.post("/api/v1/members", many.clone()).await.refused_field("changes.0.user", "voice_needed");
    let user = format!("/api/v1/users/{}", ana.id);
    assert_eq!(world.admin.patch(&user, json!({ "voice": true })).await.ok()["voice"], true);
    world.admin.post("/api/v1/members", many).await.ok();
    assert_eq!(world.admin.get(&user).await.ok()["voice"], true);
    let mut tab = Socket::at_work(&ana.api).await;
    let first = desk.channel.write("a", "hola").await;
    tab.conversation(&first, "active").await;
    // Who belongs to none any more receives nothing, and it is told why.
    world.admin.patch(&user, json!({ "voice": false })).await.ok();
    let second = desk.channel.write("b", "hola").await;
    world.until_standing(&second, "queued").await;
    let why = world.admin.get(&format!("/api/v1/conversations/{second}/why")).await.ok();
    assert_eq!(why["now"]["candidates"][0]["reason"], json!({ "is": "no_voice" }));
    let path = format!("/api/v1/conversations/{second}/take");
    ana.api.post(&path, json!({})).await.refused(409, "not_member");
    world.admin.patch(&user, json!({ "voice": true })).await.ok();
    tab.conversation(&second, "active").await;
}

async fn how_long_agents_are_asked_is_kept_and_impossible_times_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "auto_accept": false })).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let change = async |fields: Value| world.admin.patch(&path, fields).await;
    assert_eq!(world.admin.get(&path).await.ok()["offering"], json!({ "mail_seconds": 60 }));
    for (fields, field) in [
        (json!({ "transfer_seconds": 4 }), "transfer_seconds"),
        (json!({ "transfer_seconds": 601 }), "transfer_seconds"),
        (json!({ "offering": { "mail_seconds": 4 } }), "offering.mail_seconds"),
        (json!({ "offering": { "mail_seconds": 0 } }), "offering.mail_seconds"),
    ] {
        change(fields).await.refused_field(field, "out_of_range");
    }
    change(json!({ "transfer_seconds": 0, "offering": { "mail_seconds": 90 } })).await.ok();
    assert_eq!(world.admin.get(&path).await.ok()["offering"], json!({ "mail_seconds": 90 }));
    // A transfer without a limit has no deadline, and returns when it is declined.
    let (ana, bruno) = (world.agent(&[&desk.campaign]).await, world.agent(&[&desk.campaign]).await);
    let mut tab = Socket::at_work(&ana.api).await;
    let id = desk.channel.write("a", "hola").await;
    let offered = tab.conversation(&id, "offered").await["conversation"]["standing"].clone();
    assert!(offered["deadline"].is_string(), "{offered}");
    let at = format!("/api/v1/conversations/{id}");
    ana.api.post(&format!("{at}/accept"), json!({ "offer": offered["offer"] })).await.ok();
    let mut tab_of_bruno = Socket::at_work(&bruno.api).await;
    ana.api.post(&format!("{at}/transfer"), json!({ "agent": bruno.id })).await.ok();
    let asked = tab_of_bruno.conversation(&id, "transferring").await["conversation"]["standing"].clone();
    assert_eq!(asked["deadline"], Value::Null);
    bruno.api.post(&format!("{at}/decline"), json!({ "offer": asked["offer"] })).await.ok();
    assert_eq!(world.until_standing(&id, "active").await["standing"]["agent"], ana.id);
}

async fn readiness_says_what_is_missing(database: Database) {
    let world = World::new(&database).await;
    let client = world.client("C").await;
    let campaign = world.campaign(&client, json!({ "enabled": false })).await;
    let path = format!("/api/v1/campaigns/{campaign}");
    let state = async |topic: &str| {
        let told = world.admin.get(&format!("{path}/readiness")).await.ok();
        let checks = told["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["topic"] == topic).unwrap();
        (told["ready"] == true, text(&check["state"]), check["count"].as_u64().unwrap())
    };
    assert_eq!(state("channels").await, (false, "missing".to_owned(), 0));
    assert_eq!(state("members").await, (false, "missing".to_owned(), 0));
    world.channel(&client, &campaign, None).await;
    let ana = world.agent(&[]).await;
    let membership = format!("{path}/members/{}", ana.id);
    world.admin.put(&membership, json!({ "receive": ["webchat"] })).await.ok();
    assert_eq!(state("channels").await, (false, "done".to_owned(), 1));
    assert_eq!(state("members").await, (false, "missing".to_owned(), 0));
    world.admin.put(&membership, json!({})).await.ok();
    assert_eq!(state("members").await, (true, "done".to_owned(), 1));
    world.admin.patch(&path, json!({ "service": { "voice_members_only": true } })).await.ok();
    assert_eq!(state("members").await, (false, "missing".to_owned(), 0));
    let never = json!({ "client": client, "name": "Never", "zone": "UTC", "weekly": [] });
    let schedule = world.admin.post("/api/v1/schedules", never).await.id();
    world.admin.patch(&path, json!({ "service": null, "schedule": schedule })).await.ok();
    assert_eq!(state("hours").await, (false, "missing".to_owned(), 0));
    assert_eq!(state("messages").await, (false, "advised".to_owned(), 1));
    let stranger = world.agent(&[]).await;
    stranger.api.get(&format!("{path}/readiness")).await.refused(403, "forbidden");
}

async fn goals_are_kept_and_impossible_ones_refused(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let path = format!("/api/v1/campaigns/{}", desk.campaign);
    let service = world.admin.get(&path).await.ok()["service"].clone();
    assert_eq!((&service["level_seconds"], &service["waiting"]), (&json!(60), &json!({ "warn": 60, "act": 180 })));
    let change = async |service: Value| world.admin.patch(&path, json!({ "service": service })).await;
    change(json!({ "waiting": { "warn": 50, "act": 40 } })).await.refused_field("service.waiting.act", "out_of_range");
    change(json!({ "level_percent": 101 })).await.refused_field("service.level_percent", "out_of_range");
    change(json!({ "level_seconds": 0 })).await.refused_field("service.level_seconds", "out_of_range");
    assert_eq!(change(json!([])).await.status, 422);
    change(json!({ "level_seconds": 20, "waiting": { "act": 90 } })).await.ok();
    let service = world.admin.get(&path).await.ok()["service"].clone();
    assert_eq!((&service["level_seconds"], &service["waiting"]), (&json!(20), &json!({ "warn": 60, "act": 90 })));
}
