//! The runner on a real PostgreSQL server.

mod shared;
#[path = "../../runtime/tests/statics/mod.rs"]
mod statics;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use glowplug::{Engine, Error, HealthStatus, Migrations, Runner, State};
use glowplug_tests::log::Log;
use glowplug_tests::{TestDatabase, postgres};
use statics::{File, file};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

shared::running::running_on!(TestDatabase);

fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Postgres, files)
}

fn users() -> File {
    file(
        "001_create_users.sql",
        "CREATE TABLE users (id integer PRIMARY KEY, email text);\nCREATE UNIQUE INDEX users_email ON users (email);\n",
    )
}

fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id integer PRIMARY KEY, owner integer REFERENCES users (id));\n")
}

fn concurrent_index() -> File {
    file("003_index_tasks.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);\n")
        .without_transaction()
}

fn run(database: &TestDatabase, list: &'static Migrations) -> Result<glowplug::Report, Error> {
    Runner::new(list).run_pending(&mut database.connect())
}

fn history(database: &TestDatabase) -> Vec<String> {
    database.rows(
        "SELECT version || ' ' || status || ' ' || statements_done || '/' || statements_total || ' ' || coalesce(sqlstate, '-') \
         FROM __glowplug_history ORDER BY id",
    )
}

#[test]
fn what_is_pending_is_applied_once_and_recorded() {
    let database = postgres();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    let report = run(&database, list).unwrap();
    let files: Vec<&str> = report.applied.iter().map(|applied| applied.file.as_str()).collect();
    assert_eq!(files, ["001_create_users.sql", "002_create_tasks.sql", "003_index_tasks.sql"]);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -", "003 completed 1/1 -"]);
    assert_eq!(database.rows("SELECT version FROM __diesel_schema_migrations ORDER BY 1"), ["001", "002", "003"]);
    assert_eq!(
        database.rows(
            "SELECT column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(character_maximum_length::text, '') \
             || coalesce(column_default, '') FROM information_schema.columns WHERE table_name = '__diesel_schema_migrations' \
             ORDER BY ordinal_position"
        ),
        ["version character varying NO 50", "run_on timestamp without time zone NO CURRENT_TIMESTAMP"]
    );
    assert_eq!(
        database.rows(
            "SELECT bool_and(finished_at >= started_at AND duration_ms >= 0 AND checksum LIKE 'v1:%' AND runner LIKE '%:%' \
               AND started_at > now() - interval '1 minute')::text FROM __glowplug_history"
        ),
        ["true"]
    );
}

