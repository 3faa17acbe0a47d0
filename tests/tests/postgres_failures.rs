//! What the runner does when something goes wrong, on a real PostgreSQL server.

mod runner;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use glowplug::{Hooks, Migrations, Runner};
use glowplug_tests::cable::Cable;
use glowplug_tests::log::Log;
use glowplug_tests::process::long;
use glowplug_tests::{TestDatabase, postgres};
use runner::{applied, concurrent_index, file, files, history, migrations, nothing_is_locked, run, tasks, users};
use std::time::{Duration, Instant};

fn add_column() -> &'static Migrations {
    migrations(&[users(), file("002_add.sql", "ALTER TABLE users ADD COLUMN name text;\n")])
}

#[test]
fn a_table_in_use_is_tried_again_and_its_user_is_named() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let mut reader = database.connect();
    reader.batch_execute("SET application_name = 'the reader'; BEGIN; SELECT count(*) FROM users").unwrap();
    let done = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        reader.batch_execute("COMMIT").unwrap();
    });
    let (log, _open) = Log::open();
    let report = Runner::new(add_column())
        .lock_timeout(Duration::from_millis(200))
        .run_pending(&mut database.connect())
        .unwrap();
    done.join().unwrap();
    assert_eq!(files(&report), ["002_add.sql"]);
    assert!(report.retries > 0);
    let logged = log.text();
    let line = logged.lines().find(|line| line.contains("another session uses a table of this migration"));
    let line = line.unwrap_or_else(|| panic!("{logged}"));
    assert!(line.contains("application=the reader") && line.contains("SELECT count(*) FROM users"), "{line}");
    assert!(logged.contains("canceling statement due to lock timeout; tried again in "), "{logged}");
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 completed 1/1 -"]);
}

#[test]
fn a_second_connection_names_who_is_in_the_way() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let mut reader = database.connect();
    reader.batch_execute("SET application_name = 'the reader'; BEGIN; SELECT count(*) FROM users").unwrap();
    // The companion has a thread of its own: this log is the whole process's.
    let log = Log::everywhere();
    let seen = log.clone();
    let done = std::thread::spawn(move || {
        let since = Instant::now();
        while !seen.text().contains("another session is in the way") && since.elapsed() < Duration::from_secs(4) {
            std::thread::sleep(Duration::from_millis(50));
        }
        reader.batch_execute("COMMIT").unwrap();
    });
    let report = Runner::new(add_column()).url(database.url()).run_pending(&mut database.connect()).unwrap();
    done.join().unwrap();
    assert_eq!((files(&report), report.retries), (vec!["002_add.sql"], 0));
    let logged = log.text();
    let line = logged.lines().find(|line| line.contains("another session is in the way of this migration"));
    let line = line.unwrap_or_else(|| panic!("{logged}"));
    assert!(line.contains("application=the reader") && line.contains("SELECT count(*) FROM users"), "{line}");
}

#[test]
fn a_deadlock_is_tried_again() {
    let database = postgres();
    run(&database, migrations(&[users(), tasks()])).unwrap();
    let list = migrations(&[
        users(),
        tasks(),
        file(
            "003_both.sql",
            "ALTER TABLE users ADD COLUMN a text;\nSELECT pg_sleep(1);\nALTER TABLE tasks ADD COLUMN b text;\n",
        ),
    ]);
    // The one that notices is the one that gives up: the migration looks first.
    let mut connection = database.connect();
    connection.batch_execute("SET deadlock_timeout = '50ms'").unwrap();
    let mut other = database.connect();
    other.batch_execute("SET deadlock_timeout = '30s'; BEGIN; LOCK TABLE tasks IN ACCESS SHARE MODE").unwrap();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        other.batch_execute("SELECT count(*) FROM users").unwrap();
        other.batch_execute("COMMIT").unwrap();
    });
    let report = Runner::new(list).run_pending(&mut connection).unwrap();
    other.join().unwrap();
    assert_eq!((files(&report), report.retries), (vec!["003_both.sql"], 1));
    assert_eq!(history(&database).len(), 3);
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    let database = postgres();
    let wire = Cable::to(database.url());
    let slow =
        |name: &'static str, table: &str| file(name, &format!("CREATE TABLE {table} ();\nSELECT pg_sleep(0.7);\n"));
    let list = migrations(&[users(), slow("002_a.sql", "a"), slow("003_b.sql", "b"), slow("004_c.sql", "c")]);
    // With a history, so that each is a transaction of its own.
    run(&database, migrations(&[users()])).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1000));
            wire.cut();
        });
        let (_, report) =
            Runner::new(list).run_pending_at::<PgConnection>(wire.url(), Duration::from_secs(10)).unwrap();
        assert!(report.retries >= 1, "{report}");
        assert_eq!(report.applied.len() + report.already_applied, 4, "{report:?}");
    });
    assert_eq!(applied(&database), ["001", "002", "003", "004"]);
    assert_eq!(database.rows("SELECT count(*) FROM __glowplug_history WHERE status = 'completed'"), ["4"]);
    assert!(nothing_is_locked(&database));
}

