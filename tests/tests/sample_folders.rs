//! Every migration of the sample folders is run twice on the real engine: no error, and the same schema. What a build
//! proves of them, held against the engine. (MariaDB's are in `catalog_mariadb.rs`.)

mod proofs;

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use glowplug::{Migrations, OutOfOrder, Runner};
use glowplug_tests::folder::compiled;

fn sample(engine: &str) -> (PathBuf, &'static Migrations) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(engine);
    let list = compiled(&folder).unwrap();
    assert!(list.list.len() > 5);
    (folder, list)
}

/// By itself, as a person runs the files; and by the runner, which forgets in between that it did.
fn twice<C>(list: &'static Migrations, connection: &mut C, dump: impl Fn(&mut C) -> Vec<String>, anew: &mut C)
where
    C: glowplug::Connection + diesel::Connection,
{
    for migration in list.list {
        connection.batch_execute(migration.sql).unwrap_or_else(|error| panic!("{}: {error}", migration.file));
        let once = dump(connection);
        connection.batch_execute("BEGIN").unwrap();
        let again = connection.batch_execute(migration.sql);
        // Where the engine has no guard (SQLite's ALTER TABLE) the proof says that a second run fails, and it does.
        assert_eq!(again.is_ok(), migration.idempotent, "{} again: {again:?}", migration.file);
        connection.batch_execute(if migration.idempotent { "COMMIT" } else { "ROLLBACK" }).unwrap();
        assert_eq!(dump(connection), once, "{}", migration.file);
        assert!(!once.is_empty());
    }
    let by_hand = dump(connection);

    let without_ours = |connection: &mut C| -> Vec<String> {
        let ours = |line: &String| line.contains("__glowplug") || line.contains("__diesel");
        dump(connection).into_iter().filter(|line| !ours(line)).collect()
    };
    let again: Vec<String> =
        list.list.iter().filter(|migration| migration.idempotent).map(|m| format!("'{}'", m.version)).collect();
    assert!(again.len() > 5);
    for count in [list.list.len(), again.len()] {
        let runner = Runner::new(list).out_of_order(OutOfOrder::Allow);
        assert_eq!(runner.run_pending(anew).unwrap().applied.len(), count);
        assert_eq!(without_ours(anew), by_hand);
        for table in ["__diesel_schema_migrations", "__glowplug_history"] {
            anew.batch_execute(&format!("DELETE FROM {table} WHERE version IN ({})", again.join(", "))).unwrap();
        }
    }
}

#[test]
fn postgres_has_the_same_schema_behind_a_second_run() {
    let (_, list) = sample("postgres");
    let (database, new) = (glowplug_tests::postgres(), glowplug_tests::postgres());
    let dump = |connection: &mut PgConnection| proofs::schema_through(connection);
    twice(list, &mut database.connect(), dump, &mut new.connect());
}

#[test]
fn sqlite_has_the_same_schema_behind_a_second_run() {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let (_, list) = sample("sqlite");
    let dump = |connection: &mut SqliteConnection| -> Vec<String> {
        let query = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master \
                     WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
        diesel::sql_query(query).load::<Line>(connection).unwrap().into_iter().map(|row| row.line).collect()
    };
    let memory = || SqliteConnection::establish(":memory:").unwrap();
    twice(list, &mut memory(), dump, &mut memory());
}
