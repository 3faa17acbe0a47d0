//! Applying, and what a run says of a database that is not as it left it.

use super::{File, PETS, TASKS, UNIQUE, USERS, applied, files, history, list, run, runner};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_migrations::MigrationHarness;
use glowplug::{HealthStatus, OnFailure, OutOfOrder, Runner, State, Verify};
use glowplug_tests::Database;
use glowplug_tests::cable::Cable;
use glowplug_tests::process::until;
use glowplug_tests::wire::Break;
use std::sync::Barrier;
use std::time::Duration;

/// Makes tests of all that is here.
macro_rules! running_on {
    ($database:ty) => {
        shared::tests_on! { $database, running:
            an_edited_migration_is_refused_and_a_new_comment_is_not
            unknown_versions_stop_what_is_pending_and_nothing_else
            migrations_in_another_order_are_refused
            a_run_may_end_early
            two_lists_in_one_database_keep_apart
            two_services_that_start_at_once_in_one_database_wait_for_nobody_but_their_own
            a_history_altered_by_hand_is_said
            a_history_of_a_newer_version_is_left_as_it_is
            a_connection_that_died_while_it_was_idle_is_said_or_made_anew
            a_transaction_of_the_caller_is_not_touched
            the_lock_is_given_back_after_a_failure
            going_on_behind_a_failure_names_all_that_failed
            health_compares_the_tables_with_the_compiled_ones
            the_schema_is_looked_at_behind_a_run
            diesels_own_harness_takes_the_list
            no_migration_is_applied_twice_by_many
        }
    };
}
pub(crate) use running_on;

pub fn an_edited_migration_is_refused_and_a_new_comment_is_not<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS, TASKS]).unwrap();
    let told = (
        TASKS.0,
        "-- What is to do.\nCREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY,\n owner INTEGER,\n\n FOREIGN KEY (owner) REFERENCES users (id));\n",
    );
    let report = run(&database, &[USERS, told]).unwrap();
    assert_eq!(report.notices, ["002_create_tasks.sql changed since it was applied, in comments or white space alone"]);
    let edited = (TASKS.0, "CREATE TABLE IF NOT EXISTS tasks (id BIGINT PRIMARY KEY);\n");
    let error = run(&database, &[USERS, edited]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "migrations/002_create_tasks.sql was edited after it had been applied\n  \
         = the database has what the file said before: the edit would never reach it\n  \
         = nothing was changed\n  \
         = next: restore the file as it was applied, or restore it and write the next migration with the difference"
    );
    let health = runner::<D>(&[USERS, edited]).health(&mut database.connect());
    assert_eq!((health.status, health.migrations.drifted), (HealthStatus::Degraded, vec!["002".to_owned()]));
    assert_eq!(history(&database), ["001 completed 2/2", "002 completed 1/1"]);
}

pub fn unknown_versions_stop_what_is_pending_and_nothing_else<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS, TASKS]).unwrap();
    // The binary of yesterday: it starts.
    let older = run(&database, &[USERS]).unwrap();
    assert_eq!(older.warnings, ["the database has 1 migration that this program does not know: 002"]);
    let other = [USERS, PETS];
    let error = run(&database, &other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database has 1 migration that this program does not know, and 1 of this program's is not applied\n  \
         = unknown: 002\n  = not applied: migrations/003_create_pets.sql\n  \
         = the two histories have parted; applying one on top of the other is not what either was tested for\n  \
         = nothing was changed\n  \
         = next: add the missing files to the folder (another branch has them?) and build again, or start the version that has them; GLOWPLUG_OUT_OF_ORDER=allow applies ours all the same"
    );
    let report = runner::<D>(&other).out_of_order(OutOfOrder::Allow).run_pending(&mut database.connect()).unwrap();
    assert_eq!(files(&report), ["003_create_pets.sql"]);
}

