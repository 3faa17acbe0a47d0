//! The runner on SQLite: in memory and on a file.

mod statics;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_migrations::MigrationHarness;
use glowplug::{Engine, Error, HealthStatus, Migrations, OutOfOrder, Runner, State};
use statics::{File, file, with_tables};
use std::sync::Barrier;
use std::time::Duration;

fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Sqlite, files)
}

fn memory() -> SqliteConnection {
    SqliteConnection::establish(":memory:").unwrap()
}

fn users() -> File {
    file("001_create_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\nCREATE INDEX users_id ON users (id);\n")
}

fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES users (id));\n")
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Row {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
}

fn history(connection: &mut SqliteConnection) -> Vec<Row> {
    sql_query(
        "SELECT version, status, CAST(statements_done AS BIGINT) AS done, CAST(statements_total AS BIGINT) AS total, error \
         FROM __glowplug_history ORDER BY id",
    )
    .load(connection)
    .unwrap()
}

fn row(version: &str, status: &str, done: i64, total: i64, error: Option<&str>) -> Row {
    Row { version: version.into(), status: status.into(), done, total, error: error.map(str::to_owned) }
}

fn names(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    sql_query(query).load::<Name>(connection).unwrap().into_iter().map(|row| row.name).collect()
}

fn applied(connection: &mut SqliteConnection) -> Vec<String> {
    names(connection, "SELECT version AS name FROM __diesel_schema_migrations ORDER BY version")
}

#[test]
fn what_is_pending_is_applied_once_and_recorded() {
    let list = migrations(&[users(), tasks()]);
    let mut connection = memory();
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    let files: Vec<&str> = report.applied.iter().map(|applied| applied.file.as_str()).collect();
    assert_eq!(files, ["001_create_users.sql", "002_create_tasks.sql"]);
    assert_eq!((report.already_applied, report.warnings.len(), report.notices.len()), (0, 0, 0));
    assert_eq!(applied(&mut connection), ["001", "002"]);
    assert_eq!(history(&mut connection), [row("001", "completed", 2, 2, None), row("002", "completed", 1, 1, None)]);

    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 2));
    assert!(report.to_string().starts_with("nothing is pending, 2 migrations are applied ("), "{report}");
    assert_eq!(history(&mut connection).len(), 2);
}

#[test]
fn the_history_holds_what_the_design_promises() {
    let list = migrations(&[users()]);
    let mut connection = memory();
    Runner::new(list).run_pending(&mut connection).unwrap();
    let columns = names(&mut connection, "SELECT name FROM pragma_table_info('__glowplug_history')");
    assert_eq!(
        columns,
        [
            "id",
            "version",
            "name",
            "checksum",
            "raw_checksum",
            "status",
            "statements_done",
            "statements_total",
            "started_at",
            "finished_at",
            "duration_ms",
            "error",
            "sqlstate",
            "runner",
            "tool_version"
        ]
    );
    let diesel = names(
        &mut connection,
        "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk AS name FROM pragma_table_info('__diesel_schema_migrations')",
    );
    assert_eq!(diesel, ["version VARCHAR(50) 1 1", "run_on TIMESTAMP 1 0"]);
    let facts = names(
        &mut connection,
        "SELECT name || '|' || checksum || '|' || tool_version || '|' || (runner LIKE '%:%') || '|' || \
         (finished_at >= started_at) || '|' || (started_at LIKE '____-__-__T__:__:__.___Z') AS name FROM __glowplug_history",
    );
    let expected = format!("create_users|v1:{}|{}|1|1|1", list.list[0].checksum, env!("CARGO_PKG_VERSION"));
    assert_eq!(facts, [expected]);
}

#[test]
fn a_second_start_needs_no_right_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let list = migrations(&[users(), tasks()]);
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    Runner::new(list).run_pending(&mut connection).unwrap();
    drop(connection);

    let read_only = format!("file:{}?mode=ro", path.display());
    let mut connection = SqliteConnection::establish(&read_only).unwrap();
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 2));
    assert_eq!(Runner::new(list).health(&mut connection).status, HealthStatus::Healthy);

    let more = migrations(&[users(), tasks(), file("003_x.sql", "CREATE TABLE x (id INTEGER);\n")]);
    let error = Runner::new(more).run_pending(&mut connection).unwrap_err();
    assert!(error.to_string().contains("attempt to write a readonly database"), "{error}");
}

