//! The outbox of a mail account against a mail server that refuses, hangs up, or takes everything.

use std::{sync::Arc, time::Duration};

use super::{
    sink::{Mail, Says, Sink},
    until, waiting,
};
use crate::{
    actors::{
        engine::{CommandError, Inbound, Received, Threading},
        testing::{ANA, CHANNEL, CLIENT, House, Plan, SALES, Tab, eventually, on_both},
    },
    args,
    auth::secret::SecretText,
    channels::email::{
        post::{
            account::{Folders, Security, Server},
            tests::measure,
        },
        settings::{Login, Quota, Sending, Settings, Slot},
        understand::{Context, understand},
    },
    clock::{Clock, Timestamp},
    domain::{
        channel::ChannelKind,
        conversation::Command,
        delivery::Delivery,
        log::{By, Entity},
        mail::{Envelope, Mailbox},
        message::Content,
        refusal::Refusal,
    },
    ids::{ConversationId, MessageId},
    store::{
        conversations,
        mail_accounts::{self, AccountRow},
        mail_sending,
        testing::Scratch,
        write::Statement,
    },
};

const OWN: &str = "ayuda@empresa.example";

fn settings(port: u16, quota: Option<Quota>) -> Settings {
    Settings {
        from_name: "Ayuda".to_owned(),
        imap: None,
        receives: false,
        takes_existing: false,
        smtp: Server::new("localhost", port, Security::Plain),
        user: "ayuda".to_owned(),
        login: Login::Password,
        sending: Sending::Same,
        folders: Folders::default(),
        quota,
        trusted_authserv: None,
    }
}

fn row(settings: &Settings) -> AccountRow<'_> {
    let (client, campaign) = (CLIENT, Some(SALES));
    AccountRow { id: CHANNEL, client, campaign, address: OWN, settings, enabled: true, archived_at: None }
}

/// A house whose agent answers mails.
async fn open(scratch: Scratch, port: u16, quota: Option<Quota>) -> (House, Tab) {
    let mut plan = Plan { kind: ChannelKind::Email, capacity: 10_000, ..Plan::default() };
    plan.sales.auto_accept = true;
    plan.sales.max_per_agent = 100;
    let house = House::open(scratch, plan).await;
    let now = house.engine.clock.now();
    let settings = settings(port, quota);
    let mut rows = mail_accounts::insert(&row(&settings), now).unwrap();
    rows.push(mail_accounts::put_secret(CHANNEL, Slot::Password, &SecretText::from("canary"), &house.sealer, now).unwrap());
    rows.push(mail_accounts::put_thread_key(CHANNEL, &house.sealer, now).unwrap());
    configure(&house, rows).await;
    let tab = house.tab(ANA);
    tab.ready().await;
    (house, tab)
}

async fn configure(house: &House, rows: Vec<Statement>) {
    house.engine.configure(rows, Entity::Channel, CHANNEL.to_string(), By::System, None).await.unwrap();
}

async fn set(house: &House, settings: &Settings) {
    configure(house, mail_accounts::update(&row(settings), house.engine.clock.now()).unwrap()).await;
}

fn who(address: &str) -> Mailbox {
    Mailbox { name: String::new(), address: address.to_owned() }
}

/// A customer's mail comes in and Ana has it.
async fn talk(house: &House, tab: &Tab, subject: &str) -> ConversationId {
    let number = house.number();
    let mail = Envelope {
        subject: subject.to_owned(),
        from: Some(who("ana@casa.example")),
        to: vec![who(OWN)],
        message_id: Some(format!("m{number}@casa.example")),
        references: vec!["m0@casa.example".to_owned()],
        ..Envelope::default()
    };
    let inbound = house.inbound("ana@casa.example", &format!("mail-{number}"), "Hola");
    let inbound = Inbound { thread: Threading::New, mail: Some(Arc::new(mail)), ..inbound };
    let received = house.engine.receive(house.engine.room().await.unwrap(), inbound).await.unwrap();
    let Received::Stored { conversation, .. } = received else { panic!("{received:?}") };
    tab.active(conversation).await;
    conversation
}

