//! Who may do what (security.md, 10 to 12): generated from the table of routes. What belongs to somebody else reads exactly like
//! what does not exist, in every place of a request where an id can stand.

use centralita::http::routes::{Access, ROUTES};
use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, list},
    company::{Company, Template, template, upload},
    database::{Database, on_both},
    socket::Socket,
    world::World,
};

on_both!(
    what_belongs_to_another_company_reads_like_what_does_not_exist,
    an_agent_sees_nothing_of_a_colleague_in_another_campaign,
    lists_show_nothing_of_another_company,
    nobody_gets_in_without_a_valid_credential,
    every_request_of_the_table_works_for_who_may,
    an_id_of_a_pair_counts_only_with_the_other,
    nobody_gives_away_more_than_they_have,
    what_somebody_may_do_follows_their_role_at_once,
);

/// Of no kind and nobody's.
const UNKNOWN: &str = "01900000-0000-7000-8000-000000000001";

fn templates() -> impl Iterator<Item = Template> {
    ROUTES.iter().filter_map(template)
}

/// Everything of an answer but its date, and whether an upload that was not read to its end costs the connection.
fn visible(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date" && *name != "connection");
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned(), headers)
}

/// The same answer for this id as for one that does not exist, and no success.
async fn reads_like_nothing(who: &str, api: &Api, request: &Template, own: &Company, position: usize, id: &str) {
    let theirs = request.send(api, &own.ids, Some((position, id))).await;
    let nothing = request.send(api, &own.ids, Some((position, UNKNOWN))).await;
    assert_eq!(visible(&theirs), visible(&nothing), "{who}: position {position} of {request:?}");
    let is_filter = request.path.contains('?') && request.method == "GET";
    // Declining what is not open is no error: nothing was there to decline.
    let allowed = if is_filter || request.path.ends_with("/decline") { &[200, 403, 404][..] } else { &[403, 404, 409, 422] };
    assert!(allowed.contains(&theirs.status), "{who}: {theirs}");
    if is_filter && theirs.status == 200 {
        assert_eq!(list(&theirs.json()).len(), 0, "{who}: {theirs}");
    }
}

