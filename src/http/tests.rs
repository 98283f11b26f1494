//! The API over a real engine and a scratch database.

use std::{sync::Arc, time::Duration};

use actix_http::Request;
use actix_web::{
    App as ActixApp, Error,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::{Method, StatusCode, header::HeaderMap},
    test,
    web::Data,
};
use bytes::Bytes;
use bytestring::ByteString;
use object_store::memory::InMemory;
use serde_json::{Value, json};

use super::{
    configure,
    routes::{Access, ROUTES},
    state::{App, Needs},
};
use crate::{
    actors::{
        agent_session::Attach,
        sink::Sink,
        start::{Running, Settings, start},
    },
    auth::{
        password::{Cost, Passwords},
        secret::{Sealer, SecretText},
        session::{SessionCache, Token},
        token::{TokenHash, for_program},
        visitor::VisitorTokens,
    },
    channels::standard_webhooks::{SigningSecret, sign},
    clock::Clock,
    config::Config,
    domain::{
        agent::AgentCommand,
        log::{By, Entity},
        permission::{Permission, Role, Scope},
    },
    ids::{ConversationId, Ids, UserId},
    live::SocketLimit,
    store::{
        log,
        people::{self, NamedToken, UserRow},
        testing::Scratch,
    },
};

const ORIGIN: &str = "http://help.example.com";
const PASSWORD: &str = "correct horse";

struct World {
    app: App,
    running: Running,
    scratch: Scratch,
}

/// How a request is signed in.
#[derive(Clone, Debug)]
enum With {
    Nothing,
    Cookie(String),
    Bearer(String),
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {:?}", self.status, self.body))
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.body);
        self
    }
}

async fn start_over(scratch: &Scratch) -> (App, Running) {
    // The program installs it once; here every test may be the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::system();
    let key = SecretText::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned());
    let sealer = Arc::new(Sealer::new(1, &key).unwrap());
    let settings = Settings {
        location: scratch.location.clone(),
        node: "node".to_owned(),
        sealer: Arc::clone(&sealer),
        ids: Arc::new(Ids::from_entropy(clock.clone())),
        clock,
        intake_capacity: 1_000,
        journal_capacity: 1_000,
        grace: Duration::from_secs(60),
        origin: ORIGIN.to_owned(),
    };
    let running = start(settings).await.unwrap();
    let mut config = Config::default();
    config.limits.max_attachment_bytes = 64 * 1024;
    config.public_url = Some(ORIGIN.parse().unwrap());
    let app = App::new(Needs {
        engine: running.engine.clone(),
        config,
        sealer,
        passwords: Passwords::new(Cost::LEAST).unwrap(),
        sessions: Arc::new(SessionCache::default()),
        attachments: Arc::new(InMemory::new()),
        visitors: VisitorTokens::new(&[7; 32]),
        sockets: SocketLimit::new(10),
        visitor_sockets: SocketLimit::new(10),
        demo: None,
        ready: Box::new(|| true),
    });
    (app, running)
}

impl World {
    async fn over(scratch: Scratch) -> Self {
        scratch.location.migrate().await.unwrap();
        let (app, running) = start_over(&scratch).await;
        Self { app, running, scratch }
    }

    /// As after a crash: another process over the same database.
    async fn restarted(self) -> Self {
        let Self { app, running, scratch } = self;
        let Running { engine, journal, arbiter } = running;
        drop((app, engine));
        arbiter.stop();
        arbiter.join().unwrap();
        journal.join();
        let (app, running) = start_over(&scratch).await;
        Self { app, running, scratch }
    }

    async fn user(&self, login: &str, role: Role, scopes: &[Scope]) -> UserId {
        let engine = &self.app.engine;
        let id: UserId = engine.ids.next();
        let row = UserRow { id, login, name: login, role, scopes, capacity: 100, enabled: true };
        let phc = self.app.passwords.hash(&SecretText::from(PASSWORD)).unwrap();
        let insert = people::insert_user(&row, &phc, self.app.now());
        engine.configure(vec![insert], Entity::User, id.to_string(), By::System, None).await.unwrap();
        id
    }

