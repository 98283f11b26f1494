//! Templates of mails: written by administrators, cleaned, filled in for a customer (S4-36 to S4-40, S4-66, S4-19 to S4-25).

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    company::upload_to,
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    agents_read_the_templates_of_their_campaigns,
    a_template_is_kept_clean,
    what_somebody_else_changed_meanwhile_is_not_overwritten,
    a_template_that_a_campaign_uses_stays,
    a_campaign_takes_templates_that_fit,
    a_preview_says_what_a_customer_would_read,
    pictures_of_templates_are_of_their_client,
);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";
const UNKNOWN: &str = "01900000-0000-7000-8000-000000000001";

fn template(client: &str, campaign: Option<&str>, purpose: &str, name: &str) -> Value {
    json!({ "client": client, "campaign": campaign, "purpose": purpose, "name": name, "html": "<p>Hola ${name|cliente}</p>" })
}

async fn create(world: &World, client: &str, campaign: Option<&str>, purpose: &str, name: &str) -> String {
    world.admin.post("/api/v1/templates", template(client, campaign, purpose, name)).await.id()
}

fn path(id: &str) -> String {
    format!("/api/v1/templates/{id}")
}

async fn names(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/templates{query}")).await.ok();
    list(&page).iter().map(|template| text(&template["name"])).collect()
}

async fn agents_read_the_templates_of_their_campaigns(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&a.client, json!({})).await;
    let common = create(&world, &a.client, None, "message", "todas").await;
    let own = create(&world, &a.client, Some(&a.campaign), "signature", "firma").await;
    let other = create(&world, &a.client, Some(&second), "message", "otra").await;
    let foreign = create(&world, &b.client, None, "message", "ajena").await;
    let agent = world.agent(&[&a.campaign]).await;
    assert_eq!(names(&agent.api, "").await, ["todas", "firma"]);
    assert_eq!(names(&agent.api, &format!("?campaign={}", a.campaign)).await, ["todas", "firma"]);
    assert_eq!(names(&agent.api, "?purpose=signature").await, ["firma"]);
    assert_eq!(names(&agent.api, &format!("?campaign={second}")).await, [""; 0]);
    assert_eq!(names(&world.admin, &format!("?campaign={second}")).await, ["todas", "otra"]);
    let page: Value = world.admin.get("/api/v1/templates?limit=3").await.ok();
    assert_eq!(page["items"][0].get("html"), None);
    assert_eq!(names(&world.admin, &format!("?limit=3&cursor={}", text(&page["next"]))).await, ["ajena"]);
    assert_eq!(agent.api.get(&path(&common)).await.ok()["html"], "<p>Hola ${name|cliente}</p>");
    let nothing = agent.api.get(&path(UNKNOWN)).await;
    for id in [&other, &foreign] {
        assert_eq!(agent.api.get(&path(id)).await.body, nothing.body);
    }
    let of_campaign = world.person("admin", json!([{ "kind": "campaign", "id": a.campaign }])).await;
    of_campaign.api.get(&path(&common)).await.ok();
    of_campaign.api.patch(&path(&common), json!({ "name": "x" })).await.refused(404, "not_found");
    of_campaign.api.patch(&path(&own), json!({ "name": "x" })).await.ok();
    agent.api.patch(&path(&own), json!({ "name": "x" })).await.refused(403, "forbidden");
    // Nobody moves it where they may not write.
    of_campaign.api.patch(&path(&own), json!({ "campaign": null })).await.refused_field("client", "unknown_reference");
    of_campaign.api.patch(&path(&own), json!({ "campaign": second })).await.refused_field("campaign", "unknown_reference");
}

