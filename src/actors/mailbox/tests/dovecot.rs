//! Against a real Dovecot: from the mailbox to the agent's screen, and whatever may happen on the way.

use std::time::Duration;

use actix::{Actor, Arbiter};

use super::*;
use crate::{
    actors::{
        mailbox::Mailboxes,
        testing::{eventually, on_both},
    },
    channels::email::post::tests::{Real, dovecot::elsewhere, measure::bare_backlog, proxy},
    clock::Clock,
    domain::mail_health::{MailHealth, MailState},
    store::{Location, mail_positions},
};

/// Every test on every database has a folder of its own.
fn folder(name: &str) -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    format!("{name}{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn at(real: &Real, folder: &str) -> Value {
    json!({ "imap": { "host": "localhost", "port": real.imaps, "security": "tls" }, "folders": { "inbox": folder } })
}

fn one(number: u32) -> Vec<u8> {
    by_one_of(40, number)
}

fn by_one_of(authors: u32, number: u32) -> Vec<u8> {
    let padding = format!("X-Padding: {}\n", "x".repeat(1_000));
    mail(&format!("c{}@x.example", number % authors), number, &padding, &format!("texto {number:05}"))
        .replace('\n', "\r\n")
        .into_bytes()
}

fn texts(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("texto {number:05}")).collect()
}

/// Mailboxes on a thread of their own, which ends where it stands.
struct Running(Option<Arbiter>);

impl Running {
    fn start(post: &Post, real: &Real, pace: Pace) -> Self {
        Self::of(post.shared(real.network(), pace))
    }

    fn of(shared: Shared) -> Self {
        let arbiter = Arbiter::new();
        arbiter.spawn_fn(move || drop(Mailboxes::new(Arc::new(shared)).start()));
        Self(Some(arbiter))
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(arbiter) = self.0.take() {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}

impl Post {
    fn health(&self) -> MailHealth {
        self.house.engine.mail_health.of(ACCOUNT)
    }

    async fn until(&self, what: &str, is_so: impl Fn(&MailHealth) -> bool) -> MailHealth {
        eventually(what, async || Some(self.health()).filter(|health| is_so(health))).await
    }

    /// Everything there is was taken in and the server knows it.
    async fn until_idle(&self) {
        self.until("idle", |health| health.state == MailState::Idle).await;
    }

    async fn until_there_are(&self, count: usize) -> Vec<String> {
        eventually("all mails", async || Some(self.all().await).filter(|texts| texts.len() >= count)).await
    }

    async fn position(&self, real: &Real, folder: &str) -> Option<Position> {
        let place = format!("ana@localhost:{}/{folder}", real.imaps);
        mail_positions::find(&self.house.engine.db, ACCOUNT, &place).await.unwrap().map(|(position, _)| position)
    }
}

fn names(real: &Real, folder: &str) -> Vec<String> {
    let place = real.mail.join("ana/Maildir").join(format!(".{folder}"));
    let entries = ["cur", "new"].map(|part| std::fs::read_dir(place.join(part)).unwrap());
    entries.into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_mail_is_on_the_agent_s_screen_at_once_and_only_then_seen() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("screen");
        real.deliver(&folder, "0", &one(0));
        let post = Post::open(scratch, at(&real, &folder), &real.password).await;
        let tab = post.tab().await;
        let _running = Running::start(&post, &real, Pace::default());
        post.until_there_are(1).await;
        post.until_idle().await;
        let mut took = Vec::new();
        // On a machine that does something else (`scripts/long.sh` sees to it that it does not) one bad moment is no fault.
        let is_quiet = std::env::var_os("CENTRALITA_LONG").is_some();
        let (count, bar) = if is_quiet { (300, Duration::from_millis(1_500)) } else { (20, Duration::from_secs(4)) };
        for number in 1..=count {
            let clock = Clock::system();
            real.deliver(&folder, &number.to_string(), &one(number));
            let text = format!("texto {number:05}");
            tab.until("the mail", |frame| serde_json::to_string(frame).unwrap().contains(&text).then_some(())).await;
            took.push(clock.elapsed());
        }
        took.sort();
        let p99 = took[(took.len() * 99).div_ceil(100) - 1];
        println!("delivered → screen: median {:?}, p99 {p99:?} of {count}", took[took.len() / 2]);
        assert!(p99 <= bar, "{took:?}");
        eventually("seen", async || names(&real, &folder).iter().all(|name| name.ends_with(":2,S")).then_some(())).await;
        assert_eq!(post.all().await, texts(0..=count));
        eventually("the position", async || post.position(&real, &folder).await.filter(|at| at.uid == count + 1)).await;
        assert!(post.health().last_mail_at.is_some());
    });
}

