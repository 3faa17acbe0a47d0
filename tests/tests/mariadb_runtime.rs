//! The runner on a real MariaDB server. No MySQL server is to be had for the tests; what differs there is told apart by
//! names of settings and by numbers of errors, in `runtime/src/backend/mysql`.

#[path = "runner/mariadb.rs"]
mod runner;
mod shared;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use diesel_migrations::MigrationHarness;
use glowplug::{HealthStatus, LockKind, OnFailure, Runner};
use glowplug_tests::folder::compiled;
use glowplug_tests::{MariadbDatabase, mariadb};
use runner::{TASKS, USERS, applied, files, history, list, run};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

shared::running::running_on!(MariadbDatabase);

#[test]
fn the_sample_folder_is_applied_once_and_changes_nothing_when_it_is_run_again() {
    let database = mariadb();
    let sample = compiled(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/mysql")).unwrap();
    assert_eq!(run(&database, sample).unwrap().applied.len(), sample.list.len());
    Runner::new(sample).check_schema(&mut database.connect()).unwrap();
    assert_eq!(Runner::new(sample).health(&mut database.connect()).status, HealthStatus::Healthy);
    let (dump, rows) = (database.dump(), database.rows("SELECT * FROM schema_migrations ORDER BY 1"));
    // As if nobody had recorded it.
    database.execute("DROP TABLE __diesel_schema_migrations, __glowplug_history");
    assert_eq!(run(&database, sample).unwrap().applied.len(), sample.list.len());
    assert_eq!(database.dump(), dump);
    assert_eq!(database.rows("SELECT * FROM schema_migrations ORDER BY 1"), rows);
}

#[test]
fn what_is_applied_is_recorded() {
    let database = mariadb();
    let two = list(&[USERS, TASKS]);
    assert_eq!(files(&run(&database, two).unwrap()), ["001_users.sql", "002_tasks.sql"]);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -"]);
    assert_eq!(applied(&database), ["001", "002"]);
    assert_eq!(
        database.rows(
            "SELECT min(finished_at >= started_at AND duration_ms >= 0 AND checksum LIKE 'v1:%' AND runner LIKE '%:%' \
               AND abs(timestampdiff(second, started_at, utc_timestamp())) < 60) FROM __glowplug_history"
        ),
        ["1"]
    );
    // diesel's own harness takes the same table.
    let mut connection = database.connect();
    assert!(!connection.has_pending_migration(*two).unwrap());
    let engines = "SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE '\\_\\_%'";
    assert_eq!(database.rows(engines), ["InnoDB"]);
    let status = Runner::new(two).status(&mut connection).unwrap();
    assert_eq!(status.applied, 2);
    let attempts = Runner::new(two).history(&mut connection).unwrap();
    assert!(
        attempts.iter().all(|attempt| attempt.started_at.len() == "2026-11-21T12:00:00.000Z".len()),
        "{attempts:?}"
    );
}

#[test]
fn a_second_start_is_one_question_and_needs_select_alone() {
    let database = mariadb();
    let numbers: Vec<(String, String)> = (1..=30)
        .map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE IF NOT EXISTS t{n} (id INT PRIMARY KEY);\n")))
        .collect();
    // Numbers of different width: the server's order has to be the list's.
    let many: Vec<(&str, &str)> = numbers.iter().map(|(name, sql)| (name.as_str(), sql.as_str())).collect();
    run(&database, list(&many)).unwrap();

    let reader = format!("reader_{}", database.name());
    let server = database.server();
    server.administer(&format!("CREATE USER {reader}@'%'; GRANT SELECT ON {}.* TO {reader}@'%'", database.name()));
    let mut connection = MysqlConnection::establish(&database.url_of(&reader)).unwrap();
    let queries = Arc::new(AtomicUsize::new(0));
    let counter = queries.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let runner = Runner::new(list(&many));
    let report = runner.run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 30));
    assert_eq!(queries.load(Ordering::Relaxed), 1);
    assert_eq!(runner.health(&mut connection).status, HealthStatus::Healthy);
    assert_eq!(runner.status(&mut connection).unwrap().applied, 30);
    assert!(runner.plan(&mut connection).unwrap().pending.is_empty());

    // With something to do, the same role is told what it lacks.
    let more: Vec<(&str, &str)> =
        [many.as_slice(), &[("31_x.sql", "CREATE TABLE IF NOT EXISTS x (id INT);\n")]].concat();
    let error = Runner::new(list(&more)).run_pending(&mut connection).unwrap_err();
    assert!(error.to_string().contains("command denied to user"), "{error}");
    assert!(error.to_string().contains("= error 1142, SQLSTATE 42000"), "{error}");
    assert!(error.to_string().contains("next: give the role the right"), "{error}");
    assert_eq!(Runner::new(list(&more)).plan(&mut connection).unwrap().pending.len(), 1);
    server.administer(&format!("DROP USER {reader}@'%'"));
}