async fn a_template_is_kept_clean(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let post = async |more: Value| {
        let mut body = template(&desk.client, None, "message", "uno");
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.admin.post("/api/v1/templates", body).await
    };
    let html = "<p onclick=x>a<script>x</script><a href=javascript:x>b</a><img src=http://x.example/a></p><style>p{}</style>";
    let made = post(json!({ "html": html, "subject": " Para %name% ", "text": " " })).await;
    let stored = made.ok();
    assert_eq!(stored["html"], "<p>a<a>b</a></p>");
    assert_eq!((&stored["subject"], &stored["text"], &stored["version"]), (&json!("Para %name%"), &json!(null), &json!(1)));
    let again = world.admin.patch(&path(&made.id()), json!({ "html": stored["html"] })).await.ok();
    assert_eq!((&again["html"], &again["version"]), (&stored["html"], &json!(2)));
    let before = world.installation.rows().await;
    post(json!({})).await.refused_field("name", "taken");
    post(json!({ "name": " " })).await.refused_field("name", "too_short");
    post(json!({ "name": "x", "purpose": "letter" })).await.refused(422, "invalid");
    post(json!({ "name": "x", "subject": "a\nBcc: x" })).await.refused_field("subject", "control_characters");
    post(json!({ "name": "x", "purpose": "signature", "subject": "a" })).await.refused_field("subject", "not_possible");
    post(json!({ "name": "x", "html": "x".repeat(100_001) })).await.refused_field("html", "out_of_range");
    post(json!({ "name": "x", "text": "x".repeat(50_001) })).await.refused_field("text", "out_of_range");
    post(json!({ "name": "x", "version": 7 })).await.refused_field("version", "unknown_field");
    assert_eq!(world.installation.rows().await, before);
}

async fn what_somebody_else_changed_meanwhile_is_not_overwritten(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let id = create(&world, &desk.client, None, "message", "uno").await;
    let change = async |version: u32, name: &str| {
        world.admin.patch(&format!("{}?version={version}", path(&id)), json!({ "name": name })).await
    };
    assert_eq!(change(1, "dos").await.ok()["version"], 2);
    change(1, "tres").await.refused(409, "conflict");
    assert_eq!(world.admin.get(&path(&id)).await.ok()["name"], "dos");
    world.admin.patch(&path(&id), json!({ "purpose": "signature" })).await.refused_field("purpose", "not_possible");
}

async fn a_template_that_a_campaign_uses_stays(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let second = world.campaign(&desk.client, json!({})).await;
    let id = create(&world, &desk.client, None, "signature", "firma").await;
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    world.admin.patch(&campaign, json!({ "mail": { "signature": id } })).await.ok();
    world.admin.delete(&path(&id)).await.refused(409, "in_use");
    world.admin.patch(&path(&id), json!({ "campaign": second })).await.refused_field("campaign", "in_use");
    world.admin.patch(&path(&id), json!({ "campaign": desk.campaign })).await.ok();
    world.admin.patch(&campaign, json!({ "mail": { "signature": null } })).await.ok();
    assert!(world.admin.delete(&path(&id)).await.ok()["archived_at"].is_string());
    assert_eq!(names(&world.admin, "").await, [""; 0]);
    assert_eq!(names(&world.admin, "?archived=true").await, ["firma"]);
    world.admin.patch(&path(&id), json!({ "name": "x" })).await.refused(409, "wrong_state");
    // Its name is free meanwhile.
    create(&world, &desk.client, Some(&desk.campaign), "signature", "firma").await;
    world.admin.act(&format!("{}/restore", path(&id))).await.refused_field("name", "taken");
}

