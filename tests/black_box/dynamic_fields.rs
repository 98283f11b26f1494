//! Dynamic fields (S1-27 to S1-32): defined per client, asked for per campaign, filled in per conversation.

use serde_json::{Value, json};

use crate::{
    api::{list, text},
    database::{Database, on_both},
    receiver::Receiver,
    socket::Socket,
    world::{Desk, World},
};

on_both!(
    a_conversation_is_closed_only_with_its_mandatory_fields,
    values_are_kept_and_shown_and_stay_out_of_the_log,
    a_value_must_be_what_its_field_holds,
    only_who_has_the_conversation_fills_it_in,
    a_campaign_calls_a_field_as_it_likes_and_integrations_by_its_key,
    impossible_fields_are_refused,
);

async fn field(world: &World, client: &str, kind: &str, more: Value) -> String {
    let mut field = json!({ "client": client, "name": format!("A {kind}"), "kind": kind });
    field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.admin.post("/api/v1/fields", field).await.id()
}

async fn ask_for(world: &World, desk: &Desk, uses: Value) {
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), json!({ "fields": uses })).await.ok();
}

async fn a_conversation_is_closed_only_with_its_mandatory_fields(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let document = field(&world, &desk.client, "document", json!({ "description": "DNI o CUIT" })).await;
    let agreed = field(&world, &desk.client, "yes_no", json!({})).await;
    let comment = field(&world, &desk.client, "text", json!({})).await;
    let uses = json!([{ "field": document, "mandatory": true }, { "field": comment }, { "field": agreed, "mandatory": true }]);
    ask_for(&world, &desk, uses).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let known = agent.api.get("/api/v1/me").await.ok()["campaigns"][0]["fields"].clone();
    assert_eq!(
        (&known[0]["id"], &known[0]["kind"], &known[0]["mandatory"]),
        (&json!(document), &json!("document"), &json!(true))
    );
    assert_eq!((&known[0]["description"], &known[1]["mandatory"]), (&json!("DNI o CUIT"), &json!(false)));

    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let path = format!("/api/v1/conversations/{conversation}");
    let close = format!("{path}/close");
    let missing = |problem: &Value| {
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect::<Vec<_>>()
    };
    let needed = |id: &str| (format!("fields.{id}"), "missing_field".to_owned());
    let problem = agent.api.post(&close, json!({})).await.refused(422, "fields_missing");
    assert_eq!(missing(&problem), [needed(&document), needed(&agreed)]);
    agent.api.put(&format!("{path}/fields"), json!({ "values": { &document: "20.345.678" } })).await.ok();
    world.crash().await;
    let problem = agent.api.post(&close, json!({})).await.refused(422, "fields_missing");
    assert_eq!(missing(&problem), [needed(&agreed)]);
    // No is an answer. Taken away it is none.
    agent.api.put(&format!("{path}/fields"), json!({ "values": { &agreed: false, &document: null } })).await.ok();
    let problem = agent.api.post(&close, json!({})).await.refused(422, "fields_missing");
    assert_eq!(missing(&problem), [needed(&document)]);
    // What is switched off is asked for no more.
    world.admin.patch(&format!("/api/v1/fields/{document}"), json!({ "enabled": false })).await.ok();
    agent.api.post(&close, json!({})).await.ok();
    let closed = world.admin.conversation(&conversation).await;
    assert_eq!((&closed["standing"]["is"], &closed["fields"]), (&json!("ended"), &json!({ &agreed: false })));
    let late = json!({ "values": { &agreed: true } });
    agent.api.put(&format!("{path}/fields"), late).await.refused(409, "conversation_closed");
}

async fn values_are_kept_and_shown_and_stay_out_of_the_log(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let (comment, amount) =
        (field(&world, &desk.client, "text", json!({})).await, field(&world, &desk.client, "number", json!({})).await);
    ask_for(&world, &desk, json!([{ "field": comment }, { "field": amount }])).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let (mut spy, _) = Socket::following(&world.admin, &format!("conversation:{conversation}")).await;
    let path = format!("/api/v1/conversations/{conversation}/fields");
    let words = "¿Ñandú? \"x\" \\ ' 👋\nsegunda línea";
    let values = json!({ "values": { &comment: words, &amount: 12.5 } });
    let done = agent.api.call_once("PUT", &path, "k", Some(&values)).await;
    let kept = json!({ &comment: words, &amount: 12.5 });
    for socket in [&mut tab, &mut spy] {
        let frame = socket.until("the values", |frame| frame["data"]["conversation"]["fields"] == kept).await;
        assert_eq!(frame["data"]["conversation"]["seq"], done.ok()["seq"]);
    }
    assert_eq!(agent.api.call_once("PUT", &path, "k", Some(&values)).await.body, done.body, "one effect, one answer");
    // They come with what follows, also when the process died in between.
    desk.channel.tell("second", "a", "¿hola?").await.ok();
    tab.until("the second message", |frame| {
        frame["data"]["messages"][0]["text"] == "¿hola?" && frame["data"]["conversation"]["fields"] == kept
    })
    .await;
    world.crash().await;
    let mut tab = Socket::open(&agent.api).await;
    assert_eq!(tab.follow("me").await["data"]["conversations"][0]["fields"], kept);
    desk.channel.tell("third", "a", "¿sí?").await.ok();
    tab.until("the third message", |frame| {
        frame["data"]["messages"][0]["text"] == "¿sí?" && frame["data"]["conversation"]["fields"] == kept
    })
    .await;
    assert_eq!(agent.api.conversation(&conversation).await["fields"], kept);
    assert_eq!(list(&agent.api.get("/api/v1/conversations").await.ok())[0]["fields"], kept);
    let rows = world.installation.rows().await;
    let log: Vec<_> = rows.iter().filter(|row| row.starts_with("log ") && row.contains("fields_changed")).collect();
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains(&comment) && !log[0].contains("and"), "ids only: {log:?}");
    assert!(rows.iter().filter(|row| row.contains("segunda l")).all(|row| row.starts_with("conversation_fields ")));
}

