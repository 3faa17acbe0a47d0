//! Who migrates, on a real PostgreSQL server: the lease, the lock of a transaction, and a session that is not ours.

mod runner;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use glowplug::{LockKind, Migrations, Mode, Runner};
use glowplug_tests::cable::Cable;
use glowplug_tests::process::long;
use glowplug_tests::{TestDatabase, postgres};
use runner::{applied, concurrent_index, file, history, migrations, nothing_is_locked, tasks, users};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

fn lease(list: &'static Migrations) -> Runner {
    Runner::new(list).lock(LockKind::Lease)
}

fn pooled(list: &'static Migrations) -> Runner {
    Runner::new(list).mode(Mode::Pooled)
}

/// So many at once, on so many new databases: each migration exactly once, and everybody ends well.
fn race(runner: &Runner, count: usize, runners: usize, rounds: usize) {
    for _ in 0..rounds {
        let database = postgres();
        let start = Barrier::new(runners);
        let reports: Vec<_> = std::thread::scope(|scope| {
            let runners: Vec<_> = (0..runners)
                .map(|_| {
                    scope.spawn(|| {
                        let mut connection = database.connect();
                        start.wait();
                        runner.run_pending(&mut connection)
                    })
                })
                .collect();
            runners.into_iter().map(|runner| runner.join().unwrap().unwrap()).collect()
        });
        assert_eq!(reports.iter().map(|report| report.applied.len()).sum::<usize>(), count);
        for report in &reports {
            assert_eq!(report.applied.len() + report.already_applied, count, "{report}");
        }
        let rows = history(&database);
        assert_eq!(rows.len(), count, "{rows:?}");
        assert!(rows.iter().all(|row| row.contains(" completed ")), "{rows:?}");
        assert!(nothing_is_locked(&database));
    }
}

fn seeded() -> &'static Migrations {
    migrations(&[users(), tasks(), file("003_seed.sql", "INSERT INTO users VALUES (1);\n")])
}

#[test]
fn eight_at_once_behind_a_pooler_apply_each_migration_once() {
    race(&pooled(seeded()), 3, 8, 5);
}

#[test]
fn eight_at_once_with_a_lease_apply_each_migration_once() {
    race(&lease(seeded()), 3, 8, 5);
}

#[test]
fn four_at_once_with_a_lease_build_an_index_concurrently_once() {
    race(&lease(migrations(&[users(), tasks(), concurrent_index()])), 3, 4, 3);
}

#[test]
fn behind_a_pooler_everything_is_in_one_transaction() {
    let database = postgres();
    let mut connection = database.connect();
    let sent = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = sent.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            log.lock().unwrap().push(query.to_string());
        }
    });
    assert_eq!(pooled(seeded()).run_pending(&mut connection).unwrap().applied.len(), 3);
    let sent = sent.lock().unwrap().join("\n");
    for session in ["pg_try_advisory_lock(", "pg_advisory_unlock", "SET lock_timeout", "set_config('glowplug.session'"]
    {
        assert!(!sent.contains(session), "{session}\n{sent}");
    }
    assert!(sent.contains("pg_try_advisory_xact_lock("), "{sent}");
    assert_eq!(database.rows("SELECT count(DISTINCT xmin::text) FROM __diesel_schema_migrations"), ["1"]);
    // Nothing sticks to the server's session.
    assert_eq!(session(&mut connection), session(&mut database.connect()));
}

#[test]
fn a_failure_behind_a_pooler_keeps_what_came_before() {
    let database = postgres();
    let bad = file("003_bad.sql", "CREATE TABLE pets (id integer);\nSELECT nothing;\n");
    let list = migrations(&[users(), tasks(), bad, file("004_never.sql", "CREATE TABLE never ();\n")]);
    let error = pooled(list).run_pending(&mut database.connect()).unwrap_err();
    assert_eq!(error.sqlstate(), Some("42703"), "{error}");
    assert!(
        error.to_string().contains("= 001_create_users.sql … 002_create_tasks.sql are applied and stay (2)"),
        "{error}"
    );
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -", "003 failed 0/2 42703"]);
    assert_eq!(database.rows("SELECT to_regclass('pets') IS NULL"), ["t"]);
}

