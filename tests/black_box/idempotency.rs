//! Writes happen once however often they are asked for (reliability.md, R15): on every write route of the table.

use centralita::{
    domain::permission::Permission,
    http::routes::{Access, ROUTES, Route},
};
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, text},
    company::{Company, Template, template, upload},
    database::{Database, on_both},
    world::World,
};

on_both!(
    every_write_under_a_key_has_one_effect_and_one_answer_across_restarts,
    the_same_key_at_the_same_time_has_one_effect,
    a_key_belongs_to_one_request_of_one_caller,
    what_was_refused_may_be_tried_again_under_its_key,
    an_answer_is_kept_when_there_was_nothing_to_do,
    a_key_that_is_none_is_refused,
    an_upload_is_kept_once,
);

fn writes() -> impl Iterator<Item = (&'static Route, Template)> {
    // Some ask with a body and store nothing; a template goes out once, which has a test of its own.
    let asks = |route: &Route| {
        let begins = route.method == "POST" && route.path.ends_with("/sign-in");
        let ends =
            ["/preview", "/calendar-file", "/simulations", "/mail-accounts/test", "/mail-accounts/discover", "/templates/test"];
        begins || ends.iter().any(|end| route.path.ends_with(end))
    };
    let is_write = move |route: &&Route| route.method != "GET" && matches!(route.access, Access::Any(_)) && !asks(route);
    ROUTES.iter().filter(is_write).filter_map(|route| Some((route, template(route)?)))
}

/// Everything that has an effect.
async fn effects(world: &World) -> Vec<String> {
    world.installation.rows().await
}

/// The same once what follows by itself has happened too: a declined offer is made again.
async fn settled(world: &World) -> Vec<String> {
    let mut rows = world.installation.rows().await;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let later = world.installation.rows().await;
        if later == rows {
            return rows;
        }
        rows = later;
    }
}

async fn every_write_under_a_key_has_one_effect_and_one_answer_across_restarts(database: Database) {
    let mut world = World::new(&database).await;
    let mut company = Company::new(&world, "A").await;
    let mut done: Vec<(Template, Api, String, Answer)> = Vec::new();
    for (number, (route, request)) in writes().enumerate() {
        let key = format!("key-{number}");
        let Access::Any(permissions) = route.access else { continue };
        let by_agent = permissions.iter().all(|permission| *permission == Permission::Answer);
        let api = if by_agent { company.agent.api.clone() } else { world.admin.clone() };
        prepare(&world, &mut company, route).await;
        let (path, body) = request.filled(&company.ids, None);
        let first = api.call_once(&request.method, &path, &key, body.as_ref()).await;
        assert_eq!(first.status, route.status, "{first}");
        let moves_people =
            ["/conversations/", "/agents/", "/presence", "/members", "/campaigns/"].iter().any(|part| path.contains(part));
        let before = if moves_people { settled(&world).await } else { effects(&world).await };
        let again = api.call_once(&request.method, &path, &key, body.as_ref()).await;
        same_answer(&first, &again);
        assert_eq!(effects(&world).await, before, "{again}");
        let takes_body = body.is_some() && request.method != "DELETE" && !path.contains("/attachments");
        if takes_body {
            let other = api.call_once(&request.method, &path, &key, Some(&json!({ "other": true }))).await;
            other.refused(422, "idempotency_key_reused");
        }
        let request = Template { path, body, ..request };
        done.push((request, api, key, first));
        if route.path.ends_with("/sign-out") {
            company = Company::new(&world, "next").await;
        }
    }
    assert!(done.len() > 25, "{}", done.len());
    world.crash().await;
    let before = settled(&world).await;
    for (request, api, key, first) in &done {
        let again = api.call_once(&request.method, &request.path, key, request.body.as_ref()).await;
        same_answer(first, &again);
    }
    assert_eq!(effects(&world).await, before);
}

