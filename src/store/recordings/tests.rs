use super::{
    follow::{Step, Stretch, step},
    write::Change,
    *,
};
use crate::{
    domain::{
        channel::ChannelKind,
        conversation::{Conversation, Event},
        log::{By, Entity},
        search::Part,
    },
    ids::{CampaignId, ChannelId, ClientId, ContactId},
    store::{
        journal::Journal,
        testing::{Scratch, on_both},
        write::Statement,
    },
};

const DAY: i64 = 86_400_000_000;

fn id(number: u128) -> ConversationId {
    ConversationId::from_u128(number)
}

fn standing(pos: u64) -> Standing {
    Standing { epoch: "e".to_owned(), pos, made_to: None }
}

/// With one message of these words, on that day.
fn entry(number: u128, words: &str) -> Change {
    let mut document = Document::default();
    document.key(kinds::CAMPAIGN, &CampaignId::from_u128(number % 2).to_string());
    document.text(Part::Subject, &format!("Pedido {number}"));
    document.address(&format!("+54 9 11 5555-00{number:02}"));
    document.text(Part::Said, words);
    let arrived_at = Timestamp::from_micros(i64::try_from(number).unwrap() * DAY);
    Change::Put(Box::new(Entry { conversation: id(number), arrived_at, agents: vec![], messages: 1, document }))
}

async fn index(scratch: &Scratch) -> Recordings {
    let index = Recordings::new(&scratch.location, &scratch.open().await);
    index.create(&standing(0)).await.unwrap();
    index
}

async fn found(index: &Recordings, wanted: Wanted) -> Vec<u128> {
    let found = index.find(&wanted, 100).await.unwrap();
    found.into_iter().map(|candidate| crate::ids::Id::uuid(candidate.conversation).as_u128()).collect()
}

fn said(typed: &str) -> Wanted {
    let mut search = Search::default();
    if !search.text(Part::Said, typed) {
        search.clauses.push(vec![]);
    }
    Wanted { search, ..Wanted::default() }
}

#[test]
fn both_databases_find_the_same() {
    on_both(|scratch: Scratch| async move {
        let index = index(&scratch).await;
        let texts = ["la factura no llegó", "llegó la Factura", "otra cosa", "no llego nunca la facturación"];
        let changes = (1..).zip(texts).map(|(number, text)| entry(number, text)).collect();
        assert!(index.add(&standing(0), &standing(1), changes).await.unwrap());
        assert_eq!(found(&index, Wanted::default()).await, [4, 3, 2, 1]);
        assert_eq!(found(&index, said("factura")).await, [4, 2, 1]);
        assert_eq!(found(&index, said("FACTURA llegó")).await, [2, 1]);
        assert_eq!(found(&index, said("factura no")).await, [1]);
        assert_eq!(found(&index, said("\"no llegó\"")).await, [4, 1]);
        assert_eq!(found(&index, said("pedido")).await, [], "the subject is not said");
        let mut wanted = said("llego");
        wanted.search.keys([(kinds::CAMPAIGN, CampaignId::from_u128(1).to_string())]);
        assert_eq!(found(&index, wanted.clone()).await, [1]);
        wanted.search.keys([]);
        assert_eq!(found(&index, wanted).await, [], "one of nothing");
        let mut customer = Wanted::default();
        assert!(customer.search.customer("5555 0003"));
        assert_eq!(found(&index, customer).await, [3]);
        let mut subject = Wanted::default();
        assert!(subject.search.text(Part::Subject, "pedido 4"));
        assert_eq!(found(&index, subject).await, [4]);
        let at = |day: i64| Some(Timestamp::from_micros(day * DAY));
        let days = Wanted { since: at(2), until: at(4), ..Wanted::default() };
        assert_eq!(found(&index, days.clone()).await, [3, 2]);
        assert_eq!(found(&index, Wanted { before: Some(id(3)), ..days }).await, [2]);
        assert_eq!(found(&index, Wanted { before: Some(id(99)), ..said("factura") }).await, [4, 2, 1]);
        assert_eq!(found(&index, Wanted { before: Some(id(0)), ..said("factura") }).await, []);
        // Changed, it keeps its place; dropped, it is gone.
        let changes = vec![entry(2, "ninguna"), Change::Drop(id(4))];
        assert!(index.add(&standing(1), &standing(2), changes).await.unwrap());
        assert_eq!(found(&index, Wanted::default()).await, [3, 2, 1]);
        assert_eq!(found(&index, said("factura")).await, [1]);
        assert_eq!(found(&index, said("ninguna")).await, [2]);
    });
}

