//! What becomes of mails, whoever fetched them.

use std::time::Duration;

use object_store::ObjectStoreExt;

use super::*;
use crate::{
    actors::{mailbox::confirm, testing::on_both},
    domain::mail_template::{self, MailTemplate, Purpose},
    ids::TemplateId,
    store::{attachments, config::CampaignConfig, mail_confirmations, mail_sending, suppressions, templates, write::Statement},
};

const ANA_X: &str = "ana@x.example";

fn here() -> Value {
    json!({})
}

#[test]
fn a_mail_becomes_a_conversation_with_its_files_and_is_one_however_often_it_comes() {
    on_both(|scratch| async {
        let post = Post::open(scratch, here(), "x").await;
        let tab = post.tab().await;
        let raw = format!(
            "From: Ana <{ANA_X}>\nTo: {US}\nSubject: Factura\nMessage-ID: <1@x>\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\n\nNo me llega.\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.4 x\n--b--\n"
        );
        // The process dies before what is left to commit was.
        let bytes = bytes::Bytes::from(raw.replace('\n', "\r\n"));
        let reading = post.reader().read(&post.account(), bytes.clone(), Timestamp::from_micros(7)).await;
        let first = post.reader().settle(&post.account(), &reading, false).await.unwrap();
        let Outcome::Stored(conversation) = first.outcome else { panic!("{:?}", first.outcome) };
        let outcome = post.arrives(&raw).await;
        assert_eq!(outcome, Outcome::Repeated(Some(conversation)));
        // The same through another address of ours.
        let again = post.arrives(&format!("Received: from elsewhere\n{raw}")).await;
        assert_eq!(again, Outcome::Repeated(Some(conversation)));
        tab.active(conversation).await;
        let messages = post.messages(conversation).await;
        let [message] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(&*message.text, "No me llega.");
        let envelope = message.mail.clone().unwrap();
        assert_eq!((envelope.subject.as_str(), envelope.message_id.as_deref()), ("Factura", Some("1@x")));
        assert_eq!(envelope.from.as_ref().unwrap().address, ANA_X);
        let [file] = &message.attachments[..] else { panic!("{message:?}") };
        assert_eq!((file.name.as_str(), file.media_type.as_str()), ("a.pdf", "application/pdf"));
        for id in [file.id, envelope.source.unwrap()] {
            let stored = attachments::find(&post.house.engine.db, id).await.unwrap().unwrap();
            assert_eq!(stored.conversation, Some(conversation));
            assert!(!post.files.get(&attachments::object_path(id)).await.unwrap().bytes().await.unwrap().is_empty());
        }
        // A mail that says nothing is a message, too.
        let silent = post.stored(&mail(ANA_X, 2, "", "")).await;
        assert_eq!(&*post.messages(silent).await[0].text, "Pedido 2");
    });
}