#[test]
fn a_failure_says_where_and_what_is_left() {
    let database = mariadb();
    database.execute(
        "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(200)); INSERT INTO users VALUES (1, 'a'), (2, 'a')",
    );
    let three = list(&[
        ("001_users.sql", "CREATE TABLE IF NOT EXISTS users (id INT PRIMARY KEY, email VARCHAR(200));\n"),
        (
            "002_unique.sql",
            "ALTER TABLE users ADD COLUMN IF NOT EXISTS name VARCHAR(100);\n  CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email);\n",
        ),
        ("003_more.sql", "CREATE TABLE IF NOT EXISTS more (id INT);\n"),
    ]);
    let error = run(&database, three).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 002_unique.sql failed: Duplicate entry 'a' for key 'users_email'
     --> migrations/002_unique.sql:2:3
      |
    1 | ALTER TABLE users ADD COLUMN IF NOT EXISTS name VARCHAR(100);
    2 |   CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email);
      |   ^
      = statement 2 of 2
      = error 1062, SQLSTATE 23000
      = the file cannot run in a transaction; its first statement is done and stays
      = 001_users.sql is applied and stays
      = next: correct the rows that are there, or migrations/002_unique.sql, which is not applied and may be edited; build and start again
    ");
    assert_eq!(history(&database), ["001 completed 1/1 -", "002 failed 1/2 23000"]);

    // The ones behind it are tried too where that is wanted.
    let on = Runner::new(three).on_failure(OnFailure::Continue);
    let error = on.run_pending(&mut database.connect()).unwrap_err();
    assert_eq!(error.code(), "statement-failed");
    assert_eq!(applied(&database), ["001", "003"]);

    // Corrected by hand, it goes on.
    database.execute("DELETE FROM users WHERE id = 2");
    let on = on.run_pending(&mut database.connect()).unwrap();
    assert_eq!(files(&on), ["002_unique.sql"]);
    assert!(on.warnings[0].contains("was begun by"), "{:?}", on.warnings);
}

#[test]
fn a_table_that_somebody_made_is_named() {
    let database = mariadb();
    database.execute("CREATE TABLE pets (id INT)");
    let one = list(&[(
        "001_pets.sql",
        "-- glowplug: allow(create-without-guard, reason = \"the test's\")\nCREATE TABLE pets (id INT);\n",
    )]);
    let error = run(&database, one).unwrap_err().to_string();
    assert!(error.contains("Table 'pets' already exists") && error.contains("= error 1050, SQLSTATE 42S01"), "{error}");
    assert!(error.contains("someone made it by hand"), "{error}");
    assert!(error.contains("--> migrations/001_pets.sql:2:14"), "{error}");
}

#[test]
fn a_server_that_only_reads_is_named() {
    let database = mariadb();
    let (user, name) = (format!("writer_{}", database.name()), database.name());
    let server = database.server();
    server
        .administer(&format!("CREATE USER {user}@'%'; GRANT ALL ON {name}.* TO {user}@'%'; SET GLOBAL read_only = 1"));
    let mut connection = MysqlConnection::establish(&database.url_of(&user)).unwrap();
    let result = Runner::new(list(&[USERS])).run_pending(&mut connection);
    server.administer("SET GLOBAL read_only = 0");
    let error = result.unwrap_err().to_string();
    assert!(error.contains("--read-only") && error.contains("= error 1290"), "{error}");
    assert!(error.contains("next: migrate where it may be written to"), "{error}");
    assert_eq!(Runner::new(list(&[USERS])).run_pending(&mut connection).unwrap().applied.len(), 1);
    server.administer(&format!("DROP USER {user}@'%'"));
}

#[test]
fn other_character_sets_and_odd_names() {
    for (name, charset) in
        [("glowplug odd 'name', and", "latin1"), ("glowplug_ünï", "utf8mb4"), ("glowplug-dash", "ascii")]
    {
        let database = mariadb().server().database_called(name, charset);
        let url = database.url().replace(' ', "%20");
        // diesel does not decode what is escaped in the name of a database.
        let mut connection = MysqlConnection::establish(&url.replace(&url[url.rfind('/').unwrap()..], "/")).unwrap();
        connection.batch_execute(&format!("USE `{name}`")).unwrap();
        let two = list(&[
            (
                "001_größe.sql",
                "CREATE TABLE IF NOT EXISTS größen (id INT PRIMARY KEY, text VARCHAR(50) DEFAULT 'äöü 🦀') CHARACTER SET utf8mb4;\n",
            ),
            (
                "002_rows.sql",
                "-- glowplug: allow(insert-without-guard, reason = \"once\")\nINSERT INTO größen (id, text) VALUES (1, 'it''s \\\\ 🦀');\n",
            ),
        ]);
        let runner = Runner::new(two);
        assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["001_größe.sql", "002_rows.sql"]);
        assert_eq!(runner.run_pending(&mut connection).unwrap().already_applied, 2);
        assert_eq!(runner.health(&mut connection).status, HealthStatus::Healthy, "{name}");
        assert_eq!(
            database.rows("SELECT HEX(text), HEX(DEFAULT(text)) FROM größen"),
            ["69742773205C20F09FA680|C3A4C3B6C3BC20F09FA680"]
        );
        assert_eq!(database.rows("SELECT name FROM __glowplug_history LIMIT 1"), ["größe"]);
    }
}

