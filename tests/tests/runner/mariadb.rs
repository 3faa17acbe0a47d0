//! What the tests of the runner on MariaDB share: lists of migrations, read as a build reads them.

#![allow(dead_code, unreachable_pub)] // Each test binary uses a part.

use diesel::prelude::*;
use glowplug::{Error, Migrations, Report, Runner};
use glowplug_tests::MariadbDatabase;
use glowplug_tests::folder::compiled;

pub const USERS: (&str, &str) = (
    "001_users.sql",
    "CREATE TABLE IF NOT EXISTS users (id BIGINT PRIMARY KEY, email VARCHAR(200));\nCREATE INDEX IF NOT EXISTS users_email ON users (email);\n",
);

pub const TASKS: (&str, &str) = (
    "002_tasks.sql",
    "CREATE TABLE IF NOT EXISTS tasks (id BIGINT PRIMARY KEY, owner BIGINT, FOREIGN KEY (owner) REFERENCES users (id));\n",
);

/// Files, as a build takes them.
#[track_caller]
pub fn list(files: &[(&str, &str)]) -> &'static Migrations {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("glowplug.toml"), "backend = \"mariadb\"\n").unwrap();
    for (name, sql) in files {
        std::fs::write(folder.path().join(name), sql).unwrap();
    }
    compiled(folder.path()).unwrap_or_else(|errors| panic!("{errors}"))
}

pub fn run(database: &MariadbDatabase, list: &'static Migrations) -> Result<Report, Error> {
    Runner::new(list).run_pending(&mut database.connect())
}

pub fn files(report: &Report) -> Vec<&str> {
    report.applied.iter().map(|applied| applied.file.as_str()).collect()
}

pub fn history(database: &MariadbDatabase) -> Vec<String> {
    database.rows(
        "SELECT CONCAT(version, ' ', status, ' ', statements_done, '/', statements_total, ' ', COALESCE(`sqlstate`, '-')) \
         FROM __glowplug_history ORDER BY id",
    )
}

/// The versions that are applied, in order.
pub fn applied(database: &MariadbDatabase) -> Vec<String> {
    database.rows("SELECT version FROM __diesel_schema_migrations ORDER BY 1")
}

/// The one text that a query answers.
#[track_caller]
pub fn line(connection: &mut MysqlConnection, query: &str) -> String {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    diesel::sql_query(query).get_result::<Line>(connection).unwrap().line
}
