//! What comes to a runner on SQLite that nobody wishes for: no room, no right to write, odd names, odd histories, odd
//! clocks, very long files.

mod statics;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use glowplug::{Engine, HealthStatus, Migrations, Runner};
use statics::{File, file};
use std::time::{Duration, Instant};

fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Sqlite, files)
}

fn memory() -> SqliteConnection {
    SqliteConnection::establish(":memory:").unwrap()
}

fn users() -> File {
    file("001_create_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
}

fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES users (id));\n")
}

fn lines(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    diesel::sql_query(query).load::<Line>(connection).unwrap().into_iter().map(|row| row.line).collect()
}

fn history(connection: &mut SqliteConnection) -> Vec<String> {
    let query = "SELECT version || ' ' || status || ' ' || statements_done AS line FROM __glowplug_history ORDER BY id";
    lines(connection, query)
}

fn one(connection: &mut SqliteConnection, expression: &str) -> String {
    lines(connection, &format!("SELECT CAST(({expression}) AS TEXT) AS line")).concat()
}

#[test]
fn a_disk_that_is_full_leaves_nothing_half_recorded() {
    let big = "CREATE TABLE big (text TEXT);\n\
               INSERT INTO big WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) \
               SELECT printf('%.*c', 1000, 'x') FROM n;\n";
    for (mode, alone) in [("DELETE", false), ("WAL", false), ("DELETE", true), ("WAL", true)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db").to_str().unwrap().to_owned();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute(&format!("PRAGMA journal_mode = {mode}")).unwrap();
        Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
        connection.batch_execute("PRAGMA max_page_count = 40").unwrap();
        let mut second = file("002_big.sql", big);
        if alone {
            second = second.without_transaction().not_resumable();
        }
        let list = migrations(&[users(), second, file("003_last.sql", "CREATE TABLE last (id INTEGER);\n")]);
        let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("migration 002_big.sql failed: database or disk is full\n"), "{text}");
        assert!(text.contains(" --> migrations/002_big.sql:2:1\n"), "{text}");
        assert!(text.contains("= 001_create_users.sql is applied and stays\n"), "{text}");
        assert!(text.contains("= next: give the server room (disk, memory, connections), and start again"), "{text}");
        let (said, left) = if alone {
            ("its first statement is done and stays", ["001 completed 1", "002 failed 1"])
        } else {
            ("= statement 2 of 2; all of the file is rolled back", ["001 completed 1", "002 failed 0"])
        };
        assert!(text.contains(said), "{mode}: {text}");
        assert_eq!(history(&mut connection), left);
        assert_eq!(
            one(&mut connection, "SELECT count(*) FROM sqlite_master WHERE name = 'big'"),
            if alone { "1" } else { "0" }
        );
        // There is room again.
        connection.batch_execute("PRAGMA max_page_count = 100000").unwrap();
        assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 2);
        assert_eq!(one(&mut connection, "SELECT count(*) FROM big"), "1000");
        assert_eq!(lines(&mut connection, "SELECT integrity_check AS line FROM pragma_integrity_check"), ["ok"]);
    }
}

#[test]
fn a_database_that_may_not_be_written_to_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db").to_str().unwrap().to_owned();
    let list = migrations(&[users()]);
    let mut connection = SqliteConnection::establish(&path).unwrap();
    Runner::new(list).run_pending(&mut connection).unwrap();
    let more = migrations(&[users(), tasks()]);
    let alone = migrations(&[users(), file("002_vacuum.sql", "VACUUM;\n").without_transaction()]);
    connection.batch_execute("PRAGMA query_only = ON").unwrap();
    let mut read_only = SqliteConnection::establish(&format!("file:{path}?mode=ro")).unwrap();
    for connection in [&mut connection, &mut read_only] {
        assert_eq!(Runner::new(list).run_pending(connection).unwrap().already_applied, 1);
        for list in [more, alone] {
            assert_eq!(Runner::new(list).plan(connection).unwrap().pending.len(), 1);
            let error = Runner::new(list).run_pending(connection).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(": attempt to write a readonly database\n  = a standby, a file that"), "{text}");
            assert!(text.contains("= next: migrate where it may be written to; who needs nothing"), "{text}");
        }
        assert_eq!(history(connection), ["001 completed 1"]);
    }
}