#[test]
fn a_second_start_is_one_query_and_needs_select_alone() {
    let database = postgres();
    let files: Vec<File> = (1..=30)
        .map(|number| {
            let name: &'static str = Box::leak(format!("{number}_t.sql").into_boxed_str());
            file(name, &format!("CREATE TABLE t{number} (id integer);\n"))
        })
        .collect();
    // Numbers of different width: the server's order has to be the list's.
    let list = migrations(&files);
    run(&database, list).unwrap();

    let mut connection = database.connect();
    let role = format!("reader_{}", database.name());
    connection
        .batch_execute(&format!(
            "CREATE ROLE {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; SET ROLE {role}; \
             SET default_transaction_read_only = on"
        ))
        .unwrap();
    let queries = Arc::new(AtomicUsize::new(0));
    let counter = queries.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 30));
    assert_eq!(queries.load(Ordering::Relaxed), 1);
    assert_eq!(Runner::new(list).health(&mut connection).status, HealthStatus::Healthy);
    assert_eq!(Runner::new(list).status(&mut connection).unwrap().applied, 30);

    // With something to do, the same role is told what it lacks.
    let more: Vec<File> = files.into_iter().chain([file("31_x.sql", "CREATE TABLE x (id integer);\n")]).collect();
    let error = Runner::new(migrations(&more)).run_pending(&mut connection).unwrap_err();
    assert!(error.to_string().contains("read-only transaction"), "{error}");
    assert_eq!(error.sqlstate(), Some("25006"));
    drop(connection);
    database.server().administer(&format!("REASSIGN OWNED BY {role} TO CURRENT_USER"));
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// So many at once, on so many new databases: each migration exactly once, and everybody ends well.
fn race(list: &'static Migrations, runners: usize, rounds: usize) {
    for _ in 0..rounds {
        let database = postgres();
        let start = Barrier::new(runners);
        let reports: Vec<_> = std::thread::scope(|scope| {
            let runners: Vec<_> = (0..runners)
                .map(|_| {
                    scope.spawn(|| {
                        let mut connection = database.connect();
                        start.wait();
                        Runner::new(list).run_pending(&mut connection)
                    })
                })
                .collect();
            runners.into_iter().map(|runner| runner.join().unwrap().unwrap()).collect()
        });
        let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
        assert_eq!(applied, list.list.len());
        for report in &reports {
            assert_eq!(report.applied.len() + report.already_applied, list.list.len());
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        }
        let rows = history(&database);
        assert_eq!(rows.len(), list.list.len());
        assert!(rows.iter().all(|row| row.contains(" completed ")), "{rows:?}");
        let left = database.rows(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid \
             UNION ALL SELECT 'a lock' FROM pg_locks WHERE locktype = 'advisory' \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        );
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn four_at_once_build_an_index_concurrently_once() {
    race(migrations(&[users(), tasks(), concurrent_index()]), 4, 10);
}

#[test]
fn a_failing_statement_is_shown_and_leaves_what_came_before() {
    let database = postgres();
    let bad = file(
        "003_add_pets.sql",
        "CREATE TABLE pets (id integer);\n\n-- ö\nINSERT INTO pets\n  SELECT 'é'::text, id FROM usres;\n",
    );
    let list = migrations(&[users(), tasks(), bad, file("004_never.sql", "CREATE TABLE never (id integer);\n")]);
    let error = run(&database, list).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    migration 003_add_pets.sql failed: relation "usres" does not exist
     --> migrations/003_add_pets.sql:5:29
      |
    4 | INSERT INTO pets
    5 |   SELECT 'é'::text, id FROM usres;
      |                             ^
      = statement 2 of 2; all of the file is rolled back
      = SQLSTATE 42P01
      = 001_create_users.sql … 002_create_tasks.sql are applied and stay (2)
      = next: correct migrations/003_add_pets.sql, which is not applied and may be edited; build and start again
    "#);
    assert_eq!(error.sqlstate(), Some("42P01"));
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -", "003 failed 0/2 42P01"]);
    assert_eq!(database.rows("SELECT to_regclass('pets') IS NULL AND to_regclass('never') IS NULL"), ["t"]);
    let status = Runner::new(list).status(&mut database.connect()).unwrap();
    assert_eq!(status.migrations[2].state, State::Failed);
    assert_eq!(status.migrations[2].error_message.as_deref(), Some("relation \"usres\" does not exist"));
}

#[test]
fn each_kind_of_failure_has_its_code_place_and_detail() {
    // The statement, its SQLSTATE, the text at the caret, a part of what is said besides.
    for (sql, sqlstate, at, said) in [
        ("CREATE TABLE t (a integer, INDEX i (a))", "42704", "i (a))", "type \"i\" does not exist"),
        ("CREATE TABEL t (a integer)", "42601", "TABEL", "syntax error at or near \"TABEL\""),
        ("CREATE TABLE t (a intger)", "42704", "intger", "type \"intger\" does not exist"),
        ("SELECT lenght('a')", "42883", "lenght", "= hint: No function matches"),
        ("INSERT INTO users VALUES (1, 'a'), (1, 'b')", "23505", "INSERT", "= detail: Key (id)=(1) already exists."),
        ("INSERT INTO users VALUES (NULL, 'a')", "23502", "INSERT", "= detail: Failing row contains (null, a)."),
        ("SELECT 1/0", "22012", "SELECT", "division by zero"),
        ("SELECT 'x\\'::integer", "22P02", "'x\\'", "invalid input syntax for type integer"),
        (
            "DROP TABLE users CASCADE; DROP TABLE users",
            "42P01",
            "DROP TABLE users CASCADE",
            "table \"users\" does not exist",
        ),
        (
            "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'GP001', HINT = 'yes'; END $$",
            "GP001",
            "DO",
            "= hint: yes",
        ),
        ("CREATE INDEX CONCURRENTLY i ON users (email)", "25001", "CREATE", "cannot run inside a transaction block"),
        (
            "ALTER TABLE users ALTER COLUMN email TYPE integer",
            "42804",
            "ALTER",
            "cannot be cast automatically to type integer",
        ),
        (
            "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT nothing $$",
            "42703",
            "nothing",
            "column \"nothing\"",
        ),
    ] {
        let database = postgres();
        let list = migrations(&[users(), file("002_bad.sql", &format!("SELECT 'ö';\n  {sql};\n"))]);
        let Error::Statement(error) = run(&database, list).unwrap_err() else { panic!("{sql}") };
        let text = Error::Statement(error).to_string();
        assert!(text.contains(&format!("= SQLSTATE {sqlstate}\n")), "{sql}\n{text}");
        assert!(text.contains(said), "{sql}\n{text}");
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines.iter().position(|line| line.trim_start_matches([' ', '|']) == "^").unwrap();
        let column = lines[caret].find('^').unwrap();
        let shown: String = lines[caret - 1].chars().skip(column).collect();
        assert!(shown.starts_with(at), "{sql}\n{text}");
        assert_eq!(database.rows("SELECT sqlstate FROM __glowplug_history WHERE status = 'failed'"), [sqlstate]);
    }
}

#[test]
fn a_failure_at_commit_says_so() {
    let database = postgres();
    let list = migrations(&[
        users(),
        file(
            "002_pairs.sql",
            "CREATE TABLE pairs (id integer REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO pairs VALUES (7);\n",
        ),
    ]);
    let error = run(&database, list).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    migration 002_pairs.sql failed: insert or update on table "pairs" violates foreign key constraint "pairs_id_fkey"
     --> migrations/002_pairs.sql:2:1
      |
    1 | CREATE TABLE pairs (id integer REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
    2 | INSERT INTO pairs VALUES (7);
      | ^
      = at COMMIT, after statement 2 of 2; all of the file is rolled back
      = SQLSTATE 23503
      = detail: Key (id)=(7) is not present in table "users".
      = 001_create_users.sql is applied and stays
      = next: correct the rows that are there, or migrations/002_pairs.sql, which is not applied and may be edited; build and start again
    "#);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 failed 0/2 23503"]);
}

#[test]
fn a_table_made_by_hand_is_explained() {
    let database = postgres();
    database.execute("CREATE TABLE users (id integer PRIMARY KEY)");
    let error = run(&database, migrations(&[users()])).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    migration 001_create_users.sql failed: relation "users" already exists
     --> migrations/001_create_users.sql:1:1
      |
    1 | CREATE TABLE users (id integer PRIMARY KEY, email text);
      | ^
      = statement 1 of 2; all of the file is rolled back
      = SQLSTATE 42P07
      = no migration is applied
      = no migration that is applied made it: someone made it by hand, with another tool, or a base file did
      = next, if it is what 001_create_users.sql makes: record it as applied (INSERT INTO __diesel_schema_migrations (version) VALUES ('001'))
      = next, if it is something else: rename or drop it, and start again; or write CREATE TABLE IF NOT EXISTS in migrations/001_create_users.sql, and build again
    "#);
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('001')");
    assert_eq!(run(&database, migrations(&[users(), tasks()])).unwrap().applied.len(), 1);
}

/// The database's URL with another password, or another database.
fn changed(database: &TestDatabase, password: Option<&str>, name: &str) -> String {
    let url = database.url();
    let (before, after) = url.split_once("://").unwrap();
    let (user, host) = after.rsplit_once('@').unwrap();
    let user = match (user.split_once(':'), password) {
        (Some((user, _)), Some(password)) => format!("{user}:{password}"),
        _ => user.to_owned(),
    };
    format!("{before}://{user}@{}", host.replace(database.name(), name))
}

fn refused(url: &str) -> Error {
    match glowplug::establish::<PgConnection>(url) {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

#[test]
fn a_wrong_password_is_said_and_never_shown() {
    let database = postgres();
    let error = refused(&changed(&database, Some("not-the-s3cret"), database.name()));
    assert_eq!(error.code(), "wrong-password", "{error}");
    let text = error.to_string();
    assert!(!text.contains("not-the-s3cret"), "{text}");
    assert!(text.starts_with("cannot connect to postgres"), "{text}");
    assert!(text.contains(":***@"), "{text}");
    assert!(text.contains("password authentication failed for user"), "{text}");
    assert!(text.contains("\n  = next: correct the password in the URL (DATABASE_URL?)"), "{text}");
}

#[test]
fn a_database_that_is_not_there_is_said() {
    let database = postgres();
    let error = refused(&changed(&database, None, "no_such_database"));
    assert_eq!(error.code(), "no-such-database", "{error}");
    let text = error.to_string();
    assert!(text.contains("database \"no_such_database\" does not exist"), "{text}");
    assert!(text.contains("\n  = next: create the database (createdb NAME"), "{text}");
}

#[test]
fn a_server_that_is_not_there_is_said_and_unhealthy() {
    let error = refused("postgres://ann:s3cret@127.0.0.1:1/app");
    assert_eq!(error.code(), "connection-refused", "{error}");
    let text = error.to_string();
    assert!(text.starts_with("cannot connect to postgres://ann:***@127.0.0.1:1/app\n"), "{text}");
    assert!(text.ends_with("= next: is the server started, and are host and port those of the URL?"), "{text}");
    let health = glowplug::Health::unreachable(migrations(&[users()]), &error);
    assert_eq!((health.status, health.http_status()), (HealthStatus::Unhealthy, 503));
    assert!(!health.database.error.unwrap().contains("s3cret"));
}

#[test]
fn the_holder_of_the_lock_is_named() {
    let database = postgres();
    let list = migrations(&[users()]);
    let slow = migrations(&[file("001_slow.sql", "SELECT pg_sleep(6);\n")]);
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let mut connection = database.connect();
            connection.batch_execute("SET application_name = 'first-replica'").unwrap();
            Runner::new(slow).run_pending(&mut connection).unwrap();
        });
        let mut watcher = database.connect();
        while diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted \
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        ))
        .get_result::<i64>(&mut watcher)
        .unwrap()
            == 0
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        let (log, _open) = Log::open();
        let since = Instant::now();
        let error =
            Runner::new(list).lock_wait(Duration::from_millis(700)).run_pending(&mut database.connect()).unwrap_err();
        assert!(since.elapsed() < Duration::from_secs(4), "gave up before the holder is done: {:?}", since.elapsed());
        assert_eq!(error.code(), "lock-wait");
        let text = error.to_string();
        assert!(text.starts_with("another process is migrating this database; waited "), "{text}");
        assert!(text.contains("(first-replica), connected for "), "{text}");
        let Error::LockWait { holder: Some(named), .. } = &error else { panic!("{error:?}") };
        let pid = named.pid.unwrap();
        assert!(text.contains(&format!("SELECT pg_terminate_backend({pid})")), "{text}");
        let holder_said = format!("pid={pid} application=first-replica connected=");
        let _ = log.line(&["another process is migrating this database; waiting for it", &holder_said]);
        holder.join().unwrap();
    });
    // The lock is given back, also by the one that failed.
    assert!(database.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").is_empty());
}

