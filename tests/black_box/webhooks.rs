//! What a connected system may send, and what it is told when it sends something else (security.md, 31 and 32). Nothing of it
//! stops the next message.

use centralita::channels::standard_webhooks::{SigningSecret, sign};
use serde_json::{Value, json};

use crate::{
    api::{Answer, text},
    database::{Database, on_both},
    world::{Channel, Desk, World, message, now},
};

on_both!(
    a_body_that_is_not_as_it_should_be_is_refused_by_name,
    a_body_that_is_too_large_is_refused_without_reading_it_all,
    only_the_exact_bytes_that_were_signed_pass,
    a_signature_counts_for_five_minutes,
    the_same_message_is_stored_once_whoever_sends_it_again,
    a_secret_is_rotated_without_losing_a_call,
    a_channel_that_is_off_or_unknown_or_not_for_systems_takes_nothing,
    a_receipt_moves_only_messages_of_its_own_channel,
    every_text_comes_back_as_it_was_sent,
);

/// After whatever was refused, the next customer is served and nothing of the refused call is there.
async fn still_works(world: &World, channel: &Channel, messages: &mut usize) {
    channel.write(&format!("next-{messages}"), "hola").await;
    *messages += 1;
    let rows = world.installation.rows().await;
    assert_eq!(rows.iter().filter(|row| row.starts_with("messages ")).count(), *messages);
}

async fn a_body_that_is_not_as_it_should_be_is_refused_by_name(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, .. } = world.desk(json!({})).await;
    let mut messages = 0;
    still_works(&world, &channel, &mut messages).await;
    let whole = message("m", "a", "hola").to_string();
    let deep = |depth: usize| format!(r#"{{"type":"message","message":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let malformed: [(Vec<u8>, &str); 12] = [
        (b"".to_vec(), "malformed_json"),
        (b"hola".to_vec(), "malformed_json"),
        (b"{".to_vec(), "malformed_json"),
        (whole.as_bytes()[..whole.len() - 1].to_vec(), "malformed_json"),
        (format!("{whole}{whole}").into_bytes(), "malformed_json"),
        (b"\xff\xfe{\0}\0".to_vec(), "invalid_utf8"),
        (
            whole.replace("hola", "ho#la").into_bytes().iter().map(|byte| if *byte == b'#' { 0xff } else { *byte }).collect(),
            "invalid_utf8",
        ),
        (deep(1000).into_bytes(), "invalid"),
        (deep(100_000).into_bytes(), "invalid"),
        (format!(r#"{{"type":"message","message":{}"#, r#"{"from":"#.repeat(20_000)).into_bytes(), "invalid"),
        (b"[]".to_vec(), "invalid"),
        (b"null".to_vec(), "invalid"),
    ];
    for (body, code) in malformed {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = channel.call(body).await;
        let status = if code == "invalid" { 422 } else { 400 };
        // Nesting is refused where a value has the wrong type or by its depth, whichever is found first.
        if answer.status == 400 && answer.json()["code"] == "too_deep" && status == 422 {
            continue;
        }
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{shown}: {answer}");
    }
    still_works(&world, &channel, &mut messages).await;

    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = message("m", "a", "hola");
        change(&mut body);
        body.to_string()
    };
    let fields: [(String, &str, &str); 17] = [
        (with(&|body| body["extra"] = json!(1)), "extra", "unknown_field"),
        (with(&|body| body["message"]["from"]["id_"] = json!("x")), "id_", "unknown_field"),
        (with(&|body| body["message"]["client"] = json!("x")), "client", "unknown_field"),
        (with(&|body| body["type"] = json!("other")), "", "wrong_type"),
        (with(&|body| body["type"] = json!("receipt")), "receipt", "missing_field"),
        (with(&|body| body["message"]["id"] = json!("")), "message.id", "out_of_range"),
        (with(&|body| body["message"]["id"] = json!("x".repeat(257))), "message.id", "out_of_range"),
        (with(&|body| body["message"]["id"] = json!("a\u{0}b")), "message.id", "control_characters"),
        (with(&|body| body["message"]["id"] = json!(7)), "", "wrong_type"),
        (with(&|body| body["message"]["from"]["id"] = json!("")), "message.from.id", "out_of_range"),
        (with(&|body| body["message"]["from"]["id"] = json!("x".repeat(255))), "message.from.id", "out_of_range"),
        (with(&|body| body["message"]["text"] = json!("  \n ")), "message.text", "empty_message"),
        (with(&|body| body["message"]["text"] = json!("x".repeat(65_537))), "message.text", "message_too_long"),
        (with(&|body| body["message"]["text"] = json!({ "$gt": "" })), "", "wrong_type"),
        (
            with(&|body| body["message"]["attachments"] = json!([{ "id": desk_less_id() }])),
            "message.attachments.0.id",
            "unknown_reference",
        ),
        (
            r#"{"type":"message","type":"message","message":{"id":"m","from":{"id":"a"},"text":"x"}}"#.to_owned(),
            "type",
            "duplicate",
        ),
        (r#"{"message":{"id":"m","from":{"id":"a"},"text":"x"}}"#.to_owned(), "type", "missing_field"),
    ];
    for (body, field, code) in fields {
        channel.call(body).await.refused_field(field, code);
    }
    still_works(&world, &channel, &mut messages).await;
}

fn desk_less_id() -> &'static str {
    "01900000-0000-7000-8000-000000000000"
}

