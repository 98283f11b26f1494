//! PostgreSQL out and in.

use futures_util::TryStreamExt;
use sqlx::{
    Executor, PgConnection, Postgres, Row as _, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Occupied, Table};
use crate::store::{ACQUIRE_TIMEOUT, POSTGRES, Row, StoreError, Value, postgres_query};

pub(super) const COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text \
     FROM information_schema.columns c JOIN information_schema.tables t \
     ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' \
     WHERE c.table_schema = current_schema()";
pub(in crate::store) const TABLE_COUNT: &str = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() \
     AND table_name IN ('_sqlx_migrations', 'log', 'leases')";
pub(super) const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

const HOLD: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Foreign keys are looked at when everything is there.
const KEYS_OFF: &str = "DO $$ DECLARE k record; BEGIN \
     CREATE TEMP TABLE keys_off ON COMMIT DROP AS \
       SELECT conrelid::regclass::text AS of_table, conname::text AS name, pg_get_constraintdef(oid) AS definition \
       FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace; \
     FOR k IN SELECT * FROM keys_off LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.of_table, k.name); END LOOP; END $$";
const KEYS_ON: &str = "DO $$ DECLARE k record; BEGIN FOR k IN SELECT * FROM keys_off LOOP \
     EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.of_table, k.name, k.definition); END LOOP; END $$";
/// The setting tells the block the name.
const SET_ASIDE: &str = "DO $$ DECLARE s text := current_schema(); BEGIN \
     EXECUTE format('ALTER SCHEMA %I RENAME TO %I', s, current_setting('centralita.replaced')); \
     EXECUTE format('CREATE SCHEMA %I', s); END $$";
pub(super) const NAME_REPLACED: &str = "SELECT set_config('centralita.replaced', $1, true)";

pub(super) async fn hold(connection: &mut PgConnection) -> Result<(), StoreError> {
    connection.execute(HOLD).await?;
    Ok(())
}

pub(in crate::store) async fn rows(
    connection: &mut PgConnection,
    sql: &'static str,
    args: Vec<Value>,
) -> Result<Vec<Vec<Value>>, StoreError> {
    let rows = postgres_query(sql, args).fetch_all(connection).await?;
    let plain = |row: sqlx::postgres::PgRow| {
        let columns = row.len();
        let row = Row::Postgres(row);
        let value = |index| match row.opt_int(index) {
            Ok(number) => Ok(number.map_or(Value::NoInt, Value::Int)),
            Err(_) => Ok(row.opt_text(index)?.map_or(Value::NoText, Value::from)),
        };
        (0..columns).map(value).collect()
    };
    rows.into_iter().map(plain).collect()
}

pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, StoreError> {
    let row = |row: Vec<Value>| {
        let word = |index: usize| super::text(row.get(index)).map(str::to_owned);
        Ok((word(0)?, word(1)?, word(2)?))
    };
    super::tables(rows(connection, COLUMNS, vec![]).await?.into_iter().map(row).collect::<Result<Vec<_>, StoreError>>()?)
}

pub(super) async fn copy(
    connection: &mut PgConnection,
    table: &Table,
    at_once: usize,
    mut each: impl FnMut(Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!("COPY \"{}\" ({}) TO STDOUT (FORMAT text, ENCODING 'UTF8')", table.name, table.quoted());
    let mut lines = Vec::with_capacity(at_once);
    let mut pieces = connection.copy_out_raw(&sql).await?;
    while let Some(piece) = pieces.try_next().await? {
        lines.extend_from_slice(&piece);
        // A raw line feed ends a row: within one it is written otherwise.
        if lines.len() >= at_once
            && let Some(end) = lines.iter().rposition(|byte| *byte == b'\n')
        {
            let rest = lines.split_off(end + 1);
            each(std::mem::replace(&mut lines, rest))?;
        }
    }
    if lines.is_empty() { Ok(()) } else { each(lines) }
}

pub(super) async fn occupied(connection: &mut PgConnection) -> Result<Occupied, StoreError> {
    if super::one(rows(connection, TABLE_COUNT, vec![]).await?)? == 0 {
        return Ok(Occupied::No);
    }
    let now = super::one(rows(connection, NOW, vec![]).await?)?;
    // A database of somebody else has no leases, or others.
    let served = rows(connection, super::LEASED, vec![Value::Int(now)]).await.is_ok_and(|rows| !rows.is_empty());
    Ok(if served { Occupied::Served } else { Occupied::Yes })
}

/// Begins the transaction in which everything happens; the migrations' own become savepoints of it.
pub(super) async fn prepare(
    options: PgConnectOptions,
    schema: i64,
    replaced: Option<&str>,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
    let mut transaction = pool.begin().await?;
    if let Some(name) = replaced {
        postgres_query(NAME_REPLACED, vec![name.into()]).execute(&mut *transaction).await?;
        transaction.execute(SET_ASIDE).await?;
    }
    migrate(&mut transaction, Some(schema)).await?;
    transaction.execute(KEYS_OFF).await?;
    Ok(transaction)
}

async fn migrate(connection: &mut PgConnection, to: Option<i64>) -> Result<(), StoreError> {
    let migrated = match to {
        Some(version) => POSTGRES.run_to(version, &mut *connection).await,
        None => POSTGRES.run(&mut *connection).await,
    };
    migrated.map_err(|error| StoreError::Unavailable(format!("migration: {error}")))
}

pub(super) async fn load(connection: &mut PgConnection, table: &Table, rows: &[u8]) -> Result<u64, StoreError> {
    let sql = format!("COPY \"{}\" ({}) FROM STDIN (FORMAT text, ENCODING 'UTF8')", table.name, table.quoted());
    let failed = |error: sqlx::Error| match error {
        // What is wrong is in the row: the connection itself is well.
        sqlx::Error::Database(error) => StoreError::Damaged(format!("a row of {}: {}", table.name, error.message())),
        other => other.into(),
    };
    let mut copy = connection.copy_in_raw(&sql).await.map_err(failed)?;
    copy.send(rows).await.map_err(failed)?;
    copy.finish().await.map_err(failed)
}

/// Looks at the keys, migrates, commits.
pub(super) async fn finish(mut transaction: Transaction<'static, Postgres>) -> Result<(), StoreError> {
    transaction.execute(KEYS_ON).await?;
    migrate(&mut transaction, None).await?;
    Ok(transaction.commit().await?)
}
