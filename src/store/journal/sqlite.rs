//! A group on SQLite, row by row with prepared statements on the journal's own thread. Nothing is encoded twice and nobody is
//! woken between the statements; through sqlx, whose worker is another thread, a group cost twice as much.

use std::path::Path;

use rusqlite::{
    CachedStatement, Connection, ErrorCode, Statement, ToSql, params,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    STREAM,
    checkpoint::Checkpointer,
    clash::{Clash, Taken},
    encode::{self, ConversationRow, Rows},
    lease::Lease,
    room::Room,
};
use crate::{
    clock::Timestamp,
    store::{Row, SQLITE_BUSY_TIMEOUT, StoreError, Value, WRITER_CACHE_KIB, sql, write::Append},
};

/// Statements that stay prepared: those of a group and those that configuration writes.
const PREPARED: usize = 256;

pub(super) struct Sqlite {
    connection: Connection,
    checkpointer: Checkpointer,
    room: Room,
}

impl Sqlite {
    /// Opens a database that the migrations have already seen.
    pub(super) fn open(file: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(SQLITE_BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        let checkpointer = Checkpointer::start(&connection, file)?;
        Ok(Self { connection, checkpointer, room: Room::of(file) })
    }

    pub(super) fn rows(&self, sql: &'static str, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let columns = statement.column_count();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| Ok(plain(row.get_ref(column)?))).collect::<Result<_, rusqlite::Error>>()?;
            found.push(Row::Plain(values));
        }
        Ok(found)
    }

    pub(super) fn execute(&self, sql: &'static str, args: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        Ok(statement.raw_execute()? as u64)
    }

    /// See [`super::connection::Connection::commit_group`].
    pub(super) fn commit_group(
        &mut self,
        lease: &Lease,
        head: u64,
        group: &mut Vec<Append>,
        repeated: &mut Vec<Append>,
    ) -> Result<u64, StoreError> {
        self.checkpointer.finish_if_due(&self.connection);
        self.execute("BEGIN IMMEDIATE", &[])?;
        self.check_fence(lease, head)?;
        while self.taken(group)?.sort_out(group, repeated) == Clash::Rehashed {}
        if group.is_empty() {
            self.execute("ROLLBACK", &[])?;
            return Ok(head);
        }
        let rows = Rows::of(group, head + 1);
        self.write(&rows)?;
        self.execute("COMMIT", &[])?;
        self.checkpointer.wrote(group.len());
        self.room.grow();
        Ok(rows.head)
    }

    fn check_fence(&self, lease: &Lease, head: u64) -> Result<(), StoreError> {
        let mut fence = self.connection.prepare_cached(sql::SQLITE_FENCE)?;
        let mut rows = fence.query(params![lease.name, lease.token, STREAM])?;
        match rows.next()? {
            Some(row) if row.get::<_, u64>(0)? == head => Ok(()),
            _ => Err(StoreError::Fenced),
        }
    }

    fn taken(&self, group: &[Append]) -> Result<Taken, StoreError> {
        let mut taken = Taken::default();
        let mut claimed = self.connection.prepare_cached(sql::SQLITE_CLAIMED)?;
        for claim in group.iter().flat_map(|append| &append.claims) {
            let mut rows = claimed.query([claim.hash])?;
            while let Some(row) = rows.next()? {
                taken.claims.push((claim.hash, row.get(0)?, row.get(1)?));
            }
        }
        let mut answered = self.connection.prepare_cached(sql::SQLITE_ANSWERED)?;
        for answer in group.iter().flat_map(|append| &append.recorded) {
            if answered.exists([&answer.scope])? {
                taken.answers.insert(answer.scope.clone());
            }
        }
        Ok(taken)
    }

