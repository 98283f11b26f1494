//! What every read and write keeps to.

use super::*;

async fn reading_changes_nothing(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, _] = two_clients(&service, &root).await;
    let a = write_to(&service, &root, a, world.seconds()).await;
    let before = world.head().await;
    for route in
        ROUTES.iter().filter(|route| route.method == Method::GET && route.status != 101 && route.access != Access::Visitor)
    {
        // Who took a conversation out is noted.
        if route.path.ends_with("/export") {
            continue;
        }
        let kind = route.path.split('/').nth(3).unwrap_or_default();
        let id = a.get(kind).and_then(Value::as_str).unwrap_or("x");
        let answer = call(&service, Method::GET, &route.path.replace("{id}", id), &root, None).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 404 | 422), "{} {:?}", route.path, answer.body);
    }
    assert_eq!(world.head().await, before);
}

async fn all_fields_at_fault_are_told_at_once(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let body = json!({"client": UserId::NIL, "name": " ", "weight": 0, "offer_seconds": 4, "max_per_agent": 10_001});
    let answer = call(&service, Method::POST, "/api/v1/campaigns", &root, Some(body)).await.is(422).json();
    let errors = answer["errors"].as_array().unwrap();
    let fields: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["client", "name", "weight", "max_per_agent", "offer_seconds"]);
    for (body, code) in [
        (json!({"name": "A", "id": "x"}), "unknown_field"),
        (json!({"zone": "UTC"}), "missing_field"),
        (json!({"name": 7}), "wrong_type"),
        (json!({"name": "A", "zone": "Mars/Olympus"}), "not_possible"),
    ] {
        let answer = call(&service, Method::POST, "/api/v1/clients", &root, Some(body)).await.is(422).json();
        assert_eq!(answer["errors"][0]["code"], code);
    }
    let raw = |body: Vec<u8>| {
        request(&Method::POST, "/api/v1/clients", &root).insert_header(("Content-Type", "application/json")).set_payload(body)
    };
    assert_eq!(send(&service, raw(b"{\"name\":".to_vec())).await.is(400).code(), "malformed_json");
    assert_eq!(send(&service, raw(b"{\"name\":\"\xff\"}".to_vec())).await.is(400).code(), "invalid_utf8");
    let deep = [b"{\"name\":".to_vec(), vec![b'['; 100_000]].concat();
    assert!(matches!(send(&service, raw(deep)).await.status.as_u16(), 400 | 422));
    assert_eq!(send(&service, raw(vec![b' '; 3 * 1024 * 1024])).await.is(413).code(), "too_large");
    for query in ["limit=0", "limit=1000000000", "cursor=x'", "nothing=1"] {
        call(&service, Method::GET, &format!("/api/v1/clients?{query}"), &root, None).await.is(422);
    }
}

async fn a_repeated_write_has_one_effect_and_one_answer_also_after_a_restart(world: World) {
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let post = |key: &str, body: Value| {
        request(&Method::POST, "/api/v1/clients", &root).insert_header(("Idempotency-Key", key)).set_json(body)
    };
    let first = {
        let service = service!(world);
        let (one, two) =
            futures_util::join!(send(&service, post("k", json!({"name": "A"}))), send(&service, post("k", json!({"name": "A"}))));
        let (one, two) = (one.is(201), two.is(201));
        assert_eq!(one.body, two.body, "two at once");
        assert_eq!(send(&service, post("k", json!({"name": "B"}))).await.is(422).code(), "idempotency_key_reused");
        for key in ["", "with space", "ñ", &"k".repeat(201)] {
            assert_eq!(send(&service, post(key, json!({"name": "A"}))).await.is(400).code(), "idempotency_key_invalid");
        }
        one.body
    };
    let world = world.restarted().await;
    let service = service!(world);
    assert_eq!(send(&service, post("k", json!({"name": "A"}))).await.is(201).body, first);
    let list = call(&service, Method::GET, "/api/v1/clients", &root, None).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let other = world.token(Role::Admin, vec![Scope::All]).await;
    let same_key =
        request(&Method::POST, "/api/v1/clients", &other).insert_header(("Idempotency-Key", "k")).set_json(json!({"name": "A"}));
    assert_ne!(send(&service, same_key).await.is(201).body, first, "a key belongs to its caller");
}

async fn a_secret_is_shown_once_and_not_kept_for_repeated_requests(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, _] = two_clients(&service, &root).await;
    let path = format!("/api/v1/channels/{}/secrets", a["channels"].as_str().unwrap());
    let post = || request(&Method::POST, &path, &root).insert_header(("Idempotency-Key", "s"));
    let first = send(&service, post()).await.is(201).json();
    let secret = first["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let again = send(&service, post()).await.is(201).json();
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &Value::Null));
    let list = call(&service, Method::GET, &path, &root, None).await.is(200);
    assert!(!String::from_utf8_lossy(&list.body).contains(secret));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);

    let token = || {
        let body = json!({"name": "t", "role": "supervisor", "scopes": [{"kind": "all"}]});
        request(&Method::POST, "/api/v1/tokens", &root).insert_header(("Idempotency-Key", "t")).set_json(body)
    };
    let made = send(&service, token()).await.is(201).json();
    assert_eq!(send(&service, token()).await.is(201).json()["secret"], Value::Null);
    let with = With::Bearer(made["secret"].as_str().unwrap().to_owned());
    call(&service, Method::GET, "/api/v1/me", &with, None).await.is(200);
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    call(&service, Method::DELETE, &path, &root, None).await.is(204);
    call(&service, Method::GET, "/api/v1/me", &with, None).await.is(401);
}

on_both! {
    reading_changes_nothing;
    all_fields_at_fault_are_told_at_once;
    a_repeated_write_has_one_effect_and_one_answer_also_after_a_restart;
    a_secret_is_shown_once_and_not_kept_for_repeated_requests;
}