#[test]
fn what_came_before_a_failure_on_a_new_database_is_kept() {
    let database = postgres();
    let many: Vec<_> = (1..=40)
        .map(|number| {
            let name: &'static str = Box::leak(format!("{number:03}_t.sql").into_boxed_str());
            let sql =
                if number == 30 { "SELECT nothing;\n".to_owned() } else { format!("CREATE TABLE t{number} ();\n") };
            file(name, &sql)
        })
        .collect();
    let error = run(&database, migrations(&many)).unwrap_err();
    assert!(error.to_string().contains("= 001_t.sql … 029_t.sql are applied and stay (29)"), "{error}");
    assert_eq!(applied(&database).len(), 29);
    // Together they were rolled back, and went one by one then.
    assert_eq!(database.rows("SELECT count(DISTINCT xmin::text) FROM __diesel_schema_migrations"), ["29"]);
    assert_eq!(
        database.rows("SELECT status, count(*) FROM __glowplug_history GROUP BY status ORDER BY status"),
        ["completed|29", "failed|1"]
    );
}

fn validity(database: &TestDatabase, index: &str) -> Vec<String> {
    database.rows(&format!("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{index}')"))
}

const UNIQUE: &str = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);\n";

/// A database with two rows of one owner, where [`UNIQUE`] fails and leaves its index; and the list that ends with it.
fn two_of_one_owner() -> (TestDatabase, &'static Migrations) {
    let database = postgres();
    run(&database, migrations(&[users(), tasks()])).unwrap();
    database.execute("INSERT INTO users VALUES (1); INSERT INTO tasks VALUES (1, 1), (2, 1)");
    (database, migrations(&[users(), tasks(), file("003_unique.sql", UNIQUE).without_transaction()]))
}

#[test]
fn an_index_that_a_build_left_invalid_is_built_anew() {
    let (database, list) = two_of_one_owner();
    let error = run(&database, list).unwrap_err();
    assert_eq!(error.sqlstate(), Some("23505"), "{error}");
    // The failed build leaves nothing that a second one would take for the index.
    assert_eq!(validity(&database, "tasks_owner"), [""; 0]);

    // And where another tool, or a crash, left one:
    let mut client = database.connect();
    client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY tasks_owner ON tasks (owner)").unwrap_err();
    assert_eq!(validity(&database, "tasks_owner"), ["f"]);
    database.execute("DELETE FROM tasks WHERE id = 2");
    run(&database, list).unwrap();
    assert_eq!(validity(&database, "tasks_owner"), ["t"]);
    assert_eq!(applied(&database), ["001", "002", "003"]);
}

#[test]
fn an_invalid_index_goes_where_an_event_trigger_writes_first() {
    // Such a server refuses every DROP INDEX CONCURRENTLY: 0A000, it has to be the first thing in its transaction.
    let (database, list) = two_of_one_owner();
    database.connect().batch_execute(UNIQUE).unwrap_err();
    assert_eq!(validity(&database, "tasks_owner"), ["f"]);
    database.execute("DELETE FROM tasks WHERE id = 2");
    database.execute(
        "CREATE TABLE told (tag text);
         CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO told VALUES (tg_tag); END $$;
         CREATE EVENT TRIGGER tell ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION tell()",
    );
    let refused = database.connect().batch_execute("DROP INDEX CONCURRENTLY tasks_owner").unwrap_err();
    assert!(refused.to_string().contains("must be first action in transaction"), "{refused}");
    run(&database, list).unwrap();
    assert_eq!(validity(&database, "tasks_owner"), ["t"]);
    assert_eq!(applied(&database), ["001", "002", "003"]);
}

