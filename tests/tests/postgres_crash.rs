//! A service is stopped at every point of its run, and the next one has to bring the database to where an undisturbed
//! run does: nothing twice, nothing left out, no hand needed, and the lock is free in a second.
//! `tests/prove crash` takes all points; the everyday run takes some of each kind.

mod proofs;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use glowplug_tests::process::{Ended, RECONNECT, Service, until};
use glowplug_tests::wire::{Break, Wire};
use glowplug_tests::{PostgresServer, Setup, Stop, TestDatabase, postgres};
use proofs::points::{Proof, chosen, taken_over};
use proofs::{Outcome, PROGRAM, amiss, outcome, service, transactional};

/// Looks at what the next run did. A server before 14 does not look whether its clients are still there.
fn judge(proof: &mut Proof, point: &str, database: &TestDatabase, next: &Ended, expected: &Outcome) {
    if database.server().major() < 14 {
        proof.without_limit();
    }
    proof.next(point, next, amiss(database, expected));
}

/// Databases in which the first migrations are applied, or none: copies of one.
struct Prepared(TestDatabase);

impl Prepared {
    fn on(server: &'static PostgresServer, until: Option<&str>) -> Prepared {
        let database = server.database();
        if let Some(version) = until {
            assert!(service(&database).with("GLOWPLUG_TARGET", version).run().success);
        }
        Prepared(database)
    }

    fn new(until: Option<&str>) -> Prepared {
        Prepared::on(PostgresServer::shared(), until)
    }

    fn database(&self) -> TestDatabase {
        self.0.server().database_like(self.0.name())
    }
}

fn undisturbed(of: impl Fn(&Service) -> Service) -> (Outcome, Vec<String>) {
    let database = postgres();
    let points = of(&service(&database)).points();
    (outcome(&database), points)
}

/// SIGKILL at each point of a run from here on.
fn killed(kind: &'static str, from: Option<&str>, few: usize, of: impl Fn(&Service) -> Service) {
    let (expected, _) = undisturbed(&of);
    let mut proof = Proof::of(kind);
    let prepared = Prepared::new(from);
    let points = of(&service(&prepared.database())).points();
    for number in chosen(points.len(), few) {
        let database = prepared.database();
        let service = of(&service(&database));
        let point = service.killed_at(number).unwrap_or_else(|| panic!("{kind}: no point {number}"));
        judge(&mut proof, &point, &database, &service.run(), &expected);
    }
    proof.end();
}

#[test]
fn killed_on_a_new_database() {
    killed("SIGKILL, new database", None, 4, Clone::clone);
}

#[test]
fn killed_on_a_database_with_history() {
    killed("SIGKILL, with history", Some("001"), 6, Clone::clone);
}

#[test]
fn killed_with_a_lock_for_each_transaction() {
    let some = transactional();
    killed("SIGKILL, pooled", None, 2, |service| {
        Service::new(PROGRAM, some.path(), service.url()).with("GLOWPLUG_MODE", "pooled")
    });
}

/// The connection breaks before or behind each message; the next process goes on, or the same one does.
fn broken(kind: &'static str, how: Break, from: Option<&str>, few: usize, same_process: bool) {
    let (expected, _) = undisturbed(Clone::clone);
    let mut proof = Proof::of(kind);
    let prepared = Prepared::new(from);
    let whole = prepared.database();
    let wire = Wire::to(&whole, None);
    assert!(service(&whole).at(wire.url()).run().success);
    let messages = wire.messages();
    for number in chosen(messages.len(), few) {
        let database = prepared.database();
        let wire = Wire::to(&database, Some((number, how)));
        let service = service(&database);
        let first =
            if same_process { service.clone().with(RECONNECT, 1) } else { service.clone() }.at(wire.url()).run();
        assert!(wire.is_broken(), "{kind}: no message {number}");
        let next = if same_process { first } else { service.run() };
        judge(&mut proof, &messages[number - 1], &database, &next, &expected);
    }
    proof.end();
}

#[test]
fn cut_off_before_a_message() {
    broken("TCP dropped before, with history", Break::Before, Some("001"), 3, false);
}

#[test]
fn cut_off_behind_a_message() {
    broken("TCP dropped behind, with history", Break::Behind, Some("001"), 3, false);
    broken("TCP dropped behind, new database", Break::Behind, None, 2, false);
}

#[test]
fn cut_off_and_connected_anew() {
    broken("TCP dropped behind, same process", Break::Behind, Some("001"), 3, true);
}

/// Makes the server count the definitions that a session carries out, and do something at one of them.
fn at_definition(database: &TestDatabase, number: usize, event: &str, does: &str) {
    database.execute(&format!(
        "CREATE SCHEMA counted; CREATE SEQUENCE counted.definitions; \
         CREATE FUNCTION counted.definition() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('counted.definitions') = {number} THEN PERFORM {does}; END IF; END $$; \
         CREATE EVENT TRIGGER counted ON {event} EXECUTE FUNCTION counted.definition()"
    ));
}

fn definitions(prepared: &Prepared, event: &str) -> usize {
    let database = prepared.database();
    at_definition(&database, 0, event, "1");
    assert!(service(&database).run().success);
    database.rows("SELECT last_value FROM counted.definitions").concat().parse().unwrap()
}

