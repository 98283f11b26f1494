//! The gallery: files for a client or one of its campaigns, sent by agents as copies (S1-35, S1-20).

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    company::upload_to,
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    agents_see_and_send_what_is_for_their_campaigns,
    a_file_is_replaced_and_what_was_sent_stays,
    what_cannot_be_in_the_gallery_is_refused,
    files_lie_in_folders_and_are_moved,
);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

async fn add(world: &World, client: &str, campaign: Option<&str>, shortcut: &str, bytes: &'static [u8]) -> Value {
    let campaign = campaign.map_or(String::new(), |id| format!("&campaign={id}"));
    let path = format!("/api/v1/resources?name=precios.png&client={client}{campaign}&shortcut={shortcut}&title=Precios");
    upload_to(&world.admin, "POST", &path, bytes).await.ok()
}

async fn shortcuts(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/resources{query}")).await.ok();
    list(&page).iter().map(|resource| text(&resource["shortcut"])).collect()
}

async fn agents_see_and_send_what_is_for_their_campaigns(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&a.client, json!({})).await;
    let common = add(&world, &a.client, None, "mapa", PNG).await;
    let own = add(&world, &a.client, Some(&a.campaign), "precios", PNG).await;
    let other = add(&world, &a.client, Some(&second), "otra", PNG).await;
    let foreign = add(&world, &b.client, None, "ajena", PNG).await;
    assert_eq!((&own["file"]["media_type"], &own["file"]["name"]), (&json!("image/png"), &json!("precios.png")));
    let agent = world.agent(&[&a.campaign]).await;
    assert_eq!(shortcuts(&agent.api, "").await, ["mapa", "precios"]);
    assert_eq!(shortcuts(&agent.api, &format!("?campaign={second}")).await, [""; 0]);
    assert_eq!(shortcuts(&world.admin, &format!("?campaign={second}")).await, ["mapa", "otra"]);
    let path = |resource: &Value| format!("/api/v1/resources/{}", text(&resource["id"]));
    assert_eq!(agent.api.get(&format!("{}/file", path(&own))).await.ok_bytes(), PNG);
    for hidden in [&other, &foreign] {
        agent.api.get(&path(hidden)).await.refused(404, "not_found");
        agent.api.get(&format!("{}/file", path(hidden))).await.refused(404, "not_found");
    }
    agent.api.delete(&path(&own)).await.refused(403, "forbidden");

    let mut tab = Socket::at_work(&agent.api).await;
    let talk = a.channel.write("x", "hola").await;
    tab.conversation(&talk, "active").await;
    let pick = |resource: &Value| format!("/api/v1/conversations/{talk}/resources/{}", text(&resource["id"]));
    let copy = agent.api.act(&pick(&own)).await.ok();
    assert_ne!(copy["id"], own["file"]["id"]);
    agent.api.act(&pick(&common)).await.ok();
    for hidden in [&other, &foreign] {
        agent.api.act(&pick(hidden)).await.refused(404, "not_found");
    }
    let reply = json!({ "text": "", "attachments": [copy["id"]] });
    agent.api.post(&format!("/api/v1/conversations/{talk}/messages"), reply).await.ok();
    assert_eq!(agent.api.get(&format!("/api/v1/attachments/{}", text(&copy["id"]))).await.ok_bytes(), PNG);
    // The gallery's own file is no file of the conversation.
    let stolen = json!({ "text": "x", "attachments": [own["file"]["id"]] });
    let messages = format!("/api/v1/conversations/{talk}/messages");
    agent.api.post(&messages, stolen).await.refused_field("attachments.0", "unknown_reference");
    let campaign = format!("/api/v1/campaigns/{}", a.campaign);
    world.admin.patch(&campaign, json!({ "permissions": { "external_resources": false } })).await.ok();
    agent.api.act(&pick(&own)).await.refused(422, "attachments_not_allowed");
}

