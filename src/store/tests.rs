//! Every statement is understood by the database it is meant for, and both schemas are the same.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Executor, SqlSafeStr};

use super::{
    Db, POSTGRES_STATEMENTS, SQLITE_STATEMENTS, STATEMENTS,
    testing::{Scratch, on_both},
};
use crate::{args, domain::campaign::CampaignPermissions, store::config::CampaignConfig};

async fn prepare(db: &Db, sql: &'static str) -> Result<(), sqlx::Error> {
    match db {
        Db::Sqlite(pool) => (&mut *pool.acquire().await?).prepare(sql.into_sql_str()).await.map(drop),
        Db::Postgres(pool) => (&mut *pool.acquire().await?).prepare(sql.into_sql_str()).await.map(drop),
    }
}

#[test]
fn every_statement_can_be_prepared() {
    on_both(|scratch: Scratch| async move {
        let db = scratch.open().await;
        let common = STATEMENTS.iter().flat_map(|(file, statements)| statements.iter().map(move |sql| (*file, *sql)));
        let own = match &db {
            Db::Sqlite(_) => SQLITE_STATEMENTS,
            Db::Postgres(_) => POSTGRES_STATEMENTS,
        };
        let own = own.iter().flat_map(|statements| statements.iter().map(|sql| ("own", *sql)));
        let mut refused = Vec::new();
        for (file, sql) in common.chain(own) {
            // What runs as several is prepared one by one; their parameters keep their numbers.
            for part in sql.split("; ").filter(|part| !matches!(*part, "COMMIT" | "BEGIN IMMEDIATE")) {
                if let Err(error) = prepare(&db, part).await {
                    refused.push(format!("{file}: {error}\n  {part}"));
                }
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    });
}

/// Columns with whether they may be NULL, by table.
type Columns = BTreeMap<String, BTreeMap<String, bool>>;

/// Table, column, 1 when it may be NULL.
const SQLITE_COLUMNS: &str = "SELECT m.name, c.name, 1 - c.\"notnull\" FROM sqlite_master m JOIN pragma_table_info(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, (is_nullable = 'YES')::int::bigint \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
const POSTGRES_INDEXES: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey' AND tablename NOT LIKE '\\_sqlx%'";

async fn schema(db: &Db) -> (Columns, BTreeSet<String>) {
    let (columns, indexes) = match db {
        Db::Sqlite(_) => (SQLITE_COLUMNS, SQLITE_INDEXES),
        Db::Postgres(_) => (POSTGRES_COLUMNS, POSTGRES_INDEXES),
    };
    let mut tables = Columns::new();
    for row in db.rows(columns, args![]).await.unwrap() {
        let column = row.text(1).unwrap().to_owned();
        tables.entry(row.text(0).unwrap().to_owned()).or_default().insert(column, row.int(2).unwrap() == 1);
    }
    let rows = db.rows(indexes, args![]).await.unwrap();
    (tables, rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect())
}

#[test]
fn both_databases_have_the_same_tables_columns_and_indexes() {
    let seen = std::sync::Mutex::new(Vec::new());
    on_both(|scratch: Scratch| {
        let seen = &seen;
        async move {
            let schema = schema(&scratch.open().await).await;
            assert!(schema.0.len() > 15 && schema.1.len() > 5, "{schema:?}");
            seen.lock().unwrap().push(schema);
        }
    });
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|schema| *schema == seen[0]), "{seen:#?}");
}

/// A campaign as it was kept before migration 3.
const BEFORE: &str = "INSERT INTO clients (id, name, zone, enabled, created_at) VALUES ('c', 'A', 'UTC', 1, 0); \
     INSERT INTO campaigns (id, client_id, name, enabled, config, created_at) VALUES ('k', 'c', 'Sales', 1, \
     '{\"weight\":7,\"close_without_reply\":true,\"agent_transfer\":false,\"attachments\":true}', 0), ('l', 'c', 'Old', 1, '{}', 0);";

#[test]
fn what_campaigns_allowed_before_they_allow_still() {
    on_both(|scratch: Scratch| async move {
        let texts =
            (include_str!("../../migrations/sqlite/0003_people.sql"), include_str!("../../migrations/postgres/0003_people.sql"));
        let update =
            |text: &'static str| text.split("UPDATE campaigns").nth(1).map(|rest| format!("{BEFORE} UPDATE campaigns{rest}"));
        let run = |text: &'static str| sqlx::raw_sql(sqlx::AssertSqlSafe(update(text).unwrap()));
        match &scratch.location {
            super::Location::Sqlite(options) => {
                let mut connection = sqlx::ConnectOptions::connect(options.as_ref()).await.unwrap();
                run(texts.0).execute(&mut connection).await.unwrap();
            }
            super::Location::Postgres(options) => {
                let mut connection = sqlx::ConnectOptions::connect(options.as_ref()).await.unwrap();
                run(texts.1).execute(&mut connection).await.unwrap();
            }
        }
        let db = scratch.open().await;
        let rows = db.rows("SELECT config FROM campaigns ORDER BY id", args![]).await.unwrap();
        let configs: Vec<CampaignConfig> = rows.iter().map(|row| row.json(0).unwrap()).collect();
        let kept = CampaignPermissions { close_unanswered: true, transfer_to_agents: false, ..CampaignPermissions::default() };
        assert_eq!((configs[0].weight, configs[0].permissions), (7, kept));
        assert_eq!(configs[1].permissions, CampaignPermissions::default());
    });
}
