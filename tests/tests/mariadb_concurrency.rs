//! Many services that start at one moment on MariaDB, as processes: each migration is applied once, and every process
//! ends well. `tests/prove concurrency` has more of them.

mod proofs;

use std::time::{Duration, Instant};

use glowplug_tests::mariadb as empty;
use glowplug_tests::process::{Service, long};
use proofs::each_once;
use proofs::mariadb::{amiss, outcome, service};

const VERSIONS: usize = 7;

fn at_once(what: &str, processes: usize, rounds: usize, of: impl Fn(&Service) -> Service) {
    let alone = empty();
    assert_eq!(of(&service(&alone)).run().applied().len(), VERSIONS);
    let expected = outcome(&alone);
    assert_eq!(expected.applied.len(), VERSIONS);
    let (mut longest, mut waits) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let database = empty();
        let since = Instant::now();
        let ended = of(&service(&database)).together(processes);
        longest = longest.max(since.elapsed());
        each_once(&ended, VERSIONS);
        waits = ended.iter().map(glowplug_tests::process::Ended::waited).max().unwrap_or_default().max(waits);
        let amiss = amiss(&database, &expected);
        assert!(amiss.is_empty(), "{amiss:#?}");
        // One attempt each: nobody failed on the way.
        assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history"), [VERSIONS.to_string()]);
    }
    println!(
        "\n| {what} | {processes} × {rounds} | {} | 0 | 0 | {:.1} s | {:.1} s |",
        processes * rounds,
        waits.as_secs_f64(),
        longest.as_secs_f64()
    );
}

#[test]
fn processes_that_start_at_once_apply_each_migration_once() {
    let (processes, rounds) = if long() { (32, 20) } else { (8, 3) };
    at_once("MariaDB", processes, rounds, Clone::clone);
}

#[test]
fn processes_with_a_lease_apply_each_migration_once() {
    let (processes, rounds) = if long() { (8, 5) } else { (4, 1) };
    at_once("MariaDB, lease", processes, rounds, |service| service.clone().with("GLOWPLUG_LOCK", "lease"));
}
