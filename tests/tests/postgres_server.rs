//! What becomes of a run when the server has no room, may not be written to, speaks another language, or has a clock
//! that runs backwards: servers of the test's own.

mod proofs;
mod runner;

use diesel::prelude::*;
use glowplug::{HealthStatus, Runner};
use glowplug_tests::process::until;
use glowplug_tests::{Setup, Stop, postgres};
use runner::{applied, concurrent_index, file, files, history, migrations, nothing_is_locked, run, tasks, users};
use std::time::Duration;

#[test]
fn a_disk_that_is_full_leaves_nothing_half_recorded() {
    // Its log is in files of 16 MB, which have to fit.
    let server = Setup::new().largest_file(20 << 20).start();
    let database = server.database();
    let big = "CREATE TABLE big (id integer, text text);\n\
               INSERT INTO big SELECT i, repeat('x', 1000) FROM generate_series(1, 40000) i;\n";
    let list = migrations(&[users(), file("002_big.sql", big), tasks_as("003_tasks.sql")]);
    let error = run(&database, list).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("migration 002_big.sql failed: could not extend file "), "{text}");
    assert!(text.contains(" --> migrations/002_big.sql:2:1\n"), "{text}");
    assert!(text.contains("= statement 2 of 2; all of the file is rolled back\n"), "{text}");
    assert!(text.contains("= 001_create_users.sql is applied and stays\n"), "{text}");
    assert!(text.contains("= next: give the server room (disk, memory, connections), and start again"), "{text}");
    let code = error.sqlstate().unwrap().to_owned();
    // As the server has it: it has no code for this kind of a full disk, and 53100 for the other.
    let said = database.try_execute(big).unwrap_err();
    assert_eq!(code, said.sqlstate, "{said}");
    assert_eq!(history(&database), ["001 completed 2/2 -", &format!("002 failed 0/2 {code}")]);
    assert_eq!(database.rows("SELECT to_regclass('big') IS NULL"), ["t"]);
    assert!(nothing_is_locked(&database));

    // The same outside a transaction: what is done is known.
    let outside = file("002_big.sql", &format!("VACUUM users;\n{big}")).without_transaction();
    let list = migrations(&[users(), outside, tasks_as("003_tasks.sql")]);
    let error = run(&database, list).unwrap_err();
    assert!(error.to_string().contains("its first 2 statements are done and stay"), "{error}");
    assert_eq!(history(&database)[2], format!("002 failed 2/3 {code}"));
    // There is room again: what was rolled back is given back.
    database.execute("VACUUM big");
    let small = big.replace("40000", "10").replace("CREATE TABLE big", "CREATE TABLE IF NOT EXISTS big");
    let outside = file("002_big.sql", &format!("VACUUM users;\n{small}")).without_transaction();
    let report = run(&database, migrations(&[users(), outside, tasks_as("003_tasks.sql")])).unwrap();
    assert_eq!(files(&report), ["002_big.sql", "003_tasks.sql"]);
    assert_eq!(database.rows("SELECT count(*) FROM big"), ["10"]);
}

fn tasks_as(name: &'static str) -> runner::File {
    file(name, "CREATE TABLE tasks (id integer PRIMARY KEY);\n")
}

#[test]
fn a_server_that_is_read_only_serves_who_needs_nothing() {
    let server = Setup::new().start();
    let database = server.database();
    let new = server.database();
    run(&database, migrations(&[users(), tasks()])).unwrap();
    // A standby, as one that has lost its primary.
    server.stop(Stop::Fast);
    server.write("standby.signal", "");
    server.start_again();
    assert_eq!(database.rows("SELECT pg_is_in_recovery()"), ["t"]);

    let list = migrations(&[users(), tasks()]);
    assert_eq!(run(&database, list).unwrap().already_applied, 2);
    let mut connection = database.connect();
    assert_eq!(Runner::new(list).health(&mut connection).status, HealthStatus::Healthy);
    let more = migrations(&[users(), tasks(), concurrent_index()]);
    assert_eq!(Runner::new(more).plan(&mut connection).unwrap().pending.len(), 1);
    let error = Runner::new(more).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    writing the history of migrations: cannot execute INSERT in a read-only transaction
      = SQLSTATE 25006
      = a standby, a file that may not be written to, or somebody has said so for the role or the database
      = next: migrate where it may be written to; who needs nothing applied starts here all the same
    ");
    let error = run(&database, migrations(&[users(), tasks(), file("003_t.sql", "CREATE TABLE t ();\n")])).unwrap_err();
    assert_eq!(error.sqlstate(), Some("25006"), "{error}");
    assert!(error.to_string().contains("= next: migrate where it may be written to"), "{error}");
    // Neither are the tables of the history made where there are none.
    let error = run(&new, list).unwrap_err();
    assert!(
        error.to_string().starts_with("creating the tables that keep the history of migrations: cannot"),
        "{error}"
    );
    assert_eq!(error.sqlstate(), Some("25006"), "{error}");
    assert!(nothing_is_locked(&database));
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -"]);

    // It becomes the primary, and the same connection goes on.
    server.administer("SELECT pg_promote()");
    assert_eq!(Runner::new(more).run_pending(&mut connection).unwrap().applied.len(), 1);
    drop((connection, database, new));
}