/// What a write needs before it can succeed.
async fn prepare(world: &World, company: &mut Company, route: &Route) {
    let agent = company.agent.api.clone();
    let offer = async |company: &mut Company| {
        agent.post("/api/v1/me/presence", json!({ "available": true })).await.ok();
        let conversation = company.channel.write(&format!("c{}", crate::database::number()), "hello").await;
        let shown = company.tab.conversation(&conversation, "offered").await;
        company.ids.insert("offer", text(&shown["conversation"]["standing"]["offer"]));
        company.ids.insert("offered", conversation);
    };
    let take = async |company: &mut Company| {
        offer(company).await;
        let body = json!({ "offer": company.ids["offer"] });
        agent.post(&format!("/api/v1/conversations/{}/accept", company.ids["offered"]), body).await.ok();
        let conversation = company.ids["offered"].clone();
        let file = upload(&agent, &format!("name=a&conversation={conversation}"), "x").await.id();
        company.ids.extend([("conversation", conversation), ("attachment", file)]);
    };
    match route.path {
        path if ["/accept", "/decline", "/take"].iter().any(|end| path.ends_with(end)) => offer(company).await,
        path if ["/notes", "/snooze", "/tags", "/priority"].iter().any(|end| path.ends_with(end)) => take(company).await,
        path if path.ends_with("/wake") => {
            take(company).await;
            let until = json!({ "until": (chrono::Utc::now() + chrono::Duration::hours(1)).to_rfc3339() });
            agent.post(&format!("/api/v1/conversations/{}/snooze", company.ids["conversation"]), until).await.ok();
        }
        path if path.ends_with("/retry") => {
            take(company).await;
            let conversation = company.ids["conversation"].clone();
            let message = text(&agent.reply(&conversation, "hi").await.ok()["message"]);
            company.channel.receipt(&conversation, &message, "failed").await.ok();
            company.ids.insert("message", message);
        }
        path if path.ends_with("/cancel") => {
            take(company).await;
            let message = text(&agent.reply(&company.ids["conversation"].clone(), "hi").await.ok()["message"]);
            company.ids.insert("message", message);
        }
        path if ["/transfer", "/close", "{id}/messages", "{id}/fields"].iter().any(|end| path.ends_with(end)) => {
            take(company).await
        }
        path if path.ends_with("/consult") => {
            take(company).await;
            let member = format!("/api/v1/campaigns/{}/members/{}", company.ids["campaign"], company.ids["colleague"]);
            world.admin.put(&member, json!({ "penalty": 1 })).await.ok();
            if route.method == "DELETE" {
                let path = format!("/api/v1/conversations/{}/consult", company.ids["conversation"]);
                agent.post(&path, json!({ "agent": company.ids["colleague"] })).await.ok();
            }
        }
        path if path.ends_with("/wrap-up/end") => {
            let campaign = format!("/api/v1/campaigns/{}", company.ids["campaign"]);
            world.admin.patch(&campaign, json!({ "wrap_up_seconds": 900 })).await.ok();
            take(company).await;
            agent.post(&format!("/api/v1/conversations/{}/close", company.ids["conversation"]), json!({})).await.ok();
        }
        "/api/v1/attachments" => take(company).await,
        path if path.contains("/resources/") => {
            if path.contains("/conversations/") {
                take(company).await;
            }
            let (client, campaign) = (&company.ids["client"], &company.ids["campaign"]);
            let shortcut = format!("s{}", crate::database::number());
            let query = format!("name=a&client={client}&campaign={campaign}&shortcut={shortcut}&title=x");
            let made = crate::company::upload_to(&world.admin, "POST", &format!("/api/v1/resources?{query}"), "file").await;
            company.ids.insert("resource", made.id());
        }
        "/api/v1/projects/{id}" if route.method == "DELETE" => {
            let body = json!({ "client": company.ids["client"], "name": "x" });
            company.ids.insert("project", world.admin.post("/api/v1/projects", body).await.id());
        }
        "/api/v1/schedules/{id}" if route.method == "DELETE" => {
            let body = json!({ "client": company.ids["client"], "name": "x", "zone": "UTC", "weekly": [] });
            company.ids.insert("schedule", world.admin.post("/api/v1/schedules", body).await.id());
        }
        // What a campaign has offered stays.
        "/api/v1/dispositions/{id}" if route.method == "DELETE" => {
            let unused = json!({ "client": company.ids["client"], "name": "Unused" });
            let made = world.admin.post("/api/v1/dispositions", unused).await.id();
            company.ids.insert("disposition", made);
        }
        "/api/v1/channels/{id}/secrets/{secret}" if route.method == "DELETE" => {
            let made = world.admin.act(&format!("/api/v1/channels/{}/secrets", company.ids["channel"])).await.ok();
            company.ids.insert("secret", text(&made["id"]));
        }
        _ => {}
    }
}

/// The same status and bytes, but a secret is shown once only.
fn same_answer(first: &Answer, again: &Answer) {
    assert_eq!(first.status, again.status, "{again}");
    let (mut first, again) = (first.json(), again.json());
    for secret in ["secret", "token", "url_path"] {
        if first[secret].is_string() {
            first[secret] = Value::Null;
        }
    }
    assert_eq!(first, again);
}

async fn the_same_key_at_the_same_time_has_one_effect(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let reply = format!("/api/v1/conversations/{}/messages", company.ids["conversation"]);
    let tries = [
        (world.admin.clone(), "/api/v1/clients", json!({ "name": "only once" }), "clients "),
        (
            world.admin.clone(),
            "/api/v1/users",
            json!({ "login": "once", "name": "x", "role": "auditor", "password": "a good password" }),
            "users ",
        ),
        (company.agent.api.clone(), reply.as_str(), json!({ "text": "only once" }), "messages "),
    ];
    for (api, path, body, table) in tries {
        let count = async || effects(&world).await.iter().filter(|row| row.starts_with(table)).count();
        let before = count().await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (api, path, body) = (api.clone(), path.to_owned(), body.clone());
            calls.spawn(async move { api.call_once("POST", &path, "at-once", Some(&body)).await });
        }
        let answers = calls.join_all().await;
        let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status < 300).collect();
        for answer in &answers {
            // Whoever comes while the first is being done may be told to come back.
            assert!(answer.status < 300 || answer.status == 429, "{answer}");
        }
        assert!(!done.is_empty());
        assert!(done.iter().all(|answer| answer.body == done[0].body), "{done:?}");
        assert_eq!(count().await, before + 1, "{path}");
    }
}

