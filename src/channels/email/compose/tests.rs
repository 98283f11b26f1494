//! What is written says, when it is read, what was meant.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{
    channels::email::understand::{AutomaticKind, Context, ThreadKey, Understood, mint, understand},
    domain::file::clean_name,
    ids::{ChannelId, ClientId, ConversationId, MessageId},
};

const OWN: &str = "ayuda@empresa.example";

fn key() -> ThreadKey {
    ThreadKey::new(&[7; 32], ClientId::from_u128(1), ChannelId::from_u128(2))
}

fn who(name: &str, address: &str) -> Mailbox {
    Mailbox { name: name.to_owned(), address: address.to_owned() }
}

struct Given {
    from: Mailbox,
    envelope: Envelope,
    text: String,
    html: Option<String>,
    files: Vec<Enclosed>,
    origin: Origin,
}

fn given() -> Given {
    Given {
        from: who("Ayuda — Ñandú", OWN),
        envelope: Envelope {
            subject: "Re: ¿Factura?".to_owned(),
            to: vec![who("Ana \"la\" Pérez", "ana@casa.example")],
            ..Envelope::default()
        },
        text: "Hola".to_owned(),
        html: None,
        files: vec![],
        origin: Origin::Person,
    }
}

fn message_id() -> String {
    mint(ConversationId::from_u128(3), MessageId::from_u128(4), &key(), "empresa.example")
}

fn written(given: &Given) -> Bytes {
    let key = key();
    let message_id = message_id();
    compose(&Mail {
        from: &given.from,
        reply_to: None,
        envelope: &given.envelope,
        message_id: &message_id,
        date: Timestamp::from_micros(1_763_900_000_000_000),
        text: &given.text,
        html: given.html.as_deref(),
        files: &given.files,
        loop_tag: key.loop_tag(),
        origin: given.origin,
    })
    .unwrap()
}

/// As somebody else reads it: our own keys mean nothing there.
fn read(raw: &[u8]) -> Understood {
    understand(raw, &Context { keys: &[], own: &[], return_path: None }).unwrap()
}

fn header(raw: &[u8]) -> String {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ")
}

fn file(id: u128, name: &str, media_type: &str, bytes: &[u8]) -> Enclosed {
    let (name, media_type) = (name.to_owned(), media_type.to_owned());
    Enclosed { id: AttachmentId::from_u128(id), name, media_type, bytes: Bytes::copy_from_slice(bytes) }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

#[test]
fn a_mail_has_its_fields_and_hides_who_is_hidden() {
    let mut given = given();
    given.envelope.bcc = vec![who("Jefe", "jefe@empresa.example")];
    given.envelope.cc = vec![who("", "luz@casa.example")];
    given.envelope.in_reply_to = vec!["m2@casa.example".to_owned()];
    given.envelope.references = vec!["m1@casa.example".to_owned(), "<bad id>".to_owned(), "m2@casa.example".to_owned()];
    let raw = written(&given);
    let (header, mail) = (header(&raw), read(&raw));
    assert!(!String::from_utf8_lossy(&raw).contains("jefe"), "{header}");
    assert!(header.contains("\r\nIn-Reply-To: <m2@casa.example>\r\n"), "{header}");
    assert!(header.contains("\r\nReferences: <m1@casa.example> <m2@casa.example>\r\n"), "{header}");
    assert!(header.contains(&format!("\r\n{LOOP_HEADER}: {}", key().loop_tag())), "{header}");
    assert!(header.contains("Date: Sun, 23 Nov 2025 12:13:20 +0000\r\n"), "{header}");
    assert!(!header.contains("Auto-Submitted"), "{header}");
    assert_eq!(mail.author, Some(given.from.clone()));
    assert_eq!(mail.to, [who("Ana \"la\" Pérez", "ana@casa.example")]);
    assert_eq!((mail.cc.len(), mail.subject.as_str(), mail.text.as_str()), (1, "Re: ¿Factura?", "Hola"));
    assert_eq!(mail.message_id, Some(message_id()));
    assert_eq!(mail.date.map(Timestamp::micros), Some(1_763_900_000_000_000));
    assert!(mail.automatic.is_none(), "{:?}", mail.automatic);
}

#[test]
fn an_answer_to_it_proves_the_thread_and_the_mail_itself_is_known_as_ours() {
    let raw = written(&given());
    let keys = [key()];
    let own = [OWN.to_owned()];
    let context = Context { keys: &keys, own: &own, return_path: None };
    let back = understand(&raw, &context).unwrap();
    assert_eq!(back.automatic.map(|found| found.kind), Some(AutomaticKind::Loop));
    let answer = format!("From: ana@casa.example\r\nTo: {OWN}\r\nIn-Reply-To: <{}>\r\n\r\nGracias\r\n", message_id());
    let thread = understand(answer.as_bytes(), &context).unwrap().thread.unwrap();
    assert_eq!((thread.ours.conversation, thread.ours.message), (ConversationId::from_u128(3), MessageId::from_u128(4)));
}

#[test]
fn nobody_answers_automatically_what_the_product_wrote() {
    for (origin, kind) in [(Origin::Answer, AutomaticKind::Reply), (Origin::Notice, AutomaticKind::Notice)] {
        let raw = written(&Given { origin, ..given() });
        let automatic = read(&raw).automatic.unwrap();
        assert!(automatic.is_certain && automatic.kind == kind, "{automatic:?}");
        assert!(header(&raw).contains("\r\nX-Auto-Response-Suppress: All"));
    }
}

#[test]
fn pictures_stand_in_the_html_and_other_files_beside_it() {
    let shown = AttachmentId::from_u128(11);
    let mut given = given();
    given.html = Some(format!("<p>Mirá: <img data-part=\"{shown}\"></p>"));
    given.files = vec![
        file(10, "Contrato Ñandú (versión definitiva, con un nombre que no cabe en una línea).pdf", "application/pdf", b"%PDF-1.4\n\n.\n"),
        file(11, "logo.png", "image/png", PNG),
        file(12, "correo.eml", "message/rfc822", b"From: a@b.example\r\n\r\n.\r\n"),
    ];
    let raw = written(&given);
    let mail = read(&raw);
    let names: Vec<_> = mail.files.iter().map(|file| (file.name.as_str(), file.is_inline)).collect();
    let long = "Contrato Ñandú (versión definitiva, con un nombre que no cabe en una línea).pdf";
    assert_eq!(names, [("logo.png", true), (long, false), ("correo.eml", false)]);
    assert_eq!(mail.files[0].bytes, PNG);
    assert_eq!(mail.files[1].bytes, b"%PDF-1.4\n\n.\n");
    assert!(mail.html.unwrap().html.contains("data-part=\"0\""));
    assert_eq!(mail.text, "Hola");
    assert_eq!(written(&given), raw, "the same mail has the same bytes");
}

#[test]
fn a_mail_to_nobody_in_the_open_says_so() {
    let mut given = given();
    given.envelope.bcc = std::mem::take(&mut given.envelope.to);
    let raw = written(&given);
    assert!(header(&raw).contains("\r\nTo: undisclosed-recipients:;\r\n"), "{}", header(&raw));
    assert!(read(&raw).to.is_empty());
}

#[test]
fn what_cannot_be_a_mail_is_refused() {
    let (key, envelope) = (key(), Envelope { to: vec![who("", "x@y.example>\r\nRCPT TO:<z@y.example")], ..Envelope::default() });
    let from = who("", OWN);
    let large = [file(1, "x", "image/png", &vec![0; 26 * 1024 * 1024])];
    let mail = |envelope, files| Mail {
        from: &from,
        reply_to: None,
        envelope,
        message_id: "a@b",
        date: Timestamp::from_micros(0),
        text: "",
        html: None,
        files,
        loop_tag: key.loop_tag(),
        origin: Origin::Person,
    };
    assert_eq!(compose(&mail(&envelope, &[])).err(), Some(Unsendable::Address));
    assert_eq!(compose(&mail(&given().envelope, &large)).err(), Some(Unsendable::TooLarge));
}

/// What holds of every mail: nothing in it ends the mail, or begins another one, however it is read (security.md, 20 and 21).
fn assert_sound(raw: &[u8]) {
    assert!(raw.is_ascii());
    let body = raw.strip_suffix(b"\r\n").unwrap();
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0), "{}", String::from_utf8_lossy(line));
    }
    let bare = raw.iter().enumerate().any(|(at, byte)| {
        (*byte == b'\n' && (at == 0 || raw[at - 1] != b'\r')) || (*byte == b'\r' && raw.get(at + 1) != Some(&b'\n'))
    });
    assert!(!bare, "{}", String::from_utf8_lossy(raw));
}