#[test]
fn an_answer_joins_only_for_who_takes_part() {
    on_both(|scratch| async {
        let post = Post::open(scratch, json!({ "trusted_authserv": "mx.casa.example" }), "x").await;
        let tab = post.tab().await;
        let conversation = post.stored(&mail(ANA_X, 1, "Cc: carla@x.example\n", "hola")).await;
        tab.active(conversation).await;
        let (_, ours) = post.answers(conversation, &[ANA_X, "beto@x.example"], false).await;
        let (_, passed_on) = post.answers(conversation, &["dora@x.example"], true).await;
        let answer = |number, from: &str, more: &str| mail(from, number, more, "sigo");
        let reply = format!("In-Reply-To: <{ours}>\n");
        // The customer, by our id and by their own; whom an agent wrote to.
        assert_eq!(post.stored(&answer(2, ANA_X, &reply)).await, conversation);
        assert_eq!(post.stored(&answer(3, ANA_X, &format!("References: <1.{ANA_X}> <other@y>\n"))).await, conversation);
        assert_eq!(post.stored(&answer(4, "Beto@X.example", &reply)).await, conversation);
        assert_eq!(post.last(conversation).await.from.as_ref().unwrap().address, "beto@x.example");
        // Who stands in Cc, who got it forwarded, who found it somewhere: a conversation of their own that names it.
        for (number, from, id) in [(5, "carla@x.example", &ours), (6, "dora@x.example", &passed_on), (7, "eve@y.example", &ours)]
        {
            let other = post.stored(&answer(number, from, &format!("In-Reply-To: <{id}>\n"))).await;
            assert_ne!(other, conversation, "{from}");
            assert_eq!(post.last(other).await.names, Some(conversation));
            assert_eq!(post.messages(other).await.len(), 1);
        }
        // By an id that proves nothing not even that.
        let other = post.stored(&answer(8, "eve@y.example", &format!("In-Reply-To: <1.{ANA_X}>\n"))).await;
        assert!(other != conversation && post.last(other).await.names.is_none());
        // The customer's address, and a server that says that it is not them; what they wrote below it counts for nothing.
        let forged = "Authentication-Results: mx.casa.example; dmarc=fail\nAuthentication-Results: mx.casa.example; dmarc=pass\n";
        let other = post.stored(&format!("{forged}{}", answer(9, ANA_X, &reply))).await;
        assert_ne!(other, conversation);
        assert_eq!(post.last(other).await.doubts, [Doubt::Unproven]);
        let proven = "Authentication-Results: mx.casa.example; dmarc=pass\n";
        assert_eq!(post.stored(&format!("{proven}{}", answer(10, ANA_X, &reply))).await, conversation);
        // Our own address, without our mark.
        let other = post.stored(&answer(11, US, &reply)).await;
        assert_ne!(other, conversation);
        assert_eq!(post.last(other).await.doubts, [Doubt::OurOwnAddress]);
        // Every way to bend an id.
        let (local, domain) = ours.split_once('@').unwrap();
        let foreign = mint(
            conversation,
            MessageId::from_u128(1),
            &crate::channels::email::understand::ThreadKey::new(&[9; 32], CLIENT, ACCOUNT),
            domain,
        );
        let bent = [
            format!("{}{}@{domain}", &local[..local.len() - 1], if local.ends_with('a') { 'c' } else { 'a' }),
            format!("{}@{domain}", &local[..local.len() - 20]),
            format!("c1.@{domain}"),
            format!("{conversation}@{domain}"),
            conversation.to_string(),
            foreign,
        ];
        for (number, id) in (20_u32..).zip(bent) {
            let other =
                post.stored(&answer(number, "eve@y.example", &format!("In-Reply-To: <{id}>\nReferences: <{id}>\n"))).await;
            assert!(other != conversation && post.last(other).await.names.is_none(), "{id}");
        }
    });
}

fn bounce(about: &str, to: &str) -> String {
    format!(
        "From: MAILER-DAEMON@x.example\nTo: {US}\nSubject: failure\nMessage-ID: <b{to}>\nContent-Type: multipart/report; \
         report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n--b\n\
         Content-Type: message/rfc822\n\nMessage-ID: <{about}>\nFrom: {US}\n\nhola\n--b--\n"
    )
}

fn complaint(about: &str, by: &str) -> String {
    format!(
        "From: fbl@x.example\nTo: {US}\nSubject: abuse\nMessage-ID: <c{by}>\nContent-Type: multipart/report; \
         report-type=feedback-report; boundary=b\n\n--b\n\nabuse\n--b\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: abuse\nUser-Agent: x\nOriginal-Rcpt-To: {by}\n\n--b\n\
         Content-Type: message/rfc822\n\nMessage-ID: <{about}>\nFrom: {US}\n\nhola\n--b--\n"
    )
}

