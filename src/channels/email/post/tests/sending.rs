//! What becomes of a mail when the server, or the connection, does this or that.

use super::super::smtp::{Enhanced, Letter, Outcome, Sender, Stage};
use super::*;

fn letter(to: &[&str], body: &str) -> Letter {
    let to: Vec<String> = to.iter().map(|to| (*to).to_owned()).collect();
    Letter::new("ana@example.com", &to, format!("Subject: x\r\n\r\n{body}").into()).unwrap()
}

/// Greets, lets everybody in and takes everything, unless `other(line, connection)` says otherwise.
async fn smtp(offers: &'static str, other: impl Fn(&str, usize) -> Option<Then> + Send + Sync + 'static) -> Fake {
    fake("220 x\r\n", move |line, connection| {
        other(line, connection).unwrap_or_else(|| match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say(format!("250-x\r\n{offers}250 AUTH PLAIN\r\n")),
            "AUTH" => say("235 2.7.0 ok\r\n"),
            "MAIL" | "RCPT" | "RSET" => say("250 2.0.0 ok\r\n"),
            "DATA" => say("354 go\r\n"),
            "." => say("250 2.0.0 queued as 7\r\n"),
            _ => say(""),
        })
    })
    .await
}

fn sender(fake: &Fake) -> Sender {
    Sender::new(network(None), Arc::new(account(fake.port, Security::Plain)))
}

const TALKATIVE: &str = "250-PIPELINING\r\n250-SIZE 1000\r\n";

#[tokio::test]
async fn mails_go_over_one_connection_with_and_without_pipelining() {
    for offers in [TALKATIVE, ""] {
        let server = smtp(offers, |_, _| None).await;
        let mut sender = sender(&server);
        for _ in 0..3 {
            let outcome = sender.send(&letter(&["b@example.com", "c@example.com"], "hello")).await;
            assert!(
                matches!(&outcome, Outcome::Sent { receipt, refused } if receipt.words == "queued as 7" && refused.is_empty()),
                "{outcome:?}"
            );
        }
        let heard = server.heard();
        assert_eq!((heard.matches("EHLO").count(), heard.matches("RCPT").count(), heard.matches("\r\n.\r\n").count()), (1, 6, 3));
        assert_eq!(heard.contains(" SIZE="), !offers.is_empty());
    }
}

/// A server that answers nothing before it has heard all there is to say.
#[tokio::test]
async fn where_the_server_takes_it_a_mail_is_two_round_trips() {
    let heard = Mutex::new(String::new());
    let server = smtp(TALKATIVE, move |line, _| {
        let mut heard = heard.lock().unwrap();
        match line.split([' ', ':']).next().unwrap() {
            "MAIL" | "RCPT" => {
                heard.push_str("250 2.0.0 ok\r\n");
                Some(say(""))
            }
            "DATA" => Some(say(std::mem::take(&mut *heard) + "354 go\r\n")),
            _ => None,
        }
    })
    .await;
    let mut sender = Sender::new(impatient(), Arc::new(account(server.port, Security::Plain)));
    for _ in 0..2 {
        let outcome = sender.send(&letter(&["b@example.com", "c@example.com"], "hello")).await;
        assert!(matches!(&outcome, Outcome::Sent { refused, .. } if refused.is_empty()), "{outcome:?}");
    }
}

/// What was said together with what is refused is answered too, and those answers are nobody else's.
#[tokio::test]
async fn after_a_refusal_the_next_mail_hears_its_own_answers() {
    // Whether the server waits for a mail to nobody; how it refuses all of one; what comes of it.
    for (waits, line, code, connections) in [
        (false, "MAIL", "550 5.7.1 not you\r\n", 1),
        (true, "MAIL", "550 5.7.1 not you\r\n", 2),
        (false, "RCPT", "550 5.1.1 unknown\r\n", 1),
        (true, "RCPT", "550 5.1.1 unknown\r\n", 2),
        (false, "RCPT", "421 4.3.2 going down\r\n", 2),
        (false, "DATA", "451 4.3.0 not now\r\n", 1),
    ] {
        let refusing = Mutex::new(None::<bool>);
        let server = smtp(TALKATIVE, move |said, _| {
            let mut refusing = refusing.lock().unwrap();
            let word = said.split([' ', ':']).next().unwrap();
            if word == "RSET" || word == "EHLO" {
                *refusing = refusing.map(|_| false);
            } else if word == line && refusing.unwrap_or(true) {
                *refusing = Some(true);
                return Some(say(code));
            } else if *refusing == Some(true) && ["RCPT", "DATA"].contains(&word) && !waits {
                return Some(say("503 5.5.1 not now\r\n"));
            }
            None
        })
        .await;
        let mut sender = sender(&server);
        let refused = sender.send(&letter(&["b@example.com", "c@example.com"], "one")).await;
        assert!(matches!(refused, Outcome::Temporary(_) | Outcome::Permanent(_)), "{refused:?}");
        let sent = sender.send(&letter(&["d@example.com"], "two")).await;
        assert!(matches!(&sent, Outcome::Sent { receipt, .. } if receipt.words == "queued as 7"), "{sent:?}");
        let heard = server.heard();
        assert_eq!((heard.matches("EHLO").count(), heard.contains("one")), (connections, false), "{waits} {line} {code}");
    }
}