#[test]
fn a_database_that_is_read_only_by_default_is_told_so() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name()));
    let list = migrations(&[users(), tasks()]);
    assert_eq!(run(&database, migrations(&[users()])).unwrap().already_applied, 1);
    let error = run(&database, list).unwrap_err();
    assert_eq!(error.sqlstate(), Some("25006"), "{error}");
    assert_eq!(applied(&database), ["001"]);
    assert!(nothing_is_locked(&database));
}

/// A server that speaks German: its words are not known, its codes are.
#[test]
fn the_servers_language_makes_no_difference() {
    let server = Setup::new().environment("LANGUAGE", "de").setting("lc_messages=C.UTF-8").start();
    let database = server.database();
    let said = database.try_execute("SELECT nothing").unwrap_err();
    assert_eq!(
        said.message, "Spalte »nothing« existiert nicht",
        "the server does not speak German: are its translations installed (Debian has them in the server's package)?"
    );
    // A table in use is waited for.
    run(&database, migrations(&[users()])).unwrap();
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT count(*) FROM users").unwrap();
    let done = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(2500));
        reader.batch_execute("COMMIT").unwrap();
    });
    let list = migrations(&[users(), file("002_add.sql", "ALTER TABLE users ADD COLUMN name text;\n")]);
    let quick = Runner::new(list).lock_timeout(Duration::from_millis(200));
    let report = quick.run_pending(&mut database.connect()).unwrap();
    done.join().unwrap();
    assert!(report.retries > 0, "{report}");

    // What two transactions make of each other is tried again.
    let both = file(
        "003_both.sql",
        "ALTER TABLE users ADD COLUMN a text;\nSELECT pg_sleep(1);\nALTER TABLE tasks ADD COLUMN b text;\n",
    );
    database.execute("CREATE TABLE tasks (id integer PRIMARY KEY)");
    let list = migrations(&[users(), file("002_add.sql", "ALTER TABLE users ADD COLUMN name text;\n"), both]);
    let mut connection = database.connect();
    diesel::sql_query("SET deadlock_timeout = '50ms'").execute(&mut connection).unwrap();
    let mut other = database.client();
    other.batch_execute("SET deadlock_timeout = '30s'; BEGIN; LOCK TABLE tasks IN ACCESS SHARE MODE").unwrap();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        other.batch_execute("SELECT count(*) FROM users").unwrap();
        other.batch_execute("COMMIT").unwrap();
    });
    assert_eq!(files(&Runner::new(list).run_pending(&mut connection).unwrap()), ["003_both.sql"]);
    other.join().unwrap();

    // A failure has its code; and what is told by it is told.
    let failing = |sql: &str| {
        let database = server.database();
        database.execute("CREATE TABLE there ()");
        let error = run(&database, migrations(&[users(), file("002_bad.sql", sql)])).unwrap_err();
        (error.sqlstate().unwrap_or_default().to_owned(), error.to_string())
    };
    let (code, text) = failing("SELECT usres FROM users;\n");
    assert!(code == "42703" && text.contains("Spalte »usres« existiert nicht"), "{text}");
    let (code, text) = failing("CREATE TABLE there ();\n");
    assert!(code == "42P07" && text.contains("someone made it by hand"), "{text}");
    let (code, text) = failing("SELEKT 1;\n");
    assert_eq!(code, "42601", "{text}");
    // The server ends the session.
    let lost = database.connect();
    let list = migrations(&[users(), file("002_end.sql", "SELECT pg_terminate_backend(pg_backend_pid());\n")]);
    drop(lost);
    let database = server.database();
    let error = run(&database, list).unwrap_err();
    assert_eq!(error.code(), "connection-lost", "{error}");
}