#[test]
fn nothing_that_is_typed_is_syntax() {
    on_both(|scratch: Scratch| async move {
        let index = index(&scratch).await;
        let typed = [
            "' OR 1=1--",
            "\" OR \"a\"",
            "text:*",
            "a* OR b",
            "NEAR(a b)",
            "NOT a",
            "AND",
            "OR",
            "-a",
            "^a",
            "{text} : a",
            "a:*",
            "!a",
            "a <-> b",
            "(((",
            ")))",
            "a & | b",
            "\\'",
            "'; DROP TABLE recordings; --",
            "\u{0}",
            "\u{e000}",
            "\u{e003}c0",
            "%",
            "_",
            "é\u{301}\u{301}",
        ];
        let changes = (1..).zip(typed).map(|(number, text)| entry(number, text)).collect();
        assert!(index.add(&standing(0), &standing(1), changes).await.unwrap());
        for text in typed {
            let found = found(&index, said(text)).await;
            let words = crate::domain::search::words(text).count();
            assert_eq!(found.is_empty(), words == 0, "{text:?} finds {found:?}");
        }
        let all = found(&index, Wanted::default()).await;
        assert_eq!(all.len(), typed.len());
        let long = "palabra ".repeat(200_000);
        assert!(index.add(&standing(1), &standing(2), vec![entry(90, &long)]).await.unwrap());
        assert_eq!(found(&index, said("palabra")).await, [90]);
        let different: String = (0..100_000).map(|number| format!("palabra{number} ")).collect();
        assert!(index.add(&standing(2), &standing(3), vec![entry(91, &different)]).await.unwrap());
        assert_eq!(found(&index, said("palabra17")).await, [91]);
    });
}

#[test]
fn a_batch_counts_once() {
    on_both(|scratch: Scratch| async move {
        let index = index(&scratch).await;
        assert!(index.add(&standing(0), &standing(5), vec![entry(1, "uno")]).await.unwrap());
        // Another follower, or this one that did not hear the answer.
        assert!(!index.add(&standing(0), &standing(5), vec![entry(2, "dos")]).await.unwrap());
        assert_eq!(index.standing().await.unwrap(), Some(standing(5)));
        assert_eq!(found(&index, Wanted::default()).await, [1]);
        let other = Standing { epoch: "other".to_owned(), ..standing(5) };
        assert!(!index.add(&other, &standing(6), vec![entry(2, "dos")]).await.unwrap());
    });
}

async fn write(journal: &Journal, sql: &'static str, args: Vec<Value>, fact: Option<(Entity, String)>) {
    journal.write(vec![Statement::new(sql, args)], fact, By::System, None).await.unwrap();
}

async fn begin(journal: &Journal, number: u128, words: &str) {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let event = Event::Started {
        client: ClientId::NIL,
        channel: ChannelId::NIL,
        kind: ChannelKind::Api,
        campaign: CampaignId::NIL,
        contact: ContactId::from_u128(7),
        noticed_at: None,
        preferred: None,
        initiative: None,
    };
    let state = Conversation::started(id(number), &event, at).unwrap();
    let state = serde_json::to_string(&state).unwrap();
    const CONVERSATION: &str = "INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, is_open, seq, \
         arrived_at, state, subject) VALUES ($1, 'c', 'h', 'k', $2, 'closed', 0, 1, 0, $3, $4)";
    const MESSAGE: &str =
        "INSERT INTO messages (conversation_id, seq, id, author, text, at) VALUES ($1, 2, $1, 'contact', $2, 0)";
    let (own, contact) = (id(number).to_string(), ContactId::from_u128(7).to_string());
    let subject = format!("Reclamo {number}");
    write(journal, CONVERSATION, args![own.as_str(), contact, state, subject], None).await;
    write(journal, MESSAGE, args![own, words], None).await;
}