/// The server ends the session at the n-th definition, in the middle of a message.
fn terminated(event: &str, from: Option<&str>, few: usize) {
    let (expected, _) = undisturbed(Clone::clone);
    let mut proof = Proof::of("pg_terminate_backend");
    let prepared = Prepared::new(from);
    for number in chosen(definitions(&prepared, event), few) {
        let database = prepared.database();
        at_definition(&database, number, event, "pg_terminate_backend(pg_backend_pid())");
        let first = service(&database).run();
        assert!(!first.success, "nobody was terminated");
        let next = service(&database).run();
        judge(
            &mut proof,
            &format!("{event} {number}, {}", from.map_or("new database", |_| "with history")),
            &database,
            &next,
            &expected,
        );
    }
    proof.end();
}

#[test]
fn terminated_in_the_middle_of_a_message() {
    terminated("ddl_command_end", None, 2);
    terminated("ddl_command_start", Some("001"), 3);
}

fn until_it_sleeps(database: &TestDatabase) {
    until("a statement sleeps", Duration::from_secs(30), || {
        !database
            .rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
            .is_empty()
    });
}

/// The server is stopped while it carries out the n-th definition, and comes back: the same process goes on, or, where
/// it does not connect anew, says what is committed, and the next one does the rest.
fn restarted(kind: &'static str, how: Stop, few: usize) {
    let server = Setup::new().start();
    let (expected, _) = undisturbed(Clone::clone);
    let mut proof = Proof::of(kind);
    let prepared = Prepared::on(server, Some("001"));
    for number in chosen(definitions(&prepared, "ddl_command_start"), few) {
        for same_process in [true, false] {
            let database = prepared.database();
            // A sequence may lose its place in a crash: behind the restart nothing sleeps.
            let started = database.rows("SELECT pg_postmaster_start_time()").concat();
            let sleep = format!("CASE WHEN pg_postmaster_start_time() = '{started}' THEN pg_sleep(100) END");
            at_definition(&database, number, "ddl_command_start", &sleep);
            let service = service(&database);
            let first = if same_process { service.clone().with(RECONNECT, 1) } else { service.clone() }.start();
            until_it_sleeps(&database);
            server.stop(how);
            // For a moment nobody listens.
            std::thread::sleep(Duration::from_millis(300));
            server.start_again();
            let mut next = first.end();
            if !same_process {
                assert!(!next.success, "{}", next.out);
                assert!(next.err.contains("the connection to the database was lost while"), "{}", next.err);
                assert!(next.err.contains("001_witness.sql"), "what is committed is named: {}", next.err);
                next = service.run();
            }
            let who = if same_process { "the same process" } else { "the next one" };
            judge(&mut proof, &format!("definition {number}, {who} goes on"), &database, &next, &expected);
        }
    }
    drop(prepared);
    proof.end();
}

#[test]
fn the_server_is_restarted() {
    restarted("server restarted", Stop::Fast, 1);
}

#[test]
fn the_server_crashes() {
    restarted("server crashed and recovered", Stop::Immediate, 1);
}

/// Killed while the server is in the middle of a statement, which it notices by itself (PostgreSQL 14).
#[test]
fn killed_in_the_middle_of_a_statement() {
    let (expected, _) = undisturbed(Clone::clone);
    let mut proof = Proof::of("SIGKILL in a statement");
    let prepared = Prepared::new(Some("001"));
    for number in chosen(definitions(&prepared, "ddl_command_start"), 2) {
        let database = prepared.database();
        // An older server notices at the end of the statement.
        let old = database.server().major() < 14;
        at_definition(&database, number, "ddl_command_start", if old { "pg_sleep(2)" } else { "pg_sleep(100)" });
        let mut first = service(&database).start();
        until_it_sleeps(&database);
        first.kill();
        judge(&mut proof, &format!("definition {number}"), &database, &service(&database).run(), &expected);
    }
    proof.end();
}

/// A build that waits for an old transaction leaves an invalid index when it is stopped.
#[test]
fn stopped_in_a_concurrent_build() {
    let (expected, _) = undisturbed(Clone::clone);
    let mut proof = Proof::of("stopped in CREATE INDEX CONCURRENTLY");
    let prepared = Prepared::new(Some("004"));
    for how in ["SIGKILL", "pg_terminate_backend"] {
        let database = prepared.database();
        let mut reader = database.client();
        reader.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO users (email) VALUES ('a'); SELECT count(*) FROM tasks").unwrap();
        let mut first = service(&database).start();
        let building = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND datname = current_database()";
        until("the build waits", Duration::from_secs(30), || !database.rows(building).is_empty());
        assert_eq!(database.rows("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), ["1"]);
        if how == "SIGKILL" {
            first.kill();
        } else {
            database.execute(&format!("SELECT pg_terminate_backend({})", database.rows(building).concat()));
        }
        drop(first);
        let since = Instant::now();
        until("the lock is free", Duration::from_secs(30), || {
            database.server().major() < 14
                || database.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").is_empty()
        });
        assert!(since.elapsed() < taken_over(), "{:?}", since.elapsed());
        reader.batch_execute("ROLLBACK").unwrap();
        judge(&mut proof, how, &database, &service(&database).run(), &expected);
    }
    proof.end();
}

#[test]
fn points_have_names_of_their_own() {
    // What the table is worth hangs on it: every boundary that the specification names is there.
    let (_, points) = undisturbed(Clone::clone);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for point in &points {
        *counts.entry(point.strip_prefix("at the boundary ").unwrap_or("message")).or_default() += 1;
    }
    for boundary in ["looked", "locked", "tables", "begun", "statement", "recorded", "committed", "unlocked", "message"]
    {
        assert!(counts.contains_key(boundary), "{boundary}: {counts:?}");
    }
}
