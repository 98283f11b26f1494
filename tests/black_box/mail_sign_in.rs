//! Mail accounts that sign in at a provider, from the screen to the wire: with a provider of our own, well-behaved and not, and where
//! `CENTRALITA_TEST_MAIL` names them (`scripts/mail.sh`) with a real Dovecot and Postfix, whose tokens are passwords.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::{
    api::{Answer, Api, text},
    database::{Database, number, on_both},
    installation::Installation,
    mail_sending::{Slow, field},
    mail_servers::Real,
    socket::Socket,
    world::World,
};

on_both!(
    a_mailbox_is_signed_in_receives_sends_and_is_signed_out,
    a_return_counts_once_and_in_the_browser_that_began_it,
    what_a_provider_refuses_is_said_in_words_and_nothing_is_kept,
    a_sign_in_that_ends_is_seen_and_mended,
    what_the_mail_server_refuses_is_not_kept,
    a_template_is_tried_by_an_account_that_is_signed_in,
    access_goes_to_no_other_server,
    a_provider_is_set_up_and_its_secret_never_comes_out,
    where_nothing_inside_may_be_reached_no_provider_is_either,
);

type Form = HashMap<String, String>;

/// A provider: each answer once, the last again and again.
#[derive(Clone)]
struct Provider {
    origin: String,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    asked: Arc<Mutex<Vec<Form>>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let provider = Self { origin, answers: Arc::default(), asked: Arc::default() };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        provider
    }

    fn says(&self, answers: &[(u16, Value)]) {
        *self.answers.lock().unwrap() = answers.iter().map(|(status, body)| (*status, body.to_string())).collect();
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn last(&self) -> Form {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut request = String::new();
        let mut part = [0; 4_096];
        let length = |head: &str| -> usize {
            let head = head.to_lowercase();
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0)
        };
        while request.split_once("\r\n\r\n").is_none_or(|(head, body)| body.len() < length(head)) {
            let Ok(read @ 1..) = stream.read(&mut part).await else { return };
            request.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        self.asked.lock().unwrap().push(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect());
        let (status, body) = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers.front().cloned().unwrap_or((503, String::new()))
            }
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
        let _ = stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    }

    fn settings(&self) -> Value {
        json!({ "client_id": "our-client", "client_secret": "canary-of-a-client", "name": "Correo propio",
            "authorize_url": format!("{}/authorize", self.origin), "token_url": format!("{}/token", self.origin), "scopes": "mail offline" })
    }
}

fn token(access: &str, refresh: Option<&str>, lasts: f64) -> (u16, Value) {
    (200, json!({ "access_token": access, "token_type": "Bearer", "expires_in": lasts, "refresh_token": refresh }))
}

/// A company that signs its mailboxes in.
struct Desk {
    world: World,
    provider: Provider,
    client: String,
    campaign: String,
    /// An administrator with a browser.
    browser: Api,
}

async fn browser(world: &World, role: &str) -> Api {
    let login = format!("{role}-{}", number());
    let user = json!({ "login": login, "name": "P", "role": role, "scopes": [{ "kind": "all" }], "password": "a good password" });
    world.admin.post("/api/v1/users", user).await.id();
    let answer = world.anonymous().post("/api/v1/session", json!({ "login": login, "password": "a good password" })).await;
    answer.ok();
    Api::browser(world.host(), answer.header("set-cookie").split(';').next().unwrap())
}

impl Desk {
    async fn new(installation: Installation) -> Self {
        let installation = installation.with("LOG", "trace").with("MAIL__REACH", "anywhere");
        let world = World::of(installation).await;
        let (provider, browser) = (Provider::start().await, browser(&world, "admin").await);
        let client = world.client("A").await;
        let campaign = world.campaign(&client, json!({})).await;
        let path = format!("/api/v1/clients/{client}/mail-providers/generic");
        world.admin.put(&path, provider.settings()).await.ok();
        Self { world, provider, client, campaign, browser }
    }

    /// An account that is off; nobody was asked about it.
    async fn account(&self, more: Value) -> String {
        let nowhere = json!({ "host": "127.0.0.1", "port": 1, "security": "tls" });
        let mut account = json!({ "client": self.client, "campaign": self.campaign, "address": format!("ana{}@example.com", number()),
            "user": "ana", "smtp": nowhere, "login": "oauth", "enabled": false });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.world.admin.post("/api/v1/mail-accounts", account).await.id()
    }