    async fn token(&self, role: Role, scopes: Vec<Scope>) -> With {
        let secret = for_program();
        let token = Token { id: self.app.engine.ids.next(), user: None, role, scopes, expires_at: None };
        let named = NamedToken { token, name: "test".to_owned(), created_at: self.app.now() };
        let insert = people::insert_token(&TokenHash::of(secret.expose()), &named);
        self.app.engine.journal.write(vec![insert], None, By::System, None).await.unwrap();
        With::Bearer(secret.expose().clone())
    }

    fn seconds(&self) -> i64 {
        self.app.now().micros() / 1_000_000
    }

    async fn head(&self) -> u64 {
        log::head(&self.app.engine.db, 1).await.unwrap()
    }
}

/// A tab that takes everything.
struct OpenTab;

impl Sink for OpenTab {
    fn push(&self, _: ByteString) -> bool {
        true
    }
    fn has_room(&self) -> bool {
        true
    }
    fn is_open(&self) -> bool {
        true
    }
    fn close(&self) {}
}

macro_rules! service {
    ($world:expr) => {
        test::init_service(ActixApp::new().app_data(Data::new($world.app.clone())).configure(configure)).await
    };
}

fn request(method: &Method, path: &str, with: &With) -> test::TestRequest {
    let request = test::TestRequest::with_uri(path)
        .method(method.clone())
        .peer_addr("192.0.2.7:4000".parse().unwrap())
        .insert_header(("Host", "help.example.com"));
    match with {
        With::Nothing => request,
        With::Cookie(value) => request.insert_header(("Cookie", format!("centralita={value}"))).insert_header(("Origin", ORIGIN)),
        With::Bearer(token) => request.insert_header(("Authorization", format!("Bearer {token}"))),
    }
}

async fn send<S, B>(service: &S, request: test::TestRequest) -> Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = test::call_service(service, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: test::read_body(response).await }
}

async fn call<S, B>(service: &S, method: Method, path: &str, with: &With, body: Option<Value>) -> Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let request = request(&method, path, with);
    send(
        service,
        match body {
            Some(body) => request.set_json(body),
            None => request,
        },
    )
    .await
}

async fn sign_in<S, B>(service: &S, login: &str) -> With
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let answer =
        call(service, Method::POST, "/api/v1/session", &With::Nothing, Some(json!({"login": login, "password": PASSWORD})));
    let answer = answer.await.is(200);
    let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    With::Cookie(cookie.strip_prefix("centralita=").unwrap().split(';').next().unwrap().to_owned())
}

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

/// Two clients with one of everything each; ids by name.
async fn two_clients<S, B>(service: &S, admin: &With) -> [Value; 2]
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let mut clients = Vec::new();
    for name in ["A", "B"] {
        let post = async |path: &str, body: Value| call(service, Method::POST, path, admin, Some(body)).await.is(201).json();
        let client = post("/api/v1/clients", json!({"name": name})).await["id"].clone();
        let weekly = json!([{"day": "Mon", "start": 540, "end": 1080}]);
        let schedule = json!({"client": client, "name": "Office", "zone": "Europe/Madrid", "weekly": weekly});
        let schedule = post("/api/v1/schedules", schedule).await["id"].clone();
        let disposition = post("/api/v1/dispositions", json!({"client": client, "name": "Sold"})).await["id"].clone();
        let campaign = json!({"client": client, "name": "Sales", "dispositions": [disposition]});
        let campaign = post("/api/v1/campaigns", campaign).await["id"].clone();
        let channel = json!({"client": client, "campaign": campaign, "kind": "api", "name": "API"});
        let channel = post("/api/v1/channels", channel).await["id"].clone();
        let scopes = json!([{"kind": "client", "id": client}]);
        let user =
            json!({"login": format!("agent-{name}"), "name": name, "role": "agent", "scopes": scopes, "password": PASSWORD});
        let user = post("/api/v1/users", user).await["id"].clone();
        let path = format!("/api/v1/campaigns/{}/members/{}", campaign.as_str().unwrap(), user.as_str().unwrap());
        call(service, Method::PUT, &path, admin, Some(json!({}))).await.is(200);
        let token = post("/api/v1/tokens", json!({"name": "t", "role": "auditor", "scopes": scopes})).await["id"].clone();
        clients.push(json!({"clients": client, "schedules": schedule, "dispositions": disposition, "campaigns": campaign,
            "channels": channel, "users": user, "agents": user, "tokens": token}));
    }
    [clients[0].clone(), clients[1].clone()]
}