async fn a_campaign_takes_templates_that_fit(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let second = world.campaign(&a.client, json!({})).await;
    let signature = create(&world, &a.client, Some(&a.campaign), "signature", "firma").await;
    let confirmation = create(&world, &a.client, None, "confirmation", "recibido").await;
    let foreign = create(&world, &b.client, None, "signature", "ajena").await;
    let change = async |campaign: &str, mail: Value| {
        world.admin.patch(&format!("/api/v1/campaigns/{campaign}"), json!({ "mail": mail })).await
    };
    let rating = json!({ "prompt": "Califique nuestro servicio", "thanks": "Gracias" });
    let whole = json!({ "signature": signature, "confirmation": confirmation, "rating": rating, "from_name": " Soporte " });
    let stored = change(&a.campaign, whole).await.ok();
    assert_eq!(stored["mail"]["from_name"], "Soporte");
    assert_eq!(world.admin.get(&format!("/api/v1/campaigns/{}", a.campaign)).await.ok()["mail"], stored["mail"]);
    for (campaign, mail, field, code) in [
        (&a.campaign, json!({ "signature": confirmation }), "mail.signature", "not_possible"),
        (&a.campaign, json!({ "signature": foreign }), "mail.signature", "unknown_reference"),
        (&a.campaign, json!({ "confirmation": UNKNOWN }), "mail.confirmation", "unknown_reference"),
        (&second, json!({ "signature": signature }), "mail.signature", "unknown_reference"),
        (&a.campaign, json!({ "rating": { "prompt": " ", "thanks": "x" } }), "mail.rating.prompt", "too_short"),
        (&a.campaign, json!({ "rating": { "prompt": "x", "thanks": "" } }), "mail.rating.thanks", "out_of_range"),
        (&a.campaign, json!({ "from_name": "a\r\nBcc: x" }), "mail.from_name", "control_characters"),
    ] {
        change(campaign, mail).await.refused_field(field, code);
    }
    let new = json!({ "client": a.client, "name": "Nueva", "mail": { "signature": signature } });
    world.admin.post("/api/v1/campaigns", new).await.refused_field("mail.signature", "unknown_reference");
}

