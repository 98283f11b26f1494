//! Canned texts: for a client or one of its campaigns, read by who works there.

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    database::{Database, on_both},
    world::World,
};

on_both!(
    agents_read_what_is_for_their_campaigns,
    a_shortcut_is_unique_where_it_is_for,
    texts_are_changed_and_dropped_by_administrators_of_their_place,
);

async fn create(world: &World, client: &str, campaign: Option<&str>, shortcut: &str) -> String {
    let canned =
        json!({ "client": client, "campaign": campaign, "shortcut": shortcut, "title": shortcut, "text": "Hola ${name|buenas}" });
    world.admin.post("/api/v1/canned-texts", canned).await.id()
}

async fn shortcuts(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/canned-texts{query}")).await.ok();
    list(&page).iter().map(|canned| text(&canned["shortcut"])).collect()
}

async fn agents_read_what_is_for_their_campaigns(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&a.client, json!({})).await;
    let common = create(&world, &a.client, None, "saludo").await;
    let own = create(&world, &a.client, Some(&a.campaign), "oferta").await;
    let other = create(&world, &a.client, Some(&second), "otra").await;
    let foreign = create(&world, &b.client, None, "ajena").await;
    let agent = world.agent(&[&a.campaign]).await;
    assert_eq!(shortcuts(&agent.api, "").await, ["saludo", "oferta"]);
    assert_eq!(shortcuts(&agent.api, &format!("?campaign={}", a.campaign)).await, ["saludo", "oferta"]);
    for hidden in [&second, &b.campaign, &a.client, &"01900000-0000-7000-8000-000000000001".to_owned()] {
        assert_eq!(shortcuts(&agent.api, &format!("?campaign={hidden}")).await, [""; 0]);
    }
    let show = async |id: &str| agent.api.get(&format!("/api/v1/canned-texts/{id}")).await;
    assert_eq!(show(&common).await.ok()["text"], "Hola ${name|buenas}");
    show(&own).await.ok();
    let nothing = show("01900000-0000-7000-8000-000000000001").await;
    for id in [&other, &foreign] {
        assert_eq!(show(id).await.body, nothing.body);
    }
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": a.client }])).await;
    assert_eq!(shortcuts(&supervisor.api, "").await, ["saludo", "oferta", "otra"]);
    assert_eq!(shortcuts(&supervisor.api, &format!("?campaign={second}")).await, ["saludo", "otra"]);
    assert_eq!(shortcuts(&world.admin, "").await, ["saludo", "oferta", "otra", "ajena"]);
    let page: Value = world.admin.get("/api/v1/canned-texts?limit=3").await.ok();
    let next = text(&page["next"]);
    assert_eq!(shortcuts(&world.admin, &format!("?limit=3&cursor={next}")).await, ["ajena"]);
}

async fn a_shortcut_is_unique_where_it_is_for(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    create(&world, &desk.client, None, "hola").await;
    create(&world, &desk.client, Some(&desk.campaign), "hola").await;
    let post = async |more: Value| {
        let mut body = json!({ "client": desk.client, "shortcut": "nuevo", "title": "t", "text": "x" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.admin.post("/api/v1/canned-texts", body).await
    };
    post(json!({ "shortcut": " HOLA " })).await.refused_field("shortcut", "taken");
    post(json!({ "shortcut": "hola", "campaign": desk.campaign })).await.refused_field("shortcut", "taken");
    let made = post(json!({ "shortcut": "Ñandú_1" })).await;
    assert_eq!(made.ok()["shortcut"], "ñandú_1");
    let path = format!("/api/v1/canned-texts/{}", made.id());
    world.admin.patch(&path, json!({ "shortcut": "hola" })).await.refused_field("shortcut", "taken");
    let before = world.installation.rows().await;
    post(json!({ "shortcut": "with space" })).await.refused_field("shortcut", "not_possible");
    post(json!({ "shortcut": "" })).await.refused_field("shortcut", "too_short");
    post(json!({ "title": "x".repeat(121) })).await.refused_field("title", "too_long");
    post(json!({ "text": "" })).await.refused_field("text", "out_of_range");
    post(json!({ "text": " \n " })).await.refused_field("text", "too_short");
    post(json!({ "text": "x".repeat(4_001) })).await.refused_field("text", "out_of_range");
    post(json!({ "text": "a\u{0}b" })).await.refused_field("text", "control_characters");
    assert_eq!(world.installation.rows().await, before);
}

async fn texts_are_changed_and_dropped_by_administrators_of_their_place(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&a.client, json!({})).await;
    let common = create(&world, &a.client, None, "saludo").await;
    let own = create(&world, &a.client, Some(&a.campaign), "oferta").await;
    let of_campaign = world.person("admin", json!([{ "kind": "campaign", "id": a.campaign }])).await;
    let of_b = world.person("admin", json!([{ "kind": "client", "id": b.client }])).await;
    let agent = world.agent(&[&a.campaign]).await;
    let path = |id: &str| format!("/api/v1/canned-texts/{id}");
    let body = json!({ "title": "Otro" });
    agent.api.patch(&path(&own), body.clone()).await.refused(403, "forbidden");
    of_b.api.patch(&path(&own), body.clone()).await.refused(404, "not_found");
    // Who administers one campaign reads what is for all, and changes what is for theirs.
    of_campaign.api.get(&path(&common)).await.ok();
    of_campaign.api.patch(&path(&common), body.clone()).await.refused(404, "not_found");
    of_campaign.api.delete(&path(&common)).await.refused(404, "not_found");
    let changed = of_campaign.api.patch(&path(&own), body).await.ok();
    assert_eq!((&changed["title"], &changed["shortcut"]), (&json!("Otro"), &json!("oferta")));
    for moved in [json!({ "campaign": second }), json!({ "campaign": null })] {
        world.admin.patch(&path(&own), moved).await.refused_field("campaign", "not_possible");
    }
    world.admin.patch(&path(&own), json!({ "client": b.client })).await.refused_field("client", "not_possible");
    for campaign in [json!(b.campaign), json!("01900000-0000-7000-8000-000000000001")] {
        let body = json!({ "client": a.client, "campaign": campaign, "shortcut": "x", "title": "x", "text": "x" });
        world.admin.post("/api/v1/canned-texts", body).await.refused_field("campaign", "unknown_reference");
    }
    let body = json!({ "client": a.client, "shortcut": "x", "title": "x", "text": "x" });
    of_campaign.api.post("/api/v1/canned-texts", body).await.refused_field("client", "unknown_reference");
    assert_eq!(of_campaign.api.delete(&path(&own)).await.status, 204);
    of_campaign.api.delete(&path(&own)).await.refused(404, "not_found");
}
