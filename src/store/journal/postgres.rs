//! A group on PostgreSQL: the rows of a table travel as one JSON array, so a group is a handful of statements and round trips
//! however many rows it has.

use sqlx::PgConnection;

use super::{
    STREAM,
    clash::{Clash, Taken},
    encode::{self, Rows},
    lease::Lease,
};
use crate::{
    args,
    store::{Row, StoreError, Value, postgres_query, sql, write::Append},
};

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
    let mut args = args![lease.name, lease.token, STREAM, rows.head, head];
    args.extend(rows.hot().map(Value::Text));
    let cold = rows.cold();
    if cold.is_some() {
        execute(connection, "BEGIN", vec![]).await?;
    }
    if postgres_query(sql::POSTGRES_HOT, args).fetch_optional(&mut *connection).await?.is_none() {
        return Err(StoreError::Fenced);
    }
    if let Some(cold) = cold {
        execute(connection, sql::POSTGRES_COLD, cold.map(Value::Text).into()).await?;
        execute(connection, "COMMIT", vec![]).await?;
    }
    Ok(rows.head)
}

/// Looks at the fence and finds what is taken, outside any transaction: there is no other writer, and [`sql::POSTGRES_HOT`]
/// looks at the fence again.
async fn check(connection: &mut PgConnection, lease: &Lease, head: u64, group: &[Append]) -> Result<Taken, StoreError> {
    let (hashes, scopes) = encode::keys(group);
    let args = args![lease.name, lease.token, STREAM, hashes, scopes];
    let mut fence = None;
    let mut taken = Taken::default();
    for row in postgres_query(sql::POSTGRES_CHECK, args).fetch_all(connection).await? {
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
