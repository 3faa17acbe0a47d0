//! Taking over, repairing, taking back and beginning anew, on a real PostgreSQL server.

mod runner;

use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use glowplug::{Migrations, Runner, State};
use glowplug_tests::folder::compiled;
use glowplug_tests::{TestDatabase, postgres};
use runner::{applied, concurrent_index, file, files, history, migrations, run, tasks, users};
use std::time::{Duration, Instant};

fn last() -> runner::File {
    file("003_last.sql", "CREATE TABLE last ();\n")
}

fn three() -> &'static Migrations {
    migrations(&[users(), tasks(), last()])
}

#[test]
fn a_baseline_runs_nothing() {
    let database = postgres();
    database.execute("CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE tasks ()");
    let runner = Runner::new(three());
    let recorded = runner.baseline(&mut database.connect(), "2").unwrap();
    assert_eq!(recorded.to_string(), "recorded 2 migrations as applied: 001, 002");
    assert_eq!(history(&database), ["001 baselined 0/2 -", "002 baselined 0/1 -"]);
    assert_eq!(runner.status(&mut database.connect()).unwrap().migrations[0].state, State::Baselined);
    assert_eq!(files(&run(&database, three()).unwrap()), ["003_last.sql"]);
    // What is applied already stays as it is, and the second start is the short one.
    assert!(runner.baseline(&mut database.connect(), "003").unwrap().versions.is_empty());
    assert_eq!(run(&database, three()).unwrap().already_applied, 3);
    assert_eq!(runner.baseline(&mut database.connect(), "004").unwrap_err().code(), "no-such-version");
}

/// What another tool left, and what is taken over of it.
fn adopt(left: &str) -> Result<(Vec<String>, TestDatabase), String> {
    let database = postgres();
    database.execute(left);
    match Runner::new(three()).adopt(&mut database.connect()) {
        Ok(recorded) => {
            assert_eq!(applied(&database), recorded.versions);
            Ok((recorded.versions, database))
        }
        Err(error) => {
            assert_eq!(error.code(), "cannot-adopt");
            assert!(applied(&database).is_empty());
            Err(error.to_string())
        }
    }
}

#[test]
fn the_history_of_another_tool_is_taken_over() {
    // As each of them creates its table.
    let sqlx = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
                execution_time BIGINT NOT NULL); \
                INSERT INTO _sqlx_migrations VALUES (1, 'create users', now(), true, '', 1), (2, 'create tasks', now(), true, '', 1), \
                (3, 'last', now(), false, '', 1)";
    let refinery = "CREATE TABLE refinery_schema_history (version INT4 PRIMARY KEY, name VARCHAR(255), \
                    applied_on VARCHAR(255), checksum VARCHAR(255)); \
                    INSERT INTO refinery_schema_history VALUES (1, 'create_users', '2026-01-01T00:00:00Z', '1'), (2, 'create_tasks', '2026-01-01T00:00:00Z', '2')";
    let flyway = "CREATE TABLE flyway_schema_history (installed_rank INT PRIMARY KEY, version VARCHAR(50), \
                  description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, \
                  installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT now(), execution_time INT NOT NULL, \
                  success BOOLEAN NOT NULL); \
                  INSERT INTO flyway_schema_history VALUES (1, '1', '<< Flyway Baseline >>', 'BASELINE', '', NULL, 'me', now(), 0, true), \
                  (2, '2', 'create tasks', 'SQL', 'V2__create_tasks.sql', 1, 'me', now(), 0, true), \
                  (3, NULL, 'a view', 'SQL', 'R__view.sql', 1, 'me', now(), 0, true), \
                  (4, '3', 'last', 'SQL', 'V3__last.sql', 1, 'me', now(), 0, false)";
    let alembic = "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('create_tasks')";
    let golang = "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN NOT NULL); INSERT INTO schema_migrations VALUES (2, false)";
    let plain = "CREATE TABLE schema_migrations (version VARCHAR PRIMARY KEY); INSERT INTO schema_migrations VALUES ('001'), ('002')";
    for left in [sqlx, refinery, flyway, alembic, golang, plain] {
        let (versions, database) = adopt(left).unwrap_or_else(|error| panic!("{left}\n{error}"));
        assert_eq!(versions, ["001", "002"], "{left}");
        database.execute("CREATE TABLE users (id integer PRIMARY KEY)");
        assert_eq!(files(&run(&database, three()).unwrap()), ["003_last.sql"], "{left}");
    }
}