async fn a_key_belongs_to_one_request_of_one_caller(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let (one, other) = (&world.admin, &company.admin.api);
    let disposition = |name: &str| json!({ "client": company.ids["client"], "name": name });
    let first = one.call_once("POST", "/api/v1/dispositions", "k", Some(&disposition("x"))).await.id();
    // Another caller's key is another key; so is the same key on another route.
    let second = other.call_once("POST", "/api/v1/dispositions", "k", Some(&disposition("x"))).await.id();
    assert_ne!(first, second);
    one.call_once("POST", "/api/v1/clients", "k", Some(&json!({ "name": "x" }))).await.id();
    // The same route, another object: another request.
    let path = |id: &str| format!("/api/v1/dispositions/{id}");
    one.call_once("PATCH", &path(&first), "p", Some(&json!({ "name": "y" }))).await.ok();
    one.call_once("PATCH", &path(&second), "p", Some(&json!({ "name": "y" }))).await.refused(422, "idempotency_key_reused");
    // Without a key everything happens each time.
    let (third, fourth) = (
        one.post("/api/v1/dispositions", disposition("x")).await.id(),
        one.post("/api/v1/dispositions", disposition("x")).await.id(),
    );
    assert_ne!(third, fourth);
}

async fn what_was_refused_may_be_tried_again_under_its_key(database: Database) {
    let world = World::new(&database).await;
    let body = json!({ "login": "ana", "name": "Ana", "role": "agent" });
    let taken = world.admin.post("/api/v1/users", body.clone()).await.id();
    world.admin.call_once("POST", "/api/v1/users", "k", Some(&body)).await.refused_field("login", "taken");
    world.admin.patch(&format!("/api/v1/users/{taken}"), json!({ "login": "other" })).await.ok();
    let made = world.admin.call_once("POST", "/api/v1/users", "k", Some(&body)).await.id();
    assert_eq!(world.admin.call_once("POST", "/api/v1/users", "k", Some(&body)).await.id(), made);
}

async fn an_answer_is_kept_when_there_was_nothing_to_do(database: Database) {
    let world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let (agent, conversation) = (&company.agent.api, format!("/api/v1/conversations/{}", company.ids["conversation"]));
    let end = async || agent.call_once("DELETE", &format!("{conversation}/consult"), "k", None).await;
    let first = end().await;
    first.ok();
    agent.post(&format!("{conversation}/notes"), json!({ "text": "vip" })).await.ok();
    same_answer(&first, &end().await);
}

async fn a_key_that_is_none_is_refused(database: Database) {
    let world = World::new(&database).await;
    let before = effects(&world).await;
    let body = json!({ "name": "x" });
    for key in ["", " ", "a b", &"x".repeat(201), "a\tb"] {
        let answer = world.admin.call_once("POST", "/api/v1/clients", key, Some(&body)).await;
        answer.refused(400, "idempotency_key_invalid");
    }
    let twice =
        world.admin.request("POST", "/api/v1/clients").header("idempotency-key", "a").header("idempotency-key", "b").json(&body);
    Answer::of("two keys".to_owned(), twice).await.refused(400, "idempotency_key_invalid");
    assert_eq!(effects(&world).await, before);
    let odd = "' OR 1=1--\u{7e}".replace(' ', "");
    let first = world.admin.call_once("POST", "/api/v1/clients", &odd, Some(&body)).await.id();
    assert_eq!(world.admin.call_once("POST", "/api/v1/clients", &odd, Some(&body)).await.id(), first);
}

async fn an_upload_is_kept_once(database: Database) {
    let mut world = World::new(&database).await;
    let company = Company::new(&world, "A").await;
    let query = format!("name=x.txt&conversation={}", company.ids["conversation"]);
    let agent = company.agent.api.clone().with("idempotency-key", "k");
    let before = kept(&world);
    let first = upload(&agent, &query, "bytes").await;
    first.ok();
    assert_eq!(upload(&agent, &query, "bytes").await.body, first.body);
    upload(&agent, &query, "other bytes").await.refused(422, "idempotency_key_reused");
    world.crash().await;
    assert_eq!(upload(&agent, &query, "bytes").await.body, first.body);
    assert_eq!(kept(&world), before + 1);
}

fn kept(world: &World) -> usize {
    let files = std::fs::read_dir(world.installation.data().join("attachments")).unwrap();
    files.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}
