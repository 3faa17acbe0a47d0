//! Hooks, retries and what is done to a history besides applying, on SQLite.

mod statics;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use glowplug::{Engine, Hooks, Migrations, OnFailure, Runner, State};
use statics::{File, file};
use std::time::Duration;

fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Sqlite, files)
}

fn memory() -> SqliteConnection {
    SqliteConnection::establish(":memory:").unwrap()
}

fn users() -> File {
    file("001_create_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
}

fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES users (id));\n")
}

fn last() -> File {
    file("003_last.sql", "CREATE TABLE last (id INTEGER);\n")
}

fn lines(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    diesel::sql_query(query).load::<Line>(connection).unwrap().into_iter().map(|row| row.line).collect()
}

fn history(connection: &mut SqliteConnection) -> Vec<String> {
    lines(
        connection,
        "SELECT version || ' ' || status || ' ' || statements_done AS line FROM __glowplug_history ORDER BY id",
    )
}

#[test]
fn what_came_before_a_failure_on_a_new_database_is_kept() {
    let bad = file("002_bad.sql", "CREATE TABLE t (id INTEGER);\nSELECT nothing FROM t;\n");
    let list = migrations(&[users(), bad, last()]);
    let mut connection = memory();
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    assert!(error.to_string().contains("= 001_create_users.sql is applied and stays"), "{error}");
    assert_eq!(history(&mut connection), ["001 completed 1", "002 failed 0"]);
    // Those behind it, where they are to be tried.
    let error = Runner::new(list).on_failure(OnFailure::Continue).run_pending(&mut connection).unwrap_err();
    assert_eq!(error.code(), "statement-failed");
    assert_eq!(history(&mut connection), ["001 completed 1", "002 failed 0", "002 failed 0", "003 completed 1"]);
}

#[test]
fn hooks_are_called_within_the_transaction() {
    let list = migrations(&[users(), tasks()]);
    let mut connection = memory();
    let mut hooks = Hooks::new()
        .before_run(|connection: &mut SqliteConnection| Ok(connection.batch_execute("CREATE TABLE log (line TEXT)")?))
        .before_each(|connection: &mut SqliteConnection, migration| {
            Ok(connection.batch_execute(&format!("INSERT INTO log VALUES ('before {}')", migration.version))?)
        })
        .after_each(|_, migration| if migration.version == "002" { Err("not this one".into()) } else { Ok(()) });
    let error = Runner::new(list).run_pending_with(&mut connection, &mut hooks).unwrap_err();
    assert_eq!(error.code(), "hook-failed");
    assert!(error.to_string().starts_with("the hook after 002_create_tasks.sql failed: not this one\n"), "{error}");
    assert_eq!(lines(&mut connection, "SELECT line FROM log"), ["before 001"]);
    assert_eq!(history(&mut connection), ["001 completed 1", "002 failed 0"]);
}

#[test]
fn a_hook_that_leaves_the_transaction_does_no_harm() {
    let list = migrations(&[users(), tasks()]);
    let mut connection = memory();
    let mut hooks =
        Hooks::new().after_each(|connection: &mut SqliteConnection, _| Ok(connection.batch_execute("COMMIT")?));
    let error = Runner::new(list).run_pending_with(&mut connection, &mut hooks).unwrap_err();
    assert!(error.to_string().contains("no transaction is active"), "{error}");
    Runner::new(list).run_pending(&mut connection).unwrap();
}

#[test]
fn what_a_file_sets_is_set_back() {
    let sets = "PRAGMA recursive_triggers = ON;\nPRAGMA legacy_alter_table = ON;\nPRAGMA foreign_keys = ON;\nCREATE TABLE t (id INTEGER);\n";
    let list = migrations(&[
        users(),
        file("002_sets.sql", sets).without_transaction(),
        file("003_broken.sql", "PRAGMA foreign_keys = ON;\nSELECT nothing FROM t;\n").without_transaction(),
    ]);
    let mut connection = memory();
    connection.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
    let switches = "SELECT foreign_keys || recursive_triggers || legacy_alter_table AS line \
                    FROM pragma_foreign_keys, pragma_recursive_triggers, pragma_legacy_alter_table";
    assert_eq!(lines(&mut connection, switches), ["000"]);
    Runner::new(list).run_pending(&mut connection).unwrap_err();
    assert_eq!(lines(&mut connection, switches), ["000"]);
    assert_eq!(history(&mut connection)[1], "002 completed 4");
}

#[test]
fn what_shares_a_transaction_is_journaled_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db").to_str().unwrap().to_owned();
    let log = "CREATE TABLE log (id INTEGER);\nINSERT INTO log VALUES (1);\nVACUUM;\nINSERT INTO log VALUES (2);\n";
    let list = migrations(&[users(), file("002_log.sql", log).without_transaction().not_resumable()]);
    let mut connection = SqliteConnection::establish(&path).unwrap();
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(report.applied.len(), 2);
    assert_eq!(history(&mut connection)[1], "002 completed 4");
    assert_eq!(lines(&mut connection, "SELECT group_concat(id) AS line FROM log"), ["1,2"]);
}

#[test]
fn a_reader_makes_nobody_fail() {
    // In WAL mode a reader and the writer do not meet; without it the commit waits for the reader.
    for mode in ["WAL", "DELETE"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db").to_str().unwrap().to_owned();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute(&format!("PRAGMA journal_mode = {mode}")).unwrap();
        Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
        let mut reader = SqliteConnection::establish(&path).unwrap();
        reader.batch_execute("BEGIN; SELECT count(*) FROM users").unwrap();
        let reading = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(400));
            reader.batch_execute("COMMIT").unwrap();
        });
        let report = Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();
        assert_eq!(report.applied.len(), 1, "{mode}");
        reading.join().unwrap();
    }
}