async fn says(house: &House, id: ConversationId, text: &str, mail: Envelope) -> Result<MessageId, CommandError> {
    let message = house.engine.ids.next();
    let content = Content { mail: Some(Arc::new(mail)), ..Content::plain(text) };
    house.command(ANA, id, Command::Reply { message, agent: ANA, content }).await.map(|_| message)
}

fn to(addresses: &[&str]) -> Envelope {
    Envelope { subject: "x".to_owned(), to: addresses.iter().map(|address| who(address)).collect(), ..Envelope::default() }
}

fn later(house: &House, wait: Duration) -> Envelope {
    Envelope { send_at: Some(house.engine.clock.now() + wait), ..to(&["ana@casa.example"]) }
}

async fn stored(house: &House, id: ConversationId, message: MessageId) -> (Option<Delivery>, Option<String>) {
    let stored = conversations::message_of(&house.engine.db, id, message).await.unwrap().unwrap();
    (stored.message.delivery, stored.reason)
}

fn id_of(mail: &Mail) -> String {
    mail.field("message-id").unwrap()
}

#[test]
fn an_answer_arrives_and_the_answer_to_it_proves_the_thread() {
    on_both(|scratch| async {
        let sink = Sink::willing().await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "Rv: Factura").await;
        let message = house.replies(ANA, id, "Aquí está.\n.\nAtte.").await;
        until(&tab, message, Delivery::Sent).await;
        let mail = sink.until(1).await.remove(0);
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), (OWN, &["ana@casa.example".to_owned()][..]));
        assert_eq!(mail.field("in-reply-to").as_deref(), Some("<m1@casa.example>"));
        assert_eq!(mail.field("references").as_deref(), Some("<m0@casa.example> <m1@casa.example>"));
        let read = understand(mail.raw.as_bytes(), &Context { keys: &[], own: &[], return_path: None }).unwrap();
        assert_eq!((read.subject.as_str(), read.text.as_str()), ("Re: Factura", "Aquí está.\n.\nAtte."));
        assert_eq!(read.author, Some(Mailbox { name: "Ayuda".to_owned(), ..who(OWN) }));
        assert!(read.automatic.is_none());
        let keys = house.engine.directory.load().mail_accounts[&CHANNEL].threads.clone();
        let answer = format!("From: ana@casa.example\r\nIn-Reply-To: {}\r\n\r\nGracias\r\n", id_of(&mail));
        let thread = understand(answer.as_bytes(), &Context { keys: &keys, own: &[], return_path: None }).unwrap().thread;
        assert_eq!(thread.map(|thread| (thread.ours.conversation, thread.ours.message)), Some((id, message)));
        assert_eq!(waiting(&house).await, []);
    });
}

#[test]
fn a_server_that_says_later_gets_it_later_under_the_same_id() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, before| (line == "." && before == 0).then_some(Says::Line("451 4.3.0 later"))).await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let message = house.replies(ANA, id, "Hola").await;
        assert_eq!(until(&tab, message, Delivery::Sent).await, None);
        let mails = sink.until(2).await;
        assert_eq!((id_of(&mails[0]), mails[0].taken, mails[1].taken), (id_of(&mails[1]), false, true));
        assert_eq!(sink.connections(), 1);
    });
}

#[test]
fn a_server_that_says_no_has_rejected_it_and_it_can_be_sent_again() {
    on_both(|scratch| async {
        let sink =
            Sink::start(|line, before| (line.starts_with("RCPT") && before == 0).then_some(Says::Line("550 5.1.1 User unknown")))
                .await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let message = house.replies(ANA, id, "Hola").await;
        assert_eq!(until(&tab, message, Delivery::Rejected).await.as_deref(), Some("recipient_refused:5.1.1"));
        assert_eq!(waiting(&house).await, []);
        let again = Command::Retry { message, agent: ANA, stored: None };
        house.command(ANA, id, again).await.unwrap();
        until(&tab, message, Delivery::Sent).await;
        assert_eq!(sink.mails().len(), 1);
    });
}

