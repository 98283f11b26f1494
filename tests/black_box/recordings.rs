//! Every conversation is found again by who may read it (S4-89 to S4-95), whatever ended the process meanwhile, and can be taken out as
//! a file.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    company::{Company, upload},
    database::{Database, on_both},
    hostile_input::PAYLOADS,
    socket::Socket,
    world::World,
};

on_both!(
    a_conversation_is_found_by_all_that_is_known_of_it,
    pages_follow_each_other_to_the_end,
    nobody_finds_what_is_out_of_their_scope,
    whatever_is_typed_is_only_text,
    killed_while_it_indexes_it_finds_everything_once,
    what_is_gone_is_not_found,
    a_conversation_is_taken_out_as_a_file,
);

/// The conversations found, the newest first.
async fn found(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/api/v1/recordings?{query}")).await.ok();
    list(&page).iter().map(|item| text(&item["conversation"]["id"])).collect()
}

/// Waits until a search finds these.
async fn until_found(api: &Api, query: &str, expected: &[&String]) {
    let start = Instant::now();
    loop {
        let now = found(api, query).await;
        if now.iter().eq(expected.iter().copied()) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{query}: {now:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn encoded(typed: &str) -> String {
    url::form_urlencoded::byte_serialize(typed.as_bytes()).collect()
}

async fn a_conversation_is_found_by_all_that_is_known_of_it(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({ "permissions": { "close_unanswered": true } })).await;
    let post = async |path: &str, body: Value| world.admin.post(&format!("/api/v1/{path}"), body).await.id();
    let sold = post("dispositions", json!({ "client": desk.client, "name": "Vendido" })).await;
    let by_card = post("dispositions", json!({ "client": desk.client, "name": "Con tarjeta", "parent": sold })).await;
    let offers = json!({ "dispositions": [sold] });
    world.admin.patch(&format!("/api/v1/campaigns/{}", desk.campaign), offers).await.ok();
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let first = desk.channel.write("5491159876543", "Hola, mi número de pedido es el 12-B").await;
    tab.conversation(&first, "active").await;
    agent.api.reply(&first, "La factura se envió ayer").await.ok();
    let note = json!({ "text": "Cliente enojado" });
    agent.api.post(&format!("/api/v1/conversations/{first}/notes"), note).await.ok();
    agent.api.post(&format!("/api/v1/conversations/{first}/close"), json!({ "disposition": by_card })).await.ok();

    let elsewhere = world.campaign(&desk.client, json!({})).await;
    let chat = world.chat(&desk.client, &elsewhere).await;
    let visitor = world.visitor(&chat).await;
    let second = text(&world.chat_message(&visitor, "k", "Otra consulta por la facturación").await.ok()["conversation"]);

    let admin = &world.admin;
    until_found(admin, "", &[&second, &first]).await;
    let (agent_id, campaign) = (&agent.id, &desk.campaign);
    until_found(admin, "q=numero+PEDIDO", &[&first]).await;
    until_found(admin, &format!("disposition={sold}"), &[&first]).await;
    for (query, expected) in [
        ("q=factu", vec![&second, &first]),
        ("q=factura+envi", vec![&first]),
        ("q=%22pedido+es%22", vec![&first]),
        ("q=%22es+pedido%22", vec![]),
        ("q=enojado", vec![&first]),
        ("q=ayer+cliente", vec![&first]),
        ("customer=5987+6543", vec![&first]),
        ("customer=%2B54+9+11", vec![]),
        ("customer=marta", vec![&first]),
        ("kind=api", vec![&first]),
        ("kind=webchat", vec![&second]),
        ("kind=webchat,api", vec![&second, &first]),
        (&format!("campaign={campaign}"), vec![&first]),
        (&format!("campaign={campaign},{elsewhere}"), vec![&second, &first]),
        (&format!("agent={agent_id}"), vec![&first]),
        (&format!("agent={agent_id}&kind=webchat"), vec![]),
        (&format!("disposition={by_card}"), vec![&first]),
        ("from=2020-01-01&to=2020-12-31", vec![]),
        ("from=2020-01-01", vec![&second, &first]),
        ("to=2020-12-31", vec![]),
        ("from=9999-12-31", vec![]),
        ("subject=factura", vec![]),
    ] {
        let now = found(admin, query).await;
        assert!(now.iter().eq(expected.iter().copied()), "{query}: {now:?}");
    }
    let page = admin.get("/api/v1/recordings?q=enojado").await.ok();
    let item = &page["items"][0];
    assert_eq!((&item["agents"], &item["messages"]), (&json!([agent.id]), &json!(3)));
    assert_eq!((&item["excerpt"]["text"], &item["excerpt"]["note"]), (&json!("Cliente enojado"), &json!(true)));
    assert_eq!(page.get("behind"), None);

    // A day is that of the client: near midnight the same moment is another day elsewhere.
    let day = async |zone: &str| {
        world.admin.patch(&format!("/api/v1/clients/{}", desk.client), json!({ "zone": zone })).await.ok();
        let exported = admin.get(&format!("/api/v1/conversations/{first}/export?format=txt")).await;
        let text = String::from_utf8(exported.ok_bytes().to_vec()).unwrap();
        let day: String = text.split("Comienzo: ").nth(1).unwrap().chars().take(10).collect();
        until_found(admin, &format!("from={day}&to={day}&kind=api"), &[&first]).await;
        day
    };
    // One of them lies on the other side of midnight at any time of day.
    let days = [day("Pacific/Kiritimati").await, day("Pacific/Pago_Pago").await];
    assert_ne!(days[0], days[1]);
    until_found(admin, &format!("from={}&kind=api", days[0]), &[]).await;

    for (query, field, code) in [
        ("from=22-11-2026", "from", "not_possible"),
        ("from=2026-02-30", "from", "not_possible"),
        ("from=2026-02-02&to=2026-02-01", "to", "out_of_range"),
        ("campaign=x", "campaign", "not_possible"),
        ("kind=fax", "kind", "not_possible"),
        ("cursor=x", "cursor", "not_possible"),
        ("limit=1000", "limit", "out_of_range"),
        ("sort=up", "sort", "unknown_field"),
    ] {
        admin.get(&format!("/api/v1/recordings?{query}")).await.refused_field(field, code);
    }
    let long = "x".repeat(201);
    admin.get(&format!("/api/v1/recordings?q={long}")).await.refused_field("q", "too_long");
}

async fn pages_follow_each_other_to_the_end(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let mut all = Vec::new();
    for customer in 0..13 {
        all.insert(0, desk.channel.write(&format!("c{customer}"), "hola").await);
    }
    until_found(&world.admin, "", &all.iter().collect::<Vec<_>>()).await;
    for query in ["limit=5", "limit=5&q=hola"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.admin.get(&format!("/api/v1/recordings?{query}{cursor}")).await.ok();
            seen.extend(list(&page).iter().map(|item| text(&item["conversation"]["id"])));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, all, "{query}");
    }
}

async fn nobody_finds_what_is_out_of_their_scope(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let (mine, foreign) = (&a.ids["conversation"], &b.ids["conversation"]);
    until_found(&world.admin, "q=hello&customer=customer", &[&b.ids["offered"], foreign, &a.ids["offered"], mine]).await;
    for person in [&a.admin, &a.supervisor, &a.auditor] {
        for query in ["", "q=hello", &format!("campaign={},{}", a.ids["campaign"], b.ids["campaign"]), "customer=customer"] {
            assert_eq!(found(&person.api, query).await, [a.ids["offered"].clone(), mine.clone()], "{query}");
        }
        let unknown = "01900000-0000-7000-8000-000000000001";
        for query in ["campaign", "agent", "disposition"] {
            let of_b = if query == "agent" { &b.agent.id } else { &b.ids[query] };
            assert_eq!(found(&person.api, &format!("{query}={of_b}")).await, Vec::<String>::new());
        }
        let answer = person.api.get(&format!("/api/v1/conversations/{foreign}/export")).await;
        answer.refused(404, "not_found");
        assert_eq!(answer.body, person.api.get(&format!("/api/v1/conversations/{unknown}/export")).await.body);
        person.api.get(&format!("/api/v1/conversations/{mine}/export")).await.ok_bytes();
    }
    // Of one campaign only, and no longer once it went to another.
    let scope = json!([{ "kind": "campaign", "id": a.ids["campaign"] }]);
    let of_campaign = world.person("supervisor", scope).await;
    assert_eq!(found(&of_campaign.api, "q=hello").await.len(), 2);
    let transfer = json!({ "campaign": a.ids["campaign2"] });
    a.agent.api.post(&format!("/api/v1/conversations/{mine}/transfer"), transfer).await.ok();
    assert_eq!(found(&of_campaign.api, "q=hello").await, [a.ids["offered"].clone()], "at once, whatever the index says");
    // Agents have what they work on, and what they are not shown (S1-24) they cannot look for either.
    for query in ["recordings", "recordings?customer=customer", &format!("conversations/{mine}/export")] {
        a.agent.api.get(&format!("/api/v1/{query}")).await.refused(403, "forbidden");
    }
}

async fn whatever_is_typed_is_only_text(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("x", "inert").await;
    tab.conversation(&conversation, "active").await;
    let inert = ["' OR 1=1--", "1;select pg_sleep(2)", "\"", "a* OR text:inert", "NEAR(inert)", "NOT inert", "%", "🎉", "\\"];
    for payload in PAYLOADS.iter().chain(&inert).copied() {
        agent.api.reply(&conversation, payload).await.ok();
    }
    // The last one that has words.
    until_found(&world.admin, "q=%22NOT+inert%22", &[&conversation]).await;
    for payload in PAYLOADS.iter().chain(&inert).copied() {
        let typed = encoded(payload);
        for field in ["subject", "customer"] {
            let started = Instant::now();
            assert_eq!(found(&world.admin, &format!("{field}={typed}")).await, Vec::<String>::new(), "{payload}");
            assert!(started.elapsed() < Duration::from_secs(1), "{payload}");
        }
        let has_words = payload.chars().any(char::is_alphanumeric);
        assert_eq!(found(&world.admin, &format!("q={typed}")).await.len(), usize::from(has_words), "{payload}");
        for field in ["campaign", "agent", "disposition", "kind", "from"] {
            let answer = world.admin.get(&format!("/api/v1/recordings?{field}={typed}")).await;
            assert_eq!(answer.status, 422, "{field} {answer}");
        }
    }
    // A file of it has every text as text.
    let page = world.admin.get(&format!("/api/v1/conversations/{conversation}/export")).await;
    let html = String::from_utf8(page.ok_bytes().to_vec()).unwrap();
    for tag in ["<script", "<img", "<svg", "<iframe", "<a ", "<math", "<object", "<embed", "<link"] {
        assert!(!html.contains(tag), "{tag} in {html}");
    }
    assert_eq!(html.matches("<style>").count(), 1);
    assert!(html.contains("&lt;script&gt;window.__xss=1&lt;/script&gt;"));
    assert!(!html.contains("src=") || !html.contains("<img"), "nothing is fetched");
    let json = world.admin.get(&format!("/api/v1/conversations/{conversation}/export?format=json")).await.ok();
    let texts: Vec<&str> = json["messages"].as_array().unwrap().iter().filter_map(|message| message["text"].as_str()).collect();
    assert!(PAYLOADS.iter().all(|payload| texts.contains(payload)));
}

async fn killed_while_it_indexes_it_finds_everything_once(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let mut all = Vec::new();
    for round in 0..4 {
        for customer in 0..60 {
            let words = format!("ronda{round} cliente{customer}");
            all.push((desk.channel.write(&format!("r{round}c{customer}"), &words).await, words));
        }
        // In the middle of whatever it does.
        world.crash().await;
    }
    let newest: Vec<&String> = all.iter().rev().take(50).map(|(id, _)| id).collect();
    until_found(&world.admin, "", &newest).await;
    let everything = |world: &World| {
        let admin = world.admin.clone();
        async move {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = admin.get(&format!("/api/v1/recordings?limit=200{cursor}")).await.ok();
                seen.extend(list(&page).iter().map(|item| text(&item["conversation"]["id"])));
                let Some(next) = page["next"].as_str() else { return seen };
                cursor = format!("&cursor={next}");
            }
        }
    };
    let mut expected: Vec<String> = all.iter().map(|(id, _)| id.clone()).collect();
    expected.reverse();
    assert_eq!(everything(&world).await, expected);
    for (id, words) in all.iter().step_by(17) {
        assert_eq!(found(&world.admin, &format!("q=%22{}%22", encoded(words))).await, std::slice::from_ref(id));
    }
    // Without an index it makes another one, and does not mind being killed while it does.
    world.kill();
    let folder = world.installation.data();
    for name in ["search.sqlite", "search.sqlite-wal", "search.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    if matches!(database, Database::Postgres(_)) {
        database.change(&folder, "DROP TABLE recordings; DROP TABLE recordings_state").await;
    }
    world.start().await;
    world.crash().await;
    until_found(&world.admin, "", &newest).await;
    assert_eq!(everything(&world).await, expected);
}