#[test]
fn what_cannot_be_taken_over_is_said() {
    let nothing = adopt("SELECT 1").unwrap_err();
    assert!(nothing.contains("there is no table of one that is known: _sqlx_migrations, alembic_version"), "{nothing}");
    let dirty = "CREATE TABLE schema_migrations (version BIGINT, dirty BOOLEAN); INSERT INTO schema_migrations VALUES (2, true)";
    assert!(adopt(dirty).unwrap_err().contains("version 2 failed half-way (dirty)"));
    let unknown =
        "CREATE TABLE schema_migrations (version VARCHAR); INSERT INTO schema_migrations VALUES ('001'), ('20240101')";
    assert!(adopt(unknown).unwrap_err().contains("what this program has no file for: 20240101"));
    let both = "CREATE TABLE schema_migrations (version VARCHAR); CREATE TABLE alembic_version (version_num VARCHAR)";
    assert!(adopt(both).unwrap_err().contains("there are several: alembic_version, schema_migrations"));
}

#[test]
fn a_repair_ends_what_was_left_and_accepts_what_is_named() {
    let database = postgres();
    // Applied by diesel, edited, and begun by a process that is gone.
    let mut connection = database.connect();
    connection.run_pending_migrations(*migrations(&[users()])).unwrap();
    run(&database, migrations(&[users(), tasks()])).unwrap();
    let edited = file("002_create_tasks.sql", "CREATE TABLE tasks (id bigint PRIMARY KEY);\n");
    let list = migrations(&[users(), edited, concurrent_index()]);
    database.execute(
        "INSERT INTO __glowplug_history (version, name, checksum, raw_checksum, status, statements_done, statements_total, \
           started_at, runner, tool_version) VALUES ('003', 'x', 'v1:', '', 'running', 0, 1, now(), 'elsewhere:1', '0.1.0')",
    );
    let runner = Runner::new(list);
    assert_eq!(runner.run_pending(&mut connection).unwrap_err().code(), "migration-edited");
    let repaired = runner.repair(&mut connection, &["2"]).unwrap();
    assert_eq!(
        repaired.to_string(),
        "left by a process that is gone, failed now: 003\napplied by another tool, recorded now: 001\nedited, accepted as it is: 002"
    );
    assert_eq!(
        database.rows("SELECT error FROM __glowplug_history WHERE status = 'failed'"),
        ["begun by elsewhere:1 and not finished"]
    );
    assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["003_index_tasks.sql"]);
    assert_eq!(runner.repair(&mut connection, &[]).unwrap().to_string(), "nothing to repair");
}

