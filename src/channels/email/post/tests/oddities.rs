//! Servers that mean well, each in its own way. No oddity of one mail keeps the others from arriving (R13).

use super::super::imap::{Change, Content, Position};
use super::*;

fn fetch(uid: u32, body: &str) -> String {
    format!("* {uid} FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{body} INTERNALDATE \"01-Jan-2024 00:00:00 +0000\")\r\n", body.len())
}

fn sizes(mails: impl IntoIterator<Item = (u32, usize)>) -> Then {
    say(mails.into_iter().map(|(uid, size)| format!("* {uid} FETCH (UID {uid} RFC822.SIZE {size})\r\n")).collect::<String>()
        + "{tag} OK\r\n")
}

async fn open(fake: &Fake, start: Start, pace: Pace) -> Session {
    Session::open(&network(None), &account(fake.port, Security::Plain), start, pace).await.unwrap()
}

#[tokio::test]
async fn a_mail_that_cannot_be_given_out_is_reported_and_the_others_arrive() {
    let server = imap(3, |command| match command {
        _ if command.contains("RFC822.SIZE)") => sizes([(1, 5), (2, 5), (3, 5)]),
        _ if command.starts_with("UID FETCH 1:3") || command.starts_with("UID FETCH 2 ") => {
            say("{tag} NO [SERVERBUG] corrupt\r\n")
        }
        _ if command.starts_with("UID FETCH 1 ") => say(fetch(1, "A: b\r\n") + "{tag} OK\r\n"),
        _ => say(fetch(3, "C: d\r\n") + "{tag} OK\r\n"),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    let mut contents = vec![];
    for _ in 0..3 {
        let batch = batch(&mut session).await;
        session.committed(batch.position);
        contents.extend(batch.mails.into_iter().map(|mail| (mail.uid, mail.content)));
    }
    assert_eq!(contents[0], (1, Content::Whole("A: b\r\n".into())));
    assert!(matches!(&contents[1], (2, Content::Unreadable(failure)) if failure.words.as_deref() == Some("[SERVERBUG] corrupt")));
    assert_eq!(contents[2].0, 3);
    assert_eq!(session.position(), Position { uid_validity: 7, uid: 3 });
}

#[tokio::test]
async fn a_tired_server_makes_no_mail_unreadable() {
    let server =
        imap(
            1,
            |command| if command.contains("RFC822.SIZE)") { sizes([(1, 5)]) } else { say("{tag} NO [UNAVAILABLE] later\r\n") },
        )
        .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    assert!(matches!(session.next().await, Event::Disconnected(failure) if failure.code == Code::ServerRefuses));
}

#[tokio::test]
async fn sizes_that_are_lies_cost_another_question_and_no_memory() {
    // 1 and 2 say 5 bytes and have 90; 3 says 5 and has 5,000, which is beyond what is read here.
    let server = imap(3, |command| {
        let body = |uid: u32| if uid == 3 { "x".repeat(5_000) } else { "y".repeat(90) };
        let most = |body: String| body.chars().take(101).collect::<String>();
        match command {
            _ if command.contains("RFC822.SIZE)") => sizes([(1, 5), (2, 5), (3, 5)]),
            _ if command.contains("HEADER") => say(fetch(3, "H: 3\r\n\r\n") + "{tag} OK\r\n"),
            _ => {
                let set = command.split(' ').nth(2).unwrap();
                let (first, last) = set.split_once(':').unwrap_or((set, set));
                let mails = first.parse().unwrap()..=last.parse().unwrap();
                say(mails.map(|uid| fetch(uid, &most(body(uid)))).collect::<String>() + "{tag} OK\r\n")
            }
        }
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace { bytes: 60, largest: 100, ..Pace::default() }).await;
    let mut arrived = vec![];
    while arrived.len() < 3 {
        let batch = batch(&mut session).await;
        session.committed(batch.position);
        arrived.extend(batch.mails);
    }
    assert_eq!(arrived[0].content, Content::Whole("y".repeat(90).into()));
    assert_eq!(arrived[1].content, Content::Whole("y".repeat(90).into()));
    assert_eq!(arrived[2].content, Content::TooLarge("H: 3\r\n\r\n".into()));
}

#[tokio::test]
async fn a_server_that_sends_more_than_was_asked_for_is_left() {
    let server = imap(1, |command| {
        if command.contains("RFC822.SIZE)") { sizes([(1, 5)]) } else { say("* 1 FETCH (UID 1 BODY[]<0> {900000000}\r\nx") }
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace { largest: 1_000, ..Pace::default() }).await;
    assert!(matches!(session.next().await, Event::Disconnected(failure) if failure.code == Code::TooMuch));
}

#[tokio::test]
async fn noise_between_answers_is_skipped() {
    let server = imap(1, |command| match command {
        _ if command.contains("RFC822.SIZE)") => {
            say("* \u{fffd}\0 nonsense\r\n* 9 FETCH (UID\r\n* 1 FETCH (FLAGS ())\r\n* OK [X] {12}\r\n* 1 FETCH (UID 1 RFC822.SIZE 6)\r\n{tag} OK\r\n")
        }
        _ => say(fetch(1, "A: b\r\n") + "* FLAGS ()\r\n{tag} OK\r\n"),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    assert_eq!(uids(&batch(&mut session).await), [1]);
    // Not committed: the same again.
    assert_eq!(uids(&batch(&mut session).await), [1]);
}

#[tokio::test]
async fn a_mail_of_which_nothing_is_understood_is_reported_and_the_others_arrive() {
    // A date that is none is beyond the library.
    let odd = "* 1 FETCH (UID 1 INTERNALDATE NIL BODY[]<0> {3}\r\nabc)\r\n";
    let server = imap(2, move |command| match command {
        _ if command.contains("RFC822.SIZE)") => {
            say("* 1 FETCH (UID 1 INTERNALDATE NIL RFC822.SIZE 3)\r\n* 2 FETCH (UID 2 RFC822.SIZE 6)\r\n{tag} OK\r\n")
        }
        _ if command.starts_with("UID FETCH 1 ") => say(format!("{odd}{{tag}} OK\r\n")),
        _ if command.starts_with("UID FETCH 2 ") => say(fetch(2, "A: b\r\n") + "{tag} OK\r\n"),
        _ => say(format!("{odd}{}{{tag}} OK\r\n", fetch(2, "A: b\r\n"))),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    let mut arrived = vec![];
    while arrived.len() < 2 {
        let batch = batch(&mut session).await;
        session.committed(batch.position);
        arrived.extend(batch.mails);
    }
    assert_eq!(arrived[0].content, Content::Unreadable(Code::NotUnderstood.into()));
    assert_eq!(arrived[1].content, Content::Whole("A: b\r\n".into()));
}

#[tokio::test]
async fn mails_deleted_meanwhile_are_passed_over() {
    let server = imap(9, |command| match command {
        _ if command.starts_with("UID FETCH 1:*") => sizes([(1, 5), (2, 5)]),
        _ if command.contains("RFC822.SIZE)") => sizes([(9, 5)]),
        _ if command.starts_with("UID FETCH 9 ") => say(fetch(9, "A: b\r\n") + "{tag} OK\r\n"),
        _ => say("{tag} OK\r\n"),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace { poll: Duration::from_millis(10), ..Pace::default() }).await;
    assert_eq!(uids(&batch(&mut session).await), [9]);
}

#[tokio::test]
async fn mails_left_out_of_a_chunk_are_asked_for_alone() {
    let server = imap(3, |command| match command {
        _ if command.contains("RFC822.SIZE)") => sizes([(1, 5), (2, 5), (3, 5)]),
        _ if command.starts_with("UID FETCH 2 ") => say(fetch(2, "B: b\r\n") + "{tag} OK\r\n"),
        _ if command.starts_with("UID FETCH 3 ") => say("* 3 FETCH (UID 3 FLAGS ())\r\n{tag} OK\r\n"),
        _ => say(fetch(1, "A: b\r\n") + "* 2 FETCH (UID 2 FLAGS ())\r\n{tag} OK\r\n"),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    let mut arrived = vec![];
    while arrived.len() < 3 {
        let batch = batch(&mut session).await;
        session.committed(batch.position);
        arrived.extend(batch.mails);
    }
    assert_eq!(arrived[1].content, Content::Whole("B: b\r\n".into()));
    assert_eq!(arrived[2].content, Content::Unreadable(Code::NotUnderstood.into()));
}

#[tokio::test]
async fn another_numbering_is_told_once_and_everything_comes_again() {
    let server =
        imap(
            1,
            |command| if command.contains("RFC822.SIZE)") { sizes([(1, 5)]) } else { say(fetch(1, "A: b\r\n") + "{tag} OK\r\n") },
        )
        .await;
    let before = Position { uid_validity: 6, uid: 500 };
    let mut session = open(&server, Start::After(before), Pace::default()).await;
    let now = Position { uid_validity: 7, uid: 0 };
    assert_eq!(session.next().await, Event::Changed(Change::Renumbered { before, now }));
    assert_eq!(uids(&batch(&mut session).await), [1]);
    // A commit under the old numbering says nothing about the new.
    session.committed(before);
    assert_eq!(session.position(), now);
}

#[tokio::test]
async fn a_dropped_exchange_ends_the_session() {
    let server = imap(1, |command| match command {
        _ if command.starts_with("UID FETCH 1:*") => sizes([(1, 5)]),
        // Never answered.
        _ if command.starts_with("UID FETCH 1 ") => say(""),
        _ => say("{tag} OK\r\n"),
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace::default()).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), session.next()).await.is_err());
    assert!(matches!(session.next().await, Event::Disconnected(failure) if failure.code == Code::Interrupted));
}

#[tokio::test]
async fn a_mail_over_which_the_server_falls_is_named() {
    let server = imap(2, |command| match command {
        _ if command.starts_with("UID FETCH 1:*") => sizes([(1, 5), (2, 5)]),
        _ if command.starts_with("UID FETCH 2:*") => sizes([(2, 5)]),
        _ if command.starts_with("UID FETCH 1 ") => Then::Hang,
        _ => say(fetch(2, "A: b\r\n") + "{tag} OK\r\n"),
    })
    .await;
    let alone = Pace { mails: 1, ..Pace::default() };
    let mut session = open(&server, Start::Everything, alone).await;
    assert!(matches!(session.next().await, Event::Disconnected(failure) if failure.code == Code::Closed));
    let position = Position { uid: session.suspect().unwrap(), ..session.position() };
    let mut session = open(&server, Start::After(position), alone).await;
    assert_eq!(uids(&batch(&mut session).await), [2]);
    assert_eq!(session.suspect(), None);
}

#[tokio::test]
async fn a_server_that_offers_to_tell_and_does_not_is_asked() {
    let server = fake("* OK ready\r\n", |line, _| {
        let command = line.split_once(' ').map_or("", |(_, command)| command);
        match command {
            "CAPABILITY" => say("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n"),
            "IDLE" => say("{tag} NO not today\r\n"),
            "NOOP" => say("* 1 EXISTS\r\n{tag} OK\r\n"),
            _ if command.starts_with("SELECT") => say("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n{tag} OK\r\n"),
            _ if command.contains("RFC822.SIZE)") => sizes([(1, 5)]),
            _ if command.starts_with("UID FETCH") => say(fetch(1, "A: b\r\n") + "{tag} OK\r\n"),
            _ => say("{tag} OK\r\n"),
        }
    })
    .await;
    let mut session = open(&server, Start::Everything, Pace { poll: Duration::from_millis(10), ..Pace::default() }).await;
    assert_eq!(uids(&batch(&mut session).await), [1]);
    assert!(!session.is_pushed());
}

#[tokio::test]
async fn a_token_is_shown_as_the_providers_want_it() {
    let server = fake("* OK x\r\n", |line, _| match line.split(' ').nth(1) {
        Some("CAPABILITY") => say("* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n{tag} OK\r\n"),
        // "user=ana\x01auth=Bearer canary-5d7f\x01\x01"
        Some("AUTHENTICATE") if line.ends_with(" XOAUTH2 dXNlcj1hbmEBYXV0aD1CZWFyZXIgY2FuYXJ5LTVkN2YBAQ==") => {
            say("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")
        }
        // The empty answer to that; the login was the second command.
        _ => say("A0002 NO [AUTHENTICATIONFAILED] expired\r\n"),
    })
    .await;
    let mut account = account(server.port, Security::Plain);
    account.credentials.proof = Proof::Token(SECRET.into());
    assert_eq!(refusal(&network(None), &account).await, Code::LoginRefused);
    let without = fake("* OK x\r\n", |_, _| say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")).await;
    account.imap = Some(local(without.port, Security::Plain));
    assert_eq!(refusal(&network(None), &account).await, Code::LoginUnsupported);
    assert!(!without.heard().contains(SECRET));
}