pub fn migrations_in_another_order_are_refused<D: Database>() {
    // Two branches, each with a 002 and a 003 of its own: the numbers are the same, the files are not.
    let (a, b) = ("CREATE TABLE IF NOT EXISTS a (id INTEGER);\n", "CREATE TABLE IF NOT EXISTS b (id INTEGER);\n");
    let database = D::empty();
    run(&database, &[USERS, ("002_a.sql", a), ("003_b.sql", b)]).unwrap();
    let error = run(&database, &[USERS, ("002_b.sql", b), ("003_a.sql", a)]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("2 migrations were edited after they had been applied\n  - migrations/002_b.sql\n"),
        "{text}"
    );
    // One of them came in the middle: the number of each is its own, and the middle one is late.
    let database = D::empty();
    run(&database, &[USERS, ("003_b.sql", b)]).unwrap();
    let late = [USERS, ("002_a.sql", a), ("003_b.sql", b)];
    let error = run(&database, &late).unwrap_err();
    assert_eq!(error.code(), "out-of-order", "{error}");
    assert!(error.to_string().contains("migrations/002_a.sql is not applied, though 003 is"), "{error}");
    // A file that is gone, with nothing pending: the service starts.
    let report = run(&database, &[("003_b.sql", b)]).unwrap();
    assert_eq!(report.warnings, ["the database has 1 migration that this program does not know: 001"]);
    let allowed = runner::<D>(&late).out_of_order(OutOfOrder::Allow).run_pending(&mut database.connect()).unwrap();
    assert_eq!(files(&allowed), ["002_a.sql"]);
}

pub fn a_run_may_end_early<D: Database>() {
    let database = D::empty();
    let to = |version: &str| runner::<D>(&[USERS, TASKS, PETS]).target(version).run_pending(&mut database.connect());
    let report = to("2").unwrap();
    assert_eq!((files(&report), report.left), (vec!["001_create_users.sql", "002_create_tasks.sql"], 1));
    assert!(report.to_string().contains("1 migration is left, behind the version that was asked for"), "{report}");
    assert_eq!(to("2").unwrap().left, 1);
    let error = to("7").unwrap_err();
    assert_eq!(
        error.to_string(),
        "this program has no migration 7\n  = its last one is 003\n  = next: name one of its versions, as the file does"
    );
    assert_eq!(to("003").unwrap().applied.len(), 1);
}

pub fn two_lists_in_one_database_keep_apart<D: Database>() {
    let database = D::empty();
    let invoices = ("001_create_invoices.sql", "CREATE TABLE IF NOT EXISTS invoices (id INTEGER);\n");
    let billing = || runner::<D>(&[invoices]).history_name("billing");
    run(&database, &[USERS]).unwrap();
    assert_eq!(billing().run_pending(&mut database.connect()).unwrap().applied.len(), 1);
    assert_eq!(billing().run_pending(&mut database.connect()).unwrap().already_applied, 1);
    assert_eq!(run(&database, &[USERS, TASKS]).unwrap().applied.len(), 1);
    assert_eq!(billing().status(&mut database.connect()).unwrap().applied, 1);
    assert_eq!(database.rows("SELECT version FROM __diesel_schema_migrations_billing"), ["001"]);
}

pub fn two_services_that_start_at_once_in_one_database_wait_for_nobody_but_their_own<D: Database>() {
    let database = D::empty();
    // A row that the first list wants, and somebody has.
    let gate = "CREATE TABLE IF NOT EXISTS gate (id INTEGER PRIMARY KEY, n INTEGER);\n";
    database.execute(&format!("{gate} INSERT INTO gate VALUES (1, 0)"));
    let mut keeper = database.connect();
    keeper.batch_execute("BEGIN; SELECT * FROM gate WHERE id = 1 FOR UPDATE").unwrap();
    let named = |name: &str, before: &str| {
        let first = format!("{before}CREATE TABLE IF NOT EXISTS {name} (id INTEGER);\n");
        let second = format!("CREATE TABLE IF NOT EXISTS {name}_2 (id INTEGER);\n");
        list::<D>(&[("001_first.sql", &first), ("002_second.sql", &second)])
    };
    let billing = named("billing", &format!("{gate}UPDATE gate SET n = 1 WHERE id = 1;\n"));
    let shipping = named("shipping", "");
    let start = |name: &'static str, list| {
        let mut connection = database.connect();
        let runner = Runner::new(list).history_name(name).lock_timeout(Duration::from_secs(120));
        runner.run_pending(&mut connection).unwrap()
    };
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..2).map(|_| scope.spawn(|| start("billing", billing))).collect();
        let quick: Vec<_> = (0..4).map(|_| scope.spawn(|| start("shipping", shipping))).collect();
        let quick: Vec<_> = quick.into_iter().map(|service| service.join().unwrap()).collect();
        assert_eq!(quick.iter().map(|report| report.applied.len()).sum::<usize>(), 2);
        // The other list is at its first file still.
        assert!(!database.has_table("billing"));
        keeper.batch_execute("COMMIT").unwrap();
        let slow: Vec<_> = slow.into_iter().map(|service| service.join().unwrap()).collect();
        assert_eq!(slow.iter().map(|report| report.applied.len()).sum::<usize>(), 2);
    });
    for name in ["billing", "shipping"] {
        let rows =
            database.rows(&format!("SELECT concat(version, ' ', status) FROM __glowplug_history_{name} ORDER BY id"));
        assert_eq!(rows, ["001 completed", "002 completed"]);
    }
}

