//! Services behind PgBouncer in transaction mode, where sessions of the server are shared.

mod proofs;

use std::time::Duration;

use glowplug_tests::pgbouncer::PgBouncer;
use glowplug_tests::postgres;
use glowplug_tests::process::{Service, long, until};
use proofs::{PROGRAM, amiss, each_once, outcome, transactional};

#[test]
fn processes_behind_pgbouncer_apply_each_migration_once() {
    let (processes, rounds) = if long() { (32, 20) } else { (8, 3) };
    let some = transactional();
    let pooled = |url: &str| {
        Service::new(PROGRAM, some.path(), url).with("GLOWPLUG_MODE", "pooled").with("GLOWPLUG_LOCK_WAIT", "240s")
    };
    let alone = postgres();
    assert_eq!(pooled(alone.url()).run().applied().len(), 5);
    let expected = outcome(&alone);
    for _ in 0..rounds {
        let database = postgres();
        // Fewer connections to the server than clients.
        let bouncer = PgBouncer::before(&database, 3);
        let ended = pooled(bouncer.url()).together(processes);
        each_once(&ended, 5);
        drop(bouncer);
        let amiss = amiss(&database, &expected);
        assert!(amiss.is_empty(), "{amiss:#?}");
        assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history"), ["5"]);
    }
    println!("| PgBouncer, transaction mode | {processes} × {rounds} | {} | 0 | 0 |", processes * rounds);
}

/// Each is the only one, or one of several at once: whatever the pooler does with them, no two migrate at a time, and
/// what does not see that it is behind a pooler has the server's session for itself.
#[test]
fn processes_that_do_not_know_of_the_pooler_change_nothing_or_everything() {
    let rounds = if long() { 20 } else { 3 };
    let (mut noticed, mut through) = (0, 0);
    for _ in 0..rounds {
        let database = postgres();
        let bouncer = PgBouncer::before(&database, 3);
        let some = transactional();
        let ended = Service::new(PROGRAM, some.path(), bouncer.url()).with("GLOWPLUG_LOCK_WAIT", "2s").together(8);
        for ended in &ended {
            if ended.success {
                through += 1;
            } else if ended.err.contains("this connection goes through a transaction pooler") {
                assert!(ended.err.contains("GLOWPLUG_MODE=pooled"), "{}", ended.err);
                noticed += 1;
            } else {
                assert!(ended.err.contains("the lock is held by"), "{}", ended.err);
            }
        }
        // While the pooler keeps its sessions: who stopped has given its lock back all the same.
        let held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' \
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        until("no lock stays", Duration::from_secs(20), || database.rows(held).is_empty());
        drop(bouncer);
        // Nothing twice and nothing half: a migration is there with its record, once, or not at all.
        let tables = database.rows("SELECT to_regclass('__glowplug_history') IS NOT NULL");
        if tables == ["t"] {
            let rows = database.rows(
                "SELECT version FROM __glowplug_history GROUP BY 1 HAVING count(*) FILTER (WHERE status = 'completed') <> 1",
            );
            assert!(rows.is_empty(), "{rows:?}");
            let versions = database.rows("SELECT count(*) FROM __diesel_schema_migrations").concat();
            let witness = database.rows("SELECT count(*) FROM witness WHERE to_regclass('witness') IS NOT NULL");
            assert_eq!(witness, [(versions.parse::<usize>().unwrap().saturating_sub(1)).to_string()]);
        }
    }
    println!("= {noticed} stopped, {through} had all they needed, of {}", rounds * 8);
    assert!(through > 0 || noticed > 0, "nobody got to the database");
}