async fn what_is_gone_is_not_found(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let kept = desk.channel.write("a", "hola").await;
    let gone = desk.channel.write("b", "adiós").await;
    until_found(&world.admin, "", &[&gone, &kept]).await;
    world.kill();
    let file = world.installation.sqlite_file();
    const ERASE: &str = "DELETE FROM messages WHERE text = 'adiós'; \
         DELETE FROM conversations WHERE id NOT IN (SELECT conversation_id FROM messages)";
    database.change(&file, ERASE).await;
    world.start().await;
    assert_eq!(found(&world.admin, "").await, std::slice::from_ref(&kept));
    assert_eq!(found(&world.admin, "q=adios").await, Vec::<String>::new());
    world.admin.get(&format!("/api/v1/conversations/{gone}/export")).await.refused(404, "not_found");
}

async fn a_conversation_is_taken_out_as_a_file(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("5491159876543", "¿Me mandan la factura?").await;
    tab.conversation(&conversation, "active").await;
    for number in 0..450 {
        desk.channel.tell(&format!("m{number}"), "5491159876543", &format!("línea {number}")).await.ok();
    }
    let file = upload(&agent.api, &format!("name=factura.pdf&conversation={conversation}"), "%PDF-1.4 x").await.id();
    let reply = json!({ "text": "Acá va", "attachments": [file] });
    agent.api.post(&format!("/api/v1/conversations/{conversation}/messages"), reply).await.ok();
    let path = format!("/api/v1/conversations/{conversation}/export");
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": desk.client }])).await;

    let page = supervisor.api.get(&path).await;
    let html = String::from_utf8(page.ok_bytes().to_vec()).unwrap();
    assert!(page.header("content-disposition").starts_with("attachment; filename=\"conversacion-"), "{page}");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(html.contains("Content-Security-Policy") && html.ends_with("</html>\n"), "{html}");
    for words in ["¿Me mandan la factura?", "línea 0", "línea 449", "Acá va", "factura.pdf", "Marta", &agent.login] {
        assert!(html.contains(words), "no {words}");
    }
    assert_eq!(html.matches("<article").count(), 452);

    let json = supervisor.api.get(&format!("{path}?format=json")).await.ok();
    assert_eq!(json["messages"].as_array().unwrap().len(), 452);
    assert_eq!((&json["cut"], &json["agents"][0]["id"]), (&json!(false), &json!(agent.id)));
    assert_eq!(json["conversation"]["contact_address"], "5491159876543");

    let txt = supervisor.api.get(&format!("{path}?format=txt&language=en")).await;
    let txt_body = String::from_utf8(txt.ok_bytes().to_vec()).unwrap();
    assert!(txt.header("content-disposition").contains("conversation-") && txt_body.contains("Campaign: "), "{txt_body}");
    supervisor.api.get(&format!("{path}?format=pdf")).await.refused_field("format", "not_possible");
    supervisor.api.get(&format!("{path}?language=fr")).await.refused_field("language", "not_possible");

    // Who took it out is on record.
    let rows = world.installation.rows().await;
    let taken = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row.strip_prefix("log ")?).ok()).filter(|entry| {
        entry["kind"] == "config"
            && entry["data"].as_str().is_some_and(|data| data.contains("export") && data.contains(&conversation))
    });
    let by: Vec<String> = taken.map(|entry| text(&entry["actor"])).collect();
    assert_eq!(by, [format!("user:{}", supervisor.id), format!("user:{}", supervisor.id), format!("user:{}", supervisor.id)]);
}