#[test]
fn reports_move_the_message_they_prove_to_be_about() {
    on_both(|scratch| async {
        let post = Post::open(scratch, here(), "x").await;
        let tab = post.tab().await;
        let conversation = post.stored(&mail(ANA_X, 1, "", "hola")).await;
        tab.active(conversation).await;
        let db = &post.house.engine.db;
        let (first, first_id) = post.answers(conversation, &[ANA_X], false).await;
        let (second, second_id) = post.answers(conversation, &[ANA_X], false).await;
        let state = async |message| conversations::message_of(db, conversation, message).await.unwrap().unwrap();
        // About somebody to whom it never went.
        post.arrives(&bounce(&first_id, "beto@x.example")).await;
        post.arrives(&complaint(&second_id, "beto@x.example")).await;
        assert_eq!(state(first).await.message.delivery, Some(Delivery::Sent));
        assert!(!suppressions::is_suppressed(db, CLIENT, "beto@x.example").await.unwrap());
        for _ in 0..2 {
            let outcome = post.arrives(&bounce(&first_id, ANA_X)).await;
            assert_eq!(outcome, Outcome::Aside(MailAsideKind::Report, "unknown_address".to_owned()));
        }
        let moved = state(first).await;
        assert_eq!((moved.message.delivery, moved.reason.as_deref()), (Some(Delivery::Rejected), Some("unknown_address:5.1.1")));
        let left_out = mail_sending::left_out_of(db, first).await.unwrap();
        assert_eq!(
            (left_out.len(), left_out[0].address.as_str(), left_out[0].words.as_deref()),
            (1, ANA_X, Some("550 no such user"))
        );
        assert!(!suppressions::is_suppressed(db, CLIENT, ANA_X).await.unwrap());
        post.arrives(&complaint(&second_id, ANA_X)).await;
        assert_eq!(state(second).await.message.delivery, Some(Delivery::Complained));
        assert!(suppressions::is_suppressed(db, CLIENT, "Ana@x.example").await.unwrap());
        let listed = async |lifted| {
            let filter = suppressions::Filter { lifted, ..Default::default() };
            suppressions::list(db, &filter, 9).await.unwrap()
        };
        let why = listed(false).await.remove(0);
        assert_eq!((why.message, why.conversation, why.address.as_str()), (Some(second), Some(conversation), ANA_X));
        assert!(post.asides().await.iter().any(|aside| Some(aside.id) == why.report && aside.reason == "complaint"));
        // Let off, and the same report is read again: nothing new. Another complaint is.
        let lift = suppressions::lift(why.id, By::System, post.house.engine.clock.now());
        post.house.engine.journal.write(vec![lift], None, By::System, None).await.unwrap();
        post.arrives(&complaint(&second_id, ANA_X)).await;
        assert!(!suppressions::is_suppressed(db, CLIENT, ANA_X).await.unwrap());
        let again = complaint(&first_id, ANA_X).replacen("Message-ID: <c", "Message-ID: <again", 1);
        post.arrives(&again).await;
        assert!(suppressions::is_suppressed(db, CLIENT, ANA_X).await.unwrap());
        assert_eq!((listed(false).await.len(), listed(true).await[0].lifted.map(|(_, by)| by)), (1, Some(By::System)));
        // None of them is work for anybody, and each lies there once, beside its conversation.
        assert_eq!(post.all().await, ["hola"]);
        let asides = post.asides().await;
        assert_eq!(asides.len(), 5);
        assert!(asides.iter().all(|aside| aside.kind == MailAsideKind::Report && aside.conversation == Some(conversation)));
    });
}

