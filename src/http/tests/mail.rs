//! Mails over HTTP: shown to who may read them, answered as the rules say, hostile ones too.

use object_store::{ObjectStoreExt, PutPayload};

use super::*;
use crate::{
    actors::engine::{Inbound, Received, Threading},
    channels::email::{
        post::account::{Security, Server},
        settings::Settings as Account,
        understand::{Context, understand},
    },
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::Command,
        delivery::Delivery,
        mail::Envelope,
        message::Attachment,
    },
    ids::{AttachmentId, ChannelId, MessageId},
    store::{
        attachments::{self, Stored, object_path},
        conversations,
        inbox::Claim,
        mail_accounts::{self, AccountRow},
    },
};

const MAIL: &str = "From: Ana <ana@casa.example>\r\nTo: ayuda@empresa.example, Luz <luz@casa.example>\r\nCc: juan@otra.example\r\nSubject: Factura\r\n\
    Date: Sun, 22 Nov 2026 10:00:00 -0300\r\nMessage-ID: <m1@casa.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n\
    --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hola <script>alert(1)</script><img src=\"cid:one\"><img src=\"https://t.example/a.gif\"></p>\r\n\
    --x\r\nContent-ID: <one>\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: inline; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n--x--\r\n";

impl World {
    /// A mail account of a client's campaign.
    pub(super) async fn mailbox(&self, client: &Value) -> ChannelId {
        let engine = &self.app.engine;
        let settings: Account = serde_json::from_value(json!({
            "from_name": "Ayuda", "smtp": Server::new("smtp.empresa.example", 587, Security::Starttls), "user": "ayuda",
        }))
        .unwrap();
        let id: ChannelId = engine.ids.next();
        let parse = |key: &str| client[key].as_str().unwrap().to_owned();
        let row = AccountRow {
            id,
            client: parse("clients").parse().unwrap(),
            campaign: Some(parse("campaigns").parse().unwrap()),
            address: "ayuda@empresa.example",
            settings: &settings,
            enabled: true,
            archived_at: None,
        };
        let mut statements = mail_accounts::insert(&row, self.app.now()).unwrap();
        statements.push(mail_accounts::put_thread_key(id, &self.app.sealer, self.app.now()).unwrap());
        engine.configure(statements, Entity::Channel, id.to_string(), By::System, None).await.unwrap();
        id
    }

    async fn file(&self, channel: ChannelId, file: &Attachment, bytes: &[u8]) {
        self.app.attachments.put(&object_path(file.id), PutPayload::from(bytes.to_vec())).await.unwrap();
        let client = self.app.engine.directory.peek().channels[&channel].client;
        let stored = Stored { file: file.clone(), client, uploaded_by: By::System, conversation: None };
        self.app.engine.journal.write(vec![attachments::insert(&stored, self.app.now())], None, By::System, None).await.unwrap();
    }