#[test]
fn what_cannot_run_in_a_transaction_is_refused_behind_a_pooler() {
    let database = postgres();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    let error = pooled(list).run_pending(&mut database.connect()).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migrations/003_index_tasks.sql cannot run in a transaction, and behind a transaction pooler nothing can run outside of one
      = nothing was changed
      = next: run the migrations once on a connection to the server itself, without GLOWPLUG_MODE=pooled
    ");
    assert_eq!(database.rows("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), ["0"]);
}

#[test]
fn a_session_that_another_client_has_marked_is_a_poolers() {
    let database = postgres();
    let mut connection = database.connect();
    connection.batch_execute("SELECT set_config('glowplug.session', '1:another process', false)").unwrap();
    let error = Runner::new(seeded()).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    this connection goes through a transaction pooler, where sessions of the server are shared
      = a lock that a session has would not keep anybody out
      = nothing was changed
      = next: connect to the server itself (with PgBouncer, its port in place of the pooler's), or say that there is a pooler (GLOWPLUG_MODE=pooled, or `.mode(Mode::Pooled)`)
    ");
    assert_eq!(error.code(), "transaction-pooler");
    assert_eq!(database.rows("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), ["0"]);
    assert!(nothing_is_locked(&database));
}

#[test]
fn a_run_leaves_its_session_as_it_was() {
    let database = postgres();
    let mut connection = database.connect();
    let before = session(&mut connection);
    Runner::new(migrations(&[users(), tasks(), concurrent_index()])).run_pending(&mut connection).unwrap();
    assert_eq!(session(&mut connection), before);
}

/// What a run sets for its session.
fn session(connection: &mut PgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let query = "SELECT count(*)::text AS value FROM pg_prepared_statements \
                 UNION ALL SELECT current_setting('lock_timeout') \
                 UNION ALL SELECT coalesce(current_setting('client_connection_check_interval', true), '') \
                 UNION ALL SELECT coalesce(current_setting('glowplug.session', true), '')";
    diesel::sql_query(query).load::<Row>(connection).unwrap().into_iter().map(|row| row.value).collect()
}

#[test]
fn no_migration_is_applied_twice_whatever_becomes_of_the_lock() {
    // The first gives all its locks away, as a function of somebody's might.
    let database = postgres();
    let slow =
        |name: &'static str| file(name, "SELECT pg_advisory_unlock_all();\nSELECT pg_sleep(1);\nCREATE TABLE t ();\n");
    let list = migrations(&[users(), slow("002_slow.sql"), file("003_last.sql", "CREATE TABLE last ();\n")]);
    runner::run(&database, migrations(&[users()])).unwrap();
    let start = Barrier::new(3);
    let reports: Vec<_> = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..3)
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
    assert_eq!(reports.iter().map(|report| report.applied.len()).sum::<usize>(), 2);
    assert_eq!(applied(&database), ["001", "002", "003"]);
    assert_eq!(history(&database).len(), 3);
}

/// Waits until a query answers `t`.
fn until(database: &TestDatabase, query: &str) {
    let since = Instant::now();
    while database.rows(query) != ["t"] {
        assert!(since.elapsed() < Duration::from_secs(20), "{query}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_lease_that_is_taken_over_stops_its_old_owner() {
    let database = postgres();
    let list = migrations(&[
        users(),
        file(
            "002_slow.sql",
            "VACUUM users;\nSELECT pg_sleep(3) /* as long as something CONCURRENTLY */;\nVACUUM users;\n",
        )
        .without_transaction(),
        tasks_as("003_create_tasks.sql"),
    ]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| lease(list).run_pending(&mut database.connect()));
        until(
            &database,
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(3)%' AND pid <> pg_backend_pid()",
        );
        // As if it had been silent for half a minute.
        database.execute("UPDATE __glowplug_lease SET owner = 'elsewhere:1 x', fence = fence + 1");
        let error = first.join().unwrap().unwrap_err();
        assert_eq!(error.code(), "lease-lost", "{error}");
        assert!(error.to_string().contains("001_create_users.sql is applied and stays"), "{error}");
    });
    assert_eq!(applied(&database), ["001"]);
    // The new owner is waited for, and named.
    let error = lease(list).lock_wait(Duration::from_millis(300)).run_pending(&mut database.connect()).unwrap_err();
    assert!(error.to_string().contains("the lock is held by elsewhere:1, by a lease"), "{error}");
    // When its lease is over the next one goes on.
    database.execute("UPDATE __glowplug_lease SET expires_at = clock_timestamp() - interval '1 second'");
    lease(list).run_pending(&mut database.connect()).unwrap();
    assert_eq!(applied(&database), ["001", "002", "003"]);
    assert_eq!(database.rows("SELECT expires_at = '-infinity' FROM __glowplug_lease"), ["t"]);
}

fn tasks_as(name: &'static str) -> runner::File {
    file(name, "CREATE TABLE tasks (id integer PRIMARY KEY);\n")
}

#[test]
fn a_second_connection_renews_the_lease_and_cancels() {
    let database = postgres();
    runner::run(&database, migrations(&[users()])).unwrap();
    let list = migrations(&[
        users(),
        file("002_slow.sql", "VACUUM users;\nSELECT pg_sleep(60) /* as long as something CONCURRENTLY */;\n")
            .without_transaction(),
    ]);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        let first = scope
            .spawn(|| lease(list).url(database.url()).stop_when(stop.clone()).run_pending(&mut database.connect()));
        until(
            &database,
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()",
        );
        // It would run out in a moment; five seconds later it is renewed.
        database.execute("UPDATE __glowplug_lease SET expires_at = clock_timestamp() + interval '8 seconds'");
        until(&database, "SELECT expires_at > clock_timestamp() + interval '20 seconds' FROM __glowplug_lease");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let since = Instant::now();
        let error = first.join().unwrap().unwrap_err();
        assert!(since.elapsed() < Duration::from_secs(if long() { 2 } else { 20 }), "{:?}", since.elapsed());
        assert_eq!(error.code(), "stopped", "{error}");
        assert!(error.to_string().contains("001_create_users.sql is applied and stays"), "{error}");
    });
    assert_eq!(database.rows("SELECT expires_at = '-infinity' FROM __glowplug_lease"), ["t"]);
}

#[test]
fn a_client_that_dies_gives_the_lock_back_in_a_second() {
    let database = postgres();
    // An older server has no setting for it, and notices at the end of the statement.
    let limit = Duration::from_secs(match database.server().major() {
        ..14 => 30,
        _ if long() => 1,
        _ => 10,
    });
    let list = migrations(&[file("001_slow.sql", "SELECT pg_sleep(20);\n")]);
    let wire = Cable::to(database.url());
    let mut connection = PgConnection::establish(wire.url()).unwrap();
    let running = std::thread::spawn(move || Runner::new(list).run_pending(&mut connection));
    until(
        &database,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()",
    );
    assert!(!nothing_is_locked(&database));
    // What the system does with the sockets of a process that is killed.
    wire.cut();
    let since = Instant::now();
    while !nothing_is_locked(&database) {
        assert!(since.elapsed() < limit, "{:?}", since.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = running.join().unwrap().unwrap_err();
    assert_eq!(error.code(), "connection-lost", "{error}");
    // An older server has run the message to its end; a newer one has run nothing of it.
    let report = Runner::new(list).run_pending(&mut database.connect()).unwrap();
    assert_eq!(report.applied.len() + report.already_applied, 1, "{report}");
    assert_eq!(history(&database), ["001 completed 1/1 -"]);
}