#[test]
fn a_build_that_was_done_before_the_crash_is_not_done_twice() {
    let database = postgres();
    let sql = "CREATE INDEX CONCURRENTLY one ON users (email);\nCREATE INDEX CONCURRENTLY two ON users (email, id);\n";
    let list = migrations(&[users(), file("002_two.sql", sql).without_transaction().not_resumable()]);
    run(&database, migrations(&[users()])).unwrap();
    // Both are built, and the process died before it could say so of the second one.
    database.execute("CREATE INDEX one ON users (email)");
    database.execute("CREATE INDEX two ON users (email, id)");
    database.execute(&format!(
        "INSERT INTO __glowplug_history (id, version, name, checksum, raw_checksum, status, statements_done, statements_total, \
           started_at, runner, tool_version) VALUES (77, '002', 'two', 'v1:{}', '{}', 'running', 1, 2, now(), 'elsewhere:1', '0.1.0')",
        list.list[1].checksum, list.list[1].raw_checksum
    ));
    let report = run(&database, list).unwrap();
    assert!(report.warnings[0].ends_with("(1 of 2 statements); gone on with statement 2"), "{:?}", report.warnings);
    assert_eq!(history(&database).last().unwrap(), "002 completed 2/2 -");
}

#[test]
fn what_shares_a_transaction_is_journaled_in_it() {
    // The process dies in the third statement: the first two are done, and known to be.
    let database = postgres();
    let sql =
        "CREATE TABLE log (id integer);\nINSERT INTO log VALUES (1);\nSELECT pg_terminate_backend(pg_backend_pid());\n";
    let list = |third: &str| {
        migrations(&[
            users(),
            file("002_log.sql", &sql.replace("SELECT pg_terminate_backend(pg_backend_pid())", third))
                .without_transaction()
                .not_resumable(),
        ])
    };
    let error = run(&database, list("SELECT pg_terminate_backend(pg_backend_pid())")).unwrap_err();
    assert_eq!(error.code(), "connection-lost", "{error}");
    assert_eq!(history(&database)[1], "002 running 2/3 -");
    let report = run(&database, list("INSERT INTO log VALUES (2)")).unwrap();
    assert!(report.warnings[0].contains("(2 of 3 statements); gone on with statement 3"), "{:?}", report.warnings);
    assert_eq!(database.rows("SELECT id FROM log ORDER BY id"), ["1", "2"]);
}