#[test]
fn what_has_a_way_back_is_taken_back() {
    let database = postgres();
    let list =
        migrations(&[users(), tasks().down("DROP TABLE tasks; -- and its rows"), last().down("DROP TABLE last;")]);
    run(&database, list).unwrap();
    let runner = Runner::new(list);
    let mut connection = database.connect();
    let reversal = runner.reversal(&mut connection, "1").unwrap();
    insta::assert_snapshot!(reversal, @r"
    -- 2 migrations to take back

    -- 003_last.sql
    DROP TABLE last;

    -- 002_create_tasks.sql
    DROP TABLE tasks; -- and its rows
    ");
    assert_eq!(runner.revert_to(&mut connection, "001").unwrap(), reversal);
    assert_eq!(applied(&database), ["001"]);
    assert_eq!(database.rows("SELECT to_regclass('tasks') IS NULL AND to_regclass('last') IS NULL"), ["t"]);
    assert_eq!(history(&database)[3..], ["003 reverted 0/1 -", "002 reverted 0/1 -"]);
    assert_eq!(runner.status(&mut connection).unwrap().migrations[1].state, State::Reverted);
    let entries = runner.history(&mut connection).unwrap();
    let statuses: Vec<&str> = entries.iter().map(|entry| entry.status.as_str()).collect();
    assert_eq!(statuses, ["completed", "completed", "completed", "reverted", "reverted"]);
    assert!(entries.iter().all(|entry| entry.finished_at >= Some(entry.started_at.clone())), "{entries:?}");
    let error = runner.revert_to(&mut connection, "0").unwrap_err();
    insta::assert_snapshot!(error, @r"
    migrations/001_create_users.sql cannot be taken back: there is no file that does it
      = nothing was changed
      = next: write migrations/001_create_users.down.sql (and build again), or write a migration that undoes it
    ");
    assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["002_create_tasks.sql", "003_last.sql"]);
}

#[test]
fn a_way_back_that_fails_leaves_its_migration() {
    let database = postgres();
    let list =
        migrations(&[users(), tasks().down("DROP TABLE tasks; DROP TABLE nothing;"), last().down("DROP TABLE last;")]);
    run(&database, list).unwrap();
    let error = Runner::new(list).revert_to(&mut database.connect(), "1").unwrap_err();
    insta::assert_snapshot!(error, @r#"
    migrations/002_create_tasks.sql could not be taken back: table "nothing" does not exist
      = it is applied still; its whole file was rolled back
      = taken back before it: 003_last.sql
      = next: correct the file that takes it back, build, and start again
    "#);
    assert_eq!(applied(&database), ["001", "002"]);
    assert_eq!(database.rows("SELECT to_regclass('tasks') IS NULL"), ["f"]);
    // Somebody newer has been here: what stands above is not ours to judge.
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('009')");
    let error = Runner::new(list).revert_to(&mut database.connect(), "2").unwrap_err();
    assert!(error.to_string().starts_with("009 cannot be taken back"), "{error}");
}

#[test]
fn a_reset_begins_anew_and_keeps_what_is_not_ours() {
    let database = postgres();
    let folder: &'static str = "/nowhere";
    let development: &'static Migrations = Box::leak(Box::new(Migrations { folder: Some(folder), ..*three() }));
    run(&database, development).unwrap();
    database.execute(
        "CREATE EXTENSION pgcrypto; CREATE SCHEMA app; CREATE TABLE app.inside (id serial PRIMARY KEY); \
         CREATE TYPE mood AS ENUM ('ok'); CREATE VIEW people AS SELECT * FROM users; CREATE DOMAIN d AS text; \
         CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s; \
         CREATE TABLE parts (id integer) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2); \
         INSERT INTO users VALUES (1)",
    );
    let mut connection = database.connect();
    let runner = Runner::new(development);
    let error = runner.reset(&mut connection, "another").unwrap_err();
    let expected = format!(
        "the database is not emptied\n  = it is called `{}`, and `another` was to be emptied\n  = nothing was changed",
        database.name()
    );
    assert_eq!(error.to_string(), expected);
    let error = Runner::new(three()).reset(&mut connection, database.name()).unwrap_err();
    assert!(error.to_string().contains("this program was built for release"), "{error}");
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["1"]);
    assert_eq!(runner.reset(&mut connection, database.name()).unwrap().applied.len(), 3);
    let left = "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname IN ('public', 'app') AND relkind IN ('r', 'p', 'v', 'S') ORDER BY 1";
    assert_eq!(
        database.rows(left),
        ["__diesel_schema_migrations", "__glowplug_history", "__glowplug_history_id_seq", "last", "tasks", "users"]
    );
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["0"]);
    assert_eq!(database.rows("SELECT encode(digest('', 'sha256'), 'hex') LIKE 'e3b0%'"), ["t"]);
    assert_eq!(database.rows("SELECT count(*) FROM pg_type WHERE typname IN ('mood', 'd')"), ["0"]);
}

