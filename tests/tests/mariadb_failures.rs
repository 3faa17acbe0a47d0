//! What the runner does when something is in its way, on a real MariaDB server: tables in use, deadlocks, a lease that
//! another one takes over, a run that is to stop, a server that goes away.

#[path = "runner/mariadb.rs"]
mod runner;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use glowplug::{Error, LockKind, Runner};
use glowplug_tests::cable::Cable;
use glowplug_tests::log::Log;
use glowplug_tests::process::{long, until};
use glowplug_tests::{MariadbDatabase, MariadbServer, Stop, mariadb};
use runner::{TASKS, USERS, applied, files, history, list, run};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ADD: (&str, &str) = ("002_add.sql", "ALTER TABLE users ADD COLUMN IF NOT EXISTS name VARCHAR(100);\n");

/// Somebody who reads a table in a transaction, and the session's number.
fn reader(database: &MariadbDatabase, table: &str) -> (MysqlConnection, String) {
    let mut connection = database.connect();
    connection.batch_execute(&format!("START TRANSACTION; SELECT * FROM {table}")).unwrap();
    let id = runner::line(&mut connection, "SELECT CAST(CONNECTION_ID() AS CHAR) AS line");
    (connection, id)
}

/// Waits until a session of the database is in this state.
fn until_somebody(database: &MariadbDatabase, state: &str) {
    let query = format!("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE '{state}'");
    until(state, Duration::from_secs(30), || !database.rows(&query).is_empty());
}

/// Ends a transaction once a line with this is in the log.
fn committed_once(mut connection: MysqlConnection, log: &Log, part: &'static str) -> std::thread::JoinHandle<()> {
    let log = log.clone();
    std::thread::spawn(move || {
        until(part, Duration::from_secs(60), || log.text().contains(part));
        connection.batch_execute("COMMIT").unwrap();
    })
}

/// A run that adds a column beside somebody who reads the table: it is tried again once that is over, and they are named.
fn add_beside_a_reader(database: &MariadbDatabase) -> Log {
    run(database, list(&[USERS])).unwrap();
    let (reading, id) = reader(database, "users");
    let (log, _open) = Log::open();
    let done = committed_once(reading, &log, TRIED_AGAIN);
    let runner = Runner::new(list(&[USERS, ADD])).lock_timeout(Duration::from_secs(1));
    let report = runner.run_pending(&mut database.connect()).unwrap();
    done.join().unwrap();
    assert_eq!(files(&report), ["002_add.sql"]);
    assert!(report.retries > 0, "{report}");
    let line = log.line(&["another session uses a table of this migration", &format!("pid={id} ")]);
    assert!(line.contains("application=root@127.0.0.1:") && line.contains("state=sleep"), "{line}");
    log
}

const TRIED_AGAIN: &str = "; tried again in ";
const WAITS_FOR_A_TABLE: &str = "Waiting for table metadata%";
const SLEEPS: &str = "User sleep";

fn nothing_is_locked(database: &MariadbDatabase) -> bool {
    let name = "CONCAT('glowplug:', LEFT(SHA2(CONCAT(LOWER(DATABASE()), '/'), 256), 48))";
    database.rows(&format!("SELECT IS_FREE_LOCK({name})")) == ["1"]
}

#[test]
fn a_table_in_use_is_tried_again_and_its_user_is_named() {
    let database = mariadb();
    let log = add_beside_a_reader(&database);
    let _ = log.line(&["Lock wait timeout exceeded", "tried again in "]);
    let rows = history(&database);
    assert_eq!(rows.last().unwrap(), "002 completed 1/1 -");
    assert!(rows[1..rows.len() - 1].iter().all(|row| row == "002 failed 0/1 HY000"), "{rows:?}");
}