#[test]
fn what_nobody_wrote_or_nobody_can_read_lies_aside_and_the_rest_flows() {
    on_both(|scratch| async {
        let post = Post::open(scratch, here(), "x").await;
        let account = post.account();
        let tag = account.threads.first().unwrap().loop_tag().to_owned();
        let raws = [
            mail(ANA_X, 1, "", "uno"),
            mail(ANA_X, 2, "X-Poison: yes\n", "veneno"),
            mail("beto@x.example", 3, "Auto-Submitted: auto-replied\n", "estoy de vacaciones"),
            mail(ANA_X, 4, "", "dos"),
            "From: a@x.example\nFrom: b@x.example\nSubject: de quién\n\nx\n".to_owned(),
            "no mail at all".to_owned(),
            mail("otra@y.example", 5, &format!("X-Centralita-Loop: {tag}\n"), "eco"),
            mail(ANA_X, 6, "", "tres"),
        ];
        let whole = |(uid, raw): (u32, &String)| Mail {
            uid,
            received: None,
            size: raw.len() as u64,
            content: Content::Whole(raw.replace('\n', "\r\n").into()),
        };
        let mut mails: Vec<Mail> = (1..).zip(&raws).map(whole).collect();
        let header = Content::TooLarge(bytes::Bytes::from_static(b"From: grande@x.example\r\nSubject: video\r\n\r\n"));
        mails.push(Mail { uid: 9, received: None, size: 90_000_000, content: header });
        let work = Work::new(account, Arc::new(post.shared(nowhere(), Pace::default())));
        for _ in 0..2 {
            let batch = Batch { mails: mails.clone(), position: Position { uid_validity: 1, uid: 9 } };
            let taken = Box::pin(async { work.settle_batch(work.open_batch(batch, None).await).await }).await;
            post.house.engine.journal.write(taken.statements, None, By::System, None).await.unwrap();
            let failed: Vec<u32> = taken.settled.iter().filter(|(_, is_fine)| !is_fine).map(|(uid, _)| *uid).collect();
            assert_eq!((taken.settled.len(), failed), (9, vec![2, 5, 6, 9]));
        }
        assert_eq!(post.all().await, ["dos", "tres", "uno"]);
        // In the order in which they came.
        let texts = async |text: &str| {
            const AT: &str = "SELECT at FROM messages WHERE text = $1";
            post.house.engine.db.row(AT, args![text]).await.unwrap().unwrap().int(0).unwrap()
        };
        assert!(texts("uno").await < texts("dos").await && texts("dos").await < texts("tres").await);
        let mut asides: Vec<(MailAsideKind, String, String)> =
            post.asides().await.into_iter().map(|aside| (aside.kind, aside.reason, aside.subject)).collect();
        asides.sort_by(|one, other| one.1.cmp(&other.1));
        use MailAsideKind::{Automatic, Own, Quarantined};
        let expected = [
            (Automatic, "auto_submitted", "Pedido 3"),
            (Quarantined, "not_a_mail", ""),
            (Own, "own_mark", "Pedido 5"),
            (Quarantined, "panicked", "Pedido 2"),
            (Quarantined, "several_authors", "de quién"),
            (Quarantined, "too_large", "video"),
        ];
        assert_eq!(asides, expected.map(|(kind, reason, subject)| (kind, reason.to_owned(), subject.to_owned())));
        // Somebody says that a person wrote it.
        assert!(matches!(post.arrives_as(&raws[2], true).await, Outcome::Stored(_)));
    });
}

impl Post {
    /// From now on the campaign confirms with this subject.
    async fn confirms(&self, subject: &str) {
        let now = self.house.engine.clock.now();
        let template = MailTemplate {
            id: TemplateId::from_u128(77),
            client: CLIENT,
            campaign: None,
            name: "x".to_owned(),
            purpose: Purpose::Confirmation,
            content: mail_template::Content {
                subject: subject.to_owned(),
                html: "<p>Gracias, ${name|buenas}.</p>".to_owned(),
                text: None,
            },
            version: 1,
            created_at: now,
            updated_at: now,
            archived_at: None,
        };
        let mut config = CampaignConfig { auto_accept: true, max_per_agent: 10_000, ..CampaignConfig::default() };
        config.mail.confirmation = Some(template.id);
        const SET: &str = "UPDATE campaigns SET config = $2 WHERE id = $1";
        let set = Statement::must(SET, args![SALES.to_string(), serde_json::to_string(&config).unwrap()]);
        let rows = vec![templates::insert(&template), set];
        self.house.engine.configure(rows, Entity::Campaign, SALES.to_string(), By::System, None).await.unwrap();
    }

