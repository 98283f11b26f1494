//! Mail that goes out: to a real Postfix where `CENTRALITA_TEST_MAIL` names one (`scripts/mail.sh`), and to a slow server of our own while
//! the process is killed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use centralita::channels::email::understand::{Context, ThreadKey, mint_rating, understand};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    api::{Answer, Api, text},
    database::{Database, number, on_both},
    installation::Installation,
    mail_servers::{Real, insert_account, world_with_mail},
    socket::Socket,
    world::World,
};

on_both!(
    a_mail_and_what_follows_it_reach_a_real_server,
    what_a_real_server_puts_off_waits_in_sight_and_arrives_once,
    what_a_real_server_wants_encrypted_waits_until_it_is,
    what_waits_can_be_withdrawn_by_who_wrote_it,
    who_gets_a_mail_rates_it,
    a_mail_that_leaves_asks_and_its_link_works,
    killed_while_mail_goes_out_nothing_is_lost_and_what_came_twice_is_marked,
);

const START: &str = "/api/v1/conversations";

pub(crate) struct Post {
    pub(crate) world: World,
    pub(crate) client: String,
    pub(crate) campaign: String,
    pub(crate) channel: String,
}

impl Post {
    /// A world with a mail account that sends by this server.
    pub(crate) async fn new(installation: Installation, port: u16, security: &str, password: &str) -> Self {
        let (world, client, campaign) = world_with_mail(installation).await;
        let config = json!({
            "from_name": "Ayuda — Ñandú", "smtp": { "host": "localhost", "port": port, "security": security }, "user": "ana",
        });
        let id = insert_account(&world, (&client, &campaign), "ana@example.com", &config, password).await;
        Self { world, client, campaign, channel: id }
    }

    /// Writes to somebody first: conversation and message.
    pub(crate) async fn writes(&self, agent: &Api, address: &str, words: &str) -> (String, String) {
        let body =
            json!({ "campaign": self.campaign, "channel": self.channel, "address": address, "name": "Luz", "text": words });
        let begun = agent.post(START, body).await;
        assert_eq!(begun.status, 201, "{begun}");
        (text(&begun.json()["conversation"]), text(&begun.json()["message"]))
    }
}

async fn message(api: &Api, conversation: &str, message: &str) -> Value {
    let page = api.get(&format!("{START}/{conversation}/messages")).await.ok();
    let found = page["items"].as_array().unwrap().iter().find(|item| item["id"] == message);
    found.cloned().unwrap_or_else(|| panic!("{page}"))
}

