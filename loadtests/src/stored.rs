//! Reading what the server stored, through the product's own store: for verdicts, never to help the server.

use std::{collections::BTreeMap, path::Path};

use centralita::{
    args,
    domain::{agent::Agent, conversation::Conversation, delivery::Delivery},
    store::{Db, Location, Row, journal::STREAM, log},
};

use crate::{
    Outcome,
    audit::{self, Fold, MessageRow, Tables},
    message::Mark,
    report::{Findings, Table, Verdict},
    server::{Recipe, Usage},
};

/// Rows read at once.
const PAGE: i64 = 5_000;
/// Entries of the log read at once.
const ENTRIES: u64 = 5_000;

const MESSAGES: &str = "SELECT m.conversation_id, m.seq, m.id, m.author, m.text, m.delivery, c.channel_id FROM messages m \
     JOIN conversations c ON c.id = m.conversation_id WHERE (m.conversation_id, m.seq) > ($1, $2) \
     ORDER BY m.conversation_id, m.seq LIMIT $3";
const CONVERSATIONS: &str = "SELECT c.id, c.seq, c.phase, c.is_open, c.state, m.seq, m.at \
     FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id \
     AND m.seq = (SELECT max(n.seq) FROM messages n WHERE n.conversation_id = c.id AND n.seq > c.seq) \
     WHERE c.id > $1 ORDER BY c.id LIMIT $2";
const AGENTS: &str = "SELECT agent_id, state FROM agent_states";
const TAKEN_TWICE: &str =
    "SELECT channel_id, provider_id, COUNT(*) FROM inbox GROUP BY channel_id, provider_id HAVING COUNT(*) > 1 LIMIT 100";
const UNFINISHED: &str = "SELECT provider_id, state FROM inbox WHERE state <> 1 LIMIT 100";
const TAKEN: &str = "SELECT COUNT(*) FROM inbox WHERE channel_id = $1";
const OUTBOX: &str = "SELECT message_id FROM outbox";
const WAL: &str = "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint";

/// Opens the server's database for reading.
pub(crate) async fn open(recipe: &Recipe) -> Outcome<Db> {
    let location = match recipe.database.as_str() {
        "sqlite" => Location::file(&recipe.data.join("centralita.sqlite")),
        url => Location::postgres(url)?,
    };
    Ok(location.open().await?)
}

/// Whether what an embedded database holds agrees with its own log.
pub(crate) fn check(data: &Path) -> Outcome<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let db = Location::file(&data.join("centralita.sqlite")).open().await?;
        let mut findings = Findings::default();
        let stored = audit(&db, "", Fold::default(), &mut findings).await?.map_err(|_| "somebody writes to it")?;
        db.close().await;
        let mut table = Table::default();
        table.row("entries of the log", stored.fold.pos()).row("conversations", stored.tables.conversations.len());
        table.row("messages", stored.tables.messages.len()).row("agents", stored.tables.agents.len());
        table.print("audit");
        findings.print();
        Ok(findings.verdict())
    })
}

/// How often each of the driver's messages is stored in conversations of a channel.
pub(crate) async fn marks(recipe: &Recipe, channel: &str) -> Outcome<BTreeMap<Mark, u64>> {
    let db = open(recipe).await?;
    let mut marks = BTreeMap::new();
    each_message(&db, |row| {
        if row.text(6)? == channel
            && let Some(mark) = Mark::of(row.text(4)?)
        {
            *marks.entry(mark).or_default() += 1;
        }
        Ok(())
    })
    .await?;
    db.close().await;
    Ok(marks)
}

async fn each_message(db: &Db, mut each: impl FnMut(&Row) -> Outcome<()>) -> Outcome<()> {
    let mut after = (String::new(), 0);
    loop {
        let rows = db.rows(MESSAGES, args![after.0.as_str(), after.1, PAGE]).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.text(0)?.to_owned(), last.int(1)?);
        rows.iter().try_for_each(&mut each)?;
    }
}

/// What the storage has taken.
pub(crate) enum Storage {
    /// SQLite: what the server's process caused to be written, log and checkpoints.
    Process(Usage),
    /// PostgreSQL: its write-ahead log.
    Wal(String),
}

impl Storage {
    /// Of this server.
    pub(crate) fn of(recipe: &Recipe, usage: Usage) -> Self {
        if recipe.database == "sqlite" { Self::Process(usage) } else { Self::Wal(recipe.database.clone()) }
    }