/// How fast it is with 100,000 conversations and 500,000 messages:
/// `CENTRALITA_TEST_PATIENCE=1200 cargo test --test black_box measured -- --ignored --nocapture`.
mod measured {
    #[test]
    #[ignore = "takes minutes; the figures are in docs/recordings.md"]
    fn on_sqlite() {
        crate::database::on_sqlite(super::how_fast_it_is);
    }
    #[test]
    #[ignore = "takes minutes; the figures are in docs/recordings.md"]
    fn on_postgres() {
        crate::database::on_postgres(super::how_fast_it_is);
    }
}

/// Half of the messages hold `hola`; one in 5,000 holds `p17`; every conversation has a number of its own. Written in SQL so that it
/// takes seconds. `$STATE` is a real conversation's.
const SQLITE_BULK: &str = "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 99999) SELECT i, \
     printf('0190%04x-%04x-7000-8000-%012x', i / 65536, i % 65536, i) AS id, 1700000000000000 + i * 900000000 AS at FROM c; \
     CREATE TEMP TABLE t AS SELECT * FROM conversations LIMIT 1; \
     INSERT INTO contacts (id, client_id, name, created_at) SELECT n.id, t.client_id, 'Cliente ' || n.i, n.at FROM n, t; \
     INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) \
     SELECT t.client_id, 'api', printf('+54911%08d', n.i), n.id, n.at FROM n, t; \
     INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, is_open, seq, arrived_at, state) \
     SELECT n.id, t.client_id, t.channel_id, t.campaign_id, n.id, 'closed', 0, 9, n.at, \
     replace(replace(replace(t.state, t.id, n.id), t.contact_id, n.id), CAST(t.arrived_at AS TEXT), CAST(n.at AS TEXT)) FROM n, t; \
     INSERT INTO messages (conversation_id, seq, id, author, text, at) \
     SELECT n.id, m.value, printf('%s%03d', substr(n.id, 1, 33), m.value), 'contact', \
     CASE (n.i + m.value) % 2 WHEN 0 THEN 'hola, ' ELSE 'gracias: ' END || 'sobre el pedido p' || ((n.i * 5 + m.value) * 7919 % 5000) \
     || ' de la palabra' || ((n.i * 5 + m.value) % 20011) || ' que llegó el día ' || (n.i % 30) || ' a la sucursal ' || (n.i % 97), n.at + m.value \
     FROM n, json_each('[2,3,4,5,6]') m;";
