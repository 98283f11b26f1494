//! Signing in with a browser (security.md, 39, 40, 43 and 44).

use std::time::{Duration, Instant};

use centralita::http::routes::{Access, ROUTES};
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, list},
    company::{Company, template},
    database::{Database, on_both},
    installation::Installation,
    socket::Socket,
    world::World,
};

on_both!(
    the_cookie_is_out_of_reach_of_scripts_and_foreign_pages,
    with_https_the_cookie_is_secure,
    whoever_cannot_sign_in_learns_nothing,
    guessing_is_slowed_down_and_the_owner_still_gets_in,
    signing_out_ends_the_session_and_its_sockets,
    a_foreign_page_changes_nothing,
    no_answer_to_somebody_is_kept_by_a_cache,
    reading_changes_nothing,
);

const PASSWORD: &str = "correct horse battery staple";

async fn user(world: &World, login: &str, role: &str) -> String {
    let user = json!({ "login": login, "name": login, "role": role, "scopes": [{ "kind": "all" }], "password": PASSWORD });
    world.admin.post("/api/v1/users", user).await.id()
}

async fn try_sign_in(world: &World, login: &str, password: &str) -> Answer {
    world.anonymous().post("/api/v1/session", json!({ "login": login, "password": password })).await
}

async fn sign_in(world: &World, login: &str) -> Api {
    let answer = try_sign_in(world, login, PASSWORD).await;
    answer.ok();
    Api::browser(world.host(), answer.header("set-cookie").split(';').next().unwrap())
}

async fn the_cookie_is_out_of_reach_of_scripts_and_foreign_pages(database: Database) {
    let mut world = World::new(&database).await;
    user(&world, "ana", "supervisor").await;
    let answer = try_sign_in(&world, "  ANA ", PASSWORD).await;
    assert_eq!(answer.ok()["role"], "supervisor");
    let cookie = answer.header("set-cookie").to_owned();
    let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    assert!(
        attributes.contains(&"HttpOnly") && attributes.contains(&"SameSite=Lax") && attributes.contains(&"Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains("Domain"), "{cookie}");
    let value = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!String::from_utf8_lossy(&answer.body).contains(value));
    // The store has a digest only, and a restart keeps the session.
    assert!(!world.installation.rows().await.iter().any(|row| row.contains(value) || row.contains(PASSWORD)));
    let browser = Api::browser(world.host(), cookie.split(';').next().unwrap());
    world.crash().await;
    assert_eq!(browser.get("/api/v1/me").await.ok()["user"]["login"], "ana");
}

async fn with_https_the_cookie_is_secure(database: Database) {
    let world = World::of(Installation::new(&database).with("PUBLIC_URL", "https://help.example.com")).await;
    user(&world, "ana", "auditor").await;
    let answer = try_sign_in(&world, "ana", PASSWORD).await;
    answer.ok();
    assert!(answer.header("set-cookie").split("; ").any(|attribute| attribute == "Secure"));
    // Only pages of that address may change something, whatever host the request names.
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    Api::browser(world.host(), cookie).delete("/api/v1/session").await.refused(403, "wrong_origin");
    Api::browser(world.host(), cookie).with("origin", "https://help.example.com").delete("/api/v1/session").await.ok();
}

async fn whoever_cannot_sign_in_learns_nothing(database: Database) {
    let world = World::new(&database).await;
    user(&world, "ana", "auditor").await;
    let off = user(&world, "off", "auditor").await;
    world.admin.patch(&format!("/api/v1/users/{off}"), json!({ "enabled": false })).await.ok();
    world.admin.post("/api/v1/users", json!({ "login": "no-password", "name": "x", "role": "agent" })).await.ok();
    let tries = [
        ("ana", "wrong password"),
        ("nobody", PASSWORD),
        ("off", PASSWORD),
        ("no-password", ""),
        ("no-password", PASSWORD),
        ("' OR 1=1--", PASSWORD),
        ("", ""),
        ("ana\u{0}", PASSWORD),
    ];
    let mut bodies = Vec::new();
    let mut times = Vec::new();
    for (login, password) in tries {
        let start = Instant::now();
        let answer = try_sign_in(&world, login, password).await;
        times.push(start.elapsed());
        answer.refused(401, "wrong_credentials");
        assert_eq!(answer.header("set-cookie"), "");
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    // The same work is done for each; the bound is wide because the machine is shared.
    let fastest = times.iter().min().unwrap();
    assert!(*fastest > Duration::from_millis(5), "{times:?}");
    let long = "x".repeat(10_000);
    assert_eq!(
        try_sign_in(&world, &long, &long).await.refused(401, "wrong_credentials")["detail"],
        "The login or the password is wrong"
    );
}

async fn guessing_is_slowed_down_and_the_owner_still_gets_in(database: Database) {
    let world = World::of(Installation::new(&database).with("TRUSTED_PROXIES", "127.0.0.1")).await;
    user(&world, "ana", "auditor").await;
    let from = |address: &str| world.anonymous().with("x-forwarded-for", address);
    let body = |password: &str| json!({ "login": "ana", "password": password });
    // The owner has signed in from here before.
    from("198.51.100.7").post("/api/v1/session", body(PASSWORD)).await.ok();
    let mut refused = None;
    for number in 0..30 {
        let answer = from("203.0.113.9").post("/api/v1/session", body(&format!("guess {number}"))).await;
        if answer.status == 429 {
            refused = Some((number, answer));
            break;
        }
        answer.refused(401, "wrong_credentials");
    }
    let (number, answer) = refused.expect("thirty guesses and none was refused");
    assert!(number >= 5, "{number}");
    answer.refused(429, "too_many_attempts");
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    // The right password is no way around it, another address neither; but the owner gets in.
    from("203.0.113.9").post("/api/v1/session", body(PASSWORD)).await.refused(429, "too_many_attempts");
    from("203.0.113.10").post("/api/v1/session", body("x")).await.refused(429, "too_many_attempts");
    from("198.51.100.7").post("/api/v1/session", body(PASSWORD)).await.ok();
}

async fn signing_out_ends_the_session_and_its_sockets(database: Database) {
    let world = World::new(&database).await;
    user(&world, "ana", "supervisor").await;
    let (one, other) = (sign_in(&world, "ana").await, sign_in(&world, "ana").await);
    let (mut tab, mut tab_of_other) = (Socket::open(&one).await, Socket::open(&other).await);
    let answer = one.delete("/api/v1/session").await;
    answer.ok();
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{:?}", answer.headers);
    // A shared computer keeps nothing of hers.
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    one.get("/api/v1/me").await.refused(401, "signed_out_session");
    assert_eq!(Socket::try_open(&one, "/ws").await.err(), Some(401));
    assert_eq!(tab.ended(Duration::from_secs(5)).await, Some(1008));
    // Another browser of the same person stays signed in.
    assert_eq!(other.get("/api/v1/me").await.status, 200);
    assert_eq!(tab_of_other.follow("board:1").await["kind"], "board");
}

async fn a_foreign_page_changes_nothing(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    user(&world, "root", "admin").await;
    let browser = sign_in(&world, "root").await;
    let before = world.installation.rows().await;
    for route in ROUTES.iter().filter(|route| route.method != "GET" && matches!(route.access, Access::Own | Access::Any(_))) {
        let Some(request) = template(route) else { continue };
        let (path, body) = request.filled(&company.ids, None);
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let foreign = browser.clone().with("origin", origin);
            foreign.call(&request.method, &path, body.as_ref()).await.refused(403, "wrong_origin");
        }
        let mut silent = browser.clone();
        silent.headers.remove("origin");
        silent.call(&request.method, &path, body.as_ref()).await.refused(403, "wrong_origin");
        // What a form can send, even from our own page.
        let is_upload = ["/attachments?", "/resources?", "/file?"].iter().any(|part| path.contains(part));
        if body.is_some() && !is_upload {
            for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""] {
                let form =
                    browser.request(&request.method, &path).header("content-type", kind).body(body.clone().unwrap().to_string());
                Answer::of(path.clone(), form).await.refused(415, "unsupported_media_type");
            }
        }
    }
    let sign_in = json!({ "login": "root", "password": PASSWORD });
    let page = world.anonymous().with("origin", "https://evil.example");
    page.post("/api/v1/session", sign_in).await.refused(403, "wrong_origin");
    assert_eq!(world.installation.rows().await, before);
}

