//! Receiving from a real Dovecot.

use super::super::{
    diagnose::{Direction, StepName, diagnose},
    imap::{Change, Content, Facts, Position},
};
use super::*;

fn mail(number: u32) -> Vec<u8> {
    format!("From: c@example.com\r\nMessage-ID: <{number}@example.com>\r\nSubject: {number}\r\n\r\n{}\r\n", "x".repeat(1_500))
        .into_bytes()
}

async fn open(real: &Real, folder: &str, start: Start) -> Session {
    Session::open(&real.network(), &real.account(folder), start, Pace::default()).await.unwrap()
}

/// Sends the commands over another connection.
pub(crate) async fn elsewhere(real: &Real, commands: &[&str]) {
    let stream = TcpStream::connect(("127.0.0.1", real.imap)).await.unwrap();
    let mut stream = BufReader::new(stream);
    let login = format!("LOGIN ana {}", real.password);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    for command in [login.as_str()].iter().chain(commands) {
        stream.write_all(format!("z {command}\r\n").as_bytes()).await.unwrap();
        while !line.starts_with("z ") {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
        }
        assert!(line.starts_with("z OK"), "{command}: {line}");
        line.clear();
    }
}

#[tokio::test]
async fn a_mail_arrives_within_a_second_or_two_wherever_it_is_watched() {
    let Some(real) = Real::here() else { return };
    for (security, port) in [(Security::Tls, real.imaps), (Security::Starttls, real.imap), (Security::Plain, real.imap)] {
        let folder = format!("push-{security:?}");
        real.deliver(&folder, "0", &mail(0));
        let mut account = real.account(&folder);
        account.imap = Some(local(port, security));
        let mut session = Session::open(&real.network(), &account, Start::FromNow, Pace::default()).await.unwrap();
        assert!(session.is_pushed() && !session.is_read_only());
        // A wait that is given up and taken up again loses nothing.
        assert_eq!(session.next_unless(tokio::time::sleep(Duration::from_millis(300))).await, Err(()));
        real.deliver(&folder, "1", &mail(1));
        let clock = Clock::system();
        let arrived = batch(&mut session).await;
        println!("{security:?}: a mail arrived after {:?}", clock.elapsed());
        assert!(clock.elapsed() < Duration::from_secs(4));
        let [one] = &arrived.mails[..] else { panic!("{arrived:?}") };
        assert_eq!((one.uid, &one.content), (2, &Content::Whole(mail(1).into())));
        assert!(one.received.is_some());
        session.committed(arrived.position);
        session.close().await;
    }
}

#[tokio::test]
async fn a_server_that_cannot_tell_is_asked() {
    let Some(real) = Real::here() else { return };
    real.deliver("poll", "0", &mail(0));
    let mut account = real.account("poll");
    account.imap = Some(local(proxy(real.imap, usize::MAX, ("IDLE", "XDLE")).await, Security::Plain));
    let pace = Pace { poll: Duration::from_millis(100), ..Pace::default() };
    let mut session = Session::open(&real.network(), &account, Start::FromNow, pace).await.unwrap();
    assert!(!session.is_pushed());
    assert_eq!(session.next_unless(tokio::time::sleep(Duration::from_millis(300))).await, Err(()));
    real.deliver("poll", "1", &mail(1));
    assert_eq!(uids(&batch(&mut session).await), [2]);
}

#[tokio::test]
async fn listening_is_renewed() {
    let Some(real) = Real::here() else { return };
    real.deliver("renewed", "0", &mail(0));
    let pace = Pace { keep_alive: Duration::from_millis(50), ..Pace::default() };
    let mut session = Session::open(&real.network(), &real.account("renewed"), Start::FromNow, pace).await.unwrap();
    assert_eq!(session.next_unless(tokio::time::sleep(Duration::from_millis(2_500))).await, Err(()));
    real.deliver("renewed", "1", &mail(1));
    assert_eq!(uids(&batch(&mut session).await), [2]);
}