#[test]
fn a_later_migration_is_applied_on_top() {
    let mut connection = memory();
    Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
    let report = Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (1, 1));
    assert!(report.to_string().starts_with("applied 1 migration in "), "{report}");
    assert!(report.to_string().contains(", 1 before\n  002_create_tasks.sql"), "{report}");
}

#[test]
fn a_failing_statement_is_shown_and_leaves_what_came_before() {
    let bad = file(
        "003_add_owner.sql",
        "CREATE TABLE pets (id INTEGER);\n\n-- ö\nINSERT INTO pets\n  SELECT 'é', id FROM usres;\n",
    );
    let list = migrations(&[users(), tasks(), bad, file("004_never.sql", "CREATE TABLE never (id INTEGER);\n")]);
    let mut connection = memory();
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 003_add_owner.sql failed: no such table: usres
     --> migrations/003_add_owner.sql:5:23
      |
    4 | INSERT INTO pets
    5 |   SELECT 'é', id FROM usres;
      |                       ^
      = statement 2 of 2; all of the file is rolled back
      = 001_create_users.sql … 002_create_tasks.sql are applied and stay (2)
      = next: correct migrations/003_add_owner.sql, which is not applied and may be edited; build and start again
    ");
    assert_eq!(error.code(), "statement-failed");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(applied(&mut connection), ["001", "002"]);
    let tables = names(
        &mut connection,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name <> 'sqlite_sequence'",
    );
    assert_eq!(tables, ["users", "tasks"]);
    assert_eq!(history(&mut connection)[2], row("003", "failed", 0, 2, Some("no such table: usres")));

    let status = Runner::new(list).status(&mut connection).unwrap();
    let states: Vec<State> = status.migrations.iter().map(|migration| migration.state).collect();
    assert_eq!(states, [State::Completed, State::Completed, State::Failed, State::Pending]);
    assert_eq!(status.migrations[2].error_message.as_deref(), Some("no such table: usres"));
    assert!(status.to_string().ends_with("2 applied, 2 pending"), "{status}");

    // The file was not applied, so it may be corrected.
    let good = file("003_add_owner.sql", "CREATE TABLE pets (id INTEGER);\n");
    let list = migrations(&[users(), tasks(), good]);
    Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(history(&mut connection)[3], row("003", "completed", 1, 1, None));
}

#[test]
fn a_table_made_by_hand_is_explained() {
    let mut connection = memory();
    connection.batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)").unwrap();
    let error = Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 001_create_users.sql failed: table users already exists
     --> migrations/001_create_users.sql:1:1
      |
    1 | CREATE TABLE users (id INTEGER PRIMARY KEY);
      | ^
      = statement 1 of 2; all of the file is rolled back
      = no migration is applied
      = no migration that is applied made it: someone made it by hand, with another tool, or a base file did
      = next, if it is what 001_create_users.sql makes: record it as applied (INSERT INTO __diesel_schema_migrations (version) VALUES ('001'))
      = next, if it is something else: rename or drop it, and start again; or write CREATE TABLE IF NOT EXISTS in migrations/001_create_users.sql, and build again
    ");
    // The advice works.
    connection.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('001')").unwrap();
    let report = Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (1, 1));
}