    /// A mail comes in, as the mailbox takes it.
    async fn comes_in(&self, channel: ChannelId, raw: &str) -> ConversationId {
        let ids = &self.app.engine.ids;
        let seen = understand(raw.as_bytes(), &Context { keys: &[], own: &[], return_path: None }).unwrap();
        let file = |name: &str, media_type: &str, size: usize| Attachment {
            id: ids.next::<AttachmentId>(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: size as u64,
        };
        let mut files = Vec::new();
        for one in &seen.files {
            let file = file(&one.name, &one.media_type, one.size);
            self.file(channel, &file, &one.bytes).await;
            files.push(file);
        }
        let source = file("mail.eml", "message/rfc822", raw.len());
        self.file(channel, &source, raw.as_bytes()).await;
        let author = seen.author.clone().unwrap();
        let envelope = Envelope {
            subject: seen.subject,
            from: Some(author.clone()),
            to: seen.to,
            cc: seen.cc,
            message_id: seen.message_id.clone(),
            source: Some(source.id),
            has_html: seen.html.is_some(),
            folds: seen.folds,
            doubts: seen.doubts,
            ..Envelope::default()
        };
        let engine = &self.app.engine;
        let known = &engine.directory.peek().channels[&channel].clone();
        let inbound = Inbound {
            channel,
            kind: ChannelKind::Email,
            client: known.client,
            campaign: known.campaign,
            claim: Claim::new(channel, seen.message_id.unwrap_or_default(), self.app.now()),
            from: Address::new(AddressKind::Email, &author.address).unwrap(),
            name: author.name,
            text: seen.text.into(),
            attachments: files.clone(),
            thread: Threading::New,
            mail: Some(envelope.into()),
        };
        let room = engine.room().await.unwrap();
        let Received::Stored { conversation, .. } = engine.receive(room, inbound).await.unwrap() else { panic!("stored") };
        let bound = files.iter().map(|file| attachments::bind(file.id, conversation)).collect();
        engine.journal.write(bound, None, By::System, None).await.unwrap();
        conversation
    }
}

/// An agent of A has a mail; ids by name.
struct Desk {
    root: With,
    a: Value,
    b: Value,
    channel: ChannelId,
    conversation: ConversationId,
    message: MessageId,
    agent: With,
}

async fn desk<S, B>(world: &World, service: &S) -> Desk
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [a, b] = two_clients(service, &root).await;
    let channel = world.mailbox(&a).await;
    let agent = sign_in(service, "agent-A").await;
    let id: UserId = a["users"].as_str().unwrap().parse().unwrap();
    world.app.engine.agent(id, AgentCommand::SignIn, By::User(id), None).await.unwrap();
    world.app.engine.attach(id, Attach { id: 1, sink: Arc::new(OpenTab), resume: None });
    let conversation = world.comes_in(channel, MAIL).await;
    let path = format!("/api/v1/conversations/{conversation}");
    let offered = loop {
        let seen = call(service, Method::GET, &path, &root, None).await.is(200).json();
        if seen["standing"]["is"] == "offered" {
            break seen["standing"]["offer"].clone();
        }
        if seen["standing"]["is"] == "active" {
            break Value::Null;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    if !offered.is_null() {
        call(service, Method::POST, &format!("{path}/accept"), &agent, Some(json!({"offer": offered}))).await.is(200);
    }
    let messages = call(service, Method::GET, &format!("{path}/messages"), &agent, None).await.is(200).json();
    let message = messages["items"][0]["id"].as_str().unwrap().parse().unwrap();
    Desk { root, a, b, channel, conversation, message, agent }
}

async fn a_mail_is_shown_clean_to_who_may_read_it_and_is_unknown_to_everybody_else(world: World) {
    let service = service!(world);
    let Desk { root, b, channel, conversation, message, agent, .. } = desk(&world, &service).await;
    let path = format!("/api/v1/conversations/{conversation}/messages/{message}/mail");
    let mail = call(&service, Method::GET, &path, &agent, None).await.is(200);
    assert_eq!(mail.headers.get("cache-control").unwrap(), "no-store");
    let mail = mail.json();
    assert_eq!(mail["html"], "<p>Hola <img data-part=\"0\"><img data-remote=\"0\"></p>");
    assert_eq!(
        (&mail["remote"], &mail["source"], &mail["from"]["address"]),
        (&json!(1), &json!(true), &json!("ana@casa.example"))
    );
    let picture = format!("/api/v1/attachments/{}", mail["parts"][0].as_str().unwrap());
    assert_eq!(
        call(&service, Method::GET, &picture, &agent, None).await.is(200).headers.get("content-type").unwrap(),
        "image/png"
    );

    let header = call(&service, Method::GET, &format!("{path}/header"), &agent, None).await.is(200).json();
    assert!(header["text"].as_str().unwrap().ends_with("boundary=x"));
    let source = call(&service, Method::GET, &format!("{path}/source"), &agent, None).await.is(200);
    assert_eq!(source.body, MAIL.as_bytes());
    for (name, value) in [
        ("content-type", "message/rfc822"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, max-age=31536000, immutable"),
    ] {
        assert_eq!(source.headers.get(name).unwrap(), value);
    }
    assert!(
        source.headers.get("content-disposition").unwrap().to_str().unwrap().starts_with("attachment; filename=\"Factura.eml\"")
    );

    // Names of the tests are looked up nowhere, numbers of others are none, and no other page can ask.
    call(&service, Method::POST, &format!("{path}/pictures/0"), &agent, None).await.is(404);
    call(&service, Method::POST, &format!("{path}/pictures/1"), &agent, None).await.is(404);
    call(&service, Method::GET, &format!("{path}/pictures/0"), &agent, None).await.is(405);
    let With::Cookie(cookie) = &agent else { panic!("a cookie") };
    let foreign = test::TestRequest::with_uri(&format!("{path}/pictures/0"))
        .method(Method::POST)
        .peer_addr("192.0.2.7:4000".parse().unwrap())
        .insert_header(("Host", "help.example.com"))
        .insert_header(("Cookie", format!("centralita={cookie}")))
        .insert_header(("Origin", "http://elsewhere.example"));
    assert_eq!(send(&service, foreign).await.is(403).code(), "wrong_origin");

    let other = sign_in(&service, "agent-B").await;
    let scope = vec![Scope::Client(b["clients"].as_str().unwrap().parse().unwrap())];
    let supervisor_of_b = world.token(Role::Supervisor, scope).await;
    let mine = world.comes_in(channel, &MAIL.replace("m1@", "m2@").replace("ana@", "eva@")).await;
    for (method, end) in [(Method::GET, ""), (Method::GET, "/header"), (Method::GET, "/source"), (Method::POST, "/pictures/0")] {
        for stranger in [&other, &supervisor_of_b] {
            call(&service, method.clone(), &format!("{path}{end}"), stranger, None).await.is(404);
        }
        // A foreign pair.
        let pair = format!("/api/v1/conversations/{mine}/messages/{message}/mail{end}");
        call(&service, method.clone(), &pair, &root, None).await.is(404);
        let nothing = format!("/api/v1/conversations/{conversation}/messages/{}/mail{end}", MessageId::from_u128(1));
        call(&service, method, &nothing, &root, None).await.is(404);
    }
}

async fn an_answer_by_mail_goes_to_whom_it_should_with_clean_html_and_its_history(world: World) {
    let service = service!(world);
    let Desk { conversation, message, agent, .. } = desk(&world, &service).await;
    let path = format!("/api/v1/conversations/{conversation}");
    let note = json!({"text": "cuidado con este cliente"});
    call(&service, Method::POST, &format!("{path}/notes"), &agent, Some(note)).await.is(200);
    let would = call(&service, Method::GET, &format!("{path}/answer?kind=reply_all"), &agent, None).await.is(200).json();
    let addresses = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|one| one["address"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(addresses(&would["to"]), ["ana@casa.example", "luz@casa.example"]);
    assert_eq!((addresses(&would["cc"]), &would["subject"]), (vec!["juan@otra.example".to_owned()], &json!("Re: Factura")));
    assert_eq!(would["from"], json!({"name": "Ayuda", "address": "ayuda@empresa.example"}));
    let quote = would["quote"].as_str().unwrap();
    assert!(quote.contains("Ana &lt;ana@casa.example&gt; escribió:") && !quote.contains("cuidado"), "{quote}");

    let html = "<p onclick=\"x\">Va <b>esto</b><script>alert(1)</script></p>";
    let mail = json!({"kind": "reply_all", "about": message, "html": html, "history": true, "bcc": [{"address": "Jefe@Empresa.example"}]});
    let sent =
        call(&service, Method::POST, &format!("{path}/messages"), &agent, Some(json!({"mail": mail}))).await.is(200).json();
    let sent = sent["message"].as_str().unwrap();
    let messages = call(&service, Method::GET, &format!("{path}/messages"), &agent, None).await.is(200).json();
    let reply = &messages["items"][0];
    assert_eq!((reply["id"].as_str(), reply["mail"]["subject"].as_str()), (Some(sent), Some("Re: Factura")));
    assert_eq!(addresses(&reply["mail"]["bcc"]), ["jefe@empresa.example"]);
    let text = reply["text"].as_str().unwrap();
    assert!(
        text.starts_with("Va esto") && text.contains("escribió:") && !text.contains("cuidado") && !text.contains("alert"),
        "{text}"
    );
    // What its quote shows goes along.
    assert_eq!(reply["attachments"][0]["name"], "a.png");
    let shown = call(&service, Method::GET, &format!("{path}/messages/{sent}/mail"), &agent, None).await.is(200).json();
    let html = shown["html"].as_str().unwrap();
    assert!(html.starts_with("<p>Va <b>esto</b></p><div data-fold=\"quote\">") && html.contains("data-part=\"0\""), "{html}");
    assert_eq!((&shown["source"], &shown["from"]["name"]), (&json!(false), &json!("Ayuda")));
    call(&service, Method::GET, &format!("{path}/messages/{sent}/mail/source"), &agent, None).await.is(404);

    // Passed on: to others only, with its files, without the history unless it is asked for.
    let mail = json!({"kind": "forward", "about": message, "to": [{"name": "Técnica", "address": "tecnica@empresa.example"}], "html": "<p>Para ver</p>"});
    let sent =
        call(&service, Method::POST, &format!("{path}/messages"), &agent, Some(json!({"mail": mail}))).await.is(200).json();
    let messages = call(&service, Method::GET, &format!("{path}/messages"), &agent, None).await.is(200).json();
    let forward = &messages["items"][0];
    assert_eq!(forward["id"], sent["message"]);
    assert_eq!((&forward["mail"]["forwarded"], &forward["mail"]["subject"]), (&json!(true), &json!("Fwd: Factura")));
    assert_eq!(forward["attachments"].as_array().unwrap().len(), 1);
    assert!(forward["text"].as_str().unwrap().contains("Mensaje reenviado"));
    // What others were sent is no part of what the customer is quoted.
    let would = call(&service, Method::GET, &format!("{path}/answer"), &agent, None).await.is(200).json();
    assert!(!would["quote"].as_str().unwrap().contains("Para ver"));
}

async fn what_cannot_be_sent_is_refused_with_the_field_at_fault(world: World) {
    let service = service!(world);
    let Desk { a, root, conversation, agent, .. } = desk(&world, &service).await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let many: Vec<Value> = (0..101).map(|n| json!({"address": format!("a{n}@x.example")})).collect();
    let own_picture = format!("<img src=\"/api/v1/attachments/{}\">", AttachmentId::from_u128(9));
    for (mail, field, code) in [
        (json!({"to": [{"address": "a@x.example\r\nBcc: b@x.example"}], "html": "a"}), "mail.to.0", "not_possible"),
        (
            json!({"bcc": [{"address": "b@x.example", "name": "x\r\nBcc: c@x.example"}], "html": "a"}),
            "mail.bcc.0",
            "not_possible",
        ),
        (json!({"subject": "x\r\nBcc: b@x.example", "html": "a"}), "mail.subject", "not_possible"),
        (json!({"to": [], "html": "a"}), "mail.to", "missing_field"),
        (json!({"to": [{"address": "ayuda@empresa.example"}], "html": "a"}), "mail.to", "missing_field"),
        (json!({"kind": "forward", "html": "a"}), "mail.to", "missing_field"),
        (json!({"to": many, "html": "a"}), "mail.to", "too_long"),
        (json!({"html": "x".repeat(300 * 1024)}), "mail.html", "too_long"),
        (json!({"html": own_picture}), "mail.html", "unknown_reference"),
        (json!({"html": "a", "about": MessageId::from_u128(1)}), "mail.about", "unknown_reference"),
        (json!({"html": "a", "from": "x"}), "mail.from", "unknown_field"),
    ] {
        let answer = call(&service, Method::POST, &path, &agent, Some(json!({"mail": mail}))).await.is(422).json();
        assert_eq!(answer["errors"][0]["code"], code, "{answer}");
        if code != "unknown_field" {
            assert_eq!(answer["errors"][0]["field"], field, "{answer}");
        }
    }
    for (body, code) in [
        (json!({"mail": {"html": " <p></p> "}}), "empty_message"),
        (json!({"mail": {"html": "a"}, "send_at": "2999-01-01T00:00:00Z"}), "not_then"),
    ] {
        assert_eq!(call(&service, Method::POST, &path, &agent, Some(body)).await.code(), code);
    }
    // Where there are no mails.
    let chat = write_to(&service, &root, a, world.seconds()).await;
    let chat = format!("/api/v1/conversations/{}", chat["conversations"].as_str().unwrap());
    let answer = call(&service, Method::POST, &format!("{chat}/messages"), &agent, Some(json!({"mail": {"html": "a"}}))).await;
    assert!(matches!(answer.status.as_u16(), 404 | 422), "{:?}", answer.body);
    call(&service, Method::GET, &format!("{chat}/answer"), &root, None).await.is(404);
}

async fn a_mail_that_waits_can_be_withdrawn_by_who_wrote_it(world: World) {
    let service = service!(world);
    let Desk { b: _, conversation, agent, .. } = desk(&world, &service).await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let body = json!({"mail": {"html": "<p>Después</p>"}, "undo": true});
    let sent = call(&service, Method::POST, &path, &agent, Some(body)).await.is(200).json();
    let sent = sent["message"].as_str().unwrap().to_owned();
    let state = async || call(&service, Method::GET, &path, &agent, None).await.json()["items"][0]["delivery"].clone();
    assert_eq!(state().await, "scheduled");
    let other = sign_in(&service, "agent-B").await;
    call(&service, Method::POST, &format!("{path}/{sent}/cancel"), &other, None).await.is(404);
    call(&service, Method::POST, &format!("{path}/{sent}/cancel"), &agent, None).await.is(200);
    assert_eq!(state().await, "cancelled");
    // Asked again it is so already.
    call(&service, Method::POST, &format!("{path}/{sent}/cancel"), &agent, None).await.is(200);
}

async fn a_first_mail_and_drafts_have_subjects_receivers_and_html(world: World) {
    let service = service!(world);
    let Desk { root, a, channel, conversation, agent, .. } = desk(&world, &service).await;
    let draft = json!({"kind": "forward", "about": null, "to": [{"name": "", "address": "sin terminar"}], "cc": [], "bcc": [],
        "subject": "Fwd: Factura", "html": "<p>Hola</p>", "history": false, "files": null});
    let path = format!("/api/v1/drafts/{conversation}/reply");
    let body = json!({"text": "", "mail": draft, "rev": 1});
    call(&service, Method::PUT, &path, &agent, Some(body.clone())).await.is(200);
    let drafts = call(&service, Method::GET, "/api/v1/drafts", &agent, None).await.is(200).json();
    assert_eq!(drafts["items"][0]["mail"], draft);
    call(&service, Method::PUT, &path, &agent, Some(body)).await.is(200);
    let large = json!({"text": "", "mail": {"html": "x".repeat(600 * 1024), "kind": "reply", "about": null, "to": [], "cc": [], "bcc": [], "subject": "", "history": false, "files": null}, "rev": 2});
    call(&service, Method::PUT, &path, &agent, Some(large)).await.is(422);

    let member = format!("/api/v1/campaigns/{}/members/{}", a["campaigns"].as_str().unwrap(), a["users"].as_str().unwrap());
    call(&service, Method::PUT, &member, &root, Some(json!({"initiate": ["email"]}))).await.is(200);
    let file = request(&Method::POST, &format!("/api/v1/attachments?name=a.txt&channel={channel}"), &agent).set_payload("file");
    let file = send(&service, file).await.is(201).json()["id"].clone();
    let mail =
        json!({"subject": "Su pedido", "html": "<p>Hola</p>", "cc": [{"address": "eva@otra.example"}], "attachments": [file]});
    let start = |mail: Value| json!({"campaign": a["campaigns"], "channel": channel, "address": "nuevo@casa.example", "name": "Nuevo", "mail": mail});
    let hostile = start(json!({"subject": "x\r\nBcc: a@x.example", "html": "a"}));
    let refused = call(&service, Method::POST, "/api/v1/conversations", &agent, Some(hostile)).await.is(422).json();
    assert_eq!(refused["errors"][0]["field"], "mail.subject");
    // What was uploaded while files were allowed is sent no more than what an answer would enclose.
    let campaign = format!("/api/v1/campaigns/{}", a["campaigns"].as_str().unwrap());
    let files = async |allowed: bool| {
        let body = json!({"permissions": {"external_resources": allowed}});
        call(&service, Method::PATCH, &campaign, &root, Some(body)).await.is(200);
    };
    files(false).await;
    let refused = call(&service, Method::POST, "/api/v1/conversations", &agent, Some(start(mail.clone()))).await.is(422).json();
    assert_eq!(refused["code"], "attachments_not_allowed");
    files(true).await;
    let started = call(&service, Method::POST, "/api/v1/conversations", &agent, Some(start(mail.clone()))).await.is(201).json();
    let path = format!("/api/v1/conversations/{}", started["conversation"].as_str().unwrap());
    let shown = call(&service, Method::GET, &path, &agent, None).await.is(200).json();
    assert_eq!(shown["subject"], "Su pedido");
    let first = call(&service, Method::GET, &format!("{path}/messages"), &agent, None).await.is(200).json()["items"][0].clone();
    assert_eq!((&first["text"], &first["attachments"][0]["name"]), (&json!("Hola"), &json!("a.txt")));
    assert_eq!(first["mail"]["to"][0], json!({"name": "Nuevo", "address": "nuevo@casa.example"}));
    // A colleague who may read it gets its files as well; a second one to the same customer is a thread of its own.
    call(&service, Method::GET, &format!("/api/v1/attachments/{}", file.as_str().unwrap()), &root, None).await.is(200);
    let again = start(json!({"subject": "Otro asunto", "html": "<p>Y esto</p>"}));
    let again = call(&service, Method::POST, "/api/v1/conversations", &agent, Some(again)).await.is(201).json();
    assert_ne!(again["conversation"], started["conversation"]);
}

/// Files of a ZIP, by name.
fn unpacked(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    use std::io::Read;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut files: Vec<_> = (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            (file.name().to_owned(), bytes)
        })
        .collect();
    files.sort();
    files
}

async fn mails_are_taken_out_as_they_came_and_as_they_were_sent(world: World) {
    let service = service!(world);
    let Desk { root, a, b, conversation, message, agent, .. } = desk(&world, &service).await;
    let path = format!("/api/v1/conversations/{conversation}");
    call(&service, Method::POST, &format!("{path}/notes"), &agent, Some(json!({"text": "cuidado"}))).await.is(200);
    let mut written = Vec::new();
    for html in ["<p>Va <b>esto</b></p>", "<p>Y esto queda</p>"] {
        let mail = json!({"kind": "reply", "html": html, "history": true, "bcc": [{"address": "jefe@empresa.example"}]});
        let done = call(&service, Method::POST, &format!("{path}/messages"), &agent, Some(json!({"mail": mail}))).await;
        written.push(done.is(200).json()["message"].as_str().unwrap().parse::<MessageId>().unwrap());
    }
    let source = |id: &MessageId| format!("{path}/messages/{id}/mail/source");
    call(&service, Method::GET, &source(&written[0]), &agent, None).await.is(404);
    let stored = conversations::delivery(&world.app.engine.db, conversation, written[0]).await.unwrap();
    if stored.is_some_and(|(_, delivery)| delivery == Delivery::Queued) {
        let moves = Command::MoveDelivery { message: written[0], stored, to: Delivery::Sending, reason: None };
        world.app.engine.command(conversation, moves, By::System, None).await.unwrap();
    }
    let stored = conversations::delivery(&world.app.engine.db, conversation, written[0]).await.unwrap();
    let moves = Command::MoveDelivery { message: written[0], stored, to: Delivery::Sent, reason: None };
    world.app.engine.command(conversation, moves, By::System, None).await.unwrap();
    // One of ours, by who may read it.
    let ours = call(&service, Method::GET, &source(&written[0]), &agent, None).await.is(200);
    assert_eq!(ours.headers.get("content-type").unwrap(), "message/rfc822");
    let head = String::from_utf8(ours.body.to_vec()).unwrap();
    assert!(head.contains("Subject: Re: Factura\r\n") && head.contains("In-Reply-To: <m1@casa.example>"), "{head}");
    assert!(!head.contains("jefe@") && !head.contains("cuidado"), "{head}");
    // All of them, by who may read any conversation.
    call(&service, Method::GET, &format!("{path}/export?format=eml"), &agent, None).await.is(403);
    let zip = call(&service, Method::GET, &format!("{path}/export?format=eml&language=es"), &root, None).await.is(200);
    let header = |name: &str| zip.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("cache-control")), ("application/zip".to_owned(), "no-store".to_owned()));
    assert!(header("content-disposition").contains("conversacion-") && header("content-disposition").contains(".zip"));
    let files = unpacked(&zip.body);
    let [(list, listed), (first, theirs), (second, sent)] = &files[..] else { panic!("{files:?}") };
    assert_eq!(list, "0000_lista.txt");
    assert!(first.starts_with("0001_") && first.ends_with("_recibido_Factura.eml"), "{first}");
    assert!(second.starts_with("0002_") && second.ends_with("_enviado_Re-Factura.eml"), "{second}");
    assert_eq!((theirs.as_slice(), sent.as_slice()), (MAIL.as_bytes(), &ours.body[..]));
    let listed = String::from_utf8(listed.clone()).unwrap();
    assert!(listed.contains(first.as_str()) && listed.contains("No incluido: no llegó a salir."), "{listed}");
    assert!(!listed.contains("jefe@") && !listed.contains("cuidado"), "{listed}");
    // What is not there any more is said, and the rest comes all the same.
    let kept = conversations::message_of(&world.app.engine.db, conversation, message).await.unwrap().unwrap();
    let kept = kept.message.mail.as_ref().unwrap().source.unwrap();
    world.app.attachments.delete(&object_path(kept)).await.unwrap();
    let zip = call(&service, Method::GET, &format!("{path}/export?format=eml&language=en"), &root, None).await.is(200);
    let files = unpacked(&zip.body);
    assert_eq!(files.len(), 2);
    assert!(String::from_utf8(files[0].1.clone()).unwrap().contains("Not included: it is not kept any more."));
    call(&service, Method::GET, &source(&message), &agent, None).await.is(404);
    // Of no chat, and to nobody else.
    let chat = write_to(&service, &root, a, world.seconds()).await;
    let chat = format!("/api/v1/conversations/{}/export?format=eml", chat["conversations"].as_str().unwrap());
    let refused = call(&service, Method::GET, &chat, &root, None).await.is(422).json();
    assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["code"]), (&json!("format"), &json!("not_possible")));
    let scope = vec![Scope::Client(b["clients"].as_str().unwrap().parse().unwrap())];
    let stranger = world.token(Role::Supervisor, scope).await;
    call(&service, Method::GET, &format!("{path}/export?format=eml"), &stranger, None).await.is(404);
    call(&service, Method::GET, &source(&written[0]), &stranger, None).await.is(404);
}

on_both! {
    mails_are_taken_out_as_they_came_and_as_they_were_sent;
    a_mail_is_shown_clean_to_who_may_read_it_and_is_unknown_to_everybody_else;
    an_answer_by_mail_goes_to_whom_it_should_with_clean_html_and_its_history;
    what_cannot_be_sent_is_refused_with_the_field_at_fault;
    a_mail_that_waits_can_be_withdrawn_by_who_wrote_it;
    a_first_mail_and_drafts_have_subjects_receivers_and_html;
}
