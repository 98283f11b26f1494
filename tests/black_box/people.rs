//! How people come in, choose their passwords and set up their own place (security.md, 36 to 40).

use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, list, text},
    database::{Database, on_both},
    installation::Installation,
    world::World,
};

on_both!(
    an_invitation_lets_somebody_choose_their_first_password_once,
    a_newer_invitation_voids_the_one_before,
    a_reset_ends_every_session_and_a_new_password_voids_it,
    tokens_that_are_not_valid_get_one_and_the_same_answer,
    trying_tokens_is_slowed_down,
    an_invitation_never_names_a_host,
    nobody_invites_who_is_beyond_them,
    people_set_up_their_own_place,
    what_people_set_is_checked,
    a_new_password_needs_the_old_one_and_ends_the_other_sessions,
    sessions_are_listed_and_ended_by_their_owner_only,
    a_program_has_no_profile,
);

const PASSWORD: &str = "correct horse battery staple";
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn create(world: &World, login: &str, password: Option<&str>) -> String {
    let mut user = json!({ "login": login, "name": "Ana Aguirre", "role": "auditor", "scopes": [{ "kind": "all" }] });
    if let Some(password) = password {
        user["password"] = password.into();
    }
    world.admin.post("/api/v1/users", user).await.id()
}

async fn invite(world: &World, user: &str, kind: &str) -> String {
    let path = format!("/api/v1/users/{user}/invitation");
    text(&world.admin.post(&path, json!({ "kind": kind })).await.ok()["token"])
}

async fn accept(world: &World, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    world.anonymous().post("/api/v1/invitations/accept", body).await
}

async fn check(world: &World, token: &str) -> Answer {
    world.anonymous().post("/api/v1/invitations/check", json!({ "token": token })).await
}

async fn try_sign_in(world: &World, login: &str, password: &str) -> Answer {
    world.anonymous().post("/api/v1/session", json!({ "login": login, "password": password })).await
}

async fn sign_in(world: &World, login: &str, password: &str) -> Api {
    let answer = try_sign_in(world, login, password).await;
    answer.ok();
    Api::browser(world.host(), answer.header("set-cookie").split(';').next().unwrap())
}

async fn an_invitation_lets_somebody_choose_their_first_password_once(database: Database) {
    let mut world = World::new(&database).await;
    let ana = create(&world, "ana", None).await;
    let path = format!("/api/v1/users/{ana}");
    assert_eq!(world.admin.get(&path).await.ok()["has_password"], false);
    try_sign_in(&world, "ana", "").await.refused(401, "wrong_credentials");

    let made = world.admin.post(&format!("{path}/invitation"), json!({})).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let token = text(&made.ok()["token"]);
    assert_eq!(made.json()["url_path"], format!("/invitation#{token}"));
    assert_eq!(made.json()["kind"], "invitation");
    // It survives a restart; the store and the log of the process have a digest only.
    world.crash().await;
    let rows = world.installation.rows().await;
    assert!(!rows.iter().any(|row| row.contains(&token)));
    let invited = check(&world, &token).await;
    assert_eq!(invited.ok(), json!({ "kind": "invitation", "login": "ana", "name": "Ana Aguirre" }));
    assert_eq!(invited.header("cache-control"), "no-store");

    accept(&world, &token, "short").await.refused_field("password", "password_too_short");
    let taken = accept(&world, &token, PASSWORD).await;
    assert_eq!((taken.status, taken.body.len(), taken.header("set-cookie")), (204, 0, ""));
    assert_eq!(world.admin.get(&path).await.ok()["has_password"], true);
    sign_in(&world, "ana", PASSWORD).await;
    accept(&world, &token, "another password").await.refused(404, "invitation_not_valid");
    check(&world, &token).await.refused(404, "invitation_not_valid");
    assert!(!world.installation.log().contains(&token));
    assert!(!world.installation.rows().await.iter().any(|row| row.starts_with("invitations ")));
}

