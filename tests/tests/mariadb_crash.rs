//! A service on MariaDB is stopped at every point of its run, and the next one has to bring the database to where an
//! undisturbed run does. The engine commits each change of the schema, so most stops are in the middle of a migration.
//! `tests/prove crash` takes all points; the everyday run takes some of each kind.

mod proofs;

use std::time::Duration;

use glowplug_tests::process::{RECONNECT, Service, until};
use glowplug_tests::wire::{Break, Wire};
use glowplug_tests::{MariadbDatabase, mariadb as empty};
use proofs::Outcome;
use proofs::mariadb::{amiss, outcome, service};
use proofs::points::{Proof, chosen};

/// A database in which the first migrations are applied, or none.
fn prepared(until: Option<&str>) -> MariadbDatabase {
    let database = empty();
    if let Some(version) = until {
        let ended = service(&database).with("GLOWPLUG_TARGET", version).run();
        assert!(ended.success, "{}", ended.err);
    }
    database
}

fn undisturbed(of: impl Fn(&Service) -> Service) -> Outcome {
    let database = empty();
    let ended = of(&service(&database)).run();
    assert!(ended.success, "{}", ended.err);
    outcome(&database)
}

/// SIGKILL at each point of a run from here on.
fn killed(kind: &str, from: Option<&str>, few: usize, of: impl Fn(&Service) -> Service) {
    let expected = undisturbed(&of);
    let mut proof = Proof::of(kind);
    let points = of(&service(&prepared(from))).points();
    for number in chosen(points.len(), few) {
        let database = prepared(from);
        let service = of(&service(&database));
        let point = service.killed_at(number).unwrap_or_else(|| panic!("{kind}: no point {number}"));
        proof.next(&point, &service.run(), amiss(&database, &expected));
    }
    proof.end();
}

#[test]
fn killed_on_a_new_database() {
    killed("MariaDB, SIGKILL, new database", None, 5, Clone::clone);
}

#[test]
fn killed_on_a_database_with_history() {
    killed("MariaDB, SIGKILL, with history", Some("003"), 8, Clone::clone);
}

/// The connection breaks before or behind each message; the next process goes on, or the same one does.
fn broken(kind: &str, how: Break, few: usize, same_process: bool) {
    let expected = undisturbed(Clone::clone);
    let from = Some("003");
    let mut proof = Proof::of(kind);
    let whole = prepared(from);
    let wire = Wire::to_mariadb(&whole, None);
    let ended = service(&whole).at(wire.url()).run();
    assert!(ended.success, "{}", ended.err);
    let messages = wire.messages();
    for number in chosen(messages.len(), few) {
        let database = prepared(from);
        let wire = Wire::to_mariadb(&database, Some((number, how)));
        let service = service(&database);
        let first =
            if same_process { service.clone().with(RECONNECT, 1) } else { service.clone() }.at(wire.url()).run();
        assert!(wire.is_broken(), "{kind}: no message {number}");
        let next = if same_process { first } else { service.run() };
        proof.next(&messages[number - 1], &next, amiss(&database, &expected));
    }
    proof.end();
}

#[test]
fn cut_off_before_a_message() {
    broken("MariaDB, TCP dropped before, with history", Break::Before, 3, false);
}

#[test]
fn cut_off_behind_a_message() {
    broken("MariaDB, TCP dropped behind, with history", Break::Behind, 5, false);
}

#[test]
fn cut_off_and_connected_anew() {
    broken("MariaDB, TCP dropped behind, same process", Break::Behind, 4, true);
}

/// The server ends the session (`KILL CONNECTION`) while the process stands at a point.
#[test]
fn the_session_is_ended_at_a_point() {
    let expected = undisturbed(Clone::clone);
    let from = Some("003");
    let mut proof = Proof::of("MariaDB, KILL CONNECTION");
    let points = service(&prepared(from)).points();
    for number in chosen(points.len(), 4) {
        let database = prepared(from);
        let service = service(&database);
        let mut first = service.clone().with(glowplug_tests::process::HALT, number).start();
        let point = first.line();
        let sessions = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        for session in database.rows(sessions) {
            database.server().administer(&format!("KILL CONNECTION {session}"));
        }
        first.go_on();
        // Behind its last message it does not notice.
        let _ = first.end();
        let point = point.trim_end().trim_start_matches("point ");
        proof.next(point, &service.run(), amiss(&database, &expected));
    }
    proof.end();
}

/// Killed, or its session ended, while the server is in the middle of a change of the schema that waits for a table.
#[test]
fn stopped_in_a_statement() {
    let expected = undisturbed(Clone::clone);
    let mut proof = Proof::of("MariaDB, stopped in ALTER TABLE");
    for how in ["SIGKILL", "KILL CONNECTION", "SIGKILL, and the statement is carried out"] {
        let database = prepared(Some("004"));
        let mut reader = database.connect();
        let hold = "START TRANSACTION; SELECT * FROM tasks";
        diesel::connection::SimpleConnection::batch_execute(&mut reader, hold).unwrap();
        let service = service(&database).with("GLOWPLUG_LOCK_TIMEOUT", "60s");
        let mut first = service.start();
        let waiting = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata%'";
        until("the statement waits", Duration::from_secs(30), || !database.rows(waiting).is_empty());
        if how == "KILL CONNECTION" {
            database.server().administer(&format!("KILL CONNECTION {}", database.rows(waiting).concat()));
            let _ = first.end();
        } else {
            first.kill();
        }
        if how.ends_with("carried out") {
            drop(reader);
        } else {
            // The server notices at once, or lets the statement wait on: then it runs once the reader leaves.
            std::thread::sleep(Duration::from_millis(300));
            drop(reader);
        }
        proof.next(how, &service.run(), amiss(&database, &expected));
    }
    proof.end();
}
