//! Conversations, files and contacts over HTTP.

use super::*;

async fn a_signed_message_is_stored_once_and_everything_else_is_refused(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(&service, &root).await;
    let (channel, other) = (a["channels"].as_str().unwrap(), b["channels"].as_str().unwrap());
    let path = format!("/api/v1/channels/{channel}/secrets");
    let made = call(&service, Method::POST, &path, &root, None).await.is(201).json();
    let secret: SigningSecret = made["secret"].as_str().unwrap().parse().unwrap();
    let now = world.seconds();
    let body = message("m-1", "cust-1", "hola");

    let stored = send(&service, hook(channel, &secret, now, &body)).await.is(200).json();
    assert_eq!(stored["status"], "stored");
    assert_eq!(send(&service, hook(channel, &secret, now, &body)).await.is(200).json(), json!({"status": "repeated"}));

    let refused = async |request: test::TestRequest| {
        let answer = send(&service, request).await;
        (answer.status.as_u16(), answer.code())
    };
    let told = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(refused(hook(channel, &secret, now - 301, &body)).await, told(401, "signature_too_old"));
    assert_eq!(refused(hook(other, &secret, now, &body)).await, told(401, "signature_no_secret"));
    assert_eq!(
        refused(hook(channel, &secret, now, &body).set_payload(format!("{body} "))).await,
        told(401, "signature_mismatch")
    );
    let nowhere = ConversationId::from_u128(1).to_string();
    assert_eq!(refused(hook(&nowhere, &secret, now, &body)).await, told(404, "not_found"));
    assert_eq!(refused(hook(channel, &secret, now, &"x".repeat(262_145))).await, told(413, "too_large"));
    assert_eq!(refused(hook(channel, &secret, now, "{")).await, told(400, "malformed_json"));
    assert_eq!(refused(hook(channel, &secret, now, r#"{"type":"message","extra":1}"#)).await, told(422, "invalid"));
    let unsigned = request(&Method::POST, &format!("/hooks/{channel}"), &With::Nothing).set_payload(body.clone());
    assert_eq!(refused(unsigned).await, told(401, "signature_header_missing"));
    let receipt =
        json!({"type": "receipt", "receipt": {"conversation": stored["conversation"], "message": nowhere, "status": "read"}});
    assert_eq!(refused(hook(channel, &secret, now, &receipt.to_string())).await, told(404, "not_found"));

    let client = a["clients"].as_str().unwrap();
    call(&service, Method::PATCH, &format!("/api/v1/clients/{client}"), &root, Some(json!({"enabled": false}))).await.is(200);
    assert_eq!(refused(hook(channel, &secret, now, &body)).await, told(404, "not_found"));
}

async fn an_agent_takes_answers_and_closes_a_conversation_that_others_do_not_see(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(&service, &root).await;
    let channel = a["channels"].as_str().unwrap();
    let made = call(&service, Method::POST, &format!("/api/v1/channels/{channel}/secrets"), &root, None).await.is(201).json();
    let secret: SigningSecret = made["secret"].as_str().unwrap().parse().unwrap();
    let now = world.seconds();
    let (agent, other) = (sign_in(&service, "agent-A").await, sign_in(&service, "agent-B").await);
    let id: UserId = a["users"].as_str().unwrap().parse().unwrap();
    world.app.engine.agent(id, AgentCommand::SignIn, By::User(id), None).await.unwrap();
    world.app.engine.attach(id, Attach { id: 1, sink: Arc::new(OpenTab), resume: None });

    let stored = send(&service, hook(channel, &secret, now, &message("m-1", "cust-1", "hola"))).await.is(200).json();
    let path = format!("/api/v1/conversations/{}", stored["conversation"].as_str().unwrap());
    let seen = async |with: &With| call(&service, Method::GET, &path, with, None).await;
    let mut offer = Value::Null;
    for _ in 0..200 {
        let answer = seen(&agent).await;
        if answer.status == 200 {
            offer = answer.json()["standing"]["offer"].clone();
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(offer.is_string(), "it was offered");
    let supervisor_of_b =
        world.token(Role::Supervisor, vec![Scope::Client(b["clients"].as_str().unwrap().parse().unwrap())]).await;
    let nowhere = format!("/api/v1/conversations/{}", ConversationId::from_u128(1));
    let nothing = call(&service, Method::GET, &nowhere, &other, None).await.is(404);
    for with in [&other, &supervisor_of_b] {
        assert_eq!(seen(with).await.is(404).body, nothing.body);
        let answer = call(&service, Method::POST, &format!("{path}/close"), with, Some(json!({}))).await;
        assert_eq!(answer.is(404).body, nothing.body);
        let list = call(&service, Method::GET, "/api/v1/conversations", with, None).await.is(200).json();
        assert_eq!(list, json!({"items": [], "next": null}));
    }
    let list = call(&service, Method::GET, "/api/v1/conversations?phase=offered", &agent, None).await.is(200).json();
    assert_eq!(list["items"][0]["id"], stored["conversation"]);
    assert_eq!((&list["items"][0]["contact_name"], &list["items"][0]["contact_address"]), (&json!("Luz"), &json!("cust-1")));

    let post = async |end: &str, body: Value| call(&service, Method::POST, &format!("{path}{end}"), &agent, Some(body)).await;
    post("/accept", json!({"offer": offer})).await.is(200);
    let file = request(
        &Method::POST,
        &format!("/api/v1/attachments?name=..%2Fa.html&conversation={}", stored["conversation"].as_str().unwrap()),
        &agent,
    );
    let file = send(&service, file.set_payload("<html><script>alert(1)</script>")).await.is(201).json();
    assert_eq!((&file["name"], &file["media_type"]), (&json!("a.html"), &json!("application/octet-stream")));
    let reply = || {
        let body = json!({"text": "buenas\u{0}", "attachments": [file["id"]]});
        request(&Method::POST, &format!("{path}/messages"), &agent).insert_header(("Idempotency-Key", "r")).set_json(body)
    };
    let first = send(&service, reply()).await.is(200);
    assert_eq!(send(&service, reply()).await.is(200).body, first.body, "one effect, one answer");
    let thread = call(&service, Method::GET, &format!("{path}/messages?limit=1"), &agent, None).await.is(200).json();
    assert_eq!(thread["items"][0]["text"], "buenas\u{fffd}");
    let before = thread["next"].as_str().unwrap();
    let thread = call(&service, Method::GET, &format!("{path}/messages?before={before}"), &agent, None).await.is(200).json();
    assert_eq!((&thread["items"][0]["text"], &thread["next"]), (&json!("hola"), &Value::Null));

    let file = format!("/api/v1/attachments/{}", file["id"].as_str().unwrap());
    let got = call(&service, Method::GET, &file, &agent, None).await.is(200);
    assert_eq!(&got.body[..], b"<html><script>alert(1)</script>");
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, max-age=31536000, immutable"),
    ] {
        assert_eq!(got.headers.get(name).unwrap(), value);
    }
    assert!(got.headers.get("content-disposition").unwrap().to_str().unwrap().starts_with("attachment; filename=\"a.html\""));
    assert_eq!(call(&service, Method::GET, &file, &other, None).await.is(404).body, nothing.body);

    assert_eq!(post("/close", json!({"disposition": b["dispositions"]})).await.is(422).code(), "invalid");
    assert_eq!(post("/close", json!({})).await.is(422).code(), "disposition_needed");
    post("/close", json!({"disposition": a["dispositions"]})).await.is(200);
    assert_eq!(seen(&agent).await.is(404).body, nothing.body, "no longer theirs");
    assert_eq!(seen(&root).await.is(200).json()["standing"]["is"], "ended");
    assert_eq!(post("/messages", json!({"text": "x"})).await.is(409).code(), "conversation_closed");
}

async fn a_file_that_is_too_large_or_whose_type_would_run_is_not_let_through(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(&service, &root).await;
    let of = |client: &Value| format!("/api/v1/attachments?name=x.png&channel={}", client["channels"].as_str().unwrap());
    let upload =
        async |path: &str, with: &With, body: Vec<u8>| send(&service, request(&Method::POST, path, with).set_payload(body)).await;
    assert_eq!(upload(&of(&a), &root, vec![0; 64 * 1024 + 1]).await.is(413).code(), "too_large");
    assert_eq!(upload(&of(&a), &root, vec![]).await.is(422).code(), "invalid");
    let png = upload(&of(&a), &root, b"\x89PNG\r\n\x1a\n0000".to_vec()).await.is(201).json();
    assert_eq!((&png["media_type"], &png["size"]), (&json!("image/png"), &json!(12)));
    let supervisor = world.token(Role::Supervisor, vec![Scope::Client(a["clients"].as_str().unwrap().parse().unwrap())]).await;
    upload(&of(&b), &supervisor, vec![1]).await.is(404);
    upload("/api/v1/attachments?name=x", &supervisor, vec![1]).await.is(422);
    for path in
        ["/api/v1/attachments/..%2f..%2fetc%2fpasswd", "/api/v1/attachments/%2e%2e/%2e%2e/etc/passwd", "/api/v1/attachments/x"]
    {
        call(&service, Method::GET, path, &root, None).await.is(404);
    }
}

async fn contacts_are_found_by_part_of_a_name_or_address_and_nothing_in_a_search_means_more_than_itself(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(&service, &root).await;
    let channel = a["channels"].as_str().unwrap();
    let made = call(&service, Method::POST, &format!("/api/v1/channels/{channel}/secrets"), &root, None).await.is(201).json();
    let secret: SigningSecret = made["secret"].as_str().unwrap().parse().unwrap();
    let now = world.seconds();
    for number in 1..=3 {
        let body = message(&format!("m-{number}"), &format!("cust_{number}"), "hola");
        send(&service, hook(channel, &secret, now, &body)).await.is(200);
    }
    let found = async |with: &With, query: &str| {
        let list = call(&service, Method::GET, &format!("/api/v1/contacts?{query}"), with, None).await.is(200).json();
        list["items"].as_array().unwrap().len()
    };
    for (query, count) in
        [("q=LUZ", 3), ("q=cust_2", 1), ("q=cust%252", 0), ("q=%25", 0), ("q=_", 3), ("q='%20OR%201=1--", 0), ("", 3)]
    {
        assert_eq!(found(&root, query).await, count, "{query}");
    }
    let supervisor = world.token(Role::Supervisor, vec![Scope::Client(b["clients"].as_str().unwrap().parse().unwrap())]).await;
    assert_eq!(found(&supervisor, "").await, 0);
    let list = call(&service, Method::GET, "/api/v1/contacts?limit=2", &root, None).await.json();
    let next = list["next"].as_str().unwrap();
    assert_eq!(found(&root, &format!("limit=2&cursor={next}")).await, 1);

    let path = format!("/api/v1/contacts/{}", list["items"][0]["id"].as_str().unwrap());
    let renamed = call(&service, Method::PATCH, &path, &root, Some(json!({"name": " Sol "}))).await.is(200).json();
    assert_eq!(renamed["name"], "Sol");
    let add = |value: &str| Some(json!({"kind": "email", "value": value}));
    let path = format!("{path}/addresses");
    call(&service, Method::POST, &path, &root, add("Sol@Example.com")).await.is(201);
    assert_eq!(
        call(&service, Method::POST, &path, &root, add("sol@example.com")).await.is(422).json()["errors"][0]["code"],
        "taken"
    );
    assert_eq!(call(&service, Method::POST, &path, &supervisor, add("x@example.com")).await.is(404).code(), "not_found");
}

on_both! {
    a_signed_message_is_stored_once_and_everything_else_is_refused;
    an_agent_takes_answers_and_closes_a_conversation_that_others_do_not_see;
    a_file_that_is_too_large_or_whose_type_would_run_is_not_let_through;
    contacts_are_found_by_part_of_a_name_or_address_and_nothing_in_a_search_means_more_than_itself;
}
