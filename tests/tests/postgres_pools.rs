//! The runner on what a pool hands out, and on diesel-async's connections.

mod runner;

use diesel::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use glowplug::{LockKind, Mode, Runner};
use glowplug_tests::postgres;
use runner::{applied, concurrent_index, file, history, migrations, nothing_is_locked, tasks, users};

#[test]
fn a_pools_connection_is_one_too() {
    let database = postgres();
    let pool = Pool::builder().max_size(2).build(ConnectionManager::<PgConnection>::new(database.url())).unwrap();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    assert_eq!(Runner::new(list).run_pending(&mut pool.get().unwrap()).unwrap().applied.len(), 3);
    assert_eq!(Runner::new(list).run_pending(&mut *pool.get().unwrap()).unwrap().already_applied, 3);
    assert_eq!(Runner::new(list).status(&mut pool.get().unwrap()).unwrap().applied, 3);
    assert!(nothing_is_locked(&database));
}

/// A runtime. The harness blocks, so a test is not asynchronous itself.
fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn the_same_runner_on_an_asynchronous_connection() {
    let tokio = tokio();
    for (runner, files) in [
        (Runner::new(migrations(&[users(), tasks(), concurrent_index()])), 3),
        (Runner::new(migrations(&[users(), tasks(), concurrent_index()])).lock(LockKind::Lease), 3),
        (Runner::new(migrations(&[users(), tasks()])).mode(Mode::Pooled), 2),
    ] {
        let database = postgres();
        tokio.block_on(async {
            let connection = AsyncPgConnection::establish(database.url()).await.unwrap();
            let (connection, report) = runner.run_pending_async(connection).await;
            assert_eq!(report.unwrap().applied.len(), files);
            let (mut connection, report) = runner.run_pending_async(connection).await;
            assert_eq!(report.unwrap().already_applied, files);
            // It is given back as good as it was.
            connection.batch_execute("INSERT INTO users VALUES (1, 'a')").await.unwrap();
        });
        assert_eq!(applied(&database).len(), files);
        assert!(nothing_is_locked(&database));
    }
}

#[test]
fn a_failure_on_an_asynchronous_connection_says_as_much() {
    let (tokio, database) = (tokio(), postgres());
    let list = migrations(&[users(), file("002_bad.sql", "CREATE TABLE t ();\n  SELECT usres FROM users;\n")]);
    let connection = tokio.block_on(AsyncPgConnection::establish(database.url())).unwrap();
    let (connection, report) = tokio.block_on(Runner::new(list).run_pending_async(connection));
    insta::assert_snapshot!(report.unwrap_err(), @r#"
    migration 002_bad.sql failed: column "usres" does not exist
     --> migrations/002_bad.sql:2:10
      |
    1 | CREATE TABLE t ();
    2 |   SELECT usres FROM users;
      |          ^
      = statement 2 of 2; all of the file is rolled back
      = SQLSTATE 42703
      = 001_create_users.sql is applied and stays
      = next: correct migrations/002_bad.sql, which is not applied and may be edited; build and start again
    "#);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 failed 0/2 42703"]);

    // The server ends the session.
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    let (_, report) = tokio.block_on(Runner::new(list).run_pending_async(connection));
    assert_eq!(report.unwrap_err().code(), "connection-lost");
}

#[test]
fn eight_at_once_on_asynchronous_connections() {
    let (tokio, database) = (tokio(), postgres());
    let runner = Runner::new(migrations(&[users(), tasks(), concurrent_index()]));
    let done = tokio.block_on(async {
        let mut runs = Vec::new();
        for _ in 0..8 {
            let (runner, connection) = (runner.clone(), AsyncPgConnection::establish(database.url()).await.unwrap());
            runs.push(tokio::spawn(async move { runner.run_pending_async(connection).await.1.unwrap().applied.len() }));
        }
        let mut done = 0;
        for run in runs {
            done += run.await.unwrap();
        }
        done
    });
    assert_eq!(done, 3);
    assert_eq!(history(&database).len(), 3);
}
