//! Files: what they are, how they are handed out, who may have them (security.md, 4, 5 and 47).

use serde_json::json;

use crate::{
    api::{Answer, text},
    company::{Company, upload},
    database::{Database, on_both},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::World,
};

on_both!(
    a_file_travels_from_the_agent_to_the_connected_system,
    a_file_travels_from_the_connected_system_to_the_agent,
    what_a_file_is_is_found_in_its_bytes_and_nothing_runs,
    a_name_is_nothing_but_a_name,
    a_file_that_is_too_large_leaves_nothing_behind,
    no_path_leads_out,
);

async fn a_file_travels_from_the_agent_to_the_connected_system(database: Database) {
    let mut world = World::new(&database).await;
    let mut receiver = Receiver::start().await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola").await;
    tab.conversation(&conversation, "active").await;
    let bytes = vec![7_u8; 300_000];
    let file = upload(&agent.api, &format!("name=factura.bin&conversation={conversation}"), bytes.clone()).await.ok();
    let reply = json!({ "text": "", "attachments": [file["id"]] });
    agent.api.post(&format!("/api/v1/conversations/{conversation}/messages"), reply).await.ok();
    let call = receiver.next().await.json();
    let told = &call["message"]["attachments"][0];
    assert_eq!((&told["id"], &told["name"], &told["size"]), (&file["id"], &json!("factura.bin"), &json!(300_000)));
    // The system fetches it with a token of its own, also after a crash.
    world.crash().await;
    let token = json!({ "name": "system", "role": "auditor", "scopes": [{ "kind": "client", "id": desk.client }] });
    let token = text(&world.admin.post("/api/v1/tokens", token).await.ok()["secret"]);
    let path = text(&told["url"]).replace(&format!("http://{}", world.host()), "");
    let system = crate::api::Api::bearer(world.host(), &token);
    assert_eq!(system.get(&path).await.ok_bytes(), bytes);
    world.anonymous().get(&path).await.refused(401, "signed_out_session");
}