#[test]
fn a_table_that_stays_in_use_is_given_up() {
    let database = mariadb();
    run(&database, list(&[USERS])).unwrap();
    let (_reading, _) = reader(&database, "users");
    let runner = Runner::new(list(&[USERS, ADD])).lock_timeout(Duration::from_secs(1)).retries(0);
    let error = runner.run_pending(&mut database.connect()).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 002_add.sql failed: Lock wait timeout exceeded; try restarting transaction
     --> migrations/002_add.sql:1:1
      |
    1 | ALTER TABLE users ADD COLUMN IF NOT EXISTS name VARCHAR(100);
      | ^
      = statement 1 of 1
      = error 1205, SQLSTATE HY000
      = the file cannot run in a transaction; nothing of it is done
      = 001_users.sql is applied and stays
      = others use what it needs; nothing is wrong with the file
      = next: start again when they are done, or let it wait longer (GLOWPLUG_LOCK_TIMEOUT=30s)
    ");
    assert!(nothing_is_locked(&database));
}

#[test]
fn a_second_connection_names_who_is_in_the_way() {
    let database = mariadb();
    run(&database, list(&[USERS, TASKS])).unwrap();
    // Of what the server changes in one step, and of what shares a transaction.
    let rows = ("004_rows.sql", "UPDATE users SET email = 'b' WHERE id = 1;\n");
    let three = list(&[USERS, TASKS, ("003_add.sql", ADD.1)]);
    let four = list(&[USERS, TASKS, ("003_add.sql", ADD.1), rows]);
    // The companion has a thread of its own: this log is the whole process's.
    let log = Log::everywhere();
    for (list, holds) in [(three, "SELECT * FROM users"), (four, "SELECT * FROM users FOR UPDATE")] {
        database.execute("INSERT IGNORE INTO users (id, email) VALUES (1, 'a')");
        let mut reading = database.connect();
        reading.batch_execute(&format!("START TRANSACTION; {holds}")).unwrap();
        let id = runner::line(&mut reading, "SELECT CAST(CONNECTION_ID() AS CHAR) AS line");
        let named = format!("pid={id} ");
        let seen = log.clone();
        let done = std::thread::spawn(move || {
            let since = Instant::now();
            let has =
                |line: &str| line.contains("another session is in the way of this migration") && line.contains(&named);
            while !seen.text().lines().any(has) && since.elapsed() < Duration::from_secs(30) {
                std::thread::sleep(Duration::from_millis(50));
            }
            reading.batch_execute("COMMIT").unwrap();
            named
        });
        let runner = Runner::new(list).url(database.url()).lock_timeout(Duration::from_secs(60));
        let report = runner.run_pending(&mut database.connect()).unwrap();
        let named = done.join().unwrap();
        assert_eq!((report.applied.len(), report.retries), (1, 0));
        let line = log.line(&["another session is in the way of this migration", &named]);
        assert!(line.contains("application=root@127.0.0.1:") && line.contains("state=sleep"), "{line}");
    }
}

/// Where the server tells who has which table, nobody else is named.
#[test]
fn the_locks_of_tables_are_asked_for() {
    let server = MariadbServer::own(&[
        "--performance-schema=ON",
        "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
    ]);
    let database = server.database();
    run(&database, list(&[USERS, TASKS])).unwrap();
    database.execute("CREATE TABLE others (id INT)");
    let (_elsewhere, other) = reader(&database, "others");
    let (reading, id) = reader(&database, "users");
    let (log, _open) = Log::open();
    let done = committed_once(reading, &log, TRIED_AGAIN);
    let runner = Runner::new(list(&[USERS, TASKS, ("003_add.sql", ADD.1)])).lock_timeout(Duration::from_secs(1));
    assert_eq!(runner.run_pending(&mut database.connect()).unwrap().applied.len(), 1);
    done.join().unwrap();
    let _ = log.line(&["another session uses a table of this migration", &format!("pid={id} ")]);
    assert!(!log.text().contains(&format!("pid={other} ")), "{}", log.text());
}