#[test]
fn what_a_migration_sets_is_set_back() {
    let database = mariadb();
    let other = mariadb();
    let mut connection = database.connect();
    connection
        .batch_execute("SET SESSION lock_wait_timeout = 77, sql_mode = 'STRICT_ALL_TABLES', autocommit = 0")
        .unwrap();
    let state = "SELECT CAST(CONCAT_WS(' ', @@sql_mode, @@autocommit, @@foreign_key_checks, @@unique_checks, @@time_zone, \
                 @@character_set_client, @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time, \
                 @@tx_isolation, @@group_concat_max_len, DATABASE()) AS CHAR) AS line";
    let before = runner::line(&mut connection, state);
    connection.batch_execute("COMMIT").unwrap();
    let sets = format!(
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,ORACLE';\nSET foreign_key_checks = 0, unique_checks = 0, autocommit = 0;\n\
         SET NAMES latin1;\nSET time_zone = '+05:00';\nSET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n\
         SET group_concat_max_len = 4;\nCREATE TABLE IF NOT EXISTS here (id INT);\nUSE {};\n",
        other.name()
    );
    let two =
        list(&[("001_sets.sql", &sets), ("002_here.sql", "ALTER TABLE here ADD COLUMN IF NOT EXISTS more INT;\n")]);
    let report = Runner::new(two).statement_timeout(std::time::Duration::from_secs(50)).run_pending(&mut connection);
    assert_eq!(report.unwrap().applied.len(), 2);
    assert_eq!(runner::line(&mut connection, state), before);
    assert_eq!(history(&database), ["001 completed 8/8 -", "002 completed 1/1 -"]);
    let columns =
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'here' AND table_schema = DATABASE()";
    assert_eq!(database.rows(columns), ["2"]);
}

#[test]
fn a_pools_connection_is_one_too() {
    let database = mariadb();
    let pool = Pool::builder().max_size(2).build(ConnectionManager::<MysqlConnection>::new(database.url())).unwrap();
    let two = list(&[USERS, TASKS]);
    assert_eq!(Runner::new(two).run_pending(&mut pool.get().unwrap()).unwrap().applied.len(), 2);
    assert_eq!(Runner::new(two).status(&mut pool.get().unwrap()).unwrap().applied, 2);
}

#[test]
fn the_same_runner_on_an_asynchronous_connection() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for lock in [LockKind::Auto, LockKind::Lease] {
        let database = mariadb();
        let runner = Runner::new(list(&[USERS, TASKS])).lock(lock);
        tokio.block_on(async {
            let connection = AsyncMysqlConnection::establish(&database.url()).await.unwrap();
            let (connection, report) = runner.run_pending_async(connection).await;
            assert_eq!(report.unwrap().applied.len(), 2);
            let (mut connection, report) = runner.run_pending_async(connection).await;
            assert_eq!(report.unwrap().already_applied, 2);
            connection.batch_execute("INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'a')").await.unwrap();
        });
        let bad = list(&[USERS, TASKS, ("003_bad.sql", "CREATE UNIQUE INDEX IF NOT EXISTS once ON users (email);\n")]);
        let error = tokio.block_on(async {
            let connection = AsyncMysqlConnection::establish(&database.url()).await.unwrap();
            Runner::new(bad).run_pending_async(connection).await.1.unwrap_err()
        });
        assert!(error.to_string().contains("= error 1062, SQLSTATE 23000"), "{error}");
        assert_eq!(history(&database).last().unwrap(), "003 failed 0/1 23000");
        // The server ends the session.
        let (_, report) = tokio.block_on(async {
            let connection = AsyncMysqlConnection::establish(&database.url()).await.unwrap();
            for id in database
                .rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
            {
                database.server().administer(&format!("KILL {id}"));
            }
            Runner::new(bad).run_pending_async(connection).await
        });
        assert_eq!(report.unwrap_err().code(), "connection-lost");
    }
}