    fn write(&self, rows: &Rows) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql::SQLITE_ADVANCE)?.execute(params![STREAM, rows.head])?;
        self.each(sql::SQLITE_INBOX, &rows.inbox, |insert, row| insert.execute(params![row.h, id(row.c), row.p, row.t]))?;
        self.each(sql::SQLITE_LOG, &rows.log, |insert, row| {
            let (kind, data) = row.e.parts();
            let conversation = row.i.map(id);
            insert.execute(params![STREAM, row.p, row.t, row.w.to_string(), row.c, conversation, row.q, kind, data])
        })?;
        self.each(sql::SQLITE_MESSAGE, &rows.messages, |insert, row| {
            let author = encode::author_word(row.w);
            let attachments = (!row.a.is_empty()).then(|| encode::json(&row.a));
            let delivery = row.d.map(|state| state.as_str());
            let (mail, mail_id) = (row.m.map(encode::json), row.m.and_then(|mail| mail.message_id.as_deref()));
            insert.execute(params![id(row.c), row.q, id(row.i), author, row.x, attachments, row.t, delivery, mail, mail_id])
        })?;
        self.each(sql::SQLITE_CONVERSATION, &rows.conversations, |write, row| {
            let ConversationRow { s, p, a, o, n, d, j } = row;
            let (agent, offered_to) = (a.map(id), o.map(id));
            let fixed = [id(s.id), id(s.client), id(s.channel), id(s.campaign), id(s.contact)];
            let [own, client, channel, campaign, contact] = &fixed;
            let (consulted, finishing) = (s.consulted().map(id), s.sender().map(|sender| id(sender.agent)));
            let state = encode::json(s);
            write.execute(params![
                own,
                client,
                channel,
                campaign,
                contact,
                p,
                agent,
                offered_to,
                n,
                s.seq,
                s.arrived_at,
                d,
                state,
                consulted,
                finishing,
                j
            ])
        })?;
        self.each(sql::SQLITE_STATE, &rows.touched, |update, row| {
            update.execute(params![id(row.s.id), row.s.seq, encode::json(row.s)])
        })?;
        self.write_others(rows)
    }

    /// What only some groups bring.
    fn write_others(&self, rows: &Rows) -> Result<(), StoreError> {
        self.each(sql::SQLITE_ANSWER, &rows.recorded, |insert, row| insert.execute(params![row.s, row.h, row.c, row.b, row.t]))?;
        self.each(sql::SQLITE_DELIVERY, &rows.deliveries, |update, row| {
            update.execute(params![id(row.c), row.q, row.d.as_str(), row.r])
        })?;
        self.each(sql::SQLITE_OUTBOX_IN, &rows.outbox_in, |insert, row| {
            insert.execute(params![id(row.i), id(row.c), id(row.v), row.q, row.t])
        })?;
        self.each(sql::SQLITE_OUTBOX_SET, &rows.outbox_set, |update, row| {
            update.execute(params![id(row.i), row.s, row.n, row.t])
        })?;
        self.each(sql::SQLITE_OUTBOX_OUT, &rows.outbox_out, |delete, message| delete.execute([id(*message)]))?;
        self.each(sql::SQLITE_CONTACT, &rows.contacts, |insert, row| {
            insert.execute(params![id(row.i), id(row.c), row.n, row.t])
        })?;
        self.each(sql::SQLITE_ADDRESS, &rows.contacts, |insert, row| {
            insert.execute(params![id(row.c), row.k, row.a, id(row.i), row.t])
        })?;
        self.each(sql::SQLITE_NOTICED, &rows.noticed, |update, row| update.execute(params![id(row.i), row.t]))?;
        self.each(sql::SQLITE_AGENT, &rows.agents, |write, agent| write.execute(params![id(agent.id), encode::json(agent)]))?;
        self.each(sql::SQLITE_FIELD, &rows.fields, |write, row| write.execute(params![id(row.c), id(row.f), row.v]))?;
        let pasts: Vec<_> = rows.pasts.values().collect();
        self.each(sql::SQLITE_PAST, &pasts, |write, row| {
            write.execute(params![id(row.c), id(row.a), row.s.map(id), row.e, row.n, row.d])
        })
    }

    fn each<T>(
        &self,
        sql: &'static str,
        rows: &[T],
        run: impl Fn(&mut CachedStatement<'_>, &T) -> Result<usize, rusqlite::Error>,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(sql)?;
        for row in rows {
            run(&mut statement, row)?;
        }
        Ok(())
    }
}

fn id(id: impl std::fmt::Display) -> String {
    id.to_string()
}

/// Statements for both databases name their parameters `$1`, `$2`…, which SQLite numbers in the order of their first use.
fn bind(statement: &mut Statement<'_>, args: &[Value]) -> Result<(), StoreError> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.get(1..)?.parse::<usize>().ok()).unwrap_or(index);
        let value = args.get(number - 1).ok_or_else(|| StoreError::Damaged(format!("parameter {number} is missing")))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

fn plain(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::NoText,
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::NoText | Self::NoInt => ValueRef::Null,
        }))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.micros().into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(inner, _) if inner.code == ErrorCode::ConstraintViolation => {
                Self::Conflict(error.to_string())
            }
            rusqlite::Error::SqliteFailure(..) => Self::Unavailable(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}