#[test]
fn a_run_that_is_to_stop_cancels_its_statement() {
    let slow = ("002_slow.sql", "SELECT SLEEP(60);\n");
    for (second, state) in [(ADD, WAITS_FOR_A_TABLE), (slow, SLEEPS)] {
        let database = mariadb();
        run(&database, list(&[USERS])).unwrap();
        let (reading, _) = reader(&database, "users");
        let stop = Arc::new(AtomicBool::new(false));
        let runner = Runner::new(list(&[USERS, second])).url(database.url()).lock_timeout(Duration::from_secs(60));
        let runner = runner.stop_when(stop.clone());
        std::thread::scope(|scope| {
            let running = scope.spawn(|| runner.run_pending(&mut database.connect()));
            until_somebody(&database, state);
            stop.store(true, Ordering::Relaxed);
            let since = Instant::now();
            let error = running.join().unwrap().unwrap_err();
            assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
            assert_eq!(error.code(), "stopped", "{error}");
            assert!(error.to_string().contains("001_users.sql is applied and stays"), "{error}");
        });
        assert!(nothing_is_locked(&database));
        assert_eq!(applied(&database), ["001"]);
        drop(reading);
        assert_eq!(files(&run(&database, list(&[USERS, ADD])).unwrap()), ["002_add.sql"]);
    }
}

#[test]
fn the_holder_of_the_lock_is_named() {
    let database = mariadb();
    let slow = list(&[("001_slow.sql", "SELECT SLEEP(12);\n")]);
    for lock in [LockKind::Native, LockKind::Lease] {
        let first = Runner::new(slow).lock(lock).history_name(if lock == LockKind::Lease { "lease" } else { "named" });
        let mut holding = database.connect();
        std::thread::scope(|scope| {
            let pid = runner::line(&mut holding, "SELECT CAST(CONNECTION_ID() AS CHAR) AS line");
            let holder = scope.spawn(|| first.run_pending(&mut holding).unwrap());
            until_somebody(&database, SLEEPS);
            let (log, _open) = Log::open();
            let since = Instant::now();
            // However long a table may be waited for.
            let second = first.clone().lock_wait(Duration::from_millis(700)).lock_timeout(Duration::ZERO);
            let error = second.run_pending(&mut database.connect()).unwrap_err();
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "gave up before the holder is done: {:?}",
                since.elapsed()
            );
            assert_eq!(error.code(), "lock-wait", "{error}");
            let text = error.to_string();
            assert!(text.starts_with("another process is migrating this database; waited "), "{text}");
            let Error::LockWait { holder: Some(named), .. } = &error else { panic!("{error:?}") };
            if lock == LockKind::Native {
                assert_eq!(named.pid.map(|pid| pid.to_string()), Some(pid.clone()));
                assert!(text.contains("(root@127.0.0.1:"), "{text}");
                assert!(text.contains(&format!("; if it hangs, end it: KILL {pid}")), "{text}");
                let _ =
                    log.line(&["another process is migrating this database; waiting for it", &format!("pid={pid} ")]);
            } else {
                let process = format!(":{}, by a lease", std::process::id());
                assert!(text.contains(&process), "{text}");
            }
            assert_eq!(holder.join().unwrap().applied.len(), 1);
        });
        assert_eq!(first.run_pending(&mut database.connect()).unwrap().already_applied, 1);
    }
}

