//! Changed mails through the whole intake, to what the console shows of them: bytes, meaning, thread, claim and commit, then the thread, the mail,
//! its header, source and files over HTTP.
//!
//! `MAIL_INTAKE_STEPS` says how many, `MAIL_INTAKE_SEED` which; the same seed gives the same mails in the same order. A mail that fails is
//! written to a file, and its name, seed and step are printed.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    actors::mailbox::{Outcome, Reader, Settled},
    channels::email::understand::{
        bounds, mint,
        tests::{assert_safe, corpus, mutations::mutated},
    },
    domain::{
        channel::ChannelKind,
        file::{clean_name, is_control},
        mail::FoldKind,
    },
    ids::{ChannelId, MessageId},
    store::{
        attachments::object_path,
        conversations,
        mail_asides::{self, Filter, MailAside, MailAsideKind},
    },
};

/// Longer than any mail takes, whatever else the machine does: what takes longer goes on for ever.
const PATIENCE: Duration = Duration::from_secs(60);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// What there is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    messages: i64,
    asides: i64,
}

struct Intake {
    world: World,
    channel: ChannelId,
    root: With,
}

impl Intake {
    async fn count(&self) -> Counted {
        const MESSAGES: &str = "SELECT count(*) FROM messages WHERE author = 'contact'";
        const ASIDES: &str = "SELECT count(*) FROM mail_asides";
        let db = &self.world.app.engine.db;
        let one = async |sql: &'static str| db.row(sql, crate::args![]).await.unwrap().unwrap().int(0).unwrap();
        Counted { messages: one(MESSAGES).await, asides: one(ASIDES).await }
    }

    async fn take_in(&self, raw: &[u8]) -> Outcome {
        let app = &self.world.app;
        let account = Arc::clone(&app.engine.directory.load().mail_accounts[&self.channel]);
        let reader = Reader { engine: app.engine.clone(), files: Arc::clone(&app.attachments) };
        let reading = reader.read(&account, Bytes::copy_from_slice(raw), app.now()).await;
        let settled = loop {
            match reader.settle(&account, &reading, false).await {
                Ok(settled) => break settled,
                // Backpressure is no fault: a mailbox tries again, too.
                Err(crate::actors::engine::CommandError::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => panic!("{error}"),
            }
        };
        let Settled { outcome, statements } = settled;
        app.engine.journal.write(statements, None, By::System, None).await.unwrap();
        outcome
    }

    /// Takes a mail in twice and looks at what became of it; the conversation of a message.
    async fn goes_through<S, B>(&self, service: &S, raw: &[u8]) -> Option<ConversationId>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let before = self.count().await;
        let first = self.take_in(raw).await;
        let once = self.count().await;
        let again = self.take_in(raw).await;
        assert_eq!(self.count().await, once, "it came in twice: {first:?}, then {again:?}");
        let added = (once.messages - before.messages, once.asides - before.asides);
        match &first {
            Outcome::Stored(conversation) => {
                assert_eq!((added, &again), ((1, 0), &Outcome::Repeated(Some(*conversation))));
                self.is_shown(service, *conversation, raw).await;
                Some(*conversation)
            }
            // The same as one before it.
            Outcome::Repeated(_) => {
                assert_eq!((added, &again), ((0, 0), &first));
                None
            }
            Outcome::Aside(kind, reason) => {
                assert!((added == (0, 1) || added == (0, 0)) && again == first, "{added:?} {first:?} {again:?}");
                // Nothing panics, and what can be read is never refused further in.
                let broken = *kind == MailAsideKind::Quarantined && ["panicked", "refused"].contains(&reason.as_str());
                assert!(!reason.is_empty() && !broken, "{kind:?} {reason}");
                if added == (0, 1) {
                    self.is_aside(*kind, raw).await;
                }
                None
            }
        }
    }

    async fn is_aside(&self, kind: MailAsideKind, raw: &[u8]) {
        let db = &self.world.app.engine.db;
        let latest: Vec<MailAside> = mail_asides::list(db, &Filter::default(), 1).await.unwrap();
        let [aside] = &latest[..] else { panic!("{latest:?}") };
        assert_eq!((aside.kind, aside.size), (kind, raw.len() as u64));
        for line in [&aside.author, &aside.subject] {
            assert!(!line.chars().any(is_control), "{line:?}");
        }
        let source = aside.source.map(object_path);
        match source {
            None => assert!(raw.is_empty()),
            Some(path) => {
                let kept = object_store::ObjectStoreExt::get(&self.world.app.attachments, &path).await.unwrap();
                assert_eq!(kept.bytes().await.unwrap(), raw);
            }
        }
    }

