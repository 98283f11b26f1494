//! The live protocol: who may connect and follow what, for how long, and what happens to whoever reads too slowly or sends
//! nonsense (security.md, 29, 30 and 50; reliability.md, R9 to R11).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    api::{Api, text},
    company::Company,
    database::{Database, on_both},
    installation::Installation,
    socket::Socket,
    world::World,
};

on_both!(
    a_cookie_counts_only_from_a_page_of_this_server,
    a_token_in_the_address_is_no_credential,
    topics_are_denied_to_who_may_not_see_them,
    a_role_taken_away_ends_what_it_showed,
    a_scope_taken_away_ends_what_it_showed,
    a_token_taken_away_ends_its_socket,
    a_new_password_ends_the_sockets_of_old_sessions,
    a_snapshot_and_what_follows_is_what_a_fresh_snapshot_shows,
    the_board_shows_each_only_their_own,
    who_reads_too_slowly_gets_a_fresh_snapshot,
    who_never_reads_is_cut_off_and_holds_nobody_up,
    frames_that_are_not_as_they_should_be_do_no_harm,
    the_server_answers_pings_and_a_client_may_follow_so_many_topics_only,
    an_address_has_its_share_of_sockets,
    typing_is_seen_by_who_looks_at_the_conversation,
    an_agent_and_a_visitor_see_each_other_typing,
    who_looks_at_a_conversation_sees_who_else_does,
    the_heartbeat_of_a_page_comes_every_sixteen_seconds,
);

/// How soon what was taken away is gone without a reconnect.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);

