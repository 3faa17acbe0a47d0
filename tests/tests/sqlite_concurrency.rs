//! Many services that start at one moment on one SQLite file, as processes. `tests/prove concurrency` has more of them.

mod proofs;

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use glowplug_tests::process::{Ended, Service, long};
use proofs::{PROGRAM, each_once, folder};

fn at_once(journal: &str) {
    let (processes, rounds) = if long() { (32, 20) } else { (8, 2) };
    let (mut longest, mut waits) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("app.db").to_str().unwrap().to_owned();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute(&format!("PRAGMA journal_mode = {journal}")).unwrap();
        let service = Service::new(PROGRAM, &folder("sqlite"), &path).with("GLOWPLUG_LOCK_WAIT", "240s");
        let since = Instant::now();
        let ended = service.together(processes);
        longest = longest.max(since.elapsed());
        waits = ended.iter().map(Ended::waited).max().unwrap_or_default().max(waits);
        each_once(&ended, 6);
        let count = |table: &str, connection: &mut SqliteConnection| -> i64 {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("(SELECT count(*) FROM {table})")))
                .get_result(connection)
                .unwrap()
        };
        // One attempt each, and each of its rows once.
        assert_eq!(count("__glowplug_history", &mut connection), 6);
        let twice = "(SELECT 1 FROM witness GROUP BY migration, step HAVING count(*) > 1)";
        assert_eq!(count(twice, &mut connection), 0);
    }
    println!(
        "| SQLite ({journal}) | {processes} × {rounds} | {} | 0 | 0 | {:.1} s | {:.1} s |",
        processes * rounds,
        waits.as_secs_f64(),
        longest.as_secs_f64()
    );
}

#[test]
fn processes_that_start_at_once_on_one_file_apply_each_migration_once() {
    at_once("delete");
}

#[test]
fn processes_that_start_at_once_on_a_write_ahead_log_apply_each_migration_once() {
    at_once("wal");
}