#[test]
fn a_table_that_others_use_is_not_waited_for_forever() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let list = migrations(&[users(), file("002_add.sql", "ALTER TABLE users ADD COLUMN name text;\n")]);
    let mut reader = database.connect();
    reader.batch_execute("BEGIN; SELECT * FROM users").unwrap();
    let error = Runner::new(list)
        .lock_timeout(Duration::from_millis(200))
        .retries(0)
        .run_pending(&mut database.connect())
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
    assert!(error.to_string().contains("GLOWPLUG_LOCK_TIMEOUT"), "{error}");
    reader.batch_execute("ROLLBACK").unwrap();
    assert_eq!(run(&database, list).unwrap().applied.len(), 1);
}

#[test]
fn a_statement_that_runs_too_long_is_ended() {
    let database = postgres();
    let list = migrations(&[file("001_slow.sql", "SELECT pg_sleep(20);\n")]);
    let error = Runner::new(list)
        .statement_timeout(Duration::from_millis(200))
        .run_pending(&mut database.connect())
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("57014"), "{error}");
    assert!(error.to_string().contains("GLOWPLUG_STATEMENT_TIMEOUT"), "{error}");
}

#[test]
fn what_cannot_be_one_transaction_goes_on_where_it_stopped() {
    let database = postgres();
    let list = |last: &str| {
        let sql = format!(
            "CREATE INDEX CONCURRENTLY tasks_owner ON tasks (owner);\nCREATE INDEX CONCURRENTLY two ON {last} (id);\n"
        );
        migrations(&[users(), tasks(), file("003_two.sql", &sql).without_transaction().not_resumable()])
    };
    let error = run(&database, list("tsaks")).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    migration 003_two.sql failed: relation "tsaks" does not exist
     --> migrations/003_two.sql:2:1
      |
    1 | CREATE INDEX CONCURRENTLY tasks_owner ON tasks (owner);
    2 | CREATE INDEX CONCURRENTLY two ON tsaks (id);
      | ^
      = statement 2 of 2
      = SQLSTATE 42P01
      = the file cannot run in a transaction; its first statement is done and stays
      = 001_create_users.sql … 002_create_tasks.sql are applied and stay (2)
      = next: correct migrations/003_two.sql, which is not applied and may be edited; build and start again
    "#);
    assert_eq!(history(&database)[2], "003 failed 1/2 42P01");
    let report = run(&database, list("tasks")).unwrap();
    assert!(report.warnings[0].contains("(1 of 2 statements); gone on with statement 2"), "{:?}", report.warnings);
    assert_eq!(history(&database)[3], "003 completed 2/2 -");
}