#[test]
fn without_an_answer_it_is_sent_again_under_the_same_id_and_marked() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, before| (line == "." && before == 0).then_some(Says::Hang)).await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let message = house.replies(ANA, id, "Hola").await;
        eventually("marked", async || waiting(&house).await.into_iter().find(|row| row.attempts == 1 && row.outcome_unknown))
            .await;
        assert_eq!(until(&tab, message, Delivery::Sent).await.as_deref(), Some("sent_again"));
        let mails = sink.until(2).await;
        assert_eq!(id_of(&mails[0]), id_of(&mails[1]));
    });
}

#[test]
fn what_was_being_sent_when_the_process_ended_is_sent_again() {
    on_both(|scratch| async {
        // Nobody listens at first.
        let (house, tab) = open(scratch, 1, None).await;
        let id = talk(&house, &tab, "x").await;
        let message = house.replies(ANA, id, "Hola").await;
        eventually("tried", async || {
            mail_sending::standing(&house.engine.db, CHANNEL, None, Timestamp::default()).await.unwrap().trouble
        })
        .await;
        let doubt = Statement::must("UPDATE outbox SET state = 'sending' WHERE message_id = $1", args![message.to_string()]);
        let sink = Sink::willing().await;
        let mut rows = mail_accounts::update(&row(&settings(sink.port, None)), house.engine.clock.now()).unwrap();
        rows.push(doubt);
        house.engine.journal.write(rows, None, By::System, None).await.unwrap();
        let house = house.stop().again().await;
        assert_eq!(sink.until(1).await.len(), 1);
        eventually("sent", async || waiting(&house).await.is_empty().then_some(())).await;
        assert_eq!(stored(&house, id, message).await, (Some(Delivery::Sent), Some("sent_again".to_owned())));
    });
}

#[test]
fn a_wrong_password_is_nobodys_mails_fault() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, before| {
            (line.starts_with("AUTH") && before == 0).then_some(Says::Line("535 5.7.8 wrong, canary"))
        })
        .await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let message = house.replies(ANA, id, "Hola").await;
        let trouble = eventually("it is shown", async || {
            mail_sending::standing(&house.engine.db, CHANNEL, None, house.engine.clock.now()).await.unwrap().trouble
        })
        .await;
        assert_eq!(trouble.code, "login_refused");
        assert!(!trouble.words.unwrap().contains("canary"));
        assert!(trouble.next_at > house.engine.clock.now() + Duration::from_secs(60));
        let row = eventually("it waits", async || waiting(&house).await.into_iter().find(|row| !row.outcome_unknown)).await;
        assert_eq!((row.message, row.attempts), (message, 0));
        // Mended: it goes at once.
        set(&house, &Settings { from_name: "Mesa".to_owned(), ..settings(sink.port, None) }).await;
        until(&tab, message, Delivery::Sent).await;
        eventually("no trouble any more", async || {
            let standing = mail_sending::standing(&house.engine.db, CHANNEL, None, house.engine.clock.now()).await.unwrap();
            standing.trouble.is_none().then_some(())
        })
        .await;
    });
}

#[test]
fn beyond_its_quota_mails_wait_for_the_next_window_across_a_restart() {
    on_both(|scratch| async {
        let sink = Sink::willing().await;
        let quota = Some(Quota { hours: 1, mails: 2 });
        let (house, tab) = open(scratch, sink.port, quota).await;
        let id = talk(&house, &tab, "x").await;
        let mut sent = Vec::new();
        for number in 0..3 {
            sent.push(house.replies(ANA, id, &format!("{number}")).await);
        }
        until(&tab, sent[1], Delivery::Sent).await;
        let now = house.engine.clock.now();
        let standing = mail_sending::standing(&house.engine.db, CHANNEL, quota, now).await.unwrap();
        assert_eq!((standing.waiting, standing.scheduled, standing.sent), (1, 0, Some(2)));
        let next_at = standing.next_at.unwrap();
        assert!(next_at > now + Duration::from_secs(3_500) && next_at < now + Duration::from_secs(3_600));
        let house = house.stop().again().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((sink.mails().len(), stored(&house, id, sent[2]).await.0), (2, Some(Delivery::Queued)));
        set(&house, &settings(sink.port, Some(Quota { hours: 1, mails: 3 }))).await;
        assert_eq!(sink.until(3).await.len(), 3);
    });
}

