use super::*;
use crate::{
    args,
    store::{
        config::CampaignConfig,
        testing::{Scratch, on_both},
    },
};

/// Everything of a database, table by table.
async fn dumped(source: &mut Source) -> Vec<(Table, Vec<u8>)> {
    let mut all = Vec::new();
    for table in source.tables().await.unwrap() {
        let mut bytes = Vec::new();
        let add = |rows: Vec<u8>| {
            bytes.extend(rows);
            Ok(())
        };
        source.copy(&table, 64, add).await.unwrap();
        all.push((table, bytes));
    }
    all
}

/// A target of the kind of this location, which must be empty.
async fn target(location: &Location, schema: i64) -> Target {
    match location {
        Location::Sqlite(options) => Target::file(options.get_filename(), schema).await.unwrap(),
        Location::Postgres(_) => Target::server(location, schema, None).await.unwrap(),
    }
}

/// A campaign as schema 2 kept it.
const CLIENT: &[u8] = b"0\t1\tc\tA\\tB\\\\N\\n\tUTC\n";
const CAMPAIGN: &[u8] =
    b"c\t{\"weight\":7,\"close_without_reply\":true,\"agent_transfer\":false}\t0\t1\tk\tVentas \xf0\x9f\x8e\x89\n";

/// A database of schema 2, and nothing else: what an old release left behind.
async fn old() -> (Scratch, Location) {
    let scratch = Scratch::sqlite();
    let Location::Sqlite(options) = &scratch.location else { unreachable!() };
    let connection = sqlite::create(options.get_filename(), 2).await.unwrap();
    for table in sqlite::tables(&connection).unwrap() {
        match table.name.as_str() {
            "clients" => assert_eq!(sqlite::load(&connection, &table, CLIENT).unwrap(), 1),
            "campaigns" => assert_eq!(sqlite::load(&connection, &table, CAMPAIGN).unwrap(), 1),
            _ => {}
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    let location = scratch.location.clone();
    (scratch, location)
}

#[test]
fn an_old_schema_goes_into_either_database_and_is_brought_up_to_date() {
    on_both(|scratch: Scratch| async move {
        let (_old, location) = old().await;
        let mut source = Source::open(&location).await.unwrap();
        assert_eq!(source.schema().await.unwrap(), 2);
        let rows = dumped(&mut source).await;
        assert_eq!(rows.iter().find(|(table, _)| table.name == "clients").unwrap().1, CLIENT);
        let place = match &scratch.location {
            Location::Sqlite(options) => Location::file(&options.get_filename().with_extension("new")),
            // The scratch database has its tables already.
            server => server.clone(),
        };
        let mut target = match &place {
            Location::Postgres(_) => Target::server(&place, 2, Some("replaced_1")).await.unwrap(),
            place => target(place, 2).await,
        };
        let tables = target.tables().await.unwrap();
        assert_eq!(tables, rows.iter().map(|(table, _)| table.clone()).collect::<Vec<_>>());
        // A campaign before its client: keys are looked at in the end.
        for (table, rows) in rows.iter().filter(|(_, rows)| !rows.is_empty()) {
            assert_eq!(target.load(table, rows).await.unwrap(), 1);
        }
        target.finish("new").await.unwrap();
        let db = place.open().await.unwrap();
        let row = db.row("SELECT config, name FROM campaigns", args![]).await.unwrap().unwrap();
        let config: CampaignConfig = row.json(0).unwrap();
        assert!(config.permissions.close_unanswered && !config.permissions.transfer_to_agents && config.weight == 7);
        assert_eq!(row.text(1).unwrap(), "Ventas 🎉");
        let name = db.row("SELECT name FROM clients", args![]).await.unwrap().unwrap();
        assert_eq!(name.text(0).unwrap(), "A\tB\\N\n");
        assert_eq!(
            db.rows("SELECT version FROM _sqlx_migrations", args![]).await.unwrap().len(),
            crate::store::SQLITE.iter().count()
        );
    });
}

#[test]
fn rows_that_contradict_each_other_never_count() {
    on_both(|scratch: Scratch| async move {
        let place = match &scratch.location {
            Location::Sqlite(options) => Location::file(&options.get_filename().with_extension("new")),
            server => server.clone(),
        };
        let begin = async || match &place {
            Location::Postgres(_) => Target::server(&place, 5, Some("replaced_1")).await.unwrap(),
            Location::Sqlite(options) => {
                let _ = std::fs::remove_file(options.get_filename());
                target(&place, 5).await
            }
        };
        let named = |tables: &[Table], name: &str| tables.iter().find(|table| table.name == name).unwrap().clone();
        // A campaign without its client.
        let mut target = begin().await;
        let tables = target.tables().await.unwrap();
        target.load(&named(&tables, "campaigns"), CAMPAIGN).await.unwrap();
        assert!(target.finish("new").await.is_err());
        // A log with a gap.
        let mut target = begin().await;
        for pos in [1, 3] {
            let log = format!("system\t1\t\\N\t\\N\t\\N\t{{}}\tconfig\t{pos}\t1\t1\n");
            target.load(&named(&tables, "log"), log.as_bytes()).await.unwrap();
        }
        target.load(&named(&tables, "streams"), b"old\t3\t1\n").await.unwrap();
        let error = target.finish("new").await.unwrap_err();
        assert!(matches!(&error, StoreError::Damaged(_)), "{error}");
        // What is no row.
        for rows in [&b"x\n"[..], b"c\tA\tUTC\t1\tzero\n", b"0\t1\tc\tA\tUTC\tmore\n", b"0\t\\N\tc\tA\tUTC\n", b"\n"] {
            let mut target = begin().await;
            let error = target.load(&named(&tables, "clients"), rows).await.unwrap_err();
            assert!(matches!(&error, StoreError::Damaged(_) | StoreError::Conflict(_)), "{rows:?}: {error}");
        }
        if matches!(place, Location::Postgres(_)) {
            let db = place.open().await.unwrap();
            assert!(db.rows("SELECT 1 FROM clients", args![]).await.unwrap().is_empty(), "nothing of all that was kept");
        }
    });
}

#[test]
fn a_table_copied_in_pieces_is_cut_between_rows() {
    on_both(|scratch: Scratch| async move {
        let db = scratch.open().await;
        drop(db);
        let (journal, thread, _) = scratch.journal(|_| {});
        for number in 0..40 {
            let sql = "INSERT INTO clients (id, name, zone, enabled, created_at) VALUES ($1, $2, 'UTC', 1, 0)";
            let insert = crate::store::write::Statement::new(sql, args![number.to_string(), "línea\nuna\\dos\t".repeat(3)]);
            journal.write(vec![insert], None, crate::domain::log::By::System, None).await.unwrap();
        }
        let mut source = Source::open(&scratch.location).await.unwrap();
        let tables = source.tables().await.unwrap();
        let clients = tables.iter().find(|table| table.name == "clients").unwrap();
        let mut pieces = Vec::new();
        // What is written meanwhile is not of this moment.
        let drop_all = crate::store::write::Statement::new("DELETE FROM clients", args![]);
        journal.write(vec![drop_all], None, crate::domain::log::By::System, None).await.unwrap();
        let keep = |rows: Vec<u8>| {
            pieces.push(rows);
            Ok(())
        };
        source.copy(clients, 200, keep).await.unwrap();
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.ends_with(b"\n")));
        assert_eq!(pieces.concat().iter().filter(|byte| **byte == b'\n').count(), 40);
        assert!(tables.iter().all(|table| !LEFT_OUT.contains(&table.name.as_str())));
        thread.join();
    });
}
