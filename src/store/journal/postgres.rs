//! A group on PostgreSQL: the rows of a table travel together, so a group is a handful of statements and round trips however many rows it
//! has. What every message brings is an array for each column, the rest a JSON array for each table.

use sqlx::PgConnection;

use super::{
    STREAM,
    clash::{Clash, Taken},
    encode::{self, Rows},
    lease::Lease,
};
use crate::store::{Row, StoreError, Value, postgres_query, sql, write::Append};

/// See [`super::connection::Connection::commit_group`].
pub(super) async fn commit_group(
    connection: &mut PgConnection,
    lease: &Lease,
    head: u64,
    group: &mut Vec<Append>,
    repeated: &mut Vec<Append>,
) -> Result<u64, StoreError> {
    while check(connection, lease, head, group).await?.sort_out(group, repeated) == Clash::Rehashed {}
    if group.is_empty() {
        return Ok(head);
    }
    let rows = Rows::of(group, head + 1);
    let cold = rows.cold();
    if cold.is_some() {
        execute(connection, "BEGIN", vec![]).await?;
    }
    if !hot(connection, lease, head, &rows).await? {
        return Err(StoreError::Fenced);
    }
    if let Some(cold) = cold {
        execute(connection, sql::POSTGRES_COLD, cold.map(Value::Text).into()).await?;
        execute(connection, "COMMIT", vec![]).await?;
    }
    Ok(rows.head)
}

/// Stores what every message brings, unless the fence does not hold.
async fn hot(connection: &mut PgConnection, lease: &Lease, head: u64, rows: &Rows<'_>) -> Result<bool, StoreError> {
    let Rows { inbox, log, messages, conversations, touched, .. } = rows;
    let parts: Vec<(String, String)> = log.iter().map(|row| row.e.parts()).collect();
    let query = sqlx::query(sql::POSTGRES_HOT)
        .bind(lease.name)
        .bind(lease.token)
        .bind(STREAM)
        .bind(int(rows.head))
        .bind(int(head))
        // inbox
        .bind(column(inbox, |row| row.h))
        .bind(column(inbox, |row| row.c.to_string()))
        .bind(column(inbox, |row| row.p))
        .bind(column(inbox, |row| row.t.micros()))
        // log
        .bind(column(log, |row| int(row.p)))
        .bind(column(log, |row| row.t.micros()))
        .bind(column(log, |row| row.w.to_string()))
        .bind(column(log, |row| row.c))
        .bind(column(log, |row| row.i.map(|id| id.to_string())))
        .bind(column(log, |row| row.q.map(int)))
        .bind(column(&parts, |(kind, _)| kind.as_str()))
        .bind(column(&parts, |(_, data)| data.as_str()))
        // messages
        .bind(column(messages, |row| row.c.to_string()))
        .bind(column(messages, |row| int(row.q)))
        .bind(column(messages, |row| row.i.to_string()))
        .bind(column(messages, |row| encode::author_word(row.w)))
        .bind(column(messages, |row| row.x))
        .bind(column(messages, |row| (!row.a.is_empty()).then(|| encode::json(row.a))))
        .bind(column(messages, |row| row.t.micros()))
        .bind(column(messages, |row| row.d.map(|state| state.as_str())))
        .bind(column(messages, |row| row.m.map(encode::json)))
        .bind(column(messages, |row| row.m.and_then(|mail| mail.message_id.as_deref())))
        .bind(encode::json(conversations))
        // conversations of which only the state is new
        .bind(column(touched, |row| row.s.id.to_string()))
        .bind(column(touched, |row| int(row.s.seq)))
        .bind(column(touched, |row| encode::json(row.s)));
    Ok(query.fetch_optional(connection).await?.is_some())
}

fn column<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// Positions and counts begin at 1 and never come near the end of BIGINT.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Looks at the fence and finds what is taken, outside any transaction: there is no other writer, and [`sql::POSTGRES_HOT`]
/// looks at the fence again.
async fn check(connection: &mut PgConnection, lease: &Lease, head: u64, group: &[Append]) -> Result<Taken, StoreError> {
    let (hashes, scopes) = encode::keys(group);
    let query = sqlx::query(sql::POSTGRES_CHECK).bind(lease.name).bind(lease.token).bind(STREAM).bind(hashes).bind(scopes);
    let mut fence = None;
    let mut taken = Taken::default();
    for row in query.fetch_all(connection).await? {
        let row = Row::Postgres(row);
        match row.int(0)? {
            0 => fence = Some(u64::try_from(row.int(1)?).unwrap_or(0)),
            1 => taken.claims.push((row.int(1)?, row.text(2)?.to_owned(), row.text(3)?.to_owned())),
            _ => {
                taken.answers.insert(row.text(2)?.to_owned());
            }
        }
    }
    if fence == Some(head) { Ok(taken) } else { Err(StoreError::Fenced) }
}

async fn execute(connection: &mut PgConnection, sql: &'static str, args: Vec<Value>) -> Result<(), StoreError> {
    postgres_query(sql, args).execute(connection).await?;
    Ok(())
}