#[test]
fn what_a_migration_sets_does_not_move_the_history() {
    let database = postgres();
    let list = migrations(&[
        users(),
        file(
            "002_dump.sql",
            "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.dumped (id integer);\n",
        ),
        file("003_schema.sql", "CREATE SCHEMA app;\nSET search_path TO app;\nCREATE TABLE inside (id integer);\n"),
        file("004_after.sql", "CREATE TABLE public.after (id integer);\n"),
    ]);
    let report = run(&database, list).unwrap();
    assert_eq!(report.applied.len(), 4);
    assert_eq!(database.rows("SELECT count(*) FROM public.__diesel_schema_migrations"), ["4"]);
    assert_eq!(run(&database, list).unwrap().already_applied, 4);
}

#[test]
fn the_server_keeps_ready_what_each_migration_repeats() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let seen = |version: &str| {
        let sql = "INSERT INTO seen SELECT string_agg(name, ' ' ORDER BY name) FROM pg_prepared_statements;\n";
        file(format!("{version}_look.sql").leak(), sql)
    };
    let list = migrations(&[
        users(),
        file("002_seen.sql", "CREATE TABLE seen (names text);\n"),
        seen("003"),
        seen("004"),
        // What a dump's head does, or a careless file: the runner's statements go with the rest.
        file("005_careless.sql", "DEALLOCATE ALL;\n"),
        seen("006"),
        seen("007"),
    ]);
    let mut connection = database.connect();
    Runner::new(list).run_pending(&mut connection).unwrap();
    let both = "glowplug_claim glowplug_completed";
    assert_eq!(database.rows("SELECT coalesce(names, '-') FROM seen"), [both, both, "-", "-"]);
    let recorded: Vec<String> = (1..=7).map(|id| format!("{id} 00{id} completed true true")).collect();
    assert_eq!(
        database.rows(
            "SELECT h.id || ' ' || h.version || ' ' || h.status || ' ' || (h.statements_done = h.statements_total) \
               || ' ' || (h.duration_ms >= 0 AND h.runner <> '' AND h.tool_version <> '' AND a.version IS NOT NULL) \
             FROM __glowplug_history h LEFT JOIN __diesel_schema_migrations a USING (version) ORDER BY h.id"
        ),
        recorded
    );
    // The connection goes back as it came, and can be used for another run.
    let left = |connection: &mut PgConnection| {
        let count = "(SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'glowplug%')";
        diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(count)).get_result::<i64>(connection).unwrap()
    };
    assert_eq!(left(&mut connection), 0);
    for last in [3, 6] {
        let more: Vec<File> = (1..=last).map(|nth| file(format!("00{nth}_more.sql").leak(), "SELECT 1;\n")).collect();
        let report = Runner::new(migrations(&more)).history_name("more").run_pending(&mut connection).unwrap();
        assert_eq!(report.applied.len(), 3);
        assert_eq!(left(&mut connection), 0);
    }
}