/// Signs in with a password: the cookie.
async fn sign_in(world: &World, login: &str, password: &str) -> String {
    let body = json!({ "login": login, "password": password });
    let answer = world.anonymous().post("/api/v1/session", body).await;
    answer.ok();
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn person_with_password(world: &World, role: &str, password: &str) -> (String, String) {
    let login = format!("{role}-with-password");
    let user = json!({ "login": login, "name": "P", "role": role, "scopes": [{ "kind": "all" }], "password": password });
    let id = world.admin.post("/api/v1/users", user).await.id();
    (id, sign_in(world, &login, password).await)
}

async fn a_cookie_counts_only_from_a_page_of_this_server(database: Database) {
    let world = World::new(&database).await;
    let (_, cookie) = person_with_password(&world, "supervisor", "a good password").await;
    let browser = Api::browser(world.host(), &cookie);
    assert_eq!(Socket::try_open(&world.anonymous().with("cookie", &cookie), "/ws").await.err(), Some(403));
    let port = world.host().split(':').nth(1).unwrap();
    let foreign = [
        "null",
        "https://evil.example",
        "file://",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://evil.example/http://127.0.0.1",
        "",
    ];
    let foreign = foreign.iter().map(|origin| (*origin).to_owned());
    let near =
        [format!("http://localhost:{port}"), format!("http://{}.evil.example", world.host()), format!("ftp://{}", world.host())];
    for origin in foreign.chain(near) {
        let page = browser.clone().with("origin", &origin);
        assert_eq!(Socket::try_open(&page, "/ws").await.err(), Some(403), "{origin}");
    }
    let (_, me) = Socket::following(&browser, "me").await;
    assert_eq!(me["data"]["role"], "supervisor");
}

async fn a_token_in_the_address_is_no_credential(database: Database) {
    let world = World::new(&database).await;
    let bearer = world.admin.headers["authorization"].to_str().unwrap().to_owned();
    let token = bearer.trim_start_matches("Bearer ");
    for query in [format!("token={token}"), format!("access_token={token}"), format!("authorization={token}")] {
        assert_eq!(Socket::try_open(&world.anonymous(), &format!("/ws?{query}")).await.err(), Some(401));
    }
    assert!(!world.installation.log().contains(token));
}

async fn topics_are_denied_to_who_may_not_see_them(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let theirs = format!("conversation:{}", b.ids["conversation"]);
    let unknown = "conversation:01900000-0000-7000-8000-000000000001".to_owned();
    let anything = [
        "",
        "*",
        "%",
        "me:",
        "conversation:*",
        "conversation:%",
        "conversation:",
        "board:*",
        "board:2",
        "chat",
        "visitor",
        "-",
        "ME",
        "conversation:' OR 1=1--",
    ];
    for (who, person) in a.people() {
        let mut socket = Socket::open(&person.api).await;
        for topic in anything.iter().copied().chain([theirs.as_str(), &unknown]) {
            let answer = socket.follow(topic).await;
            assert_eq!((&answer["kind"], &answer["data"]["code"]), (&json!("denied"), &json!("not_found")), "{who}: {answer}");
        }
        let board = socket.follow("board:1").await;
        assert_eq!(board["kind"] == "board", !matches!(who, "agent" | "colleague"), "{who}");
        let own = socket.follow(&format!("conversation:{}", a.ids["conversation"])).await;
        assert_eq!(own["kind"] == "thread", who != "colleague", "{who}: {own}");
        let me = socket.follow("me").await;
        assert_eq!(me["data"]["user"], person.id, "{who}");
    }
    // A program has no inbox.
    let (_, me) = Socket::following(&world.admin, "me").await;
    assert_eq!((&me["data"]["presence"], &me["data"]["conversations"]), (&Value::Null, &json!([])));
}

async fn until_denied(socket: &mut Socket, topic: &str) {
    let start = Instant::now();
    socket.until(topic, |frame| frame["kind"] == "denied" && frame["data"]["topic"] == topic).await;
    assert!(start.elapsed() < REVOKED_WITHIN, "only after {:?}", start.elapsed());
}

async fn a_role_taken_away_ends_what_it_showed(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let mut socket = Socket::open(&a.supervisor.api).await;
    let topic = format!("conversation:{}", a.ids["conversation"]);
    assert_eq!(socket.follow("board:1").await["kind"], "board");
    assert_eq!(socket.follow(&topic).await["kind"], "thread");
    let user = format!("/api/v1/users/{}", a.supervisor.id);
    world.admin.patch(&user, json!({ "role": "agent", "scopes": [] })).await.ok();
    let start = Instant::now();
    let mut denied = Vec::new();
    while denied.len() < 2 {
        let frame = socket.until("a denial", |frame| frame["kind"] == "denied").await;
        denied.push(text(&frame["data"]["topic"]));
    }
    assert!(start.elapsed() < REVOKED_WITHIN, "only after {:?}", start.elapsed());
    denied.sort();
    assert_eq!(denied, ["board:1".to_owned(), topic]);
    // Nothing of what happens now comes along.
    let seen = socket.seen.len();
    a.channel.write("customer", "a secret").await;
    world.admin.patch(&user, json!({ "enabled": false })).await.ok();
    socket.until("the end", |frame| frame["kind"] == "signed_out").await;
    assert!(!format!("{:?}", &socket.seen[seen..]).contains("a secret"));
}

async fn a_scope_taken_away_ends_what_it_showed(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let mut socket = Socket::open(&a.supervisor.api).await;
    let topic = format!("conversation:{}", a.ids["conversation"]);
    assert_eq!(socket.follow("board:1").await["data"]["campaigns"].as_array().unwrap().len(), 3);
    assert_eq!(socket.follow(&topic).await["kind"], "thread");
    let scopes = json!({ "scopes": [{ "kind": "campaign", "id": b.ids["campaign"] }] });
    world.admin.patch(&format!("/api/v1/users/{}", a.supervisor.id), scopes).await.ok();
    let start = Instant::now();
    let only = |frame: &Value| frame["kind"] == "board" && frame["data"]["campaigns"].as_array().unwrap().len() == 1;
    let board = socket.until("the other board", only).await;
    assert_eq!(board["data"]["campaigns"][0]["campaign"], b.ids["campaign"]);
    assert!(!board.to_string().contains(&a.agent.id), "{board}");
    if !socket.seen.iter().any(|frame| frame["kind"] == "denied" && frame["data"]["topic"] == topic) {
        until_denied(&mut socket, &topic).await;
    }
    assert!(start.elapsed() < REVOKED_WITHIN, "only after {:?}", start.elapsed());
}

async fn a_token_taken_away_ends_its_socket(database: Database) {
    let world = World::new(&database).await;
    let token = json!({ "name": "t", "role": "auditor", "scopes": [{ "kind": "all" }] });
    let made = world.admin.post("/api/v1/tokens", token).await.ok();
    let api = Api::bearer(world.host(), &text(&made["secret"]));
    let (mut socket, board) = Socket::following(&api, "board:1").await;
    assert_eq!(board["kind"], "board");
    world.admin.delete(&format!("/api/v1/tokens/{}", text(&made["id"]))).await.ok();
    api.get("/api/v1/me").await.refused(401, "signed_out_session");
    assert_eq!(socket.ended(REVOKED_WITHIN).await, Some(1008));
    assert_eq!(socket.seen.last().unwrap()["kind"], "signed_out");
}

async fn a_new_password_ends_the_sockets_of_old_sessions(database: Database) {
    let world = World::new(&database).await;
    let (id, cookie) = person_with_password(&world, "auditor", "a good password").await;
    let browser = Api::browser(world.host(), &cookie);
    let mut socket = Socket::open(&browser).await;
    world.admin.patch(&format!("/api/v1/users/{id}"), json!({ "password": "another password" })).await.ok();
    assert_eq!(socket.ended(REVOKED_WITHIN).await, Some(1008));
    browser.get("/api/v1/me").await.refused(401, "signed_out_session");
}

async fn a_snapshot_and_what_follows_is_what_a_fresh_snapshot_shows(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let (conversation, offered) = (a.ids["conversation"].clone(), a.ids["offered"].clone());
    let topic = format!("conversation:{conversation}");
    let mut viewer = Socket::open(&a.supervisor.api).await;
    let mut thread = viewer.follow(&topic).await["data"].clone();
    a.tab.seen.clear();
    let mut inbox = a.tab.follow("me").await["data"].clone();

    a.agent.api.reply(&conversation, "one").await.ok();
    a.agent.api.post(&format!("/api/v1/conversations/{offered}/accept"), json!({ "offer": a.ids["offer"] })).await.ok();
    a.channel.tell("x", "customer", "two").await.ok();
    a.agent.api.act(&format!("/api/v1/conversations/{offered}/wrap-up/end")).await.refused(409, "wrong_state");
    a.agent.api.post(&format!("/api/v1/conversations/{offered}/transfer"), json!({ "campaign": a.ids["campaign2"] })).await.ok();
    a.agent.api.reply(&conversation, "three").await.ok();

    let is_last = |frame: &Value| frame["data"]["messages"][0]["text"] == "three";
    viewer.until("the last change", is_last).await;
    a.tab.until("the last change", |frame| frame["data"]["conversation"]["id"] == conversation && is_last_of_agent(frame)).await;
    for frame in viewer.seen.iter().filter(|frame| frame["topic"] == topic && frame["kind"] == "conversation") {
        thread["conversation"] = frame["data"]["conversation"].clone();
        for message in frame["data"]["messages"].as_array().into_iter().flatten() {
            let messages = thread["messages"].as_array_mut().unwrap();
            messages.retain(|known| known["seq"] != message["seq"]);
            messages.push(message.clone());
        }
    }
    for frame in &a.tab.seen {
        let conversations = inbox["conversations"].as_array_mut().unwrap();
        match frame["kind"].as_str().unwrap() {
            "conversation" => {
                let changed = &frame["data"]["conversation"];
                conversations.retain(|known| known["id"] != changed["id"]);
                conversations.push(changed.clone());
            }
            "gone" => conversations.retain(|known| known["id"] != frame["data"]["conversation"]),
            _ => {}
        }
    }
    let fresh = Socket::following(&a.supervisor.api, &topic).await.1["data"].clone();
    assert_eq!(thread["conversation"], fresh["conversation"]);
    let texts =
        |thread: &Value| thread["messages"].as_array().unwrap().iter().map(|message| text(&message["text"])).collect::<Vec<_>>();
    assert_eq!(texts(&thread), texts(&fresh));
    assert_eq!(texts(&fresh), ["hello", "one", "two", "three"]);
    let fresh = Socket::following(&a.agent.api, "me").await.1["data"].clone();
    assert_eq!(inbox["conversations"], fresh["conversations"]);
    assert_eq!(fresh["conversations"].as_array().unwrap().len(), 1);
    // Positions only grow.
    let positions: Vec<u64> =
        a.tab.seen.iter().filter(|frame| frame["topic"] == "me").map(|frame| frame["pos"].as_u64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] <= pair[1]), "{positions:?}");
}

