//! Handing mails to a real Postfix.

use super::super::{
    diagnose::{Direction, StepName, diagnose},
    smtp::{Letter, Outcome, Sender, Stage},
};
use super::*;

fn letter(from: &str, to: &str, body: &str) -> Letter {
    let raw = format!("From: <{from}>\r\nTo: <{to}>\r\nMessage-ID: <{}@example.com>\r\nSubject: x\r\n\r\n{body}\r\n", body.len());
    Letter::new(from, &[to.to_owned()], raw.into()).unwrap()
}

fn sender(real: &Real, port: u16, security: Security) -> Sender {
    let mut account = real.account("INBOX");
    account.smtp = local(port, security);
    Sender::new(real.network(), Arc::new(account))
}

/// Waits until what was handed over lies in the file.
async fn until_sent(real: &Real, mark: &str) -> String {
    for _ in 0..200 {
        let sent = String::from_utf8_lossy(&std::fs::read(&real.sent).unwrap_or_default()).into_owned();
        if sent.contains(mark) {
            return sent;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{mark} was not sent");
}

#[tokio::test]
async fn mails_arrive_as_they_were_written_however_the_connection_is_protected() {
    let Some(real) = Real::here() else { return };
    for (port, security) in [(real.smtps, Security::Tls), (real.submission, Security::Starttls), (real.smtp, Security::Plain)] {
        let mut sender = sender(&real, port, security);
        for mark in [format!("first-{security:?}"), format!("second-{security:?}")] {
            let outcome =
                sender.send(&letter("ana@example.com", "c@example.com", &format!(".\r\n..dots\r\nñandú\r\n{mark}"))).await;
            assert!(matches!(&outcome, Outcome::Sent { receipt, .. } if receipt.words.contains("queued")), "{outcome:?}");
            let sent = until_sent(&real, &mark).await;
            assert!(sent.contains(&format!("\n.\n..dots\nñandú\n{mark}")), "{sent}");
        }
        sender.close().await;
    }
}

#[tokio::test]
async fn the_servers_no_is_understood_and_the_next_mail_goes() {
    let Some(real) = Real::here() else { return };
    let mut sender = sender(&real, real.submission, Security::Starttls);
    let mut send = async |from: &str, to: &str, body: &str| sender.send(&letter(from, to, body)).await;
    let no = |outcome: Outcome| match outcome {
        Outcome::Temporary(refused) => (false, refused.stage, refused.failure.code, refused.reply.map(|reply| reply.code)),
        Outcome::Permanent(refused) => (true, refused.stage, refused.failure.code, refused.reply.map(|reply| reply.code)),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        no(send("ana@example.com", "later@example.com", "").await),
        (false, Stage::Recipient, Code::RecipientRefused, Some(450))
    );
    assert_eq!(
        no(send("ana@example.com", "nobody@example.com", "").await),
        (true, Stage::Recipient, Code::RecipientRefused, Some(550))
    );
    assert_eq!(
        no(send("ana@example.com", "full@example.com", "").await),
        (false, Stage::Recipient, Code::RecipientRefused, Some(452))
    );
    assert_eq!(
        no(send("ana@example.com", "c@example.com", &"x".repeat(1 << 21)).await),
        (true, Stage::Content, Code::MailTooLarge, None)
    );
    let forbidden = no(send("forbidden@example.com", "c@example.com", "").await);
    assert!(forbidden.0 && forbidden.3 == Some(550), "{forbidden:?}");
    assert!(matches!(send("ana@example.com", "c@example.com", "after all").await, Outcome::Sent { .. }));
}

#[tokio::test]
async fn every_step_of_sending_is_told() {
    let Some(real) = Real::here() else { return };
    use StepName::*;
    let net = real.network();
    let steps = async |account: &Account, test: Option<&Letter>| {
        let steps = diagnose(&net, account, Direction::Send(test), &mut |_| {}).await;
        assert!(!format!("{steps:?}").contains(&real.password));
        steps.into_iter().map(|step| (step.name, step.failure.map(|failure| failure.code))).collect::<Vec<_>>()
    };
    let mut account = real.account("INBOX");
    let test = letter("ana@example.com", "ana@example.com", "the test mail");
    let names = [Name, Connect, Greeting, Tls, Login, Sender, TestMail].map(|name| (name, None));
    assert_eq!(steps(&account, None).await, names[..6]);
    assert_eq!(steps(&account, Some(&test)).await, names);
    until_sent(&real, "the test mail").await;
    account.address = "forbidden@example.com".to_owned();
    let forbidden = steps(&account, None).await;
    assert!(matches!(forbidden.last(), Some((Sender, Some(_)))), "{forbidden:?}");
    account.credentials.proof = Proof::Password("wrong".into());
    assert_eq!(steps(&account, None).await.last(), Some(&(Login, Some(Code::LoginRefused))));
    // STARTTLS is required there: in plain text nobody may sign in, and our password is not shown.
    account.smtp = local(real.submission, Security::Plain);
    assert_eq!(steps(&account, None).await.last(), Some(&(Login, Some(Code::LoginDisabled))));
    account.smtp = local(real.smtps, Security::Starttls);
    account.smtp.port = real.imap;
    assert_eq!(steps(&account, None).await.last(), Some(&(Greeting, Some(Code::NotThisProtocol))));
}

#[tokio::test]
async fn a_thousand_mails_go_over_one_connection() {
    let Some(real) = Real::here() else { return };
    let mut sender = sender(&real, real.submission, Security::Starttls);
    let letter = letter("ana@example.com", "c@example.com", &"x".repeat(1_000));
    let clock = Clock::system();
    for _ in 0..1_000 {
        let outcome = sender.send(&letter).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    }
    println!("1,000 mails handed over in {:?}", clock.elapsed());
}