#[test]
fn a_history_altered_by_hand_is_said() {
    let mut connection = memory();
    let list = migrations(&[users(), tasks()]);
    Runner::new(migrations(&[users()])).run_pending(&mut connection).unwrap();
    connection.batch_execute("ALTER TABLE __glowplug_history DROP COLUMN raw_checksum").unwrap();
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("reading the history of migrations: no such column: h.raw_checksum"), "{text}");
    assert!(text.contains("= next: restore the column; or rename __glowplug_history away and repair"), "{text}");
    connection.batch_execute("ALTER TABLE __glowplug_history RENAME TO old_history").unwrap();
    assert_eq!(Runner::new(list).repair(&mut connection, &[]).unwrap().recorded, ["001"]);
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 1);

    // Rows that were deleted, and ones that say what cannot be.
    let mut connection = memory();
    Runner::new(list).run_pending(&mut connection).unwrap();
    connection
        .batch_execute(
            "DELETE FROM __glowplug_history WHERE version = '002'; \
             UPDATE __glowplug_history SET started_at = 'yesterday', finished_at = '', statements_done = -3",
        )
        .unwrap();
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 2));
    assert_eq!(Runner::new(list).health(&mut connection).http_status(), 200);
    assert_eq!(Runner::new(list).status(&mut connection).unwrap().applied, 2);
    // A version that is taken out of what is applied is applied again: its table is there.
    connection.batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '002'").unwrap();
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    assert!(error.to_string().contains("someone made it by hand"), "{error}");
}

#[test]
fn a_history_of_a_newer_version_is_left_as_it_is() {
    let mut connection = memory();
    let list = migrations(&[users(), tasks()]);
    Runner::new(list).run_pending(&mut connection).unwrap();
    connection
        .batch_execute(
            "ALTER TABLE __glowplug_history ADD COLUMN shape TEXT NOT NULL DEFAULT 'round'; PRAGMA ignore_check_constraints = ON; \
             UPDATE __glowplug_history SET checksum = 'v9:abc', tool_version = '9.0.0'; \
             INSERT INTO __glowplug_history (version, name, checksum, raw_checksum, status, statements_done, statements_total, \
               started_at, runner, tool_version) \
               VALUES ('003', 'later', 'v9:def', 'x', 'paused', 1, 2, '2030-01-01T00:00:00.000Z', 'elsewhere:1', '9.0.0'); \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('004')",
        )
        .unwrap();
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(report.already_applied, 2);
    assert_eq!(report.warnings, ["the database has 1 migration that this program does not know: 004"]);
    assert_eq!(history(&mut connection), ["001 completed 1", "002 completed 1", "003 paused 1"]);
    assert_eq!(Runner::new(list).status(&mut connection).unwrap().unknown, ["004"]);
}

#[test]
fn a_clock_that_runs_backwards_does_no_harm() {
    let mut connection = memory();
    // The attempts of before are of the future; and the clock is set back in the middle of a file.
    let bad = migrations(&[users(), file("002_log.sql", "CREATE TABLE log (id INTEGER);\nSELECT nothing;\n")]);
    Runner::new(bad).run_pending(&mut connection).unwrap_err();
    let future = "UPDATE __glowplug_history SET started_at = '2199-01-01T00:00:00.000Z'";
    connection.batch_execute(&format!("{future}, finished_at = '2199-01-01T00:00:01.000Z'")).unwrap();
    let back = format!("CREATE TABLE log (id INTEGER);\nVACUUM;\n{future};\n");
    let list =
        migrations(&[users(), file("002_log.sql", &back).without_transaction(), file("003_last.sql", "SELECT 1;\n")]);
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 2);
    assert_eq!(history(&mut connection), ["001 completed 1", "002 failed 0", "002 completed 3", "003 completed 1"]);
    assert_eq!(one(&mut connection, "SELECT count(*) FROM __glowplug_history WHERE duration_ms < 0"), "0");
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().already_applied, 3);
    let health = Runner::new(list).health(&mut connection);
    assert_eq!((health.status, health.migrations.failed), (HealthStatus::Healthy, Vec::new()));
}

#[test]
fn a_name_of_a_file_may_be_anything() {
    let vacuum = || file("003_vacuum.sql", "VACUUM;\n").without_transaction();
    for name in ["it's \"quoted\".db", "50% of #1?.db", "größe; DROP TABLE users;--.db", "a b\n.db"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name).to_str().unwrap().to_owned();
        let list = migrations(&[users(), tasks(), vacuum()]);
        let mut connection = SqliteConnection::establish(&path).unwrap();
        assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 3, "{name}");
        drop(connection);
        let mut left: Vec<String> =
            folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [name.to_owned(), format!("{name}-glowplug")]);
        // It is the one beside it that locks: who holds that is waited for.
        let mut holder = SqliteConnection::establish(&format!("{path}-glowplug")).unwrap();
        holder.batch_execute("BEGIN EXCLUSIVE").unwrap();
        let more = migrations(&[users(), tasks(), vacuum(), file("004_vacuum.sql", "VACUUM;\n").without_transaction()]);
        let mut connection = SqliteConnection::establish(&path).unwrap();
        let error = Runner::new(more).lock_wait(Duration::from_millis(200)).run_pending(&mut connection).unwrap_err();
        assert_eq!(error.code(), "lock-wait", "{error}");
    }
}