async fn no_answer_to_somebody_is_kept_by_a_cache(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let mut routes: Vec<_> = ROUTES.iter().collect();
    // What changes something comes last.
    routes.sort_by_key(|route| route.method != "GET");
    for route in routes {
        let Some(request) = template(route) else { continue };
        for api in [&world.admin, &company.agent.api, &world.anonymous()] {
            let answer = request.send(api, &company.ids, None).await;
            let cache = answer.header("cache-control");
            // A file belongs to this browser alone. It never changes; one of the gallery may be replaced.
            let expected = match (route.method.as_str(), route.path, answer.status) {
                ("GET", "/api/v1/attachments/{id}" | "/api/v1/mail-asides/{id}/source", 200) => {
                    "private, max-age=31536000, immutable"
                }
                ("GET", "/api/v1/resources/{id}/file", 200) => "private, no-cache",
                _ => "no-store",
            };
            assert_eq!(cache, expected, "{answer}");
            assert!(answer.header("vary").contains("Cookie"), "{answer}: {:?}", answer.headers);
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
            assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{answer}");
        }
    }
}

async fn reading_changes_nothing(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    user(&world, "root", "admin").await;
    let browser = sign_in(&world, "root").await;
    let before = world.installation.rows().await;
    for route in ROUTES.iter().filter(|route| route.method == "GET" && route.status == 200 && route.access != Access::Visitor) {
        let bare = || route.path.replace("{channel}", &company.ids["chat"]);
        let path = template(route).map_or_else(bare, |request| request.filled(&company.ids, None).0);
        // What only a mail leads to; an export is noted.
        if path.contains('{') || path.contains("/export?") {
            continue;
        }
        let answer = browser.get(&path).await;
        let expected = match route.path {
            // There is no demo here.
            "/api/v1/demo" => 404,
            // Nobody is signing in.
            "/oauth/mail" => 400,
            _ => 200,
        };
        assert_eq!(answer.status, expected, "{answer}");
    }
    assert_eq!(world.installation.rows().await, before);
    let sessions: Value = company.admin.api.get("/api/v1/users").await.ok();
    assert!(!list(&sessions).is_empty());
}