#[test]
fn an_edited_migration_is_refused_and_a_new_comment_is_not() {
    let mut connection = memory();
    Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();

    let commented = file(
        "002_create_tasks.sql",
        &format!(
            "-- What is to do.\n{}",
            "CREATE TABLE tasks (id INTEGER PRIMARY KEY,\n  owner INTEGER REFERENCES users (id));\n"
        ),
    );
    let report = Runner::new(migrations(&[users(), commented])).run_pending(&mut connection).unwrap();
    assert_eq!(report.notices, ["002_create_tasks.sql changed since it was applied, in comments or white space alone"]);

    let edited = file("002_create_tasks.sql", "CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner TEXT);\n");
    let list = migrations(&[users(), edited, file("003_x.sql", "CREATE TABLE x (id INTEGER);\n")]);
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    assert_eq!(error.code(), "migration-edited");
    insta::assert_snapshot!(error, @r"
    migrations/002_create_tasks.sql was edited after it had been applied
      = the database has what the file said before: the edit would never reach it
      = nothing was changed
      = next: restore the file as it was applied, or restore it and write the next migration with the difference
    ");
    assert_eq!(applied(&mut connection), ["001", "002"]);
    let health = Runner::new(list).health(&mut connection);
    assert_eq!((health.status, health.migrations.drifted), (HealthStatus::Degraded, vec!["002".to_owned()]));
}

#[test]
fn a_database_that_is_ahead_starts_with_a_warning() {
    let mut connection = memory();
    Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();
    let report = Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
    assert_eq!(report.already_applied, 1);
    assert_eq!(report.warnings, ["the database has 1 migration that this program does not know: 002"]);
}

#[test]
fn an_unknown_version_stops_what_is_pending() {
    let mut connection = memory();
    Runner::new(migrations(&[users(), tasks()])).run_pending(&mut connection).unwrap();
    let other = migrations(&[users(), file("003_x.sql", "CREATE TABLE x (id INTEGER);\n")]);
    let error = Runner::new(other).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the database has 1 migration that this program does not know, and 1 of this program's is not applied
      = unknown: 002
      = not applied: migrations/003_x.sql
      = the two histories have parted; applying one on top of the other is not what either was tested for
      = nothing was changed
      = next: add the missing files to the folder (another branch has them?) and build again, or start the version that has them; GLOWPLUG_OUT_OF_ORDER=allow applies ours all the same
    ");
    assert_eq!(error.code(), "unknown-version");
    let report = Runner::new(other).out_of_order(OutOfOrder::Allow).run_pending(&mut connection).unwrap();
    assert_eq!(report.applied.len(), 1);
    assert_eq!(report.warnings.len(), 1);
}

#[test]
fn a_lower_number_is_refused_until_it_is_allowed() {
    let x = || file("003_x.sql", "CREATE TABLE x (id INTEGER);\n");
    let mut connection = memory();
    Runner::new(migrations(&[users(), x()])).run_pending(&mut connection).unwrap();
    let merged = migrations(&[users(), tasks(), x()]);
    let error = Runner::new(merged).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migrations/002_create_tasks.sql is not applied, though 003 is
      = a database that was built anew would run it first, this one last: the two could differ
      = nothing was changed
      = next: give it a number above 003, or allow it (GLOWPLUG_OUT_OF_ORDER=allow, or `.out_of_order(OutOfOrder::Allow)`)
    ");
    assert_eq!(error.code(), "out-of-order");
    let report = Runner::new(merged).out_of_order(OutOfOrder::Allow).run_pending(&mut connection).unwrap();
    assert_eq!(report.warnings, ["migrations/002_create_tasks.sql came after 003, and out of order"]);
    assert_eq!(applied(&mut connection), ["001", "002", "003"]);
}

#[test]
fn what_cannot_be_one_transaction_goes_on_where_it_stopped() {
    let first = "CREATE TABLE log (id INTEGER);\nINSERT INTO log VALUES (1);\n";
    let list = |last: &str| {
        migrations(&[users(), file("002_log.sql", &format!("{first}{last}")).without_transaction().not_resumable()])
    };
    let mut connection = memory();
    let error = Runner::new(list("INSERT INTO lgo VALUES (2);\n")).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 002_log.sql failed: no such table: lgo
     --> migrations/002_log.sql:3:13
      |
    2 | INSERT INTO log VALUES (1);
    3 | INSERT INTO lgo VALUES (2);
      |             ^
      = statement 3 of 3
      = the file cannot run in a transaction; its first 2 statements are done and stay
      = 001_create_users.sql is applied and stays
      = next: correct migrations/002_log.sql, which is not applied and may be edited; build and start again
    ");
    assert_eq!(history(&mut connection)[1], row("002", "failed", 2, 3, Some("no such table: lgo")));

    let good = list("INSERT INTO log VALUES (2);\nVACUUM;\n");
    let report = Runner::new(good).run_pending(&mut connection).unwrap();
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].contains("(2 of 4 statements); gone on with statement 3"), "{}", report.warnings[0]);
    assert_eq!(history(&mut connection)[2], row("002", "completed", 4, 4, None));
    assert_eq!(names(&mut connection, "SELECT group_concat(id) AS name FROM log"), ["1,2"]);
}