    /// What agents get to see, within its bounds and with nothing in it that runs.
    async fn is_shown<S, B>(&self, service: &S, conversation: ConversationId, raw: &[u8])
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let db = &self.world.app.engine.db;
        let get = async |path: String| call(service, Method::GET, &path, &self.root, None).await.is(200);
        let last = conversations::messages_before(db, conversation, i64::MAX as u64, 1).await.unwrap().remove(0).message;
        let mail = last.mail.clone().unwrap();
        assert!(last.text.len() <= ChannelKind::Email.max_text_bytes() && !last.text.contains('\0'));
        assert!(mail.subject.chars().count() <= bounds::MAX_SUBJECT_CHARACTERS && !mail.subject.chars().any(is_control));
        assert!(mail.to.len() <= bounds::MAX_RECIPIENTS && mail.cc.len() <= bounds::MAX_RECIPIENTS);
        assert!(mail.references.len() <= bounds::MAX_REFERENCES && last.attachments.len() <= bounds::MAX_FILES);
        let path = format!("/api/v1/conversations/{conversation}");
        let listed = get(format!("{path}/messages?limit=1")).await.json();
        assert_eq!(listed["items"][0]["id"], json!(last.id));
        let shown = get(format!("{path}/messages/{}/mail", last.id)).await.json();
        if let Some(html) = shown["html"].as_str() {
            assert_safe(html);
        }
        let parts = shown["text"].as_array().unwrap();
        assert!(parts.iter().all(|part| last.text.contains(part["text"].as_str().unwrap())), "{parts:?}");
        let folded = mail.folds.iter().any(|fold| fold.kind == FoldKind::Quote && last.text.get(fold.from..fold.to).is_none());
        assert!(!folded, "a fold within a character: {:?}", mail.folds);
        let ids: Vec<Value> = last.attachments.iter().map(|file| json!(file.id)).collect();
        assert!(shown["parts"].as_array().unwrap().iter().all(|part| part.is_null() || ids.contains(part)));
        get(format!("{path}/messages/{}/mail/header", last.id)).await.json();
        assert_eq!(get(format!("{path}/messages/{}/mail/source", last.id)).await.body, raw);
        for file in last.attachments.iter().take(3) {
            assert_eq!(file.name, clean_name(&file.name));
            let answer = get(format!("/api/v1/attachments/{}", file.id)).await;
            let header = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
            assert!(header("content-disposition").starts_with("attachment"));
            assert!(header("content-security-policy").starts_with("sandbox; default-src 'none'"));
            assert_eq!((header("x-content-type-options").as_str(), answer.body.len() as u64), ("nosniff", file.size));
        }
    }

    /// So that some of them belong together: an answer to one of ours, or what was an id before.
    fn threaded(&self, raw: Vec<u8>, known: &[ConversationId], random: &mut StdRng) -> Vec<u8> {
        let Some(at) = (!known.is_empty()).then(|| random.random_range(0..known.len())) else { return raw };
        let account = Arc::clone(&self.world.app.engine.directory.load().mail_accounts[&self.channel]);
        let message = MessageId::from_u128(random.random());
        let mut id = mint(known[at], message, account.threads.first().unwrap(), "empresa.example");
        let field = match random.random_range(0..6) {
            0 => "In-Reply-To",
            1 => "References",
            2 => "Message-ID",
            _ => return raw,
        };
        if random.random_range(0..4) == 0 {
            id.truncate(random.random_range(0..id.len()));
        }
        [format!("{field}: <{id}>\r\n").into_bytes(), raw].concat()
    }
}

async fn whatever_comes_in_is_one_message_or_lies_aside_once_and_runs_nothing(world: World) {
    let (steps, seed) = (number("MAIL_INTAKE_STEPS", 150), number("MAIL_INTAKE_SEED", 1));
    println!("MAIL_INTAKE_SEED={seed} MAIL_INTAKE_STEPS={steps}");
    let service = service!(world);
    let root = world.token(Role::Admin, vec![Scope::All]).await;
    let [client, _] = two_clients(&service, &root).await;
    let channel = world.mailbox(&client).await;
    let intake = Intake { world, channel, root };
    let mails: Vec<Vec<u8>> = corpus::mails().iter().map(|path| std::fs::read(path).unwrap()).collect();
    let (mut known, mut slowest) = (Vec::new(), Duration::ZERO);
    for step in 0..steps {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(step));
        let raw = intake.threaded(mutated(&mails, &mut random), &known, &mut random);
        let start = intake.world.app.clock().elapsed();
        let through = AssertUnwindSafe(intake.goes_through(&service, &raw)).catch_unwind();
        match tokio::time::timeout(PATIENCE, through).await {
            Ok(Ok(conversation)) => known.extend(conversation),
            failed => {
                let path = std::env::temp_dir().join(format!("centralita-intake-{seed}-{step}.eml"));
                std::fs::write(&path, &raw).unwrap();
                let why = if failed.is_err() { "took too long" } else { "failed" };
                panic!("seed {seed}, step {step} {why}: the mail is in {}", path.display());
            }
        }
        slowest = slowest.max(intake.world.app.clock().elapsed().saturating_sub(start));
    }
    // Not all of them lie aside: what this is about was done.
    assert!(known.len() as u64 > steps / 4, "only {} of {steps} became messages", known.len());
    println!("{} of {steps} became messages; the slowest took {slowest:?}", known.len());
}

on_both! {
    whatever_comes_in_is_one_message_or_lies_aside_once_and_runs_nothing;
}