async fn a_body_that_is_too_large_is_refused_without_reading_it_all(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, .. } = world.desk(json!({})).await;
    let mut messages = 0;
    for size in [256 * 1024 + 1, 1_000_000, 8_000_000] {
        let body = message("m", "a", &"x".repeat(size)).to_string();
        channel.call(body).await.refused(413, "too_large");
        still_works(&world, &channel, &mut messages).await;
    }
    // Without a length, in chunks.
    let chunks = futures_util::stream::iter((0..64).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024])));
    let request = channel.signed("").body(reqwest::Body::wrap_stream(chunks));
    Answer::of("chunks".to_owned(), request).await.refused(413, "too_large");
    still_works(&world, &channel, &mut messages).await;
    // The longest text there may be passes.
    channel.write("b", &"ñ".repeat(32_768)).await;
}

async fn only_the_exact_bytes_that_were_signed_pass(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, .. } = world.desk(json!({})).await;
    let mut messages = 0;
    still_works(&world, &channel, &mut messages).await;
    let body = message("m", "a", "hola").to_string().into_bytes();
    let (id, at) = ("call-1", now().to_string());
    let right = sign(&channel.secret, id, now(), &body);
    let stranger = SigningSecret::from_key(&[7; 32]).unwrap();
    let upper = right.to_uppercase();
    let other_version = right.replace("v1,", "v2,");
    let short = right[..right.len() - 4].to_owned();
    let foreign = sign(&stranger, id, now(), &body);
    let of_other_body = sign(&channel.secret, id, now(), b"{}");
    let of_other_id = sign(&channel.secret, "call-2", now(), &body);
    let refused: Vec<(Vec<(&'static str, &str)>, &str)> = vec![
        (vec![("webhook-timestamp", &at), ("webhook-signature", &right)], "signature_header_missing"),
        (vec![("webhook-id", id), ("webhook-signature", &right)], "signature_header_missing"),
        (vec![("webhook-id", id), ("webhook-timestamp", &at)], "signature_header_missing"),
        (vec![], "signature_header_missing"),
        (vec![("webhook-id", ""), ("webhook-timestamp", &at), ("webhook-signature", &right)], "signature_header_empty"),
        (vec![("webhook-id", id), ("webhook-timestamp", ""), ("webhook-signature", &right)], "signature_header_empty"),
        (vec![("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", "")], "signature_header_empty"),
        (
            vec![("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", &right), ("webhook-signature", &right)],
            "signature_header_repeated",
        ),
        (
            vec![("webhook-id", id), ("webhook-id", "x"), ("webhook-timestamp", &at), ("webhook-signature", &right)],
            "signature_header_repeated",
        ),
        (vec![("webhook-id", "a.b"), ("webhook-timestamp", &at), ("webhook-signature", &right)], "signature_invalid_id"),
        (vec![("webhook-id", id), ("webhook-timestamp", "soon"), ("webhook-signature", &right)], "signature_invalid_timestamp"),
        (
            vec![("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", &other_version)],
            "signature_no_usable_version",
        ),
        (vec![("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", "hola")], "signature_no_usable_version"),
    ];
    for (headers, code) in refused {
        channel.call_with(&headers, body.clone()).await.refused(401, code);
    }
    for wrong in [&upper, &short, &foreign, &of_other_body, &of_other_id] {
        let headers = [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", wrong.as_str())];
        let answer = channel.call_with(&headers, body.clone()).await;
        assert_eq!(answer.status, 401, "{wrong}: {answer}");
        assert!(
            matches!(answer.json()["code"].as_str().unwrap(), "signature_mismatch" | "signature_no_usable_version"),
            "{answer}"
        );
    }
    // Written again by somebody who parsed it: other bytes, even if they mean the same.
    let headers = [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", right.as_str())];
    let rewritten = String::from_utf8(body.clone()).unwrap().replace("hola", r"\u0068ola");
    channel.call_with(&headers, rewritten).await.refused(401, "signature_mismatch");
    still_works(&world, &channel, &mut messages).await;

    // Among several signatures one that fits is enough, and escapes are signed as they were sent.
    let several = format!("v2,{} {foreign} {right}", &right[3..]);
    let headers = [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", several.as_str())];
    channel.call_with(&headers, body).await.ok();
    let escaped = r#"{"type":"message","message":{"id":"e","from":{"id":"z"},"text":"\u00e4\ud83d\ude00"}}"#;
    let stored = channel.call(escaped).await.ok();
    assert_eq!(world.admin.texts(&text(&stored["conversation"])).await, ["ä😀"]);
}

async fn a_signature_counts_for_five_minutes(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, .. } = world.desk(json!({})).await;
    for (offset, code) in
        [(-305, "signature_too_old"), (305, "signature_too_new"), (-86_400, "signature_too_old"), (-290, ""), (290, "")]
    {
        let body = message(&format!("m{offset}"), "a", "hola").to_string();
        let (id, at) = (format!("call{offset}"), now() + offset);
        let signature = sign(&channel.secret, &id, at, body.as_bytes());
        let at = at.to_string();
        let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
        let answer = channel.call_with(&headers, body).await;
        if code.is_empty() {
            answer.ok();
        } else {
            answer.refused(401, code);
        }
    }
    let rows = world.installation.rows().await;
    assert_eq!(rows.iter().filter(|row| row.starts_with("messages ")).count(), 2);
}

async fn the_same_message_is_stored_once_whoever_sends_it_again(database: Database) {
    let mut world = World::new(&database).await;
    let Desk { channel, client, campaign } = world.desk(json!({})).await;
    let conversation = text(&channel.tell("m1", "a", "hola").await.ok()["conversation"]);
    // The very same request, and another call with the same message.
    let body = message("m1", "a", "hola").to_string().into_bytes();
    let at = now().to_string();
    let signature = sign(&channel.secret, "replayed", now(), &body);
    let headers = [("webhook-id", "replayed"), ("webhook-timestamp", at.as_str()), ("webhook-signature", signature.as_str())];
    for _ in 0..2 {
        assert_eq!(channel.call_with(&headers, body.clone()).await.ok(), json!({ "status": "repeated" }));
    }
    // With other words, and in another's name: the first one counts.
    assert_eq!(channel.tell("m1", "a", "otra cosa").await.ok()["status"], "repeated");
    assert_eq!(channel.tell("m1", "b", "otra persona").await.ok()["status"], "repeated");
    world.crash().await;
    assert_eq!(channel.tell("m1", "a", "hola").await.ok()["status"], "repeated");
    assert_eq!(world.admin.texts(&conversation).await, ["hola"]);

    // Twenty at once: one is stored.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let channel = channel.clone();
        calls.spawn(async move { channel.tell("m2", "a", "a la vez").await.ok()["status"] == "stored" });
    }
    assert_eq!(calls.join_all().await.into_iter().filter(|stored| *stored).count(), 1);
    assert_eq!(world.admin.texts(&conversation).await, ["hola", "a la vez"]);
    // On another channel the same id is another message.
    let other = world.channel(&client, &campaign, None).await;
    assert_eq!(other.tell("m1", "a", "hola").await.ok()["status"], "stored");
}

async fn a_secret_is_rotated_without_losing_a_call(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, .. } = world.desk(json!({})).await;
    let path = format!("/api/v1/channels/{}/secrets", channel.id);
    let first = text(&world.admin.get(&path).await.ok()["items"][0]["id"]);
    let renewed = Channel { secret: world.secret(&channel.id).await, ..channel.clone() };
    channel.write("a", "con el viejo").await;
    renewed.write("a", "con el nuevo").await;
    world.admin.delete(&format!("{path}/{first}")).await.ok();
    channel.tell("m", "a", "hola").await.refused(401, "signature_mismatch");
    renewed.write("a", "con el nuevo").await;
    let second = text(&world.admin.get(&path).await.ok()["items"][0]["id"]);
    world.admin.patch(&format!("{path}/{second}"), json!({ "expires_at": "2020-01-01T00:00:00Z" })).await.ok();
    let answer = renewed.tell("m", "a", "hola").await;
    assert_eq!(answer.status, 401, "{answer}");
    world.admin.patch(&format!("{path}/{second}"), json!({ "expires_at": null })).await.ok();
    renewed.write("a", "otra vez").await;
    // Without any secret nothing passes: it is never skipped.
    world.admin.delete(&format!("{path}/{second}")).await.ok();
    renewed.tell("m", "a", "hola").await.refused(401, "signature_no_secret");
}