async fn a_value_must_be_what_its_field_holds(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let mut ids = Vec::new();
    for kind in ["text", "number", "date", "list", "phone", "document", "yes_no"] {
        let options = if kind == "list" { json!({ "options": ["Alta", "Baja"] }) } else { json!({}) };
        ids.push(field(&world, &desk.client, kind, options).await);
    }
    ask_for(&world, &desk, ids.iter().map(|id| json!({ "field": id })).collect()).await;
    let unused = field(&world, &desk.client, "text", json!({ "name": "Not asked for here" })).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let before = world.installation.rows().await;
    let path = format!("/api/v1/conversations/{conversation}/fields");
    let put = async |values: Value| agent.api.put(&path, json!({ "values": values })).await;
    for (index, wrong) in [
        (0, json!("x".repeat(1_001))),
        (0, json!("a\u{0}b")),
        (0, json!("  ")),
        (0, json!(7)),
        (1, json!("7")),
        (2, json!("2026-02-30")),
        (3, json!("Otra")),
        (4, json!("llamame")),
        (5, json!("' OR 1=1--")),
        (6, json!("true")),
    ] {
        let id: &String = &ids[index];
        put(json!({ id: wrong })).await.refused_field(&format!("values.{id}"), "not_possible");
    }
    for foreign in [unused.as_str(), "01900000-0000-7000-8000-000000000001"] {
        put(json!({ foreign: "x" })).await.refused_field("values", "unknown_reference");
        put(json!({ foreign: null })).await.refused_field("values", "unknown_reference");
    }
    for nonsense in
        [json!({ "x": "y" }), json!({ &ids[0]: ["x"] }), json!({ &ids[0]: { "$gt": "" } }), json!([]), json!("x"), Value::Null]
    {
        let answer = put(nonsense).await;
        assert_eq!(answer.status, 422, "{answer}");
    }
    assert_eq!(world.installation.rows().await, before);
    let good = json!({ &ids[0]: " x ", &ids[1]: -7, &ids[2]: "2028-02-29", &ids[3]: "Baja", &ids[4]: "+54 11 4321-6543",
        &ids[5]: "AR-12.345", &ids[6]: true });
    put(good).await.ok();
    let kept = json!({ &ids[0]: "x", &ids[1]: -7, &ids[2]: "2028-02-29", &ids[3]: "Baja", &ids[4]: "+541143216543",
        &ids[5]: "AR-12.345", &ids[6]: true });
    assert_eq!(agent.api.conversation(&conversation).await["fields"], kept);
}

async fn only_who_has_the_conversation_fills_it_in(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let comment = field(&world, &desk.client, "text", json!({})).await;
    ask_for(&world, &desk, json!([{ "field": comment }])).await;
    let ana = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&ana.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let scope = json!([{ "kind": "client", "id": desk.client }]);
    let bruno = world.agent(&[&desk.campaign]).await;
    let elsewhere = world.desk(json!({})).await;
    let stranger = world.agent(&[&elsewhere.campaign]).await;
    let (supervisor, auditor) = (world.person("supervisor", scope.clone()).await, world.person("auditor", scope).await);
    let path = format!("/api/v1/conversations/{conversation}/fields");
    let body = json!({ "values": { &comment: "x" } });
    assert_eq!(bruno.api.put(&path, body.clone()).await.refused(409, "not_owner")["current_owner"], ana.id);
    stranger.api.put(&path, body.clone()).await.refused(404, "not_found");
    auditor.api.put(&path, body.clone()).await.refused(403, "forbidden");
    assert_eq!(world.admin.conversation(&conversation).await["fields"], json!({}));
    supervisor.api.put(&path, body).await.ok();
    assert_eq!(ana.api.conversation(&conversation).await["fields"][&comment], "x");
}