#[test]
fn a_row_in_use_and_a_deadlock_are_tried_again_with_nothing_left() {
    let rows = |name| {
        (
            name,
            "-- glowplug: allow(insert-without-guard, reason = \"counted\")\nINSERT INTO log VALUES ('here');\n\
             UPDATE users SET email = 'x' WHERE id = 1;\nSELECT SLEEP(1);\nUPDATE tasks SET owner = 1 WHERE id = 1;\n",
        )
    };
    let counted = ("003_log.sql", "CREATE TABLE IF NOT EXISTS log (line TEXT);\n");
    let database = mariadb();
    run(&database, list(&[USERS, TASKS, counted])).unwrap();
    database.execute("INSERT INTO users (id) VALUES (1); INSERT INTO tasks (id) SELECT seq FROM seq_1_to_1000");

    // Another transaction has the row for longer than the limit.
    let mut other = database.connect();
    other.batch_execute("START TRANSACTION; SELECT * FROM users FOR UPDATE").unwrap();
    let (log, _open) = Log::open();
    let done = committed_once(other, &log, TRIED_AGAIN);
    let four = [USERS, TASKS, counted, rows("004_rows.sql")];
    let report = Runner::new(list(&four)).lock_timeout(Duration::from_secs(1)).run_pending(&mut database.connect());
    done.join().unwrap();
    let report = report.unwrap();
    assert!(report.retries > 0, "{report}");
    assert_eq!(database.rows("SELECT count(*) FROM log"), ["1"]);

    // Each has what the other wants: the server gives up the one that has changed less.
    let mut other = database.connect();
    database.execute("CREATE TABLE weight (id INT PRIMARY KEY)");
    other
        .batch_execute(
            "START TRANSACTION; INSERT INTO weight SELECT seq FROM seq_1_to_1000; UPDATE tasks SET owner = NULL",
        )
        .unwrap();
    let done = std::thread::scope(|scope| {
        let five = list(&[&four[..], &[rows("005_rows.sql")]].concat());
        let running = scope.spawn(|| Runner::new(five).run_pending(&mut database.connect()));
        until_somebody(&database, SLEEPS);
        other.batch_execute("UPDATE users SET email = 'y' WHERE id = 1").unwrap();
        other.batch_execute("COMMIT").unwrap();
        running.join().unwrap().unwrap()
    });
    assert_eq!((files(&done), done.retries), (vec!["005_rows.sql"], 1));
    assert_eq!(database.rows("SELECT count(*) FROM log"), ["2"]);
    // What was rolled back left no attempt.
    assert_eq!(history(&database)[3..], ["004 completed 4/4 -", "005 completed 4/4 -"]);
}

fn lease(files: &[(&str, &str)]) -> Runner {
    Runner::new(list(files)).lock(LockKind::Lease).lock_timeout(Duration::from_secs(60))
}

#[test]
fn a_second_connection_renews_the_lease() {
    let database = mariadb();
    run(&database, list(&[USERS])).unwrap();
    let (reading, _) = reader(&database, "users");
    let runner = lease(&[USERS, ADD]).url(database.url());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| runner.run_pending(&mut database.connect()));
        until_somebody(&database, WAITS_FOR_A_TABLE);
        // It would run out in a moment; five seconds later it is renewed.
        database.execute("UPDATE __glowplug_lease SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 8 SECOND");
        let renewed = "SELECT expires_at > UTC_TIMESTAMP(6) + INTERVAL 20 SECOND FROM __glowplug_lease";
        until("the lease is renewed", Duration::from_secs(30), || database.rows(renewed) == ["1"]);
        drop(reading);
        assert_eq!(running.join().unwrap().unwrap().applied.len(), 1);
    });
    assert_eq!(database.rows("SELECT expires_at < '1971-01-01' FROM __glowplug_lease"), ["1"]);
}

