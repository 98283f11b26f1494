//! Requests that want more than they say: fields nobody offered, queries that would be code, numbers beyond all bounds
//! (security.md, 13, 14 and 50).

use std::time::{Duration, Instant};

use centralita::http::routes::{Access, ROUTES};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    api::{Answer, list},
    company::{Company, template},
    database::{Database, on_both, on_sqlite_only},
    world::World,
};

on_sqlite_only!(a_slow_client_is_cut_off_and_holds_nobody_up);

on_both!(
    a_field_that_is_not_offered_is_refused_and_writes_nothing,
    what_is_fixed_cannot_be_changed,
    whatever_text_is_sent_comes_back_as_that_text_or_not_at_all,
    no_query_is_ever_code,
    no_path_is_ever_code,
    a_list_is_never_longer_than_it_may_be,
    nesting_and_size_are_refused_on_every_write,
    a_visitor_sends_nonsense,
);

/// What other tables and careless servers call their columns.
const FOREIGN: [&str; 24] = [
    "id",
    "account_id",
    "client_id",
    "user_id",
    "role_id",
    "is_admin",
    "admin",
    "password_hash",
    "phc",
    "hash",
    "created_at",
    "updated_at",
    "status",
    "seq",
    "owner",
    "agent_id",
    "secret",
    "sealed",
    "token",
    "permissions",
    "uploaded_by",
    "__proto__",
    "constructor",
    "$set",
];

/// Where the body is a file.
const FILES: [&str; 3] = ["/api/v1/attachments", "/api/v1/resources", "/api/v1/resources/{id}/file"];

async fn a_field_that_is_not_offered_is_refused_and_writes_nothing(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let writes: Vec<_> = ROUTES
        .iter()
        .filter(|route| route.method != "GET" && !FILES.contains(&route.path))
        .filter(|route| matches!(route.access, Access::Any(_) | Access::Own | Access::Public))
        .filter_map(template)
        .filter(|request| request.body.is_some())
        .collect();
    // Every field that any body has, and those that none has.
    let mut fields: Vec<String> = FOREIGN.iter().map(|name| (*name).to_owned()).collect();
    for request in &writes {
        fields.extend(request.body.as_ref().unwrap().as_object().unwrap().keys().cloned());
    }
    fields.sort();
    fields.dedup();
    let document: Value = world.anonymous().get("/openapi.json").await.ok();
    let before = world.installation.rows().await;
    let mut tried = 0;
    for request in &writes {
        let (path, body) = request.filled(&company.ids, None);
        let known = fields_of(&document, request);
        let foreign: Vec<&String> = fields.iter().filter(|field| !known.contains(field)).collect();
        tried += foreign.len();
        let (path, body, company, world) = (&path, &body, &company, &world);
        // Together: nobody waits for an answer so long that the agent's tab would be missed.
        join_all(foreign.into_iter().map(async |field| {
            let mut body = body.clone().unwrap();
            body[field] = json!("x");
            for api in [&company.agent.api, &world.admin] {
                let answer = api.call(&request.method, path, Some(&body)).await;
                // A program is nobody: it has no profile.
                let is_nobody = answer.status == 404 && path.starts_with("/api/v1/me");
                if answer.status != 403 && !is_nobody {
                    answer.refused_field(field, "unknown_field");
                }
            }
        }))
        .await;
    }
    assert!(tried > 300, "only {tried}");
    assert_eq!(world.installation.rows().await, before);
}

