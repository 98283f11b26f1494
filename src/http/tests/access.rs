//! Who may what, over the whole table of routes.

use super::*;

async fn every_route_of_the_table_is_registered_and_asks_who_calls(world: World) {
    let service = service!(world);
    for route in ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let known = call(&service, Method::OPTIONS, &path, &With::Nothing, None).await;
        assert_eq!((known.status.as_u16(), known.code()), (405, "method_not_allowed".to_owned()), "{path}");
        assert!(known.headers.get("allow").unwrap().to_str().unwrap().contains(route.method.as_str()));
        if matches!(route.access, Access::Own | Access::Any(_)) {
            let answer = call(&service, route.method.clone(), &path, &With::Nothing, None).await;
            assert_eq!(answer.status, 401, "{} {path}", route.method);
            if !path.starts_with("/api/") {
                continue;
            }
            assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
            assert_eq!(answer.headers.get("x-content-type-options").unwrap(), "nosniff");
            assert_eq!(answer.headers.get("vary").unwrap(), "Cookie, Authorization, Origin");
        }
    }
    call(&service, Method::GET, "/api/v1/nothing", &With::Nothing, None).await.is(404);
}

async fn a_role_is_refused_exactly_where_it_holds_no_permission(world: World) {
    let service = service!(world);
    for role in [Role::Admin, Role::Supervisor, Role::Agent, Role::Auditor] {
        let with = world.token(role, vec![Scope::All]).await;
        for route in ROUTES {
            let Access::Any(permissions) = route.access else { continue };
            let granted = permissions.iter().any(|permission: &Permission| role.grants(*permission));
            let answer = call(&service, route.method.clone(), &route.path.replace(['{', '}'], ""), &with, None).await;
            assert_eq!(answer.status != 403, granted, "{role:?} {} {} {:?}", route.method, route.path, answer.body);
        }
    }
}

async fn what_belongs_to_another_client_reads_exactly_like_what_does_not_exist(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(&service, &root).await;
    let a = write_to(&service, &root, a, world.seconds()).await;
    let b = write_to(&service, &root, b, world.seconds()).await;
    let scope = |client: &Value| vec![Scope::Client(client["clients"].as_str().unwrap().parse().unwrap())];
    let admin_of_a = world.token(Role::Admin, scope(&a)).await;
    let before = world.head().await;
    let unknown = json!(ConversationId::from_u128(77));
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/v1/") && route.path.contains("{id}")) {
        let kind = route.path.split('/').nth(3).unwrap();
        let (Some(foreign), false) = (b.get(kind), kind == "tokens" && route.method == Method::GET) else { continue };
        let user = b["users"].as_str().unwrap();
        let fill = |id: &Value| {
            route
                .path
                .replace("{id}", id.as_str().unwrap())
                .replace("{user}", user)
                .replace("{message}", user)
                .replace("{provider}", "google")
                .replace("{number}", "0")
                .replace("{secret}", user)
        };
        let body = (!matches!(route.method, Method::GET | Method::DELETE)).then(|| match route.path {
            path if path.ends_with("{secret}") => json!({"expires_at": null}),
            path if path.ends_with("{user}") => json!({"penalty": 1}),
            path if path.ends_with("/messages") || path.ends_with("/notes") => json!({"text": "x"}),
            path if path.ends_with("/accept") || path.ends_with("/decline") => json!({"offer": unknown}),
            path if path.ends_with("/transfer") => json!({"campaign": a["campaigns"]}),
            path if path.ends_with("/consult") => json!({"agent": unknown}),
            path if path.ends_with("/snooze") => json!({"until": "2999-01-01T00:00:00Z"}),
            path if path.ends_with("/skills") => json!({"skills": []}),
            path if path.ends_with("/tags") => json!({"tags": []}),
            path if path.ends_with("/priority") => json!({"priority": "high"}),
            path if path.ends_with("/close") || path.ends_with("/invitation") => json!({}),
            path if path.ends_with("/mail-areas") => json!({"areas": []}),
            path if path.ends_with("{provider}") => json!({"client_id": "x"}),
            path if path.ends_with("/fields") => json!({"values": {}}),
            path if path.ends_with("/addresses") => json!({"kind": "email", "value": "x@example.com"}),
            _ => json!({"name": "mine now"}),
        });
        let theirs = call(&service, route.method.clone(), &fill(foreign), &admin_of_a, body.clone()).await;
        let nothing = call(&service, route.method.clone(), &fill(&unknown), &admin_of_a, body).await;
        assert_eq!((theirs.status.as_u16(), &theirs.body), (404, &nothing.body), "{} {}", route.method, route.path);
        assert_eq!(format!("{:?}", theirs.headers), format!("{:?}", nothing.headers));
    }
    let tokens = call(&service, Method::GET, "/api/v1/tokens", &admin_of_a, None).await.is(200);
    assert!(!String::from_utf8_lossy(&tokens.body).contains(b["tokens"].as_str().unwrap()));
    for kind in ["clients", "schedules", "dispositions", "campaigns", "channels", "users", "contacts", "conversations"] {
        let list = call(&service, Method::GET, &format!("/api/v1/{kind}"), &admin_of_a, None).await.is(200).json();
        let own = list["items"].as_array().unwrap().iter().filter(|item| item["system"].is_null());
        let ids: Vec<&Value> = own.map(|item| &item["id"]).collect();
        assert_eq!(ids, [&a[kind]], "{kind}");
    }
    // Foreign ids inside a body are as unknown as made-up ones.
    for id in [&b["clients"], &unknown] {
        let body = json!({"client": id, "name": "x"});
        let answer = call(&service, Method::POST, "/api/v1/dispositions", &admin_of_a, Some(body)).await.is(422);
        assert_eq!(answer.json()["errors"][0]["code"], "unknown_reference");
    }
    let scopes = json!({"login": "x", "name": "x", "role": "admin", "scopes": [{"kind": "all"}]});
    call(&service, Method::POST, "/api/v1/users", &admin_of_a, Some(scopes)).await.is(422);
    assert_eq!(world.head().await, before, "nothing was changed");
}

on_both! {
    every_route_of_the_table_is_registered_and_asks_who_calls;
    a_role_is_refused_exactly_where_it_holds_no_permission;
    what_belongs_to_another_client_reads_exactly_like_what_does_not_exist;
}