#[test]
fn a_crashed_run_is_found_and_run_again_from_the_top() {
    let list = migrations(&[
        users(),
        file("002_log.sql", "CREATE TABLE IF NOT EXISTS log (id INTEGER);\nVACUUM;\n").without_transaction(),
    ]);
    let mut connection = memory();
    Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
    let crashed = format!(
        "CREATE TABLE log (id INTEGER); INSERT INTO __glowplug_history (version, name, checksum, raw_checksum, status, \
         statements_done, statements_total, started_at, runner, tool_version) \
         VALUES ('002', 'log', 'v1:{}', '{}', 'running', 1, 2, '2026-01-01T00:00:00.000Z', 'elsewhere:1', '0.1.0')",
        list.list[1].checksum, list.list[1].raw_checksum
    );
    connection.batch_execute(&crashed).unwrap();
    assert_eq!(Runner::new(list).health(&mut connection).migrations.stuck, ["002"]);
    let status = Runner::new(list).status(&mut connection).unwrap();
    assert_eq!(status.migrations[1].state, State::Running);

    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(
        report.warnings,
        ["002_log.sql was begun by elsewhere:1 and not finished (1 of 2 statements); run again from the top"]
    );
    assert_eq!(applied(&mut connection), ["001", "002"]);
}

#[test]
fn a_transaction_of_the_caller_is_not_touched() {
    let list = migrations(&[users()]);
    let mut connection = memory();
    let error = connection
        .transaction(|connection| {
            Ok::<_, diesel::result::Error>(Runner::new(list).run_pending(connection).unwrap_err())
        })
        .unwrap();
    assert_eq!(error.code(), "transaction-open");
    assert!(matches!(error, Error::TransactionOpen));
    Runner::new(list).run_pending(&mut connection).unwrap();
}

#[test]
fn the_migrations_of_another_engine_are_refused() {
    let list = statics::migrations(Engine::Postgres, &[users()]);
    let error = Runner::new(list).run_pending(&mut memory()).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    these migrations were checked for PostgreSQL, and this connection is to SQLite
      = next: give the runner a connection to PostgreSQL, or set `backend = "sqlite"` for the folder
    "#);
    assert_eq!(Runner::new(list).health(&mut memory()).http_status(), 503);
}

#[test]
fn a_lock_that_never_comes_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let list = migrations(&[users()]);
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("CREATE TABLE t (id INTEGER); BEGIN IMMEDIATE").unwrap();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let error = Runner::new(list).lock_wait(Duration::from_millis(300)).run_pending(&mut connection).unwrap_err();
    assert_eq!(error.code(), "lock-wait");
    assert!(error.to_string().starts_with("another process is migrating this database; waited "), "{error}");
    other.batch_execute("ROLLBACK").unwrap();
    Runner::new(list).run_pending(&mut connection).unwrap();
}

/// Eight at once, ten times over: every migration exactly once, and every one of the eight ends well.
fn race(list: &'static Migrations, prepare: &str) {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db").to_str().unwrap().to_owned();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute(prepare).unwrap();
        let start = Barrier::new(8);
        let reports: Vec<_> = std::thread::scope(|scope| {
            let runners: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut connection = SqliteConnection::establish(&path).unwrap();
                        start.wait();
                        Runner::new(list).run_pending(&mut connection)
                    })
                })
                .collect();
            runners.into_iter().map(|runner| runner.join().unwrap().unwrap()).collect()
        });
        let done: usize = reports.iter().map(|report| report.applied.len()).sum();
        assert_eq!(done, list.list.len());
        for report in &reports {
            assert_eq!(report.applied.len() + report.already_applied, list.list.len());
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        }
        let rows = history(&mut connection);
        assert_eq!(rows.len(), list.list.len());
        assert!(rows.iter().all(|row| row.status == "completed"), "{rows:?}");
    }
}

#[test]
fn eight_at_once_apply_each_migration_once() {
    race(migrations(&[users(), tasks(), file("003_seed.sql", "INSERT INTO users VALUES (1);\n")]), "");
    race(migrations(&[users(), tasks()]), "PRAGMA journal_mode = WAL");
}

#[test]
fn eight_at_once_apply_what_cannot_be_one_transaction_once() {
    let log = file("003_log.sql", "CREATE TABLE log (id INTEGER);\nVACUUM;\nINSERT INTO log VALUES (1);\n");
    let list = migrations(&[
        users(),
        tasks(),
        log.without_transaction(),
        file("004_last.sql", "CREATE TABLE last (id INTEGER);\n"),
    ]);
    race(list, "");
}

#[test]
fn diesels_own_harness_takes_the_list() {
    let list = migrations(&[users(), tasks().down("BEGIN;\nDROP TABLE tasks;\nCOMMIT;\n")]);
    let mut connection = memory();
    let versions: Vec<String> =
        connection.run_pending_migrations(*list).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["001", "002"]);
    assert!(!connection.has_pending_migration(*list).unwrap());

    // What the harness applied counts, though nothing is known of its checksum.
    let more = migrations(&[users(), tasks(), file("003_x.sql", "CREATE TABLE x (id INTEGER);\n")]);
    let report = Runner::new(more).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (1, 2));

    let mut connection = memory();
    Runner::new(list).run_pending(&mut connection).unwrap();
    connection.revert_last_migration(*list).unwrap();
    assert_eq!(applied(&mut connection), ["001"]);
    let error = connection.revert_last_migration(*list).unwrap_err();
    assert_eq!(error.to_string(), "001_create_users.sql has no file that undoes it");
}