const POSTGRES_BULK: &str = "CREATE TEMP TABLE n AS SELECT i, '0190' || lpad(to_hex(i / 65536), 4, '0') || '-' || lpad(to_hex(i % 65536), 4, '0') \
     || '-7000-8000-' || lpad(to_hex(i), 12, '0') AS id, 1700000000000000 + i::bigint * 900000000 AS at FROM generate_series(0, 99999) i; \
     CREATE TEMP TABLE t AS SELECT * FROM conversations LIMIT 1; \
     INSERT INTO contacts (id, client_id, name, created_at) SELECT n.id, t.client_id, 'Cliente ' || n.i, n.at FROM n, t; \
     INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) \
     SELECT t.client_id, 'api', '+54911' || lpad(n.i::text, 8, '0'), n.id, n.at FROM n, t; \
     INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, is_open, seq, arrived_at, state) \
     SELECT n.id, t.client_id, t.channel_id, t.campaign_id, n.id, 'closed', 0, 9, n.at, \
     replace(replace(replace(t.state, t.id, n.id), t.contact_id, n.id), t.arrived_at::text, n.at::text) FROM n, t; \
     INSERT INTO messages (conversation_id, seq, id, author, text, at) \
     SELECT n.id, m, left(n.id, 33) || lpad(m::text, 3, '0'), 'contact', \
     CASE (n.i + m) % 2 WHEN 0 THEN 'hola, ' ELSE 'gracias: ' END || 'sobre el pedido p' || ((n.i * 5 + m)::bigint * 7919 % 5000) \
     || ' de la palabra' || ((n.i * 5 + m) % 20011) || ' que llegó el día ' || (n.i % 30) || ' a la sucursal ' || (n.i % 97), n.at + m \
     FROM n, generate_series(2, 6) m; ANALYZE";