async fn a_file_travels_from_the_connected_system_to_the_agent(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let file = upload(&a.supervisor.api, &format!("name=foto.png&channel={}", a.ids["channel"]), &b"\x89PNG\r\n\x1a\n0000"[..])
        .await
        .ok();
    assert_eq!(file["media_type"], "image/png");
    let body = json!({ "type": "message", "message": { "id": "f", "from": { "id": "customer" }, "attachments": [{ "id": file["id"] }] } });
    a.channel.call(body.to_string()).await.ok();
    let messages = format!("/api/v1/conversations/{}/messages", a.ids["conversation"]);
    assert_eq!(a.agent.api.get(&messages).await.ok()["items"][0]["attachments"][0]["id"], file["id"]);
    let path = format!("/api/v1/attachments/{}", text(&file["id"]));
    assert_eq!(a.agent.api.get(&path).await.ok_bytes(), b"\x89PNG\r\n\x1a\n0000");
    a.colleague.api.get(&path).await.refused(404, "not_found");
    let answer = a.agent.api.get(&path).await;
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

async fn what_a_file_is_is_found_in_its_bytes_and_nothing_runs(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let files: [(&str, &[u8], &str); 8] = [
        ("a.png", b"<html><script>alert(1)</script></html>", "application/octet-stream"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream"),
        ("a.html", b"<!DOCTYPE html><body onload=alert(1)>", "application/octet-stream"),
        ("a.xml", b"<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><a/>", "application/octet-stream"),
        ("a.js", b"alert(1)", "application/octet-stream"),
        ("a.html", b"\x89PNG\r\n\x1a\n0000", "image/png"),
        ("a.txt", b"GIF89a/*<script>*/=1;alert(1)", "image/gif"),
        ("a.pdf", b"%PDF-1.7 x", "application/pdf"),
    ];
    for (name, bytes, kind) in files {
        let file = upload(&a.agent.api, &format!("name={name}&conversation={}", a.ids["conversation"]), bytes).await.ok();
        let answer = a.agent.api.get(&format!("/api/v1/attachments/{}", text(&file["id"]))).await;
        assert_eq!(answer.ok_bytes(), bytes);
        assert_eq!((answer.header("content-type"), file["media_type"].as_str().unwrap()), (kind, kind), "{name}");
        assert!(answer.header("content-disposition").starts_with("attachment"), "{:?}", answer.headers);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"));
    }
    let empty = upload(&a.agent.api, &format!("name=x&conversation={}", a.ids["conversation"]), "").await;
    empty.refused_field("", "too_short");
}

async fn a_name_is_nothing_but_a_name(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let names = [
        "..%2f..%2fx",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "C%3A%5Cx%5Cy.txt",
        "a%00b.txt",
        "%E2%80%8B.htaccess",
        "%E2%80%AEgpj.exe",
        "a%0d%0aSet-Cookie:%20x=1.txt",
        "%22%3B%20filename%3D%22evil.html",
        "",
        "...",
        "%F0%9F%98%80.png",
    ];
    let folder = world.installation.data();
    let outside = || std::fs::read_dir(folder.parent().unwrap()).unwrap().count();
    let before = outside();
    for name in names.iter().map(|name| (*name).to_owned()).chain(["x".repeat(300)]) {
        let file = upload(&a.agent.api, &format!("name={name}&conversation={}", a.ids["conversation"]), "x").await.ok();
        let kept = text(&file["name"]);
        assert!(
            (1..=120).contains(&kept.chars().count()) && !kept.contains(['/', '\\', '\0', '\r', '\n', '"']),
            "{name}: {kept:?}"
        );
        assert!(!kept.contains(['\u{202e}', '\u{200b}']), "{kept:?}");
        let answer = a.agent.api.get(&format!("/api/v1/attachments/{}", text(&file["id"]))).await;
        assert_eq!(answer.ok_bytes(), b"x");
        let disposition = String::from_utf8_lossy(answer.headers["content-disposition"].as_bytes()).into_owned();
        assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert_eq!(outside(), before);
    // In the data directory every file lies under its random id.
    let stored = walk(&folder.join("attachments"));
    assert!(stored.iter().all(|path| uuid::Uuid::try_parse(path.file_name().unwrap().to_str().unwrap()).is_ok()), "{stored:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

async fn a_file_that_is_too_large_leaves_nothing_behind(database: Database) {
    let world = World::of(Installation::new(&database).with("LIMITS__MAX_ATTACHMENT_BYTES", "100000")).await;
    let a = Company::new(&world, "A").await;
    let query = format!("name=x&conversation={}", a.ids["conversation"]);
    let folder = world.installation.data().join("attachments");
    let before = (world.installation.rows().await, walk(&folder));
    upload(&a.agent.api, &query, vec![1_u8; 100_001]).await.refused(413, "too_large");
    let chunks = futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024])));
    let request = a.agent.api.request("POST", &format!("/api/v1/attachments?{query}")).body(reqwest::Body::wrap_stream(chunks));
    Answer::of("chunks".to_owned(), request).await.refused(413, "too_large");
    // Compressed bytes are bytes: nobody unpacks them.
    let request = a
        .agent
        .api
        .request("POST", &format!("/api/v1/attachments?{query}"))
        .header("content-encoding", "gzip")
        .body(vec![0x1f, 0x8b, 8, 0, 0]);
    let packed = Answer::of("gzip".to_owned(), request).await;
    assert!(matches!(packed.status, 201 | 400 | 415), "{packed}");
    if packed.status != 201 {
        assert_eq!((world.installation.rows().await, walk(&folder)), before);
    }
    assert_eq!(upload(&a.agent.api, &query, vec![1_u8; 100_000]).await.ok()["size"], 100_000);
}

async fn no_path_leads_out(database: Database) {
    let world = World::new(&database).await;
    let a = Company::new(&world, "A").await;
    let secret = world.installation.data().join("secret.key");
    let secret = std::fs::read_to_string(secret).unwrap();
    let traversals = [
        "../secret.key",
        "..%2fsecret.key",
        "%2e%2e%2fsecret.key",
        "%2e%2e/secret.key",
        "..%5csecret.key",
        "....//secret.key",
        "..;/secret.key",
        "%252e%252e%252fsecret.key",
        "..%c0%afsecret.key",
        "..%ef%bc%8fsecret.key",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "file:///etc/passwd",
        "../../../../../../etc/passwd",
        "..%00/secret.key",
        "%00",
        ".",
        "..",
        "%20",
        "~/.ssh/id_rsa",
    ];
    for path in traversals {
        for prefix in ["/api/v1/attachments/", "/assets/", "/", "/docs/", "/widget/v1/"] {
            // Not through a client that would tidy the path up.
            let said = raw_get(&a.agent.api, &format!("{prefix}{path}")).await;
            let status = said.split(' ').nth(1).unwrap_or_default();
            let allowed = matches!(status, "404" | "400" | "405") || (status == "200" && prefix == "/" && path == ".");
            assert!(allowed || matches!(path, "." | ".."), "{prefix}{path}: {said}");
            assert!(!said.contains(secret.trim()) && !said.contains("root:"), "{prefix}{path}");
        }
    }
}

async fn raw_get(api: &crate::api::Api, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(&api.host).await.unwrap();
    let bearer = api.headers["authorization"].to_str().unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {bearer}\r\nconnection: close\r\n\r\n", api.host);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}