#[test]
fn what_is_sent_later_goes_at_its_time_and_what_is_withdrawn_never() {
    on_both(|scratch| async {
        let sink = Sink::willing().await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let far = says(&house, id, "mañana", later(&house, Duration::from_secs(86_400))).await.unwrap();
        let undone = says(&house, id, "no", later(&house, Duration::from_secs(10))).await.unwrap();
        assert_eq!(stored(&house, id, far).await.0, Some(Delivery::Scheduled));
        let cancel = |message| Command::CancelDelivery { message, stored: None };
        for _ in 0..2 {
            house.command(ANA, id, cancel(undone)).await.unwrap();
        }
        let soon = says(&house, id, "ya", later(&house, Duration::from_millis(300))).await.unwrap();
        until(&tab, soon, Delivery::Sent).await;
        assert_eq!(sink.mails().len(), 1);
        assert_eq!(house.command(ANA, id, cancel(soon)).await, Err(CommandError::Refused(Refusal::NotWaiting)));
        assert_eq!(stored(&house, id, undone).await.0, Some(Delivery::Cancelled));
        let rows: Vec<_> = waiting(&house).await.into_iter().map(|row| row.message).collect();
        assert_eq!(rows, [far]);
        // Its conversation ends and the process does; it still waits, and can still be withdrawn.
        let close = Command::Close { agent: ANA, force: true, disposition: None, wrap_up: false };
        house.command(ANA, id, close).await.unwrap();
        let house = house.stop().again().await;
        let found = conversations::delivery(&house.engine.db, id, far).await.unwrap();
        house.command(ANA, id, Command::CancelDelivery { message: far, stored: found }).await.unwrap();
        assert_eq!((stored(&house, id, far).await.0, waiting(&house).await.len()), (Some(Delivery::Cancelled), 0));
        let too_far = says(&house, id, "nunca", later(&house, Duration::from_secs(400 * 86_400))).await;
        assert!(too_far.is_err(), "{too_far:?}");
        assert_eq!(sink.mails().len(), 1);
    });
}

#[test]
fn whoever_is_refused_or_suppressed_is_on_record_and_the_others_get_it() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, _| line.contains("<nobody@").then_some(Says::Line("550 5.1.1 User unknown"))).await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let id = talk(&house, &tab, "x").await;
        let suppress = Statement::new(
            "INSERT INTO mail_suppressions (id, client_id, address, reason, added_by, created_at) \
             VALUES ('1', $1, 'spam@x.example', 'complaint', 'system', 0)",
            args![CLIENT.to_string()],
        );
        house.engine.journal.write(vec![suppress], None, By::System, None).await.unwrap();
        let some = says(&house, id, "a", to(&["ana@casa.example", "nobody@x.example", "Spam@x.example"])).await.unwrap();
        assert_eq!(until(&tab, some, Delivery::Sent).await.as_deref(), Some("some_refused"));
        let left_out = mail_sending::left_out_of(&house.engine.db, some).await.unwrap();
        let found: Vec<_> = left_out.iter().map(|one| (one.address.as_str(), one.reason.as_str())).collect();
        assert_eq!(found, [("Spam@x.example", "suppressed"), ("nobody@x.example", "recipient_refused:5.1.1")]);
        let none = says(&house, id, "b", to(&["spam@x.example"])).await.unwrap();
        assert_eq!(until(&tab, none, Delivery::Suppressed).await.as_deref(), Some("suppressed"));
        // What the server said no to altogether is on record in its words.
        let refused = says(&house, id, "c", to(&["nobody@x.example"])).await.unwrap();
        assert_eq!(until(&tab, refused, Delivery::Rejected).await.as_deref(), Some("recipient_refused:5.1.1"));
        let said = mail_sending::left_out_of(&house.engine.db, refused).await.unwrap();
        let said: Vec<_> = said.iter().map(|one| (one.address.as_str(), one.words.as_deref())).collect();
        assert_eq!(said, [(mail_sending::EVERYBODY, Some("550 5.1.1 User unknown"))]);
        assert_eq!((sink.mails().len(), sink.mails()[0].to.len()), (1, 1));
    });
}