async fn a_channel_that_is_off_or_unknown_or_not_for_systems_takes_nothing(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, client, campaign } = world.desk(json!({})).await;
    let chat = world.chat(&client, &campaign).await;
    for id in [desk_less_id(), &chat, "x", "%00", "..%2f..", &channel.id.to_uppercase().replace('-', "")] {
        let lost = Channel { id: id.to_owned(), ..channel.clone() };
        let answer = lost.tell("m", "a", "hola").await;
        if id.len() != 32 {
            answer.refused(404, "not_found");
        }
    }
    world.admin.patch(&format!("/api/v1/channels/{}", channel.id), json!({ "enabled": false })).await.ok();
    channel.tell("m", "a", "hola").await.refused(404, "not_found");
    world.admin.patch(&format!("/api/v1/channels/{}", channel.id), json!({ "enabled": true })).await.ok();
    channel.write("a", "hola").await;
    world.admin.patch(&format!("/api/v1/clients/{client}"), json!({ "enabled": false })).await.ok();
    channel.tell("n", "a", "hola").await.refused(404, "not_found");
    // A client that is off does not chat either.
    world.anonymous().act(&format!("/widget/v1/{chat}/session")).await.refused(404, "not_found");
    let get = world.anonymous().get(&channel.path()).await;
    assert_eq!(get.status, 405, "{get}");
}