#[test]
fn a_lease_that_is_taken_over_stops_its_old_owner() {
    let database = mariadb();
    run(&database, list(&[USERS])).unwrap();
    let two = format!("{}ALTER TABLE users ADD COLUMN IF NOT EXISTS age INT;\n", ADD.1);
    let all = [USERS, ("002_add.sql", two.as_str()), ("003_tasks.sql", TASKS.1)];
    let (reading, _) = reader(&database, "users");
    std::thread::scope(|scope| {
        let running = scope.spawn(|| lease(&all).run_pending(&mut database.connect()));
        until_somebody(&database, WAITS_FOR_A_TABLE);
        // As if it had been silent for half a minute.
        database.execute("UPDATE __glowplug_lease SET owner = 'elsewhere:1 x', fence = fence + 1");
        drop(reading);
        let error = running.join().unwrap().unwrap_err();
        assert_eq!(error.code(), "lease-lost", "{error}");
        assert!(error.to_string().contains("001_users.sql is applied and stays"), "{error}");
    });
    assert_eq!(applied(&database), ["001"]);
    assert_eq!(database.rows("SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'age'"), ["0"]);
    // The new owner is waited for, and named.
    let error = lease(&all).lock_wait(Duration::from_millis(300)).run_pending(&mut database.connect()).unwrap_err();
    assert!(error.to_string().contains("the lock is held by elsewhere:1, by a lease"), "{error}");
    // When its lease is over the next one goes on.
    database.execute("UPDATE __glowplug_lease SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    lease(&all).run_pending(&mut database.connect()).unwrap();
    assert_eq!(applied(&database), ["001", "002", "003"]);
    assert_eq!(database.rows("SELECT expires_at < '1971-01-01', fence FROM __glowplug_lease"), ["1|3"]);
}

#[test]
fn what_is_taken_back_is_taken_back_under_the_lock() {
    let database = mariadb();
    let pets = ("003_pets.sql", "CREATE TABLE IF NOT EXISTS pets (id INT PRIMARY KEY);\n");
    let down = ("003_pets.down.sql", "SELECT SLEEP(6);\nDROP TABLE pets;\n");
    let runner = lease(&[USERS, TASKS, pets, down, ("002_tasks.down.sql", "DROP TABLE tasks;\n")]);
    let mut connection = database.connect();
    runner.run_pending(&mut connection).unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| runner.revert_to(&mut database.connect(), "1"));
        until_somebody(&database, SLEEPS);
        // For as long as a statement may take, where nobody else renews it.
        let lasts = "SELECT expires_at > UTC_TIMESTAMP(6) + INTERVAL 30 MINUTE FROM __glowplug_lease";
        assert_eq!(database.rows(lasts), ["1"]);
        database.execute("UPDATE __glowplug_lease SET owner = 'elsewhere:1 x', fence = fence + 1");
        let error = running.join().unwrap().unwrap_err();
        assert_eq!(error.code(), "lease-lost", "{error}");
        assert!(error.to_string().contains("= 001_users.sql … 003_pets.sql are applied and stay (3)"), "{error}");
    });
    assert_eq!(applied(&database), ["001", "002", "003"]);
    database.execute("UPDATE __glowplug_lease SET expires_at = '1970-01-01'");
    // What was begun may be done.
    database.execute("CREATE TABLE IF NOT EXISTS pets (id INT PRIMARY KEY)");
    assert_eq!(runner.revert_to(&mut connection, "1").unwrap().steps.len(), 2);
    assert_eq!(applied(&database), ["001"]);
}

#[test]
fn the_servers_language_makes_no_difference() {
    let server = MariadbServer::own(&["--lc-messages=de_DE", "--lock-wait-timeout=60"]);
    let database = server.database();
    let said = database.try_execute("SELECT * FROM nothing").unwrap_err();
    assert!(said.message.contains("existiert nicht"), "the server does not speak German: {said}");
    // A table in use is waited for, and who has it is named.
    add_beside_a_reader(&database);
    // A failure has its number, its code and its place, and what is told by them is told.
    database.execute("INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'a'); CREATE TABLE there (id INT)");
    let failing = |sql: &str| {
        let three = list(&[USERS, ADD, ("003_bad.sql", sql)]);
        run(&database, three).unwrap_err().to_string()
    };
    let text = failing("CREATE UNIQUE INDEX IF NOT EXISTS once ON users (email);\n");
    assert!(
        text.contains("= error 1062, SQLSTATE 23000") && text.contains("next: correct the rows that are there"),
        "{text}"
    );
    let text =
        failing("-- glowplug: allow(create-without-guard, reason = \"the test's\")\nCREATE TABLE there (id INT);\n");
    assert!(text.contains("= error 1050, SQLSTATE 42S01") && text.contains("someone made it by hand"), "{text}");
    assert!(text.contains("--> migrations/003_bad.sql:2:14"), "{text}");
    // The server ends the session.
    let mut ended = database.connect();
    for id in
        database.rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
    {
        server.administer(&format!("KILL {id}"));
    }
    let error = Runner::new(list(&[USERS, ADD, ("003_tasks.sql", TASKS.1)])).run_pending(&mut ended).unwrap_err();
    assert_eq!(error.code(), "connection-lost", "{error}");
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    let database = mariadb();
    run(&database, list(&[USERS])).unwrap();
    let cable = Cable::to(&database.url());
    let slow = (
        "002_slow.sql",
        "CREATE TABLE IF NOT EXISTS a (id INT);\nSELECT SLEEP(5);\nCREATE TABLE IF NOT EXISTS b (id INT);\n",
    );
    let all = list(&[USERS, slow, ("003_tasks.sql", TASKS.1)]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until_somebody(&database, SLEEPS);
            cable.cut();
        });
        let wait = Duration::from_secs(10);
        let (_, report) = Runner::new(all).run_pending_at::<MysqlConnection>(cable.url(), wait).unwrap();
        assert!(report.retries >= 1, "{report}");
        assert_eq!(report.applied.len() + report.already_applied, 3, "{report:?}");
    });
    assert_eq!(applied(&database), ["001", "002", "003"]);
    assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history WHERE status = 'completed'"), ["3"]);
    assert!(nothing_is_locked(&database));
}