/// Many mails, each in a conversation of its own.
async fn many(house: &House, tab: &Tab, addresses: impl Iterator<Item = String>) -> Vec<(ConversationId, MessageId)> {
    let mut sent = Vec::new();
    for address in addresses {
        let id = talk(house, tab, "x").await;
        sent.push((id, says(house, id, "a", to(&[&address])).await.unwrap()));
    }
    sent
}

/// Of many that wait, only what could have reached the server is in doubt, whatever happens to the process.
#[test]
fn mails_begin_just_ahead_of_a_slow_server_and_the_others_can_be_withdrawn() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, before| (line == "." && before == 0).then_some(Says::Nothing)).await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let sent = many(&house, &tab, (0..12).map(|number| format!("c{number}@x.example"))).await;
        let in_doubt = async || waiting(&house).await.into_iter().filter(|row| row.outcome_unknown).collect::<Vec<_>>();
        sink.until(1).await;
        let doubts = eventually("the next has begun", async || Some(in_doubt().await).filter(|rows| rows.len() == 2)).await;
        let has_begun = |message: &MessageId| doubts.iter().any(|row| row.message == *message);
        let cancel = |message| Command::CancelDelivery { message, stored: None };
        let (id, undone) = *sent.iter().rfind(|(_, message)| !has_begun(message)).unwrap();
        house.command(ANA, id, cancel(undone)).await.unwrap();
        for (id, message) in sent.iter().filter(|(_, message)| has_begun(message)) {
            assert_eq!(house.command(ANA, *id, cancel(*message)).await, Err(CommandError::Refused(Refusal::NotWaiting)));
        }
        let house = house.stop().again().await;
        let mails = sink.until(12).await;
        eventually("everything is sent", async || waiting(&house).await.is_empty().then_some(())).await;
        let mut taken: Vec<&str> = mails.iter().filter(|mail| mail.taken).map(|mail| mail.to[0].as_str()).collect();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!((mails.len(), taken.len()), (12, 11));
        for (id, message) in sent {
            let again = Some("sent_again".to_owned()).filter(|_| has_begun(&message));
            let expected = if message == undone { (Some(Delivery::Cancelled), None) } else { (Some(Delivery::Sent), again) };
            assert_eq!(stored(&house, id, message).await, expected);
        }
    });
}

#[test]
fn of_many_that_go_at_once_each_has_its_own_outcome() {
    on_both(|scratch| async {
        let said_later = parking_lot::Mutex::new(std::collections::HashSet::new());
        let sink = Sink::start(move |line, _| match line {
            _ if line.contains("<no") => Some(Says::Line("550 5.1.1 User unknown")),
            _ if line.contains("<later") && said_later.lock().insert(line.to_owned()) => Some(Says::Line("450 4.2.0 later")),
            _ => None,
        })
        .await;
        let (house, tab) = open(scratch, sink.port, None).await;
        let kinds = ["yes", "no", "later", "spam"];
        let suppress = Statement::new(
            "INSERT INTO mail_suppressions (id, client_id, address, reason, added_by, created_at) \
             VALUES ('1', $1, 'spam7@x.example', 'complaint', 'system', 0)",
            args![CLIENT.to_string()],
        );
        house.engine.journal.write(vec![suppress], None, By::System, None).await.unwrap();
        let sent = many(&house, &tab, (0..16).map(|number| format!("{}{number}@x.example", kinds[number % 4]))).await;
        eventually("all are settled", async || waiting(&house).await.is_empty().then_some(())).await;
        for (number, (id, message)) in sent.into_iter().enumerate() {
            let expected = match kinds[number % 4] {
                "no" => (Delivery::Rejected, Some("recipient_refused:5.1.1")),
                "spam" if number == 7 => (Delivery::Suppressed, Some("suppressed")),
                _ => (Delivery::Sent, None),
            };
            let (delivery, reason) = stored(&house, id, message).await;
            assert_eq!((delivery.unwrap(), reason.as_deref()), expected, "{number}");
        }
        assert_eq!((sink.mails().len(), sink.connections()), (11, 1));
    });
}