#[test]
fn stopped_at_any_moment_nothing_is_lost_and_nothing_comes_twice() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("killed");
        for number in 0..120 {
            real.deliver(&folder, &number.to_string(), &one(number));
        }
        let post = Post::open(scratch, at(&real, &folder), &real.password).await;
        let pace = Pace { mails: 7, ..Pace::default() };
        let mut kills = 0;
        for round in 0_u64.. {
            let running = Running::start(&post, &real, pace);
            tokio::time::sleep(Duration::from_millis(30 + 17 * round)).await;
            running.kill();
            kills += 1;
            // What the server was told is in the log.
            let seen = names(&real, &folder).iter().filter(|name| name.ends_with(":2,S")).count();
            let stored = post.all().await.len();
            assert!(seen <= stored, "{seen} seen, {stored} stored");
            if stored == 120 {
                break;
            }
        }
        assert!(kills > 2, "{kills}");
        let _running = Running::start(&post, &real, pace);
        post.until_idle().await;
        eventually("the position", async || post.position(&real, &folder).await.filter(|at| at.uid == 120)).await;
        assert_eq!(post.all().await, texts(0..120));
        assert_eq!(post.asides().await, []);
    });
}

#[test]
fn a_folder_made_anew_is_read_again_and_nothing_comes_twice() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("renumbered");
        for number in 0..3 {
            real.deliver(&folder, &number.to_string(), &one(number));
        }
        let post = Post::open(scratch, at(&real, &folder), &real.password).await;
        let _running = Running::start(&post, &real, Pace { keep_alive: Duration::from_millis(300), ..Pace::default() });
        post.until_there_are(3).await;
        let before = eventually("the position", async || post.position(&real, &folder).await.filter(|at| at.uid == 3)).await;
        elsewhere(&real, &[&format!("DELETE {folder}"), &format!("CREATE {folder}")]).await;
        for number in 0..5 {
            real.deliver(&folder, &number.to_string(), &one(number));
        }
        post.until_there_are(5).await;
        let after = eventually("the new position", async || post.position(&real, &folder).await.filter(|at| at.uid == 5)).await;
        assert_ne!(before.uid_validity, after.uid_validity);
        assert_eq!(post.all().await, texts(0..5));
    });
}

#[test]
fn a_connection_that_breaks_in_the_middle_is_made_again() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("broken");
        for number in 0..60 {
            real.deliver(&folder, &number.to_string(), &one(number));
        }
        let port = proxy(real.imap, 9_000, ("IDLE", "XDLE")).await;
        let fields =
            json!({ "imap": { "host": "localhost", "port": port, "security": "plain" }, "folders": { "inbox": folder } });
        let post = Post::open(scratch, fields, &real.password).await;
        let _running = Running::start(&post, &real, Pace { mails: 10, poll: Duration::from_millis(100), ..Pace::default() });
        post.until("a failure", |health| matches!(health.state, MailState::Failing { code: "closed", .. })).await;
        post.until_there_are(60).await;
        assert_eq!(post.all().await, texts(0..60));
        // This server does not tell by itself.
        post.until("polling", |health| health.state == MailState::Polling).await;
        real.deliver(&folder, "60", &one(60));
        post.until_there_are(61).await;
    });
}

#[test]
fn a_folder_that_may_only_be_read_is_read_and_a_done_folder_is_filled() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("onlyread");
        real.deliver(&folder, "0", &one(0));
        std::fs::write(real.mail.join(format!("ana/Maildir/.{folder}/dovecot-acl")), "owner lr\n").unwrap();
        let post = Post::open(scratch, at(&real, &folder), &real.password).await;
        let running = Running::start(&post, &real, Pace::default());
        post.until_there_are(1).await;
        post.until_idle().await;
        assert!(post.health().read_only && !names(&real, &folder)[0].ends_with('S'));
        running.kill();
        // Another folder, and another place for what was stored and for what cannot be read.
        let folder = format!("{folder}b");
        real.deliver(&folder, "1", &one(1));
        real.deliver(&folder, "2", b"no mail at all");
        let mut fields = at(&real, &folder);
        fields["folders"] = json!({ "inbox": folder, "done": format!("{folder}done"), "failed": format!("{folder}failed") });
        let settings = settings(fields);
        let row = AccountRow {
            id: ACCOUNT,
            client: CLIENT,
            campaign: Some(SALES),
            address: US,
            settings: &settings,
            enabled: true,
            archived_at: None,
        };
        let rows = mail_accounts::update(&row, post.house.engine.clock.now()).unwrap();
        post.house.engine.configure(rows, Entity::Channel, ACCOUNT.to_string(), By::System, None).await.unwrap();
        let _running = Running::start(&post, &real, Pace::default());
        post.until_there_are(2).await;
        post.until("quarantine", |health| health.quarantined == 1).await;
        eventually("moved", async || names(&real, &folder).is_empty().then_some(())).await;
        assert_eq!(names(&real, &format!("{folder}done")).len(), 1);
        eventually("moved", async || (names(&real, &format!("{folder}failed")).len() == 1).then_some(())).await;
    });
}

