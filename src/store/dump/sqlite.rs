//! SQLite out and in.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params_from_iter, types::ValueRef};
use sqlx::ConnectOptions;

use super::{Kind, Table, text};
use crate::store::{Location, SQLITE, SQLITE_BUSY_TIMEOUT, StoreError, Value};

pub(super) const COLUMNS: &str = "SELECT l.name, c.name, c.type FROM pragma_table_list l JOIN pragma_table_info(l.name) c \
     WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite%'";
pub(super) const BROKEN_KEYS: &str = "SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1";

/// Pages of a file that is being filled: 64 MiB.
const CACHE_KIB: i64 = 65_536;

/// Opens a file and begins a read transaction. The server's commits do not wait for it; its log cannot begin anew meanwhile.
pub(in crate::store) fn open_source(file: &Path) -> Result<Connection, StoreError> {
    if !file.is_file() {
        return Err(StoreError::Unavailable(format!("there is no {}", file.display())));
    }
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(SQLITE_BUSY_TIMEOUT)?;
    connection.execute_batch("BEGIN")?;
    Ok(connection)
}

pub(in crate::store) fn rows(connection: &Connection, sql: &'static str, args: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut found = Vec::new();
    let mut rows = statement.query(params_from_iter(args.iter().map(bound)))?;
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|column| Ok(plain(row.get_ref(column)?))).collect::<Result<_, rusqlite::Error>>()?);
    }
    Ok(found)
}

pub(super) fn execute(connection: &Connection, sql: &'static str, args: &[Value]) -> Result<u64, StoreError> {
    Ok(connection.execute(sql, params_from_iter(args.iter().map(bound)))? as u64)
}

fn bound(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Value::Int(number) => rusqlite::types::Value::Integer(*number),
        Value::NoText | Value::NoInt => rusqlite::types::Value::Null,
    }
}

fn plain(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        _ => Value::NoText,
    }
}

pub(super) fn tables(connection: &Connection) -> Result<Vec<Table>, StoreError> {
    let row = |row: Vec<Value>| {
        let word = |index: usize| text(row.get(index)).map(str::to_owned);
        Ok((word(0)?, word(1)?, word(2)?))
    };
    super::tables(rows(connection, COLUMNS, &[])?.into_iter().map(row).collect::<Result<Vec<_>, StoreError>>()?)
}

pub(super) fn copy(
    connection: &Connection,
    table: &Table,
    at_once: usize,
    mut each: impl FnMut(Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM \"{}\"", table.quoted(), table.name))?;
    let mut lines = Vec::with_capacity(at_once);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (index, (column, kind)) in table.columns.iter().enumerate() {
            if index > 0 {
                lines.push(b'\t');
            }
            match (row.get_ref(index)?, kind) {
                (ValueRef::Text(text), Kind::Text) => text::write_text(&mut lines, text),
                (ValueRef::Integer(number), Kind::Int) => lines.extend(number.to_string().bytes()),
                (ValueRef::Null, _) => text::write_null(&mut lines),
                (other, _) => {
                    return Err(StoreError::Damaged(format!("{}.{column} holds {:?}", table.name, other.data_type())));
                }
            }
        }
        lines.push(b'\n');
        if lines.len() >= at_once {
            each(std::mem::replace(&mut lines, Vec::with_capacity(at_once)))?;
        }
    }
    if lines.is_empty() { Ok(()) } else { each(lines) }
}

/// A new file with an old schema. It is not made durable before [`finish`].
pub(super) async fn create(path: &Path, schema: i64) -> Result<Connection, StoreError> {
    migrate(path, Some(schema)).await?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(SQLITE_BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "journal_mode", "delete")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    Ok(connection)
}

async fn migrate(path: &Path, to: Option<i64>) -> Result<(), StoreError> {
    let Location::Sqlite(options) = Location::file(path) else { return Ok(()) };
    let mut connection = options.connect().await?;
    let migrated = match to {
        Some(version) => SQLITE.run_to(version, &mut connection).await,
        None => SQLITE.run(&mut connection).await,
    };
    migrated.map_err(|error| StoreError::Unavailable(format!("migration: {error}")))?;
    sqlx::Connection::close(connection).await?;
    Ok(())
}

pub(super) fn load(connection: &Connection, table: &Table, rows: &[u8]) -> Result<u64, StoreError> {
    let damaged = |why: &str| StoreError::Damaged(format!("a row of {}: {why}", table.name));
    let places: Vec<String> = (1..=table.columns.len()).map(|number| format!("?{number}")).collect();
    let sql = format!("INSERT INTO \"{}\" ({}) VALUES ({})", table.name, table.quoted(), places.join(", "));
    let mut insert = connection.prepare_cached(&sql)?;
    let lines = rows.strip_suffix(b"\n").ok_or_else(|| damaged("its end is missing"))?;
    let mut loaded = 0;
    for line in lines.split(|byte| *byte == b'\n') {
        let mut columns = table.columns.iter();
        for (index, field) in text::fields(line).enumerate() {
            let field = field.map_err(damaged)?;
            let (_, kind) = columns.next().ok_or_else(|| damaged("it has too many columns"))?;
            match (field, kind) {
                (None, _) => insert.raw_bind_parameter(index + 1, rusqlite::types::Null)?,
                (Some(text), Kind::Text) => insert.raw_bind_parameter(index + 1, text.as_ref())?,
                (Some(text), Kind::Int) => {
                    let number: i64 = text.parse().map_err(|_| damaged("a number is none"))?;
                    insert.raw_bind_parameter(index + 1, number)?;
                }
            }
        }
        if columns.next().is_some() {
            return Err(damaged("columns are missing"));
        }
        insert.raw_execute()?;
        loaded += 1;
    }
    Ok(loaded)
}

/// Commits, migrates, and waits for the disk.
pub(super) async fn finish(connection: Connection) -> Result<(), StoreError> {
    connection.execute_batch("COMMIT")?;
    if let Some(row) = rows(&connection, BROKEN_KEYS, &[])?.first() {
        return Err(StoreError::Damaged(format!("rows of {} name what is not there", text(row.first())?)));
    }
    let path = connection.path().map(std::path::PathBuf::from);
    connection.close().map_err(|(_, error)| error)?;
    let Some(path) = path else { return Ok(()) };
    migrate(&path, None).await?;
    let on_disk = std::fs::File::open(&path).and_then(|file| file.sync_all());
    on_disk.map_err(|error| StoreError::Unavailable(error.to_string()))
}
