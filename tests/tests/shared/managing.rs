//! Taking over, repairing, taking back, waiting.

use super::{PETS, TASKS, UNIQUE, USERS, applied, files, history, list, run, runner};
use diesel_migrations::MigrationHarness;
use glowplug::{Error, Runner, State};
use glowplug_tests::Database;
use glowplug_tests::cable::Cable;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Makes tests of all that is here.
macro_rules! managing_on {
    ($database:ty) => {
        shared::tests_on! { $database, managing:
            a_baseline_runs_nothing
            the_history_of_another_tool_is_taken_over
            what_cannot_be_taken_over_is_said
            a_repair_ends_what_was_left_and_accepts_what_is_named
            what_has_a_way_back_is_taken_back
            a_way_back_that_fails_leaves_its_migration
            a_reset_asks_for_the_name_and_spares_production
            a_database_is_waited_for_and_a_wrong_password_is_not
        }
    };
}
pub(crate) use managing_on;

const THREE: [super::File; 3] = [USERS, TASKS, PETS];

pub fn a_baseline_runs_nothing<D: Database>() {
    let database = D::empty();
    database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE tasks (id INTEGER)");
    let runner = runner::<D>(&THREE);
    let recorded = runner.baseline(&mut database.connect(), "2").unwrap();
    assert_eq!(recorded.to_string(), "recorded 2 migrations as applied: 001, 002");
    assert_eq!(history(&database), ["001 baselined 0/2", "002 baselined 0/1"]);
    assert_eq!(runner.status(&mut database.connect()).unwrap().migrations[0].state, State::Baselined);
    assert_eq!(files(&run(&database, &THREE).unwrap()), ["003_create_pets.sql"]);
    // What is applied already stays as it is, and the second start is the short one.
    assert!(runner.baseline(&mut database.connect(), "003").unwrap().versions.is_empty());
    assert_eq!(run(&database, &THREE).unwrap().already_applied, 3);
    assert_eq!(runner.baseline(&mut database.connect(), "004").unwrap_err().code(), "no-such-version");
}

/// What another tool left, and what is taken over of it.
fn adopt<D: Database>(left: &str) -> Result<(Vec<String>, D), String> {
    let database = D::empty();
    database.execute(left);
    match runner::<D>(&THREE).adopt(&mut database.connect()) {
        Ok(recorded) => {
            assert_eq!(applied(&database), recorded.versions);
            Ok((recorded.versions, database))
        }
        Err(error) => {
            assert_eq!(error.code(), "cannot-adopt");
            assert!(applied(&database).is_empty());
            Err(error.to_string())
        }
    }
}

pub fn the_history_of_another_tool_is_taken_over<D: Database>() {
    // As each of them creates its table.
    let sqlx = format!(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum {} NOT NULL, \
         execution_time BIGINT NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (1, 'create users', now(), true, '', 1), \
         (2, 'create tasks', now(), true, '', 1), (3, 'create pets', now(), false, '', 1)",
        D::BYTES
    );
    let refinery = "CREATE TABLE refinery_schema_history (version INT4 PRIMARY KEY, name VARCHAR(255), \
                    applied_on VARCHAR(255), checksum VARCHAR(255)); \
                    INSERT INTO refinery_schema_history VALUES (1, 'create_users', '2026-01-01T00:00:00Z', '1'), \
                    (2, 'create_tasks', '2026-01-01T00:00:00Z', '2')";
    let flyway = "CREATE TABLE flyway_schema_history (installed_rank INT NOT NULL, version VARCHAR(50), \
                  description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, \
                  installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
                  execution_time INT NOT NULL, success BOOLEAN NOT NULL, PRIMARY KEY (installed_rank)); \
                  INSERT INTO flyway_schema_history VALUES \
                  (1, '1', '<< Flyway Baseline >>', 'BASELINE', '', NULL, 'me', now(), 0, true), \
                  (2, '2', 'create tasks', 'SQL', 'V2__create_tasks.sql', 1, 'me', now(), 0, true), \
                  (3, NULL, 'a view', 'SQL', 'R__view.sql', 1, 'me', now(), 0, true), \
                  (4, '3', 'create pets', 'SQL', 'V3__create_pets.sql', 1, 'me', now(), 0, false)";
    let alembic = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
                   CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
                   INSERT INTO alembic_version VALUES ('create_tasks')";
    let golang = "CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL); \
                  INSERT INTO schema_migrations VALUES (2, false)";
    let plain = "CREATE TABLE schema_migrations (version VARCHAR(255) PRIMARY KEY); \
                 INSERT INTO schema_migrations VALUES ('001'), ('002')";
    for left in [&sqlx, refinery, flyway, alembic, golang, plain] {
        let (versions, database) = adopt::<D>(left).unwrap_or_else(|error| panic!("{left}\n{error}"));
        assert_eq!(versions, ["001", "002"], "{left}");
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");
        assert_eq!(files(&run(&database, &THREE).unwrap()), ["003_create_pets.sql"], "{left}");
    }
}

