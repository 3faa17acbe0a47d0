//! Every migration of the sample folders is run twice on the real engine: no error, and the same schema. What a build
//! proves of them, held against the engine. (MariaDB's are in `catalog_mariadb.rs`.)

mod proofs;

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use glowplug::{Migrations, OutOfOrder, Runner};
use glowplug_analysis::{Backend, Config, Sources, analyze};
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

/// Each function that the engine lists can be called in a migration with as many arguments as it takes.
#[test]
fn what_sqlite_brings_is_known() {
    #[derive(diesel::QueryableByName)]
    struct Function {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::Integer)]
        narg: i32,
    }
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    let listed = "SELECT DISTINCT name, narg FROM pragma_function_list WHERE name GLOB '[a-z]*' ORDER BY 1, 2";
    let functions: Vec<Function> = diesel::sql_query(listed).load(&mut connection).unwrap();
    assert!(functions.len() > 100, "{}", functions.len());
    // What is called by a name that is a word of the grammar, and what ALTER TABLE calls.
    let own = |name: &str| name.starts_with("sqlite_") || name.starts_with("current_");
    let calls: Vec<String> = functions
        .iter()
        .filter(|function| !own(&function.name))
        .map(|function| {
            let count = usize::try_from(function.narg).unwrap_or(3);
            format!("SELECT \"{}\"({});", function.name, vec!["'1'"; count].join(", "))
        })
        .collect();
    let config = Config::new(Backend::Sqlite);
    let analysis = analyze(Sources::from_texts([("001_calls.sql", calls.join("\n").as_str())]), &config);
    let unknown: Vec<&str> = analysis
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.rule == "undefined-function")
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(unknown, [""; 0]);
}