fn naughty() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\r\n.\r\n"), Just("\n.\n"), Just("\r.\r"), Just("."), Just("\r\nBcc: x@y.example\r\n"), Just("\u{2028}"), Just("\0"),
        Just("ñ"), Just("日本語"), Just("👩‍💻"), Just(" "), Just("=?utf-8?q?x?="), Just("="), Just("\""), Just("\\"), Just("a,b <c>;"),
        Just("From x"), Just("\t"), Just("\u{202e}"), Just("wordswordswordswordswordswordswordswordswordswordswordswordswordswords"),
        Just("--=_a_x"), Just("MAIL FROM:<a@b.example>"),
    ];
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_written_is_one_mail_that_says_what_was_meant(
        subject in naughty(), name in naughty(), text in naughty(), html in proptest::option::of(naughty()),
        file_name in naughty(), bytes in prop::collection::vec(any::<u8>(), 0..300), has_file: bool,
    ) {
        let mut given = given();
        given.from.name = name.chars().take(150).collect();
        given.envelope.subject = subject.chars().take(400).collect();
        given.envelope.to.push(who(&name.chars().take(150).collect::<String>(), "luz@casa.example"));
        given.text = text.clone();
        given.html = html.map(|html| format!("<p>{}</p>", html.replace('<', "&lt;")));
        // A file without a name gets one by what is in it.
        let file_name = format!("x{file_name}");
        if has_file {
            given.files = vec![file(9, &file_name, "application/octet-stream", &bytes)];
        }
        let raw = written(&given);
        assert_sound(&raw);
        let mail = read(&raw);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(mail.author.as_ref().map(|author| author.address.as_str()), Some(OWN));
        prop_assert_eq!(mail.to.len(), 2);
        prop_assert!(mail.cc.is_empty());
        // Spaces between words and what cannot be seen are not kept in one line; everything else is.
        prop_assert_eq!(words(&mail.subject).concat(), words(&plain(&given.envelope.subject)).concat());
        let said = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !is_control(*c)).collect::<String>();
        // Without words of its own the text is what the HTML says.
        if given.html.is_none() || !said(&text).is_empty() {
            prop_assert_eq!(said(&mail.text), said(&text));
        }
        prop_assert_eq!(mail.files.len(), usize::from(has_file));
        if has_file {
            prop_assert_eq!(&mail.files[0].bytes, &bytes);
            prop_assert_eq!(mail.files[0].name.replace(' ', ""), clean_name(&plain(&file_name)).replace(' ', ""));
        }
    }
}