fn is_last_of_agent(frame: &Value) -> bool {
    frame["data"]["messages"].as_array().into_iter().flatten().any(|message| message["text"] == "three")
}

async fn the_board_shows_each_only_their_own(database: Database) {
    let world = World::new(&database).await;
    let (a, b) = (Company::new(&world, "A").await, Company::new(&world, "B").await);
    let (mut socket, board) = Socket::following(&a.supervisor.api, "board:1").await;
    assert_eq!(board["data"]["agents"].as_array().unwrap().len(), 1, "{board}");
    let theirs = b.channel.write("theirs", "hola").await;
    let ours = a.channel.write("ours", "hola").await;
    let there = |id: String| move |frame: &Value| frame.to_string().contains(&id);
    socket.until("the own customer", there(ours)).await;
    world.admin.act(&format!("/api/v1/agents/{}/pause", b.agent.id)).await.ok();
    world.admin.act(&format!("/api/v1/agents/{}/pause", a.agent.id)).await.ok();
    socket.until("the own agent's pause", |frame| frame.to_string().contains("forced_pause")).await;
    for id in [&b.agent.id, &b.ids["campaign"], &b.ids["conversation"], &b.ids["offered"], &theirs] {
        let shown = socket.seen.iter().find(|frame| there(id.clone())(frame));
        assert!(shown.is_none(), "{shown:?}");
    }
}