/// Adds a conversation, its contact and a file.
async fn write_to<S, B>(service: &S, admin: &With, mut client: Value, now: i64) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let id = client["channels"].as_str().unwrap();
    let path = format!("/api/v1/channels/{id}/secrets");
    let made = call(service, Method::POST, &path, admin, None).await.is(201).json();
    let secret: SigningSecret = made["secret"].as_str().unwrap().parse().unwrap();
    let stored = send(service, hook(id, &secret, now, &message("m-1", "cust-1", "hola"))).await.is(200).json();
    let path = format!("/api/v1/conversations/{}", stored["conversation"].as_str().unwrap());
    while call(service, Method::GET, &path, admin, None).await.is(200).json()["standing"]["is"] != "queued" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let file = request(&Method::POST, &format!("/api/v1/attachments?name=x&channel={id}"), admin).set_payload("file");
    let file = send(service, file).await.is(201).json();
    let query = format!("/api/v1/contacts?client={}", client["clients"].as_str().unwrap());
    let contacts = call(service, Method::GET, &query, admin, None).await.is(200).json();
    client["conversations"] = stored["conversation"].clone();
    client["attachments"] = file["id"].clone();
    client["contacts"] = contacts["items"][0]["id"].clone();
    client
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
                .replace("{secret}", user)
        };
        let body = (!matches!(route.method, Method::GET | Method::DELETE)).then(|| match route.path {
            path if path.ends_with("{secret}") => json!({"expires_at": null}),
            path if path.ends_with("{user}") => json!({"penalty": 1}),
            path if path.ends_with("/messages") || path.ends_with("/notes") => json!({"text": "x"}),
            path if path.ends_with("/accept") || path.ends_with("/decline") => json!({"offer": unknown}),
            path if path.ends_with("/transfer") => json!({"campaign": a["campaigns"]}),
            path if path.ends_with("/snooze") => json!({"until": "2999-01-01T00:00:00Z"}),
            path if path.ends_with("/tags") => json!({"tags": []}),
            path if path.ends_with("/priority") => json!({"priority": "high"}),
            path if path.ends_with("/close") || path.ends_with("/invitation") => json!({}),
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
        let ids: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
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

async fn reading_changes_nothing(world: World) {
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, _] = two_clients(&service, &root).await;
    let a = write_to(&service, &root, a, world.seconds()).await;
    let before = world.head().await;
    for route in
        ROUTES.iter().filter(|route| route.method == Method::GET && route.status != 101 && route.access != Access::Visitor)
    {
        let kind = route.path.split('/').nth(3).unwrap_or_default();
        let id = a.get(kind).and_then(Value::as_str).unwrap_or("x");
        let answer = call(&service, Method::GET, &route.path.replace("{id}", id), &root, None).await;
        assert!(matches!(answer.status.as_u16(), 200 | 404), "{} {:?}", route.path, answer.body);
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

/// A signed call of a connected system.
fn hook(channel: &str, secret: &SigningSecret, now: i64, body: &str) -> test::TestRequest {
    request(&Method::POST, &format!("/hooks/{channel}"), &With::Nothing)
        .insert_header(("webhook-id", "call-1"))
        .insert_header(("webhook-timestamp", now.to_string()))
        .insert_header(("webhook-signature", sign(secret, "call-1", now, body.as_bytes())))
        .set_payload(body.to_owned())
}

fn message(id: &str, from: &str, text: &str) -> String {
    json!({"type": "message", "message": {"id": id, "from": {"id": from, "name": "Luz"}, "text": text}}).to_string()
}

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

async fn health_is_public_readiness_honest_and_metrics_are_for_the_operator(world: World) {
    let service = service!(world);
    call(&service, Method::GET, "/healthz", &With::Nothing, None).await.is(200);
    call(&service, Method::GET, "/readyz", &With::Nothing, None).await.is(200);
    call(&service, Method::GET, "/metrics", &With::Nothing, None).await.is(404);
    let here = || test::TestRequest::with_uri("/metrics").peer_addr("127.0.0.1:4000".parse().unwrap());
    send(&service, here()).await.is(200);
    send(&service, here().insert_header(("X-Forwarded-For", "192.0.2.9"))).await.is(404);
    for path in ["/openapi.json", "/docs", "/docs/viewer.js", "/docs/viewer.css"] {
        let answer = call(&service, Method::GET, path, &With::Nothing, None).await.is(200);
        assert!(!answer.headers.get("content-security-policy").unwrap().to_str().unwrap().contains("unsafe"));
    }
}

async fn an_address_in_a_header_counts_only_from_a_trusted_proxy(mut world: World) {
    let seen = |app: &App, peer: &str, forwarded: &[&str]| {
        let request = test::TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        let request = forwarded.iter().fold(request, |request, line| request.append_header(("X-Forwarded-For", *line)));
        app.peer(&request.to_http_request()).to_string()
    };
    assert_eq!(seen(&world.app, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    let config = Config { trusted_proxies: serde_json::from_value(json!(["10.0.0.0/8"])).unwrap(), ..Config::default() };
    world.app = world.app.with_config(config);
    assert_eq!(seen(&world.app, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    assert_eq!(seen(&world.app, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["203.0.113.5", "198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["198.51.100.1, <script>"]), "10.0.0.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &[]), "10.0.0.1");
}

/// Every promise is kept on every database there is.
macro_rules! on_both {
    ($($promise:ident;)*) => {
        mod on_sqlite {
            use super::{Scratch, World};
            $(#[actix_web::test]
            async fn $promise() {
                super::$promise(World::over(Scratch::sqlite()).await).await;
            })*
        }
        mod on_postgres {
            use super::{Scratch, World};
            $(#[actix_web::test]
            async fn $promise() {
                if let Ok(server) = std::env::var("CENTRALITA_TEST_POSTGRES") {
                    super::$promise(World::over(Scratch::postgres(&server).await).await).await;
                }
            })*
        }
    };
}

on_both! {
    who_signs_in_gets_a_cookie_that_scripts_cannot_read_and_signing_out_voids_it_at_once;
    unknown_wrong_and_switched_off_get_one_and_the_same_answer;
    too_many_attempts_at_one_account_wait_for_seconds;
    a_browser_on_a_foreign_page_changes_nothing;
    every_route_of_the_table_is_registered_and_asks_who_calls;
    a_role_is_refused_exactly_where_it_holds_no_permission;
    what_belongs_to_another_client_reads_exactly_like_what_does_not_exist;
    reading_changes_nothing;
    all_fields_at_fault_are_told_at_once;
    a_repeated_write_has_one_effect_and_one_answer_also_after_a_restart;
    a_secret_is_shown_once_and_not_kept_for_repeated_requests;
    a_new_password_and_switching_off_end_all_sessions;
    a_signed_message_is_stored_once_and_everything_else_is_refused;
    an_agent_takes_answers_and_closes_a_conversation_that_others_do_not_see;
    a_file_that_is_too_large_or_whose_type_would_run_is_not_let_through;
    contacts_are_found_by_part_of_a_name_or_address_and_nothing_in_a_search_means_more_than_itself;
    health_is_public_readiness_honest_and_metrics_are_for_the_operator;
    an_address_in_a_header_counts_only_from_a_trusted_proxy;
}