pub fn a_history_altered_by_hand_is_said<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS]).unwrap();
    // A row of a newer version of this crate, with an algorithm that this one does not know.
    database.execute(
        "UPDATE __glowplug_history SET checksum = 'v9:abc'; ALTER TABLE __glowplug_history ADD COLUMN more TEXT",
    );
    assert_eq!(run(&database, &[USERS, TASKS]).unwrap().applied.len(), 1);
    database.execute("ALTER TABLE __glowplug_history DROP COLUMN raw_checksum");
    let error = run(&database, &[USERS, TASKS]).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("reading the history of migrations: ") && text.contains("raw_checksum"), "{text}");
    assert!(text.contains("= next: restore the column; or rename __glowplug_history away and repair"), "{text}");
    // The advice works.
    database.execute("ALTER TABLE __glowplug_history RENAME TO old_history");
    let repaired = runner::<D>(&[USERS, TASKS]).repair(&mut database.connect(), &[]).unwrap();
    assert_eq!(repaired.recorded, ["001", "002"]);
    assert_eq!(run(&database, &[USERS, TASKS]).unwrap().already_applied, 2);
}

pub fn a_history_of_a_newer_version_is_left_as_it_is<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS, TASKS]).unwrap();
    // One more column, another state, another algorithm, and more versions than this program has.
    let checks = format!(
        "SELECT constraint_name FROM information_schema.table_constraints \
         WHERE table_name = '__glowplug_history' AND constraint_type = 'CHECK' AND table_schema IN ('public', '{}')",
        database.name()
    );
    // PostgreSQL counts what may not be NULL among them.
    let check: String = database.rows(&checks).into_iter().filter(|name| !name.contains("_not_null")).collect();
    database.execute(&format!(
        "ALTER TABLE __glowplug_history ADD COLUMN shape VARCHAR(20) NOT NULL DEFAULT 'round'; \
         ALTER TABLE __glowplug_history DROP CONSTRAINT {check}; \
         UPDATE __glowplug_history SET checksum = 'v9:abc', tool_version = '9.0.0'; \
         INSERT INTO __glowplug_history (id, version, name, checksum, raw_checksum, status, statements_done, statements_total, \
           started_at, runner, tool_version) VALUES (77, '003', 'later', 'v9:def', 'x', 'paused', 1, 2, now(), 'elsewhere:1', '9.0.0'); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('004')",
    ));
    let rows = database.rows("SELECT * FROM __glowplug_history ORDER BY id");
    let report = run(&database, &[USERS, TASKS]).unwrap();
    assert_eq!(report.already_applied, 2);
    assert_eq!(report.warnings, ["the database has 1 migration that this program does not know: 004"]);
    assert_eq!(database.rows("SELECT * FROM __glowplug_history ORDER BY id"), rows);
    let runner = runner::<D>(&[USERS, TASKS]);
    let mut connection = database.connect();
    assert_eq!(runner.history(&mut connection).unwrap()[2].status, "paused");
    assert_eq!(runner.status(&mut connection).unwrap().unknown, ["004"]);
    assert_eq!(runner.health(&mut connection).http_status(), 200);
}