#[test]
fn a_database_is_waited_for_and_a_wrong_password_is_not() {
    let database = postgres();
    let since = Instant::now();
    let wrong = database.url().replacen(":glowplug@", ":wr0ng@", 1);
    let Err(error) = glowplug::wait_for_database::<PgConnection>(&wrong, Duration::from_secs(20)) else { panic!() };
    assert_eq!(error.code(), "wrong-password", "{error}");
    let missing = database.url().replace(database.name(), "no_such_database");
    let Err(error) = glowplug::wait_for_database::<PgConnection>(&missing, Duration::from_secs(20)) else { panic!() };
    assert_eq!(error.code(), "no-such-database", "{error}");
    assert!(since.elapsed() < Duration::from_secs(5));
    let nobody = "postgres://ann:s3cret@127.0.0.1:1/app";
    let Err(error) = glowplug::wait_for_database::<PgConnection>(nobody, Duration::from_millis(700)) else { panic!() };
    assert_eq!(error.code(), "connection-refused");

    // A port where nobody listens yet, and then the server does.
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (before, address) = database.url().rsplit_once('@').unwrap();
    let (server, name) = address.split_once('/').unwrap();
    let url = format!("{before}@{free}/{name}");
    let server = server.to_owned();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(800));
        runner::Wire::between(std::net::TcpListener::bind(free).unwrap(), server, String::new());
    });
    let since = Instant::now();
    glowplug::wait_for_database::<PgConnection>(&url, Duration::from_secs(20)).unwrap();
    assert!(since.elapsed() >= Duration::from_millis(700));
}

#[test]
fn what_takes_back_may_run_outside_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("glowplug.toml", "backend = \"postgres\"\n");
    write("001_users.sql", "CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);\n");
    write("002_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);\n");
    write(
        "002_index.down.sql",
        "DROP INDEX CONCURRENTLY IF EXISTS users_name;\nCOMMENT ON TABLE users IS 'it''s; bare';\n",
    );
    let list = compiled(folder.path()).unwrap();
    let database = postgres();
    let mut connection = database.connect();
    let runner = Runner::new(list);
    insta::assert_snapshot!(runner.plan(&mut connection).unwrap(), @r"
    -- 2 migrations to apply, 0 applied

    -- 001_users.sql, in one transaction
    CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);

    -- 002_index.sql, statement by statement
    -- locks: SHARE UPDATE EXCLUSIVE on users
    CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);
    ");
    for _ in 0..2 {
        runner.run_pending(&mut connection).unwrap();
        assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["f"]);
        assert_eq!(runner.revert_to(&mut connection, "1").unwrap().steps.len(), 1);
        assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["t"]);
        assert_eq!(database.rows("SELECT obj_description('users'::regclass)"), ["it's; bare"]);
        assert_eq!(applied(&database), ["001"]);
    }
    assert_eq!(runner.status(&mut connection).unwrap().migrations[1].state, State::Reverted);

    // Where a later statement fails the earlier ones are done, and it says so.
    write("002_index.down.sql", "DROP INDEX CONCURRENTLY users_name;\nDROP TABLE nothing;\n");
    let runner = Runner::new(compiled(folder.path()).unwrap());
    runner.run_pending(&mut connection).unwrap();
    let error = runner.revert_to(&mut connection, "1").unwrap_err();
    assert!(error.to_string().contains("= it counts as applied still; what stands before the statement"), "{error}");
    assert_eq!(applied(&database), ["001", "002"]);
    assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["t"]);
}
