//! Taking over, repairing, taking back and beginning anew, on a real MariaDB server; and what a plan says there, and when
//! hooks are called.

#[path = "runner/mariadb.rs"]
mod runner;
mod shared;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use glowplug::{Hooks, LockKind, Migrations, Runner};
use glowplug_tests::process::until;
use glowplug_tests::{MariadbDatabase, mariadb};
use runner::{TASKS, USERS, applied, files, history, list, run};
use std::time::Duration;

shared::managing::managing_on!(MariadbDatabase);

fn development(built: &'static Migrations) -> &'static Migrations {
    let folder: &'static str = "/nowhere";
    Box::leak(Box::new(Migrations { folder: Some(folder), ..*built }))
}

#[test]
fn a_reset_drops_whatever_is_in_the_database_and_nothing_else() {
    let (database, other) = (mariadb(), mariadb());
    let list = development(list(&[USERS, TASKS]));
    let everything = "CREATE TABLE `odd ``name` (id INT PRIMARY KEY, user BIGINT, FOREIGN KEY (user) REFERENCES users (id)); \
         CREATE VIEW people AS SELECT * FROM users; CREATE VIEW more_people AS SELECT * FROM people; \
         CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1; CREATE PROCEDURE two() SELECT 2; \
         CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW SET NEW.email = 'x'; \
         CREATE EVENT late ON SCHEDULE AT '2037-01-01' DO SELECT 1; CREATE SEQUENCE numbers; \
         CREATE TABLE versions (id INT) WITH SYSTEM VERSIONING; \
         CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (10)); \
         CREATE TABLE old (id INT) ENGINE = MyISAM";
    for lock in [LockKind::Auto, LockKind::Lease] {
        let runner = Runner::new(list).lock(lock);
        let mut connection = database.connect();
        runner.run_pending(&mut connection).unwrap();
        database.execute(everything);
        // The same names in another database.
        other
            .execute("CREATE TABLE IF NOT EXISTS users (id INT); CREATE OR REPLACE VIEW people AS SELECT * FROM users");
        connection.batch_execute("SET SESSION foreign_key_checks = 1").unwrap();
        assert_eq!(runner.reset(&mut connection, database.name()).unwrap().applied.len(), 2);
        let left = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE '%lease' \
                    UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() \
                    UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
                    UNION ALL SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1";
        assert_eq!(database.rows(left), ["tasks", "users", "__diesel_schema_migrations", "__glowplug_history"]);
        assert_eq!(runner::line(&mut connection, "SELECT CAST(@@foreign_key_checks AS CHAR) AS line"), "ON");
        assert_eq!(
            other.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"),
            ["people", "users"]
        );
    }
}

/// Its own table goes last of all, if it goes: who comes while the others are dropped finds it held.
#[test]
fn a_lease_is_held_while_everything_is_dropped() {
    let database = mariadb();
    let runner = Runner::new(development(list(&[USERS, TASKS]))).lock(LockKind::Lease);
    runner.run_pending(&mut database.connect()).unwrap();
    // The drop of `users` waits for a reader; tables before it in the list are gone by then.
    let mut reading = database.connect();
    reading.batch_execute("START TRANSACTION; SELECT * FROM users; SELECT * FROM tasks").unwrap();
    std::thread::scope(|scope| {
        let reset = scope.spawn(|| {
            let patient = runner.clone().lock_timeout(Duration::from_secs(60));
            patient.reset(&mut database.connect(), database.name())
        });
        let waits = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata%'";
        until("the drop waits", Duration::from_secs(30), || !database.rows(waits).is_empty());
        let error = runner.clone().lock_wait(Duration::from_millis(200)).run_pending(&mut database.connect());
        let code = error.map_err(|error| error.code());
        reading.batch_execute("COMMIT").unwrap();
        assert_eq!(code.unwrap_err(), "lock-wait");
        assert_eq!(reset.join().unwrap().unwrap().applied.len(), 2);
    });
    assert_eq!(applied(&database), ["001", "002"]);
}

#[test]
fn a_database_of_an_odd_name_is_managed_too() {
    for name in ["glowplug `odd` 'name\"", "glowplug select; -- x"] {
        let quoted = name.replace('`', "``");
        let server = mariadb().server();
        server.administer(&format!("CREATE DATABASE `{quoted}`"));
        // diesel does not decode what is escaped in the name of a database.
        let url = server.url("");
        let mut connection = MysqlConnection::establish(&url).unwrap();
        connection.batch_execute(&format!("USE `{quoted}`")).unwrap();
        let down = [USERS, TASKS, ("002_tasks.down.sql", "DROP TABLE tasks;\n")];
        let runner = Runner::new(development(list(&down)));
        for lock in [LockKind::Auto, LockKind::Lease] {
            let runner = runner.clone().lock(lock);
            assert_eq!(runner.plan(&mut connection).unwrap().pending.len(), 2);
            assert_eq!(runner.baseline(&mut connection, "1").unwrap().versions, ["001"]);
            connection.batch_execute("CREATE TABLE users (id BIGINT PRIMARY KEY, email VARCHAR(200))").unwrap();
            assert_eq!(files(&runner.run_pending(&mut connection).unwrap()), ["002_tasks.sql"]);
            assert_eq!(runner.revert_to(&mut connection, "1").unwrap().steps.len(), 1);
            assert_eq!(runner.repair(&mut connection, &[]).unwrap().to_string(), "nothing to repair");
            assert_eq!(runner.reset(&mut connection, name).unwrap().applied.len(), 2);
            runner.check_schema(&mut connection).unwrap();
            connection
                .batch_execute("DROP TABLE tasks, users, __diesel_schema_migrations, __glowplug_history")
                .unwrap();
        }
        drop(connection);
        server.administer(&format!("DROP DATABASE `{quoted}`"));
    }
}

#[test]
fn a_plan_is_the_sql_and_reads_alone() {
    let database = mariadb();
    run(&database, list(&[USERS])).unwrap();
    let server = database.server();
    let reader = format!("planner_{}", database.name());
    server.administer(&format!("CREATE USER {reader}@'%'; GRANT SELECT ON {}.* TO {reader}@'%'", database.name()));
    let mut connection = MysqlConnection::establish(&database.url_of(&reader)).unwrap();
    connection.batch_execute("SET SESSION TRANSACTION READ ONLY").unwrap();
    let rows = (
        "003_rows.sql",
        "INSERT INTO users (id) SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 1);\n",
    );
    let plan = Runner::new(list(&[USERS, TASKS, rows])).plan(&mut connection).unwrap();
    insta::assert_snapshot!(plan, @r"
    -- 2 migrations to apply, 1 applied

    -- 002_tasks.sql, statement by statement
    CREATE TABLE IF NOT EXISTS tasks (id BIGINT PRIMARY KEY, owner BIGINT, FOREIGN KEY (owner) REFERENCES users (id));

    -- 003_rows.sql, in one transaction
    INSERT INTO users (id) SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 1);
    ");
    assert!(!plan.pending[0].transactional && plan.pending[1].transactional);
    server.administer(&format!("DROP USER {reader}@'%'"));
}

#[test]
fn hooks_are_called_where_the_engine_commits_each_change() {
    let database = mariadb();
    let rows = (
        "003_rows.sql",
        "INSERT INTO users (id) SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 1);\n",
    );
    let three = list(&[USERS, TASKS, rows]);
    let mut called = Vec::new();
    let mut hooks = Hooks::new()
        .before_run(|connection: &mut MysqlConnection| Ok(connection.batch_execute("CREATE TABLE log (line TEXT)")?))
        .before_each(|connection: &mut MysqlConnection, migration| {
            Ok(connection.batch_execute(&format!("INSERT INTO log VALUES ('before {}')", migration.version))?)
        })
        .after_each(|connection: &mut MysqlConnection, migration| {
            called.push(migration.version);
            if called.iter().filter(|version| **version == migration.version).count() == 1 && migration.version != "001"
            {
                return Err("not this one".into());
            }
            Ok(connection.batch_execute(&format!("INSERT INTO log VALUES ('after {}')", migration.version))?)
        });
    let error = Runner::new(three).run_pending_with(&mut database.connect(), &mut hooks).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the hook after 002_tasks.sql failed: not this one
      = 001_users.sql is applied and stays
      = next: correct what the hook needs, and start again
    ");
    // A change of the schema is committed, and so is what a hook does beside it.
    assert_eq!(database.rows("SELECT line FROM log"), ["before 001", "after 001", "before 002"]);
    assert_eq!(history(&database), ["001 completed 2/2 -", "002 failed 1/1 -"]);
    database.execute("DROP TABLE log");
    // What is in a transaction is rolled back with its hooks.
    let error = Runner::new(three).run_pending_with(&mut database.connect(), &mut hooks).unwrap_err();
    assert!(error.to_string().starts_with("the hook after 003_rows.sql failed: not this one"), "{error}");
    assert_eq!(database.rows("SELECT line FROM log"), ["before 002", "after 002"]);
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["0"]);
    assert_eq!(applied(&database), ["001", "002"]);
    database.execute("DROP TABLE log");
    assert_eq!(Runner::new(three).run_pending_with(&mut database.connect(), &mut hooks).unwrap().applied.len(), 1);
    assert_eq!(database.rows("SELECT line FROM log"), ["before 003", "after 003"]);
    drop(hooks);
    assert_eq!(called, ["001", "002", "002", "003", "003"]);
    let mut runs = 0;
    let mut hooks = Hooks::new().after_run(|_: &mut MysqlConnection| {
        runs += 1;
        Ok(())
    });
    Runner::new(three).run_pending_with(&mut database.connect(), &mut hooks).unwrap();
    drop(hooks);
    assert_eq!(runs, 0, "where nothing is pending nothing is called");
}