async fn what_belongs_to_another_company_reads_like_what_does_not_exist(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let before = world.installation.rows().await;
    let mut tried = 0;
    for request in templates() {
        for (position, kind) in request.ids().iter().enumerate().filter(|(_, kind)| *kind != "break") {
            for (who, person) in a.people() {
                reads_like_nothing(who, &person.api, &request, &a, position, &b.ids[kind.as_str()]).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 250, "only {tried} requests");
    assert_eq!(world.installation.rows().await, before);
}

async fn an_agent_sees_nothing_of_a_colleague_in_another_campaign(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let before = world.installation.rows().await;
    for request in templates() {
        for (position, kind) in request.ids().iter().enumerate() {
            if matches!(kind.as_str(), "conversation" | "offered" | "attachment" | "contact") {
                reads_like_nothing("colleague", &a.colleague.api, &request, &a, position, &a.ids[kind.as_str()]).await;
            }
        }
    }
    assert_eq!(world.installation.rows().await, before);
    let mine = a.colleague.api.get("/api/v1/conversations").await.ok();
    assert_eq!(list(&mine).len(), 0);
    let hers = a.agent.api.get("/api/v1/conversations").await.ok();
    assert_eq!(list(&hers).len(), 2);
}

async fn lists_show_nothing_of_another_company(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let foreign =
        || b.ids.iter().filter(|(kind, _)| **kind != "break").chain([(&"admin", &b.admin.id), (&"agent", &b.agent.login)]);
    for route in ROUTES.iter().filter(|route| route.method == "GET" && matches!(route.access, Access::Own | Access::Any(_))) {
        let Some(request) = template(route) else { continue };
        let path = request.filled(&a.ids, None).0;
        let bare = path.split('?').next().unwrap();
        for (who, person) in a.people() {
            let answer = person.api.get(bare).await;
            let text = String::from_utf8_lossy(&answer.body);
            for (kind, id) in foreign() {
                assert!(!text.contains(id.as_str()), "{who} sees {kind} of B in {answer}");
            }
        }
    }
    // A search finds only what one may see.
    let found = a.supervisor.api.get("/api/v1/contacts?q=customer").await.ok();
    assert_eq!(list(&found).len(), 2, "{found}");
}

async fn nobody_gets_in_without_a_valid_credential(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let before = world.installation.rows().await;
    let expired = json!({ "name": "t", "role": "auditor", "scopes": [{ "kind": "all" }], "expires_at": "2020-01-01T00:00:00Z" });
    world.admin.post("/api/v1/tokens", expired).await.refused_field("expires_at", "out_of_range");
    let right = a.admin.api.headers["authorization"].to_str().unwrap().to_owned();
    let nobody = world.anonymous();
    let strangers = [
        nobody.clone(),
        nobody.clone().with("authorization", &right[..right.len() - 1]),
        nobody.clone().with("authorization", &right.replace("Bearer", "Basic")),
        nobody.clone().with("authorization", &format!("{right}x")),
        nobody.clone().with("authorization", "Bearer"),
        nobody.clone().with("authorization", "Bearer ' OR 1=1--"),
        nobody.clone().with("cookie", "centralita=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        nobody.clone().with("cookie", &format!("centralita={}", &right[7..])),
    ];
    for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Own | Access::Any(_))) {
        let Some(request) = template(route) else { continue };
        for stranger in &strangers {
            let answer = request.send(stranger, &a.ids, None).await;
            answer.refused(401, "signed_out_session");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        // Not in the address either.
        let (path, _) = request.filled(&a.ids, None);
        let glue = if path.contains('?') { '&' } else { '?' };
        let answer = nobody.call(&request.method, &format!("{path}{glue}token={}", &right[7..]), None).await;
        answer.refused(401, "signed_out_session");
    }
    assert_eq!(Socket::try_open(&nobody, "/ws").await.err(), Some(401));
    assert_eq!(world.installation.rows().await, before);
}

async fn every_request_of_the_table_works_for_who_may(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let mut routes: Vec<_> = ROUTES.iter().collect();
    // What takes the conversation away comes last.
    routes.sort_by_key(|route| ["/sign-out", "/transfer", "/close"].iter().any(|end| route.path.ends_with(end)));
    for route in routes {
        let Some(request) = template(route) else { continue };
        let Access::Any(permissions) = route.access else { continue };
        let answers = permissions.iter().all(|permission| *permission == centralita::domain::permission::Permission::Answer);
        let api = if answers { &a.agent.api } else { &world.admin };
        let answer = request.send(api, &a.ids, None).await;
        // Each changes the state for those after it: what is refused then is refused with a reason, never as unknown.
        assert!(answer.status == route.status || matches!(answer.status, 409 | 422), "{answer}");
        assert_ne!(answer.status, 500, "{answer}");
    }
}

async fn an_id_of_a_pair_counts_only_with_the_other(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let id = |kind: &str| a.ids[kind].clone();
    let other = world.channel(&id("client"), &id("campaign"), None).await;
    let root = &world.admin;
    let before = world.installation.rows().await;
    let secret = format!("/api/v1/channels/{}/secrets/{}", other.id, id("secret"));
    root.delete(&secret).await.refused(404, "not_found");
    root.patch(&secret, json!({ "expires_at": null })).await.refused(404, "not_found");
    // An offer of one conversation answers no other, a file of one cannot be sent in another.
    let accept = format!("/api/v1/conversations/{}/accept", id("conversation"));
    let late = format!("/api/v1/conversations/{}/decline", id("conversation"));
    a.agent.api.post(&late, json!({ "offer": id("offer") })).await.refused(409, "offer_gone");
    // Not even whoever has it already.
    let refused = a.agent.api.post(&accept, json!({ "offer": id("offer") })).await.refused(409, "offer_gone");
    assert_eq!(refused["current_owner"], a.agent.id);
    assert_eq!(world.installation.rows().await, before);
    a.agent.api.post(&format!("/api/v1/conversations/{}/accept", id("offered")), json!({ "offer": id("offer") })).await.ok();
    let reply = json!({ "text": "x", "attachments": [id("attachment")] });
    let path = format!("/api/v1/conversations/{}/messages", id("offered"));
    a.agent.api.post(&path, reply).await.refused_field("attachments.0", "unknown_reference");
    // A file for a channel's call is of that client only, and only of who uploaded it.
    let file = upload(&a.supervisor.api, &format!("name=x.txt&channel={}", id("channel")), "x").await.id();
    a.agent.api.get(&format!("/api/v1/attachments/{file}")).await.refused(404, "not_found");
    a.supervisor.api.get(&format!("/api/v1/attachments/{file}")).await.ok_bytes();
    let b = Company::new(&world, "B").await;
    let stolen = json!({ "type": "message", "message": { "id": "s", "from": { "id": "x" }, "text": "x", "attachments": [{ "id": file }] } });
    b.channel.call(stolen.to_string()).await.refused_field("message.attachments.0.id", "unknown_reference");
    // A disposition's parent, a channel's campaign: of the same client or nothing.
    let child = json!({ "client": id("client"), "parent": b.ids["disposition"], "name": "x" });
    root.post("/api/v1/dispositions", child).await.refused_field("parent", "unknown_reference");
    let channel = json!({ "client": id("client"), "campaign": b.ids["campaign"], "kind": "api", "name": "x" });
    root.post("/api/v1/channels", channel).await.refused_field("campaign", "unknown_reference");
    let path = format!("/api/v1/conversations/{}/transfer", id("conversation"));
    root.post(&path, json!({ "agent": b.agent.id })).await.refused_field("agent", "unknown_reference");
    root.post(&path, json!({ "campaign": b.ids["campaign"] })).await.refused_field("campaign", "unknown_reference");
}

async fn nobody_gives_away_more_than_they_have(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let admin = &a.admin.api;
    let boss = world.person("admin", json!([{ "kind": "all" }])).await;
    let before = world.installation.rows().await;
    let everywhere = json!([{ "kind": "all" }]);
    let user = json!({ "login": "x", "name": "x", "role": "admin", "scopes": everywhere });
    admin.post("/api/v1/users", user).await.refused_field("scopes.0", "unknown_reference");
    admin.post("/api/v1/users", json!({ "login": "x", "name": "x", "role": "admin" })).await.refused_field("scopes", "too_short");
    let own = format!("/api/v1/users/{}", a.admin.id);
    admin.patch(&own, json!({ "scopes": everywhere })).await.refused_field("scopes.0", "unknown_reference");
    admin.patch(&format!("/api/v1/users/{}", boss.id), json!({ "password": "taken over" })).await.refused(404, "not_found");
    let token = json!({ "name": "x", "role": "admin", "scopes": everywhere });
    admin.post("/api/v1/tokens", token).await.refused_field("scopes.0", "unknown_reference");
    let token = json!({ "name": "x", "role": "admin", "user": boss.id });
    admin.post("/api/v1/tokens", token).await.refused_field("user", "unknown_reference");
    let token = json!({ "name": "x", "role": "admin", "user": a.agent.id });
    admin.post("/api/v1/tokens", token).await.refused_field("role", "not_possible");
    admin.post("/api/v1/clients", json!({ "name": "mine" })).await.refused(403, "forbidden");
    admin.post("/api/v1/breaks", json!({ "name": "mine" })).await.refused(403, "forbidden");
    let others_token = world.admin.get("/api/v1/tokens").await.ok();
    let root_token = list(&others_token).iter().find(|token| token["scopes"] == everywhere).unwrap()["id"].clone();
    admin.delete(&format!("/api/v1/tokens/{}", root_token.as_str().unwrap())).await.refused(404, "not_found");
    assert_eq!(world.installation.rows().await, before);
}

async fn what_somebody_may_do_follows_their_role_at_once(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let path = format!("/api/v1/users/{}", a.supervisor.id);
    let contacts = async || a.supervisor.api.get("/api/v1/contacts").await.status;
    assert_eq!(contacts().await, 200);
    world.admin.patch(&path, json!({ "scopes": [{ "kind": "campaign", "id": a.ids["campaign2"] }] })).await.ok();
    let seen: Value = a.supervisor.api.get("/api/v1/conversations").await.ok();
    assert_eq!(list(&seen).len(), 0);
    a.supervisor.api.get(&format!("/api/v1/conversations/{}", a.ids["conversation"])).await.refused(404, "not_found");
    world.admin.patch(&path, json!({ "role": "agent", "scopes": [] })).await.ok();
    assert_eq!(contacts().await, 403);
    world.admin.patch(&path, json!({ "enabled": false })).await.ok();
    assert_eq!(contacts().await, 401);
    // A membership ends: nothing new comes, and without any there is nothing to see.
    let membership = format!("/api/v1/campaigns/{}/members/{}", a.ids["campaign"], a.agent.id);
    world.admin.delete(&membership).await.ok();
    assert_eq!(a.agent.api.get("/api/v1/me").await.ok()["campaigns"], json!([]));
    a.agent.api.get("/api/v1/conversations").await.refused(403, "forbidden");
    let next = a.channel.write("the next customer", "hello").await;
    world.until_standing(&next, "queued").await;
    world.admin.delete(&format!("/api/v1/tokens/{}", a.ids["token"])).await.ok();
}
