//! Sessions: who signs in, how often, until when.

use super::*;

async fn who_signs_in_gets_a_cookie_that_scripts_cannot_read_and_signing_out_voids_it_at_once(world: World) {
    world.user("ana", Role::Agent, &[]).await;
    let service = service!(world);
    let body = json!({"login": " ANA ", "password": PASSWORD});
    let answer = call(&service, Method::POST, "/api/v1/session", &With::Nothing, Some(body)).await.is(200);
    let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "this server is reached by http");
    assert_eq!(answer.json()["user"]["login"], "ana");

    let ana = sign_in(&service, "ana").await;
    call(&service, Method::GET, "/api/v1/me", &ana, None).await.is(200);
    call(&service, Method::DELETE, "/api/v1/session", &ana, None).await.is(204);
    assert_eq!(call(&service, Method::GET, "/api/v1/me", &ana, None).await.is(401).code(), "signed_out_session");
}

async fn unknown_wrong_and_switched_off_get_one_and_the_same_answer(world: World) {
    world.user("ana", Role::Agent, &[]).await;
    let off = world.user("off", Role::Agent, &[]).await;
    let service = service!(world);
    let admin = world.token(Role::Admin, vec![Scope::All]).await;
    let path = format!("/api/v1/users/{off}");
    call(&service, Method::PATCH, &path, &admin, Some(json!({"enabled": false}))).await.is(200);
    let mut answers = Vec::new();
    for (login, password) in [("nobody", PASSWORD), ("ana", "wrong horse"), ("off", PASSWORD), ("a\0b", PASSWORD), ("", "")] {
        let body = json!({"login": login, "password": password});
        let answer = call(&service, Method::POST, "/api/v1/session", &With::Nothing, Some(body)).await.is(401);
        answers.push((answer.body, format!("{:?}", answer.headers)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

async fn too_many_attempts_at_one_account_wait_for_seconds(world: World) {
    world.user("ana", Role::Agent, &[]).await;
    let service = service!(world);
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let body = json!({"login": "ana", "password": "wrong horse"});
        let answer = call(&service, Method::POST, "/api/v1/session", &With::Nothing, Some(body)).await;
        if answer.status == 429 {
            let seconds: u64 = answer.headers.get("retry-after").unwrap().to_str().unwrap().parse().unwrap();
            assert!(seconds <= 7, "{seconds}");
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2]);
}

async fn a_browser_on_a_foreign_page_changes_nothing(world: World) {
    world.user("root", Role::Admin, &[Scope::All]).await;
    let service = service!(world);
    let With::Cookie(cookie) = sign_in(&service, "root").await else { panic!() };
    let post = || {
        let bare = request(&Method::POST, "/api/v1/clients", &With::Nothing);
        bare.insert_header(("Cookie", format!("centralita={cookie}"))).set_json(json!({"name": "A"}))
    };
    assert_eq!(send(&service, post()).await.is(403).code(), "wrong_origin");
    for origin in ["https://evil.test", "null", "http://help.example.com.evil.test", "https://help.example.com"] {
        assert_eq!(send(&service, post().insert_header(("Origin", origin))).await.is(403).code(), "wrong_origin", "{origin}");
    }
    let twice = post().append_header(("Origin", ORIGIN)).append_header(("Origin", "https://evil.test"));
    send(&service, twice).await.is(403);
    send(&service, post().insert_header(("Referer", "http://help.example.com/admin?x"))).await.is(201);
    let form = request(&Method::POST, "/api/v1/clients", &With::Cookie(cookie.clone())).set_form([("name", "A")]);
    assert_eq!(send(&service, form).await.is(415).code(), "unsupported_media_type");
    let login = request(&Method::POST, "/api/v1/session", &With::Nothing)
        .insert_header(("Origin", "https://evil.test"))
        .set_json(json!({"login": "root", "password": PASSWORD}));
    send(&service, login).await.is(403);
}

async fn a_new_password_and_switching_off_end_all_sessions(world: World) {
    let id = world.user("ana", Role::Supervisor, &[Scope::All]).await;
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    for change in [json!({"password": PASSWORD}), json!({"enabled": false})] {
        let ana = sign_in(&service, "ana").await;
        call(&service, Method::GET, "/api/v1/me", &ana, None).await.is(200);
        call(&service, Method::PATCH, &format!("/api/v1/users/{id}"), &root, Some(change)).await.is(200);
        call(&service, Method::GET, "/api/v1/me", &ana, None).await.is(401);
    }
    call(&service, Method::PATCH, &format!("/api/v1/users/{id}"), &root, Some(json!({"enabled": true}))).await.is(200);
    let ana = sign_in(&service, "ana").await;
    call(&service, Method::PATCH, &format!("/api/v1/users/{id}"), &root, Some(json!({"role": "auditor"}))).await.is(200);
    assert_eq!(call(&service, Method::GET, "/api/v1/me", &ana, None).await.is(200).json()["role"], "auditor");
}

on_both! {
    who_signs_in_gets_a_cookie_that_scripts_cannot_read_and_signing_out_voids_it_at_once;
    unknown_wrong_and_switched_off_get_one_and_the_same_answer;
    too_many_attempts_at_one_account_wait_for_seconds;
    a_browser_on_a_foreign_page_changes_nothing;
    a_new_password_and_switching_off_end_all_sessions;
}