#[test]
fn what_a_migration_sets_is_set_back() {
    let database = postgres();
    database.execute("CREATE SCHEMA app");
    let role = format!("owner_{}", database.name());
    database.execute(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA app TO {role}"));
    let sets = format!(
        "SET search_path = app;\nSET lock_timeout = '1min';\nSET LOCAL work_mem = '8MB';\nRESET TIME ZONE;\n\
         SET ROLE {role};\nCREATE TABLE inside ();\n"
    );
    let list = migrations(&[
        users(),
        file("002_sets.sql", &sets),
        file("003_after.sql", "CREATE TABLE after ();\n"),
        file("004_vacuum.sql", "SET search_path = app;\nVACUUM inside;\n").without_transaction(),
        file("005_last.sql", "CREATE TABLE last ();\n"),
    ]);
    let mut connection = database.connect();
    connection.batch_execute("SET application_name = 'mine'; SET work_mem = '5MB'").unwrap();
    let state = |connection: &mut PgConnection| {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            line: String,
        }
        let query = "SELECT concat_ws(' ', current_user, current_setting('search_path'), current_setting('lock_timeout'), \
                     current_setting('work_mem'), current_setting('TimeZone'), current_setting('application_name')) AS line";
        diesel::sql_query(query).get_result::<Row>(connection).unwrap().line
    };
    let before = state(&mut connection);
    Runner::new(list).run_pending(&mut connection).unwrap();
    assert_eq!(state(&mut connection), before);
    assert_eq!(
        database.rows("SELECT to_regclass('app.inside'), to_regclass('public.after'), to_regclass('public.last')"),
        ["app.inside|after|last"]
    );
    let owner = database.rows("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'inside'");
    assert_eq!(owner.concat(), role);
    drop(connection);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn hooks_are_called_within_the_transaction() {
    let database = postgres();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    let mut called = Vec::new();
    let mut hooks = Hooks::new()
        .before_run(|connection: &mut PgConnection| Ok(connection.batch_execute("CREATE TABLE log (line text)")?))
        .before_each(|connection: &mut PgConnection, migration| {
            Ok(connection.batch_execute(&format!("INSERT INTO log VALUES ('before {}')", migration.version))?)
        })
        .after_each(|connection: &mut PgConnection, migration| {
            called.push(migration.version);
            if migration.version == "002" && called.len() == 2 {
                return Err("not this one".into());
            }
            Ok(connection.batch_execute(&format!("INSERT INTO log VALUES ('after {}')", migration.version))?)
        });
    let error = Runner::new(list).run_pending_with(&mut database.connect(), &mut hooks).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the hook after 002_create_tasks.sql failed: not this one
      = 001_create_users.sql is applied and stays
      = next: correct what the hook needs, and start again
    ");
    drop(hooks);
    assert_eq!(database.rows("SELECT line FROM log"), ["before 001", "after 001"]);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 failed 0/1 -"]);
    let mut runs = 0;
    let mut hooks = Hooks::new().after_run(|_: &mut PgConnection| {
        runs += 1;
        Ok(())
    });
    for _ in 0..2 {
        Runner::new(list).run_pending_with(&mut database.connect(), &mut hooks).unwrap();
    }
    drop(hooks);
    assert_eq!(runs, 1, "where nothing is pending nothing is called");
}

#[test]
fn a_plan_is_the_sql_and_reads_alone() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    let mut connection = database.connect();
    let role = format!("reader_{}", database.name());
    connection
        .batch_execute(&format!(
            "CREATE ROLE {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; SET ROLE {role}; \
             SET default_transaction_read_only = on"
        ))
        .unwrap();
    let plan = Runner::new(list).plan(&mut connection).unwrap();
    insta::assert_snapshot!(plan, @r"
    -- 2 migrations to apply, 1 applied

    -- 002_create_tasks.sql, in one transaction
    -- locks: known only when it runs
    CREATE TABLE tasks (id integer PRIMARY KEY, owner integer REFERENCES users (id));

    -- 003_index_tasks.sql, statement by statement
    -- locks: known only when it runs
    CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);
    ");
    assert!(plan.pending[0].transactional && !plan.pending[1].statements[0].transactional);
    drop(connection);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn hostile_input_is_only_data() {
    // Quotes in the database's name and in what fails, a flood of notices, and many statements in one file.
    let database = postgres();
    let sql: String = (0..5000).map(|number| format!("INSERT INTO many VALUES ({number}, 'it''s');\n")).collect();
    let flood = "DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE 'notice %', i; END LOOP; END $$;\n";
    let list = migrations(&[
        users(),
        file("002_many.sql", &format!("CREATE TABLE many (id integer, text text);\n{sql}")),
        file("003_flood.sql", flood),
        file("004_bad.sql", "SELECT 'it''s \\ odd'::integer;\n"),
    ]);
    let since = Instant::now();
    let error = run(&database, list).unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    assert_eq!(error.sqlstate(), Some("22P02"), "{error}");
    assert_eq!(database.rows("SELECT count(*) FROM many"), ["5000"]);
    assert_eq!(
        database.rows("SELECT error FROM __glowplug_history WHERE status = 'failed'"),
        [r#"invalid input syntax for type integer: "it's \ odd""#]
    );

    let name = format!("{} \"quoted\" 'name'", database.name());
    let quoted = name.replace('"', "\"\"");
    database.server().administer(&format!("CREATE DATABASE \"{quoted}\" TEMPLATE template0"));
    let encoded = name.replace('"', "%22").replace('\'', "%27").replace(' ', "%20");
    let url = database.url().replace(database.name(), &encoded);
    let mut connection = glowplug::establish::<PgConnection>(&url).unwrap();
    let list = migrations(&[users(), tasks(), concurrent_index()]);
    assert_eq!(Runner::new(list).run_pending(&mut connection).unwrap().applied.len(), 3);
    drop(connection);
    database.server().administer(&format!("DROP DATABASE \"{quoted}\""));
}

/// Somebody reads a table for long; others want to read it meanwhile. The migration waits for the first no longer than
/// its limit at a time, and stands in the way of the others only so long.
#[test]
fn a_reader_that_stays_lets_others_read() {
    let (stays, limit) = if long() { (60, Duration::from_secs(5)) } else { (6, Duration::from_secs(1)) };
    // The everyday run shares its machine with other tests.
    let late = if long() { Duration::from_millis(500) } else { Duration::from_secs(3) };
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let mut reader = database.connect();
    reader.batch_execute("BEGIN; SELECT count(*) FROM users").unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    let (report, since, others) = std::thread::scope(|scope| {
        let others: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = database.client();
                    let (mut longest, mut reads) = (Duration::ZERO, 0);
                    while !over.load(std::sync::atomic::Ordering::Relaxed) {
                        let since = Instant::now();
                        client.batch_execute("SELECT count(*) FROM users").unwrap();
                        longest = longest.max(since.elapsed());
                        reads += 1;
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    (longest, reads)
                })
            })
            .collect();
        let leaves = scope.spawn(move || {
            std::thread::sleep(Duration::from_secs(stays));
            reader.batch_execute("COMMIT").unwrap();
            Instant::now()
        });
        let mut runner = Runner::new(add_column());
        if !long() {
            // In the long form the limits are those of every service.
            runner = runner.lock_timeout(limit);
        }
        let report = runner.run_pending(&mut database.connect());
        let since = leaves.join().unwrap();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        (report, since.elapsed(), others.into_iter().map(|other| other.join().unwrap()).collect::<Vec<_>>())
    });
    let report = report.unwrap();
    assert_eq!(files(&report), ["002_add.sql"]);
    assert!(report.retries > 0, "{report}");
    let longest = others.iter().map(|(longest, _)| *longest).max().unwrap_or_default();
    let reads: usize = others.iter().map(|(_, reads)| reads).sum();
    assert!(longest <= limit + late, "{longest:?}");
    assert!(reads > 30, "they read in between: {reads}");
    println!(
        "= a reader stayed {stays} s: {} tries, {reads} other reads, the longest of them {:.2} s (limit {} s), done {:.2} s behind it",
        report.retries + 1,
        longest.as_secs_f64(),
        limit.as_secs(),
        since.as_secs_f64()
    );
}