#[test]
fn the_harness_keeps_out_of_a_transaction_what_cannot_be_in_one() {
    let list = migrations(&[users(), file("002_vacuum.sql", "VACUUM;\n").without_transaction()]);
    let mut connection = memory();
    connection.run_pending_migrations(*list).unwrap();
    assert_eq!(applied(&mut connection), ["001", "002"]);
}

/// The rebuild of a table that others point at, as SQLite's manual describes it.
fn rebuild() -> File {
    file(
        "003_rebuild_users.sql",
        "PRAGMA foreign_keys = OFF;\nCREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);\n\
         INSERT INTO users_new (id) SELECT id FROM users;\nDROP TABLE users;\n\
         ALTER TABLE users_new RENAME TO users;\nPRAGMA foreign_keys = ON;\n",
    )
}

/// A user and a task of theirs, which is to survive, with foreign keys enforced.
fn owned_task() -> (&'static Migrations, SqliteConnection) {
    let tasks = file(
        "002_create_tasks.sql",
        "CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE);\n",
    );
    let mut connection = memory();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    Runner::new(migrations(&[users(), tasks.clone()])).run_pending(&mut connection).unwrap();
    connection.batch_execute("INSERT INTO users (id) VALUES (1); INSERT INTO tasks VALUES (1, 1)").unwrap();
    (migrations(&[users(), tasks, rebuild()]), connection)
}

#[test]
fn a_rebuild_keeps_the_rows_that_point_at_the_table() {
    let (list, mut connection) = owned_task();
    Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(names(&mut connection, "SELECT count(*) || '' AS name FROM tasks"), ["1"]);
    assert_eq!(names(&mut connection, "SELECT foreign_keys || '' AS name FROM pragma_foreign_keys"), ["1"]);

    let (list, mut connection) = owned_task();
    connection.run_pending_migrations(*list).unwrap();
    assert_eq!(names(&mut connection, "SELECT count(*) || '' AS name FROM tasks"), ["1"]);
    assert_eq!(names(&mut connection, "SELECT foreign_keys || '' AS name FROM pragma_foreign_keys"), ["1"]);
}

#[test]
fn a_rebuild_that_loses_a_row_is_rolled_back() {
    let (list, mut connection) = owned_task();
    let sql = list.list[2].sql.replace("SELECT id FROM users", "SELECT id FROM users WHERE id > 1");
    let mut files = vec![users()];
    files.push(file("002_create_tasks.sql", list.list[1].sql));
    files.push(file("003_rebuild_users.sql", &sql));
    let error = Runner::new(migrations(&files)).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 003_rebuild_users.sql failed: FOREIGN KEY constraint failed: rows point at what is not there
     --> migrations/003_rebuild_users.sql:6:1
      |
    5 | ALTER TABLE users_new RENAME TO users;
    6 | PRAGMA foreign_keys = ON;
      | ^
      = at COMMIT, after statement 6 of 6; all of the file is rolled back
      = detail: tasks (rowid 1) → users
      = 001_create_users.sql … 002_create_tasks.sql are applied and stay (2)
      = next: correct the rows that are there, or migrations/003_rebuild_users.sql, which is not applied and may be edited; build and start again
    ");
    assert_eq!(names(&mut connection, "SELECT count(*) || '' AS name FROM tasks, users"), ["1"]);
    assert_eq!(names(&mut connection, "SELECT foreign_keys || '' AS name FROM pragma_foreign_keys"), ["1"]);
}

