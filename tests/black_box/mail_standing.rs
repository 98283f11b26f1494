//! How sending stands: of an account for administrators, of one mail for whoever reads it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    api::{Api, text},
    database::{Database, on_both},
    installation::Installation,
    mail_sending::{Post, Slow, until},
    socket::Socket,
};

on_both!(
    an_account_that_cannot_send_says_why_and_so_do_its_mails,
    a_used_up_limit_says_until_when,
    who_did_not_get_a_mail_is_named_to_everybody_who_reads_it,
);

/// Takes nobody's password.
async fn refuses() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut stream, mut line) = (BufReader::new(stream), String::new());
                let _ = stream.write_all(b"220 strict\r\n").await;
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    let answer: &[u8] = match std::mem::take(&mut line) {
                        line if line.starts_with("EHLO") => b"250-strict\r\n250 AUTH PLAIN\r\n",
                        line if line.starts_with("AUTH") => b"535 5.7.8 Not with this password\r\n",
                        _ => b"250 ok\r\n",
                    };
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// What is asked for, as soon as it is so.
async fn eventually(api: &Api, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let found = api.get(path).await.ok();
        if is_so(&found["items"][0]) {
            return found["items"][0].clone();
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const HEALTH: &str = "/api/v1/mail-accounts/health";

fn last(conversation: &str) -> String {
    format!("/api/v1/conversations/{conversation}/messages?limit=1")
}

async fn an_account_that_cannot_send_says_why_and_so_do_its_mails(database: Database) {
    let post = Post::new(Installation::new(&database), refuses().await, "plain", "canary").await;
    let (world, agent) = (&post.world, post.world.agent(&[&post.campaign]).await);
    let _tab = Socket::at_work(&agent.api).await;
    assert_eq!(world.admin.get(HEALTH).await.ok()["items"][0]["sending"], json!({ "is": "working" }));
    let (id, _) = post.writes(&agent.api, "luz@x.example", "uno").await;
    let failing = eventually(&world.admin, HEALTH, |account| account["sending"]["is"] == "failing").await;
    let sending = &failing["sending"];
    assert_eq!((&sending["code"], &failing["waiting"]), (&json!("login_refused"), &json!(1)), "{failing}");
    assert!(sending["words"].as_str().unwrap().contains("Not with this password"), "{failing}");
    assert!(
        sending["next_try"].as_str().unwrap() > sending["since"].as_str().unwrap() && !failing.to_string().contains("canary")
    );
    let waits = eventually(&agent.api, &last(&id), |mail| mail["waits"]["for"] == "account").await;
    assert_eq!((&waits["waits"]["code"], &waits["leaves_at"]), (&json!("login_refused"), &sending["next_try"]), "{waits}");
    let metrics = String::from_utf8(world.anonymous().get("/metrics").await.ok_bytes().to_vec()).unwrap();
    assert!(metrics.contains(&format!("centralita_mail_sending_up{{account=\"{}\"}} 0\n", post.channel)), "{metrics}");
    // Switched off nothing leaves, and it is nobody's fault.
    world.admin.patch(&format!("/api/v1/mail-accounts/{}", post.channel), json!({ "enabled": false })).await.ok();
    eventually(&world.admin, HEALTH, |account| account["sending"] == json!({ "is": "off" })).await;
    eventually(&agent.api, &last(&id), |mail| mail["waits"] == json!({ "for": "switched_off" })).await;
}

async fn a_used_up_limit_says_until_when(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let (world, agent) = (&post.world, post.world.agent(&[&post.campaign]).await);
    let _tab = Socket::at_work(&agent.api).await;
    let limit = json!({ "quota": { "hours": 1, "mails": 1 } });
    world.admin.patch(&format!("/api/v1/mail-accounts/{}", post.channel), limit).await.ok();
    let (id, first) = post.writes(&agent.api, "luz@x.example", "uno").await;
    until(&agent.api, &id, &first, "sent").await;
    agent.api.reply(&id, "dos").await.ok();
    let full = eventually(&world.admin, HEALTH, |account| account["sending"]["is"] == "full").await;
    assert_eq!((&full["sending"]["sent"], &full["sending"]["of"], &full["waiting"]), (&json!(1), &json!(1), &json!(1)), "{full}");
    let waits = eventually(&agent.api, &last(&id), |mail| mail["waits"] == json!({ "for": "quota" })).await;
    assert_eq!(waits["leaves_at"], full["sending"]["until"], "{waits}");
}

async fn who_did_not_get_a_mail_is_named_to_everybody_who_reads_it(database: Database) {
    let slow = Slow::default();
    let post = Post::new(Installation::new(&database), slow.start().await, "plain", "canary").await;
    let (world, agent) = (&post.world, post.world.agent(&[&post.campaign]).await);
    let _tab = Socket::at_work(&agent.api).await;
    let (id, first) = post.writes(&agent.api, "luz@x.example", "uno").await;
    until(&agent.api, &id, &first, "sent").await;
    let to = |address: &str| json!([{ "address": address }]);
    let mail = json!({ "to": to("luz@x.example"), "cc": to("nobody@x.example"), "subject": "x", "html": "<p>copias</p>" });
    let answer = agent.api.post(&format!("/api/v1/conversations/{id}/messages"), json!({ "mail": mail })).await.ok();
    let sent = until(&agent.api, &id, &text(&answer["message"]), "sent").await;
    assert_eq!(sent["reason"], "some_refused", "{sent}");
    // Who may read the recordings of this campaign reads it as well; who supervises another one does not.
    let supervisor = world.person("supervisor", json!([{ "kind": "campaign", "id": post.campaign }])).await;
    let path = format!("/api/v1/conversations/{id}/messages/{}/mail", text(&answer["message"]));
    for reader in [&agent.api, &supervisor.api] {
        let seen = reader.get(&path).await.ok();
        let nobody =
            json!([{ "address": "nobody@x.example", "reason": "recipient_refused:5.1.1", "words": "no such user here" }]);
        assert_eq!(seen["left_out"], nobody, "{seen}");
        assert!(seen["html"].as_str().unwrap().contains("<p>copias</p>"), "{seen}");
    }
    // Its header as it left; what has not left has none.
    let header = text(&supervisor.api.get(&format!("{path}/header")).await.ok()["text"]);
    let fields = ["Subject: x", "Cc: ", "nobody@x.example", "Message-ID: <", "From: "];
    assert!(fields.iter().all(|field| header.contains(field)) && !header.contains("copias"), "{header}");
    let later = (chrono::Utc::now() + chrono::Duration::hours(2)).to_rfc3339();
    let later = json!({ "text": "luego", "send_at": later });
    let later = text(&agent.api.post(&format!("/api/v1/conversations/{id}/messages"), later).await.ok()["message"]);
    agent.api.get(&format!("/api/v1/conversations/{id}/messages/{later}/mail/header")).await.refused(404, "not_found");
    let other = world.campaign(&post.client, json!({})).await;
    let stranger = world.person("supervisor", json!([{ "kind": "campaign", "id": other }])).await;
    stranger.api.get(&path).await.refused(404, "not_found");
}