#[test]
fn what_a_role_may_not_is_said_and_leaves_nothing() {
    // It may write the history, and make tables; the table of before is another's.
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    let role = format!("service_{}", database.name());
    database.execute(&format!(
        "CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}; \
         GRANT ALL ON __diesel_schema_migrations, __glowplug_history TO {role}; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"
    ));
    let mut connection = database.connect();
    connection.batch_execute(&format!("SET ROLE {role}")).unwrap();
    let sql = "CREATE TABLE pets (id integer);\nALTER TABLE users ADD COLUMN name text;\n";
    let list = migrations(&[users(), file("002_pets.sql", sql)]);
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    migration 002_pets.sql failed: must be owner of table users
     --> migrations/002_pets.sql:2:1
      |
    1 | CREATE TABLE pets (id integer);
    2 | ALTER TABLE users ADD COLUMN name text;
      | ^
      = statement 2 of 2; all of the file is rolled back
      = SQLSTATE 42501
      = 001_create_users.sql is applied and stays
      = next: give the role the right, or run the migrations as the role that owns the tables
    ");
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 failed 0/2 42501"]);
    assert_eq!(database.rows("SELECT to_regclass('pets') IS NULL"), ["t"]);
    // One that may read alone is told at the history, and that stays as it is.
    connection.batch_execute("RESET ROLE").unwrap();
    database.execute(&format!("REVOKE INSERT, UPDATE ON __diesel_schema_migrations FROM {role}"));
    connection.batch_execute(&format!("SET ROLE {role}")).unwrap();
    let error = Runner::new(list).run_pending(&mut connection).unwrap_err();
    insta::assert_snapshot!(error, @r"
    writing the history of migrations: permission denied for table __diesel_schema_migrations
      = SQLSTATE 42501
      = next: give the role the right (GRANT CREATE ON SCHEMA … TO …), or run the migrations as the role that owns the tables
    ");
    assert_eq!(history(&database).len(), 2);
    assert!(nothing_is_locked(&database));
    drop(connection);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_migration_of_twenty_megabytes_is_only_long() {
    let database = postgres();
    run(&database, migrations(&[users()])).unwrap();
    // One statement of ten, and many of ten; the last one fails at first.
    let long = format!("CREATE TABLE texts (text text);\nINSERT INTO texts VALUES ('{}');\n", "x".repeat(10 << 20));
    let line = format!("INSERT INTO texts VALUES ('{}');\n", "y".repeat(10_500));
    let sql = format!("{long}{}INSERT INTO others VALUES ('{}');\n", line.repeat(1000), "z".repeat(1 << 20));
    assert!(sql.len() > 20 << 20);
    let list = migrations(&[users(), file("002_big.sql", &sql)]);
    let since = Instant::now();
    let error = run(&database, list).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.sqlstate(), Some("42P01"), "{}", &text[..text.len().min(2000)]);
    assert!(text.contains(" --> migrations/002_big.sql:1003:13\n"), "{}", &text[..text.len().min(2000)]);
    assert!(text.len() < 2000, "the text of a line is cut: {}", text.len());
    database.execute("CREATE TABLE others (text text)");
    let report = run(&database, list).unwrap();
    assert_eq!(files(&report), ["002_big.sql"]);
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    assert_eq!(database.rows("SELECT count(*), sum(length(text)) FROM texts"), ["1001|20985760"]);
}