    /// What was said by itself in every conversation, as the outbox would hand it over.
    async fn confirmations(&self, is_marked: bool) -> Vec<String> {
        const SAID: &str = "SELECT conversation_id, id FROM messages WHERE author = 'system' AND mail IS NOT NULL ORDER BY at";
        let tag = self.account().threads.first().unwrap().loop_tag().to_owned();
        let mut raws = Vec::new();
        for row in self.house.engine.db.rows(SAID, args![]).await.unwrap() {
            let (conversation, message) = (row.parse(0).unwrap(), row.parse(1).unwrap());
            let stored = conversations::message_of(&self.house.engine.db, conversation, message).await.unwrap().unwrap().message;
            let mail = stored.mail.clone().unwrap();
            assert!(mail.automatic && mail.cc.is_empty() && mail.bcc.is_empty() && mail.to.len() == 1);
            let marks = format!("Auto-Submitted: auto-replied\nX-Centralita-Loop: {tag}\n");
            raws.push(format!(
                "From: {}\nTo: {}\nSubject: {}\nMessage-ID: <{}>\nIn-Reply-To: <{}>\n{}\n{}\n",
                self.account().address,
                mail.to[0].address,
                mail.subject,
                mail.message_id.clone().unwrap(),
                mail.in_reply_to.join("> <"),
                if is_marked { marks.as_str() } else { "" },
                stored.text
            ));
        }
        raws
    }
}

/// Marks, threads and identity taken off on the way: nothing is left by which an answer could be known.
fn stripped(confirmation: &str, number: usize) -> String {
    let known = |line: &&str| {
        !["Message-ID:", "In-Reply-To:", "Auto-Submitted:", "X-Centralita"].iter().any(|name| line.starts_with(name))
    };
    let lines: Vec<&str> = confirmation.lines().filter(known).collect();
    format!("Message-ID: <{number}@way.example>\n{}\n", lines.join("\n"))
}

impl Post {
    /// So much of the past is longer ago.
    async fn passes(&self, time: Duration) {
        const PASS: &str = "UPDATE mail_confirmations SET day = day - $1, at = at - $1";
        let micros = i64::try_from(time.as_micros()).unwrap();
        let row = Statement::new(PASS, args![micros]);
        self.house.engine.journal.write(vec![row], None, By::System, None).await.unwrap();
    }
}

/// security.md, 18.
#[test]
fn two_that_confirm_each_other_stay_silent_for_ten_days_whatever_is_taken_off_on_the_way() {
    on_both(|scratch| async {
        const THEM: &str = "ventas@otra.example";
        let posts = [Post::open(scratch, here(), "x").await, Post::open_as(Scratch::sqlite(), here(), "x", THEM).await];
        for post in &posts {
            post.confirms("Recibimos su mensaje").await;
        }
        posts[0].stored(&mail(THEM, 1, "", "hola")).await;
        let (mut delivered, mut number) = ([0, 0], 100);
        for day in 0..10 {
            loop {
                let mut moved = false;
                for (from, to) in [(0, 1), (1, 0)] {
                    let said = posts[from].confirmations(false).await;
                    for confirmation in &said[delivered[from]..] {
                        number += 1;
                        posts[to].arrives(&stripped(confirmation, number)).await;
                        moved = true;
                    }
                    delivered[from] = said.len();
                }
                if !moved {
                    break;
                }
            }
            assert_eq!(delivered, [1, 1], "day {day}");
            for post in &posts {
                post.passes(Duration::from_secs(86_400)).await;
            }
        }
    });
}