pub fn what_cannot_be_taken_over_is_said<D: Database>() {
    let refused = |left: &str| match adopt::<D>(left) {
        Ok((versions, _)) => panic!("{left}: {versions:?}"),
        Err(said) => said,
    };
    let nothing = refused("CREATE TABLE something (id INTEGER)");
    assert!(nothing.contains("there is no table of one that is known: _sqlx_migrations, alembic_version"), "{nothing}");
    let dirty = "CREATE TABLE schema_migrations (version BIGINT, dirty BOOLEAN); INSERT INTO schema_migrations VALUES (2, true)";
    assert!(refused(dirty).contains("version 2 failed half-way (dirty)"));
    let unknown = "CREATE TABLE schema_migrations (version VARCHAR(255)); \
                   INSERT INTO schema_migrations VALUES ('001'), ('20240101')";
    assert!(refused(unknown).contains("what this program has no file for: 20240101"));
    let both =
        "CREATE TABLE schema_migrations (version VARCHAR(255)); CREATE TABLE alembic_version (version_num VARCHAR(32))";
    assert!(refused(both).contains("there are several: alembic_version, schema_migrations"));
}

pub fn a_repair_ends_what_was_left_and_accepts_what_is_named<D: Database>()
where
    D::Connection: MigrationHarness<<D::Connection as diesel::Connection>::Backend>,
    glowplug::Migrations: diesel::migration::MigrationSource<<D::Connection as diesel::Connection>::Backend>,
{
    let database = D::empty();
    // Applied by diesel, edited, and begun by a process that is gone.
    let mut connection = database.connect();
    connection.run_pending_migrations(*list::<D>(&[USERS])).unwrap();
    run(&database, &[USERS, TASKS]).unwrap();
    let edited = ("002_create_tasks.sql", "CREATE TABLE IF NOT EXISTS tasks (id BIGINT PRIMARY KEY);\n");
    let runner = runner::<D>(&[USERS, edited, PETS]);
    database.execute(
        "INSERT INTO __glowplug_history (id, version, name, checksum, raw_checksum, status, statements_done, statements_total, \
           started_at, runner, tool_version) VALUES (77, '003', 'x', 'v1:', '', 'running', 0, 1, now(), 'elsewhere:1', '0.1.0')",
    );
    assert_eq!(runner.run_pending(&mut connection).unwrap_err().code(), "migration-edited");
    assert_eq!(runner.health(&mut connection).migrations.stuck, ["003"]);
    let repaired = runner.repair(&mut connection, &["2"]).unwrap();
    assert_eq!(
        repaired.to_string(),
        "left by a process that is gone, failed now: 003\napplied by another tool, recorded now: 001\nedited, accepted as it is: 002"
    );
    assert_eq!(
        database.rows("SELECT error FROM __glowplug_history WHERE status = 'failed'"),
        ["begun by elsewhere:1 and not finished"]
    );
    assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["003_create_pets.sql"]);
    assert_eq!(runner.repair(&mut connection, &[]).unwrap().to_string(), "nothing to repair");
}

pub fn what_has_a_way_back_is_taken_back<D: Database>() {
    let database = D::empty();
    let down = [
        ("002_create_tasks.down.sql", "DROP TABLE tasks; -- and its rows\n"),
        ("003_create_pets.down.sql", "DROP TABLE pets;\n"),
    ];
    let runner = runner::<D>(&[&THREE[..], &down].concat());
    let mut connection = database.connect();
    runner.run_pending(&mut connection).unwrap();
    let reversal = runner.reversal(&mut connection, "1").unwrap();
    assert_eq!(
        reversal.to_string(),
        "-- 2 migrations to take back\n\n-- 003_create_pets.sql\nDROP TABLE pets;\n\n\
         -- 002_create_tasks.sql\nDROP TABLE tasks; -- and its rows"
    );
    assert_eq!(runner.revert_to(&mut connection, "001").unwrap(), reversal);
    assert_eq!(applied(&database), ["001"]);
    assert!(!database.has_table("tasks") && !database.has_table("pets") && database.has_table("users"));
    assert_eq!(history(&database)[3..], ["003 reverted 0/1", "002 reverted 0/1"]);
    assert_eq!(runner.status(&mut connection).unwrap().migrations[1].state, State::Reverted);
    let entries = runner.history(&mut connection).unwrap();
    let statuses: Vec<&str> = entries.iter().map(|entry| entry.status.as_str()).collect();
    assert_eq!(statuses, ["completed", "completed", "completed", "reverted", "reverted"]);
    assert!(entries.iter().all(|entry| entry.finished_at >= Some(entry.started_at.clone())), "{entries:?}");
    let error = runner.revert_to(&mut connection, "0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "migrations/001_create_users.sql cannot be taken back: there is no file that does it\n  \
         = nothing was changed\n  \
         = next: write migrations/001_create_users.down.sql (and build again), or write a migration that undoes it"
    );
    assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["002_create_tasks.sql", "003_create_pets.sql"]);
}

