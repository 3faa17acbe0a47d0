//! Taking over, repairing, taking back and beginning anew, on a real PostgreSQL server.

mod runner;
mod shared;

use glowplug::{Migrations, Runner, State};
use glowplug_tests::folder::compiled;
use glowplug_tests::{TestDatabase, postgres};
use runner::{applied, file, migrations, run, tasks, users};

shared::managing::managing_on!(TestDatabase);

fn last() -> runner::File {
    file("003_last.sql", "CREATE TABLE last ();\n")
}

fn three() -> &'static Migrations {
    migrations(&[users(), tasks(), last()])
}

#[test]
fn a_reset_begins_anew_and_keeps_what_is_not_ours() {
    let database = postgres();
    let folder: &'static str = "/nowhere";
    let development: &'static Migrations = Box::leak(Box::new(Migrations { folder: Some(folder), ..*three() }));
    run(&database, development).unwrap();
    database.execute(
        "CREATE EXTENSION pgcrypto; CREATE SCHEMA app; CREATE TABLE app.inside (id serial PRIMARY KEY); \
         CREATE TYPE mood AS ENUM ('ok'); CREATE VIEW people AS SELECT * FROM users; CREATE DOMAIN d AS text; \
         CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s; \
         CREATE TABLE parts (id integer) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2); \
         INSERT INTO users VALUES (1)",
    );
    let mut connection = database.connect();
    let runner = Runner::new(development);
    let error = runner.reset(&mut connection, "another").unwrap_err();
    let expected = format!(
        "the database is not emptied\n  = it is called `{}`, and `another` was to be emptied\n  = nothing was changed",
        database.name()
    );
    assert_eq!(error.to_string(), expected);
    let error = Runner::new(three()).reset(&mut connection, database.name()).unwrap_err();
    assert!(error.to_string().contains("this program was built for release"), "{error}");
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["1"]);
    assert_eq!(runner.reset(&mut connection, database.name()).unwrap().applied.len(), 3);
    let left = "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname IN ('public', 'app') AND relkind IN ('r', 'p', 'v', 'S') ORDER BY 1";
    assert_eq!(database.rows(left), ["__diesel_schema_migrations", "__glowplug_history", "last", "tasks", "users"]);
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["0"]);
    assert_eq!(database.rows("SELECT encode(digest('', 'sha256'), 'hex') LIKE 'e3b0%'"), ["t"]);
    assert_eq!(database.rows("SELECT count(*) FROM pg_type WHERE typname IN ('mood', 'd')"), ["0"]);
}

#[test]
fn what_takes_back_may_run_outside_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("glowplug.toml", "backend = \"postgres\"\n");
    write("001_users.sql", "CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);\n");
    write("002_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);\n");
    write(
        "002_index.down.sql",
        "DROP INDEX CONCURRENTLY IF EXISTS users_name;\nCOMMENT ON TABLE users IS 'it''s; bare';\n",
    );
    let list = compiled(folder.path()).unwrap();
    let database = postgres();
    let mut connection = database.connect();
    let runner = Runner::new(list);
    insta::assert_snapshot!(runner.plan(&mut connection).unwrap(), @r"
    -- 2 migrations to apply, 0 applied

    -- 001_users.sql, in one transaction
    CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);

    -- 002_index.sql, statement by statement
    -- locks: SHARE UPDATE EXCLUSIVE on users
    CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);
    ");
    for _ in 0..2 {
        runner.run_pending(&mut connection).unwrap();
        assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["f"]);
        assert_eq!(runner.revert_to(&mut connection, "1").unwrap().steps.len(), 1);
        assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["t"]);
        assert_eq!(database.rows("SELECT obj_description('users'::regclass)"), ["it's; bare"]);
        assert_eq!(applied(&database), ["001"]);
    }
    assert_eq!(runner.status(&mut connection).unwrap().migrations[1].state, State::Reverted);

    // Where a later statement fails the earlier ones are done, and it says so.
    write("002_index.down.sql", "DROP INDEX CONCURRENTLY users_name;\nSELECT 1 / 0;\n");
    let runner = Runner::new(compiled(folder.path()).unwrap());
    runner.run_pending(&mut connection).unwrap();
    let error = runner.revert_to(&mut connection, "1").unwrap_err();
    assert!(error.to_string().contains("= it counts as applied still; what stands before the statement"), "{error}");
    assert_eq!(applied(&database), ["001", "002"]);
    assert_eq!(database.rows("SELECT to_regclass('users_name') IS NULL"), ["t"]);
}