#[test]
fn health_compares_the_tables_with_the_compiled_ones() {
    let list = with_tables(Engine::Sqlite, &[users(), tasks()], &[("users", &["id"]), ("tasks", &["id", "owner"])]);
    let mut connection = memory();
    let health = Runner::new(list).health(&mut connection);
    assert_eq!(health.status, HealthStatus::Degraded);
    assert_eq!(health.migrations.warning.as_deref(), Some("Expected 2 migrations, only 0 applied"));

    Runner::new(list).run_pending(&mut connection).unwrap();
    let health = Runner::new(list).health(&mut connection);
    assert_eq!((health.status, health.http_status()), (HealthStatus::Healthy, 200));

    connection.batch_execute("DROP TABLE tasks; ALTER TABLE users RENAME COLUMN id TO number").unwrap();
    let mut json = serde_json::to_value(Runner::new(list).health(&mut connection)).unwrap();
    assert!(json["timestamp"].as_str().unwrap().ends_with('Z'));
    json["timestamp"] = "".into();
    assert!(json["database"]["response_time_ms"].is_u64());
    json["database"]["response_time_ms"] = 0.into();
    assert_eq!(
        json,
        serde_json::json!({
            "status": "degraded",
            "timestamp": "",
            "database": {"connected": true, "response_time_ms": 0, "error": null},
            "migrations": {
                "applied": ["001", "002"], "latest": "002", "count": 2, "expected": 2, "pending": [], "failed": [],
                "running": [], "stuck": [], "drifted": [],
                "warning": "missing table: tasks; missing column: users.id"
            },
            "schema": {
                "tables": [{"name": "users", "exists": true}, {"name": "tasks", "exists": false}],
                "all_tables_exist": false,
                "missing_columns": ["users.id"]
            }
        })
    );
}

#[test]
fn status_serializes() {
    let list = migrations(&[users()]);
    let mut connection = memory();
    let json = serde_json::to_value(Runner::new(list).status(&mut connection).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "migrations": [{
                "version": "001", "name": "create_users", "file": "001_create_users.sql", "state": "pending",
                "started_at": null, "completed_at": null, "duration_ms": null, "error_message": null, "edited": false
            }],
            "total": 1, "applied": 0, "pending": 1, "unknown": []
        })
    );
    let report = serde_json::to_value(Runner::new(list).run_pending(&mut connection).unwrap()).unwrap();
    assert!(report["applied"][0]["duration_ms"].is_u64(), "{report}");
}

#[test]
fn a_folder_that_is_not_what_was_compiled_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, sql: &str| std::fs::write(folder.path().join(name), sql).unwrap();
    write(
        "001_create_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY);\nCREATE INDEX users_id ON users (id);\n",
    );
    write("002_create_tasks.sql", "-- edited\n");
    write("003_new.sql", "");
    write("003_new.down.sql", "");
    write("notes.sql", "");
    let compiled = migrations(&[users(), tasks(), file("004_gone.sql", "CREATE TABLE gone (id INTEGER);\n")]);
    let path: &'static str = Box::leak(folder.path().to_str().unwrap().to_owned().into_boxed_str());
    let compiled: &'static Migrations = Box::leak(Box::new(Migrations { folder: Some(path), ..*compiled }));
    let report = Runner::new(compiled).run_pending(&mut memory()).unwrap();
    assert_eq!(
        report.warnings,
        ["the folder migrations is not what was compiled: 003_new.sql is not in this program, \
          002_create_tasks.sql is edited since, 004_gone.sql is gone; build again (is `cargo::rerun-if-changed=migrations` in build.rs?)"]
    );
}

#[test]
fn a_database_that_cannot_be_opened_is_explained() {
    let Err(error) = glowplug::establish::<SqliteConnection>("/nowhere/at/all/app.db") else { panic!("it opened") };
    insta::assert_snapshot!(error, @r"
    cannot connect to /nowhere/at/all/app.db
      = unable to open database file
      = next: create the database (createdb NAME, or the folder of the file for SQLite), or correct its name in the URL
    ");
    assert_eq!(error.code(), "no-such-database");
    let health = glowplug::Health::unreachable(migrations(&[users()]), &error);
    assert_eq!((health.http_status(), health.migrations.expected), (503, 1));
}

#[test]
fn a_thousand_migrations_on_a_new_database_are_few_transactions() {
    let files: Vec<File> = (1..=1000)
        .map(|number| {
            let name: &'static str = Box::leak(format!("{number:04}_t.sql").into_boxed_str());
            file(name, &format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY);\n"))
        })
        .collect();
    let list = migrations(&files);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let commits = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = commits.clone();
    connection.set_instrumentation(move |event: diesel::connection::InstrumentationEvent<'_>| {
        if let diesel::connection::InstrumentationEvent::StartQuery { query, .. } = event
            && query.to_string().starts_with("COMMIT")
        {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(report.applied.len(), 1000);
    assert_eq!(commits.load(std::sync::atomic::Ordering::Relaxed), 3);
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().already_applied, 1000);
}
