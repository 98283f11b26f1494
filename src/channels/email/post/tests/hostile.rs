//! Servers that mean harm, or are not what they should be (security.md, 22).

use tokio::io::AsyncWriteExt;

use super::super::{
    diagnose::{Direction, StepName, diagnose},
    failure::Failure,
    smtp::{Letter, Outcome, Sender},
};
use super::*;

/// How a test mail over SMTP failed.
async fn sending(net: &Network, account: Account) -> Failure {
    let letter = Letter::new("ana@example.com", &["b@example.com".to_owned()], "A: b\r\n\r\nc".into()).unwrap();
    match Sender::new(net.clone(), Arc::new(account)).send(&letter).await {
        Outcome::Temporary(refused) => refused.failure,
        other => panic!("{other:?}"),
    }
}

fn no_login_was_heard(fake: &Fake) {
    let heard = fake.heard();
    assert!(!["LOGIN", "AUTH", SECRET, "MAIL"].iter().any(|word| heard.contains(word)), "{heard}");
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let imap = fake("* OK x\r\n", |_, _| say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")).await;
    assert_eq!(refusal(&network(None), &account(imap.port, Security::Starttls)).await, Code::TlsNotOffered);
    no_login_was_heard(&imap);
    let smtp = fake("220 x\r\n", |_, _| say("250-x\r\n250 AUTH PLAIN LOGIN\r\n")).await;
    assert_eq!(sending(&network(None), account(smtp.port, Security::Starttls)).await.code, Code::TlsNotOffered);
    no_login_was_heard(&smtp);
}

#[tokio::test]
async fn a_refused_starttls_ends_it() {
    let imap = fake("* OK x\r\n", |line, _| {
        say(if line.ends_with("STARTTLS") { "{tag} NO busy\r\n" } else { "* CAPABILITY STARTTLS\r\n{tag} OK\r\n" })
    })
    .await;
    assert_eq!(refusal(&network(None), &account(imap.port, Security::Starttls)).await, Code::TlsRefused);
    no_login_was_heard(&imap);
    let smtp = fake("220 x\r\n", |line, _| say(if line == "STARTTLS" { "454 4.7.0 no\r\n" } else { "250 STARTTLS\r\n" })).await;
    assert_eq!(sending(&network(None), account(smtp.port, Security::Starttls)).await.code, Code::TlsRefused);
    no_login_was_heard(&smtp);
}

#[tokio::test]
async fn plain_text_after_starttls_is_an_attack_in_the_same_packet_and_in_the_next() {
    for late in [false, true] {
        let inject = move |yes: &str, more: &str, line: &str| {
            if line.ends_with("STARTTLS") { say(if late { yes.to_owned() } else { format!("{yes}{more}") }) } else { say(more) }
        };
        let imap = fake("* OK x\r\n", move |line, _| {
            if line.ends_with("CAPABILITY") {
                say("* CAPABILITY STARTTLS\r\n{tag} OK\r\n")
            } else {
                inject("{tag} OK go\r\n", "* OK [ALERT] injected\r\n", line)
            }
        })
        .await;
        assert_eq!(refusal(&network(None), &account(imap.port, Security::Starttls)).await, Code::TlsInjected);
        let smtp = fake("220 x\r\n", move |line, _| {
            if line.starts_with("EHLO") { say("250 STARTTLS\r\n") } else { inject("220 go\r\n", "250 AUTH PLAIN\r\n", line) }
        })
        .await;
        assert_eq!(sending(&network(None), account(smtp.port, Security::Starttls)).await.code, Code::TlsInjected);
        for fake in [imap, smtp] {
            // What follows is the beginning of a handshake, whose bytes happen to hold no word of ours.
            no_login_was_heard(&fake);
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_signed_in_already_belongs_to_somebody_else() {
    for security in [Security::Starttls, Security::Plain] {
        let imap = fake("* PREAUTH welcome\r\n", |_, _| say("{tag} OK\r\n")).await;
        assert_eq!(refusal(&network(None), &account(imap.port, security)).await, Code::AlreadySignedIn);
        assert_eq!(imap.heard(), "");
    }
}

#[tokio::test]
async fn what_has_no_end_is_cut() {
    let endless = fake(format!("* OK {}", "a".repeat(200_000)), |_, _| Then::Hang).await;
    assert_eq!(refusal(&network(None), &account(endless.port, Security::Plain)).await, Code::LineTooLong);
    let giant = fake("* OK x\r\n", |_, _| say("* LIST () \"/\" {4000000000}\r\nabc")).await;
    assert_eq!(refusal(&network(None), &account(giant.port, Security::Plain)).await, Code::TooMuch);
    let beyond = fake("* OK x\r\n", |_, _| say("* X {99999999999999999999999999}\r\n")).await;
    assert_eq!(refusal(&network(None), &account(beyond.port, Security::Plain)).await, Code::TooMuch);
    let holes = fake("* OK x\r\n", |_, _| say("* X".to_owned() + &" {0}\r\n".repeat(1_000))).await;
    assert_eq!(refusal(&network(None), &account(holes.port, Security::Plain)).await, Code::TooMuch);
    let lines = fake("220-x\r\n".repeat(10_000), |_, _| Then::Hang).await;
    assert_eq!(sending(&network(None), account(lines.port, Security::Plain)).await.code, Code::TooMuch);
}

#[tokio::test]
async fn dribbling_gains_no_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while stream.write_all(b"*").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    });
    let clock = Clock::system();
    assert_eq!(refusal(&impatient(), &account(port, Security::Plain)).await, Code::TooSlow);
    assert_eq!(sending(&impatient(), account(port, Security::Plain)).await.code, Code::TooSlow);
    assert_eq!(refusal(&impatient(), &account(port, Security::Tls)).await, Code::TlsNotSpoken);
    assert!(clock.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn other_kinds_of_servers_are_recognised() {
    for garbage in ["\0\u{1}\u{2}\u{3}\n", "HTTP/1.1 400 Bad Request\r\n", "220 smtp.example.com\r\n", "\r\n"] {
        let other = fake(garbage, |_, _| Then::Hang).await;
        assert_eq!(refusal(&network(None), &account(other.port, Security::Plain)).await, Code::NotThisProtocol, "{garbage:?}");
    }
    let imap = fake("* OK IMAP\r\n", |_, _| Then::Hang).await;
    assert_eq!(sending(&network(None), account(imap.port, Security::Plain)).await.code, Code::NotThisProtocol);
    assert_eq!(refusal(&network(None), &account(imap.port, Security::Tls)).await, Code::TlsNotSpoken);
    let silent = fake("", |_, _| Then::Hang).await;
    assert_eq!(refusal(&network(None), &account(silent.port, Security::Tls)).await, Code::Closed);
    assert_eq!(refusal(&impatient(), &account(silent.port, Security::Plain)).await, Code::TooSlow);
    let full = fake("* BYE Too many connections from your address\r\n", |_, _| Then::Hang).await;
    assert_eq!(refusal(&network(None), &account(full.port, Security::Plain)).await, Code::Limit);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_apart() {
    let mut account = account(1, Security::Tls);
    assert_eq!(refusal(&network(None), &account).await, Code::ConnectRefused);
    account.imap = Some(Server::new("nowhere.example", 993, Security::Tls));
    assert_eq!(refusal(&network(None), &account).await, Code::HostUnknown);
}

#[tokio::test]
async fn inside_addresses_are_not_even_connected_to() {
    let inside = fake("* OK x\r\n", |_, _| Then::Hang).await;
    let net = Network::new(Clock::system(), Reach::Public, None).unwrap();
    for host in ["localhost", "127.0.0.1", "2130706433", "::1", "0x7f.1"] {
        let mut account = account(inside.port, Security::Plain);
        account.imap = Some(Server::new(host, inside.port, Security::Plain));
        let mut steps = vec![];
        diagnose(&net, &account, Direction::Receive, &mut |step| steps.push(step.clone())).await;
        let [step] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(
            (step.name, step.failure.as_ref().map(|failure| failure.code)),
            (StepName::Name, Some(Code::HostForbidden)),
            "{host}"
        );
    }
    assert_eq!(inside.heard(), "");
}

#[tokio::test]
async fn a_server_that_repeats_the_password_does_not_get_it_into_our_words() {
    let imap = fake("* OK x\r\n", |line, _| {
        if line.contains("LOGIN") {
            say(format!("{{tag}} NO [AUTHENTICATIONFAILED] wrong: {line}\r\n"))
        } else {
            say("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n")
        }
    })
    .await;
    let account = account(imap.port, Security::Plain);
    let steps = diagnose(&network(None), &account, Direction::Receive, &mut |_| {}).await;
    let failure = steps.last().unwrap().failure.clone().unwrap();
    assert_eq!(failure.code, Code::LoginRefused);
    assert!(imap.heard().contains(SECRET));
    assert!(
        failure.words.as_ref().is_some_and(|words| words.contains("wrong")) && !format!("{steps:?} {failure}").contains(SECRET),
        "{failure}"
    );
    let smtp = fake("220 x\r\n", |line, _| {
        say(if line.starts_with("EHLO") { "250 AUTH PLAIN\r\n".to_owned() } else { format!("535 5.7.8 {line}\r\n") })
    })
    .await;
    let failure = sending(&network(None), super::account(smtp.port, Security::Plain)).await;
    assert_eq!(failure.code, Code::LoginRefused);
    let encoded = smtp.heard().split("AUTH PLAIN ").nth(1).unwrap().trim().to_owned();
    assert!(!failure.to_string().contains(&encoded), "{failure}");
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_password_gets_into_no_log_however_much_is_logged() {
    use tracing_subscriber::util::SubscriberInitExt;
    let imap = imap(0, |_| say("{tag} OK\r\n")).await;
    let smtp = fake("220 x\r\n", |line, _| {
        say(if line.starts_with("EHLO") { "250 AUTH PLAIN\r\n".to_owned() } else { format!("535 5.7.8 {line}\r\n") })
    })
    .await;
    for log in ["trace", "trace,async_imap=trace,async_imap::imap_stream=trace,imap_proto=trace,lettre=trace"] {
        let (written, config) = (Written::default(), crate::config::Config { log: log.to_owned(), ..Default::default() });
        let here = written.clone();
        let logger = crate::telemetry::logger(&config, Clock::system(), false, move || here.clone()).unwrap();
        let logging = logger.set_default();
        let session =
            Session::open(&network(None), &account(imap.port, Security::Plain), Start::Everything, Pace::default()).await;
        session.unwrap().close().await;
        sending(&network(None), account(smtp.port, Security::Plain)).await;
        tracing::trace!("the end");
        drop(logging);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let encoded = smtp.heard().split("AUTH PLAIN ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        assert!(text.contains("the end") && !text.contains(SECRET) && !text.contains(&encoded), "{text}");
    }
    assert!(imap.heard().contains(SECRET));
}