#[test]
fn a_migration_of_twenty_megabytes_is_only_long() {
    let long = format!("CREATE TABLE texts (text TEXT);\nINSERT INTO texts VALUES ('{}');\n", "x".repeat(10 << 20));
    let line = format!("INSERT INTO texts VALUES ('{}');\n", "y".repeat(2_000));
    let sql = format!("{long}{}INSERT INTO others VALUES ('{}');\n", line.repeat(5_200), "z".repeat(1 << 20));
    assert!(sql.len() > 20 << 20);
    let mut connection = memory();
    let list = migrations(&[users(), file("002_big.sql", &sql)]);
    let since = Instant::now();
    let text = Runner::new(list).run_pending(&mut connection).unwrap_err().to_string();
    assert!(text.len() < 2000, "the text of a line is cut: {}", text.len());
    assert!(text.contains(" --> migrations/002_big.sql:5203:13\n"), "{text}");
    connection.batch_execute("CREATE TABLE others (text TEXT)").unwrap();
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 1);
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    assert_eq!(one(&mut connection, "SELECT count(*) || ' ' || sum(length(text)) FROM texts"), "5201 20885760");
}

#[test]
fn memory_that_is_shared_is_one_database() {
    let list = migrations(&[users(), tasks(), file("003_vacuum.sql", "CREATE TABLE t (id INTEGER);\n")]);
    let url = "file:shared_by_a_test?mode=memory&cache=shared";
    let mut first = SqliteConnection::establish(url).unwrap();
    let done: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = SqliteConnection::establish(url).unwrap();
                    Runner::new(list).run_pending(&mut connection).unwrap().applied.len()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(done, 3);
    assert_eq!(Runner::new(list).run_pending(&mut first).unwrap().already_applied, 3);
}

#[test]
fn somebody_who_writes_between_the_statements_is_waited_for() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db").to_str().unwrap().to_owned();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE log (id INTEGER)")).unwrap();
        let many = "INSERT INTO log VALUES (1);\n".repeat(30);
        let list = migrations(&[users(), file("002_log.sql", &format!("VACUUM;\n{many}")).without_transaction()]);
        let over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = SqliteConnection::establish(&path).unwrap();
                other.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    other.batch_execute("BEGIN IMMEDIATE; INSERT INTO log VALUES (2)").unwrap();
                    std::thread::sleep(Duration::from_millis(5));
                    other.batch_execute("COMMIT").unwrap();
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let report = Runner::new(list).run_pending(&mut connection);
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(report.unwrap().applied.len(), 2, "{mode}");
        });
        assert_eq!(one(&mut connection, "SELECT count(*) FROM log WHERE id = 1"), "30");
    }
}

#[test]
fn two_services_in_one_file_keep_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db").to_str().unwrap().to_owned();
    let list = |name: &str| {
        let first = format!("CREATE TABLE {name} (id INTEGER);\n");
        migrations(&[file("001_first.sql", &first), file("002_vacuum.sql", "VACUUM;\n").without_transaction()])
    };
    let (billing, shipping) = (list("billing"), list("shipping"));
    std::thread::scope(|scope| {
        let start = |name: &'static str, list| {
            let path = &path;
            scope.spawn(move || {
                let mut connection = SqliteConnection::establish(path).unwrap();
                Runner::new(list).history_name(name).run_pending(&mut connection).unwrap().applied.len()
            })
        };
        let runs: Vec<_> = (0..3).flat_map(|_| [start("billing", billing), start("shipping", shipping)]).collect();
        assert_eq!(runs.into_iter().map(|run| run.join().unwrap()).sum::<usize>(), 4);
    });
    let mut connection = SqliteConnection::establish(&path).unwrap();
    for name in ["billing", "shipping"] {
        let rows = format!("SELECT version || ' ' || status AS line FROM __glowplug_history_{name} ORDER BY id");
        assert_eq!(lines(&mut connection, &rows), ["001 completed", "002 completed"]);
    }
}