async fn how_fast_it_is(database: Database) {
    let mut world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let other = world.campaign(&desk.client, json!({})).await;
    desk.channel.write("first", "hola").await;
    world.kill();
    let bulk = if matches!(database, Database::Sqlite) { SQLITE_BULK } else { POSTGRES_BULK };
    let started = Instant::now();
    database.change(&world.installation.sqlite_file(), bulk).await;
    eprintln!("made up in {:?}", started.elapsed());
    for name in ["search.sqlite", "search.sqlite-wal", "search.sqlite-shm"] {
        let _ = std::fs::remove_file(world.installation.data().join(name));
    }
    if matches!(database, Database::Postgres(_)) {
        database.change(&world.installation.data(), "DROP TABLE recordings; DROP TABLE recordings_state").await;
    }
    let started = Instant::now();
    world.start().await;
    while world.admin.get("/api/v1/recordings?limit=1").await.ok().get("behind").is_some() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    eprintln!("indexed in {:?}", started.elapsed());
    if let Ok(about) = std::fs::metadata(world.installation.data().join("search.sqlite")) {
        eprintln!("{} MB", about.len() / 1_000_000);
    }
    let supervisor = world.person("supervisor", json!([{ "kind": "client", "id": desk.client }])).await;
    for query in [
        "",
        "q=hola",
        "q=hola+gracias+pedido",
        "q=p17",
        "q=palabra123",
        "q=pala",
        "q=%22sucursal+17%22",
        "q=hola&from=2023-12-01&to=2023-12-07",
        "from=2024-01-01&to=2024-01-01",
        "customer=00054321",
        "customer=cliente+5432",
        "q=nunca+jamas+dicho",
        &format!("campaign={}&q=hola", desk.campaign),
        &format!("campaign={other}&q=hola"),
        &format!("campaign={},{other}&kind=webchat&q=hola", desk.campaign),
    ] {
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..11 {
            let started = Instant::now();
            count = found(&supervisor.api, query).await.len();
            times.push(started.elapsed());
        }
        times.sort();
        eprintln!("{:>6.1} ms (worst {:>6.1}) {count:>3} {query}", times[5].as_secs_f64() * 1e3, times[10].as_secs_f64() * 1e3);
    }
    // The last page of everything.
    let deep = world.admin.get("/api/v1/recordings?to=2023-11-16&q=hola").await;
    let started = Instant::now();
    let again = world.admin.get("/api/v1/recordings?to=2023-11-16&q=hola").await.ok();
    eprintln!("{:>6.1} ms {:>3} the oldest", started.elapsed().as_secs_f64() * 1e3, list(&again).len());
    assert_eq!(deep.ok(), again);
}