async fn a_file_is_replaced_and_what_was_sent_stays(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let talk = desk.channel.write("x", "hola").await;
    tab.conversation(&talk, "active").await;
    let first = add(&world, &desk.client, None, "precios", PNG).await;
    let path = format!("/api/v1/resources/{}", text(&first["id"]));
    let copy = agent.api.act(&format!("/api/v1/conversations/{talk}/resources/{}", text(&first["id"]))).await.ok();
    let next = upload_to(&world.admin, "PUT", &format!("{path}/file?name=nuevos.txt"), "plain").await.ok();
    assert_eq!((&next["id"], &next["shortcut"], &next["file"]["name"]), (&first["id"], &json!("precios"), &json!("nuevos.txt")));
    let file = agent.api.get(&format!("{path}/file")).await;
    assert_eq!((file.ok_bytes(), file.header("cache-control")), (&b"plain"[..], "private, no-cache"));
    world.admin.get(&format!("/api/v1/attachments/{}", text(&first["file"]["id"]))).await.refused(404, "not_found");
    assert_eq!(agent.api.get(&format!("/api/v1/attachments/{}", text(&copy["id"]))).await.ok_bytes(), PNG);
    assert_eq!(world.admin.patch(&path, json!({ "shortcut": "LISTA" })).await.ok()["shortcut"], "lista");
    world.admin.delete(&path).await.ok();
    agent.api.get(&path).await.refused(404, "not_found");
    assert_eq!(agent.api.get(&format!("/api/v1/attachments/{}", text(&copy["id"]))).await.ok_bytes(), PNG);
}

async fn what_cannot_be_in_the_gallery_is_refused(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    add(&world, &a.client, None, "hola", PNG).await;
    let post = async |query: String, bytes: &'static str| {
        upload_to(&world.admin, "POST", &format!("/api/v1/resources?name=x&{query}"), bytes).await
    };
    post(format!("client={}&shortcut=hola&title=x", a.client), "x").await.refused_field("shortcut", "taken");
    post(format!("client={}&shortcut=a%20b&title=x", a.client), "x").await.refused_field("shortcut", "not_possible");
    post(format!("client={}&shortcut=y&title=", a.client), "x").await.refused_field("title", "too_short");
    let elsewhere = format!("client={}&campaign={}&shortcut=y&title=x", a.client, b.campaign);
    post(elsewhere, "x").await.refused_field("campaign", "unknown_reference");
    assert_eq!(post(format!("client={}&shortcut=y&title=x", a.client), "").await.status, 422, "an empty file");
    // What a browser would run is unknown bytes.
    let page = post(format!("client={}&shortcut=pagina&title=x", a.client), "<html><script>alert(1)</script>").await.ok();
    assert_eq!(page["file"]["media_type"], "application/octet-stream");
    let other = world.person("admin", json!([{ "kind": "client", "id": b.client }])).await;
    let path = format!("/api/v1/resources/{}", text(&page["id"]));
    other.api.delete(&path).await.refused(404, "not_found");
    upload_to(&other.api, "PUT", &format!("{path}/file?name=x"), "x").await.refused(404, "not_found");
    let stolen = format!("/api/v1/resources?name=x&client={}&shortcut=z&title=x", a.client);
    upload_to(&other.api, "POST", &stolen, "x").await.refused_field("client", "unknown_reference");
}

async fn files_lie_in_folders_and_are_moved(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let query = format!("client={}&shortcut=mapa&title=Mapa&folder=%20Planes%20", desk.client);
    let made = upload_to(&world.admin, "POST", &format!("/api/v1/resources?name=mapa.png&{query}"), PNG).await.ok();
    assert_eq!(made["folder"], "Planes");
    let path = format!("/api/v1/resources/{}", text(&made["id"]));
    let agent = world.agent(&[&desk.campaign]).await;
    assert_eq!(agent.api.get(&path).await.ok()["folder"], "Planes");
    agent.api.patch(&path, json!({ "folder": "" })).await.refused(403, "forbidden");
    for (folder, code) in [(json!("x".repeat(61)), "too_long"), (json!("a\u{7}b"), "control_characters")] {
        world.admin.patch(&path, json!({ "folder": folder })).await.refused_field("folder", code);
    }
    assert_eq!(world.admin.patch(&path, json!({ "title": "Plano" })).await.ok()["folder"], "Planes", "it stays where it is");
    assert_eq!(world.admin.patch(&path, json!({ "folder": "Mapas" })).await.ok()["folder"], "Mapas");
    upload_to(&world.admin, "PUT", &format!("{path}/file?name=otro.png"), PNG).await.ok();
    world.crash().await;
    assert_eq!(world.admin.get(&path).await.ok()["folder"], "Mapas");
    assert_eq!(world.admin.patch(&path, json!({ "folder": null })).await.ok()["folder"], "", "in none");
}