#[test]
fn a_baseline_runs_nothing_and_a_plan_neither() {
    let mut connection = memory();
    connection.batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY)").unwrap();
    let runner = Runner::new(migrations(&[users(), tasks(), last()]));
    assert_eq!(runner.baseline(&mut connection, "1").unwrap().versions, ["001"]);
    let plan = runner.plan(&mut connection).unwrap();
    let pending: Vec<&str> = plan.pending.iter().map(|migration| migration.version.as_str()).collect();
    assert_eq!(pending, ["002", "003"]);
    assert_eq!(lines(&mut connection, "SELECT name AS line FROM sqlite_master WHERE name = 'tasks'"), [""; 0]);
    assert_eq!(runner.clone().target("2").run_pending(&mut connection).unwrap().left, 1);
    let states: Vec<State> =
        runner.status(&mut connection).unwrap().migrations.iter().map(|migration| migration.state).collect();
    assert_eq!(states, [State::Baselined, State::Completed, State::Pending]);
}

#[test]
fn the_history_of_another_tool_is_taken_over() {
    let tables = [
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, success BOOLEAN NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (1, true), (2, true), (3, false)",
        "CREATE TABLE refinery_schema_history (version INT4 PRIMARY KEY, applied_on VARCHAR(255)); \
         INSERT INTO refinery_schema_history VALUES (1, ''), (2, '')",
        "CREATE TABLE schema_migrations (version uint64, dirty bool); INSERT INTO schema_migrations VALUES (2, false)",
        "CREATE TABLE schema_migrations (version varchar(128)); INSERT INTO schema_migrations VALUES ('001'), ('002')",
    ];
    for left in tables {
        let mut connection = memory();
        connection.batch_execute(left).unwrap();
        let runner = Runner::new(migrations(&[users(), tasks(), last()]));
        assert_eq!(runner.adopt(&mut connection).unwrap().versions, ["001", "002"], "{left}");
        assert_eq!(runner.run_pending(&mut connection).unwrap().applied.len(), 1);
    }
}

#[test]
fn what_has_a_way_back_is_taken_back() {
    // The way back of a rebuild: the rows that point at the table survive.
    let back = "PRAGMA foreign_keys = OFF;\nCREATE TABLE old (id INTEGER PRIMARY KEY);\nINSERT INTO old SELECT id FROM users;\n\
                DROP TABLE users;\nALTER TABLE old RENAME TO users;\nPRAGMA foreign_keys = ON;\n";
    let pets = "CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES users (id) ON DELETE CASCADE);\n";
    let list = migrations(&[
        users(),
        file("002_create_pets.sql", pets),
        file("003_name.sql", "ALTER TABLE users ADD COLUMN name TEXT;\n").down(back),
    ]);
    let mut connection = memory();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let runner = Runner::new(list);
    runner.run_pending(&mut connection).unwrap();
    connection.batch_execute("INSERT INTO users (id) VALUES (1); INSERT INTO pets VALUES (1, 1)").unwrap();
    assert_eq!(runner.revert_to(&mut connection, "2").unwrap().steps.len(), 1);
    assert_eq!(lines(&mut connection, "SELECT count(*) || '' AS line FROM pets"), ["1"]);
    assert_eq!(lines(&mut connection, "SELECT foreign_keys || '' AS line FROM pragma_foreign_keys"), ["1"]);
    assert_eq!(history(&mut connection)[3], "003 reverted 0");
    assert_eq!(runner.revert_to(&mut connection, "0").unwrap_err().code(), "irreversible");
    assert_eq!(runner.run_pending(&mut connection).unwrap().applied.len(), 1);
}

#[test]
fn a_reset_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("app.db").to_str().unwrap().to_owned();
    let list: &'static Migrations = {
        let list = migrations(&[users(), tasks()]);
        Box::leak(Box::new(Migrations { folder: Some("/nowhere"), ..*list }))
    };
    let mut connection = SqliteConnection::establish(&path).unwrap();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let runner = Runner::new(list);
    runner.run_pending(&mut connection).unwrap();
    connection
        .batch_execute(
            "INSERT INTO users VALUES (1); INSERT INTO tasks VALUES (1, 1); CREATE VIEW v AS SELECT * FROM users; \
             CREATE TABLE \"odd \"\"name\" (id INTEGER); CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END",
        )
        .unwrap();
    assert_eq!(runner.reset(&mut connection, "other.db").unwrap_err().code(), "reset-refused");
    assert_eq!(runner.reset(&mut connection, &path).unwrap().applied.len(), 2);
    let left = "SELECT name AS line FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name";
    assert_eq!(lines(&mut connection, left), ["tasks", "users"]);
    assert_eq!(lines(&mut connection, "SELECT count(*) || '' AS line FROM users"), ["0"]);
}

#[test]
fn two_lists_in_one_database_keep_apart() {
    let mut connection = memory();
    let billing = Runner::new(migrations(&[file("001_invoices.sql", "CREATE TABLE invoices (id INTEGER);\n")]))
        .history_name("billing");
    Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
    assert_eq!(billing.run_pending(&mut connection).unwrap().applied.len(), 1);
    assert_eq!(billing.run_pending(&mut connection).unwrap().already_applied, 1);
    assert_eq!(billing.history(&mut connection).unwrap().len(), 1);
}