#[tokio::test]
async fn no_body_becomes_two_mails() {
    let server = smtp(TALKATIVE, |_, _| None).await;
    let body = "a\n.\nMAIL FROM:<x>\r.\rb\r\n.\rc\n.\r\nd\r\n.\r\ne";
    assert!(matches!(sender(&server).send(&letter(&["b@example.com"], body)).await, Outcome::Sent { .. }));
    let heard = server.heard();
    let content = heard.split("DATA\r\n").nth(1).unwrap();
    assert_eq!(content, "Subject: x\r\n\r\na\r\n..\r\nMAIL FROM:<x>\r\n..\r\nb\r\n..\r\nc\r\n..\r\nd\r\n..\r\ne\r\n.\r\n");
}

#[tokio::test]
async fn refusals_are_told_apart_and_the_connection_is_kept() {
    for offers in [TALKATIVE, ""] {
        let server = smtp(offers, |line, _| match line {
            _ if line.contains("<later@") => Some(say("450 4.2.0 Greylisted\r\n")),
            _ if line.contains("<nobody@") => Some(say("550 5.1.1 unknown\r\n")),
            _ => None,
        })
        .await;
        let mut sender = sender(&server);
        let outcome = sender.send(&letter(&["later@x.example"], "")).await;
        let Outcome::Temporary(refused) = outcome else { panic!("{outcome:?}") };
        let reply = refused.reply.unwrap();
        assert_eq!((refused.stage, refused.failure.code), (Stage::Recipient, Code::RecipientRefused));
        assert_eq!((reply.code, reply.enhanced, reply.words.as_str()), (450, Some(Enhanced(4, 2, 0)), "Greylisted"));
        let outcome = sender.send(&letter(&["nobody@x.example"], "")).await;
        assert!(
            matches!(&outcome, Outcome::Permanent(refused) if refused.failure.words.as_deref() == Some("550 5.1.1 unknown")),
            "{outcome:?}"
        );
        let outcome = sender.send(&letter(&["b@x.example", "nobody@x.example"], "")).await;
        assert!(matches!(&outcome, Outcome::Sent { refused, .. } if refused[0].0 == "nobody@x.example"), "{outcome:?}");
        // This server waits for a mail to nobody; it gets none.
        assert_eq!(server.heard().matches("Subject").count(), 1);
    }
}

#[tokio::test]
async fn the_same_mail_works_later() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let server = smtp(TALKATIVE, move |line, _| {
        let first = line == "." && tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        first.then(|| say("451 4.3.0 try again\r\n"))
    })
    .await;
    let (mut sender, letter) = (sender(&server), letter(&["b@x.example"], ""));
    let outcome = sender.send(&letter).await;
    assert!(matches!(&outcome, Outcome::Temporary(refused) if refused.stage == Stage::Content), "{outcome:?}");
    assert!(matches!(sender.send(&letter).await, Outcome::Sent { .. }));
    assert_eq!(server.heard().matches("EHLO").count(), 1);
}

#[tokio::test]
async fn only_a_connection_lost_after_the_end_leaves_a_doubt() {
    let after = smtp(TALKATIVE, |line, _| (line == ".").then_some(Then::Hang)).await;
    let outcome = sender(&after).send(&letter(&["b@x.example"], "")).await;
    assert!(matches!(&outcome, Outcome::Unknown(failure) if failure.code == Code::Closed), "{outcome:?}");
    let silent = smtp(TALKATIVE, |line, _| (line == ".").then(|| say(""))).await;
    let mut quick = Sender::new(impatient(), Arc::new(account(silent.port, Security::Plain)));
    assert!(
        matches!(quick.send(&letter(&["b@x.example"], "")).await, Outcome::Unknown(failure) if failure.code == Code::TooSlow)
    );
    let before = smtp(TALKATIVE, |line, _| line.starts_with("RCPT").then_some(Then::Hang)).await;
    let outcome = sender(&before).send(&letter(&["b@x.example"], "")).await;
    assert!(matches!(&outcome, Outcome::Temporary(refused) if refused.failure.code == Code::Closed), "{outcome:?}");
}

#[tokio::test]
async fn a_kept_connection_that_was_hung_up_is_replaced_without_a_word() {
    // The first connection takes one mail and hangs up at the second, with and without a farewell.
    for farewell in [true, false] {
        let mails = std::sync::atomic::AtomicUsize::new(0);
        let server = smtp(TALKATIVE, move |line, connection| {
            let mail = line.starts_with("MAIL") && mails.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1;
            (connection == 0 && mail).then(|| if farewell { say("421 4.4.2 timeout exceeded\r\n") } else { Then::Hang })
        })
        .await;
        let mut sender = sender(&server);
        for _ in 0..2 {
            let outcome = sender.send(&letter(&["b@x.example"], "")).await;
            assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
        }
        assert_eq!(server.heard().matches("EHLO").count(), 2);
    }
}

#[tokio::test]
async fn what_the_server_cannot_take_is_not_sent() {
    let server = smtp(TALKATIVE, |_, _| None).await;
    let mut sender = sender(&server);
    for (letter, code) in
        [(letter(&["b@x.example"], &"x".repeat(2_000)), Code::MailTooLarge), (letter(&["b@x.example"], "ñ"), Code::MailEightBit)]
    {
        let outcome = sender.send(&letter).await;
        assert!(matches!(&outcome, Outcome::Permanent(refused) if refused.failure.code == code), "{outcome:?}");
    }
    assert!(!server.heard().contains("MAIL FROM"));
}

#[tokio::test]
async fn a_providers_limit_is_not_the_mails_fault() {
    let server =
        smtp(TALKATIVE, |line, _| line.starts_with("MAIL").then(|| say("550 5.4.5 Daily user sending limit exceeded.\r\n")))
            .await;
    let outcome = sender(&server).send(&letter(&["b@x.example"], "")).await;
    assert!(matches!(&outcome, Outcome::Temporary(refused) if refused.failure.code == Code::Limit), "{outcome:?}");
}