/// Of all victims of a forger few are told, in one client's name and at one address.
#[test]
fn confirmations_of_an_hour_have_their_bounds() {
    on_both(|scratch| async {
        let post = Post::open(scratch, here(), "x").await;
        post.confirms("Recibimos su mensaje").await;
        let now = post.house.engine.clock.now();
        let taken = |address: String, day: u64| {
            mail_confirmations::take(SALES, &address, Timestamp::default() + Duration::from_secs(day), CLIENT, now)
        };
        let write = async |rows: Vec<Statement>| post.house.engine.journal.write(rows, None, By::System, None).await.unwrap();
        let count = async || post.confirmations(false).await.len();
        // Three at one address, by campaigns of whomever.
        write((0..confirm::OF_ADDRESS).map(|day| taken("c1@x.example".to_owned(), day)).collect()).await;
        post.stored(&mail("c1@x.example", 1, "", "x")).await;
        assert_eq!(count().await, 0);
        post.stored(&mail("c2@x.example", 2, "", "x")).await;
        assert_eq!(count().await, 1);
        // So many in one client's name.
        write((0..confirm::OF_CLIENT - confirm::OF_ADDRESS - 1).map(|n| taken(format!("v{n}@y.example"), 0)).collect()).await;
        post.stored(&mail("c3@x.example", 3, "", "x")).await;
        assert_eq!(count().await, 1);
        post.passes(Duration::from_secs(3_700)).await;
        for (number, address) in [(4, "c1@x.example"), (5, "c3@x.example")] {
            post.stored(&mail(address, number, "", "x")).await;
        }
        assert_eq!(count().await, 3);
    });
}

#[test]
fn two_that_confirm_each_other_fall_silent_at_once() {
    on_both(|scratch| async {
        const THEM: &str = "ventas@otra.example";
        let (us, them) = (Post::open(scratch, here(), "x").await, Post::open_as(Scratch::sqlite(), here(), "x", THEM).await);
        for post in [&us, &them] {
            post.confirms("Recibimos su mensaje").await;
        }
        us.stored(&mail(THEM, 1, "", "hola")).await;
        us.stored(&mail(THEM, 2, "", "hola otra vez")).await;
        let ours = us.confirmations(true).await;
        let [confirmation] = &ours[..] else { panic!("{ours:?}") };
        assert!(confirmation.contains("Subject: Recibimos su mensaje\n") && confirmation.contains("\nGracias, Ana."));
        assert!(!confirmation.contains("hola") && !confirmation.contains("Pedido"));
        // It is nobody's message there, and our own here.
        assert_eq!(them.arrives(confirmation).await, Outcome::Aside(MailAsideKind::Automatic, "auto_submitted".to_owned()));
        assert_eq!(us.arrives(confirmation).await, Outcome::Aside(MailAsideKind::Own, "own_mark".to_owned()));
        assert_eq!(them.confirmations(true).await, [""; 0]);
        // Somebody on the way takes the marks off: one mail each, and silence.
        let bare = us.confirmations(false).await.remove(0);
        them.stored(&bare).await;
        let theirs = them.confirmations(false).await;
        assert_eq!(theirs.len(), 1);
        us.arrives(&theirs[0]).await;
        assert_eq!((us.confirmations(true).await.len(), them.confirmations(true).await.len()), (1, 1));
        // Nor is anybody else confirmed who did not write to us just now.
        for (number, more) in [(3, "X-Auto-Response-Suppress: All\n"), (4, "Reply-To: otro@z.example\n")] {
            us.arrives(&mail(&format!("c{number}@x.example"), number, more, "x")).await;
        }
        us.arrives(&mail("c5@x.example", 5, "", "x").replace(&format!("To: {US}"), "To: lista@y.example")).await;
        us.arrives(&mail("mailer-daemon@x.example", 6, "", "x")).await;
        us.arrives(&mail(US, 7, "", "x")).await;
        let told: Vec<String> = us.confirmations(true).await;
        assert_eq!(told.len(), 2);
        assert!(told[1].contains("To: c4@x.example"), "{told:?}");
    });
}
