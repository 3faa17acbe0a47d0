//! Many services that start at one moment, as processes: each migration is applied once, and every process ends well.
//! `tests/prove concurrency` has more of them.

mod proofs;

use std::time::{Duration, Instant};

use glowplug_tests::postgres;
use glowplug_tests::process::{Service, long};
use proofs::{PROGRAM, amiss, each_once, outcome, service, transactional};

/// Starts `processes` at once on a new database, `rounds` times; `of` makes the service for a database. Prints what it
/// took.
fn at_once(what: &str, versions: usize, processes: usize, rounds: usize, of: impl Fn(&Service) -> Service) {
    let alone = postgres();
    assert_eq!(of(&service(&alone)).run().applied().len(), versions);
    let expected = outcome(&alone);
    assert_eq!(expected.applied.len(), versions);
    let (mut longest, mut waits) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let database = postgres();
        let since = Instant::now();
        let ended = of(&service(&database)).together(processes);
        longest = longest.max(since.elapsed());
        each_once(&ended, versions);
        waits = ended.iter().map(glowplug_tests::process::Ended::waited).max().unwrap_or_default().max(waits);
        let amiss = amiss(&database, &expected);
        assert!(amiss.is_empty(), "{amiss:#?}");
        // One attempt each: nobody failed on the way.
        assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history"), [versions.to_string()]);
    }
    println!(
        "| {what} | {processes} × {rounds} | {} | 0 | 0 | {:.1} s | {:.1} s |",
        processes * rounds,
        waits.as_secs_f64(),
        longest.as_secs_f64()
    );
}

fn form(long_form: (usize, usize), short: (usize, usize)) -> (usize, usize) {
    if long() { long_form } else { short }
}

#[test]
fn processes_that_start_at_once_apply_each_migration_once() {
    let (processes, rounds) = form((32, 20), (8, 3));
    let some = transactional();
    at_once("direct, all transactional", 5, processes, rounds, |service| {
        Service::new(PROGRAM, some.path(), service.url()).with("GLOWPLUG_LOCK_WAIT", "240s")
    });
}

#[test]
fn processes_that_build_indexes_concurrently_do_it_once() {
    let (processes, rounds) = form((32, 20), (8, 3));
    at_once("direct, CREATE INDEX CONCURRENTLY among them", 7, processes, rounds, Clone::clone);
}

#[test]
fn processes_with_a_lease_apply_each_migration_once() {
    let (processes, rounds) = form((8, 5), (4, 1));
    at_once("lease", 7, processes, rounds, |service| service.clone().with("GLOWPLUG_LOCK", "lease"));
}

#[test]
fn processes_with_a_lock_for_each_transaction_apply_each_migration_once() {
    let (processes, rounds) = form((32, 20), (8, 2));
    let some = transactional();
    at_once("pooled, without a pooler", 5, processes, rounds, |service| {
        Service::new(PROGRAM, some.path(), service.url())
            .with("GLOWPLUG_LOCK_WAIT", "240s")
            .with("GLOWPLUG_MODE", "pooled")
    });
}