/// The fields that the documentation offers for a request.
fn fields_of(document: &Value, request: &crate::company::Template) -> Vec<String> {
    let pattern = ROUTES
        .iter()
        .find(|route| template(route).is_some_and(|known| known.path == request.path && known.method == request.method));
    let operation = &document["paths"][pattern.unwrap().path][request.method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let name =
        schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_else(|| panic!("no schema: {operation}"));
    document["components"]["schemas"][name]["properties"].as_object().unwrap().keys().cloned().collect()
}

async fn what_is_fixed_cannot_be_changed(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let before = world.installation.rows().await;
    let root = &world.admin;
    let theirs = b.ids["client"].clone();
    for kind in ["campaign", "channel", "schedule", "disposition"] {
        let path = format!("/api/v1/{kind}s/{}", a.ids[kind]);
        root.patch(&path, json!({ "client": theirs })).await.refused_field("client", "not_possible");
    }
    root.patch(&format!("/api/v1/channels/{}", a.ids["channel"]), json!({ "kind": "webchat" }))
        .await
        .refused_field("kind", "not_possible");
    let disposition = format!("/api/v1/dispositions/{}", a.ids["disposition"]);
    let moved = root.patch(&disposition, json!({ "parent": a.ids["disposition"] })).await;
    moved.refused_field("parent", "not_possible");
    for patch in [json!([]), json!("x"), json!(7), Value::Null] {
        let answer = root.patch(&disposition, patch).await;
        assert_eq!(answer.status, 422, "{answer}");
    }
    assert_eq!(world.installation.rows().await, before);
}

/// Of the corpora that sanitisers are tested with (security.md, 1).
pub(crate) const PAYLOADS: [&str; 14] = [
    "<script>window.__xss=1</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<style>@import 'http://127.0.0.1/x';</style>",
    "</title><script>alert(1)</script>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

/// Where the texts of a body stand, but for ids.
fn texts(body: &Value, at: &str, found: &mut Vec<String>) {
    match body {
        Value::String(text) if !text.contains("{{") => found.push(at.to_owned()),
        Value::Object(fields) => {
            let named = fields.iter().filter(|(name, _)| !name.contains("{{"));
            named.for_each(|(name, value)| texts(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| texts(value, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

/// In every text field of every write of the table (security.md, 1).
async fn whatever_text_is_sent_comes_back_as_that_text_or_not_at_all(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let mut kept = 0;
    for route in ROUTES.iter().filter(|route| route.method != "GET" && !FILES.contains(&route.path)) {
        let Some(request) = template(route) else { continue };
        let mut places = Vec::new();
        texts(request.body.as_ref().unwrap_or(&Value::Null), "", &mut places);
        let api = if route.access == Access::Own { &company.agent.api } else { &world.admin };
        for (number, place) in places.iter().enumerate() {
            for payload in PAYLOADS {
                let payload = format!("{payload}-{number}");
                let (path, body) = request.filled(&company.ids, None);
                let mut body = body.unwrap();
                *body.pointer_mut(place).unwrap() = json!(payload);
                let answer = api.call(&request.method, &path, Some(&body)).await;
                assert!(answer.status < 500, "{answer}");
                assert!(answer.body.is_empty() || answer.header("content-type").contains("json"), "{answer}");
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
                let json = answer.json();
                if let (200..300, Some(text)) = (answer.status, json.pointer(place).and_then(Value::as_str)) {
                    if place == "/html" {
                        // Kept clean, not as it came.
                        let left = ["<script", "<img", "<svg", "<iframe", "<style", "<math", "href"];
                        assert!(!left.iter().any(|bad| text.contains(bad)), "{answer}");
                    } else {
                        assert_eq!(text, payload, "{answer}");
                    }
                    kept += 1;
                }
            }
        }
    }
    assert!(kept > 200, "only {kept}");
}

const CODE: [&str; 22] = [
    "' OR 1=1--",
    "'; DROP TABLE messages;--",
    "1;select pg_sleep(2)",
    "'||pg_sleep(2)||'",
    "1 AND 1=(SELECT 1 FROM pg_sleep(2))",
    "\" OR \"\"=\"",
    "') OR ('1'='1",
    "%",
    "_",
    "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%x",
    "\\",
    "*",
    "{\"$gt\":\"\"}",
    "[]",
    "null",
    "-1",
    "9223372036854775808",
    "1e309",
    "../../etc/passwd",
    "%00",
    "\u{feff}\u{202e}",
    "${jndi:ldap://127.0.0.1/x}",
];

/// An answer without what the moment adds: how far the search index is behind.
fn of_the_question(answer: &Answer) -> Vec<u8> {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer.body.to_vec() };
    body.as_object_mut().map(|fields| fields.remove("behind"));
    body.to_string().into_bytes()
}

async fn no_query_is_ever_code(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let document: Value = world.anonymous().get("/openapi.json").await.ok();
    let before = world.installation.rows().await;
    let mut tried = 0;
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        let Some(request) = template(route) else { continue };
        let path = request.filled(&company.ids, None).0;
        let bare = path.split('?').next().unwrap();
        let parameters = &document["paths"][route.path]["get"]["parameters"];
        let names = parameters.as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        for name in names.map(|parameter| parameter["name"].as_str().unwrap()) {
            let mut inert = None;
            for value in ["inert", "x"].into_iter().chain(CODE) {
                let start = Instant::now();
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
                let answer = world.admin.get(&format!("{bare}?{query}")).await;
                assert!(start.elapsed() < Duration::from_secs(1), "{answer}: {:?}", start.elapsed());
                assert!(answer.status == 200 || answer.status == 422, "{answer}");
                let seen = (answer.status, of_the_question(&answer));
                // A number is one and not: only texts are compared with a text.
                if value.parse::<f64>().is_err() && !matches!(value, "*" | "\u{feff}\u{202e}") {
                    assert_eq!(&seen, inert.get_or_insert(seen.clone()), "{name}={value}: {answer}");
                }
                tried += 1;
            }
            let operator = world.admin.get(&format!("{bare}?{name}[$gt]=")).await;
            assert_eq!(operator.status, 422, "{operator}");
            let twice = world.admin.get(&format!("{bare}?{name}=1&{name}=2")).await;
            assert_eq!(twice.status, 422, "{twice}");
        }
        let unknown = world.admin.get(&format!("{bare}?order=1;drop")).await;
        let has_query = parameters.as_array().into_iter().flatten().any(|parameter| parameter["in"] == "query");
        assert!(unknown.status == 422 || !has_query, "{unknown}");
    }
    assert!(tried > 200, "{tried}");
    // What is searched for is what is meant.
    company.channel.write("100%_sure", "hola").await;
    let found = async |text: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        list(&world.admin.get(&format!("/api/v1/contacts?{query}")).await.ok()).len()
    };
    assert_eq!(
        (found("100%").await, found("%").await, found("0%_s").await, found("_s").await, found("__").await),
        (1, 1, 1, 1, 0)
    );
    assert!(world.installation.rows().await.len() > before.len());
}

async fn no_path_is_ever_code(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let before = world.installation.rows().await;
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/v1/") && route.path.contains("{id}")) {
        let Some(request) = template(route) else { continue };
        for value in CODE {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
            let (path, body) = request.filled(&company.ids, Some((0, &encoded)));
            let start = Instant::now();
            let answer = world.admin.call(&request.method, &path, body.as_ref()).await;
            assert!(start.elapsed() < Duration::from_secs(1), "{answer}");
            assert!(matches!(answer.status, 404 | 405), "{value}: {answer}");
        }
    }
    assert_eq!(world.installation.rows().await, before);
}

async fn a_list_is_never_longer_than_it_may_be(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    for number in 0..3 {
        world.client(&format!("client {number}")).await;
    }
    let lists = [
        "conversations",
        "contacts",
        "clients",
        "campaigns",
        "channels",
        "dispositions",
        "breaks",
        "schedules",
        "users",
        "tokens",
    ];
    for name in lists.map(str::to_owned).into_iter().chain([format!("campaigns/{}/members", company.ids["campaign"])]) {
        let path = format!("/api/v1/{name}");
        for limit in ["0", "201", "1000000000", "4294967296", "99999999999999999999", "-1", "1.5", "x", ""] {
            let answer = world.admin.get(&format!("{path}?limit={limit}")).await;
            answer.refused(422, "invalid");
        }
        for cursor in ["x", "0", "-1", "%00", "' OR 1=1--", "%ff", &"9".repeat(5_000)] {
            let answer = world.admin.get(&format!("{path}?cursor={cursor}")).await;
            answer.refused(422, "invalid");
        }
        // Page by page it is the same list.
        let whole = list(&world.admin.get(&format!("{path}?limit=200")).await.ok()).clone();
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.admin.get(&format!("{path}?limit=1{cursor}")).await.ok();
            assert!(list(&page).len() <= 1);
            paged.extend(list(&page).clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole, "{name}");
    }
    let messages = format!("/api/v1/conversations/{}/messages", company.ids["conversation"]);
    for query in ["limit=1000000000", "before=-1", "before=x", "before=18446744073709551616"] {
        world.admin.get(&format!("{messages}?{query}")).await.refused(422, "invalid");
    }
    assert_eq!(list(&world.admin.get(&format!("{messages}?before=18446744073709551615")).await.ok()).len(), 1);
    assert_eq!(list(&world.admin.get(&format!("{messages}?before=0")).await.ok()).len(), 0);
}

async fn a_slow_client_is_cut_off_and_holds_nobody_up(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let start = Instant::now();
    let mut heads = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(world.host()).await.unwrap();
        stream.write_all(b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        heads.push(stream);
    }
    let mut bodies = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(world.host()).await.unwrap();
        let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{", company.channel.path());
        stream.write_all(head.as_bytes()).await.unwrap();
        bodies.push(stream);
    }
    let quick = Instant::now();
    company.channel.write("somebody else", "hola").await;
    assert!(quick.elapsed() < Duration::from_secs(2), "{:?}", quick.elapsed());
    for (number, mut stream) in heads.into_iter().enumerate() {
        // A byte now and then does not buy more time.
        let _ = stream.write_all(b"x").await;
        let mut said = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(30).saturating_sub(start.elapsed()), stream.read_to_end(&mut said));
        assert!(end.await.is_ok(), "head {number} is still waited for after {:?}", start.elapsed());
        let said = String::from_utf8_lossy(&said);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    for (number, mut stream) in bodies.into_iter().enumerate() {
        let mut said = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(45).saturating_sub(start.elapsed()), stream.read_to_end(&mut said));
        assert!(end.await.is_ok(), "body {number} is still waited for after {:?}", start.elapsed());
    }
    company.channel.write("somebody else", "hola").await;
}

async fn nesting_and_size_are_refused_on_every_write(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let before = world.installation.rows().await;
    let mut long = Map::new();
    for number in 0..50_000 {
        long.insert(format!("field{number}"), json!(number));
    }
    let many = Value::Object(long).to_string();
    for route in ROUTES.iter().filter(|route| route.method != "GET" && matches!(route.access, Access::Any(_))) {
        let Some(request) = template(route).filter(|request| request.body.is_some() && !request.path.contains('?')) else {
            continue;
        };
        let path = request.filled(&company.ids, None).0;
        let send = async |body: String| {
            let sent = world.admin.request(&request.method, &path).header("content-type", "application/json").body(body);
            Answer::of(format!("{} {path}", request.method), sent).await
        };
        let deep = send(format!("{{\"name\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000))).await;
        assert!(matches!(deep.status, 400 | 422), "{deep}");
        assert!(matches!(send(many.clone()).await.status, 400 | 422));
        send(" ".repeat(3_000_000)).await.refused(413, "too_large");
        send("{\"\u{0}".to_owned()).await.refused(400, "malformed_json");
        let answer = send(String::new()).await;
        answer.refused(400, "malformed_json");
    }
    assert_eq!(world.installation.rows().await, before);
}

async fn a_visitor_sends_nonsense(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let token = world.visitor(&company.ids["chat"]).await;
    let visitor = crate::api::Api::bearer(world.host(), &token);
    let before = world.installation.rows().await;
    let send = async |key: &str, body: String| {
        let sent = visitor.request("POST", "/widget/v1/messages").header("idempotency-key", key).body(body);
        Answer::of("a visitor's message".to_owned(), sent).await
    };
    send("1", String::new()).await.refused(400, "malformed_json");
    send("2", "{".to_owned()).await.refused(400, "malformed_json");
    send("3", "[".repeat(10_000)).await.refused(422, "invalid");
    send("4", json!({ "text": "x", "channel": "x" }).to_string()).await.refused_field("channel", "unknown_field");
    send("5", json!({ "name": "x" }).to_string()).await.refused_field("text", "missing_field");
    send("6", json!({ "text": 7 }).to_string()).await.refused_field("", "wrong_type");
    send("7", "x".repeat(200_000)).await.refused(413, "too_large");
    send("", json!({ "text": "x" }).to_string()).await.refused(400, "idempotency_key_invalid");
    visitor.post("/widget/v1/messages", json!({ "text": "x" })).await.refused(400, "idempotency_key_missing");
    for text in ["", " \n\t "] {
        let answer = send("8", json!({ "text": text }).to_string()).await;
        assert_eq!(answer.status, 422, "{answer}");
    }
    send("9", json!({ "text": "x".repeat(16 * 1024 + 1) }).to_string()).await.refused(422, "message_too_long");
    assert_eq!(world.installation.rows().await, before);
    // The longest text there may be passes, with a name that looks like none.
    let name = "\u{202e}\0<b>".repeat(100);
    send("10", json!({ "text": "ñ".repeat(8 * 1024), "name": name }).to_string()).await.ok();
}
