//! `tests/mail/*.eml`, each beside what must be understood of it. `UPDATE_MAIL=1` writes that anew; look at the difference.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::*;

pub(crate) fn mails() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut mails: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    mails.sort();
    assert!(mails.len() > 150, "the corpus is not where it was");
    mails
}

/// What was understood, without what a mail does not have.
fn told(raw: &[u8]) -> Value {
    let mail = match understood(raw) {
        Ok(mail) => mail,
        Err(why) => return json!({ "unreadable": why }),
    };
    check(&mail);
    let mut value = serde_json::to_value(&mail).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.insert("date".to_owned(), json!(mail.date.map(|date| date.to_string())));
    let folds: Vec<_> =
        mail.folds.iter().map(|fold| json!({ "kind": fold.kind, "text": &mail.text[fold.from..fold.to] })).collect();
    fields.insert("folds".to_owned(), json!(folds));
    fields.retain(|_, value| !value.is_null() && value != &json!([]) && value != &json!(""));
    value
}

#[test]
fn every_mail_is_understood_as_written_beside_it() {
    let is_update = std::env::var_os("UPDATE_MAIL").is_some();
    let mut different = Vec::new();
    for path in mails() {
        let found = format!("{}\n", serde_json::to_string_pretty(&told(&fs::read(&path).unwrap())).unwrap());
        let beside = path.with_extension("json");
        if is_update {
            fs::write(&beside, found).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != found {
            different.push(format!("{}:\n{found}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(different.is_empty(), "UPDATE_MAIL=1 writes these anew:\n{}", different.join("\n"));
}

#[test]
fn the_same_mail_with_bare_line_feeds_says_the_same() {
    for path in mails() {
        let raw = fs::read(&path).unwrap();
        let Ok(text) = String::from_utf8(raw.clone()) else { continue };
        // An enclosed mail is kept byte by byte, line ends too.
        if text.contains("rfc822") {
            continue;
        }
        let texts = |raw: &[u8]| understood(raw).map(|mail| (mail.author, mail.subject, mail.text, mail.html, mail.report));
        assert_eq!(texts(text.replace("\r\n", "\n").as_bytes()), texts(&raw), "{}", path.display());
    }
}

/// Whoever holds a token is believed only as a participant, and no token of another client counts.
#[test]
fn a_forged_reply_never_joins() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    let read = |name: &str| understood(&fs::read(folder.join(name).with_extension("eml")).unwrap()).unwrap();
    let participants = ["ana@cliente.example", "soporte@empresa.example"];
    for path in mails() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.starts_with("thread-forged") || name == "thread-subject-only" {
            assert_eq!(read(&name).thread, None, "{name}");
        }
    }
    let joined = |name: &str| join(&read(name).author.unwrap(), participants);
    assert!(read("thread-true-token-by-stranger").thread.is_some());
    assert_eq!(joined("thread-true-token-by-stranger"), Joining::Stranger);
    assert_eq!(joined("thread-in-reply-to"), Joining::Joins);
    assert_eq!(read("thread-true-token-spoofed-agent").doubts, [Doubt::OurOwnAddress]);
}

#[test]
fn what_we_mint_is_found_again_in_the_answer_and_in_the_bounce() {
    use crate::ids::{ConversationId, MessageId};
    let key = ThreadKey::new(&[7; 32], ClientId::from_u128(1), ChannelId::from_u128(2));
    let ours = OurMessage { conversation: ConversationId::from_u128(5), message: MessageId::from_u128(6) };
    let id = mint(ours.conversation, ours.message, &key, "empresa.example");
    let answer = format!("From: a@b.example\r\nIn-Reply-To: <{id}>\r\n\r\nHola\r\n");
    assert_eq!(understood(answer.as_bytes()).unwrap().thread.unwrap().ours, ours);
    let bounce = format!(
        "From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n<z@x.example>:\r\n550 no such user\r\n\r\nMessage-ID: <{id}>\r\n"
    );
    let Some(Report::Delivery(report)) = understood(bounce.as_bytes()).unwrap().report else { panic!("no report") };
    assert_eq!(report.about, Some(ours));
}
