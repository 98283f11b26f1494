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
        recordings::Recordings,
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
    let files: Arc<dyn object_store::ObjectStore> = Arc::new(InMemory::new());
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
        attachments: Arc::clone(&files),
        net: crate::actors::testing::network(),
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
        attachments: files,
        recordings: Recordings::new(&scratch.location, &running.engine.db),
        visitors: VisitorTokens::new(&[7; 32]),
        sockets: SocketLimit::new(10),
        visitor_sockets: SocketLimit::new(10),
        network: Config::default().mail.network(running.engine.clock.clone()).unwrap(),
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
        let row = UserRow { id, login, name: login, role, scopes, capacity: 100, enabled: true, voice: false };
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

mod access;
mod intake;
mod mail;
mod ops;
mod sessions;
mod work;
mod writes;