#[test]
fn a_mailbox_has_one_owner_and_what_another_writes_is_refused() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("owned");
        real.deliver(&folder, "0", &one(0));
        let post = Post::open(scratch, at(&real, &folder), &real.password).await;
        let running = Running::start(&post, &real, Pace::default());
        post.until_idle().await;
        post.until_there_are(1).await;
        eventually("the position", async || post.position(&real, &folder).await.filter(|at| at.uid == 1)).await;
        // Somebody else took it, and the owner does not know yet.
        const STEAL: &str = "UPDATE leases SET node = 'other', token = token + 1, expires_at = 9000000000000000 WHERE name = $1";
        let steal = crate::store::write::Statement::must(STEAL, args![format!("mailbox:{ACCOUNT}")]);
        post.house.engine.journal.write(vec![steal], None, By::System, None).await.unwrap();
        real.deliver(&folder, "1", &one(1));
        post.until("that it is another's", |health| health.state == MailState::Elsewhere).await;
        assert_eq!(post.position(&real, &folder).await.map(|at| at.uid), Some(1));
        assert_eq!(names(&real, &folder).iter().filter(|name| name.ends_with(":2,S")).count(), 1);
        running.kill();
    });
}

#[test]
fn a_wrong_password_is_said_and_not_tried_again_at_once() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let folder = folder("wrong");
        real.deliver(&folder, "0", &one(0));
        let post = Post::open(scratch, at(&real, &folder), "wrong").await;
        let _running = Running::start(&post, &real, Pace::default());
        let failing = |health: &MailHealth| matches!(health.state, MailState::Failing { code: "login_refused", .. });
        let MailState::Failing { next_try, .. } = post.until("the refusal", failing).await.state else { unreachable!() };
        assert!(next_try.since(post.house.engine.clock.now()) > Duration::from_secs(400));
    });
}

async fn backlog(real: &Real, scratch: Scratch, authors: u32, count: u32) -> (Duration, String) {
    let folder = folder("backlog");
    for number in 0..count {
        real.deliver(&folder, &number.to_string(), &by_one_of(authors, number));
    }
    // The server reads its own folder for the first time.
    bare_backlog(real, &folder, count).await;
    let post = Post::open(scratch, at(real, &folder), &real.password).await;
    let clock = Clock::system();
    let _running = Running::start(&post, real, super::super::pace());
    loop {
        match post.position(real, &folder).await {
            Some(position) if position.uid == count => break,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        assert!(clock.elapsed() < Duration::from_secs(300));
    }
    let took = clock.elapsed();
    assert_eq!(post.all().await, texts(0..count));
    (took, folder)
}

#[test]
fn a_backlog_comes_in() {
    let Some(real) = Real::here() else { return };
    on_both(|scratch| async {
        let (took, _) = backlog(&real, scratch, 40, 500).await;
        println!("500 mails taken in after {took:?}");
    });
}

/// `make long`: at least 0.12 of what the bare library downloads. Mails of one customer are taken in one after the other, so that few who
/// wrote much take longer than many who wrote a little.
#[test]
#[ignore = "measures"]
fn measure_a_backlog_of_ten_thousand() {
    let Some(real) = Real::here() else { return };
    let ratio = async |scratch, authors| {
        let (took, folder) = backlog(&real, scratch, authors, 10_000).await;
        let clock = Clock::system();
        assert_eq!(bare_backlog(&real, &folder, 10_000).await, 10_000);
        let (ours, bare) = (took.as_secs_f64(), clock.elapsed().as_secs_f64());
        let (ours_a_second, bare_a_second) = (10_000.0 / ours, 10_000.0 / bare);
        println!("10,000 mails of {authors}: {ours_a_second:.0}/s, bare {bare_a_second:.0}/s, ratio {:.3}", bare / ours);
        bare / ours
    };
    on_both(async |scratch| {
        ratio(scratch, 40).await;
    });
    on_both(async |scratch| {
        // A database server on the same machine takes its share of it.
        let is_alone = matches!(scratch.location, Location::Sqlite(_));
        let found = ratio(scratch, 1_000).await;
        assert!(cfg!(debug_assertions) || !is_alone || found >= 0.12, "{found:.3}");
    });
}