async fn who_reads_too_slowly_gets_a_fresh_snapshot(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let conversation = a.ids["conversation"].clone();
    let topic = format!("conversation:{conversation}");
    let (mut slow, _) = Socket::following(&a.supervisor.api, &topic).await;
    let (mut quick, _) = Socket::following(&a.auditor.api, &topic).await;
    // More than the socket's buffers on both sides hold; nobody reads `slow` meanwhile.
    let words = "x".repeat(60_000);
    let mut last = String::new();
    for number in 0..200 {
        last = format!("{number} {words}");
        a.channel.tell(&format!("b{number}"), "customer", &last).await.ok();
    }
    let of_last =
        |frame: &Value| frame["data"]["messages"].as_array().into_iter().flatten().any(|message| message["text"] == last);
    quick.until("the last message", of_last).await;
    slow.until("the last message", of_last).await;
    let is_thread = |frame: &&Value| frame["kind"] == "thread";
    let snapshots = slow.seen.iter().filter(is_thread).count();
    assert!(snapshots >= 2, "it was never behind: {} frames", slow.seen.len());
    // From the snapshot on it follows again.
    a.channel.tell("after", "customer", "after").await.ok();
    slow.until("the next message", |frame| frame["data"]["messages"][0]["text"] == "after").await;
}

async fn who_never_reads_is_cut_off_and_holds_nobody_up(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let conversation = a.ids["conversation"].clone();
    let topic = format!("conversation:{conversation}");
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::open(&a.supervisor.api).await;
        socket.say(json!({ "kind": "subscribe", "topic": topic })).await;
        idle.push(socket);
    }
    let words = "x".repeat(30_000);
    let mut slowest = Duration::ZERO;
    for number in 0..60 {
        let start = Instant::now();
        let words = format!("{number} {words}");
        a.channel.tell(&format!("b{number}"), "customer", &words).await.ok();
        a.tab.until("the message", |frame| frame["data"]["messages"][0]["text"] == words).await;
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // They are still answered once they read.
    for mut socket in idle {
        socket.until("the thread", |frame| frame["kind"] == "thread").await;
    }
}