#[test]
fn what_only_fails_together_is_applied_one_by_one() {
    // A new value of an enum cannot be used in the transaction that adds it, where the type is older.
    let database = postgres();
    database.execute("CREATE TYPE mood AS ENUM ('ok')");
    let list = migrations(&[
        users(),
        file("002_add.sql", "ALTER TYPE mood ADD VALUE 'sad';\n"),
        file("003_use.sql", "CREATE TABLE moods (mood mood DEFAULT 'sad');\nINSERT INTO moods DEFAULT VALUES;\n"),
    ]);
    assert_eq!(run(&database, list).unwrap().applied.len(), 3);
    assert_eq!(history(&database).len(), 3);
}

#[test]
fn many_migrations_on_a_new_database_are_few_transactions() {
    let database = postgres();
    let files: Vec<File> = (1..=1200)
        .map(|number| {
            let name: &'static str = Box::leak(format!("{number:04}_t.sql").into_boxed_str());
            file(name, &format!("CREATE TABLE t{number} (id integer PRIMARY KEY);\n"))
        })
        .collect();
    let report = run(&database, migrations(&files)).unwrap();
    assert_eq!(report.applied.len(), 1200);
    // What wrote the rows.
    let transactions = "SELECT count(DISTINCT xmin::text) FROM";
    assert_eq!(database.rows(&format!("{transactions} __diesel_schema_migrations")), ["3"]);
    assert_eq!(database.rows(&format!("{transactions} __glowplug_history")), ["3"]);
    assert_eq!(
        database.rows(
            "SELECT count(*), bool_and(h.started_at = a.run_on AT TIME ZONE 'UTC'), bool_and(h.started_at >= h.before), \
               bool_and(h.finished_at >= h.started_at AND h.duration_ms >= 0) \
             FROM (SELECT *, lag(finished_at, 1, '-infinity') OVER (ORDER BY version) AS before FROM __glowplug_history) h \
             JOIN __diesel_schema_migrations a ON a.version = h.version AND h.id = a.version::int"
        ),
        ["1200|t|t|t"]
    );
}