async fn a_preview_says_what_a_customer_would_read(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let field = json!({ "client": a.client, "name": "Número de pedido", "kind": "text" });
    let field = world.admin.post("/api/v1/fields", field).await.id();
    let campaign = format!("/api/v1/campaigns/{}", a.campaign);
    world.admin.patch(&campaign, json!({ "name": "Ventas", "fields": [{ "field": field }] })).await.ok();
    let variables =
        world.admin.get(&format!("/api/v1/templates/variables?client={}&campaign={}", a.client, a.campaign)).await.ok();
    let by_name = json!({ "name": "número_de_pedido", "field": "Número de pedido", "same_as": "numero_de_pedido" });
    let by_key = json!({ "name": "numero_de_pedido", "field": "Número de pedido" });
    assert_eq!(list(&variables)[11..], [by_key, by_name]);
    let agent = world.agent(&[&a.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let talk = a.channel.write("cliente-1", "hola").await;
    let shown = tab.conversation(&talk, "active").await;
    let contact = text(&shown["conversation"]["contact"]);
    world.admin.patch(&format!("/api/v1/contacts/{contact}"), json!({ "name": "Luz <b>&</b> Díaz" })).await.ok();
    let values = json!({ "values": { field.as_str(): "${agent}" } });
    agent.api.put(&format!("/api/v1/conversations/{talk}/fields"), values).await.ok();
    let preview = async |api: &Api, more: Value| {
        let mut body = json!({ "client": a.client });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        api.post("/api/v1/templates/preview", body).await
    };
    let html = "<p title=\"${name}\">${first_name} de %campaign%: ${número_de_pedido} {{7*7}} ${7*7} ${email} ${nadie}</p>\
                <a href=\"https://x.example/?n=${name}\">x</a><script>x</script>";
    let filled = preview(&agent.api, json!({ "conversation": talk, "subject": "${name}", "html": html })).await.ok();
    assert_eq!(filled["subject"], "Luz <b>&</b> Díaz");
    assert_eq!(
        filled["html"],
        "<p title=\"Luz &lt;b&gt;&amp;&lt;/b&gt; Díaz\">Luz de Ventas: ${agent} {{7*7}} ${7*7}  ${nadie}</p>\
         <a href=\"https://x.example/?n=Luz%20%3Cb%3E%26%3C%2Fb%3E%20D%C3%ADaz\">x</a>"
    );
    assert_eq!((&filled["missing"], &filled["unknown"]), (&json!(["email"]), &json!(["nadie"])));
    let filled =
        preview(&world.admin, json!({ "contact": contact, "html": "<p>%name%</p><p>${plan}</p>", "values": { "plan": "Oro" } }));
    assert!(text(&filled.await.ok()["text"]).contains("Oro"));
    // A key stays when the name changes, and comes before another field's name.
    world.admin.patch(&format!("/api/v1/fields/{field}"), json!({ "name": "Pedido" })).await.ok();
    let rival = json!({ "client": a.client, "name": "Numero de pedido", "key": "rival", "kind": "text" });
    let rival = world.admin.post("/api/v1/fields", rival).await.id();
    world.admin.patch(&campaign, json!({ "fields": [{ "field": field }, { "field": rival }] })).await.ok();
    let values = json!({ "values": { field.as_str(): "A-1", rival.as_str(): "B-2" } });
    agent.api.put(&format!("/api/v1/conversations/{talk}/fields"), values).await.ok();
    let by_key =
        json!({ "conversation": talk, "text": "%numero_de_pedido% ${numero_de_pedido} ${pedido} ${rival} ${número_de_pedido}" });
    assert_eq!(preview(&agent.api, by_key).await.ok()["text"], "A-1 A-1 A-1 B-2 ${número_de_pedido}");
    // Of others nothing is read.
    let other = b.channel.write("x", "hola").await;
    preview(&world.admin, json!({ "conversation": other })).await.refused(404, "not_found");
    preview(&agent.api, json!({ "conversation": other })).await.refused(404, "not_found");
    preview(&agent.api, json!({ "client": b.client })).await.refused_field("client", "unknown_reference");
    preview(&agent.api, json!({ "values": { "a b": "x" } })).await.refused(422, "invalid");
    // What a campaign hides from its agents a preview does not tell either.
    world.admin.patch(&campaign, json!({ "permissions": { "show_contact_number": false } })).await.ok();
    let numbered = a.channel.write("+5491155550000", "hola").await;
    tab.conversation(&numbered, "active").await;
    let hidden = preview(&agent.api, json!({ "conversation": numbered, "html": "${address}" })).await.ok();
    assert!(!text(&hidden["html"]).contains("549115"), "{hidden}");
}

async fn pictures_of_templates_are_of_their_client(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let upload = async |client: &str, bytes: &'static [u8]| {
        upload_to(&world.admin, "POST", &format!("/api/v1/attachments?name=logo.png&client={client}"), bytes).await.id()
    };
    let (logo, foreign, page) = (upload(&a.client, PNG).await, upload(&b.client, PNG).await, upload(&a.client, b"<p>x").await);
    let file = |id: &str| format!("/api/v1/attachments/{id}");
    let post = async |id: &str| {
        let mut body = template(&a.client, Some(&a.campaign), "message", id);
        body["html"] = json!(format!("<p><img src=\"{}\" alt=\"Logo\"></p>", file(id)));
        world.admin.post("/api/v1/templates", body).await
    };
    for wrong in [&foreign, &page, &UNKNOWN.to_owned()] {
        post(wrong).await.refused_field("html", "unknown_reference");
    }
    let agent = world.agent(&[&a.campaign]).await;
    let stranger = world.agent(&[&b.campaign]).await;
    agent.api.get(&file(&logo)).await.refused(404, "not_found");
    assert_eq!(post(&logo).await.ok()["html"], format!("<p><img src=\"{}\" alt=\"Logo\"></p>", file(&logo)));
    // Whoever reads the template sees its picture.
    assert_eq!(agent.api.get(&file(&logo)).await.ok_bytes(), PNG);
    stranger.api.get(&file(&logo)).await.refused(404, "not_found");
    let query = format!("/api/v1/attachments?name=x.png&client={}", a.client);
    for nobody in [&agent, &stranger] {
        upload_to(&nobody.api, "POST", &query, PNG).await.refused(404, "not_found");
    }
}