async fn frames_that_are_not_as_they_should_be_do_no_harm(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let mut socket = Socket::open(&a.agent.api).await;
    let nonsense = [
        "",
        "hola",
        "{",
        "[]",
        "null",
        "7",
        r#"{"kind":"other"}"#,
        r#"{"kind":"subscribe"}"#,
        r#"{"kind":"subscribe","topic":7}"#,
        r#"{"kind":"subscribe","topic":"me","extra":1}"#,
        r#"{"kind":"subscribe","topic":"me","pos":-1}"#,
        "\u{0}",
    ];
    for frame in nonsense {
        socket.send(Message::text(frame)).await;
        let denied = socket.until(frame, |frame| frame["kind"] == "denied").await;
        assert_eq!(denied["data"]["code"], "malformed", "{frame}");
    }
    socket.send(Message::text("[".repeat(15_000))).await;
    socket.until("the refusal", |frame| frame["data"]["code"] == "malformed").await;
    for ask in [
        json!({ "kind": "sign_in", "token": "x" }),
        json!({ "kind": "seen", "conversation": a.ids["conversation"], "seq": 1 }),
        json!({ "kind": "typing" }),
    ] {
        socket.say(ask).await;
        socket.until("the refusal", |frame| frame["data"]["code"] == "not_for_staff").await;
    }
    assert_eq!(socket.follow("me").await["kind"], "me");

    socket.send(Message::binary(vec![0_u8; 10])).await;
    assert_eq!(socket.ended(Duration::from_secs(5)).await, Some(1003));
    let mut socket = Socket::open(&a.agent.api).await;
    socket.send(Message::text("x".repeat(65 * 1024))).await;
    assert!(matches!(socket.ended(Duration::from_secs(5)).await, Some(1009) | None));
    let mut visitor = Socket::try_open(&world.anonymous(), "/widget/ws").await.unwrap();
    visitor.say(json!({ "kind": "subscribe", "topic": "board:1" })).await;
    assert_eq!(visitor.ended(Duration::from_secs(5)).await, Some(1008));
    let mut visitor = Socket::try_open(&world.anonymous(), "/widget/ws").await.unwrap();
    visitor.say(json!({ "kind": "sign_in", "token": "v1.x.y.z" })).await;
    assert_eq!(visitor.ended(Duration::from_secs(5)).await, Some(1008));

    // What is no WebSocket at all.
    let answer = a.agent.api.get("/ws").await;
    assert!((400..500).contains(&answer.status), "{answer}");
    let mut raw = tokio::net::TcpStream::connect(world.host()).await.unwrap();
    let handshake = "GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let bearer = a.agent.api.headers["authorization"].to_str().unwrap();
    raw.write_all(format!("{handshake}authorization: {bearer}\r\n\r\n").as_bytes()).await.unwrap();
    // Not masked, reserved bits, an unknown opcode.
    raw.write_all(&[0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).await.unwrap();
    let mut end = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), raw.read_to_end(&mut end)).await.expect("the connection is kept").unwrap();
    assert_eq!(a.agent.api.get("/api/v1/me").await.status, 200);
}

async fn the_server_answers_pings_and_a_client_may_follow_so_many_topics_only(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let mut socket = Socket::open(&a.supervisor.api).await;
    socket.send(Message::Ping(b"hello".to_vec().into())).await;
    loop {
        match futures_util::StreamExt::next(&mut socket.stream).await.unwrap().unwrap() {
            Message::Pong(bytes) => break assert_eq!(&bytes[..], b"hello"),
            Message::Close(_) => panic!("closed"),
            _ => {}
        }
    }
    let mut conversations = Vec::new();
    for number in 0..65 {
        conversations.push(a.channel.write(&format!("c{number}"), "hola").await);
    }
    for (number, conversation) in conversations.iter().enumerate() {
        let answer = socket.follow(&format!("conversation:{conversation}")).await;
        assert_eq!(answer["kind"] == "thread", number < 64, "{number}: {answer}");
    }
    let denied = socket.seen.last().unwrap();
    assert_eq!(denied["data"]["code"], "too_many_topics");
    // The same again is no second one, and one that was left makes room.
    assert_eq!(socket.follow(&format!("conversation:{}", conversations[0])).await["kind"], "thread");
    socket.say(json!({ "kind": "unsubscribe", "topic": format!("conversation:{}", conversations[1]) })).await;
    assert_eq!(socket.follow(&format!("conversation:{}", conversations[64])).await["kind"], "thread");
}