#[test]
fn it_is_made_from_the_tables_and_then_follows_the_log() {
    on_both(|scratch: Scratch| async move {
        let (journal, thread, opened) = scratch.journal(|_| {});
        let db = scratch.open().await;
        let index = Recordings::new(&scratch.location, &db);
        let mut stretch = Stretch::default();
        assert!(index.standing().await.is_err(), "there is nothing yet");
        for number in 1..=450 {
            begin(&journal, number, &format!("hola {number}")).await;
        }
        assert_eq!(step(&index, &db, &mut stretch).await.unwrap(), Step::Made);
        assert_eq!(index.behind_since(&db).await.unwrap(), Some(follow::Behind::BeingMade));
        while step(&index, &db, &mut stretch).await.unwrap() != Step::Nothing {}
        assert_eq!(index.behind_since(&db).await.unwrap(), None);
        assert_eq!(index.standing().await.unwrap().unwrap().epoch, opened.epoch);
        assert_eq!(found(&index, said("hola 44")).await, [44], "two digits begin no word");
        assert_eq!(found(&index, said("hola 444")).await, [444]);
        let mut subject = Wanted::default();
        assert!(subject.search.text(Part::Subject, "RECLAMO 17"));
        assert_eq!(found(&index, subject).await, [17]);
        let all = index.find(&Wanted::default(), 1_000).await.unwrap();
        assert_eq!(all.len(), 450);
        // Of their contact something changes: what is found by it follows.
        let contact = ContactId::from_u128(7).to_string();
        const CONTACT: &str = "INSERT INTO contacts (id, client_id, name, created_at) VALUES ($1, $2, 'Zoë Ñandú', 0)";
        let owner = ClientId::NIL.to_string();
        write(&journal, CONTACT, args![contact.as_str(), owner], Some((Entity::Contact, contact.clone()))).await;
        assert!(matches!(index.behind_since(&db).await.unwrap(), Some(follow::Behind::Since(_))));
        assert_eq!(step(&index, &db, &mut stretch).await.unwrap(), Step::Followed);
        // Whatever the process had left when it ended is begun again.
        let mut stretch = Stretch::default();
        for _ in 0..450 / follow::AT_ONCE {
            assert_eq!(step(&index, &db, &mut stretch).await.unwrap(), Step::Followed);
        }
        assert_eq!(step(&index, &db, &mut stretch).await.unwrap(), Step::CaughtUp { entries: 1 });
        assert_eq!(step(&index, &db, &mut stretch).await.unwrap(), Step::Nothing);
        let mut customer = Wanted::default();
        assert!(customer.search.customer("nandu"));
        assert_eq!(index.find(&customer, 1_000).await.unwrap().len(), 450);
        // A restored database has another epoch: what is known of the one before means nothing.
        write(&journal, "DELETE FROM conversations WHERE id <> $1", args![id(5).to_string()], None).await;
        write(&journal, "UPDATE streams SET epoch = 'restored'", vec![], None).await;
        while step(&index, &db, &mut stretch).await.unwrap() != Step::Nothing {}
        assert_eq!(found(&index, Wanted::default()).await, [5]);
        index.close().await;
        thread.join();
    });
}

#[test]
fn every_statement_of_the_index_can_be_prepared() {
    use sqlx::{Executor, SqlSafeStr};
    on_both(|scratch: Scratch| async move {
        let index = index(&scratch).await;
        let common = [STANDING, NUMBER_OF, LAST_BEFORE, FIRST_AFTER, ALL, write::BEGIN, write::ADVANCE, write::DROP];
        let own: &[&str] = match &index.write {
            Db::Sqlite(_) => &[SQLITE_MATCHING, write::SQLITE_PUT, write::SQLITE_PUT_WORDS, write::SQLITE_DROP_WORDS],
            Db::Postgres(_) => &[POSTGRES_MATCHING, write::POSTGRES_PUT],
        };
        for sql in common.iter().chain(own) {
            let prepared = match &index.write {
                Db::Sqlite(pool) => (&mut *pool.acquire().await.unwrap()).prepare(sql.into_sql_str()).await.map(drop),
                Db::Postgres(pool) => (&mut *pool.acquire().await.unwrap()).prepare(sql.into_sql_str()).await.map(drop),
            };
            assert!(prepared.is_ok(), "{sql}: {prepared:?}");
        }
    });
}