#[test]
fn a_quota_holds_for_mails_that_go_at_once() {
    on_both(|scratch| async {
        let sink = Sink::start(|line, _| line.contains("<no").then_some(Says::Line("550 5.1.1 User unknown"))).await;
        let quota = Some(Quota { hours: 1, mails: 5 });
        let (house, tab) = open(scratch, sink.port, quota).await;
        let off = settings(sink.port, quota);
        let switched = |enabled| mail_accounts::update(&AccountRow { enabled, ..row(&off) }, house.engine.clock.now()).unwrap();
        configure(&house, switched(false)).await;
        many(&house, &tab, (0..10).map(|number| format!("c{number}@x.example"))).await;
        configure(&house, switched(true)).await;
        let standing = async || mail_sending::standing(&house.engine.db, CHANNEL, quota, house.engine.clock.now()).await.unwrap();
        eventually("five are sent", async || (standing().await.waiting == 5).then_some(())).await;
        assert_eq!((standing().await.sent, sink.mails().len()), (Some(5), 5));
    });
}

/// 2,000 mails from the outbox to a server that takes everything, beside the bare library on one NODELAY connection to the same server.
/// Everything is in it: reading, composing, two commits a mail, the events.
#[test]
#[ignore = "measures"]
fn measure_two_thousand_mails() {
    const MAILS: usize = 2_000;
    const CONVERSATIONS: usize = 100;
    on_both(|scratch| async {
        let port = measure::sink();
        let (house, tab) = open(scratch, port, None).await;
        let settings = settings(port, None);
        let switched =
            |enabled| mail_accounts::update(&AccountRow { enabled, ..row(&settings) }, house.engine.clock.now()).unwrap();
        configure(&house, switched(false)).await;
        let mut conversations = Vec::new();
        for _ in 0..CONVERSATIONS {
            conversations.push(talk(&house, &tab, "x").await);
        }
        let text = ("x".repeat(70) + "\n").repeat(20);
        for number in 0..MAILS {
            says(&house, conversations[number % CONVERSATIONS], &text, to(&["ana@casa.example"])).await.unwrap();
        }
        let clock = Clock::system();
        let left = async || {
            let standing = mail_sending::standing(&house.engine.db, CHANNEL, None, house.engine.clock.now()).await;
            standing.unwrap().waiting
        };
        let before = cpu();
        configure(&house, switched(true)).await;
        // It looks whether it may once a second.
        let first = eventually("it begins", async || Some(left().await).filter(|left| *left < MAILS as u64)).await;
        let start = clock.elapsed();
        // Looking costs, too.
        while left().await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let ours = clock.elapsed() - start;
        let between = cpu();
        let raw = format!("Subject: x\r\n\r\n{}", text.replace('\n', "\r\n"));
        let start = clock.elapsed();
        measure::bare_sending(port, &raw, MAILS).await;
        let bare = clock.elapsed() - start;
        let (ours, bare) = (first as f64 / ours.as_secs_f64(), MAILS as f64 / bare.as_secs_f64());
        println!("{first} mails from the outbox: {ours:.0}/s, bare {bare:.0}/s, ratio {:.2}", ours / bare);
        // On a machine that does other things, too, this says more.
        let after = cpu();
        for (what, from, to) in [("the outbox", &before, &between), ("bare", &between, &after)] {
            let spent = |(thread, ticks): (&String, &u64)| (ticks - from.get(thread).unwrap_or(&0)) * 10_000 / MAILS as u64;
            let threads: Vec<String> = to.iter().map(|one| format!("{} {}", one.0, spent(one))).collect();
            println!("µs of processor a mail, {what}: {} = {}", to.iter().map(spent).sum::<u64>(), threads.join(", "));
        }
    });
}

/// What the threads of this process have used, by name, in hundredths of a second.
fn cpu() -> std::collections::BTreeMap<String, u64> {
    let mut used = std::collections::BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { continue };
        let ticks = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>();
        *used.entry(name.to_owned()).or_default() += ticks;
    }
    used
}
