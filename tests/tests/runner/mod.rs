//! What the tests of the runner on PostgreSQL share: lists of migrations.

#![allow(dead_code, unreachable_pub)] // Each test binary uses a part.

#[path = "../../../runtime/tests/statics/mod.rs"]
pub mod statics;

use glowplug::{Engine, Error, Migrations, Report, Runner};
use glowplug_tests::TestDatabase;
pub use statics::{File, file};

pub fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Postgres, files)
}

pub fn users() -> File {
    file(
        "001_create_users.sql",
        "CREATE TABLE users (id integer PRIMARY KEY, email text);\nCREATE UNIQUE INDEX users_email ON users (email);\n",
    )
}

pub fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id integer PRIMARY KEY, owner integer REFERENCES users (id));\n")
}

pub fn concurrent_index() -> File {
    file("003_index_tasks.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);\n")
        .without_transaction()
}

pub fn run(database: &TestDatabase, list: &'static Migrations) -> Result<Report, Error> {
    Runner::new(list).run_pending(&mut database.connect())
}

pub fn files(report: &Report) -> Vec<&str> {
    report.applied.iter().map(|applied| applied.file.as_str()).collect()
}

pub fn history(database: &TestDatabase) -> Vec<String> {
    database.rows(
        "SELECT version || ' ' || status || ' ' || statements_done || '/' || statements_total || ' ' || coalesce(sqlstate, '-') \
         FROM __glowplug_history ORDER BY id",
    )
}

/// The versions that are applied, in order.
pub fn applied(database: &TestDatabase) -> Vec<String> {
    database.rows("SELECT version FROM __diesel_schema_migrations ORDER BY 1")
}

/// Nobody holds a lock in this database.
pub fn nothing_is_locked(database: &TestDatabase) -> bool {
    database
        .rows(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .is_empty()
}