/// What cannot run in a transaction cannot be run again to hear its code.
#[test]
fn a_deadlock_of_a_concurrent_build_is_tried_again_in_any_language() {
    let server = Setup::new().environment("LANGUAGE", "de").setting("lc_messages=C.UTF-8").start();
    let database = server.database();
    run(&database, migrations(&[users(), tasks()])).unwrap();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    let mut connection = database.connect();
    diesel::sql_query("SET deadlock_timeout = '3s'").execute(&mut connection).unwrap();
    // The build waits for who writes the table, who then waits for the build; the build looks first who is waiting.
    let mut other = database.client();
    other.batch_execute("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE tasks IN ROW EXCLUSIVE MODE").unwrap();
    let report = std::thread::scope(|scope| {
        let running = scope.spawn(|| Runner::new(list).run_pending(&mut connection));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                     AND query LIKE '%CONCURRENTLY%'";
        until("the build waits", Duration::from_secs(30), || database.rows(waits) == ["1"]);
        other.batch_execute("LOCK TABLE tasks IN SHARE UPDATE EXCLUSIVE MODE; COMMIT").unwrap();
        running.join().unwrap().unwrap()
    });
    assert_eq!((files(&report), report.retries), (vec!["003_index_tasks.sql"], 1));
    assert_eq!(history(&database)[2..], ["003 failed 0/1 40P01", "003 completed 1/1 -"]);
    assert_eq!(database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'tasks_owner'::regclass"), ["t"]);
}

#[test]
fn a_statement_that_runs_too_long_is_ended_in_any_language() {
    let server = Setup::new().environment("LANGUAGE", "de").setting("lc_messages=C.UTF-8").start();
    let database = server.database();
    run(&database, migrations(&[users()])).unwrap();
    let list = migrations(&[users(), file("002_slow.sql", "SELECT pg_sleep(30);\n")]);
    let error = Runner::new(list)
        .statement_timeout(Duration::from_millis(300))
        .run_pending(&mut database.connect())
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("57014"), "{error}");
    assert!(error.to_string().contains("GLOWPLUG_STATEMENT_TIMEOUT"), "{error}");
}

/// `clock_timestamp()` as the runner asks for it answers an hour less each time.
#[test]
fn a_clock_that_runs_backwards_does_no_harm() {
    let database = postgres();
    database.execute(&format!(
        "CREATE SCHEMA clock; CREATE SEQUENCE clock.hours; GRANT ALL ON SCHEMA clock TO PUBLIC; \
         CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
           $$ SELECT pg_catalog.clock_timestamp() - nextval('clock.hours') * interval '1 hour' $$; \
         ALTER DATABASE {} SET search_path = public, clock, pg_catalog",
        database.name()
    ));
    let bad = |sql: &str| migrations(&[users(), tasks(), concurrent_index(), file("004_bad.sql", sql)]);
    run(&database, bad("SELECT nothing;\n")).unwrap_err();
    let report = run(&database, bad("CREATE TABLE pets ();\n")).unwrap();
    assert_eq!(files(&report), ["004_bad.sql"]);
    let hours: i64 = database.rows("SELECT last_value FROM clock.hours").concat().parse().unwrap();
    assert!(hours > 8, "the clock was asked");
    assert_eq!(
        history(&database),
        [
            "001 completed 2/2 -",
            "002 completed 1/1 -",
            "003 completed 1/1 -",
            "004 failed 0/1 42703",
            "004 completed 1/1 -"
        ]
    );
    assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history WHERE duration_ms < 0"), ["0"]);
    let newest = "SELECT finished_at < (SELECT max(finished_at) FROM __glowplug_history WHERE status = 'failed') \
                  FROM __glowplug_history ORDER BY id DESC LIMIT 1";
    assert_eq!(database.rows(newest), ["t"], "the newest row has not the newest time");
    let list = bad("CREATE TABLE pets ();\n");
    assert_eq!(run(&database, list).unwrap().already_applied, 4);
    let health = Runner::new(list).health(&mut database.connect());
    assert_eq!((health.status, health.migrations.failed), (HealthStatus::Healthy, Vec::new()));
}
