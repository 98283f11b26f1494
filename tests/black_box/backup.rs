//! Backups: taken while messages come in, restored into either database, and nothing believed that somebody altered.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::{Arc, Mutex, atomic::AtomicBool, atomic::Ordering},
};

use serde_json::{Value, json};

use crate::{
    api::{Api, list, text},
    company::upload,
    database::{Database, on_both, on_sqlite_only},
    installation::Installation,
    receiver::Receiver,
    socket::Socket,
    world::{World, message},
};

on_both!(
    a_backup_under_load_restores_into_either_database_and_work_goes_on,
    what_is_there_is_replaced_only_on_demand_and_kept,
    a_running_server_s_database_is_not_restored_into,
);
on_sqlite_only!(what_is_no_whole_backup_is_refused_and_changes_nothing, the_key_is_in_a_backup_only_on_demand);

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Takes a backup without holding up the test's own traffic.
async fn backup(installation: &Installation, name: &str, options: &[&str]) -> PathBuf {
    let file = installation.folder().join(name);
    let mut command = installation.command();
    command.arg("backup").arg(&file).args(options).arg("--json");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    file
}

fn run(installation: &Installation, arguments: &[&str], file: &Path) -> Output {
    installation.command().args(arguments).arg(file).output().unwrap()
}

fn restore(installation: &Installation, file: &Path) -> Value {
    let output = run(installation, &["restore", "--json"], file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn refused(output: &Output, sentence: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(sentence) && !said.contains("panicked"), "{said}");
    assert!(output.stdout.is_empty());
}

async fn a_backup_under_load_restores_into_either_database_and_work_goes_on(database: Database) {
    let mut receiver = Receiver::start().await;
    let mut world = World::of(Installation::new(&database).with("SECRET_KEY", KEY)).await;
    let desk = world.desk_with(json!({}), Some(&receiver.url)).await;
    let agent = world.agent(&[&desk.campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let conversation = desk.channel.write("a", "hola\t\\N\n«fin»").await;
    tab.conversation(&conversation, "active").await;
    let bytes = vec![7_u8; 300_000];
    let file = upload(&agent.api, &format!("name=f.bin&conversation={conversation}"), bytes.clone()).await.ok();
    let reply = json!({ "text": "", "attachments": [file["id"]] });
    agent.api.post(&format!("/api/v1/conversations/{conversation}/messages"), reply).await.ok();
    receiver.next().await;
    // One that waits to be sent when the backup is taken.
    receiver.answer_with(503);
    agent.api.reply(&conversation, "¿Llegó?").await.ok();
    receiver.next().await;

    let (acknowledged, done) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let mut senders = tokio::task::JoinSet::new();
    for customer in 0..4 {
        let (channel, acknowledged, done) = (desk.channel.clone(), Arc::clone(&acknowledged), Arc::clone(&done));
        senders.spawn(async move {
            for number in 0.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let words = format!("load-{customer}-{number}");
                let answer = channel.signed(message(&words, &format!("c{customer}"), &words).to_string()).send().await;
                if answer.unwrap().status() == 200 {
                    acknowledged.lock().unwrap().push(words);
                }
            }
        });
    }
    let count = || acknowledged.lock().unwrap().len();
    let at_least = async |wanted: usize| {
        while count() < wanted {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    at_least(100).await;
    let before = acknowledged.lock().unwrap().clone();
    let saved = backup(&world.installation, "saved.tar.zst", &[]).await;
    at_least(before.len() + 100).await;
    done.store(true, Ordering::Relaxed);
    senders.join_all().await;
    world.kill();

    for target in database.all_kinds().await {
        let installation = Installation::new(&target).with("SECRET_KEY", KEY);
        let told = restore(&installation, &saved);
        assert_eq!(
            (&told["attachments"], &told["missing"], &told["messages_in_doubt"]),
            (&json!(1), &json!([]), &json!(1)),
            "{told}"
        );
        let rows = installation.rows().await;
        for words in &before {
            let stored = rows.iter().filter(|row| row.starts_with("messages ") && row.contains(&format!("\"{words}\""))).count();
            assert_eq!(stored, 1, "{words}");
        }
        // One moment: what the log has not, no table has; messages and log do not change afterwards.
        let end = told["streams"][0]["head"].as_u64().unwrap();
        let entries = rows.iter().filter(|row| row.starts_with("log ")).count();
        assert_eq!(u64::try_from(entries).unwrap(), end);
        // The same people and tokens go on with it; nobody is signed in.
        assert!(!rows.iter().any(|row| row.starts_with("sessions ")));
        let server = installation.start().await;
        let (admin, colleague) = (world.admin.clone().at(&installation.host), agent.api.clone().at(&installation.host));
        let texts = colleague.texts(&conversation).await;
        assert_eq!(texts, ["hola\t\\N\n«fin»", "", "¿Llegó?"]);
        let path = format!("/api/v1/attachments/{}", text(&file["id"]));
        assert_eq!(colleague.get(&path).await.ok_bytes(), bytes);
        // What was in doubt is sent again, under its id.
        receiver.answer_with(200);
        while receiver.next().await.json()["message"]["text"] != "¿Llegó?" {}
        // A position from before means nothing now.
        let last = tab.seen.last().unwrap().clone();
        let mut resumed = Socket::open(&colleague).await;
        resumed.resume("me", &last).await;
        let frame = resumed.until("a snapshot", |frame| frame["topic"] == "me").await;
        assert_eq!(frame["kind"], "me");
        let held = |held: &Value| held["id"] == conversation.as_str() && held["standing"]["is"] == "active";
        assert!(frame["data"]["conversations"].as_array().unwrap().iter().any(held), "{frame}");
        let channel = crate::world::Channel { api: Api::anonymous(&installation.host), ..desk.channel.clone() };
        channel.tell("later", "a", "¿Siguen ahí?").await.ok();
        assert_eq!(colleague.texts(&conversation).await.last().unwrap(), "¿Siguen ahí?");
        assert!(!list(&admin.get("/api/v1/conversations").await.ok()).is_empty());
        drop(server);
    }
}

async fn what_is_there_is_replaced_only_on_demand_and_kept(database: Database) {
    let mut world = World::new(&database).await;
    world.client("Before").await;
    let saved = backup(&world.installation, "saved.tar.zst", &["--with-key"]).await;
    world.client("After").await;
    refused(&run(&world.installation, &["restore"], &saved), "another Centralita uses this data directory");
    refused(&run(&world.installation, &["backup"], &saved), "it exists already");
    world.stop().await;
    let installation = &world.installation;
    let before = installation.rows().await;
    refused(&run(installation, &["restore"], &saved), "is not empty");
    assert_eq!(installation.rows().await, before);
    // A restore that was interrupted: nothing starts on its half.
    let half = installation.data().join("restoring");
    std::fs::create_dir(&half).unwrap();
    for command in [&["serve"][..], &["migrate"], &["sample"]] {
        refused(&installation.run(command), "has not finished");
    }
    let output = run(installation, &["restore", "--replace"], &saved);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!half.exists());
    let names = |rows: &[String]| {
        rows.iter().filter(|row| row.starts_with("clients ")).map(|row| row.contains("Before")).collect::<Vec<_>>()
    };
    assert_eq!(names(&installation.rows().await), [true]);
    world.start().await;
    let page = world.admin.get("/api/v1/clients").await.ok();
    assert_eq!(list(&page).iter().map(|client| text(&client["name"])).collect::<Vec<_>>(), ["Before"]);
    world.client("Again").await;
    world.stop().await;
    // What was there is still there.
    let kept = match &database {
        Database::Sqlite => {
            let data = std::fs::read_dir(world.installation.data()).unwrap().map(|entry| entry.unwrap().path());
            let aside = data.into_iter().find(|path| path.to_string_lossy().contains("replaced_")).unwrap();
            Database::Sqlite.rows(&aside.join("centralita.sqlite")).await
        }
        Database::Postgres(_) => database.set_aside().await,
    };
    assert_eq!(kept, before);
}

async fn a_running_server_s_database_is_not_restored_into(database: Database) {
    let world = World::new(&database).await;
    world.client("Here").await;
    let saved = backup(&world.installation, "saved.tar.zst", &[]).await;
    let told: Value = serde_json::from_slice(&run(&world.installation, &["backup", "--check", "--json"], &saved).stdout).unwrap();
    assert_eq!(told["with_key"], false);
    if matches!(database, Database::Postgres(_)) {
        let beside = world.installation.beside();
        refused(&run(&beside, &["restore", "--replace"], &saved), "a server works with this database");
    }
    world.client("still there").await;
    // A directory gets a file named after the time.
    let folder = world.installation.folder().join("backups");
    std::fs::create_dir(&folder).unwrap();
    assert!(run(&world.installation, &["backup"], &folder).status.success());
    let written: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(matches!(&written[..], [name] if name.to_string_lossy().ends_with("Z.tar.zst")), "{written:?}");
    // Nothing is left of one that cannot be finished.
    let missing = Installation::new(&Database::Sqlite);
    refused(&run(&missing, &["backup"], &folder.join("x.tar.zst")), "there is no");
    refused(&run(&missing, &["backup"], Path::new("/proc/no/such/place")), "/proc/no/such");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

async fn the_key_is_in_a_backup_only_on_demand(database: Database) {
    let world = World::new(&database).await;
    let desk = world.desk(json!({})).await;
    let key = std::fs::read_to_string(world.installation.data().join("secret.key")).unwrap();
    let (without, with) = (backup(&world.installation, "a", &[]).await, backup(&world.installation, "b", &["--with-key"]).await);
    let unpacked =
        |file: &Path| String::from_utf8_lossy(&zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap()).into_owned();
    assert!(!unpacked(&without).contains(key.trim()) && unpacked(&with).contains(key.trim()));

    let closed = Installation::new(&Database::Sqlite);
    let output = run(&closed, &["restore"], &without);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("ATTENTION") && said.contains("does not open 1 of 1"), "{said}");
    assert!(!said.contains(key.trim()));

    let open = Installation::new(&Database::Sqlite);
    let told = restore(&open, &with);
    assert_eq!((&told["key_restored"], &told["sealed_secrets_unreadable"]), (&json!(true), &json!(0)));
    assert_eq!(std::fs::metadata(open.data().join("secret.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let _server = open.start().await;
    let channel = crate::world::Channel { api: Api::anonymous(&open.host), ..desk.channel.clone() };
    channel.tell("m", "a", "hola").await.ok();
    // A key that is there already stays.
    let own = Installation::new(&Database::Sqlite).with("SECRET_KEY", KEY);
    let told = restore(&own, &with);
    assert_eq!((&told["key_restored"], &told["sealed_secrets_unreadable"]), (&json!(false), &json!(1)));
    assert!(!own.data().join("secret.key").exists());
}

/// An entry of an archive, as anybody can make one.
fn entry(name: &str, kind: u8, size: u64, bytes: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000600\x000000000\x000000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut entry = block.to_vec();
    entry.extend(bytes);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

async fn what_is_no_whole_backup_is_refused_and_changes_nothing(database: Database) {
    let world = World::new(&database).await;
    world.client("Here").await;
    let saved = backup(&world.installation, "saved.tar.zst", &[]).await;
    let whole = std::fs::read(&saved).unwrap();
    let unpacked = zstd::decode_all(&whole[..]).unwrap();
    let packed = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let head_size = usize::from_str_radix(str::from_utf8(&unpacked[124..135]).unwrap(), 8).unwrap();
    let head = &unpacked[512..512 + head_size];
    let after_head = (512 + head_size).next_multiple_of(512);
    let with = |more: Vec<u8>| packed(&[&unpacked[..after_head], &more, &unpacked[after_head..]].concat());
    let of_head = |from: &str, to: &str| {
        let text = str::from_utf8(head).unwrap().replace(from, to);
        packed(&[&entry("backup.json", b'0', text.len() as u64, text.as_bytes()), &unpacked[after_head..]].concat())
    };
    let turned = |at: usize| {
        let mut bytes = unpacked.clone();
        bytes[at] ^= 1;
        packed(&bytes)
    };
    let file = "attachments/0199aaaa-0000-7000-8000-000000000001";
    let mut hostile: Vec<(&str, Vec<u8>)> = vec![
        ("this is no whole backup", Vec::new()),
        ("this is no whole backup", b"PK no backup".to_vec()),
        ("its end is missing", whole[..whole.len() / 2].to_vec()),
        ("this is no whole backup", whole[..whole.len() - 1].to_vec()),
        ("its end is missing", packed(&unpacked[..unpacked.len() - 512])),
        ("there is more after", packed(&[&unpacked[..], b"more"].concat())),
        ("it does not begin with backup.json", packed(&unpacked[after_head..])),
        ("which no backup has", with(entry("../../../../tmp/escaped", b'0', 3, b"abc"))),
        ("which no backup has", with(entry("/etc/passwd", b'0', 3, b"abc"))),
        ("which no backup has", with(entry("attachments/../../secret.key", b'0', 3, b"abc"))),
        ("which no backup has", with(entry("tables/leases/000001.tsv", b'0', 4, b"abc\n"))),
        ("which no backup has", with(entry("tables/log/../log/000001.tsv", b'0', 4, b"abc\n"))),
        ("no plain file", with(entry(file, b'2', 0, b""))),
        ("no plain file", with(entry(file, b'5', 0, b""))),
        ("too large", with(entry(file, b'0', 7 << 30, b"abc"))),
        ("an entry is too large", with(entry("tables/log/000001.tsv", b'0', 7 << 30, b"abc"))),
        ("its checksum is another", with(entry(file, b'0', 3, b"abc"))),
        ("is not where it should be", with(entry("tables/users/000002.tsv", b'0', 2, b"a\n"))),
        ("beyond reason", with(entry(file, b'0', 512 << 20, &vec![0; 512 << 20]))),
        ("from a newer Centralita", of_head("\"schema\": ", "\"schema\": 9")),
        ("from a newer Centralita", of_head("\"format\": 1", "\"format\": 2")),
        ("this is no whole backup", of_head("\"database\"", "\"databases\"")),
        ("its checksum is another", of_head("\"sqlite\"", "\"sqlits\"")),
    ];
    // A bit anywhere in the rows.
    for at in [after_head + 600, after_head + (unpacked.len() - after_head) / 2] {
        hostile.push(("this is no whole backup", turned(at)));
    }
    let target = Installation::new(&Database::Sqlite);
    let at = target.folder().join("hostile.tar.zst");
    for (number, (sentence, bytes)) in hostile.iter().enumerate() {
        std::fs::File::create(&at).unwrap().write_all(bytes).unwrap();
        for command in [&["backup", "--check"][..], &["restore"]] {
            let output = run(&target, command, &at);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(sentence), "{number}: {said}");
            refused(&output, sentence);
        }
        assert!(!target.sqlite_file().exists() && !target.data().join("attachments").exists(), "{number}");
    }
    refused(&run(&target, &["restore"], Path::new("/does/not/exist")), "/does/not/exist");
    assert!(!Path::new("/tmp/escaped").exists());
    restore(&target, &saved);
}