#[test]
fn a_server_that_goes_away_in_the_middle_is_waited_for_or_said() {
    // What is committed is with the system then, whatever becomes of the process.
    let server = MariadbServer::own(&["--innodb-flush-log-at-trx-commit=2"]);
    let counts = (
        "003_rows.sql",
        "-- glowplug: allow(insert-without-guard, reason = \"counted\")\nINSERT INTO users (id) VALUES (1), (2);\nSELECT SLEEP(6);\n",
    );
    let slow = (
        "002_slow.sql",
        "CREATE TABLE IF NOT EXISTS a (id INT);\nSELECT SLEEP(6);\nCREATE TABLE IF NOT EXISTS b (id INT);\n",
    );
    let last = ("004_last.sql", "CREATE TABLE IF NOT EXISTS last_one (id INT);\n");
    let all = list(&[USERS, slow, counts, last]);
    let until_file = |database: &MariadbDatabase, done: usize| {
        until("the migrations before it", Duration::from_secs(60), || applied(database).len() == done);
        until_somebody(database, SLEEPS);
    };
    let each: &[(Stop, usize)] = if long() {
        &[(Stop::Fast, 1), (Stop::Fast, 2), (Stop::Immediate, 1), (Stop::Immediate, 2)]
    } else {
        &[(Stop::Fast, 1), (Stop::Immediate, 2)]
    };
    for &(how, at) in each {
        // The same process goes on.
        let database = server.database();
        run(&database, list(&[USERS])).unwrap();
        let url = database.url();
        let running = std::thread::spawn(move || {
            Runner::new(all).run_pending_at::<MysqlConnection>(&url, Duration::from_secs(60)).map(|(_, report)| report)
        });
        until_file(&database, at);
        server.stop(how);
        server.start_again();
        let report = running.join().unwrap().unwrap();
        assert!(report.retries >= 1, "{how:?} {at}: {report}");
        assert_eq!(applied(&database), ["001", "002", "003", "004"]);
        assert_eq!(database.rows("SELECT count(*) FROM users"), ["2"]);
        assert!(nothing_is_locked(&database));

        // One that does not connect anew says what is done, and the next one goes on.
        let database = server.database();
        run(&database, list(&[USERS])).unwrap();
        let mut connection = database.connect();
        let running = std::thread::spawn(move || Runner::new(all).run_pending(&mut connection));
        until_file(&database, at);
        server.stop(how);
        let error = running.join().unwrap().unwrap_err();
        server.start_again();
        assert_eq!(error.code(), "connection-lost", "{how:?} {at}: {error}");
        let text = error.to_string();
        if at == 1 {
            assert!(text.contains("1 of its 3 statements is known to be done"), "{text}");
        } else {
            assert!(text.contains("003_rows.sql is applied whole or not at all"), "{text}");
        }
        assert!(text.contains("= 001_users.sql"), "{text}");
        assert!(text.ends_with("= next: start again when the database is back"), "{text}");
        run(&database, all).unwrap();
        assert_eq!(applied(&database), ["001", "002", "003", "004"]);
        assert_eq!(database.rows("SELECT count(*) FROM users"), ["2"]);
    }
}