async fn an_address_has_its_share_of_sockets(database: Database) {
    let world = World::of(Installation::new(&database).with("LIMITS__SOCKET_LIMIT_PER_ADDRESS", "5")).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(Socket::try_open(&world.anonymous(), "/widget/ws").await.unwrap());
    }
    assert_eq!(Socket::try_open(&world.anonymous(), "/widget/ws").await.err(), Some(429));
    // Somebody who says to be somebody else is still the same.
    let liar = world.anonymous().with("x-forwarded-for", "203.0.113.9").with("cf-connecting-ip", "203.0.113.9");
    assert_eq!(Socket::try_open(&liar, "/widget/ws").await.err(), Some(429));
    assert_eq!(Socket::try_open(&world.admin, "/ws").await.err(), Some(429));
    sockets.pop();
    let start = Instant::now();
    while Socket::try_open(&world.anonymous(), "/widget/ws").await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.admin.get("/api/v1/me").await.status, 200);
}

async fn typing_is_seen_by_who_looks_at_the_conversation(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let conversation = a.ids["conversation"].clone();
    let topic = format!("conversation:{conversation}");
    let (mut viewer, _) = Socket::following(&a.supervisor.api, &topic).await;
    a.tab.follow(&topic).await;
    a.tab.say(json!({ "kind": "typing", "conversation": conversation })).await;
    let typing = viewer.until("typing", |frame| frame["kind"] == "typing").await;
    assert_eq!(typing["data"], json!({ "conversation": conversation, "agent": a.agent.id, "mode": "reply" }));
    // Somebody who does not have it pretends to: nobody sees that.
    let (mut stranger, _) = Socket::following(&a.colleague.api, "me").await;
    stranger.say(json!({ "kind": "typing", "conversation": conversation })).await;
    stranger.until("the refusal", |frame| frame["kind"] == "denied").await;
    assert!(!viewer.seen.iter().any(|frame| frame["data"]["agent"] == a.colleague.id));
}