pub(crate) async fn until(api: &Api, conversation: &str, id: &str, delivery: &str) -> Value {
    let start = Instant::now();
    loop {
        let found = message(api, conversation, id).await;
        if found["delivery"] == delivery {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "not {delivery}: {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The mails in Postfix's file to an address, header by header.
async fn delivered(real: &Real, to: &str, count: usize) -> Vec<String> {
    let start = Instant::now();
    loop {
        let all = std::fs::read_to_string(&real.sent).unwrap_or_default();
        let mails: Vec<String> = all.split("\nX-Centralita-Loop").map(str::to_owned).collect();
        let found: Vec<String> = mails.into_iter().filter(|mail| mail.contains(&format!("<{to}>"))).collect();
        if found.len() >= count {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{all}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn field(mail: &str, name: &str) -> Option<String> {
    let unfolded = mail.replace("\r\n", "\n").replace("\n ", " ");
    unfolded.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

async fn a_mail_and_what_follows_it_reach_a_real_server(database: Database) {
    let Some(real) = Real::here() else { return };
    let installation = Installation::new(&database).with("MAIL__AUTHORITY", real.authority.to_str().unwrap());
    let post = Post::new(installation, real.submission, "starttls", &real.password).await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let to = format!("luz{}@x.example", number());
    let (id, first) = post.writes(&agent.api, &to, "Hola, Ñandú").await;
    until(&agent.api, &id, &first, "sent").await;
    for words in ["Otra vez", "Y otra"] {
        let next = text(&agent.api.reply(&id, words).await.ok()["message"]);
        until(&agent.api, &id, &next, "sent").await;
    }
    let mails = delivered(&real, &to, 3).await;
    assert_eq!(field(&mails[2], "In-Reply-To"), field(&mails[1], "Message-ID"), "{mails:?}");
    assert!(field(&mails[0], "From").unwrap().ends_with("<ana@example.com>"), "{mails:?}");
    // What it says no to, for good and for now.
    let (id, refused) = post.writes(&agent.api, "nobody@x.example", "x").await;
    assert_eq!(until(&agent.api, &id, &refused, "rejected").await["reason"], "recipient_refused:5.1.1");
    let (id, later) = post.writes(&agent.api, "later@x.example", "x").await;
    let waits = until(&agent.api, &id, &later, "sending").await;
    assert!(waits["leaves_at"].is_string(), "{waits}");
    let (id, large) = post.writes(&agent.api, &format!("large{}@x.example", number()), "x").await;
    until(&agent.api, &id, &large, "sent").await;
    let path = format!("/api/v1/attachments?name=grande.bin&conversation={id}");
    let request = agent.api.request("POST", &path).header("idempotency-key", number().to_string()).body(vec![7_u8; 1_200_000]);
    let file = Answer::of("an upload".to_owned(), request).await.id();
    let with_file = json!({ "text": "x", "attachments": [file] });
    let large = text(&agent.api.post(&format!("{START}/{id}/messages"), with_file).await.ok()["message"]);
    assert_eq!(until(&agent.api, &id, &large, "rejected").await["reason"], "mail_too_large");
}

/// Why a mail waits, once it does for such a reason.
async fn until_waits(api: &Api, conversation: &str, id: &str, reason: &str) -> Value {
    let start = Instant::now();
    loop {
        let found = message(api, conversation, id).await;
        if found["waits"]["for"] == reason {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "does not wait for {reason}: {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Greylisting: not now, and later yes.
async fn what_a_real_server_puts_off_waits_in_sight_and_arrives_once(database: Database) {
    let Some(real) = Real::here() else { return };
    let installation = Installation::new(&database).with("MAIL__AUTHORITY", real.authority.to_str().unwrap());
    let post = Post::new(installation, real.submission, "starttls", &real.password).await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let (to, other) = (format!("grey-{}@x.example", number()), format!("eva{}@x.example", number()));
    let [first, second, third] = ["uno", "dos", "tres"].map(|word| format!("{word}-{}", number()));
    let (id, put_off) = post.writes(&agent.api, &to, &first).await;
    let waits = until_waits(&agent.api, &id, &put_off, "retry").await;
    assert_eq!((&waits["delivery"], &waits["reason"], waits["leaves_at"].is_string()), (&json!("sending"), &Value::Null, true));
    let view = agent.api.get(&format!("/api/v1/conversations/{id}/messages/{put_off}/mail")).await.ok();
    assert!(view["refusal"].as_str().is_some_and(|said| said.contains("Greylisted")), "{view}");
    // What follows it does not overtake it; others do.
    let behind = text(&agent.api.reply(&id, &second).await.ok()["message"]);
    let (elsewhere, free) = post.writes(&agent.api, &other, &third).await;
    until(&agent.api, &elsewhere, &free, "sent").await;
    let standing = message(&agent.api, &id, &put_off).await;
    assert!(standing["delivery"] == "sending" && standing["waits"]["attempts"].as_u64() >= Some(1), "{standing}");
    assert_eq!(message(&agent.api, &id, &behind).await["delivery"], "queued");
    std::fs::write(real.grey.join(&to), "").unwrap();
    // The server said no before it had the mail: nothing is in doubt.
    let sent = until(&agent.api, &id, &put_off, "sent").await;
    assert_eq!((&sent["reason"], &sent["waits"], &sent["leaves_at"]), (&Value::Null, &Value::Null, &Value::Null));
    until(&agent.api, &id, &behind, "sent").await;
    tab.delivery(&behind, "sent").await;
    let moves = |message: &str| {
        let deltas = tab.seen.iter().filter_map(|frame| frame["data"]["deliveries"].as_array()).flatten();
        deltas.filter(|delta| delta["message"] == message).map(|delta| text(&delta["to"])).collect::<Vec<_>>()
    };
    assert_eq!((moves(&put_off), moves(&behind)), (vec!["sending".to_owned(), "sent".to_owned()], moves(&put_off)));
    let start = Instant::now();
    loop {
        let all = std::fs::read_to_string(&real.sent).unwrap_or_default();
        let copies = [&first, &second, &third].map(|words| all.matches(&format!("<p>{words}</p>")).count());
        assert!(copies.iter().all(|count| *count <= 1) && start.elapsed() < Duration::from_secs(30), "{copies:?}");
        if copies == [1, 1, 1] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn what_a_real_server_wants_encrypted_waits_until_it_is(database: Database) {
    let Some(real) = Real::here() else { return };
    let installation = Installation::new(&database).with("MAIL__AUTHORITY", real.authority.to_str().unwrap());
    let post = Post::new(installation, real.submission, "plain", &real.password).await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let to = format!("luz{}@x.example", number());
    let (id, message) = post.writes(&agent.api, &to, "Hola").await;
    let waits = until_waits(&agent.api, &id, &message, "account").await;
    assert_eq!((&waits["delivery"], &waits["waits"]["code"]), (&json!("sending"), &json!("login_disabled")), "{waits}");
    let sql = format!(
        "UPDATE mail_accounts SET config = replace(config, '\"plain\"', '\"starttls\"'), updated_at = 1 WHERE id = '{}';",
        post.channel
    );
    post.world.installation.execute(&sql).await;
    post.world.admin.patch(&format!("/api/v1/campaigns/{}", post.campaign), json!({ "weight": 21 })).await.ok();
    let sent = until(&agent.api, &id, &message, "sent").await;
    assert_eq!((&sent["reason"], &sent["waits"]), (&Value::Null, &Value::Null));
    assert_eq!(delivered(&real, &to, 1).await.len(), 1);
}

/// A server that takes everything but what is for nobody, slowly; everything it took, and how somebody last signed in.
#[derive(Clone, Default)]
pub(crate) struct Slow(pub(crate) Arc<Mutex<Vec<String>>>, pub(crate) Arc<Mutex<String>>);

impl Slow {
    pub(crate) async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, took) = (listener.local_addr().unwrap().port(), self.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(took.clone().serve(stream));
            }
        });
        port
    }

    async fn serve(self, stream: TcpStream) {
        let (mut stream, mut line, mut mail) = (BufReader::new(stream), String::new(), None::<String>);
        let _ = stream.write_all(b"220 slow\r\n").await;
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            let said = std::mem::take(&mut line);
            let answer: &[u8] = match (&mut mail, said.trim_end()) {
                (Some(_), ".") => {
                    self.0.lock().unwrap().extend(mail.take());
                    // Taken, and not said so yet: who dies now does not know.
                    tokio::time::sleep(Duration::from_millis(15)).await;
                    b"250 ok\r\n"
                }
                (Some(mail), _) => {
                    mail.push_str(&said);
                    continue;
                }
                (None, "DATA") => {
                    mail = Some(String::new());
                    b"354 go\r\n"
                }
                (None, line) if line.starts_with("EHLO") => b"250-slow\r\n250 AUTH PLAIN XOAUTH2\r\n",
                (None, line) if line.starts_with("AUTH") => {
                    line.clone_into(&mut self.1.lock().unwrap());
                    b"235 ok\r\n"
                }
                (None, line) if line.starts_with("RCPT TO:<odd@") => {
                    b"550-5.7.1 \x1b[31m<b>no</b>\xe2\x80\xae\xff\r\n550 5.7.1 https://x.example/why\r\n"
                }
                (None, line) if line.starts_with("RCPT TO:<nobody@") => b"550 5.1.1 no such user here\r\n",
                (None, _) => b"250 ok\r\n",
            };
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }

    /// How often each text came.
    fn counted(&self) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for mail in self.0.lock().unwrap().iter() {
            *counted.entry(field(mail, "Message-ID").unwrap()).or_default() += 1;
        }
        counted
    }
}

async fn what_waits_can_be_withdrawn_by_who_wrote_it(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let colleague = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let (id, first) = post.writes(&agent.api, "luz@x.example", "uno").await;
    until(&agent.api, &id, &first, "sent").await;
    let messages = format!("{START}/{id}/messages");
    let later = (chrono::Utc::now() + chrono::Duration::hours(2)).to_rfc3339();
    let waiting = text(&agent.api.post(&messages, json!({ "text": "luego", "send_at": later })).await.ok()["message"]);
    let undone = text(&agent.api.post(&messages, json!({ "text": "no", "undo": true })).await.ok()["message"]);
    let shown = message(&agent.api, &id, &waiting).await;
    assert_eq!((&shown["delivery"], shown["leaves_at"].is_string()), (&json!("scheduled"), true), "{shown}");
    let cancel = |message: &str| format!("{messages}/{message}/cancel");
    colleague.api.act(&cancel(&waiting)).await.refused(404, "not_found");
    for message in [&undone, &waiting, &waiting] {
        agent.api.act(&cancel(message)).await.ok();
    }
    agent.api.act(&cancel(&first)).await.refused(409, "not_waiting");
    assert_eq!(message(&agent.api, &id, &undone).await["delivery"], "cancelled");
    let too_far = (chrono::Utc::now() + chrono::Duration::days(400)).to_rfc3339();
    agent.api.post(&messages, json!({ "text": "x", "send_at": too_far })).await.refused(422, "not_then");
    let last = text(&agent.api.reply(&id, "fin").await.ok()["message"]);
    until(&agent.api, &id, &last, "sent").await;
    assert_eq!(slow.counted().len(), 2);
}

async fn killed_while_mail_goes_out_nothing_is_lost_and_what_came_twice_is_marked(database: Database) {
    let slow = Slow::default();
    let mut post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let mut written = Vec::new();
    for round in 0..4 {
        let agent = post.world.agent(&[&post.campaign]).await;
        let _tab = Socket::at_work(&agent.api).await;
        for number in 0..12 {
            written.push(post.writes(&agent.api, &format!("c{round}-{number}@x.example"), "x").await);
        }
        tokio::time::sleep(Duration::from_millis(10 + 37 * round)).await;
        post.world.crash().await;
    }
    let host = post.world.host().to_owned();
    let api = post.world.admin.at(&host);
    let mut marked = 0;
    for (conversation, message) in &written {
        let sent = until(&api, conversation, message, "sent").await;
        marked += usize::from(sent["reason"] == "sent_again");
    }
    let counted = slow.counted();
    let twice = counted.values().filter(|count| **count > 1).count();
    assert_eq!(counted.len(), written.len());
    assert!(twice <= marked, "{twice} came twice, {marked} are marked");
}

/// S4-23: below what the agent wrote, with a link that whoever got the mail can follow.
async fn a_mail_that_leaves_asks_and_its_link_works(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let agent = post.world.agent(&[&post.campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let asked = json!({ "mail": { "rating": { "prompt": "¿Cómo fue la atención?", "thanks": "¡Gracias!" } } });
    post.world.admin.patch(&format!("/api/v1/campaigns/{}", post.campaign), asked).await.ok();
    let (id, message) = post.writes(&agent.api, "luz@x.example", "Hola").await;
    until(&agent.api, &id, &message, "sent").await;
    let raw = slow.0.lock().unwrap()[0].clone();
    let seen = understand(raw.as_bytes(), &Context { keys: &[], own: &[], return_path: None }).unwrap();
    assert!(seen.text.starts_with("Hola") && seen.text.contains("¿Cómo fue la atención?"), "{}", seen.text);
    let link = seen.text.split_whitespace().find(|word| word.contains("/rate/")).unwrap_or_else(|| panic!("{}", seen.text));
    let path = &link[link.find("/rate/").unwrap()..];
    assert!(seen.html.unwrap().html.contains(path));
    let page = post.world.anonymous().get(path).await;
    assert!(String::from_utf8_lossy(page.ok_bytes()).contains("¿Cómo fue la atención?"));
}

/// S4-20 to S4-23: the address in the mail is all it takes, and following it rates nothing.
async fn who_gets_a_mail_rates_it(database: Database) {
    let post = Post::new(Installation::new(&database), 1, "plain", "canary").await;
    let Post { world, campaign, channel, client } = &post;
    let agent = world.agent(&[campaign]).await;
    let _tab = Socket::at_work(&agent.api).await;
    let (conversation, message) = post.writes(&agent.api, "luz@x.example", "Hola").await;
    let key = ThreadKey::new(&[7; 32], client.parse().unwrap(), channel.parse().unwrap());
    let token = mint_rating(conversation.parse().unwrap(), message.parse().unwrap(), &key);
    let path = format!("/rate/{channel}/{token}");
    let nobody = world.anonymous();
    let send = async |path: &str, form: &'static str| {
        let request = nobody.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(form);
        Answer::of(format!("a rating at {path}"), request).await
    };
    // Its campaign does not ask.
    assert_eq!(nobody.get(&path).await.status, 404);
    let asked = json!({ "mail": { "rating": { "prompt": "¿Cómo fue <la> atención?", "thanks": "¡Gracias!" } } });
    world.admin.patch(&format!("/api/v1/campaigns/{campaign}"), asked).await.ok();
    let page = nobody.get(&format!("{path}?s=4")).await;
    let html = String::from_utf8(page.ok_bytes().to_vec()).unwrap();
    assert!(html.contains("¿Cómo fue &lt;la&gt; atención?") && html.contains("value=\"4\" required checked"), "{html}");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'") && !html.contains("Luz"), "{html}");
    let none = json!([]);
    assert_eq!(world.admin.get("/api/v1/mail-ratings").await.ok()["totals"], none);
    // Wrong ones.
    assert_eq!(send(&path, "score=6&comment=x").await.status, 422);
    assert_eq!(send(&path, "\u{0}").await.status, 422);
    let other = if token.starts_with('a') { "b" } else { "a" };
    assert_eq!(send(&format!("/rate/{channel}/{other}{}", &token[1..]), "score=5").await.status, 404);
    assert_eq!(send(&format!("/rate/{channel}/x"), "score=5").await.status, 404);
    assert_eq!(world.admin.get("/api/v1/mail-ratings").await.ok()["totals"], none);
    let thanks = send(&path, "score=2&comment=Tard%C3%B3+%3Cmucho%3E").await;
    assert!(String::from_utf8_lossy(thanks.ok_bytes()).contains("¡Gracias!"));
    send(&path, "score=5&comment=").await.ok_bytes();
    send(&path, "score=4&comment=Mejor").await.ok_bytes();
    let ratings = world.admin.get(&format!("/api/v1/mail-ratings?campaign={campaign}&agent={}", agent.id)).await.ok();
    assert_eq!(ratings["totals"], json!([{ "campaign": campaign, "agent": agent.id, "scores": [0, 0, 0, 1, 0] }]));
    let (one, only) = (&ratings["latest"][0], ratings["latest"].as_array().unwrap().len() == 1);
    assert!(only && one["message"] == *message && one["score"] == 4 && one["comment"] == "Mejor", "{ratings}");
    // Who supervises another campaign sees nothing of it.
    let other = world.campaign(client, json!({})).await;
    let stranger = world.person("supervisor", json!([{ "kind": "campaign", "id": other }])).await;
    assert_eq!(stranger.api.get("/api/v1/mail-ratings").await.ok(), json!({ "totals": [], "latest": [] }));
    agent.api.get("/api/v1/mail-ratings").await.refused(403, "forbidden");
}