#[test]
fn diesels_own_harness_runs_what_has_no_transaction() {
    let database = postgres();
    let list = migrations(&[users(), tasks().down("DROP TABLE tasks;"), concurrent_index()]);
    let mut connection = database.connect();
    let versions: Vec<String> =
        connection.run_pending_migrations(*list).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["001", "002", "003"]);
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 3));
    assert_eq!(database.rows("SELECT to_regclass('__glowplug_history') IS NULL"), ["t"]);
}

/// The text without what libpq says of a connection that is gone, which depends on what it was doing.
fn without_the_clients_words(error: &Error) -> String {
    let said = std::error::Error::source(error).unwrap().to_string();
    let mut text = error.to_string();
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        assert!(text.contains(line.trim()), "{text}");
        text = text.replacen(line.trim(), "", 1);
    }
    text.lines().map(str::trim_end).filter(|line| !line.is_empty() && *line != "  =").collect::<Vec<_>>().join("\n")
}

#[test]
fn a_connection_that_is_lost_is_no_fault_of_the_file() {
    let database = postgres();
    let end = "SELECT pg_terminate_backend(pg_backend_pid());\n";
    let list = migrations(&[users(), file("002_end.sql", &format!("CREATE TABLE t (id integer);\n{end}"))]);
    run(&database, migrations(&[users()])).unwrap();
    let error = run(&database, list).unwrap_err();
    insta::assert_snapshot!(without_the_clients_words(&error), @r"
    the connection to the database was lost while 002_end.sql ran
      = 002_end.sql is applied whole or not at all, and the next start finds out which
      = 001_create_users.sql is applied and stays
      = next: start again when the database is back
    ");
    assert_eq!(error.code(), "connection-lost");
    assert_eq!(database.rows("SELECT to_regclass('t') IS NULL"), ["t"]);

    let database = postgres();
    let list = migrations(&[users(), file("002_end.sql", &format!("VACUUM users;\n{end}")).without_transaction()]);
    let error = run(&database, list).unwrap_err();
    insta::assert_snapshot!(without_the_clients_words(&error), @r"
    the connection to the database was lost while 002_end.sql ran
      = 002_end.sql cannot run in a transaction; 1 of its 2 statements is known to be done, and the next start goes on
      = 001_create_users.sql is applied and stays
      = next: start again when the database is back
    ");
    assert_eq!(Runner::new(list).health(&mut database.connect()).migrations.stuck, ["002"]);
    let status = Runner::new(list).status(&mut database.connect()).unwrap();
    assert_eq!(status.migrations[1].state, State::Running);
}

#[test]
fn a_role_without_rights_is_told_which() {
    let database = postgres();
    let role = format!("nobody_{}", database.name());
    database.execute(&format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE ROLE {role}; GRANT USAGE ON SCHEMA public TO {role}"
    ));
    let mut connection = database.connect();
    connection.batch_execute(&format!("SET ROLE {role}")).unwrap();
    let error = Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    creating the tables that keep the history of migrations: permission denied for schema public
      = SQLSTATE 42501
      = next: give the role the right (GRANT CREATE ON SCHEMA … TO …), or run the migrations as the role that owns the tables
    ");
    drop(connection);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