async fn a_receipt_moves_only_messages_of_its_own_channel(database: Database) {
    let world = World::new(&database).await;
    let (here, there) = (world.desk(json!({})).await, world.desk(json!({})).await);
    let agent = world.agent(&[&here.campaign]).await;
    let mut tab = crate::socket::Socket::at_work(&agent.api).await;
    let conversation = here.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let reply = text(&agent.api.reply(&conversation, "hola").await.ok()["message"]);
    there.channel.receipt(&conversation, &reply, "failed").await.refused(404, "not_found");
    here.channel.receipt(&conversation, desk_less_id(), "read").await.refused(404, "not_found");
    here.channel.receipt(desk_less_id(), &reply, "read").await.refused(404, "not_found");
    let own = here.channel.write("b", "hola").await;
    here.channel.receipt(&own, &reply, "read").await.refused(404, "not_found");
    // Early, before it was sent: nothing moves, nothing breaks.
    here.channel.receipt(&conversation, &reply, "read").await.ok();
    here.channel.receipt(&conversation, &reply, "sent").await.refused_field("", "wrong_type");
}

async fn every_text_comes_back_as_it_was_sent(database: Database) {
    let world = World::new(&database).await;
    let Desk { channel, client, campaign } = world.desk(json!({})).await;
    let words = [
        "' OR 1=1; DROP TABLE messages;--",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7}",
        "line\nbreak\ttab\r\n",
        "👩‍👩‍👧‍👦 e\u{301} \u{200f}عربى",
        "\u{feff}\u{202e}",
        "\\u0000 \\ \" '",
    ];
    let conversation = channel.write("a", "hola").await;
    for text in words {
        channel.write("a", text).await;
    }
    assert_eq!(world.admin.texts(&conversation).await[1..], words);
    // PostgreSQL has no place for U+0000; it must neither stop the message nor stay in the way of the next.
    channel.write("a", "antes\u{0}después").await;
    let last = world.admin.texts(&conversation).await.pop().unwrap();
    assert!(last.starts_with("antes") && last.ends_with("después"), "{last:?}");
    let chat = world.chat(&client, &campaign).await;
    let visitor = world.visitor(&chat).await;
    let stored = world.chat_message(&visitor, "k", "antes\u{0}después").await.ok();
    let last = world.admin.texts(&text(&stored["conversation"])).await.pop().unwrap();
    assert!(last.starts_with("antes") && last.ends_with("después"), "{last:?}");
}