#[tokio::test]
async fn nothing_is_touched_before_it_is_committed() {
    let Some(real) = Real::here() else { return };
    for number in 0..3 {
        real.deliver("touch", &number.to_string(), &mail(number));
    }
    let mut session = open(&real, "touch", Start::Everything).await;
    let arrived = batch(&mut session).await;
    assert_eq!(uids(&arrived), [1, 2, 3]);
    let validity = arrived.position.uid_validity;
    assert_eq!(session.mark_seen(validity, &[1]).await.unwrap_err().code, Code::NotCommitted);
    assert_eq!(session.move_to(validity, &[1], "done").await.unwrap_err().code, Code::NotCommitted);
    let place = real.mail.join("ana/Maildir");
    let names = |folder: &str| {
        let entries = ["cur", "new"].map(|part| std::fs::read_dir(place.join(folder).join(part)).unwrap());
        entries.into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert!(names(".touch").iter().all(|name| name.ends_with(":2,")), "{:?}", names(".touch"));
    session.committed(Position { uid: 2, ..arrived.position });
    assert_eq!(session.mark_seen(validity + 1, &[1]).await.unwrap_err().code, Code::NotCommitted);
    session.mark_seen(validity, &[1]).await.unwrap();
    assert_eq!(names(".touch").iter().filter(|name| name.ends_with(":2,S")).count(), 1);
    // The folder is made on the way.
    session.move_to(validity, &[1, 2], "Atendidos ñ").await.unwrap();
    assert_eq!((names(".touch").len(), names(".Atendidos &APE-").len()), (1, 2));
    assert_eq!(session.move_to(validity, &[3], "done").await.unwrap_err().code, Code::NotCommitted);
    assert_eq!(uids(&batch(&mut session).await), [3]);
}

#[tokio::test]
async fn a_folder_made_anew_arrives_again_and_is_known_by_its_facts() {
    let Some(real) = Real::here() else { return };
    // While it is watched, and between two sessions.
    for (folder, watched) in [("anew", true), ("anew-between", false)] {
        real.deliver(folder, "0", &mail(0));
        let pace = Pace { keep_alive: Duration::from_millis(500), ..Pace::default() };
        let mut session = Session::open(&real.network(), &real.account(folder), Start::Everything, pace).await.unwrap();
        let first = batch(&mut session).await;
        session.committed(first.position);
        let before = session.position();
        elsewhere(&real, &[&format!("DELETE {folder}"), &format!("CREATE {folder}")]).await;
        real.deliver(folder, "0", &mail(0));
        real.deliver(folder, "1", &mail(1));
        if !watched {
            session = open(&real, folder, Start::After(before)).await;
        }
        let mut event = tokio::time::timeout(Duration::from_secs(10), session.next()).await.unwrap();
        if matches!(event, Event::Disconnected(_)) {
            // Dovecot notices at times, and wants to begin anew.
            session = open(&real, folder, Start::After(before)).await;
            event = session.next().await;
        }
        let Event::Changed(Change::Renumbered { before: told, now }) = event else { panic!("{event:?}") };
        assert_eq!((told, now.uid), (before, 0));
        assert_ne!(now.uid_validity, before.uid_validity);
        let again = batch(&mut session).await;
        let facts = |content: &Content| match content {
            Content::Whole(raw) => Facts::of(raw),
            other => panic!("{other:?}"),
        };
        assert_eq!(again.mails.len(), 2);
        let known = facts(&first.mails[0].content);
        assert_eq!(known.message_id.as_deref(), Some("<0@example.com>"));
        assert_eq!(again.mails.iter().filter(|mail| facts(&mail.content) == known).count(), 1);
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_mail_loses_and_repeats_nothing() {
    let Some(real) = Real::here() else { return };
    for number in 0..20 {
        real.deliver("cut", &number.to_string(), &mail(number));
    }
    let mut account = real.account("cut");
    account.imap = Some(local(proxy(real.imap, 20_000, ("IDLE", "IDLE")).await, Security::Plain));
    let pace = Pace { mails: 5, ..Pace::default() };
    let (mut stored, mut start, mut lost) = (vec![], Start::Everything, 0);
    while stored.len() < 20 {
        let mut session = Session::open(&real.network(), &account, start, pace).await.unwrap();
        loop {
            match session.next().await {
                Event::Arrived(batch) => {
                    stored.extend(uids(&batch));
                    session.committed(batch.position);
                    start = Start::After(batch.position);
                }
                Event::Disconnected(failure) => {
                    assert_eq!(failure.code, Code::Closed);
                    lost += 1;
                    break;
                }
                other => panic!("{other:?}"),
            }
            if stored.len() == 20 {
                break;
            }
        }
    }
    assert_eq!((stored, lost), ((1..=20).collect(), 1));
}

#[tokio::test]
async fn a_folder_that_may_only_be_read_is_read() {
    let Some(real) = Real::here() else { return };
    real.deliver("readonly", "0", &mail(0));
    std::fs::write(real.mail.join("ana/Maildir/.readonly/dovecot-acl"), "owner lr\n").unwrap();
    let mut session = open(&real, "readonly", Start::Everything).await;
    assert!(session.is_read_only());
    let arrived = batch(&mut session).await;
    session.committed(arrived.position);
    assert_eq!(session.mark_seen(arrived.position.uid_validity, &[1]).await.unwrap_err().code, Code::FolderReadOnly);
    assert_eq!(session.move_to(arrived.position.uid_validity, &[1], "x").await.unwrap_err().code, Code::FolderReadOnly);
}

#[tokio::test]
async fn a_mail_beyond_the_limit_is_reported_by_its_header() {
    let Some(real) = Real::here() else { return };
    let huge = [mail(0), vec![b'x'; 300_000]].concat();
    real.deliver("huge", "0", &huge);
    real.deliver("huge", "1", &mail(1));
    let pace = Pace { largest: 100_000, ..Pace::default() };
    let mut session = Session::open(&real.network(), &real.account("huge"), Start::Everything, pace).await.unwrap();
    let arrived = batch(&mut session).await;
    let [large, small] = &arrived.mails[..] else { panic!("{arrived:?}") };
    let Content::TooLarge(header) = &large.content else { panic!("{large:?}") };
    assert!(large.size > 300_000 && header.starts_with(b"From: c@example.com") && header.len() < 200);
    assert_eq!(small.content, Content::Whole(mail(1).into()));
}

#[tokio::test]
async fn every_step_is_told_as_it_happens() {
    let Some(real) = Real::here() else { return };
    real.deliver("steps", "0", &mail(0));
    let steps = async |net: &Network, change: fn(&Real, &mut Account)| {
        let mut account = real.account("steps");
        change(&real, &mut account);
        let mut told = vec![];
        let steps = diagnose(net, &account, Direction::Receive, &mut |step| told.push(step.clone())).await;
        assert_eq!(told, steps);
        assert!(!format!("{steps:?}").contains(&real.password));
        steps.into_iter().map(|step| (step.name, step.failure.map(|failure| failure.code))).collect::<Vec<_>>()
    };
    use StepName::*;
    let net = real.network();
    let fine = |names: &[StepName]| names.iter().map(|name| (*name, None)).collect::<Vec<_>>();
    assert_eq!(steps(&net, |_, _| {}).await, fine(&[Name, Connect, Tls, Greeting, Login, Folder]));
    let starttls = steps(&net, |real, account| account.imap = Some(local(real.imap, Security::Starttls))).await;
    assert_eq!(starttls, fine(&[Name, Connect, Greeting, Tls, Login, Folder]));
    let last = |steps: Vec<_>| *steps.last().unwrap();
    assert_eq!(
        last(steps(&net, |_, account| account.credentials.proof = Proof::Password("wrong".into())).await),
        (Login, Some(Code::LoginRefused))
    );
    assert_eq!(
        last(steps(&net, |_, account| account.folders.inbox = "nowhere".into()).await),
        (Folder, Some(Code::FolderMissing))
    );
    assert_eq!(last(steps(&network(None), |_, _| {}).await), (Tls, Some(Code::TlsUnknownIssuer)));
    let by_number = steps(&net, |real, account| account.imap = Some(Server::new("127.0.0.1", real.imaps, Security::Tls))).await;
    assert_eq!(last(by_number), (Tls, Some(Code::TlsWrongName)));
    assert_eq!(
        last(steps(&net, |real, account| account.imap = Some(local(real.imap, Security::Tls))).await),
        (Tls, Some(Code::TlsNotSpoken))
    );
    assert_eq!(
        last(steps(&net, |real, account| account.imap = Some(local(real.smtp, Security::Plain))).await),
        (Greeting, Some(Code::NotThisProtocol))
    );
}

#[tokio::test]
async fn a_backlog_of_ten_thousand_arrives_once_each() {
    let Some(real) = Real::here() else { return };
    for number in 0..10_000 {
        real.deliver("backlog", &number.to_string(), &mail(number));
    }
    let clock = Clock::system();
    let mut session = open(&real, "backlog", Start::Everything).await;
    let opened = clock.elapsed();
    let mut stored = vec![];
    while stored.len() < 10_000 {
        let batch = batch(&mut session).await;
        session.committed(batch.position);
        stored.extend(uids(&batch));
    }
    let took = clock.elapsed() - opened;
    println!("10,000 mails in {took:?} ({:.0}/s), opened in {opened:?}", 10_000.0 / took.as_secs_f64());
    assert_eq!(stored, (1..=10_000).collect::<Vec<_>>());
}