async fn an_agent_and_a_visitor_see_each_other_typing(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let chat = world.chat(&desk.client, &desk.campaign).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let supervisor = world.person("supervisor", json!([{ "kind": "all" }])).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let token = world.visitor(&chat).await;
    world.chat_message(&token, "1", "hello").await.ok();
    let (mut visitor, _) = Socket::visitor(world.host(), &token).await;
    let shown = tab.until("the chat", |frame| frame["data"]["conversation"]["standing"]["is"] == "active").await;
    let conversation = text(&shown["data"]["conversation"]["id"]);
    let topic = format!("conversation:{conversation}");
    tab.follow(&topic).await;
    let (mut spy, _) = Socket::following(&supervisor.api, &topic).await;
    // The visitor's reaches everybody who looks.
    visitor.say(json!({ "kind": "typing" })).await;
    let customers = json!({ "conversation": conversation, "agent": null, "mode": "reply" });
    for socket in [&mut tab, &mut spy] {
        let typing = socket.until("the customer's typing", |frame| frame["kind"] == "typing").await;
        assert_eq!(typing["data"], customers);
    }
    // Of the staff's, only what the agent who has it types for the customer reaches the visitor.
    spy.say(json!({ "kind": "typing", "conversation": conversation })).await;
    let theirs = |id: String| move |frame: &Value| frame["kind"] == "typing" && frame["data"]["agent"] == id;
    tab.until("the supervisor's typing", theirs(supervisor.id.clone())).await;
    tab.say(json!({ "kind": "typing", "conversation": conversation, "mode": "note" })).await;
    let typing = spy.until("the agent's typing", theirs(agent.id.clone())).await;
    assert_eq!(typing["data"]["mode"], "note");
    agent.api.post(&format!("/api/v1/conversations/{conversation}/notes"), json!({ "text": "x" })).await.ok();
    agent.api.reply(&conversation, "so far nothing").await.ok();
    visitor.until("the answer", |frame| frame["data"]["messages"][0]["text"] == "so far nothing").await;
    assert!(!visitor.seen.iter().any(|frame| frame["kind"] == "chat_typing" || frame["kind"] == "viewers"));
    // A hundred keystrokes are one frame; what is no second apart is dropped, so the last goes on being said until it is heard.
    let asks = async {
        loop {
            for _ in 0..20 {
                tab.say(json!({ "kind": "typing", "conversation": conversation })).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let heard = visitor.until("the agent's typing", |frame| frame["kind"] == "chat_typing");
    let heard = tokio::select! { frame = heard => frame, () = asks => Value::Null };
    assert_eq!(heard["data"], json!({ "conversation": conversation }));
    assert_eq!(visitor.seen.iter().filter(|frame| frame["kind"] == "chat_typing").count(), 1);
    for frame in &visitor.seen {
        assert!(!frame.to_string().contains(&agent.id), "{frame}");
    }
}

async fn who_looks_at_a_conversation_sees_who_else_does(database: Database) {
    let world = World::new(&database).await;
    let mut a = Company::new(&world, "A").await;
    let conversation = a.ids["conversation"].clone();
    let topic = format!("conversation:{conversation}");
    a.tab.follow(&topic).await;
    let (mut spy, _) = Socket::following(&a.supervisor.api, &topic).await;
    let viewers = |frame: &Value| {
        let rows = frame["data"]["viewers"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| (text(&row["user"]), row["typing"].clone())).collect::<Vec<_>>()
    };
    let (agent, supervisor) = (a.agent.id.clone(), a.supervisor.id.clone());
    let mut both = vec![(agent.clone(), Value::Null), (supervisor.clone(), Value::Null)];
    both.sort_by(|one, other| one.0.cmp(&other.0));
    for socket in [&mut a.tab, &mut spy] {
        let frame = socket.until("who looks", |frame| viewers(frame) == both).await;
        let names: Vec<_> = frame["data"]["viewers"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect();
        assert!(names.contains(&a.agent.login) && names.contains(&a.supervisor.login), "{frame}");
    }
    // A second tab of the same person is no second person; a program is nobody.
    let (_second, _) = Socket::following(&a.supervisor.api, &topic).await;
    let (_program, _) = Socket::following(&world.admin, &topic).await;
    spy.say(json!({ "kind": "typing", "conversation": conversation, "mode": "note" })).await;
    let typing = |frame: &Value| viewers(frame).contains(&(supervisor.clone(), json!("note")));
    let shown = a.tab.until("who writes a note", typing).await;
    assert_eq!(viewers(&shown).len(), 2, "{shown}");
    // It holds no longer by itself.
    a.tab.until("that nobody types", |frame| viewers(frame) == both).await;
    drop(spy);
    drop(_second);
    a.tab.until("who is left", |frame| viewers(frame) == [(agent.clone(), Value::Null)]).await;
}

async fn the_heartbeat_of_a_page_comes_every_sixteen_seconds(database: Database) {
    let world = World::new(&database).await;
    let (mut socket, _) = Socket::following(&world.admin, "me").await;
    let start = Instant::now();
    let frame = tokio::time::timeout(Duration::from_secs(24), socket.next()).await.expect("no heartbeat").unwrap();
    assert_eq!((&frame["kind"], &frame["topic"]), (&json!("hello"), &json!("-")));
    let after = start.elapsed();
    assert!((12..22).contains(&after.as_secs()), "after {after:?}");
}