pub fn a_connection_that_died_while_it_was_idle_is_said_or_made_anew<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS]).unwrap();
    let two = runner::<D>(&[USERS, TASKS]);
    // The server has ended it; or the way to it has gone.
    let mut ended = database.connect();
    database.end_sessions();
    let cable = Cable::to(&database.url());
    let mut cut = D::Connection::establish(cable.url()).unwrap();
    cable.cut();
    for connection in [&mut ended, &mut cut] {
        let error = two.run_pending(connection).unwrap_err();
        assert_eq!(error.code(), "connection-lost", "{error}");
        assert!(error.to_string().contains("= next: start again when the database is back"), "{error}");
        let health = two.health(connection);
        assert_eq!(
            (health.status, health.http_status(), health.database.connected),
            (HealthStatus::Unhealthy, 503, false)
        );
    }
    assert_eq!(applied(&database), ["001"]);
    // A run that makes its connections itself goes on with another one: this one dies behind the messages of connecting.
    let wire = database.wire(None);
    drop(D::Connection::establish(wire.url()).unwrap());
    let connecting = wire.messages().len();
    let wire = database.wire(Some((connecting + 1, Break::Before)));
    let (_, report) = two.run_pending_at::<D::Connection>(wire.url(), Duration::from_secs(20)).unwrap();
    assert!(wire.is_broken());
    assert_eq!((files(&report), report.retries), (vec!["002_create_tasks.sql"], 1));
}

pub fn a_transaction_of_the_caller_is_not_touched<D: Database>() {
    let database = D::empty();
    let mut connection = database.connect();
    connection.begin_test_transaction().unwrap();
    let error = runner::<D>(&[USERS]).run_pending(&mut connection).unwrap_err();
    assert_eq!(error.code(), "transaction-open");
}

/// Two users of one address: what is unique cannot be made.
fn with_doubles<D: Database>(files: &[File]) -> D {
    let database = D::empty();
    run(&database, files).unwrap();
    database.execute("INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'a')");
    database
}

pub fn the_lock_is_given_back_after_a_failure<D: Database>() {
    let database = with_doubles::<D>(&[USERS]);
    let mut connection = database.connect();
    let runner = runner::<D>(&[USERS, UNIQUE]).lock_wait(Duration::ZERO);
    let error = runner.run_pending(&mut connection).unwrap_err();
    assert_eq!(error.code(), "statement-failed", "{error}");
    // The connection is still open, and still good.
    database.execute("DELETE FROM users WHERE id = 2");
    assert_eq!(runner.run_pending(&mut database.connect()).unwrap().applied.len(), 1);
    assert_eq!(runner.run_pending(&mut connection).unwrap().already_applied, 2);
}

pub fn going_on_behind_a_failure_names_all_that_failed<D: Database>() {
    let database = with_doubles::<D>(&[USERS]);
    let unique = ("002_unique.sql", UNIQUE.1);
    let tasks = ("003_create_tasks.sql", TASKS.1);
    let worse = ("004_worse.sql", "CREATE UNIQUE INDEX IF NOT EXISTS users_twice ON users (email DESC);\n");
    let runner = runner::<D>(&[USERS, unique, tasks, worse]);
    let on = runner.clone().on_failure(OnFailure::Continue);
    let error = on.run_pending(&mut database.connect()).unwrap_err();
    let glowplug::Error::Failures { failures, applied: done } = &error else { panic!("{error}") };
    let failed: Vec<&str> = failures.iter().map(|failure| failure.version.as_str()).collect();
    assert_eq!(failed, ["002", "004"]);
    assert_eq!(*done, ["001_create_users.sql", "003_create_tasks.sql"]);
    assert!(error.to_string().starts_with("2 migrations failed\n\nmigration 002_unique.sql failed: "), "{error}");
    assert_eq!(applied(&database), ["001", "003"]);
    assert_eq!(runner.status(&mut database.connect()).unwrap().migrations[1].state, State::Failed);
    // The next run goes on with what failed, though a later one is applied; one that is to stop does not.
    database.execute("DELETE FROM users WHERE id = 2");
    assert_eq!(runner.run_pending(&mut database.connect()).unwrap_err().code(), "out-of-order");
    let report = on.run_pending(&mut database.connect()).unwrap();
    assert_eq!(files(&report), ["002_unique.sql", "004_worse.sql"]);
}