    async fn show(&self, id: &str) -> Value {
        self.world.admin.get(&format!("/api/v1/mail-accounts/{id}")).await.ok()
    }

    async fn begin(&self, id: &str, enable: bool) -> Form {
        let path = format!("/api/v1/mail-accounts/{id}/sign-in");
        let begun = self.browser.post(&path, json!({ "provider": "generic", "enable": enable })).await.ok();
        let url: Url = text(&begun["url"]).parse().unwrap();
        assert!(url.as_str().starts_with(&format!("{}/authorize?", self.provider.origin)));
        url.query_pairs().into_owned().collect()
    }

    /// What the browser shows that comes back.
    async fn back(&self, browser: &Api, query: &[(&str, &str)]) -> (u16, String) {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let request = browser.request("GET", &format!("/oauth/mail?{query}")).header("accept-language", "en");
        let answer = Answer::of("coming back".to_owned(), request).await;
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
    }

    async fn sign_in(&self, id: &str, enable: bool) -> (u16, String) {
        let asked = self.begin(id, enable).await;
        self.back(&self.browser, &[("code", "canary-of-a-code"), ("state", &asked["state"])]).await
    }

    async fn try_out(&self, id: &str) -> Vec<Value> {
        let answer = self.world.admin.post("/api/v1/mail-accounts/test", json!({ "account": id })).await;
        let text = String::from_utf8(answer.ok_bytes().to_vec()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn health(&self, id: &str) -> Value {
        let all = self.world.admin.get("/api/v1/mail-accounts/health").await.ok();
        all["items"].as_array().unwrap().iter().find(|health| health["account"] == id).unwrap().clone()
    }

    async fn until(&self, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let health = self.health(id).await;
            if holds(&health) {
                return health;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "not {what}: {health}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn servers(real: &Real) -> Value {
    json!({ "receives": true, "imap": { "host": "localhost", "port": real.imaps, "security": "tls" },
        "smtp": { "host": "localhost", "port": real.submission, "security": "starttls" } })
}

async fn a_mailbox_is_signed_in_receives_sends_and_is_signed_out(database: Database) {
    let Some(real) = Real::here() else { return };
    let mut desk = Desk::new(real.installation(&database)).await;
    let id = desk.account(servers(&real)).await;
    let path = format!("/api/v1/mail-accounts/{id}");
    // Before somebody signs in it stays off.
    desk.world.admin.patch(&path, json!({ "enabled": true })).await.refused_field("login", "mail_sign_in_needed");
    let asked = desk.begin(&id, true).await;
    assert_eq!((asked["client_id"].as_str(), asked["login_hint"].as_str()), ("our-client", "ana"));
    assert_eq!((asked["scope"].as_str(), asked["code_challenge_method"].as_str()), ("mail offline", "S256"));
    assert_eq!(asked["redirect_uri"], format!("http://{}/oauth/mail", desk.world.host()));
    // A token that ends at once: everything that follows needs others.
    desk.provider
        .says(&[token(&real.password, Some("canary-lasting-0"), 0.01), token(&real.password, Some("canary-lasting-1"), 1.0)]);
    let (status, page) =
        desk.back(&desk.browser, &[("code", "canary-of-a-code"), ("state", &asked["state"]), ("scope", "x")]).await;
    assert_eq!(status, 200, "{page}");
    let shown = desk.provider.asked.lock().unwrap()[0].clone();
    assert_eq!((shown["grant_type"].as_str(), shown["code"].as_str()), ("authorization_code", "canary-of-a-code"));
    assert_eq!((shown["client_secret"].as_str(), &shown["redirect_uri"]), ("canary-of-a-client", &asked["redirect_uri"]));
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(shown["code_verifier"].as_bytes()));
    assert_eq!(digest, asked["code_challenge"]);
    let account = desk.show(&id).await;
    assert_eq!((&account["enabled"], &account["login"], &account["has_password"]), (&json!(true), &json!("oauth"), &json!(true)));
    assert_eq!(account["signed_in"]["provider"], "generic");
    desk.until(&id, "up to date", |health| health["mailbox"]["is"] == "idle").await;
    // A test asks nobody for a password.
    let tried = desk.try_out(&id).await;
    assert_eq!(tried.last().unwrap(), &json!({ "line": "end", "receive": true, "send": true }), "{tried:?}");
    // It sends.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let agent = desk.world.agent(&[&desk.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let to = format!("luz{}@x.example", number());
    let body = json!({ "campaign": desk.campaign, "channel": id, "address": to, "name": "Luz", "text": "Hola" });
    agent.api.post("/api/v1/conversations", body).await.ok();
    let start = Instant::now();
    while !std::fs::read_to_string(&real.sent).unwrap_or_default().contains(&format!("<{to}>")) {
        assert!(start.elapsed() < Duration::from_secs(20), "no mail arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.provider.last()["refresh_token"], "canary-lasting-1", "the one it gave last");
    // What it keeps, it keeps over a restart.
    desk.world.crash().await;
    desk.until(&id, "up to date", |health| health["mailbox"]["is"] == "idle").await;
    let out = desk.world.admin.delete(&format!("{path}/sign-in")).await.ok();
    assert_eq!((&out["enabled"], &out["signed_in"], &out["has_password"]), (&json!(false), &Value::Null, &json!(false)));
    // Back to a password.
    let back = desk.world.admin.put(&format!("{path}/password"), json!({ "password": real.password })).await.ok();
    assert_eq!((&back["login"], &back["has_password"]), (&json!("password"), &json!(true)));
    let log = desk.world.installation.log();
    let rows = desk.world.installation.rows().await.join("\n");
    let verifier = shown["code_verifier"].as_str();
    for canary in ["canary", &real.password, verifier, &asked["state"]] {
        let found = log.lines().chain(rows.lines()).find(|line| line.contains(canary));
        assert_eq!(found, None, "a secret was written down");
    }
}

async fn a_return_counts_once_and_in_the_browser_that_began_it(database: Database) {
    let desk = Desk::new(Installation::new(&database)).await;
    let id = desk.account(json!({})).await;
    desk.provider.says(&[token("a", Some("r"), 60.0)]);
    let somebody_else = browser(&desk.world, "admin").await;
    let before = desk.world.installation.rows().await.into_iter().filter(|row| row.starts_with("mail_")).collect::<Vec<_>>();
    let unknown = |answer: (u16, String)| assert!(answer.0 == 400 && answer.1.contains("sign_in_unknown"), "{answer:?}");
    for state in ["", "x", &"a".repeat(43)] {
        unknown(desk.back(&desk.browser, &[("code", "c"), ("state", state)]).await);
    }
    unknown(desk.back(&desk.browser, &[("code", "c")]).await);
    // Somebody else's, nobody's, or a program's; and it is used up by that.
    for wrong in [&somebody_else, &desk.world.anonymous(), &desk.world.admin] {
        let asked = desk.begin(&id, false).await;
        unknown(desk.back(wrong, &[("code", "c"), ("state", &asked["state"])]).await);
        unknown(desk.back(&desk.browser, &[("code", "c"), ("state", &asked["state"])]).await);
    }
    assert_eq!(desk.provider.asked(), 0, "no code was shown to anybody");
    let asked = desk.begin(&id, false).await;
    let pairs = [("code", "c"), ("state", asked["state"].as_str())];
    let after = desk.world.installation.rows().await.into_iter().filter(|row| row.starts_with("mail_")).collect::<Vec<_>>();
    assert_eq!(before, after);
    let (status, page) = desk.back(&desk.browser, &pairs).await;
    // Its servers do not exist: kept all the same, switched off.
    assert!(status == 200 && page.contains("connect_refused"), "{page}");
    unknown(desk.back(&desk.browser, &pairs).await);
    assert_eq!(desk.provider.asked(), 1);
    assert_eq!(
        (desk.show(&id).await["enabled"].clone(), desk.show(&id).await["signed_in"]["provider"].clone()),
        (json!(false), json!("generic"))
    );
    // A program has no browser to come back with.
    let path = format!("/api/v1/mail-accounts/{id}/sign-in");
    desk.world.admin.post(&path, json!({ "provider": "generic" })).await.refused(409, "wrong_state");
    let auditor = browser(&desk.world, "auditor").await;
    auditor.post(&path, json!({ "provider": "generic" })).await.refused(403, "forbidden");
    desk.browser.post(&path, json!({ "provider": "google" })).await.refused_field("provider", "mail_provider_unset");
}

async fn what_a_provider_refuses_is_said_in_words_and_nothing_is_kept(database: Database) {
    let desk = Desk::new(Installation::new(&database)).await;
    let id = desk.account(json!({})).await;
    for (error, code) in
        [("access_denied", "sign_in_denied"), ("invalid_scope", "scope_refused"), ("server_error", "provider_later")]
    {
        let asked = desk.begin(&id, false).await;
        let said = [("error", error), ("error_description", "<b>no</b>"), ("state", asked["state"].as_str())];
        let (status, page) = desk.back(&desk.browser, &said).await;
        assert!(status == 400 && page.contains(code) && page.contains("&lt;b&gt;no"), "{page}");
    }
    let error = |name: &str| (400, json!({ "error": name, "error_description": format!("because of {name}, canary-of-a-code") }));
    for (answer, code) in [
        (error("invalid_grant"), "code_refused"),
        (error("invalid_client"), "client_refused"),
        (error("redirect_uri_mismatch"), "redirect_refused"),
        (error("strange"), "provider_refuses"),
        ((500, json!({})), "provider_later"),
        ((200, json!({})), "provider_odd"),
        (token("a", None, 60.0), "no_refresh"),
    ] {
        desk.provider.says(&[answer]);
        let (status, page) = desk.sign_in(&id, true).await;
        assert!(status == 400 && page.contains(&format!("<code>{code}</code>")), "{code}: {page}");
        assert!(!page.contains("canary"), "{page}");
    }
    let account = desk.show(&id).await;
    assert_eq!((&account["signed_in"], &account["has_password"]), (&Value::Null, &json!(false)));
    // Nobody there at all.
    let asked = desk.begin(&id, false).await;
    let path = format!("/api/v1/clients/{}/mail-providers/generic", desk.client);
    let gone = json!({ "client_id": "other", "client_secret": "x", "authorize_url": "http://127.0.0.1:1/a", "token_url": "http://127.0.0.1:1/t" });
    desk.world.admin.put(&path, gone).await.ok();
    let (_, page) = desk.back(&desk.browser, &[("code", "c"), ("state", &asked["state"])]).await;
    assert!(page.contains("provider_unset"), "changed meanwhile: {page}");
}

async fn a_sign_in_that_ends_is_seen_and_mended(database: Database) {
    let Some(real) = Real::here() else { return };
    let desk = Desk::new(real.installation(&database)).await;
    let id = desk.account(servers(&real)).await;
    let over = (400, json!({ "error": "invalid_grant", "error_description": "Token has been revoked." }));
    desk.provider.says(&[token(&real.password, Some("canary-lasting"), 0.1), over]);
    assert_eq!(desk.sign_in(&id, true).await.0, 200);
    let is_seen = |health: &Value| health["sign_in"]["code"] == "sign_in_again" && health["mailbox"]["code"] == "sign_in_again";
    let health = desk.until(&id, "seen", is_seen).await;
    assert_eq!(health["sign_in"]["words"], "Token has been revoked.");
    let asked = desk.provider.asked();
    for _ in 0..3 {
        let tried = desk.try_out(&id).await;
        let steps: Vec<(String, String)> =
            tried.iter().filter(|line| line["line"] == "step").map(|line| (text(&line["step"]), text(&line["code"]))).collect();
        assert_eq!(steps, [("sign_in".into(), "sign_in_again".into()), ("sign_in".into(), "sign_in_again".into())]);
    }
    let path = format!("/api/v1/mail-accounts/{id}");
    desk.world.admin.patch(&path, json!({ "folders": { "inbox": "Otra" } })).await.refused(422, "mail_sign_in_needed");
    assert_eq!(desk.provider.asked(), asked, "a provider that said no is left alone");
    let metrics = String::from_utf8(desk.world.anonymous().get("/metrics").await.ok_bytes().to_vec()).unwrap();
    assert!(metrics.contains(&format!("centralita_mail_sign_in_failing{{account=\"{id}\"}} 1")), "{metrics}");
    desk.provider.says(&[token(&real.password, Some("canary-lasting"), 3_600.0)]);
    assert_eq!(desk.sign_in(&id, false).await.0, 200);
    let health = desk.until(&id, "up to date", |health| health["mailbox"]["is"] == "idle").await;
    assert_eq!(health["sign_in"], Value::Null);
}

async fn what_the_mail_server_refuses_is_not_kept(database: Database) {
    let Some(real) = Real::here() else { return };
    let desk = Desk::new(real.installation(&database)).await;
    let id = desk.account(servers(&real)).await;
    desk.provider.says(&[token("canary-of-somebody-else", Some("r"), 3_600.0)]);
    let (status, page) = desk.sign_in(&id, true).await;
    assert!(status == 400 && page.contains("token_refused") && !page.contains("canary"), "{page}");
    assert_eq!(desk.show(&id).await["signed_in"], Value::Null);
    // Later, one that has lost its force is replaced once, and what replaces it is not asked for again and again.
    desk.provider.says(&[
        token(&real.password, Some("r"), 0.2),
        token("stale", None, 3_600.0),
        token(&real.password, None, 3_600.0),
    ]);
    assert_eq!(desk.sign_in(&id, false).await.0, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let on = desk.world.admin.patch(&format!("/api/v1/mail-accounts/{id}"), json!({ "enabled": true })).await;
    on.ok();
    assert_eq!(desk.provider.asked(), 4, "wrong person, right person, stale, good");
    desk.until(&id, "up to date", |health| health["mailbox"]["is"] == "idle").await;
}

async fn a_template_is_tried_by_an_account_that_is_signed_in(database: Database) {
    let (desk, slow) = (Desk::new(Installation::new(&database)).await, Slow::default());
    let smtp = json!({ "host": "127.0.0.1", "port": slow.start().await, "security": "plain" });
    let id = desk.account(json!({ "smtp": smtp, "accept_in_clear": true, "receives": false })).await;
    let template = json!({ "client": desk.client, "campaign": desk.campaign, "subject": "Hola", "html": "<p>Hola</p>" });
    let body = json!({ "template": template, "account": id, "to": "jefa@x.example" });
    let path = "/api/v1/templates/test";
    desk.world.admin.post(path, body.clone()).await.refused_field("account", "wrong_state");
    // What it is signed in with ends at once: the mail needs another.
    let over = (400, json!({ "error": "invalid_grant", "error_description": "Token has been revoked." }));
    desk.provider.says(&[token("canary-first", Some("canary-lasting"), 0.1), token("canary-next", None, 0.1), over]);
    assert_eq!(desk.sign_in(&id, true).await.0, 200);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let sent = desk.world.admin.post(path, body.clone()).await.ok();
    assert_eq!((&sent["subject"], &sent["failure"]), (&json!("[Prueba] Hola"), &Value::Null));
    assert_eq!(desk.provider.last()["refresh_token"], "canary-lasting");
    let shown = BASE64_STANDARD.encode("user=ana\x01auth=Bearer canary-next\x01\x01");
    assert_eq!(*slow.1.lock().unwrap(), format!("AUTH XOAUTH2 {shown}"));
    let mails = slow.0.lock().unwrap().clone();
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((field(mail, "Subject").as_deref(), mail.contains("Hola")), (Some("[Prueba] Hola"), true));
    // Who is signed out over there hears so in words, and nothing is sent.
    tokio::time::sleep(Duration::from_millis(150)).await;
    let failure = desk.world.admin.post(path, body).await.ok()["failure"].clone();
    assert_eq!((&failure["step"], &failure["code"]), (&json!("sign_in"), &json!("sign_in_again")));
    assert_eq!((&failure["words"], slow.0.lock().unwrap().len()), (&json!("Token has been revoked."), 1));
    let rows = desk.world.installation.rows().await.join("\n");
    assert!(!rows.contains("canary") && !desk.world.installation.log().contains("canary"));
}

async fn access_goes_to_no_other_server(database: Database) {
    let desk = Desk::new(Installation::new(&database)).await;
    let id = desk.account(json!({})).await;
    let path = format!("/api/v1/mail-accounts/{id}");
    desk.provider.says(&[token("a", Some("r"), 3_600.0)]);
    assert_eq!(desk.sign_in(&id, true).await.0, 200);
    let thief = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = json!({ "host": "localhost", "port": thief.local_addr().unwrap().port(), "security": "tls" });
    desk.world.admin.patch(&path, json!({ "smtp": elsewhere })).await.refused_field("login", "mail_sign_in_needed");
    let mut settings = desk.show(&id).await.as_object().unwrap().clone();
    settings.retain(|name, _| {
        !["id", "has_password", "has_sending_password", "signed_in", "archived_at", "created_at", "updated_at"]
            .contains(&name.as_str())
    });
    settings.insert("smtp".into(), elsewhere.clone());
    let test = json!({ "account": id, "settings": settings });
    desk.world.admin.post("/api/v1/mail-accounts/test", test).await.refused_field("login", "mail_sign_in_needed");
    assert!(tokio::time::timeout(Duration::from_millis(50), thief.accept()).await.is_err(), "somebody connected");
    // Signed out, the servers may change.
    desk.world.admin.delete(&format!("{path}/sign-in")).await.ok();
    desk.world.admin.patch(&path, json!({ "smtp": elsewhere })).await.ok();
    // What Google gives is for Google's servers.
    let google = format!("/api/v1/clients/{}/mail-providers/google", desk.client);
    desk.world.admin.put(&google, json!({ "client_id": "g", "client_secret": "s" })).await.ok();
    let begun = desk.browser.post(&format!("{path}/sign-in"), json!({ "provider": "google" })).await;
    begun.refused_field("provider", "mail_servers_of_others");
    let known = json!({ "smtp": { "host": "smtp.gmail.com", "port": 465, "security": "tls" } });
    let gmail = desk.account(known).await;
    let begun = desk.browser.post(&format!("/api/v1/mail-accounts/{gmail}/sign-in"), json!({ "provider": "google" })).await.ok();
    let url: Url = text(&begun["url"]).parse().unwrap();
    let asked: Form = url.query_pairs().into_owned().collect();
    assert_eq!((url.host_str(), asked["scope"].as_str()), (Some("accounts.google.com"), "https://mail.google.com/"));
    assert_eq!((asked["access_type"].as_str(), asked["prompt"].as_str()), ("offline", "consent"));
}

async fn a_provider_is_set_up_and_its_secret_never_comes_out(database: Database) {
    let desk = Desk::new(Installation::new(&database)).await;
    let all = format!("/api/v1/clients/{}/mail-providers", desk.client);
    let generic = format!("{all}/generic");
    let listed = desk.world.admin.get(&all).await;
    assert_eq!(listed.ok()["redirect_url"], format!("http://{}/oauth/mail", desk.world.host()));
    assert_eq!(listed.ok()["providers"][0]["has_secret"], true);
    let with = |changes: Value| {
        let mut settings = desk.provider.settings();
        settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        settings
    };
    for (change, field, code) in [
        (json!({ "token_url": "http://id.example.com/t" }), "token_url", "not_possible"),
        (json!({ "token_url": "http://10.0.0.1/t" }), "token_url", "not_possible"),
        (json!({ "authorize_url": "javascript:alert(1)" }), "authorize_url", "not_possible"),
        (json!({ "client_id": "" }), "client_id", "too_short"),
        (json!({ "client_secret": null, "token_url": "https://evil.example/t" }), "client_secret", "missing_field"),
        (json!({ "client_secret": null, "client_id": "other" }), "client_secret", "missing_field"),
        (json!({ "tenant": "contoso.com" }), "tenant", "not_possible"),
    ] {
        desk.world.admin.put(&generic, with(change)).await.refused_field(field, code);
    }
    let microsoft = json!({ "client_id": "m", "client_secret": "canary-of-microsoft", "tenant": "a/../b" });
    desk.world.admin.put(&format!("{all}/microsoft"), microsoft).await.refused_field("tenant", "not_possible");
    desk.world.admin.put(&format!("{all}/yahoo"), json!({ "client_id": "m" })).await.refused(404, "not_found");
    let kept = desk.world.admin.put(&generic, with(json!({ "client_secret": null, "scopes": "more" }))).await;
    assert_eq!((&kept.ok()["scopes"], &kept.ok()["has_secret"]), (&json!("more"), &json!(true)));
    // Who signs in there keeps it.
    desk.provider.says(&[token("a", Some("r"), 3_600.0)]);
    let id = desk.account(json!({})).await;
    assert_eq!(desk.sign_in(&id, false).await.0, 200);
    assert_eq!(desk.provider.last()["client_secret"], "canary-of-a-client", "the one that was kept");
    desk.world.admin.delete(&generic).await.refused(409, "in_use");
    desk.world.admin.delete(&format!("/api/v1/mail-accounts/{id}/sign-in")).await.ok();
    assert_eq!(desk.world.admin.delete(&generic).await.status, 204);
    let log = desk.world.installation.log();
    let rows = desk.world.installation.rows().await.join("\n");
    for answer in [&listed, &kept] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("canary"), "{answer}");
    }
    assert!(!log.contains("canary") && !rows.contains("canary"));
}

async fn where_nothing_inside_may_be_reached_no_provider_is_either(database: Database) {
    let (world, provider) = (World::new(&database).await, Provider::start().await);
    let path = format!("/api/v1/clients/{}/mail-providers/generic", world.client("B").await);
    world.admin.put(&path, provider.settings()).await.refused_field("authorize_url", "not_possible");
}