async fn a_newer_invitation_voids_the_one_before(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", None).await;
    let (first, second) = (invite(&world, &ana, "invitation").await, invite(&world, &ana, "invitation").await);
    accept(&world, &first, PASSWORD).await.refused(404, "invitation_not_valid");
    // Two at once: one wins.
    let (one, other) = futures_util::join!(accept(&world, &second, PASSWORD), accept(&world, &second, "another password"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    // Under its key a request is repeated without the token.
    let path = format!("/api/v1/users/{ana}/invitation");
    let body = json!({ "kind": "reset" });
    let made = world.admin.call_once("POST", &path, "k", Some(&body)).await.ok();
    let again = world.admin.call_once("POST", &path, "k", Some(&body)).await.ok();
    assert_eq!((&again["token"], &again["url_path"]), (&Value::Null, &Value::Null));
    assert_eq!(again["expires_at"], made["expires_at"]);
    check(&world, &text(&made["token"])).await.ok();
}

async fn a_reset_ends_every_session_and_a_new_password_voids_it(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", Some(PASSWORD)).await;
    let browser = sign_in(&world, "ana", PASSWORD).await;
    let token = invite(&world, &ana, "reset").await;
    assert_eq!(check(&world, &token).await.ok()["kind"], "reset");
    // Until it is used nothing changes.
    browser.get("/api/v1/me").await.ok();
    accept(&world, &token, "another password").await.ok();
    browser.get("/api/v1/me").await.refused(401, "signed_out_session");
    try_sign_in(&world, "ana", PASSWORD).await.refused(401, "wrong_credentials");
    let browser = sign_in(&world, "ana", "another password").await;
    // Chosen otherwise meanwhile: whoever found the old letter gains nothing.
    for change in [json!({ "password": PASSWORD }), json!({ "enabled": false })] {
        let token = invite(&world, &ana, "reset").await;
        world.admin.patch(&format!("/api/v1/users/{ana}"), change).await.ok();
        accept(&world, &token, "the attacker's").await.refused(404, "invitation_not_valid");
    }
    browser.get("/api/v1/me").await.refused(401, "signed_out_session");
    // Switched off: nothing is valid, whenever it was made.
    let token = invite(&world, &ana, "reset").await;
    check(&world, &token).await.refused(404, "invitation_not_valid");
    accept(&world, &token, "another password").await.refused(404, "invitation_not_valid");
}

async fn tokens_that_are_not_valid_get_one_and_the_same_answer(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", None).await;
    let used = invite(&world, &ana, "invitation").await;
    accept(&world, &used, PASSWORD).await.ok();
    let long = "A".repeat(5_000);
    let tokens = [&used, UNKNOWN, "", " ", &used[1..], &format!("{used} "), "' OR 1=1--", &long, "\u{0}", &ana];
    let mut answers = Vec::new();
    for token in tokens {
        for answer in [check(&world, token).await, accept(&world, token, "a new password").await] {
            answer.refused(404, "invitation_not_valid");
            answers.push(answer.body);
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    for body in [json!({}), json!({ "token": null }), json!({ "token": [used] }), json!({ "token": used, "user": ana })] {
        let answer = world.anonymous().post("/api/v1/invitations/check", body).await;
        assert_eq!(answer.status, 422, "{answer}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&used));
    }
    let page = world.anonymous().with("origin", "https://evil.example");
    page.post("/api/v1/invitations/check", json!({ "token": used })).await.refused(403, "wrong_origin");
}

async fn trying_tokens_is_slowed_down(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", None).await;
    let token = invite(&world, &ana, "invitation").await;
    let mut refused = 0;
    for _ in 0..80 {
        if check(&world, UNKNOWN).await.status == 429 {
            refused += 1;
        }
    }
    assert!(refused >= 10, "{refused}");
    let answer = accept(&world, &token, PASSWORD).await;
    answer.refused(429, "too_many_attempts");
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
}

async fn an_invitation_never_names_a_host(database: Database) {
    let world = World::of(Installation::new(&database).with("TRUSTED_PROXIES", "127.0.0.1")).await;
    let ana = create(&world, "ana", None).await;
    let evil = world
        .admin
        .clone()
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example")
        .with("forwarded", "host=evil.example");
    let answer = evil.post(&format!("/api/v1/users/{ana}/invitation"), json!({})).await;
    assert!(text(&answer.ok()["url_path"]).starts_with("/invitation#"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("evil"), "{answer}");
}

async fn nobody_invites_who_is_beyond_them(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (world.client("A").await, world.client("B").await);
    let scope = |client: &str| json!([{ "kind": "client", "id": client }]);
    let admin_of_a = world.person("admin", scope(&a)).await;
    let supervisor = world.person("supervisor", scope(&a)).await;
    let (of_a, of_b) = (world.person("agent", scope(&a)).await, world.person("agent", scope(&b)).await);
    let root = create(&world, "root", None).await;
    let ask = async |api: &Api, user: &str| api.post(&format!("/api/v1/users/{user}/invitation"), json!({})).await;
    ask(&admin_of_a.api, &of_a.id).await.ok();
    let nothing = ask(&admin_of_a.api, "01900000-0000-7000-8000-000000000001").await;
    for user in [&of_b.id, &root] {
        let answer = ask(&admin_of_a.api, user).await;
        answer.refused(404, "not_found");
        assert_eq!(answer.body, nothing.body);
    }
    ask(&supervisor.api, &of_a.id).await.refused(403, "forbidden");
    ask(&of_a.api, &of_a.id).await.refused(403, "forbidden");
}

async fn people_set_up_their_own_place(database: Database) {
    let mut world = World::new(&database).await;
    create(&world, "ana", Some(PASSWORD)).await;
    let browser = sign_in(&world, "ana", PASSWORD).await;
    let me = browser.get("/api/v1/me").await.ok();
    assert_eq!((&me["language"], &me["region"], &me["settings"]), (&Value::Null, &Value::Null, &json!({})));
    assert!(me["permissions"].as_array().unwrap().contains(&json!("read_conversations")));
    let settings = json!({ "theme": "dark", "panes": { "left": 320, "right": 280 }, "sounds": ["offer"] });
    let change = json!({ "name": "Ana A.", "language": "es-AR", "region": "AR", "settings": settings });
    let changed = browser.patch("/api/v1/me", change).await.ok();
    world.crash().await;
    let me = browser.get("/api/v1/me").await.ok();
    assert_eq!(me, changed);
    assert_eq!((&me["user"]["name"], &me["language"], &me["region"]), (&json!("Ana A."), &json!("es-AR"), &json!("AR")));
    assert_eq!(me["settings"], settings);
    // A part of it: the rest stays (RFC 7396).
    let me = browser
        .patch("/api/v1/me", json!({ "settings": { "theme": null, "panes": { "left": 300 } }, "language": null }))
        .await
        .ok();
    assert_eq!(me["settings"], json!({ "panes": { "left": 300, "right": 280 }, "sounds": ["offer"] }));
    assert_eq!((&me["language"], &me["region"]), (&Value::Null, &json!("AR")));
    assert_eq!(try_sign_in(&world, "ana", PASSWORD).await.ok()["settings"], me["settings"]);
    // Nobody else's: settings are of each one alone.
    create(&world, "bea", Some(PASSWORD)).await;
    assert_eq!(sign_in(&world, "bea", PASSWORD).await.get("/api/v1/me").await.ok()["settings"], json!({}));
}

async fn what_people_set_is_checked(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", Some(PASSWORD)).await;
    let browser = sign_in(&world, "ana", PASSWORD).await;
    let before = world.installation.rows().await;
    let set = async |body: Value| browser.patch("/api/v1/me", body).await;
    set(json!({ "name": "" })).await.refused_field("name", "too_short");
    set(json!({ "name": "a\u{202e}b" })).await.refused_field("name", "control_characters");
    set(json!({ "language": "es_AR" })).await.refused_field("language", "not_possible");
    set(json!({ "region": "<script>" })).await.refused_field("region", "not_possible");
    set(json!({ "settings": { "x": "y".repeat(17_000) } })).await.refused_field("settings", "too_long");
    for settings in [json!([]), json!("x"), json!(7)] {
        assert_eq!(set(json!({ "settings": settings })).await.status, 422);
    }
    // No way to more than one has.
    for field in ["role", "scopes", "login", "enabled", "password", "capacity", "id", "permissions", "campaigns"] {
        set(json!({ field: "admin" })).await.refused_field(field, "unknown_field");
    }
    assert_eq!(world.installation.rows().await, before);
    assert_eq!(world.admin.get(&format!("/api/v1/users/{ana}")).await.ok()["role"], "auditor");
}

async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions(database: Database) {
    let world = World::new(&database).await;
    let ana = create(&world, "ana", Some(PASSWORD)).await;
    let (here, elsewhere) = (sign_in(&world, "ana", PASSWORD).await, sign_in(&world, "ana", PASSWORD).await);
    let token = invite(&world, &ana, "reset").await;
    let change =
        async |current: &str, new: &str| here.put("/api/v1/me/password", json!({ "current": current, "new": new })).await;
    change("not the one", "another password").await.refused_field("current", "wrong_credentials");
    change(PASSWORD, "short").await.refused_field("new", "password_too_short");
    change(PASSWORD, &"x".repeat(257)).await.refused_field("new", "password_too_long");
    elsewhere.get("/api/v1/me").await.ok();
    assert_eq!(change(PASSWORD, "another password").await.status, 204);
    here.get("/api/v1/me").await.ok();
    elsewhere.get("/api/v1/me").await.refused(401, "signed_out_session");
    accept(&world, &token, PASSWORD).await.refused(404, "invitation_not_valid");
    try_sign_in(&world, "ana", PASSWORD).await.refused(401, "wrong_credentials");
    // Guessing the current password is slowed down like signing in.
    let mut statuses = Vec::new();
    for _ in 0..15 {
        statuses.push(change("a guess", "another password").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let kept = world.installation.rows().await;
    assert!(!kept.iter().any(|row| row.contains("another password") || row.contains(PASSWORD)));
}

async fn sessions_are_listed_and_ended_by_their_owner_only(database: Database) {
    let world = World::new(&database).await;
    create(&world, "ana", Some(PASSWORD)).await;
    create(&world, "bea", Some(PASSWORD)).await;
    let phone = world.anonymous().with("user-agent", "Phone <script>alert(1)</script>");
    let answer = phone.post("/api/v1/session", json!({ "login": "ana", "password": PASSWORD })).await;
    let lost = Api::browser(world.host(), answer.header("set-cookie").split(';').next().unwrap());
    let (ana, bea) = (sign_in(&world, "ana", PASSWORD).await, sign_in(&world, "bea", PASSWORD).await);

    let page = ana.get("/api/v1/me/sessions").await.ok();
    assert_eq!(list(&page).len(), 2);
    let current: Vec<&Value> = list(&page).iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    let other = list(&page).iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(other["browser"], "Phone <script>alert(1)</script>");
    let path = format!("/api/v1/me/sessions/{}", text(&other["id"]));
    let nothing = bea.delete("/api/v1/me/sessions/01900000-0000-7000-8000-000000000001").await;
    let theirs = bea.delete(&path).await;
    theirs.refused(404, "not_found");
    assert_eq!(theirs.body, nothing.body);
    lost.get("/api/v1/me").await.ok();
    assert_eq!(ana.delete(&path).await.status, 204);
    lost.get("/api/v1/me").await.refused(401, "signed_out_session");
    ana.delete(&path).await.refused(404, "not_found");
    let own = format!("/api/v1/me/sessions/{}", text(&current[0]["id"]));
    assert_eq!(ana.delete(&own).await.status, 204);
    ana.get("/api/v1/me").await.refused(401, "signed_out_session");
    bea.get("/api/v1/me").await.ok();
}

async fn a_program_has_no_profile(database: Database) {
    let world = World::new(&database).await;
    let me = world.admin.get("/api/v1/me").await.ok();
    assert_eq!((&me["user"], &me["settings"]), (&Value::Null, &json!({})));
    world.admin.patch("/api/v1/me", json!({ "settings": {} })).await.refused(404, "not_found");
    world.admin.put("/api/v1/me/password", json!({ "current": PASSWORD, "new": PASSWORD })).await.refused(404, "not_found");
    world.admin.get("/api/v1/me/sessions").await.refused(404, "not_found");
}