pub fn health_compares_the_tables_with_the_compiled_ones<D: Database>() {
    let database = D::empty();
    let runner = runner::<D>(&[USERS, TASKS]);
    let mut connection = database.connect();
    let health = runner.health(&mut connection);
    assert_eq!(health.migrations.warning.as_deref(), Some("Expected 2 migrations, only 0 applied"));
    runner.run_pending(&mut connection).unwrap();
    assert_eq!(runner.health(&mut connection).status, HealthStatus::Healthy);
    runner.check_schema(&mut connection).unwrap();
    database.execute("DROP TABLE tasks; ALTER TABLE users DROP COLUMN email");
    let health = runner.health(&mut connection);
    assert_eq!((health.status, health.http_status()), (HealthStatus::Degraded, 200));
    assert_eq!(health.migrations.warning.as_deref(), Some("missing table: tasks; missing column: users.email"));
    let error = runner.check_schema(&mut connection).unwrap_err();
    assert_eq!(error.code(), "schema-incomplete");
    // The server ends the session: no answer, no panic.
    database.end_sessions();
    let health = runner.health(&mut connection);
    assert_eq!((health.status, health.http_status(), health.database.connected), (HealthStatus::Unhealthy, 503, false));
}

pub fn the_schema_is_looked_at_behind_a_run<D: Database>() {
    let database = D::empty();
    run(&database, &[USERS, TASKS]).unwrap();
    database.execute("DROP TABLE tasks; ALTER TABLE users DROP COLUMN email");
    let verify = |verify| runner::<D>(&[USERS, TASKS, PETS]).verify(verify).run_pending(&mut database.connect());
    let error = verify(Verify::Deny).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database is not what the migrations make\n  = missing tables: tasks\n  = missing columns: users.email\n  \
         = somebody dropped or renamed them by hand, or they are in a schema that search_path does not name\n  \
         = next: restore them, or write a migration that makes them again; GLOWPLUG_VERIFY=warn starts all the same"
    );
    assert_eq!(applied(&database), ["001", "002", "003"]);
    // Where nothing was applied nothing is looked at: that is one read.
    verify(Verify::Deny).unwrap();
    let more = ("004_more.sql", "CREATE TABLE IF NOT EXISTS more (id INTEGER);\n");
    let report = run(&database, &[USERS, TASKS, PETS, more]).unwrap();
    assert_eq!(report.warnings, [error.to_string()]);
}

pub fn diesels_own_harness_takes_the_list<D: Database>()
where
    D::Connection: MigrationHarness<<D::Connection as diesel::Connection>::Backend>,
    glowplug::Migrations: diesel::migration::MigrationSource<<D::Connection as diesel::Connection>::Backend>,
{
    let database = D::empty();
    let three = list::<D>(&[USERS, TASKS, PETS, ("003_create_pets.down.sql", "DROP TABLE pets;\n")]);
    let mut connection = database.connect();
    let versions: Vec<String> =
        connection.run_pending_migrations(*three).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["001", "002", "003"]);
    let report = Runner::new(three).run_pending(&mut connection).unwrap();
    assert_eq!((report.applied.len(), report.already_applied), (0, 3));
    assert!(!database.has_table("__glowplug_history"));
    connection.revert_last_migration(*three).unwrap();
    assert_eq!(files(&Runner::new(three).run_pending(&mut connection).unwrap()), ["003_create_pets.sql"]);
    connection.batch_execute("SELECT 1").unwrap();
}

pub fn no_migration_is_applied_twice_by_many<D: Database>() {
    let seed = (
        "004_seed.sql",
        "-- glowplug: allow(insert-without-guard, reason = \"once\")\nINSERT INTO users (id) VALUES (1);\n",
    );
    let four = list::<D>(&[USERS, TASKS, PETS, seed]);
    for lock in [glowplug::LockKind::Auto, glowplug::LockKind::Lease] {
        for _ in 0..3 {
            let (database, start) = (D::empty(), Barrier::new(8));
            let one = || {
                let mut connection = database.connect();
                start.wait();
                Runner::new(four).lock(lock).run_pending(&mut connection).unwrap()
            };
            let reports: Vec<_> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert_eq!(reports.iter().map(|report| report.applied.len()).sum::<usize>(), 4);
            for report in &reports {
                assert_eq!(report.applied.len() + report.already_applied, 4, "{report}");
                assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            }
            let rows = history(&database);
            assert_eq!(rows, ["001 completed 2/2", "002 completed 1/1", "003 completed 1/1", "004 completed 1/1"]);
        }
    }
}