    /// Bytes so far.
    pub(crate) async fn written_bytes(&self) -> Outcome<u64> {
        match self {
            Self::Process(usage) => Ok(usage.written_bytes()),
            Self::Wal(url) => {
                let db = Location::postgres(url)?.open().await?;
                let bytes = db.row(WAL, args![]).await?.ok_or("no position in the write-ahead log")?.int(0)?;
                db.close().await;
                Ok(u64::try_from(bytes)?)
            }
        }
    }
}

/// Everything of the database that an audit compares, read while nothing changed.
pub(crate) struct Stored {
    /// The log, folded.
    pub(crate) fold: Fold,
    /// How often each of the driver's messages is stored.
    pub(crate) marks: BTreeMap<Mark, u64>,
    /// Messages with the driver's mark, by conversation and `seq`.
    pub(crate) tables: Tables,
}

/// Reads everything, carrying on from an earlier fold of the log, and reports what contradicts itself. None when the log
/// moved meanwhile: try again, from the fold that comes back.
pub(crate) async fn audit(db: &Db, channel: &str, mut fold: Fold, findings: &mut Findings) -> Outcome<Result<Stored, Fold>> {
    loop {
        let entries = log::after(db, STREAM, fold.pos(), ENTRIES).await?;
        if entries.is_empty() {
            break;
        }
        entries.iter().for_each(|entry| fold.feed(entry, findings));
    }
    let head = log::head(db, STREAM).await?;
    if head != fold.pos() {
        if head < fold.pos() {
            findings.add(format!("the log ended at {} and now at {head}", fold.pos()));
        }
        return Ok(Err(fold));
    }
    let (mut tables, mut marks) = (Tables::default(), BTreeMap::new());
    read_messages(db, channel, &mut tables, &mut marks).await?;
    read_conversations(db, &mut tables).await?;
    for row in db.rows(AGENTS, args![]).await? {
        tables.agents.insert(row.parse(0)?, row.json::<Agent>(1)?);
    }
    for row in db.rows(OUTBOX, args![]).await? {
        tables.outbox.insert(row.parse(0)?);
    }
    tables.taken = u64::try_from(db.row(TAKEN, args![channel]).await?.ok_or("no count")?.int(0)?)?;
    let mut own = Findings::default();
    for row in db.rows(TAKEN_TWICE, args![]).await? {
        own.add(format!("message {} of channel {} was taken in {} times", row.text(1)?, row.text(0)?, row.int(2)?));
    }
    for row in db.rows(UNFINISHED, args![]).await? {
        own.add(format!("message {} was taken in and left in state {}", row.text(0)?, row.int(1)?));
    }
    audit::compare(&fold, &tables, &mut own);
    if log::head(db, STREAM).await? != head {
        return Ok(Err(fold));
    }
    findings.extend(own);
    Ok(Ok(Stored { fold, marks, tables }))
}

async fn read_messages(db: &Db, channel: &str, tables: &mut Tables, marks: &mut BTreeMap<Mark, u64>) -> Outcome<()> {
    each_message(db, |row| {
        let ours = row.text(6)? == channel;
        let mark = Mark::of(row.text(4)?).filter(|_| ours);
        if let Some(mark) = mark {
            *marks.entry(mark).or_default() += 1;
        }
        let by_contact = row.text(3)? == "contact";
        tables.received += u64::from(ours && by_contact);
        let delivery =
            row.opt_text(5)?.map(|word| Delivery::parse(word).ok_or_else(|| format!("delivery {word:?}"))).transpose()?;
        let message = MessageRow { id: row.parse(2)?, by_contact, delivery, mark };
        tables.messages.insert((row.parse(0)?, u64::try_from(row.int(1)?)?), message);
        Ok(())
    })
    .await
}

async fn read_conversations(db: &Db, tables: &mut Tables) -> Outcome<()> {
    let mut after = String::new();
    loop {
        let rows = db.rows(CONVERSATIONS, args![after.as_str(), PAGE]).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        last.text(0)?.clone_into(&mut after);
        for row in &rows {
            let mut state: Conversation = row.json(4)?;
            let agrees = state.phase.as_str() == row.text(2)?
                && state.seq == u64::try_from(row.int(1)?)?
                && state.phase.is_ended() == (row.int(3)? == 0);
            tables.torn_rows += u64::from(!agrees);
            if let (Some(seq), Some(at)) = (row.opt_int(5)?, row.opt_time(6)?) {
                state.also_received(u64::try_from(seq)?, at);
            }
            tables.conversations.insert(row.parse(0)?, state);
        }
    }
}