async fn a_campaign_calls_a_field_as_it_likes_and_integrations_by_its_key(database: Database) {
    let mut world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let number = field(&world, &desk.client, "document", json!({ "name": "Número de cliente" })).await;
    let agreed = field(&world, &desk.client, "yes_no", json!({ "name": "¿Acepta?", "key": "accepts" })).await;
    let path = format!("/api/v1/fields/{number}");
    let second = field(&world, &desk.client, "document", json!({ "name": "Numero de Cliente" })).await;
    let key = async |id: &str| text(&world.admin.get(&format!("/api/v1/fields/{id}")).await.ok()["key"]);
    assert_eq!((key(&number).await, key(&second).await), ("numero_de_cliente".to_owned(), "numero_de_cliente_2".to_owned()));
    // Another name leaves the key as it is; it can be changed by itself.
    assert_eq!(world.admin.patch(&path, json!({ "name": "Contrato" })).await.ok()["key"], "numero_de_cliente");
    world.admin.patch(&path, json!({ "key": "accepts" })).await.refused_field("key", "taken");
    assert_eq!(world.admin.patch(&path, json!({ "key": "contract" })).await.ok()["key"], "contract");

    ask_for(&world, &desk, json!([{ "field": number, "label": " N.º de socio " }, { "field": agreed }])).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let known = agent.api.get("/api/v1/me").await.ok()["campaigns"][0]["fields"].clone();
    assert_eq!((&known[0]["name"], &known[1]["name"]), (&json!("N.º de socio"), &json!("¿Acepta?")));
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    agent.api.reply(&conversation, "antes").await.ok();
    assert_eq!(receiver.next().await.json()["message"]["fields"], json!({}));
    let values = json!({ "values": { &number: "20.345", &agreed: true } });
    agent.api.put(&format!("/api/v1/conversations/{conversation}/fields"), values).await.ok();
    agent.api.reply(&conversation, "después").await.ok();
    let call = receiver.next().await;
    assert!(call.is_signed_with(&desk.channel.secret));
    let told = call.json();
    assert_eq!(told["message"]["fields"], json!({ "contract": "20.345", "accepts": true }));
    assert_eq!(told["message"]["text"], "después");
    // Fields of before there were keys get theirs when they are read, the same every time.
    world.kill();
    world.installation.execute("UPDATE fields SET key = NULL").await;
    world.start().await;
    let admin = world.admin.clone().at(world.host());
    let keys = list(&admin.get("/api/v1/fields").await.ok()).iter().map(|field| text(&field["key"])).collect::<Vec<_>>();
    assert_eq!(keys, ["contrato", "acepta", "numero_de_cliente"]);
}

async fn impossible_fields_are_refused(database: Database) {
    let world = World::new(&database).await;
    let (desk, other) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let comment = field(&world, &desk.client, "text", json!({})).await;
    let theirs = field(&world, &other.client, "text", json!({})).await;
    let before = world.installation.rows().await;
    let post = async |more: Value| {
        let mut body = json!({ "client": desk.client, "name": "x", "kind": "text" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.admin.post("/api/v1/fields", body).await
    };
    post(json!({ "name": "" })).await.refused_field("name", "too_short");
    post(json!({ "name": "x".repeat(61) })).await.refused_field("name", "too_long");
    post(json!({ "kind": "list" })).await.refused_field("options", "too_short");
    post(json!({ "kind": "list", "options": ["a", "a "] })).await.refused_field("options", "duplicate");
    post(json!({ "kind": "list", "options": ["a", ""] })).await.refused_field("options.1", "too_short");
    post(json!({ "options": ["a"] })).await.refused_field("options", "not_possible");
    for bad in ["Plan", "1a", "a-b", "ñandú", " a", &"a".repeat(41)] {
        post(json!({ "key": bad })).await.refused_field("key", "not_possible");
    }
    post(json!({ "key": "a_text" })).await.refused_field("key", "taken");
    assert_eq!(post(json!({ "kind": "html" })).await.status, 422);
    let path = format!("/api/v1/fields/{comment}");
    world.admin.patch(&path, json!({ "kind": "number" })).await.refused_field("kind", "not_possible");
    world.admin.patch(&path, json!({ "client": other.client })).await.refused_field("client", "not_possible");
    let campaign = format!("/api/v1/campaigns/{}", desk.campaign);
    let ask = async |uses: Value| world.admin.patch(&campaign, json!({ "fields": uses })).await;
    ask(json!([{ "field": theirs }])).await.refused_field("fields.0.field", "unknown_reference");
    ask(json!([{ "field": comment }, { "field": comment, "mandatory": true }])).await.refused_field("fields", "duplicate");
    ask(json!([{ "field": comment, "label": " " }])).await.refused_field("fields.0.label", "too_short");
    ask(json!([{ "field": comment, "label": "x".repeat(61) }])).await.refused_field("fields.0.label", "too_long");
    ask(json!([{ "field": comment, "label": "a\u{0}b" }])).await.refused_field("fields.0.label", "control_characters");
    ask(json!(vec![json!({ "field": comment }); 51])).await.refused_field("fields", "too_long");
    assert_eq!(world.installation.rows().await, before);
}
