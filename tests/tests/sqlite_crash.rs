//! A service on SQLite is killed at every point of its run, and at every write to its files: the next run has to bring
//! the database to where an undisturbed one does. `tests/prove crash` takes all points; the everyday run some of each.

mod proofs;

use std::path::Path;

use diesel::prelude::*;
use glowplug_tests::process::{Ended, Running, Service};
use proofs::points::{Proof, chosen};
use proofs::{PROGRAM, folder};

/// A database file, in a folder of its own.
struct File(tempfile::TempDir);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

impl File {
    fn new(from: Option<&str>, journal: &str) -> File {
        let file = File(tempfile::tempdir().unwrap());
        let mut connection = SqliteConnection::establish(&file.url()).unwrap();
        diesel::connection::SimpleConnection::batch_execute(
            &mut connection,
            &format!("PRAGMA journal_mode = {journal}"),
        )
        .unwrap();
        drop(connection);
        if let Some(version) = from {
            assert!(file.service().with("GLOWPLUG_TARGET", version).run().success);
        }
        file
    }

    fn url(&self) -> String {
        self.0.path().join("app.db").to_str().unwrap().to_owned()
    }

    fn service(&self) -> Service {
        Service::new(PROGRAM, &folder("sqlite"), &self.url())
    }

    /// All that must be the same however often a run was stopped.
    fn outcome(&self) -> Vec<String> {
        let mut connection = SqliteConnection::establish(&self.url()).unwrap();
        let queries = [
            "SELECT concat_ws(' ', 'witness', migration, step, count(*)) AS line FROM witness GROUP BY migration, step ORDER BY 1",
            "SELECT concat_ws(' ', 'rows', (SELECT count(*) FROM users), (SELECT count(*) FROM tasks)) AS line",
            "SELECT concat_ws(' ', 'applied', a.version, h.status, h.statements_done = h.statements_total) AS line \
             FROM __diesel_schema_migrations a LEFT JOIN __glowplug_history h ON h.id = \
               (SELECT max(id) FROM __glowplug_history WHERE version = a.version) ORDER BY 1",
            "SELECT concat_ws(' ', 'completed', version, count(*)) AS line FROM __glowplug_history \
             WHERE status = 'completed' GROUP BY version ORDER BY 1",
            "SELECT coalesce(sql, name) AS line FROM sqlite_master ORDER BY name",
            "SELECT concat_ws(' ', 'integrity', integrity_check) AS line FROM pragma_integrity_check",
            "SELECT concat_ws(' ', 'points at nothing', \"table\") AS line FROM pragma_foreign_key_check",
        ];
        let rows = queries.iter().flat_map(|query| diesel::sql_query(*query).load::<Line>(&mut connection).unwrap());
        rows.map(|row| row.line).collect()
    }
}

/// A kind of points, and what an undisturbed run ends in.
struct Points {
    proof: Proof,
    expected: Vec<String>,
}

impl Points {
    fn of(kind: String, journal: &str) -> Points {
        let file = File::new(None, journal);
        assert!(file.service().run().success);
        let mut proof = Proof::of(kind);
        // The lock is the file's own: it goes with the process.
        proof.without_limit();
        Points { proof, expected: file.outcome() }
    }

    fn next(&mut self, point: &str, file: &File, next: &Ended) {
        let mut amiss = Vec::new();
        if next.success {
            let found = file.outcome();
            if found != self.expected {
                let without = |all: &[String], those: &[String]| {
                    all.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>()
                };
                let (more, less) = (without(&found, &self.expected), without(&self.expected, &found));
                amiss.push(format!("{more:?} in place of {less:?}"));
            }
        }
        self.proof.next(point, next, amiss);
    }
}

/// SIGKILL at each point of the runner.
fn killed(from: Option<&str>, journal: &str, few: usize) {
    let before = from.map_or("new database", |_| "with history");
    let mut kind = Points::of(format!("SQLite ({journal}), SIGKILL, {before}"), journal);
    let points = File::new(from, journal).service().points();
    for number in chosen(points.len(), few) {
        let file = File::new(from, journal);
        let point = file.service().killed_at(number).unwrap_or_else(|| panic!("no point {number}"));
        kind.next(&point, &file, &file.service().run());
    }
    kind.proof.end();
}

#[test]
fn killed_on_a_new_database() {
    killed(None, "delete", 4);
}

#[test]
fn killed_on_a_database_with_history() {
    killed(Some("001"), "delete", 6);
}

#[test]
fn killed_on_a_database_with_a_write_ahead_log() {
    killed(Some("001"), "wal", 3);
}

/// What SQLite asks the system for when it writes.
const CALLS: [&str; 4] = ["pwrite64", "fdatasync", "ftruncate", "unlink"];

/// SIGKILL at the n-th write, as the system sees them: in the middle of a commit, of a checkpoint, of a VACUUM.
fn killed_at_writes(from: Option<&str>, journal: &str, few: usize) {
    let before = from.map_or("new database", |_| "with history");
    let mut kind = Points::of(format!("SQLite ({journal}), SIGKILL at a write, {before}"), journal);
    for call in CALLS {
        let whole = File::new(from, journal);
        let log = whole.0.path().join("calls");
        let counted = traced(&whole, &["-o", log.to_str().unwrap(), "-e", &format!("trace={call}")]);
        assert!(counted.success, "strace: {}", counted.err);
        let count = count(&log, call);
        for number in chosen(count, few) {
            let file = File::new(from, journal);
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let stopped = traced(&file, &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
            assert!(!stopped.success, "{call} {number} of {count} was not reached");
            kind.next(&format!("{call} {number}"), &file, &file.service().run());
        }
    }
    kind.proof.end();
}

fn traced(file: &File, arguments: &[&str]) -> Ended {
    Running::of(file.service().command(&[&["strace", "-f", "-qq"], arguments].concat())).end()
}

fn count(log: &Path, call: &str) -> usize {
    let log = std::fs::read_to_string(log).unwrap();
    log.lines().filter(|line| line.contains(&format!("{call}("))).count()
}

#[test]
fn killed_at_a_write() {
    killed_at_writes(Some("001"), "delete", 2);
}

#[test]
fn killed_at_a_write_of_a_log() {
    killed_at_writes(Some("001"), "wal", 1);
}