pub fn a_way_back_that_fails_leaves_its_migration<D: Database>() {
    let database = D::empty();
    let down = [
        ("002_create_tasks.down.sql", "DROP TABLE tasks; INSERT INTO users (id) VALUES (1), (1);\n"),
        ("003_create_pets.down.sql", "DROP TABLE pets;\n"),
    ];
    let runner = runner::<D>(&[&THREE[..], &down].concat());
    let mut connection = database.connect();
    runner.run_pending(&mut connection).unwrap();
    let error = runner.revert_to(&mut connection, "1").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("migrations/002_create_tasks.sql could not be taken back: "), "{text}");
    assert!(["duplicate", "unique"].iter().any(|word| text.to_lowercase().contains(word)), "{text}");
    let left = if D::TRANSACTIONAL {
        "= it is applied still; its whole file was rolled back"
    } else {
        "= it counts as applied still; what stands before the statement that failed is done and stays"
    };
    assert!(text.contains(left), "{text}");
    assert!(text.contains("= taken back before it: 003_create_pets.sql"), "{text}");
    assert_eq!(applied(&database), ["001", "002"]);
    assert_eq!(database.has_table("tasks"), D::TRANSACTIONAL);
    let Error::Revert { rolled_back, .. } = error else { panic!("{error}") };
    assert_eq!(rolled_back, D::TRANSACTIONAL);
    // Somebody newer has been here: what stands above is not ours to judge.
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('009')");
    let error = runner.revert_to(&mut connection, "2").unwrap_err();
    assert!(error.to_string().starts_with("009 cannot be taken back"), "{error}");
}

pub fn a_reset_asks_for_the_name_and_spares_production<D: Database>() {
    let database = D::empty();
    let built = list::<D>(&[USERS, TASKS, PETS, UNIQUE]);
    let folder: &'static str = "/nowhere";
    let development: &'static glowplug::Migrations =
        Box::leak(Box::new(glowplug::Migrations { folder: Some(folder), ..*built }));
    let runner = Runner::new(development);
    let mut connection = database.connect();
    runner.run_pending(&mut connection).unwrap();
    database.execute("INSERT INTO users VALUES (1, 'a')");
    let error = runner.reset(&mut connection, "another").unwrap_err();
    let expected = format!(
        "the database is not emptied\n  = it is called `{}`, and `another` was to be emptied\n  = nothing was changed",
        database.name()
    );
    assert_eq!(error.to_string(), expected);
    let error = Runner::new(built).reset(&mut connection, database.name()).unwrap_err();
    assert!(error.to_string().contains("this program was built for release"), "{error}");
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["1"]);
    assert_eq!(runner.reset(&mut connection, database.name()).unwrap().applied.len(), 4);
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["0"]);
    assert_eq!(run(&database, &[USERS, TASKS, PETS, UNIQUE]).unwrap().already_applied, 4);
}

pub fn a_database_is_waited_for_and_a_wrong_password_is_not<D: Database>() {
    let database = D::empty();
    let wait = |url: &str, limit| glowplug::wait_for_database::<D::Connection>(url, limit);
    let since = Instant::now();
    let Err(error) = wait(&database.url_with_wrong_password(), Duration::from_secs(20)) else { panic!() };
    assert_eq!(error.code(), "wrong-password", "{error}");
    let missing = database.url().replace(database.name(), "no_such_database");
    let Err(error) = wait(&missing, Duration::from_secs(20)) else { panic!() };
    assert_eq!(error.code(), "no-such-database", "{error}");
    assert!(since.elapsed() < Duration::from_secs(10));
    let (before, address) = database.url().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (server, name) = address.split_once('/').unwrap();
    let nobody = format!("{before}@127.0.0.1:1/{name}");
    let Err(error) = wait(&nobody, Duration::from_millis(700)) else { panic!() };
    assert_eq!(error.code(), "connection-refused");

    // A port where nobody listens yet, and then the server does.
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let url = format!("{before}@{free}/{name}");
    let server = server.to_owned();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(800));
        let _ = Cable::between(TcpListener::bind(free).unwrap(), server, String::new());
    });
    let since = Instant::now();
    wait(&url, Duration::from_secs(20)).unwrap();
    assert!(since.elapsed() >= Duration::from_millis(700));
}
